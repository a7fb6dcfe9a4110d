//! Private keys in PEM: with line breaks, on one line, and cut short.

use super::{Cut, at, run};

/// Lines that may stand before the key itself (RFC 1421, OpenPGP armour).
const HEADERS: &[&[u8]] = &[b"Proc-Type:", b"DEK-Info:", b"Version:", b"Comment:"];

/// From `-----BEGIN … PRIVATE KEY` (at `start`; `end` is where its label begins) to the end of the key.
pub(super) fn find(text: &[u8], start: usize, end: usize) -> Option<Cut> {
    let label = run(text, end, in_label);
    if !text.get(end..label)?.windows(11).any(|words| words == b"PRIVATE KEY") {
        return None;
    }
    let mut i = run(text, label, |b| b == b'-');
    loop {
        let line = line_start(text, i);
        let rest = text.get(line..)?;
        if rest.starts_with(b"-----END ") {
            i = run(text, run(text, line + 9, in_label), |b| b == b'-');
            break;
        }
        if HEADERS.iter().any(|header| rest.starts_with(header)) {
            i = run(text, line, |b| !matches!(b, b'\n' | b'\\' | b'"'));
            continue;
        }
        let word = run(text, line, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        // A short last line counts only where a line could end: what follows a truncated key is another text.
        let ends = word == text.len() || matches!(at(text, word), b'-' | b'.' | b'"' | b'\'' | b'\\' | 0xE2);
        let full = word >= line + 16 || ends || text.get(line..word)?.ends_with(b"=");
        if word == line || !full {
            break;
        }
        i = word;
    }
    Some(Cut::shape(start, i, "private key"))
}

fn in_label(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' '
}

/// Behind white space and behind line breaks that are spelled `\n`.
fn line_start(text: &[u8], mut i: usize) -> usize {
    loop {
        i = run(text, i, |b| b.is_ascii_whitespace() || b == b'\\');
        if i > 0 && at(text, i - 1) == b'\\' && matches!(at(text, i), b'n' | b'r') {
            i += 1;
        } else {
            return i;
        }
    }
}
