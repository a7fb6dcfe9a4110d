//! What an event says under each of the names that searches, tags and Explore know.

use crate::world::{Affected, ErrorEvent, Issue, World};

/// What an event is called: its own text where it differs from the issue's.
pub(super) fn title(issue: &Issue, event: &ErrorEvent) -> String {
    match (&event.value, issue.raised.last()) {
        (Some(value), Some(raised)) => format!("{}: {value}", raised.kind),
        _ => issue.title(),
    }
}

/// The tag by which Sentry counts people: the best of what is known of them.
pub(super) fn person(user: &Affected) -> Option<String> {
    people(user).into_iter().next()
}

/// Everything that a person can be found by, the best first.
pub(super) fn people(user: &Affected) -> Vec<String> {
    let known = [("id", &user.id), ("email", &user.email), ("ip", &user.ip)];
    known
        .into_iter()
        .filter_map(|(kind, value)| value.as_ref().map(|value| format!("{kind}:{value}")))
        .collect()
}

/// An event's tags, by key.
pub(super) fn tags(issue: &Issue, event: &ErrorEvent) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = [
        ("environment", event.environment.to_owned()),
        ("handled", if issue.handled { "yes" } else { "no" }.to_owned()),
        ("level", issue.level.to_owned()),
        ("mechanism", if issue.handled { "generic" } else { "onunhandledrejection" }.to_owned()),
        ("release", event.release.clone()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    if let Some(request) = &event.request {
        tags.push(("url".into(), request.url.clone()));
    }
    if let Some(user) = event.user.as_ref().and_then(person) {
        tags.push(("user".into(), user));
    }
    tags.extend(event.tags.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    tags.sort();
    tags.dedup_by(|a, b| a.0 == b.0);
    tags
}

/// What an event has under a name: nothing, one text, or one for each exception.
pub(super) fn texts(world: &World, issue: &Issue, event: &ErrorEvent, name: &str) -> Vec<String> {
    let user = event.user.as_ref();
    let of_user =
        |get: fn(&Affected) -> &Option<String>| user.and_then(|user| get(user).clone()).into_iter().collect();
    let project = world.projects.iter().find(|project| project.slug == issue.project);
    let one = |text: &str| vec![text.to_owned()];
    let raised = |get: fn(&crate::world::Raised) -> &String| issue.raised.iter().map(get).cloned().collect();
    let frames = issue.raised.last().map_or(&[][..], |raised| &raised.frames);
    match name {
        "id" | "event_id" => one(&event.id),
        "issue" => one(&issue.short_id),
        "issue.id" | "group_id" => one(&issue.id),
        "title" => vec![title(issue, event)],
        "message" => vec![title(issue, event)],
        "culprit" | "transaction" => one(&issue.culprit),
        "timestamp" => vec![event.at.to_string()],
        "level" => one(issue.level),
        "environment" => one(event.environment),
        "release" => one(&event.release),
        "trace" => one(&event.trace_id),
        "event.type" | "type" => one("error"),
        "platform" | "platform.name" => {
            project.map_or_else(Vec::new, |project| one(platform(project.platform)))
        }
        "project" | "project.name" | "project_name" => one(issue.project),
        "project.id" | "project_id" => project.map_or_else(Vec::new, |project| one(&project.id)),
        "user" => user.and_then(person).into_iter().collect(),
        "user.display" => {
            let display =
                user.and_then(|user| user.email.as_ref().or(user.name.as_ref()).or(user.id.as_ref()));
            display.or(user.and_then(|user| user.ip.as_ref())).cloned().into_iter().collect()
        }
        "user.id" => of_user(|user| &user.id),
        "user.email" => of_user(|user| &user.email),
        "user.name" => of_user(|user| &user.name),
        "user.ip" => of_user(|user| &user.ip),
        "error.type" => raised(|raised| &raised.kind),
        "error.value" => {
            let mut values: Vec<String> = raised(|raised| &raised.value);
            if let (Some(last), Some(value)) = (values.last_mut(), &event.value) {
                last.clone_from(value);
            }
            values
        }
        "error.handled" => vec![if issue.handled { "1" } else { "0" }.into()],
        "error.unhandled" => vec![if issue.handled { "0" } else { "1" }.into()],
        "http.method" => event.request.iter().map(|request| request.method.to_owned()).collect(),
        "url" | "http.url" => event.request.iter().map(|request| request.url.clone()).collect(),
        "stack.filename" => frames.iter().map(|frame| frame.file.to_owned()).collect(),
        "stack.function" => frames.iter().map(|frame| frame.function.to_owned()).collect(),
        other => {
            let key = other.strip_prefix("tags[").and_then(|key| key.strip_suffix(']')).unwrap_or(other);
            let key = key.split(',').next().unwrap_or_default().trim();
            tags(issue, event).into_iter().filter(|(tag, _)| tag == key).map(|(_, value)| value).collect()
        }
    }
}

/// The language of a platform such as `javascript-nextjs`.
pub(super) fn platform(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}
