//! A function's arguments, held against what it declares.

use serde_json::{Map, Value};

use super::answer::{Said, Wrong, text};

/// One declared argument.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub(super) name: &'static str,
    /// `string`, `object`, `any`, or `id:users`; with `|null` behind it null passes too.
    pub(super) kind: String,
    pub(super) optional: bool,
}

/// An argument that must be there.
pub(super) fn need(name: &'static str, kind: &str) -> Declared {
    Declared { name, kind: kind.to_owned(), optional: false }
}

/// An argument that may be left out.
pub(super) fn may(name: &'static str, kind: &str) -> Declared {
    Declared { name, kind: kind.to_owned(), optional: true }
}

/// Refuses what the function does not declare, in the back end's own words.
pub(super) fn check(given: &Map<String, Value>, declared: &[Declared]) -> Said<()> {
    for argument in declared {
        let Some(value) = given.get(argument.name) else {
            if argument.optional {
                continue;
            }
            return Err(unfit(
                given,
                declared,
                &format!(
                    "Object is missing the required field `{}`. Consider wrapping the field validator in \
                 `v.optional(...)` if this is expected.",
                    argument.name
                ),
            ));
        };
        if !fits(value, &argument.kind) {
            let (value, validator) = (text(value), validator(&argument.kind));
            return Err(Wrong::Function(format!(
                "ArgumentValidationError: Value does not match validator.\nPath: .{}\nValue: {value}\nValidator: \
                 {validator}\n",
                argument.name
            )));
        }
    }
    let extra = given.keys().find(|name| !declared.iter().any(|argument| argument.name == name.as_str()));
    match extra {
        None => Ok(()),
        Some(name) => Err(unfit(
            given,
            declared,
            &format!("Object contains extra field `{name}` that is not in the validator."),
        )),
    }
}

/// A text argument that `check` has let pass; empty if it is absent or null.
pub(super) fn string<'a>(given: &'a Map<String, Value>, name: &str) -> &'a str {
    given.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn unfit(given: &Map<String, Value>, declared: &[Declared], why: &str) -> Wrong {
    let fields = declared.iter().map(|argument| {
        let validator = validator(&argument.kind);
        if argument.optional {
            format!("{}: v.optional({validator})", argument.name)
        } else {
            format!("{}: {validator}", argument.name)
        }
    });
    let fields: Vec<String> = fields.collect();
    let given = text(&Value::Object(given.clone()));
    Wrong::Function(format!(
        "ArgumentValidationError: {why}\n\nObject: {given}\nValidator: v.object({{{}}})\n",
        fields.join(", ")
    ))
}

fn fits(value: &Value, kind: &str) -> bool {
    if let Some(kind) = kind.strip_suffix("|null") {
        return value.is_null() || fits(value, kind);
    }
    match kind {
        "string" => value.is_string(),
        "object" => value.is_object(),
        "any" => true,
        _ => value.as_str().is_some_and(is_id),
    }
}

/// Whether a text has the shape of a document's id.
pub(super) fn is_id(text: &str) -> bool {
    (31..=37).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn validator(kind: &str) -> String {
    if let Some(kind) = kind.strip_suffix("|null") {
        return format!("v.union({}, v.null())", validator(kind));
    }
    match kind.strip_prefix("id:") {
        Some(table) => format!("v.id(\"{table}\")"),
        None => format!("v.{kind}()"),
    }
}
