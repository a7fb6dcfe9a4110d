//! Redis for real: the documented user, hostile commands, what is answered, and what happens when it goes wrong.

#[path = "redis/answers.rs"]
mod answers;
#[path = "redis/encrypted.rs"]
mod encrypted;
#[path = "redis/hostile.rs"]
mod hostile;
#[path = "redis/server.rs"]
pub mod server;
#[path = "redis/trouble.rs"]
mod trouble;
#[path = "redis/upstash.rs"]
mod upstash;

use prodview_guard::{Failure, Secret};
use prodview_providers::capability::{Adapter, QueryAsk, RowsAsk, State};
use prodview_providers::redis::{Redis, Settings, connect};
use prodview_providers::words::Row;
use prodview_providers::{Common, Found};
use serde_json::{Value, json};
use server::Server;
use std::time::Duration;

/// As the adapter sees it, with a second of patience more than a test needs.
fn seen(url: &str, allow_writable_user: bool) -> Redis {
    let common = Common { timeout: Some(Duration::from_secs(5)), ..Common::default() };
    connect("cache", Settings { url: Secret::new(url.to_owned()), allow_writable_user }, &common).unwrap()
}

fn state(redis: &Redis) -> &dyn State {
    redis.state().unwrap()
}

async fn query(redis: &Redis, text: &str) -> Result<Found<Row>, Failure> {
    state(redis).query(&QueryAsk { text: text.to_owned(), limit: 100, ..QueryAsk::default() }).await
}

async fn rows(redis: &Redis, table: &str, fields: Value, limit: usize) -> Result<Found<Row>, Failure> {
    let Value::Object(fields) = fields else { panic!("{fields} is no object") };
    state(redis).rows(&RowsAsk { table: table.to_owned(), fields, limit, ..RowsAsk::default() }).await
}

fn fields(found: &Found<Row>) -> Vec<Value> {
    found.rows.iter().map(|row| row.fields.as_value().clone()).collect()
}

/// A server with the documented user and one key of each kind.
pub fn company() -> Server {
    let server = Server::new();
    server.documented_user();
    let mut admin = server.admin();
    for command in [
        "SET str hello",
        "SET num 5",
        "SET json {\"userId\":\"u1\",\"plan\":\"plus\"}",
        "SET expiring soon EX 3000",
        "HSET hash name Ada email ada@wren.example",
        "RPUSH list a b c",
        "SADD set x y z",
        "ZADD zset 1 one 2.5 two",
        "XADD stream 1-1 kind start",
        "XADD stream 2-1 kind end",
        "XGROUP CREATE stream group 0",
        "PFADD hll a b",
        "GEOADD geo 13.4 52.5 berlin 2.35 48.85 paris",
        "SETBIT bits 7 1",
        "SET session:1 {\"userId\":\"u1\"} EX 500",
        "SET session:2 {\"userId\":\"u2\"} EX 600",
        "SET target t",
        "RPUSH other o",
        "SADD set2 x",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let said = admin.say(&words);
        assert!(!said.starts_with('-'), "{command}: {said}");
    }
    server
}

fn nothing() -> Value {
    json!({})
}
