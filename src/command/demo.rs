//! `prodview demo`: shows the job on a small fake production, from the question to the finding.

use super::{Trouble, production};
use crate::server::Server;
use crate::{log, terminal};
use clap::Args;
use prodview_demo::{Demo as Production, Incident, IncidentKind};
use prodview_tools::page::counted;
use prodview_tools::size::estimate;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Map, Value};
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;
use tracing::Level;

#[derive(Args)]
pub(super) struct Demo {
    /// Which incident to investigate; --list shows them
    #[arg(long, value_name = "NAME", default_value = "paid-no-access")]
    incident: String,
    /// Shows the incidents
    #[arg(long)]
    list: bool,
    /// Another company, with other people and ids
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How many calls an investigation takes at most: it follows the answers' own `next`.
const MOST_CALLS: usize = 6;

/// The names of the incidents on the command line.
const NAMES: [(&str, IncidentKind); 8] = [
    ("paid-no-access", IncidentKind::PaidNoAccess),
    ("card-declined", IncidentKind::CardDeclined3ds),
    ("locked-account", IncidentKind::LockedAccount),
    ("failed-refund", IncidentKind::FailedJobRefund),
    ("one-state", IncidentKind::IntermittentState),
    ("duplicate-customers", IncidentKind::DuplicateCustomers),
    ("past-due", IncidentKind::PastDueInvoice),
    ("dispute", IncidentKind::OpenDispute),
];

type Client = RunningService<RoleClient, ()>;

impl Demo {
    pub(super) async fn run(self) -> Result<ExitCode, Trouble> {
        log::start(Level::ERROR);
        let (production, app) = production::demo(self.seed).await?;
        if self.list {
            return list(&production);
        }
        let incident = NAMES
            .iter()
            .find(|(name, _)| *name == self.incident)
            .and_then(|(_, kind)| production.incidents().iter().find(|i| i.kind == *kind));
        let Some(incident) = incident else {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            return Err(Trouble::Usage(format!(
                "there is no incident `{}`; there are {}",
                self.incident,
                names.join(", ")
            )));
        };
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let server = Server::new(app);
        let serving = tokio::spawn(async move {
            if let Ok(service) = server.serve(theirs).await {
                drop(service.waiting().await);
            }
        });
        let client =
            ().serve(ours)
                .await
                .map_err(|e| Trouble::Failed(format!("the demo's client could not begin: {e}")))?;
        let done = investigate(&production, incident, &client).await;
        drop(client.cancel().await);
        serving.abort();
        done
    }
}

fn list(production: &Production) -> Result<ExitCode, Trouble> {
    let mut out = terminal::out();
    let rows: Vec<Vec<String>> = NAMES
        .iter()
        .filter_map(|(name, kind)| production.incidents().iter().find(|i| i.kind == *kind).map(|i| (name, i)))
        .map(|(name, incident)| vec![(*name).to_owned(), incident.title.clone(), incident.question.clone()])
        .collect();
    terminal::table(&["incident", "what", "what is said"], &rows, &mut out)?;
    Ok(ExitCode::SUCCESS)
}

/// Asks who it is and, of a payment that led to nothing, where its chain breaks; then follows what each answer
/// proposes, and prints what was found.
async fn investigate(
    production: &Production,
    incident: &Incident,
    client: &Client,
) -> Result<ExitCode, Trouble> {
    let mut out = terminal::out();
    let (heading, faint) = (terminal::HEADING, terminal::FAINT);
    writeln!(out, "{heading}{}{heading:#}", incident.title)?;
    writeln!(out, "“{}”\n", incident.question)?;
    let mut to_do = vec![("find_user".to_owned(), one("who", &incident.email))];
    if incident.kind == IncidentKind::PaidNoAccess {
        to_do.push(("trace_payment".to_owned(), one("who", &incident.email)));
    }
    let (mut done, mut found, mut totals) = (Vec::new(), Vec::<Value>::new(), Totals::default());
    while let Some((tool, args)) = (!to_do.is_empty() && done.len() < MOST_CALLS).then(|| to_do.remove(0)) {
        if done.contains(&(tool.clone(), args.clone())) {
            continue;
        }
        production.clear_record();
        writeln!(out, "{heading}→ {tool} {}{heading:#}", Value::Object(args.clone()))?;
        let started = Instant::now();
        let request = CallToolRequestParams::new(tool.clone()).with_arguments(args.clone());
        let answer = client.call_tool(request).await.map_err(|e| Trouble::Failed(format!("{tool}: {e}")))?;
        let ms = started.elapsed().as_secs_f64() * 1_000.0;
        for line in text(&answer).lines() {
            writeln!(out, "  {line}")?;
        }
        let requests = production.record();
        let tokens = estimate(&text(&answer));
        totals.add(ms, tokens, requests.len());
        writeln!(
            out,
            "{faint}  {ms:.1} ms, about {tokens} tokens, {} went out:{faint:#}",
            counted(requests.len(), "request", "requests")
        )?;
        for request in &requests {
            writeln!(
                out,
                "{faint}    {} {} {} → {}{faint:#}",
                service(request.service),
                request.method,
                request.path,
                request.status
            )?;
        }
        writeln!(out)?;
        done.push((tool, args));
        let structured = answer.structured_content.unwrap_or_default();
        found.extend(list_at(&structured, "findings"));
        to_do.extend(next(&structured));
    }
    writeln!(out, "{heading}What was found{heading:#}")?;
    let mut told: Vec<&str> = Vec::new();
    for what in found.iter().filter_map(|f| f.get("what")?.as_str()) {
        if !told.contains(&what) {
            writeln!(out, "  ! {what}")?;
            told.push(what);
        }
    }
    for action in found.iter().filter_map(|f| f.get("action")?.as_str()).take(2) {
        writeln!(out, "  a human could: {action}")?;
    }
    writeln!(
        out,
        "\n{} calls, {:.1} ms, about {} tokens, {} requests, none of which could write (token figures are estimates).",
        done.len(),
        totals.ms,
        totals.tokens,
        totals.requests
    )?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Totals {
    ms: f64,
    tokens: usize,
    requests: usize,
}

impl Totals {
    fn add(&mut self, ms: f64, tokens: usize, requests: usize) {
        self.ms += ms;
        self.tokens += tokens;
        self.requests += requests;
    }
}

fn one(key: &str, value: &str) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), Value::String(value.to_owned()))])
}

fn service(service: prodview_demo::Service) -> &'static str {
    match service {
        prodview_demo::Service::Sentry => "sentry",
        prodview_demo::Service::Stripe => "stripe",
        prodview_demo::Service::Convex => "convex",
        prodview_demo::Service::Upstash => "upstash",
        prodview_demo::Service::Supabase => "supabase",
    }
}

fn text(answer: &CallToolResult) -> String {
    answer.content.iter().filter_map(|block| block.as_text()).map(|t| t.text.as_str()).collect()
}

fn list_at(structured: &Value, key: &str) -> Vec<Value> {
    structured.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn next(structured: &Value) -> Vec<(String, Map<String, Value>)> {
    let call =
        |call: &Value| Some((call.get("tool")?.as_str()?.to_owned(), call.get("args")?.as_object()?.clone()));
    list_at(structured, "next").iter().filter_map(call).collect()
}
