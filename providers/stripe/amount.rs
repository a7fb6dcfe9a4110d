//! How many digits of a Stripe amount stand behind the point. Not ISO 4217: Stripe keeps its own table.

use crate::Money;

/// Currencies whose amounts are whole units.
const ZERO: [&str; 15] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];

/// Currencies whose amounts are thousandths.
const THREE: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// Digits behind the point, by <https://docs.stripe.com/currencies> (read 2026-11). ISK and UGX have no minor unit any
/// more and are still counted in hundredths for compatibility; HUF and TWD are whole only in payouts. A currency
/// that is not in the table has two.
pub(super) fn decimals(currency: &str) -> u32 {
    let among = |codes: &[&str]| codes.iter().any(|code| code.eq_ignore_ascii_case(currency));
    match () {
        () if among(&ZERO) => 0,
        () if among(&THREE) => 3,
        () => 2,
    }
}

/// A Stripe amount. `None` without an amount or a currency.
pub(super) fn money(amount: Option<i64>, currency: Option<&str>) -> Option<Money> {
    let (amount, currency) = (amount?, currency.filter(|c| !c.is_empty())?);
    Some(Money::new(amount, currency, decimals(currency)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_stripes_own() {
        for (amount, currency, text) in [
            (1200, "jpy", "¥1,200"),
            (1200, "eur", "€12.00"),
            (500, "isk", "5.00 ISK"),
            (500, "UGX", "5.00 UGX"),
            (1045, "huf", "10.45 HUF"),
            (80000, "twd", "800.00 TWD"),
            (5120, "kwd", "5.120 KWD"),
            (1, "xyz", "0.01 XYZ"),
        ] {
            assert_eq!(money(Some(amount), Some(currency)).unwrap().text, text);
        }
        assert_eq!(money(Some(1), None), None);
        assert_eq!(money(None, Some("eur")), None);
    }
}
