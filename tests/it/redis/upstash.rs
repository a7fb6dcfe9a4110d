//! The stand-in for Upstash: what it keeps is told as a real Redis tells it, with its own token and its own limits.

#![expect(clippy::disallowed_types, reason = "somebody without a guard is needed")]

use super::{fields, nothing, query, rows, state};
use crate::redis::server::Server;
use crate::rig::Rig;
use prodview_demo::{IncidentKind, Service};
use prodview_guard::{FailureKind, Secret};
use prodview_providers::capability::{Adapter, Power};
use prodview_providers::redis::{Redis, RestSettings, connect_rest};
use prodview_providers::{Common, Stopped};
use serde_json::{Value, json};

fn at(rig: &Rig, token: &str) -> Redis {
    let settings =
        RestSettings { url: rig.demo.origin(Service::Upstash), token: Secret::new(token.to_owned()) };
    connect_rest("upstash", settings, &Common::default()).unwrap()
}

#[tokio::test]
async fn the_stale_entitlement_is_found_with_the_read_only_token() {
    let rig = Rig::new().await;
    let redis = at(&rig, rig.demo.key(Service::Upstash));
    let paid = rig.incident(IncidentKind::PaidNoAccess);
    let found = rows(&redis, &format!("entitlement:{}", paid.user_id), nothing(), 5).await.unwrap();
    let row = &fields(&found)[0];
    assert_eq!((&row["value"]["access"], &row["expires_in_s"]), (&json!(false), &json!("never")));
    assert!(row["value"]["cachedAt"].as_i64().unwrap() < paid.at.as_second());
    let identity = redis.identity().await.unwrap();
    assert_eq!(identity.power, Power::ReadOnly);
}

#[tokio::test]
async fn every_answer_is_of_now() {
    let rig = Rig::new().await;
    let redis = at(&rig, rig.demo.key(Service::Upstash));
    let paid = rig.incident(IncidentKind::PaidNoAccess);
    let mut sent = Vec::new();
    for _ in 0..2 {
        rows(&redis, &format!("entitlement:{}", paid.user_id), nothing(), 5).await.unwrap();
        redis.health().unwrap().health().await.unwrap();
        sent.push(rig.demo.record().len());
    }
    assert_eq!(sent[1], 2 * sent[0], "the second time everything is asked again");
}

#[tokio::test]
async fn the_read_only_token_may_not_scan_and_it_is_said() {
    let rig = Rig::new().await;
    let redis = at(&rig, rig.demo.key(Service::Upstash));
    let tables = state(&redis).tables().await.unwrap();
    assert!(tables.rows.is_empty());
    assert!(matches!(&tables.stopped, Some(Stopped::Bound(why)) if why.contains("exact name")), "{tables:?}");
    let failure = rows(&redis, "session:*", nothing(), 5).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.to_string().contains("exact name"), "{failure}");
    let standard = at(&rig, rig.demo.key_that_may_scan());
    assert!(state(&standard).tables().await.unwrap().rows.iter().any(|table| table.name == "session:*"));
    assert_eq!(standard.identity().await.unwrap().power, Power::CouldWrite);
    let wrong = query(&at(&rig, "not-a-token-of-this-database"), "GET flags").await.unwrap_err();
    assert_eq!(wrong.kind, FailureKind::Denied);
}

#[tokio::test]
async fn what_writes_is_refused_here_and_there() {
    let rig = Rig::new().await;
    let redis = at(&rig, rig.demo.key_that_may_scan());
    for command in ["SET a b", "FLUSHALL", "EVAL x 0", "KEYS *", "GETDEL flags"] {
        assert_eq!(query(&redis, command).await.unwrap_err().kind, FailureKind::Refused, "{command}");
    }
    assert!(rig.demo.record().is_empty());
    // Somebody without a guard: not carried out, and written down.
    let client = reqwest::Client::new();
    let origin = rig.demo.origin(Service::Upstash);
    let token = rig.demo.key_that_may_scan();
    for (method, path, body) in [
        ("GET", "/set/a/b", ""),
        ("GET", "/get/flags", ""),
        ("POST", "/", "[\"SET\",\"a\",\"b\"]"),
        ("POST", "/pipeline", "[[\"GET\",\"a\"],[\"DEL\",\"a\"]]"),
        ("POST", "/multi-exec", "[[\"GET\",\"a\"]]"),
        ("POST", "/", "not json"),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = client.request(method, format!("{origin}{path}")).bearer_auth(token).body(body);
        assert!(!request.send().await.unwrap().status().is_success(), "{path} {body}");
    }
    assert_eq!(rig.demo.violations().len(), 6);
    rig.demo.clear_record();
}

/// All keys of the stand-in, written into a real Redis: both are told alike, and answer commands alike.
#[tokio::test]
async fn the_stand_in_answers_as_a_real_redis_does() {
    let rig = Rig::new().await;
    let stand_in = at(&rig, rig.demo.key_that_may_scan());
    let server = Server::new();
    server.documented_user();
    let mut admin = server.admin();
    let keys: Vec<String> = fields(&query_all(&stand_in, "SCAN 0 COUNT 1000").await)
        .iter()
        .map(|row| row["key"].as_str().unwrap().to_owned())
        .collect();
    assert!(keys.len() > 30, "{}", keys.len());
    for key in &keys {
        for words in copied(&stand_in, key).await {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let said = admin.say(&words);
            assert!(!said.starts_with('-'), "{words:?}: {said}");
        }
    }
    let real = super::seen(&server.url(), false);
    for key in &keys {
        let (mut here, mut there) = (
            fields(&rows(&stand_in, key, nothing(), 5).await.unwrap()),
            fields(&rows(&real, key, nothing(), 5).await.unwrap()),
        );
        for row in here.iter_mut().chain(&mut there) {
            // It runs, there.
            row.as_object_mut().unwrap().remove("expires_in_s");
        }
        assert_eq!(here, there, "{key}");
    }
    for command in [
        "PING",
        "DBSIZE",
        "EXISTS flags nothing",
        "TYPE flags",
        "TYPE nothing",
        "TTL nothing",
        "PTTL flags",
        "GET nothing",
        "GET flags",
        "STRLEN nothing",
        "HLEN flags",
        "HLEN queue:emails",
        "HGET flags new-checkout",
        "HGET flags none",
        "HMGET flags new-checkout none",
        "HSTRLEN flags new-checkout",
        "HEXISTS flags none",
        "LLEN queue:emails",
        "LRANGE queue:emails 0 1",
        "LRANGE queue:emails -2 -1",
        "LRANGE queue:emails 5 2",
        "LRANGE flags 0 1",
        "ZCARD ranking:trainers",
        "ZRANGE ranking:trainers 0 9",
        "ZRANGE ranking:trainers 0 1 WITHSCORES",
        "ZSCORE ranking:trainers nobody",
        "GETRANGE flags 0 1",
        "GETRANGE nothing 0 9",
        "MGET nothing flags",
    ] {
        let (here, there) = (query(&stand_in, command).await, query(&real, command).await);
        match (here, there) {
            (Ok(here), Ok(there)) => assert_eq!(fields(&here), fields(&there), "{command}"),
            (Err(here), Err(there)) => assert_eq!(here.kind, there.kind, "{command}"),
            (here, there) => panic!("{command}: {here:?} but {there:?}"),
        }
    }
}

async fn query_all(redis: &Redis, text: &str) -> prodview_providers::Found<prodview_providers::words::Row> {
    let ask = prodview_providers::capability::QueryAsk {
        text: text.to_owned(),
        limit: 1_000,
        ..Default::default()
    };
    state(redis).query(&ask).await.unwrap()
}

/// The commands that make a key of the stand-in in another Redis.
async fn copied(redis: &Redis, key: &str) -> Vec<Vec<String>> {
    let told = fields(&rows(redis, key, nothing(), 5).await.unwrap());
    let (kind, value) = (told[0]["type"].as_str().unwrap(), &told[0]["value"]);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    match kind {
        "string" => vec![words(&["SET", key, &text(value)])],
        "hash" => {
            value.as_object().unwrap().iter().map(|(f, v)| words(&["HSET", key, f, &text(v)])).collect()
        }
        "list" => value.as_array().unwrap().iter().map(|v| words(&["RPUSH", key, &text(v)])).collect(),
        _ => {
            let score = |row: &Value| row["score"].to_string();
            let rows = value.as_array().unwrap();
            rows.iter().map(|row| words(&["ZADD", key, &score(row), &text(&row["member"])])).collect()
        }
    }
}
