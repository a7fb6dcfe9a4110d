//! A store in memory, for tests.

use crate::capability::{Answered, Language, QueryAsk, RowsAsk, State};
use crate::words::{Row, Table};
use crate::{Found, Moment};
use async_trait::async_trait;
use prodview_guard::{Failure, FailureKind, ForeignJson};
use serde_json::Value;
use std::sync::Mutex;

/// One table's rows, newest first, whatever the table is called; and what was asked.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) rows: Vec<Row>,
    /// Whether there is no table at all.
    pub(crate) bare: bool,
    /// The most rows given for one question.
    pub(crate) cap: usize,
    /// What the app's own query answers; without it there is no such query.
    pub(crate) queried: Option<Vec<Row>>,
    pub(crate) asked: Mutex<Vec<RowsAsk>>,
}

impl Shelf {
    pub(crate) fn of(rows: Vec<Row>) -> Shelf {
        Shelf { rows, cap: usize::MAX, ..Shelf::default() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A row made `ago_s` seconds ago.
pub(crate) fn row(id: &str, ago_s: i64, fields: Value) -> Row {
    Row { id: id.to_owned(), created: Some(Moment::now().minus_s(ago_s)), fields: ForeignJson::new(fields) }
}

#[async_trait]
impl State for Shelf {
    async fn tables(&self) -> Answered<Table> {
        Ok(Found::all(Vec::new()))
    }
    async fn table(&self, _: &str) -> Result<Table, Failure> {
        Err(Failure::new(FailureKind::NotFound, "none"))
    }
    async fn rows(&self, ask: &RowsAsk) -> Answered<Row> {
        self.asked.lock().unwrap().push(ask.clone());
        if self.bare {
            return Err(Failure::new(FailureKind::NotFound, "no such table"));
        }
        let fits = |row: &&Row| {
            let fields = row.fields.as_value();
            ask.since.is_none_or(|since| row.created >= Some(since))
                && ask.until.is_none_or(|until| row.created <= Some(until))
                && ask.fields.iter().all(|(name, wanted)| match name.as_str() {
                    "_id" => *wanted == row.id,
                    name => fields.get(name) == Some(wanted),
                })
        };
        let all: Vec<Row> = self.rows.iter().filter(fits).cloned().collect();
        let from: usize = ask.cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
        let end = (from + ask.limit.min(self.cap)).min(all.len());
        let more = (end < all.len()).then(|| end.to_string());
        Ok(Found { rows: all[from..end].to_vec(), more, ..Found::default() })
    }
    fn language(&self) -> Language {
        Language::ConvexQuery
    }
    async fn query(&self, _: &QueryAsk) -> Answered<Row> {
        let none = || Failure::new(FailureKind::NotFound, "none").hint("no such query");
        self.queried.clone().map(Found::all).ok_or_else(none)
    }
}
