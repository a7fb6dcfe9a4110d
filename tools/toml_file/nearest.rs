//! Which known word a mistyped one was meant to be.

/// Longer words are not typing mistakes, and would cost time to compare.
const LONGEST: usize = 64;

/// The known word that is nearest to `word`, if any is near.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|k| {
            let distance = strsim::damerau_levenshtein(&word, &k.to_lowercase());
            // `api_key` for `key`, `organisation` for `org`, `key` for `deploy_key`: far in letters, near in meaning.
            let meant = k.len() >= 3 && (word.starts_with(k) || has_part(&word, k) || has_part(k, &word));
            (distance <= allowed || meant).then_some((distance, k))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

fn has_part(long: &str, part: &str) -> bool {
    long.split(['_', '-']).any(|p| p == part)
}

/// What to say instead of a word that is not known: the nearest, or all there are.
pub fn instead_of(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", listed(known)),
    }
}

/// `a`, `b`, `c`, in backticks.
pub fn listed(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_mistakes_and_longer_names_are_understood() {
        let known = ["key", "account", "provider", "base_url", "org", "timeout", "token"];
        for (word, meant) in [
            ("kee", Some("key")),
            ("api_key", Some("key")),
            ("secret-key", Some("key")),
            ("KEY", Some("key")),
            ("providr", Some("provider")),
            ("baseurl", Some("base_url")),
            ("organisation", Some("org")),
            ("tiemout", Some("timeout")),
            ("auth_token", Some("token")),
            ("url", Some("base_url")),
            ("zzzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(nearest(&"key".repeat(1000), known), None);
    }
}
