//! Which source holds the state that is asked about.

use crate::{App, ToolError};
use prodview_providers::Able;
use prodview_providers::capability::{Language, State};

/// The source of that name, or the only one there is; with several, the one that keeps all of the application's own
/// tables (`[app.*]`): a cache beside the database makes no question about the database ambiguous.
pub(crate) fn choose<'a>(app: &'a App, name: Option<&str>) -> Result<Able<'a, dyn State + 'a>, ToolError> {
    let mut able = app.sources.state();
    let names = able.iter().map(|a| a.source.name()).collect::<Vec<_>>().join(", ");
    if let Some(name) = name {
        able.retain(|a| a.source.name() == name);
        return able.pop().ok_or_else(|| {
            ToolError::malformed("source", format!("names none of those that hold state: {names}"))
        });
    }
    if able.len() > 1
        && let Some(home) = home(app)
        && able.iter().any(|a| a.source.name() == home)
    {
        able.retain(|a| a.source.name() == home);
    }
    // Without [app.*], the one database is meant, not the cache beside it.
    let databases = able.iter().filter(|a| a.can.language() != Language::RedisCommand).count();
    if databases == 1 {
        able.retain(|a| a.can.language() != Language::RedisCommand);
    }
    match (able.pop(), able.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(ToolError::malformed("source", format!("is needed, since there are several: {names}"))),
        (None, _) => Err(ToolError::NotConfigured(
            "no database is configured; set DATABASE_URL, or CONVEX_URL and CONVEX_DEPLOY_KEY, or add a source to prodview.toml".to_owned(),
        )),
    }
}

/// The one source that all of `[app.*]` names.
fn home(app: &App) -> Option<&str> {
    let app = app.sources.app();
    let mut named =
        app.users.iter().map(|u| u.source.as_str()).chain(app.tables.iter().map(|t| t.source.as_str()));
    let first = named.next()?;
    named.all(|name| name == first).then_some(first)
}
