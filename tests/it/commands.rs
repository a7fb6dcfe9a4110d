//! The command line of the real program: what it says, to whom, and the code it ends with.

use crate::program::{Ended, Folder, run, run_unread};
use crate::rig::Rig;
use prodview_demo::IncidentKind;
use serde_json::Value;

#[path = "commands/check.rs"]
mod check;
#[path = "commands/configuration.rs"]
mod configuration;
#[path = "commands/stores.rs"]
mod stores;
#[path = "commands/suggest.rs"]
mod suggest;

/// Runs it over the demo's own production.
fn demo(args: &[&str]) -> Ended {
    run(&Folder::new(), args, &[])
}

#[track_caller]
fn ends(ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{ended:#?}");
}

fn is_plain(text: &str) -> bool {
    !text.contains('\u{1b}')
}

#[test]
fn a_call_answers_people_in_text_and_programs_in_json() {
    let people = demo(&["call", "list_sources", "--demo"]);
    ends(&people, 0);
    for word in ["stripe", "sentry", "convex", "could write", "(demo; asked"] {
        assert!(people.out.contains(word), "{word}: {}", people.out);
    }
    assert_eq!(people.err, "", "a call that went well says nothing besides");
    let programs = demo(&["call", "list_sources", "--demo", "--json"]);
    ends(&programs, 0);
    let answer = programs.json();
    assert_eq!(answer["connected"].as_array().unwrap().len(), 4);
    assert!(answer["sources"].as_array().unwrap().iter().all(|s| s["status"] == "ok"), "{answer:#}");
    assert_eq!(programs.err, "");
}

#[test]
fn tables_fit_a_hundred_columns_when_there_is_no_terminal() {
    for args in
        [vec!["tools", "--demo"], vec!["demo", "--list"], vec!["call", "list_errors", "since=7d", "--demo"]]
    {
        let ended = demo(&args);
        ends(&ended, 0);
        let rows: Vec<usize> = ended.out.lines().map(|l| l.chars().count()).collect();
        let rules = ended.out.lines().filter(|l| l.starts_with(['─', '═'])).count();
        // A list that would not fit as a table is told as lines, which a terminal may wrap.
        if rules > 0 {
            assert!(rows.iter().rev().skip(1).all(|width| *width <= 100), "{args:?}: {}", ended.out);
        }
        assert!(rules > 0 || args.contains(&"list_errors"), "{args:?}: {}", ended.out);
    }
}

#[test]
fn arguments_are_read_as_the_tool_wants_them() {
    let rows = |args: &[&str]| {
        let ended = demo(&[&["call", "find_records", "--demo", "--json"], args].concat());
        ends(&ended, 0);
        ended.json()["rows"].as_array().unwrap().clone()
    };
    let two = rows(&["table=users", "limit=2"]);
    assert_eq!(two.len(), 2, "a number is a number");
    let email = two[0]["fields"]["email"].as_str().unwrap();
    let same = rows(&["table=users", &format!("where.email={email}")]);
    assert_eq!(same.len(), 1, "a value in a table of values");
    assert_eq!(same[0]["id"], two[0]["id"]);
    // Two fields at once, one of them a number; and a value that holds an equals sign is not cut at it.
    assert_eq!(
        rows(&["table=users", &format!("where.email={email}"), "where.failedSignIns=99999"]),
        Vec::<Value>::new()
    );
    assert_eq!(rows(&["table=users", "where.email=a=b"]), Vec::<Value>::new());
    let some = rows(&["table=users", "limit=1", "fields=email, name"]);
    let kept: Vec<&String> = some[0]["fields"].as_object().unwrap().keys().collect();
    assert_eq!(kept, ["email", "name"], "a list is given with commas");
}

#[test]
fn the_seed_decides_whose_production_it_is() {
    let users = |seed: &str| {
        demo(&["call", "find_records", "table=users", "limit=1", "--demo", "--json", "--seed", seed]).json()["rows"].clone()
    };
    assert_eq!(users("3")[0]["id"], users("3")[0]["id"]);
    assert_ne!(users("3")[0]["id"], users("4")[0]["id"]);
    ends(&demo(&["call", "list_sources", "--seed", "3"]), 2);
}

#[test]
fn an_error_of_the_answer_ends_with_one_and_says_what_to_mend() {
    for (args, told) in [
        (vec!["find_user"], "who"),
        (vec!["find_user", "whoo=zoe@acme.dev"], "whoo"),
        (vec!["list_errors", "limit=two"], "limit"),
        (vec!["list_errors", "limit=5000"], "limit"),
        (vec!["find_records", "table=nothing"], "no such table"),
    ] {
        let plain = demo(&[&["call", "--demo"], &args[..]].concat());
        ends(&plain, 1);
        assert!(plain.err.starts_with("prodview: ") && plain.err.contains(told), "{args:?}: {}", plain.err);
        assert_eq!(plain.out, "", "{args:?}");
        let json = demo(&[&["call", "--demo", "--json"], &args[..]].concat());
        ends(&json, 1);
        assert!(json.json()["error"].as_str().unwrap().contains(told), "{args:?}: {}", json.out);
        assert_eq!(json.json()["mendable"], true);
    }
}

#[test]
fn a_command_line_that_is_wrong_ends_with_two() {
    for (args, told) in [
        (vec!["call", "find_usr", "who=x", "--demo"], "did you mean `find_user`?"),
        (vec!["call", "payment_status", "--demo"], "did you mean `payment_intent_status`?"),
        (vec!["call", "find_user", "zoe@acme.dev", "--demo"], "should be key=value"),
        (vec!["call"], "<TOOL>"),
        (vec!["cal", "find_user"], "call"),
        (vec!["tools", "--jsn"], "--json"),
        (vec!["demo", "--incident", "nothing"], "paid-no-access"),
        (vec!["demo", "--seed", "one"], "one"),
        (vec!["serve", "--sse"], "--http"),
        (vec!["completions", "tcsh-ish"], "bash"),
    ] {
        let ended = demo(&args);
        ends(&ended, 2);
        assert_eq!(ended.out, "", "{args:?}");
        assert!(ended.err.contains(told), "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_tool_without_its_source_says_so() {
    let ended = demo(&["call", "find_user", "who=zoe@acme.dev"]);
    ends(&ended, 1);
    assert!(ended.err.contains("not configured") && ended.err.contains("prodview check"), "{}", ended.err);
    let alone = demo(&["call", "list_sources"]);
    ends(&alone, 0);
    assert!(alone.out.contains("nothing is connected"), "{}", alone.out);
}

#[test]
fn the_tools_are_told_with_what_they_cost_and_that_it_is_an_estimate() {
    let people = demo(&["tools", "--demo"]);
    ends(&people, 0);
    for entry in prodview_tools::catalogue() {
        assert!(people.out.contains(&*entry.name), "{}: {}", entry.name, people.out);
    }
    assert!(
        people.out.contains("tokens (estimate)") && people.out.contains("Both are estimates."),
        "{}",
        people.out
    );
    let programs = demo(&["tools", "--demo", "--json"]);
    ends(&programs, 0);
    let tools = programs.json();
    assert_eq!(tools.as_array().unwrap().len(), prodview_tools::catalogue().len());
    assert!(
        tools
            .as_array()
            .unwrap()
            .iter()
            .all(|t| t["annotations"]["readOnlyHint"] == true && t["inputSchema"].is_object())
    );
    let bare = demo(&["tools", "--json"]);
    assert_eq!(bare.json().as_array().unwrap().len(), 1, "without a source there is one");
}

#[test]
fn every_incident_is_investigated_to_a_finding() {
    let listed = demo(&["demo", "--list"]);
    ends(&listed, 0);
    let names = [
        "paid-no-access",
        "card-declined",
        "locked-account",
        "failed-refund",
        "one-state",
        "duplicate-customers",
        "past-due",
        "dispute",
    ];
    for name in names {
        assert!(listed.out.contains(name), "{name}: {}", listed.out);
        let ended = demo(&["demo", "--incident", name]);
        ends(&ended, 0);
        let (_, found) =
            ended.out.split_once("What was found").unwrap_or_else(|| panic!("{name}: {}", ended.out));
        assert!(found.contains("\n  ! "), "{name} ends without a finding: {}", ended.out);
        assert!(
            found.contains("none of which could write") && found.contains("estimates"),
            "{name}: {found}"
        );
        assert!(
            ended.out.contains("→ find_user ") && ended.out.contains(" ms, about "),
            "{name}: {}",
            ended.out
        );
        assert!(ended.out.contains("GET /"), "{name}: the requests are shown");
        assert!(is_plain(&ended.out), "{name}: colours in a pipe");
        assert_eq!(ended.err, "", "{name}");
    }
}

#[test]
fn another_seed_is_another_company_with_the_same_incidents() {
    let (one, two) = (demo(&["demo", "--list"]).out, demo(&["demo", "--list", "--seed", "2"]).out);
    assert_ne!(one, two);
    assert!(two.contains("paid-no-access"));
    let ended = demo(&["demo", "--seed", "2"]);
    ends(&ended, 0);
    assert!(ended.out.contains("\n  ! "), "{}", ended.out);
}

#[test]
fn nothing_is_coloured_where_nobody_sees_colours() {
    for env in [vec![], vec![("NO_COLOR", "1")], vec![("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]]
    {
        for args in [
            vec!["--help"],
            vec!["call", "list_sources", "--demo"],
            vec!["check", "--demo"],
            vec!["tools"],
            vec!["call", "nope"],
        ] {
            let ended = run(&Folder::new(), &args, &env);
            assert!(is_plain(&ended.all()), "{args:?} {env:?}: {}", ended.all());
        }
    }
}

#[test]
fn the_help_tells_what_there_is_and_what_the_codes_mean() {
    let help = demo(&["--help"]);
    ends(&help, 0);
    for word in
        ["serve", "demo", "call", "tools", "check", "completions", "--config", "Exit codes:", "PRODVIEW_LOG"]
    {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
    for (command, words) in [
        ("serve", ["--http", "--sse", "--demo", "--token", "--no-auth"].as_slice()),
        ("demo", &["--incident", "--list", "--seed"]),
        ("call", &["--json", "--demo", "KEY=VALUE"]),
        ("tools", &["--json"]),
        ("check", &["--json", "--demo"]),
    ] {
        let help = demo(&[command, "--help"]);
        ends(&help, 0);
        assert!(words.iter().all(|w| help.out.contains(w)), "{command}: {}", help.out);
    }
    let version = demo(&["--version"]);
    assert_eq!(version.out, format!("prodview {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn shells_can_complete_it() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = demo(&["completions", shell]);
        ends(&ended, 0);
        assert!(ended.out.contains("prodview") && ended.out.contains("check"), "{shell}: {}", ended.out);
    }
}

#[test]
fn without_a_command_it_is_the_server_and_ends_when_nobody_speaks_to_it() {
    let ended = demo(&[]);
    ends(&ended, 0);
    assert_eq!(ended.all(), "", "not a word where only the protocol belongs");
    let serve = demo(&["serve"]);
    ends(&serve, 0);
    assert_eq!(serve.all(), "");
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let ended = run_unread(&Folder::new(), &["tools", "--demo", "--json"]);
    ends(&ended, 0);
    assert_eq!(ended.err, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_asks_what_is_configured_and_writes_nothing() {
    let rig = Rig::seeded(5).await;
    let folder = Folder::configured(&rig.demo.config_toml());
    let who = format!("who={}", rig.incident(IncidentKind::DuplicateCustomers).email);
    let ended = run(&folder, &["call", "find_user", &who, "--json"], &[]);
    ends(&ended, 0);
    let answer = ended.json();
    assert!(answer["people"].as_array().unwrap().len() >= 3, "{answer:#}");
    // Keys that stand in the file work, and are warned about without being shown.
    assert_eq!(
        ended.err.lines().filter(|l| l.contains("is written out in the file")).count(),
        4,
        "{}",
        ended.err
    );
    let elsewhere = Folder::new();
    elsewhere.write("mine.toml", &rig.demo.config_toml());
    for (args, env) in [
        (vec!["call", "list_sources", "--json", "--config", "mine.toml"], vec![]),
        (vec!["--config", "mine.toml", "call", "list_sources", "--json"], vec![]),
        (vec!["call", "list_sources", "--json"], vec![("PRODVIEW_CONFIG", "mine.toml")]),
    ] {
        let ended = run(&elsewhere, &args, &env);
        ends(&ended, 0);
        assert_eq!(ended.json()["connected"].as_array().unwrap().len(), 4, "{args:?}");
    }
}
