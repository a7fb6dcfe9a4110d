//! Made-up payments, for the tests of the judging.

use prodview_guard::Foreign;
use prodview_providers::words::{Attempt, Delivery, Payment, Purpose, WebhookEvent};
use prodview_providers::{Moment, Money};

/// A payment of two hours ago with one attempt and one checkout.
pub(in crate::trace_payment) fn payment(status: &str) -> Payment {
    let at = Some(Moment::now().minus_s(7_200));
    Payment {
        source: "stripe".to_owned(),
        id: "pi_1A".to_owned(),
        status: Foreign::new(status),
        meaning: "Paid.".to_owned(),
        amount: Some(Money::new(12_000, "eur", 2)),
        received: None,
        created: at,
        live: true,
        customer: Some("cus_1A".to_owned()),
        email: Some(Foreign::new("a@b.example")),
        description: None,
        attempts: vec![Attempt {
            id: Some("ch_1A".to_owned()),
            at,
            status: Foreign::new(if status == "succeeded" { "succeeded" } else { "failed" }),
            method: None,
            decline: None,
        }],
        refunds: Vec::new(),
        disputes: Vec::new(),
        purpose: vec![Purpose {
            kind: "checkout_session".to_owned(),
            id: "cs_live_1A".to_owned(),
            status: Some(Foreign::new("complete")),
            facts: Vec::new(),
            metadata: [("userId".to_owned(), Foreign::new("u1"))].into(),
            url: None,
        }],
        metadata: Default::default(),
        events: vec![event("evt_1A", 7_190, Delivery::Delivered)],
        url: None,
    }
}

pub(in crate::trace_payment) fn event(id: &str, ago_s: i64, delivery: Delivery) -> WebhookEvent {
    WebhookEvent {
        source: "stripe".to_owned(),
        id: id.to_owned(),
        kind: Foreign::new("checkout.session.completed"),
        at: Some(Moment::now().minus_s(ago_s)),
        object: None,
        delivery,
        pending: None,
        app: None,
        url: None,
    }
}
