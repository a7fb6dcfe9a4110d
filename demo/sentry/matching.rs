//! Whether an issue, or one of its events, is what a search looks for.

use jiff::{SignedDuration, Timestamp};

use super::fields;
use super::reply::Problem;
use super::search::{Comparison, Search, Term, Test};
use super::window::{duration, moment};
use crate::world::{ErrorEvent, Issue, World};

/// What `is:` may say.
const STATES: &[&str] = &[
    "resolved",
    "unresolved",
    "ignored",
    "archived",
    "muted",
    "assigned",
    "unassigned",
    "for_review",
    "linked",
    "unlinked",
    "new",
    "ongoing",
    "escalating",
    "regressed",
    "archived_until_escalating",
    "archived_until_condition_met",
    "archived_forever",
];

/// Keys that say something of the issue as a whole. All others are held against events.
const OF_ISSUES: &[&str] = &[
    "is",
    "assigned",
    "assigned_or_suggested",
    "bookmarks",
    "subscribed",
    "firstSeen",
    "first_seen",
    "lastSeen",
    "last_seen",
    "age",
    "timesSeen",
    "times_seen",
    "firstRelease",
    "first_release",
    "issue.category",
    "issue.type",
    "issue.priority",
];

/// Whether a condition is about the issue as a whole.
pub(super) fn is_of_issue(term: &Term) -> bool {
    OF_ISSUES.contains(&term.key.as_str())
}

/// Refuses what cannot be understood, before anything is searched.
pub(super) fn check(search: &Search) -> Result<(), Problem> {
    for term in search.terms() {
        match (term.key.as_str(), &term.test) {
            ("is", Test::In(states)) => {
                if let Some(odd) = states.iter().find(|state| !STATES.contains(&state.as_str())) {
                    let valid = STATES.join(", ");
                    return Err(Problem::bad(format!(
                        "Invalid value for \"is\" search: '{odd}', valid values are [{valid}]"
                    )));
                }
            }
            (
                "firstSeen" | "first_seen" | "lastSeen" | "last_seen" | "age" | "timestamp",
                Test::In(values),
            ) => {
                if let Some(odd) = values.iter().find(|value| when(value).is_none()) {
                    return Err(not_a_time(odd));
                }
            }
            (
                "firstSeen" | "first_seen" | "lastSeen" | "last_seen" | "timestamp",
                Test::Compare(_, value),
            ) if moment(value).is_none() => {
                return Err(not_a_time(value));
            }
            ("timesSeen" | "times_seen", Test::Compare(_, value)) if value.parse::<f64>().is_err() => {
                return Err(Problem::bad(format!("{value} is not a valid number")));
            }
            ("is" | "age" | "issue.priority" | "issue.category", Test::Compare(..)) => {
                let key = &term.key;
                return Err(Problem::bad(format!("Invalid format for {key} search")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether an issue as a whole has what a condition asks for.
pub(super) fn issue_has(world: &World, issue: &Issue, term: &Term) -> bool {
    let (last, first) = (issue.events.first(), issue.events.last());
    let text = |have: &str| one_of(term, &[have.to_owned()]);
    let time = |at: Option<Timestamp>| at.is_some_and(|at| time_fits(world, at, &term.test));
    let fits = match term.key.as_str() {
        "is" => match &term.test {
            Test::In(states) => states.iter().any(|state| is(issue, state)),
            _ => true,
        },
        "firstSeen" | "first_seen" | "age" => time(first.map(|event| event.at)),
        "lastSeen" | "last_seen" => time(last.map(|event| event.at)),
        "timesSeen" | "times_seen" => number_fits(issue.events.len(), &term.test),
        "firstRelease" | "first_release" => {
            let release = first.map_or("", |event| event.release.as_str());
            text(release)
        }
        "issue.category" | "issue.type" => text("error"),
        "issue.priority" => text(issue.priority),
        "assigned" | "assigned_or_suggested" => text("none"),
        // Nobody has bookmarked or subscribed to anything.
        _ => false,
    };
    fits != term.negated
}

/// Whether an event has what a condition asks for.
pub(super) fn event_has(world: &World, issue: &Issue, event: &ErrorEvent, term: &Term) -> bool {
    let have = || match (term.key.as_str(), &event.user) {
        // People are counted by the best that is known of them, and found by anything.
        ("user", Some(user)) => fields::people(user),
        _ => fields::texts(world, issue, event, &term.key),
    };
    let fits = match &term.test {
        Test::Has => !have().is_empty(),
        Test::In(wanted) if term.key == "timestamp" => {
            wanted.iter().any(|value| in_time(world, event.at, value))
        }
        Test::In(_) if term.key == "message" => contains(issue, event, &term.test),
        Test::In(wanted) if term.key == "release" && wanted.iter().any(|value| value == "latest") => {
            let latest = world.releases.iter().find(|release| release.project == issue.project);
            latest.is_some_and(|latest| latest.version == event.release)
        }
        Test::In(_) => one_of(term, &have()),
        Test::Compare(comparison, value) if term.key == "timestamp" => {
            moment(value).is_some_and(|value| holds(*comparison, event.at.cmp(&value)))
        }
        Test::Compare(comparison, value) => have().iter().any(|have| match (have.parse(), value.parse()) {
            (Ok(have), Ok(value)) => holds(*comparison, f64::total_cmp(&have, &value)),
            _ => false,
        }),
        Test::Contains(_) => contains(issue, event, &term.test),
    };
    fits != term.negated
}

/// Whether a search holds of an event and its issue.
pub(super) fn fits(world: &World, issue: &Issue, event: &ErrorEvent, search: &Search) -> bool {
    search.holds(&|term| {
        if is_of_issue(term) { issue_has(world, issue, term) } else { event_has(world, issue, event, term) }
    })
}

/// A text in the title, the culprit or an exception's text, in any case of letters.
fn contains(issue: &Issue, event: &ErrorEvent, test: &Test) -> bool {
    let wanted: Vec<String> = match test {
        Test::Contains(text) => vec![text.to_lowercase()],
        Test::In(texts) => texts.iter().map(|text| text.to_lowercase()).collect(),
        _ => Vec::new(),
    };
    let raised = issue.raised.iter().flat_map(|raised| [raised.kind.as_str(), raised.value.as_str()]);
    let title = fields::title(issue, event).to_lowercase();
    let all = raised.chain([issue.culprit.as_str()]).map(str::to_lowercase).chain([title]);
    let all: Vec<String> = all.collect();
    wanted.iter().any(|wanted| {
        let wanted = wanted.trim_matches('*');
        all.iter().any(|have| have.contains(wanted))
    })
}

fn is(issue: &Issue, state: &str) -> bool {
    match state {
        "archived" | "muted" | "ignored" => issue.status == "ignored",
        "unassigned" | "unlinked" => true,
        "assigned" | "linked" => false,
        "for_review" => issue.status == "unresolved" && issue.substatus == Some("new"),
        "resolved" | "unresolved" => issue.status == state,
        other => issue.substatus == Some(other),
    }
}

/// Without wildcards a text must be the same, capitals included; with them it need only look alike. An empty one
/// means that there is none.
fn one_of(term: &Term, have: &[String]) -> bool {
    match &term.test {
        Test::In(wanted) => wanted.iter().any(|wanted| {
            if wanted.is_empty() {
                return have.iter().all(String::is_empty);
            }
            have.iter().any(|have| if wanted.contains('*') { alike(wanted, have) } else { wanted == have })
        }),
        Test::Has => have.iter().any(|have| !have.is_empty()),
        Test::Compare(..) | Test::Contains(_) => false,
    }
}

/// Whether a text follows a pattern in which `*` stands for anything.
fn alike(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(place) = rest.find(part) else { return false };
        rest = rest.get(place + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

fn time_fits(world: &World, at: Timestamp, test: &Test) -> bool {
    match test {
        Test::In(values) => values.iter().any(|value| in_time(world, at, value)),
        Test::Compare(comparison, value) => {
            moment(value).is_some_and(|value| holds(*comparison, at.cmp(&value)))
        }
        Test::Has => true,
        Test::Contains(_) => false,
    }
}

/// A time that a condition names.
enum When {
    /// `-24h`: since then.
    Since(SignedDuration),
    /// `+24h`: before then.
    Before(SignedDuration),
    /// A day or a moment.
    At(Timestamp),
}

fn when(value: &str) -> Option<When> {
    match (value.strip_prefix('-'), value.strip_prefix('+')) {
        (Some(ago), _) => duration(ago).map(When::Since),
        (_, Some(ago)) => duration(ago).map(When::Before),
        _ => moment(value).map(When::At),
    }
}

fn in_time(world: &World, at: Timestamp, value: &str) -> bool {
    match when(value) {
        Some(When::Since(ago)) => at >= world.now - ago,
        Some(When::Before(ago)) => at <= world.now - ago,
        // A day means all of it, a moment the minutes around it, as Sentry reads them.
        Some(When::At(day)) if value.len() == 10 => at >= day && at < day + SignedDuration::from_hours(24),
        Some(When::At(moment)) => at.duration_since(moment).abs() <= SignedDuration::from_mins(5),
        None => false,
    }
}

fn number_fits(have: usize, test: &Test) -> bool {
    match test {
        Test::In(values) => values.iter().any(|value| value.parse() == Ok(have)),
        Test::Compare(comparison, value) => {
            #[expect(clippy::cast_precision_loss, reason = "a number of events")]
            let have = have as f64;
            value.parse().is_ok_and(|value| holds(*comparison, f64::total_cmp(&have, &value)))
        }
        Test::Has => true,
        Test::Contains(_) => false,
    }
}

fn holds(comparison: Comparison, order: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
    }
}

fn not_a_time(value: &str) -> Problem {
    Problem::bad(format!(
        "Invalid date: {value}. Expected +/-duration (e.g. +1h) or ISO 8601-like (e.g. 2026-11-20)."
    ))
}
