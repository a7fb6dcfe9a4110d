//! The records: what an answer holds, in our words. Every provider's JSON ends as one of these.

use crate::{Moment, Money};
use prodview_guard::{Foreign, ForeignJson};
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

/// A release or deployment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Deployment {
    /// Which source.
    pub source: String,
    /// The version, or the deployment's id.
    pub version: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it was released, or made.
    pub at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Where to.
    pub environment: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How many kinds of error are new in it.
    pub new_errors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its page.
    pub url: Option<String>,
}

/// A payment, from whichever end it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Payment {
    /// Which source.
    pub source: String,
    /// The id that identifies it: a payment intent, else a charge, session, invoice or subscription.
    pub id: String,
    /// The provider's status word.
    pub status: Foreign,
    /// What that means, in our words.
    pub meaning: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How much was to be paid.
    pub amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How much was received, when it differs.
    pub received: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it was begun.
    pub created: Option<Moment>,
    /// Whether real money moved.
    pub live: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The customer's id at the provider.
    pub customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The payer's e-mail address.
    pub email: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Description.
    pub description: Option<Foreign>,
    /// Every attempt to take the money, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Money given back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    /// Money the payer took back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
    /// What it was for: checkout sessions, invoices, subscriptions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purpose: Vec<Purpose>,
    /// Metadata of the payment, key → value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Foreign>,
    /// What was sent to the app about it, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<WebhookEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its page.
    pub url: Option<String>,
}

/// One attempt to take money.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Attempt {
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The charge; absent when the attempt failed before there was one.
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When.
    pub at: Option<Moment>,
    /// `succeeded`, `failed`, `pending`.
    pub status: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `visa ••4242`.
    pub method: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Why it failed.
    pub decline: Option<Decline>,
}

/// Why a payment was declined, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Decline {
    /// The provider's code.
    pub code: Foreign,
    /// What it means.
    pub meaning: String,
    /// Who can do something: `payer`, `bank`, `you`, `provider`, `nobody`.
    pub who_can_act: String,
    /// What they can do.
    pub action: String,
    /// Whether the same card may work later.
    pub may_retry: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Who declined: `bank`, `stripe_radar`, `rule`, `invalid_request`.
    pub declined_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The network's own code.
    pub network_code: Option<Foreign>,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Refund {
    /// Id.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When.
    pub at: Option<Moment>,
    /// Status.
    pub status: Foreign,
    /// How much.
    pub amount: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Why, or why it failed.
    pub reason: Option<Foreign>,
}

/// Money the payer took back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Dispute {
    /// Id.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When.
    pub at: Option<Moment>,
    /// Status.
    pub status: Foreign,
    /// How much.
    pub amount: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The payer's reason.
    pub reason: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Until when evidence can be handed in.
    pub respond_by: Option<Moment>,
}

/// What a payment was for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Purpose {
    /// `checkout_session`, `invoice`, `subscription`.
    pub kind: String,
    /// Id.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Status.
    pub status: Option<Foreign>,
    /// Facts in few words: `paid`, `period ends 2026-12-20T…`, `next attempt …`, `2 × Pass 10`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Foreign>,
    /// Metadata, key → value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its page.
    pub url: Option<String>,
}

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
    /// The row.
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

/// A table, or a collection of documents.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// Name.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How many rows, when known without counting them.
    pub rows: Option<u64>,
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

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LogLine {
    /// Which source.
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When.
    pub at: Option<Moment>,
    /// `error`, `warn`, `info`, …
    pub level: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Which function or service wrote it.
    pub origin: Option<Foreign>,
    /// What it says.
    pub text: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The request it belongs to.
    pub request: Option<String>,
}

/// A setting that matters when something is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Setting {
    /// Which source.
    pub source: String,
    /// What: `alert rule`, `environment variable`, `mode`.
    pub kind: String,
    /// Its name.
    pub name: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its value, unless that could be a secret.
    pub value: Option<Foreign>,
}

/// One look at whether a service works.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// Which source.
    pub source: String,
    /// What was looked at.
    pub name: String,
    /// Whether it works.
    pub ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// What was seen, in our words.
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How long the answer took, in milliseconds.
    pub ms: Option<u64>,
}
