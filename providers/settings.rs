//! What every source can be configured with, whatever its provider.

use prodview_guard::{DatabaseSettings, Refused, WireSettings};
use std::time::Duration;

/// The settings common to all sources; absent ones keep the adapter's defaults.
#[derive(Debug, Clone, Default)]
pub struct Common {
    /// Another origin than the provider's usual one. Checked by [`prodview_guard::Origin::parse`].
    pub base_url: Option<String>,
    /// The longest one request may take.
    pub timeout: Option<Duration>,
    /// How many requests at once.
    pub max_concurrency: Option<usize>,
    /// How long an answer may be given again; zero for never.
    pub cache: Option<Duration>,
    /// A proxy.
    pub proxy: Option<String>,
    /// More root certificates, in PEM.
    pub ca_pem: Option<Vec<u8>>,
}

impl Common {
    /// Puts what is configured over the adapter's defaults.
    pub fn over(&self, mut wire: WireSettings) -> WireSettings {
        wire.timeout = self.timeout.unwrap_or(wire.timeout);
        wire.max_concurrency = self.max_concurrency.unwrap_or(wire.max_concurrency);
        wire.cache = self.cache.unwrap_or(wire.cache);
        wire.proxy = self.proxy.clone();
        wire.ca_pem = self.ca_pem.clone();
        wire
    }

    /// Refuses what means nothing to a server that is not asked over HTTP and is named by its `url`.
    pub fn without_http(&self) -> Result<(), Refused> {
        let because = |why: &str| Err(Refused::because(why));
        if self.base_url.is_some() {
            return because("where this server is stands in `url`: leave `base_url` out");
        }
        if self.proxy.is_some() {
            return because("it is not asked over HTTP and goes through no HTTP proxy: leave `proxy` out");
        }
        if self.cache.is_some() {
            return because("its answers are never given again: leave `cache` out");
        }
        Ok(())
    }

    /// The same for a database asked over its own protocol.
    pub fn over_database(&self, mut database: DatabaseSettings) -> DatabaseSettings {
        database.timeout = self.timeout.unwrap_or(database.timeout);
        database.max_connections = self.max_concurrency.unwrap_or(database.max_connections);
        database.ca_pem = self.ca_pem.clone();
        database
    }
}
