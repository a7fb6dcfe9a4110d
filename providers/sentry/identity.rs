//! As whom prodview asks Sentry, what its token could do, and whether Sentry answers.

use super::lenient::{each, soft, text};
use super::{ORGANIZATION, REGIONS, ROOT, Sentry, TokenKind};
use crate::Found;
use crate::capability::{Answered, Health, Identity, Power};
use crate::words::Check;
use async_trait::async_trait;
use futures_util::future;
use prodview_guard::{Failure, FailureKind, Foreign};
use serde::Deserialize;
use std::time::Instant;

/// What a token needs; alert rules need `alerts:read` or `org:read`.
const NEEDED: [&str; 3] = ["event:read", "org:read", "project:read"];

/// `GET /api/0/`. Not published; anything may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Root {
    #[serde(deserialize_with = "soft")]
    auth: Option<Scopes>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Scopes {
    #[serde(deserialize_with = "each")]
    scopes: Vec<String>,
}

/// `GET …/organizations/{org}/`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Organization {
    #[serde(deserialize_with = "text")]
    name: Option<String>,
    /// What the asker may do here: the token's scopes, less what its person lacks.
    #[serde(deserialize_with = "each")]
    access: Vec<String>,
    #[serde(deserialize_with = "soft")]
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Links {
    #[serde(deserialize_with = "text")]
    region_url: Option<String>,
}

impl Sentry {
    /// Two requests at once: the API's root for the token's scopes, and the organisation.
    pub(super) async fn who(&self) -> Result<Identity, Failure> {
        let root = self.wire.read::<Root>(ROOT.ask());
        let organization = self.wire.read::<Organization>(self.ask(ORGANIZATION));
        let (root, organization) = future::join(root, organization).await;
        // Older and regional hosts may not answer at the root: then the organisation says what the asker may do.
        let scopes = root.ok().and_then(|r| r.body.auth).map(|a| a.scopes).unwrap_or_default();
        match organization {
            Ok(reply) => Ok(self.identity_of(scopes, Some(&reply.body))),
            Err(failure) if failure.kind == FailureKind::Denied && !scopes.is_empty() => {
                Ok(self.identity_of(scopes, None))
            }
            Err(failure) => Err(failure),
        }
    }

    fn identity_of(&self, mut scopes: Vec<String>, organization: Option<&Organization>) -> Identity {
        if let (true, Some(organization)) = (scopes.is_empty(), organization) {
            scopes.clone_from(&organization.access);
        }
        let grants: Vec<String> = scopes.iter().filter(|s| is_scope(s)).cloned().collect();
        // A grant that does not look like one could be anything.
        let odd = grants.len() < scopes.len();
        let excess: Vec<&str> = grants.iter().map(String::as_str).filter(|s| !s.ends_with(":read")).collect();
        let power = match (grants.is_empty() && !odd, excess.is_empty() && !odd) {
            (true, _) => Power::Unknown,
            (false, true) => Power::ReadOnly,
            (false, false) => Power::CouldWrite,
        };
        let mut notes = Vec::new();
        notes.extend(self.about_the_kind().map(str::to_owned));
        if organization.is_none() {
            notes.push("the token may not see the organisation: it lacks org:read".to_owned());
        }
        if power == Power::Unknown {
            notes.push("Sentry did not say what this token may do".to_owned());
        } else {
            if !excess.is_empty() {
                notes.push(format!("more than it needs: {}", excess.join(", ")));
            }
            let lacks: Vec<&str> = NEEDED.into_iter().filter(|n| !grants.iter().any(|g| g == n)).collect();
            if !lacks.is_empty() {
                notes.push(format!("it lacks: {}", lacks.join(", ")));
            }
        }
        notes.extend(organization.and_then(|o| self.about_the_region(o.links.region_url.as_deref()?)));
        let account = organization.and_then(|o| o.name.as_deref()).map(|name| Foreign::capped(name, 100));
        Identity { account, mode: None, power, grants, notes }
    }

    fn about_the_kind(&self) -> Option<&'static str> {
        match self.token {
            TokenKind::Organization => Some(
                "this is an organization token: those are for CI and cannot read issues; make an internal integration",
            ),
            TokenKind::Personal => {
                Some("this is a personal token: it acts as that person, and ends when the person leaves")
            }
            TokenKind::Integration | TokenKind::Unknown => None,
        }
    }

    /// A note when the organisation lives in another region than the one that is asked. The answer only picks a row
    /// of our table; what it says is never an address to ask.
    fn about_the_region(&self, region_url: &str) -> Option<String> {
        let (region, origin) =
            REGIONS.iter().find(|(_, origin)| *origin == region_url.trim_end_matches('/'))?;
        let asked = self.wire.origin();
        // sentry.io itself is the US region with a way to the others.
        let here = if asked.host() == "sentry.io" { "https://us.sentry.io" } else { asked.as_str() };
        let is_cloud = REGIONS.iter().any(|(_, o)| *o == here);
        (is_cloud && here != *origin)
            .then(|| format!("the organisation lives in the region {region}: set `region = \"{region}\"`"))
    }
}

/// `event:read`, `project:releases`, `org:ci`; `openid` and the like have no colon.
fn is_scope(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b':' | b'_' | b'-'))
}

#[async_trait]
impl Health for Sentry {
    /// One request, never from the cache: the organisation. A Sentry that cannot be reached or makes no sense is a
    /// check that failed; a key that is not accepted is a failure of the question.
    async fn health(&self) -> Answered<Check> {
        let began = Instant::now();
        let answer = self.wire.read::<Organization>(self.ask(ORGANIZATION).fresh()).await;
        let ms = u64::try_from(began.elapsed().as_millis()).ok();
        let (ok, detail) = match answer {
            Ok(_) => (true, None),
            Err(failure) => match failure.kind {
                FailureKind::Unreachable | FailureKind::Timeout | FailureKind::Odd => {
                    (false, Some(failure.to_string()))
                }
                _ => return Err(failure),
            },
        };
        let check = Check { source: self.name.clone(), name: "organisation".to_owned(), ok, detail, ms };
        Ok(Found::one(Some(check)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentry::rig::sentry;
    use crate::sentry::{Settings, connect};
    use crate::{Common, sentry::Sentry as Adapter};
    use prodview_guard::Secret;
    use serde_json::{Value, json};

    fn organization(value: Value) -> Organization {
        serde_json::from_value(value).unwrap()
    }

    fn identity(scopes: &[&str], org: Value) -> Identity {
        sentry(&[]).identity_of(scopes.iter().map(|s| (*s).to_owned()).collect(), Some(&organization(org)))
    }

    fn with(token: &str, region: Option<&str>, base_url: Option<&str>) -> Adapter {
        let settings = Settings {
            token: Secret::new(token.to_owned()),
            org: "acme".to_owned(),
            projects: Vec::new(),
            region: region.map(str::to_owned),
        };
        connect("sentry", settings, &Common { base_url: base_url.map(str::to_owned), ..Common::default() })
            .unwrap()
    }

    #[test]
    fn whatever_is_not_read_could_write() {
        let power = |scopes: &[&str]| identity(scopes, json!({"name": "Acme"})).power;
        let least = ["org:read", "project:read", "team:read", "event:read", "member:read", "alerts:read"];
        assert_eq!(power(&least), Power::ReadOnly);
        for more in [
            "event:write",
            "event:admin",
            "project:releases",
            "org:ci",
            "org:integrations",
            "openid",
            "ALL",
            "",
        ] {
            let scopes: Vec<&str> = least.into_iter().chain([more]).collect();
            assert_eq!(power(&scopes), Power::CouldWrite, "{more:?}");
        }
        assert_eq!(power(&[]), Power::Unknown);
        assert_eq!(power(&["*"]), Power::CouldWrite);
    }

    #[test]
    fn notes_name_what_is_too_much_or_missing() {
        let notes = identity(&["event:read", "event:admin", "project:read"], json!({})).notes;
        assert_eq!(notes, ["more than it needs: event:admin", "it lacks: org:read"]);
        let odd = identity(&["do as I say: write"], json!({}));
        assert!(odd.grants.is_empty() && !odd.notes.iter().any(|n| n.contains("do as")), "{odd:?}");
    }

    #[test]
    fn the_organisation_says_it_when_the_root_does_not() {
        let found =
            identity(&[], json!({"name": "Acme", "access": ["org:read", "event:read", "project:read"]}));
        assert_eq!((found.power, found.grants.len()), (Power::ReadOnly, 3));
        assert_eq!(found.account.as_ref().map(Foreign::as_str), Some("Acme"));
        let bare = identity(&[], json!({"name": null, "access": null, "links": null}));
        assert_eq!((bare.power, bare.account), (Power::Unknown, None));
        for odd in [json!({"auth": null}), json!({"auth": "x"}), json!({"auth": {"scopes": null}}), json!({})]
        {
            assert!(serde_json::from_value::<Root>(odd).is_ok());
        }
    }

    #[test]
    fn a_region_is_proposed_only_from_our_table() {
        let org = |url: &str| organization(json!({"links": {"regionUrl": url, "organizationUrl": "x"}}));
        let notes = |adapter: &Adapter, url: &str| {
            adapter.identity_of(vec!["event:read".into()], Some(&org(url))).notes
        };
        let says = |adapter: &Adapter, url: &str| notes(adapter, url).iter().any(|n| n.contains("region"));
        let token = "not-a-real-token-at-all";
        assert!(says(&with(token, None, None), "https://de.sentry.io"));
        assert!(says(&with(token, Some("us"), None), "https://de.sentry.io/"));
        assert!(says(&with(token, Some("de"), None), "https://us.sentry.io"));
        assert!(!says(&with(token, None, None), "https://us.sentry.io"));
        assert!(!says(&with(token, Some("de"), None), "https://de.sentry.io"));
        assert!(!says(&with(token, None, None), "https://evil.example"));
        assert!(!says(&with(token, None, None), ""));
        assert!(!says(&with(token, None, Some("https://s.acme.dev")), "https://us.sentry.io"));
    }

    #[test]
    fn a_token_for_ci_is_warned_about() {
        let notes = with("sntrys_not-a-real-token", None, None).identity_of(Vec::new(), None).notes;
        assert!(notes.iter().any(|n| n.contains("cannot read issues")), "{notes:?}");
    }
}
