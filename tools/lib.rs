//! One typed tool a file. A tool asks the sources that can answer, all at once, and says what each contributed.

mod answer;
mod app_payments;
mod app_records;
mod arguments;
mod asked;
mod catalogue;
mod cursor;
pub mod declared;
pub mod describe_state;
mod each_table;
mod error;
pub mod find_records;
pub mod find_user;
pub mod get_error;
pub mod list_errors;
pub mod list_sources;
mod needs;
pub mod page;
pub mod payment_intent_status;
pub mod progress;
pub mod query_state;
pub mod reconcile_payments;
mod sight;
mod since;
pub mod size;
mod state_source;
pub mod toml_file;
mod tool;
pub mod trace_payment;
pub mod user_timeline;
pub mod webhook_deliveries;

pub use answer::{Answer, Cut, Finding, NextCall};
pub use asked::{Asked, SourceReport, Status};
pub use catalogue::{catalogue, known, listed};
pub use error::ToolError;
pub use needs::Needs;
pub use tool::{Entry, LONGEST_CALL, SchemaObject, Told, Tool};

use prodview_providers::Sources;
use std::sync::Arc;

/// What every tool works with: fixed for the life of the process.
pub struct App {
    /// What is configured.
    pub sources: Sources,
    /// The name of the environment, said in every answer.
    pub environment: String,
    /// The success rate of webhooks below which it is a finding, 0 to 1.
    pub webhook_success: f64,
    /// The declared tools that are on, in the order in which they are listed.
    pub declared: Vec<Arc<declared::Declared>>,
}
