//! Which tables there are: asked of the catalogue.

use super::Sql;
use crate::capability::Answered;
use crate::words::Table;
use crate::{Found, Stopped};
use prodview_guard::visible;
use serde::Deserialize;
use serde_json::Value;

/// Tables told of at once.
const TABLES: usize = 500;
/// Tables among which one that is not there is looked for by a name that is near, and how many of them are told.
const NEAR_AMONG: usize = 2_000;
const NEAR_TOLD: usize = 3;

/// Those that a role cannot read are counted, not named. First those that are found without their schema, then the
/// largest: they are the ones to keep when there are too many.
pub(super) const ALL: &str = "
select n.nspname as schema, c.relname as name, c.relkind::text as kind, c.reltuples::bigint as rows,
  pg_table_is_visible(c.oid) as visible, has_table_privilege(c.oid, 'SELECT') as readable,
  count(*) over () as there, count(*) filter (where has_table_privilege(c.oid, 'SELECT')) over () as all_readable
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname not like 'pg\\_%'
order by 6 desc, 5 desc, 4 desc, 1, 2";

#[derive(Deserialize)]
struct Listed {
    schema: String,
    name: String,
    kind: String,
    rows: i64,
    visible: bool,
    readable: bool,
    there: u64,
    all_readable: u64,
}

pub(super) async fn all(sql: &Sql) -> Answered<Table> {
    let listed: Found<Listed> = sql.own_rows(ALL, &[], TABLES).await?;
    let (there, readable) = listed.rows.first().map_or((0, 0), |first| (first.there, first.all_readable));
    let mut rows: Vec<Listed> = listed.rows.into_iter().filter(|table| table.readable).collect();
    rows.sort_by(|a, b| (!a.visible, &a.schema, &a.name).cmp(&(!b.visible, &b.schema, &b.name)));
    let mut found = Found { of: Some(readable), ..Found::default() };
    let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    if shown < readable {
        let bound = format!("{shown} of {readable} tables are listed, those with the most rows");
        found.notes.push(format!("{bound}; any other is described when it is asked for by its name"));
        found.stopped = Some(Stopped::Bound(bound));
    }
    found.rows = rows.into_iter().map(Listed::told).collect();
    if let hidden @ 1.. = there.saturating_sub(readable) {
        found.notes.push(format!("{hidden} more tables are there that the role may not read"));
    }
    sql.remarked(found).await
}

/// The tables whose names are near one that is not there: the same in another letter case or number, or beginning alike.
pub(super) async fn near(sql: &Sql, table: &str) -> Vec<String> {
    let Ok(listed) = sql.own_rows::<Listed>(ALL, &[], NEAR_AMONG).await else { return Vec::new() };
    let there = listed.rows.into_iter().filter(|table| table.readable);
    let mut near: Vec<(usize, String)> = there
        .filter_map(|other| Some((distance(table, &other.name)?, other.told().name)))
        .filter(|(_, name)| {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        })
        .collect();
    near.sort();
    near.into_iter().take(NEAR_TOLD).map(|(_, name)| name).collect()
}

/// How far two names are from each other; nothing when neither can be meant by the other.
fn distance(asked: &str, there: &str) -> Option<usize> {
    let bare = |name: &str| {
        let mut name: String =
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if name.ends_with("ies") {
            name.truncate(name.len() - 3);
            name.push('y');
        }
        name.truncate(name.trim_end_matches('s').len());
        name
    };
    let (asked, there) = (bare(asked), bare(there));
    if asked == there {
        return Some(0);
    }
    let alike = asked.chars().zip(there.chars()).take_while(|(a, b)| a == b).count();
    let (shorter, longer) = {
        let (a, b) = (asked.chars().count(), there.chars().count());
        (a.min(b), a.max(b))
    };
    let near = alike >= 3 && (alike == shorter || alike + 2 >= longer);
    near.then_some(longer - alike)
}

/// The schema, if one is named, and the table; quotes as SQL has them are taken off.
pub(super) fn split(name: &str) -> (Option<String>, String) {
    let bare = |part: &str| match part.strip_prefix('"').and_then(|p| p.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => part.to_owned(),
    };
    let at = match name.starts_with('"') {
        true => name.find("\".").map(|at| at + 1),
        false => name.find('.'),
    };
    match at.and_then(|at| name.split_at_checked(at)) {
        Some((schema, rest)) => (Some(bare(schema)), bare(rest.trim_start_matches('.'))),
        None => (None, bare(name)),
    }
}

impl Listed {
    fn told(self) -> Table {
        let name = if self.visible { self.name } else { format!("{}.{}", self.schema, self.name) };
        Table {
            name: visible(&name).into_owned(),
            rows: estimated(self.rows),
            kind: kind(&self.kind),
            ..Table::default()
        }
    }
}

/// -1 and, before PostgreSQL 14, 0 mean that it was never counted.
pub(super) fn estimated(rows: i64) -> Option<u64> {
    u64::try_from(rows).ok().filter(|rows| *rows > 0)
}

pub(super) fn kind(relkind: &str) -> Option<String> {
    let word = match relkind {
        "v" => "view",
        "m" => "materialized view",
        "p" => "partitioned table",
        "f" => "foreign table",
        _ => return None,
    };
    Some(word.to_owned())
}

/// A value as text for the id of a row.
pub(super) fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_named_as_people_write_it() {
        let pair = |s: Option<&str>, t: &str| (s.map(str::to_owned), t.to_owned());
        for (name, due) in [
            ("orders", pair(None, "orders")),
            ("shop.orders", pair(Some("shop"), "orders")),
            ("\"Order\"", pair(None, "Order")),
            ("\"my.shop\".\"Or\"\"der\"", pair(Some("my.shop"), "Or\"der")),
            ("shop.\"Order\"", pair(Some("shop"), "Order")),
            ("", pair(None, "")),
            ("\"", pair(None, "\"")),
        ] {
            assert_eq!(split(name), due, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_near_is_found() {
        for (asked, there, near) in [
            ("orders", "Order", true),
            ("order", "orders", true),
            ("user_profiles", "UserProfile", true),
            ("categories", "Category", true),
            ("userz", "users", true),
            ("subscription", "subscriptions_v2", true),
            ("orders", "users", false),
            ("or", "order", false),
            ("payments", "payouts", false),
        ] {
            assert_eq!(distance(asked, there).is_some(), near, "{asked} {there}");
        }
        assert!(distance("orders", "order") < distance("orders", "order_items"));
    }
}
