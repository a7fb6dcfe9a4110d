//! What prodview costs, whole, beside the floor: the same upstream requests made directly, in the same run.
//! `cargo bench --bench end_to_end` prints a table; it fails nothing, since figures of time are the machine's.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench that cannot be set up should stop, and its figures belong on standard output"
)]

#[path = "end_to_end/added.rs"]
mod added;
#[path = "end_to_end/floor.rs"]
mod floor;
#[path = "end_to_end/program.rs"]
mod program;
#[path = "../tests/databases/server.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod server;
#[path = "end_to_end/start.rs"]
mod start;
#[path = "end_to_end/state.rs"]
mod state;
#[path = "end_to_end/throughput.rs"]
mod throughput;
#[path = "end_to_end/tokens.rs"]
mod tokens;

use prodview_demo::{Demo, Settings};

fn main() {
    // `cargo test --all-targets` runs this program too, without that word.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("{:<70} {:>12} {:>14} {:>14}  spread", "what", "limit", "measured", "floor");
    start::measure();
    runtime.block_on(async {
        let demo = Demo::start(Settings::default()).await.unwrap();
        start::memory(&demo);
        added::over_the_floor(&demo).await;
        added::fan_out(&demo).await;
        throughput::measure(&demo).await;
        state::measure().await;
        tokens::count(&demo).await;
        assert!(demo.violations().is_empty(), "something else than a read went out");
    });
}

/// One line of the table.
pub fn line(what: &str, limit: &str, measured: &str, floor: &str, spread: &str) {
    println!("{what:<70} {limit:>12} {measured:>14} {floor:>14}  {spread}");
}

/// The value below which that share of all lies.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of a short list")]
    let at = (share * (values.len() - 1) as f64).round() as usize;
    values[at]
}

/// Milliseconds, as the table shows them.
pub fn ms(value: f64) -> String {
    format!("{value:.2} ms")
}
