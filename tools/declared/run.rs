//! One call of a declared tool: arguments into the question, all its sources at once, rows into columns.

use super::Declared;
use super::cells::{Cell, Row, cells};
use super::parameter::{self, Parameter};
use super::question::{LIMIT, Part, Question};
use crate::asked::{Asked, ask_all};
use crate::cursor::{Cursor, together};
use crate::page::{Page, counted, quoted};
use crate::{Answer, App, Finding, ToolError};
use prodview_guard::{Failure, FailureKind, QueryKey, Segment};
use prodview_providers::capability::{Adapter, QueryAsk};
use prodview_providers::reads::{More, ReadAsk, ReadBody, iso_decimals};
use prodview_providers::{Able, Found, Stopped, words};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most rows of one source, whatever it answers.
const MOST: usize = 100;
/// How many rows a statement or function gives when the tool has no `limit`.
const USUAL: usize = 50;

/// The rows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Facts {
    #[schemars(with = "Vec<Map<String, Value>>")]
    rows: Vec<Row>,
}

/// A question to one source, ready to be sent.
#[derive(Clone)]
enum Ready {
    Get(ReadAsk),
    State(QueryAsk),
}

impl Declared {
    pub(crate) async fn run(&self, app: &App, asked: Map<String, Value>) -> Result<Answer<Facts>, ToolError> {
        let given = self.given(&asked)?;
        let cursor = Cursor::read(self.cursor().and_then(|name| given.get(name)).and_then(Value::as_str))?;
        let only = asked.get("source").and_then(Value::as_str);
        let mut able: Vec<Able<'_, dyn Adapter + '_>> =
            self.sources(app).into_iter().map(|source| Able { source, can: source.adapter() }).collect();
        let several = able.len() > 1;
        able.retain(|able| only.is_none_or(|name| name == able.source.name()));
        if able.is_empty() {
            return Err(ToolError::NotConfigured(format!(
                "{} has no source to ask; `prodview check` shows what is connected",
                self.name
            )));
        }
        let able = Cursor::unfinished(cursor.as_ref(), able);
        if able.is_empty() {
            let name = self.cursor().unwrap_or("cursor");
            return Err(ToolError::malformed(name, "is not one that an answer of this tool gave"));
        }
        let mut ready = BTreeMap::new();
        for able in &able {
            let name = able.source.name();
            ready.insert(name, self.ready(&given, cursor.as_ref().and_then(|c| c.of(name)))?);
        }
        let mut asked = Asked::default();
        let found = ask_all(&mut asked, able, |able| {
            let ready = ready.get(able.source.name()).cloned();
            async move {
                let Some(ready) = ready else { return Ok(Found::default()) };
                let mut found = self.answered(able.can, ready).await?;
                if several {
                    found.rows.iter_mut().for_each(|row| row.source = Some(able.source.name().to_owned()));
                }
                Ok(found)
            }
        })
        .await;
        let (rows, mut cut) = together(found, "rows");
        if self.cursor().is_none() {
            for part in cut.iter_mut().filter(|part| part.cursor.is_some()) {
                part.cursor = None;
                part.how = self.larger_limit(&given);
            }
        }
        let mut answer = Answer::new(Facts { rows }, asked);
        // Behind a cursor, nothing means no more.
        if answer.facts.rows.is_empty() && cut.is_empty() && cursor.is_none() && answer.asked.whole() {
            answer.findings.push(Finding::new(format!("{}: there is none", self.title)));
        }
        answer.cut = cut;
        Ok(answer)
    }

    /// What a person reads: a table with the columns in the order of the file.
    pub(crate) fn tell(&self, facts: &Facts, page: &mut Page) {
        page.line(format!("{}: {}", self.title, counted(facts.rows.len(), "row", "rows")));
        let mut head = vec!["source".to_owned()];
        head.extend(self.columns.iter().map(|column| column.name.clone()));
        let line = |row: &Row| -> Vec<String> {
            let cell = |name: &String| row.cells.get(name).map(shown).unwrap_or_default();
            let mut line = vec![row.source.clone().unwrap_or_default()];
            line.extend(self.columns.iter().map(|column| cell(&column.name)));
            line
        };
        page.columns(head, facts.rows.iter().map(line).collect());
    }

    /// The values of the arguments, with defaults; those that are absent have none.
    fn given(&self, asked: &Map<String, Value>) -> Result<BTreeMap<String, Value>, ToolError> {
        let mut given = BTreeMap::new();
        for ask in &self.asks {
            if let Some(value) = ask.value(asked.get(&ask.name))? {
                given.insert(ask.name.clone(), value);
            }
        }
        Ok(given)
    }

    fn ready(&self, given: &BTreeMap<String, Value>, cursor: Option<&str>) -> Result<Ready, ToolError> {
        let value = |part: &Part| match part {
            Part::Fixed(value) => Some(value.clone()),
            Part::Ask(name) if self.cursor() == Some(name) => cursor.map(Value::from),
            Part::Ask(name) => given.get(name).cloned(),
        };
        let state = |text: &str, params: Map<String, Value>| {
            let limit = given.get(LIMIT).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            Ready::State(QueryAsk {
                text: text.to_owned(),
                params: Value::Object(params),
                limit: limit.unwrap_or(USUAL).clamp(1, MOST),
                cursor: cursor.map(str::to_owned),
            })
        };
        Ok(match &self.question {
            Question::Get { route, slots, query } => {
                let slots = slots.iter().map(|slot| match slot {
                    Some(name) => segment(name, given.get(name)).map(Some),
                    None => Ok(None),
                });
                let pair = |(key, part): &(QueryKey, Part)| Some((key.clone(), written(&value(part)?)));
                Ready::Get(ReadAsk {
                    route: *route,
                    slots: slots.collect::<Result<_, ToolError>>()?,
                    query: query.iter().filter_map(pair).collect(),
                })
            }
            Question::Sql { text, params } => {
                // An argument that was left out is null, which the statement can ask for.
                let param = |name: &String| (name.clone(), given.get(name).cloned().unwrap_or_default());
                state(text, params.iter().map(param).collect())
            }
            Question::Convex { function, args } => {
                let arg = |(key, part): &(String, Part)| Some((key.clone(), value(part)?));
                state(function, args.iter().filter_map(arg).collect())
            }
        })
    }

    async fn answered(&self, adapter: &dyn Adapter, ready: Ready) -> Result<Found<Row>, Failure> {
        let nobody = || Failure::new(FailureKind::Refused, "the source lost a capability");
        let mut unread = BTreeMap::new();
        let mut found = match ready {
            Ready::Get(ask) => {
                let reads = adapter.reads().ok_or_else(nobody)?;
                let decimals = |currency: &str| reads.decimals(currency);
                let rows = listed(reads.read(&ask).await?, &self.rows)?;
                rows.map(|row| cells(&self.columns, &row, &decimals, &mut unread))
            }
            Ready::State(ask) => {
                let rows = adapter.state().ok_or_else(nobody)?.query(&ask).await?;
                rows.map(|row| cells(&self.columns, &fields(row), &iso_decimals, &mut unread))
            }
        };
        if found.rows.len() > MOST {
            // A cursor would skip the rows that are left out here.
            found.more = None;
            found.stopped = Some(Stopped::Bound(format!("the first {MOST} of {}", found.rows.len())));
            found.rows.truncate(MOST);
        }
        for (column, n) in unread {
            let kind = self.columns.iter().find(|c| c.name == column).map_or("", |c| c.kind.name());
            found
                .notes
                .push(format!("`{column}` of {} is no {kind}, and is left out", counted(n, "row", "rows")));
        }
        Ok(found.map(|cells| Row { source: None, cells }))
    }

    fn larger_limit(&self, given: &BTreeMap<String, Value>) -> Option<String> {
        let ask = self.asks.iter().find(|ask| ask.name == LIMIT)?;
        let (most, now) = (Parameter::largest(ask)?, given.get(LIMIT)?.as_i64()?);
        (now < most).then(|| format!("a larger limit, at most {most}"))
    }
}

/// The rows at the pointer: a list is its items, an object is one row.
fn listed(answer: ReadBody, rows: &str) -> Result<Found<Value>, Failure> {
    let ReadBody { mut body, more, age } = answer;
    let rows = match body.pointer_mut(rows).map(Value::take) {
        Some(Value::Array(rows)) => rows,
        Some(one @ Value::Object(_)) => vec![one],
        Some(Value::Null) => Vec::new(),
        _ => {
            return Err(Failure::odd("no rows where the tool looks")
                .hint("the answer has no rows where `rows` points"));
        }
    };
    let mut found = Found { rows, ..Found::default() };
    match more {
        More::End => {}
        More::Cursor(cursor) => found.more = Some(cursor),
        More::Unreachable => {
            found.stopped = Some(Stopped::Bound("the provider has more, and nothing leads there".to_owned()));
        }
    }
    Ok(found.aged(age))
}

/// A row of the state with its id and its moment, as a document has them.
fn fields(row: words::Row) -> Value {
    let mut fields = row.fields.as_value().clone();
    if let Some(map) = fields.as_object_mut() {
        if !row.id.is_empty() {
            map.entry("_id").or_insert_with(|| row.id.into());
        }
        if let Some(created) = row.created {
            map.entry("_creationTime").or_insert_with(|| created.to_string().into());
        }
    }
    fields
}

/// An argument as a part of the path. The address of a dashboard page stands for its id.
fn segment(name: &str, value: Option<&Value>) -> Result<Segment, ToolError> {
    let Some(value) = value else { return Err(ToolError::malformed(name, "is missing")) };
    let text = written(value);
    let id = parameter::from_page(&text).unwrap_or(text);
    Segment::new(&id).map_err(|why| ToolError::malformed(name, format!("was refused: {why}")))
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A cell for reading. Text that could be anything else than one word stands in quotation marks.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => {
            let plain =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '@' | '+' | '/');
            if text.as_str().chars().all(plain) { text.to_string() } else { quoted(text) }
        }
        Cell::Money(money) => money.text.clone(),
        Cell::Moment(moment) => moment.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Boolean(flag) => flag.to_string(),
    }
}
