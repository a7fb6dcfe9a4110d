//! Large tables, large rows, large cells: answers stay within their bounds and say what was cut.

use super::app;
use crate::rig::call;
use crate::server::{v15, v18};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Ten million rows of which two columns have an index and one has none.
const BIG: &str = "create unlogged table big (id bigint, owner text, made_at timestamptz not null);
    insert into big select n, 'u' || n % 1000000, '2020-01-01'::timestamptz + n * interval '1 second' from generate_series(1, 10000000) n;
    alter table big add primary key (id); create index on big (made_at); analyze big;
    create table small (id bigint primary key, owner text, made_at timestamptz not null);
    insert into small select * from big where id <= 2000; create index on small (made_at); analyze small;";

#[tokio::test]
async fn ten_million_rows_are_asked_like_two_thousand() {
    let (url, _) = v15().documented(BIG).await;
    let app = app(&url, "timeout = \"3s\"");
    for (table, last) in [("small", 2_000), ("big", 10_000_000)] {
        let started = Instant::now();
        let ask = |ask: Value| {
            let app = app.clone();
            async move { call(&app, "find_records", ask).await.unwrap().structured }
        };
        let newest = ask(json!({ "table": table, "limit": 5 })).await;
        assert_eq!(newest["rows"][0]["id"], last.to_string());
        assert_eq!(newest["rows"].as_array().unwrap().len(), 5);
        let cursor = newest["cut"][0]["cursor"].as_str().unwrap();
        let next = ask(json!({ "table": table, "limit": 5, "cursor": cursor })).await;
        assert_eq!(next["rows"][0]["id"], (last - 5).to_string());
        let one = ask(json!({ "table": table, "where": { "id": 1234 } })).await;
        assert_eq!(one["rows"][0]["fields"]["owner"], "u1234");
        let queried = json!({ "query": format!("select * from {table}"), "limit": 5 });
        let queried = call(&app, "query_state", queried).await.unwrap().structured;
        assert_eq!(queried["rows"].as_array().unwrap().len(), 5);
        assert!(queried["cut"][0]["cursor"].is_string(), "{queried}");
        // Generous: it is the shape that counts, and a scan of the big one takes longer than all of this.
        assert!(started.elapsed() < Duration::from_secs(3), "{table}: {:?}", started.elapsed());
    }
    let unindexed = json!({ "table": "big", "where": { "owner": "u77" } });
    let told = match call(&app, "find_records", unindexed).await {
        Ok(told) => told.structured["sources"][0]["notes"].to_string(),
        Err(error) => error.to_string(),
    };
    assert!(told.contains("rows and no index on owner"), "{told}");
    let again = call(&app, "find_records", json!({ "table": "small", "limit": 1 })).await;
    assert!(again.is_ok());
}

#[tokio::test]
async fn a_giant_cell_and_a_giant_answer_are_cut_and_said_to_be() {
    let sql = "create table blobs (id int primary key, body text, n int);
        insert into blobs values (1, repeat('x', 100 * 1024 * 1024), 7), (2, 'small', 8);
        create table wide (id int primary key, body text); insert into wide select n, repeat('y', 50000) from generate_series(1, 500) n;";
    for server in [v15(), v18()] {
        let (url, _) = server.documented(sql).await;
        let app = app(&url, "timeout = \"15s\"");
        let found = call(&app, "find_records", json!({ "table": "blobs" })).await.unwrap().structured;
        let row = |n: usize| found["rows"][n]["fields"].clone();
        assert_eq!((row(0)["body"].clone(), row(1)["n"].clone()), (json!("small"), json!(7)));
        let body = row(1)["body"].as_str().unwrap().to_owned();
        assert!(body.chars().count() < 400 && body.contains("chars]"), "{body}");
        let all = json!({ "query": "select * from wide order by id", "limit": 200 });
        let all = call(&app, "query_state", all).await.unwrap().structured;
        let shown = all["rows"].as_array().unwrap().len();
        assert!(shown < 200, "{shown}");
        assert!(
            all["cut"].to_string().contains("more rows") || all["cut"].to_string().contains("the last"),
            "{}",
            all["cut"]
        );
        assert!(call(&app, "query_state", json!({ "query": "select 1 as one" })).await.is_ok());
    }
}

/// A large table some of whose rows have no time, and one without a key.
const TIMELESS: &str = "create table jobs (id bigint primary key, ref text unique, owner int, state text, done boolean, ran_at timestamptz, created_at timestamptz);
    insert into jobs select n, 'r' || n, n % 1000, 's' || n % 2, n % 2 = 0, now(), case when n % 2 = 0 then now() - n * interval '1 second' end from generate_series(1, 250000) n;
    create index on jobs (created_at); create index on jobs (owner); create index on jobs (done);
    create table loose (n int); insert into loose select generate_series(1, 3000); analyze;";

#[tokio::test]
async fn rows_without_a_time_are_left_out_only_where_an_order_by_time_needs_it() {
    let (url, _) = v15().documented(TIMELESS).await;
    let app = app(&url, "");
    for (fields, ids) in [
        (json!({ "id": 7 }), vec!["7"]),
        (json!({ "ref": "r7" }), vec!["7"]),
        (json!({ "_id": "7" }), vec!["7"]),
        (json!({ "owner": 7, "ref": "r1007" }), vec!["1007"]),
    ] {
        let found = call(&app, "find_records", json!({ "table": "jobs", "where": fields })).await.unwrap();
        let rows = found.structured["rows"].as_array().unwrap().clone();
        assert_eq!(rows.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ids, "{fields}");
        let notes = found.structured["sources"].to_string();
        assert!(!notes.contains("left out"), "{notes}");
    }
    let by_owner = json!({ "table": "jobs", "where": { "owner": 8 }, "limit": 3 });
    let by_owner = call(&app, "find_records", by_owner).await.unwrap().structured;
    assert_eq!(by_owner["rows"][0]["id"], "8", "the newest first, and not those without a time");
    for ask in [json!({ "table": "jobs" }), json!({ "table": "jobs", "where": { "done": true } })] {
        let newest = call(&app, "find_records", ask).await.unwrap().structured;
        assert_eq!(newest["rows"][0]["id"], "2");
        assert!(
            newest["sources"].to_string().contains("without a value in `created_at` are left out"),
            "{newest}"
        );
    }
}

#[tokio::test]
async fn a_page_in_no_sure_order_says_so_and_the_last_one_too() {
    let (url, _) = v15().documented(TIMELESS).await;
    let app = app(&url, "");
    let notes =
        async |tool: &str, ask: Value| call(&app, tool, ask).await.unwrap().structured["sources"].to_string();
    let said = "pages may overlap or miss rows";
    for (query, unsure) in [
        ("select n from loose", true),
        ("select n from (select n from loose order by n) x", true),
        ("select n from loose order by n", false),
        ("select n from loose limit 3", false),
    ] {
        let told = notes("query_state", json!({ "query": query, "limit": 5 })).await;
        assert_eq!(told.contains(said), unsure, "{query}: {told}");
    }
    assert!(notes("find_records", json!({ "table": "loose" })).await.contains(said));
    assert!(!notes("find_records", json!({ "table": "jobs" })).await.contains(said));
    let app = super::app(&url, "timeout = \"20s\"");
    let far = json!({ "query": "select a.n from loose a, loose b", "limit": 5, "cursor": "1000000" });
    let far = call(&app, "query_state", far).await.unwrap().structured;
    assert_eq!(far["sources"][0]["status"], "partial");
    let cut = far["cut"].to_string();
    assert!(cut.contains("more behind the first 1000005") && cut.contains("ask more narrowly"), "{far}");
}

#[tokio::test]
async fn a_mark_counts_all_that_was_left_off() {
    let sql = "create table texts (id int primary key, body text, quotes text);
        insert into texts values (1, repeat('x', 500000), repeat('\"', 20000)), (2, repeat('y', 1000), '');";
    let (url, _) = v15().documented(sql).await;
    let found = call(&app(&url, ""), "find_records", json!({ "table": "texts" })).await.unwrap().structured;
    let field = |row: usize, name: &str| found["rows"][row]["fields"][name].as_str().unwrap().to_owned();
    assert!(field(1, "body").ends_with("x… [+499,700 chars]"), "{}", field(1, "body"));
    assert!(field(1, "quotes").ends_with("\"… [+19,700 chars]"), "{}", field(1, "quotes"));
    assert!(field(0, "body").ends_with("y… [+700 chars]"), "{}", field(0, "body"));
}

#[tokio::test]
async fn a_thousand_tables_and_as_many_columns_are_told_of() {
    let sql = "do $$ begin
        for n in 1..1000 loop execute format('create table t%s (id int)', lpad(n::text, 4, '0')); end loop;
        insert into t0999 select generate_series(1, 10); insert into t0004 select generate_series(1, 10);
        execute 'create table wide (' || (select string_agg('a_column_with_a_rather_long_name_' || n || ' int', ', ') from generate_series(1, 1599) n) || ')';
        create table worn (id int primary key);
        for n in 1..350 loop execute format('alter table worn add c%s int', n); execute format('alter table worn drop c%s', n); end loop;
        alter table worn add kept text; end $$; analyze;";
    for server in [v15(), v18()] {
        let (url, _) = server.documented(sql).await;
        let app = app(&url, "timeout = \"15s\"");
        let adapter = app.sources.named("db").unwrap().adapter();
        let tables = adapter.state().unwrap().tables().await.unwrap();
        assert_eq!((tables.rows.len(), tables.of), (500, Some(1002)));
        let names: Vec<&str> = tables.rows.iter().map(|table| table.name.as_str()).collect();
        assert!(names.contains(&"t0999") && names.is_sorted(), "{names:?}");
        let told = call(&app, "describe_state", json!({})).await.unwrap().structured["sources"].to_string();
        assert!(told.contains("500 of 1002 tables are listed, those with the most rows"), "{told}");
        let fields = async |table: &str| adapter.state().unwrap().table(table).await.unwrap().fields;
        assert_eq!(fields("t0998").await.len(), 1);
        assert_eq!(fields("wide").await.len(), 1_599);
        let worn: Vec<String> = fields("worn").await.into_iter().map(|field| field.name).collect();
        assert_eq!(worn, ["id", "kept"]);
    }
}
