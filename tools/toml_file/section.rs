//! One section of a file: its keys are taken one by one, and what nobody took is unknown.

use super::nearest::instead_of;
use super::{Sheet, quoted};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value that knows where it stands.
pub type Value<'a> = &'a Spanned<DeValue<'a>>;

/// A section being read, under a heading or within braces. Whoever reads it takes what it knows and calls
/// [`Section::finish`], which reports the rest. A value that does not fit is reported, and is then as good as absent.
pub struct Section<'a> {
    /// The byte where its name stands; 0 for the top of the file.
    pub at: usize,
    sheet: &'a Sheet<'a>,
    /// `sources.stripe`; empty for the top of the file.
    path: String,
    entries: Vec<Entry<'a>>,
    known: Vec<&'static str>,
}

/// A key with its value.
pub struct Entry<'a> {
    /// The key.
    pub key: &'a str,
    /// The byte where the key stands.
    pub at: usize,
    /// Its value.
    pub value: Value<'a>,
    taken: bool,
}

/// A text that somebody wrote, and how to speak of it.
pub struct Said {
    /// The text, which is not blank.
    pub text: String,
    /// The byte where it stands.
    pub at: usize,
    /// `` `timeout` in [sources.stripe] ``
    pub label: String,
}

impl<'a> Section<'a> {
    /// The whole file, from [`Sheet::tree`].
    pub fn top(sheet: &'a Sheet<'a>, tree: &'a DeTable<'a>) -> Section<'a> {
        Section::of(sheet, String::new(), 0, tree)
    }

    /// A section that says nothing: whoever reads it gets the defaults.
    pub fn empty(sheet: &'a Sheet<'a>, path: &str) -> Section<'a> {
        Section { at: 0, sheet, path: path.to_owned(), entries: Vec::new(), known: Vec::new() }
    }

    fn of(sheet: &'a Sheet<'a>, path: String, at: usize, table: &'a DeTable<'a>) -> Section<'a> {
        let mut entries: Vec<Entry<'a>> = table
            .iter()
            .map(|(key, value)| Entry { key: key.get_ref(), at: key.span().start, value, taken: false })
            .collect();
        // The table is sorted by key; people think in the order of their file.
        entries.sort_by_key(|e| e.at);
        Section { at, sheet, path, entries, known: Vec::new() }
    }

    /// `[sources.stripe]`, for messages.
    pub fn title(&self) -> String {
        if self.path.is_empty() { "the top of the file".to_owned() } else { format!("[{}]", self.path) }
    }

    /// `` `key` in [sources.stripe] ``, for messages.
    pub fn label(&self, key: &str) -> String {
        if self.path.is_empty() { quoted(key) } else { format!("{} in {}", quoted(key), self.title()) }
    }

    /// All keys, taken or not, in the order of the file: for sections whose keys are the writer's own.
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// A key and its value, which stays to be taken.
    pub fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// Whether the key stands there, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Where the key stands, or the section if it has none of that name.
    pub fn at_key(&self, key: &str) -> usize {
        self.get(key).map_or(self.at, |entry| entry.at)
    }

    /// The value of a key that is known here.
    pub fn take(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.known.push(key);
        let entry = self.entries.iter_mut().find(|e| e.key == key)?;
        entry.taken = true;
        Some(entry.value)
    }

    /// Takes every key that is left: what cannot be judged is not called unknown.
    pub fn take_rest(&mut self) {
        self.entries.iter_mut().for_each(|e| e.taken = true);
    }

    /// Whether nothing is left that nobody took.
    pub fn is_used_up(&self) -> bool {
        self.entries.iter().all(|e| e.taken)
    }

    /// Reports a key, if it stands there, that is unknown for a reason of its own: `right` says what to do instead.
    pub fn refuse(&mut self, key: &str, right: &str) {
        if let Some(index) = self.entries.iter().position(|e| e.key == key) {
            let entry = self.entries.remove(index);
            self.unknown(&entry, right);
        }
    }

    /// Reports what nobody took.
    pub fn finish(self) {
        for entry in self.entries.iter().filter(|e| !e.taken) {
            self.unknown(entry, &instead_of(entry.key, &self.known));
        }
    }

    fn unknown(&self, entry: &Entry<'_>, right: &str) {
        let place = if self.path.is_empty() { "at" } else { "in" };
        self.wrong(entry.at, format!("unknown key {} {place} {}", quoted(entry.key), self.title()), right);
    }

    /// Reports what is wrong at a byte of the file, and what would be right.
    pub fn wrong(&self, at: usize, what: impl Into<String>, right: impl Into<String>) {
        self.sheet.wrong(at, what, right);
    }

    /// Reports a value of the wrong type.
    pub fn wrong_type(&self, key: &str, value: Value<'_>, due: &str) {
        let what = format!("{} is {}", self.label(key), kind(value.get_ref()));
        self.wrong(value.span().start, what, format!("it should be {due}"));
    }

    /// A text that says something.
    pub fn text(&mut self, key: &'static str) -> Option<Said> {
        let value = self.take(key)?;
        self.text_of(key, value, "a text in quotes")
    }

    /// The text of a value that was taken already; `due` is what its type should be.
    pub fn text_of(&self, key: &str, value: Value<'_>, due: &str) -> Option<Said> {
        let at = value.span().start;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, due);
            return None;
        };
        if text.trim().is_empty() {
            self.wrong(at, format!("{} is empty", self.label(key)), "give it a value, or leave the line out");
            return None;
        }
        Some(Said { text: text.to_owned(), at, label: self.label(key) })
    }

    /// A text that must be there.
    pub fn required(&mut self, key: &'static str, example: &str) -> Option<Said> {
        if !self.has(key) {
            let what = format!("{} has no `{key}`", self.title());
            self.wrong(self.at, what, format!("add `{key} = \"{example}\"`"));
        }
        self.text(key)
    }

    /// A list of texts; empty when the key is absent.
    pub fn texts(&mut self, key: &'static str) -> Vec<Said> {
        const DUE: &str = "a list of texts, such as [\"one\", \"two\"]";
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, DUE);
            return Vec::new();
        };
        list.iter().filter_map(|item| self.text_of(key, item, DUE)).collect()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, value, "true or false, without quotes");
        }
        flag
    }

    /// The section below of that name.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        self.take(key)?;
        self.section_of(self.get(key)?)
    }

    /// The section below that an entry is.
    pub fn section_of(&self, entry: &Entry<'a>) -> Option<Section<'a>> {
        let path = below(&self.path, entry.key);
        let Some(table) = entry.value.get_ref().as_table() else {
            self.wrong_type(entry.key, entry.value, &format!("a section of its own, [{path}]"));
            return None;
        };
        Some(Section::of(self.sheet, path, entry.at, table))
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
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_judged_when_they_are_taken_and_unknown_when_nobody_takes_them() {
        let sheet = Sheet::new(
            Some("f"),
            "on = 1\nput = true\nlist = []\nname = {}\nother = 1.5\n[\"odd key\".below]\nkee = 1979-05-27\nwhy = 1\n",
        );
        let tree = sheet.tree().unwrap();
        let mut top = Section::top(&sheet, tree.get_ref());
        assert_eq!((top.flag("on"), top.texts("list").len(), top.at_key("nowhere")), (None, 0, 0));
        assert!(
            top.text("name").is_none() && top.section("other").is_none() && top.section("none").is_none()
        );
        let mut odd = top.section_of(top.get("odd key").unwrap()).unwrap();
        let mut below = odd.section("below").unwrap();
        assert!(below.required("key", "a key").is_none() && !below.is_used_up());
        below.refuse("why", "there is no reason");
        below.finish();
        odd.finish();
        top.take_rest();
        top.finish();
        let found: Vec<String> = sheet.finish().iter().map(ToString::to_string).collect();
        let due = [
            "f:1:6: `on` is a whole number; it should be true or false, without quotes",
            "f:4:8: `name` is a table; it should be a text in quotes",
            "f:5:9: `other` is a number with a fraction; it should be a section of its own, [other]",
            "f:6:12: [\"odd key\".below] has no `key`; add `key = \"a key\"`",
            "f:7:1: unknown key `kee` in [\"odd key\".below]; did you mean `key`?",
            "f:8:1: unknown key `why` in [\"odd key\".below]; there is no reason",
        ];
        assert_eq!(found, due);
    }

    #[test]
    fn what_stands_in_no_file_has_no_place() {
        let sheet = Sheet::new(None, "");
        Section::empty(&sheet, "environment").required("key", "k");
        assert_eq!(sheet.finish()[0].to_string(), "[environment] has no `key`; add `key = \"k\"`");
    }
}
