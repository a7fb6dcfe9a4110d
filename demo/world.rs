//! What is true in the demo production: one company, its people, and what each service holds about them.
//!
//! It is plain data, made once from a seed and never changed. The services only put it into their own words, so they
//! cannot disagree with each other by accident; where they disagree, that is an incident.

mod app;
mod billing;
mod bulk;
mod dice;
mod errors;
mod incidents;
mod making;
mod mismatches;
mod names;
mod oddities;
mod ordinary;
mod purchase;
mod schema;
mod setup;
mod signals;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::Settings;

pub use app::{Field, Function, FunctionKind, Index, LogEntry, Run, Table};
pub(crate) use dice::Dice;
pub use errors::{Affected, Commit, Crumb, ErrorEvent, Frame, Issue, Project, Raised, Release, WebRequest};
pub use incidents::{Incident, IncidentKind};

/// The whole production.
#[derive(Debug, Clone)]
pub struct World {
    /// What it was made from.
    pub seed: u64,
    /// The moment it ends at, in whole seconds.
    pub now: Timestamp,
    /// Whose production it is.
    pub company: Company,
    /// Everyone the company knows, in order of arrival; the extra rows are not among them.
    pub people: Vec<Person>,
    /// What there is to find, in a fixed order of kinds.
    pub incidents: Vec<Incident>,
    /// Where the application's rows do not fit what Stripe holds, beside the incidents.
    pub mismatches: Vec<Mismatch>,
    /// What Stripe holds.
    pub stripe: Books,
    /// The projects that report errors to Sentry.
    pub projects: Vec<Project>,
    /// Their releases, newest first.
    pub releases: Vec<Release>,
    /// Their issues, last seen first.
    pub issues: Vec<Issue>,
    /// The application's tables (Convex), by name.
    pub tables: BTreeMap<String, Table>,
    /// The application's functions (Convex).
    pub functions: Vec<Function>,
    /// What those functions did in the last hours, oldest first.
    pub runs: Vec<Run>,
}

impl World {
    /// Makes the world that these settings describe; the same settings always make the same one.
    pub fn new(settings: &Settings) -> World {
        making::make(settings)
    }

    /// The rows of one of the application's tables, oldest first; empty for a table that does not exist.
    pub fn rows(&self, table: &str) -> &[Value] {
        self.tables.get(table).map_or(&[], |table| &table.rows)
    }
}

/// Whose production it is.
#[derive(Debug, Clone)]
pub struct Company {
    /// The name people use.
    pub name: String,
    /// Its domain, under the reserved `.example`.
    pub domain: String,
    /// Its organisation's slug at Sentry.
    pub sentry_org: String,
    /// Its organisation's id at Sentry.
    pub sentry_org_id: String,
    /// Its Convex deployment's name, such as `brisk-heron-412`.
    pub convex_deployment: String,
}

/// Someone the company knows.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their name, in their own spelling.
    pub name: String,
    /// Their e-mail address, as the application holds it.
    pub email: String,
    /// The id of their row in the application's `users`; `None` for a guest.
    pub user_id: Option<String>,
    /// Their customers at Stripe, the one that the application links first; none for a guest.
    pub customer_ids: Vec<String>,
    /// `member` or `trainer`.
    pub role: &'static str,
    /// `free`, `plus` or `legacy`.
    pub plan: &'static str,
    /// Where they pay from: ISO 3166, two capitals.
    pub country: &'static str,
    /// The currency they pay in: ISO 4217, lower case as at Stripe.
    pub currency: &'static str,
    /// When they signed up.
    pub joined: Timestamp,
}

/// A row of the application's that does not fit what Stripe holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// In which way.
    pub kind: MismatchKind,
    /// The payment or the subscription.
    pub stripe_id: String,
    /// The row in `payments` or `memberships`.
    pub row: String,
}

/// The ways in which a row does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchKind {
    /// It says another amount than was paid.
    AmountDiffers,
    /// It names a payment of test mode.
    RowWithoutPayment,
    /// It says active, and the subscription is over.
    SubscriptionOver,
}

/// What Stripe holds: sparse objects, which hold what differs from an object of their kind fresh from the API. The
/// keys that begin with `~` are for the fake only and are never served.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// The company's own account.
    pub account: Value,
    /// Live mode.
    pub live: Vec<Value>,
    /// Test mode.
    pub test: Vec<Value>,
    /// Live mode of the connected accounts (trainers who are paid out by themselves), by `acct_…`.
    pub connected: BTreeMap<String, Vec<Value>>,
}

impl Books {
    /// The company's own account, `acct_…`.
    pub fn account_id(&self) -> &str {
        self.account.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    /// The first live object that has this id.
    pub fn live_object(&self, id: &str) -> Option<&Value> {
        self.live.iter().find(|object| object.get("id").and_then(Value::as_str) == Some(id))
    }
}
