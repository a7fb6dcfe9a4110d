//! The application's tables and functions, as its schema declares them.

use super::app::{Field, Function, FunctionKind, Index, Table};
use super::making::Making;

const fn need(name: &'static str, kind: &'static str) -> Field {
    Field { name, kind, optional: false }
}

const fn may(name: &'static str, kind: &'static str) -> Field {
    Field { name, kind, optional: true }
}

const fn index(name: &'static str, fields: &'static [&'static str]) -> Index {
    Index { name, fields }
}

const BY_USER: Index = index("by_user", &["userId"]);

type Declared = (&'static str, &'static [Field], &'static [Index]);

const TABLES: &[Declared] = &[
    (
        "users",
        &[
            need("email", "string"),
            need("name", "string"),
            need("role", "string"),
            need("plan", "string"),
            need("status", "string"),
            need("country", "string"),
            may("stripeCustomerId", "string"),
            may("failedSignIns", "number"),
            may("lockedUntil", "number"),
            may("lastSignInAt", "number"),
        ],
        &[index("by_email", &["email"]), index("by_stripe_customer", &["stripeCustomerId"])],
    ),
    (
        "trainers",
        &[
            need("userId", "id:users"),
            need("displayName", "string"),
            need("teaches", "string"),
            may("stripeAccountId", "string"),
        ],
        &[BY_USER],
    ),
    (
        "payments",
        &[
            may("userId", "id:users"),
            need("trainerId", "id:users"),
            need("item", "string"),
            need("paymentIntentId", "string"),
            need("checkoutSessionId", "string"),
            need("amount", "number"),
            need("currency", "string"),
            need("status", "string"),
        ],
        &[BY_USER, index("by_payment_intent", &["paymentIntentId"])],
    ),
    (
        "passes",
        &[
            need("userId", "id:users"),
            need("trainerId", "id:users"),
            need("paymentId", "id:payments"),
            need("item", "string"),
            need("sessionsTotal", "number"),
            need("sessionsLeft", "number"),
            need("status", "string"),
            need("validUntil", "number"),
        ],
        &[BY_USER, index("by_user_status", &["userId", "status"])],
    ),
    (
        "memberships",
        &[
            need("userId", "id:users"),
            need("stripeSubscriptionId", "string"),
            need("status", "string"),
            need("until", "number"),
        ],
        &[BY_USER, index("by_subscription", &["stripeSubscriptionId"])],
    ),
    (
        "bookings",
        &[
            need("userId", "id:users"),
            need("trainerId", "id:users"),
            may("passId", "id:passes"),
            need("startsAt", "number"),
            need("status", "string"),
        ],
        &[BY_USER],
    ),
    (
        "webhookEvents",
        &[
            need("eventId", "string"),
            need("type", "string"),
            need("objectId", "string"),
            need("status", "string"),
            need("attempts", "number"),
            may("error", "string"),
        ],
        &[index("by_event", &["eventId"]), index("by_status", &["status"])],
    ),
    (
        "jobs",
        &[
            need("kind", "string"),
            need("status", "string"),
            need("attempts", "number"),
            may("userId", "id:users"),
            may("ref", "string"),
            may("error", "string"),
            may("finishedAt", "number"),
        ],
        &[BY_USER, index("by_status", &["status"])],
    ),
    (
        "internalErrors",
        &[
            need("message", "string"),
            need("where", "string"),
            may("userId", "id:users"),
            may("ref", "string"),
        ],
        &[BY_USER],
    ),
    ("auditLog", &[need("userId", "id:users"), need("action", "string"), may("ref", "string")], &[BY_USER]),
];

const fn query(
    path: &'static str,
    args: &'static [&'static str],
    finds: (&'static str, &'static str),
) -> Function {
    Function { path, kind: FunctionKind::Query, public: true, args, finds: Some(finds) }
}

const fn other(
    path: &'static str,
    kind: FunctionKind,
    public: bool,
    args: &'static [&'static str],
) -> Function {
    Function { path, kind, public, args, finds: None }
}

const FUNCTIONS: &[Function] = &[
    query("users:byEmail", &["email"], ("users", "email")),
    query("users:get", &["id"], ("users", "_id")),
    query("passes:forUser", &["userId"], ("passes", "userId")),
    query("memberships:forUser", &["userId"], ("memberships", "userId")),
    query("bookings:forUser", &["userId"], ("bookings", "userId")),
    query("payments:byIntent", &["paymentIntentId"], ("payments", "paymentIntentId")),
    other("users:unlock", FunctionKind::Mutation, false, &["id"]),
    other("bookings:quote", FunctionKind::Mutation, true, &["userId", "trainerId"]),
    other("bookings:cancel", FunctionKind::Mutation, true, &["bookingId"]),
    other("passes:grant", FunctionKind::Mutation, false, &["userId", "paymentId"]),
    other("stripe:onEvent", FunctionKind::Mutation, false, &["eventId"]),
    other("jobs:refundCancelled", FunctionKind::Action, false, &["jobId"]),
    other("mail:send", FunctionKind::Action, false, &["to", "template"]),
    other("/stripe/webhook", FunctionKind::HttpAction, true, &[]),
];

impl Making {
    pub fn schema(&mut self) {
        for (name, fields, indexes) in TABLES {
            let table = Table { fields: fields.to_vec(), indexes: indexes.to_vec(), rows: Vec::new() };
            self.world.tables.insert((*name).to_owned(), table);
        }
        self.world.functions = FUNCTIONS.to_vec();
    }
}
