//! The demo's incidents with SQL as the state: the same findings as with Convex.

#[path = "mapped.rs"]
mod mapped;

use super::{with_sql, world};
use crate::rig::{Rig, call};
use crate::server::{v15, v18};
use prodview_demo::{Incident, IncidentKind};
use prodview_providers::Moment;
use serde_json::{Value, json};

/// Findings without the words that name the store: its source, its tables, how its ids are told.
fn told(answer: &Value) -> Vec<String> {
    let plain = |finding: &Value| {
        let what = finding["what"].as_str().unwrap().to_owned();
        let words = what.split(' ').map(|word| match word.trim_matches(|c: char| c.is_ascii_punctuation()) {
            "convex" | "db" => "STORE".to_owned(),
            other if other.len() > 3 && other.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                world::snake(word)
            }
            _ => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    answer["findings"].as_array().into_iter().flatten().map(plain).collect()
}

/// What one would ask about an incident.
fn questions(incident: &Incident) -> Vec<(&'static str, Value)> {
    // A moment, not a span: the two are asked one after the other, and findings name it.
    let since = Moment::now().minus_s(25 * 86_400).to_string();
    let mut questions = vec![
        ("find_user", json!({ "who": incident.email })),
        ("user_timeline", json!({ "who": incident.email, "limit": 10, "since": since })),
        ("trace_payment", json!({ "who": incident.email })),
    ];
    questions.extend(incident.payment_intent.iter().map(|id| ("trace_payment", json!({ "id": id }))));
    if incident.kind == IncidentKind::PaidNoAccess {
        questions.push(("webhook_deliveries", json!({ "since": "7d" })));
        questions.push(("reconcile_payments", json!({ "since": since, "limit": 30 })));
    }
    questions
}

#[tokio::test]
async fn every_incident_is_found_over_sql_as_over_convex() {
    for (seed, server) in [(1, v15()), (7, v18())] {
        let rig = Rig::seeded(seed).await;
        let sql = with_sql(&rig, server).await;
        for incident in rig.demo.incidents() {
            for (tool, ask) in questions(incident) {
                let over_convex = rig.call_fresh(tool, ask.clone()).await.unwrap().structured;
                let over_sql = call(&sql, tool, ask.clone())
                    .await
                    .unwrap_or_else(|e| panic!("{tool} {ask}: {e}"))
                    .structured;
                assert_eq!(told(&over_sql), told(&over_convex), "{tool} {ask}");
            }
        }
    }
}
