//! The capabilities: questions that several providers can answer. One trait each.

mod payments;

pub use payments::{History, HistoryAsk, PaidAsk, Payments};

use crate::reads::Reads;
use crate::words::{
    Check, Deployment, ErrorEvent, ErrorGroup, LogLine, Occurrence, Person, Row, Setting, Table,
    WebhookEndpoint, WebhookEvent,
};
use crate::{Found, Handle, Moment};
use async_trait::async_trait;
use prodview_guard::Failure;
use serde_json::{Map, Value};

/// What a question to any provider ends in.
pub type Answered<T> = Result<Found<T>, Failure>;

/// Who is this?
#[async_trait]
pub trait Users: Send + Sync {
    /// The people that fit the handle: all customers with the address in any letter case, the one with the id.
    /// Nobody is an empty list, not a failure. A handle of a kind that this source cannot look up finds nobody.
    async fn people(&self, who: &Handle) -> Answered<Person>;
}

/// Which errors to list.
#[derive(Debug, Clone)]
pub struct ErrorsAsk {
    /// The provider's own search text.
    pub query: Option<String>,
    /// Only those that happened to this person: an e-mail address or the app's user id.
    pub user: Option<Handle>,
    /// Only those seen since then.
    pub since: Moment,
    /// Only those of this environment.
    pub environment: Option<String>,
    /// Only those of this project (slug).
    pub project: Option<String>,
    /// Only those of this level.
    pub level: Option<String>,
    /// In which order.
    pub sort: ErrorSort,
    /// At most so many.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The order of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorSort {
    /// Last seen first.
    LastSeen,
    /// First seen last: new ones first.
    New,
    /// Most often first.
    Count,
    /// Most people first.
    Users,
}

/// One error, whole.
#[derive(Debug, Clone)]
pub struct ErrorDetail {
    /// The kind of error it belongs to.
    pub group: ErrorGroup,
    /// The occurrence; the newest, or the newest of the person asked for. Absent when none is kept any more.
    pub event: Option<ErrorEvent>,
    /// The values of a few tags over all occurrences: `browser` → [(`Chrome`, 12)].
    pub spread: Vec<(String, Vec<(prodview_guard::Foreign, u64)>)>,
    /// Releases around its first occurrence, newest first.
    pub releases: Vec<Deployment>,
    /// What could not be had, in our words.
    pub notes: Vec<String>,
    /// Whether every part was had, or is known not to be there. Otherwise a note says which one failed.
    pub whole: bool,
}

/// Which errors, how often, to whom?
#[async_trait]
pub trait Errors: Send + Sync {
    /// The kinds of error that fit.
    async fn errors(&self, ask: &ErrorsAsk) -> Answered<ErrorGroup>;
    /// One error by the id of its group or of one occurrence; with `user`, that person's newest occurrence.
    /// `Ok(None)` when this source does not have it or cannot have it.
    async fn error(&self, which: &Handle, user: Option<&Handle>) -> Result<Option<ErrorDetail>, Failure>;
    /// Each time that an error happened to a person since then, newest first; `Ok(None)` where they cannot be told
    /// apart, and [`Errors::errors`] tells all there is.
    async fn occurrences(&self, _: &Handle, _: Moment) -> Result<Option<Found<Occurrence>>, Failure> {
        Ok(None)
    }
}

/// Which events to list.
#[derive(Debug, Clone)]
pub struct EventsAsk {
    /// Not older than this.
    pub since: Moment,
    /// Only these types; a `*` at the end stands for any ending. Empty for all.
    pub types: Vec<String>,
    /// Only those about this object.
    pub object: Option<String>,
    /// Only those that have not arrived everywhere.
    pub only_undelivered: bool,
    /// At most so many.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// How many of the events in a window arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryCount {
    /// Events counted.
    pub events: u64,
    /// Of them, those that at least one endpoint has not taken.
    pub undelivered: u64,
    /// The span that was counted: shorter than asked for when there were too many to count.
    pub window: (Moment, Moment),
    /// How many of each type were counted.
    pub by_type: std::collections::BTreeMap<String, u64>,
    /// Whether the whole window was counted.
    pub whole: bool,
}

/// Do webhooks arrive?
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Where events are sent.
    async fn endpoints(&self) -> Answered<WebhookEndpoint>;
    /// The events that fit, newest first.
    async fn events(&self, ask: &EventsAsk) -> Answered<WebhookEvent>;
    /// How many arrived. `types` as in [`EventsAsk`].
    async fn count(&self, since: Moment, types: &[String]) -> Answered<DeliveryCount>;
    /// What this provider's API cannot tell about deliveries, and where it can be seen.
    fn blind_spot(&self) -> Option<String>;
}

/// Which rows to find.
#[derive(Debug, Clone, Default)]
pub struct RowsAsk {
    /// The table.
    pub table: String,
    /// Fields that must equal a value.
    pub fields: Map<String, Value>,
    /// Whether letters equal their other case. Only where [`State::folds_case`] says so.
    pub any_case: bool,
    /// Only rows made since then.
    pub since: Option<Moment>,
    /// Only rows made until then.
    pub until: Option<Moment>,
    /// The field that tells when a row was made, where the asker knows it: `[app.*]` names it. Otherwise the source
    /// tells it by itself, or by the names of its fields.
    pub at: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// A question in a source's own language.
#[derive(Debug, Clone, Default)]
pub struct QueryAsk {
    /// SQL, the name of a query function, a command: as [`State::language`] says.
    pub text: String,
    /// Its parameters: an object by name, an array by position, or null for none.
    pub params: Value,
    /// At most so many rows.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// What a source's [`State::query`] takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// One SELECT of PostgreSQL, with `$1` or `$name` for parameters.
    Sql,
    /// The name of a query function of the application's own, with its arguments as an object.
    ConvexQuery,
    /// One reading command of Redis, with its arguments as an array.
    RedisCommand,
}

/// What does the application's state say?
#[async_trait]
pub trait State: Send + Sync {
    /// The tables, without their fields.
    async fn tables(&self) -> Answered<Table>;
    /// One table with its fields. `Failure::NotFound` when there is no such table.
    async fn table(&self, name: &str) -> Result<Table, Failure>;
    /// Rows that fit, newest first. Says in `stopped` and `notes` when it could not look at the whole table.
    async fn rows(&self, ask: &RowsAsk) -> Answered<Row>;
    /// Whether [`RowsAsk::any_case`] is understood.
    fn folds_case(&self) -> bool {
        false
    }
    /// What [`State::query`] takes here.
    fn language(&self) -> Language;
    /// One read-only question in the source's own language. `Failure` of kind `Refused` when the guard does not let
    /// it out, of kind `Invalid` when the source does not understand it.
    async fn query(&self, ask: &QueryAsk) -> Answered<Row>;
}

/// What do the logs say?
#[async_trait]
pub trait Logs: Send + Sync {
    /// Lines since then that contain the text, newest first.
    async fn lines(&self, since: Moment, contains: Option<&str>, limit: usize) -> Answered<LogLine>;
}

/// What was deployed?
#[async_trait]
pub trait Deployments: Send + Sync {
    /// Releases or deployments, newest first.
    async fn deployments(&self, project: Option<&str>, limit: usize) -> Answered<Deployment>;
}

/// Does the service itself work?
#[async_trait]
pub trait Health: Send + Sync {
    /// One cheap look.
    async fn health(&self) -> Answered<Check>;
}

/// Which settings matter when something is wrong?
#[async_trait]
pub trait Settings: Send + Sync {
    /// Alert rules, modes, names of environment variables; never a value that could be a secret.
    async fn settings(&self) -> Answered<Setting>;
}

/// As whom prodview asks, and what its key could do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account, organisation or deployment.
    pub account: Option<prodview_guard::Foreign>,
    /// `live`, `test`, `prod`, `dev`, when the provider has such a thing.
    pub mode: Option<String>,
    /// Whether the key could write if someone else had it.
    pub power: Power,
    /// What the key may do, as the provider names it.
    pub grants: Vec<String>,
    /// In our words: what is more than it needs to be, or could not be found out.
    pub notes: Vec<String>,
}

/// Whether a key could write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// The provider says that it can only read.
    ReadOnly,
    /// It could write.
    CouldWrite,
    /// The provider does not say.
    Unknown,
}

/// One configured provider: what it can answer, and as whom.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// As whom, with which power. Asks the provider.
    async fn identity(&self) -> Result<Identity, Failure>;
    /// What is known of the key without asking: its kind, by its prefix.
    fn key_kind(&self) -> Option<&'static str> {
        None
    }
    /// How to make a key that can only read what is needed, in one or two sentences.
    fn least_privilege(&self) -> &'static str;
    /// The host or organisation it is pointed at, for people.
    fn target(&self) -> String;
    /// Who is this?
    fn users(&self) -> Option<&dyn Users> {
        None
    }
    /// Which errors?
    fn errors(&self) -> Option<&dyn Errors> {
        None
    }
    /// What became of a payment?
    fn payments(&self) -> Option<&dyn Payments> {
        None
    }
    /// Do webhooks arrive?
    fn webhooks(&self) -> Option<&dyn Webhooks> {
        None
    }
    /// What does the state say?
    fn state(&self) -> Option<&dyn State> {
        None
    }
    /// What do the logs say?
    fn logs(&self) -> Option<&dyn Logs> {
        None
    }
    /// What was deployed?
    fn deployments(&self) -> Option<&dyn Deployments> {
        None
    }
    /// Does it work?
    fn health(&self) -> Option<&dyn Health> {
        None
    }
    /// Which settings matter?
    fn settings(&self) -> Option<&dyn Settings> {
        None
    }
    /// What declared tools ask by GET.
    fn reads(&self) -> Option<&dyn Reads> {
        None
    }
}

/// The names of the capabilities, as people read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the trait of that name")]
pub enum Capability {
    Users,
    Errors,
    Payments,
    Webhooks,
    State,
    Logs,
    Deployments,
    Health,
    Settings,
}

impl Capability {
    /// All, in the order of the table of providers.
    pub const ALL: [Capability; 9] = [
        Capability::Users,
        Capability::Errors,
        Capability::Payments,
        Capability::Webhooks,
        Capability::State,
        Capability::Logs,
        Capability::Deployments,
        Capability::Health,
        Capability::Settings,
    ];

    /// Lower case, as in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Capability::Users => "users",
            Capability::Errors => "errors",
            Capability::Payments => "payments",
            Capability::Webhooks => "webhooks",
            Capability::State => "state",
            Capability::Logs => "logs",
            Capability::Deployments => "deployments",
            Capability::Health => "health",
            Capability::Settings => "settings",
        }
    }

    /// Whether an adapter has it.
    pub fn of(self, adapter: &dyn Adapter) -> bool {
        match self {
            Capability::Users => adapter.users().is_some(),
            Capability::Errors => adapter.errors().is_some(),
            Capability::Payments => adapter.payments().is_some(),
            Capability::Webhooks => adapter.webhooks().is_some(),
            Capability::State => adapter.state().is_some(),
            Capability::Logs => adapter.logs().is_some(),
            Capability::Deployments => adapter.deployments().is_some(),
            Capability::Health => adapter.health().is_some(),
            Capability::Settings => adapter.settings().is_some(),
        }
    }
}
