//! The one way out to Redis over TCP: a keyspace is pinned to one server and one database, and can only be read.

mod address;
mod changes;
mod line;
mod refusal;
mod standing;

use crate::budget::Budget;
use crate::{Command, Failure, FailureKind, FirstUse, Refused, Resp, Secret, deadline};
use address::Address;
use line::{Line, Opener};
use refusal::could_write;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use refusal::{explain_redis, redis_refusal};
pub use standing::Standing;

/// Everything a keyspace is made from. Built by [`KeyspaceSettings::new`], then changed field by field.
pub struct KeyspaceSettings {
    /// The source's name, for logs.
    pub source: String,
    /// `redis://` or `rediss://`, with user, password and the number of the database.
    pub url: Secret,
    /// The longest one request may take, connecting included.
    pub timeout: Duration,
    /// How many requests at once, each over a connection of its own.
    pub max_concurrency: usize,
    /// How many requests a second.
    pub per_second: NonZeroU32,
    /// More root certificates, in PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Whether a user that could write is let through.
    pub allow_writable_user: bool,
}

impl KeyspaceSettings {
    /// The defaults: 10 s a request, 2 at once, 50 a second, and no user that could write.
    pub fn new(source: impl Into<String>, url: Secret) -> KeyspaceSettings {
        KeyspaceSettings {
            source: source.into(),
            url,
            timeout: Duration::from_secs(10),
            max_concurrency: 2,
            per_second: NonZeroU32::MIN.saturating_add(49),
            ca_pem: None,
            allow_writable_user: false,
        }
    }
}

/// A keyspace of one server. It can be cloned and read; there is nothing else to do with it.
///
/// ```
/// async fn act(keyspace: &prodview_guard::Keyspace, command: prodview_guard::Command) {
///     let _ = keyspace.read(&command).await;
/// }
/// ```
/// ```compile_fail
/// async fn act(keyspace: &prodview_guard::Keyspace, command: prodview_guard::Command) {
///     let _ = keyspace.write(&command).await;
/// }
/// ```
/// Nor is there a way to say a command that is only text:
/// ```compile_fail
/// async fn act(keyspace: &prodview_guard::Keyspace) { let _ = keyspace.read("FLUSHALL").await; }
/// ```
#[derive(Clone)]
pub struct Keyspace {
    inner: Arc<Inner>,
}

struct Inner {
    source: String,
    opener: Opener,
    timeout: Duration,
    budget: Budget,
    allow_writable_user: bool,
    idle: Mutex<Vec<Line>>,
    standing: FirstUse<Standing>,
}

/// The most commands in one request.
const MOST_AT_ONCE: usize = 512;

impl Keyspace {
    /// The largest answer to one request that is read, in bytes: the connection is cut beyond it.
    pub const MAX_ANSWER: usize = 4 * 1024 * 1024;

    /// Checks the settings; opens no connection.
    pub fn new(settings: KeyspaceSettings) -> Result<Keyspace, Refused> {
        let address = Address::parse(&settings.url)?;
        let opener = Opener::new(address, settings.ca_pem.as_deref(), Self::MAX_ANSWER)?;
        Ok(Keyspace {
            inner: Arc::new(Inner {
                source: settings.source,
                opener,
                timeout: settings.timeout,
                budget: Budget::new(settings.max_concurrency, settings.per_second),
                allow_writable_user: settings.allow_writable_user,
                idle: Mutex::default(),
                standing: FirstUse::new(),
            }),
        })
    }

    /// Host, port and number of the database, for people.
    pub fn target(&self) -> String {
        self.inner.opener.address.shown()
    }

    /// What a reader must know of the way there, such as that it is not encrypted.
    pub fn note(&self) -> Option<&'static str> {
        self.inner.opener.address.is_in_the_open().then_some(
            "the connection to this Redis is not encrypted: whoever sits between can read along (rediss:// is)",
        )
    }

    /// As whom prodview asks and whether that user could write. Asked once.
    pub async fn standing(&self) -> Result<&Standing, Failure> {
        self.inner.standing.get(standing::find_out(&self.inner)).await
    }

    /// Asks, and gives back what was answered. Refuses before anything else when the user could write and that is
    /// not allowed.
    pub async fn read(&self, command: &Command) -> Result<Resp, Failure> {
        let mut answers = self.read_all(std::slice::from_ref(command)).await?;
        answers.pop().unwrap_or_else(|| Err(Failure::odd("no answer to a command")))
    }

    /// The same for several commands in one round trip. One may fail without the others.
    pub async fn read_all(&self, commands: &[Command]) -> Result<Vec<Result<Resp, Failure>>, Failure> {
        let standing = self.standing().await?;
        if standing.could_write == Some(true) && !self.inner.allow_writable_user {
            return Err(could_write());
        }
        if let Some(command) = commands.iter().find(|c| standing.unfit.iter().any(|unfit| *unfit == c.name()))
        {
            return Err(
                Refused::because(format!("this server says that its {} writes", command.name())).into()
            );
        }
        if commands.len() > MOST_AT_ONCE {
            return Err(Refused::because(format!("at most {MOST_AT_ONCE} commands at once")).into());
        }
        self.inner.ask(commands).await
    }
}

impl Inner {
    /// One request, its budget and its log line.
    async fn ask(&self, commands: &[Command]) -> Result<Vec<Result<Resp, Failure>>, Failure> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.budget.turn().await?;
        let started = Instant::now();
        let limit = self.timeout.min(deadline::remaining());
        let outcome = match tokio::time::timeout(limit, self.send(commands)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(Failure::new(FailureKind::Timeout, format!("no answer within {} ms", limit.as_millis())))
            }
        };
        let ms = started.elapsed().as_millis();
        let mut names: Vec<&str> = commands.iter().map(Command::name).collect();
        names.dedup();
        names.truncate(8);
        let commands = names.join(", ");
        match &outcome {
            Ok((_, bytes)) => tracing::info!(source = self.source, commands, ms, bytes, "asked"),
            Err(failure) => tracing::warn!(
                source = self.source, commands, ms,
                failure = ?failure.kind, cause = failure.cause(), "asked in vain"
            ),
        }
        outcome.map(|(answers, _)| answers)
    }

    /// A line that was given back may have been closed by the server since: then a new one is tried, once. Whoever
    /// stops waiting takes the line along, so that nobody reads another's answer.
    async fn send(&self, commands: &[Command]) -> Result<(Vec<Result<Resp, Failure>>, usize), Failure> {
        let idle = self.idle().pop();
        if let Some(mut line) = idle {
            match line.ask(commands).await {
                Ok(answered) => {
                    self.idle().push(line);
                    return Ok(answered);
                }
                Err(failure) if failure.kind != FailureKind::Unreachable => return Err(failure),
                Err(_) => {}
            }
        }
        let mut line = self.opener.open().await?;
        let answered = line.ask(commands).await?;
        self.idle().push(line);
        Ok(answered)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Line>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
