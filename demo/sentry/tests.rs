//! What the company's Sentry says, held against the published schemas and against what it is known to do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::tests::{Reply, ask as ask_any, start};
use crate::world::IncidentKind;
use crate::{Demo, Fault, Service, Settings, Verdict};

const ORGANIZATION: &str = "/api/0/organizations/wrenhouse";

async fn ask(demo: &Demo, path: &str) -> Reply {
    let path = path.strip_prefix("O/").map_or(path.to_owned(), |rest| format!("{ORGANIZATION}/{rest}"));
    ask_any(demo, Service::Sentry, &path, &[]).await
}

async fn rows(demo: &Demo, path: &str) -> Vec<Value> {
    ask(demo, path).await.ok().as_array().unwrap().clone()
}

/// How the parts of the `Link` header are told apart.
fn next(reply: &Reply) -> Option<String> {
    let link = reply.head.lines().find(|line| line.starts_with("link: ")).unwrap();
    assert!(link.contains("rel=\"previous\"") && link.contains("rel=\"next\""), "{link}");
    let next = link.split(", <").find(|part| part.contains("rel=\"next\"; results=\"true\""))?;
    Some(next.split("cursor=\"").nth(1)?.trim_end_matches('"').to_owned())
}

#[tokio::test]
async fn answers_have_the_published_shapes() {
    let schemas: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../fixtures/sentry-schemas.json")).unwrap();
    for seed in [1, 2, 3] {
        let demo = start(seed).await;
        let incident = demo.incident(IncidentKind::PaidNoAccess);
        let (issue, event) =
            (incident.issue_short_id.clone().unwrap(), incident.error_event_id.clone().unwrap());
        let version = demo.world().releases[0].version.replace('@', "%40");
        let expanded = "expand=inbox&expand=owners&expand=sessions&expand=integrationIssues\
                        &expand=sentryAppIssues&expand=latestEventHasAttachments";
        let asked = [
            ("/", String::new()),
            ("/projects/", "projects/".into()),
            ("/issues/", format!("issues/?query=&{expanded}")),
            (
                "/issues/",
                format!("issues/?query=user.email%3A{}&{expanded}", incident.email.replace('+', "%2B")),
            ),
            ("/issues/{issue_id}/", format!("issues/{issue}/")),
            ("/issues/{issue_id}/events/", format!("issues/{issue}/events/")),
            ("/issues/{issue_id}/events/", format!("issues/{issue}/events/?full=true")),
            ("/issues/{issue_id}/events/{event_id}/", format!("issues/{issue}/events/{event}/")),
            ("/issues/{issue_id}/events/{event_id}/", format!("issues/{issue}/events/oldest/")),
            ("/issues/{issue_id}/tags/{key}/", format!("issues/{issue}/tags/release/")),
            ("/issues/{issue_id}/tags/{key}/values/", format!("issues/{issue}/tags/user/values/")),
            ("/shortids/{issue_id}/", format!("shortids/{issue}/")),
            ("/eventids/{event_id}/", format!("eventids/{event}/")),
            ("/events/", "events/?dataset=errors&field=issue&field=count()&field=count_unique(user)".into()),
            ("/releases/", "releases/".into()),
            ("/releases/{version}/", format!("releases/{version}/")),
            ("/releases/{version}/deploys/", format!("releases/{version}/deploys/")),
            ("/releases/{version}/commits/", format!("releases/{version}/commits/")),
            ("/environments/", "environments/".into()),
            ("/members/", "members/".into()),
            ("/workflows/", "workflows/".into()),
            ("/detectors/", "detectors/".into()),
        ];
        for (template, path) in asked {
            let name = format!("GET /api/0/organizations/{{organization_id_or_slug}}{template}");
            let validator = jsonschema::validator_for(&schemas[&name]).unwrap();
            let body = ask(&demo, &format!("O/{path}")).await.ok();
            assert_ne!(body, Value::Array(vec![]), "{path} shows nothing");
            let wrong: Vec<String> = validator
                .iter_errors(&body)
                .map(|error| format!("{}: {error:.200}", error.instance_path()))
                .take(5)
                .collect();
            assert!(wrong.is_empty(), "{path}: {wrong:#?}");
        }
        assert!(demo.violations().is_empty(), "{:?}", demo.violations());
    }
}

#[tokio::test]
async fn issues_are_searched_as_sentry_searches() {
    let demo = start(1).await;
    let incident = demo.incident(IncidentKind::PaidNoAccess);
    let (issue, event) = (incident.issue_short_id.clone().unwrap(), incident.error_event_id.clone().unwrap());
    let has = async |query: &str| {
        let rows = rows(&demo, &format!("O/issues/?{query}")).await;
        rows.iter().any(|row| row["shortId"] == issue.as_str())
    };
    let email = incident.email.replace('+', "%2B");
    assert!(has("").await);
    assert!(has(&format!("query=user.email:{email}")).await);
    assert!(has(&format!("query=user.email:%22{email}%22%20is:unresolved%20timesSeen:%3E0")).await);
    assert!(has(&format!("query=user.email:[nobody@x.example,{email}]")).await);
    assert!(has(&format!("query=user.id:{}", incident.user_id)).await);
    assert!(has("query=has:user%20firstSeen:-90d%20lastSeen:-90d%20environment:production").await);
    assert!(has("query=error.type:*").await);
    assert!(has(&format!("query=user:%22email:{email}%22")).await);
    assert!(!has("query=is:resolved").await);
    assert!(!has("query=user.email:nobody@x.example").await);
    assert!(!has("query=%21has:user").await);
    assert!(!has("query=timesSeen:%3E100000").await);
    assert!(!has("query=surely-nobody-wrote-this").await);
    let all = rows(&demo, "O/issues/?query=").await;
    let open = rows(&demo, "O/issues/").await;
    assert!(all.iter().all(|row| row["stats"]["24h"].is_array()));
    assert!(rows(&demo, "O/issues/?groupStatsPeriod=").await.iter().all(|row| row.get("stats").is_none()));
    assert!(all.len() > open.len(), "an absent query means unresolved ones, an empty one all");
    assert!(open.iter().all(|row| row["status"] == "unresolved" && row["count"].is_string()));
    let hit = ask(&demo, &format!("O/issues/?query={event}&statsPeriod=1m")).await;
    assert!(hit.head.contains("x-sentry-direct-hit: 1"));
    assert_eq!(hit.ok()[0]["shortId"], issue.as_str());
    let hit = ask(&demo, &format!("O/issues/?query={issue}&shortIdLookup=1")).await;
    assert!(hit.head.contains("x-sentry-direct-hit: 1"));
    for (query, detail) in [
        ("query=is:open", "Invalid value for \"is\" search"),
        ("query=a%20OR%20b", "Boolean statements"),
        ("query=(a)", "Boolean statements"),
        ("query=f(x)", "Parse error"),
        ("query=%22open", "Parse error"),
        ("query=user.email:", "Empty string after 'user.email:'"),
        ("query=age:soon", "Invalid date"),
        ("sort=best", "Invalid sort"),
        ("sort=inbox", "Sort key 'inbox'"),
        ("statsPeriod=long", "Invalid statsPeriod"),
        ("start=2026-01-01", "start and end are both required"),
        ("cursor=x", "Invalid cursor parameter."),
        ("limit=x", "invalid limit"),
        ("groupStatsPeriod=1y", "Invalid stats_period"),
    ] {
        let reply = ask(&demo, &format!("O/issues/?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
        assert!(reply.body["detail"].as_str().unwrap().starts_with(detail), "{query}: {}", reply.text);
    }
    assert_eq!(ask(&demo, "O/issues/?project=nope").await.status, 403);
    assert_eq!(ask(&demo, "O/issues/?environment=nope").await.status, 404);
}

#[tokio::test]
async fn pages_lead_to_each_other_and_end() {
    let demo = Demo::start(Settings { extra_rows: 250, ..Settings::default() }).await.unwrap();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = ask(&demo, &format!("O/issues/?query=&limit=100{cursor}")).await;
        let next = next(&reply);
        assert!(reply.head.contains("x-hits: ") && reply.head.contains("x-sentry-rate-limit-remaining: "));
        seen.extend(reply.ok().as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(next) = next else { break };
        cursor = format!("&cursor={next}");
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert!(count > 250 && seen.len() == count, "{count} rows, {} different", seen.len());
}

#[tokio::test]
async fn events_are_found_and_told() {
    let demo = start(2).await;
    let incident = demo.incident(IncidentKind::PaidNoAccess);
    let (issue, event) = (incident.issue_short_id.clone().unwrap(), incident.error_event_id.clone().unwrap());
    let email = incident.email.replace('+', "%2B");
    let latest = ask(&demo, &format!("O/issues/{issue}/events/latest/?query=user.email:{email}")).await.ok();
    assert_eq!(latest["user"]["email"], incident.email.as_str());
    let missing = ask(&demo, &format!("O/issues/{issue}/events/latest/?query=user.email:x@x.example")).await;
    assert_eq!((missing.status, missing.body["detail"].as_str()), (404, Some("No matching event")));
    let missing = ask(&demo, &format!("O/issues/{issue}/events/{}/", "0".repeat(32))).await;
    assert!(missing.status == 404 && missing.text.contains("Event not found."));
    let found = ask(&demo, &format!("O/eventids/{event}/")).await.ok();
    assert_eq!(found["event"]["eventID"], event.as_str());
    let frames = &found["event"]["entries"][0]["data"]["values"][0]["stacktrace"]["frames"];
    assert!(frames.as_array().unwrap().last().unwrap()["inApp"].as_bool().unwrap(), "the crash is last");
    let path = format!(
        "O/events/?dataset=errors&field=id&field=issue&field=timestamp&field=user.email&sort=-timestamp\
         &query=(user.email:{email}%20OR%20user.email:x@x.example)"
    );
    let table = ask(&demo, &path).await.ok();
    assert!(table["data"].as_array().unwrap().iter().any(|row| row["id"] == event.as_str()));
    assert_eq!(table["meta"]["fields"]["timestamp"], "date");
    for (query, detail) in [
        ("field=id", "dataset is required"),
        ("dataset=errors", "No columns selected"),
        ("dataset=x&field=id", "dataset must be one of"),
        ("dataset=errors&field=id&sort=title", "Cannot sort by"),
        ("dataset=errors&field=id&per_page=101", "Invalid per_page value"),
    ] {
        let reply = ask(&demo, &format!("O/events/?{query}")).await;
        assert!(reply.status == 400 && reply.text.contains(detail), "{query}: {}", reply.text);
    }
}

#[tokio::test]
async fn strangers_wrong_paths_and_writes_are_refused_as_sentry_refuses_them() {
    let demo = start(1).await;
    let path = format!("{ORGANIZATION}/issues/");
    for (header, detail) in
        [("Bearer wrong", "Invalid token"), ("Basic eDp5", "Authentication credentials were not provided.")]
    {
        let reply = ask_any(&demo, Service::Sentry, &path, &[("Authorization", header)]).await;
        assert_eq!((reply.status, reply.body["detail"].as_str()), (401, Some(detail)));
    }
    let bare = ask(&demo, "O/issues?query=x").await;
    assert!(
        bare.status == 301 && bare.head.contains("location: /api/0/organizations/wrenhouse/issues/?query=x")
    );
    assert_eq!(ask(&demo, "O/nothing/").await.status, 404);
    assert_eq!(ask(&demo, "/api/0/organizations/other/issues/").await.status, 404);
    assert_eq!(ask(&demo, "O/issues/1/").await.body["detail"], "The requested resource does not exist");
    demo.deny_permission("event:read");
    assert_eq!(ask(&demo, "O/issues/").await.status, 403);
    demo.grant_permission("event:write");
    assert_eq!(ask(&demo, "O/issues/").await.status, 200);
    assert!(ask(&demo, "/api/0/").await.text.contains("event:write"));
    demo.fault(Service::Sentry, "", Fault::Limited { retry_after_s: None });
    let limited = ask(&demo, "O/projects/").await;
    assert!(limited.status == 429 && limited.head.contains("x-sentry-rate-limit-remaining: 0"));
    demo.clear_faults();
    assert!(demo.violations().is_empty());
    for write in [
        "PUT /api/0/organizations/wrenhouse/issues/1/",
        "POST /api/0/organizations/wrenhouse/issues/1/autofix/",
        "/api/0/organizations/wrenhouse/members/7/",
        "/api/0/organizations/wrenhouse/integrations/",
    ] {
        assert_eq!(ask(&demo, write).await.status, 405, "{write}");
    }
    assert_eq!(demo.violations().len(), 4);
    assert!(demo.violations().iter().all(|asked| matches!(asked.verdict, Verdict::Refused(_))));
}

#[tokio::test]
async fn an_older_one_knows_less() {
    let demo = start(1).await;
    demo.make_older(Service::Sentry);
    assert_eq!(ask(&demo, "O/workflows/").await.status, 404);
    assert_eq!(ask(&demo, "O/detectors/").await.status, 404);
    assert_eq!(ask(&demo, "/api/0/users/me/regions/").await.status, 404);
    assert!(!rows(&demo, "O/combined-rules/").await.is_empty());
    assert!(!rows(&demo, "O/alert-rules/").await.is_empty());
    assert!(!rows(&demo, "/api/0/projects/wrenhouse/api/rules/").await.is_empty());
    assert_eq!(ask(&demo, "O/events/?dataset=errors&field=id").await.status, 400);
    assert!(!ask(&demo, "O/events/?field=id").await.ok()["data"].as_array().unwrap().is_empty());
    assert_eq!(ask(&demo, "O/").await.ok()["links"]["regionUrl"], "");
}

#[tokio::test]
async fn many_issues_are_no_burden() {
    let demo = Demo::start(Settings { extra_rows: 10_000, ..Settings::default() }).await.unwrap();
    for path in [
        "O/issues/?query=is:unresolved%20widget&sort=user&limit=20",
        "O/events/?dataset=errors&field=issue&field=count()&sort=-count()",
        "O/events/?dataset=errors&field=id&field=title&field=timestamp&field=user.email&query=user.email:x@x.example",
        "O/releases/",
        "O/projects/",
    ] {
        let began = Instant::now();
        ask(&demo, path).await.ok();
        assert!(began.elapsed() < Duration::from_secs(5), "{path} took {:?}", began.elapsed());
    }
}
