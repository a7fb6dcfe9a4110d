//! The answer contract: what every answer has besides its own facts.

use crate::asked::{Asked, SourceReport};
use crate::page::Page;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a tool found out.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The tool's own fields.
    pub facts: T,
    /// What was noticed, most important first.
    pub findings: Vec<Finding>,
    /// What each source contributed.
    pub asked: Asked,
    /// What was left out, and how to get it.
    pub cut: Vec<Cut>,
    /// At most three calls that would follow.
    pub next: Vec<NextCall>,
    /// Whether it is an answer even when no source gave one: only when failures are what was asked for.
    pub tells_of_failures: bool,
}

impl<T> Answer<T> {
    /// An answer without findings.
    pub fn new(facts: T, asked: Asked) -> Answer<T> {
        Answer {
            facts,
            findings: Vec::new(),
            asked,
            cut: Vec::new(),
            next: Vec::new(),
            tells_of_failures: false,
        }
    }
}

/// Something noticed, with the evidence it rests on. The texts are ours; ids and addresses in them passed checks of
/// their shape.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What, in one sentence.
    pub what: String,
    /// Ids of the records it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// What a human could do.
    pub action: Option<String>,
}

impl Finding {
    /// A finding.
    pub fn new(what: impl Into<String>) -> Finding {
        Finding { what: what.into(), evidence: Vec::new(), action: None }
    }

    /// With the ids of the records it rests on.
    pub fn from<I: Into<String>>(mut self, evidence: impl IntoIterator<Item = I>) -> Finding {
        for id in evidence.into_iter().map(Into::into) {
            if !self.evidence.contains(&id) {
                self.evidence.push(id);
            }
        }
        self
    }

    /// With what a human could do.
    pub fn action(mut self, action: impl Into<String>) -> Finding {
        self.action = Some(action.into());
        self
    }
}

/// Something left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cut {
    /// What was left out.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The argument that gets it: `limit=50`.
    pub how: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The value of `cursor` that gets it.
    pub cursor: Option<String>,
}

/// A call that would follow, ready to send.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextCall {
    /// Its tool.
    pub tool: String,
    /// Its arguments.
    pub args: Map<String, Value>,
    /// What it would tell.
    pub why: String,
}

impl NextCall {
    /// A call with one text argument.
    pub fn new(tool: &str, key: &str, value: impl Into<String>, why: &str) -> NextCall {
        NextCall { tool: tool.to_owned(), args: Map::new(), why: why.to_owned() }.with(key, value)
    }

    /// One argument more.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> NextCall {
        self.args.insert(key.to_owned(), Value::String(value.into()));
        self
    }
}

/// An answer as it is shown: the facts between what was noticed and where they come from.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Shown<'a, T> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(with = "Vec<Record>")]
    findings: &'a [Finding],
    #[serde(flatten)]
    facts: &'a T,
    #[schemars(with = "Vec<Record>")]
    sources: &'a [SourceReport],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(with = "Vec<Record>")]
    cut: &'a [Cut],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    untrusted: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(with = "Vec<Record>")]
    next: &'a [NextCall],
}

/// The parts that every answer has are described once, in the documentation: a copy of their shapes in the schema of
/// each tool would cost every client some two thousand tokens.
struct Record;

impl JsonSchema for Record {
    fn schema_name() -> Cow<'static, str> {
        "Record".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

impl<T> Answer<T> {
    pub(crate) fn shown<'a>(&'a self, untrusted: &'a [String]) -> Shown<'a, T> {
        Shown {
            findings: &self.findings,
            facts: &self.facts,
            sources: self.asked.reports(),
            cut: &self.cut,
            untrusted,
            next: &self.next,
        }
    }

    /// The findings first, then `evidence`, then what is missing and where to look next.
    pub(crate) fn page(&self, environment: &str, evidence: Page) -> Page {
        let mut page = Page::default();
        for finding in &self.findings {
            page.line(format!("! {}", finding.what));
            if !finding.evidence.is_empty() {
                page.item(format!("rests on {}", finding.evidence.join(", ")));
            }
            if let Some(action) = &finding.action {
                page.item(format!("a human could: {action}"));
            }
        }
        page.append(evidence);
        for report in self.asked.reports() {
            if let Some(line) = report.remark() {
                page.line(line);
            }
        }
        for cut in &self.cut {
            let how = match (&cut.how, &cut.cursor) {
                (Some(how), _) => format!("; get it with {how}"),
                (None, Some(cursor)) => format!("; get it with cursor={cursor}"),
                (None, None) => String::new(),
            };
            page.line(format!("Not shown: {}{how}", cut.what));
        }
        if !self.next.is_empty() {
            page.line("Next:");
            for call in &self.next {
                page.item(format!("{} {} ({})", call.tool, Value::Object(call.args.clone()), call.why));
            }
        }
        page.line(format!("({environment}; asked {})", self.asked.names()));
        page
    }
}
