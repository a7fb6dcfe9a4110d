//! Rows: page by page, newest first, within a bound that is told.

use super::Convex;
use super::filter::{self, Plan, Window};
use super::function::{self, is_name};
use super::schema::{SYSTEM_TABLES, no_table};
use crate::capability::{Answered, RowsAsk};
use crate::words::Row;
use crate::{Found, Moment, Stopped};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use prodview_guard::{ConvexQuery, Failure, FailureKind, ForeignJson, SystemQuery, deadline};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// Rows asked for in one request: about what fits under the size cap of an answer.
const PAGE: usize = 1_000;
/// Requests for one question.
const PAGES: usize = 10;
/// Requests when an index leads to the rows but not in order of time, so that all must be had before one is shown.
const UNORDERED_PAGES: usize = 3;
/// How many characters of each text in a row are shown.
const TEXT: usize = 300;
/// Below this, no further page is begun: what was found must still be told.
const LAST_CALL: Duration = Duration::from_millis(1_500);

/// What the system queries for documents answer.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Page {
    page: Vec<Value>,
    is_done: bool,
    continue_cursor: Option<String>,
}

/// Where a list goes on. A cursor of Convex fits only the very same question, so the window travels with it.
#[derive(Serialize, Deserialize, Default, Clone, PartialEq, Debug)]
struct Place {
    /// Whether the server filters.
    #[serde(rename = "f")]
    filtered: bool,
    #[serde(rename = "c")]
    cursor: Option<String>,
    /// How many documents of the page were looked at before.
    #[serde(rename = "s")]
    skip: usize,
    #[serde(rename = "t")]
    since_ms: Option<f64>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<f64>,
}

impl Place {
    fn window(&self) -> Window {
        Window { since_ms: self.since_ms, until_ms: self.until_ms }
    }

    fn write(&self) -> Option<String> {
        serde_json::to_vec(self).ok().map(|json| BASE64_URL_SAFE_NO_PAD.encode(json))
    }

    fn read(text: &str) -> Result<Place, Failure> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| {
            Failure::new(FailureKind::Invalid, "a cursor that is not ours")
                .hint("the cursor is not one that this source gave: ask again without it")
        })
    }
}

impl Convex {
    /// At most 10 pages, besides the schema (to choose an index) and, when nothing is found, the list of tables.
    pub(super) async fn rows_of(&self, ask: &RowsAsk) -> Answered<Row> {
        if let Some(id) = ask.fields.get("_id") {
            return self.row_by_id(ask, id).await;
        }
        let system = ask.table.starts_with('_');
        if !is_name(&ask.table) || (system && !SYSTEM_TABLES.iter().any(|(name, _)| *name == ask.table)) {
            return Err(no_table());
        }
        let place = match &ask.cursor {
            Some(cursor) => Place::read(cursor)?,
            None => Place {
                // Straight to an end that lies back: read through from the newest on it would never be reached.
                filtered: (!ask.fields.is_empty() || ask.until.is_some()) && !system,
                since_ms: ask.since.map(epoch_ms),
                until_ms: ask.until.map(epoch_ms),
                ..Place::default()
            },
        };
        let (found, declared) = match place.filtered {
            true => self.filtered(ask, place).await?,
            false => (self.paged(ask, place).await?, false),
        };
        let nothing = found.rows.is_empty() && found.is_whole() && ask.cursor.is_none();
        if nothing && !declared && !self.has_table(&ask.table).await {
            return Err(no_table());
        }
        Ok(found)
    }

    /// The rows, and whether their table is a declared one.
    async fn filtered(&self, ask: &RowsAsk, place: Place) -> Result<(Found<Row>, bool), Failure> {
        let (schema, age) = match self.schema().await {
            Ok(schema) => schema,
            Err(failure) if is_of_the_function(&failure) => Default::default(),
            Err(failure) => return Err(failure),
        };
        let table = schema.table(&ask.table);
        let plan = filter::plan(&ask.fields, place.window(), table);
        let resumed = place.cursor.is_some();
        let mut walk = Walk::new(ask, place.clone(), Some(&plan));
        let found = match walk.run(self).await {
            Ok(()) => walk.end(),
            // The system queries carry no version: an older back end may lack this one, or an index is still being
            // filled. Reading the table and comparing here gives the same rows, later.
            Err(failure) if is_of_the_function(&failure) && !resumed => {
                let note = "this deployment did not filter the rows itself: they were compared one by one";
                self.paged(ask, Place { filtered: false, ..place }).await?.note(note)
            }
            Err(failure) => return Err(failure),
        };
        Ok((found.aged(age), table.is_some()))
    }

    async fn paged(&self, ask: &RowsAsk, place: Place) -> Answered<Row> {
        let mut walk = Walk::new(ask, place, None);
        walk.run(self).await?;
        Ok(walk.end())
    }

    /// One document. The filter also sees to it that it is of that table; without a table any document is found.
    async fn row_by_id(&self, ask: &RowsAsk, id: &Value) -> Answered<Row> {
        let plain = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        let Some(id) = id.as_str().filter(plain) else { return Ok(Found::all(Vec::new())) };
        let window = Window { since_ms: ask.since.map(epoch_ms), until_ms: ask.until.map(epoch_ms) };
        let fits = |document: &Value| {
            let within = !window.begins_after(document) && !window.ends_before(document);
            within && filter::fits(document, &ask.fields)
        };
        let of_table = is_name(&ask.table) && !ask.table.starts_with('_');
        if of_table {
            match self.page(&ask.table, Some(&filter::by_id(id)), None, 1).await {
                Ok((page, age)) => {
                    let found = Found::one(page.page.into_iter().find(fits).map(row)).aged(age);
                    if found.rows.is_empty() && !self.declares(&ask.table).await {
                        return Err(no_table());
                    }
                    return Ok(found);
                }
                Err(failure) if is_of_the_function(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        let by_id = ConvexQuery::system(SystemQuery::DocumentById, json!({ "id": id }));
        let found = match function::call::<Value>(&self.wire, by_id).await {
            Ok(given) => Found::one(given.value.filter(fits).map(row)).aged(given.age),
            Err(failure) if failure.is_not_found() => Found::one(None),
            Err(failure) => return Err(failure),
        };
        let unsure = of_table && !found.rows.is_empty();
        Ok(if unsure {
            found.note("the row with that id may be of another table: this deployment does not tell")
        } else {
            found
        })
    }

    async fn page(
        &self,
        table: &str,
        filters: Option<&str>,
        cursor: Option<&str>,
        rows: usize,
    ) -> Result<(Page, Option<Duration>), Failure> {
        let options = json!({ "cursor": cursor, "numItems": rows });
        let query = match filters {
            Some(filters) => {
                let args = json!({ "table": table, "filters": filters, "paginationOpts": options });
                ConvexQuery::system(SystemQuery::FilteredTableData, args)
            }
            None => {
                let args = json!({ "table": table, "order": "desc", "paginationOpts": options });
                ConvexQuery::system(SystemQuery::TableData, args)
            }
        };
        let given = function::call::<Page>(&self.wire, query).await?;
        let page = given.value.unwrap_or_default();
        // A filter that the server does not accept comes back as objects that describe what is wrong with it.
        if page.page.iter().any(|document| document.get("_id").is_none() && document.get("error").is_some()) {
            return Err(Failure::new(FailureKind::Invalid, "the filter was not accepted")
                .hint("Convex did not accept one of the values"));
        }
        Ok((page, given.age))
    }

    /// Whether there is such a table, by the schema or else by the list of tables.
    async fn declares(&self, name: &str) -> bool {
        let declared = self.schema().await.is_ok_and(|(schema, _)| schema.table(name).is_some());
        declared || self.has_table(name).await
    }

    /// Whether there is such a table; also true when that cannot be found out.
    async fn has_table(&self, name: &str) -> bool {
        if SYSTEM_TABLES.iter().any(|(table, _)| *table == name) {
            return true;
        }
        match self.table_names().await {
            Ok((names, _)) => names.iter().any(|table| table == name),
            Err(_) => true,
        }
    }
}

/// One walk through a table.
struct Walk<'a> {
    ask: &'a RowsAsk,
    plan: Option<&'a Plan>,
    place: Place,
    limit: usize,
    newest_first: bool,
    found: Found<Row>,
    pages: usize,
    seen: usize,
    finished: bool,
}

impl<'a> Walk<'a> {
    fn new(ask: &'a RowsAsk, place: Place, plan: Option<&'a Plan>) -> Walk<'a> {
        let newest_first = plan.is_none_or(|plan| plan.newest_first);
        let limit = if newest_first { ask.limit.clamp(1, PAGE * PAGES) } else { PAGE * PAGES };
        Walk {
            ask,
            plan,
            place,
            limit,
            newest_first,
            found: Found::default(),
            pages: 0,
            seen: 0,
            finished: false,
        }
    }

    /// Goes on until the rows are had, the table ends, the window ends or the bound is reached. Fails only when the
    /// first page does.
    async fn run(&mut self, convex: &Convex) -> Result<(), Failure> {
        let filters = self.plan.map(|plan| plan.filters.as_str());
        let bound = if self.newest_first { PAGES } else { UNORDERED_PAGES };
        while !self.finished && self.found.more.is_none() {
            if self.pages == bound || (self.pages > 0 && deadline::remaining() < LAST_CALL) {
                self.stop(Stopped::Bound(self.looked_at()));
                break;
            }
            let cursor = self.place.cursor.clone();
            match convex.page(&self.ask.table, filters, cursor.as_deref(), self.page_size()).await {
                Ok((page, age)) => {
                    self.found.age = self.found.age.max(age);
                    self.pages += 1;
                    self.take(page);
                }
                Err(failure) if self.pages == 0 => return Err(failure),
                Err(failure) => {
                    self.stop(Stopped::Failed(failure));
                    break;
                }
            }
        }
        Ok(())
    }

    /// As many as are wanted when each will fit; a whole page when they must be compared or sorted here.
    fn page_size(&self) -> usize {
        let compared = !self.ask.fields.is_empty() || self.place.until_ms.is_some();
        let each_fits = self.newest_first && (self.plan.is_some() || !compared);
        if each_fits { (self.limit - self.found.rows.len()).clamp(1, PAGE) } else { PAGE }
    }

    fn take(&mut self, page: Page) {
        let (skip, window) = (std::mem::take(&mut self.place.skip), self.place.window());
        for (n, document) in page.page.into_iter().enumerate().skip(skip) {
            if self.newest_first && window.begins_after(&document) {
                self.finished = true;
                return;
            }
            self.seen += 1;
            let within = !window.begins_after(&document) && !window.ends_before(&document);
            if !within || !filter::fits(&document, &self.ask.fields) {
                continue;
            }
            if self.found.rows.len() == self.limit {
                self.found.more = Place { skip: n, ..self.place.clone() }.write();
                return;
            }
            self.found.rows.push(row(document));
        }
        self.finished = page.is_done || page.continue_cursor.is_none();
        self.place.cursor = page.continue_cursor;
        if !self.finished && self.found.rows.len() == self.limit {
            self.found.more = self.place.write();
        }
    }

    fn stop(&mut self, why: Stopped) {
        self.found.stopped = Some(why);
        // Rows out of order cannot be gone on with: the next ones may be newer.
        self.found.more = if self.newest_first { self.place.write() } else { None };
    }

    fn looked_at(&self) -> String {
        let table = &self.ask.table;
        match self.plan {
            // Convex reads at most 10,000 rows for a page (system function `paginationLimits`) and tells only those that fit.
            Some(plan) if !plan.indexed => {
                format!(
                    "looked through {} parts of `{table}`, each of at most 10,000 rows, newest first",
                    self.pages
                )
            }
            Some(plan) if !plan.newest_first => {
                format!("looked at {} rows of `{table}` that fit, not in order of time", self.seen)
            }
            _ => format!("looked at the newest {} rows of `{table}`", self.seen),
        }
    }

    fn end(mut self) -> Found<Row> {
        if !self.newest_first {
            self.found.rows.sort_by_key(|row| std::cmp::Reverse(row.created));
        }
        let all = self.found.rows.len();
        let first_part = self.ask.cursor.is_none();
        if self.found.is_whole() && first_part {
            self.found.of = u64::try_from(all).ok();
        }
        if all > self.ask.limit.max(1) && !self.newest_first {
            self.found.rows.truncate(self.ask.limit.max(1));
            let which =
                if self.finished { format!("the newest of {all} rows that fit") } else { self.looked_at() };
            self.found.stopped.get_or_insert(Stopped::Bound(which));
        }
        self.found.window = self.ask.since.map(|since| (since, self.ask.until.unwrap_or_else(Moment::now)));
        self.found
    }
}

/// Whether a failure comes from the function asked, so that another way may work, and not from the key or the way
/// there.
fn is_of_the_function(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::NotFound | FailureKind::Invalid | FailureKind::Odd)
}

fn epoch_ms(moment: Moment) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are far below 2^53")]
    let ms = moment.timestamp().as_millisecond() as f64;
    ms
}

/// A document in our words. What has no id of its own (the answer of a query, perhaps) has an empty one.
pub(super) fn row(document: Value) -> Row {
    let Value::Object(mut fields) = document else {
        return Row {
            id: String::new(),
            created: None,
            fields: ForeignJson::capped(json!({ "value": document }), TEXT),
        };
    };
    let plain = |id: &String| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let id = fields.remove("_id").and_then(|id| id.as_str().map(str::to_owned)).filter(plain);
    let created = fields.remove("_creationTime").and_then(|ms| ms.as_f64()).and_then(Moment::from_epoch_ms);
    Row { id: id.unwrap_or_default(), created, fields: ForeignJson::capped(Value::Object(fields), TEXT) }
}

#[cfg(test)]
mod tests;
