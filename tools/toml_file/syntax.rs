//! What the TOML parser refuses, in our words.

use super::{Sheet, quoted};
use toml::Spanned;
use toml::de::{DeTable, Error};

impl<'a> Sheet<'a> {
    /// The tree of the file, with the mistakes of its syntax noted. `None` when they are such that a look at what was
    /// understood would only mislead. Missing quotes and things said twice leave a tree that is worth reading on.
    pub fn tree(&self) -> Option<Spanned<DeTable<'a>>> {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        let mut readable = true;
        let mut told: Vec<usize> = Vec::new();
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            let description = describe(error);
            readable &= matches!(description, TWICE | UNQUOTED);
            // What follows from the first mistake of a line, or from a heading said twice, is no news.
            let line = line_start(self.text, at);
            let heading = heading_before(self.text, at);
            let cause = if description == TWICE { [Some(line), heading] } else { [Some(line), None] };
            if cause.into_iter().flatten().any(|start| told.contains(&start)) {
                continue;
            }
            told.push(line);
            let (what, right) = explain(self.text, error, description, line);
            self.wrong(at, what, right);
        }
        readable.then_some(tree)
    }
}

const TWICE: &str = "duplicate key";
const UNQUOTED: &str = "string values must be quoted";
const NO_VALUE: &str = "missing value";

/// The parser's own short description.
fn describe(error: &Error) -> &str {
    match error.message().split_once(", expected").map_or(error.message(), |(description, _)| description) {
        // An empty line end is taken for a text without quotes.
        UNQUOTED if error.span().is_none_or(|span| span.is_empty()) => NO_VALUE,
        description => description,
    }
}

fn explain(text: &str, error: &Error, description: &str, line: usize) -> (String, String) {
    let line = text.get(line..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
    let (what, right) = match description {
        TWICE if line.starts_with("[sources.") => {
            let right = "give one of them another name and say which `provider` it is";
            return (format!("there are two {}", heading(line)), right.to_owned());
        }
        TWICE if line.starts_with('[') => {
            return (
                format!("there are two {}", heading(line)),
                "put everything under one heading".to_owned(),
            );
        }
        TWICE => {
            let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
            return (format!("{} is set twice", quoted(key)), "leave one of the lines out".to_owned());
        }
        UNQUOTED => ("this text has no quotes", "write it in quotes, as in key = \"text\""),
        "missing opening quote" | "invalid basic string" | "invalid literal string" => {
            ("this text has only one of its quotes", "begin and end it with a quote on the same line")
        }
        "key with no value" => {
            ("this line sets nothing", "write key = \"text\", or put a # before a comment")
        }
        NO_VALUE | "missing value for key" => {
            ("there is no value after the =", "write one, or leave the line out")
        }
        "extra `=`" => ("there is a second =", "write key = \"text\""),
        "unclosed table" | "unclosed array table" => ("this heading has no end", "end it with ]"),
        "unclosed array" => ("this list has no end", "end it with ]"),
        "unclosed inline table" => ("this table has no end", "end it with }"),
        "missing comma between array elements" => {
            ("a comma is missing in this list", "put one between the elements")
        }
        "missing comma between key-value pairs" => {
            ("a comma is missing in this table", "put one between the pairs")
        }
        "invalid unquoted key" => (
            "this key holds characters that a key cannot",
            "use letters, digits, _ and -, or put it in quotes",
        ),
        "unexpected key or value" | "missing assignment between key-value pairs" => {
            ("there is more on this line than one setting", "put each setting on a line of its own")
        }
        other => {
            return (
                format!("this is not TOML: {other}"),
                "the format is explained at https://toml.io".to_owned(),
            );
        }
    };
    (what.to_owned(), right.to_owned())
}

/// `[sources.stripe]` of a line that begins so.
fn heading(line: &str) -> String {
    let end = line.rfind(']').map_or(line.len(), |end| end + 1);
    quoted(line.get(..end).unwrap_or(line)).replace('`', "")
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// Where the heading begins under which a byte stands.
fn heading_before(text: &str, at: usize) -> Option<usize> {
    let mut start = 0;
    let mut heading = None;
    for line in text.split_inclusive('\n') {
        if start > at {
            break;
        }
        if line.trim_start().starts_with('[') {
            heading = Some(start);
        }
        start += line.len();
    }
    heading
}
