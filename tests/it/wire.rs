//! The wire itself, against services that misbehave: each test fails when the one layer it names is taken out.

#[path = "wire/reading.rs"]
mod reading;
#[path = "wire/retries.rs"]
mod retries;
#[path = "wire/sharing.rs"]
mod sharing;

use crate::rig::Rig;
use crate::stand_in::{StandIn, reply};
use axum::http::header::AUTHORIZATION;
use prodview_demo::Service;
use prodview_guard::{
    Ask, Auth, ConvexQuery, Failure, FailureKind, Origin, Provider, Reply, Route, Secret, Segment, Wire,
    WireSettings,
};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::time::Duration;

const BALANCE: Route = Route::get(Provider::Stripe, "/v1/balance");
const CHARGE: Route = Route::get(Provider::Stripe, "/v1/charges/{id}");
const ISSUES: Route = Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/issues/");

/// Long enough that only a hang reaches it, whatever else the machine does.
const LONG: Duration = Duration::from_secs(20);

fn key() -> String {
    format!("rk_live_{}", "5wirekey".repeat(6))
}

/// A wire to Stripe's stand-in: no cache and no limits, unless the test is about them.
fn wire_to(origin: &str, change: impl FnOnce(&mut WireSettings)) -> Wire {
    let key = Secret::new(key());
    let mut settings =
        WireSettings::new("stripe", Provider::Stripe, Origin::parse(origin).unwrap(), Auth::Bearer(key));
    settings.timeout = LONG;
    settings.per_second = NonZeroU32::new(10_000).unwrap();
    settings.max_concurrency = 100;
    settings.cache = Duration::ZERO;
    change(&mut settings);
    Wire::new(settings).unwrap()
}

/// The same to the demo's Stripe, with the demo's key.
fn wire_to_demo(rig: &Rig, change: impl FnOnce(&mut WireSettings)) -> Wire {
    wire_to(&rig.demo.origin(Service::Stripe), |settings| {
        settings.auth = Auth::Bearer(Secret::new(rig.demo.key(Service::Stripe).to_owned()));
        change(settings);
    })
}

async fn read(wire: &Wire, ask: Ask) -> Result<Reply<Value>, Failure> {
    wire.read::<Value>(ask).await
}

async fn balance(wire: &Wire) -> Result<Value, Failure> {
    read(wire, BALANCE.ask()).await.map(|reply| reply.body)
}

fn charge(id: &str) -> Ask {
    CHARGE.ask().segment(Segment::new(id).unwrap())
}

/// Guards: `redirect::Policy::none`. Followed, the key would go wherever an answer points.
#[tokio::test]
async fn a_redirect_is_not_followed_and_carries_no_key_anywhere() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = StandIn::answering(r#"{"here": true}"#).await;
        let location = format!("{}/v1/balance", elsewhere.origin);
        let stand_in = StandIn::new(move |_| {
            let location = location.clone();
            async move { reply(status, &[("location", &location)], "{}") }
        })
        .await;
        let failure = balance(&wire_to(&stand_in.origin, |_| {})).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Odd, "{status}");
        assert!(failure.to_string().contains("base_url"), "{failure}");
        assert_eq!((stand_in.asked(), elsewhere.asked()), (1, 0), "{status}");
    }
}

/// Guards: where `send` puts the key. It must not be in the URL, in the body or in a second header.
#[tokio::test]
async fn the_key_is_in_the_authorization_header_and_nowhere_else() {
    let stand_in = StandIn::answering("{}").await;
    balance(&wire_to(&stand_in.origin, |s| s.headers.push(("stripe-version", "2026-10-28".into()))))
        .await
        .unwrap();
    let convex = wire_to(&stand_in.origin, |settings| {
        settings.provider = Provider::Convex;
        settings.auth = Auth::Convex(Secret::new(key()));
    });
    let query = ConvexQuery::app("users:byEmail", json!({ "email": "a@b.dev" })).unwrap();
    read(&convex, Ask::convex_query(query)).await.unwrap();
    let seen = stand_in.seen();
    let schemes: Vec<&str> = seen.iter().map(|s| s.headers[AUTHORIZATION].to_str().unwrap()).collect();
    assert_eq!(schemes, [format!("Bearer {}", key()), format!("Convex {}", key())]);
    assert_eq!(seen[0].headers["stripe-version"], "2026-10-28");
    assert!(seen[1].body.contains("a@b.dev"), "{:?}", seen[1]);
    for mut request in seen {
        request.headers.remove(AUTHORIZATION);
        let rest = format!("{request:?}");
        assert!(!rest.contains(&key()), "{rest}");
    }
}

/// Guards: the comparison of providers at the top of `Wire::read`.
#[tokio::test]
async fn the_route_of_another_provider_is_refused_unasked() {
    let stand_in = StandIn::answering("{}").await;
    let wire = wire_to(&stand_in.origin, |_| {});
    let issues = ISSUES.ask().segment(Segment::new("acme").unwrap());
    let query = Ask::convex_query(ConvexQuery::app("users:list", json!({})).unwrap());
    for ask in [issues, query] {
        assert_eq!(read(&wire, ask).await.unwrap_err().kind, FailureKind::Refused);
    }
    assert_eq!(stand_in.asked(), 0);
}

/// Guards: `Ask::url` before anything is sent: a question with an open slot has no address.
#[tokio::test]
async fn a_question_that_is_not_finished_is_refused_unasked() {
    let stand_in = StandIn::answering("{}").await;
    let wire = wire_to(&stand_in.origin, |_| {});
    for ask in [
        CHARGE.ask(),
        BALANCE.ask().segment(Segment::new("x").unwrap()),
        BALANCE.ask().query("q", "x".repeat(5_000)),
    ] {
        assert_eq!(read(&wire, ask).await.unwrap_err().kind, FailureKind::Refused);
    }
    assert_eq!(stand_in.asked(), 0);
}

/// Guards: `WireSettings::proxy` reaching the client.
#[tokio::test]
async fn a_configured_proxy_is_used() {
    let proxy = StandIn::answering(r#"{"by": "proxy"}"#).await;
    let origin = StandIn::answering(r#"{"by": "origin"}"#).await;
    let wire = wire_to(&origin.origin, |s| s.proxy = Some(proxy.origin.clone()));
    assert_eq!(balance(&wire).await.unwrap(), json!({ "by": "proxy" }));
    assert_eq!(proxy.seen()[0].target, format!("{}/v1/balance", origin.origin));
    assert_eq!(origin.asked(), 0);
}

/// Guards: `no_proxy` when none is configured. A variable of the environment is not a setting of ours; and a
/// variable can be set only for a process of its own.
#[tokio::test]
#[expect(clippy::disallowed_types, reason = "the environment of this process is shared by all its tests")]
async fn a_proxy_of_the_environment_is_ignored() {
    let rig = Rig::new().await;
    let proxy = StandIn::answering("{}").await;
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("environment-proxy.toml");
    std::fs::write(&file, rig.demo.config_toml()).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_prodview"));
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, &proxy.origin);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy").arg("--config").arg(&file).args([
        "call",
        "describe_state",
        "--json",
    ]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(proxy.asked(), 0);
    assert!(rig.demo.record().iter().any(|asked| asked.service == Service::Convex));
}

/// Guards: `Connection refused` ending as a failure, also when nobody ever listened there.
#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let failure = balance(&wire_to(&closed_port(), |_| {})).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert_eq!(failure.to_string(), "could not be reached");
}

/// An origin where nobody listens.
pub fn closed_port() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
