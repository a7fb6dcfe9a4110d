//! `find_records`: records of one table by the values of their fields, newest first.

use crate::asked::{Asked, ask_all, cuts};
use crate::page::{Page, counted};
use crate::state_source::choose;
use crate::{Answer, App, Finding, Needs, Tool, ToolError, since};
use prodview_guard::{ForeignJson, visible};
use prodview_providers::capability::{Capability, RowsAsk};
use prodview_providers::words::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The tool.
pub struct FindRecords;

/// Which records.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Which source; may be left out when there is one.
    #[schemars(length(min = 1, max = 40))]
    source: Option<String>,
    #[schemars(length(min = 1, max = 200))]
    table: String,
    /// Field → value it must equal.
    #[serde(default, rename = "where")]
    #[schemars(schema_with = "values")]
    fields: Map<String, Value>,
    /// Only records made since: 30m, 24h, 7d, or a moment.
    #[schemars(length(min = 2, max = 40))]
    since: Option<String>,
    /// Only these fields.
    #[serde(default, rename = "fields")]
    #[schemars(length(max = 40), inner(length(min = 1, max = 200)))]
    only: Vec<String>,
    /// Default 10.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// From an earlier answer's `cut`.
    #[schemars(length(min = 1, max = 2000))]
    cursor: Option<String>,
}

fn values(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 10,
        "propertyNames": { "minLength": 1, "maxLength": 200 },
        "additionalProperties": { "type": ["string", "number", "boolean", "null"], "maxLength": 1000 }
    })
}

/// The records.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    source: String,
    table: String,
    rows: Vec<Row>,
}

impl Tool for FindRecords {
    const NAME: &'static str = "find_records";
    const TITLE: &'static str = "Records of the application";
    const ABOUT: &'static str = "Records of one table of the application's database, newest first, by the values of their fields. \
        Use it to see what the application itself knows.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::State]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let able = choose(app, q.source.as_deref())?;
        let source = able.source.name().to_owned();
        let ask = RowsAsk {
            table: q.table.clone(),
            fields: q.fields,
            since: since::read("since", q.since.as_deref())?,
            limit: q.limit.unwrap_or(10),
            cursor: q.cursor,
            ..RowsAsk::default()
        };
        let mut asked = Asked::default();
        let found = ask_all(&mut asked, vec![able], |able| {
            let ask = &ask;
            async move { able.can.rows(ask).await }
        })
        .await;
        let missing = asked.reports().iter().all(|r| r.status == crate::Status::Ok) && found.is_empty();
        if missing {
            return Err(ToolError::NotFound(format!(
                "{source} has no such table or record; describe_state lists its tables"
            )));
        }
        let Some((_, found)) = found.into_iter().next() else {
            return Err(ToolError::in_vain(asked.failures()));
        };
        let cut = cuts(&source, &found, "records");
        let whole = found.is_whole();
        let rows = found.rows.into_iter().map(|row| narrowed(row, &q.only)).collect();
        let mut answer = Answer::new(Facts { source, table: q.table.clone(), rows }, asked);
        answer.cut = cut;
        if answer.facts.rows.is_empty() {
            let (source, table) = (&answer.facts.source, &ask.table);
            let by: Vec<String> = ask.fields.keys().map(|key| visible(key).into_owned()).collect();
            let what = if by.is_empty() {
                "has no record".to_owned()
            } else {
                format!("has no record with that {}", by.join(" and "))
            };
            let whole = if whole { "" } else { " among those that were looked at, which were not all" };
            answer.findings.push(Finding::new(format!("{table} in {source} {what}{whole}")));
        }
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        page.line(format!(
            "{} of {} in {}",
            counted(facts.rows.len(), "record", "records"),
            facts.table,
            facts.source
        ));
        for row in &facts.rows {
            let made = row.created.map(|m| format!(" made {m}")).unwrap_or_default();
            page.item(format!("{}{made} {}", row.id, row.fields.as_value()));
        }
    }
}

fn narrowed(row: Row, only: &[String]) -> Row {
    if only.is_empty() {
        return row;
    }
    let fields = match row.fields.as_value() {
        Value::Object(fields) => {
            fields.iter().filter(|(key, _)| only.contains(key)).map(|(k, v)| (k.clone(), v.clone()))
        }
        _ => return row,
    };
    Row { fields: ForeignJson::new(Value::Object(fields.collect())), ..row }
}
