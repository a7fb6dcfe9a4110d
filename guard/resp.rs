//! What Redis answers, whichever way it was asked.

use serde_json::Value;

/// An answer to one command.
#[derive(Debug, Clone, PartialEq)]
pub enum Resp {
    /// Nothing: no such key, field or member.
    Nil,
    /// A number.
    Int(i64),
    /// A text or bytes.
    Bytes(Vec<u8>),
    /// Several answers.
    List(Vec<Resp>),
}

impl Resp {
    /// The number, also when it was told as text.
    pub fn int(&self) -> Option<i64> {
        match self {
            Resp::Int(n) => Some(*n),
            Resp::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
            Resp::Nil | Resp::List(_) => None,
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Resp::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The parts of a list; none of anything else.
    pub fn items(&self) -> &[Resp] {
        match self {
            Resp::List(items) => items,
            _ => &[],
        }
    }

    /// From the JSON that Upstash answers. Redis has neither maps nor truth values in this protocol: they stay text.
    pub fn from_json(value: Value) -> Resp {
        match value {
            Value::Null => Resp::Nil,
            Value::Number(n) => n.as_i64().map_or_else(|| Resp::Bytes(n.to_string().into_bytes()), Resp::Int),
            Value::String(text) => Resp::Bytes(text.into_bytes()),
            Value::Array(items) => Resp::List(items.into_iter().map(Resp::from_json).collect()),
            other => Resp::Bytes(other.to_string().into_bytes()),
        }
    }
}
