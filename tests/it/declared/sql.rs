//! The shipped tools in SQL over real PostgreSQL, as the role that the documentation makes; and tools of one's own.

use crate::postgres::app;
use crate::program::{Folder, run};
use crate::rig::call;
use crate::server::{Server, connect, v15, v18};
use prodview::config;
use prodview_tools::App;
use prodview_tools::declared::{Rules, shipped};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A shop with what the tools look for: migrations, a key that is not validated, an index that nobody reads.
const SHOP: &str = "create table customers (id bigint primary key, email text not null);
    create table orders (id bigint primary key, customer_id bigint, note text not null);
    create index orders_by_note on orders (note);
    insert into customers select n, 'c' || n || '@shop.example' from generate_series(1, 100) n;
    insert into orders select n, n, repeat('n', 300) || n from generate_series(1, 500) n;
    alter table orders add constraint orders_customer foreign key (customer_id) references customers not valid;
    create table _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz,
        rolled_back_at timestamptz, applied_steps_count int, logs text);
    insert into _prisma_migrations values ('1_init', '2026-01-01', '2026-01-01', null, 1, null),
        ('2_orders', '2026-02-01', null, null, 0, 'relation orders exists');
    analyze;";

const ALL: &str = "[settings]\ndeclared = [\"postgres/*\"]";

async fn rows(app: &Arc<App>, tool: &str, ask: Value) -> Vec<Value> {
    let told = call(app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
    let source = &told.structured["sources"][0];
    assert_eq!(source["status"], "ok", "{tool}: {:#}", told.structured);
    assert!(!source["notes"].to_string().contains("and is left out"), "each column has its type: {source}");
    told.structured["rows"].as_array().unwrap().clone()
}

/// What is the same in every run: numbers that the server counts are only said to be there.
fn steady(rows: &[Value], counted: &[&str]) -> Value {
    let mut rows = rows.to_vec();
    for row in &mut rows {
        for (key, value) in row.as_object_mut().unwrap() {
            if counted.contains(&key.as_str()) {
                *value = format!("‹{key}›").into();
            }
        }
    }
    rows.into()
}

/// Asks until there are rows: what the server counts is seen a little later.
async fn until_seen(app: &Arc<App>, tool: &str, ask: Value) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let seen = rows(app, tool, ask.clone()).await;
        if !seen.is_empty() {
            return seen;
        }
        assert!(Instant::now() < until, "{tool} {ask} saw nothing");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn the_guard_accepts_every_shipped_statement() {
    for tool in shipped::ALL {
        let read = tool.load(&Rules::usual());
        assert!(read.is_ok(), "{}: {:#?}", tool.name, read.err());
    }
}

#[tokio::test]
async fn what_the_database_knows_of_itself_is_found() {
    for server in [v15(), v18()] {
        let (url, _) = server.documented(SHOP).await;
        let app = app(&url, ALL);
        let mut sizes = until_seen(&app, "pg_table_sizes", json!({})).await;
        // Whether the server has counted that already depends on how busy it is.
        sizes[0].as_object_mut().unwrap().remove("analyzed");
        assert_eq!(sizes[0]["table_name"], "orders", "the largest first");
        assert!(sizes[0]["bytes"].as_u64().unwrap() > 150_000, "{sizes:?}");
        let counted = ["bytes", "index_bytes", "live_rows", "dead_rows", "full_scans", "vacuumed"];
        insta::assert_json_snapshot!("declared_pg_table_sizes", steady(&sizes[..1], &counted));
        let unused = until_seen(&app, "pg_unused_indexes", json!({})).await;
        insta::assert_json_snapshot!("declared_pg_unused_indexes", steady(&unused, &["bytes"]));
        let migrations = rows(&app, "pg_migrations", json!({})).await;
        insta::assert_json_snapshot!("declared_pg_migrations", migrations);
        let keys = rows(&app, "pg_unvalidated_keys", json!({})).await;
        insta::assert_json_snapshot!("declared_pg_unvalidated_keys", keys);
        let first = call(&app, "pg_migrations", json!({ "limit": 1 })).await.unwrap().structured;
        assert_eq!(first["rows"].as_array().unwrap().len(), 1);
        assert_eq!(first["cut"][0]["how"], "a larger limit, at most 50", "{first:#}");
    }
}

/// One session changes a row and stays; the other waits for it.
async fn held(server: &Server, database: &str) -> (tokio_postgres::Client, tokio::task::JoinHandle<()>) {
    let holds = server.admin(database).await;
    holds.batch_execute("begin; update orders set note = 'held' where id = 1").await.unwrap();
    let waits = server.admin(database).await;
    let waiting = tokio::spawn(async move {
        waits.batch_execute("update orders set note = 'waits' where id = 1").await.unwrap();
    });
    (holds, waiting)
}

#[tokio::test]
async fn who_is_blocked_what_holds_the_lock_and_since_when_are_seen() {
    for server in [v15(), v18()] {
        let (url, name) = server.documented(SHOP).await;
        let app = app(&url, ALL);
        for tool in ["pg_blocked_queries", "pg_long_transactions"] {
            assert_eq!(rows(&app, tool, json!({})).await, Vec::<Value>::new(), "{tool}");
        }
        let (holds, waiting) = held(server, &name).await;
        let blocked = until_seen(&app, "pg_blocked_queries", json!({})).await;
        assert_ne!(blocked[0]["pid"], blocked[0]["blocked_by"]);
        let counted = ["pid", "blocked_by", "waits_s", "blocker_open_s"];
        insta::assert_json_snapshot!("declared_pg_blocked_queries", steady(&blocked, &counted));
        let mut long = rows(&app, "pg_long_transactions", json!({ "longer_than_s": 0 })).await;
        // The server's own vacuuming may come by.
        long.retain(|row| row["who"] == "postgres");
        let counted = ["pid", "began", "open_s", "in_state_s"];
        insta::assert_json_snapshot!("declared_pg_long_transactions", steady(&long, &counted));
        let locks = rows(&app, "pg_locks", json!({ "table": "orders" })).await;
        assert_eq!(locks[0]["relation"], "orders");
        assert!(locks.iter().any(|lock| lock["mode"] == "RowExclusiveLock" && lock["granted"] == true));
        assert!(locks.iter().all(|lock| lock["relation"] == "orders"), "{locks:#?}");
        assert_eq!(rows(&app, "pg_locks", json!({ "table": "customers" })).await, Vec::<Value>::new());
        insta::assert_json_snapshot!("declared_pg_locks", steady(&locks, &["pid", "open_s"]));
        holds.batch_execute("rollback").await.unwrap();
        waiting.await.unwrap();
        assert_eq!(rows(&app, "pg_blocked_queries", json!({})).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn slow_queries_are_seen_where_the_server_counts_them_and_else_it_says_what_is_missing() {
    let (url, name) = v15().documented(&format!("{SHOP} create extension pg_stat_statements;")).await;
    let admin = v15().admin(&name).await;
    for _ in 0..6 {
        admin.batch_execute("select count(*) from orders a, orders b where a.note < b.note").await.unwrap();
    }
    let slow = rows(&app(&url, ALL), "pg_slow_queries", json!({ "limit": 1 })).await;
    assert!(slow[0]["total_ms"].as_f64().unwrap() > 0.0, "{slow:#?}");
    insta::assert_json_snapshot!(
        "declared_pg_slow_queries",
        steady(&slow, &["total_ms", "mean_ms", "max_ms", "id"])
    );
    // Its own cursors would stand before everything that it is asked about.
    let own = app(&url, ALL);
    for _ in 0..3 {
        call(&own, "find_records", json!({ "table": "orders", "limit": 2, "cursor": "3" })).await.unwrap();
    }
    let all = rows(&own, "pg_slow_queries", json!({ "limit": 50, "min_calls": 1 })).await;
    let queries: Vec<&str> = all.iter().map(|row| row["query"].as_str().unwrap()).collect();
    assert!(queries.iter().any(|query| query.starts_with("SET LOCAL")), "{queries:#?}");
    let cursors = ["DECLARE", "FETCH", "MOVE"];
    assert!(!queries.iter().any(|query| cursors.iter().any(|word| query.starts_with(word))), "{queries:#?}");
    for server in [v15(), v18()] {
        let (url, _) = server.documented(SHOP).await;
        let said = call(&app(&url, ALL), "pg_slow_queries", json!({})).await.unwrap_err().to_string();
        assert!(said.contains("the extension pg_stat_statements is missing"), "{said}");
        assert!(said.contains("shared_preload_libraries"), "{said}");
    }
}

const NOTES: &str = r#"name = "orders_by_note"
title = "Orders"
about = "Orders by note."
source = "db"
sql = "select id, note from orders where note = $note and ($least::bigint is null or id >= $least) order by id"
[ask.note]
type = "string"
max = 300
[ask.least]
type = "integer"
optional = true
[answer]
columns.id = { type = "number" }
columns.note = {}
"#;

#[tokio::test]
async fn a_hostile_value_is_a_value_and_nothing_else() {
    let hostile = [
        "' or '1'='1",
        "'; drop table orders; --",
        "'); delete from orders; commit; --",
        "\\'; select pg_sleep(9); --",
        "$1",
        "$note",
        "$$; drop table orders; $$",
        "/* */ union select id, email from customers",
        "%",
        "_",
        "{note}",
        "{\"a\",\"b\"}",
        "null",
        "E'\\047'",
        "\u{202e}drop\u{200b}",
        "ʼ or 1=1",
    ];
    for server in [v15(), v18()] {
        let (url, name) = server.documented(SHOP).await;
        let admin = server.admin(&name).await;
        for (n, value) in hostile.iter().enumerate() {
            let id = 1_000 + i64::try_from(n).unwrap();
            admin.execute("insert into orders values ($1, 1, $2)", &[&id, value]).await.unwrap();
        }
        let folder = Folder::new();
        folder.write_below("mine", "notes.toml", NOTES);
        let app = app(&url, &format!("[settings]\ntools = {:?}", folder.path().join("mine")));
        for (n, value) in hostile.iter().enumerate() {
            let found = rows(&app, "orders_by_note", json!({ "note": value })).await;
            let ids: Vec<i64> = found.iter().map(|row| row["id"].as_i64().unwrap()).collect();
            assert_eq!(ids, [1_000 + i64::try_from(n).unwrap()], "{value:?}");
            let none = rows(&app, "orders_by_note", json!({ "note": value, "least": 5_000 })).await;
            assert_eq!(none, Vec::<Value>::new(), "{value:?}");
        }
        let nul = call(&app, "orders_by_note", json!({ "note": "a\0b" })).await.unwrap_err();
        assert!(nul.is_mendable(), "{nul}");
        for least in [json!("1 or 1=1"), json!("1"), json!(1.5), json!([1]), json!({ "a": 1 }), json!(true)] {
            let said =
                call(&app, "orders_by_note", json!({ "note": "%", "least": least })).await.unwrap_err();
            assert!(said.is_mendable() && said.to_string().contains("`least`"), "{least}: {said}");
        }
        let said =
            call(&app, "orders_by_note", json!({ "note": "x", "table": "customers" })).await.unwrap_err();
        assert!(said.to_string().contains("table"), "{said}");
        let left: i64 = admin.query_one("select count(*) from orders", &[]).await.unwrap().get(0);
        assert_eq!(left, 500 + i64::try_from(hostile.len()).unwrap());
        let plain = connect(&url).await;
        assert!(plain.batch_execute("delete from orders").await.is_err(), "the role could not have either");
    }
}

const TOTAL: &str = r#"name = "customer_total"
title = "Total of a customer"
about = "By the shop's own function."
source = "db"
sql = "select order_count(id) as orders from customers where id = $id"
[ask.id]
type = "integer"
[answer]
columns.orders = { type = "number" }
"#;

#[tokio::test]
async fn a_function_of_ones_own_may_be_called_where_it_is_allowed() {
    let sql = format!(
        "{SHOP} create function order_count(bigint) returns bigint language sql stable as \
         'select count(*) from orders where customer_id = $1';"
    );
    let (url, _) = v15().documented(&sql).await;
    let folder = Folder::new();
    folder.write_below("mine", "total.toml", TOTAL);
    folder.write_below("any", "any.toml", &TOTAL.replace("source = \"db\"", "provider = \"postgres\""));
    let mine = format!("\n[settings]\ntools = {:?}", folder.path().join("mine"));
    let allowed = "allow_functions = [\"order_count\"]";
    let found = rows(&app(&url, &format!("{allowed}{mine}")), "customer_total", json!({ "id": 7 })).await;
    assert_eq!(found, [json!({ "orders": 1 })]);
    let section = format!("[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n");
    let problems = config::from_text(&format!("{section}{mine}"), "p.toml", &|_| None, Path::new("."));
    let problems: Vec<String> = problems.err().unwrap().iter().map(ToString::to_string).collect();
    assert!(problems.len() == 1 && problems[0].contains("the SQL was refused"), "{problems:?}");
    // Another source that does not allow it: the file is sound, and that source still refuses.
    let other = format!("\n[sources.other]\nprovider = \"postgres\"\nurl = \"{url}\"\n");
    let any = format!("\n[settings]\ntools = {:?}", folder.path().join("any"));
    let app = app(&url, &format!("{allowed}{other}{any}"));
    let told = call(&app, "customer_total", json!({ "id": 7 })).await.unwrap().structured;
    assert_eq!(told["rows"], json!([{ "source": "db", "orders": 1 }]));
    let refused = told["sources"].as_array().unwrap().iter().find(|s| s["source"] == "other").unwrap();
    assert_eq!(refused["status"], "refused", "{refused:#}");
    // The command line judges a file by the configuration that is there, and strictly without one.
    let checked = |text: &str| {
        let place = Folder::configured(text);
        place.write("total.toml", TOTAL);
        run(&place, &["check", "total.toml"], &[]).code
    };
    assert_eq!(checked(&format!("{section}{allowed}\n")), Some(0));
    assert_eq!(checked(&section), Some(1));
}
