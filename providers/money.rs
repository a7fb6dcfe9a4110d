//! Money: minor units, an ISO 4217 currency, and the text a person reads.

use iso_currency::Currency;
use schemars::JsonSchema;
use serde::Serialize;

/// An amount of money. Never a float.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Money {
    /// In minor units: cents, or whole yen.
    pub amount: i64,
    /// ISO 4217, capitals.
    pub currency: String,
    /// For reading: `€12.00`.
    pub text: String,
    /// How many digits of `amount` stand behind the point. Not told: the text shows it.
    #[serde(skip)]
    pub decimals: u32,
}

impl Money {
    /// `decimals` is how many digits of `amount` stand behind the point. The provider decides that (Stripe counts
    /// Ugandan shillings in hundredths, ISO does not), so its adapter passes it.
    pub fn new(amount: i64, currency: &str, decimals: u32) -> Money {
        let code: String =
            currency.chars().filter(char::is_ascii_alphanumeric).take(5).collect::<String>().to_uppercase();
        let text = written(amount, &code, decimals.min(6));
        Money { amount, currency: code, text, decimals }
    }
}

fn written(amount: i64, code: &str, decimals: u32) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let unit = 10_u64.pow(decimals);
    let (whole, rest) = (amount.unsigned_abs() / unit, amount.unsigned_abs() % unit);
    let mut number = grouped(whole);
    if decimals > 0 {
        number.push_str(&format!(".{rest:0width$}", width = decimals as usize));
    }
    // A bare `$` or `kr` belongs to several currencies: only signs that mean one currency replace the code.
    let symbol = match code {
        "USD" => Some("$".to_owned()),
        "EUR" | "GBP" | "JPY" | "INR" | "KRW" | "ILS" | "VND" | "UAH" => {
            Currency::from_code(code).map(|c| c.symbol().symbol)
        }
        _ => None,
    };
    match symbol {
        Some(symbol) => format!("{sign}{symbol}{number}"),
        None => format!("{sign}{number} {code}"),
    }
}

fn grouped(whole: u64) -> String {
    let digits = whole.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (amount, currency, decimals, text) in [
            (1200, "eur", 2, "€12.00"),
            (1_234_567, "usd", 2, "$12,345.67"),
            (1200, "jpy", 0, "¥1,200"),
            (1234, "kwd", 3, "1.234 KWD"),
            (-5, "usd", 2, "-$0.05"),
            (0, "gbp", 2, "£0.00"),
            (500, "sek", 2, "5.00 SEK"),
            (i64::MIN, "xyz", 2, "-92,233,720,368,547,758.08 XYZ"),
            (1, "e\u{202e}ur", 2, "€0.01"),
        ] {
            assert_eq!(Money::new(amount, currency, decimals).text, text);
        }
    }
}
