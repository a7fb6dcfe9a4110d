//! The bounds: whatever comes, the guard's own stack and time hold.

use super::*;
use sqlparser::keywords::ALL_KEYWORDS;

/// The stack of a thread of the server.
const STACK: usize = 2 * 1024 * 1024;

fn on_a_small_stack(statements: impl FnOnce() -> Vec<String> + Send + 'static) {
    let run = move || {
        for sql in statements() {
            if let Ok(statement) = parse(&sql) {
                assert!(parse(statement.text()).is_ok(), "{sql}");
            }
        }
    };
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap();
}

#[test]
fn rows_of_one_word_do_not_exhaust_the_stack() {
    on_a_small_stack(|| {
        let mut all = Vec::new();
        for word in ALL_KEYWORDS {
            for many in [30, 349] {
                let row = format!("{word} ").repeat(many);
                all.push(format!("select {row} 1"));
                all.push(format!("select 1 from {row} a"));
            }
            all.push(format!("{word} ").repeat(349));
            all.push(format!("select 1{}", format!(" {word} 1").repeat(349)));
        }
        all
    });
}

#[test]
fn chains_of_operators_do_not_exhaust_the_stack() {
    on_a_small_stack(|| {
        let mut all = Vec::new();
        for sign in "+ - * / % ^ || = <> < > <= >= ~ ~* !~ ~~ & | # << >> && @> <@ -> ->> #> #>> #- @? @@ ? ?| ?& -|- :: . , and or \
                     [1] collate is like in union intersect except"
            .split_ascii_whitespace()
        {
            for many in [100, 300, 345, 349, 2_000] {
                all.push(format!("select 1 {}", format!("{sign} a ").repeat(many)));
                all.push(format!("select {} a", format!("{sign} ").repeat(many)));
                all.push(format!("select a {}", sign.repeat(many)));
                all.push(format!("select 1 {}", format!("{sign} lower(a) ").repeat(many)));
            }
        }
        all.push(format!("select 1{}", "::int".repeat(349)));
        all.push(format!("select 1{}", " is null".repeat(170)));
        all.push(format!("select 1{}", " between 1 and 2".repeat(170)));
        all.push(format!("select 1{}", " at time zone 'x'".repeat(110)));
        all.push(format!("select 1 from a{}", " join b".repeat(60)));
        all.push(format!("select 1 from a{}{}", " join b".repeat(60), " on true".repeat(60)));
        all.push(format!("select 1{}", " union select 1".repeat(60)));
        all
    });
}

#[test]
fn nesting_does_not_exhaust_the_stack() {
    on_a_small_stack(|| {
        let mut all = Vec::new();
        for (open, close) in [
            ("(", ")"),
            ("(select ", ")"),
            ("(select * from (", ") x)"),
            ("(with x as (select 1) select ", ")"),
            ("array[", "]"),
            ("array(select ", ")"),
            ("coalesce(", ")"),
            ("lower(", ")"),
            ("cast(", " as text)"),
            ("exists (select ", ")"),
            ("case when ", " then 1 end"),
            ("case 1 when 1 then ", " end"),
            ("not (", ")"),
            ("- (", ")"),
            ("1 in (", ")"),
            ("1 = any (", ")"),
            ("row(", ")"),
            ("extract(year from ", ")"),
            ("substring(", " from 1)"),
            ("trim(both ", ")"),
            ("count(*) filter (where ", ")"),
            ("sum(1) over (order by ", ")"),
            ("(values (", "))"),
            ("interval ", ""),
            // Each of these doubles the time, were they not counted.
            ("position(", ")"),
            ("position('a' in ", ")"),
            ("(((", ")))"),
        ] {
            for deep in [5, 10, 12, 20, 24, 25, 40, 60, 400] {
                let (opened, closed) = (open.repeat(deep), close.repeat(deep));
                all.push(format!("select {opened}1{closed}"));
                all.push(format!("select {opened}1{} + 1{closed}", " + 1".repeat(200)));
                all.push(format!("select 1 from {opened}a{closed}"));
                all.push(format!("select {opened}"));
                all.push(format!("select 1 from {opened}"));
                all.push(format!("explain select 1 where {opened}1{closed}"));
                all.push(format!("{opened}select 1{closed}"));
            }
        }
        all
    });
}

#[test]
fn honest_size_is_accepted() {
    let list: Vec<_> = (0..2_500).map(|i| i.to_string()).collect();
    sent(&format!("select id from orders where id in ({})", list.join(", ")));
    let columns: Vec<_> = (0..200).map(|i| format!("coalesce(c{i}::text, '') || 'x' as c{i}")).collect();
    sent(&format!("select {} from t where a = 1 and b = 2", columns.join(", ")));
    sent(&format!("select 1 where {}", vec!["a.b = 1"; 60].join(" or ")));
    sent(&format!("select {}1{}", "(".repeat(20), ")".repeat(20)));
    sent(&format!("select 1{}", " union all select 2".repeat(30)));
}

#[test]
fn series_are_bounded_and_honest_ones_pass() {
    for series in [
        "1, 100000",
        "0, 100000",
        "-50000, 50000",
        "1, 1000000, 10",
        "10, 1, -1",
        "1, $1",
        "1, cardinality(tags)",
        "0, n - 1",
        "(select min(id) from t), (select max(id) from t)",
        "'2026-01-01'::date, '2026-12-31'::date, '1 day'",
        "timestamptz '2026-01-01', now(), interval '1 hour'",
        "date_trunc('day', now()) - interval '30 days', now(), '1 day'::interval",
        "$1::timestamptz, $2::timestamptz, interval '15' minute",
        "timestamp '2026-01-01', timestamp '2026-01-02', interval '00:05:00'",
    ] {
        sent(&format!("select * from generate_series({series}) g"));
    }
    for series in [
        "1, 100002",
        "1, 1e12",
        "1, 10 * 1000000",
        "1, n * 1000000",
        "1, n + 1000000000",
        "now(), now() + interval '1 day', interval '0.5 seconds'",
        "now(), now() + interval '1 day', interval '0'",
        "date '2026-01-01', date '2026-12-31', interval '1 second'",
        "1, 2, 0",
    ] {
        refusal(&format!("select * from generate_series({series}) g"));
    }
}
