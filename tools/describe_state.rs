//! `describe_state`: which tables the application has, and what one of them is made of.

use crate::asked::{Asked, ask_all};
use crate::page::Page;
use crate::state_source::choose;
use crate::{Answer, App, Finding, Needs, NextCall, Tool, ToolError};
use prodview_providers::Found;
use prodview_providers::capability::Capability;
use prodview_providers::words::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tool.
pub struct DescribeState;

/// Of what.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Which source; may be left out when there is one.
    #[schemars(length(min = 1, max = 40))]
    source: Option<String>,
    /// Which table; without it, all of them by name.
    #[schemars(length(min = 1, max = 200))]
    table: Option<String>,
}

/// The tables.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    source: String,
    tables: Vec<Table>,
}

impl Tool for DescribeState {
    const NAME: &'static str = "describe_state";
    const TITLE: &'static str = "Tables of the application";
    const ABOUT: &'static str = "Which tables the application's database has; with `table`, its fields, types and indexes. \
        Use it before find_records.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::State]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let able = choose(app, q.source.as_deref())?;
        let source = able.source.name().to_owned();
        let mut asked = Asked::default();
        let found = ask_all(&mut asked, vec![able], |able| {
            let table = q.table.clone();
            async move {
                match table {
                    Some(table) => Ok(Found::one(Some(able.can.table(&table).await?))),
                    None => able.can.tables().await,
                }
            }
        })
        .await;
        let tables: Vec<Table> = found.into_iter().flat_map(|(_, f)| f.rows).collect();
        if tables.is_empty()
            && !asked.in_vain()
            && let Some(table) = &q.table
        {
            return Err(ToolError::NotFound(format!(
                "{source} has no table of that name ({} characters); describe_state without `table` lists them",
                table.chars().count()
            )));
        }
        let mut answer = Answer::new(Facts { source, tables }, asked);
        if let (None, Some(first)) = (&q.table, answer.facts.tables.iter().find(|t| t.has_plain_name())) {
            answer.next.push(NextCall::new("describe_state", "table", &first.name, "its fields and indexes"));
        }
        if answer.facts.tables.is_empty() && answer.asked.whole() {
            answer.findings.push(Finding::new("the database has no tables"));
        }
        if let Some(table) = &q.table {
            answer.next.push(NextCall::new("find_records", "table", table, "its newest records"));
        }
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        page.line(format!(
            "{} of {}",
            if facts.tables.len() == 1 { "Table" } else { "Tables" },
            facts.source
        ));
        for table in &facts.tables {
            let rows = table.rows.map(|n| format!(" ({n} rows)")).unwrap_or_default();
            page.item(format!("{}{rows}", table.name));
            for field in &table.fields {
                let optional = if field.optional { ", optional" } else { "" };
                let looks = field.looks_like.as_ref().map(|l| format!(" — {l}")).unwrap_or_default();
                let key = field.key.as_ref().map(|key| format!(", {key}")).unwrap_or_default();
                page.deeper(2, format!("{}: {}{optional}{key}{looks}", field.name, field.kind));
            }
            if !table.indexes.is_empty() {
                page.deeper(2, format!("indexes: {}", table.indexes.join(", ")));
            }
        }
    }
}
