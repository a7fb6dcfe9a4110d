//! What a question costs inside prodview, without any network: `cargo bench --bench guard`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up should stop")]

use async_trait::async_trait;
use criterion::{Criterion, Throughput};
use prodview_guard::{
    Failure, Foreign, ForeignJson, Provider, Route, Secret, Segment, SqlRules, Statement, final_url, redact,
};
use prodview_providers::capability::{Adapter, Answered, Identity, Language, QueryAsk, RowsAsk, State};
use prodview_providers::words::{Row, Table};
use prodview_providers::{Found, Moment, Source, Sources};
use prodview_tools::{App, catalogue};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    asking(&mut criterion);
    checking(&mut criterion);
    cleaning(&mut criterion);
    answering(&mut criterion);
    criterion.final_summary();
}

/// From an id to what may be sent.
fn asking(criterion: &mut Criterion) {
    const CHARGE: Route = Route::get(Provider::Stripe, "/v1/charges/{id}");
    let id = "ch_3PqRsTuVwXyZ012345678901";
    criterion.bench_function("segment and question", |b| {
        b.iter(|| CHARGE.ask().segment(Segment::new(black_box(id)).unwrap()).query("expand[]", "customer"));
    });
    let url = format!("https://api.stripe.com/v1/charges/{id}?expand%5B%5D=customer");
    criterion.bench_function("second look at the URL", |b| {
        b.iter(|| final_url::check(black_box(&url), "https://api.stripe.com", CHARGE.template()));
    });
    // The last of a long table, and one that is not in it.
    criterion.bench_function("operations: a read is found", |b| {
        b.iter(|| Route::declared(Provider::Stripe, black_box("/v1/webhook_endpoints/{webhook_endpoint}")));
    });
    criterion.bench_function("operations: what is no read is refused", |b| {
        b.iter(|| Route::declared(Provider::Sentry, black_box("/api/0/organizations/{x}/nothing/")).is_err());
    });
}

/// From a text to a statement that may be sent.
fn checking(criterion: &mut Criterion) {
    let rules = SqlRules::default();
    let short = "select id, status from orders where user_id = $user order by created_at desc limit 10";
    let reads = include_str!("../tests/fixtures/sql/reads.sql");
    let long = reads.rsplit("-- the whole in one\n").next().unwrap();
    for (sql, what) in [(short, "SQL check per statement: short"), (long, "SQL check per statement: long")] {
        criterion.bench_function(what, |b| b.iter(|| Statement::parse(black_box(sql), &rules).unwrap()));
    }
}

/// From a provider's text to what may leave.
fn cleaning(criterion: &mut Criterion) {
    let _own = Secret::new(["rk", "live", "51BenchBenchBenchBench0042"].join("_"));
    let calm = text(
        "TypeError: cannot read renewsOn of null for cus_NeGfXabc in pi_3NqABCdef at 2026-11-20T20:43:16Z ",
    );
    let leaky = text(
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl and card 4242 4242 4242 4242 ",
    );
    let mut group = criterion.benchmark_group("4 KiB");
    group.throughput(Throughput::Bytes(calm.len() as u64));
    group.bench_function("redact, nothing to cut", |b| b.iter(|| redact(black_box(&calm)).len()));
    group.bench_function("redact, full of secrets", |b| b.iter(|| redact(black_box(&leaky)).len()));
    group.bench_function("foreign text", |b| b.iter(|| Foreign::new(black_box(&calm))));
    group.finish();
}

fn text(line: &str) -> String {
    line.repeat(4096 / line.len() + 1).chars().take(4096).collect()
}

/// From records to an answer: marked, cut of secrets, made to fit.
fn answering(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let entry = catalogue().into_iter().find(|entry| entry.name == "find_records").unwrap();
    let source = Source::new("convex".to_owned(), Provider::Convex, Arc::new(Rows), false);
    let sources = Sources::new(vec![source], prodview_providers::app::App::default());
    let app = Arc::new(App {
        sources,
        environment: "bench".to_owned(),
        webhook_success: 0.98,
        declared: Vec::new(),
    });
    for (rows, what) in [(10, "an answer of 10 rows"), (100, "an answer of 100 rows, which must shrink")] {
        let ask = json!({ "table": "users", "limit": rows });
        criterion.bench_function(what, |b| {
            b.iter(|| runtime.block_on(entry.call(app.clone(), ask.clone())).unwrap());
        });
    }
}

/// A table in memory.
struct Rows;

#[async_trait]
impl Adapter for Rows {
    async fn identity(&self) -> Result<Identity, Failure> {
        Err(Failure::odd("nobody asks"))
    }
    fn least_privilege(&self) -> &'static str {
        ""
    }
    fn target(&self) -> String {
        String::new()
    }
    fn state(&self) -> Option<&dyn State> {
        Some(self)
    }
}

#[async_trait]
impl State for Rows {
    async fn tables(&self) -> Answered<Table> {
        Ok(Found::all(Vec::new()))
    }
    async fn table(&self, _: &str) -> Result<Table, Failure> {
        Err(Failure::odd("nobody asks"))
    }
    async fn rows(&self, ask: &RowsAsk) -> Answered<Row> {
        let row = |i: usize| Row {
            id: format!("jjw1d9k2enkews5h2prwy4amkbwq{i:04}"),
            created: Moment::from_epoch_s(1_790_000_000),
            fields: ForeignJson::new(json!({
                "email": format!("person{i}@acme.example"), "name": "Zoë Ærø-Łęcka", "plan": "free", "role": "member",
                "status": "active", "stripeCustomerId": "cus_5OhIBn9RbubF7V", "failedSignIns": 0, "lastSignInAt": 1_794_511_315_000_u64,
            })),
        };
        Ok(Found::all((0..ask.limit).map(row).collect()))
    }
    fn language(&self) -> Language {
        Language::ConvexQuery
    }
    async fn query(&self, _: &QueryAsk) -> Answered<Row> {
        Err(Failure::odd("nobody asks"))
    }
}
