//! The demo production as plain servers, for clients that nobody here wrote.
//!
//! `cargo run -p prodview-demo --example stand -- --seed 1 [--extra-rows N]` prints one line of JSON: where each
//! service answers, the keys, a `prodview.toml` for all of it, and what there is to find. It serves until standard
//! input is closed. One line in, one line of JSON out:
//!
//! - `record`: what was asked so far, as counts by service, method and status
//! - `violations`: what was asked and was not a read
//! - `clear`: forgets what was asked
//! - `limit stripe /v1/customers 2`: the next two requests there are answered 429, "try again at once"
//! - `fail stripe /v1/customers 503 1`: the next one there is answered 503
//! - `delay convex /api/ 500`: from now on answers there come 500 ms late
//! - `behave`: no more of that

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use prodview_demo::{Demo, Fault, Incident, Recorded, Service, Settings, Verdict};
use serde_json::{Value, json};
use tokio::sync::mpsc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = settings(&arguments).and_then(|settings| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|e| e.to_string())?.block_on(serve(settings)).map_err(|e| e.to_string())
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "stand: {why}");
            ExitCode::from(2)
        }
    }
}

fn settings(arguments: &[String]) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return Err(format!("no value for {}", pair.concat())) };
        let wrong = |e: std::num::ParseIntError| format!("{name} {value}: {e}");
        match name.as_str() {
            "--seed" => settings.seed = value.parse().map_err(wrong)?,
            "--extra-rows" => settings.extra_rows = value.parse().map_err(wrong)?,
            _ => return Err(format!("there is no {name}; there are --seed and --extra-rows")),
        }
    }
    Ok(settings)
}

async fn serve(settings: Settings) -> io::Result<()> {
    let demo = Demo::start(settings).await?;
    say(&card(&demo))?;
    let (lines, mut asked) = mpsc::unbounded_channel();
    // Its own thread: a read of standard input cannot be given up, and must not keep the process alive.
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = asked.recv().await {
        say(&answer(&demo, &line))?;
    }
    Ok(())
}

fn say(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

/// What a client needs to know before it can begin.
fn card(demo: &Demo) -> Value {
    let service = |service| json!({ "origin": demo.origin(service), "key": demo.key(service) });
    let company = &demo.world().company;
    let incidents: Vec<Value> = demo.incidents().iter().map(incident).collect();
    json!({
        "sentry": service(Service::Sentry),
        "stripe": service(Service::Stripe),
        "convex": service(Service::Convex),
        "upstash": service(Service::Upstash),
        "supabase": service(Service::Supabase),
        "stripe_test_key": demo.key_for_mode(false),
        "sentry_org": company.sentry_org,
        "convex_deployment": company.convex_deployment,
        "config": demo.config_toml(),
        "incidents": incidents,
    })
}

fn incident(incident: &Incident) -> Value {
    json!({
        "kind": format!("{:?}", incident.kind),
        "email": incident.email,
        "user_id": incident.user_id,
        "customer_id": incident.customer_id,
        "payment_intent": incident.payment_intent,
        "event_id": incident.event_id,
        "issue_short_id": incident.issue_short_id,
    })
}

fn answer(demo: &Demo, line: &str) -> Value {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["record"] => record(&demo.record()),
        ["violations"] => demo.violations().iter().map(violation).collect(),
        ["clear"] => {
            demo.clear_record();
            json!("ok")
        }
        ["limit", name, path, times] => {
            let limited = Fault::Limited { retry_after_s: Some(0) };
            switched(service(name).zip(times.parse().ok()), |(s, times)| {
                demo.fault_times(s, path, limited, times)
            })
        }
        ["fail", name, path, status, times] => {
            let failing = status.parse().ok().map(Fault::Status).zip(times.parse().ok());
            switched(service(name).zip(failing), |(s, (fault, times))| {
                demo.fault_times(s, path, fault, times)
            })
        }
        ["delay", name, path, ms] => {
            let late = ms.parse().ok().map(|ms| Fault::Delay(Duration::from_millis(ms)));
            switched(service(name).zip(late), |(s, fault)| demo.fault(s, path, fault))
        }
        ["behave"] => {
            demo.clear_faults();
            json!("ok")
        }
        _ => json!({ "error": format!("there is no `{line}`") }),
    }
}

/// `None` is a line that could not be read.
fn switched<T>(read: Option<T>, switch: impl FnOnce(T)) -> Value {
    match read {
        Some(read) => {
            switch(read);
            json!("ok")
        }
        None => json!({ "error": "one of its words is not what it should be" }),
    }
}

fn service(name: &str) -> Option<Service> {
    match name {
        "sentry" => Some(Service::Sentry),
        "stripe" => Some(Service::Stripe),
        "convex" => Some(Service::Convex),
        "supabase" => Some(Service::Supabase),
        _ => None,
    }
}

/// How often each service was asked, by method and by status, as `{"Stripe": {"GET 200": 3}}`.
fn record(all: &[Recorded]) -> Value {
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for asked in all {
        let of_service = counts.entry(format!("{:?}", asked.service)).or_default();
        *of_service.entry(format!("{} {}", asked.method, asked.status)).or_default() += 1;
    }
    json!(counts)
}

fn violation(asked: &Recorded) -> Value {
    let why = match asked.verdict {
        Verdict::Read => "",
        Verdict::Refused(why) => why,
    };
    json!({
        "service": format!("{:?}", asked.service), "method": asked.method, "path": asked.path,
        "status": asked.status, "why": why,
    })
}
