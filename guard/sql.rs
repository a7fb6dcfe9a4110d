//! One read-only statement of SQL, or none: what was not parsed whole and found harmless is never sent.
//!
//! The layers, in order: plain tokens within bounds; PostgreSQL's grammar; a walk over every node that knows what it
//! allows; the tree written anew, and read again to the same tree. Each is a function of its own, and each refuses
//! what it does not know.

mod bounds;
mod calls;
mod casts;
mod expressions;
mod functions;
mod names;
mod operators;
mod relations;
mod shape;
mod tokens;

#[cfg(test)]
mod tests;

use crate::{Refused, visible};
use serde_json::Value;
use sqlparser::ast;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use std::collections::BTreeSet;

/// What the owner of a database allows besides what is allowed everywhere.
#[derive(Debug, Clone, Default)]
pub struct SqlRules {
    /// Functions of the application's own that may be called: `name` or `schema.name`.
    pub functions: Vec<String>,
}

/// One statement that was parsed whole and holds only allow-listed parts. Its text is written anew from what was
/// parsed: the server reads what was checked.
///
/// ```
/// use prodview_guard::{SqlRules, Statement};
/// let rules = SqlRules::default();
/// let read = Statement::parse("select id from orders where user_id = $user -- newest", &rules).unwrap();
/// assert_eq!(read.text(), "SELECT id FROM orders WHERE user_id = $1");
/// assert_eq!(read.params(), ["user"]);
/// assert!(Statement::parse("delete from orders", &rules).is_err());
/// ```
#[derive(Debug, Clone)]
pub struct Statement {
    text: String,
    params: Vec<String>,
    explains: bool,
    ordered: bool,
    attributes: BTreeSet<String>,
}

impl Statement {
    /// Parses and checks. Parameters are `$1`, `$2`, … or `$name`, never both.
    pub fn parse(sql: &str, rules: &SqlRules) -> Result<Statement, Refused> {
        let (tokens, params) = tokens::read(sql)?;
        on_its_own_stack(|| {
            let mut tree = parsed(tokens)?;
            let mut walk = Walk::new(rules);
            walk.statement(&mut tree)?;
            let text = faithful(&tree, rules)?;
            let explains = matches!(tree, ast::Statement::Explain { .. });
            let ordered = matches!(&tree, ast::Statement::Query(query) if query.order_by.is_some());
            Ok(Statement { text, params, explains, ordered, attributes: walk.attributes })
        })
    }

    /// A statement that nobody looked at, to test the layers behind the parser alone.
    #[cfg(test)]
    pub(crate) fn unchecked(sql: &str) -> Statement {
        let text = sql.to_owned();
        Statement { text, params: Vec::new(), explains: false, ordered: false, attributes: BTreeSet::new() }
    }

    /// The same, sent as an EXPLAIN is: by itself, and not within a cursor.
    #[cfg(test)]
    pub(crate) fn unchecked_explain(sql: &str) -> Statement {
        Statement { explains: true, ..Statement::unchecked(sql) }
    }

    /// The statement as it will be sent, its parameters by position.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parameters in the order of their positions: `1`, `2`, … or their names.
    pub fn params(&self) -> &[String] {
        &self.params
    }

    /// Whether it is an EXPLAIN, which a cursor cannot hold.
    pub fn explains(&self) -> bool {
        self.explains
    }

    /// Whether it says in which order its rows come. Without it, the order is whatever the server finds cheapest.
    pub fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// The names that stand behind a dot (`u.email`). PostgreSQL takes such a name for a call of a function of one
    /// row when there is no such column, which no parser can see: only the catalogue can say that none of them is one.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(String::as_str)
    }

    /// The values of its parameters by position, from an array (by position), an object (by name) or null (none).
    /// Refuses what is missing or left over, by name.
    pub fn bind(&self, given: &Value) -> Result<Vec<Value>, Refused> {
        let names = || self.params.iter().map(|name| format!("${name}")).collect::<Vec<_>>().join(", ");
        match given {
            Value::Null if self.params.is_empty() => Ok(Vec::new()),
            Value::Null => Err(Refused::because(format!(
                "the statement has parameters, and no value was given for {}",
                names()
            ))),
            Value::Array(values) if values.len() == self.params.len() => Ok(values.clone()),
            Value::Array(values) => Err(Refused::because(match self.params.len() {
                0 => format!("the statement has no parameters, and {} values were given", values.len()),
                n => format!(
                    "the statement has {n} parameters ({}), and {} values were given",
                    names(),
                    values.len()
                ),
            })),
            Value::Object(values) => {
                let known = |name: &&String| !self.params.contains(name);
                if let Some(over) = values.keys().find(known) {
                    return Err(Refused::because(match self.params.len() {
                        0 => format!("{} is given, and the statement has no parameters", shown(over)),
                        _ => {
                            format!("{} is no parameter of the statement, which has {}", shown(over), names())
                        }
                    }));
                }
                let value = |name: &String| {
                    let found = values.get(name).cloned();
                    found.ok_or_else(|| {
                        Refused::because(format!("no value was given for the parameter ${name}"))
                    })
                };
                self.params.iter().map(value).collect()
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Err(Refused::because("parameters are given as an array by position or as an object by name"))
            }
        }
    }
}

/// How deep the parser may go.
const PARSER_DEPTH: usize = 60;

/// The stack for it: twice what the deepest statement within the bounds takes in a build for debugging, where the
/// parser needs up to 220 KiB a level. Of it, only what is used becomes memory.
const STACK: usize = 32 * 1024 * 1024;

/// Runs what is recursive where its depth meets no one else's: how much of its own stack a caller has left is unknown.
fn on_its_own_stack(read: impl FnOnce() -> Result<Statement, Refused> + Send) -> Result<Statement, Refused> {
    let busy = |_| Refused::because("the statement could not be checked now; ask again");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("sql".to_owned()).stack_size(STACK);
        thread.spawn_scoped(scope, read).map_err(busy)?.join().unwrap_or_else(|_| {
            Err(Refused::because("the statement could not be checked; write it more plainly"))
        })
    })
}

/// The tree of exactly one statement.
fn parsed(tokens: Vec<Token>) -> Result<ast::Statement, Refused> {
    let first = tokens.first().map(|token| token.to_string().to_ascii_uppercase()).unwrap_or_default();
    let dialect = PostgreSqlDialect {};
    let mut parser = Parser::new(&dialect).with_recursion_limit(PARSER_DEPTH).with_tokens(tokens);
    let read = parser.parse_statement().and_then(|tree| {
        let left = parser.next_token().token;
        let ends = left == Token::EOF;
        if ends { Ok(tree) } else { parser.expected("the end", TokenWithSpan::wrap(left)) }
    });
    read.map_err(|e| {
        if !matches!(first.as_str(), "SELECT" | "WITH" | "VALUES" | "EXPLAIN" | "(") {
            return shape::no_read(&first);
        }
        let why = match e {
            ParserError::ParserError(why) | ParserError::TokenizerError(why) => why,
            ParserError::RecursionLimitExceeded => {
                "it is nested too deeply; name the inner parts by WITH".to_owned()
            }
        };
        Refused::because(format!("this is not SQL that can be checked; {}", capped(&why, 160)))
    })
}

/// The tree written anew. Reading that again must pass the same layers and give the same tree.
fn faithful(tree: &ast::Statement, rules: &SqlRules) -> Result<String, Refused> {
    let unlike = || {
        Refused::because(
            "the statement could not be written back faithfully; write its odd parts more plainly",
        )
    };
    let text = tree.to_string();
    let mut again = tokens::plainly(&text).and_then(parsed).map_err(|_| unlike())?;
    if again != *tree {
        return Err(unlike());
    }
    Walk::new(rules).statement(&mut again).map_err(|_| unlike())?;
    if again == *tree { Ok(text) } else { Err(unlike()) }
}

/// A walk over a tree: what it was allowed, and what it has seen so far.
struct Walk<'a> {
    rules: &'a SqlRules,
    attributes: BTreeSet<String>,
    /// How many rows all series together may make.
    rows: u64,
    /// How many times longer a text may become.
    growth: u64,
}

impl Walk<'_> {
    fn new(rules: &SqlRules) -> Walk<'_> {
        Walk { rules, attributes: BTreeSet::new(), rows: 1, growth: 1 }
    }
}

/// A word of the asker's, fit to stand in a refusal.
fn shown(word: &str) -> String {
    format!("`{}`", capped(word, 60))
}

fn capped(text: &str, most: usize) -> String {
    let seen = visible(text);
    match seen.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", seen.get(..end).unwrap_or_default()),
        None => seen.into_owned(),
    }
}

/// A refusal that names the offending words first.
fn refused<T>(what: &dyn std::fmt::Display, instead: &str) -> Result<T, Refused> {
    Err(Refused::because(format!("{} {instead}", shown(&what.to_string()))))
}
