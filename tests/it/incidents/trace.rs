//! `trace_payment`: where the chain of each of the demo's payments breaks first, and that no other one breaks.

use super::{SEEDS, companies, fresh, list, of, said, texts};
use crate::budgets::uncached;
use crate::rig::{Rig, call};
use prodview_demo::IncidentKind::{
    CardDeclined3ds, DuplicateCustomers, FailedJobRefund, IntermittentState, LockedAccount, OpenDispute,
    PaidNoAccess, PastDueInvoice,
};
use prodview_demo::{Fault, Incident, Service};
use serde_json::{Value, json};
use tiktoken_rs::o200k_base_singleton;

async fn trace(rig: &Rig, ask: Value) -> Value {
    fresh(rig, "trace_payment", ask).await
}

fn link<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let chain = list(answer, "chain");
    chain.iter().find(|link| link["link"] == name).unwrap_or_else(|| panic!("no {name} in {chain:#?}"))
}

fn states(answer: &Value) -> Vec<(&str, &str)> {
    let chain = list(answer, "chain").iter();
    chain.map(|link| (link["link"].as_str().unwrap(), link["state"].as_str().unwrap())).collect()
}

/// By the payment's id and by the person's address: the same first line.
async fn from_both_ends(rig: &Rig, incident: &Incident) -> Value {
    let answer = trace(rig, json!({ "id": incident.payment_intent })).await;
    let theirs = trace(rig, json!({ "who": incident.email })).await;
    assert_eq!(said(&answer)[0], said(&theirs)[0], "{:?}", incident.kind);
    assert_eq!(answer["chain"], theirs["chain"], "{:?}", incident.kind);
    answer
}

#[tokio::test]
async fn paid_without_access_breaks_at_the_metadata_that_the_handler_needs() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        let answer = from_both_ends(&rig, paid).await;
        let checkout = paid.checkout_session.as_deref().unwrap();
        let first = said(&answer)[0];
        for part in [
            paid.payment_intent.as_deref().unwrap(),
            "breaks at the checkout: the checkout lacks the metadata `trainerId`, which [app.payments.passes] needs",
            "the app has no row of it",
            "nothing was given for it",
        ] {
            assert!(first.contains(part), "{part}: {first}");
        }
        assert_eq!(texts(&link(&answer, "checkout")["ids"]), [checkout]);
        assert_eq!(
            states(&answer),
            [
                ("payment", "found"),
                ("checkout", "missing"),
                ("event", "found"),
                ("delivery", "missing"),
                ("handler", "contradicting"),
                ("row", "missing"),
                ("entitlement", "missing")
            ]
        );
        let event = paid.event_id.as_deref().unwrap();
        assert!(texts(&link(&answer, "delivery")["ids"]).contains(&event));
        assert_eq!(
            link(&answer, "handler")["says"],
            format!("checkout {checkout} has no metadata.trainerId")
        );
        // The errors near it are the app's own and the tracker's.
        let near: Vec<&str> = list(&answer, "errors").iter().map(|e| e["id"].as_str().unwrap()).collect();
        let row = &paid.rows.iter().find(|(table, _)| *table == "internalErrors").unwrap().1;
        assert!(near.contains(&row.as_str()), "{near:?}");
        assert!(near.contains(&paid.issue_short_id.as_deref().unwrap()), "{near:?}");
    }
}

#[tokio::test]
async fn a_payment_that_failed_ends_its_chain_early_and_says_why() {
    for (rig, incidents) in companies().await {
        for (kind, why) in [(CardDeclined3ds, "3-D Secure"), (PastDueInvoice, "does not hold enough money")] {
            let failed = of(&incidents, kind);
            let answer = from_both_ends(&rig, failed).await;
            let first = said(&answer)[0];
            assert!(first.contains("was not paid: ") && first.contains(why), "{first}");
            assert!(first.ends_with("the chain ends here, and nothing further on is due"), "{first}");
            assert_eq!(states(&answer), [("payment", "found")], "nothing is missing after it");
            assert!(!answer["findings"][0]["action"].is_null());
        }
        let due = of(&incidents, PastDueInvoice);
        for end in [&due.subscription, &due.invoice] {
            let answer = trace(&rig, json!({ "id": end })).await;
            assert!(said(&answer)[0].contains(due.subscription.as_deref().unwrap()), "{:?}", said(&answer));
        }
    }
}

#[tokio::test]
async fn a_customer_whom_the_app_does_not_know_breaks_at_the_handler() {
    for (rig, incidents) in companies().await {
        let twice = of(&incidents, DuplicateCustomers);
        let answer = from_both_ends(&rig, twice).await;
        let (first, other) = (said(&answer)[0], twice.other_customer_id.as_deref().unwrap());
        assert!(
            first.contains("breaks at the handler") && first.contains("the app has no row of it"),
            "{first}"
        );
        assert!(
            first.contains(&format!("no user of the app is linked with the customer {other}")),
            "{first}"
        );
        assert_eq!(link(&answer, "handler")["state"], "contradicting");
        assert_eq!(link(&answer, "delivery")["state"], "found", "it was delivered and ignored");
        assert_eq!(link(&answer, "row")["state"], "missing");
        let of_subscription = trace(&rig, json!({ "id": twice.subscription })).await;
        assert_eq!(of_subscription["chain"], answer["chain"], "a subscription's chain is its invoice's");
        let of_event = trace(&rig, json!({ "id": twice.event_id })).await;
        assert_eq!(of_event["chain"], answer["chain"]);
        // What else they paid is told as a next call.
        let theirs = trace(&rig, json!({ "who": twice.email })).await;
        assert_eq!(theirs["next"][0]["tool"], "trace_payment");
    }
}

#[tokio::test]
async fn money_that_went_back_is_the_first_thing_said() {
    let mut both = std::collections::BTreeSet::new();
    for (rig, incidents) in companies().await {
        let disputed = of(&incidents, OpenDispute);
        let answer = from_both_ends(&rig, disputed).await;
        let first = said(&answer)[0];
        assert!(
            first.contains(&format!("dispute {} must be answered by", disputed.dispute.as_deref().unwrap()))
        );
        assert!(first.ends_with("the chain is whole, from the payment to what was given for it"), "{first}");
        let refunded = of(&incidents, FailedJobRefund);
        let (answer, refund) = (from_both_ends(&rig, refunded).await, refunded.refund.as_deref().unwrap());
        let first = said(&answer)[0];
        assert!(first.contains(refund), "{first}");
        let failed = link(&answer, "payment")["state"] == "contradicting";
        both.insert(failed);
        if failed {
            assert!(first.contains("breaks at the payment"), "{first}");
            assert!(first.contains("was taken back, but the money was not given back"), "{first}");
            assert_eq!(link(&answer, "row")["state"], "contradicting");
        } else {
            assert!(first.contains("is still on its way"), "{first}");
            assert_eq!(link(&answer, "row")["state"], "found", "the row says that it is being refunded");
        }
    }
    assert_eq!(both.len(), 2, "the seeds show both ways it can go");
}

#[tokio::test]
async fn no_chain_of_an_ordinary_payment_breaks() {
    let mut traced = 0;
    for (rig, incidents) in companies().await {
        let world = rig.demo.world();
        let hit: Vec<&str> = incidents
            .iter()
            .filter(|i| !matches!(i.kind, LockedAccount | IntermittentState | OpenDispute))
            .flat_map(|i| [i.email.as_str()])
            .collect();
        let odd: Vec<&str> = world.mismatches.iter().map(|m| m.stripe_id.as_str()).collect();
        let intents = super::live(&rig, "payment_intent").into_iter();
        let ordinary =
            intents.filter(|i| i["status"] == "succeeded" && !odd.contains(&i["id"].as_str().unwrap()));
        // Every fifth: renewals, passes, other currencies, guests.
        for intent in ordinary.step_by(5) {
            let answer = trace(&rig, json!({ "id": intent["id"] })).await;
            let email = answer["payment"]["email"].as_str().unwrap_or_default().to_lowercase();
            if hit.contains(&email.as_str()) {
                continue;
            }
            let bad: Vec<_> = states(&answer)
                .into_iter()
                .filter(|(_, s)| matches!(*s, "missing" | "contradicting"))
                .collect();
            assert!(bad.is_empty(), "{}: {bad:?} {:#}", intent["id"], answer["chain"]);
            assert!(!said(&answer)[0].contains("breaks"), "{:?}", said(&answer));
            traced += 1;
        }
        // The two whose trouble is not about money have whole chains, or none.
        let locked = trace(&rig, json!({ "who": of(&incidents, LockedAccount).email })).await;
        assert!(said(&locked)[0].ends_with("the chain is whole, from the payment to what was given for it"));
        let by_user = trace(&rig, json!({ "who": of(&incidents, LockedAccount).user_id })).await;
        assert_eq!(by_user["chain"], locked["chain"], "the app's own id leads to the same");
    }
    assert!(traced > 30, "only {traced} ordinary payments were traced");
}

#[tokio::test]
async fn what_cannot_be_asked_is_unknowable_and_never_missing() {
    let rig = Rig::new().await;
    let paid = rig.incident(PaidNoAccess);
    for fault in [Fault::Status(500), Fault::Limited { retry_after_s: Some(60) }, Fault::Reset] {
        rig.demo.clear_faults();
        rig.demo.fault(Service::Convex, "", fault.clone());
        let app = rig.configured(|toml| uncached(&toml));
        let answer =
            call(&app, "trace_payment", json!({ "id": paid.payment_intent })).await.unwrap().structured;
        for name in ["handler", "row", "entitlement"] {
            assert_eq!(link(&answer, name)["state"], "unknowable", "{fault:?}: {answer:#}");
            assert!(link(&answer, name)["what"].as_str().unwrap().contains("convex"), "{fault:?}");
        }
        assert!(!said(&answer)[0].contains("no row"), "{:?}", said(&answer));
        rig.demo.clear_faults();
        rig.demo.fault(Service::Stripe, "", fault.clone());
        let app = rig.configured(|toml| uncached(&toml));
        let whole = rig.incident(OpenDispute);
        let answer =
            call(&app, "trace_payment", json!({ "id": whole.payment_intent })).await.unwrap().structured;
        assert_eq!(states(&answer), [("payment", "unknowable"), ("row", "found")], "{fault:?}");
        assert!(
            said(&answer)[0]
                .contains("the app has a row that says paid, but the payment cannot be looked at")
        );
    }
}

#[tokio::test]
async fn with_less_configured_it_goes_as_far_as_it_can_and_says_what_to_configure() {
    let rig = Rig::new().await;
    let paid = rig.incident(PaidNoAccess);
    let bare = rig.configured(|toml| toml.split("\n[app.").next().unwrap().to_owned());
    let answer = call(&bare, "trace_payment", json!({ "id": paid.payment_intent })).await.unwrap().structured;
    for (name, part) in [("handler", "webhooks"), ("row", "payments"), ("entitlement", "entitlements")] {
        assert_eq!(link(&answer, name)["state"], "unknowable");
        let what = link(&answer, name)["what"].as_str().unwrap();
        assert!(what.contains(&format!("[app.{part}.…]")), "{what}");
    }
    assert!(
        said(&answer)[0].contains("breaks at the delivery: 2 events were not taken"),
        "{:?}",
        said(&answer)
    );
    let error = call(&bare, "trace_payment", json!({ "who": paid.user_id })).await.unwrap_err();
    assert!(error.to_string().contains("[app.users]"), "{error}");
    for (ask, key) in [(json!({}), "id"), (json!({ "id": "pi_1A", "who": "a@b.example" }), "who")] {
        let error = call(&bare, "trace_payment", ask).await.unwrap_err().to_string();
        assert!(error.contains(&format!("`{key}`")), "{error}");
    }
}

#[tokio::test]
async fn each_incident_is_told_in_two_thousand_tokens() {
    for seed in SEEDS {
        let rig = Rig::seeded(seed).await;
        for incident in rig.demo.incidents() {
            let told = rig.call_fresh("trace_payment", json!({ "who": incident.email })).await.unwrap();
            for text in [told.page.to_text(), told.structured.to_string()] {
                let tokens = o200k_base_singleton().encode_ordinary(&text).len();
                assert!(tokens <= 2_000, "{:?}: {tokens}", incident.kind);
            }
        }
    }
}

#[tokio::test]
async fn the_whole_answer_is_this() {
    let rig = Rig::new().await;
    let incidents = rig.demo.incidents().to_vec();
    for (name, kind) in [("paid", PaidNoAccess), ("declined", CardDeclined3ds), ("refunded", FailedJobRefund)]
    {
        let ask = json!({ "id": of(&incidents, kind).payment_intent });
        let mut told = rig.call_fresh("trace_payment", ask).await.unwrap();
        super::whole::settle(&mut told.structured);
        insta::assert_json_snapshot!(format!("answer_trace_{name}"), told.structured);
        insta::assert_snapshot!(format!("text_trace_{name}"), super::whole::settled(&told.page.to_text()));
    }
}
