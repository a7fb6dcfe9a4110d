//! What a call may meet: arguments that do not fit, a client that wants to know how far it is, a mistake of ours.

use super::{OLDER, call, initialize, stateless};
use crate::program::{Folder, Talk};
use async_trait::async_trait;
use prodview::server::Server;
use prodview_guard::{Failure, Provider};
use prodview_providers::capability::{Adapter, Answered, Identity, Users};
use prodview_providers::words::Person;
use prodview_providers::{Found, Handle, Source, Sources};
use prodview_tools::App;
use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn arguments_that_do_not_fit_are_an_answer_that_says_what_would() {
    let folder = Folder::new();
    let mut talk = Talk::begin(&folder, &["serve", "--demo"], &[]);
    for (tool, arguments, named) in [
        ("find_user", json!({}), "who"),
        ("find_user", json!({ "who": null }), "who"),
        ("find_user", json!({ "who": ["zoe@acme.dev"] }), "who"),
        ("find_user", json!({ "who": { "$ne": "" } }), "who"),
        ("find_user", json!({ "who": "" }), "who"),
        ("find_user", json!({ "who": "x".repeat(501) }), "who"),
        ("find_user", json!({ "who": "zoe@acme.dev", "admin": true }), "admin"),
        ("list_errors", json!({ "limit": 0 }), "limit"),
        ("list_errors", json!({ "limit": 1e30 }), "limit"),
        ("list_errors", json!({ "limit": "5" }), "limit"),
        ("list_errors", json!({ "since": "yesterday-ish" }), "since"),
        ("list_errors", json!({ "cursor": "../../etc/passwd" }), "cursor"),
        ("find_records", json!({ "table": "users", "where": "1=1" }), "where"),
        ("get_error", json!({ "id": "../organizations" }), "id"),
    ] {
        let result = talk.result("tools/call", &call(tool, arguments.clone()));
        assert_eq!(result["isError"], true, "{tool} {arguments}");
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(named), "{tool} {arguments}: {text}");
        assert!(!text.contains("zoe@acme.dev"), "it need not be repeated: {text}");
        assert!(result.get("structuredContent").is_none_or(Value::is_null));
    }
    // Arguments that are no table are no call at all.
    let mut broken = call("find_user", json!({}));
    broken["arguments"] = json!(["who"]);
    let answer = talk.ask("tools/call", &broken);
    assert!(answer["error"]["code"].as_i64().is_some(), "{answer:#}");
}

#[test]
fn how_far_a_call_is_is_told_to_those_who_asked_and_it_only_grows() {
    let folder = Folder::new();
    let mut talk = Talk::begin(&folder, &["serve", "--demo"], &[]);
    for token in [json!("tok-1"), json!(7)] {
        // Another address each time: the cache would leave nothing to tell.
        let who = format!("nobody-{}@acme.example", token.to_string().trim_matches('"'));
        let mut params = call("find_user", json!({ "who": who }));
        params["_meta"]["progressToken"] = token.clone();
        talk.result("tools/call", &params);
        let mut last = 0.0;
        assert!(!talk.heard.is_empty(), "nothing was told");
        for notice in talk.heard.drain(..) {
            assert_eq!(notice["method"], "notifications/progress", "{notice:#}");
            assert_eq!(notice["params"]["progressToken"], token);
            let now = notice["params"]["progress"].as_f64().unwrap();
            assert!(now > last, "{now} after {last}");
            last = now;
        }
    }
    // After the answer nothing more comes, and to those who did not ask nothing is told.
    talk.result("tools/call", &call("find_user", json!({ "who": "somebody@acme.example" })));
    talk.result("tools/list", &stateless(json!({})));
    assert_eq!(talk.heard, Vec::<Value>::new());
    let ended = talk.end();
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""));
}

#[test]
fn a_client_that_reads_late_loses_nothing() {
    let folder = Folder::new();
    let mut talk = Talk::begin_deaf(&folder, &["serve", "--demo"], &[]);
    talk.say(
        json!({ "jsonrpc": "2.0", "id": "first", "method": "initialize", "params": initialize(OLDER[3]) }),
    );
    talk.say(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    // The answers and notices are more than a pipe holds, and all is asked before the first of them is read.
    let ids: Vec<Value> = (0..60)
        .map(|i| {
            let params = json!({ "name": "list_sources", "arguments": {}, "_meta": { "progressToken": i } });
            talk.send("tools/call", &params)
        })
        .collect();
    talk.listen();
    let mut bytes = 0;
    for id in ids {
        let answer = talk.answer_to(&id);
        assert!(answer.get("result").is_some(), "{answer:#}");
        bytes += answer.to_string().len();
    }
    assert!(bytes > 64 * 1024, "a pipe may hold {bytes} bytes: nothing was tried");
}

/// A source with a mistake in it.
struct Broken;

#[async_trait]
impl Adapter for Broken {
    async fn identity(&self) -> Result<Identity, Failure> {
        Err(Failure::odd("it does not matter"))
    }
    fn least_privilege(&self) -> &'static str {
        ""
    }
    fn target(&self) -> String {
        "nowhere".to_owned()
    }
    fn users(&self) -> Option<&dyn Users> {
        Some(self)
    }
}

#[async_trait]
impl Users for Broken {
    async fn people(&self, who: &Handle) -> Answered<Person> {
        assert_ne!(who.id, "boom@acme.dev", "a mistake of ours");
        Ok(Found::all(Vec::new()))
    }
}

#[tokio::test]
async fn a_mistake_of_ours_ends_one_call_and_not_the_server() {
    let source = Source::new("stripe".to_owned(), Provider::Stripe, Arc::new(Broken), false);
    let sources = Sources::new(vec![source], prodview_providers::app::App::default());
    let app = Arc::new(App {
        sources,
        environment: "test".to_owned(),
        webhook_success: 0.98,
        declared: Vec::new(),
    });
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let serving = tokio::spawn(async move { Server::new(app).serve(theirs).await.unwrap().waiting().await });
    let client = ().serve(ours).await.unwrap();
    let ask = |who: &str| {
        let arguments = json!({ "who": who }).as_object().unwrap().clone();
        client.call_tool(CallToolRequestParams::new("find_user").with_arguments(arguments))
    };
    for _ in 0..3 {
        let failed = ask("boom@acme.dev").await.unwrap();
        assert_eq!(failed.is_error, Some(true));
        let text = &failed.content[0].as_text().unwrap().text;
        assert!(text.contains("failed") && !text.contains("a mistake of ours"), "{text}");
        let fine = ask("zoe@acme.dev").await.unwrap();
        assert_ne!(fine.is_error, Some(true), "{fine:?}");
    }
    client.cancel().await.unwrap();
    serving.await.unwrap().unwrap();
}
