//! An adapter for tests that ask nothing.

use super::{Sentry, Settings, connect};
use crate::{Common, Moment};
use prodview_guard::Secret;

pub(super) fn sentry(projects: &[&str]) -> Sentry {
    let settings = Settings {
        token: Secret::new("not-a-real-token-at-all".to_owned()),
        org: "acme".to_owned(),
        projects: projects.iter().map(|p| (*p).to_owned()).collect(),
        region: None,
    };
    connect("sentry", settings, &Common::default()).unwrap()
}

pub(super) fn now() -> Moment {
    Moment::parse("2026-11-20T12:00:00Z").unwrap()
}
