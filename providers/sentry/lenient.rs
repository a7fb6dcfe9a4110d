//! Reading what Sentry leaves out, sends as null, or sends in another shape in another version.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The value, or its default when it is null or of another shape.
pub(super) fn soft<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).unwrap_or_default())
}

/// Those elements of a list that can be read; nothing when it is no list.
pub(super) fn each<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(list) => list.into_iter().filter_map(|v| serde_json::from_value(v).ok()).collect(),
        _ => Vec::new(),
    })
}

/// A text, or a number as text: ids and versions come as either.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A whole number, or one written as text: `count` of an issue is a text.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// The rows of an answer that must be a list; rows of an unknown shape are left out and counted.
#[derive(Debug)]
pub(super) struct Rows<T> {
    pub(super) rows: Vec<T>,
    pub(super) unread: usize,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Rows<T>, D::Error> {
        let list = Vec::<Value>::deserialize(from)?;
        let sent = list.len();
        let rows: Vec<T> = list.into_iter().filter_map(|v| serde_json::from_value(v).ok()).collect();
        Ok(Rows { unread: sent - rows.len(), rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Odd {
        #[serde(deserialize_with = "text")]
        id: Option<String>,
        #[serde(deserialize_with = "whole")]
        count: Option<u64>,
        #[serde(deserialize_with = "each")]
        names: Vec<String>,
        #[serde(deserialize_with = "soft")]
        inner: Option<Vec<u8>>,
    }

    #[test]
    fn other_shapes_become_absence() {
        let read = |v: Value| serde_json::from_value::<Odd>(v).unwrap();
        assert_eq!(read(json!({})), Odd::default());
        assert_eq!(read(json!({"id": null, "count": {}, "names": null, "inner": "x"})), Odd::default());
        let odd = read(json!({"id": 7, "count": "150", "names": ["a", 1, null, "b"], "inner": [1]}));
        assert_eq!((odd.id.as_deref(), odd.count), (Some("7"), Some(150)));
        assert_eq!((odd.names, odd.inner), (vec!["a".to_owned(), "b".to_owned()], Some(vec![1])));
    }

    #[test]
    fn a_list_must_be_a_list_but_not_every_row_must_be_known() {
        let rows: Rows<Odd> = serde_json::from_value(json!([{"id": "1"}, 5, null])).unwrap();
        assert_eq!((rows.rows.len(), rows.unread), (1, 2));
        assert!(serde_json::from_value::<Rows<Odd>>(json!({"detail": "x"})).is_err());
    }
}
