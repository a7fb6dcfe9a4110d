//! `[sources.*]`: their names, what is common to all of them, and their adapters.

use super::files;
use super::providers::{Connect, configured};
use super::reading::Reading;
use super::section::Section;
use prodview_guard::{Origin, Provider, Secret};
use prodview_providers::app::App;
use prodview_providers::{Common, Source};
use prodview_tools::toml_file::{self, instead_of, listed, nearest, quoted};
use std::sync::Arc;
use std::time::Duration;

/// A source that was read and is not connected yet: for that, all of `[app]` must be known.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) enabled: bool,
    title: String,
    at: usize,
    common: Common,
    /// `None` when something about it is wrong, which was reported.
    ready: Option<(Provider, Connect)>,
}

/// Reads `[sources]`.
pub(super) fn plan(section: Option<Section<'_>>) -> Vec<Planned> {
    let Some(section) = section else { return Vec::new() };
    let mut planned: Vec<Planned> = Vec::new();
    for (name, source) in section.sections() {
        check_name(&source, name, &planned);
        planned.push(one(source, name));
    }
    for setting in section.settings() {
        let what = format!("{} is no source", section.label(setting.key));
        section.wrong(setting.at, what, "a source is a section of its own: [sources.stripe]");
    }
    planned
}

/// A source that is known from the environment alone, under its provider's name.
pub(super) fn from_environment(reading: &Reading<'_>, provider: Provider) -> Planned {
    let empty = toml_file::Section::empty(&reading.sheet, "environment");
    let planned = one(Section::new(reading, empty), provider.name());
    Planned { title: format!("the source {provider} of the environment"), ..planned }
}

fn check_name(section: &Section<'_>, name: &str, before: &[Planned]) {
    if let Some(twin) = before.iter().find(|p| p.name.eq_ignore_ascii_case(name)) {
        let what = format!("the sources {} and {} differ only in case", quoted(&twin.name), quoted(name));
        section.wrong(section.at, what, "give one of them another name");
        return;
    }
    let fits = (1..=40).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if !fits {
        let what = format!("{} cannot be the name of a source", quoted(name));
        section.wrong(section.at, what, "a name is 1 to 40 of a–z, 0–9, _ and -");
    }
}

fn one(mut section: Section<'_>, name: &str) -> Planned {
    let enabled = section.flag("enabled").unwrap_or(true);
    section.off = !enabled;
    let mut common = common(&mut section);
    let mut planned = Planned {
        name: name.to_owned(),
        enabled,
        title: section.title(),
        at: section.at,
        common: Common::default(),
        ready: None,
    };
    // Without a provider there is no telling which of the other keys are known.
    if let Some(provider) = provider(&mut section, name) {
        planned.ready =
            (configured(provider).read)(&mut section, &mut common).map(|connect| (provider, connect));
        section.finish();
    }
    planned.common = common;
    planned
}

fn provider(section: &mut Section<'_>, name: &str) -> Option<Provider> {
    let known = Provider::ALL.map(Provider::name);
    let Some(value) = section.take("provider") else {
        let named = Provider::named(&name.to_lowercase());
        if named.is_none() {
            let right = match nearest(name, known) {
                Some(near) => format!("add `provider = \"{near}\"`"),
                None => format!("add `provider`, which is one of {}", listed(&known)),
            };
            let what = format!("{} does not say which provider it is", section.title());
            section.wrong(section.at, what, right);
        }
        return named;
    };
    let said = section.text_of("provider", value, "a text in quotes")?;
    let named = Provider::named(&said.text);
    if named.is_none() {
        let what = format!("there is no provider {}", quoted(&said.text));
        section.wrong(said.at, what, instead_of(&said.text, &known));
    }
    named
}

fn common(section: &mut Section<'_>) -> Common {
    let base_url = section.value("base_url", None);
    Common {
        base_url: section.accepted(base_url, Origin::parse, "for example https://api.example.com"),
        timeout: section.duration(
            "timeout",
            Duration::from_millis(100)..=Duration::from_secs(60),
            "a duration from 100ms to 60s, such as \"10s\"",
        ),
        max_concurrency: section.whole("max_concurrency", 1..=64),
        cache: section.duration(
            "cache",
            Duration::ZERO..=Duration::from_secs(600),
            "a duration from 0s (no cache) to 10m, such as \"15s\"",
        ),
        proxy: proxy(section),
        ca_pem: ca_file(section),
    }
}

fn proxy(section: &mut Section<'_>) -> Option<String> {
    let said = section.value("proxy", None)?;
    if !(said.text.starts_with("http://") || said.text.starts_with("https://")) {
        let what = format!("{} is no http:// or https:// address", said.label);
        section.wrong(said.at, what, "it should be like http://proxy.internal:3128");
        return None;
    }
    if said.text.contains('@') {
        // So that its password is cut from everything that leaves, as keys are.
        drop(Secret::new(said.text.clone()));
        if section.is_written_out("proxy") {
            let what = format!("{} is written out in the file with its password", said.label);
            section.reading.odd(said.at, what, "keep it in a variable and write `env:HTTPS_PROXY` instead");
        }
    }
    Some(said.text)
}

fn ca_file(section: &mut Section<'_>) -> Option<Vec<u8>> {
    const LARGEST: u64 = 1024 * 1024;
    let said = section.text("ca_file")?;
    if section.off {
        return None;
    }
    let pem = files::read(&section.reading.folder.join(&said.text), LARGEST).and_then(|pem| {
        let begins = b"-----BEGIN CERTIFICATE-----";
        let holds_one = pem.windows(begins.len()).any(|window| window == begins);
        if holds_one { Ok(pem) } else { Err("it holds no certificate in PEM".to_owned()) }
    });
    match pem {
        Ok(pem) => Some(pem),
        Err(why) => {
            let what = format!("{}: the file {} cannot be used: {why}", said.label, quoted(&said.text));
            section.wrong(said.at, what, "give a PEM file, relative to the folder of this configuration");
            None
        }
    }
}

/// Makes the adapters of the sources that are on, in the order of the file.
pub(super) fn connect(
    reading: &Reading<'_>,
    planned: Vec<Planned>,
    app: &Arc<App>,
    require_readonly: bool,
) -> Vec<Source> {
    let mut sources = Vec::new();
    for Planned { name, enabled, title, at, common, ready } in planned {
        let Some((provider, connect)) = ready.filter(|_| enabled) else { continue };
        match connect(&name, &common, Arc::clone(app)) {
            Ok(adapter) => sources.push(Source::new(name, provider, adapter, require_readonly)),
            Err(refused) => {
                reading.wrong(at, format!("{title} cannot be used: {refused}"), "correct its settings");
            }
        }
    }
    sources
}
