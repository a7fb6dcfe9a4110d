//! As whom prodview asks a Redis, whether that user could write, and whether a reading command writes there.

use super::{Inner, changes};
use crate::{Command, Failure, FailureKind, Resp, visible};

/// What was found out about the user and the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The user's name, as it can be shown.
    pub user: Option<String>,
    /// Whether the user could write; `None` when it could not be found out.
    pub could_write: Option<bool>,
    /// What could not be found out, or is worth to know. Our words.
    pub notes: Vec<String>,
    /// Commands of the table that write on this server.
    pub(super) unfit: Vec<&'static str>,
}

/// Two or three round trips.
pub(super) async fn find_out(inner: &Inner) -> Result<Standing, Failure> {
    let mut asked = inner.ask(&[Command::acl_whoami()?, Command::facts()]).await?.into_iter();
    let (who, facts) = (asked.next().unwrap_or(Ok(Resp::Nil)), asked.next().unwrap_or(Ok(Resp::Nil)));
    let mut notes = Vec::new();
    let unfit = match facts {
        Ok(facts) => unfit(&facts),
        Err(failure) if is_about_the_key(&failure) => return Err(failure),
        Err(_) => {
            notes.push(
                "whether its reading commands only read could not be checked: COMMAND is not allowed"
                    .to_owned(),
            );
            Vec::new()
        }
    };
    let user = match &who {
        Ok(name) => name.bytes().and_then(|name| String::from_utf8(name.to_vec()).ok()),
        Err(_) => inner.opener.address.user.clone(),
    };
    let could_write = match (&user, who.is_ok()) {
        (Some(user), true) => could_write(inner, user).await?,
        _ => None,
    };
    if could_write.is_none() {
        notes.push(
            "whether its user could write could not be found out: add `+acl|whoami +acl|dryrun` to its ACL"
                .to_owned(),
        );
    }
    let user = user.map(|name| visible(&name).into_owned());
    Ok(Standing { user, could_write, notes, unfit })
}

async fn could_write(inner: &Inner, user: &str) -> Result<Option<bool>, Failure> {
    let answers = inner.ask(&changes::tries(user)).await?;
    let said =
        |answer: &Result<Resp, Failure>| answer.as_ref().ok().and_then(Resp::bytes).map(<[u8]>::to_vec);
    // A key that this user may not touch says nothing about the others.
    let runs = |said: Vec<u8>| !contains(&said, b"to run the");
    if answers.iter().filter_map(said).any(runs) {
        return Ok(Some(true));
    }
    // An older server does not know each of the others.
    if answers.iter().take(changes::KINDS.len()).all(|answer| said(answer).is_some()) {
        return Ok(Some(false));
    }
    // Redis 6 has no ACL DRYRUN; a user that may look at its own rules is not a small one.
    let rules = inner.ask(&[Command::user_rules(user)]).await?;
    let Some(Ok(rules)) = rules.first() else { return Ok(None) };
    let everything = rules.items().iter().flat_map(|part| match part {
        Resp::List(items) => items.iter().collect::<Vec<_>>(),
        other => vec![other],
    });
    let wide = [&b"allcommands"[..], b"+@all", b"+@write"];
    let writes = everything
        .filter_map(Resp::bytes)
        .any(|rule| rule.split(|b| *b == b' ').any(|word| wide.contains(&word)));
    Ok(writes.then_some(true))
}

fn is_about_the_key(failure: &Failure) -> bool {
    failure.kind == FailureKind::Unreachable
        || (failure.kind == FailureKind::Denied && !failure.cause().ends_with("NOPERM"))
}

/// Those that carry the flag `write`: one entry for each name, in the order asked.
fn unfit(facts: &Resp) -> Vec<&'static str> {
    let writes = |fact: &&Resp| {
        let flags = fact.items().get(2).map(Resp::items).unwrap_or_default();
        flags.iter().any(|flag| flag.bytes() == Some(b"write"))
    };
    let names = Command::names();
    facts.items().iter().zip(names).filter(|(fact, _)| writes(fact)).map(|(_, name)| name).collect()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
