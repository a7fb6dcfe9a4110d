//! A session was cancelled, the night job asked for the refund, and the money never came back.

use serde_json::json;

use super::{Incident, IncidentKind};
use crate::world::Person;
use crate::world::app::FunctionKind;
use crate::world::making::{DAY, HOUR, Handled, Making, text};
use crate::world::purchase::with;
use crate::world::setup::Item;
use crate::world::signals::{JOB_FRAMES, Report};

impl Making {
    pub(super) fn failed_job_refund(&mut self, person: &Person) {
        let bought = self.hours_ago(8 * 24, 14 * 24);
        let sale = self.buy(person, Item::Pass, bought);
        let at = self.hours_ago(26, 60);
        let (charge, intent) = (text(&sale.charge, "id"), text(&sale.intent, "id"));
        // Either the bank sent it back, or Stripe still waits; the job gave up in both cases.
        let failed = self.dice.chance(60);
        let id = self.id("re");
        let out = self.earning("refund", -sale.amount, sale.order.currency, (&id, at));
        let mut refund = json!({
            "id": id, "object": "refund", "amount": sale.amount, "currency": sale.order.currency, "charge": charge,
            "payment_intent": intent, "created": at, "reason": "requested_by_customer", "status": "pending",
            "balance_transaction": out, "customer": person.customer(),
            "metadata": { "userId": person.user_id, "job": "refundCancelled" },
            "destination_details": { "type": "card", "card": {
                "type": "refund", "reference_status": "pending", "reference_type": "acquirer_reference_number" } },
        });
        self.event("refund.created", at, &refund, Handled::Done);
        // At that moment the charge counted as refunded, whatever became of it.
        let given_back =
            with(&sale.charge, &[("refunded", json!(true)), ("amount_refunded", json!(sale.amount))]);
        let mut event = self.event("charge.refunded", at + 1, &given_back, Handled::Done);
        self.set_live(&charge, "amount_refunded", json!(if failed { 0 } else { sale.amount }));
        self.set_live(&charge, "refunded", json!(!failed));
        if failed {
            let back = self.earning("refund_failure", sale.amount, sale.order.currency, (&id, at + 6 * HOUR));
            refund = with(
                &refund,
                &[
                    ("status", json!("failed")),
                    ("failure_reason", json!("expired_or_canceled_card")),
                    ("failure_balance_transaction", json!(back)),
                ],
            );
            event = self.event("refund.failed", at + 6 * HOUR, &refund, Handled::Done);
        }
        self.keep(refund);

        let error = if failed {
            format!("refund {id} failed: expired_or_canceled_card")
        } else {
            format!("refund {id} is still pending after 3 checks")
        };
        let gave_up = at + 7 * HOUR;
        let pass = text(&sale.checkout, "id");
        let payment = self.row_where("payments", "checkoutSessionId", &pass).unwrap_or_default();
        self.patch("payments", &payment, json!({ "status": "refunding" }));
        if let Some(pass) = self.row_where("passes", "paymentId", &payment) {
            self.patch("passes", &pass, json!({ "status": "cancelled", "sessionsLeft": 0 }));
            self.audit(at - DAY / 4, person.user(), "pass.cancelled", Some(&pass));
        }
        let job = self.row("jobs", at - 60, json!({
            "kind": "refundCancelled", "status": "failed", "attempts": 3, "userId": person.user_id, "ref": intent,
            "error": error, "finishedAt": gave_up * 1000,
        }));
        let internal = self.row(
            "internalErrors",
            gave_up,
            json!({
                "message": error, "where": "jobs:refundCancelled", "userId": person.user_id, "ref": id,
            }),
        );
        let thrown = format!("Uncaught Error: {error}\n    at refundCancelled (../convex/jobs.ts:112:13)\n");
        self.run(gave_up, ("jobs:refundCancelled", FunctionKind::Action), Some(thrown), &[("LOG", &job)]);
        let issue = self.issue(Report {
            project: "api",
            raised: &[
                ("StripeRefundError", "the refund did not go through"),
                ("JobFailedError", "refundCancelled gave up after 3 attempts"),
            ],
            culprit: "jobs.refundCancelled in settle",
            frames: JOB_FRAMES,
            handled: false,
            level: "error",
        });
        let last =
            self.happened(issue, gave_up, Some(person), Some(&format!("refundCancelled gave up: {error}")));
        self.tell(
            issue,
            &[("refund", json!(id)), ("payment_intent", json!(intent)), ("job", json!(job))],
            &[("job", "refundCancelled")],
        );
        self.world.incidents.push(Incident {
            title: "Refund job failed".into(),
            question: format!(
                "I cancelled my pass days ago and the money has not come back. — {}",
                person.name
            ),
            payment_intent: Some(intent),
            charges: vec![charge],
            checkout_session: Some(pass),
            refund: Some(id),
            event_id: Some(event),
            issue_short_id: self.short_id(issue),
            error_event_id: Some(last),
            rows: vec![("jobs", job), ("internalErrors", internal), ("payments", payment)],
            ..Incident::new(IncidentKind::FailedJobRefund, person, gave_up)
        });
    }
}
