//! `find_user` over the demo's incidents: who is kept out, who is there twice, who is not there.

use super::{column, companies, finding, fresh, known, list, live, of, report, said, texts, with_id};
use crate::rig::{Rig, call};
use prodview_demo::IncidentKind::{DuplicateCustomers, LockedAccount, PaidNoAccess};
use prodview_tools::ToolError;
use serde_json::{Value, json};

const NOTHING_GIVEN: &str = "the app gave them nothing: no row of theirs in passes, memberships";

#[tokio::test]
async fn a_locked_account_is_found_from_every_id_of_the_person() {
    for (rig, incidents) in companies().await {
        let locked = of(&incidents, LockedAccount);
        let event = locked.error_event_id.as_deref().unwrap();
        for who in [&locked.email, &locked.email.to_uppercase(), &locked.user_id, &locked.customer_id] {
            let answer = fresh(&rig, "find_user", json!({ "who": who })).await;
            let what = finding(&answer, &[&locked.user_id]);
            assert_eq!(what["what"], format!("{} is locked in convex", locked.user_id), "{who}");
            let row = known(&answer, "convex", &locked.user_id);
            assert!(texts(&row["state"]).iter().any(|s| s.starts_with("locked until 20")), "{row}");
            assert_eq!(row["facts"]["failed logins"], "6");
        }
        let errors = fresh(&rig, "list_errors", json!({ "user": locked.email })).await;
        let issue = locked.issue_short_id.as_deref().unwrap();
        assert_eq!(with_id(list(&errors, "errors"), issue)["count"], 4);
        let error = fresh(&rig, "get_error", json!({ "id": issue, "user": locked.email })).await;
        assert_eq!(error["event"]["id"], event);
        assert_eq!(error["event"]["tags"]["reason"], "locked");
    }
}

#[tokio::test]
async fn two_customers_of_one_person_are_found_and_which_one_the_app_looks_at() {
    for (rig, incidents) in companies().await {
        let twice = of(&incidents, DuplicateCustomers);
        let other = twice.other_customer_id.as_deref().unwrap();
        for who in [twice.email.as_str(), &twice.user_id, &twice.customer_id, other] {
            let answer = fresh(&rig, "find_user", json!({ "who": who })).await;
            let both = finding(&answer, &[&twice.customer_id, other]);
            assert!(
                both["what"].as_str().unwrap().ends_with("spelt in different letter case"),
                "{who}: {both}"
            );
            let wrong = finding(&answer, &[&twice.user_id, &twice.customer_id, other]);
            let due = format!(
                "the app links {} to {}, but the active subscription is with {other}",
                twice.user_id, twice.customer_id
            );
            assert!(wrong["what"].as_str().unwrap().starts_with(&due), "{who}: {wrong}");
            assert!(wrong["action"].is_string());
            let theirs = known(&answer, "stripe", other);
            assert_eq!(texts(&theirs["state"]), ["1 active subscription"]);
            let row = known(&answer, "convex", &twice.user_id);
            assert_eq!(row["links"]["stripe_customer"], twice.customer_id.as_str());
            assert_eq!(row["facts"]["plan"], "free");
        }
        // The money went to the customer that the app does not know, and the app wrote down that it knows nobody.
        let payments = fresh(&rig, "payment_intent_status", json!({ "id": twice.email })).await;
        let paid = with_id(list(&payments, "payments"), twice.payment_intent.as_deref().unwrap());
        assert_eq!(paid["customer"], other);
        let errors = fresh(&rig, "list_errors", json!({ "since": "7d", "query": other })).await;
        let told = with_id(list(&errors, "errors"), row_of(twice, "internalErrors"));
        assert_eq!(told["title"], format!("no user has the customer {other}"));
    }
}

#[tokio::test]
async fn who_paid_and_has_nothing_is_known_to_all_three() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        let intent = paid.payment_intent.as_deref().unwrap();
        for who in
            [paid.email.clone(), intent.to_owned(), format!("https://dashboard.stripe.com/payments/{intent}")]
        {
            let answer = fresh(&rig, "find_user", json!({ "who": who })).await;
            let people = list(&answer, "people");
            let mut sources = column(people, "source");
            sources.sort_unstable();
            assert_eq!(sources, ["convex", "sentry", "stripe"], "{who}");
            assert_eq!(known(&answer, "stripe", &paid.customer_id)["email"], paid.email.as_str());
            let last = people.iter().find(|p| p["source"] == "sentry").unwrap()["facts"]["last_error"]
                .as_str()
                .unwrap();
            assert!(last.contains(paid.issue_short_id.as_deref().unwrap()), "{last}");
            assert_eq!(said(&answer), [NOTHING_GIVEN], "{who}");
            assert_eq!(
                answer["next"][0],
                json!({ "tool": "payment_intent_status", "args": { "id": paid.email }, "why": "their payments" })
            );
        }
    }
}

#[tokio::test]
async fn nobody_is_suspected_of_anything_without_reason() {
    for (rig, incidents) in companies().await {
        let hit = |email: &str| incidents.iter().any(|i| i.email == email);
        let ordinary = rig
            .demo
            .world()
            .people
            .iter()
            .filter(|p| p.user_id.is_some() && !p.customer_ids.is_empty() && !hit(&p.email));
        let ordinary: Vec<_> = ordinary.take(8).cloned().collect();
        assert_eq!(ordinary.len(), 8);
        for person in ordinary {
            let answer = fresh(&rig, "find_user", json!({ "who": person.email })).await;
            let row = person.user_id.as_deref().unwrap();
            let [only] = said(&answer)[..] else { panic!("{}: {:?}", person.email, said(&answer)) };
            let given = ["passes", "memberships"]
                .iter()
                .any(|table| rig.demo.world().rows(table).iter().any(|r| r["userId"] == row));
            if given {
                assert!(
                    only.starts_with("one person, and nothing that contradicts, in "),
                    "{}: {only}",
                    person.email
                );
                let evidence = texts(&answer["findings"][0]["evidence"]);
                assert!(
                    evidence.contains(&row) && evidence.contains(&person.customer_ids[0].as_str()),
                    "{evidence:?}"
                );
            } else {
                assert_eq!(only, NOTHING_GIVEN);
            }
            assert_eq!(known(&answer, "convex", row)["name"], person.name.as_str(), "names in any script");
        }
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_finding_where_people_are_known_and_not_at_the_error_tracker() {
    let rig = Rig::new().await;
    let answer = fresh(&rig, "find_user", json!({ "who": "nobody@nowhere.example" })).await;
    assert_eq!(
        said(&answer),
        [
            "stripe has no customer with the address nobody@nowhere.example",
            "convex does not know nobody@nowhere.example"
        ]
    );
    assert_eq!(answer["people"], json!([]));
    assert_eq!(report(&answer, "sentry")["rows"], 0);
    let id = fresh(&rig, "find_user", json!({ "who": "cus_NoSuchOne12345" })).await;
    assert_eq!(
        said(&id),
        ["stripe does not know cus_NoSuchOne12345", "convex does not know cus_NoSuchOne12345"]
    );
}

#[tokio::test]
async fn a_source_that_could_not_be_asked_does_not_count_as_absence() {
    let rig = Rig::new().await;
    rig.demo.fault(prodview_demo::Service::Stripe, "", prodview_demo::Fault::Status(500));
    let answer = fresh(&rig, "find_user", json!({ "who": "nobody@nowhere.example" })).await;
    assert_eq!(said(&answer), ["convex does not know nobody@nowhere.example"]);
    assert_eq!(report(&answer, "stripe")["status"], "unreachable");
}

#[tokio::test]
async fn an_address_that_differs_between_the_app_and_stripe_is_a_finding() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        // The world's addresses agree, so the app is said to keep them in another column: its people's names.
        let app =
            rig.configured(|t| t.replace("email = \"email\"\nquery = \"users:byEmail\"", "email = \"name\""));
        let answer = call(&app, "find_user", json!({ "who": paid.user_id })).await.unwrap().structured;
        let what = finding(&answer, &[&paid.user_id, &paid.customer_id]);
        let due = format!(
            "the e-mail address in the app ({}) and in Stripe ({}) differ",
            paid.user_id, paid.customer_id
        );
        assert_eq!(what["what"], due);
    }
}

#[tokio::test]
async fn a_link_to_a_customer_that_is_not_there_is_a_finding() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        // Test mode has none of the customers that the app's rows link to.
        let app = rig.configured(|t| t.replace(rig.demo.key_for_mode(true), rig.demo.key_for_mode(false)));
        let answer = call(&app, "find_user", json!({ "who": paid.email })).await.unwrap().structured;
        let what = finding(&answer, &[&paid.user_id, &paid.customer_id]);
        assert!(what["what"].as_str().unwrap().contains("which Stripe does not have"), "{what}");
        let notes = texts(&report(&answer, "stripe")["notes"]).join(" ");
        assert!(notes.contains("exists in live mode"), "{notes}");
    }
}

#[tokio::test]
async fn a_deleted_customer_is_told_to_be_deleted() {
    for (rig, _) in companies().await {
        let gone = live(&rig, "customer").into_iter().find(|c| c["deleted"] == true).unwrap();
        let id = gone["id"].as_str().unwrap();
        let answer = fresh(&rig, "find_user", json!({ "who": id })).await;
        assert_eq!(finding(&answer, &[id])["what"], format!("{id} is deleted in stripe"));
        assert_eq!(texts(&known(&answer, "stripe", id)["state"]), ["deleted"]);
    }
}

#[tokio::test]
async fn a_guest_is_found_by_what_they_paid() {
    for (rig, _) in companies().await {
        let guest = rig.demo.world().people.iter().find(|p| p.user_id.is_none()).unwrap().clone();
        let by_address = fresh(&rig, "find_user", json!({ "who": guest.email })).await;
        assert!(
            said(&by_address)
                .contains(&format!("stripe has no customer with the address {}", guest.email).as_str())
        );
        let notes = texts(&report(&by_address, "stripe")["notes"]).join(" ");
        assert!(
            notes.contains("checkouts without a customer, 1 of them paid; the newest is cs_live_"),
            "{notes}"
        );
        let checkout = notes.split_whitespace().last().unwrap();
        let by_checkout = fresh(&rig, "find_user", json!({ "who": checkout })).await;
        let paid = list(&by_checkout, "people").iter().find(|p| p["source"] == "stripe").unwrap();
        assert_eq!(paid["email"], guest.email.as_str());
        let notes: Vec<&Value> = list(&by_checkout, "sources").iter().map(|s| &s["notes"]).collect();
        assert!(json!(notes).to_string().contains("paid as a guest"), "{notes:?}");
    }
}

#[tokio::test]
async fn what_is_nobodys_id_is_asked_for_anew() {
    let rig = Rig::new().await;
    for who in ["", " ", "a b", "https://example.com/x", "x".repeat(501).as_str()] {
        let error = rig.call("find_user", json!({ "who": who })).await.unwrap_err();
        assert!(matches!(&error, ToolError::Malformed { key, .. } if key == "who"), "{who:?}: {error}");
    }
    assert!(rig.demo.record().is_empty(), "none of them was worth a request");
}

fn row_of<'a>(incident: &'a prodview_demo::Incident, table: &str) -> &'a str {
    incident.rows.iter().find(|(t, _)| *t == table).map(|(_, id)| id.as_str()).unwrap()
}
