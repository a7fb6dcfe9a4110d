//! The functions that may be called: `functions.tsv`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What has to be true of the arguments, besides their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing.
    Any,
    /// A series of numbers or moments, which must not be too long.
    Series,
    /// A text that is repeated.
    Repeat,
    /// A text that is filled up to a length.
    Length,
    /// An array that is filled.
    Fill,
    /// A text that is put together by a pattern.
    Format,
    /// A setting of the server, by its name.
    Setting,
    /// A part of the language that only looks like a function.
    Word,
    /// A part of the language that is a value, and may stand without parentheses.
    Value,
}

/// A function that may be called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    pub(super) name: &'static str,
    pub(super) fewest: usize,
    pub(super) most: usize,
    pub(super) rule: Rule,
}

/// The function of that name, written in small letters.
pub(super) fn allowed(name: &str) -> Option<&'static Allowed> {
    static FUNCTIONS: LazyLock<HashMap<&'static str, Allowed>> =
        LazyLock::new(|| rows().filter_map(read).map(|allowed| (allowed.name, allowed)).collect());
    FUNCTIONS.get(name)
}

fn rows() -> impl Iterator<Item = &'static str> {
    include_str!("functions.tsv").lines().filter(|line| !line.starts_with('#'))
}

fn read(row: &'static str) -> Option<Allowed> {
    let mut cells = row.split('\t');
    let name = cells.next()?;
    let fewest = cells.next()?.parse().ok()?;
    let most = match cells.next()? {
        "*" => usize::MAX,
        most => most.parse().ok()?,
    };
    let rule = match cells.next() {
        None => Rule::Any,
        Some("series") => Rule::Series,
        Some("repeat") => Rule::Repeat,
        Some("length") => Rule::Length,
        Some("fill") => Rule::Fill,
        Some("format") => Rule::Format,
        Some("setting") => Rule::Setting,
        Some("word") => Rule::Word,
        Some("value") => Rule::Value,
        Some(_) => return None,
    };
    Some(Allowed { name, fewest, most, rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood_and_stands_once() {
        let mut names: Vec<_> = rows().map(|row| read(row).unwrap_or_else(|| panic!("{row}")).name).collect();
        assert!(names.len() > 400, "{} functions", names.len());
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
        for name in names {
            let found = allowed(name).unwrap();
            assert!(found.fewest <= found.most, "{name}");
            assert_eq!(name, name.to_ascii_lowercase());
        }
    }
}
