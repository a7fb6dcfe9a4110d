//! What was paid in a window, with every id by which the application may know it; and how one object stands.
//!
//! A charge is where money moves, so payments are told from charges. Checkouts and invoices are read beside them when
//! the application knows its payments by those; an invoice that no charge paid is told by itself.

use super::amount::money;
use super::inquiry::{Inquiry, Pages};
use super::link::Page;
use super::record::{foreign, moment};
use super::shape::{Charge, Invoice, InvoicePayment, PaymentIntent, Session, Subscription};
use super::{
    CHARGE, CHARGES, INTENT, INVOICE, INVOICE_PAYMENTS, INVOICES, SESSION, SESSIONS, SUBSCRIPTION,
    SUBSCRIPTIONS, Stripe,
};
use crate::capability::{Answered, PaidAsk};
use crate::words::{Paid, PaidKind, PaidState};
use crate::{Handle, HandleKind, Moment, Stopped};
use futures_util::future::{join3, join4};
use prodview_guard::{Ask, Failure, Foreign, Segment};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// So many pages of a hundred are read of each list.
const PAGES: usize = 5;
/// A checkout is paid within a day of being opened.
const CHECKOUT_S: i64 = 86_400;
/// An invoice is drafted an hour before it is charged, and tried again for days.
const INVOICE_S: i64 = 4 * 86_400;

/// What links charges to the rest.
struct Books {
    sessions: Vec<Session>,
    invoices: Vec<Invoice>,
    /// Whether all of both is here that can belong to a charge of the window.
    whole: bool,
}

impl Stripe {
    /// One to four lists at once, each of at most five pages.
    pub(super) async fn paid_in(&self, ask: &PaidAsk) -> Answered<Paid> {
        let wants = |kind| ask.kinds.contains(&kind);
        let knows = |kind| ask.known_by.contains(&kind);
        let money_moved = ask.kinds.iter().any(|kind| *kind != PaidKind::Subscription);
        let only = |kind| money_moved && wants(kind) && !wants(PaidKind::Payment);
        let with_sessions = only(PaidKind::Checkout) || (money_moved && knows(PaidKind::Checkout));
        let by_bill = knows(PaidKind::Invoice) || knows(PaidKind::Subscription);
        let with_invoices = money_moved && (wants(PaidKind::Invoice) || by_bill);
        let now = Moment::now();
        let inquiry = Inquiry::new(self);
        let window = |list: Ask, earlier: i64| {
            let since = ask.since.minus_s(earlier).epoch_s();
            list.query("created[gte]", since).query("created[lte]", now.epoch_s())
        };
        let sessions = window(SESSIONS.ask().query("status", "complete"), CHECKOUT_S);
        let invoices =
            window(INVOICES.ask().query("status", "paid").query("expand[]", "data.payments"), INVOICE_S);
        let subscriptions = SUBSCRIPTIONS.ask().query("status", "all");
        let (charges, sessions, invoices, subscriptions) = join4(
            inquiry.listing::<Charge>(money_moved, window(CHARGES.ask(), 0)),
            inquiry.listing::<Session>(with_sessions, sessions),
            inquiry.listing::<Invoice>(with_invoices, invoices),
            inquiry.listing::<Subscription>(wants(PaidKind::Subscription), subscriptions),
        )
        .await;
        let listed = [charges.is_ok(), sessions.is_ok(), invoices.is_ok()];
        let charges = inquiry.part("payments", charges);
        let sessions = inquiry.part("checkouts", sessions);
        let invoices = inquiry.part("invoices", invoices);
        let subscriptions = inquiry.part("subscriptions", subscriptions);
        if let Some(failure) = inquiry.in_vain() {
            return Err(failure);
        }
        let bills = wants(PaidKind::Invoice).then_some(&invoices);
        let from = inquiry.covered(ask.since, &charges, (bills, &subscriptions));
        let whole = listed == [true; 3] && !sessions.cut() && !invoices.cut();
        let books = Books { sessions: sessions.rows, invoices: invoices.rows, whole };
        let mut rows: Vec<Paid> = charges
            .rows
            .iter()
            .filter(|c| c.status.as_deref() == Some("succeeded") && c.captured != Some(false))
            .filter(|c| moment(c.created).is_none_or(|at| at >= from))
            .map(|c| self.paid_charge(c, &books))
            .collect();
        if wants(PaidKind::Invoice) {
            let uncharged = |i: &&Invoice| {
                i.intent_ids().is_empty() && i.charge_id().is_none() && i.amount_paid.unwrap_or(0) > 0
            };
            let fresh = |i: &&Invoice| moment(i.created).is_some_and(|at| at >= from);
            rows.extend(books.invoices.iter().filter(fresh).filter(uncharged).map(|i| self.paid_invoice(i)));
        }
        rows.retain(|row| {
            wants(PaidKind::Payment)
                || (wants(PaidKind::Checkout) && row.checkout.is_some())
                || (wants(PaidKind::Invoice) && row.invoice.is_some())
        });
        rows.extend(subscriptions.rows.iter().map(|s| self.paid_subscription(s)));
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let broke = [charges.broke, sessions.broke, invoices.broke, subscriptions.broke];
        let broke = broke.into_iter().flatten().next();
        let mut found = inquiry.found(rows);
        if let Some(failure) = broke {
            (found.stopped, found.of) = (Some(Stopped::Failed(failure)), None);
        }
        found.window = Some((from, now));
        Ok(found)
    }

    /// One to three requests.
    pub(super) async fn paid_object(&self, which: &Handle) -> Answered<Paid> {
        let inquiry = Inquiry::new(self);
        let id = which.id.as_str();
        let row = match which.kind {
            HandleKind::PaymentIntent => inquiry.paid_intent(id).await?,
            HandleKind::Charge => {
                let charge: Charge = inquiry.one(CHARGE, id).await?;
                match &charge.payment_intent.id {
                    Some(intent) => inquiry.paid_intent(intent).await?,
                    None => self.paid_charge(&charge, &Books::none()),
                }
            }
            HandleKind::CheckoutSession => {
                let session: Session = inquiry.one(SESSION, id).await?;
                match &session.payment_intent.id {
                    Some(intent) => inquiry.paid_intent(intent).await?,
                    None => self.paid_session(&session),
                }
            }
            HandleKind::Invoice => {
                let ask = INVOICE.ask().segment(Segment::new(id)?).query("expand[]", "payments");
                self.paid_invoice(&inquiry.read(ask).await?)
            }
            HandleKind::Subscription => {
                let sub: Subscription = inquiry.one(SUBSCRIPTION, id).await?;
                self.paid_subscription(&sub)
            }
            _ => return Ok(inquiry.found(Vec::new())),
        };
        Ok(inquiry.found(vec![row]))
    }

    fn paid_blank(&self, id: &str, kind: PaidKind) -> Paid {
        Paid {
            source: self.name.clone(),
            kind,
            id: id.to_owned(),
            intent: None,
            charge: None,
            checkout: None,
            invoice: None,
            subscription: None,
            customer: None,
            email: None,
            metadata: BTreeMap::new(),
            amount: None,
            refunded: None,
            state: PaidState::Unknown,
            status: Foreign::new("unknown"),
            at: None,
            live: self.live.unwrap_or(false),
            linked: true,
        }
    }

    fn paid_charge(&self, charge: &Charge, books: &Books) -> Paid {
        let intent = charge.payment_intent.id();
        let pays = |i: &&Invoice| match intent {
            Some(intent) => i.intent_ids().iter().any(|id| id == intent),
            None => i.charge_id() == Some(charge.id.as_str()),
        };
        let invoice = books.invoices.iter().find(pays);
        let subscription = invoice.and_then(Invoice::subscription_id);
        let session = books.sessions.iter().find(|s| {
            (intent.is_some() && s.payment_intent.id() == intent)
                || (subscription.is_some() && s.subscription.id() == subscription)
        });
        let currency = charge.currency.as_deref();
        let taken = charge.amount_captured.filter(|a| *a > 0).or(charge.amount);
        let back = charge.amount_refunded.unwrap_or(0);
        let state = match charge.status.as_deref() {
            Some("succeeded") if charge.captured == Some(false) => PaidState::Underway,
            Some("succeeded") if back > 0 && Some(back) >= taken => PaidState::Refunded,
            Some("succeeded") if charge.disputed == Some(true) => PaidState::Disputed,
            Some("succeeded") if back > 0 => PaidState::PartlyRefunded,
            Some("succeeded") => PaidState::Paid,
            Some("pending") => PaidState::Underway,
            Some("failed") => PaidState::Unpaid,
            _ => PaidState::Unknown,
        };
        let billed = charge.billing_details.as_ref().and_then(|b| b.email.as_deref());
        let mut metadata = session.map(|s| s.metadata.cleaned()).unwrap_or_default();
        metadata.extend(charge.metadata.cleaned());
        Paid {
            intent: intent.map(str::to_owned),
            charge: Some(charge.id.clone()),
            checkout: session.map(|s| s.id.clone()),
            invoice: invoice.map(|i| i.id.clone()).or(charge.invoice.id.clone()),
            subscription: subscription.map(str::to_owned),
            customer: charge.customer.id.clone(),
            email: foreign(billed.or(session.and_then(Session::email)).or(charge.receipt_email.as_deref())),
            metadata,
            amount: money(taken, currency),
            refunded: money(Some(back).filter(|b| *b > 0), currency),
            state,
            status: Foreign::capped(charge.status.as_deref().unwrap_or("unknown"), 60),
            at: moment(charge.created),
            live: charge.livemode.unwrap_or(self.live.unwrap_or(false)),
            // A bill or a checkout older than the lists may still be behind it.
            linked: books.whole && (invoice.is_some() || session.is_some()),
            ..self.paid_blank(intent.unwrap_or(&charge.id), PaidKind::Payment)
        }
    }

    fn paid_session(&self, session: &Session) -> Paid {
        Paid {
            checkout: Some(session.id.clone()),
            subscription: session.subscription.id.clone(),
            invoice: session.invoice.id.clone(),
            customer: session.customer.id.clone(),
            email: foreign(session.email()),
            metadata: session.metadata.cleaned(),
            amount: money(session.amount_total, session.currency.as_deref()),
            state: match (session.status.as_deref(), session.payment_status.as_deref()) {
                (Some("complete"), Some("paid" | "no_payment_required")) => PaidState::Paid,
                (Some("complete"), _) => PaidState::Underway,
                (Some("open" | "expired"), _) => PaidState::Unpaid,
                _ => PaidState::Unknown,
            },
            status: Foreign::capped(session.status.as_deref().unwrap_or("unknown"), 60),
            at: moment(session.created),
            live: session.livemode.unwrap_or(self.live.unwrap_or(false)),
            ..self.paid_blank(&session.id, PaidKind::Checkout)
        }
    }

    fn paid_invoice(&self, invoice: &Invoice) -> Paid {
        let intents = invoice.intent_ids();
        Paid {
            intent: intents.into_iter().next(),
            charge: invoice.charge_id().map(str::to_owned),
            invoice: Some(invoice.id.clone()),
            subscription: invoice.subscription_id().map(str::to_owned),
            customer: invoice.customer.id.clone(),
            email: foreign(invoice.customer_email.as_deref()),
            metadata: invoice.metadata.cleaned(),
            amount: money(invoice.amount_paid, invoice.currency.as_deref()),
            state: match invoice.status.as_deref() {
                Some("paid") => PaidState::Paid,
                Some("draft" | "open") => PaidState::Underway,
                Some("uncollectible" | "void") => PaidState::Unpaid,
                _ => PaidState::Unknown,
            },
            status: Foreign::capped(invoice.status.as_deref().unwrap_or("unknown"), 60),
            at: moment(invoice.created),
            live: invoice.livemode.unwrap_or(self.live.unwrap_or(false)),
            ..self.paid_blank(&invoice.id, PaidKind::Invoice)
        }
    }

    fn paid_subscription(&self, sub: &Subscription) -> Paid {
        Paid {
            subscription: Some(sub.id.clone()),
            customer: sub.customer.id.clone(),
            metadata: sub.metadata.cleaned(),
            state: match sub.status.as_deref() {
                Some("active" | "trialing") => PaidState::Running,
                Some("past_due" | "unpaid" | "paused") => PaidState::Behind,
                Some("incomplete") => PaidState::Underway,
                Some("canceled" | "incomplete_expired") => PaidState::Over,
                _ => PaidState::Unknown,
            },
            status: Foreign::capped(sub.status.as_deref().unwrap_or("unknown"), 60),
            at: moment(sub.created),
            live: sub.livemode.unwrap_or(self.live.unwrap_or(false)),
            ..self.paid_blank(&sub.id, PaidKind::Subscription)
        }
    }
}

impl Books {
    fn none() -> Books {
        Books { sessions: Vec::new(), invoices: Vec::new(), whole: true }
    }
}

impl<T> Pages<T> {
    fn cut(&self) -> bool {
        self.more || self.broke.is_some()
    }
}

impl Inquiry<'_> {
    /// The pages of a list, or nothing when it is not wanted.
    async fn listing<T: super::shape::Row + DeserializeOwned>(
        &self,
        wanted: bool,
        ask: Ask,
    ) -> Result<Pages<T>, Failure> {
        if wanted { self.pages(ask, PAGES).await } else { Ok(Pages::default()) }
    }

    /// From when on everything was seen that was charged. Says what was not.
    fn covered(
        &self,
        since: Moment,
        charges: &Pages<Charge>,
        (bills, subs): (Option<&Pages<Invoice>>, &Pages<Subscription>),
    ) -> Moment {
        let (mut from, mut bounds) = (since, Vec::new());
        if charges.cut()
            && let Some(oldest) = charges.rows.last().and_then(|c| moment(c.created))
        {
            // The oldest second may be here only in part.
            from = oldest.minus_s(-1);
            bounds.push(format!("the {} newest charges, back to {from}", charges.rows.len()));
        }
        if let Some(bills) = bills.filter(|bills| bills.cut())
            && let Some(oldest) = bills.rows.last().and_then(|i| moment(i.created))
            && oldest > since
        {
            bounds.push(format!("the {} newest invoices, drafted since {oldest}", bills.rows.len()));
        }
        if subs.cut()
            && let Some(oldest) = subs.rows.last().and_then(|s| moment(s.created))
        {
            bounds.push(format!("the {} newest subscriptions, begun since {oldest}", subs.rows.len()));
        }
        if !bounds.is_empty() {
            self.bound(bounds.join("; "));
        }
        from
    }

    /// A payment intent with its checkout and its invoice.
    async fn paid_intent(&self, id: &str) -> Result<Paid, Failure> {
        let intent = INTENT.ask().segment(Segment::new(id)?).query("expand[]", "latest_charge");
        let paying = INVOICE_PAYMENTS
            .ask()
            .query("payment[type]", "payment_intent")
            .query("payment[payment_intent]", id)
            .query("expand[]", "data.invoice");
        let (intent, sessions, paying) = join3(
            self.read::<PaymentIntent>(intent),
            self.page::<Session>(SESSIONS.ask().query("payment_intent", id), 5),
            self.page::<InvoicePayment>(paying, 5),
        )
        .await;
        let intent = intent?;
        let linked = sessions.is_ok() && paying.is_ok();
        let sessions: Page<Session> = self.part("its checkout", sessions);
        let paying = self.part("its invoice", paying).data;
        let unread = paying.iter().find_map(|p| p.invoice.id.clone());
        let invoices: Vec<Invoice> = paying.into_iter().filter_map(|p| Some(*p.invoice.whole?)).collect();
        let subscription = invoices.iter().find_map(Invoice::subscription_id).map(str::to_owned);
        let checkout = sessions.data.first().map(|s| s.id.clone());
        let told = match &intent.latest_charge.whole {
            Some(charge) => self.stripe.paid_charge(charge, &Books::none()),
            None => self.stripe.paid_blank(&intent.id, PaidKind::Payment),
        };
        let state = match intent.status.as_deref() {
            Some("succeeded") if told.state == PaidState::Unknown => PaidState::Paid,
            Some("succeeded") => told.state,
            Some("processing" | "requires_capture" | "requires_action" | "requires_confirmation") => {
                PaidState::Underway
            }
            Some("requires_payment_method" | "canceled") => PaidState::Unpaid,
            _ => PaidState::Unknown,
        };
        Ok(Paid {
            id: intent.id.clone(),
            intent: Some(intent.id.clone()),
            checkout,
            invoice: invoices.first().map(|i| i.id.clone()).or(unread).or(told.invoice.clone()),
            subscription,
            customer: intent.customer.id.clone(),
            email: told.email.clone().or(foreign(sessions.data.iter().find_map(Session::email))),
            amount: money(intent.amount, intent.currency.as_deref()).or(told.amount.clone()),
            state,
            status: Foreign::capped(intent.status.as_deref().unwrap_or("unknown"), 60),
            at: told.at.or(moment(intent.created)),
            live: intent.livemode.unwrap_or(told.live),
            linked,
            ..told
        })
    }
}
