//! The layers behind the parser, on real servers: nothing here looks at the statement before it is sent.

mod layers;

use super::server::{Server, v15, v18};
use super::*;
use serde_json::json;

const READER: &str = "
do $$ begin create role reader login password 'only-for-tests' connection limit 30; exception when others then null; end $$;
create table public.users (id bigint primary key, email text, note text);
insert into public.users select n, 'u' || n || '@acme.dev', null from generate_series(1, 250) n;
grant usage on schema public to reader; grant select on all tables in schema public to reader;
revoke create on schema public from public;";

async fn as_reader(server: &Server) -> (Database, String) {
    let name = server.database(READER).await;
    (database(&server.url("reader", &name), |_| {}), name)
}

fn database(url: &str, change: impl FnOnce(&mut DatabaseSettings)) -> Database {
    let mut settings = DatabaseSettings::new("db", Secret::new(url.to_owned()));
    change(&mut settings);
    Database::new(settings).unwrap()
}

async fn ask(database: &Database, sql: &str, skip: usize, limit: usize) -> Result<Rows, Failure> {
    database.read(&Statement::unchecked(sql), &[], skip, limit).await
}

#[tokio::test]
async fn rows_come_page_by_page_from_both_servers() {
    for server in [v15(), v18()] {
        let (db, _) = as_reader(server).await;
        let page = ask(&db, "select id, email from users order by id", 0, 120).await.unwrap();
        assert!(page.more && !page.too_large && page.rows.len() == 120);
        let page = ask(&db, "select id, email from users order by id -- end", 240, 120).await.unwrap();
        assert!(!page.more && page.rows.len() == 10);
        assert_eq!(Value::Object(page.rows[0].clone()), json!({ "id": 241, "email": "u241@acme.dev" }));
        let exact = ask(&db, "select id from users", 0, 250).await.unwrap();
        assert!(!exact.more && exact.rows.len() == 250);
    }
}

#[tokio::test]
async fn parameters_are_bound_as_the_server_infers_them() {
    let (db, _) = as_reader(v15()).await;
    let statement = Statement::unchecked(
        "select id, $3::jsonb ->> 'a' as a from users where id = any($1) and email like $2 order by id",
    );
    let params = [json!([1, 2, 3]), json!("u%"), json!({ "a": "b" })];
    let rows = db.read(&statement, &params, 0, 10).await.unwrap().rows;
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2]["a"], "b");
}

#[tokio::test]
async fn large_rows_arrive_whole_within_the_cap() {
    let (db, _) = as_reader(v15()).await;
    let page = ask(&db, "select id, repeat('x', 20000) as text from users order by id", 0, 40).await.unwrap();
    assert_eq!(page.rows.len(), 40);
    assert!(page.rows.iter().all(|row| row["text"].as_str().unwrap().len() == 20_000));
}

/// A scan that joins another one begins where that one is, and not where the last page ended.
#[tokio::test]
async fn a_scan_begins_at_the_first_row() {
    let (db, _) = as_reader(v15()).await;
    let said = ask(&db, "select current_setting('synchronize_seqscans') as joins", 0, 1).await.unwrap();
    assert_eq!(said.rows[0]["joins"], "off");
}
