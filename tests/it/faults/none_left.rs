//! Nobody answers, or one of two of a kind.

use super::*;
use crate::wire::closed_port;
use prodview::server::Server;

/// The same configuration with every service at a port where nobody listens.
fn unreachable(rig: &Rig) -> Arc<App> {
    rig.configured(|mut toml| {
        for service in SERVICES {
            toml = toml.replace(&rig.demo.origin(service), &closed_port());
        }
        toml
    })
}

#[tokio::test]
async fn when_nobody_answers_each_is_named_with_its_reason() {
    let rig = Rig::new().await;
    for service in SERVICES {
        rig.demo.fault(service, "", Fault::Status(500));
    }
    for (app, says) in
        [(rig.configured(|toml| toml), "HTTP 500"), (unreachable(&rig), "could not be reached")]
    {
        for (tool, ask) in questions(&rig) {
            let cache = ask["source"] == "upstash";
            let told = in_time(&app, tool, ask, LONGEST_CALL).await;
            if tool == "list_sources" {
                // Here, failures are what one asks for.
                let answer = told.unwrap().structured;
                for service in SERVICES {
                    let report = report(&answer, name(service)).unwrap();
                    assert_eq!(report["status"], "unreachable", "{report}");
                    assert!(report["notes"].to_string().contains(says), "{report}");
                }
                continue;
            }
            let Err(ToolError::Unavailable(why)) = told else { panic!("{tool}: {told:?}") };
            let needed: &[&str] = match tool {
                _ if cache => &["upstash"],
                "find_user" | "user_timeline" => &["sentry", "stripe", "convex"],
                "list_errors" => &["sentry", "convex"],
                // The id is of a shape that only Sentry gives.
                "get_error" => &["sentry"],
                // The app's own records are looked for only when there is a payment or an event to look for.
                "payment_intent_status" | "webhook_deliveries" => &["stripe"],
                "trace_payment" | "reconcile_payments" => &["stripe", "convex"],
                _ => &["convex"],
            };
            for source in needed {
                assert!(why.contains(&format!("{source}: ")), "{tool}: {why}");
            }
            assert_eq!(why.matches(says).count(), needed.len(), "{tool}: {why}");
        }
    }
}

/// Being listed depends on what is configured, not on who is there.
#[tokio::test]
async fn with_everything_unreachable_the_list_of_tools_is_whole() {
    let rig = Rig::new().await;
    let (all, alone) = (Server::new(rig.app.clone()).tools(), Server::new(unreachable(&rig)).tools());
    assert_eq!(all.len(), 12);
    assert_eq!(json!(alone), json!(all));
    assert_eq!(rig.demo.record().len(), 0, "a list costs no request");
}

/// One account knows nothing of it and the other one cannot be asked: that is no absence.
#[tokio::test]
async fn what_one_account_lacks_another_that_is_down_may_have() {
    let rig = Rig::new().await;
    let second =
        format!("[sources.stripe-eu]\nprovider = \"stripe\"\nkey = \"rk_live_{}\"\n", "0second".repeat(6));
    let app = |eu: &str| {
        let section = format!("{second}base_url = \"{eu}\"\n");
        rig.configured(|toml| toml.replace("[sources.stripe]\n", &format!("{section}\n[sources.stripe]\n")))
    };
    let down = app(&closed_port());
    for (tool, ask) in [
        ("payment_intent_status", json!({ "id": "pi_nobodyHasThisOne1" })),
        ("payment_intent_status", json!({ "id": "nobody@nowhere.example" })),
        ("find_user", json!({ "who": "nobody@nowhere.example" })),
        ("webhook_deliveries", json!({ "object": "pi_nobodyHasThisOne1" })),
        ("webhook_deliveries", json!({ "event_type": "nobody.sends_this" })),
    ] {
        let told = call(&down, tool, ask.clone()).await;
        let told = told.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        let answer = &told.structured;
        assert_eq!(report(answer, "stripe-eu").unwrap()["status"], "unreachable", "{answer}");
        for finding in answer["findings"].as_array().unwrap() {
            let what = finding["what"].as_str().unwrap();
            let of_one_that_answered =
                ["stripe does", "convex does"].iter().any(|start| what.starts_with(start));
            let hedged =
                what.contains("not every source answered") || what.contains("not everything was seen");
            let absent = ["no payment", "does not", "no event", "nothing wrong", "every event"]
                .iter()
                .any(|w| what.contains(w));
            assert!(!absent || of_one_that_answered || hedged, "{tool} {ask}: {what}");
        }
        assert!(told.page.to_text().contains("stripe-eu: gave no answer"), "{}", told.page.to_text());
    }
}

/// A wrong address, whose server knows no such page, is not a source that knows no such person.
#[tokio::test]
async fn a_page_that_is_not_found_is_no_absence() {
    let rig = Rig::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("http://{}", listener.local_addr().unwrap());
    let page = || async {
        let html = [(axum::http::header::CONTENT_TYPE, "text/html")];
        (axum::http::StatusCode::NOT_FOUND, html, "<h1>no such page</h1>")
    };
    let serving =
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(page)).await });
    let app = rig.configured(|mut toml| {
        for service in SERVICES {
            toml = toml.replace(&rig.demo.origin(service), &elsewhere);
        }
        toml
    });
    for (tool, ask) in questions(&rig) {
        // An error's id is asked of lists that older versions of Sentry lack, so there "not found" stays an answer.
        if matches!(tool, "list_sources" | "get_error") {
            continue;
        }
        let told = in_time(&app, tool, ask, LONGEST_CALL).await;
        assert!(matches!(told, Err(ToolError::Unavailable(_))), "{tool}: {told:?}");
    }
    serving.abort();
}
