//! Which tables there are, with which fields and indexes: declared by the application, else inferred by Convex.

use super::function::{self, is_name};
use super::{Convex, SHAPES};
use crate::looks::looks_like;
use crate::words::{Field, Table};
use prodview_guard::{ConvexQuery, Failure, FailureKind, SystemQuery};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// `_system/frontend/getSchemas`: the schema is a JSON text inside the JSON.
#[derive(Deserialize)]
struct Schemas {
    active: Option<String>,
}

/// The declared schema.
#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub(super) struct Schema {
    tables: Vec<Declared>,
}

/// One declared table.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Declared {
    table_name: String,
    indexes: Vec<Index>,
    search_indexes: Vec<SearchIndex>,
    document_type: Value,
}

/// One index. Convex adds `_creationTime` behind its fields; back ends tell it or leave it out.
#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Index {
    pub(super) index_descriptor: String,
    fields: Vec<String>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "camelCase", default)]
struct SearchIndex {
    index_descriptor: String,
    search_field: String,
}

/// A table that Convex itself keeps and lets applications read, with its fields
/// (<https://docs.convex.dev/database/advanced/system-tables>).
pub(super) const SYSTEM_TABLES: [(&str, &[(&str, &str)]); 2] = [
    ("_storage", &[("sha256", "string"), ("size", "number"), ("contentType", "string")]),
    (
        "_scheduled_functions",
        &[
            ("name", "string"),
            ("args", "array"),
            ("scheduledTime", "number"),
            ("completedTime", "number"),
            ("state", "object { kind }"),
        ],
    ),
];

impl Index {
    /// The fields that the application chose.
    pub(super) fn own_fields(&self) -> &[String] {
        match self.fields.split_last() {
            Some((last, rest)) if last == "_creationTime" => rest,
            _ => &self.fields,
        }
    }
}

impl Schema {
    pub(super) fn table(&self, name: &str) -> Option<&Declared> {
        self.tables.iter().find(|table| table.table_name == name)
    }
}

impl Declared {
    pub(super) fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    /// Whether a field is declared as an int64, which JSON writes as text.
    pub(super) fn is_int64(&self, field: &str) -> bool {
        let kind = self.document_type.pointer(&format!("/value/{field}/fieldType"));
        kind.is_some_and(|kind| {
            let bigint = |kind: &Value| kind.get("type").is_some_and(|t| t == "bigint");
            let options = kind.get("value").and_then(Value::as_array);
            bigint(kind) || options.is_some_and(|options| options.iter().any(bigint))
        })
    }

    fn told(&self) -> Table {
        let mut indexes: Vec<String> = Vec::new();
        for index in self.indexes.iter().filter(|index| is_name(&index.index_descriptor)) {
            let fields: Vec<&str> =
                index.own_fields().iter().map(String::as_str).filter(|f| is_path(f)).collect();
            indexes.push(format!("{} ({})", index.index_descriptor, fields.join(", ")));
        }
        let search = |index: &&SearchIndex| is_name(&index.index_descriptor) && is_path(&index.search_field);
        for index in self.search_indexes.iter().filter(search) {
            indexes.push(format!("{} (search in {})", index.index_descriptor, index.search_field));
        }
        Table {
            name: self.table_name.clone(),
            fields: declared_fields(&self.document_type),
            indexes,
            ..Table::default()
        }
    }
}

impl Convex {
    /// The declared schema; empty when there is none or the back end does not tell. One request, often from the cache.
    pub(super) async fn schema(&self) -> Result<(Schema, Option<Duration>), Failure> {
        let query = ConvexQuery::system(SystemQuery::Schemas, json!({}));
        let given = match function::call::<Schemas>(&self.wire, query).await {
            Ok(given) => given,
            Err(failure) if failure.is_not_found() => return Ok((Schema::default(), None)),
            Err(failure) => return Err(failure),
        };
        let Some(text) = given.value.and_then(|schemas| schemas.active) else {
            return Ok((Schema::default(), given.age));
        };
        let schema = serde_json::from_str(&text)
            .map_err(|e| Failure::odd(format!("the schema is not understood at column {}", e.column())))?;
        Ok((schema, given.age))
    }

    /// One table: as declared, else as Convex inferred it from the rows. One or two requests.
    pub(super) async fn table_of(&self, name: &str) -> Result<Table, Failure> {
        if let Some((name, fields)) = SYSTEM_TABLES.iter().find(|(table, _)| *table == name) {
            let fields = fields.iter().map(|(name, kind)| field(name, (*kind).to_owned(), false)).collect();
            return Ok(Table { name: (*name).to_owned(), fields, ..Table::default() });
        }
        if !is_name(name) || name.starts_with('_') {
            return Err(no_table());
        }
        let (schema, _) = self.schema().await?;
        let declared = schema.table(name).map(Declared::told);
        if let Some(table) = declared.as_ref().filter(|table| !table.fields.is_empty()) {
            return Ok(table.clone());
        }
        let shapes = self.wire.read::<Value>(SHAPES.ask()).await?;
        match (shapes.body.get(name), declared) {
            (Some(shape), declared) => {
                let indexes = declared.map(|table| table.indexes).unwrap_or_default();
                Ok(Table {
                    name: name.to_owned(),
                    fields: inferred_fields(shape),
                    indexes,
                    ..Table::default()
                })
            }
            (None, Some(table)) => Ok(table),
            (None, None) => Err(no_table()),
        }
    }
}

pub(super) fn no_table() -> Failure {
    Failure::new(FailureKind::NotFound, "no such table").hint("there is no table of that name")
}

/// The fields of a validator as the schema writes it. A union of objects has the fields of all of them; what not
/// every one of them needs is optional.
fn declared_fields(document: &Value) -> Vec<Field> {
    let options: Vec<&Value> = match document.get("type").and_then(Value::as_str) {
        Some("union") => {
            document.get("value").and_then(Value::as_array).map(|v| v.iter().collect()).unwrap_or_default()
        }
        _ => vec![document],
    };
    let mut fields: Vec<(Field, usize)> = Vec::new();
    for option in &options {
        for (name, declared) in option.get("value").and_then(Value::as_object).into_iter().flatten() {
            let optional = declared.get("optional").is_some_and(|o| o == true);
            let kind = declared.get("fieldType").map(|kind| declared_kind(kind, 0)).unwrap_or_default();
            match fields.iter_mut().find(|(field, _)| field.name == *name) {
                Some((known, seen)) => {
                    known.optional |= optional;
                    *seen += 1;
                    if known.kind != kind && known.kind.len() + kind.len() < MAX_KIND {
                        known.kind = format!("{} | {kind}", known.kind);
                    }
                }
                None if is_name(name) => fields.push((field(name, kind, optional), 1)),
                None => {}
            }
        }
    }
    let all = options.len();
    fields
        .into_iter()
        .map(|(field, seen)| Field { optional: field.optional || seen < all, ..field })
        .collect()
}

/// The longest description of a type.
const MAX_KIND: usize = 160;
/// How deep a description goes.
const MAX_DEPTH: usize = 3;

/// A validator in short words: `string`, `id of users`, `array of string`, `"active" | "locked"`.
fn declared_kind(kind: &Value, depth: usize) -> String {
    if depth > MAX_DEPTH {
        return "…".to_owned();
    }
    let value = kind.get("value");
    let told = match kind.get("type").and_then(Value::as_str).unwrap_or_default() {
        "id" => id_of(kind),
        "array" => {
            format!("array of {}", value.map_or_else(|| "any".to_owned(), |v| declared_kind(v, depth + 1)))
        }
        "literal" => literal(value.unwrap_or(&Value::Null)),
        "union" => {
            let options = value.and_then(Value::as_array).into_iter().flatten();
            joined(options.map(|option| declared_kind(option, depth + 1)))
        }
        "object" => {
            object_of(value.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()))
        }
        "record" => "record".to_owned(),
        "bigint" => "int64".to_owned(),
        plain @ ("string" | "number" | "boolean" | "null" | "bytes" | "any") => plain.to_owned(),
        _ => "other".to_owned(),
    };
    shortened(told)
}

/// The fields of an inferred shape. What the rows taught Convex says nothing certain about rows to come.
fn inferred_fields(shape: &Value) -> Vec<Field> {
    let listed = shape.get("fields").and_then(Value::as_array).into_iter().flatten();
    listed
        .filter_map(|listed| {
            let name = listed.get("fieldName")?.as_str()?;
            let system = matches!(name, "_id" | "_creationTime");
            let kind = listed.get("shape").map(|shape| inferred_kind(shape, 0)).unwrap_or_default();
            let optional = listed.get("optional").is_some_and(|o| o == true);
            (is_name(name) && !system).then(|| field(name, kind, optional))
        })
        .collect()
}

fn inferred_kind(shape: &Value, depth: usize) -> String {
    if depth > MAX_DEPTH {
        return "…".to_owned();
    }
    let told = match shape.get("type").and_then(Value::as_str).unwrap_or_default() {
        "Id" => id_of(shape),
        "String" => "string".to_owned(),
        "Float64" => "number".to_owned(),
        "Int64" => "int64".to_owned(),
        "Boolean" => "boolean".to_owned(),
        "Null" => "null".to_owned(),
        "Bytes" => "bytes".to_owned(),
        "Record" => "record".to_owned(),
        "Array" => {
            format!(
                "array of {}",
                shape.get("shape").map_or_else(|| "any".to_owned(), |s| inferred_kind(s, depth + 1))
            )
        }
        "Union" => {
            let options = shape.get("shapes").and_then(Value::as_array).into_iter().flatten();
            joined(options.map(|option| inferred_kind(option, depth + 1)))
        }
        "Object" => {
            let fields = shape.get("fields").and_then(Value::as_array).into_iter().flatten();
            object_of(fields.filter_map(|field| field.get("fieldName")?.as_str()))
        }
        _ => "any".to_owned(),
    };
    shortened(told)
}

fn field(name: &str, kind: String, optional: bool) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        optional,
        key: None,
        looks_like: looks_like(name).map(str::to_owned),
    }
}

fn id_of(kind: &Value) -> String {
    match kind.get("tableName").and_then(Value::as_str).filter(|table| is_name(table)) {
        Some(table) => format!("id of {table}"),
        None => "id".to_owned(),
    }
}

/// A literal of the schema. Its text was written by the developers; what does not look like a word is left out.
fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
            if text.len() <= 40 && text.chars().all(plain) {
                format!("\"{text}\"")
            } else {
                "\"…\"".to_owned()
            }
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => "literal".to_owned(),
    }
}

fn object_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.filter(|name| is_name(name)).take(8).collect();
    if names.is_empty() { "object".to_owned() } else { format!("object {{ {} }}", names.join(", ")) }
}

fn joined(options: impl Iterator<Item = String>) -> String {
    let mut told: Vec<String> = Vec::new();
    for option in options {
        if !told.contains(&option) {
            told.push(option);
        }
    }
    told.join(" | ")
}

/// Every part is ASCII but for our own `…`, so a cut at a character is a cut between words at worst.
fn shortened(told: String) -> String {
    match told.char_indices().nth(MAX_KIND) {
        Some((end, _)) => format!("{}…", told.get(..end).unwrap_or_default()),
        None => told,
    }
}

/// A field of an index: a name, or names joined by dots.
fn is_path(text: &str) -> bool {
    text.split('.').all(is_name)
}

#[cfg(test)]
mod tests;
