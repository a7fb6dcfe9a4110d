//! Which filter the server is given for a question about rows, and whether a document fits.
//!
//! The filter is the dashboard's (open-source back end, `_system/frontend/lib/filters.ts`). Older back ends know
//! its clauses but neither its index nor its order, so the clauses always say everything, and every document is
//! looked at again here.

use super::schema::{Declared, Index};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// How the server will look for rows.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    /// The filter as it travels: JSON in base64.
    pub(super) filters: String,
    /// Whether rows come newest first.
    pub(super) newest_first: bool,
    /// Whether the server goes straight to the rows instead of reading past others.
    pub(super) indexed: bool,
}

/// The span of time in which a document must have been made, in milliseconds since 1970, both ends included.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Window {
    pub(super) since_ms: Option<f64>,
    pub(super) until_ms: Option<f64>,
}

impl Window {
    /// Whether it ends or begins anywhere.
    pub(super) fn is_bound(self) -> bool {
        self != Window::default()
    }

    /// Whether a document was made before it begins.
    pub(super) fn begins_after(self, document: &Value) -> bool {
        made(document).zip(self.since_ms).is_some_and(|(made, since)| made < since)
    }

    /// Whether a document was made after it ends.
    pub(super) fn ends_before(self, document: &Value) -> bool {
        made(document).zip(self.until_ms).is_some_and(|(made, until)| made > until)
    }
}

fn made(document: &Value) -> Option<f64> {
    document.get("_creationTime").and_then(Value::as_f64)
}

/// Chooses the index that leads to the rows newest first; else, for a window, the one by creation time; else one
/// that at least leads to them.
pub(super) fn plan(fields: &Map<String, Value>, window: Window, table: Option<&Declared>) -> Plan {
    let wire = |(field, value): (&String, &Value)| (field.clone(), on_the_wire(field, value, table));
    let fields: Map<String, Value> = fields.iter().map(wire).collect();
    let indexes = table.map(Declared::indexes).unwrap_or_default();
    let led = |index: &&Index| index.own_fields().iter().take_while(|f| fields.contains_key(*f)).count();
    let whole = |index: &&Index| led(index) > 0 && led(index) == index.own_fields().len();
    let best = indexes.iter().filter(whole).max_by_key(led);
    let partial = || indexes.iter().filter(|index| led(index) > 0).max_by_key(led);
    let (index, newest_first, indexed) = match best {
        Some(index) => (Some(by_equality(index, &fields)), true, true),
        None if window.is_bound() => (Some(by_time(window)), true, false),
        None => match partial() {
            Some(index) => (Some(by_equality(index, &fields)), false, true),
            None => (None, true, false),
        },
    };
    let mut clauses: Vec<Value> =
        fields.iter().map(|(field, value)| json!({ "op": "eq", "field": field, "value": value })).collect();
    // A beginning need not be said: rows come newest first, and are read no further than that.
    clauses.extend(window.until_ms.map(|ms| json!({ "op": "lte", "field": "_creationTime", "value": ms })));
    let mut filter = json!({ "op": "and", "order": "desc", "clauses": clauses });
    if let (Some(index), Some(filter)) = (index, filter.as_object_mut()) {
        filter.insert("index".to_owned(), index);
    }
    Plan { filters: BASE64_STANDARD.encode(filter.to_string()), newest_first, indexed }
}

/// The filter that finds one document of a table by its id.
pub(super) fn by_id(id: &str) -> String {
    let filter = json!({ "op": "and", "clauses": [{ "op": "eq", "field": "_id", "value": id }] });
    BASE64_STANDARD.encode(filter.to_string())
}

fn by_equality(index: &Index, fields: &Map<String, Value>) -> Value {
    let given = index.own_fields().iter().map_while(|field| fields.get(field));
    let clauses: Vec<Value> =
        given.map(|value| json!({ "type": "indexEq", "enabled": true, "value": value })).collect();
    json!({ "name": index.index_descriptor, "clauses": clauses })
}

fn by_time(window: Window) -> Value {
    let mut range = json!({ "type": "indexRange", "enabled": true });
    for (end, op, ms) in [("lower", "gte", window.since_ms), ("upper", "lte", window.until_ms)] {
        if let (Some(ms), Some(range)) = (ms, range.as_object_mut()) {
            range.insert(format!("{end}Op"), json!(op));
            range.insert(format!("{end}Value"), json!(ms));
        }
    }
    json!({ "name": "by_creation_time", "clauses": [range] })
}

/// A whole number asked of an int64 field travels as Convex writes those; all other numbers are floats there.
fn on_the_wire(field: &str, value: &Value, table: Option<&Declared>) -> Value {
    let whole = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    match whole {
        Some(n) if table.is_some_and(|table| table.is_int64(field)) => {
            json!({ "$integer": BASE64_STANDARD.encode(n.to_le_bytes()) })
        }
        _ => value.clone(),
    }
}

/// Whether a document has all the values asked for. A name with dots leads into objects.
pub(super) fn fits(document: &Value, fields: &Map<String, Value>) -> bool {
    fields.iter().all(|(field, wanted)| {
        let held = field.split('.').try_fold(document, |at, name| at.get(name));
        held.is_some_and(|held| same(held, wanted))
    })
}

/// Equal, with 5 equal to 5.0 and to the text "5": int64 values come as text.
fn same(held: &Value, wanted: &Value) -> bool {
    match (held, wanted) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(text), Value::Number(n)) => *text == n.to_string(),
        _ => held == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Declared {
        serde_json::from_value(json!({
            "tableName": "users",
            "indexes": [
                { "indexDescriptor": "by_email", "fields": ["email"] },
                { "indexDescriptor": "by_team_and_role", "fields": ["team", "role", "_creationTime"] },
            ],
            "documentType": { "type": "object", "value": {
                "credits": { "fieldType": { "type": "bigint" }, "optional": false } } },
        }))
        .unwrap()
    }

    fn asked(fields: Value, since: Option<f64>, table: Option<&Declared>) -> (Value, bool, bool) {
        let window = Window { since_ms: since, until_ms: None };
        let plan = plan(fields.as_object().unwrap(), window, table);
        let filter = BASE64_STANDARD.decode(plan.filters).unwrap();
        (serde_json::from_slice(&filter).unwrap(), plan.newest_first, plan.indexed)
    }

    #[test]
    fn an_index_that_is_filled_whole_leads_to_the_newest() {
        let (filter, newest_first, indexed) = asked(json!({ "email": "a@b.dev" }), Some(5.0), Some(&table()));
        assert_eq!(
            filter,
            json!({ "op": "and", "order": "desc",
                "clauses": [{ "op": "eq", "field": "email", "value": "a@b.dev" }],
                "index": { "name": "by_email", "clauses": [{ "type": "indexEq", "enabled": true, "value": "a@b.dev" }] } })
        );
        assert!(newest_first && indexed);
    }

    #[test]
    fn half_an_index_leads_to_the_rows_but_not_in_order() {
        let (filter, newest_first, indexed) = asked(json!({ "team": "t", "x": 1 }), None, Some(&table()));
        assert_eq!(filter.pointer("/index/clauses").unwrap().as_array().unwrap().len(), 1);
        assert!(!newest_first && indexed);
        let (_, newest_first, indexed) = asked(json!({ "team": "t", "role": "r" }), None, Some(&table()));
        assert!(newest_first && indexed, "the time behind its fields is not to be filled");
        let (filter, newest_first, indexed) = asked(json!({ "team": "t" }), Some(5.5), Some(&table()));
        assert_eq!(filter.pointer("/index/name").unwrap(), "by_creation_time");
        assert_eq!(filter.pointer("/index/clauses/0/lowerValue").unwrap(), 5.5);
        assert!(newest_first && !indexed);
    }

    #[test]
    fn a_window_that_ends_is_asked_for_by_both_of_its_ends() {
        let window = Window { since_ms: Some(5.5), until_ms: Some(7.0) };
        let plan = plan(&Map::new(), window, None);
        let filter: Value = serde_json::from_slice(&BASE64_STANDARD.decode(plan.filters).unwrap()).unwrap();
        assert_eq!(
            filter["index"]["clauses"],
            json!([{ "type": "indexRange", "enabled": true, "lowerOp": "gte", "lowerValue": 5.5,
                "upperOp": "lte", "upperValue": 7.0 }])
        );
        assert_eq!(filter["clauses"], json!([{ "op": "lte", "field": "_creationTime", "value": 7.0 }]));
        let at = |ms: f64| json!({ "_creationTime": ms });
        assert!(window.begins_after(&at(5.0)) && window.ends_before(&at(7.1)));
        assert!(
            !window.begins_after(&at(5.5))
                && !window.ends_before(&at(7.0))
                && !window.ends_before(&json!({}))
        );
    }

    #[test]
    fn without_an_index_the_clauses_say_it_all() {
        let (filter, newest_first, indexed) = asked(json!({ "role": "admin" }), None, None);
        assert!(filter.get("index").is_none() && newest_first && !indexed);
        assert_eq!(filter.pointer("/clauses/0/field").unwrap(), "role");
    }

    #[test]
    fn a_whole_number_is_sent_as_the_type_of_its_field() {
        let value = |field: &str| {
            asked(json!({ field: 5 }), None, Some(&table())).0.pointer("/clauses/0/value").cloned()
        };
        assert_eq!(value("credits").unwrap(), json!({ "$integer": "BQAAAAAAAAA=" }));
        assert_eq!(value("age").unwrap(), 5);
    }

    #[test]
    fn a_document_fits_by_value_not_by_spelling() {
        let document = json!({ "n": 5.0, "big": "5", "s": "x", "none": null, "in": { "city": "Graz" } });
        let fit = |fields: Value| fits(&document, fields.as_object().unwrap());
        assert!(fit(json!({ "n": 5, "big": 5, "in.city": "Graz", "none": null })));
        assert!(fit(json!({})));
        assert!(!fit(json!({ "s": "X" })) && !fit(json!({ "absent": null })) && !fit(json!({ "s.x": 1 })));
    }
}
