//! From what the world says of an object to the whole object as the API gives it: every key, the defaults filled in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// One object of each kind, fresh from the API (2026-10-28.endive), with the values that most have.
static SHAPES: LazyLock<BTreeMap<String, Map<String, Value>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("shapes.json")).unwrap_or_default());

/// The whole object; objects inside it are made whole too.
pub(super) fn whole(sparse: &Value, live: bool) -> Value {
    match sparse {
        Value::Array(items) => items.iter().map(|item| whole(item, live)).collect(),
        Value::Object(fields) => {
            let shape =
                kind(sparse).filter(|_| !fields.contains_key("deleted")).and_then(|kind| SHAPES.get(kind));
            let mut whole = shape.cloned().unwrap_or_default();
            fill(&mut whole, fields, live);
            if let Some(mode) = whole.get_mut("livemode") {
                *mode = Value::Bool(live);
            }
            Value::Object(whole)
        }
        plain => plain.clone(),
    }
}

/// A field, by JSON pointer, as the whole object would have it: what the world says, else the kind's usual value.
pub(super) fn fact<'a>(sparse: &'a Value, pointer: &str) -> Option<&'a Value> {
    let usual = || {
        let (first, rest) = pointer.strip_prefix('/')?.split_once('/').unwrap_or((pointer.get(1..)?, ""));
        let field = SHAPES.get(kind(sparse)?)?.get(first)?;
        if rest.is_empty() { Some(field) } else { field.pointer(&format!("/{rest}")) }
    };
    sparse.pointer(pointer).or_else(usual).filter(|value| !value.is_null())
}

/// What kind of object it says it is.
pub(super) fn kind(object: &Value) -> Option<&str> {
    object.get("object")?.as_str()
}

fn fill(whole_fields: &mut Map<String, Value>, fields: &Map<String, Value>, live: bool) {
    for (name, value) in fields {
        // What begins with ~ is the fake's own note.
        if name.starts_with('~') {
            continue;
        }
        match (whole_fields.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(said)) if !said.contains_key("object") => {
                fill(inner, said, live);
            }
            _ => {
                whole_fields.insert(name.clone(), whole(value, live));
            }
        }
    }
}
