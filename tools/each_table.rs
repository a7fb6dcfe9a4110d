//! The same question to every table of one part of `[app.*]`, at once, each of the source that holds it.

use crate::App;
use futures_util::future::join_all;
use prodview_guard::Failure;
use prodview_providers::app::{AppTable, Part};
use prodview_providers::capability::State;

/// Asks every table of a part. A source whose key could write is not asked, where the configuration wants that.
pub(crate) async fn each_table<'a, T, F>(
    app: &'a App,
    part: Part,
    question: impl Fn(&'a dyn State, &'a AppTable) -> F,
) -> Vec<(&'a AppTable, Result<T, Failure>)>
where
    F: Future<Output = Result<T, Failure>>,
{
    let question = &question;
    let looks = app.sources.app().part(part).filter_map(|table| {
        let able = app.sources.state().into_iter().find(|able| able.source.name() == table.source)?;
        Some(async move {
            let answer = match able.source.admit().await {
                Ok(()) => question(able.can, table).await,
                Err(failure) => Err(failure),
            };
            (table, answer)
        })
    });
    join_all(looks).await
}
