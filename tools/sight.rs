//! What a source may not see: that something is not there is then no fact about the data.

use crate::{Asked, Finding};
use prodview_providers::MISFIT;

/// What a source whose role may see only some rows says of itself (`guard/database/role.rs`).
const HIDDEN: &str = "policies on rows (RLS) may hide";
/// What follows a claim that something is not there: nothing, or that the source's role may not see all rows.
pub(crate) fn as_far_as_seen(asked: &Asked, source: &str) -> &'static str {
    match noted(asked, source, HIDDEN) {
        Some(_) => ", as far as its role may see (policies on rows hide others from it)",
        None => "",
    }
}

/// What to hold against everything that is said to be missing, where a source may see only some rows.
pub(crate) fn hidden(asked: &Asked) -> Option<Finding> {
    let blind = asked.reports().iter().filter(|r| !as_far_as_seen(asked, &r.source).is_empty());
    let blind: Vec<&str> = blind.map(|r| r.source.as_str()).collect();
    (!blind.is_empty()).then(|| {
        let blind = blind.join(", ");
        Finding::new(format!(
            "policies on rows (RLS) hide rows of {blind} from its role: what is said to be missing there may only be hidden"
        ))
    })
}

/// Why no row could fit, where that was told by the types alone.
pub(crate) fn cannot_stand<'a>(asked: &'a Asked, source: &str) -> Option<&'a str> {
    noted(asked, source, MISFIT)
}

/// What may have been meant, where a source says so: a family of keys by the name of one.
pub(crate) fn meant<'a>(asked: &'a Asked, source: &str) -> Option<&'a str> {
    noted(asked, source, "there is no key `")
}

fn noted<'a>(asked: &'a Asked, source: &str, text: &str) -> Option<&'a str> {
    let report = asked.reports().iter().find(|report| report.source == source)?;
    report.notes.iter().map(String::as_str).find(|note| note.contains(text))
}
