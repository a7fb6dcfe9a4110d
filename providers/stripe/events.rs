//! Do webhooks arrive: the endpoints, the events, and how many of them did not get there.

use super::about::Late;
use super::inquiry::{Inquiry, PAGE};
use super::link::Page;
use super::shape::Event;
use super::{EVENTS, EVENTS_LIVE_S, Stripe};
use crate::capability::{Answered, DeliveryCount, EventsAsk, Webhooks};
use crate::words::{Delivery, WebhookEndpoint, WebhookEvent};
use crate::{Found, Moment, Stopped};
use async_trait::async_trait;
use futures_util::future::join;
use prodview_guard::{Ask, Failure, Refused, Segment};
use std::collections::{BTreeMap, BTreeSet};

/// So many pages of a hundred are read to find rows that Stripe cannot filter.
const SCANNED: usize = 5;
/// So many pages of a hundred are counted.
const COUNTED: usize = 10;
/// v1 takes so many types.
const TYPES: usize = 20;

/// How types are asked for: Stripe takes one with a wildcard, or up to twenty without.
struct Types<'a> {
    wanted: &'a [String],
    here: bool,
}

impl<'a> Types<'a> {
    /// Refuses what is no type of an event.
    fn new(wanted: &'a [String]) -> Result<Types<'a>, Refused> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'*');
        if wanted.iter().any(|t| {
            t.is_empty() || t.len() > 100 || !t.bytes().all(plain) || t.trim_end_matches('*').contains('*')
        }) {
            return Err(Refused::because("an event type looks like invoice.paid or invoice.*"));
        }
        let wanted = if wanted.iter().any(|t| t == "*") { &[] } else { wanted };
        let here = wanted.len() > TYPES || (wanted.len() > 1 && wanted.iter().any(|t| t.ends_with('*')));
        Ok(Types { wanted, here })
    }

    fn ask(&self, ask: Ask) -> Ask {
        match self.wanted {
            _ if self.here => ask,
            [one] => ask.query("type", one),
            several => several.iter().fold(ask, |ask, one| ask.query("types[]", one)),
        }
    }

    fn fit(&self, kind: &str) -> bool {
        let fits = |wanted: &String| match wanted.strip_suffix('*') {
            Some(start) => kind.starts_with(start),
            None => kind == wanted,
        };
        self.wanted.is_empty() || self.wanted.iter().any(fits)
    }
}

#[async_trait]
impl Webhooks for Stripe {
    async fn endpoints(&self) -> Answered<WebhookEndpoint> {
        Stripe::endpoints(self).await
    }

    /// Two requests; up to six when the types cannot be filtered by Stripe. About one object: two, or up to five where v2 does not answer.
    async fn events(&self, ask: &EventsAsk) -> Answered<WebhookEvent> {
        let types = Types::new(&ask.types)?;
        let now = Moment::now();
        let horizon = now.minus_s(EVENTS_LIVE_S);
        let since = ask.since.max(horizon);
        let inquiry = Inquiry::new(self);
        let mut found = match &ask.object {
            Some(object) => {
                Segment::new(object)?;
                inquiry.about_object(object, ask, &types).await?
            }
            None => inquiry.listed(ask, &types, since).await?,
        };
        if ask.since < horizon && ask.object.is_none() {
            found
                .notes
                .push(format!("Stripe keeps events for 30 days: those before {horizon} no longer exist"));
        }
        found.window = Some((since, now));
        Ok(found)
    }

    /// Up to twenty requests: ten pages of all events and ten of those that did not arrive.
    async fn count(&self, since: Moment, types: &[String]) -> Answered<DeliveryCount> {
        let types = Types::new(types)?;
        let now = Moment::now();
        let asked = since;
        let since = since.max(now.minus_s(EVENTS_LIVE_S));
        let inquiry = Inquiry::new(self);
        let ask = types
            .ask(EVENTS.ask())
            .query("created[gte]", since.epoch_s())
            .query("created[lte]", now.epoch_s());
        let late = ask.clone().query("delivery_success", "false");
        let (all, late) =
            join(inquiry.pages::<Event>(ask, COUNTED), inquiry.pages::<Event>(late, COUNTED)).await;
        let (all, late) = (all?, late?);
        // Where a list was cut, its oldest second may be there only in part: what is counted begins after it.
        let cut = |more: bool, rows: &[Event]| rows.last().filter(|_| more).and_then(|e| e.created);
        let edge = cut(all.more || all.broke.is_some(), &all.rows)
            .max(cut(late.more || late.broke.is_some(), &late.rows));
        let counts =
            |e: &&Event| types.fit(&e.kind) && edge.is_none_or(|edge| e.created.is_some_and(|at| at > edge));
        let broke = all.broke.or(late.broke);
        let late: BTreeSet<&str> = late.rows.iter().map(|e| e.id.as_str()).collect();
        let mut count = DeliveryCount {
            events: 0,
            undelivered: 0,
            window: (edge.and_then(|edge| Moment::from_epoch_s(edge + 1)).unwrap_or(since), now),
            by_type: BTreeMap::new(),
            whole: edge.is_none() && asked >= since,
        };
        for event in all.rows.iter().filter(counts) {
            count.events += 1;
            count.undelivered +=
                u64::from(late.contains(event.id.as_str()) || event.pending_webhooks > Some(0));
            *count.by_type.entry(kind(event)).or_default() += 1;
        }
        if asked < since {
            inquiry.note(format!("Stripe keeps events for 30 days: those before {since} no longer exist"));
        }
        match broke {
            Some(failure) => inquiry.part::<()>("a later page of events", Err(failure)),
            None if !count.whole && edge.is_some() => inquiry.bound(format!("{} events", COUNTED * PAGE)),
            None => {}
        }
        Ok(Found { window: Some(count.window), ..inquiry.found(vec![count]) })
    }

    fn blind_spot(&self) -> Option<String> {
        Some(format!(
            "Stripe's API does not tell which endpoint failed, with which HTTP status, how often it was tried or when it will be \
             tried again; the dashboard does, under Workbench, Event deliveries: {}",
            self.dashboard.deliveries()
        ))
    }
}

/// A type as a key of ours: Stripe's types are plain.
fn kind(event: &Event) -> String {
    event.kind.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).take(100).collect()
}

impl Inquiry<'_> {
    /// A page of events that fit, and which of them did not arrive.
    async fn listed(self, ask: &EventsAsk, types: &Types<'_>, since: Moment) -> Answered<WebhookEvent> {
        if let Some(cursor) = &ask.cursor {
            Segment::with_prefix(cursor, &["evt_"])?;
        }
        let limit = ask.limit.clamp(1, PAGE);
        let base = types.ask(EVENTS.ask());
        let (events, late) = if ask.only_undelivered {
            let listing = base.query("created[gte]", since.epoch_s()).query("delivery_success", "false");
            (self.fitting(listing, ask.cursor.clone(), (types, limit)).await, Ok(Late::default()))
        } else {
            let listing = base.clone().query("created[gte]", since.epoch_s());
            join(self.fitting(listing, ask.cursor.clone(), (types, limit)), self.late(base, since)).await
        };
        let Fitting { rows, more, broke, looked_at } = events?;
        let late = self.part("events that were not delivered", late);
        let told = rows.iter().map(|event| {
            let told = self.stripe.event(event, &late);
            if ask.only_undelivered { WebhookEvent { delivery: Delivery::Undelivered, ..told } } else { told }
        });
        let told = told.collect();
        if looked_at > rows.len() {
            self.note(format!("Stripe cannot filter by these types: {looked_at} events were looked through"));
        }
        let found = self.found(told);
        let stopped = broke.map(Stopped::Failed).or(found.stopped);
        let of = found.of.filter(|_| more.is_none() && stopped.is_none() && ask.cursor.is_none());
        Ok(Found { of, more, stopped, ..found })
    }

    /// Events that fit, from one request, or from up to five when Stripe cannot filter the types.
    async fn fitting(
        &self,
        ask: Ask,
        cursor: Option<String>,
        want: (&Types<'_>, usize),
    ) -> Result<Fitting, Failure> {
        let (types, limit) = want;
        let mut out = Fitting { more: cursor, ..Fitting::default() };
        for nth in 0..SCANNED {
            let asked = ask.clone().maybe("starting_after", out.more.as_deref());
            let page: Page<Event> = match self.page(asked, if types.here { PAGE } else { limit }).await {
                Ok(page) => page,
                Err(failure) if nth == 0 => return Err(failure),
                Err(failure) => {
                    out.broke = Some(failure);
                    return Ok(out);
                }
            };
            out.more = None;
            let mut left = page.data.len();
            for event in page.data {
                left -= 1;
                out.looked_at += 1;
                let id = event.id.clone();
                if types.fit(&event.kind) {
                    out.rows.push(event);
                }
                let full = out.rows.len() >= limit;
                if (full || left == 0) && (left > 0 || page.has_more) {
                    out.more = Some(id);
                }
                if full {
                    return Ok(out);
                }
            }
            if out.more.is_none() || !types.here {
                return Ok(out);
            }
        }
        Ok(out)
    }

    /// The events about one object. There is no cursor: they are few.
    async fn about_object(self, object: &str, ask: &EventsAsk, types: &Types<'_>) -> Answered<WebhookEvent> {
        let mut rows = self.events_of(object, ask.since).await;
        if let Some(failure) = self.in_vain() {
            return Err(failure);
        }
        rows.retain(|e| types.fit(e.kind.as_str()) && e.at.is_none_or(|at| at >= ask.since));
        rows.retain(|e| !ask.only_undelivered || e.delivery != Delivery::Delivered);
        if rows.len() > ask.limit.max(1) {
            self.bound(format!("the {} newest of {} events about it", ask.limit.max(1), rows.len()));
            rows.truncate(ask.limit.max(1));
        }
        if object.starts_with("pi_") {
            self.note("events of its charges, refunds and checkout may not be among these; payment_intent_status gathers them");
        }
        let unknown = rows.iter().filter(|e| e.delivery == Delivery::Unknown).count();
        if unknown > 0 {
            self.note(format!("of {unknown} events Stripe does not tell whether they arrived"));
        }
        Ok(self.found(rows))
    }
}

/// Events that fit, and where to go on.
#[derive(Default)]
struct Fitting {
    rows: Vec<Event>,
    more: Option<String>,
    broke: Option<Failure>,
    looked_at: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(types: &[&str]) -> Vec<String> {
        types.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn types_are_asked_of_stripe_where_it_can_and_filtered_here_where_not() {
        for (wanted, here) in [
            (texts(&[]), false),
            (texts(&["invoice.*"]), false),
            (texts(&["invoice.paid", "charge.failed"]), false),
            (texts(&["invoice.*", "charge.failed"]), true),
            (texts(&["invoice.*", "*"]), false),
            (vec!["invoice.paid".to_owned(); 21], true),
        ] {
            assert_eq!(Types::new(&wanted).unwrap().here, here, "{wanted:?}");
        }
        for bad in ["", "invoice paid", "*.paid", "Invoice.paid", "a&type=b"] {
            assert!(Types::new(&texts(&[bad])).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_star_at_the_end_stands_for_any_ending() {
        let wanted = texts(&["customer.subscription.*", "invoice.paid"]);
        let types = Types::new(&wanted).unwrap();
        assert!(types.fit("customer.subscription.deleted") && types.fit("invoice.paid"));
        assert!(!types.fit("customer.created") && !types.fit("invoice.paid_late"));
        assert!(Types::new(&[]).unwrap().fit("anything"));
    }

    #[test]
    fn an_event_whose_retries_were_given_up_did_not_arrive() {
        let event = |id: &str, at: i64| Event { id: id.to_owned(), created: Some(at), ..Event::default() };
        let since = Moment::from_epoch_s(1_000).unwrap();
        let late = Late::from_page(Page { data: vec![event("evt_1A", 2_000)], has_more: false }, since);
        let at = |s: i64| Moment::from_epoch_s(s);
        assert_eq!(late.delivery("evt_1A", at(2_000), Some(0)), Delivery::Undelivered);
        assert_eq!(late.delivery("evt_2A", at(2_000), Some(1)), Delivery::Undelivered);
        assert_eq!(late.delivery("evt_2A", at(1_000), Some(0)), Delivery::Delivered);
        assert_eq!(late.delivery("evt_2A", at(1_000), None), Delivery::Delivered);
        let cut = Late::from_page(Page { data: vec![event("evt_1A", 2_000)], has_more: true }, since);
        assert_eq!(cut.delivery("evt_2A", at(1_500), None), Delivery::Unknown);
        assert_eq!(Late::default().delivery("evt_2A", at(1_500), None), Delivery::Unknown);
        // What is late could not be asked: that nothing is pending proves nothing.
        assert_eq!(Late::default().delivery("evt_2A", at(1_500), Some(0)), Delivery::Unknown);
    }
}
