//! Settings that matter when something is wrong: the names of environment variables, and the cron jobs.

use super::Convex;
use super::function::{self, Given};
use crate::capability::{Answered, Settings};
use crate::words::Setting;
use crate::{Found, Stopped};
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{ConvexQuery, Failure, FailureKind, Foreign, SystemQuery};
use serde::Deserialize;
use serde_json::{Value, json};

/// One environment variable. It has no field for the value.
#[derive(Deserialize)]
struct Variable {
    name: String,
}

/// One cron job. It has no field for its arguments, which the application chose.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CronJob {
    name: Option<String>,
    cron_spec: Option<CronSpec>,
    last_run: Option<CronRun>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CronSpec {
    udf_path: Option<String>,
    cron_schedule: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CronRun {
    status: Option<RunStatus>,
    /// Nanoseconds since 1970: an int64, which travels as text.
    ts: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RunStatus {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[async_trait]
impl Settings for Convex {
    /// Two requests, at once. A key without the permission for environment variables, which is the better key,
    /// gets the cron jobs and a note.
    async fn settings(&self) -> Answered<Setting> {
        // The reply holds the values too, so it is not cached.
        let variables = ConvexQuery::system(SystemQuery::EnvironmentVariables, json!({}));
        let jobs = ConvexQuery::system(SystemQuery::CronJobs, json!({}));
        let (variables, jobs) = future::join(
            function::call_fresh::<Vec<Variable>>(&self.wire, variables),
            function::call::<Vec<CronJob>>(&self.wire, jobs),
        )
        .await;
        if let (Err(failure), Err(_)) = (&jobs, &variables) {
            return Err(failure.clone());
        }
        let mut found = Found::<Setting>::default();
        match variables {
            Ok(given) => self.take(&mut found, given, |source, variable| Setting {
                source,
                kind: "environment variable".to_owned(),
                name: Foreign::new(&variable.name),
                value: None,
            }),
            Err(failure) => without(&mut found, "the names of environment variables", failure),
        }
        match jobs {
            Ok(given) => self.take(&mut found, given, |source, job| job.told(source)),
            Err(failure) => without(&mut found, "the cron jobs", failure),
        }
        found.of = found.stopped.is_none().then(|| u64::try_from(found.rows.len()).ok()).flatten();
        Ok(found)
    }
}

impl Convex {
    fn take<T>(&self, found: &mut Found<Setting>, given: Given<Vec<T>>, tell: impl Fn(String, T) -> Setting) {
        found.age = found.age.max(given.age);
        found
            .rows
            .extend(given.value.unwrap_or_default().into_iter().map(|one| tell(self.name.clone(), one)));
    }
}

fn without(found: &mut Found<Setting>, what: &str, failure: Failure) {
    match failure.kind {
        FailureKind::Denied => found.notes.push(format!("the deploy key may not see {what}")),
        FailureKind::NotFound => found.notes.push(format!("this back end does not list {what}")),
        _ => found.stopped = Some(Stopped::Failed(failure)),
    }
}

impl CronJob {
    fn told(self, source: String) -> Setting {
        let spec = self.cron_spec.unwrap_or_default();
        let mut facts = vec![schedule(&spec.cron_schedule)];
        facts.extend(spec.udf_path.map(|path| format!("runs {path}")));
        facts.push(match self.last_run {
            Some(run) => run.told(),
            None => "never ran".to_owned(),
        });
        facts.retain(|fact| !fact.is_empty());
        Setting {
            source,
            kind: "cron job".to_owned(),
            name: Foreign::new(self.name.as_deref().unwrap_or("(no name)")),
            value: Some(Foreign::new(&facts.join(", "))),
        }
    }
}

impl CronRun {
    fn told(&self) -> String {
        let status = match self.status.as_ref().and_then(|status| status.kind.as_deref()).unwrap_or_default()
        {
            "success" => "succeeded",
            "err" => "failed",
            "canceled" => "was canceled",
            _ => "ended",
        };
        let ns = self.ts.as_i64().or_else(|| self.ts.as_str().and_then(|text| text.parse().ok()));
        match ns.and_then(|ns| crate::Moment::from_epoch_s(ns / 1_000_000_000)) {
            Some(at) => format!("last run {status} at {at}"),
            None => format!("last run {status}"),
        }
    }
}

/// `every 300 s`, `hourly at :15`, `daily at 16:00`, `weekly …`, `cron 0 8 * * *`, all in UTC.
fn schedule(schedule: &Value) -> String {
    let number = |key: &str| {
        let value = schedule.get(key)?;
        value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
    };
    let two = |key: &str| number(key).map_or_else(|| "??".to_owned(), |n| format!("{n:02}"));
    match schedule.get("type").and_then(Value::as_str).unwrap_or_default() {
        "interval" => number("seconds").map(|s| format!("every {s} s")).unwrap_or_default(),
        "hourly" => format!("hourly at minute {}", two("minuteUTC")),
        "daily" => format!("daily at {}:{} UTC", two("hourUTC"), two("minuteUTC")),
        "weekly" => {
            let day = schedule.get("dayOfWeek").and_then(Value::as_str).unwrap_or("one day");
            format!("weekly on {day} at {}:{} UTC", two("hourUTC"), two("minuteUTC"))
        }
        "monthly" => format!("monthly on day {} at {}:{} UTC", two("day"), two("hourUTC"), two("minuteUTC")),
        "cron" => match schedule.get("cronExpr").and_then(Value::as_str) {
            Some(expression) => format!("cron {expression} (UTC)"),
            None => "cron".to_owned(),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_only_its_name() {
        let listed = json!([{ "_id": "x", "name": "STRIPE_KEY", "value": "hidden", "_creationTime": 1.0 }]);
        let variables: Vec<Variable> = serde_json::from_value(listed).unwrap();
        assert_eq!(variables[0].name, "STRIPE_KEY");
    }

    #[test]
    fn a_cron_job_tells_when_and_how_it_last_ran() {
        let job: CronJob = serde_json::from_value(json!({
            "_id": "j57", "name": "expire passes",
            "cronSpec": { "udfPath": "passes.js:expire", "udfArgs": "W10=",
                          "cronSchedule": { "type": "daily", "hourUTC": "4", "minuteUTC": "0" } },
            "lastRun": { "ts": "1763629964123000000", "status": { "type": "err", "error": "secret text" } },
            "nextRun": { "nextTs": "1763716364123000000", "state": { "type": "pending" } },
        }))
        .unwrap();
        let told = job.told("convex".to_owned());
        assert_eq!(
            told.value.unwrap().as_str(),
            "daily at 04:00 UTC, runs passes.js:expire, last run failed at 2025-11-20T09:12:44Z"
        );
    }

    #[test]
    fn an_unknown_schedule_or_an_older_shape_is_no_failure() {
        for odd in [
            json!({}),
            json!({ "name": "x", "cronSpec": { "cronSchedule": { "type": "lunar" } }, "lastRun": null }),
        ] {
            let job: CronJob = serde_json::from_value(odd).unwrap();
            assert_eq!(job.told("convex".to_owned()).value.unwrap().as_str(), "never ran");
        }
        assert_eq!(schedule(&json!({ "type": "interval", "seconds": 300 })), "every 300 s");
        assert_eq!(schedule(&json!({ "type": "cron", "cronExpr": "0 8 * * 1" })), "cron 0 8 * * 1 (UTC)");
    }
}
