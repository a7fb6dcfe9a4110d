//! `[answer]`: which fields leave, under which names, as what.

use super::parameter::is_name;
use crate::toml_file::{Said, Section, instead_of, quoted};
use prodview_guard::clean_json;
use serde_json::{Value, json};

/// A column of the answer.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// JSON pointer into the row.
    pub(super) at: String,
    pub(super) kind: Kind,
}

/// What a column's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Minor units.
    Money(Currency),
    Moment,
    Number,
    Boolean,
}

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Money(_) => "money",
            Kind::Moment => "moment",
            Kind::Number => "number",
            Kind::Boolean => "boolean",
        }
    }
}

/// Where a currency stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Currency {
    /// In the row.
    At(String),
    /// It is always this one.
    Always(String),
}

/// The types, as a file writes them.
pub(super) const TYPES: [&str; 5] = ["text", "money", "moment", "number", "boolean"];
/// The most columns.
pub(super) const MOST: usize = 40;

/// Reads `[answer]`: the pointer to the rows, and the columns in the order of the file.
pub(super) fn read(top: &mut Section<'_>, is_get: bool) -> (String, Vec<Column>) {
    if !top.has("answer") {
        top.wrong(top.at, "the file has no [answer]", "add [answer] with the columns that may leave");
    }
    let Some(mut answer) = top.section("answer") else { return (String::new(), Vec::new()) };
    let rows = answer.take("rows").and_then(|value| {
        let at = value.span().start;
        let Some(text) = value.get_ref().as_str() else {
            answer.wrong_type("rows", value, "a text such as \"/data\"");
            return None;
        };
        if !is_get {
            answer.wrong(
                at,
                "`rows` in [answer] belongs to `get`",
                "leave the line out: the rows are those of the question",
            );
        } else if !text.is_empty() && !is_pointer(text) {
            answer.wrong(
                at,
                format!("`rows` in [answer] is {}", quoted(text)),
                "it should be a JSON pointer, such as \"/data\", or \"\" for the whole answer",
            );
        }
        Some(text.to_owned())
    });
    let mut columns: Vec<Column> = Vec::new();
    let at = answer.at;
    match answer.section("columns") {
        Some(section) => {
            for entry in section.entries() {
                let name = entry.key;
                if !is_name(name) || matches!(name, "source") {
                    let right = match name {
                        "source" => "take another name: `source` says which source a row is of",
                        _ => "a name is 1 to 32 of a–z, 0–9 and _, with a letter first",
                    };
                    let what = format!("{} cannot be the name of a column", quoted(name));
                    section.wrong(entry.at, what, right);
                }
                columns.extend(section.section_of(entry).and_then(|column| one(name, column)));
            }
            if section.entries().is_empty() {
                section.wrong(
                    at,
                    "[answer.columns] names no column",
                    "add one, such as `columns.id = { at = \"/id\" }`",
                );
            } else if section.entries().len() > MOST {
                section.wrong(section.at, "there are too many columns", format!("keep at most {MOST}"));
            }
        }
        None if !answer.has("columns") => {
            answer.wrong(at, "[answer] names no column", "add one, such as `columns.id = { at = \"/id\" }`");
        }
        None => {}
    }
    answer.finish();
    (rows.unwrap_or_default(), columns)
}

fn one(name: &str, mut section: Section<'_>) -> Option<Column> {
    let pointer = match section.text("at") {
        Some(said) => pointer(&section, &said),
        None => (!section.has("at")).then(|| format!("/{name}")),
    };
    if let Some(pointer) = &pointer
        && let Some(secret) = secret_part(pointer)
    {
        let what = format!("{} leads to {}, which is the name of a secret", section.title(), quoted(&secret));
        section.wrong(section.at_key("at"), what, "leave the column out: secrets never leave");
    }
    let kind = match section.text("type") {
        None => Some(Kind::Text),
        Some(said) => match said.text.as_str() {
            "text" => Some(Kind::Text),
            "money" => {
                let currency = section.required("currency", "/currency");
                currency.and_then(|said| currency_of(&section, &said)).map(Kind::Money)
            }
            "moment" => Some(Kind::Moment),
            "number" => Some(Kind::Number),
            "boolean" => Some(Kind::Boolean),
            other => {
                let what = format!("there is no type {} for a column", quoted(other));
                section.wrong(said.at, what, instead_of(other, &TYPES));
                section.take_rest();
                None
            }
        },
    };
    section.finish();
    Some(Column { name: name.to_owned(), at: pointer?, kind: kind? })
}

fn pointer(section: &Section<'_>, said: &Said) -> Option<String> {
    if is_pointer(&said.text) {
        return Some(said.text.clone());
    }
    let what = format!("{} is {}", said.label, quoted(&said.text));
    let meant = said.text.trim_matches('/').replace('.', "/");
    let right = match meant.bytes().all(|b| b.is_ascii_graphic()) && !meant.is_empty() {
        true => format!("it should be a JSON pointer, which begins with a slash: \"/{meant}\""),
        false => "it should be a JSON pointer, such as \"/customer/email\"".to_owned(),
    };
    section.wrong(said.at, what, right);
    None
}

fn currency_of(section: &Section<'_>, said: &Said) -> Option<Currency> {
    if said.text.starts_with('/') {
        return pointer(section, said).map(Currency::At);
    }
    if said.text.len() == 3 && said.text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Some(Currency::Always(said.text.to_ascii_uppercase()));
    }
    let what = format!("{} is {}", said.label, quoted(&said.text));
    section.wrong(said.at, what, "it should lead to the currency, \"/currency\", or be one, \"EUR\"");
    None
}

/// Whether a text is a JSON pointer (RFC 6901) to something below the top.
fn is_pointer(text: &str) -> bool {
    let sound = |part: &str| {
        part.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
            && !part.chars().any(char::is_control)
    };
    text.len() <= 300
        && text.strip_prefix('/').is_some_and(|rest| !rest.is_empty() && rest.split('/').all(sound))
}

/// The part of a pointer that names a secret, by the names that are cut from every answer.
fn secret_part(pointer: &str) -> Option<String> {
    const PROBE: &str = "a plain value";
    let parts = pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    parts.into_iter().find(|part| {
        let cleaned = clean_json(json!({ part.as_str(): PROBE }), 100);
        cleaned.get(part.as_str()) != Some(&Value::String(PROBE.to_owned()))
            && part.chars().all(|c| c.is_ascii_graphic())
    })
}
