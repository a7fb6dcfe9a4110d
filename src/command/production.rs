//! What the commands look at: the configured production, or the demo's.

use super::Trouble;
use crate::config::{self, Configuration, DeclaredTools};
use prodview_demo::{Demo, Settings};
use prodview_tools::App;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// The configuration that the command line, the environment and the folders lead to. Says warnings on standard error.
/// The tools of the folder `tools` stand in the place of the configured ones.
pub(super) fn configured(explicit: Option<&Path>, tools: Option<&Path>) -> Result<Configuration, Trouble> {
    let mut configuration = quietly(explicit)?;
    if let Some(folder) = tools {
        configuration.declared.take_folder(folder).map_err(Trouble::Configuration)?;
    }
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    for warning in &configuration.warnings {
        let _ = writeln!(err, "prodview: {warning}");
    }
    Ok(configuration)
}

/// The same without warnings.
pub(super) fn quietly(explicit: Option<&Path>) -> Result<Configuration, Trouble> {
    let cwd = std::env::current_dir()?;
    let user = etcetera::choose_base_strategy().ok().map(|s| etcetera::BaseStrategy::config_dir(&s));
    config::load(explicit, &variable, &cwd, user.as_deref()).map_err(Trouble::Configuration)
}

/// The app over it.
pub(super) fn app(configuration: Configuration) -> Arc<App> {
    Arc::new(App {
        sources: configuration.sources,
        environment: configuration.environment,
        webhook_success: configuration.settings.webhook_success,
        declared: configuration.declared.listed(),
    })
}

/// A demo production and the app over it. It ends when the [`Demo`] is dropped.
pub(super) async fn demo(seed: u64) -> Result<(Demo, Arc<App>), Trouble> {
    demo_with(seed, DeclaredTools::default()).await
}

/// The same with these declared tools on.
pub(super) async fn demo_with(seed: u64, declared: DeclaredTools) -> Result<(Demo, Arc<App>), Trouble> {
    let demo = Demo::start(Settings { seed, ..Settings::default() }).await?;
    let cwd = std::env::current_dir()?;
    let mut configuration =
        config::from_text(&demo.config_toml(), "the demo's configuration", &|_| None, &cwd)
            .map_err(Trouble::Configuration)?;
    "demo".clone_into(&mut configuration.environment);
    configuration.declared = declared;
    Ok((demo, app(configuration)))
}

/// The tools of a folder alone.
pub(super) fn own_tools(folder: Option<&Path>) -> Result<DeclaredTools, Trouble> {
    let mut tools = DeclaredTools::default();
    if let Some(folder) = folder {
        tools.take_folder(folder).map_err(Trouble::Configuration)?;
    }
    Ok(tools)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
