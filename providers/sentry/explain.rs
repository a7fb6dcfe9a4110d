//! What a refusal of Sentry means, in our words. Its own text is looked at, never passed on.

use prodview_guard::{Explained, FailureKind};
use serde_json::Value;

/// Reads `{"detail": "…"}`, `{"detail": {"code": …, "message": …}}`, `{"field": ["…"]}` and a bare text.
pub(super) fn explain(status: u16, body: &Value) -> Explained {
    let detail = body.get("detail").unwrap_or(body);
    let code = detail.get("code").and_then(Value::as_str).unwrap_or_default();
    let text = detail.as_str().or_else(|| detail.get("message").and_then(Value::as_str)).unwrap_or_default();
    let text = text.to_ascii_lowercase();
    let (kind, hint) = match status {
        301 | 302 | 307 | 308 if code == "project-moved" || code == "resource-moved" => {
            (Some(FailureKind::NotFound), Some("the project or organisation was renamed: use its new slug"))
        }
        400 => bad_question(&text, body),
        401 => (None, Some("the token is wrong, expired or revoked")),
        403 => (None, Some(denied(code))),
        404 => (
            None,
            Some(
                "Sentry answers the same for what does not exist and for what this token is not allowed to see",
            ),
        ),
        429 if text.contains("query") || text.contains("concurrent") => {
            (None, Some("a shorter span of time or a single project asks less of Sentry"))
        }
        _ => (None, None),
    };
    Explained { kind, hint: hint.map(str::to_owned) }
}

fn denied(code: &str) -> &'static str {
    match code {
        "sso-required" => {
            "the organisation requires single sign-on, which this token has not passed: use the token \
                           of an internal integration instead"
        }
        "2fa-required" => {
            "the organisation requires two-factor sign-in of the person behind this token: use the \
                           token of an internal integration instead"
        }
        "member-disabled-over-limit" => {
            "the person behind this token is disabled in the organisation: use the token \
                                         of an internal integration instead"
        }
        _ => {
            "the token lacks a permission for this (event:read, org:read, project:read; alerts:read for alert \
              rules), or may not see a project that was asked for"
        }
    }
}

fn bad_question(text: &str, body: &Value) -> (Option<FailureKind>, Option<&'static str>) {
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if says(&["timeout", "timed out"]) {
        return (
            Some(FailureKind::Timeout),
            Some("Sentry's own query took too long: ask for a shorter span of time"),
        );
    }
    let hint = if says(&["multi project"]) {
        Some("this organisation's plan answers for one project at a time: name a project")
    } else if body.get("statsPeriod").is_some() || says(&["date range", "statsperiod", "retention"]) {
        Some("the span of time was not accepted; 90 days is what Sentry keeps")
    } else if body.get("cursor").is_some() || says(&["cursor"]) {
        Some("the cursor was not accepted: ask again without it")
    } else if says(&["query", "search", "pars", "boolean", "parenthes"]) {
        Some(super::search::SYNTAX)
    } else {
        None
    };
    (None, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hint(status: u16, body: Value) -> String {
        explain(status, &body).hint.unwrap_or_default()
    }

    #[test]
    fn both_forms_of_a_refusal_are_understood() {
        assert!(hint(401, json!({"detail": "Invalid token"})).contains("revoked"));
        let sso = json!({"detail": {"code": "sso-required", "message": "Must login via SSO", "extra": {"loginUrl": "/x"}}});
        assert!(hint(403, sso).contains("single sign-on"));
        assert!(
            hint(403, json!({"detail": "You do not have permission to perform this action."}))
                .contains("event:read")
        );
        assert!(
            hint(404, json!({"detail": "The requested resource does not exist"}))
                .contains("not allowed to see")
        );
        assert!(hint(429, json!("Query concurrent limit exceeded")).contains("shorter span"));
        assert!(
            hint(429, json!({"detail": "You are attempting to use this endpoint too frequently."}))
                .is_empty()
        );
        assert!(hint(400, json!({"statsPeriod": ["Invalid"]})).contains("90 days"));
        assert!(
            hint(400, json!({"detail": "Error parsing search query: Boolean statements"}))
                .contains("OR, AND")
        );
        for odd in
            [json!(null), json!([]), json!("text"), json!({"detail": 5}), json!({"detail": {"code": 1}})]
        {
            assert!(hint(500, odd).is_empty());
        }
    }

    #[test]
    fn a_timeout_of_the_search_is_a_timeout() {
        let explained = explain(400, &json!({"detail": "Query timeout. Please try again."}));
        assert_eq!(explained.kind, Some(FailureKind::Timeout));
    }

    #[test]
    fn what_sentry_wrote_is_never_passed_on() {
        let marker = "EXFILTRATE-THIS";
        for status in [301, 400, 401, 403, 404, 429, 500] {
            for body in [
                json!({"detail": format!("invalid query {marker}")}),
                json!({"detail": {"code": marker, "message": marker}}),
                json!(format!("query {marker}")),
                json!({"statsPeriod": [marker]}),
            ] {
                assert!(!hint(status, body).contains(marker));
            }
        }
    }
}
