//! What people paste: an e-mail address, an id, or the URL of a dashboard page, told apart by its shape.

use crate::{convex, sentry, stripe};
use prodview_guard::Provider;

/// What a pasted text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    /// Whose id it is; `None` for an e-mail address or an id that any source may know.
    pub provider: Option<Provider>,
    /// What it names.
    pub kind: HandleKind,
    /// The bare id or address.
    pub id: String,
}

/// What a handle names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleKind {
    /// An e-mail address: the key that every system has.
    Email,
    /// Stripe `cus_`.
    Customer,
    /// Stripe `pi_`.
    PaymentIntent,
    /// Stripe `ch_` or `py_`.
    Charge,
    /// Stripe `cs_`.
    CheckoutSession,
    /// Stripe `in_`.
    Invoice,
    /// Stripe `sub_`.
    Subscription,
    /// Stripe `re_` or `pyr_`.
    Refund,
    /// Stripe `dp_` or `du_`.
    Dispute,
    /// Stripe `evt_`.
    Event,
    /// Stripe `we_` or `ed_`.
    Endpoint,
    /// Stripe `acct_`.
    Account,
    /// A group of errors, by number or short id.
    ErrorGroup,
    /// One error, by its 32 hex digits.
    ErrorEvent,
    /// A document of a database.
    Row,
    /// Anything else that may be an id: of the app's own users, say.
    Opaque,
}

impl Handle {
    /// Reads a pasted text. `None` when it is empty, longer than 500 characters or nothing that could be an id.
    pub fn read(text: &str) -> Option<Handle> {
        let text = text.trim().trim_matches(|c| matches!(c, '<' | '>' | '"' | '\'' | '`' | '(' | ')' | ','));
        if text.is_empty() || text.len() > 500 || text.chars().any(char::is_control) {
            return None;
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return from_url(text);
        }
        // A pasted client secret names its object; the secret part goes no further.
        let text = text.split_once("_secret_").map_or(text, |(id, _)| id);
        let text = text.strip_prefix("mailto:").unwrap_or(text);
        if is_email(text) {
            return Some(Handle { provider: None, kind: HandleKind::Email, id: text.to_owned() });
        }
        from_id(text)
    }
}

/// An id by its shape. The order matters: prefixes first, then the shapes that could be several things.
pub(crate) fn from_id(text: &str) -> Option<Handle> {
    let own = |provider, kind: Option<HandleKind>| {
        kind.map(|kind| Handle { provider: Some(provider), kind, id: text.to_owned() })
    };
    own(Provider::Stripe, stripe::kind_of(text))
        .or_else(|| own(Provider::Sentry, sentry::kind_of(text)))
        .or_else(|| {
            // Nothing but the shape speaks for Convex, and other stores' keys have it too: any of them may know it.
            let kind = convex::kind_of(text)?;
            Some(Handle { provider: None, kind, id: text.to_owned() })
        })
        .or_else(|| {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '|' | '@' | '+');
            text.chars().all(plain).then(|| Handle {
                provider: None,
                kind: HandleKind::Opaque,
                id: text.to_owned(),
            })
        })
}

fn from_url(text: &str) -> Option<Handle> {
    let url = url::Url::parse(text).ok()?;
    stripe::from_url(&url).or_else(|| sentry::from_url(&url)).or_else(|| convex::from_url(&url))
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || matches!(c, '"' | '<' | '>' | ',' | ';' | '\\' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_only_looks_like_one_of_convex_may_be_any_tables() {
        let id = "j57a3kq9m2v8x4b6n1c0d5f7g2h4t6p8";
        let read = Handle::read(id).unwrap();
        assert_eq!((read.provider, read.kind), (None, HandleKind::Row));
        let page = Handle::read(&format!("https://dashboard.convex.dev/t/a/b/c/data?table=users&id={id}"));
        assert_eq!(page.unwrap().provider, Some(Provider::Convex), "a page says whose it is");
    }
}
