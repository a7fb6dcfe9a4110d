//! Every tool, one line each, in the order in which they are listed.

use crate::{App, Entry};
use crate::{
    describe_state, find_records, find_user, get_error, list_errors, list_sources, payment_intent_status,
    query_state, reconcile_payments, trace_payment, user_timeline, webhook_deliveries,
};

/// All built-in tools.
pub fn catalogue() -> Vec<Entry> {
    vec![
        Entry::of::<list_sources::ListSources>(),
        Entry::of::<find_user::FindUser>(),
        Entry::of::<user_timeline::UserTimeline>(),
        Entry::of::<list_errors::ListErrors>(),
        Entry::of::<get_error::GetError>(),
        Entry::of::<payment_intent_status::PaymentIntentStatus>(),
        Entry::of::<trace_payment::TracePayment>(),
        Entry::of::<reconcile_payments::ReconcilePayments>(),
        Entry::of::<webhook_deliveries::WebhookDeliveries>(),
        Entry::of::<describe_state::DescribeState>(),
        Entry::of::<find_records::FindRecords>(),
        Entry::of::<query_state::QueryState>(),
    ]
}

/// All built-in tools, and behind them the declared ones that are on.
pub fn known(app: &App) -> Vec<Entry> {
    let declared = app.declared.iter().map(|tool| Entry::declared(tool, app));
    catalogue().into_iter().chain(declared).collect()
}

/// Those that can work with what is configured.
pub fn listed(app: &App) -> Vec<Entry> {
    known(app).into_iter().filter(|entry| entry.works_with(app)).collect()
}
