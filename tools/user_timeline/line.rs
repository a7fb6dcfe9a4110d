//! One line of a timeline, and the order of lines.

use crate::page::Page;
use prodview_guard::Foreign;
use prodview_providers::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

// What a line is about. The words speak for themselves; as descriptions they would stand in the tool's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    // Made, locked, signed in.
    Account,
    // Attempts, refunds, disputes, subscriptions.
    Payment,
    // Events, whether they arrived, what the app wrote down about them.
    Webhook,
    // Errors the person met, and the app's own about them.
    Error,
    // Rows of the app: entitlements, jobs, audit.
    App,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Kind::Account => "account",
            Kind::Payment => "payment",
            Kind::Webhook => "webhook",
            Kind::Error => "error",
            Kind::App => "app",
        }
    }
}

/// Something that happened. The same fact from two sources is one line with both ids.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Line {
    pub(super) at: Moment,
    pub(super) source: String,
    pub(super) kind: Kind,
    pub(super) id: String,
    /// In one line; it may hold words that outsiders chose.
    pub(super) what: Foreign,
    /// Whose it is, where several people are told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) whose: Option<String>,
    /// Other ids of the same fact; those of another source with its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) also: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// Cause before effect, among what shares a second.
    #[serde(skip)]
    pub(super) rank: u8,
    /// Whether it may be told together with others that say the same.
    #[serde(skip)]
    pub(super) repeats: bool,
}

/// Ranks of causes and effects: who pays is known before, a payment comes before what is taken or given back, then what
/// was sent about it, then what the app made of that.
pub(super) mod rank {
    pub(crate) const ACCOUNT: u8 = 0;
    pub(crate) const PAYMENT: u8 = 1;
    pub(crate) const MONEY_BACK: u8 = 2;
    pub(crate) const EVENT: u8 = 3;
    pub(crate) const APP_PAYMENT: u8 = 4;
    pub(crate) const ENTITLEMENT: u8 = 5;
    pub(crate) const JOB: u8 = 6;
    pub(crate) const ERROR: u8 = 7;
    pub(crate) const AUDIT: u8 = 8;
}

/// The place of a line in the order: whole seconds, since some clocks tell no more; then causes before effects; then
/// the rest of the time; then names, so that no two lines share a place.
pub(super) type Key = (i64, u8, i64, String, String, String);

impl Line {
    pub(super) fn key(&self) -> Key {
        let ms = self.at.timestamp().as_millisecond();
        (ms.div_euclid(1_000), self.rank, ms, self.source.clone(), self.id.clone(), self.what.to_string())
    }

    fn says_as(&self, other: &Line) -> bool {
        (&self.source, self.kind, &self.what, &self.whose)
            == (&other.source, other.kind, &other.what, &other.whose)
    }

    /// As two lines of text at most.
    pub(super) fn tell(&self, page: &mut Page) {
        let also = if self.also.is_empty() { String::new() } else { format!(" ({})", self.also.join(", ")) };
        let whose = self.whose.as_ref().map(|w| format!(" [of {w}]")).unwrap_or_default();
        page.item(format!(
            "{} {} {} {}{also}{whose}: {}",
            self.at,
            self.source,
            self.kind.name(),
            self.id,
            self.what
        ));
        if let Some(url) = &self.url {
            page.deeper(2, url.clone());
        }
    }
}

/// Newest first; of what shares a second the effect stands above its cause.
pub(super) fn in_order(lines: &mut Vec<Line>) {
    lines.sort_by_cached_key(|line| Reverse(line.key()));
    lines.dedup_by(|a, b| a.key() == b.key());
}

/// What says the same several times with nothing between is one line, at the newest of its moments.
pub(super) fn together(lines: Vec<Line>) -> Vec<Line> {
    let mut told: Vec<(Line, u64, Moment, Option<String>)> = Vec::new();
    for line in lines {
        match told.last_mut() {
            Some((first, times, oldest, last_id))
                if first.repeats && line.repeats && first.says_as(&line) =>
            {
                *times += 1;
                *oldest = line.at;
                *last_id = line.also.into_iter().next().or(Some(line.id)).filter(|id| *id != first.id);
            }
            _ => {
                let at = line.at;
                told.push((line, 1, at, None));
            }
        }
    }
    told.into_iter()
        .map(|(mut line, times, oldest, last_id)| {
            if times > 1 {
                line.what = Foreign::capped(&format!("{} ({times} times since {oldest})", line.what), 250);
                line.also.extend(last_id);
            }
            line
        })
        .collect()
}

/// A page of a dashboard is linked from the first line that is about it.
pub(super) fn link_once(lines: &mut [Line]) {
    let mut seen: Vec<String> = Vec::new();
    for line in lines {
        match &line.url {
            Some(url) if seen.contains(url) => line.url = None,
            Some(url) => seen.push(url.clone()),
            None => {}
        }
    }
}
