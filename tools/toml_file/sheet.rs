//! One file while it is read: its text, and the problems found so far.

use super::{Place, Problem};
use prodview_guard::redact;
use std::cell::RefCell;

/// A file being read. Problems are collected, not returned: a reader goes on and finds the next one.
pub struct Sheet<'a> {
    file: Option<&'a str>,
    pub(super) text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Sheet<'a> {
    /// `file` is what it is called in messages; `None` when what is read stands in no file: then no problem has a place.
    pub fn new(file: Option<&'a str>, text: &'a str) -> Sheet<'a> {
        Sheet { file, text, problems: RefCell::default() }
    }

    /// Notes what is wrong at a byte, and what would be right.
    pub fn wrong(&self, at: usize, what: impl Into<String>, right: impl Into<String>) {
        self.note(Problem { place: self.place(at), what: what.into(), right: right.into() });
    }

    /// Notes a problem that stands elsewhere: in another file, or in none.
    pub fn note(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// The place of a byte.
    pub fn place(&self, at: usize) -> Option<Place> {
        self.file.map(|file| Place::of(file, self.text, at))
    }

    /// The problems, in the order of the file.
    pub fn finish(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        // A key is known as ours only once it was read: an earlier problem may have quoted it elsewhere.
        for problem in &mut problems {
            problem.what = redact(&problem.what).into();
            problem.right = redact(&problem.right).into();
        }
        problems
    }
}
