//! Expressions: every kind that PostgreSQL has, and everything within it.

use super::calls::rounding;
use super::names::plain;
use super::{Walk, refused};
use crate::Refused;
use sqlparser::ast::{
    AccessExpr, Array, CaseWhen, CastKind, CeilFloorKind, DateTimeField, Expr, ExtractSyntax, Interval,
    Subscript, TypedString, UnaryOperator, Value, ValueWithSpan,
};

/// Writes `ceil(x)`, `floor(x)`, `substring(x, …)` and `substr(x, …)`, for which the parser has forms of its own, so that
/// PostgreSQL takes its own function, and not one of that name that the application has.
fn of_postgres(expr: &mut Expr) {
    let plain =
        |field: &CeilFloorKind| matches!(field, CeilFloorKind::DateTimeField(DateTimeField::NoDateTime));
    match expr {
        Expr::Ceil { expr: of, field } if plain(field) => *expr = Expr::Function(rounding("ceil", of)),
        Expr::Floor { expr: of, field } if plain(field) => *expr = Expr::Function(rounding("floor", of)),
        // With FROM or FOR, PostgreSQL looks into its own schema alone.
        Expr::Substring { expr: _, substring_from: Some(_), substring_for: _, special, shorthand } => {
            (*special, *shorthand) = (false, false);
        }
        _ => {}
    }
}

impl Walk<'_> {
    pub(super) fn expr(&mut self, expr: &mut Expr) -> Result<(), Refused> {
        of_postgres(expr);
        match expr {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(parts) => {
                let Some((first, rest)) = parts.split_first() else { return Ok(()) };
                self.name(first)?;
                rest.iter().try_for_each(|part| self.attribute(part))
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.expr(root)?;
                access_chain.iter_mut().try_for_each(|access| self.access(access))
            }
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Nested(inner)
            | Expr::IsJson { expr: inner, kind: _, unique_keys: _, negated: _ }
            | Expr::IsNormalized { expr: inner, form: _, negated: _ } => self.expr(inner),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.expr(left)?;
                self.expr(right)
            }
            Expr::InList { expr, list, negated: _ } => {
                self.expr(expr)?;
                self.exprs(list)
            }
            Expr::InSubquery { expr, subquery, negated: _ } => {
                self.expr(expr)?;
                self.query(subquery)
            }
            Expr::Between { expr, negated: _, low, high } => {
                self.expr(expr)?;
                self.expr(low)?;
                self.expr(high)
            }
            Expr::BinaryOp { left, op, right } => {
                self.operator(op)?;
                self.expr(left)?;
                self.expr(right)
            }
            Expr::Like { negated: _, any: _, expr, pattern, escape_char }
            | Expr::ILike { negated: _, any: _, expr, pattern, escape_char }
            | Expr::SimilarTo { negated: _, expr, pattern, escape_char } => {
                self.expr(expr)?;
                self.expr(pattern)?;
                self.boxed(escape_char)
            }
            Expr::AnyOp { left, compare_op, right, is_some: _ } | Expr::AllOp { left, compare_op, right } => {
                self.operator(compare_op)?;
                self.expr(left)?;
                self.expr(right)
            }
            Expr::UnaryOp { op, expr } => {
                self.sign(*op)?;
                // Two signs side by side would be read as one operator, or as a comment.
                if !matches!(op, UnaryOperator::Not)
                    && matches!(expr.as_ref(), Expr::UnaryOp { op: _, expr: _ })
                {
                    return refused(expr, "is one sign behind another; put it into parentheses");
                }
                self.expr(expr)
            }
            Expr::Cast { kind, expr, data_type, format } => {
                if !matches!(kind, CastKind::Cast | CastKind::DoubleColon) || format.is_some() {
                    return refused(
                        data_type,
                        "is cast to in a way that PostgreSQL does not have; write cast(… as …)",
                    );
                }
                self.cast(data_type)?;
                self.expr(expr)
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                self.expr(timestamp)?;
                self.expr(time_zone)
            }
            Expr::Extract { field, syntax, expr } => {
                match syntax {
                    ExtractSyntax::From => {}
                    ExtractSyntax::Comma => {
                        return refused(field, "is extracted with a comma; write extract(… from …)");
                    }
                }
                self.field(field)?;
                self.expr(expr)
            }
            // The other forms were made calls above.
            Expr::Ceil { expr, field: _ } | Expr::Floor { expr, field: _ } => {
                refused(expr, "is rounded in a way that PostgreSQL does not have; use date_trunc or round")
            }
            Expr::Position { expr, r#in } => {
                self.expr(expr)?;
                self.expr(r#in)
            }
            // PostgreSQL itself takes its own function for this form, with FROM or FOR.
            Expr::Substring { expr, substring_from, substring_for, special: false, shorthand: false } => {
                self.expr(expr)?;
                self.boxed(substring_from)?;
                self.boxed(substring_for)
            }
            Expr::Trim { trim_where: _, trim_what, expr, trim_characters } => {
                self.boxed(trim_what)?;
                self.exprs(trim_characters.as_deref_mut().unwrap_or_default())?;
                self.expr(expr)
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.expr(expr)?;
                self.expr(overlay_what)?;
                self.expr(overlay_from)?;
                self.boxed(overlay_for)
            }
            Expr::Collate { expr, collation } => {
                self.parts(collation)?;
                self.expr(expr)
            }
            Expr::Value(value) => self.value(value),
            Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false }) => {
                self.cast(data_type)?;
                self.value(value)
            }
            Expr::Function(function) => self.function(function),
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.boxed(operand)?;
                for CaseWhen { condition, result } in conditions {
                    self.expr(condition)?;
                    self.expr(result)?;
                }
                self.boxed(else_result)
            }
            Expr::Exists { subquery, negated: _ } | Expr::Subquery(subquery) => self.query(subquery),
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                sets.iter_mut().try_for_each(|set| self.exprs(set))
            }
            Expr::Tuple(exprs) => self.exprs(exprs),
            Expr::Array(Array { elem, named: true }) => self.elements(elem),
            Expr::Interval(interval) => self.interval(interval),
            Expr::Array(Array { elem: _, named: false })
            | Expr::TypedString(TypedString { data_type: _, value: _, uses_odbc_syntax: true })
            | Expr::JsonAccess { value: _, path: _ }
            | Expr::InUnnest { expr: _, array_expr: _, negated: _ }
            | Expr::RLike { negated: _, expr: _, pattern: _, regexp: _ }
            | Expr::Convert {
                is_try: _,
                expr: _,
                data_type: _,
                charset: _,
                target_before_value: _,
                styles: _,
            }
            | Expr::Substring { expr: _, substring_from: _, substring_for: _, special: _, shorthand: _ }
            | Expr::Prefixed { prefix: _, value: _ }
            | Expr::Struct { values: _, fields: _ }
            | Expr::Named { expr: _, name: _ }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::MatchAgainst { columns: _, match_value: _, opt_search_modifier: _ }
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..)
            | Expr::OuterJoin(_)
            | Expr::Prior(_)
            | Expr::Lambda(_)
            | Expr::MemberOf(_) => {
                refused(expr, "is not an expression of PostgreSQL; write it in PostgreSQL's own SQL")
            }
        }
    }

    fn boxed(&mut self, expr: &mut Option<Box<Expr>>) -> Result<(), Refused> {
        expr.as_mut().map_or(Ok(()), |expr| self.expr(expr))
    }

    /// Within `array[…]`, a bare `[…]` is a row of it.
    fn elements(&mut self, elements: &mut [Expr]) -> Result<(), Refused> {
        elements.iter_mut().try_for_each(|element| match element {
            Expr::Array(Array { elem, named: false }) => self.elements(elem),
            other => self.expr(other),
        })
    }

    fn access(&mut self, access: &mut AccessExpr) -> Result<(), Refused> {
        match access {
            AccessExpr::Dot(Expr::Identifier(name)) => self.attribute(name),
            AccessExpr::Dot(other) => refused(other, "stands behind a dot; only the name of a field may"),
            AccessExpr::Subscript(Subscript::Index { index }) => self.expr(index),
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride: None }) => {
                self.some(lower_bound)?;
                self.some(upper_bound)
            }
            AccessExpr::Subscript(
                slice @ Subscript::Slice { lower_bound: _, upper_bound: _, stride: Some(_) },
            ) => refused(slice, "has a third bound, which PostgreSQL does not have"),
        }
    }

    pub(super) fn value(&mut self, value: &ValueWithSpan) -> Result<(), Refused> {
        match &value.value {
            Value::Number(_, false) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => {
                Ok(())
            }
            Value::Placeholder(name) if name.starts_with('$') => Ok(()),
            Value::Number(_, true)
            | Value::Placeholder(_)
            | Value::DollarQuotedString(_)
            | Value::TripleSingleQuotedString(_)
            | Value::TripleDoubleQuotedString(_)
            | Value::EscapedStringLiteral(_)
            | Value::UnicodeStringLiteral(_)
            | Value::SingleQuotedByteStringLiteral(_)
            | Value::DoubleQuotedByteStringLiteral(_)
            | Value::TripleSingleQuotedByteStringLiteral(_)
            | Value::TripleDoubleQuotedByteStringLiteral(_)
            | Value::SingleQuotedRawStringLiteral(_)
            | Value::DoubleQuotedRawStringLiteral(_)
            | Value::TripleSingleQuotedRawStringLiteral(_)
            | Value::TripleDoubleQuotedRawStringLiteral(_)
            | Value::NationalStringLiteral(_)
            | Value::QuoteDelimitedStringLiteral(_)
            | Value::NationalQuoteDelimitedStringLiteral(_)
            | Value::HexStringLiteral(_)
            | Value::DoubleQuotedString(_) => {
                refused(value, "is not a literal that is read; write '…' or a number")
            }
        }
    }

    fn interval(&mut self, interval: &mut Interval) -> Result<(), Refused> {
        let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } =
            interval;
        if leading_precision.is_some() || fractional_seconds_precision.is_some() {
            return refused(interval, "has a precision; write interval '…'");
        }
        for field in [leading_field, last_field].into_iter().flatten() {
            self.field(field)?;
        }
        match value.as_ref() {
            Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(_), span: _ }) => Ok(()),
            _ => refused(interval, "needs a literal; write interval '1 day', or $1 * interval '1 day'"),
        }
    }

    /// A field of a date: a word, known or not. PostgreSQL reads it as a text and refuses what it does not know.
    fn field(&self, field: &DateTimeField) -> Result<(), Refused> {
        match field {
            DateTimeField::Custom(name)
                if plain(name).bytes().all(|b| b.is_ascii_lowercase() || b == b'_') =>
            {
                self.label(name)
            }
            DateTimeField::Custom(_) | DateTimeField::Week(Some(_)) | DateTimeField::NoDateTime => refused(
                field,
                "is no field of a date; write year, month, day, hour, minute, second, epoch, …",
            ),
            DateTimeField::Week(None)
            | DateTimeField::Year
            | DateTimeField::Years
            | DateTimeField::Month
            | DateTimeField::Months
            | DateTimeField::Weeks
            | DateTimeField::Day
            | DateTimeField::DayOfWeek
            | DateTimeField::DayOfYear
            | DateTimeField::Days
            | DateTimeField::Date
            | DateTimeField::Datetime
            | DateTimeField::Hour
            | DateTimeField::Hours
            | DateTimeField::Minute
            | DateTimeField::Minutes
            | DateTimeField::Second
            | DateTimeField::Seconds
            | DateTimeField::Century
            | DateTimeField::Decade
            | DateTimeField::Dow
            | DateTimeField::Doy
            | DateTimeField::Epoch
            | DateTimeField::Isodow
            | DateTimeField::Isoyear
            | DateTimeField::IsoWeek
            | DateTimeField::Julian
            | DateTimeField::Microsecond
            | DateTimeField::Microseconds
            | DateTimeField::Millenium
            | DateTimeField::Millennium
            | DateTimeField::Millisecond
            | DateTimeField::Milliseconds
            | DateTimeField::Nanosecond
            | DateTimeField::Nanoseconds
            | DateTimeField::Quarter
            | DateTimeField::Time
            | DateTimeField::Timezone
            | DateTimeField::TimezoneAbbr
            | DateTimeField::TimezoneHour
            | DateTimeField::TimezoneMinute
            | DateTimeField::TimezoneRegion => Ok(()),
        }
    }
}
