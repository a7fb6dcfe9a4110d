//! The second look at a URL, just before it is sent.
//!
//! It shares nothing with the code that builds URLs: it knows the finished text, the pinned origin's text and the
//! template, and compares bytes. If the builder is ever wrong, this refuses.

use crate::Refused;

/// Checks that `url` is `origin`, then `template` with every slot filled by one harmless segment, then at most a
/// query. `origin` has no final slash.
///
/// Errors: the first thing that is not as it should be, in our words, without the URL.
pub fn check(url: &str, origin: &str, template: &str) -> Result<(), Refused> {
    let Some(rest) = url.strip_prefix(origin) else {
        return refuse("it leaves its origin");
    };
    if !rest.starts_with('/') {
        return refuse("it leaves its origin");
    }
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, query),
        None => (rest, ""),
    };
    if !query
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'"' | b'<' | b'>' | b'\\' | b'?' | b'/'))
    {
        return refuse("its query holds a character that should have been encoded");
    }
    let (mut segments, mut expected) = (path.split('/'), template.split('/'));
    loop {
        match (segments.next(), expected.next()) {
            (None, None) => return Ok(()),
            (Some(segment), Some(slot)) if slot.starts_with('{') && slot.ends_with('}') => {
                let harmless = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
                if segment.is_empty() || segment.len() > 255 || !segment.bytes().all(harmless) {
                    return refuse("a slot of its path holds something that is not an id");
                }
            }
            (Some(segment), Some(literal)) if segment == literal => {}
            _ => return refuse("its path is not the route's"),
        }
    }
}

fn refuse(what: &str) -> Result<(), Refused> {
    Err(Refused::because(format!("the finished URL was refused: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://api.stripe.com";
    const TEMPLATE: &str = "/v1/charges/{id}";

    #[test]
    fn what_the_route_says_passes() {
        assert!(check("https://api.stripe.com/v1/charges/ch_1", ORIGIN, TEMPLATE).is_ok());
        assert!(
            check("https://api.stripe.com/v1/charges/ch_1?expand%5B%5D=a.b&x=%C3%A9+e", ORIGIN, TEMPLATE)
                .is_ok()
        );
        assert!(check("https://s.acme.dev/sentry/api/0/", "https://s.acme.dev/sentry", "/api/0/").is_ok());
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "https://api.stripe.com.evil.dev/v1/charges/ch_1",
            "https://api.stripe.com@evil.dev/v1/charges/ch_1",
            "https://api.stripe.com:444/v1/charges/ch_1",
            "http://api.stripe.com/v1/charges/ch_1",
            "https://api.stripe.com/v1/charges/ch_1/capture",
            "https://api.stripe.com/v1/charges/",
            "https://api.stripe.com/v1/charges",
            "https://api.stripe.com//v1/charges/ch_1",
            "https://api.stripe.com/v1/charges/..",
            "https://api.stripe.com/v1/charges/%2e%2e",
            "https://api.stripe.com/v1/charges/ch_1;x",
            "https://api.stripe.com/v1/charges/ch_1#f",
            "https://api.stripe.com/v1/charges/ch_1?a=b#f",
            "https://api.stripe.com/v1/charges/ch_1?a=b c",
            "https://api.stripe.com/v1/charges/ch_1?a=\u{e9}",
            "https://api.stripe.com/v1/refunds/ch_1",
            "https://api.stripe.com",
            "",
        ] {
            assert!(check(bad, ORIGIN, TEMPLATE).is_err(), "{bad}");
        }
    }
}
