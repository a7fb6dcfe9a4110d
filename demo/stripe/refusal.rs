//! How Stripe says no: the error object of v1 and of v2.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// An answer that is an error.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub status: StatusCode,
    /// `invalid_request_error`, `api_error`, …
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub param: Option<String>,
    pub message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, message: String) -> Refusal {
        let (kind, code) = match status {
            StatusCode::TOO_MANY_REQUESTS => ("invalid_request_error", Some("rate_limit")),
            status if status.is_server_error() => ("api_error", None),
            _ => ("invalid_request_error", None),
        };
        Refusal { status, kind, code, param: None, message }
    }

    pub fn bad(message: String) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn code(self, code: &'static str) -> Refusal {
        Refusal { code: Some(code), ..self }
    }

    pub fn param(self, param: &str) -> Refusal {
        Refusal { param: Some(param.to_owned()), ..self }
    }

    pub fn unknown_parameter(name: &str) -> Refusal {
        Refusal::bad(format!("Received unknown parameter: {name}")).code("parameter_unknown").param(name)
    }

    /// The key may not do this; Stripe names what it lacks.
    pub fn denied(key: &str, account: &str, permission: &str) -> Refusal {
        let key = hidden(key);
        Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "The provided key '{key}' does not have the required permissions for this endpoint on account \
                 '{account}'. Having the '{permission}' permission would allow this request to continue."
            ),
        )
    }

    pub fn unknown_url(method: &str, path: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, format!("Unrecognized request URL ({method}: {path})."))
    }

    /// The body, as v1 puts it.
    pub fn v1(&self, request_id: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".into(), json!(self.message));
        error.insert("type".into(), json!(self.kind));
        if let Some(code) = self.code {
            error.insert("code".into(), json!(code));
            let page = code.replace('_', "-");
            error.insert("doc_url".into(), json!(format!("https://stripe.com/docs/error-codes/{page}")));
        }
        if let Some(param) = &self.param {
            error.insert("param".into(), json!(param));
        }
        // Who has no good key has no request log either.
        if self.status != StatusCode::UNAUTHORIZED {
            let log = format!("https://dashboard.stripe.com/logs/{request_id}");
            error.insert("request_log_url".into(), json!(log));
        }
        json!({ "error": error })
    }

    /// The body, as v2 puts it.
    pub fn v2(&self) -> Value {
        let code = match self.status {
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::UNAUTHORIZED => "invalid_api_key",
            StatusCode::FORBIDDEN => "insufficient_permissions",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_exceeded",
            status if status.is_server_error() => "internal_error",
            _ => "invalid_fields",
        };
        json!({ "error": { "code": code, "message": self.message, "type": code } })
    }
}

/// A key as Stripe quotes it: the beginning and the last four characters.
pub(super) fn hidden(key: &str) -> String {
    let start: String = key.chars().take(8).collect();
    let mut end: Vec<char> = key.chars().rev().take(4).collect();
    end.reverse();
    let stars = "*".repeat(key.chars().count().saturating_sub(12));
    format!("{start}{stars}{}", end.iter().collect::<String>())
}
