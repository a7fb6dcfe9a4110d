//! What services say about themselves: releases, logs, settings, health.

use crate::Moment;
use prodview_guard::Foreign;
use schemars::JsonSchema;
use serde::Serialize;

/// A release or deployment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Deployment {
    /// Which source.
    pub source: String,
    /// The version, or the deployment's id.
    pub version: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When it was released, or made.
    pub at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Where to.
    pub environment: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How many kinds of error are new in it.
    pub new_errors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its page.
    pub url: Option<String>,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LogLine {
    /// Which source.
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When.
    pub at: Option<Moment>,
    /// `error`, `warn`, `info`, …
    pub level: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Which function or service wrote it.
    pub origin: Option<Foreign>,
    /// What it says.
    pub text: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The request it belongs to.
    pub request: Option<String>,
}

/// A setting that matters when something is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Setting {
    /// Which source.
    pub source: String,
    /// What: `alert rule`, `environment variable`, `mode`.
    pub kind: String,
    /// Its name.
    pub name: Foreign,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Its value, unless that could be a secret.
    pub value: Option<Foreign>,
}

/// One look at whether a service works.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// Which source.
    pub source: String,
    /// What was looked at.
    pub name: String,
    /// Whether it works.
    pub ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// What was seen, in our words.
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// How long the answer took, in milliseconds.
    pub ms: Option<u64>,
}
