//! A part of a service fails: one of its requests, a later page. What came is kept; that something is missing is said.

use super::*;
use crate::budgets::uncached;

/// More requests than any of these questions costs (`budgets` holds that).
const MOST: usize = 25;

/// Lets the first `before` requests through and makes the next ones fail: a fault that was switched on last wins.
fn fail_after(rig: &Rig, service: Service, before: usize, times: usize) {
    rig.demo.clear_faults();
    rig.demo.clear_record();
    rig.demo.fault_times(service, "", Fault::Status(500), times);
    rig.demo.fault_times(service, "", Fault::Delay(Duration::ZERO), before);
}

fn asked(rig: &Rig, service: Service) -> usize {
    rig.demo.record().iter().filter(|asked| asked.service == service).count()
}

/// Whichever request it is that fails: the answer is the whole one, or it says that it is not.
#[tokio::test]
async fn no_request_fails_unnoticed() {
    let rig = Rig::new().await;
    for service in SERVICES {
        rig.demo.clear_faults();
        for Known { tool, ask, whole } in known(&rig, service).await {
            let app = || rig.configured(|toml| uncached(&toml));
            for nth in 0..MOST {
                fail_after(&rig, service, nth, 1);
                let told = call(&app(), tool, ask.clone()).await;
                if !rig.demo.record().iter().any(|asked| asked.status == 500) {
                    assert!(nth > 0, "{tool} asked nothing of {service:?}");
                    break;
                }
                let label = format!("{tool}, request {nth} of {}", name(service));
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
                claims_nothing_new(service, &answer, &known, &label);
            }
        }
    }
}

/// Like `claims_nothing_absent`; but what the whole answer says too may be said.
fn claims_nothing_new(service: Service, answer: &Value, known: &str, label: &str) {
    let mut answer = answer.clone();
    let findings = answer["findings"].as_array_mut().into_iter().flatten();
    let new: Vec<Value> = findings.filter(|f| !known.contains(f["what"].as_str().unwrap())).map(|f| f.take()).collect();
    answer["findings"] = Value::Array(new);
    claims_nothing_absent(service, &answer, label);
}

/// Rows that were found on earlier pages stay, and the source is `partial`.
#[tokio::test]
async fn earlier_pages_are_kept_when_a_later_one_fails() {
    let rig = Rig::with(Settings { extra_rows: 5_000, ..Settings::default() }).await;
    let app = || rig.configured(|toml| uncached(&toml));
    for (service, tool, ask, rows) in [
        (Service::Convex, "find_records", json!({ "table": "webhookEvents", "where": { "status": "failed" }, "limit": 100 }), "rows"),
        (Service::Stripe, "webhook_deliveries", json!({ "since": "30d", "event_type": "customer.*", "limit": 50 }), "events"),
        (Service::Sentry, "list_errors", json!({ "since": "30d", "limit": 50 }), "errors"),
    ] {
        rig.demo.clear_faults();
        rig.demo.clear_record();
        let whole = call(&app(), tool, ask.clone()).await.unwrap().structured;
        let requests = asked(&rig, service);
        println!("{tool}: {requests} requests, {} rows, {}", whole[rows].as_array().unwrap().len(), whole["sources"]);
        for r in rig.demo.record() { println!("   {} {} {:?}", r.path, r.query, r.body); }
    }
}
