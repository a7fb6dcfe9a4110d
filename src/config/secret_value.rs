//! Where a value is kept: `env:NAME`, `file:PATH`, or written out; and values that are secrets.

use super::files;
use super::reading::is_placeholder;
use super::section::Section;
use prodview_guard::Secret;
use prodview_tools::toml_file::{Said, quoted};

/// A key is a line: a larger file is another file.
const LARGEST: u64 = 64 * 1024;

const VARIABLE: &str = "env:";
const FILE: &str = "file:";

impl Section<'_> {
    /// A value that may be kept elsewhere, and that the usual variable stands in for when the key is absent.
    pub(super) fn value(&mut self, key: &'static str, usual: Option<&str>) -> Option<Said> {
        match self.take(key) {
            Some(value) => {
                let said = self.text_of(key, value, "a text in quotes")?;
                if self.off { None } else { self.fetch(said) }
            }
            None => self.usual(usual?),
        }
    }

    /// The value of a service's usual variable.
    pub(super) fn usual(&self, name: &str) -> Option<Said> {
        let text = self.reading.variable(name)?;
        Some(Said { text, at: self.at, label: format!("the variable {name}") })
    }

    /// As [`Section::value`], for what must be there.
    pub(super) fn needed(&mut self, key: &'static str, usual: &str) -> Option<Said> {
        let said = self.value(key, Some(usual));
        if said.is_none() && !self.has(key) && !self.off {
            let why = self.reading.why_not_set(usual);
            let what = format!("{} has no `{key}`, and the variable {usual} {why}", self.title());
            self.wrong(self.at, what, format!("set {usual}, or add `{key}`"));
        }
        said
    }

    /// A key or token. One that is written out works, and is warned about.
    pub(super) fn secret(&mut self, key: &'static str, usual: &str) -> Option<Secret> {
        let said = self.needed(key, usual)?;
        if self.is_written_out(key) {
            if self.names_a_variable(&said.text, usual) {
                let what = format!("{} is the name of a variable, not what it holds", said.label);
                self.wrong(said.at, what, format!("did you mean `env:{}`?", said.text));
                return None;
            }
            let what = format!("{} is written out in the file", said.label);
            self.reading.odd(said.at, what, format!("keep it in a variable and write `env:{usual}` instead"));
        }
        Some(Secret::new(said.text))
    }

    /// Whether the file itself holds the value of a key, and not a variable or another file.
    pub(super) fn is_written_out(&self, key: &str) -> bool {
        let text = self.get(key).and_then(|entry| entry.value.get_ref().as_str());
        text.is_some_and(|text| !text.starts_with(VARIABLE) && !text.starts_with(FILE))
    }

    fn names_a_variable(&self, text: &str, usual: &str) -> bool {
        text == usual || (is_conventional(text) && self.reading.variable(text).is_some())
    }

    fn fetch(&self, said: Said) -> Option<Said> {
        let text = if let Some(name) = said.text.strip_prefix(VARIABLE) {
            self.variable_of(&said, name)?
        } else if let Some(path) = said.text.strip_prefix(FILE) {
            self.file_of(&said, path)?
        } else if is_placeholder(&said.text) {
            let what = format!("{} reads `${{…}}`, which nothing fills in", said.label);
            self.wrong(said.at, what, "name the variable: `env:NAME`");
            return None;
        } else {
            return Some(said);
        };
        Some(Said { text, ..said })
    }

    fn variable_of(&self, said: &Said, name: &str) -> Option<String> {
        let value = self.reading.variable(name);
        if value.is_none() {
            // What is no usual name may be the key itself, put in the wrong place: it is not repeated.
            let variable = if is_conventional(name) {
                format!("the variable {name}")
            } else {
                "its variable".to_owned()
            };
            let what = format!("{}: {variable} {}", said.label, self.reading.why_not_set(name));
            let right = "set it for the process that starts prodview, or write `file:PATH`";
            self.wrong(said.at, what, right);
        }
        value
    }

    fn file_of(&self, said: &Said, path: &str) -> Option<String> {
        let full = self.reading.folder.join(path);
        let text = files::read(&full, LARGEST)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned()))
            .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
            .and_then(|text| if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text) });
        match text {
            Ok(text) => {
                if files::others_can_read(&full) {
                    let what =
                        format!("{}: other users of this machine can read {}", said.label, quoted(path));
                    self.reading.odd(said.at, what, "let only its owner read it: chmod 600");
                }
                Some(text)
            }
            Err(why) => {
                let what = format!("{}: the file {} cannot be read: {why}", said.label, quoted(path));
                self.wrong(said.at, what, "the path is relative to the folder of this configuration");
                None
            }
        }
    }
}

/// Capitals, digits and underscores, as the names of variables are by custom and keys are not.
fn is_conventional(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
