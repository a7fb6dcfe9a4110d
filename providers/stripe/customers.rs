//! Who is this: customers by address in any letter case, by id, or by anything they paid.

use super::amount::money;
use super::inquiry::{Inquiry, PAGE};
use super::record::{foreign, moment};
use super::shape::{Charge, Customer, Dispute, Event, Invoice, PaymentIntent, Refund, Session, Subscription};
use super::{
    CHARGE, CUSTOMER, CUSTOMERS, CUSTOMERS_SEARCH, DISPUTE, EVENT, INTENT, INVOICE, REFUND, SESSION,
    SUBSCRIPTION, SUBSCRIPTIONS, Stripe, kind_of,
};
use crate::capability::{Answered, Users};
use crate::words::Person;
use crate::{Found, Handle, HandleKind};
use async_trait::async_trait;
use futures_util::future::{join, join_all};
use prodview_guard::{Failure, Foreign};
use std::collections::BTreeMap;

/// So many customers with one address are looked at closely.
const CLOSELY: usize = 10;

/// Whom an object belongs to.
#[derive(Default)]
struct Owner {
    customer: Option<String>,
    /// The address typed by somebody who is no customer.
    guest: Option<String>,
}

#[async_trait]
impl Users for Stripe {
    /// By address: three requests (four when the search is not available) and one for each customer found, at most ten.
    /// By id: at most five. An id that Stripe does not have is nobody; a note says when it exists in the other mode.
    async fn people(&self, who: &Handle) -> Answered<Person> {
        let inquiry = Inquiry::new(self);
        let customers = match who.kind {
            HandleKind::Email => inquiry.at_address(&who.id).await?,
            HandleKind::Customer => {
                let customer = inquiry.one::<Customer>(CUSTOMER, &who.id).await;
                inquiry.perhaps(customer)?.into_iter().collect()
            }
            _ => {
                let owner = inquiry.owner(who.kind, &who.id).await;
                match inquiry.perhaps(owner)? {
                    Some(Owner { customer: Some(id), .. }) => {
                        let customer = inquiry.one::<Customer>(CUSTOMER, &id).await;
                        inquiry.perhaps(customer)?.into_iter().collect()
                    }
                    Some(Owner { guest: Some(email), .. }) => {
                        inquiry.note("paid as a guest: there is no customer behind it");
                        return Ok(inquiry.found(vec![self.guest(&who.id, &email)]));
                    }
                    _ => Vec::new(),
                }
            }
        };
        Ok(inquiry.described(customers).await)
    }
}

impl Inquiry<'_> {
    async fn at_address(&self, email: &str) -> Result<Vec<Customer>, Failure> {
        let (customers, sessions) = join(self.customers_by_email(email), self.sessions_by_email(email)).await;
        let customers = customers?;
        let sessions = self.part("checkout sessions", sessions);
        let guests: Vec<&Session> = sessions.data.iter().filter(|s| s.customer.id.is_none()).collect();
        if !guests.is_empty() {
            let least = if sessions.has_more { "at least " } else { "" };
            let paid = guests.iter().filter(|s| s.payment_status.as_deref() == Some("paid")).count();
            let newest = guests.first().map_or("", |s| s.id.as_str());
            self.note(format!(
                "the address was typed at {least}{} checkouts without a customer, {paid} of them paid; the newest is {newest}",
                guests.len()
            ));
        }
        Ok(customers)
    }

    /// All customers with the address, in any letter case, newest first. The list is exact and immediate, the search takes
    /// any case and may lag by a minute: both are asked. Where the search is not available (India, some keys), the
    /// address in small letters is looked up too.
    pub(super) async fn customers_by_email(&self, email: &str) -> Result<Vec<Customer>, Failure> {
        let exact = |email: &str| self.pages::<Customer>(CUSTOMERS.ask().query("email", email), 2);
        // Quotes and backslashes would end the quoted text.
        let quoted: String = email.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        let search = CUSTOMERS_SEARCH.ask().query("query", format!("email:\"{quoted}\""));
        let (listed, searched) = join(exact(email), self.page::<Customer>(search, PAGE)).await;
        let listed = listed?;
        let mut more = listed.more;
        let mut all: BTreeMap<String, Customer> = BTreeMap::new();
        let mut add = |customers: Vec<Customer>| {
            for customer in customers {
                all.entry(customer.id.clone()).or_insert(customer);
            }
        };
        add(listed.rows);
        match searched {
            Ok(page) => {
                more |= page.has_more;
                add(page.data);
            }
            Err(failure) => {
                let small = email.to_lowercase();
                if small != email {
                    add(self.part("customers", exact(&small).await).rows);
                }
                self.note(format!(
                    "the search that ignores letter case failed ({failure}): customers whose address is written in other cases may be missing"
                ));
            }
        }
        if more {
            self.bound(format!("{} customers with this address", all.len()));
        }
        let mut customers: Vec<Customer> = all.into_values().collect();
        customers.sort_by_key(|c| std::cmp::Reverse(c.created));
        Ok(customers)
    }

    /// Customers with the state of their subscriptions.
    async fn described(self, customers: Vec<Customer>) -> Found<Person> {
        let asks = customers.iter().take(CLOSELY).map(|customer| async {
            if customer.deleted == Some(true) {
                return Ok(Default::default());
            }
            self.page::<Subscription>(
                SUBSCRIPTIONS.ask().query("customer", &customer.id).query("status", "all"),
                PAGE,
            )
            .await
        });
        let mut subscriptions = Vec::new();
        for page in join_all(asks).await {
            subscriptions.push(self.part("subscriptions", page).data);
        }
        if customers.len() > CLOSELY {
            self.note(format!("subscriptions are shown for the {CLOSELY} newest customers only"));
        }
        let mut subscriptions = subscriptions.into_iter();
        let stripe = self.stripe;
        let people =
            customers.iter().map(|c| stripe.person(c, &subscriptions.next().unwrap_or_default())).collect();
        self.found(people)
    }

    /// Whom something that was or could be paid belongs to. At most four requests.
    async fn owner(&self, kind: HandleKind, id: &str) -> Result<Owner, Failure> {
        match kind {
            HandleKind::PaymentIntent => {
                let intent: PaymentIntent = self.one(INTENT, id).await?;
                match (intent.customer.id, intent.receipt_email, intent.latest_charge.id) {
                    (None, None, Some(charge)) => Box::pin(self.owner(HandleKind::Charge, &charge)).await,
                    (customer, guest, _) => Ok(Owner { customer, guest }),
                }
            }
            HandleKind::Charge => {
                let charge: Charge = self.one(CHARGE, id).await?;
                let guest = charge.billing_details.and_then(|b| b.email).or(charge.receipt_email);
                Ok(Owner { customer: charge.customer.id, guest })
            }
            HandleKind::CheckoutSession => {
                let session: Session = self.one(SESSION, id).await?;
                Ok(Owner { guest: session.email().map(str::to_owned), customer: session.customer.id })
            }
            HandleKind::Invoice => {
                let invoice: Invoice = self.one(INVOICE, id).await?;
                Ok(Owner { customer: invoice.customer.id, guest: invoice.customer_email })
            }
            HandleKind::Subscription => {
                let subscription: Subscription = self.one(SUBSCRIPTION, id).await?;
                Ok(Owner { customer: subscription.customer.id, guest: None })
            }
            HandleKind::Refund => {
                let refund: Refund = self.one(REFUND, id).await?;
                self.payer(refund.charge.id, refund.payment_intent.id).await
            }
            HandleKind::Dispute => {
                let dispute: Dispute = self.one(DISPUTE, id).await?;
                self.payer(dispute.charge.id, dispute.payment_intent.id).await
            }
            HandleKind::Event => {
                let object = self.one::<Event>(EVENT, id).await?.data.object;
                let about = object
                    .id
                    .as_deref()
                    .and_then(|id| Some((kind_of(id).filter(|k| *k != HandleKind::Event)?, id)));
                match (object.customer.id, about) {
                    (Some(customer), _) => Ok(Owner { customer: Some(customer), guest: None }),
                    (None, Some((HandleKind::Customer, id))) => {
                        Ok(Owner { customer: Some(id.to_owned()), guest: None })
                    }
                    (None, Some((kind, id))) => Box::pin(self.owner(kind, id)).await,
                    (None, None) => Ok(Owner::default()),
                }
            }
            _ => Ok(Owner::default()),
        }
    }

    async fn payer(&self, charge: Option<String>, intent: Option<String>) -> Result<Owner, Failure> {
        match (charge, intent) {
            (Some(charge), _) => Box::pin(self.owner(HandleKind::Charge, &charge)).await,
            (None, Some(intent)) => Box::pin(self.owner(HandleKind::PaymentIntent, &intent)).await,
            (None, None) => Ok(Owner::default()),
        }
    }
}

impl Stripe {
    fn person(&self, customer: &Customer, subscriptions: &[Subscription]) -> Person {
        let mut state: Vec<Foreign> = Vec::new();
        if customer.deleted == Some(true) {
            state.push(Foreign::new("deleted"));
        }
        let mut by_status: BTreeMap<&str, usize> = BTreeMap::new();
        for subscription in subscriptions {
            *by_status.entry(subscription.status.as_deref().unwrap_or("unknown")).or_default() += 1;
        }
        state.extend(by_status.iter().map(|(status, n)| {
            Foreign::capped(&format!("{n} {status} subscription{}", if *n == 1 { "" } else { "s" }), 80)
        }));
        if customer.delinquent == Some(true) {
            state.push(Foreign::new("delinquent"));
        }
        let mut facts: BTreeMap<String, Foreign> = customer
            .metadata
            .pairs()
            .filter(|(key, value)| names_a_user(key) && !value.is_empty())
            .filter(|(key, _)| key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .take(5)
            .map(|(key, value)| (format!("metadata.{key}"), Foreign::capped(value, 120)))
            .collect();
        let balance = customer.balance.filter(|b| *b != 0);
        if let Some(money) = money(balance.map(i64::saturating_abs), customer.currency.as_deref()) {
            // Stripe counts what the customer owes as positive.
            let side =
                if balance > Some(0) { "owed with the next invoice" } else { "credit for the next invoice" };
            facts.insert("balance".to_owned(), Foreign::new(&format!("{} {side}", money.text)));
        }
        Person {
            source: self.name.clone(),
            id: customer.id.clone(),
            email: foreign(customer.email.as_deref()),
            name: foreign(customer.name.as_deref()),
            created: moment(customer.created),
            state,
            links: BTreeMap::new(),
            facts,
            url: self.dashboard.page(&customer.id),
        }
    }

    /// Somebody who paid without being a customer, under the id of what they paid.
    fn guest(&self, id: &str, email: &str) -> Person {
        Person {
            source: self.name.clone(),
            id: id.to_owned(),
            email: foreign(Some(email)),
            name: None,
            created: None,
            state: vec![Foreign::new("guest, no customer")],
            links: BTreeMap::new(),
            facts: BTreeMap::new(),
            url: self.dashboard.page(id),
        }
    }
}

/// Whether a key of metadata looks as if it held the app's own id of the user: `userId`, `clerk_user_id`, `uid`.
fn names_a_user(key: &str) -> bool {
    let bare: String =
        key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let whole = ["uid", "user", "sub", "externalid", "customerid", "accountid", "memberid", "id"];
    whole.contains(&bare.as_str())
        || bare.ends_with("userid")
        || bare.ends_with("useruuid")
        || bare.starts_with("userid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::tests::stripe;
    use serde_json::json;

    #[test]
    fn keys_that_hold_the_apps_user_are_told_from_others() {
        for yes in ["userId", "user_id", "clerk_user_id", "convexUserId", "uid", "external_id"] {
            assert!(names_a_user(yes), "{yes}");
        }
        for no in ["order_id", "plan", "userAgent", "source", "trainerId", ""] {
            assert!(!names_a_user(no), "{no}");
        }
    }

    #[test]
    fn a_customer_is_told_by_the_state_they_are_in() {
        let customer: Customer = serde_json::from_value(
            json!({"id": "cus_1A", "email": "A@b.dev", "delinquent": true, "balance": -500,
            "currency": "eur", "created": 1763629964, "metadata": {"userId": "u_1", "plan": "pro"}}),
        )
        .unwrap();
        let subs: Vec<Subscription> = serde_json::from_value(
            json!([{"id": "sub_1", "status": "active"}, {"id": "sub_2", "status": "past_due"},
            {"id": "sub_3", "status": "active"}, {"id": "sub_4", "status": "brand_new"}]),
        )
        .unwrap();
        let person = stripe().person(&customer, &subs);
        let state: Vec<&str> = person.state.iter().map(Foreign::as_str).collect();
        assert_eq!(
            state,
            ["2 active subscriptions", "1 brand_new subscription", "1 past_due subscription", "delinquent"]
        );
        assert_eq!(person.facts["balance"].as_str(), "€5.00 credit for the next invoice");
        assert_eq!(person.facts["metadata.userId"].as_str(), "u_1");
        assert!(!person.facts.contains_key("metadata.plan"));
    }

    #[test]
    fn a_deleted_customer_has_little_left() {
        let customer: Customer =
            serde_json::from_value(json!({"id": "cus_1A", "object": "customer", "deleted": true})).unwrap();
        let person = stripe().person(&customer, &[]);
        assert_eq!(person.state.iter().map(Foreign::as_str).collect::<Vec<_>>(), ["deleted"]);
        assert_eq!(person.email, None);
    }
}
