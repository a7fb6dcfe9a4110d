//! Pages, and the `Link` header that leads from one to the next.

use super::reply::{Problem, Reply};
use crate::gate::Ask;
use crate::{Service, Shared};
use serde_json::Value;

/// The most rows of a page, and how many there are unless fewer are asked for.
const ROWS_MAX: usize = 100;

/// Which part of a list is asked for.
pub(super) struct Page {
    start: usize,
    rows: usize,
}

impl Page {
    /// As most lists read it: `per_page`, which must not exceed 100.
    pub(super) fn read(ask: &Ask) -> Result<Page, Problem> {
        let rows = match value(ask, "per_page") {
            None => ROWS_MAX,
            Some(rows) => rows.parse().map_err(|_| Problem::bad("Invalid per_page parameter."))?,
        };
        if !(1..=ROWS_MAX).contains(&rows) {
            return Err(Problem::bad("Invalid per_page value. Must be between 1 and 100."));
        }
        Ok(Page { start: start(ask)?, rows })
    }

    /// As the list of issues reads it: `limit`, which is cut to 100.
    pub(super) fn read_limit(ask: &Ask) -> Result<Page, Problem> {
        let rows = match value(ask, "limit") {
            None => ROWS_MAX,
            Some(rows) => rows.parse().map_err(|_| Problem::bad("invalid limit"))?,
        };
        Ok(Page { start: start(ask)?, rows: rows.clamp(1, ROWS_MAX) })
    }

    /// The part of `all` that is asked for.
    pub(super) fn of<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let end = (self.start + self.rows).min(all.len());
        all.get(self.start.min(end)..end).unwrap_or_default()
    }

    /// The answer: these rows, which are the asked part of `total`, and the way to the others.
    pub(super) fn reply(&self, shared: &Shared, ask: &Ask, rows: Value, total: usize) -> Reply {
        Reply { body: rows, headers: vec![("link", self.link(shared, ask, total))] }
    }

    /// Both directions are always there; `results` says whether there is anything.
    fn link(&self, shared: &Shared, ask: &Ask, total: usize) -> String {
        let query = ask.uri.query().unwrap_or_default();
        let kept: Vec<&str> =
            query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=")).collect();
        let base = format!("{}{}?{}", shared.origin(Service::Sentry), ask.path(), kept.join("&"));
        let part = |rel: &str, cursor: String, results: bool| {
            format!("<{base}&cursor={cursor}>; rel=\"{rel}\"; results=\"{results}\"; cursor=\"{cursor}\"")
        };
        let before = self.start.saturating_sub(self.rows);
        let after = self.start + self.rows;
        format!(
            "{}, {}",
            part("previous", format!("0:{before}:1"), self.start > 0),
            part("next", format!("0:{after}:0"), after < total)
        )
    }
}

/// A cursor is `what:offset:is_previous`.
fn start(ask: &Ask) -> Result<usize, Problem> {
    let Some(cursor) = value(ask, "cursor").filter(|cursor| !cursor.is_empty()) else { return Ok(0) };
    let parts: Vec<&str> = cursor.split(':').collect();
    match parts.as_slice() {
        [what, offset, "0" | "1"] if what.parse::<f64>().is_ok() => {
            offset.parse().map_err(|_| Problem::bad("Invalid cursor parameter."))
        }
        _ => Err(Problem::bad("Invalid cursor parameter.")),
    }
}

/// The first value of a query parameter.
pub(super) fn value(ask: &Ask, wanted: &str) -> Option<String> {
    ask.pairs().into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// All values of a query parameter.
pub(super) fn values(ask: &Ask, wanted: &str) -> Vec<String> {
    ask.pairs().into_iter().filter(|(name, _)| name == wanted).map(|(_, value)| value).collect()
}
