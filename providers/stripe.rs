//! Stripe: customers, payments, webhooks. API version 2026-10-28.endive, v1 and the events of v2.
//!
//! Least scope: a restricted key (`rk_live_…`) with `Read` on Customers, Charges and Refunds, PaymentIntents, Disputes,
//! Events, Balance, Checkout Sessions, Invoices, Subscriptions, Webhook Endpoints and Event Destinations, for the
//! declared tools on Payouts, Balance Transaction Sources and Prices besides, and `None` on everything else. Docs: <https://docs.stripe.com/api>, <https://docs.stripe.com/keys>.
//!
//! Amounts are minor units by Stripe's own table (`amount`), times epoch seconds (v1) or RFC 3339 (v2).

mod about;
mod account;
mod amount;
mod customers;
mod decline;
mod detail;
mod endpoints;
mod events;
mod handle;
mod history;
mod inquiry;
mod leads;
mod link;
mod meaning;
mod paid;
mod payments;
mod purpose;
mod reads;
mod record;
mod refusal;
mod shape;
#[cfg(test)]
mod tests;
mod versions;

use crate::Common;
use crate::capability::{self, Adapter, Health, Identity, Payments, Users, Webhooks};
use async_trait::async_trait;
use handle::Dashboard;
use prodview_guard::{Auth, Failure, Origin, Provider, Refused, Route, Secret, Wire, WireSettings};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;

pub(crate) use handle::{from_url, kind_of};

const ACCOUNT: Route = Route::get(Provider::Stripe, "/v1/account");
const BALANCE: Route = Route::get(Provider::Stripe, "/v1/balance");
const CUSTOMERS: Route = Route::get(Provider::Stripe, "/v1/customers");
const CUSTOMERS_SEARCH: Route = Route::get(Provider::Stripe, "/v1/customers/search");
const CUSTOMER: Route = Route::get(Provider::Stripe, "/v1/customers/{id}");
const INTENTS: Route = Route::get(Provider::Stripe, "/v1/payment_intents");
const INTENT: Route = Route::get(Provider::Stripe, "/v1/payment_intents/{id}");
const CHARGES: Route = Route::get(Provider::Stripe, "/v1/charges");
const CHARGE: Route = Route::get(Provider::Stripe, "/v1/charges/{id}");
const SESSIONS: Route = Route::get(Provider::Stripe, "/v1/checkout/sessions");
const SESSION: Route = Route::get(Provider::Stripe, "/v1/checkout/sessions/{id}");
const INVOICES: Route = Route::get(Provider::Stripe, "/v1/invoices");
const INVOICE: Route = Route::get(Provider::Stripe, "/v1/invoices/{id}");
const INVOICE_PAYMENTS: Route = Route::get(Provider::Stripe, "/v1/invoice_payments");
const SUBSCRIPTIONS: Route = Route::get(Provider::Stripe, "/v1/subscriptions");
const SUBSCRIPTION: Route = Route::get(Provider::Stripe, "/v1/subscriptions/{id}");
const REFUNDS: Route = Route::get(Provider::Stripe, "/v1/refunds");
const REFUND: Route = Route::get(Provider::Stripe, "/v1/refunds/{id}");
const DISPUTES: Route = Route::get(Provider::Stripe, "/v1/disputes");
const DISPUTE: Route = Route::get(Provider::Stripe, "/v1/disputes/{id}");
const EVENTS: Route = Route::get(Provider::Stripe, "/v1/events");
const EVENT: Route = Route::get(Provider::Stripe, "/v1/events/{id}");
const ENDPOINTS: Route = Route::get(Provider::Stripe, "/v1/webhook_endpoints");
const THIN_EVENTS: Route = Route::get(Provider::Stripe, "/v2/core/events");
const DESTINATIONS: Route = Route::get(Provider::Stripe, "/v2/core/event_destinations");

/// Everything that is ever asked of Stripe.
pub const ROUTES: &[Route] = &[
    ACCOUNT,
    BALANCE,
    CUSTOMERS,
    CUSTOMERS_SEARCH,
    CUSTOMER,
    INTENTS,
    INTENT,
    CHARGES,
    CHARGE,
    SESSIONS,
    SESSION,
    INVOICES,
    INVOICE,
    INVOICE_PAYMENTS,
    SUBSCRIPTIONS,
    SUBSCRIPTION,
    REFUNDS,
    REFUND,
    DISPUTES,
    DISPUTE,
    EVENTS,
    EVENT,
    ENDPOINTS,
    THIN_EVENTS,
    DESTINATIONS,
];

const VERSION: &str = "2026-10-28.endive";
const ORIGIN: &str = "https://api.stripe.com";

/// How long Stripe keeps events, in seconds: 30 days.
const EVENTS_LIVE_S: i64 = 30 * 24 * 3_600;

/// What the configuration gives.
pub struct Settings {
    /// `rk_live_…`, `rk_test_…`; `sk_…` works and can do everything.
    pub key: Secret,
    /// The connected account to look at (`acct_…`), for platforms and organisations.
    pub account: Option<String>,
}

/// The kinds of key, by their prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Restricted,
    Secret,
    Organisation,
    Other,
}

/// One Stripe account, or one connected account of a platform.
pub struct Stripe {
    name: String,
    wire: Wire,
    key: Key,
    /// By the key's prefix; organisation keys do not tell.
    live: Option<bool>,
    account: Option<String>,
    dashboard: Dashboard,
    /// Whether v2 is worth asking. It takes another header for connected accounts, and is not everywhere.
    thin: AtomicBool,
}

/// Opens no connection. Refuses keys that cannot read anything (`pk_`), that hold spaces or line breaks, an account
/// that is not `acct_…`, and an organisation key without an account.
pub fn connect(name: &str, settings: Settings, common: &Common) -> Result<Stripe, Refused> {
    let Settings { key: secret, account } = settings;
    if [' ', '\t', '\r', '\n'].into_iter().any(|c| secret.count(c) > 0) {
        return Err(Refused::because(
            "the Stripe key holds a space or a line break: it was cut or wrapped while copying",
        ));
    }
    if secret.starts_with("pk_") {
        return Err(Refused::because(
            "this is a publishable key (pk_…), which cannot read: make a restricted key (rk_…) with Read permissions",
        ));
    }
    if secret.starts_with("whsec_") {
        return Err(Refused::because("this is a webhook's signing secret (whsec_…), not an API key"));
    }
    if let Some(account) = &account
        && kind_of(account) != Some(crate::HandleKind::Account)
    {
        return Err(Refused::because("`account` should be the id of a connected account: acct_…"));
    }
    let key = match () {
        () if secret.starts_with("rk_") => Key::Restricted,
        () if secret.starts_with("sk_org_") => Key::Organisation,
        () if secret.starts_with("sk_") => Key::Secret,
        () => Key::Other,
    };
    let organisation = key == Key::Organisation || secret.starts_with("rk_org_");
    if organisation && account.is_none() {
        return Err(Refused::because(
            "an organisation's key (…_org_…) needs `account`: the acct_… to look at",
        ));
    }
    let is = |mode: &str| {
        ["sk_", "rk_", "sk_org_", "rk_org_"].iter().any(|kind| secret.starts_with(&format!("{kind}{mode}_")))
    };
    let live = if is("live") { Some(true) } else { is("test").then_some(false) };
    let origin = Origin::parse(common.base_url.as_deref().unwrap_or(ORIGIN))?;
    let mut wire = WireSettings::new(name, Provider::Stripe, origin, Auth::Bearer(secret));
    wire.headers.push(("stripe-version", VERSION.to_owned()));
    if let Some(account) = &account {
        let header = if organisation { "stripe-context" } else { "stripe-account" };
        wire.headers.push((header, account.clone()));
    }
    wire.explain = refusal::explain;
    // The product shares these limits: 100 requests a second live, 25 in test mode and for each operation.
    wire.per_second = NonZeroU32::MIN.saturating_add(14);
    wire.max_concurrency = 8;
    Ok(Stripe {
        name: name.to_owned(),
        wire: Wire::new(common.over(wire))?,
        key,
        live,
        dashboard: Dashboard::new(account.as_deref(), live == Some(false)),
        thin: AtomicBool::new(account.is_none() || organisation),
        account,
    })
}

#[async_trait]
impl Adapter for Stripe {
    /// One to two requests; for a restricted key nine more, each for one row, to find out what it may not read.
    async fn identity(&self) -> Result<Identity, Failure> {
        account::identity(self).await
    }

    fn key_kind(&self) -> Option<&'static str> {
        match self.key {
            Key::Restricted => Some("restricted key"),
            Key::Secret => Some("secret key"),
            Key::Organisation => Some("organisation key"),
            Key::Other => None,
        }
    }

    fn least_privilege(&self) -> &'static str {
        "Make a restricted key (rk_…) in the dashboard under Developers, API keys, with Read on Customers, Charges and \
         Refunds, PaymentIntents, Disputes, Events, Balance, Checkout Sessions, Invoices, Subscriptions, Webhook \
         Endpoints and Event Destinations; for the declared tools, where they are switched on, also on Payouts, Balance \
         Transaction Sources and Prices; and None on everything else. Give Write on nothing."
    }

    fn target(&self) -> String {
        let host = self.wire.origin().host();
        self.account.as_ref().map_or_else(|| host.to_owned(), |account| format!("{host} ({account})"))
    }

    fn users(&self) -> Option<&dyn Users> {
        Some(self)
    }

    fn payments(&self) -> Option<&dyn Payments> {
        Some(self)
    }

    fn webhooks(&self) -> Option<&dyn Webhooks> {
        Some(self)
    }

    fn health(&self) -> Option<&dyn Health> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn capability::Settings> {
        Some(self)
    }

    fn reads(&self) -> Option<&dyn crate::reads::Reads> {
        Some(self)
    }
}
