//! How much was seen of a link: nothing is said to be missing that was not looked at whole.

use crate::asked::Asked;
use prodview_guard::Failure;
use prodview_providers::{Found, Stopped};

/// What was looked at, and what is known about the rest.
#[derive(Debug, Clone)]
pub(super) struct Look<T> {
    /// What was seen.
    pub(super) seen: T,
    /// Why there may be more, in one clause; `None` when everything was looked at.
    pub(super) gap: Option<String>,
}

impl<T> Look<T> {
    pub(super) fn whole(seen: T) -> Look<T> {
        Look { seen, gap: None }
    }

    /// The first reason counts.
    pub(super) fn lacks(&mut self, why: impl Into<String>) {
        self.gap.get_or_insert(why.into());
    }
}

impl<T: Default> Look<T> {
    pub(super) fn not_configured(part: &str) -> Look<T> {
        Look { seen: T::default(), gap: Some(format!("not configured: [app.{part}.…] would show it")) }
    }
}

impl<T> Look<Vec<T>> {
    /// Adds what one source found, and takes it down.
    pub(super) fn add(&mut self, asked: &mut Asked, source: &str, answer: Result<Found<T>, Failure>) {
        match answer {
            Ok(found) => {
                asked.found(source, &found);
                match &found.stopped {
                    Some(Stopped::Bound(bound)) => {
                        self.lacks(format!("not everything was looked at: {bound}"))
                    }
                    Some(Stopped::Failed(failure)) => {
                        self.lacks(format!("{source} stopped early: {failure}"))
                    }
                    None if found.more.is_some() => self.lacks("not everything was looked at".to_owned()),
                    None => {}
                }
                self.seen.extend(found.rows);
            }
            Err(failure) => {
                self.lacks(format!("{source} could not be asked: {failure}"));
                asked.failed(source, failure);
            }
        }
    }
}
