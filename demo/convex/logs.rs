//! What the functions did lately: a ring of the latest runs, told at once or when there is something new.

use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};

use super::admittance::permit;
use super::answer::{Said, Wrong, json as json_answer};
use super::app::kind_name;
use crate::Shared;
use crate::gate::Ask;
use crate::world::{Dice, FunctionKind, Run};

/// How many runs are remembered.
const RING: usize = 1000;
/// How long a caller waits for news that never come here.
const HOLD: Duration = Duration::from_secs(60);

/// `GET /api/stream_function_logs?cursor=<milliseconds>`.
pub(super) async fn stream(shared: &Shared, ask: &Ask) -> Said<Response> {
    permit(shared, ask, "ViewLogs")?;
    let cursor = ask.pairs().into_iter().find(|(name, _)| name == "cursor").map(|(_, value)| value);
    let cursor = cursor.ok_or_else(|| Wrong::bad_query("missing field `cursor`"))?;
    let cursor: f64 = cursor.parse().map_err(|_| Wrong::bad_query("cursor: invalid float literal"))?;
    let runs = &shared.world.runs;
    let ring = runs.get(runs.len().saturating_sub(RING)..).unwrap_or_default();
    let newer: Vec<&Run> = ring.iter().filter(|run| milliseconds(run) > cursor).collect();
    let Some(last) = newer.last() else {
        // The server drops this future when the caller leaves, so nobody is waited for in vain.
        tokio::select! {
            () = tokio::time::sleep(HOLD) => {}
            () = shared.stopped() => {}
        }
        return Ok(json_answer(&json!({ "entries": [], "newCursor": cursor })));
    };
    let client = ask.header("convex-client").unwrap_or_default();
    let structured = client.starts_with("npm-cli-") || client.starts_with("dashboard-");
    let entries: Vec<Value> = newer.iter().map(|run| completion(run, structured)).collect();
    Ok(json_answer(&json!({ "entries": entries, "newCursor": milliseconds(last) })))
}

fn milliseconds(run: &Run) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit a double")]
    let at = run.at.as_millisecond() as f64;
    at
}

fn completion(run: &Run, structured: bool) -> Value {
    let ended_s = milliseconds(run) / 1000.0;
    let began_s = ended_s - run.took_s;
    let (caller, identity) = match run.kind {
        FunctionKind::HttpAction => ("HttpEndpoint", "unknown"),
        _ if run.function.starts_with("jobs:") => ("Scheduler", "system"),
        _ if run.function.starts_with("stripe:") => ("Action", "unknown"),
        _ => ("SyncWorker", "user"),
    };
    let writes = u64::from(run.kind == FunctionKind::Mutation && run.error.is_none());
    let mut dice = Dice::new(run.at.as_millisecond().unsigned_abs(), &run.request_id);
    json!({
        "kind": "Completion", "udfType": kind_name(run.kind), "componentPath": null, "identifier": run.function,
        "timestamp": ended_s, "executionTimestamp": began_s, "executionTime": run.took_s,
        "userExecutionTime": run.took_s / 4.0, "cachedResult": false,
        "success": run.http_status.map(|status| json!({ "status": status.to_string() })),
        "error": run.error, "requestId": run.request_id, "executionId": dice.hex(16), "parentExecutionId": null,
        "caller": caller, "identityType": identity, "environment": "isolate",
        "logLines": run.lines.iter().map(|line| log_line(run, line, structured)).collect::<Vec<_>>(),
        "usageStats": {
            "databaseReadBytes": 2048, "databaseWriteBytes": 512 * writes, "databaseIoReadBytes": 2048,
            "databaseIoWriteBytes": 512 * writes, "databaseReadDocuments": 3, "databaseWriteDocuments": writes,
            "storageReadBytes": 0, "storageWriteBytes": 0, "vectorIndexReadBytes": 0, "vectorIndexWriteBytes": 0,
            "textIndexQueryBytes": 0, "textIndexWriteQueryBytes": 0, "vectorIndexReadQueryBytes": 0,
            "vectorIndexWriteQueryBytes": 0, "networkEgressBytes": 0, "memoryUsedMb": 64,
        },
        "returnBytes": null, "occInfo": null, "willRetry": false,
    })
}

/// Only the CLI and the dashboard get lines in parts; everybody else gets a text.
fn log_line(run: &Run, line: &crate::world::LogEntry, structured: bool) -> Value {
    let message = format!("'{}'", line.text);
    if !structured {
        return json!(format!("[{}] {message}", line.level));
    }
    json!({
        "messages": [message], "isTruncated": false, "timestamp": run.at.as_millisecond(), "level": line.level,
        "systemMetadata": null,
    })
}
