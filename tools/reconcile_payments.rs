//! `reconcile_payments`: the morning check. Everything that was paid beside the application's own rows, both ways.

use crate::app_payments::ago;
use crate::asked::Asked;
use crate::page::{Page, counted};
use crate::since::{self, DAY};
use crate::{Answer, App, Cut, Needs, NextCall, Tool, ToolError};
use prodview_guard::Foreign;
use prodview_providers::Moment;
use prodview_providers::capability::Capability;
use prodview_providers::words::PaidKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod books;
mod judge;
mod place;
mod report;
mod verify;

use judge::{Problem, Sort};
use place::Place;

/// The tool.
pub struct ReconcilePayments;

/// What to compare.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Window: 30m, 24h, 7d, or a moment. Default 24h.
    #[schemars(length(min = 2, max = 40))]
    since: Option<String>,
    /// Default: all.
    kind: Option<Kind>,
    /// Default 10.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<usize>,
    /// From an earlier answer's `cut`.
    #[schemars(length(min = 1, max = 200))]
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Payments,
    Checkouts,
    Invoices,
    Subscriptions,
    All,
}

/// How both sides agree.
#[derive(Serialize, JsonSchema)]
pub struct Facts {
    /// The span that was really compared.
    window: (Moment, Moment),
    checked: usize,
    matched: usize,
    /// Too new, or beyond what is looked up for one question.
    #[serde(skip_serializing_if = "is_zero")]
    not_judged: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by_kind: Vec<Count>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Shown>,
}

/// How many problems of one kind.
#[derive(Serialize, JsonSchema)]
pub struct Count {
    problem: Sort,
    times: usize,
}

/// One thing that does not agree.
#[derive(Serialize, JsonSchema)]
pub struct Shown {
    problem: Sort,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<Foreign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Moment>,
    what: String,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Tool for ReconcilePayments {
    const NAME: &'static str = "reconcile_payments";
    const TITLE: &'static str = "Payments beside the app's own rows";
    const ABOUT: &'static str = "The morning check: who paid and has no row for it, which rows have no payment, what differs in amount or status, subscriptions that run on one side only. \
        It never repairs; trace_payment explains one of them.";
    const NEEDS: Needs = Needs::AnyOf(&[Capability::Payments]);
    type Question = Question;
    type Facts = Facts;

    async fn run(app: &App, q: Question) -> Result<Answer<Facts>, ToolError> {
        let place = match Place::read(q.cursor.as_deref())? {
            Some(place) => place,
            None => Place {
                since: since::or_ago("since", q.since.as_deref(), DAY)?,
                until: Moment::now(),
                skip: 0,
            },
        };
        let kinds = kinds(q.kind.unwrap_or(Kind::All));
        let mut asked = Asked::default();
        let mut books = books::read(app, &mut asked, &place, &kinds).await;
        let doubts = judge::doubts(&books);
        verify::clear(app, &mut asked, &mut books, doubts).await;
        let judged = judge::judge(&books);
        let limit = q.limit.unwrap_or(10);
        let mut cut = books.cuts();
        let all = judged.problems.len();
        let shown: Vec<Shown> = judged.problems.iter().skip(place.skip).take(limit).map(show).collect();
        let end = place.skip + shown.len();
        if end < all && !shown.is_empty() {
            cut.push(Cut {
                what: counted(all - end, "problem more", "problems more"),
                how: None,
                cursor: Some(Place { skip: end, ..place }.write()),
            });
        }
        let findings = report::findings(app, &books, &judged, &asked);
        let next =
            judged.problems.get(place.skip).and_then(|p| p.paid.clone()).map(|id| {
                NextCall::new("trace_payment", "id", id, "where the chain of the first one breaks")
            });
        let facts = Facts {
            window: (books.from, place.until),
            checked: judged.checked,
            matched: judged.matched,
            not_judged: judged.not_judged,
            by_kind: judged.counts().into_iter().map(|(problem, times)| Count { problem, times }).collect(),
            problems: shown,
        };
        let mut answer = Answer::new(facts, asked);
        answer.findings = findings;
        answer.cut = cut;
        answer.next.extend(next);
        Ok(answer)
    }

    fn tell(facts: &Facts, page: &mut Page) {
        page.line(format!("compared from {} to {}", facts.window.0, facts.window.1));
        for problem in &facts.problems {
            let who = problem.who.as_ref().map(|w| format!(" ({w})")).unwrap_or_default();
            let ids =
                if problem.ids.is_empty() { String::new() } else { format!(" [{}]", problem.ids.join(", ")) };
            let when = problem.at.map(|at| format!(", {}", ago(at, facts.window.1))).unwrap_or_default();
            page.item(format!("{}: {}{when}{who}{ids}", problem.problem.words(), problem.what));
        }
    }
}

fn kinds(kind: Kind) -> Vec<PaidKind> {
    match kind {
        Kind::Payments => vec![PaidKind::Payment],
        Kind::Checkouts => vec![PaidKind::Checkout],
        Kind::Invoices => vec![PaidKind::Invoice],
        Kind::Subscriptions => vec![PaidKind::Subscription],
        Kind::All => {
            vec![PaidKind::Payment, PaidKind::Checkout, PaidKind::Invoice, PaidKind::Subscription]
        }
    }
}

fn show(problem: &Problem) -> Shown {
    Shown {
        problem: problem.sort,
        ids: problem.ids.clone(),
        who: problem.who.clone(),
        at: problem.at,
        what: problem.what.clone(),
    }
}
