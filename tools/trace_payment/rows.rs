//! What the application holds about one payment: its records of the events, its rows, whose they are, what it gave.

use super::judge::{Case, paid_of};
use super::look::Look;
use super::{Which, find};
use crate::App;
use crate::app_payments::by_role;
use crate::asked::{Asked, ask_all};
use crate::each_table::each_table;
use futures_util::future::join3;
use prodview_providers::app::{AppTable, Part};
use prodview_providers::app_tables::{
    AppEntitlement, AppPayment, entitlements_of, payments_by_ids, records_of_events,
};
use prodview_providers::words::{AppRecord, Payment, Person};
use prodview_providers::{Found, Handle, HandleKind, Moment};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one person that are looked at in each table.
const OF_PERSON: usize = 50;

/// Everything about the payment that the application may know.
pub(super) async fn gather<'a>(
    app: &'a App,
    asked: &mut Asked,
    payment: &'a Payment,
    known: Look<Vec<Person>>,
) -> Case<'a> {
    let paid = paid_of(payment);
    let tables: Vec<&AppTable> = app.sources.app().part(Part::Payments).collect();
    let ids = by_role(&paid);
    // Each with a report of its own, so that all go on at the same time.
    let mut parts = [Asked::default(), Asked::default(), Asked::default()];
    let [one, two, three] = &mut parts;
    let (records, rows, owners) =
        join3(records(app, one, payment), rows(app, two, &ids), owners(app, three, &paid.customer, known))
            .await;
    parts.into_iter().for_each(|part| asked.merge(part));
    let mut case = Case {
        now: Moment::now(),
        payment,
        paid,
        tables,
        records,
        rows,
        owners,
        given: Look::whole(Vec::new()),
        unheard: None,
    };
    case.given = given(app, asked, &case.users()).await;
    case
}

/// What the handler wrote down about the payment's events, by event.
async fn records(app: &App, asked: &mut Asked, payment: &Payment) -> Look<BTreeMap<String, AppRecord>> {
    if app.sources.app().part(Part::Webhooks).next().is_none() {
        return Look::not_configured("webhooks");
    }
    let ids: Vec<String> = payment.events.iter().map(|e| e.id.clone()).collect();
    let since = payment.events.iter().filter_map(|e| e.at).min().unwrap_or_else(Moment::now);
    let mut look = Look::whole(BTreeMap::new());
    let ids = &ids;
    for (table, answer) in each_table(app, Part::Webhooks, |state, table| async move {
        records_of_events(state, table, ids, since).await
    })
    .await
    {
        match answer {
            Ok((records, complete)) => {
                asked.found(&table.source, &Found::all(records.keys().collect::<Vec<_>>()));
                if !complete {
                    look.lacks(format!("not all of {} was looked at", table.table));
                }
                look.seen.extend(records);
            }
            Err(failure) => {
                look.lacks(format!("{} could not be asked: {failure}", table.source));
                asked.failed(&table.source, failure);
            }
        }
    }
    look
}

/// The application's rows that hold one of these ids.
async fn rows(
    app: &App,
    asked: &mut Asked,
    ids: &BTreeMap<&'static str, BTreeSet<String>>,
) -> Look<Vec<AppPayment>> {
    if app.sources.app().part(Part::Payments).next().is_none() {
        return Look::not_configured("payments");
    }
    // A row seldom names the charge where there is a payment intent: that is looked for last.
    let is_charge = |id: &String| id.starts_with("ch_") || id.starts_with("py_");
    let (mut first, mut last) = (ids.clone(), BTreeMap::new());
    if let Some(payment) = first.get_mut("payment").filter(|all| all.len() > 1) {
        let charges: BTreeSet<String> = payment.iter().filter(|id| is_charge(id)).cloned().collect();
        payment.retain(|id| !is_charge(id));
        last.insert("payment", charges);
    }
    let mut look = Look::whole(Vec::new());
    for ids in [&first, &last].into_iter().filter(|ids| !ids.is_empty()) {
        if !look.seen.is_empty() {
            break;
        }
        let answers = each_table(app, Part::Payments, |state, table| async move {
            payments_by_ids(state, table, ids).await
        })
        .await;
        for (table, answer) in answers {
            look.add(asked, &table.source, answer);
        }
    }
    look
}

/// The app's users that are linked with the payer's customer. Who is known already is not asked for again.
async fn owners(
    app: &App,
    asked: &mut Asked,
    customer: &Option<String>,
    known: Look<Vec<Person>>,
) -> Look<Vec<Person>> {
    let Some(customer) = customer else { return known };
    let linked = |p: &&Person| p.links.values().any(|id| id.as_str() == customer);
    let theirs: Vec<Person> = known.seen.iter().filter(linked).cloned().collect();
    if !theirs.is_empty() {
        return Look { seen: theirs, gap: known.gap };
    }
    match Handle::read(customer).filter(|h| h.kind == HandleKind::Customer) {
        Some(handle) => find::people(app, asked, &handle).await,
        None => known,
    }
}

/// What the application gave these people.
async fn given(app: &App, asked: &mut Asked, users: &[String]) -> Look<Vec<AppEntitlement>> {
    if app.sources.app().part(Part::Entitlements).next().is_none() {
        return Look::not_configured("entitlements");
    }
    let mut look = Look::whole(Vec::new());
    if users.is_empty() {
        return look;
    }
    let answers = each_table(app, Part::Entitlements, |state, table| async move {
        entitlements_of(state, table, users, OF_PERSON).await
    })
    .await;
    for (table, answer) in answers {
        look.add(asked, &table.source, answer);
    }
    look
}

/// The types of the payment's events to which no enabled endpoint subscribes, when that is all of them.
pub(super) async fn unheard(app: &App, asked: &mut Asked, payment: &Payment) -> Option<Vec<String>> {
    let mut sources = app.sources.webhooks();
    sources.retain(|able| able.source.name() == payment.source);
    let found = ask_all(asked, sources, |able| async move { able.can.endpoints().await }).await;
    let (_, endpoints) = found.into_iter().next().filter(|(_, found)| found.is_whole())?;
    let wants = |kind: &str| {
        let mut types = endpoints.rows.iter().filter(|e| e.enabled).flat_map(|e| &e.types);
        types.any(|wanted| match wanted.as_str().strip_suffix('*') {
            Some(start) => kind.starts_with(start),
            None => wanted.as_str() == kind,
        })
    };
    let telling = super::judge::telling(payment);
    (!telling.is_empty() && telling.iter().all(|e| !wants(e.kind.as_str())))
        .then(|| telling.iter().map(|e| e.kind.to_string()).collect())
}

/// The application's rows when no payment could be had: those that hold the id, or those of the person.
pub(super) async fn without_payment(
    app: &App,
    asked: &mut Asked,
    which: &Which,
    people: &Look<Vec<Person>>,
) -> Look<Vec<AppPayment>> {
    match which {
        Which::Id(handle) => {
            let role = match handle.kind {
                HandleKind::PaymentIntent | HandleKind::Charge => "payment",
                HandleKind::CheckoutSession => "checkout",
                HandleKind::Invoice => "invoice",
                HandleKind::Subscription => "subscription",
                _ => return Look { seen: Vec::new(), gap: Some("no row holds ids of that kind".to_owned()) },
            };
            let ids = BTreeMap::from([(role, BTreeSet::from([handle.id.clone()]))]);
            rows(app, asked, &ids).await
        }
        Which::Who(_) => {
            let users: Vec<String> = people.seen.iter().map(|p| p.id.clone()).collect();
            let mut look = Look { seen: Vec::new(), gap: people.gap.clone() };
            if users.is_empty() || app.sources.app().part(Part::Payments).next().is_none() {
                return look;
            }
            let users = &users;
            let answers = each_table(app, Part::Payments, |state, table| async move {
                if table.field("user").is_none() {
                    return Ok(Found::all(Vec::new()));
                }
                let rows = prodview_providers::app_tables::rows_of_person(state, table, users, 5).await?;
                Ok(rows.map(|row| AppPayment::of(&row, table)))
            })
            .await;
            for (table, answer) in answers {
                look.add(asked, &table.source, answer);
            }
            look
        }
    }
}
