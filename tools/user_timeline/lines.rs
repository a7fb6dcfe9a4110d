//! Each record as lines of a timeline, the same fact from two sources as one.

use super::gather::{Held, Met};
use super::line::{Kind, Line, rank};
use crate::App;
use crate::page::{counted, quoted};
use crate::payment_intent_status::delivery_word;
use prodview_guard::{Foreign, Provider};
use prodview_providers::app::Part;
use prodview_providers::app_tables::AppFact;
use prodview_providers::words::{Attempt, Payment, Person, WebhookEvent};
use prodview_providers::{Handle, HandleKind, Moment};

/// How many characters a summary has.
const LONG: usize = 150;

/// All lines, in no order.
pub(super) fn told(app: &App, people: &[Person], held: &Held) -> Vec<Line> {
    let several = Several::of(app, people);
    let mut lines: Vec<Line> = people.iter().filter_map(|p| made(app, p)).collect();
    // A row that was told beside its payment is no line of its own.
    let mut joined: Vec<(&str, &str)> = Vec::new();
    for payment in &held.payments {
        let rows: Vec<&AppFact> = held.facts.iter().filter(|fact| is_of(fact, payment)).collect();
        let mut own = of_payment(payment, &rows);
        joined.extend(
            rows.iter().filter(|_| !own.is_empty()).map(|row| (row.source.as_str(), row.id.as_str())),
        );
        for line in &mut own {
            line.whose = several.customer(payment);
        }
        lines.extend(own);
    }
    lines.extend(held.events.iter().filter_map(of_event));
    lines.extend(held.errors.iter().filter_map(of_error));
    for fact in &held.facts {
        if !joined.contains(&(fact.source.as_str(), fact.id.as_str())) {
            lines.extend(of_fact(fact).map(|line| Line { whose: several.user(fact), ..line }));
        }
    }
    lines
}

/// Whether lines must say whose they are: several customers in one source, or several users of the app's.
struct Several {
    customers: bool,
    users: bool,
}

impl Several {
    fn of(app: &App, people: &[Person]) -> Several {
        let more_than_one = |is: &dyn Fn(&Person) -> bool| people.iter().filter(|p| is(p)).count() > 1;
        let users = app.sources.app().users.as_ref();
        Several {
            customers: more_than_one(&|p| {
                Handle::read(&p.id).is_some_and(|h| h.kind == HandleKind::Customer)
            }),
            users: more_than_one(&|p| users.is_some_and(|u| u.source == p.source)),
        }
    }

    fn customer(&self, payment: &Payment) -> Option<String> {
        payment.customer.clone().filter(|_| self.customers)
    }

    fn user(&self, fact: &AppFact) -> Option<String> {
        // A key that the row holds is one of the person's ids, whose shape was checked when it was looked up.
        let plain = |id: &String| id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        Some(fact.user.clone()).filter(plain).filter(|id| self.users && !id.is_empty())
    }
}

fn summary(text: &str) -> Foreign {
    Foreign::capped(text, LONG)
}

/// When the person became known to a source that says so.
fn made(app: &App, person: &Person) -> Option<Line> {
    let provider = app.sources.named(&person.source)?.provider();
    let word = if provider == Provider::Stripe { "customer made" } else { "account made" };
    let state: Vec<&str> = person.state.iter().map(Foreign::as_str).collect();
    let now = if state.is_empty() { String::new() } else { format!("; now {}", state.join(", ")) };
    Some(Line {
        at: person.created?,
        source: person.source.clone(),
        kind: Kind::Account,
        id: person.id.clone(),
        what: summary(&format!("{word}{now}")),
        whose: None,
        also: Vec::new(),
        url: person.url.clone(),
        rank: rank::ACCOUNT,
        repeats: false,
    })
}

/// Whether a row of the app's is its record of this payment.
pub(super) fn is_of(fact: &AppFact, payment: &Payment) -> bool {
    fact.is(Part::Payments)
        && fact.names.iter().any(|name| {
            *name == payment.id
                || payment.purpose.iter().any(|p| p.id == *name)
                || payment.attempts.iter().any(|a| a.id.as_ref() == Some(name))
        })
}

fn of_payment(p: &Payment, rows: &[&AppFact]) -> Vec<Line> {
    let line = |at: Moment, what: String| Line {
        at,
        source: p.source.clone(),
        kind: Kind::Payment,
        id: p.id.clone(),
        what: summary(&what),
        whose: None,
        also: Vec::new(),
        url: p.url.clone(),
        rank: rank::PAYMENT,
        repeats: false,
    };
    let amount = p.amount.as_ref().map(|a| format!(" {}", a.text)).unwrap_or_default();
    let mode = if p.live { "" } else { " (test mode)" };
    let mut lines = Vec::new();
    for attempt in &p.attempts {
        let Some(at) = attempt.at.or(p.created) else { continue };
        let what = format!("{}{amount}{mode}{}", attempted(attempt), method(attempt));
        lines.push(Line {
            also: attempt.id.iter().filter(|id| **id != p.id).cloned().collect(),
            ..line(at, what)
        });
    }
    // The one that the rest hangs on: what paid, else the newest attempt, else that it was begun.
    if lines.is_empty()
        && let Some(at) = p.created
    {
        let what = match Handle::read(&p.id).map(|h| h.kind) {
            Some(HandleKind::Subscription) => format!("subscription{amount}{mode} begun; now {}", p.status),
            Some(HandleKind::CheckoutSession) => format!("checkout{amount}{mode}: {}", p.status),
            Some(HandleKind::Invoice) => format!("invoice{amount}{mode}: {}", p.status),
            _ => format!("payment{amount}{mode} begun; now {}", p.status),
        };
        lines.push(line(at, what));
    }
    let main = p.attempts.iter().position(|a| a.status.as_str() == "succeeded").unwrap_or(0);
    if let Some(main) = lines.get_mut(main) {
        main.also.extend(p.purpose.iter().map(|purpose| purpose.id.clone()).filter(|id| *id != p.id));
        for row in rows {
            let status = row.status.as_ref().map(|s| format!(": {s}")).unwrap_or_default();
            main.what = summary(&format!("{}; the app's {}{status}", main.what, row.table));
            if !row.id.is_empty() {
                main.also.push(format!("{} {}", row.source, row.id));
            }
        }
    }
    for refund in &p.refunds {
        let Some(at) = refund.at else { continue };
        let why = refund.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        let what = format!("refund {}: {}{why}", refund.amount.text, refund.status);
        lines.push(back(&refund.id, &p.id, line(at, what)));
    }
    for dispute in &p.disputes {
        let Some(at) = dispute.at else { continue };
        let by = dispute.respond_by.map(|by| format!(", answer by {by}")).unwrap_or_default();
        let why = dispute.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        let what = format!("dispute {}: {}{why}{by}", dispute.amount.text, dispute.status);
        lines.push(back(&dispute.id, &p.id, line(at, what)));
    }
    lines
}

fn back(id: &str, of: &str, line: Line) -> Line {
    Line { id: id.to_owned(), also: vec![of.to_owned()], rank: rank::MONEY_BACK, ..line }
}

fn attempted(attempt: &Attempt) -> String {
    match (attempt.status.as_str(), &attempt.decline) {
        ("succeeded", _) => "paid".to_owned(),
        (_, Some(decline)) => format!("declined ({})", decline.code),
        (status, None) => format!("attempt {status}"),
    }
}

fn method(attempt: &Attempt) -> String {
    attempt.method.as_ref().map(|m| format!(" with {m}")).unwrap_or_default()
}

/// An event and what the app wrote down about it.
fn of_event(event: &WebhookEvent) -> Option<Line> {
    let about = event.object.as_ref().map(|o| format!(" about {o}")).unwrap_or_default();
    let app = event.app.as_ref().map(|app| {
        let status = app.status.as_ref().map(ToString::to_string).unwrap_or_else(|| "recorded".to_owned());
        let error = app.error.as_ref().map(|e| format!(", {}", quoted(e))).unwrap_or_default();
        format!("; the app: {status}{error}")
    });
    let row = event.app.iter().map(|app| app.row.clone()).filter(|row| !row.is_empty());
    Some(Line {
        at: event.at?,
        source: event.source.clone(),
        kind: Kind::Webhook,
        id: event.id.clone(),
        what: Foreign::capped(
            &format!("{}{about} {}{}", event.kind, delivery_word(event.delivery), app.unwrap_or_default()),
            LONG * 2,
        ),
        whose: None,
        also: row.collect(),
        url: event.url.clone(),
        rank: rank::EVENT,
        repeats: false,
    })
}

/// An error that the person met, or its kind at the last time it was seen.
fn of_error(error: &Met) -> Option<Line> {
    let times = match error.count {
        0 | 1 => String::new(),
        n => format!(" ({})", counted(n, "time", "times")),
    };
    Some(Line {
        at: error.at?,
        source: error.source.clone(),
        kind: Kind::Error,
        id: error.id.clone(),
        what: summary(&format!("{}{times}", quoted(&error.title))),
        whose: None,
        also: error.event.iter().cloned().collect(),
        url: error.url.clone(),
        rank: rank::ERROR,
        repeats: error.event.is_some(),
    })
}

fn of_fact(fact: &AppFact) -> Option<Line> {
    let word =
        |name: &str, held: &Option<Foreign>| held.as_ref().map(|h| format!(" {name}{h}")).unwrap_or_default();
    let (kind, rank, what) = if fact.is(Part::Errors) {
        let said = fact.what.as_ref().map(quoted).unwrap_or_default();
        (Kind::Error, rank::ERROR, format!("internal error {said}"))
    } else if fact.is(Part::Jobs) {
        let error = fact.error.as_ref().map(|e| format!(": {}", quoted(e))).unwrap_or_default();
        (Kind::App, rank::JOB, format!("job{}{error}", word("", &fact.status)))
    } else if fact.is(Part::Audit) {
        let action = fact.what.as_ref().map(Foreign::as_str).unwrap_or_default();
        let about = fact.about.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
        let kind = if is_of_account(action) { Kind::Account } else { Kind::App };
        (kind, rank::AUDIT, format!("{action}{about}"))
    } else {
        let until = fact.until.map(|until| format!(", until {until}")).unwrap_or_default();
        let left = fact.balance.as_ref().map(|b| format!(", {b} left")).unwrap_or_default();
        let error = fact.error.as_ref().map(|e| format!(": {}", quoted(e))).unwrap_or_default();
        let paid = fact.is(Part::Payments);
        let (kind, rank) =
            if paid { (Kind::Payment, rank::APP_PAYMENT) } else { (Kind::App, rank::ENTITLEMENT) };
        (kind, rank, format!("{}{}{left}{until}{error}", fact.table, word("", &fact.status)))
    };
    let shown =
        |name: &&String| fact.is(Part::Payments) || fact.is(Part::Jobs) || !what.contains(name.as_str());
    Some(Line {
        at: fact.at?,
        source: fact.source.clone(),
        kind,
        id: if fact.id.is_empty() { format!("({})", fact.table) } else { fact.id.clone() },
        what: summary(&what),
        whose: None,
        also: fact.names.iter().filter(shown).take(2).cloned().collect(),
        url: None,
        rank,
        repeats: rank == rank::AUDIT || rank == rank::ERROR,
    })
}

/// Whether an entry of the audit trail is about the account itself.
fn is_of_account(action: &str) -> bool {
    let action = action.to_lowercase();
    const WORDS: [&str; 14] = [
        "sign_in", "signin", "sign-in", "login", "log_in", "logout", "password", "account", "lock", "ban",
        "suspend", "signup", "sign_up", "mfa",
    ];
    WORDS.iter().any(|word| action.contains(word))
}
