//! What became of it, in one plain sentence of our words, for every status Stripe has and those it will have.

use super::amount::money;
use super::shape::{Charge, Dispute, Invoice, PaymentIntent, Refund, Session, Subscription};
use crate::Moment;

fn unknown() -> String {
    "Stripe gives a status that prodview does not know.".to_owned()
}

fn day(at: Option<i64>) -> Option<Moment> {
    at.and_then(Moment::from_epoch_s)
}

/// `" until 2026-…"`, or nothing.
fn with(word: &str, at: Option<i64>) -> String {
    day(at).map(|at| format!(" {word} {at}")).unwrap_or_default()
}

/// What happened to the money after it was taken, as far as it was read.
#[derive(Default, Clone, Copy)]
pub(super) struct Since<'a> {
    pub refunds: &'a [Refund],
    pub disputes: &'a [Dispute],
}

/// A payment intent. `charge` is the one that counts: the one that took the money, else the latest.
pub(super) fn intent(intent: &PaymentIntent, charge: Option<&Charge>, since: Since<'_>) -> String {
    let failed =
        intent.last_payment_error.is_some() || charge.is_some_and(|c| c.status.as_deref() == Some("failed"));
    match intent.status.as_deref().unwrap_or_default() {
        "succeeded" => {
            let partly = intent.amount_received.zip(intent.amount).is_some_and(|(got, due)| got < due);
            let base = match money(intent.amount_received, intent.currency.as_deref()) {
                Some(got) if partly => format!("Paid: {} was captured, less than was authorised", got.text),
                _ => "Paid".to_owned(),
            };
            settled(base, charge, since)
        }
        "requires_payment_method" if failed => "Not paid: the last attempt failed, and the payer has to try again or use another payment method.".to_owned(),
        "requires_payment_method" => "Not paid: nobody has tried to pay yet.".to_owned(),
        "requires_confirmation" => "Not paid: a payment method is chosen, but the app has not confirmed the payment yet.".to_owned(),
        "requires_action" => match intent.next_action.as_ref().and_then(|a| a.kind.as_deref()).unwrap_or_default() {
            "verify_with_microdeposits" => "Not paid yet: the payer has to verify the bank account by small test deposits.".to_owned(),
            kind if kind.starts_with("display_bank") => "Not paid yet: the payer has to make a bank transfer.".to_owned(),
            kind if kind.contains("display_details") || kind.contains("qr_code") => {
                "Not paid yet: the payer has a voucher or code and has to pay with it.".to_owned()
            }
            _ => "Not paid yet: the payer has to finish a step first, such as 3-D Secure at the bank; it was begun and not finished.".to_owned(),
        },
        "processing" => "Not paid yet: the bank is still working on it; direct debits and transfers take days.".to_owned(),
        "requires_capture" => "Authorised and not taken: the app has to capture the money, usually within 7 days, or the authorisation lapses.".to_owned(),
        "canceled" => format!("Canceled{}: no money will be taken.", canceled_by(intent.cancellation_reason.as_deref())),
        _ => unknown(),
    }
}

fn canceled_by(reason: Option<&str>) -> &'static str {
    match reason.unwrap_or_default() {
        "duplicate" => " by the app as a duplicate",
        "fraudulent" => " by the app as fraudulent",
        "requested_by_customer" => " at the customer's request",
        "abandoned" => " because it was abandoned",
        "failed_invoice" => " because its invoice failed",
        "void_invoice" => " because its invoice was voided",
        "automatic" | "expired" => " by Stripe after its time ran out",
        _ => "",
    }
}

/// Paid, and what happened to the money since.
fn settled(base: String, charge: Option<&Charge>, since: Since<'_>) -> String {
    let Since { refunds, disputes } = since;
    let mut text = base;
    if let Some(charge) = charge {
        let back = charge.amount_refunded.unwrap_or(0);
        let taken = charge.amount_captured.filter(|a| *a > 0).or(charge.amount).unwrap_or(0);
        if back > 0 && back >= taken {
            text.push_str(", and later refunded in full");
        } else if back > 0 {
            let back =
                money(Some(back), charge.currency.as_deref()).map_or_else(|| "a part".to_owned(), |m| m.text);
            text.push_str(&format!(", and later {back} of it refunded"));
        }
    }
    let any =
        |wanted: &[&str]| refunds.iter().any(|r| r.status.as_deref().is_some_and(|s| wanted.contains(&s)));
    if any(&["pending", "requires_action"]) {
        text.push_str("; a refund is still on its way, and the payer does not have the money yet");
    }
    if any(&["failed", "canceled"]) {
        text.push_str("; a refund did not go through");
    }
    let disputed = charge.is_some_and(|c| c.disputed == Some(true)) || !disputes.is_empty();
    if disputed {
        let newest = disputes.iter().max_by_key(|d| d.created);
        text.push_str(match newest.and_then(|d| d.status.as_deref()).unwrap_or_default() {
            "won" | "warning_closed" | "prevented" => {
                "; the payer disputed it, and the dispute was closed in your favour"
            }
            "lost" => "; the payer disputed it and won: the money went back",
            "needs_response" | "warning_needs_response" | "appeal_needs_response" => {
                "; the payer disputes it, and you have to respond"
            }
            "under_review" | "warning_under_review" | "appeal_under_review" => {
                "; the payer disputes it, and the bank is reviewing that"
            }
            _ => "; the payer disputed it",
        });
    }
    text.push('.');
    text
}

/// A charge without a payment intent.
pub(super) fn charge(charge: &Charge, since: Since<'_>) -> String {
    match charge.status.as_deref().unwrap_or_default() {
        "succeeded" if charge.captured == Some(false) => {
            "Authorised and not taken: the charge has not been captured.".to_owned()
        }
        "succeeded" => settled("Paid".to_owned(), Some(charge), since),
        "pending" => "Not paid yet: the bank is still working on it.".to_owned(),
        "failed" => "Not paid: the charge failed.".to_owned(),
        _ => unknown(),
    }
}

/// A checkout session that led to no payment intent, or was not asked for by one.
pub(super) fn session(session: &Session) -> String {
    match (session.status.as_deref().unwrap_or_default(), session.payment_status.as_deref().unwrap_or_default()) {
        ("open", _) => format!("Not paid: the checkout is still open{}, and the payer has not finished it.", with("until", session.expires_at)),
        ("expired", _) => "Not paid: the checkout expired before the payer finished it.".to_owned(),
        ("complete", "paid") => "Paid: the checkout was finished.".to_owned(),
        ("complete", "unpaid") => "Not paid yet: the payer finished the checkout, and the money has not arrived; some methods take days.".to_owned(),
        ("complete", "no_payment_required") if session.mode.as_deref() == Some("setup") => {
            "Finished: a payment method was saved for later, nothing was to be paid.".to_owned()
        }
        ("complete", "no_payment_required") => "Finished without payment: nothing was due, because of a trial or a full discount.".to_owned(),
        _ => unknown(),
    }
}

/// An invoice without a payment intent.
pub(super) fn invoice(invoice: &Invoice) -> String {
    match invoice.status.as_deref().unwrap_or_default() {
        "draft" if invoice.last_finalization_error.is_some() => {
            "Not paid: the invoice is a draft, and Stripe could not finalise it.".to_owned()
        }
        "draft" => "Not paid: the invoice is a draft; Stripe has not asked for the money yet.".to_owned(),
        "open" if invoice.collection_method.as_deref() == Some("send_invoice") => {
            let late = day(invoice.due_date).is_some_and(|due| due < Moment::now());
            let state = if late { "overdue since" } else { "due" };
            format!(
                "Not paid: the invoice was sent and waits for the payer{}.",
                with(&format!("({state})"), invoice.due_date)
            )
        }
        "open" => match invoice.attempt_count.unwrap_or(0) {
            0 => "Not paid: the invoice is open, and no attempt was made yet.".to_owned(),
            n if invoice.next_payment_attempt.is_some() => {
                format!(
                    "Not paid: {n} attempt(s) failed;{}.",
                    with("Stripe tries again at", invoice.next_payment_attempt)
                )
            }
            n => format!("Not paid: {n} attempt(s) failed, and Stripe will not try again by itself."),
        },
        "paid" if invoice.amount_due == Some(0) => "Paid: nothing was due.".to_owned(),
        "paid" => {
            "Paid without a payment at Stripe: from the customer's balance, or marked as paid elsewhere."
                .to_owned()
        }
        "void" => "Not paid: the invoice was voided, so nothing is due any more.".to_owned(),
        "uncollectible" => "Not paid: the invoice was given up as uncollectible.".to_owned(),
        _ => unknown(),
    }
}

/// A subscription as such.
pub(super) fn subscription(sub: &Subscription) -> String {
    let mut text = match sub.status.as_deref().unwrap_or_default() {
        "active" if sub.cancel_at_period_end == Some(true) || sub.cancel_at.is_some() => {
            format!("Active, and set to end{}", with("at", sub.cancel_at.or(sub.period_end())))
        }
        "active" => format!("Active: paid{}", with("until", sub.period_end())),
        "trialing" if sub.default_payment_method.id().is_none() => {
            format!("In its trial{}: nothing was paid, and the subscription itself has no payment method to charge afterwards", with("until", sub.trial_end))
        }
        "trialing" => format!("In its trial{}: nothing was paid, and nothing is due before", with("until", sub.trial_end)),
        "past_due" => "Past due: the latest invoice was not paid, and Stripe tries again by its retry settings".to_owned(),
        "unpaid" => "Unpaid: the retries are used up; the subscription goes on, its invoices stay drafts and nothing is charged".to_owned(),
        "incomplete" => "Incomplete: the first payment was not made; it has 23 hours to be paid".to_owned(),
        "incomplete_expired" => "Expired: the first payment was never made within 23 hours, so the subscription never began".to_owned(),
        "paused" => "Paused: the trial ended without a payment method, so no invoices are made".to_owned(),
        "canceled" => {
            let why = match sub.cancellation_details.as_ref().and_then(|c| c.reason.as_deref()).unwrap_or_default() {
                "payment_failed" => " because the payments failed",
                "payment_disputed" => " because a payment was disputed",
                "cancellation_requested" => " because that was requested",
                _ => "",
            };
            format!("Canceled{}{why}", with("at", sub.canceled_at))
        }
        _ => return unknown(),
    };
    if let Some(pause) = &sub.pause_collection {
        text.push_str(&format!("; collecting money is paused{}", with("until", pause.resumes_at)));
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    fn read<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn of_intent(value: Value, c: Value) -> String {
        let c: Option<Charge> = read(c);
        intent(&read(value), c.as_ref(), Since::default())
    }

    #[test]
    fn every_status_has_one_sentence() {
        for status in [
            "requires_payment_method",
            "requires_confirmation",
            "requires_action",
            "processing",
            "requires_capture",
            "canceled",
            "succeeded",
        ] {
            let text = of_intent(json!({"status": status}), json!(null));
            assert!(text.ends_with('.') && text != unknown(), "{status}");
        }
        for status in [
            "active",
            "trialing",
            "past_due",
            "unpaid",
            "incomplete",
            "incomplete_expired",
            "paused",
            "canceled",
        ] {
            let text = subscription(&read(json!({"status": status, "trial_end": 1763629964})));
            assert!(text.ends_with('.') && text != unknown(), "{status}");
        }
        for (status, paid) in [
            ("open", "unpaid"),
            ("expired", "unpaid"),
            ("complete", "paid"),
            ("complete", "unpaid"),
            ("complete", "no_payment_required"),
        ] {
            let text = session(&read(json!({"status": status, "payment_status": paid})));
            assert!(text.ends_with('.') && text != unknown(), "{status}");
        }
        for status in ["draft", "open", "paid", "void", "uncollectible"] {
            assert_ne!(invoice(&read(json!({"status": status}))), unknown(), "{status}");
        }
        for text in [
            of_intent(json!({"status": "thinking"}), json!(null)),
            subscription(&read(json!({}))),
            session(&read(json!({}))),
            invoice(&read(json!({}))),
        ] {
            assert_eq!(text, unknown());
        }
    }

    #[test]
    fn paid_money_that_went_back_is_not_just_paid() {
        let paid = json!({"status": "succeeded", "amount": 2000, "amount_received": 2000, "currency": "eur"});
        let charge = |back: i64, disputed: bool| json!({"status": "succeeded", "amount": 2000, "amount_captured": 2000, "amount_refunded": back, "currency": "eur", "disputed": disputed});
        assert_eq!(of_intent(paid.clone(), charge(0, false)), "Paid.");
        assert_eq!(of_intent(paid.clone(), charge(500, false)), "Paid, and later €5.00 of it refunded.");
        assert_eq!(of_intent(paid.clone(), charge(2000, false)), "Paid, and later refunded in full.");
        assert_eq!(of_intent(paid.clone(), charge(0, true)), "Paid; the payer disputed it.");
        let lost: Vec<Dispute> =
            read(json!([{"id": "du_1", "status": "lost", "amount": 2000, "currency": "eur"}]));
        let slow: Vec<Refund> =
            read(json!([{"id": "re_1", "status": "pending", "amount": 2000, "currency": "eur"}]));
        let text = intent(&read(paid.clone()), None, Since { disputes: &[], refunds: &slow });
        assert_eq!(text, "Paid; a refund is still on its way, and the payer does not have the money yet.");
        assert!(
            intent(&read(paid), None, Since { disputes: &lost, refunds: &[] })
                .ends_with("the money went back.")
        );
    }

    #[test]
    fn not_paid_says_whether_anybody_tried() {
        let waiting = json!({"status": "requires_payment_method"});
        assert_eq!(of_intent(waiting.clone(), json!(null)), "Not paid: nobody has tried to pay yet.");
        assert!(of_intent(waiting, json!({"status": "failed"})).contains("attempt failed"));
        assert!(
            of_intent(json!({"status": "canceled", "cancellation_reason": "abandoned"}), json!(null))
                .contains("abandoned")
        );
        let partial =
            json!({"status": "succeeded", "amount": 2000, "amount_received": 1500, "currency": "usd"});
        assert_eq!(of_intent(partial, json!(null)), "Paid: $15.00 was captured, less than was authorised.");
    }

    #[test]
    fn an_open_invoice_says_what_comes_next() {
        let open = |more: Value| {
            let mut value = json!({"status": "open", "attempt_count": 2});
            value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            invoice(&read(value))
        };
        assert_eq!(
            open(json!({"next_payment_attempt": 1763629964})),
            "Not paid: 2 attempt(s) failed; Stripe tries again at 2025-11-20T09:12:44Z."
        );
        assert!(open(json!({})).contains("will not try again"));
        assert!(
            open(json!({"collection_method": "send_invoice", "due_date": 1763629964}))
                .contains("(overdue since) 2025-11-20")
        );
    }
}
