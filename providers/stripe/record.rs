//! Stripe's objects as our records, without asking anything.

use super::amount::{decimals, money};
use super::meaning::Since;
use super::shape::{Charge, Dispute, Invoice, PayError, PaymentIntent, Refund, Session, Subscription};
use super::{Stripe, decline, meaning};
use crate::words::{self, Attempt, Payment};
use crate::{Moment, Money};
use prodview_guard::Foreign;
use serde_json::Value;

pub(super) fn moment(at: Option<i64>) -> Option<Moment> {
    at.and_then(Moment::from_epoch_s)
}

pub(super) fn foreign(text: Option<&str>) -> Option<Foreign> {
    text.filter(|t| !t.is_empty()).map(Foreign::new)
}

fn status(text: Option<&str>) -> Foreign {
    Foreign::capped(text.unwrap_or("unknown"), 60)
}

impl Stripe {
    fn blank(&self, id: &str, meaning: String) -> Payment {
        Payment {
            source: self.name.clone(),
            id: id.to_owned(),
            status: status(None),
            meaning,
            amount: None,
            received: None,
            created: None,
            live: self.live.unwrap_or(false),
            customer: None,
            email: None,
            description: None,
            attempts: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            purpose: Vec::new(),
            metadata: Default::default(),
            events: Vec::new(),
            url: self.dashboard.page(id),
        }
    }

    /// A payment intent with the charges that are known, newest first.
    pub(super) fn of_intent(&self, pi: &PaymentIntent, charges: &[Charge], since: Since<'_>) -> Payment {
        let latest = pi.latest_charge.whole.as_deref();
        let told = pi.charges.as_ref().map(|c| c.data.as_slice()).unwrap_or_default();
        let seen = if charges.is_empty() { told } else { charges };
        // Of several attempts the one that took the money counts, else the newest.
        let counts =
            seen.iter().find(|c| c.status.as_deref() == Some("succeeded")).or(seen.first()).or(latest);
        let known: Vec<&Charge> =
            if seen.is_empty() { latest.into_iter().collect() } else { seen.iter().collect() };
        let email = counts.and_then(billed_to).or(pi.receipt_email.as_deref());
        Payment {
            status: status(pi.status.as_deref()),
            amount: money(pi.amount, pi.currency.as_deref()),
            received: money(
                pi.amount_received.filter(|got| *got > 0 && Some(*got) != pi.amount),
                pi.currency.as_deref(),
            ),
            created: moment(pi.created),
            live: pi.livemode.unwrap_or(self.live.unwrap_or(false)),
            customer: pi.customer.id.clone(),
            email: foreign(email),
            description: foreign(pi.description.as_deref()),
            attempts: attempts(&known, pi.last_payment_error.as_ref()),
            metadata: pi.metadata.cleaned(),
            ..self.blank(&pi.id, meaning::intent(pi, counts, since))
        }
    }

    /// A charge that belongs to no payment intent.
    pub(super) fn of_charge(&self, charge: &Charge, since: Since<'_>) -> Payment {
        let captured = charge.amount_captured.filter(|got| *got > 0 && Some(*got) != charge.amount);
        Payment {
            status: status(charge.status.as_deref()),
            amount: money(charge.amount, charge.currency.as_deref()),
            received: money(captured, charge.currency.as_deref()),
            created: moment(charge.created),
            live: charge.livemode.unwrap_or(self.live.unwrap_or(false)),
            customer: charge.customer.id.clone(),
            email: foreign(billed_to(charge)),
            description: foreign(charge.description.as_deref()),
            attempts: attempts(&[charge], None),
            metadata: charge.metadata.cleaned(),
            ..self.blank(&charge.id, meaning::charge(charge, since))
        }
    }

    /// A checkout session without a payment intent.
    pub(super) fn of_session(&self, session: &Session) -> Payment {
        Payment {
            status: status(session.status.as_deref()),
            amount: money(session.amount_total, session.currency.as_deref()),
            created: moment(session.created),
            live: session.livemode.unwrap_or(self.live.unwrap_or(false)),
            customer: session.customer.id.clone(),
            email: foreign(session.email()),
            metadata: session.metadata.cleaned(),
            ..self.blank(&session.id, meaning::session(session))
        }
    }

    /// An invoice without a payment intent.
    pub(super) fn of_invoice(&self, invoice: &Invoice) -> Payment {
        let paid = invoice.amount_paid.filter(|got| *got > 0 && Some(*got) != invoice.amount_due);
        Payment {
            status: status(invoice.status.as_deref()),
            amount: money(invoice.amount_due, invoice.currency.as_deref()),
            received: money(paid, invoice.currency.as_deref()),
            created: moment(invoice.created),
            live: invoice.livemode.unwrap_or(self.live.unwrap_or(false)),
            customer: invoice.customer.id.clone(),
            email: foreign(invoice.customer_email.as_deref()),
            description: foreign(invoice.description.as_deref()),
            metadata: invoice.metadata.cleaned(),
            ..self.blank(&invoice.id, meaning::invoice(invoice))
        }
    }

    /// A subscription as such. Its amount is what one period costs, when its prices tell.
    pub(super) fn of_subscription(&self, sub: &Subscription) -> Payment {
        let prices = || sub.items.iter().flat_map(|i| &i.data);
        let total: Option<i64> = prices()
            .map(|item| item.price.as_ref()?.unit_amount?.checked_mul(item.quantity.unwrap_or(1)))
            .try_fold(0_i64, |sum, one| sum.checked_add(one?));
        let currency =
            sub.currency.as_deref().or_else(|| prices().find_map(|i| i.price.as_ref()?.currency.as_deref()));
        Payment {
            status: status(sub.status.as_deref()),
            amount: money(total.filter(|t| *t > 0), currency),
            created: moment(sub.created),
            live: sub.livemode.unwrap_or(self.live.unwrap_or(false)),
            customer: sub.customer.id.clone(),
            metadata: sub.metadata.cleaned(),
            ..self.blank(&sub.id, meaning::subscription(sub))
        }
    }
}

/// The address on the bill.
fn billed_to(charge: &Charge) -> Option<&str> {
    let billing = charge.billing_details.as_ref().and_then(|b| b.email.as_deref());
    billing.or(charge.receipt_email.as_deref()).filter(|e| !e.is_empty())
}

/// Every attempt, newest first. `error` is the payment's last error: it explains its own charge, and stands for itself
/// when the attempt ended before there was a charge.
fn attempts(charges: &[&Charge], error: Option<&PayError>) -> Vec<Attempt> {
    let of = |charge: &Charge| {
        let about = error.filter(|e| e.charge.id() == Some(charge.id.as_str()));
        Attempt {
            id: Some(charge.id.clone()),
            at: moment(charge.created),
            status: status(charge.status.as_deref()),
            method: charge.payment_method_details.as_ref().and_then(method),
            decline: decline::of_charge(charge, about),
        }
    };
    let mut all: Vec<Attempt> = charges.iter().map(|c| of(c)).collect();
    all.sort_by_key(|a| std::cmp::Reverse(a.at));
    let uncharged = error.filter(|e| e.charge.id().is_none_or(|id| !charges.iter().any(|c| c.id == id)));
    if let Some(error) = uncharged {
        let last = Attempt {
            id: error.charge.id.clone(),
            at: None,
            status: Foreign::new("failed"),
            method: error.payment_method.as_ref().and_then(method),
            decline: Some(decline::of_error(error)),
        };
        // An error that outlived a success is the older of the two.
        let paid = charges.iter().any(|c| c.status.as_deref() == Some("succeeded"));
        all.insert(if paid { all.len() } else { 0 }, last);
    }
    all
}

/// `visa ••4242`, `sepa_debit ••3000`, `klarna`: from a payment method or a charge's details of one.
fn method(details: &Value) -> Option<Foreign> {
    let kind = details.get("type")?.as_str()?;
    let of_kind = details.get(kind);
    let field =
        |name: &str| of_kind.and_then(|d| d.get(name)).and_then(Value::as_str).filter(|t| !t.is_empty());
    let name = field("brand").unwrap_or(kind);
    let text = field("last4").map_or_else(|| name.to_owned(), |last4| format!("{name} ••{last4}"));
    Some(Foreign::capped(&text, 60))
}

/// Never fails: a refund has always an amount.
pub(super) fn refund(refund: &Refund) -> words::Refund {
    let why = match (refund.failure_reason.as_deref(), refund.reason.as_deref()) {
        (Some(failed), _) => Some(format!("failed: {failed}")),
        (None, reason) => reason.map(str::to_owned),
    };
    words::Refund {
        id: refund.id.clone(),
        at: moment(refund.created),
        status: status(refund.status.as_deref()),
        amount: Money::new(refund.amount, &refund.currency, decimals(&refund.currency)),
        reason: foreign(why.as_deref()),
    }
}

pub(super) fn dispute(dispute: &Dispute) -> words::Dispute {
    words::Dispute {
        id: dispute.id.clone(),
        at: moment(dispute.created),
        status: status(dispute.status.as_deref()),
        amount: Money::new(dispute.amount, &dispute.currency, decimals(&dispute.currency)),
        reason: foreign(dispute.reason.as_deref()),
        respond_by: moment(dispute.evidence_details.as_ref().and_then(|e| e.due_by)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn charge(value: Value) -> Charge {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn methods_read_as_people_say_them() {
        for (details, text) in [
            (json!({"type": "card", "card": {"brand": "visa", "last4": "4242"}}), "visa ••4242"),
            (json!({"type": "sepa_debit", "sepa_debit": {"last4": "3000"}}), "sepa_debit ••3000"),
            (json!({"type": "klarna", "klarna": {}}), "klarna"),
            (json!({"type": "brand_new"}), "brand_new"),
        ] {
            assert_eq!(method(&details).unwrap().as_str(), text);
        }
        assert_eq!(method(&json!({})), None);
    }

    #[test]
    fn an_attempt_that_never_became_a_charge_is_not_lost_and_one_that_did_is_not_doubled() {
        let old =
            charge(json!({"id": "ch_1", "created": 10, "status": "failed", "failure_code": "card_declined"}));
        let new = charge(
            json!({"id": "ch_2", "created": 20, "status": "failed", "failure_code": "card_declined",
            "outcome": {"type": "issuer_declined", "network_status": "declined_by_network", "reason": "generic_decline"}}),
        );
        let lost: PayError = serde_json::from_value(json!({"code": "payment_intent_authentication_failure", "payment_method": {"type": "card", "card": {"brand": "visa", "last4": "3220"}}})).unwrap();
        let all = attempts(&[&old, &new], Some(&lost));
        assert_eq!(
            all.iter().map(|a| a.id.as_deref()).collect::<Vec<_>>(),
            [None, Some("ch_2"), Some("ch_1")]
        );
        assert_eq!(all[0].method.as_ref().unwrap().as_str(), "visa ••3220");

        let same: PayError = serde_json::from_value(
            json!({"code": "card_declined", "decline_code": "insufficient_funds", "charge": "ch_2"}),
        )
        .unwrap();
        let all = attempts(&[&old, &new], Some(&same));
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].decline.as_ref().unwrap().code.as_str(), "insufficient_funds");
    }

    #[test]
    fn a_failed_refund_says_why() {
        let failed: Refund = serde_json::from_value(
            json!({"id": "re_1", "status": "failed", "amount": 500, "currency": "jpy",
            "reason": "requested_by_customer", "failure_reason": "expired_or_canceled_card", "charge": null}),
        )
        .unwrap();
        let failed = refund(&failed);
        assert_eq!(
            (failed.reason.unwrap().as_str(), failed.amount.text.as_str()),
            ("failed: expired_or_canceled_card", "¥500")
        );
    }
}
