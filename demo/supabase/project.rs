//! What the project says about itself: its state, its services, advice, migrations and edge functions.

use axum::http::StatusCode;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::answer::{self, Said, Wrong};
use super::project_ref;
use crate::world::{Dice, World};

/// The services that can be asked for.
const SERVICES: [&str; 8] =
    ["auth", "db", "db_postgres_user", "pooler", "realtime", "rest", "storage", "pg_bouncer"];

pub(super) fn about(world: &World) -> Value {
    let project = project_ref(world);
    json!({
        "id": project, "ref": project, "organization_id": world.company.sentry_org, "organization_slug": world.company.sentry_org,
        "name": world.company.name, "region": "eu-central-1", "created_at": ago(world, 24 * 700).to_string(),
        "status": "ACTIVE_HEALTHY",
        "database": { "host": format!("db.{project}.supabase.co"), "version": "15.8.1.085", "postgres_engine": "15", "release_channel": "ga" },
    })
}

pub(super) fn health(pairs: &[(String, String)]) -> Said {
    let asked: Vec<&str> =
        pairs.iter().filter(|(name, _)| name == "services").map(|(_, value)| value.as_str()).collect();
    if asked.is_empty() || asked.iter().any(|name| !SERVICES.contains(name)) {
        return Err(Wrong::new(StatusCode::BAD_REQUEST, "services: Invalid input"));
    }
    let one = |name: &&str| {
        let mut service = json!({ "name": name, "healthy": true, "status": "ACTIVE_HEALTHY" });
        if let (true, Some(fields)) = (*name == "auth", service.as_object_mut()) {
            let info = json!({ "name": "GoTrue", "version": "v2.180.0", "description": "GoTrue is a user registration and authentication API" });
            fields.insert("info".to_owned(), info);
        }
        service
    };
    answer::json(&Value::Array(asked.iter().map(one).collect()))
}

pub(super) fn advice(kind: &str) -> Value {
    let lint = |name: &str, level: &str, object: &str| {
        json!({
            "name": name, "title": name.replace('_', " "), "level": level, "facing": "EXTERNAL",
            "categories": [if kind == "security" { "SECURITY" } else { "PERFORMANCE" }],
            "description": "What this advice is about.", "detail": format!("`public.{object}` is what it is about."),
            "remediation": format!("https://supabase.com/docs/guides/database/database-linter?lint={name}"),
            "metadata": { "schema": "public", "name": object, "type": "table" }, "cache_key": format!("{name}_public_{object}"),
        })
    };
    let lints = match kind {
        "security" => vec![
            lint("rls_enabled_no_policy", "INFO", "invites"),
            lint("rls_disabled_in_public", "ERROR", "profiles"),
        ],
        _ => vec![lint("unindexed_foreign_keys", "INFO", "profiles")],
    };
    json!({ "lints": lints })
}

/// Two migrations: version and name.
pub(super) fn history(world: &World) -> Vec<(String, &'static str)> {
    let version = |hours: i64| ago(world, hours).strftime("%Y%m%d%H%M%S").to_string();
    vec![(version(24 * 400), "create_profiles"), (version(24 * 9), "invites")]
}

pub(super) fn migrations(world: &World) -> Value {
    let told = |(version, name): (String, &str)| json!({ "version": version, "name": name });
    Value::Array(history(world).into_iter().map(told).collect())
}

pub(super) fn functions(world: &World) -> Value {
    let id = super::people::uuid(&mut Dice::new(world.seed, "an edge function of supabase"));
    let at = |hours: i64| ago(world, hours).as_millisecond();
    json!([{
        "id": id, "slug": "send-invite", "name": "send-invite", "status": "ACTIVE", "version": 7,
        "created_at": at(24 * 300), "updated_at": at(24 * 3), "verify_jwt": true,
    }])
}

pub(super) fn ago(world: &World, hours: i64) -> Timestamp {
    world.now.checked_sub(Span::new().hours(hours)).unwrap_or(world.now)
}
