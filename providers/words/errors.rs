//! Errors: their kinds and their occurrences.

use crate::Moment;
use prodview_guard::Foreign;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Many errors of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ErrorGroup {
    /// Which source.
    pub source: String,
    /// The id to ask for with `get_error`: Sentry's short id where there is one.
    pub id: String,
    /// What went wrong.
    pub title: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Where in the code.
    pub culprit: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `fatal`, `error`, `warning`, …
    pub level: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `unresolved`, `resolved`, `ignored`.
    pub status: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Project, or table.
    pub project: Option<Foreign>,
    /// How often, in the window asked for.
    pub count: u64,
    /// Whether only the newest were counted: it happened so often, to so many and since then at the least.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How many people, in the window asked for.
    pub users: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// First seen, ever.
    pub first_seen: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Last seen.
    pub last_seen: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The release it was first seen in, when known.
    pub first_release: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its page.
    pub url: Option<String>,
}

/// One time that an error happened, without its details.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Which source.
    pub source: String,
    /// The kind of error, as in [`ErrorGroup::id`].
    pub group: String,
    /// The event's own id.
    pub id: String,
    /// When.
    pub at: Option<Moment>,
    /// What went wrong.
    pub title: Foreign,
    /// The page of its kind.
    pub url: Option<String>,
}

/// One occurrence of an error, with what is needed to understand it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ErrorEvent {
    /// The event's own id.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it happened.
    pub at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Message, when it says more than the title.
    pub message: Option<Foreign>,
    /// The exceptions, the one raised first; then what caused it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Who it happened to.
    pub user: Option<AffectedUser>,
    /// Tags, key → value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Foreign>,
    /// Structured context the app attached, flattened: `order.id` → value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, Foreign>,
    /// What happened just before, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breadcrumbs: Vec<Breadcrumb>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `POST https://…`, without its query.
    pub request: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Release.
    pub release: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Environment.
    pub environment: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Trace id, 32 hex digits.
    pub trace: Option<String>,
}

/// One exception of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Exception {
    /// Its type: `TypeError`.
    pub kind: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its message.
    pub value: Option<Foreign>,
    /// The innermost frames, where it was raised first: `submit (checkout.ts:41)`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
}

/// One frame of a stack trace.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Frame {
    /// `submit (src/checkout.ts:41:9)`.
    pub at: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The line of code.
    pub code: Option<Foreign>,
    /// Whether it is the app's own code.
    pub in_app: bool,
}

/// Who an error happened to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct AffectedUser {
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The app's id of the user.
    pub id: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// E-mail address.
    pub email: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// User name.
    pub username: Option<Foreign>,
}

/// Something that happened before an error.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Breadcrumb {
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When.
    pub at: Option<Moment>,
    /// What: `http xhr POST /api/cart 500`.
    pub what: Foreign,
}
