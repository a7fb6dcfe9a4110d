//! Keys by name or by pattern, page by page, within a bound that is told.

use super::Redis;
use super::value::Entry;
use crate::Found;
use crate::capability::{Answered, RowsAsk};
use crate::words::Row;
use prodview_guard::{Command, Failure, FailureKind, Resp, deadline};
use std::collections::HashSet;
use std::time::Duration;

/// Keys that the server walks over in one page of a scan.
pub(super) const PAGE: u64 = 1_000;
/// Pages for one question.
pub(super) const PAGES: usize = 10;
/// Keys looked at together, when only their values can tell whether they fit.
const AT_ONCE: usize = 50;
/// Values looked at for one question.
const MOST_VALUES: usize = 500;
/// Below this, no further page is begun: what was found must still be told.
const LAST_CALL: Duration = Duration::from_millis(1_500);

/// Where a scan goes on: the cursor of the page, and how many of its keys were looked at before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    cursor: u64,
    skip: usize,
}

impl Place {
    fn write(self) -> String {
        format!("{}-{}", self.cursor, self.skip)
    }

    fn read(text: &str) -> Result<Place, Failure> {
        let parts = text.split_once('-').and_then(|(c, s)| Some((c.parse().ok()?, s.parse().ok()?)));
        parts.map(|(cursor, skip)| Place { cursor, skip }).ok_or_else(|| {
            Failure::new(FailureKind::Invalid, "a cursor that is not ours")
                .hint("the cursor is not one that this source gave: ask again without it")
        })
    }
}

/// One page of a scan.
pub(super) struct Page {
    pub(super) next: u64,
    pub(super) keys: Vec<Vec<u8>>,
}

impl Redis {
    pub(super) async fn keys(&self, ask: &RowsAsk) -> Answered<Row> {
        let found = if is_pattern(&ask.table) {
            self.by_pattern(ask).await?
        } else {
            let entries = self.entries(&[ask.table.clone().into_bytes()]).await?;
            let family = if entries.is_empty() { self.family_instead(&ask.table).await } else { None };
            let fits = entries.into_iter().filter(|entry| entry.has(&ask.fields));
            let found = Found::all(fits.map(Entry::row).collect());
            family.into_iter().fold(found, Found::note)
        };
        Ok(match ask.since {
            Some(_) => found.note("keys do not tell when they were made: `since` was not applied"),
            None => found,
        })
    }

    /// What may have been meant by the name of a key that is not there: one look for keys that begin with it.
    async fn family_instead(&self, name: &str) -> Option<String> {
        // Then it would mean something else as a pattern.
        if name.contains('\\') {
            return None;
        }
        let page = self.page(0, format!("{name}[:/]*").as_bytes(), None).await.ok()?;
        let after = page.keys.iter().find_map(|key| key.get(name.len()).copied());
        match (after, page.next) {
            (Some(sign), _) => {
                let sign = char::from(sign);
                Some(format!(
                    "there is no key `{name}`, but there are keys `{name}{sign}*`: ask for that pattern"
                ))
            }
            (None, 0) => None,
            (None, _) => Some(format!(
                "there is no key `{name}`; whether there are keys `{name}:*` was not looked at to the end: ask for that pattern"
            )),
        }
    }

    async fn by_pattern(&self, ask: &RowsAsk) -> Answered<Row> {
        let mut place = ask.cursor.as_deref().map(Place::read).transpose()?.unwrap_or_default();
        let by_value = ask.fields.keys().any(|name| name != "type");
        let kind = ask.fields.get("type").and_then(|kind| kind.as_str());
        let limit = ask.limit.max(1);
        let (mut rows, mut seen, mut pages, mut looked) = (Vec::new(), HashSet::new(), 0, 0);
        let more = loop {
            let page = self.page(place.cursor, ask.table.as_bytes(), kind).await?;
            pages += 1;
            let (mut here, all) = (place.skip, page.keys.len());
            while here < all && rows.len() < limit && looked < MOST_VALUES {
                let wanted = if by_value { AT_ONCE } else { limit - rows.len() };
                let keys: Vec<Vec<u8>> = page.keys.iter().skip(here).take(wanted).cloned().collect();
                let fresh: Vec<Vec<u8>> =
                    keys.iter().filter(|key| seen.insert((*key).clone())).cloned().collect();
                looked += keys.len();
                let entries = self.entries(&fresh).await?;
                // Where the page was left is known by key, since some of a batch may be gone or not fit.
                let mut last = None;
                for entry in entries {
                    if rows.len() == limit {
                        break;
                    }
                    last = Some(entry.key.clone());
                    if entry.has(&ask.fields) {
                        rows.push(entry.row());
                    }
                }
                here += match last.filter(|_| rows.len() == limit) {
                    Some(last) => keys.iter().position(|key| *key == last).map_or(keys.len(), |n| n + 1),
                    None => keys.len(),
                };
            }
            if here < all {
                break Some(Place { cursor: place.cursor, skip: here });
            }
            if page.next == 0 {
                break None;
            }
            place = Place { cursor: page.next, skip: 0 };
            if rows.len() >= limit
                || pages >= PAGES
                || looked >= MOST_VALUES
                || deadline::remaining() < LAST_CALL
            {
                break Some(place);
            }
        };
        let mut found = Found { of: None, more: more.map(Place::write), ..Found::all(rows) };
        if more.is_some() && found.rows.len() < limit {
            found = found.note(format!(
                "looked through about {} keys, and at the values of {looked}; the cursor leads on",
                PAGE * u64::try_from(pages).unwrap_or(0)
            ));
        }
        Ok(found)
    }

    /// One page of a scan. A token or user that may not scan is told what it may ask instead.
    pub(super) async fn page(
        &self,
        cursor: u64,
        pattern: &[u8],
        kind: Option<&str>,
    ) -> Result<Page, Failure> {
        let command = match kind {
            Some(kind) => Command::scan_type(cursor, pattern, PAGE, kind),
            None => Command::scan(cursor, pattern, PAGE),
        };
        let answer = self.one(command).await.map_err(|failure| match failure.kind {
            // Who was not let in at all is told so.
            FailureKind::Denied if failure.status == Some(400) || failure.cause().ends_with("NOPERM") => {
                failure.hint(CANNOT_SCAN)
            }
            _ => failure,
        })?;
        let [next, keys] = answer.items() else { return Err(Failure::odd("a scan without a cursor")) };
        let next = next.bytes().and_then(|b| std::str::from_utf8(b).ok()).and_then(|t| t.parse().ok());
        let next = next.or_else(|| u64::try_from(next_int(answer.items())?).ok());
        let next = next.ok_or_else(|| Failure::odd("the cursor of a scan is no number"))?;
        // A scan may tell a key twice.
        let mut seen = HashSet::new();
        let keys = keys.items().iter().filter_map(Resp::bytes).map(<[u8]>::to_vec);
        Ok(Page { next, keys: keys.filter(|key| seen.insert(key.clone())).collect() })
    }
}

fn next_int(items: &[Resp]) -> Option<i64> {
    items.first().and_then(Resp::int)
}

/// What is said when a scan is not allowed.
pub(super) const CANNOT_SCAN: &str =
    "it may not SCAN (Upstash's read-only token never may): ask for one key by its exact name";

/// Whether the name of a table is a pattern of keys.
pub(super) fn is_pattern(table: &str) -> bool {
    table.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_what_it_wrote_and_nothing_else() {
        let place = Place { cursor: u64::MAX, skip: 7 };
        assert_eq!(Place::read(&place.write()).unwrap(), place);
        for bad in ["", "1", "-1-2", "a-1", "1-", "18446744073709551616-0"] {
            assert!(Place::read(bad).is_err(), "{bad}");
        }
    }
}
