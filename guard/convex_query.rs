//! What may be asked through Convex's `POST /api/query`: the app's own query functions, and a short list of system
//! queries.
//!
//! The server runs only *queries* there, and keeps them from writing and from calling out (source: the open-source
//! back end, `execute_public_query`). System functions that write are mutations and are refused by the server; the
//! list here keeps them from being named at all.

use crate::Refused;
use serde_json::{Value, json};

/// A system query that prodview may name. Each needs the data permission unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemQuery {
    /// The names of the tables.
    Tables,
    /// Documents of one table, page by page, in order of creation.
    TableData,
    /// Documents of one table with filters that the server applies.
    FilteredTableData,
    /// The declared schema, as a JSON text.
    Schemas,
    /// One document by its id.
    DocumentById,
    /// Scheduled jobs of the app's own.
    CronJobs,
    /// The names of environment variables (needs its own permission; the reply also holds their values, which have
    /// no field in our structs, and is never cached).
    EnvironmentVariables,
}

impl SystemQuery {
    /// Every one, for the snapshot.
    pub const ALL: [SystemQuery; 7] = [
        SystemQuery::Tables,
        SystemQuery::TableData,
        SystemQuery::FilteredTableData,
        SystemQuery::Schemas,
        SystemQuery::DocumentById,
        SystemQuery::CronJobs,
        SystemQuery::EnvironmentVariables,
    ];

    /// The function path on the wire.
    pub const fn path(self) -> &'static str {
        match self {
            SystemQuery::Tables => "_system/cli/tables",
            SystemQuery::TableData => "_system/cli/tableData",
            SystemQuery::FilteredTableData => "_system/frontend/paginatedTableDocuments",
            SystemQuery::Schemas => "_system/frontend/getSchemas",
            SystemQuery::DocumentById => "_system/frontend/getById",
            SystemQuery::CronJobs => "_system/frontend/listCronJobs",
            SystemQuery::EnvironmentVariables => "_system/cli/queryEnvironmentVariables",
        }
    }
}

/// A query function and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexQuery {
    path: String,
    args: Value,
}

impl ConvexQuery {
    /// One of the listed system queries. `args` is a JSON object.
    pub fn system(query: SystemQuery, args: Value) -> ConvexQuery {
        ConvexQuery { path: query.path().to_owned(), args }
    }

    /// A query function of the app: `file:function`, `dir/file:function` or `file` (its default export).
    /// Refuses anything that could name a system function, and arguments that are not an object.
    pub fn app(path: &str, args: Value) -> Result<ConvexQuery, Refused> {
        let (file, function) = path.split_once(':').unwrap_or((path, "default"));
        let word = |w: &str| {
            !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !w.starts_with('_')
        };
        if path.len() > 255 || !file.split('/').all(word) || !word(function) {
            return Err(Refused::because(
                "a Convex query function is named `file:function` or `dir/file:function`, from letters, digits and `_`",
            ));
        }
        if !args.is_object() {
            return Err(Refused::because("a Convex function's arguments are one JSON object"));
        }
        Ok(ConvexQuery { path: path.to_owned(), args })
    }

    pub(crate) fn into_body(self) -> Value {
        json!({ "path": self.path, "args": self.args, "format": "json" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_query_cannot_name_a_system_function() {
        for good in ["users:byEmail", "admin/users:list", "messages"] {
            assert!(ConvexQuery::app(good, json!({})).is_ok(), "{good}");
        }
        for bad in [
            "",
            ":",
            "_system/cli/tables",
            "_system/frontend/addDocument",
            "a/_system/x:y",
            "/users:x",
            "users:",
            "users:a:b",
            "../users:x",
            "users.js:x",
            "users:_x",
            "ünïcode:x",
            "users:x\n",
            "a//b:c",
        ] {
            assert!(ConvexQuery::app(bad, json!({})).is_err(), "{bad}");
        }
        assert!(ConvexQuery::app("users:x", json!([])).is_err());
    }
}
