//! Casts: to the types that PostgreSQL brings itself. A type of the application's own may run code of its own.

use super::bounds::short;
use super::{Walk, refused};
use crate::Refused;
use sqlparser::ast::{ArrayElemTypeDef, CharacterLength, DataType, ObjectName, TimezoneInfo};

/// Types that the parser has no name for. Those that begin with `reg` look a name up in the catalogue; they change
/// and lock nothing.
const NAMED: &str = " name oid bpchar timetz timestamptz inet cidr macaddr macaddr8 money pg_lsn tid xid xid8 cid jsonpath xml \
    int2vector oidvector regclass regproc regprocedure regoper regoperator regtype regrole regnamespace regconfig \
    regdictionary regcollation pg_snapshot int4range int8range numrange tsrange tstzrange daterange int4multirange \
    int8multirange nummultirange tsmultirange tstzmultirange datemultirange bool int2 int4 int8 float4 float8 \
    varchar text bytea uuid json jsonb date time timestamp interval numeric varbit bit tsvector tsquery point box circle lseg path polygon line ";

impl Walk<'_> {
    pub(super) fn cast(&self, to: &DataType) -> Result<(), Refused> {
        let other = "is not a type that may be cast to; use PostgreSQL's own, and compare a value of your own type \
                     with a plain literal or as text";
        match to {
            DataType::Character(Some(length))
            | DataType::Char(Some(length))
            | DataType::CharacterVarying(Some(length))
            | DataType::CharVarying(Some(length))
            | DataType::Varchar(Some(length)) => match length {
                CharacterLength::IntegerLength { length, unit: None } => short(to, *length),
                CharacterLength::IntegerLength { length: _, unit: Some(_) } | CharacterLength::Max => {
                    refused(to, other)
                }
            },
            DataType::Bit(Some(length))
            | DataType::BitVarying(Some(length))
            | DataType::VarBit(Some(length)) => short(to, *length),
            DataType::Character(None)
            | DataType::Char(None)
            | DataType::CharacterVarying(None)
            | DataType::CharVarying(None)
            | DataType::Varchar(None)
            | DataType::Bit(None)
            | DataType::BitVarying(None)
            | DataType::VarBit(None)
            | DataType::Uuid
            | DataType::Numeric(_)
            | DataType::Decimal(_)
            | DataType::Dec(_)
            | DataType::Float(_)
            | DataType::Int2(None)
            | DataType::SmallInt(None)
            | DataType::Int(None)
            | DataType::Int4(None)
            | DataType::Int8(None)
            | DataType::Integer(None)
            | DataType::BigInt(None)
            | DataType::Float4
            | DataType::Float8
            | DataType::Real
            | DataType::DoublePrecision
            | DataType::Bool
            | DataType::Boolean
            | DataType::Date
            | DataType::Time(
                _,
                TimezoneInfo::None
                | TimezoneInfo::WithTimeZone
                | TimezoneInfo::WithoutTimeZone
                | TimezoneInfo::Tz,
            )
            | DataType::Timestamp(
                _,
                TimezoneInfo::None
                | TimezoneInfo::WithTimeZone
                | TimezoneInfo::WithoutTimeZone
                | TimezoneInfo::Tz,
            )
            | DataType::Interval { fields: _, precision: _ }
            | DataType::JSON
            | DataType::JSONB
            | DataType::Regclass
            | DataType::Text
            | DataType::Bytea
            | DataType::GeometricType(_)
            | DataType::TsVector
            | DataType::TsQuery => Ok(()),
            DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => self.cast(element),
            DataType::Custom(name, arguments) => {
                if arguments.is_empty() && self.named(name)? {
                    Ok(())
                } else {
                    refused(to, other)
                }
            }
            _ => refused(to, other),
        }
    }

    fn named(&self, name: &ObjectName) -> Result<bool, Refused> {
        let known = |word: &str| NAMED.split_ascii_whitespace().any(|w| w == word);
        let parts = self.parts(name)?;
        Ok(match parts.as_slice() {
            [one] if one.quote_style.is_some() => one.value == "char",
            [one] => known(&one.value.to_ascii_lowercase()),
            [schema, one] if schema.quote_style.is_none() && one.quote_style.is_none() => {
                schema.value.eq_ignore_ascii_case("pg_catalog") && known(&one.value.to_ascii_lowercase())
            }
            _ => false,
        })
    }
}
