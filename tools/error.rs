//! Why a tool has no answer, in the words of what the asker can do next.

use prodview_guard::{Failure, FailureKind, redact};
use thiserror::Error;

/// What the model can mend says how; what it cannot is told briefly. The log keeps the cause.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ToolError {
    /// An argument is not as it should be.
    #[error("`{key}` {why}")]
    Malformed {
        /// Which one.
        key: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// Nobody has it.
    #[error("{0}")]
    NotFound(String),
    /// No source is configured that could answer.
    #[error("{0}")]
    NotConfigured(String),
    /// No source gave an answer.
    #[error("no answer: {0}")]
    Unavailable(String),
    /// The call took longer than it may.
    #[error("no answer within {0} s; ask for less (a shorter window, one source)")]
    TooLong(u64),
    /// A mistake of ours.
    #[error("prodview itself failed; its log on standard error says where")]
    Internal,
}

impl ToolError {
    /// An argument that is not as it should be.
    pub fn malformed(key: &str, why: impl Into<String>) -> ToolError {
        ToolError::Malformed { key: key.to_owned(), why: why.into() }
    }

    /// The same with secrets cut from its text: an argument that it repeats may have been a key.
    pub(crate) fn without_secrets(self) -> ToolError {
        let cut = |text: String| redact(&text).into_owned();
        match self {
            ToolError::Malformed { key, why } => ToolError::Malformed { key: cut(key), why: cut(why) },
            ToolError::NotFound(text) => ToolError::NotFound(cut(text)),
            ToolError::NotConfigured(text) => ToolError::NotConfigured(cut(text)),
            ToolError::Unavailable(text) => ToolError::Unavailable(cut(text)),
            other => other,
        }
    }

    /// No source gave an answer: each with its reasons, each reason once.
    pub fn in_vain(failures: &[(String, Failure)]) -> ToolError {
        let mut reasons: Vec<String> = Vec::new();
        for reason in failures.iter().map(|(source, failure)| format!("{source}: {failure}")) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        ToolError::Unavailable(reasons.join("; "))
    }

    /// Whether the asker can mend it.
    pub fn is_mendable(&self) -> bool {
        !matches!(self, ToolError::Unavailable(_) | ToolError::TooLong(_) | ToolError::Internal)
    }
}

impl From<Failure> for ToolError {
    fn from(failure: Failure) -> ToolError {
        match failure.kind {
            FailureKind::NotFound => ToolError::NotFound(failure.to_string()),
            _ => ToolError::Unavailable(failure.to_string()),
        }
    }
}
