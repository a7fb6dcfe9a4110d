//! The company's Sentry: `/api/0/`, as the hosted one (2026-08) speaks it, or an older one of one's own.

mod admittance;
mod alerts;
mod event;
mod events;
mod explore;
mod fields;
mod group;
mod issue;
mod issues;
mod matching;
mod organization;
mod paging;
mod releases;
mod reply;
mod search;
mod window;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use crate::gate::{Ask, Voice};
use crate::record::Verdict;
use crate::{Service, Shared};

use admittance::permit;
use reply::{Problem, Said};

pub(crate) struct Sentry;

impl Voice for Sentry {
    const SERVICE: Service = Service::Sentry;

    fn router(shared: Arc<Shared>) -> Router {
        Router::new().fallback(async move |Extension(ask): Extension<Ask>| answer(&shared, &ask))
    }

    fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response> {
        admittance::turn_away(shared, ask)
    }

    fn judge(_shared: &Shared, ask: &Ask) -> Verdict {
        if !ask.is_get() {
            return Verdict::Refused("it is not a GET");
        }
        let segments = ask.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["api", "0", "organizations", _, "members", _] => {
                Verdict::Refused("it discloses the link with which anyone could join")
            }
            ["api", "0", "organizations", _, "integrations" | "forwarding", ..] => {
                Verdict::Refused("it discloses the keys of other services")
            }
            ["api", "0", "organizations", _, "preprodartifacts", "snapshots", ..]
            | ["api", "0", "organizations", _, "preprodartifacts", _, "install-details"] => {
                Verdict::Refused("it makes and discloses download links")
            }
            ["api", "0", "organizations", _, "issues", _, "integrations", ..] => {
                Verdict::Refused("it makes Sentry call another service")
            }
            _ => Verdict::Read,
        }
    }

    fn failure(_ask: &Ask, status: StatusCode, message: &str) -> Response {
        let mut response = reply::failure(status, message);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
        }
        response
    }
}

fn answer(shared: &Shared, ask: &Ask) -> Response {
    if !ask.path().ends_with('/') {
        return with_slash(ask);
    }
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let company = &shared.world.company;
    let is_ours = |name: &str| name == company.sentry_org || name == company.sentry_org_id;
    let said = match segments.as_slice() {
        ["api", "0"] => Some(organization::root(shared)),
        ["api", "0", "users", "me", "regions"] if !shared.is_older(Service::Sentry) => {
            Some(organization::regions(shared))
        }
        ["api", "0", "organizations", name, rest @ ..] => {
            if is_ours(name) {
                of_organization(shared, ask, rest)
            } else {
                Some(Err(Problem::missing()))
            }
        }
        ["api", "0", "projects", name, project, "rules"] if is_ours(name) => Some(
            permit(shared, &["alerts", "project"]).and_then(|()| alerts::project_rules(shared, ask, project)),
        ),
        // The older form, without the organisation.
        ["api", "0", "issues", rest @ ..] if !rest.is_empty() => of_issues(shared, ask, rest),
        _ => None,
    };
    match said {
        Some(said) => said.map_or_else(IntoResponse::into_response, IntoResponse::into_response),
        None => no_route(),
    }
}

/// `None`: there is no such route.
fn of_organization(shared: &Shared, ask: &Ask, rest: &[&str]) -> Option<Said> {
    let older = shared.is_older(Service::Sentry);
    let with = |kinds: &[&str], said: &dyn Fn() -> Said| permit(shared, kinds).and_then(|()| said());
    Some(match rest {
        [] => with(&["org"], &|| organization::detail(shared)),
        ["projects"] => with(&["org", "project"], &|| organization::projects(shared, ask)),
        ["environments"] => with(&["org"], &|| organization::environments(shared, ask)),
        ["members"] => with(&["member"], &|| organization::members(shared, ask)),
        ["issues", rest @ ..] => return of_issues(shared, ask, rest),
        ["shortids", short_id] => with(&["event"], &|| issue::by_short_id(shared, short_id)),
        ["eventids", event] => with(&["org"], &|| events::by_id(shared, event)),
        ["events"] => with(&["org"], &|| explore::table(shared, ask)),
        ["releases"] => with(&["project"], &|| releases::list(shared, ask)),
        ["releases", version] => with(&["project"], &|| releases::detail(shared, version)),
        ["releases", version, "deploys"] => with(&["project"], &|| releases::deploys(shared, ask, version)),
        ["releases", version, "commits"] => with(&["project"], &|| releases::commits(shared, ask, version)),
        ["workflows"] if !older => with(&["alerts", "org"], &|| alerts::workflows(shared, ask)),
        ["detectors"] if !older => with(&["alerts", "org"], &|| alerts::detectors(shared, ask)),
        ["alert-rules"] => with(&["alerts", "org"], &|| alerts::alert_rules(shared, ask)),
        ["combined-rules"] => with(&["alerts", "org"], &|| alerts::combined_rules(shared, ask)),
        _ => return None,
    })
}

fn of_issues(shared: &Shared, ask: &Ask, rest: &[&str]) -> Option<Said> {
    let said = || {
        Some(match rest {
            [] => issues::list(shared, ask),
            [id] => issue::detail(shared, ask, id),
            [id, "events"] => events::list(shared, ask, id),
            [id, "events", event] => events::one(shared, ask, id, event),
            [id, "tags"] => issue::tags(shared, ask, id),
            [id, "tags", key] => issue::tag(shared, ask, id, key),
            [id, "tags", key, "values"] => issue::tag_values(shared, ask, id, key),
            _ => return None,
        })
    };
    match permit(shared, &["event"]) {
        Ok(()) => said(),
        Err(problem) => Some(Err(problem)),
    }
}

/// Every path ends in a slash; whoever forgets it is sent there.
fn with_slash(ask: &Ask) -> Response {
    let query = ask.uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("{}/{query}", ask.path())) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// What Sentry says of a path that no route fits: not JSON, and nothing in it.
fn no_route() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

#[cfg(test)]
mod tests;
