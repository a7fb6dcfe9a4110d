//! A declared tool: one request and a selection of fields, written as one TOML file instead of Rust.
//!
//! The file becomes a [`Declared`] or a list of everything that is wrong with it; nothing is half-loaded. What it may
//! ask is what the guard lets out anyway: a GET that the provider's table classes as a read, SQL that the SQL guard
//! accepts, a query function of Convex. Only the columns it lists leave, and every text of them is foreign.

mod cells;
mod column;
mod entry;
pub mod format;
mod loading;
mod parameter;
mod question;
mod run;
mod scalar;
pub mod shipped;
#[cfg(test)]
mod tests;

use crate::toml_file::{Place, Problem};
use column::Column;
use parameter::Parameter;
use prodview_guard::{Refused, SqlRules, Statement};
use question::Question;

pub use shipped::Shipped;

/// The largest file that can be a declared tool, in bytes.
pub const LARGEST: usize = 64 * 1024;

/// A tool that was read from a file and found sound.
#[derive(Debug, Clone)]
pub struct Declared {
    name: String,
    title: String,
    about: String,
    serves: Serves,
    asks: Vec<Parameter>,
    question: Question,
    /// JSON pointer to the rows in the answer of a GET; empty for the whole answer.
    rows: String,
    columns: Vec<Column>,
    /// Where its name stands, for problems that show only beside other tools.
    place: Option<Place>,
}

/// Which sources it asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Serves {
    provider: Option<String>,
    source: Option<String>,
}

/// How a file is judged.
pub struct Rules<'a> {
    /// Judges SQL, and names its parameters.
    pub sql: Judge<'a>,
}

/// Takes a statement and gives the names of its parameters.
pub type Judge<'a> = Box<dyn Fn(&str) -> Result<Vec<String>, Refused> + 'a>;

impl Rules<'static> {
    /// As prodview judges: SQL by the guard, without functions of the owner's own.
    pub fn usual() -> Rules<'static> {
        Rules::allowing(Vec::new())
    }

    /// The same with functions of the owner's own, which some source allows. Whether the one that is asked allows
    /// them is judged again when it is asked.
    pub fn allowing(functions: Vec<String>) -> Rules<'static> {
        let rules = SqlRules { functions };
        Rules { sql: Box::new(move |text| Ok(Statement::parse(text, &rules)?.params().to_vec())) }
    }
}

impl Declared {
    /// Reads a file. `file` is what it is called in messages. The error is everything that is wrong, in the order of
    /// the file.
    pub fn load(text: &str, file: &str, rules: &Rules<'_>) -> Result<Declared, Vec<Problem>> {
        loading::load(text, file, rules)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The one source that it names, if it does.
    pub fn source(&self) -> Option<&str> {
        self.serves.source.as_deref()
    }

    /// The arguments it takes, in the order of the file, each with its type and whether it may be left out.
    pub fn asks(&self) -> Vec<(&str, &'static str, bool)> {
        self.asks.iter().map(|ask| (ask.name.as_str(), ask.kind.name(), ask.may_be_left_out())).collect()
    }

    /// That its name is taken, as a problem of its file.
    pub fn collides(&self, with: &str) -> Problem {
        Problem {
            place: self.place.clone(),
            what: format!("there is another tool `{}`: {with}", self.name),
            right: "give this one another name".to_owned(),
        }
    }

    /// A problem of the file that shows only beside the configuration.
    pub fn problem(&self, what: String, right: String) -> Problem {
        Problem { place: self.place.clone(), what, right }
    }
}

/// The tools among `new` whose name is that of a built-in tool, of one of `before`, or of an earlier one of `new`.
pub fn collisions(new: &[Declared], before: &[Declared]) -> Vec<Problem> {
    let mut taken: Vec<(String, &str)> =
        crate::catalogue().iter().map(|e| (e.name.to_string(), "a built-in one")).collect();
    taken.extend(before.iter().map(|tool| (tool.name.clone(), "a shipped one that `declared` switches on")));
    let mut problems = Vec::new();
    for tool in new {
        match taken.iter().find(|(name, _)| *name == tool.name) {
            Some((_, with)) => problems.push(tool.collides(with)),
            None => taken.push((tool.name.clone(), "one of another file")),
        }
    }
    problems
}
