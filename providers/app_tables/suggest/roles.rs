//! What the names and shapes of one table's fields say about the part it plays.

use super::vocabulary::{Kind, PROVIDER_IDS, ROLES};
use super::{Proposal, Sampled, SampledField, Shape, Sure, bare, stem};
use crate::app::Part;

/// One table and what its names are.
pub(super) struct Names<'a> {
    pub(super) table: &'a Sampled,
    stem: String,
    fields: Vec<(String, &'a SampledField)>,
}

/// A field that plays a role, and why.
type Played = (String, String, String);

impl<'a> Names<'a> {
    pub(super) fn of(table: &'a Sampled) -> Names<'a> {
        let name = |field: &'a SampledField| {
            let lead = if field.name.starts_with('_') { "_" } else { "" };
            (format!("{lead}{}", bare(&field.name)), field)
        };
        Names { table, stem: stem(&table.table), fields: table.fields.iter().map(name).collect() }
    }

    /// How well it serves as the table of users; `None` when it cannot.
    pub(super) fn users_score(&self) -> Option<u8> {
        self.own_id()?;
        let (_, email) = self.email()?;
        let named = match self.stem.as_str() {
            "user" | "authuser" => 6,
            "account" | "member" | "profile" | "person" | "people" | "customer" | "client" => 4,
            name if name.ends_with("user") => 3,
            _ => 0,
        };
        let linked = if self.links().is_empty() { 0 } else { 3 };
        let shaped = u8::from(email.shapes.mostly(Shape::Email));
        // A table of invitations or subscribers has addresses too, and a user of its own.
        let owned = if self.user(None).is_some() { 3 } else { 0 };
        let score = (named + linked + shaped).checked_sub(owned)?;
        (score >= 4).then_some(score)
    }

    pub(super) fn users(&self, score: u8) -> Proposal {
        let mut fields: Vec<Played> = Vec::new();
        fields
            .extend(self.own_id().map(|(field, why)| ("id".to_owned(), field.name.clone(), why.to_owned())));
        let email = self.email();
        fields.extend(email.iter().map(|(why, field)| ("email".to_owned(), field.name.clone(), why.clone())));
        let named = self.stem == "user" || self.stem == "authuser";
        let shaped = email.is_some_and(|(_, f)| f.shapes.mostly(Shape::Email));
        Proposal {
            part: None,
            name: String::new(),
            source: self.table.source.clone(),
            table: self.table.table.clone(),
            fields,
            links: self.links(),
            sure: match (named, shaped) {
                (true, true) => Sure::Sure,
                _ if score >= 6 => Sure::Likely,
                _ => Sure::Guess,
            },
            why: "it has an id and an e-mail address, and is named or linked like a table of users"
                .to_owned(),
        }
    }

    /// The table in that part, without a heading's name; `None` when too little speaks for it.
    pub(super) fn part(&self, kind: Kind, users: Option<&Sampled>) -> Option<Proposal> {
        let named = kind.named.iter().any(|word| self.stem.contains(word));
        if kind.against.iter().any(|word| self.stem.contains(word)) {
            return None;
        }
        let mut fields: Vec<Played> = Vec::new();
        let roles = Part::ALL.iter().find(|(part, _, _)| *part == kind.part).map(|(_, _, roles)| *roles)?;
        let mut confirmed = false;
        for role in roles {
            let played = match *role {
                "id" => self.own_id().map(|(field, why)| (field, why.to_owned())),
                "user" => self.user(users),
                "event" => self.provider_id(&[Shape::Event], &["eventid", "stripeevent", "providereventid"]),
                role => match PROVIDER_IDS.iter().find(|(id, _, _)| *id == role) {
                    Some((_, shapes, words)) => self.provider_id(shapes, words),
                    None => self.by_name(role),
                },
            };
            let Some((field, why)) = played else { continue };
            let doubled = fields.iter().any(|(_, name, _)| *name == field.name);
            // A row may have the provider's id as its own.
            let of_provider = PROVIDER_IDS
                .iter()
                .any(|(id, shapes, _)| id == role && shapes.iter().any(|shape| field.shapes.own_are(*shape)));
            if doubled && !of_provider && !matches!(*role, "message" | "error") {
                continue;
            }
            confirmed |= why.contains(" of ");
            fields.push(((*role).to_owned(), field.name.clone(), why));
        }
        let has = |role: &str| fields.iter().any(|(played, _, _)| played == role);
        if !kind.needs.iter().any(|role| has(role)) {
            return None;
        }
        let shaped = confirmed && matches!(kind.part, Part::Payments | Part::Webhooks);
        let enough = match kind.part {
            // What a right is must be somebody's, and end or run out.
            Part::Entitlements => named && has("user"),
            Part::Payments | Part::Webhooks => named || shaped,
            _ => named,
        };
        let why = match (named, shaped) {
            (true, true) => "its name and the shapes of its ids say so",
            (true, false) => "its name says so",
            (false, _) => "the shapes of its ids say so",
        };
        let owned = has("user") || kind.part == Part::Webhooks;
        enough.then(|| Proposal {
            part: Some(kind.part),
            name: String::new(),
            source: self.table.source.clone(),
            table: self.table.table.clone(),
            sure: match (named, shaped, owned) {
                (true, true, true) => Sure::Sure,
                (true, _, true) => Sure::Likely,
                _ => Sure::Guess,
            },
            fields,
            links: Vec::new(),
            why: why.to_owned(),
        })
    }

    fn own_id(&self) -> Option<(&'a SampledField, &'static str)> {
        let shaped = self.table.fields.iter().find(|f| f.shapes.mostly(Shape::OwnId));
        let by_name = || {
            let names = ["_id", "id", "uuid", "uid", "userid"];
            names.iter().find_map(|name| self.named(name)).map(|field| (field, "by its name"))
        };
        shaped.map(|field| (field, "the row's own id")).or_else(by_name)
    }

    fn named(&self, name: &str) -> Option<&'a SampledField> {
        self.fields.iter().find(|(bare, _)| bare == name).map(|(_, field)| *field)
    }

    fn email(&self) -> Option<(String, &'a SampledField)> {
        const NAMES: [&str; 6] =
            ["email", "emailaddress", "primaryemail", "useremail", "mail", "contactemail"];
        let by_name = NAMES.iter().find_map(|name| self.named(name));
        let field = by_name
            .filter(|f| !f.shapes.never(Shape::Email))
            .or_else(|| self.table.fields.iter().find(|f| f.shapes.mostly(Shape::Email)))?;
        Some((told(field, Shape::Email), field))
    }

    /// Fields with ids of other systems.
    fn links(&self) -> Vec<Played> {
        let mut links = Vec::new();
        for (kind, shape, words) in [
            ("stripe_customer", Shape::Customer, &["stripecustomer", "customerid", "stripeid"][..]),
            ("stripe_subscription", Shape::Subscription, &["stripesubscription"][..]),
            ("stripe_account", Shape::Account, &["stripeaccount", "stripeconnect"][..]),
            ("clerk_user", Shape::Clerk, &["clerk"][..]),
        ] {
            if let Some((field, why)) = self.provider_id(&[shape], words) {
                links.push((kind.to_owned(), field.name.clone(), why));
            }
        }
        links
    }

    /// A field by the shape of its values; else by its name, unless its values speak against it.
    fn provider_id(&self, shapes: &[Shape], words: &[&str]) -> Option<(&'a SampledField, String)> {
        for shape in shapes {
            if let Some(field) = self.table.fields.iter().find(|f| f.shapes.mostly(*shape)) {
                return Some((field, told(field, *shape)));
            }
            if let Some(field) = self.table.fields.iter().find(|f| f.shapes.own_are(*shape)) {
                let (own, all) = (field.shapes.own(*shape), field.shapes.all());
                return Some((
                    field,
                    format!("{own} of {all} of the rows' own ids look like {}", shape.word()),
                ));
            }
        }
        let fits = |bare: &str| words.iter().any(|word| bare.contains(word));
        let ours = |field: &SampledField| shapes.iter().any(|shape| !field.shapes.never(*shape));
        // A reference to another table of the app's is none to a provider.
        let named = self.fields.iter().find(|(bare, f)| fits(bare) && ours(f) && refers_to(f).is_none());
        named.map(|(_, field)| (*field, "by its name".to_owned()))
    }

    fn by_name(&self, role: &str) -> Option<(&'a SampledField, String)> {
        self.by_name_if(role, |_| true)
    }

    fn by_name_if(
        &self,
        role: &str,
        may: impl Fn(&SampledField) -> bool,
    ) -> Option<(&'a SampledField, String)> {
        let (_, names) = ROLES.iter().find(|(known, _)| *known == role)?;
        let fits = |name: &str| match name.strip_prefix('…') {
            Some(end) => self.fields.iter().find(|(bare, _)| bare.ends_with(end)).map(|(_, f)| *f),
            None => self.named(name),
        };
        let timed = matches!(role, "at" | "until");
        let field = names.iter().filter_map(|name| fits(name)).filter(|field| may(field)).find(|field| {
            // A name like `created` may hold anything; a time that never looks like one is none.
            !timed || !field.shapes.never(Shape::Time) || field.shapes.all() == 0
        })?;
        let why = if timed && field.shapes.of(Shape::Time) > 0 {
            told(field, Shape::Time)
        } else {
            "by its name".to_owned()
        };
        Some((field, why))
    }

    /// Whose a row is: a reference to the table of users, else by its name.
    fn user(&self, users: Option<&Sampled>) -> Option<(&'a SampledField, String)> {
        if let Some(users) = users {
            let refers = |f: &&SampledField| refers_to(f).is_some_and(|to| to == stem(&users.table));
            // Of several references the one called after the user is whose it is.
            let all: Vec<&SampledField> = self.table.fields.iter().filter(refers).collect();
            let own = all.iter().find(|f| bare(&f.name).starts_with("user")).or(all.first());
            if let Some(field) = own {
                return Some((field, format!("refers to {}", users.table)));
            }
        }
        // A reference to another table is to something else, whatever it is called; but who signs in may be kept in
        // one table, and what the application knows of them in another.
        let theirs = |field: &SampledField| {
            users.is_none() || refers_to(field).is_none_or(|to| to.ends_with("user") || to == "profile")
        };
        let (field, why) = self.by_name_if("user", theirs)?;
        // `customerId` is often the payment provider's.
        (!field.shapes.mostly(Shape::Customer)).then_some((field, why))
    }
}

/// The table that a field refers to, in the singular.
fn refers_to(field: &SampledField) -> Option<String> {
    let kind = field.kind.to_lowercase();
    let to = kind.strip_prefix("id of ").or_else(|| kind.split_once("references ").map(|(_, to)| to))?;
    Some(stem(to.split(['(', ' ', '|']).next().unwrap_or(to)))
}

/// `18 of 20 look like cus_…`; by the name alone where nothing was sampled.
fn told(field: &SampledField, shape: Shape) -> String {
    match (field.shapes.of(shape), field.shapes.all()) {
        (0, _) => "by its name".to_owned(),
        (some, all) => format!("{some} of {all} sampled values look like {}", shape.word()),
    }
}
