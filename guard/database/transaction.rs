//! One question inside a transaction that could not write: each layer is a function of its own, composed in
//! [`super::Database`] alone.
//!
//! What each stops was tried on PostgreSQL 15 and 18 (tests/it/postgres, docs/security.md): READ ONLY alone can be lifted
//! by a statement before the first query, so a query comes first; a cursor takes nothing but a SELECT, and EXPLAIN
//! nothing but statements that have a plan; the extended protocol takes one statement.

use super::cells;
use super::parameter::Parameter;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

/// Rows fetched at once.
const STEP: usize = 50;
/// Bytes of rows for one question; the row that goes beyond them is the last.
pub(crate) const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Which part of the rows is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) skip: usize,
    pub(super) limit: usize,
}

/// What came.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) rows: Vec<Map<String, Value>>,
    /// Whether there is at least one row more.
    pub(crate) more: bool,
    /// Whether the rows end early because of their size.
    pub(crate) too_large: bool,
}

/// Why a question failed on the way.
#[derive(Debug)]
pub(crate) enum Broken {
    Database(Error),
    /// What came was not what was asked for.
    Odd(String),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Broken {
        Broken::Database(error)
    }
}

/// Begins a transaction that reads, bounds it, and pins its snapshot by a first query: from then on the server refuses
/// `SET TRANSACTION READ WRITE`.
/// A scan begins at the first row and not where another one is, so that a page goes on where the last one ended.
/// Few rows are fetched of however many: plans are made for that, and not compiled (which took 100 ms a question).
/// Built-in functions come before all others; temporary tables of nobody come last.
pub(super) async fn begin(client: &Client, limit: Duration, schema: Option<&str>) -> Result<(), Error> {
    let ms = limit.as_millis().max(1);
    let first = match schema {
        Some(schema) => format!("\"{}\"", schema.replace('"', "\"\"")),
        None => String::new(),
    };
    // A quote inside the schema's name is doubled for the literal too. No text of a question comes here.
    let first = first.replace('\'', "''");
    let comma = if first.is_empty() { "" } else { ", " };
    client
        .batch_execute(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL statement_timeout = {ms}; \
             SET LOCAL lock_timeout = 500; \
             SET LOCAL idle_in_transaction_session_timeout = 60000; \
             SET LOCAL jit = off; \
             SET LOCAL synchronize_seqscans = off; \
             SET LOCAL cursor_tuple_fraction = 0.001; \
             SET LOCAL standard_conforming_strings = on; \
             SET LOCAL TimeZone = 'UTC'; \
             SET LOCAL DateStyle = 'ISO'; \
             SET LOCAL IntervalStyle = 'iso_8601'; \
             SELECT set_config('search_path', 'pg_catalog, {first}{comma}' || current_setting('search_path') || ', pg_temp', true); \
             SELECT 1"
        ))
        .await
}

/// Reads a part of the rows of one SELECT through a cursor: at most `limit` of them, each within its size.
/// `sql` is any text here; that it was checked is the caller's part.
pub(super) async fn select(client: &Client, sql: &str, params: &[Value], part: Part) -> Result<Came, Broken> {
    let declare = declared(sql);
    let skip = part.skip;
    let move_on = format!("MOVE FORWARD {skip} IN prodview");
    open(client, &declare, params).await?;
    if skip > 0 {
        client.execute_typed(&move_on, &[]).await?;
    }
    let mut came = Came::default();
    let (mut wanted, mut bytes) = (part.limit.saturating_add(1), 0);
    while wanted > 0 {
        let step = wanted.min(STEP);
        let rows = client.query_typed(&format!("FETCH FORWARD {step} FROM prodview"), &[]).await?;
        let got = rows.len();
        for row in rows {
            if came.rows.len() == part.limit {
                came.more = true;
                return Ok(came);
            }
            let json: &str = row.try_get(0)?;
            bytes += json.len();
            came.rows
                .push(cells::row(json).map_err(|e| Broken::Odd(format!("a row is no JSON object: {e}")))?);
            if bytes > MAX_BYTES {
                (came.more, came.too_large) = (true, true);
                return Ok(came);
            }
        }
        if got < step {
            break;
        }
        wanted -= got;
    }
    Ok(came)
}

/// The plan of a SELECT, line by line: a cursor cannot hold an EXPLAIN.
pub(super) async fn explain(
    client: &Client,
    sql: &str,
    params: &[Value],
    limit: usize,
) -> Result<Came, Broken> {
    let values: Vec<Parameter> = params.iter().map(Parameter::of).collect();
    let lines = client.query_typed(&explained(sql), &typed(&values)).await?;
    let mut came = Came { more: lines.len() > limit, ..Came::default() };
    for line in lines.iter().take(limit) {
        let text: Line = line.try_get(0)?;
        came.rows.push(Map::from_iter([("plan".to_owned(), Value::String(text.0))]));
    }
    Ok(came)
}

/// Ends the transaction without a trace: there is no other end.
pub(super) async fn rollback(client: &Client) -> Result<(), Error> {
    client.batch_execute("ROLLBACK").await
}

/// Forgets what a session may have kept beyond its transaction (advisory locks, settings). Not through a pooler,
/// where the next statement may reach another session.
pub(super) async fn forget(client: &Client) -> Result<(), Error> {
    client.batch_execute("DISCARD ALL").await
}

fn declared(sql: &str) -> String {
    format!("DECLARE prodview NO SCROLL CURSOR FOR {}", in_json(sql))
}

/// The text behind EXPLAIN, whatever it is: PostgreSQL takes no command of control there, as a cursor takes none.
pub(crate) fn explained(sql: &str) -> String {
    format!("EXPLAIN {}", sql.strip_prefix("EXPLAIN").unwrap_or(sql))
}

/// Each row as one text of JSON, in a column `json`. One that is larger than 64 KiB has its cells shortened to an equal
/// share of 60,000 characters, by the server: it is never sent whole. The mark behind it counts what was left off, as
/// [`ForeignJson`](crate::ForeignJson) does, which adds to the count what it leaves off itself. The offset keeps a cell
/// from being read once for each time that it is named; the line break keeps a comment at the end from reaching us.
pub(crate) fn in_json(sql: &str) -> String {
    format!(
        "SELECT CASE WHEN octet_length(prodview_row.json) <= 65536 THEN prodview_row.json ELSE \
         (SELECT json_object_agg(cell.key, CASE WHEN length(cell.plain) > share.size THEN \
         to_json(left(cell.plain, share.size) || '… [+' || length(cell.plain) - share.size || ' chars]') ELSE cell.value END)::text \
         FROM (SELECT key, value, value #>> '{{}}' AS plain FROM json_each(prodview_row.json::json) OFFSET 0) AS cell, \
         (SELECT (60000 / greatest(count(*), 1))::int AS size FROM json_object_keys(prodview_row.json::json)) AS share) END AS json \
         FROM (SELECT row_to_json(prodview_question)::text AS json FROM (\n{sql}\n) AS prodview_question) AS prodview_row"
    )
}

async fn open(client: &Client, declare: &str, params: &[Value]) -> Result<(), Error> {
    let values: Vec<Parameter> = params.iter().map(Parameter::of).collect();
    client.execute_typed(declare, &typed(&values)).await.map(drop)
}

/// The types are left to the server to infer.
fn typed(values: &[Parameter]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::UNKNOWN)).collect()
}

/// A line of a plan, whether the server calls it text or JSON.
struct Line(String);

impl<'a> tokio_postgres::types::FromSql<'a> for Line {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Line, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Line(std::str::from_utf8(raw)?.to_owned()))
    }
    fn accepts(held: &Type) -> bool {
        matches!(*held, Type::TEXT | Type::JSON)
    }
}
