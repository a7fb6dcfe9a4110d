//! From whatever was given to the payments it leads to: a lead is the object that a payment is told from.

use super::inquiry::{Inquiry, PAGE};
use super::link::Page;
use super::shape::{
    Charge, Dispute, Event, Invoice, InvoicePayment, PaymentIntent, Refund, Session, Subscription,
};
use super::{
    CHARGE, DISPUTE, EVENT, INTENTS, INVOICE, INVOICE_PAYMENTS, INVOICES, REFUND, SESSION, SESSIONS,
    SUBSCRIPTION, SUBSCRIPTIONS, kind_of,
};
use crate::{Handle, HandleKind};
use futures_util::future::{join, join_all, join3};
use prodview_guard::{Failure, FailureKind, Provider, Segment};

/// What a payment is told from.
pub(super) enum Lead {
    /// A payment intent that is not read yet.
    IntentId(String),
    Intent(Box<PaymentIntent>),
    /// A charge without a payment intent.
    Charge(Box<Charge>),
    /// A checkout that led to no payment intent.
    Session(Box<Session>),
    /// An invoice that no payment intent pays.
    Invoice(Box<Invoice>),
    /// A subscription that is more than its payments: in trial, past due, without any.
    Subscription(Box<Subscription>),
}

/// So many customers with one address are looked at.
const CUSTOMERS: usize = 5;
/// So many subscriptions and open invoices of one customer are looked at.
const BILLS: usize = 20;

impl Inquiry<'_> {
    /// Where a handle leads. A subscription comes before its payments; the rest is in no order.
    pub(super) async fn leads(&self, which: &Handle, limit: usize) -> Result<Vec<Lead>, Failure> {
        let id = which.id.as_str();
        match which.kind {
            HandleKind::PaymentIntent => Ok(vec![Lead::IntentId(id.to_owned())]),
            HandleKind::Charge => self.of_charge_id(id).await,
            HandleKind::Refund => {
                let refund: Refund = self.one(REFUND, id).await?;
                self.of_intent_or_charge(refund.payment_intent.id, refund.charge.id).await
            }
            HandleKind::Dispute => {
                let dispute: Dispute = self.one(DISPUTE, id).await?;
                self.of_intent_or_charge(dispute.payment_intent.id, dispute.charge.id).await
            }
            HandleKind::CheckoutSession => {
                let ask = SESSION.ask().segment(Segment::new(id)?).query("expand[]", "line_items");
                self.of_session(self.read(ask).await?, limit).await
            }
            HandleKind::Invoice => {
                let ask = INVOICE.ask().segment(Segment::new(id)?).query("expand[]", "payments");
                self.of_invoice(self.read(ask).await?).await
            }
            HandleKind::Subscription => self.of_subscription_id(id, limit).await,
            HandleKind::Customer => {
                Segment::new(id)?;
                self.of_customer(id, limit).await
            }
            HandleKind::Email => self.of_email(id, limit).await,
            HandleKind::Event => self.of_event(id, limit).await,
            _ => Ok(Vec::new()),
        }
    }

    async fn of_charge_id(&self, id: &str) -> Result<Vec<Lead>, Failure> {
        let charge: Charge = self.one(CHARGE, id).await?;
        Ok(vec![match charge.payment_intent.id {
            Some(intent) => Lead::IntentId(intent),
            None => Lead::Charge(Box::new(charge)),
        }])
    }

    async fn of_intent_or_charge(
        &self,
        intent: Option<String>,
        charge: Option<String>,
    ) -> Result<Vec<Lead>, Failure> {
        match (intent, charge) {
            (Some(intent), _) => Ok(vec![Lead::IntentId(intent)]),
            (None, Some(charge)) => self.of_charge_id(&charge).await,
            (None, None) => {
                self.note("Stripe links it to no payment");
                Ok(Vec::new())
            }
        }
    }

    async fn of_session(&self, session: Session, limit: usize) -> Result<Vec<Lead>, Failure> {
        match (&session.payment_intent.id, &session.subscription.id) {
            (Some(intent), _) => Ok(vec![Lead::IntentId(intent.clone())]),
            (None, Some(subscription)) => self.of_subscription_id(subscription, limit).await,
            (None, None) => Ok(vec![Lead::Session(Box::new(session))]),
        }
    }

    async fn of_invoice(&self, invoice: Invoice) -> Result<Vec<Lead>, Failure> {
        let mut intents = invoice.intent_ids();
        if intents.is_empty() && invoice.payments.is_none() {
            let ask = INVOICE_PAYMENTS.ask().query("invoice", &invoice.id);
            let paid: Page<InvoicePayment> = self.part("what paid the invoice", self.page(ask, 10).await);
            intents.extend(paid.data.iter().filter_map(|p| p.payment.as_ref()?.payment_intent.id.clone()));
        }
        if !intents.is_empty() {
            return Ok(intents.into_iter().map(Lead::IntentId).collect());
        }
        match invoice.charge_id() {
            Some(charge) => self.of_charge_id(charge).await,
            None => Ok(vec![Lead::Invoice(Box::new(invoice))]),
        }
    }

    /// The payments of its latest invoices. The subscription itself comes first when they do not tell all.
    async fn of_subscription_id(&self, id: &str, limit: usize) -> Result<Vec<Lead>, Failure> {
        let invoices = INVOICES.ask().query("subscription", id).query("expand[]", "data.payments");
        let (subscription, invoices) =
            join(self.one::<Subscription>(SUBSCRIPTION, id), self.page::<Invoice>(invoices, limit.min(10)))
                .await;
        let subscription = subscription?;
        let invoices = self.part("its invoices", invoices);
        if invoices.has_more {
            self.bound(format!("the {} newest invoices of the subscription", invoices.data.len()));
        }
        let paying =
            invoices.data.into_iter().filter(|i| i.amount_due != Some(0) || !i.intent_ids().is_empty());
        let mut leads: Vec<Lead> = Vec::new();
        for of_one in join_all(paying.map(|invoice| self.of_invoice(invoice))).await {
            leads.extend(self.part("an invoice's payment", of_one));
        }
        if leads.is_empty() || subscription.status.as_deref() != Some("active") {
            leads.insert(0, Lead::Subscription(Box::new(subscription)));
        }
        Ok(leads)
    }

    /// Three requests: payments, subscriptions that are not simply active or over, and open invoices without a payment.
    async fn of_customer(&self, id: &str, limit: usize) -> Result<Vec<Lead>, Failure> {
        let intents = INTENTS.ask().query("customer", id).query("expand[]", "data.latest_charge");
        let subscriptions = SUBSCRIPTIONS.ask().query("customer", id).query("status", "all");
        let invoices =
            INVOICES.ask().query("customer", id).query("status", "open").query("expand[]", "data.payments");
        let (intents, subscriptions, invoices) = join3(
            self.page::<PaymentIntent>(intents, limit),
            self.page::<Subscription>(subscriptions, BILLS),
            self.page::<Invoice>(invoices, BILLS),
        )
        .await;
        let intents = intents?;
        if intents.has_more {
            self.bound(format!("the {} newest payments of a customer", intents.data.len()));
        }
        let mut leads: Vec<Lead> = intents.data.into_iter().map(|i| Lead::Intent(Box::new(i))).collect();
        let unsettled = |s: &Subscription| {
            matches!(s.status.as_deref(), Some("trialing" | "past_due" | "unpaid" | "paused" | "incomplete"))
        };
        let subscriptions = self.part("subscriptions", subscriptions).data;
        leads.extend(subscriptions.into_iter().filter(unsettled).map(|s| Lead::Subscription(Box::new(s))));
        let unpaid =
            |i: &Invoice| i.payments.is_some() && i.intent_ids().is_empty() && i.charge_id().is_none();
        let invoices = self.part("open invoices", invoices).data;
        leads.extend(invoices.into_iter().filter(unpaid).map(|i| Lead::Invoice(Box::new(i))));
        Ok(leads)
    }

    /// The customers with the address, and the checkouts at which it was typed.
    async fn of_email(&self, email: &str, limit: usize) -> Result<Vec<Lead>, Failure> {
        let (customers, sessions) = join(self.customers_by_email(email), self.sessions_by_email(email)).await;
        let mut customers = customers?;
        if customers.len() > CUSTOMERS {
            self.bound(format!(
                "the payments of {CUSTOMERS} of {} customers with this address",
                customers.len()
            ));
            customers.truncate(CUSTOMERS);
        }
        self.note(
            "Stripe cannot search charges by the address on the bill: a guest's payment that did not go through a \
             checkout is not found by e-mail",
        );
        let mut leads = Vec::new();
        for of_one in join_all(customers.iter().map(|c| self.of_customer(&c.id, limit))).await {
            leads.extend(of_one?);
        }
        for session in self.part("checkout sessions", sessions).data {
            match session.payment_intent.id.clone() {
                // A customer's payments are among the leads already.
                Some(_) if session.customer.id.is_some() => {}
                Some(intent) => leads.push(Lead::IntentId(intent)),
                None if session.subscription.id.is_some() => {}
                None => leads.push(Lead::Session(Box::new(session))),
            }
        }
        Ok(leads)
    }

    /// Checkouts at which this address was typed: exact, in the letter case given.
    pub(super) async fn sessions_by_email(&self, email: &str) -> Result<Page<Session>, Failure> {
        self.page(SESSIONS.ask().query("customer_details[email]", email), PAGE).await
    }

    async fn of_event(&self, id: &str, limit: usize) -> Result<Vec<Lead>, Failure> {
        let outcome = self.one::<Event>(EVENT, id).await;
        let object = outcome.map_err(gone)?.data.object;
        let about = object.payment_intent.id.or(object.id).or(object.charge.id);
        let handle = about.and_then(|id| {
            let kind = kind_of(&id).filter(|kind| *kind != HandleKind::Event)?;
            Some(Handle { provider: Some(Provider::Stripe), kind, id })
        });
        match handle {
            Some(handle) => Box::pin(self.leads(&handle, limit)).await,
            None => {
                self.note("the event is about nothing that was or could be paid");
                Ok(Vec::new())
            }
        }
    }
}

/// An event that is not there is most often too old.
fn gone(failure: Failure) -> Failure {
    if failure.kind == FailureKind::NotFound && failure.hint.is_none() {
        return failure.hint("Stripe keeps events for 30 days");
    }
    failure
}
