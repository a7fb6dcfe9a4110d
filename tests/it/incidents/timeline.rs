//! `user_timeline` over the demo's incidents: each is said in the first line, in one call; the list is whole, in order
//! and without repetition.

use super::{column, companies, cursor, fresh, list, of, report, said, texts};
use crate::rig::{Rig, call};
use prodview_demo::IncidentKind::{
    CardDeclined3ds, DuplicateCustomers, FailedJobRefund, IntermittentState, LockedAccount, OpenDispute,
    PaidNoAccess, PastDueInvoice,
};
use prodview_demo::{Fault, Incident, Service};
use prodview_tools::ToolError;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tiktoken_rs::o200k_base_singleton;

/// What the first line must say, and the ids that it must rest on.
fn due(incident: &Incident) -> (&'static str, Vec<&str>) {
    let row = |table: &str| incident.rows.iter().find(|(t, _)| *t == table).unwrap().1.as_str();
    match incident.kind {
        PaidNoAccess => (
            "was paid, and the app may not know",
            vec![incident.payment_intent.as_deref().unwrap(), incident.event_id.as_deref().unwrap()],
        ),
        CardDeclined3ds => ("failed 3 times", vec![incident.payment_intent.as_deref().unwrap()]),
        LockedAccount => ("is locked in convex", vec![&incident.user_id]),
        FailedJobRefund => {
            ("background job of the app failed", vec![row("jobs"), incident.refund.as_deref().unwrap()])
        }
        IntermittentState => ("they ran into", vec![incident.issue_short_id.as_deref().unwrap()]),
        DuplicateCustomers => (
            "the active subscription is with",
            vec![&incident.user_id, &incident.customer_id, incident.other_customer_id.as_deref().unwrap()],
        ),
        PastDueInvoice => ("Past due", vec![incident.subscription.as_deref().unwrap()]),
        OpenDispute => ("must be answered by", vec![incident.dispute.as_deref().unwrap()]),
    }
}

#[tokio::test]
async fn each_incident_is_said_in_the_first_line_of_one_small_answer() {
    for (rig, incidents) in companies().await {
        for incident in &incidents {
            let (says, ids) = due(incident);
            for who in [&incident.email, &incident.user_id, &incident.customer_id] {
                let told = rig.call_fresh("user_timeline", json!({ "who": who })).await.unwrap();
                let first = &told.structured["findings"][0];
                let what = first["what"].as_str().unwrap();
                let text = told.page.to_text();
                assert!(what.contains(says), "{:?} from {who}: {text}", incident.kind);
                let evidence = texts(&first["evidence"]);
                assert!(ids.iter().all(|id| evidence.contains(id)), "{ids:?} of {evidence:?}: {text}");
                assert!(text.starts_with(&format!("! {what}")));
                for form in [told.structured.to_string(), text] {
                    let tokens = o200k_base_singleton().encode_ordinary(&form).len();
                    assert!(tokens <= 2_000, "{:?}: {tokens} tokens", incident.kind);
                }
            }
        }
    }
}

/// All lines, by pages of so many.
async fn paged(rig: &Rig, who: &str, limit: usize) -> Vec<Value> {
    let (mut lines, mut at) = (Vec::new(), None::<String>);
    for _ in 0..200 {
        let mut ask = json!({ "who": who, "limit": limit });
        ask.as_object_mut().unwrap().extend(at.take().map(|c| ("cursor".to_owned(), json!(c))));
        let answer = rig.ask("user_timeline", ask).await;
        lines.extend(list(&answer, "lines").iter().cloned());
        at = cursor(&answer).map(str::to_owned);
        if at.is_none() {
            return lines;
        }
    }
    panic!("the pages of {who} do not end");
}

/// What is the same however the pages are cut: a link stands on the first line of its page.
fn bare(lines: &[Value]) -> Vec<Value> {
    let without = |line: &Value| {
        let mut line = line.clone();
        line.as_object_mut().unwrap().remove("url");
        line
    };
    lines.iter().map(without).collect()
}

#[tokio::test]
async fn pages_of_any_size_make_the_whole_without_loss_or_repetition() {
    let rig = Rig::new().await;
    for kind in [LockedAccount, DuplicateCustomers, OpenDispute] {
        let who = rig.incident(kind).email.clone();
        let whole = paged(&rig, &who, 50).await;
        assert!(whole.len() >= 5, "{} lines of {kind:?}", whole.len());
        for limit in [1, 3, 7] {
            assert_eq!(bare(&paged(&rig, &who, limit).await), bare(&whole), "{kind:?} by {limit}");
        }
    }
}

#[tokio::test]
async fn lines_are_newest_first_and_of_one_second_the_effect_stands_above_its_cause() {
    const ORDER: [&str; 5] = ["account", "payment", "webhook", "app", "error"];
    for (rig, incidents) in companies().await {
        for incident in &incidents {
            let answer = fresh(&rig, "user_timeline", json!({ "who": incident.email, "limit": 50 })).await;
            let lines = list(&answer, "lines");
            for pair in lines.windows(2) {
                let [newer, older] = pair else { unreachable!() };
                let at = |line: &Value| line["at"].as_str().unwrap().to_owned();
                assert!(at(newer) >= at(older), "{newer} above {older}");
                assert!(at(newer).ends_with('Z') && at(newer).len() == 20);
                let rank = |line: &Value| ORDER.iter().position(|kind| line["kind"] == *kind).unwrap();
                // Payments come before what was sent about them; audit entries and app rows are told after both.
                if at(newer) == at(older) && rank(older) == 2 {
                    assert!(rank(newer) >= 2, "{newer} above {older}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_same_fact_from_two_sources_is_one_line_with_both_ids() {
    for (rig, incidents) in companies().await {
        let open = of(&incidents, OpenDispute);
        let intent = open.payment_intent.as_deref().unwrap();
        let rows = rig.demo.world().rows("payments");
        let row = rows.iter().find(|row| row["paymentIntentId"] == intent).unwrap()["_id"].as_str().unwrap();
        let answer = fresh(&rig, "user_timeline", json!({ "who": open.email, "limit": 50 })).await;
        let lines = list(&answer, "lines");
        let of_row: Vec<&Value> =
            lines.iter().filter(|line| line["id"] == row || line["also"].to_string().contains(row)).collect();
        let [line] = of_row.as_slice() else { panic!("{row} is in {of_row:#?}") };
        assert_eq!((&line["id"], &line["source"]), (&json!(intent), &json!("stripe")));
        assert!(texts(&line["also"]).contains(&format!("convex {row}").as_str()), "{line}");
        assert!(texts(&line["also"]).contains(&open.checkout_session.as_deref().unwrap()), "{line}");
        assert!(line["what"].as_str().unwrap().contains("the app's payments: paid"), "{line}");
        // An event and what the app wrote down about it.
        let paid = of(&incidents, PaidNoAccess);
        let answer = fresh(&rig, "user_timeline", json!({ "who": paid.email, "limit": 50 })).await;
        let event = paid.event_id.as_deref().unwrap();
        let lines = list(&answer, "lines");
        let line = lines.iter().find(|line| line["id"] == event).unwrap();
        let record = paid.rows.iter().find(|(table, _)| *table == "webhookEvents").unwrap().1.as_str();
        assert_eq!(texts(&line["also"]), [record]);
        let what = line["what"].as_str().unwrap();
        assert!(what.contains("NOT delivered") && what.contains("the app: failed"), "{what}");
        assert!(line["url"].as_str().unwrap().contains(event));
    }
}

#[tokio::test]
async fn what_is_said_several_times_with_nothing_between_is_one_line() {
    for (rig, incidents) in companies().await {
        let locked = of(&incidents, LockedAccount);
        let answer = fresh(&rig, "user_timeline", json!({ "who": locked.email, "limit": 50 })).await;
        let lines = list(&answer, "lines");
        let failed: Vec<&str> =
            column(lines, "what").into_iter().filter(|what| what.starts_with("sign_in.failed")).collect();
        let [once] = failed.as_slice() else { panic!("{failed:?}") };
        assert!(once.contains("(6 times since 20"), "{once}");
        let errors: Vec<&Value> = lines.iter().filter(|line| line["source"] == "sentry").collect();
        let own = errors.iter().filter(|e| e["id"] == locked.issue_short_id.as_deref().unwrap()).count();
        assert!((1..=4).contains(&own), "{errors:#?}");
        let ids: BTreeSet<&str> = errors.iter().flat_map(|e| texts(&e["also"])).collect();
        assert!(ids.contains(locked.error_event_id.as_deref().unwrap()), "{ids:?}");
    }
}

/// An error's moment is the person's own, not the last one of anybody.
#[tokio::test]
async fn errors_are_told_at_the_times_the_person_met_them() {
    for (rig, incidents) in companies().await {
        let met = of(&incidents, IntermittentState);
        let short = met.issue_short_id.as_deref().unwrap();
        let issue = rig.demo.world().issues.iter().find(|i| i.short_id == short).unwrap();
        let theirs: Vec<_> = issue
            .events
            .iter()
            .filter(|e| e.user.as_ref().is_some_and(|u| u.id.as_deref() == Some(&met.user_id)))
            .collect();
        assert!(theirs.len() < issue.events.len());
        let newest = theirs.iter().map(|e| e.at).max().unwrap().to_string();
        let answer = fresh(&rig, "user_timeline", json!({ "who": met.email, "limit": 50 })).await;
        let line = list(&answer, "lines").iter().find(|line| line["id"] == short).unwrap();
        assert_eq!(line["at"], newest);
    }
}

#[tokio::test]
async fn kinds_and_windows_narrow_the_list_and_not_the_finding() {
    for (rig, incidents) in companies().await {
        let job = of(&incidents, FailedJobRefund);
        let ask = |more: Value| {
            let mut ask = json!({ "who": job.email, "limit": 50 });
            ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ask
        };
        let whole = fresh(&rig, "user_timeline", ask(json!({}))).await;
        let kinds: BTreeSet<&str> = column(list(&whole, "lines"), "kind").into_iter().collect();
        assert_eq!(kinds, BTreeSet::from(["account", "app", "error", "payment", "webhook"]));
        for kind in kinds {
            let some = fresh(&rig, "user_timeline", ask(json!({ "kinds": [kind] }))).await;
            assert!(column(list(&some, "lines"), "kind").iter().all(|k| *k == kind));
            assert_eq!(said(&some)[0], said(&whole)[0]);
        }
        let until = (job.at - jiff::SignedDuration::from_hours(12)).to_string();
        let early = fresh(&rig, "user_timeline", ask(json!({ "until": until }))).await;
        let late = fresh(&rig, "user_timeline", ask(json!({ "since": until }))).await;
        let at = |answer: &Value| {
            column(list(answer, "lines"), "at").iter().map(|at| (*at).to_owned()).collect::<Vec<_>>()
        };
        assert!(at(&early).iter().all(|at| *at <= until) && !at(&early).is_empty());
        assert!(at(&late).iter().all(|at| *at >= until) && !at(&late).is_empty());
        // An offset is another way to write the same moment.
        let offset = until.replace('Z', "+00:00");
        let same = fresh(&rig, "user_timeline", ask(json!({ "until": offset }))).await;
        assert_eq!(at(&same), at(&early));
    }
}

#[tokio::test]
async fn several_customers_of_one_address_are_taken_all_and_told_apart() {
    for (rig, incidents) in companies().await {
        let twice = of(&incidents, DuplicateCustomers);
        let other = twice.other_customer_id.as_deref().unwrap();
        let ask = json!({ "who": twice.email, "since": "60d", "limit": 50 });
        let answer = fresh(&rig, "user_timeline", ask).await;
        let whose: BTreeSet<&str> = list(&answer, "lines")
            .iter()
            .filter(|line| line["kind"] == "payment" && line["source"] == "stripe")
            .map(|line| line["whose"].as_str().unwrap())
            .collect();
        assert_eq!(whose, BTreeSet::from([other, twice.customer_id.as_str()]));
        let ordinary =
            fresh(&rig, "user_timeline", json!({ "who": of(&incidents, OpenDispute).email })).await;
        assert!(list(&ordinary, "lines").iter().all(|line| line.get("whose").is_none()));
    }
}

#[tokio::test]
async fn a_guest_has_a_timeline_too() {
    for (rig, _) in companies().await {
        let guest = rig.demo.world().people.iter().find(|p| p.user_id.is_none()).unwrap().clone();
        let answer = fresh(&rig, "user_timeline", json!({ "who": guest.email, "since": "90d" })).await;
        assert!(column(list(&answer, "lines"), "kind").contains(&"payment"), "{answer:#}");
    }
}

#[tokio::test]
async fn nobody_is_said_with_where_it_was_looked_and_only_where_all_answered() {
    let rig = Rig::new().await;
    for who in ["nobody@nowhere.example", "niemand-für-uns", "cus_NoSuchOne12345"] {
        let answer = fresh(&rig, "user_timeline", json!({ "who": who })).await;
        let first = said(&answer)[0];
        assert!(first.starts_with("nobody is known by ") && first.contains("convex"), "{first}");
        assert_eq!(list(&answer, "lines"), &[] as &[Value]);
    }
    rig.demo.fault(Service::Convex, "", Fault::Status(500));
    let answer = fresh(&rig, "user_timeline", json!({ "who": "nobody@nowhere.example" })).await;
    assert!(said(&answer)[0].contains("not every source answered"), "{answer:#}");
    assert_eq!(report(&answer, "convex")["status"], "unreachable");
}

/// The finding rests on what the others tell, whoever is missing; what is missing is said and not taken for absent.
#[tokio::test]
async fn a_source_that_is_denied_or_limited_is_named_and_the_rest_is_told() {
    let paid = |rig: &Rig| rig.incident(PaidNoAccess).clone();
    for (service, name, fault, status) in [
        (Service::Sentry, "sentry", Fault::Status(401), "denied"),
        (Service::Sentry, "sentry", Fault::Limited { retry_after_s: Some(60) }, "limited"),
        (Service::Convex, "convex", Fault::Status(500), "unreachable"),
    ] {
        let rig = Rig::new().await;
        rig.demo.fault(service, "", fault);
        let who = paid(&rig);
        let answer = fresh(&rig, "user_timeline", json!({ "who": who.email })).await;
        assert_eq!(report(&answer, name)["status"], status);
        let first = said(&answer)[0];
        assert!(first.contains("did not reach every endpoint"), "{first}");
        // Whether the app has a row of it is not known when the app's database does not answer.
        assert_eq!(first.contains("no row of theirs"), service != Service::Convex, "{first}");
        assert!(!column(list(&answer, "lines"), "source").contains(&name));
    }
}

#[tokio::test]
async fn without_a_mapping_it_goes_as_far_as_it_can_and_says_what_to_configure() {
    let rig = Rig::new().await;
    let app = rig.configured(|toml| toml.split("[app.users]").next().unwrap().to_owned());
    let paid = rig.incident(PaidNoAccess);
    let answer = call(&app, "user_timeline", json!({ "who": paid.email })).await.unwrap().structured;
    let first = said(&answer)[0];
    assert!(first.contains("did not reach every endpoint") && !first.contains("no row"), "{first}");
    assert_eq!(report(&answer, "app")["status"], "not_configured");
    assert!(column(list(&answer, "lines"), "source").contains(&"sentry"));
}

#[tokio::test]
async fn a_window_that_ends_before_it_begins_and_a_cursor_of_another_tool_are_refused() {
    let rig = Rig::new().await;
    for (more, key) in [
        (json!({ "since": "2d", "until": "3d" }), "until"),
        (json!({ "until": "tomorrow" }), "until"),
        (json!({ "cursor": "nonsense" }), "cursor"),
        (json!({ "cursor": "e30" }), "cursor"),
        (json!({ "kinds": ["everything"] }), "kinds.0"),
        (json!({ "kinds": [] }), "kinds"),
    ] {
        let mut ask = json!({ "who": "a@b.example" });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = rig.call("user_timeline", ask.clone()).await.unwrap_err();
        assert!(matches!(&error, ToolError::Malformed { key: k, .. } if k == key), "{ask}: {error}");
    }
    assert_eq!(rig.demo.record().len(), 0);
}
