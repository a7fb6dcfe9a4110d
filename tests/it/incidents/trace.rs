//! `trace_payment` over the demo's incidents.

use super::{companies, fresh};
use serde_json::json;

#[tokio::test]
async fn look() {
    for (rig, incidents) in companies().await.into_iter().take(2) {
        for i in &incidents {
            for ask in [i.payment_intent.clone().map(|id| json!({"id": id})), Some(json!({"who": i.email}))]
                .into_iter()
                .flatten()
            {
                let told = rig.call_fresh("trace_payment", ask.clone()).await;
                println!(
                    "=== {:?} {ask}\n{}",
                    i.kind,
                    match told {
                        Ok(t) => t.page.to_text(),
                        Err(e) => format!("ERR {e}"),
                    }
                );
            }
        }
    }
    let _ = fresh;
}
