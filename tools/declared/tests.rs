//! The loader: each thing that can be wrong with a file, at its place; and the shipped files.

mod mistakes;
mod state;

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// SQL as a stand-in for the guard reads it: every statement passes but one that begins with `delete`.
fn stand_in(text: &str) -> Result<Vec<String>, Refused> {
    if text.trim_start().starts_with("delete") {
        return Err(Refused::because("only SELECT is allowed"));
    }
    let mut names: Vec<String> = Vec::new();
    for part in text.split('$').skip(1) {
        let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

pub(super) fn load(text: &str) -> Result<Declared, Vec<Problem>> {
    Declared::load(text, "t.toml", &Rules { sql: Box::new(stand_in) })
}

#[test]
fn every_shipped_file_is_built_in_and_sound() {
    let mut files = BTreeSet::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("declared");
    for provider in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        for file in std::fs::read_dir(&provider).unwrap().map(|e| e.unwrap().path()) {
            if file.extension().is_some_and(|e| e == "toml") {
                let name = |p: &std::path::Path| p.file_stem().unwrap().to_string_lossy().into_owned();
                files.insert((name(&provider), name(&file)));
            }
        }
    }
    let built_in: BTreeSet<(String, String)> =
        shipped::ALL.iter().map(|tool| (tool.provider.to_owned(), tool.name.to_owned())).collect();
    assert_eq!(files, built_in);
    assert!(built_in.len() >= 18, "{}", built_in.len());
    let validator = jsonschema::validator_for(&format::schema()).unwrap();
    let mut tools = Vec::new();
    for tool in shipped::ALL {
        let read = tool.load(&Rules { sql: Box::new(stand_in) });
        let read = read.unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_eq!(read.name(), tool.name);
        assert!(read.cost() <= 300, "{}: {}", tool.name, read.cost());
        let text: Value = toml::from_str(tool.text).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&text).map(|e| e.to_string()).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{}", tool.name);
        assert!(tool.text.starts_with("#:schema ../../../docs/declared-tool.schema.json\n"), "{}", tool.name);
        tools.push(read);
    }
    assert_eq!(collisions(&tools, &[]), []);
}

#[test]
fn a_line_of_the_configuration_names_one_or_all_of_a_provider() {
    let names = |pattern| shipped::named(pattern).iter().map(|t| t.name).collect::<Vec<_>>();
    assert_eq!(names("stripe_disputes"), ["stripe_disputes"]);
    assert_eq!(names("sentry/*"), ["sentry_releases", "sentry_issue_tag_values", "sentry_issue_events"]);
    for none in ["*", "/*", "stripe", "stripe/", "stripe/stripe_disputes", "stripe_dispute", ""] {
        assert!(names(none).is_empty(), "{none}");
    }
    assert!(shipped::names().contains(&"postgres/*".to_owned()));
}

#[test]
fn two_tools_of_one_name_and_one_of_a_built_in_are_told() {
    let text = |name: &str| GET.replace("a_tool", name);
    let tool = |name: &str| {
        Declared::load(&text(name), &format!("{name}.toml"), &Rules { sql: Box::new(stand_in) }).unwrap()
    };
    let (one, two) = (tool("one"), tool("two"));
    assert_eq!(collisions(&[one.clone(), two.clone()], &[]), []);
    let found = collisions(&[one.clone(), one.clone()], &[two]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "one.toml:1:8: there is another tool `one`: one of another file; give this one another name"
    );
    assert!(collisions(std::slice::from_ref(&one), std::slice::from_ref(&one))[0].what.contains("shipped"));
}

/// A sound file.
pub(super) const GET: &str = r#"name = "a_tool"
title = "A tool"
about = "For a test."
provider = "stripe"
get = "/v1/refunds/{id}"
[ask.id]
type = "string"
id_prefix = "re_"
[answer]
columns.id = { at = "/id" }
"#;

proptest::proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in proptest::prelude::any::<String>()) {
        let _ = load(&text);
    }

    /// Sound files with something done to them get further than noise does.
    #[test]
    fn no_change_to_a_sound_file_makes_it_panic(
        which in 0..shipped::ALL.len(), at in 0..2_000_usize, cut in 0..40_usize, put in r#"[ -~\n"'\[\]{}=.é]{0,12}"#
    ) {
        let text = shipped::ALL[which].text;
        let start = text.char_indices().map(|(i, _)| i).take_while(|i| *i <= at).last().unwrap_or(0);
        let end = text.char_indices().map(|(i, _)| i).find(|i| *i >= start + cut).unwrap_or(text.len());
        let changed = format!("{}{put}{}", &text[..start], &text[end..]);
        match load(&changed) {
            Ok(tool) => proptest::prop_assert!(!tool.name().is_empty()),
            Err(problems) => {
                proptest::prop_assert!(!problems.is_empty());
                for problem in problems {
                    let place = problem.place.unwrap();
                    proptest::prop_assert!(place.line >= 1 && place.line <= changed.matches('\n').count() + 1);
                }
            }
        }
    }
}
