//! `[app.*]`: where the application keeps what, and whether the sources it names can hold that.

use super::reading::Reading;
use super::section::Section;
use super::sources::Planned;
use prodview_guard::Provider;
use prodview_providers::Source;
use prodview_providers::app::{App, AppTable, AppUsers, Part};
use prodview_providers::capability::Capability;
use prodview_tools::toml_file::{Entry, listed, nearest, quoted};
use std::collections::BTreeMap;

/// `[app]` as it was read, and which sections name which source.
pub(super) struct Mapped {
    pub(super) app: App,
    uses: Vec<Use>,
}

/// A part, and the roles that fields play in it.
type Kind = (Part, &'static [&'static str]);

struct Use {
    source: String,
    at: usize,
    title: String,
}

/// Reads `[app]`.
pub(super) fn read(section: Option<Section<'_>>) -> Mapped {
    let mut mapped = Mapped { app: App::default(), uses: Vec::new() };
    let Some(mut section) = section else { return mapped };
    if let Some(users) = section.section("users") {
        mapped.app.users = mapped.users(users);
    }
    let mut tables = Vec::new();
    for (part, key, roles) in Part::ALL {
        let Some(below) = section.section(key) else { continue };
        tables.extend(below.sections().into_iter().map(|(name, table)| (name, table, (part, roles))));
        if let Some(setting) = below.settings().next() {
            let right = format!("give it a name of yours: [app.{key}.main]");
            section.wrong(setting.at, format!("[app.{key}] holds tables, not settings"), right);
        }
    }
    tables.sort_by_key(|(_, table, _)| table.at);
    for (name, table, kind) in tables {
        if let Some(table) = mapped.table(name, table, kind) {
            mapped.app.tables.push(table);
        }
    }
    section.finish();
    mapped
}

impl Mapped {
    fn source(&mut self, section: &mut Section<'_>) -> Option<String> {
        let at = section.at;
        let source = section.required("source", "convex")?.text;
        self.uses.push(Use { source: source.clone(), at, title: section.title() });
        Some(source)
    }

    fn users(&mut self, mut section: Section<'_>) -> Option<AppUsers> {
        let source = self.source(&mut section);
        let table = section.required("table", "users");
        let id = section.required("id", "_id");
        let email = section.required("email", "email");
        let links = section.section("links").map(links).unwrap_or_default();
        let query = section.text("query").map(|said| said.text);
        section.finish();
        Some(AppUsers { source: source?, table: table?.text, id: id?.text, email: email?.text, links, query })
    }

    fn table(&mut self, name: &str, mut section: Section<'_>, (part, roles): Kind) -> Option<AppTable> {
        let at = section.at;
        if name.len() > 40 || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            let what = format!("{} cannot be the name of a table here", quoted(name));
            section.wrong(at, what, "a name is 1 to 40 letters, digits, _ and -");
        }
        let source = self.source(&mut section);
        let table = section.required("table", "the table's name");
        let mut named = Vec::new();
        let fields = roles
            .iter()
            .filter_map(|role| {
                named.extend(section.has(role).then_some(*role));
                Some(((*role).to_owned(), section.text(role)?.text))
            })
            .collect();
        let metadata = match part {
            Part::Payments => section.texts("metadata").into_iter().map(|said| said.text).collect(),
            _ => Vec::new(),
        };
        let due: &[&str] = match part {
            Part::Payments => &["payment", "checkout", "invoice", "subscription"],
            _ => roles,
        };
        // A role that is mistyped is reported as such.
        if section.is_used_up() && !due.iter().any(|role| named.contains(role)) {
            let what = format!("{} says no field of {}", section.title(), listed(due));
            let right =
                format!("name at least one: `{} = \"the field's name\"`", due.first().unwrap_or(&"id"));
            section.wrong(at, what, right);
        }
        section.finish();
        Some(AppTable { part, name: name.to_owned(), source: source?, table: table?.text, fields, metadata })
    }

    /// Leaves out what is kept in a source that is switched off, and says so.
    pub(super) fn without_those_off(&mut self, reading: &Reading<'_>, planned: &[Planned]) {
        let off = |name: &str| planned.iter().any(|p| p.name == name && !p.enabled);
        for named in self.uses.extract_if(.., |named| off(&named.source)) {
            let what =
                format!("{} is left out: the source {} is not enabled", named.title, quoted(&named.source));
            reading.odd(named.at, what, "enable the source, or leave the section out too");
        }
        self.app.users = self.app.users.take().filter(|users| !off(&users.source));
        self.app.tables.retain(|table| !off(&table.source));
    }

    /// Reports sections that name a source that is not there, or holds no state. A source that could not be
    /// connected has its own problem: nothing is said about it here.
    pub(super) fn check(&self, reading: &Reading<'_>, names: &[String], sources: &[Source]) {
        for Use { source, at, title } in &self.uses {
            if !names.contains(source) {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                let right = match nearest(source, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => section_for(source, &known),
                };
                let what = format!("{title} names the source {}, which is not there", quoted(source));
                reading.wrong(*at, what, right);
            } else if sources.iter().any(|s| s.name() == source && !s.can(Capability::State)) {
                let able: Vec<&str> =
                    sources.iter().filter(|s| s.can(Capability::State)).map(|s| s.name()).collect();
                let right = match able.as_slice() {
                    [] => "name a source that holds tables, such as one of Convex".to_owned(),
                    able => format!("name one that does: {}", listed(able)),
                };
                let what = format!("{title} names the source {}, which holds no tables", quoted(source));
                reading.wrong(*at, what, right);
            }
        }
    }
}

/// The section that would hold a source of that name. One that is called after a provider needs no more than that.
fn section_for(source: &str, known: &[&str]) -> String {
    let holds_tables = [Provider::Convex, Provider::Postgres, Provider::Supabase];
    let add = match Provider::named(source) {
        Some(_) => format!("add its section: [sources.{source}]"),
        None => {
            let providers = holds_tables.map(Provider::name);
            format!("add its section: [sources.{source}], with a `provider`: {}", listed(&providers))
        }
    };
    match known {
        [] => add,
        known => format!("{add}; known here: {}", listed(known)),
    }
}

/// `links = { stripe_customer = "…" }`: texts under keys of the writer's own.
fn links(section: Section<'_>) -> BTreeMap<String, String> {
    let text_of = |&Entry { key, value, .. }: &Entry<'_>| {
        Some((key.to_owned(), section.text_of(key, value, "a text in quotes")?.text))
    };
    section.entries().iter().filter_map(text_of).collect()
}
