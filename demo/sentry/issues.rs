//! The list of issues: searched, counted within the window, sorted, a page at a time.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::group::{self, Seen};
use super::matching;
use super::paging::{Page, value, values};
use super::reply::{Problem, Reply, Said};
use super::search::{self, Search};
use super::window::Window;
use crate::Shared;
use crate::gate::Ask;
use crate::world::{ErrorEvent, Issue, World};

/// What is searched for when nothing is said. An empty query is said: it finds everything.
const UNSAID: &str = "is:unresolved";

const SORTS: &[&str] = &["date", "new", "freq", "user", "trends", "inbox", "recommended"];

/// `O/issues/`.
pub(super) fn list(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let query = value(ask, "query").unwrap_or_else(|| UNSAID.into());
    let window = Window::read(world, ask)?;
    let period = value(ask, "groupStatsPeriod").unwrap_or_else(|| "24h".into());
    if !["", "24h", "14d", "auto"].contains(&period.as_str()) {
        return Err(Problem::bad("Invalid stats_period. Valid choices are '', '24h', '14d', and 'auto'"));
    }
    let view = View { world, ask, window: &window, search: None, period };
    if let Some(issue) = direct_hit(world, ask, &query) {
        let row = view.written(&Found { issue, seen: Seen::of(issue.events.iter()) });
        return Ok(Reply { body: json!([row]), headers: vec![("x-sentry-direct-hit", "1".into())] });
    }
    let page = Page::read_limit(ask)?;
    let search = search::read_flat(&query)?;
    matching::check(&search)?;
    let ids = values(ask, "group");
    let mut found: Vec<Found<'_>> = world
        .issues
        .iter()
        .filter(|issue| window.has_project(issue.project) && (ids.is_empty() || ids.contains(&issue.id)))
        .filter_map(|issue| find(world, &window, &search, issue))
        .collect();
    sort(&mut found, &query, value(ask, "sort").as_deref().unwrap_or("date"))?;
    let view = View { search: Some(&search), ..view };
    let rows: Vec<Value> = page.of(&found).iter().map(|found| view.written(found)).collect();
    let mut reply = page.reply(shared, ask, Value::Array(rows), found.len());
    reply.headers.push(("x-hits", found.len().to_string()));
    reply.headers.push(("x-max-hits", "1000".into()));
    Ok(reply)
}

struct Found<'a> {
    issue: &'a Issue,
    /// Within the window.
    seen: Seen,
}

/// An event's id finds its issue whatever the window; a short id does if the caller says that it may be one.
fn direct_hit<'a>(world: &'a World, ask: &Ask, query: &str) -> Option<&'a Issue> {
    let query = query.trim();
    let is_event = query.len() == 32 && query.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_event {
        return world.issues.iter().find(|issue| issue.events.iter().any(|event| event.id == query));
    }
    let may_be_short = value(ask, "shortIdLookup").is_some_and(|said| said == "1");
    let short = world.issues.iter().find(|issue| issue.short_id.eq_ignore_ascii_case(query));
    short.filter(|_| may_be_short)
}

/// An issue is found if the conditions on it hold, and those on events hold of one of them in the window.
fn find<'a>(world: &World, window: &Window, search: &Search, issue: &'a Issue) -> Option<Found<'a>> {
    let about_issue = search.terms().into_iter().filter(|term| matching::is_of_issue(term));
    let holds = about_issue.into_iter().all(|term| matching::issue_has(world, issue, term))
        && window.events(issue).any(|event| event_fits(world, issue, event, search));
    holds.then(|| Found { issue, seen: Seen::of(window.events(issue)) })
}

fn event_fits(world: &World, issue: &Issue, event: &ErrorEvent, search: &Search) -> bool {
    let about_events = search.terms().into_iter().filter(|term| !matching::is_of_issue(term));
    about_events.into_iter().all(|term| matching::event_has(world, issue, event, term))
}

fn sort(found: &mut [Found<'_>], query: &str, by: &str) -> Result<(), Problem> {
    if !SORTS.contains(&by) {
        let valid = SORTS.join(", ");
        return Err(Problem::bad(format!("Invalid sort: '{by}'. Must be one of: {valid}.")));
    }
    if by == "inbox" && !query.contains("is:for_review") {
        return Err(Problem::bad("Sort key 'inbox' only supported for inbox search"));
    }
    let first = |found: &Found<'_>| found.issue.events.last().map(|event| event.at);
    match by {
        "new" | "inbox" => found.sort_by_key(|found| std::cmp::Reverse(first(found))),
        "freq" | "trends" => {
            found.sort_by_key(|found| std::cmp::Reverse((found.seen.count, found.seen.last)))
        }
        "user" => found.sort_by_key(|found| std::cmp::Reverse((found.seen.people, found.seen.last))),
        _ => found.sort_by_key(|found| std::cmp::Reverse(found.seen.last)),
    }
    Ok(())
}

/// How the found ones are written.
struct View<'a> {
    world: &'a World,
    ask: &'a Ask,
    window: &'a Window,
    /// `None` if they were not searched for but named.
    search: Option<&'a Search>,
    /// By which parts of time events are counted; empty: nobody wants to know.
    period: String,
}

impl View<'_> {
    fn written(&self, found: &Found<'_>) -> Value {
        let issue = found.issue;
        let collapse = values(self.ask, "collapse");
        let has = |name: &str| !collapse.iter().any(|collapsed| collapsed == name);
        let mut row = group::base(self.world, issue);
        let first: Option<Timestamp> = issue.events.last().map(|event| event.at);
        put(&mut row, found.seen.write());
        put(
            &mut row,
            json!({ "firstSeen": first, "matchingEventId": null, "matchingEventEnvironment": null }),
        );
        if has("stats") && !self.period.is_empty() {
            put(&mut row, json!({ "stats": self.counted(self.window.events(issue)) }));
        }
        if has("lifetime") {
            let mut lifetime = Seen::of(issue.events.iter()).write();
            put_into(&mut lifetime, json!({ "stats": null }));
            put(&mut row, json!({ "lifetime": lifetime }));
        }
        if has("filtered") {
            put(&mut row, json!({ "filtered": self.filtered(issue) }));
        }
        if !has("unhandled") {
            row.remove("isUnhandled");
        }
        for expanded in values(self.ask, "expand") {
            put(&mut row, expand(&expanded, first));
        }
        Value::Object(row)
    }

    /// What remains of the window when the conditions on events are applied too; null if there are none.
    fn filtered(&self, issue: &Issue) -> Value {
        let narrows = |search: &&Search| search.terms().into_iter().any(|term| !matching::is_of_issue(term));
        let Some(search) = self.search.filter(narrows) else { return Value::Null };
        let fitting =
            || self.window.events(issue).filter(|event| event_fits(self.world, issue, event, search));
        let mut written = Seen::of(fitting()).write();
        put_into(&mut written, json!({ "stats": self.counted(fitting()) }));
        written
    }

    fn counted<'a>(&self, events: impl Iterator<Item = &'a ErrorEvent>) -> Value {
        let period = if self.period.is_empty() { "24h" } else { &self.period };
        group::counted(events, period, self.window.start, self.window.end)
    }
}

fn expand(name: &str, first: Option<Timestamp>) -> Value {
    match name {
        "inbox" => json!({ "inbox": { "reason": 0, "reason_details": null, "date_added": first } }),
        "owners" => json!({ "owners": { "type": "suspectCommit", "owner": "user:1", "date_added": first } }),
        "sessions" => json!({ "sessionCount": 0 }),
        "integrationIssues" => json!({ "integrationIssues": [] }),
        "sentryAppIssues" => json!({ "sentryAppIssues": [] }),
        "latestEventHasAttachments" => json!({ "latestEventHasAttachments": false }),
        _ => json!({}),
    }
}

/// Adds the keys of an object, over those that are there.
pub(super) fn put(row: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        row.extend(more);
    }
}

fn put_into(row: &mut Value, more: Value) {
    if let Value::Object(row) = row {
        put(row, more);
    }
}
