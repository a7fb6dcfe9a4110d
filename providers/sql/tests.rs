//! Our own questions pass the guard that everybody's pass.

use super::*;

#[test]
fn every_question_of_ours_is_let_out() {
    let ours =
        [tables::ALL, known::ONE, health::LOOK, policies::POLICIES, policies::SECURITY, policies::GRANTS];
    for sql in ours.into_iter().chain(migrations::questions()) {
        if let Err(refused) = Statement::parse(sql, &SqlRules::default()) {
            panic!("{refused}: {sql}");
        }
    }
}

#[test]
fn a_name_cannot_leave_its_quotes() {
    assert_eq!(quoted("a\"; drop table b; --"), "\"a\"\"; drop table b; --\"");
}
