//! `payment_intent_status`: what became of a payment, from whichever end it is asked for.

use crate::app_records::recorded;
use crate::asked::{Asked, ask_all};
use crate::cursor::together;
use crate::page::{Page, counted, quoted};
use crate::{Answer, App, Needs, NextCall, Tool, ToolError};
use prodview_providers::capability::Capability;
use prodview_providers::words::{Delivery, Payment};
use prodview_providers::{Handle, HandleKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod judge;

/// The tool.
pub struct PaymentIntentStatus;

/// Which payment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// pi_, ch_, py_, in_, cs_, sub_, re_, dp_/du_, cus_, an e-mail address, or a dashboard URL.
    #[schemars(length(min = 1, max = 500))]
    id: String,
}

/// The payments.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    payments: Vec<Payment>,
}

/// How many payments of one customer are shown.
const MOST: usize = 5;

impl Tool for PaymentIntentStatus {
    const NAME: &'static str = "payment_intent_status";
    const TITLE: &'static str = "What became of a payment";
    const ABOUT: &'static str = "What became of a payment: every attempt with its decline code explained, refunds, disputes, what it was for, and whether its webhooks arrived. \
        Use it for \"I paid\", \"my card was declined\", \"where is my refund\".";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::Payments]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let which = Handle::read(&q.id).filter(|h| is_payment(h.kind)).ok_or_else(|| {
            ToolError::malformed("id", "should be the id of a payment (pi_, ch_, in_, cs_, sub_, re_, dp_, cus_), an e-mail address, or a dashboard URL")
        })?;
        let mut asked = Asked::default();
        let found = ask_all(&mut asked, app.sources.payments(), |able| {
            let which = &which;
            async move { able.can.payments(which, MOST).await }
        })
        .await;
        // A customer or an address without payments is an answer; an id that nobody has is not.
        let unknown = found.is_empty() && asked.failures().is_empty();
        let (mut payments, cut) = together(found, "payments");
        if unknown {
            let told: Vec<&str> = asked.reports().iter().flat_map(|r| &r.notes).map(String::as_str).collect();
            let why = if told.is_empty() {
                "is it of another account, or of test mode?".to_owned()
            } else {
                told.join("; ")
            };
            return Err(ToolError::NotFound(format!("no payment has the id {}; {why}", which.id)));
        }
        recorded(app, &mut asked, payments.iter_mut().flat_map(|p| &mut p.events).collect()).await;
        let mut answer = Answer::new(Facts { payments }, asked);
        answer.cut = cut;
        answer.findings = judge::findings(&which, &answer.facts.payments, answer.asked.whole());
        explain_once(&mut answer.facts.payments);
        answer.next = next(app, &which, &answer.facts.payments);
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        for payment in &facts.payments {
            tell_payment(payment, page);
        }
    }
}

fn is_payment(kind: HandleKind) -> bool {
    use HandleKind::{
        Charge, CheckoutSession, Customer, Dispute, Email, Invoice, PaymentIntent, Refund, Subscription,
    };
    matches!(
        kind,
        PaymentIntent
            | Charge
            | CheckoutSession
            | Invoice
            | Subscription
            | Refund
            | Dispute
            | Customer
            | Email
    )
}

/// Five declines for one reason need one explanation.
fn explain_once(payments: &mut [Payment]) {
    let mut explained = Vec::new();
    for decline in payments.iter_mut().flat_map(|p| &mut p.attempts).filter_map(|a| a.decline.as_mut()) {
        if explained.contains(&decline.code) {
            decline.meaning.clear();
            decline.who_can_act.clear();
            decline.action.clear();
        } else {
            explained.push(decline.code.clone());
        }
    }
}

fn tell_payment(p: &Payment, page: &mut Page) {
    let amount = p.amount.as_ref().map(|a| format!(" {}", a.text)).unwrap_or_default();
    let mode = if p.live { "" } else { " (test mode)" };
    let at = p.created.map(|m| format!(" {m}")).unwrap_or_default();
    page.line(format!("{} {}{amount}{at}{mode}: {}", p.id, p.status, p.meaning));
    let payer: Vec<String> =
        p.customer.iter().cloned().chain(p.email.iter().map(ToString::to_string)).collect();
    if !payer.is_empty() {
        page.item(format!("payer {}", payer.join(" ")));
    }
    if let Some(received) = &p.received {
        page.item(format!("received {}", received.text));
    }
    if let Some(description) = &p.description {
        page.item(quoted(description));
    }
    for attempt in &p.attempts {
        let at = attempt.at.map(|m| format!("{m} ")).unwrap_or_default();
        let id = attempt.id.as_deref().unwrap_or("(no charge)");
        let method = attempt.method.as_ref().map(|m| format!(" {m}")).unwrap_or_default();
        page.item(format!("{at}attempt {id}{method}: {}", attempt.status));
        if let Some(d) = &attempt.decline {
            page.deeper(
                2,
                match d.meaning.as_str() {
                    "" => d.code.to_string(),
                    meaning => format!("{}: {meaning} Who can act: {}. {}", d.code, d.who_can_act, d.action),
                },
            );
        }
    }
    for refund in &p.refunds {
        let reason = refund.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        page.item(format!("refund {} {} {}{reason}", refund.id, refund.amount.text, refund.status));
    }
    for dispute in &p.disputes {
        let by = dispute.respond_by.map(|m| format!(", answer by {m}")).unwrap_or_default();
        let reason = dispute.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        page.item(format!("dispute {} {} {}{reason}{by}", dispute.id, dispute.amount.text, dispute.status));
    }
    for purpose in &p.purpose {
        let facts: Vec<String> =
            purpose.status.iter().chain(&purpose.facts).map(ToString::to_string).collect();
        let metadata: Vec<String> = purpose.metadata.iter().map(|(k, v)| format!("{k}={v}")).collect();
        page.item(
            format!("for {} {}: {} {}", purpose.kind, purpose.id, facts.join(", "), metadata.join(" "))
                .trim_end()
                .to_owned(),
        );
    }
    if !p.metadata.is_empty() {
        let pairs: Vec<String> = p.metadata.iter().map(|(k, v)| format!("{k}={v}")).collect();
        page.item(format!("metadata {}", pairs.join(" ")));
    }
    for event in &p.events {
        let app = match &event.app {
            Some(app) => {
                let error = app.error.as_ref().map(|e| format!(": {}", quoted(e))).unwrap_or_default();
                let status =
                    app.status.as_ref().map(ToString::to_string).unwrap_or_else(|| "recorded".to_owned());
                format!("; the app wrote down: {status}{error}")
            }
            None => String::new(),
        };
        let at = event.at.map(|m| format!("{m} ")).unwrap_or_default();
        page.item(format!("{at}{} {} {}{app}", event.id, event.kind, delivery_word(event.delivery)));
    }
    if let Some(url) = &p.url {
        page.item(url.clone());
    }
}

/// How a delivery reads.
pub(crate) fn delivery_word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Delivered => "delivered",
        Delivery::Undelivered => "NOT delivered to every endpoint",
        Delivery::Unknown => "delivery unknown",
    }
}

fn next(app: &App, which: &Handle, payments: &[Payment]) -> Vec<NextCall> {
    let mut next = Vec::new();
    let Some(first) = payments.first() else { return next };
    if payments.len() > 1 && first.id != which.id {
        let why = format!("the newest of {} in full", counted(payments.len(), "payment", "payments"));
        next.push(NextCall::new("payment_intent_status", "id", &first.id, &why));
    }
    if payments.iter().flat_map(|p| &p.events).any(|e| e.delivery == Delivery::Undelivered) {
        next.push(NextCall::new(
            "webhook_deliveries",
            "object",
            &first.id,
            "which endpoint wants its events",
        ));
    }
    let person = first
        .email
        .as_ref()
        .and_then(|e| Handle::read(e.as_str()))
        .map(|h| h.id)
        .or_else(|| first.customer.clone());
    if let Some(person) = person.filter(|p| *p != which.id) {
        if !app.sources.users().is_empty() {
            next.push(NextCall::new("find_user", "who", &person, "who they are in every system"));
        }
        if !app.sources.errors().is_empty() && person.contains('@') {
            next.push(NextCall::new("list_errors", "user", &person, "what they ran into"));
        }
    }
    next
}
