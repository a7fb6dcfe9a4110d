//! One configuration while it is read: what surrounds it, and the problems and warnings found so far.

use super::Problem;
use prodview_tools::toml_file::Sheet;
use std::cell::RefCell;
use std::path::Path;

/// Looks a variable up. The process's own environment, or a test's.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A configuration being read.
pub(super) struct Reading<'a> {
    /// The file, with what keeps the server from starting.
    pub(super) sheet: Sheet<'a>,
    /// What a person should know, and that does not keep the server from starting.
    pub(super) warnings: Sheet<'a>,
    pub(super) folder: &'a Path,
    env: Env<'a>,
    /// Functions of their own that the sources read so far allow in SQL.
    pub(super) functions: RefCell<Vec<String>>,
}

impl<'a> Reading<'a> {
    /// `file` is what it is called in messages; `None` when there is only the environment. `folder` is what relative
    /// paths are relative to.
    pub(super) fn new(file: Option<&'a str>, text: &'a str, folder: &'a Path, env: Env<'a>) -> Reading<'a> {
        let (sheet, warnings) = (Sheet::new(file, text), Sheet::new(file, text));
        Reading { sheet, warnings, folder, env, functions: RefCell::default() }
    }

    /// Notes something that keeps the server from starting.
    pub(super) fn wrong(&self, at: usize, what: impl Into<String>, right: impl Into<String>) {
        self.sheet.wrong(at, what, right);
    }

    /// Notes something that a person should know.
    pub(super) fn odd(&self, at: usize, what: impl Into<String>, right: impl Into<String>) {
        self.warnings.wrong(at, what, right);
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
        (self.sheet.finish(), self.warnings.finish())
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
            let reading = Reading::new(None, "", Path::new(""), &env);
            assert_eq!(reading.variable("V").is_some(), set, "{value:?}");
        }
    }
}
