//! The configuration: what is connected, where the application keeps what, and a few settings.
//!
//! A file is read as a tree that knows where each value stands, and every mistake in it is reported at once, with its
//! line, what is wrong and what would be right. Reading touches no network.

mod app;
pub(crate) mod declared;
mod environment;
mod files;
mod providers;
mod reading;
mod secret_value;
mod section;
mod settings;
mod sources;
#[cfg(test)]
mod tests;
mod values;

pub use declared::DeclaredTools;
pub use prodview_tools::toml_file::{Place, Problem};
pub use settings::Settings;

pub(crate) use reading::is_placeholder;

use app::Mapped;
use prodview_providers::Sources;
use prodview_tools::toml_file;
use reading::{Env, Reading};
use section::Section;
use sources::Planned;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an environment is called that nobody named.
const PRODUCTION: &str = "production";

/// All that is configured.
pub struct Configuration {
    /// Which environment this is; `production` unless said otherwise.
    pub environment: String,
    /// The sources that are on, and where the application keeps what.
    pub sources: Sources,
    /// `[settings]`.
    pub settings: Settings,
    /// The declared tools that are on.
    pub declared: DeclaredTools,
    /// Where all this comes from.
    pub origin: Where,
    /// What a person should know and that does not keep the server from starting.
    pub warnings: Vec<Problem>,
}

/// Where a configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// A file.
    File(PathBuf),
    /// The usual variables, since there is no file.
    Environment,
}

/// Finds and reads the configuration: the file `explicit`, else the one that `PRODVIEW_CONFIG` names, else
/// `prodview.toml` in `cwd`, else `prodview/prodview.toml` in `user_config_dir` (see [`user_config_dir`]), else the
/// usual variables of the environment alone.
///
/// With a file, only the file counts: no source comes from the environment besides. A section of the file that leaves
/// out its key takes the usual variable, though: `[sources.stripe]` alone is enough when `STRIPE_API_KEY` is set.
///
/// `env` looks a variable up. The errors are all the problems there are, in the order of the file.
pub fn load(
    explicit: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
    cwd: &Path,
    user_config_dir: Option<&Path>,
) -> Result<Configuration, Vec<Problem>> {
    match files::find(explicit, env, cwd, user_config_dir).map_err(|problem| vec![problem])? {
        Some(found) => {
            let full = cwd.join(&found.path);
            from_text(&found.text, &found.path.to_string_lossy(), env, full.parent().unwrap_or(cwd))
        }
        None => from_environment(env, cwd),
    }
}

/// Reads a configuration. `file_name` is what it is called in messages; relative paths in it are relative to `base_dir`.
pub fn from_text(
    text: &str,
    file_name: &str,
    env: &dyn Fn(&str) -> Option<String>,
    base_dir: &Path,
) -> Result<Configuration, Vec<Problem>> {
    let reading = Reading::new(Some(file_name), text, base_dir, env);
    let Some(tree) = reading.sheet.tree() else { return Err(reading.finish().0) };
    let mut top = Section::new(&reading, toml_file::Section::top(&reading.sheet, tree.get_ref()));
    let environment = top.text("environment").map_or_else(|| PRODUCTION.to_owned(), |said| said.text);
    let planned = sources::plan(top.section("sources"));
    if planned.is_empty() {
        environment::note_unused(&reading, file_name);
    }
    let mapped = app::read(top.section("app"));
    let settings = settings::read(top.section("settings"));
    top.finish();
    let sources = connect(&reading, planned, mapped, settings.require_readonly_keys);
    let declared = declared::load(&reading, &settings, &sources);
    let origin = Where::File(PathBuf::from(file_name));
    unless_wrong(
        reading,
        Configuration { environment, sources, settings, declared, origin, warnings: Vec::new() },
    )
}

/// The folder in which the user's programs keep their configuration; `None` when there is no home.
pub fn user_config_dir() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    etcetera::choose_base_strategy().ok().map(|folders| folders.config_dir())
}

/// A configuration with every setting, commented out: what `prodview.toml.example` holds.
pub fn example() -> &'static str {
    include_str!("../prodview.toml.example")
}

fn from_environment(env: Env<'_>, cwd: &Path) -> Result<Configuration, Vec<Problem>> {
    let reading = Reading::new(None, "", cwd, env);
    let planned = environment::plan(&reading);
    let sources = connect(&reading, planned, app::read(None), false);
    unless_wrong(
        reading,
        Configuration {
            environment: PRODUCTION.to_owned(),
            sources,
            settings: Settings::default(),
            declared: DeclaredTools::default(),
            origin: Where::Environment,
            warnings: Vec::new(),
        },
    )
}

fn connect(
    reading: &Reading<'_>,
    planned: Vec<Planned>,
    mut mapped: Mapped,
    require_readonly: bool,
) -> Sources {
    mapped.without_those_off(reading, &planned);
    let names: Vec<String> = planned.iter().map(|p| p.name.clone()).collect();
    let app = Arc::new(mapped.app.clone());
    let sources = sources::connect(reading, planned, &app, require_readonly);
    mapped.check(reading, &names, &sources);
    Sources::new(sources, mapped.app)
}

/// The configuration when nothing is wrong with it, else all that is.
fn unless_wrong(reading: Reading<'_>, configuration: Configuration) -> Result<Configuration, Vec<Problem>> {
    let (problems, warnings) = reading.finish();
    if problems.is_empty() { Ok(Configuration { warnings, ..configuration }) } else { Err(problems) }
}
