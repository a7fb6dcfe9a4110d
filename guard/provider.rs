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
    /// The application's database, in SQL.
    Postgres,
    /// The application's database, its users and its logs, over the Management API.
    Supabase,
    /// The application's cache, over Redis' own protocol.
    Redis,
    /// The application's cache at Upstash, over HTTP.
    Upstash,
}

impl Provider {
    /// Every provider, in the order in which they are listed to people.
    pub const ALL: [Provider; 7] = [
        Provider::Sentry,
        Provider::Stripe,
        Provider::Convex,
        Provider::Postgres,
        Provider::Supabase,
        Provider::Redis,
        Provider::Upstash,
    ];

    /// The name used in configuration, answers and file names.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::Sentry => "sentry",
            Provider::Stripe => "stripe",
            Provider::Convex => "convex",
            Provider::Postgres => "postgres",
            Provider::Supabase => "supabase",
            Provider::Redis => "redis",
            Provider::Upstash => "upstash",
        }
    }

    /// Whether it is asked over HTTP, and so has a table of operations.
    pub const fn speaks_http(self) -> bool {
        !matches!(self, Provider::Postgres | Provider::Redis)
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
