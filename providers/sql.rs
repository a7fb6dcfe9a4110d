//! The application's state in a PostgreSQL database, whoever runs it: its tables, its rows, its own questions, its
//! health. Works over any [`Door`], so it knows no provider.

mod health;
mod known;
mod migrations;
mod policies;
mod rows;
mod tables;
mod times;
mod values;

use crate::capability::{Answered, Language, QueryAsk, RowsAsk, State};
use crate::words::{Check, Deployment, Row, Setting, Table};
use crate::{Found, Stopped, offset};
use async_trait::async_trait;
use prodview_guard::{Failure, ForeignJson, Rows, SqlRules, Statement};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A way to a database.
#[async_trait]
pub(crate) trait Door: Send + Sync {
    /// The rows of a checked statement after the first `skip`, at most `limit`; `params` by position.
    async fn read(
        &self,
        statement: &Statement,
        params: &[Value],
        part: (usize, usize),
    ) -> Result<Rows, Failure>;
    /// What every answer must say: as a role that could write, or that does not see all rows.
    async fn remarks(&self) -> Result<Vec<String>, Failure>;
}

/// A database behind its door.
pub(crate) struct Sql {
    /// Its source's name.
    pub(crate) source: String,
    pub(crate) door: Arc<dyn Door>,
    pub(crate) rules: SqlRules,
}

/// The most rows of one answer.
const MOST: usize = 1_000;
/// What must be said of a page that another one follows in no order that is sure.
const UNORDERED: &str = "pages may overlap or miss rows while the table changes: order by a unique column";
/// How many characters of each text in a row are shown.
const TEXT: usize = 300;

#[async_trait]
impl State for Sql {
    /// The tables that can be read. One statement.
    async fn tables(&self) -> Answered<Table> {
        tables::all(self).await
    }

    /// One table with its fields. One statement.
    async fn table(&self, name: &str) -> Result<Table, Failure> {
        Ok(known::one(self, name).await?.told())
    }

    /// Rows that fit, newest first. Two statements.
    async fn rows(&self, ask: &RowsAsk) -> Answered<Row> {
        rows::rows(self, ask).await
    }

    fn folds_case(&self) -> bool {
        true
    }

    fn language(&self) -> Language {
        Language::Sql
    }

    /// One statement of the asker's own.
    async fn query(&self, ask: &QueryAsk) -> Answered<Row> {
        let statement = Statement::parse(&ask.text, &self.rules)?;
        let params = statement.bind(&ask.params)?;
        let skip = offset::read(ask.cursor.as_deref())?;
        let came = self.door.read(&statement, &params, (skip, ask.limit.clamp(1, MOST))).await?;
        let row = |fields: Map<String, Value>| Row {
            id: String::new(),
            created: None,
            fields: ForeignJson::capped(Value::Object(fields), TEXT),
        };
        let mut found = page(came, skip).map(row);
        if found.more.is_some() && !statement.is_ordered() {
            found.notes.push(UNORDERED.to_owned());
        }
        self.remarked(found).await
    }
}

impl Sql {
    /// Connections, locks, long queries, replication, migrations. Two statements.
    pub(crate) async fn health(&self) -> Answered<Check> {
        health::health(self).await
    }

    /// The application's migrations, newest first. Two statements.
    pub(crate) async fn migrations(&self, limit: usize) -> Answered<Deployment> {
        migrations::migrations(self, limit).await
    }

    /// Policies on rows, and what the roles of the web may do. One statement.
    pub(crate) async fn settings(&self) -> Answered<Setting> {
        policies::settings(self).await
    }

    /// A question of ours, through the same guard as everybody's.
    async fn own(&self, sql: &str, params: &[Value], limit: usize) -> Result<Rows, Failure> {
        self.door.read(&Statement::parse(sql, &SqlRules::default())?, params, (0, limit)).await
    }

    /// The same, its rows as a type of ours.
    pub(crate) async fn own_rows<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: &[Value],
        limit: usize,
    ) -> Result<Found<T>, Failure> {
        let came = self.own(sql, params, limit).await?;
        let rows = came.rows.into_iter().map(|row| serde_json::from_value(Value::Object(row)));
        let rows =
            rows.collect::<Result<Vec<T>, _>>().map_err(|e| Failure::odd(format!("a catalogue row: {e}")))?;
        let mut found = Found { rows, ..Found::default() };
        if came.more {
            found.stopped = Some(Stopped::Bound(format!("the first {limit}")));
        }
        Ok(found)
    }

    async fn remarked<T>(&self, mut found: Found<T>) -> Answered<T> {
        found.notes.extend(self.door.remarks().await?);
        Ok(found)
    }
}

/// A page of rows, and where to go on.
fn page(came: Rows, skip: usize) -> Found<Map<String, Value>> {
    let shown = came.rows.len();
    let mut found = Found { rows: came.rows, ..Found::default() };
    if came.more {
        offset::lead_on(&mut found, skip + shown);
        if came.too_large {
            found.notes.push(format!("the rows are large: {shown} of them fill an answer"));
        }
    } else if skip == 0 {
        found.of = u64::try_from(shown).ok();
    }
    found
}

/// An identifier as SQL writes it, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests;
