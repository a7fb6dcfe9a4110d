//! What the story is about: the most important break first.

use super::gather::Held;
use super::lines::is_of;
use crate::asked::Asked;
use crate::find_user::fit;
use crate::find_user::whose::nobody_asked;
use crate::page::counted;
use crate::sight::as_far_as_seen;
use crate::{App, Finding};
use prodview_providers::app::Part;
use prodview_providers::words::{Delivery, Payment, Person, WebhookEvent};
use prodview_providers::{Handle, HandleKind, Moment};
use std::collections::BTreeMap;

/// So many findings are told; the lines tell the rest.
const MOST: usize = 4;

/// Findings with their weight: the smaller, the more it matters.
type Weighed = (u8, Finding);

/// Everything noticed, most telling first.
pub(super) fn findings(
    app: &App,
    (who, people): (&Handle, &[Person]),
    held: &Held,
    (asked, since): (&Asked, Moment),
) -> Vec<Finding> {
    if people.is_empty() && held.is_empty() {
        return vec![if fit::anybody(asked) { fit::nobody(who, asked) } else { nobody_asked(app, who) }];
    }
    let mut all: Vec<Weighed> = Vec::new();
    let (kept_out, contradictions) = fit::of_people(app, people, asked);
    all.extend(kept_out.into_iter().map(|f| (12, f)));
    // Two customers explain a missing access only where the app looks at the wrong one.
    let weigh = |f: &Finding| if f.what.contains("active subscription is with") { 8 } else { 44 };
    all.extend(contradictions.into_iter().map(|f| (weigh(&f), f)));
    for payment in &held.payments {
        all.extend(not_taken(app, payment, held, asked));
        all.extend(money_back(payment, since));
        all.extend(behind(payment));
        all.extend(declined(payment, &held.payments));
    }
    all.extend(other_events(held));
    all.extend(failed_jobs(held));
    all.extend(errors(held, since));
    all.sort_by_key(|(weight, _)| *weight);
    let mut findings: Vec<Finding> = Vec::new();
    for (_, finding) in all {
        // What one finding rests on, a lesser one need not say again.
        let told = |f: &Finding| {
            !finding.evidence.is_empty() && finding.evidence.iter().all(|e| f.evidence.contains(e))
        };
        if !findings.iter().any(told) {
            findings.push(finding);
        }
    }
    findings.truncate(MOST);
    if findings.is_empty() {
        let what = if asked.whole() {
            format!("no break in what the sources tell of {} since {since}", who.id)
        } else {
            format!("what was seen of {} since {since} went well, but not everything was seen", who.id)
        };
        let seen = people.iter().map(|p| p.id.clone());
        findings.push(Finding::new(what).from(seen));
    }
    findings
}

/// The payment that most needs a look.
pub(super) fn worst_payment(held: &Held) -> Option<&str> {
    let trouble = |p: &&Payment| {
        events_of(p, held).any(is_broken)
            || !p.refunds.iter().all(|r| r.status.as_str() == "succeeded")
            || !p.disputes.is_empty()
            || p.attempts.first().is_some_and(|a| a.decline.is_some())
    };
    held.payments.iter().find(trouble).or(held.payments.first()).map(|p| p.id.as_str())
}

fn is_broken(event: &WebhookEvent) -> bool {
    event.delivery == Delivery::Undelivered || event.app.as_ref().is_some_and(|a| a.error.is_some())
}

fn concerns(event: &WebhookEvent, p: &Payment) -> bool {
    let Some(object) = event.object.as_ref().map(|o| o.as_str()) else { return false };
    let is = |id: &str| id == object;
    is(&p.id)
        || p.purpose.iter().any(|x| is(&x.id))
        || p.attempts.iter().any(|a| a.id.as_deref().is_some_and(is))
        || p.refunds.iter().any(|r| is(&r.id))
        || p.disputes.iter().any(|d| is(&d.id))
}

fn events_of<'a>(p: &'a Payment, held: &'a Held) -> impl Iterator<Item = &'a WebhookEvent> {
    held.events.iter().filter(move |event| concerns(event, p))
}

fn is_paid(p: &Payment) -> bool {
    matches!(p.status.as_str(), "succeeded" | "active" | "trialing" | "complete" | "paid")
}

fn amount(p: &Payment) -> String {
    p.amount.as_ref().map(|a| format!(" ({})", a.text)).unwrap_or_default()
}

/// It was paid, and the app was not told, or could not handle what it was told.
fn not_taken(app: &App, p: &Payment, held: &Held, asked: &Asked) -> Option<Weighed> {
    let broken: Vec<&WebhookEvent> = events_of(p, held).filter(|e| is_broken(e)).collect();
    let first = broken.last()?;
    let undelivered = broken.iter().filter(|e| e.delivery == Delivery::Undelivered).count();
    let failed = broken.iter().filter(|e| e.app.as_ref().is_some_and(|a| a.error.is_some())).count();
    let mut parts = Vec::new();
    if undelivered > 0 {
        parts.push(format!(
            "{} did not reach every endpoint",
            counted(undelivered, "event about it", "events about it")
        ));
    }
    if failed > 0 {
        parts.push(format!("the app wrote down an error for {}", counted(failed, "event", "events")));
    }
    let known = held.facts.iter().any(|fact| is_of(fact, p));
    // Only what was looked at to its end may be said not to be there.
    let tables: Vec<_> =
        app.sources.app().part(Part::Payments).filter(|t| t.field("user").is_some()).collect();
    let looked = !tables.is_empty() && tables.iter().all(|t| asked.answered_all(&t.source));
    if !known && looked {
        let names: Vec<&str> = tables.iter().map(|t| t.table.as_str()).collect();
        let sight = tables.iter().map(|t| as_far_as_seen(asked, &t.source)).find(|s| !s.is_empty());
        let sight = sight.unwrap_or_default();
        parts.push(format!("no row of theirs in {} names it{sight}", names.join(", ")));
    }
    let verb = if is_paid(p) {
        "was paid, and the app may not know"
    } else {
        "is not paid, and the app may not know"
    };
    let mut evidence = vec![p.id.clone()];
    evidence.extend(broken.iter().map(|e| e.id.clone()));
    evidence.extend(
        broken.iter().filter_map(|e| e.app.as_ref()).map(|a| a.row.clone()).filter(|r| !r.is_empty()),
    );
    evidence.truncate(6);
    let since = first.at.map(age).unwrap_or_default();
    let finding = Finding::new(format!("{}{} {verb}{since}: {}", p.id, amount(p), parts.join("; ")))
        .from(evidence)
        .action(
            "see what the endpoint answered, mend the handler, and resend the event from Stripe's Workbench",
        );
    let weight = match (is_paid(p), known) {
        (true, false) => 10,
        (true, true) => 24,
        (false, _) => 40,
    };
    Some((weight, finding))
}

/// Events about none of the payments that did not arrive or were not handled.
fn other_events(held: &Held) -> Option<Weighed> {
    let broken: Vec<&WebhookEvent> = held
        .events
        .iter()
        .filter(|e| is_broken(e) && !held.payments.iter().any(|p| concerns(e, p)))
        .collect();
    if broken.is_empty() {
        return None;
    }
    let what = counted(broken.len(), "other event", "other events");
    let finding = Finding::new(format!(
        "{what} of this person did not reach every endpoint, or the app wrote down an error"
    ));
    Some((42, finding.from(broken.iter().take(5).map(|e| e.id.clone()))))
}

/// Refunds that did not arrive, disputes that wait for an answer.
fn money_back(p: &Payment, since: Moment) -> Vec<Weighed> {
    let mut all = Vec::new();
    for refund in p.refunds.iter().filter(|r| r.at.is_none_or(|at| at >= since)) {
        let what = match refund.status.as_str() {
            "failed" | "canceled" => "did not arrive: the money is back in your balance",
            "pending" => "is still under way (cards take 5 to 10 days)",
            "requires_action" => "waits for the customer",
            _ => continue,
        };
        let finding = Finding::new(format!("refund {} of {} {what}", refund.id, refund.amount.text));
        all.push((18, finding.from([refund.id.clone()])));
    }
    for dispute in &p.disputes {
        let due = matches!(
            dispute.status.as_str(),
            "needs_response" | "warning_needs_response" | "appeal_needs_response"
        );
        if due {
            let by = dispute.respond_by.map(|m| format!(" by {m}")).unwrap_or_default();
            let finding = Finding::new(format!(
                "dispute {} over {} must be answered{by}",
                dispute.id, dispute.amount.text
            ))
            .from([dispute.id.clone(), p.id.clone()])
            .action("hand in evidence in Stripe's dashboard, or accept it");
            all.push((20, finding));
        }
    }
    all
}

/// A subscription that is not paid up.
fn behind(p: &Payment) -> Option<Weighed> {
    let subscription = Handle::read(&p.id).is_some_and(|h| h.kind == HandleKind::Subscription);
    let behind = matches!(p.status.as_str(), "past_due" | "unpaid" | "incomplete" | "paused");
    (subscription && behind)
        .then(|| (22, Finding::new(format!("{}: {}", p.id, p.meaning)).from([p.id.clone()])))
}

/// Its newest attempt failed and none succeeded. One that a later payment made good matters less.
fn declined(p: &Payment, all: &[Payment]) -> Option<Weighed> {
    if p.attempts.iter().any(|a| a.status.as_str() == "succeeded") {
        return None;
    }
    let decline = p.attempts.iter().find_map(|a| a.decline.as_ref())?;
    let failed = p.attempts.iter().filter(|a| a.decline.is_some()).count();
    let times = counted(failed, "time", "times");
    let later = all.iter().any(|other| {
        other.created > p.created && other.attempts.iter().any(|a| a.status.as_str() == "succeeded")
    });
    let finding = Finding::new(format!(
        "{}{} failed {times}, the last time because: {}",
        p.id,
        amount(p),
        decline.meaning
    ))
    .from([p.id.clone()].into_iter().chain(p.attempts.iter().filter_map(|a| a.id.clone()).take(3)))
    .action(&decline.action);
    Some((if later { 50 } else { 26 }, finding))
}

/// Background jobs of the app's that failed, and the payment ids that they name.
fn failed_jobs(held: &Held) -> Option<Weighed> {
    let failed: Vec<_> = held.facts.iter().filter(|f| f.is(Part::Jobs) && f.went_wrong()).collect();
    let first = failed.first()?;
    let names: Vec<&str> = first.names.iter().map(String::as_str).collect();
    let about = if names.is_empty() { String::new() } else { format!(" (it names {})", names.join(" and ")) };
    let refund = held.payments.iter().flat_map(|p| &p.refunds).find(|r| names.contains(&r.id.as_str()));
    let refund = refund.map(|r| match r.status.as_str() {
        "failed" | "canceled" => format!(", and the refund of {} did not arrive", r.amount.text),
        "pending" => format!(", and the refund of {} is still under way", r.amount.text),
        _ => String::new(),
    });
    let jobs = counted(failed.len(), "background job", "background jobs");
    let when = first.at.map(age).unwrap_or_default();
    let mut evidence: Vec<String> =
        failed.iter().take(3).map(|f| f.id.clone()).filter(|id| !id.is_empty()).collect();
    evidence.extend(first.names.iter().cloned());
    let finding = Finding::new(format!(
        "{jobs} of the app failed{when}, the newest in {} of {}{about}{}",
        first.table,
        first.source,
        refund.unwrap_or_default()
    ))
    .from(evidence)
    .action("read the job's error, settle what it was to do by hand, and mend it before it runs again");
    Some((16, finding))
}

/// What the person ran into.
fn errors(held: &Held, since: Moment) -> Option<Weighed> {
    let met: u64 = held.errors.iter().map(|e| e.count).sum();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for error in &held.errors {
        *kinds.entry(&error.id).or_default() += error.count;
    }
    let own = held.facts.iter().filter(|f| f.is(Part::Errors)).count();
    let mut parts = Vec::new();
    let most = kinds.iter().max_by_key(|(_, count)| **count);
    if let Some((id, count)) = most {
        let worst = if id.is_empty() { String::new() } else { format!(", most often {id} ({count})") };
        let (met, of) = (counted(met, "error", "errors"), counted(kinds.len(), "kind", "kinds"));
        parts.push(format!("they ran into {met} of {of}{worst}"));
    }
    if own > 0 {
        parts.push(format!(
            "the app wrote down {} about them",
            counted(own, "internal error", "internal errors")
        ));
    }
    if parts.is_empty() {
        return None;
    }
    let ids = most.into_iter().map(|(id, _)| (*id).to_owned());
    let ids = ids.chain(kinds.keys().map(|id| (*id).to_owned()));
    let rows = held.facts.iter().filter(|f| f.is(Part::Errors)).map(|f| f.id.clone());
    let evidence = ids.chain(rows).filter(|id| !id.is_empty()).take(4);
    Some((30, Finding::new(format!("{} since {since}", parts.join("; "))).from(evidence)))
}

fn age(at: Moment) -> String {
    let hours = at.seconds_until(Moment::now()) / 3_600;
    match hours {
        0 => " within the last hour".to_owned(),
        1..=47 => format!(", {hours} h ago"),
        _ => format!(", {} days ago", hours / 24),
    }
}
