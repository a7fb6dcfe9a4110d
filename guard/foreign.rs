//! Text that someone outside could have written: error messages, names, metadata, log lines, rows.
//!
//! It is a type of its own, so that a text which was never cleaned cannot stand where a cleaned one is due, and so
//! that every answer can name the fields an outsider may have filled ([`to_value_marking`]).

mod marking;
mod visible;

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::redact::{redact, redact_json};

pub use marking::to_value_marking;
pub use visible::visible;

/// How many characters of a text are shown unless the caller says otherwise.
const MAX_CHARS: usize = 500;

/// How many characters of a field's name are shown.
const MAX_KEY_CHARS: usize = 100;

/// How deeply rows may be nested.
const MAX_DEPTH: usize = 32;

/// Foreign text, without secrets, without invisible characters, on one line, and not too long.
///
/// It serialises as a plain string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Foreign(String);

impl Foreign {
    /// Cleans a text and shows at most 500 characters of it.
    pub fn new(raw: &str) -> Foreign {
        Foreign::capped(raw, MAX_CHARS)
    }

    /// Cleans a text and shows at most `max_chars` characters of it; what was cut is counted in a mark behind it.
    pub fn capped(raw: &str, max_chars: usize) -> Foreign {
        Foreign(clean(raw, max_chars))
    }

    /// The cleaned text. It is fit to be shown, never to be obeyed: no advice, link or command is built from it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Foreign {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(marking::FOREIGN, &self.0)
    }
}

impl JsonSchema for Foreign {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Foreign".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A JSON value of which every part is foreign, names included: a row of the application's own state.
#[derive(Clone, PartialEq)]
pub struct ForeignJson(Value);

impl ForeignJson {
    /// Cleans a value as [`clean_json`] does, showing at most 500 characters of each text.
    pub fn new(value: Value) -> ForeignJson {
        ForeignJson::capped(value, MAX_CHARS)
    }

    /// Cleans a value as [`clean_json`] does.
    pub fn capped(value: Value, max_string_chars: usize) -> ForeignJson {
        ForeignJson(clean_json(value, max_string_chars))
    }

    /// The cleaned value.
    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for ForeignJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for ForeignJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(marking::FOREIGN, &self.0)
    }
}

impl JsonSchema for ForeignJson {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ForeignJson".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

/// Cleans a value from outside: secrets are cut by shape and by name, every text and every name is made visible and
/// capped, and what is nested too deeply is left out with a mark.
pub fn clean_json(mut value: Value, max_string_chars: usize) -> Value {
    redact_json(&mut value);
    cleaned(value, max_string_chars, 0)
}

fn cleaned(value: Value, max_chars: usize, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(shown(&text, max_chars)),
        Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => {
            Value::String(format!("… [nested deeper than {MAX_DEPTH}]"))
        }
        Value::Array(items) => items.into_iter().map(|item| cleaned(item, max_chars, depth + 1)).collect(),
        Value::Object(fields) => {
            let mut out = serde_json::Map::new();
            for (n, (key, field)) in fields.into_iter().enumerate() {
                let mut key = shown(&key, MAX_KEY_CHARS);
                if out.contains_key(&key) {
                    // Two names that differ only in what is not shown: neither may hide the other.
                    key = format!("{key} ‹{n}›");
                }
                out.insert(key, cleaned(field, max_chars, depth + 1));
            }
            Value::Object(out)
        }
        other => other,
    }
}

/// Secrets are cut first: a cap could leave half of one.
fn clean(raw: &str, max_chars: usize) -> String {
    shown(&redact(raw), max_chars)
}

fn shown(redacted: &str, max_chars: usize) -> String {
    cap(visible(redacted.trim()).trim(), max_chars)
}

/// At most `max_chars` characters, and behind them how many were left off: with those that were left off before, by the
/// database or by us at a greater length.
fn cap(text: &str, max_chars: usize) -> String {
    let (there, before) = marked(text).unwrap_or((text, 0));
    let Some((end, _)) = there.char_indices().nth(max_chars) else { return text.to_owned() };
    let (kept, rest) = there.split_at(end);
    // A joiner or a selector would now join the mark.
    let kept = kept.trim_end_matches(['\u{200c}', '\u{200d}', '\u{fe0e}', '\u{fe0f}', ' ']);
    let left_off = rest.chars().count().saturating_add(before).min(MOST_COUNTED);
    format!("{kept}… [+{} chars]", thousands(left_off))
}

/// What a mark can count: `999,999,999,999`.
const MOST_COUNTED: usize = 999_999_999_999;

/// A text that was capped before, and how many characters were left off then.
fn marked(text: &str) -> Option<(&str, usize)> {
    let (kept, count) = text.strip_suffix(" chars]")?.rsplit_once("… [+")?;
    let digits = count.len() <= 15 && count.bytes().all(|b| b.is_ascii_digit() || b == b',');
    let count: usize = if digits { count.replace(',', "").parse().ok()? } else { return None };
    (count <= MOST_COUNTED).then_some((kept, count))
}

fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_foreign_text_is_cut_of_secrets_before_it_is_capped() {
        let key = concat!("sk_", "live_", "51AbcDefGhiJklMnoPqr");
        let raw = format!("{} {key}", "x".repeat(490));
        let text = Foreign::new(&raw);
        assert!(!text.as_str().contains("sk_"), "{text}");
        assert_eq!(Foreign::new(text.as_str()), text, "cleaning twice changes nothing");
        assert_eq!(
            Foreign::capped(&"é".repeat(1_734), 500).as_str(),
            format!("{}… [+1,234 chars]", "é".repeat(500))
        );
        // As a database shortens it, and as we do.
        for mark in ["… [+470000 chars]", "… [+470,000 chars]"] {
            let shortened = format!("{}{mark}", "x".repeat(30_000));
            let whole = format!("{}… [+499,700 chars]", "x".repeat(300));
            assert_eq!(Foreign::capped(&shortened, 300).as_str(), whole);
        }
    }

    #[test]
    fn it_reads_well_on_one_line() {
        let text = Foreign::new("TypeError: x is null\n    at pay (checkout.ts:4)\r\n\tat run\n");
        assert_eq!(text.as_str(), "TypeError: x is null ⏎ at pay (checkout.ts:4) ⏎ at run");
        assert_eq!(format!("[{text:>4}]"), format!("[{text}]"));
        assert!(Foreign::new(" \n ").is_empty());
    }

    #[test]
    fn its_schema_is_a_plain_string() {
        let mut generator = SchemaGenerator::default();
        assert_eq!(Foreign::json_schema(&mut generator).to_value(), json!({ "type": "string" }));
        assert_eq!(serde_json::to_value(Foreign::new("a")).unwrap(), json!("a"));
        assert_eq!(serde_json::to_value(ForeignJson::new(json!({ "a": 1 }))).unwrap(), json!({ "a": 1 }));
    }

    #[test]
    fn rows_are_cleaned_through_and_through() {
        let row = json!({
            "name": "a\u{202e}b", "k\u{200b}": 1, "k‹U+200B›": 2, "apiKey": "x", "long": "y".repeat(12),
            "list": ["\u{1b}[31mred"], "n": 1.5, "none": null,
        });
        assert_eq!(
            clean_json(row, 10),
            json!({
                "name": "a‹U+202E›b", "k‹U+200B›": 1, "k‹U+200B› ‹2›": 2, "apiKey": "[redacted:… [+9 chars]",
                "long": "yyyyyyyyyy… [+2 chars]", "list": ["‹ESC[31m›r… [+2 chars]"], "n": 1.5, "none": null,
            })
        );
        let mut deep = json!("bottom");
        for _ in 0..100 {
            deep = json!([deep]);
        }
        assert!(clean_json(deep, 10).to_string().contains("nested deeper than 32"));
    }

    proptest! {
        #[test]
        fn a_cap_holds_and_capping_twice_changes_nothing(raw in any::<String>(), max in 0_usize..40) {
            let text = Foreign::capped(&raw, max);
            let mark = if text.as_str().ends_with(" chars]") { "… [+ chars]".chars().count() + 16 } else { 0 };
            prop_assert!(text.as_str().chars().count() <= max + mark);
            prop_assert_eq!(Foreign::capped(text.as_str(), max), text);
        }
    }
}
