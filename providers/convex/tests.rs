//! The adapter, asked over a real wire.

mod back_end;

use super::*;
use crate::app::{AppTable, AppUsers};
use crate::capability::{ErrorSort, Power, QueryAsk, RowsAsk};
use crate::words::Row;
use crate::{Found, HandleKind, Moment, Stopped};
use back_end::{BackEnd, served};
use prodview_guard::FailureKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn settings(url: &str, prefix: &str) -> Settings {
    let errors = AppTable {
        part: Part::Errors,
        name: "internal".to_owned(),
        source: "convex".to_owned(),
        table: "users".to_owned(),
        fields: [("user", "email"), ("message", "status")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        metadata: Vec::new(),
    };
    let users = AppUsers {
        source: "convex".to_owned(),
        table: "users".to_owned(),
        id: "_id".to_owned(),
        email: "email".to_owned(),
        links: BTreeMap::from([("stripe_customer".to_owned(), "stripeCustomerId".to_owned())]),
        query: None,
    };
    let deploy_key = Secret::new(format!("{prefix}eyJ2MiI6ImZha2VmYWtlZmFrZSJ9"));
    let app = Arc::new(App { users: Some(users), tables: vec![errors] });
    Settings { url: url.to_owned(), deploy_key, app }
}

const BEGAN_MS: u64 = 1_763_600_000_000;

fn id(n: usize) -> String {
    format!("j57{n:029}")
}

/// `count` users, one a second, of whom every tenth is locked.
fn users(count: usize) -> Vec<Value> {
    let user = |n: usize| {
        json!({ "_id": id(n), "_creationTime": (BEGAN_MS + n as u64 * 1_000) as f64 + 0.25, "email": format!("u{n}@acme.dev"),
                "status": if n.is_multiple_of(10) { "locked" } else { "active" }, "stripeCustomerId": format!("cus_{n}") })
    };
    (0..count).map(user).collect()
}

fn ask(fields: Value, limit: usize) -> RowsAsk {
    RowsAsk {
        table: "users".to_owned(),
        fields: fields.as_object().unwrap().clone(),
        limit,
        ..RowsAsk::default()
    }
}

fn emails(found: &Found<Row>) -> Vec<&str> {
    found.rows.iter().map(|row| row.fields.as_value()["email"].as_str().unwrap()).collect()
}

#[test]
fn only_a_deployment_and_its_own_key_are_taken() {
    let common = Common::default();
    let refused = |url: &str, prefix: &str| connect("convex", settings(url, prefix), &common).err();
    assert!(refused("https://happy-otter-123.convex.cloud", "prod:happy-otter-123|").is_none());
    assert!(refused("https://happy-otter-123.convex.site", "prod:happy-otter-123|").is_some());
    assert!(refused("https://happy-otter-123.convex.site.", "prod:happy-otter-123|").is_some());
    assert!(refused("https://happy-otter-123.convex.cloud", "project:acme:shop|").is_some());
    assert!(refused("http://happy-otter-123.convex.cloud", "prod:happy-otter-123|").is_some());
    let convex =
        connect("convex", settings("https://happy-otter-123.convex.cloud", "prod:x|"), &common).unwrap();
    assert_eq!(
        convex.table_page("users").unwrap(),
        "https://dashboard.convex.dev/d/happy-otter-123/data?table=users"
    );
    assert_eq!(convex.target(), "happy-otter-123.convex.cloud");
    assert!(convex.users().is_some() && Adapter::errors(&convex).is_some() && convex.payments().is_none());
}

#[test]
fn mappings_of_other_sources_are_not_its_own() {
    let settings = settings("https://happy-otter-123.convex.cloud", "prod:x|");
    let convex = connect("convex-eu", settings, &Common::default()).unwrap();
    assert!(convex.users().is_none() && Adapter::errors(&convex).is_none() && convex.state().is_some());
}

#[tokio::test]
async fn rows_come_newest_first_and_a_cursor_goes_on() {
    let (convex, _) = served(BackEnd { docs: users(7), ..BackEnd::default() }).await;
    let first = convex.rows(&ask(json!({}), 3)).await.unwrap();
    assert_eq!(emails(&first), ["u6@acme.dev", "u5@acme.dev", "u4@acme.dev"]);
    assert_eq!(first.rows[0].id, id(6));
    assert_eq!(first.rows[0].created.unwrap().to_string(), "2025-11-20T00:53:26Z");
    assert!(first.rows[0].fields.as_value().get("_id").is_none());
    let next = convex.rows(&RowsAsk { cursor: first.more, ..ask(json!({}), 10) }).await.unwrap();
    assert_eq!(emails(&next).len(), 4);
    assert!(next.is_whole());
    let odd = convex.rows(&RowsAsk { cursor: Some("nonsense".to_owned()), ..ask(json!({}), 10) }).await;
    assert_eq!(odd.unwrap_err().kind, FailureKind::Invalid);
}

#[tokio::test]
async fn a_window_ends_where_rows_are_older() {
    let (convex, back_end) = served(BackEnd { docs: users(5_000), ..BackEnd::default() }).await;
    let since = Moment::from_epoch_ms((BEGAN_MS + 4_990 * 1_000) as f64);
    let found = convex.rows(&RowsAsk { since, ..ask(json!({}), 100) }).await.unwrap();
    assert_eq!(found.rows.len(), 10);
    assert!(found.is_whole() && found.window.is_some());
    assert_eq!(back_end.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_window_that_lies_back_is_gone_to_and_read_from_its_end() {
    let at = |n: usize| Moment::from_epoch_ms((BEGAN_MS + n as u64 * 1_000 + 500) as f64);
    for old in [false, true] {
        let (convex, _) = served(BackEnd { docs: users(60), old, ..BackEnd::default() }).await;
        let asked = RowsAsk { since: at(9), until: at(13), ..ask(json!({}), 3) };
        let found = convex.rows(&asked).await.unwrap();
        assert_eq!(emails(&found), ["u13@acme.dev", "u12@acme.dev", "u11@acme.dev"], "older: {old}");
        assert_eq!(found.window, at(9).zip(at(13)));
        let rest = convex.rows(&RowsAsk { cursor: found.more, ..asked.clone() }).await.unwrap();
        assert_eq!(emails(&rest), ["u10@acme.dev"]);
        let locked = RowsAsk { until: at(25), ..ask(json!({ "status": "locked" }), 2) };
        assert_eq!(emails(&convex.rows(&locked).await.unwrap()), ["u20@acme.dev", "u10@acme.dev"]);
        let by_id = RowsAsk { until: at(2), ..ask(json!({ "_id": id(3) }), 2) };
        assert!(convex.rows(&by_id).await.unwrap().rows.is_empty());
    }
}

#[tokio::test]
async fn the_server_filters_where_it_can() {
    let (convex, back_end) = served(BackEnd { docs: users(50), ..BackEnd::default() }).await;
    let found = convex.rows(&ask(json!({ "status": "locked" }), 20)).await.unwrap();
    assert_eq!(
        emails(&found),
        ["u40@acme.dev", "u30@acme.dev", "u20@acme.dev", "u10@acme.dev", "u0@acme.dev"]
    );
    assert!(found.is_whole() && found.of == Some(5) && found.notes.is_empty());
    assert_eq!(
        *back_end.asked.lock().unwrap(),
        ["_system/frontend/getSchemas", "_system/frontend/paginatedTableDocuments"]
    );
}

#[tokio::test]
async fn an_older_back_end_is_read_and_compared_with_the_same_result() {
    let (convex, _) = served(BackEnd { docs: users(50), old: true, ..BackEnd::default() }).await;
    let first = convex.rows(&ask(json!({ "status": "locked" }), 2)).await.unwrap();
    assert_eq!(emails(&first), ["u40@acme.dev", "u30@acme.dev"]);
    assert_eq!(first.notes.len(), 1);
    let next =
        convex.rows(&RowsAsk { cursor: first.more, ..ask(json!({ "status": "locked" }), 9) }).await.unwrap();
    assert_eq!(emails(&next), ["u20@acme.dev", "u10@acme.dev", "u0@acme.dev"]);
    assert!(next.is_whole());
}

#[tokio::test]
async fn the_bound_is_kept_and_told() {
    let (convex, back_end) =
        served(BackEnd { docs: users(200), old: true, page: 10, ..BackEnd::default() }).await;
    let found = convex.rows(&ask(json!({ "email": "u3@acme.dev" }), 5)).await.unwrap();
    assert!(found.rows.is_empty() && found.of.is_none());
    assert!(
        matches!(&found.stopped, Some(Stopped::Bound(why)) if why == "looked at the newest 100 rows of `users`")
    );
    let pages = back_end.asked.lock().unwrap().iter().filter(|path| *path == "_system/cli/tableData").count();
    assert_eq!(pages, 10);
    let next = convex
        .rows(&RowsAsk { cursor: found.more, ..ask(json!({ "email": "u3@acme.dev" }), 5) })
        .await
        .unwrap();
    assert_eq!(emails(&next), ["u3@acme.dev"]);
}

#[tokio::test]
async fn a_later_page_that_fails_keeps_the_earlier_rows() {
    let (convex, _) =
        served(BackEnd { docs: users(50), page: 10, fails_at: Some(20), ..BackEnd::default() }).await;
    let found = convex.rows(&ask(json!({}), 40)).await.unwrap();
    assert_eq!(found.rows.len(), 20);
    assert!(matches!(&found.stopped, Some(Stopped::Failed(failure)) if failure.kind == FailureKind::Invalid));
}

#[tokio::test]
async fn rows_that_an_index_gives_out_of_order_are_put_in_order() {
    let schema = json!({ "tables": [{ "tableName": "users",
        "indexes": [{ "indexDescriptor": "by_status_email", "fields": ["status", "email"] }] }] });
    let back_end = BackEnd { docs: users(60), schema: Some(schema.to_string()), ..BackEnd::default() };
    let (convex, _) = served(back_end).await;
    let found = convex.rows(&ask(json!({ "status": "locked" }), 2)).await.unwrap();
    assert_eq!(emails(&found), ["u50@acme.dev", "u40@acme.dev"]);
    assert_eq!((found.of, found.more.as_deref()), (Some(6), None));
    assert!(matches!(&found.stopped, Some(Stopped::Bound(why)) if why == "the newest of 6 rows that fit"));
}

#[tokio::test]
async fn a_row_is_found_by_its_id_in_its_own_table() {
    let (convex, back_end) = served(BackEnd { docs: users(5), ..BackEnd::default() }).await;
    let found = convex.rows(&ask(json!({ "_id": id(3) }), 5)).await.unwrap();
    assert_eq!(emails(&found), ["u3@acme.dev"]);
    assert_eq!(back_end.asked.lock().unwrap().len(), 1);
    assert!(convex.rows(&ask(json!({ "_id": id(77) }), 5)).await.unwrap().rows.is_empty());
    assert!(convex.rows(&ask(json!({ "_id": "auth0|x" }), 5)).await.unwrap().rows.is_empty());
    assert!(convex.rows(&ask(json!({ "_id": id(3), "status": "locked" }), 5)).await.unwrap().rows.is_empty());
    let anywhere = RowsAsk { table: String::new(), ..ask(json!({ "_id": id(3) }), 5) };
    assert_eq!(emails(&convex.rows(&anywhere).await.unwrap()), ["u3@acme.dev"]);
}

#[tokio::test]
async fn an_older_back_end_finds_it_too_and_says_what_it_does_not_know() {
    let (convex, _) = served(BackEnd { docs: users(5), old: true, ..BackEnd::default() }).await;
    let found = convex.rows(&ask(json!({ "_id": id(3) }), 5)).await.unwrap();
    assert_eq!((found.rows.len(), found.notes.len()), (1, 1));
}

#[tokio::test]
async fn no_such_table_is_not_the_same_as_no_such_row() {
    let (convex, _) = served(BackEnd { docs: users(5), ..BackEnd::default() }).await;
    let nobody = convex.rows(&ask(json!({ "status": "flying" }), 5)).await.unwrap();
    assert!(nobody.rows.is_empty() && nobody.is_whole());
    let by_id = RowsAsk { table: "user".to_owned(), ..ask(json!({ "_id": id(3) }), 5) };
    assert!(convex.rows(&by_id).await.unwrap_err().is_not_found(), "by an id, too");
    for table in ["user", "_index", "users; drop", ""] {
        let asked = RowsAsk { table: table.to_owned(), ..ask(json!({ "status": "x" }), 5) };
        assert!(convex.rows(&asked).await.unwrap_err().is_not_found(), "{table}");
    }
    assert!(convex.table("user").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_table_without_a_declaration_is_told_from_its_rows() {
    let (convex, _) = served(BackEnd { docs: users(1), ..BackEnd::default() }).await;
    assert_eq!(convex.table("users").await.unwrap().fields[0].looks_like.as_deref(), Some("email"));
    let names: Vec<String> =
        convex.tables().await.unwrap().rows.into_iter().map(|table| table.name).collect();
    assert_eq!(names, ["users", "_storage", "_scheduled_functions"]);
    assert!(!convex.table("_storage").await.unwrap().fields.is_empty());
}

fn named(query: &str) -> QueryAsk {
    QueryAsk { text: query.to_owned(), limit: 10, ..QueryAsk::default() }
}

#[tokio::test]
async fn a_query_of_the_apps_own_answers_rows_or_fails_in_our_words() {
    let (convex, _) = served(BackEnd { docs: users(1), ..BackEnd::default() }).await;
    let found = convex.query(&named("users:byEmail")).await.unwrap();
    assert_eq!(emails(&found), ["u0@acme.dev"]);
    let boom = convex.query(&named("users:boom")).await.unwrap_err();
    assert!(!boom.to_string().contains("eve") && !boom.cause().contains("eve"));
    assert!(convex.query(&named("users:none")).await.unwrap_err().is_not_found());
    let refused = convex.query(&named("_system/cli/tables")).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
}

#[tokio::test]
async fn it_works_and_says_as_whom() {
    let (convex, _) = served(BackEnd::default()).await;
    let checks = Health::health(&convex).await.unwrap().rows;
    assert!(checks.len() == 2 && checks.iter().all(|check| check.ok), "{checks:?}");
    assert_eq!(convex.identity().await.unwrap().power, Power::ReadOnly);
    let (old, _) = served(BackEnd { old: true, ..BackEnd::default() }).await;
    assert_eq!(Health::health(&old).await.unwrap().rows.len(), 1);
    assert_eq!(old.identity().await.unwrap().power, Power::Unknown);
}

#[tokio::test]
async fn a_key_without_the_environment_is_a_note_and_no_failure() {
    let (convex, _) = served(BackEnd::default()).await;
    let found = SettingsCapability::settings(&convex).await.unwrap();
    assert!(found.rows.is_empty() && found.stopped.is_none());
    assert_eq!(found.notes, ["the deploy key may not see the names of environment variables"]);
}

#[tokio::test]
async fn a_user_is_found_by_address_id_and_link() {
    let (convex, _) = served(BackEnd { docs: users(20), ..BackEnd::default() }).await;
    let by = |kind: HandleKind, id: &str| Handle { provider: None, kind, id: id.to_owned() };
    for who in [
        by(HandleKind::Email, "u10@acme.dev"),
        by(HandleKind::Email, "U10@Acme.dev"),
        by(HandleKind::Row, &id(10)),
        by(HandleKind::Customer, "cus_10"),
        by(HandleKind::Opaque, "cus_10"),
    ] {
        let found = convex.people(&who).await.unwrap();
        assert_eq!(found.rows.len(), 1, "{who:?}");
        assert_eq!((found.rows[0].id.as_str(), found.rows[0].state[0].as_str()), (id(10).as_str(), "locked"));
    }
    assert!(convex.people(&by(HandleKind::PaymentIntent, "pi_1")).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn the_apps_own_errors_are_grouped() {
    let (convex, _) = served(BackEnd { docs: users(20), ..BackEnd::default() }).await;
    let asked = ErrorsAsk {
        query: None,
        user: None,
        since: Moment::from_epoch_ms(BEGAN_MS as f64).unwrap(),
        environment: None,
        project: None,
        level: None,
        sort: ErrorSort::Count,
        limit: 10,
        cursor: None,
    };
    let found = Errors::errors(&convex, &asked).await.unwrap();
    let told: Vec<(&str, u64)> = found.rows.iter().map(|group| (group.title.as_str(), group.count)).collect();
    assert_eq!(told, [("active", 18), ("locked", 2)]);
    let which =
        Handle { provider: Some(Provider::Convex), kind: HandleKind::Row, id: found.rows[1].id.clone() };
    let detail = convex.error(&which, None).await.unwrap().unwrap();
    assert_eq!(detail.event.unwrap().user.unwrap().email.unwrap().as_str(), "u10@acme.dev");
}

#[tokio::test]
async fn a_long_poll_without_an_answer_is_an_empty_log_if_the_deployment_is_there() {
    let (convex, back_end) = served(BackEnd::default()).await;
    let found = convex.lines(Moment::now().minus_s(60), None, 5).await.unwrap();
    assert!(found.rows.is_empty() && found.is_whole());
    assert_eq!(found.notes[0], "no log entry came within 4 s: the deployment keeps none at the moment");
    assert_eq!(*back_end.asked.lock().unwrap(), ["/instance_version"]);
    let away = connect("convex", settings("http://127.0.0.1:9", "prod:x|"), &Common::default()).unwrap();
    assert_eq!(away.lines(Moment::now(), None, 5).await.unwrap_err().kind, FailureKind::Unreachable);
}
