//! `prodview call`: one tool call from the terminal.

use super::{Trouble, production};
use crate::config::declared;
use crate::{log, terminal};
use clap::Args;
use prodview_providers::capability::Language;
use prodview_tools::declared::shipped;
use prodview_tools::{App, Entry, Told, ToolError, known, progress};
use serde_json::{Map, Value};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tracing::Level;

#[derive(Args)]
pub(super) struct Call {
    /// Which tool; see `prodview tools`
    tool: String,
    /// Its arguments, as key=value; for a table of values, key.field=value; a list or a table also as JSON:
    /// params='["x", 7]'
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
    /// The structured answer, for programs
    #[arg(long)]
    json: bool,
    /// Ask the embedded demo production
    #[arg(long)]
    demo: bool,
    /// The folder of your own declared tools, in the place of the configured one
    #[arg(long, value_name = "DIR")]
    tools: Option<PathBuf>,
    /// Seed of the demo production
    #[arg(long, default_value_t = 1, requires = "demo")]
    seed: u64,
}

impl Call {
    pub(super) async fn run(self, config: Option<&Path>) -> Result<ExitCode, Trouble> {
        log::start(Level::ERROR);
        let (demo, app) = if self.demo {
            // Whoever tries one in the demo need not switch it on.
            let mut tools = production::own_tools(self.tools.as_deref())?;
            tools.shipped = declared::all_shipped();
            let (demo, app) = production::demo_with(self.seed, tools).await?;
            (Some(demo), app)
        } else {
            (None, production::app(production::configured(config, self.tools.as_deref())?))
        };
        let all = known(&app);
        let Some(entry) = all.iter().find(|entry| entry.name == self.tool) else {
            return Err(Trouble::Usage(unknown(&self.tool, &all)));
        };
        let ask = arguments(entry, &self.arguments)?;
        if !entry.works_with(&app) {
            return Err(Trouble::Failed(format!(
                "{} needs what is not configured: {}; `prodview check --suggest` proposes the [app.…] sections",
                entry.name,
                entry.wants()
            )));
        }
        let in_sql = speaks_sql(&app);
        let work = with_progress(entry.call(app, Value::Object(ask)));
        let told = tokio::select! {
            told = work => told,
            _ = tokio::signal::ctrl_c() => return Ok(stopped(in_sql).await),
        };
        drop(demo);
        self.show(told)
    }

    fn show(&self, told: Result<Told, ToolError>) -> Result<ExitCode, Trouble> {
        let mut out = terminal::out();
        match told {
            Ok(told) if self.json => {
                serde_json::to_writer_pretty(&mut out, &told.structured)
                    .map_err(|e| Trouble::Failed(e.to_string()))?;
                writeln!(out)?;
            }
            Ok(told) => terminal::write(&told.page, &mut out)?,
            Err(error) if self.json => {
                let error = serde_json::json!({ "error": prodview_guard::redact(&error.to_string()), "mendable": error.is_mendable() });
                writeln!(out, "{error:#}")?;
                return Ok(ExitCode::FAILURE);
            }
            Err(error) => return Err(Trouble::Failed(error.to_string())),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What a program that Ctrl-C ended says, as shells have it: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;
/// How long a database may take to hear that its statement is not wanted any more.
const FAREWELL: Duration = Duration::from_secs(1);

fn speaks_sql(app: &App) -> bool {
    app.sources.state().iter().any(|able| able.can.language() == Language::Sql)
}

/// The call is dropped already, and what it left running is being told to stop: that needs a moment, unless somebody
/// cannot wait.
async fn stopped(in_sql: bool) -> ExitCode {
    if in_sql {
        tokio::select! {
            () = tokio::time::sleep(FAREWELL) => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    ExitCode::from(INTERRUPTED)
}

fn unknown(tool: &str, all: &[Entry]) -> String {
    if shipped::ALL.iter().any(|shipped| shipped.name == tool) {
        return format!(
            "the declared tool `{tool}` is not on: add `declared = [\"{tool}\"]` to [settings] of prodview.toml"
        );
    }
    let nearest = all.iter().map(|e| &*e.name).max_by_key(|name| closeness(name, tool));
    format!(
        "there is no tool `{tool}`; did you mean `{}`? `prodview tools` lists them",
        nearest.unwrap_or_default()
    )
}

fn closeness(name: &str, typed: &str) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1")]
    let closeness = (strsim::jaro_winkler(name, typed) * 1_000.0) as u64;
    closeness
}

/// `key=value` pairs, each as the tool's schema wants it: numbers and booleans as such, lists by commas.
fn arguments(entry: &Entry, given: &[String]) -> Result<Map<String, Value>, Trouble> {
    let mut ask = Map::new();
    for pair in given {
        let Some((key, text)) = pair.split_once('=') else {
            return Err(Trouble::Usage(format!("`{pair}` should be key=value")));
        };
        match key.split_once('.') {
            Some((table, field)) => {
                let values = ask.entry(table.to_owned()).or_insert_with(|| Value::Object(Map::new()));
                if let Some(values) = values.as_object_mut() {
                    // Quoted, it is a text whatever it looks like: orderNumber="42".
                    let value =
                        serde_json::from_str(text).ok().filter(|v: &Value| !v.is_object() && !v.is_array());
                    values.insert(field.to_owned(), value.unwrap_or_else(|| Value::String(text.to_owned())));
                }
            }
            None => {
                let of = entry.input.get("properties").and_then(|properties| properties.get(key));
                ask.insert(key.to_owned(), typed(&kinds(of), text));
            }
        }
    }
    Ok(ask)
}

/// The types that a schema allows.
fn kinds(schema: Option<&Value>) -> Vec<&str> {
    match schema.and_then(|schema| schema.get("type")) {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What does not fit its type stays a text: the check of the arguments then says what would be right.
fn typed(kinds: &[&str], text: &str) -> Value {
    let fits = |value: &Value| {
        kinds.iter().any(|kind| match *kind {
            "integer" | "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        })
    };
    let read = serde_json::from_str(text).ok().filter(fits);
    let list = || text.split(',').map(|part| Value::String(part.trim().to_owned())).collect();
    read.or_else(|| (kinds == ["array"]).then(list)).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Shows on a terminal who has answered, when it takes more than a second.
pub(super) async fn with_progress<T>(work: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    let bar = indicatif::ProgressBar::new_spinner();
    bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    let told: progress::Listener = {
        let bar = bar.clone();
        Arc::new(move |step| {
            bar.set_message(format!("{} of {} sources have answered", step.done, step.total))
        })
    };
    // Shown only when it takes long enough for somebody to wonder.
    let patience = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        bar.enable_steady_tick(Duration::from_millis(100));
        std::future::pending::<T>().await
    };
    let done = tokio::select! {
        done = progress::told_to(told, work) => done,
        never = patience => never,
    };
    bar.finish_and_clear();
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_becomes_what_the_schema_wants() {
        for (kinds, text, due) in [
            (&["integer"][..], "7", json!(7)),
            (&["integer"], "x", json!("x")),
            (&["boolean"], "true", json!(true)),
            (&["string"], "7", json!("7")),
            (&["array"], "a, b", json!(["a", "b"])),
            (&["array"], r#"["a,b"]"#, json!(["a,b"])),
            (&["array", "object"], r#"["x", 7]"#, json!(["x", 7])),
            (&["array", "object"], r#"{"who": "x"}"#, json!({ "who": "x" })),
            (&["array", "object"], "x", json!("x")),
            (&["object"], "[1]", json!("[1]")),
            (&[], "[1]", json!("[1]")),
        ] {
            assert_eq!(typed(kinds, text), due, "{kinds:?} {text}");
        }
        assert_eq!(kinds(Some(&json!({ "type": ["array", "object"] }))), ["array", "object"]);
    }
}
