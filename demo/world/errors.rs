//! What Sentry holds: projects, releases, issues and their events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// Something that reports errors.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its number, as text.
    pub id: String,
    /// Its slug; issues' short ids begin with it in capitals.
    pub slug: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Sentry's name of its platform, such as `javascript-nextjs`.
    pub platform: &'static str,
}

/// Something that was deployed.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its version, such as `web@2026.11.18-2`.
    pub version: String,
    /// The version without the package: `2026.11.18-2`.
    pub short_version: String,
    /// The slug of its project.
    pub project: &'static str,
    /// When Sentry heard of it.
    pub created: Timestamp,
    /// When it went to production; `None`: not yet.
    pub deployed: Option<Timestamp>,
    /// Its last commit.
    pub commit: Commit,
}

/// A commit in a release.
#[derive(Debug, Clone)]
pub struct Commit {
    /// 40 hex digits.
    pub id: String,
    /// What it says it does.
    pub message: String,
    /// Its author's name.
    pub author: String,
    /// Its author's address.
    pub email: String,
}

/// One kind of error.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Its number, as text.
    pub id: String,
    /// Such as `WEB-1A2`.
    pub short_id: String,
    /// The slug of its project.
    pub project: &'static str,
    /// What was raised, the cause first, what was caught at the top last.
    pub raised: Vec<Raised>,
    /// Where, in words: `app/checkout in submit`.
    pub culprit: String,
    /// `error`, `warning`, `fatal` or `info`.
    pub level: &'static str,
    /// `unresolved`, `resolved` or `ignored`.
    pub status: &'static str,
    /// `new`, `ongoing`, `escalating`, `regressed`; of an ignored one `archived_until_escalating`.
    pub substatus: Option<&'static str>,
    /// `high`, `medium` or `low`.
    pub priority: &'static str,
    /// Whether the code caught it.
    pub handled: bool,
    /// Its events, newest first; never empty.
    pub events: Vec<ErrorEvent>,
}

impl Issue {
    /// `TypeError: x is undefined`, as lists show it.
    pub fn title(&self) -> String {
        self.raised.last().map_or_else(String::new, |raised| format!("{}: {}", raised.kind, raised.value))
    }
}

/// One exception of a chain.
#[derive(Debug, Clone)]
pub struct Raised {
    /// Its type: `TypeError`.
    pub kind: String,
    /// Its text.
    pub value: String,
    /// Its stack, oldest call first.
    pub frames: Vec<Frame>,
}

/// One call on a stack.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Such as `./src/checkout/submit.ts`.
    pub file: &'static str,
    /// The function's name.
    pub function: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The line's text.
    pub text: &'static str,
    /// Whether it is the company's own code.
    pub in_app: bool,
}

/// One time that it happened.
#[derive(Debug, Clone)]
pub struct ErrorEvent {
    /// 32 hex digits.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The text of this very time, where it differs from the issue's: it may name ids.
    pub value: Option<String>,
    /// Who met it; `None`: nobody was signed in.
    pub user: Option<Affected>,
    /// Its tags besides `environment`, `release`, `level`, `user` and what the request tells.
    pub tags: Vec<(&'static str, String)>,
    /// `production` or `staging`.
    pub environment: &'static str,
    /// The version that ran; it is one of the world's releases.
    pub release: String,
    /// 32 hex digits, shared by what one action of a person set off.
    pub trace_id: String,
    /// What was sent along, under `context` (older: extra data).
    pub extra: BTreeMap<&'static str, Value>,
    /// What happened before, oldest first.
    pub crumbs: Vec<Crumb>,
    /// The request in which it happened.
    pub request: Option<WebRequest>,
}

/// The person who met an error, as the application told Sentry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// The id of their row in the application's `users`.
    pub id: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// From where, of the ranges reserved for documentation.
    pub ip: Option<String>,
}

/// Something that happened before an error.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// When.
    pub at: Timestamp,
    /// `http`, `navigation`, `default`, `user`.
    pub kind: &'static str,
    /// Such as `fetch`, `console`, `ui.click`.
    pub category: &'static str,
    /// `info`, `warning`, `error`.
    pub level: &'static str,
    /// Its text.
    pub message: Option<String>,
    /// What came with it.
    pub data: Option<Value>,
}

/// The HTTP request in which an error happened.
#[derive(Debug, Clone)]
pub struct WebRequest {
    /// In capitals.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
}
