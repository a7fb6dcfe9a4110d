//! The application's own row of the payment: there, once, and saying the same.

use super::{Case, Verdict};
use crate::app_payments::{Bond, differences, is_of, not_compared};
use crate::trace_payment::State;
use prodview_providers::app_tables::{Amount, AppPayment};

pub(super) fn judge(case: &Case<'_>, v: &mut Verdict) {
    let own = case.own_rows();
    if own.is_empty() {
        return absent(case, v);
    }
    let evidence: Vec<String> = own.iter().map(|r| r.row.clone()).filter(|id| !id.is_empty()).collect();
    let mut wrong: Vec<String> = Vec::new();
    for row in &own {
        wrong.extend(differences(&case.paid, row, None).into_iter().map(|d| d.what));
    }
    wrong.extend(of_another(case, &own));
    wrong.extend(doubled(case, &own));
    wrong.dedup();
    let unread: Option<String> = own.iter().find_map(|row| not_compared(&case.paid, row));
    let state = match (wrong.is_empty(), &unread) {
        (true, None) => State::Found,
        (true, Some(_)) => State::Unknowable,
        (false, _) => State::Contradicting,
    };
    let places: std::collections::BTreeSet<String> =
        own.iter().map(|r| format!("{} of {}", r.table, r.source)).collect();
    let place = places.into_iter().collect::<Vec<_>>().join(" and ");
    let what = match unread {
        None if wrong.is_empty() => format!("in {place}"),
        Some(what) if wrong.is_empty() => {
            format!("in {place}: its {what} could not be read, and was not compared")
        }
        _ => format!("in {place}: {}", wrong.join("; ")),
    };
    let link = v.link("row", state, what);
    link.ids.clone_from(&evidence);
    (link.at, link.says) = own.first().map(|r| (r.at, r.status.clone())).unwrap_or_default();
    if !wrong.is_empty() {
        v.breaks_at("row", wrong.join("; "), evidence).action =
            Some("find out which side is right, and correct the app's row or the payment by hand");
    }
}

/// A payment that came to nothing: a row may be there, as long as it does not say that it was paid.
pub(super) fn judge_unpaid(case: &Case<'_>, v: &mut Verdict) {
    let own = case.own_rows();
    let wrong: Vec<(&AppPayment, String)> = own
        .iter()
        .flat_map(|row| differences(&case.paid, row, None).into_iter().map(|d| (*row, d)))
        .filter(|(_, d)| d.kind == "status")
        .map(|(row, d)| (row, d.what))
        .collect();
    let Some((row, what)) = wrong.first() else { return };
    let link = v.link("row", State::Contradicting, format!("in {} of {}: {what}", row.table, row.source));
    link.ids = vec![row.row.clone()];
    v.breaks_at("row", what.clone(), vec![row.row.clone()]).action =
        Some("take back what was given for it, or ask for the money again");
}

fn absent(case: &Case<'_>, v: &mut Verdict) {
    let roles = crate::app_payments::by_role(&case.paid);
    let known = case.tables.iter().any(|t| roles.keys().any(|role| t.field(role).is_some()));
    if let Some(gap) = &case.rows.gap {
        v.link("row", State::Unknowable, gap.clone());
    } else if !known {
        v.link("row", State::Unknowable, "no table of [app.payments.…] is known by any id of this payment");
    } else if case.is_new() {
        v.link(
            "row",
            State::Unknowable,
            "too early to tell: it was paid minutes ago and may still be written",
        );
    } else {
        let tables: Vec<String> = case.tables.iter().map(|t| t.table.clone()).collect();
        let what = format!("no row in {}", tables.join(" or "));
        v.link("row", State::Missing, what);
        v.breaks_at("row", "the app has no row of it", vec![case.paid.id.clone()]).action = Some(
            "once the cause is mended, resend the event from the provider's dashboard, or write the row by hand",
        );
    }
}

/// The row's user is none whom the payment itself names.
fn of_another(case: &Case<'_>, own: &[&AppPayment]) -> Option<String> {
    let mut theirs = case.paying_users();
    if theirs.is_empty() {
        return None;
    }
    theirs.extend(case.owners.seen.iter().filter_map(|p| Some(p.email.as_ref()?.to_string())));
    theirs.extend(case.paid.customer.clone());
    theirs.extend(case.paid.email.as_ref().map(ToString::to_string));
    let other = |row: &&&AppPayment| {
        row.user.as_ref().is_some_and(|user| !theirs.iter().any(|t| t.eq_ignore_ascii_case(user)))
    };
    own.iter().find(other).map(|_| "the row belongs to another user than the payment".to_owned())
}

/// Several rows of one payment in one table, unless they are the parts of it.
fn doubled(case: &Case<'_>, own: &[&AppPayment]) -> Option<String> {
    for row in own {
        let same: Vec<&&AppPayment> = own
            .iter()
            .filter(|r| r.name == row.name && is_of(r, &case.paid) == Some(Bond::Payment))
            .collect();
        let sum = same.iter().map(|r| r.amount).try_fold(None::<Amount>, |sum, one| match (sum, one?) {
            (None, one) => Some(Some(one)),
            (Some(sum), one) => sum.plus(one).map(Some),
        });
        let parts =
            sum.flatten().zip(case.paid.amount.as_ref()).is_some_and(|(sum, m)| sum.unit_of(m).is_some());
        if same.len() > 1 && !parts {
            return Some(format!("there are {} rows for this one payment", same.len()));
        }
    }
    None
}
