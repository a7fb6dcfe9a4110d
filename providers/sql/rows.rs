//! Rows of one table by the values of their fields, newest first, without reading a big table through.

use super::tables::{self, Column, Known, key_text};
use super::{MOST, Sql, TEXT, page, quoted};
use crate::capability::{Answered, RowsAsk};
use crate::words::Row;
use crate::{Found, Moment, Stopped, offset};
use prodview_guard::{Failure, FailureKind, ForeignJson, SqlRules, Statement, visible};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// From so many rows on, a look-up without an index is worth a warning, and sorting is not done without one.
const BIG: u64 = 200_000;

/// Names of columns that tell when a row was made, without their spelling, the surest first.
const MADE: [&str; 12] = [
    "createdat",
    "created",
    "createdon",
    "createddate",
    "insertedat",
    "datecreated",
    "creationtime",
    "occurredat",
    "loggedat",
    "timestamp",
    "receivedat",
    "at",
];

/// What is asked, and what must be said about how.
struct Plan {
    sql: String,
    params: Vec<Value>,
    notes: Vec<String>,
    made: Option<String>,
    /// Columns without a zone, whose times are taken as UTC.
    zoneless: Vec<String>,
    key: Vec<String>,
    unindexed: Option<String>,
}

pub(super) async fn rows(sql: &Sql, ask: &RowsAsk) -> Answered<Row> {
    let table = tables::one(sql, &ask.table).await?;
    let Some(plan) = plan(&table, ask)? else {
        let nothing = Found::all(Vec::new());
        return sql
            .remarked(nothing.note("a value that was asked for cannot stand in its field, by their types"))
            .await;
    };
    let skip = offset::read(ask.cursor.as_deref())?;
    let statement = Statement::parse(&plan.sql, &SqlRules::default())?;
    let came = sql.door.read(&statement, &plan.params, (skip, ask.limit.clamp(1, MOST))).await;
    let came = came.map_err(|failure| match &plan.unindexed {
        Some(why) if failure.kind == FailureKind::Timeout => {
            Failure::new(FailureKind::Timeout, failure.cause())
                .hint(format!("the database was told to stop: {why}"))
        }
        _ => failure,
    })?;
    let mut found = page(came, skip).map(|fields| row(fields, &plan));
    found.window = ask.since.map(|since| (since, Moment::now()));
    found.notes.extend(plan.notes);
    if ask.limit > MOST && found.more.is_some() {
        found.stopped = Some(Stopped::Bound(format!("{MOST} rows at once")));
    }
    sql.remarked(found).await
}

/// The statement; `None` when a value cannot equal any value of its field.
fn plan(table: &Known, ask: &RowsAsk) -> Result<Option<Plan>, Failure> {
    let mut plan = Plan {
        sql: format!("select * from {} as r", table.sql_name()),
        params: Vec::new(),
        notes: Vec::new(),
        made: made(table),
        zoneless: zoneless(table),
        key: table.primary_key().into_iter().map(str::to_owned).collect(),
        unindexed: None,
    };
    let big = table.estimate().is_some_and(|rows| rows >= BIG);
    let mut clauses = Vec::new();
    let mut led = false;
    for (field, value) in &ask.fields {
        let (column, path) = column(table, field)?;
        led |= path.is_none() && table.leads_to(&column.name) && !ask.any_case;
        match clause(column, path, value, (ask.any_case, &mut plan.params)) {
            Some(clause) => clauses.push(clause),
            None => return Ok(None),
        }
    }
    if let Some(since) = ask.since {
        let Some(made) = &plan.made else {
            return Err(Failure::new(FailureKind::Invalid, "no time column").hint(format!(
                "{} has no column that tells when a row was made: ask without `since`",
                table.shown_name()
            )));
        };
        led |= table.leads_to(made);
        plan.params.push(json!(since.timestamp().to_string()));
        let zone = if plan.zoneless.contains(made) { "::timestamptz at time zone 'UTC'" } else { "" };
        clauses.push(format!("r.{} >= ${}{zone}", quoted(made), plan.params.len()));
    }
    if !clauses.is_empty() {
        let _ = write!(plan.sql, " where {}", clauses.join(" and "));
    }
    if big && !led && !clauses.is_empty() {
        let fields: Vec<String> = ask.fields.keys().map(|field| visible(field).into_owned()).collect();
        let by = if fields.is_empty() { "time".to_owned() } else { fields.join(" and ") };
        let why = format!(
            "{} has about {} rows and no index on {by}, so it had to be read through",
            table.shown_name(),
            table.estimate().unwrap_or(0)
        );
        plan.notes.push(why.clone());
        plan.unindexed = Some(why);
    }
    let ordered_by = plan.made.clone().filter(|made| led || table.leads_to(made));
    if big && let Some(made) = ordered_by.filter(|made| table.column(made).is_some_and(|c| c.optional)) {
        // So that the index by time can be used although the column may be empty.
        let joined = if clauses.is_empty() { "where" } else { "and" };
        let _ = write!(plan.sql, " {joined} r.{} is not null", quoted(&made));
        plan.notes.push(format!("rows without a value in `{}` are left out", visible(&made)));
    }
    order(table, &mut plan, big && !led);
    Ok(Some(plan))
}

/// Newest first, where that does not mean sorting a big table.
fn order(table: &Known, plan: &mut Plan, must_be_led: bool) {
    let may = |column: &str| !must_be_led || table.leads_to(column);
    if let Some(made) = plan.made.clone().filter(|made| may(made)) {
        // An index is in descending order with nulls first: `nulls last` would sort the whole table.
        let big = table.estimate().is_some_and(|rows| rows >= BIG);
        let may_be_null = !big && table.column(&made).is_none_or(|column| column.optional);
        let nulls = if may_be_null { " nulls last" } else { "" };
        let _ = write!(plan.sql, " order by r.{} desc{nulls}", quoted(&made));
        for key in plan.key.iter().filter(|key| **key != made) {
            let _ = write!(plan.sql, ", r.{} desc", quoted(key));
        }
        return;
    }
    match plan.key.first().filter(|key| may(key)) {
        Some(_) => {
            let key: Vec<String> = plan.key.iter().map(|key| format!("r.{} desc", quoted(key))).collect();
            let _ = write!(plan.sql, " order by {}", key.join(", "));
            let numbered =
                plan.key.first().and_then(|key| table.column(key)).is_some_and(|c| is_whole(&c.kind));
            let order =
                if numbered { "by descending id" } else { "by id, which says nothing about their age" };
            plan.notes.push(format!("rows are in order {order}"));
        }
        None => plan.notes.push("rows are in no particular order".to_owned()),
    }
}

/// The column, and the path inside it when it holds JSON: `data.order.id`.
fn column<'t, 'f>(table: &'t Known, field: &'f str) -> Result<(&'t Column, Option<Vec<&'f str>>), Failure> {
    // What every store understands: the id of a row, whatever its column is called.
    let key = table.primary_key();
    if let (None, "_id", [only]) = (table.column(field), field, key.as_slice())
        && let Some(column) = table.column(only)
    {
        return Ok((column, None));
    }
    if let Some(column) = table.column(field) {
        return Ok((column, None));
    }
    if let Some((first, rest)) = field.split_once('.')
        && let Some(column) = table.column(first).filter(|c| c.kind.starts_with("json"))
        && rest.split('.').all(|part| !part.is_empty() && !part.contains(['{', '}', ',', '"', '\\']))
    {
        return Ok((column, Some(rest.split('.').collect())));
    }
    let names: Vec<&str> = table.columns().iter().take(40).map(|column| column.name.as_str()).collect();
    Err(Failure::new(FailureKind::Invalid, "no such column").hint(format!(
        "{} has no field of that name; it has {}",
        table.shown_name(),
        visible(&names.join(", "))
    )))
}

fn clause(
    column: &Column,
    path: Option<Vec<&str>>,
    value: &Value,
    how: (bool, &mut Vec<Value>),
) -> Option<String> {
    let (any_case, params) = how;
    let left = match &path {
        Some(path) => format!("r.{} #>> '{{{}}}'", quoted(&column.name), path.join(",").replace('\'', "''")),
        None => format!("r.{}", quoted(&column.name)),
    };
    if value.is_null() {
        return Some(format!("{left} is null"));
    }
    if path.is_none() && !could_hold(&column.kind, value) {
        return None;
    }
    let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    params.push(json!(text));
    let n = params.len();
    if any_case {
        return Some(format!("lower({left}::text) = lower(${n}::text)"));
    }
    Some(match path {
        Some(_) => format!("{left} = ${n}::text"),
        None if column.kind == "json" => format!("{left}::text = ${n}::text"),
        None => format!("{left} = ${n}"),
    })
}

/// Whether a value can stand in a column of that type: an id of another system in a number is no error, there is
/// only no such row. Types that are not known here are left to the server.
fn could_hold(kind: &str, value: &Value) -> bool {
    let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    let text = text.trim();
    match kind {
        "smallint" => text.parse::<i16>().is_ok(),
        "integer" => text.parse::<i32>().is_ok(),
        "bigint" => text.parse::<i64>().is_ok(),
        "oid" => text.parse::<u32>().is_ok(),
        "uuid" => {
            let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
            digits == 32 && text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b'{' | b'}'))
        }
        "boolean" => matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "t" | "f" | "yes" | "no" | "on" | "off" | "1" | "0"
        ),
        "double precision" | "real" => text.parse::<f64>().is_ok(),
        kind if kind.starts_with("numeric") => text.parse::<f64>().is_ok(),
        _ => true,
    }
}

fn is_whole(kind: &str) -> bool {
    matches!(kind, "smallint" | "integer" | "bigint")
}

fn is_time(kind: &str) -> bool {
    kind.starts_with("timestamp") || kind == "date"
}

/// The column that tells when a row was made.
fn made(table: &Known) -> Option<String> {
    let bare = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let timed = || table.columns().iter().filter(|column| is_time(&column.kind));
    MADE.iter()
        .find_map(|name| timed().find(|column| bare(&column.name) == *name))
        .map(|column| column.name.clone())
}

fn zoneless(table: &Known) -> Vec<String> {
    let plain =
        |column: &&Column| column.kind.starts_with("timestamp") && column.kind.ends_with("without time zone");
    table.columns().iter().filter(plain).map(|column| column.name.clone()).collect()
}

/// A row in our words. Empty fields are left out; a time without a zone is taken as UTC.
fn row(mut fields: Map<String, Value>, plan: &Plan) -> Row {
    fields.retain(|_, value| !value.is_null());
    for name in &plan.zoneless {
        if let Some(Value::String(time)) = fields.get_mut(name) {
            time.push('Z');
        }
    }
    let key: Option<Vec<String>> = plan.key.iter().map(|key| fields.get(key).and_then(key_text)).collect();
    let id = key.map(|key| key.join(",")).filter(|id| is_plain(id)).unwrap_or_default();
    let made = plan.made.as_ref().and_then(|made| fields.get(made)).and_then(Value::as_str);
    let created =
        made.and_then(|text| Moment::parse(text).or_else(|| Moment::parse(&format!("{text}T00:00:00Z"))));
    Row { id, created, fields: ForeignJson::capped(Value::Object(fields), TEXT) }
}

/// Whether an id may stand where no foreign text does; otherwise it is among the fields only.
fn is_plain(id: &str) -> bool {
    (1..=255).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b',' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_system_stands_in_no_number() {
        for (kind, value, fits) in [
            ("bigint", json!("cus_1"), false),
            ("bigint", json!(5), true),
            ("integer", json!("3000000000"), false),
            ("uuid", json!("a@b.dev"), false),
            ("uuid", json!("0b9f7a0e-7b3c-4e8e-9d3b-2f1f0c9a8b7d"), true),
            ("text", json!("anything"), true),
            ("order_status", json!("paid"), true),
            ("numeric(10,2)", json!("x"), false),
        ] {
            assert_eq!(could_hold(kind, &value), fits, "{kind} {value}");
        }
    }
}
