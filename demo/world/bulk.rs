//! Rows beyond the story, as many as asked for: enough to fill pages, too little to make sense of.

use serde_json::json;

use super::Person;
use super::billing::Standing;
use super::dice::Dice;
use super::making::{DAY, MINUTE, Making, moment};
use super::setup::Item;
use super::signals::Report;

/// From so many rows on, every tenth of the crowd pays as well: more than a few pages of each of Stripe's lists.
const A_CROWD_PAYS_FROM: usize = 5_000;

impl Making {
    /// That many more customers, users, Stripe events and issues with one event each.
    pub fn bulk(&mut self, rows: usize) {
        if rows == 0 {
            return;
        }
        // Its own stream, and last: the story stays the same however many rows follow.
        self.dice = Dice::new(self.world.seed, "bulk");
        let crowd = self.issue(Report {
            project: "web",
            raised: &[("TimeoutError", "the calendar took too long")],
            culprit: "app/calendar in load",
            frames: &[],
            handled: true,
            level: "warning",
        });
        for number in (0_i64..).take(rows) {
            let joined = self.now - 60 * DAY - number * 60;
            let email = format!("member{number}@mailbox.example");
            let (customer, event) = (self.id("cus"), self.id("evt"));
            let user = self.row(
                "users",
                joined,
                json!({
                    "email": email, "name": format!("Member {number}"), "role": "member", "plan": "free",
                    "status": "active", "country": "DE", "stripeCustomerId": customer,
                }),
            );
            let object = json!({
                "id": customer, "object": "customer", "created": joined, "email": email,
                "name": format!("Member {number}"), "metadata": { "userId": user },
            });
            // Within the 30 days for which Stripe keeps events, but older than what the story needs.
            let told = self.now - 20 * DAY - number % 14_000 * 60;
            self.keep(json!({
                "id": event, "object": "event", "created": told, "type": "customer.updated", "pending_webhooks": 0,
                "data": { "object": object, "previous_attributes": { "preferred_locales": [] } },
            }));
            self.keep(object);
            self.happened(crowd, told, None, None);
            self.strip(crowd);
            self.bulk_issue(number, told);
            if rows >= A_CROWD_PAYS_FROM && number % 10 == 0 {
                self.bulk_payment(number / 10, (&email, &user, &customer));
            }
        }
    }

    /// A pass, or for every fourth a membership, one each minute before the last half hour; the application has its
    /// rows for each.
    fn bulk_payment(&mut self, number: i64, (email, user, customer): (&str, &str, &str)) {
        let at = self.now - (30 + number) * MINUTE;
        let person = Person {
            name: format!("Buyer {number}"),
            email: email.to_owned(),
            user_id: Some(user.to_owned()),
            customer_ids: vec![customer.to_owned()],
            role: "member",
            plan: "free",
            country: "DE",
            currency: "eur",
            joined: moment(at),
        };
        if number % 4 == 3 {
            self.join_plus(&person, at, Standing::Active);
        } else {
            let order = self.order(&person, Item::Pass, at);
            let sale = self.sell(order);
            self.fulfil(&sale);
        }
    }

    fn bulk_issue(&mut self, number: i64, at: i64) {
        let value = format!("widget {number} is missing");
        // Not by `issue`: it compares short ids with all others, which would be slow in a crowd.
        let id = self.dice.digits(10);
        self.world.issues.push(super::Issue {
            id,
            short_id: format!("WEB-ZZ{number}"),
            project: "web",
            raised: vec![super::Raised { kind: "WidgetError".into(), value, frames: Vec::new() }],
            culprit: "app/widget in load".into(),
            level: "warning",
            status: "unresolved",
            substatus: Some("ongoing"),
            priority: "low",
            handled: true,
            events: Vec::new(),
        });
        let place = self.world.issues.len() - 1;
        self.happened(place, at, None, None);
        self.strip(place);
        debug_assert!(moment(at) <= self.world.now, "nothing happens after the end");
    }

    /// What surrounds an error takes most of the memory; in a crowd nobody reads it.
    fn strip(&mut self, issue: usize) {
        if let Some(event) = self.world.issues.get_mut(issue).and_then(|issue| issue.events.last_mut()) {
            event.crumbs = Vec::new();
            event.request = None;
        }
    }
}
