//! Each layer alone: what only it holds back, shown by the other layers letting it through.

use super::*;
use crate::sql::{Walk, faithful, parsed, tokens};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::Tokenizer;

/// Everything but the look at the tokens.
fn without_tokens(sql: &str) -> bool {
    let read = || {
        let cut = Tokenizer::new(&PostgreSqlDialect {}, sql).with_unescape(false).tokenize();
        let mut tree = parsed(cut.map_err(|e| Refused::because(e.to_string()))?)?;
        Walk::new(&SqlRules::default()).statement(&mut tree)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 * 1024 * 1024);
        thread.spawn_scoped(scope, || read().is_ok()).unwrap().join().unwrap()
    })
}

/// Everything but the walk.
fn without_walk(sql: &str) -> bool {
    let Ok(tree) = tokens::read(sql).and_then(|(tokens, _)| parsed(tokens)) else { return false };
    tokens::plainly(&tree.to_string()).and_then(parsed).is_ok_and(|again| again == tree)
}

#[test]
fn only_the_tokens_refuse_it() {
    let long = format!("select '{}'", "x".repeat(tokens::MAX_BYTES));
    let chain = format!("select 1{}", " + 1".repeat(400));
    let sets = format!("select 1{}", ", 1 union all select 1".repeat(70));
    let list = format!("select 1 in ({})", ["1"; 6_100].join(","));
    for (sql, said) in [
        ("select u&\"id\" from users", "`U&`"),
        ("select U&'id' from users", "`U&"),
        ("select 'a\\' from users", "backslash"),
        ("select 'a\\''b' from users", "backslash"),
        ("select 1_000", "decimal"),
        ("select größe from users", "ASCII"),
        ("select \"a\\b\" from users", "backslash"),
        ("select 1 == 2", "`==`"),
        ("select $0", "`$0`"),
        ("select $7", "$1 is not used"),
        ("select $1 + $x", "not both"),
        ("select '\u{7}'", "U+0007"),
        (&long, "bytes"),
        (&chain, "follow each other"),
        (&sets, "set operations"),
        (&list, "words and signs"),
    ] {
        let short: String = sql.chars().take(60).collect();
        assert!(refusal(sql).contains(said), "{}", refusal(sql));
        let alone = without_tokens(sql) || sql.starts_with("select U&'");
        assert!(alone, "another layer refuses it too: {short}");
    }
    // Literals that mean another text than they show are held back here, before anything could read them otherwise.
    for sql in
        ["select e'\\x41'", "select n'a'", "select x'1f'", "select b'1'", "select $$a$$", "select $t$a$t$"]
    {
        assert!(refusal(sql).contains("is not read here"), "{sql}");
    }
    for sql in ["select ''; select 2", "select 1;;select 2", "; select 1 ; commit"] {
        assert!(refusal(sql).contains("second statement"), "{sql}");
    }
}

#[test]
fn only_the_grammar_refuses_it() {
    for sql in
        ["select 1 from users garbage here", "values", "select (1", "select 1 select 2", "select a b c"]
    {
        let read = tokens::read(sql).unwrap();
        assert!(parsed(read.0).is_err(), "{sql}");
        assert!(
            refusal(sql).contains("cannot be") || refusal(sql).contains("can be checked"),
            "{}",
            refusal(sql)
        );
    }
}

#[test]
fn only_the_walk_refuses_it() {
    for (sql, said) in [
        // The list of functions, and how they may be named.
        ("select pg_sleep(60)", "`pg_sleep` is not among the functions"),
        ("select wipe_orders()", "`wipe_orders` is not among the functions"),
        ("select reports.refresh()", "`reports.refresh` is not among"),
        ("select \"lower\"('A')", "name in quotes"),
        ("select pg_catalog.\"lower\"('A')", "name in quotes"),
        ("select lower('a', 'b')", "takes 1 arguments"),
        ("select int4('1')", "`int4` is not among"),
        ("select * from pg_sleep(60)", "`pg_sleep` is not among"),
        // The arguments of functions.
        ("select repeat('x', 100000000)", "plain number"),
        ("select * from generate_series(1, 1000000000)", "makes 1000000000 rows"),
        ("select current_setting('ssl_key_file')", "not among the settings"),
        ("select upper(*)", "only count"),
        // Operators and casts.
        ("select 1 operator(pg_catalog.+) 2", "by its schema"),
        ("select 1 <<<< 2", "not an operator"),
        ("select 'x'::order_status", "not a type"),
        ("select cast('x' as public.order_status[])", "not a type"),
        ("select 'x'::char(1000000)", "longer than"),
        // Relations.
        ("select * from pg_authid", "not among the views"),
        ("select * from pg_catalog.pg_shadow", "not among the views"),
        // Clauses and statements.
        ("select 1 into t", "would create a table"),
        ("select * from orders for update", "locks rows"),
        ("select * from (select * from orders for share) x", "locks rows"),
        ("with d as (delete from orders returning *) select * from d", "changes rows"),
        ("select id from orders order by id using <", "by; write ASC"),
        ("insert into counters values ('x', 1)", "`INSERT` is not a read"),
        ("drop table orders", "`DROP` is not a read"),
        ("commit", "`COMMIT` is not a read"),
        ("explain analyze delete from orders", "cannot be explained"),
        ("explain (analyze) create table t as select 1", "cannot be explained"),
        ("explain (analyze) select 1 into t", "would create a table"),
        ("explain (foo) select 1", "no option of EXPLAIN"),
        ("show work_mem", "current_setting"),
        ("select 1 union table orders", "select * from"),
    ] {
        assert!(refusal(sql).contains(said), "{}", refusal(sql));
        assert!(without_walk(sql), "another layer refuses it too: {sql}");
    }
}

#[test]
fn only_writing_it_anew_refuses_it() {
    // The tree of `- - 1` is written as a comment, the tree of `'a' 'b'` by hand as nothing that was meant.
    let (tokens, _) = tokens::read("select - - 1, 2").unwrap();
    let tree = parsed(tokens).unwrap();
    assert_eq!(tree.to_string(), "SELECT --1, 2");
    let said = faithful(&tree, &SqlRules::default()).unwrap_err().to_string();
    assert!(said.contains("faithfully"), "{said}");
    // And what is read again must pass the walk again.
    let (tokens, _) = tokens::read("select pg_sleep(1)").unwrap();
    assert!(faithful(&parsed(tokens).unwrap(), &SqlRules::default()).is_err());
}

#[test]
fn what_is_sent_is_what_was_parsed() {
    assert_eq!(sent("select /* a */ 1 -- b\n , 2;"), "SELECT 1, 2");
    assert_eq!(sent("SELECT\tCount ( * )from orders"), "SELECT pg_catalog.count(*) FROM orders");
    assert_eq!(sent("select 'it''s', '''', \"a\"\"b\" from t"), "SELECT 'it''s', '''', \"a\"\"b\" FROM t");
    assert_eq!(sent("select u & \"id\" from users"), "SELECT u & \"id\" FROM users");
    assert_eq!(sent("select case when a then b end"), "SELECT CASE WHEN a THEN b END");
}

#[test]
fn a_function_of_the_catalogue_is_named_by_its_schema() {
    assert_eq!(sent("select LOWER(email) from users"), "SELECT pg_catalog.lower(email) FROM users");
    assert_eq!(
        sent("select * from Generate_Series(1, 3) n"),
        "SELECT * FROM pg_catalog.generate_series(1, 3) n"
    );
    assert_eq!(
        sent("select 1 from unnest(a) with ordinality as t (b)"),
        "SELECT 1 FROM pg_catalog.unnest(a) WITH ORDINALITY AS t (b)"
    );
    // PostgreSQL looks these forms up in its own schema by itself.
    assert_eq!(
        sent("select substring(a from 2), trim(a), position('x' in a)"),
        "SELECT SUBSTRING(a FROM 2), TRIM(a), POSITION('x' IN a)"
    );
    // And these not: without FROM or FOR they are calls like others.
    assert_eq!(
        sent("select ceil(a), floor(a), substring(b, 2), substring(b, 1, 2), substr(b, 1), substr(b, 1, 2)"),
        "SELECT pg_catalog.\"ceil\"(a), pg_catalog.\"floor\"(a), SUBSTRING(b FROM 2), SUBSTRING(b FROM 1 FOR 2), \
         SUBSTRING(b FROM 1), SUBSTRING(b FROM 1 FOR 2)"
    );
    assert_eq!(sent("select 1 from unnest(a, b) as t"), "SELECT 1 FROM UNNEST(a, b) AS t");
    assert_eq!(
        sent("select coalesce(1, 2), row(1)"),
        "SELECT coalesce(1, 2), row(1)",
        "these are no functions"
    );
}

#[test]
fn the_owner_can_allow_functions_of_the_application() {
    let rules = SqlRules { functions: vec!["full_name".into(), "reports.total".into(), "\"Sum Up\"".into()] };
    for sql in [
        "select full_name('a', 'b')",
        "select FULL_NAME('a')",
        "select reports.total(1)",
        "select \"Sum Up\"()",
    ] {
        let text = Statement::parse(sql, &rules).unwrap_or_else(|e| panic!("{e}: {sql}"));
        assert!(!text.text().contains("pg_catalog"), "{}", text.text());
        refusal(sql);
    }
    for sql in [
        "select public.full_name('a')",
        "select \"full_name\"('a')",
        "select total(1)",
        "select Sum_Up()",
        "select \"sum up\"()",
        "select reports.\"total\"(1)",
        "select full_name(pg_sleep(1))",
        "select count.full_name(1)",
    ] {
        assert!(Statement::parse(sql, &rules).is_err(), "{sql}");
    }
    // One that is named as PostgreSQL's own is the application's when its owner says so.
    let rules = SqlRules { functions: vec!["lower".into()] };
    assert_eq!(Statement::parse("select lower(1)", &rules).unwrap().text(), "SELECT lower(1)");
}
