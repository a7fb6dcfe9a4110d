//! Whatever stands around it, a key of ours goes; and going over a text again changes nothing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use prodview_guard::{Secret, redact, redact_json};

const KEY: &str = "k3y/of+ours=0042|Zz";

static OURS: LazyLock<Secret> = LazyLock::new(|| Secret::new(KEY.to_owned()));

fuzz_target!(|input: (&str, &str)| {
    LazyLock::force(&OURS);
    let (before, after) = input;
    let text = format!("{before}{KEY}{after}");
    let once = redact(&text).into_owned();
    assert!(!once.contains(KEY), "{once}");
    assert_eq!(redact(&once), once);

    if let Ok(mut value) = serde_json::from_str::<serde_json::Value>(before) {
        redact_json(&mut value);
        let once = value.clone();
        redact_json(&mut value);
        assert_eq!(value, once);
    }
});
