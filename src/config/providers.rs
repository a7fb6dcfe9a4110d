//! What each provider needs to be told: one function a provider.

use super::section::Section;
use prodview_guard::{Origin, Provider, Refused, Segment};
use prodview_providers::app::App;
use prodview_providers::capability::Adapter;
use prodview_providers::{Common, convex, postgres, redis, sentry, stripe, supabase};
use std::sync::Arc;

/// Makes the adapter of a source, once all of the configuration is known. It opens no connection.
pub(super) type Connect = Box<dyn FnOnce(&str, &Common, Arc<App>) -> Result<Arc<dyn Adapter>, Refused>>;

/// How a provider is configured.
pub(super) struct Configured {
    /// The variables without which there is no source when there is no file.
    pub(super) needed: &'static [&'static str],
    /// Takes the provider's own keys. `None` when something is missing or wrong, which is then reported.
    pub(super) read: fn(&mut Section<'_>, &mut Common) -> Option<Connect>,
}

/// How that provider is configured.
pub(super) fn configured(provider: Provider) -> Configured {
    match provider {
        Provider::Stripe => Configured { needed: &["STRIPE_API_KEY"], read: stripe },
        Provider::Sentry => Configured { needed: &["SENTRY_AUTH_TOKEN", "SENTRY_ORG"], read: sentry },
        Provider::Postgres => Configured { needed: &["DATABASE_URL"], read: postgres },
        Provider::Supabase => {
            Configured { needed: &["SUPABASE_ACCESS_TOKEN", "SUPABASE_PROJECT_REF"], read: supabase }
        }
        Provider::Convex => Configured { needed: &["CONVEX_URL", "CONVEX_DEPLOY_KEY"], read: convex },
        Provider::Redis => Configured { needed: &["REDIS_URL"], read: redis },
        Provider::Upstash => {
            Configured { needed: &["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"], read: upstash }
        }
    }
}

fn stripe(section: &mut Section<'_>, _: &mut Common) -> Option<Connect> {
    let key = section.secret("key", "STRIPE_API_KEY");
    let account = section.value("account", None);
    let account = section.accepted(
        account,
        |id| Segment::with_prefix(id, &["acct_"]),
        "give the id of a connected account, or leave the line out",
    );
    let settings = stripe::Settings { key: key?, account };
    Some(Box::new(move |name, common, _| Ok(Arc::new(stripe::connect(name, settings, common)?))))
}

fn sentry(section: &mut Section<'_>, common: &mut Common) -> Option<Connect> {
    const SLUG: &str = "give the slug that stands in the address of its page";
    let token = section.secret("token", "SENTRY_AUTH_TOKEN");
    let org = section.needed("org", "SENTRY_ORG");
    let org = section.accepted(org, Segment::new, SLUG);
    let projects = section.texts("projects");
    let projects =
        projects.into_iter().filter_map(|p| section.accepted(Some(p), Segment::new, SLUG)).collect();
    let region = section.value("region", None);
    let region = section.accepted(region, Segment::new, "write `us` or `de`");
    // A self-hosted installation's token must not go to sentry.io because a line was left out.
    if !section.has("base_url") && !section.has("region") {
        let url = section.usual("SENTRY_URL");
        common.base_url = section.accepted(url, Origin::parse, "for example https://sentry.example.com");
    }
    let settings = sentry::Settings { token: token?, org: org?, projects, region };
    Some(Box::new(move |name, common, _| Ok(Arc::new(sentry::connect(name, settings, common)?))))
}

fn convex(section: &mut Section<'_>, _: &mut Common) -> Option<Connect> {
    let url = section.needed("url", "CONVEX_URL");
    let url = section.accepted(url, Origin::parse, "for example https://happy-otter-123.convex.cloud");
    let deploy_key = section.secret("deploy_key", "CONVEX_DEPLOY_KEY");
    let (url, deploy_key) = (url?, deploy_key?);
    Some(Box::new(move |name, common, app| {
        Ok(Arc::new(convex::connect(name, convex::Settings { url, deploy_key, app }, common)?))
    }))
}

fn postgres(section: &mut Section<'_>, _: &mut Common) -> Option<Connect> {
    let url = section.secret("url", "DATABASE_URL");
    let allow_writable_role = section.flag("allow_writable_role").unwrap_or(false);
    let pooled = section.flag("pooled");
    let allow_functions: Vec<String> =
        section.texts("allow_functions").into_iter().map(|said| said.text).collect();
    section.reading.functions.borrow_mut().extend(allow_functions.iter().cloned());
    let url = url?;
    Some(Box::new(move |name, common, app| {
        let settings = postgres::Settings { url, allow_writable_role, pooled, allow_functions, app };
        Ok(Arc::new(postgres::connect(name, settings, common)?))
    }))
}

fn redis(section: &mut Section<'_>, _: &mut Common) -> Option<Connect> {
    let url = section.secret("url", "REDIS_URL");
    let allow_writable_user = section.flag("allow_writable_user").unwrap_or(false);
    let settings = redis::Settings { url: url?, allow_writable_user };
    Some(Box::new(move |name, common, _| Ok(Arc::new(redis::connect(name, settings, common)?))))
}

fn upstash(section: &mut Section<'_>, _: &mut Common) -> Option<Connect> {
    let url = section.needed("url", "UPSTASH_REDIS_REST_URL");
    let url = section.accepted(url, Origin::parse, "for example https://happy-otter-12345.upstash.io");
    let token = section.secret("token", "UPSTASH_REDIS_REST_TOKEN");
    let settings = redis::RestSettings { url: url?, token: token? };
    Some(Box::new(move |name, common, _| Ok(Arc::new(redis::connect_rest(name, settings, common)?))))
}

fn supabase(section: &mut Section<'_>, _: &mut Common) -> Option<Connect> {
    const REF: &str =
        "give the 20 letters before .supabase.co, which also stand in the address of the dashboard";
    let project = section.needed("project", "SUPABASE_PROJECT_REF");
    let project = section.accepted(project, supabase::project_ref, REF);
    let token = section.secret("token", "SUPABASE_ACCESS_TOKEN");
    // Only where the line stands: a DATABASE_URL of the environment may be any database's.
    let database_url = match section.has("database_url") {
        true => Some(section.secret("database_url", "DATABASE_URL")?),
        false => section.take("database_url").and(None),
    };
    let allow_writable_role = section.flag("allow_writable_role").unwrap_or(false);
    let pooled = section.flag("pooled");
    let allow_functions = section.texts("allow_functions").into_iter().map(|said| said.text).collect();
    let (project, token) = (project?, token?);
    Some(Box::new(move |name, common, app| {
        let settings = supabase::Settings {
            project,
            token,
            database_url,
            allow_writable_role,
            pooled,
            allow_functions,
            app,
        };
        Ok(Arc::new(supabase::connect(name, settings, common)?))
    }))
}
