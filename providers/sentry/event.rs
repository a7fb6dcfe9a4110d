//! One occurrence of an error, from Sentry's JSON to our words.
//!
//! Headers, cookies, bodies, queries, local variables and network addresses have no field here.

use super::breadcrumbs::Crumb;
use super::lenient::{each, soft, text};
use super::releases::Release;
use super::stack::{self, Raised, Thread, Trace};
use super::{breadcrumbs, context, is_plain};
use crate::words::{AffectedUser, ErrorEvent};
use crate::{Handle, HandleKind, Moment};
use prodview_guard::Foreign;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An event as the API sends it, in the fields that are used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Event {
    #[serde(rename = "eventID", deserialize_with = "text")]
    event_id: Option<String>,
    #[serde(deserialize_with = "text")]
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    title: Option<String>,
    #[serde(deserialize_with = "text")]
    message: Option<String>,
    #[serde(deserialize_with = "text")]
    date_created: Option<String>,
    #[serde(deserialize_with = "soft")]
    user: Option<User>,
    #[serde(deserialize_with = "each")]
    pub(super) tags: Vec<EventTag>,
    #[serde(deserialize_with = "soft")]
    contexts: Map<String, Value>,
    /// What the app attached as `extra`.
    #[serde(deserialize_with = "soft")]
    context: Map<String, Value>,
    #[serde(deserialize_with = "each")]
    entries: Vec<Entry>,
    #[serde(deserialize_with = "soft")]
    release: Option<Release>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    #[serde(deserialize_with = "text")]
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    email: Option<String>,
    #[serde(deserialize_with = "text")]
    username: Option<String>,
}

/// A tag of one event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventTag {
    #[serde(deserialize_with = "text")]
    pub(super) key: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) value: Option<String>,
}

/// A part of an event; what `data` holds depends on the type, and unknown types are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(rename = "type", deserialize_with = "text")]
    kind: Option<String>,
    data: Value,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Values<T> {
    #[serde(default, deserialize_with = "each")]
    values: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    #[serde(deserialize_with = "text")]
    method: Option<String>,
    #[serde(deserialize_with = "text")]
    url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    #[serde(deserialize_with = "text")]
    formatted: Option<String>,
    #[serde(deserialize_with = "text")]
    message: Option<String>,
}

impl Event {
    /// Whether it came with its parts: some look-ups send only the head of an event.
    pub(super) fn is_full(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Whether it happened to that person.
    pub(super) fn is_of(&self, who: &Handle) -> bool {
        let Some(user) = &self.user else { return false };
        match who.kind {
            HandleKind::Email => user.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(&who.id)),
            _ => user.id.as_deref() == Some(who.id.as_str()),
        }
    }

    /// In our words.
    pub(super) fn record(self) -> ErrorEvent {
        let exceptions = stack::exceptions(
            self.part::<Values<Raised>>("exception").map(|v| v.values).unwrap_or_default(),
            self.part::<Trace>("stacktrace"),
            self.part::<Values<Thread>>("threads").map(|v| v.values).unwrap_or_default(),
        );
        let crumbs = self.part::<Values<Crumb>>("breadcrumbs").map(|v| v.values).unwrap_or_default();
        let release = self.release.as_ref().and_then(Release::version).or_else(|| self.tag("release"));
        let message = self.message().filter(|m| {
            let said = |text: &str| text.contains(m.as_str());
            !self.title.as_deref().is_some_and(said)
                && !exceptions.iter().any(|e| e.value.as_ref().is_some_and(|v| said(v.as_str())))
        });
        let environment = self.tag("environment");
        let request = self.part::<Request>("request").and_then(Request::line);
        let ids = [&self.event_id, &self.id];
        ErrorEvent {
            id: ids
                .into_iter()
                .flatten()
                .find(|id| is_plain(id))
                .cloned()
                .unwrap_or_else(|| "unknown".to_owned()),
            at: self.date_created.as_deref().and_then(Moment::parse),
            message: message.map(|m| Foreign::capped(&m, 500)),
            exceptions,
            user: self.user.and_then(User::record),
            trace: context::trace(&self.contexts),
            context: context::flatten(&self.contexts, &self.context),
            breadcrumbs: breadcrumbs::last(crumbs),
            request,
            release,
            environment,
            tags: context::tags(&self.tags),
        }
    }

    /// The first part of that type, if it can be read.
    fn part<T: DeserializeOwned>(&self, kind: &str) -> Option<T> {
        let entry = self.entries.iter().find(|e| e.kind.as_deref() == Some(kind))?;
        T::deserialize(&entry.data).ok()
    }

    fn message(&self) -> Option<String> {
        let part = self.part::<Message>("message").and_then(|m| m.formatted.or(m.message));
        part.or_else(|| self.message.clone())
    }

    fn tag(&self, key: &str) -> Option<Foreign> {
        let tag = self.tags.iter().find(|t| t.key.as_deref() == Some(key))?;
        tag.value.as_deref().map(|v| Foreign::capped(v, 200))
    }
}

impl User {
    fn record(self) -> Option<AffectedUser> {
        let short = |text: Option<String>| text.map(|t| Foreign::capped(&t, 320));
        let user =
            AffectedUser { id: short(self.id), email: short(self.email), username: short(self.username) };
        (user != AffectedUser::default()).then_some(user)
    }
}

impl Request {
    fn line(self) -> Option<Foreign> {
        let url = without_query(&self.url?);
        Some(Foreign::capped(&format!("{} {url}", self.method.as_deref().unwrap_or("GET")), 300))
    }
}

/// An address without user, password, query and fragment, which carry tokens and personal data.
pub(super) fn without_query(address: &str) -> String {
    if let Ok(mut url) = url::Url::parse(address)
        && url.has_host()
    {
        url.set_query(None);
        url.set_fragment(None);
        // Only addresses that have no host refuse these.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        return url.to_string();
    }
    address.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
