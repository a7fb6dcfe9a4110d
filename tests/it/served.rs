//! The server on HTTP, in this process, with a client of the test's own.

#![expect(clippy::disallowed_types, reason = "a client of the server, not one of a provider")]

use prodview::http::{Face, listen, serve};
use prodview::server::Server;
use prodview_guard::Secret;
use prodview_tools::App;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Long enough, and found nowhere else.
pub const TOKEN: &str = "correct-horse-battery-staple-0042";

pub struct Served {
    pub address: SocketAddr,
    client: Client,
    _stop: Option<oneshot::Sender<()>>,
}

impl Served {
    /// With a token, and the older transport as well.
    pub async fn with_token(app: Arc<App>) -> Served {
        Served::new(app, Some(TOKEN)).await
    }

    pub async fn open(app: Arc<App>) -> Served {
        Served::new(app, None).await
    }

    async fn new(app: Arc<App>, token: Option<&str>) -> Served {
        let face = Face {
            address: ([127, 0, 0, 1], 0).into(),
            token: token.map(|t| Secret::new(t.to_owned())),
            hosts: vec!["view.acme.dev".to_owned()],
            older_sse: true,
        };
        let (listener, address) = listen(&face).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve(Server::new(app), face, listener, async {
            let _ = stopped.await;
        }));
        Served { _stop: Some(stop), ..Served::at(address) }
    }

    /// One that somebody else has started.
    pub fn at(address: SocketAddr) -> Served {
        // The guard does it for the product; a test may come first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Served { address, client, _stop: None }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// A message to the streamable endpoint, as a client of the older versions sends it.
    pub fn post(&self, message: &Value) -> RequestBuilder {
        self.request(Method::POST, "/mcp")
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .body(message.to_string())
    }

    /// A stateless request with the headers that belong to it.
    pub fn post_stateless(&self, id: u64, method: &str, params: &Value) -> RequestBuilder {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let request =
            self.post(&message).header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
        match params["name"].as_str() {
            Some(name) => request.header("mcp-name", name),
            None => request,
        }
    }
}

pub fn kind(response: &Response) -> String {
    response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

pub async fn body(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// One event of a stream.
#[derive(Debug, Clone, Default)]
pub struct Event {
    pub name: String,
    pub data: String,
}

/// Reads a stream of events as it comes.
pub struct Events {
    response: Response,
    unread: String,
}

impl Events {
    pub fn of(response: Response) -> Events {
        assert!(kind(&response).starts_with("text/event-stream"), "{response:?}");
        Events { response, unread: String::new() }
    }

    /// The next event that holds something; `None` when the stream ends.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                let mut event = Event::default();
                for line in block.lines() {
                    if let Some(name) = line.strip_prefix("event:") {
                        name.trim().clone_into(&mut event.name);
                    } else if let Some(data) = line.strip_prefix("data:") {
                        event.data.push_str(data.trim_start());
                    }
                }
                self.unread = rest.to_owned();
                if !event.data.is_empty() {
                    return Some(event);
                }
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.unread.push_str(&String::from_utf8(chunk.to_vec()).unwrap().replace("\r\n", "\n"));
        }
    }

    pub async fn message(&mut self) -> Value {
        let event = self.next().await.unwrap();
        serde_json::from_str(&event.data).unwrap_or_else(|e| panic!("{e}: {event:?}"))
    }
}
