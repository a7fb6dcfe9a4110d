//! The application's state: tables and rows.

use crate::Moment;
use prodview_guard::{Foreign, ForeignJson};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// A table, or a collection of documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// Name.
    #[serde(serialize_with = "shaped")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// About how many rows, when known without counting them.
    pub rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// What it is, when it is no ordinary table: `view`, `partitioned table`.
    pub kind: Option<String>,
    /// Its fields, when asked for one table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Its indexes: `by_email (email)`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "all_shaped")]
    pub indexes: Vec<String>,
}

/// A field of a table.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Field {
    /// Name.
    #[serde(serialize_with = "shaped")]
    pub name: String,
    /// Type, in the source's own words.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it may be absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Its part in a key: `primary key`, `unique`, `references users (id)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What its name or values look like: `email`, `stripe customer id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<String>,
}

/// A row of the application's state.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// Id.
    #[serde(serialize_with = "shaped")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it was made.
    pub created: Option<Moment>,
    /// Its fields as the application wrote them.
    pub fields: ForeignJson,
}

impl Table {
    /// Whether its name has the shape of one. Others, such as keys that users named, are foreign text.
    pub fn has_plain_name(&self) -> bool {
        is_plain(&self.name)
    }
}

fn is_plain(name: &str) -> bool {
    name.len() <= 200 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:*$@|#+={}".contains(&b))
}

/// A name of the usual shape is a name; any other text could say anything, and is named as foreign.
fn shaped<S: Serializer>(name: &str, to: S) -> Result<S::Ok, S::Error> {
    if is_plain(name) { to.serialize_str(name) } else { Foreign::new(name).serialize(to) }
}

fn all_shaped<S: Serializer>(names: &[String], to: S) -> Result<S::Ok, S::Error> {
    let plain = |name: &String| name.split([' ', ',', '(', ')']).all(is_plain);
    if names.iter().all(plain) {
        return to.collect_seq(names);
    }
    to.collect_seq(names.iter().map(|name| Foreign::new(name)))
}
