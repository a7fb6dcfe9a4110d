//! One reading command as people write it, and its answer as rows.

use super::{Redis, shown};
use crate::capability::{Answered, QueryAsk};
use crate::words::Row;
use crate::{Found, Stopped, offset};
use prodview_guard::{Command, Failure, FailureKind, ForeignJson, Resp};
use serde_json::{Map, Value, json};

/// How many characters of each text are shown.
const TEXT: usize = 1_000;

impl Redis {
    pub(super) async fn command(&self, ask: &QueryAsk) -> Answered<Row> {
        let words = words(ask)?;
        let command = Command::parse(&words)?;
        let probes = command.probes();
        if !probes.is_empty() {
            let probed = self.door.ask(&probes).await?;
            let probed: Vec<Option<Resp>> = probed.into_iter().map(Result::ok).collect();
            if let Some(refused) = command.too_heavy(&probed) {
                return Err(refused.into());
            }
        }
        let answer = self.one(Ok(command.clone())).await?;
        let given: Vec<&str> =
            words.iter().map(String::as_str).skip(command.name().split(' ').count()).collect();
        let found = told(command.name(), &given, &answer);
        Ok(offset::page_of(found, ask.limit, offset::read(ask.cursor.as_deref())?))
    }
}

/// The text split at spaces, then the parameters, each one word however many spaces it has.
fn words(ask: &QueryAsk) -> Result<Vec<String>, Failure> {
    let mut words: Vec<String> = ask.text.split_whitespace().map(str::to_owned).collect();
    let wrong = || {
        Failure::new(FailureKind::Invalid, "params are no list of words")
            .hint("the arguments of a command are a list of texts and numbers, such as [\"session:1\"]")
    };
    match &ask.params {
        Value::Null => {}
        Value::Array(params) => {
            for param in params {
                words.push(match param {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    _ => return Err(wrong()),
                });
            }
        }
        _ => return Err(wrong()),
    }
    Ok(words)
}

/// An answer as rows, its parts named where the command says what they are.
fn told(name: &str, given: &[&str], answer: &Resp) -> Found<Row> {
    let with_scores = given.iter().any(|word| word.eq_ignore_ascii_case("withscores"));
    let rows = match name {
        "SCAN" | "SSCAN" | "HSCAN" | "ZSCAN" => return scanned(name, answer),
        "HMGET" => named("field", given.get(1..).unwrap_or_default(), answer),
        "MGET" => named("key", given, answer),
        "ZMSCORE" | "SMISMEMBER" | "GEOPOS" => named("member", given.get(1..).unwrap_or_default(), answer),
        "XRANGE" | "XREVRANGE" => items(shown::entries(answer.items())),
        "INFO" | "CLUSTER INFO" => lines(answer),
        "SLOWLOG GET" => slow(answer),
        "MEMORY STATS" | "XINFO STREAM" => vec![row(0, shown::pairs(answer.items()))],
        _ if with_scores => items(shown::scored(answer.items())),
        _ => match answer {
            Resp::List(_) => items(shown::any(answer)),
            other => vec![row(0, json!({ "value": shown::any(other) }))],
        },
    };
    Found::all(rows)
}

fn scanned(name: &str, answer: &Resp) -> Found<Row> {
    let [cursor, found] = answer.items() else { return Found::all(Vec::new()) };
    let rows = match name {
        "HSCAN" => found
            .items()
            .chunks_exact(2)
            .enumerate()
            .filter_map(|(n, pair)| match pair {
                [field, value] => Some(row(n, json!({ "field": key(field), "value": shown::any(value) }))),
                _ => None,
            })
            .collect(),
        "ZSCAN" => items(shown::scored(found.items())),
        "SCAN" => {
            found.items().iter().enumerate().map(|(n, name)| row(n, json!({ "key": key(name) }))).collect()
        }
        _ => items(shown::any(found)),
    };
    let mut all = Found::all(rows);
    let cursor = cursor.bytes().and_then(|b| std::str::from_utf8(b).ok()?.parse::<u64>().ok());
    if let Some(cursor) = cursor.filter(|cursor| *cursor != 0) {
        all.of = None;
        all.stopped = Some(Stopped::Bound(format!(
            "the scan goes on: ask again with the cursor {cursor} in place of the one you gave"
        )));
    }
    all
}

fn key(resp: &Resp) -> Value {
    Value::String(shown::text(resp.bytes().unwrap_or_default()))
}

fn named(what: &str, names: &[&str], answer: &Resp) -> Vec<Row> {
    let rows = names.iter().zip(answer.items()).enumerate();
    rows.map(|(n, (name, value))| row(n, json!({ what: name, "value": shown::any(value) }))).collect()
}

fn items(values: Value) -> Vec<Row> {
    let Value::Array(values) = values else { return Vec::new() };
    values.into_iter().enumerate().map(|(n, value)| row(n, value)).collect()
}

/// Lines of `name:value`, each a row, under the heading they stand under.
fn lines(answer: &Resp) -> Vec<Row> {
    let text = String::from_utf8_lossy(answer.bytes().unwrap_or_default()).into_owned();
    let (mut section, mut rows) = (String::new(), Vec::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix('#') {
            section = heading.trim().to_owned();
        } else if let Some((name, value)) = line.split_once(':') {
            rows.push(row(rows.len(), json!({ "section": section, "name": name, "value": value.trim() })));
        }
    }
    rows
}

fn slow(answer: &Resp) -> Vec<Row> {
    let entry = |(n, entry): (usize, &Resp)| match entry.items() {
        [id, at, micros, words, ..] => row(
            n,
            json!({ "id": id.int(), "at": at.int(), "microseconds": micros.int(), "command": shown::any(words) }),
        ),
        _ => row(n, shown::any(entry)),
    };
    answer.items().iter().enumerate().map(entry).collect()
}

/// A row; its id is its place, from 1. What is no object stands in a field of its own.
fn row(place: usize, value: Value) -> Row {
    let value = match value {
        Value::Object(_) => value,
        other => Value::Object(Map::from_iter([("value".to_owned(), other)])),
    };
    Row { id: (place + 1).to_string(), created: None, fields: ForeignJson::capped(value, TEXT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Resp {
        Resp::Bytes(text.as_bytes().to_vec())
    }

    fn shown(name: &str, given: &[&str], answer: &Resp) -> Vec<Value> {
        told(name, given, answer).rows.into_iter().map(|row| row.fields.as_value().clone()).collect()
    }

    #[test]
    fn answers_become_rows_with_names() {
        assert_eq!(shown("GET", &["k"], &Resp::Nil), [json!({ "value": null })]);
        assert_eq!(shown("GET", &["k"], &bytes("{\"a\":1}")), [json!({ "value": { "a": 1 } })]);
        let list = Resp::List(vec![bytes("x"), Resp::Nil]);
        assert_eq!(
            shown("LRANGE", &["k", "0", "1"], &list),
            [json!({ "value": "x" }), json!({ "value": null })]
        );
        assert_eq!(
            shown("HMGET", &["k", "a", "b"], &list),
            [json!({ "field": "a", "value": "x" }), json!({ "field": "b", "value": null })]
        );
        let scores = Resp::List(vec![bytes("m"), bytes("1.5")]);
        assert_eq!(
            shown("ZRANGE", &["k", "0", "1", "WithScores"], &scores),
            [json!({ "member": "m", "score": 1.5 })]
        );
        assert_eq!(
            shown("INFO", &[], &bytes("# Memory\r\nused_memory:1\r\n")),
            [json!({ "section": "Memory", "name": "used_memory", "value": "1" })]
        );
    }

    #[test]
    fn a_scan_that_goes_on_says_so() {
        let page = |cursor: &str| Resp::List(vec![bytes(cursor), Resp::List(vec![bytes("f"), bytes("v")])]);
        let found = told("HSCAN", &["k", "0"], &page("17"));
        assert!(matches!(&found.stopped, Some(Stopped::Bound(why)) if why.contains("17")));
        assert_eq!(found.rows[0].fields.as_value(), &json!({ "field": "f", "value": "v" }));
        assert!(told("SCAN", &["0"], &page("0")).is_whole());
    }

    #[test]
    fn parameters_are_words_and_nothing_else() {
        let ask = |text: &str, params| QueryAsk { text: text.to_owned(), params, ..QueryAsk::default() };
        assert_eq!(words(&ask("hget k", json!(["a b", 5]))).unwrap(), ["hget", "k", "a b", "5"]);
        for bad in [json!({ "a": 1 }), json!("k"), json!([null]), json!([["k"]]), json!([true])] {
            assert!(words(&ask("get", bad)).is_err());
        }
    }
}
