//! One service misbehaves, in every way it can: every tool answers in time with what the others know, and says what is
//! missing. Nothing is said to be absent that was not really looked for.

#[path = "faults/in_part.rs"]
mod in_part;
#[path = "faults/none_left.rs"]
mod none_left;
#[path = "faults/stores.rs"]
mod stores;

use crate::rig::{Rig, call};
use futures_util::future::join_all;
use prodview_demo::{Fault, IncidentKind, Service, Settings};
use prodview_tools::{App, LONGEST_CALL, Told, ToolError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SERVICES: [Service; 4] = [Service::Sentry, Service::Stripe, Service::Convex, Service::Upstash];

fn name(service: Service) -> &'static str {
    match service {
        Service::Sentry => "sentry",
        Service::Stripe => "stripe",
        Service::Convex => "convex",
        Service::Upstash => "upstash",
        Service::Supabase => "supabase",
    }
}

/// One good question for each tool.
fn questions(rig: &Rig) -> Vec<(&'static str, Value)> {
    let paid = rig.incident(IncidentKind::PaidNoAccess);
    let since = since(rig);
    vec![
        ("list_sources", json!({})),
        ("find_user", json!({ "who": paid.email })),
        ("user_timeline", json!({ "who": paid.email, "since": since })),
        ("list_errors", json!({ "since": since })),
        ("get_error", json!({ "id": paid.issue_short_id.clone().unwrap() })),
        ("payment_intent_status", json!({ "id": paid.payment_intent.clone().unwrap() })),
        // A chain that is whole: where one breaks depends on what is seen of it, and so do the errors asked for.
        ("trace_payment", json!({ "id": rig.incident(IncidentKind::OpenDispute).payment_intent })),
        ("reconcile_payments", json!({ "since": since })),
        ("webhook_deliveries", json!({ "since": since })),
        ("describe_state", json!({ "table": "users" })),
        ("find_records", json!({ "table": "users" })),
        ("find_records", json!({ "source": "upstash", "table": format!("entitlement:{}", paid.user_id) })),
        ("find_records", json!({ "source": "upstash", "table": "flags" })),
        ("query_state", json!({ "source": "upstash", "query": "HGET flags new-checkout" })),
    ]
}

/// A day ago, as a fixed moment: "24h" would be another one in the next second.
fn since(rig: &Rig) -> String {
    (rig.demo.world().now - jiff::SignedDuration::from_hours(24)).to_string()
}

/// A question, and its answer when all is well.
struct Known {
    tool: &'static str,
    ask: Value,
    whole: Value,
}

/// The questions whose answer takes this service, with nothing wrong yet.
async fn known(rig: &Rig, service: Service, questions: Vec<(&'static str, Value)>) -> Vec<Known> {
    let mut known = Vec::new();
    for (tool, ask) in questions {
        rig.demo.clear_record();
        let told = call(&rig.configured(|toml| toml), tool, ask.clone()).await;
        let whole = portless(rig, &told.unwrap_or_else(|e| panic!("{tool}: {e}")).structured);
        if rig.demo.record().iter().any(|asked| asked.service == service) {
            assert_eq!(
                report(&whole, name(service)).map(|r| &r["status"]),
                Some(&json!("ok")),
                "{tool}: {whole}"
            );
            known.push(Known { tool, ask, whole });
        }
    }
    assert!(known.len() >= 4, "only {} tools ask {}", known.len(), name(service));
    known
}

/// The same answer, whichever ports the demo was given.
fn portless(rig: &Rig, answer: &Value) -> Value {
    let told =
        SERVICES.iter().fold(answer.to_string(), |text, s| text.replace(&rig.demo.origin(*s), name(*s)));
    serde_json::from_str(&told).unwrap()
}

/// The demo's configuration with a line more in the section of one service.
fn with_line(toml: &str, service: Service, line: &str) -> String {
    let section = format!("[sources.{}]\n", name(service));
    toml.replace(&section, &format!("{section}{line}\n"))
}

/// How a source is to be reported that met a fault.
struct Due {
    status: &'static str,
    /// Words of its note, and so of the text.
    says: &'static str,
    retry_after_s: Option<std::ops::RangeInclusive<u64>>,
}

fn due(fault: &Fault) -> Option<Due> {
    let missing = |says| Some(Due { status: "unreachable", says, retry_after_s: None });
    match fault {
        Fault::Delay(_) => None,
        Fault::Limited { retry_after_s } => Some(Due {
            status: "limited",
            says: "too many requests",
            retry_after_s: retry_after_s.map(|s| s.saturating_sub(20).max(1)..=s),
        }),
        Fault::Status(502..=504) | Fault::Reset | Fault::Truncated => missing("could not be reached"),
        Fault::Status(_) => missing("HTTP 500"),
        Fault::CutJson => missing("the JSON is cut short"),
        Fault::Huge(_) => missing("larger than 8 MiB"),
        Fault::Html => missing("a web page instead of JSON"),
        Fault::Hang | Fault::SlowBody(_) => missing("no answer in time"),
    }
}

/// Every fault there is. The compiler names the one that is added to the demo and forgotten here: see `due`.
fn faults() -> Vec<Fault> {
    vec![
        Fault::Delay(Duration::from_millis(100)),
        Fault::Limited { retry_after_s: None },
        Fault::Limited { retry_after_s: Some(1) },
        Fault::Limited { retry_after_s: Some(60) },
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(503),
        Fault::Reset,
        Fault::SlowBody(Duration::from_secs(5)),
        Fault::Truncated,
        Fault::CutJson,
        Fault::Huge(50 * 1024 * 1024),
        Fault::Html,
        Fault::Hang,
    ]
}

#[tokio::test]
async fn whatever_sentry_does_the_others_are_heard() {
    every_fault_of(Service::Sentry).await;
}

#[tokio::test]
async fn whatever_stripe_does_the_others_are_heard() {
    every_fault_of(Service::Stripe).await;
}

#[tokio::test]
async fn whatever_convex_does_the_others_are_heard() {
    every_fault_of(Service::Convex).await;
}

#[tokio::test]
async fn whatever_upstash_does_the_others_are_heard() {
    every_fault_of(Service::Upstash).await;
}

async fn every_fault_of(service: Service) {
    let healthy = Rig::new().await;
    let known = known(&healthy, service, questions(&healthy)).await;
    // All faults at the same time, each in a production of its own; the same seed and moment make the same one.
    let settings = Settings { now: healthy.demo.world().now, ..Settings::default() };
    join_all(faults().into_iter().map(async |fault| {
        let rig = Rig::with(settings.clone()).await;
        rig.demo.fault(service, "", fault.clone());
        let waits = matches!(fault, Fault::Hang | Fault::SlowBody(_));
        // A few tools at a time: it is the fault that is tested, not how many connections a machine makes in 3 s.
        for few in known.chunks(5) {
            join_all(few.iter().map(async |known| {
                // A source of its own for each tool: none is helped, or held up, by what another one asked.
                let app =
                    rig.configured(
                        |toml| if waits { with_line(&toml, service, "timeout = \"1s\"") } else { toml },
                    );
                let told = in_time(&app, known.tool, known.ask.clone(), LONGEST_CALL).await;
                let told = told.map(|told| Told { structured: portless(&rig, &told.structured), ..told });
                let trouble =
                    Trouble { source: name(service), due: due(&fault), label: format!("{fault:?}") };
                check(&trouble, known, told);
            }))
            .await;
        }
    }))
    .await;
}

/// The call, which must end in this time. Half a second is for the machine.
async fn in_time(app: &Arc<App>, tool: &str, ask: Value, limit: Duration) -> Result<Told, ToolError> {
    let started = Instant::now();
    let told = call(app, tool, ask).await;
    let took = started.elapsed();
    assert!(took < limit + Duration::from_millis(500), "{tool} took {took:?}");
    assert!(!matches!(told, Err(ToolError::TooLong(_) | ToolError::Internal)), "{tool}: {told:?}");
    told
}

/// What one source suffers, and what is to be said of it; nothing when it is to be borne.
struct Trouble {
    source: &'static str,
    due: Option<Due>,
    label: String,
}

fn check(trouble: &Trouble, known: &Known, told: Result<Told, ToolError>) {
    let (Known { tool, whole, .. }, source) = (known, trouble.source);
    let label = format!("{tool}, {source} {}", trouble.label);
    let Some(due) = &trouble.due else {
        let told = told.unwrap_or_else(|e| panic!("{label}: {e}"));
        return same(facts(&told.structured), facts(whole), &label);
    };
    let told = match told {
        Ok(told) => told,
        // Only this source could have answered: then its failure is the answer.
        Err(ToolError::Unavailable(why)) => {
            let others = others(whole, source);
            assert!(others.iter().all(|other| facts_of(whole, other).is_empty()), "{label}: {why}");
            assert!(why.contains(source) && why.contains(due.says), "{label}: {why}");
            return;
        }
        Err(error) => panic!("{label}: {error}"),
    };
    let (answer, text) = (&told.structured, told.page.to_text());
    let report = report(answer, source).unwrap_or_else(|| panic!("{label}: not in {}", answer["sources"]));
    assert_eq!(report["status"], due.status, "{label}: {report}");
    assert!(report["notes"].to_string().contains(due.says), "{label}: {report}");
    let wait = report["retry_after_s"].as_u64();
    match &due.retry_after_s {
        Some(range) => assert!(wait.is_some_and(|s| range.contains(&s)), "{label}: {report}"),
        // Sentry tells in a header of its own when to come back: at once.
        None => assert!(wait.is_none_or(|s| s == 1), "{label}: {report}"),
    }
    let line = text.lines().find(|line| line.starts_with(&format!("{source}: ")) && line.contains(due.says));
    assert!(line.is_some(), "{label}: the text does not say it:\n{text}");
    for other in others(whole, source) {
        assert_eq!(
            self::report(answer, &other).map(|r| &r["status"]),
            Some(&json!("ok")),
            "{label}: {answer}"
        );
        same(
            json!(facts_of(answer, &other)),
            json!(facts_of(whole, &other)),
            &format!("{label}: the facts of {other}"),
        );
    }
    claims_nothing_absent(source, answer, &label);
}

/// The sources that answered when all was well, but for this one.
fn others(whole: &Value, one: &str) -> Vec<String> {
    let sources =
        whole["sources"].as_array().unwrap().iter().map(|r| r["source"].as_str().unwrap().to_owned());
    sources.filter(|source| source != one).collect()
}

fn report<'a>(answer: &'a Value, source: &str) -> Option<&'a Value> {
    answer["sources"].as_array().unwrap().iter().find(|r| r["source"] == source)
}

/// An answer without what differs from call to call.
fn facts(answer: &Value) -> Value {
    let mut facts = answer.as_object().unwrap().clone();
    for moving in ["sources", "untrusted"] {
        facts.remove(moving);
    }
    without(Value::Object(facts), "window")
}

/// The records of an answer that one source gave.
fn facts_of(answer: &Value, source: &str) -> Vec<Value> {
    let lists = answer.as_object().unwrap().values().filter_map(Value::as_array).flatten();
    let mine =
        lists.filter(|record| record["source"] == source && record.get("status").is_none_or(|s| s != "ok"));
    // What the app noted on an event, or knows of the same fact, is the app's.
    let mut facts: Vec<Value> = mine
        .map(|record| {
            let record = ["window", "app"].into_iter().fold(record.clone(), without);
            // Lines of a timeline are joined with the app's rows, and folded where nothing of the app's stands between.
            match record["what"].as_str().and_then(|what| what.split("; the app:").next()) {
                Some(what) => {
                    json!(what.split(" times since ").next().unwrap().rsplit_once(" (").map_or(what, |w| w.0))
                }
                None => record,
            }
        })
        .collect();
    if facts.iter().any(Value::is_string) {
        facts.sort_by_key(Value::to_string);
        facts.dedup();
    }
    facts
}

/// The same without the fields of this name.
fn without(mut value: Value, field: &str) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove(field);
            fields.values_mut().for_each(|v| *v = without(v.take(), field));
        }
        Value::Array(list) => list.iter_mut().for_each(|v| *v = without(v.take(), field)),
        _ => {}
    }
    value
}

/// Fails with the first line that differs, not with two whole answers.
fn same(one: Value, other: Value, label: &str) {
    let [one, other] = [one, other].map(|v| ageless(&serde_json::to_string_pretty(&v).unwrap()));
    let differ = one.lines().zip(other.lines()).find(|(a, b)| a != b);
    assert!(one == other, "{label}: {differ:?}");
}

/// The text without `9 h` in `9 h ago`: an hour may end between two calls.
fn ageless(text: &str) -> String {
    let mut parts: Vec<&str> = text.split(" ago").collect();
    let last = parts.pop().unwrap_or_default();
    let shown = parts.iter().map(|part| part.rsplitn(3, ' ').last().unwrap_or_default().to_owned() + " ago");
    shown.collect::<String>() + last
}

/// No finding may say of this source, or of all, that something is not there.
fn claims_nothing_absent(source: &str, answer: &Value, label: &str) {
    // Those whom a finding may speak of, and those that keep the app's tables.
    const NAMED: [&str; 6] = ["sentry", "stripe", "convex", "upstash", "db", "cache"];
    const KEEPS_THE_APP: [&str; 2] = ["convex", "db"];
    const ABSENT: [&str; 11] = [
        "does not know",
        "does not have",
        "is known of",
        "no event",
        "no error",
        "has no ",
        "nothing wrong",
        "nothing that",
        "no occurrence",
        "every event",
        "no enabled",
    ];
    for finding in answer["findings"].as_array().into_iter().flatten() {
        let what = finding["what"].as_str().unwrap();
        let mut words = what.split(|c: char| !c.is_ascii_alphanumeric());
        let of_another = words.any(|word| word != source && NAMED.contains(&word))
            || (!KEEPS_THE_APP.contains(&source) && what.contains("the app"));
        // Why it did not answer is no statement about what it holds.
        let what = what.replace("has no connection left", "");
        let absent = ABSENT.iter().any(|words| what.contains(words));
        assert!(of_another || !absent, "{label}: {what}");
    }
}

/// With the default settings, and a service that needs a minute for each answer.
#[tokio::test]
async fn a_service_that_takes_a_minute_keeps_nobody_waiting() {
    join_all(SERVICES.map(async |service| {
        let rig = Rig::new().await;
        let known = known(&rig, service, questions(&rig)).await;
        rig.demo.fault(service, "", Fault::Delay(Duration::from_secs(60)));
        let asks = known.iter().map(async |Known { tool, ask, .. }| {
            let app = rig.configured(|toml| toml);
            let label = format!("{tool}, {}", name(service));
            match in_time(&app, tool, ask.clone(), LONGEST_CALL).await {
                Ok(told) => {
                    let report = report(&told.structured, name(service)).unwrap().clone();
                    assert_eq!(report["status"], "unreachable", "{label}: {report}");
                    assert!(report["notes"].to_string().contains("no answer in time"), "{label}: {report}");
                    claims_nothing_absent(name(service), &told.structured, &label);
                }
                Err(error) => {
                    let why = error.to_string();
                    assert!(
                        why.contains(name(service)) && why.contains("no answer in time"),
                        "{label}: {why}"
                    );
                }
            }
        });
        join_all(asks).await;
    }))
    .await;
}
