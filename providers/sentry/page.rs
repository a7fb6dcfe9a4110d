//! Paging: the `Link` header, and gathering rows over several pages.

use super::Sentry;
use super::lenient::Rows;
use crate::Stopped;
use prodview_guard::{Ask, Failure, Refused, Reply};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The largest page that Sentry gives.
pub(super) const PAGE: usize = 100;

/// Rows gathered over pages, and what leads on from there.
#[derive(Debug)]
pub(super) struct Gathered<T> {
    pub(super) rows: Vec<T>,
    /// The cursor of the next page, when there is one.
    pub(super) more: Option<String>,
    pub(super) stopped: Option<Stopped>,
    pub(super) age: Option<Duration>,
    /// `X-Hits` of the first page: how many there are in all, roughly.
    pub(super) hits: Option<u64>,
    /// `X-Sentry-Direct-Hit`: the search text was an id, and Sentry answered with just that.
    pub(super) direct: bool,
    /// Rows that could not be understood.
    pub(super) unread: usize,
}

/// How much to gather.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// The parameter that sets a page's size: `limit` for issues, `per_page` elsewhere.
    pub(super) size: &'static str,
    /// At most so many rows.
    pub(super) rows: usize,
    /// In at most so many requests.
    pub(super) pages: usize,
}

impl Sentry {
    /// Asks page after page. Only the first page's failure is the question's failure; a later one keeps the rows.
    pub(super) async fn gather<T: DeserializeOwned>(
        &self,
        ask: Ask,
        cursor: Option<String>,
        extent: Extent,
    ) -> Result<Gathered<T>, Failure> {
        let mut all = Gathered {
            rows: Vec::new(),
            more: cursor,
            stopped: None,
            age: None,
            hits: None,
            direct: false,
            unread: 0,
        };
        for page in 0..extent.pages.max(1) {
            let left = extent.rows.saturating_sub(all.rows.len());
            if page > 0 && (left == 0 || all.more.is_none()) {
                break;
            }
            let this = all.more.take();
            let ask = ask.clone().query(extent.size, left.clamp(1, PAGE)).maybe("cursor", this.as_deref());
            let reply = match self.wire.read::<Rows<T>>(ask).await {
                Ok(reply) => reply,
                Err(failure) if page == 0 => return Err(failure),
                Err(failure) => {
                    // The cursor still leads to the page that failed.
                    all.more = this;
                    all.stopped = Some(Stopped::Failed(failure));
                    return Ok(all);
                }
            };
            if page == 0 {
                all.hits = reply.header("x-hits").and_then(|v| v.trim().parse().ok());
                all.direct = reply.header("x-sentry-direct-hit").is_some_and(|v| v.trim() == "1");
            }
            all.age = all.age.max(reply.age);
            all.unread += reply.body.unread;
            match next(&reply) {
                Next::End => {}
                Next::Cursor(cursor) if Some(&cursor) != this.as_ref() => all.more = Some(cursor),
                Next::Cursor(_) | Next::Unreadable => {
                    all.stopped =
                        Some(Stopped::Bound("Sentry says there is more but gave no usable cursor".into()));
                }
            }
            all.rows.extend(reply.body.rows);
        }
        if all.rows.len() > extent.rows {
            // The cursor would skip the rows that are cut off here.
            all.rows.truncate(extent.rows);
            all.more = None;
            all.stopped =
                Some(Stopped::Bound(format!("Sentry sent more than the {} rows asked for", extent.rows)));
        }
        Ok(all)
    }
}

/// Refuses a cursor that no page of Sentry gave.
pub(super) fn check_cursor(cursor: Option<&str>) -> Result<Option<String>, Refused> {
    match cursor {
        Some(text) if !is_cursor(text) => {
            Err(Refused::because("this is not a cursor: give `more` of the answer before, unchanged"))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

/// Cursors are opaque, but they are short and hold no spaces or quotes.
fn is_cursor(text: &str) -> bool {
    let fits =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'-' | b'_' | b'=' | b'+' | b'/');
    (1..=300).contains(&text.len()) && text.bytes().all(fits)
}

/// What the `Link` header says of the next page.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    End,
    Cursor(String),
    Unreadable,
}

pub(super) fn next<T>(reply: &Reply<T>) -> Next {
    reply.header("link").map_or(Next::End, next_of)
}

/// Both relations are always there, on the last page too: only `results="true"` beside `rel="next"` means more.
fn next_of(header: &str) -> Next {
    for link in split(header, ',') {
        let mut parts = split(link, ';').into_iter();
        let target = parts.next().unwrap_or_default();
        let params: Vec<(String, &str)> = parts.filter_map(param).collect();
        let value = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
        let is_next =
            value("rel").is_some_and(|rel| rel.split_whitespace().any(|r| r.eq_ignore_ascii_case("next")));
        if is_next && value("results").is_some_and(|r| r.eq_ignore_ascii_case("true")) {
            let cursor = value("cursor").map(str::to_owned).or_else(|| cursor_in(target));
            return cursor.filter(|c| is_cursor(c)).map_or(Next::Unreadable, Next::Cursor);
        }
    }
    Next::End
}

/// The cursor in a link's target. Only its value is taken: the address itself is never followed.
fn cursor_in(target: &str) -> Option<String> {
    let url = url::Url::parse(target.trim().trim_start_matches('<').trim_end_matches('>')).ok()?;
    url.query_pairs().find(|(key, _)| key == "cursor").map(|(_, value)| value.into_owned())
}

fn param(text: &str) -> Option<(String, &str)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"')))
}

/// Splits at a separator that stands neither in quotes nor in angle brackets.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut quoted, mut angled) = (false, false);
    text.split(move |c: char| {
        match c {
            '"' if !angled => quoted = !quoted,
            '<' if !quoted => angled = true,
            '>' if !quoted => angled = false,
            _ => {}
        }
        c == at && !quoted && !angled
    })
    .map(str::trim)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "<https://us.sentry.io/api/0/organizations/acme/issues/?cursor=0:0:1>; rel=\"previous\"; \
        results=\"false\"; cursor=\"0:0:1\", <https://us.sentry.io/api/0/organizations/acme/issues/?cursor=0:100:0>; \
        rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"";

    #[test]
    fn only_a_next_page_with_results_leads_on() {
        assert_eq!(next_of(FIRST), Next::Cursor("0:100:0".into()));
        assert_eq!(next_of(&FIRST.replace("\"true\"", "\"false\"")), Next::End);
        let backwards = FIRST.replace("results=\"true\"", "results=\"no\"").replace("\"false\"", "\"true\"");
        assert_eq!(next_of(&backwards), Next::End, "a page before this one is not a next page");
        assert_eq!(next_of(""), Next::End);
        assert_eq!(next_of("garbage, <;;>;=,\"\""), Next::End);
    }

    #[test]
    fn the_header_is_read_in_any_order_and_case() {
        let link = "<https://s/?a=1,2;3&cursor=1541455200%3A0%3A0>;REL=next;Results=\"TRUE\"";
        assert_eq!(next_of(link), Next::Cursor("1541455200:0:0".into()));
        assert_eq!(next_of("<x>; rel=\"next\"; results=\"true\""), Next::Unreadable);
        assert_eq!(next_of("<x>; rel=\"next\"; results=\"true\"; cursor=\"a b\""), Next::Unreadable);
    }

    #[test]
    fn a_cursor_of_another_shape_is_refused() {
        assert!(check_cursor(Some("1541455200:0:0")).is_ok());
        assert!(check_cursor(None).is_ok_and(|c| c.is_none()));
        for bad in ["", "a b", "0:0:0\"", "x\n", "é"] {
            assert!(check_cursor(Some(bad)).is_err(), "{bad:?}");
        }
    }
}
