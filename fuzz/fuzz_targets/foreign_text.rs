//! Foreign text comes out on one line, without hidden characters, within its cap; and cleaning it again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prodview_guard::{Foreign, ForeignJson, to_value_marking, visible};

/// The longest mark behind a capped text: `… [+1,234,567,890 chars]`.
const MARK: usize = 32;

fuzz_target!(|input: (&str, u8)| {
    let (raw, max) = input;
    let shown = visible(raw).into_owned();
    assert!(!shown.contains(char::is_control), "{shown:?}");
    assert!(!shown.contains(['\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{e0041}']), "{shown:?}");
    assert_eq!(visible(&shown), shown);

    let max = usize::from(max);
    let text = Foreign::capped(raw, max);
    assert!(text.as_str().chars().count() <= max + MARK);
    assert_eq!(Foreign::capped(text.as_str(), max), text);

    let (value, paths) = to_value_marking(&(1, &text)).expect("a tuple is JSON");
    assert_eq!(value, serde_json::json!([1, text.as_str()]));
    assert_eq!(paths, ["[]"]);

    if let Ok(value) = serde_json::from_str::<serde_json::Value>(raw) {
        let row = ForeignJson::capped(value, max);
        assert_eq!(
            to_value_marking(&row).expect("a value is JSON"),
            (row.as_value().clone(), vec!["$".to_owned()])
        );
    }
});
