//! As whom: the project, and what the token could do as far as its prefix tells.

use super::way::Way;
use super::{PROJECT, Supabase};
use crate::capability::{Identity, Power};
use prodview_guard::{Failure, Foreign, Refused, Secret};
use serde::Deserialize;

/// The kind of an access token, by its prefix. (Source: supabase.com/docs, "Personal access tokens".)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// `sbp_fc…`: for chosen projects and permissions.
    Scoped,
    /// `sbp_…`: may do everything that its owner may.
    Classic,
    /// An OAuth app's, or of a kind that is not known here.
    Other,
}

impl Token {
    /// Refuses the keys of a project itself, which open another API and could write.
    pub(super) fn of(secret: &Secret) -> Result<Token, Refused> {
        let is = |prefix: &str| secret.starts_with(prefix);
        if is("sb_secret_") || is("sb_publishable_") || is("eyJ") {
            return Err(Refused::because(
                "this is an API key of the project, not an access token of the account: make one that begins with `sbp_`",
            ));
        }
        Ok(match () {
            () if is("sbp_fc") => Token::Scoped,
            () if is("sbp_") && !is("sbp_oauth") => Token::Classic,
            () => Token::Other,
        })
    }

    pub(super) fn kind(self) -> &'static str {
        match self {
            Token::Scoped => "scoped access token",
            Token::Classic => "classic access token",
            Token::Other => "access token",
        }
    }
}

/// `GET /v1/projects/{ref}`.
#[derive(Deserialize)]
pub(super) struct Project {
    name: String,
    region: String,
    status: String,
    #[serde(default)]
    database: Host,
}

#[derive(Deserialize, Default)]
struct Host {
    version: Option<String>,
}

/// Two requests: the project, and the role of the database; the second may fail.
pub(super) async fn identity(of: &Supabase) -> Result<Identity, Failure> {
    let project = of.wire.read::<Project>(PROJECT.ask().segment(of.project.clone()).fresh());
    let (project, role) = futures_util::future::join(project, of.way.role()).await;
    let project = project?.body;
    let mut notes = Vec::new();
    let mut power = match of.token {
        Token::Classic => {
            notes.push(
                "a classic token may do everything that its owner may, in all projects: a scoped one is less"
                    .to_owned(),
            );
            Power::CouldWrite
        }
        Token::Scoped => {
            notes.push(
                "Supabase does not tell what a scoped token may do: give it Read permissions only".to_owned(),
            );
            Power::Unknown
        }
        Token::Other => {
            notes.push("Supabase does not tell what this token may do".to_owned());
            Power::Unknown
        }
    };
    match (role, &*of.way) {
        (Ok(role), way) => {
            notes.extend(role.notes.iter().cloned());
            notes.push(match way {
                Way::Endpoint(_) => {
                    format!("SQL goes over the read-only endpoint, as the role `{}`", role.name)
                }
                Way::Direct(database) => {
                    format!("SQL goes to {}, as the role `{}`", database.target(), role.name)
                }
            });
            let could = role.could_write_by.iter();
            match way {
                // Supabase gives that role no right to write and a session that only reads; functions are the rest.
                Way::Endpoint(_) => notes.extend(could.map(|by| format!("of the endpoint's role: {by}"))),
                Way::Direct(_) => {
                    notes.extend(could.map(|by| format!("it could write: {by}")));
                    if !role.could_write_by.is_empty() {
                        power = Power::CouldWrite;
                    }
                }
            }
        }
        (Err(failure), _) => notes.push(format!("the database was not reached: {failure}")),
    }
    Ok(Identity {
        account: Some(Foreign::capped(&project.name, 80)),
        mode: Some(project.told()),
        power,
        grants: Vec::new(),
        notes,
    })
}

impl Project {
    /// Built from words that were checked: a region, a status of the list, a version.
    fn told(&self) -> String {
        let plain = |text: &str| {
            (1..=40).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        };
        let mut parts = vec![status(&self.status).to_owned()];
        parts.extend(Some(&self.region).filter(|region| plain(region)).cloned());
        let version = self.database.version.as_ref().filter(|version| plain(version));
        parts.extend(version.map(|version| format!("PostgreSQL {version}")));
        parts.join(", ")
    }
}

/// The status of a project, of the list in the specification.
fn status(word: &str) -> &'static str {
    match word {
        "ACTIVE_HEALTHY" => "active",
        "ACTIVE_UNHEALTHY" => "active and unhealthy",
        "INACTIVE" => "paused",
        "PAUSING" => "being paused",
        "COMING_UP" | "RESTARTING" => "starting",
        "RESTORING" => "being restored",
        "UPGRADING" | "RESIZING" => "being changed",
        "GOING_DOWN" => "going down",
        "REMOVED" => "removed",
        "INIT_FAILED" | "RESTORE_FAILED" | "PAUSE_FAILED" => "failed",
        _ => "of unknown status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_by_its_prefix_and_a_projects_key_is_none() {
        let of = |text: &str| Token::of(&Secret::new(text.to_owned()));
        assert_eq!(of("sbp_fc0123456789").unwrap(), Token::Scoped);
        assert_eq!(of("sbp_0123456789").unwrap(), Token::Classic);
        assert_eq!(of("sbp_oauth_0123456789").unwrap(), Token::Other);
        for key in ["sb_secret_abc", "sb_publishable_abc", "eyJhbGciOi.x.y"] {
            assert!(of(key).unwrap_err().to_string().contains("not an access token"));
        }
    }

    #[test]
    fn a_project_is_told_in_words_of_ours() {
        let project = |region: &str, version: &str| Project {
            name: "shop".to_owned(),
            region: region.to_owned(),
            status: "INACTIVE".to_owned(),
            database: Host { version: Some(version.to_owned()) },
        };
        assert_eq!(
            project("eu-central-1", "15.8.1.085").told(),
            "paused, eu-central-1, PostgreSQL 15.8.1.085"
        );
        assert_eq!(project("call +1 555", "<b>").told(), "paused");
    }
}
