//! A question that can be asked: a read that the provider's table of operations names.

use crate::ask::Ask;
use crate::operations;
use crate::{Provider, Refused};

/// One readable operation of one provider.
///
/// A route is made while the program is compiled, from the provider's reviewed table. A path that the table does
/// not class as a read does not compile:
/// ```
/// use prodview_guard::{Provider, Route};
/// const CHARGE: Route = Route::get(Provider::Stripe, "/v1/charges/{id}");
/// ```
/// ```compile_fail,E0080
/// use prodview_guard::{Provider, Route};
/// const CHARGE: Route = Route::get(Provider::Stripe, "/v1/charges/{id}/capture");
/// ```
/// There is no method to choose, here or anywhere else:
/// ```compile_fail
/// use prodview_guard::{Provider, Route};
/// const CHARGE: Route = Route::post(Provider::Stripe, "/v1/charges/{id}");
/// ```
/// Fields are private: a route can be read, and cannot be bent into another one.
/// ```
/// use prodview_guard::{Provider, Route};
/// let route = Route::get(Provider::Stripe, "/v1/charges/{id}");
/// assert_eq!(route.template(), "/v1/charges/{id}");
/// ```
/// ```compile_fail,E0616
/// use prodview_guard::{Provider, Route};
/// let route = Route::get(Provider::Stripe, "/v1/charges/{id}");
/// assert_eq!(route.template, "/v1/charges/{id}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route {
    provider: Provider,
    verb: Verb,
    template: &'static str,
}

/// How a read travels. Private: nothing outside chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Verb {
    Get,
    ReadByPost,
}

/// A read that its provider offers only, or better, over POST.
#[derive(Debug, Clone, Copy)]
pub struct ReadOverPost {
    /// The route.
    pub route: Route,
    /// Why it is a read although it travels by POST.
    pub reason: &'static str,
}

/// Every POST that prodview can send. Reviewed by hand; its snapshot is committed.
pub const READS_OVER_POST: &[ReadOverPost] = &[
    ReadOverPost {
        route: Route::CONVEX_QUERY,
        reason: "runs a query function, which the Convex server keeps from writing and from calling out; mutations \
             and actions are refused there. GET would put the arguments, an e-mail address say, into URLs and logs",
    },
    ReadOverPost {
        route: Route::REDIS_COMMAND,
        reason: "runs the one command in its body, which is from the table of reading commands and was written anew \
             from it. GET would put keys into URLs and logs, and every path is a command there",
    },
    ReadOverPost {
        route: Route::REDIS_COMMANDS,
        reason: "several such commands in one request, each from the same table; they are no transaction",
    },
    ReadOverPost {
        route: Route::SUPABASE_SQL,
        reason: "runs one statement as `supabase_read_only_user`, which may read everything and write nothing; only a \
             statement that was parsed whole and found harmless gets there. There is no GET for it",
    },
];

impl Route {
    /// `POST /api/query`: reached only through [`Ask::convex_query`].
    pub(crate) const CONVEX_QUERY: Route = Route::read_by_post(Provider::Convex, "/api/query");

    /// `POST /` of a database at Upstash: reached only through [`Ask::redis_command`].
    pub(crate) const REDIS_COMMAND: Route = Route::read_by_post(Provider::Upstash, "/");

    /// `POST /pipeline` of a database at Upstash: reached only through [`Ask::redis_commands`].
    pub(crate) const REDIS_COMMANDS: Route = Route::read_by_post(Provider::Upstash, "/pipeline");

    /// `POST …/database/query/read-only`: reached only through [`crate::SupabaseSql`].
    pub(crate) const SUPABASE_SQL: Route =
        Route::read_by_post(Provider::Supabase, "/v1/projects/{ref}/database/query/read-only");

    /// A GET of the provider's table. In a `const` (as every adapter writes it) a path that is not classed as a
    /// read is a compile error.
    ///
    /// # Panics
    /// Outside a `const`, if the table does not class `template` as a read. Use [`Route::declared`] for paths
    /// that are known only at run time.
    #[expect(clippy::panic, reason = "evaluated while compiling: the panic is the compile error")]
    pub const fn get(provider: Provider, template: &'static str) -> Route {
        if !operations::is_read(provider, "GET", template) {
            panic!("the provider's table of operations does not class this path as a read");
        }
        Route { provider, verb: Verb::Get, template }
    }

    /// The one checked constructor for a path that someone wrote into a declared tool: the table must class it as
    /// a read. Slots are written as the table writes them (`/v1/charges/{id}`).
    pub fn declared(provider: Provider, path: &str) -> Result<Route, Refused> {
        match operations::readable(provider, path) {
            Some(op) => Ok(Route { provider, verb: Verb::Get, template: op.template }),
            None => Err(Refused::because(format!(
                "{provider}'s table of operations does not class this path as a read"
            ))),
        }
    }

    #[expect(clippy::panic, reason = "evaluated while compiling: the panic is the compile error")]
    const fn read_by_post(provider: Provider, template: &'static str) -> Route {
        if !operations::is_read(provider, "POST", template) {
            panic!("the provider's table of operations does not class this POST as a read");
        }
        Route { provider, verb: Verb::ReadByPost, template }
    }

    /// A question along this route, its slots still open. A POST route cannot be asked this way: it gets its body
    /// from a constructor of its own and is refused without.
    pub fn ask(self) -> Ask {
        Ask::along(self)
    }

    /// Whose route it is.
    pub const fn provider(self) -> Provider {
        self.provider
    }

    /// The HTTP method it travels by: `GET`, or `POST` for a read on the reviewed list.
    pub const fn method(self) -> &'static str {
        match self.verb {
            Verb::Get => "GET",
            Verb::ReadByPost => "POST",
        }
    }

    /// The path with its slots, as the table writes it.
    pub const fn template(self) -> &'static str {
        self.template
    }

    pub(crate) const fn travels_by_post(self) -> bool {
        matches!(self.verb, Verb::ReadByPost)
    }
}
