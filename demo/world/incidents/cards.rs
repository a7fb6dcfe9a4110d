//! Cards that would not pay: 3-D Secure that fails, a renewal without funds, a payment that the bank took back.

use serde_json::{Value, json};

use super::{Incident, IncidentKind};
use crate::world::Person;
use crate::world::billing::{MONTH, Standing};
use crate::world::making::{DAY, HOUR, Handled, MINUTE, Making, text};
use crate::world::purchase::{Attempt, Outcome, with};
use crate::world::setup::Item;

impl Making {
    /// Three attempts, each with 3-D Secure, none passed.
    pub(super) fn card_declined(&mut self, person: &Person) {
        let at = self.hours_ago(1, 9);
        let order = self.order(person, Item::Pass, at);
        let amount = self.catalogue.amount(order.item, order.currency);
        let id = self.id("pi");
        let checkout = self.checkout(&order, Some(&id), false);
        let words = "Your card was declined. This transaction requires authentication.";
        let mut charges = Vec::new();
        for (minutes, result) in [(1, None), (4, Some("rejected")), (11, Some("abandoned"))] {
            let attempt = Attempt {
                buyer: &order.buyer,
                intent: &id,
                amount,
                currency: order.currency,
                at: at + minutes * MINUTE,
                about: order.item.name(),
                metadata: &order.metadata,
            };
            charges.push(
                self.charge(&attempt, Outcome::Declined("authentication_required", "1A", words, result)),
            );
        }
        let base = json!({
            "id": id, "object": "payment_intent", "amount": amount, "amount_received": 0, "currency": order.currency,
            "created": at + 5, "customer": order.buyer.customer, "status": "requires_payment_method",
            "metadata": order.metadata, "receipt_email": order.buyer.email,
            "client_secret": format!("{id}_secret_{}", self.dice.base62(25)),
        });
        self.event("payment_intent.created", at + 5, &base, Handled::Done);
        let mut event = String::new();
        let mut intent = base.clone();
        for charge in &charges {
            let error = json!({
                "type": "card_error", "code": "authentication_required", "decline_code": "authentication_required",
                "charge": text(charge, "id"), "message": words, "advice_code": "try_again_later",
                "network_decline_code": "1A", "doc_url": "https://stripe.com/docs/error-codes/authentication-required",
                "payment_method": self.world.stripe.live_object(&text(charge, "payment_method")),
            });
            intent =
                with(&base, &[("latest_charge", json!(text(charge, "id"))), ("last_payment_error", error)]);
            let tried = charge.get("created").and_then(Value::as_i64).unwrap_or(at);
            self.event("charge.failed", tried, charge, Handled::Done);
            event = self.event("payment_intent.payment_failed", tried + 1, &intent, Handled::Done);
        }
        self.keep(intent);
        self.world.incidents.push(Incident {
            title: "Card declined at 3-D Secure".into(),
            question: format!(
                "I tried three times to buy a pass and my card is declined although there is money on it. — {}",
                person.name
            ),
            payment_intent: Some(id),
            charges: charges.iter().map(|charge| text(charge, "id")).collect(),
            checkout_session: Some(text(&checkout, "id")),
            event_id: Some(event),
            ..Incident::new(IncidentKind::CardDeclined3ds, person, at)
        });
    }

    /// The second month of a membership could not be charged; Stripe will try again.
    pub(super) fn past_due_invoice(&mut self, person: &Person) {
        let at = self.now - MONTH - 3 * DAY - self.dice.between(0, 20 * HOUR);
        let membership = self.join_plus(person, at, Standing::PastDue);
        self.patch("users", person.user(), json!({ "plan": "plus" }));
        self.set_live(person.customer(), "delinquent", json!(true));
        if let Some(known) = self.world.people.iter_mut().find(|p| p.user_id == person.user_id) {
            known.plan = "plus";
        }
        let id = text(&membership.subscription, "id");
        let row = self.world.rows("memberships").iter().find(|row| text(row, "stripeSubscriptionId") == id);
        let rows = row.map(|row| ("memberships", text(row, "_id"))).into_iter().collect();
        self.world.incidents.push(Incident {
            title: "Membership past due".into(),
            question: format!(
                "Why does the site say that my Plus membership has a problem? — {}",
                person.name
            ),
            payment_intent: Some(membership.intent),
            charges: membership.charges,
            subscription: Some(id),
            invoice: Some(membership.invoice),
            event_id: Some(membership.event),
            rows,
            ..Incident::new(IncidentKind::PastDueInvoice, person, at + MONTH + HOUR)
        });
    }

    /// A pass was paid and given; weeks later the bank took the money back.
    pub(super) fn open_dispute(&mut self, person: &Person) {
        let bought = self.hours_ago(12 * 24, 22 * 24);
        let sale = self.buy(person, Item::Pass, bought);
        let at = self.hours_ago(20, 70);
        let (id, charge) = (self.id("du"), text(&sale.charge, "id"));
        let taken = self.earning("adjustment", -sale.amount, sale.order.currency, (&id, at));
        let taken = self.world.stripe.live_object(&taken).cloned().unwrap_or_default();
        let card = self.card(sale.order.buyer.customer.as_deref());
        let dispute = json!({
            "id": id, "object": "dispute", "amount": sale.amount, "currency": sale.order.currency, "charge": charge,
            "created": at, "payment_intent": text(&sale.intent, "id"), "reason": "product_not_received",
            "status": "needs_response", "is_charge_refundable": false, "balance_transactions": [taken],
            "evidence_details": { "due_by": at + 9 * DAY, "has_evidence": false, "past_due": false,
                                  "submission_count": 0 },
            "evidence": { "customer_email_address": person.email, "customer_name": person.name },
            "payment_method_details": { "type": "card", "card": {
                "brand": card.brand, "network": card.brand, "case_type": "chargeback",
                "network_reason_code": "13.1" } },
        });
        self.keep(dispute.clone());
        self.set_live(&charge, "disputed", json!(true));
        let event = self.event("charge.dispute.created", at + 1, &dispute, Handled::Done);
        let warning = self.id("issfr");
        self.keep(json!({
            "id": warning, "object": "radar.early_fraud_warning", "created": at - DAY, "charge": charge,
            "payment_intent": text(&sale.intent, "id"), "fraud_type": "unauthorized_use_of_card", "actionable": false,
        }));
        self.world.incidents.push(Incident {
            title: "Payment disputed, answer due".into(),
            question: format!(
                "The bank took back a payment of {}: what do we know, and until when?",
                person.email
            ),
            payment_intent: Some(text(&sale.intent, "id")),
            charges: vec![charge],
            checkout_session: Some(text(&sale.checkout, "id")),
            dispute: Some(id),
            event_id: Some(event),
            ..Incident::new(IncidentKind::OpenDispute, person, at)
        });
    }
}
