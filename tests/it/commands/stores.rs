//! `prodview check` for the database and the cache: well, a role or user that could write, not let in, not there. And
//! their usual variables alone are enough.

use super::ends;
use crate::program::{Ended, Folder, run};
use crate::redis::{self, server::Server as Cache};
use crate::rig::Rig;
use crate::server::{PASSWORD, v15};
use prodview_demo::Service;
use serde_json::Value;

const SHOP: &str =
    "create table orders (id bigint primary key, note text); insert into orders values (1, 'x'); analyze;";

fn toml(db: &str, cache: &str, more: &str) -> String {
    format!(
        "[sources.db]\nprovider = \"postgres\"\nurl = \"{db}\"\n[sources.cache]\nprovider = \"redis\"\nurl = \"{cache}\"\n{more}"
    )
}

/// The report of a source, and what people are told; no password is in either.
fn checked(toml: &str, code: i32, name: &str) -> (Value, String) {
    let folder = Folder::configured(toml);
    let programs = run(&folder, &["check", "--json"], &[]);
    let people = run(&folder, &["check"], &[]);
    for ended in [&programs, &people] {
        ends(ended, code);
        clean(ended);
    }
    let report = programs.json();
    assert_eq!(report["well"], code == 0, "{report:#}");
    let source = report["sources"].as_array().unwrap().iter().find(|s| s["source"] == name).unwrap().clone();
    (source, people.out)
}

fn clean(ended: &Ended) {
    for password in [PASSWORD, redis::server::PASSWORD, "not-the-password-0042"] {
        assert!(!ended.all().contains(password), "{}", ended.all());
    }
}

fn holds(list: &Value, words: &str) -> bool {
    list.as_array().unwrap().iter().any(|text| text.as_str().unwrap().contains(words))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_can_only_be_read_are_well() {
    let (url, _) = v15().documented(SHOP).await;
    let cache = redis::company();
    let toml = toml(&url, &cache.url(), "[settings]\nrequire_readonly_keys = true\n");
    for name in ["db", "cache"] {
        let (source, people) = checked(&toml, 0, name);
        assert_eq!(
            (&source["well"], source["could_write"].as_str()),
            (&Value::Bool(true), Some("no")),
            "{source:#}"
        );
        assert!(source["troubles"].as_array().unwrap().is_empty(), "{source:#}");
        assert!(people.contains(&format!("{name} (")) && !people.contains("NOT WELL"), "{people}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_or_user_that_could_write_is_told_and_not_asked() {
    let (url, name) = v15().documented(SHOP).await;
    let cache = redis::company();
    let strong = v15().superuser(&name);
    for (source, allow, toml) in [
        ("db", "allow_writable_role = true", toml(&strong, &cache.url(), "")),
        ("cache", "allow_writable_user = true", toml(&url, &cache.open_url(), "")),
    ] {
        // It is refused at its first use, so it is not well, whatever else is required.
        let (told, people) = checked(&toml, 1, source);
        assert_eq!(told["could_write"], "yes", "{told:#}");
        assert!(
            holds(&told["warnings"], "could write") && holds(&told["troubles"], "could write"),
            "{told:#}"
        );
        assert_eq!(people.matches("NOT WELL").count(), 1, "{people}");
        assert!(people.contains("a lesser key: Make a"), "{people}");
        // Let through by its own setting it is a warning; where nothing may write, a trouble again.
        let allowed =
            toml.replace(&format!("[sources.{source}]\n"), &format!("[sources.{source}]\n{allow}\n"));
        let (told, _) = checked(&allowed, 0, source);
        assert!(holds(&told["warnings"], "could write"), "{told:#}");
        let strict = format!("{allowed}[settings]\nrequire_readonly_keys = true\n");
        let (told, _) = checked(&strict, 1, source);
        assert!(holds(&told["troubles"], "require_readonly_keys"), "{told:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_down_or_refuses_is_named_and_the_other_is_well() {
    let (url, _) = v15().documented(SHOP).await;
    let cache = redis::company();
    let wrong = |url: &str| {
        url.replace(PASSWORD, "not-the-password-0042")
            .replace(redis::server::PASSWORD, "not-the-password-0042")
    };
    let nobody = url.replace(&format!(":{}/", v15().port), ":1/");
    for (source, other, toml, says) in [
        ("db", "cache", toml(&wrong(&url), &cache.url(), ""), "did not accept the user or the password"),
        ("db", "cache", toml(&nobody, &cache.url(), ""), "could not be reached"),
        ("cache", "db", toml(&url, &wrong(&cache.url()), ""), "user or password"),
        ("cache", "db", toml(&url, "redis://127.0.0.1:1", ""), "could not be reached"),
    ] {
        let (told, people) = checked(&toml, 1, source);
        assert!(holds(&told["troubles"], says), "{told:#}");
        assert_eq!(people.matches(says).count(), 1, "once: {people}");
        assert_eq!(checked(&toml, 1, other).0["well"], true, "{other}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_work_is_told_once() {
    let migrations = "create table _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz,
        rolled_back_at timestamptz); insert into _prisma_migrations values ('add_passes', now(), null, null);";
    let (url, _) = v15().documented(&format!("{SHOP}{migrations}")).await;
    let (told, people) =
        checked(&format!("[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n"), 1, "db");
    assert!(holds(&told["troubles"], "migrations: a migration has begun"), "{told:#}");
    assert_eq!(people.matches("migrations").count(), 1, "{people}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_variables_of_a_store_alone_are_enough() {
    let rig = Rig::new().await;
    let (url, _) = v15().documented(SHOP).await;
    let cache = Cache::new();
    cache.documented_user();
    let (cache_url, rest) = (cache.url(), rig.demo.origin(Service::Upstash));
    let upstash =
        [("UPSTASH_REDIS_REST_URL", &*rest), ("UPSTASH_REDIS_REST_TOKEN", rig.demo.key(Service::Upstash))];
    for (env, source) in [
        (&[("DATABASE_URL", &*url)][..], "postgres"),
        (&[("REDIS_URL", &*cache_url)], "redis"),
        (&upstash, "upstash"),
    ] {
        let ended = run(&Folder::new(), &["check", "--json"], env);
        ends(&ended, 0);
        clean(&ended);
        let sources = ended.json()["sources"].as_array().unwrap().clone();
        assert_eq!(sources.len(), 1, "{sources:?}");
        assert_eq!((&sources[0]["source"], &sources[0]["well"]), (&source.into(), &true.into()));
        let tools = run(&Folder::new(), &["tools", "--json"], env).json();
        let names: Vec<&str> =
            tools.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
        for tool in ["list_sources", "describe_state", "find_records", "query_state"] {
            assert!(names.contains(&tool), "{source}: {names:?}");
        }
    }
    let half = run(&Folder::new(), &["tools"], &upstash[..1]);
    assert!(half.err.contains("UPSTASH_REDIS_REST_TOKEN is not set, so upstash is left out"), "{}", half.err);
}
