//! The way to the project's database: over the Management API, or straight.

use crate::sql::Door;
use async_trait::async_trait;
use prodview_guard::{Database, Failure, Role, Rows, Statement, SupabaseSql};
use serde_json::Value;

/// How SQL gets there. Both take nothing but a checked statement.
pub(super) enum Way {
    /// The read-only endpoint, as Supabase's own role.
    Endpoint(SupabaseSql),
    /// The database itself, as a role of the project's owner.
    Direct(Database),
}

impl Way {
    pub(super) async fn role(&self) -> Result<&Role, Failure> {
        match self {
            Way::Endpoint(sql) => sql.role().await,
            Way::Direct(database) => database.role().await,
        }
    }
}

#[async_trait]
impl Door for Way {
    async fn read(
        &self,
        statement: &Statement,
        params: &[Value],
        part: (usize, usize),
    ) -> Result<Rows, Failure> {
        match self {
            Way::Endpoint(sql) => sql.read(statement, params, part).await,
            Way::Direct(database) => Door::read(database, statement, params, part).await,
        }
    }

    async fn remarks(&self) -> Result<Vec<String>, Failure> {
        match self {
            // What its role could do is Supabase's choice, not the owner's: told by `check`, not with every answer.
            Way::Endpoint(sql) => Ok(sql.role().await?.notes.clone()),
            Way::Direct(database) => database.remarks().await,
        }
    }
}
