//! The demo's world as tables of PostgreSQL: the same people, payments and incidents, in the way an application with
//! SQL would keep them. Names are in snake case, times are `timestamptz`, documents' ids stay as they are.

use prodview_demo::World;
use prodview_demo::world::{Field, Table};
use serde_json::Value;
use std::fmt::Write;

/// The statements that make and fill the tables.
pub fn sql(world: &World) -> String {
    let mut sql = String::new();
    for (name, table) in &world.tables {
        let name = snake(name);
        let columns: Vec<String> = table.fields.iter().map(column).collect();
        writeln!(
            sql,
            "create table {name} (id text primary key, created_at timestamptz not null, {});",
            columns.join(", ")
        )
        .unwrap();
        for rows in table.rows.chunks(200) {
            let rows: Vec<String> = rows.iter().map(|row| values(table, row)).collect();
            writeln!(sql, "insert into {name} values {};", rows.join(",\n")).unwrap();
        }
        for index in &table.indexes {
            let columns: Vec<String> = index.fields.iter().map(|field| snake(field)).collect();
            writeln!(sql, "create index {name}_{} on {name} ({});", index.name, columns.join(", ")).unwrap();
        }
        writeln!(sql, "create index {name}_made on {name} (created_at); analyze {name};").unwrap();
    }
    sql
}

/// The demo's configuration with the database, as `db`, in the place of Convex.
pub fn toml(demo_toml: &str, url: &str) -> String {
    let (before, rest) = demo_toml.split_once("[sources.convex]").unwrap();
    let (_, app) = rest.split_once("\n\n[app.users]").map(|(a, b)| (a, format!("[app.users]{b}"))).unwrap();
    let mut toml = format!("{before}[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n\n");
    for line in app.lines() {
        let line = match line.split_once(" = ") {
            Some(("query", _)) => continue,
            Some(("source", _)) => "source = \"db\"".to_owned(),
            Some((key, value)) => format!("{key} = {}", renamed(key, value)),
            None => line.to_owned(),
        };
        toml.push_str(&line);
        toml.push('\n');
    }
    toml
}

/// A question about the demo's documents, asked of these tables.
pub fn asked(mut ask: Value) -> Value {
    if let Some(table) = ask["table"].as_str().map(snake) {
        ask["table"] = Value::String(table);
    }
    ask
}

/// The names of fields inside a value of the configuration.
fn renamed(key: &str, value: &str) -> String {
    if key == "metadata" {
        return value.to_owned();
    }
    let parts: Vec<String> = value
        .split('"')
        .enumerate()
        .map(|(n, part)| if n % 2 == 1 { field(part) } else { part.to_owned() })
        .collect();
    parts.join("\"")
}

/// What a field of a document is called as a column.
pub fn field(name: &str) -> String {
    match name {
        "_id" => "id".to_owned(),
        "_creationTime" => "created_at".to_owned(),
        other => snake(other),
    }
}

pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn is_time(field: &Field) -> bool {
    field.kind == "number" && (field.name.ends_with("At") || field.name.to_lowercase().ends_with("until"))
}

fn column(field: &Field) -> String {
    let kind = match field.kind {
        _ if is_time(field) => "timestamptz",
        "number" => "bigint",
        "boolean" => "boolean",
        "any" => "jsonb",
        _ => "text",
    };
    format!("\"{}\" {kind}{}", snake(field.name), if field.optional { "" } else { " not null" })
}

fn values(table: &Table, row: &Value) -> String {
    let mut cells = vec![literal(&row["_id"], false), literal(&row["_creationTime"], true)];
    cells.extend(table.fields.iter().map(|field| literal(&row[field.name], is_time(field))));
    format!("({})", cells.join(", "))
}

fn literal(value: &Value, time: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Number(ms) if time => format!("to_timestamp({} / 1000.0)", ms.as_f64().unwrap()),
        Value::Number(number) => number.as_f64().map(|n| format!("{n:.0}")).unwrap(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => format!("'{}'", other.to_string().replace('\'', "''")),
    }
}
