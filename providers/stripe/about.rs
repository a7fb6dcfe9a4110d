//! Which events were sent about one payment, and whether they arrived.
//!
//! v2 can be asked for the events of one object; v1 cannot, so there the events of the right types around the time of
//! the payment are looked through. What has not arrived is asked for separately: an event whose retries were given up
//! counts no pending webhooks any more, and would else look as if it had arrived.

use super::inquiry::{Inquiry, PAGE};
use super::link::Page;
use super::record::moment;
use super::shape::{Event, ThinEvent, ThinPage};
use super::{EVENT, EVENTS, EVENTS_LIVE_S, Stripe, THIN_EVENTS};
use crate::Moment;
use crate::words::{Delivery, WebhookEvent};
use futures_util::future::{join, join_all, join3};
use prodview_guard::{Ask, Failure, FailureKind, Foreign};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// v1 takes at most 20 types, without wildcards.
const OF_PAYMENTS: [&str; 20] = [
    "payment_intent.created",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.processing",
    "payment_intent.canceled",
    "payment_intent.amount_capturable_updated",
    "charge.succeeded",
    "charge.failed",
    "charge.pending",
    "charge.captured",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "refund.created",
    "refund.failed",
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
];
const OF_BILLING: [&str; 18] = [
    "invoice.created",
    "invoice.finalized",
    "invoice.finalization_failed",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "checkout.session.completed",
    "checkout.session.expired",
];

/// So many pages of v1 are looked through for each group of types.
const SCANNED: usize = 3;
/// So many objects are asked for in v2.
pub(super) const ASKED: usize = 6;

/// What the events should be about.
#[derive(Debug, Default)]
pub(super) struct Subject {
    /// The objects, the main one first.
    pub ids: Vec<String>,
    /// Payments, charges and refunds are among them.
    pub paying: bool,
    /// Invoices or subscriptions are among them.
    pub billing: bool,
    /// When it began.
    pub from: Option<Moment>,
    /// When something last happened; `None` when it still goes on.
    pub last: Option<Moment>,
}

impl Subject {
    pub(super) fn concerns(&self, event: &Event) -> bool {
        let object = &event.data.object;
        let is = |id: Option<&str>| id.is_some_and(|id| self.ids.iter().any(|known| known == id));
        let main_is = |prefix: &str| self.ids.first().is_some_and(|id| id.starts_with(prefix));
        is(object.id.as_deref())
            || is(object.payment_intent.id())
            || is(object.charge.id())
            || is(object.invoice.id())
            // A renewal is not about every other renewal of its subscription.
            || (main_is("sub_") && is(object.subscription_id()))
            || (main_is("cus_") && is(object.customer.id()))
    }
}

/// Events that have not arrived everywhere, newest first.
#[derive(Debug, Default)]
pub(super) struct Late {
    pub events: Vec<Event>,
    /// Every event after this has arrived unless it is among them.
    pub complete_after: Option<Moment>,
}

impl Late {
    /// From one page of events that did not arrive, asked for since `since`.
    pub(super) fn from_page(page: Page<Event>, since: Moment) -> Late {
        let oldest = page.data.last().and_then(|e| moment(e.created));
        let complete_after = if page.has_more { oldest } else { Some(since.minus_s(1)) };
        Late { events: page.data, complete_after }
    }

    pub(super) fn delivery(&self, id: &str, at: Option<Moment>, pending: Option<u64>) -> Delivery {
        let known_late = self.events.iter().any(|e| e.id == id);
        match (known_late, pending) {
            (true, _) | (_, Some(1..)) => Delivery::Undelivered,
            // Not even "nothing is pending" tells: the retries may have been given up.
            (false, _) if at.zip(self.complete_after).is_some_and(|(at, after)| at > after) => {
                Delivery::Delivered
            }
            (false, _) => Delivery::Unknown,
        }
    }
}

impl Stripe {
    /// One event in our words.
    pub(super) fn event(&self, event: &Event, late: &Late) -> WebhookEvent {
        let at = moment(event.created);
        WebhookEvent {
            source: self.name.clone(),
            id: event.id.clone(),
            kind: Foreign::capped(&event.kind, 100),
            at,
            object: event.data.object.id.as_deref().map(|id| Foreign::capped(id, 100)),
            delivery: late.delivery(&event.id, at, event.pending_webhooks),
            pending: event.pending_webhooks.filter(|n| *n > 0),
            app: None,
            url: self.dashboard.page(&event.id),
        }
    }

    /// An event of v2, under the id and the type that the app gets to see. `None` without a plain id.
    pub(super) fn thin_event(&self, event: &ThinEvent, late: &Late) -> Option<WebhookEvent> {
        let id = event.snapshot_event.id().unwrap_or(&event.id);
        let at = event.created.as_deref().and_then(Moment::parse);
        let pending = late.events.iter().find(|e| e.id == id).and_then(|e| e.pending_webhooks);
        super::handle::is_plain(id).then(|| WebhookEvent {
            source: self.name.clone(),
            id: id.to_owned(),
            kind: Foreign::capped(event.kind.strip_prefix("v1.").unwrap_or(&event.kind), 100),
            at,
            object: event.related_object.id().map(Foreign::new),
            delivery: late.delivery(id, at, pending),
            pending: pending.filter(|n| *n > 0),
            app: None,
            url: self.dashboard.page(id),
        })
    }
}

impl Inquiry<'_> {
    /// Newest first. At most six requests to v2 and one for what did not arrive; when v2 knows nothing, up to six
    /// more (usually one).
    pub(super) async fn events_about(&self, subject: &Subject) -> Vec<WebhookEvent> {
        let horizon = Moment::now().minus_s(EVENTS_LIVE_S);
        if subject.from.is_some_and(|from| from < horizon) {
            self.note(format!("Stripe keeps events for 30 days: those before {horizon} no longer exist"));
        }
        if subject.last.is_some_and(|last| last < horizon) {
            return Vec::new();
        }
        let from = subject.from.map_or(horizon, |from| from.minus_s(60)).max(horizon);
        let (thin, late) = join(self.thin_of_all(&subject.ids), self.late(EVENTS.ask(), from)).await;
        let late = self.part("events that were not delivered", late);
        let mut events: BTreeMap<String, WebhookEvent> = BTreeMap::new();
        let mut add = |event: WebhookEvent| {
            events.entry(event.id.clone()).or_insert(event);
        };
        late.events.iter().filter(|e| subject.concerns(e)).for_each(|e| add(self.stripe.event(e, &late)));
        let answered = thin.iter().any(|e| e.related_object.id() == subject.ids.first().map(String::as_str));
        if !answered {
            self.scan(subject, from).await.iter().for_each(|e| add(self.stripe.event(e, &late)));
        }
        thin.iter().filter_map(|e| self.stripe.thin_event(e, &late)).for_each(add);
        let mut rows: Vec<WebhookEvent> = events.into_values().collect();
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        rows
    }

    /// What has not arrived since then: one request, the newest hundred. `ask` may name types.
    pub(super) async fn late(&self, ask: Ask, since: Moment) -> Result<Late, Failure> {
        let ask = ask.query("delivery_success", "false").query("created[gte]", since.epoch_s());
        Ok(Late::from_page(self.page(ask, PAGE).await?, since))
    }

    /// v2's events of the first few objects; nothing where v2 does not answer.
    pub(super) async fn thin_of_all(&self, ids: &[String]) -> Vec<ThinEvent> {
        join_all(ids.iter().take(ASKED).map(|id| self.thin(id))).await.into_iter().flatten().collect()
    }

    /// v2's events of one object, newest first, one page. Nothing where v2 does not answer: then v1 is looked through.
    async fn thin(&self, id: &str) -> Vec<ThinEvent> {
        if !self.stripe.thin.load(Ordering::Relaxed) {
            return Vec::new();
        }
        match self.read::<ThinPage>(THIN_EVENTS.ask().query("object_id", id)).await {
            Ok(page) => page.data,
            Err(failure) => {
                if matches!(failure.kind, FailureKind::Denied | FailureKind::NotFound | FailureKind::Invalid)
                {
                    self.stripe.thin.store(false, Ordering::Relaxed);
                    return Vec::new();
                }
                self.part("events of v2", Err(failure))
            }
        }
    }

    /// v1's events of the right types in the right time that concern the subject.
    pub(super) async fn scan(&self, subject: &Subject, from: Moment) -> Vec<Event> {
        // Webhooks of the last thing that happened may be made a little later.
        let until = subject.last.map(|last| last.minus_s(-3_600));
        let ask = |types: &[&'static str]| {
            let ask = EVENTS
                .ask()
                .query("created[gte]", from.epoch_s())
                .maybe("created[lte]", until.map(Moment::epoch_s));
            types.iter().fold(ask, |ask, kind| ask.query("types[]", kind))
        };
        let group = |wanted: bool, types: &'static [&'static str]| async move {
            if wanted { self.pages::<Event>(ask(types), SCANNED).await } else { Ok(Default::default()) }
        };
        let neither = !subject.paying && !subject.billing;
        let groups = join3(
            group(subject.paying, &OF_PAYMENTS),
            group(subject.billing, &OF_BILLING),
            group(neither, &[]),
        )
        .await;
        let mut found = Vec::new();
        for pages in [groups.0, groups.1, groups.2] {
            let pages = self.part("events", pages);
            if pages.more || pages.broke.is_some() {
                let oldest = pages.rows.last().and_then(|e| moment(e.created)).unwrap_or(from);
                self.note(format!(
                    "events about it were looked for only back to {oldest}: there may be older ones"
                ));
            }
            found.extend(pages.rows.into_iter().filter(|e| subject.concerns(e)));
        }
        found
    }

    /// One event by its own id, as a list of one. Two requests.
    async fn event_itself(&self, id: &str, from: Moment) -> Vec<WebhookEvent> {
        let (event, late) = join(self.one::<Event>(EVENT, id), self.late(EVENTS.ask(), from)).await;
        let late = self.part("events that were not delivered", late);
        match self.perhaps(event) {
            Ok(Some(event)) => vec![self.stripe.event(&event, &late)],
            Ok(None) => {
                self.note("Stripe does not have this event; it keeps them for 30 days");
                Vec::new()
            }
            Err(failure) => self.part("the event", Err(failure)),
        }
    }

    /// Events about one object by its id, for a list of events: `from` bounds the search.
    pub(super) async fn events_of(&self, id: &str, from: Moment) -> Vec<WebhookEvent> {
        if id.starts_with("evt_") {
            return self.event_itself(id, from).await;
        }
        let is = |prefixes: &[&str]| prefixes.iter().any(|p| id.starts_with(p));
        let subject = Subject {
            ids: vec![id.to_owned()],
            paying: is(&["pi_", "ch_", "py_", "re_", "pyr_", "dp_", "du_", "cs_"]),
            billing: is(&["in_", "sub_"]),
            from: Some(from),
            last: None,
        };
        self.events_about(&subject).await
    }
}
