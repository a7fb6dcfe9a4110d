//! A provider of a test's own making: it answers as the test says, and remembers what it was asked.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::future::BoxFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What stood behind the method: a path, or a whole URL when it came to a proxy.
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
}

pub struct StandIn {
    pub origin: String,
    shared: Arc<Shared>,
}

type Answer = dyn Fn(usize) -> BoxFuture<'static, Response> + Send + Sync;

struct Shared {
    answer: Box<Answer>,
    seen: Mutex<Vec<Seen>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    given_up: AtomicUsize,
}

impl StandIn {
    /// `answer` gets the number of the request, from 0.
    pub async fn new<F>(answer: impl Fn(usize) -> F + Send + Sync + 'static) -> StandIn
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            answer: Box::new(move |nth| Box::pin(answer(nth))),
            seen: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            given_up: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(meet).with_state(Arc::clone(&shared));
        // It ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        StandIn { origin, shared }
    }

    /// Always the same JSON.
    pub async fn answering(json: &'static str) -> StandIn {
        StandIn::new(move |_| async move { reply(200, &[], json) }).await
    }

    /// The first request meets `first`, every later one an empty JSON object.
    pub async fn once(first: impl Fn() -> Response + Send + Sync + Clone + 'static) -> StandIn {
        StandIn::new(move |nth| {
            let first = first.clone();
            async move { if nth == 0 { first() } else { reply(200, &[], "{}") } }
        })
        .await
    }

    /// No answer, ever.
    pub async fn hanging() -> StandIn {
        StandIn::new(async |_| std::future::pending().await).await
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub fn asked(&self) -> usize {
        self.shared.seen.lock().unwrap().len()
    }

    /// How many requests were open at once, at most.
    pub fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }

    /// How many callers went away before their answer.
    pub fn given_up(&self) -> usize {
        self.shared.given_up.load(Ordering::SeqCst)
    }

    /// Waits until something is true of it; a test that waits in vain fails.
    pub async fn until(&self, what: impl Fn(&StandIn) -> bool) {
        let wait = async {
            while !what(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
    }
}

/// A response with these headers.
pub fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

async fn meet(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let mut open = Open::new(&shared);
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let nth = {
        let mut seen = shared.seen.lock().unwrap();
        seen.push(Seen {
            target: parts.uri.to_string(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        });
        seen.len() - 1
    };
    let response = (shared.answer)(nth).await;
    open.answered = true;
    response
}

/// Counts a request while it waits for its answer. The server drops it when the caller's connection closes.
struct Open {
    shared: Arc<Shared>,
    answered: bool,
}

impl Open {
    fn new(shared: &Arc<Shared>) -> Open {
        let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_open.fetch_max(open, Ordering::SeqCst);
        Open { shared: Arc::clone(shared), answered: false }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::SeqCst);
        if !self.answered {
            self.shared.given_up.fetch_add(1, Ordering::SeqCst);
        }
    }
}
