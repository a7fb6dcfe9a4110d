//! `user_timeline`: everything that every source knows of one person, in order of time, newest first.

use crate::asked::Asked;
use crate::find_user::{Resolved, as_person, resolve};
use crate::page::Page;
use crate::since::{self, DAY};
use crate::{Answer, App, Cut, Finding, Needs, NextCall, Tool, ToolError};
use prodview_guard::Foreign;
use prodview_providers::capability::Capability;
use prodview_providers::words::Person;
use prodview_providers::{Handle, HandleKind, Moment};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod gather;
mod judge;
mod line;
mod lines;
mod place;

use line::{Kind, Line};
use place::Place;

/// The tool.
pub struct UserTimeline;

/// Whose timeline.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// E-mail address, any id, or a dashboard URL.
    #[schemars(length(min = 1, max = 500))]
    who: String,
    /// 24h, 7d, or a moment. Default 30d.
    #[schemars(length(min = 2, max = 40))]
    since: Option<String>,
    /// Likewise. Default now.
    #[schemars(length(min = 2, max = 40))]
    until: Option<String>,
    /// Only lines of these kinds.
    #[schemars(length(min = 1, max = 5))]
    kinds: Option<Vec<Kind>>,
    /// Default 10.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<usize>,
    /// From `cut`.
    #[schemars(length(min = 1, max = 2000))]
    cursor: Option<String>,
}

/// The person and what happened to them.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    people: Vec<Known>,
    lines: Vec<Line>,
}

/// Who the person is in one source.
#[derive(Serialize, JsonSchema)]
pub struct Known {
    source: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Foreign>,
}

impl Tool for UserTimeline {
    const NAME: &'static str = "user_timeline";
    const TITLE: &'static str = "What happened to this person";
    const ABOUT: &'static str = "Everything that every system knows of one person, merged in order of time, newest first, with the most important break said first. \
        Use it for \"what happened to …\".";
    const NEEDS: Needs =
        Needs::AnyOfOrRowsOfPeople(&[Capability::Users, Capability::Payments, Capability::Errors]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let Some(who) = Handle::read(&q.who).map(as_person) else {
            return Err(ToolError::malformed(
                "who",
                "should be an e-mail address, an id, or the URL of a dashboard page",
            ));
        };
        let place = Place::read(q.cursor.as_deref())?;
        let (since, until) = match &place {
            Some(place) => place.window()?,
            None => {
                let until = since::read("until", q.until.as_deref())?.unwrap_or_else(Moment::now);
                (since::or_ago("since", q.since.as_deref(), 30 * DAY)?, until)
            }
        };
        if since > until {
            return Err(ToolError::malformed("until", "lies before `since`"));
        }
        let (mut asked, mut looked_up) = (Asked::default(), Asked::default());
        let Resolved { people, owner } = resolve(app, &mut looked_up, &who).await;
        let who = owner.filter(|_| people.is_empty()).unwrap_or(who);
        let held = gather::gather(app, &mut asked, (&who, &people), (since, until)).await;
        // After the others: the window to be told is that of the timeline, not that of the look-up.
        asked.merge(looked_up);
        let findings = judge::findings(app, (&who, &people), &held, (&asked, since));
        let mut lines = lines::told(app, &people, &held);
        lines.retain(|line| (since..=until).contains(&line.at));
        if let Some(kinds) = &q.kinds {
            lines.retain(|line| kinds.contains(&line.kind));
        }
        line::in_order(&mut lines);
        let mut lines = line::together(lines);
        if let Some(place) = &place {
            lines.retain(|line| place.is_before(line));
        }
        let limit = q.limit.unwrap_or(10);
        let rest = lines.len().saturating_sub(limit);
        lines.truncate(limit);
        line::link_once(&mut lines);
        let cursor = lines.last().filter(|_| rest > 0).and_then(|last| Place::at(last, since, until).write());
        let known = people.iter().map(|p| Known {
            source: p.source.clone(),
            id: p.id.clone(),
            email: p.email.clone().filter(|e| !e.as_str().eq_ignore_ascii_case(&who.id)),
        });
        let facts = Facts { people: known.collect(), lines };
        let nothing = facts.lines.is_empty() && place.is_none();
        let mut answer = Answer::new(facts, asked);
        answer.findings = findings;
        if nothing && !people.is_empty() && !answer.findings.iter().any(|f| f.what.starts_with("nothing")) {
            let until = q.until.is_some().then_some(until);
            answer.findings.push(empty(&answer.asked, since, until, q.kinds.is_some()));
        }
        answer.cut.extend(cursor.map(|cursor| Cut {
            what: format!("{rest} older lines of what was read"),
            how: None,
            cursor: Some(cursor),
        }));
        // No page tells these: they were not read for any.
        answer.cut.extend(held.unread.iter().cloned());
        answer.next = next(app, &who, &people, &held);
        // That nobody can be asked by such an id is an answer, where people can be asked for at all.
        answer.tells_of_failures = answer.asked.failures().is_empty() && !app.sources.users().is_empty();
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        let people: Vec<String> = facts
            .people
            .iter()
            .map(|p| {
                let email = p.email.as_ref().map(|e| format!(" {e}")).unwrap_or_default();
                format!("{} {}{email}", p.source, p.id)
            })
            .collect();
        if !people.is_empty() {
            page.line(format!("Who: {}", people.join(" · ")));
        }
        if !facts.lines.is_empty() {
            page.line("Newest first, times in UTC:");
        }
        for line in &facts.lines {
            line.tell(page);
        }
    }
}

/// That a window holds no lines, as far as that is known.
fn empty(asked: &Asked, since: Moment, until: Option<Moment>, narrowed: bool) -> Finding {
    let kinds = if narrowed { " of these kinds" } else { "" };
    let hedge = if asked.whole() { "" } else { ", but not everything was seen" };
    let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
    Finding::new(format!("nothing{kinds} since {since}{until}{hedge}"))
}

fn next(app: &App, who: &Handle, people: &[Person], held: &gather::Held) -> Vec<NextCall> {
    let mut next = Vec::new();
    if people.is_empty() && held.is_empty() {
        return next;
    }
    if let Some(payment) = judge::worst_payment(held).filter(|_| !app.sources.payments().is_empty()) {
        next.push(NextCall::new("payment_intent_status", "id", payment, "this payment in full"));
    }
    if let Some(error) = held.errors.iter().max_by_key(|e| e.at).filter(|e| !e.id.is_empty()) {
        let call = NextCall::new("get_error", "id", &error.id, "its stack and context");
        next.push(match who.kind {
            HandleKind::Email => call.with("user", &who.id),
            _ => call,
        });
    }
    if !app.sources.users().is_empty() {
        next.push(NextCall::new("find_user", "who", &who.id, "their state in each system now"));
    }
    next
}
