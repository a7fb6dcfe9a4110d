//! What was deployed: migrations of the database, and edge functions.

use super::{FUNCTIONS, MIGRATIONS, Supabase};
use crate::capability::{Answered, Deployments};
use crate::words::Deployment;
use crate::{Found, Moment, Stopped};
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{FailureKind, Foreign};
use serde::Deserialize;

/// `GET …/database/migrations`: their versions, which are the times they were written at.
#[derive(Deserialize)]
struct Migration {
    version: String,
    name: Option<String>,
}

/// `GET …/functions`.
#[derive(Deserialize)]
struct Function {
    slug: String,
    status: String,
    version: u64,
    /// Milliseconds since 1970.
    updated_at: f64,
}

#[async_trait]
impl Deployments for Supabase {
    /// Two requests; SQL instead of the first where the token may not ask it.
    async fn deployments(&self, _: Option<&str>, limit: usize) -> Answered<Deployment> {
        let (migrations, functions) = future::join(self.migrations(limit), self.functions()).await;
        let mut found = match (migrations, functions) {
            (Ok(mut migrations), Ok(functions)) => {
                migrations.rows.extend(functions);
                migrations
            }
            (Ok(mut found), Err(failure)) => {
                found.stopped.get_or_insert(Stopped::Failed(failure));
                found
            }
            (Err(failure), Ok(functions)) => {
                Found { rows: functions, stopped: Some(Stopped::Failed(failure)), ..Found::default() }
            }
            (Err(failure), Err(_)) => return Err(failure),
        };
        found.rows.sort_by_key(|deployment| std::cmp::Reverse(deployment.at));
        let all = found.rows.len();
        if all > limit {
            found.rows.truncate(limit);
            found.stopped.get_or_insert(Stopped::Bound(format!("the newest {limit} of {all}")));
        }
        found.of = if found.is_whole() { u64::try_from(all).ok() } else { None };
        Ok(found)
    }
}

impl Supabase {
    async fn migrations(&self, limit: usize) -> Answered<Deployment> {
        let ask = MIGRATIONS.ask().segment(self.project.clone());
        match self.wire.read::<Vec<Migration>>(ask).await {
            Ok(reply) => {
                let migrations = reply.body.into_iter().map(|migration| {
                    let name = migration.name.filter(|name| !name.is_empty());
                    let version = [Some(migration.version.clone()), name].into_iter().flatten();
                    let at = written(&migration.version);
                    self.deployment(&version.collect::<Vec<_>>().join(" "), at, "database/migrations")
                });
                Ok(Found::all(migrations.collect())
                    .aged(reply.age)
                    .note("a migration's time is that of its version: when it was written"))
            }
            // The specification opens this address to some partners alone; Supabase's own server asks it with any token.
            Err(failure) if matches!(failure.kind, FailureKind::Denied | FailureKind::NotFound) => {
                self.sql.migrations(limit).await.map_err(|_| failure)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn functions(&self) -> Result<Vec<Deployment>, prodview_guard::Failure> {
        let functions =
            self.wire.read::<Vec<Function>>(FUNCTIONS.ask().segment(self.project.clone())).await?.body;
        let told = |function: Function| {
            let state = match function.status.as_str() {
                "ACTIVE" => "",
                "THROTTLED" => ", throttled",
                "REMOVED" => ", removed",
                _ => ", of unknown status",
            };
            let version = format!("edge function {} v{}{state}", function.slug, function.version);
            self.deployment(&version, Moment::from_epoch_ms(function.updated_at), "functions")
        };
        Ok(functions.into_iter().map(told).collect())
    }

    fn deployment(&self, version: &str, at: Option<Moment>, page: &str) -> Deployment {
        Deployment {
            source: self.name.clone(),
            version: Foreign::capped(version, 160),
            at,
            environment: None,
            new_errors: None,
            url: Some(self.page(page)),
        }
    }
}

/// `20261120091244`: the name that Supabase's own tool gives a new migration.
fn written(version: &str) -> Option<Moment> {
    let digits = version.len() == 14 && version.bytes().all(|b| b.is_ascii_digit());
    let part = |from: usize, to: usize| version.get(from..to).unwrap_or_default();
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    );
    Moment::parse(&text).filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_when_it_was_written() {
        assert_eq!(
            written("20261120091244").map(|at| at.to_string()).as_deref(),
            Some("2026-11-20T09:12:44Z")
        );
        for other in ["0001", "20261399000000", "2026112009124x"] {
            assert_eq!(written(other), None, "{other}");
        }
    }
}
