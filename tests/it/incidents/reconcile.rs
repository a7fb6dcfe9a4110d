//! look
use super::companies;
use serde_json::json;

#[tokio::test]
async fn look() {
    for (rig, _) in companies().await.into_iter() {
        println!("##### {:#?}", rig.demo.world().mismatches);
        for ask in [json!({}), json!({"since":"30d"})] {
            rig.demo.clear_record();
            let told = rig.call_fresh("reconcile_payments", ask.clone()).await;
            println!(
                "=== {ask}\n{}",
                match told {
                    Ok(t) => t.page.to_text(),
                    Err(e) => format!("ERR {e}"),
                }
            );
            for r in rig.demo.record() {
                println!("   {:?} {} {}", r.service, r.path, r.query);
            }
        }
    }
}
