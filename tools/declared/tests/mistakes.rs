//! One mistake, one sentence, at its place: the file, its path and query, its arguments and columns.

use super::{GET, load};

/// What is said of a sound file in which one text stands for another.
fn said(from: &str, to: &str) -> Vec<String> {
    assert!(GET.contains(from), "{from}");
    lines(&GET.replacen(from, to, 1))
}

pub(super) fn lines(text: &str) -> Vec<String> {
    match load(text) {
        Ok(_) => panic!("nothing was found wrong with:\n{text}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_file_that_is_sound_is_a_tool() {
    let tool = load(GET).unwrap();
    assert_eq!((tool.name(), tool.how(), tool.source()), ("a_tool", "get", None));
    assert_eq!(tool.asks(), [("id", "string", false)]);
}

#[test]
fn each_mistake_of_a_get_has_its_line() {
    let cases = [
        (
            "name = \"a_tool\"\n",
            "",
            "t.toml:1:1: the top of the file has no `name`; add `name = \"stripe_disputes\"`",
        ),
        (
            "\"a_tool\"",
            "\"A-tool\"",
            "t.toml:1:8: `A-tool` cannot be the name of a tool; a name is 3 to 48 of a–z, 0–9 and _, with a letter first",
        ),
        (
            "\"a_tool\"",
            "\"find_user\"",
            "t.toml:1:8: `find_user` is a built-in tool; give this one another name",
        ),
        ("\"a_tool\"", "1", "t.toml:1:8: `name` is a whole number; it should be a text in quotes"),
        ("\"A tool\"", "\"\"", "t.toml:2:9: `title` is empty; give it a value, or leave the line out"),
        (
            "\"For a test.\"",
            "\"two\\nlines\"",
            "t.toml:3:9: `about` holds characters that are not seen, or several lines; write it on one line, as it should read",
        ),
        (
            "provider = \"stripe\"\n",
            "",
            "t.toml:1:1: the file does not say whom it asks; add `provider = \"stripe\"`, or `source = \"db\"` for one source of that name",
        ),
        ("\"stripe\"", "\"strip\"", "t.toml:4:12: there is no provider `strip`; did you mean `stripe`?"),
        (
            "provider = \"stripe\"",
            "source = \"stripe\"",
            "t.toml:4:10: `get` does not say whose path it is; add `provider`, one of `sentry`, `stripe`; `source` beside it narrows to one source",
        ),
        (
            "\"stripe\"",
            "\"convex\"",
            "t.toml:4:12: `convex` cannot be asked by `get`; known here: `sentry`, `stripe`",
        ),
        (
            "\"stripe\"",
            "\"stripe\"\nsource = \"My DB\"",
            "t.toml:5:10: `My DB` cannot be the name of a source; it should be the name of one in prodview.toml: `db` for [sources.db]",
        ),
        (
            "get = \"/v1/refunds/{id}\"\n",
            "",
            "t.toml:1:1: the file asks nothing; add one of `get = \"/v1/…\"`, `sql = \"select …\"` and `convex_query = \"file:function\"`",
        ),
        (
            "get = ",
            "sql = \"select 1\"\nget = ",
            "t.toml:5:7: `sql` is a second question; keep one of `get`, `sql` and `convex_query`",
        ),
        (
            "/v1/refunds/{id}",
            "/v1/refund/{id}",
            "t.toml:5:7: `/v1/refund/{id}` is no read of stripe's table of operations; did you mean `/v1/refunds/{id}`?",
        ),
        (
            "/v1/refunds/{id}",
            "/v1/refunds/{refund}",
            "t.toml:5:7: `/v1/refunds/{refund}` is no read of stripe's table of operations; did you mean `/v1/refunds/{id}`?",
        ),
        (
            "/v1/refunds/{id}",
            "/v1/refunds/re_{id}",
            "t.toml:5:7: a slot is only a part of a segment of the path; a slot fills a whole segment, as in /v1/charges/{id}",
        ),
        (
            "/v1/refunds/{id}",
            "/v1/refunds/{id}?expand=x",
            "t.toml:5:7: the path holds a query; write what follows the ? as [query]",
        ),
        (
            "/v1/refunds/{id}",
            "https://evil.example/x",
            "t.toml:5:7: `https://evil.example/x` is no read of stripe's table of operations; its reads are listed in guard/operations/stripe.tsv",
        ),
        (
            "get = ",
            "method = \"POST\"\nget = ",
            "t.toml:5:1: unknown key `method` at the top of the file; leave it out: there is no method to choose, a declared tool reads",
        ),
        (
            "get = ",
            "colour = 1\nget = ",
            "t.toml:5:1: unknown key `colour` at the top of the file; known here: `name`, `title`, `about`, `provider`, `source`, `ask`, `get`, `sql`, `convex_query`, `query`, `args`, `answer`",
        ),
        (
            "[ask.id]\ntype = \"string\"\nid_prefix = \"re_\"\n",
            "",
            "t.toml:5:7: there is no argument `id`; add [ask.id]",
        ),
        (
            "[ask.id]",
            "[ask.other]\ntype = \"boolean\"\n[ask.id]",
            "t.toml:6:6: the argument `other` is used nowhere; use it in the path or in [query], or leave it out",
        ),
        (
            "id_prefix = \"re_\"",
            "optional = true",
            "t.toml:6:6: `id` fills a part of the path; make it a `string` or an `integer`, and not optional",
        ),
        (
            "[answer]",
            "[query]\nlimit = \"{most}\"\n[answer]",
            "t.toml:10:9: there is no argument `most`; add [ask.most]; known here: `id`",
        ),
        (
            "[answer]",
            "[query]\nlimit = \"x{id}\"\n[answer]",
            "t.toml:10:9: `limit` in [query] is only in part a slot; a slot fills a whole value: write \"{name}\" and nothing else",
        ),
        (
            "[answer]",
            "[query]\n\"a&b\" = 1\n[answer]",
            "t.toml:10:1: `a&b` is no name of a parameter; a query parameter is named with 1 to 80 letters, digits, `_`, `.`, `[` and `]`",
        ),
        (
            "[answer]",
            "[query]\n_method = \"DELETE\"\n[answer]",
            "t.toml:10:1: `_method` is no name of a parameter; the name of a query parameter begins with a letter",
        ),
        (
            "[answer]",
            "[query]\nstripe_account = \"acct_2\"\n[answer]",
            "t.toml:10:1: `stripe_account` in [query] comes from the configuration of the source; leave the line out: a tool stays within what its source is configured for",
        ),
        (
            "[answer]",
            "[query]\nlimit = { a = 1 }\n[answer]",
            "t.toml:10:9: `limit` in [query] is a table; it should be a text, a number, or true or false",
        ),
        (
            "[answer]",
            "[args]\na = 1\n[answer]",
            "t.toml:9:2: [args] belongs to `convex_query`; `get` takes none: leave it out",
        ),
        (
            "[answer]\ncolumns.id = { at = \"/id\" }\n",
            "",
            "t.toml:1:1: the file has no [answer]; add [answer] with the columns that may leave",
        ),
        (
            "columns.id = { at = \"/id\" }",
            "",
            "t.toml:9:2: [answer] names no column; add one, such as `columns.id = { at = \"/id\" }`",
        ),
        (
            "columns.id",
            "rows = \"data\"\ncolumns.id",
            "t.toml:10:8: `rows` in [answer] is `data`; it should be a JSON pointer, such as \"/data\", or \"\" for the whole answer",
        ),
        (
            "\"/id\" }",
            "\"id.x\" }",
            "t.toml:10:21: `at` in [answer.columns.id] is `id.x`; it should be a JSON pointer, which begins with a slash: \"/id/x\"",
        ),
        (
            "\"/id\" }",
            "\"/client_secret\" }",
            "t.toml:10:16: [answer.columns.id] leads to `client_secret`, which is the name of a secret; leave the column out: secrets never leave",
        ),
        (
            "\"/id\" }",
            "\"/id\", type = \"money\" }",
            "t.toml:10:9: [answer.columns.id] has no `currency`; add `currency = \"/currency\"`",
        ),
        (
            "\"/id\" }",
            "\"/id\", type = \"money\", currency = \"euro\" }",
            "t.toml:10:55: `currency` in [answer.columns.id] is `euro`; it should lead to the currency, \"/currency\", or be one, \"EUR\"",
        ),
        (
            "\"/id\" }",
            "\"/id\", currency = \"EUR\" }",
            "t.toml:10:28: unknown key `currency` in [answer.columns.id]; known here: `at`, `type`",
        ),
        (
            "\"/id\" }",
            "\"/id\", type = \"txt\" }",
            "t.toml:10:35: there is no type `txt` for a column; did you mean `text`?",
        ),
        (
            "columns.id",
            "columns.source",
            "t.toml:10:9: `source` cannot be the name of a column; take another name: `source` says which source a row is of",
        ),
        (
            "columns.id",
            "columns.Id",
            "t.toml:10:9: `Id` cannot be the name of a column; a name is 1 to 32 of a–z, 0–9 and _, with a letter first",
        ),
        (
            "title = \"A tool\"",
            "title = A tool",
            "t.toml:2:9: this text has no quotes; write it in quotes, as in key = \"text\"",
        ),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .map(|(from, to, due)| (said(from, to), due))
        .filter(|(said, due)| said.as_slice() != [*due])
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_mistake_of_an_argument_has_its_line() {
    let cases = [
        (
            "type = \"string\"\nid_prefix = \"re_\"",
            "",
            "t.toml:6:6: [ask.id] has no `type`; add `type = \"string\"`",
        ),
        (
            "\"string\"",
            "\"text\"",
            "t.toml:7:8: there is no type `text` for an argument; known here: `string`, `integer`, `number`, `boolean`, `moment`, `cursor`",
        ),
        (
            "id_prefix",
            "id_prefx",
            "t.toml:8:1: unknown key `id_prefx` in [ask.id]; did you mean `id_prefix`?",
        ),
        (
            "id_prefix = \"re_\"",
            "default = 1",
            "t.toml:8:11: `default` in [ask.id] does not fit its own type: it should be of the type string; correct one of the two",
        ),
        (
            "id_prefix = \"re_\"",
            "id_prefix = \"re_\"\ndefault = \"ch_1\"",
            "t.toml:9:11: `default` in [ask.id] does not fit its own type: it was refused: this id should begin with re_; correct one of the two",
        ),
        (
            "id_prefix = \"re_\"",
            "min = 5\nmax = 4",
            "t.toml:8:1: `min` in [ask.id] is larger than `max`; nothing would fit between them",
        ),
        (
            "id_prefix = \"re_\"",
            "max = 5000",
            "t.toml:8:7: `max` in [ask.id] is no length; it should be a number of characters from 0 to 2000",
        ),
        (
            "id_prefix = \"re_\"",
            "max = \"5\"",
            "t.toml:8:7: `max` in [ask.id] is a text; it should be a number",
        ),
        (
            "id_prefix = \"re_\"",
            "enum = []",
            "t.toml:8:8: `enum` in [ask.id] is an empty list; name at least one, or leave the line out",
        ),
        (
            "\"string\"\nid_prefix = \"re_\"",
            "\"integer\"\nmin = 1.5",
            "t.toml:8:7: `min` in [ask.id] is no whole number; write one without a fraction",
        ),
        (
            "\"string\"\nid_prefix = \"re_\"",
            "\"integer\"\noptional = true\ndefault = 1",
            "t.toml:9:11: `default` in [ask.id] is said of an argument that is optional; one with a default may be left out anyway: keep one of the two",
        ),
        (
            "\"string\"\nid_prefix = \"re_\"",
            "\"moment\"",
            "t.toml:6:6: `id` fills a part of the path; make it a `string` or an `integer`, and not optional",
        ),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .map(|(from, to, due)| (said(from, to), due))
        .filter(|(said, due)| said.as_slice() != [*due])
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let moment = GET
        .replace("[ask.id]", "[ask.at]\ntype = \"moment\"\nas = \"unix\"\n[ask.id]")
        .replace("[answer]", "[query]\na = \"{at}\"\n[answer]");
    assert_eq!(
        lines(&moment),
        ["t.toml:8:6: `as` in [ask.at] is `unix`; known here: `rfc3339`, `epoch_s`, `epoch_ms`"]
    );
    let twice = GET
        .replace(
            "[ask.id]",
            "[ask.a]\ntype = \"cursor\"\n[ask.b]\ntype = \"cursor\"\ndefault = \"x\"\n[ask.id]",
        )
        .replace("[answer]", "[query]\na = \"{a}\"\nb = \"{b}\"\n[answer]");
    assert_eq!(
        lines(&twice),
        [
            "t.toml:8:6: [ask.b] is a second cursor; keep one of them",
            "t.toml:10:1: `default` in [ask.b] has no place: a cursor comes from an earlier answer; leave the line out",
        ]
    );
    let source = GET
        .replace("[ask.id]", "[ask.source]\ntype = \"string\"\n[ask.id]")
        .replace("[answer]", "[query]\na = \"{source}\"\n[answer]");
    assert_eq!(
        lines(&source),
        [
            "t.toml:6:6: `source` cannot be the name of an argument; take another name: `source` chooses between several sources of the provider"
        ]
    );
}

#[test]
fn a_path_of_a_secret_says_why_there_is_no_way_to_ask_it() {
    let secret = said("/v1/refunds/{id}", "/v1/apps/secrets");
    assert_eq!(
        secret,
        [
            "t.toml:5:7: GET `/v1/apps/secrets` hands out a secret or a whole data set (the secrets that apps keep at \
          Stripe); there is no way to ask it: take another path"
        ]
    );
}

#[test]
fn the_organisation_comes_from_the_configuration_and_nowhere_else() {
    let sentry = GET
        .replace("\"stripe\"", "\"sentry\"")
        .replace("/v1/refunds/{id}", "/api/0/organizations/{organization_id_or_slug}/releases/")
        .replace("[ask.id]", "[ask.organization_id_or_slug]");
    assert!(lines(&sentry)[0].ends_with(
        "`organization_id_or_slug` of the path comes from the configuration of the source; leave [ask.organization_id_or_slug] out"
    ));
}

#[test]
fn all_mistakes_are_told_at_once_and_a_large_file_is_not_read() {
    let text =
        "nam = 1\n[ask.x]\ntype = \"integer\"\nmin = \"a\"\n[answer]\ncolumns.x = { at = \"x\", typ = 1 }\n";
    assert_eq!(lines(text).len(), 9, "{:#?}", lines(text));
    let large = format!("# {}\n{GET}", "x".repeat(64 * 1024));
    assert_eq!(lines(&large), ["t.toml:1:1: the file is larger than 64 KiB; a declared tool is a page"]);
}

#[test]
fn no_message_repeats_a_key() {
    let key = ["sk_live", "51Hq8ZkLmNoPqRsTuVwXyZ012345"].join("_");
    for line in said("\"/id\" }", &format!("\"{key}\" }}")) {
        assert!(!line.contains("51Hq8Zk"), "{line}");
    }
}
