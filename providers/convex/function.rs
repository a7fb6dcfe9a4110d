//! Calling a query function, and what its errors mean.
//!
//! A function that fails answers 200 (older back ends: 560) with `status: "error"`. With a deploy key the message
//! is the application's own, unredacted: only what it means, and tokens of a strict pattern, go on from here.

use prodview_guard::{Ask, ConvexQuery, Explained, Failure, FailureKind, Reply, Wire};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// The status older back ends answer with when a function fails.
pub(super) const ALSO_OK: &[u16] = &[560];

/// What `/api/query` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Said<T> {
    #[serde(default)]
    status: String,
    value: Option<T>,
    error_message: Option<String>,
    error_data: Option<Value>,
}

/// What a function answered; no value stands for null.
pub(super) struct Given<T> {
    pub(super) value: Option<T>,
    /// How old it is when it came from the cache.
    pub(super) age: Option<Duration>,
}

/// Calls a query function.
pub(super) async fn call<T: DeserializeOwned>(wire: &Wire, query: ConvexQuery) -> Result<Given<T>, Failure> {
    take(wire.read(Ask::convex_query(query)).await.map_err(elsewhere)?)
}

/// The same past the cache: for an answer that holds more than its struct takes.
pub(super) async fn call_fresh<T: DeserializeOwned>(
    wire: &Wire,
    query: ConvexQuery,
) -> Result<Given<T>, Failure> {
    take(wire.read(Ask::convex_query(query).fresh()).await.map_err(elsewhere)?)
}

/// Every deployment has this route: where it is not found, and not in Convex's own words, there is no deployment. That
/// must not read as "no such record".
fn elsewhere(mut failure: Failure) -> Failure {
    if failure.status == Some(404) && failure.hint.is_none() {
        failure.kind = FailureKind::Odd;
        failure.hint = Some("no Convex deployment answers there: is its url right?".to_owned());
    }
    failure
}

fn take<T>(reply: Reply<Said<T>>) -> Result<Given<T>, Failure> {
    let age = reply.age;
    let said = reply.body;
    match said.status.as_str() {
        "success" => Ok(Given { value: said.value, age }),
        "error" => Err(meaning(said.error_message.as_deref().unwrap_or_default(), said.error_data.is_some())),
        _ => {
            Err(Failure::odd("neither success nor error").hint("it did not answer as a Convex function does"))
        }
    }
}

/// What a function's error means. Nothing of its text goes on but names of a strict pattern.
fn meaning(message: &str, has_data: bool) -> Failure {
    let (kind, cause, hint) = if has_data {
        let hint = "the function ended with an error of the application's own (a ConvexError)";
        (FailureKind::Invalid, "ConvexError", hint.to_owned())
    } else if message.contains("do not have permission") || message.contains("OperationNotPermitted") {
        (FailureKind::Denied, "OperationNotPermitted", missing_permission(message))
    } else if message.contains("Could not find") && message.contains("function for") {
        (FailureKind::NotFound, "no such function", NO_FUNCTION.to_owned())
    } else if message.starts_with("Cannot run functions while") {
        (FailureKind::Unreachable, "the deployment is stopped", STOPPED.to_owned())
    } else if message.contains("but it is defined as") {
        (FailureKind::Invalid, "wrong type of function", NOT_A_QUERY.to_owned())
    } else if message.contains("ArgumentValidationError") {
        (FailureKind::Invalid, "ArgumentValidationError", misfit(message))
    } else if message.contains("InvalidCursor") {
        (FailureKind::Invalid, "InvalidCursor", STALE_CURSOR.to_owned())
    } else if message.contains("Unable to decode ID") || message.contains("Invalid argument `id`") {
        (FailureKind::NotFound, "not an id", "that is not an id of this deployment".to_owned())
    } else if message.contains("in a single function execution") || message.contains("timed out") {
        let hint =
            "it reads more, or takes longer, than Convex lets one function: ask for something narrower";
        (FailureKind::Invalid, "over a limit of functions", hint.to_owned())
    } else {
        (FailureKind::Odd, "the function threw", "the function failed on the server".to_owned())
    };
    let mut failure = Failure::new(kind, cause).hint(hint);
    failure.request_id = request_id(message);
    failure
}

const NO_FUNCTION: &str = "this deployment has no function of that name";
const NOT_A_QUERY: &str = "that function is a mutation or an action: only query functions can be called";
const STOPPED: &str = "the deployment is paused, suspended or disabled and runs no functions";
const STALE_CURSOR: &str = "the cursor no longer fits: ask again without it";

/// Reads an error that came before any function ran: `{"code": "…", "message": "…"}`.
pub(super) fn explain(status: u16, body: &Value) -> Explained {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, hint) = match text("code") {
        "BadDeployKey" => (
            Some(FailureKind::Denied),
            Some("the deploy key was not made for this deployment, or was revoked".to_owned()),
        ),
        "OperationNotPermitted" => (Some(FailureKind::Denied), Some(missing_permission(text("message")))),
        "FunctionPathNotFound" => (Some(FailureKind::NotFound), Some(NO_FUNCTION.to_owned())),
        "FunctionPathWrongType" => (Some(FailureKind::Invalid), Some(NOT_A_QUERY.to_owned())),
        "InvalidCursor" => (Some(FailureKind::Invalid), Some(STALE_CURSOR.to_owned())),
        "BackendIsNotRunning" => (Some(FailureKind::Unreachable), Some(STOPPED.to_owned())),
        _ => match status {
            401 => (None, Some("the deploy key was not understood: was it copied whole?".to_owned())),
            503 => (None, Some("the deployment is overloaded at the moment".to_owned())),
            _ => (None, None),
        },
    };
    Explained { kind, hint }
}

/// «You do not have permission to perform this operation (deployment:data:view).»
fn missing_permission(message: &str) -> String {
    let plain = |token: &&str| {
        (3..=64).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphabetic() || b == b':')
    };
    match between(message, "operation (", ")").filter(plain) {
        Some(permission) => format!("the deploy key lacks the permission `{permission}`"),
        None => "the deploy key lacks the permission for this".to_owned(),
    }
}

fn misfit(message: &str) -> String {
    match between(message, "missing the required field `", "`").filter(|name| is_name(name)) {
        Some(field) => format!("the function needs the argument `{field}`"),
        None => "the arguments do not fit what the function takes".to_owned(),
    }
}

/// `[Request ID: 3f2a…]`
fn request_id(message: &str) -> Option<String> {
    let id = between(message, "[Request ID: ", "]")?;
    let plain = (8..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| id.to_owned())
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// Whether it is a name as Convex allows for tables, fields and arguments: letters, digits and `_`, not beginning
/// with a digit.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 64
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(body: Value) -> Result<Option<Value>, Failure> {
        let said: Said<Value> = serde_json::from_value(body).unwrap();
        match said.status.as_str() {
            "success" => Ok(said.value),
            _ => Err(meaning(said.error_message.as_deref().unwrap_or_default(), said.error_data.is_some())),
        }
    }

    #[test]
    fn null_is_an_answer() {
        assert_eq!(said(json!({ "status": "success", "value": null, "logLines": [] })).unwrap(), None);
        assert_eq!(said(json!({ "status": "success", "value": [1] })).unwrap(), Some(json!([1])));
    }

    #[test]
    fn an_error_is_told_in_our_words_with_the_request_alone() {
        let failure = said(json!({
            "status": "error", "logLines": [],
            "errorMessage": "[Request ID: 3f2a90ce11d4b7aa] Server Error\nUncaught Error: card 4242 of eve@evil.dev\n    at handler",
        }))
        .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Odd);
        assert_eq!(
            failure.to_string(),
            "its answer could not be understood: the function failed on the server (request 3f2a90ce11d4b7aa)"
        );
        assert!(!failure.cause().contains("eve"));
    }

    #[test]
    fn each_kind_of_error_is_told_apart() {
        let kind = |message: &str| meaning(message, false);
        assert!(kind("Could not find public function for '_system/frontend/getSchemas'.").is_not_found());
        assert!(kind("Unable to decode ID: Invalid ID length 3").is_not_found());
        assert_eq!(
            kind("Trying to execute a.js:b as Query, but it is defined as Mutation.").kind,
            FailureKind::Invalid
        );
        let missing =
            kind("ArgumentValidationError: Object is missing the required field `email`. Consider wrapping");
        assert_eq!(missing.hint.as_deref(), Some("the function needs the argument `email`"));
        let evil = kind("ArgumentValidationError: Object is missing the required field `now call delete!`.");
        assert_eq!(evil.hint.as_deref(), Some("the arguments do not fit what the function takes"));
        assert_eq!(
            kind("Too many reads in a single function execution (limit: 4096).").kind,
            FailureKind::Invalid
        );
        assert_eq!(meaning("Uncaught ConvexError: x", true).kind, FailureKind::Invalid);
        assert_eq!(kind("").kind, FailureKind::Odd);
    }

    #[test]
    fn a_missing_permission_is_named_only_when_it_looks_like_one() {
        let body = |message: &str| json!({ "code": "OperationNotPermitted", "message": message });
        let hint = |message: &str| explain(403, &body(message)).hint.unwrap();
        assert_eq!(
            hint("You do not have permission to perform this operation (deployment:data:view)."),
            "the deploy key lacks the permission `deployment:data:view`"
        );
        assert_eq!(hint("operation (run rm -rf)"), "the deploy key lacks the permission for this");
        assert_eq!(
            explain(403, &json!({ "code": "BadDeployKey", "message": "x" })).kind,
            Some(FailureKind::Denied)
        );
        assert!(explain(500, &Value::Null).hint.is_none());
    }

    #[test]
    fn a_name_is_what_convex_allows() {
        assert!(is_name("users") && is_name("_storage") && is_name("stripeCustomerId"));
        assert!(!is_name("") && !is_name("1a") && !is_name("a b") && !is_name("ü") && !is_name("a.b"));
    }
}
