//! The reading commands that can be sent, as data. What is not here cannot be sent: unknown means no.
//!
//! Every one has the flag `readonly` in `COMMAND INFO` of Redis 7.0.15, but for the few that ask the server about
//! itself. What has the flag and is not here is left out on purpose: KEYS, SMEMBERS, HGETALL and the like answer
//! without an end; PFCOUNT may write; TOUCH changes what is evicted; DUMP and RANDOMKEY tell nothing; SORT_RO, LCS
//! and the set operations cost more the more there is; XREAD waits; EVAL_RO and FCALL_RO run code.

use super::rule::{Opt, Part};
use Part::{
    BitReads, Cursor, Key, Keys, Lex, Most, Options, Pattern, Score, Span, StreamId, Text, Texts, Whole,
};

/// One row: a command, its arguments, and how large its answer can be.
#[derive(Debug)]
pub(super) struct Allowed {
    /// In capitals; a subcommand behind a space.
    pub(super) name: &'static str,
    pub(super) parts: &'static [Part],
    pub(super) weight: Weight,
}

/// What decides how large the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// A number, a word, or a text within bounds.
    Small,
    /// The strings under the keys, whole.
    Strings,
    /// The fields of a hash, whole.
    Fields,
    /// Elements of a collection, whose number this command tells.
    Elements(&'static str),
}

const fn row(name: &'static str, parts: &'static [Part]) -> Allowed {
    Allowed { name, parts, weight: Weight::Small }
}

const fn heavy(name: &'static str, weight: Weight, parts: &'static [Part]) -> Allowed {
    Allowed { name, parts, weight }
}

const fn flag(word: &'static str) -> Opt {
    Opt { word, takes: &[], needed: false }
}

const MATCH: Opt = Opt { word: "MATCH", takes: &[Pattern], needed: false };
const COUNT: Opt = Opt { word: "COUNT", takes: &[Most(1_000)], needed: false };
const COUNT_NEEDED: Opt = Opt { needed: true, ..COUNT };
const LIMIT: Opt = Opt { word: "LIMIT", takes: &[Whole("offset", 0, 1_000_000), Most(1_000)], needed: true };
const SCAN_OPTIONS: Part = Options(&[MATCH, COUNT]);
const WITHSCORES: Opt = flag("WITHSCORES");
const ELEMENTS: i64 = 1_000;
const BYTES: i64 = 65_536;
const MANY: usize = 50;

/// Sections of INFO. Without one, the server answers its default sections.
const SECTIONS: &[Opt] = &[
    flag("SERVER"),
    flag("CLIENTS"),
    flag("MEMORY"),
    flag("PERSISTENCE"),
    flag("STATS"),
    flag("REPLICATION"),
    flag("CPU"),
    flag("COMMANDSTATS"),
    flag("LATENCYSTATS"),
    flag("ERRORSTATS"),
    flag("CLUSTER"),
    flag("KEYSPACE"),
];

pub(super) const ALLOWED: &[Allowed] = &[
    // Keys, whatever their type.
    row(
        "SCAN",
        &[Cursor, Options(&[MATCH, COUNT, Opt { word: "TYPE", takes: &[Text("type")], needed: false }])],
    ),
    row("EXISTS", &[Keys(MANY)]),
    row("TYPE", &[Key]),
    row("TTL", &[Key]),
    row("PTTL", &[Key]),
    row("EXPIRETIME", &[Key]),
    row("PEXPIRETIME", &[Key]),
    row("OBJECT ENCODING", &[Key]),
    row("OBJECT FREQ", &[Key]),
    row("OBJECT IDLETIME", &[Key]),
    row("OBJECT REFCOUNT", &[Key]),
    // SAMPLES 0 would walk through all elements.
    row(
        "MEMORY USAGE",
        &[Key, Options(&[Opt { word: "SAMPLES", takes: &[Whole("samples", 1, 20)], needed: false }])],
    ),
    row("DBSIZE", &[]),
    // Strings.
    heavy("GET", Weight::Strings, &[Key]),
    heavy("MGET", Weight::Strings, &[Keys(MANY)]),
    row("STRLEN", &[Key]),
    row("GETRANGE", &[Key, Span(BYTES)]),
    row("SUBSTR", &[Key, Span(BYTES)]),
    row("GETBIT", &[Key, Whole("offset", 0, 4_294_967_295)]),
    row("BITCOUNT", &[Key, Span(1_048_576), Options(&[flag("BYTE"), flag("BIT")])]),
    row("BITFIELD_RO", &[Key, BitReads(8)]),
    // Hashes.
    heavy("HGET", Weight::Fields, &[Key, Text("field")]),
    heavy("HMGET", Weight::Fields, &[Key, Texts("field", MANY)]),
    row("HLEN", &[Key]),
    row("HEXISTS", &[Key, Text("field")]),
    row("HSTRLEN", &[Key, Text("field")]),
    heavy("HSCAN", Weight::Elements("HLEN"), &[Key, Cursor, SCAN_OPTIONS]),
    // Lists.
    row("LLEN", &[Key]),
    heavy("LINDEX", Weight::Elements("LLEN"), &[Key, Whole("index", -1_000_000, 1_000_000)]),
    heavy("LRANGE", Weight::Elements("LLEN"), &[Key, Span(ELEMENTS)]),
    row(
        "LPOS",
        &[
            Key,
            Text("element"),
            Options(&[Opt { word: "MAXLEN", takes: &[Whole("length", 1, 100_000)], needed: true }]),
        ],
    ),
    // Sets.
    row("SCARD", &[Key]),
    row("SISMEMBER", &[Key, Text("member")]),
    row("SMISMEMBER", &[Key, Texts("member", MANY)]),
    heavy("SSCAN", Weight::Elements("SCARD"), &[Key, Cursor, SCAN_OPTIONS]),
    // Sorted sets.
    row("ZCARD", &[Key]),
    row("ZSCORE", &[Key, Text("member")]),
    row("ZMSCORE", &[Key, Texts("member", MANY)]),
    row("ZRANK", &[Key, Text("member")]),
    row("ZREVRANK", &[Key, Text("member")]),
    row("ZCOUNT", &[Key, Score, Score]),
    row("ZLEXCOUNT", &[Key, Lex, Lex]),
    heavy("ZRANGE", Weight::Elements("ZCARD"), &[Key, Span(ELEMENTS), Options(&[flag("REV"), WITHSCORES])]),
    heavy("ZREVRANGE", Weight::Elements("ZCARD"), &[Key, Span(ELEMENTS), Options(&[WITHSCORES])]),
    heavy("ZRANGEBYSCORE", Weight::Elements("ZCARD"), &[Key, Score, Score, Options(&[WITHSCORES, LIMIT])]),
    heavy("ZREVRANGEBYSCORE", Weight::Elements("ZCARD"), &[Key, Score, Score, Options(&[WITHSCORES, LIMIT])]),
    heavy("ZRANGEBYLEX", Weight::Elements("ZCARD"), &[Key, Lex, Lex, Options(&[LIMIT])]),
    heavy("ZREVRANGEBYLEX", Weight::Elements("ZCARD"), &[Key, Lex, Lex, Options(&[LIMIT])]),
    heavy("ZSCAN", Weight::Elements("ZCARD"), &[Key, Cursor, SCAN_OPTIONS]),
    row("GEOPOS", &[Key, Texts("member", MANY)]),
    row(
        "GEODIST",
        &[Key, Text("member"), Text("member"), Options(&[flag("M"), flag("KM"), flag("FT"), flag("MI")])],
    ),
    // Streams.
    row("XLEN", &[Key]),
    heavy("XRANGE", Weight::Elements("XLEN"), &[Key, StreamId, StreamId, Options(&[COUNT_NEEDED])]),
    heavy("XREVRANGE", Weight::Elements("XLEN"), &[Key, StreamId, StreamId, Options(&[COUNT_NEEDED])]),
    heavy("XINFO STREAM", Weight::Elements("XLEN"), &[Key]),
    row("XINFO GROUPS", &[Key]),
    row("XINFO CONSUMERS", &[Key, Text("group")]),
    row("XPENDING", &[Key, Text("group")]),
    row("XPENDING", &[Key, Text("group"), StreamId, StreamId, Most(100)]),
    row("XPENDING", &[Key, Text("group"), StreamId, StreamId, Most(100), Text("consumer")]),
    // The server itself.
    row("PING", &[]),
    row("TIME", &[]),
    row("INFO", &[Options(SECTIONS)]),
    row("ROLE", &[]),
    row("LASTSAVE", &[]),
    row("SLOWLOG LEN", &[]),
    row("SLOWLOG GET", &[]),
    row("SLOWLOG GET", &[Most(128)]),
    row("LATENCY LATEST", &[]),
    row("LATENCY HISTORY", &[Text("event")]),
    row("MEMORY STATS", &[]),
    row("CLUSTER INFO", &[]),
    row("ACL WHOAMI", &[]),
];

/// What people reach for, and what to ask instead. Ours alone: nothing of it comes from outside.
pub(super) const INSTEAD: &[(&str, &str)] = &[
    ("KEYS", "KEYS stops the server while it runs: use SCAN 0 MATCH pattern COUNT 100"),
    ("HGETALL", "HGETALL answers without an end: use HSCAN key 0 COUNT 100"),
    ("HKEYS", "HKEYS answers without an end: use HSCAN key 0 COUNT 100"),
    ("HVALS", "HVALS answers without an end: use HSCAN key 0 COUNT 100"),
    ("SMEMBERS", "SMEMBERS answers without an end: use SSCAN key 0 COUNT 100"),
    ("CONFIG", "CONFIG shows passwords: the settings that matter stand in INFO"),
    ("CLIENT", "CLIENT can cut connections: INFO CLIENTS tells how many there are"),
    ("PFCOUNT", "PFCOUNT may rewrite its key"),
    ("XREAD", "XREAD can wait: use XRANGE key - + COUNT 10"),
    ("SORT", "SORT can store what it sorts: use LRANGE, SSCAN or ZRANGE"),
    ("SORT_RO", "SORT_RO costs more the more there is: use LRANGE, SSCAN or ZRANGE"),
    ("BITFIELD", "BITFIELD can write: use BITFIELD_RO key GET type offset"),
    ("GETEX", "GETEX can change when a key expires: use GET and TTL"),
    ("GEORADIUS", "GEORADIUS can store what it finds: use GEOPOS"),
];
