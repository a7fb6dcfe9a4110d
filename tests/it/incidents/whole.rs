//! A whole answer of every tool, as it is: what changes in one of them is seen in review.

use super::{cursor, of};
use crate::rig::Rig;
use prodview_demo::IncidentKind::{CardDeclined3ds, DuplicateCustomers, IntermittentState, PaidNoAccess};
use serde_json::{Value, json};

#[tokio::test]
async fn the_answers_of_all_tools_are_these() {
    let rig = Rig::new().await;
    let incidents = rig.demo.incidents().to_vec();
    for (name, tool, ask) in [
        ("list_sources", "list_sources", json!({})),
        ("find_user", "find_user", json!({ "who": of(&incidents, DuplicateCustomers).email })),
        ("timeline_paid", "user_timeline", json!({ "who": of(&incidents, PaidNoAccess).email })),
        ("timeline_twice", "user_timeline", json!({ "who": of(&incidents, DuplicateCustomers).email })),
        ("list_errors", "list_errors", json!({ "limit": 3, "since": "7d" })),
        ("get_error", "get_error", json!({ "id": of(&incidents, IntermittentState).issue_short_id })),
        (
            "payment_paid",
            "payment_intent_status",
            json!({ "id": of(&incidents, PaidNoAccess).payment_intent }),
        ),
        (
            "payment_declined",
            "payment_intent_status",
            json!({ "id": of(&incidents, CardDeclined3ds).payment_intent }),
        ),
        ("webhook_deliveries", "webhook_deliveries", json!({ "limit": 2 })),
        ("describe_state", "describe_state", json!({ "table": "users" })),
        ("find_records", "find_records", json!({ "table": "jobs", "limit": 2 })),
    ] {
        let told = rig.call(tool, ask).await.unwrap();
        // A cursor is opaque: how it is written is no part of the answer.
        let cursor = cursor(&told.structured).unwrap_or("no cursor").to_owned();
        let mut structured = told.structured;
        settle(&mut structured);
        insta::assert_json_snapshot!(format!("answer_{name}"), structured);
        insta::assert_snapshot!(
            format!("text_{name}"),
            settled(&told.page.to_text().replace(&cursor, "<cursor>"))
        );
    }
}

/// The world ends when the test begins: what depends on that, on a port or on the cache is replaced.
pub fn settle(value: &mut Value) {
    match value {
        Value::String(text) => *text = settled(text),
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::Object(fields) => {
            fields.remove("age_s");
            for (key, field) in fields.iter_mut() {
                let is_time = field.as_f64().is_some_and(|n| n > 1e12)
                    && (key.ends_with("At") || key.ends_with("Until"));
                if is_time {
                    *field = json!("<time>");
                }
                if key == "cursor" {
                    *field = json!("<cursor>");
                }
                settle(field);
            }
        }
        _ => {}
    }
}

const SHAPES: [(&str, &str); 10] = [
    ("0000-00-00T00:00:00Z", "<time>"),
    ("0000.00.00-0", "<release>"),
    ("127.0.0.1:00000", "<host>"),
    ("0000000000000.0", "<time>"),
    (", 0 h ago", ", <hours> ago"),
    (", 00 h ago", ", <hours> ago"),
    (" 0 h ago", " <hours> ago"),
    (" 00 h ago", " <hours> ago"),
    (" 0 days ago", " <days> ago"),
    (" 00 days ago", " <days> ago"),
];

/// Digits where a shape has digits, the shape's own characters elsewhere.
pub fn settled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    'text: while let Some(first) = rest.chars().next() {
        for (shape, name) in SHAPES {
            let fits = rest.len() >= shape.len()
                && rest
                    .bytes()
                    .zip(shape.bytes())
                    .all(|(b, s)| if s == b'0' { b.is_ascii_digit() } else { b == s });
            if fits {
                out.push_str(name);
                rest = &rest[shape.len()..];
                continue 'text;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}
