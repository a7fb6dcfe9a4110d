//! One table of the file: its keys are taken one by one, and what nobody took is unknown.

use super::nearest::instead_of;
use super::reading::{At, Reading, quoted};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table being read. Whoever reads it takes what it knows and calls [`Section::finish`], which reports the rest.
pub(super) struct Section<'a> {
    pub(super) reading: &'a Reading<'a>,
    /// `sources.stripe`; empty for the top of the file.
    path: String,
    pub(super) at: At,
    /// A section that is switched off is checked for what it says, not for what it lacks.
    pub(super) off: bool,
    entries: Vec<Entry<'a>>,
    known: Vec<&'static str>,
}

struct Entry<'a> {
    key: &'a str,
    at: usize,
    value: &'a Spanned<DeValue<'a>>,
    taken: bool,
}

/// A text from the file, and how to speak of it.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) at: At,
    /// `` `timeout` in [sources.stripe] ``
    pub(super) label: String,
    /// Whether the file itself holds it, and not a variable or another file.
    pub(super) written_out: bool,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn top(reading: &'a Reading<'a>, tree: &'a DeTable<'a>) -> Section<'a> {
        Section::of(reading, String::new(), None, Some(tree))
    }

    /// A section that says nothing: whoever reads it gets the defaults.
    pub(super) fn empty(reading: &'a Reading<'a>, path: &str) -> Section<'a> {
        Section::of(reading, path.to_owned(), None, None)
    }

    fn of(reading: &'a Reading<'a>, path: String, at: At, table: Option<&'a DeTable<'a>>) -> Section<'a> {
        let mut entries: Vec<Entry<'a>> = table
            .into_iter()
            .flatten()
            .map(|(key, value)| Entry { key: key.get_ref(), at: key.span().start, value, taken: false })
            .collect();
        // The table is sorted by key; people think in the order of their file.
        entries.sort_by_key(|e| e.at);
        Section { reading, path, at, off: false, entries, known: Vec::new() }
    }

    /// `[sources.stripe]`, for messages.
    pub(super) fn title(&self) -> String {
        if self.path.is_empty() { "the top of the file".to_owned() } else { format!("[{}]", self.path) }
    }

    /// `` `key` in [sources.stripe] ``, for messages.
    pub(super) fn label(&self, key: &str) -> String {
        if self.path.is_empty() { quoted(key) } else { format!("{} in {}", quoted(key), self.title()) }
    }

    /// The value of a key that is known here.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        let entry = self.entries.iter_mut().find(|e| e.key == key)?;
        entry.taken = true;
        Some(entry.value)
    }

    /// Whether the key stands there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key == key)
    }

    /// Whether nothing is left that nobody took.
    pub(super) fn is_used_up(&self) -> bool {
        self.entries.iter().all(|e| e.taken)
    }

    /// Reports what nobody took.
    pub(super) fn finish(self) {
        for entry in self.entries.iter().filter(|e| !e.taken) {
            let place = if self.path.is_empty() { "at" } else { "in" };
            let what = format!("unknown key {} {place} {}", quoted(entry.key), self.title());
            self.reading.wrong(Some(entry.at), what, instead_of(entry.key, &self.known));
        }
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, due: &str) {
        let what = format!("{} is {}", self.label(key), kind(value.get_ref()));
        self.reading.wrong(Some(value.span().start), what, format!("it should be {due}"));
    }

    /// A text that says something.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Said> {
        let value = self.take(key)?;
        self.text_of(key, value, "a text in quotes")
    }

    /// The text of a value that was taken already; `due` is what its type should be.
    pub(super) fn text_of(&self, key: &str, value: &Spanned<DeValue<'_>>, due: &str) -> Option<Said> {
        let at = Some(value.span().start);
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, due);
            return None;
        };
        if text.trim().is_empty() {
            self.reading.wrong(
                at,
                format!("{} is empty", self.label(key)),
                "give it a value, or leave the line out",
            );
            return None;
        }
        Some(Said { text: text.to_owned(), at, label: self.label(key), written_out: true })
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<String> {
        if !self.has(key) {
            let what = format!("{} has no `{key}`", self.title());
            self.reading.wrong(self.at, what, format!("add `{key} = \"{example}\"`"));
        }
        Some(self.text(key)?.text)
    }

    /// A list of texts; empty when the key is absent.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<Said> {
        const DUE: &str = "a list of texts, such as [\"one\", \"two\"]";
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, DUE);
            return Vec::new();
        };
        list.iter().filter_map(|item| self.text_of(key, item, DUE)).collect()
    }

    /// A table of texts whose keys are the writer's own, such as `links = { stripe_customer = "…" }`.
    pub(super) fn map(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let Some(inner) = self.table(key) else { return BTreeMap::new() };
        let text_of =
            |e: &Entry<'a>| Some((e.key.to_owned(), inner.text_of(e.key, e.value, "a text in quotes")?.text));
        inner.entries.iter().filter_map(text_of).collect()
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, value, "true or false, without quotes");
        }
        flag
    }

    /// The section below of that name; `None` when there is none.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Section<'a>> {
        let value = self.take(key)?;
        let at = self.entries.iter().find(|e| e.key == key).map(|e| e.at);
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, &format!("a section of its own, [{}]", self.below(key)));
            return None;
        };
        Some(Section::of(self.reading, self.below(key), at, Some(table)))
    }

    /// All sections below, whose names are the writer's own. What is no section is left for [`Section::finish`].
    pub(super) fn tables(&mut self) -> Vec<(&'a str, Section<'a>)> {
        let mut found = Vec::new();
        for entry in &mut self.entries {
            if let Some(table) = entry.value.get_ref().as_table() {
                entry.taken = true;
                let path = below(&self.path, entry.key);
                found.push((entry.key, Section::of(self.reading, path, Some(entry.at), Some(table))));
            }
        }
        found
    }

    /// The keys that nobody took yet, with their places.
    pub(super) fn take_rest(&mut self) -> Vec<(&'a str, At)> {
        let rest = self.entries.iter_mut().filter(|e| !e.taken);
        rest.map(|e| {
            e.taken = true;
            (e.key, Some(e.at))
        })
        .collect()
    }

    fn below(&self, key: &str) -> String {
        below(&self.path, key)
    }
}

fn below(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let key = if plain && key.len() <= 60 { key.to_owned() } else { quoted(key).replace('`', "\"") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// What a value is, for people.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}
