//! Made-up chains: what breaks first, and what is not said.

use super::stage::{event, payment};
use super::*;
use crate::app_payments::stage::row;
use crate::trace_payment::State;
use prodview_guard::Foreign;
use prodview_providers::Money;
use prodview_providers::app::Part;
use prodview_providers::app_tables::{Standing, Unread};
use prodview_providers::words::Refund;
use std::collections::BTreeSet;

fn table() -> AppTable {
    let fields = [("payment", "pi"), ("user", "userId"), ("status", "status")];
    AppTable {
        part: Part::Payments,
        name: "passes".to_owned(),
        source: "convex".to_owned(),
        table: "payments".to_owned(),
        fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        metadata: vec!["userId".to_owned()],
    }
}

fn given(standing: Standing, until_s: i64) -> AppEntitlement {
    AppEntitlement {
        table: "passes".to_owned(),
        source: "convex".to_owned(),
        row: "e1".to_owned(),
        user: Some("u1".to_owned()),
        status: None,
        standing,
        until: Some(Moment::now().minus_s(-until_s)),
        made: Some(Moment::now().minus_s(7_000)),
        refers_to: BTreeSet::from(["pi_1A".to_owned()]),
    }
}

/// A chain in which everything is as it should be, changed in one way.
fn judged(change: impl FnOnce(&mut Payment), then: impl FnOnce(&mut Case<'_>)) -> Verdict {
    let mut payment = payment("succeeded");
    change(&mut payment);
    let table = table();
    let record = AppRecord { status: Some(Foreign::new("done")), error: None, at: None, row: String::new() };
    let mut case = Case {
        now: Moment::now(),
        paid: paid_of(&payment),
        payment: &payment,
        tables: vec![&table],
        records: Look::whole(BTreeMap::from([("evt_1A".to_owned(), record)])),
        rows: Look::whole(vec![row(Standing::Good, 12_000)]),
        owners: Look::whole(Vec::new()),
        given: Look::whole(vec![given(Standing::Good, 86_400)]),
        unheard: None,
    };
    then(&mut case);
    verdict(&case)
}

fn first(v: &Verdict) -> Option<&str> {
    v.breaks.first().map(|b| b.link)
}

fn state(v: &Verdict, link: &str) -> State {
    v.links.iter().find(|l| l.link == link).unwrap().state
}

#[test]
fn a_whole_chain_has_no_break() {
    let v = judged(|_| {}, |_| {});
    assert!(!v.broken() && v.links.iter().all(|l| l.state == State::Found), "{:?}", v.links);
    assert_eq!(v.links.len(), 7);
}

#[test]
fn each_link_breaks_by_itself() {
    type Change = fn(&mut Case<'_>);
    let cases: [(&str, Change); 8] = [
        ("handler", |c| {
            c.rows.seen.clear();
            c.records.seen.get_mut("evt_1A").unwrap().error = Some(Foreign::new("threw"));
        }),
        ("row", |c| c.rows.seen.clear()),
        ("row", |c| c.rows.seen[0].user = Some("u2".to_owned())),
        ("row", |c| c.rows.seen[0].currency = Some("usd".to_owned())),
        ("row", |c| {
            let mut twin = c.rows.seen[0].clone();
            twin.row = "r2".to_owned();
            c.rows.seen.push(twin);
        }),
        ("entitlement", |c| c.given.seen.clear()),
        ("entitlement", |c| c.given.seen[0].until = Some(Moment::now().minus_s(90_000))),
        ("handler", |c| {
            c.records.seen.clear();
            c.rows.seen.clear();
        }),
    ];
    for (n, (link, change)) in cases.into_iter().enumerate() {
        assert_eq!(first(&judged(|_| {}, change)), Some(link), "case {n}");
    }
    let late = judged(
        |p| p.events = vec![event("evt_1A", 7_190, Delivery::Undelivered)],
        |c| {
            c.records.seen.clear();
            c.rows.seen.clear();
        },
    );
    assert_eq!(first(&late), Some("delivery"));
    let lacking = judged(|p| p.purpose[0].metadata.clear(), |c| c.rows.seen.clear());
    assert_eq!(first(&lacking), Some("checkout"));
    let enough = judged(|p| p.purpose[0].metadata.clear(), |_| {});
    assert_eq!(first(&enough), None, "the row was made without it");
}

#[test]
fn what_was_not_seen_is_unknowable() {
    let gone = |look: &mut Look<Vec<AppPayment>>| {
        look.seen.clear();
        look.lacks("convex could not be asked");
    };
    let v = judged(
        |_| {},
        |c| {
            gone(&mut c.rows);
            c.given.seen.clear();
            c.given.lacks("convex could not be asked");
            c.records.seen.clear();
            c.records.lacks("convex could not be asked");
        },
    );
    assert!(!v.broken(), "{:?}", v.breaks);
    for link in ["handler", "row", "entitlement"] {
        assert_eq!(state(&v, link), State::Unknowable, "{link}");
    }
}

#[test]
fn a_payment_of_a_minute_ago_is_no_break() {
    let v = judged(
        |p| {
            let at = Some(Moment::now().minus_s(60));
            (p.created, p.attempts[0].at) = (at, at);
            p.events = vec![event("evt_1A", 55, Delivery::Undelivered)];
        },
        |c| {
            c.records.seen.clear();
            c.rows.seen.clear();
            c.given.seen.clear();
        },
    );
    assert!(!v.broken(), "{:?}", v.breaks);
    for link in ["delivery", "handler", "row", "entitlement"] {
        assert_eq!(state(&v, link), State::Unknowable, "{link}");
        assert!(v.links.iter().any(|l| l.link == link && l.what.starts_with("too early")), "{link}");
    }
}

#[test]
fn money_that_went_back_contradicts_what_still_holds() {
    let refund = |status: &str| Refund {
        id: "re_1A".to_owned(),
        at: None,
        status: Foreign::new(status),
        amount: Money::new(12_000, "eur", 2),
        reason: None,
    };
    let v = judged(|p| p.refunds = vec![refund("succeeded")], |_| {});
    assert_eq!(first(&v), Some("row"), "the row still says paid");
    assert_eq!(state(&v, "entitlement"), State::Contradicting);
    let v = judged(|p| p.refunds = vec![refund("failed")], |c| c.given.seen[0].standing = Standing::Over);
    assert_eq!(first(&v), Some("payment"));
    assert_eq!(state(&v, "entitlement"), State::Contradicting);
}

#[test]
fn a_failed_payment_ends_the_chain_unless_the_app_says_paid() {
    let failed = |p: &mut Payment| *p = payment("requires_payment_method");
    let v = judged(failed, |c| c.rows.seen.clear());
    assert!(v.ended && !v.broken() && v.links.len() == 1);
    let v = judged(failed, |_| {});
    assert!(v.ended && first(&v) == Some("row"), "{:?}", v.breaks);
}

#[test]
fn nobody_listening_is_told_from_a_silent_handler() {
    let bare = |c: &mut Case<'_>| {
        c.records.seen.clear();
        c.rows.seen.clear();
    };
    assert!(judged(|_| {}, bare).silent);
    let v = judged(
        |_| {},
        |c| {
            bare(c);
            c.unheard = Some(vec!["checkout.session.completed".to_owned()]);
        },
    );
    assert_eq!(first(&v), Some("delivery"));
}

#[test]
fn a_row_whose_amount_cannot_be_read_leaves_the_chain_in_doubt() {
    let v = judged(
        |_| {},
        |case| {
            let row = &mut case.rows.seen[0];
            row.amount = None;
            row.unread.push(Unread { role: "amount", held: Foreign::new("€ 120.00") });
        },
    );
    assert!(!v.broken());
    let row = v.links.iter().find(|link| link.link == "row").unwrap();
    assert_eq!(row.state, State::Unknowable);
    assert!(row.what.ends_with("its amount could not be read, and was not compared"), "{}", row.what);
}
