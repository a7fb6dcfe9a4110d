//! Settings that matter: what Supabase's own advisors found, and row security, policies and grants by SQL.

use super::{PERFORMANCE, SECURITY, Supabase};
use crate::capability::{Answered, Settings};
use crate::words::Setting;
use crate::{Found, Stopped};
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{Failure, Foreign, Route};
use serde::Deserialize;

/// Pieces of advice told of at once, of each kind.
const MOST: usize = 100;

#[derive(Deserialize)]
struct Advice {
    lints: Vec<Lint>,
}

#[derive(Deserialize)]
struct Lint {
    name: String,
    level: String,
    #[serde(default)]
    metadata: Option<About>,
}

#[derive(Deserialize, Default)]
struct About {
    schema: Option<String>,
    name: Option<String>,
    entity: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[async_trait]
impl Settings for Supabase {
    /// Two requests, and SQL.
    async fn settings(&self) -> Answered<Setting> {
        let (security, performance, database) =
            future::join3(self.advice(SECURITY), self.advice(PERFORMANCE), self.sql.settings()).await;
        let mut failures = Vec::new();
        let mut all = Found::<Setting>::default();
        for (kind, advice) in [("security advice", security), ("performance advice", performance)] {
            match advice {
                Ok(mut lints) => {
                    lints.sort_by_key(|lint| lint.rank());
                    if lints.len() > MOST {
                        all.notes
                            .push(format!("{} pieces of {kind}: the first {MOST}, worst first", lints.len()));
                    }
                    all.rows.extend(lints.iter().take(MOST).map(|lint| lint.told(&self.name, kind)));
                }
                Err(failure) => failures.push(failure),
            }
        }
        match database {
            Ok(found) => {
                all.rows.extend(found.rows);
                all.notes.extend(found.notes);
                all.stopped = found.stopped;
            }
            Err(failure) => failures.push(failure),
        }
        if failures.len() == 3 {
            return Err(failures.swap_remove(0));
        }
        all.stopped = all.stopped.or_else(|| failures.into_iter().next().map(Stopped::Failed));
        all.of = if all.is_whole() { u64::try_from(all.rows.len()).ok() } else { None };
        Ok(all)
    }
}

impl Supabase {
    async fn advice(&self, of: Route) -> Result<Vec<Lint>, Failure> {
        Ok(self.wire.read::<Advice>(of.ask().segment(self.project.clone())).await?.body.lints)
    }
}

impl Lint {
    fn rank(&self) -> u8 {
        match self.level.as_str() {
            "ERROR" => 0,
            "WARN" => 1,
            _ => 2,
        }
    }

    /// `rls_disabled_in_public`: `error, public.orders (table)`.
    fn told(&self, source: &str, kind: &str) -> Setting {
        let about = self.metadata.as_ref();
        let named = about.and_then(|about| match (&about.schema, &about.name) {
            (Some(schema), Some(name)) => Some(format!("{schema}.{name}")),
            (_, name) => name.clone().or_else(|| about.entity.clone()),
        });
        let what = about.and_then(|about| about.kind.as_deref()).map(|kind| format!(" ({kind})"));
        let mut value = self.level.to_lowercase();
        if let Some(named) = named {
            value = format!("{value}, {named}{}", what.unwrap_or_default());
        }
        Setting {
            source: source.to_owned(),
            kind: kind.to_owned(),
            name: Foreign::capped(&self.name, 80),
            value: Some(Foreign::capped(&value, 200)),
        }
    }
}
