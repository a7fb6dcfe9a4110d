//! What the demo production hides is found: each incident by exact ids, over several seeds.

use crate::rig::Rig;
use prodview_demo::{Incident, IncidentKind};
use serde_json::Value;

#[path = "incidents/errors.rs"]
mod errors;
#[path = "incidents/payments.rs"]
mod payments;
#[path = "incidents/people.rs"]
mod people;
#[path = "incidents/reconcile.rs"]
mod reconcile;
#[path = "incidents/state.rs"]
mod state;
#[path = "incidents/timeline.rs"]
mod timeline;
#[path = "incidents/trace.rs"]
mod trace;
#[path = "incidents/webhooks.rs"]
mod webhooks;
#[path = "incidents/whole.rs"]
mod whole;

/// Who has which incident, and which ids there are, depends on the seed: no test may know only one company.
const SEEDS: [u64; 4] = [1, 2, 3, 11];

/// The companies, one at a time.
async fn companies() -> Vec<(Rig, Vec<Incident>)> {
    let mut all = Vec::new();
    for seed in SEEDS {
        let rig = Rig::seeded(seed).await;
        let incidents = rig.demo.incidents().to_vec();
        all.push((rig, incidents));
    }
    all
}

/// The structured answer of an app of its own: how many requests a second an app sends is not what is tested here.
async fn fresh(rig: &Rig, tool: &str, ask: Value) -> Value {
    match rig.call_fresh(tool, ask.clone()).await {
        Ok(told) => told.structured,
        Err(error) => panic!("{tool} {ask}: {error}"),
    }
}

fn of(incidents: &[Incident], kind: IncidentKind) -> &Incident {
    incidents.iter().find(|i| i.kind == kind).unwrap()
}

/// The finding that rests on exactly these records, in this order or another.
fn finding<'a>(answer: &'a Value, evidence: &[&str]) -> &'a Value {
    let mut due = evidence.to_vec();
    due.sort_unstable();
    let rests_on = |finding: &&Value| {
        let mut ids = texts(&finding["evidence"]);
        ids.sort_unstable();
        ids == due
    };
    let found = answer["findings"].as_array().unwrap().iter().find(rests_on);
    found.unwrap_or_else(|| panic!("no finding rests on {evidence:?}: {:#}", answer["findings"]))
}

/// What the findings say, each.
fn said(answer: &Value) -> Vec<&str> {
    answer["findings"].as_array().into_iter().flatten().filter_map(|f| f["what"].as_str()).collect()
}

fn list<'a>(answer: &'a Value, field: &str) -> &'a [Value] {
    answer[field].as_array().unwrap_or_else(|| panic!("no list `{field}` in {answer:#}"))
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The value of one field of each row.
fn column<'a>(rows: &'a [Value], field: &str) -> Vec<&'a str> {
    rows.iter().filter_map(|row| row[field].as_str()).collect()
}

fn with_id<'a>(rows: &'a [Value], id: &str) -> &'a Value {
    rows.iter()
        .find(|row| row["id"] == id)
        .unwrap_or_else(|| panic!("no {id} among {:?}", column(rows, "id")))
}

/// A person as one source knows them: the error tracker knows them by the app's own id.
fn known<'a>(answer: &'a Value, source: &str, id: &str) -> &'a Value {
    let mut people = list(answer, "people").iter();
    let found = people.find(|p| p["source"] == source && p["id"] == id);
    found.unwrap_or_else(|| panic!("{source} does not know {id}: {:#}", answer["people"]))
}

fn report<'a>(answer: &'a Value, source: &str) -> &'a Value {
    let reports = answer["sources"].as_array().unwrap();
    reports
        .iter()
        .find(|r| r["source"] == source)
        .unwrap_or_else(|| panic!("{source} is not among {reports:?}"))
}

/// The cursor that an answer gives, if it has more.
fn cursor(answer: &Value) -> Option<&str> {
    answer["cut"].as_array()?.iter().find_map(|cut| cut["cursor"].as_str())
}

/// The objects of one kind that the demo's Stripe holds in live mode, newest first.
fn live<'a>(rig: &'a Rig, kind: &str) -> Vec<&'a Value> {
    rig.demo.world().stripe.live.iter().filter(|object| object["object"] == kind).collect()
}
