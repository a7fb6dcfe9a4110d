//! Numbers, durations and texts that must keep within bounds or pass a check.

use super::section::Section;
use jiff::SignedDuration;
use prodview_guard::Refused;
use prodview_tools::toml_file::{Said, quoted};
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::de::{DeInteger, DeValue};

impl Section<'_> {
    /// A whole number.
    pub(super) fn whole(&mut self, key: &'static str, bounds: RangeInclusive<usize>) -> Option<usize> {
        let value = self.take(key)?;
        let due = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let Some(number) = value.get_ref().as_integer() else {
            self.wrong_type(key, value, &due);
            return None;
        };
        // A number too large for i64 is out of bounds like any other.
        let fits = integer(number).and_then(|n| usize::try_from(n).ok()).filter(|n| bounds.contains(n));
        if fits.is_none() {
            let what = format!("{} is {}", self.label(key), quoted(&shown(number)));
            self.wrong(value.span().start, what, format!("it should be {due}"));
        }
        fits
    }

    /// A share of all: 0 to 1.
    pub(super) fn share(&mut self, key: &'static str) -> Option<f64> {
        const DUE: &str = "a number from 0 to 1, such as 0.98";
        let value = self.take(key)?;
        let (number, shown) = match value.get_ref() {
            DeValue::Integer(n) => (integer(n).map(|n| n as f64), shown(n)),
            DeValue::Float(n) => (n.as_str().parse().ok(), n.to_string()),
            _ => {
                self.wrong_type(key, value, DUE);
                return None;
            }
        };
        let fits = number.filter(|n| (0.0..=1.0).contains(n));
        if fits.is_none() {
            let what = format!("{} is {}", self.label(key), quoted(&shown));
            self.wrong(value.span().start, what, format!("it should be {DUE}"));
        }
        fits
    }

    /// A span of time, written `10s`, `500ms` or `2m`.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<Duration>,
        due: &str,
    ) -> Option<Duration> {
        let value = self.take(key)?;
        let said = self.text_of(key, value, due)?;
        let span = said.text.parse::<SignedDuration>().ok().map(Duration::try_from);
        let (what, fits) = match span {
            Some(Ok(span)) if bounds.contains(&span) => return Some(span),
            Some(_) => (format!("{} is {}", said.label, quoted(&said.text)), None),
            None => (format!("{} is {}, which is no duration", said.label, quoted(&said.text)), None),
        };
        self.wrong(said.at, what, format!("it should be {due}"));
        fits
    }

    /// A text that the guard has to accept, such as an origin or an id. `right` says what would be accepted.
    pub(super) fn accepted<T>(
        &self,
        said: Option<Said>,
        check: impl Fn(&str) -> Result<T, Refused>,
        right: &str,
    ) -> Option<String> {
        let said = said?;
        match check(&said.text) {
            Ok(_) => Some(said.text),
            // Refusals are in our words and never hold what was refused.
            Err(refused) => {
                self.wrong(said.at, format!("{} cannot be used: {refused}", said.label), right);
                None
            }
        }
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn shown(number: &DeInteger<'_>) -> String {
    integer(number).map_or_else(|| number.to_string(), |n| n.to_string())
}
