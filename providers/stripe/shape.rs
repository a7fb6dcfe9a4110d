//! Stripe's JSON: only the fields that are used, every one of them optional.
//!
//! Secrets by nature (`client_secret`, hosted invoice and receipt addresses, the checkout's `url`) have no field.
//! Shapes of API 2026-10-28.endive and, beside them, the older ones that events keep for as long as they live.

use super::link::{Id, Link, Metadata, Page};
use serde::Deserialize;
use serde_json::Value;

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $kind:ty,)* })*) => {
        $($(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct $name { $($(#[$attr])* pub $field: $kind,)* })*
    };
}

shapes! {
    Customer {
        id: String,
        deleted: Option<bool>,
        email: Option<String>,
        name: Option<String>,
        created: Option<i64>,
        delinquent: Option<bool>,
        balance: Option<i64>,
        currency: Option<String>,
        metadata: Metadata,
    }
    PaymentIntent {
        id: String,
        status: Option<String>,
        amount: Option<i64>,
        amount_received: Option<i64>,
        currency: Option<String>,
        created: Option<i64>,
        livemode: Option<bool>,
        customer: Id,
        description: Option<String>,
        receipt_email: Option<String>,
        last_payment_error: Option<PayError>,
        latest_charge: Link<Charge>,
        next_action: Option<NextAction>,
        cancellation_reason: Option<String>,
        metadata: Metadata,
        /// Before basil (2025-03-31).
        invoice: Id,
        /// Before 2022-11-15.
        charges: Option<Page<Charge>>,
    }
    NextAction {
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    PayError {
        #[serde(rename = "type")]
        kind: Option<String>,
        code: Option<String>,
        decline_code: Option<String>,
        advice_code: Option<String>,
        network_decline_code: Option<String>,
        charge: Id,
        payment_method: Option<Value>,
    }
    Charge {
        id: String,
        status: Option<String>,
        amount: Option<i64>,
        amount_captured: Option<i64>,
        amount_refunded: Option<i64>,
        currency: Option<String>,
        created: Option<i64>,
        livemode: Option<bool>,
        captured: Option<bool>,
        disputed: Option<bool>,
        /// Only where it was asked for.
        refunds: Option<Page<Refund>>,
        customer: Id,
        payment_intent: Id,
        /// Before basil.
        invoice: Id,
        failure_code: Option<String>,
        outcome: Option<Outcome>,
        billing_details: Option<Billing>,
        receipt_email: Option<String>,
        payment_method_details: Option<Value>,
        description: Option<String>,
        metadata: Metadata,
    }
    Outcome {
        #[serde(rename = "type")]
        kind: Option<String>,
        network_status: Option<String>,
        reason: Option<String>,
        advice_code: Option<String>,
        network_decline_code: Option<String>,
    }
    Billing {
        email: Option<String>,
    }
    Session {
        id: String,
        status: Option<String>,
        payment_status: Option<String>,
        mode: Option<String>,
        amount_total: Option<i64>,
        currency: Option<String>,
        created: Option<i64>,
        expires_at: Option<i64>,
        livemode: Option<bool>,
        customer: Id,
        customer_details: Option<Billing>,
        customer_email: Option<String>,
        client_reference_id: Option<String>,
        payment_intent: Id,
        subscription: Id,
        invoice: Id,
        line_items: Option<Page<LineItem>>,
        metadata: Metadata,
    }
    LineItem {
        description: Option<String>,
        quantity: Option<i64>,
    }
    Invoice {
        id: String,
        status: Option<String>,
        number: Option<String>,
        amount_due: Option<i64>,
        amount_paid: Option<i64>,
        currency: Option<String>,
        created: Option<i64>,
        livemode: Option<bool>,
        customer: Id,
        customer_email: Option<String>,
        attempt_count: Option<i64>,
        next_payment_attempt: Option<i64>,
        due_date: Option<i64>,
        billing_reason: Option<String>,
        collection_method: Option<String>,
        description: Option<String>,
        last_finalization_error: Option<PayError>,
        /// Absent in old versions; null while webhooks of the invoice are missing somewhere.
        #[serde(deserialize_with = "present")]
        webhooks_delivered_at: Option<Option<i64>>,
        payments: Option<Page<InvoicePayment>>,
        parent: Option<InvoiceParent>,
        lines: Option<Page<LineItem>>,
        metadata: Metadata,
        /// These three: before basil.
        subscription: Id,
        payment_intent: Id,
        charge: Id,
    }
    InvoiceParent {
        subscription_details: Option<SubscriptionDetails>,
    }
    SubscriptionDetails {
        subscription: Id,
    }
    InvoicePayment {
        id: String,
        invoice: Link<Invoice>,
        payment: Option<PaidWith>,
    }
    PaidWith {
        payment_intent: Id,
        charge: Id,
    }
    Subscription {
        id: String,
        status: Option<String>,
        created: Option<i64>,
        livemode: Option<bool>,
        currency: Option<String>,
        customer: Id,
        items: Option<Page<SubscriptionItem>>,
        /// Before basil; now on the items.
        current_period_end: Option<i64>,
        cancel_at_period_end: Option<bool>,
        cancel_at: Option<i64>,
        canceled_at: Option<i64>,
        trial_end: Option<i64>,
        cancellation_details: Option<Cancellation>,
        pause_collection: Option<Pause>,
        default_payment_method: Id,
        metadata: Metadata,
    }
    SubscriptionItem {
        quantity: Option<i64>,
        current_period_end: Option<i64>,
        price: Option<Price>,
    }
    Price {
        id: Option<String>,
        nickname: Option<String>,
        unit_amount: Option<i64>,
        currency: Option<String>,
        recurring: Option<Recurring>,
    }
    Recurring {
        interval: Option<String>,
        interval_count: Option<i64>,
    }
    Cancellation {
        reason: Option<String>,
    }
    Pause {
        behavior: Option<String>,
        resumes_at: Option<i64>,
    }
    Refund {
        id: String,
        status: Option<String>,
        amount: i64,
        currency: String,
        created: Option<i64>,
        reason: Option<String>,
        failure_reason: Option<String>,
        charge: Id,
        payment_intent: Id,
    }
    Dispute {
        id: String,
        status: Option<String>,
        amount: i64,
        currency: String,
        created: Option<i64>,
        reason: Option<String>,
        evidence_details: Option<Evidence>,
        charge: Id,
        payment_intent: Id,
    }
    Evidence {
        due_by: Option<i64>,
    }
    Event {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        created: Option<i64>,
        pending_webhooks: Option<u64>,
        data: EventData,
    }
    EventData {
        object: EventObject,
    }
    /// The object of an event, rendered in the version of its time: new and old links beside each other.
    EventObject {
        id: Option<String>,
        payment_intent: Id,
        charge: Id,
        invoice: Id,
        subscription: Id,
        customer: Id,
        /// Other objects have a `parent` of another shape.
        parent: Link<InvoiceParent>,
    }
    /// An event of v2: names what it is about and holds no copy of it.
    ThinEvent {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        created: Option<String>,
        related_object: Id,
        snapshot_event: Id,
    }
    /// A list of v2.
    ThinPage {
        data: Vec<ThinEvent>,
        next_page_url: Option<String>,
    }
    Endpoint {
        id: String,
        url: Option<String>,
        status: Option<String>,
        enabled_events: Vec<String>,
        api_version: Option<String>,
    }
    Destination {
        id: String,
        #[serde(rename = "type")]
        kind: Option<String>,
        status: Option<String>,
        status_details: Option<Value>,
        enabled_events: Vec<String>,
        snapshot_api_version: Option<String>,
        webhook_endpoint: Option<DestinationHook>,
    }
    DestinationHook {
        webhook_endpoint_id: Option<String>,
        url: Option<String>,
    }
    DestinationPage {
        data: Vec<Destination>,
        next_page_url: Option<String>,
    }
    Account {
        id: Option<String>,
        country: Option<String>,
        charges_enabled: Option<bool>,
        payouts_enabled: Option<bool>,
        business_profile: Option<Named>,
        settings: Option<AccountSettings>,
        requirements: Option<Requirements>,
    }
    Named {
        name: Option<String>,
    }
    AccountSettings {
        dashboard: Option<DashboardName>,
    }
    DashboardName {
        display_name: Option<String>,
    }
    Requirements {
        disabled_reason: Option<String>,
        past_due: Option<Vec<String>>,
    }
    Balance {
        livemode: Option<bool>,
    }
}

/// Tells a null from an absent field.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What has an id to page on from.
pub(super) trait Row {
    /// Its id.
    fn id(&self) -> &str;
}

macro_rules! rows {
    ($($name:ident)*) => { $(impl Row for $name { fn id(&self) -> &str { &self.id } })* };
}
rows! { Customer PaymentIntent Charge Session Invoice InvoicePayment Subscription Refund Dispute Event Endpoint }
