//! The company's Convex: the deployment API, as the open-source back end (2026-08) and the hosted one speak it.

mod admittance;
mod answer;
mod app;
mod arguments;
mod call;
mod clauses;
mod deployment;
mod documents;
mod environment;
mod logs;
mod order;
mod schema;
mod system;

use std::sync::Arc;

use axum::http::header::ALLOW;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::{Extension, Router};

use crate::gate::{Ask, Voice};
use crate::record::Verdict;
use crate::{Service, Shared};

pub(crate) use admittance::restricted_key;
use answer::{Said, Wrong};

/// Why a call of a mutation is not a read; the answer to it says what the real back end says.
const RUNS_A_MUTATION: &str = "it asks for a mutation to be run";
/// Why a call of an action is not a read.
const RUNS_AN_ACTION: &str = "it asks for an action to be run";

pub(crate) struct Convex;

impl Voice for Convex {
    const SERVICE: Service = Service::Convex;

    fn router(shared: Arc<Shared>) -> Router {
        Router::new().fallback(async move |Extension(ask): Extension<Ask>| {
            let said = answer(&shared, &ask).await;
            said.unwrap_or_else(|wrong| wrong.response(&ask, shared.is_older(Service::Convex)))
        })
    }

    fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response> {
        admittance::turn_away(shared, ask)
    }

    fn judge(shared: &Shared, ask: &Ask) -> Verdict {
        judge(shared, ask)
    }

    fn failure(ask: &Ask, status: StatusCode, message: &str) -> Response {
        let run = match message {
            RUNS_A_MUTATION => Some("Mutation"),
            RUNS_AN_ACTION => Some("Action"),
            _ => None,
        };
        if let Some(kind) = run {
            let path = call::refused_path(ask);
            let told = format!("Trying to execute {path} as Query, but it is defined as {kind}.");
            return Wrong::Function(told).response(ask, false);
        }
        let mut response = answer::failure(status, message);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }
}

fn judge(shared: &Shared, ask: &Ask) -> Verdict {
    if admittance::acts_as_a_user(ask) {
        return Verdict::Refused("it acts as a user of the application");
    }
    if ask.pairs().iter().any(|(name, _)| name == "adminKey") {
        return Verdict::Refused("it puts the key into the address, where logs keep it");
    }
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (ask.is_get(), segments.as_slice()) {
        (_, ["api", "query"]) | (false, ["api", "query_at_ts" | "query_batch"]) => call::judge(shared, ask),
        (false, ["api", "query_ts"]) => Verdict::Read,
        (true, ["api", "export", ..]) => Verdict::Refused("it downloads the whole database"),
        (true, ["api", "v1", "list_environment_variables" | "get_log_stream" | "list_log_streams", ..]) => {
            Verdict::Refused("it discloses secrets")
        }
        (true, ["api", .., "sync"]) => Verdict::Refused("it opens a connection that can write"),
        (true, ["api", "run" | "mutation" | "action" | "function", ..]) => {
            Verdict::Refused("it runs a function of any kind")
        }
        (true, _) => Verdict::Read,
        (false, _) => Verdict::Refused("it is not one of the reads that travel by POST"),
    }
}

async fn answer(shared: &Shared, ask: &Ask) -> Said<Response> {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [] => Ok(answer::plain("This Convex deployment is running. See https://docs.convex.dev/.")),
        ["instance_name"] => Ok(answer::plain(&shared.world.company.convex_deployment)),
        ["instance_version"] => Ok(answer::plain(deployment::VERSION)),
        ["version"] => Ok(answer::plain("unknown")),
        ["api", "query" | "query_at_ts"] => call::one(shared, ask),
        ["api", "query_batch"] => call::batch(shared, ask),
        ["api", "query_ts"] => Ok(answer::json(&deployment::latest(shared))),
        ["api", "check_admin_key"] => Ok(answer::json(&admittance::check(shared, ask))),
        ["api", "shapes2"] => {
            admittance::permit(shared, ask, "ViewData")?;
            Ok(answer::json(&schema::shapes(&shared.world)))
        }
        ["api", "get_indexes"] => {
            admittance::permit(shared, ask, "ViewData")?;
            Ok(answer::json(&schema::all_indexes(&shared.world)))
        }
        ["api", "stream_function_logs"] => logs::stream(shared, ask).await,
        ["api", "list_snapshot" | "document_deltas" | "json_schemas" | "get_table_column_names"] => {
            admittance::permit(shared, ask, "ViewData")?;
            Err(deployment::no_streaming_export())
        }
        ["api", "v1", rest @ ..] => deployment::platform(shared, ask, rest),
        _ => Err(Wrong::not_found()),
    }
}

#[cfg(test)]
mod tests;
