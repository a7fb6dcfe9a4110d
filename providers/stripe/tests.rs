//! The adapter against a small Stripe on loopback: whole questions, from the handle to the record.

mod fake;
mod paid;
mod webhooks;

use super::*;
use crate::capability::{EventsAsk, Power};
use crate::words::Delivery;
use crate::{Handle, Moment, Stopped};
use fake::Fake;
use prodview_guard::FailureKind;
use serde_json::{Value, json};

/// An adapter that is never asked.
pub(super) fn stripe() -> Stripe {
    connect("stripe", settings("rk_test_"), &Common::default()).unwrap()
}

fn settings(prefix: &str) -> Settings {
    Settings { key: Secret::new(format!("{prefix}{}", "7Qx".repeat(9))), account: None }
}

fn list(data: Value) -> Value {
    json!({"object": "list", "data": data, "has_more": false, "url": "/v1/x"})
}

fn now() -> i64 {
    Moment::now().epoch_s()
}

fn handle(text: &str) -> Handle {
    Handle::read(text).unwrap()
}

#[test]
fn keys_that_cannot_work_are_refused_at_once_and_never_repeated() {
    for (key, account) in [
        ("pk_live_7QxQx7Qx", None),
        ("rk_live_7QxQ\nx7Qx", None),
        ("rk_live_7QxQx7Qx ", None),
        ("rk_live_\r7Qx", None),
        ("whsec_7QxQx7Qx", None),
        ("sk_org_live_7QxQx7", None),
        ("rk_live_7QxQx7Qy", Some("cus_1A")),
        ("rk_live_7QxQx7Qz", Some("acct_1/../x")),
    ] {
        let settings = Settings { key: Secret::new(key.to_owned()), account: account.map(str::to_owned) };
        let refused = connect("stripe", settings, &Common::default()).err().unwrap().to_string();
        assert!(!refused.contains("7Qx"), "{refused}");
    }
    let organisation =
        Settings { key: Secret::new("sk_org_live_7QxQx7".to_owned()), account: Some("acct_1A".to_owned()) };
    assert_eq!(connect("s", organisation, &Common::default()).unwrap().live, Some(true));
}

#[tokio::test]
async fn a_declined_payment_in_every_detail() {
    let at = now() - 600;
    let fake = Fake::new(vec![
        (
            "/v1/payment_intents/pi_1A",
            200,
            json!({"id": "pi_1A", "object": "payment_intent", "status": "requires_payment_method", "amount": 2000,
            "amount_received": 0, "currency": "eur", "created": at, "livemode": true, "customer": "cus_1A", "client_secret": "pi_1A_secret_x",
            "latest_charge": "ch_1A", "metadata": {"order_id": "6735"}, "last_payment_error": {"type": "card_error", "code": "card_declined",
            "decline_code": "insufficient_funds", "charge": "ch_1A"}}),
        ),
        (
            "/v1/charges?payment_intent=pi_1A",
            200,
            list(
                json!([{"id": "ch_1A", "status": "failed", "amount": 2000, "currency": "eur", "created": at + 5,
            "billing_details": {"email": "alice@acme.dev"}, "failure_code": "card_declined", "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "9995"}},
            "outcome": {"network_status": "declined_by_network", "type": "issuer_declined", "reason": "insufficient_funds", "network_decline_code": "51"}}]),
            ),
        ),
        ("/v1/refunds", 200, list(json!([]))),
        (
            "/v1/checkout/sessions?payment_intent=pi_1A",
            200,
            list(
                json!([{"id": "cs_live_a1", "status": "open", "payment_status": "unpaid", "mode": "payment",
            "payment_intent": "pi_1A", "url": "https://checkout.stripe.com/c/pay/cs_live_a1", "metadata": {"userId": "u1"},
            "line_items": {"data": [{"description": "Pass 10", "quantity": 2}], "has_more": false}}]),
            ),
        ),
        ("/v1/invoice_payments", 200, list(json!([]))),
        ("/v2/core/events", 404, json!({"error": {"code": "not_found"}})),
        (
            "/v1/events?delivery_success=false",
            200,
            list(json!([{"id": "evt_2A", "type": "charge.failed", "created": at + 6, "pending_webhooks": 0,
            "data": {"object": {"id": "ch_1A", "object": "charge", "payment_intent": "pi_1A"}}}])),
        ),
        (
            "/v1/events?created[gte]",
            200,
            list(json!([
            {"id": "evt_9A", "type": "charge.failed", "created": at + 7, "pending_webhooks": 0, "data": {"object": {"id": "ch_other", "payment_intent": "pi_other"}}},
            {"id": "evt_2A", "type": "charge.failed", "created": at + 6, "pending_webhooks": 0, "data": {"object": {"id": "ch_1A", "payment_intent": "pi_1A"}}},
            {"id": "evt_1A", "type": "payment_intent.created", "created": at, "pending_webhooks": 0, "data": {"object": {"id": "pi_1A", "parent": "odd"}}}])),
        ),
    ]);
    let found = fake.paid("https://dashboard.stripe.com/payments/pi_1A").await.unwrap();
    assert!(found.is_whole(), "{:?} {:?}", found.stopped, found.notes);
    let payment = &found.rows[0];
    assert_eq!(
        payment.meaning,
        "Not paid: the last attempt failed, and the payer has to try again or use another payment method."
    );
    assert_eq!(payment.amount.as_ref().unwrap().text, "€20.00");
    assert_eq!(payment.email.as_ref().unwrap().as_str(), "alice@acme.dev");
    assert_eq!(payment.attempts.len(), 1);
    let decline = payment.attempts[0].decline.as_ref().unwrap();
    assert_eq!(
        (decline.code.as_str(), decline.who_can_act.as_str(), decline.may_retry),
        ("insufficient_funds", "payer", true)
    );
    let facts: Vec<&str> = payment.purpose[0].facts.iter().map(|f| f.as_str()).collect();
    assert_eq!(facts, ["unpaid", "mode payment", "2 × Pass 10"]);
    let events: Vec<_> = payment.events.iter().map(|e| (e.id.as_str(), e.delivery)).collect();
    // Its retries were given up: no pending webhooks, and yet it never arrived.
    assert_eq!(events, [("evt_2A", Delivery::Undelivered), ("evt_1A", Delivery::Delivered)]);
    let answer = serde_json::to_string(payment).unwrap();
    assert!(!answer.contains("_secret_") && !answer.contains("checkout.stripe.com"), "{answer}");
    assert!(fake.asked().len() <= 10, "{:#?}", fake.asked());
}

#[tokio::test]
async fn thin_events_are_taken_where_v2_answers() {
    let at = now() - 600;
    let when = Moment::from_epoch_s(at).unwrap().to_string();
    let fake = Fake::new(vec![
        (
            "/v1/payment_intents/pi_1A",
            200,
            json!({"id": "pi_1A", "status": "succeeded", "amount": 2000, "amount_received": 2000, "currency": "eur", "created": at, "livemode": true}),
        ),
        (
            "/v2/core/events?object_id=pi_1A",
            200,
            json!({"data": [{"id": "evt_test_65x", "object": "v2.core.event", "type": "v1.payment_intent.succeeded", "created": when,
            "related_object": {"id": "pi_1A", "type": "payment_intent"}, "snapshot_event": "evt_1A"}], "next_page_url": null}),
        ),
        ("/v1/events?delivery_success=false", 200, list(json!([]))),
        (
            "/v1/charges",
            403,
            json!({"error": {"message": "Having the 'rak_charge_read' permission would allow this request to continue."}}),
        ),
        ("/v1/", 200, list(json!([]))),
    ]);
    let found = fake.paid("pi_1A").await.unwrap();
    let event = &found.rows[0].events[0];
    assert_eq!(
        (event.id.as_str(), event.kind.as_str(), event.delivery),
        ("evt_1A", "payment_intent.succeeded", Delivery::Delivered)
    );
    assert!(matches!(&found.stopped, Some(Stopped::Failed(f)) if f.kind == FailureKind::Denied));
    assert!(found.notes[0].contains("`rak_charge_read`"), "{:?}", found.notes);
    assert!(!fake.asked().iter().any(|a| a.contains("types[]")));
}

#[tokio::test]
async fn a_test_id_asked_with_a_live_key_says_so() {
    let missing = json!({"error": {"type": "invalid_request_error", "code": "resource_missing",
        "message": "No such payment_intent: 'pi_1A'; a similar object exists in test mode, but a live mode key was used to make this request."}});
    let fake = Fake::new(vec![
        ("/v1/payment_intents/pi_1A", 404, missing.clone()),
        ("/v1/customers/cus_1A", 404, missing),
        ("/v1/", 200, list(json!([]))),
    ]);
    let failure = fake.paid("pi_1A").await.unwrap_err();
    assert!(failure.is_not_found() && failure.hint.unwrap().contains("test mode"));
    let nobody = fake.stripe.people(&handle("cus_1A")).await.unwrap();
    assert!(nobody.rows.is_empty() && nobody.notes[0].contains("test mode"), "{:?}", nobody.notes);
}

#[tokio::test]
async fn one_person_with_two_letter_cases_is_found_twice() {
    let fake = Fake::new(vec![
        (
            "/v1/customers/search?query=email:\"alice@acme.dev\"",
            200,
            json!({"object": "search_result", "has_more": false, "next_page": null, "data": [
            {"id": "cus_1A", "email": "alice@acme.dev", "created": 10}, {"id": "cus_2A", "email": "Alice@Acme.dev", "created": 20}]}),
        ),
        (
            "/v1/customers?email=alice@acme.dev",
            200,
            list(json!([{"id": "cus_1A", "email": "alice@acme.dev", "created": 10}])),
        ),
        (
            "/v1/checkout/sessions?customer_details[email]=alice@acme.dev",
            200,
            list(json!([{"id": "cs_live_g1", "customer": null, "payment_status": "paid"}])),
        ),
        ("/v1/subscriptions?customer=cus_2A", 200, list(json!([{"id": "sub_1A", "status": "active"}]))),
        ("/v1/subscriptions", 200, list(json!([]))),
    ]);
    let found = fake.stripe.people(&handle("alice@acme.dev")).await.unwrap();
    assert_eq!(found.rows.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["cus_2A", "cus_1A"]);
    assert_eq!(found.rows[0].state[0].as_str(), "1 active subscription");
    assert!(found.notes[0].contains("1 checkouts without a customer, 1 of them paid"), "{:?}", found.notes);
    assert_eq!(fake.asked().len(), 5);
}

#[tokio::test]
async fn where_the_search_is_not_available_that_is_said() {
    let fake = Fake::new(vec![
        (
            "/v1/customers/search",
            400,
            json!({"error": {"type": "invalid_request_error", "message": "Search is not available"}}),
        ),
        (
            "/v1/customers?email=alice@acme.dev",
            200,
            list(json!([{"id": "cus_1A", "email": "alice@acme.dev"}])),
        ),
        ("/v1/", 200, list(json!([]))),
    ]);
    let found = fake.stripe.people(&handle("Alice@acme.dev")).await.unwrap();
    assert_eq!(found.rows.len(), 1);
    assert!(found.notes[0].contains("search that ignores letter case failed"), "{:?}", found.notes);
}

#[tokio::test]
async fn an_old_account_version_leads_to_the_same_payment() {
    let fake = Fake::new(vec![
        (
            "/v1/subscriptions/sub_1A",
            200,
            json!({"id": "sub_1A", "status": "past_due", "customer": "cus_1A", "current_period_end": 1763629964, "livemode": true}),
        ),
        (
            "/v1/invoices?subscription=sub_1A",
            200,
            list(
                json!([{"id": "in_1A", "status": "open", "amount_due": 900, "subscription": "sub_1A", "payment_intent": "pi_1A", "charge": null}]),
            ),
        ),
        (
            "/v1/payment_intents/pi_1A",
            200,
            json!({"id": "pi_1A", "status": "requires_payment_method", "amount": 900, "currency": "eur",
            "charges": {"object": "list", "data": [{"id": "ch_1A", "status": "failed", "failure_code": "expired_card"}], "has_more": false}}),
        ),
    ]);
    let found = fake.paid("sub_1A").await.unwrap();
    assert_eq!(found.rows.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["sub_1A", "pi_1A"]);
    assert!(found.rows[0].meaning.starts_with("Past due"));
    assert_eq!(found.rows[1].attempts[0].decline.as_ref().unwrap().code.as_str(), "expired_card");
}

#[tokio::test]
async fn a_trial_without_any_payment_is_told_as_the_subscription() {
    let fake = Fake::new(vec![
        (
            "/v1/subscriptions/sub_1A",
            200,
            json!({"id": "sub_1A", "status": "trialing", "created": now() - 60, "trial_end": 1863629964, "customer": "cus_1A"}),
        ),
        (
            "/v1/invoices?subscription=sub_1A",
            200,
            list(json!([{"id": "in_1A", "status": "paid", "amount_due": 0}])),
        ),
        ("/v1/customers/cus_1A", 200, json!({"id": "cus_1A", "email": "a@b.dev"})),
        ("/v1/", 200, list(json!([]))),
    ]);
    let found = fake.paid("sub_1A").await.unwrap();
    assert_eq!(found.rows.len(), 1);
    let payment = &found.rows[0];
    assert!(payment.meaning.starts_with("In its trial until 2029"), "{}", payment.meaning);
    assert_eq!(payment.email.as_ref().unwrap().as_str(), "a@b.dev");
    assert_eq!(
        payment.purpose.iter().map(|p| p.kind.as_str()).collect::<Vec<_>>(),
        ["subscription", "invoice"]
    );
}

#[tokio::test]
async fn a_guests_payments_are_found_by_address_and_an_empty_account_has_none() {
    let empty = Fake::new(vec![("/v1/", 200, list(json!([])))]);
    let found = empty.paid("bob@acme.dev").await.unwrap();
    assert!(found.rows.is_empty() && found.is_whole() && !found.notes.is_empty());
    let guest = Fake::new(vec![
        (
            "/v1/checkout/sessions?customer_details[email]=bob@acme.dev",
            200,
            list(json!([
            {"id": "cs_live_g1", "status": "complete", "payment_status": "paid", "payment_intent": "pi_1A", "customer": null, "created": 20},
            {"id": "cs_live_g2", "status": "expired", "payment_status": "unpaid", "payment_intent": null, "customer": null, "created": 30}])),
        ),
        (
            "/v1/payment_intents/pi_1A",
            200,
            json!({"id": "pi_1A", "status": "succeeded", "amount": 900, "amount_received": 900, "currency": "jpy", "created": 20, "livemode": false}),
        ),
        ("/v1/", 200, list(json!([]))),
    ]);
    let found = guest.paid("bob@acme.dev").await.unwrap();
    assert_eq!(found.rows.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["cs_live_g2", "pi_1A"]);
    assert_eq!(found.rows[1].amount.as_ref().unwrap().text, "¥900");
    assert!(!found.rows[1].live);
}
