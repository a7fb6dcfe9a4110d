//! What the application keeps by itself, in Convex: tables, functions, and what the functions did.

use jiff::Timestamp;
use serde_json::Value;

/// One table.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Its declared fields, without the system's own (`_id`, `_creationTime`).
    pub fields: Vec<Field>,
    /// Its indexes, without the system's own (`by_id`, `by_creation_time`).
    pub indexes: Vec<Index>,
    /// Its documents, oldest first, with `_id` (32 lower-case letters and digits) and `_creationTime` (milliseconds,
    /// a float).
    pub rows: Vec<Value>,
}

/// One declared field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its validator's type: `string`, `number`, `boolean`, `any`, or `id:users` for a reference to that table.
    pub kind: &'static str,
    /// Whether a document may lack it.
    pub optional: bool,
}

/// One index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name, such as `by_email`.
    pub name: &'static str,
    /// Its fields in order, without the `_creationTime` that every index ends with.
    pub fields: &'static [&'static str],
}

/// One function of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// As it is called: `users:byEmail`. (Convex lists it as `users.js:byEmail`.)
    pub path: &'static str,
    /// What it may do.
    pub kind: FunctionKind,
    /// Whether clients may call it; otherwise only other functions.
    pub public: bool,
    /// Its arguments' names; all are strings.
    pub args: &'static [&'static str],
    /// For a query that finds documents: the table, and the field that its one argument is compared with.
    pub finds: Option<(&'static str, &'static str)>,
}

/// What a function may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// It only reads the database.
    Query,
    /// It writes the database.
    Mutation,
    /// It may do anything, the outside world included.
    Action,
    /// It answers an HTTP route of the site; its path is then the route (`/stripe/webhook`).
    HttpAction,
}

/// One function that ran to its end.
#[derive(Debug, Clone)]
pub struct Run {
    /// When it ended.
    pub at: Timestamp,
    /// `stripe:onEvent`, or `POST /stripe/webhook` for an HTTP action.
    pub function: String,
    /// What it was.
    pub kind: FunctionKind,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// What it threw, stack included.
    pub error: Option<String>,
    /// For an HTTP action: the status it answered with.
    pub http_status: Option<u16>,
    /// The request it belongs to: 16 hex digits.
    pub request_id: String,
    /// What it logged.
    pub lines: Vec<LogEntry>,
}

/// One line that a function logged.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// `DEBUG`, `INFO`, `LOG`, `WARN` or `ERROR`.
    pub level: &'static str,
    /// Its text, as `console.log` would show it.
    pub text: String,
}
