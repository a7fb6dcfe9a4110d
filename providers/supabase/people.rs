//! Who is this, among those who can sign in (`auth.users`), and in the application's own table of users.

use super::Supabase;
use crate::app_tables;
use crate::capability::{Answered, Users};
use crate::words::Person;
use crate::{Found, Handle, HandleKind, Moment, Stopped};
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{FailureKind, Foreign};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Users shown for one handle.
const MOST: usize = 20;

/// The columns that are looked at; passwords and tokens, which stand beside them, are not among them.
macro_rules! users_where {
    ($condition:literal) => {
        concat!(
            "select u.id::text as id, u.email, u.created_at, u.last_sign_in_at, u.banned_until, u.deleted_at, \
             u.email_confirmed_at, u.phone_confirmed_at, u.is_anonymous, u.is_sso_user, u.raw_app_meta_data -> 'providers' as providers, \
             coalesce(u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'name') as name \
             from auth.users as u where ",
            $condition,
            " order by u.created_at desc"
        )
    };
}

/// Auth keeps addresses in small letters, and an index on them.
const BY_EMAIL: &str = users_where!("u.email = $1");
/// Rows that somebody else made may be written otherwise. Reads the whole table.
const BY_LETTERS: &str = users_where!("lower(u.email) = $1");
const BY_ID: &str = users_where!("u.id = $1::uuid");

#[derive(Deserialize)]
struct AuthUser {
    id: String,
    email: Option<String>,
    name: Option<String>,
    created_at: Option<String>,
    last_sign_in_at: Option<String>,
    banned_until: Option<String>,
    deleted_at: Option<String>,
    email_confirmed_at: Option<String>,
    phone_confirmed_at: Option<String>,
    is_anonymous: Option<bool>,
    is_sso_user: Option<bool>,
    providers: Option<Value>,
}

#[async_trait]
impl Users for Supabase {
    /// Both at the same time; when one of them fails, the other is told.
    async fn people(&self, who: &Handle) -> Answered<Person> {
        let own = async {
            match self.own_users() {
                Some(map) => Some(app_tables::people(&self.name, &self.sql, map, who).await),
                None => None,
            }
        };
        let (signed_up, own) = future::join(self.signed_up(who), own).await;
        match (signed_up, own) {
            (found, None) => found,
            (Ok(signed_up), Some(Ok(own))) => Ok(joined(signed_up, own)),
            (Ok(mut found), Some(Err(failure))) | (Err(failure), Some(Ok(mut found))) => {
                found.of = None;
                found.stopped = Some(Stopped::Failed(failure));
                Ok(found)
            }
            (Err(failure), Some(Err(_))) => Err(failure),
        }
    }
}

impl Supabase {
    /// Those who can sign in. One statement; a second when nobody has the address in small letters.
    async fn signed_up(&self, who: &Handle) -> Answered<Person> {
        let found = match who.kind {
            HandleKind::Email => self.by_email(&who.id.to_lowercase()).await?,
            _ => match uuid(&who.id) {
                Some(id) => self.sql.own_rows(BY_ID, &[json!(id)], MOST).await?,
                None => return Ok(Found::all(Vec::new())),
            },
        };
        let (page, now) = (self.page("auth/users"), Moment::now());
        let mut found = found.map(|user: AuthUser| user.told(&self.name, page.clone(), now));
        found.of = if found.is_whole() { u64::try_from(found.rows.len()).ok() } else { None };
        Ok(found)
    }

    async fn by_email(&self, lower: &str) -> Answered<AuthUser> {
        let found: Found<AuthUser> = self.sql.own_rows(BY_EMAIL, &[json!(lower)], MOST).await?;
        if !found.rows.is_empty() {
            return Ok(found);
        }
        match self.sql.own_rows(BY_LETTERS, &[json!(lower)], MOST).await {
            Ok(found) => Ok(found),
            Err(failure) if failure.kind == FailureKind::Timeout => Ok(Found {
                stopped: Some(Stopped::Bound("only the address in small letters was looked for".to_owned())),
                ..Found::default()
            }),
            Err(failure) => Err(failure),
        }
    }
}

/// A uuid, in small letters and with its dashes, whether it was given with them or not.
fn uuid(text: &str) -> Option<String> {
    let digits: String = match text.len() {
        36 => {
            let fits = text.bytes().enumerate().all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23));
            if fits { text.replace('-', "") } else { return None }
        }
        32 => text.to_owned(),
        _ => return None,
    };
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    Some([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

/// One who can sign in and the application's row of the same id are one person of this source.
fn joined(mut signed_up: Found<Person>, own: Found<Person>) -> Found<Person> {
    for row in own.rows {
        match signed_up.rows.iter_mut().find(|person| person.id == row.id) {
            Some(person) => {
                person.name = person.name.take().or(row.name);
                person.state.extend(row.state);
                person.links.extend(row.links);
                for (label, value) in row.facts {
                    person.facts.entry(label).or_insert(value);
                }
            }
            None => signed_up.rows.push(row),
        }
    }
    signed_up.stopped = signed_up.stopped.or(own.stopped).or_else(|| {
        own.more.map(|_| Stopped::Bound(format!("the first {MOST} users of the app's own table")))
    });
    signed_up.of = if signed_up.is_whole() { u64::try_from(signed_up.rows.len()).ok() } else { None };
    for note in own.notes {
        if !signed_up.notes.contains(&note) {
            signed_up.notes.push(note);
        }
    }
    signed_up
}

impl AuthUser {
    fn told(self, source: &str, url: String, now: Moment) -> Person {
        let state = self.state(now);
        let at = |text: &Option<String>| text.as_deref().and_then(Moment::parse);
        let mut facts = BTreeMap::new();
        if let Some(providers) = self.providers.as_ref().and_then(Value::as_array) {
            let names: Vec<&str> = providers.iter().filter_map(Value::as_str).take(10).collect();
            if !names.is_empty() {
                facts.insert("signs in by".to_owned(), Foreign::capped(&names.join(", "), 120));
            }
        }
        let last = at(&self.last_sign_in_at).map_or_else(|| "never".to_owned(), |at| at.to_string());
        facts.insert("last sign-in".to_owned(), Foreign::new(&last));
        Person {
            source: source.to_owned(),
            created: at(&self.created_at),
            email: self.email.filter(|email| !email.is_empty()).map(|email| Foreign::capped(&email, 320)),
            name: self.name.filter(|name| !name.trim().is_empty()).map(|name| Foreign::capped(&name, 120)),
            id: self.id,
            state,
            links: BTreeMap::new(),
            facts,
            url: Some(url),
        }
    }

    fn state(&self, now: Moment) -> Vec<Foreign> {
        let at = |text: &Option<String>| text.as_deref().and_then(Moment::parse);
        let mut words: Vec<String> = Vec::new();
        if let Some(deleted) = at(&self.deleted_at) {
            words.push(format!("deleted since {deleted}"));
        }
        if let Some(until) = at(&self.banned_until).filter(|until| *until > now) {
            words.push(format!("banned until {until}"));
        }
        let anonymous = self.is_anonymous == Some(true);
        if anonymous {
            words.push("anonymous".to_owned());
        }
        if !anonymous && self.email_confirmed_at.is_none() && self.phone_confirmed_at.is_none() {
            words.push("e-mail not confirmed".to_owned());
        }
        if self.is_sso_user == Some(true) {
            words.push("single sign-on".to_owned());
        }
        words.iter().map(|word| Foreign::new(word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prodview_guard::{SqlRules, Statement};

    #[test]
    fn the_questions_pass_the_guard() {
        for sql in [BY_EMAIL, BY_LETTERS, BY_ID] {
            if let Err(refused) = Statement::parse(sql, &SqlRules::default()) {
                panic!("{refused}: {sql}");
            }
        }
    }

    #[test]
    fn an_id_is_a_uuid_or_nobodys() {
        let due = Some("0b9f7a0e-7b3c-4e8e-9d3b-2f1f0c9a8b7d".to_owned());
        assert_eq!(uuid("0B9F7A0E-7B3C-4E8E-9D3B-2F1F0C9A8B7D"), due);
        assert_eq!(uuid("0b9f7a0e7b3c4e8e9d3b2f1f0c9a8b7d"), due);
        for other in ["", "cus_1", "0b9f7a0e-7b3c-4e8e-9d3b2f1f-0c9a8b7d", "0b9f7a0e7b3c4e8e9d3b2f1f0c9a8b7g"]
        {
            assert_eq!(uuid(other), None, "{other}");
        }
    }
}
