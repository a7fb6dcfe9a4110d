//! The shipped tools in SQL: each statement is one that the guard accepts, and a real PostgreSQL answers it.
//!
//! It waits for the guard for SQL and for the rig's real database: then `mod sql;` belongs in `declared.rs`. Of the rig
//! it wants `postgres::app(settings)`, an app over that database with these lines under `[settings]`, and
//! `postgres::hold(first, second)`, two sessions of which the second waits for the first.

use crate::rig::call;
use prodview_tools::declared::{Rules, shipped};
use serde_json::{Value, json};

/// Each tool with a question of its kind, and whether a database with nothing wrong has rows for it.
fn questions() -> Vec<(&'static str, Value, bool)> {
    vec![
        ("pg_slow_queries", json!({ "min_calls": 1 }), true),
        ("pg_blocked_queries", json!({}), false),
        ("pg_locks", json!({}), false),
        ("pg_locks", json!({ "table": "users" }), false),
        ("pg_long_transactions", json!({ "longer_than_s": 0 }), false),
        ("pg_table_sizes", json!({ "limit": 3 }), true),
        ("pg_unused_indexes", json!({ "reads_at_most": 1_000_000 }), false),
        ("pg_migrations", json!({ "limit": 2 }), true),
        ("pg_unvalidated_keys", json!({}), false),
    ]
}

#[test]
fn the_guard_accepts_every_shipped_statement() {
    for tool in shipped::ALL {
        let read = tool.load(&Rules::usual());
        assert!(read.is_ok(), "{}: {:#?}", tool.name, read.err());
    }
}

#[tokio::test]
async fn each_answers_over_a_real_database() {
    let app = crate::postgres::app(r#"declared = ["postgres/*"]"#).await;
    for (tool, ask, has_rows) in questions() {
        let told = call(&app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        assert_eq!(told.structured["sources"][0]["status"], "ok", "{tool}: {:#}", told.structured);
        let notes = &told.structured["sources"][0]["notes"];
        assert!(!notes.to_string().contains("and is left out"), "each column has its type: {notes}");
        let rows = told.structured["rows"].as_array().unwrap();
        assert!(!has_rows || !rows.is_empty(), "{tool}: {:#}", told.structured);
    }
}

#[tokio::test]
async fn somebody_who_is_blocked_and_what_holds_the_lock_are_seen() {
    let app = crate::postgres::app(r#"declared = ["postgres/*"]"#).await;
    // One session updates a row and stays; the other waits for it.
    let _held = crate::postgres::hold("update users set email = email", "update users set email = email").await;
    let blocked = call(&app, "pg_blocked_queries", json!({})).await.unwrap().structured;
    assert_eq!(blocked["rows"].as_array().unwrap().len(), 1, "{blocked:#}");
    assert_ne!(blocked["rows"][0]["pid"], blocked["rows"][0]["blocked_by"]);
    let long = call(&app, "pg_long_transactions", json!({ "longer_than_s": 0 })).await.unwrap().structured;
    assert!(long["rows"].as_array().unwrap().len() >= 2, "{long:#}");
}
