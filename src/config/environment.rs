//! Without a file: the sources that the usual variables are enough for.

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
            match set.first() {
                Some(other) => reading.odd(
                    None,
                    format!("{other} is set and {name} {why}, so {provider} is left out"),
                    format!("set {name} too"),
                ),
                // A client that did not fill in what it was to fill in is the usual reason for an empty house.
                None if why.contains('…') => {
                    reading.odd(
                        None,
                        format!("{name} {why}, so {provider} is left out"),
                        "set it where the client takes it from",
                    );
                }
                None => {}
            }
        }
        unset.is_empty()
    };
    Provider::ALL.into_iter().filter(complete).map(|provider| from_environment(reading, provider)).collect()
}

/// With a file that names no source: says which variables would be enough for one, and are not used.
pub(super) fn note_unused(reading: &Reading<'_>) {
    for provider in Provider::ALL {
        let needed = configured(provider).needed;
        if needed.iter().all(|name| reading.variable(name).is_some()) {
            let what = format!("{} names no source, so {} is not used", reading.file, needed.join(" with "));
            reading.odd(None, what, format!("add [sources.{provider}], which takes it"));
        }
    }
}
