//! The objects of one mode of one account, found by id or by kind.

use std::collections::HashMap;

use serde_json::Value;

use super::refusal::Refusal;
use super::shape::{kind, whole};
use crate::Shared;

/// Where the objects stand, newest first.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    by_id: HashMap<String, usize>,
    by_kind: HashMap<String, Vec<usize>>,
}

impl Shelf {
    pub fn new(objects: &[Value]) -> Shelf {
        let mut shelf = Shelf::default();
        for (place, object) in objects.iter().enumerate() {
            if let Some(id) = id(object) {
                shelf.by_id.insert(id.to_owned(), place);
            }
            // Lists do not show what was deleted.
            if let Some(kind) = kind(object).filter(|_| object.get("deleted").is_none()) {
                shelf.by_kind.entry(kind.to_owned()).or_default().push(place);
            }
        }
        shelf
    }
}

/// One caller's view: the objects its key and its `Stripe-Account` header reach.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub objects: &'a [Value],
    pub shelf: &'a Shelf,
    pub live: bool,
    /// The objects of the other mode, only to say that they are there.
    pub other: Option<(&'a [Value], &'a Shelf)>,
    pub shared: &'a Shared,
    pub key: &'a str,
    pub account: &'a str,
}

impl<'a> Desk<'a> {
    pub fn find(&self, id: &str) -> Option<&'a Value> {
        self.objects.get(*self.shelf.by_id.get(id)?)
    }

    /// The objects of a kind, newest first.
    pub fn all(&self, kind: &str) -> impl DoubleEndedIterator<Item = &'a Value> + use<'a> {
        let objects = self.objects;
        let places = self.shelf.by_kind.get(kind).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(move |place| objects.get(*place))
    }

    pub fn whole(&self, sparse: &Value) -> Value {
        whole(sparse, self.live)
    }

    /// That there is no such object, and whether the other mode has it. The caller says with which status.
    pub fn missing(&self, said: &str, id: &str) -> Refusal {
        let mut message = format!("No such {said}: '{id}'");
        let elsewhere = self.other.and_then(|(objects, shelf)| objects.get(*shelf.by_id.get(id)?));
        if elsewhere.is_some() {
            let (there, here) = if self.live { ("test", "live") } else { ("live", "test") };
            message += &format!(
                "; a similar object exists in {there} mode, but a {here} mode key was used to make this request."
            );
        }
        Refusal::bad(message).code("resource_missing")
    }

    /// That the key may ask for this, unless a test took the permission away.
    pub fn may(&self, permission: &str) -> Result<(), Refusal> {
        // A secret key has every permission there is.
        if self.shared.is_denied(permission) && !self.key.starts_with("sk_") {
            return Err(Refusal::denied(self.key, self.account, permission));
        }
        Ok(())
    }
}

pub(super) fn id(object: &Value) -> Option<&str> {
    object.get("id")?.as_str()
}
