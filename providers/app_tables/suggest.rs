//! Which `[app.*]` mapping fits the tables of an application? Decided from the names and types of fields and from the
//! shapes of sampled values; no value is known here.

mod roles;
mod shape;
mod vocabulary;

pub use shape::{Shape, Shapes};

use super::reading::bare;
use crate::app::{App, Part};
use roles::Names;
use std::collections::BTreeSet;
use vocabulary::Kind;

/// A table as it was described and sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Its source.
    pub source: String,
    /// Its name, as the source takes it.
    pub table: String,
    /// Its fields; the one that holds the row's own id among them.
    pub fields: Vec<SampledField>,
}

/// A field of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledField {
    /// Its name.
    pub name: String,
    /// Its type, in the source's words.
    pub kind: String,
    /// What the sampled values look like.
    pub shapes: Shapes,
}

/// One table of the mapping, proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// `None` for `[app.users]`.
    pub part: Option<Part>,
    /// The last word of its heading; empty for `[app.users]`.
    pub name: String,
    /// Its source and table.
    pub source: String,
    /// Its table.
    pub table: String,
    /// Role, field, and why.
    pub fields: Vec<(String, String, String)>,
    /// `[app.users]` only: kind of link, field, and why.
    pub links: Vec<(String, String, String)>,
    /// How sure.
    pub sure: Sure,
    /// Why this table.
    pub why: String,
}

/// How sure a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// Something speaks for it, and it should be looked at.
    Guess,
    /// Its names say so.
    Likely,
    /// Its names and the shapes of its values say so.
    Sure,
}

impl Sure {
    /// As it is told.
    pub const fn word(self) -> &'static str {
        match self {
            Sure::Guess => "a guess",
            Sure::Likely => "likely",
            Sure::Sure => "sure",
        }
    }
}

/// Everything that is to be said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suggestion {
    /// In the order of the configuration's parts.
    pub proposals: Vec<Proposal>,
    /// Headings that are mapped already, with their table.
    pub mapped: Vec<(String, String)>,
    /// Headings for which nothing was found, and what was looked for.
    pub missing: Vec<(String, &'static str)>,
}

/// Decides. What `app` maps already is not proposed again.
pub fn decide(tables: &[Sampled], app: &App) -> Suggestion {
    let mut out = Suggestion::default();
    let names: Vec<Names<'_>> = tables.iter().map(Names::of).collect();
    let users = match &app.users {
        Some(users) => {
            out.mapped.push(("app.users".to_owned(), users.table.clone()));
            names.iter().find(|n| n.table.source == users.source && n.table.table == users.table)
        }
        None => {
            let best = names.iter().filter_map(|n| Some((n.users_score()?, n))).max_by_key(|(score, n)| {
                // Of two that are as good the shorter name is the plainer one.
                (*score, std::cmp::Reverse(n.table.table.len()))
            });
            match best {
                Some((score, best)) => {
                    out.proposals.push(best.users(score));
                    Some(best)
                }
                None => {
                    let looked_for = "a table named like users, with an e-mail field and an id";
                    out.missing.push(("app.users".to_owned(), looked_for));
                    None
                }
            }
        }
    };
    for (part, key, _) in Part::ALL {
        let mut taken: BTreeSet<String> = app.part(part).map(|t| t.name.clone()).collect();
        let mapped: Vec<_> = app.part(part).collect();
        out.mapped.extend(mapped.iter().map(|t| (format!("app.{key}.{}", t.name), t.table.clone())));
        let mut found = !mapped.is_empty();
        for table in &names {
            let is_users = users.is_some_and(|u| std::ptr::eq(u.table, table.table));
            let known = mapped.iter().any(|t| t.source == table.table.source && t.table == table.table.table);
            if is_users || known {
                continue;
            }
            if let Some(mut proposal) = table.part(Kind::of(part), users.map(|u| u.table)) {
                proposal.name = heading(&table.table.table, &taken);
                taken.insert(proposal.name.clone());
                out.proposals.push(proposal);
                found = true;
            }
        }
        if !found {
            out.missing.push((format!("app.{key}"), Kind::of(part).looked_for()));
        }
    }
    out
}

/// How much the name of a table alone promises, before anything of it was looked at: the more, the sooner it should be.
pub fn promise(table: &str) -> u8 {
    let stem = stem(table);
    if vocabulary::is_of_people(&stem) {
        return 3;
    }
    let speaks = |kind: Kind| {
        let named = kind.named.iter().any(|word| stem.contains(word));
        let against = kind.against.iter().any(|word| stem.contains(word));
        match (named && !against, kind.named.contains(&stem.as_str())) {
            (true, true) => 2,
            (true, false) => 1,
            (false, _) => 0,
        }
    };
    Part::ALL.iter().map(|(part, _, _)| speaks(Kind::of(*part))).max().unwrap_or(0)
}

/// A heading's last word: the table's own, of the characters that a heading takes, and not taken.
fn heading(table: &str, taken: &BTreeSet<String>) -> String {
    let own = table.rsplit('.').next().unwrap_or(table);
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    let mut name: String = own.chars().map(kept).take(36).collect();
    if name.trim_matches('_').is_empty() {
        "main".clone_into(&mut name);
    }
    let mut numbered = name.clone();
    let mut n = 2;
    while taken.contains(&numbered) {
        numbered = format!("{name}{n}");
        n += 1;
    }
    numbered
}

/// A name without its spelling and without the plural's s.
fn stem(name: &str) -> String {
    let own = name.rsplit('.').next().unwrap_or(name);
    let plain = bare(own);
    plain.strip_suffix('s').filter(|rest| rest.len() > 2 && !rest.ends_with('s')).unwrap_or(&plain).to_owned()
}

#[cfg(test)]
mod tests;
