//! One issue by itself: what is known of it, its tags, and the ids that lead to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields;
use super::group::{self, Seen};
use super::issues::put;
use super::paging::{Page, value, values};
use super::releases;
use super::reply::{Problem, Said};
use super::window::Window;
use crate::Shared;
use crate::gate::Ask;
use crate::world::{ErrorEvent, Issue, World};

/// By its number or its short id.
pub(super) fn find<'a>(world: &'a World, id: &str) -> Result<&'a Issue, Problem> {
    let mut issues = world.issues.iter();
    issues
        .find(|issue| issue.id == id || issue.short_id.eq_ignore_ascii_case(id))
        .ok_or_else(Problem::missing)
}

/// `O/issues/{id}/`.
pub(super) fn detail(shared: &Shared, ask: &Ask, id: &str) -> Said {
    let world = &shared.world;
    let issue = find(world, id)?;
    let window = Window::lifetime(world, ask);
    let events: Vec<&ErrorEvent> = window.events(issue).collect();
    let collapse = values(ask, "collapse");
    let has = |name: &str| !collapse.iter().any(|collapsed| collapsed == name);
    let mut row = group::base(world, issue);
    put(&mut row, Seen::of(events.iter().copied()).write());
    put(
        &mut row,
        json!({
            "activity": [{
                "id": "0", "type": "first_seen", "user": null, "data": { "priority": issue.priority },
                "dateCreated": issue.events.last().map(|event| event.at),
            }],
            "seenBy": [], "participants": [], "userReportCount": 0, "pluginActions": [], "pluginIssues": [],
            "pluginContexts": [],
        }),
    );
    if has("release") {
        let release = |event: Option<&ErrorEvent>| {
            let release = world
                .releases
                .iter()
                .find(|release| event.is_some_and(|event| event.release == release.version));
            release.map(|release| releases::written(world, release))
        };
        let (first, last) = (release(issue.events.last()), release(issue.events.first()));
        put(&mut row, json!({ "firstRelease": first, "lastRelease": last }));
    }
    if has("tags") {
        put(&mut row, json!({ "tags": keys(issue, &events) }));
    }
    if has("stats") {
        let day =
            group::counted(events.iter().copied(), "24h", group::hours_before(world.now, 24), world.now);
        let month =
            group::counted(events.iter().copied(), "30d", group::hours_before(world.now, 720), world.now);
        put(&mut row, json!({ "stats": { "24h": day.get("24h"), "30d": month.get("30d") } }));
    }
    Ok(Value::Object(row).into())
}

/// `O/shortids/{short id}/`.
pub(super) fn by_short_id(shared: &Shared, short_id: &str) -> Said {
    let world = &shared.world;
    let issue = world.issues.iter().find(|issue| issue.short_id.eq_ignore_ascii_case(short_id));
    let issue = issue.ok_or_else(Problem::missing)?;
    let mut row = group::base(world, issue);
    put(&mut row, Seen::of(issue.events.iter()).write());
    let organization = &world.company.sentry_org;
    Ok(json!({
        "organizationSlug": organization, "projectSlug": issue.project, "groupId": issue.id, "group": row,
        "shortId": issue.short_id,
    })
    .into())
}

/// `O/issues/{id}/tags/`: unpublished, but there.
pub(super) fn tags(shared: &Shared, ask: &Ask, id: &str) -> Said {
    let issue = find(&shared.world, id)?;
    let events: Vec<&ErrorEvent> = Window::lifetime(&shared.world, ask).events(issue).collect();
    let keys = all_tags(issue, &events).into_iter().map(|(key, counted)| tag_written(&key, &counted));
    Ok(Value::Array(keys.collect()).into())
}

/// `O/issues/{id}/tags/{key}/`.
pub(super) fn tag(shared: &Shared, ask: &Ask, id: &str, key: &str) -> Said {
    let issue = find(&shared.world, id)?;
    let events: Vec<&ErrorEvent> = Window::lifetime(&shared.world, ask).events(issue).collect();
    let counted = all_tags(issue, &events).remove(key).ok_or_else(Problem::missing)?;
    Ok(tag_written(key, &counted).into())
}

/// `O/issues/{id}/tags/{key}/values/`.
pub(super) fn tag_values(shared: &Shared, ask: &Ask, id: &str, key: &str) -> Said {
    let issue = find(&shared.world, id)?;
    let events: Vec<&ErrorEvent> = Window::lifetime(&shared.world, ask).events(issue).collect();
    let mut counted = all_tags(issue, &events).remove(key).unwrap_or_default();
    let by = value(ask, "sort").unwrap_or_default();
    // A minus makes no difference: the newest, the most are always first.
    match by.trim_start_matches('-') {
        "" | "id" | "date" => counted.sort_by_key(|value| std::cmp::Reverse(value.last)),
        "age" => counted.sort_by_key(|value| std::cmp::Reverse(value.first)),
        "count" => counted.sort_by_key(|value| std::cmp::Reverse(value.count)),
        other => return Err(Problem::bad(format!("Invalid sort: '{other}'"))),
    }
    let page = Page::read(ask)?;
    let rows: Vec<Value> = page.of(&counted).iter().map(|value| value.written(key)).collect();
    Ok(page.reply(shared, ask, Value::Array(rows), counted.len()))
}

/// One value of a tag.
struct TagValue {
    value: String,
    count: usize,
    first: Timestamp,
    last: Timestamp,
    /// For the key `user`: one who it is.
    user: Option<crate::world::Affected>,
}

impl TagValue {
    fn written(&self, key: &str) -> Value {
        let name = self.user.as_ref().and_then(|user| user.email.as_ref().or(user.name.as_ref()));
        let mut row = json!({
            "key": key, "name": name.unwrap_or(&self.value), "value": self.value, "count": self.count,
            "lastSeen": self.last, "firstSeen": self.first,
        });
        if let (Some(user), Value::Object(row)) = (&self.user, &mut row) {
            put(
                row,
                json!({
                    "id": user.id, "email": user.email, "username": null, "ipAddress": user.ip, "ip_address": user.ip,
                    "avatarUrl": null, "query": self.value.split_once(':').map(|(kind, value)| {
                        format!("user.{kind}:\"{value}\"")
                    }),
                }),
            );
        }
        row
    }
}

/// The tags of an issue's events; the values of each, the most frequent first.
fn all_tags(issue: &Issue, events: &[&ErrorEvent]) -> BTreeMap<String, Vec<TagValue>> {
    let mut all: BTreeMap<String, Vec<TagValue>> = BTreeMap::new();
    for event in events {
        for (key, value) in fields::tags(issue, event) {
            let user = (key == "user").then(|| event.user.clone()).flatten();
            let known = all.entry(key).or_default();
            match known.iter_mut().find(|known| known.value == value) {
                Some(known) => {
                    known.count += 1;
                    known.first = known.first.min(event.at);
                    known.last = known.last.max(event.at);
                }
                None => known.push(TagValue { value, count: 1, first: event.at, last: event.at, user }),
            }
        }
    }
    for values in all.values_mut() {
        values.sort_by_key(|value| std::cmp::Reverse(value.count));
    }
    all
}

fn tag_written(key: &str, counted: &[TagValue]) -> Value {
    let total: usize = counted.iter().map(|value| value.count).sum();
    let top: Vec<Value> = counted.iter().take(9).map(|value| value.written(key)).collect();
    json!({
        "key": key, "name": name(key), "uniqueValues": counted.len(), "totalValues": total, "topValues": top,
    })
}

fn keys(issue: &Issue, events: &[&ErrorEvent]) -> Vec<Value> {
    let keys = all_tags(issue, events).into_iter().map(|(key, counted)| {
        let total: usize = counted.iter().map(|value| value.count).sum();
        json!({ "key": key, "name": name(&key), "totalValues": total })
    });
    keys.collect()
}

/// `User` for `user`.
fn name(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
