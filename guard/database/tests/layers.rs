//! The layers apart: the corpus against the database's layers without the parser, and against the parser without the
//! database's layers. Neither may leave a lasting change.

use super::super::fingerprint::{corpus, difference, fingerprint};
use super::super::server::{Server, connect, v15, v18};
use super::super::*;
use crate::SqlRules;

const SCHEMA: &str = include_str!("../../../tests/fixtures/sql/schema.sql");
const HOSTILE: &str = include_str!("../../../tests/fixtures/sql/hostile.sql");
const READS: &str = include_str!("../../../tests/fixtures/sql/reads.sql");
/// As docs/providers.md says where it speaks of SECURITY DEFINER.
const REVOKED: &str = "revoke execute on all functions in schema public, reports from public;";

/// All that the layers behind the parser let be changed: a role may end its own other sessions (docs/security.md).
const RESIDUE: &str = "session of a stranger";

#[test]
fn the_corpus_is_large_and_the_parser_alone_tells_the_two_apart() {
    let (hostile, reads) = (corpus(HOSTILE), corpus(READS));
    assert!(hostile.len() >= 320 && reads.len() >= 130, "{} {}", hostile.len(), reads.len());
    for (name, sql) in hostile {
        assert!(Statement::parse(&sql, &SqlRules::default()).is_err(), "{name}: {sql}");
    }
    for (name, sql) in reads {
        if let Err(refused) = Statement::parse(&sql, &SqlRules::default()) {
            panic!("{name}: {refused}");
        }
    }
}

#[tokio::test]
async fn behind_the_parser_the_documented_role_leaves_no_lasting_change_on_15() {
    without_the_parser(v15()).await;
}

#[tokio::test]
async fn behind_the_parser_the_documented_role_leaves_no_lasting_change_on_18() {
    without_the_parser(v18()).await;
}

async fn without_the_parser(server: &Server) {
    let (url, name) = server.documented(&format!("{SCHEMA}\n{REVOKED}")).await;
    let admin = server.admin(&name).await;
    let mut settings = DatabaseSettings::new("db", Secret::new(url.clone()));
    settings.timeout = Duration::from_millis(250);
    let database = Database::new(settings).unwrap();
    assert_eq!(database.role().await.unwrap().could_write_by, Vec::<String>::new());
    let mut stranger = Stranger::new(&url).await;
    let mut before = fingerprint(&admin, &[stranger.pid]).await;
    let mut changes = Vec::new();
    for part in corpus(HOSTILE).chunks(15) {
        let mut what = Vec::new();
        for (name, sql) in part {
            for statement in [Statement::unchecked(sql), Statement::unchecked_explain(sql)] {
                let _ = database.read(&statement, &[], 0, 5).await;
            }
            what.push(name.as_str());
        }
        let after = fingerprint(&admin, &[stranger.pid]).await;
        if after != before {
            changes.push((what.join("; "), difference(&before, &after)));
            stranger = Stranger::new(&url).await;
            before = fingerprint(&admin, &[stranger.pid]).await;
        }
    }
    let known = |difference: &Vec<String>| difference.iter().all(|d| d.starts_with(RESIDUE));
    changes.retain(|(_, difference)| !known(difference));
    assert!(changes.is_empty(), "{changes:#?}");
    // The next question is answered as if nothing had been.
    let rows =
        database.read(&Statement::unchecked("select count(*) as n from orders"), &[], 0, 5).await.unwrap();
    assert_eq!(rows.rows[0]["n"], 300);
}

/// Another session of the same role, which nobody should end.
struct Stranger {
    pid: i32,
    _session: tokio_postgres::Client,
}

impl Stranger {
    async fn new(url: &str) -> Stranger {
        let session = connect(url).await;
        let pid = session.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        Stranger { pid, _session: session }
    }
}

#[tokio::test]
async fn what_the_parser_lets_out_changes_nothing_even_as_a_superuser_outside_a_transaction() {
    for server in [v15(), v18()] {
        let name = server.database(SCHEMA).await;
        let admin = server.admin(&name).await;
        let superuser = server.admin(&name).await;
        let before = fingerprint(&admin, &[]).await;
        let (mut sent, all) = (0, corpus(HOSTILE).into_iter().chain(corpus(READS)));
        for (what, sql) in all {
            let Ok(statement) = Statement::parse(&sql, &SqlRules::default()) else { continue };
            assert!(superuser.simple_query(statement.text()).await.is_ok(), "{what}: {}", statement.text());
            sent += 1;
        }
        assert_eq!(sent, corpus(READS).len(), "no hostile statement is let out");
        assert_eq!(difference(&before, &fingerprint(&admin, &[]).await), Vec::<String>::new());
    }
}

#[tokio::test]
async fn every_legitimate_read_is_answered_as_the_documented_role() {
    for server in [v15(), v18()] {
        let (url, _) = server.documented(&format!("{SCHEMA}\n{REVOKED}")).await;
        let database = Database::new(DatabaseSettings::new("db", Secret::new(url))).unwrap();
        for (what, sql) in corpus(READS) {
            let statement = Statement::parse(&sql, &SqlRules::default()).unwrap();
            if let Err(failure) = database.read(&statement, &[], 0, 500).await {
                panic!("{what}: {failure} ({}): {}", failure.cause(), statement.text());
            }
        }
    }
}

#[tokio::test]
async fn a_column_that_is_a_function_in_disguise_is_refused() {
    let disguised =
        "create function total(users) returns bigint language sql volatile as $$ select 1::bigint $$;";
    let (url, _) = v15().documented(&format!("{SCHEMA}\n{REVOKED}\n{disguised}")).await;
    let database = Database::new(DatabaseSettings::new("db", Secret::new(url))).unwrap();
    let ask = async |sql: &str| {
        database.read(&Statement::parse(sql, &SqlRules::default()).unwrap(), &[], 0, 5).await
    };
    let refused = ask("select u.total from users u").await.unwrap_err();
    assert!(refused.kind == FailureKind::Refused && refused.to_string().contains("`.total`"), "{refused}");
    assert!(ask("select u.email from users u").await.is_ok());
}
