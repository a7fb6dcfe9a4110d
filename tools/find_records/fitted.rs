//! Rows that fit into an answer: long values are cut, fields that have no room are left out, and both are told.

use crate::Cut;
use crate::size::estimate;
use prodview_guard::ForeignJson;
use prodview_providers::capability::Language;
use prodview_providers::words::Row;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a default answer, in estimated tokens: the whole answer keeps to 2,000.
const DEFAULT: usize = 1_720;
/// Rows of an answer whose fields or number were asked for.
const ASKED: usize = 4_600;
/// How long a value may be, from the first that makes all fit.
const LENGTHS: [usize; 8] = [4_200, 2_000, 1_200, 800, 300, 120, 60, 30];
/// So many names of fields are told.
const NAMED: usize = 20;

/// What was asked for: it decides how much room there is, and what may be left out.
pub(super) struct Wish<'a> {
    /// Fields that were named, in `fields` or `where`: they stay.
    pub(super) named: Vec<&'a str>,
    /// Whether `fields` was given.
    pub(super) chosen: bool,
    /// Whether a number beyond the default was asked for.
    pub(super) many: bool,
    /// What the source's own questions are.
    pub(super) language: Language,
}

/// The rows with what has room of them, and what was left out.
pub(super) fn fitted(rows: Vec<Row>, wish: &Wish<'_>) -> (Vec<Row>, Vec<Cut>) {
    let room = if wish.chosen || wish.many { ASKED } else { DEFAULT };
    let held: Vec<&Map<String, Value>> =
        rows.iter().filter_map(|row| row.fields.as_value().as_object()).collect();
    let sizes = Sizes::of(&held);
    if held.len() != rows.len() || sizes.with(usize::MAX) <= room {
        return (rows, Vec::new());
    }
    let length = LENGTHS.into_iter().find(|length| sizes.with(*length) <= room);
    let shortest = LENGTHS.last().copied().unwrap_or_default();
    let kept = match length {
        // Many rows rather lose their end, as every long list does.
        None if !wish.chosen && !wish.many => Some(sizes.columns(shortest, room, &wish.named)),
        _ => None,
    };
    let length = length.unwrap_or(shortest);
    let mut long = BTreeSet::new();
    let rows =
        rows.iter().map(|row| Row { fields: shorter(row, length, kept.as_ref(), &mut long), ..row.clone() });
    let rows = rows.collect();
    let all: Vec<&String> = sizes.columns.keys().copied().collect();
    let left: Vec<&str> = all
        .iter()
        .map(|name| name.as_str())
        .filter(|name| kept.as_ref().is_some_and(|kept| !kept.contains(*name)))
        .collect();
    let mut cut = Vec::new();
    if !left.is_empty() {
        let what = format!("{} of {} fields: {}", left.len(), all.len(), names(&left));
        cut.push(Cut { what, how: Some("fields=[…], those that matter".to_owned()), cursor: None });
    }
    if !long.is_empty() {
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        let what = format!("the ends of long values in {}", names(&long));
        cut.push(Cut { what, how: how(&long, wish), cursor: None });
    }
    (rows, cut)
}

/// How what was cut off is had: by asking for less beside it, or by a path into it.
fn how(long: &[&str], wish: &Wish<'_>) -> Option<String> {
    let field = long.first().map(|name| named(name)).unwrap_or_default();
    let path = match wish.language {
        Language::Sql => Some(format!(
            "query_state with a path into it (\"{field}\" #> '{{a,b}}') or a part of it (left, substr)"
        )),
        Language::ConvexQuery | Language::RedisCommand => None,
    };
    let fields = (!wish.chosen).then(|| format!("fields=[\"{field}\"] and limit=1"));
    let how: Vec<String> = fields.into_iter().chain(path).collect();
    (!how.is_empty()).then(|| how.join(", or "))
}

fn names(all: &[&str]) -> String {
    let told: Vec<&str> = all.iter().take(NAMED).map(|name| named(name)).collect();
    let rest = all.len().saturating_sub(NAMED);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{rest}", told.join(", "))
}

/// A name that has the shape of one. Any other text could say anything, and this is no place for it.
fn named(name: &str) -> &str {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.$".contains(&b);
    if name.len() <= 63 && name.bytes().all(plain) { name } else { "‹a name that is no plain word›" }
}

/// What each field's values cost, row by row.
struct Sizes<'r> {
    rows: usize,
    columns: BTreeMap<&'r String, Vec<usize>>,
    empty: BTreeSet<&'r String>,
}

/// A row's own id, time and punctuation.
const FRAME: usize = 22;

impl<'r> Sizes<'r> {
    fn of(rows: &[&'r Map<String, Value>]) -> Sizes<'r> {
        let mut columns: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
        let mut filled: BTreeSet<&String> = BTreeSet::new();
        for (name, value) in rows.iter().flat_map(|row| row.iter()) {
            columns.entry(name).or_default().push(estimate(&value.to_string()));
            if !value.is_null() {
                filled.insert(name);
            }
        }
        let empty = columns.keys().filter(|name| !filled.contains(*name)).copied().collect();
        Sizes { rows: rows.len(), columns, empty }
    }

    fn column(name: &str, cells: &[usize], longest: usize) -> usize {
        // A value's own quotation marks are one with the name's.
        let key = estimate(name) + 1;
        cells.iter().map(|size| key + size.min(&longest)).sum()
    }

    /// All rows, with no value longer than that.
    fn with(&self, longest: usize) -> usize {
        let cells = self.columns.iter().map(|(name, cells)| Sizes::column(name, cells, longest));
        cells.sum::<usize>() + self.rows * FRAME
    }

    /// The fields that have room: those that were named, then as many as possible of those that hold something.
    fn columns(&self, longest: usize, room: usize, named: &[&str]) -> BTreeSet<String> {
        let mut order: Vec<(bool, bool, usize, &String)> = self
            .columns
            .iter()
            .map(|(name, cells)| {
                let named = named.contains(&name.as_str());
                (!named, self.empty.contains(name), Sizes::column(name, cells, longest), *name)
            })
            .collect();
        order.sort();
        let (mut spent, mut kept) = (self.rows * FRAME, BTreeSet::new());
        for (unnamed, _, cost, name) in order {
            spent += cost;
            if unnamed && spent > room {
                break;
            }
            kept.insert(name.clone());
        }
        kept
    }
}

/// One row with its long values cut; `long` gets the names of those.
fn shorter(
    row: &Row,
    longest: usize,
    kept: Option<&BTreeSet<String>>,
    long: &mut BTreeSet<String>,
) -> ForeignJson {
    let fields = row.fields.as_value().as_object().into_iter().flatten();
    let fields = fields.filter(|(name, _)| kept.is_none_or(|kept| kept.contains(*name)));
    let fields = fields.map(|(name, value)| {
        let (short, whole) = value_within(value, longest);
        if !whole {
            long.insert(name.clone());
        }
        (name.clone(), short)
    });
    ForeignJson::new(Value::Object(fields.collect()))
}

/// The beginning of a value within so many tokens, and whether that is all of it. What was cleaned before stays clean.
fn value_within(value: &Value, room: usize) -> (Value, bool) {
    if estimate(&value.to_string()) <= room {
        return (value.clone(), true);
    }
    let short = match value {
        Value::String(text) => {
            let mut chars = room * 4;
            let beginning = |chars: usize| text.chars().take(chars).collect::<String>();
            while chars > 8 && estimate(&beginning(chars)) + 2 > room {
                chars -= chars / 4;
            }
            Value::String(format!("{}…", beginning(chars)))
        }
        Value::Array(items) => {
            let mut spent = 8;
            let mut some: Vec<Value> = Vec::new();
            for item in items {
                let Some(left) = room.checked_sub(spent).filter(|left| *left > 4) else { break };
                let (item, _) = value_within(item, left);
                spent += estimate(&item.to_string()) + 1;
                some.push(item);
            }
            let rest = items.len() - some.len();
            if rest > 0 {
                some.push(Value::String(format!("… {rest} more")));
            }
            Value::Array(some)
        }
        Value::Object(fields) => {
            let mut spent = 8;
            let mut some = Map::new();
            for (name, field) in fields {
                let key = estimate(name) + 3;
                let Some(left) = room.checked_sub(spent + key).filter(|left| *left > 4) else { break };
                // One long field must not hide all that stand behind it.
                let (field, _) = value_within(field, left.min((room / 2).max(12)));
                spent += key + estimate(&field.to_string());
                some.insert(name.clone(), field);
            }
            let rest = fields.len() - some.len();
            if rest > 0 {
                some.insert("…".to_owned(), Value::String(format!("{rest} more")));
            }
            Value::Object(some)
        }
        other => other.clone(),
    };
    (short, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(fields: Value) -> Row {
        Row { id: "1".to_owned(), created: None, fields: ForeignJson::new(fields) }
    }

    fn wish(chosen: bool) -> Wish<'static> {
        Wish { named: vec!["id"], chosen, many: false, language: Language::Sql }
    }

    fn tokens(rows: &[Row]) -> usize {
        rows.iter().map(|row| estimate(&row.fields.as_value().to_string())).sum()
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        let rows = vec![row(json!({ "id": 1, "email": "a@acme.dev" }))];
        assert_eq!(fitted(rows.clone(), &wish(false)), (rows, vec![]));
    }

    #[test]
    fn one_big_value_is_cut_and_how_to_see_it_is_said() {
        let payload: Value = (0..900)
            .map(|i| (format!("field_{i}"), json!({ "nested": ["some words", i] })))
            .collect::<Map<_, _>>()
            .into();
        let (rows, cut) =
            fitted(vec![row(json!({ "id": "evt_1", "payload": payload.clone() }))], &wish(false));
        assert!(tokens(&rows) <= DEFAULT, "{}", tokens(&rows));
        let shown = rows[0].fields.as_value();
        assert_eq!(shown["id"], "evt_1");
        assert_eq!(shown["payload"]["field_0"], json!({ "nested": ["some words", 0] }));
        assert!(shown["payload"]["…"].as_str().unwrap().ends_with(" more"), "{shown}");
        assert_eq!(cut[0].what, "the ends of long values in payload");
        let how = cut[0].how.as_deref().unwrap();
        assert!(how.starts_with("fields=[\"payload\"] and limit=1, or query_state with a path"), "{how}");
        let (more, cut) = fitted(vec![row(json!({ "payload": payload }))], &wish(true));
        assert!(tokens(&more) > tokens(&rows) && tokens(&more) <= ASKED, "{}", tokens(&more));
        assert!(cut[0].how.as_deref().unwrap().starts_with("query_state"), "{cut:?}");
    }

    #[test]
    fn of_a_very_wide_table_the_fields_that_hold_something_are_shown_and_the_others_counted() {
        let wide = |n: usize| {
            let mut fields: Map<String, Value> = (0..200)
                .map(|i| {
                    (format!("c{i:03}"), if i % 2 == 0 { json!(null) } else { json!(format!("value {i}")) })
                })
                .collect();
            fields.insert("id".to_owned(), json!(n));
            row(Value::Object(fields))
        };
        let (rows, cut) = fitted((0..10).map(wide).collect(), &wish(false));
        assert_eq!(rows.len(), 10);
        assert!(tokens(&rows) <= DEFAULT, "{}", tokens(&rows));
        let shown = rows[0].fields.as_value().as_object().unwrap();
        assert!(
            shown.contains_key("id") && shown.len() > 5 && !shown.values().any(Value::is_null),
            "{shown:?}"
        );
        let left = 201 - shown.len();
        assert!(cut[0].what.starts_with(&format!("{left} of 201 fields: c000, ")), "{}", cut[0].what);
    }

    #[test]
    fn texts_and_lists_are_cut_where_their_room_ends() {
        for (long, room) in
            [(json!("word ".repeat(400)), 60), (json!(vec!["a"; 900]), 60), (json!([vec!["x"; 400]]), 40)]
        {
            let (short, whole) = value_within(&long, room);
            assert!(!whole && estimate(&short.to_string()) <= room + 12, "{short}");
        }
        assert_eq!(value_within(&json!(12), 30), (json!(12), true));
    }
}
