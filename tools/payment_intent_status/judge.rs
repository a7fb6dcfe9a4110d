//! What is noticed about payments: the one sentence that answers the question, and what is wrong besides.

use crate::Finding;
use crate::page::counted;
use prodview_providers::words::{Delivery, Payment};
use prodview_providers::{Handle, HandleKind, Moment};

/// Everything noticed, most telling first. None found is only said to be none when every source was asked to the end.
pub(super) fn findings(which: &Handle, payments: &[Payment], whole: bool) -> Vec<Finding> {
    if payments.is_empty() {
        let certainty =
            if whole { "no payment is known" } else { "no payment seen, but not everything was seen:" };
        return vec![Finding::new(format!("{certainty} of {}", which.id))];
    }
    let mut findings = Vec::new();
    let several = payments.len() > 1;
    for payment in payments {
        // One by itself is told by its meaning.
        findings.extend(past_due(payment).filter(|_| several));
        findings.extend(declined(payment, several));
        findings.extend(not_told(payment));
        findings.extend(money_back(payment));
        if !payment.live && !several {
            findings.push(
                Finding::new(format!("{} is a payment in test mode: no money moved", payment.id))
                    .from([payment.id.clone()]),
            );
        }
    }
    if let [only] = payments {
        findings.insert(0, Finding::new(format!("{}: {}", only.id, only.meaning)).from([only.id.clone()]));
    } else if findings.is_empty() {
        let all = counted(payments.len(), "payment", "payments");
        let of = if which.kind == HandleKind::Email { format!(" of {}", which.id) } else { String::new() };
        findings.push(
            Finding::new(format!("{all}{of}, and nothing wrong with them"))
                .from(payments.iter().map(|p| p.id.clone())),
        );
    }
    findings
}

/// A subscription that is not paid up.
fn past_due(p: &Payment) -> Option<Finding> {
    let behind = Handle::read(&p.id).is_some_and(|h| h.kind == HandleKind::Subscription)
        && matches!(p.status.as_str(), "past_due" | "unpaid" | "incomplete");
    behind.then(|| Finding::new(format!("{}: {}", p.id, p.meaning)).from([p.id.clone()]))
}

/// Its newest attempt failed and none succeeded. Of several payments only the newest attempt of each is known.
fn declined(p: &Payment, several: bool) -> Option<Finding> {
    if p.attempts.iter().any(|a| a.status.as_str() == "succeeded") {
        return None;
    }
    let (attempt, decline) = p.attempts.iter().find_map(|a| Some((a, a.decline.as_ref()?)))?;
    let evidence = attempt.id.clone().unwrap_or_else(|| p.id.clone());
    let what = if several {
        format!("the last attempt at {} failed because: {}", p.id, decline.meaning)
    } else {
        let failed = p.attempts.iter().filter(|a| a.decline.is_some()).count();
        let times = counted(failed, "time", "times");
        format!("{} failed {times}, the last time because: {}", p.id, decline.meaning)
    };
    Some(Finding::new(what).from([evidence]).action(&decline.action))
}

/// It was paid, and the app was not told, or could not handle what it was told.
fn not_told(p: &Payment) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ids = |events: &[&prodview_providers::words::WebhookEvent]| -> Vec<String> {
        events.iter().map(|e| e.id.clone()).collect()
    };
    let undelivered: Vec<_> = p.events.iter().filter(|e| e.delivery == Delivery::Undelivered).collect();
    if !undelivered.is_empty() {
        let oldest = undelivered.iter().filter_map(|e| e.at).min().map(age).unwrap_or_default();
        findings.push(
            Finding::new(format!(
                "{} about {} did not reach every endpoint{oldest}: the app may not know of it",
                counted(undelivered.len(), "event", "events"),
                p.id
            ))
            .from(ids(&undelivered))
            .action("open the event in Stripe's Workbench, see what the endpoint answered, mend it, and resend the event there"),
        );
    }
    let failed: Vec<_> =
        p.events.iter().filter(|e| e.app.as_ref().is_some_and(|a| a.error.is_some())).collect();
    if !failed.is_empty() {
        let mut evidence = ids(&failed);
        evidence.extend(failed.iter().filter_map(|e| e.app.as_ref()).map(|a| a.row.clone()));
        findings.push(
            Finding::new(format!(
                "the app took {} about {} and wrote down an error",
                counted(failed.len(), "event", "events"),
                p.id
            ))
            .from(evidence)
            .action("read the error, mend the handler, and resend the event from Stripe's Workbench"),
        );
    }
    findings
}

/// Refunds that did not arrive, disputes that wait for an answer.
fn money_back(p: &Payment) -> Vec<Finding> {
    let mut findings = Vec::new();
    for refund in &p.refunds {
        let what = match refund.status.as_str() {
            "failed" | "canceled" => "did not arrive: the money is back in your balance",
            "pending" => "is still under way (cards take 5 to 10 days)",
            "requires_action" => "waits for the customer",
            _ => continue,
        };
        findings.push(
            Finding::new(format!("refund {} of {} {what}", refund.id, refund.amount.text))
                .from([refund.id.clone()]),
        );
    }
    for dispute in &p.disputes {
        if matches!(
            dispute.status.as_str(),
            "needs_response" | "warning_needs_response" | "appeal_needs_response"
        ) {
            let by = dispute.respond_by.map(|m| format!(" by {m}")).unwrap_or_default();
            findings.push(
                Finding::new(format!(
                    "dispute {} over {} must be answered{by}",
                    dispute.id, dispute.amount.text
                ))
                .from([dispute.id.clone()])
                .action("hand in evidence in Stripe's dashboard, or accept it"),
            );
        }
    }
    findings
}

fn age(at: Moment) -> String {
    let hours = at.seconds_until(Moment::now()) / 3_600;
    match hours {
        0 => " within the last hour".to_owned(),
        1..=47 => format!(", {hours} h ago"),
        _ => format!(", {} days ago", hours / 24),
    }
}
