//! What the application declares: tables, fields, indexes, functions, in the three forms that Convex tells them.

use serde_json::{Map, Value, json};

use super::app::{declared, kind_name};
use crate::world::{Field, FunctionKind, Table, World};

/// The ends of every document.
const SYSTEM_FIELDS: [(&str, &str); 2] = [("_creationTime", "number"), ("_id", "id:")];

/// `_system/frontend/getSchemas`: the active schema is JSON within a text.
pub(super) fn schemas(world: &World) -> Value {
    let tables = world.tables.iter().map(|(name, table)| {
        let indexes = table.indexes.iter().map(|index| {
            json!({ "indexDescriptor": index.name, "fields": with_creation_time(index.fields) })
        });
        let fields = table.fields.iter().map(|field| {
            let declared = json!({ "fieldType": validator(field.kind), "optional": field.optional });
            (field.name.to_owned(), declared)
        });
        json!({
            "tableName": name, "indexes": indexes.collect::<Vec<_>>(), "searchIndexes": [], "vectorIndexes": [],
            "documentType": { "type": "object", "value": fields.collect::<Map<_, _>>() },
        })
    });
    let active = json!({ "tables": tables.collect::<Vec<_>>(), "schemaValidation": true });
    json!({ "active": active.to_string() })
}

/// `GET /api/shapes2`: the shapes that the documents of each table have.
pub(super) fn shapes(world: &World) -> Value {
    let tables = world.tables.iter().map(|(name, table)| {
        if table.rows.is_empty() {
            return (name.clone(), json!({ "type": "Never" }));
        }
        let system = SYSTEM_FIELDS.map(|(field, kind)| {
            let kind = if kind == "id:" { format!("id:{name}") } else { kind.to_owned() };
            (field, kind, false)
        });
        let own = table.fields.iter().map(|field| (field.name, field.kind.to_owned(), is_optional(table, field)));
        let mut fields: Vec<_> = own.chain(system).collect();
        fields.sort();
        let fields: Vec<Value> = fields
            .iter()
            .map(|(name, kind, optional)| json!({ "fieldName": name, "optional": optional, "shape": shape(kind) }))
            .collect();
        (name.clone(), json!({ "type": "Object", "fields": fields }))
    });
    Value::Object(tables.collect())
}

/// `_system/frontend/indexes`; null for a table that does not exist.
pub(super) fn indexes(world: &World, table: &str) -> Value {
    let Some(table) = world.tables.get(table) else { return Value::Null };
    let indexes = table.indexes.iter().map(|index| {
        json!({
            "name": index.name, "fields": with_creation_time(index.fields), "staged": false,
            "backfill": { "state": "done" },
        })
    });
    indexes.collect()
}

/// `GET /api/get_indexes`: all tables at once.
pub(super) fn all_indexes(world: &World) -> Value {
    let indexes = world.tables.iter().flat_map(|(name, table)| {
        table.indexes.iter().map(move |index| {
            json!({
                "table": name, "name": index.name, "fields": with_creation_time(index.fields), "staged": false,
                "backfill": { "state": "done" },
            })
        })
    });
    json!({ "indexes": indexes.collect::<Vec<_>>() })
}

/// `_system/cli/modules:apiSpec`.
pub(super) fn functions(world: &World) -> Value {
    let functions = world.functions.iter().map(|function| {
        if function.kind == FunctionKind::HttpAction {
            return json!({ "functionType": "HttpAction", "method": "POST", "path": function.path });
        }
        let args = declared(world, function).into_iter().map(|argument| {
            let declared = json!({ "fieldType": validator(&argument.kind), "optional": argument.optional });
            (argument.name.to_owned(), declared)
        });
        json!({
            "identifier": super::call::with_module(function.path), "functionType": kind_name(function.kind),
            "visibility": { "kind": if function.public { "public" } else { "internal" } },
            "args": { "type": "object", "value": args.collect::<Map<_, _>>() }, "returns": { "type": "any" },
        })
    });
    functions.collect()
}

fn with_creation_time(fields: &[&str]) -> Vec<String> {
    fields.iter().copied().chain(["_creationTime"]).map(str::to_owned).collect()
}

fn is_optional(table: &Table, field: &Field) -> bool {
    field.optional && table.rows.iter().any(|row| row.get(field.name).is_none())
}

fn validator(kind: &str) -> Value {
    match kind.strip_prefix("id:") {
        Some(table) => json!({ "type": "id", "tableName": table }),
        None => json!({ "type": kind }),
    }
}

fn shape(kind: &str) -> Value {
    if let Some(table) = kind.strip_prefix("id:") {
        return json!({ "type": "Id", "tableName": table });
    }
    match kind {
        "string" => json!({ "type": "String" }),
        "boolean" => json!({ "type": "Boolean" }),
        "number" => json!({ "type": "Float64", "float64Range": { "hasSpecialValues": false } }),
        _ => json!({ "type": "Unknown" }),
    }
}
