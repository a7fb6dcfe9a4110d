//! Secrets that are known by where they stand: behind a name, behind an authorization scheme, inside a URL.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::names::{self, Named};
use super::shapes::random;
use super::{Cut, at, begins_word, mark, run, run_back, run_within};

/// What to look for where an anchor was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// A word that names of secrets hold; the whole name decides.
    Name,
    /// `sig=`, `signature=`: a secret in a URL, a word elsewhere.
    Signature,
    Bearer,
    Basic,
    Url,
}

pub(super) const ANCHORS: &[(&str, Place)] = &[
    ("passw", Place::Name),
    ("passphrase", Place::Name),
    ("pwd", Place::Name),
    ("secret", Place::Name),
    ("token", Place::Name),
    ("key", Place::Name),
    ("authorization", Place::Name),
    ("cookie", Place::Name),
    ("credential", Place::Name),
    ("connectionstring", Place::Name),
    ("connection_string", Place::Name),
    ("jwt", Place::Name),
    ("otp", Place::Name),
    ("cvc", Place::Name),
    ("cvv", Place::Name),
    ("ssn", Place::Name),
    ("sessid", Place::Name),
    ("sessionid", Place::Name),
    ("x-amz-", Place::Name),
    ("x-goog-", Place::Name),
    ("sig=", Place::Signature),
    ("signature=", Place::Signature),
    ("bearer ", Place::Bearer),
    ("basic ", Place::Basic),
    ("://", Place::Url),
];

/// What is cut at an anchor that stands at `start..end`, if it is what it seems.
pub(super) fn look(text: &[u8], start: usize, end: usize, place: Place) -> Option<Cut> {
    match place {
        Place::Name => beside_name(text, start, end),
        Place::Signature if begins_word(text, start) && mark(text.get(end..)?).is_none() => {
            let to = value_end(text, end);
            (to >= end + 8).then(|| Cut::place(end, to, "signature"))
        }
        Place::Signature => None,
        Place::Bearer => {
            let to = run(text, end, in_credential);
            (begins_word(text, start) && drawn(text.get(end..to)?))
                .then(|| Cut::place(end, to, "bearer token"))
        }
        Place::Basic => basic(text, start, end),
        Place::Url => in_url(text, start, end),
    }
}

/// `password=…`, `"password": "…"`, `Authorization: Bearer …`: the value goes, the name stays.
fn beside_name(text: &[u8], start: usize, end: usize) -> Option<Cut> {
    let name_end = run_within(text, end, names::LONGEST, in_name);
    let mut given = Given::after(text, name_end)?;
    let name_start = run_back(text, start, names::LONGEST, in_name);
    let named = names::named(text.get(name_start..name_end)?)?;
    if named == Named::Authorization {
        given.skip_scheme(text);
    }
    let from = given.from;
    if elsewhere(text.get(from..)?) || !(given.assigned || telling(text, from, named)) {
        return None;
    }
    let closing = given.quote.and_then(|quote| closing_quote(text, from, quote));
    // What was cut once is not cut again, nor what follows it, unless quotes say that it belongs there.
    if mark(text.get(from..)?).is_some_and(|len| closing.is_none_or(|to| to == from + len)) {
        return None;
    }
    let to = match (closing, named) {
        (Some(to), _) => to,
        (None, Named::Cookie) => cookie_pairs(text, from)?,
        (None, _) => value_end(text, from),
    };
    let value = text.get(from..to)?;
    let number = value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    let counts =
        number && closing.is_none() && (named == Named::Plural || given.json && named == Named::Text);
    if counts || trivial(value) {
        return None;
    }
    let label = match named {
        Named::Authorization => "authorization",
        Named::Cookie => "cookie",
        _ => "by name",
    };
    Some(Cut::place(from, to, label))
}

/// A value that stands behind a name.
struct Given {
    from: usize,
    /// The quote it stands behind.
    quote: Option<u8>,
    /// Behind a quoted name, as JSON has it.
    json: bool,
    /// Beyond doubt a value, and not the rest of a sentence.
    assigned: bool,
}

impl Given {
    /// Reads `=`, `:`, `=>`, `:=` with or without white space and quotes behind a name that ends at `i`.
    fn after(text: &[u8], i: usize) -> Option<Given> {
        let json = matches!(at(text, i), b'"' | b'\'');
        let name_end = if json || at(text, i) == b']' { i + 1 } else { i };
        let sign = run_within(text, name_end, 8, blank);
        let after = run_within(text, sign, 4, |b| matches!(b, b'=' | b':' | b'>'));
        match text.get(sign..after)? {
            b"=" | b":" | b"=>" | b":=" => {}
            _ => return None,
        }
        let mut from = run_within(text, after, 64, blank);
        if at(text, from) == b'[' && mark(text.get(from..)?).is_none() {
            from = run_within(text, from + 1, 64, blank);
        }
        let quote = Some(at(text, from)).filter(|b| matches!(b, b'"' | b'\'' | b'`'));
        let tight = sign == name_end && from == after && at(text, sign) == b'=';
        let assigned = json || tight || quote.is_some();
        Some(Given { from: from + usize::from(quote.is_some()), quote, json, assigned })
    }

    /// Steps behind `Bearer`, `Basic` and the like: the scheme itself is no secret.
    fn skip_scheme(&mut self, text: &[u8]) {
        const SCHEMES: &[&str] =
            &["bearer", "basic", "token", "digest", "apikey", "negotiate", "hmac", "convex", "key", "bot"];
        let end = run_within(text, self.from, 16, |b| b.is_ascii_alphanumeric() || b == b'-');
        let scheme = text.get(self.from..end).unwrap_or_default();
        let next = run_within(text, end, 8, blank);
        if next > end && SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known.as_bytes())) {
            self.from = next;
            self.assigned = self.assigned || drawn(text.get(next..value_end(text, next)).unwrap_or_default());
        }
    }
}

/// Where `a=b; c=d` ends, if pairs begin at `from`.
fn cookie_pairs(text: &[u8], from: usize) -> Option<usize> {
    let mut to = from;
    loop {
        let start = to;
        to = run(text, to, |b| !(b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<')));
        if start == from && !text.get(start..to)?.contains(&b'=') {
            return None;
        }
        let next = run(text, to, blank);
        if next == to || at(text, to - 1) != b';' {
            return Some(to);
        }
        to = next;
    }
}

/// Where a quoted value ends, if it does on its line.
fn closing_quote(text: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut i = from;
    loop {
        i = run(text, i, |b| b != quote && b != b'\\' && b != b'\n');
        match at(text, i) {
            b'\\' => i = (i + 2).min(text.len()),
            b if b == quote && i < text.len() => return Some(i),
            _ => return None,
        }
    }
}

fn value_end(text: &[u8], from: usize) -> usize {
    run(text, from, |b| !ends_value(b))
}

fn ends_value(b: u8) -> bool {
    b.is_ascii_whitespace()
        || matches!(b, b'"' | b'\'' | b'`' | b'&' | b',' | b';' | b'<' | b'>' | b')' | b'}' | b']')
}

fn in_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}

fn in_credential(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._~+/=|:-".contains(&b)
}

fn blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

/// What is written where no value is.
fn trivial(value: &[u8]) -> bool {
    const WORDS: &[&str] =
        &["true", "false", "null", "none", "nil", "undefined", "yes", "no", "required", "missing"];
    let word = value.strip_suffix(b".").unwrap_or(value);
    value.iter().all(|b| matches!(b, b'*' | b'.' | b'-' | b'\\'))
        || WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// What names the place where the value is to be found, or begins a value of several parts.
fn elsewhere(text: &[u8]) -> bool {
    [&b"${"[..], b"{", b"$", b"<", b"(", b"env:", b"file:", b"process.env"]
        .iter()
        .any(|p| text.starts_with(p))
}

/// Whether the word behind `name:` in a sentence is a secret rather than the next word.
fn telling(text: &[u8], from: usize, named: Named) -> bool {
    if named == Named::Digits {
        let end = run_within(text, from, 32, |b| b.is_ascii_digit() || b == b'-');
        return end >= from + 3 && !at(text, end).is_ascii_alphanumeric();
    }
    let end = run_within(text, from, 256, |b| !ends_value(b));
    let value = text.get(from..end).unwrap_or_default();
    let mixed = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    named == Named::Cookie || value.len() >= 6 && mixed
}

/// Whether what stands behind a scheme is a credential rather than a word.
fn drawn(value: &[u8]) -> bool {
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let lower = value.iter().any(u8::is_ascii_lowercase);
    value.len() >= 8 && (value.iter().any(u8::is_ascii_digit) || value.len() >= 20 && upper && lower)
        || random(value)
}

/// `Basic` and base64 of something with a colon in it.
fn basic(text: &[u8], start: usize, end: usize) -> Option<Cut> {
    let to = run(text, end, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'));
    let body = text.get(end..to)?;
    if !begins_word(text, start) || !(4..=4096).contains(&body.len()) {
        return None;
    }
    let plain = STANDARD_NO_PAD.decode(body).or_else(|_| URL_SAFE_NO_PAD.decode(body)).ok()?;
    let pair =
        plain.contains(&b':') && std::str::from_utf8(&plain).is_ok_and(|p| !p.contains(char::is_control));
    pair.then(|| Cut::place(end, run(text, to, |b| b == b'='), "basic credentials"))
}

/// `scheme://user:password@host`: the password goes; scheme, user and host stay.
fn in_url(text: &[u8], start: usize, end: usize) -> Option<Cut> {
    let outside = |b: u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>');
    let authority = run(text, end, |b| !outside(b) && !matches!(b, b'/' | b'?' | b'#'));
    let at_sign =
        |to: usize| text.get(end..to).and_then(|s| s.iter().rposition(|&b| b == b'@')).map(|i| end + i);
    let host = at_sign(authority).or_else(|| {
        // Passwords in DSNs are often not encoded as they should be: `postgres://app:a/b#c@host`.
        let scheme =
            text.get(run_back(text, start, 16, |b| b.is_ascii_alphanumeric() || b == b'+')..start)?;
        let dsn = [&b"postgres"[..], b"mysql", b"mariadb", b"mongodb", b"redis", b"amqp"]
            .iter()
            .any(|s| scheme.starts_with(s));
        if dsn { at_sign(run_within(text, end, 256, |b| !outside(b) && b != b'?')) } else { None }
    })?;
    let from = end + text.get(end..host)?.iter().position(|&b| b == b':')? + 1;
    (from < host).then(|| Cut::place(from, host, "password"))
}
