//! What came back, still as bytes, with the few headers that adapters read.

use crate::{Failure, Foreign, deadline};
use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName};
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// A parsed answer of a provider.
#[derive(Debug)]
pub struct Reply<T> {
    /// The answer.
    pub body: T,
    /// How old it is when it came from the cache.
    pub age: Option<Duration>,
    headers: Vec<(HeaderName, String)>,
}

impl<T> Reply<T> {
    /// A header that adapters may read (paging, totals); `None` for all others.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.as_str() == name).map(|(_, value)| value.as_str())
    }
}

/// The headers that are kept.
const KEPT: [&str; 4] = ["link", "x-hits", "x-max-hits", "x-sentry-direct-hit"];

/// A successful answer as it is cached.
#[derive(Debug)]
pub(crate) struct Stored {
    bytes: Box<[u8]>,
    headers: Vec<(HeaderName, String)>,
    at: Instant,
}

impl Stored {
    pub(crate) fn new(bytes: Box<[u8]>, headers: &HeaderMap) -> Stored {
        let kept = |name: &'static str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((HeaderName::from_static(name), value.to_owned()))
        };
        Stored { bytes, headers: KEPT.into_iter().filter_map(kept).collect(), at: Instant::now() }
    }

    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn parse<T: DeserializeOwned>(&self, from_cache: bool) -> Result<Reply<T>, Failure> {
        // serde_json's message names the type and position, never the content beyond a token; it is for the log.
        let body = serde_json::from_slice(&self.bytes).map_err(|e| {
            let kind = match e.classify() {
                serde_json::error::Category::Eof => "the JSON is cut short",
                serde_json::error::Category::Syntax => "the answer is not JSON",
                _ => "the JSON has an unknown shape",
            };
            Failure::odd(format!("{kind} at line {} column {}", e.line(), e.column())).hint(kind)
        })?;
        Ok(Reply { body, age: from_cache.then(|| self.at.elapsed()), headers: self.headers.clone() })
    }
}

impl Stored {
    pub(crate) fn text(&self, from_cache: bool) -> Reply<Foreign> {
        let body = Foreign::capped(String::from_utf8_lossy(&self.bytes).trim(), 200);
        Reply { body, age: from_cache.then(|| self.at.elapsed()), headers: self.headers.clone() }
    }
}

/// Reads a body up to `cap` bytes (after decompression). `None` when there is more.
pub(crate) async fn read_capped(
    response: reqwest::Response,
    cap: usize,
) -> Result<Option<Box<[u8]>>, reqwest::Error> {
    let mut chunks = response.bytes_stream();
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > cap {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    // It may be kept: without the room that it grew into.
    Ok(Some(body.into_boxed_slice()))
}

/// How long the provider asks to wait: `Retry-After` in seconds or as a date, else Sentry's reset time, else the
/// seconds left of a limit that is used up (Supabase sends them with every answer).
pub(crate) fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let from_now =
        |at: std::time::SystemTime| at.duration_since(std::time::SystemTime::now()).unwrap_or_default();
    if let Some(value) = text("retry-after") {
        if let Ok(seconds) = value.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        if let Ok(date) = httpdate::parse_http_date(value) {
            return Some(from_now(date));
        }
    }
    if status == StatusCode::TOO_MANY_REQUESTS
        && let Some(left) = text("x-ratelimit-reset").and_then(|left| left.parse::<u64>().ok())
        // Others write a time of the clock there.
        && left <= 3_600
    {
        return Some(Duration::from_secs(left));
    }
    let reset = text("x-sentry-rate-limit-reset")?.parse::<f64>().ok()?;
    let since_epoch = Duration::try_from_secs_f64(reset).ok()?;
    std::time::UNIX_EPOCH.checked_add(since_epoch).map(from_now)
}

/// Whether a web page came instead of data.
pub(crate) fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || kind.starts_with("application/xhtml")
}

/// The provider's id of the request, if it looks like one.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id =
        ["request-id", "x-request-id", "x-convex-request-id"].iter().find_map(|name| headers.get(*name))?;
    let id = id.to_str().ok()?;
    let plain = (1..=80).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    plain.then(|| id.to_owned())
}

/// Whether waiting `wait` still leaves time to ask again.
pub(crate) fn fits_the_deadline(wait: Duration) -> bool {
    wait + Duration::from_millis(200) < deadline::remaining()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (HeaderName::from_static(k), v.parse().unwrap())).collect()
    }

    #[test]
    fn every_way_to_ask_for_patience_is_understood() {
        let seconds = |pairs: &[(&'static str, String)]| {
            retry_after(StatusCode::TOO_MANY_REQUESTS, &headers(pairs)).map(|d| d.as_secs_f64().round())
        };
        assert_eq!(seconds(&[("retry-after", "7".into())]), Some(7.0));
        let date = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(60));
        assert!(seconds(&[("retry-after", date)]).is_some_and(|s| (58.0..=60.0).contains(&s)));
        assert_eq!(seconds(&[("retry-after", "soon".into())]), None);
        assert_eq!(seconds(&[("retry-after", "-1".into())]), None);
        assert_eq!(seconds(&[("x-sentry-rate-limit-reset", "1".into())]), Some(0.0));
        assert_eq!(seconds(&[]), None);
    }
}
