//! Ctrl-C: the call ends at once, and so does what it left running on the server.

#![expect(clippy::disallowed_types, reason = "somebody has to start the program and to press the keys")]

use crate::program::Folder;
use crate::server::v15;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LONG: &str = "query=select count(*) from t a, t b, t c, t d where a.note || b.note < c.note || d.note";
const TABLE: &str =
    "create table t (note text); insert into t select 'n' || n from generate_series(1, 500) n";

async fn running(admin: &tokio_postgres::Client, database: &str) -> i64 {
    let sql = "select count(*) from pg_stat_activity where datname = $1 and state = 'active' and pid <> pg_backend_pid()";
    admin.query_one(sql, &[&database]).await.unwrap().get(0)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_interrupted_leaves_nothing_running() {
    let (url, name) = v15().documented(TABLE).await;
    let folder = Folder::configured(&format!("[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n"));
    let admin = v15().admin("postgres").await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_prodview"))
        .args(["call", "query_state", LONG])
        .env_clear()
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while running(&admin, &name).await == 0 {
        assert!(Instant::now() < until && child.try_wait().unwrap().is_none(), "the question never ran");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let pressed = Instant::now();
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        assert!(pressed.elapsed() < Duration::from_secs(10), "it goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(ended.code(), Some(130));
    assert!(pressed.elapsed() < Duration::from_secs(3), "{:?}", pressed.elapsed());
    // The server hears of it before the program is gone; it may take a moment to act on it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(running(&admin, &name).await, 0);
}
