//! Which occurrence of an error is told: the one asked for, the person's newest, else the newest.

use super::event::Event;
use super::lenient::Rows;
use super::{ISSUE_EVENT, ISSUE_EVENTS, Sentry, search};
use crate::Handle;
use crate::words::ErrorEvent;
use prodview_guard::{Failure, FailureKind, Segment};

/// What is known of the occurrence that is wanted.
#[derive(Default)]
pub(super) struct Occurrence<'a> {
    /// Whose.
    pub(super) user: Option<&'a Handle>,
    /// The one that was asked for, when it is already here.
    pub(super) event: Option<Event>,
    /// The id of the one that was asked for.
    pub(super) id: Option<Segment>,
}

impl Occurrence<'_> {
    /// The most requests that finding it takes.
    pub(super) fn requests(&self) -> usize {
        match (self.user, &self.event) {
            (Some(_), _) => 2,
            (None, None) => 1,
            (None, Some(_)) => 0,
        }
    }
}

/// An occurrence, or a note on why there is none or it is not the one that was wanted.
pub(super) async fn find(
    sentry: &Sentry,
    issue: &Segment,
    wanted: Occurrence<'_>,
) -> Result<(Option<ErrorEvent>, Option<String>), Failure> {
    let (event, note) = match (wanted.user, wanted.event) {
        (Some(user), Some(event)) if event.is_of(user) => (Some(event), None),
        (None, Some(event)) => (Some(event), None),
        (Some(user), _) => sentry.theirs(issue, user).await?,
        (None, None) => {
            let event = sentry.event(issue, wanted.id, None).await?;
            let note = event.is_none().then(|| "Sentry keeps no occurrence of it any more".to_owned());
            (event, note)
        }
    };
    Ok((event.map(Event::record), note))
}

/// An occurrence and what a reader must know about it.
type Noted = (Option<Event>, Option<String>);

impl Sentry {
    /// One occurrence by its id, else the newest; `None` when Sentry does not have it.
    async fn event(
        &self,
        issue: &Segment,
        id: Option<Segment>,
        query: Option<&str>,
    ) -> Result<Option<Event>, Failure> {
        let id = match id {
            Some(id) => id,
            None => Segment::new("latest")?,
        };
        let ask = self.ask(ISSUE_EVENT).segment(issue.clone()).segment(id).maybe("query", query);
        match self.wire.read::<Event>(ask).await {
            Ok(reply) => Ok(Some(reply.body)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The person's newest occurrence, else the newest of anyone with a note. At most two requests.
    async fn theirs(&self, issue: &Segment, user: &Handle) -> Result<Noted, Failure> {
        let query = search::person(user)?;
        let somebody_elses =
            || Some("no occurrence of that person is kept: this is the newest of anyone".to_owned());
        match self.event(issue, None, Some(&query)).await {
            Ok(Some(event)) if event.is_of(user) => Ok((Some(event), None)),
            // Older versions do not search here and send the newest of anyone: the list can be searched.
            Ok(Some(other)) => Ok(match self.listed(issue, &query).await {
                Ok(Some(event)) if event.is_of(user) => (Some(event), None),
                // The list cannot be searched here either: what was had is all there is to look at.
                Err(failure) if failure.kind != FailureKind::Invalid && !failure.is_not_found() => {
                    return Err(failure);
                }
                _ => (Some(other), somebody_elses()),
            }),
            Ok(None) => {
                let other = self.event(issue, None, None).await?;
                let note = if other.is_some() { somebody_elses() } else { None };
                Ok((other, note.or_else(|| Some("Sentry keeps no occurrence of it any more".to_owned()))))
            }
            Err(failure) if failure.kind == FailureKind::Invalid => {
                let event = self.listed(issue, &query).await?.filter(|event| event.is_of(user));
                let note = event.is_none().then(|| "no occurrence of that person was found".to_owned());
                Ok((event, note))
            }
            Err(failure) => Err(failure),
        }
    }

    async fn listed(&self, issue: &Segment, query: &str) -> Result<Option<Event>, Failure> {
        let ask = self.ask(ISSUE_EVENTS).segment(issue.clone()).query("query", query).query("full", "true");
        let reply = self.wire.read::<Rows<Event>>(ask.query("per_page", 1)).await?;
        Ok(reply.body.rows.into_iter().next())
    }
}
