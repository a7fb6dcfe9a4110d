//! `describe_state` and `find_records` over the demo: the schema as declared, and every row to be had.

use super::{SEEDS, column, companies, cursor, fresh, known, list, of, said};
use crate::rig::Rig;
use prodview_demo::IncidentKind::{PaidNoAccess, PastDueInvoice};
use prodview_demo::Settings;
use prodview_tools::ToolError;
use serde_json::{Value, json};

async fn records(rig: &Rig, ask: Value) -> Value {
    fresh(rig, "find_records", ask).await
}

/// The ids of the rows of a table that fit, newest first.
fn rows<'a>(rig: &'a Rig, table: &str, fits: impl Fn(&Value) -> bool) -> Vec<&'a str> {
    rig.demo
        .world()
        .rows(table)
        .iter()
        .rev()
        .filter(|row| fits(row))
        .map(|row| row["_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn every_table_is_told_with_its_fields_types_and_indexes() {
    for (rig, _) in companies().await {
        let all = fresh(&rig, "describe_state", json!({})).await;
        let names = column(list(&all, "tables"), "name");
        for (name, table) in &rig.demo.world().tables {
            assert!(names.contains(&name.as_str()), "{name} is not among {names:?}");
            let answer = fresh(&rig, "describe_state", json!({ "table": name, "source": "convex" })).await;
            let [told] = list(&answer, "tables") else { panic!("{answer:#}") };
            let fields = list(told, "fields");
            assert_eq!(fields.len(), table.fields.len());
            for field in &table.fields {
                let told = fields.iter().find(|f| f["name"] == field.name).unwrap();
                let kind = field
                    .kind
                    .strip_prefix("id:")
                    .map_or(field.kind.to_owned(), |table| format!("id of {table}"));
                assert_eq!(
                    (&told["type"], told.get("optional").is_some()),
                    (&json!(kind), field.optional),
                    "{name}.{}",
                    field.name
                );
            }
            let indexes: Vec<String> =
                table.indexes.iter().map(|i| format!("{} ({})", i.name, i.fields.join(", "))).collect();
            assert_eq!(told.get("indexes").cloned().unwrap_or(json!([])), json!(indexes));
        }
    }
}

#[tokio::test]
async fn records_are_found_by_indexed_and_by_other_fields_newest_first() {
    for (rig, incidents) in companies().await {
        let (paid, due) = (of(&incidents, PaidNoAccess), of(&incidents, PastDueInvoice));
        for (table, fields) in [
            ("users", json!({ "email": paid.email })),
            ("users", json!({ "role": "trainer" })),
            ("users", json!({ "stripeCustomerId": due.customer_id, "role": "member" })),
            ("auditLog", json!({ "userId": paid.user_id })),
            ("webhookEvents", json!({ "status": "failed" })),
            ("webhookEvents", json!({ "type": "invoice.payment_failed" })),
            ("memberships", json!({ "stripeSubscriptionId": due.subscription })),
            ("payments", json!({ "amount": 12_000 })),
            ("users", json!({ "_id": paid.user_id })),
            ("users", json!({ "email": "nobody@nowhere.example" })),
        ] {
            let fits = |row: &Value| {
                fields.as_object().unwrap().iter().all(|(key, value)| {
                    row[key] == *value || row[key].as_f64().is_some_and(|n| Some(n) == value.as_f64())
                })
            };
            let expected = rows(&rig, table, fits);
            let answer = records(&rig, json!({ "table": table, "where": fields, "limit": 100 })).await;
            assert_eq!(column(list(&answer, "rows"), "id"), expected, "{table} {fields}");
        }
        let event =
            records(&rig, json!({ "table": "webhookEvents", "where": { "eventId": paid.event_id } })).await;
        assert_eq!(event["rows"][0]["fields"]["status"], "failed");
    }
}

#[tokio::test]
async fn a_window_and_a_choice_of_fields_are_kept() {
    for (rig, _) in companies().await {
        let since = rig.demo.world().now.as_second() - 5 * 86_400;
        let made = |row: &Value| row["_creationTime"].as_f64().unwrap() >= since as f64 * 1_000.0;
        let moment = jiff::Timestamp::from_second(since).unwrap().to_string();
        for narrow in [json!({}), json!({ "status": "processed" })] {
            let fits =
                |row: &Value| made(row) && narrow.as_object().unwrap().iter().all(|(k, v)| row[k] == *v);
            let ask = json!({ "table": "webhookEvents", "since": moment, "where": narrow, "limit": 100, "fields": ["type", "nosuch"] });
            let answer = records(&rig, ask).await;
            let told = list(&answer, "rows");
            assert_eq!(column(told, "id"), rows(&rig, "webhookEvents", fits), "{narrow}");
            assert!(told.iter().all(|row| row["fields"].as_object().unwrap().keys().eq(["type"])));
            let due = ["webhookEvents has no field `nosuch`"];
            assert!(told.is_empty() || said(&answer)[0].starts_with(due[0]), "{:?}", said(&answer));
        }
    }
}

#[tokio::test]
async fn names_in_any_script_are_found_and_shown_as_written() {
    for (rig, _) in companies().await {
        for name in ["Zoë Ærø-Łęcka", "ليلى حدّاد", "Ruth O’Brien", "山口 さくら"] {
            let answer = records(&rig, json!({ "table": "users", "where": { "name": name } })).await;
            let [row] = list(&answer, "rows") else { panic!("{name}: {answer:#}") };
            assert_eq!(row["fields"]["name"], name);
            let person = fresh(&rig, "find_user", json!({ "who": row["fields"]["email"] })).await;
            assert_eq!(known(&person, "convex", row["id"].as_str().unwrap())["name"], name);
        }
    }
}

#[tokio::test]
async fn ten_thousand_rows_are_paged_to_the_end_without_gaps_or_repetition() {
    // By a field without an index each page is sought anew: fewer of them show the same.
    for (extra_rows, narrow) in [(10_000, json!({})), (1_500, json!({ "role": "member" }))] {
        let rig = Rig::with(Settings { seed: SEEDS[1], extra_rows, ..Settings::default() }).await;
        let due = rows(&rig, "users", |row| narrow.as_object().unwrap().iter().all(|(k, v)| row[k] == *v));
        assert!(due.len() > extra_rows);
        let (mut seen, mut next, mut pages) = (Vec::<String>::new(), None::<String>, 0);
        loop {
            let mut ask = json!({ "table": "users", "where": narrow, "limit": 100, "fields": ["role"] });
            if let Some(cursor) = &next {
                ask["cursor"] = json!(cursor);
            }
            let answer = records(&rig, ask).await;
            seen.extend(column(list(&answer, "rows"), "id").into_iter().map(str::to_owned));
            next = cursor(&answer).map(str::to_owned);
            pages += 1;
            assert!(pages < 150, "no end after {} rows", seen.len());
            if next.is_none() {
                break;
            }
        }
        assert!(seen == due, "{} of {} rows, {narrow}", seen.len(), due.len());
    }
}

/// Where an answer had to be shortened, its cursor would lead past the rows that were left out: there is none then.
#[tokio::test]
async fn a_shortened_answer_has_no_cursor_that_skips_rows() {
    let rig = Rig::with(Settings { extra_rows: 300, ..Settings::default() }).await;
    let told = rig.call("find_records", json!({ "table": "users", "limit": 100 })).await.unwrap();
    let left = list(&told.structured, "rows").len();
    assert!(left < 100, "the answer fitted: the test shows nothing");
    assert_eq!(cursor(&told.structured), None, "{:#}", told.structured["cut"]);
    let said = told.structured["cut"].to_string();
    assert!(
        said.contains(&format!("the last {} of rows", 100 - left)) && said.contains("a smaller limit"),
        "{said}"
    );
    // With a limit that fits, the cursor goes on where the list ends.
    let first = records(&rig, json!({ "table": "users", "limit": 20 })).await;
    let second = records(&rig, json!({ "table": "users", "limit": 20, "cursor": cursor(&first) })).await;
    let mut seen = column(list(&first, "rows"), "id");
    seen.extend(column(list(&second, "rows"), "id"));
    assert_eq!(seen, rows(&rig, "users", |_| true)[..40]);
}

#[tokio::test]
async fn a_table_or_source_that_is_not_there_is_said_with_what_to_do() {
    let rig = Rig::new().await;
    for tool in ["describe_state", "find_records"] {
        for table in ["nosuch", "Users", "users ", "_system", "_modules", "ünï"] {
            let error = rig.call(tool, json!({ "table": table })).await.unwrap_err();
            assert!(
                matches!(&error, ToolError::NotFound(why) if why.contains("describe_state")),
                "{tool} {table}: {error:?}"
            );
        }
        for source in ["stripe", "nosuch"] {
            let error = rig.call(tool, json!({ "table": "users", "source": source })).await.unwrap_err();
            assert!(
                matches!(&error, ToolError::Malformed { key, why } if key == "source" && why.contains("convex")),
                "{error:?}"
            );
        }
    }
    let error =
        rig.call("find_records", json!({ "table": "users", "cursor": "bm9uc2Vuc2U" })).await.unwrap_err();
    assert!(error.to_string().contains("the cursor is not one that this source gave"), "{error}");
    let none =
        records(&rig, json!({ "table": "users", "where": { "email": "nobody@nowhere.example" } })).await;
    assert_eq!(said(&none), ["users in convex has no record with that email"]);
}
