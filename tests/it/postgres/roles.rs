//! The statements of docs/providers.md, run as people on hosted databases run them: by an administrator who is no
//! superuser.

use super::app;
use crate::rig::call;
use crate::server::{PASSWORD, Server, connect, documented_role, id, v15, v18};
use prodview_providers::capability::Power;
use serde_json::{Value, json};

const TABLES: &str =
    "create table users (id int primary key, email text); insert into users values (1, 'a@acme.dev');
    create table secrets (id int primary key, token text); insert into secrets values (1, 't');";

/// A database that belongs to an administrator as hosting companies make one: CREATEROLE, no superuser, owner of the
/// database and of its tables. `monitors`: whether it may grant `pg_monitor`, which from PostgreSQL 16 on must be said.
async fn hosted(server: &Server, monitors: bool) -> (String, String) {
    let name = server.database("").await;
    let master = format!("master_{:x}", id());
    let grant =
        if monitors { format!("grant pg_monitor to {master} with admin option;") } else { String::new() };
    server
        .admin(&name)
        .await
        .batch_execute(&format!(
            "create role {master} login createrole createdb password '{PASSWORD}'; {grant} alter database {name} owner to {master};"
        ))
        .await
        .unwrap();
    connect(&server.url(&master, &name)).await.batch_execute(TABLES).await.unwrap();
    (master, name)
}

/// The SQL of the page between `<!-- mark -->` and the end of its block.
fn block(mark: &str) -> &'static str {
    let page = include_str!("../../../docs/providers.md");
    let (_, rest) = page.split_once(&format!("<!-- {mark} -->")).unwrap();
    rest.split("```sql").nth(1).unwrap().split("```").next().unwrap()
}

/// How many rows that role sees in a table, or why none.
async fn rows(url: &str, table: &str) -> Result<usize, String> {
    let told =
        call(&app(url, ""), "find_records", json!({ "table": table })).await.map_err(|e| e.to_string())?;
    Ok(told.structured["rows"].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn an_administrator_who_is_no_superuser_can_make_the_documented_role() {
    for server in [v15(), v18()] {
        let (master, name) = hosted(server, true).await;
        let admin = connect(&server.url(&master, &name)).await;
        let role = format!("prodview_{:x}", id());
        admin.batch_execute(&documented_role(&role)).await.unwrap();
        let url = server.url(&role, &name);
        let identity = app(&url, "").sources.named("db").unwrap().identity().await.unwrap();
        assert_eq!(identity.power, Power::ReadOnly, "{:?}", identity.notes);
        assert_eq!(rows(&url, "users").await, Ok(1));
        // What the administrator makes later is seen too.
        admin
            .batch_execute("create table later (id int primary key); insert into later values (1), (2)")
            .await
            .unwrap();
        assert_eq!(rows(&url, "later").await, Ok(2));
        // The check with SQL of the page finds the role as it should be.
        let seen = connect(&url).await.query_one(block("look"), &[]).await.unwrap();
        assert_eq!((seen.get::<_, bool>(0), seen.get::<_, String>(1)), (false, "on".to_owned()));
        // The administrator itself is no role for prodview.
        let error = rows(&server.url(&master, &name), "users").await.unwrap_err();
        assert!(error.contains("CREATEROLE") && error.contains("allow_writable_role"), "{error}");
    }
}

#[tokio::test]
async fn without_the_right_to_grant_pg_monitor_the_rest_works() {
    let server = v18();
    let (master, name) = hosted(server, false).await;
    let admin = connect(&server.url(&master, &name)).await;
    let role = format!("prodview_{:x}", id());
    let all = documented_role(&role);
    let grant = format!("grant pg_monitor to {role};");
    assert!(all.contains(&grant), "{all}");
    let refused = admin.batch_execute(&all).await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("pg_monitor"), "{refused:?}");
    // The statements ran as one: nothing of them stayed.
    admin.batch_execute(&all.replace(&grant, "")).await.unwrap();
    let url = server.url(&role, &name);
    assert_eq!(rows(&url, "users").await, Ok(1));
    // Somebody else is there, whose doings stay hidden; and that is said.
    let _somebody = server.admin(&name).await;
    let health =
        app(&url, "").sources.named("db").unwrap().adapter().health().unwrap().health().await.unwrap();
    assert!(health.notes.iter().any(|note| note.contains("GRANT pg_monitor")), "{:?}", health.notes);
}

#[tokio::test]
async fn the_blocks_for_another_owner_and_for_less_do_what_they_say() {
    for server in [v15(), v18()] {
        let (url, name) = server.documented(TABLES).await;
        let role = url.split("//").nth(1).unwrap().split(':').next().unwrap();
        let (admin, migrator) = (server.admin(&name).await, format!("migrator_{:x}", id()));
        let make = format!(
            "create role {migrator} login password '{PASSWORD}'; grant create on schema public to {migrator};"
        );
        admin.batch_execute(&make).await.unwrap();
        let theirs = connect(&server.url(&migrator, &name)).await;
        theirs.batch_execute("create table unseen (id int primary key)").await.unwrap();
        assert!(rows(&url, "unseen").await.is_err());
        let filled = |mark: &str| block(mark).replace("prodview", role).replace("migrator", &migrator);
        admin.batch_execute(&filled("migrator")).await.unwrap();
        theirs
            .batch_execute("create table theirs (id int primary key); insert into theirs values (1)")
            .await
            .unwrap();
        assert_eq!(rows(&url, "theirs").await, Ok(1));
        admin.batch_execute(&filled("less")).await.unwrap();
        assert!(rows(&url, "secrets").await.is_err());
        let few = json!({ "query": "select id, email from users" });
        let few = call(&app(&url, ""), "query_state", few).await.unwrap().structured;
        assert_eq!(few["rows"], Value::from(vec![json!({ "id": 1, "email": "a@acme.dev" })]));
    }
}
