//! One adapter a service: its routes, and its JSON in our words.
//!
//! An adapter alone knows its provider's cents, cursors and epoch seconds. It asks over a
//! [`Wire`](prodview_guard::Wire), along `const` routes, and answers in the [`words`].

pub mod app;
pub mod app_tables;
pub mod capability;
pub mod convex;
mod found;
mod handle;
mod looks;
mod moment;
mod money;
mod offset;
pub mod postgres;
pub mod reads;
pub mod redis;
pub mod sentry;
mod settings;
mod sources;
mod sql;
pub mod stripe;
pub mod supabase;
pub mod words;

pub use found::{Found, MISFIT, Stopped};
pub use handle::{Handle, HandleKind};
pub use moment::Moment;
pub use money::Money;
pub use settings::Common;
pub use sources::{Able, Source, Sources};
