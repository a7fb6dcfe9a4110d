//! One error, whole: its issue, an occurrence, how its tags spread, and the releases around its first occurrence.

use super::context;
use super::event::Event;
use super::handle;
use super::issues::Group;
use super::lenient::{each, soft, text, whole};
use super::occurrence::{self, Occurrence};
use super::{EVENT_ID, ISSUE, ISSUE_TAG, SHORT_ID, Sentry};
use crate::capability::ErrorDetail;
use crate::words::Deployment;
use crate::{Handle, HandleKind};
use futures_util::future;
use prodview_guard::{Failure, Foreign, Provider, Segment};
use serde::Deserialize;

/// The most requests for one error.
const REQUESTS: usize = 6;
/// The most tags whose values are told, and the most values of each.
const TAGS: usize = 3;
const VALUES: usize = 5;

/// What a handle asks Sentry for.
#[derive(Debug, PartialEq)]
enum Target {
    Number(Segment),
    Short(Segment),
    Event(Segment),
}

impl Target {
    /// `None` for what can be no error of Sentry. Ids too short or too much like others to be told by their shape
    /// are taken here, where it is clear that an error is meant.
    fn of(which: &Handle) -> Option<Target> {
        if which.provider.is_some_and(|p| p != Provider::Sentry) {
            return None;
        }
        if !matches!(which.kind, HandleKind::ErrorGroup | HandleKind::ErrorEvent | HandleKind::Opaque) {
            return None;
        }
        if let Some(id) = handle::event_id(&which.id) {
            return Segment::new(&id).ok().map(Target::Event);
        }
        if handle::is_number(&which.id) {
            return Segment::new(&which.id).ok().map(Target::Number);
        }
        handle::short_id(&which.id).and_then(|id| Segment::new(&id).ok()).map(Target::Short)
    }
}

/// `GET …/shortids/…` and `GET …/eventids/…`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resolved {
    #[serde(deserialize_with = "text")]
    project_slug: Option<String>,
    #[serde(deserialize_with = "text")]
    group_id: Option<String>,
    #[serde(deserialize_with = "soft")]
    group: Option<Group>,
    #[serde(deserialize_with = "soft")]
    event: Option<Event>,
}

/// `GET …/issues/{id}/tags/{key}/`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Tag {
    #[serde(deserialize_with = "each")]
    top_values: Vec<TagValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TagValue {
    #[serde(deserialize_with = "text")]
    name: Option<String>,
    #[serde(deserialize_with = "text")]
    value: Option<String>,
    #[serde(deserialize_with = "whole")]
    count: Option<u64>,
}

/// An issue that was found, and what came along on the way.
struct Met {
    group: Group,
    event: Option<Event>,
    /// The event that was asked for, when it did not come along.
    event_id: Option<Segment>,
    requests: usize,
}

/// At most six requests: one or two for the issue, none to two for the occurrence, one for releases, and what is
/// left of the six, at most three, for tags. Projects are not looked up: the issue itself says which one it is of.
pub(super) async fn error(
    sentry: &Sentry,
    which: &Handle,
    user: Option<&Handle>,
) -> Result<Option<ErrorDetail>, Failure> {
    let Some(target) = Target::of(which) else { return Ok(None) };
    let met = match sentry.meet(target).await {
        Ok(met) => met,
        Err(failure) if failure.is_not_found() => return Ok(None),
        Err(failure) => return Err(failure),
    };
    if !sentry.scope.permits(met.group.project.slug.as_deref()) {
        return Err(sentry.scope.outside());
    }
    let (Some(group), Some(number)) = (met.group.record(sentry), met.group.number()) else {
        return Err(Failure::odd("an issue without a numeric id"));
    };
    let wanted = Occurrence { user, event: met.event, id: met.event_id };
    let for_tags = REQUESTS.saturating_sub(met.requests + wanted.requests() + 1).min(TAGS);
    let keys = telling(&met.group, for_tags);
    let (occurrence, spread, releases) = future::join3(
        occurrence::find(sentry, &number, wanted),
        future::join_all(keys.iter().map(|key| sentry.values(&number, key))),
        sentry.releases_of(&met.group),
    )
    .await;

    let mut notes = vec!["count and users are over the whole life of the error".to_owned()];
    let mut whole = true;
    let mut lacks = |what: &str, failure: Failure| {
        whole = false;
        format!("{what} missing: {failure}")
    };
    let (event, note) = occurrence.unwrap_or_else(|f| (None, Some(lacks("the occurrence is", f))));
    notes.extend(note);
    let (releases, note) =
        releases.unwrap_or_else(|f| (Vec::new(), Some(lacks("the releases around it are", f))));
    notes.extend(note);
    let spread = keys.iter().zip(spread).filter_map(|(key, values)| match values {
        Ok(values) if values.is_empty() => None,
        Ok(values) => Some((key.as_str().to_owned(), values)),
        Err(failure) => {
            notes.push(lacks(&format!("the values of the tag {} are", key.as_str()), failure));
            None
        }
    });
    let spread = spread.collect();
    Ok(Some(ErrorDetail { group, event, spread, releases, notes, whole }))
}

impl Sentry {
    async fn meet(&self, target: Target) -> Result<Met, Failure> {
        match target {
            Target::Number(id) => {
                let group = self.wire.read::<Group>(self.ask(ISSUE).segment(id)).await?.body;
                Ok(Met { group, event: None, event_id: None, requests: 1 })
            }
            Target::Short(id) => match self.wire.read::<Group>(self.ask(ISSUE).segment(id.clone())).await {
                Ok(reply) => Ok(Met { group: reply.body, event: None, event_id: None, requests: 1 }),
                // Older versions know short ids only here. This group has no tags and no first release.
                Err(failure) if failure.is_not_found() => {
                    let resolved = self.wire.read::<Resolved>(self.ask(SHORT_ID).segment(id)).await?.body;
                    let group =
                        resolved.group.ok_or_else(|| Failure::odd("a short id resolved to no issue"))?;
                    Ok(Met { group, event: None, event_id: None, requests: 2 })
                }
                Err(failure) => Err(failure),
            },
            Target::Event(id) => {
                let resolved = self.wire.read::<Resolved>(self.ask(EVENT_ID).segment(id.clone())).await?.body;
                if !self.scope.permits(resolved.project_slug.as_deref()) {
                    return Err(self.scope.outside());
                }
                let number = resolved.group_id.filter(|id| handle::is_number(id));
                let number = number.ok_or_else(|| Failure::odd("an event of no issue"))?;
                let group =
                    self.wire.read::<Group>(self.ask(ISSUE).segment(Segment::new(&number)?)).await?.body;
                let event = resolved.event.filter(Event::is_full);
                let event_id = event.is_none().then_some(id);
                Ok(Met { group, event, event_id, requests: 2 })
            }
        }
    }

    /// The most frequent values of one tag.
    async fn values(&self, issue: &Segment, key: &Segment) -> Result<Vec<(Foreign, u64)>, Failure> {
        let ask = self.ask(ISSUE_TAG).segment(issue.clone()).segment(key.clone());
        match self.wire.read::<Tag>(ask).await {
            Ok(reply) => Ok(reply.body.values()),
            Err(failure) if failure.is_not_found() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// Releases around the first occurrence, of the issue's own project, and what a reader must know about them.
    async fn releases_of(&self, group: &Group) -> Result<(Vec<Deployment>, Option<String>), Failure> {
        let Some(first_seen) = group.first_seen() else { return Ok((Vec::new(), None)) };
        let Some(projects) = group.project.only() else {
            let note = "no releases: Sentry did not say which project the error belongs to";
            return Ok((Vec::new(), Some(note.into())));
        };
        self.releases_around(&projects, first_seen).await
    }
}

impl Tag {
    fn values(self) -> Vec<(Foreign, u64)> {
        let mut values: Vec<(Foreign, u64)> = self
            .top_values
            .into_iter()
            .filter_map(|v| {
                Some((Foreign::capped(&v.name.or(v.value).unwrap_or("(none)".into()), 100), v.count?))
            })
            .collect();
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        values.truncate(VALUES);
        values
    }
}

/// The tags whose values tell most: the release, those the app set itself, the environment, the browser.
fn telling(group: &Group, at_most: usize) -> Vec<Segment> {
    let has = |key: &str| group.tags.is_empty() || group.tags.iter().any(|t| t.key.as_deref() == Some(key));
    let known = |key: &'static str| has(key).then_some(key);
    let mut apps = group.tags.iter().filter_map(|t| t.key.as_deref()).filter(|key| context::is_apps_own(key));
    let order = [known("release"), apps.next(), known("environment"), apps.next(), known("browser")];
    // A key with dots or colons cannot become a path segment and is skipped.
    order.into_iter().flatten().filter_map(|key| Segment::new(key).ok()).take(at_most).collect()
}

#[cfg(test)]
#[path = "detail_tests.rs"]
mod tests;
