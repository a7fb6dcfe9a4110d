//! Releases, and when they went out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::issues::put;
use super::paging::{Page, value};
use super::reply::{Problem, Said};
use super::window::Window;
use crate::Shared;
use crate::gate::Ask;
use crate::world::{Dice, Issue, Release, World};

/// `O/releases/`: newest first; `query` is a part of the version.
pub(super) fn list(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let (window, page) = (Window::read(world, ask)?, Page::read(ask)?);
    let query = value(ask, "query").unwrap_or_default();
    let query = query.trim().trim_matches('*').to_lowercase();
    let found: Vec<&Release> = world
        .releases
        .iter()
        .filter(|release| {
            window.has_project(release.project) && release.version.to_lowercase().contains(&query)
        })
        .collect();
    let seen = Seen::of(&world.issues);
    let rows: Vec<Value> = page.of(&found).iter().map(|release| with_events(world, &seen, release)).collect();
    Ok(page.reply(shared, ask, Value::Array(rows), found.len()))
}

/// `O/releases/{version}/`.
pub(super) fn detail(shared: &Shared, version: &str) -> Said {
    let world = &shared.world;
    Ok(with_events(world, &Seen::of(&world.issues), find(world, version)?).into())
}

/// `O/releases/{version}/deploys/`.
pub(super) fn deploys(shared: &Shared, ask: &Ask, version: &str) -> Said {
    let release = find(&shared.world, version)?;
    let page = Page::read(ask)?;
    let rows: Vec<Value> = deploy(release).into_iter().collect();
    let total = rows.len();
    Ok(page.reply(shared, ask, Value::Array(rows), total))
}

/// `O/releases/{version}/commits/`.
pub(super) fn commits(shared: &Shared, ask: &Ask, version: &str) -> Said {
    let release = find(&shared.world, version)?;
    Ok(Page::read(ask)?.reply(shared, ask, json!([commit(release)]), 1))
}

fn find<'a>(world: &'a World, version: &str) -> Result<&'a Release, Problem> {
    world.releases.iter().find(|release| release.version == version).ok_or_else(Problem::missing)
}

/// A release without what would have to be counted, as issues and events carry it.
pub(super) fn written(world: &World, release: &Release) -> Value {
    let project = world.projects.iter().find(|project| project.slug == release.project);
    let id = |number: &str| number.parse::<i64>().unwrap_or_default();
    let platform = project.map(|project| project.platform);
    let projects = json!([{
        "id": project.map_or(0, |project| id(&project.id)), "slug": release.project,
        "name": project.map_or("", |project| project.name), "newGroups": 0, "platform": platform,
        "platforms": [platform], "hasHealthData": false,
    }]);
    let (package, _) = release.version.split_once('@').unwrap_or((release.project, ""));
    json!({
        "id": Dice::new(world.seed, &release.version).between(10_000_000, 99_999_999), "version": release.version,
        "status": "open", "shortVersion": release.short_version,
        "versionInfo": {
            "package": package, "description": release.short_version, "buildHash": null,
            "version": { "raw": release.short_version },
        },
        "ref": release.commit.id, "url": null, "dateReleased": release.deployed, "dateCreated": release.created,
        "data": {}, "newGroups": 0, "owner": null, "commitCount": 1,
        "deployCount": u8::from(release.deployed.is_some()),
        "authors": [{ "name": release.commit.author, "email": release.commit.email }],
        "lastCommit": commit(release), "lastDeploy": deploy(release), "projects": projects, "firstEvent": null,
        "lastEvent": null, "currentProjectMeta": {}, "userAgent": null,
    })
}

fn with_events(world: &World, seen: &Seen<'_>, release: &Release) -> Value {
    let mut written = written(world, release);
    let times = seen.times.get(release.version.as_str());
    let new = seen.new.get(release.version.as_str()).copied().unwrap_or_default();
    if let Value::Object(row) = &mut written {
        put(
            row,
            json!({
                "firstEvent": times.map(|times| times.0), "lastEvent": times.map(|times| times.1), "newGroups": new,
            }),
        );
        if let Some(Value::Object(project)) = row.get_mut("projects").and_then(|projects| projects.get_mut(0))
        {
            put(project, json!({ "newGroups": new }));
        }
    }
    written
}

/// What happened in each version, gathered once for a whole page.
struct Seen<'a> {
    /// The first and the last event.
    times: BTreeMap<&'a str, (Timestamp, Timestamp)>,
    /// How many issues began in it.
    new: BTreeMap<&'a str, usize>,
}

impl<'a> Seen<'a> {
    fn of(issues: &'a [Issue]) -> Seen<'a> {
        let mut seen = Seen { times: BTreeMap::new(), new: BTreeMap::new() };
        for event in issues.iter().flat_map(|issue| &issue.events) {
            let times = seen.times.entry(event.release.as_str()).or_insert((event.at, event.at));
            *times = (times.0.min(event.at), times.1.max(event.at));
        }
        for first in issues.iter().filter_map(|issue| issue.events.last()) {
            *seen.new.entry(first.release.as_str()).or_default() += 1;
        }
        seen
    }
}

fn commit(release: &Release) -> Value {
    let commit = &release.commit;
    json!({
        "id": commit.id, "message": commit.message, "dateCreated": release.created, "pullRequest": null,
        "suspectCommitType": "", "author": { "name": commit.author, "email": commit.email }, "releases": [],
    })
}

fn deploy(release: &Release) -> Option<Value> {
    let deployed = release.deployed?;
    Some(json!({
        "id": deployed.as_second().to_string(), "environment": "production", "dateStarted": release.created,
        "dateFinished": deployed, "name": release.short_version, "url": null,
    }))
}
