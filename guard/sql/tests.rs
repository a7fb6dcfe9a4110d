//! The SQL guard under attack: the corpora, each layer alone, every position, the bounds.

mod bounds;
mod corpus;
mod layers;
mod parameters;
mod positions;
mod properties;

use super::{SqlRules, Statement};
use crate::Refused;

const READS: &str = include_str!("../../tests/fixtures/sql/reads.sql");
const HOSTILE: &str = include_str!("../../tests/fixtures/sql/hostile.sql");

/// The statements of a corpus with their names: blocks of `-- name` and a statement, an empty line between.
fn blocks(corpus: &'static str) -> Vec<(&'static str, &'static str)> {
    let block = |block: &'static str| {
        let (name, statement) = block.split_once('\n').unwrap_or_else(|| panic!("no statement: {block}"));
        (name.strip_prefix("-- ").unwrap_or_else(|| panic!("no name: {block}")), statement)
    };
    corpus.trim_end().split("\n\n").map(block).collect()
}

fn parse(sql: &str) -> Result<Statement, Refused> {
    Statement::parse(sql, &SqlRules::default())
}

/// What a refusal says.
fn refusal(sql: &str) -> String {
    match parse(sql) {
        Ok(statement) => panic!("accepted as {}: {sql}", statement.text()),
        Err(refused) => refused.to_string(),
    }
}

/// What is sent.
fn sent(sql: &str) -> String {
    parse(sql).unwrap_or_else(|e| panic!("{e}: {sql}")).text().to_owned()
}
