//! What the application wrote down about payments (`[app.payments.*]`), by any of the ids it may know them by.

use super::Standing;
use super::asking::Named;
use super::reading::{as_text, at, is_plain, text, value};
use crate::app::AppTable;
use crate::capability::{Answered, RowsAsk, State};
use crate::words::Row;
use crate::{Found, Moment, Money};
use futures_util::future;
use prodview_guard::{Foreign, visible};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The roles that hold ids of the provider.
const ROLES: [&str; 4] = ["payment", "checkout", "invoice", "subscription"];
/// Ids looked up one by one for one table.
const LOOK_UPS: usize = 12;
/// Rows of one id: more than a cart has lines.
const OF_ONE: usize = 25;

/// The roles whose values are compared, and what a value is not that cannot be.
const READ: [(&str, &str); 3] =
    [("amount", "no number"), ("currency", "no currency code"), ("status", "no status word")];

/// What a mapped field of a row holds, where that cannot be what the mapping says: it was not compared with anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Unread {
    /// `amount`, `currency` or `status`.
    pub role: &'static str,
    /// What stands there: `€ 180.00`.
    pub held: Foreign,
}

/// One row of the application's payments.
#[derive(Debug, Clone, PartialEq)]
pub struct AppPayment {
    /// The name of its table in the configuration.
    pub name: String,
    /// The table.
    pub table: String,
    /// The source that holds it.
    pub source: String,
    /// The row's id; empty when it has no plain one.
    pub row: String,
    /// Whose it is, as the application says.
    pub user: Option<String>,
    /// Role → the provider's id: `payment` → `pi_…`. Only ids of a plain shape.
    pub ids: BTreeMap<&'static str, String>,
    /// How much, in the unit that the application keeps.
    pub amount: Option<Amount>,
    /// ISO 4217, as it is written there.
    pub currency: Option<String>,
    /// The application's word.
    pub status: Option<Foreign>,
    /// What that word claims.
    pub standing: Standing,
    /// When it was made.
    pub at: Option<Moment>,
    /// What is there and could not be read: the row may not be taken for one that fits.
    pub unread: Vec<Unread>,
}

impl AppPayment {
    /// Reads a row by the roles of its table.
    pub fn of(row: &Row, table: &AppTable) -> AppPayment {
        let role = |role: &str| table.field(role).and_then(|field| text(row, field));
        let status = role("status");
        // Without a field for it, that there is a row is all that is said.
        let standing = if table.field("status").is_none() {
            Standing::Good
        } else {
            status.as_deref().map_or(Standing::Unknown, Standing::of)
        };
        AppPayment {
            name: table.name.clone(),
            table: table.table.clone(),
            source: table.source.clone(),
            row: role("id").or_else(|| Some(row.id.clone())).filter(|id| is_plain(id)).unwrap_or_default(),
            user: role("user"),
            ids: ROLES
                .iter()
                .filter_map(|name| Some((*name, role(name).filter(|id| is_plain(id))?)))
                .collect(),
            amount: table.field("amount").and_then(|field| value(row, field)).and_then(Amount::read),
            currency: role("currency"),
            status: status.as_deref().map(|word| Foreign::capped(word, 40)),
            standing,
            at: at(row, table),
            unread: READ.iter().filter_map(|(role, _)| unread(row, table, role)).collect(),
        }
    }
}

/// What the field of that role holds, if it is there and cannot be read.
fn unread(row: &Row, table: &AppTable, role: &'static str) -> Option<Unread> {
    let held = value(row, table.field(role)?)?;
    if held.as_str().is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    let written = as_text(held);
    let is_read = match (role, written.as_deref()) {
        ("amount", _) => Amount::read(held).is_some(),
        ("currency", Some(code)) => code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()),
        (_, word) => word.is_some(),
    };
    let held = written.unwrap_or_else(|| held.to_string());
    (!is_read).then(|| Unread { role, held: Foreign::capped(&held, 40) })
}

/// A number that stands for money, exact: `digits` divided by ten to the power of `scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    digits: i128,
    scale: u32,
}

/// In which unit the application keeps amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Cents, as the provider.
    Minor,
    /// Whole euros, perhaps with a fraction.
    Major,
    /// The amount is the same in both.
    Either,
}

impl Amount {
    /// A number, or a text that is only a number.
    pub fn read(held: &Value) -> Option<Amount> {
        let text = match held {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return None,
        };
        let (sign, text) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let part = part.trim_end_matches('0');
        let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() + part.len() > 24 || !all_digits(whole) || !all_digits(part) {
            return None;
        }
        let digits: i128 = format!("{whole}{part}").parse().ok()?;
        Some(Amount { digits: sign * digits, scale: u32::try_from(part.len()).ok()? })
    }

    /// In which unit it is that much money; `None` when it is another amount.
    pub fn unit_of(self, money: &Money) -> Option<Unit> {
        let scaled = |decimals: u32| {
            let factor = 10_i128.checked_pow(decimals.checked_sub(self.scale)?)?;
            self.digits.checked_mul(factor)
        };
        let (minor, major) = (scaled(0), scaled(money.decimals));
        let wanted = Some(i128::from(money.amount));
        match (minor == wanted, major == wanted) {
            (true, true) => Some(Unit::Either),
            (true, false) => Some(Unit::Minor),
            (false, true) => Some(Unit::Major),
            (false, false) => None,
        }
    }

    /// As the application wrote it.
    pub fn written(self) -> String {
        let digits = self.digits.unsigned_abs().to_string();
        let sign = if self.digits < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        format!("{sign}{whole}.{part}")
    }

    /// Both together; `None` when that would be too large.
    pub fn plus(self, other: Amount) -> Option<Amount> {
        let scale = self.scale.max(other.scale);
        let at = |a: Amount| a.digits.checked_mul(10_i128.checked_pow(scale - a.scale)?);
        let digits = at(self)?.checked_add(at(other)?)?;
        Some(Amount { digits, scale })
    }
}

/// The rows of a table made since then, newest first. One read, bounded as [`State::rows`] says.
pub async fn payments_since(
    state: &dyn State,
    table: &AppTable,
    since: Moment,
    limit: usize,
) -> Answered<AppPayment> {
    let ask = RowsAsk { since: Some(since), limit, ..RowsAsk::default() };
    Ok(told(Named::from(table).many(state, ask).await?, table))
}

/// The rows that hold one of these ids in one of the roles: `payment` → (`pi_…`). One look-up for each id whose role
/// the table has, at most twelve, at once; the answer says when there were more.
pub async fn payments_by_ids(
    state: &dyn State,
    table: &AppTable,
    ids: &BTreeMap<&'static str, BTreeSet<String>>,
) -> Answered<AppPayment> {
    let all: Vec<(&str, &String)> = ids
        .iter()
        .filter_map(|(role, ids)| Some((table.field(role)?, ids)))
        .flat_map(|(field, ids)| ids.iter().map(move |id| (field, id)))
        .collect();
    let named = &Named::from(table);
    let asked = all.iter().take(LOOK_UPS).map(|(field, id)| named.by_field(state, field, id, OF_ONE));
    let mut found = named.merged(future::join_all(asked).await)?;
    if all.len() > LOOK_UPS {
        let why = format!("looked for {LOOK_UPS} of {} ids in `{}`", all.len(), table.table);
        found.stopped.get_or_insert(crate::Stopped::Bound(why));
    }
    found.rows.sort_by_key(|row| std::cmp::Reverse(at(row, table)));
    Ok(told(found, table))
}

/// The rows in our words, and what could not be read in them.
fn told(found: Found<Row>, table: &AppTable) -> Found<AppPayment> {
    let mut found = found.map(|row| AppPayment::of(&row, table));
    for (role, what) in READ {
        let n = found.rows.iter().filter(|row| row.unread.iter().any(|unread| unread.role == role)).count();
        let Some(field) = table.field(role).filter(|_| n > 0) else { continue };
        let (rows, hold) = if n == 1 { ("row", "holds") } else { ("rows", "hold") };
        let (heading, field) = (table.heading(), visible(field));
        let note =
            format!("{n} {rows} of {heading} {hold} something in `{field}`, its `{role}`, that is {what}");
        found.notes.push(note);
    }
    found
}

/// Every text within a row that could be an id: by them rows refer to each other.
pub(super) fn references(row: &Row) -> BTreeSet<String> {
    fn walk(held: &Value, depth: usize, out: &mut BTreeSet<String>) {
        match held {
            Value::Object(fields) if depth > 0 => fields.values().for_each(|v| walk(v, depth - 1, out)),
            Value::Array(items) if depth > 0 => items.iter().for_each(|v| walk(v, depth - 1, out)),
            Value::String(_) | Value::Number(_) => out.extend(as_text(held).filter(|id| is_plain(id))),
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    walk(row.fields.as_value(), 3, &mut out);
    out
}

/// A list that nothing is in because nothing was looked for.
pub(super) fn none<T>() -> Found<T> {
    Found::all(Vec::new())
}

#[cfg(test)]
mod tests;
