//! What a Redis says no with, in terms of what the asker can do. Its own words go no further than the code.

use crate::{Explained, Failure, FailureKind};
use redis::{ErrorKind, RedisError};
use serde_json::Value;

/// The refusal of one command, or of the greeting when `command` is `None`.
pub(super) fn refused_by(error: &RedisError, command: Option<&'static str>) -> Failure {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return denied("WRONGPASS", "the user or password in the URL is not accepted");
    }
    match error.code() {
        Some(code) => by_code(code, error.detail().unwrap_or_default(), command),
        None => broken(error),
    }
}

/// Reads the error bodies of Upstash: `{"error": "ERR …"}`, `{"error": "NOPERM …"}`.
pub fn explain_redis(status: u16, body: &Value) -> Explained {
    let text = body.get("error").and_then(Value::as_str).unwrap_or_default();
    if status == 401 {
        return Explained {
            kind: Some(FailureKind::Denied),
            hint: Some("the token is not accepted: is it the one of this database?".to_owned()),
        };
    }
    let (code, _) = coded(text);
    let known = status == 400 && code.len() > 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    if !known {
        return Explained::default();
    }
    let failure = redis_refusal(text, None);
    Explained { kind: Some(failure.kind), hint: failure.hint }
}

/// The refusal of one command, from the text that Upstash answers.
pub fn redis_refusal(text: &str, command: Option<&'static str>) -> Failure {
    let (code, detail) = coded(text);
    if code == "NOPERM" {
        let named = command.unwrap_or("that command");
        return denied(code, &format!("the token may not ask {named}; a read-only token may not SCAN"));
    }
    by_code(code, detail, command)
}

fn coded(text: &str) -> (&str, &str) {
    let (code, detail) = text.split_once(' ').unwrap_or((text, ""));
    (code.trim_end_matches(':'), detail)
}

/// A connection that broke, or an answer that was none.
pub(super) fn broken(error: &RedisError) -> Failure {
    if error.kind() == ErrorKind::Parse {
        return Failure::odd("no Redis protocol").hint("what answers there is no Redis");
    }
    let kind = if error.is_timeout() { FailureKind::Timeout } else { FailureKind::Unreachable };
    Failure::new(kind, format!("the connection broke: {:?}", error.kind()))
}

/// The user could write, and that is not allowed.
pub(super) fn could_write() -> Failure {
    Failure::new(FailureKind::Refused, "the user could write").hint(
        "its Redis user could write. Make one that cannot (docs/providers.md has the line), or set \
         `allow_writable_user = true` for this source",
    )
}

fn by_code(code: &str, detail: &str, command: Option<&'static str>) -> Failure {
    let named = command.unwrap_or("that command");
    let kind = |kind: FailureKind, hint: String| Failure::new(kind, cause(code)).hint(hint);
    match code {
        "NOAUTH" => denied(code, "the URL has no password, and the server wants one"),
        "WRONGPASS" => denied(code, "the user or password in the URL is not accepted"),
        "NOPERM" if detail.contains(" key") => {
            denied(code, "its user may not read that key: `%R~*` in its ACL lets it read all")
        }
        "NOPERM" => {
            let rule = named.to_lowercase().replace(' ', "|");
            denied(code, &format!("its user may not ask {named}: add `+{rule}` to its ACL"))
        }
        "WRONGTYPE" => kind(
            FailureKind::Invalid,
            format!("{named} is not for keys of this type: TYPE tells which it is"),
        ),
        "LOADING" => kind(FailureKind::Unreachable, "it is still loading its data from disk".to_owned()),
        "BUSY" => kind(FailureKind::Unreachable, "a script keeps it busy".to_owned()),
        "MASTERDOWN" => {
            kind(FailureKind::Unreachable, "it is a replica that has lost its primary".to_owned())
        }
        "MOVED" | "ASK" | "CLUSTERDOWN" | "CROSSSLOT" => {
            let hint = "it is one node of a cluster, and the key is on another: a source is one node";
            kind(FailureKind::Invalid, hint.to_owned())
        }
        "ERR" if detail.contains("max requests limit") || detail.contains("max daily request") => kind(
            FailureKind::Limited { retry_after: None },
            "the database's quota of requests is used up".to_owned(),
        ),
        "ERR" if detail.contains("max number of clients") => {
            kind(FailureKind::Unreachable, "it has as many clients as it takes".to_owned())
        }
        "ERR" if detail.contains("nknown command") || detail.contains("nknown subcommand") => {
            kind(FailureKind::Invalid, format!("this server does not know {named}"))
        }
        "ERR" if detail.contains("DB index") => {
            kind(FailureKind::Invalid, "it has no database of the number in the URL".to_owned())
        }
        "ERR" if detail.contains("no such key") => Failure::new(FailureKind::NotFound, cause(code)),
        _ => kind(FailureKind::Invalid, format!("it did not accept {named}")),
    }
}

fn denied(code: &str, hint: &str) -> Failure {
    Failure::new(FailureKind::Denied, cause(code)).hint(hint)
}

/// Codes are capitals by convention; anything else would be text of the server's.
fn cause(code: &str) -> String {
    let plain = code.len() <= 24 && code.bytes().all(|b| b.is_ascii_uppercase());
    format!("Redis said {}", if plain { code } else { "no" })
}
