//! Our own keys: remembered while the process lives, and found in any usual encoding.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{Cut, run, run_back};

/// Shorter texts are words, not keys.
const SHORTEST: usize = 8;

/// Every key of ours. They stay in memory by design: what must be recognised must be known.
static KNOWN: RwLock<Known> = RwLock::new(Known { keys: BTreeSet::new(), finder: OnceLock::new() });

struct Known {
    keys: BTreeSet<String>,
    /// Built at the first redaction after a change, so that reading a configuration costs nothing.
    finder: OnceLock<Option<Arc<Finder>>>,
}

/// Remembers a key, and the secret part of a key that has parts (a DSN, a Convex deploy key).
pub(crate) fn remember(text: &str) {
    let new: Vec<&str> = {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        parts(text).filter(|part| !known.keys.contains(*part)).collect()
    };
    if new.is_empty() {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.keys.extend(new.into_iter().map(str::to_owned));
    known.finder = OnceLock::new();
}

/// Remembers a password. A development password such as `postgres` is also a word of every other sentence: it is
/// not cut by itself.
pub(crate) fn remember_password(text: &str) {
    if !is_a_word(text) {
        remember(text);
    }
}

fn is_a_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase())
}

/// What finds the keys remembered so far; `None` while there is none.
pub(super) fn finder() -> Option<Arc<Finder>> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.finder.get_or_init(|| Finder::of(known.keys.iter().map(String::as_str)).map(Arc::new)).clone()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    let whole = text.trim();
    let after_bar = whole.split_once('|').map(|(_, secret)| secret);
    let password = dsn_password(whole).filter(|p| !is_a_word(p));
    [Some(whole), after_bar, password].into_iter().flatten().filter(|part| part.len() >= SHORTEST)
}

fn dsn_password(text: &str) -> Option<&str> {
    let (userinfo, _) = text.split_once("://")?.1.rsplit_once('@')?;
    userinfo.split_once(':').map(|(_, password)| password)
}

/// Finds a set of keys, whatever they are wrapped in.
pub(super) struct Finder {
    automaton: AhoCorasick,
    /// By pattern: whether it is base64, where the neighbours hold bits of the key too.
    base64: Vec<bool>,
}

impl Finder {
    /// `None` without keys.
    pub(super) fn of<'k>(keys: impl Iterator<Item = &'k str>) -> Option<Finder> {
        let mut patterns = BTreeSet::new();
        for key in keys {
            patterns.extend(escaped(key).into_iter().map(|text| (text, false)));
            patterns.extend(base64_parts(key.as_bytes()).into_iter().map(|text| (text, true)));
            // A key out of a DSN may stand there percent-encoded: its meaning is as secret as its spelling.
            if let Some(plain) = super::escapes::unescape(key.as_bytes(), None)
                && plain.bytes.len() >= SHORTEST
            {
                patterns.extend(base64_parts(&plain.bytes).into_iter().map(|text| (text, true)));
                patterns.extend(String::from_utf8(plain.bytes).ok().map(|text| (text, false)));
            }
        }
        if patterns.is_empty() {
            return None;
        }
        let (texts, base64): (Vec<String>, Vec<bool>) = patterns.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(texts)
            .ok()?;
        Some(Finder { automaton, base64 })
    }

    pub(super) fn find(&self, text: &[u8], cuts: &mut Vec<Cut>) {
        let mut run_end = 0;
        for hit in self.automaton.find_overlapping_iter(text) {
            if self.base64.get(hit.pattern().as_usize()) != Some(&true) {
                cuts.push(Cut::own(hit.start(), hit.end()));
            } else if hit.end() > run_end {
                let start = run_back(text, hit.start(), usize::MAX, in_base64);
                run_end = run(text, run(text, hit.end(), in_base64), |b| b == b'=');
                cuts.push(Cut::own(start, run_end));
            }
        }
    }
}

fn in_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_')
}

/// The key as it stands, and as encoders write it. Mixtures of these are found by unescaping the text instead.
fn escaped(key: &str) -> Vec<String> {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b);
    let mut all = vec![key.to_owned(), spell(key, "", |_| false, false), spell(key, "", |_| false, true)];
    for upper in [false, true] {
        all.push(spell(key, "%", unreserved, upper));
        all.push(spell(key, "%", |b| b.is_ascii_alphanumeric(), upper));
    }
    let html = key.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    all.extend([html.replace('\'', "&#39;"), html.replace('\'', "&#x27;"), html]);
    if let Ok(json) = serde_json::to_string(key) {
        let json = json.trim_matches('"');
        all.extend([json.to_owned(), json.replace('/', "\\/")]);
    }
    all
}

/// Each byte in hexadecimal behind `sign`, but for those that are kept.
fn spell(key: &str, sign: &str, keep: impl Fn(u8) -> bool, upper: bool) -> String {
    let mut out = String::with_capacity(key.len() * 3);
    for byte in key.bytes() {
        // Writing to a String cannot fail.
        let _ = match (keep(byte), upper) {
            (true, _) => write!(out, "{}", char::from(byte)),
            (false, true) => write!(out, "{sign}{byte:02X}"),
            (false, false) => write!(out, "{sign}{byte:02x}"),
        };
    }
    out
}

/// What a key looks like within longer base64 text. It may begin at each of three alignments; the characters that
/// also hold bits of a neighbour are left off.
fn base64_parts(key: &[u8]) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for before in 0..3 {
        let padded = [&vec![0; before], key].concat();
        let stable = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            parts.extend(text.get(stable.clone()).map(str::to_owned));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::redact_with;
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    fn encodings(key: &str) -> Vec<String> {
        let mut all = escaped(key);
        for bytes in
            [key.to_owned(), format!("{key}:"), format!("u:{key}"), format!("x{key}"), format!("{{{key}}}")]
        {
            all.extend([STANDARD.encode(&bytes), URL_SAFE.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]);
        }
        let percent = spell(key, "%", |_| false, true);
        all.extend([percent.replace('%', "%25"), percent.replace('%', "\\u0025")]);
        all.push(key.chars().map(|c| format!("&#{};", u32::from(c))).collect());
        all.push(key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect());
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_encoding_of_our_key_survives(
            key in "[!-~]{8,48}", before in any::<String>(), after in any::<String>(), near in "[ -~]{0,12}",
        ) {
            let own = Finder::of([key.as_str()].into_iter()).unwrap();
            for encoded in encodings(&key) {
                for text in [format!("{before}{encoded}{after}"), format!("{near}{encoded}"), format!(" {encoded} ")] {
                    let out = redact_with(&text, Some(&own));
                    // Of the mark's own words nothing is a key.
                    prop_assert!(!out.contains(&encoded) || "[redacted: our key]".contains(&encoded), "{encoded} in {out}");
                    prop_assert!(!out.contains(&key) || "[redacted: our key]".contains(&key), "{key} in {out}");
                    prop_assert_eq!(redact_with(&out, Some(&own)), out.clone());
                }
                let alone = redact_with(&encoded, Some(&own)).into_owned();
                prop_assert!(alone.contains("[redacted: our key]"), "{encoded} → {alone}");
            }
        }
    }

    #[test]
    fn base64_around_a_key_goes_as_a_whole() {
        let key = "k3y-of-ours-0042";
        let own = Finder::of([key].into_iter()).unwrap();
        for user in ["", "u", "us", "usr"] {
            let header = format!("Basic-ish {} end", STANDARD.encode(format!("{user}{key}:")));
            assert_eq!(redact_with(&header, Some(&own)), "Basic-ish [redacted: our key] end");
        }
    }

    #[test]
    fn remembering_is_idempotent_and_free_when_nothing_changes() {
        remember("a-key-to-remember-1");
        let one = finder().unwrap();
        remember("a-key-to-remember-1");
        remember("short");
        // Other tests may remember keys of their own at the same time: only the absence of a rebuild is certain here.
        let known = KNOWN.read().unwrap();
        assert!(known.keys.contains("a-key-to-remember-1") && !known.keys.contains("short"));
        drop((one, known));
    }
}
