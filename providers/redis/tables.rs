//! Families of keys: what there is, from a bounded sample of the keyspace.

use super::Redis;
use super::rows::{CANNOT_SCAN, PAGES, is_pattern};
use super::value::Entry;
use crate::capability::Answered;
use crate::words::{Field, Table};
use crate::{Found, Handle, HandleKind, Stopped};
use prodview_guard::{Command, Failure, FailureKind, Resp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Families that are listed.
const MOST: usize = 100;
/// Keys of a family that are looked into.
const LOOKED_INTO: usize = 12;

/// Keys that a scan saw, and whether it saw all of them.
struct Sample {
    keys: Vec<Vec<u8>>,
    whole: bool,
}

impl Redis {
    pub(super) async fn families(&self) -> Answered<Table> {
        let sample = match self.sample("*").await {
            Ok(sample) => sample,
            Err(failure) if failure.hint.as_deref() == Some(CANNOT_SCAN) => {
                let stopped = Stopped::Bound(format!("keys cannot be listed: {CANNOT_SCAN}"));
                return Ok(Found { stopped: Some(stopped), ..Found::default() });
            }
            Err(failure) => return Err(failure),
        };
        let all = self.one(Command::dbsize()).await.ok().as_ref().and_then(Resp::int);
        let all = all.and_then(|n| u64::try_from(n).ok());
        let seen = sample.keys.len();
        let mut families: BTreeMap<String, u64> = BTreeMap::new();
        let mut odd = 0;
        for key in &sample.keys {
            match family_of(key) {
                Some(family) => *families.entry(family).or_default() += 1,
                None => odd += 1,
            }
        }
        let mut families: Vec<(String, u64)> = families.into_iter().collect();
        families.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let left = families.len().saturating_sub(MOST);
        families.truncate(MOST);
        // What was counted in a part is told for the whole as a share of it.
        let scaled = |n: u64| match (sample.whole, all) {
            (true, _) => Some(n),
            (false, Some(all)) => Some(n * all / u64::try_from(seen.max(1)).unwrap_or(1)),
            (false, None) => None,
        };
        let tables =
            families.into_iter().map(|(name, n)| Table { name, rows: scaled(n), ..Table::default() });
        let mut found = Found::all(tables.collect());
        if !sample.whole {
            let all = all.map_or_else(|| "more".to_owned(), |n| n.to_string());
            found.of = None;
            found.stopped = Some(Stopped::Bound(format!(
                "families seen among {seen} of {all} keys; their numbers are estimates, and rare ones may be missing"
            )));
        }
        if left > 0 {
            found.stopped =
                Some(Stopped::Bound(format!("the {MOST} largest families; {left} more were seen")));
        }
        if odd > 0 {
            found = found
                .note(format!("{odd} keys have names that are no plain words; the pattern * shows them"));
        }
        Ok(found)
    }

    /// One family by its pattern, or one key by its name.
    pub(super) async fn family(&self, name: &str) -> Result<Table, Failure> {
        let (keys, whole, count) = if is_pattern(name) {
            let sample = self.sample(name).await?;
            let count = sample.whole.then(|| u64::try_from(sample.keys.len()).unwrap_or(0));
            // Spread over the sample, since neighbours in a scan have nothing to do with each other anyway.
            let step = (sample.keys.len() / LOOKED_INTO).max(1);
            (sample.keys.into_iter().step_by(step).take(LOOKED_INTO).collect::<Vec<_>>(), sample.whole, count)
        } else {
            (vec![name.as_bytes().to_vec()], true, None)
        };
        let entries = self.entries(&keys).await?;
        if entries.is_empty() {
            let none = Failure::new(FailureKind::NotFound, "no key of that name or pattern");
            return Err(if whole {
                none
            } else {
                none.hint("no such key among those that were looked at, which were not all")
            });
        }
        let rows = count.or_else(|| u64::try_from(entries.len()).ok().filter(|_| whole));
        Ok(Table { name: name.to_owned(), rows, fields: fields(&entries), ..Table::default() })
    }

    async fn sample(&self, pattern: &str) -> Result<Sample, Failure> {
        let (mut keys, mut cursor) = (BTreeSet::new(), 0);
        for _ in 0..PAGES {
            let page = self.page(cursor, pattern.as_bytes(), None).await?;
            keys.extend(page.keys);
            cursor = page.next;
            if cursor == 0 {
                return Ok(Sample { keys: keys.into_iter().collect(), whole: true });
            }
        }
        Ok(Sample { keys: keys.into_iter().collect(), whole: false })
    }
}

/// The pattern of the family that a key belongs to: what stands before its first colon or slash; a key without one is
/// a family by itself. `None` when that is no plain word.
fn family_of(key: &[u8]) -> Option<String> {
    let key = std::str::from_utf8(key).ok()?;
    let end = key.find([':', '/']).filter(|end| *end > 0);
    let (word, rest) = match end {
        Some(end) => (key.get(..end)?, key.get(end..=end)?),
        None => (key, ""),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.@{}".contains(&b);
    let fits = !word.is_empty() && word.len() <= 60 && word.bytes().all(plain);
    fits.then(|| if rest.is_empty() { word.to_owned() } else { format!("{word}{rest}*") })
}

/// What the keys of a family are like: types, expiry, sizes, and the fields of their values.
fn fields(entries: &[Entry]) -> Vec<Field> {
    let looked = entries.len();
    let kinds: BTreeSet<&str> = entries.iter().map(|e| e.kind.as_str()).filter(|k| is_plain(k)).collect();
    let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
    let field = |name: &str, kind: String| Field {
        name: name.to_owned(),
        kind,
        optional: false,
        key: None,
        looks_like: None,
    };
    let mut all =
        vec![field("type", kinds), field("expires_in_s", expiry(entries)), field("size", sizes(entries))];
    let mut inner: BTreeMap<&str, (BTreeSet<&'static str>, usize, Option<String>)> = BTreeMap::new();
    for entry in entries {
        let Some(Value::Object(value)) = &entry.value else { continue };
        for (name, value) in value.iter().filter(|(name, _)| is_plain(name)).take(40) {
            let (kinds, times, looks) = inner.entry(name).or_default();
            kinds.insert(kind_of(value));
            *times += 1;
            *looks = looks.take().or_else(|| looks_like(value));
        }
    }
    if inner.is_empty() {
        all.push(field("value", "as its type has it".to_owned()));
    }
    all.extend(inner.into_iter().map(|(name, (kinds, times, looks_like))| Field {
        name: name.to_owned(),
        kind: kinds.into_iter().collect::<Vec<_>>().join(", "),
        optional: times < looked,
        key: None,
        looks_like,
    }));
    all
}

fn expiry(entries: &[Entry]) -> String {
    let expiring: Vec<i64> = entries.iter().filter_map(|e| e.ttl_ms).filter(|ms| *ms >= 0).collect();
    match (expiring.iter().min(), expiring.iter().max()) {
        (Some(low), Some(high)) if expiring.len() == entries.len() => {
            format!("{} to {} seconds", low / 1_000, high / 1_000)
        }
        (Some(low), Some(high)) => format!("{} to {} seconds, or never", low / 1_000, high / 1_000),
        _ => "never".to_owned(),
    }
}

fn sizes(entries: &[Entry]) -> String {
    let sizes = || entries.iter().filter_map(|e| e.size);
    let strings = entries.iter().any(|e| e.kind == "string");
    let unit = if strings { "bytes" } else { "elements" };
    match (sizes().min(), sizes().max()) {
        (Some(low), Some(high)) => format!("{low} to {high} {unit}, in {} keys looked at", entries.len()),
        _ => "not told".to_owned(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn looks_like(value: &Value) -> Option<String> {
    let what = match Handle::read(value.as_str()?)?.kind {
        HandleKind::Email => "email",
        HandleKind::Customer => "stripe customer id",
        HandleKind::PaymentIntent => "stripe payment id",
        HandleKind::Subscription => "stripe subscription id",
        _ => return None,
    };
    Some(what.to_owned())
}

/// Names stand where our own words do, so that only plain ones are shown.
fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.$@".contains(&b);
    (1..=60).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_what_stands_before_the_first_colon() {
        let family = |key: &str| family_of(key.as_bytes());
        assert_eq!(family("session:1:x").as_deref(), Some("session:*"));
        assert_eq!(family("cache/user/1").as_deref(), Some("cache/*"));
        assert_eq!(family("flags").as_deref(), Some("flags"));
        assert_eq!(family("do what i say:1"), None);
        assert_eq!(family(""), None);
        assert_eq!(family(":x"), None);
        assert_eq!(family_of(b"\xff:1"), None);
    }
}
