//! One configuration while it is read: its text, what surrounds it, and the problems found so far.

use super::problem::{Place, Problem};
use prodview_guard::redact;
pub(super) use prodview_tools::toml_file::quoted;
use std::cell::RefCell;
use std::path::Path;

/// Looks a variable up. The process's own environment, or a test's.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A byte of the text; `None` for what stands in no file.
pub(super) type At = Option<usize>;

/// A configuration being read. Problems are collected, not returned: a reader goes on and finds the next one.
pub(super) struct Reading<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) folder: &'a Path,
    env: Env<'a>,
    /// Functions of their own that the sources read so far allow in SQL.
    pub(super) functions: RefCell<Vec<String>>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl<'a> Reading<'a> {
    /// `folder` is what relative paths are relative to.
    pub(super) fn new(file: &'a str, text: &'a str, folder: &'a Path, env: Env<'a>) -> Reading<'a> {
        let (problems, warnings, functions) = <(RefCell<_>, RefCell<_>, RefCell<_>)>::default();
        Reading { file, text, folder, env, functions, problems, warnings }
    }

    /// Notes something that keeps the server from starting.
    pub(super) fn wrong(&self, at: At, what: impl Into<String>, right: impl Into<String>) {
        self.problems.borrow_mut().push(self.problem(at, what.into(), right.into()));
    }

    /// Notes something that a person should know, and that does not keep the server from starting.
    pub(super) fn odd(&self, at: At, what: impl Into<String>, right: impl Into<String>) {
        self.warnings.borrow_mut().push(self.problem(at, what.into(), right.into()));
    }

    /// Notes a problem of another file.
    pub(super) fn wrong_elsewhere(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Notes something odd in another file.
    pub(super) fn odd_elsewhere(&self, problem: Problem) {
        self.warnings.borrow_mut().push(problem);
    }

    fn problem(&self, at: At, what: String, right: String) -> Problem {
        Problem { place: at.map(|byte| Place::of(self.file, self.text, byte)), what, right }
    }

    /// A variable that is set. An empty one, or one that a client left as `${…}`, is not.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|value| !value.trim().is_empty() && !is_placeholder(value))
    }

    /// Why [`Reading::variable`] finds nothing: the end of a sentence that begins with the variable's name.
    pub(super) fn why_not_set(&self, name: &str) -> &'static str {
        match (self.env)(name) {
            Some(value) if is_placeholder(&value) => "still reads `${…}`, which counts as not set",
            Some(_) => "is empty, which counts as not set",
            None => "is not set",
        }
    }

    /// The problems and the warnings, in the order of the file.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        let tidy = |list: RefCell<Vec<Problem>>| {
            let mut list = list.into_inner();
            list.sort_by(|a, b| a.place.cmp(&b.place));
            // A key is known as ours only once it was read: an earlier problem may have quoted it elsewhere.
            for problem in &mut list {
                problem.what = redact(&problem.what).into();
                problem.right = redact(&problem.right).into();
            }
            list
        };
        (tidy(self.problems), tidy(self.warnings))
    }
}

/// Whether a client was to fill something in and did not.
pub(crate) fn is_placeholder(value: &str) -> bool {
    value.split_once("${").is_some_and(|(_, rest)| rest.contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_left_unfilled_counts_as_not_set() {
        for (value, set) in [
            (Some("sk"), true),
            (Some("$HOME"), true),
            (Some("{x}"), true),
            (None, false),
            (Some(""), false),
            (Some("  \n"), false),
            (Some("${STRIPE_API_KEY}"), false),
            (Some("${input:key}"), false),
            (Some("https://${NAME}.convex.cloud"), false),
        ] {
            let env = |_: &str| value.map(str::to_owned);
            let reading = Reading::new("f", "", Path::new(""), &env);
            assert_eq!(reading.variable("V").is_some(), set, "{value:?}");
        }
    }
}
