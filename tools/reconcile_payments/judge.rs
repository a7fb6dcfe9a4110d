//! What does not agree. Pure; what was not looked at is not judged, and counted as such.

use super::books::Books;
use crate::app_payments::{Bond, GRACE_S, by_role, differences, is_of, not_compared};
use prodview_guard::Foreign;
use prodview_providers::app::AppTable;
use prodview_providers::app_tables::{Amount, AppPayment, Standing, Unit};
use prodview_providers::words::{Paid, PaidKind, PaidState};
use prodview_providers::{Handle, HandleKind, Moment};
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The ways in which both sides differ, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    PaidWithoutRow,
    SubscriptionOnOneSide,
    NothingGiven,
    RowWithoutPayment,
    StatusDiffers,
    AmountDiffers,
    CurrencyDiffers,
    SeveralRows,
}

impl Sort {
    /// For reading.
    pub(super) fn words(self) -> &'static str {
        match self {
            Sort::PaidWithoutRow => "paid without a row",
            Sort::SubscriptionOnOneSide => "subscription on one side only",
            Sort::NothingGiven => "paid and nothing given",
            Sort::RowWithoutPayment => "row without a payment",
            Sort::StatusDiffers => "status differs",
            Sort::AmountDiffers => "amount differs",
            Sort::CurrencyDiffers => "currency differs",
            Sort::SeveralRows => "several rows of one payment",
        }
    }
}

/// One thing that does not agree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) sort: Sort,
    pub(super) what: String,
    pub(super) ids: Vec<String>,
    /// The payer's address, or the app's user.
    pub(super) who: Option<Foreign>,
    pub(super) at: Option<Moment>,
    /// What can be traced.
    pub(super) paid: Option<String>,
}

/// Everything that was judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Worst first, then newest.
    pub(super) problems: Vec<Problem>,
    pub(super) checked: usize,
    pub(super) matched: usize,
    pub(super) not_judged: usize,
    /// Of those, the ones that were paid minutes ago.
    pub(super) too_new: usize,
    /// Payments whose row has something that could not be read: table, what, and their ids.
    pub(super) unread: BTreeMap<(String, String), Vec<String>>,
    /// Tables whose amounts are in whole units.
    pub(super) in_major: Vec<String>,
}

impl Judged {
    pub(super) fn counts(&self) -> BTreeMap<Sort, usize> {
        let mut counts = BTreeMap::new();
        for problem in &self.problems {
            *counts.entry(problem.sort).or_default() += 1;
        }
        counts
    }
}

/// What a second look must clear up before anything is said of it.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Payments without a row among those read: by their place.
    pub(super) paid: Vec<usize>,
    /// Rows that say paid, without a payment among those read.
    pub(super) rows: Vec<AppPayment>,
    /// Users of payments with a row for whom nothing was given lately.
    pub(super) users: BTreeSet<String>,
}

/// Before a second look.
pub(super) fn doubts(books: &Books<'_>) -> Doubts {
    let mut doubts = Doubts::default();
    if books.tables.is_empty() {
        return doubts;
    }
    for (place, paid) in books.paid.iter().enumerate().filter(|(_, p)| is_due(books, p)) {
        let rows = rows_of(books, paid);
        if rows.is_empty() {
            doubts.paid.push(place);
        } else if !was_given(books, paid, &rows) {
            doubts.users.extend(rows.iter().filter_map(|r| r.user.clone()));
        }
    }
    doubts.rows = alone(books).into_iter().cloned().collect();
    doubts
}

/// After it.
pub(super) fn judge(books: &Books<'_>) -> Judged {
    let mut judged = Judged::default();
    let units = units(books);
    judged.in_major = books
        .tables
        .iter()
        .filter(|t| units.get(t.name.as_str()) == Some(&Unit::Major))
        .map(|t| t.table.clone())
        .collect();
    let lost: BTreeSet<&str> = books
        .paid
        .iter()
        .filter(|p| p.kind == PaidKind::Subscription && is_due(books, p) && rows_of(books, p).is_empty())
        .filter(|p| books.rows_known && applies(books, p) && !books.unsure.contains(&p.id))
        .map(|p| p.id.as_str())
        .collect();
    for paid in &books.paid {
        one(books, (paid, &units, &lost), &mut judged);
    }
    for (row, why) in &books.unpaid_rows {
        judged.checked += 1;
        judged.problems.push(without_payment(row, why.as_deref()));
    }
    judged.not_judged += alone(books)
        .into_iter()
        .filter(|row| !books.unpaid_rows.iter().any(|(r, _)| r.row == row.row && r.name == row.name))
        .count();
    judged.problems.sort_by_key(|p| (p.sort, Reverse(p.at), p.ids.clone()));
    judged
}

type Beside<'b> = (&'b Paid, &'b BTreeMap<&'b str, Unit>, &'b BTreeSet<&'b str>);

fn one(books: &Books<'_>, (paid, units, lost): Beside<'_>, judged: &mut Judged) {
    if paid.amount.as_ref().is_some_and(|a| a.amount == 0)
        || !applies(books, paid) && !books.tables.is_empty()
    {
        return;
    }
    if paid.kind == PaidKind::Subscription && !matters(paid.state) && rows_of(books, paid).is_empty() {
        return;
    }
    judged.checked += 1;
    if !is_settled(books, paid) {
        judged.not_judged += 1;
        judged.too_new += 1;
        return;
    }
    let rows = rows_of(books, paid);
    if rows.is_empty() {
        match () {
            // Paid, given back, and never written down: nothing is due to anybody.
            () if paid.state == PaidState::Refunded => judged.matched += 1,
            () if !books.rows_known || books.tables.is_empty() || books.unsure.contains(&paid.id) => {
                judged.not_judged += 1;
            }
            // Its subscription is told already.
            () if paid.kind != PaidKind::Subscription
                && paid.subscription.as_deref().is_some_and(|sub| lost.contains(sub)) => {}
            () => judged.problems.push(without_row(paid)),
        }
        return;
    }
    let before = judged.problems.len();
    for row in &rows {
        let unit = units.get(row.name.as_str()).copied();
        for difference in differences(paid, row, unit) {
            let sort = match difference.kind {
                "amount" => Sort::AmountDiffers,
                "currency" => Sort::CurrencyDiffers,
                _ if paid.kind == PaidKind::Subscription => Sort::SubscriptionOnOneSide,
                _ => Sort::StatusDiffers,
            };
            judged.problems.push(Problem { sort, what: difference.what, ..beside(paid, row) });
        }
    }
    if let Some(row) = several(paid, &rows) {
        let what = format!("{} has more than one row", paid.id);
        judged.problems.push(Problem { sort: Sort::SeveralRows, what, ..beside(paid, row) });
    }
    if judged.problems.len() == before && books.given_known && !was_given(books, paid, &rows) {
        let user = rows.iter().find_map(|r| r.user.as_ref());
        match (user, rows.first()) {
            (Some(user), _) if books.unsure.contains(user) => judged.not_judged += 1,
            (Some(_), Some(row)) => judged.problems.push(Problem {
                sort: Sort::NothingGiven,
                what: "it is paid and has a row, but nothing was given for it".to_owned(),
                ..beside(paid, row)
            }),
            _ => {}
        }
    }
    if judged.problems.len() > before {
        return;
    }
    match rows.iter().find_map(|row| Some((row.table.clone(), not_compared(paid, row)?))) {
        Some(unread) => {
            judged.not_judged += 1;
            judged.unread.entry(unread).or_default().push(paid.id.clone());
        }
        None => judged.matched += 1,
    }
}

/// Whether a table could hold a row of it at all.
fn applies(books: &Books<'_>, paid: &Paid) -> bool {
    let roles = by_role(paid);
    let has = |t: &&AppTable| match paid.kind {
        PaidKind::Subscription => t.field("subscription").is_some(),
        _ => roles.keys().any(|role| t.field(role).is_some()),
    };
    books.tables.iter().any(has)
}

/// Old enough that its event must have arrived.
fn is_settled(books: &Books<'_>, paid: &Paid) -> bool {
    paid.at.is_none_or(|at| at.seconds_until(books.now) >= GRACE_S)
}

fn matters(state: PaidState) -> bool {
    matches!(state, PaidState::Running | PaidState::Behind)
}

/// Whether a row is due for it.
fn is_due(books: &Books<'_>, paid: &Paid) -> bool {
    let counts = match paid.kind {
        PaidKind::Subscription => matters(paid.state),
        _ => {
            matches!(paid.state, PaidState::Paid | PaidState::PartlyRefunded | PaidState::Disputed)
                && paid.amount.as_ref().is_none_or(|a| a.amount > 0)
        }
    };
    counts && is_settled(books, paid) && applies(books, paid)
}

fn rows_of<'b>(books: &'b Books<'_>, paid: &Paid) -> Vec<&'b AppPayment> {
    books.rows.iter().filter(|row| is_of(row, paid).is_some()).collect()
}

/// Rows of the window that say paid, and that nothing among what was paid explains.
fn alone<'b>(books: &'b Books<'_>) -> Vec<&'b AppPayment> {
    if !books.paid_known {
        return Vec::new();
    }
    let known: BTreeSet<&str> = books.paid.iter().flat_map(Paid::ids).collect();
    let wanted = |row: &&AppPayment| {
        let of_payment = ["payment", "checkout", "invoice"].iter().any(|role| row.ids.contains_key(role));
        let by = if of_payment {
            books.kinds.iter().any(|k| *k != PaidKind::Subscription)
        } else {
            books.wants(PaidKind::Subscription) && row.standing == Standing::Good
        };
        let in_window = !of_payment || row.at.is_some_and(|at| at >= books.from);
        by && in_window && row.at.is_some_and(|at| at.seconds_until(books.now) >= GRACE_S)
    };
    books
        .rows
        .iter()
        .filter(wanted)
        .filter(|row| row.standing.claims_paid() && lookup(row).is_some())
        .filter(|row| !row.ids.values().any(|id| known.contains(id.as_str())))
        .filter(|row| !books.cleared.contains(&(row.name.clone(), row.row.clone())))
        .collect()
}

/// The id by which a row's payment is looked up, when it has the shape of one.
pub(super) fn lookup(row: &AppPayment) -> Option<Handle> {
    ["payment", "checkout", "invoice", "subscription"].iter().find_map(|role| {
        let handle = Handle::read(row.ids.get(role)?)?;
        let payable = matches!(
            handle.kind,
            HandleKind::PaymentIntent
                | HandleKind::Charge
                | HandleKind::CheckoutSession
                | HandleKind::Invoice
                | HandleKind::Subscription
        );
        payable.then_some(handle)
    })
}

/// Whether something was given: for the payment by name, or to the person since, or what they had still holds.
fn was_given(books: &Books<'_>, paid: &Paid, rows: &[&AppPayment]) -> bool {
    if paid.kind == PaidKind::Subscription
        || !matches!(paid.state, PaidState::Paid | PaidState::PartlyRefunded)
    {
        return true;
    }
    let ids: Vec<&str> =
        paid.ids().chain(rows.iter().map(|r| r.row.as_str())).filter(|id| id.len() > 3).collect();
    let users: Vec<&str> = rows.iter().filter_map(|r| r.user.as_deref()).collect();
    let is_given = |r: &&&AppPayment| books.given_tables.contains(&(r.source.clone(), r.table.clone()));
    if users.is_empty() || rows.iter().any(|r| is_given(&r)) {
        return true;
    }
    let since = paid.at.map(|at| at.minus_s(300));
    books.given.iter().any(|e| {
        let own = rows.iter().any(|r| r.row == e.row && r.table == e.table);
        let theirs = e.user.as_deref().is_some_and(|user| users.contains(&user));
        own || ids.iter().any(|id| e.refers_to.contains(*id))
            || (theirs && (since.is_none_or(|since| e.made >= Some(since)) || e.holds_at(books.now)))
    })
}

/// Several rows in one table that are not the parts of the payment.
fn several<'r>(paid: &Paid, rows: &[&'r AppPayment]) -> Option<&'r AppPayment> {
    rows.iter().copied().find(|row| {
        let same: Vec<&&AppPayment> =
            rows.iter().filter(|r| r.name == row.name && is_of(r, paid) == Some(Bond::Payment)).collect();
        let sum = same.iter().skip(1).try_fold(same.first().and_then(|r| r.amount), |sum, r| {
            Some(sum.zip(r.amount).and_then(|(sum, one)| Amount::plus(sum, one)))
        });
        let parts =
            sum.flatten().zip(paid.amount.as_ref()).is_some_and(|(sum, money)| sum.unit_of(money).is_some());
        same.len() > 1 && !parts
    })
}

/// What each table keeps amounts in, by what most of its rows are right in.
fn units<'b>(books: &'b Books<'_>) -> BTreeMap<&'b str, Unit> {
    let mut votes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for paid in &books.paid {
        for row in rows_of(books, paid) {
            let Some(unit) = row.amount.zip(paid.amount.as_ref()).and_then(|(a, m)| a.unit_of(m)) else {
                continue;
            };
            let (minor, major) = votes.entry(row.name.as_str()).or_default();
            match unit {
                Unit::Minor => *minor += 1,
                Unit::Major => *major += 1,
                Unit::Either => {}
            }
        }
    }
    let decided = votes.into_iter().filter(|(_, (minor, major))| minor != major);
    decided
        .map(|(table, (minor, major))| (table, if minor > major { Unit::Minor } else { Unit::Major }))
        .collect()
}

fn beside(paid: &Paid, row: &AppPayment) -> Problem {
    let ids = [paid.id.clone(), row.row.clone()];
    Problem {
        sort: Sort::StatusDiffers,
        what: String::new(),
        ids: ids.into_iter().filter(|id| !id.is_empty()).collect(),
        who: paid.email.clone().or_else(|| row.user.as_deref().map(|user| Foreign::capped(user, 80))),
        at: paid.at,
        paid: Some(paid.id.clone()),
    }
}

fn without_row(paid: &Paid) -> Problem {
    let amount = paid.amount.as_ref().map(|a| format!("{} ", a.text)).unwrap_or_default();
    let (sort, what) = match paid.kind {
        PaidKind::Subscription => (
            Sort::SubscriptionOnOneSide,
            "it runs at the payment provider, but the app has no row of it".to_owned(),
        ),
        _ => (Sort::PaidWithoutRow, format!("{amount}paid")),
    };
    let ids = [Some(paid.id.clone()), paid.checkout.clone(), paid.invoice.clone(), paid.customer.clone()];
    let mut ids: Vec<String> = ids.into_iter().flatten().collect();
    ids.dedup();
    Problem { sort, what, ids, who: paid.email.clone(), at: paid.at, paid: Some(paid.id.clone()) }
}

fn without_payment(row: &AppPayment, why: Option<&str>) -> Problem {
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    let handle = lookup(row);
    let sort = match handle.as_ref().map(|h| h.kind) {
        Some(HandleKind::Subscription) => Sort::SubscriptionOnOneSide,
        _ => Sort::RowWithoutPayment,
    };
    let ids = std::iter::once(row.row.clone()).chain(handle.iter().map(|h| h.id.clone()));
    Problem {
        sort,
        what: format!("a row of `{}` names what the payment provider does not have{why}", row.table),
        ids: ids.filter(|id| !id.is_empty()).collect(),
        who: row.user.as_deref().map(|user| Foreign::capped(user, 80)),
        at: row.at,
        paid: handle.filter(|h| h.kind != HandleKind::Subscription).map(|h| h.id),
    }
}

#[cfg(test)]
mod tests;
