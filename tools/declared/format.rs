//! The format of the files as a JSON Schema, for editors: `docs/declared-tool.schema.json` holds it.

use super::column;
use super::loading::{MOST_ASKS, providers};
use super::parameter::{self, FORMS, LONGEST_EVER};
use serde_json::{Value, json};

const NAME: &str = "^[a-z][a-z0-9_]{0,31}$";
const POINTER: &str = "^/.+";

/// The schema, by JSON Schema 2020-12. It knows the shape of a file; what only the loader can know (which path is a
/// read, which statement is harmless, which argument has its place) it does not say.
pub fn schema() -> Value {
    let one_of = |key: &str| json!({ "required": [key] });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A declared tool of prodview",
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "title", "about", "answer"],
        "anyOf": [one_of("provider"), one_of("source")],
        "oneOf": [one_of("get"), one_of("sql"), one_of("convex_query")],
        "dependentSchemas": {
            "get": { "required": ["provider"] },
            "query": { "required": ["get"] },
            "args": { "required": ["convex_query"] },
        },
        "properties": {
            "name": text("The name of the tool: 3 to 48 of a–z, 0–9 and _.", json!({ "pattern": "^[a-z][a-z0-9_]{2,47}$" })),
            "title": text("What a person reads.", json!({ "maxLength": 80 })),
            "about": text("For the model: when to use it, in at most two sentences.", json!({ "maxLength": 300 })),
            "provider": text("The tool asks every source of this provider.", json!({ "enum": providers() })),
            "source": text("The tool asks the one source of this name.", json!({ "pattern": "^[a-z0-9_-]{1,40}$" })),
            "get": text("A path of the provider, with {slot} for a whole segment.", json!({ "pattern": "^/[^?]*$" })),
            "sql": text("One SELECT of PostgreSQL, with $name for arguments.", json!({})),
            "convex_query": text("A query function of the application: file:function.", json!({})),
            "ask": {
                "description": "The arguments of the tool.",
                "type": "object", "maxProperties": MOST_ASKS,
                "propertyNames": { "pattern": NAME, "not": { "enum": parameter::RESERVED } },
                "additionalProperties": argument(),
            },
            "query": {
                "description": "The query of `get`: texts, numbers, true or false, or \"{argument}\".",
                "type": "object",
                "propertyNames": { "pattern": r"^[A-Za-z][A-Za-z0-9_.\[\]]{0,79}$" },
                "additionalProperties": { "anyOf": [scalar(), { "type": "array", "items": scalar() }] },
            },
            "args": {
                "description": "The arguments of `convex_query`: texts, numbers, true or false, or \"{argument}\".",
                "type": "object", "additionalProperties": scalar(),
            },
            "answer": {
                "type": "object", "additionalProperties": false, "required": ["columns"],
                "properties": {
                    "rows": text("JSON pointer to the rows in the answer of `get`; none for the whole answer.",
                        json!({ "pattern": "^(/.+)?$" })),
                    "columns": {
                        "description": "The fields that may leave.",
                        "type": "object", "minProperties": 1, "maxProperties": column::MOST,
                        "propertyNames": { "pattern": NAME, "not": { "const": "source" } },
                        "additionalProperties": one_column(),
                    },
                },
            },
        },
    })
}

fn text(about: &str, more: Value) -> Value {
    let mut schema = json!({ "description": about, "type": "string", "minLength": 0 });
    if let (Some(schema), Value::Object(more)) = (schema.as_object_mut(), more) {
        schema.remove("minLength");
        schema.extend(more);
    }
    schema
}

fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn argument() -> Value {
    let texts = json!({ "type": ["string", "array"], "items": { "type": "string" }, "minItems": 1 });
    let is = |kinds: &[&str]| json!({ "properties": { "type": { "enum": kinds } } });
    json!({
        "type": "object", "additionalProperties": false, "required": ["type"],
        "properties": {
            "type": { "enum": parameter::TYPES },
            "about": text("For the model; what it is.", json!({ "maxLength": 200 })),
            "min": { "description": "The least value, or the least length of a text.", "type": "number" },
            "max": { "description": format!("The largest value, or the largest length of a text (at most {LONGEST_EVER})."), "type": "number" },
            "default": { "description": "What is asked when it is left out.", "type": ["string", "number", "boolean"] },
            "optional": { "description": "It may be left out, and is then not sent (SQL: null).", "type": "boolean" },
            "enum": texts.clone(),
            "id_prefix": texts,
            "as": { "description": "How a moment is sent.", "enum": FORMS },
        },
        "dependentSchemas": {
            "min": is(&["string", "integer", "number"]), "max": is(&["string", "integer", "number"]),
            "enum": is(&["string"]), "id_prefix": is(&["string"]), "as": is(&["moment"]),
            "default": { "not": { "required": ["optional"], "properties": { "optional": { "const": true } } } },
        },
    })
}

fn one_column() -> Value {
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "at": text("JSON pointer into the row; the column's own name unless given.", json!({ "pattern": POINTER })),
            "type": { "enum": column::TYPES },
            "currency": text("Where the currency stands (\"/currency\"), or which it is (\"EUR\").",
                json!({ "pattern": "^(/.+|[A-Za-z]{3})$" })),
        },
        "if": { "required": ["type"], "properties": { "type": { "const": "money" } } },
        "then": { "required": ["currency"] },
        "else": { "not": { "required": ["currency"] } },
    })
}
