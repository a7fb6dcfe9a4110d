//! Which source holds the state that is asked about.

use crate::{App, ToolError};
use prodview_providers::Able;
use prodview_providers::capability::State;

/// The source of that name, or the only one there is.
pub(crate) fn choose<'a>(app: &'a App, name: Option<&str>) -> Result<Able<'a, dyn State + 'a>, ToolError> {
    let mut able = app.sources.state();
    let names = able.iter().map(|a| a.source.name()).collect::<Vec<_>>().join(", ");
    if let Some(name) = name {
        able.retain(|a| a.source.name() == name);
        return able.pop().ok_or_else(|| {
            ToolError::malformed("source", format!("names none of those that hold state: {names}"))
        });
    }
    match (able.pop(), able.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(ToolError::malformed("source", format!("is needed, since there are several: {names}"))),
        (None, _) => Err(ToolError::NotConfigured(
            "no database is configured; set CONVEX_URL and CONVEX_DEPLOY_KEY, or add a source to prodview.toml".to_owned(),
        )),
    }
}
