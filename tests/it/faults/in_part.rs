//! A part of a service fails: one of its requests, a later page. What came is kept; that something is missing is said.

use super::*;
use crate::budgets::uncached;
use crate::stand_in::{StandIn, reply};
use axum::response::Response;

/// More requests than any of these questions costs (`budgets` holds that).
const MOST: usize = 50;

/// Lets the first `before` requests through and makes the next ones fail: a fault that was switched on last wins.
fn fail_after(rig: &Rig, service: Service, before: usize, times: usize) {
    rig.demo.clear_faults();
    rig.demo.clear_record();
    rig.demo.fault_times(service, "", Fault::Status(500), times);
    rig.demo.fault_times(service, "", Fault::Delay(Duration::ZERO), before);
}

/// More ways to ask: each tool has other requests for other questions.
fn more_questions(rig: &Rig) -> Vec<(&'static str, Value)> {
    let paid = rig.incident(IncidentKind::PaidNoAccess);
    let twice = rig.incident(IncidentKind::DuplicateCustomers);
    let event = paid.event_id.clone().unwrap();
    vec![
        ("find_user", json!({ "who": twice.email })),
        ("find_user", json!({ "who": twice.other_customer_id.clone().unwrap() })),
        ("user_timeline", json!({ "who": twice.email, "since": since(rig) })),
        ("list_errors", json!({ "user": paid.email, "since": since(rig) })),
        ("get_error", json!({ "id": paid.issue_short_id.clone().unwrap(), "user": paid.email })),
        ("get_error", json!({ "id": paid.error_event_id.clone().unwrap() })),
        ("payment_intent_status", json!({ "id": paid.email })),
        (
            "webhook_deliveries",
            json!({ "object": paid.payment_intent.clone().unwrap(), "since": since(rig) }),
        ),
        ("webhook_deliveries", json!({ "object": event, "since": since(rig) })),
        ("trace_payment", json!({ "id": paid.payment_intent })),
        ("trace_payment", json!({ "who": twice.email })),
        ("webhook_deliveries", json!({ "only_failing": true, "since": since(rig) })),
        ("describe_state", json!({})),
        ("find_records", json!({ "table": "users", "where": { "email": paid.email } })),
    ]
}

/// Whichever request it is that fails: the answer is the whole one, or it says that it is not.
#[tokio::test]
async fn no_request_fails_unnoticed() {
    let rig = Rig::new().await;
    let mut failed = 0;
    for service in SERVICES {
        rig.demo.clear_faults();
        let questions = [questions(&rig), more_questions(&rig)].concat();
        for Known { tool, ask, whole } in known(&rig, service, questions).await {
            let app = || rig.configured(|toml| uncached(&toml));
            for nth in 0..MOST {
                fail_after(&rig, service, nth, 1);
                let told = call(&app(), tool, ask.clone()).await;
                if !rig.demo.record().iter().any(|asked| asked.status == 500) {
                    assert!(nth > 0, "{tool} asked nothing of {service:?}");
                    break;
                }
                failed += 1;
                let label = format!("{tool} {ask}, request {nth} of {}", name(service));
                let answer = match told {
                    Ok(told) => portless(&rig, &told.structured),
                    Err(error) => {
                        assert!(error.to_string().contains(name(service)), "{label}: {error}");
                        continue;
                    }
                };
                let report = report(&answer, name(service)).unwrap();
                let said = report["status"] != "ok" || report["notes"].to_string().contains("500");
                if !said {
                    same(facts(&answer), facts(&whole), &label);
                }
                let known = whole["findings"].to_string();
                claims_nothing_new(name(service), &answer, &known, &label);
            }
        }
    }
    assert!(failed > 100, "only {failed} requests were made to fail");
}

/// Like `claims_nothing_absent`; but what the whole answer says too may be said, clause by clause.
pub(super) fn claims_nothing_new(source: &str, answer: &Value, known: &str, label: &str) {
    let mut answer = answer.clone();
    let findings = answer["findings"].as_array().into_iter().flatten();
    let clauses = findings.flat_map(|f| f["what"].as_str().unwrap().split("; "));
    let clauses = clauses.flat_map(|clause| clause.split(": "));
    let new: Vec<Value> =
        clauses.filter(|clause| !known.contains(clause)).map(|clause| json!({ "what": clause })).collect();
    answer["findings"] = Value::Array(new);
    claims_nothing_absent(source, &answer, label);
}

/// What came is told as a part, with the reason why the rest did not.
fn is_partial(answer: &Value, service: Service) {
    let report = report(answer, name(service)).unwrap();
    assert_eq!(report["status"], "partial", "{report}");
    assert!(report["notes"].to_string().contains("HTTP 500"), "{report}");
}

#[tokio::test]
async fn a_later_page_of_stripe_fails_and_the_first_is_kept() {
    let rig = Rig::with(Settings { extra_rows: 250, ..Settings::default() }).await;
    let ask = json!({ "since": "30d", "event_type": "customer.updated", "limit": 50 });
    let app = || rig.configured(|toml| uncached(&toml));
    let whole = call(&app(), "webhook_deliveries", ask.clone()).await.unwrap().structured;
    assert!(whole["rates"][0]["events"].as_u64().unwrap() >= 250, "{}", whole["rates"]);
    let events = |r: &&prodview_demo::Recorded| r.path == "/v1/events";
    let record = rig.demo.record();
    let first = record.iter().filter(events).filter(|r| !r.query.contains("starting_after")).count();
    assert!(record.iter().filter(events).count() > first, "there is no later page to fail");
    rig.demo.fault(Service::Stripe, "/v1/events", Fault::Status(500));
    // All first pages are asked for at once; held up a little, they arrive before any second one.
    rig.demo.fault_times(Service::Stripe, "/v1/events", Fault::Delay(Duration::from_millis(300)), first);
    let answer = call(&app(), "webhook_deliveries", ask).await.unwrap().structured;
    is_partial(&answer, Service::Stripe);
    assert_eq!(answer["events"].as_array().unwrap().len(), 50);
    let rate = &answer["rates"][0];
    assert!((1..=100).contains(&rate["events"].as_u64().unwrap()), "{rate}");
    assert_eq!(rate["whole_window"], false, "{rate}");
}

/// A service with one page that leads on, and nothing behind it.
async fn one_page(before: usize, page: fn() -> Response) -> StandIn {
    StandIn::new(move |nth| async move {
        match nth {
            nth if nth < before => reply(200, &[], r#"{"status": "success", "value": null}"#),
            nth if nth == before => page(),
            _ => reply(500, &[], "{}"),
        }
    })
    .await
}

#[tokio::test]
async fn a_later_page_of_sentry_fails_and_the_first_is_kept() {
    let page = || {
        let link = r#"<https://sentry.io/x>; rel="previous"; results="false"; cursor="0:0:1", <https://sentry.io/x>; rel="next"; results="true"; cursor="0:50:0""#;
        reply(
            200,
            &[("link", link)],
            r#"[{"id": "7", "shortId": "WEB-7", "title": "first page", "count": "3"}]"#,
        )
    };
    let stand_in = one_page(0, page).await;
    let rig = Rig::new().await;
    let app = rig.configured(|toml| toml.replace(&rig.demo.origin(Service::Sentry), &stand_in.origin));
    let answer = call(&app, "list_errors", json!({ "sort": "count", "limit": 50 })).await.unwrap().structured;
    is_partial(&answer, Service::Sentry);
    assert!(stand_in.asked() >= 2);
    assert!(answer["errors"].as_array().unwrap().iter().any(|e| e["id"] == "WEB-7"), "{answer}");
    assert!(answer["findings"][0]["what"].as_str().unwrap().starts_with("at least "), "{answer}");
}

#[tokio::test]
async fn a_later_page_of_convex_fails_and_the_first_is_kept() {
    let page = || {
        let row = json!({ "_id": "k17firstpage", "_creationTime": 1_700_000_000_000.0, "kind": "rare" });
        let value = json!({ "page": [row], "isDone": false, "continueCursor": "further" });
        reply(200, &[], json!({ "status": "success", "value": value }).to_string())
    };
    // The schema is asked for before the rows.
    let stand_in = one_page(1, page).await;
    let rig = Rig::new().await;
    let app = rig.configured(|toml| toml.replace(&rig.demo.origin(Service::Convex), &stand_in.origin));
    let ask = json!({ "table": "jobs", "where": { "kind": "rare" }, "limit": 10 });
    let answer = call(&app, "find_records", ask).await.unwrap().structured;
    is_partial(&answer, Service::Convex);
    assert_eq!(answer["rows"].as_array().unwrap().len(), 1, "{answer}");
    assert!(stand_in.asked() >= 3);
}
