//! How large an answer may be: beyond it, the ends of its longest lists are left out, and that is said.

use serde_json::{Value, json};

/// No answer is longer than this, in estimated tokens of the structured part.
const MOST_TOKENS: usize = 6_500;

/// No text form has more evidence than this, in estimated tokens.
pub(crate) const MOST_TOKENS_OF_TEXT: usize = 5_500;

/// What stands in the place of a cursor that would lead past what was left out.
pub(crate) const CURSOR_WITHHELD: &str = "a smaller limit, whose cursor goes on";

/// Shortens the longest lists until the answer fits, and adds what it left out to `cut`.
pub(crate) fn shrink(answer: &mut Value) {
    let mut left_out: Vec<(String, usize)> = Vec::new();
    while estimate(&answer.to_string()) > MOST_TOKENS {
        let Some((path, list)) = longest_list(answer, String::new()) else { break };
        // A quarter at a time: few rounds, and little more than needed is lost.
        let drop = (list.len() / 4).max(1);
        list.truncate(list.len() - drop);
        match left_out.iter_mut().find(|(p, _)| *p == path) {
            Some((_, n)) => *n += drop,
            None => left_out.push((path, drop)),
        }
    }
    let shortened = shorten_largest(answer);
    if left_out.is_empty() && shortened.is_empty() {
        return;
    }
    let notes = left_out.into_iter().map(|(path, n)| {
        json!({ "what": format!("the last {n} of {path}, to keep the answer small"), "how": "a smaller limit, or a narrower question" })
    });
    let notes = notes.chain(shortened.into_iter().map(|path| {
        json!({ "what": format!("the end of {path}, to keep the answer small"), "how": "a question for a part of it" })
    }));
    if let Some(answer) = answer.as_object_mut() {
        let cut = answer.entry("cut").or_insert_with(|| json!([]));
        if let Some(cut) = cut.as_array_mut() {
            // A cursor goes on behind what was left out just now, which nobody would then see.
            for part in cut.iter_mut().filter_map(Value::as_object_mut) {
                if part.remove("cursor").is_some() {
                    part.insert("how".to_owned(), json!(CURSOR_WITHHELD));
                }
            }
            cut.extend(notes);
        }
    }
}

/// Where no list can lose its end any more, one value is too large: texts and objects lose theirs, the largest first.
/// Tells which.
fn shorten_largest(answer: &mut Value) -> Vec<String> {
    let mut shortened: Vec<String> = Vec::new();
    while estimate(&answer.to_string()) > MOST_TOKENS {
        let Some((_, pointer)) = largest(answer, "") else { break };
        match answer.pointer_mut(&pointer) {
            Some(Value::String(text)) => {
                let keep = text.chars().count() / 2;
                *text = text.chars().take(keep).chain(['…']).collect();
            }
            Some(Value::Object(fields)) => {
                let keep = fields.len() - (fields.len() / 4).max(1);
                let names: Vec<String> = fields.keys().skip(keep).cloned().collect();
                for name in names {
                    fields.remove(&name);
                }
            }
            _ => break,
        }
        let readable = pointer.trim_start_matches('/').replace('/', ".");
        if !shortened.contains(&readable) {
            shortened.push(readable);
        }
    }
    shortened
}

/// The part without large parts in it that is largest itself: a long text, or an object of many small fields.
fn largest(value: &Value, path: &str) -> Option<(usize, String)> {
    const LONG: usize = 400;
    let inner: Option<(usize, String)> = match value {
        Value::String(text) => return (text.len() > LONG).then(|| (text.len(), path.to_owned())),
        Value::Array(items) => {
            items.iter().enumerate().filter_map(|(i, item)| largest(item, &format!("{path}/{i}"))).max()
        }
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !path.is_empty() || !OURS.contains(&key.as_str()))
            .filter_map(|(key, field)| largest(field, &below(path, key)))
            .max(),
        _ => None,
    };
    let own = match value {
        Value::Object(fields) if fields.len() > 1 && !path.is_empty() => {
            Some((value.to_string().len(), path.to_owned())).filter(|(size, _)| *size > LONG)
        }
        _ => None,
    };
    inner.or(own)
}

/// What says what is missing, and leads on: never shortened.
const OURS: [&str; 5] = ["sources", "cut", "untrusted", "next", "findings"];

fn below(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The list whose text is longest, with its path. Lists of one are not shortened, nor is what says what is missing.
fn longest_list(value: &mut Value, path: String) -> Option<(String, &mut Vec<Value>)> {
    fn longest(value: &Value, path: &str) -> Option<(usize, String)> {
        let deeper: Option<(usize, String)> = match value {
            Value::Array(items) => {
                items.iter().enumerate().filter_map(|(i, item)| longest(item, &format!("{path}/{i}"))).max()
            }
            Value::Object(fields) => fields
                .iter()
                .filter(|(key, _)| path.len() > 1 || !OURS.contains(&key.as_str()))
                .filter_map(|(key, field)| longest(field, &below(path, key)))
                .max(),
            _ => None,
        };
        let own = match value {
            Value::Array(items) if items.len() > 1 => Some((value.to_string().len(), path.to_owned())),
            _ => None,
        };
        deeper.max(own)
    }
    let (_, pointer) = longest(value, &path)?;
    let readable = pointer.trim_start_matches('/').replace('/', ".");
    Some((readable, value.pointer_mut(&pointer)?.as_array_mut()?))
}

/// About how many tokens a text costs a model; an estimate that rather says too many. Ids of mixed letters and
/// digits cost far more than words, so runs of one kind of character are counted, not bytes.
pub fn estimate(text: &str) -> usize {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Lower,
        Upper,
        Digit,
        Space,
        Sign,
        Other,
    }
    let kind = |c: char| match c {
        'a'..='z' => Kind::Lower,
        'A'..='Z' => Kind::Upper,
        '0'..='9' => Kind::Digit,
        ' ' | '\n' | '\t' => Kind::Space,
        '!'..='~' => Kind::Sign,
        _ => Kind::Other,
    };
    let (mut tokens, mut run, mut last) = (0_usize, 0_usize, Kind::Space);
    let cost = |kind: Kind, run: usize| match kind {
        Kind::Lower => run.div_ceil(5),
        Kind::Upper => run.div_ceil(3),
        Kind::Digit | Kind::Sign => run.div_ceil(3),
        Kind::Space => run / 8,
        Kind::Other => run,
    };
    for c in text.chars() {
        let now = kind(c);
        if now == last || (last == Kind::Upper && now == Kind::Lower && run == 1) {
            run += 1;
        } else {
            tokens += cost(last, run);
            run = 1;
        }
        last = now;
    }
    tokens + cost(last, run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_answer_loses_the_ends_of_its_longest_list_and_says_so() {
        let rows: Vec<Value> = (0..2_000)
            .map(|i| json!({ "id": format!("pi_3Pabc{i}"), "text": "a few plain words" }))
            .collect();
        let mut answer =
            json!({ "rows": rows, "sources": [{ "source": "a" }, { "source": "b" }], "few": [1, 2] });
        shrink(&mut answer);
        let left = answer["rows"].as_array().unwrap().len();
        assert!(left > 50, "{left}");
        assert!(estimate(&answer.to_string()) <= MOST_TOKENS + 60);
        assert_eq!(answer["rows"][0]["id"], "pi_3Pabc0");
        assert_eq!(
            answer["cut"][0]["what"],
            format!("the last {} of rows, to keep the answer small", 2_000 - left)
        );
        assert_eq!(answer["few"], json!([1, 2]));
        assert_eq!(answer["sources"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn one_large_value_loses_its_end_and_that_is_said() {
        let fields: serde_json::Map<String, Value> =
            (0..2_000).map(|i| (format!("f{i}"), json!("a few words"))).collect();
        for big in [json!({ "fields": fields }), json!({ "text": "many words ".repeat(9_000) })] {
            let mut answer = json!({ "rows": [big], "sources": [{ "source": "a" }] });
            shrink(&mut answer);
            assert!(estimate(&answer.to_string()) <= MOST_TOKENS + 60);
            assert!(estimate(&answer["rows"].to_string()) > MOST_TOKENS / 4, "{answer}");
            let what = answer["cut"][0]["what"].as_str().unwrap();
            assert!(what.starts_with("the end of rows.0."), "{what}");
        }
    }

    #[test]
    fn a_small_answer_is_left_as_it_is() {
        let mut answer = json!({ "rows": [1, 2, 3] });
        shrink(&mut answer);
        assert_eq!(answer, json!({ "rows": [1, 2, 3] }));
    }
}
