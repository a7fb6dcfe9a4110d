//! A database alone, with and without `[app.*]`: what was not asked is never said to have been.

use crate::postgres::app;
use crate::rig::call;
use crate::server::v15;
use prodview_tools::{App, listed};
use serde_json::{Value, json};
use std::sync::Arc;

const SHOP: &str = "
create table users (id text primary key, email text not null, subscription text, account text, created_at timestamptz not null);
create table payments (id text primary key, user_id text not null, intent text, created_at timestamptz not null);
create table audit (id serial primary key, user_id text not null, action text not null, created_at timestamptz not null);
create table \"Order\" (id serial primary key, total int not null, \"createdAt\" timestamptz not null);
create table raw (id text primary key, payload jsonb not null, created_at timestamptz not null);
insert into users values ('u1', 'ada@acme.dev', 'sub_1Nabc2', 'acct_1Nabc2', now() - interval '90 days'),
  ('u2', 'bob@acme.dev', null, null, now() - interval '80 days');
insert into payments values ('p1', 'u1', 'pi_1Nabc2', now() - interval '2 days'), ('p2', 'u9', 'pi_1Ngone9', now() - interval '2 days');
insert into audit (user_id, action, created_at) select 'u1', 'opened page ' || n, now() - n * interval '10 minutes' from generate_series(1, 700) n;
insert into \"Order\" (total, \"createdAt\") select n, '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute' from generate_series(1, 40) n;
insert into raw select 'evt_1', jsonb_object_agg('field_' || n, jsonb_build_object('id', md5(n::text), 'text', repeat('word ', 8))), now()
  from generate_series(1, 400) n;
analyze;";

const MAPPED: &str = "
[app.users]
source = \"db\"
table = \"users\"
id = \"id\"
email = \"email\"
links = { stripe_subscription = \"subscription\", stripe_account = \"account\" }

[app.payments.own]
source = \"db\"
table = \"payments\"
id = \"id\"
user = \"user_id\"
payment = \"intent\"
at = \"created_at\"

[app.audit.own]
source = \"db\"
table = \"audit\"
user = \"user_id\"
action = \"action\"
at = \"created_at\"
";

async fn shop(more: &str) -> Arc<App> {
    app(&v15().documented(SHOP).await.0, more)
}

async fn asked(app: &Arc<App>, tool: &str, ask: Value) -> Value {
    call(app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}")).structured
}

fn first(answer: &Value) -> &str {
    answer["findings"][0]["what"].as_str().unwrap_or_else(|| panic!("{answer:#}"))
}

fn people(answer: &Value) -> Vec<&str> {
    answer["people"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_id_that_no_source_knows_people_by_finds_nobody_and_says_so() {
    let app = shop(MAPPED).await;
    for who in ["evt_1Nabc2", "re_1Nabc2", "cus_1Nabc2"] {
        for tool in ["find_user", "user_timeline"] {
            let answer = asked(&app, tool, json!({ "who": who })).await;
            let due =
                format!("nobody was looked for: no source here can be asked by an id such as {who}; Stripe");
            assert!(first(&answer).starts_with(&due), "{tool} {who}: {}", first(&answer));
            assert_eq!(people(&answer), Vec::<&str>::new());
        }
    }
    let customer = asked(&app, "find_user", json!({ "who": "cus_1Nabc2" })).await;
    assert!(first(&customer).contains("[app.users.links] with `stripe_customer`"), "{}", first(&customer));
}

#[tokio::test]
async fn without_tables_of_payments_a_payment_leads_to_nobody_and_that_is_an_answer() {
    let (users, _) = MAPPED.split_once("[app.payments.own]").unwrap();
    let app = shop(users).await;
    for tool in ["find_user", "user_timeline"] {
        let answer = asked(&app, tool, json!({ "who": "pi_1Nabc2" })).await;
        let due = "Stripe, or [app.payments.…] with `payment` and `user` could be, if configured";
        assert!(first(&answer).ends_with(due), "{tool}: {}", first(&answer));
    }
}

#[tokio::test]
async fn a_payment_leads_to_its_user_and_links_to_theirs() {
    let app = shop(MAPPED).await;
    for who in ["pi_1Nabc2", "sub_1Nabc2", "acct_1Nabc2", "ada@acme.dev", "u1"] {
        for tool in ["find_user", "user_timeline"] {
            let answer = asked(&app, tool, json!({ "who": who })).await;
            assert_eq!(people(&answer), ["u1"], "{tool} {who}: {answer:#}");
        }
    }
    let gone = asked(&app, "find_user", json!({ "who": "pi_1Ngone9" })).await;
    assert_eq!(first(&gone), "db does not know u9");
    let nobody = asked(&app, "find_user", json!({ "who": "pi_1Nobody2" })).await;
    assert_eq!(first(&nobody), "db does not know pi_1Nobody2");
}

#[tokio::test]
async fn a_tool_that_could_not_answer_is_not_listed_and_says_what_it_needs() {
    let bare = shop("").await;
    let names: Vec<String> = listed(&bare).iter().map(|e| e.name.to_string()).collect();
    assert_eq!(names, ["list_sources", "describe_state", "find_records", "query_state"]);
    let mapped = shop(MAPPED).await;
    assert!(listed(&mapped).iter().any(|e| e.name == "user_timeline"));
    let wants = |tool: &str| prodview_tools::known(&bare).iter().find(|e| e.name == tool).unwrap().wants();
    assert_eq!(wants("trace_payment"), "Stripe");
    assert_eq!(wants("find_user"), "Stripe, or Sentry, or Supabase, or [app.users] of a database");
    assert!(wants("user_timeline").ends_with("or another [app.…] table with its `user`"));
    let error = call(&bare, "user_timeline", json!({ "who": "ada@acme.dev" })).await.unwrap_err().to_string();
    assert!(error.contains("[app.…] tables would add"), "{error}");
}

#[tokio::test]
async fn no_record_is_said_of_what_was_asked_and_not_of_the_table() {
    let app = shop("").await;
    for (ask, due) in [
        (
            json!({ "table": "Order", "since": "2026-06-01" }),
            "Order in db has no record made since 2026-06-01T00:00:00Z",
        ),
        (json!({ "table": "Order", "cursor": "1234" }), "Order in db has no more records after this cursor"),
        (json!({ "table": "Order", "where": { "total": 99 } }), "Order in db has no record with that total"),
    ] {
        let answer = asked(&app, "find_records", ask.clone()).await;
        assert_eq!(first(&answer), due, "{ask}");
    }
    let odd = asked(&app, "find_records", json!({ "table": "Order", "where": { "total": "cus_1" } })).await;
    assert!(
        first(&odd).starts_with("Order in db was not looked through for that total: "),
        "{}",
        first(&odd)
    );
}

#[tokio::test]
async fn a_field_that_is_not_there_is_named_with_the_nearest() {
    let app = shop("").await;
    let ask = |fields: Value| json!({ "table": "users", "fields": fields });
    let error = call(&app, "find_records", ask(json!(["idd", "emial"]))).await.unwrap_err().to_string();
    assert!(error.contains("`idd` (did you mean `id`?), `emial` (did you mean `email`?)"), "{error}");
    let half = asked(&app, "find_records", ask(json!(["email", "emial"]))).await;
    assert_eq!(first(&half), "users has no field `emial` (did you mean `email`?)");
    assert_eq!(half["rows"][0]["fields"], json!({ "email": "bob@acme.dev" }));
}

#[tokio::test]
async fn one_big_row_is_shown_as_far_as_it_has_room() {
    let app = shop("").await;
    let by_id = json!({ "table": "raw", "where": { "id": "evt_1" }, "limit": 1 });
    let told = call(&app, "find_records", by_id).await.unwrap();
    let (structured, text) = (told.structured.to_string(), told.page.to_text());
    assert!(structured.len() < 9_000 && text.len() < 7_000, "{} {}", structured.len(), text.len());
    assert!(text.contains("field_1\":{"), "{text}");
    assert!(
        text.contains("Not shown: the ends of long values in payload; get it with fields=[\"payload\"]"),
        "{text}"
    );
    let more = json!({ "table": "raw", "fields": ["payload"] });
    let more = call(&app, "find_records", more).await.unwrap();
    assert!(more.structured.to_string().len() > structured.len());
    assert!(prodview_tools::size::estimate(&more.structured.to_string()) < 6_500);
    assert!(more.page.to_text().contains("query_state with a path"), "{}", more.page.to_text());
    let query = json!({ "query": "select payload from raw" });
    let query = call(&app, "query_state", query).await.unwrap();
    assert!(prodview_tools::size::estimate(&query.structured.to_string()) < 6_600);
    assert!(query.page.to_text().contains("field_1\":{"), "{}", query.page.to_text());
}

#[tokio::test]
async fn a_table_of_two_hundred_columns_has_a_small_default_answer() {
    let columns: Vec<String> = (0..200).map(|n| format!("column_{n} text default 'value {n}'")).collect();
    let sql = format!(
        "create table wide (id serial primary key, {}); insert into wide (column_7) select 'seven' from generate_series(1, 10); analyze;",
        columns.join(", ")
    );
    let app = app(&v15().documented(&sql).await.0, "");
    let told = call(&app, "find_records", json!({ "table": "wide" })).await.unwrap();
    let (structured, text) = (told.structured.to_string(), told.page.to_text());
    let tokens = |text: &str| tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len();
    assert!(
        tokens(&structured) <= 2_000 && tokens(&text) <= 2_000,
        "{} {}",
        tokens(&structured),
        tokens(&text)
    );
    assert_eq!(told.structured["rows"].as_array().unwrap().len(), 10);
    let cut = told.structured["cut"][0]["what"].as_str().unwrap();
    assert!(cut.contains(" of 201 fields: "), "{cut}");
    let chosen = json!({ "table": "wide", "fields": ["column_7", "column_150"] });
    let chosen = asked(&app, "find_records", chosen).await;
    assert_eq!(chosen["rows"][0]["fields"], json!({ "column_7": "seven", "column_150": "value 150" }));
}

#[tokio::test]
async fn a_timeline_says_what_of_a_table_was_not_read_and_how_far_it_looked() {
    let app = shop(MAPPED).await;
    let ask = json!({ "who": "u1", "limit": 50, "until": "2h" });
    let answer = asked(&app, "user_timeline", ask).await;
    let cut = answer["cut"].as_array().unwrap();
    assert!(cut[0]["what"].as_str().unwrap().ends_with("older lines of what was read"), "{cut:?}");
    let unread = cut
        .iter()
        .find(|c| c["what"].as_str().unwrap().starts_with("rows of audit in db older than "))
        .unwrap();
    assert!(unread["how"].as_str().unwrap().starts_with("until=20"), "{unread}");
    let to = answer["sources"][0]["window"][1].as_str().unwrap();
    let newest = answer["lines"][0]["at"].as_str().unwrap();
    let (to, newest): (jiff::Timestamp, jiff::Timestamp) = (to.parse().unwrap(), newest.parse().unwrap());
    assert!(to < jiff::Timestamp::now() - jiff::SignedDuration::from_mins(110), "{to}");
    assert!(newest <= to && (to - newest).get_seconds() < 1_000, "{newest} {to}");
    // The last page says it as well.
    let mut ask = json!({ "who": "u1", "limit": 50, "until": "2h" });
    let mut page = answer;
    while let Some(cursor) = page["cut"].as_array().into_iter().flatten().find_map(|c| c.get("cursor")) {
        ask["cursor"] = cursor.clone();
        page = asked(&app, "user_timeline", ask.clone()).await;
    }
    assert!(
        page["cut"][0]["what"].as_str().unwrap().starts_with("rows of audit in db older than "),
        "{page:#}"
    );
}

#[tokio::test]
async fn what_policies_may_hide_is_not_said_not_to_be_there() {
    let hidden = format!(
        "{SHOP} alter table users enable row level security; create policy own on users for select using (id = 'u2');
        alter table \"Order\" enable row level security;"
    );
    let app = app(&v15().documented(&hidden).await.0, MAPPED);
    let sight = ", as far as its role may see (policies on rows hide others from it)";
    let person = asked(&app, "find_user", json!({ "who": "ada@acme.dev" })).await;
    assert_eq!(first(&person), format!("db does not know ada@acme.dev{sight}"));
    let timeline = asked(&app, "user_timeline", json!({ "who": "eve@acme.dev" })).await;
    assert_eq!(first(&timeline), format!("nobody is known by eve@acme.dev; looked in db{sight}"));
    let orders = asked(&app, "find_records", json!({ "table": "Order" })).await;
    assert_eq!(first(&orders), format!("Order in db has no record{sight}"));
}

#[tokio::test]
async fn a_database_that_has_gone_is_told_as_gone() {
    let (url, name) = v15().documented(SHOP).await;
    let app = app(&url, "");
    let before = asked(&app, "list_sources", json!({})).await;
    assert!(before.get("findings").is_none() && before["sources"][0]["status"] == "ok", "{before:#}");
    let admin = v15().admin("postgres").await;
    let stop = format!(
        "alter database {name} allow_connections false; select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
    );
    admin.batch_execute(&stop).await.unwrap();
    let after = asked(&app, "list_sources", json!({})).await;
    assert!(first(&after).starts_with("db does not answer now ("), "{after:#}");
    assert!(first(&after).ends_with("is remembered from before"), "{after:#}");
    assert_ne!(after["sources"][0]["status"], "ok");
}

#[tokio::test]
async fn keys_and_references_of_a_table_are_told_in_the_text() {
    let sql = "create table users (id bigint primary key); create table notes (id bigint primary key, who bigint references users (id)); analyze;";
    let app = app(&v15().documented(sql).await.0, "");
    let text = call(&app, "describe_state", json!({ "table": "notes" })).await.unwrap().page.to_text();
    assert!(text.contains("- id: bigint, primary key"), "{text}");
    assert!(text.contains("- who: bigint, optional, references users (id)"), "{text}");
}
