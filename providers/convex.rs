//! Convex: the application's own state, its functions' logs, and what the deployment says about itself.
//!
//! Asked over HTTP as `npm-cli-1.48.0` (only the CLI and the dashboard get structured log lines). Sources: the
//! published specifications of the deployment API, and the open-source back end at commit 94a42c3d for what is not
//! published. The system queries under `_system/` carry no version: where one is missing, the adapter does without.
//!
//! Least scope: a deploy key with `deployment:data:view` and `deployment:logs:view`;
//! `deployment:functions:runInternalQueries` only if internal queries are to be called.
//! Docs: <https://docs.convex.dev/deployment-api>, <https://docs.convex.dev/cli/deploy-key-types>.

mod checks;
mod filter;
mod function;
mod handle;
mod identity;
mod inventory;
mod logs;
mod rows;
mod schema;
mod state;

pub(crate) use handle::{from_url, kind_of};

use crate::app::{App, AppUsers, Part};
use crate::app_tables::{self, Store};
use crate::capability::{
    Adapter, Answered, ErrorDetail, Errors, ErrorsAsk, Health, Identity, Logs,
    Settings as SettingsCapability, State, Users,
};
use crate::words::{ErrorGroup, Person};
use crate::{Common, Handle};
use async_trait::async_trait;
use prodview_guard::{Auth, Failure, Origin, Provider, Refused, Route, Secret, Wire, WireSettings};
use std::sync::Arc;

const CHECK_KEY: Route = Route::get(Provider::Convex, "/api/check_admin_key");
const DEPLOYMENT_INFO: Route = Route::get(Provider::Convex, "/api/v1/deployment_info");
const SHAPES: Route = Route::get(Provider::Convex, "/api/shapes2");
const FUNCTION_LOGS: Route = Route::get(Provider::Convex, "/api/stream_function_logs");
const INSTANCE_VERSION: Route = Route::get(Provider::Convex, "/instance_version");

/// Every GET that this adapter sends. Besides them it calls query functions, over the one reviewed POST
/// (`prodview_guard::READS_OVER_POST`).
pub const ROUTES: &[Route] = &[CHECK_KEY, DEPLOYMENT_INFO, SHAPES, FUNCTION_LOGS, INSTANCE_VERSION];

/// What the configuration gives.
pub struct Settings {
    /// The deployment's origin: `https://happy-otter-123.convex.cloud`.
    pub url: String,
    /// A deploy key of that deployment.
    pub deploy_key: Secret,
    /// The whole `[app.*]`; the adapter serves the mappings whose `source` is its own name.
    pub app: Arc<App>,
}

/// One deployment.
pub struct Convex {
    name: String,
    wire: Wire,
    app: Arc<App>,
    key_kind: Option<&'static str>,
}

/// Makes the adapter; opens no connection. Refuses an origin that serves HTTP actions (they are the application's
/// own code), a key that acts as a user, and keys that no deployment accepts.
pub fn connect(name: &str, settings: Settings, common: &Common) -> Result<Convex, Refused> {
    let origin = Origin::parse(common.base_url.as_deref().unwrap_or(&settings.url))?;
    let host = origin.host().trim_end_matches('.');
    if host == "convex.site" || host.ends_with(".convex.site") {
        return Err(Refused::because(
            "a .convex.site address runs the application's HTTP actions: give the .convex.cloud address",
        ));
    }
    let key_kind = identity::kind_of_key(&settings.deploy_key)?;
    let mut wire = WireSettings::new(name, Provider::Convex, origin, Auth::Convex(settings.deploy_key));
    wire.headers = vec![("convex-client", "npm-cli-1.48.0".to_owned())];
    wire.explain = function::explain;
    wire.also_ok = function::ALSO_OK;
    Ok(Convex { name: name.to_owned(), wire: Wire::new(common.over(wire))?, app: settings.app, key_kind })
}

impl Convex {
    fn own_users(&self) -> Option<&AppUsers> {
        self.app.users.as_ref().filter(|users| users.source == self.name)
    }

    /// The page of a table in the dashboard, when the host tells the deployment's name:
    /// `happy-otter-123.convex.cloud`, perhaps with a region. (`/d/<deployment>/…` leads on to the project's page.)
    fn table_page(&self, table: &str) -> Option<String> {
        let name = self.wire.origin().host().strip_suffix(".convex.cloud")?.split('.').next()?;
        function::is_name(table).then(|| format!("https://dashboard.convex.dev/d/{name}/data?table={table}"))
    }

    fn store(&self) -> Store<'_> {
        Store { source: &self.name, state: self, app: &self.app, id_field: "_id" }
    }
}

#[async_trait]
impl Adapter for Convex {
    async fn identity(&self) -> Result<Identity, Failure> {
        identity::identity(&self.wire).await
    }
    fn key_kind(&self) -> Option<&'static str> {
        self.key_kind
    }
    fn least_privilege(&self) -> &'static str {
        "In the Convex dashboard under Deployment settings → Deploy keys, generate a key with only \
         `deployment:data:view` and `deployment:logs:view` ticked (and `deployment:functions:runInternalQueries` \
         for internal queries). Leave out `deployment:env:view`: it shows the values of environment variables."
    }
    fn target(&self) -> String {
        self.wire.origin().as_str().trim_start_matches("https://").to_owned()
    }
    fn users(&self) -> Option<&dyn Users> {
        self.own_users().is_some().then_some(self)
    }
    fn errors(&self) -> Option<&dyn Errors> {
        let kept_here = self.app.part(Part::Errors).any(|table| table.source == self.name);
        kept_here.then_some(self)
    }
    fn state(&self) -> Option<&dyn State> {
        Some(self)
    }
    fn logs(&self) -> Option<&dyn Logs> {
        Some(self)
    }
    fn health(&self) -> Option<&dyn Health> {
        Some(self)
    }
    fn settings(&self) -> Option<&dyn SettingsCapability> {
        Some(self)
    }
}

#[async_trait]
impl Users for Convex {
    async fn people(&self, who: &Handle) -> Answered<Person> {
        let Some(map) = self.own_users() else { return Ok(crate::Found::all(Vec::new())) };
        let found = app_tables::people(&self.name, self, map, who).await?;
        let page = self.table_page(&map.table);
        Ok(found.map(|person| Person { url: page.clone(), ..person }))
    }
}

#[async_trait]
impl Errors for Convex {
    async fn errors(&self, ask: &ErrorsAsk) -> Answered<ErrorGroup> {
        app_tables::errors(self.store(), ask).await
    }
    async fn error(&self, which: &Handle, user: Option<&Handle>) -> Result<Option<ErrorDetail>, Failure> {
        app_tables::error(self.store(), which, user).await
    }
}

#[cfg(test)]
mod tests;
