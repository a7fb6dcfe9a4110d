//! The commands that this database runs: all of them only read. The others it knows only to refuse them.

use serde_json::{Value, json};

use super::keys::{Entry, Held, Keys};

/// Commands that change nothing. Redis knows more of them; what is not here is not a read for the demo.
const READS: &[&str] = &[
    "ACL",
    "BITCOUNT",
    "DBSIZE",
    "ECHO",
    "EXISTS",
    "EXPIRETIME",
    "GEODIST",
    "GEOPOS",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HSCAN",
    "HSTRLEN",
    "HVALS",
    "INFO",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "MEMORY",
    "MGET",
    "OBJECT",
    "PEXPIRETIME",
    "PING",
    "PTTL",
    "SCAN",
    "SCARD",
    "SISMEMBER",
    "SLOWLOG",
    "SMEMBERS",
    "SMISMEMBER",
    "SSCAN",
    "STRLEN",
    "SUBSTR",
    "TIME",
    "TTL",
    "TYPE",
    "XINFO",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
];

/// Subcommands, where a command has some that write.
const READING_SUBCOMMANDS: &[(&str, &[&str])] = &[
    ("ACL", &["WHOAMI"]),
    ("MEMORY", &["USAGE"]),
    ("SLOWLOG", &["GET", "LEN"]),
    ("OBJECT", &["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]),
    ("XINFO", &["STREAM", "GROUPS", "CONSUMERS"]),
];

/// Whether a command only reads.
pub(super) fn is_read(words: &[String]) -> bool {
    let Some(name) = words.first().map(|word| word.to_ascii_uppercase()) else { return false };
    let sub = words.get(1).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let subs = READING_SUBCOMMANDS.iter().find(|(container, _)| *container == name);
    READS.contains(&name.as_str()) && subs.is_none_or(|(_, subs)| subs.contains(&sub.as_str()))
}

/// Runs a command that [`is_read`]. `standard`: asked with the token that may do everything.
pub(super) fn run(keys: &Keys, words: &[String], standard: bool) -> Result<Value, String> {
    let name = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    if name == "SCAN" && !standard {
        return Err("NOPERM this user has no permissions to run the 'scan' command".to_owned());
    }
    let wrong = || format!("ERR wrong number of arguments for '{}' command", name.to_lowercase());
    let key = || args.first().copied().ok_or_else(wrong);
    let entry = || key().map(|key| keys.0.get(key));
    let second = || args.get(1).copied().ok_or_else(wrong);
    Ok(match name.as_str() {
        "PING" => json!("PONG"),
        "DBSIZE" => json!(keys.0.len()),
        "ACL" => json!(if standard { "default" } else { "default_ro" }),
        "INFO" => json!(
            "# Server\r\nredis_version:6.2.6\r\nredis_mode:standalone\r\n# Replication\r\nrole:master\r\n"
        ),
        "SCAN" => scan(keys, &args)?,
        "EXISTS" => json!(args.iter().filter(|key| keys.0.contains_key(**key)).count()),
        "TYPE" => json!(entry()?.map_or("none", |entry| entry.held.kind())),
        "TTL" => json!(entry()?.map_or(-2, |entry| entry.ttl_s.unwrap_or(-1))),
        "PTTL" => json!(entry()?.map_or(-2, |entry| entry.ttl_s.map_or(-1, |s| s * 1_000))),
        "GET" => text(entry()?)?.map_or(Value::Null, |text| json!(text)),
        "MGET" => args.iter().map(|key| text(keys.0.get(*key)).ok().flatten().map(str::to_owned)).collect(),
        "STRLEN" => json!(text(entry()?)?.map_or(0, str::len)),
        "GETRANGE" => {
            let text = text(entry()?)?.unwrap_or_default().as_bytes();
            let part = text.get(between(text.len(), second()?, args.get(2).copied().ok_or_else(wrong)?)?);
            json!(String::from_utf8_lossy(part.unwrap_or_default()))
        }
        "HLEN" => json!(hash(entry()?)?.len()),
        "HGET" => json!(field(hash(entry()?)?, second()?)),
        "HSTRLEN" => json!(field(hash(entry()?)?, second()?).map_or(0, str::len)),
        "HEXISTS" => json!(i32::from(field(hash(entry()?)?, second()?).is_some())),
        "HMGET" => {
            let hash = hash(entry()?)?;
            args.iter().skip(1).map(|name| json!(field(hash, name))).collect()
        }
        "HSCAN" | "HGETALL" => {
            let flat: Value =
                hash(entry()?)?.iter().flat_map(|(name, value)| [json!(name), json!(value)]).collect();
            if name == "HSCAN" { json!(["0", flat]) } else { flat }
        }
        "LLEN" => json!(list(entry()?)?.len()),
        "LRANGE" => {
            let list = list(entry()?)?;
            let range = between(list.len(), second()?, args.get(2).copied().ok_or_else(wrong)?)?;
            json!(list.get(range).unwrap_or_default())
        }
        "ZCARD" => json!(sorted(entry()?)?.len()),
        "ZSCORE" => {
            let member = second()?;
            let found = sorted(entry()?)?.iter().find(|(name, _)| name == member);
            json!(found.map(|(_, score)| score.to_string()))
        }
        "ZRANGE" => {
            let all = sorted(entry()?)?;
            let range = between(all.len(), second()?, args.get(2).copied().ok_or_else(wrong)?)?;
            let scores = args.iter().any(|word| word.eq_ignore_ascii_case("withscores"));
            let told = |(name, score): &(String, f64)| match scores {
                true => vec![json!(name), json!(score.to_string())],
                false => vec![json!(name)],
            };
            all.get(range).unwrap_or_default().iter().flat_map(told).collect()
        }
        _ => {
            return Err(format!(
                "ERR Command is not available: '{name}'. See https://upstash.com/docs/redis/overall/compatibility for details"
            ));
        }
    })
}

/// In pages: the cursor is the place in the order of the keys.
fn scan(keys: &Keys, args: &[&str]) -> Result<Value, String> {
    let syntax = || "ERR syntax error".to_owned();
    let from: usize = args.first().and_then(|c| c.parse().ok()).ok_or("ERR invalid cursor")?;
    let (mut pattern, mut count, mut kind) = ("*", 10, None);
    for option in args.get(1..).unwrap_or_default().chunks(2) {
        let [name, value] = option else { return Err(syntax()) };
        match name.to_ascii_uppercase().as_str() {
            "MATCH" => pattern = value,
            "COUNT" => count = value.parse::<usize>().map_err(|_| syntax())?,
            "TYPE" => kind = Some(*value),
            _ => return Err(syntax()),
        }
    }
    let page = keys.0.iter().skip(from).take(count);
    let fits = |(key, entry): &(&String, &Entry)| {
        kind.is_none_or(|kind| entry.held.kind() == kind) && fits(pattern.as_bytes(), key.as_bytes())
    };
    let found: Vec<&String> = page.filter(fits).map(|(key, _)| key).collect();
    let next = if from + count < keys.0.len() { from + count } else { 0 };
    Ok(json!([next.to_string(), found]))
}

/// Redis' globs, as far as anybody asks: `*`, `?`, and a backslash before what stands for itself.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            fits(rest, text) || text.split_first().is_some_and(|(_, text)| fits(pattern, text))
        }
        ([b'?', rest @ ..], [_, text @ ..]) => fits(rest, text),
        ([b'\\', one, rest @ ..] | [one, rest @ ..], [is, text @ ..]) if one == is => fits(rest, text),
        _ => false,
    }
}

/// Indexes as Redis counts them: from the end when negative, the last one included.
fn between(length: usize, first: &str, last: &str) -> Result<std::ops::Range<usize>, String> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let place = |text: &str| {
        let n: i64 = text.parse().map_err(|_| "ERR value is not an integer or out of range".to_owned())?;
        Ok::<i64, String>(if n < 0 { (length + n).max(0) } else { n })
    };
    let (first, end) = (place(first)?, (place(last)? + 1).min(length));
    let (first, end) = (usize::try_from(first).unwrap_or(0), usize::try_from(end).unwrap_or(0));
    Ok(first.min(end)..end)
}

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

fn text(entry: Option<&Entry>) -> Result<Option<&str>, String> {
    match entry.map(|entry| &entry.held) {
        None => Ok(None),
        Some(Held::Text(text)) => Ok(Some(text)),
        Some(_) => Err(WRONG_TYPE.to_owned()),
    }
}

fn hash(entry: Option<&Entry>) -> Result<&[(String, String)], String> {
    match entry.map(|entry| &entry.held) {
        None => Ok(&[]),
        Some(Held::Hash(fields)) => Ok(fields),
        Some(_) => Err(WRONG_TYPE.to_owned()),
    }
}

fn list(entry: Option<&Entry>) -> Result<&[String], String> {
    match entry.map(|entry| &entry.held) {
        None => Ok(&[]),
        Some(Held::List(items)) => Ok(items),
        Some(_) => Err(WRONG_TYPE.to_owned()),
    }
}

fn sorted(entry: Option<&Entry>) -> Result<&[(String, f64)], String> {
    match entry.map(|entry| &entry.held) {
        None => Ok(&[]),
        Some(Held::Sorted(members)) => Ok(members),
        Some(_) => Err(WRONG_TYPE.to_owned()),
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

impl Held {
    fn kind(&self) -> &'static str {
        match self {
            Held::Text(_) => "string",
            Held::Hash(_) => "hash",
            Held::List(_) => "list",
            Held::Sorted(_) => "zset",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_ranges_are_redis() {
        for (pattern, text, due) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a?c", "abc", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), due, "{pattern} {text}");
        }
        assert_eq!(between(5, "0", "-1"), Ok(0..5));
        assert_eq!(between(5, "-2", "9"), Ok(3..5));
        assert_eq!(between(5, "4", "1"), Ok(2..2));
        assert!(between(5, "x", "1").is_err());
    }

    #[test]
    fn only_reads_are_reads() {
        let read = |text: &str| is_read(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(read("get k") && read("acl whoami") && read("SCAN 0"));
        for bad in ["set k v", "acl setuser x", "acl", "flushall", "eval x 0", "keys *", "slowlog reset", ""]
        {
            assert!(!read(bad), "{bad}");
        }
    }
}
