//! How much one source may be asked: so many at once, so many a second, and nothing while it asks us to wait.

use crate::{Failure, FailureKind, deadline};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One of so many at once, until it is dropped.
pub(crate) type Turn = OwnedSemaphorePermit;

/// The limits of one source.
pub(crate) struct Budget {
    at_once: Arc<Semaphore>,
    rate: DefaultDirectRateLimiter,
    /// Until when the provider asked us to stay away.
    quiet_until: Mutex<Option<Instant>>,
}

impl Budget {
    pub(crate) fn new(at_once: usize, per_second: NonZeroU32) -> Budget {
        Budget {
            at_once: Arc::new(Semaphore::new(at_once.max(1))),
            rate: RateLimiter::direct(Quota::per_second(per_second)),
            quiet_until: Mutex::new(None),
        }
    }

    /// Waits for a turn. Fails at once with `Limited` when the turn would come after the deadline.
    pub(crate) async fn turn(&self) -> Result<Turn, Failure> {
        let wait = self.quiet_for();
        if wait > deadline::remaining() {
            return Err(Failure::new(
                FailureKind::Limited { retry_after: Some(wait) },
                "the provider asked to wait",
            ));
        }
        let turn = async {
            // Even a sleep of no time lasts until the timer's next tick: a millisecond on every request.
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            let permit = Arc::clone(&self.at_once).acquire_owned().await;
            self.rate.until_ready().await;
            permit
        };
        match tokio::time::timeout(deadline::remaining(), turn).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(Failure::new(FailureKind::Unreachable, closed.to_string())),
            Err(_) => Err(Failure::new(FailureKind::Timeout, "no turn within the deadline")
                .hint("prodview was still waiting for its turn at this source")),
        }
    }

    /// The provider asked us to wait this long.
    pub(crate) fn be_quiet(&self, wait: Duration) {
        if let Ok(mut until) = self.quiet_until.lock() {
            let asked = Instant::now() + wait.min(Duration::from_secs(600));
            *until = until.map_or(Some(asked), |until| Some(until.max(asked)));
        }
    }

    fn quiet_for(&self) -> Duration {
        let until = self.quiet_until.lock().ok().and_then(|until| *until);
        until.map_or(Duration::ZERO, |t| t.saturating_duration_since(Instant::now()))
    }
}
