//! One reading command of Redis with bounded arguments. A command that writes cannot be built.
//!
//! There is a table of commands ([`Command::allowed`]) and no other way to make one. Names are compared without
//! their case and written anew from the table; options and numbers too. What the server reads is what was checked.

mod rule;
mod table;

use crate::{Refused, Resp};
use rule::Checked;
use std::fmt::Display;
use table::{ALLOWED, Allowed, INSTEAD, Weight};

/// A reading command and its arguments.
///
/// ```
/// use prodview_guard::Command;
/// assert!(Command::get(b"session:1").is_ok());
/// ```
/// ```compile_fail
/// use prodview_guard::Command;
/// assert!(Command::set(b"session:1", b"x").is_ok());
/// ```
/// Its fields are private, so that nothing is bent after it was checked:
/// ```
/// let command = prodview_guard::Command::dbsize();
/// assert_eq!(command.unwrap().name(), "DBSIZE");
/// ```
/// ```compile_fail,E0616
/// let command = prodview_guard::Command::dbsize();
/// assert_eq!(command.unwrap().args.len(), 0);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    name: &'static str,
    args: Vec<Vec<u8>>,
    weight: Weight,
    most: Option<u64>,
}

/// The most arguments, and the most bytes in all of them.
const MOST_WORDS: usize = 64;
const MOST_BYTES: usize = 65_536;

impl Command {
    /// The largest answer of elements, fields or strings that is asked for, in bytes, as far as the server can tell
    /// beforehand (see [`Command::probes`]).
    pub const HEAVIEST: u64 = 1024 * 1024;

    /// From words: the command, its subcommand if it has one, its arguments. Refuses everything that is not in the
    /// table, in our words and with what could be asked instead where that is known.
    pub fn parse(words: &[String]) -> Result<Command, Refused> {
        let (first, rest) = words.split_first().ok_or_else(|| Refused::because("the command is empty"))?;
        if words.len() > MOST_WORDS || words.iter().map(String::len).sum::<usize>() > MOST_BYTES {
            return Err(Refused::because(format!(
                "a command has at most {MOST_WORDS} words and {MOST_BYTES} bytes"
            )));
        }
        let given = |rest: &[String]| rest.iter().map(|word| word.clone().into_bytes()).collect::<Vec<_>>();
        let mut refused = None;
        for row in ALLOWED {
            let args = match row.name.split_once(' ') {
                None if first.eq_ignore_ascii_case(row.name) => given(rest),
                Some((name, sub)) if first.eq_ignore_ascii_case(name) => match rest.split_first() {
                    Some((second, rest)) if second.eq_ignore_ascii_case(sub) => given(rest),
                    _ => continue,
                },
                _ => continue,
            };
            match row.command(&args) {
                Ok(command) => return Ok(command),
                Err(why) => refused = Some(why),
            }
        }
        Err(refused.unwrap_or_else(|| unknown(first)))
    }

    /// Every row of the table as people write it, and what prodview asks besides about its own user and about the
    /// commands of the server; nothing of these two reaches an answer.
    pub fn allowed() -> Vec<String> {
        let mut all: Vec<String> = ALLOWED.iter().map(Allowed::usage).collect();
        all.extend(OWN.iter().map(|(usage, why)| format!("{usage} ({why})")));
        all
    }

    /// The names of the table, subcommands behind a space, each once.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<&'static str> = ALLOWED.iter().map(|row| row.name).collect();
        names.dedup();
        names
    }

    /// Its name, a subcommand behind a space. Never an argument: fit for logs.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What to ask first, to know that the answer is not too large: numbers only. Empty for what is always small.
    pub fn probes(&self) -> Vec<Command> {
        let of = |name: &'static str, args: Vec<Vec<u8>>| Command {
            name,
            args,
            weight: Weight::Small,
            most: None,
        };
        let Some((key, rest)) = self.args.split_first() else { return Vec::new() };
        match self.weight {
            Weight::Small => Vec::new(),
            Weight::Strings => self.args.iter().map(|key| of("STRLEN", vec![key.clone()])).collect(),
            Weight::Fields => {
                rest.iter().map(|field| of("HSTRLEN", vec![key.clone(), field.clone()])).collect()
            }
            Weight::Elements(length) => {
                vec![of("MEMORY USAGE", vec![key.clone()]), of(length, vec![key.clone()])]
            }
        }
    }

    /// Whether the answers to [`Command::probes`] say that the answer would be too large; then what to ask instead.
    /// A probe that was not answered says nothing: the caps on what is read hold in any case.
    pub fn too_heavy(&self, probed: &[Option<Resp>]) -> Option<Refused> {
        let number = |n: usize| match probed.get(n) {
            Some(Some(Resp::Int(n))) => u64::try_from(*n).ok(),
            _ => None,
        };
        let (bytes, instead) = match self.weight {
            Weight::Small => return None,
            Weight::Strings => ((0..probed.len()).filter_map(number).sum(), "use GETRANGE key 0 9999"),
            Weight::Fields => {
                ((0..probed.len()).filter_map(number).sum(), "that field cannot be read in part")
            }
            Weight::Elements(_) => {
                let (all, length) = (number(0)?, number(1)?.max(1));
                // The server's usual number of a scan, and a little more.
                let most = self.most.unwrap_or(20).min(length);
                (all / length * most, "ask for fewer elements at once")
            }
        };
        (bytes > Self::HEAVIEST).then(|| {
            Refused::because(format!(
                "the answer would have about {bytes} bytes, more than {}: {instead}",
                Self::HEAVIEST
            ))
        })
    }

    /// The words as they are sent.
    pub(crate) fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.name.split(' ').map(str::as_bytes).chain(self.args.iter().map(Vec::as_slice))
    }

    /// What is known of the user that asks: only ever asked by guard itself.
    pub(crate) fn dry_run(user: &str, words: &[&str]) -> Command {
        let args = std::iter::once(user).chain(words.iter().copied());
        Command::own("ACL DRYRUN", args.map(|word| word.as_bytes().to_vec()).collect())
    }

    /// The rules of a user. The answer holds hashes of passwords and stays in guard.
    pub(crate) fn user_rules(user: &str) -> Command {
        Command::own("ACL GETUSER", vec![user.as_bytes().to_vec()])
    }

    /// What the server says of all commands of the table.
    pub(crate) fn facts() -> Command {
        let names = Command::names().into_iter().map(|name| name.replace(' ', "|").into_bytes());
        Command::own("COMMAND INFO", names.collect())
    }

    fn own(name: &'static str, args: Vec<Vec<u8>>) -> Command {
        Command { name, args, weight: Weight::Small, most: None }
    }

    fn named(name: &'static str, args: Vec<Vec<u8>>) -> Result<Command, Refused> {
        let mut refused = Refused::because("no such command");
        for row in ALLOWED.iter().filter(|row| row.name == name) {
            match row.command(&args) {
                Ok(command) => return Ok(command),
                Err(why) => refused = why,
            }
        }
        Err(refused)
    }
}

/// What guard asks on its own account, for [`Command::allowed`].
const OWN: &[(&str, &str)] = &[
    ("ACL DRYRUN user command …", "asked once, nothing is run: could this user write?"),
    ("ACL GETUSER user", "asked once, where the server has no ACL DRYRUN; the answer is not shown"),
    ("COMMAND INFO command …", "asked once: does one of these commands write on this server?"),
];

macro_rules! commands {
    ($($(#[$doc:meta])* $method:ident($($arg:ident: $kind:ty),*) = $name:literal, $args:expr;)*) => {
        impl Command {
            $($(#[$doc])*
            pub fn $method($($arg: $kind),*) -> Result<Command, Refused> {
                Command::named($name, $args)
            })*
        }
    };
}

fn word(value: impl Display) -> Vec<u8> {
    value.to_string().into_bytes()
}

commands! {
    /// Does the server answer?
    ping() = "PING", vec![];
    /// How many keys there are.
    dbsize() = "DBSIZE", vec![];
    /// Keys, page by page.
    scan(cursor: u64, pattern: &[u8], count: u64) = "SCAN",
        vec![word(cursor), word("MATCH"), pattern.to_vec(), word("COUNT"), word(count)];
    /// The same, of one type only.
    scan_type(cursor: u64, pattern: &[u8], count: u64, kind: &str) = "SCAN",
        vec![word(cursor), word("MATCH"), pattern.to_vec(), word("COUNT"), word(count), word("TYPE"), word(kind)];
    /// The type of a key; `none` when there is no such key.
    kind(key: &[u8]) = "TYPE", vec![key.to_vec()];
    /// Milliseconds until a key expires; -1 for never, -2 when there is no such key.
    pttl(key: &[u8]) = "PTTL", vec![key.to_vec()];
    /// Bytes of a string.
    strlen(key: &[u8]) = "STRLEN", vec![key.to_vec()];
    /// A string, whole.
    get(key: &[u8]) = "GET", vec![key.to_vec()];
    /// A part of a string.
    getrange(key: &[u8], first: u64, last: u64) = "GETRANGE", vec![key.to_vec(), word(first), word(last)];
    /// How many fields a hash has.
    hlen(key: &[u8]) = "HLEN", vec![key.to_vec()];
    /// Fields of a hash, page by page.
    hscan(key: &[u8], cursor: u64, count: u64) = "HSCAN", vec![key.to_vec(), word(cursor), word("COUNT"), word(count)];
    /// How many elements a list has.
    llen(key: &[u8]) = "LLEN", vec![key.to_vec()];
    /// Elements of a list.
    lrange(key: &[u8], first: i64, last: i64) = "LRANGE", vec![key.to_vec(), word(first), word(last)];
    /// How many members a set has.
    scard(key: &[u8]) = "SCARD", vec![key.to_vec()];
    /// Members of a set, page by page.
    sscan(key: &[u8], cursor: u64, count: u64) = "SSCAN", vec![key.to_vec(), word(cursor), word("COUNT"), word(count)];
    /// How many members a sorted set has.
    zcard(key: &[u8]) = "ZCARD", vec![key.to_vec()];
    /// Members of a sorted set with their scores, lowest first.
    zrange(key: &[u8], first: i64, last: i64) = "ZRANGE",
        vec![key.to_vec(), word(first), word(last), word("WITHSCORES")];
    /// How many entries a stream has.
    xlen(key: &[u8]) = "XLEN", vec![key.to_vec()];
    /// The newest entries of a stream.
    xrevrange(key: &[u8], count: u64) = "XREVRANGE", vec![key.to_vec(), word("+"), word("-"), word("COUNT"), word(count)];
    /// What a key takes of the server's memory, in bytes.
    memory_usage(key: &[u8]) = "MEMORY USAGE", vec![key.to_vec()];
    /// What the server says of itself: its default sections.
    info() = "INFO", vec![];
    /// Slow commands, newest first.
    slowlog_get(count: u64) = "SLOWLOG GET", vec![word(count)];
    /// The user that asks.
    acl_whoami() = "ACL WHOAMI", vec![];
}

impl Allowed {
    fn command(&self, args: &[Vec<u8>]) -> Result<Command, Refused> {
        let Checked { args, most } = rule::check(self.parts, args)
            .map_err(|why| Refused::because(format!("{why}. It is written: {}", self.usage())))?;
        Ok(Command { name: self.name, args, weight: self.weight, most })
    }

    fn usage(&self) -> String {
        self.parts.iter().fold(self.name.to_owned(), |text, part| format!("{text} {part}"))
    }
}

fn unknown(first: &str) -> Refused {
    let instead = INSTEAD.iter().find(|(name, _)| first.eq_ignore_ascii_case(name)).map(|(_, why)| *why);
    Refused::because(instead.unwrap_or(
        "this is none of the reading commands that prodview sends, such as GET, TTL, TYPE, SCAN, HSCAN, LRANGE, \
         SSCAN, ZRANGE, XRANGE, INFO, SLOWLOG GET (all of them: docs/surface.md)",
    ))
}

#[cfg(test)]
mod tests;
