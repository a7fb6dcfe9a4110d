//! The application's own errors (`[app.errors.*]`) about certain records, or of certain people at a certain time.

use super::asking::Named;
use super::reading::{at, is_plain, text};
use crate::Moment;
use crate::app::AppTable;
use crate::capability::{Answered, RowsAsk, State};
use prodview_guard::Foreign;

/// Rows looked through.
const ROWS: usize = 500;

/// What errors should be about.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Ids that an error refers to or names in its message, whenever it was.
    pub ids: Vec<String>,
    /// People whose errors count when they lie between the two moments.
    pub users: Vec<String>,
}

/// One error that the application wrote down.
#[derive(Debug, Clone, PartialEq)]
pub struct AppError {
    /// The row's id; empty when it has no plain one.
    pub row: String,
    /// When.
    pub at: Option<Moment>,
    /// What it says.
    pub message: Foreign,
}

/// The errors that fit, newest first. One read, bounded at 500 rows and as [`State::rows`] says.
pub async fn errors_near(
    state: &dyn State,
    table: &AppTable,
    about: &About,
    (from, until): (Moment, Moment),
) -> Answered<AppError> {
    let ask = RowsAsk { since: Some(from), limit: ROWS, ..RowsAsk::default() };
    let found = Named::from(table).rows(state, ask).await?;
    let rows = found.rows.iter().filter_map(|row| {
        let role = |role: &str| table.field(role).and_then(|field| text(row, field));
        let (when, message) = (at(row, table), role("message").unwrap_or_default());
        let refers = role("ref").is_some_and(|held| about.ids.contains(&held));
        let names = about.ids.iter().any(|id| message.contains(id.as_str()));
        let theirs = role("user").is_some_and(|held| about.users.contains(&held))
            && when.is_some_and(|when| when <= until);
        (refers || names || theirs).then(|| AppError {
            row: Some(row.id.clone()).filter(|id| is_plain(id)).unwrap_or_default(),
            at: when,
            message: Foreign::capped(&message, 200),
        })
    });
    let rows: Vec<AppError> = rows.collect();
    Ok(crate::Found {
        rows,
        of: None,
        more: found.more,
        stopped: found.stopped,
        age: found.age,
        ..crate::Found::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Part;
    use crate::app_tables::stage::{Shelf, row};
    use serde_json::json;

    #[tokio::test]
    async fn errors_are_near_by_what_they_name_or_by_whose_and_when() {
        let shelf = Shelf::of(vec![
            row("e1", 10, json!({ "userId": "u9", "message": "checkout cs_1A has no trainer" })),
            row("e2", 20, json!({ "userId": "u1", "message": "something else" })),
            row("e3", 30, json!({ "userId": "u9", "message": "x", "ref": "pi_1A" })),
            row("e4", 40, json!({ "userId": "u9", "message": "of nobody here" })),
        ]);
        let fields = [("user", "userId"), ("message", "message"), ("ref", "ref")];
        let table = AppTable {
            part: Part::Errors,
            name: "internal".to_owned(),
            source: "db".to_owned(),
            table: "errors".to_owned(),
            fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            metadata: Vec::new(),
        };
        let about = About { ids: vec!["pi_1A".to_owned(), "cs_1A".to_owned()], users: vec!["u1".to_owned()] };
        let now = Moment::now();
        let ids = |found: crate::Found<AppError>| found.rows.into_iter().map(|e| e.row).collect::<Vec<_>>();
        let near = errors_near(&shelf, &table, &about, (now.minus_s(60), now)).await.unwrap();
        assert_eq!(ids(near), ["e1", "e2", "e3"]);
        let before = errors_near(&shelf, &table, &about, (now.minus_s(60), now.minus_s(25))).await.unwrap();
        assert_eq!(ids(before), ["e1", "e3"], "what names the payment counts whenever it was");
    }
}
