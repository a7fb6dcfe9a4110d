//! What several questions share: one request, a short memory, the budget, the time that is left.

use super::*;
use futures_util::future::join_all;
use prodview_demo::Fault;
use prodview_guard::deadline;
use std::time::Instant;

const KEPT_FOR: Duration = Duration::from_secs(600);

/// A stand-in that takes a while, so that questions meet.
async fn slow() -> StandIn {
    StandIn::new(async |nth| {
        tokio::time::sleep(Duration::from_millis(200)).await;
        reply(200, &[], format!(r#"{{"nth": {nth}}}"#))
    })
    .await
}

fn cached(origin: &str) -> Wire {
    wire_to(origin, |s| s.cache = KEPT_FOR)
}

/// Guards: `try_get_with`: a cache alone would let all ten through.
#[tokio::test]
async fn ten_who_ask_the_same_at_once_cost_one_request() {
    let stand_in = slow().await;
    let wire = cached(&stand_in.origin);
    let answers = join_all((0..10).map(|_| read(&wire, BALANCE.ask()))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|a| a.body == json!({ "nth": 0 })));
    assert_eq!(stand_in.asked(), 1);
    assert_eq!(
        answers.iter().filter(|a| a.age.is_none()).count(),
        1,
        "one asked, nine were given its answer"
    );
}

/// Guards: the age. An answer that was given before says so; a fresh one does not.
#[tokio::test]
async fn an_answer_from_memory_says_how_old_it_is() {
    let stand_in = StandIn::answering("{}").await;
    let wire = cached(&stand_in.origin);
    assert_eq!(read(&wire, BALANCE.ask()).await.unwrap().age, None);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let age = read(&wire, BALANCE.ask()).await.unwrap().age.unwrap();
    assert!(age >= Duration::from_millis(250), "{age:?}");
    assert_eq!(stand_in.asked(), 1);
}

/// Guards: `time_to_live`.
#[tokio::test]
async fn memory_is_short() {
    let stand_in = StandIn::answering("{}").await;
    let wire = wire_to(&stand_in.origin, |s| s.cache = Duration::from_millis(100));
    balance(&wire).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(read(&wire, BALANCE.ask()).await.unwrap().age, None);
    assert_eq!(stand_in.asked(), 2);
}

/// Guards: the cache's key: the URL with its query, and the body.
#[tokio::test]
async fn another_question_is_another_request() {
    let stand_in = slow().await;
    let wire = cached(&stand_in.origin);
    let asks = [charge("ch_1"), charge("ch_2"), charge("ch_1").query("expand[]", "customer")];
    let answers = join_all(asks.map(|ask| read(&wire, ask))).await;
    assert_eq!((answers.len(), stand_in.asked()), (3, 3));
    let convex = wire_to(&stand_in.origin, |s| {
        s.provider = Provider::Convex;
        s.cache = KEPT_FOR;
    });
    let query = |who| Ask::convex_query(ConvexQuery::app("users:byEmail", json!({ "email": who })).unwrap());
    let [a, b, again] = ["a@b.dev", "b@b.dev", "a@b.dev"].map(query);
    let bodies = join_all([a, b].map(|ask| read(&convex, ask))).await;
    assert_ne!(bodies[0].as_ref().unwrap().body, bodies[1].as_ref().unwrap().body);
    assert_eq!(read(&convex, again).await.unwrap().body, bodies[0].as_ref().unwrap().body);
    assert_eq!(stand_in.asked(), 5);
}

/// Guards: `may_be_cached`, and `cache = "0s"`: then nothing is shared either.
#[tokio::test]
async fn without_a_cache_everybody_asks() {
    let (uncached, fresh) = (slow().await, slow().await);
    let wire = wire_to(&uncached.origin, |_| {});
    join_all((0..3).map(|_| balance(&wire))).await;
    balance(&wire).await.unwrap();
    assert_eq!(uncached.asked(), 4);
    let wire = cached(&fresh.origin);
    join_all((0..3).map(|_| read(&wire, BALANCE.ask().fresh()))).await;
    balance(&wire).await.unwrap();
    assert_eq!(fresh.asked(), 4, "a fresh answer is not kept");
}

/// Guards: that failures are not remembered, be it a refusal or an answer that makes no sense.
#[tokio::test]
async fn a_failure_is_not_remembered() {
    let page = || {
        let mut response = reply(200, &[], "<html>");
        response.headers_mut().insert("content-type", "text/html".parse().unwrap());
        response
    };
    let firsts: [fn() -> axum::response::Response; 5] = [
        || reply(404, &[], "{}"),
        || reply(500, &[], "{}"),
        || reply(200, &[], r#"{"cut": [1, 2"#),
        || reply(200, &[], "no JSON"),
        page,
    ];
    for (i, first) in firsts.into_iter().enumerate() {
        let stand_in = StandIn::once(first).await;
        let wire = cached(&stand_in.origin);
        balance(&wire).await.unwrap_err();
        assert_eq!(balance(&wire).await.unwrap(), json!({}), "case {i}");
        assert_eq!(stand_in.asked(), 2, "case {i}");
    }
}

/// Guards: the semaphore of `Budget`.
#[tokio::test]
async fn never_more_at_once_than_allowed() {
    let stand_in = slow().await;
    let wire = wire_to(&stand_in.origin, |s| s.max_concurrency = 2);
    let answers = join_all((0..8).map(|i| read(&wire, charge(&format!("ch_{i}"))))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((stand_in.asked(), stand_in.most_open()), (8, 2));
}

/// Guards: the rate limiter of `Budget`. Five may go at once, each further one 200 ms later.
#[tokio::test]
async fn never_more_a_second_than_allowed() {
    let stand_in = StandIn::answering("{}").await;
    let wire = wire_to(&stand_in.origin, |s| s.per_second = NonZeroU32::new(5).unwrap());
    let started = Instant::now();
    let answers = join_all((0..10).map(|i| read(&wire, charge(&format!("ch_{i}"))))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(started.elapsed() >= Duration::from_millis(950), "{:?}", started.elapsed());
}

/// Guards: that nothing detaches a request from the call that wants it. With and without the cache in between.
#[tokio::test]
async fn who_goes_away_takes_the_request_along() {
    for cache in [Duration::ZERO, KEPT_FOR] {
        let stand_in = StandIn::hanging().await;
        let wire = wire_to(&stand_in.origin, |s| s.cache = cache);
        let call = tokio::spawn(async move { balance(&wire).await });
        stand_in.until(|s| s.asked() == 1).await;
        call.abort();
        stand_in.until(|s| s.given_up() == 1).await;
        assert_eq!(stand_in.asked(), 1);
    }
}

/// Guards: that a shared request is not lost with the one who happened to begin it.
#[tokio::test]
async fn who_goes_away_does_not_take_the_answer_from_others() {
    let stand_in = slow().await;
    let wire = cached(&stand_in.origin);
    let (first, second) = (wire.clone(), wire);
    let first = tokio::spawn(async move { balance(&first).await });
    stand_in.until(|s| s.asked() == 1).await;
    let second = tokio::spawn(async move { balance(&second).await });
    tokio::task::yield_now().await;
    first.abort();
    assert!(second.await.unwrap().is_ok());
}

/// Guards: `deadline::remaining` in `attempt`: the call's time counts, not only the request's.
#[tokio::test]
async fn the_deadline_of_a_call_ends_its_requests() {
    let rig = Rig::new().await;
    rig.demo.fault(Service::Stripe, "", Fault::Hang);
    let wire = wire_to_demo(&rig, |s| s.timeout = Duration::from_secs(60));
    let started = Instant::now();
    let failure = deadline::within(Duration::from_millis(500), balance(&wire)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(started.elapsed() < LONG);
    assert_eq!(rig.demo.record().len(), 1);
}

/// Guards: that a retry is not begun when there is no time for it.
#[tokio::test]
async fn no_retry_begins_at_the_end_of_the_time() {
    let stand_in = StandIn::new(async |_| reply(503, &[], "{}")).await;
    let wire = wire_to(&stand_in.origin, |_| {});
    let failure = deadline::within(Duration::from_millis(300), balance(&wire)).await.unwrap_err();
    // A first answer that came too late would be a time-out: on a busy machine both are right.
    assert!(matches!(failure.kind, FailureKind::Unreachable | FailureKind::Timeout), "{failure}");
    assert!(stand_in.asked() <= 1);
}

/// Guards: the deadline in `Budget::turn`: who waits for a turn does not wait for ever.
#[tokio::test]
async fn waiting_for_a_turn_ends_with_the_deadline() {
    let stand_in = StandIn::hanging().await;
    let wire = wire_to(&stand_in.origin, |s| s.max_concurrency = 1);
    let blocking = wire.clone();
    let blocking = tokio::spawn(async move { balance(&blocking).await });
    stand_in.until(|s| s.asked() == 1).await;
    let failure =
        deadline::within(Duration::from_millis(300), read(&wire, charge("ch_1"))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.to_string().contains("waiting for its turn"), "{failure}");
    assert_eq!(stand_in.asked(), 1);
    blocking.abort();
}
