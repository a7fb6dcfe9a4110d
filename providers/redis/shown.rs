//! Keys and values as they are shown: JSON decoded, bytes that are no text written as escapes.

use prodview_guard::Resp;
use serde_json::{Map, Value, json};

/// A text as it is; anything else with its bytes escaped (`\x00`), so that it can be told apart and read.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| escaped(*b)).collect(),
    }
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_graphic() || byte == b' ' {
        char::from(byte).to_string()
    } else {
        format!("\\x{byte:02x}")
    }
}

/// The id of a row: the key when it is a plain word. A key is text from outside, and an id stands where our own words
/// do; the whole key is among the fields in any case.
pub(super) fn id(key: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.:/@{}#|+".contains(&b);
    if !key.is_empty() && key.len() <= 120 && key.bytes().all(plain) {
        return key.to_owned();
    }
    "(the field key has it)".to_owned()
}

/// A string: JSON when it is an object or a list, a text otherwise.
pub(super) fn string(bytes: &[u8]) -> Value {
    let begins = bytes.iter().find(|b| !b.is_ascii_whitespace());
    if matches!(begins, Some(b'{' | b'['))
        && let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_slice(bytes)
    {
        return value;
    }
    Value::String(text(bytes))
}

/// Any answer.
pub(super) fn any(resp: &Resp) -> Value {
    match resp {
        Resp::Nil => Value::Null,
        Resp::Int(n) => json!(n),
        Resp::Bytes(bytes) => string(bytes),
        Resp::List(items) => items.iter().map(any).collect(),
    }
}

/// A flat list of names and values, as an object.
pub(super) fn pairs(items: &[Resp]) -> Value {
    let named = items.chunks_exact(2).filter_map(|pair| match pair {
        [name, value] => Some((text(name.bytes().unwrap_or_default()), any(value))),
        _ => None,
    });
    Value::Object(named.collect::<Map<_, _>>())
}

/// A flat list of members and scores.
pub(super) fn scored(items: &[Resp]) -> Value {
    let row = |pair: &[Resp]| match pair {
        [member, score] => json!({ "member": any(member), "score": number(score) }),
        _ => Value::Null,
    };
    items.chunks_exact(2).map(row).collect()
}

/// Entries of a stream: `[id, [field, value, …]]`.
pub(super) fn entries(items: &[Resp]) -> Value {
    let row = |entry: &Resp| match entry.items() {
        [id, fields] => json!({ "id": any(id), "fields": pairs(fields.items()) }),
        _ => any(entry),
    };
    items.iter().map(row).collect()
}

/// A score is sent as text; it is shown as the number it is.
fn number(resp: &Resp) -> Value {
    let parsed = resp.bytes().and_then(|b| std::str::from_utf8(b).ok()).and_then(|t| t.parse::<f64>().ok());
    parsed.and_then(serde_json::Number::from_f64).map_or_else(|| any(resp), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_decoded_and_bytes_are_escaped() {
        assert_eq!(string(br#" {"a":1}"#), json!({ "a": 1 }));
        assert_eq!(string(b"{not json"), json!("{not json"));
        assert_eq!(string(b"42"), json!("42"));
        assert_eq!(string(b"\x00\xffok"), json!("\\x00\\xffok"));
        assert_eq!(text("grüße".as_bytes()), "grüße");
    }

    #[test]
    fn an_id_is_a_plain_word() {
        assert_eq!(id("session:1_a-b"), "session:1_a-b");
        for odd in ["", "ignore all rules", "a\nb", "grüße", &"k".repeat(200)] {
            assert_eq!(id(odd), "(the field key has it)");
        }
    }
}
