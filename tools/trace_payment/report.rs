//! What was judged, said so that the first line is the answer.

use super::judge::{Break, Case, Verdict};
use super::look::Look;
use super::{Link, Near, State};
use crate::Finding;
use crate::asked::Asked;
use prodview_providers::app_tables::AppPayment;
use prodview_providers::words::PaidState;
use prodview_providers::{Handle, Moment};

/// The finding, and beside it what else is worth saying.
pub(super) fn findings(case: &Case<'_>, verdict: &Verdict, errors: &[Near]) -> Vec<Finding> {
    let mut findings = vec![first(case, verdict)];
    findings.extend(
        verdict.breaks.iter().skip(1).filter(|b| b.action.is_some() && speaks_for_itself(b)).map(told),
    );
    findings.extend(two_people(case, verdict));
    if !errors.is_empty() && verdict.broken() {
        let what = match errors.len() {
            1 => "an error near it, of its payer or about it".to_owned(),
            n => format!("{n} errors near it, of its payer or about it"),
        };
        let ids = errors.iter().map(|e| e.id.clone()).filter(|id| !id.is_empty());
        findings.push(Finding::new(what).from(ids.take(4)));
    }
    if !case.payment.live {
        findings.push(Finding::new(format!("{} is of test mode: no money moved", case.payment.id)));
    }
    findings
}

/// A later break that the first one does not explain.
fn speaks_for_itself(b: &Break) -> bool {
    b.link == "row" && !b.what.starts_with("the app has no row") || b.what.contains("but what was given")
}

fn told(b: &Break) -> Finding {
    let finding = Finding::new(b.what.clone()).from(b.evidence.clone());
    b.action.map_or(finding.clone(), |action| finding.action(action))
}

fn first(case: &Case<'_>, verdict: &Verdict) -> Finding {
    let p = case.payment;
    let amount = case.paid.amount.as_ref().map(|a| format!(" ({})", a.text)).unwrap_or_default();
    let head = format!("{}{amount}", p.id);
    if verdict.ended {
        return ended(case, verdict, &head);
    }
    let when = case.paid.at.map(|at| format!(", paid {at},")).unwrap_or_default();
    let notice = notice(case);
    if let Some((broken, rest)) = verdict.breaks.split_first() {
        let mut what = format!("{head}{when} breaks at the {}: {}", broken.link, broken.what);
        let stranger = two_people(case, verdict).map(|f| f.what);
        let also: Vec<&str> = rest.iter().map(|b| b.what.as_str()).chain(stranger.as_deref()).collect();
        if !also.is_empty() {
            what.push_str(&format!("; further on: {}", also.join("; ")));
        }
        if let Some((notice, _)) = &notice {
            what.push_str(&format!("; besides, {notice}"));
        }
        let mut evidence = broken.evidence.clone();
        evidence.extend(rest.iter().flat_map(|b| b.evidence.clone()));
        let finding = Finding::new(what).from([p.id.clone()]).from(evidence);
        return match broken.action.or(rest.iter().find_map(|b| b.action)) {
            Some(action) => finding.action(action),
            None => finding,
        };
    }
    let unknown: Vec<&Link> = verdict.links.iter().filter(|l| l.state == State::Unknowable).collect();
    let chain = match unknown.as_slice() {
        [] => "the chain is whole, from the payment to what was given for it".to_owned(),
        some => {
            let each: Vec<String> = some.iter().map(|l| format!("{} ({})", l.link, l.what)).collect();
            format!("no break is seen, but not everything can be known: {}", each.join(", "))
        }
    };
    match notice {
        Some((notice, ids)) => Finding::new(format!("{head}{when} {notice}; {chain}")).from(ids),
        None => Finding::new(format!("{head}{when} {chain}").replace(", the chain", ": the chain"))
            .from([p.id.clone()]),
    }
}

/// It was not paid: then nothing further on is missing.
fn ended(case: &Case<'_>, verdict: &Verdict, head: &str) -> Finding {
    let p = case.payment;
    let decline = p.attempts.iter().find_map(|a| Some((a.id.clone(), a.decline.as_ref()?)));
    let mut evidence = vec![p.id.clone()];
    let (why, action) = match &decline {
        Some((charge, decline)) if case.paid.state == PaidState::Unpaid => {
            evidence.extend(charge.clone());
            (format!("was not paid: {}", decline.meaning.trim_end_matches('.')), Some(decline.action.clone()))
        }
        _ => (format!("is not paid: {}", lower(p.meaning.trim_end_matches('.'))), None),
    };
    let bill = p.purpose.iter().find(|x| x.kind == "subscription");
    let bill = bill.map(|x| format!(", and {} waits for it", x.id)).unwrap_or_default();
    evidence.extend(p.purpose.iter().filter(|x| x.kind != "checkout_session").map(|x| x.id.clone()));
    let end = match verdict.breaks.first() {
        Some(broken) => {
            evidence.extend(broken.evidence.clone());
            format!("; and yet {}", broken.what)
        }
        None => "; the chain ends here, and nothing further on is due".to_owned(),
    };
    let finding = Finding::new(format!("{head} {why}{bill}{end}")).from(evidence);
    match action.filter(|a| !a.is_empty()) {
        Some(action) => finding.action(action),
        None => finding,
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What became of the money since: disputes and refunds.
fn notice(case: &Case<'_>) -> Option<(String, Vec<String>)> {
    let p = case.payment;
    let due = |s: &str| matches!(s, "needs_response" | "warning_needs_response" | "appeal_needs_response");
    if let Some(d) = p.disputes.iter().find(|d| due(d.status.as_str())) {
        let by = d.respond_by.map(|at| format!(" by {at}")).unwrap_or_default();
        let what = format!("was taken back by the payer's bank: dispute {} must be answered{by}", d.id);
        return Some((what, vec![p.id.clone(), d.id.clone()]));
    }
    if let Some(d) = p.disputes.first() {
        return Some((format!("was disputed ({})", d.id), vec![p.id.clone(), d.id.clone()]));
    }
    let waits = p.refunds.iter().find(|r| matches!(r.status.as_str(), "pending" | "requires_action"))?;
    let since = waits.at.map(|at| format!(", begun {at}")).unwrap_or_default();
    let what = format!("is being refunded: {} of {} is still on its way{since}", waits.id, waits.amount.text);
    Some((what, vec![p.id.clone(), waits.id.clone()]))
}

/// The payer's customer is linked to nobody: a common reason why a handler does not know for whom it works.
fn two_people(case: &Case<'_>, verdict: &Verdict) -> Option<Finding> {
    let customer = case.paid.customer.as_deref().and_then(super::judge::plain_id)?;
    let lost = verdict.broken() && !verdict.ended && case.owners.gap.is_none() && case.own_rows_none();
    let linked = case.owners.seen.iter().any(|p| p.links.values().any(|id| id.as_str() == customer));
    (lost && !linked).then(|| {
        Finding::new(format!("no user of the app is linked with the customer {customer} that paid"))
            .from([customer])
            .action("look for the payer's other customer with find_user, and link the app's user with the one that paid")
    })
}

/// Without a payment, only what the application wrote down can be told.
pub(super) fn without_payment(
    which: &Handle,
    asked: &Asked,
    rows: Look<Vec<AppPayment>>,
) -> (Vec<Link>, Vec<Finding>) {
    let reasons: Vec<String> = asked.failures().iter().map(|(s, f)| format!("{s}: {f}")).collect();
    let why = if reasons.is_empty() {
        "no payment of it is known to the payment provider".to_owned()
    } else {
        format!("not every source could be asked ({})", dedup(reasons).join("; "))
    };
    let down = !asked.failures().is_empty();
    let head = if down { State::Unknowable } else { State::Missing };
    let mut links = vec![blank("payment", head, why.clone())];
    for row in &rows.seen {
        let mut link = blank("row", State::Found, format!("in {} of {}", row.table, row.source));
        link.ids = std::iter::once(row.row.clone()).chain(row.ids.values().cloned()).collect();
        link.ids.retain(|id| !id.is_empty());
        (link.at, link.says) = (row.at, row.status.clone());
        links.push(link);
    }
    if rows.seen.is_empty() {
        let what = rows.gap.clone().unwrap_or_else(|| "no row of it".to_owned());
        let state = if rows.gap.is_some() { State::Unknowable } else { State::Missing };
        links.push(blank("row", state, what));
    }
    let claims = rows.seen.iter().filter(|r| r.standing.claims_paid()).count();
    let evidence: Vec<String> = links.iter().flat_map(|l| l.ids.clone()).take(6).collect();
    let what = match (down, claims) {
        (true, 0) => format!("{}: the payment cannot be looked at, {why}", which.id),
        (true, _) => format!(
            "{}: the app has a row that says paid, but the payment cannot be looked at: {why}",
            which.id
        ),
        (false, 0) => format!("{}: {why}", which.id),
        (false, _) => {
            format!("{} breaks at the payment: the app has a row that says paid, but {why}", which.id)
        }
    };
    (links, vec![Finding::new(what).from(evidence)])
}

fn blank(link: &'static str, state: State, what: String) -> Link {
    Link { link, state, ids: Vec::new(), at: None::<Moment>, what, says: None }
}

fn dedup(mut all: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|one| seen.insert(one.clone()));
    all
}
