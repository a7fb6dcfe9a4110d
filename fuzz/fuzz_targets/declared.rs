//! No text makes the loader of declared tools panic; what is wrong has a place in the text, what is right a name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prodview_guard::Refused;
use prodview_tools::declared::{Declared, Rules};

/// Every statement passes here: the guard for SQL has a target of its own.
fn any_sql(text: &str) -> Result<Vec<String>, Refused> {
    Ok(text.split('$').skip(1).map(|part| part.chars().take_while(char::is_ascii_alphanumeric).collect()).collect())
}

fuzz_target!(|text: &str| {
    match Declared::load(text, "fuzz.toml", &Rules { sql: Box::new(any_sql) }) {
        Ok(tool) => {
            assert!(tool.name().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
            assert!(!prodview_tools::catalogue().iter().any(|entry| entry.name == tool.name()));
            assert!(tool.cost() > 0);
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "nothing is refused without a reason");
            for problem in problems {
                let place = problem.place.expect("a problem of a text stands in it");
                assert!(place.line >= 1 && place.line <= text.matches('\n').count() + 1);
                assert!(!problem.what.is_empty() && !problem.right.is_empty());
            }
        }
    }
});
