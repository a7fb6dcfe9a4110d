use super::super::stage::{Shelf, row};
use super::*;
use serde_json::json;

fn map(query: Option<&str>) -> AppUsers {
    AppUsers {
        source: "db".to_owned(),
        table: "users".to_owned(),
        id: "_id".to_owned(),
        email: "email".to_owned(),
        links: BTreeMap::from([
            ("stripe_customer".to_owned(), "stripeCustomerId".to_owned()),
            ("clerk_user".to_owned(), "clerkId".to_owned()),
        ]),
        query: query.map(str::to_owned),
    }
}

fn who(kind: HandleKind, id: &str) -> Handle {
    Handle { provider: None, kind, id: id.to_owned() }
}

fn shelf() -> Shelf {
    Shelf::of(vec![
        row("u2", 10, json!({ "email": "Bob@Acme.dev", "name": "Bob", "status": "active" })),
        row(
            "u1",
            99,
            json!({ "email": "alice@acme.dev", "firstName": "Alice", "lastName": "Liddell", "role": "member",
            "stripeCustomerId": "cus_A", "clerkId": "user_A", "locked": true, "emailVerified": false, "deletedAt": null }),
        ),
    ])
}

async fn found(shelf: &Shelf, map: &AppUsers, handle: &Handle) -> Found<Person> {
    people("db", shelf, map, handle).await.unwrap()
}

#[tokio::test]
async fn a_user_is_told_with_state_links_and_facts() {
    let found = found(&shelf(), &map(None), &who(HandleKind::Email, "alice@acme.dev")).await;
    let alice = &found.rows[0];
    assert_eq!((alice.id.as_str(), alice.source.as_str()), ("u1", "db"));
    assert_eq!(alice.name.as_ref().unwrap().as_str(), "Alice Liddell");
    let state: Vec<&str> = alice.state.iter().map(Foreign::as_str).collect();
    assert_eq!(state, ["e-mail not verified", "locked"]);
    assert_eq!(alice.links["stripe_customer"].as_str(), "cus_A");
    assert_eq!(alice.facts["role"].as_str(), "member");
    assert!(alice.created.is_some());
}

#[tokio::test]
async fn other_capitals_are_found_and_said() {
    let shelf = shelf();
    let found = found(&shelf, &map(None), &who(HandleKind::Email, "bob@ACME.dev")).await;
    assert_eq!(found.rows[0].id, "u2");
    assert_eq!(found.notes, ["the address is written with other capital letters there"]);
    assert_eq!(shelf.asked(), 3, "two spellings, then the table");
}

#[tokio::test]
async fn a_big_table_is_not_read_whole_and_that_is_said() {
    let rows = (0..4_000).map(|n| row(&format!("u{n}"), n, json!({ "email": format!("U{n}@acme.dev") })));
    let shelf = Shelf::of(rows.collect());
    let found = found(&shelf, &map(None), &who(HandleKind::Email, "u3999@acme.dev")).await;
    assert!(found.rows.is_empty() && found.of.is_none());
    assert!(matches!(&found.stopped, Some(Stopped::Bound(why)) if why.contains("newest 3000 users")));
    assert_eq!(shelf.asked(), 4);
}

#[tokio::test]
async fn ids_and_links_lead_to_the_same_person() {
    let shelf = shelf();
    for handle in [
        who(HandleKind::Row, "u1"),
        who(HandleKind::Opaque, "u1"),
        who(HandleKind::Opaque, "user_A"),
        who(HandleKind::Customer, "cus_A"),
    ] {
        let found = found(&shelf, &map(None), &handle).await;
        assert_eq!((found.rows.len(), found.rows[0].id.as_str()), (1, "u1"), "{handle:?}");
    }
    assert!(found(&shelf, &map(None), &who(HandleKind::Opaque, "nobody")).await.rows.is_empty());
    let unlinked = found(&shelf, &map(None), &who(HandleKind::Subscription, "sub_1")).await;
    assert!(unlinked.rows.is_empty() && unlinked.notes.len() == 1);
    let asked = shelf.asked();
    assert!(found(&shelf, &map(None), &who(HandleKind::Charge, "ch_1")).await.rows.is_empty());
    assert_eq!(shelf.asked(), asked, "a charge is nobody");
}

#[tokio::test]
async fn the_apps_own_query_is_asked_instead_when_it_can() {
    let mut shelf = shelf();
    let configured = map(Some("users:byEmail"));
    let fallen_back = found(&shelf, &configured, &who(HandleKind::Email, "alice@acme.dev")).await;
    assert_eq!(
        (fallen_back.rows.len(), fallen_back.notes.len()),
        (1, 1),
        "no such query: the table, and a note"
    );
    shelf.queried = Some(vec![shelf.rows[1].clone(), row("u9", 1, json!({ "email": "mallory@evil.dev" }))]);
    let asked = shelf.asked();
    let queried = found(&shelf, &configured, &who(HandleKind::Email, "alice@acme.dev")).await;
    assert_eq!(
        (queried.rows.len(), queried.rows[0].id.as_str()),
        (1, "u1"),
        "others it answered are left out"
    );
    assert_eq!(shelf.asked(), asked);
}

#[test]
fn the_state_is_read_from_telling_fields_only() {
    let now = Moment::from_epoch_s(1_763_600_000).unwrap();
    let words = |fields: Value| -> Vec<String> {
        state_words(&row("u", 0, fields), now).iter().map(ToString::to_string).collect()
    };
    assert_eq!(words(json!({ "lockedUntil": 1_763_629_964_123_i64 })), ["locked until 2025-11-20T09:12:44Z"]);
    assert_eq!(
        words(json!({ "locked_until": "2025-11-20T09:12:44Z" })),
        ["locked until 2025-11-20T09:12:44Z"]
    );
    assert!(words(json!({ "lockedUntil": 1_663_629_964_123_i64 })).is_empty(), "over");
    assert!(
        words(json!({ "lockedUntil": null, "banned": false, "isActive": true, "title": "x" })).is_empty()
    );
    assert_eq!(words(json!({ "isBanned": true, "isActive": false })), ["not active", "banned"]);
    assert_eq!(words(json!({ "deleted_at": 1_763_629_964 })), ["deleted since 2025-11-20T09:12:44Z"]);
    assert_eq!(words(json!({ "status": "past_due" })), ["past_due"]);
}

#[test]
fn an_id_that_is_not_plain_gives_way_to_the_rows() {
    let map = AppUsers { id: "authId".to_owned(), ..map(None) };
    let told = |id: &str| person("db", &map, &row("r1", 0, json!({ "authId": id })), Moment::now()).id;
    assert_eq!(told("user_9"), "user_9");
    assert_eq!(told("auth0|\u{202e}x"), "r1");
}
