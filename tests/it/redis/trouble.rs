//! When it goes wrong: huge values, servers that hang, are gone or do not want us.

use super::server::Server;
use super::{company, fields, nothing, query, rows, seen, state};
use prodview_guard::{Command, FailureKind, Keyspace, KeyspaceSettings, Secret, deadline};
use prodview_providers::Common;
use prodview_providers::capability::{Adapter, Power};
use prodview_providers::redis::{Settings, connect};
use std::io::Read;
use std::net::TcpListener;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_huge_value_is_shown_by_its_beginning_and_never_sent_whole() {
    let server = company();
    let mut admin = server.admin();
    admin.say(&["SETRANGE", "huge", "20000000", "end"]);
    admin.say(&["EVAL", "for i=1,40 do redis.call('RPUSH', 'fat', string.rep('x', 500000)) end", "0"]);
    admin.say(&["EVAL", "for i=1,5000 do redis.call('HSET', 'wide', 'f'..i, 'v'..i) end", "0"]);
    let redis = seen(&server.url(), false);
    assert!(query(&redis, "PING").await.is_ok());
    let sent = |server: &Server| -> u64 {
        let stats = server.admin().say(&["INFO", "stats"]);
        let line = stats.lines().find(|line| line.starts_with("total_net_output_bytes:")).unwrap().to_owned();
        line.split(':').nth(1).unwrap().trim().parse().unwrap()
    };
    let before = sent(&server);
    let huge = fields(&rows(&redis, "huge", nothing(), 5).await.unwrap());
    assert_eq!(
        (huge[0]["size"].as_i64(), huge[0]["shown"].as_str()),
        (Some(20_000_003), Some("its first 4000 bytes"))
    );
    let fat = fields(&rows(&redis, "fat", nothing(), 5).await.unwrap());
    assert_eq!((fat[0]["size"].as_i64(), fat[0].get("value")), (Some(40), None));
    let wide = fields(&rows(&redis, "wide", nothing(), 5).await.unwrap());
    assert_eq!(wide[0]["value"].as_object().unwrap().len(), 20);
    for (command, hint) in
        [("GET huge", "GETRANGE"), ("MGET str huge", "GETRANGE"), ("LRANGE fat 0 39", "fewer")]
    {
        let failure = query(&redis, command).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused);
        assert!(failure.to_string().contains(hint), "{failure}");
    }
    assert!(query(&redis, "LRANGE fat 0 0").await.is_ok());
    assert!(sent(&server) - before < 2_000_000, "more was sent than shown");
}

/// The cap of the guard itself, without anybody asking beforehand how large the answer is.
#[tokio::test]
async fn an_answer_that_is_too_large_is_cut_off_and_the_next_one_comes() {
    let server = company();
    server.admin().say(&["SETRANGE", "huge", "50000000", "end"]);
    let keyspace = Keyspace::new(KeyspaceSettings::new("cache", Secret::new(server.url()))).unwrap();
    let failure = keyspace.read(&Command::get(b"huge").unwrap()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Odd);
    assert!(failure.to_string().contains("larger than 4 MiB"), "{failure}");
    let next = keyspace.read(&Command::get(b"str").unwrap()).await.unwrap();
    assert_eq!(next.bytes(), Some(&b"hello"[..]));
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_time_limit_and_no_more() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // It takes the connection and says nothing, until the other side gives up.
    let silent = tokio::task::spawn_blocking(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.read_to_end(&mut Vec::new()).is_ok()
    });
    let common = Common { timeout: Some(Duration::from_millis(300)), ..Common::default() };
    let settings =
        Settings { url: Secret::new(format!("redis://127.0.0.1:{port}")), allow_writable_user: false };
    let redis = connect("cache", settings, &common).unwrap();
    let started = Instant::now();
    let failure = rows(&redis, "str", nothing(), 5).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(3));
    // Who stops waiting takes the connection along.
    assert!(silent.await.unwrap());
}

#[tokio::test]
async fn the_deadline_of_the_call_holds_and_the_next_call_is_answered() {
    let server = company();
    let redis = seen(&server.url(), false);
    assert!(query(&redis, "PING").await.is_ok());
    let sleeper = {
        let mut admin = server.admin();
        std::thread::spawn(move || admin.say(&["DEBUG", "SLEEP", "1"]))
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    let failure = deadline::within(Duration::from_millis(200), query(&redis, "GET str")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(started.elapsed() < Duration::from_millis(800), "{:?}", started.elapsed());
    sleeper.join().unwrap();
    // Nobody gets the answer that somebody else no longer waits for.
    assert_eq!(fields(&query(&redis, "GET num").await.unwrap())[0]["value"], "5");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_made_anew() {
    let server = company();
    let redis = seen(&server.url(), false);
    assert!(query(&redis, "PING").await.is_ok());
    server.admin().say(&["CLIENT", "KILL", "USER", "prodview"]);
    assert!(query(&redis, "PING").await.is_ok());
}

#[tokio::test]
async fn who_is_not_there_or_does_not_want_us_says_why() {
    let server = company();
    let failure = async |url: String| query(&seen(&url, false), "GET str").await.unwrap_err();
    let port = server.port;
    let wrong = failure(format!("redis://prodview:not-the-password-77@127.0.0.1:{port}")).await;
    assert_eq!(wrong.kind, FailureKind::Denied);
    assert!(wrong.to_string().contains("user or password") && !wrong.to_string().contains("77"), "{wrong}");
    let nobody = failure("redis://127.0.0.1:1".to_owned()).await;
    assert_eq!(nobody.kind, FailureKind::Unreachable);
    let tls = failure(format!("rediss://127.0.0.1:{port}")).await;
    assert_eq!(tls.kind, FailureKind::Unreachable);
    let db = failure(format!("{}/99", server.url())).await;
    assert_ne!(db.kind, FailureKind::Refused);
    server.admin().say(&[
        "ACL",
        "SETUSER",
        "small",
        "reset",
        "on",
        ">small-password-0042",
        "%R~app:*",
        "-@all",
        "+get",
        "+ping",
    ]);
    let small = seen(&format!("redis://small:small-password-0042@127.0.0.1:{port}"), false);
    let scan = rows(&small, "*", nothing(), 5).await.unwrap_err();
    assert_eq!(scan.kind, FailureKind::Denied);
    assert!(scan.to_string().contains("may not SCAN"), "{scan}");
    let ttl = query(&small, "TTL app:1").await.unwrap_err();
    assert!(ttl.to_string().contains("add `+ttl`"), "{ttl}");
    let key = query(&small, "GET str").await.unwrap_err();
    assert!(key.to_string().contains("that key"), "{key}");
    assert!(query(&small, "GET app:1").await.is_ok());
    assert_eq!(small.identity().await.unwrap().power, Power::Unknown);
    let kind = query(&seen(&server.url(), false), "LLEN hash").await.unwrap_err();
    assert_eq!(kind.kind, FailureKind::Invalid);
    assert!(kind.to_string().contains("not for keys of this type"), "{kind}");
    // A server that wants a password, and a URL without one.
    server.admin().say(&["CONFIG", "SET", "requirepass", "the-password-of-default-0042"]);
    let unnamed = failure(format!("redis://127.0.0.1:{port}")).await;
    assert_eq!(unnamed.kind, FailureKind::Denied);
}

#[tokio::test]
async fn the_database_is_the_one_of_the_url() {
    let server = company();
    let mut admin = server.admin();
    admin.say(&["SELECT", "2"]);
    admin.say(&["SET", "elsewhere", "yes"]);
    let redis = seen(&format!("{}/2", server.url()), false);
    let tables = state(&redis).tables().await.unwrap();
    assert_eq!(tables.rows.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["elsewhere"]);
    assert_eq!(redis.target(), format!("127.0.0.1:{}/2", server.port));
}

/// One command that writes among thousands of keys that may only be read is enough.
#[tokio::test]
async fn a_user_that_may_run_any_one_command_that_writes_could_write() {
    let server = Server::new();
    let mut admin = server.admin();
    let writes = admin.say(&["ACL", "CAT", "write"]);
    let writes: Vec<&str> = writes.lines().collect();
    assert!(writes.len() > 100, "{}", writes.len());
    let mut power = async |rule: &str| {
        let small = ["+ping", "+info", "+command|info", "+acl|whoami", "+acl|dryrun", rule];
        let user = [
            &["ACL", "SETUSER", "small", "reset", "on", ">small-password-0042", "%R~*", "-@all"],
            &small[..],
        ];
        assert_eq!(admin.say(&user.concat()), "OK", "{rule}");
        let small = seen(&format!("redis://small:small-password-0042@127.0.0.1:{}", server.port), false);
        small.identity().await.unwrap().power
    };
    assert_eq!(power("+get").await, Power::ReadOnly);
    let mut missed = Vec::new();
    for name in writes {
        if power(&format!("+{name}")).await != Power::CouldWrite {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "not noticed: {missed:?}");
}
