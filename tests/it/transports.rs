//! The real program on standard input and output, in hand-written lines, as clients of each age send them.

use crate::program::{Folder, Talk, message};
use crate::silent::Silent;
use serde_json::{Value, json};
use std::time::Duration;

#[path = "transports/calls.rs"]
mod calls;
#[path = "transports/http.rs"]
mod http;
#[path = "transports/sse.rs"]
mod sse;

pub const OLDER: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
pub const STATELESS: &str = "2026-07-28";

/// What a client of an older version says first.
pub fn initialize(version: &str) -> Value {
    json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } })
}

/// The parameters of a request that stands for itself.
pub fn stateless(params: Value) -> Value {
    let mut params = params;
    let meta = params.as_object_mut().unwrap().entry("_meta").or_insert_with(|| json!({}));
    meta["io.modelcontextprotocol/protocolVersion"] = STATELESS.into();
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
    meta["io.modelcontextprotocol/clientInfo"] = json!({ "name": "test", "version": "1" });
    params
}

/// A call in the stateless way.
pub fn call(tool: &str, arguments: Value) -> Value {
    stateless(json!({ "name": tool, "arguments": arguments }))
}

fn begin(talk: &mut Talk, version: &str) -> Value {
    let welcome = talk.result("initialize", &initialize(version));
    talk.say(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    welcome
}

pub fn assert_is_signed(result: &Value) {
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "prodview", "{result:#}");
}

fn assert_is_an_answer(result: &Value) {
    assert_ne!(result["isError"], true, "{result:#}");
    assert!(result["structuredContent"]["sources"].is_array(), "{result:#}");
    assert_eq!(result["content"][0]["type"], "text");
    assert!(!result["content"][0]["text"].as_str().unwrap().is_empty());
}

#[test]
fn a_client_of_each_older_version_is_spoken_to_in_its_own() {
    let folder = Folder::new();
    for version in OLDER {
        let mut talk = Talk::begin(&folder, &["serve", "--demo"], &[]);
        let welcome = begin(&mut talk, version);
        assert_eq!(welcome["protocolVersion"], version);
        assert_eq!(welcome["serverInfo"]["name"], "prodview");
        assert!(welcome["capabilities"]["tools"].is_object());
        assert!(welcome["instructions"].as_str().unwrap().contains("untrusted"));
        assert_eq!(talk.result("ping", &json!({})), json!({}));
        let list = talk.result("tools/list", &json!({}));
        assert_eq!(list["tools"][0]["name"], "list_sources");
        let answer = talk.result("tools/call", &json!({ "name": "list_sources", "arguments": {} }));
        assert_is_an_answer(&answer);
        assert_eq!(talk.ask("tools/call", &json!({ "name": "drop_table" }))["error"]["code"], -32602);
        assert_eq!(talk.ask("tools/nothing", &json!({}))["error"]["code"], -32601);
        assert_eq!(talk.heard, Vec::<Value>::new(), "nobody asked for more");
        let ended = talk.end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{version}: {}", ended.err);
    }
}

#[test]
fn a_version_that_initialize_does_not_know_is_answered_with_the_newest_that_it_does() {
    let folder = Folder::new();
    for version in ["1999-01-01", STATELESS, "2031-01-01"] {
        let mut talk = Talk::begin(&folder, &[], &[]);
        assert_eq!(begin(&mut talk, version)["protocolVersion"], "2025-11-25", "{version}");
        assert!(talk.result("tools/list", &json!({}))["tools"].is_array());
    }
}

#[test]
fn a_stateless_request_needs_no_beginning_and_its_answer_says_all_that_is_asked_of_it() {
    let folder = Folder::new();
    let mut talk = Talk::begin(&folder, &["serve", "--demo"], &[]);
    let discovered = talk.result("server/discover", &stateless(json!({})));
    let mut versions = OLDER.to_vec();
    versions.push(STATELESS);
    assert_eq!(discovered["supportedVersions"], json!(versions));
    assert!(discovered["capabilities"]["tools"].is_object());
    assert!(discovered["instructions"].as_str().unwrap().contains("Identify"));
    assert!(discovered["ttlMs"].as_u64().is_some(), "{discovered:#}");
    assert_eq!(discovered["cacheScope"], "private");
    let list = talk.result("tools/list", &stateless(json!({})));
    assert!(list["ttlMs"].as_u64().unwrap() > 0);
    assert_eq!(list["cacheScope"], "private");
    let answer = talk.result("tools/call", &call("list_sources", json!({})));
    assert_is_an_answer(&answer);
    for result in [&discovered, &list, &answer] {
        assert_eq!(result["resultType"], "complete", "{result:#}");
        assert_is_signed(result);
    }
    let ended = talk.end();
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""));
}

#[test]
fn a_stateless_request_that_is_wrong_is_told_what_is() {
    let folder = Folder::new();
    let mut talk = Talk::begin(&folder, &[], &[]);
    talk.result("server/discover", &stateless(json!({})));
    assert_eq!(talk.ask("tools/list", &json!({}))["error"]["code"], -32602, "without its _meta");
    let mut future = stateless(json!({}));
    future["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2031-01-01".into();
    let error = talk.ask("tools/list", &future)["error"].clone();
    assert_eq!((&error["code"], &error["data"]["requested"]), (&json!(-32022), &json!("2031-01-01")));
    assert!(error["data"]["supported"].as_array().unwrap().contains(&json!(STATELESS)));
    assert_eq!(talk.ask("tools/nothing", &stateless(json!({})))["error"]["code"], -32601);
    assert_eq!(talk.ask("tools/call", &call("drop_table", json!({})))["error"]["code"], -32602);
}

#[test]
fn the_list_of_tools_is_the_same_for_all_and_in_one_order() {
    let folder = Folder::new();
    let mut old = Talk::begin(&folder, &["serve", "--demo"], &[]);
    begin(&mut old, OLDER[0]);
    let older = old.result("tools/list", &json!({}))["tools"].clone();
    let mut new = Talk::begin(&folder, &["serve", "--demo", "--seed", "7"], &[]);
    for _ in 0..2 {
        assert_eq!(new.result("tools/list", &stateless(json!({})))["tools"], older);
    }
    let names: Vec<&str> = older.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let catalogue: Vec<String> = prodview_tools::catalogue().iter().map(|e| e.name.to_string()).collect();
    assert_eq!(names, catalogue);
}

#[test]
fn what_is_no_message_is_thrown_away_and_the_next_line_is_answered() {
    let folder = Folder::new();
    let mut talk = Talk::begin(&folder, &[], &[]);
    talk.result("server/discover", &stateless(json!({})));
    let long = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":99,\"method\":\"ping\",\"params\":{{\"x\":\"{}\"}}}}",
        "y".repeat(5 << 20)
    );
    for line in [
        "{\"who\":\"zoe@acme.dev\", not json",
        "",
        "null",
        "[]",
        "42",
        "\u{0}\u{1}",
        &"[".repeat(100_000),
        &long,
    ] {
        talk.say(line);
        assert!(talk.result("tools/list", &stateless(json!({})))["tools"].is_array());
    }
    assert!(!talk.heard.iter().any(|m| m["id"] == 99), "the over-long line was answered");
    let ended = talk.end();
    assert_eq!(ended.code, Some(0));
    assert!(ended.err.contains("longer than is taken"), "{}", ended.err);
    assert!(
        !ended.err.contains("zoe@acme.dev"),
        "a line that cannot be read may hold anything: {}",
        ended.err
    );
}

#[test]
fn a_client_that_leaves_ends_the_program_however_far_it_has_come() {
    let folder = Folder::new();
    let never_spoke = Talk::begin(&folder, &[], &[]).end();
    assert_eq!((never_spoke.code, never_spoke.all().as_str()), (Some(0), ""));
    let mut half = Talk::begin(&folder, &[], &[]);
    half.result("initialize", &initialize(OLDER[3]));
    assert_eq!(half.end().code, Some(0), "between initialize and initialized");
    let silent = Silent::new();
    let folder = Folder::configured(&silent.toml());
    let mut busy = Talk::begin(&folder, &[], &[]);
    busy.send("tools/call", &call("list_sources", json!({})));
    drop(silent.question());
    assert_eq!(busy.end().code, Some(0), "in the middle of a call");
}

#[test]
fn what_was_asked_before_the_client_closed_its_side_is_still_answered() {
    let folder = Folder::new();
    let mut talk = Talk::begin(&folder, &["serve", "--demo"], &[]);
    talk.result("server/discover", &stateless(json!({})));
    let mut with_progress = call("list_sources", json!({}));
    with_progress["_meta"]["progressToken"] = "p".into();
    let ids = [
        talk.send("tools/call", &with_progress),
        talk.send("tools/call", &call("list_sources", json!({}))),
        talk.send("tools/call", &call("find_user", json!({ "who": "nobody@acme.example" }))),
    ];
    let ended = talk.end();
    let left: Vec<Value> = ended.out.lines().map(message).collect();
    for id in ids {
        assert!(left.iter().any(|m| m["id"] == id && m.get("result").is_some()), "{id}: {ended:#?}");
    }
}

#[test]
fn starting_and_telling_the_tools_touches_no_network() {
    let silent = Silent::new();
    let folder = Folder::configured(&silent.toml());
    let mut talk = Talk::begin(&folder, &[], &[]);
    talk.result("server/discover", &stateless(json!({})));
    let tools = talk.result("tools/list", &stateless(json!({})))["tools"].clone();
    assert_eq!(tools.as_array().unwrap().len(), prodview_tools::catalogue().len());
    assert!(!silent.was_called());
    // The same listener would have noticed.
    talk.send("tools/call", &call("list_sources", json!({})));
    assert!(silent.question().head.starts_with("GET /"));
}

#[test]
fn a_cancelled_call_stops_its_work_and_is_not_answered_and_the_server_goes_on() {
    let silent = Silent::new();
    let folder = Folder::configured(&silent.toml_of_stripe());
    for version in [OLDER[0], OLDER[3], STATELESS] {
        let mut talk = Talk::begin(&folder, &[], &[]);
        let params = if version == STATELESS {
            call("list_sources", json!({}))
        } else {
            begin(&mut talk, version);
            json!({ "name": "list_sources", "arguments": {} })
        };
        let id = talk.send("tools/call", &params);
        let mut upstream = silent.question();
        let cancel = json!({ "requestId": id, "reason": "the user pressed Escape" });
        talk.say(json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel }));
        assert!(upstream.is_given_up_within(Duration::from_secs(10)), "{version}: upstream work goes on");
        let next = if version == STATELESS { stateless(json!({})) } else { json!({}) };
        assert!(talk.result("tools/list", &next)["tools"].is_array());
        assert!(!talk.heard.iter().any(|m| m["id"] == id), "{version}: {:?}", talk.heard);
        let ended = talk.end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{version}");
    }
}
