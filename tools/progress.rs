//! How far a call is, for clients that asked to be told.

use std::sync::Arc;

/// One step: so many of so many sources have answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Sources that have answered.
    pub done: usize,
    /// Sources asked.
    pub total: usize,
    /// The one that answered last, or what begins.
    pub what: String,
}

/// Receives steps. Must not block.
pub type Listener = Arc<dyn Fn(Step) + Send + Sync>;

tokio::task_local! {
    static LISTENER: Listener;
}

/// Runs `work` and tells `listener` how far it is.
pub async fn told_to<T>(listener: Listener, work: impl Future<Output = T>) -> T {
    LISTENER.scope(listener, work).await
}

/// Tells the listener, if there is one.
pub(crate) fn report(done: usize, total: usize, what: &str) {
    let _ = LISTENER.try_with(|listener| listener(Step { done, total, what: what.to_owned() }));
}
