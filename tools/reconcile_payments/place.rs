//! Where a list of problems goes on: the same window, so that what is new meanwhile moves nothing.

use crate::ToolError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prodview_providers::Moment;

/// A window, and how many of its problems were shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) since: Moment,
    pub(super) until: Moment,
    pub(super) skip: usize,
}

impl Place {
    pub(super) fn write(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}.{}", self.since.epoch_s(), self.until.epoch_s(), self.skip))
    }

    pub(super) fn read(text: Option<&str>) -> Result<Option<Place>, ToolError> {
        let Some(text) = text else { return Ok(None) };
        let read = || {
            let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
            let mut parts = plain.splitn(3, '.');
            let mut moment = || Moment::from_epoch_s(parts.next()?.parse().ok()?);
            let (since, until) = (moment()?, moment()?);
            let skip = parts.next()?.parse().ok().filter(|n| *n <= 100_000)?;
            (since <= until && until <= Moment::now()).then_some(Place { since, until, skip })
        };
        read()
            .map(Some)
            .ok_or_else(|| ToolError::malformed("cursor", "is not one that an answer of this tool gave"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_nothing_else_is_one() {
        let until = Moment::from_epoch_s(1_763_629_964).unwrap();
        let place = Place { since: until.minus_s(86_400), until, skip: 20 };
        assert_eq!(Place::read(Some(&place.write())), Ok(Some(place)));
        assert_eq!(Place::read(None), Ok(None));
        for odd in ["", "x", &URL_SAFE_NO_PAD.encode("5.4.0"), &URL_SAFE_NO_PAD.encode("1.99999999999.0")] {
            assert!(Place::read(Some(odd)).is_err(), "{odd}");
        }
    }
}
