//! A moment: a UTC time, RFC 3339 with `Z`. Providers' epoch seconds, milliseconds and texts end here.

use jiff::{Timestamp, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// A UTC time, kept to the millisecond, written to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Timestamp);

impl Moment {
    /// Now.
    pub fn now() -> Moment {
        Moment(Timestamp::now())
    }

    /// From seconds since 1970 (Stripe). `None` when out of range.
    pub fn from_epoch_s(seconds: i64) -> Option<Moment> {
        Timestamp::from_second(seconds).ok().map(Moment)
    }

    /// From milliseconds since 1970, which may have a fraction (Convex `_creationTime`).
    pub fn from_epoch_ms(ms: f64) -> Option<Moment> {
        if !ms.is_finite() || ms.abs() > 8.64e15 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded above; the fraction of a millisecond is dropped"
        )]
        Timestamp::from_millisecond(ms as i64).ok().map(Moment)
    }

    /// From a text with a date, a time and an offset (Sentry; RFC 3339).
    pub fn parse(text: &str) -> Option<Moment> {
        text.trim().parse::<Timestamp>().ok().map(Moment)
    }

    /// The instant.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Seconds since 1970.
    pub fn epoch_s(self) -> i64 {
        self.0.as_second()
    }

    /// Seconds from `self` to `later`; negative when `later` is earlier.
    pub fn seconds_until(self, later: Moment) -> i64 {
        later.0.as_second() - self.0.as_second()
    }

    /// This moment less so many seconds; the earliest time there is when it would be before that.
    pub fn minus_s(self, seconds: i64) -> Moment {
        Moment(self.0.checked_sub(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Trunc);
        write!(f, "{}", self.0.round(second).unwrap_or(self.0))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_time_formats_become_one() {
        for moment in [
            Moment::from_epoch_s(1_763_629_964),
            Moment::from_epoch_ms(1_763_629_964_123.4),
            Moment::parse("2025-11-20T09:12:44Z"),
            Moment::parse("2025-11-20T09:12:44.999999Z"),
            Moment::parse("2025-11-20T10:12:44+01:00"),
        ] {
            assert_eq!(moment.map(|m| m.to_string()).as_deref(), Some("2025-11-20T09:12:44Z"));
        }
        assert_eq!(Moment::from_epoch_ms(f64::NAN), None);
        assert_eq!(Moment::from_epoch_s(i64::MAX), None);
        assert_eq!(Moment::parse("yesterday"), None);
    }
}
