//! Memberships: the subscription, its invoices month by month, and how each was paid.

use serde_json::{Value, json};

use super::Person;
use super::making::{DAY, HOUR, Handled, Making, text};
use super::ordinary::whose;
use super::purchase::{Attempt, Buyer, Outcome, with};
use super::setup::Item;

/// A month, as far as the demo is concerned.
pub(super) const MONTH: i64 = 30 * DAY;
/// How many invoices back the books go.
const INVOICES_KEPT: i64 = 3;
const NO_FUNDS: Outcome =
    Outcome::Declined("insufficient_funds", "51", "Your card has insufficient funds.", None);

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Active,
    PastDue,
    Canceled,
}

/// A subscription and what a story needs to know of it.
#[derive(Debug, Clone)]
pub(super) struct Membership {
    pub subscription: Value,
    pub invoice: String,
    /// The payment of the last invoice.
    pub intent: String,
    pub charges: Vec<String>,
    /// The last invoice's `invoice.paid` or `invoice.payment_failed`.
    pub event: String,
    /// When what was paid for ends.
    pub until: i64,
}

struct Period {
    start: i64,
    first: bool,
    open: bool,
}

struct Invoiced {
    id: String,
    intent: String,
    charges: Vec<String>,
    event: String,
}

impl Making {
    /// A membership that the application knows of.
    pub fn join_plus(&mut self, person: &Person, started: i64, standing: Standing) -> Membership {
        let membership = self.subscribe(person, person.customer(), (started, standing), || Handled::Done);
        let status = match standing {
            Standing::Active => "active",
            Standing::PastDue => "past_due",
            Standing::Canceled => "canceled",
        };
        let row = self.row("memberships", started + 50, json!({
            "userId": person.user(), "stripeSubscriptionId": text(&membership.subscription, "id"), "status": status,
            "until": membership.until * 1000,
        }));
        self.audit(started + 50, person.user(), "membership.started", Some(&row));
        membership
    }

    /// What Stripe keeps of a subscription, and what the handler makes of its events.
    pub fn subscribe(
        &mut self,
        person: &Person,
        customer: &str,
        (started, standing): (i64, Standing),
        handled: impl Fn() -> Handled,
    ) -> Membership {
        let id = self.id("sub");
        let item = self.id("si");
        let periods = (self.now - started) / MONTH;
        let start = started + periods * MONTH;
        let canceled = standing == Standing::Canceled;
        let card = self.card(Some(customer));
        let price = self.catalogue.price(Item::Plus, person.currency);
        let mut subscription = json!({
            "id": id, "object": "subscription", "created": started, "start_date": started,
            "billing_cycle_anchor": started, "currency": person.currency, "customer": customer, "status": "active",
            "default_payment_method": card.method, "metadata": whose(person),
            "items": { "url": format!("/v1/subscription_items?subscription={id}"), "data": [{
                "id": item, "object": "subscription_item", "created": started, "quantity": 1, "subscription": id,
                "price": price, "current_period_start": start, "current_period_end": start + MONTH,
            }] },
        });
        let first = (periods - INVOICES_KEPT + 1).max(0);
        let mut last = None;
        for number in first..=periods {
            let start = started + number * MONTH;
            let open = standing == Standing::PastDue && number == periods;
            let invoiced =
                self.invoice(person, &subscription, &Period { start, first: number == 0, open }, &handled);
            subscription = with(&subscription, &[("latest_invoice", json!(invoiced.id))]);
            if number > 0 && !open {
                self.event("customer.subscription.updated", start + HOUR, &subscription, handled());
            }
            last = Some(invoiced);
        }
        let last = last.unwrap_or(Invoiced {
            id: String::new(),
            intent: String::new(),
            charges: vec![],
            event: String::new(),
        });
        if periods == 0 {
            self.event("customer.subscription.created", started + 2, &subscription, handled());
        }
        let ended = start + (self.now - start) / 2;
        subscription = match standing {
            Standing::Active => subscription,
            Standing::PastDue => with(&subscription, &[("status", json!("past_due"))]),
            Standing::Canceled => with(
                &subscription,
                &[
                    ("status", json!("canceled")),
                    ("canceled_at", json!(ended)),
                    ("ended_at", json!(ended)),
                    (
                        "cancellation_details",
                        json!({ "reason": "cancellation_requested", "feedback": "unused" }),
                    ),
                ],
            ),
        };
        match standing {
            Standing::Active => {}
            Standing::PastDue => {
                self.event("customer.subscription.updated", start + HOUR, &subscription, handled());
            }
            Standing::Canceled => {
                self.event("customer.subscription.deleted", ended, &subscription, handled());
            }
        }
        self.keep(subscription.clone());
        let until = match standing {
            Standing::PastDue => start,
            _ if canceled => ended,
            _ => start + MONTH,
        };
        Membership {
            subscription,
            invoice: last.id,
            intent: last.intent,
            charges: last.charges,
            event: last.event,
            until,
        }
    }

    fn invoice(
        &mut self,
        person: &Person,
        subscription: &Value,
        period: &Period,
        handled: &impl Fn() -> Handled,
    ) -> Invoiced {
        let Period { start, first, open } = *period;
        let amount = self.catalogue.amount(Item::Plus, person.currency);
        let (id, intent_id) = (self.id("in"), self.id("pi"));
        let customer = text(subscription, "customer");
        // A renewal is finalised an hour after it was drafted; the first invoice at once.
        let finalized = if first { start } else { start + HOUR };
        let buyer = Buyer { customer: Some(customer.clone()), ..Buyer::from(person) };
        let nothing = json!({});
        let attempt = |at| Attempt {
            metadata: &nothing,
            buyer: &buyer,
            intent: &intent_id,
            amount,
            currency: person.currency,
            at,
            about: if first { "Subscription creation" } else { "Subscription update" },
        };
        let mut charges = Vec::new();
        if open {
            charges.push(self.charge(&attempt(finalized), NO_FUNDS));
            let again = finalized + 2 * DAY;
            if again < self.now {
                charges.push(self.charge(&attempt(again), NO_FUNDS));
            }
        } else {
            charges.push(self.charge(&attempt(finalized), Outcome::Approved));
        }
        let latest = charges.last().cloned().unwrap_or_default();
        let intent = self.invoice_intent(&latest, (&intent_id, amount, finalized), open);
        let tries = charges.len();
        let number = format!("{}-{:04}", self.dice.base62(8).to_uppercase(), self.dice.between(1, 40));
        let paid = if open { 0 } else { amount };
        let invoice = json!({
            "id": id, "object": "invoice", "created": start, "effective_at": finalized, "number": number,
            "customer": customer, "customer_email": person.email, "customer_name": person.name,
            "currency": person.currency, "amount_due": amount, "amount_paid": paid, "amount_remaining": amount - paid,
            "subtotal": amount, "subtotal_excluding_tax": amount, "total": amount, "total_excluding_tax": amount,
            "status": if open { "open" } else { "paid" }, "attempted": true, "attempt_count": tries,
            "auto_advance": open, "next_payment_attempt": open.then_some(self.now + 2 * DAY),
            "billing_reason": if first { "subscription_create" } else { "subscription_cycle" },
            "period_start": start, "period_end": start, "webhooks_delivered_at": start + 10,
            "parent": { "type": "subscription_details", "subscription_details": {
                "subscription": text(subscription, "id"), "metadata": subscription.get("metadata") } },
            "status_transitions": { "finalized_at": finalized, "paid_at": (!open).then_some(finalized + 4) },
            "hosted_invoice_url": format!("https://invoice.stripe.com/i/{}", self.dice.base62(60)),
            "invoice_pdf": format!("https://pay.stripe.com/invoice/{}/pdf", self.dice.base62(60)),
            "lines": { "url": format!("/v1/invoices/{id}/lines"), "data": [self.line(&id, subscription, start)] },
        });
        self.keep(invoice.clone());
        let link = self.id("inpay");
        self.keep(json!({
            "id": link, "object": "invoice_payment", "created": finalized, "invoice": id, "is_default": true,
            "amount_requested": amount, "amount_paid": (!open).then_some(amount), "currency": person.currency,
            "payment": { "type": "payment_intent", "payment_intent": intent_id },
            "status": if open { "open" } else { "paid" },
            "status_transitions": { "paid_at": (!open).then_some(finalized + 4) },
        }));
        let mut event = String::new();
        for charge in &charges {
            let at = charge.get("created").and_then(Value::as_i64).unwrap_or(finalized);
            if open {
                self.event("charge.failed", at, charge, Handled::Done);
                self.event("payment_intent.payment_failed", at + 1, &intent, handled());
                event = self.event("invoice.payment_failed", at + 2, &invoice, handled());
            } else {
                self.event("charge.succeeded", at, charge, Handled::Done);
                self.event("payment_intent.succeeded", at + 1, &intent, handled());
                event = self.event("invoice.paid", at + 4, &invoice, handled());
            }
        }
        let charges = charges.iter().map(|charge| text(charge, "id")).collect();
        Invoiced { id, intent: intent_id, charges, event }
    }

    fn invoice_intent(&mut self, charge: &Value, (id, amount, at): (&str, i64, i64), open: bool) -> Value {
        let error = open.then(|| {
            json!({
                "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
                "charge": text(charge, "id"), "message": "Your card has insufficient funds.",
                "doc_url": "https://stripe.com/docs/error-codes/card-declined", "advice_code": "try_again_later",
            })
        });
        let intent = json!({
            "id": id, "object": "payment_intent", "amount": amount, "amount_received": if open { 0 } else { amount },
            "currency": text(charge, "currency"), "created": at, "customer": charge.get("customer"),
            "description": charge.get("description"), "latest_charge": text(charge, "id"),
            "status": if open { "requires_payment_method" } else { "succeeded" }, "last_payment_error": error,
            "payment_method": if open { Value::Null } else { json!(text(charge, "payment_method")) },
            "setup_future_usage": "off_session", "client_secret": format!("{id}_secret_{}", self.dice.base62(25)),
        });
        self.keep(intent.clone());
        intent
    }

    fn line(&mut self, invoice: &str, subscription: &Value, start: i64) -> Value {
        let item = subscription.pointer("/items/data/0").cloned().unwrap_or_default();
        let price = item.get("price").cloned().unwrap_or_default();
        let amount = price.get("unit_amount").cloned().unwrap_or_default();
        json!({
            "id": self.id("il"), "object": "line_item", "amount": amount, "subtotal": amount,
            "currency": text(&price, "currency"), "description": "1 × Wrenhouse Plus", "invoice": invoice,
            "period": { "start": start, "end": start + MONTH }, "quantity": 1,
            "subscription": text(subscription, "id"),
            "parent": { "type": "subscription_item_details", "subscription_item_details": {
                "subscription": text(subscription, "id"), "subscription_item": text(&item, "id"),
                "proration": false } },
            "pricing": { "type": "price_details", "unit_amount_decimal": text(&price, "unit_amount_decimal"),
                         "price_details": { "price": text(&price, "id"), "product": text(&price, "product") } },
        })
    }
}
