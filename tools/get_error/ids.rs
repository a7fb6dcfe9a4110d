//! The ids that an event mentions, each with the tool that knows more about it.

use crate::{App, NextCall};
use prodview_providers::words::ErrorEvent;
use prodview_providers::{Handle, HandleKind};
use schemars::JsonSchema;
use serde::Serialize;

/// An id found in an event. It passed the check of its shape; whether it is real, only a look-up tells.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundId {
    kind: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<&'static str>,
    #[serde(skip)]
    key: &'static str,
}

impl FoundId {
    pub(super) fn kind(&self) -> &str {
        self.kind
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The call that tells more about it.
    pub(super) fn call(&self) -> Option<NextCall> {
        self.ask.map(|tool| NextCall::new(tool, self.key, &self.id, "it is named in this error"))
    }
}

/// How many ids are listed.
const MOST: usize = 12;

/// The ids in an event, payments first, then people, then the rest.
pub(super) fn in_event(app: &App, event: &ErrorEvent) -> Vec<FoundId> {
    let mut found: Vec<(u8, FoundId)> = Vec::new();
    let mut take = |rank: u8, id: FoundId| {
        if !found.iter().any(|(_, f)| f.id == id.id) {
            found.push((rank, id));
        }
    };
    let payments = !app.sources.payments().is_empty();
    let users = !app.sources.users().is_empty();
    if let Some(user) = &event.user {
        for text in [&user.email, &user.id].into_iter().flatten() {
            if let Some(handle) = Handle::read(text.as_str()) {
                let kind = if handle.kind == HandleKind::Email { "e-mail" } else { "user id" };
                take(2, FoundId { kind, id: handle.id, ask: users.then_some("find_user"), key: "who" });
            }
        }
    }
    for text in texts(event) {
        for word in
            text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | '.' | '+')))
        {
            let word = word.trim_matches(|c| matches!(c, '.' | '-' | '+' | '_'));
            let Some(handle) = (word.len() >= 6).then(|| Handle::read(word)).flatten() else { continue };
            let (rank, kind, ask, key) = match handle.kind {
                HandleKind::PaymentIntent | HandleKind::Charge | HandleKind::CheckoutSession => {
                    (0, "payment", payments.then_some("payment_intent_status"), "id")
                }
                HandleKind::Invoice | HandleKind::Subscription | HandleKind::Refund | HandleKind::Dispute => {
                    (1, "payment", payments.then_some("payment_intent_status"), "id")
                }
                HandleKind::Customer => (1, "customer", users.then_some("find_user"), "who"),
                HandleKind::Email => (2, "e-mail", users.then_some("find_user"), "who"),
                HandleKind::Event => (
                    3,
                    "webhook event",
                    (!app.sources.webhooks().is_empty()).then_some("webhook_deliveries"),
                    "object",
                ),
                _ if word.starts_with("req_") => (4, "request", None, ""),
                _ => continue,
            };
            take(rank, FoundId { kind, id: handle.id, ask, key });
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, id)| id).take(MOST).collect()
}

fn texts(event: &ErrorEvent) -> impl Iterator<Item = &str> {
    let values = event.exceptions.iter().filter_map(|e| e.value.as_ref());
    event
        .message
        .iter()
        .chain(values)
        .chain(event.tags.values())
        .chain(event.context.values())
        .chain(event.breadcrumbs.iter().map(|b| &b.what))
        .chain(event.request.iter())
        .map(|text| text.as_str())
}
