//! Documents, a page at a time.

use serde_json::{Map, Value};

use super::answer::{Said, Wrong, text};
use super::clauses::{self, Filters, Order};
use crate::world::World;

/// The most rows that are read for one page.
const ROWS_MAX: usize = 10_000;
/// The most bytes that are read for one page.
const BYTES_MAX: usize = 5_000_000;

/// Which page, of how many documents.
pub(super) struct Paging {
    items: usize,
    cursor: Option<String>,
}

impl Paging {
    pub(super) fn read(args: &Map<String, Value>) -> Said<Paging> {
        let options = args.get("paginationOpts");
        let unfit = |path: &str, validator: &str| {
            let value =
                options.and_then(|options| options.get(path)).map_or_else(|| "undefined".into(), text);
            Wrong::Function(format!(
                "ArgumentValidationError: Value does not match validator.\nPath: .paginationOpts.{path}\nValue: \
                 {value}\nValidator: {validator}\n"
            ))
        };
        let items = options.and_then(|options| options.get("numItems")).and_then(Value::as_f64);
        let items = items.ok_or_else(|| unfit("numItems", "v.float64()"))?;
        let cursor = match options.and_then(|options| options.get("cursor")) {
            Some(Value::Null) => None,
            Some(Value::String(cursor)) => Some(cursor.clone()),
            _ => return Err(unfit("cursor", "v.union(v.string(), v.null())")),
        };
        if items < 1.0 {
            return Err(Wrong::Function(
                "Uncaught Error: paginate() needs `numItems` to be positive\n".into(),
            ));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 1 and the cap"
        )]
        let items = items.min(ROWS_MAX as f64) as usize;
        Ok(Paging { items, cursor })
    }
}

/// `_system/cli/tableData`. A table that does not exist has no documents.
pub(super) fn table(world: &World, args: &Map<String, Value>) -> Said<String> {
    let (table, order) = (argument(args, "table"), argument(args, "order"));
    let order = match order {
        "asc" => Order::Asc,
        "desc" => Order::Desc,
        other => {
            return Err(Wrong::Function(format!(
                "ArgumentValidationError: Value does not match validator.\nPath: .order\nValue: \"{other}\"\n\
                 Validator: v.union(v.literal(\"asc\"), v.literal(\"desc\"))\n"
            )));
        }
    };
    let rows: Vec<&Value> = world.rows(table).iter().collect();
    let query = format!("tableData {table} {order:?}");
    page(in_order(rows, order), &Paging::read(args)?, &query, |_| true)
}

/// `_system/frontend/paginatedTableDocuments`: newest first unless the filters say otherwise.
pub(super) fn filtered(world: &World, args: &Map<String, Value>) -> Said<String> {
    let (table, encoded) = (argument(args, "table"), args.get("filters").and_then(Value::as_str));
    let filters = clauses::read(encoded)?;
    let mistakes = filters.mistakes();
    if !mistakes.is_empty() {
        return Ok(text(&serde_json::json!({ "page": mistakes, "isDone": true, "continueCursor": "" })));
    }
    let rows = indexed(world, table, &filters)?;
    let query = format!("documents {table} {}", encoded.unwrap_or_default());
    let order = filters.order.unwrap_or(Order::Desc);
    page(in_order(rows, order), &Paging::read(args)?, &query, |row| filters.hold(row))
}

/// A document by its id, in whichever table it is.
pub(super) fn by_id<'a>(world: &'a World, id: &str) -> Option<&'a Value> {
    let mut rows = world.tables.values().flat_map(|table| &table.rows);
    rows.find(|row| row.get("_id").and_then(Value::as_str) == Some(id))
}

fn indexed<'a>(world: &'a World, table: &str, filters: &Filters) -> Said<Vec<&'a Value>> {
    let rows = world.rows(table).iter();
    let Some(bounds) = &filters.index else { return Ok(rows.collect()) };
    let fields: &[&str] = match bounds.name.as_str() {
        "by_creation_time" => &["_creationTime"],
        "by_id" => &["_id"],
        name => {
            let declared = world.tables.get(table).map_or(&[][..], |table| &table.indexes);
            let index = declared.iter().find(|index| index.name == name);
            index.map(|index| index.fields).ok_or_else(|| {
                Wrong::Function(format!("Uncaught Error: Index {name} not found on table {table}.\n"))
            })?
        }
    };
    let mut rows: Vec<&Value> = rows.filter(|row| bounds.hold(fields, row)).collect();
    rows.sort_by(|a, b| {
        let orders = fields.iter().map(|field| super::order::compare(a.get(*field), b.get(*field)));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    Ok(rows)
}

fn in_order(mut rows: Vec<&Value>, order: Order) -> Vec<&Value> {
    if order == Order::Desc {
        rows.reverse();
    }
    rows
}

/// The page that `paging` asks for, as text: documents are written once and never copied. A page can hold fewer
/// documents than asked although there are more, when reading it cost too much; like the real one it does not look
/// ahead, so a page that is exactly full is not the last.
pub(super) fn page(
    rows: Vec<&Value>,
    paging: &Paging,
    query: &str,
    hold: impl Fn(&Value) -> bool,
) -> Said<String> {
    let fingerprint = fingerprint(query);
    let start = match &paging.cursor {
        None => 0,
        Some(cursor) => position(cursor, fingerprint)?,
    };
    let (mut read, mut bytes, mut found) = (0, 0, Vec::new());
    let mut rest = rows.iter().skip(start);
    let is_done = loop {
        if found.len() >= paging.items || read >= ROWS_MAX || bytes >= BYTES_MAX {
            break false;
        }
        let Some(row) = rest.next() else { break true };
        let written = text(row);
        (read, bytes) = (read + 1, bytes + written.len());
        if hold(row) {
            found.push(written);
        }
    };
    Ok(format!(
        "{{\"page\":[{}],\"isDone\":{is_done},\"continueCursor\":\"{}\",\"splitCursor\":null,\"pageStatus\":null}}",
        found.join(","),
        cursor(start + read, fingerprint)
    ))
}

/// Sixteen digits that say which query it belongs to, sixteen that say how far it came.
fn cursor(position: usize, fingerprint: u64) -> String {
    format!("{fingerprint:016x}{:016x}", position as u64 ^ fingerprint.rotate_left(17))
}

fn position(cursor: &str, fingerprint: u64) -> Said<usize> {
    let parts = cursor.split_at_checked(16).and_then(|(query, position)| {
        Some((u64::from_str_radix(query, 16).ok()?, u64::from_str_radix(position, 16).ok()?))
    });
    let Some((query, position)) = parts else {
        return Err(Wrong::Function("Uncaught Error: InvalidCursor: Failed to parse cursor\n".into()));
    };
    if query != fingerprint {
        return Err(Wrong::Function(
            "Uncaught Error: InvalidCursor: Tried to run a query starting from a cursor, but it looks like this \
             cursor is from a different query.\n"
                .into(),
        ));
    }
    Ok(usize::try_from(position ^ fingerprint.rotate_left(17)).unwrap_or(usize::MAX))
}

fn fingerprint(query: &str) -> u64 {
    query.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn argument<'a>(args: &'a Map<String, Value>, name: &str) -> &'a str {
    args.get(name).and_then(Value::as_str).unwrap_or_default()
}
