//! `user_timeline` over the demo's incidents: each is said in the first line, in one call.

use super::companies;
use serde_json::json;

#[tokio::test]
async fn look() {
    for (rig, incidents) in companies().await {
        for incident in &incidents {
            rig.demo.clear_record();
            let told = rig.call_fresh("user_timeline", json!({ "who": incident.email })).await.unwrap();
            let mut by = std::collections::BTreeMap::<String, usize>::new();
            for r in rig.demo.record() { *by.entry(format!("{:?}", r.service)).or_default() += 1; }
            let t = tiktoken_rs::o200k_base_singleton();
            println!("=== {:?} {} {} {:?}\n{}", incident.kind, t.encode_ordinary(&told.structured.to_string()).len(), t.encode_ordinary(&told.page.to_text()).len(), by, told.page.to_text());
        }
        break;
    }
}
