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
