//! Does it work? The project's services by their own word, and the database by its statistics.

use super::{HEALTH, Supabase};
use crate::capability::{Answered, Health};
use crate::words::Check;
use crate::{Found, Stopped};
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::Failure;
use serde::Deserialize;
use std::time::Instant;

/// The services that are asked for, with what people call them.
const SERVICES: [(&str, &str); 6] = [
    ("auth", "sign-in"),
    ("db", "database"),
    ("pooler", "pooler"),
    ("realtime", "realtime"),
    ("rest", "REST"),
    ("storage", "storage"),
];
/// How long Supabase may take to find out, in milliseconds.
const PATIENCE_MS: u32 = 5_000;

#[derive(Deserialize)]
struct Service {
    name: String,
    status: String,
}

#[async_trait]
impl Health for Supabase {
    /// One request, and SQL.
    async fn health(&self) -> Answered<Check> {
        let (services, database) = future::join(self.services(), self.sql.health()).await;
        match (services, database) {
            (Ok(services), Ok(mut found)) => {
                found.rows.splice(0..0, services);
                found.of = u64::try_from(found.rows.len()).ok();
                Ok(found)
            }
            (Ok(services), Err(failure)) => {
                Ok(Found { rows: services, stopped: Some(Stopped::Failed(failure)), ..Found::default() })
            }
            (Err(failure), Ok(mut found)) => {
                found.stopped = Some(Stopped::Failed(failure));
                found.of = None;
                Ok(found)
            }
            (Err(failure), Err(_)) => Err(failure),
        }
    }
}

impl Supabase {
    async fn services(&self) -> Result<Vec<Check>, Failure> {
        let started = Instant::now();
        let ask = HEALTH.ask().segment(self.project.clone()).query("timeout_ms", PATIENCE_MS).fresh();
        let ask = SERVICES.iter().fold(ask, |ask, (name, _)| ask.query("services", name));
        let said: Vec<Service> = self.wire.read(ask).await?.body;
        let ms = u64::try_from(started.elapsed().as_millis()).ok();
        Ok(said.iter().filter_map(|service| self.check(service, ms)).collect())
    }

    /// What it says besides may be anybody's text, and is left out.
    fn check(&self, service: &Service, ms: Option<u64>) -> Option<Check> {
        let (_, name) = SERVICES.iter().find(|(name, _)| *name == service.name)?;
        let (ok, detail) = match service.status.as_str() {
            "ACTIVE_HEALTHY" => (true, "works"),
            "COMING_UP" => (false, "is starting"),
            "UNHEALTHY" => (false, "does not work, by Supabase's own word"),
            _ => (false, "is in a state that is not known here"),
        };
        Some(Check {
            source: self.name.clone(),
            name: (*name).to_owned(),
            ok,
            detail: Some(detail.to_owned()),
            ms,
        })
    }
}
