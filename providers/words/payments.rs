//! Payments: attempts, refunds, disputes, and what they were for.

use crate::words::WebhookEvent;
use crate::{Moment, Money};
use prodview_guard::Foreign;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// What it means. Empty, like the next two, where an earlier attempt of the same answer explains the code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Who can do something: `payer`, `bank`, `you`, `provider`, `nobody`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub who_can_act: String,
    /// What they can do.
    #[serde(skip_serializing_if = "String::is_empty")]
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
