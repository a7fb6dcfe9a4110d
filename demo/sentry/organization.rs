//! The organisation: who asks, what there is, who belongs to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::admittance;
use super::issues::put;
use super::paging::{Page, value};
use super::reply::Said;
use super::window::Window;
use crate::gate::Ask;
use crate::world::{Dice, Project, World};
use crate::{Service, Shared};

/// `/api/0/`: as whom the token acts, and what it may do.
pub(super) fn root(shared: &Shared) -> Said {
    let company = &shared.world.company;
    let mut robot = user(&shared.world, "prodview", &format!("prodview@integrations.{}", company.domain));
    put(&mut robot, json!({ "isSentryApp": true }));
    Ok(json!({ "version": "0", "auth": { "scopes": admittance::scopes(shared) }, "user": robot }).into())
}

/// `/api/0/users/me/regions/`: here there is one.
pub(super) fn regions(shared: &Shared) -> Said {
    Ok(json!({ "regions": [{ "name": "us", "url": shared.origin(Service::Sentry) }] }).into())
}

/// `O/`.
pub(super) fn detail(shared: &Shared) -> Said {
    let company = &shared.world.company;
    // An installation of one's own has no regions.
    let region = if shared.is_older(Service::Sentry) { "" } else { shared.origin(Service::Sentry) };
    Ok(json!({
        "id": company.sentry_org_id, "slug": company.sentry_org, "name": company.name,
        "status": { "id": "active", "name": "active" }, "dateCreated": opened(&shared.world),
        "isEarlyAdopter": false, "require2FA": true, "avatar": { "avatarType": "letter_avatar", "avatarUuid": null },
        "links": { "organizationUrl": format!("https://{}.sentry.io", company.sentry_org), "regionUrl": region },
        "hasAuthProvider": false, "allowMemberInvite": false, "allowMemberProjectCreation": false,
        "allowSuperuserAccess": false, "features": ["events", "discover-basic", "dashboards-basic"],
        "access": admittance::scopes(shared), "onboardingTasks": [], "extraOptions": {},
    })
    .into())
}

/// `O/projects/`.
pub(super) fn projects(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let page = Page::read(ask)?;
    let query = value(ask, "query").unwrap_or_default().to_lowercase();
    let query = query.rsplit(':').next().unwrap_or_default();
    let found: Vec<&Project> = world
        .projects
        .iter()
        .filter(|project| project.slug.contains(query) || project.name.to_lowercase().contains(query))
        .collect();
    let rows: Vec<Value> = page.of(&found).iter().map(|project| written(world, project)).collect();
    Ok(page.reply(shared, ask, Value::Array(rows), found.len()))
}

/// `O/environments/`.
pub(super) fn environments(shared: &Shared, ask: &Ask) -> Said {
    let window = Window::read(&shared.world, ask)?;
    let issues = shared.world.issues.iter().filter(|issue| window.has_project(issue.project));
    let mut found: BTreeMap<&str, ()> = BTreeMap::from([("production", ())]);
    found.extend(issues.flat_map(|issue| &issue.events).map(|event| (event.environment, ())));
    let rows =
        found.keys().zip(1..).map(|(name, id): (_, u32)| json!({ "id": id.to_string(), "name": name }));
    Ok(Value::Array(rows.collect()).into())
}

/// `O/members/`: those who wrote what was released.
pub(super) fn members(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let authors = world.releases.iter().map(|release| (&release.commit.email, &release.commit.author));
    let authors: BTreeMap<&String, &String> = authors.collect();
    let rows: Vec<Value> = authors.into_iter().map(|(email, name)| {
        let user = user(world, name, email);
        json!({
            "id": user.get("id"), "email": email, "name": name, "user": user, "orgRole": "member", "role": "member",
            "pending": false, "expired": false,
            "flags": {
                "idp:provisioned": false, "idp:role-restricted": false, "sso:linked": false, "sso:invalid": false,
                "member-limit:restricted": false, "partnership:restricted": false,
            },
            "dateCreated": opened(world), "inviteStatus": "approved", "inviterName": null,
        })
    }).collect();
    let page = Page::read(ask)?;
    let total = rows.len();
    Ok(page.reply(shared, ask, Value::Array(page.of(&rows).to_vec()), total))
}

fn user(world: &World, name: &str, email: &str) -> Map<String, Value> {
    let id = Dice::new(world.seed, email).digits(7);
    let mut user = Map::new();
    put(
        &mut user,
        json!({
            "id": id, "name": name, "username": email, "email": email, "avatarUrl": "", "isActive": true,
            "isSuspended": false, "hasPasswordAuth": true, "isManaged": false, "dateJoined": opened(world),
            "lastLogin": world.now, "has2fa": true, "lastActive": world.now, "isSuperuser": false, "isStaff": false,
            "experiments": {}, "emails": [{ "id": id, "email": email, "is_verified": true }],
            "avatar": { "avatarType": "letter_avatar", "avatarUuid": null, "avatarUrl": null },
        }),
    );
    user
}

fn written(world: &World, project: &Project) -> Value {
    let team = json!({ "id": Dice::new(world.seed, project.slug).digits(6), "name": project.name, "slug": project.slug });
    let release = world.releases.iter().find(|release| release.project == project.slug);
    let issues = world.issues.iter().filter(|issue| issue.project == project.slug);
    let first = issues.filter_map(|issue| issue.events.last()).map(|event| event.at).min();
    let mut row = Map::new();
    put(
        &mut row,
        json!({
            "id": project.id, "slug": project.slug, "name": project.name, "platform": project.platform,
            "dateCreated": opened(world), "isBookmarked": false, "isMember": false, "features": ["releases"],
            "firstEvent": first, "firstTransactionEvent": true, "access": ["event:read", "project:read"],
            "hasAccess": true, "team": team, "teams": [team], "platforms": [project.platform],
            "hasUserReports": false, "environments": ["production", "staging"], "options": {}, "latestDeploys": null,
            "latestRelease": release.map(|release| json!({ "version": release.version })),
        }),
    );
    // What the project has sent, by kind: errors and releases, nothing else yet.
    for kind in [
        "Feedbacks",
        "Flags",
        "MinifiedStackTrace",
        "Monitors",
        "NewFeedbacks",
        "Profiles",
        "Replays",
        "Sessions",
        "InsightsHttp",
        "InsightsDb",
        "InsightsAssets",
        "InsightsAppStart",
        "InsightsScreenLoad",
        "InsightsVitals",
        "InsightsCaches",
        "InsightsQueues",
        "InsightsAgentMonitoring",
        "InsightsMCP",
        "Logs",
        "TraceMetrics",
    ] {
        row.insert(format!("has{kind}"), false.into());
    }
    Value::Object(row)
}

/// When the company came to Sentry.
pub(super) fn opened(world: &World) -> Timestamp {
    world.now - SignedDuration::from_hours(24 * 800)
}
