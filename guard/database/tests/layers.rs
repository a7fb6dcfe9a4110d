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

/// What makes a name behind a dot a call, and a statement in which it stands.
const DISGUISED: &[(&str, &str)] = &[
    ("create function f(users) returns bigint language sql as 'select 1::bigint'", "select u.f from users u"),
    ("create function f(variadic users[]) returns int language sql as 'select 1'", "select u.f from users u"),
    (
        "create function f(variadic anyarray) returns int language sql as 'select 1'",
        "select (u).f from users u",
    ),
    (
        "create function step(bigint, users) returns bigint language sql as 'select 1::bigint'; \
         create aggregate f(users) (sfunc = step, stype = bigint)",
        "select u.f from users u",
    ),
    (
        "create domain person as users; create function f(person) returns int language sql as 'select 1'",
        "select u.f from users u",
    ),
    (
        "create function told(users) returns text language sql as $$ select 'x' $$; \
         create cast (users as text) with function told(users) as implicit",
        "select u.upper from users u",
    ),
];

#[tokio::test]
async fn a_column_that_is_a_function_in_disguise_is_refused() {
    for server in [v15(), v18()] {
        for (disguised, sql) in DISGUISED {
            let (url, name) = server.documented(&format!("{SCHEMA}\n{REVOKED}\n{disguised}")).await;
            // It is one: without prodview it is called.
            server.admin(&name).await.query(*sql, &[]).await.unwrap();
            let database = Database::new(DatabaseSettings::new("db", Secret::new(url))).unwrap();
            let ask = async |sql: &str| {
                database.read(&Statement::parse(sql, &SqlRules::default()).unwrap(), &[], 0, 5).await
            };
            let refused = ask(sql).await.unwrap_err();
            assert_eq!(refused.kind, FailureKind::Refused, "{disguised}: {refused}");
            assert!(refused.to_string().contains("may call a function"), "{disguised}: {refused}");
            assert!(ask("select email from users").await.is_ok(), "{disguised}");
        }
    }
}

#[tokio::test]
async fn a_function_or_operator_of_the_application_does_not_stand_in_for_postgresqls_own() {
    const OWN: &str = "
        create function ceil(int) returns text language sql as $$ select 'own' $$;
        create function floor(int) returns text language sql as $$ select 'own' $$;
        create function \"substring\"(varchar, int) returns text language sql as $$ select 'own' $$;
        create function substr(varchar, int) returns text language sql as $$ select 'own' $$;
        create function to_json(text) returns json language sql as $$ select null::json $$;
        create function set_config(text, text, boolean) returns text language sql as $$ select 'own' $$;
        create function never(name, name) returns boolean language sql as $$ select false $$;
        create operator !~ (leftarg = name, rightarg = name, function = never);
        create table t (n int, v varchar, long text);
        insert into t values (2, 'abc', repeat('x', 100000));";
    for server in [v15(), v18()] {
        let (url, name) = server.documented(OWN).await;
        let database = Database::new(DatabaseSettings::new("db", Secret::new(url.clone()))).unwrap();
        let sql = "select ceil(n) as c, floor(n) as f, substring(v, 2) as s, substr(v, 2) as b, long from t";
        let statement = Statement::parse(sql, &SqlRules::default()).unwrap();
        let row = database.read(&statement, &[], 0, 5).await.unwrap().rows.remove(0);
        let told: Vec<String> = ["c", "f", "s", "b"].iter().map(|key| row[*key].to_string()).collect();
        assert_eq!(told, ["2", "2", "\"bc\"", "\"bc\""]);
        assert!(row["long"].as_str().is_some_and(|long| long.starts_with("xxx")), "{row:?}");
        let admin = server.admin(&name).await;
        admin.batch_execute("grant insert on t to public").await.unwrap();
        let role = role_of(&url);
        for path in ["default", "public, pg_catalog", "''"] {
            admin.batch_execute(&format!("alter role {role} set search_path = {path}")).await.unwrap();
            let again = Database::new(DatabaseSettings::new("db", Secret::new(url.clone()))).unwrap();
            let by = again.role().await.unwrap().could_write_by.join("; ");
            assert!(by.contains("it may write to public.t"), "{path}: {by}");
        }
    }
}

#[tokio::test]
async fn what_a_session_can_fall_back_to_counts_as_its_own() {
    for server in [v15(), v18()] {
        let (url, name) = server.documented("create table t (n int);").await;
        let role = role_of(&url);
        let strong = format!("strong_{:x}", super::super::server::id());
        let sql = format!(
            "create role {strong} login superuser password 'only-for-tests'; alter role {strong} set role = {role}"
        );
        server.admin(&name).await.batch_execute(&sql).await.unwrap();
        let settings = DatabaseSettings::new("db", Secret::new(server.url(&strong, &name)));
        let database = Database::new(settings).unwrap();
        let seen = database.role().await.unwrap();
        assert_eq!(
            (seen.name.as_str(), &*seen.could_write_by),
            (&*role, &["it is a superuser".to_owned()][..])
        );
    }
}

fn role_of(url: &str) -> String {
    url.split("://").nth(1).unwrap().split(':').next().unwrap().to_owned()
}

/// PostgreSQL looks at no interrupt while it compares two arrays.
#[tokio::test]
async fn what_the_server_does_not_stop_keeps_its_turn() {
    const UNSTOPPABLE: &str = "with s as (select i from generate_series(1, 60000) i)
        select (select array_agg(i) from s) && (select array_agg(-i) from s) as x";
    let (url, name) = v15().documented("create table t (n int);").await;
    let mut settings = DatabaseSettings::new("db", Secret::new(url.clone()));
    (settings.max_connections, settings.timeout) = (1, Duration::from_secs(1));
    let database = Database::new(settings).unwrap();
    let failure = database.read(&Statement::unchecked(UNSTOPPABLE), &[], 0, 5).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout, "{failure}");
    let admin = v15().admin(&name).await;
    let busy = format!(
        "select count(*) from pg_stat_activity where usename = '{}' and state = 'active'",
        role_of(&url)
    );
    let count = async || admin.query_one(&busy, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(count().await, 1, "it is still at work");
    let next = database.clone();
    let next =
        tokio::spawn(async move { next.read(&Statement::unchecked("select 1 as n"), &[], 0, 5).await });
    while !next.is_finished() {
        assert!(count().await <= 1);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(next.await.unwrap().unwrap().rows[0]["n"], 1);
}
