//! What a question found, and how much of it: no list travels without saying whether it is whole.

use crate::Moment;
use prodview_guard::Failure;
use std::time::Duration;

/// How a note ends that says of a field that, by its type, it cannot hold the value that was asked for. Then nothing was
/// looked at, and that nothing was found is no fact.
pub const MISFIT: &str = ": the value asked for is none";

/// Rows, and what is known about those that are not here.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The rows, in the order the question asked for.
    pub rows: Vec<T>,
    /// How many there are in all, when the provider says.
    pub of: Option<u64>,
    /// The cursor that gets the next ones. Opaque; only the same source understands it.
    pub more: Option<String>,
    /// Why the list ends here although there may be more and no cursor leads on.
    pub stopped: Option<Stopped>,
    /// The span of time that was looked at.
    pub window: Option<(Moment, Moment)>,
    /// The age of the oldest part that came from the cache.
    pub age: Option<Duration>,
    /// What a reader must know: what the provider cannot tell, what was assumed. Our words.
    pub notes: Vec<String>,
}

/// Why a list ends before its end.
#[derive(Debug, Clone)]
pub enum Stopped {
    /// prodview looks at no more than this many rows or pages for one question; says which.
    Bound(String),
    /// A later page failed.
    Failed(Failure),
}

impl<T> Default for Found<T> {
    fn default() -> Found<T> {
        Found {
            rows: Vec::new(),
            of: None,
            more: None,
            stopped: None,
            window: None,
            age: None,
            notes: Vec::new(),
        }
    }
}

impl<T> Found<T> {
    /// A whole list.
    pub fn all(rows: Vec<T>) -> Found<T> {
        Found { of: u64::try_from(rows.len()).ok(), rows, ..Found::default() }
    }

    /// One row, or none.
    pub fn one(row: Option<T>) -> Found<T> {
        Found::all(row.into_iter().collect())
    }

    /// Remembers the age of a part, keeping the oldest.
    pub fn aged(mut self, age: Option<Duration>) -> Found<T> {
        self.age = self.age.max(age);
        self
    }

    /// Adds a note.
    pub fn note(mut self, note: impl Into<String>) -> Found<T> {
        self.notes.push(note.into());
        self
    }

    /// The same with other rows.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Found<U> {
        Found {
            rows: self.rows.into_iter().map(change).collect(),
            of: self.of,
            more: self.more,
            stopped: self.stopped,
            window: self.window,
            age: self.age,
            notes: self.notes,
        }
    }

    /// Whether everything that was asked for is here.
    pub fn is_whole(&self) -> bool {
        self.more.is_none() && self.stopped.is_none()
    }
}
