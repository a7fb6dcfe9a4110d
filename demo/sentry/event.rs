//! An event, as Sentry writes it: whole, or as a line of a list.

use serde_json::{Map, Value, json};

use super::fields::{self, platform};
use super::group::metadata;
use super::releases;
use crate::world::{Affected, Crumb, Dice, ErrorEvent, Frame, Issue, Raised, WebRequest, World};

/// The whole event, with the ids of its neighbours among the issue's events.
pub(super) fn whole(world: &World, issue: &Issue, event: &ErrorEvent) -> Value {
    let mut row = common(world, issue, event);
    let place = issue.events.iter().position(|other| other.id == event.id).unwrap_or_default();
    let neighbour =
        |place: Option<usize>| place.and_then(|place| issue.events.get(place)).map(|event| &event.id);
    let release = world.releases.iter().find(|release| release.version == event.release);
    let server = project_platform(world, issue) == "node";
    let sdk = if server { "sentry.javascript.node" } else { "sentry.javascript.nextjs" };
    let more = json!({
        "dateReceived": event.at, "contexts": contexts(event, server), "size": 9_000 + event.crumbs.len() * 300,
        "entries": entries(issue, event), "dist": null, "sdk": { "name": sdk, "version": "10.24.0" },
        "context": event.extra, "packages": {}, "type": "error", "errors": [], "occurrence": null, "_meta": meta(),
        "fingerprints": [Dice::new(0, &issue.id).hex(32)],
        "groupingConfig": { "id": "newstyle:2026-01-20", "enhancements": "" },
        "release": release.map(|release| releases::written(world, release)), "userReport": null, "sdkUpdates": [],
        "resolvedWith": [],
        // Newest first: the one before in time comes after in the list.
        "previousEventID": neighbour(Some(place + 1)), "nextEventID": neighbour(place.checked_sub(1)),
    });
    super::issues::put(&mut row, more);
    Value::Object(row)
}

/// A line of an issue's list of events; `full` adds what happened.
pub(super) fn line(world: &World, issue: &Issue, event: &ErrorEvent, full: bool) -> Value {
    let mut row = common(world, issue, event);
    super::issues::put(&mut row, json!({ "event.type": "error" }));
    if full {
        let server = project_platform(world, issue) == "node";
        super::issues::put(
            &mut row,
            json!({
                "type": "error", "entries": entries(issue, event), "contexts": contexts(event, server),
                "context": event.extra, "errors": [], "dateReceived": event.at, "dist": null, "packages": {},
                "_meta": meta(),
            }),
        );
    }
    Value::Object(row)
}

fn common(world: &World, issue: &Issue, event: &ErrorEvent) -> Map<String, Value> {
    let project = world.projects.iter().find(|project| project.slug == issue.project);
    let tags =
        fields::tags(issue, event).into_iter().map(|(key, value)| json!({ "key": key, "value": value }));
    let written = json!({
        "id": event.id, "eventID": event.id, "groupID": issue.id,
        "projectID": project.map_or("", |project| &project.id),
        // An exception has no message: its text is in the title.
        "message": "", "title": fields::title(issue, event), "location": location(issue), "culprit": issue.culprit,
        "user": event.user.as_ref().map(user), "tags": tags.collect::<Vec<_>>(),
        "platform": platform(project_platform(world, issue)), "dateCreated": event.at, "crashFile": null,
        "metadata": metadata(issue, Some(event)),
    });
    match written {
        Value::Object(written) => written,
        _ => Map::new(),
    }
}

fn project_platform(world: &World, issue: &Issue) -> &'static str {
    let project = world.projects.iter().find(|project| project.slug == issue.project);
    project.map_or("other", |project| project.platform)
}

fn location(issue: &Issue) -> Option<&'static str> {
    let frames = issue.raised.last().map(|raised| &raised.frames)?;
    frames.iter().rev().find(|frame| frame.in_app).map(|frame| frame.file)
}

fn user(user: &Affected) -> Value {
    json!({
        "id": user.id, "email": user.email, "username": null, "ip_address": user.ip, "name": user.name,
        "geo": null, "data": null,
    })
}

fn contexts(event: &ErrorEvent, server: bool) -> Value {
    let span = Dice::new(0, &event.id).hex(16);
    let trace = json!({ "trace_id": event.trace_id, "span_id": span, "status": "unknown", "type": "trace" });
    if server {
        json!({ "trace": trace, "runtime": { "name": "node", "version": "v22.21.1", "type": "runtime" } })
    } else {
        json!({ "trace": trace, "browser": { "name": "Firefox", "version": "145.0", "type": "browser" } })
    }
}

/// What was scrubbed: nothing of note.
fn meta() -> Value {
    json!({
        "entries": {}, "message": null, "user": null, "contexts": null, "sdk": null, "context": null,
        "packages": null, "tags": {},
    })
}

fn entries(issue: &Issue, event: &ErrorEvent) -> Vec<Value> {
    let mut entries = vec![exception(issue, event)];
    if !event.crumbs.is_empty() {
        let crumbs: Vec<Value> = event.crumbs.iter().map(crumb).collect();
        entries.push(json!({ "type": "breadcrumbs", "data": { "values": crumbs } }));
    }
    entries.extend(event.request.as_ref().map(request));
    entries
}

/// The chain of exceptions, the cause first; the last is the one that was caught at the top.
fn exception(issue: &Issue, event: &ErrorEvent) -> Value {
    let last = issue.raised.len().saturating_sub(1);
    let values = issue.raised.iter().enumerate().map(|(place, raised)| {
        let own = event.value.as_ref().filter(|_| place == last);
        let mechanism = if place == last {
            let kind = if issue.handled { "generic" } else { "onunhandledrejection" };
            json!({ "type": kind, "handled": issue.handled })
        } else {
            json!({ "type": "chained", "handled": issue.handled, "source": "cause", "exception_id": last - place })
        };
        json!({
            "type": raised.kind, "value": own.unwrap_or(&raised.value), "mechanism": mechanism, "threadId": null,
            "module": null, "stacktrace": stacktrace(raised), "rawStacktrace": null,
        })
    });
    let values: Vec<Value> = values.collect();
    json!({ "type": "exception", "data": { "values": values, "excOmitted": null, "hasSystemFrames": true } })
}

/// Oldest call first; null where nothing is known.
fn stacktrace(raised: &Raised) -> Value {
    if raised.frames.is_empty() {
        return Value::Null;
    }
    let frames: Vec<Value> = raised.frames.iter().map(frame).collect();
    let system = raised.frames.iter().any(|frame| !frame.in_app);
    json!({ "frames": frames, "framesOmitted": null, "registers": null, "hasSystemFrames": system })
}

fn frame(frame: &Frame) -> Value {
    let module = frame.file.trim_start_matches("./");
    let module = module.rsplit_once('.').map_or(module, |(module, _)| module);
    json!({
        "filename": frame.file, "absPath": format!("webpack:///{}", frame.file), "module": module, "package": null,
        "platform": null, "instructionAddr": null, "symbolAddr": null, "function": frame.function,
        "rawFunction": null, "symbol": null, "context": [[frame.line, frame.text]], "lineNo": frame.line, "colNo": 9,
        "inApp": frame.in_app, "trust": null, "errors": null, "lock": null, "sourceLink": null, "vars": null,
    })
}

fn crumb(crumb: &Crumb) -> Value {
    json!({
        "type": crumb.kind, "timestamp": crumb.at, "level": crumb.level, "message": crumb.message,
        "category": crumb.category, "data": crumb.data, "event_id": null,
    })
}

/// Headers and the query are lists of pairs.
fn request(request: &WebRequest) -> Value {
    let (url, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let query =
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| json!([name, value]));
    let headers = request.headers.iter().map(|(name, value)| json!([name, value]));
    json!({
        "type": "request",
        "data": {
            "fragment": null, "cookies": [], "inferredContentType": null, "env": null, "apiTarget": null,
            "method": request.method, "url": url, "query": query.collect::<Vec<_>>(), "data": null,
            "headers": headers.collect::<Vec<_>>(),
        },
    })
}
