//! The two ways to a Redis: its own protocol, and the REST API of Upstash.

use crate::capability::{Identity, Power};
use async_trait::async_trait;
use prodview_guard::{Ask, Command, Failure, FailureKind, Keyspace, Resp, Wire, redis_refusal};
use serde::Deserialize;
use serde_json::Value;

/// Answers to commands, each by itself.
pub(super) type Answers = Vec<Result<Resp, Failure>>;

/// A way in.
#[async_trait]
pub(super) trait Door: Send + Sync {
    /// Several commands in one request. One may fail without the others.
    async fn ask(&self, commands: &[Command]) -> Result<Answers, Failure>;
    /// As whom.
    async fn identity(&self) -> Result<Identity, Failure>;
    /// What every answer must say.
    async fn notes(&self) -> Vec<String>;
    fn target(&self) -> String;
    fn least_privilege(&self) -> &'static str;
}

/// Redis' own protocol.
pub(super) struct Tcp(pub(super) Keyspace);

#[async_trait]
impl Door for Tcp {
    async fn ask(&self, commands: &[Command]) -> Result<Answers, Failure> {
        self.0.read_all(commands).await
    }
    async fn identity(&self) -> Result<Identity, Failure> {
        let standing = self.0.standing().await?;
        let power = match standing.could_write {
            Some(true) => Power::CouldWrite,
            Some(false) => Power::ReadOnly,
            None => Power::Unknown,
        };
        let mut notes = standing.notes.clone();
        notes.extend(self.0.note().map(str::to_owned));
        let grants = standing.user.iter().map(|user| format!("user {user}")).collect();
        Ok(Identity { account: None, mode: None, power, grants, notes })
    }
    async fn notes(&self) -> Vec<String> {
        let could_write = self.0.standing().await.is_ok_and(|standing| standing.could_write == Some(true));
        let writable = could_write
            .then(|| "its Redis user could write; `allow_writable_user` lets it through".to_owned());
        writable.into_iter().chain(self.0.note().map(str::to_owned)).collect()
    }
    fn target(&self) -> String {
        self.0.target()
    }
    fn least_privilege(&self) -> &'static str {
        "Make an ACL user with the line in docs/providers.md (section Redis) and put it into the URL: \
         ACL SETUSER prodview reset on >PASSWORD %R~* resetchannels -@all +@read and the few questions about the \
         server that the line names."
    }
}

/// The REST API of Upstash.
pub(super) struct Rest(pub(super) Wire);

/// `{"result": …}` or, in a pipeline, `{"error": "ERR …"}`.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    result: Value,
    error: Option<String>,
}

#[async_trait]
impl Door for Rest {
    async fn ask(&self, commands: &[Command]) -> Result<Answers, Failure> {
        if let [only] = commands {
            return match self.0.read::<Told>(Ask::redis_command(only)?).await {
                Ok(told) => Ok(vec![read(told.body, only)]),
                // A refusal of this very command, not of the way to it.
                Err(failure) if failure.status == Some(400) => Ok(vec![Err(failure)]),
                Err(failure) => Err(elsewhere(failure)),
            };
        }
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let told = self.0.read::<Vec<Told>>(Ask::redis_commands(commands)?).await.map_err(elsewhere)?.body;
        if told.len() != commands.len() {
            return Err(Failure::odd("another number of answers than of commands"));
        }
        Ok(told.into_iter().zip(commands).map(|(told, command)| read(told, command)).collect())
    }
    async fn identity(&self) -> Result<Identity, Failure> {
        let who = self.ask(&[Command::ping()?, Command::acl_whoami()?]).await?;
        if let Some(Err(failure)) = who.first()
            && failure.kind == FailureKind::Denied
        {
            return Err(failure.clone());
        }
        let user = who.into_iter().nth(1).and_then(Result::ok);
        let user = user.as_ref().and_then(Resp::bytes).and_then(|name| std::str::from_utf8(name).ok());
        let (power, grants) = match user {
            Some("default_ro") => (Power::ReadOnly, vec!["read-only token".to_owned()]),
            Some("default") => (Power::CouldWrite, vec!["standard token".to_owned()]),
            _ => (Power::Unknown, Vec::new()),
        };
        let notes = match power {
            Power::Unknown => vec!["Upstash does not tell what this token may do".to_owned()],
            _ => Vec::new(),
        };
        Ok(Identity { account: None, mode: None, power, grants, notes })
    }
    async fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    fn target(&self) -> String {
        self.0.origin().host().to_owned()
    }
    fn least_privilege(&self) -> &'static str {
        "In the Upstash console open the database, then REST API, and copy the Read-Only Token. It may not SCAN, so keys \
         are asked for by their exact names."
    }
}

/// A key that is not there is answered with null: a page that is not there means that no Upstash is.
fn elsewhere(failure: Failure) -> Failure {
    if !failure.is_not_found() {
        return failure;
    }
    Failure::odd("no such page").hint("what answers at that address is not the REST API of Upstash")
}

fn read(told: Told, command: &Command) -> Result<Resp, Failure> {
    match told.error {
        Some(error) => Err(redis_refusal(&error, Some(command.name()))),
        None => Ok(Resp::from_json(told.result)),
    }
}
