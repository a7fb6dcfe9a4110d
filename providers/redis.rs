//! Redis and Upstash: the application's cache, sessions, queues and flags, as keys; the slow log; the server itself.
//!
//! One adapter with two doors: Redis' own protocol over a [`Keyspace`], or the REST API of Upstash over a [`Wire`].
//! Both take only a [`Command`] of guard's table. Values are never read whole before their size is known: strings by
//! GETRANGE, collections by a few elements.
//!
//! Least scope: the ACL user of docs/providers.md; at Upstash the read-only token (which may not SCAN).
//! Docs: <https://redis.io/docs/latest/commands/>, <https://upstash.com/docs/redis/features/restapi>.

mod door;
mod health;
mod info;
mod query;
mod rows;
mod shown;
mod slowlog;
mod tables;
mod value;

use crate::Common;
use crate::Found;
use crate::capability::{
    Adapter, Answered, Health, Identity, Language, Logs, QueryAsk, RowsAsk, Settings as SettingsCapability,
    State,
};
use crate::words::{Row, Table};
use async_trait::async_trait;
use door::{Door, Rest, Tcp};
use prodview_guard::{
    Auth, Command, Failure, Keyspace, KeyspaceSettings, Origin, Provider, Refused, Resp, Route, Secret, Wire,
    WireSettings, explain_redis,
};
use std::num::NonZeroU32;

/// This adapter sends no GET: only commands, over Redis' protocol or over the reviewed POSTs.
pub const ROUTES: &[Route] = &[];

/// What the configuration gives for Redis' own protocol.
pub struct Settings {
    /// `redis://` or `rediss://`, with user, password and the number of the database.
    pub url: Secret,
    /// Whether a user that could write is let through.
    pub allow_writable_user: bool,
}

/// What the configuration gives for a database at Upstash.
pub struct RestSettings {
    /// The database's origin: `https://happy-otter-12345.upstash.io`.
    pub url: String,
    /// Its REST token: the read-only one.
    pub token: Secret,
}

/// One database.
pub struct Redis {
    name: String,
    door: Box<dyn Door>,
}

/// Makes the adapter; opens no connection.
pub fn connect(name: &str, settings: Settings, common: &Common) -> Result<Redis, Refused> {
    common.without_http()?;
    let mut keyspace = KeyspaceSettings::new(name, settings.url);
    keyspace.timeout = common.timeout.unwrap_or(keyspace.timeout);
    keyspace.max_concurrency = common.max_concurrency.unwrap_or(keyspace.max_concurrency);
    keyspace.ca_pem = common.ca_pem.clone();
    keyspace.allow_writable_user = settings.allow_writable_user;
    Ok(Redis { name: name.to_owned(), door: Box::new(Tcp(Keyspace::new(keyspace)?)) })
}

/// The same for a database at Upstash.
pub fn connect_rest(name: &str, settings: RestSettings, common: &Common) -> Result<Redis, Refused> {
    let origin = Origin::parse(common.base_url.as_deref().unwrap_or(&settings.url))?;
    if origin.host().trim_end_matches('.') == "api.upstash.com" {
        return Err(Refused::because(
            "api.upstash.com manages databases: give the REST address of one database, which ends in .upstash.io",
        ));
    }
    let mut wire = WireSettings::new(name, Provider::Upstash, origin, Auth::Bearer(settings.token));
    wire.explain = explain_redis;
    wire.per_second = NonZeroU32::MIN.saturating_add(19);
    Ok(Redis { name: name.to_owned(), door: Box::new(Rest(Wire::new(common.over(wire))?)) })
}

impl Redis {
    async fn one(&self, command: Result<Command, Refused>) -> Result<Resp, Failure> {
        let answers = self.door.ask(&[command?]).await?;
        answers.into_iter().next().unwrap_or_else(|| Err(Failure::odd("no answer to a command")))
    }

    /// What every answer must say: that the way is open to others, that the user could write.
    async fn noted<T>(&self, found: Found<T>) -> Found<T> {
        self.door.notes().await.into_iter().fold(found, Found::note)
    }
}

#[async_trait]
impl Adapter for Redis {
    async fn identity(&self) -> Result<Identity, Failure> {
        let mut identity = self.door.identity().await?;
        match self.one(Command::info()).await {
            Ok(text) => {
                identity.mode = info::Info::read(&text).word("role").map(|role| match role.as_str() {
                    "slave" => "replica".to_owned(),
                    _ => "primary".to_owned(),
                });
            }
            Err(failure) => {
                identity.notes.push(format!("whether it is a primary or a replica is not known: {failure}"));
            }
        }
        Ok(identity)
    }
    fn least_privilege(&self) -> &'static str {
        self.door.least_privilege()
    }
    fn target(&self) -> String {
        self.door.target()
    }
    fn state(&self) -> Option<&dyn State> {
        Some(self)
    }
    fn logs(&self) -> Option<&dyn Logs> {
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
impl State for Redis {
    /// Up to eleven round trips: ten pages of a scan, and the number of keys.
    async fn tables(&self) -> Answered<Table> {
        let found = self.families().await?;
        Ok(self.noted(found).await)
    }
    /// One family of keys, from a few of them.
    async fn table(&self, name: &str) -> Result<Table, Failure> {
        self.family(name).await
    }
    /// One key: three round trips. A pattern: up to ten more.
    async fn rows(&self, ask: &RowsAsk) -> Answered<Row> {
        let found = self.keys(ask).await?;
        Ok(self.noted(found).await)
    }
    fn language(&self) -> Language {
        Language::RedisCommand
    }
    /// Two round trips: how large the answer would be, and the command.
    async fn query(&self, ask: &QueryAsk) -> Answered<Row> {
        let found = self.command(ask).await?;
        Ok(self.noted(found).await)
    }
}
