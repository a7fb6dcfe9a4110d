//! Bounds on arguments: what would make much out of little, and settings that could tell a secret.
//!
//! They keep honest mistakes small. What a determined asker can still cost is for the database's own limits.

use super::calls::given;
use super::functions::Rule;
use super::{Walk, refused, shown};
use crate::Refused;
use jiff::civil::Date;
use sqlparser::ast::{
    Array, BinaryOperator, DataType, Expr, FunctionArg, FunctionArguments, Interval, ObjectName, TypedString,
    UnaryOperator, Value, ValueWithSpan,
};

/// The most steps of one series.
const MAX_STEPS: u64 = 100_000;
/// The most rows that all series of a statement make when they are joined.
const MAX_ROWS: u64 = 1_000_000;
/// The longest text or array that is filled up.
const MAX_LENGTH: u64 = 10_000;
/// How many times longer all repetitions together may make a text.
const MAX_GROWTH: u64 = 10_000_000;

/// Settings that say how the server behaves, and none that could hold a password, a path or a command.
const SETTINGS: &str = " application_name autovacuum autovacuum_freeze_max_age autovacuum_max_workers \
    autovacuum_naptime autovacuum_vacuum_cost_limit autovacuum_vacuum_scale_factor autovacuum_vacuum_threshold \
    block_size checkpoint_completion_target checkpoint_timeout client_encoding cpu_tuple_cost datestyle \
    deadlock_timeout default_statistics_target default_transaction_isolation default_transaction_read_only \
    effective_cache_size effective_io_concurrency fsync full_page_writes hot_standby hot_standby_feedback \
    idle_in_transaction_session_timeout idle_session_timeout in_hot_standby intervalstyle jit lc_collate lc_ctype \
    lc_monetary lc_numeric lc_time lock_timeout log_min_duration_statement maintenance_work_mem max_connections \
    max_locks_per_transaction max_parallel_workers max_parallel_workers_per_gather max_replication_slots \
    max_standby_streaming_delay max_wal_senders max_wal_size max_worker_processes min_wal_size \
    password_encryption random_page_cost reserved_connections search_path seq_page_cost server_encoding \
    server_version server_version_num shared_buffers shared_preload_libraries standard_conforming_strings \
    statement_timeout superuser_reserved_connections synchronous_commit temp_buffers temp_file_limit timezone \
    track_activities track_counts track_functions track_io_timing transaction_isolation transaction_read_only \
    transaction_timeout vacuum_freeze_min_age wal_buffers wal_level work_mem ";

impl Walk<'_> {
    pub(super) fn bounded(
        &mut self,
        rule: Rule,
        name: &ObjectName,
        args: &[FunctionArg],
    ) -> Result<(), Refused> {
        if matches!(rule, Rule::Any | Rule::Word | Rule::Value) {
            return Ok(());
        }
        let Some(args) = args.iter().map(given).collect::<Option<Vec<_>>>() else {
            return refused(name, "takes its arguments by position here");
        };
        match (rule, args.as_slice()) {
            (Rule::Series, [from, to, rest @ ..]) => self.series(name, (from, to), rest.first().copied()),
            (Rule::Repeat, [_, times]) => {
                let times = length(name, times)?;
                self.growth = self.growth.saturating_mul(times.max(1));
                if self.growth > MAX_GROWTH {
                    return refused(
                        name,
                        "makes too much of a text, with the other repetitions; repeat it less often",
                    );
                }
                Ok(())
            }
            (Rule::Length, [_, to, ..]) => length(name, to).map(drop),
            (Rule::Fill, [_, Expr::Array(Array { elem, named: _ }), ..]) => {
                let mut size = 1_u64;
                for side in elem {
                    size = size.saturating_mul(length(name, side)?);
                }
                if size > MAX_LENGTH { too_long(name) } else { Ok(()) }
            }
            (Rule::Fill, _) => too_long(name),
            (Rule::Format, [pattern, ..]) => format(name, pattern),
            (Rule::Setting, [setting, ..]) => match text(setting) {
                Some(setting)
                    if SETTINGS.split_ascii_whitespace().any(|s| s.eq_ignore_ascii_case(setting)) =>
                {
                    Ok(())
                }
                Some(setting) => refused(&setting, "is not among the settings that may be read"),
                None => {
                    refused(name, "needs the name of a setting as a literal: current_setting('work_mem')")
                }
            },
            _ => refused(name, "is given too few arguments"),
        }
    }

    fn series(
        &mut self,
        name: &ObjectName,
        (from, to): (&Expr, &Expr),
        step: Option<&Expr>,
    ) -> Result<(), Refused> {
        let steps = match (number(from), number(to), step.map_or(Some(1.0), number)) {
            (Some(from), Some(to), Some(step)) => {
                if step == 0.0 {
                    return refused(name, "has a step of 0; count in steps of 1");
                }
                Some(((to - from) / step).max(0.0))
            }
            _ => match step.and_then(seconds) {
                Some(seconds) if seconds < 1.0 => {
                    return refused(
                        name,
                        "has steps shorter than a second; write interval '1 minute' or longer",
                    );
                }
                Some(seconds) => match (day(from), day(to)) {
                    (Some(from), Some(to)) => Some(days_between(from, to) * 86_400.0 / seconds),
                    _ => None,
                },
                None => {
                    let known = |expr: &Expr| number(expr).is_some() || varies(expr);
                    if !known(from) || !known(to) || !step.is_none_or(known) {
                        return refused(
                            name,
                            "runs between values that cannot be judged; write plain numbers, columns or parameters, \
                             and for dates a step such as interval '1 hour'",
                        );
                    }
                    None
                }
            },
        };
        let Some(steps) = steps else { return Ok(()) };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates, as it should"
        )]
        let rows = steps as u64 + 1;
        self.rows = self.rows.saturating_mul(rows);
        if rows > MAX_STEPS + 1 || self.rows > MAX_ROWS {
            return refused(
                name,
                &format!(
                    "makes {rows} rows; at most {MAX_STEPS} a series, and {MAX_ROWS} where they are joined, are allowed"
                ),
            );
        }
        Ok(())
    }
}

fn too_long<T>(name: &ObjectName) -> Result<T, Refused> {
    refused(name, &format!("needs a length that is a plain number up to {MAX_LENGTH}"))
}

fn length(name: &ObjectName, expr: &Expr) -> Result<u64, Refused> {
    let length = match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(digits, _), span: _ }) => digits.parse().ok(),
        _ => None,
    };
    length.filter(|length| *length <= MAX_LENGTH).map_or_else(|| too_long(name), Ok)
}

/// A pattern of `format` may not ask for a width: a width is a length that nobody sees.
fn format(name: &ObjectName, pattern: &Expr) -> Result<(), Refused> {
    let plain = text(pattern).is_some_and(|pattern| {
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            if c == '%' && !matches!(chars.next(), Some('s' | 'I' | 'L' | '%')) {
                return false;
            }
        }
        true
    });
    if plain { Ok(()) } else { refused(name, "needs a literal pattern of %s, %I, %L and %% only") }
}

/// A plain literal text, also as the name of a type before it or behind it.
fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), span: _ })
        | Expr::TypedString(TypedString {
            value: ValueWithSpan { value: Value::SingleQuotedString(text), span: _ },
            data_type: _,
            uses_odbc_syntax: _,
        }) => Some(text),
        Expr::Cast { kind: _, expr, data_type: _, format: _ } => text(expr),
        Expr::Nested(inner) => text(inner),
        _ => None,
    }
}

/// A plain literal number.
fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(digits, _), span: _ }) => digits.parse().ok(),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => number(expr).map(|n| -n),
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } | Expr::Nested(expr) => number(expr),
        Expr::Cast { kind: _, expr, data_type, format: _ }
            if !matches!(data_type, DataType::Date | DataType::Interval { .. }) =>
        {
            number(expr).or_else(|| text(expr)?.trim().parse().ok())
        }
        _ => None,
    }
}

/// Whether the value comes from the rows or from a parameter, so that no length can be read off it.
fn varies(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Subquery(_) => true,
        Expr::Value(ValueWithSpan { value: Value::Placeholder(_), span: _ }) => true,
        Expr::Nested(inner)
        | Expr::Cast { kind: _, expr: inner, data_type: _, format: _ }
        | Expr::UnaryOp { op: _, expr: inner } => varies(inner),
        // A column times a literal may be anything; a little more or less than a column may not.
        Expr::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, right } => {
            let known = |expr: &Expr| varies(expr) || number(expr).is_some_and(|n| n.abs() <= 100_000.0);
            known(left) && known(right)
        }
        Expr::Function(function) => match &function.args {
            FunctionArguments::List(list) => list.args.iter().any(|arg| given(arg).is_none_or(varies)),
            FunctionArguments::None | FunctionArguments::Subquery(_) => true,
        },
        _ => false,
    }
}

/// The length of a literal interval. Months count 28 days: too short is the safe side.
fn seconds(expr: &Expr) -> Option<f64> {
    let literal = match expr {
        Expr::Interval(Interval {
            value,
            leading_field,
            leading_precision: _,
            last_field: None,
            fractional_seconds_precision: _,
        }) => match leading_field {
            None => text(value)?.to_owned(),
            Some(field) => format!("{} {field}", text(value)?),
        },
        Expr::Cast { kind: _, expr, data_type: DataType::Interval { .. }, format: _ } => {
            text(expr)?.to_owned()
        }
        // `'1 day'` alone becomes an interval by the other arguments.
        other => text(other)?.to_owned(),
    };
    let mut total = 0.0;
    let mut words = literal.split_ascii_whitespace();
    while let Some(word) = words.next() {
        if let Some((hours, rest)) = word.split_once(':') {
            let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
            let part = |text: &str| text.parse::<f64>().ok();
            total += part(hours)? * 3600.0 + part(minutes)? * 60.0 + part(seconds)?;
            continue;
        }
        let split = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (count, unit) = word.split_at(split);
        let unit = if unit.is_empty() { words.next()? } else { unit };
        let unit = match unit.to_ascii_lowercase().trim_end_matches('s') {
            "second" | "sec" => 1.0,
            "minute" | "min" => 60.0,
            "hour" | "hr" | "h" => 3600.0,
            "day" | "d" => 86_400.0,
            "week" | "w" => 604_800.0,
            "month" | "mon" => 28.0 * 86_400.0,
            "year" | "y" => 365.0 * 86_400.0,
            _ => return None,
        };
        total += count.parse::<f64>().ok()? * unit;
    }
    // A series may run backwards.
    Some(total.abs())
}

/// The day a literal moment begins with.
fn day(expr: &Expr) -> Option<Date> {
    text(expr)?.trim().get(..10)?.parse().ok()
}

fn days_between(from: Date, to: Date) -> f64 {
    let days = from.until(to).map_or(i32::MAX, |span| span.get_days());
    f64::from(days).abs() + 1.0
}

/// So that the length of a text type is no way around the bound on lengths.
pub(super) fn short(of: &DataType, length: u64) -> Result<(), Refused> {
    if length <= MAX_LENGTH {
        return Ok(());
    }
    Err(Refused::because(format!("{} is longer than {MAX_LENGTH}; use text", shown(&of.to_string()))))
}
