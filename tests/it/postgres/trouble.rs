//! A database that is slow, locked, full, behind a pooler, encrypted, or not there.

use super::app;
use crate::rig::call;
use crate::server::{PASSWORD, Pooler, connect, v15, v18};
use crate::silent;
use prodview_tools::{App, ToolError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SHOP: &str = "create table orders (id bigint primary key, note text, made_at timestamptz);
    insert into orders select n, 'n' || n, '2026-01-01'::timestamptz + n * interval '1 second' from generate_series(1, 500) n; analyze;";
/// Long enough to be stopped, and harmless: the guard knows nothing against it.
const LONG: &str =
    "select count(*) from orders a, orders b, orders c, orders d where a.note || b.note < c.note || d.note";

async fn query(app: &Arc<App>, sql: &str) -> Result<Value, ToolError> {
    call(app, "query_state", json!({ "query": sql })).await.map(|told| told.structured)
}

async fn running(admin: &tokio_postgres::Client, database: &str) -> i64 {
    let sql = "select count(*) from pg_stat_activity where datname = $1 and usename like 'prodview%' and state = 'active'";
    admin.query_one(sql, &[&database]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_stopped_on_the_server_and_the_next_is_answered() {
    for server in [v15(), v18()] {
        let (url, name) = server.documented(SHOP).await;
        let app = app(&url, "timeout = \"700ms\"");
        let started = Instant::now();
        let error = query(&app, LONG).await.unwrap_err().to_string();
        assert!(error.contains("took too long"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        assert_eq!(query(&app, "select count(*) as n from orders").await.unwrap()["rows"][0]["n"], 500);
        assert_eq!(running(&server.admin(&name).await, &name).await, 0);
    }
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_any_more_is_cancelled() {
    let (url, name) = v15().documented(SHOP).await;
    let app = app(&url, "timeout = \"20s\"");
    let admin = v15().admin(&name).await;
    query(&app, "select 1 as one").await.unwrap();
    let asking = tokio::spawn({
        let app = app.clone();
        async move { query(&app, LONG).await }
    });
    let until = Instant::now() + Duration::from_secs(10);
    while running(&admin, &name).await == 0 {
        assert!(Instant::now() < until, "the question never ran");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    asking.abort();
    while running(&admin, &name).await > 0 {
        assert!(Instant::now() < until, "it still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(query(&app, "select count(*) as n from orders").await.unwrap()["rows"][0]["n"], 500);
}

#[tokio::test]
async fn a_locked_table_is_not_waited_for() {
    let (url, name) = v15().documented(SHOP).await;
    let admin = v15().admin(&name).await;
    admin.batch_execute("begin; lock table orders in access exclusive mode").await.unwrap();
    let app = app(&url, "");
    let error = query(&app, "select * from orders").await.unwrap_err().to_string();
    assert!(error.contains("lock"), "{error}");
    admin.batch_execute("rollback").await.unwrap();
    query(&app, "select * from orders").await.unwrap();
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_is_replaced() {
    let (url, name) = v15().documented(SHOP).await;
    let app = app(&url, "");
    query(&app, "select 1 as one").await.unwrap();
    let admin = v15().admin(&name).await;
    let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1 and usename like 'prodview%'";
    let ended: i64 = admin.query_one(ended, &[&name]).await.unwrap().get(0);
    assert!(ended > 0);
    query(&app, "select 1 as one").await.unwrap();
}

#[tokio::test]
async fn every_way_not_to_be_let_in_is_told_apart() {
    let (url, name) = v15().documented(SHOP).await;
    let says = async |url: String, says: &str| {
        let started = Instant::now();
        let error = query(&app(&url, "timeout = \"2s\""), "select 1").await.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains(PASSWORD) && !error.contains("wrong-password"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(5), "{says}: {:?}", started.elapsed());
    };
    says(url.replace(PASSWORD, "wrong-password"), "did not accept the user or the password").await;
    says(url.replace(&name, "no_such_database"), "does not exist").await;
    says(url.replace(&v15().port.to_string(), "1"), "could not be reached").await;
    let silent = silent::Silent::new();
    says(url.replace(&format!("127.0.0.1:{}", v15().port), &silent.address.to_string()), "no answer in time")
        .await;
    says(format!("{url}?sslmode=require"), "certificate").await;
    // No connection left for the role.
    let role = url.split("//").nth(1).unwrap().split(':').next().unwrap();
    let admin = v15().admin(&name).await;
    admin.batch_execute(&format!("alter role {role} connection limit 1")).await.unwrap();
    let _held = connect(&url).await;
    says(url.clone(), "no connection left").await;
}

#[tokio::test]
async fn it_works_through_a_pooler_that_keeps_nothing() {
    let (url, name) = v15().documented(SHOP).await;
    let pooler = Pooler::start(v15(), &url, &name);
    let url = url.replace(&v15().port.to_string(), &pooler.port.to_string());
    let app = app(&format!("{url}?pgbouncer=true&connection_limit=1"), "max_concurrency = 4");
    let identity = app.sources.named("db").unwrap().identity().await.unwrap();
    assert!(identity.notes.iter().any(|n| n.contains("pooler")), "{:?}", identity.notes);
    let ask = |n: i32| {
        let app = app.clone();
        async move {
            let ask = json!({ "query": "select id, note from orders where id = $1", "params": [n] });
            call(&app, "query_state", ask).await.unwrap().structured["rows"][0]["note"].clone()
        }
    };
    for round in 0..5 {
        let answers = futures_util::future::join_all((1..=8).map(|n| ask(n + round * 8))).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer, format!("n{}", n as i32 + 1 + round * 8));
        }
    }
    let found =
        call(&app, "find_records", json!({ "table": "orders", "limit": 1 })).await.unwrap().structured;
    assert_eq!(found["rows"][0]["id"], "500");
}

#[tokio::test]
async fn an_encrypted_connection_is_verified() {
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let server = v18();
    server.put("server.crt", &leaf.pem());
    server.put("server.key", &key.serialize_pem());
    let (url, name) = server.documented(SHOP).await;
    let admin = server.admin(&name).await;
    admin.batch_execute("alter system set ssl = on").await.unwrap();
    admin.batch_execute("select pg_reload_conf()").await.unwrap();
    let folder = std::env::temp_dir().join(format!("prodview-ca-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ca.pem");
    std::fs::write(&file, ca_certificate.pem()).unwrap();
    let trusted = format!("ca_file = {:?}", file.to_str().unwrap());
    let named = url.replace("127.0.0.1", "localhost");
    let until = Instant::now() + Duration::from_secs(10);
    let told = loop {
        match query(
            &app(&format!("{named}?sslmode=require"), &trusted),
            "select ssl as encrypted from pg_stat_ssl where pid = pg_backend_pid()",
        )
        .await
        {
            Err(_) if Instant::now() < until => tokio::time::sleep(Duration::from_millis(100)).await,
            told => break told.unwrap(),
        }
    };
    assert_eq!(told["rows"][0]["encrypted"], true);
    for (url, section) in
        [(format!("{named}?sslmode=require"), ""), (format!("{url}?sslmode=verify-full"), &*trusted)]
    {
        let error = query(&app(&url, section), "select 1").await.unwrap_err().to_string();
        assert!(error.contains("certificate could not be verified"), "{error}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_replica_answers_and_is_told_apart() {
    let (url, name) = v15().documented(SHOP).await;
    let replica = v15().replica();
    let there = url.replace(&v15().port.to_string(), &replica.port.to_string());
    let app = app(&there, "");
    let identity = app.sources.named("db").unwrap().identity().await.unwrap();
    assert!(identity.mode.unwrap().ends_with("replica"));
    let count = "select count(*) as n, pg_is_in_recovery() as replica from orders";
    assert_eq!(query(&app, count).await.unwrap()["rows"][0], json!({ "n": 500, "replica": true }));
    v15().admin(&name).await.batch_execute("insert into orders values (501, 'new', now())").await.unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while query(&app, count).await.unwrap()["rows"][0]["n"] != 501 {
        assert!(Instant::now() < until, "the row never arrived");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let checks = app.sources.named("db").unwrap().adapter().health().unwrap().health().await.unwrap().rows;
    let replication = checks.iter().find(|check| check.name == "replication").unwrap();
    assert!(replication.ok, "{replication:?}");
    assert_eq!(
        call(&app, "find_records", json!({ "table": "orders", "limit": 1 })).await.unwrap().structured["rows"]
            [0]["id"],
        "501"
    );
}
