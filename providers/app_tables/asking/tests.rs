//! A mapping that is wrong is told as such, and one row is one row, with or without an id.

use super::*;
use crate::app::Part;
use crate::app_tables::stage::{Shelf, row};
use crate::app_tables::{
    Store, StoryAsk, entitlements_since, error, errors, errors_near, facts_of_person, payments_by_ids,
    payments_since, people, records_of_events, rows_of_person,
};
use crate::capability::{ErrorSort, ErrorsAsk};
use crate::{Handle, Moment};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

fn table(part: Part, fields: &[&str]) -> AppTable {
    AppTable {
        part,
        name: "p".to_owned(),
        source: "db".to_owned(),
        table: "nopay".to_owned(),
        fields: fields.iter().map(|role| ((*role).to_owned(), (*role).to_owned())).collect(),
        metadata: Vec::new(),
    }
}

fn handle(text: &str) -> Handle {
    Handle::read(text).unwrap()
}

#[tokio::test]
async fn a_table_that_is_not_there_is_never_taken_for_one_without_such_a_row() {
    let shelf = Shelf { bare: true, ..Shelf::of(Vec::new()) };
    let now = Moment::now();
    let ids = ["u1".to_owned()];
    let given = table(Part::Entitlements, &["user"]);
    let paid = table(Part::Payments, &["user", "payment"]);
    let wrong = table(Part::Errors, &["message"]);
    let hooks = table(Part::Webhooks, &["event"]);
    let one = BTreeMap::from([("payment", BTreeSet::from(["pi_1A".to_owned()]))]);
    let who = StoryAsk { ids: &ids, ..StoryAsk::default() };
    let near = errors_near(&shelf, &wrong, &Default::default(), (now, now)).await;
    let mut failures = vec![
        rows_of_person(&shelf, &given, &ids, 5).await.map(drop).unwrap_err(),
        entitlements_since(&shelf, &given, now, 5).await.map(drop).unwrap_err(),
        payments_since(&shelf, &paid, now, 5).await.map(drop).unwrap_err(),
        payments_by_ids(&shelf, &paid, &one).await.map(drop).unwrap_err(),
        facts_of_person(&shelf, &[&paid], who, 5).await.map(drop).unwrap_err(),
        records_of_events(&shelf, &hooks, &["evt_1A".to_owned()], now).await.map(drop).unwrap_err(),
        near.map(drop).unwrap_err(),
    ];
    let users = AppUsers {
        source: "db".to_owned(),
        table: "nousers".to_owned(),
        id: "id".to_owned(),
        email: "email".to_owned(),
        links: BTreeMap::new(),
        query: None,
    };
    for who in ["alice@acme.dev", "u1"] {
        let failure = people("db", &shelf, &users, &handle(who)).await.map(drop).unwrap_err();
        assert!(failure.to_string().contains("[app.users] names the table `nousers`"), "{failure}");
    }
    let app = crate::app::App { users: None, tables: vec![wrong.clone()] };
    let store = Store { source: "db", state: &shelf, app: &app, id_field: "_id" };
    let ask = ErrorsAsk {
        query: None,
        user: None,
        since: now,
        environment: None,
        project: None,
        level: None,
        sort: ErrorSort::Count,
        limit: 10,
        cursor: None,
    };
    failures.push(errors(store, &ask).await.map(drop).unwrap_err());
    failures.push(error(store, &handle("e1"), None).await.map(drop).unwrap_err());
    for failure in failures {
        assert_eq!(failure.kind, FailureKind::Invalid);
        let told = failure.to_string();
        assert!(told.contains(".p] names the table `nopay`, which db does not have"), "{told}");
        assert!(told.contains("prodview check"), "{told}");
    }
}

#[tokio::test]
async fn a_row_without_an_id_that_two_look_ups_find_is_one_row() {
    let shelf = Shelf::of(vec![
        row("", 10, json!({ "payment": "pi_1A", "checkout": "cs_1A", "amount": 500 })),
        row("", 20, json!({ "payment": "pi_1A", "checkout": "cs_2B", "amount": 700 })),
    ]);
    let ids = |role| BTreeSet::from([format!("{role}_1A")]);
    let both = BTreeMap::from([("payment", ids("pi")), ("checkout", ids("cs"))]);
    let plain = table(Part::Payments, &["payment", "checkout"]);
    let found = payments_by_ids(&shelf, &plain, &both).await.unwrap();
    assert_eq!((shelf.asked(), found.rows.len()), (2, 2));
    // Where the mapping names the id it decides, whatever else has changed between two looks.
    let named = Named::from(&plain);
    let keyed = table(Part::Payments, &["id", "payment"]);
    let keyed = Named::from(&keyed);
    let one = |id: u8, n: u8| Ok(Found::all(vec![row("", 5, json!({ "id": id, "seen": n }))]));
    assert_eq!(keyed.merged(vec![one(1, 1), one(1, 2), one(2, 2)]).unwrap().rows.len(), 2);
    assert_eq!(named.merged(vec![one(1, 1), one(1, 2)]).unwrap().rows.len(), 2);
    // Two rows of one answer are two.
    let twice = Found::all(vec![row("", 5, json!({ "x": 1 })), row("", 5, json!({ "x": 1 }))]);
    assert_eq!(named.merged(vec![Ok(twice.clone()), Ok(twice)]).unwrap().rows.len(), 2);
}

#[tokio::test]
async fn every_question_names_the_field_of_time_and_many_rows_come_page_by_page() {
    let rows = (0..3_500).map(|n| row(&format!("r{n}"), n, json!({ "payment": format!("pi_{n}A") })));
    let shelf = Shelf { cap: 1_000, ..Shelf::of(rows.collect()) };
    let paid = table(Part::Payments, &["payment", "at"]);
    let since = Moment::now().minus_s(10_000);
    let found = payments_since(&shelf, &paid, since, 3_000).await.unwrap();
    assert_eq!((found.rows.len(), shelf.asked(), found.of), (3_000, 3, None));
    assert!(found.more.is_some() && found.rows[2_999].ids["payment"] == "pi_2999A");
    assert!(shelf.asked.lock().unwrap().iter().all(|ask| ask.at.as_deref() == Some("at")));
    let all = payments_since(&shelf, &paid, since, 4_000).await.unwrap();
    assert_eq!((all.rows.len(), all.of), (3_500, Some(3_500)));
}

#[test]
fn what_is_wrong_with_a_field_is_told_with_the_section_that_names_it() {
    let paid = table(Part::Payments, &["payment"]);
    let failure =
        Failure::new(FailureKind::Invalid, "no such column").hint("nopay has no field of that name");
    let told = Named::from(&paid).explained(failure).to_string();
    assert!(told.ends_with("[app.payments.p]: nopay has no field of that name"), "{told}");
}
