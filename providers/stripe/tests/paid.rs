//! What was paid in a window: pages to their end, the bound, and what the window then really covers.

use super::fake::Fake;
use super::now;
use crate::capability::PaidAsk;
use crate::words::PaidKind;
use crate::{Moment, Stopped};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

fn ask(kinds: &[PaidKind], known_by: &[PaidKind]) -> PaidAsk {
    let since = Moment::from_epoch_s(now() - DAY).unwrap();
    PaidAsk { since, kinds: kinds.to_vec(), known_by: known_by.to_vec() }
}

fn page(rows: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "data": rows, "has_more": has_more, "url": "/v1/x" })
}

/// The charge of that number was made so many minutes ago.
fn charge(number: i64) -> Value {
    json!({ "id": format!("ch_{number}A"), "status": "succeeded", "captured": true, "amount": 1200, "currency": "eur",
            "created": now() - number * 60, "payment_intent": format!("pi_{number}A"), "livemode": true })
}

/// Pages of two charges, 1 to 2·`pages`; the last of them has more behind it, or not.
fn pages(pages: i64, more: bool) -> Vec<(&'static str, u16, Value)> {
    let after =
        ["", "starting_after=ch_2A", "starting_after=ch_4A", "starting_after=ch_6A", "starting_after=ch_8A"];
    let of = |n: i64| page(vec![charge(2 * n - 1), charge(2 * n)], n < pages || more);
    let mut said: Vec<(&'static str, u16, Value)> = Vec::new();
    for n in (2..=pages).rev() {
        let words = format!("/v1/charges {}", after[usize::try_from(n - 1).unwrap()]);
        said.push((Box::leak(words.into_boxed_str()), 200, of(n)));
    }
    said.push(("/v1/charges", 200, of(1)));
    said
}

fn bound(stopped: &Option<Stopped>) -> &str {
    match stopped {
        Some(Stopped::Bound(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn pages_are_read_to_their_end_and_the_window_is_whole() {
    let fake = Fake::new(pages(3, false));
    let ask = ask(&[PaidKind::Payment], &[]);
    let found = fake.paid_since(&ask).await.unwrap();
    let ids: Vec<&str> = found.rows.iter().map(|paid| paid.id.as_str()).collect();
    assert_eq!(ids, ["pi_1A", "pi_2A", "pi_3A", "pi_4A", "pi_5A", "pi_6A"], "newest first, each once");
    assert!(found.is_whole() && found.window.unwrap().0 == ask.since, "{:?}", found.stopped);
    let asked = fake.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|a| a.contains(&format!("created[gte]={}", ask.since.epoch_s()))), "{asked:?}");
    assert!(asked[1].contains("starting_after=ch_2A") && asked[2].contains("starting_after=ch_4A"));
}

#[tokio::test]
async fn beyond_the_bound_the_window_is_what_was_really_seen() {
    let fake = Fake::new(pages(5, true));
    let found = fake.paid_since(&ask(&[PaidKind::Payment], &[])).await.unwrap();
    assert_eq!(fake.asked().len(), 5, "five pages and no more");
    let from = found.window.unwrap().0;
    // Of the oldest second there may be more behind the last page: it does not count as seen.
    let oldest = now() - 10 * 60;
    assert!((oldest..=oldest + 2).contains(&from.epoch_s()), "{from}");
    let ids: Vec<&str> = found.rows.iter().map(|paid| paid.id.as_str()).collect();
    assert_eq!((ids.len(), ids[8]), (9, "pi_9A"));
    assert_eq!(bound(&found.stopped), format!("the 10 newest charges, back to {from}"));
    assert_eq!(found.of, None);
}

#[tokio::test]
async fn a_page_that_fails_keeps_those_before_it_and_ends_the_window_there() {
    let mut said = pages(3, false);
    said[0].1 = 400;
    let fake = Fake::new(said);
    let found = fake.paid_since(&ask(&[PaidKind::Payment], &[])).await.unwrap();
    assert_eq!(found.rows.len(), 3, "the oldest of four may not be alone in its second");
    assert!(matches!(found.stopped, Some(Stopped::Failed(_))), "{:?}", found.stopped);
    let oldest = now() - 4 * 60;
    assert!((oldest..=oldest + 2).contains(&found.window.unwrap().0.epoch_s()));
}

#[tokio::test]
async fn a_link_that_may_be_behind_the_bound_is_not_said_to_be_absent() {
    let session = |number: i64| {
        json!({ "id": format!("cs_live_{number}A"), "status": "complete", "payment_status": "paid",
                "payment_intent": format!("pi_{number}A"), "created": now() - number * 60,
                "metadata": { "userId": format!("u{number}") } })
    };
    let known_by = [PaidKind::Checkout];
    let mut said = pages(2, false);
    said.push(("/v1/checkout/sessions", 200, page(vec![session(1), session(2)], false)));
    let whole = Fake::new(said.clone()).paid_since(&ask(&[PaidKind::Payment], &known_by)).await.unwrap();
    assert_eq!(whole.rows[1].checkout.as_deref(), Some("cs_live_2A"));
    assert_eq!(whole.rows[1].metadata.get("userId").map(|v| v.to_string()).as_deref(), Some("u2"));
    // The same, with more checkouts than are read: those of the older two may be among them.
    said.pop();
    said.push(("/v1/checkout/sessions", 200, page(vec![session(1), session(2)], true)));
    let fake = Fake::new(said);
    let cut = fake.paid_since(&ask(&[PaidKind::Payment], &known_by)).await.unwrap();
    assert!(cut.rows.iter().all(|paid| !paid.linked), "{:#?}", cut.rows);
    assert!(cut.is_whole(), "the payments themselves are all there");
}

#[tokio::test]
async fn each_list_that_was_cut_is_told() {
    let invoice = json!({ "id": "in_1A", "status": "paid", "amount_paid": 900, "currency": "eur", "created": now() - 60,
                          "customer": "cus_1A", "payments": page(Vec::new(), false) });
    let subscription =
        json!({ "id": "sub_1A", "status": "active", "created": now() - 9 * DAY, "customer": "cus_1A" });
    let mut said = pages(5, true);
    said.push(("/v1/invoices", 200, page(vec![invoice], true)));
    said.push(("/v1/subscriptions", 200, page(vec![subscription], true)));
    let kinds = [PaidKind::Payment, PaidKind::Invoice, PaidKind::Subscription];
    let found = Fake::new(said).paid_since(&ask(&kinds, &[])).await.unwrap();
    let told = bound(&found.stopped);
    for part in [
        "the 10 newest charges, back to ",
        "; the 5 newest invoices, drafted since ",
        "; the 5 newest subscriptions, begun since ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test]
async fn only_the_lists_that_are_wanted_are_asked_for() {
    for (kinds, due) in [
        (vec![PaidKind::Subscription], vec!["/v1/subscriptions"]),
        (vec![PaidKind::Payment], vec!["/v1/charges"]),
        (vec![PaidKind::Checkout], vec!["/v1/charges", "/v1/checkout/sessions"]),
        (vec![PaidKind::Invoice], vec!["/v1/charges", "/v1/invoices"]),
    ] {
        let empty = |path: &'static str| (path, 200, page(Vec::new(), false));
        let fake = Fake::new(
            ["/v1/charges", "/v1/checkout/sessions", "/v1/invoices", "/v1/subscriptions"].map(empty).to_vec(),
        );
        let found = fake.paid_since(&ask(&kinds, &[])).await.unwrap();
        assert!(found.is_whole() && found.rows.is_empty());
        let mut asked: Vec<String> =
            fake.asked().iter().map(|a| a.split('?').next().unwrap().to_owned()).collect();
        asked.sort_unstable();
        assert_eq!(asked, due, "{kinds:?}");
    }
}
