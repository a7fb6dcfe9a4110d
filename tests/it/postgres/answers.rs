//! What the tools answer over SQL.

use super::app;
use crate::rig::call;
use crate::server::{v15, v18};
use prodview_providers::Moment;
use prodview_providers::capability::RowsAsk;
use serde_json::{Value, json};

const SHOP: &str = "
create type order_status as enum ('paid', 'open');
create table \"Order\" (id serial primary key, \"userId\" uuid not null, status order_status not null, total numeric(20, 2) not null,
  meta jsonb, \"createdAt\" timestamp(3) not null default now());
create table users (id uuid primary key default gen_random_uuid(), email text not null unique, name text, stripe_customer_id text, created_at timestamptz not null);
alter table \"Order\" add foreign key (\"userId\") references users (id);
insert into users (id, email, name, stripe_customer_id, created_at)
  select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'u' || n || '@acme.dev', 'Åsa ' || n, 'cus_' || n, '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 hour'
  from generate_series(1, 300) n;
insert into \"Order\" (\"userId\", status, total, meta, \"createdAt\")
  select ('00000000-0000-0000-0000-' || lpad((n % 300 + 1)::text, 12, '0'))::uuid, case when n % 2 = 0 then 'paid' else 'open' end::order_status,
  12345678901234567.89 + n, json_build_object('order', json_build_object('id', 'o' || n)), '2026-02-01T00:00:00'::timestamp + n * interval '1 minute'
  from generate_series(1, 2000) n;
analyze;";

#[tokio::test]
async fn a_database_is_described_and_its_rows_are_found() {
    for server in [v15(), v18()] {
        let (url, _) = server.documented(SHOP).await;
        let app = app(&url, "");
        let tables = call(&app, "describe_state", json!({})).await.unwrap().structured;
        assert_eq!(
            tables["tables"],
            json!([{ "name": "Order", "rows": 2000 }, { "name": "users", "rows": 300 }])
        );
        let order = call(&app, "describe_state", json!({ "table": "Order" })).await.unwrap().structured;
        let field = |name: &str| {
            order["tables"][0]["fields"]
                .as_array()
                .unwrap()
                .iter()
                .find(|f| f["name"] == name)
                .cloned()
                .unwrap()
        };
        assert_eq!(field("userId")["key"], "references users (id)");
        assert_eq!(field("id")["key"], "primary key");
        assert_eq!(field("status")["type"], "order_status (paid, open)");
        let found =
            call(&app, "find_records", json!({ "table": "Order", "limit": 2 })).await.unwrap().structured;
        assert_eq!(found["rows"][0]["id"], "2000");
        assert_eq!(found["rows"][0]["created"], "2026-02-02T09:20:00Z");
        assert_eq!(found["rows"][0]["fields"]["total"], "12345678901236567.89", "no digit is lost");
        let next = found["cut"][0]["cursor"].as_str().unwrap();
        let more = json!({ "table": "Order", "limit": 2, "cursor": next });
        let more = call(&app, "find_records", more).await.unwrap().structured;
        assert_eq!(more["rows"][0]["id"], "1998");
        let by = |fields: Value| json!({ "table": "Order", "where": fields });
        for (fields, rows) in [
            (json!({ "meta.order.id": "o7" }), 1),
            (json!({ "status": "paid", "userId": "00000000-0000-0000-0000-000000000003" }), 7),
            (json!({ "userId": "cus_1" }), 0),
            (json!({ "id": 7 }), 1),
            (json!({ "_id": "7" }), 1),
            (json!({ "meta": null }), 0),
        ] {
            let found = call(&app, "find_records", by(fields.clone())).await.unwrap().structured;
            assert_eq!(found["rows"].as_array().unwrap().len(), rows, "{fields}");
        }
        let error = call(&app, "find_records", by(json!({ "colour": "red" }))).await.unwrap_err().to_string();
        assert!(error.contains("no field of that name") && error.contains("userId"), "{error}");
        for tool in ["find_records", "describe_state"] {
            let error = call(&app, tool, json!({ "table": "orders" })).await.unwrap_err().to_string();
            assert!(error.contains("no such table `orders`; did you mean `Order`?"), "{error}");
        }
        let error = call(&app, "find_records", json!({ "table": "parcels" })).await.unwrap_err().to_string();
        assert!(error.contains("no such table"), "{error}");
    }
}

#[tokio::test]
async fn a_query_is_answered_page_by_page_with_parameters() {
    let (url, _) = v15().documented(SHOP).await;
    let app = app(&url, "");
    let ask = json!({ "query": "select u.email, count(*) as orders, sum(o.total) as total, count(*) from users u join \"Order\" o on o.\"userId\" = u.id \
        where u.email like $who group by 1 order by 1", "params": { "who": "u1%" }, "limit": 3 });
    let page = call(&app, "query_state", ask.clone()).await.unwrap().structured;
    assert_eq!(
        page["rows"][0],
        json!({ "email": "u100@acme.dev", "orders": 7, "total": "86419752308648968.23", "count": 7 })
    );
    assert_eq!(page["rows"].as_array().unwrap().len(), 3);
    let mut ask = ask;
    ask["cursor"] = page["cut"][0]["cursor"].clone();
    let next = call(&app, "query_state", ask).await.unwrap().structured;
    assert_eq!(next["rows"][0]["email"], "u103@acme.dev");
    for (query, says) in [
        ("delete from users", "delete"),
        ("select * from users; select 1", "one statement"),
        ("select pg_sleep(1)", "pg_sleep"),
        ("select emial from users", "no column `emial`"),
        ("select * from userz", "no table `userz`"),
        ("select 'x'::int", "does not fit its type"),
        ("select * from users where email = $1", "$1"),
    ] {
        let error = call(&app, "query_state", json!({ "query": query })).await.unwrap_err().to_string();
        assert!(error.to_lowercase().contains(says), "{query}: {error}");
    }
    let plan = call(&app, "query_state", json!({ "query": "explain select * from users where email = 'x'" }))
        .await
        .unwrap();
    assert!(
        plan.structured["rows"][0]["plan"].as_str().unwrap().contains("Scan on users"),
        "{}",
        plan.structured
    );
}

/// A table whose times have names of their own and are kept in every way, and values that are easily missed.
const KEPT: &str = "
create type pay_status as enum ('PAID', 'OPEN', 'VOID');
create domain stamp as timestamp; create domain ref as uuid;
create table pay (id int primary key, paid_on timestamptz, stamped stamp, day date, s bigint, ms numeric, iso text, ref ref,
  active boolean, status pay_status, \"totalCents\" integer, data jsonb, old json);
insert into pay select n, t, t at time zone 'UTC', t::date, extract(epoch from t), extract(epoch from t) * 1000,
    case when n = 3 then '2026-02-31T00:00:00Z' when n = 2 then '2026-01-02' when n = 1 then 'soon' else to_char(t at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') end,
    ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, n = 3, case when n < 4 then 'PAID' else 'OPEN' end::pay_status, n * 10,
    '{\"price\": 1.10, \"ok\": true, \"said\": \"true\"}', '{\"price\": 1.10}'
  from (select n, '2026-01-01T12:00:00Z'::timestamptz + (n - 1) * interval '1 day' as t from generate_series(1, 10) n) as days;
create table odd (a int, b int, at timestamp, primary key (a) include (b));
insert into odd values (1, 7, 'infinity'), (2, 8, '0044-03-15 00:00:00 BC'), (3, 9, '2026-01-01');
create table pairs (tenant text, n int, email text, primary key (tenant, n));
create index by_lower on pairs (lower(email), n); insert into pairs values ('a', 1, 'x'), ('a', 2, 'y');
analyze;";

#[tokio::test]
async fn a_time_is_asked_by_however_it_is_kept() {
    for server in [v15(), v18()] {
        let (url, _) = server.documented(KEPT).await;
        let app = app(&url, "");
        let state = app.sources.named("db").unwrap().adapter().state().unwrap();
        let moment = |text: &str| Moment::parse(text);
        let ask = |at: &str, since: Option<&str>, until: Option<&str>| RowsAsk {
            table: "pay".to_owned(),
            since: since.and_then(moment),
            until: until.and_then(moment),
            at: Some(at.to_owned()),
            limit: 20,
            ..RowsAsk::default()
        };
        for at in ["paid_on", "stamped", "day", "s", "ms", "iso"] {
            let window = ask(at, Some("2026-01-06T12:00:00Z"), Some("2026-01-09T12:00:00Z"));
            let found = state.rows(&window).await.unwrap_or_else(|e| panic!("{at}: {e} {}", e.cause()));
            let ids: Vec<&str> = found.rows.iter().map(|row| row.id.as_str()).collect();
            assert_eq!(ids, ["9", "8", "7", "6"], "{at}");
            let noon = if at == "day" { "2026-01-09T00:00:00Z" } else { "2026-01-09T12:00:00Z" };
            assert_eq!(found.rows[0].created.unwrap().to_string(), noon, "{at}");
            assert_eq!(found.window.unwrap().1.to_string(), "2026-01-09T12:00:00Z");
        }
        let texts = state.rows(&ask("iso", Some("2025-01-01T00:00:00Z"), None)).await.unwrap();
        let ids: Vec<&str> = texts.rows.iter().map(|row| row.id.as_str()).collect();
        // The 31st of February is told as the 3rd of March, and what is no time is left out.
        assert_eq!(ids, ["3", "10", "9", "8", "7", "6", "5", "4", "2"]);
        assert!(
            texts.notes.iter().any(|note| note.contains("no ISO time are left out")),
            "{:?}",
            texts.notes
        );
        for (at, says) in [
            ("gone", "pay has no field `gone`"),
            ("active", "`active` of pay is boolean, which tells no time"),
        ] {
            let error =
                state.rows(&ask(at, Some("2026-01-06T12:00:00Z"), None)).await.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(state.rows(&ask("active", None, None)).await.unwrap().rows.len(), 10);
        let since = json!({ "table": "pay", "since": "7d" });
        let error = call(&app, "find_records", since).await.unwrap_err().to_string();
        assert!(error.contains("its times are paid_on, stamped, day"), "{error}");
        let rows =
            call(&app, "find_records", json!({ "table": "pay", "limit": 1 })).await.unwrap().structured;
        assert!(rows["rows"][0]["fields"]["stamped"].as_str().unwrap().ends_with('Z'), "{rows}");
    }
}

#[tokio::test]
async fn a_value_equals_what_it_means_and_one_that_is_none_is_named() {
    let (url, _) = v15().documented(KEPT).await;
    let app = app(&url, "");
    let ask = async |fields: Value| {
        call(&app, "find_records", json!({ "table": "pay", "where": fields }))
            .await
            .map(|told| told.structured)
    };
    for (fields, rows) in [
        (json!({ "totalCents": 10.0 }), 1),
        (json!({ "totalCents": "10" }), 1),
        (json!({ "data.price": 1.1 }), 10),
        (json!({ "old.price": 1.1 }), 10),
        (json!({ "data.price": "1.10" }), 10),
        (json!({ "data.price": 1.2 }), 0),
        (json!({ "data.ok": true }), 10),
        (json!({ "data.said": true }), 0),
        (json!({ "data.said": "true" }), 10),
        (json!({ "data.none": null }), 10),
        (json!({ "active": true }), 1),
        (json!({ "active": "false" }), 9),
        (json!({ "status": "PAID" }), 3),
        (json!({ "ref": "00000000-0000-0000-0000-000000000003" }), 1),
    ] {
        let found = ask(fields.clone()).await.unwrap();
        assert_eq!(found["rows"].as_array().unwrap().len(), rows, "{fields}");
    }
    for (fields, says) in [
        (json!({ "ref": "cus_1" }), "`ref` of pay is ref: "),
        (json!({ "totalCents": 10.5 }), "`totalCents` of pay is integer: "),
    ] {
        let found = ask(fields).await.unwrap();
        assert!(found["sources"][0]["notes"].to_string().contains(says), "{}", found["sources"]);
    }
    for (fields, says) in [
        (json!({ "active": "y" }), "`active` of pay is boolean: it takes true or false"),
        (
            json!({ "status": "paid" }),
            "`status` of pay is pay_status (PAID, OPEN, VOID): it takes one of its labels",
        ),
        (json!({ "day": "soon" }), "`day` of pay is date"),
    ] {
        let error = ask(fields).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    for (query, says) in [
        ("select count(*) from pay where status = 'paid'", "does not fit its type `paid`"),
        ("select 1 / (id - id) from pay", "divides by zero"),
        ("select '2026-02-30'::date", "no such day"),
        ("select 'soon'::date", "no date or time"),
        ("select 3000000000::int", "too large for its type"),
    ] {
        let error = call(&app, "query_state", json!({ "query": query })).await.unwrap_err().to_string();
        assert!(error.contains(says), "{query}: {error}");
    }
}

#[tokio::test]
async fn keys_times_and_indexes_are_told_as_they_are() {
    for server in [v15(), v18()] {
        let (url, _) = server.documented(KEPT).await;
        let app = app(&url, "");
        let odd = call(&app, "find_records", json!({ "table": "odd" })).await.unwrap().structured;
        let rows = odd["rows"].as_array().unwrap();
        let told: Vec<(&str, &str)> = rows
            .iter()
            .map(|row| (row["id"].as_str().unwrap(), row["fields"]["at"].as_str().unwrap()))
            .collect();
        assert_eq!(
            told,
            [("1", "infinity"), ("3", "2026-01-01T00:00:00Z"), ("2", "0044-03-15T00:00:00 BC")],
            "the columns that an index only carries are no key"
        );
        let pairs = call(&app, "find_records", json!({ "table": "pairs" })).await.unwrap().structured;
        assert_eq!(pairs["rows"][0]["id"], "a,2");
        assert!(pairs["sources"][0]["notes"].to_string().contains("in order by tenant, n, which"), "{pairs}");
        let described = call(&app, "describe_state", json!({ "table": "pairs" })).await.unwrap().structured;
        assert_eq!(
            described["tables"][0]["indexes"],
            json!(["pairs_pkey (tenant, n), primary", "by_lower (an expression, n)"])
        );
        let described = call(&app, "describe_state", json!({ "table": "odd" })).await.unwrap().structured;
        assert_eq!(described["tables"][0]["indexes"], json!(["odd_pkey (a), primary, with b"]));
    }
}
