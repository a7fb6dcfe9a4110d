//! A credential of ours: it can be sent by this crate and shown by nobody.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::redact;

/// A key, a token, a DSN. It has no contents in `Debug`, no `Display`, no `Serialize`; its memory is cleared on drop
/// (redaction keeps a copy for as long as the process lives: a key that was ever ours is never shown).
///
/// ```
/// let key = prodview_guard::Secret::new("a".repeat(20));
/// println!("{key:?}");
/// ```
/// ```compile_fail
/// let key = prodview_guard::Secret::new("a".repeat(20));
/// println!("{key}");
/// ```
/// ```compile_fail
/// let key = prodview_guard::Secret::new("a".repeat(20));
/// serde_json::to_string(&key);
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the credential in, and remembers it for as long as the process lives: a secret that exists is cut
    /// from everything that leaves, in whatever encoding (see [`redact`](crate::redact())).
    pub fn new(text: String) -> Secret {
        redact::remember(&text);
        Secret(SecretString::from(text))
    }

    /// Whether it begins with `prefix`: enough to tell a live key from a test key.
    pub fn starts_with(&self, prefix: &str) -> bool {
        self.expose().starts_with(prefix)
    }

    /// How often it holds `c`: enough to tell a JWT (two dots) from an opaque token.
    pub fn count(&self, c: char) -> usize {
        self.expose().matches(c).count()
    }

    /// Whether `given` is this credential, in a time that does not tell how much of it is right.
    pub fn matches(&self, given: &str) -> bool {
        self.expose().as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The credential itself, for the header or the handshake that needs it. It never leaves this crate.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::redact;

    #[test]
    fn a_secret_that_exists_is_cut_and_never_shown() {
        let text = format!("odd{}shape", "-7Q-".repeat(5));
        let line = format!("sent {text} and got 401");
        assert_eq!(redact(&line), line, "before it is a secret it is only text");
        let secret = Secret::new(text.clone());
        assert_eq!(redact(&line), "sent [redacted: our key] and got 401");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(secret.starts_with("odd"));
        assert_eq!(secret.count('7'), 5);
        assert_eq!(secret.expose(), text);
    }

    #[test]
    fn the_password_inside_a_dsn_is_a_secret_of_its_own() {
        let password = format!("{}9x!", "Zw".repeat(5));
        let _dsn = Secret::new(format!("postgres://app:{password}@db.internal:5432/main"));
        assert_eq!(redact(&format!("tried {password} twice")), "tried [redacted: our key] twice");
    }

    #[test]
    fn what_is_too_short_to_be_a_key_is_not_cut() {
        let _short = Secret::new("sesame1".to_owned());
        assert_eq!(redact("open sesame1"), "open sesame1");
    }
}
