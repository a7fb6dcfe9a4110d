//! How a payment and the application's own row of it agree: the one comparison that both the trace of one payment and
//! the morning check rest on. Pure; every text is ours.

use prodview_providers::Moment;
use prodview_providers::app::{App, AppTable, Part};
use prodview_providers::app_tables::{AppPayment, Standing, Unit};
use prodview_providers::words::{Paid, PaidKind, PaidState};
use std::collections::{BTreeMap, BTreeSet};

/// Younger than this, a payment's event may still be on its way and its row not yet written.
pub(crate) const GRACE_S: i64 = 600;

/// In what a payment and its row differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// `amount`, `currency` or `status`.
    pub(crate) kind: &'static str,
    /// In one clause.
    pub(crate) what: String,
}

/// The ids of a payment by the role in which a row may hold them.
pub(crate) fn by_role(paid: &Paid) -> BTreeMap<&'static str, BTreeSet<String>> {
    let own = [
        ("payment", &paid.intent),
        ("payment", &paid.charge),
        ("checkout", &paid.checkout),
        ("invoice", &paid.invoice),
        ("subscription", &paid.subscription),
    ];
    let mut ids: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for (role, id) in own {
        ids.entry(role).or_default().extend(id.clone());
    }
    ids.retain(|_, ids| !ids.is_empty());
    ids
}

/// Whether the row is of this payment itself (and not of the subscription that the payment renews), or of either.
pub(crate) fn is_of(row: &AppPayment, paid: &Paid) -> Option<Bond> {
    let ids = by_role(paid);
    let holds =
        |role: &str| row.ids.get(role).is_some_and(|id| ids.get(role).is_some_and(|all| all.contains(id)));
    if ["payment", "checkout", "invoice"].iter().any(|role| holds(role)) {
        return Some(Bond::Payment);
    }
    holds("subscription").then_some(Bond::Subscription)
}

/// What ties a row to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bond {
    /// The payment, its checkout or its invoice.
    Payment,
    /// Only the subscription: the row says nothing of one payment.
    Subscription,
}

/// By which kinds of id the application's tables know payments.
pub(crate) fn known_by(app: &App) -> Vec<PaidKind> {
    let kinds = [
        ("payment", PaidKind::Payment),
        ("checkout", PaidKind::Checkout),
        ("invoice", PaidKind::Invoice),
        ("subscription", PaidKind::Subscription),
    ];
    let has = |role: &str| app.part(Part::Payments).any(|table| table.field(role).is_some());
    kinds.into_iter().filter(|(role, _)| has(role)).map(|(_, kind)| kind).collect()
}

/// The keys of metadata that a table's mapping names and this payment lacks. A table of subscriptions speaks for
/// renewals and no other for them, where there is one.
pub(crate) fn lacking_metadata<'t>(
    tables: &[&'t AppTable],
    paid: &Paid,
) -> Vec<(&'t AppTable, Vec<&'t str>)> {
    let billed = paid.subscription.is_some() || paid.invoice.is_some();
    let of_bills = |t: &AppTable| t.field("subscription").is_some() || t.field("invoice").is_some();
    let split = tables.iter().any(|t| of_bills(t));
    tables
        .iter()
        .filter(|t| !split || of_bills(t) == billed)
        .filter_map(|t| {
            let lacks = |key: &&str| paid.metadata.get(*key).is_none_or(|held| held.is_empty());
            let lacking: Vec<&str> = t.metadata.iter().map(String::as_str).filter(lacks).collect();
            (!lacking.is_empty()).then_some((*t, lacking))
        })
        .collect()
}

/// In what a payment and its row differ. `unit` is what the table keeps amounts in, when that is known; without it
/// either is right.
pub(crate) fn differences(paid: &Paid, row: &AppPayment, unit: Option<Unit>) -> Vec<Difference> {
    let mut all = Vec::new();
    let bond = is_of(row, paid);
    if bond == Some(Bond::Payment) && paid.kind != PaidKind::Subscription {
        all.extend(amount(paid, row, unit));
        all.extend(currency(paid, row));
    }
    let of_subscription = paid.kind == PaidKind::Subscription;
    if bond == Some(Bond::Payment) || of_subscription {
        let what =
            if of_subscription { running(paid.state, row.standing) } else { moved(paid.state, row.standing) };
        all.extend(what.map(|what| Difference { kind: "status", what: what.to_owned() }));
    }
    all
}

/// What of a row could not be read, and so was compared with nothing: `amount and currency`. Of a row that speaks only
/// for the subscription nothing is compared anyway.
pub(crate) fn not_compared(paid: &Paid, row: &AppPayment) -> Option<String> {
    if row.unread.is_empty() || is_of(row, paid) != Some(Bond::Payment) {
        return None;
    }
    Some(row.unread.iter().map(|unread| unread.role).collect::<Vec<_>>().join(" and "))
}

fn amount(paid: &Paid, row: &AppPayment, unit: Option<Unit>) -> Option<Difference> {
    let (money, held) = (paid.amount.as_ref()?, row.amount?);
    let fits = |is: Option<Unit>| match (is, unit) {
        (None, _) => false,
        (Some(Unit::Either), _) | (_, None | Some(Unit::Either)) => true,
        (Some(is), Some(kept)) => is == kept,
    };
    let less = paid.refunded.as_ref().map(|back| prodview_providers::Money {
        amount: money.amount.saturating_sub(back.amount),
        ..money.clone()
    });
    if fits(held.unit_of(money)) || less.is_some_and(|less| fits(held.unit_of(&less))) {
        return None;
    }
    let kept = match unit {
        Some(Unit::Minor) => " (kept in minor units)",
        Some(Unit::Major) => " (kept in whole units)",
        _ => "",
    };
    let what = format!("{} was paid, but the row says {}{kept}", money.text, held.written());
    Some(Difference { kind: "amount", what })
}

fn currency(paid: &Paid, row: &AppPayment) -> Option<Difference> {
    let (ours, theirs) = (&paid.amount.as_ref()?.currency, row.currency.as_deref()?);
    let is_code = theirs.len() == 3 && theirs.bytes().all(|b| b.is_ascii_alphabetic());
    (is_code && !theirs.eq_ignore_ascii_case(ours)).then(|| Difference {
        kind: "currency",
        what: format!("it was paid in {ours}, but the row says {}", theirs.to_ascii_uppercase()),
    })
}

/// Money against a row of a payment.
fn moved(state: PaidState, row: Standing) -> Option<&'static str> {
    match (state, row) {
        (PaidState::Refunded, row) if row.claims_paid() => {
            Some("it was refunded in full, but the row still says that it is paid")
        }
        (PaidState::Paid, Standing::Refunded) => {
            Some("the row says refunded, but the money was not given back")
        }
        (PaidState::Paid, Standing::Refunding) => {
            Some("the row says that a refund is under way, but no refund is")
        }
        (PaidState::Paid | PaidState::PartlyRefunded, Standing::Waiting) => {
            Some("it is paid, but the row still waits for it")
        }
        (PaidState::Paid | PaidState::PartlyRefunded, Standing::Over | Standing::Behind) => {
            Some("it is paid, but the row says that it failed or is over")
        }
        (PaidState::Unpaid, row) if row.claims_paid() => Some("it was not paid, but the row says that it is"),
        (PaidState::Underway, row) if row.claims_paid() => {
            Some("the money is not here yet, but the row says that it is paid")
        }
        _ => None,
    }
}

/// A subscription against a row of it.
fn running(state: PaidState, row: Standing) -> Option<&'static str> {
    match (state, row) {
        (PaidState::Running, Standing::Over | Standing::Refunded) => {
            Some("the subscription runs, but the row says that it is over")
        }
        (PaidState::Running, Standing::Behind | Standing::Waiting) => {
            Some("the subscription runs and is paid up, but the row says that it is not")
        }
        (PaidState::Over, Standing::Good | Standing::Behind) => {
            Some("the subscription is over, but the row says that it runs")
        }
        (PaidState::Underway, Standing::Good) => {
            Some("the first payment of the subscription is not made, but the row says that it runs")
        }
        _ => None,
    }
}

/// `5 min ago`, `3 h ago`, `12 days ago`.
pub(crate) fn ago(at: Moment, now: Moment) -> String {
    match at.seconds_until(now).max(0) {
        s @ 0..7_200 => format!("{} min ago", s / 60),
        s @ 7_200..172_800 => format!("{} h ago", s / 3_600),
        s => format!("{} days ago", s / 86_400),
    }
}

#[cfg(test)]
pub(crate) mod stage {
    //! Made-up payments and rows.

    use super::*;
    use prodview_guard::Foreign;
    use prodview_providers::Money;
    use prodview_providers::app_tables::Amount;
    use serde_json::json;

    pub(crate) fn paid(state: PaidState) -> Paid {
        Paid {
            source: "stripe".to_owned(),
            kind: PaidKind::Payment,
            id: "pi_1A".to_owned(),
            intent: Some("pi_1A".to_owned()),
            charge: Some("ch_1A".to_owned()),
            checkout: Some("cs_live_1A".to_owned()),
            invoice: None,
            subscription: None,
            customer: Some("cus_1A".to_owned()),
            email: None,
            metadata: BTreeMap::from([("userId".to_owned(), Foreign::new("u1"))]),
            amount: Some(Money::new(12_000, "eur", 2)),
            refunded: None,
            state,
            status: Foreign::new("succeeded"),
            at: Some(Moment::now().minus_s(7_200)),
            live: true,
            linked: true,
        }
    }

    pub(crate) fn row(standing: Standing, amount: i64) -> AppPayment {
        AppPayment {
            name: "passes".to_owned(),
            table: "payments".to_owned(),
            source: "convex".to_owned(),
            row: "r1".to_owned(),
            user: Some("u1".to_owned()),
            ids: BTreeMap::from([("payment", "pi_1A".to_owned())]),
            amount: Amount::read(&json!(amount)),
            currency: Some("eur".to_owned()),
            status: None,
            standing,
            at: Some(Moment::now().minus_s(7_190)),
            unread: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stage::{paid, row};
    use super::*;
    use prodview_providers::Money;

    fn kinds(paid: &Paid, row: &AppPayment, unit: Option<Unit>) -> Vec<&'static str> {
        differences(paid, row, unit).into_iter().map(|d| d.kind).collect()
    }

    #[test]
    fn money_and_words_are_compared_and_what_may_be_right_is_let_be() {
        use PaidState::{Disputed, Paid, PartlyRefunded, Refunded, Unpaid};
        let none: &[&str] = &[];
        for (state, standing, due) in [
            (Paid, Standing::Good, none),
            (Paid, Standing::Unknown, none),
            (PartlyRefunded, Standing::Good, none),
            (Disputed, Standing::Good, none),
            (Refunded, Standing::Refunding, none),
            (Unpaid, Standing::Waiting, none),
            (Refunded, Standing::Good, &["status"]),
            (Paid, Standing::Refunded, &["status"]),
            (Paid, Standing::Refunding, &["status"]),
            (Paid, Standing::Waiting, &["status"]),
            (Unpaid, Standing::Good, &["status"]),
        ] {
            assert_eq!(kinds(&paid(state), &row(standing, 12_000), None), due, "{state:?} {standing:?}");
        }
    }

    #[test]
    fn an_amount_may_be_kept_in_whole_units_but_not_by_one_row_alone() {
        let (of, minor, major) =
            (paid(PaidState::Paid), row(Standing::Good, 12_000), row(Standing::Good, 120));
        assert!(kinds(&of, &major, None).is_empty() && kinds(&of, &minor, None).is_empty());
        assert!(kinds(&of, &major, Some(Unit::Major)).is_empty());
        assert_eq!(kinds(&of, &major, Some(Unit::Minor)), ["amount"]);
        assert_eq!(kinds(&of, &row(Standing::Good, 11_999), None), ["amount"]);
        let part = Paid { refunded: Some(Money::new(2_000, "eur", 2)), ..of.clone() };
        assert!(kinds(&part, &row(Standing::Good, 10_000), None).is_empty(), "what is left after a refund");
        let yen = Paid { amount: Some(Money::new(120, "jpy", 0)), ..of };
        assert_eq!(kinds(&yen, &major, Some(Unit::Minor)), ["currency"]);
    }

    #[test]
    fn a_row_of_the_subscription_says_nothing_of_one_renewal() {
        let mut renewal = paid(PaidState::Refunded);
        renewal.subscription = Some("sub_1A".to_owned());
        let mut membership = row(Standing::Good, 0);
        membership.ids = BTreeMap::from([("subscription", "sub_1A".to_owned())]);
        assert_eq!(is_of(&membership, &renewal), Some(Bond::Subscription));
        assert!(differences(&renewal, &membership, None).is_empty());
        let over = Paid { kind: PaidKind::Subscription, state: PaidState::Over, ..renewal };
        assert_eq!(kinds(&over, &membership, None), ["status"]);
    }
}
