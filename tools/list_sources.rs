//! `list_sources`: what is connected, what each can answer, as whom, and whether its key could write.

use crate::asked::{Asked, ask_unadmitted};
use crate::page::Page;
use crate::{Answer, App, Finding, Needs, Tool, ToolError};
use futures_util::future::join_all;
use prodview_guard::{Failure, FailureKind, Foreign, Provider};
use prodview_providers::capability::{Capability, Power, QueryAsk};
use prodview_providers::{Able, Found};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The tool.
pub struct ListSources;

/// It asks for nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {}

/// The capabilities that a tool asks for. The others serve `prodview check`.
const ASKED: [Capability; 5] =
    [Capability::Users, Capability::Errors, Capability::Payments, Capability::Webhooks, Capability::State];

/// What is connected.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    connected: Vec<Connected>,
}

/// One source.
#[derive(Serialize, JsonSchema)]
pub struct Connected {
    source: String,
    provider: &'static str,
    target: String,
    answers: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'static str>,
    could_write: Answered,
}

/// Whether a key could write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// It could, if somebody else had it. prodview cannot.
    Yes,
    /// It cannot.
    No,
    /// The provider does not say.
    Unknown,
}

impl Tool for ListSources {
    const NAME: &'static str = "list_sources";
    const TITLE: &'static str = "What is connected";
    const ABOUT: &'static str = "Which services are connected, what each can answer, as which account, and whether its key could write. \
        Use it first, or when a tool or a source seems to be missing.";
    const NEEDS: Needs = Needs::Nothing;
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, _: Question) -> Result<Answer<Facts>, ToolError> {
        let mut asked = Asked::default();
        // The gate for keys that could write is not passed here: this is where one finds out.
        let able = app.sources.all().iter().map(|s| Able { source: s, can: s.adapter() }).collect();
        let identities = ask_unadmitted(&mut asked, able, |able| async move {
            Ok(Found::one(Some(able.source.identity().await?)))
        })
        .await;
        let mut findings = silent(app, &mut asked).await;
        let connected = app.sources.all().iter().map(|source| {
            let identity =
                identities.iter().find(|(name, _)| name == source.name()).and_then(|(_, f)| f.rows.first());
            let could_write = match identity.map(|i| i.power) {
                Some(Power::CouldWrite) => Answered::Yes,
                Some(Power::ReadOnly) => Answered::No,
                Some(Power::Unknown) | None => Answered::Unknown,
            };
            if could_write == Answered::Yes {
                findings.push(
                    Finding::new(format!("the key of {} could write; prodview itself cannot", source.name()))
                        .action(source.adapter().least_privilege()),
                );
            }
            Connected {
                source: source.name().to_owned(),
                provider: source.provider().name(),
                target: source.adapter().target(),
                answers: ASKED.into_iter().filter(|c| source.can(*c)).map(Capability::name).collect(),
                account: identity.and_then(|i| i.account.clone()),
                mode: identity.and_then(|i| i.mode.clone()),
                key: source.adapter().key_kind(),
                could_write,
            }
        });
        let facts = Facts { connected: connected.collect() };
        for (name, found) in &identities {
            for note in found.rows.iter().flat_map(|i| &i.notes) {
                asked.note(name, note.clone());
            }
        }
        if facts.connected.is_empty() {
            findings.push(Finding::new("nothing is connected").action(
                "set STRIPE_API_KEY, SENTRY_AUTH_TOKEN and SENTRY_ORG, or CONVEX_URL and CONVEX_DEPLOY_KEY, or write a prodview.toml",
            ));
        }
        // An unreachable source is what one wants to see here: it is no reason to answer nothing.
        let mut answer = Answer::new(facts, asked);
        answer.findings = findings;
        answer.tells_of_failures = true;
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        page.table(
            ["source", "service", "where", "account", "mode", "key", "could write", "answers"],
            facts.connected.iter().map(|c| {
                [
                    c.source.clone(),
                    c.provider.to_owned(),
                    c.target.clone(),
                    c.account.as_ref().map(ToString::to_string).unwrap_or_default(),
                    c.mode.clone().unwrap_or_default(),
                    c.key.unwrap_or_default().to_owned(),
                    match c.could_write {
                        Answered::Yes => "yes",
                        Answered::No => "no",
                        Answered::Unknown => "unknown",
                    }
                    .to_owned(),
                    c.answers.join(" "),
                ]
            }),
        );
    }
}

/// How long a database may take to show that it is still there.
const STILL_THERE: Duration = Duration::from_secs(2);

/// What is known of a role was found out when the database was first asked: whether it answers now, one small statement
/// tells. The findings about those that do not.
async fn silent(app: &App, asked: &mut Asked) -> Vec<Finding> {
    let mut able = app.sources.state();
    // The others were asked just now for what is told of them.
    able.retain(|able| able.source.provider() == Provider::Postgres && asked.answered(able.source.name()));
    let looks = able.into_iter().map(|able| async move {
        let ask = QueryAsk { text: "select 1 as one".to_owned(), limit: 1, ..QueryAsk::default() };
        let answer = tokio::time::timeout(STILL_THERE, able.can.query(&ask)).await;
        let failure = match answer {
            Ok(Ok(_)) => return None,
            Ok(Err(failure)) => failure,
            Err(_) => Failure::new(FailureKind::Timeout, "no answer to a look whether it is still there"),
        };
        // Not to be asked because it could write is no silence: that is told as such.
        let silent = !matches!(failure.kind, FailureKind::Refused | FailureKind::Invalid);
        silent.then(|| (able.source.name().to_owned(), failure))
    });
    let mut findings = Vec::new();
    for (source, failure) in join_all(looks).await.into_iter().flatten() {
        findings.push(Finding::new(format!(
            "{source} does not answer now ({failure}); what is told of its role and version is remembered from before"
        )));
        asked.failed(&source, failure);
    }
    findings
}
