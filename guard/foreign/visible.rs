//! What cannot be seen is made visible, so that nobody, person or model, reads what another cannot.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// Of hidden characters in a row so many are spelled out; the rest is counted.
const SPELLED: usize = 8;

/// The text with every hidden character spelled out: `‹U+202E›`, and `‹ESC[31m›` for terminal sequences.
///
/// It comes on one line: line breaks and the indentation behind them read ` ⏎ `, a tab is a space. Letters of every
/// script, their marks, emoji and their joiners stay as they are. Borrowed when nothing had to change.
///
/// ```
/// use prodview_guard::visible;
/// assert_eq!(visible("refund\u{202e}dnufer"), "refund‹U+202E›dnufer");
/// assert_eq!(visible("שלום 👩‍💻"), "שלום 👩‍💻");
/// ```
pub fn visible(raw: &str) -> Cow<'_, str> {
    let Some(first) = first_change(raw) else { return Cow::Borrowed(raw) };
    let (clear, rest) = raw.split_at(first);
    let mut out = String::with_capacity(raw.len() + 32);
    out.push_str(clear);
    let mut before = clear.chars().next_back();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        let kept = stays(before, c, chars.peek().copied());
        before = kept.then_some(c);
        if kept {
            out.push(c);
        } else if line_break(c) {
            out.truncate(out.trim_end_matches(' ').len());
            out.push_str(" ⏎ ");
            while chars.next_if(|&c| line_break(c) || matches!(c, ' ' | '\t')).is_some() {}
        } else if c == '\t' {
            out.push(' ');
        } else {
            spell(&mut out, c, &mut chars);
        }
    }
    Cow::Owned(out)
}

fn first_change(raw: &str) -> Option<usize> {
    if raw.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return None;
    }
    let mut before = None;
    let mut chars = raw.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        if !stays(before, c, chars.peek().map(|&(_, next)| next)) {
            return Some(i);
        }
        before = Some(c);
    }
    None
}

/// Spells out a hidden character and those that follow it.
fn spell(out: &mut String, c: char, chars: &mut Peekable<Chars<'_>>) {
    // Writing to a String cannot fail.
    let _ = match c {
        '\u{1b}' => write!(out, "‹ESC{}›", terminal_sequence(chars)),
        c => write!(out, "‹U+{:04X}›", u32::from(c)),
    };
    let (mut spelled, mut counted) = (1, 0);
    while let Some(c) = chars.next_if(|&c| hidden(c) && c != '\u{1b}' && c != '\t' && !line_break(c)) {
        if spelled < SPELLED {
            spelled += 1;
            let _ = write!(out, "‹U+{:04X}›", u32::from(c));
        } else {
            counted += 1;
        }
    }
    if counted > 0 {
        let _ = write!(out, "‹+{counted} hidden›");
    }
}

/// The rest of a control sequence such as `[31m` (ECMA-48 §5.4), when it is one.
fn terminal_sequence(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut ahead = chars.clone();
    if ahead.next() != Some('[') {
        return String::new();
    }
    let mut sequence = String::from("[");
    for c in ahead.take(32) {
        sequence.push(c);
        match c {
            ' '..='?' => {}
            '@'..='~' => {
                chars.nth(sequence.len() - 1);
                return sequence;
            }
            _ => break,
        }
    }
    String::new()
}

fn line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether `c` is shown as it is, between what was shown before it and what follows.
fn stays(before: Option<char>, c: char, next: Option<char>) -> bool {
    if !hidden(c) {
        return true;
    }
    let Some(before) = before else { return false };
    match c {
        // A selector belongs to one character that has such forms; a row of them carries a message.
        '\u{fe0e}' | '\u{fe0f}' => {
            pictograph(before) || matches!(before, '0'..='9' | '#' | '*') && next == Some('\u{20e3}')
        }
        '\u{fe00}'..='\u{fe0d}' => matches!(before, '\u{2200}'..='\u{2aff}') || ideograph(before),
        '\u{e0100}'..='\u{e010f}' => ideograph(before),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        '\u{200d}' => next.is_some_and(|next| {
            (pictograph(before) || before == '\u{fe0f}') && pictograph(next) || joins(before, next)
        }),
        '\u{200c}' => next.is_some_and(|next| joins(before, next)),
        _ => false,
    }
}

/// Controls, formats without a shape, fillers, private use and noncharacters: Unicode's general categories Cc, Cf,
/// Co and the default-ignorable characters (UAX #44), but for the number signs of Arabic and the like, which show.
fn hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{70f}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1345f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'
    ) || u32::from(c) & 0xfffe == 0xfffe
}

fn pictograph(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

fn ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}') && !hidden(c)
}

/// Whether a joiner or non-joiner between these two is spelling: Persian and the scripts of India have it.
fn joins(before: char, next: char) -> bool {
    let script = |c: char| {
        matches!(c,
            '\u{620}'..='\u{6ff}' | '\u{710}'..='\u{74f}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{dff}'
            | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17d3}' | '\u{1820}'..='\u{18aa}'
            | '\u{fb50}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
            && !hidden(c)
    };
    script(before) && script(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hidden_characters_are_spelled_out() {
        for (raw, shown) in [
            ("a\0b\u{7}", "a‹U+0000›b‹U+0007›"),
            ("\u{1b}[1;31mred\u{1b}[0m", "‹ESC[1;31m›red‹ESC[0m›"),
            ("\u{1b}]8;;http://x\u{7}y", "‹ESC›]8;;http://x‹U+0007›y"),
            ("\u{1b}[", "‹ESC›["),
            ("\u{1b}[é", "‹ESC›[é"),
            ("\u{9b}31m", "‹U+009B›31m"),
            ("a\u{200b}b\u{2066}c\u{feff}\u{ad}", "a‹U+200B›b‹U+2066›c‹U+FEFF›‹U+00AD›"),
            ("hi\u{e0041}\u{e007f}", "hi‹U+E0041›‹U+E007F›"),
            ("x\u{200d}y z\u{fe0f}", "x‹U+200D›y z‹U+FE0F›"),
            ("😀\u{fe0f}\u{fe0f}", "😀\u{fe0f}‹U+FE0F›"),
            ("\u{3164}\u{115f}\u{ffa0}\u{fff9}", "‹U+3164›‹U+115F›‹U+FFA0›‹U+FFF9›"),
            ("\u{e000}\u{fdd0}\u{ffff}\u{1fffe}", "‹U+E000›‹U+FDD0›‹U+FFFF›‹U+1FFFE›"),
            ("a\r\n\r\n  b\tc\u{2028}d  \ne", "a ⏎ b c ⏎ d ⏎ e"),
        ] {
            assert_eq!(visible(raw), shown);
            assert_eq!(visible(shown), shown, "twice");
        }
        let smuggled: String = "x".chars().chain((0..40).map(|_| '\u{e0041}')).collect();
        assert_eq!(visible(&smuggled), format!("x{}‹+32 hidden›", "‹U+E0041›".repeat(8)));
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "",
            "plain",
            "12,00\u{a0}€ – „ja“ …",
            "שלום עולם",
            "مرحبا",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "漢字 かな 한글",
            "e\u{301} Z\u{351}",
            "👩\u{200d}💻 👍🏽 ❤\u{fe0f} 1\u{fe0f}\u{20e3} 🏳\u{fe0f}\u{200d}🌈 🇩🇪",
            "👩\u{200d}❤\u{fe0f}\u{200d}👨",
            "葛\u{e0100}",
            "∩\u{fe00}",
            "‹U+202E›",
            "\u{fffd}",
        ] {
            assert!(
                matches!(visible(text), Cow::Borrowed(same) if same == text),
                "{text:?} → {}",
                visible(text)
            );
        }
    }

    /// Joiners and selectors that spelling needs; everything else that is hidden must be gone.
    fn spelling(c: char) -> bool {
        matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e010f}' | '\u{180b}'..='\u{180f}')
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(raw in any::<String>(), odd in "[\u{0}-\u{20}a\u{7f}-\u{a0}\u{200b}-\u{206f}😀\u{fe0e}\u{fe0f}\u{e0000}-\u{e01ff}\u{1b}\\[]{0,40}") {
            for text in [raw, odd] {
                let shown = visible(&text);
                prop_assert!(shown.chars().all(|c| !c.is_control() && (spelling(c) || !hidden(c))), "{shown:?}");
                prop_assert_eq!(visible(&shown).into_owned(), shown.clone());
            }
        }

        #[test]
        fn plain_text_stays(text in "[ -~¡-¬®-ʯͰ-Ͽа-яا-يぁ-ん一-龥가-힣]{0,60}") {
            prop_assert_eq!(visible(&text), text.as_str());
        }
    }
}
