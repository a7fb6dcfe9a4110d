//! Whatever is accepted is accepted again as it is sent, and sent as it is; and no text ends the process.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prodview_guard::{SqlRules, Statement};

fuzz_target!(|input: (bool, &str)| {
    let (whole, text) = input;
    let rules = SqlRules { functions: vec!["full_name".to_owned(), "reports.total".to_owned()] };
    // Half of the inputs begin well, so that the fuzzer need not find it.
    let sql = if whole { text.to_owned() } else { format!("select id from orders where {text}") };
    let Ok(statement) = Statement::parse(&sql, &rules) else { return };

    let again = Statement::parse(statement.text(), &rules)
        .unwrap_or_else(|e| panic!("accepted, and refused as it is sent: {e}: {}", statement.text()));
    assert_eq!(again.text(), statement.text());
    assert_eq!(again.explains(), statement.explains());
    assert_eq!(again.params().len(), statement.params().len());

    // Outside of literals and quoted names, nothing of what a write or a comment begins with.
    let mut outside = String::new();
    let mut quote = None;
    for c in statement.text().chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None => outside.push(c),
        }
    }
    for word in [";", "--", "/*", "pg_sleep(", "nextval(", "set_config(", " INTO ", "FOR UPDATE"] {
        assert!(!outside.contains(word), "{word} would be sent: {}", statement.text());
    }
});
