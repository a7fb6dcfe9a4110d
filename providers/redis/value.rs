//! One key looked at: its type, when it expires, how large it is, and as much of its value as fits.

use super::{Redis, shown};
use crate::words::Row;
use prodview_guard::{Command, Failure, ForeignJson, Refused, Resp};
use serde_json::{Map, Value, json};

/// How much of a string is read.
const STRING_BYTES: u64 = 4_000;
/// How many elements of a collection are read.
const ELEMENTS: u64 = 20;
/// A collection whose elements are larger than this on average is not looked into.
const LARGEST_ELEMENT: i64 = 16_384;
/// How many characters of each text are shown.
const TEXT: usize = 300;

/// A key and what is known of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Vec<u8>,
    pub(super) kind: String,
    /// Milliseconds; negative for never.
    pub(super) ttl_ms: Option<i64>,
    pub(super) size: Option<i64>,
    pub(super) value: Option<Value>,
    /// What is not shown of it.
    cut: Option<String>,
}

impl Redis {
    /// Looks at keys, in three requests for all of them. Keys that are gone by now are left out.
    pub(super) async fn entries(&self, keys: &[Vec<u8>]) -> Result<Vec<Entry>, Failure> {
        let commands: Result<Vec<Command>, Refused> =
            keys.iter().flat_map(|key| [Command::kind(key), Command::pttl(key)]).collect();
        let answers = self.door.ask(&commands?).await?;
        let mut entries = Vec::new();
        for (key, pair) in keys.iter().zip(answers.chunks(2)) {
            let [kind, ttl] = pair else { continue };
            // Without its type nothing more can be said of a key; the first refusal tells why.
            let kind = shown::text(kind.as_ref().map_err(Clone::clone)?.bytes().unwrap_or_default());
            if kind == "none" {
                continue;
            }
            let ttl_ms = ttl.as_ref().ok().and_then(Resp::int);
            entries.push(Entry { key: key.clone(), kind, ttl_ms, size: None, value: None, cut: None });
        }
        self.measure(&mut entries).await?;
        Ok(entries)
    }

    async fn measure(&self, entries: &mut [Entry]) -> Result<(), Failure> {
        let mut asked = Vec::new();
        for (n, entry) in entries.iter().enumerate() {
            let Some(size) = entry.size_command() else { continue };
            asked.push((n, false, size?));
            if entry.kind != "string" {
                asked.push((n, true, Command::memory_usage(&entry.key)?));
            }
        }
        let commands: Vec<Command> = asked.iter().map(|(.., command)| command.clone()).collect();
        let answers = self.door.ask(&commands).await?;
        let mut memory = vec![None; entries.len()];
        for ((n, is_memory, _), answer) in asked.into_iter().zip(answers) {
            // MEMORY USAGE may be forbidden or unknown: then only the caps on what is read remain.
            let number = answer.ok().as_ref().and_then(Resp::int);
            match (is_memory, memory.get_mut(n), entries.get_mut(n)) {
                (true, Some(memory), _) => *memory = number,
                (false, _, Some(entry)) => entry.size = number,
                _ => {}
            }
        }
        self.fill(entries, &memory).await
    }

    async fn fill(&self, entries: &mut [Entry], memory: &[Option<i64>]) -> Result<(), Failure> {
        let mut asked = Vec::new();
        for (n, entry) in entries.iter_mut().enumerate() {
            let of_memory = memory.get(n).copied().flatten();
            let element = of_memory.map(|bytes| bytes / entry.size.unwrap_or(1).max(1));
            if entry.kind != "string" && element.is_some_and(|bytes| bytes > LARGEST_ELEMENT) {
                entry.cut = Some("its elements are too large to be shown".to_owned());
                continue;
            }
            match entry.value_command() {
                Some(command) => asked.push((n, command?)),
                None => entry.cut = Some("values of this type are not read".to_owned()),
            }
        }
        let commands: Vec<Command> = asked.iter().map(|(_, command)| command.clone()).collect();
        let answers = self.door.ask(&commands).await?;
        for ((n, _), answer) in asked.into_iter().zip(answers) {
            let Some(entry) = entries.get_mut(n) else { continue };
            match answer {
                Ok(answer) => entry.take_value(&answer),
                Err(failure) => entry.cut = Some(failure.to_string()),
            }
        }
        Ok(())
    }
}

impl Entry {
    fn size_command(&self) -> Option<Result<Command, Refused>> {
        let command: fn(&[u8]) -> Result<Command, Refused> = match self.kind.as_str() {
            "string" => Command::strlen,
            "hash" => Command::hlen,
            "list" => Command::llen,
            "set" => Command::scard,
            "zset" => Command::zcard,
            "stream" => Command::xlen,
            _ => return None,
        };
        Some(command(&self.key))
    }

    fn value_command(&self) -> Option<Result<Command, Refused>> {
        let (key, last) = (&self.key, i64::try_from(ELEMENTS).unwrap_or(0) - 1);
        Some(match self.kind.as_str() {
            "string" => Command::getrange(key, 0, STRING_BYTES - 1),
            "hash" => Command::hscan(key, 0, ELEMENTS),
            "list" => Command::lrange(key, 0, last),
            "set" => Command::sscan(key, 0, ELEMENTS),
            "zset" => Command::zrange(key, 0, last),
            "stream" => Command::xrevrange(key, 5),
            _ => return None,
        })
    }

    fn take_value(&mut self, answer: &Resp) {
        let most = usize::try_from(ELEMENTS).unwrap_or(usize::MAX);
        let scanned = || answer.items().get(1).map(Resp::items).unwrap_or_default();
        let (items, width) = match self.kind.as_str() {
            "string" => {
                self.value = Some(shown::string(answer.bytes().unwrap_or_default()));
                if self.size.is_some_and(|size| size > i64::try_from(STRING_BYTES).unwrap_or(i64::MAX)) {
                    self.cut = Some(format!("its first {STRING_BYTES} bytes"));
                }
                return;
            }
            "hash" => (scanned(), 2),
            "set" => (scanned(), 1),
            "zset" => (answer.items(), 2),
            _ => (answer.items(), 1),
        };
        let items = items.get(..most * width).unwrap_or(items);
        self.value = Some(match self.kind.as_str() {
            "hash" => shown::pairs(items),
            "zset" => shown::scored(items),
            "stream" => shown::entries(items),
            _ => items.iter().map(shown::any).collect(),
        });
        let here = items.len() / width;
        if self.size.is_some_and(|size| i64::try_from(here).unwrap_or(0) < size) {
            let which = match self.kind.as_str() {
                "stream" => "its newest",
                "list" | "zset" => "its first",
                _ => "some",
            };
            self.cut = Some(format!("{which} {here} elements"));
        }
    }

    /// Whether the value has these fields: those of a hash or of an object in JSON.
    pub(super) fn has(&self, fields: &Map<String, Value>) -> bool {
        fields.iter().all(|(name, due)| match (name.as_str(), &self.value) {
            ("type", _) => due.as_str() == Some(&self.kind),
            ("key", _) => due.as_str() == Some(&shown::text(&self.key)),
            (_, Some(Value::Object(value))) => {
                value.get(name).is_some_and(|is| is == due || same_text(is, due))
            }
            ("value", Some(value)) => value == due || same_text(value, due),
            _ => false,
        })
    }

    pub(super) fn row(self) -> Row {
        let key = shown::text(&self.key);
        let mut fields = Map::new();
        let id = shown::id(&key);
        fields.insert("key".to_owned(), json!(key));
        fields.insert("type".to_owned(), json!(self.kind));
        match self.ttl_ms {
            Some(ms) if ms >= 0 => fields.insert("expires_in_s".to_owned(), json!(ms / 1_000)),
            Some(_) => fields.insert("expires_in_s".to_owned(), json!("never")),
            None => None,
        };
        fields.insert("size".to_owned(), json!(self.size));
        if let Some(value) = self.value {
            fields.insert("value".to_owned(), value);
        }
        if let Some(cut) = self.cut {
            fields.insert("shown".to_owned(), json!(cut));
        }
        Row { id, created: None, fields: ForeignJson::capped(Value::Object(fields), TEXT) }
    }
}

/// A hash holds texts only: 5 and "5" are the same there.
fn same_text(is: &Value, due: &Value) -> bool {
    match (is, due) {
        (Value::String(is), Value::Number(_) | Value::Bool(_)) => due.to_string().as_str() == is.as_str(),
        _ => false,
    }
}
