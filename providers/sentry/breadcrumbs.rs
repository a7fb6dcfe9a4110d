//! What happened before an error, one line each. Of their data only what a request or a navigation was.

use super::event::without_query;
use super::lenient::{soft, text};
use crate::Moment;
use crate::words::Breadcrumb;
use prodview_guard::Foreign;
use serde::Deserialize;

/// How many are told: the last ones.
const LAST: usize = 12;

/// One value of a `breadcrumbs` part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Crumb {
    #[serde(deserialize_with = "text")]
    timestamp: Option<String>,
    #[serde(rename = "type", deserialize_with = "text")]
    kind: Option<String>,
    #[serde(deserialize_with = "text")]
    category: Option<String>,
    #[serde(deserialize_with = "text")]
    level: Option<String>,
    #[serde(deserialize_with = "text")]
    message: Option<String>,
    #[serde(deserialize_with = "soft")]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(deserialize_with = "text")]
    method: Option<String>,
    #[serde(deserialize_with = "text")]
    url: Option<String>,
    #[serde(deserialize_with = "text")]
    status_code: Option<String>,
    #[serde(deserialize_with = "text")]
    from: Option<String>,
    #[serde(deserialize_with = "text")]
    to: Option<String>,
}

/// The last ones, oldest first.
pub(super) fn last(crumbs: Vec<Crumb>) -> Vec<Breadcrumb> {
    let skip = crumbs.len().saturating_sub(LAST);
    crumbs.into_iter().skip(skip).filter_map(Crumb::record).collect()
}

impl Crumb {
    /// `None` when it says nothing.
    fn record(self) -> Option<Breadcrumb> {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.kind.filter(|k| k != "default"));
        words.extend(self.category);
        words.extend(self.level.filter(|l| matches!(l.as_str(), "warning" | "error" | "fatal" | "critical")));
        if let Some(url) = &self.data.url {
            words.extend(self.data.method);
            words.push(without_query(url));
            words.extend(self.data.status_code);
        } else if let Some(to) = &self.data.to {
            words.extend(self.data.from.map(|from| without_query(&from)));
            words.push(format!("→ {}", without_query(to)));
        }
        // Beside a request the message only repeats it, with its query.
        if self.data.url.is_none() {
            words.extend(self.message);
        }
        let what = words.join(" ");
        (!what.is_empty()).then(|| Breadcrumb {
            at: self.timestamp.as_deref().and_then(Moment::parse),
            what: Foreign::capped(&what, 200),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(value: Value) -> Vec<String> {
        last(serde_json::from_value(value).unwrap()).into_iter().map(|b| b.what.to_string()).collect()
    }

    #[test]
    fn a_crumb_is_one_line() {
        assert_eq!(
            told(json!([
                {"timestamp": "2026-11-20T09:12:40Z", "type": "http", "category": "xhr", "level": "info", "message": "GET /api/cart?token=x [500]",
                 "data": {"url": "/api/cart?token=x", "status_code": 500, "method": "POST", "body": "secret"}, "event_id": null},
                {"type": "navigation", "category": "navigation", "data": {"from": "/cart?a=1", "to": "/checkout#pay"}},
                {"type": "default", "category": "console", "level": "error", "message": "no cart", "data": {"arguments": ["x"]}},
                {"type": "default", "category": null, "message": null, "data": null}
            ])),
            [
                "http xhr POST /api/cart 500",
                "navigation navigation /cart → /checkout",
                "console error no cart",
            ]
        );
    }

    #[test]
    fn only_the_last_are_told_oldest_first() {
        let many: Vec<_> = (0..40).map(|n| json!({"message": format!("m{n}")})).collect();
        let told = told(Value::Array(many));
        assert_eq!((told.len(), told[0].as_str(), told[11].as_str()), (LAST, "m28", "m39"));
    }
}
