//! What holds for the whole demo: worlds that fit together, faults that reach the wire. And how these tests ask.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{Incident, IncidentKind, World};
use crate::{Demo, Fault, Service, Settings};

/// An answer, read to its end.
pub(crate) struct Reply {
    pub status: u16,
    pub head: String,
    pub text: String,
    pub body: Value,
}

impl Reply {
    /// The body of an answer that must be good.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.body
    }

    /// Checks the status and code of an answer that must be one of Stripe's errors.
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["error"]["code"].as_str()), (status, Some(code)), "{}", self.text);
    }
}

impl Demo {
    pub(crate) fn incident(&self, kind: IncidentKind) -> &Incident {
        self.incidents().iter().find(|incident| incident.kind == kind).unwrap()
    }
}

pub(crate) async fn start(seed: u64) -> Demo {
    Demo::start(Settings { seed, ..Settings::default() }).await.unwrap()
}

/// Asks by hand, so that the demo needs no HTTP client. `path` may begin with a method (`POST /v1/x`); the key of the
/// service is sent unless the headers hold another.
#[expect(clippy::disallowed_types, reason = "the test of a server is a client")]
pub(crate) async fn ask(demo: &Demo, service: Service, path: &str, headers: &[(&str, &str)]) -> Reply {
    let (method, path) = path.split_once(' ').unwrap_or(("GET", path));
    let path = path.replace('[', "%5B").replace(']', "%5D");
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\nContent-Length: 0\r\n");
    let scheme = if service == Service::Convex { "Convex" } else { "Bearer" };
    if headers.iter().all(|(name, _)| *name != "Authorization") {
        head += &format!("Authorization: {scheme} {}\r\n", demo.key(service));
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let origin = demo.origin(service);
    let mut connection = tokio::net::TcpStream::connect(origin.trim_start_matches("http://")).await.unwrap();
    connection.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A connection that was cut still leaves what had arrived.
    let _ = connection.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, text) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = serde_json::from_str(text).unwrap_or(Value::Null);
    Reply { status, head: head.to_lowercase(), text: text.to_owned(), body }
}

fn world(seed: u64) -> World {
    // A fixed end, so that two worlds of one seed can be compared.
    let now = Timestamp::from_second(1_795_200_000).unwrap();
    World::new(&Settings { seed, now, extra_rows: 0 })
}

#[test]
fn one_seed_makes_one_world_and_another_makes_another() {
    assert_eq!(format!("{:?}", world(7)), format!("{:?}", world(7)));
    assert_ne!(world(7).incidents[0].email, world(8).incidents[0].email);
    let with_more = World::new(&Settings { seed: 7, now: world(7).now, extra_rows: 3 });
    assert_eq!(format!("{:?}", with_more.incidents), format!("{:?}", world(7).incidents));
}

#[test]
fn whatever_an_incident_names_is_there() {
    for seed in 0..25 {
        let world = world(seed);
        assert_eq!(world.incidents.len(), 8, "seed {seed}");
        let people: BTreeSet<_> = world.incidents.iter().map(|incident| &incident.user_id).collect();
        assert_eq!(people.len(), 8, "nobody has two incidents");
        for incident in &world.incidents {
            let at = format!("seed {seed}, {:?}", incident.kind);
            let stripe = [
                &incident.payment_intent,
                &incident.checkout_session,
                &incident.subscription,
                &incident.invoice,
                &incident.refund,
                &incident.dispute,
                &incident.event_id,
                &incident.other_customer_id,
            ];
            for id in stripe.into_iter().flatten().chain(&incident.charges).chain([&incident.customer_id]) {
                assert!(world.stripe.live_object(id).is_some(), "{at}: {id}");
            }
            for (table, id) in &incident.rows {
                assert!(world.rows(table).iter().any(|row| row["_id"] == **id), "{at}: {table} {id}");
            }
            let user = world.rows("users").iter().find(|row| row["_id"] == *incident.user_id).unwrap();
            assert_eq!(
                (&user["email"], &user["stripeCustomerId"]),
                (&incident.email.as_str().into(), &incident.customer_id.as_str().into())
            );
            if let Some(short_id) = &incident.issue_short_id {
                let issue = world.issues.iter().find(|issue| issue.short_id == *short_id).unwrap();
                let event = issue
                    .events
                    .iter()
                    .find(|event| Some(&event.id) == incident.error_event_id.as_ref())
                    .unwrap();
                assert_eq!(event.user.as_ref().unwrap().email.as_ref(), Some(&incident.email), "{at}");
            }
        }
    }
}

#[test]
fn ids_are_unique_and_nothing_happens_after_the_end() {
    for seed in 0..10 {
        let world = world(seed);
        let mut ids = BTreeSet::new();
        let rows = world.tables.values().flat_map(|table| &table.rows);
        for (object, field) in world.stripe.live.iter().map(|o| (o, "id")).chain(rows.map(|row| (row, "_id")))
        {
            assert!(ids.insert(object[field].as_str().unwrap().to_owned()), "{object}");
        }
        let end = world.now.as_second();
        assert!(world.stripe.live.iter().all(|object| object["created"].as_i64().unwrap_or(0) <= end));
        #[expect(clippy::cast_precision_loss, reason = "a date")]
        let last = (end * 1000 + 1000) as f64;
        for (name, table) in &world.tables {
            for row in &table.rows {
                assert!(row["_creationTime"].as_f64().unwrap() < last, "{name}: {row}");
                for field in table.fields.iter().filter(|field| !field.optional) {
                    assert!(row.get(field.name).is_some(), "{name}.{} is missing: {row}", field.name);
                }
                let known = |key: &String| key.starts_with('_') || table.fields.iter().any(|f| f.name == key);
                assert!(row.as_object().unwrap().keys().all(known), "{name} has an unknown field: {row}");
            }
        }
        for issue in &world.issues {
            assert!(issue.events.iter().all(|event| event.at <= world.now) && !issue.events.is_empty());
            let known = |release: &String| world.releases.iter().any(|known| known.version == *release);
            assert!(issue.events.iter().all(|event| known(&event.release)));
        }
        assert!(world.runs.iter().all(|run| run.at <= world.now));
    }
}

#[test]
fn who_has_no_incident_has_what_was_paid_for() {
    for seed in 0..10 {
        let world = world(seed);
        let paid = world
            .stripe
            .live
            .iter()
            .filter(|o| o["object"] == "checkout.session" && o["payment_status"] == "paid");
        for checkout in paid.filter(|checkout| checkout["metadata"]["userId"].is_string()) {
            let row = world.rows("payments").iter().find(|row| row["checkoutSessionId"] == checkout["id"]);
            let failed = world.incidents.iter().any(|incident| {
                incident.kind == IncidentKind::PaidNoAccess
                    && incident.checkout_session.as_deref() == checkout["id"].as_str()
            });
            assert_eq!(row.is_none(), failed, "seed {seed}: {checkout}");
            if let Some(row) = row {
                assert!(world.rows("passes").iter().any(|pass| pass["paymentId"] == row["_id"]));
            }
        }
        // Of the webhooks that the application got, all but the one incident's were handled.
        let failed = world.rows("webhookEvents").iter().filter(|row| row["status"] == "failed").count();
        assert_eq!(failed, 2, "seed {seed}");
    }
}

#[test]
fn the_odd_things_are_there() {
    for seed in 0..10 {
        let world = world(seed);
        let any = |test: &dyn Fn(&Value) -> bool| world.stripe.live.iter().any(test);
        assert!(any(&|o| o["currency"] == "jpy" && o["object"] == "charge" && o["amount"] == 19_800));
        assert!(any(&|o| o["currency"] == "kwd" && o["object"] == "charge" && o["amount"] == 39_500));
        assert!(any(&|o| o["deleted"] == true));
        assert!(any(&|o| o["object"] == "checkout.session"
            && o["customer"].is_null()
            && o["payment_status"] == "paid"));
        assert!(any(&|o| o["status"] == "needs_response"));
        assert!(any(&|o| o["status"] == "past_due"));
        assert!(any(&|o| o["metadata"]["import_token"]
            .as_str()
            .is_some_and(|token| token.starts_with("sk_live_"))));
        assert!(world.people.iter().any(|person| person.name == "Zoë Ærø-Łęcka"));
        assert!(world.people.iter().any(|person| person.email.contains('+')));
        assert!(world.issues.iter().any(|issue| issue.title().contains('\u{202e}')));
    }
}

#[tokio::test]
async fn faults_reach_the_wire() {
    let demo = start(1).await;
    let path = "/v1/customers?limit=20";
    let whole = ask(&demo, Service::Stripe, path, &[]).await;
    let on = async |fault: Fault| {
        demo.clear_faults();
        demo.fault(Service::Stripe, "/v1/cust", fault);
        ask(&demo, Service::Stripe, path, &[]).await
    };
    let limited = on(Fault::Limited { retry_after_s: Some(7) }).await;
    limited.fails(429, "rate_limit");
    assert!(limited.head.contains("retry-after: 7") && limited.head.contains("stripe-rate-limited-reason"));
    assert_eq!(on(Fault::Status(503)).await.body["error"]["type"], "api_error");
    assert_eq!(on(Fault::Delay(Duration::from_millis(5))).await.text, whole.text);
    let cut = on(Fault::Reset).await;
    assert!(cut.status == 200 && !cut.text.contains("\r\n0\r\n\r\n"), "no last chunk");
    let truncated = on(Fault::Truncated).await;
    assert!(truncated.head.contains(&format!("content-length: {}", whole.text.len())));
    assert!(truncated.text.len() < whole.text.len() && whole.text.starts_with(&truncated.text));
    let cut = on(Fault::CutJson).await;
    assert!(cut.head.contains(&format!("content-length: {}", cut.text.len())) && cut.body.is_null());
    assert!(on(Fault::Html).await.head.contains("text/html"));
    assert!(on(Fault::Huge(3_000_000)).await.text.len() > 3_000_000);
    let slow = on(Fault::SlowBody(Duration::from_millis(1))).await;
    assert!(slow.text == whole.text);
    let hang = tokio::time::timeout(Duration::from_millis(50), on(Fault::Hang)).await;
    assert!(hang.is_err());
    assert_eq!(demo.record().last().unwrap().status, 0);
    demo.clear_faults();
    demo.fault_times(Service::Stripe, "", Fault::Status(500), 2);
    for status in [500, 500, 200] {
        assert_eq!(ask(&demo, Service::Stripe, path, &[]).await.status, status);
    }
    demo.fault(Service::Stripe, "", Fault::Html);
    assert_eq!(
        ask(&demo, Service::Stripe, "DELETE /v1/customers/x", &[]).await.status,
        405,
        "a write is told so all the same"
    );
}

#[tokio::test]
async fn dropping_the_demo_frees_its_ports() {
    let demo = start(1).await;
    let address = demo.origin(Service::Stripe).trim_start_matches("http://").to_owned();
    drop(demo);
    for _ in 0..100 {
        if tokio::net::TcpListener::bind(&address).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{address} is still taken");
}
