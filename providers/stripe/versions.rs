//! Where old and new API versions put the same thing. Invoices and subscriptions were rebuilt in 2025-03-31.basil.

use super::shape::{EventObject, Invoice, Session, Subscription};

impl Invoice {
    /// The subscription it bills, in either shape.
    pub(super) fn subscription_id(&self) -> Option<&str> {
        let details = self.parent.as_ref().and_then(|p| p.subscription_details.as_ref());
        details.and_then(|d| d.subscription.id()).or(self.subscription.id())
    }

    /// The payment intents that pay it, in either shape.
    pub(super) fn intent_ids(&self) -> Vec<String> {
        let listed = self
            .payments
            .iter()
            .flat_map(|p| &p.data)
            .filter_map(|p| p.payment.as_ref()?.payment_intent.id());
        let mut ids: Vec<String> = listed.chain(self.payment_intent.id()).map(str::to_owned).collect();
        ids.dedup();
        ids
    }

    /// A charge that paid it without a payment intent: invoices from before 2019.
    pub(super) fn charge_id(&self) -> Option<&str> {
        let mut listed =
            self.payments.iter().flat_map(|p| &p.data).filter_map(|p| p.payment.as_ref()?.charge.id());
        listed.next().or(self.charge.id())
    }
}

impl Subscription {
    /// When the time that is paid for ends, in either shape.
    pub(super) fn period_end(&self) -> Option<i64> {
        self.items
            .iter()
            .flat_map(|i| &i.data)
            .filter_map(|i| i.current_period_end)
            .max()
            .or(self.current_period_end)
    }
}

impl Session {
    /// The payer's address as typed, else as the app gave it.
    pub(super) fn email(&self) -> Option<&str> {
        self.customer_details.as_ref().and_then(|d| d.email.as_deref()).or(self.customer_email.as_deref())
    }
}

impl EventObject {
    /// The subscription it belongs to, in either shape.
    pub(super) fn subscription_id(&self) -> Option<&str> {
        let details = self.parent.whole.as_ref().and_then(|p| p.subscription_details.as_ref());
        details.and_then(|d| d.subscription.id()).or(self.subscription.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::shape::PaymentIntent;
    use serde_json::json;

    #[test]
    fn old_and_new_invoices_lead_to_the_same() {
        let new: Invoice = serde_json::from_value(json!({"id": "in_1", "metadata": {},
            "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1", "metadata": {}}},
            "payments": {"object": "list", "data": [{"id": "inpay_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}], "has_more": false}})).unwrap();
        let old: Invoice = serde_json::from_value(
            json!({"id": "in_1", "subscription": "sub_1", "payment_intent": "pi_1", "charge": "ch_1"}),
        )
        .unwrap();
        for invoice in [&new, &old] {
            assert_eq!(invoice.subscription_id(), Some("sub_1"));
            assert_eq!(invoice.intent_ids(), ["pi_1"]);
        }
        assert_eq!(old.charge_id(), Some("ch_1"));
    }

    #[test]
    fn nulls_and_strangers_decode() {
        let intent: PaymentIntent = serde_json::from_value(json!({"id": "pi_1", "customer": null, "latest_charge": null,
            "last_payment_error": null, "next_action": null, "metadata": null, "status": "thinking", "new_field": {}})).unwrap();
        assert_eq!(intent.status.as_deref(), Some("thinking"));
    }
}
