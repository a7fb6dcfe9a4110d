//! `[settings]`: what is a finding, which declared tools are on, where the user's own folders are.

use super::section::Section;
use prodview_tools::declared::shipped;
use prodview_tools::toml_file::{nearest, quoted};
use std::path::PathBuf;

/// `[settings]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The share of webhooks, 0 to 1, that must arrive; fewer is a finding.
    pub webhook_success: f64,
    /// The shipped declared tools that are on: `stripe_disputes`, `stripe/*`. There is something of each name.
    pub declared: Vec<String>,
    /// The folder of the user's own declared tools. It existed when the configuration was read.
    pub tools: Option<PathBuf>,
    /// The folder of the user's runbooks. It existed when the configuration was read.
    pub runbooks: Option<PathBuf>,
    /// Whether a source whose key could write is refused at its first use.
    pub require_readonly_keys: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            webhook_success: 0.98,
            declared: Vec::new(),
            tools: None,
            runbooks: None,
            require_readonly_keys: false,
        }
    }
}

pub(super) fn read(section: Option<Section<'_>>) -> Settings {
    let defaults = Settings::default();
    let Some(mut section) = section else { return defaults };
    let settings = Settings {
        webhook_success: section.share("webhook_success").unwrap_or(defaults.webhook_success),
        declared: declared(&mut section),
        tools: folder(&mut section, "tools"),
        runbooks: folder(&mut section, "runbooks"),
        require_readonly_keys: section
            .flag("require_readonly_keys")
            .unwrap_or(defaults.require_readonly_keys),
    };
    section.finish();
    settings
}

fn declared(section: &mut Section<'_>) -> Vec<String> {
    let mut on = Vec::new();
    for said in section.texts("declared") {
        if shipped::named(&said.text).is_empty() {
            let names = shipped::names();
            let right = match nearest(&said.text, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "docs/declared-tools.md lists them; your own are in the folder that `tools` names"
                    .to_owned(),
            };
            let what = format!("there is no shipped declared tool {}", quoted(&said.text));
            section.wrong(said.at, what, right);
        }
        on.push(said.text);
    }
    on
}

/// The name is reserved: a configuration written for a later version is read by this one, and told what it lacks.
fn without_effect(section: &Section<'_>, at: usize, key: &str) {
    let what = format!("`{key}` in [settings] has no effect: this version has no such tools");
    section.reading.odd(at, what, "leave it out, or use a newer version");
}

/// A folder that is there, relative to the configuration.
fn folder(section: &mut Section<'_>, key: &'static str) -> Option<PathBuf> {
    let said = section.text(key)?;
    let path = section.reading.folder.join(&said.text);
    if path.is_dir() {
        if key == "runbooks" {
            without_effect(section, said.at, key);
        }
        return Some(path);
    }
    let is = if path.exists() { "is a file" } else { "does not exist" };
    let what = format!("{}: {} {is}", said.label, quoted(&said.text));
    section.wrong(said.at, what, "give a folder, relative to that of this configuration");
    None
}
