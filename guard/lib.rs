//! The only door out of prodview. It can ask; it cannot write.
//!
//! There is no check beside a write path, because there is no write path: a value that writes cannot be built.
//! A [`Route`] exists only for what a provider's reviewed table of operations classes as a read; a [`Segment`] holds
//! only characters that cannot leave it; a [`Wire`] is pinned to one [`Origin`], owns the only HTTP client, and has
//! one verb. What comes back is capped and, before it leaves, cleaned ([`Foreign`]) and cut of secrets
//! ([`redact`]).

mod ask;
mod budget;
mod command;
mod convex_query;
mod database;
pub mod deadline;
mod failure;
pub mod final_url;
mod first_use;
mod foreign;
mod keyspace;
mod operations;
mod origin;
mod provider;
mod query_key;
mod redact;
mod reply;
mod resp;
mod route;
mod secret;
mod segment;
mod sql;
mod supabase_sql;
mod wire;

pub use ask::Ask;
pub use command::Command;
pub use convex_query::{ConvexQuery, SystemQuery};
pub use database::{Database, DatabaseSettings, Role, Rows};
pub use failure::{Failure, FailureKind};
pub use first_use::FirstUse;
pub use foreign::{Foreign, ForeignJson, clean_json, to_value_marking, visible};
pub use keyspace::{Keyspace, KeyspaceSettings, Standing, explain_redis, redis_refusal};
pub use operations::{Class, Operation, operations};
pub use origin::Origin;
pub use provider::Provider;
pub use query_key::QueryKey;
pub use redact::{redact, redact_json};
pub use reply::Reply;
pub use resp::Resp;
pub use route::{READS_OVER_POST, ReadOverPost, Route};
pub use secret::Secret;
pub use segment::{Refused, Segment};
pub use sql::{SqlRules, Statement};
pub use supabase_sql::SupabaseSql;
pub use wire::{Auth, ErrorReader, Explained, MAX_BODY, Wire, WireSettings};
