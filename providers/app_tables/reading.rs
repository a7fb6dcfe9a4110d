//! Reading a row by the fields that the configuration names: ids, texts, times, whatever the store writes them as.

use crate::Moment;
use crate::app::AppTable;
use crate::words::Row;
use serde_json::Value;

/// A field's value; nothing when it is absent or null. A name with dots leads into objects.
pub(super) fn value<'r>(row: &'r Row, field: &str) -> Option<&'r Value> {
    let fields = row.fields.as_value();
    let held = match fields.get(field) {
        Some(held) => Some(held),
        None => field.split('.').try_fold(fields, |at, name| at.get(name)),
    };
    held.filter(|held| !held.is_null())
}

/// A field as text: texts, numbers and booleans; whole numbers without a fraction.
pub(super) fn text(row: &Row, field: &str) -> Option<String> {
    as_text(value(row, field)?)
}

pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => format!("{n:.0}"),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

/// A time: RFC 3339, or milliseconds or seconds since 1970 when the number is of this age.
pub(super) fn as_moment(value: &Value) -> Option<Moment> {
    match value {
        Value::String(text) => Moment::parse(text).or_else(|| from_epoch(text.parse().ok()?)),
        Value::Number(number) => from_epoch(number.as_f64()?),
        _ => None,
    }
}

/// From 1973 in milliseconds, from 2001 in seconds: below those, a number is hardly a time.
fn from_epoch(number: f64) -> Option<Moment> {
    if number >= 1e11 {
        Moment::from_epoch_ms(number)
    } else if number >= 1e9 {
        Moment::from_epoch_ms(number * 1_000.0)
    } else {
        None
    }
}

/// When a row's story happened: its `at` field, else when it was made.
pub(super) fn at(row: &Row, table: &AppTable) -> Option<Moment> {
    table.field("at").and_then(|field| value(row, field)).and_then(as_moment).or(row.created)
}

/// Whether an id may stand in a field of ours that is no foreign text.
pub(super) fn is_plain(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A name without its spelling: `lockedUntil`, `locked_until` and `LockedUntil` are one.
pub(super) fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
