//! Who is this, in the application's own table of users (`[app.users]`)?

use super::asking::{Named, by_field};
use super::reading::{as_moment, as_text, bare, is_plain, text};
use crate::app::AppUsers;
use crate::capability::{Answered, QueryAsk, RowsAsk, State};
use crate::words::{Person, Row};
use crate::{Found, Handle, HandleKind, Moment, Stopped};
use futures_util::future;
use prodview_guard::{FailureKind, Foreign};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Users shown for one handle.
const MOST: usize = 20;
/// Users read at once, and reads, to compare addresses without regard to letter case.
const PAGE: usize = 1_000;
const PAGES: usize = 3;
/// Facts told of one user.
const FACTS: usize = 8;

/// The app's users that a handle leads to: by e-mail address, by id, or by a link to another service.
///
/// Look-ups: an address one (two when it has capitals), then at most three pages of the table when nobody has it in
/// that spelling; an id one and then one for each link; an id of another service one.
pub(crate) async fn people(
    source: &str,
    state: &dyn State,
    map: &AppUsers,
    who: &Handle,
) -> Answered<Person> {
    let found = match who.kind {
        HandleKind::Email => by_email(state, map, &who.id).await?,
        HandleKind::Row | HandleKind::Opaque => by_id(state, map, &who.id).await?,
        HandleKind::Customer => by_link(state, map, "stripe_customer", &who.id).await?,
        HandleKind::Subscription => by_link(state, map, "stripe_subscription", &who.id).await?,
        HandleKind::Account => by_link(state, map, "stripe_account", &who.id).await?,
        _ => Found::all(Vec::new()),
    };
    Ok(found.map(|row| person(source, map, &row, Moment::now())))
}

async fn by_email(state: &dyn State, map: &AppUsers, address: &str) -> Answered<Row> {
    let lower = address.to_lowercase();
    let mut spellings = vec![address];
    if lower != address {
        spellings.push(&lower);
    }
    let mut note = None;
    if let Some(query) = &map.query {
        let asked = spellings.iter().map(|spelling| {
            let params = json!({ "email": spelling });
            let ask = QueryAsk { text: query.clone(), params, limit: MOST, cursor: None };
            async move { state.query(&ask).await }
        });
        match Named::from(map).merged(future::join_all(asked).await) {
            Ok(found) => {
                let found = of_address(found, map, &lower);
                let nobody = found.rows.is_empty();
                let note =
                    "asked by the query of [app.users], which may not find other spellings of the address";
                return Ok(if nobody { found.note(note) } else { found });
            }
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Invalid) => {
                let why = failure.hint.unwrap_or_else(|| "it was not accepted".to_owned());
                note = Some(format!(
                    "the query configured under [app.users] could not be used ({why}): the table was asked"
                ));
            }
            Err(failure) => return Err(failure),
        }
    }
    let named = &Named::from(map);
    let asked = spellings.iter().map(|spelling| named.by_field(state, &map.email, spelling, MOST));
    let mut found = named.merged(future::join_all(asked).await)?;
    if found.rows.is_empty() && found.is_whole() {
        found = by_letters(state, map, &lower).await?;
    }
    found.notes.extend(note);
    Ok(found)
}

/// A query of the app's own may answer anything: those whose address is another one are left out.
fn of_address(mut found: Found<Row>, map: &AppUsers, lower: &str) -> Found<Row> {
    found.rows.retain(|row| text(row, &map.email).is_none_or(|held| held.to_lowercase() == lower));
    found.of = if found.is_whole() { u64::try_from(found.rows.len()).ok() } else { None };
    found
}

/// Nobody has the address in this spelling: the table is read, if it is small enough, and compared letter by letter.
async fn by_letters(state: &dyn State, map: &AppUsers, lower: &str) -> Answered<Row> {
    if state.folds_case() {
        let ask = RowsAsk { any_case: true, ..by_field(&map.email, lower, MOST) };
        return Named::from(map).rows(state, ask).await.map(of_other_letters);
    }
    let mut found = Found::all(Vec::<Row>::new());
    let (named, mut ask) = (Named::from(map), RowsAsk { limit: PAGE, ..RowsAsk::default() });
    let mut seen = 0_usize;
    for page in 1..=PAGES {
        let part = match named.rows(state, ask.clone()).await {
            Ok(part) => part,
            Err(failure) => {
                found.stopped = Some(Stopped::Failed(failure));
                break;
            }
        };
        seen += part.rows.len();
        found = found.aged(part.age);
        found.rows.extend(
            part.rows
                .into_iter()
                .filter(|row| text(row, &map.email).is_some_and(|held| held.to_lowercase() == lower)),
        );
        if part.stopped.is_some() || (part.more.is_some() && page == PAGES) {
            let why = format!("only the newest {seen} users were compared without regard to capital letters");
            found.stopped = Some(
                part.stopped.filter(|why| matches!(why, Stopped::Failed(_))).unwrap_or(Stopped::Bound(why)),
            );
            break;
        }
        match part.more {
            Some(cursor) => ask.cursor = Some(cursor),
            None => break,
        }
    }
    found.of = if found.is_whole() { u64::try_from(found.rows.len()).ok() } else { None };
    Ok(of_other_letters(found))
}

fn of_other_letters(found: Found<Row>) -> Found<Row> {
    if found.rows.is_empty() {
        return found;
    }
    found.note("the address is written with other capital letters there")
}

/// By the id; when nobody has it, by each link: an id without a known shape may be any service's.
async fn by_id(state: &dyn State, map: &AppUsers, id: &str) -> Answered<Row> {
    let named = &Named::from(map);
    let found = named.by_field(state, &map.id, id, MOST).await?;
    if !found.rows.is_empty() || map.links.is_empty() {
        return Ok(found);
    }
    let asked = map
        .links
        .values()
        .filter(|field| **field != map.id)
        .map(|field| named.by_field(state, field, id, MOST));
    let mut answers = future::join_all(asked).await;
    answers.insert(0, Ok(found));
    named.merged(answers)
}

async fn by_link(state: &dyn State, map: &AppUsers, link: &str, id: &str) -> Answered<Row> {
    match map.links.get(link) {
        Some(field) => Named::from(map).by_field(state, field, id, MOST).await,
        None => Ok(Found::all(Vec::new())
            .note(format!("[app.users] names no link `{link}`, so the app's users cannot be found by it"))),
    }
}

fn person(source: &str, map: &AppUsers, row: &Row, now: Moment) -> Person {
    let own_id = text(row, &map.id).filter(|id| is_plain(id));
    let created =
        value_named(row, &["createdat", "registeredat", "joinedat", "signedupat"]).and_then(as_moment);
    let links = map.links.iter().filter(|(kind, _)| is_plain(kind));
    Person {
        source: source.to_owned(),
        id: own_id.unwrap_or_else(|| row.id.clone()),
        email: text(row, &map.email).map(|email| Foreign::new(&email)),
        name: name(row),
        created: created.or(row.created),
        state: state_words(row, now),
        links: links
            .filter_map(|(kind, field)| Some((kind.clone(), Foreign::new(&text(row, field)?))))
            .collect(),
        facts: facts(row),
        url: None,
    }
}

fn value_named<'r>(row: &'r Row, names: &[&str]) -> Option<&'r Value> {
    let fields = row.fields.as_value().as_object()?;
    let by_name =
        |wanted: &&str| fields.iter().find(|(name, held)| bare(name) == **wanted && !held.is_null());
    names.iter().find_map(by_name).map(|(_, held)| held)
}

fn name(row: &Row) -> Option<Foreign> {
    if let Some(name) = value_named(row, &["name", "fullname", "displayname"]).and_then(as_text) {
        return Some(Foreign::capped(&name, 120));
    }
    let part = |names: &[&str]| value_named(row, names).and_then(as_text);
    let parts: Vec<String> = [part(&["firstname", "givenname"]), part(&["lastname", "familyname"])]
        .into_iter()
        .flatten()
        .collect();
    let name = if parts.is_empty() { part(&["username", "nickname"])? } else { parts.join(" ") };
    Some(Foreign::capped(&name, 120))
}

/// Fields that say something of the state when they are true.
const FLAGS: [&str; 9] =
    ["locked", "banned", "disabled", "suspended", "blocked", "deactivated", "deleted", "archived", "frozen"];

/// The state in short words, from fields that most applications call alike.
fn state_words(row: &Row, now: Moment) -> Vec<Foreign> {
    let mut words = Vec::new();
    for (name, held) in row.fields.as_value().as_object().into_iter().flatten() {
        let name = bare(name);
        let name =
            name.strip_prefix("is").filter(|rest| FLAGS.contains(rest) || *rest == "active").unwrap_or(&name);
        words.extend(state_word(name, held, now));
    }
    words.truncate(FACTS);
    words
}

fn state_word(name: &str, held: &Value, now: Moment) -> Option<Foreign> {
    let ours = |word: String| Some(Foreign::new(&word));
    if FLAGS.contains(&name) {
        return (*held == true).then(|| Foreign::new(name));
    }
    if let Some(flag) = name.strip_suffix("at").filter(|flag| FLAGS.contains(flag)) {
        return ours(format!("{flag} since {}", as_moment(held)?));
    }
    match name {
        "lockeduntil" | "lockuntil" | "lockoutuntil" | "lockedout" | "lockoutend" => match as_moment(held) {
            Some(until) if until > now => ours(format!("locked until {until}")),
            Some(_) => None,
            None => (*held == true).then(|| Foreign::new("locked")),
        },
        "banneduntil" | "suspendeduntil" => {
            let until = as_moment(held).filter(|until| *until > now)?;
            ours(format!("{} until {until}", name.trim_end_matches("until")))
        }
        "active" | "enabled" => (*held == false).then(|| Foreign::new("not active")),
        "emailverified" | "verified" | "emailconfirmed" => {
            (*held == false).then(|| Foreign::new("e-mail not verified"))
        }
        "status" | "accountstatus" | "state" => Some(Foreign::capped(&as_text(held)?, 40)),
        _ => None,
    }
}

/// Fields worth telling, with the label they are told by.
const TOLD: [(&str, &str); 16] = [
    ("role", "role"),
    ("plan", "plan"),
    ("tier", "plan"),
    ("lockreason", "lock reason"),
    ("lockedreason", "lock reason"),
    ("banreason", "ban reason"),
    ("failedlogins", "failed logins"),
    ("failedloginattempts", "failed logins"),
    ("loginattempts", "failed logins"),
    ("failedsignins", "failed logins"),
    ("lastloginat", "last login"),
    ("lastsigninat", "last login"),
    ("lastseenat", "last seen"),
    ("credits", "credits"),
    ("balance", "balance"),
    ("locale", "locale"),
];

fn facts(row: &Row) -> BTreeMap<String, Foreign> {
    let mut facts = BTreeMap::new();
    for (name, label) in TOLD {
        let Some(held) = value_named(row, &[name]) else { continue };
        // A number is a time only where its name says so: credits may be many.
        let at = if name.ends_with("at") { as_moment(held).map(|at| at.to_string()) } else { None };
        if let Some(told) = at.or_else(|| as_text(held)).filter(|_| facts.len() < FACTS) {
            facts.entry(label.to_owned()).or_insert_with(|| Foreign::capped(&told, 120));
        }
    }
    facts
}

#[cfg(test)]
mod tests;
