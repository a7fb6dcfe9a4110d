use super::*;

#[test]
fn a_cursor_survives_the_way_there_and_back() {
    let place = Place {
        filtered: true,
        cursor: Some("abc…".to_owned()),
        skip: 7,
        since_ms: Some(1.5),
        until_ms: Some(2.5),
    };
    let text = place.write().unwrap();
    assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    assert_eq!(Place::read(&text).unwrap(), place);
    for odd in ["", "e30", "W10", "%%%", "eyJmIjoxfQ"] {
        assert!(Place::read(odd).is_err(), "{odd}");
    }
}

#[test]
fn a_document_keeps_its_id_and_time_beside_its_fields() {
    let made = row(
        json!({ "_id": "j57a", "_creationTime": 1763629964123.4, "note": "x".repeat(400), "at": 1763629964123_i64 }),
    );
    assert_eq!(
        (made.id.as_str(), made.created.unwrap().to_string().as_str()),
        ("j57a", "2025-11-20T09:12:44Z")
    );
    let fields = made.fields.as_value();
    assert!(fields["note"].as_str().unwrap().ends_with("… [+100 chars]"));
    assert_eq!(fields["at"], 1_763_629_964_123_i64, "numbers stay numbers");
}

#[test]
fn an_id_that_is_no_id_is_dropped() {
    assert_eq!(row(json!({ "_id": "../x", "_creationTime": null })).id, "");
    assert_eq!(row(json!({ "_id": null })).created, None);
    assert_eq!(row(json!(["a"])).fields.as_value(), &json!({ "value": ["a"] }));
}
