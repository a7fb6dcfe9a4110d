//! The HTTP+SSE transport of 2024-11-05, for clients that know no other: `GET /sse` opens a stream, `POST /messages`
//! answers into it.

use crate::server::Server;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{StreamExt, sink, stream};
use rmcp::RoleServer;
use rmcp::ServiceExt;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

type Inbox = mpsc::Sender<RxJsonRpcMessage<RoleServer>>;

#[derive(Clone)]
struct Sessions {
    server: Server,
    inboxes: Arc<Mutex<HashMap<String, Inbox>>>,
}

/// How many streams may be open at once.
const MOST_SESSIONS: usize = 64;
const WAITING: usize = 64;

pub(crate) fn routes(server: Server, largest_body: usize) -> Router {
    let sessions = Sessions { server, inboxes: Arc::default() };
    Router::new()
        .route("/sse", get(open))
        .route("/messages", post(message))
        .layer(DefaultBodyLimit::max(largest_body))
        .with_state(sessions)
}

/// Closes a session when its stream is dropped, which is how a client leaves.
struct Open {
    id: String,
    sessions: Sessions,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.sessions.lock().remove(&self.id);
    }
}

impl Sessions {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Inbox>> {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn open(State(sessions): State<Sessions>) -> Response {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let (inbox, incoming) = mpsc::channel::<RxJsonRpcMessage<RoleServer>>(WAITING);
    let (outgoing, outbox) = mpsc::channel::<TxJsonRpcMessage<RoleServer>>(WAITING);
    {
        let mut inboxes = sessions.lock();
        if inboxes.len() >= MOST_SESSIONS {
            return (StatusCode::SERVICE_UNAVAILABLE, "too many open streams\n").into_response();
        }
        inboxes.insert(id.clone(), inbox);
    }
    let open = Open { id: id.clone(), sessions: sessions.clone() };
    let messages = stream::unfold(incoming, |mut rx| async move { rx.recv().await.map(|m| (m, rx)) });
    let replies = sink::unfold(outgoing, |tx, message| async move {
        tx.send(message).await.map_err(|_| std::io::Error::from(std::io::ErrorKind::BrokenPipe))?;
        Ok::<_, std::io::Error>(tx)
    });
    let transport = (Box::pin(replies), Box::pin(messages));
    tokio::spawn(async move {
        match sessions.server.serve(transport).await {
            Ok(service) => drop(service.waiting().await),
            Err(e) => tracing::debug!(cause = %e, "an older client did not begin as MCP asks"),
        }
    });
    let first =
        stream::once(
            async move { Event::default().event("endpoint").data(format!("/messages?sessionId={id}")) },
        );
    // The session lives as long as its stream: `open` moves into it.
    let rest = stream::unfold((outbox, open), |(mut outbox, open)| async move {
        let message = outbox.recv().await?;
        let event = Event::default().event("message").json_data(&message).unwrap_or_default();
        Some((event, (outbox, open)))
    });
    Sse::new(first.chain(rest).map(Ok::<_, Infallible>)).keep_alive(KeepAlive::default()).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Which {
    session_id: String,
}

async fn message(State(sessions): State<Sessions>, Query(which): Query<Which>, body: Bytes) -> Response {
    let inbox = sessions.lock().get(&which.session_id).cloned();
    let Some(inbox) = inbox else { return (StatusCode::NOT_FOUND, "no such session\n").into_response() };
    let Ok(message) = serde_json::from_slice(&body) else {
        return (StatusCode::BAD_REQUEST, "this is not a JSON-RPC message\n").into_response();
    };
    match inbox.send(message).await {
        Ok(()) => (StatusCode::ACCEPTED, "Accepted").into_response(),
        Err(_) => (StatusCode::GONE, "the session has ended\n").into_response(),
    }
}
