//! Whole configurations: what they become, and every sentence about their mistakes.

use super::*;
use prodview_guard::Provider;
use prodview_providers::app::Part;

/// An environment of pairs.
fn env(pairs: &[(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let pairs = pairs.to_vec();
    move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
}

const KEYS: &[(&str, &str)] = &[
    ("STRIPE_API_KEY", "rk_stripe_from_the_environment"),
    ("SENTRY_AUTH_TOKEN", "sentry_from_the_environment"),
    ("CONVEX_DEPLOY_KEY", "prod:happy-otter-123|convex_from_the_environment"),
];

const CONVEX: &str = "[sources.convex]\nurl = \"https://happy-otter-123.convex.cloud\"\n";

fn read(text: &str, pairs: &[(&'static str, &'static str)]) -> Result<Configuration, Vec<Problem>> {
    from_text(text, "prodview.toml", &env(pairs), &folder())
}

/// All that is said about a configuration that is wrong.
fn problems(text: &str) -> Vec<String> {
    match read(text, KEYS) {
        Ok(_) => panic!("nothing was found wrong with:\n{text}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

fn good(text: &str) -> Configuration {
    read(text, KEYS).unwrap_or_else(|problems| panic!("{text}\n{}", lines(&problems)))
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{p}\n")).collect()
}

/// A folder with the files that the tests name.
fn folder() -> PathBuf {
    static MADE: std::sync::Once = std::sync::Once::new();
    let folder = std::env::temp_dir().join(format!("prodview-config-{}", std::process::id()));
    MADE.call_once(|| {
        for below in ["prodview-tools", "runbooks", "user/prodview", "empty"] {
            std::fs::create_dir_all(folder.join(below)).unwrap();
        }
        for (name, text) in [
            ("internal-ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
            ("key", "rk_from_a_file\r\n"),
            ("open-key", "rk_from_a_file\n"),
            ("nothing", "\n"),
            ("large", &"x".repeat(64 * 1024 + 1)),
            ("prodview.toml", "environment = \"here\""),
            ("named.toml", "environment = \"named\""),
            ("user/prodview/prodview.toml", "environment = \"user\""),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        std::fs::write(folder.join("latin1"), b"k\xe9y").unwrap();
        #[cfg(unix)]
        for (name, mode) in [("key", 0o600), ("open-key", 0o644)] {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
    });
    folder
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_what_would_be_right() {
    let text = r#"environmnt = "production"

[sources.stripe]
kee = "env:STRIPE_API_KEY"
timeout = "10 sconds"
max_concurrency = 65
cache = 15
base_url = "http://stripe.example.com"

[sources.Sentry]
provider = "sentri"

[sources.convex]
url = "happy-otter-123"
deploy_key = "env:NOT_THERE"
enabled = "yes"
ca_file = "nowhere.pem"
proxy = "socks5://proxy"

[app.users]
source = "convx"
table = "users"
email = ""

[app.payment.orders]
source = "convex"

[app.webhooks.stripe]
source = "stripe"
table = "events"
stauts = "status"

[app.jobs]
source = "convex"

[settings]
webhook_success = 98
tools = "./nowhere"
declared = ["a", 1]
require_readonly_keys = "no"
"#;
    let expected = r#"prodview.toml:1:1: unknown key `environmnt` at the top of the file; did you mean `environment`?
prodview.toml:4:1: unknown key `kee` in [sources.stripe]; did you mean `key`?
prodview.toml:5:11: `timeout` in [sources.stripe] is `10 sconds`, which is no duration; it should be a duration from 100ms to 60s, such as "10s"
prodview.toml:6:19: `max_concurrency` in [sources.stripe] is 65; it should be a whole number from 1 to 64
prodview.toml:7:9: `cache` in [sources.stripe] is a whole number; it should be a duration from 0s (no cache) to 10m, such as "15s"
prodview.toml:8:12: `base_url` in [sources.stripe] cannot be used: http:// would send the key in the clear: use https:// (plain http is allowed only to this machine); it should be like https://api.example.com
prodview.toml:10:10: `Sentry` cannot be the name of a source; a name is 1 to 40 of a–z, 0–9, _ and -
prodview.toml:11:12: there is no provider `sentri`; did you mean `sentry`?
prodview.toml:14:7: `url` in [sources.convex] cannot be used: this is not a URL (relative URL without a base); it should look like https://host; it should be like https://happy-otter-123.convex.cloud
prodview.toml:15:14: `deploy_key` in [sources.convex]: the variable NOT_THERE is not set; set it for the process that starts prodview, or write `file:PATH`
prodview.toml:16:11: `enabled` in [sources.convex] is a text; it should be true or false, without quotes
prodview.toml:17:11: `ca_file` in [sources.convex]: the file `nowhere.pem` cannot be used: there is no such file; give a PEM file, relative to the folder of this configuration
prodview.toml:18:9: `proxy` in [sources.convex] is no http:// or https:// address; it should be like http://proxy.internal:3128
prodview.toml:20:6: [app.users] has no `id`; add `id = "_id"`
prodview.toml:20:6: [app.users] names the source `convx`, which is not there; did you mean `convex`?
prodview.toml:23:9: `email` in [app.users] is empty; give it a value, or leave the line out
prodview.toml:25:6: unknown key `payment` in [app]; did you mean `payments`?
prodview.toml:28:15: [app.webhooks.stripe] says no field of `event`, `type`, `status`, `at`, `error`; name at least one: `event = "the field's name"`
prodview.toml:31:1: unknown key `stauts` in [app.webhooks.stripe]; did you mean `status`?
prodview.toml:34:1: [app.jobs] holds tables, not settings; give it a name of yours: [app.jobs.main]
prodview.toml:37:19: `webhook_success` in [settings] is 98; it should be a number from 0 to 1, such as 0.98
prodview.toml:38:9: `tools` in [settings]: `./nowhere` does not exist; give a folder, relative to that of this configuration
prodview.toml:39:18: `declared` in [settings] is a whole number; it should be a list of texts, such as ["one", "two"]
prodview.toml:40:25: `require_readonly_keys` in [settings] is a text; it should be true or false, without quotes"#;
    let found = problems(text);
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(found, expected, "\n{}", found.join("\n"));
}

#[test]
fn one_mistake_one_sentence() {
    for (text, sentence) in [
        ("[sources.stripe-eu]", "prodview.toml:1:10: [sources.stripe-eu] does not say which provider it is; add `provider = \"stripe\"`"),
        ("[sources.db]", "prodview.toml:1:10: [sources.db] does not say which provider it is; add `provider`, which is one of `sentry`, `stripe`, `convex`"),
        ("[sources.stripe]\n[sources.STRIPE]", "prodview.toml:2:10: the sources `stripe` and `STRIPE` differ only in case; give one of them another name"),
        ("[sources.stripe]\naccount = \"x\"\n[sources.stripe]\naccount = \"y\"", "prodview.toml:3:10: there are two [sources.stripe]; give one of them another name and say which `provider` it is"),
        ("[settings]\n[settings]", "prodview.toml:2:2: there are two [settings]; put everything under one heading"),
        ("environment = \"a\"\nenvironment = \"b\"", "prodview.toml:2:1: `environment` is set twice; leave one of the lines out"),
        ("environment = production", "prodview.toml:1:15: this text has no quotes; write it in quotes, as in key = \"text\""),
        ("environment = \"production\n", "prodview.toml:1:26: this text has only one of its quotes; begin and end it with a quote on the same line"),
        ("environment", "prodview.toml:1:12: this line sets nothing; write key = \"text\", or put a # before a comment"),
        ("environment =\n", "prodview.toml:1:14: there is no value after the =; write one, or leave the line out"),
        ("[sources.stripe\n", "prodview.toml:1:16: this heading has no end; end it with ]"),
        ("[settings]\ndeclared = [\"a\" \"b\"]", "prodview.toml:2:17: a comma is missing in this list; put one between the elements"),
        ("sources = 1", "prodview.toml:1:11: `sources` is a whole number; it should be a section of its own, [sources]"),
        ("[sources]\nstripe = \"rk\"", "prodview.toml:2:1: `stripe` in [sources] is no source; a source is a section of its own: [sources.stripe]"),
        ("[sources.stripe]\ntimeout = \"-5s\"", "prodview.toml:2:11: `timeout` in [sources.stripe] is `-5s`; it should be a duration from 100ms to 60s, such as \"10s\""),
        ("[sources.stripe]\ncache = \"11m\"", "prodview.toml:2:9: `cache` in [sources.stripe] is `11m`; it should be a duration from 0s (no cache) to 10m, such as \"15s\""),
        ("[sources.stripe]\nmax_concurrency = -1", "prodview.toml:2:19: `max_concurrency` in [sources.stripe] is -1; it should be a whole number from 1 to 64"),
        ("[sources.stripe]\nmax_concurrency = 0xFFFFFFFFFFFFFFFFF", "prodview.toml:2:19: `max_concurrency` in [sources.stripe] is too large; it should be a whole number from 1 to 64"),
        ("[sources.stripe]\naccount = \"42\"", "prodview.toml:2:11: `account` in [sources.stripe] cannot be used: this id should begin with acct_; give the id of a connected account"),
        ("[sources.stripe]\nkey = \"STRIPE_API_KEY\"", "prodview.toml:2:7: `key` in [sources.stripe] is the name of a variable, not what it holds; did you mean `env:STRIPE_API_KEY`?"),
        ("[sources.stripe]\nkey = \"${STRIPE_API_KEY}\"", "prodview.toml:2:7: `key` in [sources.stripe] reads `${…}`, which nothing fills in; name the variable: `env:NAME`"),
        ("[sources.sentry]", "prodview.toml:1:10: [sources.sentry] has no `org`, and the variable SENTRY_ORG is not set; set SENTRY_ORG, or add `org`"),
        ("[sources.stripe]\nca_file = \"key\"", "prodview.toml:2:11: `ca_file` in [sources.stripe]: the file `key` cannot be used: it holds no certificate in PEM; give a PEM file, relative to the folder of this configuration"),
        ("[settings]\nrunbooks = \"key\"", "prodview.toml:2:12: `runbooks` in [settings]: `key` is a file; give a folder, relative to that of this configuration"),
        ("[settings]\nwebhook_success = nan", "prodview.toml:2:19: `webhook_success` in [settings] is `nan`; it should be a number from 0 to 1, such as 0.98"),
        ("[sources.stripe]\n[app.jobs.x]\nsource = \"stripe\"\ntable = \"t\"\nid = \"i\"", "prodview.toml:2:11: [app.jobs.x] names the source `stripe`, which holds no tables; name a source that holds tables, such as one of Convex"),
        ("[app.jobs.x]\nsource = \"convex\"\ntable = \"t\"\nid = \"i\"", "prodview.toml:1:11: [app.jobs.x] names the source `convex`, which is not there; add its section: [sources.convex]"),
    ] {
        assert_eq!(problems(text), [sentence], "{text}");
    }
}

#[test]
fn files_that_cannot_hold_a_key_are_named() {
    for (path, why) in [
        ("nowhere", "there is no such file"), ("empty", "it is a folder"), ("nothing", "it is empty"),
        ("large", "it is larger than 64 KiB"), ("latin1", "it is not text in UTF-8"),
    ] {
        let found = problems(&format!("[sources.stripe]\nkey = \"file:{path}\""));
        let place = "prodview.toml:2:7: `key` in [sources.stripe]: the file";
        assert_eq!(found, [format!(
            "{place} `{path}` cannot be read: {why}; the path is relative to the folder of this configuration"
        )]);
    }
}

#[test]
fn no_sentence_holds_a_secret() {
    let secret = format!("odd-{}", "Zk9".repeat(6));
    let shaped = ["rk", "live", "51HqZkLmNoPqRsTuVwXyZ0"].join("_");
    for text in [
        format!("[sources.stripe]\nkey = \"{secret}\"\nproxy = \"{secret}\"\naccount = \"{secret}\""),
        format!("[sources.stripe]\nkey = \"env:{secret}\""),
        format!("[sources.stripe]\nkey = {secret}\nenabled = 1"),
        format!("[sources.stripe]\nkey = \"{secret}\n"),
        format!("[sources.stripe]\nkey = [\"{secret}\"]"),
        format!("[sources.stripe]\nprovider = \"{secret}\"\nkey = \"{secret}\"\nenabled = 1\n[sources.a]\n[sources.convex]\ndeploy_key = \"{secret}\""),
        format!("[sources.stripe]\n{shaped} = 1"),
        format!("[sources.\"{shaped}\"]"),
        format!("[sources.stripe]\nprovider = \"{shaped}\""),
        format!("[sources.stripe]\ntimeout = \"{shaped}\""),
        format!("[sources.stripe]\nbase_url = \"https://me:{secret}@host\""),
        format!("[sources.stripe]\nkey = \"env:{shaped}\""),
        format!("[app.users]\nsource = \"{shaped}\""),
    ] {
        let said = match read(&text, KEYS) {
            Ok(_) => panic!("{text}"),
            Err(problems) => lines(&problems),
        };
        assert!(!said.contains(&secret) && !said.contains(&shaped), "{said}");
    }
    let warned = good(&format!("[sources.stripe]\nkey = \"{secret}\"\nproxy = \"http://me:{secret}@proxy\"")).warnings;
    assert_eq!(lines(&warned), "\
prodview.toml:2:7: `key` in [sources.stripe] is written out in the file; keep it in a variable and write `env:STRIPE_API_KEY` instead
prodview.toml:3:9: `proxy` in [sources.stripe] is written out in the file with its password; keep it in a variable and write `env:HTTPS_PROXY` instead
");
}

#[test]
fn what_is_right_becomes_sources_in_the_order_of_the_file() {
    let text = format!(
        "{CONVEX}[sources.stripe-eu]\nprovider = \"stripe\"\nkey = \"file:key\"\nmax_concurrency = 0x10\ncache = \"0s\"\n\
         [sources.sentry]\norg = \"acme\"\nbase_url = \"http://127.0.0.1:9000/sentry\"\n\
         [app.payments.orders]\nsource = \"convex\"\ntable = \"orders\"\ncheckout = \"c\"\nmetadata = [\"userId\"]\n\
         [app.jobs.exports]\nsource = \"convex\"\ntable = \"jobs\"\nstatus = \"state\"\n\
         [app.users]\nsource = \"convex\"\ntable = \"users\"\nid = \"_id\"\nemail = \"mail\"\nlinks.clerk_user = \"clerkId\"\n\
         [settings]\nwebhook_success = 1\ntools = \"prodview-tools\"\n"
    );
    let read = good(&text);
    let named: Vec<_> = read.sources.all().iter().map(|s| (s.name(), s.provider())).collect();
    let due = [("convex", Provider::Convex), ("stripe-eu", Provider::Stripe), ("sentry", Provider::Sentry)];
    assert_eq!(named, due);
    assert_eq!((read.environment.as_str(), read.origin), ("production", Where::File("prodview.toml".into())));
    assert_eq!(lines(&read.warnings), "");
    assert_eq!(read.settings.tools, Some(folder().join("prodview-tools")));
    assert!((read.settings.webhook_success - 1.0).abs() < f64::EPSILON);
    let app = read.sources.app();
    assert_eq!(app.tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["orders", "exports"]);
    let orders = app.part(Part::Payments).next().unwrap();
    assert_eq!((orders.field("checkout"), orders.metadata.as_slice()), (Some("c"), ["userId".to_owned()].as_slice()));
    let users = app.users.as_ref().unwrap();
    assert_eq!((users.email.as_str(), users.links["clerk_user"].as_str()), ("mail", "clerkId"));
}

#[test]
fn a_source_that_is_off_is_checked_for_what_it_says_and_not_for_what_it_lacks() {
    let off = "[sources.convex]\nenabled = false\ndeploy_key = \"env:NOT_THERE\"\nca_file = \"nowhere\"\n";
    let mapped = "[app.jobs.x]\nsource = \"convex\"\ntable = \"t\"\nid = \"i\"\n";
    let read = good(&format!("{off}{mapped}"));
    assert!(read.sources.all().is_empty() && read.sources.app().tables.is_empty());
    let warning = "prodview.toml:5:11: [app.jobs.x] is left out: the source `convex` is not enabled; enable the source, or leave the section out too\n";
    assert_eq!(lines(&read.warnings), warning);
    let found = problems(&format!("{off}kee = 1"));
    assert_eq!(found, ["prodview.toml:5:1: unknown key `kee` in [sources.convex]; did you mean `deploy_key`?"]);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_warned_about() {
    let warned = good("[sources.stripe]\nkey = \"file:open-key\"").warnings;
    let due = "prodview.toml:2:7: `key` in [sources.stripe]: other users of this machine can read `open-key`; let only its owner read it: chmod 600\n";
    assert_eq!(lines(&warned), due);
}

#[test]
fn the_environment_alone_is_enough() {
    for (pairs, names, warning) in [
        (vec![], vec![], ""),
        (vec![("STRIPE_API_KEY", "rk_1")], vec!["stripe"], ""),
        (
            vec![("STRIPE_API_KEY", "${STRIPE_API_KEY}"), ("CONVEX_URL", "")],
            vec![],
            "STRIPE_API_KEY still reads `${…}`, which counts as not set, so stripe is left out; set it where the client takes it from\n",
        ),
        (
            vec![("SENTRY_AUTH_TOKEN", "t"), ("STRIPE_API_KEY", "rk_1")],
            vec!["stripe"],
            "SENTRY_AUTH_TOKEN is set and SENTRY_ORG is not set, so sentry is left out; set SENTRY_ORG too\n",
        ),
        (
            vec![
                ("SENTRY_AUTH_TOKEN", "t"), ("SENTRY_ORG", "acme"), ("SENTRY_URL", "https://sentry.acme.dev"),
                ("CONVEX_URL", "https://a.convex.cloud"), ("CONVEX_DEPLOY_KEY", "prod:a|b"), ("STRIPE_API_KEY", "rk_1"),
            ],
            vec!["sentry", "stripe", "convex"],
            "",
        ),
    ] {
        let read = load(None, &env(&pairs), &folder().join("empty"), None).unwrap_or_else(|p| panic!("{}", lines(&p)));
        assert_eq!(read.sources.all().iter().map(|s| s.name()).collect::<Vec<_>>(), names);
        assert_eq!(lines(&read.warnings), warning);
        assert_eq!(read.origin, Where::Environment);
    }
    let bad = env(&[("CONVEX_URL", "http://a.convex.cloud"), ("CONVEX_DEPLOY_KEY", "prod:a|b")]);
    let Err(found) = load(None, &bad, &folder().join("empty"), None) else { panic!("http:// to a public host") };
    assert!(found[0].to_string().starts_with("the variable CONVEX_URL cannot be used: http://"), "{}", found[0]);
}

#[test]
fn the_first_file_found_counts_and_one_that_is_named_must_be_there() {
    let (here, empty, user) = (folder(), folder().join("empty"), folder().join("user"));
    let none = env(&[("PRODVIEW_CONFIG", "${PRODVIEW_CONFIG}"), ("STRIPE_API_KEY", "rk_1")]);
    let named = env(&[("PRODVIEW_CONFIG", "named.toml")]);
    let from = |explicit: Option<&str>, env: &dyn Fn(&str) -> Option<String>, cwd: &Path| {
        load(explicit.map(Path::new), env, cwd, Some(&user)).map(|read| {
            assert!(read.sources.all().is_empty(), "with a file, only the file counts");
            read.environment
        })
    };
    assert_eq!(from(Some("user/prodview/prodview.toml"), &named, &here).unwrap(), "user");
    assert_eq!(from(None, &named, &here).unwrap(), "named");
    assert_eq!(from(None, &none, &here).unwrap(), "here");
    assert_eq!(from(None, &none, &empty).unwrap(), "user");
    for (explicit, env, sentence) in [
        (Some("no.toml"), &none, "the configuration `no.toml` cannot be read: there is no such file; give the path of a file to --config\n"),
        (Some("empty"), &none, "the configuration `empty` cannot be read: it is a folder; give the path of a file to --config\n"),
    ] {
        assert_eq!(lines(&from(explicit, env, &here).unwrap_err()), sentence);
    }
    let said = lines(&from(None, &named, &empty).unwrap_err());
    assert_eq!(said, "the configuration `named.toml` cannot be read: there is no such file; PRODVIEW_CONFIG should be the path of a file\n");
}

#[test]
fn the_example_says_nothing_as_it_is_and_is_right_when_all_of_it_is_switched_on() {
    assert!(good(example()).sources.all().is_empty());
    let on: String = example()
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n")
        .collect();
    let read = good(&on);
    assert_eq!(lines(&read.warnings), "");
    assert_eq!((read.sources.all().len(), read.sources.app().tables.len()), (3, Part::ALL.len()));
}

#[test]
fn the_example_shows_every_key_that_is_known() {
    let mut known = Vec::new();
    let mut text = "zzzzzz = 1\n".to_owned();
    for section in ["sources.stripe", "sources.sentry", "sources.convex", "app", "app.users", "settings"] {
        text += &format!("[{section}]\nzzzzzz = 1\n");
    }
    for (_, part, _) in Part::ALL {
        text += &format!("[app.{part}.x]\nzzzzzz = 1\n");
    }
    let Err(found) = read(&text, KEYS) else { panic!("zzzzzz is not known") };
    for problem in found.iter().filter(|p| p.what.contains("unknown key")) {
        let keys = problem.right.strip_prefix("known here: ").unwrap();
        known.extend(keys.split(", ").map(|key| key.trim_matches('`').to_owned()));
    }
    assert_eq!(found.iter().filter(|p| p.what.contains("unknown key")).count(), 7 + Part::ALL.len());
    for key in known {
        let shown = example().lines().any(|line| {
            line.starts_with(&format!("#{key} =")) || line.starts_with(&format!("#[{key}")) || line.starts_with(&format!("#[app.{key}."))
        });
        assert!(shown, "{key} is missing in prodview.toml.example");
    }
}
