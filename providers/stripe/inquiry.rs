//! The work on one question: what is asked on the way, how old the oldest part is, and what could not be had.

use super::Stripe;
use super::link::Page;
use super::shape::Row;
use crate::{Found, Stopped};
use prodview_guard::{Ask, Failure, FailureKind, Route, Segment};
use serde::de::DeserializeOwned;
use std::sync::Mutex;
use std::time::Duration;

/// The most rows a page of v1 holds.
pub(super) const PAGE: usize = 100;

/// One question being worked on.
pub(super) struct Inquiry<'a> {
    pub stripe: &'a Stripe,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    age: Option<Duration>,
    notes: Vec<String>,
    broke: Option<Failure>,
    bound: Option<String>,
    answered: bool,
}

/// The pages of one list that were read.
pub(super) struct Pages<T> {
    pub rows: Vec<T>,
    /// Whether there are more behind them.
    pub more: bool,
    /// Why a later page is missing.
    pub broke: Option<Failure>,
}

impl<T> Default for Pages<T> {
    fn default() -> Pages<T> {
        Pages { rows: Vec::new(), more: false, broke: None }
    }
}

impl<'a> Inquiry<'a> {
    pub(super) fn new(stripe: &'a Stripe) -> Inquiry<'a> {
        Inquiry { stripe, seen: Mutex::default() }
    }

    /// One request.
    pub(super) async fn read<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, Failure> {
        let reply = self.stripe.wire.read::<T>(ask).await?;
        self.remember(|seen| {
            seen.age = seen.age.max(reply.age);
            seen.answered = true;
        });
        Ok(reply.body)
    }

    /// The object of that id. `route` has one slot.
    pub(super) async fn one<T: DeserializeOwned>(&self, route: Route, id: &str) -> Result<T, Failure> {
        self.read(route.ask().segment(Segment::new(id)?)).await
    }

    /// One page of a list, with at most `limit` rows.
    pub(super) async fn page<T: DeserializeOwned>(&self, ask: Ask, limit: usize) -> Result<Page<T>, Failure> {
        self.read(ask.query("limit", limit.clamp(1, PAGE))).await
    }

    /// Up to so many pages of a list. A later page that fails keeps the earlier ones.
    pub(super) async fn pages<T: Row + DeserializeOwned>(
        &self,
        ask: Ask,
        pages: usize,
    ) -> Result<Pages<T>, Failure> {
        let mut all = Pages::default();
        let mut after: Option<String> = None;
        for nth in 0..pages {
            match self.page::<T>(ask.clone().maybe("starting_after", after.as_deref()), PAGE).await {
                Ok(page) => {
                    after = page.data.last().map(|row| row.id().to_owned());
                    all.more = page.has_more && after.is_some();
                    all.rows.extend(page.data);
                }
                Err(failure) if nth == 0 => return Err(failure),
                Err(failure) => {
                    all.broke = Some(failure);
                    break;
                }
            }
            if !all.more {
                break;
            }
        }
        Ok(all)
    }

    /// The part of an answer that the rest can do without: when it failed, that is said, and it is empty.
    pub(super) fn part<T: Default>(&self, what: &str, outcome: Result<T, Failure>) -> T {
        outcome.unwrap_or_else(|failure| {
            self.note(format!("{what} could not be read: {failure}"));
            self.remember(|seen| {
                seen.broke.get_or_insert(failure);
            });
            T::default()
        })
    }

    /// The first failure, when no request of this question was answered.
    pub(super) fn in_vain(&self) -> Option<Failure> {
        let seen = self.seen.lock().ok()?;
        seen.broke.clone().filter(|_| !seen.answered)
    }

    /// The object, or nothing when Stripe does not have it.
    pub(super) fn perhaps<T>(&self, outcome: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match outcome {
            Ok(object) => Ok(Some(object)),
            Err(failure) if failure.kind == FailureKind::NotFound => {
                if let Some(hint) = failure.hint {
                    self.note(hint);
                }
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Adds what a reader must know, once.
    pub(super) fn note(&self, note: impl Into<String>) {
        let note = note.into();
        self.remember(|seen| {
            if !seen.notes.contains(&note) {
                seen.notes.push(note);
            }
        });
    }

    /// Says that prodview itself stopped looking, and after what.
    pub(super) fn bound(&self, what: impl Into<String>) {
        self.remember(|seen| {
            seen.bound.get_or_insert(what.into());
        });
    }

    /// The answer, with everything that was remembered on the way.
    pub(super) fn found<T>(self, rows: Vec<T>) -> Found<T> {
        let seen = self.seen.into_inner().unwrap_or_default();
        let found = Found { notes: seen.notes, age: seen.age, ..Found::all(rows) };
        match seen.broke.map(Stopped::Failed).or(seen.bound.map(Stopped::Bound)) {
            Some(stopped) => Found { of: None, stopped: Some(stopped), ..found },
            None => found,
        }
    }

    fn remember(&self, change: impl FnOnce(&mut Seen)) {
        if let Ok(mut seen) = self.seen.lock() {
            change(&mut seen);
        }
    }
}
