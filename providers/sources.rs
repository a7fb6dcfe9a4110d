//! What is configured, and who can answer what.

use crate::app::App;
use crate::capability::{
    Adapter, Capability, Deployments, Errors, Health, Identity, Logs, Payments, Power, Settings, State,
    Users, Webhooks,
};
use prodview_guard::{Failure, FailureKind, FirstUse, Provider};
use std::sync::Arc;

/// One configured provider: a name, an adapter, and whether its key was looked at.
pub struct Source {
    name: String,
    provider: Provider,
    adapter: Arc<dyn Adapter>,
    require_readonly: bool,
    admitted: FirstUse<()>,
}

impl Source {
    /// A source. With `require_readonly` it is refused at its first use when its key could write.
    pub fn new(
        name: String,
        provider: Provider,
        adapter: Arc<dyn Adapter>,
        require_readonly: bool,
    ) -> Source {
        Source { name, provider, adapter, require_readonly, admitted: FirstUse::new() }
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of service it is.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// Its adapter, for what does not ask (its target, its key's kind) and for [`Source::identity`].
    pub fn adapter(&self) -> &dyn Adapter {
        &*self.adapter
    }

    /// Whether it can answer that kind of question.
    pub fn can(&self, capability: Capability) -> bool {
        capability.of(&*self.adapter)
    }

    /// As whom it asks, and what its key could do.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        self.adapter.identity().await
    }

    /// To be awaited before the first question of a call: refuses a key that could write, if that is configured.
    /// A key of unknown power is let through, since most providers do not tell; `check` and `list_sources` say so.
    pub async fn admit(&self) -> Result<(), Failure> {
        if !self.require_readonly {
            return Ok(());
        }
        let look = async {
            match self.identity().await?.power {
                Power::CouldWrite => {
                    Err(Failure::new(FailureKind::Refused, "require_readonly_keys").hint(format!(
                        "the key of `{}` could write and require_readonly_keys is on. {}",
                        self.name,
                        self.adapter.least_privilege()
                    )))
                }
                Power::ReadOnly | Power::Unknown => Ok(()),
            }
        };
        self.admitted.get(look).await.copied()
    }
}

/// All configured sources, in the order of the configuration, and where the app keeps what.
pub struct Sources {
    list: Vec<Arc<Source>>,
    app: App,
}

/// A source together with one of its capabilities.
pub struct Able<'a, C: ?Sized> {
    /// The source.
    pub source: &'a Source,
    /// What it is asked for.
    pub can: &'a C,
}

macro_rules! those_who_can {
    ($($(#[$doc:meta])* $name:ident: $capability:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&self) -> Vec<Able<'_, dyn $capability + '_>> {
            self.list.iter().filter_map(|s| s.adapter.$name().map(|can| Able { source: s, can })).collect()
        })*
    };
}

impl Sources {
    /// From the configuration. Names are unique: the configuration sees to that.
    pub fn new(list: Vec<Source>, app: App) -> Sources {
        Sources { list: list.into_iter().map(Arc::new).collect(), app }
    }

    /// Every source.
    pub fn all(&self) -> &[Arc<Source>] {
        &self.list
    }

    /// The source of that name.
    pub fn named(&self, name: &str) -> Option<&Source> {
        self.list.iter().find(|s| s.name == name).map(|s| &**s)
    }

    /// Where the app keeps what.
    pub fn app(&self) -> &App {
        &self.app
    }

    those_who_can! {
        /// Those that know people.
        users: Users;
        /// Those that know errors.
        errors: Errors;
        /// Those that know payments.
        payments: Payments;
        /// Those that send webhooks.
        webhooks: Webhooks;
        /// Those that hold the app's state.
        state: State;
        /// Those that keep logs.
        logs: Logs;
        /// Those that know what was deployed.
        deployments: Deployments;
        /// Those that can say whether they work.
        health: Health;
        /// Those that have settings worth a look.
        settings: Settings;
    }
}
