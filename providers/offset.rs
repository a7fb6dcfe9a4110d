//! Cursors of lists that have no cursor of their own: how many rows were shown before.

use crate::{Found, Stopped};
use prodview_guard::{Failure, FailureKind};

/// The most rows that can be passed over.
const FURTHEST: usize = 1_000_000;

/// How many rows the cursor passes over; none without a cursor.
pub(crate) fn read(cursor: Option<&str>) -> Result<usize, Failure> {
    let Some(text) = cursor else { return Ok(0) };
    text.parse().ok().filter(|n| (1..=FURTHEST).contains(n)).ok_or_else(|| {
        Failure::new(FailureKind::Invalid, "a cursor that is not ours")
            .hint("the cursor is not one that this source gave: ask again without it")
    })
}

/// Says where the rows behind these ones are: by a cursor that passes over `skip` rows, or that they are not to be had.
pub(crate) fn lead_on<T>(found: &mut Found<T>, skip: usize) {
    if skip <= FURTHEST {
        found.more = Some(skip.to_string());
    } else {
        let why =
            format!("there are more behind the first {skip}, and no cursor leads further: ask more narrowly");
        found.stopped.get_or_insert(Stopped::Bound(why));
    }
}

/// The part of a list that is had whole: at most `limit` rows after the first `skip`, and where to go on.
pub(crate) fn page_of<T>(mut found: Found<T>, limit: usize, skip: usize) -> Found<T> {
    let all = found.rows.len();
    let limit = limit.max(1);
    found.rows = found.rows.into_iter().skip(skip).take(limit).collect();
    if skip + found.rows.len() < all {
        let shown = skip + found.rows.len();
        lead_on(&mut found, shown);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_the_end_and_no_further() {
        let list = || Found::all((0..25).collect::<Vec<_>>());
        let (mut cursor, mut seen, mut pages) = (None, Vec::new(), 0);
        loop {
            let page = page_of(list(), 10, read(cursor.as_deref()).unwrap());
            seen.extend(page.rows);
            pages += 1;
            cursor = page.more;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), ((0..25).collect::<Vec<_>>(), 3));
        for bad in ["", "-1", "0", "x", "9999999999", "1.5"] {
            assert!(read(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn where_no_cursor_leads_on_it_is_said() {
        let page = page_of(Found::all((0..FURTHEST + 3).collect::<Vec<_>>()), 1, FURTHEST - 1);
        assert_eq!((page.more.as_deref(), page.stopped.is_none()), (Some("1000000"), true));
        let page = page_of(Found::all((0..FURTHEST + 3).collect::<Vec<_>>()), 1, FURTHEST);
        let Some(Stopped::Bound(why)) = &page.stopped else { panic!("nothing is said") };
        assert!(page.more.is_none() && why.contains("behind the first 1000001"), "{why}");
        assert!(page_of(Found::all((0..=FURTHEST).collect::<Vec<_>>()), 1, FURTHEST).is_whole());
    }
}
