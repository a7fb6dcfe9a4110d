//! Calls of functions through `/api/query`: how they arrive, whether they only read, and their answers.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::answer::{Said, Wrong, envelope, with_json};
use super::{RUNS_A_MUTATION, RUNS_AN_ACTION, app, system};
use crate::Shared;
use crate::gate::Ask;
use crate::record::Verdict;
use crate::world::FunctionKind;

/// What `format` may say. All of them write these tables alike: they hold no int64 and no bytes.
const FORMATS: &[&str] = &["json", "convex_clean_json", "convex_encoded_json", "convex_json", "export_json"];

/// One call.
pub(super) struct Call {
    /// `users:byEmail`, without `.js` and without `:default`.
    pub(super) path: String,
    pub(super) args: Map<String, Value>,
}

/// Whether all that is called only reads. What cannot be understood is not run, so it is a read.
pub(super) fn judge(shared: &Shared, ask: &Ask) -> Verdict {
    let kinds = paths(ask).into_iter().map(|path| kind(shared, &plain(&path)));
    match kinds.max_by_key(|kind| *kind as u8) {
        Some(FunctionKind::Mutation) => Verdict::Refused(RUNS_A_MUTATION),
        Some(FunctionKind::Action | FunctionKind::HttpAction) => Verdict::Refused(RUNS_AN_ACTION),
        Some(FunctionKind::Query) | None => Verdict::Read,
    }
}

/// What the refused function is called in the answer: `users.js:unlock`.
pub(super) fn refused_path(ask: &Ask) -> String {
    with_module(&paths(ask).into_iter().next().map(|path| plain(&path)).unwrap_or_default())
}

/// `users.js:byEmail` for `users:byEmail`.
pub(super) fn with_module(path: &str) -> String {
    let (module, function) = path.split_once(':').unwrap_or((path, "default"));
    format!("{module}.js:{function}")
}

/// `POST /api/query`, `POST /api/query_at_ts` (nothing ever changes here, so every moment is alike) and
/// `GET /api/query`.
pub(super) fn one(shared: &Shared, ask: &Ask) -> Said<Response> {
    let asked = if ask.is_get() { from_address(ask)? } else { from_body(ask)? };
    let value = run(shared, ask, &asked)?;
    Ok(with_json(StatusCode::OK, envelope(&value)))
}

/// `POST /api/query_batch`: each call has its own success or error.
pub(super) fn batch(shared: &Shared, ask: &Ask) -> Said<Response> {
    let body = from_body(ask)?;
    let Some(calls) = body.get("queries").and_then(Value::as_array) else { return Err(missing("queries")) };
    let mut results = Vec::new();
    for call in calls {
        results.push(match run(shared, ask, call) {
            Ok(value) => envelope(&value),
            Err(wrong @ Wrong::Function(_)) => wrong.envelope(ask),
            Err(wrong) => return Err(wrong),
        });
    }
    Ok(with_json(StatusCode::OK, format!("{{\"results\":[{}]}}", results.join(","))))
}

fn run(shared: &Shared, ask: &Ask, asked: &Value) -> Said<String> {
    let call = read(asked)?;
    if call.path.starts_with("_system/") {
        system::run(shared, ask, &call)
    } else {
        app::run(shared, ask, &call)
    }
}

fn kind(shared: &Shared, path: &str) -> FunctionKind {
    if system::WRITING.contains(&path) {
        return FunctionKind::Mutation;
    }
    let known = shared.world.functions.iter().find(|function| function.path == path);
    known.map_or(FunctionKind::Query, |function| function.kind)
}

/// The paths that a request names, whatever else is wrong with it.
fn paths(ask: &Ask) -> Vec<String> {
    let mut paths: Vec<String> =
        ask.pairs().into_iter().filter(|(name, _)| name == "path").map(|(_, value)| value).collect();
    let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let batch = body.get("queries").and_then(Value::as_array).into_iter().flatten();
    let named =
        std::iter::once(&body).chain(batch).filter_map(|call| call.get("path").and_then(Value::as_str));
    paths.extend(named.map(str::to_owned));
    paths
}

fn from_address(ask: &Ask) -> Said<Value> {
    let pairs = ask.pairs();
    let get = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let path = get("path").ok_or_else(|| Wrong::bad_query("missing field `path`"))?;
    let args = get("args").ok_or_else(|| Wrong::bad_query("missing field `args`"))?;
    let args: Value =
        serde_json::from_str(&args).map_err(|error| Wrong::bad_query(format!("args: {error}")))?;
    let mut call = serde_json::json!({ "path": path, "args": args });
    if let (Some(format), Value::Object(call)) = (get("format"), &mut call) {
        call.insert("format".into(), format.into());
    }
    Ok(call)
}

fn from_body(ask: &Ask) -> Said<Value> {
    let kind = ask.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
        return Err(Wrong::bad_body("Expected request with `Content-Type: application/json`"));
    }
    serde_json::from_slice(&ask.body)
        .map_err(|error| Wrong::bad_body(format!("Failed to parse the request body as JSON: {error}")))
}

fn read(asked: &Value) -> Said<Call> {
    let path = asked.get("path").ok_or_else(|| missing("path"))?;
    let path = path.as_str().ok_or_else(|| mistyped(path, "a string"))?;
    let args = asked.get("args").ok_or_else(|| missing("args"))?;
    match asked.get("format") {
        None | Some(Value::Null) => {}
        Some(Value::String(format)) if FORMATS.contains(&format.as_str()) => {}
        Some(Value::String(format)) => {
            let message = format!("format param must be one of [`json`]. Got {format}");
            return Err(Wrong::Request(StatusCode::BAD_REQUEST, "BadFormat", message));
        }
        Some(other) => return Err(mistyped(other, "a string")),
    }
    if !is_path(path) {
        let message = format!("{path} is not a valid path to a Convex function.");
        return Err(Wrong::Request(StatusCode::BAD_REQUEST, "BadConvexFunctionIdentifier", message));
    }
    Ok(Call { path: plain(path), args: object(args)? })
}

fn object(args: &Value) -> Said<Map<String, Value>> {
    let unfit = |why: &str| Err(Wrong::Function(format!("ArgumentValidationError: {why}\n")));
    match args {
        Value::Object(args) => Ok(args.clone()),
        Value::Array(args) => match args.as_slice() {
            [] => Ok(Map::new()),
            [args] => object(args),
            more => unfit(&format!(
                "Expected to receive a single object as the function's argument. Instead received {} arguments: {}",
                more.len(),
                Value::Array(more.to_vec())
            )),
        },
        other => unfit(&format!(
            "Expected to receive an object as the function's argument. Instead received: {other}"
        )),
    }
}

fn is_path(path: &str) -> bool {
    let (module, function) = path.split_once(':').unwrap_or((path, "default"));
    let module = module.strip_suffix(".js").unwrap_or(module);
    let named = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
    };
    module.split('/').all(named) && named(function)
}

fn plain(path: &str) -> String {
    let (module, function) = path.split_once(':').unwrap_or((path, "default"));
    let module = module.strip_suffix(".js").unwrap_or(module);
    if function == "default" { module.to_owned() } else { format!("{module}:{function}") }
}

fn missing(field: &str) -> Wrong {
    Wrong::bad_body(format!(
        "Failed to deserialize the JSON body into the target type: missing field `{field}`"
    ))
}

fn mistyped(value: &Value, expected: &str) -> Wrong {
    let message = format!("invalid type: {value}, expected {expected}");
    Wrong::bad_body(format!("Failed to deserialize the JSON body into the target type: {message}"))
}
