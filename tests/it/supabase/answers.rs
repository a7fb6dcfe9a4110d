//! What the tools and the adapter answer, with SQL that is run for real.

use super::endpoint::Project;
use super::{app, demo, supabase};
use crate::rig::call;
use crate::server::{v15, v18};
use prodview_demo::{IncidentKind, Service};
use prodview_providers::capability::Power;
use prodview_providers::{Found, Moment};
use serde_json::{Value, json};

const PEOPLE: &str = r#"
insert into auth.users (id, email, encrypted_password, email_confirmed_at, created_at, last_sign_in_at, banned_until, deleted_at, is_anonymous, is_sso_user, raw_app_meta_data, raw_user_meta_data) values
 ('00000000-0000-4000-8000-000000000001', 'asa@acme.dev', '$2a$10$secretsecretsecret', now(), '2026-01-02T03:04:05Z', '2026-11-01T00:00:00Z', null, null, false, false, '{"provider":"email","providers":["email","google"]}', '{"full_name":"Åsa Ørsted 雪"}'),
 ('00000000-0000-4000-8000-000000000002', 'Mixed@Acme.dev', null, null, '2026-01-03T00:00:00Z', null, null, null, false, false, '{"providers":["email"]}', '{}'),
 ('00000000-0000-4000-8000-000000000003', 'gone@acme.dev', null, now(), '2026-01-04T00:00:00Z', null, '2099-01-01T00:00:00Z', '2026-10-01T00:00:00Z', false, true, '{"providers":["sso:1"]}', '{"name":"Gone"}'),
 ('00000000-0000-4000-8000-000000000004', null, null, null, '2026-01-05T00:00:00Z', null, null, null, true, false, null, null);
create table public.profiles (id uuid primary key references auth.users (id), email text, plan text, stripe_customer_id text, created_at timestamptz not null default now());
insert into public.profiles (id, email, plan, stripe_customer_id) values ('00000000-0000-4000-8000-000000000001', 'asa@acme.dev', 'plus', 'cus_1'), ('00000000-0000-4000-8000-000000000002', 'other@acme.dev', 'free', null);
alter table public.profiles enable row level security;
create table public.big (id int primary key, body text, n bigint, created_at timestamptz not null);
insert into public.big select n, repeat('x', 9000), 9007199254740993, '2026-01-01'::timestamptz + n * interval '1 hour' from generate_series(1, 400) n;
insert into supabase_migrations.schema_migrations values ('20261101101112', null, 'first'), ('20261102101112', null, 'second');
"#;

const USERS: &str = "[app.users]\nsource = \"supabase\"\ntable = \"public.profiles\"\nid = \"id\"\nemail = \"email\"\nlinks = { stripe_customer = \"stripe_customer_id\" }";

#[tokio::test]
async fn a_person_is_found_by_address_and_by_id_in_both_tables() {
    for server in [v15(), v18()] {
        let project = Project::new(server, PEOPLE).await;
        let app = project.app(USERS);
        let people = |answer: &Value| answer["people"].as_array().unwrap().clone();
        for who in ["ASA@acme.dev", "00000000-0000-4000-8000-000000000001", "cus_1"] {
            let found = people(&project.ask(&app, "find_user", json!({ "who": who })).await);
            assert_eq!(found.len(), 1, "{who}: {found:?}");
            let person = &found[0];
            assert_eq!(person["id"], "00000000-0000-4000-8000-000000000001", "{person}");
            assert_eq!(person["links"]["stripe_customer"], "cus_1");
            if who != "cus_1" {
                assert_eq!(person["name"], "Åsa Ørsted 雪");
                assert_eq!(person["created"], "2026-01-02T03:04:05Z");
                assert_eq!(person["facts"]["signs in by"], "email, google");
                assert_eq!(person["facts"]["last sign-in"], "2026-11-01T00:00:00Z");
                assert_eq!(person["facts"]["plan"], "plus");
                let page = format!(
                    "https://supabase.com/dashboard/project/{}/auth/users",
                    project.demo.supabase_project()
                );
                assert_eq!(person["url"], page);
            }
            assert!(!format!("{found:?}").contains("secretsecret"));
        }
        let state = |answer: &Value| people(answer)[0]["state"].clone();
        let gone = project.ask(&app, "find_user", json!({ "who": "gone@acme.dev" })).await;
        assert_eq!(
            state(&gone),
            json!([
                "deleted since 2026-10-01T00:00:00Z",
                "banned until 2099-01-01T00:00:00Z",
                "single sign-on"
            ])
        );
        let anonymous =
            project.ask(&app, "find_user", json!({ "who": "00000000-0000-4000-8000-000000000004" })).await;
        assert_eq!(state(&anonymous), json!(["anonymous"]));
        // Written otherwise by somebody else's hand; and in the app's own table nobody has it.
        let mixed = project.ask(&app, "find_user", json!({ "who": "mixed@acme.dev" })).await;
        assert_eq!(people(&mixed)[0]["email"], "Mixed@Acme.dev");
        assert_eq!(state(&mixed), json!(["e-mail not confirmed"]));
        let nobody = project.ask(&app, "find_user", json!({ "who": "nobody@acme.dev" })).await;
        assert!(people(&nobody).is_empty());
        assert_eq!(nobody["sources"][0]["status"], "ok", "{nobody}");
    }
}

#[tokio::test]
async fn tables_rows_and_queries_are_answered_within_their_bounds() {
    for server in [v15(), v18()] {
        let project = Project::new(server, PEOPLE).await;
        let app = project.app("");
        let tables = project.ask(&app, "describe_state", json!({})).await;
        let names: Vec<&str> = tables["tables"]
            .as_array()
            .unwrap()
            .iter()
            .map(|table| table["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            names,
            ["auth.users", "public.big", "public.profiles", "supabase_migrations.schema_migrations"]
        );
        let page = project
            .ask(&app, "find_records", json!({ "table": "profiles", "where": { "plan": "plus" } }))
            .await;
        assert_eq!(page["rows"][0]["fields"]["stripe_customer_id"], "cus_1", "{page}");
        let query = json!({ "query": "select id, n from public.big where id > $1 and body like $2 order by id", "params": ["5", "x%"], "limit": 3 });
        let first = project.ask(&app, "query_state", query.clone()).await;
        assert_eq!(
            first["rows"],
            json!([{ "id": 6, "n": 9_007_199_254_740_993_i64 }, { "id": 7, "n": 9_007_199_254_740_993_i64 }, { "id": 8, "n": 9_007_199_254_740_993_i64 }])
        );
        let mut more = query;
        more["cursor"] = first["cut"][0]["cursor"].clone();
        assert_eq!(project.ask(&app, "query_state", more).await["rows"][0]["id"], 9);
        let plan = project
            .ask(&app, "query_state", json!({ "query": "explain select * from public.big where id = 3" }))
            .await;
        assert!(plan["rows"][0]["plan"].as_str().unwrap().contains("big"), "{plan}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_cut_by_the_server() {
    let project = Project::new(v15(), PEOPLE).await;
    let app = project.app("");
    let state = supabase(&app).adapter().state().unwrap();
    let ask = |text: &str, limit| prodview_providers::capability::QueryAsk {
        text: text.to_owned(),
        limit,
        ..Default::default()
    };
    let all: Found<_> = state.query(&ask("select * from public.big order by id", 400)).await.unwrap();
    // 2 MiB of rows of 9 kB.
    assert!((200..300).contains(&all.rows.len()), "{}", all.rows.len());
    assert!(all.more.is_some() && all.notes.iter().any(|note| note.contains("large")), "{:?}", all.notes);
    let wide = state
        .query(&ask("select repeat('y', 1000) || string_agg(body, '') as cell from public.big", 5))
        .await
        .unwrap();
    assert!(wide.rows[0].fields.as_value()["cell"].as_str().unwrap().len() < 1_000, "shown shortened");
    assert!(
        project
            .asked
            .lock()
            .unwrap()
            .iter()
            .all(|asked| asked["query"].as_str().unwrap().starts_with("SELECT "))
    );
}

#[tokio::test]
async fn nothing_unchecked_gets_there_and_errors_are_told_in_our_words() {
    let project = Project::new(v15(), PEOPLE).await;
    let app = project.app("");
    for (query, says) in [
        ("delete from public.profiles", "DELETE"),
        ("select 1; select 2", "one statement"),
        ("select set_config('transaction_read_only', null, true)", "set_config"),
        ("select * from profiles", "public.orders"),
        ("select * from public.profilez", "no table `public.profilez`"),
        ("select emial from public.profiles", "no column `emial`"),
        ("select 'x'::int from public.profiles", "does not fit its type"),
    ] {
        let error = call(&app, "query_state", json!({ "query": query })).await.unwrap_err().to_string();
        assert!(error.contains(says), "{query}: {error}");
        assert!(!error.contains("whole text") && !error.contains("Failed to run"), "{error}");
    }
    let texts: Vec<String> =
        project.asked.lock().unwrap().iter().map(|asked| asked["query"].to_string()).collect();
    assert!(
        texts.iter().all(|text| !text.contains("set_config") && !text.to_lowercase().contains("delete from"))
    );
}

/// A function of one row that is called as if it were a column: no parser can see it, the catalogue can.
#[tokio::test]
async fn a_function_in_disguise_of_a_column_does_not_get_there() {
    let project = Project::new(
        v15(),
        &format!(
            "{PEOPLE} create function public.boom(public.profiles) returns int language plpgsql security definer as \
             'begin perform set_config(''transaction_read_only'', null, true); delete from public.big; return 1; end';"
        ),
    )
    .await;
    let app = project.app("");
    let query = "select p.boom from public.profiles as p";
    let error = call(&app, "query_state", json!({ "query": query })).await.unwrap_err().to_string();
    assert!(error.contains("boom"), "{error}");
    let left =
        v15().admin(&project.database).await.query_one("select count(*) from public.big", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 400);
}

#[tokio::test]
async fn health_settings_migrations_and_identity_come_from_both() {
    for server in [v15(), v18()] {
        let project = Project::new(server, PEOPLE).await;
        let app = project.app("");
        let adapter = supabase(&app).adapter();
        let health = adapter.health().unwrap().health().await.unwrap();
        let names: Vec<&str> = health.rows.iter().map(|check| check.name.as_str()).collect();
        assert!(
            names.starts_with(&["sign-in", "database", "pooler", "realtime", "REST", "storage", "answers"]),
            "{names:?}"
        );
        assert!(health.rows.iter().all(|check| check.ok), "{:?}", health.rows);
        let settings = adapter.settings().unwrap().settings().await.unwrap();
        let told = |kind: &str, name: &str| {
            let row = settings.rows.iter().find(|row| row.kind == kind && row.name.as_str() == name);
            row.and_then(|row| row.value.clone()).map(|value| value.as_str().to_owned()).unwrap_or_default()
        };
        assert_eq!(told("security advice", "rls_disabled_in_public"), "error, public.profiles (table)");
        assert_eq!(told("row security", "public.profiles"), "on, 0 policies");
        assert!(settings.is_whole(), "{:?}", settings.stopped);
        let deployed = adapter.deployments().unwrap().deployments(None, 10).await.unwrap();
        assert!(
            deployed.rows.iter().any(|row| row.version.as_str() == "edge function send-invite v7"),
            "{:?}",
            deployed.rows
        );
        project.demo.deny_permission("database_migrations_read");
        // Past the cache.
        let by_sql = self::super::supabase(&project.app(""))
            .adapter()
            .deployments()
            .unwrap()
            .deployments(None, 10)
            .await
            .unwrap();
        assert!(
            by_sql.rows.iter().any(|row| row.version.as_str() == "20261102101112 second"),
            "{:?}",
            by_sql.rows
        );
        let identity = adapter.identity().await.unwrap();
        assert_eq!(identity.power, Power::Unknown);
        assert!(
            identity.mode.as_deref().unwrap().starts_with("active, eu-central-1, PostgreSQL"),
            "{identity:?}"
        );
        assert!(identity.notes.iter().any(|note| note.contains("read-only endpoint")), "{identity:?}");
    }
}

#[tokio::test]
async fn with_a_database_url_sql_goes_straight_there() {
    let project = Project::new(v15(), PEOPLE).await;
    let role = format!("direct_{:x}", crate::server::id());
    let made = format!(
        "create role {role} login password '{}'; revoke create on schema public from public; grant usage on schema public, auth to {role}; \
         grant select on public.profiles to {role}; grant select (id, email, created_at, last_sign_in_at, banned_until, deleted_at, \
         email_confirmed_at, phone_confirmed_at, is_anonymous, is_sso_user, raw_app_meta_data, raw_user_meta_data) on auth.users to {role}",
        crate::server::PASSWORD
    );
    v15().admin(&project.database).await.batch_execute(&made).await.unwrap();
    let url = v15().url(&role, &project.database);
    let app = project.app(&format!("database_url = \"{url}\""));
    let found = project.ask(&app, "find_user", json!({ "who": "asa@acme.dev" })).await;
    assert_eq!(found["people"][0]["id"], "00000000-0000-4000-8000-000000000001", "{found}");
    assert!(project.asked.lock().unwrap().is_empty(), "the endpoint was not asked");
}

#[tokio::test]
async fn logs_are_told_newest_first_with_the_window_that_was_looked_at() {
    let demo = demo().await;
    let locked =
        demo.incidents().iter().find(|i| i.kind == IncidentKind::LockedAccount).unwrap().email.clone();
    for older in [false, true] {
        if older {
            demo.make_older(Service::Supabase);
        }
        let app = app(&demo, &demo.origin(Service::Supabase), "");
        let logs = supabase(&app).adapter().logs().unwrap();
        let all = logs.lines(Moment::now().minus_s(86_000), None, 50).await.unwrap();
        assert!(all.rows.len() > 10, "{}", all.rows.len());
        assert!(all.rows.is_sorted_by_key(|line| std::cmp::Reverse(line.at)));
        assert!(all.rows.iter().all(|line| line.at.is_some() && line.origin.is_some()));
        let week = logs
            .lines(Moment::now().minus_s(7 * 86_400), Some(&format!("banned: {locked}")), 50)
            .await
            .unwrap();
        assert_eq!(week.rows.len(), 1, "{:?}", week.rows);
        assert!(week.notes.iter().any(|note| note.contains("24 hours")), "{:?}", week.notes);
        let quoted = logs.lines(Moment::now().minus_s(3_600), Some("' or 1=1 --"), 50).await.unwrap();
        assert!(quoted.rows.is_empty() && quoted.is_whole());
    }
    assert!(demo.violations().is_empty());
}

/// The demo itself, without a database: its own people and tables.
#[tokio::test]
async fn the_demos_project_knows_its_people() {
    let demo = demo().await;
    let app = crate::rig::app(&demo.config_toml_with_supabase());
    let locked =
        demo.incidents().iter().find(|i| i.kind == IncidentKind::LockedAccount).unwrap().email.clone();
    let found = call(&app, "find_user", json!({ "who": locked })).await.unwrap().structured;
    let person = found["people"].as_array().unwrap().iter().find(|p| p["source"] == "supabase").unwrap();
    assert!(person["state"][0].as_str().unwrap().starts_with("banned until"), "{person}");
    let tables = call(&app, "describe_state", json!({ "source": "supabase" })).await.unwrap().structured;
    assert!(tables["tables"].to_string().contains("auth.users"), "{tables}");
    let sources = call(&app, "list_sources", json!({})).await.unwrap().structured.to_string();
    for part in [demo.supabase_project().as_str(), "active, eu-central-1, PostgreSQL 15.8.1.085", "scoped"] {
        assert!(sources.contains(part), "{part}: {sources}");
    }
    let error =
        call(&app, "query_state", json!({ "source": "supabase", "query": "select 1" })).await.unwrap_err();
    assert!(error.to_string().contains("does not understand"), "{error}");
    assert!(demo.violations().is_empty(), "{:?}", demo.violations());
}
