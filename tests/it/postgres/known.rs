//! Ways around READ ONLY that are known of PostgreSQL: each really works on a server without prodview, and none gets
//! past the parser, even where the role could write.

use super::app;
use crate::rig::call;
use crate::server::{Server, v15, v18};
use serde_json::json;
use tokio_postgres::Client;

const TABLES: &str = "create table kept (id int); create sequence numbers; create table secret (word text);
    create function wipe() returns int language sql volatile security definer as 'delete from kept; select 1';";

const ALWAYS: u32 = 0;
const NEVER: u32 = u32::MAX;
/// What is done, a question whose answer it changes, and from which version on PostgreSQL itself stops it.
const WAYS: &[(&str, &str, u32)] = &[
    ("commit; insert into kept values (1)", "select count(*) from kept", NEVER),
    (
        "select set_config('transaction_read_only', null, true), nextval('numbers')",
        "select case when is_called then last_value else 0 end from numbers",
        18,
    ),
    (
        "select set_config('transaction_read_only', null, true); insert into kept values (1); commit",
        "select count(*) from kept",
        18,
    ),
    ("select set_config('transaction_read_only', 'off', true)", "select count(*) from kept", ALWAYS),
    (
        "explain (analyze) create table made as select 1; commit",
        "select count(*) from pg_class where relname = 'made'",
        NEVER,
    ),
    (
        "explain (analyze) select 1 as a into made; commit",
        "select count(*) from pg_class where relname = 'made'",
        NEVER,
    ),
    (
        "select pg_advisory_lock(11)",
        "select count(*) from pg_locks where locktype = 'advisory' and objid = 11",
        NEVER,
    ),
    ("with gone as (delete from kept returning id) select * from gone", "select count(*) from kept", ALWAYS),
    ("select query_to_xml('delete from kept', true, true, '')", "select count(*) from kept", ALWAYS),
    ("select wipe()", "select count(*) from kept", ALWAYS),
    ("insert into kept values (1)", "select count(*) from kept", ALWAYS),
];

/// Read-only by their name, and not stopped: what they do is outside of the rows.
const UNSTOPPED: &[&str] = &[
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select pg_notify('a', 'b')",
    "select pg_logical_emit_message(false, 'a', 'b')",
    "select pg_terminate_backend(0)",
    "select pg_sleep(0.01)",
    "select query_to_xml('select 1', true, true, '')",
    "select U&\"pg\\005fsleep\"(0.01)",
    "select pg_stat_reset()",
    "select pg_export_snapshot()",
];

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(&format!("select ({sql})::bigint"), &[]).await.unwrap().get(0)
}

async fn fresh(server: &Server) -> (Client, Client, String) {
    let name = server.database(&format!("{TABLES} insert into kept values (0);")).await;
    (server.admin(&name).await, server.admin(&name).await, name)
}

#[tokio::test]
async fn each_way_around_read_only_works_without_the_parser_and_not_with_it() {
    for (server, version) in [(v15(), 15), (v18(), 18)] {
        for (way, look, since) in WAYS {
            let stopped = version >= *since;
            let (doer, looker, name) = fresh(server).await;
            let before = number(&looker, look).await;
            doer.batch_execute("begin read only; select 1").await.unwrap();
            let done = doer.batch_execute(way).await;
            assert_eq!(done.is_err(), stopped, "{way}: {done:?}");
            assert_eq!(number(&looker, look).await != before, !stopped, "{way}");
            through_the_guard(server, &name, way).await;
        }
    }
}

#[tokio::test]
async fn what_read_only_does_not_concern_is_refused_by_the_parser() {
    for server in [v15(), v18()] {
        let (doer, _, name) = fresh(server).await;
        for way in UNSTOPPED {
            doer.batch_execute("begin read only; select 1").await.unwrap();
            doer.batch_execute(way).await.unwrap_or_else(|e| panic!("{way}: {e:?}"));
            doer.batch_execute("rollback").await.unwrap();
            through_the_guard(server, &name, way).await;
        }
    }
}

/// As a superuser whom the configuration allows: only the parser stands before the server.
async fn through_the_guard(server: &Server, name: &str, way: &str) {
    let app = app(&server.superuser(name), "allow_writable_role = true");
    let looker = server.admin(name).await;
    let before = number(&looker, "select count(*) from kept").await;
    let refused = call(&app, "query_state", json!({ "query": way })).await.unwrap_err().to_string();
    assert!(refused.contains("this SQL"), "{way}: {refused}");
    assert_eq!(number(&looker, "select count(*) from kept").await, before, "{way}");
}

/// Through the tool, as a superuser, the whole corpus: the parser alone refuses all of it.
#[tokio::test]
async fn the_whole_corpus_is_refused_to_a_superuser() {
    let schema = include_str!("../../fixtures/sql/schema.sql");
    let name = v15().database(schema).await;
    let app = app(&v15().superuser(&name), "allow_writable_role = true");
    let corpus = include_str!("../../fixtures/sql/hostile.sql");
    let statements = corpus.split("\n\n").filter_map(|block| block.trim().split_once('\n'));
    let mut refused = 0;
    for (what, sql) in statements {
        let answer = call(&app, "query_state", json!({ "query": sql })).await;
        assert!(answer.is_err(), "{what}: {sql}");
        refused += 1;
    }
    assert!(refused >= 300, "{refused}");
    assert_eq!(number(&v15().admin(&name).await, "select count(*) from orders").await, 300);
}
