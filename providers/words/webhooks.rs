//! Webhooks: events, whether they arrived, and what the app wrote down.

use crate::Moment;
use prodview_guard::Foreign;
use schemars::JsonSchema;
use serde::Serialize;

/// Something a provider told the app.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WebhookEvent {
    /// Which source.
    pub source: String,
    /// Id.
    pub id: String,
    /// Type: `invoice.paid`.
    pub kind: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it happened.
    pub at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The id of what it is about.
    pub object: Option<Foreign>,
    /// Whether it arrived.
    pub delivery: Delivery,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How many endpoints have not taken it yet, when the provider says.
    pub pending: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// What the app wrote down about it.
    pub app: Option<AppRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its page, where the attempts can be seen.
    pub url: Option<String>,
}

/// Whether an event arrived at every endpoint that wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Every endpoint took it, or none wants it.
    Delivered,
    /// At least one endpoint has not taken it: retries go on, or were given up.
    Undelivered,
    /// The provider does not say.
    Unknown,
}

/// What the app wrote down about an event.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AppRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The app's own status word.
    pub status: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The app's own error.
    pub error: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it was written.
    pub at: Option<Moment>,
    /// The row. Absent where nothing is wrong and only the status matters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub row: String,
}

/// Where a provider sends events.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WebhookEndpoint {
    /// Which source.
    pub source: String,
    /// Id.
    pub id: String,
    /// Where to, without query.
    pub target: Foreign,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The types it wants; `*` for all.
    pub types: Vec<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// API version of what it gets.
    pub api_version: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its page.
    pub url: Option<String>,
}
