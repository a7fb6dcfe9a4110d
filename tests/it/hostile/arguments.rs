//! Arguments that try to lead elsewhere: what reaches the wire is a read of the right route and tenant, or nothing.

use super::hidden;
use crate::rig::{Rig, call};
use prodview_demo::{IncidentKind, Recorded, Service, Verdict};
use prodview_guard::{READS_OVER_POST, Route, SystemQuery};
use prodview_tools::catalogue;
use reqwest::Url;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const HOSTILE: [&str; 40] = [
    "../../v1/refunds",
    "..%2f..%2fv1%2frefunds",
    "%2e%2e/x",
    "pi_1A/../refunds",
    "pi_1A%2f..%2frefunds",
    "pi_1A/cancel",
    "pi_1A\r\nHost: evil.example",
    "pi_1A\r\n\r\nPOST /v1/refunds HTTP/1.1",
    "pi_1A?expand[]=data",
    "pi_1A#f",
    "pi_1A&customer=x",
    "http://127.0.0.1:1/payments/pi_1A",
    "https://dashboard.stripe.com@evil.example/payments/pi_1A",
    "https://dashboard.stripe.com/payments/..%2frefunds",
    "https://dashboard.stripe.com/search?query=../refunds",
    "file:///etc/passwd",
    "pi_1A\0",
    "\u{202e}pi_1A",
    "ｐｉ_1A",
    "pi_é",
    "a\"OR-email:\"x@y.z",
    "\"OR email:\"a@b.example",
    "x@y.z\" OR email~\"a",
    "x\\@y.z",
    "' OR 1=1 --",
    "$(reboot)",
    "{\"$ne\":null}",
    "_system/cli/tables",
    "users:byEmail",
    "__proto__",
    "${STRIPE_API_KEY}",
    "env:STRIPE_API_KEY",
    "*@y.z",
    "[a@b.z,c@d.z]",
    "a@b.z,c@d.z",
    "(a)@b.z",
    "!a:b@c.z",
    "é@ü.example",
    "acct_1/../x",
    "is:resolved@x.z",
];

/// Good values for the arguments a tool cannot do without.
fn needed(tool: &str) -> Map<String, Value> {
    let all = json!({
        "find_user": { "who": "a@b.example" }, "get_error": { "id": "WEB-1" }, "payment_intent_status": { "id": "pi_1A" },
        "trace_payment": { "id": "pi_1A" },
        "find_records": { "table": "users" },
    });
    all[tool].as_object().cloned().unwrap_or_default()
}

fn templates(service: Service) -> Vec<(&'static str, &'static str)> {
    let routes: &[Route] = match service {
        Service::Sentry => prodview_providers::sentry::ROUTES,
        Service::Stripe => prodview_providers::stripe::ROUTES,
        Service::Convex => prodview_providers::convex::ROUTES,
        Service::Upstash => prodview_providers::redis::ROUTES,
        Service::Supabase => prodview_providers::supabase::ROUTES,
    };
    let over_post = READS_OVER_POST
        .iter()
        .map(|r| &r.route)
        .filter(|r| format!("{service:?}").to_lowercase() == r.provider().name());
    routes.iter().chain(over_post).map(|r| (r.method(), r.template())).collect()
}

/// A read of a known route, in the configured tenant, every slot one plain id.
fn check(asked: &Recorded, from: &str) {
    assert_eq!(asked.verdict, Verdict::Read, "{from}: {asked:?}");
    let parts: Vec<&str> = asked.path.split('/').collect();
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    let fits = |(method, template): &(&str, &str)| {
        let slots: Vec<&str> = template.split('/').collect();
        asked.method == *method
            && slots.len() == parts.len()
            && slots.iter().zip(&parts).all(|(slot, part)| match *slot {
                "{organization_id_or_slug}" => *part == "wrenhouse",
                slot if slot.starts_with('{') => plain(part),
                slot => slot == *part,
            })
    };
    assert!(templates(asked.service).iter().any(fits), "{from}: {} {}", asked.method, asked.path);
    if asked.service == Service::Convex && asked.method == "POST" {
        let body: Value = serde_json::from_str(asked.body.as_deref().unwrap()).unwrap();
        let path = body["path"].as_str().unwrap();
        assert!(
            // query_state may name any query function of the app's own; the guard sees to it that it is none of the system's.
            path == "users:byEmail"
                || (from.starts_with("query_state") && !path.starts_with('_'))
                || SystemQuery::ALL.iter().any(|q| q.path() == path),
            "{from}: {path}"
        );
        let table = body
            .pointer("/args/table")
            .or(body.pointer("/args/0/table"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let plain = table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        assert!(
            plain && (!table.starts_with('_') || ["_storage", "_scheduled_functions"].contains(&table)),
            "{from}: table {table}"
        );
    }
}

fn pairs(asked: &Recorded) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://demo{}?{}", asked.path, asked.query)).unwrap();
    url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

/// What stands outside the quotes of a search text.
fn outside_quotes(text: &str) -> String {
    assert_eq!(text.matches('"').count() % 2, 0, "{text}");
    text.split('"').step_by(2).collect()
}

#[tokio::test]
async fn whatever_an_argument_holds_only_reads_of_known_routes_go_out() {
    let rig = Rig::new().await;
    let (mut calls, mut sent) = (0, 0);
    for entry in catalogue() {
        let properties = entry.input.get("properties").and_then(Value::as_object).unwrap();
        for (name, schema) in properties {
            if schema["type"] != "string" || schema["enum"].is_array() {
                continue;
            }
            for text in HOSTILE {
                rig.demo.clear_record();
                let mut ask = needed(&entry.name);
                ask.insert(name.clone(), json!(text));
                let from = format!("{} {name} = {text:?}", entry.name);
                let said = match rig.call_fresh(&entry.name, Value::Object(ask)).await {
                    Ok(told) => told.page.to_text(),
                    Err(error) => error.to_string(),
                };
                for line in said.lines() {
                    assert!(!line.contains(hidden), "{from}: {line:?}");
                }
                for asked in rig.demo.record() {
                    check(&asked, &from);
                    for (key, value) in pairs(&asked) {
                        // The one free search text of Sentry is the caller's own to write.
                        let own = name == "query" && asked.service == Service::Sentry;
                        if key == "query" && !own {
                            let outside = outside_quotes(&value);
                            assert!(
                                ["email:", "user.email:", "user.id:", "user.email:[,]", ""]
                                    .contains(&outside.as_str()),
                                "{from}: {value}"
                            );
                        }
                        assert!(own || !key.contains(['"', '&', '=', '\r', '\n']), "{from}: {key}");
                    }
                    sent += 1;
                }
                calls += 1;
            }
        }
    }
    assert!(calls > 500 && sent > 100, "{calls} calls, {sent} requests: was anything asked at all?");
}

#[tokio::test]
async fn rows_are_sought_by_values_and_never_by_operators() {
    let rig = Rig::new().await;
    for text in HOSTILE {
        rig.demo.clear_record();
        let from = format!("where {text:?}");
        for fields in [json!({ "email": text }), json!({ (text): "x" }), json!({ "_id": text })] {
            if let Ok(told) =
                rig.call_fresh("find_records", json!({ "table": "users", "where": fields })).await
            {
                assert_eq!(told.structured["rows"], json!([]), "{from}: nobody has that");
            }
        }
        rig.demo.record().iter().for_each(|asked| check(asked, &from));
    }
}

#[tokio::test]
async fn a_search_cannot_leave_the_configured_projects() {
    for seed in [1, 2] {
        let rig = Rig::seeded(seed).await;
        let paid = rig.incident(IncidentKind::PaidNoAccess).clone();
        let issue = rig
            .demo
            .world()
            .issues
            .iter()
            .find(|i| Some(&i.short_id) == paid.issue_short_id.as_ref())
            .unwrap()
            .clone();
        assert_eq!(issue.project, "api");
        let project =
            |slug: &str| rig.demo.world().projects.iter().find(|p| p.slug == slug).unwrap().id.clone();
        let (web, api) = (project("web"), project("api"));
        let app =
            rig.configured(|t| t.replace("org = \"wrenhouse\"", "org = \"wrenhouse\"\nprojects = [\"web\"]"));
        let tries = [
            "project:api".to_owned(),
            "project:[web,api]".to_owned(),
            "!project:web".to_owned(),
            format!("project.id:{api}"),
            "is:unresolved OR project:api".to_owned(),
            "(project:api)".to_owned(),
            "\" project:api".to_owned(),
            "MissingMetadataError".to_owned(),
            issue.short_id.clone(),
            issue.id.clone(),
            issue.events[0].id.clone(),
            format!("x&project={api}"),
            "x\r\nproject: api".to_owned(),
        ];
        for query in tries {
            rig.demo.clear_record();
            if let Ok(told) =
                call(&app, "list_errors", json!({ "query": query, "since": "13d", "limit": 50 })).await
            {
                let errors = told.structured["errors"].as_array().unwrap();
                assert!(errors.iter().all(|e| e["project"] != "api"), "{query}: {errors:#?}");
                assert!(!told.page.to_text().contains(&format!("{} · ", issue.short_id)), "{query}");
            }
            for asked in rig.demo.record().iter().filter(|r| r.path.ends_with("/issues/")) {
                let projects: Vec<String> = pairs(asked)
                    .into_iter()
                    .filter(|(key, _)| key == "project")
                    .map(|(_, value)| value)
                    .collect();
                assert_eq!(projects, [web.as_str()], "{query}");
            }
        }
        for id in [issue.short_id.clone(), issue.id.clone(), issue.events[0].id.clone()] {
            let error = call(&app, "get_error", json!({ "id": id })).await.unwrap_err().to_string();
            assert!(!error.contains("MissingMetadataError"), "{id}: {error}");
        }
        let error = call(&app, "list_errors", json!({ "project": "api" })).await.unwrap();
        assert!(error.structured["sources"].to_string().contains("refused"), "{:#}", error.structured);
        let person =
            call(&app, "find_user", json!({ "who": paid.email })).await.unwrap().structured.to_string();
        assert!(!person.contains("MissingMetadataError") && !person.contains(&issue.short_id), "{person}");
    }
}

#[tokio::test]
async fn an_account_or_tenant_is_never_an_argument() {
    let mut names = BTreeSet::new();
    for entry in catalogue() {
        names.extend(entry.input.get("properties").and_then(Value::as_object).unwrap().keys().cloned());
    }
    for tenant in [
        "org",
        "organization",
        "account",
        "deployment",
        "url",
        "base_url",
        "host",
        "tenant",
        "key",
        "token",
        "path",
        "method",
        "headers",
    ] {
        assert!(!names.contains(tenant), "{tenant}");
    }
    // A pasted address of another organisation or account is read as its id, and asked for in the configured one.
    let rig = Rig::new().await;
    for who in
        ["https://evil.sentry.io/issues/1234567/", "https://sentry.io/organizations/evil/issues/1234567/"]
    {
        let _ = rig.call("get_error", json!({ "id": who })).await;
    }
    let _ = rig
        .call(
            "payment_intent_status",
            json!({ "id": "https://dashboard.stripe.com/acct_1Evil/payments/pi_1A" }),
        )
        .await;
    let record = rig.demo.record();
    assert!(record.len() >= 2);
    for asked in &record {
        check(asked, "a pasted address");
        assert!(
            !asked.path.contains("evil") && !asked.path.contains("Evil") && !asked.query.contains("Evil"),
            "{asked:?}"
        );
    }
}
