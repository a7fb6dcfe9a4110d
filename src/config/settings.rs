//! `[settings]`: what is a finding, which declared tools are on, where the user's own folders are.

use super::section::Section;
use std::path::PathBuf;

/// `[settings]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The share of webhooks, 0 to 1, that must arrive; fewer is a finding.
    pub webhook_success: f64,
    /// The names of the shipped declared tools that are on. Whether there is such a tool is for the catalogue to say.
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
    let said = section.texts("declared");
    if let Some(first) = said.first() {
        without_effect(section, first.at, "declared");
    }
    said.into_iter().map(|said| said.text).collect()
}

/// The names are reserved: a configuration written for a later version is read by this one, and told what it lacks.
fn without_effect(section: &mut Section<'_>, at: super::reading::At, key: &str) {
    let what = format!("`{key}` in [settings] has no effect: this version has no such tools");
    section.reading.odd(at, what, "leave it out, or use a newer version");
}

/// A folder that is there, relative to the configuration.
fn folder(section: &mut Section<'_>, key: &'static str) -> Option<PathBuf> {
    let said = section.text(key)?;
    let path = section.reading.folder.join(&said.text);
    if path.is_dir() {
        without_effect(section, said.at, key);
        return Some(path);
    }
    let is = if path.exists() { "is a file" } else { "does not exist" };
    let what = format!("{}: {} {is}", said.label, super::reading::quoted(&said.text));
    section.reading.wrong(said.at, what, "give a folder, relative to that of this configuration");
    None
}
