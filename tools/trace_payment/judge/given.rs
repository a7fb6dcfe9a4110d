//! The end of the chain: what the person was given for the payment, and whether it still stands as it should.

use super::{Case, Verdict, is_kept};
use crate::trace_payment::State;
use prodview_providers::app_tables::{AppEntitlement, Standing};
use prodview_providers::words::PaidState;

/// A row may be a little older than the payment by the clocks of two companies.
const CLOCK_SLACK_S: i64 = 300;

pub(super) fn judge(case: &Case<'_>, v: &mut Verdict) {
    let exact = exact(case);
    if !exact.is_empty() {
        return tied(case, v, &exact);
    }
    let paid_at = case.paid.at.map(|at| at.minus_s(CLOCK_SLACK_S));
    let since = |e: &&AppEntitlement| paid_at.is_none_or(|at| e.made >= Some(at) || e.holds_at(case.now));
    let near: Vec<&AppEntitlement> = case.given.seen.iter().filter(since).collect();
    let has_row = !case.own_rows().is_empty();
    if let (Some(near), true) = (near.first(), has_row) {
        let state = if case.paid.state == PaidState::Refunded { State::Unknowable } else { State::Found };
        let what = format!(
            "a row in {} of {}, of the same person and time; it does not name the payment",
            near.table, near.source
        );
        let link = v.link("entitlement", state, what);
        (link.ids, link.at, link.says) = (vec![near.row.clone()], near.made, near.status.clone());
    } else if let Some(gap) = &case.given.gap {
        v.link("entitlement", State::Unknowable, gap.clone());
    } else if case.users().is_empty() {
        let why = match &case.owners.gap {
            Some(gap) => format!("whose it would be is not known; {gap}"),
            None => {
                "whose it would be is not known: neither a row nor the customer leads to a user".to_owned()
            }
        };
        v.link("entitlement", State::Unknowable, why);
    } else if !near.is_empty() {
        let what = "the person was given something since, but it does not say for which payment";
        v.link("entitlement", State::Unknowable, what);
    } else if case.is_new() {
        v.link("entitlement", State::Unknowable, "too early to tell: it may still be given");
    } else if !is_kept(case.paid.state) {
        v.link("entitlement", State::Found, "nothing is given any more, as it should be");
    } else {
        v.link("entitlement", State::Missing, "nothing was given for it");
        v.breaks_at("entitlement", "nothing was given for it", vec![case.paid.id.clone()]).action =
            Some("give the person by hand what is due");
    }
}

/// The rows that name the payment, its row, or are its row.
fn exact<'c>(case: &'c Case<'_>) -> Vec<&'c AppEntitlement> {
    let rows = case.own_rows();
    let mut ids: Vec<&str> = case.paid.ids().collect();
    ids.extend(rows.iter().map(|r| r.row.as_str()).filter(|id| id.len() > 3));
    let is_row = |e: &AppEntitlement| {
        !e.row.is_empty() && rows.iter().any(|r| r.row == e.row && r.table == e.table && r.source == e.source)
    };
    let named = |e: &&AppEntitlement| is_row(e) || ids.iter().any(|id| e.refers_to.contains(*id));
    case.given.seen.iter().filter(named).collect()
}

fn tied(case: &Case<'_>, v: &mut Verdict, exact: &[&AppEntitlement]) {
    let live = exact.iter().find(|e| e.holds_at(case.now));
    let Some(shown) = live.or(exact.first()) else { return };
    let before = |e: &&&AppEntitlement| {
        e.until.zip(case.paid.at).is_some_and(|(until, at)| until < at.minus_s(CLOCK_SLACK_S))
    };
    let refund_failed =
        case.payment.refunds.iter().any(|r| matches!(r.status.as_str(), "failed" | "canceled"));
    let running = case.payment.purpose.iter().any(|p| {
        p.kind == "subscription"
            && p.status.as_ref().is_some_and(|s| matches!(s.as_str(), "active" | "trialing"))
    });
    let over = live.is_none() && exact.iter().all(|e| e.standing == Standing::Over);
    let wrong = match case.paid.state {
        PaidState::Refunded if live.is_some() => {
            Some("it was refunded in full, but what was given for it still holds")
        }
        PaidState::Refunded | PaidState::Disputed => None,
        _ if live.is_none() && exact.iter().all(|e| before(&e)) => {
            Some("what was given for it ended before it was paid")
        }
        _ if over && refund_failed => {
            Some("what was given for it was taken back, but the money was not given back")
        }
        _ if over && running => Some("the subscription runs, but what was given for it is over"),
        _ => None,
    };
    let place = format!("{} of {}", shown.table, shown.source);
    let state = if wrong.is_some() { State::Contradicting } else { State::Found };
    let until = shown.until.map(|at| format!(", until {at}")).unwrap_or_default();
    let what = match wrong {
        Some(wrong) => format!("in {place}{until}: {wrong}"),
        None => format!("in {place}{until}"),
    };
    let link = v.link("entitlement", state, what);
    (link.ids, link.at, link.says) = (vec![shown.row.clone()], shown.made, shown.status.clone());
    link.ids.retain(|id| !id.is_empty());
    if let Some(wrong) = wrong {
        v.breaks_at("entitlement", wrong, vec![shown.row.clone()]).action =
            Some("set right by hand what the person has");
    }
}
