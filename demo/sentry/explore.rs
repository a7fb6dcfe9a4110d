//! Explore: errors as a table of the columns that are asked for, counted where a column counts.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::paging::{Page, value, values};
use super::reply::{Problem, Said};
use super::window::Window;
use super::{fields, matching, search};
use crate::gate::Ask;
use crate::world::{ErrorEvent, Issue, World};
use crate::{Service, Shared};

/// The most columns of one table.
const COLUMNS_MAX: usize = 20;

/// Where the errors are.
const OF_ERRORS: &[&str] = &["errors", "discover"];
/// Where there is nothing: the company sends errors only.
const EMPTY: &[&str] = &[
    "spans",
    "logs",
    "tracemetrics",
    "profile_functions",
    "uptime_results",
    "transactions",
    "issuePlatform",
];
/// Columns that hold one value for each exception or frame.
const LISTS: &[&str] = &["error.type", "error.value", "stack.filename", "stack.function"];

type Row<'a> = (&'a Issue, &'a ErrorEvent);

/// `O/events/`.
pub(super) fn table(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let dataset = dataset(shared, ask)?;
    let columns = values(ask, "field");
    let columns: Vec<Column> = columns
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| Column::read(name))
        .collect::<Result<_, _>>()?;
    if columns.is_empty() {
        return Err(Problem::bad("No columns selected"));
    }
    if columns.len() > COLUMNS_MAX {
        return Err(Problem::bad(
            "You can view up to 20 fields at a time. Please delete some and try again.",
        ));
    }
    let (window, page) = (Window::read(world, ask)?, Page::read(ask)?);
    let search = search::read(&value(ask, "query").unwrap_or_default())?;
    if let Some(term) = search.terms().into_iter().find(|term| matching::is_of_issue(term)) {
        return Err(Problem::bad(format!("Invalid key for this search: {}", term.key)));
    }
    matching::check(&search)?;
    let issues = world
        .issues
        .iter()
        .filter(|issue| OF_ERRORS.contains(&dataset.as_str()) && window.has_project(issue.project));
    let events: Vec<Row<'_>> = issues
        .flat_map(|issue| window.events(issue).map(move |event| (issue, event)))
        .filter(|(issue, event)| matching::fits(world, issue, event, &search))
        .collect();
    let mut rows = grouped(world, &columns, events);
    sort(&mut rows, &columns, ask)?;
    let written: Vec<Value> = page.of(&rows).iter().map(|row| written(&columns, row)).collect();
    let kinds: Map<String, Value> =
        columns.iter().map(|column| (column.name.clone(), column.kind().into())).collect();
    let units: Map<String, Value> = columns.iter().map(|column| (column.name.clone(), Value::Null)).collect();
    let meta = json!({
        "fields": kinds, "units": units, "isMetricsData": false, "isMetricsExtractedData": false, "tips": {},
        "datasetReason": "unchanged", "dataset": dataset,
    });
    Ok(page.reply(shared, ask, json!({ "data": written, "meta": meta }), rows.len()))
}

/// Older installations know one dataset, and need not be told.
fn dataset(shared: &Shared, ask: &Ask) -> Result<String, Problem> {
    let dataset = value(ask, "dataset");
    if shared.is_older(Service::Sentry) {
        return match dataset.as_deref() {
            None | Some("discover") => Ok("discover".into()),
            Some(_) => Err(Problem::bad("dataset must be one of: discover, metricsEnhanced, metrics")),
        };
    }
    let dataset = dataset.ok_or_else(|| Problem::bad("dataset is required"))?;
    if OF_ERRORS.contains(&dataset.as_str()) || EMPTY.contains(&dataset.as_str()) {
        return Ok(dataset);
    }
    let known: Vec<&str> = OF_ERRORS.iter().chain(EMPTY).copied().collect();
    Err(Problem::bad(format!("dataset must be one of: {}", known.join(", "))))
}

struct Column {
    name: String,
    shows: Shows,
}

enum Shows {
    /// What an event says under this name.
    Field,
    Count,
    /// How many different values a field has.
    Unique(String),
    First,
    Last,
}

impl Column {
    fn read(name: &str) -> Result<Column, Problem> {
        let shows = match name.split_once('(').map(|(function, rest)| (function, rest.strip_suffix(')'))) {
            None => Shows::Field,
            Some(("count", Some(""))) => Shows::Count,
            Some(("count_unique", Some(field))) if !field.is_empty() => Shows::Unique(field.to_owned()),
            Some(("last_seen", Some("")) | ("max", Some("timestamp"))) => Shows::Last,
            Some(("first_seen", Some("")) | ("min", Some("timestamp"))) => Shows::First,
            Some((function, Some(_))) => {
                return Err(Problem::bad(format!("{function} is not a valid function")));
            }
            Some(_) => return Err(Problem::bad(format!("Invalid column: {name}"))),
        };
        Ok(Column { name: name.to_owned(), shows })
    }

    fn kind(&self) -> &'static str {
        match (&self.shows, self.name.as_str()) {
            (Shows::Count | Shows::Unique(_), _) | (Shows::Field, "issue.id" | "project.id") => "integer",
            (Shows::First | Shows::Last, _) | (Shows::Field, "timestamp") => "date",
            (Shows::Field, name) if LISTS.contains(&name) => "array",
            (Shows::Field, "error.handled" | "error.unhandled") => "boolean",
            _ => "string",
        }
    }

    fn value(&self, world: &World, rows: &[Row<'_>]) -> Value {
        let first = rows.first();
        let times = || rows.iter().map(|(_, event)| event.at);
        match &self.shows {
            Shows::Count => json!(rows.len()),
            Shows::Unique(field) => {
                let texts = rows.iter().flat_map(|(issue, event)| fields::texts(world, issue, event, field));
                json!(texts.collect::<BTreeSet<_>>().len())
            }
            Shows::First => json!(times().min()),
            Shows::Last => json!(times().max()),
            Shows::Field => {
                let texts = first
                    .map_or_else(Vec::new, |(issue, event)| fields::texts(world, issue, event, &self.name));
                match (self.kind(), texts.into_iter().next()) {
                    ("array", _) => {
                        json!(first.map(|(issue, event)| fields::texts(world, issue, event, &self.name)))
                    }
                    (_, None) => Value::Null,
                    ("integer", Some(text)) => json!(text.parse::<i64>().ok()),
                    ("boolean", Some(text)) => json!(u8::from(text == "1")),
                    // Explore writes the offset in digits.
                    ("date", Some(text)) => json!(text.replace('Z', "+00:00")),
                    (_, Some(text)) => json!(text),
                }
            }
        }
    }
}

/// One row an event; or, if any column counts, one for each combination of the others.
fn grouped(world: &World, columns: &[Column], events: Vec<Row<'_>>) -> Vec<Vec<Value>> {
    let row = |rows: &[Row<'_>]| columns.iter().map(|column| column.value(world, rows)).collect::<Vec<_>>();
    if columns.iter().all(|column| matches!(column.shows, Shows::Field)) {
        return events.into_iter().map(|event| row(&[event])).collect();
    }
    let mut groups: BTreeMap<Vec<String>, Vec<Row<'_>>> = BTreeMap::new();
    for event in events {
        let by = columns.iter().filter(|column| matches!(column.shows, Shows::Field));
        let key = by.map(|column| fields::texts(world, event.0, event.1, &column.name).join("\n"));
        groups.entry(key.collect()).or_default().push(event);
    }
    groups.values().map(|rows| row(rows)).collect()
}

/// By one of the columns; a minus turns it round. `-count` stands for `-count()`. Unsaid: the newest first if there
/// are times, else as they come.
fn sort(rows: &mut [Vec<Value>], columns: &[Column], ask: &Ask) -> Result<(), Problem> {
    let asked = value(ask, "sort").or_else(|| value(ask, "orderby")).filter(|sort| !sort.is_empty());
    let has_time = columns.iter().any(|column| column.name == "timestamp");
    let Some(by) = asked.or_else(|| has_time.then(|| "-timestamp".to_owned())) else { return Ok(()) };
    let (name, turned) = by.strip_prefix('-').map_or((by.as_str(), false), |name| (name, true));
    let plain = |name: &str| name.replace("()", "").replace(['(', ')'], "_").trim_end_matches('_').to_owned();
    let place = columns.iter().position(|column| column.name == name || plain(&column.name) == plain(name));
    let place = place.ok_or_else(|| Problem::bad("Cannot sort by a field that is not selected."))?;
    rows.sort_by(|a, b| {
        let order = compare(a.get(place), b.get(place));
        if turned { order.reverse() } else { order }
    });
    Ok(())
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => text(a).cmp(&text(b)),
    }
}

fn written(columns: &[Column], row: &[Value]) -> Value {
    columns
        .iter()
        .zip(row)
        .map(|(column, value)| (column.name.clone(), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}
