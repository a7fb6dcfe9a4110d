//! An accepted id is one path segment and nothing else, and the second look at the URL agrees with the first.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prodview_guard::{Segment, final_url};
use url::Url;

const ORIGIN: &str = "https://api.stripe.com";
const TEMPLATE: &str = "/v1/charges/{id}";

fuzz_target!(|id: &str| {
    let finished = format!("{ORIGIN}/v1/charges/{id}");
    let looked = final_url::check(&finished, ORIGIN, TEMPLATE);
    let segment = Segment::new(id);
    // A query may follow a slot in a finished URL; an id holds no question mark.
    assert_eq!(segment.is_ok(), looked.is_ok() && !id.contains('?'), "{id:?}");
    assert_eq!(
        Segment::with_prefix(id, &["ch_", "py_"]).is_ok(),
        segment.is_ok() && has_prefix(id),
        "{id:?}"
    );

    let Ok(segment) = segment else { return };
    assert_eq!(segment.as_str(), id);
    assert!((1..=Segment::MAX).contains(&id.len()));
    let read = Url::parse(&finished).expect("an accepted id makes a URL");
    assert_eq!(read.as_str(), finished, "nothing had to be encoded or resolved");
    let segments: Vec<&str> = read.path_segments().expect("it has a path").collect();
    assert_eq!(segments, ["v1", "charges", id]);
});

fn has_prefix(id: &str) -> bool {
    id.len() > 3 && (id.starts_with("ch_") || id.starts_with("py_"))
}
