//! Sentry's ids by their shape, and the dashboard's addresses.

use crate::{Handle, HandleKind};
use prodview_guard::Provider;
use url::Url;

/// What kind of Sentry id a text has the shape of. Numbers only from six digits on: shorter ones are more often
/// something else, and can still be pasted as an address.
pub(crate) fn kind_of(text: &str) -> Option<HandleKind> {
    if event_id(text).is_some() {
        return Some(HandleKind::ErrorEvent);
    }
    let numeric = text.len() >= 6 && is_number(text);
    (numeric || is_short_id(text)).then_some(HandleKind::ErrorGroup)
}

/// What a dashboard address leads to: an issue, one of its events, or a feedback. Lists lead to nothing.
///
/// On sentry.io and hosts named after Sentry any such path counts; on other hosts only one below
/// `/organizations/<slug>/`, since many sites have an `/issues/12`.
pub(crate) fn from_url(url: &Url) -> Option<Handle> {
    let path: Vec<&str> = url.path_segments()?.filter(|s| !s.is_empty()).collect();
    let host = url.host_str()?;
    let sentry = host.split('.').any(|label| label == "sentry" || label.starts_with("sentry-"));
    let path = match path.iter().position(|s| *s == "organizations") {
        Some(at) => path.get(at + 2..)?,
        None if sentry => path.as_slice(),
        None => return None,
    };
    if let Some(slug) = url.query_pairs().find(|(key, _)| key == "feedbackSlug") {
        // `<project>:<issue>`
        return slug.1.rsplit(':').next().and_then(group);
    }
    let after = |word: &str| path.iter().position(|s| *s == word).and_then(|at| path.get(at + 1..));
    if let Some([id, rest @ ..]) = after("issues") {
        let issue = group(id)?;
        return match rest {
            ["events", event_id, ..] => event(event_id).or(Some(issue)),
            _ => Some(issue),
        };
    }
    if let Some([_, "events", id, ..]) = after("projects") {
        return event(id);
    }
    // `discover/<project>:<event>`
    after("discover").and_then(|rest| rest.first()?.rsplit(':').next().and_then(event))
}

fn group(id: &str) -> Option<Handle> {
    let id = if is_number(id) { id.to_owned() } else { short_id(id)? };
    Some(Handle { provider: Some(Provider::Sentry), kind: HandleKind::ErrorGroup, id })
}

fn event(id: &str) -> Option<Handle> {
    let id = event_id(id)?;
    Some(Handle { provider: Some(Provider::Sentry), kind: HandleKind::ErrorEvent, id })
}

/// An event id as the API takes it: 32 hex digits, lower case. Takes it in the form of a UUID too.
pub(super) fn event_id(text: &str) -> Option<String> {
    let dashed = text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23));
    let hex: String = if dashed { text.replace('-', "") } else { text.to_owned() };
    (hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then(|| hex.to_ascii_lowercase())
}

/// A numeric issue id.
pub(super) fn is_number(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// A short id typed in any case, as Sentry writes it.
pub(super) fn short_id(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    is_short_id(&upper).then_some(upper)
}

/// `WEB-1A2`: the project in capitals, and a number of digits and capitals.
fn is_short_id(text: &str) -> bool {
    let Some((project, number)) = text.rsplit_once('-') else { return false };
    let plain = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    (1..=8).contains(&number.len())
        && number.bytes().all(plain)
        && (1..=100).contains(&project.len())
        && project.bytes().all(|b| plain(b) || matches!(b, b'-' | b'_'))
        && project.bytes().any(|b| b.is_ascii_uppercase())
        && !project.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_by_their_shape() {
        for (text, kind) in [
            ("WEB-1A2", Some(HandleKind::ErrorGroup)),
            ("PUMP-STATION-1", Some(HandleKind::ErrorGroup)),
            ("5512345678", Some(HandleKind::ErrorGroup)),
            ("9999aaaafcc84b6d97c23c6077c6ff01", Some(HandleKind::ErrorEvent)),
            ("9999aaaa-fcc8-4b6d-97c2-3c6077c6ff01", Some(HandleKind::ErrorEvent)),
            ("9999AAAAFCC84B6D97C23C6077C6FF01", Some(HandleKind::ErrorEvent)),
            ("42", None),
            ("web-1a2", None),
            ("WEB-I6Z", Some(HandleKind::ErrorGroup)),
            ("WEB-", None),
            ("-1", None),
            ("2025-11-20", None),
            ("WEB-123456789", None),
            ("9999aaaafcc84b6d97c23c6077c6ff0", None),
            ("9999aaaa-fcc84b6d-97c2-3c60-77c6ff01", None),
            ("jd7f3q2n8k5m4p6r9s1t0v2w3x4y5z6a", None),
        ] {
            assert_eq!(kind_of(text), kind, "{text}");
        }
    }

    #[test]
    fn addresses_lead_to_what_they_show() {
        const EVENT: &str = "9999aaaafcc84b6d97c23c6077c6ff01";
        let read = |text: &str| from_url(&Url::parse(text).unwrap()).map(|h| (h.kind, h.id));
        let issue = |id: &str| Some((HandleKind::ErrorGroup, id.to_owned()));
        let event = Some((HandleKind::ErrorEvent, EVENT.to_owned()));
        for (text, found) in [
            ("https://acme.sentry.io/issues/5512345678/", issue("5512345678")),
            (
                "https://acme.sentry.io/issues/5512345678/?query=is%3Aunresolved&project=11",
                issue("5512345678"),
            ),
            (&format!("https://acme.sentry.io/issues/5512345678/events/{EVENT}/"), event.clone()),
            ("https://acme.sentry.io/issues/5512345678/events/latest/", issue("5512345678")),
            ("https://sentry.io/organizations/acme/issues/5512345678", issue("5512345678")),
            ("https://acme.sentry.io/issues/web-1a2/", issue("WEB-1A2")),
            ("https://sentry.acme.dev/organizations/sentry/issues/12/", issue("12")),
            ("https://errors.acme.dev/sub/organizations/acme/issues/12/activity/", issue("12")),
            ("https://sentry.io/acme/web/issues/12/", issue("12")),
            (
                "https://acme.sentry.io/feedback/?feedbackSlug=web%3A5512345678&project=11",
                issue("5512345678"),
            ),
            ("https://acme.sentry.io/issues/feedback/?feedbackSlug=web%3A5512345678", issue("5512345678")),
            (&format!("https://acme.sentry.io/projects/web/events/{EVENT}/"), event.clone()),
            (&format!("https://acme.sentry.io/explore/discover/web:{EVENT}/"), event),
            ("https://sentry.io/organizations/acme/issues/?project=11", None),
            ("https://acme.sentry.io/issues/views/123/", None),
            ("https://acme.sentry.io/issues/", None),
            ("https://sentry.io/organizations/acme", None),
            ("https://github.com/acme/web/issues/123", None),
            ("https://notsentry.io/issues/123", None),
            (&format!("https://acme.sentry.io/share/issue/{EVENT}/"), None),
        ] {
            assert_eq!(read(text), found, "{text}");
        }
    }
}
