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
        declared: section.texts("declared").into_iter().map(|said| said.text).collect(),
        tools: folder(&mut section, "tools"),
        runbooks: folder(&mut section, "runbooks"),
        require_readonly_keys: section
            .flag("require_readonly_keys")
            .unwrap_or(defaults.require_readonly_keys),
    };
    section.finish();
    settings
}

/// A folder that is there, relative to the configuration.
fn folder(section: &mut Section<'_>, key: &'static str) -> Option<PathBuf> {
    let said = section.text(key)?;
    let path = section.reading.folder.join(&said.text);
    if path.is_dir() {
        return Some(path);
    }
    let is = if path.exists() { "is a file" } else { "does not exist" };
    let what = format!("{}: {} {is}", said.label, super::reading::quoted(&said.text));
    section.reading.wrong(said.at, what, "give a folder, relative to that of this configuration");
    None
}
