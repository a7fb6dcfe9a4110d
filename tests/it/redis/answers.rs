//! What is answered as the documented user: commands, keys, families, health, the slow log.

use super::server::Server;
use super::{company, fields, nothing, query, rows, seen, state};
use prodview_guard::FailureKind;
use prodview_providers::capability::{Adapter, Language, Power, QueryAsk};
use prodview_providers::{Moment, Stopped};
use serde_json::json;

#[tokio::test]
async fn legitimate_commands_are_answered_and_change_nothing() {
    let server = company();
    let redis = seen(&server.url(), false);
    let before = server.fingerprint();
    let commands = [
        "PING",
        "TIME",
        "DBSIZE",
        "get str",
        "GET missing",
        "MGET str num missing",
        "STRLEN str",
        "GETRANGE str 0 2",
        "SUBSTR str 0 2",
        "GETBIT bits 7",
        "BITCOUNT bits 0 10",
        "BITFIELD_RO bits GET u8 0",
        "EXISTS str missing",
        "TYPE hash",
        "TTL expiring",
        "PTTL str",
        "EXPIRETIME expiring",
        "PEXPIRETIME str",
        "OBJECT ENCODING hash",
        "object refcount str",
        "OBJECT IDLETIME str",
        "MEMORY USAGE hash",
        "memory usage hash samples 5",
        "SCAN 0",
        "SCAN 0 MATCH session:* COUNT 100 TYPE string",
        "HGET hash email",
        "HMGET hash name email none",
        "HLEN hash",
        "HEXISTS hash name",
        "HSTRLEN hash name",
        "HSCAN hash 0",
        "HSCAN hash 0 MATCH n* COUNT 10",
        "LLEN list",
        "LINDEX list 0",
        "LRANGE list 0 99",
        "LRANGE list -2 -1",
        "LPOS list b MAXLEN 100",
        "SCARD set",
        "SISMEMBER set x",
        "SMISMEMBER set x q",
        "SSCAN set 0",
        "ZCARD zset",
        "ZSCORE zset one",
        "ZMSCORE zset one q",
        "ZRANK zset two",
        "ZREVRANK zset two",
        "ZCOUNT zset -inf 2",
        "ZLEXCOUNT zset - +",
        "ZRANGE zset 0 9 WITHSCORES",
        "ZRANGE zset 0 9 REV",
        "ZREVRANGE zset 0 9",
        "ZRANGEBYSCORE zset (1 +inf LIMIT 0 10",
        "ZREVRANGEBYSCORE zset +inf -inf WITHSCORES LIMIT 0 10",
        "ZRANGEBYLEX zset - + LIMIT 0 5",
        "ZSCAN zset 0",
        "GEOPOS geo berlin",
        "GEODIST geo berlin paris km",
        "XLEN stream",
        "XRANGE stream - + COUNT 10",
        "XREVRANGE stream + - COUNT 1",
        "XINFO STREAM stream",
        "XINFO GROUPS stream",
        "XINFO CONSUMERS stream group",
        "XPENDING stream group",
        "XPENDING stream group - + 10",
        "INFO",
        "INFO memory stats",
        "ROLE",
        "LASTSAVE",
        "SLOWLOG LEN",
        "SLOWLOG GET 10",
        "LATENCY LATEST",
        "LATENCY HISTORY command",
        "MEMORY STATS",
        "ACL WHOAMI",
    ];
    assert!(commands.len() >= 40);
    for command in commands {
        if let Err(failure) = query(&redis, command).await {
            panic!("{command}: {failure} ({})", failure.cause());
        }
    }
    assert_eq!(server.fingerprint(), before);
    let of = async |command: &str| fields(&query(&redis, command).await.unwrap());
    assert_eq!(
        of("HMGET hash name none").await,
        [json!({"field":"name","value":"Ada"}), json!({"field":"none","value":null})]
    );
    assert_eq!(of("get json").await, [json!({ "value": { "userId": "u1", "plan": "plus" } })]);
    assert_eq!(of("ACL WHOAMI").await, [json!({ "value": "prodview" })]);
    assert_eq!(of("ZRANGE zset 0 9 WITHSCORES").await[1], json!({ "member": "two", "score": 2.5 }));
    assert_eq!(
        of("XREVRANGE stream + - COUNT 1").await,
        [json!({ "id": "2-1", "fields": { "kind": "end" } })]
    );
    let ask = QueryAsk { text: "HGET".to_owned(), params: json!(["hash", "name"]), limit: 5, cursor: None };
    assert_eq!(fields(&state(&redis).query(&ask).await.unwrap()), [json!({ "value": "Ada" })]);
    assert_eq!(state(&redis).language(), Language::RedisCommand);
}

#[tokio::test]
async fn the_documented_user_is_known_to_only_read() {
    let server = company();
    let identity = seen(&server.url(), false).identity().await.unwrap();
    assert_eq!((identity.power, identity.mode.as_deref()), (Power::ReadOnly, Some("primary")));
    assert_eq!((identity.grants, identity.notes), (vec!["user prodview".to_owned()], Vec::new()));
}

#[tokio::test]
async fn a_user_that_could_write_is_refused_unless_allowed_and_then_it_is_said() {
    let server = company();
    let redis = seen(&server.open_url(), false);
    let failure = rows(&redis, "str", nothing(), 5).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.to_string().contains("allow_writable_user = true"), "{failure}");
    assert_eq!(redis.identity().await.unwrap().power, Power::CouldWrite);
    let allowed = seen(&server.open_url(), true);
    let found = rows(&allowed, "str", nothing(), 5).await.unwrap();
    assert_eq!(found.rows.len(), 1);
    assert!(found.notes.iter().any(|note| note.contains("could write")), "{:?}", found.notes);
    // One writing command, on one key only, is enough.
    for rules in [
        "+set ~str",
        "+publish &*",
        "+config|set",
        "+eval ~*",
        "+lpop ~list",
        "+acl|setuser",
        "+replicaof",
        "+debug",
        "+module|load",
        "+script|flush",
    ] {
        let mut words = vec![
            "ACL",
            "SETUSER",
            "some",
            "reset",
            "on",
            ">some-password-0042",
            "%R~*",
            "-@all",
            "+@read",
            "+acl|whoami",
            "+acl|dryrun",
            "+command|info",
            "+info",
        ];
        words.extend(rules.split(' '));
        assert_eq!(server.admin().say(&words), "OK", "{rules}");
        let redis = seen(&format!("redis://some:some-password-0042@127.0.0.1:{}", server.port), false);
        assert_eq!(redis.identity().await.unwrap().power, Power::CouldWrite, "{rules}");
        assert_eq!(query(&redis, "DBSIZE").await.unwrap_err().kind, FailureKind::Refused, "{rules}");
    }
}

#[tokio::test]
async fn a_user_of_an_odd_name_is_judged_by_what_it_may() {
    let server = company();
    for (rules, power) in [(&["~*", "+@all"], Power::CouldWrite), (&["%R~*", "+@read"], Power::ReadOnly)] {
        let user = [&["ACL", "SETUSER", "app:rwé", "reset", "on", ">odd-password-0042"], &rules[..]].concat();
        let may_ask = ["+acl|whoami", "+acl|dryrun", "+command|info"];
        assert_eq!(server.admin().say(&[&user[..], &may_ask[..]].concat()), "OK");
        let url = format!("redis://app%3Arw%C3%A9:odd-password-0042@127.0.0.1:{}", server.port);
        assert_eq!(seen(&url, false).identity().await.unwrap().power, power, "{rules:?}");
    }
}

#[tokio::test]
async fn keys_are_rows_with_their_type_expiry_size_and_value() {
    let server = company();
    let redis = seen(&server.url(), false);
    for (key, kind, size, value) in [
        ("str", "string", 5, json!("hello")),
        ("json", "string", 29, json!({ "userId": "u1", "plan": "plus" })),
        ("hash", "hash", 2, json!({ "name": "Ada", "email": "ada@wren.example" })),
        ("list", "list", 3, json!(["a", "b", "c"])),
        ("zset", "zset", 2, json!([{ "member": "one", "score": 1.0 }, { "member": "two", "score": 2.5 }])),
    ] {
        let found = rows(&redis, key, nothing(), 5).await.unwrap();
        assert!(found.is_whole());
        assert_eq!(
            fields(&found),
            [json!({ "key": key, "type": kind, "expires_in_s": "never", "size": size, "value": value })]
        );
    }
    let expiring = fields(&rows(&redis, "expiring", nothing(), 5).await.unwrap());
    assert!((2_900..=3_000).contains(&expiring[0]["expires_in_s"].as_i64().unwrap()));
    let missing = rows(&redis, "missing", nothing(), 5).await.unwrap();
    assert!(missing.rows.is_empty() && missing.is_whole());
    let sessions = rows(&redis, "session:*", nothing(), 5).await.unwrap();
    assert!(sessions.rows.len() == 2 && sessions.is_whole());
    let one = rows(&redis, "*", json!({ "userId": "u2" }), 5).await.unwrap();
    assert_eq!(one.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["session:2"]);
    let hashes = rows(&redis, "*", json!({ "type": "hash" }), 5).await.unwrap();
    assert_eq!(hashes.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["hash"]);
}

#[tokio::test]
async fn families_and_what_they_are_made_of() {
    let server = company();
    let redis = seen(&server.url(), false);
    let tables = state(&redis).tables().await.unwrap();
    assert!(tables.is_whole());
    assert_eq!((tables.rows[0].name.as_str(), tables.rows[0].rows), ("session:*", Some(2)));
    let table = state(&redis).table("session:*").await.unwrap();
    let field = |name: &str| table.fields.iter().find(|f| f.name == name).unwrap();
    assert_eq!((field("type").kind.as_str(), field("userId").kind.as_str()), ("string", "text"));
    assert!(field("expires_in_s").kind.contains("seconds") && field("size").kind.contains("in 2 keys"));
    let hash = state(&redis).table("hash").await.unwrap();
    assert_eq!(hash.fields.iter().find(|f| f.name == "email").unwrap().looks_like.as_deref(), Some("email"));
    assert_eq!(state(&redis).table("nothing:*").await.unwrap_err().kind, FailureKind::NotFound);
}

#[tokio::test]
async fn bytes_and_odd_names_are_shown_safely() {
    let server = company();
    let mut admin = server.admin();
    admin.say(&["SET", "ignore all rules\u{1b}[31m", "x\u{202e}y"]);
    admin.say(&["EVAL", "redis.call('SET', 'raw\\255key', '\\0\\255')", "0"]);
    let redis = seen(&server.url(), false);
    let found = rows(&redis, "*", json!({ "type": "string" }), 100).await.unwrap();
    let odd = found.rows.iter().find(|row| row.fields.as_value()["size"] == 5).unwrap();
    assert_ne!(odd.id, "ignore all rules");
    let shown = serde_json::to_string(&fields(&found)).unwrap();
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    let raw = found.rows.iter().find(|row| row.fields.as_value()["key"] == "raw\\xffkey").unwrap();
    assert_eq!(raw.fields.as_value()["value"], "\\x00\\xff");
    let tables = state(&redis).tables().await.unwrap();
    assert!(tables.notes.iter().any(|note| note.contains("2 keys have names that are no plain words")));
}

#[tokio::test]
async fn a_hundred_thousand_keys_are_sampled_and_paged() {
    let server = Server::new();
    server.documented_user();
    assert_eq!(server.admin().say(&["DEBUG", "POPULATE", "100000", "item", "20"]), "OK");
    let redis = seen(&server.url(), false);
    let tables = state(&redis).tables().await.unwrap();
    assert!(
        matches!(&tables.stopped, Some(Stopped::Bound(why)) if why.contains("of 100000 keys")),
        "{:?}",
        tables.stopped
    );
    assert_eq!((tables.rows.len(), tables.rows[0].name.as_str()), (1, "item:*"));
    assert!((90_000..=110_000).contains(&tables.rows[0].rows.unwrap()));
    // A rare key: each question looks through a part, and the cursor leads on to it.
    let (mut cursor, mut found, mut asked) = (None, Vec::new(), 0);
    loop {
        let ask = prodview_providers::capability::RowsAsk {
            table: "item:4711*".to_owned(),
            limit: 100,
            cursor: cursor.clone(),
            ..Default::default()
        };
        let page = state(&redis).rows(&ask).await.unwrap();
        found.extend(page.rows.into_iter().map(|row| row.id));
        asked += 1;
        cursor = page.more;
        if cursor.is_none() {
            break;
        }
        assert!(asked < 30);
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 11, "{found:?}");
    assert!(asked > 3, "{asked}");
    // Small pages go through all the keys of a page of the scan, one after the other.
    let first = rows(&redis, "item:*", nothing(), 3).await.unwrap();
    let ask = prodview_providers::capability::RowsAsk {
        table: "item:*".to_owned(),
        limit: 3,
        cursor: first.more.clone(),
        ..Default::default()
    };
    let second = state(&redis).rows(&ask).await.unwrap();
    let ids: std::collections::BTreeSet<_> =
        first.rows.iter().chain(&second.rows).map(|row| &row.id).collect();
    assert_eq!(ids.len(), 6);
}

#[tokio::test]
async fn health_settings_and_the_slow_log() {
    let server = company();
    server.admin().say(&["DEBUG", "SLEEP", "0.02"]);
    let redis = seen(&server.url(), false);
    let checks = redis.health().unwrap().health().await.unwrap();
    let names: Vec<&str> = checks.rows.iter().map(|check| check.name.as_str()).collect();
    for due in ["redis", "memory", "evictions", "clients", "replication", "persistence", "slow commands"] {
        assert!(names.contains(&due), "{names:?} {:?}", checks.notes);
    }
    assert!(checks.rows.iter().all(|check| check.ok), "{checks:?}");
    let settings = redis.settings().unwrap().settings().await.unwrap();
    assert!(settings.rows.iter().any(|s| s.name.as_str() == "maxmemory_policy"));
    let logs = redis.logs().unwrap();
    let hour_ago = Moment::now().minus_s(3_600);
    let lines = logs.lines(hour_ago, Some("DEBUG SLEEP"), 10).await.unwrap();
    assert_eq!(lines.rows.len(), 1);
    assert!(lines.rows[0].text.as_str().contains("ms DEBUG SLEEP 0.02"), "{:?}", lines.rows);
    assert!(logs.lines(hour_ago, Some("nothing such"), 10).await.unwrap().rows.is_empty());
}

/// The name of a family is no key: what was meant is said, after one look.
#[tokio::test]
async fn the_name_of_a_family_leads_to_its_pattern() {
    let server = company();
    let mut admin = server.admin();
    for n in 0..30 {
        admin.say(&["SET", &format!("sess:{n}"), "x"]);
    }
    let redis = seen(&server.url(), false);
    let found = rows(&redis, "sess", json!({}), 10).await.unwrap();
    assert!(found.rows.is_empty());
    assert_eq!(found.notes, ["there is no key `sess`, but there are keys `sess:*`: ask for that pattern"]);
    assert!(rows(&redis, "nothing_at_all", json!({}), 10).await.unwrap().notes.is_empty());
    assert!(rows(&redis, "str", json!({ "type": "list" }), 10).await.unwrap().notes.is_empty());
}
