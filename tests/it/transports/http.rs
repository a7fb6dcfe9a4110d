//! Streamable HTTP: old and new at one endpoint, JSON unless progress was asked for, many callers at once.

use super::{OLDER, STATELESS, assert_is_signed, call, initialize, stateless};
use crate::rig::{Rig, app};
use crate::served::{Events, Served, body, kind};
use crate::silent::Silent;
use prodview_demo::IncidentKind;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

fn request(id: u64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[tokio::test]
async fn a_client_of_each_older_version_is_answered_in_json_and_without_a_session() {
    let rig = Rig::new().await;
    let served = Served::open(rig.app.clone()).await;
    for version in OLDER {
        let welcome = served.post(&request(1, "initialize", initialize(version))).send().await.unwrap();
        assert_eq!(
            (welcome.status().as_u16(), kind(&welcome).as_str()),
            (200, "application/json"),
            "{version}"
        );
        assert!(welcome.headers().get("mcp-session-id").is_none());
        assert_eq!(body(welcome).await["result"]["protocolVersion"], version);
        let speak = |message: &Value| served.post(message).header("mcp-protocol-version", version).send();
        let noted = speak(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await.unwrap();
        assert_eq!(noted.status(), 202);
        let list = body(speak(&request(2, "tools/list", json!({}))).await.unwrap()).await;
        assert_eq!(list["result"]["tools"][0]["name"], "list_sources", "{version}: {list:#}");
        let ask = request(3, "tools/call", json!({ "name": "list_sources", "arguments": {} }));
        let answer = body(speak(&ask).await.unwrap()).await;
        assert_eq!(
            answer["result"]["structuredContent"]["sources"].as_array().unwrap().len(),
            4,
            "{version}"
        );
        let unknown = request(4, "tools/call", json!({ "name": "drop_table" }));
        assert_eq!(body(speak(&unknown).await.unwrap()).await["error"]["code"], -32602);
    }
}

#[tokio::test]
async fn stateless_requests_are_served_at_the_same_endpoint() {
    let rig = Rig::new().await;
    let served = Served::open(rig.app.clone()).await;
    let ask = async |method: &str, params: Value| {
        let response = served.post_stateless(1, method, &params).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), kind(&response).as_str()),
            (200, "application/json"),
            "{method}"
        );
        let result = body(response).await["result"].clone();
        assert_eq!(result["resultType"], "complete");
        assert_is_signed(&result);
        result
    };
    let discovered = ask("server/discover", stateless(json!({}))).await;
    assert!(discovered["supportedVersions"].as_array().unwrap().contains(&json!(STATELESS)));
    let list = ask("tools/list", stateless(json!({}))).await;
    assert_eq!((list["cacheScope"].as_str(), list["ttlMs"].as_u64().unwrap() > 0), (Some("private"), true));
    let answer = ask("tools/call", call("list_sources", json!({}))).await;
    assert_eq!(answer["structuredContent"]["sources"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_does_not_belong_to_the_protocol_is_refused_in_its_words() {
    let rig = Rig::new().await;
    let served = Served::open(rig.app.clone()).await;
    let params = call("list_sources", json!({}));
    let message = request(1, "tools/call", params.clone());
    let headers = served.post(&message).header("mcp-protocol-version", STATELESS);
    let disagree =
        headers.header("mcp-method", "tools/list").header("mcp-name", "list_sources").send().await.unwrap();
    assert_eq!(disagree.status(), 400);
    assert_eq!(body(disagree).await["error"]["code"], -32020, "the headers and the body disagree");
    let mut future = params;
    future["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2031-01-01".into();
    let message = request(1, "tools/list", future);
    let future =
        served.post(&message).header("mcp-protocol-version", "2031-01-01").header("mcp-method", "tools/list");
    assert_eq!(future.send().await.unwrap().status(), 400);
    let unknown = served.post_stateless(1, "tools/nothing", &stateless(json!({}))).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    for method in [Method::GET, Method::DELETE] {
        let request = served.request(method, "/mcp").header("accept", "text/event-stream");
        assert_eq!(request.send().await.unwrap().status(), 405);
    }
    let broken = served.post(&Value::Null).body("{ not json").send().await.unwrap();
    assert!(broken.status().is_client_error(), "{broken:?}");
    assert_eq!(rig.demo.record().len(), 0, "none of it went any further");
}

#[tokio::test]
async fn an_answer_becomes_a_stream_when_progress_is_asked_for() {
    let rig = Rig::new().await;
    let served = Served::open(rig.app.clone()).await;
    for new in [false, true] {
        // Another address each time: the cache would leave nothing to tell.
        let arguments = json!({ "who": format!("nobody{new}@acme.example") });
        let request = if new {
            let mut params = call("find_user", arguments);
            params["_meta"]["progressToken"] = json!("p");
            served.post_stateless(5, "tools/call", &params)
        } else {
            let params =
                json!({ "name": "find_user", "arguments": arguments, "_meta": { "progressToken": "p" } });
            served.post(&request(5, "tools/call", params)).header("mcp-protocol-version", OLDER[3])
        };
        let mut events = Events::of(request.send().await.unwrap());
        let (mut told, mut last) = (0, 0.0);
        loop {
            let message = events.message().await;
            if message["id"] == 5 {
                assert!(message["result"]["structuredContent"]["sources"].is_array(), "{message:#}");
                break;
            }
            assert_eq!(message["method"], "notifications/progress");
            assert_eq!(message["params"]["progressToken"], "p");
            let now = message["params"]["progress"].as_f64().unwrap();
            assert!(now > last);
            (told, last) = (told + 1, now);
        }
        assert!(told > 0);
        assert!(events.next().await.is_none(), "the stream ends with the answer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_callers_at_once_each_get_their_own_answer() {
    let rig = Rig::new().await;
    let served = Served::open(rig.app.clone()).await;
    let paid = rig.incident(IncidentKind::PaidNoAccess);
    let payment = paid.payment_intent.clone().unwrap();
    let mut callers = JoinSet::new();
    for id in 0..64 {
        let (tool, arguments) = match id % 4 {
            0 => ("payment_intent_status", json!({ "id": payment })),
            1 => ("find_user", json!({ "who": paid.email })),
            2 => ("find_records", json!({ "table": "users", "limit": 1 + id })),
            _ => ("find_user", json!({ "who": "" })),
        };
        let request = served.post_stateless(id, "tools/call", &call(tool, arguments));
        callers.spawn(async move { (id, body(request.send().await.unwrap()).await) });
    }
    let mut answered = 0;
    while let Some(done) = callers.join_next().await {
        let (id, answer) = done.unwrap();
        assert_eq!(answer["id"], id);
        let (result, text) = (&answer["result"], answer["result"].to_string());
        match id % 4 {
            0 => assert!(text.contains(&payment), "{answer:#}"),
            1 => assert!(text.contains(&paid.customer_id), "{answer:#}"),
            2 => {
                let rows = result["structuredContent"]["rows"].as_array().unwrap().len();
                assert!(rows > 0 && rows <= 1 + usize::try_from(id).unwrap(), "{rows} rows for caller {id}");
            }
            _ => assert_eq!(result["isError"], true),
        }
        answered += 1;
    }
    assert_eq!(answered, 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_stops_the_work_for_it() {
    let silent = Silent::new();
    let served = Served::open(app(&silent.toml_of_stripe())).await;
    for progress in [false, true] {
        let mut params = call("list_sources", json!({}));
        if progress {
            params["_meta"]["progressToken"] = json!("p");
        }
        let request = served.post_stateless(1, "tools/call", &params);
        let caller = tokio::spawn(async move {
            // With progress the headers come at once and the client leaves in the middle of the stream.
            let response = request.send().await.unwrap();
            response.text().await
        });
        let mut upstream = silent.question();
        caller.abort();
        assert!(
            upstream.is_given_up_within(Duration::from_secs(10)),
            "progress {progress}: upstream work goes on"
        );
    }
    let list = served.post_stateless(2, "tools/list", &stateless(json!({}))).send().await.unwrap();
    assert_eq!(list.status(), 200);
}
