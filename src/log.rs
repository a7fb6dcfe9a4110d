//! The log: one event a tool call, one a request, on standard error, cut of secrets like everything that leaves.

use std::io::{self, Write};
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log at `level` for prodview's own events, unless `PRODVIEW_LOG` says otherwise: a level (`warn`, `info`,
/// `debug`) for these, or targets (`prodview_guard=debug,hyper=info`).
pub fn start(level: Level) {
    let said = std::env::var("PRODVIEW_LOG").ok().filter(|said| !said.trim().is_empty());
    let asked = said.as_deref().map(filter);
    let events = tracing_subscriber::fmt::layer()
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_target(false)
        .with_writer(Redacting);
    let filter = asked.clone().flatten().unwrap_or_else(|| own(level.into()));
    // A second start, in a test, keeps the first one's.
    let _ = tracing_subscriber::registry().with(events).with(filter).try_init();
    if asked.is_some_and(|asked| asked.is_none()) {
        tracing::warn!(
            "PRODVIEW_LOG is not understood and has no effect; write warn, info, debug or prodview_guard=debug"
        );
    }
    // Its message could hold anything; where it happened is enough to mend it.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(at = panic.location().map(ToString::to_string), "a call panicked; the others go on");
    }));
}

/// What was asked for; `None` when it is not understood.
fn filter(said: &str) -> Option<Targets> {
    if let Ok(level) = said.trim().parse::<LevelFilter>() {
        return Some(own(level));
    }
    Some(silent(said.trim().parse().ok()?))
}

fn own(level: LevelFilter) -> Targets {
    let own = Targets::new().with_default(LevelFilter::WARN.min(level));
    silent(own.with_targets([("prodview", level), ("prodview_guard", level)]))
}

/// The library of the protocol logs whole questions and answers: none of its events, whoever asks for them.
fn silent(targets: Targets) -> Targets {
    let default = targets.default_level().unwrap_or(LevelFilter::OFF);
    let others = targets.into_iter().filter(|(target, _)| !target.starts_with("rmcp"));
    others.collect::<Targets>().with_default(default).with_target("rmcp", LevelFilter::OFF)
}

struct Redacting;

/// One event: collected whole, since a secret must not slip through between two writes.
struct Line(Vec<u8>);

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Line;
    fn make_writer(&'a self) -> Line {
        Line(Vec::with_capacity(256))
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let line = String::from_utf8_lossy(&self.0);
        // Nothing can be done about a closed standard error, and nobody would read of it.
        let _ = io::stderr().write_all(prodview_guard::redact(&line).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_librarys_events_are_never_logged() {
        for said in ["trace", "debug", " info ", "rmcp=trace", "trace,rmcp::service=trace", "hyper=debug"] {
            let filter = filter(said).unwrap();
            assert!(!filter.would_enable("rmcp::service", &Level::ERROR), "{said}");
            assert!(!filter.would_enable("rmcp", &Level::ERROR), "{said}");
        }
        let debug = filter("debug").unwrap();
        assert!(debug.would_enable("prodview_guard::wire", &Level::DEBUG));
        assert!(!debug.would_enable("hyper::client", &Level::DEBUG), "a level is for prodview's own events");
        assert!(filter("hyper=debug").unwrap().would_enable("hyper::client", &Level::DEBUG));
        assert!(filter("loud").is_none() || !filter("loud").unwrap().would_enable("prodview", &Level::TRACE));
    }
}
