//! The second look: nothing is said to be missing because it lies outside of what was read. Bounded, and the bound is told.

use super::books::Books;
use super::judge::{Doubts, lookup};
use crate::App;
use crate::app_payments::by_role;
use crate::asked::Asked;
use crate::each_table::each_table;
use futures_util::future::join_all;
use prodview_guard::Failure;
use prodview_providers::app::Part;
use prodview_providers::app_tables::{AppPayment, entitlements_of, payments_by_ids};
use prodview_providers::words::Paid;
use prodview_providers::{Handle, HandleKind};
use std::collections::{BTreeMap, BTreeSet};

/// Payments whose checkout and invoice are looked up, rows whose payment is, and users whose entitlements are.
const LINKS: usize = 3;
const ROWS: usize = 5;
const USERS: usize = 4;
/// Payments whose row is looked up by id.
const IDS: usize = 10;

/// Looks again at what is in doubt, and puts what is found to the books.
pub(super) async fn clear(app: &App, asked: &mut Asked, books: &mut Books<'_>, doubts: Doubts) {
    link(app, asked, books, &doubts).await;
    find_rows(app, asked, books, &doubts).await;
    find_payments(app, asked, books, &doubts).await;
    find_given(app, asked, books, &doubts).await;
}

/// The checkout or invoice behind a payment that is older than the lists that were read.
async fn link(app: &App, asked: &mut Asked, books: &mut Books<'_>, doubts: &Doubts) {
    let more_roles = books
        .tables
        .iter()
        .any(|t| ["checkout", "invoice", "subscription"].iter().any(|role| t.field(role).is_some()));
    let unlinked: Vec<usize> = doubts
        .paid
        .iter()
        .copied()
        .filter(|n| more_roles && books.paid.get(*n).is_some_and(|p| !p.linked && p.intent.is_some()))
        .collect();
    for place in unlinked.iter().skip(LINKS) {
        let id = books.paid.get(*place).map(|p| p.id.clone());
        books.unsure.extend(id);
    }
    for place in unlinked.into_iter().take(LINKS) {
        let Some(before) = books.paid.get(place).cloned() else { continue };
        let found = match Handle::read(&before.id) {
            Some(handle) => look_up(app, asked, &handle, Some(&before.source)).await,
            None => Look::Unknown,
        };
        match (found, books.paid.get_mut(place)) {
            (Look::Found(now), Some(paid)) => {
                paid.checkout = now.checkout.or(before.checkout);
                paid.invoice = now.invoice.or(before.invoice);
                paid.subscription = now.subscription.or(before.subscription);
                paid.linked = now.linked;
            }
            _ => drop(books.unsure.insert(before.id)),
        }
    }
}

/// Rows older than what was read, by the ids of the payments that seem to have none.
async fn find_rows(app: &App, asked: &mut Asked, books: &mut Books<'_>, doubts: &Doubts) {
    let lacking: Vec<Paid> = doubts.paid.iter().filter_map(|n| books.paid.get(*n)).cloned().collect();
    books.unsure.extend(lacking.iter().skip(IDS).map(|p| p.id.clone()));
    let lacking = lacking.get(..lacking.len().min(IDS)).unwrap_or_default();
    if lacking.is_empty() {
        return;
    }
    let mut ids: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for (role, some) in lacking.iter().flat_map(by_role) {
        // A charge stands for its payment intent only where there is none.
        let some = some.into_iter().filter(|id| {
            role != "payment" || !id.starts_with("ch_") || lacking.iter().any(|p| p.intent.is_none())
        });
        ids.entry(role).or_default().extend(some);
    }
    let ids = &ids;
    let found =
        each_table(
            app,
            Part::Payments,
            |state, table| async move { payments_by_ids(state, table, ids).await },
        )
        .await;
    for (table, answer) in found {
        match answer {
            Ok(found) => {
                asked.found(&table.source, &prodview_providers::Found { stopped: None, ..found.clone() });
                if !found.is_whole() {
                    books.unsure.extend(lacking.iter().map(|p| p.id.clone()));
                }
                for row in found.rows {
                    if !books.rows.iter().any(|r| r.name == row.name && r.row == row.row) {
                        books.rows.push(row);
                    }
                }
            }
            Err(failure) => {
                books.rows_known = false;
                asked.failed(&table.source, failure);
            }
        }
    }
}

/// The payments of rows that seem to have none: they may be older than the window, or of another account.
async fn find_payments(app: &App, asked: &mut Asked, books: &mut Books<'_>, doubts: &Doubts) {
    for row in doubts.rows.iter().take(ROWS) {
        let Some(handle) = lookup(row) else { continue };
        match look_up(app, asked, &handle, None).await {
            Look::Found(paid) => {
                let key = (row.name.clone(), row.row.clone());
                if !crate::app_payments::differences(&paid, row, None).is_empty() {
                    books.paid.push(*paid);
                }
                books.cleared.insert(key);
            }
            Look::Nowhere(why) => {
                books.unpaid_rows.push((AppPayment::clone(row), why));
                books.cleared.insert((row.name.clone(), row.row.clone()));
            }
            Look::Unknown => {}
        }
    }
}

/// What people have who were given nothing lately.
async fn find_given(app: &App, asked: &mut Asked, books: &mut Books<'_>, doubts: &Doubts) {
    books.unsure.extend(doubts.users.iter().skip(USERS).cloned());
    let users: Vec<String> = doubts.users.iter().take(USERS).cloned().collect();
    if users.is_empty() || !books.given_known {
        return;
    }
    let users = &users;
    let looks = users.iter().map(|user| {
        each_table(app, Part::Entitlements, move |state, table| async move {
            entitlements_of(state, table, std::slice::from_ref(user), 50).await
        })
    });
    for (table, answer) in join_all(looks).await.into_iter().flatten() {
        match answer {
            Ok(found) => {
                asked.found(&table.source, &prodview_providers::Found { stopped: None, ..found.clone() });
                books.given_known &= found.is_whole();
                books.given.extend(found.rows);
            }
            Err(failure) => {
                books.given_known = false;
                asked.failed(&table.source, failure);
            }
        }
    }
}

enum Look {
    Found(Box<Paid>),
    /// Every source was asked, and none has it. With why that may be.
    Nowhere(Option<String>),
    Unknown,
}

async fn look_up(app: &App, asked: &mut Asked, handle: &Handle, only: Option<&str>) -> Look {
    let (mut hint, mut unknown) = (None, false);
    let mut sources = app.sources.payments();
    sources.retain(|able| {
        only.is_none_or(|name| able.source.name() == name)
            && handle.provider.is_none_or(|provider| provider == able.source.provider())
    });
    unknown |= sources.is_empty();
    for able in sources {
        let answer: Result<_, Failure> = match able.source.admit().await {
            Ok(()) => able.can.paid(handle).await,
            Err(failure) => Err(failure),
        };
        match answer {
            Ok(found) => {
                let whole = found.is_whole();
                asked.found(able.source.name(), &found);
                match found.rows.into_iter().next() {
                    Some(paid) => return Look::Found(Box::new(paid)),
                    None => unknown |= !whole || handle.kind != HandleKind::Opaque,
                }
            }
            Err(failure) if failure.is_not_found() => hint = hint.or(failure.hint),
            Err(failure) => {
                unknown = true;
                asked.failed(able.source.name(), failure);
            }
        }
    }
    if unknown { Look::Unknown } else { Look::Nowhere(hint) }
}
