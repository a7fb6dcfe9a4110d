//! What somebody leaked, what the environment holds, our own keys: cut from every answer, error and command.

use super::questions;
use crate::program::{Folder, run};
use crate::rig::{Rig, call};
use prodview_demo::{Fault, IncidentKind, Service};
use serde_json::{Value, json};

/// Everything in the demo that must never be seen: what somebody leaked, what the application's environment holds.
async fn secrets(rig: &Rig) -> Vec<String> {
    let world = rig.demo.world();
    let mut all: Vec<String> = world
        .stripe
        .live
        .iter()
        .filter_map(|o| o["metadata"]["import_token"].as_str())
        .map(str::to_owned)
        .collect();
    let events = world.issues.iter().flat_map(|i| &i.events);
    all.extend(events.filter_map(|e| e.extra.get("token")?.as_str().map(str::to_owned)));
    all.extend(world.stripe.live.iter().filter_map(|o| o["client_secret"].as_str()).map(str::to_owned));
    // Asked by another client than ours, so that the test knows what ours must not say.
    #[expect(clippy::disallowed_types, reason = "the truth to compare with")]
    let client = {
        // The wires install it too; here none may have been made yet.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().no_proxy().build().unwrap()
    };
    let asked = client
        .post(format!("{}/api/query", rig.demo.origin(Service::Convex)))
        .header("authorization", format!("Convex {}", rig.demo.key(Service::Convex)))
        .json(&json!({ "path": "_system/cli/queryEnvironmentVariables", "args": {}, "format": "json" }));
    let variables: Value = asked.send().await.unwrap().json().await.unwrap();
    let values: Vec<&str> =
        variables["value"].as_array().unwrap().iter().filter_map(|v| v["value"].as_str()).collect();
    // The site's own address is no secret, and stands in every request of its.
    all.extend(
        values.into_iter().filter(|v| *v != format!("https://{}", world.company.domain)).map(str::to_owned),
    );
    assert!(all.len() > 50, "only {} secrets: does the demo still leak?", all.len());
    all
}

fn keys(rig: &Rig) -> Vec<String> {
    let mut all: Vec<String> = [Service::Sentry, Service::Stripe, Service::Convex, Service::Upstash]
        .map(|s| rig.demo.key(s).to_owned())
        .to_vec();
    let after_bar = rig.demo.key(Service::Convex).split_once('|').unwrap().1.to_owned();
    all.push(after_bar);
    all
}

#[tokio::test]
async fn no_secret_of_the_demo_is_ever_told() {
    for seed in [1, 11] {
        let rig = Rig::seeded(seed).await;
        let mut secrets = secrets(&rig).await;
        secrets.extend(keys(&rig));
        let mut cut = 0;
        for (tool, ask) in questions(&rig) {
            let told = rig.call_fresh(tool, ask.clone()).await.unwrap();
            let all = format!("{} {}", told.structured, told.page.to_text());
            let seen: Vec<&String> = secrets.iter().filter(|secret| all.contains(secret.as_str())).collect();
            assert!(seen.is_empty(), "{tool} {ask}: {seen:?}");
            cut += all.matches("[redacted: ").count();
        }
        assert!(cut >= 4, "only {cut} secrets were cut: were the leaks shown at all?");
    }
}

// On threads of its own: the demo must answer while the program is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn no_key_or_variable_is_told_by_check_or_by_failures() {
    let rig = Rig::new().await;
    let mut secrets = secrets(&rig).await;
    secrets.extend(keys(&rig));
    let told = |what: &str, all: &str| {
        let seen: Vec<&String> = secrets.iter().filter(|secret| all.contains(secret.as_str())).collect();
        assert!(seen.is_empty(), "{what}: {seen:?} in {all}");
    };
    let folder = Folder::configured(&rig.demo.config_toml());
    for args in [
        &["check", "--settings"][..],
        &["check", "--settings", "--json"],
        &["call", "list_sources", "--json"],
        &["tools"],
    ] {
        let ended = run(&folder, args, &[("RUST_LOG", "trace")]);
        told(&format!("{args:?}"), &ended.all());
        if args.contains(&"--settings") {
            assert!(ended.out.contains("STRIPE_SECRET_KEY"), "its name is told: {}", ended.out);
        }
    }
    for fault in [
        Fault::Status(500),
        Fault::Status(401),
        Fault::Status(403),
        Fault::Html,
        Fault::CutJson,
        Fault::Reset,
        Fault::Limited { retry_after_s: Some(60) },
    ] {
        for service in [Service::Sentry, Service::Stripe, Service::Convex, Service::Upstash] {
            rig.demo.fault(service, "", fault.clone());
        }
        // Another app: what it remembers of a limit must not spare it the next fault.
        let app = rig.configured(|t| t);
        let paid = rig.incident(IncidentKind::PaidNoAccess);
        for (tool, ask) in [
            ("list_sources", json!({})),
            ("find_user", json!({ "who": paid.email })),
            ("list_errors", json!({})),
            ("describe_state", json!({})),
            ("query_state", json!({ "source": "upstash", "query": "GET flags" })),
        ] {
            match call(&app, tool, ask).await {
                Ok(answer) => told(tool, &format!("{} {}", answer.structured, answer.page.to_text())),
                Err(error) => told(tool, &format!("{error} {error:?}")),
            }
        }
        rig.demo.clear_faults();
    }
}

#[tokio::test]
async fn our_own_keys_are_not_echoed_in_any_spelling() {
    let rig = Rig::new().await;
    for key in keys(&rig) {
        for spelling in &spellings(&key) {
            for (tool, argument) in [
                ("find_user", "who"),
                ("list_errors", "query"),
                ("list_errors", "user"),
                ("list_errors", "project"),
                ("list_errors", "environment"),
                ("list_errors", "cursor"),
                ("get_error", "id"),
                ("payment_intent_status", "id"),
                ("trace_payment", "id"),
                ("trace_payment", "who"),
                ("reconcile_payments", "cursor"),
                ("webhook_deliveries", "object"),
                ("webhook_deliveries", "event_type"),
                ("webhook_deliveries", "endpoint"),
                ("webhook_deliveries", "since"),
                ("describe_state", "table"),
                ("describe_state", "source"),
                ("find_records", "table"),
                ("find_records", "cursor"),
            ] {
                let mut ask = json!({ argument: spelling });
                if tool == "find_records" && argument != "table" {
                    ask["table"] = json!("users");
                }
                let all = match rig.call_fresh(tool, ask).await {
                    Ok(told) => format!("{} {}", told.structured, told.page.to_text()),
                    Err(error) => format!("{error}"),
                };
                assert!(!all.contains(spelling.as_str()) && !all.contains(&key), "{tool} {argument}: {all}");
            }
            let ask = json!({ "table": "users", "where": { "name": spelling, (spelling.clone()): "x" }, "fields": [spelling] });
            let all = match rig.call_fresh("find_records", ask).await {
                Ok(told) => format!("{} {}", told.structured, told.page.to_text()),
                Err(error) => format!("{error}"),
            };
            assert!(!all.contains(spelling.as_str()) && !all.contains(&key), "find_records where: {all}");
        }
    }
}

/// The ways in which a key is written down on its way.
pub(super) fn spellings(key: &str) -> Vec<String> {
    let percent: String = key.bytes().map(|b| format!("%{b:02X}")).collect();
    let component: String = key
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02X}", u32::from(c)) })
        .collect();
    let json: String = key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    vec![
        key.to_owned(),
        base64(key.as_bytes()),
        base64(format!("u:{key}").as_bytes()),
        percent,
        component,
        json,
        format!("Bearer {key}"),
    ]
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = char::from(LETTERS[(bits >> (18 - 6 * place)) as usize & 63]);
            out.push(if place <= three.len() { letter } else { '=' });
        }
    }
    out
}
