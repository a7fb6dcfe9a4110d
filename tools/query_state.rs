//! `query_state`: one read-only question in a database's own language.

use crate::asked::{Asked, ask_all, cuts};
use crate::page::{Page, counted};
use crate::state_source::choose;
use crate::{Answer, App, Finding, Needs, Tool, ToolError};
use prodview_guard::ForeignJson;
use prodview_providers::capability::{Capability, Language, QueryAsk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The tool.
pub struct QueryState;

/// What to ask.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Which source; may be left out when there is one.
    #[schemars(length(min = 1, max = 40))]
    source: Option<String>,
    /// One SELECT or EXPLAIN, a Convex query function (`users:byEmail`), or a reading Redis command.
    #[schemars(length(min = 1, max = 20_000))]
    query: String,
    /// Values of $1, $2 … as a list; of $name, or of a function's arguments, as an object.
    #[serde(default)]
    #[schemars(schema_with = "params")]
    params: Value,
    /// Default 20.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<usize>,
    /// From an earlier answer's `cut`.
    #[schemars(length(min = 1, max = 200))]
    cursor: Option<String>,
}

/// The longest text of a row, in characters; sources cut theirs shorter.
const TEXT: usize = 2_000;
/// The longest parameters, as JSON.
const MOST_BYTES: usize = 64 * 1024;

fn params(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["array", "object"], "maxItems": 100, "maxProperties": 100 })
}

/// The rows.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    source: String,
    #[schemars(with = "Vec<serde_json::Map<String, Value>>")]
    rows: Vec<ForeignJson>,
}

impl Tool for QueryState {
    const NAME: &'static str = "query_state";
    const TITLE: &'static str = "One read-only query";
    const ABOUT: &'static str = "One read-only question to the application's database in its own language (SQL, a Convex query, a Redis command). \
        Use it when find_records is not enough; writes are refused.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::State]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        if q.params.to_string().len() > MOST_BYTES {
            return Err(ToolError::malformed("params", format!("is longer than {MOST_BYTES} bytes")));
        }
        let able = choose(app, q.source.as_deref())?;
        let source = able.source.name().to_owned();
        let language = able.can.language();
        let ask =
            QueryAsk { text: q.query, params: q.params, limit: q.limit.unwrap_or(20), cursor: q.cursor };
        let mut asked = Asked::default();
        let found = ask_all(&mut asked, vec![able], |able| {
            let ask = &ask;
            async move { able.can.query(ask).await }
        })
        .await;
        let Some((_, found)) = found.into_iter().next() else {
            return Err(of_the_question(&asked, language));
        };
        let cut = cuts(&source, &found, "rows");
        let nothing = found.rows.is_empty() && found.is_whole() && ask.cursor.is_none();
        let rows = found.rows.into_iter().map(|row| whole(row.id, row.fields)).collect();
        let mut answer = Answer::new(Facts { source, rows }, asked);
        answer.cut = cut;
        if nothing {
            answer.findings.push(Finding::new("the query finds nothing"));
        }
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        page.line(format!("{} of {}", counted(facts.rows.len(), "row", "rows"), facts.source));
        for row in &facts.rows {
            page.item(row.as_value().to_string());
        }
    }
}

/// What the asker can mend is said of the query, not of the source.
fn of_the_question(asked: &Asked, language: Language) -> ToolError {
    let what = match language {
        Language::Sql => "this SQL",
        Language::ConvexQuery => "this function call",
        Language::RedisCommand => "this command",
    };
    match asked.failures() {
        [(_, failure)] if failure.is_of_the_question() => {
            let why = failure.hint.clone().unwrap_or_else(|| failure.to_string());
            ToolError::malformed("query", format!("({what}) was not answered: {why}"))
        }
        [] => ToolError::NotFound(format!(
            "there is nothing of that name for {what}; describe_state lists what there is"
        )),
        failures => ToolError::in_vain(failures),
    }
}

/// A row as one object: its id is one of its fields where the store keeps it apart, and a plain value is its `value`.
fn whole(id: String, fields: ForeignJson) -> ForeignJson {
    match fields.as_value() {
        Value::Object(map) if !id.is_empty() && !map.contains_key("id") && !map.contains_key("_id") => {
            let mut map = map.clone();
            map.insert("_id".to_owned(), Value::String(id));
            ForeignJson::capped(Value::Object(map), TEXT)
        }
        Value::Object(_) => fields,
        other => ForeignJson::capped(json!({ "value": other }), TEXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_an_object() {
        let long = "x".repeat(900);
        for (held, id, due) in [
            (json!({ "a": 1 }), "", json!({ "a": 1 })),
            (json!({ "a": long }), "7", json!({ "a": long, "_id": "7" })),
            (json!({ "_id": "k1" }), "k1", json!({ "_id": "k1" })),
            (json!(3), "", json!({ "value": 3 })),
            (json!([1, "b"]), "", json!({ "value": [1, "b"] })),
        ] {
            assert_eq!(*whole(id.to_owned(), ForeignJson::capped(held, 1_000)).as_value(), due);
        }
    }
}
