//! What the commands look at: the configured production, or the demo's.

use super::Trouble;
use crate::config::{self, Configuration};
use prodview_demo::{Demo, Settings};
use prodview_tools::App;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// The configuration that the command line, the environment and the folders lead to. Says warnings on standard error.
pub(super) fn configured(explicit: Option<&Path>) -> Result<Configuration, Trouble> {
    let cwd = std::env::current_dir()?;
    let user = etcetera::choose_base_strategy().ok().map(|s| etcetera::BaseStrategy::config_dir(&s));
    let configuration =
        config::load(explicit, &variable, &cwd, user.as_deref()).map_err(Trouble::Configuration)?;
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    for warning in &configuration.warnings {
        let _ = writeln!(err, "prodview: {warning}");
    }
    Ok(configuration)
}

/// The app over it.
pub(super) fn app(configuration: Configuration) -> Arc<App> {
    Arc::new(App {
        sources: configuration.sources,
        environment: configuration.environment,
        webhook_success: configuration.settings.webhook_success,
    })
}

/// A demo production and the app over it. It ends when the [`Demo`] is dropped.
pub(super) async fn demo(seed: u64) -> Result<(Demo, Arc<App>), Trouble> {
    let demo = Demo::start(Settings { seed, ..Settings::default() }).await?;
    let cwd = std::env::current_dir()?;
    let mut configuration =
        config::from_text(&demo.config_toml(), "the demo's configuration", &|_| None, &cwd)
            .map_err(Trouble::Configuration)?;
    "demo".clone_into(&mut configuration.environment);
    Ok((demo, app(configuration)))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
