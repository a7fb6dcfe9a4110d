//! `[ask.*]`: an argument of a declared tool: its type, its bounds, its default, and how it is written on the wire.

use super::scalar::scalar;
use crate::toml_file::{Section, Value as Written, instead_of, quoted};
use crate::{ToolError, since};
use prodview_guard::Segment;
use prodview_providers::{Handle, Moment};
use serde_json::{Map, Value, json};

/// An argument.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) kind: Kind,
    about: Option<String>,
    default: Option<Value>,
    optional: bool,
    pub(super) at: usize,
}

/// Its type, with the bounds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A text; lengths in characters.
    Text {
        min: u64,
        max: u64,
        one_of: Vec<String>,
        prefixes: Vec<String>,
    },
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: Option<f64>,
        max: Option<f64>,
    },
    Boolean,
    Moment {
        form: Form,
    },
    /// Where an earlier answer goes on.
    Cursor,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Rfc3339,
    EpochS,
    EpochMs,
}

/// The names of the types, as a file writes them.
pub(super) const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "moment", "cursor"];
/// How moments can be written.
pub(super) const FORMS: [&str; 3] = ["rfc3339", "epoch_s", "epoch_ms"];
/// The names that every tool uses for something of its own.
pub(super) const RESERVED: [&str; 1] = ["source"];
/// The longest text, unless the file says less.
const LONGEST: u64 = 200;
/// The longest text a file may allow.
pub(super) const LONGEST_EVER: u64 = 2_000;
/// Whole numbers that every client writes exactly.
const EXACT: i64 = 1 << 53;

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Kind::Text { .. } => "string",
            Kind::Integer { .. } => "integer",
            Kind::Number { .. } => "number",
            Kind::Boolean => "boolean",
            Kind::Moment { .. } => "moment",
            Kind::Cursor => "cursor",
        }
    }
}

/// A name of an argument or column: it stands in schemas, answers and SQL.
pub(super) fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl Parameter {
    /// Reads `[ask.<name>]`.
    pub(super) fn read(name: &str, mut section: Section<'_>) -> Parameter {
        let at = section.at;
        if !is_name(name) || RESERVED.contains(&name) {
            let right = match RESERVED.contains(&name) {
                true => "take another name: `source` chooses between several sources of the provider",
                false => "a name is 1 to 32 of a–z, 0–9 and _, with a letter first",
            };
            section.wrong(at, format!("{} cannot be the name of an argument", quoted(name)), right);
        }
        let about = section.text("about").map(|said| {
            if said.text.chars().count() > 200 {
                section.wrong(said.at, format!("{} is long", said.label), "at most 200 characters");
            }
            said.text
        });
        let kind = kind(&mut section).unwrap_or_else(|| {
            // What else stands there cannot be judged without a type.
            section.take_rest();
            Kind::Text { min: 0, max: LONGEST_EVER, one_of: Vec::new(), prefixes: Vec::new() }
        });
        let optional = section.flag("optional").unwrap_or_default();
        let default = section.take("default");
        let mut parameter = Parameter { name: name.to_owned(), kind, about, default: None, optional, at };
        match default {
            Some(_) if parameter.kind == Kind::Cursor => {
                let what = format!(
                    "{} has no place: a cursor comes from an earlier answer",
                    section.label("default")
                );
                section.wrong(section.at_key("default"), what, "leave the line out");
            }
            Some(written) => parameter.take_default(&section, written),
            None => {}
        }
        section.finish();
        parameter
    }

    fn take_default(&mut self, section: &Section<'_>, written: Written<'_>) {
        let at = written.span().start;
        let value = scalar(written.get_ref());
        let refused = match &value {
            Some(value) => self.fill(value).err().map(|e| e.to_string()),
            None => Some("should be a text, a number, or true or false".to_owned()),
        };
        if let Some(why) = refused {
            let why = why.trim_start_matches(&format!("`{}` ", self.name)).to_owned();
            section.wrong(
                at,
                format!("{} does not fit its own type: it {why}", section.label("default")),
                "correct one of the two",
            );
        }
        if self.optional {
            let what = format!("{} is said of an argument that is optional", section.label("default"));
            section.wrong(at, what, "one with a default may be left out anyway: keep one of the two");
        }
        self.default = value;
    }

    /// Whether the asker may leave it out.
    pub(super) fn may_be_left_out(&self) -> bool {
        self.optional || self.default.is_some() || self.kind == Kind::Cursor
    }

    /// Whether a question may come to have no value for it.
    pub(super) fn may_be_absent(&self) -> bool {
        self.default.is_none() && self.may_be_left_out()
    }

    /// The largest value of a whole number.
    pub(super) fn largest(&self) -> Option<i64> {
        match self.kind {
            Kind::Integer { max, .. } => Some(max),
            _ => None,
        }
    }

    /// Its JSON Schema.
    pub(super) fn schema(&self) -> Value {
        let mut schema = Map::new();
        let mut put = |key: &str, value: Value| {
            schema.insert(key.to_owned(), value);
        };
        match &self.kind {
            Kind::Text { min, max, one_of, .. } => {
                put("type", "string".into());
                if one_of.is_empty() {
                    put("minLength", (*min).into());
                    put("maxLength", (*max).into());
                } else {
                    put("enum", json!(one_of));
                }
            }
            Kind::Integer { min, max } => {
                put("type", "integer".into());
                put("minimum", (*min).into());
                put("maximum", (*max).into());
            }
            Kind::Number { min, max } => {
                put("type", "number".into());
                min.iter().for_each(|min| put("minimum", json!(min)));
                max.iter().for_each(|max| put("maximum", json!(max)));
            }
            Kind::Boolean => put("type", "boolean".into()),
            Kind::Moment { .. } => {
                put("type", "string".into());
                put("maxLength", 40.into());
            }
            Kind::Cursor => {
                put("type", "string".into());
                put("minLength", 1.into());
                put("maxLength", LONGEST_EVER.into());
            }
        }
        let usual = match &self.kind {
            Kind::Moment { .. } => Some("30m, 24h, 7d, or a moment.".to_owned()),
            Kind::Cursor => Some("From an earlier answer's `cut`.".to_owned()),
            Kind::Text { prefixes, .. } if !prefixes.is_empty() => Some(format!("{}…", prefixes.join("…, "))),
            _ => None,
        };
        if let Some(about) = self.about.clone().or(usual) {
            put("description", about.into());
        }
        if let Some(default) = &self.default {
            put("default", default.clone());
        }
        Value::Object(schema)
    }

    /// The value for the wire, from what was asked or from the default.
    pub(super) fn value(&self, asked: Option<&Value>) -> Result<Option<Value>, ToolError> {
        asked.or(self.default.as_ref()).map(|value| self.fill(value)).transpose()
    }

    fn fill(&self, value: &Value) -> Result<Value, ToolError> {
        let malformed = |why: String| Err(ToolError::malformed(&self.name, why));
        match (&self.kind, value) {
            (Kind::Text { min, max, one_of, prefixes }, Value::String(text)) => {
                let length = text.chars().count() as u64;
                if !one_of.is_empty() && !one_of.contains(text) {
                    return malformed(format!("should be one of {}", one_of.join(", ")));
                }
                if !(*min..=*max).contains(&length) && one_of.is_empty() {
                    return malformed(format!("should be {min} to {max} characters long"));
                }
                if text.chars().any(char::is_control) {
                    return malformed("should hold no control characters".to_owned());
                }
                if prefixes.is_empty() {
                    return Ok(value.clone());
                }
                // Wherever an id is taken, the address of its page in the dashboard is taken too.
                let id = from_page(text).unwrap_or_else(|| text.clone());
                let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
                match Segment::with_prefix(&id, &prefixes) {
                    Ok(_) => Ok(id.into()),
                    Err(why) => malformed(format!("was refused: {why}")),
                }
            }
            (Kind::Integer { min, max }, Value::Number(number)) => match number.as_i64() {
                Some(n) if (*min..=*max).contains(&n) => Ok(value.clone()),
                _ => malformed(format!("should be a whole number from {min} to {max}")),
            },
            (Kind::Number { min, max }, Value::Number(number)) => match number.as_f64() {
                Some(n) if min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max) => {
                    Ok(value.clone())
                }
                _ => malformed("is out of its bounds".to_owned()),
            },
            (Kind::Boolean, Value::Bool(_)) => Ok(value.clone()),
            (Kind::Moment { form }, Value::String(text)) => match since::read("moment", Some(text)) {
                Ok(Some(moment)) => Ok(form.write(moment)),
                _ => malformed(
                    "should be like 30m, 24h, 7d, or a moment such as 2026-01-31T12:00:00Z that is past"
                        .to_owned(),
                ),
            },
            (Kind::Cursor, Value::String(_)) => Ok(value.clone()),
            (kind, _) => malformed(format!("should be of the type {}", kind.name())),
        }
    }
}

/// The id in the address of a page.
pub(super) fn from_page(text: &str) -> Option<String> {
    let is_page = text.starts_with("https://") || text.starts_with("http://");
    is_page.then(|| Handle::read(text)).flatten().map(|handle| handle.id)
}

impl Form {
    fn write(self, moment: Moment) -> Value {
        match self {
            Form::Rfc3339 => moment.to_string().into(),
            Form::EpochS => moment.epoch_s().into(),
            Form::EpochMs => moment.epoch_s().saturating_mul(1_000).into(),
        }
    }
}

fn kind(section: &mut Section<'_>) -> Option<Kind> {
    let said = section.required("type", "string")?;
    let bound = |section: &mut Section<'_>, key: &'static str| -> Option<(Value, usize)> {
        let value = section.take(key)?;
        match scalar(value.get_ref()).filter(Value::is_number) {
            Some(number) => Some((number, value.span().start)),
            None => {
                section.wrong_type(key, value, "a number");
                None
            }
        }
    };
    match said.text.as_str() {
        "string" => {
            let length = |section: &mut Section<'_>, key, usual| match bound(section, key) {
                Some((n, at)) => n.as_u64().filter(|n| (0..=LONGEST_EVER).contains(n)).unwrap_or_else(|| {
                    let right = format!("it should be a number of characters from 0 to {LONGEST_EVER}");
                    section.wrong(at, format!("{} is no length", section.label(key)), right);
                    usual
                }),
                None => usual,
            };
            let (min, max) = (length(section, "min", 1), length(section, "max", LONGEST));
            ordered(section, min <= max);
            let (one_of, prefixes) = (one_or_more(section, "enum"), one_or_more(section, "id_prefix"));
            Some(Kind::Text { min, max, one_of, prefixes })
        }
        "integer" => {
            let whole = |section: &mut Section<'_>, key, usual| match bound(section, key) {
                Some((n, at)) => n.as_i64().unwrap_or_else(|| {
                    section.wrong(
                        at,
                        format!("{} is no whole number", section.label(key)),
                        "write one without a fraction",
                    );
                    usual
                }),
                None => usual,
            };
            let (min, max) = (whole(section, "min", -EXACT), whole(section, "max", EXACT));
            ordered(section, min <= max);
            Some(Kind::Integer { min, max })
        }
        "number" => {
            let min = bound(section, "min").and_then(|(n, _)| n.as_f64());
            let max = bound(section, "max").and_then(|(n, _)| n.as_f64());
            ordered(section, min.zip(max).is_none_or(|(min, max)| min <= max));
            Some(Kind::Number { min, max })
        }
        "boolean" => Some(Kind::Boolean),
        "moment" => {
            let form = match section.text("as") {
                None => Form::Rfc3339,
                Some(said) => match said.text.as_str() {
                    "rfc3339" => Form::Rfc3339,
                    "epoch_s" => Form::EpochS,
                    "epoch_ms" => Form::EpochMs,
                    other => {
                        let what = format!("{} is {}", said.label, quoted(other));
                        section.wrong(said.at, what, instead_of(other, &FORMS));
                        Form::Rfc3339
                    }
                },
            };
            Some(Kind::Moment { form })
        }
        "cursor" => Some(Kind::Cursor),
        other => {
            let what = format!("there is no type {} for an argument", quoted(other));
            section.wrong(said.at, what, instead_of(other, &TYPES));
            None
        }
    }
}

fn ordered(section: &Section<'_>, ordered: bool) {
    if !ordered {
        let what = format!("{} is larger than `max`", section.label("min"));
        section.wrong(section.at_key("min"), what, "nothing would fit between them");
    }
}

/// A text, or a list of at least one.
fn one_or_more(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    let Some(value) = section.take(key) else { return Vec::new() };
    let items: Vec<Written<'_>> = match value.get_ref().as_array() {
        Some(list) => list.iter().collect(),
        None => vec![value],
    };
    if items.is_empty() {
        let what = format!("{} is an empty list", section.label(key));
        section.wrong(value.span().start, what, "name at least one, or leave the line out");
    }
    let text_of = |item| Some(section.text_of(key, item, "a text in quotes")?.text);
    items.into_iter().filter_map(text_of).collect()
}
