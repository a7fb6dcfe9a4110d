//! The public face: what a client sees, and every request that can go out. Both are committed and compared.

use crate::rig::Rig;
use prodview::server::Server;
use prodview_guard::{Provider, READS_OVER_POST, Route, SystemQuery, operations};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

#[tokio::test]
async fn the_tools_are_these() {
    let rig = Rig::new().await;
    let tools = Server::new(rig.app.clone()).tools();
    for tool in &tools {
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(
            (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint),
            (Some(true), Some(false), Some(true), Some(true)),
            "{}",
            tool.name
        );
        insta::assert_json_snapshot!(format!("tool_{}", tool.name), tool);
    }
}

#[tokio::test]
async fn a_tool_that_cannot_work_is_not_listed() {
    let rig = Rig::new().await;
    let names = |toml: String| -> Vec<String> {
        let app = crate::rig::app(&toml);
        Server::new(app).tools().into_iter().map(|t| t.name.into_owned()).collect()
    };
    assert_eq!(names(String::new()), ["list_sources"]);
    let stripe = format!("[sources.stripe]\nkey = \"{}\"\n", rig.demo.key(prodview_demo::Service::Stripe));
    assert_eq!(
        names(stripe),
        [
            "list_sources",
            "find_user",
            "user_timeline",
            "payment_intent_status",
            "trace_payment",
            "reconcile_payments",
            "webhook_deliveries"
        ]
    );
}

#[test]
fn docs_surface_is_what_can_be_asked() {
    let mut page = String::from(
        "# Every request that prodview can send\n\n\
         Generated from the routes in `providers/` and compared by a test; `./test bless` writes it anew. Slots in braces are\n\
         filled with one id each (letters, digits, `_`, `-`). There is no other way out: see [security](security.md).\n",
    );
    for (provider, routes) in [
        (Provider::Sentry, prodview_providers::sentry::ROUTES),
        (Provider::Stripe, prodview_providers::stripe::ROUTES),
        (Provider::Convex, prodview_providers::convex::ROUTES),
        (Provider::Supabase, prodview_providers::supabase::ROUTES),
    ] {
        let own: Vec<&Route> = routes.iter().filter(|r| r.method() == "GET").collect();
        writeln!(
            page,
            "\n## {provider}\n\n{} GETs of {} operations in its table.\n",
            own.len(),
            operations(provider).count()
        )
        .unwrap();
        let mut lines: Vec<String> =
            own.iter().map(|r| format!("- `{} {}`", r.method(), r.template())).collect();
        lines.sort();
        page.push_str(&lines.join("\n"));
        page.push('\n');
    }
    page.push_str(
        "\n## Declared tools\n\nA declared tool can ask any GET that a provider's table classes as a read, of the providers \
         Sentry and Stripe, once a\nperson has written its file and switched it on. Those that come with prodview ask:\n\n",
    );
    let read = |line: &str, key: &str| {
        line.strip_prefix(key)?.trim().strip_prefix("= \"")?.strip_suffix('"').map(str::to_owned)
    };
    for tool in prodview_tools::declared::shipped::ALL {
        if let Some(path) = tool.text.lines().find_map(|line| read(line, "get")) {
            writeln!(page, "- `GET {path}` (`{}`)", tool.name).unwrap();
        }
    }
    page.push_str("\n## Reads that travel by POST\n\n");
    for read in READS_OVER_POST {
        writeln!(
            page,
            "- `{} {}` ({}): {}.",
            read.route.method(),
            read.route.template(),
            read.route.provider(),
            read.reason
        )
        .unwrap();
    }
    page.push_str("\nThrough Convex's, the app's own query functions, and of Convex's system queries these and no others:\n\n");
    for query in SystemQuery::ALL {
        writeln!(page, "- `{}`", query.path()).unwrap();
    }
    page.push_str(
        "\n## Commands of Redis\n\nThe same over Redis' own protocol and over the two POSTs to Upstash. Words in small letters are filled; a command that\n\
         is not here cannot be sent.\n\n",
    );
    for command in prodview_guard::Command::allowed() {
        writeln!(page, "- `{command}`").unwrap();
    }
    generated("docs/surface.md", None, &page);
}

#[test]
fn the_readmes_table_of_tools_is_the_catalogue() {
    let mut table = String::from("| tool | when to use it |\n|---|---|\n");
    for entry in prodview_tools::catalogue() {
        writeln!(table, "| `{}` | {} |", entry.name, entry.about).unwrap();
    }
    generated("README.md", Some(("<!-- tools -->", "<!-- /tools -->")), &table);
}

/// The answer on the README's first screen is what the demo answers.
#[tokio::test]
async fn the_readmes_walk_is_the_demos() {
    let rig = Rig::new().await;
    let paid = rig.incident(prodview_demo::IncidentKind::PaidNoAccess);
    let payment = paid.payment_intent.clone().unwrap();
    let mut walk = String::from("```\n");
    for (tool, key, value) in [
        ("find_user", "who", paid.email.as_str()),
        ("trace_payment", "who", paid.email.as_str()),
        ("webhook_deliveries", "object", payment.as_str()),
    ] {
        let answer = rig.ask(tool, serde_json::json!({ key: value })).await;
        writeln!(walk, "→ {tool} {key}={value}").unwrap();
        for finding in answer["findings"].as_array().unwrap() {
            writeln!(walk, "  ! {}", timeless(finding["what"].as_str().unwrap())).unwrap();
        }
    }
    let record = rig.ask("payment_intent_status", serde_json::json!({ "id": payment })).await;
    let error = record["payments"][0]["events"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|event| event["app"]["error"].as_str())
        .unwrap();
    writeln!(walk, "  the app's own record of the event: “{error}”\n```").unwrap();
    generated("README.md", Some(("<!-- walk -->", "<!-- /walk -->")), &walk);
}

/// The demo's times are relative to now: a moment would be another one in each run.
fn timeless(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.trim_end_matches(',') {
        bare if bare.parse::<jiff::Timestamp>().is_ok() => word.replace(bare, "<time>"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Compares a file, or the part of it between two marks, with what it should be. `./test bless` writes it.
fn generated(file: &str, between: Option<(&str, &str)>, due: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    let is = fs::read_to_string(&path).unwrap_or_default();
    let due = match between {
        None => due.to_owned(),
        Some((begin, end)) => {
            let (before, rest) = is.split_once(begin).unwrap_or_else(|| panic!("{file} lacks {begin}"));
            let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("{file} lacks {end}"));
            format!("{before}{begin}\n{due}{end}{after}")
        }
    };
    if is == due {
        return;
    }
    if std::env::var_os("PRODVIEW_BLESS").is_some() {
        fs::write(path, due).unwrap();
    } else {
        panic!("{file} is not up to date: run `./test bless` and look at the difference");
    }
}
