//! Parameters: by position or by name, bound whole or refused by name.

use super::*;
use serde_json::json;

#[test]
fn names_become_positions() {
    let read =
        parse("select id from orders where user_id = $user and amount > $least and $user > 0").unwrap();
    assert_eq!(read.text(), "SELECT id FROM orders WHERE user_id = $1 AND amount > $2 AND $1 > 0");
    assert_eq!(read.params(), ["user", "least"]);
    assert_eq!(read.bind(&json!({ "least": 5, "user": "x" })).unwrap(), [json!("x"), json!(5)]);
    assert_eq!(read.bind(&json!(["x", null])).unwrap(), [json!("x"), json!(null)]);
}

#[test]
fn positions_stay() {
    let read = parse("select $2::int, $1::text, $2::int").unwrap();
    assert_eq!(read.text(), "SELECT $2::INT, $1::TEXT, $2::INT");
    assert_eq!(read.params(), ["1", "2"]);
    assert_eq!(read.bind(&json!(["a", 1])).unwrap(), [json!("a"), json!(1)]);
    assert_eq!(read.bind(&json!({ "1": "a", "2": 1 })).unwrap(), [json!("a"), json!(1)]);
    let none = parse("select 'costs $1'").unwrap();
    assert!(none.params().is_empty() && none.bind(&json!(null)).unwrap().is_empty());
    assert!(none.bind(&json!([])).unwrap().is_empty() && none.bind(&json!({})).unwrap().is_empty());
}

#[test]
fn what_is_missing_or_left_over_is_named() {
    let read = parse("select 1 where a = $user and b = $plan").unwrap();
    let none = parse("select 1").unwrap();
    for (statement, given, said) in [
        (&read, json!(null), "$user, $plan"),
        (&read, json!(["x"]), "2 parameters ($user, $plan), and 1 values"),
        (&read, json!({ "user": 1 }), "parameter $plan"),
        (&read, json!({ "user": 1, "plan": 2, "usr": 3 }), "`usr` is no parameter"),
        (&read, json!("x"), "an array by position or as an object"),
        (&none, json!([1]), "no parameters, and 1 values"),
        (&none, json!({ "x\u{202e}": 1 }), "`x‹U+202E›` is given"),
    ] {
        let why = statement.bind(&given).unwrap_err().to_string();
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn a_foreign_word_in_a_refusal_is_shown_and_short() {
    let why = refusal(&format!("select \"{}\u{202e}\"(1)", "x".repeat(200)));
    assert!(why.contains('…') && !why.contains('\u{202e}'), "{why}");
    let why = refusal("select \"a\u{1b}[31m\"(1)");
    assert!(why.contains("U+001B"), "{why}");
    assert!(refusal("select f(1)").starts_with("`f` is not among the functions that may be called; "));
}

#[test]
fn names_behind_a_dot_are_told() {
    let read = parse("select u.email, (u).plan, \"U\".\"Wipe\", u.* from users u order by u.id").unwrap();
    assert_eq!(read.attributes().collect::<Vec<_>>(), ["Wipe", "email", "id", "plan"]);
}

#[test]
fn an_order_is_told_of_the_whole_and_not_of_a_part() {
    for (sql, ordered) in [
        ("select id from users order by id", true),
        ("select id from users union select 1 order by 1 limit 3", true),
        ("select id from users", false),
        ("select id from (select id from users order by id) as u", false),
        ("explain select id from users order by id", false),
    ] {
        assert_eq!(parse(sql).unwrap().is_ordered(), ordered, "{sql}");
    }
}
