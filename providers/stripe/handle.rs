//! Ids, and the dashboard pages they lead to and come from.

use crate::{Handle, HandleKind};
use prodview_guard::Provider;
use url::Url;

/// Prefix → kind. Several prefixes can name one kind: `py_` is a charge that was no card payment.
const PREFIXES: [(&str, HandleKind); 16] = [
    ("cus_", HandleKind::Customer),
    ("pi_", HandleKind::PaymentIntent),
    ("ch_", HandleKind::Charge),
    ("py_", HandleKind::Charge),
    ("cs_live_", HandleKind::CheckoutSession),
    ("cs_test_", HandleKind::CheckoutSession),
    ("cs_", HandleKind::CheckoutSession),
    ("in_", HandleKind::Invoice),
    ("sub_", HandleKind::Subscription),
    ("re_", HandleKind::Refund),
    ("pyr_", HandleKind::Refund),
    ("dp_", HandleKind::Dispute),
    ("du_", HandleKind::Dispute),
    ("evt_", HandleKind::Event),
    ("we_", HandleKind::Endpoint),
    ("ed_", HandleKind::Endpoint),
];

/// What an id of Stripe names. `None` for words that only begin alike (`in_progress`, `sub_total`) and for client
/// secrets, which are no ids.
pub(crate) fn kind_of(text: &str) -> Option<HandleKind> {
    let body_of = |prefix: &str| text.strip_prefix(prefix).filter(|body| is_body(body));
    if body_of("acct_").is_some() {
        return Some(HandleKind::Account);
    }
    PREFIXES.iter().find(|(prefix, _)| body_of(prefix).is_some()).map(|(_, kind)| *kind)
}

/// Real ids are long and hold digits; the shorter ones of examples at least a digit or a capital.
fn is_body(body: &str) -> bool {
    body.len() <= 240
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && body.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && !body.contains("_secret_")
}

/// Whether an id may stand in an answer and in a link: letters, digits, `_` and `-`.
pub(super) fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 255
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A page of the dashboard or of a hosted checkout, as people paste it.
pub(crate) fn from_url(url: &Url) -> Option<Handle> {
    if !matches!(url.host_str(), Some("dashboard.stripe.com" | "checkout.stripe.com")) {
        return None;
    }
    let handle = |text: &str| {
        kind_of(text).map(|kind| Handle { provider: Some(Provider::Stripe), kind, id: text.to_owned() })
    };
    let path: Vec<Handle> = url.path_segments()?.filter_map(handle).collect();
    // The account stands before what is looked at, and names the page only when nothing else does.
    if let Some(found) = path.iter().rev().find(|h| h.kind != HandleKind::Account) {
        return Some(found.clone());
    }
    let asked = url.query_pairs().find_map(|(_, value)| {
        // Never a URL in a URL: this must not go round.
        let text = value.trim();
        if text.contains("://") { None } else { Handle::read(text).filter(|h| h.kind != HandleKind::Opaque) }
    });
    asked.or_else(|| path.into_iter().next())
}

/// Builds links to the dashboard of one account in one mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dashboard {
    base: String,
}

impl Dashboard {
    /// `account` must be plain: it was checked when the source was configured.
    pub(super) fn new(account: Option<&str>, test: bool) -> Dashboard {
        let mut base = "https://dashboard.stripe.com/".to_owned();
        if let Some(account) = account {
            base.push_str(account);
            base.push('/');
        }
        if test {
            base.push_str("test/");
        }
        Dashboard { base }
    }

    /// The page of an object by its id; `None` for what has no page or is no plain id.
    pub(super) fn page(&self, id: &str) -> Option<String> {
        if !is_plain(id) {
            return None;
        }
        let folder = match kind_of(id)? {
            HandleKind::PaymentIntent | HandleKind::Charge => "payments",
            HandleKind::Customer => "customers",
            HandleKind::Invoice => "invoices",
            HandleKind::Subscription => "subscriptions",
            HandleKind::Event => "events",
            HandleKind::Endpoint => "webhooks",
            _ => return None,
        };
        Some(format!("{}{folder}/{id}", self.base))
    }

    /// Where delivery attempts can be seen.
    pub(super) fn deliveries(&self) -> String {
        format!("{}workbench/webhooks", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(HandleKind, String)> {
        from_url(&Url::parse(url).unwrap()).map(|h| (h.kind, h.id))
    }

    #[test]
    fn ids_are_told_by_their_prefix_and_words_are_not_ids() {
        for (id, kind) in [
            ("pi_3PabcDEF", HandleKind::PaymentIntent),
            ("py_1Nx", HandleKind::Charge),
            ("cs_test_a1YS1URlny", HandleKind::CheckoutSession),
            ("in_1Pgc6t", HandleKind::Invoice),
            ("pyr_1Pgc", HandleKind::Refund),
            ("du_1Pgc", HandleKind::Dispute),
            ("ed_test_61SP", HandleKind::Endpoint),
            ("acct_1PgafT", HandleKind::Account),
            ("cus_NeG", HandleKind::Customer),
        ] {
            assert_eq!(kind_of(id), Some(kind), "{id}");
        }
        for no in [
            "in_progress",
            "sub_total",
            "re_try",
            "pi_",
            "pi_1/../x",
            "pi_1_secret_2",
            "xpi_1",
            "",
            "cs_live_",
            "PI_1",
        ] {
            assert_eq!(kind_of(no), None, "{no}");
        }
    }

    #[test]
    fn pages_of_the_dashboard_name_what_they_show() {
        for (url, kind, id) in [
            ("https://dashboard.stripe.com/payments/pi_3P", HandleKind::PaymentIntent, "pi_3P"),
            ("https://dashboard.stripe.com/test/payments/pi_3P?tab=1#x", HandleKind::PaymentIntent, "pi_3P"),
            ("https://dashboard.stripe.com/acct_1A/test/customers/cus_9", HandleKind::Customer, "cus_9"),
            (
                "https://dashboard.stripe.com/test/workbench/webhooks/we_1P/attempts",
                HandleKind::Endpoint,
                "we_1P",
            ),
            (
                "https://dashboard.stripe.com/connect/accounts/acct_1A/payments/py_2",
                HandleKind::Charge,
                "py_2",
            ),
            (
                "https://dashboard.stripe.com/search?query=alice%40acme.dev",
                HandleKind::Email,
                "alice@acme.dev",
            ),
            (
                "https://dashboard.stripe.com/workbench/inspector?object_id=sub_1P",
                HandleKind::Subscription,
                "sub_1P",
            ),
            ("https://dashboard.stripe.com/connect/accounts/acct_1A", HandleKind::Account, "acct_1A"),
            (
                "https://checkout.stripe.com/c/pay/cs_live_a1B2#fid",
                HandleKind::CheckoutSession,
                "cs_live_a1B2",
            ),
        ] {
            assert_eq!(read(url), Some((kind, id.to_owned())), "{url}");
        }
        for no in [
            "https://dashboard.stripe.com/",
            "https://dashboard.stripe.com.evil.dev/payments/pi_3P",
            "https://evil.dev/payments/pi_3P",
            "https://dashboard.stripe.com/search?query=https://dashboard.stripe.com/payments/pi_1",
            "https://dashboard.stripe.com/payments/pi_1%2f..",
            "https://dashboard.stripe.com/search?query=hello",
        ] {
            assert_eq!(read(no), None, "{no}");
        }
    }

    #[test]
    fn links_lead_into_the_right_account_and_mode() {
        let live = Dashboard::new(None, false);
        assert_eq!(live.page("pi_1A").as_deref(), Some("https://dashboard.stripe.com/payments/pi_1A"));
        let test = Dashboard::new(Some("acct_1A"), true);
        assert_eq!(
            test.page("evt_1A").as_deref(),
            Some("https://dashboard.stripe.com/acct_1A/test/events/evt_1A")
        );
        assert_eq!(test.page("evt_1A/x"), None);
        assert_eq!(test.page("re_1A"), None);
    }
}
