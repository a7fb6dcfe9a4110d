//! The dashboard's filters: JSON in base64, an index with its bounds, and clauses that must all hold.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Said, Wrong};
use super::arguments::is_id;
use super::order::compare;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Filters {
    #[serde(default)]
    pub(super) clauses: Vec<Clause>,
    pub(super) order: Option<Order>,
    pub(super) index: Option<Bounds>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    Asc,
    Desc,
}

/// One condition. A clause that names no field or is switched off holds always.
#[derive(Debug, Deserialize)]
pub(super) struct Clause {
    op: Op,
    field: Option<String>,
    #[serde(default)]
    value: Value,
    enabled: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Op {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    AnyOf,
    NoneOf,
    Type,
    #[serde(rename = "notype")]
    NotType,
}

/// A part of an index: its leading fields, bound one after the other.
#[derive(Debug, Deserialize)]
pub(super) struct Bounds {
    pub(super) name: String,
    #[serde(default)]
    pub(super) clauses: Vec<Bound>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum Bound {
    IndexEq {
        enabled: bool,
        value: Option<Value>,
    },
    #[serde(rename_all = "camelCase")]
    IndexRange {
        enabled: bool,
        lower_op: Option<String>,
        lower_value: Option<Value>,
        upper_op: Option<String>,
        upper_value: Option<Value>,
    },
}

/// Reads what the dashboard sends; `None` and an empty text mean no filter.
pub(super) fn read(filters: Option<&str>) -> Said<Filters> {
    let Some(encoded) = filters.filter(|encoded| !encoded.is_empty()) else { return Ok(Filters::default()) };
    let decoded = STANDARD.decode(encoded).or_else(|_| URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')));
    let uncaught = |why: String| Wrong::Function(format!("Uncaught {why}\n"));
    let decoded = decoded.map_err(|_| uncaught("TypeError: malformed base64".into()))?;
    let value: Value =
        serde_json::from_slice(&decoded).map_err(|error| uncaught(format!("SyntaxError: {error}")))?;
    serde_json::from_value(value).map_err(|error| uncaught(format!("ZodError: {error}")))
}

impl Filters {
    /// What is wrong with the values; it is answered in the place of documents.
    pub(super) fn mistakes(&self) -> Vec<Value> {
        let wrong = |value: &Value| {
            value
                .as_object()
                .is_some_and(|fields| fields.keys().any(|name| name.starts_with('$') && name.len() > 1))
        };
        let numbered = self.clauses.iter().enumerate().filter(|(_, clause)| wrong(&clause.value));
        numbered
            .map(|(number, clause)| json!({ "filter": number, "error": format!("Invalid value: {}.", clause.value) }))
            .collect()
    }

    pub(super) fn hold(&self, row: &Value) -> bool {
        self.clauses.iter().all(|clause| clause.holds(row))
    }
}

impl Clause {
    fn holds(&self, row: &Value) -> bool {
        let Some(field) = self.field.as_deref().filter(|_| self.enabled != Some(false)) else { return true };
        let value = field.split('.').try_fold(row, |value, name| value.get(name));
        let order = || compare(value, Some(&self.value));
        let among =
            || self.value.as_array().into_iter().flatten().any(|wanted| compare(value, Some(wanted)).is_eq());
        match self.op {
            Op::Eq => order().is_eq(),
            Op::Neq => order().is_ne(),
            Op::Gt => order().is_gt(),
            Op::Gte => order().is_ge(),
            Op::Lt => order().is_lt(),
            Op::Lte => order().is_le(),
            Op::AnyOf => self.value.as_array().is_none_or(Vec::is_empty) || among(),
            Op::NoneOf => !among(),
            Op::Type => is_of(value, &self.value),
            Op::NotType => !is_of(value, &self.value),
        }
    }
}

fn is_of(value: Option<&Value>, kind: &Value) -> bool {
    match (value, kind.as_str().unwrap_or_default()) {
        (None, kind) => kind == "unset",
        (Some(Value::Null), kind) => kind == "null",
        (Some(Value::Bool(_)), kind) => kind == "boolean",
        (Some(Value::Number(_)), kind) => kind == "number",
        (Some(Value::String(text)), kind) => kind == "string" || (kind == "id" && is_id(text)),
        (Some(Value::Array(_)), kind) => kind == "array",
        (Some(Value::Object(_)), kind) => kind == "object",
    }
}

impl Bounds {
    /// Whether a row lies within the bounds of the index that has these fields.
    pub(super) fn hold(&self, fields: &[&str], row: &Value) -> bool {
        self.clauses.iter().zip(fields).all(|(bound, field)| bound.holds(row.get(*field)))
    }
}

impl Bound {
    fn holds(&self, value: Option<&Value>) -> bool {
        match self {
            Bound::IndexEq { enabled: false, .. } | Bound::IndexRange { enabled: false, .. } => true,
            Bound::IndexEq { value: wanted, .. } => compare(value, wanted.as_ref()).is_eq(),
            Bound::IndexRange { lower_op, lower_value, upper_op, upper_value, .. } => {
                let (lower, upper) =
                    (compare(value, lower_value.as_ref()), compare(value, upper_value.as_ref()));
                let above = match lower_op.as_deref() {
                    Some("gt") => lower.is_gt(),
                    Some(_) => lower.is_ge(),
                    None => true,
                };
                let below = match upper_op.as_deref() {
                    Some("lt") => upper.is_lt(),
                    Some(_) => upper.is_le(),
                    None => true,
                };
                above && below
            }
        }
    }
}
