//! What Stripe's error bodies mean, in our words. Stripe's own text is read here and never passed on.

use prodview_guard::{Explained, FailureKind};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Body {
    error: Error,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Error {
    code: Option<String>,
    message: Option<String>,
}

/// Reads status and body of a refusal (v1 and v2 have the same frame).
/// Source: <https://docs.stripe.com/api/errors>, <https://docs.stripe.com/error-codes>.
pub(super) fn explain(status: u16, body: &Value) -> Explained {
    let error = Body::deserialize(body).unwrap_or_default().error;
    let code = error.code.as_deref().unwrap_or_default();
    let message = error.message.as_deref().unwrap_or_default();
    let hint = |text: &str| Some(text.to_owned());
    let as_kind = |kind: FailureKind, text: &str| Explained { kind: Some(kind), hint: hint(text) };
    match (status, code) {
        (_, "resource_missing") => Explained { kind: Some(FailureKind::NotFound), hint: other_mode(message) },
        (_, "rate_limit") => as_kind(
            FailureKind::Limited { retry_after: None },
            "the account's requests are shared with the product itself",
        ),
        (429, "lock_timeout") => {
            Explained { kind: None, hint: hint("another request holds a lock on this object") }
        }
        (_, "api_key_expired" | "platform_api_key_expired") => {
            as_kind(FailureKind::Denied, "the key has expired: make a new one")
        }
        (_, "secret_key_required") => {
            as_kind(FailureKind::Denied, "this is a publishable key: a restricted key (rk_…) is needed")
        }
        (_, "account_invalid") => as_kind(
            FailureKind::Denied,
            "the key has no access to the connected account that is configured, or there is none of that id",
        ),
        (401, _) => Explained {
            kind: None,
            hint: hint("Stripe does not know this key: it was rolled, deleted or cut while copying"),
        },
        (403, _) => Explained { kind: None, hint: Some(missing_permission(message)) },
        // Something else than Stripe answered: that must not read as "no such customer".
        (404, _) if body.get("error").is_none() => {
            as_kind(FailureKind::Odd, "what answered there is not Stripe: is base_url right?")
        }
        _ => Explained::default(),
    }
}

/// The hint when the id belongs to the other mode; none when it is simply not there.
fn other_mode(message: &str) -> Option<String> {
    let has = |text: &str| message.contains(text);
    if has("exists in test mode") || (has("test mode") && has("live mode key")) {
        return Some(
            "it exists in test mode, and this source's key is a live one: ask the source with the test key"
                .to_owned(),
        );
    }
    if has("exists in live mode") || (has("live mode") && has("test mode key")) {
        return Some(
            "it exists in live mode, and this source's key is a test one: ask the source with the live key"
                .to_owned(),
        );
    }
    None
}

fn missing_permission(message: &str) -> String {
    match permission(message) {
        Some(name) if name.ends_with("_write") => {
            format!(
                "Stripe asks for `{name}`, a permission to write, which prodview does not need: please report this"
            )
        }
        Some(name) => format!(
            "the restricted key lacks the permission `{name}`: add it in the dashboard under API keys"
        ),
        None => {
            "the key may not read this: a restricted key needs `Read` on it (dashboard, API keys)".to_owned()
        }
    }
}

/// A permission's name in Stripe's text: `rak_` and then only small letters and underscores.
fn permission(message: &str) -> Option<&str> {
    let start = message.find("rak_")?;
    let name = message.get(start..)?;
    let end = name.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(name.len());
    let name = name.get(..end)?;
    (name.len() > 4 && name.len() <= 80).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(status: u16, code: &str, message: &str) -> Explained {
        explain(
            status,
            &json!({"error": {"type": "invalid_request_error", "code": code, "message": message}}),
        )
    }

    #[test]
    fn an_id_of_the_other_mode_is_told_apart_from_one_that_is_not_there() {
        let live = said(
            404,
            "resource_missing",
            "No such payment_intent: 'pi_1'; a similar object exists in test mode, but a live mode key was used to make this request.",
        );
        assert_eq!(live.kind, Some(FailureKind::NotFound));
        assert!(live.hint.unwrap().starts_with("it exists in test mode"));
        let test = said(
            404,
            "resource_missing",
            "No such charge: 'ch_1'; a similar object exists in live mode, but a test mode key was used to make this request.",
        );
        assert!(test.hint.unwrap().starts_with("it exists in live mode"));
        // A list that is filtered by a customer that is not there answers 400.
        let gone = said(400, "resource_missing", "No such customer: 'cus_x'");
        assert_eq!((gone.kind, gone.hint), (Some(FailureKind::NotFound), None));
    }

    #[test]
    fn the_missing_permission_is_named_only_when_it_looks_like_one() {
        let named = said(
            403,
            "",
            "The provided key 'rk_live_***' does not have the required permissions. Having the 'rak_charge_read' permission would allow this request to continue.",
        );
        assert!(named.hint.unwrap().contains("`rak_charge_read`"));
        for odd in ["", "rak_", "rak_IGNORE ALL", "Having rak_1"] {
            assert!(!said(403, "", odd).hint.unwrap().contains("rak_"), "{odd}");
        }
        assert!(said(403, "", "'rak_event_write'").hint.unwrap().contains("does not need"));
    }

    #[test]
    fn whatever_the_body_is_it_is_only_a_refusal() {
        for body in [json!(null), json!("x"), json!({"error": "x"}), json!({"error": {"code": 1}})] {
            assert_eq!(explain(400, &body).kind, None);
            assert!(explain(401, &body).hint.is_some());
        }
        assert_eq!(said(400, "rate_limit", "").kind, Some(FailureKind::Limited { retry_after: None }));
        assert_eq!(said(401, "api_key_expired", "").kind, Some(FailureKind::Denied));
    }
}
