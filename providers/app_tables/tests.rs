use super::stage::{Shelf, row};
use super::*;
use crate::app::Part;
use serde_json::json;

fn table(part: Part, fields: &[(&str, &str)]) -> AppTable {
    AppTable {
        part,
        name: "stripe".to_owned(),
        source: "db".to_owned(),
        table: "webhookEvents".to_owned(),
        fields: fields.iter().map(|(role, field)| ((*role).to_owned(), (*field).to_owned())).collect(),
        metadata: Vec::new(),
    }
}

fn webhooks() -> AppTable {
    table(
        Part::Webhooks,
        &[("event", "eventId"), ("status", "status"), ("error", "error"), ("at", "_creationTime")],
    )
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn events_are_joined_with_what_was_written_down() {
    let shelf = Shelf::of(vec![
        row("r3", 10, json!({ "eventId": "evt_2", "status": "ok" })),
        row("r2", 20, json!({ "eventId": "evt_1", "status": "failed", "error": "no metadata" })),
        row("r1", 30, json!({ "eventId": "evt_1", "status": "ok" })),
    ]);
    let since = Moment::now().minus_s(60);
    let (records, complete) =
        records_of_events(&shelf, &webhooks(), &ids(&["evt_1", "evt_2", "evt_9"]), since).await.unwrap();
    assert!(complete);
    assert_eq!(shelf.asked(), 1, "one read when it sees the whole window");
    let first = &records["evt_1"];
    assert_eq!(
        (first.row.as_str(), first.status.as_ref().unwrap().as_str()),
        ("r2", "failed"),
        "the newest speaks"
    );
    assert_eq!(first.error.as_ref().unwrap().as_str(), "no metadata");
    assert!(first.at.is_some() && !records.contains_key("evt_9"));
}

#[tokio::test]
async fn what_the_window_did_not_show_is_looked_up_five_times_at_most() {
    let rows =
        (0..60).map(|n| row(&format!("r{n}"), n, json!({ "eventId": format!("evt_{n}"), "status": "ok" })));
    let shelf = Shelf { cap: 10, ..Shelf::of(rows.collect()) };
    let since = Moment::now().minus_s(600);
    let asked: Vec<String> = (0..35).map(|n| format!("evt_{n}")).collect();
    let (records, complete) = records_of_events(&shelf, &webhooks(), &asked, since).await.unwrap();
    assert!(complete && records.len() == 35 && shelf.asked() == 8);
    let asked: Vec<String> = (0..40).map(|n| format!("evt_{n}")).collect();
    let (records, complete) = records_of_events(&shelf, &webhooks(), &asked, since).await.unwrap();
    assert!(!complete && records.len() == 35, "more were missing than are looked up");
}

#[tokio::test]
async fn nothing_is_asked_for_no_events_and_a_table_without_the_role_is_refused() {
    let shelf = Shelf::of(Vec::new());
    let (records, complete) = records_of_events(&shelf, &webhooks(), &[], Moment::now()).await.unwrap();
    assert!(records.is_empty() && complete && shelf.asked() == 0);
    let bare = table(Part::Webhooks, &[]);
    let failure = records_of_events(&shelf, &bare, &ids(&["evt_1"]), Moment::now()).await.unwrap_err();
    assert!(failure.to_string().contains("`event`"));
}

#[tokio::test]
async fn the_rows_of_a_person_are_those_of_all_their_ids() {
    let shelf = Shelf::of(vec![
        row("r3", 5, json!({ "userId": "a@b.dev", "status": "active" })),
        row("r2", 9, json!({ "userId": "other" })),
        row("r1", 20, json!({ "userId": "u1", "status": "ended" })),
    ]);
    let passes = table(Part::Entitlements, &[("user", "userId"), ("status", "status")]);
    let found = rows_of_person(&shelf, &passes, &ids(&["u1", "a@b.dev", "", "u1"]), 10).await.unwrap();
    let found_ids: Vec<&str> = found.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(found_ids, ["r3", "r1"]);
    assert!(found.is_whole() && found.of == Some(2) && shelf.asked() == 2);
    let cut = rows_of_person(&shelf, &passes, &ids(&["u1", "a@b.dev"]), 1).await.unwrap();
    assert!(cut.rows.len() == 1 && cut.stopped.is_some());
    let none = rows_of_person(&shelf, &passes, &[], 1).await.unwrap();
    assert!(none.rows.is_empty() && none.is_whole());
    assert!(rows_of_person(&shelf, &table(Part::Jobs, &[]), &ids(&["u1"]), 1).await.is_err());
}
