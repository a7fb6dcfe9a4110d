//! What is rare and must not break anything: odd currencies, a guest, a deleted customer, test mode, another account.

use serde_json::{Value, json};

use super::Person;
use super::making::{DAY, Handled, Making, moment, text};
use super::purchase::{Buyer, Order};
use super::setup::Item;

impl Making {
    pub fn oddities(&mut self, members: &[Person]) {
        let mut members = members.iter().rev();
        for (currency, country) in [("jpy", "JP"), ("kwd", "KW")] {
            if let Some(member) = members.next() {
                self.abroad(member, currency, country);
            }
        }
        self.guest();
        self.deleted_customer();
        if let Some(member) = members.next() {
            self.leaked_secret(member);
        }
        if let Some(member) = members.next() {
            self.saved_card(member);
        }
        self.payouts();
        self.test_mode();
        self.connected_account();
    }

    /// Someone pays in a currency whose smallest unit is not a hundredth.
    fn abroad(&mut self, member: &Person, currency: &'static str, country: &'static str) {
        let abroad = Person { currency, country, ..member.clone() };
        let at = self.hours_ago(30, 20 * 24);
        self.buy(&abroad, Item::Pass, at);
    }

    /// A gift bought without an account: no customer at Stripe, no user here. The trainer's gift card goes out by mail.
    fn guest(&mut self) {
        let at = self.hours_ago(12, 96);
        let email = "gift.giver@fastpost.example".to_owned();
        let name = "Gift Giver".to_owned();
        let buyer =
            Buyer { customer: None, user: None, email: email.clone(), name: name.clone(), country: "DE" };
        let metadata = json!({ "gift": "true", "trainerId": self.trainer(), "item": Item::Single.key() });
        let sale = self.sell(Order { buyer, item: Item::Single, at, currency: "eur", metadata });
        self.announce(&sale, || Handled::Done);
        self.row(
            "jobs",
            at + 50,
            json!({
                "kind": "sendGiftCard", "status": "done", "attempts": 1, "ref": text(&sale.intent, "id"),
                "finishedAt": (at + 52) * 1000,
            }),
        );
        self.world.people.push(Person {
            name,
            email,
            user_id: None,
            customer_ids: Vec::new(),
            role: "member",
            plan: "free",
            country: "DE",
            currency: "eur",
            joined: moment(at),
        });
    }

    /// Someone who left and asked to be forgotten: the payment stays, the customer is a stub.
    fn deleted_customer(&mut self) {
        let id = self.id("cus");
        let buyer = Buyer {
            customer: Some(id.clone()),
            user: None,
            email: "former.member@inbox.example".into(),
            name: "Former Member".into(),
            country: "AT",
        };
        let at = self.now - 58 * DAY;
        self.sell(Order { buyer, item: Item::Single, at, currency: "eur", metadata: json!({}) });
        self.keep(json!({ "id": id, "object": "customer", "deleted": true }));
        let email = "former.member@inbox.example";
        let gone = json!({ "id": id, "object": "customer", "created": at - DAY, "email": email });
        self.event("customer.deleted", self.now - 9 * DAY, &gone, Handled::Done);
    }

    /// A script of long ago wrote a key into a customer's metadata. (It opens nothing: it is made up.)
    fn leaked_secret(&mut self, member: &Person) {
        let secret = format!("{}_{}", "sk_live", self.dice.base62(32));
        let customer =
            self.world.stripe.live.iter_mut().find(|object| text(object, "id") == member.customer());
        if let Some(Value::Object(metadata)) = customer.and_then(|customer| customer.get_mut("metadata")) {
            metadata.insert("import_token".into(), json!(secret));
        }
    }

    /// A card saved without paying.
    fn saved_card(&mut self, member: &Person) {
        let at = self.hours_ago(50, 300);
        let card = self.card(member.customer_ids.first().map(String::as_str));
        let id = self.id("seti");
        let intent = json!({
            "id": id, "object": "setup_intent", "created": at, "customer": member.customer(), "status": "succeeded",
            "payment_method": card.method, "client_secret": format!("{id}_secret_{}", self.dice.base62(30)),
        });
        self.keep(intent.clone());
        self.event("setup_intent.succeeded", at + 4, &intent, Handled::Done);
    }

    /// The account is paid out every week.
    fn payouts(&mut self) {
        let bank = format!("ba_1{}", self.dice.base62(23));
        for week in 0..4 {
            let at = self.now - week * 7 * DAY - self.dice.between(DAY, 2 * DAY);
            let (id, amount) = (self.id("po"), self.dice.between(40_000, 160_000));
            let out = self.earning("payout", -amount, "eur", (&id, at));
            let arrived = at + 2 * DAY < self.now;
            let payout = json!({
                "id": id, "object": "payout", "created": at, "amount": amount, "currency": "eur",
                "arrival_date": at + 2 * DAY, "automatic": true, "balance_transaction": out, "destination": bank,
                "status": if arrived { "paid" } else { "in_transit" },
            });
            self.keep(payout.clone());
            if arrived {
                self.event("payout.paid", at + 2 * DAY, &payout, Handled::Done);
            }
        }
    }

    /// Test mode knows its own few objects, and nothing of live mode.
    fn test_mode(&mut self) {
        let (customer, intent, charge) = (self.id("cus"), self.id("pi"), self.id("ch"));
        let at = self.now - 3 * DAY;
        let event = self.id("evt");
        let paid = json!({
            "id": intent, "object": "payment_intent", "amount": 1_800, "amount_received": 1_800, "currency": "eur",
            "created": at, "customer": customer, "status": "succeeded", "latest_charge": charge,
            "client_secret": format!("{intent}_secret_{}", self.dice.base62(25)),
        });
        self.world.stripe.test = vec![
            json!({ "id": customer, "object": "customer", "created": at - 60, "email": "ada@wrenhouse.example",
                    "name": "Ada Thorn (test)", "metadata": {} }),
            json!({ "id": charge, "object": "charge", "amount": 1_800, "amount_captured": 1_800, "captured": true,
                    "paid": true, "status": "succeeded", "currency": "eur", "created": at + 2, "customer": customer,
                    "payment_intent": intent,
                    "outcome": { "type": "authorized", "network_status": "approved_by_network" } }),
            json!({ "id": event, "object": "event", "created": at + 3, "type": "payment_intent.succeeded",
                    "pending_webhooks": 0, "data": { "object": paid } }),
            paid,
        ];
    }

    /// A trainer who is paid directly: a connected account with a payment of its own.
    fn connected_account(&mut self) {
        let id = format!("acct_1{}", self.dice.base62(15));
        let trainer = self.world.people.iter().find(|person| person.role == "trainer").cloned();
        let Some(trainer) = trainer else { return };
        let row = self.world.rows("trainers").iter().find(|row| text(row, "userId") == trainer.user());
        if let Some(row) = row.map(|row| text(row, "_id")) {
            self.patch("trainers", &row, json!({ "stripeAccountId": id }));
        }
        let (at, due) = (self.now - 200 * DAY, "individual.verification.document");
        self.keep(json!({
            "id": id, "object": "account", "created": at, "country": "DE", "default_currency": "eur",
            "email": trainer.email, "type": "express", "business_type": "individual", "charges_enabled": true,
            "payouts_enabled": false, "details_submitted": true,
            "business_profile": { "name": trainer.name, "mcc": "8299" },
            "requirements": { "currently_due": [due], "past_due": [due], "eventually_due": [due],
                              "disabled_reason": "requirements.past_due" },
        }));
        let (customer, intent, charge) = (self.id("cus"), self.id("pi"), self.id("ch"));
        let sold = self.hours_ago(24, 200);
        self.world.stripe.connected.insert(id, vec![
            json!({ "id": customer, "object": "customer", "created": sold - 60,
                    "email": "workshop.guest@posteo.example", "name": "Workshop Guest" }),
            json!({ "id": intent, "object": "payment_intent", "amount": 4_500, "amount_received": 4_500,
                    "currency": "eur", "created": sold, "customer": customer, "status": "succeeded",
                    "latest_charge": charge,
                    "client_secret": format!("{intent}_secret_{}", self.dice.base62(25)) }),
            json!({ "id": charge, "object": "charge", "amount": 4_500, "amount_captured": 4_500, "captured": true,
                    "paid": true, "status": "succeeded", "currency": "eur", "created": sold + 2, "customer": customer,
                    "payment_intent": intent }),
        ]);
    }
}
