//! A demo production and the app over it. When a rig ends, its record must hold nothing but reads.

use prodview::config;
use prodview_demo::{Demo, Incident, IncidentKind, Settings};
use prodview_tools::{App, Entry, Told, ToolError, catalogue, known};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

pub struct Rig {
    pub demo: Demo,
    pub app: Arc<App>,
}

impl Rig {
    /// The company of seed 1.
    pub async fn new() -> Rig {
        Rig::with(Settings::default()).await
    }

    pub async fn seeded(seed: u64) -> Rig {
        Rig::with(Settings { seed, ..Settings::default() }).await
    }

    pub async fn with(settings: Settings) -> Rig {
        let demo = Demo::start(settings).await.unwrap();
        let app = app(&demo.config_toml());
        Rig { demo, app }
    }

    /// The same production seen with another configuration.
    pub fn configured(&self, change: impl FnOnce(String) -> String) -> Arc<App> {
        app(&change(self.demo.config_toml()))
    }

    pub async fn call(&self, tool: &str, ask: Value) -> Result<Told, ToolError> {
        call(&self.app, tool, ask).await
    }

    /// As [`Rig::call`], with an app of its own: a whole budget of requests a second, and an empty cache.
    pub async fn call_fresh(&self, tool: &str, ask: Value) -> Result<Told, ToolError> {
        call(&self.configured(|toml| toml), tool, ask).await
    }

    /// The structured answer; panics with the error otherwise.
    pub async fn ask(&self, tool: &str, ask: Value) -> Value {
        match self.call(tool, ask.clone()).await {
            Ok(told) => told.structured,
            Err(error) => panic!("{tool} {ask}: {error}"),
        }
    }

    pub fn incident(&self, kind: IncidentKind) -> &Incident {
        self.demo.incidents().iter().find(|i| i.kind == kind).unwrap()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let violations = self.demo.violations();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "something else than a read went out: {violations:#?}");
        }
    }
}

pub fn entry(tool: &str) -> Entry {
    catalogue().into_iter().find(|e| e.name == tool).unwrap()
}

pub async fn call(app: &Arc<App>, tool: &str, ask: Value) -> Result<Told, ToolError> {
    let entry = known(app).into_iter().find(|e| e.name == tool).unwrap();
    entry.call(app.clone(), ask).await
}

pub fn app(toml: &str) -> Arc<App> {
    let configuration =
        config::from_text(toml, "prodview.toml", &|_| None, Path::new(".")).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
    Arc::new(App {
        sources: configuration.sources,
        environment: configuration.environment,
        webhook_success: configuration.settings.webhook_success,
        declared: configuration.declared.listed(),
    })
}
