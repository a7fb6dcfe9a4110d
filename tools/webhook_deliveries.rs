//! `webhook_deliveries`: do webhooks arrive, which did not, and what did the app write down about them.

use crate::app_records::recorded;
use crate::asked::{Asked, ask_all};
use crate::cursor::{Cursor, together};
use crate::page::{Page, quoted};
use crate::payment_intent_status::delivery_word;
use crate::since::{self, DAY};
use crate::{Answer, App, Cut, Needs, NextCall, Tool, ToolError};
use futures_util::future::join3;
use prodview_providers::capability::{Capability, DeliveryCount, EventsAsk};
use prodview_providers::words::{Delivery, WebhookEndpoint, WebhookEvent};
use prodview_providers::{Found, Handle, HandleKind, Moment};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod judge;

/// The tool.
pub struct WebhookDeliveries;

/// Which deliveries.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Window: 30m, 24h, 7d, or a moment. Default 24h; Stripe keeps 30 days.
    #[schemars(length(min = 2, max = 40))]
    since: Option<String>,
    /// invoice.paid, or with a star at its end: charge.*
    #[schemars(length(min = 1, max = 100))]
    event_type: Option<String>,
    /// Only events about this object (pi_…, sub_…), or one event (evt_…).
    #[schemars(length(min = 1, max = 500))]
    object: Option<String>,
    /// Only events that this endpoint (we_…, or its URL) subscribes to.
    #[schemars(length(min = 1, max = 500))]
    endpoint: Option<String>,
    /// Only events that some endpoint has not taken.
    only_failing: Option<bool>,
    /// Default 6.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<usize>,
    /// From an earlier answer's `cut`.
    #[schemars(length(min = 1, max = 2000))]
    cursor: Option<String>,
}

/// How deliveries went.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    rates: Vec<Rate>,
    endpoints: Vec<WebhookEndpoint>,
    events: Vec<WebhookEvent>,
}

/// How many events of a window reached every endpoint that wants them.
#[derive(Serialize, JsonSchema)]
pub struct Rate {
    source: String,
    events: u64,
    undelivered: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_percent: Option<f64>,
    window: (Moment, Moment),
    whole_window: bool,
}

impl Tool for WebhookDeliveries {
    const NAME: &'static str = "webhook_deliveries";
    const TITLE: &'static str = "Do webhooks arrive?";
    const ABOUT: &'static str = "Whether webhooks arrive: success rate, endpoints, events not delivered, and what the app wrote down about them. \
        Use it when somebody paid and the app does not know, or to see whether deliveries fail for all.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::Webhooks]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let object = match q.object.as_deref() {
            Some(text) => {
                Some(Handle::read(text).filter(|h| h.kind != HandleKind::Email).map(|h| h.id).ok_or_else(
                    || {
                        ToolError::malformed(
                            "object",
                            "should be the id of an object (pi_…, sub_…) or of an event (evt_…)",
                        )
                    },
                )?)
            }
            None => None,
        };
        // Of one object, everything that is still kept is wanted.
        let default_s = if object.is_some() { 30 * DAY } else { DAY };
        let since = since::or_ago("since", q.since.as_deref(), default_s)?;
        let cursor = Cursor::read(q.cursor.as_deref())?;
        let mut asked = Asked::default();
        let (mut endpoints, mut cut) = together(
            ask_all(&mut asked, app.sources.webhooks(), |able| async move { able.can.endpoints().await })
                .await,
            "endpoints",
        );
        let all_endpoints = asked.whole();
        let mut types: Vec<String> = q.event_type.into_iter().collect();
        if let Some(wanted) = &q.endpoint {
            endpoints.retain(|e| is_meant(e, wanted));
            let [only] = endpoints.as_slice() else {
                return Err(match endpoints.is_empty() && !asked.failures().is_empty() {
                    true => ToolError::in_vain(asked.failures()),
                    false => ToolError::malformed(
                        "endpoint",
                        "is the id or URL of none, or of several, of the endpoints",
                    ),
                });
            };
            if types.is_empty() {
                types = only.types.iter().map(|t| t.as_str().to_owned()).filter(|t| t != "*").collect();
            }
        }
        let ask = EventsAsk {
            since,
            types,
            object,
            only_undelivered: q.only_failing.unwrap_or(false),
            limit: q.limit.unwrap_or(6),
            cursor: None,
        };
        let (counts, failing, listed) = ask_about_events(app, &mut asked, &ask, cursor.as_ref()).await;
        let (mut events, events_cut) = together(listed, "events");
        cut.extend(events_cut);
        // What failed is what one looks for: it is shown even when newer events fill the list.
        for event in together(failing, "events").0 {
            if !events.iter().any(|e| e.id == event.id) {
                events.push(event);
            }
        }
        recorded(app, &mut asked, events.iter_mut().collect()).await;
        // Where to look matters for what failed; for the rest a link is only weight.
        for endpoint in endpoints.iter_mut().filter(|e| e.enabled) {
            endpoint.url = None;
        }
        for event in events.iter_mut().filter(|e| e.delivery == Delivery::Delivered) {
            event.url = None;
        }
        for able in app.sources.webhooks() {
            if let Some(blind) = able.can.blind_spot().filter(|_| asked.answered(able.source.name())) {
                asked.note(able.source.name(), blind);
            }
        }
        let seen = judge::Seen {
            // Which types nobody wants can be told only of all types and all endpoints.
            by_type: if all_endpoints && ask.types.is_empty() {
                judge::types(&counts)
            } else {
                Default::default()
            },
            all_endpoints,
            all: asked.whole(),
        };
        let rates = counts
            .into_iter()
            .flat_map(|(source, found)| found.rows.into_iter().map(move |c| rate(&source, c)));
        let facts = Facts { rates: rates.collect(), endpoints, events };
        let mut answer = Answer::new(facts, asked);
        answer.findings = judge::findings(app, &answer.facts, &seen);
        answer.next = next(&answer.facts);
        answer.cut = cut;
        shorten(&mut answer.facts.endpoints, &mut answer.cut);
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        for rate in &facts.rates {
            let percent = rate
                .success_percent
                .map(|p| format!("{p} % delivered"))
                .unwrap_or_else(|| "nothing to deliver".to_owned());
            let whole = if rate.whole_window { "" } else { " (the newest that could be counted)" };
            page.line(format!(
                "{}: {percent}; {} of {} events not delivered everywhere, {} to {}{whole}",
                rate.source, rate.undelivered, rate.events, rate.window.0, rate.window.1
            ));
        }
        page.table(
            ["endpoint", "target", "state", "types"],
            facts.endpoints.iter().map(|e| {
                let types: Vec<&str> = e.types.iter().map(|t| t.as_str()).collect();
                let state = if e.enabled { "enabled" } else { "DISABLED" };
                [e.id.clone(), e.target.to_string(), state.to_owned(), types.join(" ")]
            }),
        );
        page.table(
            ["event", "at", "type", "about", "delivery", "the app wrote down"],
            facts.events.iter().map(|e| {
                let app = e.app.as_ref().map(|a| {
                    let status =
                        a.status.as_ref().map(ToString::to_string).unwrap_or_else(|| "recorded".to_owned());
                    let error = a.error.as_ref().map(|e| format!(": {}", quoted(e))).unwrap_or_default();
                    format!("{status}{error}")
                });
                [
                    e.id.clone(),
                    e.at.map(|m| m.to_string()).unwrap_or_default(),
                    e.kind.to_string(),
                    e.object.as_ref().map(ToString::to_string).unwrap_or_default(),
                    delivery_word(e.delivery).to_owned(),
                    app.unwrap_or_default(),
                ]
            }),
        );
    }
}

type PerSource<T> = Vec<(String, Found<T>)>;

/// Counts, the newest that failed, and the list: three questions at the same time.
async fn ask_about_events(
    app: &App,
    asked: &mut Asked,
    ask: &EventsAsk,
    cursor: Option<&Cursor>,
) -> (PerSource<DeliveryCount>, PerSource<WebhookEvent>, PerSource<WebhookEvent>) {
    let overview = ask.object.is_none() && cursor.is_none();
    let failed = EventsAsk { only_undelivered: true, limit: 5, ..ask.clone() };
    let (mut counting, mut failing, mut listing) = (Asked::default(), Asked::default(), Asked::default());
    let sources = |wanted: bool| if wanted { app.sources.webhooks() } else { Vec::new() };
    let answers = join3(
        ask_all(&mut counting, sources(overview), |able| async move {
            able.can.count(ask.since, &ask.types).await
        }),
        ask_all(&mut failing, sources(overview && !ask.only_undelivered), |able| {
            let failed = &failed;
            async move { able.can.events(failed).await }
        }),
        ask_all(&mut listing, Cursor::unfinished(cursor, app.sources.webhooks()), |able| {
            let cursor = cursor.and_then(|c| c.of(able.source.name())).map(str::to_owned);
            let ask = EventsAsk { cursor, ..ask.clone() };
            async move { able.can.events(&ask).await }
        }),
    )
    .await;
    for part in [listing, counting, failing] {
        asked.merge(part);
    }
    answers
}

fn rate(source: &str, count: DeliveryCount) -> Rate {
    // Rounded down: 97.99 % is not 98 %.
    let per_ten_thousand =
        (count.events.saturating_sub(count.undelivered) * 10_000).checked_div(count.events);
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    let success_percent = per_ten_thousand.map(|n| n as f64 / 100.0);
    Rate {
        source: source.to_owned(),
        events: count.events,
        undelivered: count.undelivered,
        success_percent,
        window: count.window,
        whole_window: count.whole,
    }
}

fn is_meant(endpoint: &WebhookEndpoint, wanted: &str) -> bool {
    let bare = |url: &str| url.trim_end_matches('/').to_lowercase();
    let handle = Handle::read(wanted).map(|h| h.id);
    endpoint.id == wanted
        || handle.is_some_and(|id| id == endpoint.id)
        || bare(endpoint.target.as_str()) == bare(wanted)
}

/// An endpoint may want two hundred types: the first few and their number are enough here.
fn shorten(endpoints: &mut [WebhookEndpoint], cut: &mut Vec<Cut>) {
    const SHOWN: usize = 10;
    for endpoint in endpoints {
        if endpoint.types.len() > SHOWN {
            let what = format!("{} more types that {} wants", endpoint.types.len() - SHOWN, endpoint.id);
            cut.push(Cut { what, how: None, cursor: None });
            endpoint.types.truncate(SHOWN);
        }
    }
}

fn next(facts: &Facts) -> Vec<NextCall> {
    let failed = facts
        .events
        .iter()
        .filter(|e| e.delivery == Delivery::Undelivered || e.app.as_ref().is_some_and(|a| a.error.is_some()));
    let objects = failed.filter_map(|e| e.object.as_ref()).filter_map(|o| Handle::read(o.as_str()));
    let mut next: Vec<NextCall> = Vec::new();
    for handle in objects.filter(|h| {
        matches!(
            h.kind,
            HandleKind::PaymentIntent
                | HandleKind::CheckoutSession
                | HandleKind::Invoice
                | HandleKind::Subscription
        )
    }) {
        let call =
            NextCall::new("payment_intent_status", "id", &handle.id, "what this undelivered event was about");
        if !next.contains(&call) && next.len() < 3 {
            next.push(call);
        }
    }
    next
}
