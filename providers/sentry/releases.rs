//! Releases, and what was new in them.

use super::lenient::{soft, text, whole};
use super::page::{Extent, PAGE};
use super::projects::Projects;
use super::{RELEASES, Sentry};
use crate::capability::{Answered, Deployments};
use crate::words::Deployment;
use crate::{Found, Moment};
use async_trait::async_trait;
use prodview_guard::{Failure, Foreign, Segment};
use serde::Deserialize;

/// How many pages of releases one question reads.
const PAGES: usize = 3;
/// How many releases are looked through for those around a moment.
const AROUND: usize = 50;
/// Of them, how many before that moment are told, and how many after it.
const BEFORE: usize = 3;
const AFTER: usize = 2;

/// A release as lists, details and events send it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Release {
    #[serde(deserialize_with = "text")]
    version: Option<String>,
    #[serde(deserialize_with = "text")]
    date_released: Option<String>,
    #[serde(deserialize_with = "text")]
    date_created: Option<String>,
    #[serde(deserialize_with = "whole")]
    new_groups: Option<u64>,
    #[serde(deserialize_with = "soft")]
    last_deploy: Option<Deploy>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Deploy {
    #[serde(deserialize_with = "text")]
    environment: Option<String>,
}

impl Release {
    /// The version; absent when Sentry sent a release without one.
    pub(super) fn version(&self) -> Option<Foreign> {
        self.version.as_deref().map(|v| Foreign::capped(v, 200))
    }

    /// When it was released, else when Sentry first heard of it.
    fn at(&self) -> Option<Moment> {
        [&self.date_released, &self.date_created]
            .into_iter()
            .find_map(|d| d.as_deref().and_then(Moment::parse))
    }

    fn record(&self, sentry: &Sentry) -> Option<Deployment> {
        Some(Deployment {
            source: sentry.name.clone(),
            version: self.version()?,
            at: self.at(),
            environment: self
                .last_deploy
                .as_ref()
                .and_then(|d| d.environment.as_deref())
                .map(|e| Foreign::capped(e, 100)),
            new_errors: self.new_groups,
            // Most versions hold `@` or dots, which no address of ours may carry.
            url: self.version.as_deref().and_then(|v| Segment::new(v).ok()).map(|v| {
                format!("{}/organizations/{}/releases/{}/", sentry.dashboard, sentry.org.as_str(), v.as_str())
            }),
        })
    }
}

#[async_trait]
impl Deployments for Sentry {
    /// `GET …/releases/`, newest first, 100 a page, at most three pages; before the first question about named
    /// projects one to five requests that look up their ids. `new_errors` counts issues first seen in the release.
    async fn deployments(&self, project: Option<&str>, limit: usize) -> Answered<Deployment> {
        let projects = self.projects(project).await?;
        let extent = Extent { size: "per_page", rows: limit.max(1), pages: PAGES.min(limit.div_ceil(PAGE)) };
        let listed = self.gather::<Release>(projects.narrow(self.ask(RELEASES)), None, extent).await?;
        let rows: Vec<Deployment> = listed.rows.iter().filter_map(|r| r.record(self)).collect();
        let unread = listed.unread + listed.rows.len() - rows.len();
        let mut found = Found { stopped: listed.stopped, ..Found::default() }.aged(listed.age);
        if listed.more.is_some() {
            // The question takes no cursor, so the one that Sentry gave leads nowhere.
            found.stopped =
                found.stopped.or(Some(crate::Stopped::Bound(format!("the newest {} releases", rows.len()))));
        } else if found.stopped.is_none() {
            found.of = u64::try_from(rows.len()).ok();
        }
        if unread > 0 {
            found = found.note(format!("{unread} left out: Sentry sent them in an unknown shape"));
        }
        Ok(Found { rows, ..found })
    }
}

impl Sentry {
    /// The releases around a moment, newest first, and a note when the newest 50 do not reach back to it. One
    /// request.
    pub(super) async fn releases_around(
        &self,
        projects: &Projects,
        moment: Moment,
    ) -> Result<(Vec<Deployment>, Option<String>), Failure> {
        let extent = Extent { size: "per_page", rows: AROUND, pages: 1 };
        let listed = self.gather::<Release>(projects.narrow(self.ask(RELEASES)), None, extent).await?;
        let whole = listed.more.is_none() && listed.stopped.is_none();
        let rows = listed.rows.iter().filter_map(|r| r.record(self)).collect();
        Ok(around(rows, moment, whole))
    }
}

fn around(mut rows: Vec<Deployment>, moment: Moment, whole: bool) -> (Vec<Deployment>, Option<String>) {
    rows.retain(|r| r.at.is_some());
    rows.sort_by_key(|r| std::cmp::Reverse(r.at));
    let after = rows.iter().filter(|r| r.at.is_some_and(|at| at > moment)).count();
    let reaches_back = after < rows.len();
    let rows = rows.into_iter().skip(after.saturating_sub(AFTER)).take(after.min(AFTER) + BEFORE).collect();
    let note = (!reaches_back && !whole).then(|| {
        format!("it was first seen before the newest {AROUND} releases: those before it were not looked at")
    });
    (rows, note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentry::rig::{now, sentry};
    use serde_json::json;

    fn release(value: serde_json::Value) -> Option<Deployment> {
        serde_json::from_value::<Release>(value).unwrap().record(&sentry(&[]))
    }

    fn made(version: &str, days_ago: i64) -> Deployment {
        let at = now().minus_s(days_ago * 86_400).to_string();
        release(json!({"version": version, "dateCreated": at})).unwrap()
    }

    #[test]
    fn a_release_becomes_a_deployment() {
        let row = release(json!({"id": 1, "version": "frontend@1.0.0", "shortVersion": "1.0.0", "dateReleased": null,
            "dateCreated": "2026-01-01T00:00:00Z", "newGroups": 4, "lastDeploy": {"environment": "production",
            "dateFinished": "2026-01-01T00:10:00Z", "name": "x", "id": "9"}, "projects": [{"id": 1, "slug": "web"}]}))
        .unwrap();
        assert_eq!((row.version.as_str(), row.new_errors), ("frontend@1.0.0", Some(4)));
        assert_eq!(row.environment.as_ref().map(Foreign::as_str), Some("production"));
        assert_eq!(row.at.map(|m| m.to_string()).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(row.url, None);
        let plain = release(json!({"version": "b65bc521", "lastDeploy": null, "newGroups": null})).unwrap();
        assert_eq!(plain.url.as_deref(), Some("https://sentry.io/organizations/acme/releases/b65bc521/"));
        assert!(release(json!({"version": null})).is_none());
        assert!(release(json!({"version": "x", "lastDeploy": "odd", "dateReleased": "odd"})).is_some());
    }

    #[test]
    fn those_around_a_moment_are_told() {
        let names =
            |rows: &[Deployment]| rows.iter().map(|r| r.version.to_string()).collect::<Vec<_>>().join(" ");
        let all: Vec<_> = (1..=9).map(|day| made(&format!("v{}", 10 - day), day)).collect();
        let (rows, note) = around(all.clone(), now().minus_s(4 * 86_400 + 60), false);
        assert_eq!((names(&rows).as_str(), note), ("v7 v6 v5 v4 v3", None));
        let (rows, note) = around(all.clone(), now(), true);
        assert_eq!((names(&rows).as_str(), note), ("v9 v8 v7", None));
        let (rows, note) = around(all.clone(), now().minus_s(99 * 86_400), false);
        assert_eq!(names(&rows), "v2 v1");
        assert!(note.is_some());
        assert!(around(all, now().minus_s(99 * 86_400), true).1.is_none());
        assert!(around(Vec::new(), now(), true).0.is_empty());
    }
}
