//! Lists: which objects pass the filters, and which page of them.

use serde_json::{Value, json};

use super::asked::Asked;
use super::kinds::{Filter, Kind};
use super::refusal::Refusal;
use super::shape::fact;
use super::shelf::{Desk, id};

/// What every list takes.
const PAGING: &[&str] = &["limit", "starting_after", "ending_before", "expand[]"];
const STANDINGS: &[&str] = &[
    "active",
    "past_due",
    "unpaid",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "trialing",
    "paused",
    "all",
    "ended",
];

/// The page of a kind's objects that was asked for.
pub(super) fn list(desk: &Desk<'_>, kind: &Kind, asked: &Asked, url: &str) -> Result<Value, Refusal> {
    check(kind, asked)?;
    for (name, filter) in kind.filters {
        if let (Filter::Refers(_, said), Some(id)) = (filter, asked.one(name))
            && desk.find(id).is_none()
        {
            return Err(desk.missing(said, id).param(name));
        }
    }
    let matching = desk
        .all(kind.object)
        .filter(|object| kind.filters.iter().all(|filter| passes(object, filter, asked)));
    page(desk, matching.collect(), (asked, kind.object), url)
}

/// One page of these objects, which stand newest first.
pub(super) fn page(
    desk: &Desk<'_>,
    objects: Vec<&Value>,
    (asked, said): (&Asked, &str),
    url: &str,
) -> Result<Value, Refusal> {
    let limit = asked.limit()?;
    let (after, before) = (asked.one("starting_after"), asked.one("ending_before"));
    if after.is_some() && before.is_some() {
        let message = "You cannot parameterize both of 'ending_before' and 'starting_after'.";
        return Err(Refusal::bad(message.into()));
    }
    let place = |mark: &str, param: &str| {
        let place = objects.iter().position(|object| id(object) == Some(mark));
        // A mark may name an object that the filters leave out, but it must exist.
        match (place, desk.find(mark)) {
            (None, None) => Err(desk.missing(said, mark).param(param)),
            (place, _) => Ok(place),
        }
    };
    let (from, to, has_more) = if let Some(mark) = before {
        let to = place(mark, "ending_before")?.unwrap_or(0);
        let from = to.saturating_sub(limit);
        (from, to, from > 0)
    } else {
        let from = match after {
            Some(mark) => place(mark, "starting_after")?.map_or(objects.len(), |place| place + 1),
            None => 0,
        };
        let to = (from + limit).min(objects.len());
        (from, to, to < objects.len())
    };
    let data: Vec<Value> =
        objects.get(from..to).unwrap_or(&[]).iter().map(|object| desk.whole(object)).collect();
    Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": data }))
}

/// A list that stands inside an object and is not among the objects of the mode: lines, items.
pub(super) fn inside(desk: &Desk<'_>, rows: &[Value], asked: &Asked, url: &str) -> Result<Value, Refusal> {
    asked.only(PAGING, &[])?;
    let limit = asked.limit()?;
    let from = match asked.one("starting_after") {
        None => 0,
        Some(mark) => match rows.iter().position(|row| id(row) == Some(mark)) {
            Some(place) => place + 1,
            None => return Err(desk.missing("line item", mark).param("starting_after")),
        },
    };
    let rest = rows.get(from..).unwrap_or(&[]);
    let data: Vec<Value> = rest.iter().take(limit).map(|row| desk.whole(row)).collect();
    Ok(json!({ "object": "list", "url": url, "has_more": rest.len() > limit, "data": data }))
}

fn check(kind: &Kind, asked: &Asked) -> Result<(), Refusal> {
    let times: Vec<&str> = kind
        .filters
        .iter()
        .filter(|(_, filter)| matches!(filter, Filter::Time(_)))
        .map(|(name, _)| *name)
        .collect();
    let mut known: Vec<&str> = kind.filters.iter().map(|(name, _)| *name).collect();
    known.extend(PAGING);
    asked.only(&known, &times)?;
    for (name, filter) in kind.filters {
        match filter {
            Filter::OneOf(values, _) => one_of(values, name, asked)?,
            Filter::Standing => one_of(STANDINGS, name, asked)?,
            Filter::Delivered => one_of(&["true", "false"], name, asked)?,
            Filter::Time(_) => {
                for (_, text) in asked.below(name) {
                    if text.parse::<i64>().is_err() {
                        let refusal = Refusal::bad(format!("Invalid timestamp: {text}"));
                        return Err(refusal.code("parameter_invalid_integer").param(name));
                    }
                }
            }
            Filter::EventTypes => {
                if asked.all("types[]").count() > 20 {
                    return Err(Refusal::bad("Array types exceeded maximum 20 allowed elements.".into())
                        .param("types"));
                }
                if asked.one("type").is_some() && asked.one("types[]").is_some() {
                    let message = "You may only specify one of these parameters: type, types.";
                    return Err(Refusal::bad(message.into()).param("type"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn one_of(values: &[&str], name: &str, asked: &Asked) -> Result<(), Refusal> {
    match asked.one(name) {
        Some(value) if !values.contains(&value) => {
            Err(Refusal::bad(format!("Invalid {name}: must be one of {}", values.join(", "))).param(name))
        }
        _ => Ok(()),
    }
}

fn passes(object: &Value, (name, filter): &(&str, Filter), asked: &Asked) -> bool {
    match filter {
        Filter::Any => true,
        Filter::Same(pointer) | Filter::Refers(pointer, _) | Filter::OneOf(_, pointer) => {
            let mut wanted = asked.all(name).peekable();
            let own = fact(object, pointer);
            wanted.peek().is_none() || wanted.any(|wanted| own.is_some_and(|own| is(own, wanted)))
        }
        Filter::Time(pointer) => {
            let own = fact(object, pointer).and_then(Value::as_i64);
            asked.below(name).all(|(bound, text)| {
                let (Some(own), Ok(wanted)) = (own, text.parse::<i64>()) else { return false };
                match bound {
                    "gt" => own > wanted,
                    "gte" => own >= wanted,
                    "lt" => own < wanted,
                    "lte" => own <= wanted,
                    _ => own == wanted,
                }
            })
        }
        Filter::Standing => {
            let status = fact(object, "/status").and_then(Value::as_str).unwrap_or_default();
            match asked.one(name) {
                None => status != "canceled",
                Some("all") => true,
                Some("ended") => ["canceled", "incomplete_expired"].contains(&status),
                Some(wanted) => status == wanted,
            }
        }
        Filter::EventType => asked.one(name).is_none_or(|wanted| fits(object, wanted)),
        Filter::EventTypes => {
            let mut wanted = asked.all(name).peekable();
            wanted.peek().is_none() || wanted.any(|wanted| fits(object, wanted))
        }
        Filter::Delivered => {
            let failed = object.get("~delivery_failed").and_then(Value::as_bool).unwrap_or(false);
            asked.one(name).is_none_or(|wanted| (wanted == "true") != failed)
        }
    }
}

fn fits(event: &Value, wanted: &str) -> bool {
    let own = event.get("type").and_then(Value::as_str).unwrap_or_default();
    match wanted.strip_suffix('*') {
        Some(group) => own.starts_with(group),
        None => own == wanted,
    }
}

fn is(own: &Value, wanted: &str) -> bool {
    match own {
        Value::String(own) => own == wanted,
        Value::Bool(own) => wanted.parse() == Ok(*own),
        Value::Number(own) => own.as_i64().is_some_and(|own| wanted.parse() == Ok(own)),
        _ => false,
    }
}
