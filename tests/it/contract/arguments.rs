//! Every argument of every tool, wrong in every way that its schema can be broken: refused by name, before anything is asked.

use crate::rig::{Rig, entry};
use prodview_tools::{ToolError, catalogue};
use serde_json::{Map, Value, json};

/// Good values for the arguments a tool cannot do without.
fn needed(tool: &str) -> Map<String, Value> {
    let all = json!({
        "find_user": { "who": "a@b.example" }, "get_error": { "id": "WEB-1" }, "payment_intent_status": { "id": "pi_1A" },
        "find_records": { "table": "users" }, "user_timeline": { "who": "a@b.example" },
        "trace_payment": { "id": "pi_1A" }, "query_state": { "query": "users:byEmail", "params": { "email": "a@b.example" } },
    });
    all[tool].as_object().cloned().unwrap_or_default()
}

/// Values that break the schema of one argument.
fn wrong(schema: &Value) -> Vec<Value> {
    let number = |word: &str| schema[word].as_i64();
    if schema["type"] == json!(["array", "object"]) {
        let most = usize::try_from(number("maxItems").unwrap()).unwrap();
        let many: Map<String, Value> = (0..=most).map(|i| (format!("f{i}"), json!(i))).collect();
        return vec![json!("x"), json!(1), json!(true), json!(vec!["x"; most + 1]), Value::Object(many)];
    }
    let kind = schema["type"].as_str().unwrap_or_else(|| panic!("an argument without a type: {schema}"));
    let mut all = vec![Value::Null];
    match kind {
        "string" => {
            all.extend([json!(1), json!(true), json!([]), json!(["x"]), json!({}), json!({ "$ne": "" })]);
            if let Some(values) = schema["enum"].as_array() {
                assert!(!values.contains(&Value::Null));
                all.extend([json!("nosuch"), json!(""), json!(values[0].as_str().unwrap().to_uppercase())]);
            } else {
                let longest =
                    number("maxLength").unwrap_or_else(|| panic!("a text without a bound: {schema}"));
                all.extend([
                    json!("x".repeat(usize::try_from(longest).unwrap() + 1)),
                    json!("x".repeat(20_000)),
                    json!("x".repeat(200_000)),
                ]);
                let shortest =
                    number("minLength").unwrap_or_else(|| panic!("a text that may be empty: {schema}"));
                all.push(json!("x".repeat(usize::try_from(shortest).unwrap() - 1)));
            }
        }
        "integer" => {
            let (least, most) = (number("minimum").unwrap(), number("maximum").unwrap());
            all.extend([
                json!(least - 1),
                json!(most + 1),
                json!(-1),
                json!(u64::MAX),
                json!(1.5),
                json!("5"),
                json!([5]),
                json!({}),
                json!(true),
            ]);
        }
        "boolean" => all.extend([json!("true"), json!(1), json!([true]), json!({})]),
        "array" => {
            let most = usize::try_from(number("maxItems").unwrap()).unwrap();
            all.extend([json!("x"), json!(1), json!({}), json!(vec!["x"; most + 1])]);
            all.extend(wrong(&schema["items"]).into_iter().map(|item| json!([item])));
        }
        "object" => {
            let most = usize::try_from(number("maxProperties").unwrap()).unwrap();
            let many: Map<String, Value> = (0..=most).map(|i| (format!("f{i}"), json!(i))).collect();
            all.extend([json!("x"), json!(1), json!([]), Value::Object(many)]);
            all.extend([
                json!({ "f": ["x"] }),
                json!({ "f": { "$gt": 1 } }),
                json!({ "f": "x".repeat(5_000) }),
            ]);
        }
        other => panic!("a type that this test does not know: {other}"),
    }
    all
}

#[tokio::test]
async fn every_wrong_argument_is_refused_by_its_name_before_anything_is_asked() {
    let rig = Rig::new().await;
    let mut tried = 0;
    for entry in catalogue() {
        let properties = entry.input.get("properties").and_then(Value::as_object).unwrap();
        for (name, schema) in properties {
            for value in wrong(schema) {
                let mut ask = needed(&entry.name);
                ask.insert(name.clone(), value.clone());
                let shown: String = value.to_string().chars().take(60).collect();
                match entry.call(rig.app.clone(), Value::Object(ask)).await {
                    Err(ToolError::Malformed { key, why }) => {
                        let names_it = key == *name
                            || key.starts_with(&format!("{name}."))
                            || (key == "arguments" && why == "are too large");
                        assert!(names_it, "{} {name} = {shown}: `{key}` {why}", entry.name);
                        assert!(
                            why.len() < 500,
                            "{} {name} = {shown}: {} bytes of reason",
                            entry.name,
                            why.len()
                        );
                    }
                    other => panic!("{} {name} = {shown}: {other:?}", entry.name),
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "only {tried} were tried");
    assert_eq!(rig.demo.record().len(), 0);
}

#[tokio::test]
async fn unknown_and_missing_arguments_are_named() {
    let rig = Rig::new().await;
    for entry in catalogue() {
        for unknown in ["nosuch", "org", "base_url", "token", "method", "account", "Who", "id ", "__proto__"]
        {
            let mut ask = needed(&entry.name);
            ask.insert(unknown.to_owned(), json!("x"));
            let error = entry.call(rig.app.clone(), Value::Object(ask)).await.unwrap_err();
            assert!(
                matches!(&error, ToolError::Malformed { why, .. } if why.contains(unknown)),
                "{}: {error}",
                entry.name
            );
        }
        for missing in needed(&entry.name).keys() {
            let error = entry.call(rig.app.clone(), json!({})).await.unwrap_err();
            assert!(
                matches!(&error, ToolError::Malformed { why, .. } if why.contains(missing.as_str())),
                "{}: {error}",
                entry.name
            );
        }
        for no_object in [json!([]), json!("x"), json!(1), Value::Null, json!([{}])] {
            let error = entry.call(rig.app.clone(), no_object.clone()).await.unwrap_err();
            assert!(matches!(error, ToolError::Malformed { .. }), "{} {no_object}", entry.name);
        }
    }
    assert_eq!(rig.demo.record().len(), 0);
}

#[tokio::test]
async fn windows_and_cursors_that_make_no_sense_are_refused_by_name() {
    let rig = Rig::new().await;
    for entry in catalogue() {
        let properties = entry.input.get("properties").and_then(Value::as_object).unwrap();
        if properties.contains_key("since") {
            for since in ["yesterday", "0m", "-3h", "1y", "2999-01-01T00:00:00Z", "24h; drop", "٢٤h"] {
                let mut ask = needed(&entry.name);
                ask.insert("since".to_owned(), json!(since));
                let error = entry.call(rig.app.clone(), Value::Object(ask)).await.unwrap_err();
                assert!(
                    matches!(&error, ToolError::Malformed { key, .. } if key == "since"),
                    "{} {since}: {error}",
                    entry.name
                );
            }
        }
    }
    for tool in ["list_errors", "webhook_deliveries"] {
        for cursor in ["nonsense", "../..", "e30=x", "bnVsbA"] {
            let error = rig.call(tool, json!({ "cursor": cursor })).await.unwrap_err();
            assert!(
                matches!(&error, ToolError::Malformed { key, .. } if key == "cursor"),
                "{tool} {cursor}: {error}"
            );
        }
    }
    assert_eq!(rig.demo.record().len(), 0);
}

#[test]
fn every_argument_says_what_it_is_or_is_named_so_that_it_need_not() {
    for entry in catalogue() {
        assert_eq!(entry.input.get("additionalProperties"), Some(&json!(false)), "{}", entry.name);
        for (name, schema) in entry.input.get("properties").and_then(Value::as_object).unwrap() {
            let plain = ["environment", "table", "level"].contains(&name.as_str());
            assert!(plain || schema["description"].is_string(), "{} {name}", entry.name);
        }
    }
    assert!(entry("list_sources").input.get("required").is_none());
}
