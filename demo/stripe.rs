//! The company's Stripe: reads of version 2026-10-28.endive, answered from the world.

mod asked;
mod expand;
mod kinds;
mod list;
mod refusal;
mod search;
mod shape;
mod shelf;
#[cfg(test)]
mod tests;
mod v2;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::{Router, routing::any};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::gate::{Ask, Voice};
use crate::record::Verdict;
use crate::world::Dice;
use crate::{Service, Shared};
use asked::Asked;
use kinds::Kind;
use refusal::{Refusal, hidden};
use shelf::{Desk, Shelf};

/// What answers when nobody says which version.
const VERSION: &str = "2026-10-28.endive";

/// GETs that hand out what should stay where it is: application secrets, card numbers, files, one-time tokens.
const SECRET: &[&str] = &[
    "/v1/apps/secrets",
    "/v1/issuing/cards",
    "/v1/files",
    "/v1/file_links",
    "/v1/tokens",
    "/v1/ephemeral_keys",
];

pub(crate) struct Stripe;

impl Voice for Stripe {
    const SERVICE: Service = Service::Stripe;

    fn router(shared: Arc<Shared>) -> Router {
        let counter = Counter::new(&shared);
        Router::new().fallback(any(serve)).with_state(Arc::new(counter))
    }

    fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response> {
        caller(shared, ask).err().map(|refusal| respond(ask, Err(refusal), "req_00000000000000"))
    }

    fn judge(_shared: &Shared, ask: &Ask) -> Verdict {
        let path = ask.path();
        let below = |place: &&str| {
            path.strip_prefix(*place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !ask.is_get() {
            Verdict::Refused("Stripe reads by GET; anything else changes something")
        } else if SECRET.iter().any(below) || path.ends_with("/pdf") {
            Verdict::Refused("this GET hands out a secret")
        } else {
            Verdict::Read
        }
    }

    fn failure(ask: &Ask, status: StatusCode, message: &str) -> Response {
        let mut response = respond(ask, Err(Refusal::new(status, message.to_owned())), "req_00000000000000");
        if status == StatusCode::TOO_MANY_REQUESTS {
            response
                .headers_mut()
                .insert("stripe-rate-limited-reason", HeaderValue::from_static("global-rate"));
        }
        response
    }
}

/// The world's objects, in order for looking up.
struct Counter {
    shared: Arc<Shared>,
    live: Shelf,
    test: Shelf,
    connected: BTreeMap<String, Shelf>,
    /// How many were served: each answer has its own request id.
    served: AtomicU64,
}

impl Counter {
    fn new(shared: &Arc<Shared>) -> Counter {
        let books = &shared.world.stripe;
        let connected = books.connected.iter().map(|(id, objects)| (id.clone(), Shelf::new(objects)));
        Counter {
            live: Shelf::new(&books.live),
            test: Shelf::new(&books.test),
            connected: connected.collect(),
            shared: Arc::clone(shared),
            served: AtomicU64::new(0),
        }
    }

    fn desk<'a>(&'a self, ask: &Ask, caller: &'a Caller) -> Result<Desk<'a>, Refusal> {
        let (shared, books) = (&*self.shared, &self.shared.world.stripe);
        let own = books.account_id();
        let live = (books.live.as_slice(), &self.live);
        let test = (books.test.as_slice(), &self.test);
        let (mine, other) = if caller.live { (live, test) } else { (test, live) };
        let desk = Desk {
            objects: mine.0,
            shelf: mine.1,
            live: caller.live,
            other: Some(other),
            shared,
            key: &caller.key,
            account: own,
        };
        let Some(wanted) = ask.header("stripe-account").or_else(|| ask.header("stripe-context")) else {
            return Ok(desk);
        };
        let found =
            books.connected.get_key_value(wanted).zip(self.connected.get(wanted)).filter(|_| caller.live);
        match found {
            Some(((id, objects), shelf)) => Ok(Desk { objects, shelf, other: None, account: id, ..desk }),
            None if wanted == own => Ok(desk),
            None => {
                let message = format!(
                    "The provided key '{}' does not have access to account '{wanted}' (or that account does not \
                     exist). Application access may have been revoked.",
                    hidden(&caller.key)
                );
                Err(Refusal::new(StatusCode::FORBIDDEN, message).code("account_invalid"))
            }
        }
    }
}

struct Caller {
    key: String,
    live: bool,
}

async fn serve(State(counter): State<Arc<Counter>>, Extension(ask): Extension<Ask>) -> Response {
    let number = counter.served.fetch_add(1, Ordering::Relaxed);
    let request = Dice::new(number, "requests").base62(14);
    let answer = caller(&counter.shared, &ask).and_then(|caller| answer(&counter.desk(&ask, &caller)?, &ask));
    respond(&ask, answer, &format!("req_{request}"))
}

/// Whose key it is. Stripe takes it as a bearer token, or as the user name of HTTP Basic.
fn caller(shared: &Shared, ask: &Ask) -> Result<Caller, Refusal> {
    let unauthorised = |message: String| Refusal::new(StatusCode::UNAUTHORIZED, message);
    let header = ask.header("authorization").unwrap_or_default();
    let basic = || {
        let bytes = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
        Some(String::from_utf8(bytes).ok()?.trim_end_matches(':').to_owned())
    };
    let key = header.strip_prefix("Bearer ").map(|key| key.trim().to_owned()).or_else(basic);
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return Err(unauthorised("You did not provide an API key.".into()));
    };
    let keys = &shared.keys;
    let live = key == keys.stripe_live || key == keys.stripe_secret;
    if live || key == keys.stripe_test {
        return Ok(Caller { key, live });
    }
    if key.starts_with("pk_") {
        let message = "This API call cannot be made with a publishable API key.";
        return Err(unauthorised(message.into()).code("secret_key_required"));
    }
    Err(unauthorised(format!("Invalid API Key provided: {}", hidden(&key))))
}

fn answer(desk: &Desk<'_>, ask: &Ask) -> Result<Value, Refusal> {
    let version = ask.header("stripe-version");
    if let Some(version) = version.filter(|version| !is_version(version)) {
        return Err(Refusal::bad(format!("Invalid Stripe API version: {version}")));
    }
    let asked = Asked::new(ask.pairs());
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let unknown = || Refusal::unknown_url(ask.method.as_str(), ask.path());
    match segments.split_first() {
        // A slash at the end is another address.
        _ if ask.path().ends_with('/') => Err(unknown()),
        Some((&"v1", rest)) => {
            let mut answer = v1(desk, rest, (&asked, ask.path()))?.ok_or_else(unknown)?;
            expand::expand(desk, &mut answer, asked.all("expand[]"))?;
            Ok(answer)
        }
        Some((&"v2", _)) if version.is_none() => {
            Err(Refusal::bad("The Stripe-Version header is required for this request.".into()))
        }
        Some((&"v2", rest)) => v2::answer(desk, rest, &asked),
        _ => Err(unknown()),
    }
}

/// What stands below `/v1/`; none if nothing does.
fn v1(desk: &Desk<'_>, segments: &[&str], (asked, url): (&Asked, &str)) -> Result<Option<Value>, Refusal> {
    match segments {
        ["account"] => {
            desk.may("rak_accounts_kyc_basic_read")?;
            asked.only(&["expand[]"], &[])?;
            return Ok(Some(account(desk, desk.account)));
        }
        ["balance"] => {
            desk.may("rak_balance_read")?;
            asked.only(&["expand[]"], &[])?;
            return Ok(Some(balance(desk)));
        }
        _ => {}
    }
    let Some((kind, rest)) = kinds::at(segments) else { return Ok(None) };
    desk.may(kind.permission)?;
    let answer = match rest {
        [] => list::list(desk, kind, asked, url)?,
        ["search"] if !kind.search.is_empty() => search::search(desk, kind, asked, url)?,
        [id] => {
            asked.only(&["expand[]"], &[])?;
            match *id {
                own if kind.object == "account" && own == desk.account => account(desk, own),
                id => desk.whole(retrieved(desk, kind, id)?),
            }
        }
        [id, below] => {
            let object = retrieved(desk, kind, id)?;
            return belonging(desk, (kind, object, below), asked, url);
        }
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

fn retrieved<'a>(desk: &Desk<'a>, kind: &Kind, id: &str) -> Result<&'a Value, Refusal> {
    let found = desk.find(id).filter(|object| shape::kind(object) == Some(kind.object));
    // Missing in the path is 404; missing in a parameter is 400.
    found.ok_or_else(|| Refusal {
        status: StatusCode::NOT_FOUND,
        ..desk.missing(kind.object, id).param(kind.param)
    })
}

/// The lists that belong to one object.
fn belonging(
    desk: &Desk<'_>,
    (kind, object, below): (&Kind, &Value, &str),
    asked: &Asked,
    url: &str,
) -> Result<Option<Value>, Refusal> {
    let own = shelf::id(object).unwrap_or_default();
    let rows = |pointer: &str| object.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let answer = match (kind.path, below) {
        ("customers", "payment_methods") => {
            desk.may("rak_payment_method_read")?;
            asked.only(
                &["limit", "starting_after", "ending_before", "expand[]", "type", "allow_redisplay"],
                &[],
            )?;
            let methods = desk
                .all("payment_method")
                .filter(|row| row.get("customer").and_then(Value::as_str) == Some(own));
            list::page(desk, methods.collect(), (asked, "payment_method"), url)?
        }
        ("customers", "balance_transactions" | "tax_ids" | "sources" | "cash_balance_transactions") => {
            list::inside(desk, &[], asked, url)?
        }
        ("invoices", "lines") => list::inside(desk, &rows("/lines/data"), asked, url)?,
        ("checkout/sessions", "line_items") => list::inside(desk, &rows("/~0line_items"), asked, url)?,
        ("payment_intents", "amount_details_line_items") => list::inside(desk, &[], asked, url)?,
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

fn account(desk: &Desk<'_>, id: &str) -> Value {
    let books = &desk.shared.world.stripe;
    let connected = books.live_object(id);
    desk.whole(connected.unwrap_or(&books.account))
}

/// What the account holds: what came in and went out, and what is still on its way.
fn balance(desk: &Desk<'_>) -> Value {
    let sum = |status: &str| {
        let rows = desk.all("balance_transaction");
        let rows = rows.filter(|row| row.get("status").and_then(Value::as_str) == Some(status));
        rows.filter_map(|row| row.get("net")?.as_i64()).sum::<i64>()
    };
    let (available, pending) = (sum("available"), sum("pending"));
    json!({
        "object": "balance", "livemode": desk.live,
        "available": [{ "amount": available, "currency": "eur", "source_types": { "card": available } }],
        "connect_reserved": [{ "amount": 0, "currency": "eur" }],
        "pending": [{ "amount": pending, "currency": "eur", "source_types": { "card": pending } }],
    })
}

/// `2026-10-28`, or with a name after it.
fn is_version(text: &str) -> bool {
    let date = text.split('.').next().unwrap_or_default();
    date.parse::<jiff::civil::Date>().is_ok()
}

fn respond(ask: &Ask, answer: Result<Value, Refusal>, request_id: &str) -> Response {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(refusal) if ask.path().starts_with("/v2/") => (refusal.status, refusal.v2()),
        Err(refusal) => (refusal.status, refusal.v1(request_id)),
    };
    // Stripe writes its JSON with line breaks, which makes it a third longer: budgets must hold for that.
    let bytes = serde_json::to_vec_pretty(&body).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    let version = ask.headers.get("stripe-version").cloned();
    headers.insert("stripe-version", version.unwrap_or(HeaderValue::from_static(VERSION)));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("request-id", id);
    }
    if let Some(account) = ask.headers.get("stripe-account") {
        headers.insert("stripe-account", account.clone());
    }
    response
}
