//! Declared tools: the shipped ones over the demo, hostile arguments and files, and what the command line says.

#[path = "declared/arguments.rs"]
mod arguments;
#[path = "declared/commands.rs"]
mod commands;
#[path = "declared/folder.rs"]
mod folder;
#[path = "declared/shipped.rs"]
mod shipped;
#[path = "declared/sql.rs"]
mod sql;

use crate::rig::Rig;
use prodview_demo::IncidentKind;
use prodview_tools::App;
use serde_json::{Value, json};
use std::sync::Arc;

/// The shipped tools that the demo can answer, each with a question of its kind.
fn questions(rig: &Rig) -> Vec<(&'static str, Value)> {
    let paid = rig.incident(IncidentKind::PaidNoAccess);
    let payment = paid.payment_intent.clone().unwrap();
    let issue = paid.issue_short_id.clone().unwrap();
    vec![
        ("stripe_disputes", json!({})),
        ("stripe_refunds", json!({ "limit": 3 })),
        ("stripe_invoices", json!({ "limit": 2, "status": "paid" })),
        ("stripe_subscriptions", json!({ "limit": 2 })),
        ("stripe_balance_transactions", json!({ "limit": 2, "since": "7d" })),
        ("stripe_payouts", json!({ "limit": 2 })),
        ("stripe_prices", json!({ "limit": 3, "active": true })),
        ("stripe_events", json!({ "limit": 3, "kind": "charge.*" })),
        ("stripe_refunds", json!({ "payment_intent": payment })),
        ("sentry_releases", json!({ "limit": 3 })),
        ("sentry_issue_tag_values", json!({ "issue_id": issue, "key": "environment" })),
        ("sentry_issue_events", json!({ "issue_id": issue, "limit": 2 })),
        ("convex_user_by_email", json!({ "email": paid.email })),
    ]
}

/// The demo with these shipped tools on.
fn with(rig: &Rig, declared: &str) -> Arc<App> {
    rig.configured(|toml| format!("{toml}\n[settings]\ndeclared = {declared}\n"))
}

fn all(rig: &Rig) -> Arc<App> {
    with(rig, r#"["stripe/*", "sentry/*", "convex/*"]"#)
}
