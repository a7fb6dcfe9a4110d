//! Is there what `[app.*]` names? Each section against what its source tells of its tables: a name that is mistyped
//! would otherwise look like a table in which nobody has a row.

use futures_util::future::join_all;
use prodview_guard::{Failure, visible};
use prodview_providers::Source;
use prodview_providers::app::App;
use prodview_providers::capability::{Language, State};
use prodview_providers::words::{Field, Table};
use prodview_tools::toml_file::{listed, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// So many tables are looked at together.
const AT_ONCE: usize = 5;
/// So many names are told where none is near.
const NAMES: usize = 12;

/// One section, and what it names.
struct Section {
    heading: String,
    table: String,
    /// Role → field.
    fields: Vec<(String, String)>,
}

/// What does not fit in the sections that name this source, each in a sentence with what would be right.
pub(super) async fn mismatches(source: &Source, app: &App) -> Vec<String> {
    let sections = sections(source.name(), app);
    let Some(state) = source.adapter().state().filter(|s| s.language() != Language::RedisCommand) else {
        return Vec::new();
    };
    let names: Vec<&str> =
        sections.iter().map(|s| s.table.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut tables: BTreeMap<&str, Result<Table, Failure>> = BTreeMap::new();
    for few in names.chunks(AT_ONCE) {
        tables.extend(join_all(few.iter().map(|name| async move { (*name, state.table(name).await) })).await);
    }
    let missing = tables.values().any(|table| table.as_ref().is_err_and(Failure::is_not_found));
    let known = if missing { names_of(state).await } else { Vec::new() };
    let mut all = Vec::new();
    for section in &sections {
        match tables.get(section.table.as_str()) {
            Some(Ok(table)) => {
                let unknown = section.fields.iter().filter(|(_, field)| !has(table, field, state.language()));
                all.extend(unknown.map(|(role, field)| {
                    let names = table.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>();
                    format!(
                        "{} names the field `{}` as its `{role}`, which `{}` does not have: {}",
                        section.heading,
                        visible(field),
                        table.name,
                        instead(field, &names)
                    )
                }));
            }
            Some(Err(failure)) if failure.is_not_found() => {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                all.push(format!(
                    "{} names the table `{}`, which {} does not have: {}",
                    section.heading,
                    visible(&section.table),
                    source.name(),
                    instead(&section.table, &names)
                ));
            }
            Some(Err(failure)) => {
                let table = visible(&section.table);
                all.push(format!("{}: `{table}` could not be looked at: {failure}", section.heading));
            }
            None => {}
        }
    }
    all.extend(strangers(&sections, &tables));
    all
}

fn sections(source: &str, app: &App) -> Vec<Section> {
    let users = app.users.iter().filter(|users| users.source == source).map(|users| {
        let mut fields = vec![("id".to_owned(), users.id.clone()), ("email".to_owned(), users.email.clone())];
        fields.extend(users.links.iter().map(|(kind, field)| (format!("links.{kind}"), field.clone())));
        Section { heading: "[app.users]".to_owned(), table: users.table.clone(), fields }
    });
    let tables = app.tables.iter().filter(|table| table.source == source).map(|table| Section {
        heading: table.heading(),
        table: table.table.clone(),
        fields: table.fields.iter().map(|(role, field)| (role.clone(), field.clone())).collect(),
    });
    users.chain(tables).collect()
}

async fn names_of(state: &dyn State) -> Vec<String> {
    let found = state.tables().await.map(|found| found.rows).unwrap_or_default();
    found.into_iter().map(|table| table.name).collect()
}

/// Whether a table has a field. Where nothing is known of its fields, it may.
fn has(table: &Table, field: &str, language: Language) -> bool {
    let within = field.split_once('.').and_then(|(first, _)| table.fields.iter().find(|f| f.name == first));
    let own = match language {
        Language::ConvexQuery => matches!(field, "_id" | "_creationTime") || within.is_some(),
        Language::Sql => {
            let keys = table.fields.iter().filter(|f| f.key.as_deref() == Some("primary key")).count();
            (field == "_id" && keys == 1) || within.is_some_and(|f| f.kind.starts_with("json"))
        }
        Language::RedisCommand => true,
    };
    own || table.fields.is_empty() || table.fields.iter().any(|f| f.name == field)
}

/// What to write instead of a name that is not there.
fn instead(name: &str, known: &[&str]) -> String {
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    match known {
        [] => "it has none".to_owned(),
        known if known.len() <= NAMES => format!("there are {}", listed(known)),
        known => {
            let some: Vec<&str> = known.iter().copied().take(NAMES).collect();
            format!("there are {} and {} more", listed(&some), known.len() - NAMES)
        }
    }
}

/// Fields for `user` that can never hold the id of a user, by their types.
fn strangers(sections: &[Section], tables: &BTreeMap<&str, Result<Table, Failure>>) -> Vec<String> {
    let field_of = |section: &Section, role: &str| -> Option<Field> {
        let (_, field) = section.fields.iter().find(|(played, _)| played == role)?;
        let table = tables.get(section.table.as_str())?.as_ref().ok()?;
        table.fields.iter().find(|f| f.name == *field).cloned()
    };
    let Some(users) = sections.iter().find(|s| s.heading == "[app.users]") else { return Vec::new() };
    let id = field_of(users, "id");
    let own = users.fields.iter().any(|(role, field)| role == "id" && field == "_id");
    let told = |section: &Section| {
        let user = field_of(section, "user")?;
        let there = match (&id, user.kind.strip_prefix("id of ")) {
            (None, Some(other)) if own && is_name(other) && other != users.table => {
                format!("`_id` of {}", users.table)
            }
            (Some(id), _) if never_equal(&user.kind, &id.kind) => format!("`{}`, {}", id.name, id.kind),
            _ => return None,
        };
        Some(format!(
            "{} has `{}` as its `user`, {}, and [app.users] has {there} as its `id`: no row is found by a user's id",
            section.heading, user.name, user.kind
        ))
    };
    sections.iter().filter_map(told).collect()
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether no value of the one type is one of the other. A text may hold anything, and of other types nothing is known.
fn never_equal(one: &str, other: &str) -> bool {
    let family = |kind: &str| match kind {
        "smallint" | "integer" | "bigint" => Some("number"),
        kind if kind.starts_with("numeric") => Some("number"),
        "uuid" => Some("uuid"),
        "boolean" => Some("flag"),
        kind if kind.starts_with("timestamp") || kind == "date" => Some("time"),
        _ => None,
    };
    family(one).zip(family(other)).is_some_and(|(one, other)| one != other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: &str, key: Option<&str>) -> Field {
        Field {
            name: name.to_owned(),
            kind: kind.to_owned(),
            optional: false,
            key: key.map(str::to_owned),
            looks_like: None,
        }
    }

    #[test]
    fn a_field_may_be_named_in_every_way_that_its_source_understands() {
        let fields = vec![field("id", "uuid", Some("primary key")), field("data", "jsonb", None)];
        let table = Table { name: "t".to_owned(), fields, ..Table::default() };
        for (name, sql, convex) in [
            ("id", true, true),
            ("_id", true, true),
            ("_creationTime", false, true),
            ("data.order.id", true, true),
            ("id.x", false, true),
            ("dta", false, false),
        ] {
            assert_eq!(has(&table, name, Language::Sql), sql, "{name}");
            assert_eq!(has(&table, name, Language::ConvexQuery), convex, "{name}");
        }
        assert!(has(&Table::default(), "anything", Language::Sql), "nothing is known of its fields");
    }

    #[test]
    fn types_that_can_never_be_equal_are_told_apart_from_those_that_may() {
        for (one, other, never) in [
            ("bigint", "uuid", true),
            ("uuid", "integer", true),
            ("bigint", "integer", false),
            ("text", "uuid", false),
            ("bigint", "text", false),
            ("citext", "uuid", false),
            ("order_status", "uuid", false),
        ] {
            assert_eq!(never_equal(one, other), never, "{one} {other}");
        }
    }

    #[test]
    fn what_would_be_right_is_the_nearest_name_or_a_few() {
        assert_eq!(instead("payment", &["users", "payments"]), "did you mean `payments`?");
        assert_eq!(instead("zzz", &["users"]), "there are `users`");
        let many: Vec<String> = (0..20).map(|n| format!("table_number_{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(instead("zzz", &many).ends_with("and 8 more"));
    }
}
