//! What a model pays: tokens by the o200k_base vocabulary. These do not depend on the machine.

use crate::line;
use prodview::config;
use prodview::server::Server;
use prodview_demo::{Demo, IncidentKind};
use prodview_tools::{App, catalogue};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tiktoken_rs::o200k_base_singleton;

fn tokens(text: &str) -> usize {
    o200k_base_singleton().encode_ordinary(text).len()
}

/// A question of each kind that the demo can answer.
pub fn questions(demo: &Demo) -> Vec<(&'static str, Value)> {
    let of = |kind: IncidentKind| demo.incidents().iter().find(|i| i.kind == kind).unwrap();
    let (paid, declined) = (of(IncidentKind::PaidNoAccess), of(IncidentKind::CardDeclined3ds));
    vec![
        ("list_sources", json!({})),
        ("find_user", json!({ "who": paid.email })),
        ("list_errors", json!({})),
        ("list_errors", json!({ "user": paid.email, "since": "14d" })),
        ("get_error", json!({ "id": paid.issue_short_id })),
        ("payment_intent_status", json!({ "id": paid.payment_intent })),
        ("payment_intent_status", json!({ "id": declined.payment_intent })),
        ("payment_intent_status", json!({ "id": paid.email })),
        ("webhook_deliveries", json!({})),
        ("webhook_deliveries", json!({ "object": paid.payment_intent })),
        ("describe_state", json!({})),
        ("describe_state", json!({ "table": "users" })),
        ("find_records", json!({ "table": "users" })),
        ("find_records", json!({ "table": "users", "where": { "email": paid.email } })),
        ("user_timeline", json!({ "who": paid.email })),
        ("trace_payment", json!({ "id": paid.payment_intent })),
        ("trace_payment", json!({ "who": paid.email })),
        ("reconcile_payments", json!({})),
    ]
}

pub async fn count(demo: &Demo) {
    let configuration = config::from_text(&demo.config_toml(), "bench", &|_| None, Path::new("."));
    let configuration = configuration.unwrap_or_else(|_| unreachable!("the demo's configuration is right"));
    let app = Arc::new(App {
        sources: configuration.sources,
        environment: configuration.environment,
        webhook_success: configuration.settings.webhook_success,
        declared: configuration.declared.listed(),
    });
    let tools = Server::new(app.clone()).tools();
    let own = |t: &rmcp::model::Tool| {
        let schema = serde_json::to_string(&t.input_schema).unwrap();
        tokens(&t.name) + tokens(t.description.as_deref().unwrap_or_default()) + tokens(&schema)
    };
    let before: usize = tools.iter().map(own).sum();
    let whole = tokens(&json!({ "tools": tools }).to_string());
    line(
        "tokens before a model (name, description, input schema)",
        "5,000",
        &before.to_string(),
        "",
        &format!("{} tools", tools.len()),
    );
    line("tokens of the whole tools/list", "12,000", &whole.to_string(), "", "");
    let all = catalogue();
    for (tool, ask) in questions(demo) {
        let entry = all.iter().find(|entry| entry.name == tool).unwrap();
        let told = entry.call(app.clone(), ask.clone()).await.unwrap();
        let keys: Vec<&str> = ask.as_object().unwrap().keys().map(String::as_str).collect();
        let text = tokens(&told.page.to_text());
        let structured = tokens(&told.structured.to_string());
        line(
            &format!("tokens of {tool}({})", keys.join(", ")),
            "2,000",
            &structured.to_string(),
            "",
            &format!("as text {text}"),
        );
    }
}

/// The same configuration with no answer given twice.
pub fn uncached(toml: &str) -> String {
    let line = |l: &str| {
        if l.starts_with("[sources.") { format!("{l}\ncache = \"0s\"\n") } else { format!("{l}\n") }
    };
    toml.lines().map(line).collect()
}
