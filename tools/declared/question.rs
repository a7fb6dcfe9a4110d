//! What a declared tool asks: a GET, a statement of SQL or a query function, and where its arguments go.

use super::parameter::{Kind, Parameter};
use super::scalar::scalar;
use super::{Rules, Serves};
use crate::toml_file::{Entry, Said, Section, Value as Written, instead_of, listed, quoted};
use prodview_guard::{Class, ConvexQuery, Provider, QueryKey, Route, operations};
use prodview_providers::reads::{is_configured, is_open, is_reserved, slots};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A question with its open places.
#[derive(Debug, Clone)]
pub(super) enum Question {
    Get { route: Route, slots: Vec<Option<String>>, query: Vec<(QueryKey, Part)> },
    Sql { text: String, params: Vec<String> },
    Convex { function: String, args: Vec<(String, Part)> },
}

/// What stands in an open place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// The argument of that name.
    Ask(String),
    /// What the file says.
    Fixed(Value),
}

/// The providers whose state is asked in SQL.
const SQL: [&str; 2] = ["postgres", "supabase"];
/// The argument that bounds the rows of a statement or function, whether or not they mention it.
pub(super) const LIMIT: &str = "limit";

/// Reads the question. `asks` are the arguments; those that have no place in it are reported.
pub(super) fn read(
    top: &mut Section<'_>,
    serves: (&Serves, usize),
    asks: &[Parameter],
    rules: &Rules<'_>,
) -> Option<Question> {
    let given: Vec<(&str, Said)> = ["get", "sql", "convex_query"]
        .into_iter()
        .filter_map(|key| top.text(key).map(|said| (key, said)))
        .collect();
    let (query, args) = (top.section("query"), top.section("args"));
    let mut places = Places { asks, used: BTreeSet::new() };
    let question = match given.as_slice() {
        [] => {
            if !["get", "sql", "convex_query"].iter().any(|key| top.has(key)) {
                let right = "add one of `get = \"/v1/…\"`, `sql = \"select …\"` and `convex_query = \"file:function\"`";
                top.wrong(top.at, "the file asks nothing", right);
            }
            return None;
        }
        [(key, said)] => {
            let belongs = |section: &Option<Section<'_>>, name: &str, to: &str| {
                if let Some(section) = section.as_ref().filter(|_| *key != to) {
                    section.wrong(
                        section.at,
                        format!("[{name}] belongs to `{to}`"),
                        format!("`{key}` takes none: leave it out"),
                    );
                }
            };
            belongs(&query, "query", "get");
            belongs(&args, "args", "convex_query");
            match *key {
                "get" => get(top, said, (serves, query), &mut places),
                "sql" => sql(top, said, (serves, rules), &mut places),
                _ => convex(top, said, (serves, args), &mut places),
            }
        }
        [_, (key, said), ..] => {
            top.wrong(
                said.at,
                format!("`{key}` is a second question"),
                "keep one of `get`, `sql` and `convex_query`",
            );
            return None;
        }
    }?;
    for ask in asks.iter().filter(|ask| !places.used.contains(&ask.name)) {
        let (stays, right) = match &question {
            Question::Get { .. } => (false, "use it in the path or in [query], or leave it out"),
            Question::Sql { .. } => (true, "use it in `sql` as $name, or leave it out"),
            Question::Convex { .. } => (true, "use it in [args], or leave it out"),
        };
        let pages = stays && (ask.kind == Kind::Cursor || ask.name == LIMIT && ask.largest().is_some());
        if !pages {
            top.wrong(ask.at, format!("the argument {} is used nowhere", quoted(&ask.name)), right);
        }
    }
    Some(question)
}

struct Places<'p> {
    asks: &'p [Parameter],
    used: BTreeSet<String>,
}

impl Places<'_> {
    /// The argument of that name; its absence is reported.
    fn ask(&mut self, section: &Section<'_>, name: &str, at: usize) -> Option<&Parameter> {
        self.used.insert(name.to_owned());
        let found = self.asks.iter().find(|ask| ask.name == name);
        if found.is_none() {
            let known: Vec<&str> = self.asks.iter().map(|ask| ask.name.as_str()).collect();
            let right = if known.is_empty() {
                format!("add [ask.{name}]")
            } else {
                format!("add [ask.{name}]; {}", instead_of(name, &known))
            };
            section.wrong(at, format!("there is no argument {}", quoted(name)), right);
        }
        found
    }

    /// A value of [query] or [args]: a slot, or what the file says.
    fn part(&mut self, section: &Section<'_>, key: &str, value: Written<'_>) -> Option<Part> {
        let at = value.span().start;
        let Some(fixed) = scalar(value.get_ref()) else {
            section.wrong_type(key, value, "a text, a number, or true or false");
            return None;
        };
        let Value::String(text) = &fixed else { return Some(Part::Fixed(fixed)) };
        match slot(text) {
            Slot::Whole(name) => self.ask(section, name, at).map(|ask| Part::Ask(ask.name.clone())),
            Slot::None => Some(Part::Fixed(fixed)),
            Slot::Partly => {
                let what = format!("{} is only in part a slot", section.label(key));
                section.wrong(at, what, "a slot fills a whole value: write \"{name}\" and nothing else");
                None
            }
        }
    }
}

enum Slot<'t> {
    Whole(&'t str),
    Partly,
    None,
}

fn slot(text: &str) -> Slot<'_> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match inner.filter(|name| super::parameter::is_name(name)) {
        Some(name) => Slot::Whole(name),
        None if text.contains(['{', '}']) => Slot::Partly,
        None => Slot::None,
    }
}

fn get(
    top: &Section<'_>,
    said: &Said,
    ((serves, serves_at), query): ((&Serves, usize), Option<Section<'_>>),
    places: &mut Places<'_>,
) -> Option<Question> {
    let open: Vec<&str> = Provider::ALL.into_iter().filter(|p| is_open(*p)).map(Provider::name).collect();
    let Some(name) = serves.provider.as_deref() else {
        let right =
            format!("add `provider`, one of {}; `source` beside it narrows to one source", listed(&open));
        // Without a source either, that was said already.
        if serves.source.is_some() {
            top.wrong(serves_at, "`get` does not say whose path it is", right);
        }
        return None;
    };
    let Some(provider) = Provider::named(name).filter(|p| is_open(*p)) else {
        if !super::loading::providers().contains(&name) {
            // That was said already.
            return None;
        }
        top.wrong(serves_at, format!("{} cannot be asked by `get`", quoted(name)), instead_of(name, &open));
        return None;
    };
    let route = match Route::declared(provider, &said.text) {
        Ok(route) => Some(route),
        Err(_) => {
            let (what, right) = not_a_read(provider, &said.text);
            top.wrong(said.at, what, right);
            None
        }
    };
    let mut filled = Vec::new();
    for name in slots(route.map_or("", Route::template)) {
        if is_configured(provider, name) {
            if places.asks.iter().any(|ask| ask.name == name) {
                let what = format!("{} of the path comes from the configuration of the source", quoted(name));
                top.wrong(said.at, what, format!("leave [ask.{name}] out"));
                places.used.insert(name.to_owned());
            }
            filled.push(None);
            continue;
        }
        if let Some(ask) = places.ask(top, name, said.at) {
            let fits = matches!(ask.kind, Kind::Text { .. } | Kind::Integer { .. });
            if !fits || ask.may_be_absent() {
                let right = "make it a `string` or an `integer`, and not optional";
                top.wrong(ask.at, format!("{} fills a part of the path", quoted(name)), right);
            }
            filled.push(Some(ask.name.clone()));
        }
    }
    let mut pairs = Vec::new();
    for &Entry { key, at, value, .. } in query.as_ref().map(Section::entries).unwrap_or_default() {
        let Some(section) = query.as_ref() else { break };
        if is_reserved(provider, key) {
            let what = format!("{} comes from the configuration of the source", section.label(key));
            section.wrong(
                at,
                what,
                "leave the line out: a tool stays within what its source is configured for",
            );
        }
        let name = QueryKey::declared(key);
        if let Err(why) = &name {
            section.wrong(at, format!("{} is no name of a parameter", quoted(key)), why.to_string());
        }
        let values: Vec<Written<'_>> = match value.get_ref().as_array() {
            Some(list) => list.iter().collect(),
            None => vec![value],
        };
        for value in values {
            if let (Some(part), Ok(name)) = (places.part(section, key, value), &name) {
                pairs.push((name.clone(), part));
            }
        }
    }
    Some(Question::Get { route: route?, slots: filled, query: pairs })
}

/// Why a path is not one that may be asked, and which might have been meant.
fn not_a_read(provider: Provider, path: &str) -> (String, String) {
    if path.contains('?') {
        return ("the path holds a query".to_owned(), "write what follows the ? as [query]".to_owned());
    }
    let broken = |part: &str| {
        part.contains(['{', '}'])
            && !(part.starts_with('{') && part.ends_with('}') && part.matches('{').count() == 1)
    };
    if path.split('/').any(broken) {
        let right = "a slot fills a whole segment, as in /v1/charges/{id}";
        return ("a slot is only a part of a segment of the path".to_owned(), right.to_owned());
    }
    if let Some(op) = operations(provider).find(|op| op.method == "GET" && op.template == path) {
        let why = match op.class {
            Class::Write => "changes something",
            Class::Secret => "hands out a secret or a whole data set",
            Class::RunsCode => "runs code",
            Class::Read => "is a read",
        };
        let note = if op.note.is_empty() { String::new() } else { format!(" ({})", op.note) };
        let what = format!("GET {} {why}{note}", quoted(path));
        return (what, "there is no way to ask it: take another path".to_owned());
    }
    let reads = || {
        operations(provider).filter(|op| op.class == Class::Read && op.method == "GET").map(|op| op.template)
    };
    let bare = |path: &str| -> Vec<String> {
        path.trim_end_matches('/')
            .split('/')
            .map(|p| if p.starts_with('{') { "{}".to_owned() } else { p.to_owned() })
            .collect()
    };
    let what = format!("{} is no read of {provider}'s table of operations", quoted(path));
    let named_otherwise = reads().find(|template| bare(template) == bare(path));
    let near = named_otherwise.or_else(|| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1")]
        let closeness = |template: &str| (strsim::jaro_winkler(template, path) * 1_000.0) as u64;
        reads()
            .map(|template| (closeness(template), template))
            .filter(|(near, _)| *near > 920)
            .max()
            .map(|(_, t)| t)
    });
    let right = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its reads are listed in guard/operations/{provider}.tsv"),
    };
    (what, right)
}

fn sql(
    top: &Section<'_>,
    said: &Said,
    ((serves, serves_at), rules): ((&Serves, usize), &Rules<'_>),
    places: &mut Places<'_>,
) -> Option<Question> {
    if let Some(other) = serves.provider.as_deref().filter(|name| !SQL.contains(name)) {
        let right = format!("give one of {}, or the name of a `source`", listed(&SQL));
        top.wrong(serves_at, format!("{} takes no SQL", quoted(other)), right);
    }
    let params = match (rules.sql)(&said.text) {
        Ok(params) => params,
        Err(why) => {
            let right = "a statement is one SELECT that only reads, with $name for arguments";
            top.wrong(said.at, format!("the SQL was refused: {why}"), right);
            // Which arguments it uses is not known.
            places.used.extend(places.asks.iter().map(|ask| ask.name.clone()));
            return None;
        }
    };
    for name in &params {
        if name.bytes().all(|b| b.is_ascii_digit()) {
            top.wrong(
                said.at,
                format!("the SQL has a parameter without a name, ${name}"),
                "write $name, with an [ask.name]",
            );
            continue;
        }
        if places.ask(top, name, said.at).is_some_and(|ask| ask.kind == Kind::Cursor) {
            let right = "leave it out of the statement: prodview itself goes on where the last answer ended";
            top.wrong(said.at, format!("${name} is a cursor"), right);
        }
    }
    Some(Question::Sql { text: said.text.clone(), params })
}

fn convex(
    top: &Section<'_>,
    said: &Said,
    ((serves, serves_at), args): ((&Serves, usize), Option<Section<'_>>),
    places: &mut Places<'_>,
) -> Option<Question> {
    if let Some(other) = serves.provider.as_deref().filter(|name| *name != "convex") {
        let right = "give `convex`, or the name of a `source`";
        top.wrong(serves_at, format!("{} has no query functions", quoted(other)), right);
    }
    let sound = ConvexQuery::app(&said.text, json!({}));
    if let Err(why) = &sound {
        top.wrong(said.at, format!("{} is no query function", quoted(&said.text)), why.to_string());
    }
    let mut pairs = Vec::new();
    for &Entry { key, value, .. } in args.as_ref().map(Section::entries).unwrap_or_default() {
        let Some(section) = args.as_ref() else { break };
        let part = places.part(section, key, value);
        if let Some(Part::Ask(name)) = &part
            && places.asks.iter().any(|ask| ask.name == *name && ask.kind == Kind::Cursor)
        {
            let right = "leave it out of [args]: prodview itself goes on where the last answer ended";
            section.wrong(value.span().start, format!("{} is a cursor", quoted(name)), right);
        }
        pairs.extend(part.map(|part| (key.to_owned(), part)));
    }
    sound.ok()?;
    Some(Question::Convex { function: said.text.clone(), args: pairs })
}
