//! The demo's answers, and prodview's own bodies, against the schemas that Supabase publishes.

use super::{app, demo, supabase};
use prodview_demo::Service;
use prodview_providers::Moment;
use serde_json::Value;

fn schema(name: &str) -> jsonschema::Validator {
    let all: Value = serde_json::from_str(include_str!("../../fixtures/supabase/schemas.json")).unwrap();
    jsonschema::validator_for(&all[name]).unwrap()
}

#[tokio::test]
async fn the_stand_ins_answers_are_as_published() {
    let demo = demo().await;
    let now = Moment::now();
    let logs = format!(
        "/analytics/endpoints/logs?sql=select%20timestamp%20from%20logs%20where%20source%20%3D%20%27auth_logs%27%20limit%205&\
         iso_timestamp_start={}&iso_timestamp_end={now}",
        now.minus_s(3_600)
    );
    for (path, name) in [
        ("", "project"),
        ("/health?services=auth&services=db&services=storage", "health"),
        ("/advisors/security", "advisors"),
        ("/advisors/performance", "advisors"),
        ("/database/migrations", "migrations"),
        ("/functions", "functions"),
        // Published for the address before it; its `error` is null where there is none.
        (logs.as_str(), "logs"),
    ] {
        let url = format!("{}/v1/projects/{}{path}", demo.origin(Service::Supabase), demo.supabase_project());
        #[expect(clippy::disallowed_types, reason = "a test of a server is a client")]
        let said =
            reqwest::Client::new().get(url).bearer_auth(demo.key(Service::Supabase)).send().await.unwrap();
        let mut said: Value = said.json().await.unwrap();
        if name == "logs" {
            said.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        let wrong: Vec<String> = schema(name).iter_errors(&said).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?}");
    }
}

#[tokio::test]
async fn the_body_of_a_question_in_sql_is_as_published() {
    let demo = demo().await;
    let app = app(&demo, &demo.origin(Service::Supabase), "");
    supabase(&app).adapter().state().unwrap().tables().await.unwrap();
    let record = demo.record();
    let posts: Vec<&str> = record
        .iter()
        .filter(|asked| asked.method == "POST")
        .filter_map(|asked| asked.body.as_deref())
        .collect();
    assert!(!posts.is_empty());
    let whole: Vec<Value> = posts.iter().filter_map(|body| serde_json::from_str(body).ok()).collect();
    assert!(!whole.is_empty(), "every body was longer than the record keeps");
    for body in whole {
        let wrong: Vec<String> = schema("query").iter_errors(&body).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
