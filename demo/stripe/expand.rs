//! Expansion: an id becomes the object it names, and a list that is left out by default is put in.

use serde_json::{Value, json};

use super::kinds;
use super::refusal::Refusal;
use super::shape::kind;
use super::shelf::{Desk, id};

/// How deep a path may go.
const LEVELS_MAX: usize = 4;

/// Expands every path in a whole answer, whether it is one object or a list (whose paths begin with `data`).
pub(super) fn expand<'a>(
    desk: &Desk<'_>,
    answer: &mut Value,
    paths: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    for path in paths {
        let names: Vec<&str> = path.split('.').collect();
        if names.len() > LEVELS_MAX {
            let message =
                format!("You cannot expand more than {LEVELS_MAX} levels of a property. Property: {path}.");
            return Err(Refusal::bad(message).param("expand"));
        }
        if names != ["total_count"] {
            open(desk, answer, &names, path)?;
        }
    }
    Ok(())
}

fn open(desk: &Desk<'_>, at: &mut Value, names: &[&str], path: &str) -> Result<(), Refusal> {
    let Some((name, rest)) = names.split_first() else { return Ok(()) };
    if let Value::Array(items) = at {
        return items.iter_mut().try_for_each(|item| open(desk, item, names, path));
    }
    let closed = || {
        let message = format!("This property cannot be expanded ({path}).");
        Err(Refusal::bad(message).param("expand"))
    };
    let left_out = left_out(desk, at, name);
    let Value::Object(fields) = at else { return Ok(()) };
    if let Some(list) = left_out {
        fields.entry(*name).or_insert(list);
    }
    match fields.get_mut(*name) {
        None => closed(),
        Some(field) => {
            if let Value::String(named) = field {
                match desk.find(named) {
                    Some(object) => {
                        let asks = kind(object).and_then(kinds::of);
                        asks.map_or(Ok(()), |kind| desk.may(kind.permission))?;
                        *field = desk.whole(object);
                    }
                    // An id of what the demo does not have stays an id; another text was never one.
                    None if looks_like_id(named) => return Ok(()),
                    None => return closed(),
                }
            }
            match field {
                Value::Object(_) | Value::Null => open(desk, field, rest, path),
                Value::Array(_) if !rest.is_empty() => open(desk, field, rest, path),
                _ => closed(),
            }
        }
    }
}

/// The lists that an object shows only when asked.
fn left_out(desk: &Desk<'_>, object: &Value, name: &str) -> Option<Value> {
    let own = id(object)?;
    let (url, rows): (String, Vec<Value>) = match (kind(object)?, name) {
        ("invoice", "payments") => {
            let rows = desk.all("invoice_payment").filter(|row| refers(row, "invoice", own));
            (format!("/v1/invoice_payments?invoice={own}"), rows.map(|row| desk.whole(row)).collect())
        }
        ("charge", "refunds") => {
            let rows = desk.all("refund").filter(|row| refers(row, "charge", own));
            (format!("/v1/charges/{own}/refunds"), rows.map(|row| desk.whole(row)).collect())
        }
        ("customer", "subscriptions") => {
            let rows = desk.all("subscription").filter(|row| refers(row, "customer", own));
            let rows = rows.filter(|row| row.get("status").and_then(Value::as_str) != Some("canceled"));
            (format!("/v1/customers/{own}/subscriptions"), rows.map(|row| desk.whole(row)).collect())
        }
        ("customer", "sources" | "tax_ids") => (format!("/v1/customers/{own}/{name}"), Vec::new()),
        ("checkout.session", "line_items") => {
            let rows = desk.find(own)?.get("~line_items")?.as_array()?;
            (
                format!("/v1/checkout/sessions/{own}/line_items"),
                rows.iter().map(|row| desk.whole(row)).collect(),
            )
        }
        _ => return None,
    };
    Some(json!({ "object": "list", "url": url, "has_more": false, "data": rows }))
}

fn refers(row: &Value, field: &str, id: &str) -> bool {
    row.get(field).and_then(Value::as_str) == Some(id)
}

fn looks_like_id(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split_once('_')
        .is_some_and(|(kind, rest)| kind.len() <= 8 && rest.len() >= 12 && rest.chars().all(letters))
}
