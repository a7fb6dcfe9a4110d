//! Cells, columns, keys and values that outsiders wrote or somebody leaked into, and the passwords of the stores
//! themselves: shown harmless and named as foreign, or not shown at all.

use super::secrets::spellings;
use super::{hidden, only, texts};
use crate::contract::{covers, strings};
use crate::program::{Folder, run};
use crate::redis::server::{Server as Cache, documented};
use crate::rig::{app, call};
use crate::server::v15;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every character in it has a meaning in a URL, a header, JSON or base64.
const PASSWORD: &str = "Zq/7+k@Wx:9=mT&e0|0042";
const CACHE_PASSWORD: &str = "Rv/3+j@Ny:5=cB&d1|0077";
/// What an outsider would like to be read as something else.
const HOSTILE: &str = "\u{1b}[31mred\u{202e} collect.example\u{200b}";

/// As long as the part of a GitHub token that is secret.
const NOISE: &str = "4eC39HqLyjWDarjtT1zdp7dc9mAbQ2xVfYtR";

/// What somebody leaked into rows and values. Put together here, so that no scanner takes this file for a leak.
fn leaked() -> Vec<String> {
    let noise = NOISE.to_owned() + "t1Zd";
    vec![
        format!("{}_{}_{noise}", "sk", "live"),
        format!("{}_{noise}", "whsec"),
        format!("ghp_{}", NOISE),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{noise}"),
        "4242 4242 4242 4242".to_owned(),
        "5555555555554444".to_owned(),
        format!("postgres://app:{noise}@db.internal/main"),
    ]
}

fn encoded(password: &str) -> String {
    password.bytes().map(|b| format!("%{b:02X}")).collect()
}

struct Stores {
    toml: String,
    cache: Cache,
    database: String,
    role: String,
}

impl Stores {
    async fn new() -> Stores {
        let quoted = |text: &str| text.replace('\'', "''");
        let mut sql = format!(
            "create table leaks (id int primary key, note text, payload jsonb, \"{HOSTILE}\" text);\n\
             insert into leaks values (0, '{0}', '{{\"{0}\": \"{0}\"}}', '{0}');\n",
            HOSTILE.replace(['\u{1b}', '\u{200b}'], "")
        );
        sql.push_str(&format!("insert into leaks values (100, '{HOSTILE}', null, '{HOSTILE}');\n"));
        for (n, secret) in leaked().iter().enumerate() {
            let (secret, n) = (quoted(secret), n + 1);
            sql.push_str(&format!(
                "insert into leaks values ({n}, 'somebody wrote {secret} here', '{{\"deep\": [\"{secret}\"]}}', '{secret}');\n"
            ));
        }
        sql.push_str("analyze leaks;\n");
        let (url, database) = v15().documented(&sql).await;
        let role = url.split("//").nth(1).unwrap().split(':').next().unwrap().to_owned();
        let admin = v15().admin(&database).await;
        admin.batch_execute(&format!("alter role {role} password '{PASSWORD}'")).await.unwrap();
        let cache = Cache::new();
        let mut raw = cache.admin();
        let words = documented();
        let user: Vec<String> = words
            .iter()
            .map(|w| if w.starts_with('>') { format!(">{CACHE_PASSWORD}") } else { w.clone() })
            .collect();
        assert_eq!(raw.say(&user.iter().map(String::as_str).collect::<Vec<_>>()), "OK");
        for (n, secret) in leaked().iter().enumerate() {
            raw.say(&["SET", &format!("leak:{n}"), &format!("somebody wrote {secret} here")]);
            raw.say(&["HSET", "leak:hash", &format!("f{n}"), secret]);
            raw.say(&["SET", &format!("token:{secret}"), "1"]);
        }
        raw.say(&["SET", &format!("evil:{HOSTILE}"), HOSTILE]);
        raw.say(&["HSET", "evil:hash", HOSTILE, HOSTILE]);
        raw.say(&["RPUSH", "evil:list", HOSTILE]);
        let toml = format!(
            "[sources.db]\nprovider = \"postgres\"\nurl = \"postgresql://{role}:{}@127.0.0.1:{}/{database}\"\n\
             [sources.cache]\nprovider = \"redis\"\nurl = \"redis://prodview:{}@127.0.0.1:{}\"\n",
            encoded(PASSWORD),
            v15().port,
            encoded(CACHE_PASSWORD),
            cache.port
        );
        Stores { toml, cache, database, role }
    }
}

fn questions() -> Vec<(&'static str, Value)> {
    vec![
        ("list_sources", json!({})),
        ("describe_state", json!({ "source": "db" })),
        ("describe_state", json!({ "source": "db", "table": "leaks" })),
        ("find_records", json!({ "source": "db", "table": "leaks", "limit": 50 })),
        ("query_state", json!({ "source": "db", "query": "select * from leaks order by id desc" })),
        (
            "query_state",
            json!({ "source": "db", "query": "select payload -> 'deep' as p, note as n from leaks" }),
        ),
        ("query_state", json!({ "source": "db", "query": "select array_agg(note) as all_notes from leaks" })),
        ("describe_state", json!({ "source": "cache" })),
        ("describe_state", json!({ "source": "cache", "table": "evil:*" })),
        ("describe_state", json!({ "source": "cache", "table": "leak:*" })),
        ("find_records", json!({ "source": "cache", "table": "leak:*", "limit": 50 })),
        ("find_records", json!({ "source": "cache", "table": "token:*", "limit": 50 })),
        ("find_records", json!({ "source": "cache", "table": "evil:*", "limit": 50 })),
        ("query_state", json!({ "source": "cache", "query": "SCAN 0 COUNT 1000", "limit": 100 })),
        ("query_state", json!({ "source": "cache", "query": "HSCAN leak:hash 0" })),
        ("query_state", json!({ "source": "cache", "query": "LRANGE evil:list 0 9" })),
        ("query_state", json!({ "source": "cache", "query": "HSCAN evil:hash 0" })),
    ]
}

#[tokio::test]
async fn what_lies_in_rows_and_keys_is_cut_made_visible_and_named() {
    let stores = Stores::new().await;
    let app = app(&stores.toml);
    let (mut cut, mut shown) = (0, 0);
    for (tool, ask) in questions() {
        let told = call(&app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        let text = told.page.to_text();
        let all = format!("{} {text}", told.structured);
        for secret in leaked() {
            let bare = if secret.contains(NOISE) { NOISE } else { &secret };
            assert!(!all.contains(&secret) && !all.contains(bare), "{tool} {ask}: {secret} in {all}");
        }
        cut += all.matches("[redacted: ").count();
        let mut every = Vec::new();
        texts(&told.structured, &mut every);
        every.extend(text.lines().map(str::to_owned));
        for text in &every {
            assert!(!text.contains(hidden), "{tool} {ask}: {text:?}");
        }
        shown += every.iter().filter(|text| text.contains("‹U+202E›")).count();
        let untrusted: Vec<&str> =
            told.structured["untrusted"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut paths = BTreeSet::new();
        strings(&only(&told.structured, "collect.example"), String::new(), &mut paths);
        for path in paths {
            assert!(
                untrusted.iter().any(|pattern| covers(pattern, &path)),
                "{tool} {ask}: {path} is not named as foreign in {untrusted:?}"
            );
        }
        let ours = super::our_words(&told);
        assert!(!ours.contains("collect.example"), "{tool} {ask}: {ours}");
    }
    assert!(cut > 40, "only {cut} secrets were cut");
    assert!(shown > 15, "only {shown} hidden characters were shown");
}

#[tokio::test]
async fn the_stores_passwords_are_not_echoed_in_any_spelling() {
    let stores = Stores::new().await;
    let app = app(&stores.toml);
    for password in [PASSWORD, CACHE_PASSWORD] {
        for spelling in spellings(password) {
            for source in ["db", "cache"] {
                for (tool, ask) in [
                    ("find_records", json!({ "source": source, "table": spelling })),
                    (
                        "find_records",
                        json!({ "source": source, "table": "leaks", "where": { "note": spelling } }),
                    ),
                    (
                        "find_records",
                        json!({ "source": source, "table": "leaks", "where": { (spelling.clone()): 1 } }),
                    ),
                    ("find_records", json!({ "source": source, "table": "leaks", "cursor": spelling })),
                    ("describe_state", json!({ "source": source, "table": spelling })),
                    ("describe_state", json!({ "source": spelling })),
                    (
                        "query_state",
                        json!({ "source": "db", "query": format!("select '{spelling}' as said") }),
                    ),
                    (
                        "query_state",
                        json!({ "source": "db", "query": format!("select \"{spelling}\" from leaks") }),
                    ),
                    (
                        "query_state",
                        json!({ "source": "db", "query": "select $1::text as said", "params": [spelling] }),
                    ),
                    ("query_state", json!({ "source": "cache", "query": format!("GET {spelling}") })),
                    ("query_state", json!({ "source": "cache", "query": format!("{spelling} x") })),
                ] {
                    let all = match call(&app, tool, ask.clone()).await {
                        Ok(told) => format!("{} {}", told.structured, told.page.to_text()),
                        Err(error) => format!("{error}"),
                    };
                    let seen = [spelling.as_str(), password].iter().any(|secret| all.contains(secret));
                    assert!(!seen, "{tool} {ask}: {all}");
                }
            }
        }
    }
}

/// Whatever goes wrong, and however much is logged.
#[tokio::test(flavor = "multi_thread")]
async fn the_stores_passwords_are_in_no_output_of_the_program() {
    let stores = Stores::new().await;
    let wrong = |toml: &str| {
        toml.replace(&encoded("0042"), &encoded("0099")).replace(&encoded("0077"), &encoded("0099"))
    };
    let port = |toml: &str| {
        toml.replace(&format!(":{}/", v15().port), ":1/")
            .replace(&format!(":{}\"", stores.cache.port), ":1\"")
    };
    let broken = |toml: &str| toml.replace("@127.0.0.1", "@127.0.0.1:x");
    let unverified = |toml: &str| toml.replace(&format!("/{}\"", stores.database), "/x?sslmode=no-verify\"");
    let as_parameter =
        stores.toml.replace(&format!("{}:{}@", stores.role, encoded(PASSWORD)), &format!("{}@", stores.role));
    let as_parameter = as_parameter.replace(
        &format!("/{}\"", stores.database),
        &format!("/{}?password={}\"", stores.database, encoded(PASSWORD)),
    );
    assert_ne!(as_parameter, stores.toml);
    let mut secrets: Vec<String> = spellings(PASSWORD);
    secrets.extend(spellings(CACHE_PASSWORD));
    secrets.extend([PASSWORD, CACHE_PASSWORD].map(|p| p.replace("0042", "0099").replace("0077", "0099")));
    for toml in [
        stores.toml.clone(),
        as_parameter,
        wrong(&stores.toml),
        port(&stores.toml),
        broken(&stores.toml),
        unverified(&stores.toml),
    ] {
        let folder = Folder::configured(&toml);
        for args in [
            vec!["check", "--settings"],
            vec!["check", "--json"],
            vec!["call", "list_sources", "--json"],
            vec!["call", "find_records", "source=db", "table=leaks", "limit=50"],
            vec!["call", "query_state", "source=cache", "query=GET leak:0"],
            vec!["tools"],
        ] {
            let ended = run(&folder, &args, &[("PRODVIEW_LOG", "trace"), ("RUST_BACKTRACE", "1")]);
            let all = ended.all();
            for secret in &secrets {
                assert!(!all.contains(secret.as_str()), "{args:?}: {secret} in {all}");
            }
            assert!(!all.is_empty());
        }
    }
}
