//! Which tables there are, and what one of them is made of: asked of the catalogue.

use super::{Sql, quoted};
use crate::capability::Answered;
use crate::looks::looks_like;
use crate::words::{Field, Table};
use crate::{Found, Stopped};
use prodview_guard::{Failure, FailureKind, visible};
use serde::Deserialize;
use serde_json::{Value, json};

/// Tables told of at once.
const TABLES: usize = 500;

/// Those that a role cannot read are counted, not named.
pub(super) const ALL: &str = "
select n.nspname as schema, c.relname as name, c.relkind::text as kind, c.reltuples::bigint as rows,
  pg_table_is_visible(c.oid) as visible, has_table_privilege(c.oid, 'SELECT') as readable
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname not like 'pg\\_%'
order by pg_table_is_visible(c.oid) desc, n.nspname, c.relname";

/// The columns with their place in keys, and the indexes, as lists of JSON. `$2` is the schema, or null for those in
/// which unqualified names are looked up, and any other when it is there alone.
pub(super) const ONE: &str = "
select c.oid::bigint as oid, n.nspname as schema, c.relname as name, c.relkind::text as kind, c.reltuples::bigint as rows,
  pg_table_is_visible(c.oid) as visible, has_table_privilege(c.oid, 'SELECT') as readable,
  (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'optional', not a.attnotnull) order by a.attnum)
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum between 1 and 300 and not a.attisdropped) as columns,
  (select json_agg(json_build_object('name', x.relname, 'primary', i.indisprimary, 'unique', i.indisunique,
      'partial', i.indpred is not null,
      'columns', (select json_agg(b.attname order by array_position(i.indkey::int2[], b.attnum))
        from pg_catalog.pg_attribute b where b.attrelid = c.oid and b.attnum = any (i.indkey)),
      'expression', i.indexprs is not null) order by i.indisprimary desc, x.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisvalid) as indexes,
  (select json_agg(json_build_object('table', f.relname,
      'columns', (select json_agg(b.attname order by array_position(k.conkey, b.attnum))
        from pg_catalog.pg_attribute b where b.attrelid = c.oid and b.attnum = any (k.conkey)),
      'there', (select json_agg(b.attname order by array_position(k.confkey, b.attnum))
        from pg_catalog.pg_attribute b where b.attrelid = k.confrelid and b.attnum = any (k.confkey))) order by k.conname)
    from pg_catalog.pg_constraint k join pg_catalog.pg_class f on f.oid = k.confrelid
    where k.conrelid = c.oid and k.contype = 'f') as links
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname = $1 and (n.nspname = $2 or $2::text is null)
  and n.nspname not in ('pg_toast')
order by pg_table_is_visible(c.oid) desc, n.nspname";

#[derive(Deserialize)]
struct Listed {
    schema: String,
    name: String,
    kind: String,
    rows: i64,
    visible: bool,
    readable: bool,
}

/// A table as the catalogue describes it.
#[derive(Deserialize)]
pub(super) struct Known {
    schema: String,
    name: String,
    kind: String,
    rows: i64,
    visible: bool,
    readable: bool,
    columns: Option<Vec<Column>>,
    indexes: Option<Vec<Index>>,
    links: Option<Vec<Link>>,
}

#[derive(Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) optional: bool,
}

#[derive(Deserialize)]
struct Index {
    name: String,
    primary: bool,
    unique: bool,
    partial: bool,
    columns: Option<Vec<String>>,
    expression: bool,
}

#[derive(Deserialize)]
struct Link {
    table: String,
    columns: Option<Vec<String>>,
    there: Option<Vec<String>>,
}

pub(super) async fn all(sql: &Sql) -> Answered<Table> {
    let listed: Found<Listed> = sql.own_rows(ALL, &[], TABLES).await?;
    let hidden = listed.rows.iter().filter(|table| !table.readable).count();
    let mut found = Found { stopped: listed.stopped, ..Found::default() };
    found.rows = listed.rows.into_iter().filter(|table| table.readable).map(Listed::told).collect();
    if let Some(Stopped::Bound(bound)) = &mut found.stopped {
        *bound = format!("{bound} tables");
    } else {
        found.of = u64::try_from(found.rows.len()).ok();
    }
    if hidden > 0 {
        found.notes.push(format!("{hidden} more tables are there that the role may not read"));
    }
    sql.remarked(found).await
}

/// By its name, with or without its schema: `orders`, `shop.orders`, `"Order"`.
pub(super) async fn one(sql: &Sql, name: &str) -> Result<Known, Failure> {
    let (schema, table) = split(name);
    let rows: Found<Known> = sql.own_rows(ONE, &[json!(table), json!(schema)], 20).await?;
    let mut known = rows.rows;
    // One that is found without its schema comes first; of those elsewhere, it must be clear which is meant.
    if known.first().is_some_and(|first| !first.visible) && schema.is_none() && known.len() > 1 {
        let places: Vec<String> = known.iter().map(|k| visible(&k.qualified()).into_owned()).collect();
        return Err(Failure::new(FailureKind::Invalid, "several tables of that name")
            .hint(format!("several tables have that name: {}", places.join(", "))));
    }
    if known.is_empty() {
        return Err(Failure::new(FailureKind::NotFound, "no such table"));
    }
    let first = known.swap_remove(0);
    if !first.readable {
        return Err(Failure::new(FailureKind::Denied, "no SELECT on the table")
            .hint(format!("the role may not read {}: GRANT SELECT on it", visible(&first.qualified()))));
    }
    Ok(first)
}

/// The schema, if one is named, and the table; quotes as SQL has them are taken off.
fn split(name: &str) -> (Option<String>, String) {
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

impl Known {
    /// Its name as SQL needs it.
    pub(super) fn sql_name(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    fn qualified(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    pub(super) fn shown_name(&self) -> String {
        let name = if self.visible { self.name.clone() } else { self.qualified() };
        visible(&name).into_owned()
    }

    /// About how many rows it has; `None` when it was never counted.
    pub(super) fn estimate(&self) -> Option<u64> {
        estimated(self.rows)
    }

    pub(super) fn columns(&self) -> &[Column] {
        self.columns.as_deref().unwrap_or_default()
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns().iter().find(|column| column.name == name)
    }

    /// The columns of its primary key, in order.
    pub(super) fn primary_key(&self) -> Vec<&str> {
        let index = self.indexes().find(|index| index.primary);
        index.into_iter().flat_map(Index::columns).collect()
    }

    /// Whether an index leads straight to the rows with a value in that column.
    pub(super) fn leads_to(&self, column: &str) -> bool {
        self.indexes().any(|index| !index.partial && index.columns().next() == Some(column))
    }

    fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.indexes.iter().flatten()
    }

    /// In our words.
    pub(super) fn told(&self) -> Table {
        Table {
            name: self.shown_name(),
            rows: self.estimate(),
            kind: kind(&self.kind),
            fields: self.columns().iter().map(|column| self.field(column)).collect(),
            indexes: self.indexes().map(Index::told).collect(),
        }
    }

    fn field(&self, column: &Column) -> Field {
        let only = |index: &&Index| index.columns().eq([column.name.as_str()]) && !index.partial;
        let link = self.links.iter().flatten().find(|link| link.columns.iter().flatten().eq([&column.name]));
        let key = if self.primary_key().contains(&column.name.as_str()) {
            Some("primary key".to_owned())
        } else if let Some(link) = link {
            let there = link.there.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
            Some(visible(&format!("references {} ({there})", link.table)).into_owned())
        } else {
            self.indexes().filter(|index| index.unique).any(|index| only(&index)).then(|| "unique".to_owned())
        };
        Field {
            name: visible(&column.name).into_owned(),
            kind: visible(&column.kind).into_owned(),
            optional: column.optional,
            key,
            looks_like: looks_like(&column.name).map(str::to_owned),
        }
    }
}

impl Index {
    fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flatten().map(String::as_str)
    }

    fn told(&self) -> String {
        let mut columns: Vec<&str> = self.columns().collect();
        if self.expression {
            columns.push("an expression");
        }
        let unique = if self.primary {
            ", primary"
        } else if self.unique {
            ", unique"
        } else {
            ""
        };
        let partial = if self.partial { ", partial" } else { "" };
        visible(&format!("{} ({}){unique}{partial}", self.name, columns.join(", "))).into_owned()
    }
}

/// -1 and, before PostgreSQL 14, 0 mean that it was never counted.
fn estimated(rows: i64) -> Option<u64> {
    u64::try_from(rows).ok().filter(|rows| *rows > 0)
}

fn kind(relkind: &str) -> Option<String> {
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
}
