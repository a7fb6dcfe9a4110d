//! What PostgreSQL does by itself, on which the layers behind the parser rest (docs/security.md): asked of the server
//! directly, without prodview.

use crate::server::{Server, v15, v18};
use tokio_postgres::Client;

const ONE: &str = "create table kept (id int primary key); insert into kept values (1);";

/// As a superuser, whom no grant keeps from anything.
async fn superuser(server: &Server) -> Client {
    let name = server.database(ONE).await;
    server.admin(&name).await
}

/// The code of the refusal; `None` when it was done.
async fn refused(client: &Client, sql: &str) -> Option<String> {
    client.batch_execute(sql).await.err().map(|e| e.code().unwrap().code().to_owned())
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn read_only_can_be_lifted_before_the_first_query_and_not_after_it() {
    for server in [v15(), v18()] {
        let client = superuser(server).await;
        let lifted = "begin read only; set transaction read write; insert into kept values (2); rollback";
        assert_eq!(refused(&client, lifted).await, None);
        client.batch_execute("begin read only; select 1").await.unwrap();
        assert_eq!(refused(&client, "set transaction read write").await.as_deref(), Some("25001"));
        client.batch_execute("rollback; begin read only; select 1").await.unwrap();
        assert_eq!(refused(&client, "insert into kept values (2)").await.as_deref(), Some("25006"));
        client.batch_execute("rollback").await.unwrap();
        // For the role, read only is no more than a usual setting.
        let lifted = "set default_transaction_read_only = on; set default_transaction_read_only = off";
        assert_eq!(refused(&client, lifted).await, None);
    }
}

#[tokio::test]
async fn a_cursor_takes_nothing_but_a_query_and_the_extended_protocol_one_statement() {
    for server in [v15(), v18()] {
        let client = superuser(server).await;
        for sql in [
            "set work_mem = '1MB'",
            "commit",
            "insert into kept values (2) returning id",
            "with w as (insert into kept values (2) returning id) select * from w",
            "select 1 into other",
            "explain select 1",
            "do $$ begin end $$",
            "copy kept to stdout",
            "lock table kept",
        ] {
            client.batch_execute("begin").await.unwrap();
            assert!(
                refused(&client, &format!("declare c no scroll cursor for {sql}")).await.is_some(),
                "{sql}"
            );
            client.batch_execute("rollback").await.unwrap();
        }
        client.batch_execute("begin; declare c no scroll cursor for select 1; rollback").await.unwrap();
        let both = client.execute("select 1; select 2", &[]).await.unwrap_err();
        assert_eq!(both.code().unwrap().code(), "42601");
        assert_eq!(refused(&client, "select 1; select 2").await, None, "the simple protocol takes both");
    }
}

#[tokio::test]
async fn read_only_alone_lets_much_through_which_rollback_and_discard_undo() {
    for server in [v15(), v18()] {
        let client = superuser(server).await;
        client.batch_execute("begin read only; select 1").await.unwrap();
        for sql in [
            "select pg_notify('c', 'm')",
            "select pg_advisory_lock(7)",
            "select set_config('work_mem', '1MB', false)",
            "select pg_current_xact_id()",
            "select pg_logical_emit_message(false, 'a', 'b')",
        ] {
            assert_eq!(refused(&client, sql).await, None, "{sql}");
        }
        let made = refused(&client, "select lo_create(0)").await;
        assert_eq!(made.is_none(), std::ptr::eq(server, v15()), "since 16 this is refused: {made:?}");
        client.batch_execute("rollback").await.unwrap();
        let locks = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";
        assert_eq!(number(&client, "select count(*) from pg_largeobject_metadata").await, 0);
        assert_eq!(
            number(&client, "select count(*) from pg_settings where name = 'work_mem' and setting = '1024'")
                .await,
            0
        );
        assert_eq!(number(&client, locks).await, 1, "a lock of the session outlives ROLLBACK");
        client.batch_execute("discard all").await.unwrap();
        assert_eq!(number(&client, locks).await, 0);
    }
}
