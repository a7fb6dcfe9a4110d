//! The second version of the API: event destinations, and thin events that can be asked for by their object.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::asked::Asked;
use super::refusal::Refusal;
use super::shape::{fact, kind};
use super::shelf::{Desk, id};
use axum::http::StatusCode;

/// Answers what stands below `/v2/`.
pub(super) fn answer(desk: &Desk<'_>, segments: &[&str], asked: &Asked) -> Result<Value, Refusal> {
    match segments {
        ["core", "events"] => {
            desk.may("rak_event_read")?;
            events(desk, asked)
        }
        ["core", "events", wanted] => {
            desk.may("rak_event_read")?;
            let found = desk.all("event").find(|event| thin_id(event) == *wanted);
            found.map(|event| thin(event, desk.live)).ok_or_else(|| not_found(wanted))
        }
        ["core", "event_destinations"] => {
            desk.may("rak_webhook_read")?;
            asked.only(&["limit", "page", "include[]"], &[])?;
            let rows = desk
                .all("webhook_endpoint")
                .map(|endpoint| destination(endpoint, desk.live, asked))
                .collect();
            page(rows, asked, "/v2/core/event_destinations?")
        }
        ["core", "event_destinations", wanted] => {
            desk.may("rak_webhook_read")?;
            asked.only(&["include[]"], &[])?;
            let found = desk.all("webhook_endpoint").find(|endpoint| destination_id(endpoint) == *wanted);
            found.map(|endpoint| destination(endpoint, desk.live, asked)).ok_or_else(|| not_found(wanted))
        }
        _ => Err(Refusal::new(StatusCode::NOT_FOUND, "The requested path does not exist.".into())),
    }
}

fn events(desk: &Desk<'_>, asked: &Asked) -> Result<Value, Refusal> {
    asked.only(&["limit", "page", "object_id", "types[]"], &["created"])?;
    let since = |bound: &str| asked.below("created").find(|(name, _)| *name == bound);
    let time = |bound: &str| since(bound).and_then(|(_, text)| text.parse::<Timestamp>().ok());
    let (from, after) = (time("gte"), time("gt"));
    let (to, before) = (time("lte"), time("lt"));
    let rows = desk.all("event").filter(|event| {
        let at = moment(event, "created");
        let about = event.pointer("/data/object/id").and_then(Value::as_str);
        asked.one("object_id").is_none_or(|wanted| about == Some(wanted))
            && (asked.one("types[]").is_none()
                || asked.all("types[]").any(|wanted| wanted == thin_type(event)))
            && from.is_none_or(|from| at >= from)
            && after.is_none_or(|after| at > after)
            && to.is_none_or(|to| at <= to)
            && before.is_none_or(|before| at < before)
    });
    let filter = asked.one("object_id").map_or_else(String::new, |id| format!("object_id={id}&"));
    page(rows.map(|event| thin(event, desk.live)).collect(), asked, &format!("/v2/core/events?{filter}"))
}

fn page(rows: Vec<Value>, asked: &Asked, url: &str) -> Result<Value, Refusal> {
    let limit = if asked.one("limit").is_some() { asked.limit()? } else { 20 };
    let from = asked.one("page").and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
    let from =
        from.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse::<usize>().ok());
    let from = from.unwrap_or(0);
    let link =
        |place: usize| format!("{url}limit={limit}&page={}", URL_SAFE_NO_PAD.encode(place.to_string()));
    let next = (from + limit < rows.len()).then(|| link(from + limit));
    let previous = (from > 0).then(|| link(from.saturating_sub(limit)));
    let data: Vec<Value> = rows.into_iter().skip(from).take(limit).collect();
    Ok(json!({ "data": data, "next_page_url": next, "previous_page_url": previous }))
}

/// A thin event says what happened to which object, and not how the object looked.
fn thin(event: &Value, live: bool) -> Value {
    let object = event.pointer("/data/object").cloned().unwrap_or_default();
    let (about, kind) = (id(&object).unwrap_or_default(), kind(&object).unwrap_or_default());
    let path = super::kinds::of(kind).map_or(kind, |kind| kind.path);
    let request = event.get("request").filter(|request| request.get("id").is_some_and(|id| !id.is_null()));
    json!({
        "id": thin_id(event), "object": "v2.core.event", "type": thin_type(event),
        "created": moment(event, "created").to_string(), "livemode": live,
        "reason": request.map(|request| json!({ "type": "request", "request": request })),
        "related_object": { "id": about, "type": kind, "url": format!("/v1/{path}/{about}") },
        "snapshot_event": id(event),
    })
}

fn thin_id(event: &Value) -> String {
    format!("evt_6{}", id(event).unwrap_or_default().trim_start_matches("evt_1"))
}

fn thin_type(event: &Value) -> String {
    format!("v1.{}", event.get("type").and_then(Value::as_str).unwrap_or_default())
}

fn destination(endpoint: &Value, live: bool, asked: &Asked) -> Value {
    let disabled = fact(endpoint, "/status").and_then(Value::as_str) == Some("disabled");
    let created = moment(endpoint, "created").to_string();
    // The address is a secret of a kind: it is shown only when asked for.
    let shown = asked.all("include[]").any(|name| name == "webhook_endpoint.url");
    json!({
        "id": destination_id(endpoint), "object": "v2.core.event_destination", "created": created, "updated": created,
        "description": endpoint.get("description"), "enabled_events": endpoint.get("enabled_events"),
        "event_payload": "snapshot", "events_from": ["self"], "livemode": live, "metadata": {},
        "name": endpoint.get("description"), "snapshot_api_version": "2026-10-28.endive",
        "status": if disabled { "disabled" } else { "enabled" },
        "status_details": disabled.then(|| json!({ "disabled": { "reason": "user" } })), "type": "webhook_endpoint",
        "webhook_endpoint": { "signing_secret": null, "url": shown.then(|| endpoint.get("url")) },
    })
}

fn destination_id(endpoint: &Value) -> String {
    format!("ed_{}", id(endpoint).unwrap_or_default().trim_start_matches("we_"))
}

fn moment(object: &Value, field: &str) -> Timestamp {
    let seconds = object.get(field).and_then(Value::as_i64).unwrap_or_default();
    Timestamp::from_second(seconds).unwrap_or_default()
}

fn not_found(id: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("The requested object '{id}' was not found."))
}
