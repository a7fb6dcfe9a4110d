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
