//! What the tools answer over SQL.

use super::app;
use crate::rig::call;
use crate::server::{v15, v18};
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
        assert_eq!(field("status")["type"], "order_status");
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
        let error = call(&app, "find_records", json!({ "table": "orders" })).await.unwrap_err().to_string();
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
