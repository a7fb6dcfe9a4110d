//! One file while it is read: its tables give their keys one by one, and what nobody took is unknown.

use crate::toml_file::nearest::instead_of;
use crate::toml_file::{Place, Problem, quoted};
use prodview_guard::redact;
use std::cell::RefCell;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value that knows where it stands.
pub(super) type Value<'a> = &'a Spanned<DeValue<'a>>;

/// A file being read. Problems are collected: a reader goes on and finds the next one.
pub(super) struct Sheet<'a> {
    file: &'a str,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Sheet<'a> {
        Sheet { file, text, problems: RefCell::default() }
    }

    /// Notes what is wrong at a byte, and what would be right.
    pub(super) fn wrong(&self, at: usize, what: impl Into<String>, right: impl Into<String>) {
        let (what, right) = (what.into(), right.into());
        let tidy = |text: &str| redact(text).into_owned();
        let problem = Problem { place: Some(self.place(at)), what: tidy(&what), right: tidy(&right) };
        self.problems.borrow_mut().push(problem);
    }

    /// The place of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        Place::of(self.file, self.text, at)
    }

    /// The problems, in the order of the file.
    pub(super) fn finish(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems
    }
}

/// A table of the file.
pub(super) struct Table<'a> {
    pub(super) sheet: &'a Sheet<'a>,
    /// `ask.limit`; empty for the top of the file.
    path: String,
    pub(super) at: usize,
    entries: Vec<Entry<'a>>,
    known: Vec<&'static str>,
}

struct Entry<'a> {
    key: &'a str,
    at: usize,
    value: Value<'a>,
    taken: bool,
}

/// A text of the file.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) at: usize,
}

impl<'a> Table<'a> {
    pub(super) fn of(sheet: &'a Sheet<'a>, path: &str, at: usize, table: &'a DeTable<'a>) -> Table<'a> {
        let mut entries: Vec<Entry<'a>> = table
            .iter()
            .map(|(key, value)| Entry { key: key.get_ref(), at: key.span().start, value, taken: false })
            .collect();
        // The table is sorted by key; people think in the order of their file.
        entries.sort_by_key(|e| e.at);
        Table { sheet, path: path.to_owned(), at, entries, known: Vec::new() }
    }

    /// `[ask.limit]`, for messages.
    pub(super) fn title(&self) -> String {
        if self.path.is_empty() { "the top of the file".to_owned() } else { format!("[{}]", self.path) }
    }

    /// `` `type` in [ask.limit] ``, for messages.
    pub(super) fn label(&self, key: &str) -> String {
        if self.path.is_empty() { quoted(key) } else { format!("{} in {}", quoted(key), self.title()) }
    }

    pub(super) fn wrong(&self, at: usize, what: impl Into<String>, right: impl Into<String>) {
        self.sheet.wrong(at, what, right);
    }

    /// Takes a key that is known here.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.known.push(key);
        let entry = self.entries.iter_mut().find(|e| e.key == key)?;
        entry.taken = true;
        Some(entry.value)
    }

    /// Where a key stands.
    pub(super) fn at_key(&self, key: &str) -> Option<usize> {
        self.entries.iter().find(|e| e.key == key).map(|e| e.at)
    }

    /// Every key with its place and value: for tables whose names are the writer's own.
    pub(super) fn entries(&self) -> Vec<(&'a str, usize, Value<'a>)> {
        self.entries.iter().map(|e| (e.key, e.at, e.value)).collect()
    }

    /// Takes every key that is left: what cannot be judged is not called unknown.
    pub(super) fn take_rest(&mut self) {
        self.entries.iter_mut().for_each(|e| e.taken = true);
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(&self, key: &str, value: Value<'_>, due: &str) {
        let what = format!("{} is {}", self.label(key), kind(value.get_ref()));
        self.wrong(value.span().start, what, format!("it should be {due}"));
    }

    /// The text of a value; an empty one is reported.
    pub(super) fn text_of(&self, key: &str, value: Value<'_>) -> Option<Said> {
        let at = value.span().start;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, "a text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.wrong(at, format!("{} is empty", self.label(key)), "give it a value, or leave the line out");
            return None;
        }
        Some(Said { text: text.to_owned(), at })
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<Said> {
        let value = self.take(key)?;
        self.text_of(key, value)
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<Said> {
        if self.at_key(key).is_none() {
            self.wrong(
                self.at,
                format!("{} has no `{key}`", self.title()),
                format!("add `{key} = {example}`"),
            );
        }
        self.text(key)
    }

    /// One text, or a list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<Said>> {
        let value = self.take(key)?;
        let Some(list) = value.get_ref().as_array() else {
            return self.text_of(key, value).map(|said| vec![said]);
        };
        if list.is_empty() {
            let right = "name at least one, or leave the line out";
            self.wrong(value.span().start, format!("{} is an empty list", self.label(key)), right);
        }
        Some(list.iter().filter_map(|item| self.text_of(key, item)).collect())
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, value, "true or false, without quotes");
        }
        flag
    }

    /// The table below of that name.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Table<'a>> {
        let value = self.take(key)?;
        let at = self.at_key(key).unwrap_or(self.at);
        self.table_of(key, at, value)
    }

    /// A value that is a table.
    pub(super) fn table_of(&self, key: &str, at: usize, value: Value<'a>) -> Option<Table<'a>> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let path = quoted(&path).replace('`', "");
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, &format!("a table, [{path}]"));
            return None;
        };
        Some(Table::of(self.sheet, &path, at, table))
    }

    /// Reports what nobody took.
    pub(super) fn finish(self) {
        for entry in self.entries.iter().filter(|e| !e.taken) {
            let place = if self.path.is_empty() { "at" } else { "in" };
            let what = format!("unknown key {} {place} {}", quoted(entry.key), self.title());
            let right = match (self.path.is_empty(), entry.key) {
                (true, "method" | "post" | "put" | "delete" | "patch") => {
                    "leave it out: there is no method to choose, a declared tool reads".to_owned()
                }
                _ => instead_of(entry.key, &self.known),
            };
            self.sheet.wrong(entry.at, what, right);
        }
    }
}

/// A value as JSON, when it is a text, a number or a truth value.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<serde_json::Value> {
    match value {
        DeValue::String(text) => Some(text.as_ref().into()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Into::into),
        DeValue::Float(number) => {
            number.as_str().parse::<f64>().ok().filter(|n| n.is_finite()).map(Into::into)
        }
        DeValue::Boolean(flag) => Some((*flag).into()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
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
        DeValue::Table(_) => "a table",
    }
}
