//! Who may ask: the token, and the scopes that each question needs.

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::reply::Problem;
use crate::Shared;
use crate::gate::Ask;

/// What a careful operator gives an internal integration.
const READING: &[&str] =
    &["alerts:read", "event:read", "member:read", "org:read", "project:read", "team:read"];

pub(super) fn turn_away(shared: &Shared, ask: &Ask) -> Option<Response> {
    let token = ask.header("authorization").and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let detail = match token {
        Some(token) if token == shared.keys.sentry => return None,
        Some(_) => "Invalid token",
        None => "Authentication credentials were not provided.",
    };
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("xBasic realm=\"api\""));
    Some(response)
}

/// The token's scopes, in order. A test may take some away or add some.
pub(super) fn scopes(shared: &Shared) -> Vec<String> {
    let reading = READING.iter().map(|scope| (*scope).to_owned());
    // Permissions of the other services have no colon in the middle: `ViewLogs`, `rak_charge_read`.
    let granted = shared.granted().into_iter().filter(|scope| scope.contains(':'));
    let mut scopes: Vec<String> = reading.chain(granted).filter(|scope| !shared.is_denied(scope)).collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

/// Whether the token has one of these scopes; each also comes with the right to write, and as `…:admin`.
pub(super) fn permit(shared: &Shared, kinds: &[&str]) -> Result<(), Problem> {
    let scopes = scopes(shared);
    let fits = |kind: &str| scopes.iter().any(|scope| scope.split(':').next() == Some(kind));
    if kinds.iter().any(|kind| fits(kind)) { Ok(()) } else { Err(Problem::forbidden()) }
}
