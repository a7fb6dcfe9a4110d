//! From nothing to the list of tools; and what is held in memory after a day's work.

use crate::program::{Program, command};
use crate::tokens::questions;
use crate::{line, ms, quantile};
use prodview_demo::Demo;
use serde_json::json;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Instant;

const STARTS: usize = 10;
const CALLS: usize = 1_000;

/// Every provider unreachable: their port is closed.
pub fn measure() {
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let toml = format!(
        "[sources.stripe]\nkey = \"rk_live_0123456789\"\nbase_url = \"http://{closed}\"\n\
         [sources.sentry]\ntoken = \"0123456789\"\norg = \"acme\"\nbase_url = \"http://{closed}\"\n\
         [sources.convex]\nurl = \"http://{closed}\"\ndeploy_key = \"prod:otter|0123456789\"\n"
    );
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let started = Instant::now();
        let mut version = command(&toml, &["--version"]);
        assert!(version.stdout(Stdio::null()).status().unwrap().success());
        floor.push(started.elapsed().as_secs_f64() * 1e3);
        let started = Instant::now();
        let list = Program::start(&toml).ask("tools/list", json!({}));
        ours.push(started.elapsed().as_secs_f64() * 1e3);
        assert!(list.contains("webhook_deliveries"), "{list}");
    }
    let spread = format!(
        "min {}, median {}, max {} of {STARTS}; the floor is `prodview --version`",
        ms(quantile(&mut ours, 0.0)),
        ms(quantile(&mut ours, 0.5)),
        ms(quantile(&mut ours, 1.0))
    );
    let (ours, floor) = (ms(quantile(&mut ours, 0.5)), ms(quantile(&mut floor, 0.5)));
    line("start to tools/list, every provider unreachable", "50 ms", &ours, &floor, &spread);
}

/// The demo's questions again and again, answered by the demo or from the cache.
pub fn memory(demo: &Demo) {
    let mut program = Program::start(&demo.config_toml());
    program.ask("tools/list", json!({}));
    let idle = program.resident();
    let questions = questions(demo);
    for (tool, ask) in questions.iter().cycle().take(CALLS) {
        program.call(tool, ask);
    }
    let mib = |held: Option<f64>| held.map_or("not on this system".to_owned(), |mib| format!("{mib:.1} MiB"));
    let spread =
        format!("the floor is the same process after tools/list; {} different questions", questions.len());
    line("memory after 1,000 calls", "25 MB", &mib(program.resident()), &mib(idle), &spread);
}
