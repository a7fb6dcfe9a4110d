//! The hostile commands of tests/fixtures/redis/hostile.txt: the guard alone refuses all of them; the documented user
//! alone keeps them from changing anything.

use super::server::{PASSWORD, Raw};
use super::{company, query, seen};
use prodview_guard::{Command, FailureKind};

fn corpus() -> Vec<Vec<&'static str>> {
    include_str!("../../fixtures/redis/hostile.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split(' ').collect())
        .collect()
}

#[test]
fn the_guard_alone_refuses_all_of_them() {
    let corpus = corpus();
    assert!(corpus.len() >= 160, "{}", corpus.len());
    for words in &corpus {
        let spellings: [fn(&str) -> String; 3] = [str::to_owned, str::to_lowercase, str::to_uppercase];
        for spelt in spellings {
            let mut said: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            said[0] = spelt(&said[0]);
            assert!(Command::parse(&said).is_err(), "{said:?}");
        }
    }
}

/// Sent as they are, by a client that knows no guard.
#[test]
fn the_documented_user_alone_changes_nothing() {
    let server = company();
    let before = server.fingerprint();
    assert!(before.len() > 20);
    let login = |raw: &mut Raw| assert_eq!(raw.say(&["AUTH", "prodview", PASSWORD]), "OK");
    let mut raw = server.admin();
    login(&mut raw);
    let mut permitted = Vec::new();
    for words in corpus() {
        let said = raw.try_say(&words);
        if said.is_none() {
            raw = server.admin();
            login(&mut raw);
        }
        if said.is_none_or(|said| !said.starts_with("-NOPERM") && !said.starts_with("-ERR unknown")) {
            permitted.push(words.join(" "));
        }
        // A command that lifts the user's bonds would make what follows count for nothing.
        let who = raw.say(&["ACL", "WHOAMI"]);
        if who != "prodview" {
            raw = server.admin();
            login(&mut raw);
        }
        // What follows must meet the keys.
        raw.say(&["SELECT", "0"]);
    }
    assert_eq!(server.fingerprint(), before);
    insta::assert_snapshot!("permitted_and_harmless", permitted.join("\n"));
}

/// The whole way, as the user that may do everything.
#[tokio::test]
async fn nothing_of_it_leaves_even_for_a_user_that_may_do_everything() {
    let server = company();
    let redis = seen(&server.open_url(), true);
    assert!(query(&redis, "PING").await.is_ok());
    let before = server.fingerprint();
    server.admin().say(&["CONFIG", "RESETSTAT"]);
    for words in corpus() {
        let failure = query(&redis, &words.join(" ")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{words:?}: {failure}");
    }
    assert_eq!(server.fingerprint(), before);
    // Nothing was sent at all: the only commands that the server counts are those of this test.
    let stats = server.admin().say(&["INFO", "commandstats"]);
    for line in stats.lines().filter(|line| line.starts_with("cmdstat_")) {
        let name = line.trim_start_matches("cmdstat_").split(':').next().unwrap();
        let own = [
            "config|resetstat",
            "select",
            "keys",
            "dump",
            "pexpiretime",
            "acl|list",
            "config|get",
            "function|list",
            "lastsave",
            "role",
            "info",
        ];
        assert!(own.contains(&name), "{line}");
    }
}
