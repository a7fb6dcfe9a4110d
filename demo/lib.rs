//! A believable small company on loopback: its Sentry, Stripe, Convex, Upstash and Supabase, spoken as the real ones
//! speak.
//!
//! [`Demo::start`] makes a [`World`] from a seed and serves it on five ports of 127.0.0.1. It is the other side of
//! the wire, so it shares no code with what asks it. It keeps a record of everything it was asked, and of what was
//! not a read; it can be told to misbehave as networks do.

mod config;
mod convex;
mod fault;
mod gate;
mod record;
mod sentry;
mod stripe;
mod supabase;
#[cfg(test)]
mod tests;
mod upstash;
pub mod world;

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::serve::ListenerExt;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use fault::Fault;
pub use record::{Recorded, Verdict};
pub use world::{Incident, IncidentKind, Mismatch, MismatchKind, World};

/// What decides the whole demo: the same settings make the same company.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Decides ids, names, hours, and who has which incident.
    pub seed: u64,
    /// The moment the world ends at; everything happened before it.
    pub now: Timestamp,
    /// How many more customers, users, events and issues there are, for tests of paging and size.
    pub extra_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { seed: 1, now: Timestamp::now(), extra_rows: 0 }
    }
}

/// One of the services that the company is built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Errors, under `/api/0/`.
    Sentry,
    /// Payments, under `/v1/` and `/v2/`.
    Stripe,
    /// The application's own state, under `/api/`.
    Convex,
    /// The application's cache: every path is a command there, and only `/` and `/pipeline` are asked.
    Upstash,
    /// The Management API of the project that people sign in with, under `/v1/`.
    Supabase,
}

/// A running demo production. Dropping it stops its servers.
pub struct Demo {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

impl Demo {
    /// Makes the world and serves it: 127.0.0.1, one port of the system's choosing for each service.
    pub async fn start(settings: Settings) -> io::Result<Demo> {
        let world = World::new(&settings);
        let keys = Keys::new(&world);
        let listeners =
            (listener().await?, listener().await?, listener().await?, listener().await?, listener().await?);
        let origins = [&listeners.0, &listeners.1, &listeners.2, &listeners.3, &listeners.4].map(address);
        let [sentry, stripe, convex, upstash, supabase] = origins;
        let origins = [sentry?, stripe?, convex?, upstash?, supabase?].map(|a| format!("http://{a}"));
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            world,
            keys,
            origins,
            record: record::Record::default(),
            faults: fault::Faults::default(),
            permissions: Mutex::default(),
            older: Mutex::default(),
            stopped,
        });
        serve(listeners.0, gate::guarded::<sentry::Sentry>(&shared), &shared);
        serve(listeners.1, gate::guarded::<stripe::Stripe>(&shared), &shared);
        serve(listeners.2, gate::guarded::<convex::Convex>(&shared), &shared);
        serve(listeners.3, gate::guarded::<upstash::Upstash>(&shared), &shared);
        serve(listeners.4, gate::guarded::<supabase::Supabase>(&shared), &shared);
        Ok(Demo { shared, stop })
    }

    /// Where a service answers, such as `http://127.0.0.1:41233`, without a slash at the end.
    pub fn origin(&self, service: Service) -> String {
        self.shared.origin(service).to_owned()
    }

    /// The credential a careful operator would hand out: reads only, live mode.
    pub fn key(&self, service: Service) -> &str {
        match service {
            Service::Sentry => &self.shared.keys.sentry,
            Service::Stripe => &self.shared.keys.stripe_live,
            Service::Convex => &self.shared.keys.convex,
            Service::Upstash => &self.shared.keys.upstash_reading,
            Service::Supabase => &self.shared.keys.supabase,
        }
    }

    /// A restricted Stripe key: of live mode, or of test mode, which sees only the few objects made there.
    pub fn key_for_mode(&self, live: bool) -> &str {
        if live { &self.shared.keys.stripe_live } else { &self.shared.keys.stripe_test }
    }

    /// A Stripe secret key (`sk_live_…`), which could write: what an operator should not hand out.
    pub fn key_that_could_write(&self) -> &str {
        &self.shared.keys.stripe_secret
    }

    /// Upstash's standard token, which may SCAN, and could write.
    pub fn key_that_may_scan(&self) -> &str {
        &self.shared.keys.upstash_standard
    }

    /// What is true in this production, whoever is asked.
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// What there is to find.
    pub fn incidents(&self) -> &[Incident] {
        &self.shared.world.incidents
    }

    /// Everything asked so far, in the order it arrived.
    pub fn record(&self) -> Vec<Recorded> {
        self.shared.record.all()
    }

    /// What was asked and was not a read: empty after an honest session.
    pub fn violations(&self) -> Vec<Recorded> {
        self.record().into_iter().filter(|asked| asked.verdict != Verdict::Read).collect()
    }

    /// Forgets what was asked.
    pub fn clear_record(&self) {
        self.shared.record.clear();
    }

    /// From now on, answers of `service` to paths that begin with `path_prefix` go wrong in this way; an empty
    /// prefix means every path. The fault that was switched on last wins.
    pub fn fault(&self, service: Service, path_prefix: &str, fault: Fault) {
        self.shared.faults.switch_on(service, path_prefix, fault, None);
    }

    /// The same for the next `times` requests only: for what should be tried again.
    pub fn fault_times(&self, service: Service, path_prefix: &str, fault: Fault, times: usize) {
        self.shared.faults.switch_on(service, path_prefix, fault, Some(times));
    }

    /// Lets every service behave again.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Takes a permission from the keys: `rak_charge_read` (Stripe), `event:read` (Sentry), `ViewLogs` (Convex),
    /// `database_read` (Supabase).
    pub fn deny_permission(&self, permission: &str) {
        let mut permissions = self.shared.permissions();
        permissions.granted.remove(permission);
        permissions.denied.insert(permission.to_owned());
    }

    /// Gives the keys a permission more than they need: `project:write` (Sentry), `WriteData` (Convex). The demo
    /// then says of the key that it could write; it still lets nothing be written.
    pub fn grant_permission(&self, permission: &str) {
        let mut permissions = self.shared.permissions();
        permissions.denied.remove(permission);
        permissions.granted.insert(permission.to_owned());
    }

    /// A second Convex deploy key, which sees neither logs nor environment variables.
    pub fn key_that_sees_less(&self) -> String {
        convex::restricted_key(&self.shared.world)
    }

    /// From now on a service speaks as an older installation of it. Sentry: no monitors, no alerts of the new kind, no
    /// regions, and of the datasets only `discover`. Convex: 560 for a function that failed. Supabase: the column of the logs
    /// that names their kind is `source_name`.
    pub fn make_older(&self, service: Service) {
        self.shared.older.lock().unwrap_or_else(PoisonError::into_inner).insert(service);
    }

    /// A whole `prodview.toml` for this production, keys as literals. Supabase is not in it.
    pub fn config_toml(&self) -> String {
        config::toml(&self.shared)
    }

    /// The same, with Supabase.
    pub fn config_toml_with_supabase(&self) -> String {
        config::with_supabase(&self.shared)
    }

    /// The ref of the Supabase project: 20 lower-case letters.
    pub fn supabase_project(&self) -> String {
        supabase::project_ref(&self.shared.world)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A failed send means that nobody serves any more, which is what is wanted.
        let _ = self.stop.send(true);
    }
}

/// What the services know in common.
pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) keys: Keys,
    pub(crate) record: record::Record,
    pub(crate) faults: fault::Faults,
    origins: [String; 5],
    permissions: Mutex<Permissions>,
    older: Mutex<BTreeSet<Service>>,
    stopped: watch::Receiver<bool>,
}

impl Shared {
    /// Whether this service speaks as an older installation.
    pub(crate) fn is_older(&self, service: Service) -> bool {
        self.older.lock().unwrap_or_else(PoisonError::into_inner).contains(&service)
    }

    pub(crate) fn origin(&self, service: Service) -> &str {
        let [sentry, stripe, convex, upstash, supabase] = &self.origins;
        match service {
            Service::Sentry => sentry,
            Service::Stripe => stripe,
            Service::Convex => convex,
            Service::Upstash => upstash,
            Service::Supabase => supabase,
        }
    }

    /// Whether a test took this permission from the key.
    pub(crate) fn is_denied(&self, permission: &str) -> bool {
        self.permissions().denied.contains(permission)
    }

    /// The permissions that a test gave the key on top.
    pub(crate) fn granted(&self) -> BTreeSet<String> {
        self.permissions().granted.clone()
    }

    /// Comes back when the demo was dropped: what waits must wait for this too, or it outlives its server.
    pub(crate) async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        let _ = stopped.wait_for(|stop| *stop).await;
    }

    fn permissions(&self) -> MutexGuard<'_, Permissions> {
        self.permissions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Permissions {
    denied: BTreeSet<String>,
    granted: BTreeSet<String>,
}

/// The credentials that open the services. All are made up from the seed.
pub(crate) struct Keys {
    pub(crate) sentry: String,
    pub(crate) stripe_live: String,
    pub(crate) stripe_test: String,
    pub(crate) stripe_secret: String,
    pub(crate) convex: String,
    pub(crate) upstash_reading: String,
    pub(crate) upstash_standard: String,
    pub(crate) supabase: String,
}

impl Keys {
    fn new(world: &World) -> Keys {
        // Its own stream, so that a change to the world does not change the keys.
        let mut dice = world::Dice::new(world.seed, "keys");
        let account = world.stripe.account_id().trim_start_matches("acct_").to_owned();
        let mut stripe = |kind: &str| format!("{kind}_51{account}{}", dice.base62(80));
        let (stripe_live, stripe_test, stripe_secret) =
            (stripe("rk_live"), stripe("rk_test"), stripe("sk_live"));
        let sentry = dice.hex(64);
        let convex = format!("prod:{}|{}=", world.company.convex_deployment, dice.base62(55));
        let (upstash_reading, upstash_standard) = (dice.base62(58), dice.base62(58));
        let supabase = format!("sbp_fc{}", dice.hex(38));
        Keys {
            sentry,
            stripe_live,
            stripe_test,
            stripe_secret,
            convex,
            upstash_reading,
            upstash_standard,
            supabase,
        }
    }
}

async fn listener() -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0)).await
}

fn address(listener: &TcpListener) -> io::Result<std::net::SocketAddr> {
    listener.local_addr()
}

fn serve(listener: TcpListener, router: Router, shared: &Arc<Shared>) {
    // Without it, small answers wait for the peer's acknowledgement: 40 ms on each request.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let stopped = async move { shared.stopped().await };
        // Serving ends only by `stopped`; axum retries what accepting can fail with.
        let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
    });
}
