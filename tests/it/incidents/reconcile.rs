//! `reconcile_payments`: what does not agree is found by exact ids, and nothing else is.

use super::{companies, cursor, fresh, list, of, said, texts};
use crate::budgets::uncached;
use crate::rig::{Rig, call};
use prodview_demo::IncidentKind::{DuplicateCustomers, FailedJobRefund, PaidNoAccess};
use prodview_demo::{Fault, MismatchKind, Service, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn check(rig: &Rig, ask: Value) -> Value {
    fresh(rig, "reconcile_payments", ask).await
}

/// Kind and first id of each problem.
fn problems(answer: &Value) -> BTreeSet<(String, String)> {
    let all = answer["problems"].as_array().into_iter().flatten();
    all.map(|p| (p["problem"].as_str().unwrap().to_owned(), texts(&p["ids"])[0].to_owned())).collect()
}

/// What the demo hides, as far as it lies in the window.
fn due(rig: &Rig, days: i64) -> BTreeSet<(String, String)> {
    let incidents = rig.demo.incidents();
    let mut due = BTreeSet::new();
    let mut add = |kind: &str, id: &str| due.insert((kind.to_owned(), id.to_owned()));
    add("paid_without_row", of(incidents, PaidNoAccess).payment_intent.as_deref().unwrap());
    add("subscription_on_one_side", of(incidents, DuplicateCustomers).subscription.as_deref().unwrap());
    let refund = of(incidents, FailedJobRefund);
    let failed =
        rig.demo.world().stripe.live_object(refund.refund.as_deref().unwrap()).unwrap()["status"] == "failed";
    if failed && days > 14 {
        add("status_differs", refund.payment_intent.as_deref().unwrap());
    }
    for mismatch in &rig.demo.world().mismatches {
        match mismatch.kind {
            MismatchKind::AmountDiffers => add("amount_differs", &mismatch.stripe_id),
            MismatchKind::RowWithoutPayment => add("row_without_payment", &mismatch.row),
            MismatchKind::SubscriptionOver => add("subscription_on_one_side", &mismatch.stripe_id),
        };
    }
    due
}

#[tokio::test]
async fn what_does_not_agree_is_found_and_nothing_else_is() {
    for (rig, _) in companies().await {
        assert_eq!(rig.demo.world().mismatches.len(), 3);
        for (since, days) in [("24h", 1), ("29d", 29)] {
            let answer = check(&rig, json!({ "since": since, "limit": 50 })).await;
            assert_eq!(problems(&answer), due(&rig, days), "{since}: {:#}", answer["problems"]);
            let (checked, matched) =
                (answer["checked"].as_u64().unwrap(), answer["matched"].as_u64().unwrap());
            assert!(checked > matched && answer["not_judged"].is_null(), "{:#}", answer["not_judged"]);
            let first = said(&answer)[0];
            assert!(first.contains(&format!("checked {checked}, matched {matched}; problems: ")), "{first}");
            assert!(first.contains("1 paid without a row, 2 subscription on one side only"), "{first}");
            for finding in answer["findings"].as_array().unwrap().iter().skip(1) {
                assert!(!finding["action"].is_null(), "{finding}");
            }
        }
    }
}

#[tokio::test]
async fn one_kind_alone_can_be_asked_for() {
    let rig = Rig::new().await;
    let all = due(&rig, 1);
    let of_kind = |kinds: &[&str]| -> BTreeSet<(String, String)> {
        all.iter().filter(|(kind, _)| kinds.contains(&kind.as_str())).cloned().collect()
    };
    let subscriptions = check(&rig, json!({ "kind": "subscriptions" })).await;
    assert_eq!(problems(&subscriptions), of_kind(&["subscription_on_one_side"]));
    for kind in ["payments", "checkouts"] {
        let answer = check(&rig, json!({ "kind": kind })).await;
        let due = of_kind(&["paid_without_row", "row_without_payment", "amount_differs"]);
        assert_eq!(problems(&answer), due, "{kind}");
    }
    let invoices = check(&rig, json!({ "kind": "invoices", "since": "29d" })).await;
    assert!(invoices["checked"].as_u64().unwrap() > 3, "{invoices}");
}

#[tokio::test]
async fn pages_lead_through_all_problems_once() {
    let rig = Rig::new().await;
    let whole = check(&rig, json!({ "limit": 50 })).await;
    let (mut seen, mut ask) = (Vec::new(), json!({ "limit": 2 }));
    for _ in 0..10 {
        let answer = check(&rig, ask.clone()).await;
        assert!(list(&answer, "problems").len() <= 2);
        assert_eq!(answer["checked"], whole["checked"], "the counts are of the whole window on every page");
        seen.extend(list(&answer, "problems").iter().map(|p| p["ids"].clone()));
        match cursor(&answer) {
            Some(next) => ask = json!({ "limit": 2, "cursor": next }),
            None => break,
        }
    }
    let due: Vec<Value> = list(&whole, "problems").iter().map(|p| p["ids"].clone()).collect();
    assert_eq!(seen, due);
}

#[tokio::test]
async fn with_one_side_away_nothing_is_said_to_be_missing() {
    let rig = Rig::new().await;
    rig.demo.fault(Service::Convex, "", Fault::Status(500));
    let app = rig.configured(|toml| uncached(&toml));
    let answer = call(&app, "reconcile_payments", json!({})).await.unwrap().structured;
    assert!(answer["problems"].is_null(), "{:#}", answer["problems"]);
    assert!(
        said(&answer).iter().any(|w| w.contains("not judged") && w.contains("convex")),
        "{:?}",
        said(&answer)
    );
    rig.demo.clear_faults();
    rig.demo.fault(Service::Stripe, "", Fault::Limited { retry_after_s: Some(60) });
    let app = rig.configured(|toml| uncached(&toml));
    let answer = call(&app, "reconcile_payments", json!({})).await.unwrap().structured;
    assert!(answer["problems"].is_null() && answer["checked"] == 0, "{answer:#}");
    // Only the second look is refused: then a row is not said to lack its payment.
    rig.demo.clear_faults();
    rig.demo.fault(Service::Stripe, "/v1/payment_intents", Fault::Status(500));
    let app = rig.configured(|toml| uncached(&toml));
    let answer = call(&app, "reconcile_payments", json!({})).await.unwrap().structured;
    assert!(!problems(&answer).iter().any(|(kind, _)| kind == "row_without_payment"));
    assert_eq!(answer["not_judged"], 1, "{answer:#}");
}

#[tokio::test]
async fn without_a_mapping_it_says_what_to_configure() {
    let rig = Rig::new().await;
    let bare = rig.configured(|toml| toml.split("\n[app.").next().unwrap().to_owned());
    let answer = call(&bare, "reconcile_payments", json!({})).await.unwrap().structured;
    assert!(answer["problems"].is_null(), "{answer:#}");
    assert!(said(&answer).iter().any(|what| what.starts_with("[app.payments.…] is not configured")));
}

#[tokio::test]
async fn a_crowd_changes_nothing() {
    let rig = Rig::new().await;
    let crowd =
        Rig::with(Settings { extra_rows: 2_000, now: rig.demo.world().now, ..Settings::default() }).await;
    let (one, many) = (check(&rig, json!({})).await, check(&crowd, json!({})).await);
    assert_eq!(problems(&one), problems(&many));
    assert_eq!(one["checked"], many["checked"]);
}

/// A crowd that pays more than the lists are read: the answer says since when everything was seen, and judges that.
#[tokio::test]
async fn when_there_is_too_much_the_window_is_what_was_really_covered() {
    let rig = Rig::new().await;
    let crowd =
        Rig::with(Settings { extra_rows: 10_000, now: rig.demo.world().now, ..Settings::default() }).await;
    crowd.demo.clear_record();
    let answer = check(&crowd, json!({ "limit": 50 })).await;
    assert!(crowd.demo.record().len() <= 50, "{} requests", crowd.demo.record().len());
    let from = answer["window"][0].as_str().unwrap();
    let day_ago = answer["window"][1].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
        - jiff::Span::new().hours(24);
    let covered = from.parse::<jiff::Timestamp>().unwrap();
    assert!(covered > day_ago + jiff::Span::new().hours(10), "not the whole day was covered: {from}");
    let bound = answer["cut"].to_string();
    assert!(bound.contains(&format!("the 500 newest charges, back to {from}")), "{bound}");
    assert!(bound.contains("a shorter window (since)"), "{bound}");
    assert!(said(&answer)[0].starts_with(&format!("since {from}: checked ")), "{:?}", said(&answer));
    let checked = answer["checked"].as_u64().unwrap();
    assert!((450..=800).contains(&checked), "{checked}");
    // Of the crowd nothing is wrong, and of the rest only what lies in the window is judged.
    let hidden = due(&rig, 1);
    assert!(problems(&answer).is_subset(&hidden), "{:#}", answer["problems"]);
    let short = check(&crowd, json!({ "since": "2h" })).await;
    assert!(short["cut"].is_null(), "two hours are read whole: {:#}", short["cut"]);
    assert!(problems(&short).is_subset(&hidden), "{:#}", short["problems"]);
}

#[tokio::test]
async fn the_whole_answer_is_this() {
    let rig = Rig::new().await;
    let mut told = rig.call_fresh("reconcile_payments", json!({ "limit": 4 })).await.unwrap();
    let cursor = cursor(&told.structured).unwrap().to_owned();
    super::whole::settle(&mut told.structured);
    insta::assert_json_snapshot!("answer_reconcile", told.structured);
    insta::assert_snapshot!(
        "text_reconcile",
        super::whole::settled(&told.page.to_text().replace(&cursor, "<cursor>"))
    );
}

/// A mapping that names a table which is not there: what was not looked at is named, and nothing is said of it.
#[tokio::test]
async fn a_table_that_is_not_there_was_not_looked_at() {
    let rig = Rig::new().await;
    let paid = of(rig.demo.incidents(), PaidNoAccess);
    let mistyped = rig.configured(|toml| toml.replace("table = \"payments\"", "table = \"paymentz\""));
    let answer = call(&mistyped, "reconcile_payments", json!({})).await.unwrap().structured;
    let unseen = said(&answer).into_iter().find(|what| what.starts_with("not everything was seen")).unwrap();
    assert!(unseen.contains("paymentz") && !unseen.ends_with(": "), "{unseen}");
    let answer = call(&mistyped, "user_timeline", json!({ "who": paid.email })).await.unwrap().structured;
    assert!(!said(&answer).iter().any(|what| what.contains("no row of theirs")), "{:?}", said(&answer));
    let mistyped = rig.configured(|toml| toml.replace("table = \"passes\"", "table = \"passez\""));
    let answer = call(&mistyped, "find_user", json!({ "who": paid.email })).await.unwrap().structured;
    let due = ["no row of theirs in memberships; passez could not be looked at"];
    assert_eq!(said(&answer), due);
}
