//! The one way out to a PostgreSQL database: a checked statement, inside a transaction that could not write.
//!
//! The layers are functions of [`transaction`]; here they are put together, in one order, without a switch.

mod address;
pub(crate) mod cells;
pub(crate) mod parameter;
pub(crate) mod refusal;
pub(crate) mod role;
mod tls;
pub(crate) mod transaction;

pub use role::Role;

use crate::budget::{Budget, Turn};
use crate::{Failure, FailureKind, FirstUse, Refused, Secret, Statement, deadline};
use address::Address;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use serde_json::{Map, Value};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tls::Tls;
use tokio::sync::OnceCell;
use tokio_postgres::{CancelToken, NoTls};
use transaction::{Broken, Came, Part};

/// Everything a database is asked with. Built by [`DatabaseSettings::new`], then changed field by field.
pub struct DatabaseSettings {
    /// The source's name, for logs.
    pub source: String,
    /// `postgresql://user:password@host:5432/database`, with the parameters of libpq, Prisma and the hosts.
    pub url: Secret,
    /// Whether a role that could write may be used all the same.
    pub allow_writable_role: bool,
    /// Whether a pooler in transaction mode stands in between; `None` to tell it from the URL.
    pub pooled: Option<bool>,
    /// The longest one statement may take.
    pub timeout: Duration,
    /// How many connections at most.
    pub max_connections: usize,
    /// More root certificates, in PEM.
    pub ca_pem: Option<Vec<u8>>,
}

impl DatabaseSettings {
    /// The defaults: 5 s a statement, 3 connections.
    pub fn new(source: impl Into<String>, url: Secret) -> DatabaseSettings {
        DatabaseSettings {
            source: source.into(),
            url,
            allow_writable_role: false,
            pooled: None,
            timeout: Duration::from_secs(5),
            max_connections: 3,
            ca_pem: None,
        }
    }
}

/// Rows of a statement.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Column → value. Numbers that no 64-bit number holds to the last digit are texts; so are times.
    pub rows: Vec<Map<String, Value>>,
    /// Whether there is at least one row more.
    pub more: bool,
    /// Whether the rows end before the limit because they are too large together.
    pub too_large: bool,
}

/// A database. It can be cloned and asked; there is nothing else to do with it.
///
/// No text goes out that was not parsed and checked:
/// ```compile_fail
/// async fn act(db: &prodview_guard::Database) { let _ = db.read("delete from users", &[], 0, 10).await; }
/// ```
/// ```
/// async fn act(db: &prodview_guard::Database, statement: &prodview_guard::Statement) {
///     let _ = db.read(statement, &[], 0, 10).await;
/// }
/// ```
/// and the pool inside cannot be reached:
/// ```compile_fail,E0616
/// fn pool(db: &prodview_guard::Database) { let _ = &db.inner; }
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    source: String,
    address: Address,
    ca_pem: Option<Vec<u8>>,
    allow_writable_role: bool,
    timeout: Duration,
    max_connections: usize,
    budget: Budget,
    // Made at the first question: reading the system's certificates is no work for start-up.
    opened: OnceCell<Opened>,
    role: FirstUse<Role>,
}

struct Opened {
    pool: Pool,
    tls: Tls,
}

/// How long the server is given to answer after its own time limit has struck.
const GRACE: Duration = Duration::from_millis(400);
/// How long a request to cancel may take.
const CANCEL: Duration = Duration::from_secs(3);
/// How long what the server does not stop counts as one of the questions at once.
const ORPHANED: Duration = Duration::from_secs(60);

impl Database {
    /// Checks the settings; opens no connection.
    pub fn new(settings: DatabaseSettings) -> Result<Database, Refused> {
        let address = Address::read(&settings.url, settings.pooled)?;
        let per_second = NonZeroU32::MIN.saturating_add(29);
        Ok(Database {
            inner: Arc::new(Inner {
                source: settings.source,
                address,
                ca_pem: settings.ca_pem,
                allow_writable_role: settings.allow_writable_role,
                timeout: settings.timeout,
                max_connections: settings.max_connections.max(1),
                budget: Budget::new(settings.max_connections.max(1), per_second),
                opened: OnceCell::new(),
                role: FirstUse::new(),
            }),
        })
    }

    /// `host:port/database`.
    pub fn target(&self) -> &str {
        &self.inner.address.target
    }

    /// What a person should know about the URL.
    pub fn notes(&self) -> &[String] {
        &self.inner.address.notes
    }

    /// Whether a pooler in transaction mode stands in between.
    pub fn is_pooled(&self) -> bool {
        self.inner.address.pooled
    }

    /// The role that is used, and by what it could write. Asked once; refuses nothing.
    pub async fn role(&self) -> Result<&Role, Failure> {
        self.inner.role.get(self.inner.look()).await
    }

    /// The rows of a statement after the first `skip`, at most `limit`. `params` are its values by position, as
    /// [`Statement::bind`] gives them. Refuses to ask as a role that could write, unless that is allowed.
    ///
    /// Ends within the source's timeout and the [`deadline`]; when it is dropped, the server is told to stop.
    pub async fn read(
        &self,
        statement: &Statement,
        params: &[Value],
        skip: usize,
        limit: usize,
    ) -> Result<Rows, Failure> {
        let inner = &*self.inner;
        let role = self.role().await?;
        if !role.could_write_by.is_empty() && !inner.allow_writable_role {
            return Err(inner.refused_role(role));
        }
        role.admits(statement)?;
        let question = Question {
            sql: statement.text(),
            params,
            part: Part { skip, limit },
            explains: statement.explains(),
        };
        let Came { rows, more, too_large } = inner.ask(question).await?;
        Ok(Rows { rows, more, too_large })
    }
}

/// What is sent once the transaction is open.
#[derive(Clone, Copy)]
struct Question<'a> {
    sql: &'a str,
    params: &'a [Value],
    part: Part,
    explains: bool,
}

impl Inner {
    async fn look(&self) -> Result<Role, Failure> {
        let params = role::params(true);
        let part = Part { skip: 0, limit: 1 };
        let came = self.ask(Question { sql: role::LOOK, params: &params, part, explains: false }).await?;
        role::seen(came).map_err(|broken| refusal::failure(&broken, ""))
    }

    fn refused_role(&self, role: &Role) -> Failure {
        Failure::new(FailureKind::Refused, "the role could write").hint(format!(
            "the role `{}` could write ({}): give prodview a role that can only read, as docs/providers.md shows, or set \
             `allow_writable_role = true` for this source",
            role.name,
            role.could_write_by.join("; ")
        ))
    }

    /// Asks inside a transaction that could not write, and ends it whatever happens.
    async fn ask(&self, question: Question<'_>) -> Result<Came, Failure> {
        let turn = self.budget.turn().await?;
        let started = Instant::now();
        let limit = self.timeout.min(deadline::remaining());
        let outcome = match tokio::time::timeout(limit + GRACE, self.once(question, limit, turn)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(Failure::new(FailureKind::Timeout, format!("no answer within {} ms", limit.as_millis())))
            }
        };
        let ms = started.elapsed().as_millis();
        match &outcome {
            Ok(came) => tracing::info!(source = self.source, ms, rows = came.rows.len(), "asked"),
            Err(failure) => {
                tracing::warn!(source = self.source, ms, failure = ?failure.kind, cause = failure.cause(), "asked in vain");
            }
        }
        outcome
    }

    async fn once(&self, question: Question<'_>, limit: Duration, turn: Turn) -> Result<Came, Failure> {
        let Question { sql, params, part, explains } = question;
        let mut held = self.begun(limit).await?;
        held.turn = Some(turn);
        let outcome = match held.client() {
            Some(client) if explains => transaction::explain(client, sql, params, part.limit).await,
            Some(client) => transaction::select(client, sql, params, part).await,
            None => Err(Broken::Odd("no connection".to_owned())),
        };
        held.end(self.address.pooled).await;
        outcome.map_err(|broken| refusal::failure(&broken, sql))
    }

    /// A connection with a transaction open. One that died in the pool is noticed here, and another is taken.
    async fn begun(&self, limit: Duration) -> Result<Held, Failure> {
        let opened = self.opened.get_or_try_init(|| async { self.open() }).await?;
        let mut last = None;
        for _ in 0..=self.max_connections {
            let client = opened.pool.get().await.map_err(|error| match &error {
                PoolError::Backend(error) => refusal::of_the_driver(error, ""),
                other => Failure::new(FailureKind::Unreachable, other.to_string()),
            })?;
            let held = Held::of(client, opened.tls.clone());
            let Some(client) = held.client() else { continue };
            match transaction::begin(client, limit, self.address.schema.as_deref()).await {
                Ok(()) => return Ok(held),
                Err(error) if refusal::ended(&error) => last = Some(error),
                Err(error) => return Err(refusal::of_the_driver(&error, "")),
            }
        }
        Err(last.map_or_else(
            || Failure::new(FailureKind::Unreachable, "no connection"),
            |error| refusal::of_the_driver(&error, ""),
        ))
    }

    fn open(&self) -> Result<Opened, Failure> {
        let tls = if self.address.encrypted { Tls::verified(self.ca_pem.as_deref())? } else { Tls::Off };
        // What a connection may keep is forgotten by us, before it goes back.
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let config = self.address.config.clone();
        let manager = match &tls {
            Tls::Off => Manager::from_config(config, NoTls, how),
            Tls::On(connect) => Manager::from_config(config, connect.clone(), how),
        };
        let pool = Pool::builder(manager)
            .max_size(self.max_connections)
            .build()
            .map_err(|e| Failure::new(FailureKind::Unreachable, e.to_string()))?;
        Ok(Opened { pool, tls })
    }
}

/// A connection whose transaction is open. Dropped before its end, it is closed, and the server is told to stop.
struct Held {
    // Absent once it was given back.
    client: Option<Object>,
    cancel: CancelToken,
    tls: Tls,
    /// Kept while the server works on the question, waited for or not.
    turn: Option<Turn>,
}

impl Held {
    fn of(client: Object, tls: Tls) -> Held {
        Held { cancel: client.cancel_token(), client: Some(client), tls, turn: None }
    }

    fn client(&self) -> Option<&tokio_postgres::Client> {
        self.client.as_ref().map(|client| &***client)
    }

    /// Rolls back, forgets what the session kept, and gives the connection back. When that fails, or is not waited
    /// for, the connection is closed.
    async fn end(mut self, pooled: bool) {
        let Some(client) = self.client() else { return };
        let clean = match transaction::rollback(client).await {
            Ok(()) if pooled => Ok(()),
            Ok(()) => transaction::forget(client).await,
            Err(error) => Err(error),
        };
        if clean.is_ok() {
            drop(self.client.take());
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let client = Object::take(client);
        let (cancel, tls, turn) = (self.cancel.clone(), self.tls.clone(), self.turn.take());
        // Without a runtime the process is ending, and the connection with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let told = async {
                    match tls {
                        Tls::Off => cancel.cancel_query(NoTls).await,
                        Tls::On(connect) => cancel.cancel_query(connect).await,
                    }
                };
                if let Ok(Err(error)) = tokio::time::timeout(CANCEL, told).await {
                    tracing::warn!(cause = %error, "a running statement could not be cancelled");
                }
                // PostgreSQL cannot stop everything at once. What still runs there counts, or one question after the
                // other would take all of its connections. The answer comes when the server is done with the question.
                let _ = tokio::time::timeout(ORPHANED, transaction::rollback(&client)).await;
                drop((client, turn));
            });
        }
    }
}

#[cfg(test)]
#[path = "../tests/databases/fingerprint.rs"]
mod fingerprint;
#[cfg(test)]
#[path = "../tests/databases/server.rs"]
#[allow(dead_code, reason = "the integration tests use the rest of it")]
mod server;
#[cfg(test)]
mod tests;
