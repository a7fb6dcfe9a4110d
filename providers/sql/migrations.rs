//! The application's migrations, whatever tool keeps them.

use super::Sql;
use crate::capability::Answered;
use crate::words::Deployment;
use crate::{Found, Moment};
use prodview_guard::{Failure, Foreign};
use serde::Deserialize;
use serde_json::json;

/// A tool that keeps its migrations in a table: where, and the question that gets them, newest first.
struct Keeper {
    schema: Option<&'static str>,
    table: &'static str,
    sql: &'static str,
}

/// Sources: the tools' own documentation. `state` is empty where a row means that it was applied.
const KEEPERS: &[Keeper] = &[
    Keeper {
        schema: None,
        table: "_prisma_migrations",
        sql: "select migration_name as name, started_at::text as at, case when rolled_back_at is not null then 'rolled back' \
              when finished_at is null then 'failed' end as state from _prisma_migrations order by started_at desc",
    },
    Keeper {
        schema: Some("supabase_migrations"),
        table: "schema_migrations",
        sql: "select version || coalesce(' ' || name, '') as name from supabase_migrations.schema_migrations order by version desc",
    },
    Keeper {
        schema: Some("drizzle"),
        table: "__drizzle_migrations",
        sql: "select id::text || ' ' || left(hash, 12) as name, to_timestamp(created_at / 1000.0)::text as at \
              from drizzle.__drizzle_migrations order by created_at desc",
    },
    Keeper {
        schema: None,
        table: "django_migrations",
        sql: "select app || '.' || name as name, applied::text as at from django_migrations order by id desc",
    },
    Keeper {
        schema: None,
        table: "knex_migrations",
        sql: "select name, migration_time::text as at from knex_migrations order by id desc",
    },
    Keeper {
        schema: None,
        table: "flyway_schema_history",
        sql: "select coalesce(version || ' ', '') || description as name, installed_on::text as at, \
              case when not success then 'failed' end as state from flyway_schema_history order by installed_rank desc",
    },
    Keeper {
        schema: Some("public"),
        table: "schema_migrations",
        sql: "select version::text as name from public.schema_migrations order by version desc",
    },
    Keeper { schema: None, table: "alembic_version", sql: "select version_num as name from alembic_version" },
];

/// Which of the tables are there and can be read.
pub(super) const WHICH: &str = "
select n.nspname as schema, c.relname as name, pg_table_is_visible(c.oid) as visible
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relname = any ($1) and has_table_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE')";

#[derive(Deserialize)]
struct There {
    schema: String,
    name: String,
    visible: bool,
}

#[derive(Deserialize)]
struct Migration {
    name: String,
    at: Option<String>,
    state: Option<String>,
}

pub(super) async fn migrations(sql: &Sql, limit: usize) -> Answered<Deployment> {
    let Some(keeper) = keeper(sql).await? else {
        return Ok(Found::all(Vec::new()).note("no table of migrations that is known here can be read"));
    };
    let came: Found<Migration> = sql.own_rows(keeper.sql, &[], limit.clamp(1, 200)).await?;
    let told = |migration: Migration| Deployment {
        source: sql.source.to_owned(),
        version: Foreign::new(&match migration.state {
            Some(state) => format!("{} ({state})", migration.name),
            None => migration.name,
        }),
        at: migration.at.as_deref().and_then(moment),
        environment: None,
        new_errors: None,
        url: None,
    };
    sql.remarked(came.map(told)).await
}

/// The newest migration that failed or has not ended, if there is one.
pub(super) async fn failed(sql: &Sql) -> Result<Option<Foreign>, Failure> {
    let Some(keeper) = keeper(sql).await? else { return Ok(None) };
    let came: Found<Migration> = sql.own_rows(keeper.sql, &[], 50).await?;
    let failed = came.rows.into_iter().find(|migration| migration.state.as_deref() == Some("failed"));
    Ok(failed.map(|migration| Foreign::capped(&migration.name, 80)))
}

async fn keeper(sql: &Sql) -> Result<Option<&'static Keeper>, Failure> {
    let names: Vec<&str> = KEEPERS.iter().map(|keeper| keeper.table).collect();
    let there: Found<There> = sql.own_rows(WHICH, &[json!(names)], 50).await?;
    let is_there = |keeper: &&Keeper| {
        there
            .rows
            .iter()
            .any(|t| t.name == keeper.table && keeper.schema.map_or(t.visible, |schema| schema == t.schema))
    };
    Ok(KEEPERS.iter().find(is_there))
}

/// A time as the database writes it, with a space; one without a zone is taken as UTC.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let text = text.replacen(' ', "T", 1);
    // `+00` is how PostgreSQL writes UTC.
    Moment::parse(&text)
        .or_else(|| Moment::parse(&format!("{text}:00")))
        .or_else(|| Moment::parse(&format!("{text}Z")))
}

#[cfg(test)]
pub(super) fn questions() -> impl Iterator<Item = &'static str> {
    KEEPERS.iter().map(|keeper| keeper.sql).chain([WHICH])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_database_writes_them() {
        for text in ["2026-11-20 09:12:44.123+00", "2026-11-20 09:12:44", "2026-11-20 10:12:44+01:00"] {
            assert_eq!(
                moment(text).map(|m| m.to_string()).as_deref(),
                Some("2026-11-20T09:12:44Z"),
                "{text}"
            );
        }
    }
}
