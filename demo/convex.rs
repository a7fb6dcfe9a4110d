//! The company's Convex. (Still to come: it knows its callers and answers 404.)

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::gate::{Ask, Voice};
use crate::record::Verdict;
use crate::{Service, Shared};

pub(crate) struct Convex;

impl Voice for Convex {
    const SERVICE: Service = Service::Convex;

    fn router(_shared: Arc<Shared>) -> Router {
        Router::new().fallback(async || StatusCode::NOT_FOUND)
    }

    fn turn_away(_shared: &Shared, _ask: &Ask) -> Option<Response> {
        None
    }

    fn judge(_shared: &Shared, ask: &Ask) -> Verdict {
        if ask.is_get() { Verdict::Read } else { Verdict::Refused("it is not a GET") }
    }

    fn failure(_ask: &Ask, status: StatusCode, message: &str) -> Response {
        (status, axum::Json(json!({ "detail": message }))).into_response()
    }
}
