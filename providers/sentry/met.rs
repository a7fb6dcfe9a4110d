//! What one person ran into, time by time.

use super::lenient::{each, text};
use super::page::{Next, next};
use super::people::is_missing;
use super::{EVENTS, Sentry, handle, is_plain, search};
use crate::words::Occurrence;
use crate::{Found, Handle, Moment, Stopped};
use prodview_guard::{Failure, FailureKind, Foreign, Provider, Segment};
use serde::Deserialize;

/// How many are told.
const ROWS: usize = 100;

const FIELDS: [&str; 5] = ["id", "issue", "issue.id", "title", "timestamp"];

/// `GET …/events/`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Table {
    #[serde(deserialize_with = "each")]
    data: Vec<Met>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Met {
    #[serde(deserialize_with = "text")]
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    issue: Option<String>,
    #[serde(rename = "issue.id", deserialize_with = "text")]
    number: Option<String>,
    #[serde(deserialize_with = "text")]
    title: Option<String>,
    #[serde(deserialize_with = "text")]
    timestamp: Option<String>,
}

/// One request; two where data sets are not known. `None` where events cannot be searched.
pub(super) async fn of(
    sentry: &Sentry,
    user: &Handle,
    since: Moment,
) -> Result<Option<Found<Occurrence>>, Failure> {
    if user.provider == Some(Provider::Stripe) {
        return Ok(Some(Found::all(Vec::new())));
    }
    let term = search::person(user)?;
    let now = Moment::now();
    let projects = sentry.projects(None).await?;
    let ask = FIELDS.into_iter().fold(sentry.ask(EVENTS), |ask, field| ask.query("field", field));
    let ask = ask.query("query", &term).query("sort", "-timestamp").query("per_page", ROWS);
    let ask = projects.narrow(search::period(ask, since, now));
    let mut answer = sentry.wire.read::<Table>(ask.clone().query("dataset", "errors")).await;
    if answer.as_ref().is_err_and(|f| f.kind == FailureKind::Invalid) {
        // Versions that know no data sets.
        answer = sentry.wire.read::<Table>(ask).await;
    }
    let reply = match answer {
        Ok(reply) => reply,
        Err(failure) if is_missing(&failure) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let rows = reply.body.data.iter().filter_map(|met| met.told(sentry)).collect();
    let mut found = Found { window: Some((since, now)), ..Found::all(rows) }.aged(reply.age);
    if next(&reply) != Next::End {
        (found.of, found.stopped) =
            (None, Some(Stopped::Bound(format!("the newest {ROWS} errors of this person"))));
    }
    Ok(Some(found))
}

impl Met {
    fn told(&self, sentry: &Sentry) -> Option<Occurrence> {
        let number = self.number.as_deref().filter(|id| handle::is_number(id));
        let number = number.and_then(|id| Segment::new(id).ok());
        let group = self.issue.as_deref().filter(|id| is_plain(id));
        Some(Occurrence {
            source: sentry.name.clone(),
            group: group.or(number.as_ref().map(Segment::as_str))?.to_owned(),
            id: handle::event_id(self.id.as_deref()?)?,
            at: self.timestamp.as_deref().and_then(Moment::parse),
            title: Foreign::capped(self.title.as_deref().unwrap_or("(no title)"), 300),
            url: number.map(|id| sentry.issue_page(&id)),
        })
    }
}
