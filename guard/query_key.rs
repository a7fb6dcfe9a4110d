//! The name of a query parameter that someone wrote into a declared tool: never a value, never made from one.

use crate::Refused;

/// A parameter's name: a letter, then up to 79 of `A–Z a–z 0–9 _ . [ ]`.
///
/// It comes from a tool's file, which is read when the program starts. What a question brings can only be a value.
/// ```
/// use prodview_guard::QueryKey;
/// assert!(QueryKey::declared("created[gte]").is_ok());
/// assert!(QueryKey::declared("a=1&b").is_err());
/// ```
/// There is no other way to get one:
/// ```compile_fail
/// use prodview_guard::QueryKey;
/// let forged = QueryKey("a=1&b".to_owned());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QueryKey(String);

impl QueryKey {
    /// The longest name.
    pub const MAX: usize = 80;

    /// A name from a declared tool's file. One that begins with `_` is refused: some servers take such names for
    /// another method.
    pub fn declared(name: &str) -> Result<QueryKey, Refused> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']');
        if !(1..=Self::MAX).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(Refused::because(format!(
                "a query parameter is named with 1 to {} letters, digits, `_`, `.`, `[` and `]`",
                Self::MAX
            )));
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Refused::because("the name of a query parameter begins with a letter"));
        }
        Ok(QueryKey(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_names() {
        for good in ["limit", "created[gte]", "expand[]", "statsPeriod", "per_page", "a.b"] {
            assert_eq!(QueryKey::declared(good).map(|k| k.0).as_deref(), Ok(good));
        }
        for bad in ["", "_method", "a=b", "a&b", "a b", "é", "a#", "a?", "[a]", "1a", "a%5B", &"a".repeat(81)]
        {
            assert!(QueryKey::declared(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_stays_one_name_in_a_url(name in ".{0,90}", value in ".{0,90}") {
            if let Ok(key) = QueryKey::declared(&name) {
                let mut url = url::Url::parse("https://host/").unwrap();
                url.query_pairs_mut().append_pair(key.as_str(), &value);
                let pairs: Vec<_> = url.query_pairs().collect();
                prop_assert_eq!(pairs.len(), 1);
                prop_assert_eq!(pairs[0].0.as_ref(), name.as_str());
            }
        }
    }
}
