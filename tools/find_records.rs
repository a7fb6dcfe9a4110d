//! `find_records`: records of one table by the values of their fields, newest first.

use crate::asked::{Asked, ask_all, cuts};
use crate::page::{Page, counted};
use crate::sight::{as_far_as_seen, cannot_stand, meant};
use crate::state_source::choose;
use crate::toml_file::instead_of;
use crate::{Answer, App, Finding, Needs, Tool, ToolError, since};
use prodview_guard::{ForeignJson, visible};
use prodview_providers::capability::{Capability, RowsAsk, State};
use prodview_providers::words::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod fitted;

use fitted::{Wish, fitted};

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
        let (mut asked, can) = (Asked::default(), able.can);
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
        let mut cut = cuts(&source, &found, "records");
        let whole = found.is_whole();
        let mistaken = mistaken(can, &ask.table, &found.rows, &q.only).await?;
        let rows = found.rows.into_iter().map(|row| narrowed(row, &q.only)).collect();
        let wish = Wish {
            named: ask.fields.keys().chain(&q.only).map(String::as_str).collect(),
            chosen: !q.only.is_empty(),
            many: ask.limit > 10,
            language: can.language(),
        };
        let (rows, shortened) = fitted(rows, &wish);
        cut.extend(shortened);
        let mut answer = Answer::new(Facts { source, table: q.table.clone(), rows }, asked);
        answer.cut = cut;
        if answer.facts.rows.is_empty() {
            answer.findings.push(nothing(&answer.asked, &answer.facts.source, &ask, whole));
        }
        answer.findings.extend(mistaken);
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

/// Why there is no record, as far as that is known.
fn nothing(asked: &Asked, source: &str, ask: &RowsAsk, whole: bool) -> Finding {
    let table = visible(&ask.table);
    let by: Vec<String> = ask.fields.keys().map(|key| visible(key).into_owned()).collect();
    let by = by.join(" and ");
    // Then no record was looked at: it says nothing about the data.
    if let Some(why) = cannot_stand(asked, source) {
        return Finding::new(format!("{table} in {source} was not looked through for that {by}: {why}"));
    }
    if let Some(meant) = meant(asked, source) {
        return Finding::new(format!("{source}: {}", visible(meant)));
    }
    if ask.cursor.is_some() {
        return Finding::new(format!("{table} in {source} has no more records after this cursor"));
    }
    let with = if by.is_empty() { String::new() } else { format!(" with that {by}") };
    let since = ask.since.map(|since| format!(" made since {since}")).unwrap_or_default();
    let hedge = if whole {
        as_far_as_seen(asked, source)
    } else {
        " among those that were looked at, which were not all"
    };
    Finding::new(format!("{table} in {source} has no record{with}{since}{hedge}"))
}

/// The names in `fields` that no record has and the table does not know. With none that is known, an error.
async fn mistaken(
    can: &dyn State,
    table: &str,
    rows: &[Row],
    only: &[String],
) -> Result<Option<Finding>, ToolError> {
    let has = |name: &str| {
        // Told of every record, whatever its columns are called.
        matches!(name, "_id" | "_creationTime")
            || rows.iter().any(|row| row.fields.as_value().get(name).is_some())
    };
    if rows.is_empty() || only.iter().all(|name| has(name)) {
        return Ok(None);
    }
    // Some stores leave out what is empty: the table knows its fields.
    let described = can.table(table).await.map(|table| table.fields).unwrap_or_default();
    let mut known: Vec<&str> = described.iter().map(|field| field.name.as_str()).collect();
    let held = rows.iter().filter_map(|row| row.fields.as_value().as_object()).flat_map(Map::keys);
    for name in held {
        if !known.contains(&name.as_str()) {
            known.push(name);
        }
    }
    let wrong: Vec<&String> =
        only.iter().filter(|name| !has(name) && !known.contains(&name.as_str())).collect();
    if wrong.is_empty() {
        return Ok(None);
    }
    known.truncate(60);
    let said =
        wrong.iter().map(|name| format!("`{}` ({})", visible(name), visible(&instead_of(name, &known))));
    let said = format!("{} has no field {}", visible(table), said.collect::<Vec<_>>().join(", "));
    if wrong.len() == only.len() {
        return Err(ToolError::malformed("fields", format!("names none of its fields: {said}")));
    }
    Ok(Some(Finding::new(said)))
}
