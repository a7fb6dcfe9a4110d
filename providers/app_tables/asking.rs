//! Asking a store for the rows of a table that the configuration names: what is wrong with the mapping is told as such,
//! and several answers about one table become one.

use super::reading::text;
use crate::app::{AppTable, AppUsers};
use crate::capability::{Answered, RowsAsk, State};
use crate::words::Row;
use crate::{Found, MISFIT, Stopped};
use prodview_guard::{Failure, FailureKind, visible};
use serde_json::{Map, Value};

/// Rows of one request: what every store gives at once.
const PAGE: usize = 1_000;
/// What a store's failure begins with that does not have the table, and knows others of a near name.
const NO_SUCH_TABLE: &str = "no such table";

fn missing(hint: String) -> Failure {
    Failure::new(FailureKind::Invalid, "a mapping names a table that is not there").hint(hint)
}

/// A table as a section of the configuration names it.
#[derive(Clone)]
pub(super) struct Named<'a> {
    heading: String,
    source: &'a str,
    table: &'a str,
    id: Option<&'a str>,
    at: Option<&'a str>,
}

impl<'a> From<&'a AppTable> for Named<'a> {
    fn from(table: &'a AppTable) -> Named<'a> {
        Named {
            heading: table.heading(),
            source: &table.source,
            table: &table.table,
            id: table.field("id"),
            at: table.field("at"),
        }
    }
}

impl<'a> From<&'a AppUsers> for Named<'a> {
    fn from(users: &'a AppUsers) -> Named<'a> {
        let heading = "[app.users]".to_owned();
        Named { heading, source: &users.source, table: &users.table, id: Some(&users.id), at: None }
    }
}

impl Named<'_> {
    /// The rows whose field holds the value.
    pub(super) async fn by_field(
        &self,
        state: &dyn State,
        field: &str,
        value: &str,
        limit: usize,
    ) -> Answered<Row> {
        self.rows(state, by_field(field, value, limit)).await
    }

    /// The rows that fit. That the table is not there is no answer: it would be taken for "no such row".
    pub(super) async fn rows(&self, state: &dyn State, ask: RowsAsk) -> Answered<Row> {
        let ask = RowsAsk { table: self.table.to_owned(), at: self.at.map(str::to_owned), ..ask };
        let mut found = state.rows(&ask).await.map_err(|failure| self.explained(failure))?;
        for note in found.notes.iter_mut().filter(|note| note.ends_with(MISFIT)) {
            *note = format!("{}: {note}", self.heading);
        }
        Ok(found)
    }

    /// The same, page by page up to `ask.limit` rows, in no more pages than such rows fill when they are small. Fails
    /// only when the first page does.
    pub(super) async fn many(&self, state: &dyn State, ask: RowsAsk) -> Answered<Row> {
        let most = ask.limit;
        let mut whole = self.rows(state, RowsAsk { limit: most.min(PAGE), ..ask.clone() }).await?;
        for _ in 1..most.div_ceil(PAGE) {
            if whole.stopped.is_some() || whole.rows.len() >= most {
                break;
            }
            let Some(cursor) = whole.more.take() else { break };
            let limit = (most - whole.rows.len()).min(PAGE);
            match self.rows(state, RowsAsk { limit, cursor: Some(cursor), ..ask.clone() }).await {
                Ok(page) => {
                    whole = whole.aged(page.age);
                    whole.rows.extend(page.rows);
                    whole.more = page.more;
                    whole.stopped = page.stopped;
                    noted(&mut whole, page.notes);
                }
                Err(failure) => whole.stopped = Some(Stopped::Failed(failure)),
            }
        }
        whole.of = if whole.is_whole() { u64::try_from(whole.rows.len()).ok() } else { None };
        Ok(whole)
    }

    fn explained(&self, failure: Failure) -> Failure {
        let Named { heading, source, table, .. } = self;
        match (&failure.kind, &failure.hint) {
            (FailureKind::NotFound, _) => missing(format!(
                "{heading} names the table `{}`, which {source} does not have: run prodview check",
                visible(table)
            )),
            (FailureKind::Invalid, Some(hint)) if failure.cause().starts_with(NO_SUCH_TABLE) => {
                missing(format!(
                    "{heading} names the table `{}`, which {source} does not have ({hint}): run prodview check",
                    visible(table)
                ))
            }
            (FailureKind::Invalid, Some(hint)) => {
                let hint = format!("{heading}: {hint}");
                failure.hint(hint)
            }
            _ => failure,
        }
    }

    /// Several answers about this table as one, without what is in two of them. Fails only when all do; what one of
    /// them did not see, the whole has not seen.
    pub(super) fn merged(&self, answers: Vec<Answered<Row>>) -> Answered<Row> {
        let mut whole = Found::all(Vec::<Row>::new());
        let mut first_failure = None;
        let mut any = answers.is_empty();
        for answer in answers {
            match answer {
                Ok(found) => {
                    any = true;
                    whole = whole.aged(found.age);
                    if let Some(why) = found.stopped {
                        whole.stopped.get_or_insert(why);
                    } else if found.more.is_some() {
                        // A cursor leads on in one list, not in the merged one.
                        whole
                            .stopped
                            .get_or_insert(Stopped::Bound(format!("the newest {} rows", found.rows.len())));
                    }
                    noted(&mut whole, found.notes);
                    // Two rows of one answer are two, even where nothing tells them apart.
                    let before = whole.rows.len();
                    for row in found.rows {
                        if !whole.rows.iter().take(before).any(|known| self.is_same(known, &row)) {
                            whole.rows.push(row);
                        }
                    }
                }
                Err(failure) => drop(first_failure.get_or_insert(failure)),
            }
        }
        match first_failure {
            Some(failure) if !any => return Err(failure),
            Some(failure) => drop(whole.stopped.get_or_insert(Stopped::Failed(failure))),
            None => {}
        }
        whole.of = if whole.is_whole() { u64::try_from(whole.rows.len()).ok() } else { None };
        Ok(whole)
    }

    /// Views, and tables without a key, have no id but perhaps the one that the mapping names.
    fn is_same(&self, one: &Row, other: &Row) -> bool {
        if !one.id.is_empty() || !other.id.is_empty() {
            return one.id == other.id;
        }
        let own = |row: &Row| self.id.and_then(|field| text(row, field));
        match (own(one), own(other)) {
            (None, None) => one.fields == other.fields,
            (one, other) => one == other,
        }
    }
}

/// A question for the rows whose field holds the value; whose table it is, is filled in where it is asked.
pub(super) fn by_field(field: &str, value: &str, limit: usize) -> RowsAsk {
    let fields = Map::from_iter([(field.to_owned(), Value::String(value.to_owned()))]);
    RowsAsk { fields, limit, ..RowsAsk::default() }
}

fn noted(whole: &mut Found<Row>, notes: Vec<String>) {
    for note in notes {
        if !whole.notes.contains(&note) {
            whole.notes.push(note);
        }
    }
}

#[cfg(test)]
mod tests;
