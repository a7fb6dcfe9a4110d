//! The words by which applications call their tables and fields, in each part that a table can play.

use super::Shape;
use crate::app::Part;

/// A part and what speaks for it.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) part: Part,
    /// Words in the table's name.
    pub(super) named: &'static [&'static str],
    /// Words that speak against it.
    pub(super) against: &'static [&'static str],
    /// Roles of which one must be there.
    pub(super) needs: &'static [&'static str],
    looked_for: &'static str,
}

const PAYING: &[&str] = &["payment", "checkout", "invoice", "subscription"];

const KINDS: [Kind; 6] = [
    Kind {
        part: Part::Webhooks,
        named: &["webhook", "event", "hook"],
        against: &["audit", "analytic", "calendar"],
        needs: &["event"],
        looked_for: "a table with the ids of a provider's events (evt_…)",
    },
    Kind {
        part: Part::Payments,
        named: &[
            "payment",
            "order",
            "purchase",
            "charge",
            "invoice",
            "subscription",
            "checkout",
            "transaction",
            "membership",
            "billing",
            "sale",
        ],
        against: &["webhook", "event", "audit", "log", "error", "job"],
        needs: PAYING,
        looked_for: "a table with ids of payments, checkouts, invoices or subscriptions (pi_…, cs_…, in_…, sub_…)",
    },
    Kind {
        part: Part::Entitlements,
        named: &[
            "membership",
            "subscription",
            "pass",
            "entitlement",
            "credit",
            "license",
            "licence",
            "quota",
            "access",
            "grant",
            "enrollment",
            "enrolment",
            "wallet",
            "balance",
        ],
        against: &[
            "password", "session", "token", "log", "audit", "event", "job", "error", "invite", "reset",
        ],
        needs: &["until", "balance", "status"],
        looked_for: "a table of memberships, passes, licences or credits with a user and an end or a balance",
    },
    Kind {
        part: Part::Jobs,
        named: &["job", "task", "queue", "outbox"],
        against: &["batch"],
        needs: &["status", "error"],
        looked_for: "a table of background jobs or tasks with a status or an error",
    },
    Kind {
        part: Part::Errors,
        named: &["error", "exception", "failure", "crash"],
        against: &[],
        needs: &["message"],
        looked_for: "a table of errors with a message",
    },
    Kind {
        part: Part::Audit,
        named: &["audit", "activity", "activitie", "trail", "history", "actionlog", "changelog"],
        against: &["error"],
        needs: &["action"],
        looked_for: "a table named like an audit trail with an action",
    },
];

impl Kind {
    pub(super) fn of(part: Part) -> Kind {
        let known = KINDS.into_iter().find(|kind| kind.part == part);
        known.unwrap_or(Kind {
            part,
            named: &[],
            against: &[],
            needs: &[],
            looked_for: "a table of that kind",
        })
    }

    pub(super) const fn looked_for(self) -> &'static str {
        self.looked_for
    }
}

/// Whether a table of that name, in the singular, holds people: by itself it may be that of the users.
pub(super) fn is_of_people(stem: &str) -> bool {
    matches!(stem, "account" | "member" | "profile" | "person" | "people") || stem.ends_with("user")
}

/// Names of fields for each role, best first. `…` at an end stands for any beginning.
pub(super) const ROLES: &[(&str, &[&str])] = &[
    ("status", &["status", "state", "…status", "…state"]),
    (
        "at",
        &[
            "occurredat",
            "createdat",
            "insertedat",
            "_creationtime",
            "receivedat",
            "loggedat",
            "failedat",
            "at",
            "timestamp",
            "created",
            "date",
            "createdon",
            "performedat",
            "time",
        ],
    ),
    ("error", &["error", "errormessage", "lasterror", "failurereason", "exception", "failure", "…error"]),
    ("type", &["type", "eventtype", "kind", "eventname", "topic"]),
    ("message", &["message", "error", "errormessage", "msg", "exception", "description", "detail", "text"]),
    (
        "ref",
        &[
            "ref",
            "reference",
            "referenceid",
            "targetid",
            "entityid",
            "subjectid",
            "recordid",
            "auditableid",
            "resourceid",
            "objectid",
            "orderid",
            "jobid",
        ],
    ),
    ("action", &["action", "event", "activity", "verb", "operation", "eventtype", "type", "description"]),
    (
        "amount",
        &[
            "amount",
            "amountcents",
            "amounttotal",
            "totalamount",
            "total",
            "totalcents",
            "price",
            "pricecents",
        ],
    ),
    ("currency", &["currency", "currencycode"]),
    (
        "until",
        &[
            "until",
            "validuntil",
            "expiresat",
            "expireson",
            "expiry",
            "expirydate",
            "expirationdate",
            "currentperiodend",
            "periodend",
            "endsat",
            "endson",
            "enddate",
            "accessuntil",
            "stripecurrentperiodend",
            "validto",
        ],
    ),
    (
        "balance",
        &[
            "balance",
            "credits",
            "remaining",
            "quantityleft",
            "creditsremaining",
            "remainingcredits",
            "usesleft",
            "…left",
            "…remaining",
            "amountleft",
        ],
    ),
    (
        "user",
        &[
            "userid",
            "user",
            "ownerid",
            "memberid",
            "accountid",
            "profileid",
            "actorid",
            "authorid",
            "whodunnit",
            "causerid",
            "createdby",
            "customerid",
            "useremail",
            "uid",
        ],
    ),
];

/// Ids of a provider: the role, the shapes of its values, and words that its name holds.
pub(super) const PROVIDER_IDS: &[(&str, &[Shape], &[&str])] = &[
    (
        "payment",
        &[Shape::Payment, Shape::Charge],
        &["paymentintent", "stripepayment", "stripecharge", "paymentid"],
    ),
    ("checkout", &[Shape::Checkout], &["checkoutsession", "stripesession", "stripecheckout", "checkoutid"]),
    ("invoice", &[Shape::Invoice], &["stripeinvoice"]),
    ("subscription", &[Shape::Subscription], &["stripesubscription", "subscriptionid"]),
];
