//! What declared tools ask of Sentry: a GET of its table, within the configured organisation and projects.

use super::page::{Next, next};
use super::{ISSUE, Sentry};
use crate::reads::{More, ReadAsk, ReadBody, Reads, filled, iso_decimals, slots};
use async_trait::async_trait;
use prodview_guard::{Ask, Failure, Refused, Segment};
use serde::Deserialize;
use serde_json::Value;

/// Lists of the organisation that can be narrowed to projects by `project`.
const NARROWED: [&str; 5] = ["issues", "releases", "events", "replays", "monitors"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Issue {
    project: Project,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Project {
    slug: Option<String>,
}

#[async_trait]
impl Reads for Sentry {
    /// One request. With `projects` configured, one more to see whose issue it is, or up to five that look up the
    /// projects' ids.
    async fn read(&self, ask: &ReadAsk) -> Result<ReadBody, Failure> {
        let full = filled(ask, |slot| self.own(slot))?;
        let full = self.within_projects(ask, full).await?;
        let reply = self.wire.read::<Value>(full).await?;
        let more = match next(&reply) {
            Next::End => More::End,
            Next::Cursor(cursor) => More::Cursor(cursor),
            Next::Unreadable => More::Unreachable,
        };
        Ok(ReadBody { more, body: reply.body, age: reply.age })
    }

    fn decimals(&self, currency: &str) -> u32 {
        iso_decimals(currency)
    }
}

impl Sentry {
    fn own(&self, slot: &str) -> Result<Segment, Refused> {
        match (slot, self.scope.slugs()) {
            ("organization_id_or_slug", _) => Ok(self.org.clone()),
            (_, [only]) => Segment::new(only),
            _ => Err(Refused::because(
                "that path needs one project: give this source `projects = [\"…\"]` with just that one",
            )),
        }
    }

    /// Keeps a question within `projects`. What cannot be kept there is refused.
    async fn within_projects(&self, ask: &ReadAsk, full: Ask) -> Result<Ask, Failure> {
        let template = ask.route.template();
        if is_narrowed(template) {
            return Ok(self.projects(None).await?.narrow(full));
        }
        let of_project = slots(template).any(|slot| slot == "project_id_or_slug");
        if self.scope.slugs().is_empty() || of_project {
            return Ok(full);
        }
        let issue =
            slots(template).position(|slot| slot == "issue_id").and_then(|at| ask.slots.get(at)?.clone());
        let Some(issue) = issue else {
            return Err(Refused::because(
                "this source is restricted to `projects`, and that path cannot be kept within them",
            )
            .into());
        };
        let whose = self.wire.read::<Issue>(self.ask(ISSUE).segment(issue)).await?.body.project.slug;
        if self.scope.permits(whose.as_deref()) { Ok(full) } else { Err(self.scope.outside()) }
    }
}

/// Whether it is a list of the organisation's that takes `project`.
fn is_narrowed(template: &str) -> bool {
    let below = template.strip_prefix("/api/0/organizations/{organization_id_or_slug}/");
    below.is_some_and(|below| NARROWED.contains(&below.trim_end_matches('/')))
}
