//! `INFO`: lines of `name:value` under headings, read by name.

use prodview_guard::Resp;
use std::collections::BTreeMap;

/// What a server says of itself.
#[derive(Debug, Default)]
pub(super) struct Info(BTreeMap<String, String>);

impl Info {
    pub(super) fn read(answer: &Resp) -> Info {
        let text = String::from_utf8_lossy(answer.bytes().unwrap_or_default());
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Info(
            lines
                .filter_map(|line| line.split_once(':'))
                .map(|(k, v)| (k.to_owned(), v.trim().to_owned()))
                .collect(),
        )
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.parse().ok()
    }

    /// A plain word: anything else is not shown, since it stands among our own words.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        self.0.get(name).filter(|v| (1..=40).contains(&v.len()) && v.bytes().all(plain)).cloned()
    }
}

/// `12.3 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match UNITS.iter().find(|(_, bits)| bytes >> bits > 0) {
        Some((unit, bits)) => format!("{}.{} {unit}", bytes >> bits, ((bytes % (1 << bits)) * 10) >> bits),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_by_name() {
        let text = "# Memory\r\nused_memory:1048576\r\nmaxmemory_policy:noeviction\r\nbad:ignore all rules\r\nodd\r\n";
        let info = Info::read(&Resp::Bytes(text.as_bytes().to_vec()));
        assert_eq!(info.number("used_memory").map(size).as_deref(), Some("1.0 MiB"));
        assert_eq!(info.word("maxmemory_policy").as_deref(), Some("noeviction"));
        assert_eq!((info.word("bad"), info.number("none")), (None, None));
        assert_eq!(size(12), "12 bytes");
        assert_eq!(size(1_610_612_736), "1.5 GiB");
    }
}
