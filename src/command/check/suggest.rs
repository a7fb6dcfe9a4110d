//! `prodview check --suggest`: proposes `[app.*]` from the tables that the sources hold. No value is printed or kept.

use super::super::Trouble;
use super::super::call::with_progress;
use crate::terminal;
use futures_util::future::join_all;
use prodview_guard::{Failure, Foreign, Provider, deadline};
use prodview_providers::app::Part;
use prodview_providers::app_tables::suggest::{
    Proposal, Sampled, SampledField, Shape, Shapes, Suggestion, decide, promise,
};
use prodview_providers::capability::{Language, QueryAsk, RowsAsk, State};
use prodview_providers::words::{Field, Row};
use prodview_tools::App;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// So many tables of one source are looked at, and so many rows of each.
const TABLES: usize = 80;
const ROWS: usize = 20;
/// So many names of a big database are read, in so many pages.
const NAMES: usize = 1_000;
const PAGES: usize = 10;
/// So many of those that were not looked at are named.
const NAMED: usize = 12;
/// Every table that can be read, where the list of them was cut.
const ALL: &str = "select case when pg_table_is_visible(c.oid) then c.relname::text else n.nspname || '.' || c.relname end as name
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and has_table_privilege(c.oid, 'SELECT')
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname not like 'pg\\_%'
order by 1";
/// So many tables are looked at together.
const AT_ONCE: usize = 5;
/// All of it together may take this long.
const LONGEST: Duration = Duration::from_secs(90);

/// What was seen of one source.
struct Looked {
    source: String,
    tables: Vec<Sampled>,
    notes: Vec<String>,
    /// Whether there are tables that were not looked at.
    cut: bool,
}

/// Looks, decides, and prints the proposal. Where there is no file yet, `unwritten`, the sources' own sections are part
/// of it: once there is a file, only the file counts.
pub(super) async fn run(app: &App, unwritten: bool, as_json: bool) -> Result<ExitCode, Trouble> {
    let looks = join_all(app.sources.state().into_iter().map(|able| async move {
        let name = able.source.name();
        match able.source.admit().await {
            Ok(()) => look(name, able.can).await,
            Err(failure) => {
                let notes = vec![failure.to_string()];
                Looked { source: name.to_owned(), tables: Vec::new(), notes, cut: false }
            }
        }
    }));
    let looked = with_progress(deadline::within(LONGEST, looks)).await;
    let tables: Vec<Sampled> = looked.iter().flat_map(|l| l.tables.iter().cloned()).collect();
    let suggestion = decide(&tables, app.sources.app());
    let mut toml = toml(&suggestion, &looked);
    if unwritten && !tables.is_empty() {
        let sections = app.sources.all().iter().map(|s| (s.name(), s.provider()));
        toml.insert_str(0, &sources(sections));
    }
    let mut out = terminal::out();
    if as_json {
        let mut report = report(&suggestion, &looked, &toml);
        prodview_guard::redact_json(&mut report);
        writeln!(out, "{report:#}")?;
    } else {
        write!(out, "{}", prodview_guard::redact(&toml))?;
    }
    Ok(if tables.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn look(source: &str, state: &dyn State) -> Looked {
    let mut looked = Looked { source: source.to_owned(), tables: Vec::new(), notes: Vec::new(), cut: false };
    let own = match state.language() {
        Language::RedisCommand => {
            looked.notes.push("holds keys, not tables".to_owned());
            return looked;
        }
        // Convex tells these two beside the fields and not among them.
        Language::ConvexQuery => Some(("_id", "_creationTime")),
        Language::Sql => None,
    };
    let (mut names, listed_all) = match names_of(state).await {
        Ok(names) => names,
        Err(failure) => {
            looked.notes.push(format!("its tables could not be listed: {failure}"));
            return looked;
        }
    };
    names.retain(|name| !is_of_a_tool(name));
    // Of equals, in the order of the list.
    names.sort_by_key(|name| Reverse(promise(name)));
    let some = names.get(..TABLES.min(names.len())).unwrap_or_default();
    let rest = names.get(some.len()..).unwrap_or_default();
    looked.cut = !rest.is_empty() || !listed_all;
    if looked.cut {
        looked.notes.push(not_looked_at(some.len(), rest, listed_all));
    }
    for few in some.chunks(AT_ONCE) {
        for sampled in join_all(few.iter().map(|name| sample(source, state, name, own))).await {
            match sampled {
                Ok((table, note)) => {
                    looked.tables.push(table);
                    looked.notes.extend(note);
                }
                Err(note) => looked.notes.push(note),
            }
        }
    }
    looked
}

/// The names of its tables, and whether these are all.
async fn names_of(state: &dyn State) -> Result<(Vec<String>, bool), Failure> {
    let found = state.tables().await?;
    let whole = found.is_whole();
    let listed: Vec<String> = found.rows.into_iter().map(|table| table.name).collect();
    if whole || state.language() != Language::Sql {
        return Ok((listed, whole));
    }
    let mut ask = QueryAsk { text: ALL.to_owned(), limit: NAMES, ..QueryAsk::default() };
    let mut names = Vec::new();
    for _ in 0..PAGES {
        let Ok(page) = state.query(&ask).await else { return Ok((listed, false)) };
        let name = |row: &Row| row.fields.as_value().get("name")?.as_str().map(str::to_owned);
        names.extend(page.rows.iter().filter_map(name));
        match page.more {
            Some(cursor) => ask.cursor = Some(cursor),
            None => return Ok((names, page.stopped.is_none())),
        }
    }
    Ok((names, false))
}

fn not_looked_at(looked: usize, rest: &[String], listed_all: bool) -> String {
    let least = if listed_all { "" } else { "at least " };
    let all = looked + rest.len();
    let some: Vec<String> = rest.iter().take(NAMED).map(|name| quoted(name)).collect();
    let more = match rest.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{looked} of its {least}{all} tables were looked at, those with telling names first; not {}{more}",
        some.join(", ")
    )
}

/// Tables that migration tools and stores keep for themselves.
fn is_of_a_tool(name: &str) -> bool {
    let own = name.rsplit('.').next().unwrap_or(name);
    own.starts_with('_')
        || matches!(
            own,
            "schema_migrations"
                | "ar_internal_metadata"
                | "migrations"
                | "knex_migrations"
                | "spatial_ref_sys"
        )
}

/// One table's fields with the shapes of a few values; a note where no row could be read.
async fn sample(
    source: &str,
    state: &dyn State,
    name: &str,
    own: Option<(&'static str, &'static str)>,
) -> Result<(Sampled, Option<String>), String> {
    let shown = Foreign::capped(name, 80);
    let table =
        state.table(name).await.map_err(|failure| format!("{shown} could not be described: {failure}"))?;
    let ask = RowsAsk { table: name.to_owned(), limit: ROWS, ..RowsAsk::default() };
    let (rows, note) = match state.rows(&ask).await {
        Ok(found) => (found.rows, None),
        Err(failure) => {
            (Vec::new(), Some(format!("no row of {shown} could be read, so names alone decide: {failure}")))
        }
    };
    let mut fields: Vec<SampledField> = table
        .fields
        .into_iter()
        .map(|field| SampledField { kind: kind(&field), name: field.name, shapes: Shapes::default() })
        .collect();
    for row in &rows {
        for (name, held) in row.fields.as_value().as_object().into_iter().flatten() {
            count(&mut fields, name, held, &row.id);
        }
    }
    if let Some((id, created)) = own {
        let shapes =
            |shape| if rows.is_empty() { Shapes::default() } else { Shapes::with(shape, rows.len()) };
        for (name, kind, shape) in [(id, "id", Shape::OwnId), (created, "number", Shape::Time)] {
            let (name, kind) = (name.to_owned(), kind.to_owned());
            fields.push(SampledField { name, kind, shapes: shapes(shape) });
        }
    }
    Ok((Sampled { source: source.to_owned(), table: name.to_owned(), fields }, note))
}

/// A field's type, and where it leads: `bigint references customers (id)`.
fn kind(field: &Field) -> String {
    match field.key.as_deref().filter(|key| key.starts_with("references ")) {
        Some(reference) => format!("{} {reference}", field.kind),
        None => field.kind.clone(),
    }
}

fn count(fields: &mut Vec<SampledField>, name: &str, held: &Value, own_id: &str) {
    if let Some(field) = fields.iter_mut().find(|field| field.name == name) {
        return field.shapes.count(held, own_id);
    }
    let mut shapes = Shapes::default();
    shapes.count(held, own_id);
    fields.push(SampledField { name: name.to_owned(), kind: String::new(), shapes });
}

fn key(part: Option<Part>) -> &'static str {
    let of = |part| Part::ALL.into_iter().find(|(known, _, _)| *known == part).map(|(_, key, _)| key);
    part.and_then(of).unwrap_or("users")
}

/// The proposal as it can be pasted into `prodview.toml`.
fn toml(suggestion: &Suggestion, looked: &[Looked]) -> String {
    let mut out = String::new();
    let mut say = |line: String| {
        out.push_str(line.trim_end());
        out.push('\n');
    };
    if looked.is_empty() {
        say("# No source that holds tables is configured.".to_owned());
    }
    for one in looked {
        let tables = match one.tables.len() {
            1 => "1 table".to_owned(),
            n => format!("{n} tables"),
        };
        say(format!("# {}: {tables} looked at; of values only the shape was looked at.", one.source));
        one.notes.iter().for_each(|note| say(format!("#   {}", comment(note))));
    }
    for (heading, table) in &suggestion.mapped {
        say(format!("# Already mapped, so not proposed again: [{heading}] ({})", comment(table)));
    }
    for proposal in &suggestion.proposals {
        say(String::new());
        section(proposal).into_iter().for_each(&mut say);
    }
    if !suggestion.missing.is_empty() {
        say(String::new());
    }
    let among = if looked.iter().any(|l| l.cut) { " among the tables that were looked at" } else { "" };
    for (heading, looked_for) in &suggestion.missing {
        say(format!("# Not found{among}: [{heading}…]: {looked_for}."));
    }
    out
}

/// The sections of the sources that the environment alone gives, with the variables that they come from.
fn sources<'a>(all: impl Iterator<Item = (&'a str, Provider)>) -> String {
    let mut out = String::new();
    for (name, provider) in all {
        let _ = writeln!(out, "[sources.{name}]\nprovider = {}", quoted(provider.name()));
        let keys: &[(&str, &str)] = match provider {
            Provider::Sentry => &[("org", "SENTRY_ORG"), ("token", "SENTRY_AUTH_TOKEN")],
            Provider::Stripe => &[("key", "STRIPE_API_KEY")],
            Provider::Convex => &[("url", "CONVEX_URL"), ("deploy_key", "CONVEX_DEPLOY_KEY")],
            Provider::Postgres => &[("url", "DATABASE_URL")],
            Provider::Supabase => &[("project", "SUPABASE_PROJECT_REF"), ("token", "SUPABASE_ACCESS_TOKEN")],
            Provider::Redis => &[("url", "REDIS_URL")],
            Provider::Upstash => &[("url", "UPSTASH_REDIS_REST_URL"), ("token", "UPSTASH_REDIS_REST_TOKEN")],
        };
        for (key, variable) in keys {
            let _ = writeln!(out, "{key} = \"env:{variable}\"");
        }
        out.push('\n');
    }
    out
}

fn section(proposal: &Proposal) -> Vec<String> {
    let heading = match proposal.part {
        None => "[app.users]".to_owned(),
        part => format!("[app.{}.{}]", key(part), proposal.name),
    };
    let mut lines = vec![
        format!("# {}, {}: {}", comment(&proposal.table), proposal.sure.word(), comment(&proposal.why)),
        heading,
        format!("source = {}", quoted(&proposal.source)),
        format!("table = {}", quoted(&proposal.table)),
    ];
    for (role, field, why) in &proposal.fields {
        lines.push(format!("{role} = {}  # {}", quoted(field), comment(why)));
    }
    if !proposal.links.is_empty() {
        let pairs: Vec<String> =
            proposal.links.iter().map(|(kind, field, _)| format!("{kind} = {}", quoted(field))).collect();
        let whys: Vec<String> =
            proposal.links.iter().map(|(kind, _, why)| format!("{kind}: {}", comment(why))).collect();
        lines.push(format!("links = {{ {} }}  # {}", pairs.join(", "), whys.join("; ")));
    }
    lines
}

/// A text of TOML: whatever a name holds, it stays one.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text in a comment: on one line, and not too long.
fn comment(text: &str) -> String {
    Foreign::capped(text, 200).as_str().replace(['\n', '\r'], " ")
}

fn report(suggestion: &Suggestion, looked: &[Looked], toml: &str) -> Value {
    let role =
        |(role, field, why): &(String, String, String)| json!({ "role": role, "field": field, "why": why });
    json!({
        "toml": toml,
        "proposed": suggestion.proposals.iter().map(|p| json!({
            "part": key(p.part),
            "name": p.name,
            "source": p.source,
            "table": p.table,
            "sure": p.sure.word(),
            "why": p.why,
            "fields": p.fields.iter().map(role).collect::<Vec<_>>(),
            "links": p.links.iter().map(role).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "mapped": suggestion.mapped.iter().map(|(heading, table)| json!({ "heading": heading, "table": table }))
            .collect::<Vec<_>>(),
        "not_found": suggestion.missing.iter().map(|(heading, looked_for)| json!({
            "heading": heading, "looked_for": looked_for,
        })).collect::<Vec<_>>(),
        "sources": looked.iter().map(|l| json!({
            "source": l.source, "tables": l.tables.len(), "notes": l.notes,
        })).collect::<Vec<_>>(),
    })
}
