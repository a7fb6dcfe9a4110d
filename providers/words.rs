//! The records: what an answer holds, in our words. Every provider's JSON ends as one of these.

mod errors;
mod operations;
mod paid;
mod payments;
mod people;
mod state;
mod webhooks;

pub use errors::{AffectedUser, Breadcrumb, ErrorEvent, ErrorGroup, Exception, Frame, Occurrence};
pub use operations::{Check, Deployment, LogLine, Setting};
pub use paid::{Paid, PaidKind, PaidState};
pub use payments::{Attempt, Decline, Dispute, Payment, Purpose, Refund};
pub use people::Person;
pub use state::{Field, Row, Table};
pub use webhooks::{AppRecord, Delivery, WebhookEndpoint, WebhookEvent};
