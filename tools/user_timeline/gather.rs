//! What all sources know of a person: every one is asked at the same time.

use crate::app_records::recorded;
use crate::asked::{Asked, ask_all};
use crate::{App, Cut};
use futures_util::future::{join_all, join3};
use prodview_guard::Foreign;
use prodview_providers::app::{AppTable, Part as AppPart};
use prodview_providers::app_tables::{
    AppFact, StoryAsk, facts_of_person, tables_of_nobody, tables_of_people,
};
use prodview_providers::capability::{Capability, ErrorSort, ErrorsAsk, HistoryAsk};
use prodview_providers::words::{ErrorGroup, Occurrence, Payment, Person, WebhookEvent};
use prodview_providers::{Found, Handle, HandleKind, Moment, Stopped};

/// Kinds of error of one person.
const ERRORS: usize = 25;
/// Rows of one table of the application's.
const ROWS: usize = 300;
/// Handles by which errors are looked for.
const ERROR_KEYS: usize = 2;

/// What was found.
#[derive(Default)]
pub(super) struct Held {
    pub(super) payments: Vec<Payment>,
    pub(super) events: Vec<WebhookEvent>,
    pub(super) errors: Vec<Met>,
    pub(super) facts: Vec<AppFact>,
    /// What the application's tables hold beyond the rows that were read.
    pub(super) unread: Vec<Cut>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.payments.is_empty() && self.events.is_empty() && self.errors.is_empty() && self.facts.is_empty()
    }
}

/// An error that the person met: each time of it, or only the kind with how often and when last.
pub(super) struct Met {
    pub(super) source: String,
    pub(super) id: String,
    pub(super) title: Foreign,
    pub(super) at: Option<Moment>,
    /// Of the one occurrence that this is.
    pub(super) event: Option<String>,
    /// 1 for an occurrence.
    pub(super) count: u64,
    pub(super) url: Option<String>,
}

impl From<Occurrence> for Met {
    fn from(o: Occurrence) -> Met {
        Met {
            source: o.source,
            id: o.group,
            title: o.title,
            at: o.at,
            event: Some(o.id),
            count: 1,
            url: o.url,
        }
    }
}

impl From<ErrorGroup> for Met {
    fn from(g: ErrorGroup) -> Met {
        Met {
            source: g.source,
            id: g.id,
            title: g.title,
            at: g.last_seen,
            event: None,
            count: g.count,
            url: g.url,
        }
    }
}

/// Asks payments, errors and the application's tables at once, then what the application wrote down about the events.
pub(super) async fn gather(
    app: &App,
    asked: &mut Asked,
    (who, people): (&Handle, &[Person]),
    (since, until): (Moment, Moment),
) -> Held {
    let (paid, met, noted) = join3(
        payments(app, (who, people), (since, until)),
        errors(app, (who, people), (since, until)),
        facts(app, (who, people), (since, until)),
    )
    .await;
    let mut held = Held::default();
    let (part, rows) = paid;
    asked.merge(part);
    for row in rows {
        match row {
            Part::Payment(payment) => held.payments.push(*payment),
            Part::Event(event) => held.events.push(*event),
        }
    }
    for (part, errors) in met {
        asked.merge(part);
        for met in errors {
            let same = |e: &Met| e.source == met.source && e.id == met.id && e.event == met.event;
            if !held.errors.iter().any(same) {
                held.errors.push(met);
            }
        }
    }
    for (part, rows, unread) in noted {
        asked.merge(part);
        held.facts.extend(rows);
        held.unread.extend(unread);
    }
    // After the others: a note alone would stand for an answer.
    for able in app.sources.state() {
        let name = able.source.name();
        if asked.reports().iter().any(|report| report.source == name) {
            for table in tables_of_nobody(&app.sources.app().tables, name) {
                let note = format!("{} names no `user`, so its rows are not among these", table.heading());
                asked.note(name, note);
            }
        }
    }
    if app.sources.app().tables.is_empty() {
        asked.not_configured("app", "[app.…] tables would add what the application itself wrote down");
    }
    recorded(app, asked, held.events.iter_mut().collect()).await;
    held
}

/// The same, with the bound that was reached among its notes: the lines of a timeline come from many lists, and no
/// cursor leads on in one of them. Nothing later than `until` is told, so the window ends there.
fn bound_said<T>(mut found: Found<T>, until: Moment) -> Found<T> {
    found.window = found.window.map(|(from, to)| (from, to.min(until)));
    if let Some(Stopped::Bound(why)) = &found.stopped {
        found.notes.push(format!("not all of it: {why}"));
    }
    found
}

/// Every address of the person, in one spelling each.
fn addresses(who: &Handle, people: &[Person]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let own = people.iter().filter_map(|p| p.email.as_ref()).filter_map(|e| Handle::read(e.as_str()));
    for handle in [who.clone()].into_iter().chain(own).filter(|h| h.kind == HandleKind::Email) {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(&handle.id)) {
            all.push(handle.id);
        }
    }
    all
}

/// A part of a history.
enum Part {
    Payment(Box<Payment>),
    Event(Box<WebhookEvent>),
}

async fn payments(
    app: &App,
    (who, people): (&Handle, &[Person]),
    (since, until): (Moment, Moment),
) -> (Asked, Vec<Part>) {
    let mut part = Asked::default();
    let emails = addresses(who, people);
    let customers_of = |source: &str| -> Vec<String> {
        // A guest is known by what they paid, which is no customer.
        let customer = |p: &&Person| Handle::read(&p.id).is_some_and(|h| h.kind == HandleKind::Customer);
        people.iter().filter(|p| p.source == source).filter(customer).map(|p| p.id.clone()).collect()
    };
    let mut sources = app.sources.payments();
    // Asked for nobody, it would pass for a source that was asked.
    sources.retain(|able| !emails.is_empty() || !customers_of(able.source.name()).is_empty());
    let found = ask_all(&mut part, sources, |able| {
        let customers = customers_of(able.source.name());
        let ask = HistoryAsk { customers, emails: emails.clone(), since };
        async move {
            let found = able.can.history(&ask).await?;
            let mut rows = Vec::new();
            for history in found.rows {
                rows.extend(history.payments.into_iter().map(Box::new).map(Part::Payment));
                rows.extend(history.events.into_iter().map(Box::new).map(Part::Event));
            }
            let Found { more, stopped, window, age, notes, .. } = found;
            Ok(bound_said(Found { rows, of: None, more, stopped, window, age, notes }, until))
        }
    })
    .await;
    (part, found.into_iter().flat_map(|(_, found)| found.rows).collect())
}

/// Errors the person met, by address and by the app's own id. The app's own errors are read row by row elsewhere.
async fn errors(
    app: &App,
    (who, people): (&Handle, &[Person]),
    (since, until): (Moment, Moment),
) -> Vec<(Asked, Vec<Met>)> {
    let users = app.sources.app().users.as_ref();
    let ids = people.iter().filter(|p| users.is_some_and(|u| u.source == p.source));
    let ids = ids.filter_map(|p| Handle::read(&p.id));
    let emails = addresses(who, people);
    let mut keys: Vec<Handle> = emails.iter().take(1).filter_map(|e| Handle::read(e)).collect();
    keys.extend(ids);
    if keys.is_empty() && who.provider.is_none() {
        keys.push(who.clone());
    }
    keys.truncate(ERROR_KEYS);
    let looks = keys.into_iter().map(|user| async move {
        let mut part = Asked::default();
        let mut sources = app.sources.errors();
        sources.retain(|able| !able.source.can(Capability::State));
        let ask = ErrorsAsk {
            query: None,
            user: Some(user.clone()),
            since,
            environment: None,
            project: None,
            level: None,
            sort: ErrorSort::LastSeen,
            limit: ERRORS,
            cursor: None,
        };
        let found = ask_all(&mut part, sources, |able| {
            let (ask, user) = (&ask, &user);
            async move {
                if let Some(found) = able.can.occurrences(user, since).await? {
                    return Ok(bound_said(found.map(Met::from), until));
                }
                let mut found = able.can.errors(ask).await?;
                if found.more.take().is_some() {
                    found
                        .stopped
                        .get_or_insert(Stopped::Bound(format!("the {ERRORS} kinds of error seen last")));
                }
                let note = "when an error was last seen is told of everybody who met it, not of this person";
                Ok(bound_said(found.note(note).map(Met::from), until))
            }
        })
        .await;
        (part, found.into_iter().flat_map(|(_, found)| found.rows).collect())
    });
    join_all(looks).await
}

/// What the application wrote down, in every table of the mapping that says whose a row is.
async fn facts(
    app: &App,
    (who, people): (&Handle, &[Person]),
    (since, until): (Moment, Moment),
) -> Vec<(Asked, Vec<AppFact>, Option<Cut>)> {
    let users = app.sources.app().users.as_ref();
    let own = people.iter().filter(|p| users.is_some_and(|u| u.source == p.source));
    let mut keys: Vec<String> = own.map(|p| p.id.clone()).collect();
    let addresses = addresses(who, people);
    // Without a table of users the rows may hold the address, or the very id that was asked with.
    if keys.is_empty() && addresses.is_empty() && who.provider.is_none() {
        keys.push(who.id.clone());
    }
    if keys.is_empty() && addresses.is_empty() {
        // An id of another service stands in no `user`: a look for nothing would pass for a look.
        return Vec::new();
    }
    let mut looks = Vec::new();
    for able in app.sources.state() {
        for tables in tables_of_people(&app.sources.app().tables, able.source.name()) {
            let mut sources = app.sources.state();
            sources.retain(|other| other.source.name() == able.source.name());
            looks.push((sources, tables));
        }
    }
    let (keys, addresses) = (&keys, &addresses);
    join_all(looks.into_iter().map(|(sources, tables)| async move {
        let mut part = Asked::default();
        let tables = &tables;
        // What somebody has does not age: a pass of last year may still hold.
        let lasting = tables.iter().any(|t| matches!(t.part, AppPart::Payments | AppPart::Entitlements));
        // Clocks differ: what is asked for until now is asked for without an end.
        let ended = Some(until).filter(|until| *until < Moment::now().minus_s(60));
        let (from, to) = if lasting { (None, None) } else { (Some(since), ended) };
        let found = ask_all(&mut part, sources, |able| async move {
            let ask = StoryAsk { ids: keys, addresses, since: from, until: to };
            let mut found: Found<AppFact> = facts_of_person(able.can, tables, ask, ROWS).await?;
            // Beyond the newest rows nothing is known, so the window ends where they do.
            let oldest = found.rows.last().and_then(|fact| fact.at).filter(|_| !found.is_whole());
            found.window = Some((oldest.map_or(since, |at| at.max(since)), until));
            Ok(bound_said(found, until))
        })
        .await;
        let unread = found.iter().find_map(|(source, found)| beyond(source, tables, found, (since, lasting)));
        (part, found.into_iter().flat_map(|(_, found)| found.rows).collect(), unread)
    }))
    .await
}

/// What a table holds beyond the rows that were read, where the window goes on beyond them.
fn beyond(
    source: &str,
    tables: &[&AppTable],
    found: &Found<AppFact>,
    (since, lasting): (Moment, bool),
) -> Option<Cut> {
    let oldest = found.rows.last().and_then(|fact| fact.at)?;
    if found.is_whole() || found.rows.len() < ROWS || oldest <= since {
        return None;
    }
    let table = tables.first().map(|table| table.table.as_str()).unwrap_or_default();
    Some(Cut {
        what: format!("rows of {table} in {source} older than {oldest}: only the newest {ROWS} were read"),
        // What lasts is read whatever the window is.
        how: Some(if lasting {
            format!("find_records with table={table}")
        } else {
            format!("until={oldest}")
        }),
        cursor: None,
    })
}
