//! `payment_intent_status` over the demo's incidents: one payment from every end, and what is wrong with it.

use super::{column, companies, finding, fresh, known, list, live, of, report, said, texts, with_id};
use crate::rig::{Rig, call};
use prodview_demo::IncidentKind::{
    CardDeclined3ds, DuplicateCustomers, FailedJobRefund, OpenDispute, PaidNoAccess, PastDueInvoice,
};
use prodview_demo::Service;
use prodview_tools::ToolError;
use serde_json::{Value, json};

async fn status(rig: &Rig, id: &str) -> Value {
    fresh(rig, "payment_intent_status", json!({ "id": id })).await
}

#[tokio::test]
async fn every_end_of_a_payment_leads_to_the_same_payment() {
    for (rig, incidents) in companies().await {
        for incident in incidents.iter().filter(|i| i.payment_intent.is_some()) {
            let intent = incident.payment_intent.as_deref().unwrap();
            let whole = status(&rig, intent).await;
            assert_eq!(column(list(&whole, "payments"), "id"), [intent]);
            let mut ends: Vec<String> = incident.charges.clone();
            ends.extend(
                [&incident.checkout_session, &incident.refund, &incident.dispute, &incident.invoice]
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            let page = "https://dashboard.stripe.com";
            let account = rig.demo.world().stripe.account_id();
            // How an address is read does not depend on the payment: once for each company.
            if incident.kind == PaidNoAccess {
                ends.extend([
                    format!("{page}/payments/{intent}"),
                    format!("{page}/{account}/payments/{intent}?tab=x#y"),
                    format!(" <{intent}> "),
                ]);
            }
            for end in ends {
                let answer = status(&rig, &end).await;
                assert_eq!(answer["payments"], whole["payments"], "{:?} from {end}", incident.kind);
                assert_eq!(said(&answer), said(&whole), "{end}");
            }
            // A customer and an address lead to more: the payment is among them.
            let payer = whole["payments"][0]["customer"].as_str().unwrap();
            for end in [payer, &incident.email, &format!("{page}/customers/{payer}")] {
                let answer = status(&rig, end).await;
                let same = with_id(list(&answer, "payments"), intent);
                assert_eq!(
                    (&same["amount"], &same["status"]),
                    (&whole["payments"][0]["amount"], &whole["payments"][0]["status"]),
                    "{end}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_was_paid_and_not_delivered_is_told_with_what_the_app_wrote_down() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        let answer = status(&rig, paid.payment_intent.as_deref().unwrap()).await;
        let payment = &answer["payments"][0];
        assert_eq!((&payment["status"], &payment["meaning"]), (&json!("succeeded"), &json!("Paid.")));
        assert_eq!(payment["metadata"]["trainerId"], Value::Null, "this is why the handler threw");
        let event = with_id(list(payment, "events"), paid.event_id.as_deref().unwrap());
        let row = &paid.rows.iter().find(|(table, _)| *table == "webhookEvents").unwrap().1;
        assert_eq!((&event["delivery"], &event["pending"]), (&json!("undelivered"), &json!(1)));
        assert_eq!((&event["app"]["row"], &event["app"]["status"]), (&json!(row), &json!("failed")));
        let checkout = paid.checkout_session.as_deref().unwrap();
        assert_eq!(event["app"]["error"], format!("checkout {checkout} has no metadata.trainerId"));
        assert_eq!(payment["purpose"][0]["id"], checkout);
        // Both events that the endpoint wants failed: delivery by Stripe's word, and by the app's own.
        let failed: Vec<&Value> =
            list(payment, "events").iter().filter(|e| e["delivery"] == "undelivered").collect();
        let ids: Vec<&str> = failed.iter().map(|e| e["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 2);
        assert!(finding(&answer, &ids)["what"].as_str().unwrap().contains("did not reach every endpoint"));
        let mut with_rows = ids.clone();
        with_rows.extend(failed.iter().map(|e| e["app"]["row"].as_str().unwrap()));
        assert!(finding(&answer, &with_rows)["what"].as_str().unwrap().ends_with("and wrote down an error"));
    }
}

#[tokio::test]
async fn a_declined_card_is_explained_with_who_can_act() {
    for (rig, incidents) in companies().await {
        let declined = of(&incidents, CardDeclined3ds);
        let intent = declined.payment_intent.as_deref().unwrap();
        let answer = status(&rig, intent).await;
        let attempts = list(&answer["payments"][0], "attempts");
        let newest_first: Vec<&str> = declined.charges.iter().rev().map(String::as_str).collect();
        assert_eq!(column(attempts, "id"), newest_first);
        for attempt in attempts {
            assert_eq!(
                (&attempt["status"], &attempt["decline"]["code"]),
                (&json!("failed"), &json!("authentication_required"))
            );
        }
        // One explanation serves all three.
        let why = &attempts[0]["decline"];
        assert_eq!(
            (&why["who_can_act"], &why["declined_by"], &why["network_code"]),
            (&json!("payer"), &json!("bank"), &json!("1A"))
        );
        assert!(why["meaning"].as_str().unwrap().contains("3-D Secure"));
        assert!(attempts[1]["decline"].get("meaning").is_none());
        let what = finding(&answer, &[newest_first[0]]);
        assert!(
            what["what"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{intent} failed 3 times, the last time because: ")),
            "{what}"
        );
        assert_eq!(what["action"], attempts[0]["decline"]["action"]);
        // In a list of several payments only the newest charge is known: no number is made up.
        let several = status(&rig, &declined.email).await;
        if list(&several, "payments").len() > 1 {
            let what = finding(&several, &[newest_first[0]])["what"].as_str().unwrap();
            assert!(what.starts_with(&format!("the last attempt at {intent} failed because: ")), "{what}");
        }
    }
}

#[tokio::test]
async fn a_refund_that_did_not_arrive_is_a_finding() {
    let mut seen = std::collections::BTreeSet::new();
    for (rig, incidents) in companies().await {
        let job = of(&incidents, FailedJobRefund);
        let refund = job.refund.as_deref().unwrap();
        let true_status =
            rig.demo.world().stripe.live_object(refund).unwrap()["status"].as_str().unwrap().to_owned();
        let answer = status(&rig, refund).await;
        let told = with_id(list(&answer["payments"][0], "refunds"), refund);
        assert_eq!(told["status"], true_status.as_str());
        let what = finding(&answer, &[refund])["what"].as_str().unwrap();
        let due = if true_status == "failed" { "did not arrive" } else { "is still under way" };
        assert!(what.contains(due), "{what}");
        // The job's own error, from both ends of it.
        let issue = fresh(&rig, "get_error", json!({ "id": job.issue_short_id })).await;
        assert!(column(list(&issue, "ids"), "id").contains(&refund));
        let row = &job.rows.iter().find(|(table, _)| *table == "jobs").unwrap().1;
        let rows = fresh(
            &rig,
            "find_records",
            json!({ "table": "jobs", "where": { "ref": job.payment_intent, "status": "failed" } }),
        )
        .await;
        assert_eq!(column(list(&rows, "rows"), "id"), [row]);
        seen.insert(true_status);
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        ["failed", "pending"],
        "the seeds show both ways it can go"
    );
}

#[tokio::test]
async fn a_dispute_says_until_when_it_must_be_answered() {
    for (rig, incidents) in companies().await {
        let open = of(&incidents, OpenDispute);
        let id = open.dispute.as_deref().unwrap();
        let due =
            rig.demo.world().stripe.live_object(id).unwrap()["evidence_details"]["due_by"].as_i64().unwrap();
        let due = jiff::Timestamp::from_second(due).unwrap().to_string();
        for from in [id.to_owned(), id.replacen("du_", "dp_", 1)] {
            let Ok(told) = rig.call("payment_intent_status", json!({ "id": from })).await else {
                assert!(from.starts_with("dp_"), "only the old prefix may be unknown");
                continue;
            };
            let dispute = with_id(list(&told.structured["payments"][0], "disputes"), id).clone();
            assert_eq!(
                (&dispute["respond_by"], &dispute["reason"]),
                (&json!(due), &json!("product_not_received"))
            );
            let what = finding(&told.structured, &[id]);
            assert!(
                what["what"].as_str().unwrap().ends_with(&format!("must be answered by {due}")),
                "{what}"
            );
            assert!(told.page.to_text().contains(&format!("answer by {due}")));
        }
    }
}

#[tokio::test]
async fn a_membership_past_due_is_told_from_the_subscription_and_from_its_payment() {
    for (rig, incidents) in companies().await {
        let due = of(&incidents, PastDueInvoice);
        let (sub, intent) = (due.subscription.as_deref().unwrap(), due.payment_intent.as_deref().unwrap());
        let answer = status(&rig, sub).await;
        let payments = list(&answer, "payments");
        assert_eq!((&payments[0]["id"], &payments[0]["status"]), (&json!(sub), &json!("past_due")));
        let what = finding(&answer, &[sub])["what"].as_str().unwrap();
        assert!(what.starts_with(&format!("{sub}: Past due")), "{what}");
        assert_eq!(with_id(payments, intent)["attempts"][0]["decline"]["code"], "insufficient_funds");
        let paid = status(&rig, intent).await;
        let purposes = list(&paid["payments"][0], "purpose");
        let invoice = with_id(purposes, due.invoice.as_deref().unwrap());
        assert_eq!(invoice["status"], "open");
        assert!(texts(&invoice["facts"]).iter().any(|fact| fact.starts_with("next attempt 20")), "{invoice}");
        assert_eq!(with_id(purposes, sub)["status"], "past_due");
        let person = fresh(&rig, "find_user", json!({ "who": due.email })).await;
        let customer = known(&person, "stripe", &due.customer_id);
        assert_eq!(texts(&customer["state"]), ["1 past_due subscription", "delinquent"]);
    }
}

#[tokio::test]
async fn currencies_without_or_with_three_decimals_read_right() {
    for (rig, _) in companies().await {
        for (currency, text) in [("jpy", "¥19,800"), ("kwd", "39.500 KWD")] {
            let intent =
                live(&rig, "payment_intent").into_iter().find(|p| p["currency"] == currency).unwrap();
            let answer = status(&rig, intent["id"].as_str().unwrap()).await;
            let amount = &answer["payments"][0]["amount"];
            assert_eq!(
                amount,
                &json!({ "amount": intent["amount"], "currency": currency.to_uppercase(), "text": text })
            );
        }
    }
}

#[tokio::test]
async fn a_guest_checkout_is_found_by_the_address_that_was_typed() {
    for (rig, _) in companies().await {
        let guest = rig.demo.world().people.iter().find(|p| p.user_id.is_none()).unwrap().clone();
        let answer = status(&rig, &guest.email).await;
        let [payment] = list(&answer, "payments") else { panic!("{answer:#}") };
        assert_eq!((&payment["email"], payment.get("customer")), (&json!(guest.email), None));
        assert_eq!(payment["purpose"][0]["kind"], "checkout_session");
        assert_eq!(payment["metadata"]["gift"], "true");
    }
}

#[tokio::test]
async fn the_payments_of_two_customers_of_one_address_come_together() {
    for (rig, incidents) in companies().await {
        let twice = of(&incidents, DuplicateCustomers);
        let answer = status(&rig, &twice.email).await;
        let mut customers = column(list(&answer, "payments"), "customer");
        customers.sort_unstable();
        customers.dedup();
        let mut due = vec![twice.customer_id.as_str(), twice.other_customer_id.as_deref().unwrap()];
        due.sort_unstable();
        assert_eq!(customers, due);
    }
}

#[tokio::test]
async fn an_id_of_test_mode_is_not_found_with_the_hint_and_found_with_the_test_key() {
    let rig = Rig::new().await;
    let id = rig.demo.world().stripe.test.iter().find(|o| o["object"] == "payment_intent").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let error = rig.call("payment_intent_status", json!({ "id": id })).await.unwrap_err();
    assert!(matches!(error, ToolError::NotFound(_)), "{error:?}");
    assert!(
        error.to_string().contains("it exists in test mode, and this source's key is a live one"),
        "{error}"
    );
    let both = rig.configured(|t| {
        let (key, url) = (rig.demo.key_for_mode(false), rig.demo.origin(Service::Stripe));
        format!("{t}\n[sources.stripe-test]\nprovider = \"stripe\"\nkey = \"{key}\"\nbase_url = \"{url}\"\n")
    });
    let answer = call(&both, "payment_intent_status", json!({ "id": id })).await.unwrap().structured;
    let payment = with_id(list(&answer, "payments"), &id);
    assert_eq!((&payment["source"], &payment["live"]), (&json!("stripe-test"), &json!(false)));
    assert!(said(&answer).iter().any(|what| what.ends_with("is a payment in test mode: no money moved")));
    assert_eq!(report(&answer, "stripe")["rows"], 0);
}

#[tokio::test]
async fn a_customer_without_payments_is_not_an_unknown_id() {
    let rig = Rig::new().await;
    let paid = |id: &str| live(&rig, "payment_intent").iter().any(|p| p["customer"] == id);
    let customers = live(&rig, "customer");
    let idle =
        customers.iter().find(|c| c["deleted"] != true && !paid(c["id"].as_str().unwrap())).unwrap()["id"]
            .as_str()
            .unwrap();
    let answer = status(&rig, idle).await;
    assert_eq!(said(&answer), [format!("no payment is known of {idle}")]);
    let error = rig.call("payment_intent_status", json!({ "id": "cus_NoSuchOne12345" })).await.unwrap_err();
    assert!(matches!(error, ToolError::NotFound(_)), "{error:?}");
}

#[tokio::test]
async fn a_connected_account_is_a_source_of_its_own() {
    for (rig, _) in companies().await {
        let (account, objects) = rig.demo.world().stripe.connected.iter().next().unwrap();
        let intent = objects.iter().find(|o| o["object"] == "payment_intent").unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let own = rig.call("payment_intent_status", json!({ "id": intent })).await.unwrap_err();
        assert!(matches!(own, ToolError::NotFound(_)), "{own:?}");
        let app = rig.configured(|t| {
            let (key, url) = (rig.demo.key(Service::Stripe), rig.demo.origin(Service::Stripe));
            format!("{t}\n[sources.trainer]\nprovider = \"stripe\"\nkey = \"{key}\"\nbase_url = \"{url}\"\naccount = \"{account}\"\n")
        });
        let answer = call(&app, "payment_intent_status", json!({ "id": intent })).await.unwrap().structured;
        let payment = with_id(list(&answer, "payments"), &intent);
        assert_eq!((&payment["source"], &payment["amount"]["text"]), (&json!("trainer"), &json!("€45.00")));
        assert_eq!(payment["url"], format!("https://dashboard.stripe.com/{account}/payments/{intent}"));
    }
}
