//! Where the application's books and Stripe's do not agree, and nobody has complained yet: what a morning check finds.

use serde_json::{Value, json};

use super::billing::Standing;
use super::dice::Dice;
use super::making::{DAY, HOUR, Making, text};
use super::setup::Item;
use super::{Mismatch, MismatchKind, Person};

impl Making {
    /// One of each kind, of members to whom nothing else happened.
    pub fn mismatches(&mut self, members: &[Person]) {
        // A stream of its own: the ids of the rest stay what they were.
        let story = std::mem::replace(&mut self.dice, Dice::new(self.world.seed, "mismatches"));
        self.unwritten();
        let mut members = members.iter().rev().skip(6);
        if let Some(member) = members.next() {
            self.wrong_amount(member);
        }
        if let Some(member) = members.next() {
            self.rehearsal(member);
        }
        let subscribed: Vec<String> =
            self.world.rows("memberships").iter().map(|row| text(row, "userId")).collect();
        if let Some(member) =
            members.find(|m| m.plan != "legacy" && !subscribed.iter().any(|id| id == m.user()))
        {
            self.still_a_member(member);
        }
        self.dice = story;
    }

    /// What was paid without an account has a row as well: gifts, and those of people who left.
    fn unwritten(&mut self) {
        let known: Vec<String> =
            self.world.rows("payments").iter().map(|row| text(row, "paymentIntentId")).collect();
        let stranger = |session: &&Value| {
            session.get("payment_status").and_then(Value::as_str) == Some("paid")
                && session.get("client_reference_id").is_none_or(Value::is_null)
                && !known.contains(&text(session, "payment_intent"))
        };
        let sessions = self.world.stripe.live.iter().filter(|o| text(o, "object") == "checkout.session");
        let sessions: Vec<Value> = sessions.filter(stranger).cloned().collect();
        for session in sessions {
            let at = session.get("created").and_then(Value::as_i64).unwrap_or_default() + 44;
            let metadata = session.get("metadata").cloned().unwrap_or_default();
            let trainer = metadata.get("trainerId").cloned().unwrap_or_else(|| json!(self.trainer()));
            self.row("payments", at, json!({
                "trainerId": trainer, "item": Item::Single.key(), "amount": session.get("amount_total"),
                "currency": session.get("currency"), "status": "paid",
                "paymentIntentId": text(&session, "payment_intent"), "checkoutSessionId": text(&session, "id"),
            }));
        }
    }

    /// The handler wrote down the price of the list, and not what was paid.
    fn wrong_amount(&mut self, member: &Person) {
        let at = self.hours_ago(3, 20);
        let sale = self.buy(member, Item::Single, at);
        let intent = text(&sale.intent, "id");
        let row = self.row_where("payments", "paymentIntentId", &intent).unwrap_or_default();
        self.patch("payments", &row, json!({ "amount": sale.amount * 10 }));
        self.mismatch(MismatchKind::AmountDiffers, intent, row);
    }

    /// Somebody tried the checkout in test mode against the real application.
    fn rehearsal(&mut self, member: &Person) {
        let paid = self.world.stripe.test.iter().find(|o| text(o, "object") == "payment_intent");
        let intent = paid.map(|intent| text(intent, "id")).unwrap_or_default();
        let (at, checkout) = (self.hours_ago(3, 20), self.id("cs_test"));
        let trainer = self.trainer();
        let row = self.row(
            "payments",
            at,
            json!({
                "userId": member.user(), "trainerId": trainer, "item": Item::Single.key(), "amount": 1_800,
                "currency": "eur", "status": "paid", "paymentIntentId": intent, "checkoutSessionId": checkout,
            }),
        );
        self.row("passes", at, json!({
            "userId": member.user(), "trainerId": trainer, "paymentId": row, "item": Item::Single.key(),
            "sessionsTotal": 1, "sessionsLeft": 1, "status": "active", "validUntil": (at + 180 * DAY) * 1000,
        }));
        self.mismatch(MismatchKind::RowWithoutPayment, intent, row);
    }

    /// The membership ended at Stripe; the application still counts the person as a member.
    fn still_a_member(&mut self, member: &Person) {
        let started = self.now - 45 * DAY - self.dice.between(0, 20 * HOUR);
        let membership = self.join_plus(member, started, Standing::Canceled);
        let subscription = text(&membership.subscription, "id");
        let row = self.row_where("memberships", "stripeSubscriptionId", &subscription).unwrap_or_default();
        let until = (self.now + 15 * DAY) * 1000;
        self.patch("memberships", &row, json!({ "status": "active", "until": until }));
        self.mismatch(MismatchKind::SubscriptionOver, subscription, row);
    }

    fn mismatch(&mut self, kind: MismatchKind, stripe_id: String, row: String) {
        self.world.mismatches.push(Mismatch { kind, stripe_id, row });
    }
}
