//! Everything a person paid, or tried to, in a window: by customer, in few requests, with what was sent about it.

use super::about::Subject;
use super::inquiry::Inquiry;
use super::meaning::Since;
use super::record;
use super::shape::{Charge, Dispute, Invoice, PaymentIntent, Refund, Session, Subscription};
use super::{
    CHARGES, DISPUTES, EVENTS, EVENTS_LIVE_S, INTENT, INTENTS, INVOICES, SESSIONS, SUBSCRIPTIONS, Stripe,
};
use crate::capability::{Answered, History, HistoryAsk};
use crate::words::{Payment, Purpose, WebhookEvent};
use crate::{Found, Moment};
use futures_util::future::{join, join_all, join5};
use prodview_guard::{Ask, Failure, FailureKind, Segment};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// So many customers of one person are looked at, and so many addresses.
const CUSTOMERS: usize = 3;
const ADDRESSES: usize = 2;
/// So many pages of a hundred of each kind are read for one customer.
const PAGES: usize = 3;
/// So many subscriptions and open invoices of one customer.
const BILLS: usize = 20;
/// So many payments of guests are read one by one, and disputes of so many payments are asked for.
const ONE_BY_ONE: usize = 3;
/// A payment that began this much before the window may still be refunded, disputed or tried again in it.
const BEFORE_S: i64 = 90 * 86_400;

/// What Stripe holds of one person.
#[derive(Default)]
struct Held {
    intents: Vec<PaymentIntent>,
    charges: Vec<Charge>,
    sessions: Vec<Session>,
    subscriptions: Vec<Subscription>,
    invoices: Vec<Invoice>,
}

/// For each customer five requests (up to eleven for a very busy one), for each address one; then for at most three
/// disputed payments one each; then the events: one for what did not arrive and at most six by object.
pub(super) async fn of(stripe: &Stripe, ask: &HistoryAsk) -> Answered<History> {
    let inquiry = Inquiry::new(stripe);
    let now = Moment::now();
    for (all, most, what) in [
        (ask.customers.len(), CUSTOMERS, "customers"),
        (ask.emails.len(), ADDRESSES, "addresses at checkouts"),
    ] {
        if all > most {
            inquiry.bound(format!("the payments of {most} of {all} {what} of this person"));
        }
    }
    let customers = ask.customers.iter().take(CUSTOMERS).map(|id| inquiry.of_one(id, ask.since));
    let guests = ask.emails.iter().take(ADDRESSES).map(|email| inquiry.of_guest(email));
    let (customers, guests) = join(join_all(customers), join_all(guests)).await;
    let mut held = Held::default();
    for part in customers.into_iter().chain(guests) {
        // A customer that is gone, or of the other mode, has no payments here.
        held.extend(inquiry.part("payments", inquiry.perhaps(part)).unwrap_or_default());
    }
    if let Some(failure) = inquiry.in_vain() {
        return Err(failure);
    }
    let disputed: BTreeSet<String> = held
        .charges
        .iter()
        .filter(|c| c.disputed == Some(true))
        .filter_map(|c| c.payment_intent.id.clone())
        .collect();
    if disputed.len() > ONE_BY_ONE {
        inquiry.bound(format!("the disputes of {ONE_BY_ONE} of {} payments", disputed.len()));
    }
    let disputes = disputed.iter().take(ONE_BY_ONE).map(|id| inquiry.disputes_of(id));
    let disputes: Vec<Dispute> = join_all(disputes).await.into_iter().flatten().collect();
    let payments = told(stripe, held, disputes);
    let events = inquiry.events_in(ask, &payments).await;
    let found = inquiry.found(vec![History { payments, events }]);
    Ok(Found { window: Some((ask.since, now)), ..found })
}

impl Held {
    fn extend(&mut self, other: Held) {
        self.intents.extend(other.intents);
        self.charges.extend(other.charges);
        self.sessions.extend(other.sessions);
        self.subscriptions.extend(other.subscriptions);
        self.invoices.extend(other.invoices);
    }
}

impl Inquiry<'_> {
    /// What one customer paid. Fails when the customer is not there, or nothing can be read.
    async fn of_one(&self, customer: &str, since: Moment) -> Result<Held, Failure> {
        Segment::with_prefix(customer, &["cus_"])?;
        let from = since.minus_s(BEFORE_S).epoch_s();
        let by = |ask: Ask| ask.query("customer", customer);
        let lately = |ask: Ask| by(ask).query("created[gte]", from);
        let (intents, charges, sessions, subscriptions, invoices) = join5(
            self.pages::<PaymentIntent>(lately(INTENTS.ask()), PAGES),
            self.pages::<Charge>(lately(CHARGES.ask()).query("expand[]", "data.refunds"), PAGES),
            self.pages::<Session>(lately(SESSIONS.ask()), 1),
            self.page::<Subscription>(by(SUBSCRIPTIONS.ask()).query("status", "all"), BILLS),
            self.page::<Invoice>(
                by(INVOICES.ask()).query("status", "open").query("expand[]", "data.payments"),
                BILLS,
            ),
        )
        .await;
        let intents = intents?;
        let charges = self.part("attempts", charges);
        let sessions = self.part("checkout sessions", sessions);
        for (more, broke, what) in [
            (intents.more, intents.broke, "payments"),
            (charges.more, charges.broke, "attempts"),
            (sessions.more, sessions.broke, "checkout sessions"),
        ] {
            if let Some(failure) = broke {
                self.part::<()>(&format!("a later page of {what}"), Err(failure));
            } else if more {
                self.bound(format!("the newest {what} of a customer"));
            }
        }
        Ok(Held {
            intents: intents.rows,
            charges: charges.rows,
            sessions: sessions.rows,
            subscriptions: self.part("subscriptions", subscriptions).data,
            invoices: self.part("open invoices", invoices).data,
        })
    }

    /// What was paid at checkouts where the address was typed by somebody who is no customer.
    async fn of_guest(&self, email: &str) -> Result<Held, Failure> {
        let mut sessions = self.sessions_by_email(email).await?.data;
        sessions.retain(|session| session.customer.id.is_none());
        let ids: Vec<&str> = sessions.iter().filter_map(|s| s.payment_intent.id()).collect();
        if ids.len() > ONE_BY_ONE {
            self.bound(format!("{ONE_BY_ONE} of {} payments without a customer", ids.len()));
        }
        let mut intents = Vec::new();
        for intent in join_all(ids.into_iter().take(ONE_BY_ONE).map(|id| self.guests_intent(id))).await {
            intents.extend(self.part("a payment", intent));
        }
        let whole = |intent: &mut PaymentIntent| intent.latest_charge.whole.take().map(|charge| *charge);
        let charges = intents.iter_mut().filter_map(whole).collect();
        Ok(Held { intents, charges, sessions, ..Held::default() })
    }

    async fn guests_intent(&self, id: &str) -> Result<Option<PaymentIntent>, Failure> {
        let ask = INTENT.ask().segment(Segment::new(id)?).query("expand[]", "latest_charge.refunds");
        match self.read(ask).await {
            Ok(intent) => Ok(Some(intent)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn disputes_of(&self, intent: &str) -> Vec<Dispute> {
        let page = self.page::<Dispute>(DISPUTES.ask().query("payment_intent", intent), 10).await;
        self.part("disputes", page).data
    }

    /// What was sent about all of it: everything that has not arrived, and of the newest payments what has.
    async fn events_in(&self, ask: &HistoryAsk, payments: &[Payment]) -> Vec<WebhookEvent> {
        let horizon = Moment::now().minus_s(EVENTS_LIVE_S);
        let from = ask.since.max(horizon);
        // A question for exactly these 30 days is a moment older when it arrives here.
        if ask.since < horizon.minus_s(120) {
            self.note(format!("Stripe keeps events for 30 days: those before {horizon} no longer exist"));
        }
        let newest = newest_objects(payments, from);
        if payments.is_empty() && ask.customers.is_empty() {
            return Vec::new();
        }
        let ids = ask.customers.iter().cloned().chain(newest.iter().cloned());
        let others = payments.iter().map(|p| p.id.clone());
        let subject = Subject {
            ids: ids.chain(others).collect(),
            paying: true,
            billing: payments.iter().any(|p| p.id.starts_with("sub_")),
            from: Some(from),
            last: None,
        };
        let (thin, late) = join(self.thin_of_all(&newest), self.late(EVENTS.ask(), from)).await;
        let late = self.part("events that were not delivered", late);
        if late.complete_after.is_some_and(|after| after > from) {
            self.bound("the newest 100 events of the account that were not delivered");
        }
        let mut events: BTreeMap<String, WebhookEvent> = BTreeMap::new();
        let mut add = |event: WebhookEvent| {
            events.entry(event.id.clone()).or_insert(event);
        };
        late.events.iter().filter(|e| subject.concerns(e)).for_each(|e| add(self.stripe.event(e, &late)));
        if thin.is_empty() && !newest.is_empty() {
            self.scan(&subject, from).await.iter().for_each(|e| add(self.stripe.event(e, &late)));
        } else if newest.len() > super::about::ASKED {
            self.note("of older payments only those events are told that did not arrive");
        }
        thin.iter().filter_map(|e| self.stripe.thin_event(e, &late)).for_each(add);
        let mut rows: Vec<WebhookEvent> =
            events.into_values().filter(|e| e.at.is_none_or(|at| at >= from)).collect();
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        rows
    }
}

/// The objects whose events are worth asking for, the newest payment's first: the payment, its checkout, and what
/// was given or taken back.
fn newest_objects(payments: &[Payment], from: Moment) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let lately = |at: Option<Moment>| at.is_some_and(|at| at >= from);
    for payment in payments {
        let back = payment.refunds.iter().filter(|r| lately(r.at)).map(|r| &r.id);
        let taken = payment.disputes.iter().filter(|d| lately(d.at)).map(|d| &d.id);
        let begun = lately(payment.created) || payment.attempts.iter().any(|a| lately(a.at));
        let own = begun.then_some(&payment.id);
        let is_checkout = |p: &&Purpose| begun && p.kind == "checkout_session";
        let checkout = payment.purpose.iter().filter(is_checkout).map(|p| &p.id);
        for id in back.chain(taken).chain(own).chain(checkout) {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
    }
    ids
}

/// Each payment with all that belongs to it, newest first.
fn told(stripe: &Stripe, held: Held, disputes: Vec<Dispute>) -> Vec<Payment> {
    let Held { intents, charges, sessions, subscriptions, invoices } = held;
    let mut by_intent: BTreeMap<Option<String>, Vec<Charge>> = BTreeMap::new();
    for charge in charges {
        let of = by_intent.entry(charge.payment_intent.id.clone()).or_default();
        if !of.iter().any(|known| known.id == charge.id) {
            of.push(charge);
        }
    }
    let mut disputes_by: BTreeMap<Option<String>, Vec<Dispute>> = BTreeMap::new();
    for dispute in disputes {
        disputes_by.entry(dispute.payment_intent.id.clone()).or_default().push(dispute);
    }
    let mut payments: Vec<Payment> = Vec::new();
    let checkouts = |of: &dyn Fn(&Session) -> Option<&str>, id: &str| -> Vec<Purpose> {
        sessions.iter().filter(|s| of(s) == Some(id)).map(|s| stripe.session_purpose(s)).collect()
    };
    for intent in &intents {
        if payments.iter().any(|known| known.id == intent.id) {
            continue;
        }
        let key = Some(intent.id.clone());
        let mut charges = by_intent.remove(&key).unwrap_or_default();
        charges.sort_by_key(|charge| Reverse(charge.created));
        let refunds: Vec<Refund> =
            charges.iter_mut().filter_map(|c| c.refunds.take()).flat_map(|page| page.data).collect();
        let disputes = disputes_by.remove(&key).unwrap_or_default();
        let since = Since { refunds: &refunds, disputes: &disputes };
        payments.push(Payment {
            refunds: refunds.iter().map(record::refund).collect(),
            disputes: disputes.iter().map(record::dispute).collect(),
            purpose: checkouts(&|s| s.payment_intent.id(), &intent.id),
            ..stripe.of_intent(intent, &charges, since)
        });
    }
    // Charges of no intent, or of one that began before all that was read.
    let orphans = by_intent.into_values().flatten();
    payments.extend(orphans.map(|charge| stripe.of_charge(&charge, Since::default())));
    for subscription in &subscriptions {
        let mut purpose = vec![stripe.subscription_purpose(subscription)];
        purpose.extend(checkouts(&|s| s.subscription.id(), &subscription.id));
        payments.push(Payment { purpose, ..stripe.of_subscription(subscription) });
    }
    let unpaid = |i: &&Invoice| i.payments.is_some() && i.intent_ids().is_empty() && i.charge_id().is_none();
    for invoice in invoices.iter().filter(unpaid) {
        payments
            .push(Payment { purpose: vec![stripe.invoice_purpose(invoice)], ..stripe.of_invoice(invoice) });
    }
    let open = |s: &&Session| s.payment_intent.id().is_none() && s.subscription.id().is_none();
    for session in sessions.iter().filter(open) {
        payments
            .push(Payment { purpose: vec![stripe.session_purpose(session)], ..stripe.of_session(session) });
    }
    payments.sort_by_key(|payment| Reverse(payment.created));
    payments
}
