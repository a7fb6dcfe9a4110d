//! The ways in which a service or the network can misbehave, switched on by a test.

use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::Service;

/// The size of the pieces in which a slow body arrives.
const DRIP_BYTES: usize = 64;
/// The size of the pieces of a huge body: one piece, sent again and again.
const HUGE_PIECE_BYTES: usize = 16 * 1024;

/// One way to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The right answer, this much later.
    Delay(Duration),
    /// 429 in the service's own form, with `Retry-After` in seconds if given.
    Limited {
        /// What the `Retry-After` header says.
        retry_after_s: Option<u64>,
    },
    /// This HTTP status, with an error in the service's own form.
    Status(u16),
    /// The connection is cut in the middle of the answer.
    Reset,
    /// The right answer in pieces of 64 bytes, with this pause before each.
    SlowBody(Duration),
    /// The right status and length, but only the first half of the body arrives before the connection is closed.
    Truncated,
    /// A complete answer whose JSON stops half-way: the length fits, the text does not.
    CutJson,
    /// 200 and a JSON object of about this many bytes, which nobody ever holds in memory here.
    Huge(usize),
    /// 200 and an HTML sign-in page, as a proxy in the way would send.
    Html,
    /// No answer, until the caller goes away.
    Hang,
}

#[derive(Default)]
pub(crate) struct Faults {
    on: Mutex<Vec<Switched>>,
}

struct Switched {
    service: Service,
    path_prefix: String,
    fault: Fault,
    times_left: Option<usize>,
}

impl Faults {
    pub(crate) fn switch_on(&self, service: Service, path_prefix: &str, fault: Fault, times: Option<usize>) {
        self.on().push(Switched { service, path_prefix: path_prefix.to_owned(), fault, times_left: times });
    }

    pub(crate) fn clear(&self) {
        self.on().clear();
    }

    /// The fault that this request meets, if any; one with a number of times is used up by it.
    pub(crate) fn met(&self, service: Service, path: &str) -> Option<Fault> {
        let mut on = self.on();
        let switched = on.iter_mut().rev().find(|switched| {
            switched.service == service
                && path.starts_with(&switched.path_prefix)
                && switched.times_left != Some(0)
        })?;
        switched.times_left = switched.times_left.map(|left| left - 1);
        Some(switched.fault.clone())
    }

    fn on(&self) -> MutexGuard<'_, Vec<Switched>> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// What comes back instead of `answer`. `failure` makes an error of a status in the service's own form.
    pub(crate) async fn meet(
        self,
        answer: impl Future<Output = Response>,
        failure: impl FnOnce(StatusCode) -> Response,
    ) -> Response {
        match self {
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                answer.await
            }
            Fault::Limited { retry_after_s } => {
                let mut response = failure(StatusCode::TOO_MANY_REQUESTS);
                if let Some(seconds) = retry_after_s {
                    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                }
                response
            }
            Fault::Status(status) => {
                failure(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Fault::Reset => cut_off(answer.await).await,
            Fault::SlowBody(pause) => drip(answer.await, pause).await,
            Fault::Truncated => truncated(answer.await).await,
            Fault::CutJson => cut_json(answer.await).await,
            Fault::Huge(size) => huge(size),
            Fault::Html => with_body("text/html; charset=utf-8", Body::from(SIGN_IN_PAGE)),
            Fault::Hang => std::future::pending().await,
        }
    }
}

const SIGN_IN_PAGE: &str = "<!doctype html><html><head><title>Sign in</title></head>\
    <body><h1>Sign in to continue</h1><form><input name=\"email\"></form></body></html>";

/// Without a length the body goes out in chunks; a stream that fails makes the server close without the last one.
async fn cut_off(answer: Response) -> Response {
    let (mut parts, body) = whole(answer).await;
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, broken_off(body.slice(..body.len() / 2)))
}

/// A body that fails after its start.
fn broken_off(start: Bytes) -> Body {
    let pieces = stream::iter([Ok(start), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    // The first piece must have left before the error, or the caller sees no answer at all instead of half of one.
    Body::from_stream(pieces.then(async |piece| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        piece
    }))
}

async fn drip(answer: Response, pause: Duration) -> Response {
    let (parts, body) = whole(answer).await;
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(rest.len().min(DRIP_BYTES));
        Some((Ok::<_, Infallible>(piece), rest))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// With the length of the whole, the caller knows that something is missing.
async fn truncated(answer: Response) -> Response {
    let (mut parts, body) = whole(answer).await;
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(parts, broken_off(body.slice(..body.len() / 2)))
}

async fn cut_json(answer: Response) -> Response {
    let (mut parts, body) = whole(answer).await;
    let start = body.slice(..body.len() / 2);
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(start.len()));
    Response::from_parts(parts, Body::from(start))
}

fn huge(size: usize) -> Response {
    let piece = Bytes::from(vec![b'a'; HUGE_PIECE_BYTES]);
    let pieces = std::iter::once(Bytes::from_static(b"{\"data\":[\""))
        .chain(std::iter::repeat_n(piece, size.div_ceil(HUGE_PIECE_BYTES)))
        .chain(std::iter::once(Bytes::from_static(b"\"]}")));
    with_body("application/json", Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>))))
}

async fn whole(answer: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = answer.into_parts();
    // The demo's own answers are made in memory: reading one back cannot fail.
    (parts, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

fn with_body(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
