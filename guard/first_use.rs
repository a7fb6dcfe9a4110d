//! What is found out once, at the first use of a source: those who wait together hear of a failure together.

use crate::Failure;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::OnceCell;

/// A value that is asked for once. A failure is not kept: who comes later asks again; but who waited for the attempt
/// that failed does not wait for one more, since many who each waited in turn would outlast any deadline.
#[derive(Default)]
pub struct FirstUse<T> {
    cell: OnceCell<T>,
    failed: Mutex<Option<(Instant, Failure)>>,
}

impl<T> FirstUse<T> {
    /// Nothing found out yet.
    pub fn new() -> FirstUse<T> {
        FirstUse { cell: OnceCell::new(), failed: Mutex::new(None) }
    }

    /// The value, asked for by `look` when there is none.
    pub async fn get<F: Future<Output = Result<T, Failure>>>(&self, look: F) -> Result<&T, Failure> {
        let came = Instant::now();
        let asking = async {
            if let Some((at, failure)) = &*self.failed()
                && *at >= came
            {
                return Err(failure.clone());
            }
            let outcome = look.await;
            if let Err(failure) = &outcome {
                *self.failed() = Some((Instant::now(), failure.clone()));
            }
            outcome
        };
        self.cell.get_or_try_init(|| asking).await
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Failure)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[tokio::test]
    async fn who_waited_hears_of_the_failure_and_who_comes_later_asks_again() {
        let (first, asked) = (FirstUse::new(), AtomicUsize::new(0));
        let look = |outcome: Result<u8, Failure>| async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(30)).await;
            outcome
        };
        let down = || Err(Failure::new(FailureKind::Timeout, "down"));
        let (a, b, c) =
            tokio::join!(first.get(look(down())), first.get(look(down())), first.get(look(down())));
        assert!([a, b, c].iter().all(|told| told.as_ref().is_err_and(|f| f.kind == FailureKind::Timeout)));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(*first.get(look(Ok(7))).await.unwrap(), 7);
        assert_eq!(*first.get(look(down())).await.unwrap(), 7);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
