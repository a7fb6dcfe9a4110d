//! The company's Supabase project, which it signs people in with: the Management API (v1) of supabase.com, as its
//! published specification and its documentation have it.

mod answer;
mod logs;
mod people;
mod project;
mod sql;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Router};
use serde_json::Value;

use crate::gate::{Ask, Voice};
use crate::record::Verdict;
use crate::world::{Dice, World};
use crate::{Service, Shared};
use answer::{Said, Wrong};

/// The project's ref: 20 lower-case letters.
pub(crate) fn project_ref(world: &World) -> String {
    let letters = Dice::new(world.seed, "the project of supabase").hex(20);
    let letter = |c: char| match c.to_digit(16) {
        Some(digit) => char::from(b'a' + u8::try_from(digit).unwrap_or_default()),
        None => 'a',
    };
    letters.chars().map(letter).collect()
}

pub(crate) struct Supabase;

impl Voice for Supabase {
    const SERVICE: Service = Service::Supabase;

    fn router(shared: Arc<Shared>) -> Router {
        Router::new().fallback(async move |Extension(ask): Extension<Ask>| {
            answer(&shared, &ask).unwrap_or_else(Wrong::response)
        })
    }

    fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response> {
        let given = ask.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        let known = given == Some(shared.keys.supabase.as_str());
        (!known).then(|| Wrong::new(StatusCode::UNAUTHORIZED, "Unauthorized").response())
    }

    fn judge(_: &Shared, ask: &Ask) -> Verdict {
        judge(ask)
    }

    fn failure(_: &Ask, status: StatusCode, message: &str) -> Response {
        Wrong::new(status, message).response()
    }
}

fn judge(ask: &Ask) -> Verdict {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (ask.is_get(), segments.as_slice()) {
        (true, ["v1", "oauth", ..]) => Verdict::Refused("it grants access"),
        // It only says whether such keys are on.
        (true, ["v1", "projects", _, "api-keys", "legacy"]) => Verdict::Read,
        (true, ["v1", "branches", _]) => Verdict::Refused("it discloses secrets"),
        (
            true,
            ["v1", "projects", _, "api-keys" | "secrets" | "pgsodium" | "postgrest" | "claim-token", ..]
            | ["v1", "projects", _, "config", "auth", ..]
            | ["v1", "projects", _, "config", "database", "pooler" | "pgbouncer"]
            | ["v1", "projects", _, "functions", _, "body"],
        ) => Verdict::Refused("it discloses secrets"),
        (true, _) => Verdict::Read,
        (false, ["v1", "projects", _, "database", "query", "read-only"]) if sql::is_select(&ask.body) => {
            Verdict::Read
        }
        (false, _) => Verdict::Refused("it is not one of the reads that travel by POST"),
    }
}

fn answer(shared: &Shared, ask: &Ask) -> Said {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["v1", "projects", project, rest @ ..] = segments.as_slice() else { return Err(Wrong::not_found()) };
    if *project != project_ref(&shared.world) {
        return Err(Wrong::new(StatusCode::FORBIDDEN, "Forbidden resource"));
    }
    let permitted = |permission: &str| match shared.is_denied(permission) {
        true => Err(Wrong::lacking(permission)),
        false => Ok(()),
    };
    match rest {
        [] => {
            permitted("project_admin_read")?;
            answer::json(&project::about(&shared.world))
        }
        ["health"] => {
            permitted("project_admin_read")?;
            project::health(&ask.pairs())
        }
        ["advisors", kind @ ("security" | "performance")] => {
            permitted("advisors_read")?;
            answer::json(&project::advice(kind))
        }
        ["database", "migrations"] => {
            permitted("database_migrations_read")?;
            answer::json(&project::migrations(&shared.world))
        }
        ["functions"] => {
            permitted("edge_functions_read")?;
            answer::json(&project::functions(&shared.world))
        }
        ["analytics", "endpoints", "logs"] => {
            permitted("analytics_logs_read")?;
            logs::logs(&shared.world, &ask.pairs(), shared.is_older(Service::Supabase))
        }
        ["database", "query", "read-only"] if !ask.is_get() => {
            permitted("database_read")?;
            let asked: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
            sql::run(&shared.world, &asked)
        }
        _ => Err(Wrong::not_found()),
    }
}

#[cfg(test)]
mod tests;
