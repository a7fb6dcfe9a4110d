//! A question to a database, beside the same query by the driver alone; and what the size of a table costs.

use crate::program::Program;
use crate::server::{self, v15};
use crate::{line, ms, quantile};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PAIRS: usize = 120;
/// A database is asked at most thirty times a second: beyond, one would measure the waiting.
const BURST: usize = 20;
const PAUSE: Duration = Duration::from_millis(1_000);
const TABLES: &str = "create unlogged table big (id bigint, owner text, made_at timestamptz not null);
    insert into big select n, 'u' || n % 1000000, '2020-01-01'::timestamptz + n * interval '1 second' from generate_series(1, 10000000) n;
    alter table big add primary key (id); create index on big (made_at); analyze big;
    create table small (id bigint primary key, owner text, made_at timestamptz not null);
    insert into small select * from big where id <= 2000; create index on small (made_at); analyze small;";

pub async fn measure() {
    let (url, _) = v15().documented(TABLES).await;
    let toml = format!("[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n");
    let direct = server::connect(&url).await;
    let mut program = Program::start(&toml);
    let mut flat = Vec::new();
    for table in ["small", "big"] {
        let sql = format!(
            "select id, owner, made_at::text from {table} where id between 1000 and 1009 order by id"
        );
        let ask = json!({ "query": sql });
        let find = json!({ "table": table, "limit": 10 });
        program.call("query_state", &ask);
        program.call("find_records", &find);
        let (mut ours, mut theirs, mut added, mut found) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            if pair % (BURST / 4) == 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let call = timed(&mut program, "query_state", &ask);
            let floor = Instant::now();
            assert_eq!(direct.query(&sql, &[]).await.unwrap().len(), 10);
            let floor = floor.elapsed().as_secs_f64() * 1e3;
            found.push(timed(&mut program, "find_records", &find));
            ours.push(call);
            theirs.push(floor);
            added.push(call - floor);
        }
        let spread = format!(
            "p10 {}, p90 {} of {PAIRS} interleaved pairs; the whole call {}",
            ms(quantile(&mut added, 0.1)),
            ms(quantile(&mut added, 0.9)),
            ms(quantile(&mut ours, 0.5))
        );
        let what = format!("added to one query by the driver, query_state on {table}, over stdio");
        line(&what, "-", &ms(quantile(&mut added, 0.5)), &ms(quantile(&mut theirs, 0.5)), &spread);
        flat.push((quantile(&mut found, 0.5), program.resident()));
    }
    if let [(small, before), (big, after)] = flat.as_slice() {
        let spread = format!("find_records, newest 10: {} and {}", ms(*small), ms(*big));
        line(
            "time in a table of 10,000,000 rows to one of 2,000",
            "flat",
            &format!("{:.2}", big / small),
            "1",
            &spread,
        );
        let mib =
            |held: &Option<f64>| held.map_or("not on this system".to_owned(), |mib| format!("{mib:.1} MiB"));
        line(
            "memory after asking both",
            "flat",
            &mib(after),
            &mib(before),
            "the floor is the same process before the big one",
        );
    }
}

fn timed(program: &mut Program, tool: &str, ask: &Value) -> f64 {
    let started = Instant::now();
    program.call(tool, ask);
    started.elapsed().as_secs_f64() * 1e3
}
