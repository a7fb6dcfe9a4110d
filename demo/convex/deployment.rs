//! The deployment about itself: the platform API under `/api/v1/`.

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::admittance::{origin, permit};
use super::answer::{Said, Wrong, json as json_answer};
use crate::Shared;
use crate::gate::Ask;
use crate::world::{Dice, World};

/// What `/instance_version` says.
pub(super) const VERSION: &str = "2026.11.16-94a42c3db8d7";

/// The most events that are told at once.
const EVENTS_MAX: usize = 100;

pub(super) fn platform(shared: &Shared, ask: &Ask, rest: &[&str]) -> Said<Response> {
    let value = match rest {
        ["deployment_info"] => info(&shared.world),
        ["list_audit_log_events"] => {
            permit(shared, ask, "ViewAuditLog")?;
            audit(&shared.world, ask)?
        }
        ["get_canonical_urls"] => {
            let site = format!("https://{}.convex.site", shared.world.company.convex_deployment);
            json!({ "convexCloudUrl": origin(shared), "convexSiteUrl": site })
        }
        ["list_usage_limits"] => {
            permit(shared, ask, "ViewUsageLimits")?;
            json!({ "usageLimits": [] })
        }
        _ => return Err(Wrong::not_found()),
    };
    Ok(json_answer(&value))
}

/// `POST /api/query_ts`: the moment the world ends at, in nanoseconds, as eight bytes in base64.
pub(super) fn latest(shared: &Shared) -> Value {
    let nanoseconds = u64::try_from(shared.world.now.as_nanosecond()).unwrap_or_default();
    json!({ "ts": STANDARD.encode(nanoseconds.to_le_bytes()) })
}

/// The plan of this company has none.
pub(super) fn no_streaming_export() -> Wrong {
    let message = "Streaming export is only available on the Convex Professional plan.";
    Wrong::Request(StatusCode::FORBIDDEN, "StreamingExportNotEnabled", message.into())
}

fn info(world: &World) -> Value {
    let mut dice = Dice::new(world.seed, "deployment");
    json!({
        "kind": "cloud", "teamId": dice.between(10_000, 99_999), "projectId": dice.between(100_000, 999_999),
        "projectName": world.company.name, "projectSlug": world.company.sentry_org,
        "id": dice.between(1_000_000, 9_999_999), "deploymentType": "prod", "reference": "production",
    })
}

/// Every release of the back end is a push; one variable was changed by hand.
fn audit(world: &World, ask: &Ask) -> Said<Value> {
    let pairs = ask.pairs();
    let get = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let from = get("from").ok_or_else(|| Wrong::bad_query("missing field `from`"))?;
    let from: i64 = from.parse().map_err(|_| Wrong::bad_query("from: invalid digit found in string"))?;
    let limit =
        get("limit").map_or(Ok(15), str::parse).map_err(|_| Wrong::bad_query("limit: invalid digit"))?;
    let start = get("cursor").map_or(Ok(0), str::parse);
    let start: usize = start.map_err(|_| Wrong::bad_query("cursor: invalid cursor"))?;
    let events: Vec<Value> =
        events(world).into_iter().filter(|(at, _)| *at >= from).map(|(_, event)| event).collect();
    let end = (start + limit.min(EVENTS_MAX)).min(events.len());
    let more = end < events.len();
    Ok(json!({
        "items": events.get(start..end).unwrap_or_default(),
        "pagination": { "hasMore": more, "nextCursor": more.then(|| end.to_string()) },
    }))
}

fn events(world: &World) -> Vec<(i64, Value)> {
    let mut dice = Dice::new(world.seed, "audit log");
    let member = dice.between(1_000, 9_999);
    let pushes = world.releases.iter().filter(|release| release.project == "api").filter_map(|release| {
        let at = release.deployed?.as_millisecond();
        let metadata = json!({ "server_version": "1.48.0", "message": release.commit.message });
        Some((at, "push_config_with_components", metadata))
    });
    let changed = world.now.as_millisecond() - dice.between(40, 60) * 24 * 3_600_000;
    let by_hand = (changed, "update_environment_variable", json!({ "variable_name": "MAIL_API_KEY" }));
    let mut events: Vec<(i64, Value)> = pushes
        .chain([by_hand])
        .map(|(at, action, metadata)| {
            let event = json!({
                "actor": { "kind": "member", "member_id": member }, "action": action, "createTime": at,
                "metadata": metadata, "clientIp": null, "clientUserAgent": null,
            });
            (at, event)
        })
        .collect();
    events.sort_by_key(|(at, _)| *at);
    events
}
