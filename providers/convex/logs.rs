//! What do the functions' logs say? Only what the deployment still holds in memory: there is no archive to ask.

use super::checks;
use super::{Convex, FUNCTION_LOGS};
use crate::capability::{Answered, Logs};
use crate::words::LogLine;
use crate::{Found, Moment, Stopped};
use async_trait::async_trait;
use prodview_guard::{Failure, FailureKind, Foreign};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// `GET /api/stream_function_logs`, a long poll: it answers at once when there is anything, and holds on otherwise.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Stream {
    entries: Vec<Entry>,
}

/// One function that ran (`Completion`), or what it logged while it still runs (`Progress`).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    udf_type: Option<String>,
    identifier: Option<String>,
    /// Seconds since 1970.
    timestamp: Option<f64>,
    log_lines: Vec<Value>,
    error: Option<String>,
    /// Only for HTTP actions: `{"status": "200"}`.
    success: Option<Value>,
    request_id: Option<String>,
}

/// How long to wait for a deployment that has nothing to tell: it would hold on for a minute.
const PATIENCE: Duration = Duration::from_secs(4);

const ONLY_MEMORY: &str =
    "Convex keeps only the latest function runs in memory: older lines are in a log stream, if one is set up";

#[async_trait]
impl Logs for Convex {
    /// One request; a second one when there was no answer, to tell an empty log from a deployment that is away, or
    /// when everything was too much and only the window is asked for.
    async fn lines(&self, since: Moment, contains: Option<&str>, limit: usize) -> Answered<LogLine> {
        let newer_than = |ms: i64| {
            self.wire.read::<Stream>(FUNCTION_LOGS.ask().query("cursor", ms).patience(PATIENCE).fresh())
        };
        // From the beginning, although only a window is wanted: a log that has older entries answers at once, and
        // tells how far back it goes.
        let stream = match newer_than(0).await {
            Ok(reply) => reply.body,
            Err(failure) if failure.kind == FailureKind::Odd => {
                newer_than(since.timestamp().as_millisecond()).await.map_err(|_| failure)?.body
            }
            Err(failure) if is_silence(&failure) => {
                if checks::answers(&self.wire).await.is_err() {
                    return Err(failure);
                }
                return Ok(Found::all(Vec::new())
                    .note("no log entry came within 4 s: the deployment keeps none at the moment")
                    .note(ONLY_MEMORY));
            }
            Err(failure) => return Err(failure),
        };
        Ok(lines(&self.name, stream, &Wanted { since, contains: contains.map(str::to_lowercase), limit }))
    }
}

/// No answer within our patience. (Waiting in vain for a turn has a hint.)
fn is_silence(failure: &Failure) -> bool {
    failure.kind == FailureKind::Timeout && failure.hint.is_none()
}

struct Wanted {
    since: Moment,
    contains: Option<String>,
    limit: usize,
}

fn lines(source: &str, stream: Stream, wanted: &Wanted) -> Found<LogLine> {
    let oldest = stream.entries.iter().filter_map(Entry::at).min();
    let mut lines: Vec<LogLine> = stream.entries.into_iter().flat_map(|entry| entry.told(source)).collect();
    lines.retain(|line| wanted.takes(line));
    // Entries come oldest first; lines of the same moment keep their order, turned around like the rest.
    lines.reverse();
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    let all = lines.len();
    lines.truncate(wanted.limit);
    let mut found = Found { of: u64::try_from(all).ok(), rows: lines, ..Found::default() }.note(ONLY_MEMORY);
    if all > wanted.limit {
        found.stopped = Some(Stopped::Bound(format!("the newest {} of {all} lines", wanted.limit)));
    }
    found.window = Some((oldest.map_or(wanted.since, |oldest| oldest.max(wanted.since)), Moment::now()));
    found
}

impl Wanted {
    fn takes(&self, line: &LogLine) -> bool {
        let holds = |text: &str, part: &str| text.to_lowercase().contains(part);
        let in_window = line.at.is_none_or(|at| at >= self.since);
        in_window
            && self.contains.as_deref().is_none_or(|part| {
                holds(line.text.as_str(), part)
                    || line.origin.as_ref().is_some_and(|origin| holds(origin.as_str(), part))
                    || line.request.as_deref().is_some_and(|request| holds(request, part))
            })
    }
}

impl Entry {
    fn at(&self) -> Option<Moment> {
        self.timestamp.and_then(|s| Moment::from_epoch_ms(s * 1_000.0))
    }

    /// What it logged, then how it failed. That it went well is no line.
    fn told(self, source: &str) -> Vec<LogLine> {
        let at = self.at();
        let plain =
            |id: &String| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let request = self.request_id.filter(plain);
        let origin = self.identifier.map(|name| match self.udf_type.as_deref() {
            Some("HttpAction") => Foreign::new(&format!("{name} (http action)")),
            Some(kind) => Foreign::new(&format!("{name} ({})", kind.to_lowercase())),
            None => Foreign::new(&name),
        });
        let line = |at: Option<Moment>, level: &str, text: &str| LogLine {
            source: source.to_owned(),
            at,
            level: Foreign::capped(level, 20),
            origin: origin.clone(),
            text: Foreign::new(text),
            request: request.clone(),
        };
        let mut lines: Vec<LogLine> = Vec::new();
        for logged in &self.log_lines {
            let (logged_at, level, text) = read_line(logged);
            lines.push(line(logged_at.or(at), &level, &text));
        }
        let status = self.success.as_ref().and_then(|s| s.get("status")).and_then(|status| match status {
            Value::String(text) => text.parse::<u16>().ok(),
            other => other.as_u64().and_then(|n| u16::try_from(n).ok()),
        });
        if let Some(error) = &self.error {
            lines.push(line(at, "error", error));
        } else if let Some(status) = status.filter(|status| *status >= 400) {
            lines.push(line(at, "error", &format!("answered HTTP {status}")));
        }
        lines
    }
}

/// A structured line, or the text `[LOG] 'hi'` that clients of other kinds are given.
fn read_line(logged: &Value) -> (Option<Moment>, String, String) {
    if let Some(text) = logged.as_str() {
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        return match bracketed
            .filter(|(level, _)| level.len() <= 5 && level.bytes().all(|b| b.is_ascii_uppercase()))
        {
            Some((level, text)) => (None, level.to_lowercase(), text.to_owned()),
            None => (None, "log".to_owned(), text.to_owned()),
        };
    }
    let at = logged.get("timestamp").and_then(Value::as_f64).and_then(Moment::from_epoch_ms);
    let level = logged.get("level").and_then(Value::as_str).unwrap_or("log").to_lowercase();
    let messages = logged.get("messages").and_then(Value::as_array).into_iter().flatten();
    let text: Vec<&str> = messages.filter_map(Value::as_str).collect();
    (at, level, text.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stream() -> Stream {
        serde_json::from_value(json!({ "newCursor": 1763629965123.0, "entries": [
            { "kind": "Completion", "udfType": "Mutation", "componentPath": null, "identifier": "orders:place",
              "timestamp": 1763629964.12, "executionTime": 0.141, "cachedResult": false, "success": null,
              "error": "Uncaught Error: card declined\n    at handler (../convex/orders.ts:40:11)",
              "requestId": "3f2a90ce11d4b7aa", "executionId": "e", "caller": "SyncWorker",
              "logLines": [{ "messages": ["'charging'", "42"], "isTruncated": false, "timestamp": 1_763_629_963_001_i64,
                             "level": "INFO", "systemMetadata": null }] },
            { "kind": "Progress", "udfType": "Action", "identifier": "mail:send", "timestamp": 1763629965.0,
              "logLines": ["[WARN] 'slow'"], "requestId": "../x", "executionId": "e", "componentPath": null },
            { "kind": "Completion", "udfType": "HttpAction", "identifier": "POST /stripe/webhook",
              "timestamp": 1763629966.0, "success": { "status": "500" }, "error": null, "logLines": [] },
            { "kind": "Completion", "udfType": "Query", "identifier": "users:me", "timestamp": 1763629967.0,
              "success": null, "logLines": [] },
            { "kind": "Eclipse" },
        ] }))
        .unwrap()
    }

    fn told(since: i64, contains: Option<&str>, limit: usize) -> Found<LogLine> {
        let since = Moment::from_epoch_s(since).unwrap();
        lines("convex", stream(), &Wanted { since, contains: contains.map(str::to_lowercase), limit })
    }

    #[test]
    fn lines_come_newest_first_and_failures_are_lines() {
        let found = told(0, None, 10);
        let told: Vec<(&str, &str)> =
            found.rows.iter().map(|l| (l.level.as_str(), l.text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("error", "answered HTTP 500"),
                ("warn", "'slow'"),
                ("error", "Uncaught Error: card declined ⏎ at handler (../convex/orders.ts:40:11)"),
                ("info", "'charging' 42"),
            ]
        );
        assert_eq!(found.rows[2].origin.as_ref().unwrap().as_str(), "orders:place (mutation)");
        assert_eq!(found.rows[2].request.as_deref(), Some("3f2a90ce11d4b7aa"));
        assert_eq!(found.rows[1].request, None, "an odd request id is dropped");
        assert!(found.is_whole() && found.notes.len() == 1);
    }

    #[test]
    fn they_are_looked_through_by_text_function_and_request() {
        for (part, count) in [("DECLINED", 1), ("orders:place", 2), ("3f2a90ce", 2), ("nothing", 0)] {
            assert_eq!(told(0, Some(part), 10).rows.len(), count, "{part}");
        }
        assert_eq!(told(1_763_629_965, None, 10).rows.len(), 2);
        let cut = told(0, None, 1);
        assert!(cut.rows.len() == 1 && cut.of == Some(4) && cut.stopped.is_some());
    }

    #[test]
    fn an_empty_log_is_whole() {
        let since = Moment::from_epoch_s(0).unwrap();
        let empty = serde_json::from_value(json!({ "entries": [], "newCursor": 0.0 })).unwrap();
        assert!(lines("convex", empty, &Wanted { since, contains: None, limit: 5 }).rows.is_empty());
    }
}
