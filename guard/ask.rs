//! A route with its slots filled: what will be sent, if the last check agrees.

use crate::convex_query::ConvexQuery;
use crate::{Command, Origin, QueryKey, Refused, Route, Segment, final_url};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;
use url::Url;

/// One question: a route, one [`Segment`] for each slot, and a query. Keys are fixed in code, or in a
/// declared tool's file ([`QueryKey`]); values are encoded.
#[derive(Debug, Clone)]
pub struct Ask {
    route: Route,
    segments: Vec<Segment>,
    query: Vec<(Cow<'static, str>, String)>,
    body: Option<Value>,
    patience: Option<Duration>,
    fresh: bool,
}

impl Ask {
    /// The longest query value sent, in bytes. Search texts and cursors are far below it.
    pub const MAX_VALUE: usize = 4_096;

    pub(crate) fn along(route: Route) -> Ask {
        Ask { route, segments: Vec::new(), query: Vec::new(), body: None, patience: None, fresh: false }
    }

    /// A Convex query function or system query, which travels by POST.
    pub fn convex_query(query: ConvexQuery) -> Ask {
        Ask { body: Some(query.into_body()), ..Ask::along(Route::CONVEX_QUERY) }
    }

    /// One reading command to a database at Upstash, which travels by POST, answered as of now. JSON has no word for
    /// bytes that are not UTF-8: such keys are refused.
    pub fn redis_command(command: &Command) -> Result<Ask, Refused> {
        Ok(Ask { body: Some(Value::from(words(command)?)), ..Ask::along(Route::REDIS_COMMAND) }.fresh())
    }

    /// Several reading commands in one request.
    pub fn redis_commands(commands: &[Command]) -> Result<Ask, Refused> {
        let body = commands.iter().map(words).collect::<Result<Vec<_>, _>>()?;
        Ok(Ask { body: Some(Value::from(body)), ..Ask::along(Route::REDIS_COMMANDS) }.fresh())
    }

    /// A checked statement for Supabase's read-only endpoint, as [`crate::SupabaseSql`] asks it: `text` was written
    /// around it there, and `params` are texts, whose types the server infers.
    pub(crate) fn supabase_sql(project: Segment, text: &str, params: &[Option<String>]) -> Ask {
        let body = json!({ "query": text, "parameters": params });
        Ask { body: Some(body), ..Ask::along(Route::SUPABASE_SQL) }.segment(project).fresh()
    }

    /// Fills the next slot.
    pub fn segment(mut self, segment: Segment) -> Ask {
        self.segments.push(segment);
        self
    }

    /// Adds `key=value`. A key may be repeated.
    pub fn query(mut self, key: &'static str, value: impl Display) -> Ask {
        self.query.push((Cow::Borrowed(key), value.to_string()));
        self
    }

    /// Adds `key=value` for a key that someone wrote into a declared tool.
    pub fn pair(mut self, key: &QueryKey, value: impl Display) -> Ask {
        self.query.push((Cow::Owned(key.as_str().to_owned()), value.to_string()));
        self
    }

    /// Adds `key=value` when there is a value.
    pub fn maybe(self, key: &'static str, value: Option<impl Display>) -> Ask {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }

    /// Waits no longer than this for the answer (the source's own timeout applies as well): for long polls.
    pub fn patience(mut self, longest: Duration) -> Ask {
        self.patience = Some(longest);
        self
    }

    /// Neither answered from nor kept in the cache.
    pub fn fresh(mut self) -> Ask {
        self.fresh = true;
        self
    }

    pub(crate) fn route(&self) -> Route {
        self.route
    }

    pub(crate) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    pub(crate) fn longest_wait(&self, timeout: Duration) -> Duration {
        self.patience.map_or(timeout, |p| p.min(timeout))
    }

    pub(crate) fn may_be_cached(&self) -> bool {
        !self.fresh
    }

    /// What tells this question from all others of the same source.
    pub(crate) fn cache_key(&self, url: &Url) -> String {
        format!("{url} {}", self.body.as_ref().map(Value::to_string).unwrap_or_default())
    }

    /// The finished URL, after the second look.
    pub(crate) fn url(&self, origin: &Origin) -> Result<Url, Refused> {
        if self.route.travels_by_post() != self.body.is_some() {
            return Err(Refused::because("a read over POST needs its own constructor"));
        }
        let mut url = origin.url();
        let mut slots = self.segments.iter();
        {
            let mut path =
                url.path_segments_mut().map_err(|()| Refused::because("the origin cannot carry a path"))?;
            path.pop_if_empty();
            for part in self.route.template().split('/').skip(1) {
                if part.starts_with('{') {
                    let segment =
                        slots.next().ok_or_else(|| Refused::because("a slot of the route is not filled"))?;
                    path.push(segment.as_str());
                } else {
                    path.push(part);
                }
            }
        }
        if slots.next().is_some() {
            return Err(Refused::because("the route has fewer slots than ids were given"));
        }
        if !self.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (key, value) in &self.query {
                if value.len() > Self::MAX_VALUE {
                    return Err(Refused::because(format!(
                        "`{key}` is longer than {} bytes",
                        Self::MAX_VALUE
                    )));
                }
                pairs.append_pair(key, value);
            }
        }
        final_url::check(url.as_str(), origin.as_str(), self.route.template())?;
        Ok(url)
    }
}

fn words(command: &Command) -> Result<Vec<&str>, Refused> {
    let words: Result<_, _> = command.words().map(std::str::from_utf8).collect();
    words.map_err(|_| Refused::because("a key that is not UTF-8 cannot be asked for over HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Provider;
    use proptest::prelude::*;

    const CHARGE: Route = Route::get(Provider::Stripe, "/v1/charges/{id}");
    const ISSUES: Route =
        Route::get(Provider::Sentry, "/api/0/organizations/{organization_id_or_slug}/issues/");

    fn stripe() -> Origin {
        Origin::parse("https://api.stripe.com").unwrap()
    }

    #[test]
    fn a_finished_question_is_the_route_and_nothing_more() {
        let ask = CHARGE.ask().segment(Segment::new("ch_1").unwrap()).query("expand[]", "customer");
        assert_eq!(
            ask.url(&stripe()).unwrap().as_str(),
            "https://api.stripe.com/v1/charges/ch_1?expand%5B%5D=customer"
        );
    }

    #[test]
    fn an_installation_path_and_a_final_slash_are_kept() {
        let origin = Origin::parse("https://s.acme.dev/sentry/").unwrap();
        let ask = ISSUES.ask().segment(Segment::new("acme").unwrap()).query("query", "");
        assert_eq!(
            ask.url(&origin).unwrap().as_str(),
            "https://s.acme.dev/sentry/api/0/organizations/acme/issues/?query="
        );
    }

    #[test]
    fn slots_and_ids_must_match() {
        assert!(CHARGE.ask().url(&stripe()).is_err());
        let one = || Segment::new("ch_1").unwrap();
        assert!(CHARGE.ask().segment(one()).segment(one()).url(&stripe()).is_err());
    }

    #[test]
    fn a_read_over_post_without_its_body_is_refused() {
        assert!(Route::CONVEX_QUERY.ask().url(&stripe()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_the_value_the_url_stays_on_its_route(value in "\\PC{0,200}") {
            let ask = CHARGE.ask().segment(Segment::new("ch_1").unwrap()).query("expand[]", &value);
            let url = ask.url(&stripe()).unwrap();
            prop_assert_eq!(url.path(), "/v1/charges/ch_1");
            prop_assert_eq!(url.host_str(), Some("api.stripe.com"));
            let pairs: Vec<_> = url.query_pairs().collect();
            prop_assert_eq!(pairs.len(), 1);
            prop_assert_eq!(pairs[0].1.as_ref(), value.as_str());
        }
    }
}
