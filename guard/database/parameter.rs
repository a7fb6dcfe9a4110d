//! A parameter as text: the server infers its type from the statement, as it does for a literal.

use bytes::BytesMut;
use serde_json::Value;
use std::error::Error;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// One bound value. JSON becomes what PostgreSQL would read as a literal: lists of plain values become arrays
/// (`{"a","b"}`), objects become JSON.
#[derive(Debug)]
pub(crate) struct Parameter(Option<String>);

impl Parameter {
    pub(crate) fn of(value: &Value) -> Parameter {
        Parameter(match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
                Some(array(items))
            }
            other => Some(other.to_string()),
        })
    }
}

impl From<Parameter> for Option<String> {
    fn from(parameter: Parameter) -> Option<String> {
        parameter.0
    }
}

/// Source of the syntax: PostgreSQL's documentation, "Array Input".
fn array(items: &[Value]) -> String {
    let item = |item: &Value| match item {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        other => other.to_string(),
    };
    format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(","))
}

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }
    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_becomes_what_a_literal_would_be() {
        for (value, text) in [
            (json!("a'b"), Some("a'b")),
            (json!(5), Some("5")),
            (json!(true), Some("true")),
            (json!(null), None),
            (json!(["a\"b", "c\\d", null, 3]), Some(r#"{"a\"b","c\\d",NULL,3}"#)),
            (json!({ "a": [1] }), Some(r#"{"a":[1]}"#)),
            (json!([{ "a": 1 }]), Some(r#"[{"a":1}]"#)),
        ] {
            assert_eq!(Parameter::of(&value).0.as_deref(), text);
        }
    }
}
