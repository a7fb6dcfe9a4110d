//! Errors near a payment: the app's own that name it or are its payer's, and those of the error tracker.

use super::Near;
use super::judge::Case;
use crate::App;
use crate::asked::{Asked, ask_all};
use crate::each_table::each_table;
use prodview_providers::app::Part;
use prodview_providers::app_tables::{About, errors_near};
use prodview_providers::capability::{ErrorSort, ErrorsAsk};
use prodview_providers::{Handle, HandleKind};
use std::cmp::Reverse;

/// A little before the payment, and a day after it.
const BEFORE_S: i64 = 300;
const AFTER_S: i64 = 86_400;
/// How many are told of each source.
const MOST: usize = 2;

pub(super) async fn near(app: &App, asked: &mut Asked, case: &Case<'_>) -> Vec<Near> {
    let Some(at) = case.paid.at.or(case.payment.created) else { return Vec::new() };
    let (from, until) = (at.minus_s(BEFORE_S), at.minus_s(-AFTER_S));
    let about = About { ids: case.every_id(), users: case.users() };
    let mut near = Vec::new();
    let about = &about;
    let own =
        each_table(app, Part::Errors, |state, table| errors_near(state, table, about, (from, until))).await;
    for (table, answer) in own {
        match answer {
            Ok(found) => {
                asked.found(&table.source, &found);
                near.extend(found.rows.into_iter().take(MOST).map(|error| Near {
                    source: table.source.clone(),
                    id: error.row,
                    at: error.at,
                    title: error.message,
                }));
            }
            Err(failure) => asked.failed(&table.source, failure),
        }
    }
    let kept: Vec<&str> = app.sources.app().part(Part::Errors).map(|t| t.source.as_str()).collect();
    let mut trackers = app.sources.errors();
    trackers.retain(|able| !kept.contains(&able.source.name()));
    let person = case.payment.email.as_ref().and_then(|e| Handle::read(e.as_str()));
    let person = person
        .filter(|h| h.kind == HandleKind::Email)
        .or_else(|| case.users().first().and_then(|id| Handle::read(id)));
    if let (Some(person), false) = (person, trackers.is_empty()) {
        let ask = ErrorsAsk {
            query: None,
            user: Some(person),
            since: from,
            environment: None,
            project: None,
            level: None,
            sort: ErrorSort::LastSeen,
            limit: 5,
            cursor: None,
        };
        let ask = &ask;
        let found = ask_all(asked, trackers, |able| async move { able.can.errors(ask).await }).await;
        for (source, found) in found {
            let first = found.rows.into_iter().filter(|e| e.first_seen.is_none_or(|seen| seen <= until));
            near.extend(first.take(MOST).map(|e| Near {
                source: source.clone(),
                id: e.id,
                at: e.last_seen,
                title: e.title,
            }));
        }
    }
    near.sort_by_key(|e| Reverse(e.at));
    near
}
