//! Alert rules and monitors: what would have told somebody.

use super::lenient::text;
use super::page::{Extent, PAGE};
use super::projects::Projects;
use super::{ALERT_RULES, COMBINED_RULES, DETECTORS, PROJECT_RULES, Sentry, WORKFLOWS};
use crate::Found;
use crate::capability::{Answered, Settings};
use crate::words::Setting;
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{Ask, Failure, Foreign, Route, Segment};
use serde::Deserialize;

/// How many pages of each list are read.
const PAGES: usize = 2;
/// Of how many projects the rules are asked for where only projects tell them.
const PROJECTS: usize = 5;

/// A rule or monitor of any model.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    #[serde(deserialize_with = "text")]
    name: Option<String>,
    /// What a monitor watches: `error`, `metric_issue`, `uptime_domain_failure`. In combined rules `rule` or
    /// `alert_rule`.
    #[serde(rename = "type", deserialize_with = "text")]
    kind: Option<String>,
    /// The newer model.
    #[serde(deserialize_with = "super::lenient::soft")]
    enabled: Option<bool>,
    /// The older model: `active` or `disabled` for issue rules, a number for metric rules (0 is on, 4 snoozed).
    #[serde(deserialize_with = "text")]
    status: Option<String>,
    #[serde(deserialize_with = "super::lenient::soft")]
    snooze: bool,
    #[serde(deserialize_with = "text")]
    environment: Option<String>,
    #[serde(deserialize_with = "text")]
    last_triggered: Option<String>,
}

/// Rules that were read, and what is missing of them.
#[derive(Default)]
struct Told {
    rows: Vec<Setting>,
    notes: Vec<String>,
    cut: bool,
}

#[async_trait]
impl Settings for Sentry {
    /// Names of alert rules and monitors, and whether they are on. `GET …/workflows/` and `…/detectors/`, at most
    /// two pages of 100 each; where there are none (older versions) `…/combined-rules/`, else `…/alert-rules/` and
    /// the rules of at most five configured projects. At most twelve requests; before the first question about
    /// configured projects one to five that look up their ids.
    async fn settings(&self) -> Answered<Setting> {
        let projects = self.projects(None).await?;
        let (workflows, detectors) = future::join(
            self.rules(WORKFLOWS, &projects, "alert rule"),
            self.rules(DETECTORS, &projects, "monitor"),
        )
        .await;
        let told = match (workflows, detectors) {
            (Err(missing), _) if missing.is_not_found() => self.older(&projects).await?,
            (Ok(mut workflows), Ok(detectors)) => {
                workflows.join(detectors);
                workflows
            }
            (Ok(mut workflows), Err(failure)) => {
                workflows.notes.push(format!("the monitors are missing: {failure}"));
                workflows
            }
            (Err(failure), Ok(mut detectors)) => {
                detectors.notes.push(format!("the alert rules are missing: {failure}"));
                detectors
            }
            (Err(failure), Err(_)) => return Err(failure),
        };
        let mut found = if told.cut {
            let bound = format!("the first {} of a list", PAGES * PAGE);
            Found { rows: told.rows, stopped: Some(crate::Stopped::Bound(bound)), ..Found::default() }
        } else {
            Found::all(told.rows)
        };
        found.notes = told.notes;
        Ok(found)
    }
}

impl Sentry {
    async fn rules(&self, route: Route, projects: &Projects, kind: &str) -> Result<Told, Failure> {
        self.listed_rules(projects.narrow(self.ask(route)), kind).await
    }

    async fn listed_rules(&self, ask: Ask, kind: &str) -> Result<Told, Failure> {
        let extent = Extent { size: "per_page", rows: PAGES * PAGE, pages: PAGES };
        let listed = self.gather::<Rule>(ask, None, extent).await?;
        let cut = listed.more.is_some() || listed.stopped.is_some();
        Ok(Told {
            rows: listed.rows.iter().filter_map(|r| r.record(self, kind)).collect(),
            notes: Vec::new(),
            cut,
        })
    }

    /// The older model, which is not published: known from Sentry's own MCP server.
    async fn older(&self, projects: &Projects) -> Result<Told, Failure> {
        match self.rules(COMBINED_RULES, projects, "alert rule").await {
            Err(missing) if missing.is_not_found() => {}
            other => return other,
        }
        let of_projects = self.scope.slugs().iter().take(PROJECTS).filter_map(|slug| Segment::new(slug).ok());
        let of_projects = of_projects
            .map(|project| self.listed_rules(self.ask(PROJECT_RULES).segment(project), "alert rule"));
        let (metric, issue) = future::join(
            self.rules(ALERT_RULES, projects, "metric alert rule"),
            future::join_all(of_projects),
        )
        .await;
        let mut told = Told::default();
        for part in std::iter::once(metric).chain(issue) {
            match part {
                Ok(part) => told.join(part),
                Err(failure) => told.notes.push(format!("a part of the alert rules is missing: {failure}")),
            }
        }
        if self.scope.slugs().is_empty() {
            told.notes.push(
                "this version tells issue alert rules only of named projects: set `projects`".to_owned(),
            );
        } else if self.scope.slugs().len() > PROJECTS {
            told.notes.push(format!("issue alert rules are of the first {PROJECTS} projects"));
        }
        Ok(told)
    }
}

impl Told {
    fn join(&mut self, other: Told) {
        self.rows.extend(other.rows);
        self.notes.extend(other.notes);
        self.cut |= other.cut;
    }
}

impl Rule {
    fn record(&self, sentry: &Sentry, kind: &str) -> Option<Setting> {
        let mut facts: Vec<String> = Vec::new();
        facts.extend(self.is_on().map(|on| if on { "enabled" } else { "disabled" }.to_owned()));
        facts.extend(self.kind.iter().filter(|_| kind == "monitor").map(|k| format!("watches {k}")));
        facts.extend(self.environment.iter().map(|e| format!("only {e}")));
        facts.extend(self.last_triggered.iter().map(|at| format!("last triggered {at}")));
        Some(Setting {
            source: sentry.name.clone(),
            kind: kind.to_owned(),
            name: Foreign::capped(self.name.as_deref()?, 200),
            value: (!facts.is_empty()).then(|| Foreign::capped(&facts.join(", "), 200)),
        })
    }

    fn is_on(&self) -> Option<bool> {
        if self.snooze {
            return Some(false);
        }
        self.enabled.or_else(|| match self.status.as_deref()? {
            "active" | "0" => Some(true),
            "disabled" | "4" | "5" => Some(false),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentry::rig::sentry;
    use serde_json::json;

    fn told(value: serde_json::Value, kind: &str) -> Option<String> {
        let rule: Rule = serde_json::from_value(value).unwrap();
        rule.record(&sentry(&[]), kind).map(|s| {
            format!("{}: {} ({})", s.kind, s.name, s.value.map(|v| v.to_string()).unwrap_or_default())
        })
    }

    #[test]
    fn both_models_are_understood() {
        assert_eq!(
            told(json!({"id": "123", "name": "High priority", "enabled": true, "environment": null, "lastTriggered":
                "2026-11-20T09:00:00Z", "actionFilters": [{"actions": [{"type": "email"}]}]}), "alert rule").as_deref(),
            Some("alert rule: High priority (enabled, last triggered 2026-11-20T09:00:00Z)")
        );
        assert_eq!(
            told(
                json!({"name": "Uptime", "type": "uptime_domain_failure", "enabled": false, "dataSources":
                [{"queryObj": {"headers": [["authorization", "x"]]}}]}),
                "monitor"
            )
            .as_deref(),
            Some("monitor: Uptime (disabled, watches uptime_domain_failure)")
        );
        assert_eq!(
            told(
                json!({"name": "Old", "type": "rule", "status": "disabled", "environment": "production"}),
                "alert rule"
            )
            .as_deref(),
            Some("alert rule: Old (disabled, only production)")
        );
        assert_eq!(
            told(json!({"name": "M", "status": 0}), "metric alert rule").as_deref(),
            Some("metric alert rule: M (enabled)")
        );
        assert_eq!(
            told(json!({"name": "S", "status": 0, "snooze": true}), "x").as_deref(),
            Some("x: S (disabled)")
        );
        assert_eq!(
            told(json!({"name": "N", "enabled": null, "status": null, "snooze": null}), "x").as_deref(),
            Some("x: N ()")
        );
        assert_eq!(told(json!({"name": null}), "x"), None);
    }
}
