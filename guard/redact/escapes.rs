//! The text with one layer of escapes taken away, and where each byte of it came from.

use super::{at, run};

/// An unescaped text. It is never longer than its origin.
pub(super) struct Plain {
    pub(super) bytes: Vec<u8>,
    from: Vec<usize>,
    end: usize,
}

impl Plain {
    /// Where the byte at `i` stood in the original text.
    pub(super) fn origin(&self, i: usize) -> usize {
        self.from.get(i).copied().unwrap_or(self.end)
    }
}

/// Takes away percent-encoding, JSON and JavaScript backslashes, HTML entities and invisible joiners, all at once.
/// `None` when there was none. `below` is the layer that `text` is, for the origins.
pub(super) fn unescape(text: &[u8], below: Option<&Plain>) -> Option<Plain> {
    let origin = |i: usize| below.map_or(i, |b| b.origin(i));
    let first = (0..text.len()).find(|&i| escape(text, i).is_some())?;
    let mut plain = Plain {
        bytes: text.get(..first).unwrap_or_default().to_vec(),
        from: (0..first).map(origin).collect(),
        end: origin(text.len()),
    };
    plain.bytes.reserve(text.len() - first);
    plain.from.reserve(text.len() - first);
    let mut i = first;
    while i < text.len() {
        let (len, decoded) = escape(text, i).unwrap_or((1, Decoded::Byte(at(text, i))));
        match decoded {
            Decoded::Byte(byte) => {
                plain.bytes.push(byte);
                plain.from.push(origin(i));
            }
            Decoded::Char(c) => {
                let bytes = c.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
                plain.from.extend(bytes.iter().map(|_| origin(i)));
                plain.bytes.extend(bytes);
            }
            Decoded::Nothing => {}
        }
        i += len;
    }
    Some(plain)
}

enum Decoded {
    Byte(u8),
    Char(char),
    Nothing,
}

/// The escape that begins at `i`: its length and what it stands for.
fn escape(text: &[u8], i: usize) -> Option<(usize, Decoded)> {
    match at(text, i) {
        b'%' => Some((3, Decoded::Byte(u8::try_from(hex(text, i + 1, 2)?).ok()?))),
        b'\\' => backslash(text, i),
        b'&' => entity(text, i),
        0xC2 | 0xE2 | 0xEF => joiner(text.get(i..)?),
        _ => None,
    }
}

/// However many backslashes stand before a character: JSON in JSON in JSON doubles them each time.
fn backslash(text: &[u8], i: usize) -> Option<(usize, Decoded)> {
    let sign = run(text, i, |b| b == b'\\');
    let spelled = match at(text, sign) {
        b'n' => Some((1, Decoded::Byte(b'\n'))),
        b'r' => Some((1, Decoded::Byte(b'\r'))),
        b't' => Some((1, Decoded::Byte(b'\t'))),
        c @ (b'"' | b'\'' | b'/') => Some((1, Decoded::Byte(c))),
        b'x' => hex(text, sign + 1, 2).and_then(|code| Some((3, Decoded::Byte(u8::try_from(code).ok()?)))),
        b'u' => hex(text, sign + 1, 4).and_then(|code| Some((5, Decoded::Char(char::from_u32(code)?)))),
        _ => None,
    };
    match spelled {
        Some((behind, decoded)) => Some((sign - i + behind, decoded)),
        None if sign > i + 1 => Some((sign - i, Decoded::Byte(b'\\'))),
        None => None,
    }
}

fn entity(text: &[u8], i: usize) -> Option<(usize, Decoded)> {
    for (name, byte) in [
        (&b"&amp;"[..], b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&quot;", b'"'),
        (b"&apos;", b'\''),
        (b"&equals;", b'='),
        (b"&colon;", b':'),
    ] {
        if text.get(i..)?.starts_with(name) {
            return Some((name.len(), Decoded::Byte(byte)));
        }
    }
    let digits = text.get(i..)?.strip_prefix(b"&#")?;
    let (skip, radix) = if matches!(at(digits, 0), b'x' | b'X') { (1, 16) } else { (0, 10) };
    let end = run(digits, skip, |b| b.is_ascii_hexdigit());
    if at(digits, end) != b';' || end > 8 {
        return None;
    }
    let code = u32::from_str_radix(std::str::from_utf8(digits.get(skip..end)?).ok()?, radix).ok()?;
    Some((2 + end + 1, Decoded::Char(char::from_u32(code)?)))
}

/// Soft hyphen, zero-width space and joiners, word joiner, byte order mark: a key broken by them is still a key.
fn joiner(text: &[u8]) -> Option<(usize, Decoded)> {
    ["\u{ad}", "\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{feff}"]
        .iter()
        .find(|joiner| text.starts_with(joiner.as_bytes()))
        .map(|joiner| (joiner.len(), Decoded::Nothing))
}

fn hex(text: &[u8], from: usize, len: usize) -> Option<u32> {
    text.get(from..from + len)?.iter().try_fold(0, |sum, &b| Some(sum * 16 + char::from(b).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_escape_is_taken_away_and_its_origin_known() {
        for (escaped, plain) in [
            ("a%3Ab", "a:b"),
            ("a%3ab", "a:b"),
            (r#"{\"a\":\"b\\n\"}"#, "{\"a\":\"b\n\"}"),
            (r"\u003d\x3d", "=="),
            ("&lt;&#61;&#x3D;&amp;amp;", "<==&amp;"),
            ("ke\u{200b}y", "key"),
        ] {
            let view = unescape(escaped.as_bytes(), None).unwrap();
            assert_eq!(String::from_utf8(view.bytes.clone()).unwrap(), plain);
            assert_eq!(view.origin(view.bytes.len()), escaped.len());
        }
        for same in ["100% of a&b", r"C:\dir", "&#; &#xZZ;", "é – ’", "%zz", r"\u12"] {
            assert!(unescape(same.as_bytes(), None).is_none(), "{same}");
        }
    }

    #[test]
    fn origins_reach_through_layers() {
        let one = unescape(b"a%253Ab", None).unwrap();
        let two = unescape(&one.bytes, Some(&one)).unwrap();
        assert_eq!(two.bytes, b"a:b");
        assert_eq!([two.origin(1), two.origin(2), two.origin(3)], [1, 6, 7]);
    }
}
