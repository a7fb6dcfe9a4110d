//! What was paid: a payment as it is compared with the application's own books.

use crate::{Moment, Money};
use prodview_guard::Foreign;
use std::collections::BTreeMap;

/// Something that was paid, or a subscription that runs, with every id by which the application may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Paid {
    /// Which source.
    pub source: String,
    /// What `id` names.
    pub kind: PaidKind,
    /// The id that stands for it: of the payment, else of the checkout, invoice or subscription.
    pub id: String,
    /// The payment intent.
    pub intent: Option<String>,
    /// The charge.
    pub charge: Option<String>,
    /// The checkout session.
    pub checkout: Option<String>,
    /// The invoice.
    pub invoice: Option<String>,
    /// The subscription.
    pub subscription: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// The payer's address.
    pub email: Option<Foreign>,
    /// Metadata of the payment and of its checkout.
    pub metadata: BTreeMap<String, Foreign>,
    /// What was paid.
    pub amount: Option<Money>,
    /// What of it was given back.
    pub refunded: Option<Money>,
    /// How it stands.
    pub state: PaidState,
    /// The provider's own word for that.
    pub status: Foreign,
    /// When it was paid; for a subscription when it began.
    pub at: Option<Moment>,
    /// Whether real money moved.
    pub live: bool,
    /// Whether every id above was looked for: otherwise one that is absent may exist.
    pub linked: bool,
}

impl Paid {
    /// Every id by which the application may know it.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let own = [&self.intent, &self.charge, &self.checkout, &self.invoice, &self.subscription];
        own.into_iter().flatten().map(String::as_str)
    }
}

/// What is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaidKind {
    /// A payment or a charge.
    Payment,
    /// A checkout that was finished.
    Checkout,
    /// An invoice that was paid.
    Invoice,
    /// A subscription, live or not.
    Subscription,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaidState {
    /// The money is here.
    Paid,
    /// A part of it was given back.
    PartlyRefunded,
    /// All of it was given back.
    Refunded,
    /// The payer's bank took it back, or asks to.
    Disputed,
    /// No money came.
    Unpaid,
    /// The money is on its way, or a step is still to be done.
    Underway,
    /// A subscription that runs: active or in trial.
    Running,
    /// A subscription that runs although its bill is not paid.
    Behind,
    /// A subscription that is over, or never began.
    Over,
    /// A word that prodview does not know.
    Unknown,
}
