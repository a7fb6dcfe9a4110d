use super::super::stage::{Shelf, row};
use super::*;
use crate::app::{App, AppUsers};
use serde_json::json;

fn app() -> App {
    let fields = [("user", "userId"), ("message", "message"), ("ref", "ref")];
    let table = AppTable {
        part: Part::Errors,
        name: "internal".to_owned(),
        source: "db".to_owned(),
        table: "errorLog".to_owned(),
        fields: fields.map(|(role, field)| (role.to_owned(), field.to_owned())).into(),
        metadata: Vec::new(),
    };
    let users = AppUsers {
        source: "db".to_owned(),
        table: "users".to_owned(),
        id: "_id".to_owned(),
        email: "email".to_owned(),
        links: BTreeMap::new(),
        query: None,
    };
    App { users: Some(users), tables: vec![table] }
}

fn shelf() -> Shelf {
    Shelf::of(vec![
        row(
            "e4",
            10,
            json!({ "message": "no pass for user_a91f2 (HTTP 404)", "userId": "u1", "ref": { "order": 7 } }),
        ),
        row("e3", 20, json!({ "message": "mailer down", "userId": "u2" })),
        row("e2", 30, json!({ "message": "no pass for user_b77c0 (HTTP 404)", "userId": "u2" })),
        row("e1", 40, json!({ "message": "no pass for user_b77c0 (HTTP 500)", "userId": null })),
        row("u2", 90_000, json!({ "email": "bob@acme.dev" })),
    ])
}

fn ask() -> ErrorsAsk {
    ErrorsAsk {
        query: None,
        user: None,
        since: Moment::now().minus_s(3_600),
        environment: None,
        project: None,
        level: None,
        sort: ErrorSort::LastSeen,
        limit: 10,
        cursor: None,
    }
}

async fn asked(shelf: &Shelf, app: &App, ask: ErrorsAsk) -> Found<ErrorGroup> {
    errors(Store { source: "db", state: shelf, app, id_field: "_id" }, &ask).await.unwrap()
}

fn told(found: &Found<ErrorGroup>) -> Vec<(&str, u64, Option<u64>)> {
    found.rows.iter().map(|group| (group.id.as_str(), group.count, group.users)).collect()
}

#[tokio::test]
async fn the_same_error_of_several_people_is_one_kind() {
    let (shelf, app) = (shelf(), app());
    let found = asked(&shelf, &app, ask()).await;
    assert_eq!(told(&found), [("e4", 2, Some(2)), ("e3", 1, Some(1)), ("e1", 1, Some(0))]);
    assert!(found.rows[0].first_seen < found.rows[0].last_seen);
    assert_eq!(shelf.asked(), 1);
    let by_count = asked(&shelf, &app, ErrorsAsk { sort: ErrorSort::Count, limit: 1, ..ask() }).await;
    assert_eq!((told(&by_count).len(), by_count.rows[0].id.as_str()), (1, "e4"));
    assert!(by_count.stopped.is_some());
}

#[tokio::test]
async fn they_are_searched_by_text_project_level_and_person() {
    let (shelf, app) = (shelf(), app());
    let one = |ask: ErrorsAsk| asked(&shelf, &app, ask);
    assert_eq!(told(&one(ErrorsAsk { query: Some("MAILER".to_owned()), ..ask() }).await).len(), 1);
    assert!(one(ErrorsAsk { project: Some("web".to_owned()), ..ask() }).await.rows.is_empty());
    assert!(one(ErrorsAsk { level: Some("warning".to_owned()), ..ask() }).await.rows.is_empty());
    let bob = Handle { provider: None, kind: HandleKind::Email, id: "bob@acme.dev".to_owned() };
    let his = one(ErrorsAsk { user: Some(bob), ..ask() }).await;
    assert_eq!(told(&his), [("e3", 1, Some(1)), ("e2", 1, Some(1))]);
}

#[tokio::test]
async fn one_error_tells_how_often_and_for_whom() {
    let (shelf, app) = (shelf(), app());
    let store = Store { source: "db", state: &shelf, app: &app, id_field: "_id" };
    let which = |id: &str| Handle { provider: None, kind: HandleKind::Opaque, id: id.to_owned() };
    let detail = error(store, &which("e4"), None).await.unwrap().unwrap();
    assert_eq!((detail.group.id.as_str(), detail.group.count), ("e4", 2));
    let event = detail.event.unwrap();
    assert_eq!((event.id.as_str(), event.context["ref.order"].as_str()), ("e4", "7"));
    let bob = which("u2");
    let theirs = error(store, &which("e4"), Some(&bob)).await.unwrap().unwrap();
    assert_eq!(theirs.event.unwrap().id, "e2");
    assert!(error(store, &which("e99"), None).await.unwrap().is_none());
    let sentry = Handle { provider: None, kind: HandleKind::ErrorGroup, id: "12".to_owned() };
    assert!(error(store, &sentry, None).await.unwrap().is_none());
}

#[test]
fn ids_in_a_message_do_not_make_another_kind() {
    let app = app();
    let key = |text: &str| key_of(&row("e", 0, json!({ "message": text })), &app.tables[0]);
    assert_eq!(key("order ord_19aa2 of a@b.dev failed: 500"), "order # of a@b.dev failed: 500");
    assert_ne!(key("HTTP 500"), key("HTTP 404"));
    assert_eq!(key(""), "(no message)");
    assert_eq!(key("ünïcode 1234567!"), "ünïcode #!");
}

#[tokio::test]
async fn where_not_all_was_read_the_numbers_are_said_to_be_the_least() {
    let rows = (0..4_000).map(|n| {
        let message = if n % 4 == 0 { "mailer down" } else { "no pass" };
        row(&format!("e{n}"), n, json!({ "message": message, "userId": "u1" }))
    });
    let shelf = Shelf { cap: 1_000, ..Shelf::of(rows.collect()) };
    let app = app();
    let found = asked(&shelf, &app, ErrorsAsk { since: Moment::now().minus_s(9_000), ..ask() }).await;
    assert_eq!(shelf.asked(), 3, "page by page up to the bound");
    assert_eq!(told(&found), [("e0", 750, Some(1)), ("e1", 2_250, Some(1))]);
    assert!(found.rows.iter().all(|group| group.at_least) && found.of.is_none());
    let Some(Stopped::Bound(why)) = &found.stopped else { panic!("{found:?}") };
    assert!(why.contains("the newest 3000 errors of `errorLog` were counted, back to 20"), "{why}");
    let store = Store { source: "db", state: &shelf, app: &app, id_field: "_id" };
    let which = Handle { provider: None, kind: HandleKind::Opaque, id: "e7".to_owned() };
    let detail = error(store, &which, None).await.unwrap().unwrap();
    assert_eq!((detail.group.count, detail.group.at_least), (2_250, true));
    assert!(detail.notes.iter().any(|note| note.contains("newest 3000 errors")), "{:?}", detail.notes);
    // A window that was read to its end is counted exactly.
    let day = asked(&shelf, &app, ErrorsAsk { since: Moment::now().minus_s(600), ..ask() }).await;
    assert!(day.is_whole() && day.rows.iter().all(|group| !group.at_least));
}
