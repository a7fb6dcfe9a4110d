//! What outsiders could have written is named by every answer, exactly: nothing more, nothing less.

use super::answered;
use serde_json::Value;
use std::collections::BTreeSet;

/// The texts that are ours: our own words, ids of a checked shape, moments, links that we built.
const OURS: &[&str] = &[
    "by_kind[].problem",
    "chain[].at",
    "chain[].ids[]",
    "chain[].link",
    "chain[].state",
    "chain[].what",
    "connected[].answers[]",
    "connected[].could_write",
    "connected[].key",
    "connected[].mode",
    "connected[].provider",
    "connected[].source",
    "connected[].target",
    "cut[].cursor",
    "cut[].what",
    "endpoints[].id",
    "endpoints[].source",
    "endpoints[].url",
    "entitlements[].rows[].created",
    "entitlements[].rows[].id",
    "entitlements[].source",
    "entitlements[].table",
    "error.first_seen",
    "error.id",
    "error.last_seen",
    "error.source",
    "error.url",
    "errors[].at",
    "errors[].first_seen",
    "errors[].id",
    "errors[].last_seen",
    "errors[].source",
    "errors[].url",
    "event.at",
    "event.breadcrumbs[].at",
    "event.id",
    "event.trace",
    "events[].app.at",
    "events[].app.row",
    "events[].at",
    "events[].delivery",
    "events[].id",
    "events[].source",
    "events[].url",
    "findings[].action",
    "findings[].evidence[]",
    "findings[].what",
    "ids[].ask",
    "ids[].id",
    "ids[].kind",
    "lines[].also[]",
    "lines[].at",
    "lines[].id",
    "lines[].kind",
    "lines[].source",
    "lines[].url",
    "lines[].whose",
    "next[].tool",
    "next[].why",
    "payment.amount",
    "payment.customer",
    "payment.id",
    "payment.source",
    "payment.url",
    "payments[].amount.currency",
    "payments[].amount.text",
    "payments[].attempts[].at",
    "payments[].attempts[].decline.action",
    "payments[].attempts[].decline.declined_by",
    "payments[].attempts[].decline.meaning",
    "payments[].attempts[].decline.who_can_act",
    "payments[].attempts[].id",
    "payments[].created",
    "payments[].customer",
    "payments[].disputes[].amount.currency",
    "payments[].disputes[].amount.text",
    "payments[].disputes[].at",
    "payments[].disputes[].id",
    "payments[].disputes[].respond_by",
    "payments[].events[].app.at",
    "payments[].events[].app.row",
    "payments[].events[].at",
    "payments[].events[].delivery",
    "payments[].events[].id",
    "payments[].events[].source",
    "payments[].events[].url",
    "payments[].id",
    "payments[].meaning",
    "payments[].purpose[].id",
    "payments[].purpose[].kind",
    "payments[].purpose[].url",
    "payments[].refunds[].amount.currency",
    "payments[].refunds[].amount.text",
    "payments[].refunds[].at",
    "payments[].refunds[].id",
    "payments[].source",
    "payments[].url",
    "people[].created",
    "people[].id",
    "people[].source",
    "people[].url",
    "problems[].at",
    "problems[].ids[]",
    "problems[].problem",
    "problems[].what",
    "rates[].source",
    "rates[].window[]",
    "releases[].at",
    "releases[].source",
    "rows[].created",
    "rows[].id",
    "source",
    "sources[].notes[]",
    "sources[].source",
    "sources[].status",
    "sources[].window[]",
    "spread[].tag",
    "table",
    "tables[].fields[].key",
    "tables[].fields[].looks_like",
    "tables[].fields[].name",
    "tables[].fields[].type",
    "tables[].indexes[]",
    "tables[].name",
    "untrusted[]",
    "window[]",
];

#[tokio::test]
async fn what_outsiders_could_have_written_is_named_exactly() {
    let mut ours = BTreeSet::new();
    for (tool, ask, told) in answered().await {
        let patterns: Vec<&str> =
            told.structured["untrusted"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for pattern in &patterns {
            let held = resolve(&told.structured, pattern);
            assert!(!held.is_empty(), "{tool} {ask}: {pattern} points at nothing");
            // The rows of a query are foreign as a whole: their columns are the asker's.
            let whole = pattern.ends_with(".fields") || (*tool == "query_state" && *pattern == "rows[]");
            let texts = held.iter().all(|v| v.is_string() || whole);
            assert!(texts, "{tool} {ask}: {pattern} points at {held:?}");
        }
        let mut leaves = BTreeSet::new();
        strings(&told.structured, String::new(), &mut leaves);
        ours.extend(leaves.into_iter().filter(|path| !patterns.iter().any(|p| covers(p, path))));
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
    pattern == path || (pattern == "rows[]" && path.starts_with("rows[]."))
}
