//! Card numbers: the digits, the lengths and the beginnings that brands use, and the Luhn sum.

use super::{Cut, at, run};

/// How people write a card number in groups.
const GROUPINGS: &[&[usize]] = &[&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];

pub(super) fn find(text: &[u8], cuts: &mut Vec<Cut>) {
    let mut i = 0;
    while let Some(skip) = text.get(i..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = i + skip;
        let first = run(text, start, |b| b.is_ascii_digit());
        let end = if stands_free_before(text, start) { card(text, start, first) } else { None };
        if let Some(end) = end {
            cuts.push(Cut::shape(start, end, "card number"));
        }
        i = end.unwrap_or(first);
    }
}

/// Whether a whole number (as JSON has them) is a card number.
pub(super) fn is_card(number: u64) -> bool {
    let digits = number.to_string();
    brand(digits.as_bytes()) && luhn(digits.as_bytes())
}

/// Where the card number that begins at `start` ends; `first` is the end of its first group.
fn card(text: &[u8], start: usize, first: usize) -> Option<usize> {
    match first - start {
        14..=19 => {
            let digits = text.get(start..first)?;
            (stands_free_after(text, first) && brand(digits) && luhn(digits)).then_some(first)
        }
        4 => GROUPINGS.iter().find_map(|groups| grouped(text, start, groups)),
        _ => None,
    }
}

fn grouped(text: &[u8], start: usize, groups: &[usize]) -> Option<usize> {
    let separator = at(text, start + 4);
    if !matches!(separator, b' ' | b'-') {
        return None;
    }
    let mut digits = Vec::with_capacity(19);
    let mut i = start;
    for (n, &len) in groups.iter().enumerate() {
        if n > 0 {
            if at(text, i) != separator {
                return None;
            }
            i += 1;
        }
        let end = run(text, i, |b| b.is_ascii_digit());
        if end - i != len {
            return None;
        }
        digits.extend_from_slice(text.get(i..end)?);
        i = end;
    }
    // With dashes it must be the whole: ids are written in dashed groups too.
    let dashed_id = separator == b'-'
        && (at(text, i) == b'-' && at(text, i + 1).is_ascii_alphanumeric()
            || start > 1 && at(text, start - 1) == b'-' && at(text, start - 2).is_ascii_alphanumeric());
    (!dashed_id && stands_free_after(text, i) && brand(&digits) && luhn(&digits)).then_some(i)
}

fn stands_free_before(text: &[u8], start: usize) -> bool {
    let before = if start == 0 { b' ' } else { at(text, start - 1) };
    let decimal = before == b'.' && start > 1 && at(text, start - 2).is_ascii_digit();
    !(before.is_ascii_alphanumeric() || before == b'_' || decimal)
}

fn stands_free_after(text: &[u8], end: usize) -> bool {
    let after = at(text, end);
    let decimal = after == b'.' && at(text, end + 1).is_ascii_digit();
    !(after.is_ascii_alphanumeric() || after == b'_' || decimal)
}

/// Visa, Mastercard, American Express, Discover, JCB, Diners Club, UnionPay: by beginning and length (ISO/IEC 7812).
/// The obsolete 13-digit Visa is left out: a third of all EAN codes begin with a 4.
fn brand(digits: &[u8]) -> bool {
    let begin =
        |n: usize| digits.iter().take(n).fold(0_u32, |sum, b| sum * 10 + u32::from(b.wrapping_sub(b'0')));
    match digits.len() {
        14 => matches!(begin(2), 36 | 38 | 39) || matches!(begin(3), 300..=305),
        15 => matches!(begin(2), 34 | 37),
        16 => {
            matches!(begin(1), 4)
                || matches!(begin(2), 51..=55 | 62 | 65)
                || matches!(begin(3), 644..=649)
                || matches!(begin(4), 2221..=2720 | 3528..=3589 | 6011)
        }
        17 | 18 => begin(2) == 62,
        19 => matches!(begin(1), 4) || begin(2) == 62,
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, b)| u32::from(b.wrapping_sub(b'0')) * if i % 2 == 1 { 2 } else { 1 })
        .map(|n| if n > 9 { n - 9 } else { n })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        let mut cuts = Vec::new();
        find(text.as_bytes(), &mut cuts);
        cuts.iter().map(|cut| &text[cut.start..cut.end]).collect()
    }

    #[test]
    fn card_numbers_are_found() {
        for card in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "3566002020360505",
            "36227206271667",
            "3056 930902 5904",
            "6200000000000005",
        ] {
            assert_eq!(cut(card), [card]);
            assert_eq!(cut(&format!("card={card}, exp 12/29")), [card]);
            assert_eq!(cut(&format!("{card} 12/29 123")), [card]);
        }
    }

    #[test]
    fn other_numbers_stay() {
        for other in [
            "4242424242424243",
            "1718035200000",
            "1718035200000000",
            "1718035200000000000",
            "+49 1512 3456 7890",
            "4006381333931",
            "0.4242424242424242",
            "4242424242424242.5",
            "order_4242424242424242",
            "9876543210987654",
            "550e8400-e29b-41d4-a716-446655440000",
            "4242-4242-4242-4242-9999",
            "a4242424242424242",
            "42424242424242424242424242424242",
            "1234-5678-9012-3456",
            "4242 4242 4242 424",
        ] {
            assert!(cut(other).is_empty(), "{other}");
        }
    }
}
