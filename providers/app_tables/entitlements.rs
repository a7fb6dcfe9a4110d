//! What the application gave for a payment (`[app.entitlements.*]`): passes, memberships, balances.

use super::asking::Named;
use super::payments::{none, references};
use super::reading::{as_moment, at, is_plain, text, value};
use super::{Standing, rows_of_person};
use crate::Moment;
use crate::app::AppTable;
use crate::capability::{Answered, RowsAsk, State};
use crate::words::Row;
use prodview_guard::Foreign;
use serde_json::Value;
use std::collections::BTreeSet;

/// One row of what the application gave.
#[derive(Debug, Clone, PartialEq)]
pub struct AppEntitlement {
    /// The table.
    pub table: String,
    /// The source that holds it.
    pub source: String,
    /// The row's id; empty when it has no plain one.
    pub row: String,
    /// Whose it is.
    pub user: Option<String>,
    /// The application's word.
    pub status: Option<Foreign>,
    /// What that word claims.
    pub standing: Standing,
    /// Until when it holds.
    pub until: Option<Moment>,
    /// When it was made.
    pub made: Option<Moment>,
    /// Every id within the row: of the payment it was given for, perhaps.
    pub refers_to: BTreeSet<String>,
}

impl AppEntitlement {
    /// Reads a row by the roles of its table.
    pub fn of(row: &Row, table: &AppTable) -> AppEntitlement {
        let role = |role: &str| table.field(role).and_then(|field| text(row, field));
        let status = role("status");
        AppEntitlement {
            table: table.table.clone(),
            source: table.source.clone(),
            row: Some(row.id.clone()).filter(|id| is_plain(id)).unwrap_or_default(),
            user: role("user"),
            standing: match &status {
                Some(word) => Standing::of(word),
                None if table.field("status").is_none() => Standing::Good,
                None => Standing::Unknown,
            },
            status: status.map(|word| Foreign::capped(&word, 40)),
            until: table.field("until").and_then(|field| value(row, field)).and_then(end),
            made: at(row, table),
            refers_to: references(row),
        }
    }

    /// Whether the person has it at that moment, as far as the row says.
    pub fn holds_at(&self, moment: Moment) -> bool {
        let standing = matches!(self.standing, Standing::Good | Standing::Unknown | Standing::Behind);
        standing && self.until.is_none_or(|until| until > moment)
    }
}

/// The rows of a person, newest first, found by any of these ids.
pub async fn entitlements_of(
    state: &dyn State,
    table: &AppTable,
    users: &[String],
    limit: usize,
) -> Answered<AppEntitlement> {
    if table.field("user").is_none() || users.is_empty() {
        return Ok(none());
    }
    let found = rows_of_person(state, table, users, limit).await?;
    Ok(found.map(|row| AppEntitlement::of(&row, table)))
}

/// The rows made since then, newest first. One read, bounded as [`State::rows`] says.
pub async fn entitlements_since(
    state: &dyn State,
    table: &AppTable,
    since: Moment,
    limit: usize,
) -> Answered<AppEntitlement> {
    let ask = RowsAsk { since: Some(since), limit, ..RowsAsk::default() };
    Ok(Named::from(table).many(state, ask).await?.map(|row| AppEntitlement::of(&row, table)))
}

/// A moment, or the end of a day.
fn end(held: &Value) -> Option<Moment> {
    as_moment(held).or_else(|| {
        let day = held.as_str()?.trim();
        Moment::parse(&format!("{day}T23:59:59Z"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Part;
    use crate::app_tables::stage::{Shelf, row};
    use serde_json::json;

    fn table() -> AppTable {
        let fields = [("user", "userId"), ("status", "status"), ("until", "until")];
        AppTable {
            part: Part::Entitlements,
            name: "passes".to_owned(),
            source: "db".to_owned(),
            table: "passes".to_owned(),
            fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            metadata: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_row_tells_what_it_refers_to_and_whether_it_holds() {
        let until = Moment::now().minus_s(-86_400).to_string();
        let shelf = Shelf::of(vec![
            row(
                "e1",
                5,
                json!({ "userId": "u1", "status": "active", "until": until, "for": { "paymentId": "r1" } }),
            ),
            row("e2", 6, json!({ "userId": "u1", "status": "active", "until": "2020-01-31" })),
            row("e3", 7, json!({ "userId": "u2", "status": "active" })),
        ]);
        let found = entitlements_of(&shelf, &table(), &["u1".to_owned()], 5).await.unwrap();
        let [first, second] = found.rows.as_slice() else { panic!("{:?}", found.rows) };
        assert!(first.refers_to.contains("r1") && first.holds_at(Moment::now()));
        assert_eq!(second.until, Moment::parse("2020-01-31T23:59:59Z"));
        assert!(!second.holds_at(Moment::now()));
        assert!(entitlements_of(&shelf, &table(), &[], 5).await.unwrap().rows.is_empty());
        assert_eq!(shelf.asked(), 1);
    }
}
