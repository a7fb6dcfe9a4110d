//! The address for SQL over a real PostgreSQL: one statement a request, as a role like `supabase_read_only_user`, by the
//! extended protocol, with nothing in the path of names. All other addresses are the demo's.

use crate::rig;
use crate::server::{PASSWORD, Server, connect, id};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use prodview_demo::{Demo, Service};
use prodview_tools::App;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};

/// A project with its own database.
pub struct Project {
    pub demo: Demo,
    pub origin: String,
    pub database: String,
    /// The URL of the endpoint's role.
    pub url: String,
    /// The bodies of the requests for SQL.
    pub asked: Arc<Mutex<Vec<Value>>>,
}

#[derive(Clone)]
struct Shared {
    demo: String,
    url: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Project {
    /// A database with what Supabase makes in it, and then `sql`.
    pub async fn new(server: &Server, sql: &str) -> Project {
        Project::searching(server, sql, "").await
    }

    /// The same, with a path on which names without their schema are looked up.
    pub async fn searching(server: &Server, sql: &str, path: &str) -> Project {
        let database = server.database(&format!("{SUPABASE}\n{sql}")).await;
        let role = format!("supabase_ro_{:x}", id());
        server
            .admin(&database)
            .await
            .batch_execute(&format!(
                "create role {role} login password '{PASSWORD}' bypassrls; grant pg_read_all_data to {role}; \
                 alter role {role} set default_transaction_read_only = on; alter role {role} set search_path = '{path}'; analyze;"
            ))
            .await
            .unwrap();
        let demo = super::demo().await;
        let asked = Arc::default();
        let shared = Shared {
            demo: demo.origin(Service::Supabase),
            url: server.url(&role, &database),
            asked: Arc::clone(&asked),
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        // It ends with the test's runtime.
        tokio::spawn(
            async move { axum::serve(listener, Router::new().fallback(meet).with_state(shared)).await },
        );
        Project { demo, origin, url: server.url(&role, &database), database, asked }
    }

    pub fn app(&self, more: &str) -> Arc<App> {
        super::app(&self.demo, &self.origin, more)
    }

    pub async fn ask(&self, app: &Arc<App>, tool: &str, ask: Value) -> Value {
        match rig::call(app, tool, ask.clone()).await {
            Ok(told) => told.structured,
            Err(error) => panic!("{tool} {ask}: {error}"),
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.demo.violations().is_empty(), "{:?}", self.demo.violations());
        }
    }
}

async fn meet(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().to_string();
    if path.ends_with("/database/query/read-only") && parts.method == "POST" {
        let asked: Value = serde_json::from_slice(&body).unwrap();
        shared.asked.lock().unwrap().push(asked.clone());
        let (status, said) = run(&shared.url, &asked).await;
        return answer(status, &said);
    }
    #[expect(clippy::disallowed_types, reason = "the stand-in hands on what is not SQL")]
    let client = reqwest::Client::new();
    let key = parts.headers.get("authorization").unwrap();
    let said =
        client.get(format!("{}{path}", shared.demo)).header("authorization", key).send().await.unwrap();
    let status = said.status().as_u16();
    answer(status, &said.json().await.unwrap())
}

fn answer(status: u16, body: &Value) -> Response {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body.to_string())).unwrap()
}

async fn run(url: &str, asked: &Value) -> (u16, Value) {
    let client = connect(url).await;
    let none = Vec::new();
    let params: Vec<Text> = asked["parameters"]
        .as_array()
        .unwrap_or(&none)
        .iter()
        .map(|value| Text(value.as_str().map(str::to_owned)))
        .collect();
    let typed: Vec<(&(dyn ToSql + Sync), Type)> =
        params.iter().map(|param| (param as &(dyn ToSql + Sync), Type::UNKNOWN)).collect();
    match client.query_typed(asked["query"].as_str().unwrap(), &typed).await {
        Ok(rows) => {
            let row = |row: &tokio_postgres::Row| {
                let cell = |(n, column): (usize, &tokio_postgres::Column)| {
                    let value = match *column.type_() {
                        Type::INT8 => json!(row.get::<_, Option<i64>>(n)),
                        Type::TEXT => json!(row.get::<_, Option<String>>(n)),
                        Type::JSON => row.get::<_, Json>(n).0,
                        ref other => panic!("the stand-in does not know the type {other}"),
                    };
                    (column.name().to_owned(), value)
                };
                row.columns().iter().enumerate().map(cell).collect::<serde_json::Map<_, _>>().into()
            };
            (201, Value::Array(rows.iter().map(row).collect()))
        }
        Err(error) => {
            let said = error.as_db_error().unwrap();
            let message = format!(
                "Failed to run sql query: ERROR:  {}: {}\nLINE 1: the whole text\n",
                said.code().code(),
                said.message()
            );
            (400, json!({ "message": message }))
        }
    }
}

/// A parameter as text, as the drivers of other languages send it: the server reads it as a literal.
#[derive(Debug)]
struct Text(Option<String>);

impl ToSql for Text {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match &self.0 {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => return Ok(IsNull::Yes),
        }
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }
    to_sql_checked!();
}

/// A cell of JSON, which the endpoint answers as such.
struct Json(Value);

impl<'a> FromSql<'a> for Json {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Json, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Json(serde_json::from_slice(raw)?))
    }
    fn accepts(held: &Type) -> bool {
        *held == Type::JSON
    }
}

/// What of a new project's database is looked at. Source of the columns: supabase/auth, migrations.
const SUPABASE: &str = "
create schema auth; create schema extensions; create schema supabase_migrations;
create table auth.users (
  instance_id uuid, id uuid not null primary key, aud varchar(255), role varchar(255), email varchar(255), encrypted_password varchar(255),
  email_confirmed_at timestamptz, invited_at timestamptz, confirmation_token varchar(255), last_sign_in_at timestamptz,
  raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin boolean, created_at timestamptz, updated_at timestamptz,
  phone text unique default null, phone_confirmed_at timestamptz, banned_until timestamptz, is_sso_user boolean not null default false,
  deleted_at timestamptz, is_anonymous boolean not null default false);
create unique index users_email_partial_key on auth.users (email) where is_sso_user = false;
create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);";
