//! What does the application's state say?

use super::Convex;
use super::function;
use super::rows::row;
use super::schema::SYSTEM_TABLES;
use crate::capability::{Answered, Language, QueryAsk, RowsAsk, State};
use crate::offset;
use crate::words::{Row, Table};
use crate::{Found, Stopped};
use async_trait::async_trait;
use prodview_guard::{ConvexQuery, Failure, SystemQuery};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// `_system/cli/tables` answers all names in one page.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Names {
    page: Vec<Name>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// The most rows that one query of the application's own is let to answer.
const MOST: usize = 1_000;

#[async_trait]
impl State for Convex {
    /// One request. Convex counts rows only by reading them all, so their number is not told.
    async fn tables(&self) -> Answered<Table> {
        let (mut names, age) = self.table_names().await?;
        names.sort();
        names.extend(SYSTEM_TABLES.iter().map(|(name, _)| (*name).to_owned()));
        let bare = |name: String| Table { name, ..Table::default() };
        Ok(Found::all(names.into_iter().map(bare).collect()).aged(age))
    }

    /// One request when the table is declared, two otherwise.
    async fn table(&self, name: &str) -> Result<Table, Failure> {
        self.table_of(name).await
    }

    /// At most 10 pages, the schema and the list of tables: 12 requests; one when the id is asked for. Rows are made
    /// when Convex says (`_creationTime`).
    async fn rows(&self, ask: &RowsAsk) -> Answered<Row> {
        self.rows_of(ask).await
    }

    fn language(&self) -> Language {
        Language::ConvexQuery
    }

    /// One request. The application's own code runs, as a query: the server keeps it from writing.
    async fn query(&self, ask: &QueryAsk) -> Answered<Row> {
        let args = if ask.params.is_null() { json!({}) } else { ask.params.clone() };
        let given = function::call::<Value>(&self.wire, ConvexQuery::app(&ask.text, args)?).await?;
        let found = answered(given.value.unwrap_or_default()).aged(given.age);
        Ok(offset::page_of(found, ask.limit, offset::read(ask.cursor.as_deref())?))
    }
}

impl Convex {
    pub(super) async fn table_names(&self) -> Result<(Vec<String>, Option<Duration>), Failure> {
        let options = json!({ "paginationOpts": { "cursor": null, "numItems": 10_000 } });
        let given =
            function::call::<Names>(&self.wire, ConvexQuery::system(SystemQuery::Tables, options)).await?;
        let names = given.value.unwrap_or_default().page.into_iter().map(|table| table.name);
        Ok((names.filter(|name| function::is_name(name)).collect(), given.age))
    }
}

/// What a query answered, as rows: null is none, a list is its items, a page of a paginated query is its rows, and
/// anything else is one.
fn answered(value: Value) -> Found<Row> {
    let mut found = match value {
        Value::Null => Found::all(Vec::new()),
        Value::Array(items) => Found::all(items),
        Value::Object(mut fields)
            if fields.contains_key("isDone") && fields.contains_key("continueCursor") =>
        {
            let whole = fields.get("isDone").is_some_and(|done| done == true);
            match fields.remove("page") {
                Some(Value::Array(items)) if whole => Found::all(items),
                Some(Value::Array(items)) => {
                    let why = "the query answers page by page: give it another `paginationOpts` for the next";
                    Found { rows: items, stopped: Some(Stopped::Bound(why.to_owned())), ..Found::default() }
                }
                _ => Found::all(vec![Value::Object(fields)]),
            }
        }
        other => Found::all(vec![other]),
    };
    if found.rows.len() > MOST {
        found.stopped = Some(Stopped::Bound(format!("the first {MOST} of {} items", found.rows.len())));
        found.rows.truncate(MOST);
    }
    found.map(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_query_answers_becomes_rows() {
        let rows = |value: Value| answered(value).rows.len();
        assert_eq!(rows(Value::Null), 0);
        assert_eq!(rows(json!([{ "_id": "a1" }, { "_id": "a2" }])), 2);
        assert_eq!(rows(json!({ "_id": "a1", "email": "x" })), 1);
        assert_eq!(rows(json!(42)), 1);
        let page = answered(json!({ "page": [{ "_id": "a1" }], "isDone": false, "continueCursor": "c" }));
        assert!(page.rows.len() == 1 && !page.is_whole());
        let many = answered(Value::Array(vec![json!(1); 1_001]));
        assert!(many.rows.len() == 1_000 && many.of == Some(1_001) && many.stopped.is_some());
    }

    #[test]
    fn a_scalar_stands_in_a_field() {
        let found = answered(json!("x"));
        assert_eq!(found.rows[0].fields.as_value(), &json!({ "value": "x" }));
    }
}
