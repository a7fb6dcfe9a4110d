//! People, as sources know them.

use crate::Moment;
use prodview_guard::Foreign;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A person as one source knows them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Person {
    /// Which source says so.
    pub source: String,
    /// The person's id there.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// E-mail address.
    pub email: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Name.
    pub name: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When the record was made.
    pub created: Option<Moment>,
    /// Short words on the state they are in: `locked`, `deleted`, `delinquent`, `1 active subscription`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<Foreign>,
    /// Ids in other systems, by kind: `stripe_customer` → `cus_…`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, Foreign>,
    /// Few more facts, label → value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Their page in the provider's dashboard.
    pub url: Option<String>,
}
