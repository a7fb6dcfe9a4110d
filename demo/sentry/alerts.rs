//! What watches: monitors (`detectors`) and alerts (`workflows`), and the rules that older installations have instead.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::organization::opened;
use super::paging::{Page, value, values};
use super::reply::{Problem, Said};
use super::window::Window;
use crate::Shared;
use crate::gate::Ask;
use crate::world::{Dice, Project, World};

/// One alert rule, whichever way it is told.
struct Rule {
    id: String,
    name: String,
    project: String,
    slug: &'static str,
    enabled: bool,
    /// What makes it speak.
    condition: &'static str,
    /// To whom it speaks.
    target: &'static str,
}

/// One rule a project; the one on payments was switched off during a noisy week and never again on.
fn rules(world: &World) -> Vec<Rule> {
    let rule = |project: &Project, name: &str, enabled, condition, target| Rule {
        id: Dice::new(world.seed, &format!("rule {name} {}", project.slug)).digits(7),
        name: name.to_owned(),
        project: project.id.clone(),
        slug: project.slug,
        enabled,
        condition,
        target,
    };
    let mut rules = Vec::new();
    for project in &world.projects {
        let name = format!("{}: new high-priority issue", project.name);
        rules.push(rule(project, &name, true, "new_high_priority_issue", "#errors"));
        if project.slug == "api" {
            rules.push(rule(project, "Payments: webhook failures", false, "first_seen_event", "#payments"));
        }
    }
    rules
}

/// `O/workflows/`.
pub(super) fn workflows(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let organization = &world.company.sentry_org_id;
    let rows = chosen(shared, ask)?.into_iter().map(|rule| {
        let condition = json!({ "id": rule.id, "type": rule.condition, "comparison": true, "conditionResult": true });
        let action = json!({
            "id": rule.id, "type": "slack", "integrationId": "1", "data": {}, "status": "active",
            "config": { "targetType": "specific", "targetDisplay": rule.target, "targetIdentifier": "C0" },
        });
        json!({
            "id": rule.id, "name": rule.name, "organizationId": organization, "createdBy": null,
            "dateCreated": opened(world), "dateUpdated": opened(world), "enabled": rule.enabled,
            "triggers": {
                "id": rule.id, "organizationId": organization, "logicType": "any-short",
                "conditions": [condition], "actions": [],
            },
            "actionFilters": [{
                "id": rule.id, "organizationId": organization, "logicType": "all", "conditions": [],
                "actions": [action],
            }],
            "environment": "production", "config": { "frequency": 30 }, "detectorIds": [detector_id(world, &rule.project)],
            "lastTriggered": rule.enabled.then(|| world.now - SignedDuration::from_hours(5)), "owner": null,
        })
    });
    paged(shared, ask, rows.collect())
}

/// `O/detectors/`: each project has its monitor of errors.
pub(super) fn detectors(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let window = Window::read(world, ask)?;
    let rules = rules(world);
    let rows = world.projects.iter().filter(|project| window.has_project(project.slug)).map(|project| {
        let own: Vec<&str> =
            rules.iter().filter(|rule| rule.project == project.id).map(|rule| rule.id.as_str()).collect();
        let issue = world.issues.iter().find(|issue| issue.project == project.slug);
        json!({
            "id": detector_id(world, &project.id), "projectId": project.id, "name": "Error Monitor", "type": "error",
            "workflowIds": own, "owner": null, "createdBy": null, "description": null, "dateCreated": opened(world),
            "dateUpdated": opened(world), "dataSources": null, "conditionGroup": null, "config": {}, "enabled": true,
            "latestGroup": issue.map(|issue| super::group::base(world, issue)),
        })
    });
    paged(shared, ask, rows.collect())
}

/// `O/combined-rules/`: unpublished, and what there was before alerts and monitors.
pub(super) fn combined_rules(shared: &Shared, ask: &Ask) -> Said {
    let world = &shared.world;
    let mut rows: Vec<Value> = chosen(shared, ask)?.iter().map(|rule| issue_rule(world, rule)).collect();
    rows.extend(metric_rules(shared, ask)?);
    paged(shared, ask, rows)
}

/// `/api/0/projects/{org}/{project}/rules/`: unpublished, those of one project.
pub(super) fn project_rules(shared: &Shared, ask: &Ask, project: &str) -> Said {
    let world = &shared.world;
    let project = world.projects.iter().find(|known| known.slug == project || known.id == project);
    let project = project.ok_or_else(Problem::missing)?;
    let own = rules(world).into_iter().filter(|rule| rule.slug == project.slug);
    paged(shared, ask, own.map(|rule| issue_rule(world, &rule)).collect())
}

/// `O/alert-rules/`: unpublished, those that watch a number.
pub(super) fn alert_rules(shared: &Shared, ask: &Ask) -> Said {
    paged(shared, ask, metric_rules(shared, ask)?)
}

fn issue_rule(world: &World, rule: &Rule) -> Value {
    json!({
        "id": rule.id, "name": rule.name, "type": "rule", "projects": [rule.slug], "environment": "production",
        "actionMatch": "any", "filterMatch": "all", "frequency": 30, "dateCreated": opened(world),
        "status": if rule.enabled { "active" } else { "disabled" }, "owner": null, "createdBy": null,
        "conditions": [{ "id": format!("sentry.rules.conditions.{}", rule.condition), "name": rule.condition }],
        "actions": [{ "id": "sentry.integrations.slack.notify_action.SlackNotifyServiceAction",
                      "name": format!("Send a notification to {}", rule.target), "channel": rule.target }],
        "filters": [], "snooze": false, "lastTriggered": null,
    })
}

/// One: too many errors of the back end within an hour.
fn metric_rules(shared: &Shared, ask: &Ask) -> Result<Vec<Value>, Problem> {
    let (world, window) = (&shared.world, Window::read(&shared.world, ask)?);
    let id = Dice::new(world.seed, "metric rule").digits(6);
    let trigger = json!({
        "id": id, "alertRuleId": id, "label": "critical", "thresholdType": 0, "alertThreshold": 50.0,
        "resolveThreshold": null, "dateCreated": opened(world),
        "actions": [{ "id": id, "type": "slack", "targetType": "specific", "targetIdentifier": "#errors" }],
    });
    let rule = json!({
        "id": id, "name": "API: more than 50 errors an hour", "type": "alert_rule", "projects": ["api"],
        "organizationId": world.company.sentry_org_id, "status": 0, "queryType": 0, "dataset": "events", "query": "",
        "aggregate": "count()", "thresholdType": 0, "resolveThreshold": null, "timeWindow": 60, "environment": null,
        "triggers": [trigger], "dateModified": opened(world), "dateCreated": opened(world), "owner": null,
        "createdBy": null, "snooze": false,
    });
    Ok(if window.has_project("api") { vec![rule] } else { Vec::new() })
}

fn chosen(shared: &Shared, ask: &Ask) -> Result<Vec<Rule>, Problem> {
    let window = Window::read(&shared.world, ask)?;
    let ids = values(ask, "id");
    let name = value(ask, "query").or_else(|| value(ask, "name")).unwrap_or_default().to_lowercase();
    let rules = rules(&shared.world).into_iter().filter(|rule| {
        window.has_project(rule.slug)
            && (ids.is_empty() || ids.contains(&rule.id))
            && rule.name.to_lowercase().contains(&name)
    });
    Ok(rules.collect())
}

fn detector_id(world: &World, project: &str) -> String {
    Dice::new(world.seed, &format!("detector {project}")).digits(7)
}

fn paged(shared: &Shared, ask: &Ask, rows: Vec<Value>) -> Said {
    let page = Page::read(ask)?;
    let total = rows.len();
    let mut reply = page.reply(shared, ask, Value::Array(page.of(&rows).to_vec()), total);
    reply.headers.push(("x-hits", total.to_string()));
    Ok(reply)
}
