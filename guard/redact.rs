//! What leaves is cut of secrets: our own keys in any encoding, and whatever has the shape or the place of one.
//!
//! One pass of an Aho-Corasick automaton over the text finds the few places worth a look (a prefix such as
//! `sk_live_`, a name such as `password`, a `://`); small scanners decide there. The same is done on the text with
//! its percent, JSON and HTML escapes taken away. Everything is linear in the length of the text.

mod cards;
mod escapes;
mod names;
mod own;
mod places;
mod shapes;
mod structured;

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

pub(crate) use own::{remember, remember_password};
pub use structured::redact_json;

/// How often a text is gone over. The second round finds nothing unless a cut laid something bare.
const ROUNDS: usize = 4;

/// How many layers of escapes are taken away: JSON in JSON in a URL.
const LAYERS: usize = 3;

/// The text without secrets. What was cut reads `[redacted: stripe key]`, `[redacted: our key]` and so on.
///
/// Borrowed when there was nothing to cut. Redacting twice changes nothing more. Ids, hashes, UUIDs, times and
/// amounts are left alone.
///
/// ```
/// use prodview_guard::redact;
/// assert_eq!(redact("postgres://app:hunter2@db/main"), "postgres://app:[redacted: password]@db/main");
/// assert_eq!(redact("pi_3NqABC for cus_NeGfX"), "pi_3NqABC for cus_NeGfX");
/// ```
pub fn redact(text: &str) -> Cow<'_, str> {
    redact_with(text, own::finder().as_deref())
}

fn redact_with<'t>(text: &'t str, own: Option<&own::Finder>) -> Cow<'t, str> {
    let mut out = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        let cuts = find(out.as_bytes(), own);
        if cuts.is_empty() {
            break;
        }
        out = Cow::Owned(apply(&out, cuts));
    }
    out
}

/// A stretch of bytes to cut. A smaller `vague` wins the naming where two overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    start: usize,
    end: usize,
    vague: u8,
    label: &'static str,
}

impl Cut {
    fn own(start: usize, end: usize) -> Cut {
        Cut { start, end, vague: 0, label: "our key" }
    }

    fn shape(start: usize, end: usize, label: &'static str) -> Cut {
        Cut { start, end, vague: 1, label }
    }

    fn place(start: usize, end: usize, label: &'static str) -> Cut {
        Cut { start, end, vague: 2, label }
    }
}

fn find(text: &[u8], own: Option<&own::Finder>) -> Vec<Cut> {
    let mut cuts = scan(text, own);
    let mut view = escapes::unescape(text, None);
    for _ in 0..LAYERS {
        let Some(plain) = view else { break };
        cuts.extend(scan(&plain.bytes, own).into_iter().map(|cut| Cut {
            start: plain.origin(cut.start),
            end: plain.origin(cut.end),
            ..cut
        }));
        view = escapes::unescape(&plain.bytes, Some(&plain));
    }
    cuts
}

fn scan(text: &[u8], own: Option<&own::Finder>) -> Vec<Cut> {
    let mut cuts = Vec::new();
    if let Some(own) = own {
        own.find(text, &mut cuts);
    }
    let (mut shapes_end, mut places_end) = (0, 0);
    for hit in ANCHORS.automaton.find_overlapping_iter(text) {
        let Some(&anchor) = ANCHORS.kinds.get(hit.pattern().as_usize()) else { continue };
        // What lies inside a cut is not looked at again: this is what keeps hostile texts linear.
        let (done, cut) = match anchor {
            Anchor::Shape(shape) if hit.start() >= shapes_end => {
                (&mut shapes_end, shapes::look(text, hit.start(), hit.end(), shape))
            }
            Anchor::Place(place) if hit.start() >= places_end => {
                (&mut places_end, places::look(text, hit.start(), hit.end(), place))
            }
            _ => continue,
        };
        if let Some(cut) = cut {
            *done = cut.end;
            cuts.push(cut);
        }
    }
    cards::find(text, &mut cuts);
    cuts
}

#[derive(Debug, Clone, Copy)]
enum Anchor {
    Shape(shapes::Shape),
    Place(places::Place),
}

struct Anchors {
    automaton: AhoCorasick,
    kinds: Vec<Anchor>,
}

static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let shapes = shapes::anchors().map(|(text, shape)| (text, Anchor::Shape(shape)));
    let places = places::ANCHORS.iter().map(|&(text, place)| (text, Anchor::Place(place)));
    let (texts, kinds): (Vec<&str>, Vec<Anchor>) = shapes.chain(places).unzip();
    #[expect(
        clippy::expect_used,
        reason = "constant input, built by every test: it cannot fail in the field only"
    )]
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        // Its table for a DFA takes two megabytes, for no answer that anybody waits longer for.
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(texts)
        .expect("the anchors are a constant");
    Anchors { automaton, kinds }
});

/// Replaces the cuts by their marks; overlapping ones become one.
fn apply(text: &str, mut cuts: Vec<Cut>) -> String {
    cuts.sort_by_key(|cut| (cut.start, cut.end));
    let mut merged: Vec<Cut> = Vec::with_capacity(cuts.len());
    for cut in cuts {
        match merged.last_mut() {
            Some(last) if cut.start < last.end => {
                last.end = last.end.max(cut.end);
                if cut.vague < last.vague {
                    (last.vague, last.label) = (cut.vague, cut.label);
                }
            }
            _ => merged.push(cut),
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    for cut in merged {
        // No scanner cuts within a character; if one did, the whole character would go.
        let start = (rest..=cut.start).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(rest);
        out.push_str(text.get(rest..start).unwrap_or_default());
        out.push_str("[redacted: ");
        out.push_str(cut.label);
        out.push(']');
        rest = (cut.end..text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(text.len());
    }
    out.push_str(text.get(rest..).unwrap_or_default());
    out
}

/// The length of the mark that `text` begins with, if it does: what was cut once is not cut again.
fn mark(text: &[u8]) -> Option<usize> {
    let label = text.strip_prefix(b"[redacted: ")?;
    let len = run(label, 0, |b| b.is_ascii_lowercase() || b == b' ');
    (at(label, len) == b']' && (2..=40).contains(&len)).then_some(b"[redacted: ".len() + len + 1)
}

/// The byte at `i`, or NUL outside the text.
fn at(text: &[u8], i: usize) -> u8 {
    text.get(i).copied().unwrap_or(0)
}

/// Where the stretch of bytes that satisfy `belongs`, beginning at `from`, ends.
fn run(text: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|&b| !belongs(b)).unwrap_or(rest.len())
}

/// As [`run`], but no further than `most` bytes: a look that may come to nothing must not go far.
fn run_within(text: &[u8], from: usize, most: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let to = text.len().min(from.saturating_add(most));
    run(text.get(..to).unwrap_or_default(), from, belongs)
}

/// Where the stretch of bytes that satisfy `belongs`, ending before `to`, begins; at most `most` bytes back.
fn run_back(text: &[u8], to: usize, most: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let lowest = to.saturating_sub(most);
    let before = text.get(lowest..to).unwrap_or_default();
    lowest + before.iter().rposition(|&b| !belongs(b)).map_or(0, |i| i + 1)
}

/// Whether a word could begin at `i`.
fn begins_word(text: &[u8], i: usize) -> bool {
    i == 0 || !at(text, i - 1).is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests;
