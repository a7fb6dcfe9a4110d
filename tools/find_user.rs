//! `find_user`: who is this, in every system at once, and what does not fit together.

use crate::asked::{Asked, ask_all, cuts};
use crate::page::{Page, counted, quoted};
use crate::{Answer, App, Cut, Needs, NextCall, Tool, ToolError};
use futures_util::future::join_all;
use prodview_guard::Provider;
use prodview_providers::app::Part;
use prodview_providers::app_tables::rows_of_person;
use prodview_providers::capability::Capability;
use prodview_providers::words::{Person, Row};
use prodview_providers::{Handle, HandleKind, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) mod fit;
pub(crate) mod whose;

/// The tool.
pub struct FindUser;

/// Who.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// E-mail address, an id of any service (cus_…, pi_…, a row's id, the app's user id), or a dashboard URL.
    #[schemars(length(min = 1, max = 500))]
    who: String,
}

/// The person, as each source knows them, and what the application gave them.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    people: Vec<Person>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entitlements: Vec<Entitlements>,
}

/// The person's rows in one table of `[app.entitlements.…]`: passes, memberships, balances.
#[derive(Serialize, JsonSchema)]
pub struct Entitlements {
    source: String,
    table: String,
    rows: Vec<Row>,
}

/// How many times links are followed: address → app row → customer → the customer's other address.
const ROUNDS: usize = 3;
/// How many different ids and addresses are looked up for one question.
const MOST_HANDLES: usize = 6;

impl Tool for FindUser {
    const NAME: &'static str = "find_user";
    const TITLE: &'static str = "Who is this?";
    const ABOUT: &'static str = "Finds a person in every connected system at once, follows the links between them, and says what does not fit together. \
        Use it first when somebody has a problem: identify, then correlate.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::Users]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let Some(who) = Handle::read(&q.who).map(as_person) else {
            return Err(ToolError::malformed(
                "who",
                "should be an e-mail address, an id, or the URL of a dashboard page",
            ));
        };
        let mut asked = Asked::default();
        let Resolved { people, owner } = resolve(app, &mut asked, &who).await;
        let who = owner.filter(|_| people.is_empty()).unwrap_or(who);
        let (entitlements, cut) = given(app, &mut asked, &people).await;
        let mut answer = Answer::new(Facts { people, entitlements }, asked);
        answer.cut = cut;
        answer.findings = fit::findings(app, &who, &answer.facts, &answer.asked);
        answer.next = next(app, &who, &answer.facts.people);
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        for person in &facts.people {
            let name = person.name.as_ref().map(|n| format!(" {}", quoted(n))).unwrap_or_default();
            let email = person.email.as_ref().map(|e| format!(" {e}")).unwrap_or_default();
            let made = person.created.map(|m| format!(", since {m}")).unwrap_or_default();
            page.item(format!("{} {}{email}{name}{made}", person.source, person.id));
            if !person.state.is_empty() {
                let words: Vec<String> = person.state.iter().map(ToString::to_string).collect();
                page.deeper(2, words.join(", "));
            }
            let pairs = |map: &std::collections::BTreeMap<String, prodview_guard::Foreign>| {
                map.iter().map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>().join(" · ")
            };
            if !person.links.is_empty() {
                page.deeper(2, format!("links: {}", pairs(&person.links)));
            }
            if !person.facts.is_empty() {
                page.deeper(2, pairs(&person.facts));
            }
            if let Some(url) = &person.url {
                page.deeper(2, url.clone());
            }
        }
        for table in &facts.entitlements {
            page.line(format!(
                "{} of {}: {}",
                table.table,
                table.source,
                counted(table.rows.len(), "row", "rows")
            ));
            for row in &table.rows {
                page.item(format!("{} {}", row.id, row.fields.as_value()));
            }
        }
    }
}

/// Who a handle leads to.
pub(crate) struct Resolved {
    /// As each source knows them.
    pub(crate) people: Vec<Person>,
    /// Whom the application's payments name, where no source knows anybody by the id itself.
    pub(crate) owner: Option<Handle>,
}

/// The person behind a handle, as each source knows them: asked in rounds, in each all sources at once, along the
/// links that were found. Where nobody is known by it, the application's payments are looked at.
pub(crate) async fn resolve(app: &App, asked: &mut Asked, who: &Handle) -> Resolved {
    let people = follow(app, asked, vec![who.clone()]).await;
    if !people.is_empty() {
        return Resolved { people, owner: None };
    }
    let owners = whose::of_payment(app, asked, who).await;
    let owner = owners.first().cloned();
    let people = if owners.is_empty() { people } else { follow(app, asked, owners).await };
    Resolved { people, owner }
}

async fn follow(app: &App, asked: &mut Asked, mut to_do: Vec<Handle>) -> Vec<Person> {
    let (mut people, mut looked_up): (Vec<Person>, Vec<Handle>) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        to_do.truncate(MOST_HANDLES.saturating_sub(looked_up.len()));
        for (part, found) in join_all(to_do.iter().map(|handle| look_up(app, handle))).await {
            asked.merge(part);
            for person in found {
                if !people.iter().any(|p| p.source == person.source && p.id == person.id) {
                    people.push(person);
                }
            }
        }
        looked_up.append(&mut to_do);
        to_do = links(&people).into_iter().filter(|h| !knows(&looked_up, h)).collect();
        if to_do.is_empty() {
            break;
        }
    }
    people
}

/// Asks every source that may know this handle: one of another provider's kind is not bothered.
async fn look_up(app: &App, handle: &Handle) -> (Asked, Vec<Person>) {
    let mut asked = Asked::default();
    let mut sources = app.sources.users();
    sources.retain(|able| may_know(app, able.source, handle));
    let found = ask_all(&mut asked, sources, |able| async move { able.can.people(handle).await }).await;
    (asked, found.into_iter().flat_map(|(_, f)| f.rows).collect())
}

/// A number or 32 hex digits look like an error's id; where a person is asked for, they are one of the app's own.
pub(crate) fn as_person(handle: Handle) -> Handle {
    match handle.kind {
        HandleKind::ErrorGroup | HandleKind::ErrorEvent => {
            Handle { provider: None, kind: HandleKind::Opaque, ..handle }
        }
        _ => handle,
    }
}

/// How many rows of each table of entitlements are shown.
const MOST_ROWS: usize = 3;

/// What the application gave the person: their newest rows in each table of `[app.entitlements.…]`.
async fn given(app: &App, asked: &mut Asked, people: &[Person]) -> (Vec<Entitlements>, Vec<Cut>) {
    let (mut entitlements, mut cut) = (Vec::new(), Vec::new());
    let Some(users) = &app.sources.app().users else { return (entitlements, cut) };
    let ids: Vec<String> = people.iter().filter(|p| p.source == users.source).map(|p| p.id.clone()).collect();
    if ids.is_empty() {
        return (entitlements, cut);
    }
    let looks = app.sources.app().part(Part::Entitlements).map(|table| {
        let (mut part, ids) = (Asked::default(), &ids);
        let mut sources = app.sources.state();
        sources.retain(|able| able.source.name() == table.source);
        async move {
            let found =
                ask_all(&mut part, sources, |able| rows_of_person(able.can, table, ids, MOST_ROWS)).await;
            (part, table, found)
        }
    });
    for (part, table, found) in join_all(looks).await {
        asked.merge(part);
        for (source, found) in found {
            cut.extend(cuts(&source, &found, &format!("rows of {}", table.table)).into_iter().map(|c| Cut {
                how: Some(format!("find_records with table={}", table.table)),
                cursor: None,
                ..c
            }));
            entitlements.push(Entitlements { source, table: table.table.clone(), rows: found.rows });
        }
    }
    (entitlements, cut)
}

/// The app's own tables may hold anybody's ids, where the configuration says in which field; the others only their own.
fn may_know(app: &App, source: &Source, handle: &Handle) -> bool {
    match (source.provider(), handle.provider) {
        (provider, None) => provider != Provider::Stripe || handle.kind == HandleKind::Email,
        (Provider::Convex | Provider::Postgres | Provider::Supabase, Some(Provider::Stripe)) => {
            let users = app.sources.app().users.as_ref().filter(|users| users.source == source.name());
            users.zip(whose::link(handle.kind)).is_some_and(|(users, link)| users.links.contains_key(link))
        }
        (mine, Some(theirs)) => mine == theirs,
    }
}

fn knows(handles: &[Handle], handle: &Handle) -> bool {
    handles.iter().any(|h| h.kind == handle.kind && h.id.eq_ignore_ascii_case(&handle.id))
}

/// Where the people found lead: their addresses, the ids that the app links them to, and, for the error tracker,
/// the app's own id. Every text is checked for its shape before it is looked up.
fn links(people: &[Person]) -> Vec<Handle> {
    let mut handles = Vec::new();
    for person in people {
        let own = person.email.iter().map(|e| e.as_str()).chain(person.links.values().map(|v| v.as_str()));
        for handle in own.filter_map(Handle::read) {
            let useful =
                !matches!(handle.kind, HandleKind::Opaque | HandleKind::ErrorGroup | HandleKind::ErrorEvent);
            if useful && !knows(&handles, &handle) {
                handles.push(handle);
            }
        }
    }
    handles
}

fn next(app: &App, who: &Handle, people: &[Person]) -> Vec<NextCall> {
    let email = people.iter().filter_map(|p| p.email.as_ref()).find_map(|e| Handle::read(e.as_str()));
    let key = email.filter(|h| h.kind == HandleKind::Email).unwrap_or_else(|| who.clone()).id;
    let mut next = Vec::new();
    if people.is_empty() {
        return next;
    }
    if !app.sources.payments().is_empty() {
        next.push(NextCall::new("payment_intent_status", "id", &key, "their payments"));
    }
    if !app.sources.errors().is_empty() {
        next.push(NextCall::new("list_errors", "user", &key, "what they ran into").with("since", "7d"));
    }
    next
}
