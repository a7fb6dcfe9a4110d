//! `list_errors` and `get_error` over the demo: exact counts, orders, pages, and the ids that lead on.

use super::{
    SEEDS, column, companies, cursor, finding, fresh, known, list, of, report, said, texts, with_id,
};
use crate::rig::Rig;
use prodview_demo::IncidentKind::{
    DuplicateCustomers, FailedJobRefund, IntermittentState, LockedAccount, PaidNoAccess,
};
use prodview_demo::Settings;
use prodview_demo::world::{ErrorEvent, Issue};
use prodview_tools::ToolError;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn errors(rig: &Rig, ask: Value) -> Value {
    fresh(rig, "list_errors", ask).await
}

fn of_sentry(answer: &Value) -> Vec<&Value> {
    list(answer, "errors").iter().filter(|e| e["source"] == "sentry").collect()
}

fn ids<'a>(errors: &[&'a Value]) -> BTreeSet<&'a str> {
    errors.iter().filter_map(|e| e["id"].as_str()).collect()
}

/// A window that begins so many hours before the world ends, and the world's issues that were seen in it.
fn window(rig: &Rig, hours: i64) -> (String, Vec<&Issue>) {
    let since = jiff::Timestamp::from_second(rig.demo.world().now.as_second() - hours * 3_600).unwrap();
    let seen = rig.demo.world().issues.iter().filter(|i| i.events.iter().any(|e| e.at >= since));
    (since.to_string(), seen.collect())
}

#[tokio::test]
async fn the_list_is_what_happened_in_the_window() {
    for (rig, _) in companies().await {
        for hours in [3, 24, 13 * 24] {
            let (since, due) = window(&rig, hours);
            let answer = errors(&rig, json!({ "since": since, "limit": 50 })).await;
            let told = of_sentry(&answer);
            assert_eq!(ids(&told), due.iter().map(|i| i.short_id.as_str()).collect(), "{hours} h");
            for error in told {
                let issue = due.iter().find(|i| error["id"] == i.short_id.as_str()).unwrap();
                let inside = issue.events.iter().filter(|e| e.at.to_string() >= since);
                let people: BTreeSet<_> =
                    inside.clone().filter_map(|e| e.user.as_ref()?.id.clone()).collect();
                assert_eq!(
                    (&error["count"], &error["users"]),
                    (&json!(inside.count()), &json!(people.len())),
                    "{error}"
                );
                assert_eq!(error["last_seen"], issue.events[0].at.to_string());
                assert_eq!(
                    (&error["level"], &error["project"]),
                    (&json!(issue.level), &json!(issue.project))
                );
            }
        }
    }
}

#[tokio::test]
async fn each_order_is_kept_over_all_sources() {
    for (rig, _) in companies().await {
        for (sort, field) in
            [("count", "count"), ("users", "users"), ("last_seen", "last_seen"), ("new", "first_seen")]
        {
            let answer = errors(&rig, json!({ "since": "13d", "sort": sort, "limit": 50 })).await;
            let values: Vec<(Option<u64>, Option<&str>)> =
                list(&answer, "errors").iter().map(|e| (e[field].as_u64(), e[field].as_str())).collect();
            let sources: BTreeSet<&str> = column(list(&answer, "errors"), "source").into_iter().collect();
            assert_eq!(sources.into_iter().collect::<Vec<_>>(), ["convex", "sentry"]);
            assert!(values.is_sorted_by(|a, b| a >= b), "{sort}: {values:?}");
        }
    }
}

#[tokio::test]
async fn level_project_and_environment_narrow_the_list() {
    for (rig, incidents) in companies().await {
        let locked = of(&incidents, LockedAccount).issue_short_id.as_deref().unwrap();
        let warnings = errors(&rig, json!({ "since": "13d", "level": "warning" })).await;
        assert_eq!(column(list(&warnings, "errors"), "id"), [locked]);
        let api = errors(&rig, json!({ "since": "13d", "project": "api" })).await;
        let due: BTreeSet<&str> = rig
            .demo
            .world()
            .issues
            .iter()
            .filter(|i| i.project == "api")
            .map(|i| i.short_id.as_str())
            .collect();
        assert_eq!(ids(&list(&api, "errors").iter().collect::<Vec<_>>()), due);
        let staging = errors(&rig, json!({ "since": "13d", "environment": "staging" })).await;
        assert!(of_sentry(&staging).is_empty());
        let production =
            errors(&rig, json!({ "since": "13d", "environment": "production", "limit": 50 })).await;
        assert_eq!(of_sentry(&production).len(), rig.demo.world().issues.len());
        let none = errors(&rig, json!({ "project": "nosuch" })).await;
        assert_eq!(list(&none, "errors"), [] as [Value; 0]);
        assert_eq!(
            texts(&report(&none, "sentry")["notes"]),
            ["this token sees no such project; asked for: nosuch"]
        );
    }
}

#[tokio::test]
async fn the_apps_own_errors_are_joined_for_everyone_and_for_one_person() {
    for (rig, incidents) in companies().await {
        let rows: Vec<&str> = [PaidNoAccess, FailedJobRefund, DuplicateCustomers]
            .iter()
            .flat_map(|kind| &of(&incidents, *kind).rows)
            .filter(|(table, _)| *table == "internalErrors")
            .map(|(_, id)| id.as_str())
            .collect();
        let answer = errors(&rig, json!({ "since": "13d", "limit": 50 })).await;
        for row in &rows {
            let error = with_id(list(&answer, "errors"), row);
            assert_eq!((&error["source"], &error["project"]), (&json!("convex"), &json!("internalErrors")));
        }
        let paid = of(&incidents, PaidNoAccess);
        for user in [&paid.email, &paid.user_id] {
            let theirs = errors(&rig, json!({ "user": user, "since": "13d" })).await;
            let due = BTreeSet::from([paid.issue_short_id.as_deref().unwrap(), rows[0]]);
            assert_eq!(ids(&list(&theirs, "errors").iter().collect::<Vec<_>>()), due, "{user}");
            assert_eq!(theirs["next"][0]["args"]["user"], user.as_str());
        }
        let row = fresh(&rig, "get_error", json!({ "id": rows[0] })).await;
        assert_eq!((&row["error"]["source"], &row["event"]["id"]), (&json!("convex"), &json!(rows[0])));
        assert_eq!(row["event"]["context"]["ref"], paid.payment_intent.as_deref().unwrap());
        assert_eq!(row["event"]["user"]["id"], paid.user_id.as_str());
    }
}

#[tokio::test]
async fn nothing_found_says_so_only_when_everything_was_seen() {
    let rig = Rig::new().await;
    let none = errors(&rig, json!({ "user": "nobody@nowhere.example" })).await;
    assert!(said(&none)[0].starts_with("no errors for nobody@nowhere.example since "), "{:?}", said(&none));
    rig.demo.fault(prodview_demo::Service::Sentry, "", prodview_demo::Fault::Status(500));
    let unsure = errors(&rig, json!({ "user": "nobody@elsewhere.example" })).await;
    assert!(
        said(&unsure)[0].starts_with("no errors seen, but not everything was seen"),
        "{:?}",
        said(&unsure)
    );
}

#[tokio::test]
async fn pages_of_errors_lead_to_the_end_without_gaps_or_repetition() {
    for seed in [SEEDS[0], SEEDS[3]] {
        let rig = Rig::with(Settings { seed, extra_rows: 130, ..Settings::default() }).await;
        let mut seen: Vec<String> = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut ask =
                json!({ "since": "29d", "sort": "last_seen", "limit": 20, "query": "is:unresolved" });
            if let Some(cursor) = &next {
                ask["cursor"] = json!(cursor);
            }
            let answer = errors(&rig, ask).await;
            seen.extend(of_sentry(&answer).iter().map(|e| e["id"].as_str().unwrap().to_owned()));
            next = cursor(&answer).map(str::to_owned);
            assert!(seen.len() <= 200, "no end");
            if next.is_none() {
                break;
            }
        }
        let due: Vec<&str> = rig
            .demo
            .world()
            .issues
            .iter()
            .filter(|i| i.status == "unresolved")
            .map(|i| i.short_id.as_str())
            .collect();
        assert!(due.len() > 130);
        assert_eq!(seen.iter().map(String::as_str).collect::<BTreeSet<_>>(), due.iter().copied().collect());
        assert_eq!(seen.len(), due.len(), "one of them came twice");
    }
}

#[tokio::test]
async fn one_error_is_found_by_every_id_of_it_and_every_address() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        let (short, event) =
            (paid.issue_short_id.as_deref().unwrap(), paid.error_event_id.as_deref().unwrap());
        let number = rig.demo.world().issues.iter().find(|i| i.short_id == short).unwrap().id.clone();
        let dashed = format!(
            "{}-{}-{}-{}-{}",
            &event[..8],
            &event[8..12],
            &event[12..16],
            &event[16..20],
            &event[20..]
        );
        let page = "https://wrenhouse.sentry.io/issues";
        for id in [
            short.to_owned(),
            short.to_lowercase(),
            number.clone(),
            event.to_owned(),
            event.to_uppercase(),
            dashed,
            format!("{page}/{number}/"),
            format!("{page}/{number}/?project=1&query=x"),
            format!("{page}/{number}/events/{event}/"),
            format!("https://sentry.io/organizations/wrenhouse/issues/{number}/"),
        ] {
            let answer = fresh(&rig, "get_error", json!({ "id": id })).await;
            assert_eq!(
                (&answer["error"]["id"], &answer["event"]["id"]),
                (&json!(short), &json!(event)),
                "{id}"
            );
        }
        for id in ["WEB-999999", "1", "99999999999", &"0".repeat(32), "nothing"] {
            let error = rig.call("get_error", json!({ "id": id })).await.unwrap_err();
            assert!(matches!(error, ToolError::NotFound(_)), "{id}: {error:?}");
        }
    }
}

#[tokio::test]
async fn the_ids_in_an_error_are_ready_next_calls() {
    for (rig, incidents) in companies().await {
        let paid = of(&incidents, PaidNoAccess);
        let answer = fresh(&rig, "get_error", json!({ "id": paid.issue_short_id, "user": paid.email })).await;
        for (id, kind, ask) in [
            (&paid.payment_intent, "payment", "payment_intent_status"),
            (&paid.checkout_session, "payment", "payment_intent_status"),
            (&paid.event_id, "webhook event", "webhook_deliveries"),
            (&Some(paid.email.clone()), "e-mail", "find_user"),
            (&Some(paid.user_id.clone()), "user id", "find_user"),
        ] {
            let id = id.as_deref().unwrap();
            assert_eq!(with_id(list(&answer, "ids"), id), &json!({ "id": id, "kind": kind, "ask": ask }));
        }
        assert_eq!(answer["event"]["tags"]["handler"], "stripe.onEvent");
        let frames = answer["event"]["exceptions"][0]["frames"].as_array().unwrap();
        assert!(
            frames[0]["at"].as_str().unwrap().starts_with("grantPass (convex/stripe.ts:88"),
            "where it was raised comes first: {frames:?}"
        );
        // The release it was first seen in is among those around it.
        let first = answer["error"]["first_release"].as_str().unwrap();
        assert!(column(list(&answer, "releases"), "version").contains(&first));
    }
}

#[tokio::test]
async fn a_chain_of_exceptions_is_told_from_what_was_caught_to_its_cause() {
    for (rig, incidents) in companies().await {
        let answer =
            fresh(&rig, "get_error", json!({ "id": of(&incidents, FailedJobRefund).issue_short_id })).await;
        assert_eq!(
            column(list(&answer["event"], "exceptions"), "kind"),
            ["JobFailedError", "StripeRefundError"]
        );
    }
}

#[tokio::test]
async fn an_error_of_one_state_says_what_its_occurrences_share() {
    for (rig, incidents) in companies().await {
        let state = of(&incidents, IntermittentState);
        let issue = state.issue_short_id.as_deref().unwrap();
        let events = &rig.demo.world().issues.iter().find(|i| i.short_id == issue).unwrap().events;
        let theirs =
            |e: &&ErrorEvent| e.user.as_ref().is_some_and(|u| u.email.as_deref() == Some(&state.email));
        let (times, newest) = (events.len(), events.iter().find(theirs).unwrap());
        let answer = fresh(&rig, "get_error", json!({ "id": issue, "user": state.email })).await;
        assert_eq!(answer["event"]["id"], newest.id.as_str());
        let spread = list(&answer, "spread").iter().find(|s| s["tag"] == "plan").unwrap();
        assert_eq!(spread["values"], json!([{ "value": "legacy", "times": times }]));
        let due = format!("{times} of {times} occurrences share one value of the tag `plan`");
        assert!(said(&answer).contains(&due.as_str()), "{:?}", said(&answer));
        assert_eq!(answer["error"]["users"], state.rows.len());
        // Everybody who is hit has that plan, and nobody else has it.
        let rows = fresh(
            &rig,
            "find_records",
            json!({ "table": "users", "where": { "plan": "legacy" }, "limit": 100 }),
        )
        .await;
        let due: BTreeSet<&str> = state.rows.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(column(list(&rows, "rows"), "id").into_iter().collect::<BTreeSet<_>>(), due);
        let person = fresh(&rig, "find_user", json!({ "who": state.email })).await;
        assert_eq!(known(&person, "convex", &state.user_id)["facts"]["plan"], "legacy");
    }
}

#[tokio::test]
async fn somebody_elses_occurrence_is_not_passed_off_as_theirs() {
    for (rig, incidents) in companies().await {
        let (locked, paid) = (of(&incidents, LockedAccount), of(&incidents, PaidNoAccess));
        let answer =
            fresh(&rig, "get_error", json!({ "id": locked.issue_short_id, "user": paid.email })).await;
        let due = format!("no occurrence of it belongs to {}; this one is somebody else's", paid.email);
        assert!(said(&answer).contains(&due.as_str()), "{:?}", said(&answer));
        finding(&answer, &[locked.issue_short_id.as_deref().unwrap()]);
    }
}
