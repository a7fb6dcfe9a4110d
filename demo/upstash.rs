//! The company's cache at Upstash: the REST API of a database, which runs one command or a pipeline of them.
//!
//! As documented at <https://upstash.com/docs/redis/features/restapi>: `POST /` with a command as a list, `POST
//! /pipeline` with several, `{"result": …}` or `{"error": …}`, 400 for a command that failed, 401 without a good token.
//! The read-only token may not SCAN.

mod commands;
mod keys;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::{Extension, Router};
use serde_json::{Value, json};

use crate::gate::{Ask, Voice};
use crate::record::Verdict;
use crate::{Service, Shared};
use commands::{is_read, run};

pub(crate) use keys::Keys;

pub(crate) struct Upstash;

impl Voice for Upstash {
    const SERVICE: Service = Service::Upstash;

    fn router(shared: Arc<Shared>) -> Router {
        let keys = Arc::new(Keys::new(&shared.world));
        Router::new().fallback(async move |Extension(ask): Extension<Ask>| answer(&shared, &keys, &ask))
    }

    fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response> {
        let token = ask.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let known = [&shared.keys.upstash_reading, &shared.keys.upstash_standard];
        match token {
            Some(token) if known.iter().any(|k| *k == token) => None,
            _ => Some(failed(StatusCode::UNAUTHORIZED, "WRONGPASS invalid or missing auth token")),
        }
    }

    fn judge(_: &Shared, ask: &Ask) -> Verdict {
        if ask.pairs().iter().any(|(name, _)| name == "_token") {
            return Verdict::Refused("it puts the token into the address, where logs keep it");
        }
        if ask.method != Method::POST || !matches!(ask.path(), "/" | "/pipeline") {
            return Verdict::Refused("every path but / and /pipeline is a command or a transaction");
        }
        let Some(commands) = commands_of(ask) else { return Verdict::Refused("its body is no command") };
        match commands.iter().all(|words| is_read(words)) {
            true => Verdict::Read,
            false => Verdict::Refused("it runs a command that is not a read"),
        }
    }

    fn failure(_: &Ask, status: StatusCode, message: &str) -> Response {
        failed(status, &format!("ERR {message}"))
    }
}

fn answer(shared: &Shared, keys: &Keys, ask: &Ask) -> Response {
    let standard = ask
        .header("authorization")
        .is_some_and(|value| value.strip_prefix("Bearer ") == Some(shared.keys.upstash_standard.as_str()));
    let told = |words: &Vec<String>| match run(keys, words, standard) {
        Ok(result) => json!({ "result": result }),
        Err(error) => json!({ "error": error }),
    };
    // Only what was judged a read comes here.
    let mut answers: Vec<Value> = commands_of(ask).unwrap_or_default().iter().map(told).collect();
    if ask.path() == "/pipeline" {
        return with_json(StatusCode::OK, &Value::Array(answers));
    }
    let only = answers.pop().unwrap_or_default();
    let status = if only.get("error").is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    with_json(status, &only)
}

/// The commands of a request, as words. Numbers are words too, as the real one has it.
fn commands_of(ask: &Ask) -> Option<Vec<Vec<String>>> {
    let body: Value = serde_json::from_slice(&ask.body).ok()?;
    let lists = match (ask.path(), body) {
        ("/pipeline", Value::Array(lists)) => lists,
        (_, only @ Value::Array(_)) => vec![only],
        _ => return None,
    };
    let word = |word: &Value| match word {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let words = |list: &Value| list.as_array()?.iter().map(word).collect::<Option<Vec<String>>>();
    lists.iter().map(words).collect()
}

fn failed(status: StatusCode, error: &str) -> Response {
    with_json(status, &json!({ "error": error }))
}

fn with_json(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
