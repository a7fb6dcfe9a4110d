//! `prodview check FILE…`, the committed schema, and what the documentation shows.

use crate::program::{Folder, run};
use prodview_tools::declared::format;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[test]
fn a_sound_file_is_told_with_what_it_asks_and_costs() {
    let folder = Folder::new();
    let text = prodview_tools::declared::shipped::named("stripe_disputes")[0].text;
    folder.write("good.toml", text);
    let ended = run(&folder, &["check", "good.toml"], &[]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let due = "stripe_disputes (Stripe disputes): well\n  by get; asks for payment_intent (string), since (moment), \
               limit (integer), cursor (cursor)\n  costs about ";
    assert!(ended.out.starts_with(due), "{}", ended.out);
    let json = run(&folder, &["check", "good.toml", "--json"], &[]);
    assert_eq!((json.code, &json.json()["well"]), (Some(0), &Value::Bool(true)));
    assert_eq!(json.json()["tools"][0]["name"], "stripe_disputes");
}

#[test]
fn a_wrong_file_is_told_whole_and_ends_with_one() {
    let folder = Folder::new();
    folder.write("bad.toml", "name = \"x\"\nget = \"/v1/charges/{id}/capture\"\nprovider = \"stripe\"\n");
    folder.write("good.toml", prodview_tools::declared::shipped::named("stripe_disputes")[0].text);
    let ended = run(&folder, &["check", "bad.toml", "good.toml", "gone.toml"], &[]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    for line in [
        "stripe_disputes (Stripe disputes): well",
        "bad.toml:1:1: the top of the file has no `title`; add",
        "bad.toml:1:8: `x` cannot be the name of a tool; a name is 3 to 48",
        "bad.toml:2:7: `/v1/charges/{id}/capture` is no read of stripe's table of operations; ",
        "the declared tool `gone.toml` cannot be read: there is no such file;",
    ] {
        assert!(ended.out.contains(line), "{line}\n{}", ended.out);
    }
    let json = run(&folder, &["check", "bad.toml", "--json"], &[]);
    assert_eq!(json.json()["well"], false);
    assert!(json.json()["problems"].as_array().unwrap().len() >= 4);
    let twice = run(&folder, &["check", "good.toml", "good.toml"], &[]);
    assert_eq!(twice.code, Some(1), "two tools of one name: {twice:#?}");
}

#[test]
fn the_schema_for_editors_is_the_formats() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/declared-tool.schema.json");
    let due = format!("{:#}\n", format::schema());
    if std::env::var_os("PRODVIEW_BLESS").is_some() {
        fs::write(&path, &due).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), due, "run `./test bless`");
}

/// The examples of the page are files that work.
#[test]
fn what_the_documentation_shows_is_sound() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/declared-tools.md");
    let page = fs::read_to_string(page).unwrap();
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let whole: Vec<&&str> = examples.iter().filter(|text| text.contains("name ")).collect();
    assert!(whole.len() >= 4, "{}", whole.len());
    assert!(whole.iter().filter(|text| text.contains("sql ")).count() >= 2, "two of them are in SQL");
    let validator = jsonschema::validator_for(&format::schema()).unwrap();
    for text in whole {
        let value: Value = toml::from_str(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let wrong: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{text}");
        let folder = Folder::new();
        folder.write("example.toml", text);
        let ended = run(&folder, &["check", "example.toml"], &[]);
        assert_eq!(ended.code, Some(0), "{ended:#?}");
    }
}
