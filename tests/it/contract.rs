//! The answer contract, held by every tool: its own schema, where it comes from, what is foreign, what leads on.

use crate::budgets::{questions, uncached};
use crate::rig::{Rig, call, entry};
use prodview_demo::{IncidentKind, Service};
use prodview_tools::Told;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[path = "contract/arguments.rs"]
mod arguments;

/// The questions of the budgets and those whose answers look otherwise: nothing found, several found, one only.
fn more_questions(rig: &Rig) -> Vec<(&'static str, Value)> {
    let of = |kind| rig.incident(kind);
    let mut all = questions(rig);
    for incident in rig.demo.incidents() {
        all.push(("find_user", json!({ "who": incident.email })));
        all.push(("payment_intent_status", json!({ "id": incident.customer_id })));
        let ids = [&incident.payment_intent, &incident.subscription, &incident.refund, &incident.dispute, &incident.invoice];
        all.extend(ids.into_iter().flatten().map(|id| ("payment_intent_status", json!({ "id": id }))));
        all.extend(incident.issue_short_id.iter().map(|id| ("get_error", json!({ "id": id }))));
    }
    let row = &of(IncidentKind::PaidNoAccess).rows.iter().find(|(table, _)| *table == "internalErrors").unwrap().1;
    all.extend([
        ("find_user", json!({ "who": "nobody@nowhere.example" })),
        ("find_user", json!({ "who": of(IncidentKind::DuplicateCustomers).other_customer_id })),
        ("find_user", json!({ "who": of(IncidentKind::PaidNoAccess).payment_intent })),
        ("list_errors", json!({ "since": "13d", "limit": 50 })),
        ("list_errors", json!({ "since": "13d", "limit": 2, "sort": "new" })),
        ("list_errors", json!({ "user": "nobody@nowhere.example" })),
        ("get_error", json!({ "id": row })),
        ("payment_intent_status", json!({ "id": "nobody@nowhere.example" })),
        ("payment_intent_status", json!({ "id": "gift.giver@fastpost.example" })),
        ("webhook_deliveries", json!({ "since": "29d", "limit": 3 })),
        ("webhook_deliveries", json!({ "event_type": "nosuch.type" })),
        ("webhook_deliveries", json!({ "only_failing": true })),
        ("find_records", json!({ "table": "users", "where": { "email": "nobody@nowhere.example" } })),
        ("find_records", json!({ "table": "internalErrors", "limit": 1 })),
    ]);
    for table in ["auditLog", "webhookEvents", "jobs", "passes"] {
        all.extend([("describe_state", json!({ "table": table })), ("find_records", json!({ "table": table, "limit": 3 }))]);
    }
    all
}

async fn answered(rig: &Rig) -> Vec<(&'static str, Value, Told)> {
    let mut all = Vec::new();
    for (tool, ask) in more_questions(rig) {
        let told = rig.call(tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        all.push((tool, ask, told));
    }
    all
}

#[tokio::test]
async fn every_answer_is_as_its_tools_schema_says() {
    for seed in [1, 11] {
        let rig = Rig::seeded(seed).await;
        for (tool, ask, told) in answered(&rig).await {
            let schema = entry(tool).output;
            let validator = jsonschema::validator_for(schema.as_value()).unwrap();
            let wrong: Vec<String> = validator.iter_errors(&told.structured).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(wrong.is_empty(), "{tool} {ask}: {wrong:#?}");
            let known: BTreeSet<&String> = schema.get("properties").and_then(Value::as_object).unwrap().keys().collect();
            let unknown: Vec<&String> = told.structured.as_object().unwrap().keys().filter(|k| !known.contains(k)).collect();
            assert!(unknown.is_empty(), "{tool} {ask}: {unknown:?} are not in its schema");
        }
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
        let asked: BTreeSet<String> = rig.demo.record().iter().map(|r| format!("{:?}", r.service).to_lowercase()).collect();
        let named: BTreeSet<String> = told.structured["sources"].as_array().unwrap().iter().map(|s| s["source"].as_str().unwrap().to_owned()).collect();
        // A source that could not know the thing by its id is named without having been bothered.
        assert!(asked.is_subset(&named), "{tool} {ask}: asked {asked:?}, named {named:?}");
        for silent in named.difference(&asked) {
            let report = told.structured["sources"].as_array().unwrap().iter().find(|s| s["source"] == silent.as_str()).unwrap();
            assert_eq!(report["rows"], 0, "{tool} {ask}: {report} although nothing was asked");
        }
        let text = told.page.to_text();
        assert!(named.iter().all(|name| text.contains(name.as_str())), "{tool}: {text}");
    }
}

/// The texts that are ours: our own words, ids of a checked shape, moments, links that we built.
const OURS: &[&str] = &[
];

#[tokio::test]
async fn what_outsiders_could_have_written_is_named_exactly() {
    let mut ours = BTreeSet::new();
    for seed in [1, 2] {
        let rig = Rig::seeded(seed).await;
        for (tool, ask, told) in answered(&rig).await {
            let patterns: Vec<&str> = told.structured["untrusted"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            for pattern in &patterns {
                let held = resolve(&told.structured, pattern);
                assert!(!held.is_empty(), "{tool} {ask}: {pattern} points at nothing");
                let texts = held.iter().all(|v| v.is_string() || pattern.ends_with(".fields"));
                assert!(texts, "{tool} {ask}: {pattern} points at {held:?}");
            }
            let mut leaves = BTreeSet::new();
            strings(&told.structured, String::new(), &mut leaves);
            ours.extend(leaves.into_iter().filter(|path| !patterns.iter().any(|p| covers(p, path))));
        }
    }
    // Whatever is not named as foreign must be one of these, each looked at by somebody.
    let unknown: Vec<&String> = ours.iter().filter(|path| !OURS.contains(&path.as_str())).collect();
    assert!(unknown.is_empty(), "neither ours nor named as foreign: {unknown:#?}");
    let gone: Vec<&&str> = OURS.iter().filter(|path| !ours.contains(**path)).collect();
    assert!(gone.is_empty(), "no answer has these any more: {gone:?}");
}

/// All values that a pattern such as `people[].facts.*` stands for.
fn resolve<'a>(value: &'a Value, pattern: &str) -> Vec<&'a Value> {
    let mut held = vec![value];
    for part in pattern.split('.') {
        let (name, lists) = (part.trim_end_matches("[]"), part.matches("[]").count());
        held = match name {
            "*" => held.iter().filter_map(|v| v.as_object()).flat_map(|fields| fields.values()).collect(),
            name => held.iter().filter_map(|v| v.get(name)).collect(),
        };
        for _ in 0..lists {
            held = held.iter().filter_map(|v| v.as_array()).flatten().collect();
        }
    }
    held
}

/// The path of every text, in the form of the patterns.
pub fn strings(value: &Value, path: String, out: &mut BTreeSet<String>) {
    match value {
        // What leads on is built of checked parts; its arguments' names are those of the tools.
        _ if path.starts_with("next[].args") => {}
        Value::String(_) => drop(out.insert(path)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, format!("{path}[]"), out)),
        Value::Object(fields) => {
            for (key, field) in fields {
                strings(field, if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, out);
            }
        }
        _ => {}
    }
}

pub fn covers(pattern: &str, path: &str) -> bool {
    if let Some(rows) = pattern.strip_suffix(".fields") {
        return path.strip_prefix(rows).is_some_and(|rest| rest.starts_with(".fields"));
    }
    if let Some(map) = pattern.strip_suffix(".*") {
        return path.strip_prefix(map).is_some_and(|rest| rest.starts_with('.'));
    }
    pattern == path
}

#[tokio::test]
async fn every_next_call_is_well_formed_and_really_answers() {
    for seed in [1, 3] {
        let rig = Rig::seeded(seed).await;
        let mut followed = BTreeSet::new();
        for (tool, ask, told) in answered(&rig).await {
            let next = told.structured["next"].as_array().cloned().unwrap_or_default();
            assert!(next.len() <= 3, "{tool} {ask}");
            for step in next {
                let (name, args) = (step["tool"].as_str().unwrap(), step["args"].clone());
                assert!(step["why"].as_str().is_some_and(|why| !why.is_empty()));
                assert!((name, &args) != (tool, &ask), "{tool} {ask} leads to itself");
                let entry = entry(name);
                let validator = jsonschema::validator_for(entry.input.as_value()).unwrap();
                assert!(validator.is_valid(&args), "{tool} {ask} → {name} {args}");
                if followed.insert(format!("{name} {args}")) {
                    rig.call(name, args.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask} → {name} {args}: {e}"));
                }
            }
        }
        assert!(followed.len() > 20, "only {} next calls", followed.len());
    }
}

/// What a provider's JSON holds and no answer may: secrets by nature, and names that are not our words.
const RAW: [&str; 24] = [
    "client_secret", "hosted_invoice_url", "invoice_pdf", "receipt_url", "fingerprint", "payment_method_details", "billing_details",
    "idempotency_key", "pending_webhooks", "livemode", "latest_charge", "last_payment_error", "balance_transaction", "shortId",
    "firstSeen", "lastSeen", "userCount", "permalink", "entries", "ip_address", "_creationTime", "_id", "enabled_events", "evidence_details",
];

#[tokio::test]
async fn nothing_of_a_providers_json_passes_raw() {
    let rig = Rig::new().await;
    for (tool, ask, told) in answered(&rig).await {
        let mut keys = BTreeSet::new();
        names(&told.structured, &mut keys);
        let raw: Vec<&&str> = RAW.iter().filter(|raw| keys.contains(**raw)).collect();
        assert!(raw.is_empty(), "{tool} {ask}: {raw:?}");
        let all = format!("{} {}", told.structured, told.page.to_text());
        for part in ["_secret_", "invoice.stripe.com", "pay.stripe.com", "checkout.stripe.com/c/pay", "\"object\":\"list\""] {
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
const MAIN_LISTS: [&str; 10] =
    ["connected", "people", "errors", "payments", "rates", "endpoints", "events", "tables", "rows", "entitlements[].rows"];

#[tokio::test]
async fn empty_parts_are_absent() {
    let rig = Rig::new().await;
    for (tool, ask, told) in answered(&rig).await {
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
        Value::Object(fields) => fields.iter().filter(|(key, _)| *key != "fields").for_each(|(key, field)| hollow(field, &format!("{path}.{key}"), out)),
        _ => {}
    }
}

#[tokio::test]
async fn the_text_begins_with_the_findings_and_tells_every_one() {
    let rig = Rig::new().await;
    for (tool, ask, told) in answered(&rig).await {
        let text = told.page.to_text();
        let findings: Vec<&str> = told.structured["findings"].as_array().into_iter().flatten().filter_map(|f| f["what"].as_str()).collect();
        if let Some(first) = findings.first() {
            assert!(text.starts_with(&format!("! {first}")), "{tool} {ask}: {text}");
        }
        let told_in_text: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("! ")).collect();
        assert_eq!(told_in_text, findings, "{tool} {ask}");
        for step in told.structured["next"].as_array().into_iter().flatten() {
            assert!(text.contains(&format!("{} {}", step["tool"].as_str().unwrap(), step["args"])), "{tool} {ask}: {text}");
        }
        assert!(text.ends_with(')') && text.lines().last().unwrap().starts_with("(production; asked "), "{text}");
        assert!(!text.contains("{\"") || !told.structured["next"].is_null() || tool == "find_records", "{tool} {ask}: JSON in the text: {text}");
    }
}

#[tokio::test]
async fn what_comes_from_the_cache_says_how_old_it_is() {
    let rig = Rig::new().await;
    let asks = [
        ("find_user", json!({ "who": rig.incident(IncidentKind::PaidNoAccess).email }), "stripe"),
        ("list_errors", json!({ "since": "7d" }), "sentry"),
        ("find_records", json!({ "table": "users" }), "convex"),
        ("payment_intent_status", json!({ "id": rig.incident(IncidentKind::PaidNoAccess).payment_intent }), "stripe"),
    ];
    for (tool, ask, _) in &asks {
        let told = rig.call(tool, ask.clone()).await.unwrap();
        assert!(!told.page.to_text().contains(" s ago"), "{tool}: nothing is old yet: {}", told.page.to_text());
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    rig.demo.clear_record();
    for (tool, ask, source) in &asks {
        let told = rig.call(tool, ask.clone()).await.unwrap();
        let report = told.structured["sources"].as_array().unwrap().iter().find(|s| s["source"] == *source).unwrap().clone();
        let age = report["age_s"].as_u64().unwrap_or_else(|| panic!("{tool}: {report} has no age"));
        assert!((1..=15).contains(&age), "{tool}: {age} s");
        assert!(told.page.to_text().contains(&format!("{source}: answered {age} s ago")), "{}", told.page.to_text());
    }
    assert_eq!(rig.demo.record().iter().filter(|r| r.service == Service::Stripe).count(), 0);
}
