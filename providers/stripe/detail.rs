//! One payment in every detail: attempts, refunds, disputes, what it was for, and which events were sent about it.

use super::about::Subject;
use super::inquiry::{Inquiry, PAGE};
use super::leads::Lead;
use super::link::Page;
use super::meaning::Since;
use super::record::{self, foreign, moment};
use super::shape::{
    Charge, Customer, Dispute, Invoice, InvoicePayment, PaymentIntent, Refund, Session, Subscription,
};
use super::{
    CHARGES, CUSTOMER, DISPUTES, INTENT, INVOICE, INVOICE_PAYMENTS, INVOICES, REFUNDS, SESSIONS, SUBSCRIPTION,
};
use crate::Moment;
use crate::words::Payment;
use futures_util::future::{join, join_all, join3, join5};
use prodview_guard::Failure;

/// So many invoices of one payment are read.
const INVOICES_READ: usize = 3;

impl Inquiry<'_> {
    pub(super) async fn whole(&self, lead: Lead) -> Result<Payment, Failure> {
        match lead {
            Lead::IntentId(id) => self.whole_intent(id, None).await,
            Lead::Intent(intent) => self.whole_intent(intent.id.clone(), Some(intent)).await,
            Lead::Charge(charge) => Ok(self.whole_charge(*charge).await),
            Lead::Session(session) => Ok(self.whole_session(&session).await),
            Lead::Invoice(invoice) => Ok(self.whole_invoice(*invoice).await),
            Lead::Subscription(sub) => Ok(self.whole_subscription(*sub).await),
        }
    }

    /// Five requests at once; then disputes, invoices and the customer where there are any; then the subscription and
    /// its checkout; then the events.
    async fn whole_intent(&self, id: String, seen: Option<Box<PaymentIntent>>) -> Result<Payment, Failure> {
        let intent = async {
            match seen {
                Some(intent) => Ok(*intent),
                None => self.one::<PaymentIntent>(INTENT, &id).await,
            }
        };
        let charges = CHARGES.ask().query("payment_intent", &id);
        let refunds = REFUNDS.ask().query("payment_intent", &id);
        let sessions = SESSIONS.ask().query("payment_intent", &id).query("expand[]", "data.line_items");
        let paid = INVOICE_PAYMENTS
            .ask()
            .query("payment[type]", "payment_intent")
            .query("payment[payment_intent]", &id)
            .query("expand[]", "data.invoice");
        let (intent, charges, refunds, sessions, paid) = join5(
            intent,
            self.page::<Charge>(charges, PAGE),
            self.page::<Refund>(refunds, PAGE),
            self.page::<Session>(sessions, 10),
            self.page::<InvoicePayment>(paid, 10),
        )
        .await;
        let intent = intent?;
        let charges = self.part("attempts", charges);
        let refunds = self.part("refunds", refunds).data;
        let mut sessions = self.part("checkout sessions", sessions).data;
        let paid = self.part("the invoice it pays", paid).data;
        if charges.has_more {
            self.note(format!("only the {} newest attempts are shown", charges.data.len()));
        }
        let charges = charges.data;

        let (seen, mut unread) = linked_invoices(paid);
        let older = charges
            .iter()
            .map(|c| &c.invoice)
            .chain([&intent.invoice])
            .chain(sessions.iter().map(|s| &s.invoice));
        unread.extend(older.filter_map(|link| link.id.clone()));
        let (disputes, invoices, customer) = join3(
            self.disputes(charges.iter().any(|c| c.disputed == Some(true)), "payment_intent", &id),
            self.invoices(seen, unread),
            self.address_of(&intent, &charges, &sessions),
        )
        .await;
        let subscription_id = invoices.iter().find_map(Invoice::subscription_id);
        let subscription_id =
            subscription_id.or(sessions.iter().find_map(|s| s.subscription.id())).map(str::to_owned);
        let subscription = match &subscription_id {
            Some(sub) => {
                let (subscription, begun) =
                    join(self.one::<Subscription>(SUBSCRIPTION, sub), self.begun_at(&sessions, sub)).await;
                sessions.extend(begun);
                self.part("the subscription", subscription.map(Some))
            }
            None => None,
        };

        let mut payment =
            self.stripe.of_intent(&intent, &charges, Since { refunds: &refunds, disputes: &disputes });
        payment.refunds = refunds.iter().map(record::refund).collect();
        payment.disputes = disputes.iter().map(record::dispute).collect();
        payment.purpose.extend(sessions.iter().map(|s| self.stripe.session_purpose(s)));
        payment.purpose.extend(invoices.iter().map(|i| self.stripe.invoice_purpose(i)));
        payment.purpose.extend(subscription.iter().map(|s| self.stripe.subscription_purpose(s)));
        payment.email = payment
            .email
            .or(foreign(sessions.iter().find_map(Session::email)))
            .or(foreign(customer.as_deref()));

        let over = matches!(intent.status.as_deref(), Some("succeeded" | "canceled"));
        let times = charges
            .iter()
            .map(|c| c.created)
            .chain(refunds.iter().map(|r| r.created))
            .chain(disputes.iter().map(|d| d.created));
        let last = times.chain([intent.created]).flatten().max().and_then(Moment::from_epoch_s);
        let on_its_way = refunds.iter().any(|r| r.status.as_deref() == Some("pending"));
        let open_dispute = disputes
            .iter()
            .any(|d| !matches!(d.status.as_deref(), Some("won" | "lost" | "warning_closed" | "prevented")));
        let ids = [id]
            .into_iter()
            .chain(sessions.iter().map(|s| s.id.clone()))
            .chain(invoices.iter().map(|i| i.id.clone()));
        // Where only a few objects can be asked for, the newest attempts are worth more than the first ones.
        let moved = charges.iter().take(2).map(|c| c.id.clone());
        let moved =
            moved.chain(refunds.iter().map(|r| r.id.clone())).chain(disputes.iter().map(|d| d.id.clone()));
        let moved = moved.chain(charges.iter().skip(2).map(|c| c.id.clone()));
        payment.events = self
            .events_about(&Subject {
                ids: ids.chain(subscription_id).chain(moved).collect(),
                paying: true,
                billing: !invoices.is_empty(),
                from: moment(intent.created),
                last: last.filter(|_| over && !open_dispute && !on_its_way),
            })
            .await;
        Ok(payment)
    }

    /// Only asked for when a charge says that there are any.
    async fn disputes(&self, any: bool, by: &'static str, id: &str) -> Vec<Dispute> {
        if !any {
            return Vec::new();
        }
        let page = self.page::<Dispute>(DISPUTES.ask().query(by, id), 10).await;
        self.part("disputes", page).data
    }

    async fn invoices(&self, mut seen: Vec<Invoice>, mut unread: Vec<String>) -> Vec<Invoice> {
        unread.sort();
        unread.dedup();
        unread.retain(|id| !seen.iter().any(|invoice| &invoice.id == id));
        let read = unread.iter().take(INVOICES_READ).map(|id| self.one::<Invoice>(INVOICE, id));
        for invoice in join_all(read).await {
            seen.extend(self.part("an invoice", invoice.map(Some)));
        }
        seen
    }

    /// The customer's address, when neither bill nor checkout has one.
    async fn address_of(
        &self,
        intent: &PaymentIntent,
        charges: &[Charge],
        sessions: &[Session],
    ) -> Option<String> {
        let billed = charges.iter().any(|c| c.billing_details.as_ref().is_some_and(|b| b.email.is_some()));
        if billed || intent.receipt_email.is_some() || sessions.iter().any(|s| s.email().is_some()) {
            return None;
        }
        let customer = self.one::<Customer>(CUSTOMER, intent.customer.id()?).await;
        self.part("the customer", customer.map(Some)).and_then(|c| c.email)
    }

    /// The checkout at which a subscription began, unless one is known already.
    async fn begun_at(&self, known: &[Session], subscription: &str) -> Vec<Session> {
        if !known.is_empty() {
            return Vec::new();
        }
        let ask = SESSIONS.ask().query("subscription", subscription).query("expand[]", "data.line_items");
        let page = self.page::<Session>(ask, 3).await;
        self.part("the subscription's checkout", page).data
    }

    async fn whole_charge(&self, charge: Charge) -> Payment {
        let unread = charge.invoice.id.clone().into_iter().collect();
        let (refunds, disputes, invoices) = join3(
            self.page::<Refund>(REFUNDS.ask().query("charge", &charge.id), PAGE),
            self.disputes(charge.disputed == Some(true), "charge", &charge.id),
            self.invoices(Vec::new(), unread),
        )
        .await;
        let refunds = self.part("refunds", refunds).data;
        let mut payment = self.stripe.of_charge(&charge, Since { refunds: &refunds, disputes: &disputes });
        payment.refunds = refunds.iter().map(record::refund).collect();
        payment.disputes = disputes.iter().map(record::dispute).collect();
        payment.purpose = invoices.iter().map(|i| self.stripe.invoice_purpose(i)).collect();
        let ids = [charge.id.clone()].into_iter().chain(invoices.iter().map(|i| i.id.clone())).collect();
        let subject = Subject {
            ids,
            paying: true,
            billing: !invoices.is_empty(),
            from: moment(charge.created),
            last: None,
        };
        payment.events = self.events_about(&subject).await;
        payment
    }

    async fn whole_session(&self, session: &Session) -> Payment {
        let mut payment = self.stripe.of_session(session);
        payment.purpose = vec![self.stripe.session_purpose(session)];
        // It expires at most a day after it was made; later it can still be paid asynchronously.
        let last = moment(session.expires_at).filter(|_| session.status.as_deref() == Some("expired"));
        let subject = Subject {
            ids: vec![session.id.clone()],
            paying: true,
            billing: false,
            from: moment(session.created),
            last,
        };
        payment.events = self.events_about(&subject).await;
        payment
    }

    async fn whole_invoice(&self, invoice: Invoice) -> Payment {
        let mut payment = self.stripe.of_invoice(&invoice);
        payment.purpose = vec![self.stripe.invoice_purpose(&invoice)];
        let subscription_id = invoice.subscription_id().map(str::to_owned);
        if let Some(id) = &subscription_id {
            let subscription = self.one::<Subscription>(SUBSCRIPTION, id).await;
            let subscription = self.part("the subscription", subscription.map(Some));
            payment.purpose.extend(subscription.iter().map(|s| self.stripe.subscription_purpose(s)));
        }
        let ids = [invoice.id.clone()].into_iter().chain(subscription_id).collect();
        let subject =
            Subject { ids, paying: false, billing: true, from: moment(invoice.created), last: None };
        payment.events = self.events_about(&subject).await;
        payment
    }

    async fn whole_subscription(&self, sub: Subscription) -> Payment {
        let customer = async {
            match sub.customer.id() {
                Some(id) => self.one::<Customer>(CUSTOMER, id).await.map(Some),
                None => Ok(None),
            }
        };
        let (sessions, invoices, customer) = join3(
            self.begun_at(&[], &sub.id),
            self.page::<Invoice>(INVOICES.ask().query("subscription", &sub.id), INVOICES_READ),
            customer,
        )
        .await;
        let invoices: Page<Invoice> = self.part("its invoices", invoices);
        let mut payment = self.stripe.of_subscription(&sub);
        payment.email =
            foreign(self.part("the customer", customer).as_ref().and_then(|c| c.email.as_deref()));
        payment.purpose = vec![self.stripe.subscription_purpose(&sub)];
        payment.purpose.extend(sessions.iter().map(|s| self.stripe.session_purpose(s)));
        payment.purpose.extend(invoices.data.iter().map(|i| self.stripe.invoice_purpose(i)));
        let ids = [sub.id.clone()].into_iter().chain(sessions.iter().map(|s| s.id.clone()));
        let subject = Subject {
            ids: ids.chain(invoices.data.iter().map(|i| i.id.clone())).collect(),
            paying: false,
            billing: true,
            from: moment(sub.created),
            last: None,
        };
        payment.events = self.events_about(&subject).await;
        payment
    }
}

/// The invoices that came along, and the ids of those that did not.
fn linked_invoices(paid: Vec<InvoicePayment>) -> (Vec<Invoice>, Vec<String>) {
    let (mut seen, mut unread) = (Vec::new(), Vec::new());
    for payment in paid {
        match (payment.invoice.whole, payment.invoice.id) {
            (Some(invoice), _) => seen.push(*invoice),
            (None, id) => unread.extend(id),
        }
    }
    (seen, unread)
}
