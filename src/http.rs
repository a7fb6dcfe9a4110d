//! MCP over HTTP: `/mcp`, `/healthz`, and on demand the older `/sse` with `/messages`.
//!
//! One gate stands before every route: the `Host` must be one of ours (a page in a browser could reach a loopback
//! server under its own name), an `Origin`, if any, must be local, and the token must be right.

use crate::server::Server;
use crate::sse;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use prodview_guard::Secret;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How to serve.
pub struct Face {
    /// Where to listen.
    pub address: SocketAddr,
    /// The token that every request must carry; `None` only on loopback.
    pub token: Option<Secret>,
    /// Names under which the server may be asked for, besides loopback's and the address itself.
    pub hosts: Vec<String>,
    /// Whether the older HTTP+SSE transport is served as well.
    pub older_sse: bool,
}

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// How long open requests get to end when the server is to: an open stream would never.
const GRACE: Duration = Duration::from_secs(3);

/// Listens; the address tells the port that was chosen when 0 was asked for.
pub async fn listen(face: &Face) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(face.address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until `stop` ends.
pub async fn serve(
    server: Server,
    face: Face,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Replies in SSE are two writes: with Nagle's algorithm the second one waits for the client's delayed ACK.
    let listener = listener.tap_io(|stream| {
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!(cause = %e, "no TCP_NODELAY");
        }
    });
    let (stopping, stopped) = oneshot::channel();
    let stop = async move {
        stop.await;
        // It fails only when nobody serves any more.
        let _ = stopping.send(());
    };
    let serving = axum::serve(listener, routes(server, face)).with_graceful_shutdown(stop);
    let patience = async {
        drop(stopped.await);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        done = serving.into_future() => done,
        () = patience => Ok(()),
    }
}

fn routes(server: Server, face: Face) -> Router {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // The gate has looked already, at every route.
        .disable_allowed_hosts()
        .with_max_request_body_bytes(LARGEST_BODY);
    let mcp = {
        let server = server.clone();
        StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        )
    };
    let mut routes = Router::new().nest_service("/mcp", mcp).route("/healthz", get(|| async { "ok\n" }));
    if face.older_sse {
        routes = routes.merge(sse::routes(server, LARGEST_BODY));
    }
    routes.layer(from_fn_with_state(Arc::new(face), gate))
}

/// Before every route, known or not.
async fn gate(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).or_else(|| request.uri().host());
    if !host.is_some_and(|host| face.is_ours(host)) {
        return refuse(StatusCode::FORBIDDEN, "this host name is not served here (see --allow-host)");
    }
    if !origin_is_local(headers) {
        return refuse(StatusCode::FORBIDDEN, "requests from this origin are not served");
    }
    if let Some(token) = &face.token {
        let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let given =
            given.and_then(|v| v.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if !given.is_some_and(|(_, given)| token.matches(given.trim())) {
            let mut response = refuse(StatusCode::UNAUTHORIZED, "a bearer token is needed");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
            return response;
        }
    }
    next.run(request).await
}

impl Face {
    fn is_ours(&self, host: &str) -> bool {
        let name = without_port(host);
        let loopback = ["localhost", "127.0.0.1", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours));
        let address = self.address.ip().to_string();
        let bound = name.trim_matches(['[', ']']) == address && !self.address.ip().is_unspecified();
        loopback || bound || self.hosts.iter().any(|ours| name.eq_ignore_ascii_case(ours))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// No `Origin` is a program; a local one is a tool such as the Inspector in a browser; any other is a foreign page.
fn origin_is_local(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let Some(rest) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        return false;
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&without_port(rest))
}

/// Nobody reads the body of a refused request, so the connection cannot be used again: a client that is not told so
/// would now and then meet a closed one.
fn refuse(status: StatusCode, why: &'static str) -> Response {
    (status, [(header::CONNECTION, "close")], format!("{why}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_names_and_origins_pass() {
        let face = Face {
            address: "127.0.0.1:1".parse().unwrap(),
            token: None,
            hosts: vec!["view.acme.dev".to_owned()],
            older_sse: false,
        };
        for good in ["localhost", "127.0.0.1:8931", "[::1]:8931", "[::1]", "LOCALHOST:1", "view.acme.dev:443"]
        {
            assert!(face.is_ours(good), "{good}");
        }
        for bad in ["evil.dev", "localhost.evil.dev", "127.0.0.1.evil.dev", "", ":80", "10.0.0.1"] {
            assert!(!face.is_ours(bad), "{bad}");
        }
        let origin = |text: &str| HeaderMap::from_iter([(header::ORIGIN, text.parse().unwrap())]);
        for good in ["http://localhost:6274", "http://127.0.0.1", "https://[::1]:1"] {
            assert!(origin_is_local(&origin(good)), "{good}");
        }
        for bad in [
            "http://evil.dev",
            "null",
            "http://localhost.evil.dev",
            "http://localhost@evil.dev",
            "file://",
            "http://localhost:x",
        ] {
            assert!(!origin_is_local(&origin(bad)), "{bad}");
        }
        assert!(origin_is_local(&HeaderMap::new()));
    }
}
