//! How Convex says yes and no: a function's result or error in an envelope, everything else as code and message.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::gate::Ask;
use crate::world::Dice;

/// The hosted service's own status for a function that failed; newer back ends answer 200.
const FUNCTION_FAILED: u16 = 560;

pub(super) type Said<T> = Result<T, Wrong>;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Wrong {
    /// The request could not be served: status, code, message.
    Request(StatusCode, &'static str, String),
    /// The function was not run, or failed: what the envelope says.
    Function(String),
}

impl Wrong {
    pub(super) fn bad_body(message: impl Into<String>) -> Wrong {
        Wrong::Request(StatusCode::BAD_REQUEST, "BadJsonBody", message.into())
    }

    pub(super) fn bad_query(message: impl Into<String>) -> Wrong {
        let message = format!("Failed to deserialize query string: {}", message.into());
        Wrong::Request(StatusCode::BAD_REQUEST, "BadQueryArgs", message)
    }

    pub(super) fn not_found() -> Wrong {
        Wrong::Request(StatusCode::NOT_FOUND, "NotFound", "Not found".into())
    }

    /// `older`: whether the back end is one that told failed functions by a status of their own.
    pub(super) fn response(self, ask: &Ask, older: bool) -> Response {
        match self {
            Wrong::Request(status, code, message) => coded(status, code, &message),
            Wrong::Function(_) => {
                let failed = StatusCode::from_u16(FUNCTION_FAILED).unwrap_or(StatusCode::OK);
                with_json(if older { failed } else { StatusCode::OK }, self.envelope(ask))
            }
        }
    }

    /// The same inside an envelope, as an entry of a batch.
    pub(super) fn envelope(self, ask: &Ask) -> String {
        let (Wrong::Function(message) | Wrong::Request(_, _, message)) = self;
        let message = format!("[Request ID: {}] Server Error\n{message}\n", request_id(ask));
        json!({ "status": "error", "errorMessage": message }).to_string()
    }
}

/// A function's result. It is text already, because a page of documents is long. There are no `logLines`: empty
/// ones are left out.
pub(super) fn envelope(value: &str) -> String {
    format!("{{\"status\":\"success\",\"value\":{value}}}")
}

/// An answer other than a function's.
pub(super) fn json(value: &Value) -> Response {
    with_json(StatusCode::OK, value.to_string())
}

pub(super) fn with_json(status: StatusCode, body: String) -> Response {
    with_body(status, "application/json", body)
}

pub(super) fn plain(text: &str) -> Response {
    with_body(StatusCode::OK, "text/plain; charset=utf-8", text.to_owned())
}

/// An error of any status, with the code that the back end would give it.
pub(super) fn failure(status: StatusCode, message: &str) -> Response {
    let (code, message) = match status.as_u16() {
        400 => ("BadRequest", message),
        401 => ("Unauthenticated", message),
        403 => ("Forbidden", message),
        404 => ("NotFound", message),
        405 => ("MethodNotAllowed", message),
        429 => ("RateLimited", "Too many requests. Please back off."),
        503 => ("TooManyConcurrentRequests", "Too many concurrent requests, backoff and try again."),
        500.. => ("InternalServerError", "Your request couldn't be completed. Try again later."),
        _ => ("Error", message),
    };
    coded(status, code, message)
}

pub(super) fn coded(status: StatusCode, code: &str, message: &str) -> Response {
    with_json(status, json!({ "code": code, "message": message }).to_string())
}

fn with_body(status: StatusCode, kind: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Made from the request, so that the same question is answered with the same words.
fn request_id(ask: &Ask) -> String {
    let asked = format!("{} {}", ask.uri, String::from_utf8_lossy(&ask.body));
    Dice::new(0, &asked).hex(16)
}

/// A value as Convex writes it: every number is a double and looks like one (`12000.0`).
pub(super) fn text(value: &Value) -> String {
    // Texts, doubles and their containers: writing them into memory cannot fail.
    serde_json::to_string(&Doubles(value)).unwrap_or_default()
}

struct Doubles<'a>(&'a Value);

impl Serialize for Doubles<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => match number.as_f64() {
                Some(double) => to.serialize_f64(double),
                None => number.serialize(to),
            },
            Value::Array(items) => to.collect_seq(items.iter().map(Doubles)),
            Value::Object(fields) => {
                to.collect_map(fields.iter().map(|(name, value)| (name, Doubles(value))))
            }
            other => other.serialize(to),
        }
    }
}
