//! Rows of one table by the values of their fields, newest first, without reading a big table through.

use super::known::{self, Known};
use super::tables::key_text;
use super::times::{self, Made};
use super::{MOST, Sql, TEXT, UNORDERED, page, quoted, values};
use crate::capability::{Answered, RowsAsk};
use crate::words::Row;
use crate::{Found, MISFIT, Moment, Stopped, offset};
use prodview_guard::{Failure, FailureKind, ForeignJson, SqlRules, Statement, visible};
use serde_json::{Map, Value};
use std::fmt::Write;

/// From so many rows on, a look-up without an index is worth a warning, and sorting is not done without one.
const BIG: u64 = 200_000;

/// What is asked, and what must be said about how.
struct Plan {
    sql: String,
    params: Vec<Value>,
    notes: Vec<String>,
    made: Option<Made>,
    /// Columns without a zone, whose times are taken as UTC.
    zoneless: Vec<String>,
    key: Vec<String>,
    /// Fields and their types, for when the server does not take a value.
    asked: Vec<String>,
    unindexed: Option<String>,
}

/// A statement, or why no row can fit.
enum Way {
    Ask(Box<Plan>),
    Nothing(String),
}

pub(super) async fn rows(sql: &Sql, ask: &RowsAsk) -> Answered<Row> {
    let table = known::one(sql, &ask.table).await?;
    let plan = match plan(&table, ask)? {
        Way::Ask(plan) => plan,
        Way::Nothing(why) => return sql.remarked(Found::all(Vec::new()).note(why)).await,
    };
    let skip = offset::read(ask.cursor.as_deref())?;
    let statement = Statement::parse(&plan.sql, &SqlRules::default())?;
    let came = sql.door.read(&statement, &plan.params, (skip, ask.limit.clamp(1, MOST))).await;
    let came = came.map_err(|failure| plan.explained(failure))?;
    let mut found = page(came, skip).map(|fields| row(fields, &plan));
    found.window = ask.since.map(|since| (since, ask.until.unwrap_or_else(Moment::now)));
    if found.more.is_some() && plan.key.is_empty() {
        found.notes.push(format!("{UNORDERED}, which query_state can"));
    }
    found.notes.extend(plan.notes);
    if ask.limit > MOST && found.more.is_some() {
        found.stopped = Some(Stopped::Bound(format!("{MOST} rows at once")));
    }
    sql.remarked(found).await
}

/// The statement.
fn plan(table: &Known, ask: &RowsAsk) -> Result<Way, Failure> {
    let bounded = ask.since.is_some() || ask.until.is_some();
    let made = match Made::of(table, ask.at.as_deref())? {
        // One that tells no time is no reason not to answer what can be answered without it.
        None if !bounded => Made::of(table, None)?,
        made => made,
    };
    let mut plan = Plan {
        sql: format!("select * from {} as r", table.sql_name()),
        params: Vec::new(),
        notes: Vec::new(),
        made,
        zoneless: times::zoneless(table),
        key: table.primary_key().into_iter().map(str::to_owned).collect(),
        asked: Vec::new(),
        unindexed: None,
    };
    let big = table.estimate().is_some_and(|rows| rows >= BIG);
    let mut clauses = Vec::new();
    // Whether an index leads to the rows, and whether they are few then.
    let (mut led, mut few) = (false, false);
    for (name, value) in &ask.fields {
        let field = values::field(table, name)?;
        if field.path.is_none() && table.leads_to(&field.column.name) && !ask.any_case {
            led = true;
            few |= !value.is_null() && !field.column.has_few_values();
        }
        plan.asked.push(field.misfit(table));
        match field.equals(table, value, (ask.any_case, &mut plan.params))? {
            Some(clause) => clauses.push(clause),
            None => return Ok(Way::Nothing(format!("{}{MISFIT}", field.misfit(table)))),
        }
    }
    if bounded {
        let Some(made) = &plan.made else { return Err(without_time(table, ask)) };
        led |= made.column.as_ref().is_some_and(|column| table.leads_to(column)) && made.note().is_none();
        plan.notes.extend(made.note());
        for (op, moment) in [(">=", ask.since), ("<=", ask.until)] {
            clauses.extend(moment.map(|moment| made.bound(op, moment, &mut plan.params)));
        }
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
    let in_order = plan.made.as_ref().filter(|made| made.optional && !bounded && !few);
    let by_index = in_order.filter(|made| made.column.as_ref().is_some_and(|column| table.leads_to(column)));
    let mut nulls_last = !bounded;
    if big && let Some(made) = by_index {
        // So that the index by time can be used although the column may be empty: it has the empty ones first.
        clauses.push(format!("{} is not null", made.ordered_by(true)));
        plan.notes.push(format!("rows without a value in `{}` are left out", visible(&made.name)));
        nulls_last = false;
    }
    if !clauses.is_empty() {
        let _ = write!(plan.sql, " where {}", clauses.join(" and "));
    }
    order(table, &mut plan, (big, led, nulls_last));
    Ok(Way::Ask(Box::new(plan)))
}

/// Newest first, where that does not mean sorting a big table.
fn order(table: &Known, plan: &mut Plan, how: (bool, bool, bool)) {
    let (big, led, nulls_last) = how;
    let may = |column: &str| !big || led || table.leads_to(column);
    let made = plan.made.as_ref().filter(|made| match &made.column {
        Some(column) => may(column),
        None => !big || led,
    });
    if let Some(made) = made {
        let nulls = if nulls_last && made.optional { " nulls last" } else { "" };
        let mut by = vec![format!("{} desc{nulls}", made.ordered_by(big))];
        let key = plan.key.iter().filter(|key| Some(*key) != made.column.as_ref());
        by.extend(key.map(|key| format!("r.{} desc", quoted(key))));
        let _ = write!(plan.sql, " order by {}", by.join(", "));
        return;
    }
    match plan.key.first().filter(|key| may(key)) {
        Some(first) => {
            let key: Vec<String> = plan.key.iter().map(|key| format!("r.{} desc", quoted(key))).collect();
            let _ = write!(plan.sql, " order by {}", key.join(", "));
            let numbered = table.column(first).is_some_and(|column| is_whole(&column.base));
            let names: Vec<String> = plan.key.iter().map(|key| visible(key).into_owned()).collect();
            let names = names.join(", ");
            plan.notes.push(if numbered && plan.key.len() == 1 {
                format!("rows are in order by descending {names}")
            } else {
                format!("rows are in order by {names}, which says nothing about their age")
            });
        }
        None => plan.notes.push("rows are in no particular order".to_owned()),
    }
}

/// That rows are asked for by time, and nothing tells it.
fn without_time(table: &Known, ask: &RowsAsk) -> Failure {
    let name = table.shown_name();
    let hint = match &ask.at {
        Some(at) => {
            let kind = table.column(at).map(|column| column.told()).unwrap_or_default();
            format!("`{}` of {name} is {kind}, which tells no time", visible(at))
        }
        None => {
            let times = times::named(table);
            let others = match times.as_slice() {
                [] => String::new(),
                times => {
                    format!(" (its times are {}; query_state can ask by them)", visible(&times.join(", ")))
                }
            };
            format!("{name} has no column that tells when a row was made: ask without `since`{others}")
        }
    };
    Failure::new(FailureKind::Invalid, "no time column").hint(hint)
}

impl Plan {
    /// Why the server did not answer, as the asker can use it.
    fn explained(&self, failure: Failure) -> Failure {
        match (&failure.kind, &self.unindexed) {
            (FailureKind::Timeout, Some(why)) => Failure::new(FailureKind::Timeout, failure.cause())
                .hint(format!("the database was told to stop: {why}")),
            (FailureKind::Invalid, _)
                if failure.cause().starts_with("SQLSTATE 22") && !self.asked.is_empty() =>
            {
                Failure::new(FailureKind::Invalid, failure.cause())
                    .hint(format!("a value does not fit the type of its field: {}", self.asked.join("; ")))
            }
            _ => failure,
        }
    }
}

fn is_whole(kind: &str) -> bool {
    matches!(kind, "smallint" | "integer" | "bigint")
}

/// A row in our words. Empty fields are left out; a time without a zone is taken as UTC.
fn row(mut fields: Map<String, Value>, plan: &Plan) -> Row {
    fields.retain(|_, value| !value.is_null());
    for name in &plan.zoneless {
        if let Some(Value::String(time)) = fields.get_mut(name) {
            times::mark_utc(time);
        }
    }
    let key: Option<Vec<String>> = plan.key.iter().map(|key| fields.get(key).and_then(key_text)).collect();
    let id = key.map(|key| key.join(",")).filter(|id| is_plain(id)).unwrap_or_default();
    let created = plan.made.as_ref().and_then(|made| made.of_row(&fields));
    Row { id, created, fields: ForeignJson::capped(Value::Object(fields), TEXT) }
}

/// Whether an id may stand where no foreign text does; otherwise it is among the fields only.
fn is_plain(id: &str) -> bool {
    (1..=255).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b',' | b'.'))
}
