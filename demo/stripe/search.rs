//! Search: the query language, and the page of what it finds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::asked::Asked;
use super::kinds::Kind;
use super::refusal::Refusal;
use super::shape::fact;
use super::shelf::Desk;

/// The most clauses a query may have.
const CLAUSES_MAX: usize = 10;

pub(super) fn search(desk: &Desk<'_>, kind: &Kind, asked: &Asked, url: &str) -> Result<Value, Refusal> {
    asked.only(&["query", "limit", "page", "expand[]"], &[])?;
    let Some(text) = asked.one("query") else {
        return Err(Refusal::bad("Missing required param: query.".into())
            .code("parameter_missing")
            .param("query"));
    };
    let query = Query::parse(text, kind)?;
    let limit = asked.limit()?;
    let from = match asked.one("page") {
        None => 0,
        Some(token) => {
            place(token).ok_or_else(|| Refusal::bad("Invalid page token.".into()).param("page"))?
        }
    };
    let found: Vec<&Value> = desk.all(kind.object).filter(|object| query.finds(object)).collect();
    let rest = found.get(from..).unwrap_or(&[]);
    let data: Vec<Value> = rest.iter().take(limit).map(|object| desk.whole(object)).collect();
    let next = (rest.len() > limit).then(|| token(from + limit));
    let mut answer = json!({
        "object": "search_result", "url": url, "has_more": next.is_some(), "next_page": next, "data": data,
    });
    if asked.all("expand[]").any(|path| path == "total_count")
        && let Value::Object(answer) = &mut answer
    {
        answer.insert("total_count".into(), json!(found.len()));
    }
    Ok(answer)
}

fn token(place: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("page:{place}"))
}

fn place(token: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix("page:")?.parse().ok()
}

/// Clauses of which all must hold, or any.
#[derive(Debug)]
struct Query {
    clauses: Vec<Clause>,
    any: bool,
}

#[derive(Debug)]
struct Clause {
    pointer: String,
    negated: bool,
    op: Op,
    /// None is `null`.
    value: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Is,
    Holds,
    Above,
    AtLeast,
    Below,
    AtMost,
}

const OPS: &[(&str, Op)] = &[
    (">=", Op::AtLeast),
    ("<=", Op::AtMost),
    (">", Op::Above),
    ("<", Op::Below),
    (":", Op::Is),
    ("~", Op::Holds),
];

impl Query {
    fn parse(text: &str, kind: &Kind) -> Result<Query, Refusal> {
        let (mut clauses, mut joints, mut rest) = (Vec::new(), Vec::new(), text.trim());
        while !rest.is_empty() {
            let (clause, after) = clause(rest, kind)?;
            clauses.push(clause);
            rest = after.trim_start();
            for joint in ["AND ", "OR ", "and ", "or "] {
                if let Some(after) = rest.strip_prefix(joint) {
                    joints.push(joint.trim().to_uppercase());
                    rest = after.trim_start();
                    break;
                }
            }
        }
        let any = joints.first().is_some_and(|joint| joint == "OR");
        if clauses.is_empty() {
            return Err(bad("We were unable to parse your search query: it is empty."));
        }
        if joints.iter().any(|joint| (joint == "OR") != any) {
            return Err(bad("Search queries cannot combine AND and OR."));
        }
        if clauses.len() > CLAUSES_MAX {
            return Err(bad("Search queries can have at most 10 clauses."));
        }
        Ok(Query { clauses, any })
    }

    fn finds(&self, object: &Value) -> bool {
        let mut held = self.clauses.iter().map(|clause| clause.holds(object));
        if self.any { held.any(|held| held) } else { held.all(|held| held) }
    }
}

/// The first clause of a query, and what follows it.
fn clause<'a>(text: &'a str, kind: &Kind) -> Result<(Clause, &'a str), Refusal> {
    let negated = text.starts_with('-');
    let text = text.strip_prefix('-').unwrap_or(text);
    let unclear =
        || bad("We were unable to parse your search query. Try a field, an operator and a value in quotes.");
    let (pointer, rest) = if let Some(rest) = text.strip_prefix("metadata[") {
        let (key, rest) = quoted(rest).ok_or_else(unclear)?;
        let key = key.replace('~', "~0").replace('/', "~1");
        (format!("/metadata/{key}"), rest.strip_prefix(']').ok_or_else(unclear)?)
    } else {
        let end =
            text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).ok_or_else(unclear)?;
        let (field, rest) = text.split_at(end);
        if !kind.search.contains(&field) {
            let message =
                format!("Field `{field}` is an unsupported search field for resource `{}`.", kind.path);
            return Err(bad(&message));
        }
        let pointer = match (kind.object, field) {
            ("invoice", "subscription") => "/parent/subscription_details/subscription".to_owned(),
            _ => format!("/{}", field.replace('.', "/")),
        };
        (pointer, rest)
    };
    let found = OPS.iter().find_map(|(sign, op)| rest.strip_prefix(sign).map(|rest| (*op, rest)));
    let (op, rest) = found.ok_or_else(unclear)?;
    let (value, rest) = if let Some(rest) = rest.strip_prefix("null") {
        (None, rest)
    } else if let Some((value, rest)) = quoted(rest) {
        (Some(value), rest)
    } else {
        let (word, rest) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        // Without quotes only numbers and truth values may stand.
        if word.parse::<f64>().is_err() && word != "true" && word != "false" {
            return Err(unclear());
        }
        (Some(word.to_owned()), rest)
    };
    if op == Op::Holds && value.as_deref().is_some_and(|value| value.chars().count() < 3) {
        return Err(bad("The substring operator needs at least 3 characters."));
    }
    Ok((Clause { pointer, negated, op, value }, rest))
}

/// A text in double or single quotes, its escapes undone, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next()?.1),
            letter if letter == quote => return Some((value, text.get(place + 1..)?)),
            letter => value.push(letter),
        }
    }
    None
}

impl Clause {
    fn holds(&self, object: &Value) -> bool {
        let own = fact(object, &self.pointer);
        let held = match (&self.value, own) {
            (None, own) => own.is_none(),
            (Some(_), None) => false,
            (Some(wanted), Some(own)) => self.compares(own, wanted),
        };
        held != self.negated
    }

    fn compares(&self, own: &Value, wanted: &str) -> bool {
        let text = own.as_str().map_or_else(|| own.to_string(), str::to_owned).to_lowercase();
        let number = || Some((own.as_f64()?, wanted.parse::<f64>().ok()?));
        match self.op {
            Op::Is => text == wanted.to_lowercase(),
            Op::Holds => text.contains(&wanted.to_lowercase()),
            Op::Above => number().is_some_and(|(own, wanted)| own > wanted),
            Op::AtLeast => number().is_some_and(|(own, wanted)| own >= wanted),
            Op::Below => number().is_some_and(|(own, wanted)| own < wanted),
            Op::AtMost => number().is_some_and(|(own, wanted)| own <= wanted),
        }
    }
}

fn bad(message: &str) -> Refusal {
    Refusal::bad(message.to_owned()).param("query")
}
