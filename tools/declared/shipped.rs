//! The declared tools that come with prodview, written in the same format as the user's own. Each is off until
//! `declared` in `[settings]` names it.

use super::{Declared, Rules};
use crate::toml_file::Problem;

/// A file that is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Its folder.
    pub provider: &'static str,
    /// Its name, which is that of the tool.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($provider:literal: $($name:literal)*;)*) => {
        &[$($(Shipped {
            provider: $provider,
            name: $name,
            text: include_str!(concat!($provider, "/", $name, ".toml")),
        }),*),*]
    };
}

/// All of them, in the order in which they are listed.
pub const ALL: &[Shipped] = shipped! {
    "stripe":
        "stripe_disputes" "stripe_refunds" "stripe_invoices" "stripe_subscriptions" "stripe_balance_transactions"
        "stripe_payouts" "stripe_prices" "stripe_events";
    "sentry": "sentry_releases" "sentry_issue_tag_values" "sentry_issue_events";
    "postgres":
        "pg_slow_queries" "pg_blocked_queries" "pg_locks" "pg_long_transactions" "pg_table_sizes"
        "pg_unused_indexes" "pg_migrations" "pg_unvalidated_keys";
    "convex": "convex_user_by_email";
};

impl Shipped {
    /// What it is called in messages.
    pub fn file(&self) -> String {
        format!("tools/declared/{}/{}.toml", self.provider, self.name)
    }

    /// Reads it.
    pub fn load(&self, rules: &Rules<'_>) -> Result<Declared, Vec<Problem>> {
        Declared::load(self.text, &self.file(), rules)
    }
}

/// Those that a line of `declared` switches on: one by its name, or all of a provider by `stripe/*`. None when there
/// is nothing of that name.
pub fn named(pattern: &str) -> Vec<&'static Shipped> {
    let folder = pattern.strip_suffix("/*");
    ALL.iter().filter(|tool| tool.name == pattern || folder == Some(tool.provider)).collect()
}

/// Everything that `declared` can say.
pub fn names() -> Vec<String> {
    let mut folders: Vec<String> = ALL.iter().map(|tool| format!("{}/*", tool.provider)).collect();
    folders.dedup();
    ALL.iter().map(|tool| tool.name.to_owned()).chain(folders).collect()
}
