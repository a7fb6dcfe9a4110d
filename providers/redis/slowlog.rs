//! The slow log: commands that took long, newest first.

use super::{Redis, shown};
use crate::capability::{Answered, Logs};
use crate::words::LogLine;
use crate::{Found, Moment, Stopped};
use async_trait::async_trait;
use prodview_guard::{Command, Foreign, Resp};

/// How many entries are asked for: as many as a server keeps by default.
pub(super) const SLOWEST: u64 = 128;

/// `[id, unix seconds, microseconds, [words], client address, client name]`; older servers end after the words.
#[derive(Debug)]
pub(super) struct Slow {
    pub(super) at: Option<Moment>,
    pub(super) micros: i64,
    words: Vec<String>,
    client: Option<String>,
}

impl Slow {
    pub(super) fn read_all(answer: &Resp) -> Vec<Slow> {
        answer.items().iter().filter_map(Slow::read).collect()
    }

    fn read(entry: &Resp) -> Option<Slow> {
        let [_, at, micros, words, rest @ ..] = entry.items() else { return None };
        let word = |resp: &Resp| resp.bytes().map(shown::text);
        Some(Slow {
            at: at.int().and_then(Moment::from_epoch_s),
            micros: micros.int()?,
            words: words.items().iter().filter_map(word).collect(),
            client: rest.get(1).and_then(word).filter(|name| !name.is_empty()),
        })
    }

    /// The name of the command when it is a plain word: its arguments are data.
    pub(super) fn command(&self) -> String {
        let name = self.words.first().map(|word| word.to_uppercase()).unwrap_or_default();
        let plain =
            (1..=30).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
        if plain { name } else { "a command".to_owned() }
    }

    fn text(&self) -> String {
        format!("{}.{:03} ms {}", self.micros / 1_000, self.micros % 1_000, self.words.join(" "))
    }
}

#[async_trait]
impl Logs for Redis {
    /// One request.
    async fn lines(&self, since: Moment, contains: Option<&str>, limit: usize) -> Answered<LogLine> {
        let all = Slow::read_all(&self.one(Command::slowlog_get(SLOWEST)).await?);
        let full = u64::try_from(all.len()).unwrap_or(0) >= SLOWEST;
        let reaches_back = all.last().and_then(|entry| entry.at).is_some_and(|oldest| oldest <= since);
        let wanted = |entry: &&Slow| {
            entry.at.is_none_or(|at| at >= since) && contains.is_none_or(|part| entry.text().contains(part))
        };
        let fitting: Vec<&Slow> = all.iter().filter(wanted).collect();
        let lines = fitting.iter().take(limit).map(|entry| LogLine {
            source: self.name.clone(),
            at: entry.at,
            level: Foreign::new("slow"),
            origin: entry.client.as_deref().map(Foreign::new),
            text: Foreign::new(&entry.text()),
            request: None,
        });
        let mut found = Found::all(lines.collect());
        if fitting.len() > limit {
            found.of = u64::try_from(fitting.len()).ok();
            found.stopped =
                Some(Stopped::Bound(format!("the newest {limit} of {} slow commands", fitting.len())));
        } else if full && !reaches_back {
            found.of = None;
            found.stopped = Some(Stopped::Bound(format!(
                "the server keeps only the last slow commands; {SLOWEST} were looked at"
            )));
        }
        let found = found.note("only commands slower than the server's `slowlog-log-slower-than` are kept");
        Ok(self.noted(found).await)
    }
}
