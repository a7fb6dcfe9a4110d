//! `prodview check FILE…`: are these declared tools sound, what do they ask, and what do they cost?

use super::super::Trouble;
use crate::config::{Problem, declared};
use crate::terminal::{self, HEADING};
use prodview_tools::declared::{Declared, collisions};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Well only if every file is. `functions` are those that the configuration allows in SQL.
pub(super) fn check(paths: &[PathBuf], functions: &[String], as_json: bool) -> Result<ExitCode, Trouble> {
    let (mut tools, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let shown = path.to_string_lossy();
        if path.is_dir() {
            let (found, wrong) = declared::read_folder(path, &shown, functions);
            if found.is_empty() && wrong.is_empty() {
                problems.push(nothing_in(&shown));
            }
            tools.extend(found);
            problems.extend(wrong);
        } else {
            match declared::read_file(path, &shown, functions) {
                Ok(tool) => tools.push(tool),
                Err(wrong) => problems.extend(wrong),
            }
        }
    }
    problems.extend(collisions(&tools, &[]));
    let mut out = terminal::out();
    if as_json {
        let tools: Vec<Value> = tools.iter().map(described).collect();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        writeln!(out, "{:#}", json!({ "well": problems.is_empty(), "tools": tools, "problems": problems }))?;
    } else {
        for tool in &tools {
            show(tool, &mut out)?;
        }
        for problem in &problems {
            writeln!(out, "{problem}")?;
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn nothing_in(folder: &str) -> Problem {
    Problem {
        place: None,
        what: format!("the folder `{folder}` holds no file that ends in .toml"),
        right: "docs/declared-tools.md shows one".to_owned(),
    }
}

fn show(tool: &Declared, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#} ({}): well", tool.name(), tool.title())?;
    let asks: Vec<String> = tool
        .asks()
        .into_iter()
        .map(|(name, kind, optional)| format!("{name} ({kind}{})", if optional { "" } else { ", needed" }))
        .collect();
    let asks = if asks.is_empty() { "nothing".to_owned() } else { asks.join(", ") };
    writeln!(out, "  by {}; asks for {asks}", tool.how())?;
    writeln!(out, "  costs about {} tokens before a model (estimate)", tool.cost())
}

fn described(tool: &Declared) -> Value {
    let asks: Vec<Value> = tool
        .asks()
        .into_iter()
        .map(|(name, kind, optional)| json!({ "name": name, "type": kind, "needed": !optional }))
        .collect();
    json!({ "name": tool.name(), "title": tool.title(), "by": tool.how(), "asks": asks, "tokens": tool.cost() })
}
