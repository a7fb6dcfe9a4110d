//! The legitimate reads that the guard's own tests have, over the endpoint: answered, and as the database itself answers.

use super::endpoint::Project;
use crate::server::{v15, v18};
use prodview_demo::Service;
use prodview_guard::{
    Auth, Database, DatabaseSettings, Origin, Provider, Secret, Segment, SqlRules, Statement, SupabaseSql,
    WireSettings,
};
use std::num::NonZeroU32;

const SCHEMA: &str = include_str!("../../fixtures/sql/schema.sql");
/// What differs from one session to the next: how spans of time are written, plans, statistics, and the session itself.
const OF_THE_SESSION: [&str; 9] = [
    "interval",
    "age(",
    "during",
    "explain",
    "pg_stat",
    "_size(",
    "pg_locks",
    "current_setting",
    "current_schema",
];

const READS: &str = include_str!("../../fixtures/sql/reads.sql");

#[tokio::test]
async fn every_legitimate_read_is_answered_as_the_database_answers_it() {
    for server in [v15(), v18()] {
        let project = Project::searching(server, SCHEMA, "public").await;
        let origin = Origin::parse(&project.origin).unwrap();
        let key = Auth::Bearer(Secret::new(project.demo.key(Service::Supabase).to_owned()));
        let mut wire = WireSettings::new("all", Provider::Supabase, origin, key);
        wire.per_second = NonZeroU32::new(10_000).unwrap();
        let endpoint =
            SupabaseSql::new(wire, Segment::new(&project.demo.supabase_project()).unwrap()).unwrap();
        let mut settings = DatabaseSettings::new("direct", Secret::new(project.url.clone()));
        settings.allow_writable_role = true;
        let direct = Database::new(settings).unwrap();
        let (mut asked, mut differ) = (0, Vec::new());
        for block in READS.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
            let (name, sql) = block.split_once('\n').unwrap();
            let statement = Statement::parse(sql, &SqlRules::default()).unwrap();
            let rows = match endpoint.read(&statement, &[], (0, 200)).await {
                Ok(rows) => rows,
                Err(failure) => panic!("{name}: {failure} ({}): {}", failure.cause(), statement.text()),
            };
            let due = direct.read(&statement, &[], 0, 200).await.unwrap();
            let text = statement.text().to_lowercase();
            let of_the_session = OF_THE_SESSION.iter().any(|word| text.contains(word));
            assert_eq!(rows.rows.is_empty(), due.rows.is_empty(), "{name}");
            if !of_the_session && (rows.rows != due.rows)
                || rows.more != due.more
                || rows.too_large != due.too_large
            {
                differ.push(format!("{name}: {}", statement.text()));
            }
            asked += 1;
        }
        assert!(asked >= 130, "{asked}");
        assert!(differ.is_empty(), "{differ:#?}");
    }
}

/// A part of the rows is the same part, and there is more exactly where there is.
#[tokio::test]
async fn every_part_of_the_rows_is_the_part_that_was_asked_for() {
    let project =
        Project::searching(v15(), "create table public.n as select n from generate_series(1, 10) n", "")
            .await;
    let app = project.app("");
    let state = super::supabase(&app).adapter().state().unwrap();
    let mut seen = Vec::new();
    let mut ask = prodview_providers::capability::QueryAsk {
        text: "select n from public.n order by n desc".to_owned(),
        limit: 4,
        ..Default::default()
    };
    loop {
        let found = state.query(&ask).await.unwrap();
        seen.push(
            found.rows.iter().map(|row| row.fields.as_value()["n"].as_i64().unwrap()).collect::<Vec<_>>(),
        );
        match found.more {
            Some(cursor) => ask.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(seen, [vec![10, 9, 8, 7], vec![6, 5, 4, 3], vec![2, 1]]);
}
