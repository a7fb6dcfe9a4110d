use super::*;
use serde_json::json;

fn handle(provider: Option<Provider>, kind: HandleKind, id: &str) -> Handle {
    Handle { provider, kind, id: id.to_owned() }
}

#[test]
fn a_handle_is_taken_for_what_it_can_be() {
    let target = |kind, id| Target::of(&handle(None, kind, id));
    let segment = |id| Segment::new(id).unwrap();
    assert_eq!(target(HandleKind::ErrorGroup, "5512345678"), Some(Target::Number(segment("5512345678"))));
    assert_eq!(target(HandleKind::Opaque, "12"), Some(Target::Number(segment("12"))));
    assert_eq!(target(HandleKind::Opaque, "web-1a2"), Some(Target::Short(segment("WEB-1A2"))));
    let hex = "9999aaaafcc84b6d97c23c6077c6ff01";
    assert_eq!(
        target(HandleKind::ErrorEvent, "9999AAAA-fcc8-4b6d-97c2-3c6077c6ff01"),
        Some(Target::Event(segment(hex)))
    );
    assert_eq!(target(HandleKind::Email, "a@b.dev"), None);
    assert_eq!(target(HandleKind::Row, "jd7x"), None);
    assert_eq!(target(HandleKind::Opaque, "auth0|42"), None);
    assert_eq!(Target::of(&handle(Some(Provider::Convex), HandleKind::Opaque, "12")), None);
}

#[test]
fn the_most_telling_tags_that_can_be_asked_for() {
    let keys = |tags: &[&str], at_most| -> Vec<String> {
        let tags: Vec<_> = tags.iter().map(|k| json!({"key": k, "name": k, "totalValues": 9})).collect();
        let group: Group = serde_json::from_value(json!({"tags": tags})).unwrap();
        telling(&group, at_most).iter().map(|s| s.as_str().to_owned()).collect()
    };
    let all = [
        "browser",
        "browser.name",
        "environment",
        "level",
        "os",
        "plan",
        "release",
        "url",
        "user",
        "shop.tier",
    ];
    assert_eq!(keys(&all, 3), ["release", "plan", "environment"]);
    assert_eq!(keys(&["shop.tier", "level", "client_ip"], 3), Vec::<String>::new());
    assert_eq!(keys(&all, 0), Vec::<String>::new());
    assert_eq!(keys(&[], 3), ["release", "environment", "browser"], "older versions send no tags here");
}

#[test]
fn values_of_a_tag_are_told_most_frequent_first() {
    let tag: Tag = serde_json::from_value(json!({"key": "browser", "name": "Browser", "totalValues": 20, "topValues": [
        {"key": "a", "name": "Chrome", "value": "Chrome", "count": 5, "lastSeen": null, "firstSeen": null},
        {"key": "b", "name": "", "value": "Firefox", "count": 12}, {"value": null, "count": 1}, {"count": null}, 4
    ]}))
    .unwrap();
    let values: Vec<_> = tag.values().into_iter().map(|(v, n)| format!("{v} {n}")).collect();
    assert_eq!(values, ["Firefox 12", "Chrome 5", "(none) 1"]);
    let none: Tag = serde_json::from_value(json!({"topValues": null})).unwrap();
    assert!(none.values().is_empty());
}

#[test]
fn the_longest_way_is_six_requests() {
    let user = handle(None, HandleKind::Email, "a@b.dev");
    let hardest = Occurrence { user: Some(&user), ..Occurrence::default() };
    for met in [1, 2] {
        let for_tags = REQUESTS.saturating_sub(met + hardest.requests() + 1).min(TAGS);
        assert_eq!(met + hardest.requests() + 1 + for_tags, REQUESTS);
    }
}
