//! Who may ask: the deploy keys, and the operations each allows.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Said, Wrong, coded};
use crate::gate::Ask;
use crate::world::{Dice, World};
use crate::{Service, Shared};

/// What a careful operator ticks: everything that only looks, except taking backups away and running code sent in.
const LOOKING: &[&str] = &[
    "ViewEnvironmentVariables",
    "ViewLogs",
    "ViewMetrics",
    "ViewIntegrations",
    "ViewData",
    "ViewBackups",
    "RunInternalQueries",
    "ViewAuditLog",
    "ViewUsageLimits",
    "ViewUsage",
];

/// What the second key lacks.
const WITHHELD: &[&str] = &["ViewLogs", "ViewEnvironmentVariables"];

/// A second key, which sees neither logs nor environment variables.
pub(crate) fn restricted_key(world: &World) -> String {
    let secret = Dice::new(world.seed, "the restricted key of convex").base62(55);
    format!("prod:{}|{secret}=", world.company.convex_deployment)
}

pub(super) fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response> {
    // Its own client asks for a timestamp without a key.
    if matches!(ask.path(), "/" | "/instance_name" | "/instance_version" | "/version" | "/api/query_ts") {
        return None;
    }
    let invalid = |code, message: &str| Some(coded(StatusCode::UNAUTHORIZED, code, message));
    match presented(ask) {
        Presented::Key(key) if whose(shared, key).is_some() => None,
        Presented::Key(_) => invalid("BadAdminKey", "The provided admin key was invalid for this instance"),
        // The real one lets anybody run public functions and says 403 elsewhere; no caller of ours means to.
        Presented::Nothing => {
            let name = &shared.world.company.convex_deployment;
            let message = format!(
                "The provided deploy key was invalid for deployment '{name}'. Double check that the environment this \
                 key was generated for matches the desired deployment."
            );
            invalid("BadDeployKey", &message)
        }
        Presented::UserToken => {
            invalid("InvalidAuthHeader", "Could not parse as id token: invalid token format")
        }
        Presented::Odd => Some(coded(StatusCode::BAD_REQUEST, "InvalidAdminKey", "Invalid admin key")),
    }
}

/// Whether the key has a second part, which makes the back end act as a user of the application.
pub(super) fn acts_as_a_user(ask: &Ask) -> bool {
    let Presented::Key(key) = presented(ask) else { return false };
    key.split_once('|').is_some_and(|(_, secret)| secret.contains(':'))
}

/// The answer of `GET /api/check_admin_key`. No operations at all means all of them.
pub(super) fn check(shared: &Shared, ask: &Ask) -> Value {
    let allowed: Vec<String> = operations(shared, ask).map(Vec::from_iter).unwrap_or_default();
    json!({ "success": true, "allowedOps": allowed, "isReadOnly": false })
}

/// Whether the caller's key allows an operation, such as `ViewData`.
pub(super) fn permit(shared: &Shared, ask: &Ask, operation: &str) -> Said<()> {
    if operations(shared, ask).is_none_or(|allowed| allowed.contains(operation)) {
        return Ok(());
    }
    let action = match operation {
        "ViewData" => "deployment:data:view",
        "ViewLogs" => "deployment:logs:view",
        "ViewEnvironmentVariables" => "deployment:env:view",
        "ViewAuditLog" => "deployment:auditLog:view",
        "ViewUsageLimits" => "deployment:usageLimits:view",
        "ViewIntegrations" => "deployment:integrations:view",
        "ViewUsage" => "deployment:usage:view",
        "RunInternalQueries" => "deployment:functions:runInternalQueries",
        other => other,
    };
    let message = format!("You do not have permission to perform this operation ({action}).");
    Err(Wrong::Request(StatusCode::FORBIDDEN, "OperationNotPermitted", message))
}

/// `None`: a test granted `*`, so the key allows everything.
fn operations(shared: &Shared, ask: &Ask) -> Option<BTreeSet<String>> {
    let granted: BTreeSet<String> = shared.granted();
    if granted.contains("*") {
        return None;
    }
    let restricted =
        matches!(presented(ask), Presented::Key(key) if whose(shared, key) == Some(Whose::Restricted));
    let looking = LOOKING.iter().filter(|operation| !(restricted && WITHHELD.contains(operation)));
    let mut allowed: BTreeSet<String> = looking.map(|operation| (*operation).to_owned()).collect();
    // Permissions of the other services are written otherwise: `rak_charge_read`, `event:read`.
    allowed.extend(granted.into_iter().filter(|operation| operation.starts_with(char::is_uppercase)));
    allowed.retain(|operation| !shared.is_denied(operation));
    Some(allowed)
}

enum Presented<'a> {
    Nothing,
    Key(&'a str),
    UserToken,
    Odd,
}

fn presented(ask: &Ask) -> Presented<'_> {
    let Some(header) = ask.header("authorization") else { return Presented::Nothing };
    let Some((scheme, value)) = header.split_once(' ') else { return Presented::Odd };
    match scheme.to_ascii_lowercase().as_str() {
        "convex" => Presented::Key(value.trim()),
        "bearer" => Presented::UserToken,
        _ => Presented::Odd,
    }
}

#[derive(PartialEq, Eq)]
enum Whose {
    Operator,
    Restricted,
}

fn whose(shared: &Shared, key: &str) -> Option<Whose> {
    let key = bare(key);
    if key == bare(&shared.keys.convex) {
        Some(Whose::Operator)
    } else if key == bare(&restricted_key(&shared.world)) {
        Some(Whose::Restricted)
    } else {
        None
    }
}

/// A key without the kind before it (`prod:`) and without the user after it, as the back end compares it.
fn bare(key: &str) -> String {
    let (name, secret) = key.split_once('|').unwrap_or(("", key));
    let name = name.rsplit(':').next().unwrap_or_default();
    format!("{name}|{}", secret.split(':').next().unwrap_or_default())
}

/// The deployment's own address.
pub(super) fn origin(shared: &Shared) -> &str {
    shared.origin(Service::Convex)
}
