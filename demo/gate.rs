//! The gate that every request of every service passes: judged, recorded, admitted, and met by a fault if one is on.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::record::{Recorded, Verdict, kept};
use crate::{Service, Shared};

/// Above this a request's body counts as empty: no read is that long.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What differs between the services: how each knows its callers, what it takes for a read, how it says no.
pub(crate) trait Voice: 'static {
    const SERVICE: Service;

    /// The routes, with the service's own 404 for everything else. They see only reads that came with a good key;
    /// the [`Ask`] is among the request's extensions.
    fn router(shared: Arc<Shared>) -> Router;

    /// The answer to a caller without a good key; `None` lets the caller in.
    fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response>;

    /// Whether this is a read, and if not, why not.
    fn judge(shared: &Shared, ask: &Ask) -> Verdict;

    /// An error in the service's own form: for refusals (405), and for faults of any status.
    fn failure(ask: &Ask, status: StatusCode, message: &str) -> Response;
}

/// One request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Ask {
    /// The path as it was sent.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The path's segments, percent-decoded; empty ones (a slash at the end) are left out.
    pub(crate) fn segments(&self) -> Vec<String> {
        let segments = self.path().split('/').filter(|segment| !segment.is_empty());
        segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
    }

    /// The query's pairs, decoded, in the order sent; a name may come more than once.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        Query::try_from_uri(&self.uri).map(|Query(pairs)| pairs).unwrap_or_default()
    }

    /// A header as text; `None` if it is absent or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// GET or HEAD.
    pub(crate) fn is_get(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

/// A service's routes behind the gate.
pub(crate) fn guarded<V: Voice>(shared: &Arc<Shared>) -> Router {
    V::router(Arc::clone(shared)).layer(from_fn_with_state(Arc::clone(shared), gate::<V>))
}

async fn gate<V: Voice>(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let ask =
        Ask { method: parts.method.clone(), uri: parts.uri.clone(), headers: parts.headers.clone(), body };
    let verdict = V::judge(&shared, &ask);
    let turned_away = V::turn_away(&shared, &ask);
    let number = shared.record.arrived(Recorded {
        service: V::SERVICE,
        at: Timestamp::now(),
        method: ask.method.to_string(),
        path: ask.path().to_owned(),
        query: ask.uri.query().unwrap_or_default().to_owned(),
        body: kept(&ask.body),
        verdict,
        status: 0,
        authorised: turned_away.is_none(),
    });
    let mut request = Request::from_parts(parts, Body::from(ask.body.clone()));
    request.extensions_mut().insert(ask.clone());
    let answer = async {
        match (turned_away, verdict) {
            (Some(no), _) => no,
            (None, Verdict::Refused(why)) => V::failure(&ask, StatusCode::METHOD_NOT_ALLOWED, why),
            (None, Verdict::Read) => next.run(request).await,
        }
    };
    // What is not a read is told so, whatever else is wrong: a test of faults must not hide it.
    let fault = shared.faults.met(V::SERVICE, ask.path()).filter(|_| verdict == Verdict::Read);
    let response = match fault {
        None => answer.await,
        Some(fault) => {
            let failure =
                |status: StatusCode| V::failure(&ask, status, status.canonical_reason().unwrap_or("Error"));
            tokio::select! {
                response = fault.meet(answer, failure) => response,
                () = shared.stopped() => V::failure(&ask, StatusCode::SERVICE_UNAVAILABLE, "The demo was stopped."),
            }
        }
    };
    shared.record.answered(number, response.status().as_u16());
    response
}
