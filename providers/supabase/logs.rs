//! What do the logs say? SQL of ClickHouse from fixed templates, one question for each kind of log.
//!
//! Facts: one table `logs (id, timestamp, event_message, severity_text, source, log_attributes)`; a window of 24 hours at
//! most; an `error` inside an answer of 200. The changelog calls the column `source_name`, Supabase's own server
//! `source`: the second is tried first. `log_attributes` is never read, since any use of it reads the whole of it.

use super::{LOGS, Supabase};
use crate::capability::{Answered, Logs};
use crate::words::LogLine;
use crate::{Found, Moment, Stopped};
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{Failure, FailureKind, Foreign};
use serde::Deserialize;
use serde_json::Value;
use std::sync::atomic::Ordering;

/// The logs that are asked, with what they are called in a line.
const KINDS: [(&str, &str); 5] = [
    ("edge_logs", "API gateway"),
    ("postgres_logs", "database"),
    ("auth_logs", "sign-in"),
    ("function_edge_logs", "edge function request"),
    ("function_logs", "edge function"),
];
/// Lines of one kind asked for at once.
const MOST: usize = 200;
/// The longest window that the endpoint takes, in seconds.
const WINDOW_S: i64 = 24 * 60 * 60;
/// The longest text that is looked for, in characters.
const TEXT: usize = 200;

#[derive(Deserialize)]
struct Analytics {
    #[serde(default)]
    result: Vec<Entry>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Entry {
    timestamp: Option<Value>,
    event_message: Option<String>,
    severity_text: Option<String>,
}

/// What is wanted of each kind of log.
struct Wanted<'a> {
    since: Moment,
    until: Moment,
    contains: Option<&'a str>,
    limit: usize,
}

#[async_trait]
impl Logs for Supabase {
    /// One request for each of the five kinds; a second round when the column has its other name.
    async fn lines(&self, since: Moment, contains: Option<&str>, limit: usize) -> Answered<LogLine> {
        let until = Moment::now();
        let earliest = until.minus_s(WINDOW_S);
        let wanted = Wanted { since: since.max(earliest), until, contains, limit: limit.clamp(1, MOST) };
        let answers = future::join_all(KINDS.map(|(kind, _)| self.kind(kind, &wanted))).await;
        let mut found = Found::<LogLine> { window: Some((wanted.since, until)), ..Found::default() };
        let (mut first_failure, mut answered) = (None, 0);
        let mut cut = false;
        for ((_, called), answer) in KINDS.into_iter().zip(answers) {
            match answer {
                Ok(entries) => {
                    answered += 1;
                    cut |= entries.len() >= wanted.limit;
                    found.rows.extend(entries.into_iter().map(|entry| entry.told(&self.name, called)));
                }
                Err(failure) => drop(first_failure.get_or_insert(failure)),
            }
        }
        if let Some(failure) = first_failure {
            if answered == 0 {
                return Err(failure);
            }
            found.stopped = Some(Stopped::Failed(failure));
        }
        if let Some(text) = contains.map(str::to_lowercase) {
            found.rows.retain(|line| line.text.as_str().to_lowercase().contains(&text));
        }
        found.rows.sort_by_key(|line| std::cmp::Reverse(line.at));
        cut |= found.rows.len() > wanted.limit;
        found.rows.truncate(wanted.limit);
        if cut {
            let why =
                format!("the newest {} lines: ask for a shorter window, or a rarer text", found.rows.len());
            found.stopped.get_or_insert(Stopped::Bound(why));
        }
        found.of = if found.is_whole() { u64::try_from(found.rows.len()).ok() } else { None };
        if since < earliest {
            found.notes.push(
                "Supabase's logs were asked for the last 24 hours, which is the longest window it takes"
                    .to_owned(),
            );
        }
        Ok(found)
    }
}

impl Supabase {
    async fn kind(&self, kind: &str, wanted: &Wanted<'_>) -> Result<Vec<Entry>, Failure> {
        let renamed = self.renamed.load(Ordering::Relaxed);
        match self.said(&template(kind, wanted, column(renamed)), wanted).await? {
            Said::Lines(entries) => Ok(entries),
            Said::NoSuchColumn => match self.said(&template(kind, wanted, column(!renamed)), wanted).await? {
                Said::Lines(entries) => {
                    self.renamed.store(!renamed, Ordering::Relaxed);
                    Ok(entries)
                }
                Said::NoSuchColumn => Err(not_accepted()),
            },
        }
    }

    async fn said(&self, sql: &str, wanted: &Wanted<'_>) -> Result<Said, Failure> {
        let ask = LOGS
            .ask()
            .segment(self.project.clone())
            .query("sql", sql)
            .query("iso_timestamp_start", wanted.since)
            .query("iso_timestamp_end", wanted.until)
            .fresh();
        let body: Analytics = self.wire.read(ask).await?.body;
        match body.error {
            None | Some(Value::Null) => Ok(Said::Lines(body.result)),
            Some(error) if says_unknown(&error) => Ok(Said::NoSuchColumn),
            Some(_) => Err(not_accepted()),
        }
    }
}

enum Said {
    Lines(Vec<Entry>),
    NoSuchColumn,
}

fn not_accepted() -> Failure {
    Failure::new(FailureKind::Odd, "an error inside an answer of 200")
        .hint("Supabase's logs did not accept the question")
}

fn says_unknown(error: &Value) -> bool {
    let text = error.as_str().or_else(|| error.get("message").and_then(Value::as_str)).unwrap_or_default();
    let text = text.to_lowercase();
    text.contains("unknown") && (text.contains("identifier") || text.contains("column"))
        || text.contains("unrecognized name")
}

const fn column(renamed: bool) -> &'static str {
    if renamed { "source_name" } else { "source" }
}

fn template(kind: &str, wanted: &Wanted<'_>, column: &str) -> String {
    let contains = match wanted.contains.map(pattern) {
        Some(pattern) => format!(" and event_message ilike '%{pattern}%'"),
        None => String::new(),
    };
    format!(
        "select timestamp, event_message, severity_text from logs where {column} = '{kind}'{contains} \
         order by timestamp desc limit {}",
        wanted.limit
    )
}

/// The text as a pattern that holds letters, digits and a few plain signs. Whatever else there is becomes `_`, which
/// stands for any one character: nothing needs to be quoted, and the lines that come are compared exactly.
fn pattern(text: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '@' | ':' | '/' | '=' | '+' | ',');
    text.chars().take(TEXT).map(|c| if plain(c) { c } else { '_' }).collect()
}

impl Entry {
    fn told(self, source: &str, called: &str) -> LogLine {
        let severity = self.severity_text.filter(|severity| !severity.is_empty());
        LogLine {
            source: source.to_owned(),
            at: self.timestamp.as_ref().and_then(moment),
            level: Foreign::capped(&severity.unwrap_or_else(|| "log".to_owned()).to_lowercase(), 20),
            origin: Some(Foreign::new(called)),
            text: Foreign::new(&self.event_message.unwrap_or_default()),
            request: None,
        }
    }
}

/// `2026-11-20 09:12:44.123456`, without a zone, which is UTC; or microseconds since 1970, as the older logs had them.
fn moment(value: &Value) -> Option<Moment> {
    match value {
        Value::String(text) => {
            let text = text.replacen(' ', "T", 1);
            Moment::parse(&text).or_else(|| Moment::parse(&format!("{text}Z")))
        }
        Value::Number(micros) => Moment::from_epoch_ms(micros.as_f64()? / 1_000.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_text_leaves_its_pattern() {
        let wanted = |contains| Wanted {
            since: Moment::now(),
            until: Moment::now(),
            contains: Some(contains),
            limit: 5,
        };
        assert_eq!(
            template("auth_logs", &wanted("it's 50% \\ off') or 1=1 --"), "source"),
            "select timestamp, event_message, severity_text from logs where source = 'auth_logs' and event_message ilike \
             '%it_s 50_ _ off__ or 1=1 --%' order by timestamp desc limit 5"
        );
        assert_eq!(pattern("Åsa@acme.dev"), "Åsa@acme.dev");
        assert_eq!(pattern(&"x".repeat(500)).len(), TEXT);
    }

    #[test]
    fn times_are_read_however_they_are_written() {
        for at in [
            json!("2026-11-20 09:12:44.123"),
            json!("2026-11-20T09:12:44Z"),
            json!(1_795_165_964_000_000_i64),
        ] {
            assert_eq!(moment(&at).map(|at| at.to_string()).as_deref(), Some("2026-11-20T09:12:44Z"), "{at}");
        }
        assert_eq!(moment(&json!("yesterday")), None);
    }

    #[test]
    fn an_unknown_column_is_told_from_other_errors() {
        assert!(says_unknown(&json!("Unknown expression identifier `source` in scope")));
        assert!(says_unknown(&json!({ "code": 400, "message": "Unknown identifier: source" })));
        assert!(!says_unknown(&json!("Code: 62. Syntax error")));
    }
}
