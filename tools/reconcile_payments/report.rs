//! What was found: how much was compared first, then each kind of problem with what a human could do.

use super::books::Books;
use super::judge::{Judged, Sort};
use crate::asked::Asked;
use crate::page::counted;
use crate::sight::hidden;
use crate::{App, Finding};
use prodview_providers::app::Part;

/// The summary first.
pub(super) fn findings(app: &App, books: &Books<'_>, judged: &Judged, asked: &Asked) -> Vec<Finding> {
    let mut findings = vec![summary(books, judged)];
    for (sort, times) in judged.counts() {
        let of_sort = judged.problems.iter().filter(|p| p.sort == sort);
        let ids = of_sort.filter_map(|p| p.ids.first().cloned()).take(5);
        findings.push(Finding::new(format!("{}: {times}", sort.words())).from(ids).action(action(sort)));
    }
    if app.sources.app().part(Part::Payments).next().is_none() {
        findings.push(
            Finding::new("[app.payments.…] is not configured: only one side of the books was seen")
                .action("name the app's table of payments and its fields in prodview.toml; `prodview check --suggest` proposes them"),
        );
    } else if !books.rows_known || !books.paid_known {
        let failed = asked.failures().iter().map(|(source, failure)| format!("{source}: {failure}"));
        let mut why: Vec<String> = Vec::new();
        for reason in failed.chain(books.unseen.iter().cloned()) {
            if !why.iter().any(|known| known.ends_with(&reason) || *known == reason) {
                why.push(reason);
            }
        }
        findings.push(Finding::new(format!(
            "not everything was seen, so what could not be compared is not judged: {}",
            why.join("; ")
        )));
    }
    findings.extend(hidden(asked).filter(|_| !judged.problems.is_empty()));
    for ((table, what), ids) in &judged.unread {
        let rows = counted(ids.len(), "payment has a row", "payments have rows");
        findings.push(
            Finding::new(format!("{rows} in `{table}` whose {what} could not be read, and was not compared"))
                .from(ids.iter().take(5).cloned())
                .action("see with find_records what stands there, and whether [app.payments.…] names the right field"),
        );
    }
    for table in &judged.in_major {
        findings.push(Finding::new(format!(
            "amounts in `{table}` are kept in whole units, not in minor ones, and were compared so"
        )));
    }
    if books.paid.iter().any(|p| !p.live) {
        findings.push(Finding::new("a key of test mode was used: no real money is among these payments"));
    }
    findings
}

fn summary(books: &Books<'_>, judged: &Judged) -> Finding {
    let mut what = format!("checked {}, matched {}", judged.checked, judged.matched);
    let problems: Vec<String> =
        judged.counts().into_iter().map(|(sort, times)| format!("{times} {}", sort.words())).collect();
    if problems.is_empty() {
        let all = books.rows_known && books.paid_known && judged.not_judged == 0 && !books.tables.is_empty();
        what.push_str(if all { ": both sides agree" } else { ": no difference was seen" });
    } else {
        what.push_str(&format!("; problems: {}", problems.join(", ")));
    }
    if judged.not_judged > 0 {
        what.push_str(&format!(", {} not judged", judged.not_judged));
        if judged.too_new > 0 {
            what.push_str(&format!(" ({} paid minutes ago)", counted(judged.too_new, "was", "were")));
        }
    }
    Finding::new(format!("since {}: {what}", books.from))
}

fn action(sort: Sort) -> &'static str {
    match sort {
        Sort::PaidWithoutRow => {
            "run trace_payment on each; mend the handler, then resend the event from the provider's dashboard"
        }
        Sort::SubscriptionOnOneSide => {
            "see which side is right; resend the subscription's last event from the provider's dashboard, or set the row right by hand"
        }
        Sort::NothingGiven => "run trace_payment on each, and give by hand what is due",
        Sort::RowWithoutPayment => {
            "find out where the row comes from (another account, test mode, a forged call), and take back what was given for it"
        }
        Sort::StatusDiffers => {
            "take the provider's side as the truth for money, and set the row right by hand"
        }
        Sort::AmountDiffers | Sort::CurrencyDiffers => {
            "compare the row with the payment in the provider's dashboard, and set the wrong one right by hand"
        }
        Sort::SeveralRows => {
            "see whether the person was given it more than once; make the handler idempotent by the payment's id"
        }
    }
}
