//! Which names say that what stands beside them is a secret.

/// How the value beside such a name is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Texts are cut; numbers and booleans stay (`secret: false`).
    Text,
    /// A plural that is more often a count: in running text a number stays (`tokens=5`).
    Plural,
    /// Numbers are cut too: a one-time code is one.
    Digits,
    /// A scheme may stand before the secret: `Authorization: Bearer …`.
    Authorization,
    /// Pairs of names and values.
    Cookie,
}

/// Longer names are not names.
pub(super) const LONGEST: usize = 64;

/// Whether a field of this name holds a secret, in camelCase, snake_case, kebab-case or capitals.
pub(super) fn named(name: &[u8]) -> Option<Named> {
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let letters = name.iter().filter(|b| b.is_ascii_alphanumeric());
    let plain: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
    let plain = std::str::from_utf8(&plain).ok()?;
    match plain {
        "authorization" | "proxyauthorization" => Some(Named::Authorization),
        "cookie" | "cookies" | "setcookie" => Some(Named::Cookie),
        "otp"
        | "totp"
        | "otpcode"
        | "totpcode"
        | "mfacode"
        | "onetimecode"
        | "verificationcode"
        | "cvc"
        | "cvv"
        | "cvc2"
        | "cvv2"
        | "cardcvc"
        | "securitycode"
        | "pin"
        | "pincode"
        | "ssn"
        | "socialsecuritynumber"
        | "cardnumber"
        | "pan" => Some(Named::Digits),
        "tokens" | "secrets" | "passwords" | "apikeys" | "recoverycodes" | "backupcodes" => {
            Some(Named::Plural)
        }
        "pwd" | "jwt" | "bearer" | "credential" | "credentials" | "xamzsignature" | "xgoogsignature"
        | "xamzcredential" | "jsessionid" | "phpsessid" | "passwordhash" | "passworddigest"
        | "passwordsalt" | "routingkey" | "integrationkey" => Some(Named::Text),
        _ => by_ending(plain),
    }
}

fn by_ending(plain: &str) -> Option<Named> {
    const ENDINGS: &[&str] = &[
        "password",
        "passwd",
        "passphrase",
        "secret",
        "apikey",
        "secretkey",
        "secretaccesskey",
        "accesskey",
        "privatekey",
        "signingkey",
        "encryptionkey",
        "masterkey",
        "deploykey",
        "adminkey",
        "servicerolekey",
        "authkey",
        "connectionstring",
    ];
    // Where a listing goes on: useful, and worth nothing to a thief.
    const PAGING: &[&str] =
        &["page", "next", "prev", "previous", "continuation", "cursor", "pagination", "sync", "skip"];
    let secret = match plain.strip_suffix("token") {
        Some(kind) => !PAGING.iter().any(|paging| kind.ends_with(paging)),
        None => ENDINGS.iter().any(|ending| plain.ends_with(ending)),
    };
    secret.then_some(Named::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_case() {
        for name in [
            "password",
            "passwd",
            "PASSWORD",
            "db_password",
            "userPassword",
            "secret",
            "client_secret",
            "clientSecret",
            "client-secret",
            "api_key",
            "apiKey",
            "apikey",
            "X-API-Key",
            "access_token",
            "accessToken",
            "refresh_token",
            "idToken",
            "authorization",
            "Authorization",
            "cookie",
            "Set-Cookie",
            "private_key",
            "privateKey",
            "signing_secret",
            "session_token",
            "otp",
            "cvc",
            "ssn",
            "token",
            "STRIPE_SECRET_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "UPSTASH_REDIS_REST_TOKEN",
            "CONVEX_DEPLOY_KEY",
            "service_role_key",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "password_digest",
            "webhookSecret",
        ] {
            assert!(named(name.as_bytes()).is_some(), "{name}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for name in [
            "",
            "key",
            "id",
            "email",
            "token_type",
            "tokenType",
            "next_page_token",
            "pageToken",
            "max_tokens",
            "prompt_tokens",
            "password_enabled",
            "passwordEnabled",
            "secret_version",
            "secretName",
            "publishable_key",
            "public_key",
            "publicKey",
            "idempotency_key",
            "primary_key",
            "foreign_key",
            "sort_key",
            "cache_key",
            "keyboard",
            "author",
            "authorized",
            "cookie_consent",
            "spin",
            "pinned",
            "session_id",
            "nextToken",
        ] {
            assert_eq!(named(name.as_bytes()), None, "{name}");
        }
    }
}
