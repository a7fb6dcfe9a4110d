//! Exceptions and their frames.
//!
//! Sentry sends the cause first and the exception that was raised last, and in each the oldest call first and the
//! crash last (published schema, `EventEntry`). People read the other way round.

use super::lenient::{each, soft, text, whole};
use crate::words::{Exception, Frame};
use prodview_guard::Foreign;
use serde::Deserialize;
use serde_json::Value;

/// The most exceptions of a chain, and the most frames of one.
const CHAIN: usize = 5;
const FRAMES: usize = 8;
/// The most frames when none is the app's own.
const STRANGE_FRAMES: usize = 4;

/// One value of an `exception` part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Raised {
    #[serde(rename = "type", deserialize_with = "text")]
    kind: Option<String>,
    #[serde(deserialize_with = "text")]
    value: Option<String>,
    #[serde(deserialize_with = "soft")]
    stacktrace: Option<Trace>,
}

/// One value of a `threads` part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Thread {
    #[serde(deserialize_with = "soft")]
    crashed: bool,
    #[serde(deserialize_with = "soft")]
    current: bool,
    #[serde(deserialize_with = "soft")]
    stacktrace: Option<Trace>,
}

/// A stack trace, oldest call first.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Trace {
    #[serde(deserialize_with = "each")]
    frames: Vec<RawFrame>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawFrame {
    #[serde(deserialize_with = "text")]
    function: Option<String>,
    #[serde(deserialize_with = "text")]
    filename: Option<String>,
    #[serde(deserialize_with = "text")]
    module: Option<String>,
    #[serde(deserialize_with = "text")]
    abs_path: Option<String>,
    #[serde(deserialize_with = "whole")]
    line_no: Option<u64>,
    #[serde(deserialize_with = "whole")]
    col_no: Option<u64>,
    #[serde(deserialize_with = "soft")]
    in_app: bool,
    /// Pairs of line number and text.
    #[serde(deserialize_with = "each")]
    context: Vec<(Value, Option<String>)>,
}

/// The exceptions, the raised one first. Without any, the stack that came alone: of the event, else of the thread
/// that crashed.
pub(super) fn exceptions(raised: Vec<Raised>, alone: Option<Trace>, threads: Vec<Thread>) -> Vec<Exception> {
    if !raised.is_empty() {
        return raised.into_iter().rev().take(CHAIN).map(Raised::record).collect();
    }
    let of_thread = || threads.into_iter().find(|t| t.crashed || t.current).and_then(|t| t.stacktrace);
    match alone.or_else(of_thread) {
        Some(trace) if !trace.frames.is_empty() => {
            vec![Exception { kind: Foreign::new("(no exception)"), value: None, frames: trace.frames() }]
        }
        _ => Vec::new(),
    }
}

impl Raised {
    fn record(self) -> Exception {
        Exception {
            kind: Foreign::capped(self.kind.as_deref().unwrap_or("(unnamed)"), 200),
            value: self.value.as_deref().map(|v| Foreign::capped(v, 500)),
            frames: self.stacktrace.map(|t| t.frames()).unwrap_or_default(),
        }
    }
}

impl Trace {
    /// The crashing frame and the app's own, innermost first; without any of the app's own, the innermost few.
    fn frames(self) -> Vec<Frame> {
        let any_own = self.frames.iter().any(|f| f.in_app);
        let told = self
            .frames
            .into_iter()
            .rev()
            .enumerate()
            .filter(|(depth, f)| !any_own || *depth == 0 || f.in_app);
        told.take(if any_own { FRAMES } else { STRANGE_FRAMES }).map(|(_, frame)| frame.record()).collect()
    }
}

impl RawFrame {
    fn record(self) -> Frame {
        let code = self.line_no.and_then(|line| {
            let (_, text) = self.context.iter().find(|(number, _)| number.as_u64() == Some(line))?;
            let text = text.as_deref()?.trim();
            (!text.is_empty()).then(|| Foreign::capped(text, 200))
        });
        let file = self.filename.or(self.module).or(self.abs_path).unwrap_or_else(|| "?".to_owned());
        let mut place = file;
        for number in [self.line_no, self.line_no.and(self.col_no)].into_iter().flatten() {
            place.push_str(&format!(":{number}"));
        }
        let at = match self.function {
            Some(function) => format!("{function} ({place})"),
            None => place,
        };
        Frame { at: Foreign::capped(&at, 300), code, in_app: self.in_app }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frames(value: Value) -> Vec<String> {
        let trace: Trace = serde_json::from_value(value).unwrap();
        trace.frames().into_iter().map(|f| f.at.to_string()).collect()
    }

    #[test]
    fn the_raised_exception_and_the_crash_stand_first() {
        let raised: Vec<Raised> = serde_json::from_value(json!([
            {"type": "NetworkError", "value": "refused", "stacktrace": null},
            {"type": "CheckoutError", "value": "no cart", "stacktrace": {"frames": [
                {"function": "main", "filename": "index.ts", "lineNo": 1, "inApp": true},
                {"function": "submit", "filename": "checkout.ts", "lineNo": 41, "colNo": 9, "inApp": true,
                 "context": [[40, "const x = cart.items"], [41, "  x.map(f)  "], [42, null]]}]}}
        ]))
        .unwrap();
        let chain = exceptions(raised, None, Vec::new());
        assert_eq!(chain[0].kind.as_str(), "CheckoutError");
        assert_eq!(chain[0].frames[0].at.as_str(), "submit (checkout.ts:41:9)");
        assert_eq!(chain[0].frames[0].code.as_ref().map(Foreign::as_str), Some("x.map(f)"));
        assert_eq!(chain[0].frames[1].at.as_str(), "main (index.ts:1)");
        assert_eq!((chain[1].kind.as_str(), chain[1].frames.len()), ("NetworkError", 0));
    }

    #[test]
    fn the_crash_is_told_even_in_strange_code() {
        let frame = |n: usize, own: bool| json!({"function": format!("f{n}"), "filename": "a", "inApp": own});
        let mixed: Vec<_> = (0..30).map(|n| frame(n, n % 2 == 0)).collect();
        let told = frames(json!({"frames": mixed}));
        assert_eq!((told.len(), told[0].as_str(), told[1].as_str()), (FRAMES, "f29 (a)", "f28 (a)"));
        let strange: Vec<_> = (0..30).map(|n| frame(n, false)).collect();
        assert_eq!(frames(json!({"frames": strange})).len(), STRANGE_FRAMES);
    }

    #[test]
    fn look_alikes_of_frames_do_not_fail() {
        assert_eq!(frames(json!({"frames": [{}]})), ["?"]);
        assert_eq!(frames(json!({"frames": null})).len(), 0);
        let odd = json!({"frames": [{"lineNo": null, "colNo": 3, "module": "m", "context": [["x"], [1], 5], "inApp": null}]});
        assert_eq!(frames(odd), ["m"]);
    }

    #[test]
    fn without_an_exception_the_stack_of_the_crashed_thread_is_told() {
        let threads: Vec<Thread> = serde_json::from_value(json!([
            {"id": 1, "crashed": false, "current": false, "stacktrace": {"frames": [{"function": "idle"}]}},
            {"id": 2, "crashed": true, "stacktrace": {"frames": [{"function": "boom"}]}}
        ]))
        .unwrap();
        let alone = exceptions(Vec::new(), None, threads);
        assert_eq!(alone[0].frames[0].at.as_str(), "boom (?)");
        assert!(exceptions(Vec::new(), None, Vec::new()).is_empty());
    }
}
