//! A database's URL, as PostgreSQL's tools, Prisma and the hosting companies write it.

use crate::{Refused, Secret, redact, visible};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use url::form_urlencoded;

/// Where a database is, and how to speak to it.
pub(super) struct Address {
    pub(super) config: Config,
    /// Whether the connection is encrypted; then the certificate is verified, always.
    pub(super) encrypted: bool,
    /// Whether a pooler in transaction mode stands in between: no state may outlive a transaction.
    pub(super) pooled: bool,
    /// The schema that unqualified names are looked up in first (Prisma's `schema`).
    pub(super) schema: Option<String>,
    /// `host:port/database`, for people.
    pub(super) target: String,
    /// What a person should know about the URL.
    pub(super) notes: Vec<String>,
}

/// Parameters that tokio-postgres understands itself.
const PASSED_ON: [&str; 10] = [
    "user",
    "password",
    "dbname",
    "host",
    "port",
    "options",
    "channel_binding",
    "target_session_attrs",
    "keepalives",
    "sslnegotiation",
];
/// Parameters that say how other clients should pool, cache or wait: without meaning here.
const WITHOUT_MEANING: [&str; 11] = [
    "connection_limit",
    "pool_timeout",
    "socket_timeout",
    "statement_cache_size",
    "pool_mode",
    "application_name",
    "connect_timeout",
    "prepared_statements",
    "max_idle_connection_lifetime",
    "uselibpqcompat",
    "supa",
];

impl Address {
    /// Reads a URL. `pooled` overrides what the URL tells about a pooler.
    pub(super) fn read(url: &Secret, pooled: Option<bool>) -> Result<Address, Refused> {
        let url = url.expose().trim();
        if url.starts_with("prisma://") || url.starts_with("prisma+postgres://") {
            return Err(Refused::because(
                "a prisma:// address leads to Prisma Accelerate, which does not speak PostgreSQL: give the direct URL \
                 of the database (often in DIRECT_URL)",
            ));
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(Refused::because(
                "this is not the URL of a PostgreSQL database; it should look like \
                 postgresql://<user>:<password>@<host>:5432/<database>",
            ));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        if is_torn(base) {
            return Err(unreadable());
        }
        let mut kept = form_urlencoded::Serializer::new(String::new());
        let mut said = Said::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if is_no_parameter(&key, &value) {
                return Err(unreadable());
            }
            if PASSED_ON.contains(&&*key) {
                kept.append_pair(&key, &value);
            } else {
                said.take(&key, &value)?;
            }
        }
        // Spaces travel as `+` in forms; the driver reads percent signs only.
        let kept = kept.finish().replace('+', "%20");
        let mut config = Config::from_str(&format!("{base}?{kept}")).map_err(|_| unreadable())?;
        // As it is sent, not only as the URL spells it: so that it is cut from everything that leaves.
        if let Some(password) = config.get_password().and_then(|sent| std::str::from_utf8(sent).ok()) {
            redact::remember_password(password);
        }
        let Some(host) = config.get_hosts().first().cloned() else {
            return Err(Refused::because("the database's URL names no host"));
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let encrypted = said.encrypted(&host);
        config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        config.application_name("prodview").connect_timeout(Duration::from_secs(3));
        let name = host_name(&host);
        if !encrypted && !is_local(&host) {
            said.notes.push("the connection is not encrypted (sslmode=disable)".to_owned());
        }
        let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres").to_owned();
        Ok(Address {
            encrypted,
            pooled: pooled.unwrap_or(said.pooled || port == 6543 || name.contains("-pooler.")),
            schema: said.schema,
            target: format!("{}:{port}/{}", visible(&name), visible(&database)),
            notes: said.notes,
            config,
        })
    }
}

/// Nothing of the URL is repeated: what stands in the place of the host may be the end of a password.
/// The angle brackets keep the example from being cut as a password.
fn unreadable() -> Refused {
    Refused::because(
        "the database's URL could not be read: special characters in its user or password must be percent-encoded \
         (@ as %40, / as %2F, ? as %3F, # as %23), and it should look like \
         postgresql://<user>:<password>@<host>:5432/<database>",
    )
}

/// Whether a password that was not percent-encoded ends in the host or the database, the driver taking the first `@`
/// for its end.
fn is_torn(base: &str) -> bool {
    let Some((_, behind)) = base.split_once('@') else { return false };
    behind.contains(['@', '#']) || behind.split('/').count() > 2
}

/// Whether what stands behind the `?` is the rest of such a password, and no parameter.
fn is_no_parameter(key: &str, value: &str) -> bool {
    let known = PASSED_ON.contains(&key) || WITHOUT_MEANING.contains(&key);
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    !key.bytes().all(word) || !known && value.contains('@')
}

/// What the URL says besides what the driver reads.
#[derive(Default)]
struct Said {
    ssl_off: bool,
    ssl_on: bool,
    pooled: bool,
    schema: Option<String>,
    notes: Vec<String>,
}

impl Said {
    fn take(&mut self, key: &str, value: &str) -> Result<(), Refused> {
        let verified = |what: &str| {
            Err(Refused::because(format!(
                "the database's URL asks not to verify the server's certificate ({what}); prodview always verifies it: \
                 leave that out, and name the authority in `ca_file` if it is not a public one"
            )))
        };
        match (key, value) {
            ("sslmode", "disable") => self.ssl_off = true,
            ("sslmode", "prefer" | "allow") => {}
            ("sslmode", "require" | "verify-ca" | "verify-full") | ("ssl", "true" | "1") => {
                self.ssl_on = true;
            }
            ("sslmode", _) => return verified("sslmode"),
            ("sslaccept", "strict") => self.ssl_on = true,
            ("sslaccept", _) => return verified("sslaccept"),
            ("sslrootcert", "system") => self.ssl_on = true,
            ("sslrootcert" | "sslcert" | "sslkey" | "sslidentity" | "sslpassword", _) => {
                return Err(Refused::because(format!(
                    "`{key}` in the database's URL names a file: name the authority in `ca_file` instead"
                )));
            }
            ("schema", schema) => self.schema = Some(schema.to_owned()),
            ("pgbouncer", value) => self.pooled = value == "true",
            (known, _) if WITHOUT_MEANING.contains(&known) => {}
            (other, _) => {
                self.notes
                    .push(format!("`{}` in the database's URL is not known and not used", visible(other)));
            }
        }
        Ok(())
    }

    /// Off to this machine unless asked for, on to any other unless switched off.
    fn encrypted(&self, host: &Host) -> bool {
        match host {
            Host::Unix(_) => false,
            Host::Tcp(_) if self.ssl_on => true,
            Host::Tcp(_) => !self.ssl_off && !is_local(host),
        }
    }
}

fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.to_string_lossy().into_owned(),
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Address, Refused> {
        Address::read(&Secret::new(url.to_owned()), None)
    }

    #[test]
    fn the_urls_of_the_hosting_companies_are_understood() {
        let address = read("postgres://u:p%40ss-word1@ep-x-pooler.eu.aws.neon.tech/main?sslmode=require&channel_binding=require").unwrap();
        assert!(address.encrypted && address.pooled);
        assert_eq!(address.target, "ep-x-pooler.eu.aws.neon.tech:5432/main");
        assert_eq!(address.config.get_password(), Some(&b"p@ss-word1"[..]));
        let address = read("postgresql://postgres.abc:password9@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1").unwrap();
        assert!(address.encrypted && address.pooled && address.notes.is_empty());
        let address =
            read("postgresql://u:password9@db.internal/app?schema=shop&sslaccept=strict&socket_timeout=3")
                .unwrap();
        assert_eq!(address.schema.as_deref(), Some("shop"));
        assert!(address.encrypted && !address.pooled);
        let address = read("postgresql://u@localhost:5433/app").unwrap();
        assert!(!address.encrypted && address.notes.is_empty());
        let address = read("postgresql://u@/app?host=/var/run/postgresql").unwrap();
        assert!(!address.encrypted);
        let address = read("postgres://u@10.0.0.5/app?sslmode=disable&fancy=1").unwrap();
        assert_eq!(address.notes.len(), 2, "{:?}", address.notes);
        let address = read("postgres://u@h/app?options=-c%20search_path%3Dshop&application_name=a").unwrap();
        assert_eq!(address.config.get_options(), Some("-c search_path=shop"));
        assert_eq!(address.config.get_application_name(), Some("prodview"));
    }

    #[test]
    fn a_certificate_is_never_left_unverified() {
        for bad in ["sslmode=no-verify", "sslaccept=accept_invalid_certs", "sslrootcert=/tmp/ca.pem"] {
            assert!(read(&format!("postgres://u@h/app?{bad}")).is_err(), "{bad}");
        }
        assert!(
            read("postgres://u@h/app?sslmode=prefer").unwrap().encrypted,
            "prefer could be talked out of it"
        );
    }

    #[test]
    fn a_password_that_is_not_encoded_is_never_taken_for_a_host() {
        for password in
            ["Hunter2@Secret/Word", "Hunter2@Secret", "@Secret", "12?Secret", "Hu?Secret", "a@Se?cret"]
        {
            for rest in ["127.0.0.1:47321/app", "db.internal/app?sslmode=require"] {
                let refused = read(&format!("postgresql://prodview:{password}@{rest}")).err();
                let refused = refused.unwrap_or_else(|| panic!("{password}")).to_string();
                assert!(refused.contains("must be percent-encoded"), "{refused}");
                assert!(!refused.contains("Se") && !refused.contains("app"), "{refused}");
            }
        }
        for bad in
            ["postgres://u:p@h/d@x", "postgres://u:p@h/d/e", "postgres://u:p@h#1/d", "postgres://u:p@h/d#e"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        // What the driver reads as it was meant.
        for (url, sent) in [("postgres://u:a/b#c@h/d", "a/b#c"), ("postgres://u:a%40b%2Fc@h/d", "a@b/c")] {
            let address = read(url).unwrap();
            assert_eq!(
                (address.target.as_str(), address.config.get_password()),
                ("h:5432/d", Some(sent.as_bytes()))
            );
        }
        assert_eq!(read("postgres://h/d?user=me@acme.dev").unwrap().config.get_user(), Some("me@acme.dev"));
    }

    #[test]
    fn the_example_of_a_url_is_not_cut_as_a_password() {
        for bad in ["mysql://u@h/d", "postgres://u:p@h@i/d"] {
            let refused = read(bad).err().unwrap().to_string();
            assert_eq!(redact::redact(&refused), refused);
            assert!(refused.contains("<password>@<host>"), "{refused}");
        }
    }

    #[test]
    fn what_is_no_postgres_url_says_what_would_be() {
        for bad in [
            "",
            "mysql://u@h/d",
            "prisma://accelerate.prisma-data.net/?api_key=x",
            "h:5432",
            "postgres://u:p@h:port/d",
        ] {
            let refused = read(bad).err().unwrap_or_else(|| panic!("{bad}")).to_string();
            assert!(
                refused.contains("postgres") || refused.contains("host") || refused.contains("Prisma"),
                "{refused}"
            );
        }
        assert!(!read("postgres://u:hunter2hunter2@h:port/d").err().unwrap().to_string().contains("hunter2"));
    }
}
