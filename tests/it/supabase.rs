//! Supabase: its Management API by the demo, and behind the address for SQL a real PostgreSQL with the role, the
//! schemas and the tables that Supabase has.

#[path = "supabase/answers.rs"]
mod answers;
#[path = "supabase/corpus.rs"]
mod corpus;
#[path = "supabase/endpoint.rs"]
mod endpoint;
#[path = "supabase/faults.rs"]
mod faults;
#[path = "supabase/schemas.rs"]
mod schemas;

use crate::rig;
use prodview_demo::{Demo, Service, Settings};
use prodview_tools::App;
use std::sync::Arc;

async fn demo() -> Demo {
    Demo::start(Settings::default()).await.unwrap()
}

/// An app whose only source is a project of the demo's at that origin, with more lines in its section and after it.
fn app(demo: &Demo, origin: &str, more: &str) -> Arc<App> {
    rig::app(&format!(
        "[sources.supabase]\nproject = \"{}\"\ntoken = \"{}\"\nbase_url = \"{origin}\"\n{more}\n",
        demo.supabase_project(),
        demo.key(Service::Supabase)
    ))
}

fn supabase(app: &App) -> &prodview_providers::Source {
    app.sources.named("supabase").unwrap()
}

#[test]
fn two_variables_are_enough_and_a_ref_is_checked() {
    use prodview::config;
    let set = |project: &'static str| {
        move |name: &str| match name {
            "SUPABASE_ACCESS_TOKEN" => Some("sbp_fc0123456789abcdef".to_owned()),
            "SUPABASE_PROJECT_REF" => Some(project.to_owned()),
            _ => None,
        }
    };
    let read = |variables: &dyn Fn(&str) -> Option<String>| {
        config::from_text("[sources.supabase]\n", "prodview.toml", variables, std::path::Path::new("."))
    };
    let good = read(&set("abcdefghijklmnopqrst")).ok().unwrap();
    assert_eq!(good.sources.named("supabase").unwrap().adapter().target(), "abcdefghijklmnopqrst");
    assert_eq!(supabase_kind(&good), Some("scoped access token"));
    for bad in ["abcdefghijklmnopqrs", "ABCDEFGHIJKLMNOPQRST", "abcdefghij/lmnopqrst", "https://abcdefghijkl"]
    {
        let problems = read(&set(bad)).err().unwrap();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|problem| problem.contains("20 lower-case letters")), "{bad}: {told:?}");
    }
}

fn supabase_kind(configuration: &prodview::config::Configuration) -> Option<&'static str> {
    configuration.sources.named("supabase").unwrap().adapter().key_kind()
}
