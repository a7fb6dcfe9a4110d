//! Real PostgreSQL servers as the application's state.

#[path = "postgres/answers.rs"]
mod answers;
#[path = "postgres/catalogue.rs"]
mod catalogue;
#[path = "postgres/world.rs"]
pub mod world;

use crate::rig;
use crate::server::{self, Server, id};
use prodview_tools::App;
use std::sync::Arc;

/// The statements of docs/providers.md that make the role, with this test's names.
pub fn documented_role(role: &str) -> String {
    let page = include_str!("../../docs/providers.md");
    let (_, rest) = page.split_once("<!-- role -->").unwrap();
    let (block, _) = rest.split_once("<!-- /role -->").unwrap();
    let sql = block.split("```sql").nth(1).unwrap().split("```").next().unwrap();
    sql.replace("prodview", role).replace("a long random password", server::PASSWORD)
}

/// A database with what `sql` makes, and a role of its own that the documented statements make.
pub async fn documented(server: &Server, sql: &str) -> (String, String) {
    let name = server.database(sql).await;
    let role = format!("prodview_{:x}", id());
    server.admin(&name).await.batch_execute(&documented_role(&role)).await.unwrap();
    (server.url(&role, &name), name)
}

/// An app whose only source is that database, as `db`, with more lines in its section.
pub fn app(url: &str, more: &str) -> Arc<App> {
    rig::app(&format!("[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n{more}\n"))
}
