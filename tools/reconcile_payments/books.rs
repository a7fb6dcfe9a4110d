//! Both sides of the comparison, as far as one question reads them.

use super::place::Place;
use crate::app_payments::known_by;
use crate::asked::{Asked, ask_all};
use crate::each_table::each_table;
use crate::{App, Cut};
use futures_util::future::join3;
use prodview_guard::Failure;
use prodview_providers::app::{AppTable, Part};
use prodview_providers::app_tables::{AppEntitlement, AppPayment, entitlements_since, payments_since};
use prodview_providers::capability::PaidAsk;
use prodview_providers::words::{Paid, PaidKind};
use prodview_providers::{Found, Moment, Stopped};
use std::collections::BTreeSet;

/// A row may be made when a checkout is opened, up to a day before it is paid.
const EARLIER_S: i64 = 26 * 3_600;
/// Rows read of one table.
const ROWS: usize = 3_000;

/// Both sides.
pub(super) struct Books<'a> {
    pub(super) now: Moment,
    /// From when on everything paid was seen.
    pub(super) from: Moment,
    pub(super) kinds: Vec<PaidKind>,
    pub(super) paid: Vec<Paid>,
    /// `[app.payments.*]` whose rows could be read.
    pub(super) tables: Vec<&'a AppTable>,
    pub(super) rows: Vec<AppPayment>,
    /// Names of tables that were not read to the end of the window.
    pub(super) cut_tables: BTreeSet<String>,
    /// Whether every table of rows could be read at all.
    pub(super) rows_known: bool,
    /// Whether every source of payments could be read.
    pub(super) paid_known: bool,
    /// Whether there are entitlements to look at, and all of the window was read.
    pub(super) given_known: bool,
    pub(super) given: Vec<AppEntitlement>,
    /// Source and table of `[app.entitlements.*]`: a row there is itself what was given.
    pub(super) given_tables: BTreeSet<(String, String)>,
    /// Rows looked up that the provider does not have: row and, when it said so, why.
    pub(super) unpaid_rows: Vec<(AppPayment, Option<String>)>,
    /// Rows that were looked up and found to be right, or of another time.
    pub(super) cleared: BTreeSet<(String, String)>,
    /// Payments whose row may exist and was not looked up.
    pub(super) unsure: BTreeSet<String>,
    /// The tables that could not be looked at, each with why.
    pub(super) unseen: Vec<String>,
    bounds: Vec<Cut>,
}

impl Books<'_> {
    pub(super) fn cuts(&self) -> Vec<Cut> {
        self.bounds.clone()
    }

    pub(super) fn wants(&self, kind: PaidKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Takes in what one look found.
    pub(super) fn bound(&mut self, what: String) {
        self.bounds.push(Cut { what, how: Some("a shorter window (since)".to_owned()), cursor: None });
    }
}

/// Reads both sides at once.
pub(super) async fn read<'a>(
    app: &'a App,
    asked: &mut Asked,
    place: &Place,
    kinds: &[PaidKind],
) -> Books<'a> {
    let ask = PaidAsk { since: place.since, kinds: kinds.to_vec(), known_by: known_by(app.sources.app()) };
    let ask = &ask;
    let earlier = place.since.minus_s(EARLIER_S);
    let (paid, rows, given) =
        join3(
            async {
                let mut part = Asked::default();
                let paid = ask_all(&mut part, app.sources.payments(), |able| async move {
                    able.can.paid_since(ask).await
                })
                .await;
                (part, paid)
            },
            each_table(app, Part::Payments, |state, table| async move {
                payments_since(state, table, beginning(table, earlier), ROWS).await
            }),
            each_table(app, Part::Entitlements, |state, table| async move {
                entitlements_since(state, table, earlier, ROWS).await
            }),
        )
        .await;
    let (part, paid) = paid;
    let paid_known = part.failures().is_empty();
    asked.merge(part);
    let mut books = Books {
        now: place.until,
        from: place.since,
        kinds: kinds.to_vec(),
        paid: Vec::new(),
        tables: Vec::new(),
        rows: Vec::new(),
        cut_tables: BTreeSet::new(),
        rows_known: true,
        paid_known,
        given_known: app.sources.app().part(Part::Entitlements).next().is_some(),
        given: Vec::new(),
        given_tables: app
            .sources
            .app()
            .part(Part::Entitlements)
            .map(|t| (t.source.clone(), t.table.clone()))
            .collect(),
        unpaid_rows: Vec::new(),
        cleared: BTreeSet::new(),
        unsure: BTreeSet::new(),
        unseen: Vec::new(),
        bounds: Vec::new(),
    };
    for (source, found) in paid {
        if let Some((from, _)) = found.window {
            books.from = books.from.max(from);
        }
        match &found.stopped {
            Some(Stopped::Bound(bound)) => books.bound(format!("payments of {source}: {bound}")),
            Some(Stopped::Failed(_)) => books.paid_known = false,
            None => {}
        }
        books.paid.extend(found.rows);
    }
    let until = place.until;
    books.paid.retain(|p| p.at.is_none_or(|at| at <= until));
    for (table, answer) in rows {
        let cut = took(asked, &mut books, table, &answer);
        match answer {
            Ok(found) => {
                books.tables.push(table);
                if cut {
                    books.cut_tables.insert(table.name.clone());
                }
                books.rows.extend(found.rows);
            }
            Err(failure) => {
                books.rows_known = false;
                books.unseen.extend(without_reason(table, &failure));
                asked.failed(&table.source, failure);
            }
        }
    }
    for (table, answer) in given {
        let cut = took(asked, &mut books, table, &answer);
        match answer {
            Ok(found) => {
                books.given_known &= !cut;
                books.given.extend(found.rows);
            }
            Err(failure) => {
                books.given_known = false;
                books.unseen.extend(without_reason(table, &failure));
                asked.failed(&table.source, failure);
            }
        }
    }
    books
}

/// Reports on what one table gave; whether it was not read to the end.
fn took<T>(
    asked: &mut Asked,
    books: &mut Books<'_>,
    table: &AppTable,
    answer: &Result<Found<T>, Failure>,
) -> bool {
    let Ok(found) = answer else { return false };
    let told = Found {
        rows: vec![(); found.rows.len()],
        stopped: found.stopped.clone(),
        age: found.age,
        ..Found::default()
    };
    asked.found(&table.source, &Found { notes: found.notes.clone(), ..told });
    let cut = !found.is_whole();
    if cut {
        let what = format!(
            "the newest {} rows of `{}` were read; older ones were looked up by id only",
            found.rows.len(),
            table.table
        );
        books.bound(what);
    }
    cut
}

/// Among the failures of a call, those that say only that something is not there have no place: here they do.
fn without_reason(table: &AppTable, failure: &Failure) -> Option<String> {
    failure
        .is_not_found()
        .then(|| format!("{}: {} has no table `{}`", table.heading(), table.source, table.table))
}

/// A row of a subscription is as old as the subscription; others are about as old as what was paid.
fn beginning(table: &AppTable, earlier: Moment) -> Moment {
    let long_lived = table.field("subscription").is_some();
    if long_lived { earlier.minus_s(10 * 366 * 86_400) } else { earlier }
}

#[cfg(test)]
impl Books<'_> {
    /// Nothing on either side, with everything looked at, since a day ago.
    pub(super) fn blank() -> Books<'static> {
        let now = Moment::now();
        Books {
            now,
            from: now.minus_s(86_400),
            kinds: vec![PaidKind::Payment, PaidKind::Subscription],
            paid: Vec::new(),
            tables: Vec::new(),
            rows: Vec::new(),
            cut_tables: BTreeSet::new(),
            rows_known: true,
            paid_known: true,
            given_known: false,
            given: Vec::new(),
            given_tables: BTreeSet::new(),
            unpaid_rows: Vec::new(),
            cleared: BTreeSet::new(),
            unsure: BTreeSet::new(),
            unseen: Vec::new(),
            bounds: Vec::new(),
        }
    }
}
