//! `prodview check`: the configuration, and for each source: reachable, as whom, and could its key write?

mod files;
mod mapping;
mod suggest;

use super::call::with_progress;
use super::{Trouble, production};
use crate::config::Where;
use crate::{log, terminal};
use clap::Args;
use futures_util::future::join_all;
use prodview_guard::{Failure, deadline};
use prodview_providers::capability::{Capability, Power};
use prodview_providers::words::{Check as Look, Setting};
use prodview_providers::{Source, capability::Identity};
use prodview_tools::App;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tracing::Level;

#[derive(Args)]
pub(super) struct Check {
    /// Declared tools to look at, in the place of the configuration: files, or folders of them
    #[arg(value_name = "FILE", conflicts_with_all = ["demo", "settings"])]
    files: Vec<PathBuf>,
    /// For programs
    #[arg(long)]
    json: bool,
    /// Check the embedded demo production
    #[arg(long)]
    demo: bool,
    /// Show alert rules, modes and names of environment variables as well
    #[arg(long)]
    settings: bool,
    /// Propose where the application keeps what ([app.*]), from the tables' names and the shapes of their values
    #[arg(long, conflicts_with = "settings")]
    suggest: bool,
}

/// What was seen of one source.
struct Seen<'a> {
    source: &'a Source,
    identity: Result<Identity, Failure>,
    looks: Vec<Look>,
    settings: Vec<Setting>,
    troubles: Vec<String>,
    warnings: Vec<String>,
}

impl Check {
    pub(super) async fn run(self, config: Option<&Path>) -> Result<ExitCode, Trouble> {
        log::start(Level::ERROR);
        if !self.files.is_empty() {
            // A file is looked at without a configuration, too, and with one that is wrong.
            let functions = production::quietly(config).map(|c| c.declared.functions).unwrap_or_default();
            return files::check(&self.files, &functions, self.json);
        }
        let (mut strict, mut unwritten) = (false, false);
        let (demo, app) = if self.demo {
            let (demo, app) = production::demo(1).await?;
            (Some(demo), app)
        } else {
            let configuration = production::configured(config, None)?;
            strict = configuration.settings.require_readonly_keys;
            unwritten = configuration.origin == Where::Environment;
            (None, production::app(configuration))
        };
        if self.suggest {
            return suggest::run(&app, unwritten, self.json).await;
        }
        let looks =
            join_all(app.sources.all().iter().map(|source| look(source, &app, strict, self.settings)));
        let seen = with_progress(deadline::within(Duration::from_secs(25), looks)).await;
        drop(demo);
        let well = seen.iter().all(|s| s.troubles.is_empty());
        let mut out = terminal::out();
        if self.json {
            let sources: Vec<Value> = seen.iter().map(as_json).collect();
            let mut report = json!({ "well": well && !sources.is_empty(), "sources": sources });
            prodview_guard::redact_json(&mut report);
            writeln!(out, "{report:#}")?;
        } else {
            for source in &seen {
                show(source, &mut out)?;
            }
            if seen.is_empty() {
                writeln!(
                    out,
                    "Nothing is connected. Set STRIPE_API_KEY, SENTRY_AUTH_TOKEN and SENTRY_ORG, or CONVEX_URL and \
                     CONVEX_DEPLOY_KEY, or copy prodview.toml.example to prodview.toml."
                )?;
            }
        }
        Ok(if well && !seen.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn look<'a>(source: &'a Source, app: &App, strict: bool, want_settings: bool) -> Seen<'a> {
    let health = async {
        match source.adapter().health() {
            Some(health) => health.health().await.map(|found| found.rows),
            None => Ok(Vec::new()),
        }
    };
    let settings = async {
        match source.adapter().settings().filter(|_| want_settings) {
            Some(settings) => settings.settings().await.map(|found| found.rows),
            None => Ok(Vec::new()),
        }
    };
    let (identity, health, settings) = futures_util::future::join3(source.identity(), health, settings).await;
    let (mut troubles, mut warnings) = (Vec::new(), Vec::new());
    if let Ok(identity) = &identity {
        match identity.power {
            Power::CouldWrite if strict => {
                troubles.push(
                    "its key could write, and require_readonly_keys is on: it will not be asked".to_owned(),
                );
            }
            Power::CouldWrite => warnings.push("its key could write, if somebody else had it".to_owned()),
            Power::Unknown => {
                warnings.push("whether its key could write is not told by the provider".to_owned())
            }
            Power::ReadOnly => {}
        }
    }
    let answers = health.is_ok();
    let looks = health.unwrap_or_else(|failure| {
        troubles.push(format!("it does not answer as it should: {failure}"));
        Vec::new()
    });
    troubles.extend(looks.iter().filter(|look| !look.ok).map(|look| match &look.detail {
        Some(detail) => format!("{}: {detail}", look.name),
        None => format!("{} does not work", look.name),
    }));
    // One reason is told once: what cannot be reached does not say who we are, either.
    if let Err(failure) = &identity
        && !troubles.iter().any(|trouble| trouble.ends_with(&failure.to_string()))
    {
        troubles.insert(0, format!("who we are could not be asked: {failure}"));
    }
    if answers {
        troubles.extend(mapping::mismatches(source, app.sources.app()).await);
    }
    let settings = settings.unwrap_or_else(|failure| {
        warnings.push(format!("its settings could not be read: {failure}"));
        Vec::new()
    });
    Seen { source, identity, looks, settings, troubles, warnings }
}

fn show(seen: &Seen<'_>, out: &mut impl Write) -> std::io::Result<()> {
    use terminal::{FAINT, HEADING};
    let source = seen.source;
    let mark = if seen.troubles.is_empty() { "ok" } else { "NOT WELL" };
    writeln!(
        out,
        "{HEADING}{}{HEADING:#} ({}, {}): {mark}",
        source.name(),
        source.provider(),
        source.adapter().target()
    )?;
    if let Ok(identity) = &seen.identity {
        let account = identity.account.as_ref().map(ToString::to_string);
        let who: Vec<&str> = [account.as_deref(), identity.mode.as_deref(), source.adapter().key_kind()]
            .into_iter()
            .flatten()
            .collect();
        if !who.is_empty() {
            writeln!(out, "  as {}", who.join(", "))?;
        }
        if !identity.grants.is_empty() {
            writeln!(out, "  its key may: {}", identity.grants.join(", "))?;
        }
    }
    for trouble in &seen.troubles {
        writeln!(out, "  trouble: {trouble}")?;
    }
    for warning in &seen.warnings {
        writeln!(out, "  warning: {warning}")?;
    }
    for note in seen.identity.iter().flat_map(|i| &i.notes) {
        writeln!(out, "  note: {note}")?;
    }
    // Those that do not work stand among the troubles.
    for look in seen.looks.iter().filter(|look| look.ok) {
        let ms = look.ms.map(|ms| format!(" in {ms} ms")).unwrap_or_default();
        let detail = look.detail.as_ref().map(|d| format!(": {d}")).unwrap_or_default();
        writeln!(out, "  {}{ms}{detail}", look.name)?;
    }
    for setting in &seen.settings {
        let value = setting.value.as_ref().map(|v| format!(" = {v}")).unwrap_or_default();
        writeln!(out, "  {} {}{value}", setting.kind, setting.name)?;
    }
    if seen.identity.as_ref().is_ok_and(|i| i.power != Power::ReadOnly) {
        writeln!(out, "  {FAINT}a lesser key: {}{FAINT:#}", source.adapter().least_privilege())?;
    }
    Ok(())
}

fn as_json(seen: &Seen<'_>) -> Value {
    let identity = seen.identity.as_ref().ok();
    json!({
        "source": seen.source.name(),
        "provider": seen.source.provider().name(),
        "target": seen.source.adapter().target(),
        "well": seen.troubles.is_empty(),
        "account": identity.and_then(|i| i.account.clone()),
        "mode": identity.and_then(|i| i.mode.clone()),
        "key": seen.source.adapter().key_kind(),
        "could_write": identity.map(|i| match i.power {
            Power::CouldWrite => "yes",
            Power::ReadOnly => "no",
            Power::Unknown => "unknown",
        }),
        "grants": identity.map(|i| &i.grants),
        "notes": identity.map(|i| &i.notes),
        "troubles": seen.troubles,
        "warnings": seen.warnings,
        "least_privilege": seen.source.adapter().least_privilege(),
        "answers": Capability::ALL.into_iter().filter(|c| seen.source.can(*c)).map(Capability::name).collect::<Vec<_>>(),
        "settings": seen.settings,
    })
}
