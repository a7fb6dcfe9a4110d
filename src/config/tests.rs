//! Whole configurations: where they are found, and what they become.

mod example;
mod mistakes;

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
    ("SUPABASE_ACCESS_TOKEN", "sbp_fc_from_the_environment"),
    ("SUPABASE_DB_URL", "postgresql://prodview:from_the_environment@db.example.com/postgres"),
    ("CONVEX_DEPLOY_KEY", "prod:happy-otter-123|convex_from_the_environment"),
    ("REDIS_URL", "rediss://prodview:redis_from_the_environment@cache.example.com:6379"),
    ("UPSTASH_REDIS_REST_TOKEN", "upstash_from_the_environment"),
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
    assert_eq!(
        (orders.field("checkout"), orders.metadata.as_slice()),
        (Some("c"), ["userId".to_owned()].as_slice())
    );
    let users = app.users.as_ref().unwrap();
    assert_eq!((users.email.as_str(), users.links["clerk_user"].as_str()), ("mail", "clerkId"));
}

#[test]
fn a_file_as_windows_writes_it_is_read() {
    let read = good("\u{feff}environment = \"staging\"\r\n\r\n[sources.stripe]\r\n");
    assert_eq!((read.environment.as_str(), read.sources.all().len()), ("staging", 1));
}

#[test]
fn a_source_that_is_off_is_checked_for_what_it_says_and_not_for_what_it_lacks() {
    let off = "[sources.convex]\nenabled = false\ndeploy_key = \"env:NOT_THERE\"\nca_file = \"nowhere\"\n";
    let mapped = "[app.jobs.x]\nsource = \"convex\"\ntable = \"t\"\nid = \"i\"\n";
    let read = good(&format!("{off}{mapped}"));
    assert!(read.sources.all().is_empty() && read.sources.app().tables.is_empty());
    let warning = "prodview.toml:5:11: [app.jobs.x] is left out: the source `convex` is not enabled; enable the source, or leave the section out too\n";
    assert_eq!(lines(&read.warnings), warning);
    let found = problems(&format!("{off}key = 1"));
    assert_eq!(
        found,
        ["prodview.toml:5:1: unknown key `key` in [sources.convex]; did you mean `deploy_key`?"]
    );
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
                ("SENTRY_AUTH_TOKEN", "t"),
                ("SENTRY_ORG", "acme"),
                ("SENTRY_URL", "https://sentry.acme.dev"),
                ("CONVEX_URL", "https://a.convex.cloud"),
                ("CONVEX_DEPLOY_KEY", "prod:a|b"),
                ("STRIPE_API_KEY", "rk_1"),
            ],
            vec!["sentry", "stripe", "convex"],
            "",
        ),
    ] {
        let read = load(None, &env(&pairs), &folder().join("empty"), None)
            .unwrap_or_else(|p| panic!("{}", lines(&p)));
        assert_eq!(read.sources.all().iter().map(|s| s.name()).collect::<Vec<_>>(), names);
        assert_eq!(lines(&read.warnings), warning);
        assert_eq!(read.origin, Where::Environment);
    }
    let broken = env(&[("STRIPE_API_KEY", "rk_1\nrk_2")]);
    let Err(found) = load(None, &broken, &folder().join("empty"), None) else { panic!("a key of two lines") };
    let said = lines(&found);
    assert!(said.starts_with("the source stripe of the environment cannot be used: "), "{said}");
    let bad = env(&[("CONVEX_URL", "http://a.convex.cloud"), ("CONVEX_DEPLOY_KEY", "prod:a|b")]);
    let Err(found) = load(None, &bad, &folder().join("empty"), None) else {
        panic!("http:// to a public host")
    };
    assert!(
        found[0].to_string().starts_with("the variable CONVEX_URL cannot be used: http://"),
        "{}",
        found[0]
    );
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
        (
            Some("no.toml"),
            &none,
            "the configuration `no.toml` cannot be read: there is no such file; give the path of a file to --config\n",
        ),
        (
            Some("empty"),
            &none,
            "the configuration `empty` cannot be read: it is a folder; give the path of a file to --config\n",
        ),
    ] {
        assert_eq!(lines(&from(explicit, env, &here).unwrap_err()), sentence);
    }
    let said = lines(&from(None, &named, &empty).unwrap_err());
    assert_eq!(
        said,
        "the configuration `named.toml` cannot be read: there is no such file; PRODVIEW_CONFIG should be the path of a file\n"
    );
}
