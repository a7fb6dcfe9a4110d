//! What does not fit together between the records of one person. Absence is a finding, where it was really looked.

use super::Facts;
use super::whose::nobody_asked;
use crate::sight::{as_far_as_seen, cannot_stand};
use crate::{App, Asked, Finding, Status};
use prodview_guard::Provider;
use prodview_providers::app::{AppTable, Part};
use prodview_providers::words::Person;
use prodview_providers::{Handle, HandleKind};
use std::collections::BTreeMap;

/// Everything noticed, most telling first.
pub(super) fn findings(app: &App, who: &Handle, facts: &Facts, asked: &Asked) -> Vec<Finding> {
    let people = &facts.people;
    if !anybody(asked) {
        return vec![nobody_asked(app, who)];
    }
    let seen = View { app, people, asked };
    let mut findings = Vec::new();
    findings.extend(seen.wrong_customer());
    findings.extend(seen.dead_links());
    findings.extend(seen.several_customers());
    findings.extend(seen.different_addresses());
    findings.extend(seen.stopped());
    findings.extend(nothing_given(app, facts, asked));
    findings.extend(seen.absent(who));
    if findings.is_empty() && people.is_empty() {
        findings.push(nobody(who, asked));
    }
    if findings.is_empty() {
        let sources: Vec<&str> = people.iter().map(|p| p.source.as_str()).collect();
        findings.push(
            Finding::new(format!(
                "one person, and nothing that contradicts, in {}",
                unique(&sources).join(", ")
            ))
            .from(people.iter().map(|p| p.id.clone())),
        );
    }
    findings
}

/// Whether any source was asked: a report on what is not configured, or with nothing but a note, is no look.
pub(crate) fn anybody(asked: &Asked) -> bool {
    asked.reports().iter().any(|r| r.rows.is_some() || r.status > Status::NotConfigured)
}

/// Nobody has the address or id: where it was looked, and whether that was everywhere.
pub(crate) fn nobody(who: &Handle, asked: &Asked) -> Finding {
    // A report with nothing but a note is of a source that was not asked.
    let looked = asked.reports().iter().filter(|r| r.rows.is_some() && asked.answered_all(&r.source));
    let looked: Vec<&str> = looked.map(|r| r.source.as_str()).collect();
    if looked.is_empty() || !asked.whole() {
        let among = if looked.is_empty() { String::new() } else { format!(" in {}", looked.join(", ")) };
        return Finding::new(format!(
            "nobody was seen{among} by {}, but not every source answered in full",
            who.id
        ));
    }
    let sight = looked.iter().map(|source| as_far_as_seen(asked, source)).find(|sight| !sight.is_empty());
    let sight = sight.unwrap_or_default();
    Finding::new(format!("nobody is known by {}; looked in {}{sight}", who.id, looked.join(", ")))
}

/// What does not fit together between what the sources know of a person: `(kept out, contradictions)`.
pub(crate) fn of_people(app: &App, people: &[Person], asked: &Asked) -> (Vec<Finding>, Vec<Finding>) {
    let seen = View { app, people, asked };
    let contradictions =
        [seen.wrong_customer(), seen.dead_links(), seen.several_customers(), seen.different_addresses()];
    (seen.stopped(), contradictions.concat())
}

struct View<'a> {
    app: &'a App,
    people: &'a [Person],
    asked: &'a Asked,
}

impl<'a> View<'a> {
    fn of(&self, provider: Provider) -> impl Iterator<Item = &'a Person> {
        self.people.iter().filter(move |p| {
            self.app.sources.named(&p.source).is_some_and(|source| source.provider() == provider)
        })
    }

    /// The customer ids that the app's own rows link to, with the row.
    fn linked(&self) -> impl Iterator<Item = (&'a Person, String)> {
        self.people.iter().flat_map(|p| {
            let customer = |v: &str| Handle::read(v).filter(|h| h.kind == HandleKind::Customer).map(|h| h.id);
            p.links.values().filter_map(move |v| customer(v.as_str())).map(move |id| (p, id))
        })
    }

    /// The app points at one customer, the subscription is with another one of the same person.
    fn wrong_customer(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (row, linked) in self.linked() {
            let holds = |p: &Person| p.state.iter().any(|s| s.as_str().contains("active subscription"));
            let Some(own) = self.of(Provider::Stripe).find(|p| p.id == linked) else { continue };
            let other =
                self.of(Provider::Stripe).find(|p| p.id != linked && holds(p) && same_address(p, own));
            if let (false, Some(other)) = (holds(own), other) {
                findings.push(
                    Finding::new(format!(
                        "the app links {} to {linked}, but the active subscription is with {} of the same e-mail address",
                        row.id, other.id
                    ))
                    .from([row.id.clone(), linked.clone(), other.id.clone()])
                    .action("decide which customer is right, merge them in Stripe's dashboard, and correct the link in the app"),
                );
            }
        }
        findings
    }

    /// The app points at a customer that is deleted or not there.
    fn dead_links(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (row, linked) in self.linked() {
            let customer = self.of(Provider::Stripe).find(|p| p.id == linked);
            let deleted = customer.is_some_and(|c| c.state.iter().any(|s| s.as_str() == "deleted"));
            let stripe = self.sources_of(Provider::Stripe);
            let looked = !stripe.is_empty() && stripe.iter().all(|s| self.asked.answered_all(s));
            let what = match (customer, deleted) {
                (Some(_), true) => {
                    format!("the app links {} to {linked}, which is deleted in Stripe", row.id)
                }
                (None, _) if looked => {
                    format!(
                        "the app links {} to {linked}, which Stripe does not have (another account, or test mode?)",
                        row.id
                    )
                }
                _ => continue,
            };
            findings.push(Finding::new(what).from([row.id.clone(), linked]));
        }
        findings
    }

    /// Two customers of one address, also in other letter case.
    fn several_customers(&self) -> Vec<Finding> {
        let mut by_address: BTreeMap<(String, &str), Vec<&Person>> = BTreeMap::new();
        for person in self.of(Provider::Stripe) {
            if let Some(email) = &person.email {
                by_address.entry((email.as_str().to_lowercase(), &person.source)).or_default().push(person);
            }
        }
        let several = by_address.into_iter().filter(|(_, people)| people.len() > 1);
        several
            .map(|((email, source), people)| {
                let spelt: Vec<&str> =
                    people.iter().filter_map(|p| p.email.as_ref()).map(|e| e.as_str()).collect();
                let case = if unique(&spelt).len() > 1 { ", spelt in different letter case" } else { "" };
                let email = Handle::read(&email).map(|h| h.id).unwrap_or_default();
                Finding::new(format!("{} customers in {source} have the address {email}{case}", people.len()))
                    .from(people.iter().map(|p| p.id.clone()))
                    .action(
                        "look at each before answering: payments and subscriptions may be with the other one",
                    )
            })
            .collect()
    }

    /// The address at the payment provider differs from the app's.
    fn different_addresses(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (row, linked) in self.linked() {
            let Some(customer) = self.of(Provider::Stripe).find(|p| p.id == linked) else { continue };
            let (Some(ours), Some(theirs)) = (&row.email, &customer.email) else { continue };
            if ours.as_str().eq_ignore_ascii_case(theirs.as_str()) {
                continue;
            }
            findings.push(
                Finding::new(format!(
                    "the e-mail address in the app ({}) and in Stripe ({}) differ",
                    row.id, customer.id
                ))
                .from([row.id.clone(), customer.id.clone()])
                .action("receipts and look-ups by e-mail go to the address in Stripe"),
            );
        }
        findings
    }

    /// Somebody is kept out: locked, banned, deleted.
    fn stopped(&self) -> Vec<Finding> {
        const WORDS: [&str; 6] = ["locked", "banned", "disabled", "deleted", "suspended", "blocked"];
        let mut findings = Vec::new();
        for person in self.people {
            // Only our own short list of words is repeated, never the app's text.
            let word = WORDS
                .into_iter()
                .find(|w| person.state.iter().any(|s| s.as_str().to_lowercase().starts_with(w)));
            if let Some(word) = word {
                findings.push(
                    Finding::new(format!("{} is {word} in {}", person.id, person.source))
                        .from([person.id.clone()]),
                );
            }
        }
        findings
    }

    /// Systems that know people and do not know this one.
    fn absent(&self, who: &Handle) -> Vec<Finding> {
        let mut findings = Vec::new();
        for able in self.app.sources.users() {
            let name = able.source.name();
            let asked = self.asked.reports().iter().any(|r| r.source == name);
            let known = self.people.iter().any(|p| p.source == name);
            // An error tracker knows only those who ran into something: not to be there is good news, not a gap.
            let errors_only = able.source.provider() == Provider::Sentry;
            if asked && !known && !errors_only && self.asked.answered_all(name) {
                // Stripe may know a guest's checkouts all the same; its notes say so.
                let no_customer = able.source.provider() == Provider::Stripe && who.kind == HandleKind::Email;
                let what = if no_customer { "has no customer with the address" } else { "does not know" };
                let sight = as_far_as_seen(self.asked, name);
                let why = cannot_stand(self.asked, name).map(|why| format!(": {why}")).unwrap_or_default();
                findings.push(Finding::new(format!("{name} {what} {}{sight}{why}", who.id)));
            }
        }
        findings
    }

    fn sources_of(&self, provider: Provider) -> Vec<&str> {
        let all = self.app.sources.all().iter();
        all.filter(|s| s.provider() == provider).map(|s| s.name()).collect()
    }
}

/// A person of the app's to whom no table of entitlements gives anything. Whether they should have something, their
/// payments tell.
fn nothing_given(app: &App, facts: &Facts, asked: &Asked) -> Option<Finding> {
    let given = facts.entitlements.iter().any(|table| !table.rows.is_empty());
    let looked = |t: &AppTable| facts.entitlements.iter().any(|e| e.table == t.table && e.source == t.source);
    let tables: Vec<&str> = facts.entitlements.iter().map(|table| table.table.as_str()).collect();
    if given || tables.is_empty() {
        return None;
    }
    let names = tables.join(", ");
    let unseen: Vec<&str> =
        app.sources.app().part(Part::Entitlements).filter(|t| !looked(t)).map(|t| t.table.as_str()).collect();
    if !unseen.is_empty() {
        let unseen = unseen.join(", ");
        return Some(Finding::new(format!("no row of theirs in {names}; {unseen} could not be looked at")));
    }
    let sight = facts.entitlements.iter().map(|t| as_far_as_seen(asked, &t.source)).find(|s| !s.is_empty());
    let sight = sight.unwrap_or_default();
    Some(Finding::new(format!("the app gave them nothing: no row of theirs in {names}{sight}")))
}

fn same_address(a: &Person, b: &Person) -> bool {
    match (&a.email, &b.email) {
        (Some(a), Some(b)) => a.as_str().eq_ignore_ascii_case(b.as_str()),
        _ => false,
    }
}

fn unique<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut unique: Vec<&str> = Vec::new();
    for word in words {
        if !unique.contains(word) {
            unique.push(word);
        }
    }
    unique
}
