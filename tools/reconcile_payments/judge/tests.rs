//! Made-up books: what is a problem, and what only looks like one.

use super::*;
use crate::app_payments::stage::{paid, row};
use prodview_providers::Money;
use prodview_providers::app::Part;
use prodview_providers::app_tables::Unread;

fn table() -> AppTable {
    let fields = [("payment", "pi"), ("checkout", "cs"), ("subscription", "sub"), ("status", "status")];
    AppTable {
        part: Part::Payments,
        name: "passes".to_owned(),
        source: "convex".to_owned(),
        table: "payments".to_owned(),
        fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        metadata: Vec::new(),
    }
}

fn judged(change: impl FnOnce(&mut Books<'_>)) -> (Vec<Sort>, Judged) {
    let table = table();
    let mut books: Books<'_> = Books::blank();
    books.tables = vec![&table];
    books.paid = vec![paid(PaidState::Paid)];
    books.rows = vec![row(Standing::Good, 12_000)];
    change(&mut books);
    let judged = judge(&books);
    (judged.problems.iter().map(|p| p.sort).collect(), judged)
}

#[test]
fn what_agrees_is_matched() {
    let (problems, judged) = judged(|_| {});
    assert_eq!((problems, judged.checked, judged.matched, judged.not_judged), (vec![], 1, 1, 0));
}

#[test]
fn a_row_whose_amount_cannot_be_read_is_not_matched() {
    let (problems, judged) = judged(|b| {
        b.rows[0].amount = None;
        b.rows[0].unread.push(Unread { role: "amount", held: Foreign::new("€ 120.00") });
    });
    assert_eq!((problems, judged.checked, judged.matched, judged.not_judged), (vec![], 1, 0, 1));
    let due = BTreeMap::from([(("payments".to_owned(), "amount".to_owned()), vec!["pi_1A".to_owned()])]);
    assert_eq!(judged.unread, due);
}

#[test]
fn what_does_not_agree_is_sorted_worst_first() {
    let (problems, _) = judged(|b| {
        b.rows[0].amount = row(Standing::Good, 9_999).amount;
        b.rows[0].currency = Some("usd".to_owned());
        let mut lost = paid(PaidState::Paid);
        for id in [&mut lost.intent, &mut lost.charge, &mut lost.checkout] {
            *id = Some("pi_2B".to_owned());
        }
        lost.id = "pi_2B".to_owned();
        b.paid.push(lost);
        b.unpaid_rows.push((row(Standing::Good, 1), None));
    });
    let due = [Sort::PaidWithoutRow, Sort::RowWithoutPayment, Sort::AmountDiffers, Sort::CurrencyDiffers];
    assert_eq!(problems, due);
}

#[test]
fn what_only_looks_like_a_problem_is_none() {
    type Change = fn(&mut Books<'_>);
    let innocent: [(&str, Change); 7] = [
        ("paid minutes ago", |b| {
            b.rows.clear();
            b.paid[0].at = Some(Moment::now().minus_s(60));
        }),
        ("nothing was due", |b| {
            b.rows.clear();
            b.paid[0].amount = Some(Money::new(0, "eur", 2));
        }),
        ("given back and never written down", |b| {
            b.rows.clear();
            b.paid[0].state = PaidState::Refunded;
        }),
        ("its row was not looked up", |b| {
            b.rows.clear();
            b.unsure.insert("pi_1A".to_owned());
        }),
        ("the rows could not be read", |b| {
            b.rows.clear();
            b.rows_known = false;
        }),
        ("keyed by the checkout", |b| {
            b.rows[0].ids = [("checkout", "cs_live_1A".to_owned())].into();
        }),
        ("a row whose payment is not looked up yet", |b| {
            b.paid.clear();
        }),
    ];
    for (why, change) in innocent {
        let (problems, _) = judged(change);
        assert_eq!(problems, [], "{why}");
    }
    let (_, undecided) = judged(|b| b.paid.clear());
    assert_eq!(undecided.not_judged, 1, "but it is counted");
}

#[test]
fn a_table_in_whole_units_is_found_out_by_its_majority() {
    let (problems, judged) = judged(|b| {
        b.rows[0].amount = row(Standing::Good, 120).amount;
        for n in 2..4 {
            let (mut p, mut r) =
                (paid(PaidState::Paid), row(Standing::Good, if n == 2 { 120 } else { 12_000 }));
            p.id = format!("pi_{n}");
            (p.intent, p.charge, p.checkout) = (Some(p.id.clone()), None, None);
            r.ids = [("payment", p.id.clone())].into();
            r.row = format!("r{n}");
            b.paid.push(p);
            b.rows.push(r);
        }
    });
    assert_eq!(judged.in_major, ["payments"]);
    assert_eq!(problems, [Sort::AmountDiffers], "the one row that is kept in cents");
}

#[test]
fn a_renewal_whose_subscription_is_told_is_not_told_twice() {
    let (problems, _) = judged(|b| {
        b.rows.clear();
        b.paid[0].subscription = Some("sub_1A".to_owned());
        let mut sub = paid(PaidState::Running);
        sub.kind = PaidKind::Subscription;
        sub.id = "sub_1A".to_owned();
        (sub.intent, sub.charge, sub.checkout, sub.amount) = (None, None, None, None);
        sub.subscription = Some("sub_1A".to_owned());
        b.paid.push(sub);
    });
    assert_eq!(problems, [Sort::SubscriptionOnOneSide]);
}
