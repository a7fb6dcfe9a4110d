//! What was asked, kept so that a test can show afterwards that it was all reading.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::Service;

/// As much of a request's body as the record keeps.
const BODY_KEPT_BYTES: usize = 4096;

/// One request, as it arrived and as it was answered.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Who was asked.
    pub service: Service,
    /// When it arrived, by the clock of this machine (not the world's).
    pub at: Timestamp,
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path as it was sent, percent-encoding included.
    pub path: String,
    /// What stood after the question mark, as it was sent; empty if nothing did.
    pub query: String,
    /// The body's first 4 KiB, if it had one.
    pub body: Option<String>,
    /// Whether it was a read.
    pub verdict: Verdict,
    /// The HTTP status it was answered with; 0 while, or because, it was not answered.
    pub status: u16,
    /// Whether it came with a good key.
    pub authorised: bool,
}

/// Whether a request only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It tells something and changes nothing.
    Read,
    /// It was not carried out, for this reason.
    Refused(&'static str),
}

#[derive(Default)]
pub(crate) struct Record {
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    /// How many were forgotten: a request that is still open must not write over one that came after a clear.
    forgotten: usize,
    entries: Vec<Recorded>,
}

impl Record {
    /// Notes a request that has arrived; the number is for [`Record::answered`].
    pub(crate) fn arrived(&self, entry: Recorded) -> usize {
        let mut asked = self.asked();
        asked.entries.push(entry);
        asked.forgotten + asked.entries.len() - 1
    }

    pub(crate) fn answered(&self, number: usize, status: u16) {
        let mut asked = self.asked();
        let Some(place) = number.checked_sub(asked.forgotten) else { return };
        if let Some(entry) = asked.entries.get_mut(place) {
            entry.status = status;
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.asked().entries.clone()
    }

    pub(crate) fn clear(&self) {
        let mut asked = self.asked();
        asked.forgotten += asked.entries.len();
        asked.entries.clear();
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a body that is kept: text, cut at 4 KiB.
pub(crate) fn kept(body: &[u8]) -> Option<String> {
    let start = body.get(..BODY_KEPT_BYTES).unwrap_or(body);
    (!start.is_empty()).then(|| String::from_utf8_lossy(start).into_owned())
}
