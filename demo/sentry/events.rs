//! The events of an issue, one of them, and the issue of an event.

use serde_json::{Value, json};

use super::paging::{Page, value};
use super::reply::{Problem, Said};
use super::search::{self, Search};
use super::window::Window;
use super::{event, issue, matching};
use crate::Shared;
use crate::gate::Ask;
use crate::world::ErrorEvent;

use axum::http::StatusCode;

/// `O/issues/{id}/events/`: newest first.
pub(super) fn list(shared: &Shared, ask: &Ask, id: &str) -> Said {
    let world = &shared.world;
    let issue = issue::find(world, id)?;
    let (window, search, page) = (Window::read(world, ask)?, query(ask)?, Page::read(ask)?);
    let events: Vec<&ErrorEvent> =
        window.events(issue).filter(|event| matching::fits(world, issue, event, &search)).collect();
    let full = value(ask, "full").is_some_and(|full| full == "1" || full == "true");
    let rows: Vec<Value> =
        page.of(&events).iter().map(|event| event::line(world, issue, event, full)).collect();
    Ok(page.reply(shared, ask, Value::Array(rows), events.len()))
}

/// `O/issues/{id}/events/{event}/`: by its id, or `latest`, `oldest`, `recommended` of those that fit.
pub(super) fn one(shared: &Shared, ask: &Ask, id: &str, wanted: &str) -> Said {
    let world = &shared.world;
    let issue = issue::find(world, id)?;
    let not_found = |detail: &str| Problem::new(StatusCode::NOT_FOUND, detail);
    let found = match wanted {
        "latest" | "oldest" | "recommended" => {
            let (window, search) = (Window::read(world, ask)?, query(ask)?);
            let mut fitting =
                window.events(issue).filter(|event| matching::fits(world, issue, event, &search));
            let found = if wanted == "oldest" { fitting.last() } else { fitting.next() };
            found.ok_or_else(|| not_found("No matching event"))?
        }
        wanted if wanted.len() == 32 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let found = issue.events.iter().find(|event| event.id.eq_ignore_ascii_case(wanted));
            found.ok_or_else(|| {
                not_found(
                    "Event not found. The event ID may be incorrect, or it's age exceeded the retention period.",
                )
            })?
        }
        _ => return Err(Problem::missing()),
    };
    Ok(event::whole(world, issue, found).into())
}

/// `O/eventids/{event}/`.
pub(super) fn by_id(shared: &Shared, wanted: &str) -> Said {
    let world = &shared.world;
    let all = world.issues.iter().flat_map(|issue| issue.events.iter().map(move |event| (issue, event)));
    let mut all = all.filter(|(_, event)| event.id.eq_ignore_ascii_case(wanted));
    let (issue, event) = all.next().ok_or_else(Problem::missing)?;
    Ok(json!({
        "organizationSlug": world.company.sentry_org, "projectSlug": issue.project, "groupId": issue.id,
        "eventId": event.id, "event": event::whole(world, issue, event),
    })
    .into())
}

fn query(ask: &Ask) -> Result<Search, Problem> {
    let search = search::read_flat(&value(ask, "query").unwrap_or_default())?;
    matching::check(&search)?;
    Ok(search)
}
