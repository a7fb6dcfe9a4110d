//! What the company's Convex says, held against the published schemas and against what it is known to do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Convex;
use crate::gate::{Ask, Voice};
use crate::tests::{Reply, ask as ask_any, start};
use crate::world::IncidentKind;
use crate::{Demo, Service, Settings, Verdict};

async fn ask(demo: &Demo, path: &str) -> Reply {
    ask_any(demo, Service::Convex, path, &[]).await
}

/// A POST with a body, past the wire.
fn post(demo: &Demo, key: &str, path: &str, body: &Value) -> Ask {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Convex {key}").parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    let uri = format!("{}{path}", demo.origin(Service::Convex)).parse().unwrap();
    Ask { method: Method::POST, uri, headers, body: body.to_string().into() }
}

async fn said(demo: &Demo, ask: &Ask) -> (u16, Value) {
    let response = match super::answer(&demo.shared, ask).await {
        Ok(response) => response,
        Err(wrong) => wrong.response(ask, demo.shared.is_older(Service::Convex)),
    };
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn call(demo: &Demo, path: &str, args: Value) -> (u16, Value) {
    let body = json!({ "path": path, "args": args, "format": "json" });
    said(demo, &post(demo, demo.key(Service::Convex), "/api/query", &body)).await
}

async fn value(demo: &Demo, path: &str, args: Value) -> Value {
    let (status, body) = call(demo, path, args).await;
    assert_eq!((status, &body["status"]), (200, &json!("success")), "{path}: {body}");
    body["value"].clone()
}

async fn error(demo: &Demo, path: &str, args: Value) -> String {
    let (status, body) = call(demo, path, args).await;
    assert_eq!((status, &body["status"]), (200, &json!("error")), "{path}: {body}");
    body["errorMessage"].as_str().unwrap().to_owned()
}

fn pages(items: usize, cursor: &Value) -> Value {
    json!({ "numItems": items, "cursor": cursor })
}

#[tokio::test]
async fn answers_have_the_published_shapes() {
    let schemas: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../fixtures/convex-schemas.json")).unwrap();
    let demo = start(1).await;
    let holds = |name: &str, body: &Value| {
        let validator = jsonschema::validator_for(&schemas[name]).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    };
    for (path, args) in [
        ("users:byEmail", json!({ "email": "x" })),
        ("users:nope", json!({})),
        (
            "_system/cli/tableData",
            json!({ "table": "users", "order": "asc", "paginationOpts": pages(2, &Value::Null) }),
        ),
    ] {
        holds("POST /api/query", &call(&demo, path, args).await.1);
    }
    holds("GET /api/query", &ask(&demo, "/api/query?path=users:nope&args=%7B%7D").await.ok());
    holds("POST /api/query_ts", &ask(&demo, "POST /api/query_ts").await.ok());
    let batch = json!({ "queries": [{ "path": "users:nope", "args": {} }, { "path": "_system/frontend/getVersion", "args": {} }] });
    let (status, body) =
        said(&demo, &post(&demo, demo.key(Service::Convex), "/api/query_batch", &batch)).await;
    assert_eq!((status, body["results"].as_array().unwrap().len()), (200, 2));
    holds("POST /api/query_batch", &body);
    for path in [
        "/api/v1/deployment_info",
        "/api/v1/get_canonical_urls",
        "/api/v1/list_usage_limits",
        "/api/get_indexes",
    ] {
        holds(&format!("GET {path}"), &ask(&demo, path).await.ok());
    }
    let events = ask(&demo, "/api/v1/list_audit_log_events?from=0&limit=2").await.ok();
    assert_eq!(events["pagination"]["hasMore"], true);
    holds("GET /api/v1/list_audit_log_events", &events);
    let cli = [("Convex-Client", "npm-cli-1.48.0")];
    let logs = ask_any(&demo, Service::Convex, "/api/stream_function_logs?cursor=0", &cli).await.ok();
    holds("GET /api/stream_function_logs", &logs);
    let lines =
        logs["entries"].as_array().unwrap().iter().flat_map(|entry| entry["logLines"].as_array().unwrap());
    let lines: Vec<&Value> = lines.collect();
    assert!(!lines.is_empty());
    lines.iter().for_each(|line| holds("LogLineJson", line));
    let plain = ask(&demo, "/api/stream_function_logs?cursor=0").await.ok();
    let first = plain["entries"].as_array().unwrap().iter().find_map(|entry| entry["logLines"].get(0));
    assert!(first.unwrap().is_string());
    assert!(demo.violations().is_empty());
}

#[tokio::test]
async fn documents_come_in_pages_and_quickly() {
    let demo = Demo::start(Settings { extra_rows: 10_000, ..Settings::default() }).await.unwrap();
    let began = Instant::now();
    let (mut cursor, mut seen) = (Value::Null, Vec::new());
    loop {
        let args = json!({ "table": "users", "order": "desc", "paginationOpts": pages(4_000, &cursor) });
        let page = value(&demo, "_system/cli/tableData", args).await;
        seen.extend(
            page["page"].as_array().unwrap().iter().map(|row| row["_creationTime"].as_f64().unwrap()),
        );
        cursor = page["continueCursor"].clone();
        if page["isDone"] == true {
            break;
        }
    }
    assert_eq!(seen.len(), demo.world().rows("users").len());
    assert!(seen.is_sorted_by(|a, b| a >= b));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let other = json!({ "table": "users", "order": "asc", "paginationOpts": pages(1, &cursor) });
    assert!(error(&demo, "_system/cli/tableData", other).await.contains("InvalidCursor"));
    let all = json!({ "table": "users", "order": "asc", "paginationOpts": pages(50_000, &Value::Null) });
    let page = value(&demo, "_system/cli/tableData", all).await;
    assert!(page["page"].as_array().unwrap().len() <= 10_000 && page["isDone"] == false);
}

#[tokio::test]
async fn filters_and_indexes_narrow() {
    let demo = start(3).await;
    let incident = demo.incident(IncidentKind::PaidNoAccess);
    let find = async |table: &str, filters: Value| {
        let filters = STANDARD.encode(filters.to_string());
        let args = json!({ "table": table, "filters": filters, "paginationOpts": pages(100, &Value::Null) });
        value(&demo, "_system/frontend/paginatedTableDocuments", args).await["page"]
            .as_array()
            .unwrap()
            .clone()
    };
    let eq = json!({ "clauses": [{ "op": "eq", "field": "email", "value": incident.email }] });
    assert_eq!(find("users", eq).await[0]["_id"], incident.user_id.as_str());
    let bounds = json!({ "name": "by_email", "clauses": [{ "type": "indexEq", "enabled": true, "value": incident.email }] });
    assert_eq!(find("users", json!({ "clauses": [], "index": bounds })).await.len(), 1);
    let failed = json!({ "op": "and", "order": "asc", "clauses": [
        { "op": "anyOf", "field": "status", "value": ["failed"] }, { "op": "notype", "field": "error", "value": "unset" },
        { "op": "gt", "field": "attempts", "value": 0 }, { "op": "neq", "field": "type", "value": "x" },
    ] });
    assert_eq!(find("webhookEvents", failed).await.len(), 2);
    let wrong =
        find("users", json!({ "clauses": [{ "op": "eq", "field": "email", "value": { "$odd": 1 } }] })).await;
    assert!(wrong[0]["error"].as_str().unwrap().starts_with("Invalid value"));
    let found = value(&demo, "_system/frontend/getById", json!({ "id": incident.user_id })).await;
    assert_eq!(found["email"], incident.email.as_str());
    assert_eq!(
        value(&demo, "users:byEmail", json!({ "email": incident.email })).await["_id"],
        incident.user_id.as_str()
    );
    assert_eq!(value(&demo, "users:byEmail", json!({ "email": "nobody" })).await, Value::Null);
    assert!(value(&demo, "passes:forUser", json!({ "userId": incident.user_id })).await.is_array());
    let schemas = value(&demo, "_system/frontend/getSchemas", json!({})).await;
    let active: Value = serde_json::from_str(schemas["active"].as_str().unwrap()).unwrap();
    assert!(active["tables"].as_array().unwrap().iter().any(|table| table["tableName"] == "users"));
    assert!(value(&demo, "_system/frontend/listCronJobs", json!({})).await[0]["lastRun"].is_object());
    let (_, body) = call(&demo, "payments:byIntent", json!({ "paymentIntentId": "pi_x" })).await;
    assert!(body.get("logLines").is_none());
    let rows = json!({ "table": "payments", "order": "asc", "paginationOpts": pages(1, &Value::Null) });
    let ask = post(
        &demo,
        demo.key(Service::Convex),
        "/api/query",
        &json!({ "path": "_system/cli/tableData", "args": rows }),
    );
    let text = super::call::one(&demo.shared, &ask).unwrap().into_body();
    let text = axum::body::to_bytes(text, usize::MAX).await.unwrap();
    assert!(String::from_utf8_lossy(&text).contains(".0,\"checkoutSessionId\""), "numbers look like doubles");
}

#[tokio::test]
async fn functions_fail_as_convex_says_it() {
    let demo = start(1).await;
    let unknown = error(&demo, "users:nope", json!({})).await;
    assert!(
        unknown.starts_with("[Request ID: ")
            && unknown.contains("Could not find public function for 'users:nope'")
    );
    assert!(error(&demo, "_system/frontend/nope", json!({})).await.contains("Could not find"));
    assert!(error(&demo, "users:byEmail", json!({})).await.contains("missing the required field `email`"));
    assert!(error(&demo, "users:byEmail", json!({ "email": 1 })).await.contains("Path: .email"));
    assert!(error(&demo, "users:byEmail", json!({ "email": "a", "x": 1 })).await.contains("extra field `x`"));
    assert!(error(&demo, "users:get", json!({ "id": "nope" })).await.contains("v.id(\"users\")"));
    let bad = call(&demo, "a b", json!({})).await;
    assert_eq!((bad.0, &bad.1["code"]), (400, &json!("BadConvexFunctionIdentifier")));
    demo.make_older(Service::Convex);
    assert_eq!(call(&demo, "users:nope", json!({})).await.0, 560);
    assert_eq!(call(&demo, "users:byEmail", json!({ "email": "a" })).await.0, 200);
}

#[tokio::test]
async fn writes_are_refused_and_noted() {
    let demo = start(1).await;
    let judged = |path: &str, body: Value| {
        Convex::judge(&demo.shared, &post(&demo, demo.key(Service::Convex), path, &body))
    };
    let refused = |path: &str, body: Value| matches!(judged(path, body), Verdict::Refused(_));
    assert!(refused("/api/query", json!({ "path": "users:unlock", "args": {} })));
    assert!(refused("/api/query", json!({ "path": "users.js:unlock", "args": {} })));
    assert!(refused("/api/query", json!({ "path": "_system/frontend/addDocument", "args": {} })));
    assert!(refused("/api/query_batch", json!({ "queries": [{ "path": "mail:send", "args": {} }] })));
    for path in
        ["/api/mutation", "/api/action", "/api/function", "/api/run/users/byEmail", "/api/run_test_function"]
    {
        assert!(refused(path, json!({ "path": "users:byEmail", "args": {} })), "{path}");
    }
    assert!(!refused("/api/query", json!({ "path": "users:byEmail", "args": {} })));
    let acting = post(&demo, &format!("{}:eyJ9", demo.key(Service::Convex)), "/api/query", &json!({}));
    assert!(matches!(Convex::judge(&demo.shared, &acting), Verdict::Refused(_)));
    let told = ask(&demo, "/api/query?path=users:unlock&args=%7B%7D").await.ok();
    let message = told["errorMessage"].as_str().unwrap();
    assert!(message.contains("Trying to execute users.js:unlock as Query, but it is defined as Mutation."));
    for path in ["/api/v1/list_environment_variables", "/api/export/zip/1", "POST /api/v1/pause_deployment"] {
        assert_eq!(ask(&demo, path).await.status, 405, "{path}");
    }
    assert_eq!(demo.violations().len(), 4);
}

#[tokio::test]
async fn keys_open_what_they_allow() {
    let demo = start(1).await;
    let name = ask_any(&demo, Service::Convex, "/instance_name", &[("Authorization", "")]).await;
    assert_eq!((name.status, name.text.as_str()), (200, demo.world().company.convex_deployment.as_str()));
    for (header, status, code) in [
        ("Bearer x.y.z", 401, "InvalidAuthHeader"),
        ("Convex prod:other|x", 401, "BadAdminKey"),
        ("Basic x", 400, "InvalidAdminKey"),
    ] {
        let reply =
            ask_any(&demo, Service::Convex, "/api/check_admin_key", &[("Authorization", header)]).await;
        assert_eq!((reply.status, reply.body["code"].as_str()), (status, Some(code)));
    }
    let bare = demo.key(Service::Convex).trim_start_matches("prod:");
    let lower = format!("convex {bare}");
    let check =
        ask_any(&demo, Service::Convex, "/api/check_admin_key", &[("Authorization", &lower)]).await.ok();
    assert!(check["success"] == true && check["allowedOps"].as_array().unwrap().contains(&json!("ViewLogs")));
    let less = format!("Convex {}", demo.key_that_sees_less());
    let logs =
        ask_any(&demo, Service::Convex, "/api/stream_function_logs?cursor=0", &[("Authorization", &less)])
            .await;
    assert_eq!((logs.status, logs.body["code"].as_str()), (403, Some("OperationNotPermitted")));
    let body = json!({ "path": "_system/cli/queryEnvironmentVariables", "args": {} });
    assert_eq!(said(&demo, &post(&demo, &demo.key_that_sees_less(), "/api/query", &body)).await.0, 403);
    assert!(value(&demo, "_system/cli/queryEnvironmentVariables", json!({})).await[0]["name"].is_string());
    demo.deny_permission("ViewData");
    assert_eq!(ask(&demo, "/api/shapes2").await.status, 403);
    demo.grant_permission("WriteData");
    assert!(ask(&demo, "/api/check_admin_key").await.text.contains("WriteData"));
    demo.grant_permission("*");
    assert_eq!(ask(&demo, "/api/check_admin_key").await.ok()["allowedOps"], json!([]));
    assert!(demo.violations().is_empty());
}

#[tokio::test]
async fn who_waits_for_news_waits() {
    let demo = start(1).await;
    let newest = ask(&demo, "/api/stream_function_logs?cursor=0").await.ok()["newCursor"].clone();
    let path = format!("/api/stream_function_logs?cursor={newest}");
    let waited = tokio::time::timeout(Duration::from_millis(300), ask(&demo, &path)).await;
    assert!(waited.is_err(), "nothing is newer, so there is no answer yet");
}
