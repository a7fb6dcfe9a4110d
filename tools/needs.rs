//! What a tool cannot do without: by it a tool is listed or not, and what is missing is said.

use crate::App;
use prodview_providers::app_tables::tables_of_people;
use prodview_providers::capability::Capability;

/// What a tool cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it always works.
    Nothing,
    /// At least one source with one of these.
    AnyOf(&'static [Capability]),
    /// The same, or a table of `[app.…]` that says whose a row is.
    AnyOfOrRowsOfPeople(&'static [Capability]),
}

impl Needs {
    /// Whether what is configured has it.
    pub(crate) fn met(self, app: &App) -> bool {
        let any_of =
            |any: &[Capability]| app.sources.all().iter().any(|source| any.iter().any(|c| source.can(*c)));
        match self {
            Needs::Nothing => true,
            Needs::AnyOf(any) => any_of(any),
            Needs::AnyOfOrRowsOfPeople(any) => any_of(any) || keeps_rows_of_people(app),
        }
    }

    /// What would have to be configured, as a list of which one is enough.
    pub(crate) fn wanted(self) -> String {
        let (any, rows) = match self {
            Needs::Nothing => (&[][..], false),
            Needs::AnyOf(any) => (any, false),
            Needs::AnyOfOrRowsOfPeople(any) => (any, true),
        };
        let mut wanted: Vec<&str> = Vec::new();
        for one in any.iter().flat_map(|capability| those_who(*capability)) {
            if !wanted.contains(one) {
                wanted.push(one);
            }
        }
        if rows {
            wanted.push("another [app.…] table with its `user`");
        }
        wanted.join(", or ")
    }
}

/// What has a capability. The `[app.…]` sections are proposed by `prodview check --suggest`.
fn those_who(capability: Capability) -> &'static [&'static str] {
    match capability {
        Capability::Users => &["Stripe", "Sentry", "Supabase", "[app.users] of a database"],
        Capability::Errors => &["Sentry", "[app.errors.…] of a database"],
        Capability::Payments | Capability::Webhooks => &["Stripe"],
        Capability::State => &["a database (PostgreSQL, Supabase, Convex)", "Redis"],
        Capability::Logs | Capability::Deployments | Capability::Health | Capability::Settings => {
            &["a source that has it"]
        }
    }
}

fn keeps_rows_of_people(app: &App) -> bool {
    let tables = &app.sources.app().tables;
    app.sources.state().iter().any(|able| !tables_of_people(tables, able.source.name()).is_empty())
}
