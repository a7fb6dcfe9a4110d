//! Sentry: errors, the people they hit, releases and alert rules. API version 0, which has no version header.
//!
//! Key: the token of an internal integration with `Issue & Event: Read`, `Organization: Read`, `Project: Read`,
//! `Team: Read` and, for alert rules, `Alerts: Read`. Every path ends in a slash; every question names the
//! organisation and its projects, which come from the configuration.
//!
//! Docs: <https://docs.sentry.io/api/>, search syntax <https://docs.sentry.io/concepts/search/>. Published schema:
//! getsentry/sentry-api-schema, `openapi-derefed.json`. Self-hosted installations lag behind it: where a newer
//! path or parameter is missing, the older one is tried and the answer says what it could not see.

mod alerts;
mod breadcrumbs;
mod context;
mod detail;
mod event;
mod explain;
mod handle;
mod identity;
mod issues;
mod lenient;
mod met;
mod occurrence;
mod page;
mod people;
mod projects;
mod reads;
mod releases;
#[cfg(test)]
mod rig;
mod search;
mod stack;

use crate::Common;
use crate::capability::{self, Adapter, Identity};
use async_trait::async_trait;
use prodview_guard::{Auth, Failure, Origin, Provider, Refused, Route, Secret, Segment, Wire, WireSettings};
use projects::Scope;

pub(crate) use handle::{from_url, kind_of};

const ROOT: Route = Route::get(Provider::Sentry, "/api/0/");
const ORGANIZATION: Route = Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/");
const PROJECTS: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/projects/");
const ISSUES: Route = Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/issues/");
const ISSUE: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/issues/{issue_id}/");
const SHORT_ID: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/shortids/{issue_id}/");
const EVENT_ID: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/eventids/{event_id}/");
const ISSUE_EVENTS: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/issues/{issue_id}/events/");
const ISSUE_EVENT: Route = Route::get(
    Provider::Sentry,
    "/api/0/organizations/{organization_id_or_slug}/issues/{issue_id}/events/{event_id}/",
);
const ISSUE_TAG: Route = Route::get(
    Provider::Sentry,
    "/api/0/organizations/{organization_id_or_slug}/issues/{issue_id}/tags/{key}/",
);
const EVENTS: Route = Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/events/");
const RELEASES: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/releases/");
const WORKFLOWS: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/workflows/");
const DETECTORS: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/detectors/");
const COMBINED_RULES: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/combined-rules/");
const ALERT_RULES: Route =
    Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/alert-rules/");
const PROJECT_RULES: Route =
    Route::get(Provider::Sentry, "/api/0/projects/{organization_id_or_slug}/{project_id_or_slug}/rules/");

/// Every question this adapter can ask.
pub const ROUTES: &[Route] = &[
    ROOT,
    ORGANIZATION,
    PROJECTS,
    ISSUES,
    ISSUE,
    SHORT_ID,
    EVENT_ID,
    ISSUE_EVENTS,
    ISSUE_EVENT,
    ISSUE_TAG,
    EVENTS,
    RELEASES,
    WORKFLOWS,
    DETECTORS,
    COMBINED_RULES,
    ALERT_RULES,
    PROJECT_RULES,
];

/// Where Sentry's own cloud answers for every region.
const CLOUD: &str = "https://sentry.io";

/// The regions that can be configured, with their origins. A region's host never comes from an answer.
const REGIONS: [(&str, &str); 2] = [("us", "https://us.sentry.io"), ("de", "https://de.sentry.io")];

/// `[sources.<name>]` of a Sentry source.
#[derive(Debug)]
pub struct Settings {
    /// `token`.
    pub token: Secret,
    /// `org`: the organisation's slug.
    pub org: String,
    /// `projects`: slugs; empty for all that the token can see.
    pub projects: Vec<String>,
    /// `region`: `us` or `de`.
    pub region: Option<String>,
}

/// Makes the adapter; asks nothing. Refuses an organisation or project that is not a slug, an unknown region, and a
/// region together with `base_url`.
pub fn connect(name: &str, settings: Settings, common: &Common) -> Result<Sentry, Refused> {
    let org = settings.org.as_str();
    if !projects::is_slug(org) && !org.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refused::because(
            "`org` should be the organisation's slug, in lower case: `acme` for https://acme.sentry.io",
        ));
    }
    let org = Segment::new(org)?;
    let origin = origin(settings.region.as_deref(), common.base_url.as_deref())?;
    let cloud = origin.host() == "sentry.io" || origin.host().ends_with(".sentry.io");
    let dashboard = if cloud { CLOUD.to_owned() } else { origin.as_str().to_owned() };
    let token = TokenKind::of(&settings.token);
    let scope = Scope::new(settings.projects)?;
    let mut wire = WireSettings::new(name, Provider::Sentry, origin, Auth::Bearer(settings.token));
    wire.explain = explain::explain;
    let wire = Wire::new(common.over(wire))?;
    Ok(Sentry { name: name.to_owned(), wire, org, scope, dashboard, token })
}

fn origin(region: Option<&str>, base_url: Option<&str>) -> Result<Origin, Refused> {
    match (region, base_url) {
        (Some(_), Some(_)) => Err(Refused::because(
            "`region` and `base_url` are both set: `region` is for sentry.io, `base_url` for your own installation",
        )),
        (Some(region), None) => match REGIONS.iter().find(|(name, _)| *name == region) {
            Some((_, origin)) => Origin::parse(origin),
            None => Err(Refused::because("`region` should be `us` or `de`; leave it out when unsure")),
        },
        (None, base_url) => Origin::parse(base_url.unwrap_or(CLOUD)),
    }
}

/// One organisation of one Sentry.
pub struct Sentry {
    name: String,
    wire: Wire,
    org: Segment,
    scope: Scope,
    dashboard: String,
    token: TokenKind,
}

impl Sentry {
    /// A question about the organisation: its first slot filled.
    fn ask(&self, route: Route) -> prodview_guard::Ask {
        route.ask().segment(self.org.clone())
    }

    /// The dashboard's page of an issue, by its numeric id.
    fn issue_page(&self, id: &Segment) -> String {
        format!("{}/organizations/{}/issues/{}/", self.dashboard, self.org.as_str(), id.as_str())
    }
}

/// What a token's prefix tells (docs.sentry.io/account/auth-tokens).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    Personal,
    Organization,
    Integration,
    Unknown,
}

impl TokenKind {
    fn of(token: &Secret) -> TokenKind {
        [
            ("sntryu_", TokenKind::Personal),
            ("sntrys_", TokenKind::Organization),
            ("sntrya_", TokenKind::Integration),
        ]
        .into_iter()
        .find(|(prefix, _)| token.starts_with(prefix))
        .map_or(TokenKind::Unknown, |(_, kind)| kind)
    }
}

#[async_trait]
impl Adapter for Sentry {
    async fn identity(&self) -> Result<Identity, Failure> {
        self.who().await
    }

    fn key_kind(&self) -> Option<&'static str> {
        match self.token {
            TokenKind::Personal => Some("personal token"),
            TokenKind::Organization => Some("organization token"),
            TokenKind::Integration => Some("integration token"),
            TokenKind::Unknown => None,
        }
    }

    fn least_privilege(&self) -> &'static str {
        "In Sentry, Settings → Custom Integrations → Create New → Internal Integration, with `Issue & Event`, \
         `Organization`, `Project`, `Team` and `Alerts` on Read and everything else on No Access; use its token."
    }

    fn target(&self) -> String {
        format!("{} at {}", self.org.as_str(), self.wire.origin().host())
    }

    fn users(&self) -> Option<&dyn capability::Users> {
        Some(self)
    }

    fn errors(&self) -> Option<&dyn capability::Errors> {
        Some(self)
    }

    fn deployments(&self) -> Option<&dyn capability::Deployments> {
        Some(self)
    }

    fn health(&self) -> Option<&dyn capability::Health> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn capability::Settings> {
        Some(self)
    }

    fn reads(&self) -> Option<&dyn crate::reads::Reads> {
        Some(self)
    }
}

/// Whether a text may stand in a field that is not marked as foreign: the alphabet of ids, nothing that reads as
/// a sentence.
fn is_plain(text: &str) -> bool {
    let fits =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'|' | b'@' | b'+');
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(org: &str, region: Option<&str>) -> Settings {
        Settings {
            token: Secret::new("sntryu_not-a-real-token".to_owned()),
            org: org.to_owned(),
            projects: Vec::new(),
            region: region.map(str::to_owned),
        }
    }

    fn at(base_url: &str) -> Common {
        Common { base_url: Some(base_url.to_owned()), ..Common::default() }
    }

    #[test]
    fn the_origin_comes_from_the_configuration_or_the_table() {
        let host =
            |region, common: &Common| connect("sentry", settings("acme", region), common).map(|s| s.target());
        assert_eq!(host(None, &Common::default()).as_deref(), Ok("acme at sentry.io"));
        assert_eq!(host(Some("de"), &Common::default()).as_deref(), Ok("acme at de.sentry.io"));
        assert_eq!(
            host(None, &at("https://errors.acme.dev/sentry/")).as_deref(),
            Ok("acme at errors.acme.dev")
        );
        assert!(host(Some("mars"), &Common::default()).is_err());
        assert!(host(Some("us"), &at("https://errors.acme.dev")).is_err());
        assert!(host(None, &at("http://errors.acme.dev")).is_err());
    }

    #[test]
    fn an_organisation_is_a_slug_and_nothing_else() {
        for bad in
            ["", "Acme", "acme.sentry.io", "acme/../x", "https://acme.sentry.io", "-acme", "ac me", "%2e"]
        {
            assert!(connect("sentry", settings(bad, None), &Common::default()).is_err(), "{bad:?}");
        }
        for good in ["acme", "acme-2", "a_b", "1234"] {
            assert!(connect("sentry", settings(good, None), &Common::default()).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn pages_are_those_of_the_dashboard() {
        let id = Segment::new("55").unwrap();
        let cloud = connect("sentry", settings("acme", Some("de")), &Common::default()).unwrap();
        assert_eq!(cloud.issue_page(&id), "https://sentry.io/organizations/acme/issues/55/");
        let own = connect("sentry", settings("acme", None), &at("https://e.acme.dev/sentry/")).unwrap();
        assert_eq!(own.issue_page(&id), "https://e.acme.dev/sentry/organizations/acme/issues/55/");
    }

    #[test]
    fn the_kind_of_a_token_is_read_from_its_prefix() {
        let kind = |token: &str| TokenKind::of(&Secret::new(token.to_owned()));
        assert_eq!(kind("sntrys_not-a-real-token"), TokenKind::Organization);
        assert_eq!(kind("sntrya_not-a-real-token"), TokenKind::Integration);
        assert_eq!(kind(&"0123456789abcdef".repeat(4)), TokenKind::Unknown);
        let adapter = connect("sentry", settings("acme", None), &Common::default()).unwrap();
        assert_eq!(adapter.key_kind(), Some("personal token"));
    }

    #[test]
    fn each_route_stands_once_in_the_list() {
        let mut seen = std::collections::HashSet::new();
        assert!(ROUTES.iter().all(|r| seen.insert(r) && r.method() == "GET" && r.template().ends_with('/')));
    }
}
