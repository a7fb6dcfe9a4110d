//! What a question may not do to a declared tool: leave its segment, name a parameter, choose an account.

use super::all;
use crate::rig::{Rig, call};
use prodview_demo::IncidentKind;
use serde_json::{Value, json};

#[tokio::test]
async fn a_value_that_would_be_more_than_a_segment_is_refused_before_anything_is_sent() {
    let rig = Rig::new().await;
    let app = all(&rig);
    rig.demo.clear_record();
    for value in [
        "..",
        "../members",
        "1/../../members",
        "1%2f..%2fmembers",
        "a/b",
        "a\\b",
        "1?full=1",
        "1#x",
        "é",
        " ",
        "1\n",
        "https://evil.example/issues/1/",
        &"a".repeat(201),
    ] {
        for (tool, ask) in [
            ("sentry_issue_events", json!({ "issue_id": value })),
            ("sentry_issue_tag_values", json!({ "issue_id": "1", "key": value })),
        ] {
            let said = call(&app, tool, ask).await.unwrap_err();
            assert!(said.is_mendable(), "{tool} {value:?}: {said}");
            assert!(said.to_string().contains('`'), "it names the argument: {said}");
        }
    }
    for ask in [
        json!({ "payment_intent": "pi_1/../../charges" }),
        json!({ "payment_intent": "ch_1" }),
        json!({ "payment_intent": "pi_1&limit=100" }),
        json!({ "payment_intent": 1 }),
        json!({ "payment_intent": null }),
        json!({ "limit": 51 }),
        json!({ "limit": 0 }),
        json!({ "limit": "10" }),
        json!({ "limit": 1.5 }),
        json!({ "since": "tomorrow" }),
        json!({ "since": "2999-01-01T00:00:00Z" }),
        json!({ "account": "acct_2" }),
        json!({ "stripe_account": "acct_2" }),
        json!({ "expand[]": "data.charge" }),
        json!({ "cursor": "du_1&x=y" }),
        // A cursor of a source that is not there: {"gone":"x"}.
        json!({ "cursor": "eyJnb25lIjoieCJ9" }),
        json!({ "source": "stripe" }),
    ] {
        let said = call(&app, "stripe_disputes", ask.clone()).await.unwrap_err();
        assert!(said.is_mendable(), "{ask}: {said}");
    }
    assert_eq!(rig.demo.record().len(), 0, "nothing was sent: {:#?}", rig.demo.record());
}

#[tokio::test]
async fn a_value_stays_a_value() {
    let rig = Rig::new().await;
    let app = all(&rig);
    rig.demo.clear_record();
    let _ = call(&app, "stripe_events", json!({ "kind": "charge.*&limit=99#?/../x" })).await;
    let asked = rig.demo.record();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/v1/events");
}

#[tokio::test]
async fn the_address_of_a_dashboard_page_is_taken_for_its_id() {
    let rig = Rig::new().await;
    let app = all(&rig);
    let payment = rig.incident(IncidentKind::PaidNoAccess).payment_intent.clone().unwrap();
    let page = format!("https://dashboard.stripe.com/payments/{payment}");
    let rows = async |value: &str| -> Value {
        call(&app, "stripe_refunds", json!({ "payment_intent": value })).await.unwrap().structured["rows"]
            .clone()
    };
    assert_eq!(rows(&page).await, rows(&payment).await);
}

#[tokio::test]
async fn every_text_of_an_answer_is_marked_as_foreign() {
    let rig = Rig::new().await;
    let app = all(&rig);
    let answer = call(&app, "stripe_disputes", json!({})).await.unwrap().structured;
    let untrusted: Vec<&str> =
        answer["untrusted"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert_eq!(
        untrusted,
        ["rows[].charge", "rows[].id", "rows[].payment_intent", "rows[].reason", "rows[].status"]
    );
    let row = answer["rows"][0].as_object().unwrap();
    let listed = ["id", "status", "reason", "amount", "charge", "payment_intent", "opened", "evidence_due"];
    assert!(row.keys().all(|key| listed.contains(&key.as_str())), "{row:?}");
}
