//! The head of the chain: was it paid, and did the money stay?

use super::{Case, Verdict};
use crate::trace_payment::State;
use prodview_providers::words::{Paid, PaidKind, PaidState, Payment};
use prodview_providers::{Handle, HandleKind, Money};

/// The payment as it is compared with the application's books.
pub(in crate::trace_payment) fn paid_of(p: &Payment) -> Paid {
    let kind = Handle::read(&p.id).map(|h| h.kind);
    let purpose = |of: &str| p.purpose.iter().find(|x| x.kind == of).map(|x| x.id.clone());
    let own = |wanted: HandleKind| (kind == Some(wanted)).then(|| p.id.clone());
    let took = p.attempts.iter().find(|a| a.status.as_str() == "succeeded");
    let mut metadata = p.metadata.clone();
    for purpose in &p.purpose {
        for (key, held) in &purpose.metadata {
            metadata.entry(key.clone()).or_insert_with(|| held.clone());
        }
    }
    Paid {
        source: p.source.clone(),
        kind: match kind {
            Some(HandleKind::CheckoutSession) => PaidKind::Checkout,
            Some(HandleKind::Invoice) => PaidKind::Invoice,
            Some(HandleKind::Subscription) => PaidKind::Subscription,
            _ => PaidKind::Payment,
        },
        id: p.id.clone(),
        intent: own(HandleKind::PaymentIntent),
        charge: own(HandleKind::Charge).or_else(|| took.and_then(|a| a.id.clone())),
        checkout: own(HandleKind::CheckoutSession).or_else(|| purpose("checkout_session")),
        invoice: own(HandleKind::Invoice).or_else(|| purpose("invoice")),
        subscription: own(HandleKind::Subscription).or_else(|| purpose("subscription")),
        customer: p.customer.clone(),
        email: p.email.clone(),
        metadata,
        amount: p.received.clone().or_else(|| p.amount.clone()),
        refunded: given_back(p),
        state: state(p, kind),
        status: p.status.clone(),
        at: took.and_then(|a| a.at).or(p.created),
        live: p.live,
        linked: true,
    }
}

/// What was given back, or is on its way back.
fn given_back(p: &Payment) -> Option<Money> {
    let gone =
        p.refunds.iter().filter(|r| matches!(r.status.as_str(), "succeeded" | "pending" | "requires_action"));
    let sum: i64 = gone.map(|r| r.amount.amount).fold(0, i64::saturating_add);
    let amount = p.amount.clone()?;
    (sum > 0).then(|| Money::new(sum, &amount.currency, amount.decimals))
}

fn state(p: &Payment, kind: Option<HandleKind>) -> PaidState {
    let status = p.status.as_str();
    let facts =
        |fact: &str| p.purpose.iter().any(|x| x.id == p.id && x.facts.iter().any(|f| f.as_str() == fact));
    match (kind, status) {
        (Some(HandleKind::Subscription), "active" | "trialing") => return PaidState::Running,
        (Some(HandleKind::Subscription), "past_due" | "unpaid" | "paused") => return PaidState::Behind,
        (Some(HandleKind::Subscription), "incomplete") => return PaidState::Underway,
        (Some(HandleKind::Subscription), "canceled" | "incomplete_expired") => return PaidState::Over,
        (Some(HandleKind::CheckoutSession), "complete") if facts("unpaid") => return PaidState::Underway,
        (Some(HandleKind::CheckoutSession), "open" | "expired") => return PaidState::Unpaid,
        (Some(HandleKind::Invoice), "open" | "draft" | "void" | "uncollectible") => return PaidState::Unpaid,
        (_, "requires_payment_method" | "canceled" | "failed") => return PaidState::Unpaid,
        (_, "processing" | "pending" | "requires_capture" | "requires_action" | "requires_confirmation") => {
            return PaidState::Underway;
        }
        (_, "succeeded" | "paid" | "complete") => {}
        _ => return PaidState::Unknown,
    }
    let open = |status: &str| !matches!(status, "won" | "warning_closed" | "prevented");
    let back = given_back(p).map_or(0, |m| m.amount);
    match () {
        () if back > 0 && p.amount.as_ref().is_some_and(|a| back >= a.amount) => PaidState::Refunded,
        () if p.disputes.iter().any(|d| open(d.status.as_str())) => PaidState::Disputed,
        () if back > 0 => PaidState::PartlyRefunded,
        () => PaidState::Paid,
    }
}

/// Judges the payment itself; whether the chain ends with it.
pub(super) fn judge(case: &Case<'_>, v: &mut Verdict) -> bool {
    let p = case.payment;
    let amount = case.paid.amount.as_ref().map(|a| format!("{}, ", a.text)).unwrap_or_default();
    let what = format!("{amount}{}", p.meaning.trim_end_matches('.'));
    let failed: Vec<&str> = p
        .refunds
        .iter()
        .filter(|r| matches!(r.status.as_str(), "failed" | "canceled"))
        .map(|r| r.id.as_str())
        .collect();
    let lost_refund = !failed.is_empty() && given_back(p).is_none();
    let state = if lost_refund { State::Contradicting } else { State::Found };
    let link = v.link("payment", state, what);
    (link.ids, link.at) = (vec![p.id.clone()], case.paid.at);
    if lost_refund {
        let evidence = failed.iter().map(|id| (*id).to_owned()).collect();
        let what = format!(
            "the refund {} did not go through, and the payer does not have the money",
            failed.join(" and ")
        );
        v.breaks_at("payment", what, evidence).action = Some(
            "ask the payer for another way to be paid back, and refund by that; a failed refund is back in your balance",
        );
    }
    !matches!(
        case.paid.state,
        PaidState::Paid
            | PaidState::PartlyRefunded
            | PaidState::Refunded
            | PaidState::Disputed
            | PaidState::Running
    )
}
