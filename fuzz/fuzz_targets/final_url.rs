//! Whatever passes the second look leads, as a URL parser reads it, to that origin and along that route.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prodview_guard::final_url;
use url::Url;

/// Origin, template, and the beginning of a URL that goes well: so that the fuzzer need not find it.
const ROUTES: [(&str, &str, &str); 3] = [
    ("https://api.stripe.com", "/v1/charges/{id}", "https://api.stripe.com/v1/charges/"),
    (
        "https://s.acme.dev/sentry",
        "/api/0/issues/{id}/tags/{key}/",
        "https://s.acme.dev/sentry/api/0/issues/",
    ),
    ("http://127.0.0.1:8080", "/v1/balance", "http://127.0.0.1:8080/v1/balance"),
];

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    for (origin, template, beginning) in ROUTES {
        let url = match choice % 3 {
            0 => text.to_owned(),
            1 => format!("{origin}{text}"),
            _ => format!("{beginning}{text}"),
        };
        if final_url::check(&url, origin, template).is_err() {
            continue;
        }
        let read = Url::parse(&url).unwrap_or_else(|e| panic!("{url:?} passed and is no URL: {e}"));
        let pinned = Url::parse(origin).expect("an origin is a URL");
        assert_eq!(read.origin(), pinned.origin(), "{url:?}");
        assert!(
            read.username().is_empty() && read.password().is_none() && read.fragment().is_none(),
            "{url:?}"
        );
        // Of all that passes, a parser writes only the apostrophe of a query otherwise.
        let same = |text: &str| text.replace('\'', "%27");
        assert_eq!(same(read.as_str()), same(&url), "a parser reads another URL");
        let path =
            read.path().strip_prefix(pinned.path().trim_end_matches('/')).expect("the installation's path");
        let (segments, slots): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
        assert_eq!(segments.len(), slots.len(), "{url:?}");
        for (segment, slot) in segments.iter().zip(slots) {
            let id = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            let filled = slot.starts_with('{') && !segment.is_empty() && segment.bytes().all(id);
            assert!(filled || *segment == slot, "{url:?}");
        }
    }
});
