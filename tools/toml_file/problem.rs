//! What is wrong with a file that a person wrote: where, what, and what would be right.

use prodview_guard::Foreign;
use std::fmt;

/// One thing that is wrong, or odd. `Display` is the line for a terminal: `file:line:column: what; what would be right`.
///
/// Neither text ever holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands; `None` when it stands in no file: a variable, or a file that cannot be read.
    pub place: Option<Place>,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub right: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte of `text`.
    pub fn of(file: &str, text: &str, byte: usize) -> Place {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}; {}", self.what, self.right)
    }
}

impl std::error::Error for Problem {}

/// A text of the file's, fit to be quoted in a message: without secrets, visible, short, in backticks.
pub fn quoted(text: &str) -> String {
    format!("`{}`", Foreign::capped(text, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_as_editors_do() {
        let text = "a = 1\n\u{e9}\u{1f980} = 2\r\nc = 3";
        for (found, line, column) in [("a", 1, 1), ("1", 1, 5), ("= 2", 2, 4), ("c", 3, 1), ("3", 3, 5)] {
            let place = Place::of("f", text, text.find(found).unwrap());
            assert_eq!((place.line, place.column), (line, column), "{found}");
        }
        assert_eq!(Place::of("f", "", 0).to_string(), "f:1:1");
        assert_eq!(Place::of("f", "é", 1).line, 1, "a byte inside a character is no crash");
    }

    #[test]
    fn a_quoted_text_is_short_visible_and_holds_no_key() {
        let key = ["sk_live", "51Hq8ZkLmNoPqRsTuVwXyZ012345"].join("_");
        assert!(!quoted(&key).contains("51Hq8Zk"));
        assert!(!quoted("a\u{202e}\nb").contains(['\u{202e}', '\n']));
        assert!(quoted(&"x".repeat(1000)).len() < 120);
    }
}
