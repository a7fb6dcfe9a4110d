//! The application's state: tables and rows.

use crate::Moment;
use prodview_guard::ForeignJson;
use schemars::JsonSchema;
use serde::Serialize;

/// A table, or a collection of documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// Name.
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<String>,
}

/// A field of a table.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Field {
    /// Name.
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
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it was made.
    pub created: Option<Moment>,
    /// Its fields as the application wrote them.
    pub fields: ForeignJson,
}
