//! `get_error`: one error, whole: stack, person, what came before, the ids in it, the releases around it.

use crate::asked::{Asked, ask_all};
use crate::page::{Page, counted, quoted};
use crate::{Answer, App, Finding, Needs, Tool, ToolError};
use prodview_guard::Foreign;
use prodview_providers::capability::{Capability, ErrorDetail};
use prodview_providers::words::{Deployment, ErrorEvent, ErrorGroup};
use prodview_providers::{Found, Handle, HandleKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod ids;

use ids::FoundId;

/// The tool.
pub struct GetError;

/// Which error.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Short id (WEB-1A2), numeric id, event id (32 hex digits), or URL.
    #[schemars(length(min = 1, max = 500))]
    id: String,
    /// The newest occurrence of this person: e-mail address or the app's user id.
    #[schemars(length(min = 1, max = 320))]
    user: Option<String>,
}

/// One error.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    error: ErrorGroup,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<ErrorEvent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spread: Vec<Spread>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    releases: Vec<Deployment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<FoundId>,
}

/// How the occurrences spread over the values of a tag.
#[derive(Serialize, JsonSchema)]
pub struct Spread {
    tag: String,
    values: Vec<Share>,
}

#[derive(Serialize, JsonSchema)]
struct Share {
    value: Foreign,
    times: u64,
}

impl Tool for GetError {
    const NAME: &'static str = "get_error";
    const TITLE: &'static str = "One error";
    const ABOUT: &'static str = "One error with its stack, the person it happened to, what came just before, and the ids found in it as ready next calls. \
        Use it after list_errors, or with an id or URL that somebody pasted.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::Errors]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let Some(which) = Handle::read(&q.id).filter(|h| h.kind != HandleKind::Email) else {
            return Err(ToolError::malformed(
                "id",
                "should be a short id, a numeric id, an event id, or the URL of an error",
            ));
        };
        let user = match q.user.as_deref() {
            Some(text) => Some(Handle::read(text).ok_or_else(|| {
                ToolError::malformed("user", "should be an e-mail address or the app's user id")
            })?),
            None => None,
        };
        let mut asked = Asked::default();
        let found = ask_all(&mut asked, app.sources.errors(), |able| {
            let (which, user) = (&which, user.as_ref());
            async move { Ok(Found::one(able.can.error(which, user).await?)) }
        })
        .await;
        let Some((source, detail)) =
            found.into_iter().find_map(|(s, f)| Some((s, f.rows.into_iter().next()?)))
        else {
            if asked.failures().is_empty() {
                return Err(ToolError::NotFound(format!(
                    "no error has the id {}; list_errors shows which there are",
                    which.id
                )));
            }
            return Err(ToolError::in_vain(asked.failures()));
        };
        for note in &detail.notes {
            asked.note(&source, note.clone());
        }
        if !detail.whole {
            asked.only_in_part(&source);
        }
        let ErrorDetail { group, event, spread, releases, .. } = detail;
        let ids = event.as_ref().map(|e| ids::in_event(app, e)).unwrap_or_default();
        let spread = spread.into_iter().map(|(tag, values)| Spread {
            tag,
            values: values.into_iter().map(|(value, times)| Share { value, times }).collect(),
        });
        let facts = Facts { error: group, event, spread: spread.collect(), releases, ids };
        let mut answer = Answer::new(facts, asked);
        answer.findings = findings(&answer.facts, user.as_ref(), detail.whole);
        answer.next = answer.facts.ids.iter().filter_map(FoundId::call).take(3).collect();
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        let e = &facts.error;
        page.line(format!("{} {} ({})", e.id, quoted(&e.title), e.source));
        let (least, before) = bounds(e);
        let mut about: Vec<String> = vec![format!("{least}{}", counted(e.count, "time", "times"))];
        about.extend(e.users.map(|n| format!("{least}{}", counted(n, "person", "people"))));
        about.extend(e.first_seen.map(|m| format!("first {m}{before}")));
        about.extend(e.last_seen.map(|m| format!("last {m}")));
        about.extend(e.status.as_ref().map(ToString::to_string));
        page.item(about.join(", "));
        if let Some(url) = &e.url {
            page.item(url.clone());
        }
        if let Some(event) = &facts.event {
            tell_event(event, page);
        }
        for spread in &facts.spread {
            let values: Vec<String> =
                spread.values.iter().map(|s| format!("{} ×{}", s.value, s.times)).collect();
            page.item(format!("by {}: {}", spread.tag, values.join(", ")));
        }
        page.table(
            ["release", "at", "new kinds of error"],
            facts.releases.iter().map(|r| {
                [
                    r.version.to_string(),
                    r.at.map(|m| m.to_string()).unwrap_or_default(),
                    r.new_errors.map(|n| n.to_string()).unwrap_or_default(),
                ]
            }),
        );
        if !facts.ids.is_empty() {
            let ids: Vec<String> = facts.ids.iter().map(|i| format!("{} {}", i.kind(), i.id())).collect();
            page.line(format!("Ids in it: {}", ids.join(", ")));
        }
    }
}

fn tell_event(event: &ErrorEvent, page: &mut Page) {
    let at = event.at.map(|m| format!(" at {m}")).unwrap_or_default();
    let release = event.release.as_ref().map(|r| format!(", release {r}")).unwrap_or_default();
    let environment = event.environment.as_ref().map(|e| format!(", {e}")).unwrap_or_default();
    page.line(format!("Event {}{at}{release}{environment}", event.id));
    if let Some(message) = &event.message {
        page.item(quoted(message));
    }
    if let Some(user) = &event.user {
        let words: Vec<String> =
            [&user.email, &user.id, &user.username].into_iter().flatten().map(ToString::to_string).collect();
        page.item(format!("happened to {}", words.join(" / ")));
    }
    if let Some(request) = &event.request {
        page.item(format!("request {request}"));
    }
    for (i, exception) in event.exceptions.iter().enumerate() {
        let value = exception.value.as_ref().map(|v| format!(": {}", quoted(v))).unwrap_or_default();
        page.item(format!("{}{}{value}", if i == 0 { "" } else { "caused by " }, exception.kind));
        for frame in &exception.frames {
            let code = frame.code.as_ref().map(|c| format!("  {}", quoted(c))).unwrap_or_default();
            let foreign = if frame.in_app { "" } else { " (library)" };
            page.deeper(2, format!("{}{foreign}{code}", frame.at));
        }
    }
    for (label, map) in [("tags", &event.tags), ("context", &event.context)] {
        if !map.is_empty() {
            let pairs: Vec<String> = map.iter().map(|(k, v)| format!("{k}={v}")).collect();
            page.item(format!("{label}: {}", pairs.join(" ")));
        }
    }
    for crumb in &event.breadcrumbs {
        page.item(format!("{} {}", crumb.at.map(|m| m.to_string()).unwrap_or_default(), crumb.what));
    }
}

/// What is said before a number and behind the first time, where only the newest were counted.
fn bounds(e: &ErrorGroup) -> (&'static str, &'static str) {
    if e.at_least { ("at least ", " or before") } else { ("", "") }
}

/// `whole`: whether every part of it was had. An occurrence that was not is not absent.
fn findings(facts: &Facts, user: Option<&Handle>, whole: bool) -> Vec<Finding> {
    let e = &facts.error;
    let mut findings = Vec::new();
    let (least, before) = bounds(e);
    let people = e.users.map(|n| format!(", {least}{}", counted(n, "person", "people"))).unwrap_or_default();
    let since = e.first_seen.map(|m| format!(", first seen {m}{before}")).unwrap_or_default();
    let times = counted(e.count, "time", "times");
    findings
        .push(Finding::new(format!("{} happened {least}{times}{people}{since}", e.id)).from([e.id.clone()]));
    if facts.event.is_none() && whole {
        findings.push(Finding::new("no occurrence of it is kept any more").from([e.id.clone()]));
    }
    if let (Some(user), Some(event), true) = (user, &facts.event, whole)
        && is_somebody_elses(event, user)
    {
        findings.push(Finding::new(format!(
            "no occurrence of it belongs to {}; this one is somebody else's",
            user.id
        )));
    }
    // One value that nearly all occurrences share is where to look.
    for spread in &facts.spread {
        let all: u64 = spread.values.iter().map(|s| s.times).sum();
        let telling =
            !matches!(spread.tag.as_str(), "environment" | "level" | "handled" | "release" | "user");
        if let Some(top) = spread.values.first().filter(|t| telling && all >= 5 && t.times * 10 >= all * 9) {
            findings.push(
                Finding::new(format!(
                    "{} of {all} occurrences share one value of the tag `{}`",
                    top.times, spread.tag
                ))
                .from([e.id.clone()]),
            );
        }
    }
    findings
}

/// Whether the event names another person. An event that tells only the app's id says nothing about an address.
fn is_somebody_elses(event: &ErrorEvent, user: &Handle) -> bool {
    let named = event.user.as_ref().and_then(|u| match user.kind {
        HandleKind::Email => u.email.as_ref(),
        _ => u.id.as_ref(),
    });
    named.is_some_and(|named| !named.as_str().eq_ignore_ascii_case(&user.id))
}
