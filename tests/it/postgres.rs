//! Real PostgreSQL servers as the application's state.

#[path = "postgres/answers.rs"]
mod answers;
#[path = "postgres/catalogue.rs"]
mod catalogue;
#[path = "postgres/facts.rs"]
mod facts;
#[path = "postgres/incidents.rs"]
mod incidents;
#[path = "postgres/known.rs"]
mod known;
#[path = "postgres/roles.rs"]
mod roles;
#[path = "postgres/sizes.rs"]
mod sizes;
#[path = "postgres/trouble.rs"]
mod trouble;
#[path = "postgres/world.rs"]
pub mod world;

use crate::rig::{self, Rig};
use crate::server::Server;
use prodview_tools::App;
use std::sync::Arc;

/// An app whose only source is that database, as `db`, with more lines in its section.
pub fn app(url: &str, more: &str) -> Arc<App> {
    rig::app(&format!("[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n{more}\n"))
}

/// The demo's production with its application's tables in PostgreSQL.
pub async fn with_sql(rig: &Rig, server: &Server) -> Arc<App> {
    let (url, _) = server.documented(&world::sql(rig.demo.world())).await;
    rig::app(&world::toml(&rig.demo.config_toml(), &url))
}
