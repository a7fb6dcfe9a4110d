//! The door for declared tools: what they ask by GET, and what of it the configuration alone decides.

use async_trait::async_trait;
use iso_currency::Currency;
use prodview_guard::{Ask, Failure, Provider, QueryKey, Refused, Route, Segment};
use serde_json::Value;
use std::time::Duration;

/// A GET that a declared tool asks.
#[derive(Debug, Clone)]
pub struct ReadAsk {
    /// A read of the provider's table.
    pub route: Route,
    /// For each slot of the route in its order: the value of an argument, or `None` where the configuration fills it
    /// ([`is_configured`]).
    pub slots: Vec<Option<Segment>>,
    /// Names from the tool's file, values from it or from arguments.
    pub query: Vec<(QueryKey, String)>,
}

/// What came back, as the provider wrote it.
#[derive(Debug, Clone)]
pub struct ReadBody {
    /// The body.
    pub body: Value,
    /// Whether the provider has more, and the cursor that gets it.
    pub more: More,
    /// How old it is when it came from the cache.
    pub age: Option<Duration>,
}

/// Whether a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// It ends here, or it is no list.
    End,
    /// It goes on, and this leads there.
    Cursor(String),
    /// It goes on, and nothing usable leads there.
    Unreachable,
}

/// The door for declared tools: a read of the provider's own table, within what the source is configured for. What
/// comes back is foreign as a whole.
#[async_trait]
pub trait Reads: Send + Sync {
    /// One GET, and what it takes to stay within the configured organisation, account and projects.
    async fn read(&self, ask: &ReadAsk) -> Result<ReadBody, Failure>;
    /// How many digits of an amount in that currency stand behind the point, as this provider counts.
    fn decimals(&self, currency: &str) -> u32;
}

/// The slots that the source's configuration fills, never an argument: organisation, project, account.
pub fn is_configured(provider: Provider, slot: &str) -> bool {
    match provider {
        Provider::Sentry => matches!(slot, "organization_id_or_slug" | "project_id_or_slug"),
        Provider::Stripe => slot == "account",
        _ => false,
    }
}

/// The query parameters that would lead to another organisation, project or account than the configured one.
pub fn is_reserved(provider: Provider, key: &str) -> bool {
    let bare = key.split('[').next().unwrap_or(key).to_ascii_lowercase();
    match provider {
        Provider::Sentry => matches!(
            bare.as_str(),
            "project" | "projects" | "project_id" | "projectid" | "projectslug" | "organization" | "org"
        ),
        Provider::Stripe => {
            matches!(
                bare.as_str(),
                "account" | "stripe_account" | "stripe_context" | "on_behalf_of" | "context"
            )
        }
        _ => false,
    }
}

/// Whether a declared tool can ask that provider by GET.
pub fn is_open(provider: Provider) -> bool {
    matches!(provider, Provider::Sentry | Provider::Stripe)
}

/// The names of a template's slots, in order.
pub fn slots(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Digits behind the point by ISO 4217; two for a currency it does not know.
pub fn iso_decimals(currency: &str) -> u32 {
    let code = currency.to_ascii_uppercase();
    Currency::from_code(&code).and_then(|c| c.exponent()).map_or(2, u32::from)
}

/// The question with every slot filled: those of the configuration by `configured`, the others from arguments.
pub(crate) fn filled(
    ask: &ReadAsk,
    configured: impl Fn(&str) -> Result<Segment, Refused>,
) -> Result<Ask, Refused> {
    let provider = ask.route.provider();
    let mut given = ask.slots.iter();
    let mut out = ask.route.ask();
    for slot in slots(ask.route.template()) {
        let given = given.next().and_then(Option::as_ref);
        let segment = match (is_configured(provider, slot), given) {
            (true, None) => configured(slot)?,
            (false, Some(segment)) => segment.clone(),
            (true, Some(_)) => {
                return Err(Refused::because(format!("`{slot}` comes from the configuration")));
            }
            (false, None) => return Err(Refused::because(format!("`{slot}` of the path has no value"))),
        };
        out = out.segment(segment);
    }
    for (key, value) in &ask.query {
        if is_reserved(provider, key.as_str()) {
            return Err(Refused::because(format!("`{}` comes from the configuration", key.as_str())));
        }
        out = out.pair(key, value);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(slots: Vec<Option<Segment>>, key: &str) -> ReadAsk {
        let path = "/api/0/organizations/{organization_id_or_slug}/issues/{issue_id}/events/";
        ReadAsk {
            route: Route::declared(Provider::Sentry, path).unwrap(),
            slots,
            query: vec![(QueryKey::declared(key).unwrap(), "1".to_owned())],
        }
    }

    #[test]
    fn an_argument_fills_no_slot_of_the_configuration() {
        let id = || Some(Segment::new("55").unwrap());
        let org = |_: &str| Segment::new("acme");
        assert!(filled(&ask(vec![None, id()], "per_page"), org).is_ok());
        for (slots, key) in [
            (vec![id(), id()], "per_page"),
            (vec![None, None], "per_page"),
            (vec![None], "per_page"),
            (vec![None, id()], "project"),
            (vec![None, id()], "projectSlug"),
            (vec![None, id()], "project[]"),
        ] {
            assert!(filled(&ask(slots, key), org).is_err(), "{key}");
        }
    }

    #[test]
    fn minor_units_are_those_of_the_standard() {
        for (currency, digits) in [("eur", 2), ("JPY", 0), ("kwd", 3), ("xyz", 2), ("", 2)] {
            assert_eq!(iso_decimals(currency), digits, "{currency}");
        }
    }
}
