//! What can be wrong with a question to the application's state: SQL, and query functions of Convex.

use super::load;
use super::mistakes::lines;
use crate::declared::{Declared, Rules};

const SQL: &str = "name = \"a_tool\"\ntitle = \"A\"\nabout = \"A.\"\nsource = \"db\"\nsql = \"select 1 where $a\"\n[ask.a]\ntype = \"string\"\n[ask.limit]\ntype = \"integer\"\n[ask.cursor]\ntype = \"cursor\"\n[answer]\ncolumns.n = {}\n";

#[test]
fn sql_and_convex_have_mistakes_of_their_own() {
    let tool = load(SQL).unwrap();
    assert_eq!((tool.how(), tool.source()), ("sql", Some("db")));
    let case = |from: &str, to: &str| {
        assert!(SQL.contains(from), "{from}");
        lines(&SQL.replace(from, to))
    };
    assert_eq!(
        case("select 1 where $a", "delete from x"),
        [
            "t.toml:5:7: the SQL was refused: only SELECT is allowed; a statement is one SELECT that only reads, with $name for arguments"
        ]
    );
    assert_eq!(
        case("$a\"", "$a and $1\""),
        ["t.toml:5:7: the SQL has a parameter without a name, $1; write $name, with an [ask.name]"]
    );
    assert_eq!(
        case("$a\"", "$a and $b\""),
        ["t.toml:5:7: there is no argument `b`; add [ask.b]; did you mean `a`?"]
    );
    assert_eq!(
        case(" where $a", ""),
        ["t.toml:6:6: the argument `a` is used nowhere; use it in `sql` as $name, or leave it out"]
    );
    assert_eq!(
        case("$a\"", "$a and $cursor\""),
        [
            "t.toml:5:7: $cursor is a cursor; leave it out of the statement: prodview itself goes on where the last answer ended"
        ]
    );
    assert_eq!(
        case("source = \"db\"", "provider = \"stripe\""),
        ["t.toml:4:12: `stripe` takes no SQL; give one of `postgres`, `supabase`, or the name of a `source`"]
    );
    assert_eq!(
        case("columns.n", "rows = \"/x\"\ncolumns.n"),
        [
            "t.toml:13:8: `rows` in [answer] belongs to `get`; leave the line out: the rows are those of the question"
        ]
    );
    assert_eq!(
        case("[answer]", "[query]\na = 1\n[answer]"),
        ["t.toml:12:2: [query] belongs to `get`; `sql` takes none: leave it out"]
    );
    let convex = SQL
        .replace("sql = \"select 1 where $a\"", "convex_query = \"users:byEmail\"")
        .replace("[answer]", "[args]\na = \"{a}\"\n[answer]");
    assert_eq!(load(&convex).unwrap().how(), "convex_query");
    assert_eq!(
        lines(&convex.replace("users:byEmail", "_system/cli/tables")),
        [
            "t.toml:5:16: `_system/cli/tables` is no query function; a Convex query function is named `file:function` or `dir/file:function`, from letters, digits and `_`"
        ]
    );
    assert_eq!(
        lines(&convex.replace("source = \"db\"", "provider = \"sentry\"")),
        ["t.toml:4:12: `sentry` has no query functions; give `convex`, or the name of a `source`"]
    );
    assert_eq!(
        lines(&convex.replace("a = \"{a}\"", "a = \"{a}\"\nc = \"{cursor}\"")),
        [
            "t.toml:14:5: `cursor` is a cursor; leave it out of [args]: prodview itself goes on where the last answer ended"
        ]
    );
}

#[test]
fn sql_is_judged_by_the_guard_unless_told_otherwise() {
    let problems = Declared::load(
        &SQL.replace("select 1 where $a", "delete from users where id = $a"),
        "t.toml",
        &Rules::usual(),
    );
    assert!(problems.unwrap_err()[0].what.starts_with("the SQL was refused: "));
}
