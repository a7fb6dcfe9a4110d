//! Where events are sent: webhook endpoints of v1, and the event destinations of v2 that are something else.

use super::inquiry::Inquiry;
use super::shape::{Destination, DestinationPage, Endpoint};
use super::{DESTINATIONS, ENDPOINTS, Stripe};
use crate::Found;
use crate::words::WebhookEndpoint;
use futures_util::future::join;
use prodview_guard::{Failure, FailureKind, Foreign};
use serde_json::Value;
use std::sync::atomic::Ordering;

/// Stripe allows far fewer than 500 endpoints, and 100 destinations.
const PAGES: usize = 5;

impl Stripe {
    /// Two requests; up to ten with very many endpoints.
    pub(super) async fn endpoints(&self) -> Result<Found<WebhookEndpoint>, Failure> {
        let inquiry = Inquiry::new(self);
        let (hooks, destinations) =
            join(inquiry.pages::<Endpoint>(ENDPOINTS.ask(), PAGES), inquiry.destinations()).await;
        let hooks = hooks?;
        if let Some(failure) = hooks.broke {
            inquiry.part::<()>("a later page of endpoints", Err(failure));
        } else if hooks.more {
            inquiry.bound(format!("{} endpoints", hooks.rows.len()));
        }
        let mut rows: Vec<WebhookEndpoint> = hooks.rows.iter().map(|hook| self.hook(hook)).collect();
        for destination in &destinations {
            if hooks.rows.iter().any(|hook| same(hook, destination)) {
                continue;
            }
            let row = self.destination(destination);
            if let Some(why) = disabled_because(destination) {
                inquiry.note(format!("{} was switched off: {why}", row.id));
            }
            rows.push(row);
        }
        Ok(inquiry.found(rows))
    }

    fn hook(&self, hook: &Endpoint) -> WebhookEndpoint {
        WebhookEndpoint {
            source: self.name.clone(),
            id: hook.id.clone(),
            target: target(hook.url.as_deref()),
            enabled: hook.status.as_deref() == Some("enabled"),
            types: hook.enabled_events.iter().map(|t| Foreign::capped(t, 100)).collect(),
            api_version: hook.api_version.as_deref().map(|v| Foreign::capped(v, 40)),
            url: self.dashboard.page(&hook.id),
        }
    }

    fn destination(&self, destination: &Destination) -> WebhookEndpoint {
        let url = destination.webhook_endpoint.as_ref().and_then(|w| w.url.as_deref());
        WebhookEndpoint {
            source: self.name.clone(),
            id: destination.id.clone(),
            target: match destination.kind.as_deref().unwrap_or_default() {
                "amazon_eventbridge" => Foreign::new("Amazon EventBridge"),
                "azure_event_grid" => Foreign::new("Azure Event Grid"),
                "webhook_endpoint" => target(url),
                other => Foreign::capped(other, 60),
            },
            enabled: destination.status.as_deref() == Some("enabled"),
            types: destination.enabled_events.iter().map(|t| Foreign::capped(t, 100)).collect(),
            api_version: destination.snapshot_api_version.as_deref().map(|v| Foreign::capped(v, 40)),
            url: self.dashboard.page(&destination.id),
        }
    }
}

impl Inquiry<'_> {
    /// v2's destinations. That v2 does not answer is only noted: not every account and key has it.
    async fn destinations(&self) -> Vec<Destination> {
        if !self.stripe.thin.load(Ordering::Relaxed) {
            self.note("event destinations other than webhooks were not asked for: v2 is not available with this key and account");
            return Vec::new();
        }
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES {
            let ask =
                DESTINATIONS.ask().query("include[0]", "webhook_endpoint.url").maybe("page", next.as_deref());
            match self.read::<DestinationPage>(ask).await {
                Ok(page) => {
                    all.extend(page.data);
                    next = page.next_page_url.as_deref().and_then(page_token);
                }
                Err(failure) => {
                    let what = match failure.kind {
                        FailureKind::Denied => {
                            "the key may not read them (Event Destinations: Read)".to_owned()
                        }
                        _ => failure.to_string(),
                    };
                    self.note(format!("event destinations other than webhooks are not known: {what}"));
                    return all;
                }
            }
            if next.is_none() {
                return all;
            }
        }
        self.bound(format!("{} event destinations", all.len()));
        all
    }
}

/// Whether a destination is a webhook endpoint of v1, which the first list has already: by id, else by its full address.
fn same(hook: &Endpoint, destination: &Destination) -> bool {
    let other = destination.webhook_endpoint.as_ref();
    destination.id == hook.id
        || other.and_then(|w| w.webhook_endpoint_id.as_deref()) == Some(&hook.id)
        || (hook.url.is_some() && other.and_then(|w| w.url.as_deref()) == hook.url.as_deref())
}

/// The `page` of a next page's address. The address itself is never followed.
pub(super) fn page_token(next: &str) -> Option<String> {
    let query = next.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "page")
        .map(|(_, value)| value.into_owned())
}

/// Where to, without query, fragment, user and password: a token may hide there.
fn target(url: Option<&str>) -> Foreign {
    let Some(mut url) = url.and_then(|u| url::Url::parse(u).ok()) else { return Foreign::new("not told") };
    url.set_query(None);
    url.set_fragment(None);
    // These two fail only for addresses that cannot have any.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Foreign::new(url.as_str())
}

/// Stripe's word for why, when it is one: `user`, `no_aws_event_source_exists`.
fn disabled_because(destination: &Destination) -> Option<&str> {
    let why = destination
        .status_details
        .as_ref()
        .and_then(|d| d.pointer("/disabled/reason"))
        .and_then(Value::as_str)?;
    let plain =
        !why.is_empty() && why.len() <= 60 && why.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    plain.then_some(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_carries_no_secret() {
        assert_eq!(target(Some("https://u:p@acme.dev/hook?token=1#x")).as_str(), "https://acme.dev/hook");
        assert_eq!(target(Some("not a url")).as_str(), "not told");
        assert_eq!(target(None).as_str(), "not told");
    }

    #[test]
    fn the_next_page_is_a_token_and_not_an_address() {
        assert_eq!(page_token("/v2/core/event_destinations?limit=20&page=ab%2Bc").as_deref(), Some("ab+c"));
        assert_eq!(page_token("https://evil.dev/"), None);
    }
}
