//! The role, and what the catalogue tells of the database's health.

use super::app;
use crate::rig::call;
use crate::server::{id, v15, v18};
use prodview_providers::capability::Power;
use serde_json::json;

const ONE: &str =
    "create table users (id int primary key, email text); insert into users values (1, 'a@acme.dev');";

#[tokio::test]
async fn the_documented_role_can_only_read_and_a_stronger_one_is_refused() {
    for server in [v15(), v18()] {
        let (url, name) = server.documented(ONE).await;
        let identity = app(&url, "").sources.named("db").unwrap().identity().await.unwrap();
        assert_eq!(identity.power, Power::ReadOnly, "{:?}", identity.notes);
        let admin = server.admin(&name).await;
        let role = format!("strong_{:x}", id());
        admin
            .batch_execute(&format!(
                "create role {role} login password 'only-for-tests'; grant select on users to {role}"
            ))
            .await
            .unwrap();
        for (grant, says, revoke) in [
            (
                "grant insert on users to ROLE",
                "may write to public.users",
                "revoke insert on users from ROLE",
            ),
            (
                "grant update (email) on users to ROLE",
                "may write to public.users",
                "revoke update (email) on users from ROLE",
            ),
            ("grant pg_write_all_data to ROLE", "pg_write_all_data", "revoke pg_write_all_data from ROLE"),
            ("grant pg_signal_backend to ROLE", "pg_signal_backend", "revoke pg_signal_backend from ROLE"),
            ("alter role ROLE createdb", "CREATEDB", "alter role ROLE nocreatedb"),
            ("alter role ROLE createrole", "CREATEROLE", "alter role ROLE nocreaterole"),
            ("alter role ROLE replication", "REPLICATION", "alter role ROLE noreplication"),
            ("alter role ROLE superuser", "superuser", "alter role ROLE nosuperuser"),
            (
                "create table mine (id int); alter table mine owner to ROLE",
                "it owns table mine",
                "drop table mine",
            ),
            ("create sequence s; grant usage on sequence s to ROLE", "sequences public.s", "drop sequence s"),
            ("create schema app; grant create on schema app to ROLE", "schemas app", "drop schema app"),
            (
                "create role ROLE_boss superuser; grant ROLE_boss to ROLE",
                "a member of ROLE_boss",
                "drop role ROLE_boss",
            ),
            (
                "create role ROLE_writer; grant delete on users to ROLE_writer; alter role ROLE noinherit; grant ROLE_writer to ROLE",
                "may write to public.users",
                "revoke delete on users from ROLE_writer; drop role ROLE_writer; alter role ROLE inherit",
            ),
            (
                "grant trigger on users to ROLE",
                "may write to public.users",
                "revoke trigger on users from ROLE",
            ),
            (
                "create schema theirs authorization ROLE; revoke create on schema theirs from ROLE",
                "it owns schema theirs",
                "drop schema theirs",
            ),
            (
                "create function own() returns int language sql as 'select 1'; alter function own() owner to ROLE",
                "it owns function own()",
                "drop function own()",
            ),
            (
                "create foreign data wrapper nothing; grant usage on foreign data wrapper nothing to ROLE",
                "foreign servers or wrappers nothing",
                "drop foreign data wrapper nothing",
            ),
            (
                "grant update on information_schema.sql_features to ROLE",
                "may write to information_schema.sql_features",
                "revoke update on information_schema.sql_features from ROLE",
            ),
            (
                "create function boom() returns int language sql security definer as 'select 1'",
                "SECURITY DEFINER functions public.boom",
                "drop function boom()",
            ),
        ] {
            admin.batch_execute(&grant.replace("ROLE", &role)).await.unwrap();
            let strong = app(&server.url(&role, &name), "");
            let error =
                call(&strong, "find_records", json!({ "table": "users" })).await.unwrap_err().to_string();
            let says = &says.replace("ROLE_", &format!("{role}_"));
            assert!(error.contains(says) && error.contains("allow_writable_role"), "{grant}: {error}");
            let allowed = app(&server.url(&role, &name), "allow_writable_role = true");
            let told = call(&allowed, "find_records", json!({ "table": "users" })).await.unwrap().structured;
            let notes = told["sources"][0]["notes"].to_string();
            assert!(notes.contains("could write") && notes.contains(&**says), "{notes}");
            admin.batch_execute(&revoke.replace("ROLE", &role)).await.unwrap();
        }
        let weak = app(&server.url(&role, &name), "");
        call(&weak, "find_records", json!({ "table": "users" })).await.unwrap();
        drop(admin);
    }
}

#[tokio::test]
async fn health_settings_and_migrations_are_told() {
    let sql = format!(
        "{ONE} create table _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz, rolled_back_at timestamptz);
        insert into _prisma_migrations values ('1_init', '2026-01-01', '2026-01-01', null), ('2_orders', '2026-02-01', null, null);
        alter table users enable row level security; create policy own_rows on users for select using (id = 1);"
    );
    for server in [v15(), v18()] {
        let (url, _) = server.documented(&sql).await;
        let app = app(&url, "");
        let adapter = app.sources.named("db").unwrap().adapter();
        let checks = adapter.health().unwrap().health().await.unwrap();
        let names: Vec<(&str, bool)> = checks.rows.iter().map(|c| (c.name.as_str(), c.ok)).collect();
        assert_eq!(
            names,
            [
                ("answers", true),
                ("connections", true),
                ("locks", true),
                ("long queries", true),
                ("age of transactions", true),
                ("migrations", false)
            ]
        );
        let migrations = adapter.deployments().unwrap().deployments(None, 10).await.unwrap().rows;
        assert_eq!(migrations[0].version.as_str(), "2_orders (failed)");
        assert_eq!(migrations[1].at.unwrap().to_string(), "2026-01-01T00:00:00Z");
        let settings = adapter.settings().unwrap().settings().await.unwrap().rows;
        let told: Vec<String> =
            settings.iter().map(|s| format!("{} {} {}", s.kind, s.name, s.value.as_ref().unwrap())).collect();
        assert!(told.contains(&"row security public.users on, 1 policies".to_owned()), "{told:?}");
        assert!(
            told.iter().any(|t| t.starts_with("policy public.users.own_rows select by public using")),
            "{told:?}"
        );
        assert!(checks.notes.iter().any(|n| n.contains("RLS")), "{:?}", checks.notes);
    }
}
