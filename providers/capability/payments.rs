//! What became of a payment, what a person paid, what was paid in a window.

use super::Answered;
use crate::words::{Paid, PaidKind, Payment, WebhookEvent};
use crate::{Handle, Moment};
use async_trait::async_trait;

/// What became of a payment?
#[async_trait]
pub trait Payments: Send + Sync {
    /// The payments a handle leads to, newest first: the one it names, or those of the customer or address.
    async fn payments(&self, which: &Handle, limit: usize) -> Answered<Payment>;
    /// Everything a person paid, or tried to, since then, and what was sent about it: one [`History`]. A customer or
    /// address that is not known has an empty one.
    async fn history(&self, ask: &HistoryAsk) -> Answered<History>;
    /// Everything that was paid in a window, newest first, with the ids by which the application may know it. The
    /// window of the answer is the span that was really looked at, when there was too much for one question.
    async fn paid_since(&self, ask: &PaidAsk) -> Answered<Paid>;
    /// How the object of this id stands: one small look, for ids that the application wrote down. Nobody has it is
    /// `Failure::NotFound`, with a hint when it is of the other mode.
    async fn paid(&self, which: &Handle) -> Answered<Paid>;
}

/// Whose payments.
#[derive(Debug, Clone)]
pub struct HistoryAsk {
    /// Ids of customers of this provider.
    pub customers: Vec<String>,
    /// Addresses that may have been typed at a checkout without a customer.
    pub emails: Vec<String>,
    /// Not older than this.
    pub since: Moment,
}

/// What a person paid, in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Payments and subscriptions, newest first, with every attempt, refund and dispute.
    pub payments: Vec<Payment>,
    /// What was sent to the app about them, newest first. Not all that arrived, but all that is known not to have.
    pub events: Vec<WebhookEvent>,
}

/// What was paid, of which kinds and since when.
#[derive(Debug, Clone)]
pub struct PaidAsk {
    /// Not paid before this.
    pub since: Moment,
    /// Of these kinds.
    pub kinds: Vec<PaidKind>,
    /// By which ids the application knows its payments: links to others need not be found out.
    pub known_by: Vec<PaidKind>,
}
