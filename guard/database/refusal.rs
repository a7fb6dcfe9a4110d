//! What a database's refusal means, in our words. Its own message is never repeated; a name in it is, when the asker
//! wrote that very name.

use super::transaction::Broken;
use crate::{Failure, FailureKind, visible};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// The extension by which a server counts what its statements cost: seldom on unless somebody switched it on.
const STATEMENTS: &str = "pg_stat_statements";

/// The failure that an error means. `asked` is the statement as it was sent, or empty.
pub(crate) fn failure(broken: &Broken, asked: &str) -> Failure {
    match broken {
        Broken::Odd(why) => Failure::odd(why.clone()),
        Broken::Database(error) => of_the_driver(error, asked),
    }
}

/// Whether an error means that the connection is at its end, so that another one may do: the server was restarted or
/// ended the session, or nobody is there any more.
pub(super) fn ended(error: &Error) -> bool {
    error.is_closed()
        || error.as_db_error().is_none_or(|said| {
            let code = said.code().code();
            code.starts_with("57P") || code.starts_with("08")
        })
}

pub(super) fn of_the_driver(error: &Error, asked: &str) -> Failure {
    if let Some(said) = error.as_db_error() {
        return of_the_server(said.code(), said.message(), asked);
    }
    let mut cause = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        cause = format!("{cause}: {inner}");
        source = inner.source();
    }
    let hint = if cause.contains("certificate") || cause.contains("tls") || cause.contains("TLS") {
        Some(
            "its certificate could not be verified, or it does not offer encryption: name the authority in `ca_file`, \
              or write sslmode=disable for a private network",
        )
    } else if cause.contains("password") {
        Some("the database's URL lacks a password")
    } else {
        None
    };
    let failure = Failure::new(FailureKind::Unreachable, cause);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Source of the codes: PostgreSQL's documentation, appendix "PostgreSQL Error Codes".
pub(crate) fn of_the_server(code: &SqlState, message: &str, asked: &str) -> Failure {
    let named = |what: &str| match name_of_the_asker(message, asked) {
        Some(name) => format!("{what} `{name}`"),
        None => what.to_owned(),
    };
    let (kind, hint) = match code {
        c if *c == SqlState::QUERY_CANCELED => (
            FailureKind::Timeout,
            "the database stopped the question, which took too long: ask for less, or by a field that has an index".to_owned(),
        ),
        c if *c == SqlState::LOCK_NOT_AVAILABLE => (
            FailureKind::Timeout,
            "somebody holds a lock on what was asked for: look for blocked queries, or ask again".to_owned(),
        ),
        c if *c == SqlState::TOO_MANY_CONNECTIONS => (
            FailureKind::Limited { retry_after: None },
            "the database has no connection left for this role".to_owned(),
        ),
        c if *c == SqlState::READ_ONLY_SQL_TRANSACTION => {
            (FailureKind::Refused, "the database refused it: it would write".to_owned())
        }
        c if [SqlState::UNDEFINED_TABLE, SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE].contains(c)
            && named("").contains(STATEMENTS) =>
        {
            (
                FailureKind::Invalid,
                format!(
                    "the extension {STATEMENTS} is missing: name it in `shared_preload_libraries`, restart the server, and run \
                     `create extension {STATEMENTS}` in this database"
                ),
            )
        }
        c if *c == SqlState::UNDEFINED_TABLE => (FailureKind::Invalid, named("there is no table")),
        c if *c == SqlState::UNDEFINED_COLUMN => (FailureKind::Invalid, named("there is no column")),
        c if *c == SqlState::AMBIGUOUS_COLUMN => {
            (FailureKind::Invalid, named("it is not clear which table is meant by the column"))
        }
        c if *c == SqlState::UNDEFINED_FUNCTION => (
            FailureKind::Invalid,
            "no function or operator fits these types: a cast such as `$1::uuid` may be missing".to_owned(),
        ),
        c if *c == SqlState::INSUFFICIENT_PRIVILEGE => (
            FailureKind::Denied,
            format!("{}: GRANT SELECT on it to this role, or ask for something else", named("the role may not read")),
        ),
        c if *c == SqlState::INVALID_CATALOG_NAME => {
            (FailureKind::Denied, "the database that the URL names does not exist".to_owned())
        }
        c if *c == SqlState::T_R_SERIALIZATION_FAILURE => (
            FailureKind::Unreachable,
            "the replica had to drop the question to keep up: ask again".to_owned(),
        ),
        c if (c.code().starts_with("28") || c.code().starts_with("08")) && wants_encryption(c, message) => (
            FailureKind::Denied,
            "the database did not accept the connection: it may want an encrypted one (sslmode=require in the URL), or \
             does not accept this user from this address"
                .to_owned(),
        ),
        c if c.code().starts_with("28") => (
            FailureKind::Denied,
            "the database did not accept the user or the password, or not from this address".to_owned(),
        ),
        c if *c == SqlState::INVALID_TEXT_REPRESENTATION => (
            FailureKind::Invalid,
            format!("{}: a number, an id, or a label of an enum that is none", named("a value does not fit its type")),
        ),
        c if c.code().starts_with("22") => (FailureKind::Invalid, of_the_data(c).to_owned()),
        c if c.code().starts_with("42") || c.code().starts_with("0A") || c.code().starts_with("21") => {
            let near = name_of_the_asker(message, asked).map(|name| format!(" near `{name}`"));
            let near = near.unwrap_or_default();
            (FailureKind::Invalid, format!("the database does not understand the statement{near}"))
        }
        c if c.code().starts_with("53") || c.code().starts_with("54") => {
            (FailureKind::Invalid, "the question needs more memory or room than the database gives it".to_owned())
        }
        c if c.code().starts_with("08") || c.code().starts_with("57") => {
            (FailureKind::Unreachable, "the database or its pooler closed the connection".to_owned())
        }
        _ => return Failure::odd(format!("SQLSTATE {}", code.code())).hint(format!("it answered with SQLSTATE {}", code.code())),
    };
    Failure::new(kind, format!("SQLSTATE {}", code.code())).hint(hint)
}

/// Whether the server takes this user only over TLS: it refuses every unencrypted connection by the same code as one from
/// a strange address, and a pooler by that of a broken one.
fn wants_encryption(code: &SqlState, message: &str) -> bool {
    let encrypted = message.contains("SSL encryption") || message.contains("SSL on");
    let speaks_of_it = ["no encryption", "SSL", "ssl", "TLS", "insecure"].iter().any(|w| message.contains(w));
    // Its words may be of any language.
    !encrypted && (speaks_of_it || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// What is wrong with a value, by the codes of class 22, "Data Exception".
fn of_the_data(code: &SqlState) -> &'static str {
    match code.code() {
        "22012" => "it divides by zero: write `x / nullif(y, 0)`",
        "22003" => "a number is too large for its type",
        "22007" => {
            "a value does not fit its type: a text that is no date or time; write 2026-01-31T09:30:00Z"
        }
        "22008" => "a date or time is beyond its range: there is no such day or hour",
        "22023" => "a function was given a value that it does not take",
        "2201B" => "a regular expression is none",
        "22025" => "a pattern ends in its escape character",
        "2201W" | "2201X" => "LIMIT and OFFSET take no negative number",
        "2202E" => "an array has no such part, or its parts do not fit",
        "22021" | "22P05" => "a text has a character that the database cannot hold",
        "22030" | "22032" | "22033" | "22034" | "22035" | "22036" | "22037" | "22038" | "22039" | "2203A"
        | "2203B" | "2203C" | "2203D" | "2203F" | "2203G" => {
            "a value in JSON is none, or not as the function needs it"
        }
        _ => "a value does not fit its type or its function",
    }
}

/// The name in quotes that the message gives, if the asker's own statement holds it.
fn name_of_the_asker(message: &str, asked: &str) -> Option<String> {
    let mut quoted = message.split('"').skip(1).step_by(2);
    let bare = || {
        // `column u.emial does not exist`, `permission denied for table users`.
        message
            .split_whitespace()
            .filter(|word| word.contains(['.', '_']))
            .chain(message.split_whitespace().last())
    };
    let holds = |name: &&str| {
        (2..=120).contains(&name.len())
            && asked.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))).any(|word| {
                word.eq_ignore_ascii_case(name)
                    || word.rsplit('.').next().is_some_and(|w| w.eq_ignore_ascii_case(name))
            })
    };
    quoted.find(holds).or_else(|| bare().find(holds)).map(|name| visible(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_repeated_only_when_the_asker_wrote_it() {
        let asked = "SELECT u.emial FROM shop.users AS u WHERE id = $1";
        let name = |message| name_of_the_asker(message, asked);
        assert_eq!(name("column u.emial does not exist").as_deref(), Some("u.emial"));
        assert_eq!(name("relation \"shop.users\" does not exist").as_deref(), Some("shop.users"));
        assert_eq!(name("permission denied for table users").as_deref(), Some("users"));
        assert_eq!(name("column \"secret_of_another\" does not exist"), None);
        assert_eq!(name("something odd happened at 10.0.0.3"), None);
    }

    #[test]
    fn each_mistake_in_a_value_has_its_sentence() {
        let hint =
            |code, message| of_the_server(&SqlState::from_code(code), message, "SELECT 'paid'").hint.unwrap();
        let label = hint("22P02", "invalid input value for enum order_status: \"paid\"");
        assert!(label.starts_with("a value does not fit its type `paid`: "), "{label}");
        let other = hint("22P02", "invalid input syntax for type integer: \"hunter2\"");
        assert!(
            other.starts_with("a value does not fit its type: ") && !other.contains("hunter2"),
            "{other}"
        );
        let mut said: Vec<String> =
            ["22012", "22003", "22007", "22008", "22P02", "22023"].map(|code| hint(code, "x")).into();
        assert!(said[0].contains("divides by zero") && said[3].contains("no such day"), "{said:?}");
        said.sort();
        said.dedup();
        assert_eq!(said.len(), 6, "{said:?}");
    }

    #[test]
    fn a_server_that_wants_encryption_is_told_of() {
        for (code, message, told) in [
            (
                "28000",
                "no pg_hba.conf entry for host \"10.0.0.3\", user \"u\", database \"d\", no encryption",
                true,
            ),
            ("28000", "connexion refus\u{e9}e", true),
            ("08P01", "SSL required", true),
            (
                "28000",
                "no pg_hba.conf entry for host \"10.0.0.3\", user \"u\", database \"d\", SSL encryption",
                false,
            ),
            ("28P01", "password authentication failed for user \"u\"", false),
            ("08006", "server closed the connection", false),
        ] {
            let failure = of_the_server(&SqlState::from_code(code), message, "");
            let hint = failure.hint.unwrap();
            assert_eq!(hint.contains("sslmode=require"), told, "{message}: {hint}");
            assert!(!hint.contains("10.0.0.3"), "{hint}");
        }
    }
}
