//! Where a page ends: the place of its last line in the order, and the window that the first page was asked with.
//!
//! The next page is made from the same window and begins behind that place. So no line is lost or shown twice when
//! several share a moment, and none that happened in the meantime moves the others.

use super::line::{Key, Line};
use crate::ToolError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prodview_providers::Moment;
use serde::{Deserialize, Serialize};

/// A place in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The key of the last line shown.
    k: Key,
    /// The window, in milliseconds since 1970.
    f: i64,
    u: i64,
}

impl Place {
    /// The place of a line.
    pub(super) fn at(line: &Line, since: Moment, until: Moment) -> Place {
        let ms = |moment: Moment| moment.timestamp().as_millisecond();
        Place { k: line.key(), f: ms(since), u: ms(until) }
    }

    /// Reads the argument `cursor`.
    pub(super) fn read(text: Option<&str>) -> Result<Option<Place>, ToolError> {
        let Some(text) = text else { return Ok(None) };
        let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.map(Some).ok_or_else(wrong)
    }

    /// The value for the next call.
    pub(super) fn write(&self) -> Option<String> {
        serde_json::to_vec(self).ok().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The window of the first page.
    pub(super) fn window(&self) -> Result<(Moment, Moment), ToolError> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact")]
        let moment = |ms: i64| Moment::from_epoch_ms(ms as f64);
        // A page's end may lie a little later than the millisecond it was written with.
        moment(self.f).zip(moment(self.u.saturating_add(1))).ok_or_else(wrong)
    }

    /// Whether a line comes after this place.
    pub(super) fn is_before(&self, line: &Line) -> bool {
        line.key() < self.k
    }
}

fn wrong() -> ToolError {
    ToolError::malformed("cursor", "is not one that an answer of this tool gave")
}

#[cfg(test)]
mod tests {
    use super::super::line::{Kind, in_order, rank, together};
    use super::*;
    use prodview_guard::Foreign;
    use proptest::prelude::*;

    fn line(ms: i64, rank: u8, id: u16) -> Line {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let at = Moment::from_epoch_ms((1_763_629_964_000 + ms) as f64).unwrap();
        Line {
            at,
            source: "db".to_owned(),
            kind: Kind::App,
            id: format!("r{id}"),
            what: Foreign::new("said"),
            whose: None,
            also: Vec::new(),
            url: None,
            rank,
            repeats: rank == rank::AUDIT,
        }
    }

    proptest! {
        /// Hundreds of lines, many of one moment: pages of any size are the whole list, each line once.
        #[test]
        fn pages_are_the_whole_list(
            rows in prop::collection::vec((0_i64..4_000, 0_u8..9, 0_u16..40), 0..400),
            limit in 1_usize..60,
        ) {
            let mut all: Vec<Line> = rows.into_iter().map(|(ms, rank, id)| line(ms, rank, id)).collect();
            in_order(&mut all);
            let all = together(all);
            let (since, until) = (all.last().map_or_else(Moment::now, |l| l.at), Moment::now());
            let (mut seen, mut place): (Vec<Key>, Option<Place>) = (Vec::new(), None);
            loop {
                let rest: Vec<&Line> = all.iter().filter(|l| place.as_ref().is_none_or(|p| p.is_before(l))).collect();
                let mut page = rest.iter().take(limit);
                seen.extend(page.clone().map(|l| l.key()));
                let Some(last) = page.next_back().filter(|_| rest.len() > limit) else { break };
                let written = Place::at(last, since, until).write().unwrap();
                let read = Place::read(Some(&written)).unwrap().unwrap();
                let (from, _) = read.window().unwrap();
                prop_assert!(from <= since);
                place = Some(read);
            }
            let due: Vec<Key> = all.iter().map(Line::key).collect();
            prop_assert_eq!(&seen, &due);
            prop_assert!(due.windows(2).all(|pair| pair[0] > pair[1]));
        }
    }

    #[test]
    fn of_one_second_the_effect_stands_above_its_cause_whatever_the_milliseconds_say() {
        let mut all = vec![
            line(900, rank::PAYMENT, 1),
            line(0, rank::EVENT, 2),
            line(450, rank::APP_PAYMENT, 3),
            line(1_000, rank::PAYMENT, 4),
        ];
        in_order(&mut all);
        assert_eq!(all.iter().map(|l| l.id.as_str()).collect::<Vec<_>>(), ["r4", "r3", "r2", "r1"]);
    }

    #[test]
    fn what_is_no_cursor_of_ours_is_refused() {
        for text in ["", "e30", "bnVsbA", "nonsense!", "eyJrIjpbXX0"] {
            assert!(Place::read(Some(text)).is_err(), "{text}");
        }
        assert_eq!(Place::read(None).unwrap(), None);
    }
}
