//! When a row was made: the column that tells it, however it is kept, and the bounds and the order by it.

use super::known::{Column, Known};
use super::migrations::moment;
use super::quoted;
use super::values::path_in;
use crate::Moment;
use prodview_guard::{Failure, FailureKind, visible};
use serde_json::{Map, Value, json};

/// Names of columns that tell when a row was made, without their spelling, the surest first.
const MADE: [&str; 12] = [
    "createdat",
    "created",
    "createdon",
    "createddate",
    "insertedat",
    "datecreated",
    "creationtime",
    "occurredat",
    "loggedat",
    "timestamp",
    "receivedat",
    "at",
];

/// Numbers below it are seconds since 1970 (until the year 5138), others milliseconds (from 1973 on).
const MILLISECONDS: i64 = 100_000_000_000;

/// A text that is a time, so that no cast of it can fail: the day is added apart, as the 31st of February is none.
const ISO: &str = "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
    ([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?( ?([Zz]|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?))?)?$";

/// How a column keeps a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Zoned,
    /// Without a zone: taken as UTC.
    Plain,
    Day,
    /// Seconds or milliseconds since 1970.
    Number,
    Text,
}

/// The column that tells when a row was made.
pub(super) struct Made {
    /// As it is asked for: a column, or a path into one that holds JSON.
    pub(super) name: String,
    /// The column itself, without a path.
    pub(super) column: Option<String>,
    pub(super) optional: bool,
    path: Vec<String>,
    left: String,
    clock: Clock,
}

impl Made {
    /// The column that `at` names, or the one that has the name of such a column. A failure when there is none of that
    /// name; nothing when it is of a type that tells no time.
    pub(super) fn of(table: &Known, at: Option<&str>) -> Result<Option<Made>, Failure> {
        let Some(at) = at else { return Ok(usual(table).and_then(Made::column)) };
        if let Some(column) = table.column(at) {
            return Ok(Made::column(column));
        }
        if let Some((column, path)) = path_in(table, at) {
            let left =
                format!("(r.{} #>> '{{{}}}')", quoted(&column.name), path.join(",").replace('\'', "''"));
            let path = std::iter::once(column.name.as_str()).chain(path).map(str::to_owned).collect();
            let made =
                Made { name: at.to_owned(), column: None, optional: true, path, left, clock: Clock::Text };
            return Ok(Some(made));
        }
        Err(Failure::new(FailureKind::Invalid, "no such column of time").hint(format!(
            "{} has no field `{}`, which was named as the one that tells when a row was made",
            table.shown_name(),
            visible(at)
        )))
    }

    fn column(column: &Column) -> Option<Made> {
        Some(Made {
            name: column.name.clone(),
            column: Some(column.name.clone()),
            optional: column.optional,
            path: vec![column.name.clone()],
            left: format!("r.{}", quoted(&column.name)),
            clock: clock(&column.base)?,
        })
    }

    /// The condition that a row was made since then (`>=`) or until then (`<=`).
    pub(super) fn bound(&self, op: &str, moment: Moment, params: &mut Vec<Value>) -> String {
        let left = &self.left;
        if self.clock == Clock::Number {
            // Written out, as a parameter would have to be of the column's own type, which may not hold milliseconds.
            let s = moment.epoch_s();
            let ms = moment.timestamp().as_millisecond();
            return format!(
                "({left} {op} {s} and {left} < {MILLISECONDS} or {left} >= {MILLISECONDS} and {left} {op} {ms})"
            );
        }
        params.push(json!(moment.timestamp().to_string()));
        let n = params.len();
        match self.clock {
            Clock::Plain => format!("{left} {op} ${n}::timestamptz at time zone 'UTC'"),
            Clock::Day => format!("{left} {op} ${n}::date"),
            Clock::Text => format!("{} {op} ${n}::timestamptz", self.ordered_by(false)),
            Clock::Zoned | Clock::Number => format!("{left} {op} ${n}::timestamptz"),
        }
    }

    /// What the rows are in order by. Texts are by the times they tell, and in a big table as texts, which an index has.
    pub(super) fn ordered_by(&self, big: bool) -> String {
        let left = &self.left;
        if self.clock != Clock::Text || big {
            return left.clone();
        }
        let text = format!("{left}::text");
        format!(
            "case when {text} ~ '{ISO}' then (left({text}, 8) || '01' || substr({text}, 11))::timestamptz \
             + (substr({text}, 9, 2)::int - 1) * interval '1 day' end"
        )
    }

    /// What must be said when rows are asked for by it.
    pub(super) fn note(&self) -> Option<String> {
        (self.clock == Clock::Text).then(|| {
            format!("`{}` holds texts: rows where it is no ISO time are left out", visible(&self.name))
        })
    }

    /// The time in a row.
    pub(super) fn of_row(&self, fields: &Map<String, Value>) -> Option<Moment> {
        let (first, rest) = self.path.split_first()?;
        match rest.iter().try_fold(fields.get(first)?, |value, part| value.get(part))? {
            Value::String(text) if self.clock != Clock::Number => told(text),
            Value::String(number) => of_number(number.parse().ok()?),
            Value::Number(number) => of_number(number.as_f64()?),
            _ => None,
        }
    }
}

/// The columns that hold a time of the database's own, by name: what one may ask by when none tells when a row was made.
pub(super) fn named(table: &Known) -> Vec<&str> {
    timed(table).map(|column| column.name.as_str()).collect()
}

/// Columns without a zone, whose times are taken as UTC.
pub(super) fn zoneless(table: &Known) -> Vec<String> {
    let plain = |column: &&Column| clock(&column.base) == Some(Clock::Plain);
    table.columns().iter().filter(plain).map(|column| column.name.clone()).collect()
}

/// A time without a zone, marked as UTC: unless it is no time (`infinity`), or of a year before Christ.
pub(super) fn mark_utc(time: &mut String) {
    if time.ends_with(|c: char| c.is_ascii_digit()) {
        time.push('Z');
    }
}

fn timed(table: &Known) -> impl Iterator<Item = &Column> {
    let is_time =
        |column: &&Column| matches!(clock(&column.base), Some(Clock::Zoned | Clock::Plain | Clock::Day));
    table.columns().iter().filter(is_time)
}

/// The column that has the name of one that tells when a row was made.
fn usual(table: &Known) -> Option<&Column> {
    let bare = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    MADE.iter().find_map(|name| timed(table).find(|column| bare(&column.name) == *name))
}

fn clock(base: &str) -> Option<Clock> {
    Some(match base {
        "timestamp with time zone" => Clock::Zoned,
        "timestamp without time zone" => Clock::Plain,
        "date" => Clock::Day,
        "integer" | "bigint" | "numeric" | "double precision" => Clock::Number,
        "text" | "character varying" | "character" | "citext" => Clock::Text,
        _ => return None,
    })
}

fn told(text: &str) -> Option<Moment> {
    moment(text).or_else(|| Moment::parse(&format!("{text}T00:00:00Z")))
}

fn of_number(number: f64) -> Option<Moment> {
    #[expect(clippy::cast_precision_loss, reason = "far below what a float holds exactly")]
    let seconds = number.abs() < MILLISECONDS as f64;
    Moment::from_epoch_ms(if seconds { number * 1_000.0 } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_gets_no_zone() {
        for (time, due) in [
            ("2026-02-01T00:00:00", "2026-02-01T00:00:00Z"),
            ("2026-02-01T00:00:00.123", "2026-02-01T00:00:00.123Z"),
            ("infinity", "infinity"),
            ("-infinity", "-infinity"),
            ("0044-03-15T00:00:00 BC", "0044-03-15T00:00:00 BC"),
        ] {
            let mut marked = time.to_owned();
            mark_utc(&mut marked);
            assert_eq!(marked, due);
        }
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart_by_their_size() {
        for number in [1_763_629_964.0, 1_763_629_964_123.0] {
            assert_eq!(of_number(number).map(|m| m.to_string()).as_deref(), Some("2025-11-20T09:12:44Z"));
        }
    }
}
