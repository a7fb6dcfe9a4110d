//! An issue, as Sentry writes it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::fields::{person, platform};
use crate::world::{ErrorEvent, Issue, World};

/// How often, and how many people, among some events.
pub(super) struct Seen {
    pub(super) count: usize,
    pub(super) people: usize,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
}

impl Seen {
    pub(super) fn of<'a>(events: impl Iterator<Item = &'a ErrorEvent>) -> Seen {
        let (mut people, mut seen) = (BTreeSet::new(), Seen { count: 0, people: 0, first: None, last: None });
        for event in events {
            seen.count += 1;
            people.extend(event.user.as_ref().and_then(person));
            seen.first = seen.first.map_or(Some(event.at), |first| Some(first.min(event.at)));
            seen.last = seen.last.max(Some(event.at));
        }
        Seen { people: people.len(), ..seen }
    }

    /// The four keys that always stand together. The number of events is a text, that of people is not.
    pub(super) fn write(&self) -> Value {
        json!({
            "count": self.count.to_string(), "userCount": self.people, "firstSeen": self.first, "lastSeen": self.last,
        })
    }
}

/// Where people look at an issue.
pub(super) fn permalink(world: &World, issue: &Issue) -> String {
    format!("https://{}.sentry.io/issues/{}/", world.company.sentry_org, issue.id)
}

/// What is the same wherever an issue is written.
pub(super) fn base(world: &World, issue: &Issue) -> Map<String, Value> {
    let project = world.projects.iter().find(|project| project.slug == issue.project);
    let whole = project.map_or("other", |project| project.platform);
    let project = json!({
        "id": project.map_or("", |project| &project.id), "name": project.map_or("", |project| project.name),
        "slug": issue.project, "platform": whole,
    });
    let written = json!({
        "id": issue.id, "shareId": null, "shortId": issue.short_id, "title": issue.title(), "culprit": issue.culprit,
        "permalink": permalink(world, issue), "logger": null, "level": issue.level, "status": issue.status,
        "statusDetails": {}, "substatus": issue.substatus, "isPublic": false, "platform": platform(whole),
        "priority": issue.priority, "priorityLockedAt": null, "seerFixabilityScore": null,
        "seerAutofixLastTriggered": null, "seerExplorerAutofixLastTriggered": null, "project": project,
        "type": "error", "issueType": "error", "issueCategory": "error", "metadata": metadata(issue, None),
        "numComments": 0, "assignedTo": null, "isBookmarked": false, "isSubscribed": false,
        "subscriptionDetails": null, "hasSeen": false, "annotations": [], "isUnhandled": !issue.handled,
        "derivedData": {
            "blocker": "none", "progress": "new", "status": issue.status, "viewCount": 0, "hasOpenFixPr": false,
            "isAssigned": false, "hasRootCause": false, "lastCompletedAutofixStep": "none", "lastProgressedAt": null,
        },
    });
    match written {
        Value::Object(written) => written,
        _ => Map::new(),
    }
}

/// What a title is made of, and where it happened.
pub(super) fn metadata(issue: &Issue, event: Option<&ErrorEvent>) -> Value {
    let Some(raised) = issue.raised.last() else { return json!({ "title": issue.title() }) };
    let value = event.and_then(|event| event.value.as_ref()).unwrap_or(&raised.value);
    let mut metadata = json!({ "type": raised.kind, "value": value, "in_app_frame_mix": "mixed" });
    let own = raised.frames.iter().rev().find(|frame| frame.in_app).or(raised.frames.last());
    if let (Some(frame), Value::Object(metadata)) = (own, &mut metadata) {
        metadata.insert("filename".into(), frame.file.into());
        metadata.insert("function".into(), frame.function.into());
    }
    metadata
}

/// Events counted by the hour (`24h`), by the day (`14d`, `30d`), or in 24 parts of the window (`auto`).
pub(super) fn counted<'a>(
    events: impl Iterator<Item = &'a ErrorEvent>,
    period: &str,
    start: Timestamp,
    end: Timestamp,
) -> Value {
    let (parts, length_s) = match period {
        "14d" => (14, 86_400),
        "30d" => (30, 86_400),
        "auto" => (24, ((end.as_second() - start.as_second()) / 24).max(1)),
        _ => (24, 3_600),
    };
    // The last part is the one that is not over yet.
    let begin = end.as_second().div_euclid(length_s) * length_s - (parts - 1) * length_s;
    let mut counts = vec![0_u64; usize::try_from(parts).unwrap_or_default()];
    for event in events {
        let place = usize::try_from((event.at.as_second() - begin).div_euclid(length_s)).ok();
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    let counted = counts.iter().zip(0_i64..).map(|(count, part)| json!([begin + part * length_s, count]));
    json!({ period: counted.collect::<Vec<_>>() })
}

/// The hours before a moment.
pub(super) fn hours_before(end: Timestamp, hours: i64) -> Timestamp {
    end - SignedDuration::from_hours(hours)
}
