//! How Sentry says yes and no: JSON with its rate limit in the headers, and `{"detail": …}`.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

/// How many requests of one caller to one endpoint it takes in a window of a second.
const LIMIT: i64 = 40;
const CONCURRENT: i64 = 25;

pub(super) type Said = Result<Reply, Problem>;

/// What is answered with 200.
pub(super) struct Reply {
    pub(super) body: Value,
    /// Headers besides those that every answer has.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl From<Value> for Reply {
    fn from(body: Value) -> Reply {
        Reply { body, headers: Vec::new() }
    }
}

/// What is answered with any other status.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    body: Value,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem { status, body: json!({ "detail": detail.into() }) }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// It does not exist, or the caller may not know that it does.
    pub(super) fn missing() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "The requested resource does not exist")
    }

    pub(super) fn forbidden() -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "You do not have permission to perform this action.")
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = limited(axum::Json(self.body).into_response(), LIMIT - 1);
        for (name, value) in self.headers {
            put(&mut response, name, &value);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let remaining = if self.status == StatusCode::TOO_MANY_REQUESTS { 0 } else { LIMIT - 1 };
        limited((self.status, axum::Json(self.body)).into_response(), remaining)
    }
}

/// An error of any status in Sentry's own words.
pub(super) fn failure(status: StatusCode, message: &str) -> Response {
    let detail = match status.as_u16() {
        401 => "Invalid token".into(),
        403 => "You do not have permission to perform this action.".into(),
        404 => "The requested resource does not exist".into(),
        405 => format!("Method not allowed: {message}."),
        429 => {
            format!(
                "You are attempting to use this endpoint too frequently. Limit is {LIMIT} requests in 1 seconds"
            )
        }
        500.. => "Internal Error".into(),
        _ => message.to_owned(),
    };
    Problem::new(status, detail).into_response()
}

fn limited(mut response: Response, remaining: i64) -> Response {
    // By the clock of this machine: it is told to a caller who will wait for it.
    let reset = Timestamp::now().as_second() + 1;
    put(&mut response, "x-sentry-rate-limit-remaining", &remaining.to_string());
    put(&mut response, "x-sentry-rate-limit-limit", &LIMIT.to_string());
    put(&mut response, "x-sentry-rate-limit-reset", &reset.to_string());
    put(&mut response, "x-sentry-rate-limit-concurrentremaining", &(CONCURRENT - 1).to_string());
    put(&mut response, "x-sentry-rate-limit-concurrentlimit", &CONCURRENT.to_string());
    response
}

fn put(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
