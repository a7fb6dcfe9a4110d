//! The log: one event a tool call, one a request, on standard error, cut of secrets like everything that leaves.

use std::io::{self, Write};
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log at `level`, without the protocol library's (an ordinary cancellation is an error to it), unless
/// `PRODVIEW_LOG` says otherwise (`warn`, `info`, `prodview_guard=debug`).
pub fn start(level: Level) {
    let own = Targets::new().with_default(LevelFilter::WARN).with_target("rmcp", LevelFilter::OFF);
    let own = own.with_targets([("prodview", level), ("prodview_guard", level)]);
    let said = std::env::var("PRODVIEW_LOG").ok().filter(|said| !said.trim().is_empty());
    let asked = said.as_deref().map(str::parse::<Targets>);
    let filter = match &asked {
        Some(Ok(targets)) => targets.clone(),
        Some(Err(_)) | None => own,
    };
    let events = tracing_subscriber::fmt::layer()
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_target(false)
        .with_writer(Redacting);
    // A second start, in a test, keeps the first one's.
    let _ = tracing_subscriber::registry().with(events).with(filter).try_init();
    if let Some(Err(_)) = asked {
        tracing::warn!(
            "PRODVIEW_LOG is not understood and has no effect; write warn, info, debug or prodview_guard=debug"
        );
    }
    // Its message could hold anything; where it happened is enough to mend it.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(at = panic.location().map(ToString::to_string), "a call panicked; the others go on");
    }));
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
