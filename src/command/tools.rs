//! `prodview tools`: the catalogue, and what it costs a model.

use super::{Trouble, production};
use crate::server::Server;
use crate::terminal;
use clap::Args;
use prodview_tools::size::estimate;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Tools {
    /// As a client gets them
    #[arg(long)]
    json: bool,
    /// Those that work with the embedded demo production, which is all of them
    #[arg(long)]
    demo: bool,
    /// The folder of your own declared tools, in the place of the configured one
    #[arg(long, value_name = "DIR")]
    tools: Option<PathBuf>,
}

impl Tools {
    pub(super) async fn run(self, config: Option<&Path>) -> Result<ExitCode, Trouble> {
        let (demo, app) = if self.demo {
            let tools = production::own_tools(self.tools.as_deref())?;
            let (demo, app) = production::demo_with(1, tools).await?;
            (Some(demo), app)
        } else {
            (None, production::app(production::configured(config, self.tools.as_deref())?))
        };
        let declared: Vec<String> = app.declared.iter().map(|tool| tool.name().to_owned()).collect();
        let tools = Server::new(app).tools();
        drop(demo);
        let mut out = terminal::out();
        if self.json {
            serde_json::to_writer_pretty(&mut out, &tools).map_err(|e| Trouble::Failed(e.to_string()))?;
            writeln!(out)?;
            return Ok(ExitCode::SUCCESS);
        }
        let (mut before_model, mut whole) = (0, 0);
        let (mut of_files, mut of_files_cost) = (0, 0);
        let mut rows = Vec::new();
        for tool in &tools {
            let text = |value: serde_json::Result<String>| value.unwrap_or_default();
            let schema = text(serde_json::to_string(&tool.input_schema));
            let about = tool.description.as_deref().unwrap_or_default();
            let own = estimate(&tool.name) + estimate(about) + estimate(&schema);
            before_model += own;
            if declared.iter().any(|name| **name == tool.name) {
                of_files += 1;
                of_files_cost += own;
            }
            whole += estimate(&text(serde_json::to_string(tool)));
            rows.push(vec![tool.name.to_string(), own.to_string(), about.to_owned()]);
        }
        terminal::table(&["tool", "tokens (estimate)", "when to use it"], &rows, &mut out)?;
        writeln!(
            out,
            "{} tools; about {before_model} tokens before a model (name, description, input schema), about {whole} for the \
             whole tools/list. Both are estimates.",
            tools.len()
        )?;
        if of_files > 0 {
            writeln!(out, "Of them {of_files} declared: about {of_files_cost} tokens before a model.")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
