//! Where the application keeps its own users, payments, webhook records and the rest: `[app.*]` in the configuration.

use std::collections::BTreeMap;

/// Everything under `[app]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct App {
    /// `[app.users]`.
    pub users: Option<AppUsers>,
    /// `[app.<part>.<name>]`, in the order of the file.
    pub tables: Vec<AppTable>,
}

impl App {
    /// The tables of one part.
    pub fn part(&self, part: Part) -> impl Iterator<Item = &AppTable> {
        self.tables.iter().filter(move |t| t.part == part)
    }
}

/// `[app.users]`: the table of users, or the app's own indexed query.
#[derive(Debug, Clone, PartialEq)]
pub struct AppUsers {
    /// The source that holds it.
    pub source: String,
    /// Its table.
    pub table: String,
    /// The field with the id.
    pub id: String,
    /// The field with the e-mail address.
    pub email: String,
    /// Kind of link → field: `stripe_customer` → `stripeCustomerId`.
    pub links: BTreeMap<String, String>,
    /// A query of the app's own that takes `{ email }` and answers the user or a list, instead of a look-up in the table.
    pub query: Option<String>,
}

/// Which part of the app's state a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What the webhook handler wrote down.
    Webhooks,
    /// Payments.
    Payments,
    /// Memberships, passes, balances.
    Entitlements,
    /// Background jobs.
    Jobs,
    /// Internal errors, never shown to users.
    Errors,
    /// Who did what.
    Audit,
}

impl Part {
    /// Every part, with its key in the configuration and the roles its fields can play.
    pub const ALL: [(Part, &'static str, &'static [&'static str]); 6] = [
        (Part::Webhooks, "webhooks", &["event", "type", "status", "at", "error"]),
        (
            Part::Payments,
            "payments",
            &[
                "id",
                "user",
                "payment",
                "checkout",
                "invoice",
                "subscription",
                "amount",
                "currency",
                "status",
                "at",
            ],
        ),
        (Part::Entitlements, "entitlements", &["user", "status", "until", "balance"]),
        (Part::Jobs, "jobs", &["id", "user", "status", "error", "at"]),
        (Part::Errors, "errors", &["user", "message", "ref", "at"]),
        (Part::Audit, "audit", &["user", "action", "ref", "at"]),
    ];
}

/// `[app.<part>.<name>]`.
#[derive(Debug, Clone, PartialEq)]
pub struct AppTable {
    /// Which part.
    pub part: Part,
    /// The last word of its heading.
    pub name: String,
    /// The source that holds it.
    pub source: String,
    /// Its table.
    pub table: String,
    /// Role → field: `status` → `state`.
    pub fields: BTreeMap<String, String>,
    /// Keys of metadata that a checkout must carry for a row to be made (payments only).
    pub metadata: Vec<String>,
}

impl Part {
    /// Its key in the configuration.
    pub fn key(self) -> &'static str {
        Part::ALL.iter().find(|(part, _, _)| *part == self).map_or("", |(_, key, _)| key)
    }
}

impl AppTable {
    /// Its section as it stands in the configuration: `[app.payments.passes]`.
    pub fn heading(&self) -> String {
        format!("[app.{}.{}]", self.part.key(), self.name)
    }

    /// The field that plays a role.
    pub fn field(&self, role: &str) -> Option<&str> {
        self.fields.get(role).map(String::as_str)
    }
}
