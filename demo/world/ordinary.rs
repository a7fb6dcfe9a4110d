//! The people: how one comes to be, and what an ordinary one does.

use serde_json::{Value, json};

use super::Person;
use super::billing::Standing;
use super::making::{DAY, HOUR, Making, moment};
use super::names;
use super::setup::Item;

const TRAINERS: usize = 6;
const MEMBERS: usize = 48;
const TEACHES: &[&str] = &["cello", "strength", "yoga", "piano", "running", "voice"];

impl Making {
    /// Everyone who has an account: the trainers first, then the members, whom it gives back.
    pub fn everyone(&mut self) -> Vec<Person> {
        let mut names = self.full_names(TRAINERS + MEMBERS);
        for teaches in TEACHES.iter().take(TRAINERS) {
            let (name, email) = names.pop().unwrap_or_default();
            let trainer = self.person((&name, &email), "trainer", "free");
            self.row(
                "trainers",
                trainer.joined.as_second() + 60,
                json!({
                    "userId": trainer.user(), "displayName": name, "teaches": teaches,
                }),
            );
        }
        names.iter().map(|(name, email)| self.person((name, email), "member", "free")).collect()
    }

    /// Names that no two people share, with addresses; the unusual ones among them.
    fn full_names(&mut self, count: usize) -> Vec<(String, String)> {
        let mut names: Vec<(String, String)> = Vec::new();
        for (name, mailbox) in names::UNUSUAL {
            names.push(((*name).to_owned(), format!("{mailbox}@{}", self.dice.pick(names::MAIL))));
        }
        while names.len() < count {
            let (first, last) = (self.dice.pick(names::FIRST), self.dice.pick(names::LAST));
            let name = format!("{first} {last}");
            if names.iter().all(|(taken, _)| *taken != name) {
                let mailbox = format!("{}.{}", names::plain(first), names::plain(last));
                names.push((name, format!("{mailbox}@{}", self.dice.pick(names::MAIL))));
            }
        }
        self.dice.shuffle(&mut names);
        names
    }

    /// Someone signs up: a row in `users`, and for a member a customer at Stripe.
    pub fn person(&mut self, (name, email): (&str, &str), role: &'static str, plan: &'static str) -> Person {
        let (country, currency) = self.dice.pick(names::PLACES);
        let joined = self.now - self.dice.between(70 * DAY, 500 * DAY);
        let seen = self.hours_ago(1, 200);
        let user = self.row("users", joined, json!({
            "email": email, "name": name, "role": role, "plan": plan, "status": "active", "country": country,
            "failedSignIns": 0, "lastSignInAt": seen * 1000,
        }));
        self.audit(seen, &user, "sign_in.succeeded", None);
        let mut person = Person {
            name: name.to_owned(),
            email: email.to_owned(),
            user_id: Some(user.clone()),
            customer_ids: Vec::new(),
            role,
            plan,
            country,
            currency,
            joined: moment(joined),
        };
        if role == "member" {
            let customer = self.customer(&person, email, joined + 30);
            self.patch("users", &user, json!({ "stripeCustomerId": customer }));
            person.customer_ids.push(customer);
        }
        self.world.people.push(person.clone());
        person
    }

    /// A customer at Stripe, with a card.
    pub fn customer(&mut self, person: &Person, email: &str, at: i64) -> String {
        let id = self.id("cus");
        let card = self.card(Some(&id));
        let prefix = self.dice.base62(8).to_uppercase();
        self.keep(json!({
            "id": id, "object": "customer", "created": at, "email": email, "name": person.name,
            "currency": person.currency, "address": { "country": person.country },
            "invoice_prefix": prefix, "metadata": whose(person),
            "invoice_settings": { "default_payment_method": card.method },
        }));
        self.keep(json!({
            "id": card.method, "object": "payment_method", "created": at + 5, "customer": id, "type": "card",
            "billing_details": { "email": email, "name": person.name, "address": { "country": person.country } },
            "card": { "brand": card.brand, "display_brand": card.brand, "country": card.country, "last4": card.last4,
                      "fingerprint": card.fingerprint, "exp_month": 8, "exp_year": 2030,
                      "networks": { "available": [card.brand] } },
        }));
        id
    }

    /// What an ordinary member did: bought a pass or two, perhaps became a Plus member, perhaps left again.
    pub fn ordinary(&mut self, person: &Person) {
        for _ in 0..self.dice.between(0, 2) {
            let item = if self.dice.chance(70) { Item::Pass } else { Item::Single };
            let at = self.hours_ago(5, 45 * 24);
            self.buy(person, item, at);
        }
        if person.plan != "legacy" && self.dice.chance(35) {
            let standing = if self.dice.chance(15) { Standing::Canceled } else { Standing::Active };
            let started = person.joined.as_second().max(self.now - self.dice.between(3 * DAY, 100 * DAY));
            self.join_plus(person, started + 2 * HOUR, standing);
            let plan = if standing == Standing::Active { "plus" } else { "free" };
            self.patch("users", person.user(), json!({ "plan": plan }));
            if let Some(known) = self.world.people.iter_mut().find(|p| p.user_id == person.user_id) {
                known.plan = plan;
            }
        }
        if self.dice.chance(50) {
            let (at, user) = (self.hours_ago(1, 20 * 24), person.user());
            let job = self.dice.pick(&["sendReminder", "sendReceipt"]);
            self.row("jobs", at, json!({
                "kind": job, "status": "done", "attempts": 1, "userId": user, "finishedAt": (at + 2) * 1000,
            }));
        }
    }
}

/// The metadata by which the application finds its user again; a key that means nothing is not there at all.
pub(super) fn whose(person: &Person) -> Value {
    person.user_id.as_ref().map_or_else(|| json!({}), |user| json!({ "userId": user }))
}
