//! What is noticed about deliveries.

use super::Facts;
use crate::page::counted;
use crate::{App, Finding};
use prodview_providers::Found;
use prodview_providers::capability::DeliveryCount;
use prodview_providers::words::{Delivery, WebhookEndpoint};
use std::collections::BTreeMap;

/// Source and type → how many of it occurred.
pub(super) fn types(counts: &[(String, Found<DeliveryCount>)]) -> BTreeMap<(String, String), u64> {
    let each = counts.iter().flat_map(|(source, found)| found.rows.iter().map(move |count| (source, count)));
    each.flat_map(|(source, count)| count.by_type.iter().map(move |(t, n)| ((source.clone(), t.clone()), *n)))
        .collect()
}

/// What was seen, besides the facts: nothing may be said to be absent that was not looked for.
pub(super) struct Seen {
    /// How many of each type occurred; empty when that does not tell what nobody wants.
    pub(super) by_type: BTreeMap<(String, String), u64>,
    /// Whether every endpoint is known.
    pub(super) all_endpoints: bool,
    /// Whether every source answered all it was asked.
    pub(super) all: bool,
}

/// Everything noticed, most telling first.
pub(super) fn findings(app: &App, facts: &Facts, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(rates(app, facts));
    findings.extend(undelivered(facts, seen));
    findings.extend(not_handled(facts));
    for endpoint in facts.endpoints.iter().filter(|e| !e.enabled) {
        findings.push(
            Finding::new(format!(
                "endpoint {} of {} is disabled: nothing is sent there",
                endpoint.id, endpoint.source
            ))
            .from([endpoint.id.clone()])
            .action("if it is still needed, enable it in the provider's dashboard"),
        );
    }
    findings.extend(unwanted(facts, &seen.by_type));
    if findings.is_empty() {
        let arrived = facts.events.iter().all(|e| e.delivery == Delivery::Delivered);
        findings.push(Finding::new(match (facts.events.is_empty(), seen.all, arrived) {
            (true, true, _) => "no events in this window",
            (true, false, _) => "no events seen in this window, but not everything was seen",
            (false, _, true) => "every event seen was delivered",
            (false, _, false) => {
                "no event seen is known to have failed, but of some it is not known whether they arrived"
            }
        }));
    }
    findings
}

fn rates(app: &App, facts: &Facts) -> Vec<Finding> {
    let least = app.webhook_success * 100.0;
    let mut findings = Vec::new();
    for rate in &facts.rates {
        let Some(percent) = rate.success_percent.filter(|p| *p < least) else { continue };
        let ids =
            facts.events.iter().filter(|e| e.source == rate.source && e.delivery == Delivery::Undelivered);
        findings.push(
            Finding::new(format!("{}: only {percent} % of {} arrived, less than {least} %", rate.source, counted(rate.events, "event", "events")))
                .from(ids.take(5).map(|e| e.id.clone()))
                .action("look at the endpoint's own logs for the time of the events, mend it, then resend from the provider's dashboard"),
        );
    }
    findings
}

fn undelivered(facts: &Facts, seen: &Seen) -> Option<Finding> {
    let failed: Vec<_> = facts.events.iter().filter(|e| e.delivery == Delivery::Undelivered).collect();
    let first = failed.first()?;
    // Which endpoint failed is not told by event; which ones want its type bounds it.
    let wants =
        |e: &&WebhookEndpoint| e.enabled && e.types.iter().any(|t| matches(t.as_str(), first.kind.as_str()));
    let could: Vec<String> = facts.endpoints.iter().filter(wants).map(|e| e.id.clone()).collect();
    let bound = match could.as_slice() {
        [] => String::new(),
        [only] if seen.all_endpoints => format!("; only {only} wants the newest of them"),
        several => format!("; the newest of them is wanted by {}", several.join(" and ")),
    };
    let seen = counted(failed.len(), "event shown was", "events shown were");
    Some(
        Finding::new(format!("{seen} not delivered to every endpoint{bound}"))
            .from(failed.iter().take(5).map(|e| e.id.clone())),
    )
}

fn not_handled(facts: &Facts) -> Option<Finding> {
    let failed: Vec<_> =
        facts.events.iter().filter(|e| e.app.as_ref().is_some_and(|a| a.error.is_some())).collect();
    let first = failed.first()?;
    let mut evidence: Vec<String> = failed.iter().take(5).map(|e| e.id.clone()).collect();
    evidence.extend(first.app.as_ref().map(|a| a.row.clone()));
    let what = counted(failed.len(), "event", "events");
    Some(
        Finding::new(format!("the app wrote down an error for {what} shown"))
            .from(evidence)
            .action("read the error in the app's record and mend the handler"),
    )
}

/// Types that occur and that no enabled endpoint wants.
fn unwanted(facts: &Facts, types: &BTreeMap<(String, String), u64>) -> Vec<Finding> {
    let mut by_source: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (source, kind) in types.keys() {
        let endpoints = || facts.endpoints.iter().filter(|e| e.source == *source && e.enabled);
        let wanted = endpoints().any(|e| e.types.iter().any(|t| matches(t.as_str(), kind)));
        if !wanted && facts.endpoints.iter().any(|e| e.source == *source) {
            by_source.entry(source).or_default().push(kind);
        }
    }
    let mut findings = Vec::new();
    for (source, kinds) in by_source {
        let shown: Vec<&str> = kinds.iter().take(6).copied().collect();
        let more = if kinds.len() > shown.len() {
            format!(" and {} more", kinds.len() - shown.len())
        } else {
            String::new()
        };
        findings.push(Finding::new(format!(
            "{} of {source} occurred that no enabled endpoint subscribes to: {}{more}",
            counted(kinds.len(), "type", "types"),
            shown.join(", ")
        )));
    }
    findings
}

/// Whether a subscription (`*`, `charge.*`, `invoice.paid`) takes a type.
fn matches(subscription: &str, kind: &str) -> bool {
    match subscription.strip_suffix('*') {
        Some(beginning) => kind.starts_with(beginning),
        None => subscription == kind,
    }
}
