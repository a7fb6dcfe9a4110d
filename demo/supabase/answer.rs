//! How Supabase says yes and no: JSON with its limit of requests in the headers, and `{"message": …}`.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// How many requests of one caller to one endpoint it takes in a minute.
const LIMIT: u16 = 120;

pub(super) type Said = Result<Response, Wrong>;

/// What is answered with another status than 200 and 201.
#[derive(Debug)]
pub(super) struct Wrong {
    status: StatusCode,
    body: Value,
}

impl Wrong {
    pub(super) fn new(status: StatusCode, message: &str) -> Wrong {
        Wrong { status, body: json!({ "message": message }) }
    }

    pub(super) fn not_found() -> Wrong {
        Wrong::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// The token does not have this permission.
    pub(super) fn lacking(permission: &str) -> Wrong {
        let body = json!({ "message": "Forbidden resource", "missing_permissions": [permission] });
        Wrong { status: StatusCode::FORBIDDEN, body }
    }

    /// An error of the database.
    pub(super) fn sql(code: &str, message: &str) -> Wrong {
        Wrong::new(StatusCode::BAD_REQUEST, &format!("Failed to run sql query: ERROR:  {code}: {message}\n"))
    }

    pub(super) fn response(self) -> Response {
        let used_up = self.status == StatusCode::TOO_MANY_REQUESTS;
        let body =
            if used_up { json!({ "message": "ThrottlerException: Too Many Requests" }) } else { self.body };
        limited((self.status, axum::Json(body)).into_response(), if used_up { 0 } else { LIMIT - 1 })
    }
}

pub(super) fn json(body: &Value) -> Said {
    Ok(limited(axum::Json(body).into_response(), LIMIT - 1))
}

/// Queries are answered as if something had been made.
pub(super) fn created(rows: Vec<Value>) -> Said {
    Ok(limited((StatusCode::CREATED, axum::Json(Value::Array(rows))).into_response(), LIMIT - 1))
}

/// The headers of every answer; the seconds are what is left of the minute.
fn limited(mut response: Response, left: u16) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(LIMIT));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(left));
    headers.insert("x-ratelimit-reset", HeaderValue::from(if left == 0 { 42_u16 } else { 60 }));
    response
}
