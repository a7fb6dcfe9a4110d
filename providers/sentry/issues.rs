//! Issues: the kinds of error that fit a question.

use super::lenient::{each, soft, text, whole};
use super::page::{Extent, Gathered, check_cursor};
use super::projects::Projects;
use super::{ISSUES, Sentry, detail, is_plain, met, search};
use crate::capability::{Answered, ErrorDetail, ErrorSort, Errors, ErrorsAsk};
use crate::words::{ErrorGroup, Occurrence};
use crate::{Found, Handle, Moment};
use async_trait::async_trait;
use prodview_guard::{Failure, FailureKind, Foreign, Refused, Segment};
use serde::Deserialize;

/// How many pages one question reads. Sentry filters after it cuts a page, so a page can be short.
const PAGES: usize = 3;

/// Sentry's usual retention, in seconds.
const RETENTION_S: i64 = 90 * 86_400;

/// An issue as lists and details send it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Group {
    #[serde(deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) short_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) title: Option<String>,
    #[serde(deserialize_with = "text")]
    culprit: Option<String>,
    #[serde(deserialize_with = "text")]
    level: Option<String>,
    #[serde(deserialize_with = "text")]
    status: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub(super) project: ProjectRef,
    #[serde(deserialize_with = "whole")]
    count: Option<u64>,
    #[serde(deserialize_with = "whole")]
    user_count: Option<u64>,
    #[serde(deserialize_with = "text")]
    first_seen: Option<String>,
    #[serde(deserialize_with = "text")]
    last_seen: Option<String>,
    /// The counts of those occurrences that fit the search, in lists that were searched.
    #[serde(deserialize_with = "soft")]
    filtered: Option<Counts>,
    /// Details only.
    #[serde(deserialize_with = "soft")]
    pub(super) first_release: Option<super::releases::Release>,
    /// Details only.
    #[serde(deserialize_with = "each")]
    pub(super) tags: Vec<TagTotal>,
}

/// The project an issue belongs to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProjectRef {
    #[serde(deserialize_with = "text")]
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) slug: Option<String>,
}

impl ProjectRef {
    /// The project as the one that a question is about.
    pub(super) fn only(&self) -> Option<Projects> {
        self.id.as_deref().and_then(Projects::one)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Counts {
    #[serde(deserialize_with = "whole")]
    count: Option<u64>,
    #[serde(deserialize_with = "whole")]
    user_count: Option<u64>,
}

/// A tag that occurrences of an issue carry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TagTotal {
    #[serde(deserialize_with = "text")]
    pub(super) key: Option<String>,
}

impl Group {
    /// The numeric id, when it is one.
    pub(super) fn number(&self) -> Option<Segment> {
        let id = self.id.as_deref().filter(|id| super::handle::is_number(id))?;
        Segment::new(id).ok()
    }

    /// When it was first seen, ever.
    pub(super) fn first_seen(&self) -> Option<Moment> {
        self.first_seen.as_deref().and_then(Moment::parse)
    }

    /// In our words; `None` when it has no id to ask for it by.
    pub(super) fn record(&self, sentry: &Sentry) -> Option<ErrorGroup> {
        let number = self.number();
        let short = self.short_id.as_deref().filter(|id| is_plain(id));
        let id = short.or(number.as_ref().map(Segment::as_str))?.to_owned();
        let counts = self.filtered.as_ref();
        Some(ErrorGroup {
            source: sentry.name.clone(),
            id,
            title: Foreign::capped(self.title.as_deref().unwrap_or("(no title)"), 300),
            culprit: self.culprit.as_deref().map(|c| Foreign::capped(c, 200)),
            level: self.level.as_deref().map(|l| Foreign::capped(l, 40)),
            status: self.status.as_deref().map(|s| Foreign::capped(s, 40)),
            project: self.project.slug.as_deref().map(|p| Foreign::capped(p, 100)),
            count: counts.and_then(|c| c.count).or(self.count).unwrap_or(0),
            at_least: false,
            users: counts.and_then(|c| c.user_count).or(self.user_count),
            first_seen: self.first_seen(),
            last_seen: self.last_seen.as_deref().and_then(Moment::parse),
            first_release: self.first_release.as_ref().and_then(super::releases::Release::version),
            url: number.map(|id| sentry.issue_page(&id)),
        })
    }
}

#[async_trait]
impl Errors for Sentry {
    /// `GET …/issues/`, 100 a page, at most three pages; before the first question about named projects one to five
    /// requests that look up their ids.
    ///
    /// `count` and `users` are those of the window and of what fits the search. `of` is Sentry's estimate. A search
    /// text that Sentry does not accept is [`FailureKind::Invalid`] with a hint on the syntax; a project outside
    /// the configured ones is [`FailureKind::Refused`] with the list.
    async fn errors(&self, ask: &ErrorsAsk) -> Answered<ErrorGroup> {
        let cursor = check_cursor(ask.cursor.as_deref())?;
        let terms = terms(ask)?;
        let query = search::text(&terms, ask.query.as_deref())?;
        let projects = self.projects(ask.project.as_deref()).await?;
        let now = Moment::now();
        let sort = match ask.sort {
            ErrorSort::LastSeen => "date",
            ErrorSort::New => "new",
            ErrorSort::Count => "freq",
            ErrorSort::Users => "user",
        };
        // Without `query` Sentry would search `is:unresolved`; without an empty `groupStatsPeriod` it would send a
        // day of hourly counts with each issue.
        let question =
            self.ask(ISSUES).query("query", &query).query("sort", sort).query("groupStatsPeriod", "");
        let question = projects.narrow(search::period(question, ask.since, now));
        let question = question.maybe("environment", ask.environment.as_deref());
        let extent = Extent { size: "limit", rows: ask.limit.max(1), pages: PAGES };
        let first_page = cursor.is_none();
        let listed =
            self.gather::<Group>(question, cursor, extent).await.map_err(|failure| mend(failure, ask))?;
        Ok(self.found(listed, first_page, !query.is_empty(), (ask.since, now)))
    }

    /// At most six requests; told apart in `detail.rs`. A project outside the configured ones is refused.
    async fn error(&self, which: &Handle, user: Option<&Handle>) -> Result<Option<ErrorDetail>, Failure> {
        detail::error(self, which, user).await
    }

    /// One request, the newest hundred. `Ok(None)` on older versions, or where the token may not search events.
    async fn occurrences(&self, user: &Handle, since: Moment) -> Result<Option<Found<Occurrence>>, Failure> {
        met::of(self, user, since).await
    }
}

impl Sentry {
    /// Issues in our words. What lies outside the configured projects is dropped even if Sentry sends it, as it
    /// does when the search text is an id.
    fn found(
        &self,
        listed: Gathered<Group>,
        first_page: bool,
        searched: bool,
        window: (Moment, Moment),
    ) -> Found<ErrorGroup> {
        let sent = listed.rows.len();
        let permitted = listed.rows.iter().filter(|g| self.scope.permits(g.project.slug.as_deref()));
        let permitted: Vec<&Group> = permitted.collect();
        let outside = sent - permitted.len();
        let rows: Vec<ErrorGroup> = permitted.iter().filter_map(|g| g.record(self)).collect();
        let unread = listed.unread + permitted.len() - rows.len();
        let seen = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let mut found = Found { window: Some(window), ..Found::default() }.aged(listed.age);
        if first_page && listed.more.is_none() && listed.stopped.is_none() {
            found.of = Some(seen);
        } else if let Some(hits) = listed.hits {
            found.of = Some(hits.max(seen));
            found = found.note("how many there are in all is Sentry's estimate");
        }
        if searched && !rows.is_empty() {
            found = found
                .note("counts are of the occurrences that fit the search, where Sentry tells them apart");
        }
        if listed.direct {
            found = found
                .note("the search text is an id: Sentry looked it up and left out the window and filters");
        }
        if window.0.seconds_until(window.1) > RETENTION_S {
            found = found.note("Sentry usually keeps events for 90 days: older ones are not counted");
        }
        if outside > 0 {
            found = found.note(format!("{outside} left out: outside the projects of this source"));
        }
        if unread > 0 {
            found = found.note(format!("{unread} left out: Sentry sent them in an unknown shape"));
        }
        Found { rows, more: listed.more, stopped: listed.stopped, ..found }
    }
}

/// Our own terms of the search text.
fn terms(ask: &ErrorsAsk) -> Result<Vec<String>, Refused> {
    let mut terms = Vec::new();
    if let Some(user) = &ask.user {
        terms.push(search::person(user)?);
    }
    if let Some(level) = &ask.level {
        if level.is_empty() || level.len() > 20 || !level.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(Refused::because("`level` should be fatal, error, warning, info or debug"));
        }
        terms.push(format!("level:{}", level.to_ascii_lowercase()));
    }
    Ok(terms)
}

/// What a failure of the list means, given what was asked.
fn mend(mut failure: Failure, ask: &ErrorsAsk) -> Failure {
    let has_query = ask.query.as_deref().is_some_and(|q| !q.trim().is_empty());
    if failure.kind == FailureKind::Invalid && failure.hint.is_none() && has_query {
        failure.hint = Some(search::SYNTAX.to_owned());
    }
    if failure.kind == FailureKind::NotFound && ask.environment.is_some() {
        // Sentry answers 404 to an environment that it has never seen.
        failure.hint = Some("Sentry knows no environment of that name, or not this organisation".to_owned());
    } else if failure.kind == FailureKind::NotFound {
        // A list that is not found is no list without errors.
        failure.kind = FailureKind::Denied;
        failure.hint = Some(
            "Sentry has no such organisation, or this token may not see it: are org and base_url right?"
                .to_owned(),
        );
    }
    failure
}

#[cfg(test)]
#[path = "issues_tests.rs"]
mod tests;
