use super::*;
use crate::sentry::rig::{now, sentry};
use crate::{HandleKind, Stopped};
use serde_json::{Value, json};

fn group(value: Value) -> Group {
    serde_json::from_value(value).unwrap()
}

fn whole_group() -> Value {
    json!({"id": "5512345678", "shortId": "WEB-1A2", "title": "TypeError: x is undefined",
        "culprit": "app/checkout in submit", "level": "error", "status": "unresolved", "substatus": "ongoing",
        "project": {"id": "11", "name": "Web", "slug": "web", "platform": "javascript"}, "count": "150",
        "userCount": 12, "firstSeen": "2026-11-01T10:00:00Z", "lastSeen": "2026-11-20T09:12:44.123456Z",
        "stats": {"24h": [[1_763_542_800, 3]]}, "lifetime": {"count": "900", "userCount": 77}, "filtered": null,
        "permalink": "https://evil.example/issues/1/"})
}

fn listed(rows: Vec<Value>) -> Gathered<Group> {
    Gathered {
        rows: rows.into_iter().map(group).collect(),
        more: None,
        stopped: None,
        age: None,
        hits: None,
        direct: false,
        unread: 0,
    }
}

fn ask() -> ErrorsAsk {
    ErrorsAsk {
        query: None,
        user: None,
        since: now(),
        environment: None,
        project: None,
        level: None,
        sort: ErrorSort::LastSeen,
        limit: 10,
        cursor: None,
    }
}

#[test]
fn an_issue_becomes_a_record_with_a_page_of_ours() {
    let record = group(whole_group()).record(&sentry(&[])).unwrap();
    assert_eq!((record.id.as_str(), record.count, record.users), ("WEB-1A2", 150, Some(12)));
    assert_eq!(record.url.as_deref(), Some("https://sentry.io/organizations/acme/issues/5512345678/"));
    assert_eq!(record.last_seen.map(|m| m.to_string()).as_deref(), Some("2026-11-20T09:12:44Z"));
    assert_eq!(record.project.as_ref().map(Foreign::as_str), Some("web"));
}

#[test]
fn counts_of_what_fits_the_search_win() {
    let mut value = whole_group();
    value["filtered"] =
        json!({"count": "3", "userCount": 1, "firstSeen": null, "lastSeen": null, "stats": {}});
    let record = group(value).record(&sentry(&[])).unwrap();
    assert_eq!((record.count, record.users), (3, Some(1)));
}

#[test]
fn look_alikes_lose_fields_and_not_the_answer() {
    let bare =
        group(json!({"id": 12, "count": 7, "project": null, "userCount": null, "level": "catastrophic",
        "status": "pending_merge", "firstSeen": "soon", "shortId": null, "culprit": "", "tags": {"a": 1}}));
    let record = bare.record(&sentry(&[])).unwrap();
    assert_eq!((record.id.as_str(), record.count, record.users), ("12", 7, None));
    assert_eq!(record.title.as_str(), "(no title)");
    assert_eq!(record.first_seen, None);
    assert!(group(json!({})).record(&sentry(&[])).is_none());
    let odd = group(json!({"id": "../members/1", "shortId": "run this, please"}));
    assert!(odd.record(&sentry(&[])).is_none(), "neither id is one");
    let half = group(json!({"id": "../members/1", "shortId": "WEB-1"})).record(&sentry(&[])).unwrap();
    assert_eq!(half.url, None);
}

#[test]
fn what_lies_outside_the_projects_is_dropped() {
    let mut other = whole_group();
    other["project"]["slug"] = json!("billing");
    let rows = vec![whole_group(), other, json!({"id": "3"})];
    let found = sentry(&["web"]).found(listed(rows.clone()), true, false, (now(), now()));
    assert_eq!(found.rows.len(), 1);
    assert!(found.notes.iter().any(|n| n.starts_with("2 left out: outside")), "{:?}", found.notes);
    assert_eq!(sentry(&[]).found(listed(rows), true, false, (now(), now())).rows.len(), 3);
}

#[test]
fn the_total_is_exact_only_when_all_is_here() {
    let rows = || vec![whole_group()];
    let found = sentry(&[]).found(Gathered { hits: Some(5), ..listed(rows()) }, true, false, (now(), now()));
    assert_eq!((found.of, found.notes.len()), (Some(1), 0));
    let more = Gathered { hits: Some(40), more: Some("0:1:0".into()), ..listed(rows()) };
    let found = sentry(&[]).found(more, true, true, (now(), now()));
    assert_eq!((found.of, found.more.as_deref(), found.notes.len()), (Some(40), Some("0:1:0"), 2));
    let last = sentry(&[]).found(Gathered { hits: Some(40), ..listed(rows()) }, false, false, (now(), now()));
    assert_eq!(last.of, Some(40), "the last page is not the whole list");
    let failed = Gathered { stopped: Some(Stopped::Failed(Failure::odd("x"))), ..listed(rows()) };
    assert_eq!(sentry(&[]).found(failed, true, false, (now(), now())).of, None);
    let none = sentry(&[]).found(listed(Vec::new()), true, true, (now(), now()));
    assert_eq!((none.of, none.notes.len(), none.is_whole()), (Some(0), 0, true));
}

#[test]
fn our_terms_are_built_from_checked_values() {
    let user = |kind, id: &str| Some(Handle { provider: None, kind, id: id.to_owned() });
    let with = ErrorsAsk { user: user(HandleKind::Email, "a@b.dev"), level: Some("Error".into()), ..ask() };
    assert_eq!(terms(&with).unwrap(), ["user.email:\"a@b.dev\"", "level:error"]);
    for level in ["", "error is:resolved", "error\"", "é"] {
        assert!(terms(&ErrorsAsk { level: Some(level.into()), ..ask() }).is_err(), "{level}");
    }
    assert!(terms(&ErrorsAsk { user: user(HandleKind::Opaque, "x\" OR y"), ..ask() }).is_err());
}

#[test]
fn failures_are_told_in_terms_of_the_question() {
    let invalid = || Failure::new(FailureKind::Invalid, "HTTP 400");
    assert_eq!(mend(invalid(), &ask()).hint, None);
    let searched = ErrorsAsk { query: Some("a (b)".into()), ..ask() };
    assert_eq!(mend(invalid(), &searched).hint.as_deref(), Some(search::SYNTAX));
    let placed = ErrorsAsk { environment: Some("prod".into()), ..ask() };
    let missing = mend(Failure::new(FailureKind::NotFound, "HTTP 404").hint("x"), &placed);
    assert!(missing.hint.is_some_and(|h| h.contains("environment")));
}
