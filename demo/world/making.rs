//! The world while it is being made: the chance, the clock, and one way to put each kind of thing into it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::app::{FunctionKind, LogEntry, Run};
use super::dice::Dice;
use super::setup::Catalogue;
use super::{Books, Company, Person, World};
use crate::Settings;

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Stripe forgets events after 30 days.
const EVENTS_KEPT: i64 = 30 * DAY;
/// How far back the functions' runs go: Convex keeps only the latest.
const RUNS_KEPT: i64 = 24 * HOUR;

/// The event types that the application's own endpoint asks for. It does not ask for refunds: nobody thought of it.
pub(super) const SUBSCRIBED: &[&str] = &[
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
    "charge.dispute.created",
];

pub(super) fn make(settings: &Settings) -> World {
    let mut making = Making::new(settings);
    making.set_up();
    let mut members = making.everyone();
    making.dice.shuffle(&mut members);
    let members = making.incidents(members);
    making.oddities(&members);
    for member in &members {
        making.ordinary(member);
    }
    making.signals(&members);
    making.mismatches(&members);
    making.bulk(settings.extra_rows);
    making.finish()
}

/// What became of a webhook once the application had it.
pub(super) enum Handled {
    /// The handler did its work.
    Done,
    /// The handler threw: this error, answered with 500, so that Stripe tries again.
    Threw(String),
    /// The handler knew nothing to do, and said why.
    Ignored(String),
}

/// A card as charges show it.
#[derive(Debug, Clone, Default)]
pub(super) struct Card {
    pub method: String,
    pub brand: &'static str,
    pub country: &'static str,
    pub last4: String,
    pub fingerprint: String,
}

pub(super) struct Making {
    pub dice: Dice,
    /// The world's end, unix seconds.
    pub now: i64,
    pub world: World,
    pub catalogue: Catalogue,
    /// By customer; a guest's is made when needed.
    pub cards: BTreeMap<String, Card>,
    /// What marks the account's ids: ten characters in the middle of most.
    mark: String,
}

impl Making {
    fn new(settings: &Settings) -> Making {
        let mut dice = Dice::new(settings.seed, "world");
        let now = settings.now.as_second();
        let mark = dice.base62(10);
        let world = World {
            seed: settings.seed,
            now: moment(now),
            company: Company {
                name: "Wrenhouse".into(),
                domain: "wrenhouse.example".into(),
                sentry_org: "wrenhouse".into(),
                sentry_org_id: String::new(),
                convex_deployment: String::new(),
            },
            people: Vec::new(),
            incidents: Vec::new(),
            mismatches: Vec::new(),
            stripe: Books::default(),
            projects: Vec::new(),
            releases: Vec::new(),
            issues: Vec::new(),
            tables: BTreeMap::new(),
            functions: Vec::new(),
            runs: Vec::new(),
        };
        Making { dice, now, world, catalogue: Catalogue::default(), cards: BTreeMap::new(), mark }
    }

    /// A Stripe id. Payments and what hangs on them begin with 3, the rest with 1, then comes when and whose it is.
    pub fn id(&mut self, prefix: &str) -> String {
        match prefix {
            "cus" | "prod" | "si" | "req" => format!("{prefix}_{}", self.dice.base62(14)),
            "pi" | "ch" | "re" | "txn" => self.long_id(prefix, '3'),
            "cs_live" | "cs_test" => format!("{prefix}_a1{}", self.dice.base62(56)),
            _ => self.long_id(prefix, '1'),
        }
    }

    fn long_id(&mut self, prefix: &str, first: char) -> String {
        let (time, rest) = (self.dice.base62(5), self.dice.base62(8));
        format!("{prefix}_{first}{time}{}{rest}", self.mark)
    }

    /// Puts an object among those of live mode and gives back its id.
    pub fn keep(&mut self, object: Value) -> String {
        let id = text(&object, "id");
        self.world.stripe.live.push(object);
        id
    }

    /// Writes a row into one of the application's tables and gives back its id.
    pub fn row(&mut self, table: &str, at: i64, fields: Value) -> String {
        let id = self.dice.document_id();
        let mut row = Map::new();
        row.insert("_id".into(), json!(id));
        row.insert("_creationTime".into(), json!(self.creation_time(at)));
        if let Value::Object(fields) = fields {
            row.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        self.world.tables.entry(table.to_owned()).or_default().rows.push(Value::Object(row));
        id
    }

    /// Convex counts in milliseconds, with a fraction that keeps rows of one moment apart.
    fn creation_time(&mut self, at: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit a double")]
        let at = (at * 1000 + self.dice.between(0, 999)) as f64;
        at + 0.25
    }

    /// Changes fields of a row that is already there; null takes a field away.
    pub fn patch(&mut self, table: &str, id: &str, fields: Value) {
        let rows = self.world.tables.get_mut(table).map(|table| &mut table.rows);
        let row = rows.into_iter().flatten().find(|row| text(row, "_id") == id);
        if let (Some(Value::Object(row)), Value::Object(fields)) = (row, fields) {
            for (name, value) in fields {
                if value.is_null() {
                    row.remove(&name);
                } else {
                    row.insert(name, value);
                }
            }
        }
    }

    /// Something happened at Stripe: the event, its delivery, what the application wrote down about it and what its
    /// function logged. Gives back the event's id.
    pub fn event(&mut self, kind: &str, at: i64, object: &Value, handled: Handled) -> String {
        let id = self.id("evt");
        let wanted = SUBSCRIBED.contains(&kind);
        let failed = wanted && matches!(handled, Handled::Threw(_));
        // Stripe gives up after three days; nobody waits for the event then, although it never arrived.
        let pending = u8::from(failed && self.now - at < 3 * DAY);
        if self.now - at < EVENTS_KEPT {
            // A person asked for most of it; what Stripe does by itself (renewals) has no request.
            let request = if kind.starts_with("invoice.") { Value::Null } else { json!(self.id("req")) };
            let key = (!request.is_null()).then(|| self.dice.hex(32));
            self.keep(json!({
                "id": id, "object": "event", "created": at, "type": kind, "pending_webhooks": pending,
                "request": { "id": request, "idempotency_key": key }, "data": { "object": object },
                "~delivery_failed": failed,
            }));
        }
        if wanted {
            self.received(kind, at + 1, &id, &text(object, "id"), handled);
        }
        id
    }

    fn received(&mut self, kind: &str, at: i64, event: &str, object: &str, handled: Handled) {
        let (status, error) = match handled {
            Handled::Done => ("processed", None),
            Handled::Threw(error) => ("failed", Some(error)),
            Handled::Ignored(why) => ("ignored", Some(why)),
        };
        let attempts = if status == "failed" { 1 + ((self.now - at) / HOUR).clamp(0, 5) } else { 1 };
        self.row("webhookEvents", at, json!({
            "eventId": event, "type": kind, "objectId": object, "status": status, "error": error, "attempts": attempts,
        }));
        let threw = error.filter(|_| status == "failed");
        let line = format!("stripe event {event} {kind} {object}: {status}");
        let level = if threw.is_some() { "ERROR" } else { "INFO" };
        self.run(at, ("POST /stripe/webhook", FunctionKind::HttpAction), threw.clone(), &[(level, &line)]);
        let stack =
            threw.map(|e| format!("Uncaught Error: {e}\n    at onEvent (../convex/stripe.ts:88:15)\n"));
        self.run(at, ("stripe:onEvent", FunctionKind::Mutation), stack, &[]);
    }

    /// A function ran. Only the latest are kept, as at Convex.
    pub fn run(
        &mut self,
        at: i64,
        function: (&str, FunctionKind),
        error: Option<String>,
        lines: &[(&'static str, &str)],
    ) {
        if self.now - at > RUNS_KEPT {
            return;
        }
        let http_status =
            (function.1 == FunctionKind::HttpAction).then(|| if error.is_some() { 500 } else { 200 });
        #[expect(clippy::cast_precision_loss, reason = "a few hundred milliseconds")]
        let took_s = self.dice.between(8, 240) as f64 / 1000.0;
        let run = Run {
            at: moment(at),
            function: function.0.to_owned(),
            kind: function.1,
            took_s,
            // An HTTP action answers 500 where another function would throw.
            error: error.filter(|_| http_status.is_none()),
            http_status,
            request_id: self.dice.hex(16),
            lines: lines.iter().map(|(level, text)| LogEntry { level, text: (*text).to_owned() }).collect(),
        };
        self.world.runs.push(run);
    }

    /// Someone did something that the application keeps a trail of.
    pub fn audit(&mut self, at: i64, user: &str, action: &str, reference: Option<&str>) {
        self.row("auditLog", at, json!({ "userId": user, "action": action, "ref": reference }));
    }

    /// Someone's card: always the same one for a customer.
    pub fn card(&mut self, customer: Option<&str>) -> Card {
        if let Some(card) = customer.and_then(|customer| self.cards.get(customer)) {
            return card.clone();
        }
        let (brand, country) = self.dice.pick(super::names::BRANDS);
        let last4 = format!("{:04}", self.dice.between(0, 9999));
        let card = Card { method: self.id("pm"), brand, country, last4, fingerprint: self.dice.base62(16) };
        if let Some(customer) = customer {
            self.cards.insert(customer.to_owned(), card.clone());
        }
        card
    }

    /// Some trainer's user id.
    pub fn trainer(&mut self) -> String {
        let trainers: Vec<String> = self
            .world
            .people
            .iter()
            .filter(|p| p.role == "trainer")
            .filter_map(|p| p.user_id.clone())
            .collect();
        self.dice.pick(&trainers)
    }

    /// A moment between this many hours before the end, and this many.
    pub fn hours_ago(&mut self, least: i64, most: i64) -> i64 {
        self.now - self.dice.between(least * HOUR, most * HOUR)
    }

    fn finish(mut self) -> World {
        let newest_first = |objects: &mut Vec<Value>| {
            // Stable: what was made later in the same second stays later, so it comes first once turned round.
            objects.reverse();
            objects.sort_by_key(|object| std::cmp::Reverse(object.get("created").and_then(Value::as_i64)));
        };
        newest_first(&mut self.world.stripe.live);
        newest_first(&mut self.world.stripe.test);
        self.world.stripe.connected.values_mut().for_each(newest_first);
        for table in self.world.tables.values_mut() {
            table.rows.sort_by(|a, b| created(a).total_cmp(&created(b)));
        }
        self.world.runs.sort_by_key(|run| run.at);
        self.world.releases.sort_by_key(|release| std::cmp::Reverse(release.created));
        for issue in &mut self.world.issues {
            issue.events.sort_by_key(|event| std::cmp::Reverse(event.at));
        }
        self.world.issues.sort_by_key(|issue| std::cmp::Reverse(issue.events.first().map(|event| event.at)));
        self.world.incidents.sort_by_key(|incident| incident.kind);
        self.world
    }
}

impl Person {
    /// The customer that the application links; empty for a guest.
    pub(super) fn customer(&self) -> &str {
        self.customer_ids.first().map_or("", String::as_str)
    }

    /// Their row in `users`; empty for a guest.
    pub(super) fn user(&self) -> &str {
        self.user_id.as_deref().unwrap_or_default()
    }
}

pub(super) fn moment(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or_default()
}

/// A text field of an object; empty if it has none.
pub(super) fn text(object: &Value, field: &str) -> String {
    object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn created(row: &Value) -> f64 {
    row.get("_creationTime").and_then(Value::as_f64).unwrap_or_default()
}
