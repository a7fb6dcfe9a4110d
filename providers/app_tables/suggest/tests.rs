//! Schemas as applications really have them: what is proposed for each, role by role.

use super::*;
use crate::app::{AppTable, AppUsers};
use std::collections::BTreeMap;

/// `id`, `id:OwnId`, `userId:Text#id of users`: name, shape of twenty values, type.
fn table(name: &str, fields: &str) -> Sampled {
    let field = |text: &str| {
        let (text, kind) = text.split_once('#').unwrap_or((text, "text"));
        let (name, shape) = text.split_once(':').unwrap_or((text, ""));
        let shape = match shape {
            "cus" => Some(Shape::Customer),
            "sub" => Some(Shape::Subscription),
            "pi" => Some(Shape::Payment),
            "cs" => Some(Shape::Checkout),
            "in" => Some(Shape::Invoice),
            "evt" => Some(Shape::Event),
            "mail" => Some(Shape::Email),
            "time" => Some(Shape::Time),
            "own" => Some(Shape::OwnId),
            "n" => Some(Shape::Number),
            "text" => Some(Shape::Text),
            _ => None,
        };
        let shapes = shape.map(|shape| Shapes::with(shape, 20)).unwrap_or_default();
        SampledField { name: name.trim().to_owned(), kind: kind.trim().to_owned(), shapes }
    };
    Sampled {
        source: "db".to_owned(),
        table: name.to_owned(),
        fields: fields.split(',').map(|text| field(text.trim())).collect(),
    }
}

/// `users: id=id email=email +stripe_customer=…`, one line a proposal.
fn decided(tables: &[Sampled]) -> Vec<String> {
    let suggestion = decide(tables, &App::default());
    let line = |p: &Proposal| {
        let part = p.part.and_then(|part| Part::ALL.into_iter().find(|(known, _, _)| *known == part));
        let key = part.map_or("users", |(_, key, _)| key);
        let fields: Vec<String> = p.fields.iter().map(|(role, field, _)| format!("{role}={field}")).collect();
        let links: Vec<String> = p.links.iter().map(|(kind, field, _)| format!(" +{kind}={field}")).collect();
        format!("{key} {} ({}): {}{}", p.table, p.sure.word(), fields.join(" "), links.concat())
    };
    suggestion.proposals.iter().map(line).collect()
}

#[test]
fn prisma_with_camel_case() {
    let tables = [
        table("User", "id:own, email:mail, name:text, stripeCustomerId:cus, createdAt:time"),
        table(
            "Account",
            "id:own, userId#references User(id), type, provider, providerAccountId, access_token",
        ),
        table("Session", "id:own, sessionToken, userId#references User(id), expires:time"),
        table("VerificationToken", "identifier:mail, token, expires:time"),
        table(
            "Order",
            "id:own, userId#references User(id), paymentIntentId:pi, amount:n, currency, status:text, createdAt:time",
        ),
        table(
            "Subscription",
            "id:own, userId#references User(id), stripeSubscriptionId:sub, status, currentPeriodEnd:time",
        ),
        table("StripeEvent", "id:own, eventId:evt, type, status, error, createdAt:time"),
    ];
    assert_eq!(
        decided(&tables),
        [
            "users User (sure): id=id email=email +stripe_customer=stripeCustomerId",
            "webhooks StripeEvent (sure): event=eventId type=type status=status at=createdAt error=error",
            "payments Order (sure): id=id user=userId payment=paymentIntentId amount=amount currency=currency status=status at=createdAt",
            "payments Subscription (sure): id=id user=userId subscription=stripeSubscriptionId status=status",
            "entitlements Subscription (likely): user=userId status=status until=currentPeriodEnd",
        ]
    );
}

#[test]
fn supabase_with_profiles_and_qualified_names() {
    let tables = [
        table("public.profiles", "id:own, email:mail, full_name, stripe_customer_id:cus, created_at:time"),
        table("public.credits", "id:own, user_id, balance:n, expires_at:time"),
        table("public.error_logs", "id:own, user_id, message, context, created_at:time"),
        table("public.audit_log", "id:own, actor_id, action, target_id, created_at:time"),
        table("public.password_resets", "id:own, user_id, expires_at:time"),
    ];
    assert_eq!(
        decided(&tables),
        [
            "users public.profiles (likely): id=id email=email +stripe_customer=stripe_customer_id",
            "entitlements public.credits (likely): user=user_id until=expires_at balance=balance",
            "errors public.error_logs (likely): user=user_id message=message at=created_at",
            "audit public.audit_log (likely): user=actor_id action=action ref=target_id at=created_at",
        ]
    );
    let names: Vec<String> = decide(&tables, &App::default()).proposals.into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["", "credits", "error_logs", "audit_log"]);
}

#[test]
fn convex_with_references_by_type() {
    let tables = [
        table("members", "_id:own, mail, email:mail, clerkId"),
        table("passes", "_id:own, holder#id of members, sessionsLeft:n, validUntil:time, _creationTime:time"),
        table("bookings", "_id:own, holder#id of members, startsAt:time, status"),
        table("jobs", "_id:own, holder#id of members, status, error, _creationTime:time"),
        table("payments", "_id:own, holder#id of members, paymentId#id of invoices, checkoutSessionId:cs"),
    ];
    assert_eq!(
        decided(&tables),
        [
            "users members (likely): id=_id email=email +clerk_user=clerkId",
            "payments payments (sure): id=_id user=holder checkout=checkoutSessionId",
            "entitlements passes (likely): user=holder until=validUntil balance=sessionsLeft",
            "jobs jobs (likely): id=_id user=holder status=status error=error at=_creationTime",
        ]
    );
}

#[test]
fn laravel_and_rails() {
    let tables = [
        table("users", "id:own, name, email:mail, password, stripe_id:cus, created_at:time"),
        table("subscriptions", "id:own, user_id, type, stripe_id:sub, stripe_status, ends_at:time"),
        table("failed_jobs", "id:own, uuid, connection, queue, payload, exception, failed_at:time"),
        table("activity_log", "id:own, causer_id, description, subject_id, created_at:time"),
        table("webhook_calls", "id:own, name, external_id:evt, payload, exception, created_at:time"),
        table("subscribers", "id:own, email:mail, user_id"),
    ];
    assert_eq!(
        decided(&tables),
        [
            "users users (sure): id=id email=email +stripe_customer=stripe_id",
            "webhooks webhook_calls (sure): event=external_id at=created_at error=exception",
            "payments subscriptions (sure): id=id user=user_id subscription=stripe_id status=stripe_status",
            "entitlements subscriptions (likely): user=user_id status=stripe_status until=ends_at",
            "jobs failed_jobs (a guess): id=id error=exception at=failed_at",
            "audit activity_log (likely): user=causer_id action=description ref=subject_id at=created_at",
        ]
        .map(|line| line.to_string())
    );
}

#[test]
fn names_that_values_contradict_are_not_believed() {
    let tables = [
        table("users", "id:own, email:text, contact:mail, stripeCustomerId:text"),
        table("orders", "id:own, user_id, stripe_invoice_id:text, status"),
    ];
    assert_eq!(decided(&tables), ["users users (sure): id=id email=contact"]);
}

#[test]
fn what_is_mapped_is_not_proposed_again_and_what_is_not_there_is_said() {
    let tables = [
        table("users", "id:own, email:mail"),
        table("jobs", "id:own, status"),
        table("tasks", "id:own, state, user_id"),
    ];
    let users = AppUsers {
        source: "db".to_owned(),
        table: "users".to_owned(),
        id: "id".to_owned(),
        email: "email".to_owned(),
        links: BTreeMap::new(),
        query: None,
    };
    let jobs = AppTable {
        part: Part::Jobs,
        name: "tasks".to_owned(),
        source: "db".to_owned(),
        table: "jobs".to_owned(),
        fields: BTreeMap::new(),
        metadata: Vec::new(),
    };
    let suggestion = decide(&tables, &App { users: Some(users), tables: vec![jobs] });
    let [only] = suggestion.proposals.as_slice() else { panic!("{suggestion:#?}") };
    assert_eq!((only.table.as_str(), only.name.as_str()), ("tasks", "tasks2"));
    let mapped: Vec<&str> = suggestion.mapped.iter().map(|(heading, _)| heading.as_str()).collect();
    assert_eq!(mapped, ["app.users", "app.jobs.tasks"]);
    let missing: Vec<&str> = suggestion.missing.iter().map(|(heading, _)| heading.as_str()).collect();
    assert_eq!(missing, ["app.webhooks", "app.payments", "app.entitlements", "app.errors", "app.audit"]);
}

#[test]
fn nothing_at_all_is_no_proposal() {
    let suggestion = decide(&[], &App::default());
    assert_eq!((suggestion.proposals.len(), suggestion.missing.len()), (0, 7));
    // Headings are made of what a heading takes, whatever the table is called.
    for (name, heading) in
        [("order", "order"), ("public.\"Weird Jobs\"", "_Weird_Jobs_"), ("задачи", "main"), ("", "main")]
    {
        assert_eq!(super::heading(name, &BTreeSet::new()), heading, "{name}");
    }
}

#[test]
fn shapes_are_told_by_prefix_and_form() {
    use serde_json::json;
    for (value, shape) in [
        (json!("cus_M2a2ep5hkpgAcG"), Shape::Customer),
        (json!("pi_3Gzc4dwk28Viai6welWpLWeg"), Shape::Payment),
        (json!("cs_live_a1oP1mruucfnDsn5H4Q"), Shape::Checkout),
        (json!("in_stock"), Shape::Text),
        (json!("sub_"), Shape::Text),
        (json!("zoë@exämple.com"), Shape::Email),
        (json!("2026-01-31T12:00:00+01:00"), Shape::Time),
        (json!(1_763_629_964), Shape::Time),
        (json!(1_763_629_964_123.0), Shape::Time),
        (json!(42), Shape::Number),
        (json!("me"), Shape::OwnId),
        (json!([1]), Shape::Other),
    ] {
        assert_eq!(Shape::of(&value, "me"), Some(shape), "{value}");
    }
    assert_eq!(Shape::of(&json!(null), ""), None);
    assert_eq!(Shape::of(&json!(7), "7"), Some(Shape::OwnId));
}

#[test]
fn a_reference_to_another_table_is_not_whose_a_row_is() {
    let tables = [
        table("users", "id:own, email:mail"),
        table("pay_customers", "id:own, user_id#bigint references users (id), processor_id:cus"),
        table(
            "pay_charges",
            "id:own, customer_id:n#bigint references pay_customers (id), processor_id:pi, amount:n",
        ),
        table("orders", "id:own, customer_id:n#bigint references users (id), payment_intent:pi"),
        table("invoices", "id:own, customer_id:n, stripe_invoice_id:in"),
        table("purchases", "id:own, owner_id#uuid references auth_users (id), payment_intent:pi"),
    ];
    let told = decided(&tables);
    let user = |table: &str| {
        let line = told.iter().find(|line| line.starts_with(&format!("payments {table} "))).unwrap();
        line.split_whitespace().find_map(|word| word.strip_prefix("user=").map(str::to_owned))
    };
    assert_eq!(user("pay_charges"), None);
    assert_eq!(user("orders").as_deref(), Some("customer_id"));
    assert_eq!(user("invoices").as_deref(), Some("customer_id"), "nothing speaks against its name");
    assert_eq!(user("purchases").as_deref(), Some("owner_id"), "who signs in may be in a table of their own");
    assert!(told.iter().any(|line| line.starts_with("payments pay_charges (a guess)")), "{told:?}");
}

#[test]
fn a_row_may_have_the_providers_id_as_its_own() {
    let mut subscriptions = table("subscriptions", "id, user_id#uuid references users (id), status:text");
    for n in 0..20 {
        let id = format!("sub_1Nabc{n:08}");
        subscriptions.fields[0].shapes.count(&serde_json::json!(id), &id);
    }
    let told = decided(&[table("users", "id:own, email:mail"), subscriptions]);
    assert_eq!(told[1], "payments subscriptions (sure): id=id user=user_id subscription=id status=status");
}

#[test]
fn tables_with_telling_names_are_looked_at_first() {
    let mut names =
        vec!["aaa_config", "orders_archive_old", "zz_logs", "orders", "public.app_users", "payments"];
    names.sort_by_key(|name| std::cmp::Reverse(promise(name)));
    assert_eq!(
        names,
        ["public.app_users", "orders", "payments", "orders_archive_old", "aaa_config", "zz_logs"]
    );
}
