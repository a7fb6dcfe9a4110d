//! PostgreSQL: the application's own state, whoever hosts it (RDS, Neon, Supabase's database, a server of one's own).
//!
//! Tested with PostgreSQL 15 and 18, directly and through PgBouncer 1.18 in transaction mode. Least scope: a role with
//! SELECT on what may be seen, and `pg_monitor`; docs/providers.md has the statements that make it.
//! Docs: <https://www.postgresql.org/docs/current/>.

use crate::app::{App, AppUsers, Part};
use crate::app_tables::{self, Store};
use crate::capability::{
    Adapter, Answered, Deployments, ErrorDetail, Errors, ErrorsAsk, Health, Identity, Power,
    Settings as SettingsCapability, State, Users,
};
use crate::sql::{Door, Sql};
use crate::words::{Check, Deployment, ErrorGroup, Person, Setting};
use crate::{Common, Found, Handle};
use async_trait::async_trait;
use prodview_guard::{
    Database, DatabaseSettings, Failure, Foreign, Refused, Rows, Secret, SqlRules, Statement,
};
use serde_json::Value;
use std::sync::Arc;

/// What the configuration gives.
pub struct Settings {
    /// The database's URL.
    pub url: Secret,
    /// Whether a role that could write may be used all the same.
    pub allow_writable_role: bool,
    /// Whether a pooler in transaction mode stands in between; `None` to tell it from the URL.
    pub pooled: Option<bool>,
    /// Functions of the application's own that a question may call.
    pub allow_functions: Vec<String>,
    /// The whole `[app.*]`; the adapter serves the mappings whose `source` is its own name.
    pub app: Arc<App>,
}

/// One database.
pub struct Postgres {
    name: String,
    database: Database,
    sql: Sql,
    app: Arc<App>,
}

/// Makes the adapter; opens no connection. Refuses a URL that is none or that asks for an unverified connection.
pub fn connect(name: &str, settings: Settings, common: &Common) -> Result<Postgres, Refused> {
    common.without_http()?;
    let mut database = DatabaseSettings::new(name, settings.url);
    database.allow_writable_role = settings.allow_writable_role;
    database.pooled = settings.pooled;
    let database = common.over_database(database);
    let database = Database::new(database)?;
    let rules = SqlRules { functions: settings.allow_functions };
    let sql = Sql { source: name.to_owned(), door: Arc::new(database.clone()), rules };
    Ok(Postgres { name: name.to_owned(), database, sql, app: settings.app })
}

impl Postgres {
    fn own_users(&self) -> Option<&AppUsers> {
        self.app.users.as_ref().filter(|users| users.source == self.name)
    }

    fn store(&self) -> Store<'_> {
        Store { source: &self.name, state: &self.sql, app: &self.app, id_field: "_id" }
    }
}

#[async_trait]
impl Door for Database {
    async fn read(
        &self,
        statement: &Statement,
        params: &[Value],
        part: (usize, usize),
    ) -> Result<Rows, Failure> {
        Database::read(self, statement, params, part.0, part.1).await
    }

    async fn remarks(&self) -> Result<Vec<String>, Failure> {
        let role = self.role().await?;
        let mut remarks = Vec::new();
        if !role.could_write_by.is_empty() {
            remarks.push(format!(
                "its role `{}` could write ({}); `allow_writable_role` is set, and prodview itself sends nothing that writes",
                role.name,
                role.could_write_by.join("; ")
            ));
        }
        remarks.extend(role.notes.iter().cloned());
        Ok(remarks)
    }
}

#[async_trait]
impl Adapter for Postgres {
    async fn identity(&self) -> Result<Identity, Failure> {
        let role = self.database.role().await?;
        let mut notes: Vec<String> = self.database.notes().to_vec();
        notes.extend(role.notes.iter().cloned());
        if self.database.is_pooled() {
            notes.push("a pooler in transaction mode stands in between".to_owned());
        }
        notes.extend(role.could_write_by.iter().map(|by| format!("it could write: {by}")));
        Ok(Identity {
            account: Some(Foreign::new(&role.name)),
            mode: Some(format!(
                "PostgreSQL {}, {}",
                role.server_version,
                if role.replica { "replica" } else { "primary" }
            )),
            power: if role.could_write_by.is_empty() { Power::ReadOnly } else { Power::CouldWrite },
            grants: Vec::new(),
            notes,
        })
    }
    fn least_privilege(&self) -> &'static str {
        "Make a role that can only read: CREATE ROLE prodview LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION; \
         GRANT USAGE ON SCHEMA public TO prodview; GRANT SELECT ON ALL TABLES IN SCHEMA public TO prodview; GRANT pg_monitor \
         TO prodview. docs/providers.md has the whole, also for Supabase, Neon and RDS."
    }
    fn target(&self) -> String {
        self.database.target().to_owned()
    }
    fn users(&self) -> Option<&dyn Users> {
        self.own_users().is_some().then_some(self)
    }
    fn errors(&self) -> Option<&dyn Errors> {
        let kept_here = self.app.part(Part::Errors).any(|table| table.source == self.name);
        kept_here.then_some(self)
    }
    fn state(&self) -> Option<&dyn State> {
        Some(&self.sql)
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
impl Users for Postgres {
    async fn people(&self, who: &Handle) -> Answered<Person> {
        let Some(map) = self.own_users() else { return Ok(Found::all(Vec::new())) };
        app_tables::people(&self.name, &self.sql, map, who).await
    }
}

#[async_trait]
impl Errors for Postgres {
    async fn errors(&self, ask: &ErrorsAsk) -> Answered<ErrorGroup> {
        app_tables::errors(self.store(), ask).await
    }
    async fn error(&self, which: &Handle, user: Option<&Handle>) -> Result<Option<ErrorDetail>, Failure> {
        app_tables::error(self.store(), which, user).await
    }
}

#[async_trait]
impl Deployments for Postgres {
    async fn deployments(&self, _: Option<&str>, limit: usize) -> Answered<Deployment> {
        self.sql.migrations(limit).await
    }
}

#[async_trait]
impl Health for Postgres {
    async fn health(&self) -> Answered<Check> {
        self.sql.health().await
    }
}

#[async_trait]
impl SettingsCapability for Postgres {
    async fn settings(&self) -> Answered<Setting> {
        self.sql.settings().await
    }
}
