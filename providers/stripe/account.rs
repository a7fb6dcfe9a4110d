//! The account itself: as whom prodview asks, whether the account works, and the settings that matter.

use super::inquiry::Inquiry;
use super::shape::{Account, Balance};
use super::{
    ACCOUNT, BALANCE, CHARGES, CUSTOMERS, DISPUTES, ENDPOINTS, EVENTS, INTENTS, INVOICES, SESSIONS,
    SUBSCRIPTIONS,
};
use super::{Key, Stripe};
use crate::capability::{Answered, Health, Identity, Power, Settings};
use crate::words::{Check, Setting};
use async_trait::async_trait;
use futures_util::future::{join, join_all};
use prodview_guard::{Failure, FailureKind, Foreign, Route};
use serde::de::IgnoredAny;
use std::time::Instant;

/// What a restricted key should be able to list, by the name that the dashboard gives it.
const NEEDED: [(&str, Route); 9] = [
    ("Customers", CUSTOMERS),
    ("PaymentIntents", INTENTS),
    ("Charges and Refunds", CHARGES),
    ("Disputes", DISPUTES),
    ("Events", EVENTS),
    ("Checkout Sessions", SESSIONS),
    ("Invoices", INVOICES),
    ("Subscriptions", SUBSCRIPTIONS),
    ("Webhook Endpoints", ENDPOINTS),
];

/// The account, or at least the mode when the key may not read the account.
async fn account(inquiry: &Inquiry<'_>) -> Result<(Option<Account>, Option<bool>), Failure> {
    match inquiry.read::<Account>(ACCOUNT.ask()).await {
        Ok(account) => Ok((Some(account), None)),
        // 401 is a dead key: the balance would only say so again.
        Err(failure) if failure.status == Some(403) => {
            Ok((None, inquiry.read::<Balance>(BALANCE.ask()).await?.livemode))
        }
        Err(failure) => Err(failure),
    }
}

impl Account {
    fn name(&self) -> Option<&str> {
        let shown =
            self.settings.as_ref().and_then(|s| s.dashboard.as_ref()).and_then(|d| d.display_name.as_deref());
        let business = self.business_profile.as_ref().and_then(|b| b.name.as_deref());
        business.or(shown).filter(|name| !name.is_empty())
    }
}

pub(super) async fn identity(stripe: &Stripe) -> Result<Identity, Failure> {
    let inquiry = Inquiry::new(stripe);
    let (account, seen_live) = account(&inquiry).await?;
    let live = match stripe.live.or(seen_live) {
        Some(live) => Some(live),
        None => inquiry.read::<Balance>(BALANCE.ask()).await.ok().and_then(|b| b.livemode),
    };
    let mut notes = Vec::new();
    let mut grants = Vec::new();
    match stripe.key {
        Key::Restricted => {
            notes.push("Stripe does not tell what a restricted key may do beyond what was tried".to_owned());
            let tried = join_all(NEEDED.map(|(_, route)| inquiry.page::<IgnoredAny>(route.ask(), 1))).await;
            for ((name, _), outcome) in NEEDED.iter().zip(tried) {
                match outcome {
                    Ok(_) => grants.push(format!("{name}: Read")),
                    Err(f) if f.kind == FailureKind::Denied => {
                        notes.push(format!("the key lacks Read on {name}"))
                    }
                    Err(f) => notes.push(format!("whether the key may read {name} is not known: {f}")),
                }
            }
        }
        Key::Secret => notes
            .push("a secret key can do everything, refunds and payouts too: use a restricted one".to_owned()),
        Key::Organisation => notes.push(
            "an organisation's secret key can do everything in every account of it: use a restricted one"
                .to_owned(),
        ),
        Key::Other => notes.push("the key has a prefix that prodview does not know".to_owned()),
    }
    if account.is_none() {
        notes.push("the key may not read the account's name".to_owned());
    }
    let label = account.map(|a| match (a.name(), a.id.as_deref()) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    });
    let power = match stripe.key {
        Key::Secret | Key::Organisation => Power::CouldWrite,
        Key::Restricted | Key::Other => Power::Unknown,
    };
    Ok(Identity {
        account: label.or_else(|| stripe.account.clone()).filter(|l| !l.is_empty()).map(|l| Foreign::new(&l)),
        mode: live.map(|live| if live { "live" } else { "test" }.to_owned()),
        power,
        grants,
        notes,
    })
}

fn check(stripe: &Stripe, name: &str, ok: bool, detail: String) -> Check {
    Check { source: stripe.name.clone(), name: name.to_owned(), ok, detail: Some(detail), ms: None }
}

/// Stripe's own words for a reason, when they look like nothing else: `requirements.past_due`.
fn token(text: &str) -> Option<&str> {
    let plain = |b: u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'.');
    (!text.is_empty() && text.len() <= 60 && text.bytes().all(plain)).then_some(text)
}

#[async_trait]
impl Health for Stripe {
    /// One request, two when the key may not read the account. Not from the cache.
    async fn health(&self) -> Answered<Check> {
        let started = Instant::now();
        let reply = self.wire.read::<Account>(ACCOUNT.ask().fresh()).await;
        let account = match reply {
            Ok(reply) => Some(reply.body),
            Err(failure) if failure.status == Some(403) => {
                self.wire.read::<Balance>(BALANCE.ask().fresh()).await?;
                None
            }
            Err(failure) => return Err(failure),
        };
        let ms = u64::try_from(started.elapsed().as_millis()).ok();
        let mode = self.live.map_or("", |live| if live { ", live mode" } else { ", test mode" });
        let mut checks = vec![Check { ms, ..check(self, "api", true, format!("answers{mode}")) }];
        let Some(account) = account else { return Ok(crate::Found::all(checks)) };
        let why = account.requirements.as_ref().and_then(|r| token(r.disabled_reason.as_deref()?));
        let because = why.map(|w| format!(" ({w})")).unwrap_or_default();
        for (name, on) in [("charges", account.charges_enabled), ("payouts", account.payouts_enabled)] {
            if let Some(on) = on {
                let detail = if on {
                    "enabled".to_owned()
                } else {
                    format!("Stripe has switched off {name} for this account{because}")
                };
                checks.push(check(self, name, on, detail));
            }
        }
        Ok(crate::Found::all(checks))
    }
}

#[async_trait]
impl Settings for Stripe {
    /// Two requests and those of the endpoints (two to ten).
    async fn settings(&self) -> Answered<Setting> {
        let inquiry = Inquiry::new(self);
        let (account, endpoints) = join(account(&inquiry), self.endpoints()).await;
        let (account, seen_live) = account?;
        let setting = |kind: &str, name: &str, value: &str| Setting {
            source: self.name.clone(),
            kind: kind.to_owned(),
            name: Foreign::new(name),
            value: Some(Foreign::new(value)),
        };
        let mut rows = Vec::new();
        if let Some(live) = self.live.or(seen_live) {
            rows.push(setting("mode", "mode", if live { "live" } else { "test" }));
        }
        rows.push(setting("API version", "prodview asks in", super::VERSION));
        if let Some(account) = &account {
            rows.extend(account.country.as_deref().map(|country| setting("account", "country", country)));
            for (name, on) in
                [("charges_enabled", account.charges_enabled), ("payouts_enabled", account.payouts_enabled)]
            {
                rows.extend(on.map(|on| setting("account", name, if on { "true" } else { "false" })));
            }
            let due = account.requirements.as_ref().and_then(|r| r.past_due.as_ref()).map_or(0, Vec::len);
            if due > 0 {
                rows.push(setting("account", "requirements past due", &due.to_string()));
            }
        }
        if account.is_none() {
            inquiry.note("the key may not read the account: country and whether it may charge are not known");
        }
        let endpoints = inquiry.part("webhook endpoints", endpoints);
        for endpoint in &endpoints.rows {
            let state = if endpoint.enabled { "enabled" } else { "disabled" };
            let version = endpoint.api_version.as_ref().map_or("the account's default", Foreign::as_str);
            rows.push(setting(
                "webhook endpoint",
                endpoint.target.as_str(),
                &format!("{state}, API version {version}"),
            ));
        }
        endpoints.notes.iter().for_each(|note| inquiry.note(note.clone()));
        Ok(inquiry.found(rows))
    }
}
