//! Every place an expression can stand in: a forbidden call planted there is found.

use super::*;
use crate::sql::{parsed, tokens};
use sqlparser::tokenizer::Token;

/// Each read with one of its words, numbers or texts replaced.
fn planted(with: &[Token]) -> impl Iterator<Item = (&'static str, Vec<Token>)> {
    blocks(READS).into_iter().flat_map(move |(name, sql)| {
        let (read, _) = tokens::read(sql).unwrap();
        let with = with.to_vec();
        let operand = |token: &Token| {
            matches!(token, Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_))
        };
        let places: Vec<_> = (0..read.len()).filter(|i| operand(&read[*i])).collect();
        places.into_iter().map(move |i| {
            let mut tokens = read.clone();
            tokens.splice(i..=i, with.clone());
            (name, tokens)
        })
    })
}

fn text(tokens: &[Token]) -> String {
    tokens.iter().map(Token::to_string).collect::<Vec<_>>().join(" ")
}

/// Plants a token sequence everywhere, and returns in how many places it was understood by the grammar.
fn never_sent(planting: &str, mark: &str) -> usize {
    let (with, _) = tokens::read(planting).unwrap();
    let mut understood = 0;
    for (name, tokens) in planted(&with) {
        let Ok(tree) = parsed(tokens.clone()) else { continue };
        if !tree.to_string().contains(mark) {
            continue;
        }
        understood += 1;
        let sql = text(&tokens);
        if let Ok(statement) = parse(&sql) {
            panic!("{name}: {mark} would be sent: {}", statement.text());
        }
    }
    understood
}

#[test]
fn a_forbidden_call_is_found_wherever_it_stands() {
    let understood = never_sent("pg_sleep(60)", "pg_sleep(60)");
    assert!(understood > 1_500, "only {understood} places");
}

#[test]
fn a_write_in_a_subquery_is_found_wherever_it_stands() {
    let understood =
        never_sent("(with d as (delete from orders returning id) select id from d)", "DELETE FROM orders");
    assert!(understood > 1_000, "only {understood} places");
}

#[test]
fn a_lock_in_a_subquery_is_found_wherever_it_stands() {
    let understood = never_sent("(select id from orders for update)", "FOR UPDATE");
    assert!(understood > 1_000, "only {understood} places");
}

#[test]
fn a_type_of_the_application_is_found_wherever_it_stands() {
    let understood = never_sent("null::order_status", "order_status");
    assert!(understood > 1_000, "only {understood} places");
}

#[test]
fn an_operator_of_the_application_is_found_wherever_it_stands() {
    let understood = never_sent("(1 operator(public.=) 2)", "OPERATOR(public");
    assert!(understood > 1_000, "only {understood} places");
}
