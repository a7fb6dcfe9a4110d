//! The example: it shows every setting, and all of it is right.

use super::{KEYS, good, lines, read};
use crate::config::example;
use prodview_providers::app::Part;

#[test]
fn the_example_says_nothing_as_it_is_and_is_right_when_all_of_it_is_switched_on() {
    let off = good(example());
    assert!(off.sources.all().is_empty());
    let unused = "prodview.toml names no source, so STRIPE_API_KEY is not used; add [sources.stripe], which takes it\n\
        prodview.toml names no source, so REDIS_URL is not used; add [sources.redis], which takes it\n";
    assert_eq!(lines(&off.warnings), unused);
    let on: String = example()
        .lines()
        .map(|line| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n"
        })
        .collect();
    let database =
        ("DATABASE_URL", "postgresql://prodview:database_from_the_environment@db.example.com/shop");
    let keys = [KEYS, &[database]].concat();
    let read = read(&on, &keys).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    assert!(lines(&read.warnings).contains("`runbooks`"));
    assert_eq!(read.warnings.len(), 1, "{}", lines(&read.warnings));
    assert_eq!(read.declared.shipped.len(), 1);
    assert_eq!((read.sources.all().len(), read.sources.app().tables.len()), (7, Part::ALL.len()));
}

#[test]
fn the_example_shows_every_key_that_is_known() {
    let mut known = Vec::new();
    let mut text = "zzzzzz = 1\n".to_owned();
    for section in [
        "sources.stripe",
        "sources.sentry",
        "sources.convex",
        "sources.postgres",
        "sources.supabase",
        "sources.redis",
        "sources.upstash",
        "app",
        "app.users",
        "settings",
    ] {
        text += &format!("[{section}]\nzzzzzz = 1\n");
    }
    for (_, part, _) in Part::ALL {
        text += &format!("[app.{part}.x]\nzzzzzz = 1\n");
    }
    let Err(found) = read(&text, KEYS) else { panic!("zzzzzz is not known") };
    for problem in found.iter().filter(|p| p.what.contains("unknown key")) {
        let keys = problem.right.strip_prefix("known here: ").unwrap();
        known.extend(keys.split(", ").map(|key| key.trim_matches('`').to_owned()));
    }
    assert_eq!(found.iter().filter(|p| p.what.contains("unknown key")).count(), 11 + Part::ALL.len());
    for key in known {
        let shown = example().lines().any(|line| {
            let forms = [format!("#{key} ="), format!("#[{key}"), format!("#[app.{key}.")];
            forms.iter().any(|form| line.starts_with(form)) || line == format!("#[app.{key}]")
        });
        assert!(shown, "{key} is missing in prodview.toml.example");
    }
}
