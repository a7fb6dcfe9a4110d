//! Why a question got no answer, in terms of what the asker can do.

use crate::Refused;
use std::time::Duration;

/// Why a question got no answer. `Display` is the sentence for the caller; [`Failure::cause`] is for the log.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What kind of failure, and so what can be done.
    pub kind: FailureKind,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The provider's id of the request, for its support.
    pub request_id: Option<String>,
    /// One more sentence in our words, such as the permission that is missing.
    pub hint: Option<String>,
    cause: String,
}

/// The variants say what the reader can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// The provider does not have it (or hides it from this key).
    NotFound,
    /// The key is wrong, expired or lacks a permission.
    Denied,
    /// Too many requests, even after waiting as long as the deadline allowed.
    Limited {
        /// How long the provider asks to wait, when it says.
        retry_after: Option<Duration>,
    },
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
    /// An answer that makes no sense: HTML, cut or oversized JSON, an unknown shape, a server error.
    Odd,
    /// The provider did not accept the question: a bad search text, cursor or parameter.
    Invalid,
    /// prodview itself refused to ask.
    Refused,
}

impl Failure {
    /// A failure with the cause for the log. The cause may name technical detail, never a body or a key.
    pub fn new(kind: FailureKind, cause: impl Into<String>) -> Failure {
        Failure { kind, status: None, request_id: None, hint: None, cause: cause.into() }
    }

    /// An answer that could be read but not understood.
    pub fn odd(cause: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Odd, cause)
    }

    /// Adds a sentence for the caller. It must be ours, not the provider's.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// What happened, for the log.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// Whether the asker can mend it by asking otherwise. A refusal of the question is its own reason; that of a
    /// source (a key that could write) has a cause besides what it tells.
    pub fn is_of_the_question(&self) -> bool {
        match self.kind {
            FailureKind::Invalid => true,
            FailureKind::Refused => self.hint.as_deref() == Some(self.cause()),
            _ => false,
        }
    }

    /// Whether the provider said that it does not have the thing.
    pub fn is_not_found(&self) -> bool {
        self.kind == FailureKind::NotFound
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        Failure::new(FailureKind::Refused, refused.to_string()).hint(refused.to_string())
    }
}

impl std::error::Error for Failure {}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            FailureKind::NotFound => f.write_str("not found there")?,
            FailureKind::Denied => f.write_str("the key was not accepted for this question")?,
            FailureKind::Limited { retry_after: Some(after) } => {
                write!(f, "too many requests; the provider asks to wait {} s", after.as_secs().max(1))?;
            }
            FailureKind::Limited { retry_after: None } => {
                f.write_str("too many requests; ask again in a minute")?
            }
            FailureKind::Timeout => f.write_str("no answer in time")?,
            FailureKind::Unreachable => f.write_str("could not be reached")?,
            FailureKind::Odd => f.write_str("its answer could not be understood")?,
            FailureKind::Invalid => f.write_str("the provider did not accept the question")?,
            FailureKind::Refused => f.write_str("prodview refused to ask")?,
        }
        if let Some(hint) = &self.hint {
            write!(f, ": {hint}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}
