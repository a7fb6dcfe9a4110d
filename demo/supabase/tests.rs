//! Supabase's own ways: what is refused, what is limited, what the SQL of this stand-in knows.

use axum::http::StatusCode;
use serde_json::json;

use super::{Supabase, project_ref, sql};
use crate::gate::{Ask, Voice};
use crate::record::Verdict;
use crate::tests::{ask, start};
use crate::{Demo, Fault, Service};

fn post(path: &str, body: &serde_json::Value) -> Ask {
    Ask {
        method: axum::http::Method::POST,
        uri: path.parse().unwrap(),
        headers: axum::http::HeaderMap::new(),
        body: body.to_string().into(),
    }
}

async fn get(demo: &Demo, path: &str) -> crate::tests::Reply {
    ask(demo, Service::Supabase, &format!("/v1/projects/{}{path}", project_ref(demo.world())), &[]).await
}

#[tokio::test]
async fn a_project_is_seen_with_its_token_alone() {
    let demo = start(1).await;
    let project = project_ref(demo.world());
    assert!(project.len() == 20 && project.bytes().all(|b| b.is_ascii_lowercase()), "{project}");
    let about = get(&demo, "").await;
    assert!(about.head.contains("x-ratelimit-reset: 60"), "{}", about.head);
    assert_eq!(about.ok()["ref"], project);
    let path = format!("/v1/projects/{project}");
    let stranger = ask(&demo, Service::Supabase, &path, &[("Authorization", "Bearer sbp_x")]).await;
    assert_eq!((stranger.status, stranger.body), (401, json!({ "message": "Unauthorized" })));
    let other = ask(&demo, Service::Supabase, "/v1/projects/aaaaaaaaaaaaaaaaaaaa", &[]).await;
    assert_eq!(other.status, 403);
    demo.deny_permission("advisors_read");
    let denied = get(&demo, "/advisors/security").await;
    assert_eq!((denied.status, &denied.body["missing_permissions"][0]), (403, &json!("advisors_read")));
    demo.fault(Service::Supabase, "", Fault::Limited { retry_after_s: None });
    let limited = get(&demo, "").await;
    assert!(limited.status == 429 && limited.head.contains("x-ratelimit-reset: 42"), "{}", limited.head);
    assert!(demo.violations().is_empty());
}

#[tokio::test]
async fn what_is_no_read_is_refused_and_recorded() {
    let demo = start(1).await;
    let path = |rest: &str| format!("/v1/projects/{}{rest}", project_ref(demo.world()));
    let judge = |asked: &Ask| Supabase::judge(&demo.shared, asked);
    let query = path("/database/query/read-only");
    assert_eq!(judge(&post(&query, &json!({ "query": "SELECT 1" }))), Verdict::Read);
    for (path, body) in [
        (query.clone(), json!({ "query": "delete from auth.users" })),
        (path("/database/query"), json!({ "query": "SELECT 1", "read_only": true })),
        (path("/pause"), json!({})),
    ] {
        assert!(matches!(judge(&post(&path, &body)), Verdict::Refused(_)), "{path}");
    }
    for secret in ["/api-keys", "/secrets", "/config/auth", "/pgsodium"] {
        assert_eq!(get(&demo, secret).await.status, 405, "{secret}");
    }
    assert_eq!(demo.violations().len(), 4);
}

#[tokio::test]
async fn sql_is_answered_where_it_is_known_and_refused_in_the_real_ones_form() {
    let demo = start(1).await;
    let email = &demo.incidents()[0].email;
    let look = json!({ "query": "SELECT u.id FROM auth.users AS u WHERE u.email = $1", "parameters": [email.to_lowercase()] });
    let found = sql::run(demo.world(), &look).unwrap();
    assert_eq!(found.status(), StatusCode::CREATED);
    let odd = sql::run(demo.world(), &json!({ "query": "SELECT 1" })).unwrap_err().response();
    let body = axum::body::to_bytes(odd.into_body(), 10_000).await.unwrap();
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("Failed to run sql query: ERROR:  0A000:"), "{body}");
}

/// A log of more than a day is not told, and that comes with 200.
#[tokio::test]
async fn logs_tell_their_errors_with_200() {
    let demo = start(1).await;
    let logs = |query: &str| {
        format!("/analytics/endpoints/logs?sql={}", query.replace(' ', "%20").replace('\'', "%27"))
    };
    let lines = get(&demo, &logs("select timestamp from logs where source = 'auth_logs' limit 5")).await.ok();
    assert!(lines["error"].is_null() && lines["result"].is_array(), "{lines}");
    let renamed =
        get(&demo, &logs("select timestamp from logs where source_name = 'auth_logs' limit 5")).await.ok();
    assert!(
        renamed["error"]["message"].as_str().unwrap().contains("Unknown expression identifier"),
        "{renamed}"
    );
}
