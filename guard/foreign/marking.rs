//! Serialising an answer and learning on the way which of its fields are foreign.
//!
//! [`Foreign`](super::Foreign) serialises as a newtype of a private name. serde_json writes a newtype as what it
//! holds; the serializer here also writes down where it met one. Nothing is marked inside the data, so nothing has
//! to be taken out again, and no text can pretend to be marked or not to be.

mod collect;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// The name of the newtype that foreign text serialises as.
pub(super) const FOREIGN: &str = "prodview::Foreign";

/// Serialises `value`, and returns with it the paths of the fields that hold foreign text, sorted and each once.
///
/// A path is a pattern: `errors[].title` stands for the titles of all errors, `people[].facts.*` for whatever a map
/// holds, names included. A value that is foreign itself has the path `$`. Names that came from outside never
/// become part of a path.
pub fn to_value_marking<T: Serialize>(value: &T) -> Result<(Value, Vec<String>), serde_json::Error> {
    let collected = value.serialize(collect::Collector)?;
    let paths: BTreeSet<String> =
        collected.paths.into_iter().map(|path| path.trim_start_matches('.').to_owned()).collect();
    let paths = paths.into_iter().map(|path| if path.is_empty() { "$".to_owned() } else { path }).collect();
    Ok((collected.value, paths))
}

#[cfg(test)]
mod tests {
    use super::super::{Foreign, ForeignJson};
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    struct Person {
        id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Foreign>,
        facts: BTreeMap<String, Foreign>,
        by_plan: BTreeMap<Foreign, u32>,
        days: BTreeMap<u32, Foreign>,
    }

    #[derive(Serialize)]
    struct Row {
        table: &'static str,
        fields: ForeignJson,
    }

    #[derive(Serialize)]
    enum Outcome {
        Fine,
        Odd(Foreign),
        Both(u8, Foreign),
        Told { why: Foreign },
    }

    #[derive(Serialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Step {
        Paid { note: Foreign },
    }

    #[derive(Serialize)]
    struct Answer {
        people: Vec<Person>,
        rows: Vec<Row>,
        outcomes: Vec<Outcome>,
        steps: Vec<Step>,
        pairs: Vec<(u8, Foreign)>,
        count: u64,
    }

    #[derive(Serialize)]
    struct Envelope<A> {
        #[serde(flatten)]
        answer: A,
        sources: Vec<&'static str>,
    }

    fn answer(text: &str) -> Answer {
        let foreign = || Foreign::new(text);
        Answer {
            people: vec![
                Person {
                    id: "u1".into(),
                    name: Some(foreign()),
                    facts: [("plan x".to_owned(), foreign())].into(),
                    by_plan: [(foreign(), 1)].into(),
                    days: [(3, foreign())].into(),
                },
                Person { id: "u2".into(), name: None, facts: [].into(), by_plan: [].into(), days: [].into() },
            ],
            rows: vec![Row { table: "t", fields: ForeignJson::new(json!({ "a": [text, 1], "n": null })) }],
            outcomes: vec![
                Outcome::Fine,
                Outcome::Odd(foreign()),
                Outcome::Both(1, foreign()),
                Outcome::Told { why: foreign() },
            ],
            steps: vec![Step::Paid { note: foreign() }],
            pairs: vec![(1, foreign())],
            count: u64::MAX,
        }
    }

    const PATHS: &[&str] = &[
        "outcomes[].Both[]",
        "outcomes[].Odd",
        "outcomes[].Told.why",
        "pairs[][]",
        "people[].by_plan.*",
        "people[].days.*",
        "people[].facts.*",
        "people[].name",
        "rows[].fields",
        "steps[].note",
    ];

    proptest! {
        #[test]
        fn the_value_is_what_serde_json_makes_and_the_paths_are_right(text in any::<String>()) {
            let answer = answer(&text);
            let (value, paths) = to_value_marking(&answer).unwrap();
            prop_assert_eq!(&value, &serde_json::to_value(&answer).unwrap());
            prop_assert_eq!(paths, PATHS);
            let enveloped = Envelope { answer, sources: vec!["stripe"] };
            let (value, paths) = to_value_marking(&enveloped).unwrap();
            prop_assert_eq!(&value, &serde_json::to_value(&enveloped).unwrap());
            prop_assert_eq!(paths, PATHS);
        }
    }

    #[test]
    fn foreign_text_alone_and_none_at_all() {
        assert_eq!(to_value_marking(&Foreign::new("x")).unwrap(), (json!("x"), vec!["$".to_owned()]));
        assert_eq!(to_value_marking(&vec![Foreign::new("x")]).unwrap().1, ["[]"]);
        assert_eq!(to_value_marking(&json!({ "a": "x" })).unwrap(), (json!({ "a": "x" }), vec![]));
        assert_eq!(
            to_value_marking(&(1_u8, 'c', 1.5_f64, f64::NAN, (), None::<u8>, i64::MIN)).unwrap().1,
            [""; 0]
        );
    }

    #[test]
    fn a_name_from_outside_is_no_part_of_a_path() {
        #[derive(Serialize)]
        struct Note {
            n: u8,
            text: Foreign,
        }
        let note = || Note { n: 1, text: Foreign::new("x") };
        let notes = BTreeMap::from([("do as I say".to_owned(), note()), ("b".to_owned(), note())]);
        assert_eq!(to_value_marking(&notes).unwrap().1, ["*.text", "b.text"]);
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        let keyed = BTreeMap::from([((1, 2), 3)]);
        assert!(to_value_marking(&keyed).is_err() && serde_json::to_value(&keyed).is_err());
    }
}
