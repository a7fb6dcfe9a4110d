//! What surrounds the functions: environment variables and cron jobs.

use serde_json::{Value, json};

use crate::world::{Dice, FunctionKind, World};

/// The names, and how each value begins. The rest is thrown, so that no secret lies in the source.
const VARIABLES: &[(&str, &str)] = &[
    ("MAIL_API_KEY", "re_"),
    ("SENTRY_DSN", "https://"),
    ("SITE_URL", ""),
    ("STRIPE_SECRET_KEY", "sk_live_"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_"),
];

/// `_system/cli/queryEnvironmentVariables`: names and values. Who asks must not pass the values on.
pub(super) fn variables(world: &World) -> Vec<Value> {
    let mut dice = Dice::new(world.seed, "environment variables");
    let domain = &world.company.domain;
    let variables = VARIABLES.iter().map(|(name, start)| {
        let (id, secret) = (dice.document_id(), dice.base62(40));
        let value = match *name {
            "SITE_URL" => format!("https://{domain}"),
            "SENTRY_DSN" => {
                let project = world.projects.first().map_or("", |project| &project.id);
                format!("{start}{}@ingest.{domain}/{project}", dice.hex(32))
            }
            _ => format!("{start}{secret}"),
        };
        json!({ "_id": id, "_creationTime": ago_ms(world, 300 * 24 * 60), "name": name, "value": value })
    });
    variables.collect()
}

/// `_system/frontend/listCronJobs`: the jobs that run by themselves, each with its last run.
pub(super) fn crons(world: &World) -> Value {
    let mut dice = Dice::new(world.seed, "cron jobs");
    let own = world.functions.iter().filter(|function| {
        function.kind == FunctionKind::Action && !function.public && function.path.starts_with("jobs:")
    });
    let jobs = own.map(|function| {
        let (minutes, took) = (dice.between(20, 500), dice.between(2, 90));
        let job = function.path.split(':').next_back().unwrap_or_default();
        let (ran, next) = (ago_ms(world, minutes), ago_ms(world, minutes - 24 * 60));
        json!({
            "_id": dice.document_id(), "_creationTime": ago_ms(world, 200 * 24 * 60), "name": job,
            "cronSpec": {
                "udfPath": super::call::with_module(function.path), "udfArgs": [{}],
                "cronSchedule": { "type": "daily", "hourUTC": 2, "minuteUTC": 30 },
            },
            "state": { "type": "pending" }, "prevTs": ran * 1e6, "nextTs": next * 1e6,
            "nextRun": { "nextTs": next * 1e6, "state": { "type": "pending" } },
            "lastRun": {
                "_id": dice.document_id(), "_creationTime": ran, "name": job, "ts": ran * 1e6,
                "udfPath": super::call::with_module(function.path), "status": { "type": "success" },
                "executionTime": took,
            },
        })
    });
    Value::Array(jobs.collect())
}

/// So many minutes before the end of the world, in milliseconds.
fn ago_ms(world: &World, minutes: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit a double")]
    let at = (world.now.as_millisecond() - minutes * 60_000) as f64;
    at
}
