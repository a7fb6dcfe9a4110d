//! How long a whole tool call may take; every request inside it looks here before it waits.

use std::time::{Duration, Instant};

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs `work` with a deadline that every [`Wire`](crate::Wire) inside it obeys. It is a limit on waiting, not on
/// the work itself: when it strikes, open requests end as timeouts and `work` goes on with what it has.
/// A deadline inside another one can only be shorter.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(Instant::now() + limit.min(remaining()), work).await
}

/// What is left; an hour when nobody set a deadline.
pub fn remaining() -> Duration {
    DEADLINE
        .try_with(|end| end.saturating_duration_since(Instant::now()))
        .unwrap_or(Duration::from_secs(3_600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_inner_deadline_is_never_longer() {
        within(Duration::from_secs(1), async {
            within(Duration::from_secs(60), async { assert!(remaining() <= Duration::from_secs(1)) }).await;
            assert!(remaining() > Duration::from_millis(900));
        })
        .await;
        assert!(remaining() > Duration::from_secs(3_000));
    }
}
