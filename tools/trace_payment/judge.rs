//! The chain, link by link, from what was seen of it. Pure: what was not looked at is unknowable, never missing.

use super::look::Look;
use super::{Link, State};
use crate::app_payments::{GRACE_S, is_of, lacking_metadata};
use prodview_providers::app::AppTable;
use prodview_providers::app_tables::{AppEntitlement, AppPayment};
use prodview_providers::words::{AppRecord, Delivery, Paid, PaidState, Payment, Person, WebhookEvent};
use prodview_providers::{Handle, Moment};
use std::collections::BTreeMap;

mod given;
mod paid;
mod row;

pub(super) use paid::paid_of;

/// Everything that was seen of one payment.
pub(super) struct Case<'a> {
    pub(super) now: Moment,
    pub(super) payment: &'a Payment,
    pub(super) paid: Paid,
    /// `[app.payments.*]`.
    pub(super) tables: Vec<&'a AppTable>,
    /// What the handler wrote down, by event.
    pub(super) records: Look<BTreeMap<String, AppRecord>>,
    pub(super) rows: Look<Vec<AppPayment>>,
    /// The app's users that are linked with the payer.
    pub(super) owners: Look<Vec<Person>>,
    pub(super) given: Look<Vec<AppEntitlement>>,
    /// The types of its events, when no endpoint subscribes to any.
    pub(super) unheard: Option<Vec<String>>,
}

/// A link that does not hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Break {
    pub(super) link: &'static str,
    pub(super) what: String,
    pub(super) evidence: Vec<String>,
    pub(super) action: Option<&'static str>,
}

/// What was judged.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) links: Vec<Link>,
    /// In the order of the chain.
    pub(super) breaks: Vec<Break>,
    /// Whether the payment came to nothing, so that the chain ends with it.
    pub(super) ended: bool,
    /// Whether its events arrived and nothing was written down about any.
    pub(super) silent: bool,
}

impl Verdict {
    pub(super) fn broken(&self) -> bool {
        !self.breaks.is_empty()
    }

    fn link(&mut self, link: &'static str, state: State, what: impl Into<String>) -> &mut Link {
        self.links.push(Link { link, state, ids: Vec::new(), at: None, what: what.into(), says: None });
        let last = self.links.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "pushed just above")]
        &mut self.links[last]
    }

    fn breaks_at(
        &mut self,
        link: &'static str,
        what: impl Into<String>,
        evidence: Vec<String>,
    ) -> &mut Break {
        self.breaks.push(Break { link, what: what.into(), evidence, action: None });
        let last = self.breaks.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "pushed just above")]
        &mut self.breaks[last]
    }
}

impl Case<'_> {
    /// Ids of the app's users it may belong to: as rows, metadata and links say.
    pub(super) fn users(&self) -> Vec<String> {
        let mut users: Vec<String> = self.rows.seen.iter().filter_map(|r| r.user.clone()).collect();
        users.extend(self.paying_users());
        let mut seen = std::collections::BTreeSet::new();
        users.retain(|user| !user.is_empty() && seen.insert(user.clone()));
        users
    }

    /// Whose it should be by the payment itself: by its metadata, and by the customer.
    fn paying_users(&self) -> Vec<String> {
        let names = |key: &str| {
            let bare: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
            ["userid", "user", "uid", "appuserid"].contains(&bare.to_ascii_lowercase().as_str())
                || self.tables.iter().any(|t| t.field("user") == Some(key))
        };
        let told = self.paid.metadata.iter().filter(|(key, _)| names(key)).map(|(_, id)| id.to_string());
        told.chain(self.owners.seen.iter().map(|p| p.id.clone())).collect()
    }

    /// Every id that an error about it may name.
    pub(super) fn every_id(&self) -> Vec<String> {
        let p = self.payment;
        let own = self.paid.ids().map(str::to_owned);
        own.chain(p.events.iter().map(|e| e.id.clone()))
            .chain(p.refunds.iter().map(|r| r.id.clone()))
            .chain(p.disputes.iter().map(|d| d.id.clone()))
            .chain(self.rows.seen.iter().map(|r| r.row.clone()))
            .filter(|id| id.len() > 5)
            .collect()
    }

    /// Whether it is so new that the rest may still be on its way.
    pub(super) fn is_new(&self) -> bool {
        self.paid.at.is_some_and(|at| at.seconds_until(self.now) < GRACE_S)
    }

    /// Whether the application has no row of it.
    pub(super) fn own_rows_none(&self) -> bool {
        self.own_rows().is_empty()
    }

    fn own_rows(&self) -> Vec<&AppPayment> {
        self.rows.seen.iter().filter(|row| is_of(row, &self.paid).is_some()).collect()
    }
}

/// Judges every link.
pub(super) fn verdict(case: &Case<'_>) -> Verdict {
    let mut v = Verdict::default();
    v.ended = paid::judge(case, &mut v);
    if v.ended {
        row::judge_unpaid(case, &mut v);
        return v;
    }
    let has_row = !case.own_rows().is_empty();
    checkout(case, &mut v, has_row);
    event(case, &mut v);
    delivery(case, &mut v);
    handler(case, &mut v, has_row);
    row::judge(case, &mut v);
    given::judge(case, &mut v);
    v
}

/// What the checkout must carry for a row to be made. Where the row was made, it carried enough.
fn checkout(case: &Case<'_>, v: &mut Verdict, has_row: bool) {
    let carrier = case.paid.checkout.clone().unwrap_or_else(|| case.paid.id.clone());
    let lacking = if has_row { Vec::new() } else { lacking_metadata(&case.tables, &case.paid) };
    let Some((table, keys)) = lacking.first() else {
        if let Some(checkout) = &case.paid.checkout {
            let due = case.tables.iter().any(|t| !t.metadata.is_empty());
            let what = if due && !has_row {
                "carries every metadata key that the configuration names"
            } else {
                "finished"
            };
            v.link("checkout", State::Found, what).ids = vec![checkout.clone()];
        }
        return;
    };
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let word = if case.paid.checkout.is_some() { "the checkout" } else { "the payment" };
    let what = format!(
        "{word} lacks the metadata {}, which [app.payments.{}] needs",
        keys.join(" and "),
        table.name
    );
    v.link("checkout", State::Missing, what.clone()).ids = vec![carrier.clone()];
    v.breaks_at("checkout", what, vec![carrier]).action = Some(
        "let the app put that key on the checkout before it sends the payer there; then give this payer by hand what is due",
    );
}

/// The events that tell the app that it was paid.
pub(super) fn telling(payment: &Payment) -> Vec<&WebhookEvent> {
    const TELL: [&str; 6] = [
        "payment_intent.succeeded",
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "order_created",
    ];
    const OF_SUBSCRIPTIONS: [&str; 2] = ["customer.subscription.created", "customer.subscription.updated"];
    let of = |kinds: &[&str]| -> Vec<&WebhookEvent> {
        payment.events.iter().filter(|e| kinds.contains(&e.kind.as_str())).collect()
    };
    let told = of(&TELL);
    if !told.is_empty() {
        return told;
    }
    let begun = of(&OF_SUBSCRIPTIONS);
    if begun.is_empty() { of(&["charge.succeeded"]) } else { begun }
}

fn ids(events: &[&WebhookEvent]) -> Vec<String> {
    events.iter().map(|e| e.id.clone()).collect()
}

fn event(case: &Case<'_>, v: &mut Verdict) {
    let told = telling(case.payment);
    let Some(first) = told.iter().filter_map(|e| e.at).min() else {
        let old = case.paid.at.is_some_and(|at| at.seconds_until(case.now) > 29 * 86_400);
        let why = if old {
            "the payment is older than the 30 days for which Stripe keeps events"
        } else {
            "none of its events was seen, and the API does not list all events of one payment for certain"
        };
        v.link("event", State::Unknowable, why);
        return;
    };
    let kinds: Vec<String> = told.iter().map(|e| e.kind.to_string()).collect();
    let plain = |k: &String| k.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'_'));
    let what = if kinds.iter().all(plain) { kinds.join(", ") } else { "events of it".to_owned() };
    let link = v.link("event", State::Found, what);
    (link.ids, link.at) = (ids(&told), Some(first));
}

/// Whether the handler took an event and had nothing to complain of.
fn handled(case: &Case<'_>, event: &WebhookEvent) -> bool {
    case.records.seen.get(&event.id).is_some_and(|r| r.error.is_none())
}

fn delivery(case: &Case<'_>, v: &mut Verdict) {
    let told = telling(case.payment);
    let late: Vec<_> = told.iter().copied().filter(|e| e.delivery == Delivery::Undelivered).collect();
    if told.is_empty() {
        v.link("delivery", State::Unknowable, "its events are not known, so neither is their delivery");
    } else if told.iter().any(|e| handled(case, e)) {
        v.link("delivery", State::Found, "the app has them");
    } else if late.is_empty() && told.iter().all(|e| e.delivery == Delivery::Delivered) {
        match &case.unheard {
            Some(kinds) => {
                let what = format!("no enabled endpoint subscribes to {}", kinds.join(" or "));
                v.link("delivery", State::Missing, what.clone());
                v.breaks_at("delivery", format!("{what}, so the app was never told"), ids(&told)).action =
                    Some("add these types to the app's endpoint in the provider's dashboard");
            }
            None => {
                v.link("delivery", State::Found, "every endpoint that wants them took them");
            }
        }
    } else if late.is_empty() {
        v.link("delivery", State::Unknowable, "the provider did not tell whether they arrived");
    } else if late.iter().all(|e| e.at.is_some_and(|at| at.seconds_until(case.now) < GRACE_S)) {
        let what = "too early to tell: they are minutes old and still being delivered";
        v.link("delivery", State::Unknowable, what);
    } else {
        let several = if late.len() == 1 { "event was" } else { "events were" };
        let what = format!("{} {several} not taken by every endpoint", late.len());
        v.link("delivery", State::Missing, what.clone()).ids = ids(&late);
        v.breaks_at("delivery", what, ids(&late)).action = Some(
            "see in the provider's dashboard what the endpoint answered, mend it, and resend the event there",
        );
    }
}

fn handler(case: &Case<'_>, v: &mut Verdict, has_row: bool) {
    let told = telling(case.payment);
    let record = |e: &WebhookEvent| case.records.seen.get(&e.id).map(|r| (e.id.clone(), r.clone()));
    let refused = told.iter().rev().filter_map(|e| record(e)).find(|(_, r)| r.error.is_some());
    let done = told.iter().filter_map(|e| record(e)).find(|(_, r)| r.error.is_none());
    match (refused, done) {
        (None, Some((id, record))) => {
            let link = v.link("handler", State::Found, "it wrote down that it took the event");
            (link.ids, link.at, link.says) = (vec![id], record.at, record.status);
        }
        (Some((id, record)), done) => {
            let evidence: Vec<String> = [id, record.row].into_iter().filter(|id| !id.is_empty()).collect();
            let what = if has_row {
                "it wrote down an error for an event, but the row was made all the same"
            } else {
                "it took an event and wrote down why it did not do its work"
            };
            let state = if has_row && done.is_some() { State::Found } else { State::Contradicting };
            let link = v.link("handler", state, what);
            (link.ids, link.at, link.says) = (evidence.clone(), record.at, record.error);
            if !has_row {
                v.breaks_at(
                    "handler",
                    "the app's handler wrote down an error instead of doing its work",
                    evidence,
                )
                .action = Some(
                    "read the handler's error, mend it, and resend the event from the provider's dashboard",
                );
            }
        }
        (None, None) => unrecorded(case, v, &told),
    }
}

fn unrecorded(case: &Case<'_>, v: &mut Verdict, told: &[&WebhookEvent]) {
    if let Some(gap) = &case.records.gap {
        v.link("handler", State::Unknowable, gap.clone());
    } else if told.is_empty() {
        v.link("handler", State::Unknowable, "its events are not known");
    } else if case.is_new() {
        v.link("handler", State::Unknowable, "too early to tell: it may still be at work");
    } else {
        let arrived = told.iter().all(|e| e.delivery == Delivery::Delivered);
        v.silent = arrived && case.unheard.is_none();
        v.link("handler", State::Missing, "nothing is written down about these events");
        if arrived && case.unheard.is_none() {
            v.breaks_at(
                "handler",
                "the events arrived, but the app wrote nothing down about them",
                ids(told),
            )
            .action = Some(
                "look at the endpoint's own logs at the time of the events: it answered, and did nothing",
            );
        }
    }
}

/// An id that may stand in a sentence of ours.
pub(super) fn plain_id(id: &str) -> Option<String> {
    Handle::read(id).map(|h| h.id).filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// Whether the money came and is still here.
fn is_kept(state: PaidState) -> bool {
    matches!(state, PaidState::Paid | PaidState::PartlyRefunded | PaidState::Running)
}

#[cfg(test)]
pub(super) mod stage;
#[cfg(test)]
mod tests;
