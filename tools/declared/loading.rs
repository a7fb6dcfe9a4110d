//! The whole file: its keys, and what they must say together.

use super::column;
use super::parameter::Parameter;
use super::question::{self, Question};
use super::{Declared, LARGEST, Rules, Serves};
use crate::toml_file::{Problem, Said, Section, Sheet, instead_of, quoted};
use prodview_guard::Provider;

/// The providers a file may name: those with an adapter, and those whose state is asked in SQL.
pub(super) fn providers() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Provider::ALL.iter().map(|p| p.name()).collect();
    names.extend(["postgres", "supabase"]);
    names.sort_unstable();
    names.dedup();
    names
}

/// The most arguments.
pub(super) const MOST_ASKS: usize = 20;

pub(super) fn load(text: &str, file: &str, rules: &Rules<'_>) -> Result<Declared, Vec<Problem>> {
    let sheet = Sheet::new(Some(file), text);
    if text.len() > LARGEST {
        sheet.wrong(
            0,
            format!("the file is larger than {} KiB", LARGEST / 1024),
            "a declared tool is a page",
        );
        return Err(sheet.finish());
    }
    let tree = sheet.tree();
    let declared = tree.as_ref().and_then(|tree| whole(&sheet, Section::top(&sheet, tree.get_ref()), rules));
    let problems = sheet.finish();
    match declared {
        Some(declared) if problems.is_empty() => Ok(declared),
        _ => Err(problems),
    }
}

fn whole(sheet: &Sheet<'_>, mut top: Section<'_>, rules: &Rules<'_>) -> Option<Declared> {
    let name = name(&mut top);
    let title = sentence(&mut top, "title", ("Stripe disputes", 80));
    let about = sentence(&mut top, "about", ("When to use it.", 300));
    let (serves, serves_at) = serves(&mut top);
    let asks = asks(&mut top);
    let question = question::read(&mut top, (&serves, serves_at), &asks, rules);
    let is_get = top.has("get");
    let (rows, columns) = column::read(&mut top, is_get);
    for key in ["method", "post", "put", "delete", "patch"] {
        top.refuse(key, "leave it out: there is no method to choose, a declared tool reads");
    }
    top.finish();
    let name = name?;
    Some(Declared {
        place: sheet.place(name.at),
        name: name.text,
        title: title?,
        about: about?,
        serves,
        asks,
        question: question?,
        rows,
        columns,
    })
}

fn name(top: &mut Section<'_>) -> Option<Said> {
    let said = top.required("name", "stripe_disputes")?;
    let plain = (3..=48).contains(&said.text.len())
        && said.text.starts_with(|c: char| c.is_ascii_lowercase())
        && said.text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !plain {
        let right = "a name is 3 to 48 of a–z, 0–9 and _, with a letter first";
        top.wrong(said.at, format!("{} cannot be the name of a tool", quoted(&said.text)), right);
    } else if crate::catalogue().iter().any(|entry| entry.name == said.text) {
        top.wrong(
            said.at,
            format!("{} is a built-in tool", quoted(&said.text)),
            "give this one another name",
        );
    }
    Some(said)
}

/// A text that is put before a model: one line, not too long.
fn sentence(top: &mut Section<'_>, key: &'static str, (example, most): (&str, usize)) -> Option<String> {
    let said = top.required(key, example)?;
    if said.text.chars().count() > most {
        top.wrong(
            said.at,
            format!("`{key}` is long"),
            format!("at most {most} characters: every client pays for them"),
        );
    }
    if prodview_guard::visible(&said.text) != said.text || said.text.contains(['\n', '\r', '\t']) {
        top.wrong(
            said.at,
            format!("`{key}` holds characters that are not seen, or several lines"),
            "write it on one line, as it should read",
        );
    }
    Some(said.text)
}

fn serves(top: &mut Section<'_>) -> (Serves, usize) {
    let (provider, source) = (top.text("provider"), top.text("source"));
    let known = providers();
    if let Some(said) = provider.as_ref().filter(|said| !known.contains(&said.text.as_str())) {
        top.wrong(
            said.at,
            format!("there is no provider {}", quoted(&said.text)),
            instead_of(&said.text, &known),
        );
    }
    let is_source = |name: &str| {
        (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
    };
    if let Some(said) = source.as_ref().filter(|said| !is_source(&said.text)) {
        let right = "it should be the name of one in prodview.toml: `db` for [sources.db]";
        top.wrong(said.at, format!("{} cannot be the name of a source", quoted(&said.text)), right);
    }
    if !top.has("provider") && !top.has("source") {
        let right = "add `provider = \"stripe\"`, or `source = \"db\"` for one source of that name";
        top.wrong(top.at, "the file does not say whom it asks", right);
    }
    let at = provider.as_ref().or(source.as_ref()).map_or(top.at, |said| said.at);
    (Serves { provider: provider.map(|s| s.text), source: source.map(|s| s.text) }, at)
}

fn asks(top: &mut Section<'_>) -> Vec<Parameter> {
    let Some(section) = top.section("ask") else { return Vec::new() };
    let mut asks: Vec<Parameter> = Vec::new();
    for entry in section.entries() {
        let Some(ask) = section.section_of(entry) else { continue };
        let title = ask.title();
        let parameter = Parameter::read(entry.key, ask);
        let is_cursor = |p: &Parameter| p.kind == super::parameter::Kind::Cursor;
        if is_cursor(&parameter) && asks.iter().any(is_cursor) {
            section.wrong(entry.at, format!("{title} is a second cursor"), "keep one of them");
        }
        asks.push(parameter);
    }
    if section.entries().len() > MOST_ASKS {
        section.wrong(section.at, "there are too many arguments", format!("keep at most {MOST_ASKS}"));
    }
    asks
}

impl Question {
    /// How it is asked, as the file writes it.
    pub(super) fn how(&self) -> &'static str {
        match self {
            Question::Get { .. } => "get",
            Question::Sql { .. } => "sql",
            Question::Convex { .. } => "convex_query",
        }
    }
}
