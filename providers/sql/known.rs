//! What one table is made of: its columns, keys and indexes, asked of the catalogue in one statement.

use super::tables::{estimated, kind, near, split};
use super::{Sql, quoted};
use crate::Found;
use crate::looks::looks_like;
use crate::words::{Field, Table};
use prodview_guard::{Failure, FailureKind, visible};
use serde::Deserialize;
use serde_json::json;

/// The most columns that a table of PostgreSQL can have, and room for tables of the same name elsewhere.
const COLUMNS: usize = 1_600 + 20;
/// Labels of one enum that are asked for; [`LABELS_TOLD`] of them are told.
const LABELS: usize = 100;
const LABELS_TOLD: usize = 12;

/// A line for each column of the table that is meant, the first with its keys and indexes as lists of JSON, and one for
/// each other table of that name. `$2` is the schema, or null for those in which unqualified names are looked up, and
/// any other when it is there alone. The type that a domain is made of is looked for three domains deep. Names that may
/// be a function of one row (see guard's `Role`) stand behind no dot.
pub(super) const ONE: &str = "
with asked as (
  select c.oid as relid, n.nspname, c.relname, c.relkind::text as relkind, c.reltuples::bigint as about,
    pg_table_is_visible(c.oid) as in_path, has_table_privilege(c.oid, 'SELECT') as readable,
    row_number() over (order by pg_table_is_visible(c.oid) desc, n.nspname) as place
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname = $1 and (n.nspname = $2 or $2::text is null)
    and n.nspname not in ('pg_toast')
  order by place limit 20)
select nspname as schema, relname as name, relkind as kind, about as rows, in_path as visible, readable,
  a.attname as field, format_type(a.atttypid, a.atttypmod) as type, format_type(b.oid, null) as base,
  not a.attnotnull as optional,
  (select json_agg(l.enumlabel order by l.enumsortorder) from (select e.enumlabel, e.enumsortorder
      from pg_catalog.pg_enum e where e.enumtypid = b.oid order by e.enumsortorder limit 101) l) as labels,
  case when place = 1 and row_number() over (partition by relid order by a.attnum) = 1 then
    (select json_agg(json_build_object('name', x.relname, 'primary', i.indisprimary, 'unique', i.indisunique,
        'partial', i.indpred is not null,
        'columns', (select json_agg(f.attname order by nth)
          from unnest(i.indkey::int2[]) with ordinality as p (attnum, nth)
          left join pg_catalog.pg_attribute f on f.attrelid = relid and f.attnum = p.attnum
          where nth <= i.indnkeyatts),
        'included', (select json_agg(f.attname order by nth)
          from unnest(i.indkey::int2[]) with ordinality as p (attnum, nth)
          join pg_catalog.pg_attribute f on f.attrelid = relid and f.attnum = p.attnum
          where nth > i.indnkeyatts)) order by i.indisprimary desc, x.relname)
      from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
      where i.indrelid = relid and i.indisvalid) end as indexes,
  case when place = 1 and row_number() over (partition by relid order by a.attnum) = 1 then
    (select json_agg(json_build_object('table', t.relname,
        'columns', (select json_agg(f.attname order by array_position(k.conkey, f.attnum))
          from pg_catalog.pg_attribute f where f.attrelid = relid and f.attnum = any (k.conkey)),
        'there', (select json_agg(f.attname order by array_position(k.confkey, f.attnum))
          from pg_catalog.pg_attribute f where f.attrelid = k.confrelid and f.attnum = any (k.confkey))) order by k.conname)
      from pg_catalog.pg_constraint k join pg_catalog.pg_class t on t.oid = k.confrelid
      where k.conrelid = relid and k.contype = 'f') end as links
from asked
left join pg_catalog.pg_attribute a on place = 1 and a.attrelid = relid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type d on d.oid = t.typbasetype
left join pg_catalog.pg_type b on b.oid = case when t.typtype <> 'd' then t.oid when d.typtype <> 'd' then d.oid else d.typbasetype end
order by place, a.attnum";

#[derive(Deserialize)]
struct Line {
    schema: String,
    name: String,
    kind: String,
    rows: i64,
    visible: bool,
    readable: bool,
    field: Option<String>,
    #[serde(rename = "type")]
    of: Option<String>,
    base: Option<String>,
    optional: Option<bool>,
    labels: Option<Vec<String>>,
    indexes: Option<Vec<Index>>,
    links: Option<Vec<Link>>,
}

/// A table as the catalogue describes it.
pub(super) struct Known {
    schema: String,
    name: String,
    kind: String,
    rows: i64,
    visible: bool,
    readable: bool,
    columns: Vec<Column>,
    indexes: Vec<Index>,
    links: Vec<Link>,
}

/// A column.
pub(super) struct Column {
    pub(super) name: String,
    /// Its type as people write it: `numeric(10,2)`, `order_status`.
    pub(super) kind: String,
    /// The type by which its values are told: of a domain, what it is made of. Without a length.
    pub(super) base: String,
    pub(super) optional: bool,
    /// The labels of an enum, if it is one.
    labels: Vec<String>,
}

#[derive(Deserialize)]
struct Index {
    name: String,
    primary: bool,
    unique: bool,
    partial: bool,
    /// Nothing in the place of an expression.
    columns: Option<Vec<Option<String>>>,
    included: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Link {
    table: String,
    columns: Option<Vec<String>>,
    there: Option<Vec<String>>,
}

/// By its name, with or without its schema: `orders`, `shop.orders`, `"Order"`.
pub(super) async fn one(sql: &Sql, name: &str) -> Result<Known, Failure> {
    let (schema, table) = split(name);
    let lines: Found<Line> = sql.own_rows(ONE, &[json!(table), json!(schema)], COLUMNS).await?;
    let mut known: Vec<Known> = Vec::new();
    for line in lines.rows {
        Known::take(&mut known, line);
    }
    // One that is found without its schema comes first; of those elsewhere, it must be clear which is meant.
    if known.first().is_some_and(|first| !first.visible) && schema.is_none() && known.len() > 1 {
        let places: Vec<String> = known.iter().map(|k| visible(&k.qualified()).into_owned()).collect();
        return Err(Failure::new(FailureKind::Invalid, "several tables of that name")
            .hint(format!("several tables have that name: {}", places.join(", "))));
    }
    if known.is_empty() {
        return Err(missing(sql, &table).await);
    }
    let first = known.swap_remove(0);
    if !first.readable {
        return Err(Failure::new(FailureKind::Denied, "no SELECT on the table")
            .hint(format!("the role may not read {}: GRANT SELECT on it", visible(&first.qualified()))));
    }
    Ok(first)
}

/// That there is no such table; with those that may be meant, it is a mistake in the question.
async fn missing(sql: &Sql, table: &str) -> Failure {
    match near(sql, table).await.as_slice() {
        [] => Failure::new(FailureKind::NotFound, "no such table"),
        names => Failure::new(FailureKind::Invalid, "no such table, but one of a name that is near").hint(
            format!("there is no such table `{}`; did you mean `{}`?", visible(table), names.join("`, `")),
        ),
    }
}

impl Known {
    /// Takes a line down: the first of a table, or one more of its columns.
    fn take(known: &mut Vec<Known>, line: Line) {
        let column = line.field.zip(line.of).map(|(name, kind)| Column {
            base: line.base.unwrap_or_else(|| kind.clone()),
            name,
            kind,
            optional: line.optional.unwrap_or(true),
            labels: line.labels.unwrap_or_default(),
        });
        match known.last_mut().filter(|last| last.schema == line.schema) {
            Some(last) => last.columns.extend(column),
            None => known.push(Known {
                schema: line.schema,
                name: line.name,
                kind: line.kind,
                rows: line.rows,
                visible: line.visible,
                readable: line.readable,
                columns: column.into_iter().collect(),
                indexes: line.indexes.unwrap_or_default(),
                links: line.links.unwrap_or_default(),
            }),
        }
    }

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
        &self.columns
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of its primary key, in order.
    pub(super) fn primary_key(&self) -> Vec<&str> {
        let index = self.indexes.iter().find(|index| index.primary);
        index.into_iter().flat_map(Index::columns).flatten().collect()
    }

    /// Whether an index leads straight to the rows with a value in that column.
    pub(super) fn leads_to(&self, column: &str) -> bool {
        self.indexes.iter().any(|index| !index.partial && index.columns().next() == Some(Some(column)))
    }

    /// In our words.
    pub(super) fn told(&self) -> Table {
        Table {
            name: self.shown_name(),
            rows: self.estimate(),
            kind: kind(&self.kind),
            fields: self.columns.iter().map(|column| self.field(column)).collect(),
            indexes: self.indexes.iter().map(Index::told).collect(),
        }
    }

    fn field(&self, column: &Column) -> Field {
        let only = |index: &&Index| index.columns().eq([Some(column.name.as_str())]) && !index.partial;
        let link = self.links.iter().find(|link| link.columns.iter().flatten().eq([&column.name]));
        let key = if self.primary_key().contains(&column.name.as_str()) {
            Some("primary key".to_owned())
        } else if let Some(link) = link {
            let there = link.there.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
            Some(visible(&format!("references {} ({there})", link.table)).into_owned())
        } else {
            self.indexes
                .iter()
                .filter(|index| index.unique)
                .any(|index| only(&index))
                .then(|| "unique".to_owned())
        };
        Field {
            name: visible(&column.name).into_owned(),
            kind: column.told(),
            optional: column.optional,
            key,
            looks_like: looks_like(&column.name).map(str::to_owned),
        }
    }
}

impl Column {
    /// Whether it is an enum whose labels are all known.
    pub(super) fn all_labels(&self) -> Option<&[String]> {
        (1..=LABELS).contains(&self.labels.len()).then_some(&self.labels)
    }

    /// Whether many rows may share a value of it, whatever index it has.
    pub(super) fn has_few_values(&self) -> bool {
        self.base == "boolean" || !self.labels.is_empty()
    }

    /// Its type, an enum with its labels: `order_status (paid, open)`.
    pub(super) fn told(&self) -> String {
        if self.labels.is_empty() {
            return visible(&self.kind).into_owned();
        }
        let told: Vec<&str> = self.labels.iter().take(LABELS_TOLD).map(String::as_str).collect();
        let more = match self.labels.len().saturating_sub(told.len()) {
            0 => String::new(),
            _ if self.labels.len() > LABELS => ", and many more".to_owned(),
            n => format!(", and {n} more"),
        };
        visible(&format!("{} ({}{more})", self.kind, told.join(", "))).into_owned()
    }
}

impl Index {
    /// Its columns in order, nothing in the place of an expression. Those that it only carries are none of them.
    fn columns(&self) -> impl Iterator<Item = Option<&str>> {
        self.columns.iter().flatten().map(Option::as_deref)
    }

    fn told(&self) -> String {
        let columns: Vec<&str> = self.columns().map(|column| column.unwrap_or("an expression")).collect();
        let unique = if self.primary {
            ", primary"
        } else if self.unique {
            ", unique"
        } else {
            ""
        };
        let partial = if self.partial { ", partial" } else { "" };
        let included = match &self.included {
            Some(included) => format!(", with {}", included.join(" and ")),
            None => String::new(),
        };
        let told = format!("{} ({}){unique}{partial}{included}", self.name, columns.join(", "));
        visible(&told).into_owned()
    }
}
