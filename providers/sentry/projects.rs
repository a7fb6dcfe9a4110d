//! Which projects may be asked about. They come from the configuration; a question can only narrow them.

use super::handle::is_number;
use super::lenient::text;
use super::page::{Extent, PAGE};
use super::{PROJECTS, Sentry};
use prodview_guard::{Ask, Failure, FailureKind, Refused};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How many pages of projects are looked through for a slug: 500 projects.
const PAGES: usize = 5;

/// The configured projects, and the numeric ids of those met so far.
pub(super) struct Scope {
    slugs: Vec<String>,
    ids: Mutex<BTreeMap<String, String>>,
}

/// Lower case letters, digits, `-` and `_`, with a letter or digit first and at least one letter: never the `-1`
/// that means all projects, nor a number that means another one.
pub(super) fn is_slug(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && !text.starts_with('-')
}

impl Scope {
    pub(super) fn new(slugs: Vec<String>) -> Result<Scope, Refused> {
        if !slugs.iter().all(|s| is_slug(s)) {
            return Err(Refused::because("`projects` should hold slugs, in lower case: [\"web\", \"api\"]"));
        }
        Ok(Scope { slugs, ids: Mutex::new(BTreeMap::new()) })
    }

    /// Whether something of that project may be shown. What names no project may only when there is no restriction.
    pub(super) fn permits(&self, project: Option<&str>) -> bool {
        self.slugs.is_empty() || project.is_some_and(|p| self.slugs.iter().any(|s| s == p))
    }

    /// The refusal for what lies outside.
    pub(super) fn outside(&self) -> Failure {
        Failure::from(Refused::because(format!(
            "that is outside the projects of this source, which are: {}",
            self.slugs.join(", ")
        )))
    }

    /// The configured projects.
    pub(super) fn slugs(&self) -> &[String] {
        &self.slugs
    }

    /// The slugs a question is about; empty for all that the token can see.
    fn wanted(&self, argument: Option<&str>) -> Result<Vec<String>, Failure> {
        let Some(argument) = argument else { return Ok(self.slugs.clone()) };
        let slug = argument.trim().to_ascii_lowercase();
        if !is_slug(&slug) {
            return Err(Refused::because("`project` should be a project's slug, such as `web`").into());
        }
        if !self.permits(Some(&slug)) {
            return Err(self.outside());
        }
        Ok(vec![slug])
    }

    fn known(&self, slugs: &[String]) -> Option<Vec<String>> {
        let ids = self.ids.lock().ok()?;
        slugs.iter().map(|slug| ids.get(slug).cloned()).collect()
    }

    fn learn(&self, projects: Vec<Project>) {
        if let Ok(mut ids) = self.ids.lock() {
            ids.extend(projects.into_iter().filter_map(|p| Some((p.slug?, p.id?))));
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Project {
    #[serde(deserialize_with = "text")]
    id: Option<String>,
    #[serde(deserialize_with = "text")]
    slug: Option<String>,
}

/// The projects of one question, as the API takes them.
#[derive(Debug, Clone)]
pub(super) struct Projects(Vec<String>);

impl Projects {
    /// One project, by its numeric id.
    pub(super) fn one(id: &str) -> Option<Projects> {
        is_number(id).then(|| Projects(vec![id.to_owned()]))
    }

    /// Adds them to a question.
    pub(super) fn narrow(&self, ask: Ask) -> Ask {
        self.0.iter().fold(ask, |ask, id| ask.query("project", id))
    }
}

impl Sentry {
    /// The projects of a question: those of the configuration, or the one of them that `argument` names. Older
    /// versions take only numeric ids, so slugs are looked up once (one request for each 100 projects, at most
    /// five). Without a restriction all that the token can see: leaving `project` out would mean only those whose
    /// team the token is in.
    pub(super) async fn projects(&self, argument: Option<&str>) -> Result<Projects, Failure> {
        let slugs = self.scope.wanted(argument)?;
        if slugs.is_empty() {
            return Ok(Projects(vec!["-1".to_owned()]));
        }
        if let Some(ids) = self.scope.known(&slugs) {
            return Ok(Projects(ids));
        }
        let extent = Extent { size: "per_page", rows: PAGES * PAGE, pages: PAGES };
        let listed = match self.gather::<Project>(self.ask(PROJECTS), None, extent).await {
            Ok(listed) => listed,
            // A token without org:read cannot list projects; newer versions take slugs, older ones refuse them.
            Err(failure) if failure.kind == FailureKind::Denied => return Ok(Projects(slugs)),
            Err(failure) => return Err(failure),
        };
        let whole = listed.more.is_none() && listed.stopped.is_none();
        self.scope.learn(listed.rows.into_iter().filter(Project::is_sound).collect());
        match self.scope.known(&slugs) {
            Some(ids) => Ok(Projects(ids)),
            None if whole => Err(Failure::new(FailureKind::NotFound, "unknown project slug")
                .hint(format!("this token sees no such project; asked for: {}", slugs.join(", ")))),
            None => Ok(Projects(slugs)),
        }
    }
}

impl Project {
    fn is_sound(&self) -> bool {
        self.slug.as_deref().is_some_and(is_slug) && self.id.as_deref().is_some_and(is_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(slugs: &[&str]) -> Scope {
        Scope::new(slugs.iter().map(|s| (*s).to_owned()).collect()).unwrap()
    }

    #[test]
    fn an_argument_can_only_narrow() {
        let two = scope(&["web", "api"]);
        assert_eq!(two.wanted(None).unwrap(), ["web", "api"]);
        assert_eq!(two.wanted(Some("API")).unwrap(), ["api"]);
        let refused = two.wanted(Some("billing")).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Refused);
        assert!(refused.to_string().ends_with("which are: web, api"), "{refused}");
        assert_eq!(scope(&[]).wanted(Some("billing")).unwrap(), ["billing"]);
        assert!(scope(&[]).wanted(None).unwrap().is_empty());
    }

    #[test]
    fn the_words_for_all_projects_are_no_slugs() {
        for bad in ["-1", "$all", "", "11", "web,api", "we b", "wéb", "web/../x"] {
            assert!(scope(&[]).wanted(Some(bad)).is_err(), "{bad:?}");
            assert!(Scope::new(vec![bad.to_owned()]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_names_no_project_is_outside_a_restriction() {
        assert!(scope(&["web"]).permits(Some("web")));
        assert!(!scope(&["web"]).permits(Some("api")));
        assert!(!scope(&["web"]).permits(None));
        assert!(scope(&[]).permits(None));
    }

    #[test]
    fn ids_are_learnt_from_sound_rows_only() {
        let rows: Vec<Project> = serde_json::from_value(serde_json::json!([
            {"id": "11", "slug": "web"}, {"id": 12, "slug": "api"}, {"id": "-1", "slug": "evil"},
            {"id": null, "slug": "none"}, {"slug": "x"}, {}
        ]))
        .unwrap();
        let known = scope(&[]);
        known.learn(rows.into_iter().filter(Project::is_sound).collect());
        let ids = |slugs: &[&str]| known.known(&slugs.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(ids(&["web", "api"]), Some(vec!["11".to_owned(), "12".to_owned()]));
        assert_eq!(ids(&["evil"]), None);
        assert_eq!(ids(&["none"]), None);
    }
}
