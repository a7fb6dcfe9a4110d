//! What went wrong, for whom, and what they ask: the list that a test or a reader checks findings against.

mod access;
mod cards;
mod people;
mod refunds;

use jiff::Timestamp;

use super::Person;
use super::making::{Making, moment};

/// The ways in which the company's days go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentKind {
    /// The payment succeeded, its webhook failed, and what was paid for was never given.
    PaidNoAccess,
    /// The bank wants 3-D Secure and it fails, again and again.
    CardDeclined3ds,
    /// Too many failed sign-ins; the account is locked.
    LockedAccount,
    /// A background job failed after it had asked for a refund, and the refund did not arrive either.
    FailedJobRefund,
    /// An error that only users in one state meet.
    IntermittentState,
    /// Two customers of one person; the application looks at the wrong one.
    DuplicateCustomers,
    /// A membership's renewal could not be charged.
    PastDueInvoice,
    /// The bank took a payment back; an answer is due.
    OpenDispute,
}

/// One thing to find.
#[derive(Debug, Clone)]
pub struct Incident {
    /// What it is.
    pub kind: IncidentKind,
    /// In a few words, for a list.
    pub title: String,
    /// What the customer, or a colleague for them, says.
    pub question: String,
    /// Who it is about, as the application spells the address.
    pub email: String,
    /// Their row in `users`.
    pub user_id: String,
    /// The customer that the application links.
    pub customer_id: String,
    /// Their other customer, of which the application does not know.
    pub other_customer_id: Option<String>,
    /// When it went wrong.
    pub at: Timestamp,
    /// The payment at the heart of it.
    pub payment_intent: Option<String>,
    /// Its charges, in order of time.
    pub charges: Vec<String>,
    /// The checkout it came from.
    pub checkout_session: Option<String>,
    /// The subscription.
    pub subscription: Option<String>,
    /// The invoice.
    pub invoice: Option<String>,
    /// The refund.
    pub refund: Option<String>,
    /// The dispute.
    pub dispute: Option<String>,
    /// The Stripe event that tells of it.
    pub event_id: Option<String>,
    /// The issue at Sentry.
    pub issue_short_id: Option<String>,
    /// That issue's event of this person, 32 hex digits.
    pub error_event_id: Option<String>,
    /// The rows that tell of it in the application: table and id.
    pub rows: Vec<(&'static str, String)>,
}

impl Incident {
    fn new(kind: IncidentKind, person: &Person, at: i64) -> Incident {
        Incident {
            kind,
            title: String::new(),
            question: String::new(),
            email: person.email.clone(),
            user_id: person.user().to_owned(),
            customer_id: person.customer().to_owned(),
            other_customer_id: None,
            at: moment(at),
            payment_intent: None,
            charges: Vec::new(),
            checkout_session: None,
            subscription: None,
            invoice: None,
            refund: None,
            dispute: None,
            event_id: None,
            issue_short_id: None,
            error_event_id: None,
            rows: Vec::new(),
        }
    }
}

impl Making {
    /// Lets every incident happen to another member, and gives back those to whom nothing happened, but that some
    /// of them share the state of one who was hit.
    pub fn incidents(&mut self, members: Vec<Person>) -> Vec<Person> {
        let stories: [fn(&mut Making, &Person); 7] = [
            Making::paid_no_access,
            Making::card_declined,
            Making::locked_account,
            Making::failed_job_refund,
            Making::duplicate_customers,
            Making::past_due_invoice,
            Making::open_dispute,
        ];
        let mut members = members.into_iter();
        for (story, person) in stories.iter().zip(members.by_ref()) {
            story(self, &person);
        }
        let hit = members.next();
        let mut rest: Vec<Person> = members.collect();
        if let Some(person) = hit {
            self.intermittent_state(&person, &mut rest);
        }
        rest
    }
}
