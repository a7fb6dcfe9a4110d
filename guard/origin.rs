//! Where a source lives: one scheme, host and port, from configuration or a table in code, never from an answer.

use crate::Refused;
use url::{Host, Url};

/// A pinned origin, with the sub-path of an installation that has one (self-hosted Sentry behind `/sentry`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    url: Url,
}

impl Origin {
    /// From configuration. `https` to any host, `http` only to this machine; no user, query or fragment.
    pub fn parse(text: &str) -> Result<Origin, Refused> {
        let url = Url::parse(text.trim_end_matches('/')).map_err(|e| {
            Refused::because(format!("this is not a URL ({e}); it should look like https://host"))
        })?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(Refused::because(
                    "http:// would send the key in the clear: use https:// (plain http is allowed only to this machine)",
                ));
            }
            other => return Err(Refused::because(format!("the scheme is {other}:, it should be https:"))),
        }
        if url.host().is_none() {
            return Err(Refused::because("the URL names no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::because(
                "the URL holds a user or password: give the key in its own setting",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Refused::because("the URL has a query or fragment: give only scheme, host and port"));
        }
        if url.path().contains(['%', '\\']) || url.path().contains("//") {
            return Err(Refused::because(
                "the URL's path holds characters that an installation path does not",
            ));
        }
        Ok(Origin { url })
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Scheme, host, port and installation path, without a final slash.
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Whether the origin is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    pub(crate) fn url(&self) -> Url {
        self.url.clone()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine() {
        for good in [
            "https://api.stripe.com",
            "https://sentry.acme.dev/sentry/",
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:80",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "stripe.com",
            "http://stripe.com",
            "http://10.0.0.1",
            "http://localhost.evil.dev",
            "ftp://x",
            "https://user@host",
            "https://u:p@host",
            "https://host?x=1",
            "https://host#x",
            "file:///etc/passwd",
            "http://2130706433.evil",
            "https://host/a%2fb",
            "https://host//a",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_with_dots_at_its_end_is_not_this_machine() {
        assert!(Origin::parse("http://localhost.").is_err());
    }
}
