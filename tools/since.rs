//! Windows of time, as people write them: `30m`, `24h`, `7d`, or a moment.

use crate::ToolError;
use prodview_providers::Moment;

/// Reads the argument `key`. `None` when it is absent; an error that names the key when it is not a window, or a
/// moment that is still to come.
pub fn read(key: &'static str, text: Option<&str>) -> Result<Option<Moment>, ToolError> {
    let Some(text) = text else { return Ok(None) };
    let now = Moment::now();
    let moment =
        ago(text).map(|seconds| now.minus_s(seconds)).or_else(|| Moment::parse(text)).or_else(|| {
            // A date alone means its beginning, in UTC.
            Moment::parse(&format!("{}T00:00:00Z", text.trim()))
        });
    match moment {
        Some(moment) if moment <= now => Ok(Some(moment)),
        Some(_) => Err(ToolError::malformed(key, "lies in the future")),
        None => Err(ToolError::malformed(
            key,
            "should be like 30m, 24h, 7d, or a moment such as 2026-01-31T12:00:00Z",
        )),
    }
}

/// Reads the argument, or goes back `default` seconds.
pub fn or_ago(key: &'static str, text: Option<&str>, default_s: i64) -> Result<Moment, ToolError> {
    Ok(read(key, text)?.unwrap_or_else(|| Moment::now().minus_s(default_s)))
}

fn ago(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|n| (1..=100_000).contains(n))?;
    let unit = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// A day, in seconds.
pub const DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_moments_are_read() {
        for (text, seconds) in [("30m", 1_800), ("24h", DAY), ("7d", 7 * DAY), ("2w", 14 * DAY)] {
            let since = read("since", Some(text)).unwrap().unwrap();
            assert!((since.seconds_until(Moment::now()) - seconds).abs() <= 1, "{text}");
        }
        assert_eq!(read("since", None), Ok(None));
        assert_eq!(read("since", Some("2025-01-31")).unwrap().unwrap().to_string(), "2025-01-31T00:00:00Z");
        for bad in ["", "m", "0m", "-1h", "1y", "99999999999d", "é", "tomorrow", "2999-01-01T00:00:00Z"] {
            assert!(read("since", Some(bad)).is_err(), "{bad}");
        }
    }
}
