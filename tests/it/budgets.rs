//! What prodview costs a model, and its providers: limits that do not depend on the machine.

use crate::rig::{Rig, call};
use prodview::server::Server;
use prodview_demo::{IncidentKind, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tiktoken_rs::o200k_base_singleton;

fn tokens(text: &str) -> usize {
    o200k_base_singleton().encode_ordinary(text).len()
}

#[tokio::test]
async fn the_list_of_tools_is_small() {
    let rig = Rig::new().await;
    let tools = Server::new(rig.app.clone()).tools();
    assert!(tools.len() <= 20);
    let before_model: usize = tools
        .iter()
        .map(|t| {
            tokens(&t.name)
                + tokens(t.description.as_deref().unwrap())
                + tokens(&serde_json::to_string(&t.input_schema).unwrap())
        })
        .sum();
    let reply = tokens(&serde_json::to_string(&json!({ "tools": tools })).unwrap());
    println!("{} tools: {before_model} tokens before a model, {reply} in all", tools.len());
    assert!(before_model <= 5_000, "{before_model}");
    assert!(reply <= 12_000, "{reply}");
}

/// A question of each kind that the demo can answer.
pub fn questions(rig: &Rig) -> Vec<(&'static str, Value)> {
    let paid = rig.incident(IncidentKind::PaidNoAccess);
    let declined = rig.incident(IncidentKind::CardDeclined3ds);
    vec![
        ("list_sources", json!({})),
        ("find_user", json!({ "who": paid.email })),
        ("user_timeline", json!({ "who": paid.email })),
        ("user_timeline", json!({ "who": rig.incident(IncidentKind::DuplicateCustomers).email })),
        ("list_errors", json!({})),
        ("list_errors", json!({ "user": paid.email, "since": "14d" })),
        ("get_error", json!({ "id": paid.issue_short_id.clone().unwrap() })),
        ("get_error", json!({ "id": paid.issue_short_id.clone().unwrap(), "user": paid.email })),
        ("payment_intent_status", json!({ "id": paid.payment_intent.clone().unwrap() })),
        ("payment_intent_status", json!({ "id": declined.payment_intent.clone().unwrap() })),
        ("payment_intent_status", json!({ "id": paid.email })),
        ("trace_payment", json!({ "id": paid.payment_intent.clone().unwrap() })),
        ("trace_payment", json!({ "who": rig.incident(IncidentKind::DuplicateCustomers).email })),
        ("reconcile_payments", json!({})),
        ("reconcile_payments", json!({ "since": "30d" })),
        ("webhook_deliveries", json!({})),
        ("webhook_deliveries", json!({ "object": paid.payment_intent.clone().unwrap() })),
        ("describe_state", json!({})),
        ("describe_state", json!({ "table": "users" })),
        ("find_records", json!({ "table": "users" })),
        ("find_records", json!({ "table": "users", "where": { "email": paid.email } })),
    ]
}

#[tokio::test]
async fn a_default_answer_is_small() {
    for seed in [1, 7] {
        let rig = Rig::seeded(seed).await;
        let mut too_large = Vec::new();
        for (tool, ask) in questions(&rig) {
            let told = rig.call(tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
            let (structured, text) = (tokens(&told.structured.to_string()), tokens(&told.page.to_text()));
            println!("{tool} {ask}: {structured} structured, {text} as text");
            if structured.max(text) > 2_000 {
                too_large.push(format!("{tool} {ask}: {structured} + {text}"));
            }
        }
        let sql = crate::postgres::with_sql(&rig, crate::server::v15()).await;
        for (tool, ask) in questions(&rig) {
            let ask = crate::postgres::world::asked(ask);
            let told = call(&sql, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
            let (structured, text) = (tokens(&told.structured.to_string()), tokens(&told.page.to_text()));
            if structured.max(text) > 2_000 {
                too_large.push(format!("{tool} {ask} over SQL: {structured} + {text}"));
            }
        }
        assert_eq!(too_large, Vec::<String>::new());
    }
}

#[tokio::test]
async fn no_answer_is_ever_large() {
    let rig = Rig::with(Settings { extra_rows: 10_000, ..Settings::default() }).await;
    for (tool, ask) in [
        (
            "user_timeline",
            json!({ "who": rig.incident(IncidentKind::LockedAccount).email, "limit": 50, "since": "90d" }),
        ),
        ("list_errors", json!({ "limit": 50, "since": "30d" })),
        ("webhook_deliveries", json!({ "limit": 50, "since": "30d" })),
        ("find_records", json!({ "table": "users", "limit": 100 })),
        ("find_records", json!({ "table": "webhookEvents", "limit": 100 })),
        ("describe_state", json!({})),
    ] {
        let told = rig.call(tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        let (structured, text) = (tokens(&told.structured.to_string()), tokens(&told.page.to_text()));
        println!("{tool} {ask}: {structured} structured, {text} as text");
        assert!(structured <= 8_000, "{tool}: {structured}");
        assert!(text <= 8_000, "{tool}: {text} as text");
    }
}

#[tokio::test]
async fn questions_cost_few_requests() {
    let rig = Rig::new().await;
    let mut report = Vec::new();
    for (tool, ask) in questions(&rig) {
        rig.demo.clear_record();
        // Without the cache, so that each question is counted for itself.
        let app = rig.configured(|toml| uncached(&toml));
        call(&app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        let mut by_service: BTreeMap<String, usize> = BTreeMap::new();
        for asked in rig.demo.record() {
            *by_service.entry(format!("{:?}", asked.service).to_lowercase()).or_default() += 1;
        }
        let total: usize = by_service.values().sum();
        // docs/architecture.md, "How much is asked", says why these take more.
        let many = tool == "user_timeline" || (tool == "trace_payment" && ask.get("who").is_some());
        let most = if many { 50 } else { 25 };
        assert!(total <= most, "{tool} {ask}: {total} requests");
        let keys: Vec<String> = ask.as_object().unwrap().keys().cloned().collect();
        report.push(format!("{tool}({}): {by_service:?}", keys.join(", ")));
    }
    insta::assert_snapshot!(report.join("\n"));
}

/// The same configuration with no answer given twice.
pub fn uncached(toml: &str) -> String {
    let mut out = String::new();
    for line in toml.lines() {
        out.push_str(line);
        out.push('\n');
        if line.starts_with("[sources.") {
            out.push_str("cache = \"0s\"\n");
        }
    }
    out
}

/// A chain that breaks takes more than one that holds: each incident is counted, from every end.
#[tokio::test]
async fn even_a_broken_chain_costs_few_requests() {
    let mut worst: BTreeMap<String, usize> = BTreeMap::new();
    for seed in [1, 2, 3, 11] {
        let rig = Rig::seeded(seed).await;
        for incident in rig.demo.incidents() {
            let ends = [
                ("id", "id", incident.payment_intent.as_deref(), 25),
                ("who", "address", Some(incident.email.as_str()), 50),
                ("who", "app's id", Some(incident.user_id.as_str()), 50),
            ];
            for (key, end, value, most) in ends {
                let Some(value) = value else { continue };
                rig.demo.clear_record();
                let app = rig.configured(|toml| uncached(&toml));
                call(&app, "trace_payment", json!({ key: value })).await.unwrap();
                let asked = rig.demo.record().len();
                assert!(asked <= most, "{seed} {:?} by {end}: {asked} requests", incident.kind);
                let worst = worst.entry(format!("{:?} by {end}", incident.kind)).or_default();
                *worst = asked.max(*worst);
            }
        }
    }
    let lines: Vec<String> = worst.iter().map(|(what, asked)| format!("{what}: {asked}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
