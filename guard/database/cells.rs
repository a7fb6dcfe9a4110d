//! Rows as the server writes them in JSON, read without losing anything: no digit of a number, no column that has
//! the name of another one.

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;

/// Nested values deeper than this are kept as text.
const DEPTH: usize = 32;

/// A row from the text of `row_to_json`: its columns in their order, a second `count` as `count_2`.
pub(crate) fn row(json: &str) -> Result<Map<String, Value>, serde_json::Error> {
    let pairs = serde_json::Deserializer::from_str(json).deserialize_map(Pairs)?;
    let mut row = Map::new();
    for (name, raw) in pairs {
        let mut key = name.clone();
        let mut n = 2;
        while row.contains_key(&key) {
            key = format!("{name}_{n}");
            n += 1;
        }
        row.insert(key, exact(raw, 0)?);
    }
    Ok(row)
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// A value whose numbers are exact: one that no 64-bit number holds stays the text it came as.
fn exact(raw: &RawValue, depth: usize) -> Result<Value, serde_json::Error> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        _ if depth == DEPTH => Value::String(text.to_owned()),
        Some(b'{') => {
            let pairs = serde_json::Deserializer::from_str(text).deserialize_map(Pairs)?;
            let fields = pairs.into_iter().map(|(key, raw)| Ok((key, exact(raw, depth + 1)?)));
            Value::Object(fields.collect::<Result<_, serde_json::Error>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            Value::Array(items.into_iter().map(|raw| exact(raw, depth + 1)).collect::<Result<_, _>>()?)
        }
        Some(b'-' | b'0'..=b'9') if !fits(text) => Value::String(text.to_owned()),
        _ => serde_json::from_str(text)?,
    })
}

/// Whether a number is kept to its last digit: a 64-bit integer, or at most 15 digits that count.
fn fits(text: &str) -> bool {
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|b| *b == b'0').count();
    digits <= 15 && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_of_a_row_is_lost() {
        let row = row(r#"{"b":1,"a":12345678901234567.89,"b":2,"b":{"x":[18446744073709551616,1e400,0.1]},"id":9007199254740993}"#).unwrap();
        assert_eq!(
            Value::Object(row),
            json!({ "b": 1, "a": "12345678901234567.89", "b_2": 2,
                "b_3": { "x": ["18446744073709551616", "1e400", 0.1] }, "id": 9_007_199_254_740_993_i64 })
        );
    }

    #[test]
    fn a_bottomless_value_stays_text() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        // serde_json itself stops at 128 levels: an error, not a crash.
        assert!(row(&deep).is_err() || row(&deep).unwrap().contains_key("a"));
        assert!(row("[1]").is_err());
    }
}
