//! The `prodview.toml` of this production: where it answers, and where its application keeps what.

use crate::{Service, Shared};

pub(crate) fn toml(shared: &Shared) -> String {
    let stripe = shared.origin(Service::Stripe);
    let sentry = shared.origin(Service::Sentry);
    let convex = shared.origin(Service::Convex);
    let upstash = shared.origin(Service::Upstash);
    let keys = &shared.keys;
    format!(
        r#"environment = "production"

[sources.stripe]
key = "{stripe_key}"
base_url = "{stripe}"

[sources.sentry]
token = "{sentry_key}"
org = "{org}"
base_url = "{sentry}"

[sources.convex]
url = "{convex}"
deploy_key = "{convex_key}"

[sources.upstash]
url = "{upstash}"
token = "{upstash_key}"
{app}"#,
        stripe_key = keys.stripe_live,
        sentry_key = keys.sentry,
        org = shared.world.company.sentry_org,
        convex_key = keys.convex,
        upstash_key = keys.upstash_reading,
        app = APP,
    )
}

/// The same with Supabase as one more source, after the others.
pub(crate) fn with_supabase(shared: &Shared) -> String {
    let supabase = format!(
        "[sources.supabase]\nproject = \"{}\"\ntoken = \"{}\"\nbase_url = \"{}\"\n\n[app.users]",
        crate::supabase::project_ref(&shared.world),
        shared.keys.supabase,
        shared.origin(Service::Supabase)
    );
    toml(shared).replacen("[app.users]", &supabase, 1)
}

const APP: &str = r#"
[app.users]
source = "convex"
table = "users"
id = "_id"
email = "email"
query = "users:byEmail"
links = { stripe_customer = "stripeCustomerId" }

[app.webhooks.stripe]
source = "convex"
table = "webhookEvents"
event = "eventId"
type = "type"
status = "status"
at = "_creationTime"
error = "error"

[app.payments.passes]
source = "convex"
table = "payments"
id = "_id"
user = "userId"
payment = "paymentIntentId"
checkout = "checkoutSessionId"
amount = "amount"
currency = "currency"
status = "status"
at = "_creationTime"
metadata = ["userId", "trainerId"]

[app.payments.memberships]
source = "convex"
table = "memberships"
id = "_id"
user = "userId"
subscription = "stripeSubscriptionId"
status = "status"
at = "_creationTime"

[app.entitlements.passes]
source = "convex"
table = "passes"
user = "userId"
status = "status"
until = "validUntil"
balance = "sessionsLeft"

[app.entitlements.memberships]
source = "convex"
table = "memberships"
user = "userId"
status = "status"
until = "until"

[app.jobs.background]
source = "convex"
table = "jobs"
id = "_id"
user = "userId"
status = "status"
error = "error"
at = "_creationTime"

[app.errors.internal]
source = "convex"
table = "internalErrors"
user = "userId"
message = "message"
ref = "ref"
at = "_creationTime"

[app.audit.trail]
source = "convex"
table = "auditLog"
user = "userId"
action = "action"
ref = "ref"
at = "_creationTime"
"#;
