//! The application's database and its cache misbehave: nobody there, nobody answering, not let in, a role that could
//! write, no connection left, a lock. The other sources are heard, and nothing is called absent that was not looked at.

use super::in_part::claims_nothing_new;
use super::*;
use crate::postgres::world;
use crate::program::{Folder, Talk};
use crate::redis::{self, server::Server as Cache};
use crate::server::{PASSWORD, v15};
use crate::silent::Silent;
use crate::transports::stateless;

/// The demo's Stripe and Sentry, its application's tables in PostgreSQL, and a Redis beside it.
struct Stores {
    rig: Rig,
    url: String,
    name: String,
    cache: Cache,
}

impl Stores {
    async fn new() -> Stores {
        let rig = Rig::new().await;
        let (url, name) = v15().documented(&world::sql(rig.demo.world())).await;
        // Each question has an app of its own here, with connections of its own.
        let admin = v15().admin(&name).await;
        admin.batch_execute(&format!("alter role {} connection limit 40", role(&url))).await.unwrap();
        Stores { rig, url, name, cache: redis::company() }
    }

    /// With lines more in the sections of the two.
    fn toml(&self, [db, db_more]: [&str; 2], [cache, cache_more]: [&str; 2]) -> String {
        let section = format!(
            "[sources.cache]\nprovider = \"redis\"\nurl = \"{cache}\"\n{cache_more}\n\n[sources.db]\n{db_more}\n"
        );
        world::toml(&self.rig.demo.config_toml(), db).replace("[sources.db]\n", &section)
    }

    fn with_db(&self, url: &str, more: &str) -> Arc<App> {
        crate::rig::app(&self.toml([url, more], [&self.cache.url(), ""]))
    }

    fn with_cache(&self, url: &str, more: &str) -> Arc<App> {
        crate::rig::app(&self.toml([&self.url, ""], [url, more]))
    }

    fn healthy(&self) -> Arc<App> {
        self.with_db(&self.url, "")
    }

    /// The database's address in the URL, replaced.
    fn elsewhere(&self, address: &str) -> String {
        self.url.replace(&format!("127.0.0.1:{}", v15().port), address)
    }

    /// The questions whose answer takes this source, and their answers when all is well.
    async fn known(&self, source: &str) -> Vec<Known> {
        let mut known = Vec::new();
        for (tool, ask) in self.questions() {
            let told = call(&self.healthy(), tool, ask.clone()).await;
            let whole = told.unwrap_or_else(|e| panic!("{tool} {ask}: {e}")).structured;
            let Some(status) = report(&whole, source).map(|r| r["status"].clone()) else { continue };
            assert_eq!(status, "ok", "{tool} {ask}: {whole}");
            known.push(Known { tool, ask, whole });
        }
        known
    }

    fn questions(&self) -> Vec<(&'static str, Value)> {
        let mut all = questions(&self.rig);
        // An error's short id is Sentry's: the database is not bothered with it.
        all.retain(|(tool, ask)| ask["source"] != "upstash" && *tool != "get_error");
        let paid = self.rig.incident(IncidentKind::PaidNoAccess);
        let own = &paid.rows.iter().find(|(table, _)| *table == "internalErrors").unwrap().1;
        all.extend([
            ("query_state", json!({ "query": "select id, email from users order by id limit 3" })),
            ("get_error", json!({ "id": own })),
            ("find_records", json!({ "table": "webhook_events", "where": { "status": "failed" } })),
            ("find_records", json!({ "source": "cache", "table": "json" })),
            ("describe_state", json!({ "source": "cache" })),
            ("describe_state", json!({ "source": "cache", "table": "session:*" })),
            ("query_state", json!({ "source": "cache", "query": "HGET hash name" })),
        ]);
        all
    }
}

fn role(url: &str) -> &str {
    url.split("//").nth(1).unwrap().split(':').next().unwrap()
}

fn due(status: &'static str, says: &'static str) -> Option<Due> {
    Some(Due { status, says, retry_after_s: None })
}

/// Asks everything that takes the source, a few at a time, each by an app of its own.
async fn suffer(trouble: &Trouble, known: &[Known], app: impl Fn() -> Arc<App>) {
    for few in known.chunks(4) {
        join_all(few.iter().map(async |known| {
            let told = in_time(&app(), known.tool, known.ask.clone(), LONGEST_CALL).await;
            // Here it is no failure: what one's key could do is what one asks for.
            if known.tool == "list_sources" && trouble.due.as_ref().is_some_and(|due| due.status == "refused")
            {
                let answer = told.unwrap().structured;
                let connected = answer["connected"].as_array().unwrap();
                let mine = connected.iter().find(|c| c["source"] == trouble.source).unwrap();
                assert_eq!(mine["could_write"], "yes", "{answer}");
                return;
            }
            check(trouble, known, told);
        }))
        .await;
    }
}

#[tokio::test]
async fn whatever_the_database_suffers_the_others_are_heard() {
    let stores = Stores::new().await;
    let known = stores.known("db").await;
    assert!(known.len() >= 12, "only {} tools ask the database", known.len());
    let silent = Silent::new();
    let nobody = stores.elsewhere("127.0.0.1:1");
    let never = stores.elsewhere(&silent.address.to_string());
    let wrong = stores.url.replace(PASSWORD, "not-the-password-0042");
    let strong = v15().superuser(&stores.name);
    for (label, url, more, due) in [
        ("nobody there", &nobody, "", due("unreachable", "could not be reached")),
        ("never answers", &never, "timeout = \"1s\"", due("unreachable", "no answer in time")),
        ("wrong password", &wrong, "", due("denied", "did not accept the user or the password")),
        ("could write", &strong, "", due("refused", "could write")),
    ] {
        let trouble = Trouble { source: "db", due, label: label.to_owned() };
        suffer(&trouble, &known, || stores.with_db(url, more)).await;
    }
    let admin = v15().admin(&stores.name).await;
    admin.batch_execute(&format!("alter role {} connection limit 0", role(&stores.url))).await.unwrap();
    let full = Trouble { source: "db", due: due("limited", "no connection left"), label: "full".to_owned() };
    suffer(&full, &known, || stores.healthy()).await;
}

#[tokio::test]
async fn whatever_the_cache_suffers_it_is_named() {
    let stores = Stores::new().await;
    let known = stores.known("cache").await;
    assert!(known.len() >= 5, "only {} questions take the cache", known.len());
    let silent = Silent::new();
    let never = format!("redis://{}", silent.address);
    let wrong = stores.cache.url().replace(redis::server::PASSWORD, "not-the-password-0042");
    let strong = stores.cache.open_url();
    for (label, url, more, due) in [
        ("nobody there", "redis://127.0.0.1:1", "", due("unreachable", "could not be reached")),
        ("never answers", &*never, "timeout = \"1s\"", due("unreachable", "no answer in time")),
        ("wrong password", &*wrong, "", due("denied", "user or password")),
        ("could write", &*strong, "", due("refused", "could write")),
    ] {
        let trouble = Trouble { source: "cache", due, label: label.to_owned() };
        suffer(&trouble, &known, || stores.with_cache(url, more)).await;
    }
    // A cache that is gone takes nothing from the questions that are about the database.
    let app = stores.with_cache("redis://127.0.0.1:1", "");
    for Known { tool, ask, whole } in stores.known("db").await {
        if tool == "list_sources" {
            continue;
        }
        let told = call(&app, tool, ask.clone()).await.unwrap_or_else(|e| panic!("{tool} {ask}: {e}"));
        same(facts(&told.structured), facts(&whole), tool);
        assert_eq!(report(&told.structured, "cache"), None, "{tool} asks the cache");
    }
}

/// Somebody's migration holds a table, or all of them: what hangs on it is missing, and said to be.
#[tokio::test]
async fn a_locked_table_is_named_and_what_it_holds_is_not_called_absent() {
    let stores = Stores::new().await;
    let known = stores.known("db").await;
    let tables: Vec<String> = stores.rig.demo.world().tables.keys().map(|name| world::snake(name)).collect();
    assert!(tables.len() >= 8, "{tables:?}");
    let admin = v15().admin(&stores.name).await;
    let mut missed = 0;
    for locked in tables.iter().cloned().chain([tables.join(", ")]) {
        admin.batch_execute(&format!("begin; lock table {locked} in access exclusive mode")).await.unwrap();
        for few in known.chunks(4) {
            let told = join_all(few.iter().map(async |known| {
                (known, in_time(&stores.healthy(), known.tool, known.ask.clone(), LONGEST_CALL).await)
            }));
            for (Known { tool, ask, whole }, told) in told.await {
                let label = format!("{tool} {ask}, {locked} locked");
                let answer = match told {
                    Ok(told) => told.structured,
                    Err(error) => {
                        let error = error.to_string();
                        assert!(error.contains("db") && error.contains("lock"), "{label}: {error}");
                        missed += 1;
                        continue;
                    }
                };
                let db = report(&answer, "db").unwrap();
                if db["status"] == "ok" && !db["notes"].to_string().contains("lock") {
                    same(facts(&answer), facts(whole), &label);
                    continue;
                }
                missed += 1;
                assert!(db["notes"].to_string().contains("lock"), "{label}: {db}");
                assert!(["partial", "unreachable"].iter().any(|s| db["status"] == **s), "{label}: {db}");
                claims_nothing_new("db", &answer, &whole["findings"].to_string(), &label);
            }
        }
        admin.batch_execute("rollback").await.unwrap();
    }
    assert!(missed > 15, "only {missed} answers missed something");
}

/// With the default settings, and stores that take the connection and never say a word.
#[tokio::test]
async fn stores_that_never_answer_keep_nobody_waiting() {
    let stores = Stores::new().await;
    let silent = Silent::new();
    let cache = format!("redis://{}", silent.address);
    let toml = stores.toml([&stores.elsewhere(&silent.address.to_string()), ""], [&cache, ""]);
    for few in stores.questions().chunks(6) {
        join_all(few.iter().map(async |(tool, ask)| {
            let label = format!("{tool} {ask}");
            match in_time(&crate::rig::app(&toml), tool, ask.clone(), LONGEST_CALL).await {
                Ok(told) => {
                    let silent = ["db", "cache"].map(|name| report(&told.structured, name));
                    for report in silent.into_iter().flatten() {
                        assert_eq!(report["status"], "unreachable", "{label}: {report}");
                        assert!(
                            report["notes"].to_string().contains("no answer in time"),
                            "{label}: {report}"
                        );
                    }
                    claims_nothing_absent("db", &told.structured, &label);
                }
                Err(error) => assert!(error.to_string().contains("no answer in time"), "{label}: {error}"),
            }
        }))
        .await;
    }
}

/// Clients start throw-away copies only to see the tools.
#[test]
fn start_and_the_list_of_tools_ask_nobody() {
    let silent = Silent::new();
    let more = format!(
        "[sources.db]\nprovider = \"postgres\"\nurl = \"postgresql://u:{PASSWORD}@{0}/app\"\n\
         [sources.cache]\nprovider = \"redis\"\nurl = \"redis://u:{PASSWORD}@{0}\"\n\
         [sources.upstash]\nurl = \"http://{0}\"\ntoken = \"{PASSWORD}\"\n",
        silent.address
    );
    let folder = Folder::configured(&format!("{}{more}", silent.toml()));
    let mut talk = Talk::begin(&folder, &[], &[]);
    let list = talk.result("tools/list", &stateless(json!({})));
    let names: Vec<&str> =
        list["tools"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let all: Vec<String> = prodview_tools::catalogue().iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(names, all);
    assert!(!silent.was_called());
    talk.end();
    assert!(!silent.was_called());
}
