//! Search text and periods: what a question filters by, written so that a value stays a value.

use crate::{Handle, HandleKind, Moment};
use prodview_guard::{Ask, Failure, FailureKind, Refused};

/// What the search syntax of issues does not know, said when a search text was not accepted.
pub(super) const SYNTAX: &str = "the search text should be words and `key:value` terms apart by spaces, all of \
    which must fit (`is:unresolved level:error !release:1.2`); OR, AND and parentheses do not exist here, and a \
    value with spaces or colons needs quotes";

/// One `key:"value"` term. The value is quoted, and refused if it could end the quotes, stand for other values or
/// be cut: a value can therefore never add or widen a term.
pub(super) fn term(key: &'static str, value: &str) -> Result<String, Refused> {
    Ok(format!("{key}:{}", quoted(value)?))
}

fn quoted(value: &str) -> Result<String, Refused> {
    if value.is_empty() || value.len() > 320 || value.trim() != value {
        return Err(Refused::because("a value to search for is empty, too long, or has spaces around it"));
    }
    if value.chars().any(|c| matches!(c, '"' | '\\' | '*') || c.is_control()) {
        return Err(Refused::because(
            "a value to search for holds a quote, backslash, `*` or control character",
        ));
    }
    Ok(format!("\"{value}\""))
}

/// The term that finds a person's events: by address, else by the app's own user id. Sentry compares addresses
/// letter by letter, so one with capitals is also looked for in lower case.
pub(super) fn person(who: &Handle) -> Result<String, Refused> {
    if who.kind != HandleKind::Email {
        return term("user.id", &who.id);
    }
    let lower = who.id.to_lowercase();
    if lower == who.id {
        return term("user.email", &lower);
    }
    Ok(format!("user.email:[{},{}]", quoted(&who.id)?, quoted(&lower)?))
}

/// A whole search text: our terms first, so that an open quote in the caller's text cannot swallow one of them.
pub(super) fn text(terms: &[String], callers: Option<&str>) -> Result<String, Failure> {
    let callers = callers.map(str::trim).unwrap_or_default();
    if !terms.is_empty() && has_or(callers) {
        // A version that does know OR would let it undo our terms.
        return Err(Failure::new(FailureKind::Invalid, "OR in a search text beside a filter").hint(SYNTAX));
    }
    let mut parts: Vec<&str> = terms.iter().map(String::as_str).collect();
    parts.extend((!callers.is_empty()).then_some(callers));
    Ok(parts.join(" "))
}

/// Whether the word `or` stands outside quotes.
fn has_or(text: &str) -> bool {
    text.split('"')
        .step_by(2)
        .flat_map(|outside| outside.split(|c: char| c.is_whitespace() || "()".contains(c)))
        .any(|word| word.eq_ignore_ascii_case("or"))
}

/// Adds the span of time to a question. A whole number of minutes is sent as a period, so that the same question a
/// moment later is the same request and can be answered from the cache.
pub(super) fn period(ask: Ask, since: Moment, now: Moment) -> Ask {
    let seconds = since.seconds_until(now);
    let whole = |unit: i64| (seconds >= unit && seconds % unit <= 2).then_some(seconds / unit);
    let relative = whole(86_400)
        .map(|n| format!("{n}d"))
        .or_else(|| whole(3_600).map(|n| format!("{n}h")))
        .or_else(|| whole(60).map(|n| format!("{n}m")));
    match relative {
        Some(period) => ask.query("statsPeriod", period),
        None => ask.query("start", since).query("end", now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(kind: HandleKind, id: &str) -> Handle {
        Handle { provider: None, kind, id: id.to_owned() }
    }

    #[test]
    fn a_value_cannot_become_a_term() {
        for bad in
            ["x\" is:resolved \"", "x\\", "*", "*@acme.dev", "", " x", "a\nb", "a\u{0}b", &"a".repeat(400)]
        {
            assert!(term("user.email", bad).is_err(), "{bad:?}");
        }
        assert_eq!(term("user.id", "x is:resolved OR y").unwrap(), "user.id:\"x is:resolved OR y\"");
        assert_eq!(term("user.id", "[a,b]").unwrap(), "user.id:\"[a,b]\"");
    }

    #[test]
    fn people_are_found_by_address_or_id() {
        let text = |kind, id| person(&handle(kind, id)).unwrap();
        assert_eq!(text(HandleKind::Email, "a+b@acme.dev"), "user.email:\"a+b@acme.dev\"");
        assert_eq!(text(HandleKind::Email, "Al@Acme.dev"), "user.email:[\"Al@Acme.dev\",\"al@acme.dev\"]");
        assert_eq!(text(HandleKind::Opaque, "auth0|42"), "user.id:\"auth0|42\"");
        assert_eq!(text(HandleKind::Row, "jd7x"), "user.id:\"jd7x\"");
    }

    #[test]
    fn our_terms_stand_first_and_cannot_be_undone() {
        let ours = ["user.id:\"42\"".to_owned()];
        assert_eq!(text(&ours, Some("is:unresolved \"open")).unwrap(), "user.id:\"42\" is:unresolved \"open");
        assert_eq!(text(&[], None).unwrap(), "");
        assert_eq!(text(&ours, Some("  ")).unwrap(), "user.id:\"42\"");
        for undone in ["is:unresolved OR is:resolved", "(a or b)", "\"x\" Or y"] {
            assert_eq!(text(&ours, Some(undone)).unwrap_err().kind, FailureKind::Invalid, "{undone}");
        }
        assert!(text(&ours, Some("message:\"this or that\" order")).is_ok());
        assert!(text(&[], Some("a OR b")).is_ok(), "without our terms Sentry itself decides");
    }

    #[test]
    fn the_usual_windows_are_the_same_request_a_second_later() {
        let now = Moment::from_epoch_s(1_763_629_964).unwrap();
        let sent = |seconds: i64| {
            let ask = period(super::super::ROOT.ask(), now.minus_s(seconds), now);
            format!("{ask:?}")
        };
        assert!(sent(86_400 * 7).contains("\"7d\""));
        assert!(sent(86_401).contains("\"1d\""));
        assert!(sent(7_201).contains("\"2h\""));
        assert!(sent(1_800).contains("\"30m\""));
        assert!(sent(100_000).contains("\"2025-11-19T05:26:04Z\""));
        assert!(sent(-5).contains("\"end\""));
    }
}
