//! What is asked again, how often, and how long is waited for it.

use super::*;
use futures_util::future::join_all;
use jiff::Timestamp;
use prodview_demo::Fault;
use prodview_guard::{Explained, deadline};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Guards: `MAX_RETRIES` and the choice of `Again` in `refusal` and `broken`. Asked again are broken connections, 429
/// and 502 to 504; whatever else is wrong would be wrong again, and a time-out has used up its time.
#[tokio::test]
async fn only_what_may_pass_is_asked_again_and_at_most_twice() {
    let rig = Rig::new().await;
    let mut cases = vec![
        (Fault::Limited { retry_after_s: None }, 3),
        (Fault::Limited { retry_after_s: Some(1) }, 3),
        (Fault::Reset, 3),
        (Fault::Truncated, 3),
        (Fault::CutJson, 1),
        (Fault::Html, 1),
        (Fault::Huge(9 << 20), 1),
        (Fault::Hang, 1),
        (Fault::SlowBody(Duration::from_secs(60)), 1),
    ];
    cases.extend([502, 503, 504].map(|status| (Fault::Status(status), 3)));
    cases.extend(
        [400, 401, 402, 403, 404, 408, 409, 410, 422, 425, 500, 501, 505].map(|s| (Fault::Status(s), 1)),
    );
    let outcomes = cases.iter().enumerate().map(|(i, (fault, expected))| {
        // A path of its own for each, so that the record tells them apart.
        let id = format!("ch_case{i}x");
        rig.demo.fault(Service::Stripe, &format!("/v1/charges/{id}"), fault.clone());
        let waits = matches!(fault, Fault::Hang | Fault::SlowBody(_));
        let wire = wire_to_demo(&rig, |s| s.timeout = if waits { Duration::from_millis(700) } else { LONG });
        async move {
            let outcome = read(&wire, charge(&id)).await;
            (fault, *expected, format!("/v1/charges/{id}"), outcome)
        }
    });
    for (fault, expected, path, outcome) in join_all(outcomes).await {
        let asked = rig.demo.record().iter().filter(|r| r.path == path).count();
        assert_eq!(asked, expected, "{fault:?}");
        let kind = outcome.expect_err("the fault").kind;
        let due = match fault {
            Fault::Limited { retry_after_s } => {
                FailureKind::Limited { retry_after: retry_after_s.map(Duration::from_secs) }
            }
            Fault::Hang | Fault::SlowBody(_) => FailureKind::Timeout,
            Fault::Reset | Fault::Truncated | Fault::Status(502..=504) => FailureKind::Unreachable,
            Fault::Status(401 | 403) => FailureKind::Denied,
            // There is no such charge, and the status says so, whatever becomes of the body.
            Fault::CutJson | Fault::Status(404 | 410) => FailureKind::NotFound,
            Fault::Status(400 | 422) => FailureKind::Invalid,
            _ => FailureKind::Odd,
        };
        assert_eq!(kind, due, "{fault:?}");
    }
}

/// Guards: the retry itself. What passes after one or two failures is an answer.
#[tokio::test]
async fn what_passes_in_time_is_answered() {
    let rig = Rig::new().await;
    for (times, answered) in [(1, true), (2, true), (3, false)] {
        for fault in [Fault::Status(503), Fault::Reset, Fault::Limited { retry_after_s: Some(0) }] {
            rig.demo.clear_record();
            rig.demo.clear_faults();
            rig.demo.fault_times(Service::Stripe, "/v1/balance", fault.clone(), times);
            let outcome = balance(&wire_to_demo(&rig, |_| {})).await;
            assert_eq!(outcome.is_ok(), answered, "{fault:?} {times}: {outcome:?}");
            assert_eq!(rig.demo.record().len(), (times + 1).min(3), "{fault:?} {times}");
        }
    }
}

/// Guards: `broken` for connections that end before any answer.
#[tokio::test]
async fn a_connection_that_is_closed_at_once_is_opened_three_times() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok(connection) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
    let failure = balance(&wire_to(&origin, |_| {})).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert_eq!(opened.load(Ordering::SeqCst), 3);
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The three ways in which a provider says when to come back.
fn come_back(after_s: i64) -> [(&'static str, String); 3] {
    let at = Timestamp::now() + jiff::SignedDuration::from_secs(after_s);
    [
        ("retry-after", after_s.to_string()),
        ("retry-after", http_date(at)),
        ("x-sentry-rate-limit-reset", at.as_second().to_string()),
    ]
}

/// Guards: `Again::After` and `retry_after`. The wait is the provider's; a date is cut to whole seconds, so up to one
/// of the two may be missing.
#[tokio::test]
async fn a_provider_that_asks_to_wait_is_waited_for() {
    let cases = come_back(2).into_iter().flat_map(|header| [429, 503].map(|status| (status, header.clone())));
    join_all(cases.map(async |(status, (name, value))| {
        let said = value.clone();
        let stand_in = StandIn::once(move || reply(status, &[(name, &value)], "{}")).await;
        let started = Instant::now();
        balance(&wire_to(&stand_in.origin, |_| {})).await.unwrap();
        assert!(
            started.elapsed() >= Duration::from_millis(900),
            "{status} {name}: {said} after {:?}",
            started.elapsed()
        );
        assert_eq!(stand_in.asked(), 2, "{status} {name}: {said}");
    }))
    .await;
}

/// Guards: `fits_the_deadline`, and `Budget::turn` for those who come later.
#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    join_all(come_back(300).map(async |(name, value)| {
        let stand_in = StandIn::once(move || reply(429, &[(name, &value)], "{}")).await;
        let wire = wire_to(&stand_in.origin, |_| {});
        let started = Instant::now();
        for later in [false, true] {
            let failure = deadline::within(LONG, balance(&wire)).await.unwrap_err();
            let FailureKind::Limited { retry_after: Some(wait) } = failure.kind else {
                panic!("{name}: {failure}")
            };
            assert!((250..=300).contains(&wait.as_secs()), "{name}, later {later}: {wait:?}");
            // Who comes later is told at once too: the provider is not asked while it wants to be left alone.
            assert_eq!(stand_in.asked(), 1, "{name}, later {later}");
        }
        assert!(started.elapsed() < LONG / 2, "{name}: {:?}", started.elapsed());
    }))
    .await;
}

/// Guards: the same for a server that is down for longer than anybody waits.
#[tokio::test]
async fn a_server_that_is_down_for_long_is_not_waited_for() {
    let stand_in = StandIn::once(|| reply(503, &[("retry-after", "300")], "{}")).await;
    let started = Instant::now();
    let failure = deadline::within(LONG, balance(&wire_to(&stand_in.origin, |_| {}))).await.unwrap_err();
    assert_eq!((failure.kind, stand_in.asked()), (FailureKind::Unreachable, 1));
    assert!(started.elapsed() < LONG / 2);
}

/// Guards: `Budget::be_quiet` for questions that were not limited themselves.
#[tokio::test]
async fn while_a_provider_wants_quiet_nobody_asks() {
    let stand_in = StandIn::once(|| reply(429, &[("retry-after", "2")], "{}")).await;
    let wire = wire_to(&stand_in.origin, |_| {});
    let limited = wire.clone();
    let first = tokio::spawn(async move { balance(&limited).await });
    stand_in.until(|s| s.asked() == 1).await;
    // The refusal is under way; a moment later everybody knows of it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    read(&wire, charge("ch_other")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(800), "{:?}", started.elapsed());
    first.await.unwrap().unwrap();
}

/// Guards: `refuses_retry`. Stripe knows when asking again cannot help.
#[tokio::test]
async fn stripe_may_forbid_to_ask_again() {
    for status in [429, 502, 503, 504] {
        for (word, requests) in [("false", 1), ("true", 3)] {
            let stand_in =
                StandIn::new(move |_| async move { reply(status, &[("stripe-should-retry", word)], "{}") })
                    .await;
            balance(&wire_to(&stand_in.origin, |_| {})).await.unwrap_err();
            assert_eq!(stand_in.asked(), requests, "{status} {word}");
        }
    }
}

fn explain(_: u16, body: &Value) -> Explained {
    let limited = body["error"]["code"] == "rate_limit";
    Explained { kind: limited.then_some(FailureKind::Limited { retry_after: None }), hint: None }
}

/// Guards: `explain` deciding the kind before `Again` is chosen: a limit that a provider tells with another status.
#[tokio::test]
async fn a_limit_is_a_limit_whatever_its_status() {
    let limit = |wait: &'static str| {
        StandIn::once(move || reply(400, &[("retry-after", wait)], r#"{"error": {"code": "rate_limit"}}"#))
    };
    let stand_in = limit("1").await;
    balance(&wire_to(&stand_in.origin, |s| s.explain = explain)).await.unwrap();
    assert_eq!(stand_in.asked(), 2);
    // The body knows of the limit, the headers how long it lasts: both are told.
    let stand_in = limit("300").await;
    let failure = deadline::within(LONG, balance(&wire_to(&stand_in.origin, |s| s.explain = explain)))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Limited { retry_after: Some(Duration::from_secs(300)) });
}
