//! Where a Redis is: the URL that services hand out, read strictly.

use crate::{Refused, Secret};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// A server, a database, and as whom.
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encrypted: bool,
    pub(super) db: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    loopback: bool,
}

impl Address {
    /// `redis[s]://[user][:password]@host[:port][/db]`, and nothing else: what would be overlooked is refused.
    pub(super) fn parse(url: &Secret) -> Result<Address, Refused> {
        let refuse = |why: &str| Err(Refused::because(why));
        let Ok(url) = Url::parse(url.expose().trim()) else {
            return refuse("the URL cannot be read: it looks like rediss://<user>:<password>@<host>:6379/0");
        };
        let encrypted = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            "http" | "https" => {
                return refuse(
                    "an https:// address belongs to [sources.upstash]: here it is redis:// or rediss://",
                );
            }
            _ => return refuse("the URL begins with redis:// or rediss://"),
        };
        if url.query().is_some() || url.fragment().is_some() {
            return refuse(
                "the URL has options behind a `?` or `#`: leave them out (certificates are always verified; \
                 ca_file adds your own authority)",
            );
        }
        let Some(host) = url.host() else { return refuse("the URL names no host") };
        let loopback = is_loopback(&host);
        let host = match host {
            Host::Ipv6(ip) => ip.to_string(),
            other => other.to_string(),
        };
        if host.is_empty() {
            return refuse("the URL names no host");
        }
        let db = match url.path().trim_matches('/') {
            "" => 0,
            number => match number.parse() {
                Ok(db) => db,
                Err(_) => return refuse("behind the host stands the number of the database, such as /0"),
            },
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        let (Ok(user), Ok(password)) = (decoded(url.username()), decoded(url.password().unwrap_or_default()))
        else {
            return refuse("the user or password in the URL is not UTF-8");
        };
        Ok(Address {
            host,
            port: url.port().unwrap_or(6379),
            encrypted,
            db,
            user: (!user.is_empty()).then_some(user),
            password: (!password.is_empty()).then(|| Secret::new(password)),
            loopback,
        })
    }

    /// Host, port, and the database if it is not the first, for people.
    pub(super) fn shown(&self) -> String {
        let db = if self.db == 0 { String::new() } else { format!("/{}", self.db) };
        format!("{}:{}{db}", self.host, self.port)
    }

    /// Whether others could read along.
    pub(super) fn is_in_the_open(&self) -> bool {
        !self.encrypted && !self.loopback
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        // A scheme that the URL standard does not know keeps an address of four numbers as a name.
        Host::Domain(name) => {
            *name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, Refused> {
        Address::parse(&Secret::new(url.to_owned()))
    }

    #[test]
    fn the_urls_that_services_hand_out_are_read() {
        let address = parse("rediss://default:p%40ss@eu1.example.com:6380/2").unwrap();
        assert_eq!((address.host.as_str(), address.port, address.db), ("eu1.example.com", 6380, 2));
        assert!(address.encrypted && !address.is_in_the_open());
        assert_eq!(address.user.as_deref(), Some("default"));
        assert_eq!(address.password.unwrap().expose(), "p@ss");
        assert_eq!(address.db, 2);
        let plain = parse("redis://:secret@127.0.0.1").unwrap();
        assert_eq!((plain.port, plain.user.is_none(), plain.is_in_the_open()), (6379, true, false));
        assert!(parse("redis://cache.internal:6379").unwrap().is_in_the_open());
        assert!(!parse("redis://[::1]:6379/0").unwrap().is_in_the_open());
        assert_eq!(parse("redis://h/3").unwrap().shown(), "h:6379/3");
    }

    #[test]
    fn what_would_be_overlooked_is_refused() {
        for bad in [
            "",
            "localhost:6379",
            "redis://",
            "https://x.upstash.io",
            "unix:///tmp/redis.sock",
            "redis://h/a",
            "redis://h/0/1",
            "redis://h/-1",
            "redis://h?db=1",
            "rediss://h?ssl_cert_reqs=none",
            "rediss://h#insecure",
            "redis://h/99999999",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
