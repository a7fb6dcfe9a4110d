//! The parts that Stripe's objects are made of: lists, links to other objects, metadata.

use super::handle::is_plain;
use prodview_guard::Foreign;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A list of v1.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Page<T> {
        Page { data: Vec::new(), has_more: false }
    }
}

/// Another object: its id, and the object itself where Stripe was asked to expand it. Never fails to decode.
#[derive(Debug)]
pub(super) struct Link<T> {
    /// A plain id.
    pub id: Option<String>,
    /// The object.
    pub whole: Option<Box<T>>,
}

/// A link to what is never expanded, or of which only the id is wanted.
pub(super) type Id = Link<IdOnly>;

/// Nothing but its id.
#[derive(Debug, Deserialize)]
pub(super) struct IdOnly {}

impl<T> Default for Link<T> {
    fn default() -> Link<T> {
        Link { id: None, whole: None }
    }
}

impl<T> Link<T> {
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Link<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Link<T>, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let id =
            value.as_str().or_else(|| value.get("id")?.as_str()).filter(|id| is_plain(id)).map(str::to_owned);
        let whole = if value.is_object() { serde_json::from_value(value).ok().map(Box::new) } else { None };
        Ok(Link { id, whole })
    }
}

/// Metadata as the app wrote it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata(Option<BTreeMap<String, Value>>);

impl Metadata {
    /// Key → value. Keys are made of letters, digits, `_`, `-` and `.`; other characters become `_`.
    pub(super) fn cleaned(&self) -> BTreeMap<String, Foreign> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
        self.pairs()
            .map(|(k, v)| (k.chars().map(plain).take(40).collect(), Foreign::capped(v, 200)))
            .collect()
    }

    /// The pairs whose value is a text, which all of Stripe's are.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flatten().filter_map(|(k, v)| Some((k.as_str(), v.as_str()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::shape::Charge;
    use serde_json::json;

    #[test]
    fn a_link_is_an_id_an_object_or_nothing_and_never_an_error() {
        let link = |v: Value| serde_json::from_value::<Link<Charge>>(v).unwrap();
        assert_eq!(link(json!("ch_1")).id(), Some("ch_1"));
        let whole = link(json!({"id": "ch_1", "status": "brand_new"}));
        assert_eq!(whole.whole.unwrap().status.as_deref(), Some("brand_new"));
        for odd in [json!(null), json!(5), json!([]), json!("a/b"), json!({"id": "../x"}), json!({"id": 5})] {
            assert_eq!(link(odd).id(), None);
        }
    }

    #[test]
    fn metadata_keys_are_made_plain() {
        let metadata: Metadata = serde_json::from_value(json!({"user id\n": "u1", "n": 5})).unwrap();
        assert_eq!(metadata.cleaned().into_keys().collect::<Vec<_>>(), ["user_id_"]);
        assert!(serde_json::from_value::<Metadata>(json!(null)).unwrap().cleaned().is_empty());
    }
}
