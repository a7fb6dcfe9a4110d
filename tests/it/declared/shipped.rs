//! Every shipped tool that asks by GET or calls a function, over the demo.

use super::{all, questions, with};
use crate::rig::{Rig, call};
use prodview::server::Server;
use prodview_demo::{Fault, Service};
use prodview_tools::declared::shipped;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tiktoken_rs::o200k_base_singleton;

fn tokens(text: &str) -> usize {
    o200k_base_singleton().encode_ordinary(text).len()
}

/// What changes from one run to the next, by its kind: moments. Ids and names come from the seed.
fn steady(value: &mut Value) {
    match value {
        Value::String(text) => {
            let is_moment = text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
            let is_version = text.contains("@20") && text.contains('.');
            if is_moment {
                *text = "‹moment›".to_owned();
            } else if is_version {
                *text = format!("{}@‹day›", text.split('@').next().unwrap());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(steady),
        Value::Object(fields) => {
            // How many happened within a window depends on the hour.
            for (key, field) in fields.iter_mut() {
                if matches!(key.as_str(), "age_s" | "cursor") {
                    *field = Value::String(format!("‹{key}›"));
                } else {
                    steady(field);
                }
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn each_answers_over_the_demo() {
    let rig = Rig::new().await;
    let app = all(&rig);
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    for (n, (tool, ask)) in questions(&rig).into_iter().enumerate() {
        let told = call(&app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        let (structured, text) = (tokens(&told.structured.to_string()), tokens(&told.page.to_text()));
        assert!(structured <= 2_000 && text <= 2_000, "{tool} {ask}: {structured} and {text}");
        let mut answer = told.structured;
        assert!(answer["sources"][0]["status"] == "ok", "{tool}: {answer:#}");
        if !answer["rows"].as_array().unwrap().is_empty() {
            asked.insert(tool);
            assert!(told.page.to_text().lines().count() > 2, "{tool}: {}", told.page.to_text());
        }
        steady(&mut answer);
        insta::assert_json_snapshot!(format!("declared_{n:02}_{tool}"), answer);
    }
    let due: BTreeSet<&str> =
        shipped::ALL.iter().filter(|tool| tool.provider != "postgres").map(|tool| tool.name).collect();
    assert_eq!(asked, due, "each finds something in the demo");
}

#[tokio::test]
async fn their_faces_are_committed() {
    let rig = Rig::new().await;
    let tools = Server::new(all(&rig)).tools();
    for tool in tools.iter().filter(|tool| shipped::ALL.iter().any(|s| s.name == tool.name)) {
        assert_eq!(tool.annotations.as_ref().unwrap().read_only_hint, Some(true));
        insta::assert_json_snapshot!(format!("declared_tool_{}", tool.name), tool);
    }
}

#[tokio::test]
async fn none_is_on_unless_it_is_named_and_those_that_are_come_last_in_a_fixed_order() {
    let rig = Rig::new().await;
    let names =
        |app| -> Vec<String> { Server::new(app).tools().into_iter().map(|t| t.name.into_owned()).collect() };
    let built_in = names(rig.app.clone());
    assert!(!built_in.iter().any(|name| shipped::ALL.iter().any(|s| s.name == name)));
    let on = names(with(&rig, r#"["sentry/*", "stripe_refunds", "stripe_refunds", "stripe_disputes"]"#));
    assert_eq!(on[..built_in.len()], built_in[..]);
    let declared = [
        "stripe_disputes",
        "stripe_refunds",
        "sentry_releases",
        "sentry_issue_tag_values",
        "sentry_issue_events",
    ];
    assert_eq!(on[built_in.len()..], declared);
}

#[tokio::test]
async fn a_list_that_goes_on_says_so_and_the_cursor_leads_to_its_end() {
    let rig = Rig::new().await;
    let app = all(&rig);
    for tool in ["stripe_balance_transactions", "sentry_releases"] {
        let mut seen: Vec<String> = Vec::new();
        let mut ask = json!({ "limit": 5 });
        let first = call(&app, tool, json!({ "limit": 12 })).await.unwrap().structured;
        for _ in 0..3 {
            let answer = call(&app, tool, ask.clone()).await.unwrap().structured;
            seen.extend(answer["rows"].as_array().unwrap().iter().map(Value::to_string));
            let Some(cursor) = answer["cut"][0]["cursor"].as_str() else { break };
            ask = json!({ "limit": 5, "cursor": cursor });
        }
        let due: Vec<String> = first["rows"].as_array().unwrap().iter().map(Value::to_string).collect();
        assert_eq!(due.len(), 12, "{tool}");
        assert_eq!(seen[..12], due[..], "{tool}: page by page it is the same list");
    }
}

#[tokio::test]
async fn several_sources_are_asked_at_once_unless_one_is_named() {
    let rig = Rig::new().await;
    let key = rig.demo.key(Service::Stripe).to_owned();
    let app = rig.configured(|toml| {
        let origin = toml.lines().find(|line| line.starts_with("base_url")).unwrap().to_owned();
        format!("{toml}\n[sources.stripe-eu]\nprovider = \"stripe\"\nkey = \"{key}\"\n{origin}\n[settings]\ndeclared = [\"stripe_disputes\"]\n")
    });
    let tool = Server::new(app.clone()).tools().into_iter().find(|t| t.name == "stripe_disputes").unwrap();
    assert_eq!(tool.input_schema["properties"]["source"]["enum"], json!(["stripe", "stripe-eu"]));
    let both = call(&app, "stripe_disputes", json!({})).await.unwrap().structured;
    let of: BTreeSet<&str> =
        both["rows"].as_array().unwrap().iter().map(|r| r["source"].as_str().unwrap()).collect();
    assert_eq!(of, BTreeSet::from(["stripe", "stripe-eu"]));
    let one = call(&app, "stripe_disputes", json!({ "source": "stripe-eu" })).await.unwrap().structured;
    assert_eq!(one["sources"].as_array().unwrap().len(), 1);
    assert_eq!(one["rows"][0]["source"], "stripe-eu");
    assert!(
        call(&app, "stripe_disputes", json!({ "source": "sentry" }))
            .await
            .unwrap_err()
            .to_string()
            .contains("source")
    );
}

#[tokio::test]
async fn what_fails_is_told_and_what_is_not_there_is_an_answer() {
    let rig = Rig::new().await;
    let app = all(&rig);
    let nobody = call(&app, "convex_user_by_email", json!({ "email": "nobody@acme.example" })).await.unwrap();
    assert_eq!(nobody.structured["findings"][0]["what"], "The application's user: there is none");
    rig.demo.fault(Service::Stripe, "", Fault::Status(503));
    let down = call(&all(&rig), "stripe_disputes", json!({})).await.unwrap_err();
    assert!(!down.is_mendable() && down.to_string().contains("stripe"), "{down}");
    rig.demo.clear_faults();
    rig.demo.fault(Service::Stripe, "", Fault::Html);
    assert!(call(&all(&rig), "stripe_disputes", json!({})).await.is_err());
    rig.demo.clear_faults();
}

#[tokio::test]
async fn a_source_restricted_to_projects_stays_within_them() {
    let rig = Rig::new().await;
    let issue = rig.incident(prodview_demo::IncidentKind::PaidNoAccess).issue_short_id.clone().unwrap();
    let own = issue.split('-').next().unwrap().to_lowercase();
    let other = if own == "web" { "api" } else { "web" };
    let restricted = |project: &str| {
        let with = format!("[sources.sentry]\nprojects = [\"{project}\"]");
        rig.configured(|toml| {
            format!("{}\n[settings]\ndeclared = [\"sentry/*\"]\n", toml.replace("[sources.sentry]", &with))
        })
    };
    let ask = json!({ "issue_id": issue });
    let outside = call(&restricted(other), "sentry_issue_events", ask.clone()).await.unwrap_err();
    assert!(outside.to_string().contains("outside the projects"), "{outside}");
    assert!(call(&restricted(&own), "sentry_issue_events", ask).await.is_ok());
    let releases = call(&restricted(other), "sentry_releases", json!({})).await.unwrap().structured;
    assert!(releases["rows"].as_array().unwrap().iter().all(|row| row["project"] == other), "{releases:#}");
}
