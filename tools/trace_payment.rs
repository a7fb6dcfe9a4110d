//! `trace_payment`: the chain from a payment to what the person got for it, and where it breaks first.

use crate::asked::Asked;
use crate::page::{Page, quoted};
use crate::sight::hidden;
use crate::{Answer, App, Needs, NextCall, Tool, ToolError};
use prodview_guard::Foreign;
use prodview_providers::capability::Capability;
use prodview_providers::words::Payment;
use prodview_providers::{Handle, HandleKind, Moment};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod errors;
mod find;
mod judge;
mod look;
mod report;
mod rows;

use look::Look;

/// The tool.
pub struct TracePayment;

/// Which payment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// pi_, ch_, in_, cs_, sub_, re_, dp_, evt_, or a dashboard URL.
    #[schemars(length(min = 1, max = 500))]
    id: Option<String>,
    /// Instead: whose newest payment. E-mail address, cus_, or the app's user id.
    #[schemars(length(min = 1, max = 500))]
    who: Option<String>,
}

/// The chain.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Traced>,
    chain: Vec<Link>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Near>,
}

/// The payment at the head of the chain.
#[derive(Serialize, JsonSchema)]
pub struct Traced {
    source: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    status: Foreign,
    live: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Link {
    link: &'static str,
    state: State,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Moment>,
    /// What was seen, or why it cannot be known.
    what: String,
    /// The application's own words about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<Foreign>,
}

/// Whether a link holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are the answer's own")]
pub enum State {
    Found,
    Missing,
    Contradicting,
    Unknowable,
}

/// An error near the payment, of its payer or about it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Near {
    source: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Moment>,
    title: Foreign,
}

impl Tool for TracePayment {
    const NAME: &'static str = "trace_payment";
    const TITLE: &'static str = "Where a payment's chain breaks";
    const ABOUT: &'static str = "Follows one payment through event, delivery, handler and the app's row to what was given for it, and says which link breaks first. \
        Use it for \"I paid and have nothing\".";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::Payments]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let which = which(&q)?;
        let mut asked = Asked::default();
        let found = find::payment(app, &mut asked, &which).await?;
        let Some(payment) = found.payment else {
            return Ok(without_payment(app, asked, &which, found.people).await);
        };
        let mut case = rows::gather(app, &mut asked, &payment, found.people).await;
        let mut verdict = judge::verdict(&case);
        if verdict.silent {
            // Delivered, and nothing was written down: did anybody want to be told?
            case.unheard = rows::unheard(app, &mut asked, &payment).await;
            verdict = judge::verdict(&case);
        }
        let errors = match verdict.broken() {
            true => errors::near(app, &mut asked, &case).await,
            false => Vec::new(),
        };
        let mut findings = report::findings(&case, &verdict, &errors);
        if matches!(which, Which::Who(_)) && !asked.answered_all(&payment.source) {
            let what = format!(
                "{} did not tell all: the person may have a newer payment than {}",
                payment.source, payment.id
            );
            findings.push(crate::Finding::new(what));
        }
        findings.extend(hidden(&asked).filter(|_| verdict.broken()));
        let next = next(app, &which, &payment, (&found.others, verdict.broken()));
        let facts = Facts { payment: Some(traced(&payment)), chain: verdict.links, errors };
        let mut answer = Answer::new(facts, asked);
        answer.findings = findings;
        answer.next = next;
        answer.cut = found.cut;
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        if let Some(p) = &facts.payment {
            let mode = if p.live { "" } else { " (test mode)" };
            let payer: Vec<String> =
                p.customer.iter().cloned().chain(p.email.iter().map(ToString::to_string)).collect();
            let amount = p.amount.as_deref().unwrap_or_default();
            page.line(
                format!("{} {amount} {}{mode} {}", p.id, p.status, payer.join(" ")).trim_end().to_owned(),
            );
        }
        for link in &facts.chain {
            let at = link.at.map(|at| format!("{at} ")).unwrap_or_default();
            let says = link.says.as_ref().map(|s| format!(": {}", quoted(s))).unwrap_or_default();
            let ids = if link.ids.is_empty() { String::new() } else { format!(" [{}]", link.ids.join(", ")) };
            let state = match link.state {
                State::Found => "found",
                State::Missing => "MISSING",
                State::Contradicting => "CONTRADICTING",
                State::Unknowable => "unknowable",
            };
            page.item(format!("{} {state}: {at}{}{says}{ids}", link.link, link.what));
        }
        for error in &facts.errors {
            let at = error.at.map(|at| format!("{at} ")).unwrap_or_default();
            page.item(format!("error near it: {at}{} {} ({})", error.id, quoted(&error.title), error.source));
        }
        if let Some(url) = facts.payment.as_ref().and_then(|p| p.url.as_ref()) {
            page.item(url.clone());
        }
    }
}

/// What is asked for: one payment, or whose.
#[derive(Debug, Clone)]
enum Which {
    Id(Handle),
    Who(Handle),
}

impl Which {
    fn handle(&self) -> &Handle {
        match self {
            Which::Id(handle) | Which::Who(handle) => handle,
        }
    }
}

fn which(q: &Question) -> Result<Which, ToolError> {
    use HandleKind::{
        Charge, CheckoutSession, Customer, Dispute, Email, Event, Invoice, Opaque, PaymentIntent, Refund,
        Row, Subscription,
    };
    let payment = |h: &Handle| {
        matches!(
            h.kind,
            PaymentIntent | Charge | CheckoutSession | Invoice | Subscription | Refund | Dispute | Event
        )
    };
    match (&q.id, &q.who) {
        (Some(id), None) => match Handle::read(id) {
            Some(handle) if payment(&handle) => Ok(Which::Id(handle)),
            Some(handle) if matches!(handle.kind, Email | Customer) => Ok(Which::Who(handle)),
            _ => Err(ToolError::malformed(
                "id",
                "should be the id of a payment (pi_, ch_, in_, cs_, sub_, re_, dp_, evt_) or a dashboard URL",
            )),
        },
        (None, Some(who)) => match Handle::read(who) {
            Some(handle) if payment(&handle) => Ok(Which::Id(handle)),
            Some(handle) if matches!(handle.kind, Email | Customer | Row | Opaque) => Ok(Which::Who(handle)),
            Some(handle) if matches!(handle.kind, HandleKind::ErrorGroup | HandleKind::ErrorEvent) => {
                Ok(Which::Who(Handle { provider: None, kind: Opaque, ..handle }))
            }
            _ => Err(ToolError::malformed("who", "should be an e-mail address, cus_…, or the app's user id")),
        },
        (None, None) => Err(ToolError::malformed("arguments", "need `id` or `who`: one of the two")),
        (Some(_), Some(_)) => Err(ToolError::malformed("who", "cannot be given beside `id`: one of the two")),
    }
}

fn traced(p: &Payment) -> Traced {
    Traced {
        source: p.source.clone(),
        id: p.id.clone(),
        amount: p.amount.as_ref().map(|a| a.text.clone()),
        status: p.status.clone(),
        live: p.live,
        customer: p.customer.clone(),
        email: p.email.clone(),
        url: p.url.clone(),
    }
}

/// No payment could be had: what the application itself wrote down is all there is.
async fn without_payment(
    app: &App,
    mut asked: Asked,
    which: &Which,
    people: Look<Vec<prodview_providers::words::Person>>,
) -> Answer<Facts> {
    let rows = rows::without_payment(app, &mut asked, which, &people).await;
    let (chain, findings) = report::without_payment(which.handle(), &asked, rows);
    let mut answer = Answer::new(Facts { payment: None, chain, errors: Vec::new() }, asked);
    answer.findings = findings;
    if let Which::Who(who) = which
        && !app.sources.users().is_empty()
    {
        answer.next.push(NextCall::new("find_user", "who", &who.id, "who they are in every system"));
    }
    answer
}

fn next(app: &App, which: &Which, payment: &Payment, (others, broken): (&[Payment], bool)) -> Vec<NextCall> {
    let mut next = Vec::new();
    let asked = which.handle();
    for other in others.iter().take(if broken { 1 } else { 2 }) {
        let at = other.created.map(|at| format!(" of {at}")).unwrap_or_default();
        let count = others.len();
        let why = format!("another payment of the same payer{at} ({count} more in all)");
        next.push(NextCall::new("trace_payment", "id", &other.id, &why));
    }
    next.push(NextCall::new(
        "payment_intent_status",
        "id",
        &payment.id,
        "its attempts, refunds and all its events",
    ));
    let person = payment.email.as_ref().and_then(|e| Handle::read(e.as_str())).map(|h| h.id);
    if let Some(person) = person.or(payment.customer.clone()).filter(|p| *p != asked.id)
        && !app.sources.users().is_empty()
    {
        next.push(NextCall::new("find_user", "who", &person, "who they are in every system"));
    }
    next
}
