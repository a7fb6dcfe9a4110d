//! Webhooks and identity, asked of the fake.

use super::*;

fn event(id: usize, at: i64, kind: &str, pending: u64) -> Value {
    json!({"id": format!("evt_{id}A"), "type": kind, "created": at, "pending_webhooks": pending, "data": {"object": {"id": "in_1A"}}})
}

#[tokio::test]
async fn events_are_paged_and_filtered_where_stripe_cannot() {
    let at = now() - 100;
    let fake = Fake::new(vec![
        (
            "/v1/events?created[gte]=",
            200,
            json!({"data": [event(3, at, "invoice.paid", 0), event(2, at, "charge.failed", 0), event(1, at, "invoice.paid", 1)], "has_more": true}),
        ),
        ("/v1/events?delivery_success", 200, list(json!([event(3, at, "invoice.paid", 0)]))),
    ]);
    let mut ask = EventsAsk {
        since: Moment::now().minus_s(3_600),
        types: vec!["invoice.*".to_owned(), "payout.*".to_owned()],
        object: None,
        only_undelivered: false,
        limit: 1,
        cursor: None,
    };
    let found = fake.stripe.events(&ask).await.unwrap();
    assert_eq!((found.rows.len(), found.more.as_deref(), found.of), (1, Some("evt_3A"), None));
    assert_eq!(found.rows[0].delivery, Delivery::Undelivered);
    ask.cursor = Some("../x".to_owned());
    assert_eq!(fake.stripe.events(&ask).await.unwrap_err().kind, FailureKind::Refused);
}

#[tokio::test]
async fn a_count_covers_only_what_was_seen() {
    let at = now() - 1_000;
    let all: Vec<Value> =
        (0..5).map(|n| event(n, at - i64::try_from(n).unwrap(), "invoice.paid", 0)).collect();
    let fake = Fake::new(vec![("/v1/events?created[gte]", 200, list(json!(all)))]);
    let count = fake.stripe.count(Moment::now().minus_s(3_600), &[]).await.unwrap().rows.remove(0);
    // The same answer stands for both lists here: every event is also one that did not arrive.
    assert_eq!((count.events, count.undelivered, count.whole), (5, 5, true));
    assert_eq!(count.by_type["invoice.paid"], 5);
    let endless = Fake::new(vec![("/v1/events", 200, json!({"data": all, "has_more": true}))]);
    let count = endless.stripe.count(Moment::now().minus_s(3_600), &[]).await.unwrap().rows.remove(0);
    assert!(!count.whole);
    assert!(endless.asked().len() <= 20);
    assert_eq!(count.window.0.epoch_s(), at - 3);
}

#[tokio::test]
async fn endpoints_of_both_versions_are_listed_once() {
    let fake = Fake::new(vec![
        (
            "/v1/webhook_endpoints",
            200,
            list(
                json!([{"id": "we_1A", "url": "https://acme.dev/stripe?token=s", "status": "enabled", "enabled_events": ["*"], "api_version": null}]),
            ),
        ),
        (
            "/v2/core/event_destinations",
            200,
            json!({"data": [
            {"id": "ed_1A", "type": "webhook_endpoint", "status": "enabled", "enabled_events": ["*"], "webhook_endpoint": {"webhook_endpoint_id": "we_1A", "url": "https://acme.dev/stripe"}},
            {"id": "ed_2A", "type": "amazon_eventbridge", "status": "disabled", "status_details": {"disabled": {"reason": "no_aws_event_source_exists"}}, "enabled_events": ["v1.invoice.paid"]}],
            "next_page_url": null}),
        ),
    ]);
    let found = fake.stripe.endpoints().await.unwrap();
    let rows: Vec<_> = found.rows.iter().map(|e| (e.id.as_str(), e.target.as_str(), e.enabled)).collect();
    assert_eq!(rows, [("we_1A", "https://acme.dev/stripe", true), ("ed_2A", "Amazon EventBridge", false)]);
    assert!(found.notes[0].contains("no_aws_event_source_exists"));
    let old = Fake::new(vec![("/v1/", 200, list(json!([])))]);
    let found = old.stripe.endpoints().await.unwrap();
    assert!(found.rows.is_empty() && found.is_whole() && found.notes.len() == 1);
}

#[tokio::test]
async fn identity_says_what_the_key_could_do() {
    let fake = Fake::with(
        "sk_test_",
        vec![(
            "/v1/account",
            200,
            json!({"id": "acct_1A", "business_profile": {"name": "Acme"}, "settings": null}),
        )],
    );
    let identity = fake.stripe.identity().await.unwrap();
    assert_eq!((identity.power, identity.mode.as_deref()), (Power::CouldWrite, Some("test")));
    assert_eq!(identity.account.unwrap().as_str(), "Acme (acct_1A)");
    assert_eq!(fake.asked().len(), 1);

    let denied = json!({"error": {"type": "invalid_request_error", "message": "no"}});
    let fake = Fake::new(vec![
        ("/v1/account", 403, denied.clone()),
        ("/v1/balance", 200, json!({"livemode": true})),
        ("/v1/disputes", 403, denied),
        ("/v1/", 200, list(json!([]))),
    ]);
    let identity = fake.stripe.identity().await.unwrap();
    assert_eq!((identity.power, identity.mode.as_deref()), (Power::Unknown, Some("live")));
    assert!(identity.notes.iter().any(|n| n == "the key lacks Read on Disputes"));
    assert_eq!(identity.grants.len(), 8);
    let dead = Fake::new(vec![("/v1/", 401, json!({"error": {}}))]);
    assert_eq!(dead.stripe.identity().await.unwrap_err().kind, FailureKind::Denied);
    assert_eq!(dead.asked().len(), 1);
}
