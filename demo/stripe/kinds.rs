//! What can be listed: each kind's path, the permission it takes, its filters and the fields it can be searched by.

/// One kind of object.
pub(super) struct Kind {
    /// Under `/v1/`.
    pub path: &'static str,
    /// What its objects say they are; errors name it so too.
    pub object: &'static str,
    /// What errors call the id in its path.
    pub param: &'static str,
    pub permission: &'static str,
    pub filters: &'static [(&'static str, Filter)],
    /// Fields that `/search` knows, besides `metadata`; none: there is no search.
    pub search: &'static [&'static str],
}

/// What a parameter does to a list.
pub(super) enum Filter {
    /// The field has this value, letter for letter.
    Same(&'static str),
    /// The field holds this id, and there must be such an object.
    Refers(&'static str, &'static str),
    /// The field is a time within `[gt]`, `[gte]`, `[lt]`, `[lte]`, or is this very one.
    Time(&'static str),
    /// The field is one of these.
    OneOf(&'static [&'static str], &'static str),
    /// Subscriptions: `all`, `ended`, or a status; without it, all but the canceled ones.
    Standing,
    /// Events: a type, or a group of them such as `charge.*`.
    EventType,
    /// Events: one of up to twenty types, `types[]`.
    EventTypes,
    /// Events: whether every endpoint has taken them.
    Delivered,
    /// Taken, and of no effect on what the demo has.
    Any,
}

use Filter::{Any, Delivered, EventType, EventTypes, OneOf, Refers, Same, Standing, Time};

const CREATED: (&str, Filter) = ("created", Time("/created"));
const CUSTOMER: (&str, Filter) = ("customer", Refers("/customer", "customer"));
const ACCOUNT: (&str, Filter) = ("customer_account", Same("/customer_account"));
const CHARGE: (&str, Filter) = ("charge", Refers("/charge", "charge"));
const INTENT: (&str, Filter) = ("payment_intent", Refers("/payment_intent", "payment_intent"));

const fn kind(
    path: &'static str,
    object: &'static str,
    permission: &'static str,
    filters: &'static [(&'static str, Filter)],
) -> Kind {
    Kind { path, object, param: "id", permission, filters, search: &[] }
}

impl Kind {
    const fn named(self, param: &'static str) -> Kind {
        Kind { param, ..self }
    }

    const fn searched(self, search: &'static [&'static str]) -> Kind {
        Kind { search, ..self }
    }
}

pub(super) const KINDS: &[Kind] = &[
    kind(
        "customers",
        "customer",
        "rak_customer_read",
        &[("email", Same("/email")), CREATED, ("test_clock", Same("/test_clock"))],
    )
    .searched(&["created", "email", "name", "phone"]),
    kind("payment_intents", "payment_intent", "rak_payment_intent_read", &[CUSTOMER, ACCOUNT, CREATED])
        .named("intent")
        .searched(&["amount", "created", "currency", "customer", "status"]),
    kind(
        "charges",
        "charge",
        "rak_charge_read",
        &[CUSTOMER, INTENT, CREATED, ("transfer_group", Same("/transfer_group"))],
    )
    .searched(&[
        "amount",
        "billing_details.address.postal_code",
        "created",
        "currency",
        "customer",
        "disputed",
        "payment_method_details.card.brand",
        "payment_method_details.card.exp_month",
        "payment_method_details.card.exp_year",
        "payment_method_details.card.fingerprint",
        "payment_method_details.card.last4",
        "refunded",
        "status",
    ]),
    kind(
        "checkout/sessions",
        "checkout.session",
        "rak_checkout_session_read",
        &[
            CUSTOMER,
            ACCOUNT,
            INTENT,
            CREATED,
            ("customer_details[email]", Same("/customer_details/email")),
            ("payment_link", Same("/payment_link")),
            ("subscription", Refers("/subscription", "subscription")),
            ("status", OneOf(&["complete", "expired", "open"], "/status")),
        ],
    )
    .named("session"),
    kind(
        "subscriptions",
        "subscription",
        "rak_subscription_read",
        &[
            CUSTOMER,
            ACCOUNT,
            CREATED,
            ("status", Standing),
            ("price", Same("/items/data/0/price/id")),
            ("collection_method", OneOf(&["charge_automatically", "send_invoice"], "/collection_method")),
            ("current_period_start", Time("/items/data/0/current_period_start")),
            ("current_period_end", Time("/items/data/0/current_period_end")),
            ("automatic_tax", Any),
            ("test_clock", Same("/test_clock")),
        ],
    )
    .searched(&["canceled_at", "created", "status"]),
    kind(
        "invoices",
        "invoice",
        "rak_invoice_read",
        &[
            CUSTOMER,
            ACCOUNT,
            CREATED,
            ("subscription", Refers("/parent/subscription_details/subscription", "subscription")),
            ("status", OneOf(&["draft", "open", "paid", "uncollectible", "void"], "/status")),
            ("collection_method", OneOf(&["charge_automatically", "send_invoice"], "/collection_method")),
            ("due_date", Time("/due_date")),
        ],
    )
    .named("invoice")
    .searched(&[
        "created",
        "currency",
        "customer",
        "number",
        "receipt_number",
        "status",
        "subscription",
        "total",
    ]),
    kind(
        "invoice_payments",
        "invoice_payment",
        "rak_invoice_read",
        &[
            ("invoice", Refers("/invoice", "invoice")),
            ("payment[type]", Same("/payment/type")),
            ("payment[payment_intent]", Refers("/payment/payment_intent", "payment_intent")),
            ("payment[payment_record]", Same("/payment/payment_record")),
            ("status", OneOf(&["canceled", "open", "paid"], "/status")),
            CREATED,
        ],
    ),
    kind("refunds", "refund", "rak_charge_read", &[CHARGE, INTENT, CREATED]).named("refund"),
    kind("disputes", "dispute", "rak_dispute_read", &[CHARGE, INTENT, CREATED]).named("dispute"),
    kind(
        "balance_transactions",
        "balance_transaction",
        "rak_balance_transaction_source_read",
        &[
            ("source", Same("/source")),
            ("payout", Any),
            ("type", Same("/type")),
            ("currency", Same("/currency")),
            CREATED,
        ],
    ),
    kind(
        "payouts",
        "payout",
        "rak_payout_read",
        &[
            ("status", OneOf(&["canceled", "failed", "in_transit", "paid", "pending"], "/status")),
            ("destination", Same("/destination")),
            ("arrival_date", Time("/arrival_date")),
            CREATED,
        ],
    )
    .named("payout"),
    kind(
        "events",
        "event",
        "rak_event_read",
        &[("type", EventType), ("types[]", EventTypes), ("delivery_success", Delivered), CREATED],
    ),
    kind("webhook_endpoints", "webhook_endpoint", "rak_webhook_read", &[]).named("webhook_endpoint"),
    kind(
        "setup_intents",
        "setup_intent",
        "rak_setup_intent_read",
        &[CUSTOMER, ACCOUNT, CREATED, ("payment_method", Same("/payment_method")), ("attach_to_self", Any)],
    )
    .named("intent"),
    kind(
        "payment_methods",
        "payment_method",
        "rak_payment_method_read",
        &[CUSTOMER, ACCOUNT, ("type", Same("/type")), ("allow_redisplay", Any)],
    ),
    kind(
        "products",
        "product",
        "rak_product_read",
        &[
            ("active", Same("/active")),
            ("ids[]", Same("/id")),
            ("shippable", Same("/shippable")),
            ("url", Same("/url")),
            CREATED,
        ],
    )
    .searched(&["active", "description", "name", "shippable", "url"]),
    kind(
        "prices",
        "price",
        "rak_plan_read",
        &[
            ("active", Same("/active")),
            ("currency", Same("/currency")),
            ("product", Same("/product")),
            ("type", Same("/type")),
            ("lookup_keys[]", Same("/lookup_key")),
            ("recurring[interval]", Same("/recurring/interval")),
            CREATED,
        ],
    )
    .named("price")
    .searched(&["active", "currency", "lookup_key", "product", "type"]),
    kind(
        "radar/early_fraud_warnings",
        "radar.early_fraud_warning",
        "rak_radar_read",
        &[CHARGE, INTENT, CREATED],
    )
    .named("early_fraud_warning"),
    kind("accounts", "account", "rak_accounts_kyc_basic_read", &[CREATED]).named("account"),
    // The company has none of these; asking for them is no mistake.
    kind("reviews", "review", "rak_review_read", &[CREATED]),
    kind("setup_attempts", "setup_attempt", "rak_setup_intent_read", &[("setup_intent", Any), CREATED]),
    kind("credit_notes", "credit_note", "rak_credit_note_read", &[CUSTOMER, ("invoice", Any), CREATED]),
    kind("subscription_schedules", "subscription_schedule", "rak_subscription_read", &[CUSTOMER, CREATED]),
    kind(
        "invoiceitems",
        "invoiceitem",
        "rak_invoice_read",
        &[CUSTOMER, ("invoice", Any), ("pending", Any), CREATED],
    ),
    kind("coupons", "coupon", "rak_coupon_read", &[CREATED]),
    kind(
        "promotion_codes",
        "promotion_code",
        "rak_promotion_code_read",
        &[CUSTOMER, ("active", Any), ("code", Any), CREATED],
    ),
    kind("payment_links", "payment_link", "rak_payment_links_read", &[("active", Any)]),
    kind(
        "transfers",
        "transfer",
        "rak_transfer_read",
        &[("destination", Any), ("transfer_group", Any), CREATED],
    ),
    kind("application_fees", "application_fee", "rak_application_fee_read", &[CHARGE, CREATED]),
    kind("tax_rates", "tax_rate", "rak_tax_rate_read", &[("active", Any), ("inclusive", Any), CREATED]),
    kind("payment_records", "payment_record", "rak_payment_intent_read", &[]),
    kind(
        "payment_attempt_records",
        "payment_attempt_record",
        "rak_payment_intent_read",
        &[("payment_record", Any)],
    ),
    kind(
        "billing_portal/configurations",
        "billing_portal.configuration",
        "rak_billing_portal_read",
        &[("active", Any), ("is_default", Any)],
    ),
    // Only inside of others, but expanding one into another asks for its permission all the same.
    kind("subscription_items", "subscription_item", "rak_subscription_read", &[("subscription", Any)]),
];

/// The kind at these segments below `/v1`, and what follows it.
pub(super) fn at<'a>(segments: &'a [&'a str]) -> Option<(&'static Kind, &'a [&'a str])> {
    KINDS.iter().find_map(|kind| {
        let own: Vec<&str> = kind.path.split('/').collect();
        segments.strip_prefix(own.as_slice()).map(|rest| (kind, rest))
    })
}

/// The kind of an object, by what it says it is.
pub(super) fn of(object: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.object == object)
}
