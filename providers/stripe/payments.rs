//! What became of a payment: of one in every detail, of several enough to choose from.

use super::inquiry::Inquiry;
use super::leads::Lead;
use super::meaning::Since;
use super::{INTENT, Stripe, history};
use crate::capability::{Answered, History, HistoryAsk, PaidAsk, Payments};
use crate::words::{Paid, Payment};
use crate::{Handle, HandleKind};
use async_trait::async_trait;
use futures_util::future::join_all;
use prodview_guard::{Failure, FailureKind, Segment};

/// So many payments are told at once.
const MOST: usize = 50;
/// So many payment intents are read one by one.
const ONE_BY_ONE: usize = 10;

#[async_trait]
impl Payments for Stripe {
    /// One payment: up to 13 requests for itself and up to 13 for its events; a usual card payment takes 9.
    /// Several: three for each customer (at most five), one for each payment that has to be read by itself (at most ten).
    /// An id that Stripe does not have is `Failure::NotFound`; with a hint when it exists in the other mode.
    async fn payments(&self, which: &Handle, limit: usize) -> Answered<Payment> {
        let limit = limit.clamp(1, MOST);
        let inquiry = Inquiry::new(self);
        let mut leads = inquiry.leads(which, limit).await?;
        if leads.len() == 1
            && let Some(only) = leads.pop()
        {
            let row = inquiry.whole(only).await?;
            return Ok(inquiry.found(vec![row]));
        }
        let mut unread = 0;
        leads.retain(|lead| {
            unread += usize::from(matches!(lead, Lead::IntentId(_)));
            !matches!(lead, Lead::IntentId(_)) || unread <= ONE_BY_ONE
        });
        if unread > ONE_BY_ONE {
            inquiry.bound(format!("{ONE_BY_ONE} payments that had to be read one by one"));
        }
        let told = join_all(leads.into_iter().map(|lead| inquiry.light(lead))).await;
        let mut rows: Vec<Payment> = Vec::new();
        for payment in told {
            rows.extend(inquiry.part("a payment", payment));
        }
        // The subscription that was asked for stays before its payments.
        let first = usize::from(
            which.kind == HandleKind::Subscription && rows.first().is_some_and(|r| r.id == which.id),
        );
        if let Some(rest) = rows.get_mut(first..) {
            rest.sort_by_key(|payment| std::cmp::Reverse(payment.created));
        }
        if rows.len() > limit {
            inquiry.bound(format!("the {limit} newest of {} payments", rows.len()));
            rows.truncate(limit);
        }
        if rows.len() > 1 {
            inquiry.note("of several payments each is told shortly: ask for one by its id to see attempts, purpose and events");
        }
        Ok(inquiry.found(rows))
    }

    async fn history(&self, ask: &HistoryAsk) -> Answered<History> {
        history::of(self, ask).await
    }

    async fn paid_since(&self, ask: &PaidAsk) -> Answered<Paid> {
        self.paid_in(ask).await
    }

    async fn paid(&self, which: &Handle) -> Answered<Paid> {
        self.paid_object(which).await
    }
}

impl Inquiry<'_> {
    /// What can be told without asking more; a payment intent that is only known by its id is read.
    async fn light(&self, lead: Lead) -> Result<Option<Payment>, Failure> {
        let stripe = self.stripe;
        Ok(Some(match lead {
            Lead::IntentId(id) => {
                let ask = INTENT.ask().segment(Segment::new(&id)?).query("expand[]", "latest_charge");
                match self.read(ask).await {
                    Ok(intent) => stripe.of_intent(&intent, &[], Since::default()),
                    Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
                    Err(failure) => return Err(failure),
                }
            }
            Lead::Intent(intent) => stripe.of_intent(&intent, &[], Since::default()),
            Lead::Charge(charge) => stripe.of_charge(&charge, Since::default()),
            Lead::Session(session) => {
                Payment { purpose: vec![stripe.session_purpose(&session)], ..stripe.of_session(&session) }
            }
            Lead::Invoice(invoice) => {
                Payment { purpose: vec![stripe.invoice_purpose(&invoice)], ..stripe.of_invoice(&invoice) }
            }
            Lead::Subscription(sub) => {
                Payment { purpose: vec![stripe.subscription_purpose(&sub)], ..stripe.of_subscription(&sub) }
            }
        }))
    }
}
