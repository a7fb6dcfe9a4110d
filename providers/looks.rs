//! What a field is likely to hold, by its name: what ties a row to the other services.

/// `email`, `stripe customer id`, `time`, …; `None` when the name says nothing.
pub(crate) fn looks_like(name: &str) -> Option<&'static str> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let has = |part: &str| plain.contains(part);
    let named = |names: &[&str]| names.contains(&plain.as_str());
    if ["password", "secret", "privatekey", "apikey", "accesstoken", "refreshtoken"].into_iter().any(has)
        || named(&["token", "hash", "salt", "otp", "pin"])
    {
        return Some("secret");
    }
    if has("email") {
        return (!has("verified") && !has("sent") && !has("count")).then_some("email");
    }
    if has("stripe") {
        return Some(match () {
            () if has("customer") => "stripe customer id",
            () if has("subscription") => "stripe subscription id",
            () if has("session") || has("checkout") => "stripe checkout session id",
            () if has("invoice") => "stripe invoice id",
            () if has("event") => "stripe event id",
            () if has("payment") || has("intent") => "stripe payment intent id",
            () if has("price") || has("product") => "stripe price or product id",
            () if has("account") => "stripe account id",
            () => "stripe id",
        });
    }
    if has("clerk") {
        return Some("clerk user id");
    }
    if named(&["customerid"]) {
        return Some("customer id");
    }
    if named(&["eventid", "webhookid", "webhookeventid"]) {
        return Some("webhook event id");
    }
    if named(&["userid", "user", "ownerid", "authorid", "accountid", "memberid"]) {
        return Some("user id");
    }
    if has("phone") {
        return Some("phone number");
    }
    is_time(name).then_some("time")
}

/// `createdAt`, `updated_at`, `expiresOn`, `lockedUntil`, `timestamp`; not `flat` or `format`.
fn is_time(name: &str) -> bool {
    ["At", "On", "Until", "_at", "_on", "_until", "Time", "Date", "_time", "_date"]
        .into_iter()
        .any(|end| name.len() > end.len() && name.ends_with(end))
        || matches!(name, "timestamp" | "date" | "time" | "at" | "until")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_ties_services_together() {
        for (name, looks) in [
            ("email", Some("email")),
            ("contact_email", Some("email")),
            ("emailVerified", None),
            ("stripeCustomerId", Some("stripe customer id")),
            ("stripe_payment_intent", Some("stripe payment intent id")),
            ("clerkId", Some("clerk user id")),
            ("passwordHash", Some("secret")),
            ("tokenIdentifier", None),
            ("lockedUntil", Some("time")),
            ("created_at", Some("time")),
            ("format", None),
            ("flat", None),
            ("userId", Some("user id")),
            ("title", None),
        ] {
            assert_eq!(looks_like(name), looks, "{name}");
        }
    }
}
