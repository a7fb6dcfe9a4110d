//! How the arguments of a reading command are checked: one part after the other, each within its bounds.

use crate::Refused;
use std::fmt;

/// What may stand at a place among the arguments.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// A key.
    Key,
    /// One to so many keys.
    Keys(usize),
    /// Any text, such as a field or a member.
    Text(&'static str),
    /// One to so many texts.
    Texts(&'static str, usize),
    /// A glob pattern. Many stars make the server's matching slow, so their number is bounded.
    Pattern,
    /// The cursor of a scan.
    Cursor,
    /// A whole number within bounds.
    Whole(&'static str, i64, i64),
    /// As [`Part::Whole`], and it says how many elements come back at most.
    Most(i64),
    /// Two indexes, first and last, that both count from the same end and hold at most so many between them.
    Span(i64),
    /// A bound of a range of scores.
    Score,
    /// A bound of a range of texts.
    Lex,
    /// An id in a stream, or an end of it.
    StreamId,
    /// One to so many `GET type offset` of a bit field.
    BitReads(usize),
    /// Options in any order, each at most once.
    Options(&'static [Opt]),
}

/// One option: its word, what follows it, and whether the command may be sent without it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opt {
    pub(super) word: &'static str,
    pub(super) takes: &'static [Part],
    pub(super) needed: bool,
}

/// Arguments that passed, as they will be sent.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) args: Vec<Vec<u8>>,
    /// How many elements can come back, where the arguments say.
    pub(super) most: Option<u64>,
}

/// The longest key, field, member or pattern.
const LONGEST: usize = 4_096;
const LONGEST_PATTERN: usize = 512;
const MOST_STARS: usize = 8;

/// Checks all arguments against all parts; nothing may be left over or missing.
pub(super) fn check(parts: &[Part], given: &[Vec<u8>]) -> Result<Checked, Refused> {
    let mut rest = given.iter().map(Vec::as_slice).collect::<Vec<_>>();
    rest.reverse();
    let mut done = Checked::default();
    for part in parts {
        part.take(&mut rest, &mut done)?;
    }
    if rest.is_empty() { Ok(done) } else { Err(Refused::because("there are more arguments than it takes")) }
}

impl Part {
    fn take(self, rest: &mut Vec<&[u8]>, done: &mut Checked) -> Result<(), Refused> {
        match self {
            Part::Options(options) => return take_options(options, rest, done),
            Part::Keys(most) => return take_many(Part::Key, most, rest, done),
            Part::Texts(what, most) => return take_many(Part::Text(what), most, rest, done),
            Part::BitReads(most) => return take_bit_reads(most, rest, done),
            Part::Span(widest) => return take_span(widest, rest, done),
            _ => {}
        }
        let given = rest.pop().ok_or_else(|| Refused::because(format!("`{self}` is missing")))?;
        let sent = match self {
            Part::Whole(what, low, high) => whole(given, what, low, high)?.to_string().into_bytes(),
            Part::Most(most) => {
                let count = whole(given, "count", 1, most)?;
                done.most = u64::try_from(count).ok();
                count.to_string().into_bytes()
            }
            Part::Cursor => cursor(given)?,
            Part::Score => score(given)?,
            Part::Lex => lex(given)?,
            Part::StreamId => stream_id(given)?,
            Part::Pattern => pattern(given)?,
            _ => text(given)?,
        };
        done.args.push(sent);
        Ok(())
    }
}

fn take_many(one: Part, most: usize, rest: &mut Vec<&[u8]>, done: &mut Checked) -> Result<(), Refused> {
    if rest.len() > most {
        return Err(Refused::because(format!("at most {most} of `{one}` at once")));
    }
    one.take(rest, done)?;
    while !rest.is_empty() {
        one.take(rest, done)?;
    }
    Ok(())
}

fn take_options(options: &[Opt], rest: &mut Vec<&[u8]>, done: &mut Checked) -> Result<(), Refused> {
    let mut seen: Vec<&'static str> = Vec::new();
    while let Some(given) = rest.pop() {
        let option = options
            .iter()
            .find(|o| given.eq_ignore_ascii_case(o.word.as_bytes()))
            .ok_or_else(|| Refused::because("it takes no such option"))?;
        if seen.contains(&option.word) {
            return Err(Refused::because(format!("{} stands twice", option.word)));
        }
        seen.push(option.word);
        done.args.push(option.word.as_bytes().to_vec());
        for part in option.takes {
            part.take(rest, done)?;
        }
    }
    match options.iter().find(|o| o.needed && !seen.contains(&o.word)) {
        Some(missing) => Err(Refused::because(format!("it needs {missing}, so that the answer has an end"))),
        None => Ok(()),
    }
}

fn take_span(widest: i64, rest: &mut Vec<&[u8]>, done: &mut Checked) -> Result<(), Refused> {
    let mut index = |what| {
        let given = rest.pop().ok_or_else(|| Refused::because(format!("`{what}` is missing")))?;
        whole(given, what, i64::MIN, i64::MAX)
    };
    let (first, last) = (index("start")?, index("stop")?);
    if (first < 0) != (last < 0) {
        return Err(Refused::because(
            "start and stop must count from the same end, such as 0 99 or -100 -1, so that the answer has an end",
        ));
    }
    // Both have the same sign, so that this cannot overflow.
    let width = last.saturating_sub(first).saturating_add(1).max(0);
    if width > widest {
        return Err(Refused::because(format!("from start to stop are at most {widest} at once")));
    }
    done.most = u64::try_from(width).ok();
    done.args.extend([first.to_string().into_bytes(), last.to_string().into_bytes()]);
    Ok(())
}

fn take_bit_reads(most: usize, rest: &mut Vec<&[u8]>, done: &mut Checked) -> Result<(), Refused> {
    if rest.is_empty() || rest.len() > most * 3 {
        return Err(Refused::because(format!("it takes 1 to {most} of `GET type offset`")));
    }
    while let Some(word) = rest.pop() {
        if !word.eq_ignore_ascii_case(b"GET") {
            return Err(Refused::because("it takes only `GET type offset`"));
        }
        let (Some(kind), Some(offset)) = (rest.pop(), rest.pop()) else {
            return Err(Refused::because("`GET` is followed by a type and an offset"));
        };
        let width = match kind {
            [b'u' | b'i', digits @ ..] => whole(digits, "type", 1, 64)?,
            _ => return Err(Refused::because("a type is written like u8 or i16")),
        };
        let sign = if kind.first() == Some(&b'u') { 'u' } else { 'i' };
        let offset = whole(offset, "offset", 0, 1 << 32)?;
        done.args.extend([
            b"GET".to_vec(),
            format!("{sign}{width}").into_bytes(),
            offset.to_string().into_bytes(),
        ]);
    }
    Ok(())
}

fn whole(given: &[u8], what: &str, low: i64, high: i64) -> Result<i64, Refused> {
    let number = std::str::from_utf8(given)
        .ok()
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
        .and_then(|digits| digits.parse::<i64>().ok())
        .ok_or_else(|| Refused::because(format!("`{what}` is a whole number")))?;
    if (low..=high).contains(&number) {
        return Ok(number);
    }
    Err(Refused::because(format!("`{what}` is a whole number from {low} to {high}")))
}

fn cursor(given: &[u8]) -> Result<Vec<u8>, Refused> {
    let number = std::str::from_utf8(given).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let number = number.and_then(|digits| digits.parse::<u64>().ok());
    number
        .map(|n| n.to_string().into_bytes())
        .ok_or_else(|| Refused::because("a cursor is 0, or the number that the last answer gave"))
}

fn text(given: &[u8]) -> Result<Vec<u8>, Refused> {
    if given.len() > LONGEST {
        return Err(Refused::because(format!("a key or text is longer than {LONGEST} bytes")));
    }
    Ok(given.to_vec())
}

fn pattern(given: &[u8]) -> Result<Vec<u8>, Refused> {
    let stars = given.iter().filter(|b| **b == b'*').count();
    if given.is_empty() || given.len() > LONGEST_PATTERN || stars > MOST_STARS {
        return Err(Refused::because(format!(
            "a pattern has 1 to {LONGEST_PATTERN} bytes and at most {MOST_STARS} stars"
        )));
    }
    Ok(given.to_vec())
}

fn score(given: &[u8]) -> Result<Vec<u8>, Refused> {
    let word = std::str::from_utf8(given).unwrap_or_default();
    let number = word.strip_prefix('(').unwrap_or(word);
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    let fits = matches!(number.to_ascii_lowercase().as_str(), "-inf" | "+inf" | "inf")
        || (number.len() <= 32 && number.bytes().all(plain) && number.parse::<f64>().is_ok());
    if fits { Ok(given.to_vec()) } else { Err(Refused::because("a score is a number, -inf or +inf")) }
}

fn lex(given: &[u8]) -> Result<Vec<u8>, Refused> {
    match given {
        b"-" | b"+" => Ok(given.to_vec()),
        [b'[' | b'(', ..] => text(given),
        _ => Err(Refused::because("a bound is -, +, or a text behind [ or (")),
    }
}

fn stream_id(given: &[u8]) -> Result<Vec<u8>, Refused> {
    let word = std::str::from_utf8(given).unwrap_or_default();
    let id = word.strip_prefix('(').unwrap_or(word);
    let (ms, seq) = id.split_once('-').unwrap_or((id, "0"));
    let number = |t: &str| !t.is_empty() && t.len() <= 20 && t.bytes().all(|b| b.is_ascii_digit());
    let fits = matches!(word, "-" | "+") || (number(ms) && number(seq));
    if fits {
        Ok(given.to_vec())
    } else {
        Err(Refused::because("an id of a stream is -, +, or like 1700000000000-0"))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Key => f.write_str("key"),
            Part::Keys(most) => write!(f, "key … (up to {most})"),
            Part::Text(what) => f.write_str(what),
            Part::Texts(what, most) => write!(f, "{what} … (up to {most})"),
            Part::Pattern => f.write_str("pattern"),
            Part::Cursor => f.write_str("cursor"),
            Part::Whole(what, low, high) => write!(f, "{what} ({low} to {high})"),
            Part::Most(most) => write!(f, "count (1 to {most})"),
            Part::Span(widest) => write!(f, "start stop (at most {widest})"),
            Part::Score => f.write_str("score"),
            Part::Lex => f.write_str("bound"),
            Part::StreamId => f.write_str("id"),
            Part::BitReads(most) => write!(f, "GET type offset … (up to {most})"),
            Part::Options(options) => {
                for (n, option) in options.iter().enumerate() {
                    let (open, close) = if option.needed { ("", "") } else { ("[", "]") };
                    let space = if n == 0 { "" } else { " " };
                    write!(f, "{space}{open}{option}{close}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Opt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)?;
        self.takes.iter().try_for_each(|part| write!(f, " {part}"))
    }
}
