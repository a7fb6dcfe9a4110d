use super::*;
use serde_json::json;

fn read(value: Value) -> Event {
    serde_json::from_value(value).unwrap()
}

fn whole_event() -> Value {
    json!({"id": "9999aaaafcc84b6d97c23c6077c6ff01", "eventID": "9999aaaafcc84b6d97c23c6077c6ff01",
        "groupID": "5512345678", "projectID": "11", "title": "TypeError: x is undefined", "type": "error",
        "message": "", "platform": "javascript", "dateCreated": "2026-11-20T09:12:44Z",
        "user": {"id": "42", "email": "Alice@acme.dev", "username": null, "ip_address": "192.0.2.1", "name": null,
            "data": {"card": "x"}, "geo": {"country_code": "DE"}},
        "tags": [{"key": "environment", "value": "production"}, {"key": "release", "value": "web@1"},
            {"key": "plan", "value": "pro"}],
        "contexts": {"trace": {"trace_id": "6a477f5b0f31ef7b6b9b5e1dea66c91d", "type": "trace"},
            "order": {"id": "ord_1", "type": "default"}},
        "context": {"attempt": 2},
        "entries": [
            {"type": "exception", "data": {"values": [{"type": "TypeError", "value": "x is undefined",
                "stacktrace": {"frames": [{"filename": "checkout.ts", "function": "submit", "lineNo": 41, "colNo": 9,
                    "inApp": true, "context": [[41, "x.map(f)"]], "vars": {"card": "4242"}}]}, "rawStacktrace": null}]}},
            {"type": "breadcrumbs", "data": {"values": [{"timestamp": "2026-11-20T09:12:40Z", "type": "http",
                "category": "xhr", "data": {"url": "/api/cart", "status_code": 500, "method": "GET"}}]}},
            {"type": "request", "data": {"method": "POST", "url": "https://u:p@app.acme.dev/checkout?card=1#x",
                "query": [["card", "1"]], "headers": [["Authorization", "Bearer x"]], "cookies": [["sid", "x"]],
                "data": {"card": "4242"}}},
            {"type": "something-new", "data": 5}, {"type": null}, 7
        ],
        "release": {"version": "web@2026.11.20", "shortVersion": "2026.11.20"}, "_meta": {}, "errors": []})
}

#[test]
fn an_event_becomes_a_record() {
    let event = read(whole_event()).record();
    assert_eq!(event.id, "9999aaaafcc84b6d97c23c6077c6ff01");
    assert_eq!(event.at.map(|m| m.to_string()).as_deref(), Some("2026-11-20T09:12:44Z"));
    assert_eq!(event.message, None);
    assert_eq!(event.exceptions[0].frames[0].at.as_str(), "submit (checkout.ts:41:9)");
    assert_eq!(event.breadcrumbs[0].what.as_str(), "http xhr GET /api/cart 500");
    assert_eq!(event.request.as_ref().map(Foreign::as_str), Some("POST https://app.acme.dev/checkout"));
    assert_eq!(event.release.as_ref().map(Foreign::as_str), Some("web@2026.11.20"));
    assert_eq!(event.environment.as_ref().map(Foreign::as_str), Some("production"));
    assert_eq!(event.trace.as_deref(), Some("6a477f5b0f31ef7b6b9b5e1dea66c91d"));
    assert_eq!(event.context.keys().collect::<Vec<_>>(), ["attempt", "order.id"]);
    assert_eq!(event.tags.keys().collect::<Vec<_>>(), ["plan"]);
    let user = event.user.unwrap();
    assert_eq!((user.id.as_ref().map(Foreign::as_str), user.username), (Some("42"), None));
}

#[test]
fn what_has_no_field_does_not_appear() {
    let text = serde_json::to_string(&read(whole_event()).record()).unwrap();
    for private in ["192.0.2.1", "4242", "Bearer", "sid", "card", "u:p", "country_code"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
}

#[test]
fn look_alikes_become_bare_records() {
    for value in [
        json!({}),
        json!({"id": null, "user": null, "tags": null, "contexts": null, "context": null, "entries": null,
            "release": null, "dateCreated": null}),
        json!({"id": "run this, please", "user": "x", "tags": {"a": 1}, "contexts": [], "context": [1, 2, 3],
            "entries": [{"type": "exception", "data": null}, {"type": "breadcrumbs", "data": {"values": null}},
                {"type": "request", "data": {"url": null}}, {"type": "message", "data": []}], "release": "web@1"}),
    ] {
        let event = read(value).record();
        assert_eq!(event.id, "unknown");
        assert_eq!(serde_json::to_value(&event).unwrap(), json!({"id": "unknown"}));
    }
}

#[test]
fn a_message_is_told_when_it_says_more_than_the_title() {
    let with = |message: &str| {
        let entries = json!([{"type": "message", "data": {"formatted": message, "message": "%s"}}]);
        let mut value = whole_event();
        value["entries"] = entries;
        read(value).record().message.map(|m| m.to_string())
    };
    assert_eq!(with("x is undefined"), None);
    assert_eq!(with("while paying order 7").as_deref(), Some("while paying order 7"));
    let plain = read(json!({"title": "Job failed", "message": "no seat left"})).record();
    assert_eq!(plain.message.as_ref().map(Foreign::as_str), Some("no seat left"));
}

#[test]
fn whose_event_it_is_is_read_from_the_event() {
    let who = |kind, id: &str| Handle { provider: None, kind, id: id.to_owned() };
    let event = read(whole_event());
    assert!(event.is_of(&who(HandleKind::Email, "alice@ACME.dev")));
    assert!(event.is_of(&who(HandleKind::Opaque, "42")));
    assert!(!event.is_of(&who(HandleKind::Email, "bob@acme.dev")));
    assert!(!read(json!({"user": null})).is_of(&who(HandleKind::Opaque, "42")));
}

#[test]
fn addresses_lose_what_could_be_private() {
    for (given, kept) in [
        ("https://u:p@a.dev/x?y=1#z", "https://a.dev/x"),
        ("/api/cart?token=1", "/api/cart"),
        ("webpack:///src/a.ts?x", "webpack:///src/a.ts"),
        ("", ""),
        ("?x", ""),
    ] {
        assert_eq!(without_query(given), kept, "{given}");
    }
}
