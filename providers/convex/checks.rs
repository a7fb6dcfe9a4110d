//! Does the deployment work? It answers, and it takes the key.

use super::{CHECK_KEY, Convex, INSTANCE_VERSION};
use crate::Found;
use crate::capability::{Answered, Health};
use crate::words::Check;
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{Failure, Wire};
use serde::de::IgnoredAny;
use std::time::{Duration, Instant};

#[async_trait]
impl Health for Convex {
    /// Two requests, at once: the server's version (which needs no key) and the key.
    async fn health(&self) -> Answered<Check> {
        let deployment = timed(answers(&self.wire));
        let key = timed(async { self.wire.read::<IgnoredAny>(CHECK_KEY.ask().fresh()).await.map(drop) });
        let ((deployment, deployment_ms), (key, key_ms)) = future::join(deployment, key).await;
        let key_ok = match key {
            // Custom back ends do not have the route: nothing is known of the key, and nothing is said.
            Err(failure) if failure.is_not_found() => None,
            other => Some(self.check("deploy key", other, key_ms)),
        };
        let checks = [Some(self.check("deployment", deployment, deployment_ms)), key_ok];
        Ok(Found::all(checks.into_iter().flatten().collect()))
    }
}

impl Convex {
    fn check(&self, name: &str, outcome: Result<(), Failure>, ms: Option<u64>) -> Check {
        Check {
            source: self.name.clone(),
            name: name.to_owned(),
            ok: outcome.is_ok(),
            detail: outcome.err().map(|failure| failure.to_string()),
            ms,
        }
    }
}

/// Whether anything answers that is neither a web page nor an error: the version is a plain word.
pub(super) async fn answers(wire: &Wire) -> Result<(), Failure> {
    wire.read_text(INSTANCE_VERSION.ask().fresh().patience(Duration::from_secs(5))).await.map(drop)
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Option<u64>) {
    let started = Instant::now();
    let outcome = work.await;
    (outcome, u64::try_from(started.elapsed().as_millis()).ok())
}
