//! How much longer a call takes than the upstream request it makes; and a question to several services than to the
//! slowest of them.

use crate::floor::Floor;
use crate::program::Program;
use crate::tokens::uncached;
use crate::{line, ms, quantile};
use prodview_demo::{Demo, Fault, Service};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PAIRS: usize = 300;
const ROUNDS: usize = 15;
/// A source is asked at most ten times a second, ten of them at once: beyond, one would measure the waiting. So the
/// pairs come in bursts with a pause, not one by one: after a pause one measures how long sleepers take to wake.
const BURST: usize = 8;
const PAUSE: Duration = Duration::from_millis(900);
const DELAY: Duration = Duration::from_millis(200);

pub async fn over_the_floor(demo: &Demo) {
    let mut program = Program::start(&uncached(&demo.config_toml()));
    for (tool, ask) in [("find_records", json!({ "table": "users" })), ("describe_state", json!({}))] {
        let floor = floor_of(demo, &mut program, tool, &ask);
        let (mut ours, mut theirs, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            if pair % BURST == 0 {
                tokio::time::sleep(PAUSE).await;
            }
            // Who is first finds the machine as it is; so they take turns.
            let (call, direct) = if pair % 2 == 0 {
                let call = timed(&mut program, tool, &ask);
                (call, timed_floor(&floor).await)
            } else {
                let direct = timed_floor(&floor).await;
                (timed(&mut program, tool, &ask), direct)
            };
            ours.push(call);
            theirs.push(direct);
            added.push(call - direct);
        }
        let spread = format!(
            "p10 {}, p90 {} of {PAIRS} interleaved pairs; the whole call {}",
            ms(quantile(&mut added, 0.1)),
            ms(quantile(&mut added, 0.9)),
            ms(quantile(&mut ours, 0.5))
        );
        let what = format!("added to one upstream request, {tool} over stdio");
        line(&what, "1 ms", &ms(quantile(&mut added, 0.5)), &ms(quantile(&mut theirs, 0.5)), &spread);
    }
}

/// Each service answers 200 ms late. A question that follows no links is one round: everybody at the same time.
pub async fn fan_out(demo: &Demo) {
    let mut program = Program::start(&uncached(&demo.config_toml()));
    let somebody = |i: usize| json!({ "who": format!("nobody{i}@acme.example") });
    let unknown: Vec<Value> = (0..ROUNDS).map(somebody).collect();
    for (tool, asks, services) in [("list_errors", vec![json!({}); ROUNDS], 2), ("find_user", unknown, 3)] {
        let floor = floor_of(demo, &mut program, tool, &asks[0]);
        for service in [Service::Sentry, Service::Stripe, Service::Convex] {
            demo.fault(service, "", Fault::Delay(DELAY));
        }
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for ask in &asks {
            tokio::time::sleep(PAUSE / 2).await;
            let slowest = timed_floor(&floor).await;
            let call = timed(&mut program, tool, ask);
            ours.push(call);
            theirs.push(slowest);
            ratios.push(call / slowest);
        }
        demo.clear_faults();
        let spread = format!(
            "p10 {:.2}, p90 {:.2} of {ROUNDS}; the call {}, its requests directly {}",
            quantile(&mut ratios, 0.1),
            quantile(&mut ratios, 0.9),
            ms(quantile(&mut ours, 0.5)),
            ms(quantile(&mut theirs, 0.5))
        );
        let what = format!("{tool} of {services} services, each 200 ms late, to the slowest");
        line(&what, "1.2", &format!("{:.2}", quantile(&mut ratios, 0.5)), "1", &spread);
    }
}

/// Calls once, to warm up and to see what goes out.
fn floor_of(demo: &Demo, program: &mut Program, tool: &str, ask: &Value) -> Floor {
    demo.clear_record();
    program.call(tool, ask);
    Floor::of(demo, &demo.record())
}

fn timed(program: &mut Program, tool: &str, ask: &Value) -> f64 {
    let started = Instant::now();
    program.call(tool, ask);
    started.elapsed().as_secs_f64() * 1e3
}

async fn timed_floor(floor: &Floor) -> f64 {
    let started = Instant::now();
    floor.ask().await;
    started.elapsed().as_secs_f64() * 1e3
}
