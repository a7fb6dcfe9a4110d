//! What the application wrote down about a person, in any of its mapped tables, row by row in our words.

use super::asking::{Named, by_field};
use super::reading::{as_moment, at, is_plain, text, value};
use crate::app::{AppTable, Part};
use crate::capability::{Answered, RowsAsk, State};
use crate::words::Row;
use crate::{Found, Handle, HandleKind, Moment, Stopped};
use futures_util::future;
use prodview_guard::{Failure, Foreign};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Ids of one person that are looked for in one table, and their addresses.
const KEYS: usize = 3;
const ADDRESSES: usize = 2;

/// What of a person is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoryAsk<'a> {
    /// The ids that the application knows them by.
    pub ids: &'a [String],
    /// Their addresses: some tables know people by nothing else, so where the ids lead to no row these are looked for.
    pub addresses: &'a [String],
    /// Not before this; without it from the beginning.
    pub since: Option<Moment>,
    /// Not after this; without it until now.
    pub until: Option<Moment>,
}

/// One row of the application's about a person.
#[derive(Debug, Clone, PartialEq)]
pub struct AppFact {
    /// Its source.
    pub source: String,
    /// Its table.
    pub table: String,
    /// What the table holds; a table may play several parts.
    pub parts: Vec<Part>,
    /// Its id; empty when it has none that could be asked for.
    pub id: String,
    /// When it happened.
    pub at: Option<Moment>,
    /// Whose it is: the id that it was found by.
    pub user: String,
    /// The app's own status word.
    pub status: Option<Foreign>,
    /// The app's own error.
    pub error: Option<Foreign>,
    /// What was done (audit), or said (internal errors).
    pub what: Option<Foreign>,
    /// What it refers to.
    pub about: Option<Foreign>,
    /// Until when it holds.
    pub until: Option<Moment>,
    /// What is left.
    pub balance: Option<Foreign>,
    /// Ids of other services that it names, as checked.
    pub names: Vec<String>,
}

impl AppFact {
    /// Whether its table plays that part.
    pub fn is(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// Whether the app says of it that it went wrong.
    pub fn went_wrong(&self) -> bool {
        const WORDS: [&str; 9] =
            ["failed", "failure", "error", "errored", "dead", "crashed", "gave_up", "abandoned", "timed_out"];
        let says = |status: &Foreign| {
            let word = status.as_str().to_ascii_lowercase().replace([' ', '-'], "_");
            WORDS.contains(&word.as_str())
        };
        self.error.is_some() || self.status.as_ref().is_some_and(says)
    }
}

/// The rows of a person in one table that plays one or more parts (`tables` name the same source, table and field
/// `user`), newest first, at most `limit`. Looks for at most three of the person's ids, and where they lead to nothing
/// for two of their addresses, each by one [`State::rows`].
pub async fn facts_of_person(
    state: &dyn State,
    tables: &[&AppTable],
    who: StoryAsk<'_>,
    limit: usize,
) -> Answered<AppFact> {
    let Some((table, user)) = tables.first().and_then(|table| Some((*table, table.field("user")?))) else {
        return Ok(Found::all(Vec::new()));
    };
    // Of several parts that one table plays, one may say when.
    let named = &Named::from(tables.iter().find(|t| t.field("at").is_some()).map_or(table, |t| *t));
    let look = async |keys: &[String], most: usize| {
        let keys: BTreeSet<&String> = keys.iter().filter(|key| !key.is_empty()).collect();
        let all = keys.len();
        let asked = keys.into_iter().take(most).map(|key| {
            let StoryAsk { since, until, .. } = who;
            named.rows(state, RowsAsk { since, until, ..by_field(user, key, limit) })
        });
        let mut found = named.merged(future::join_all(asked).await)?;
        if all > most {
            let why = format!("looked for {most} of the person's {all} ids");
            found.stopped.get_or_insert(Stopped::Bound(why));
        }
        Ok::<_, Failure>(found)
    };
    let others: Vec<String> = who.addresses.iter().filter(|a| !who.ids.contains(a)).cloned().collect();
    let mut found =
        if who.ids.is_empty() { look(&others, ADDRESSES).await? } else { look(who.ids, KEYS).await? };
    if found.rows.is_empty()
        && !who.ids.is_empty()
        && !others.is_empty()
        && may_hold_addresses(state, table, user).await
    {
        // A field that cannot hold an address is no trouble: it holds ids, and they were looked for.
        match look(&others, ADDRESSES).await {
            Ok(by_address) if !by_address.rows.is_empty() => found = by_address,
            Ok(by_address) => found.stopped = found.stopped.or(by_address.stopped),
            Err(failure) => drop(found.stopped.get_or_insert(Stopped::Failed(failure))),
        }
    }
    found.rows.sort_by_key(|row| Reverse(at(row, table)));
    if found.rows.len() > limit {
        let why = format!("the newest {limit} of {} rows in {}", found.rows.len(), table.table);
        found.stopped.get_or_insert(Stopped::Bound(why));
        found.rows.truncate(limit);
    }
    Ok(found.map(|row| fact(&row, tables)))
}

/// Whether a field may hold an address, by its type; also where nothing is known of that.
async fn may_hold_addresses(state: &dyn State, table: &AppTable, field: &str) -> bool {
    let Ok(described) = state.table(&table.table).await else { return true };
    let Some(kind) = described.fields.into_iter().find(|f| f.name == field).map(|f| f.kind) else {
        return true;
    };
    let others = [
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "number",
        "int64",
        "uuid",
        "id of ",
        "boolean",
        "timestamp",
    ];
    !others.iter().any(|other| kind.starts_with(other)) || kind.contains("string")
}

/// The tables of the mapping whose rows belong to somebody, but it does not say to whom: no person's story has them.
pub fn tables_of_nobody<'a>(all: &'a [AppTable], source: &str) -> Vec<&'a AppTable> {
    let theirs = |t: &&AppTable| {
        let elsewhere =
            || all.iter().any(|o| o.source == t.source && o.table == t.table && o.field("user").is_some());
        t.source == source && t.part != Part::Webhooks && t.field("user").is_none() && !elsewhere()
    };
    all.iter().filter(theirs).collect()
}

/// The tables of the mapping that can be asked for a person in one look each: those of one source, table and `user`
/// field belong together.
pub fn tables_of_people<'a>(all: &'a [AppTable], source: &str) -> Vec<Vec<&'a AppTable>> {
    let mut looks: Vec<Vec<&AppTable>> = Vec::new();
    for table in all.iter().filter(|t| t.source == source && t.field("user").is_some()) {
        let same = |look: &&mut Vec<&AppTable>| {
            look.first().is_some_and(|t| t.table == table.table && t.field("user") == table.field("user"))
        };
        match looks.iter_mut().find(same) {
            Some(look) => look.push(table),
            None => looks.push(vec![table]),
        }
    }
    looks
}

fn fact(row: &Row, tables: &[&AppTable]) -> AppFact {
    let field = |role: &str| tables.iter().find_map(|table| table.field(role));
    let told = |role: &str, most: usize| {
        let told = text(row, field(role)?)?;
        Some(Foreign::capped(&told, most)).filter(|told| !told.is_empty())
    };
    let first = tables.first();
    let mut names: Vec<String> = Vec::new();
    for role in ["payment", "checkout", "invoice", "subscription", "ref", "error", "message"] {
        let Some(held) = field(role).and_then(|field| text(row, field)) else { continue };
        for handle in named_in(&held) {
            if !names.contains(&handle) {
                names.push(handle);
            }
        }
    }
    let own_id = field("id").and_then(|field| text(row, field));
    // Where several tables say when it happened, they say it of the same row.
    let dated = tables.iter().find(|table| table.field("at").is_some()).or(first);
    AppFact {
        source: first.map(|t| t.source.clone()).unwrap_or_default(),
        table: first.map(|t| t.table.clone()).unwrap_or_default(),
        parts: tables.iter().map(|table| table.part).collect(),
        id: Some(row.id.clone()).into_iter().chain(own_id).find(|id| is_plain(id)).unwrap_or_default(),
        at: dated.map_or(row.created, |table| at(row, table)),
        user: field("user").and_then(|field| text(row, field)).unwrap_or_default(),
        status: told("status", 40),
        error: told("error", 160),
        what: told("action", 80).or_else(|| told("message", 160)),
        about: told("ref", 100),
        until: field("until").and_then(|field| value(row, field)).and_then(as_moment),
        balance: told("balance", 40),
        names,
    }
}

/// Ids of payment providers in a text, by their shape.
fn named_in(held: &str) -> impl Iterator<Item = String> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    held.split(word).filter(|w| w.len() >= 6).filter_map(Handle::read).filter_map(|handle| {
        use HandleKind::{Charge, CheckoutSession, Customer, Dispute, Event, Invoice, PaymentIntent, Refund};
        let known = matches!(
            handle.kind,
            Charge | CheckoutSession | Customer | Dispute | Event | Invoice | PaymentIntent | Refund
        ) || handle.kind == HandleKind::Subscription;
        known.then_some(handle.id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app_tables::stage::{Shelf, row};
    use serde_json::json;

    fn table(part: Part, name: &str, fields: &[(&str, &str)]) -> AppTable {
        AppTable {
            part,
            name: "main".to_owned(),
            source: "db".to_owned(),
            table: name.to_owned(),
            fields: fields.iter().map(|(role, field)| ((*role).to_owned(), (*field).to_owned())).collect(),
            metadata: Vec::new(),
        }
    }

    fn of(ids: &[String]) -> StoryAsk<'_> {
        StoryAsk { ids, ..StoryAsk::default() }
    }

    #[tokio::test]
    async fn a_row_is_told_by_all_the_parts_its_table_plays() {
        let paid = table(Part::Payments, "memberships", &[("user", "userId"), ("subscription", "sub")]);
        let given =
            table(Part::Entitlements, "memberships", &[("user", "userId"), ("status", "s"), ("until", "u")]);
        let other = table(Part::Jobs, "jobs", &[("user", "userId")]);
        let nobody = table(Part::Webhooks, "events", &[("event", "e")]);
        let all = [paid, given, other, nobody];
        let looks = tables_of_people(&all, "db");
        assert_eq!(looks.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        let fields =
            json!({ "userId": "u1", "sub": "sub_1NabcDEF2345", "s": "past_due", "u": 1_763_629_964 });
        let shelf = Shelf::of(vec![row("r1", 50, fields), row("r2", 90, json!({ "userId": "u2" }))]);
        let keys = ["u1".to_owned()];
        let found = facts_of_person(&shelf, &looks[0], of(&keys), 10).await.unwrap();
        let [fact] = found.rows.as_slice() else { panic!("{found:?}") };
        assert_eq!((fact.id.as_str(), fact.names.as_slice()), ("r1", &["sub_1NabcDEF2345".to_owned()][..]));
        assert_eq!(fact.until.unwrap().to_string(), "2025-11-20T09:12:44Z");
        assert!(fact.is(Part::Payments) && fact.is(Part::Entitlements) && !fact.went_wrong());
        assert_eq!(tables_of_people(&all, "elsewhere"), Vec::<Vec<&AppTable>>::new());
    }

    #[test]
    fn ids_in_an_error_are_found_and_words_are_not() {
        let jobs =
            table(Part::Jobs, "jobs", &[("user", "u"), ("error", "why"), ("ref", "about"), ("status", "s")]);
        let fields = json!({ "u": 7, "why": "refund re_1NabcDEF2345 failed: expired_card", "s": "Gave up",
            "about": "pi_3NabcDEF2345" });
        let shelf = Shelf::of(vec![row("7", 5, fields)]);
        let fact = fact(&shelf.rows[0], &[&jobs]);
        assert_eq!(fact.names, ["pi_3NabcDEF2345", "re_1NabcDEF2345"]);
        assert!(fact.went_wrong());
        assert_eq!(fact.user, "7");
    }

    #[tokio::test]
    async fn a_table_that_knows_people_by_their_address_is_asked_by_it_where_ids_lead_to_nothing() {
        let audit = table(Part::Audit, "audit", &[("user", "u"), ("action", "a"), ("at", "made")]);
        let shelf = Shelf::of(vec![
            row("r3", 10, json!({ "u": "a@b.dev", "a": "sign_in" })),
            row("r2", 500, json!({ "u": "a@b.dev", "a": "sign_out" })),
            row("r1", 900, json!({ "u": "u1", "a": "sign_up" })),
        ]);
        let (ids, addresses) = (["u7".to_owned()], ["a@b.dev".to_owned()]);
        let who = StoryAsk { addresses: &addresses, ..of(&ids) };
        let told = async |who| {
            let found = facts_of_person(&shelf, &[&audit], who, 10).await.unwrap();
            found.rows.into_iter().map(|fact| fact.id).collect::<Vec<_>>()
        };
        assert_eq!(told(who).await, ["r3", "r2"]);
        assert_eq!(told(StoryAsk { until: Some(Moment::now().minus_s(60)), ..who }).await, ["r2"]);
        assert!(shelf.asked.lock().unwrap().iter().all(|ask| ask.at.as_deref() == Some("made")));
        let asked = shelf.asked();
        assert_eq!(told(StoryAsk { ids: &["u1".to_owned()], ..who }).await, ["r1"]);
        assert_eq!(shelf.asked(), asked + 1, "the address is not asked for where the id leads to rows");
    }

    #[test]
    fn a_table_that_does_not_say_whose_its_rows_are_is_not_passed_over_in_silence() {
        let paid = table(Part::Payments, "orders", &[("payment", "pi")]);
        let both = table(Part::Payments, "memberships", &[("subscription", "sub")]);
        let given = table(Part::Entitlements, "memberships", &[("user", "u")]);
        let events = table(Part::Webhooks, "events", &[("event", "e")]);
        let all = [paid, both, given, events];
        let names: Vec<String> = tables_of_nobody(&all, "db").iter().map(|t| t.table.clone()).collect();
        assert_eq!(names, ["orders"]);
    }

    #[tokio::test]
    async fn more_rows_than_the_limit_are_told_to_be_cut() {
        let audit = table(Part::Audit, "audit", &[("user", "u"), ("action", "a")]);
        let rows = (0..30).map(|i| row(&format!("r{i}"), i, json!({ "u": "x", "a": "sign_in" }))).collect();
        let found = facts_of_person(&Shelf::of(rows), &[&audit], of(&["x".to_owned()]), 10).await.unwrap();
        assert_eq!(found.rows.len(), 10);
        assert!(matches!(found.stopped, Some(Stopped::Bound(_))), "{:?}", found.stopped);
    }
}
