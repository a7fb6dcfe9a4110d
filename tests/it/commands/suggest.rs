//! `prodview check --suggest`: what it proposes for the demo's tables is a configuration that works, and no value of
//! any row is printed.

use super::{demo, ends};
use crate::program::{Ended, Folder, run};
use crate::rig::{Rig, app, call};
use prodview_demo::IncidentKind::LockedAccount;
use prodview_demo::{Fault, Service};
use serde_json::{Value, json};

/// The demo's configuration without what it says about the application.
fn unmapped(rig: &Rig) -> String {
    rig.demo.config_toml().split("[app.users]").next().unwrap().to_owned()
}

fn suggest(toml: &str, more: &[&str]) -> Ended {
    run(&Folder::configured(toml), &[&["check", "--suggest"], more].concat(), &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proposal_pasted_in_is_a_configuration_that_works() {
    for seed in [1, 3] {
        let rig = Rig::seeded(seed).await;
        let ended = suggest(&unmapped(&rig), &[]);
        ends(&ended, 0);
        let pasted = format!("{}\n{}", unmapped(&rig), ended.out);
        // It loads without a problem: the rig panics otherwise.
        let app = app(&pasted);
        let locked = rig.incident(LockedAccount);
        let told = call(&app, "find_user", json!({ "who": locked.email })).await.unwrap().structured;
        let people = told["people"].as_array().unwrap();
        let own = people.iter().find(|p| p["source"] == "convex").unwrap_or_else(|| panic!("{told:#}"));
        assert_eq!(own["id"], locked.user_id.as_str());
        assert_eq!(own["links"]["stripe_customer"], locked.customer_id.as_str());
        // And the story is told from the tables that it found.
        let told = call(&app, "user_timeline", json!({ "who": locked.email })).await.unwrap();
        let text = told.page.to_text();
        assert!(text.contains("account.locked"), "{text}");
        assert!(!told.structured["sources"].to_string().contains("not_configured"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_part_of_the_demo_is_found_with_the_right_table() {
    let rig = Rig::new().await;
    let ended = suggest(&unmapped(&rig), &["--json"]);
    ends(&ended, 0);
    let report = ended.json();
    let proposed: Vec<(String, String)> = report["proposed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["part"].as_str().unwrap().to_owned(), p["table"].as_str().unwrap().to_owned()))
        .collect();
    let due = [
        ("users", "users"),
        ("webhooks", "webhookEvents"),
        ("payments", "memberships"),
        ("payments", "payments"),
        ("entitlements", "memberships"),
        ("entitlements", "passes"),
        ("jobs", "jobs"),
        ("errors", "internalErrors"),
        ("audit", "auditLog"),
    ];
    assert_eq!(proposed, due.map(|(part, table)| (part.to_owned(), table.to_owned())));
    assert_eq!(report["not_found"], json!([]));
    let fields = |part: &str, table: &str| -> Value {
        let all = report["proposed"].as_array().unwrap();
        let found = all.iter().find(|p| p["part"] == part && p["table"] == table).unwrap();
        let pairs = found["fields"].as_array().unwrap().iter();
        pairs.map(|f| (f["role"].as_str().unwrap().to_owned(), f["field"].clone())).collect()
    };
    assert_eq!(
        fields("payments", "payments"),
        json!({ "id": "_id", "user": "userId", "payment": "paymentIntentId", "checkout": "checkoutSessionId",
                "amount": "amount", "currency": "currency", "status": "status", "at": "_creationTime" })
    );
    assert_eq!(
        fields("entitlements", "passes"),
        json!({ "user": "userId", "status": "status", "until": "validUntil", "balance": "sessionsLeft" })
    );
    insta::assert_snapshot!("suggested", suggest(&unmapped(&rig), &[]).out);
}

/// Every text, and every number of at least five digits, in any row of the demo's application.
fn values(rig: &Rig) -> Vec<String> {
    fn collect(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::String(text) if text.len() > 5 => out.push(text.clone()),
            Value::Number(n) if n.to_string().len() > 5 => out.push(n.to_string()),
            Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
            Value::Object(fields) => fields.values().for_each(|field| collect(field, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for table in rig.demo.world().tables.values() {
        table.rows.iter().for_each(|row| collect(row, &mut out));
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_value_of_any_row_is_printed() {
    let rig = Rig::new().await;
    let values = values(&rig);
    assert!(values.len() > 500);
    for more in [&[][..], &["--json"][..]] {
        let ended = suggest(&unmapped(&rig), more);
        // Words that name fields and tables are values too in places: `status` is one of `failed`, and no more.
        for value in values.iter().filter(|v| v.contains('@') || v.contains('_') || v.len() > 14) {
            assert!(!ended.all().contains(value.as_str()), "{value} was printed: {}", ended.out);
        }
    }
}

#[test]
fn what_is_mapped_is_said_and_not_proposed_again() {
    let ended = demo(&["check", "--demo", "--suggest"]);
    ends(&ended, 0);
    assert!(
        ended.out.contains("# Already mapped, so not proposed again: [app.users] (users)"),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains("\n[app."), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_answer_or_none_at_all_is_said() {
    let rig = Rig::new().await;
    rig.demo.fault(Service::Convex, "", Fault::Status(500));
    let down = suggest(&unmapped(&rig), &[]);
    ends(&down, 1);
    assert!(down.out.contains("could not be listed"), "{}", down.out);
    let none = demo(&["check", "--suggest"]);
    ends(&none, 1);
    assert!(none.out.contains("No source that holds tables"), "{}", none.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_in_sql_get_a_proposal_that_works_too() {
    use crate::postgres::world;
    let rig = Rig::new().await;
    let (url, _) = crate::server::v15().documented(&world::sql(rig.demo.world())).await;
    let toml = world::toml(&rig.demo.config_toml(), &url);
    let unmapped = toml.split("[app.users]").next().unwrap();
    let ended = suggest(unmapped, &[]);
    ends(&ended, 0);
    let app = app(&format!("{unmapped}\n{}", ended.out));
    let locked = rig.incident(LockedAccount);
    let told = call(&app, "find_user", json!({ "who": locked.email })).await.unwrap().structured;
    let people = told["people"].as_array().unwrap();
    let own = people.iter().find(|p| p["source"] == "db").unwrap_or_else(|| panic!("{told:#}"));
    assert_eq!(own["id"], locked.user_id.as_str());
    assert_eq!(own["links"]["stripe_customer"], locked.customer_id.as_str());
    assert!(!ended.out.contains(&locked.email), "no value is printed");
}
