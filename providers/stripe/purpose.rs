//! What a payment was for: checkout sessions, invoices and subscriptions as facts in few words.

use super::Stripe;
use super::amount::money;
use super::record::{foreign, moment};
use super::shape::{Invoice, LineItem, Session, Subscription, SubscriptionItem};
use crate::words::Purpose;
use prodview_guard::Foreign;

/// So many lines of a cart or an invoice are shown.
const LINES: usize = 5;

/// Words of a purpose, in the order of their weight.
#[derive(Default)]
struct Facts(Vec<Foreign>);

impl Facts {
    fn say(&mut self, text: Option<impl AsRef<str>>) {
        self.0.extend(text.map(|t| Foreign::capped(t.as_ref(), 160)));
    }

    fn at(&mut self, what: &str, at: Option<i64>) {
        self.say(moment(at).map(|at| format!("{what} {at}")));
    }

    fn lines(&mut self, lines: &[LineItem], more: bool) {
        for line in lines.iter().take(LINES) {
            let count = line.quantity.unwrap_or(1);
            self.say(
                line.description
                    .as_deref()
                    .map(|d| if count == 1 { d.to_owned() } else { format!("{count} × {d}") }),
            );
        }
        self.say((more || lines.len() > LINES).then_some("and more lines"));
    }
}

impl Stripe {
    pub(super) fn session_purpose(&self, session: &Session) -> Purpose {
        let mut facts = Facts::default();
        facts.say(session.payment_status.as_deref());
        facts.say(session.mode.as_deref().map(|m| format!("mode {m}")));
        if let Some(items) = &session.line_items {
            facts.lines(&items.data, items.has_more);
        }
        if session.status.as_deref() == Some("open") {
            facts.at("expires", session.expires_at);
        }
        facts.say(session.client_reference_id.as_deref().map(|r| format!("client_reference_id {r}")));
        Purpose {
            kind: "checkout_session".to_owned(),
            id: session.id.clone(),
            status: foreign(session.status.as_deref()),
            facts: facts.0,
            metadata: session.metadata.cleaned(),
            url: self.dashboard.page(&session.id),
        }
    }

    pub(super) fn invoice_purpose(&self, invoice: &Invoice) -> Purpose {
        let mut facts = Facts::default();
        facts.say(invoice.number.as_deref().map(|n| format!("number {n}")));
        facts.say(money(invoice.amount_due, invoice.currency.as_deref()).map(|m| format!("due {}", m.text)));
        facts.say(invoice.billing_reason.as_deref().map(|r| format!("because of {r}")));
        if let Some(lines) = &invoice.lines {
            facts.lines(&lines.data, lines.has_more);
        }
        facts.say(
            invoice
                .attempt_count
                .filter(|n| *n > 0)
                .map(|n| format!("{n} attempt{}", if n == 1 { "" } else { "s" })),
        );
        facts.at("next attempt", invoice.next_payment_attempt);
        facts.at("due", invoice.due_date);
        if matches!(invoice.webhooks_delivered_at, Some(None)) && invoice.status.as_deref() != Some("draft") {
            facts.say(Some("its webhooks were not all delivered"));
        }
        Purpose {
            kind: "invoice".to_owned(),
            id: invoice.id.clone(),
            status: foreign(invoice.status.as_deref()),
            facts: facts.0,
            metadata: invoice.metadata.cleaned(),
            url: self.dashboard.page(&invoice.id),
        }
    }

    pub(super) fn subscription_purpose(&self, sub: &Subscription) -> Purpose {
        let mut facts = Facts::default();
        for item in sub.items.iter().flat_map(|i| &i.data).take(LINES) {
            facts.say(priced(item));
        }
        facts.at("period ends", sub.period_end());
        if sub.status.as_deref() == Some("trialing") {
            facts.at("trial ends", sub.trial_end);
        }
        facts.say((sub.cancel_at_period_end == Some(true)).then_some("ends with the period"));
        facts.at("ends", sub.cancel_at.filter(|_| sub.cancel_at_period_end != Some(true)));
        facts.at("canceled", sub.canceled_at);
        facts.say(
            sub.cancellation_details
                .as_ref()
                .and_then(|c| c.reason.as_deref())
                .map(|r| format!("because of {r}")),
        );
        facts.say(sub.pause_collection.as_ref().map(|p| match p.behavior.as_deref() {
            Some(how) => format!("collection paused ({how})"),
            None => "collection paused".to_owned(),
        }));
        Purpose {
            kind: "subscription".to_owned(),
            id: sub.id.clone(),
            status: foreign(sub.status.as_deref()),
            facts: facts.0,
            metadata: sub.metadata.cleaned(),
            url: self.dashboard.page(&sub.id),
        }
    }
}

/// `2 × Pro (€10.00 every month)`.
fn priced(item: &SubscriptionItem) -> Option<String> {
    let price = item.price.as_ref()?;
    let name = price.nickname.as_deref().or(price.id.as_deref())?;
    let count = item.quantity.filter(|n| *n != 1).map(|n| format!("{n} × ")).unwrap_or_default();
    let each = money(price.unit_amount, price.currency.as_deref()).map(|m| {
        let every = price.recurring.as_ref().and_then(|r| {
            let interval = r.interval.as_deref()?;
            Some(match r.interval_count.unwrap_or(1) {
                1 => format!(" every {interval}"),
                n => format!(" every {n} {interval}s"),
            })
        });
        format!(" ({}{})", m.text, every.unwrap_or_default())
    });
    Some(format!("{count}{name}{}", each.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::tests::stripe;
    use serde_json::json;

    fn words(purpose: &Purpose) -> Vec<&str> {
        purpose.facts.iter().map(Foreign::as_str).collect()
    }

    #[test]
    fn a_subscription_tells_its_period_in_either_shape() {
        let items = json!({"data": [{"quantity": 2, "current_period_end": 1763629964, "price": {"id": "price_1", "nickname": "Pro",
            "unit_amount": 1000, "currency": "eur", "recurring": {"interval": "month", "interval_count": 1}}}], "has_more": false});
        let new: Subscription =
            serde_json::from_value(json!({"id": "sub_1A", "status": "active", "items": items})).unwrap();
        let old: Subscription = serde_json::from_value(
            json!({"id": "sub_1A", "status": "active", "current_period_end": 1763629964}),
        )
        .unwrap();
        assert_eq!(
            words(&stripe().subscription_purpose(&new)),
            ["2 × Pro (€10.00 every month)", "period ends 2025-11-20T09:12:44Z"]
        );
        assert_eq!(words(&stripe().subscription_purpose(&old)), ["period ends 2025-11-20T09:12:44Z"]);
    }

    #[test]
    fn an_invoice_says_that_its_webhooks_are_missing_only_when_stripe_says_so() {
        let of = |more: serde_json::Value| {
            let mut value = json!({"id": "in_1A", "status": "open"});
            value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            words(&stripe().invoice_purpose(&serde_json::from_value(value).unwrap())).join(",")
        };
        assert_eq!(of(json!({"webhooks_delivered_at": null})), "its webhooks were not all delivered");
        assert_eq!(of(json!({"webhooks_delivered_at": 1763629964})), "");
        assert_eq!(of(json!({})), "");
    }
}
