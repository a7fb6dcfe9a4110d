//! One thing bought: the checkout, its payment, what the webhooks set off and the rows that the application wrote.

use serde_json::{Value, json};

use super::Person;
use super::making::{Card, DAY, Handled, Making, text};
use super::setup::Item;

/// Who pays; a guest has neither customer nor user.
#[derive(Debug, Clone)]
pub(super) struct Buyer {
    pub customer: Option<String>,
    pub user: Option<String>,
    pub email: String,
    pub name: String,
    pub country: &'static str,
}

impl From<&Person> for Buyer {
    fn from(person: &Person) -> Buyer {
        Buyer {
            customer: person.customer_ids.first().cloned(),
            user: person.user_id.clone(),
            email: person.email.clone(),
            name: person.name.clone(),
            country: person.country,
        }
    }
}

/// What is bought, when, in which currency; and what the checkout carries for the handler to act on.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub buyer: Buyer,
    pub item: Item,
    pub at: i64,
    pub currency: &'static str,
    pub metadata: Value,
}

/// What Stripe made of an order.
#[derive(Debug, Clone)]
pub(super) struct Sale {
    pub order: Order,
    pub amount: i64,
    pub checkout: Value,
    pub intent: Value,
    pub charge: Value,
}

/// What the bank said.
pub(super) enum Outcome {
    Approved,
    /// The decline code, the network's code, the words for the customer, and the result of 3-D Secure if it was asked.
    Declined(&'static str, &'static str, &'static str, Option<&'static str>),
}

/// What a charge is for.
pub(super) struct Attempt<'a> {
    pub buyer: &'a Buyer,
    pub intent: &'a str,
    pub amount: i64,
    pub currency: &'a str,
    pub at: i64,
    pub about: &'a str,
    /// What the payment carries; Stripe copies it to each of its charges.
    pub metadata: &'a Value,
}

impl Making {
    /// An order of a pass or a session from a trainer, with everything that the handler needs.
    pub fn order(&mut self, person: &Person, item: Item, at: i64) -> Order {
        let metadata = json!({ "userId": person.user_id, "trainerId": self.trainer(), "item": item.key() });
        Order { buyer: Buyer::from(person), item, at, currency: person.currency, metadata }
    }

    /// Someone bought something and all went well, everywhere.
    pub fn buy(&mut self, person: &Person, item: Item, at: i64) -> Sale {
        let order = self.order(person, item, at);
        let sale = self.sell(order);
        self.announce(&sale, || Handled::Done);
        self.fulfil(&sale);
        sale
    }

    /// What Stripe keeps of a paid checkout.
    pub fn sell(&mut self, order: Order) -> Sale {
        let amount = self.catalogue.amount(order.item, order.currency);
        let intent_id = self.id("pi");
        let checkout = self.checkout(&order, Some(&intent_id), true);
        let attempt = Attempt {
            buyer: &order.buyer,
            intent: &intent_id,
            amount,
            currency: order.currency,
            at: order.at + 40,
            about: order.item.name(),
            metadata: &order.metadata,
        };
        let charge = self.charge(&attempt, Outcome::Approved);
        let intent = json!({
            "id": intent_id, "object": "payment_intent", "amount": amount, "amount_received": amount,
            "currency": order.currency, "created": order.at + 5, "customer": order.buyer.customer,
            "status": "succeeded", "latest_charge": text(&charge, "id"), "payment_method": charge.get("payment_method"),
            "metadata": order.metadata, "receipt_email": order.buyer.email,
            "client_secret": format!("{intent_id}_secret_{}", self.dice.base62(25)),
        });
        self.keep(intent.clone());
        Sale { order, amount, checkout, intent, charge }
    }

    /// A checkout session; one that was not paid is still open until a day has passed.
    pub fn checkout(&mut self, order: &Order, intent: Option<&str>, paid: bool) -> Value {
        let amount = self.catalogue.amount(order.item, order.currency);
        let id = self.id("cs_live");
        let domain = self.world.company.domain.clone();
        let open = !paid && self.now - order.at < DAY;
        let status = if paid {
            "complete"
        } else if open {
            "open"
        } else {
            "expired"
        };
        let buyer = &order.buyer;
        let guest = buyer.customer.is_none();
        let url = open.then(|| format!("https://checkout.stripe.com/c/pay/{id}"));
        let line = self.id("li");
        let checkout = json!({
            "id": id, "object": "checkout.session", "created": order.at, "expires_at": order.at + DAY,
            "amount_subtotal": amount, "amount_total": amount, "currency": order.currency,
            "customer": buyer.customer, "customer_email": buyer.email, "client_reference_id": buyer.user,
            "customer_creation": if guest { json!("if_required") } else { Value::Null },
            "customer_details": { "email": buyer.email, "name": buyer.name, "tax_exempt": "none",
                                  "address": { "country": buyer.country } },
            "payment_intent": intent, "payment_status": if paid { "paid" } else { "unpaid" }, "status": status,
            "metadata": order.metadata, "url": url,
            "success_url": format!("https://{domain}/welcome?session={{CHECKOUT_SESSION_ID}}"),
            "cancel_url": format!("https://{domain}/passes"),
            "~line_items": [{
                "id": line, "object": "item", "amount_subtotal": amount, "amount_total": amount,
                "currency": order.currency, "description": order.item.name(), "quantity": 1,
                "price": self.catalogue.price(order.item, order.currency),
            }],
        });
        self.keep(checkout.clone());
        checkout
    }

    /// One attempt to take the money; what it earned is kept beside it.
    pub fn charge(&mut self, attempt: &Attempt<'_>, outcome: Outcome) -> Value {
        let card = self.card(attempt.buyer.customer.as_deref());
        let paid = matches!(outcome, Outcome::Approved);
        let id = self.id("ch");
        let earned =
            paid.then(|| self.earning("charge", attempt.amount, attempt.currency, (&id, attempt.at)));
        let (verdict, failure, secure) = verdict(&outcome);
        let receipt =
            paid.then(|| format!("https://pay.stripe.com/receipts/payment/{}", self.dice.base62(60)));
        let charge = json!({
            "id": id, "object": "charge", "amount": attempt.amount, "currency": attempt.currency,
            "amount_captured": if paid { attempt.amount } else { 0 }, "captured": paid, "paid": paid,
            "created": attempt.at, "customer": attempt.buyer.customer, "description": attempt.about,
            "payment_intent": attempt.intent, "payment_method": card.method, "metadata": attempt.metadata,
            "status": if paid { "succeeded" } else { "failed" }, "outcome": verdict,
            "failure_code": failure.map(|(code, _)| code), "failure_message": failure.map(|(_, words)| words),
            "balance_transaction": earned, "receipt_url": receipt,
            "billing_details": billing(attempt.buyer), "payment_method_details": details(&card, secure),
        });
        self.keep(charge.clone());
        charge
    }

    /// Money that came in or went out, in the account's own currency, less the fee. Gives back its id.
    pub fn earning(&mut self, kind: &str, amount: i64, currency: &str, source: (&str, i64)) -> String {
        let (id, rate) = (self.id("txn"), rate(currency));
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "some thousands of euros"
        )]
        let euros = (amount as f64 * rate.unwrap_or(1.0)).round() as i64;
        let fee = if euros > 0 { 25 + euros * 15 / 1000 } else { 0 };
        let fees = (fee > 0).then(|| {
            json!({ "amount": fee, "application": null, "currency": "eur", "type": "stripe_fee",
                    "description": "Stripe processing fees" })
        });
        let (source, at) = source;
        let available = at + 3 * DAY;
        let category = if kind == "adjustment" { "dispute" } else { kind };
        // The rate is told between whole units, the amounts are in the smallest.
        let told = rate.map(|rate| rate * smallest(currency) / 100.0);
        self.keep(json!({
            "id": id, "object": "balance_transaction", "amount": euros, "currency": "eur", "fee": fee,
            "net": euros - fee, "fee_details": fees.into_iter().collect::<Vec<_>>(), "exchange_rate": told,
            "created": at, "available_on": available, "reporting_category": category, "source": source, "type": kind,
            "status": if available < self.now { "available" } else { "pending" },
        }));
        id
    }

    /// Tells of a sale: the events, and what the handler made of those that it is there for.
    pub fn announce(&mut self, sale: &Sale, handled: impl Fn() -> Handled) -> String {
        let at = sale.order.at;
        let opened = with(
            &sale.intent,
            &[
                ("status", json!("requires_payment_method")),
                ("amount_received", json!(0)),
                ("latest_charge", Value::Null),
                ("payment_method", Value::Null),
            ],
        );
        self.event("payment_intent.created", at + 5, &opened, Handled::Done);
        self.event("charge.succeeded", at + 40, &sale.charge, Handled::Done);
        self.event("payment_intent.succeeded", at + 41, &sale.intent, handled());
        self.event("checkout.session.completed", at + 42, &sale.checkout, handled())
    }

    /// The rows that the handler writes for a paid checkout: the payment, and the pass it pays for.
    pub fn fulfil(&mut self, sale: &Sale) {
        let order = &sale.order;
        let (user, trainer) = (text(&order.metadata, "userId"), text(&order.metadata, "trainerId"));
        let at = order.at + 44;
        let payment = self.row(
            "payments",
            at,
            json!({
                "userId": user, "trainerId": trainer, "item": order.item.key(), "amount": sale.amount,
                "currency": order.currency, "status": "paid", "paymentIntentId": text(&sale.intent, "id"),
                "checkoutSessionId": text(&sale.checkout, "id"),
            }),
        );
        let total = if order.item == Item::Pass { 10 } else { 1 };
        let left = self.dice.between(0, total).max(i64::from(self.now - at < 7 * DAY));
        let until = at + 180 * DAY;
        let status = if left == 0 { "used" } else { "active" };
        let pass = self.row(
            "passes",
            at,
            json!({
                "userId": user, "trainerId": trainer, "paymentId": payment, "item": order.item.key(),
                "sessionsTotal": total, "sessionsLeft": left, "status": status, "validUntil": until * 1000,
            }),
        );
        if left < total {
            let starts = at + self.dice.between(1, 5) * DAY;
            let held = if starts < self.now { "held" } else { "booked" };
            self.row("bookings", at + 300, json!({
                "userId": user, "trainerId": trainer, "passId": pass, "startsAt": starts * 1000, "status": held,
            }));
        }
        self.audit(at, &user, "pass.granted", Some(&pass));
    }
}

/// A copy of an object with some fields set: what it looked like at another time.
pub(super) fn with(object: &Value, fields: &[(&str, Value)]) -> Value {
    let mut object = object.clone();
    if let Value::Object(map) = &mut object {
        for (name, value) in fields {
            map.insert((*name).to_owned(), value.clone());
        }
    }
    object
}

fn verdict(outcome: &Outcome) -> (Value, Option<(&'static str, &'static str)>, Value) {
    match *outcome {
        Outcome::Approved => {
            let verdict = json!({
                "type": "authorized", "network_status": "approved_by_network", "risk_level": "normal", "risk_score": 14,
                "seller_message": "Payment complete.",
            });
            (verdict, None, Value::Null)
        }
        Outcome::Declined(code, network, words, secure) => {
            let verdict = json!({
                "type": "issuer_declined", "network_status": "declined_by_network", "reason": code,
                "risk_level": "normal", "risk_score": 22, "advice_code": "try_again_later",
                "network_decline_code": network,
                "seller_message": format!("The bank returned the decline code `{code}`."),
            });
            let secure = secure.map(|reason| {
                json!({ "authentication_flow": "challenge", "result": "failed", "result_reason": reason,
                        "version": "2.2.0", "electronic_commerce_indicator": null })
            });
            let failure = if code == "authentication_required" { code } else { "card_declined" };
            (verdict, Some((failure, words)), json!(secure))
        }
    }
}

pub(super) fn billing(buyer: &Buyer) -> Value {
    json!({ "email": buyer.email, "name": buyer.name, "address": { "country": buyer.country } })
}

pub(super) fn details(card: &Card, secure: Value) -> Value {
    json!({ "type": "card", "card": {
        "brand": card.brand, "network": card.brand, "country": card.country, "last4": card.last4,
        "fingerprint": card.fingerprint, "exp_month": 8, "exp_year": 2030, "funding": "credit",
        "checks": { "cvc_check": "pass" }, "three_d_secure": secure,
    } })
}

/// Euro cents for one smallest unit of a currency; none for the euro itself.
fn rate(currency: &str) -> Option<f64> {
    match currency {
        "gbp" => Some(1.15),
        "usd" => Some(0.92),
        "jpy" => Some(0.61),
        "kwd" => Some(0.3),
        _ => None,
    }
}

/// How many of the smallest unit make one.
fn smallest(currency: &str) -> f64 {
    match currency {
        "jpy" => 1.0,
        "kwd" => 1000.0,
        _ => 100.0,
    }
}
