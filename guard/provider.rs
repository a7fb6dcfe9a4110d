//! The kinds of service prodview can look at: a closed list.

/// A kind of service. A new one starts here, with its table of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Errors: sentry.io, its regions, and self-hosted installations.
    Sentry,
    /// Payments and webhooks.
    Stripe,
    /// The application's database and functions.
    Convex,
    /// The application's cache, over Redis' own protocol.
    Redis,
    /// The application's cache at Upstash, over HTTP.
    Upstash,
}

impl Provider {
    /// Every provider, in the order in which they are listed to people.
    pub const ALL: [Provider; 5] =
        [Provider::Sentry, Provider::Stripe, Provider::Convex, Provider::Redis, Provider::Upstash];

    /// The name used in configuration, answers and file names.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::Sentry => "sentry",
            Provider::Stripe => "stripe",
            Provider::Convex => "convex",
            Provider::Redis => "redis",
            Provider::Upstash => "upstash",
        }
    }

    /// The provider of that name, if there is one.
    pub fn named(name: &str) -> Option<Provider> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

impl std::fmt::Display for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
