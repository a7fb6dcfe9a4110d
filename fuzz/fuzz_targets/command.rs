//! Whatever is accepted is a reading command of the table, written as the table writes it, and no text ends the process.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prodview_guard::{Command, Resp};

/// Names that begin well: so that the fuzzer need not find them.
const BEGINNINGS: [&str; 12] = [
    "GET", "scan 0", "HSCAN key 0", "ZRANGE key 0 9", "XRANGE key - +", "lrange key", "BITFIELD_RO key", "GEOSEARCH key",
    "MEMORY USAGE", "slowlog get", "OBJECT", "INFO",
];

fuzz_target!(|input: (u8, Vec<&str>)| {
    let (choice, words) = input;
    let beginning = BEGINNINGS.get(usize::from(choice)).copied().unwrap_or_default();
    let mut said: Vec<String> = beginning.split_whitespace().map(str::to_owned).collect();
    said.extend(words.iter().map(|word| (*word).to_owned()));
    let Ok(command) = Command::parse(&said) else { return };

    let known = Command::names();
    assert!(known.contains(&command.name()), "{} is not in the table", command.name());
    assert!(said.len() <= 64 && said.iter().map(String::len).sum::<usize>() <= 65_536);
    // The name that is sent is the one that was said, whatever its case.
    let spelt = said.iter().take(command.name().split(' ').count()).cloned().collect::<Vec<_>>().join(" ");
    assert!(spelt.eq_ignore_ascii_case(command.name()), "{spelt} became {}", command.name());
    // Said in small letters it is the same command: what is sent does not depend on the spelling of the name.
    let mut small = said.clone();
    small.iter_mut().take(command.name().split(' ').count()).for_each(|word| *word = word.to_ascii_lowercase());
    assert_eq!(Command::parse(&small).as_ref(), Ok(&command));

    for probe in command.probes() {
        assert!(known.contains(&probe.name()) && probe.probes().is_empty(), "{}", probe.name());
    }
    let huge: Vec<Option<Resp>> = command.probes().iter().map(|_| Some(Resp::Int(i64::MAX))).collect();
    let _ = command.too_heavy(&huge);
});
