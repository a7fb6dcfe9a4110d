//! One path segment, made only of characters that cannot lead anywhere else.

use thiserror::Error;

/// A refused value: what was wrong with it and what would be right. The text is ours; it never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refused(pub(crate) String);

impl Refused {
    /// A refusal in our words. Never pass text from outside.
    pub fn because(reason: impl Into<String>) -> Refused {
        Refused(reason.into())
    }
}

/// An id that became one path segment: 1 to 255 of `A–Z a–z 0–9 _ -`.
///
/// Everything that could leave the segment (dots, slashes, percent signs, control and non-ASCII characters) is
/// not in that alphabet, so it is refused rather than escaped.
///
/// ```
/// use prodview_guard::Segment;
/// assert!(Segment::new("cus_NeG").is_ok());
/// assert!(Segment::new("../v1/refunds").is_err());
/// ```
///
/// There is no other way to get one:
/// ```compile_fail
/// use prodview_guard::Segment;
/// let forged = Segment("cus_NeG".to_owned());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Segment(String);

impl Segment {
    /// The longest id: Stripe's limit, the largest of all.
    pub const MAX: usize = 255;

    /// An id of any provider. Refuses what is empty, too long or outside the alphabet.
    pub fn new(id: &str) -> Result<Segment, Refused> {
        if id.is_empty() {
            return Err(Refused::because("an id is empty"));
        }
        if id.len() > Self::MAX {
            return Err(Refused::because(format!("an id is longer than {} characters", Self::MAX)));
        }
        if !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err(Refused::because("an id may hold only letters, digits, `_` and `-`"));
        }
        Ok(Segment(id.to_owned()))
    }

    /// An id that must begin with one of the prefixes, such as `pi_`.
    pub fn with_prefix(id: &str, prefixes: &[&str]) -> Result<Segment, Refused> {
        let segment = Segment::new(id)?;
        if prefixes.iter().any(|p| id.len() > p.len() && id.starts_with(p)) {
            return Ok(segment);
        }
        Err(Refused::because(format!("this id should begin with {}", prefixes.join(" or "))))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_leave_the_segment_is_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a.b",
            "a/b",
            "a\\b",
            "a%2fb",
            "%2e%2e",
            "a b",
            "a\nb",
            "a\0b",
            "é",
            "a?b",
            "a#b",
            "a;b",
            "a@b",
            "a:b",
            "。。",
            "a\u{202e}b",
        ] {
            assert!(Segment::new(bad).is_err(), "{bad:?}");
        }
        assert!(Segment::new(&"a".repeat(255)).is_ok());
        assert!(Segment::new(&"a".repeat(256)).is_err());
    }

    #[test]
    fn a_prefix_is_checked_and_is_not_enough() {
        assert!(Segment::with_prefix("pi_1", &["pi_"]).is_ok());
        assert!(Segment::with_prefix("pi_", &["pi_"]).is_err());
        assert!(Segment::with_prefix("ch_1", &["pi_"]).is_err());
        assert!(Segment::with_prefix("du_1", &["dp_", "du_"]).is_ok());
    }

    proptest! {
        #[test]
        fn an_accepted_id_is_its_own_url_encoding(id in ".{0,300}") {
            if let Ok(segment) = Segment::new(&id) {
                let mut url = url::Url::parse("https://host/").unwrap();
                url.path_segments_mut().unwrap().pop().push(segment.as_str());
                prop_assert_eq!(url.path(), format!("/{id}"));
            }
        }
    }
}
