//! Configuration mistakes and the environment, as the real program takes them.

use super::{demo, ends};
use crate::program::{Folder, Talk, run};
use crate::silent;
use crate::transports::stateless;
use serde_json::json;

const MISTAKES: &str = r#"environmnt = "production"

[sources.stripe]
kee = "env:STRIPE_API_KEY"
timeout = "10 sconds"
base_url = "http://stripe.example.com"

[sources.sentry]
token = "env:NOT_THERE"
org = 42

[sources.Stripe]
provider = "stripe"

[sources.convex]
url = "happy-otter-123"
deploy_key = "file:not/there"

[settings]
webhook_success = 98
tools = "./nowhere"
"#;

/// Where each mistake stands, and what would be right.
const TOLD: [(&str, &str); 10] = [
    ("prodview.toml:1:1: unknown key `environmnt`", "did you mean `environment`?"),
    ("prodview.toml:4:1: unknown key `kee`", "did you mean `key`?"),
    ("prodview.toml:5:11: `timeout`", "such as \"10s\""),
    ("prodview.toml:6:12: `base_url`", "use https://"),
    ("prodview.toml:9:9: `token`", "NOT_THERE is not set"),
    ("prodview.toml:10:7: `org`", "should be"),
    ("prodview.toml:12:10: ", "differ only in case"),
    ("prodview.toml:16:7: `url`", "convex.cloud"),
    ("prodview.toml:17:14: `deploy_key`", "there is no such file"),
    ("prodview.toml:20:19: `webhook_success`", "0 to 1"),
];

#[test]
fn all_that_is_wrong_with_a_file_is_told_at_once_by_every_command() {
    let folder = Folder::configured(MISTAKES);
    for args in [
        vec![],
        vec!["serve"],
        vec!["call", "list_sources"],
        vec!["tools"],
        vec!["check"],
        vec!["check", "--json"],
    ] {
        let ended = run(&folder, &args, &[]);
        ends(&ended, 2);
        assert_eq!(ended.out, "", "{args:?}");
        assert!(ended.err.starts_with("prodview: the configuration has "), "{args:?}: {}", ended.err);
        for (place, right) in TOLD {
            let line = ended.err.lines().find(|l| l.trim_start().starts_with(place));
            assert!(line.is_some_and(|l| l.contains(right)), "{args:?}: {place} … {right}: {}", ended.err);
        }
        assert!(ended.err.contains("./nowhere"), "{}", ended.err);
    }
    // The demo needs no configuration and is not kept from starting by one that is wrong.
    ends(&run(&folder, &["call", "list_sources", "--demo"], &[]), 0);
}

#[test]
fn two_sources_of_one_name_and_a_text_that_does_not_end_are_told_with_their_line() {
    for (text, place, told) in [
        ("[sources.stripe]\nkey = \"a\"\n\n[sources.stripe]\nkey = \"b\"\n", "prodview.toml:4:", "stripe"),
        ("environment = \"production\n", "prodview.toml:1:", ""),
        ("[sources.stripe\n", "prodview.toml:1:", ""),
    ] {
        let ended = run(&Folder::configured(text), &["check"], &[]);
        ends(&ended, 2);
        assert!(ended.err.contains(place) && ended.err.contains(told), "{text:?}: {}", ended.err);
    }
}

#[test]
fn a_file_that_is_named_and_is_not_there_is_told() {
    for (args, env) in [
        (vec!["check", "--config", "mine.toml"], vec![]),
        (vec!["--config", "mine.toml"], vec![]),
        (vec!["tools"], vec![("PRODVIEW_CONFIG", "mine.toml")]),
    ] {
        let ended = run(&Folder::new(), &args, &env);
        ends(&ended, 2);
        assert!(
            ended.err.contains("`mine.toml` cannot be read: there is no such file"),
            "{args:?}: {}",
            ended.err
        );
    }
    let folder = Folder::new();
    folder.write("prodview.toml", "");
    let ended = run(&folder, &["check", "--config", "."], &[]);
    ends(&ended, 2);
    assert!(ended.err.contains("it is a folder"), "{}", ended.err);
}

#[test]
fn a_key_is_not_repeated_when_its_line_is_wrong() {
    let key = silent::key();
    for text in [
        format!("[sources.stripe]\nkey = \"{key}\"\naccount = \"{key}\"\n"),
        format!("[sources.stripe]\nkey = \"{key}\n"),
        format!("[sources.stripe]\n{key} = 1\n"),
        format!("[sources.stripe]\nkey = [\"{key}\"]\n"),
        format!(
            "[sources.convex]\nurl = \"https://user:{key}@otter.convex.cloud\"\ndeploy_key = \"{key}\"\n"
        ),
        format!("[sources.sentry]\ntoken = \"{key}\"\norg = \"{key}!\"\n"),
    ] {
        let ended = run(&Folder::configured(&text), &["check"], &[]);
        ends(&ended, 2);
        assert!(!ended.all().contains(&key), "{}", ended.all());
    }
}

#[test]
fn the_environment_alone_is_enough() {
    let key = silent::key();
    let env = [
        ("STRIPE_API_KEY", key.as_str()),
        ("SENTRY_AUTH_TOKEN", "0123456789abcdef0123456789abcdef"),
        ("SENTRY_ORG", "acme"),
        ("CONVEX_URL", "https://happy-otter-123.convex.cloud"),
        ("CONVEX_DEPLOY_KEY", "prod:happy-otter-123|0123456789abcdef"),
    ];
    let all = run(&Folder::new(), &["tools", "--json"], &env);
    ends(&all, 0);
    assert_eq!(all.json().as_array().unwrap().len(), prodview_tools::catalogue().len());
    assert_eq!(all.err, "");
    let one = run(&Folder::new(), &["tools", "--json"], &env[..1]);
    let names: Vec<String> =
        one.json().as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        names,
        [
            "list_sources",
            "find_user",
            "user_timeline",
            "payment_intent_status",
            "trace_payment",
            "reconcile_payments",
            "webhook_deliveries"
        ]
    );
    // A server that starts tells the same.
    let folder = Folder::new();
    let mut talk = Talk::begin(&folder, &[], &env);
    let list = talk.result("tools/list", &stateless(json!({})));
    assert_eq!(list["tools"].as_array().unwrap().len(), prodview_tools::catalogue().len());
}

#[test]
fn a_variable_that_a_client_left_unfilled_counts_as_not_set() {
    for unset in ["", "  ", "${STRIPE_API_KEY}", "${env:STRIPE_API_KEY}", "${input:stripe}"] {
        let ended = run(&Folder::new(), &["tools", "--json"], &[("STRIPE_API_KEY", unset)]);
        ends(&ended, 0);
        assert_eq!(ended.json().as_array().unwrap().len(), 1, "{unset:?}");
        assert_eq!(ended.err.contains("counts as not set"), unset.contains("${"), "{unset:?}: {}", ended.err);
    }
    let half = run(
        &Folder::new(),
        &["tools", "--json"],
        &[("SENTRY_AUTH_TOKEN", "0123456789abcdef0123456789abcdef")],
    );
    ends(&half, 0);
    assert!(half.err.contains("SENTRY_ORG is not set, so sentry is left out"), "{}", half.err);
    let bad = run(
        &Folder::new(),
        &["tools"],
        &[("CONVEX_URL", "happy-otter-123"), ("CONVEX_DEPLOY_KEY", "prod:a|b0123456789")],
    );
    ends(&bad, 2);
    assert!(bad.err.contains("CONVEX_URL"), "{}", bad.err);
}

#[test]
fn a_file_in_the_users_own_folder_is_found_last() {
    let folder = Folder::new();
    folder.write_below("home/prodview", "prodview.toml", "environment = \"from the home folder\"\n");
    folder.write_below("home/.config/prodview", "prodview.toml", "environment = \"from the home folder\"\n");
    let home = run(&folder, &["call", "list_sources"], &[]);
    assert!(home.out.contains("(from the home folder;"), "{}", home.out);
    folder.write("prodview.toml", "environment = \"from here\"\n");
    assert!(run(&folder, &["call", "list_sources"], &[]).out.contains("(from here;"));
    folder.write("named.toml", "environment = \"from the variable\"\n");
    let env = [("PRODVIEW_CONFIG", "named.toml")];
    assert!(run(&folder, &["call", "list_sources"], &env).out.contains("(from the variable;"));
    folder.write("said.toml", "environment = \"from the command line\"\n");
    assert!(
        run(&folder, &["call", "list_sources", "--config", "said.toml"], &env)
            .out
            .contains("(from the command line;")
    );
}

#[test]
fn the_shipped_example_is_a_configuration() {
    let folder = Folder::configured(include_str!("../../../prodview.toml.example"));
    let ended = run(&folder, &["tools", "--json"], &[]);
    ends(&ended, 0);
    assert_eq!(ended.err, "");
    ends(&demo(&["tools"]), 0);
}
