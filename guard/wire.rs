//! The one way out to a provider's HTTP API: a wire is pinned to one origin and can only read.

#![expect(clippy::disallowed_types, reason = "this is the one place where a client belongs")]

use crate::budget::Budget;
use crate::failure::{Failure, FailureKind};
use crate::reply::{Reply, Stored, fits_the_deadline, is_html, read_capped, request_id, retry_after};
use crate::{Ask, Foreign, Origin, Provider, Refused, Secret, deadline};
use backon::{ExponentialBuilder, Retryable};
use moka::future::Cache;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use url::Url;

/// How a key is presented.
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer(Secret),
    /// `Authorization: Convex …`
    Convex(Secret),
}

/// What a refusal of the provider means, read by its adapter from the status and the JSON error body.
/// Hints are the adapter's own words.
#[derive(Debug, Default)]
pub struct Explained {
    /// A better kind than the status alone gives.
    pub kind: Option<FailureKind>,
    /// One sentence for the caller.
    pub hint: Option<String>,
}

/// Reads a provider's error body.
pub type ErrorReader = fn(status: u16, body: &Value) -> Explained;

/// Everything a wire is made from. Built by [`WireSettings::new`], then changed field by field.
pub struct WireSettings {
    /// The source's name, for logs.
    pub source: String,
    /// Whose routes may be asked.
    pub provider: Provider,
    /// Where.
    pub origin: Origin,
    /// With which key.
    pub auth: Auth,
    /// Fixed headers, such as the API version. No header ever comes from a question.
    pub headers: Vec<(&'static str, String)>,
    /// The longest one request may take, its body included.
    pub timeout: Duration,
    /// How many requests at once.
    pub max_concurrency: usize,
    /// How many requests a second.
    pub per_second: NonZeroU32,
    /// How long an answer may be given again; zero for never.
    pub cache: Duration,
    /// A proxy, only if configured.
    pub proxy: Option<String>,
    /// More root certificates, in PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Reads the provider's error bodies.
    pub explain: ErrorReader,
    /// Statuses besides 2xx that carry a regular answer.
    pub also_ok: &'static [u16],
}

impl WireSettings {
    /// The defaults: 10 s a request, 5 at once, 10 a second, answers kept for 15 s.
    pub fn new(source: impl Into<String>, provider: Provider, origin: Origin, auth: Auth) -> WireSettings {
        WireSettings {
            source: source.into(),
            provider,
            origin,
            auth,
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            max_concurrency: 5,
            per_second: NonZeroU32::MIN.saturating_add(9),
            cache: Duration::from_secs(15),
            proxy: None,
            ca_pem: None,
            explain: |_, _| Explained::default(),
            also_ok: &[],
        }
    }
}

/// A wire to one origin. It can be cloned and asked; there is nothing else to do with it.
///
/// The client inside cannot be reached:
/// ```compile_fail
/// fn client(wire: &prodview_guard::Wire) { let _ = &wire.inner; }
/// ```
/// ```
/// fn origin(wire: &prodview_guard::Wire) { let _ = &wire.origin(); }
/// ```
/// and there is no verb but to read:
/// ```compile_fail
/// async fn act(wire: &prodview_guard::Wire, ask: prodview_guard::Ask) { let _ = wire.write::<()>(ask).await; }
/// ```
/// ```
/// async fn act(wire: &prodview_guard::Wire, ask: prodview_guard::Ask) { let _ = wire.read::<()>(ask).await; }
/// ```
#[derive(Clone)]
pub struct Wire {
    inner: Arc<Inner>,
}

struct Inner {
    source: String,
    provider: Provider,
    origin: Origin,
    headers: HeaderMap,
    timeout: Duration,
    budget: Budget,
    cache: Option<Cache<String, Arc<Stored>>>,
    explain: ErrorReader,
    also_ok: &'static [u16],
    proxy: Option<reqwest::Proxy>,
    roots: Vec<reqwest::Certificate>,
    // Made at the first question: reading the system's certificates is no work for start-up.
    client: OnceCell<Client>,
}

/// The largest answer that is read, after decompression.
pub const MAX_BODY: usize = 8 * 1024 * 1024;
const CACHE_BYTES: u64 = 1024 * 1024;
const MAX_RETRIES: usize = 2;
/// How many questions were refused since the process began.
static REFUSALS: AtomicU64 = AtomicU64::new(0);

impl Wire {
    /// Checks the settings; opens no connection.
    pub fn new(settings: WireSettings) -> Result<Wire, Refused> {
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            let value = HeaderValue::from_str(value).map_err(|_| {
                Refused::because(format!("the header {name} holds characters that a header cannot"))
            })?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let (scheme, key) = match &settings.auth {
            Auth::Bearer(key) => ("Bearer", key),
            Auth::Convex(key) => ("Convex", key),
        };
        let mut value = HeaderValue::from_str(&format!("{scheme} {}", key.expose())).map_err(|_| {
            Refused::because("the key holds characters that no key has (a line break, perhaps)")
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        let proxy = match &settings.proxy {
            Some(url) => {
                Some(reqwest::Proxy::all(url).map_err(|_| Refused::because("the proxy is not a URL"))?)
            }
            None => None,
        };
        let roots = match &settings.ca_pem {
            Some(pem) => reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| Refused::because("the CA file is not a PEM bundle of certificates"))?,
            None => Vec::new(),
        };
        let cache = (!settings.cache.is_zero()).then(|| {
            Cache::builder()
                .time_to_live(settings.cache)
                .max_capacity(CACHE_BYTES)
                .weigher(|_: &String, stored: &Arc<Stored>| stored.size())
                .build()
        });
        Ok(Wire {
            inner: Arc::new(Inner {
                source: settings.source,
                provider: settings.provider,
                origin: settings.origin,
                headers,
                timeout: settings.timeout,
                budget: Budget::new(settings.max_concurrency, settings.per_second),
                cache,
                explain: settings.explain,
                also_ok: settings.also_ok,
                proxy,
                roots,
                client: OnceCell::new(),
            }),
        })
    }

    /// Where this wire leads.
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// Asks, and parses the answer. Waits for a turn, retries what is worth it at most twice, never beyond the
    /// [`deadline`]; one request serves all who ask the same at the same time.
    pub async fn read<T: DeserializeOwned>(&self, ask: Ask) -> Result<Reply<T>, Failure> {
        let (stored, from_cache) = self.answer(&ask).await?;
        let parsed = stored.parse(from_cache);
        if parsed.is_err() {
            self.forget(&ask).await;
        }
        parsed
    }

    /// The same for the few routes that answer a plain word, such as a version. At most 200 characters of it.
    pub async fn read_text(&self, ask: Ask) -> Result<Reply<Foreign>, Failure> {
        let (stored, from_cache) = self.answer(&ask).await?;
        Ok(stored.text(from_cache))
    }

    async fn answer(&self, ask: &Ask) -> Result<(Arc<Stored>, bool), Failure> {
        let inner = &*self.inner;
        if ask.route().provider() != inner.provider {
            return Err(Refused::because("this route belongs to another provider").into());
        }
        let url = ask.url(&inner.origin).inspect_err(|refused| {
            let refusals = REFUSALS.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(source = inner.source, path = ask.route().template(), cause = %refused, refusals, "refused to ask");
        })?;
        let Some(cache) = inner.cache.as_ref().filter(|_| ask.may_be_cached()) else {
            return Ok((Arc::new(inner.fetch(ask, url).await?), false));
        };
        let key = ask.cache_key(&url);
        let asked = AtomicBool::new(false);
        let fetched = cache.try_get_with(key, async {
            asked.store(true, Ordering::Relaxed);
            inner.fetch(ask, url).await.map(Arc::new)
        });
        match fetched.await {
            Ok(stored) => Ok((stored, !asked.into_inner())),
            Err(failure) => Err(failure.as_ref().clone()),
        }
    }

    /// What makes no sense is a failure, and failures are not remembered.
    async fn forget(&self, ask: &Ask) {
        if let (Some(cache), Ok(url)) = (&self.inner.cache, ask.url(&self.inner.origin)) {
            cache.invalidate(&ask.cache_key(&url)).await;
        }
    }
}

impl Inner {
    async fn fetch(&self, ask: &Ask, url: Url) -> Result<Stored, Failure> {
        let waits = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(150))
            .with_max_times(MAX_RETRIES)
            .with_jitter();
        (|| self.attempt(ask, url.clone()))
            .retry(waits)
            .when(|(_, again): &(Failure, Again)| *again != Again::Never)
            .adjust(|(_, again), wait| {
                let wait = match again {
                    Again::After(asked) => wait.map(|w| w.max(*asked)),
                    _ => wait,
                };
                wait.filter(|w| fits_the_deadline(*w))
            })
            .await
            .map_err(|(failure, _)| failure)
    }

    /// One request, its budget and its log line.
    async fn attempt(&self, ask: &Ask, url: Url) -> Result<Stored, (Failure, Again)> {
        let _turn = self.budget.turn().await.map_err(|f| (f, Again::Never))?;
        let started = Instant::now();
        let limit = ask.longest_wait(self.timeout).min(deadline::remaining());
        let outcome = match tokio::time::timeout(limit, self.send(ask, url)).await {
            Ok(outcome) => outcome,
            Err(_) => Err((
                Failure::new(FailureKind::Timeout, format!("no answer within {} ms", limit.as_millis())),
                Again::Never,
            )),
        };
        let (route, ms) = (ask.route(), started.elapsed().as_millis());
        match &outcome {
            Ok(stored) => tracing::info!(
                source = self.source,
                method = route.method(),
                path = route.template(),
                ms,
                bytes = stored.size(),
                "asked"
            ),
            Err((failure, _)) => tracing::warn!(
                source = self.source, method = route.method(), path = route.template(), ms,
                failure = ?failure.kind, cause = failure.cause(), "asked in vain"
            ),
        }
        outcome
    }

    async fn send(&self, ask: &Ask, url: Url) -> Result<Stored, (Failure, Again)> {
        let client =
            self.client.get_or_try_init(|| async { self.build() }).await.map_err(|f| (f, Again::Never))?;
        let request = match ask.body() {
            Some(body) => client.post(url).header("content-type", "application/json").body(body.to_string()),
            None => client.get(url),
        };
        let response = request.headers(self.headers.clone()).send().await.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let Some(bytes) = read_capped(response, MAX_BODY).await.map_err(broken)? else {
            let cause = format!("the answer is larger than {} MiB", MAX_BODY / 1024 / 1024);
            return Err((Failure::odd(cause.clone()).hint(cause), Again::Never));
        };
        if status.is_success() || self.also_ok.contains(&status.as_u16()) {
            if is_html(&headers) {
                let hint =
                    "it answered a web page instead of JSON: is base_url right, or a login page in between?";
                return Err((Failure::odd("HTML instead of JSON").hint(hint), Again::Never));
            }
            return Ok(Stored::new(bytes, &headers));
        }
        Err(self.refusal(status, &headers, &bytes))
    }

    fn refusal(&self, status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> (Failure, Again) {
        let body: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let explained = (self.explain)(status.as_u16(), &body);
        let wait = retry_after(status, headers);
        let kind = match (explained.kind, status.as_u16()) {
            // The body may tell of a limit; how long it lasts is in the headers.
            (Some(FailureKind::Limited { retry_after: None }), _) | (None, 429) => {
                FailureKind::Limited { retry_after: wait }
            }
            (Some(kind), _) => kind,
            (None, 401 | 403) => FailureKind::Denied,
            (None, 404 | 410) => FailureKind::NotFound,
            (None, 400 | 422) => FailureKind::Invalid,
            (None, 502..=504) => FailureKind::Unreachable,
            (None, _) => FailureKind::Odd,
        };
        let mut failure = Failure::new(kind, format!("HTTP {}", status.as_u16()));
        failure.status = Some(status.as_u16());
        failure.hint = explained.hint.or_else(|| {
            status
                .is_redirection()
                .then(|| "it redirects elsewhere: is base_url right?".to_owned())
                .or_else(|| status.is_server_error().then(|| format!("it answered HTTP {}", status.as_u16())))
        });
        failure.request_id = request_id(headers);
        let refuses_retry = headers.get("stripe-should-retry").is_some_and(|v| v == "false");
        let again = match (status.as_u16(), &failure.kind) {
            (_, _) if refuses_retry => Again::Never,
            (429, _) | (_, FailureKind::Limited { .. }) => {
                let wait = wait.unwrap_or(Duration::from_millis(500));
                self.budget.be_quiet(wait);
                Again::After(wait)
            }
            (502..=504, _) => wait.map_or(Again::Soon, Again::After),
            _ => Again::Never,
        };
        (failure, again)
    }

    fn build(&self) -> Result<Client, Failure> {
        // Another library may have installed a provider first; either one will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("prodview/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .https_only(!self.origin.is_loopback())
            .tls_certs_merge(self.roots.iter().cloned());
        client = match &self.proxy {
            Some(proxy) => client.proxy(proxy.clone()),
            None => client.no_proxy(),
        };
        client.build().map_err(|e| {
            Failure::new(FailureKind::Unreachable, format!("no HTTP client: {}", e.without_url()))
        })
    }
}

/// Whether, and when, the same request is worth sending again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    Soon,
    After(Duration),
}

fn broken(error: reqwest::Error) -> (Failure, Again) {
    let error = error.without_url();
    let kind = if error.is_timeout() { FailureKind::Timeout } else { FailureKind::Unreachable };
    let again = if error.is_timeout() && !error.is_connect() { Again::Never } else { Again::Soon };
    let mut cause = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        cause = format!("{cause}: {inner}");
        source = inner.source();
    }
    (Failure::new(kind, cause), again)
}
