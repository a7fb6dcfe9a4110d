//! Supabase: a project's users, its database in SQL, its logs, and what the project says about itself.
//!
//! Asked over the Management API (v1), as its published specification in supabase/cli has it; the logs, whose address is
//! not in it yet, as the changelog of 2026-07-23 and Supabase's own MCP server 0.13 do. SQL goes to `…/database/query/
//! read-only`, which runs as `supabase_read_only_user`, or straight to the database where a URL is configured. Neither
//! needs a project's secret key, which could write everything. Limits: 120 requests a minute for each endpoint, 30 for
//! logs. Tested against a stand-in over PostgreSQL 15 and 18, never against the hosted service.
//!
//! Least scope: a scoped personal access token for the one project with Read on Project Settings, Database, Migrations,
//! Edge Functions, Logs and Advisors. Docs: <https://supabase.com/docs/reference/api/introduction>,
//! <https://supabase.com/docs/guides/platform/personal-access-tokens>.

mod advisors;
mod deployments;
mod health;
mod identity;
mod logs;
mod people;
mod refusal;
mod way;

use crate::app::{App, AppUsers, Part};
use crate::app_tables::{self, Store};
use crate::capability::{
    Adapter, Answered, Deployments, ErrorDetail, Errors, ErrorsAsk, Health, Identity, Logs,
    Settings as SettingsCapability, State, Users,
};
use crate::sql::Sql;
use crate::words::ErrorGroup;
use crate::{Common, Handle};
use async_trait::async_trait;
use identity::Token;
use prodview_guard::{
    Auth, Database, DatabaseSettings, Failure, Origin, Provider, Refused, Route, Secret, Segment, SqlRules,
    SupabaseSql, Wire, WireSettings,
};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use way::Way;

const PROJECT: Route = Route::get(Provider::Supabase, "/v1/projects/{ref}");
const HEALTH: Route = Route::get(Provider::Supabase, "/v1/projects/{ref}/health");
const MIGRATIONS: Route = Route::get(Provider::Supabase, "/v1/projects/{ref}/database/migrations");
const FUNCTIONS: Route = Route::get(Provider::Supabase, "/v1/projects/{ref}/functions");
const SECURITY: Route = Route::get(Provider::Supabase, "/v1/projects/{ref}/advisors/security");
const PERFORMANCE: Route = Route::get(Provider::Supabase, "/v1/projects/{ref}/advisors/performance");
const LOGS: Route = Route::get(Provider::Supabase, "/v1/projects/{ref}/analytics/endpoints/logs");

/// Every GET that this adapter sends. Besides them it sends statements of SQL, over the one reviewed POST
/// (`prodview_guard::READS_OVER_POST`).
pub const ROUTES: &[Route] = &[PROJECT, HEALTH, MIGRATIONS, FUNCTIONS, SECURITY, PERFORMANCE, LOGS];

/// What the configuration gives.
pub struct Settings {
    /// The project's ref, as [`project_ref`] accepts it.
    pub project: String,
    /// A personal access token.
    pub token: Secret,
    /// The database's own URL: SQL then goes there.
    pub database_url: Option<Secret>,
    /// Whether a role that could write may be used with it all the same.
    pub allow_writable_role: bool,
    /// Whether a pooler in transaction mode stands in between; `None` to tell it from the URL.
    pub pooled: Option<bool>,
    /// Functions of the application's own that a question may call.
    pub allow_functions: Vec<String>,
    /// The whole `[app.*]`; the adapter serves the mappings whose `source` is its own name.
    pub app: Arc<App>,
}

/// One project.
pub struct Supabase {
    name: String,
    project: Segment,
    token: Token,
    wire: Wire,
    way: Arc<Way>,
    sql: Sql,
    app: Arc<App>,
    /// Whether the column of the logs that names the service was found to have its other name.
    renamed: AtomicBool,
}

/// A project's ref: the 20 lower-case letters before `.supabase.co`.
pub fn project_ref(text: &str) -> Result<Segment, Refused> {
    if text.len() == 20 && text.bytes().all(|b| b.is_ascii_lowercase()) {
        return Segment::new(text);
    }
    Err(Refused::because("a project's ref is 20 lower-case letters"))
}

/// Makes the adapter; opens no connection. Refuses what is no project's ref, a project's own API key in the place of an
/// access token, and a database URL that is none.
pub fn connect(name: &str, settings: Settings, common: &Common) -> Result<Supabase, Refused> {
    let project = project_ref(&settings.project)?;
    let token = Token::of(&settings.token)?;
    let origin = Origin::parse(common.base_url.as_deref().unwrap_or("https://api.supabase.com"))?;
    let wire = |key: Secret| {
        let mut wire = WireSettings::new(name, Provider::Supabase, origin.clone(), Auth::Bearer(key));
        wire.explain = refusal::explain;
        wire.per_second = NonZeroU32::MIN.saturating_add(4);
        common.over(wire)
    };
    let way = match settings.database_url {
        Some(url) => {
            let mut database = DatabaseSettings::new(name, url);
            database.allow_writable_role = settings.allow_writable_role;
            database.pooled = settings.pooled;
            let database = common.over_database(database);
            Way::Direct(Database::new(database)?)
        }
        None => Way::Endpoint(SupabaseSql::new(wire(settings.token.clone()), project.clone())?),
    };
    let way = Arc::new(way);
    let rules = SqlRules { functions: settings.allow_functions };
    Ok(Supabase {
        name: name.to_owned(),
        project,
        token,
        wire: Wire::new(wire(settings.token))?,
        sql: Sql { source: name.to_owned(), door: way.clone(), rules },
        way,
        app: settings.app,
        renamed: AtomicBool::new(false),
    })
}

impl Supabase {
    fn own_users(&self) -> Option<&AppUsers> {
        self.app.users.as_ref().filter(|users| users.source == self.name)
    }

    fn store(&self) -> Store<'_> {
        Store { source: &self.name, state: &self.sql, app: &self.app, id_field: "_id" }
    }

    /// A page of the project in the dashboard.
    fn page(&self, path: &str) -> String {
        format!("https://supabase.com/dashboard/project/{}/{path}", self.project.as_str())
    }
}

#[async_trait]
impl Adapter for Supabase {
    async fn identity(&self) -> Result<Identity, Failure> {
        identity::identity(self).await
    }
    fn key_kind(&self) -> Option<&'static str> {
        Some(self.token.kind())
    }
    fn least_privilege(&self) -> &'static str {
        "In the Supabase dashboard under Account → Access Tokens, generate a scoped token for this one project with Read on \
         Project Settings, Database, Migrations, Edge Functions, Logs and Advisors, and nothing else. A classic token may do \
         everything that its owner may."
    }
    fn target(&self) -> String {
        self.project.as_str().to_owned()
    }
    fn users(&self) -> Option<&dyn Users> {
        Some(self)
    }
    fn errors(&self) -> Option<&dyn Errors> {
        let kept_here = self.app.part(Part::Errors).any(|table| table.source == self.name);
        kept_here.then_some(self)
    }
    fn state(&self) -> Option<&dyn State> {
        Some(&self.sql)
    }
    fn logs(&self) -> Option<&dyn Logs> {
        Some(self)
    }
    fn deployments(&self) -> Option<&dyn Deployments> {
        Some(self)
    }
    fn health(&self) -> Option<&dyn Health> {
        Some(self)
    }
    fn settings(&self) -> Option<&dyn SettingsCapability> {
        Some(self)
    }
}

#[async_trait]
impl Errors for Supabase {
    async fn errors(&self, ask: &ErrorsAsk) -> Answered<ErrorGroup> {
        app_tables::errors(self.store(), ask).await
    }
    async fn error(&self, which: &Handle, user: Option<&Handle>) -> Result<Option<ErrorDetail>, Failure> {
        app_tables::error(self.store(), which, user).await
    }
}
