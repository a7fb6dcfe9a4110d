//! Every published operation of every provider, driven through the real entry points: none but reads can be asked.

use crate::rig::Rig;
use prodview_guard::{Class, Provider, READS_OVER_POST, Route, operations};
use std::collections::BTreeSet;

/// provider, method, path template.
fn published() -> Vec<(&'static str, &'static str, &'static str)> {
    include_str!("../fixtures/published-operations.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap())
        })
        .collect()
}

fn adapter_routes() -> Vec<Route> {
    let mut routes: Vec<Route> = READS_OVER_POST.iter().map(|r| r.route).collect();
    routes.extend(prodview_providers::sentry::ROUTES);
    routes.extend(prodview_providers::stripe::ROUTES);
    routes.extend(prodview_providers::convex::ROUTES);
    routes.extend(prodview_providers::redis::ROUTES);
    routes.extend(prodview_providers::supabase::ROUTES);
    routes
}

#[test]
fn the_list_is_whole() {
    let all = published();
    assert_eq!(all.len(), 2_662);
    assert_eq!(all.iter().filter(|(_, method, _)| !matches!(*method, "GET" | "HEAD")).count(), 1_507);
}

#[test]
fn every_published_operation_of_a_provider_with_an_adapter_is_classed_once() {
    for provider in Provider::ALL {
        let mut expected: Vec<_> =
            published().iter().filter(|(p, ..)| *p == provider.name()).map(|(_, m, t)| (*m, *t)).collect();
        let mut classed: Vec<_> = operations(provider)
            .filter(|op| !op.note.starts_with("unpublished:"))
            .map(|op| (op.method, op.template))
            .collect();
        expected.sort_unstable();
        classed.sort_unstable();
        assert_eq!(classed, expected, "{provider}");
        let all: BTreeSet<_> = operations(provider).map(|op| (op.method, op.template)).collect();
        assert_eq!(all.len(), operations(provider).count(), "{provider} has a row twice");
    }
}

#[test]
fn what_is_not_plain_has_a_reason() {
    for provider in Provider::ALL {
        for op in operations(provider) {
            let plain = match op.class {
                Class::Read => op.method == "GET",
                Class::Write => !matches!(op.method, "GET" | "HEAD"),
                Class::Secret | Class::RunsCode => false,
            };
            assert!(plain || !op.note.is_empty(), "{provider} {op:?}");
        }
    }
}

/// The checked constructor: a path written into a declared tool becomes a GET of a read, or nothing.
#[test]
fn of_all_published_operations_none_but_reads_become_a_declared_route() {
    let mut allowed = 0;
    for (name, method, template) in published() {
        let Some(provider) = Provider::named(name) else { continue };
        let class =
            operations(provider).find(|op| op.method == method && op.template == template).map(|op| op.class);
        match Route::declared(provider, template) {
            Ok(route) => {
                // Whatever the path, what is sent is a GET, and that GET is classed as a read.
                assert_eq!((route.method(), route.template()), ("GET", template));
                let get =
                    operations(provider).find(|op| op.method == "GET" && op.template == template).unwrap();
                assert_eq!(get.class, Class::Read, "{name} {template}");
                allowed += usize::from(method == "GET");
            }
            Err(_) => assert!(
                method != "GET" || class != Some(Class::Read),
                "{name} GET {template} is a read and was refused"
            ),
        }
    }
    assert!(allowed > 300, "only {allowed} reads could be asked: is the list read at all?");
}

#[test]
fn a_provider_without_an_adapter_cannot_be_asked_at_all() {
    let unknown: BTreeSet<&str> =
        published().iter().map(|(p, ..)| *p).filter(|p| Provider::named(p).is_none()).collect();
    assert!(unknown.contains("slack") && unknown.contains("convex-management"));
    for (name, _, template) in published().into_iter().filter(|(p, ..)| unknown.contains(p)) {
        for provider in Provider::ALL {
            let own = operations(provider).any(|op| op.template == template && op.class == Class::Read);
            assert!(
                own || Route::declared(provider, template).is_err(),
                "{name} {template} through {provider}"
            );
        }
    }
}

#[test]
fn variations_of_a_path_are_not_the_path() {
    for (name, _, template) in published() {
        let Some(provider) = Provider::named(name) else { continue };
        for twisted in [
            format!("{template}/"),
            format!("/{template}"),
            format!("{template}?x=1"),
            format!("{template}#"),
            template.to_uppercase(),
            format!("{template}/.."),
            format!(" {template}"),
            template.replace('{', "%7B"),
            format!("https://evil.dev{template}"),
            template.replacen('/', "//", 1),
        ] {
            let own = operations(provider).any(|op| op.template == twisted);
            assert!(own || Route::declared(provider, &twisted).is_err(), "{name} {twisted}");
        }
    }
}

/// The adapters' own routes: every one is a read of its provider's table, and a POST is on the reviewed list.
#[test]
fn adapters_name_nothing_but_reads() {
    let routes = adapter_routes();
    assert!(routes.len() > 40, "{}", routes.len());
    for route in &routes {
        let op = operations(route.provider())
            .find(|op| op.method == route.method() && op.template == route.template());
        assert_eq!(op.map(|op| op.class), Some(Class::Read), "{route:?}");
        if route.method() != "GET" {
            assert!(READS_OVER_POST.iter().any(|r| r.route == *route), "{route:?}");
        }
    }
}

#[test]
fn the_reads_over_post_are_these() {
    let list: Vec<String> = READS_OVER_POST
        .iter()
        .map(|r| format!("{} {} {}: {}", r.route.provider(), r.route.method(), r.route.template(), r.reason))
        .collect();
    insta::assert_snapshot!(list.join("\n"));
    let system: Vec<&str> =
        prodview_guard::SystemQuery::ALL.into_iter().map(prodview_guard::SystemQuery::path).collect();
    insta::assert_snapshot!(system.join("\n"));
}

/// All reads of all tables, sent for real to a recorder: what arrives is a GET of that path and nothing else.
#[tokio::test]
async fn what_is_sent_is_what_the_route_says() {
    use prodview_guard::{Auth, Origin, Secret, Segment, Wire, WireSettings};
    let rig = Rig::new().await;
    for (provider, service) in [
        (Provider::Sentry, prodview_demo::Service::Sentry),
        (Provider::Stripe, prodview_demo::Service::Stripe),
        (Provider::Convex, prodview_demo::Service::Convex),
        (Provider::Supabase, prodview_demo::Service::Supabase),
    ] {
        let key = Secret::new(rig.demo.key(service).to_owned());
        let auth = if provider == Provider::Convex { Auth::Convex(key) } else { Auth::Bearer(key) };
        let mut settings =
            WireSettings::new("all", provider, Origin::parse(&rig.demo.origin(service)).unwrap(), auth);
        settings.per_second = std::num::NonZeroU32::new(100_000).unwrap();
        settings.timeout = std::time::Duration::from_millis(1_500);
        let wire = Wire::new(settings).unwrap();
        let mut asked = 0;
        for op in operations(provider).filter(|op| op.method == "GET") {
            // A long poll would only hold the test up.
            if op.template == "/api/stream_function_logs" {
                continue;
            }
            let Ok(route) = Route::declared(provider, op.template) else { continue };
            let slots = op.template.matches('{').count();
            let mut ask = route.ask().fresh();
            for _ in 0..slots {
                ask = ask.segment(Segment::new("nothing-such").unwrap());
            }
            rig.demo.clear_record();
            // Most end as "not found": what matters is what went out.
            let _ = wire.read::<serde_json::Value>(ask).await;
            for sent in rig.demo.record() {
                let due = fill(op.template);
                assert_eq!(
                    (sent.method.as_str(), sent.path.as_str()),
                    ("GET", due.as_str()),
                    "{provider} {}",
                    op.template
                );
                assert_eq!(sent.verdict, prodview_demo::Verdict::Read, "{provider} {}", op.template);
                asked += 1;
            }
        }
        assert!(asked > 15, "{provider}: only {asked} went out");
    }
}

fn fill(template: &str) -> String {
    template
        .split('/')
        .map(|part| if part.starts_with('{') { "nothing-such" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}
