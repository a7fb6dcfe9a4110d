//! What stands before anybody comes: the company's accounts, its prices, its webhook endpoints, its projects.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::{Commit, Project, Release};
use super::making::{DAY, HOUR, Making, SUBSCRIBED, moment, text};
use super::names;

/// Something that is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// Ten sessions with one trainer.
    Pass,
    /// One session.
    Single,
    /// The membership, by the month.
    Plus,
}

impl Item {
    pub fn name(self) -> &'static str {
        match self {
            Item::Pass => "10-session pass",
            Item::Single => "Single session",
            Item::Plus => "Wrenhouse Plus",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Item::Pass => "pass_10",
            Item::Single => "single",
            Item::Plus => "plus_monthly",
        }
    }

    /// Its price in the smallest unit: yen have none below them, Kuwaiti dinars have a thousand.
    fn amount(self, currency: &str) -> i64 {
        let (pass, single, plus) = match currency {
            "gbp" => (10_500, 1_600, 1_200),
            "usd" => (13_000, 2_000, 1_500),
            "jpy" => (19_800, 2_900, 2_200),
            "kwd" => (39_500, 5_900, 4_750),
            _ => (12_000, 1_800, 1_400),
        };
        match self {
            Item::Pass => pass,
            Item::Single => single,
            Item::Plus => plus,
        }
    }
}

pub(super) const CURRENCIES: [&str; 5] = ["eur", "gbp", "usd", "jpy", "kwd"];

/// The prices, by what they are for and in which currency.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    prices: BTreeMap<(Item, &'static str), Value>,
}

impl Catalogue {
    pub fn price(&self, item: Item, currency: &str) -> Value {
        let found = self.prices.iter().find(|((i, c), _)| *i == item && *c == currency);
        found.map_or(Value::Null, |(_, price)| price.clone())
    }

    pub fn amount(&self, item: Item, currency: &str) -> i64 {
        item.amount(currency)
    }
}

impl Making {
    pub fn set_up(&mut self) {
        self.names();
        self.account();
        self.catalogue();
        self.endpoints();
        self.schema();
        self.projects();
    }

    fn names(&mut self) {
        let (adjective, bird) = (self.dice.pick(names::ADJECTIVES), self.dice.pick(names::BIRDS));
        self.world.company.convex_deployment = format!("{adjective}-{bird}-{}", self.dice.between(101, 989));
        self.world.company.sentry_org_id = self.dice.digits(16);
    }

    fn account(&mut self) {
        let domain = self.world.company.domain.clone();
        let opened = self.now - 900 * DAY;
        self.world.stripe.account = json!({
            "id": format!("acct_1{}", self.dice.base62(15)), "object": "account", "country": "DE", "created": opened,
            "default_currency": "eur", "email": format!("finance@{domain}"), "charges_enabled": true,
            "payouts_enabled": true, "details_submitted": true, "business_type": "company",
            "business_profile": {
                "name": self.world.company.name, "mcc": "7997", "url": format!("https://{domain}"),
                "support_email": format!("hello@{domain}"),
                "product_description": "Sessions with music and movement trainers",
            },
            "settings": {
                "dashboard": { "display_name": self.world.company.name, "timezone": "Europe/Berlin" },
                "payments": { "statement_descriptor": "WRENHOUSE" },
            },
        });
    }

    fn catalogue(&mut self) {
        let opened = self.now - 800 * DAY;
        for item in [Item::Pass, Item::Single, Item::Plus] {
            let product = self.id("prod");
            let monthly = item == Item::Plus;
            for currency in CURRENCIES {
                let amount = item.amount(currency);
                let recurring = monthly.then(|| {
                    json!({ "interval": "month", "interval_count": 1, "meter": null, "trial_period_days": null,
                            "usage_type": "licensed" })
                });
                let price = json!({
                    "id": self.id("price"), "object": "price", "created": opened, "currency": currency,
                    "product": product, "unit_amount": amount, "unit_amount_decimal": amount.to_string(),
                    "type": if monthly { "recurring" } else { "one_time" }, "recurring": recurring,
                    "lookup_key": format!("{}_{currency}", item.key()),
                });
                self.keep(price.clone());
                self.catalogue.prices.insert((item, currency), price);
            }
            let default = self.catalogue.price(item, "eur");
            self.keep(json!({
                "id": product, "object": "product", "created": opened, "updated": opened + DAY, "name": item.name(),
                "default_price": text(&default, "id"), "metadata": { "item": item.key() },
            }));
        }
    }

    fn endpoints(&mut self) {
        let domain = self.world.company.domain.clone();
        let deployment = self.world.company.convex_deployment.clone();
        let all = [
            (
                700,
                "enabled",
                format!("https://{deployment}.convex.site/stripe/webhook"),
                "The application",
                SUBSCRIBED,
            ),
            // It books what is paid in and out, and was never told of refunds.
            (
                400,
                "enabled",
                format!("https://books.{domain}/hooks/stripe"),
                "Bookkeeping",
                &["charge.succeeded", "charge.dispute.created", "charge.dispute.closed", "payout.paid"],
            ),
            (
                900,
                "disabled",
                format!("https://old-api.{domain}/stripe/webhook"),
                "Before the move to Convex",
                &["*"],
            ),
        ];
        for (days, status, url, about, events) in all {
            let id = self.id("we");
            self.keep(json!({
                "id": id, "object": "webhook_endpoint", "created": self.now - days * DAY, "status": status,
                "url": url, "description": about, "enabled_events": events,
            }));
        }
    }

    fn projects(&mut self) {
        for (slug, name, platform) in [("web", "Web", "javascript-nextjs"), ("api", "API", "node")] {
            self.world.projects.push(Project { id: self.dice.digits(16), slug, name, platform });
            for (count, hours) in (1..).zip([3, 27, 75, 170, 340, 700]) {
                self.release(slug, count, hours);
            }
        }
    }

    fn release(&mut self, project: &'static str, count: usize, hours: i64) {
        let at = self.now - hours * HOUR - self.dice.between(0, HOUR);
        let day = moment(at).strftime("%Y.%m.%d").to_string();
        let short_version = format!("{day}-{count}");
        let domain = &self.world.company.domain;
        let (author, address) = [("Ada Thorn", "ada"), ("Milo Park", "milo"), ("Ines Roth", "ines")]
            .get(count % 3)
            .copied()
            .unwrap_or_default();
        let message = [
            "Quote: show when a plan renews",
            "Checkout: one page instead of two",
            "Sign-in: lock after six failures",
            "Jobs: refund cancelled sessions at night",
            "Calendar: weeks begin on Monday",
            "Profile: names in any script",
        ];
        let commit = Commit {
            id: self.dice.hex(40),
            message: message.get(count - 1).copied().unwrap_or_default().to_owned(),
            author: author.to_owned(),
            email: format!("{address}@{domain}"),
        };
        self.world.releases.push(Release {
            version: format!("{project}@{short_version}"),
            short_version,
            project,
            created: moment(at),
            deployed: Some(moment(at + 5 * 60)),
            commit,
        });
    }

    /// The version of a project that ran at this moment.
    pub fn running(&self, project: &str, at: i64) -> String {
        let mut releases = self.world.releases.iter().filter(|release| release.project == project);
        // They are made newest first, so the first that was out by then is the one that ran.
        let oldest = releases.clone().next_back();
        let ran = releases.find(|release| release.deployed.is_some_and(|out| out.as_second() <= at));
        ran.or(oldest).map_or_else(String::new, |release| release.version.clone())
    }
}
