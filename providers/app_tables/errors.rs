//! Which internal errors did the application write down (`[app.errors.*]`)? Rows, grouped by what they say.

use super::asking::Named;
use super::reading::{as_text, at, is_plain, text};
use super::{Store, people};
use crate::app::{AppTable, Part};
use crate::capability::{Answered, ErrorDetail, ErrorSort, ErrorsAsk, RowsAsk};
use crate::words::{AffectedUser, ErrorEvent, ErrorGroup, Row};
use crate::{Found, Handle, HandleKind, Moment, Stopped};
use futures_util::future;
use prodview_guard::{Failure, Foreign};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one table that are grouped, the newest.
const ROWS: usize = 3_000;
/// How far back it is looked to tell how often one error happened.
const AROUND_S: i64 = 7 * 86_400;
/// Ids of one person that are looked for.
const KEYS: usize = 4;
/// Fields of a row told as context, and how deep.
const CONTEXT: usize = 24;
const DEPTH: usize = 3;

/// Errors that say the same, in one table.
struct Group<'r> {
    table: &'r AppTable,
    newest: &'r Row,
    count: u64,
    /// Whether older rows of the window were not read.
    at_least: bool,
    users: BTreeSet<String>,
    first: Option<Moment>,
    last: Option<Moment>,
}

/// The kinds of error in the window, from every table of this store. At most three reads for each table (bounded at
/// 3,000 rows and as [`State::rows`](crate::capability::State::rows) says); for one person their ids first, and then
/// as many for each id.
pub(crate) async fn errors(store: Store<'_>, ask: &ErrorsAsk) -> Answered<ErrorGroup> {
    let project = ask.project.as_deref();
    let tables: Vec<&AppTable> =
        own(store).filter(|table| project.is_none_or(|p| p == table.table || p == table.name)).collect();
    if ask.level.as_deref().is_some_and(|level| level != "error") || tables.is_empty() {
        return Ok(Found::all(Vec::new()));
    }
    let keys = match &ask.user {
        Some(user) => Some(keys_of(store, user).await?),
        None => None,
    };
    let read =
        future::join_all(tables.iter().map(|table| rows_of(store, table, ask.since, keys.as_deref()))).await;
    let mut whole = Found::<ErrorGroup>::all(Vec::new());
    let mut failures = Vec::new();
    for (table, answer) in tables.iter().zip(read) {
        match answer {
            Ok(found) => {
                whole = whole.aged(found.age);
                let cut = !found.is_whole();
                if cut {
                    let part = part_seen(&found, table);
                    match (&whole.stopped, &found.stopped) {
                        (None, Some(Stopped::Failed(failure))) => {
                            whole.stopped = Some(Stopped::Failed(failure.clone()));
                            whole.notes.push(part);
                        }
                        (None, _) => whole.stopped = Some(Stopped::Bound(part)),
                        (Some(_), _) => whole.notes.push(part),
                    }
                }
                let wanted = |row: &&Row| ask.query.as_deref().is_none_or(|part| says(row, table, part));
                let groups = grouped((table, cut), found.rows.iter().filter(wanted));
                whole.rows.extend(groups.into_values().map(|group| group.told(store.source)));
            }
            Err(failure) => failures.push(failure),
        }
    }
    if failures.len() == tables.len() {
        return failures.into_iter().next().map_or_else(|| Ok(Found::all(Vec::new())), Err);
    }
    if let Some(failure) = failures.into_iter().next() {
        whole.stopped.get_or_insert(Stopped::Failed(failure));
    }
    whole.window = Some((ask.since, Moment::now()));
    if !whole.rows.is_empty() {
        whole.notes.push("first seen is told within the window only".to_owned());
        if ask.environment.is_some() {
            whole.notes.push("the app's own errors do not say of which environment they are".to_owned());
        }
    }
    Ok(cut(whole, ask))
}

fn cut(mut whole: Found<ErrorGroup>, ask: &ErrorsAsk) -> Found<ErrorGroup> {
    whole.rows.sort_by_key(|group| {
        let by = match ask.sort {
            ErrorSort::LastSeen => (group.last_seen, 0),
            ErrorSort::New => (group.first_seen, 0),
            ErrorSort::Count => (None, group.count),
            ErrorSort::Users => (None, group.users.unwrap_or(0)),
        };
        Reverse((by, group.last_seen))
    });
    let all = whole.rows.len();
    whole.of = if whole.is_whole() { u64::try_from(all).ok() } else { None };
    if all > ask.limit {
        whole.rows.truncate(ask.limit);
        whole.stopped.get_or_insert(Stopped::Bound(format!("{} of {all} kinds of error", ask.limit)));
    }
    whole
}

/// One error by the id of its row, with how often the like of it happened in the last seven days. One look-up for each
/// table, and one read.
pub(crate) async fn error(
    store: Store<'_>,
    which: &Handle,
    user: Option<&Handle>,
) -> Result<Option<ErrorDetail>, Failure> {
    if !matches!(which.kind, HandleKind::Row | HandleKind::Opaque) {
        return Ok(None);
    }
    let tables: Vec<&AppTable> = own(store).collect();
    let asked = tables.iter().map(|table| async move {
        Named::from(*table).by_field(store.state, store.id_field, &which.id, 1).await
    });
    let mut first_failure = None;
    let mut hit = None;
    for (table, answer) in tables.iter().zip(future::join_all(asked).await) {
        match answer {
            Ok(found) => hit = hit.or(found.rows.into_iter().next().map(|row| (*table, row))),
            Err(failure) => drop(first_failure.get_or_insert(failure)),
        }
    }
    let Some((table, row)) = hit else { return first_failure.map_or(Ok(None), Err) };
    let week_ago = Moment::now().minus_s(AROUND_S);
    let ask = RowsAsk { since: Some(week_ago), limit: ROWS, ..RowsAsk::default() };
    let named = Named::from(table);
    let (around, keys) = future::join(named.many(store.state, ask), async {
        match user {
            Some(user) => keys_of(store, user).await.map(Some),
            None => Ok(None),
        }
    })
    .await;
    let mut notes = Vec::new();
    let whole = around.is_ok();
    let cut = around.as_ref().is_ok_and(|found| !found.is_whole());
    let mut rows = match around {
        Ok(found) => {
            if cut {
                notes.push(part_seen(&found, table));
            }
            found.rows
        }
        Err(failure) => {
            notes.push(format!("how often it happened could not be counted: {failure}"));
            Vec::new()
        }
    };
    if !rows.iter().any(|other| other.id == row.id) {
        rows.push(row.clone());
    }
    let key = key_of(&row, table);
    let alike: Vec<&Row> = rows.iter().filter(|other| key_of(other, table) == key).collect();
    let theirs = keys?.map(|keys| alike.iter().copied().find(|row| is_theirs(row, table, &keys)));
    if theirs == Some(None) && whole && !cut {
        notes
            .push("that person has none of it in the last seven days: this is another occurrence".to_owned());
    }
    let shown = theirs.flatten().unwrap_or(&row);
    notes.push("counted over the last seven days".to_owned());
    let group = grouped((table, cut), alike.into_iter()).into_values().next();
    Ok(group.map(|group| ErrorDetail {
        group: ErrorGroup { id: row.id.clone(), ..group.told(store.source) },
        event: Some(event(shown, table)),
        spread: Vec::new(),
        releases: Vec::new(),
        notes,
        whole,
    }))
}

fn own(store: Store<'_>) -> impl Iterator<Item = &'_ AppTable> {
    store.app.part(Part::Errors).filter(move |table| table.source == store.source)
}

/// The ids by which a person's rows can be known: what was asked with, and the app's ids of the people it leads to.
async fn keys_of(store: Store<'_>, user: &Handle) -> Result<Vec<String>, Failure> {
    let mut keys = vec![user.id.clone()];
    if let Some(map) = store.app.users.as_ref().filter(|map| map.source == store.source) {
        let found = people(store.source, store.state, map, user).await?;
        keys.extend(found.rows.into_iter().map(|person| person.id));
    }
    let mut seen = BTreeSet::new();
    keys.retain(|key| !key.is_empty() && seen.insert(key.clone()));
    keys.truncate(KEYS);
    Ok(keys)
}

async fn rows_of(
    store: Store<'_>,
    table: &AppTable,
    since: Moment,
    keys: Option<&[String]>,
) -> Answered<Row> {
    let (named, ask) =
        (&Named::from(table), RowsAsk { since: Some(since), limit: ROWS, ..RowsAsk::default() });
    let Some(keys) = keys else { return named.many(store.state, ask).await };
    let Some(user) = table.field("user") else {
        return Ok(Found::all(Vec::new()));
    };
    let asked = keys.iter().map(|key| {
        let mut ask = ask.clone();
        ask.fields.insert(user.to_owned(), Value::String(key.clone()));
        named.many(store.state, ask)
    });
    let mut found = named.merged(future::join_all(asked).await)?;
    found.rows.sort_by_key(|row| Reverse(at(row, table)));
    Ok(found)
}

fn message(row: &Row, table: &AppTable) -> String {
    table.field("message").and_then(|field| text(row, field)).unwrap_or_else(|| "(no message)".to_owned())
}

fn says(row: &Row, table: &AppTable, part: &str) -> bool {
    message(row, table).to_lowercase().contains(&part.to_lowercase())
}

fn is_theirs(row: &Row, table: &AppTable, keys: &[String]) -> bool {
    table.field("user").and_then(|field| text(row, field)).is_some_and(|held| keys.contains(&held))
}

/// What two errors must share to be one kind: the message, but for the ids and long numbers in it.
fn key_of(row: &Row, table: &AppTable) -> String {
    let message = message(row, table);
    let mut key = String::new();
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut rest = message.as_str();
    while !rest.is_empty() {
        let word_end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        let is_id = word.len() >= 5 && word.bytes().any(|b| b.is_ascii_digit());
        key.push_str(if is_id { "#" } else { word });
        let gap_end = after.find(is_word).unwrap_or(after.len());
        let (gap, next) = after.split_at(gap_end);
        key.push_str(gap);
        rest = next;
    }
    key
}

/// Which part of a table was read, when it was not all.
fn part_seen(found: &Found<Row>, table: &AppTable) -> String {
    let oldest = found.rows.iter().filter_map(|row| at(row, table)).min();
    let back = oldest.map(|oldest| format!(", back to {oldest}")).unwrap_or_default();
    format!("only the newest {} errors of `{}` were counted{back}", found.rows.len(), table.table)
}

/// By kind. Rows come newest first, so the first of each kind is its newest.
fn grouped<'r>(
    (table, at_least): (&'r AppTable, bool),
    rows: impl Iterator<Item = &'r Row>,
) -> BTreeMap<String, Group<'r>> {
    let mut groups: BTreeMap<String, Group<'r>> = BTreeMap::new();
    for row in rows {
        let when = at(row, table);
        let group = groups.entry(key_of(row, table)).or_insert_with(|| Group {
            table,
            newest: row,
            count: 0,
            at_least,
            users: BTreeSet::new(),
            first: when,
            last: when,
        });
        group.count += 1;
        group.users.extend(table.field("user").and_then(|field| text(row, field)));
        group.last = group.last.max(when);
        group.first = [group.first, when].into_iter().flatten().min();
    }
    groups
}

impl Group<'_> {
    fn told(self, source: &str) -> ErrorGroup {
        let users = self.table.field("user").and_then(|_| u64::try_from(self.users.len()).ok());
        ErrorGroup {
            source: source.to_owned(),
            id: if is_plain(&self.newest.id) { self.newest.id.clone() } else { String::new() },
            title: Foreign::capped(&message(self.newest, self.table), 200),
            culprit: None,
            level: None,
            status: None,
            project: Some(Foreign::new(&self.table.table)),
            count: self.count,
            at_least: self.at_least,
            users,
            first_seen: self.first,
            last_seen: self.last,
            first_release: None,
            url: None,
        }
    }
}

fn event(row: &Row, table: &AppTable) -> ErrorEvent {
    let user = table.field("user").and_then(|field| text(row, field)).map(|user| {
        let told = Some(Foreign::new(&user));
        if user.contains('@') {
            AffectedUser { email: told, ..AffectedUser::default() }
        } else {
            AffectedUser { id: told, ..AffectedUser::default() }
        }
    });
    let mut context = BTreeMap::new();
    for (name, held) in row.fields.as_value().as_object().into_iter().flatten() {
        let told_already = [table.field("message"), table.field("user")].contains(&Some(name.as_str()));
        if !told_already {
            flatten(&mut context, name, held);
        }
    }
    ErrorEvent {
        id: row.id.clone(),
        at: at(row, table),
        message: Some(Foreign::new(&message(row, table))),
        exceptions: Vec::new(),
        user,
        tags: BTreeMap::new(),
        context,
        breadcrumbs: Vec::new(),
        request: None,
        release: None,
        environment: None,
        trace: None,
    }
}

/// `order: { id: 1 }` → `order.id`: 1.
fn flatten(context: &mut BTreeMap<String, Foreign>, name: &str, held: &Value) {
    match held {
        Value::Object(fields) if name.matches('.').count() < DEPTH => {
            for (inner, held) in fields {
                flatten(context, &format!("{name}.{inner}"), held);
            }
        }
        Value::Null => {}
        _ if context.len() >= CONTEXT => {}
        Value::Array(_) | Value::Object(_) => {
            context.insert(name.to_owned(), Foreign::capped(&held.to_string(), 200));
        }
        _ => {
            context.extend(as_text(held).map(|told| (name.to_owned(), Foreign::capped(&told, 200))));
        }
    }
}

#[cfg(test)]
mod tests;
