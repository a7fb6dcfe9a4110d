//! From what was asked to the payment that is traced, whole; and which others there are.

use super::Which;
use super::look::Look;
use crate::asked::{Asked, ask_all};
use crate::cursor::together;
use crate::{App, Cut, ToolError};
use futures_util::future::join;
use prodview_providers::words::{Payment, Person};
use prodview_providers::{Handle, HandleKind};

/// How many payments of one payer are looked at.
const MOST: usize = 5;

/// The payment, and what was seen on the way to it.
pub(super) struct Located {
    pub(super) payment: Option<Payment>,
    /// The payer's other payments, newest first.
    pub(super) others: Vec<Payment>,
    /// The app's users that the question leads to.
    pub(super) people: Look<Vec<Person>>,
    pub(super) cut: Vec<Cut>,
}

pub(super) async fn payment(app: &App, asked: &mut Asked, which: &Which) -> Result<Located, ToolError> {
    let (mut people, mut payments, mut cut) = match which {
        Which::Id(handle) => {
            let (payments, cut) = payments_of(app, asked, handle).await;
            (Look::whole(Vec::new()), payments, cut)
        }
        Which::Who(handle) if matches!(handle.kind, HandleKind::Email | HandleKind::Customer) => {
            let mut part = Asked::default();
            let ((payments, cut), people) =
                join(payments_of(app, asked, handle), people(app, &mut part, handle)).await;
            asked.merge(part);
            (people, payments, cut)
        }
        Which::Who(handle) => {
            if app.sources.app().users.is_none() {
                return Err(ToolError::NotConfigured(
                    "[app.users] is not configured, so a user's own id leads nowhere: give an e-mail address or cus_…"
                        .to_owned(),
                ));
            }
            let people = people(app, asked, handle).await;
            if people.seen.is_empty() && people.gap.is_none() {
                return Err(ToolError::NotFound(format!("no user of the app has the id {}", handle.id)));
            }
            let (mut payments, mut cut) = (Vec::new(), Vec::new());
            for lead in leads(&people.seen) {
                let (more, part) = payments_of(app, asked, &lead).await;
                payments.extend(more);
                cut.extend(part);
            }
            (people, payments, cut)
        }
    };
    if people.seen.is_empty() && app.sources.app().users.is_none() {
        people = Look::not_configured("users");
    }
    // One alone is told whole already.
    let whole = payments.len() == 1;
    let Some(place) = choose(&payments, which.handle()) else {
        return Ok(Located { payment: None, others: payments, people, cut });
    };
    let mut chosen = payments.remove(place);
    if !whole && let Some(handle) = Handle::read(&chosen.id) {
        let (told, _) = payments_of(app, asked, &handle).await;
        let same = told.into_iter().find(|p| p.id == chosen.id && p.source == chosen.source);
        chosen = same.unwrap_or(chosen);
    }
    payments.retain(|p| p.id != chosen.id && is_payment(p));
    payments.sort_by_key(|p| std::cmp::Reverse(p.created));
    if matches!(which, Which::Who(_)) {
        // Which others there are stands in `next`; that there are still more is told by the list of them.
        for part in &mut cut {
            part.how = Some(format!("payment_intent_status with id={}", which.handle().id));
            part.cursor = None;
        }
    } else {
        cut.clear();
    }
    Ok(Located { payment: Some(chosen), others: payments, people, cut })
}

async fn payments_of(app: &App, asked: &mut Asked, handle: &Handle) -> (Vec<Payment>, Vec<Cut>) {
    let found =
        ask_all(asked, app.sources.payments(), |able| async move { able.can.payments(handle, MOST).await })
            .await;
    together(found, "payments")
}

/// The app's own users that a handle leads to.
pub(super) async fn people(app: &App, asked: &mut Asked, handle: &Handle) -> Look<Vec<Person>> {
    let Some(users) = &app.sources.app().users else { return Look::not_configured("users") };
    let mut look = Look::whole(Vec::new());
    for able in app.sources.users().into_iter().filter(|able| able.source.name() == users.source) {
        let answer = match able.source.admit().await {
            Ok(()) => able.can.people(handle).await,
            Err(failure) => Err(failure),
        };
        look.add(asked, able.source.name(), answer);
    }
    look
}

/// Where a user of the app leads: to their customers, or, without any, to their address.
fn leads(people: &[Person]) -> Vec<Handle> {
    let links = people.iter().flat_map(|p| p.links.values()).filter_map(|id| Handle::read(id.as_str()));
    let mut leads: Vec<Handle> = links.filter(|h| h.kind == HandleKind::Customer).collect();
    if leads.is_empty() {
        let emails = people.iter().filter_map(|p| Handle::read(p.email.as_ref()?.as_str()));
        leads.extend(emails.filter(|h| h.kind == HandleKind::Email));
    }
    leads.truncate(2);
    leads
}

/// The newest that came to anything; a subscription stands behind the payments for it.
fn choose(payments: &[Payment], which: &Handle) -> Option<usize> {
    let named = |p: &Payment| p.id == which.id && which.kind != HandleKind::Subscription;
    let newest = |fits: &dyn Fn(&Payment) -> bool| {
        let fitting = payments.iter().enumerate().filter(|(_, p)| fits(p));
        fitting.max_by_key(|(n, p)| (p.created, std::cmp::Reverse(*n))).map(|(n, _)| n)
    };
    newest(&named)
        .or_else(|| newest(&|p| is_payment(p) && came_to_anything(p)))
        .or_else(|| newest(&|p| came_to_anything(p)))
        .or_else(|| newest(&|_| true))
}

fn is_payment(p: &Payment) -> bool {
    Handle::read(&p.id).is_some_and(|h| h.kind != HandleKind::Subscription)
}

/// Whether somebody tried to pay: an abandoned checkout is no payment.
fn came_to_anything(p: &Payment) -> bool {
    match p.status.as_str() {
        "open" | "expired" | "draft" | "void" | "canceled" | "incomplete_expired" => !p.attempts.is_empty(),
        "requires_payment_method" | "requires_confirmation" => !p.attempts.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace_payment::judge::stage::payment;

    #[test]
    fn the_newest_that_came_to_anything_is_traced() {
        let of = |id: &str, status: &str, ago: i64| {
            let mut p = payment(status);
            p.id = id.to_owned();
            p.created = Some(prodview_providers::Moment::now().minus_s(ago));
            p
        };
        let who = Handle::read("a@b.example").unwrap();
        let mut all = vec![
            of("cs_live_1Open", "open", 10),
            of("sub_1A", "past_due", 20),
            of("pi_1New", "succeeded", 30),
            of("pi_1Old", "succeeded", 90),
        ];
        all[0].attempts.clear();
        assert_eq!(choose(&all, &who), Some(2));
        assert_eq!(choose(&all, &Handle::read("pi_1Old").unwrap()), Some(3));
        assert_eq!(choose(&all, &Handle::read("sub_1A").unwrap()), Some(2));
        assert_eq!(choose(&all[..1], &who), Some(0));
        assert_eq!(choose(&[], &who), None);
    }
}
