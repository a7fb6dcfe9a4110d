//! `list_errors`: which errors, how often, how many people, since when; for everyone or for one person.

use crate::asked::{Asked, Status, ask_all};
use crate::cursor::{Cursor, together};
use crate::page::{Page, counted, quoted};
use crate::since::{self, DAY};
use crate::{Answer, App, Finding, Needs, NextCall, Tool, ToolError};
use prodview_providers::Handle;
use prodview_providers::capability::{Capability, ErrorSort, ErrorsAsk};
use prodview_providers::words::ErrorGroup;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The tool.
pub struct ListErrors;

/// Which errors.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Search text, in the error tracker's own syntax (Sentry: `is:unresolved transaction:/checkout`).
    #[schemars(length(min = 1, max = 500))]
    query: Option<String>,
    /// Only those of this person: e-mail address or the app's user id.
    #[schemars(length(min = 1, max = 320))]
    user: Option<String>,
    /// Window: 30m, 24h, 7d, or a moment. Default 24h.
    #[schemars(length(min = 2, max = 40))]
    since: Option<String>,
    #[schemars(length(min = 1, max = 100))]
    environment: Option<String>,
    /// Project slug.
    #[schemars(length(min = 1, max = 100))]
    project: Option<String>,
    level: Option<Level>,
    /// Default: count.
    sort: Option<Sort>,
    /// Of each source. Default 10.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<usize>,
    /// From an earlier answer's `cut`.
    #[schemars(length(min = 1, max = 2000))]
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Level {
    Fatal,
    Error,
    Warning,
    Info,
    Debug,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Sort {
    LastSeen,
    New,
    Count,
    Users,
}

/// The kinds of error.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    errors: Vec<ErrorGroup>,
}

impl Tool for ListErrors {
    const NAME: &'static str = "list_errors";
    const TITLE: &'static str = "Errors";
    const ABOUT: &'static str = "Which errors happened, how often, to how many people, first and last seen. \
        Use it for \"what is broken\", or with `user` for what one person ran into.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::Errors]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let user = match q.user.as_deref() {
            Some(text) => Some(Handle::read(text).ok_or_else(|| {
                ToolError::malformed("user", "should be an e-mail address or the app's user id")
            })?),
            None => None,
        };
        let cursor = Cursor::read(q.cursor.as_deref())?;
        let sort = q.sort.unwrap_or(Sort::Count);
        let base = ErrorsAsk {
            query: q.query,
            user,
            since: since::or_ago("since", q.since.as_deref(), DAY)?,
            environment: q.environment,
            project: q.project,
            level: q.level.map(|l| level_word(l).to_owned()),
            sort: match sort {
                Sort::LastSeen => ErrorSort::LastSeen,
                Sort::New => ErrorSort::New,
                Sort::Count => ErrorSort::Count,
                Sort::Users => ErrorSort::Users,
            },
            limit: q.limit.unwrap_or(10),
            cursor: None,
        };
        let mut asked = Asked::default();
        let sources = Cursor::unfinished(cursor.as_ref(), app.sources.errors());
        let found = ask_all(&mut asked, sources, |able| {
            let cursor = cursor.as_ref().and_then(|c| c.of(able.source.name())).map(str::to_owned);
            let ask = ErrorsAsk { cursor, ..base.clone() };
            async move { able.can.errors(&ask).await }
        })
        .await;
        let (mut errors, cut) = together(found, "errors");
        order(&mut errors, sort);
        let whole =
            cut.is_empty() && cursor.is_none() && asked.reports().iter().all(|r| r.status == Status::Ok);
        let mut answer = Answer::new(Facts { errors }, asked);
        answer.findings.push(summary(&answer.facts.errors, &base, whole));
        answer.cut = cut;
        for error in answer.facts.errors.iter().take(2) {
            let call = NextCall::new("get_error", "id", &error.id, "its stack, user and ids");
            let call = match &base.user {
                Some(user) => call.with("user", &user.id),
                None => call,
            };
            answer.next.push(call);
        }
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        page.table(
            [
                "id",
                "title",
                "where",
                "level",
                "status",
                "times",
                "people",
                "first seen",
                "last seen",
                "first in",
                "source",
            ],
            facts.errors.iter().map(|e| {
                [
                    e.id.clone(),
                    quoted(&e.title),
                    e.culprit.as_ref().map(quoted).unwrap_or_default(),
                    e.level.as_ref().map(ToString::to_string).unwrap_or_default(),
                    e.status.as_ref().map(ToString::to_string).unwrap_or_default(),
                    format!("{}{}", least(e), e.count),
                    e.users.map(|n| format!("{}{n}", least(e))).unwrap_or_default(),
                    e.first_seen
                        .map(|m| if e.at_least { format!("{m} or before") } else { m.to_string() })
                        .unwrap_or_default(),
                    e.last_seen.map(|m| m.to_string()).unwrap_or_default(),
                    e.first_release.as_ref().map(ToString::to_string).unwrap_or_default(),
                    e.source.clone(),
                ]
            }),
        );
    }
}

/// What there is, in one sentence. Nothing found is only said to be nothing when every source was asked to the end.
fn summary(errors: &[ErrorGroup], ask: &ErrorsAsk, whole: bool) -> Finding {
    let who = ask.user.as_ref().map(|u| format!(" for {}", u.id)).unwrap_or_default();
    let since = ask.since;
    if errors.is_empty() {
        let certainty = if whole { "no errors" } else { "no errors seen, but not everything was seen:" };
        return Finding::new(format!("{certainty}{who} since {since}"));
    }
    let times = counted(errors.iter().map(|e| e.count).sum::<u64>(), "occurrence", "occurrences");
    let kinds = counted(errors.len(), "kind of error", "kinds of error");
    let least = if whole { "" } else { "at least " };
    // Where a part of the rows was counted, there may be kinds that it does not have.
    let part = if errors.iter().any(|e| e.at_least) { least } else { "" };
    Finding::new(format!("{least}{times} of {part}{kinds}{who} since {since}"))
}

/// What is said before a number where only the newest were counted.
fn least(e: &ErrorGroup) -> &'static str {
    if e.at_least { "at least " } else { "" }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Fatal => "fatal",
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// Sources sort their own; together they are sorted again.
fn order(errors: &mut [ErrorGroup], sort: Sort) {
    match sort {
        Sort::LastSeen => errors.sort_by_key(|e| Reverse(e.last_seen)),
        Sort::New => errors.sort_by_key(|e| Reverse(e.first_seen)),
        Sort::Count => errors.sort_by_key(|e| Reverse(e.count)),
        Sort::Users => errors.sort_by_key(|e| Reverse(e.users)),
    }
}
