//! Without a file: the sources that the usual variables are enough for.

use super::Problem;
use super::providers::configured;
use super::reading::Reading;
use super::sources::{Planned, from_environment};
use prodview_guard::Provider;

/// One source for each provider whose variables are all set, under the provider's name.
pub(super) fn plan(reading: &Reading<'_>) -> Vec<Planned> {
    let complete = |provider: &Provider| {
        let needed = configured(*provider).needed;
        let (set, unset): (Vec<&str>, Vec<&str>) =
            needed.iter().partition(|name| reading.variable(name).is_some());
        for name in &unset {
            let why = reading.why_not_set(name);
            let (what, right) = match set.first() {
                Some(other) => (format!("{other} is set and {name} {why}"), format!("set {name} too")),
                // A client that did not fill in what it was to fill in is the usual reason for an empty house.
                None if why.contains('…') => {
                    (format!("{name} {why}"), "set it where the client takes it from".to_owned())
                }
                None => continue,
            };
            let what = format!("{what}, so {provider} is left out");
            reading.warnings.note(Problem { place: None, what, right });
        }
        unset.is_empty()
    };
    Provider::ALL.into_iter().filter(complete).map(|provider| from_environment(reading, provider)).collect()
}

/// With a file that names no source: says which variables would be enough for one, and are not used.
pub(super) fn note_unused(reading: &Reading<'_>, file: &str) {
    for provider in Provider::ALL {
        let needed = configured(provider).needed;
        if needed.iter().all(|name| reading.variable(name).is_some()) {
            let what = format!("{file} names no source, so {} is not used", needed.join(" with "));
            let right = format!("add [sources.{provider}], which takes it");
            reading.warnings.note(Problem { place: None, what, right });
        }
    }
}
