//! `prodview check`: is each source reachable, as whom, and could its key write?

#[path = "check/mapping.rs"]
mod mapping;

use super::{demo, ends};
use crate::program::{Ended, Folder, run};
use crate::rig::Rig;
use crate::silent;
use prodview_demo::{Fault, Service};
use serde_json::Value;

fn check(rig: &Rig, toml: &str, json: bool) -> Ended {
    let args: &[&str] = if json { &["check", "--json"] } else { &["check"] };
    let ended = run(&Folder::configured(toml), args, &[]);
    for service in [Service::Sentry, Service::Stripe, Service::Convex] {
        assert!(!ended.all().contains(rig.demo.key(service)), "a key was printed: {}", ended.all());
    }
    assert!(!ended.all().contains(rig.demo.key_that_could_write()), "a key was printed: {}", ended.all());
    ended
}

fn source<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["sources"].as_array().unwrap().iter().find(|s| s["source"] == name).unwrap()
}

#[test]
fn the_demo_is_well() {
    let people = demo(&["check", "--demo"]);
    ends(&people, 0);
    for word in ["stripe (stripe, ", "sentry (sentry, ", "convex (convex, ", ": ok", "its key may: "] {
        assert!(people.out.contains(word), "{word}: {}", people.out);
    }
    let programs = demo(&["check", "--demo", "--json", "--settings"]);
    ends(&programs, 0);
    let report = programs.json();
    assert_eq!(report["well"], true);
    for (name, could_write) in [("stripe", "unknown"), ("sentry", "no"), ("convex", "no")] {
        let source = source(&report, name);
        assert_eq!(
            (&source["well"], source["could_write"].as_str()),
            (&Value::Bool(true), Some(could_write)),
            "{name}"
        );
        assert!(!source["settings"].as_array().unwrap().is_empty(), "{name}");
        assert!(!source["least_privilege"].as_str().unwrap().is_empty());
    }
}

#[test]
fn nothing_connected_is_not_well() {
    let ended = demo(&["check"]);
    ends(&ended, 1);
    assert!(
        ended.out.contains("STRIPE_API_KEY") && ended.out.contains("prodview.toml.example"),
        "{}",
        ended.out
    );
    let json = demo(&["check", "--json"]);
    ends(&json, 1);
    assert_eq!(json.json()["well"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_down_or_refuses_is_named_and_the_others_are_well() {
    let rig = Rig::new().await;
    for (service, name, fault) in [
        (Service::Stripe, "stripe", Fault::Status(503)),
        (Service::Sentry, "sentry", Fault::Status(401)),
        (Service::Convex, "convex", Fault::Html),
        (Service::Sentry, "sentry", Fault::Reset),
        (Service::Stripe, "stripe", Fault::CutJson),
    ] {
        rig.demo.clear_faults();
        rig.demo.fault(service, "", fault.clone());
        let ended = check(&rig, &rig.demo.config_toml(), true);
        ends(&ended, 1);
        let report = ended.json();
        assert_eq!(report["well"], false, "{fault:?}");
        for other in ["stripe", "sentry", "convex"] {
            assert_eq!(source(&report, other)["well"], other != name, "{other} under {fault:?}: {report:#}");
        }
        assert!(!source(&report, name)["troubles"].as_array().unwrap().is_empty());
        let people = check(&rig, &rig.demo.config_toml(), false);
        ends(&people, 1);
        assert_eq!(people.out.matches("NOT WELL").count(), 1, "{}", people.out);
        assert!(people.out.contains("trouble: "), "{}", people.out);
    }
    rig.demo.clear_faults();
    ends(&check(&rig, &rig.demo.config_toml(), true), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_wrong_is_told_without_being_shown() {
    let rig = Rig::new().await;
    let wrong = silent::key();
    let toml = rig.demo.config_toml().replace(rig.demo.key(Service::Stripe), &wrong);
    for json in [true, false] {
        let ended = check(&rig, &toml, json);
        ends(&ended, 1);
        assert!(!ended.all().contains(&wrong), "{}", ended.all());
    }
    assert!(rig.demo.record().iter().any(|asked| !asked.authorised));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_could_write_is_a_warning_and_where_it_must_not_a_trouble() {
    let rig = Rig::new().await;
    let strong =
        rig.demo.config_toml().replace(rig.demo.key(Service::Stripe), rig.demo.key_that_could_write());
    let warned = check(&rig, &strong, true);
    ends(&warned, 0);
    let stripe = source(&warned.json(), "stripe").clone();
    assert_eq!(stripe["could_write"], "yes");
    assert!(stripe["warnings"][0].as_str().unwrap().contains("could write"));
    let people = check(&rig, &strong, false);
    assert!(people.out.contains("a lesser key: Make a restricted key"), "{}", people.out);
    let strict = format!("{strong}\n[settings]\nrequire_readonly_keys = true\n");
    let refused = check(&rig, &strict, true);
    ends(&refused, 1);
    assert!(
        source(&refused.json(), "stripe")["troubles"][0].as_str().unwrap().contains("require_readonly_keys")
    );
    // And it is really refused.
    rig.demo.clear_record();
    let call = run(
        &Folder::configured(&strict),
        &["call", "payment_intent_status", "id=zoe@acme.example", "--json"],
        &[],
    );
    assert!(call.all().contains("require_readonly_keys"), "{}", call.all());
    let asked: Vec<String> = rig.demo.record().into_iter().map(|a| a.path).collect();
    assert!(
        !asked.iter().any(|path| path.starts_with("/v1/payment_intents") || path.starts_with("/v1/charges")),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_the_configuration_is_printed_by_any_command() {
    let rig = Rig::new().await;
    let folder = Folder::configured(&rig.demo.config_toml());
    let env = [("PRODVIEW_LOG", "trace")];
    for args in [
        vec!["check"],
        vec!["check", "--json", "--settings"],
        vec!["tools", "--json"],
        vec!["call", "list_sources"],
        vec!["call", "find_records", "table=users", "--json"],
        vec!["call", "list_errors", "since=14d"],
    ] {
        let ended = run(&folder, &args, &env);
        ends(&ended, 0);
        for service in [Service::Sentry, Service::Stripe, Service::Convex] {
            let key = rig.demo.key(service);
            let inner = key.rsplit('|').next().unwrap();
            assert!(!ended.all().contains(inner), "{args:?} printed the key of {service:?}: {}", ended.all());
        }
    }
}
