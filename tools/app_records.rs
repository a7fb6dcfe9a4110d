//! What the application wrote down about webhook events, where `[app.webhooks.…]` says where that is.

use crate::App;
use crate::asked::Asked;
use futures_util::future::join_all;
use prodview_providers::Moment;
use prodview_providers::app::Part;
use prodview_providers::app_tables::records_of_events;
use prodview_providers::words::{AppRecord, WebhookEvent};

/// Puts to each event what the app wrote down about it. Reports on the sources that were asked.
pub(crate) async fn recorded(app: &App, asked: &mut Asked, events: Vec<&mut WebhookEvent>) {
    if events.is_empty() {
        return;
    }
    let ids: Vec<String> = events.iter().map(|e| e.id.clone()).collect();
    // A little earlier than the first event: clocks differ.
    let since = events.iter().filter_map(|e| e.at).min().unwrap_or_else(Moment::now).minus_s(300);
    let state = app.sources.state();
    if app.sources.app().part(Part::Webhooks).next().is_none() {
        let note = "[app.webhooks.…] would show what the application wrote down about these events";
        asked.not_configured("app.webhooks", note);
        return;
    }
    let tables = app.sources.app().part(Part::Webhooks);
    let looks = tables.filter_map(|table| {
        let able = state.iter().find(|able| able.source.name() == table.source)?;
        let ids = &ids;
        Some(async move {
            let found = match able.source.admit().await {
                Ok(()) => records_of_events(able.can, table, ids, since).await,
                Err(failure) => Err(failure),
            };
            (able.source.name(), table, found)
        })
    });
    let mut records = std::collections::BTreeMap::new();
    for (source, table, found) in join_all(looks).await {
        match found {
            Ok((rows, complete)) => {
                let seen = prodview_providers::Found::all(rows.keys().collect::<Vec<_>>());
                asked.found(source, &seen);
                if !complete {
                    asked.note(
                        source,
                        format!(
                            "not all of {} was looked at: an event without a record here may have one",
                            table.table
                        ),
                    );
                }
                records.extend(rows);
            }
            Err(failure) => asked.failed(source, failure),
        }
    }
    for event in events {
        event.app = records.remove(&event.id).map(|record| match record.error {
            // Where nothing went wrong, which row it was and when only costs room.
            None => AppRecord { row: String::new(), at: None, ..record },
            Some(_) => record,
        });
    }
}
