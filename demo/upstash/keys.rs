//! What the cache holds: sessions, counters of failed sign-ins, cached entitlements, queues, flags. Made from the world.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{Dice, IncidentKind, World};

/// A value of one of Redis' types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Held {
    Text(String),
    Hash(Vec<(String, String)>),
    List(Vec<String>),
    Sorted(Vec<(String, f64)>),
}

/// A value, and the seconds until it expires.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) held: Held,
    pub(crate) ttl_s: Option<i64>,
}

/// All keys, in order.
#[derive(Debug)]
pub(crate) struct Keys(pub(crate) BTreeMap<String, Entry>);

impl Keys {
    pub(crate) fn new(world: &World) -> Keys {
        let mut keys = Keys(BTreeMap::new());
        let mut dice = Dice::new(world.seed, "upstash");
        for person in &world.people {
            let Some(user) = person.user_id.as_deref() else { continue };
            let since = world.now.as_second() - dice.between(600, 80_000);
            let session = json!({ "userId": user, "email": person.email, "signedInAt": since });
            keys.text(&format!("session:{}", dice.hex(24)), &session, Some(dice.between(3_600, 86_400)));
            let access = json!({ "userId": user, "plan": person.plan, "access": true, "cachedAt": since });
            keys.text(&format!("entitlement:{user}"), &access, Some(dice.between(60, 900)));
            if dice.chance(20) {
                let count = json!(dice.between(1, 3));
                keys.text(&format!("ratelimit:login:{user}"), &count, Some(dice.between(60, 600)));
            }
        }
        for incident in &world.incidents {
            let user = &incident.user_id;
            match incident.kind {
                // Cached just before they paid, and without an end: nobody wrote it anew since.
                IncidentKind::PaidNoAccess => {
                    let cached = incident.at.as_second() - 60;
                    let stale =
                        json!({ "userId": user, "plan": "free", "access": false, "cachedAt": cached });
                    keys.text(&format!("entitlement:{user}"), &stale, None);
                }
                IncidentKind::LockedAccount => {
                    keys.text(&format!("ratelimit:login:{user}"), &json!(11), Some(540));
                }
                IncidentKind::FailedJobRefund => {
                    let job = json!({ "kind": "refund", "userId": user, "attempts": 5, "error": "gave up" });
                    keys.put("queue:jobs:dead", Held::List(vec![job.to_string()]), None);
                }
                _ => {}
            }
        }
        let mails =
            world.people.iter().take(5).map(|person| json!({ "to": person.email, "mail": "receipt" }));
        keys.put("queue:emails", Held::List(mails.map(|mail| mail.to_string()).collect()), None);
        let flags = [("new-checkout", "on"), ("trainer-payouts", "off"), ("sms-reminders", "10%")];
        let flags = flags.map(|(name, state)| (name.to_owned(), state.to_owned()));
        keys.put("flags", Held::Hash(flags.to_vec()), None);
        let trainers = world.people.iter().filter(|person| person.role == "trainer");
        let mut ranked: Vec<(String, f64)> = trainers
            .filter_map(|person| Some((person.user_id.clone()?, dice.between(1, 90) as f64)))
            .collect();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        keys.put("ranking:trainers", Held::Sorted(ranked), None);
        keys
    }

    fn text(&mut self, key: &str, value: &Value, ttl_s: Option<i64>) {
        self.put(key, Held::Text(value.to_string()), ttl_s);
    }

    fn put(&mut self, key: &str, held: Held, ttl_s: Option<i64>) {
        self.0.insert(key.to_owned(), Entry { held, ttl_s });
    }
}
