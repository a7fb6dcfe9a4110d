//! Paid, and nothing to show for it: a handler that threw, and a customer that the application does not know.

use serde_json::{Value, json};

use super::{Incident, IncidentKind};
use crate::world::Person;
use crate::world::billing::Standing;
use crate::world::making::{DAY, Handled, Making, text};
use crate::world::setup::Item;
use crate::world::signals::Report;

impl Making {
    /// The checkout lacks the trainer, so the handler throws before it writes anything.
    pub(super) fn paid_no_access(&mut self, person: &Person) {
        let at = self.hours_ago(2, 20);
        let mut order = self.order(person, Item::Pass, at);
        order.metadata = json!({ "userId": person.user_id, "item": Item::Pass.key() });
        let sale = self.sell(order);
        let checkout = text(&sale.checkout, "id");
        let error = format!("checkout {checkout} has no metadata.trainerId");
        let thrown = error.clone();
        let event = self.announce(&sale, move || Handled::Threw(thrown.clone()));
        let intent = text(&sale.intent, "id");

        let report = Report {
            project: "api",
            raised: &[("MissingMetadataError", "checkout has no metadata.trainerId")],
            culprit: "stripe.onEvent in grantPass",
            frames: super::super::signals::WEBHOOK_FRAMES,
            handled: false,
            level: "error",
        };
        let issue = self.issue(report);
        let told = [
            ("stripe_event", json!(event)),
            ("payment_intent", json!(intent)),
            ("checkout_session", json!(checkout)),
        ];
        // Stripe tried again for each of the two events; every attempt ended the same way.
        let mut last = String::new();
        for attempt in [42, 43, 3_650] {
            if at + attempt < self.now {
                last = self.happened(issue, at + attempt, Some(person), Some(&error));
                self.tell(issue, &told, &[("handler", "stripe.onEvent")]);
            }
        }
        let row = self.row(
            "internalErrors",
            at + 43,
            json!({
                "message": error, "where": "stripe:onEvent", "userId": person.user_id, "ref": intent,
            }),
        );
        let rows = &self.world.tables;
        let failed = rows.get("webhookEvents").into_iter().flat_map(|table| &table.rows);
        let failed =
            failed.filter(|row| text(row, "eventId") == event).map(|row| ("webhookEvents", text(row, "_id")));
        let mut rows: Vec<_> = failed.collect();
        rows.push(("internalErrors", row));

        let trainer = sale.order.item.name();
        self.world.incidents.push(Incident {
            title: "Paid, but no pass".into(),
            question: format!(
                "I paid for a {trainer} and my card was charged, but there is no pass in my account. — {}",
                person.name
            ),
            payment_intent: Some(intent),
            charges: vec![text(&sale.charge, "id")],
            checkout_session: Some(checkout),
            event_id: Some(event),
            issue_short_id: self.short_id(issue),
            error_event_id: Some(last),
            rows,
            ..Incident::new(IncidentKind::PaidNoAccess, person, at)
        });
    }

    /// Someone typed their address with capitals at the second checkout, and Stripe made a second customer.
    pub(super) fn duplicate_customers(&mut self, person: &Person) {
        let at = self.hours_ago(40, 6 * 24);
        // The second checkout knew an address and no more.
        let stranger = Person { user_id: None, email: capitalised(&person.email), ..person.clone() };
        let other = self.customer(&stranger, &stranger.email, at - 20);
        let made = self.world.stripe.live_object(&other).cloned().unwrap_or_default();
        self.event("customer.created", at - 20, &made, Handled::Done);
        let user = person.user().to_owned();
        let why = format!("no user has the customer {other}");
        let membership =
            self.subscribe(&stranger, &other, (at, Standing::Active), || Handled::Ignored(why.clone()));
        let id = text(&membership.subscription, "id");
        // The first customer has a history: an old pass, used up long ago.
        self.buy(person, Item::Single, self.now - 50 * DAY);
        let row = self.row(
            "internalErrors",
            at + 4,
            json!({
                "message": why, "where": "stripe:onEvent", "ref": id,
            }),
        );
        let known = self.world.people.iter_mut().find(|p| p.user_id.as_deref() == Some(&user));
        if let Some(known) = known {
            known.customer_ids.push(other.clone());
        }
        self.world.incidents.push(Incident {
            title: "Two customers, one person".into(),
            question: format!(
                "I have been a Plus member for days, but the site still shows me as free. — {}",
                person.name
            ),
            other_customer_id: Some(other),
            payment_intent: Some(membership.intent),
            charges: membership.charges,
            subscription: Some(id),
            invoice: Some(membership.invoice),
            event_id: Some(membership.event),
            rows: vec![("users", user), ("internalErrors", row)],
            ..Incident::new(IncidentKind::DuplicateCustomers, person, at)
        });
    }

    /// Changes a field of a live object.
    pub(super) fn set_live(&mut self, id: &str, field: &str, value: Value) {
        if let Some(Value::Object(object)) =
            self.world.stripe.live.iter_mut().find(|object| text(object, "id") == id)
        {
            object.insert(field.to_owned(), value);
        }
    }
}

/// `nadia.brandt@…` as a telephone's keyboard writes it: `Nadia.Brandt@…`.
fn capitalised(email: &str) -> String {
    let (mailbox, host) = email.split_once('@').unwrap_or((email, ""));
    let part = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let mailbox: Vec<_> = mailbox.split('.').map(part).collect();
    format!("{}@{host}", mailbox.join("."))
}
