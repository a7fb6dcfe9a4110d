//! `webhook_deliveries` over the demo: rates counted exactly, and what did not arrive.

use super::{column, companies, cursor, finding, fresh, list, live, of, said, texts, with_id};
use crate::rig::{Rig, call};
use prodview_demo::IncidentKind::{CardDeclined3ds, PaidNoAccess};
use prodview_tools::ToolError;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A moment so many hours before the world ends, so that a count is the same however late it is asked for.
fn hours_before(rig: &Rig, hours: i64) -> String {
    jiff::Timestamp::from_second(rig.demo.world().now.as_second() - hours * 3_600).unwrap().to_string()
}

/// The events since then, newest first.
fn events<'a>(rig: &'a Rig, since: &str) -> Vec<&'a Value> {
    let since: jiff::Timestamp = since.parse().unwrap();
    live(rig, "event").into_iter().filter(|e| e["created"].as_i64().unwrap() >= since.as_second()).collect()
}

fn undelivered(event: &Value) -> bool {
    event["~delivery_failed"] == true || event["pending_webhooks"].as_i64() > Some(0)
}

async fn ask(rig: &Rig, ask: Value) -> Value {
    fresh(rig, "webhook_deliveries", ask).await
}

#[tokio::test]
async fn the_rate_is_counted_over_the_window_and_rounded_down() {
    for (rig, _) in companies().await {
        for hours in [24, 72, 29 * 24] {
            let since = hours_before(&rig, hours);
            let all = events(&rig, &since);
            let failed = all.iter().filter(|e| undelivered(e)).count();
            let answer = ask(&rig, json!({ "since": since })).await;
            let rate = &answer["rates"][0];
            assert_eq!(
                (&rate["events"], &rate["undelivered"]),
                (&json!(all.len()), &json!(failed)),
                "{hours} h"
            );
            let percent = ((all.len() - failed) * 10_000 / all.len()) as f64 / 100.0;
            assert_eq!((&rate["success_percent"], &rate["whole_window"]), (&json!(percent), &json!(true)));
            assert_eq!(rate["window"][0], since);
        }
    }
}

#[tokio::test]
async fn below_the_configured_rate_is_a_finding_and_above_it_is_not() {
    for (rig, incidents) in companies().await {
        let low = |answer: &Value| said(answer).iter().any(|what| what.contains("less than"));
        let since = hours_before(&rig, 29 * 24);
        for (least, finding) in [("0.9999", true), ("0.5", false)] {
            let app = rig.configured(|t| format!("{t}\n[settings]\nwebhook_success = {least}\n"));
            let answer =
                call(&app, "webhook_deliveries", json!({ "since": since })).await.unwrap().structured;
            assert_eq!(low(&answer), finding, "{least}: {:?}", said(&answer));
        }
        // Without a setting it is 98 %: two of a day's few events are more than that.
        let since = hours_before(&rig, 24);
        let all = events(&rig, &since);
        let failed = all.iter().filter(|e| undelivered(e)).count();
        let answer = ask(&rig, json!({ "since": since })).await;
        assert_eq!(low(&answer), (all.len() - failed) * 100 < all.len() * 98, "{failed} of {}", all.len());
        if low(&answer) {
            let what = answer["findings"]
                .as_array()
                .unwrap()
                .iter()
                .find(|f| f["what"].as_str().unwrap().contains("less than 98 %"))
                .unwrap();
            assert!(
                texts(&what["evidence"]).contains(&of(&incidents, PaidNoAccess).event_id.as_deref().unwrap()),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn what_did_not_arrive_is_shown_with_the_apps_own_record() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        // A small limit: what failed is shown even behind newer events.
        let answer = ask(&rig, json!({ "limit": 1 })).await;
        let event = with_id(list(&answer, "events"), paid.event_id.as_deref().unwrap());
        let row = &paid.rows.iter().find(|(table, _)| *table == "webhookEvents").unwrap().1;
        assert_eq!((&event["delivery"], &event["app"]["row"]), (&json!("undelivered"), &json!(row)));
        assert_eq!(event["app"]["status"], "failed");
        assert!(event["app"]["error"].as_str().unwrap().ends_with("has no metadata.trainerId"));
        assert_eq!(answer["next"][0]["tool"], "payment_intent_status");
        let bound =
            said(&answer).into_iter().find(|what| what.contains("not delivered to every endpoint")).unwrap();
        let own = live(&rig, "webhook_endpoint")
            .into_iter()
            .find(|e| e["description"] == "The application")
            .unwrap();
        assert!(
            bound.ends_with(&format!("only {} wants the newest of them", own["id"].as_str().unwrap())),
            "{bound}"
        );
    }
}

#[tokio::test]
async fn a_disabled_endpoint_and_types_nobody_subscribes_to_are_findings() {
    for (rig, _) in companies().await {
        let endpoints = live(&rig, "webhook_endpoint");
        let since = hours_before(&rig, 29 * 24);
        let answer = ask(&rig, json!({ "since": since })).await;
        assert_eq!(list(&answer, "endpoints").len(), endpoints.len());
        let off = endpoints.iter().find(|e| e["status"] == "disabled").unwrap()["id"].as_str().unwrap();
        assert_eq!(with_id(list(&answer, "endpoints"), off)["enabled"], false);
        assert!(finding(&answer, &[off])["what"].as_str().unwrap().contains("is disabled"));
        // The disabled one wants everything: it must not count.
        let wanted: BTreeSet<&str> = endpoints
            .iter()
            .filter(|e| e["status"] == "enabled")
            .flat_map(|e| texts(&e["enabled_events"]))
            .collect();
        let all = events(&rig, &since);
        let occurred: BTreeSet<&str> = all.iter().map(|e| e["type"].as_str().unwrap()).collect();
        let nobodys: Vec<&str> = occurred.difference(&wanted).copied().collect();
        let what = said(&answer)
            .into_iter()
            .find(|what| what.contains("no enabled endpoint subscribes to"))
            .unwrap();
        assert!(what.starts_with(&format!("{} types of stripe", nobodys.len())), "{what}");
        for kind in nobodys.iter().take(6) {
            assert!(what.contains(kind), "{kind} in {what}");
        }
    }
}

#[tokio::test]
async fn an_endpoint_sees_only_what_it_subscribes_to() {
    for (rig, _) in companies().await {
        let books =
            live(&rig, "webhook_endpoint").into_iter().find(|e| e["description"] == "Bookkeeping").unwrap();
        let (id, url) = (books["id"].as_str().unwrap(), books["url"].as_str().unwrap());
        let since = hours_before(&rig, 29 * 24);
        let due: Vec<&str> = events(&rig, &since)
            .iter()
            .filter(|e| texts(&books["enabled_events"]).contains(&e["type"].as_str().unwrap()))
            .map(|e| e["id"].as_str().unwrap())
            .take(50)
            .collect();
        for endpoint in [
            id.to_owned(),
            url.to_owned(),
            format!("{url}/"),
            format!("https://dashboard.stripe.com/webhooks/{id}"),
        ] {
            let answer = ask(&rig, json!({ "endpoint": endpoint, "since": since, "limit": 50 })).await;
            assert_eq!(column(list(&answer, "endpoints"), "id"), [id]);
            assert_eq!(column(list(&answer, "events"), "id"), due, "{endpoint}");
        }
    }
    let rig = Rig::new().await;
    let error = rig.call("webhook_deliveries", json!({ "endpoint": "we_1NoSuch" })).await.unwrap_err();
    assert!(matches!(&error, ToolError::Malformed { key, .. } if key == "endpoint"), "{error}");
}

#[tokio::test]
async fn events_can_be_narrowed_by_type_object_and_failure() {
    for (rig, incidents) in companies().await {
        let since = hours_before(&rig, 29 * 24);
        let all = events(&rig, &since);
        let ids = |fits: &dyn Fn(&Value) -> bool| -> Vec<String> {
            all.iter().filter(|e| fits(e)).map(|e| e["id"].as_str().unwrap().to_owned()).take(50).collect()
        };
        let told = |answer: &Value| -> Vec<String> {
            column(list(answer, "events"), "id").into_iter().map(str::to_owned).collect()
        };
        let star = ask(&rig, json!({ "event_type": "payment_intent.*", "since": since, "limit": 50 })).await;
        let begins = ids(&|e| e["type"].as_str().unwrap().starts_with("payment_intent."));
        assert_eq!(told(&star)[..50], begins[..50]);
        let one =
            ask(&rig, json!({ "event_type": "invoice.payment_failed", "since": since, "limit": 50 })).await;
        assert_eq!(told(&one), ids(&|e| e["type"] == "invoice.payment_failed"));
        let failing = ask(&rig, json!({ "only_failing": true, "since": since, "limit": 50 })).await;
        assert_eq!(told(&failing), ids(&undelivered));
        let declined = of(&incidents, CardDeclined3ds);
        let about = ask(&rig, json!({ "object": declined.payment_intent })).await;
        let belongs = |e: &Value| e["data"]["object"]["id"].as_str() == declined.payment_intent.as_deref();
        assert_eq!(told(&about), ids(&belongs));
        let single = ask(&rig, json!({ "object": declined.event_id })).await;
        assert_eq!(told(&single), [declined.event_id.clone().unwrap()]);
    }
}

#[tokio::test]
async fn pages_lead_to_the_end_without_gaps_or_repetition() {
    for (rig, _) in companies().await {
        for (narrow, fits) in [(json!({}), None), (json!({ "event_type": "charge.*" }), Some("charge."))] {
            let since = hours_before(&rig, 10 * 24);
            let all = events(&rig, &since);
            let due: Vec<&str> = all
                .iter()
                .filter(|e| fits.is_none_or(|f| e["type"].as_str().unwrap().starts_with(f)))
                .map(|e| e["id"].as_str().unwrap())
                .collect();
            let limit = 7;
            let (mut seen, mut next, mut pages) = (Vec::<String>::new(), None::<String>, 0);
            loop {
                let mut question = json!({ "since": since, "limit": limit });
                question.as_object_mut().unwrap().extend(narrow.as_object().unwrap().clone());
                if let Some(cursor) = &next {
                    question["cursor"] = json!(cursor);
                }
                let answer = ask(&rig, question).await;
                let events = list(&answer, "events");
                // The first page shows what failed ahead of its turn, behind its own events.
                let (own, ahead) = events.split_at(events.len().min(limit));
                assert!(
                    ahead.iter().all(|e| e["delivery"] == "undelivered")
                        && (ahead.is_empty() || next.is_none())
                );
                seen.extend(column(own, "id").into_iter().map(str::to_owned));
                next = cursor(&answer).map(str::to_owned);
                pages += 1;
                assert!(pages < 100, "no end after {} events", seen.len());
                if next.is_none() {
                    break;
                }
            }
            assert_eq!(seen, due);
        }
    }
}
