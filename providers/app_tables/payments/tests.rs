//! Amounts in every unit, and rows by any of the ids they may be known by.

use super::*;
use crate::app::Part;
use crate::app_tables::stage::{Shelf, row};
use serde_json::json;

fn table() -> AppTable {
    let fields = ["id", "user", "payment", "checkout", "amount", "currency", "status"];
    AppTable {
        part: Part::Payments,
        name: "main".to_owned(),
        source: "db".to_owned(),
        table: "orders".to_owned(),
        fields: fields.iter().map(|f| ((*f).to_owned(), (*f).to_owned())).collect(),
        metadata: Vec::new(),
    }
}

#[test]
fn an_amount_is_told_in_minor_or_in_major_units_and_never_rounded() {
    let euros = |amount| Money::new(amount, "eur", 2);
    for (held, money, is) in [
        (json!(12000), euros(12_000), Some(Unit::Minor)),
        (json!(12000.0), euros(12_000), Some(Unit::Minor)),
        (json!(120), euros(12_000), Some(Unit::Major)),
        (json!("120.00"), euros(12_000), Some(Unit::Major)),
        (json!(120.5), euros(12_050), Some(Unit::Major)),
        (json!(120.505), euros(12_050), None),
        (json!(11000), euros(12_000), None),
        (json!(0), euros(0), Some(Unit::Either)),
        (json!(1980), Money::new(1980, "jpy", 0), Some(Unit::Either)),
        (json!(39.5), Money::new(39_500, "kwd", 3), Some(Unit::Major)),
        (json!(-5), euros(-5), Some(Unit::Minor)),
    ] {
        assert_eq!(Amount::read(&held).unwrap().unit_of(&money), is, "{held} as {}", money.text);
    }
    for odd in [json!("€12"), json!(null), json!("1e5"), json!(""), json!("."), json!("9".repeat(40))] {
        assert_eq!(Amount::read(&odd), None, "{odd}");
    }
    for (held, text) in [(json!(120.5), "120.5"), (json!(12000.0), "12000"), (json!("-0.05"), "-0.05")] {
        assert_eq!(Amount::read(&held).unwrap().written(), text);
    }
}

#[tokio::test]
async fn rows_are_found_by_any_role_that_the_table_has() {
    let shelf = Shelf::of(vec![
        row(
            "r2",
            10,
            json!({ "id": "r2", "payment": "pi_1A", "amount": 500, "status": "PAID", "user": "u1" }),
        ),
        row("r1", 20, json!({ "id": "r1", "checkout": "cs_1A", "status": "weird" })),
    ]);
    let one = |id: &str| BTreeSet::from([id.to_owned()]);
    let ids =
        BTreeMap::from([("payment", one("pi_1A")), ("checkout", one("cs_1A")), ("invoice", one("in_1A"))]);
    let found = payments_by_ids(&shelf, &table(), &ids).await.unwrap();
    assert_eq!(shelf.asked(), 2, "the table has no field for invoices");
    assert_eq!(found.rows.iter().map(|r| r.row.as_str()).collect::<Vec<_>>(), ["r2", "r1"]);
    assert!(found.is_whole());
    assert_eq!((found.rows[0].standing, found.rows[1].standing), (Standing::Good, Standing::Unknown));
    assert_eq!(found.rows[0].user.as_deref(), Some("u1"));
    let many = BTreeMap::from([("payment", (0..20).map(|n| format!("pi_{n}")).collect())]);
    let found = payments_by_ids(&shelf, &table(), &many).await.unwrap();
    assert!(!found.is_whole(), "what was not looked for is not said to be absent");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_does_not_pass_for_equal() {
    let held = |amount, currency, status| json!({ "payment": "pi_1A", "amount": amount, "currency": currency, "status": status });
    let shelf = Shelf::of(vec![
        row("r4", 10, held(json!("€ 180.00"), json!("eur"), json!("paid"))),
        row("r3", 20, held(json!("paid"), json!("Euro"), json!({ "code": 1 }))),
        row("r2", 30, held(json!("180.00"), json!("EUR"), json!("paid"))),
        row("r1", 40, held(json!(" "), json!(null), json!(""))),
    ]);
    let found = payments_since(&shelf, &table(), Moment::now().minus_s(60), 10).await.unwrap();
    let unread = |n: usize| -> Vec<(&str, &str)> {
        found.rows[n].unread.iter().map(|unread| (unread.role, unread.held.as_str())).collect()
    };
    assert_eq!(unread(0), [("amount", "€ 180.00")]);
    assert_eq!(unread(1), [("amount", "paid"), ("currency", "Euro"), ("status", r#"{"code":1}"#)]);
    assert!(unread(2).is_empty() && unread(3).is_empty(), "what is absent is not unread");
    assert_eq!(
        found.notes,
        [
            "2 rows of [app.payments.main] hold something in `amount`, its `amount`, that is no number",
            "1 row of [app.payments.main] holds something in `currency`, its `currency`, that is no currency code",
            "1 row of [app.payments.main] holds something in `status`, its `status`, that is no status word",
        ]
    );
}
