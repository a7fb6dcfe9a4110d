//! Sixty-four callers at once, beside sixty-four that ask the provider directly.

#![expect(clippy::disallowed_types, reason = "the program is started, and a client of it is needed")]

use crate::floor::{Floor, read};
use crate::line;
use crate::program::{command, resident, stateless};
use prodview_demo::{Demo, Fault, Service};
use prodview_guard::{Ask, Auth, ConvexQuery, Origin, Provider, Secret, Wire, WireSettings};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::num::NonZeroU32;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CALLERS: usize = 64;
const WINDOW: Duration = Duration::from_secs(2);
const WINDOWS: usize = 3;

pub async fn measure(demo: &Demo) {
    for late in [Duration::ZERO, Duration::from_millis(50)] {
        demo.clear_faults();
        if !late.is_zero() {
            demo.fault(Service::Convex, "", Fault::Delay(late));
        }
        whole(demo, late).await;
        guard(demo, late).await;
    }
    demo.clear_faults();
}

/// The program on HTTP. Callers ask the same, so one request upstream serves them all: different questions would be
/// held to ten a second by the source's budget, which is there to spare the provider.
async fn whole(demo: &Demo, late: Duration) {
    let mut command = command(&demo.config_toml(), &["serve", "--http", "127.0.0.1:0", "--no-auth"]);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    while !said.contains("/mcp") {
        said.clear();
        errors.read_line(&mut said).unwrap();
    }
    let url = said.trim().rsplit(' ').next().unwrap().to_owned();
    let message =
        stateless(1, "tools/call", json!({ "name": "find_records", "arguments": { "table": "users" } }));
    let call = {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        move || {
            client
                .post(&url)
                .header("accept", "application/json, text/event-stream")
                .header("content-type", "application/json")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", "find_records")
                .body(message.to_string())
        }
    };
    demo.clear_record();
    read(call()).await;
    let floor = Arc::new(Floor::of(demo, &demo.record()));
    let (mut ours, mut theirs, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..WINDOWS {
        let (floor, call) = (floor.clone(), call.clone());
        theirs.push(per_second(move || read(floor.request())).await);
        ours.push(per_second(move || read(call())).await);
        held.extend(resident(child.id()).map(|mib| format!("{mib:.1}")));
    }
    let _ = child.kill();
    let _ = child.wait();
    let held =
        if held.is_empty() { String::new() } else { format!("; memory after each {} MiB", held.join(", ")) };
    report("calls over HTTP, the same question", late, &ours, &theirs, &held);
}

/// The guard alone, without cache and with its budget raised: what it adds to a request, under load.
async fn guard(demo: &Demo, late: Duration) {
    let origin = Origin::parse(&demo.origin(Service::Convex)).unwrap();
    let auth = Auth::Convex(Secret::new(demo.key(Service::Convex).to_owned()));
    let wire = Wire::new(WireSettings {
        max_concurrency: CALLERS,
        per_second: NonZeroU32::MAX,
        cache: Duration::ZERO,
        ..WireSettings::new("convex", Provider::Convex, origin, auth)
    })
    .unwrap();
    let who = json!({ "email": demo.incidents()[0].email });
    let ask = Ask::convex_query(ConvexQuery::app("users:byEmail", who).unwrap());
    demo.clear_record();
    wire.read::<Value>(ask.clone()).await.unwrap();
    let floor = Arc::new(Floor::of(demo, &demo.record()));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..WINDOWS {
        let (floor, wire, ask) = (floor.clone(), wire.clone(), ask.clone());
        theirs.push(per_second(move || read(floor.request())).await);
        ours.push(per_second(move || parsed(wire.clone(), ask.clone())).await);
    }
    report("requests through the guard, not cached", late, &ours, &theirs, "");
}

fn report(what: &str, late: Duration, ours: &[f64], theirs: &[f64], more: &str) {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let each: Vec<String> = ours.iter().zip(theirs).map(|(o, t)| format!("{:.0} %", o / t * 100.0)).collect();
    let late = if late.is_zero() { "at once".to_owned() } else { format!("in {} ms", late.as_millis()) };
    let what = format!("64 callers, {what}; answers {late}");
    let share = format!("{:.0} %", mean(ours) / mean(theirs) * 100.0);
    let (ours, theirs) = (mean(ours), mean(theirs));
    line(
        &what,
        "80 %",
        &share,
        "100 %",
        &format!("{ours:.0} a second beside {theirs:.0}; windows {}{more}", each.join(", ")),
    );
}

async fn parsed(wire: Wire, ask: Ask) -> usize {
    wire.read::<Value>(ask).await.map(|_| 1).unwrap()
}

/// How many of these end in a second when sixty-four go on at once.
async fn per_second<W, F>(work: W) -> f64
where
    W: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = usize> + Send,
{
    let shared = Arc::new((work, AtomicUsize::new(0), AtomicBool::new(false)));
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let shared = shared.clone();
        callers.spawn(async move {
            let (work, done, over) = &*shared;
            while !over.load(Ordering::Relaxed) {
                work().await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(WINDOW).await;
    shared.2.store(true, Ordering::Relaxed);
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    shared.1.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}
