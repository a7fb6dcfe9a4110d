//! Mapped tables that are not as tidy as the demo's: keys of a strange shape, views, and more rows than are read.

use super::super::app;
use crate::rig::call;
use crate::server::v15;
use serde_json::{Value, json};

const ID: &str = "j57a3kq9m2v8x4b6n1c0d5f7g2h4t6p8";

const TABLES: &str = "
create table users (id text primary key, email text not null, created_at timestamptz not null);
create table failures (id bigint primary key, message text, created_at timestamptz not null);
insert into failures select n, (array['mailer down', 'no pass', 'disk full'])[1 + n % 3], now() - n * interval '4 seconds'
  from generate_series(1, 20000) n;
insert into failures values (0, 'seen once', now() - interval '23 hours');
create view paid as select 'pi_3NabcDEF2345'::text as pi, 'cs_live_1NabcDEF2345'::text as cs, '€ 180.00'::text as amount,
  date_trunc('day', now()) as created_at;
analyze;";

const MAPPED: &str = "
[app.users]
source = \"db\"
table = \"users\"
id = \"id\"
email = \"email\"
[app.errors.internal]
source = \"db\"
table = \"failures\"
message = \"message\"
at = \"created_at\"
";

async fn told(tool: &str, ask: Value) -> (Value, String) {
    let user = format!("insert into users values ('{ID}', 'alice@acme.dev', now() - interval '9 days');");
    let (url, _) = v15().documented(&format!("{TABLES}{user}")).await;
    let told = call(&app(&url, MAPPED), tool, ask).await.unwrap();
    (told.structured, told.page.to_text())
}

#[tokio::test]
async fn a_key_that_looks_like_one_of_convex_is_looked_up() {
    let (answer, text) = told("find_user", json!({ "who": ID })).await;
    assert_eq!(answer["people"][0]["id"], ID, "{text}");
}

#[tokio::test]
async fn of_more_errors_than_are_read_the_numbers_are_the_least() {
    let (answer, text) = told("list_errors", json!({ "since": "24h" })).await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.iter().map(|e| e["count"].as_u64().unwrap()).sum::<u64>(), 3_000, "{text}");
    assert!(errors.iter().all(|e| e["at_least"] == true), "{text}");
    assert!(text.contains("at least 3000 occurrences of at least 3 kinds of error"), "{text}");
    assert!(text.contains("only the newest 3000 errors of `failures` were counted, back to 20"), "{text}");
    let (answer, text) = told("get_error", json!({ "id": "2" })).await;
    assert_eq!(
        (&answer["error"]["count"], &answer["error"]["at_least"]),
        (&json!(1_000), &json!(true)),
        "{text}"
    );
    assert!(text.contains("! 2 happened at least 1000 times, first seen 20"), "{text}");
    assert!(text.contains(" or before") && text.contains("newest 3000 errors of `failures`"), "{text}");
}

#[tokio::test]
async fn a_view_has_one_row_for_one_payment_and_its_amount_is_told_as_unread() {
    use prodview_providers::app_tables::payments_by_ids;
    use std::collections::{BTreeMap, BTreeSet};
    let (url, _) = v15().documented(TABLES).await;
    let paid = "[app.payments.p]\nsource = \"db\"\ntable = \"paid\"\npayment = \"pi\"\ncheckout = \"cs\"\namount = \"amount\"\n";
    let app = app(&url, paid);
    let one = |id: &str| BTreeSet::from([id.to_owned()]);
    let ids =
        BTreeMap::from([("payment", one("pi_3NabcDEF2345")), ("checkout", one("cs_live_1NabcDEF2345"))]);
    let state = app.sources.state();
    let found = payments_by_ids(state[0].can, &app.sources.app().tables[0], &ids).await.unwrap();
    assert_eq!(found.rows.len(), 1, "{found:?}");
    assert_eq!(found.rows[0].unread[0].held.as_str(), "€ 180.00");
    assert!(found.notes.iter().any(|note| note.starts_with("1 row of [app.payments.p] holds")), "{found:?}");
}
