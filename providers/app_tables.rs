//! The application's own tables in our words: its users, what its webhook handler wrote down, its internal errors,
//! and whatever else `[app.*]` says where to find. Works over any [`State`], so it knows no provider.

mod asking;
mod entitlements;
mod errors;
mod near;
mod payments;
mod people;
mod reading;
mod standing;
mod story;
pub mod suggest;

pub(crate) use errors::{error, errors};
pub(crate) use people::people;
pub use story::{AppFact, StoryAsk, facts_of_person, tables_of_nobody, tables_of_people};

pub use entitlements::{AppEntitlement, entitlements_of, entitlements_since};
pub use near::{About, AppError, errors_near};
pub use payments::{Amount, AppPayment, Unit, Unread, payments_by_ids, payments_since};
pub use standing::Standing;

use crate::app::{App, AppTable};
use crate::capability::{Answered, RowsAsk, State};
use crate::words::{AppRecord, Row};
use crate::{Moment, Stopped};
use asking::{Named, by_field};
use futures_util::future;
use prodview_guard::{Failure, FailureKind, Foreign};
use std::collections::{BTreeMap, BTreeSet};

/// A store that holds tables of the application.
#[derive(Clone, Copy)]
pub(crate) struct Store<'a> {
    /// Its source's name.
    pub(crate) source: &'a str,
    /// Its rows.
    pub(crate) state: &'a dyn State,
    /// Which tables play which part.
    pub(crate) app: &'a App,
    /// The field by which a row is found by its id.
    pub(crate) id_field: &'static str,
}

/// Rows read at once to join events with what the handler wrote down.
const EVENTS: usize = 3_000;
/// Events looked up one by one when that did not find them.
const LOOK_UPS: usize = 5;
/// Ids and addresses of one person that are looked up in one table.
const KEYS: usize = 5;
/// A record may be a little older than its event by the clocks of two companies.
const CLOCK_SLACK_S: i64 = 300;

/// What the application's webhook handler wrote down about events, by event id; and whether every event that is
/// missing there is truly missing. `table` is one of `[app.webhooks.*]` and needs its `event` field; `since` is the
/// time of the oldest event. When an event has several rows, the newest speaks.
///
/// One read of the window and at most five look-ups (each bounded as [`State::rows`] says).
pub async fn records_of_events(
    state: &dyn State,
    table: &AppTable,
    event_ids: &[String],
    since: Moment,
) -> Result<(BTreeMap<String, AppRecord>, bool), Failure> {
    let Some(event) = table.field("event") else { return Err(without_role(table, "event")) };
    let wanted: BTreeSet<&str> = event_ids.iter().map(String::as_str).collect();
    let mut records = BTreeMap::new();
    if wanted.is_empty() {
        return Ok((records, true));
    }
    let (named, since) = (&Named::from(table), Some(since.minus_s(CLOCK_SLACK_S)));
    let window = named.many(state, RowsAsk { since, limit: EVENTS, ..RowsAsk::default() }).await?;
    for row in &window.rows {
        if let Some(id) = reading::text(row, event).filter(|id| wanted.contains(id.as_str())) {
            records.entry(id).or_insert_with(|| record(row, table));
        }
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|id| !records.contains_key(*id)).collect();
    if window.is_whole() || missing.is_empty() {
        return Ok((records, true));
    }
    let asked = missing
        .iter()
        .take(LOOK_UPS)
        .map(|id| async move { (*id, named.rows(state, by_field(event, id, 1)).await) });
    let mut complete = missing.len() <= LOOK_UPS;
    for (id, answer) in future::join_all(asked).await {
        match answer {
            Ok(found) => match found.rows.first() {
                Some(row) => drop(records.insert(id.to_owned(), record(row, table))),
                None => complete &= found.is_whole(),
            },
            Err(_) => complete = false,
        }
    }
    Ok((records, complete))
}

/// The rows of a person in one table, newest first: those whose `user` field holds one of the person's ids or
/// addresses. Looks for at most five of them, at once.
pub async fn rows_of_person(
    state: &dyn State,
    table: &AppTable,
    keys: &[String],
    limit: usize,
) -> Answered<Row> {
    let Some(user) = table.field("user") else { return Err(without_role(table, "user")) };
    let keys: BTreeSet<&String> = keys.iter().filter(|key| !key.is_empty()).collect();
    let (all, named) = (keys.len(), &Named::from(table));
    let asked = keys
        .into_iter()
        .take(KEYS)
        .map(|key| async move { named.rows(state, by_field(user, key, limit)).await });
    let mut found = named.merged(future::join_all(asked).await)?;
    if all > KEYS {
        found.stopped.get_or_insert(Stopped::Bound(format!("looked for {KEYS} of the person's {all} ids")));
    }
    found.rows.sort_by_key(|row| std::cmp::Reverse(reading::at(row, table)));
    if found.rows.len() > limit {
        let why = format!("the newest {limit} of {} rows in {}", found.rows.len(), table.table);
        found.stopped.get_or_insert(Stopped::Bound(why));
        found.rows.truncate(limit);
    }
    Ok(found)
}

fn record(row: &Row, table: &AppTable) -> AppRecord {
    let part = |role: &str| {
        let text = table.field(role).and_then(|field| reading::text(row, field))?;
        Some(Foreign::new(&text)).filter(|text| !text.is_empty())
    };
    AppRecord {
        status: part("status"),
        error: part("error"),
        at: reading::at(row, table),
        row: row.id.clone(),
    }
}

fn without_role(table: &AppTable, role: &str) -> Failure {
    Failure::new(FailureKind::Invalid, "a role without its field")
        .hint(format!("{} does not say which field is its `{role}`", table.heading()))
}

#[cfg(test)]
pub(crate) mod stage;
#[cfg(test)]
mod tests;
