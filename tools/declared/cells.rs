//! Rows as they leave: only the listed columns, money and moments in our words, every text foreign.

use super::column::{Column, Currency, Kind};
use prodview_guard::Foreign;
use prodview_providers::{Moment, Money};
use serde::Serialize;
use serde_json::{Number, Value};
use std::collections::BTreeMap;

/// A row.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    /// Which source has it, when several were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    #[serde(flatten)]
    pub(super) cells: BTreeMap<String, Cell>,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Text(Foreign),
    Money(Money),
    Moment(Moment),
    Number(Number),
    Boolean(bool),
}

/// The columns of a row. What is null or absent is left out; the names of columns whose value is there and does not
/// fit its type are added to `unread`.
pub(super) fn cells(
    columns: &[Column],
    row: &Value,
    decimals: &dyn Fn(&str) -> u32,
    unread: &mut BTreeMap<String, usize>,
) -> BTreeMap<String, Cell> {
    let mut cells = BTreeMap::new();
    for column in columns {
        let Some(value) = row.pointer(&column.at).filter(|value| !value.is_null()) else { continue };
        match cell(column, value, row, decimals) {
            Some(Cell::Text(text)) if text.is_empty() => {}
            Some(cell) => {
                cells.insert(column.name.clone(), cell);
            }
            None => *unread.entry(column.name.clone()).or_default() += 1,
        }
    }
    cells
}

fn cell(column: &Column, value: &Value, row: &Value, decimals: &dyn Fn(&str) -> u32) -> Option<Cell> {
    match &column.kind {
        Kind::Text => Some(Cell::Text(Foreign::new(&text(value)))),
        Kind::Number => number(value).map(Cell::Number),
        Kind::Boolean => match value {
            Value::Bool(flag) => Some(Cell::Boolean(*flag)),
            _ => None,
        },
        Kind::Moment => moment(value).map(Cell::Moment),
        Kind::Money(currency) => {
            let currency = match currency {
                Currency::Always(code) => code.as_str(),
                Currency::At(pointer) => row.pointer(pointer)?.as_str()?,
            };
            let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_alphabetic());
            let amount = number(value)?.as_i64()?;
            is_code.then(|| Cell::Money(Money::new(amount, currency, decimals(currency))))
        }
    }
}

/// A text as it is; what is none as it would be written, lists of such with commas.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            items.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Databases write large and exact numbers as texts.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) if text.len() <= 40 => {
            let text = text.trim();
            let whole = text.parse::<i64>().ok().map(Number::from);
            whole.or_else(|| Number::from_f64(text.parse::<f64>().ok()?))
        }
        _ => None,
    }
}

/// Seconds or milliseconds since 1970, or a text with a date and a time; without an offset it is UTC.
fn moment(value: &Value) -> Option<Moment> {
    match value {
        // The year 5138 in seconds, 1973 in milliseconds: nothing is meant the other way.
        Value::Number(number) => match number.as_f64()? {
            ms if ms.abs() >= 1e11 => Moment::from_epoch_ms(ms),
            _ => Moment::from_epoch_s(number.as_i64().or_else(|| truncated(number.as_f64()?))?),
        },
        Value::String(text) if text.len() <= 60 => {
            let parsed = Moment::parse(text).or_else(|| Moment::parse(&format!("{}Z", text.trim())));
            parsed.or_else(|| Moment::parse(&format!("{}T00:00:00Z", text.trim())))
        }
        _ => None,
    }
}

fn truncated(seconds: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "bounded; the fraction of a second is dropped")]
    (seconds.abs() < 1e11).then_some(seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn column(name: &str, kind: Kind) -> Column {
        Column { name: name.to_owned(), at: format!("/{name}"), kind }
    }

    #[test]
    fn only_the_columns_leave_and_each_as_what_it_is() {
        let at = || Currency::At("/currency".to_owned());
        let columns = [
            column("id", Kind::Text),
            column("amount", Kind::Money(at())),
            column("opened", Kind::Moment),
            column("count", Kind::Number),
            column("live", Kind::Boolean),
            column("tags", Kind::Text),
            column("none", Kind::Text),
        ];
        let row = json!({
            "id": "a\u{202e}b", "amount": 1200, "currency": "jpy", "opened": 1_763_629_964, "count": "12.5",
            "live": true, "tags": ["x", 1], "none": null, "other": "never",
        });
        let mut unread = BTreeMap::new();
        let decimals = |code: &str| if code == "jpy" { 0 } else { 2 };
        let cells = cells(&columns, &row, &decimals, &mut unread);
        assert_eq!(
            serde_json::to_value(Row { source: None, cells }).unwrap(),
            json!({
                "id": "a‹U+202E›b", "amount": { "amount": 1200, "currency": "JPY", "text": "¥1,200" },
                "opened": "2025-11-20T09:12:44Z", "count": 12.5, "live": true, "tags": "x, 1",
            })
        );
        assert_eq!(unread.len(), 0);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_left_out() {
        let columns = [
            column("a", Kind::Moment),
            column("b", Kind::Number),
            column("c", Kind::Boolean),
            column("d", Kind::Money(Currency::Always("EUR".into()))),
            column("e", Kind::Money(Currency::At("/nowhere".into()))),
        ];
        let mut unread = BTreeMap::new();
        let row = json!({ "a": "yesterday", "b": "many", "c": "yes", "d": 1.5, "e": 1 });
        assert!(cells(&columns, &row, &|_| 2, &mut unread).is_empty());
        assert_eq!(unread.values().sum::<usize>(), 5);
    }

    #[test]
    fn moments_are_understood_in_every_form_that_databases_and_services_write() {
        for value in [
            json!(1_763_629_964),
            json!(1_763_629_964.9),
            json!(1_763_629_964_123_i64),
            json!("2025-11-20T09:12:44Z"),
            json!("2025-11-20 09:12:44.5+00"),
            json!("2025-11-20 10:12:44+01:00"),
            json!("2025-11-20 09:12:44"),
        ] {
            assert_eq!(
                moment(&value).map(|m| m.to_string()).as_deref(),
                Some("2025-11-20T09:12:44Z"),
                "{value}"
            );
        }
        assert_eq!(
            moment(&json!("2025-11-20")).map(|m| m.to_string()).as_deref(),
            Some("2025-11-20T00:00:00Z")
        );
    }
}
