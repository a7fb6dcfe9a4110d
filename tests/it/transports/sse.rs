//! The older HTTP+SSE transport: a stream to hear, an address to speak to.

use super::{OLDER, initialize};
use crate::program::{Folder, Talk};
use crate::rig::{Rig, app};
use crate::served::{Events, Served};
use crate::silent::Silent;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Opens a stream; the address to speak to comes first.
async fn open(served: &Served) -> (Events, String) {
    let response =
        served.request(Method::GET, "/sse").header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut events = Events::of(response);
    let first = events.next().await.unwrap();
    assert_eq!(first.name, "endpoint");
    assert!(first.data.starts_with("/messages?sessionId="), "{first:?}");
    (events, first.data)
}

async fn say(served: &Served, to: &str, message: impl ToString) -> u16 {
    let request = served.request(Method::POST, to).header("content-type", "application/json");
    request.body(message.to_string()).send().await.unwrap().status().as_u16()
}

fn request(id: u64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[tokio::test]
async fn an_older_client_speaks_at_one_address_and_hears_at_the_other() {
    let rig = Rig::new().await;
    let served = Served::open(rig.app.clone()).await;
    let (mut events, to) = open(&served).await;
    assert_eq!(say(&served, &to, request(1, "initialize", initialize(OLDER[0]))).await, 202);
    assert_eq!(events.message().await["result"]["protocolVersion"], OLDER[0]);
    assert_eq!(
        say(&served, &to, json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await,
        202
    );
    assert_eq!(say(&served, &to, "{ not json").await, 400);
    say(&served, &to, request(2, "tools/list", json!({}))).await;
    assert_eq!(events.message().await["result"]["tools"][0]["name"], "list_sources");
    say(&served, &to, request(3, "tools/call", json!({ "name": "list_sources", "arguments": {} }))).await;
    let answer = events.message().await;
    assert_eq!(answer["id"], 3);
    assert_eq!(answer["result"]["structuredContent"]["sources"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn each_stream_hears_only_its_own_answers() {
    let rig = Rig::new().await;
    let served = Served::open(rig.app.clone()).await;
    let (mut one, to_one) = open(&served).await;
    let (mut two, to_two) = open(&served).await;
    assert_ne!(to_one, to_two);
    say(&served, &to_two, request(22, "initialize", initialize(OLDER[0]))).await;
    say(&served, &to_one, request(11, "initialize", initialize(OLDER[1]))).await;
    assert_eq!(two.message().await["id"], 22);
    assert_eq!(one.message().await["id"], 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_with_its_stream_and_so_does_its_work() {
    let silent = Silent::new();
    let served = Served::open(app(&silent.toml_of_stripe())).await;
    let (mut events, to) = open(&served).await;
    say(&served, &to, request(1, "initialize", initialize(OLDER[0]))).await;
    events.message().await;
    say(&served, &to, json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    say(&served, &to, request(2, "tools/call", json!({ "name": "list_sources", "arguments": {} }))).await;
    let mut upstream = silent.question();
    drop(events);
    assert!(upstream.is_given_up_within(Duration::from_secs(20)), "upstream work goes on for nobody");
    let mut last = 0;
    for _ in 0..200 {
        last = say(&served, &to, request(3, "ping", json!({}))).await;
        if last == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(last, 404, "the session is still there");
    assert_eq!(say(&served, "/messages?sessionId=guessed", request(1, "ping", json!({}))).await, 404);
    assert!((400..500).contains(&say(&served, "/messages", request(1, "ping", json!({}))).await));
}

#[tokio::test]
async fn no_more_streams_are_open_than_can_be_kept() {
    let served = Served::open(app("")).await;
    let mut open_streams = Vec::new();
    for _ in 0..64 {
        open_streams.push(open(&served).await);
    }
    assert_eq!(served.request(Method::GET, "/sse").send().await.unwrap().status(), 503);
    open_streams.pop();
    let mut last = 0;
    for _ in 0..200 {
        last = served.request(Method::GET, "/sse").send().await.unwrap().status().as_u16();
        if last == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(last, 200, "the place of one that left is not given again");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_stays_open_does_not_keep_the_server_from_ending() {
    let folder = Folder::new();
    let mut program = Talk::begin(&folder, &["serve", "--http", "127.0.0.1:0", "--sse", "--no-auth"], &[]);
    let served = Served::at(program.address(&mut String::new()));
    let (_events, to) = open(&served).await;
    say(&served, &to, request(1, "initialize", initialize(OLDER[0]))).await;
    assert_eq!(program.terminate().code, Some(0));
}
