//! What Stripe's side must keep to: the shapes of the published samples, and the manners of the API.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kinds::KINDS;
use crate::tests::{Reply, ask, start};
use crate::{Demo, IncidentKind, Service, Settings};

/// Keys that 2026-10-28.endive has and the samples of 2026-07-29 do not show; each is in stripe-node 23.1.0's types.
const NEWER: &[&str] = &[
    "charge.outcome.risk_level",
    "charge.outcome.risk_score",
    "charge.outcome.rule",
    "invoice_payment.payment.payment_intent",
    "line_item.pricing.price_details",
    "refund.failure_balance_transaction",
    "refund.failure_reason",
    "refund.destination_details.card.reference_status",
    "refund.destination_details.card.reference_type",
    "radar.early_fraud_warning.payment_intent",
    "dispute.payment_method_details.card.network",
    "payment_intent.last_payment_error.code",
    "payment_intent.last_payment_error.decline_code",
    "payment_intent.last_payment_error.charge",
    "payment_intent.last_payment_error.message",
    "payment_intent.last_payment_error.doc_url",
    "payment_intent.last_payment_error.advice_code",
    "payment_intent.last_payment_error.network_decline_code",
    "payment_intent.last_payment_error.payment_method",
    "payment_intent.payment_method_options.card",
    "setup_intent.payment_method_options.card",
    "checkout.session.payment_method_options.card",
    "account.settings.payouts.schedule.weekly_anchor",
    "event.data.previous_attributes",
    "customer.preferred_locales",
];
/// Keys of the samples that are gone by then, or shown only when expanded.
const GONE: &[&str] =
    &["charge.source", "charge.refunds", "invoice.subscription", "product.type", "subscription_item.plan"];

fn samples() -> BTreeMap<String, Value> {
    let file: Value = serde_json::from_str(include_str!("../fixtures/stripe.json")).unwrap();
    serde_json::from_value(file["resources"].clone()).unwrap()
}

async fn get(demo: &Demo, path: &str) -> Reply {
    ask(demo, Service::Stripe, path, &[]).await
}

/// Everything of a list, page by page.
async fn all(demo: &Demo, path: &str) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = get(demo, &format!("{path}{joint}limit=100{after}")).await.ok();
        rows.extend(page["data"].as_array().unwrap().clone());
        if page["has_more"] == false {
            return rows;
        }
        after = format!("&starting_after={}", rows.last().unwrap()["id"].as_str().unwrap());
    }
}

fn holds(served: &Value, sample: &Value, path: &str) {
    match (served, sample) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(_), Value::Object(fields)) if fields.is_empty() => {}
        (Value::Object(served), Value::Object(sample)) => {
            // An object inside of another is named by its own kind.
            let path =
                served.get("object").and_then(Value::as_str).filter(|kind| *kind != "list").unwrap_or(path);
            for (name, value) in served {
                let path = format!("{path}.{name}");
                match sample.get(name) {
                    _ if path.ends_with(".metadata") => assert!(value.is_object(), "{path}"),
                    // What an event is about is held against its own sample.
                    _ if path == "event.data.object" => {}
                    Some(sample) => holds(value, sample, &path),
                    None => assert!(NEWER.contains(&path.as_str()), "{path} is in no sample"),
                }
            }
        }
        (Value::Array(served), Value::Array(sample)) => {
            for (served, sample) in served.iter().zip(sample.iter().cycle()) {
                holds(served, sample, path);
            }
        }
        (served, sample) => {
            assert_eq!(std::mem::discriminant(served), std::mem::discriminant(sample), "the type of {path}");
        }
    }
}

fn is_whole(served: &Value, samples: &BTreeMap<String, Value>) {
    let kind = served["object"].as_str().unwrap();
    let sample = &samples[kind];
    holds(served, sample, kind);
    for name in sample.as_object().unwrap().keys() {
        let path = format!("{kind}.{name}");
        assert!(served.get(name).is_some() || GONE.contains(&path.as_str()), "{path} is missing");
    }
}

#[tokio::test]
async fn every_object_has_the_published_shape() {
    let samples = samples();
    for seed in [1, 2] {
        let demo = start(seed).await;
        let mut seen = 0;
        for kind in KINDS {
            let status = if kind.object == "subscription" { "?status=all" } else { "" };
            for object in all(&demo, &format!("/v1/{}{status}", kind.path)).await {
                is_whole(&object, &samples);
                assert!(!object.to_string().contains("\"~"), "a note of the fake's own is served");
                if kind.object == "event" && object["type"] != "customer.deleted" {
                    is_whole(&object["data"]["object"], &samples);
                }
                seen += 1;
            }
        }
        is_whole(&get(&demo, "/v1/account").await.ok(), &samples);
        is_whole(&get(&demo, "/v1/balance").await.ok(), &samples);
        assert!(seen > 500, "a company of {seen} objects is not believable");
        assert!(demo.violations().is_empty());
    }
}

#[tokio::test]
async fn lists_page_forwards_and_backwards() {
    let demo = start(1).await;
    let everyone = all(&demo, "/v1/customers").await;
    let id = |place: usize| everyone[place]["id"].as_str().unwrap();
    let first = get(&demo, "/v1/customers").await.ok();
    assert_eq!(first["data"].as_array().unwrap().len(), 10);
    assert_eq!(first["has_more"], true);
    assert!(everyone.is_sorted_by(|a, b| a["created"].as_i64() >= b["created"].as_i64()), "newest first");
    let back = get(&demo, &format!("/v1/customers?limit=3&ending_before={}", id(10))).await.ok();
    let back: Vec<_> =
        back["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(back, [id(7), id(8), id(9)]);
    get(&demo, "/v1/customers?limit=101").await.fails(400, "parameter_invalid_integer");
    get(&demo, "/v1/customers?limit=0").await.fails(400, "parameter_invalid_integer");
    get(&demo, "/v1/customers?starting_after=cus_nobody").await.fails(400, "resource_missing");
    get(&demo, "/v1/customers?colour=red").await.fails(400, "parameter_unknown");
}

#[tokio::test]
async fn filters_do_what_they_say() {
    let demo = start(1).await;
    let twice = demo.incident(IncidentKind::DuplicateCustomers);
    let by_email = |email: &str| format!("/v1/customers?email={}", email.replace('+', "%2B"));
    let exact = all(&demo, &by_email(&twice.email)).await;
    assert_eq!(exact.len(), 1, "the list compares letter for letter");
    let query =
        format!("/v1/customers/search?query=email:%22{}%22", twice.email.to_uppercase().replace('+', "%2B"));
    assert_eq!(get(&demo, &query).await.ok()["data"].as_array().unwrap().len(), 2, "the search does not");
    let none = all(&demo, &format!("/v1/subscriptions?customer={}", twice.customer_id)).await;
    assert!(none.is_empty(), "the application looks at the customer without the subscription");
    let other = twice.other_customer_id.as_ref().unwrap();
    assert_eq!(all(&demo, &format!("/v1/subscriptions?customer={other}")).await.len(), 1);

    let declined = demo.incident(IncidentKind::CardDeclined3ds);
    let intent = declined.payment_intent.as_ref().unwrap();
    assert_eq!(all(&demo, &format!("/v1/charges?payment_intent={intent}")).await.len(), 3);
    let due = demo.incident(IncidentKind::PastDueInvoice);
    let open = all(&demo, &format!("/v1/invoices?status=open&customer={}", due.customer_id)).await;
    assert_eq!(open[0]["id"].as_str(), due.invoice.as_deref());
    let path = format!(
        "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={}",
        due.payment_intent.as_ref().unwrap()
    );
    assert_eq!(all(&demo, &path).await[0]["invoice"].as_str(), due.invoice.as_deref());
    get(&demo, "/v1/charges?customer=cus_nobody").await.fails(400, "resource_missing");
    let now = demo.world().now.as_second();
    let day = all(&demo, &format!("/v1/events?created[gte]={}&created[lt]={now}", now - 86_400)).await;
    assert!(day.iter().all(|event| event["created"].as_i64().unwrap() >= now - 86_400) && !day.is_empty());
    get(&demo, "/v1/events?created[gte]=yesterday").await.fails(400, "parameter_invalid_integer");
}

#[tokio::test]
async fn events_tell_what_was_not_delivered() {
    let demo = start(1).await;
    let paid = demo.incident(IncidentKind::PaidNoAccess);
    let failed = all(&demo, "/v1/events?delivery_success=false").await;
    assert!(failed.iter().any(|event| event["id"].as_str() == paid.event_id.as_deref()));
    assert!(failed.iter().all(|event| event["pending_webhooks"] == 1));
    let some = all(&demo, "/v1/events?types[]=charge.failed&types[]=charge.refunded").await;
    assert!(
        some.iter().all(|e| e["type"] == "charge.failed" || e["type"] == "charge.refunded")
            && some.len() >= 4
    );
    assert!(all(&demo, "/v1/events?type=charge.*").await.len() > some.len());
    let twin = format!("/v2/core/events?object_id={}", paid.payment_intent.as_ref().unwrap());
    let thin = ask(&demo, Service::Stripe, &twin, &[("Stripe-Version", "2026-10-28.endive")]).await.ok();
    assert_eq!(thin["data"].as_array().unwrap().len(), 2, "made, and succeeded");
    assert_eq!(get(&demo, &twin).await.status, 400, "v2 wants a version");
    let hooks = all(&demo, "/v1/webhook_endpoints").await;
    assert!(hooks.iter().any(|hook| hook["status"] == "disabled"));
    assert!(hooks.iter().all(|hook| hook.get("secret").is_none()));
}

#[tokio::test]
async fn search_speaks_its_language() {
    let demo = start(1).await;
    let search = async |kind: &str, query: &str| {
        let query = query.replace(' ', "%20").replace('"', "%22").replace('>', "%3E").replace('+', "%2B");
        get(&demo, &format!("/v1/{kind}/search?query={query}&limit=2&expand[]=total_count")).await
    };
    let paid = demo.incident(IncidentKind::PaidNoAccess);
    let found = search("payment_intents", &format!("metadata[\"userId\"]:\"{}\"", paid.user_id)).await.ok();
    assert_eq!(found["data"][0]["id"].as_str(), paid.payment_intent.as_deref());
    let some = search("charges", "status:\"failed\" AND amount>100").await.ok();
    assert!(some["total_count"].as_u64().unwrap() >= 4);
    assert_eq!(some["has_more"], true);
    let next = some["next_page"].as_str().unwrap();
    let second =
        get(&demo, &format!("/v1/charges/search?query=status:%22failed%22&limit=2&page={next}")).await.ok();
    assert_ne!(second["data"][0]["id"], some["data"][0]["id"]);
    let either = search("charges", "status:\"failed\" OR status:\"succeeded\"").await.ok();
    assert!(either["total_count"].as_u64() > some["total_count"].as_u64());
    for wrong in
        ["", "email", "last_payment_error:\"x\"", "status:\"a\" AND amount>1 OR amount>2", "status:bare"]
    {
        assert_eq!(search("payment_intents", wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn ids_open_into_objects() {
    let demo = start(1).await;
    let paid = demo.incident(IncidentKind::PaidNoAccess);
    let intent = paid.payment_intent.as_ref().unwrap();
    let path =
        format!("/v1/payment_intents/{intent}?expand[]=latest_charge.balance_transaction&expand[]=customer");
    let whole = get(&demo, &path).await.ok();
    assert_eq!(whole["latest_charge"]["balance_transaction"]["object"], "balance_transaction");
    assert_eq!(whole["customer"]["email"].as_str().unwrap(), paid.email);
    assert!(whole["client_secret"].is_string(), "prodview has something to drop");
    let due = demo.incident(IncidentKind::PastDueInvoice);
    let invoice = format!("/v1/invoices/{}", due.invoice.as_ref().unwrap());
    assert!(get(&demo, &invoice).await.ok().get("payments").is_none());
    let open = get(&demo, &format!("{invoice}?expand[]=payments.data.payment.payment_intent")).await.ok();
    assert_eq!(open["payments"]["data"][0]["payment"]["payment_intent"]["status"], "requires_payment_method");
    let list = get(&demo, "/v1/charges?expand[]=data.customer&limit=3").await.ok();
    assert!(list["data"].as_array().unwrap().iter().any(|charge| charge["customer"]["object"] == "customer"));
    let deep = "/v1/invoices?expand[]=data.payments.data.payment.payment_intent";
    assert_eq!(get(&demo, deep).await.status, 400, "five levels are one too many");
    assert_eq!(get(&demo, &format!("/v1/payment_intents/{intent}?expand[]=charges")).await.status, 400);
    let lines = format!("/v1/checkout/sessions/{}/line_items", paid.checkout_session.as_ref().unwrap());
    assert_eq!(get(&demo, &lines).await.ok()["data"][0]["description"], "10-session pass");
}

#[tokio::test]
async fn modes_accounts_and_permissions_keep_apart() {
    let demo = start(1).await;
    let paid = demo.incident(IncidentKind::PaidNoAccess);
    let intent = format!("/v1/payment_intents/{}", paid.payment_intent.as_ref().unwrap());
    let test = format!("Bearer {}", demo.key_for_mode(false));
    let test = [("Authorization", test.as_str())];
    let refused = ask(&demo, Service::Stripe, &intent, &test).await;
    refused.fails(404, "resource_missing");
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("exists in live mode"));
    let there = ask(&demo, Service::Stripe, "/v1/payment_intents", &test).await.ok();
    assert_eq!(there["data"][0]["livemode"], false);
    let theirs = format!("/v1/payment_intents/{}", there["data"][0]["id"].as_str().unwrap());
    assert!(
        get(&demo, &theirs).await.body["error"]["message"].as_str().unwrap().contains("exists in test mode")
    );

    let account = demo.world().stripe.connected.keys().next().unwrap().clone();
    let connected = ask(&demo, Service::Stripe, "/v1/charges", &[("Stripe-Account", &account)]).await.ok();
    assert_eq!(connected["data"].as_array().unwrap().len(), 1);
    let stranger = ask(&demo, Service::Stripe, "/v1/charges", &[("Stripe-Account", "acct_1Stranger")]).await;
    stranger.fails(403, "account_invalid");

    demo.deny_permission("rak_charge_read");
    let denied = get(&demo, "/v1/charges").await;
    assert_eq!(denied.status, 403);
    assert!(denied.body["error"]["message"].as_str().unwrap().contains("'rak_charge_read'"));
    assert_eq!(get(&demo, &format!("{intent}?expand[]=latest_charge")).await.status, 403);
    assert_eq!(get(&demo, &intent).await.status, 200);
}

#[tokio::test]
async fn the_key_is_needed_and_writing_is_not_possible() {
    let demo = start(1).await;
    for header in ["", "Bearer rk_live_wrong", "Bearer pk_live_x", "Basic eDo="] {
        let answer = ask(&demo, Service::Stripe, "/v1/balance", &[("Authorization", header)]).await;
        assert_eq!(
            (answer.status, answer.body["error"]["type"].as_str()),
            (401, Some("invalid_request_error"))
        );
    }
    assert!(demo.record().iter().all(|asked| !asked.authorised) && demo.violations().is_empty());
    get(&demo, "/v1/customers/cus_nobody").await.fails(404, "resource_missing");
    assert_eq!(get(&demo, "/v1/nonsense").await.status, 404);
    assert_eq!(get(&demo, "/v1/customers/").await.status, 404);
    assert!(demo.violations().is_empty());
    assert_eq!(get(&demo, "/v1/apps/secrets/find").await.status, 405);
    assert_eq!(ask(&demo, Service::Stripe, "POST /v1/refunds", &[]).await.status, 405);
    let paths: Vec<_> =
        demo.violations().into_iter().map(|asked| (asked.method, asked.path, asked.status)).collect();
    let get = |method: &str, path: &str| (method.to_owned(), path.to_owned(), 405);
    assert_eq!(paths, [get("GET", "/v1/apps/secrets/find"), get("POST", "/v1/refunds")]);
}

#[tokio::test]
async fn ten_thousand_rows_more_are_still_pages() {
    let demo = Demo::start(Settings { extra_rows: 10_000, ..Settings::default() }).await.unwrap();
    let page = get(&demo, "/v1/customers?limit=100").await.ok();
    assert_eq!((page["data"].as_array().unwrap().len(), page["has_more"].as_bool()), (100, Some(true)));
    let found = get(&demo, "/v1/customers/search?query=email:%22member9999@mailbox.example%22").await.ok();
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
}
