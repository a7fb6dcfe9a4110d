//! What every source can be configured with, whatever its provider.

use prodview_guard::WireSettings;
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
}
