//! A value that a field must equal: whether it can stand there, and the condition.

use super::known::{Column, Known};
use super::quoted;
use prodview_guard::{Failure, FailureKind, visible};
use serde_json::{Value, json};

/// A field that is asked by: a column, and the path inside it when it holds JSON.
pub(super) struct Asked<'a> {
    pub(super) column: &'a Column,
    pub(super) path: Option<Vec<&'a str>>,
}

/// The field of that name: `email`, `data.order.id`.
pub(super) fn field<'a>(table: &'a Known, field: &'a str) -> Result<Asked<'a>, Failure> {
    // What every store understands: the id of a row, whatever its column is called.
    let key = table.primary_key();
    if let (None, "_id", [only]) = (table.column(field), field, key.as_slice())
        && let Some(column) = table.column(only)
    {
        return Ok(Asked { column, path: None });
    }
    if let Some(column) = table.column(field) {
        return Ok(Asked { column, path: None });
    }
    if let Some((column, path)) = path_in(table, field) {
        return Ok(Asked { column, path: Some(path) });
    }
    let names: Vec<&str> = table.columns().iter().take(40).map(|column| column.name.as_str()).collect();
    let more = match table.columns().len().saturating_sub(names.len()) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Err(Failure::new(FailureKind::Invalid, "no such column").hint(format!(
        "{} has no field of that name; it has {}{more}",
        table.shown_name(),
        visible(&names.join(", "))
    )))
}

/// A path into a column that holds JSON.
pub(super) fn path_in<'a>(table: &'a Known, field: &'a str) -> Option<(&'a Column, Vec<&'a str>)> {
    let (first, rest) = field.split_once('.')?;
    let column = table.column(first).filter(|c| matches!(c.base.as_str(), "json" | "jsonb"))?;
    let plain = |part: &str| !part.is_empty() && !part.contains(['{', '}', ',', '"', '\\']);
    rest.split('.').all(plain).then(|| (column, rest.split('.').collect()))
}

impl Asked<'_> {
    /// The condition; `None` when the value cannot equal any value of its field. A mistake, and no look-up by one of
    /// several ids, is a value that is none of the few that a field can have.
    pub(super) fn equals(
        &self,
        table: &Known,
        value: &Value,
        how: (bool, &mut Vec<Value>),
    ) -> Result<Option<String>, Failure> {
        let (any_case, params) = how;
        let column = quoted(&self.column.name);
        if let Some(path) = &self.path {
            return Ok(Some(inside(
                &format!("r.{column}"),
                &self.column.base,
                path,
                value,
                (any_case, params),
            )));
        }
        if value.is_null() {
            return Ok(Some(format!("r.{column} is null")));
        }
        let text = text_of(value);
        self.one_of_few(table, &text, any_case)?;
        let Some(text) = standing(&self.column.base, &text) else { return Ok(None) };
        params.push(json!(text));
        let n = params.len();
        Ok(Some(if any_case {
            format!("lower(r.{column}::text) = lower(${n}::text)")
        } else if self.column.base == "json" {
            format!("r.{column}::text = ${n}::text")
        } else {
            format!("r.{column} = ${n}")
        }))
    }

    /// That a value is none of the type of its field, for the reader.
    pub(super) fn misfit(&self, table: &Known) -> String {
        format!("`{}` of {} is {}", visible(&self.column.name), table.shown_name(), self.column.told())
    }

    fn one_of_few(&self, table: &Known, text: &str, any_case: bool) -> Result<(), Failure> {
        let is = |label: &str| if any_case { label.eq_ignore_ascii_case(text) } else { label == text };
        let wants = if self.column.base == "boolean" {
            (!["true", "false"].contains(&text.to_ascii_lowercase().as_str()))
                .then(|| "it takes true or false".to_owned())
        } else {
            let none = self.column.all_labels().is_some_and(|labels| !labels.iter().any(|label| is(label)));
            none.then(|| "it takes one of its labels, in their letter case".to_owned())
        };
        match wants {
            None => Ok(()),
            Some(wants) => Err(Failure::new(FailureKind::Invalid, "a value that its field cannot have")
                .hint(format!("{}: {wants}", self.misfit(table)))),
        }
    }
}

/// The condition on a part of a column that holds JSON. A number equals the same number however it is written, and the
/// text that is written so; true and false equal themselves only.
fn inside(left: &str, json: &str, path: &[&str], value: &Value, how: (bool, &mut Vec<Value>)) -> String {
    let (any_case, params) = how;
    let path = format!("'{{{}}}'", path.join(",").replace('\'', "''"));
    let text = format!("{left} #>> {path}");
    let kind = format!("{json}_typeof({left} #> {path})");
    if value.is_null() {
        return format!("{text} is null");
    }
    params.push(json!(text_of(value)));
    let n = params.len();
    match value {
        Value::Bool(_) => format!("({kind} = 'boolean' and {text} = ${n}::text)"),
        Value::Number(_) => {
            params.push(json!(text_of(value)));
            let m = n + 1;
            format!(
                "case when {kind} = 'number' then ({text})::numeric = ${m}::numeric else {text} = ${n}::text end"
            )
        }
        _ if any_case => format!("lower({text}) = lower(${n}::text)"),
        _ => format!("{text} = ${n}::text"),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string())
}

/// The value as a column of that type takes it, if it can: an id of another system in a number is no error, there is
/// only no such row. Types that are not known here are left to the server.
fn standing(base: &str, value: &str) -> Option<String> {
    let text = value.trim();
    // 10.0 is 10, and JSON has one kind of number.
    let whole = text
        .split_once('.')
        .filter(|(_, rest)| rest.bytes().all(|b| b == b'0'))
        .map_or(text, |(whole, _)| whole);
    let fits = match base {
        "smallint" => whole.parse::<i16>().is_ok(),
        "integer" => whole.parse::<i32>().is_ok(),
        "bigint" => whole.parse::<i64>().is_ok(),
        "oid" => whole.parse::<u32>().is_ok(),
        "uuid" => is_uuid(text),
        "double precision" | "real" | "numeric" => text.parse::<f64>().is_ok(),
        _ => return Some(value.to_owned()),
    };
    let is_whole = matches!(base, "smallint" | "integer" | "bigint" | "oid");
    fits.then(|| if is_whole { whole } else { text }.to_owned())
}

/// As PostgreSQL reads them: 32 digits, a hyphen behind any group of four, braces around the whole.
fn is_uuid(text: &str) -> bool {
    let inner = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'));
    let Some(inner) = inner else { return false };
    let mut digits = 0;
    let mut hyphen_may_follow = false;
    for byte in inner.bytes() {
        match byte {
            b'-' if hyphen_may_follow => hyphen_may_follow = false,
            b if b.is_ascii_hexdigit() => {
                digits += 1;
                hyphen_may_follow = digits % 4 == 0 && digits < 32;
            }
            _ => return false,
        }
    }
    digits == 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_system_stands_in_no_number() {
        for (base, value, stands) in [
            ("bigint", json!("cus_1"), None),
            ("bigint", json!(5), Some("5")),
            ("bigint", json!(10.0), Some("10")),
            ("integer", json!(1800.0), Some("1800")),
            ("integer", json!(10.5), None),
            ("integer", json!("3000000000"), None),
            ("uuid", json!("a@b.dev"), None),
            (
                "uuid",
                json!("0b9f7a0e-7b3c-4e8e-9d3b-2f1f0c9a8b7d"),
                Some("0b9f7a0e-7b3c-4e8e-9d3b-2f1f0c9a8b7d"),
            ),
            ("uuid", json!("0b9f7a0e7b3c4e8e9d3b2f1f0c9a8b7-d"), None),
            ("text", json!("anything"), Some("anything")),
            ("text", json!("1.0"), Some("1.0")),
            ("numeric", json!("x"), None),
            ("numeric", json!(1.10), Some("1.1")),
        ] {
            assert_eq!(standing(base, &text_of(&value)).as_deref(), stands, "{base} {value}");
        }
    }
}
