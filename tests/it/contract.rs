//! The answer contract, held by every tool: its own schema, where it comes from, what is foreign, what leads on.

use crate::budgets::{questions, uncached};
use crate::postgres::world;
use crate::rig::{Rig, call, entry};
use crate::server::v15;
use prodview_demo::{IncidentKind, Service};
use prodview_tools::Told;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::sync::OnceCell;

#[path = "contract/alone.rs"]
mod alone;
#[path = "contract/arguments.rs"]
mod arguments;
#[path = "contract/foreign.rs"]
mod foreign;
#[path = "contract/interrupted.rs"]
mod interrupted;

pub use foreign::{covers, strings};

/// The questions of the budgets and those whose answers look otherwise: nothing found, several found, one only.
fn more_questions(rig: &Rig) -> Vec<(&'static str, Value)> {
    let of = |kind| rig.incident(kind);
    let mut all = questions(rig);
    for incident in rig.demo.incidents() {
        all.push(("find_user", json!({ "who": incident.email })));
        all.push(("user_timeline", json!({ "who": incident.email })));
        all.push(("payment_intent_status", json!({ "id": incident.customer_id })));
        all.push(("trace_payment", json!({ "who": incident.email })));
        let ids = [
            &incident.payment_intent,
            &incident.subscription,
            &incident.refund,
            &incident.dispute,
            &incident.invoice,
        ];
        all.extend(ids.into_iter().flatten().map(|id| ("payment_intent_status", json!({ "id": id }))));
        all.extend(incident.issue_short_id.iter().map(|id| ("get_error", json!({ "id": id }))));
    }
    let row =
        &of(IncidentKind::PaidNoAccess).rows.iter().find(|(table, _)| *table == "internalErrors").unwrap().1;
    all.extend([
        ("find_user", json!({ "who": "nobody@nowhere.example" })),
        ("find_user", json!({ "who": of(IncidentKind::DuplicateCustomers).other_customer_id })),
        ("find_user", json!({ "who": of(IncidentKind::PaidNoAccess).payment_intent })),
        ("user_timeline", json!({ "who": "nobody@nowhere.example" })),
        (
            "user_timeline",
            json!({ "who": of(IncidentKind::LockedAccount).email, "kinds": ["app"], "limit": 2 }),
        ),
        ("list_errors", json!({ "since": "13d", "limit": 50 })),
        ("list_errors", json!({ "since": "13d", "limit": 2, "sort": "new" })),
        ("list_errors", json!({ "user": "nobody@nowhere.example" })),
        ("get_error", json!({ "id": row })),
        ("payment_intent_status", json!({ "id": "nobody@nowhere.example" })),
        ("payment_intent_status", json!({ "id": "gift.giver@fastpost.example" })),
        ("trace_payment", json!({ "who": "nobody@nowhere.example" })),
        ("trace_payment", json!({ "who": of(IncidentKind::LockedAccount).user_id })),
        ("trace_payment", json!({ "id": of(IncidentKind::DuplicateCustomers).subscription })),
        ("trace_payment", json!({ "id": "pi_nobodyHasThisOne1" })),
        ("reconcile_payments", json!({ "limit": 2 })),
        ("reconcile_payments", json!({ "kind": "subscriptions" })),
        ("webhook_deliveries", json!({ "since": "29d", "limit": 3 })),
        ("webhook_deliveries", json!({ "event_type": "nosuch.type" })),
        ("webhook_deliveries", json!({ "only_failing": true })),
        ("find_records", json!({ "table": "users", "where": { "email": "nobody@nowhere.example" } })),
        ("find_records", json!({ "table": "internalErrors", "limit": 1 })),
    ]);
    for table in ["auditLog", "webhookEvents", "jobs", "passes"] {
        all.extend([
            ("describe_state", json!({ "table": table })),
            ("find_records", json!({ "table": table, "limit": 3 })),
        ]);
    }
    all
}

/// One question, and what it was answered.
type Answered = (&'static str, Value, Told);

/// The answers of two companies, asked once for all tests here.
async fn answered() -> impl Iterator<Item = &'static Answered> {
    static ALL: [(u64, OnceCell<Vec<Answered>>); 2] =
        [(1, OnceCell::const_new()), (11, OnceCell::const_new())];
    static OVER_SQL: OnceCell<Vec<Answered>> = OnceCell::const_new();
    let mut all = Vec::new();
    for (seed, cell) in &ALL {
        all.push(cell.get_or_init(|| all_of(*seed)).await);
    }
    all.push(OVER_SQL.get_or_init(all_over_sql).await);
    all.into_iter().flatten()
}

async fn all_of(seed: u64) -> Vec<Answered> {
    let rig = Rig::seeded(seed).await;
    let mut all = Vec::new();
    for (tool, ask) in more_questions(&rig) {
        // Each by an app of its own, so that none waits for its turn.
        let told = rig.call_fresh(tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        all.push((tool, ask, told));
    }
    all
}

/// The same company with its application's tables in PostgreSQL.
async fn all_over_sql() -> Vec<Answered> {
    let rig = Rig::seeded(1).await;
    let app = crate::postgres::with_sql(&rig, v15()).await;
    let mut all = Vec::new();
    let mut asks = more_questions(&rig);
    asks.push((
        "query_state",
        json!({ "query": "select id, email, created_at from users order by id limit 5" }),
    ));
    asks.push(("query_state", json!({ "query": "explain select * from payments where user_id = 'x'" })));
    for (tool, ask) in asks {
        let ask = world::asked(ask);
        let told = call(&app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        all.push((tool, ask, told));
    }
    all
}

#[tokio::test]
async fn every_answer_is_as_its_tools_schema_says() {
    for (tool, ask, told) in answered().await {
        let schema = entry(tool).output;
        let validator = jsonschema::validator_for(&Value::Object((*schema).clone())).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&told.structured).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{tool} {ask}: {wrong:#?}");
        let known: BTreeSet<&String> =
            schema.get("properties").and_then(Value::as_object).unwrap().keys().collect();
        let unknown: Vec<&String> =
            told.structured.as_object().unwrap().keys().filter(|k| !known.contains(k)).collect();
        assert!(unknown.is_empty(), "{tool} {ask}: {unknown:?} are not in its schema");
    }
}

#[tokio::test]
async fn every_source_that_was_asked_is_named_and_no_other() {
    let rig = Rig::new().await;
    for (tool, ask) in more_questions(&rig) {
        rig.demo.clear_record();
        // Without the cache: an answer given again would leave no trace.
        let app = rig.configured(|toml| uncached(&toml));
        let told = call(&app, tool, ask.clone()).await.unwrap();
        let asked: BTreeSet<String> =
            rig.demo.record().iter().map(|r| format!("{:?}", r.service).to_lowercase()).collect();
        let named: BTreeSet<String> = told.structured["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["source"].as_str().unwrap().to_owned())
            .collect();
        // A source that could not know the thing by its id is named without having been bothered.
        assert!(asked.is_subset(&named), "{tool} {ask}: asked {asked:?}, named {named:?}");
        for silent in named.difference(&asked) {
            let report = told.structured["sources"]
                .as_array()
                .unwrap()
                .iter()
                .find(|s| s["source"] == silent.as_str())
                .unwrap();
            assert_eq!(report["rows"], 0, "{tool} {ask}: {report} although nothing was asked");
        }
        let text = told.page.to_text();
        assert!(named.iter().all(|name| text.contains(name.as_str())), "{tool}: {text}");
    }
}

#[tokio::test]
async fn every_next_call_is_well_formed_and_really_answers() {
    for seed in [1, 3] {
        let rig = Rig::seeded(seed).await;
        let mut followed = BTreeSet::new();
        for (tool, ask, told) in &all_of(seed).await {
            let next = told.structured["next"].as_array().cloned().unwrap_or_default();
            assert!(next.len() <= 3, "{tool} {ask}");
            for step in next {
                let (name, args) = (step["tool"].as_str().unwrap(), step["args"].clone());
                assert!(step["why"].as_str().is_some_and(|why| !why.is_empty()));
                assert!((name, &args) != (*tool, ask), "{tool} {ask} leads to itself");
                let entry = entry(name);
                let validator = jsonschema::validator_for(&Value::Object((*entry.input).clone())).unwrap();
                assert!(validator.is_valid(&args), "{tool} {ask} → {name} {args}");
                if followed.insert(format!("{name} {args}")) {
                    rig.call_fresh(name, args.clone())
                        .await
                        .unwrap_or_else(|e| panic!("{tool} {ask} → {name} {args}: {e}"));
                }
            }
        }
        assert!(followed.len() > 20, "only {} next calls", followed.len());
    }
}

/// What a provider's JSON holds and no answer may: secrets by nature, and names that are not our words.
const RAW: [&str; 24] = [
    "client_secret",
    "hosted_invoice_url",
    "invoice_pdf",
    "receipt_url",
    "fingerprint",
    "payment_method_details",
    "billing_details",
    "idempotency_key",
    "pending_webhooks",
    "livemode",
    "latest_charge",
    "last_payment_error",
    "balance_transaction",
    "shortId",
    "firstSeen",
    "lastSeen",
    "userCount",
    "permalink",
    "entries",
    "ip_address",
    "_creationTime",
    "_id",
    "enabled_events",
    "evidence_details",
];

#[tokio::test]
async fn nothing_of_a_providers_json_passes_raw() {
    for (tool, ask, told) in answered().await {
        let mut keys = BTreeSet::new();
        names(&told.structured, &mut keys);
        let raw: Vec<&&str> = RAW.iter().filter(|raw| keys.contains(**raw)).collect();
        assert!(raw.is_empty(), "{tool} {ask}: {raw:?}");
        let all = format!("{} {}", told.structured, told.page.to_text());
        for part in [
            "_secret_",
            "invoice.stripe.com",
            "pay.stripe.com",
            "checkout.stripe.com/c/pay",
            "\"object\":\"list\"",
        ] {
            assert!(!all.contains(part), "{tool} {ask}: {part}");
        }
    }
}

fn names(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            out.extend(fields.keys().cloned());
            fields.values().for_each(|field| names(field, out));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, out)),
        _ => {}
    }
}

/// A tool's own lists may be empty: that is then the answer.
/// So may the rows that somebody has in a table: that there are none is what one wants to know.
const MAIN_LISTS: [&str; 11] = [
    "lines",
    "connected",
    "people",
    "errors",
    "payments",
    "rates",
    "endpoints",
    "events",
    "tables",
    "rows",
    "entitlements[].rows",
];

#[tokio::test]
async fn empty_parts_are_absent() {
    for (tool, ask, told) in answered().await {
        let mut empty = Vec::new();
        hollow(&told.structured, "", &mut empty);
        empty.retain(|path| !MAIN_LISTS.contains(&path.trim_start_matches('.')));
        assert!(empty.is_empty(), "{tool} {ask}: {empty:?}");
    }
}

fn hollow(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Null => out.push(path.to_owned()),
        Value::String(text) if text.is_empty() => out.push(path.to_owned()),
        Value::Array(items) if items.is_empty() => out.push(path.to_owned()),
        Value::Object(fields) if fields.is_empty() => out.push(path.to_owned()),
        Value::Array(items) => items.iter().for_each(|item| hollow(item, &format!("{path}[]"), out)),
        // A row is as the application wrote it: an empty field there is a fact.
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| *key != "fields")
            .for_each(|(key, field)| hollow(field, &format!("{path}.{key}"), out)),
        _ => {}
    }
}

#[tokio::test]
async fn the_text_begins_with_the_findings_and_tells_every_one() {
    for (tool, ask, told) in answered().await {
        let text = told.page.to_text();
        let findings: Vec<&str> = told.structured["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|f| f["what"].as_str())
            .collect();
        if let Some(first) = findings.first() {
            assert!(text.starts_with(&format!("! {first}")), "{tool} {ask}: {text}");
        }
        let told_in_text: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("! ")).collect();
        assert_eq!(told_in_text, findings, "{tool} {ask}");
        for step in told.structured["next"].as_array().into_iter().flatten() {
            assert!(
                text.contains(&format!("{} {}", step["tool"].as_str().unwrap(), step["args"])),
                "{tool} {ask}: {text}"
            );
        }
        assert!(
            text.ends_with(')') && text.lines().last().unwrap().starts_with("(production; asked "),
            "{text}"
        );
        assert!(
            !text.contains("{\"")
                || !told.structured["next"].is_null()
                || ["find_records", "query_state"].contains(tool),
            "{tool} {ask}: JSON in the text: {text}"
        );
    }
}

#[tokio::test]
async fn what_comes_from_the_cache_says_how_old_it_is() {
    let rig = Rig::new().await;
    let asks = [
        ("find_user", json!({ "who": rig.incident(IncidentKind::PaidNoAccess).email }), "stripe"),
        ("list_errors", json!({ "since": "7d" }), "sentry"),
        ("find_records", json!({ "table": "users" }), "convex"),
        (
            "payment_intent_status",
            json!({ "id": rig.incident(IncidentKind::PaidNoAccess).payment_intent }),
            "stripe",
        ),
    ];
    for (tool, ask, _) in &asks {
        let told = rig.call(tool, ask.clone()).await.unwrap();
        assert!(
            !told.page.to_text().contains(" s ago"),
            "{tool}: nothing is old yet: {}",
            told.page.to_text()
        );
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    rig.demo.clear_record();
    for (tool, ask, source) in &asks {
        let told = rig.call(tool, ask.clone()).await.unwrap();
        let report = told.structured["sources"]
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["source"] == *source)
            .unwrap()
            .clone();
        let age = report["age_s"].as_u64().unwrap_or_else(|| panic!("{tool}: {report} has no age"));
        assert!((1..=15).contains(&age), "{tool}: {age} s");
        assert!(
            told.page.to_text().contains(&format!("{source}: answered {age} s ago")),
            "{}",
            told.page.to_text()
        );
    }
    assert_eq!(rig.demo.record().iter().filter(|r| r.service == Service::Stripe).count(), 0);
}
