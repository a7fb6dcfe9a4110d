//! Every tool, one line each, in the order in which they are listed.

use crate::{App, Entry};
use crate::{
    describe_state, find_records, find_user, get_error, list_errors, list_sources, payment_intent_status,
    reconcile_payments, trace_payment, webhook_deliveries,
};

/// All built-in tools.
pub fn catalogue() -> Vec<Entry> {
    vec![
        Entry::of::<list_sources::ListSources>(),
        Entry::of::<find_user::FindUser>(),
        Entry::of::<list_errors::ListErrors>(),
        Entry::of::<get_error::GetError>(),
        Entry::of::<payment_intent_status::PaymentIntentStatus>(),
        Entry::of::<trace_payment::TracePayment>(),
        Entry::of::<reconcile_payments::ReconcilePayments>(),
        Entry::of::<webhook_deliveries::WebhookDeliveries>(),
        Entry::of::<describe_state::DescribeState>(),
        Entry::of::<find_records::FindRecords>(),
    ]
}

/// Those that can work with what is configured.
pub fn listed(app: &App) -> Vec<Entry> {
    catalogue().into_iter().filter(|entry| entry.works_with(app)).collect()
}
