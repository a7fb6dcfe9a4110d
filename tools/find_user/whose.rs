//! Whose a payment is, as the application wrote it down: where no source knows people by an id, its row may.

use crate::asked::Asked;
use crate::each_table::each_table;
use crate::find_user::as_person;
use crate::{App, Finding};
use prodview_guard::Provider;
use prodview_providers::app::Part;
use prodview_providers::app_tables::payments_by_ids;
use prodview_providers::{Handle, HandleKind};
use std::collections::{BTreeMap, BTreeSet};

/// The users whom rows of `[app.payments.…]` with this id name, each once. Nothing is asked for an id of another kind.
pub(super) async fn of_payment(app: &App, asked: &mut Asked, id: &Handle) -> Vec<Handle> {
    let Some(role) = role(id.kind) else { return Vec::new() };
    let able: Vec<&str> = tables(app, role).map(|table| table.name.as_str()).collect();
    if able.is_empty() {
        return Vec::new();
    }
    let ids = BTreeMap::from([(role, BTreeSet::from([id.id.clone()]))]);
    let able = &able;
    let looks = each_table(app, Part::Payments, |state, table| {
        let ids = &ids;
        async move {
            if !able.contains(&table.name.as_str()) {
                return Ok(None);
            }
            payments_by_ids(state, table, ids).await.map(Some)
        }
    });
    let mut users: Vec<Handle> = Vec::new();
    for (table, found) in looks.await {
        match found {
            Ok(None) => {}
            Ok(Some(found)) => {
                asked.found(&table.source, &found);
                let named = found.rows.iter().filter_map(|row| row.user.as_deref());
                for user in named.filter_map(Handle::read).map(as_person) {
                    if !users.contains(&user) {
                        users.push(user);
                    }
                }
            }
            Err(failure) => asked.failed(&table.source, failure),
        }
    }
    users
}

/// That nobody was asked, and what could be: an id that no source here knows people by says nothing about anybody.
pub(crate) fn nobody_asked(app: &App, who: &Handle) -> Finding {
    let mut could: Vec<String> = Vec::new();
    if who.provider == Some(Provider::Stripe) {
        if app.sources.payments().is_empty() {
            could.push("Stripe".to_owned());
        }
        could.extend(link(who.kind).map(|link| format!("[app.users.links] with `{link}`")));
        could.extend(role(who.kind).map(|role| format!("[app.payments.…] with `{role}` and `user`")));
    } else if let Some(provider) = who.provider {
        could.push(provider.name().to_owned());
    } else {
        could.push("[app.users]".to_owned());
    }
    Finding::new(format!(
        "nobody was looked for: no source here can be asked by an id such as {}; {} could be, if configured",
        who.id,
        could.join(", or ")
    ))
    .action("ask with the person's e-mail address, or with the app's own id of them")
}

/// The link of `[app.users.links]` that holds ids of a kind.
pub(super) fn link(kind: HandleKind) -> Option<&'static str> {
    match kind {
        HandleKind::Customer => Some("stripe_customer"),
        HandleKind::Subscription => Some("stripe_subscription"),
        HandleKind::Account => Some("stripe_account"),
        _ => None,
    }
}

/// The role of `[app.payments.…]` that holds ids of a kind.
fn role(kind: HandleKind) -> Option<&'static str> {
    match kind {
        HandleKind::PaymentIntent | HandleKind::Charge => Some("payment"),
        HandleKind::CheckoutSession => Some("checkout"),
        HandleKind::Invoice => Some("invoice"),
        HandleKind::Subscription => Some("subscription"),
        _ => None,
    }
}

fn tables<'a>(
    app: &'a App,
    role: &'static str,
) -> impl Iterator<Item = &'a prodview_providers::app::AppTable> {
    let able =
        move |t: &&prodview_providers::app::AppTable| t.field(role).is_some() && t.field("user").is_some();
    app.sources.app().part(Part::Payments).filter(able)
}
