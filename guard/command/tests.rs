//! The table against what Redis itself says of its commands.

use super::*;
use proptest::prelude::*;

/// name (`memory|usage`), arity, flags.
fn facts() -> Vec<(String, i64, Vec<&'static str>)> {
    include_str!("../../tests/fixtures/redis/commands.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            let (name, arity) = (cells.next().unwrap().to_owned(), cells.next().unwrap().parse().unwrap());
            (name, arity, cells.next().unwrap_or_default().split(',').collect())
        })
        .collect()
}

fn parse(text: &str) -> Result<Command, Refused> {
    Command::parse(&text.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>())
}

/// They tell of the server and change nothing, but are not about keys: Redis gives them no `readonly`.
const ABOUT_THE_SERVER: [&str; 12] = [
    "PING",
    "TIME",
    "INFO",
    "ROLE",
    "LASTSAVE",
    "SLOWLOG LEN",
    "SLOWLOG GET",
    "LATENCY LATEST",
    "LATENCY HISTORY",
    "MEMORY STATS",
    "CLUSTER INFO",
    "ACL WHOAMI",
];

#[test]
fn every_command_of_the_table_is_one_that_redis_calls_readonly() {
    let facts = facts();
    assert_eq!(facts.len(), 366);
    for name in Command::names() {
        let (_, _, flags) = facts.iter().find(|(n, ..)| *n == name.to_lowercase().replace(' ', "|")).unwrap();
        for bad in ["write", "blocking", "pubsub", "noscript"] {
            let forgiven = bad == "noscript" && ABOUT_THE_SERVER.contains(&name);
            assert!(forgiven || !flags.contains(&bad), "{name} is {bad}");
        }
        assert_eq!(flags.contains(&"readonly"), !ABOUT_THE_SERVER.contains(&name), "{name}: {flags:?}");
    }
}

/// With any number of arguments of several kinds, in any case: the name alone decides.
#[test]
fn every_other_command_is_refused_however_it_is_spelt() {
    let allowed: Vec<String> =
        Command::names().into_iter().map(|n| n.to_lowercase().replace(' ', "|")).collect();
    let mut writes = 0;
    for (name, arity, flags) in facts().iter().filter(|(name, ..)| !allowed.contains(name)) {
        writes += usize::from(flags.contains(&"write"));
        let words: Vec<&str> = name.split('|').collect();
        for filler in ["k", "0", "1", "*", "GET", "COUNT", "-", "key"] {
            // The container with that word behind it is a command of the table.
            if name == "slowlog" && filler == "GET" {
                continue;
            }
            for more in 0..=usize::try_from(arity.abs()).unwrap() + 3 {
                for spelt in [name.to_lowercase(), name.to_uppercase(), odd_case(name)] {
                    let mut given: Vec<String> = spelt.split('|').map(str::to_owned).collect();
                    given.extend(std::iter::repeat_n(filler.to_owned(), more));
                    assert!(Command::parse(&given).is_err(), "{given:?}");
                }
            }
        }
        assert!(Command::parse(&[words.join(" ")]).is_err());
    }
    assert!(writes > 90, "{writes}");
}

fn odd_case(name: &str) -> String {
    let odd = |(n, c): (usize, char)| if n % 2 == 0 { c.to_ascii_uppercase() } else { c };
    name.chars().enumerate().map(odd).collect()
}

#[test]
fn a_name_is_the_name_and_nothing_around_it() {
    for odd in [
        "get\0",
        " get",
        "get ",
        "GET\r\nSET",
        "ＧＥＴ",
        "ge\u{200b}t",
        "\"get\"",
        "*3",
        "",
        "memory",
        "slowlog",
    ] {
        assert!(Command::parse(&[odd.to_owned(), "k".to_owned()]).is_err(), "{odd:?}");
    }
    assert!(Command::parse(&[]).is_err());
    assert!(
        parse("slowlog reset").is_err() && parse("memory purge").is_err() && parse("memory doctor").is_err()
    );
    assert!(
        parse("acl list").is_err() && parse("acl getuser x").is_err() && parse("acl dryrun x get k").is_err()
    );
    assert!(
        parse("xinfo help").is_err() && parse("object help").is_err() && parse("command info get").is_err()
    );
}

#[test]
fn ranges_and_counts_have_an_end() {
    for good in [
        "lrange k 0 99",
        "LRANGE k -10 -1",
        "lrange k 5 2",
        "getrange k 0 65535",
        "scan 0",
        "scan 0 count 1000",
        "scan 0 MATCH a* COUNT 10 TYPE hash",
        "xrange k - + count 5",
        "zrangebyscore k (1 +inf limit 0 10",
        "zrangebyscore k -inf 5.5e3 WITHSCORES LIMIT 0 10",
        "zrange k 0 9 rev withscores",
        "info",
        "info memory stats",
        "memory usage k samples 5",
        "bitfield_ro k get u8 0 GET i16 100",
        "slowlog get",
        "slowlog get 10",
        "xpending k g",
        "xpending k g - + 10",
        "xpending k g - + 10 c",
        "zlexcount k - [z",
        "lpos k e maxlen 10",
    ] {
        assert!(parse(good).is_ok(), "{good}: {}", parse(good).unwrap_err());
    }
    for bad in [
        "lrange k 0 -1",
        "lrange k -1 0",
        "lrange k 0 1000",
        "lrange k 0",
        "lrange k 0 9 9",
        "lrange k -9223372036854775808 -1",
        "lrange k 0 9223372036854775807",
        "lrange k 0 0x9",
        "getrange k 0 -1",
        "getrange k 0 65536",
        "scan",
        "scan 0 count 1001",
        "scan 0 count 0",
        "scan 0 count -1",
        "scan -1",
        "scan 0 match",
        "scan 0 match a match b",
        "scan 0 store x",
        "scan 18446744073709551616",
        "xrange k - +",
        "xrange k - + count 0",
        "xrange k - + count 99999",
        "zrangebyscore k 1 2",
        "zrangebyscore k 1 2 limit 0 -1",
        "zrangebyscore k nan 2 limit 0 1",
        "zrange k 0 -1",
        "zrange k (1 (2 byscore",
        "memory usage k samples 0",
        "bitfield_ro k set u8 0 1",
        "bitfield_ro k get u65 0",
        "bitfield_ro k get x8 0",
        "bitfield_ro k",
        "slowlog get 129",
        "slowlog get -1",
        "info all",
        "info everything",
        "lpos k e",
        "lpos k e maxlen 0",
        "xpending k g idle 5 - + 10",
        "get",
        "get a b",
        "ttl",
        "exists",
        "bitcount k",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    assert!(parse(&format!("exists {}", "k ".repeat(51))).is_err());
    assert!(parse(&format!("get {}", "k".repeat(5_000))).is_err());
    assert!(parse(&format!("scan 0 match {}", "*a".repeat(20))).is_err());
}

#[test]
fn what_is_sent_is_written_anew() {
    let sent = |text: &str| {
        let command = parse(text).unwrap();
        command.words().map(|w| String::from_utf8(w.to_vec()).unwrap()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(sent("mEmOrY uSaGe Key sAmPlEs 05"), "MEMORY USAGE Key SAMPLES 5");
    assert_eq!(sent("lrange k 007 009"), "LRANGE k 7 9");
    assert_eq!(sent("scan 00 match A*"), "SCAN 0 MATCH A*");
}

#[test]
fn what_people_reach_for_is_answered_with_what_to_ask_instead() {
    assert!(parse("keys *").unwrap_err().to_string().contains("SCAN 0 MATCH"));
    assert!(parse("HGETALL k").unwrap_err().to_string().contains("HSCAN"));
    assert!(parse("lrange k 0 -1").unwrap_err().to_string().contains("LRANGE key start stop"));
    let odd = parse("sesame-open").unwrap_err().to_string();
    assert!(!odd.contains("sesame") && odd.contains("SCAN"), "{odd}");
}

#[test]
fn probes_tell_how_large_an_answer_would_be() {
    let big = parse("get k").unwrap();
    assert_eq!(big.probes(), vec![parse("strlen k").unwrap()]);
    assert!(big.too_heavy(&[Some(Resp::Int(500_000_000))]).unwrap().to_string().contains("GETRANGE"));
    assert!(big.too_heavy(&[Some(Resp::Int(500))]).is_none());
    assert!(big.too_heavy(&[None]).is_none());
    let many = parse("mget a b").unwrap();
    assert!(many.too_heavy(&[Some(Resp::Int(600_000)), Some(Resp::Int(600_000))]).is_some());
    let list = parse("lrange k 0 9").unwrap();
    assert_eq!(list.probes().len(), 2);
    assert!(list.too_heavy(&[Some(Resp::Int(1_000_000_000)), Some(Resp::Int(1_000))]).is_some());
    assert!(list.too_heavy(&[Some(Resp::Int(1_000_000_000)), Some(Resp::Int(10_000_000))]).is_none());
    assert!(parse("ttl k").unwrap().probes().is_empty());
}

proptest! {
    /// Whatever is said, what is sent begins with a name of the table and is within the bounds.
    #[test]
    fn nothing_but_the_table_gets_through(words in proptest::collection::vec("[ -~]{0,12}|get|scan|SET|del|0|1|-1|COUNT|memory|usage|k", 0..8)) {
        if let Ok(command) = Command::parse(&words) {
            let name: Vec<String> = command.name().split(' ').map(str::to_owned).collect();
            let sent: Vec<String> = command.words().map(|w| String::from_utf8(w.to_vec()).unwrap()).collect();
            prop_assert!(Command::names().contains(&command.name()));
            prop_assert_eq!(&sent[..name.len()], &name[..]);
            prop_assert_eq!(sent.len(), words.len());
            // What passed once passes again, unchanged: the server reads what was checked.
            prop_assert_eq!(Command::parse(&sent).unwrap(), command);
        }
    }
}
