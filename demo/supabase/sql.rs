//! The few questions in SQL that this stand-in can answer. It has no engine and starts no database: a statement is
//! recognised by the relations it reads, in the form in which prodview asks, and its rows are made from the world.
//!
//! | it reads | it is taken for | answered with |
//! |---|---|---|
//! | `auth.users` by `u.id = $1`, `u.email = $1` or `lower(u.email) = $1` | a look-up of a person | the world's people |
//! | `supabase_migrations.schema_migrations` | the migrations | the same two as `…/database/migrations` |
//! | `pg_roles` and `row_functions` | what the role may do | `supabase_read_only_user`, which only reads |
//! | `pg_stat_activity` | the database's health | a quiet database |
//! | `pg_class` | tables, migrations' tables, row security and grants | what those two tables need |
//! | `pg_policies` | policies | none |
//!
//! Everything else is an error of the database in the real one's form. Tests of SQL itself use real PostgreSQL.

use serde_json::{Value, json};

use super::answer::{self, Said, Wrong};
use super::{people, project};
use crate::world::World;

/// Whether the body asks for a statement that begins as a read.
pub(super) fn is_select(body: &[u8]) -> bool {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = asked.get("query").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let first = text.split_whitespace().next().unwrap_or_default();
    matches!(first, "select" | "with" | "values" | "explain")
}

pub(super) fn run(world: &World, asked: &Value) -> Said {
    let text = asked.get("query").and_then(Value::as_str).unwrap_or_default();
    let param = |n: usize| asked.pointer(&format!("/parameters/{n}")).and_then(Value::as_str);
    // However it is spaced, quoted and named: only what it reads counts.
    let plain = text.to_lowercase().replace('"', "").replace(" as ", " ");
    let plain: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
    let reads = |relation: &str| plain.contains(&relation.replace(' ', ""));
    let rows: Vec<Value> = if reads("from auth.users u where") {
        let wanted = param(0).unwrap_or_default();
        let column = if reads("u.id = $1") { "id" } else { "email" };
        people::all(world).filter(|row| row.get(column).and_then(Value::as_str) == Some(wanted)).collect()
    } else if reads("from supabase_migrations.schema_migrations") {
        let name = |(version, name): (String, &str)| json!({ "name": format!("{version} {name}") });
        project::history(world).into_iter().rev().map(name).collect()
    } else if reads("row_functions") {
        vec![role()]
    } else if reads("pg_catalog.pg_stat_activity") {
        vec![quiet()]
    } else if reads("pg_catalog.pg_policies") || reads("aclexplode(") || reads("c.relrowsecurity") {
        Vec::new()
    } else if reads("c.relname = any ($1)") {
        vec![json!({ "schema": "supabase_migrations", "name": "schema_migrations", "visible": false })]
    } else if reads("c.relname = $1") {
        Vec::new()
    } else if reads("from pg_catalog.pg_class c") {
        let table = |schema: &str, name: &str, rows: usize| json!({ "schema": schema, "name": name, "kind": "r", "rows": rows, "visible": false, "readable": true, "there": 2, "all_readable": 2 });
        vec![
            table("auth", "users", people::all(world).count()),
            table("supabase_migrations", "schema_migrations", project::history(world).len()),
        ]
    } else {
        let why = "this stand-in for Supabase has no engine for SQL and does not know this question";
        return Err(Wrong::sql("0A000", why));
    };
    // What was asked for is each row as a text of JSON, and how many there are.
    if !text.starts_with("SELECT json, held FROM") {
        return answer::created(rows);
    }
    let held = rows.len();
    answer::created(rows.into_iter().map(|row| json!({ "json": row.to_string(), "held": held })).collect())
}

fn role() -> Value {
    json!({
        "name": "supabase_read_only_user", "superuser": false, "replication": false, "createrole": false,
        "createdb": false, "bypassrls": true, "version": "15.8", "replica": false, "memberships": [], "writable": [],
        "owned": [], "sequences": [], "schemas": [], "create_schema": false, "foreign_servers": [],
        "definer": [], "row_functions": [], "row_casts": false, "rls": false,
    })
}

fn quiet() -> Value {
    json!({
        "connections": 9, "seen": 9, "allowed": 57, "blocked": 0, "blocked_s": null, "long_queries": 0,
        "idle_transactions": 0, "replica": false, "replica_lag_s": null, "replicas": 0, "lag_s": null, "idle_slots": 0,
        "oldest_xid": 1_200_000, "invalid_indexes": 0, "bytes": 12_345_678,
    })
}
