//! Every sentence about a mistake.

use super::{KEYS, good, lines, problems, read};

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
prodview.toml:6:19: `max_concurrency` in [sources.stripe] is `65`; it should be a whole number from 1 to 64
prodview.toml:7:9: `cache` in [sources.stripe] is a whole number; it should be a duration from 0s (no cache) to 10m, such as "15s"
prodview.toml:8:12: `base_url` in [sources.stripe] cannot be used: http:// would send the key in the clear: use https:// (plain http is allowed only to this machine); for example https://api.example.com
prodview.toml:10:10: `Sentry` cannot be the name of a source; a name is 1 to 40 of a–z, 0–9, _ and -
prodview.toml:11:12: there is no provider `sentri`; did you mean `sentry`?
prodview.toml:14:7: `url` in [sources.convex] cannot be used: this is not a URL (relative URL without a base); it should look like https://host; for example https://happy-otter-123.convex.cloud
prodview.toml:15:14: `deploy_key` in [sources.convex]: the variable NOT_THERE is not set; set it for the process that starts prodview, or write `file:PATH`
prodview.toml:16:11: `enabled` in [sources.convex] is a text; it should be true or false, without quotes
prodview.toml:17:11: `ca_file` in [sources.convex]: the file `nowhere.pem` cannot be used: there is no such file; give a PEM file, relative to the folder of this configuration
prodview.toml:18:9: `proxy` in [sources.convex] is no http:// or https:// address; it should be like http://proxy.internal:3128
prodview.toml:20:6: [app.users] has no `id`; add `id = "_id"`
prodview.toml:20:6: [app.users] names the source `convx`, which is not there; did you mean `convex`?
prodview.toml:23:9: `email` in [app.users] is empty; give it a value, or leave the line out
prodview.toml:25:6: unknown key `payment` in [app]; did you mean `payments`?
prodview.toml:28:15: [app.webhooks.stripe] names the source `stripe`, which holds no tables; name a source that holds tables, such as one of Convex
prodview.toml:31:1: unknown key `stauts` in [app.webhooks.stripe]; did you mean `status`?
prodview.toml:34:1: [app.jobs] holds tables, not settings; give it a name of yours: [app.jobs.main]
prodview.toml:37:19: `webhook_success` in [settings] is `98`; it should be a number from 0 to 1, such as 0.98
prodview.toml:38:9: `tools` in [settings]: `./nowhere` does not exist; give a folder, relative to that of this configuration
prodview.toml:39:13: there is no shipped declared tool `a`; docs/declared-tools.md lists them; your own are in the folder that `tools` names
prodview.toml:39:18: `declared` in [settings] is a whole number; it should be a list of texts, such as ["one", "two"]
prodview.toml:40:25: `require_readonly_keys` in [settings] is a text; it should be true or false, without quotes"#;
    let found = problems(text);
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(found, expected, "\n{}", found.join("\n"));
}

#[test]
fn one_mistake_one_sentence() {
    for (text, sentence) in [
        (
            "[sources.stripe-eu]",
            "prodview.toml:1:10: [sources.stripe-eu] does not say which provider it is; add `provider = \"stripe\"`",
        ),
        (
            "[sources.db]",
            "prodview.toml:1:10: [sources.db] does not say which provider it is; add `provider`, which is one of `sentry`, `stripe`, `convex`, `postgres`, `supabase`, `redis`, `upstash`",
        ),
        (
            "[sources.db]\nprovider = \"postgres\"\nurl = \"env:SUPABASE_DB_URL\"\nproxy = \"http://proxy:3128\"",
            "prodview.toml:1:10: [sources.db] cannot be used: it is not asked over HTTP and goes through no HTTP proxy: leave `proxy` out; correct its settings",
        ),
        (
            "[sources.redis]\nurl = \"env:REDIS_URL\"\nbase_url = \"https://redis.example.com\"",
            "prodview.toml:1:10: [sources.redis] cannot be used: where this server is stands in `url`: leave `base_url` out; correct its settings",
        ),
        (
            "[sources.redis]\nurl = \"env:REDIS_URL\"\ncache = \"15s\"",
            "prodview.toml:1:10: [sources.redis] cannot be used: its answers are never given again: leave `cache` out; correct its settings",
        ),
        (
            "[sources.stripe]\n[sources.STRIPE]",
            "prodview.toml:2:10: the sources `stripe` and `STRIPE` differ only in case; give one of them another name",
        ),
        (
            "[sources.stripe]\naccount = \"acct_1\"\n[sources.stripe]\naccount = \"acct_2\"",
            "prodview.toml:3:10: there are two [sources.stripe]; give one of them another name and say which `provider` it is",
        ),
        (
            "[settings]\n[settings]",
            "prodview.toml:2:2: there are two [settings]; put everything under one heading",
        ),
        (
            "environment = \"a\"\nenvironment = \"b\"",
            "prodview.toml:2:1: `environment` is set twice; leave one of the lines out",
        ),
        (
            "environment = production",
            "prodview.toml:1:15: this text has no quotes; write it in quotes, as in key = \"text\"",
        ),
        (
            "environment = \"production\n",
            "prodview.toml:1:26: this text has only one of its quotes; begin and end it with a quote on the same line",
        ),
        (
            "environment",
            "prodview.toml:1:12: this line sets nothing; write key = \"text\", or put a # before a comment",
        ),
        (
            "environment =\n",
            "prodview.toml:1:14: there is no value after the =; write one, or leave the line out",
        ),
        ("[sources.stripe\n", "prodview.toml:1:16: this heading has no end; end it with ]"),
        (
            "[settings]\ndeclared = [\"a\" \"b\"]",
            "prodview.toml:2:17: a comma is missing in this list; put one between the elements",
        ),
        (
            "environment = ",
            "prodview.toml:1:15: there is no value after the =; write one, or leave the line out",
        ),
        (
            "a b = 1",
            "prodview.toml:1:3: this line sets nothing; write key = \"text\", or put a # before a comment",
        ),
        (
            "x = 1 y = 2",
            "prodview.toml:1:9: there is more on this line than one setting; put each setting on a line of its own",
        ),
        (
            "[[sources]]",
            "prodview.toml:1:1: `sources` is a list; it should be a section of its own, [sources]",
        ),
        (
            "[[sources.stripe]]",
            "prodview.toml:1:11: `stripe` in [sources] is no source; a source is a section of its own: [sources.stripe]",
        ),
        (
            "ä = 1",
            "prodview.toml:1:1: this key holds characters that a key cannot; use letters, digits, _ and -, or put it in quotes",
        ),
        (
            "[app]\nusers = 1",
            "prodview.toml:2:9: `users` in [app] is a whole number; it should be a section of its own, [app.users]",
        ),
        (
            "[sources.stripe]\ntimeout = \"10\"",
            "prodview.toml:2:11: `timeout` in [sources.stripe] is `10`, which is no duration; it should be a duration from 100ms to 60s, such as \"10s\"",
        ),
        (
            "[sources.stripe]\nproxy = \"http://\"",
            "prodview.toml:1:10: [sources.stripe] cannot be used: the proxy is not a URL; correct its settings",
        ),
        (
            "sources = 1",
            "prodview.toml:1:11: `sources` is a whole number; it should be a section of its own, [sources]",
        ),
        (
            "[sources]\nstripe = \"rk\"",
            "prodview.toml:2:1: `stripe` in [sources] is no source; a source is a section of its own: [sources.stripe]",
        ),
        (
            "[sources.stripe]\ntimeout = \"-5s\"",
            "prodview.toml:2:11: `timeout` in [sources.stripe] is `-5s`; it should be a duration from 100ms to 60s, such as \"10s\"",
        ),
        (
            "[sources.stripe]\ncache = \"11m\"",
            "prodview.toml:2:9: `cache` in [sources.stripe] is `11m`; it should be a duration from 0s (no cache) to 10m, such as \"15s\"",
        ),
        (
            "[sources.stripe]\nmax_concurrency = -1",
            "prodview.toml:2:19: `max_concurrency` in [sources.stripe] is `-1`; it should be a whole number from 1 to 64",
        ),
        (
            "[sources.stripe]\nmax_concurrency = 0xFFFFFFFFFFFFFFFFF",
            "prodview.toml:2:19: `max_concurrency` in [sources.stripe] is `0xFFFFFFFFFFFFFFFFF`; it should be a whole number from 1 to 64",
        ),
        (
            "[sources.stripe]\naccount = \"42\"",
            "prodview.toml:2:11: `account` in [sources.stripe] cannot be used: this id should begin with acct_; give the id of a connected account, or leave the line out",
        ),
        (
            "[sources.stripe]\nkey = \"STRIPE_API_KEY\"",
            "prodview.toml:2:7: `key` in [sources.stripe] is the name of a variable, not what it holds; did you mean `env:STRIPE_API_KEY`?",
        ),
        (
            "[sources.stripe]\nkey = \"${STRIPE_API_KEY}\"",
            "prodview.toml:2:7: `key` in [sources.stripe] reads `${…}`, which nothing fills in; name the variable: `env:NAME`",
        ),
        (
            "[sources.sentry]",
            "prodview.toml:1:10: [sources.sentry] has no `org`, and the variable SENTRY_ORG is not set; set SENTRY_ORG, or add `org`",
        ),
        (
            "[sources.stripe]\nca_file = \"key\"",
            "prodview.toml:2:11: `ca_file` in [sources.stripe]: the file `key` cannot be used: it holds no certificate in PEM; give a PEM file, relative to the folder of this configuration",
        ),
        (
            "[settings]\nrunbooks = \"key\"",
            "prodview.toml:2:12: `runbooks` in [settings]: `key` is a file; give a folder, relative to that of this configuration",
        ),
        (
            "[settings]\nwebhook_success = nan",
            "prodview.toml:2:19: `webhook_success` in [settings] is `nan`; it should be a number from 0 to 1, such as 0.98",
        ),
        (
            "[sources.stripe]\n[app.jobs.x]\nsource = \"stripe\"\ntable = \"t\"\nid = \"i\"",
            "prodview.toml:2:11: [app.jobs.x] names the source `stripe`, which holds no tables; name a source that holds tables, such as one of Convex",
        ),
        (
            "[sources.convex]\nurl = \"https://a.convex.cloud\"\n[app.audit.x]\nsource = \"convex\"\ntable = \"t\"",
            "prodview.toml:3:12: [app.audit.x] says no field of `user`, `action`, `ref`, `at`; name at least one: `user = \"the field's name\"`",
        ),
        (
            "[app.jobs.x]\nsource = \"convex\"\ntable = \"t\"\nid = \"i\"",
            "prodview.toml:1:11: [app.jobs.x] names the source `convex`, which is not there; add its section: [sources.convex]",
        ),
    ] {
        assert_eq!(problems(text), [sentence], "{text}");
    }
}

#[test]
fn files_that_cannot_hold_a_key_are_named() {
    for (path, why) in [
        ("nowhere", "there is no such file"),
        ("empty", "it is a folder"),
        ("nothing", "it is empty"),
        ("large", "it is larger than 64 KiB"),
        ("latin1", "it is not text in UTF-8"),
    ] {
        let found = problems(&format!("[sources.stripe]\nkey = \"file:{path}\""));
        let place = "prodview.toml:2:7: `key` in [sources.stripe]: the file";
        assert_eq!(
            found,
            [format!(
                "{place} `{path}` cannot be read: {why}; the path is relative to the folder of this configuration"
            )]
        );
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
        format!(
            "[sources.stripe]\nprovider = \"{secret}\"\nkey = \"{secret}\"\nenabled = 1\n[sources.a]\n[sources.convex]\ndeploy_key = \"{secret}\""
        ),
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
    let warned =
        good(&format!("[sources.stripe]\nkey = \"{secret}\"\nproxy = \"http://me:{secret}@proxy\"")).warnings;
    assert_eq!(lines(&warned), "\
prodview.toml:2:7: `key` in [sources.stripe] is written out in the file; keep it in a variable and write `env:STRIPE_API_KEY` instead
prodview.toml:3:9: `proxy` in [sources.stripe] is written out in the file with its password; keep it in a variable and write `env:HTTPS_PROXY` instead
");
}
