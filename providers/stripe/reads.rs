//! What declared tools ask of Stripe: a GET of its table, as the configured account, in the adapter's version.

use super::Stripe;
use super::amount::decimals;
use crate::reads::{More, ReadAsk, ReadBody, Reads, filled};
use async_trait::async_trait;
use prodview_guard::{Failure, Refused, Segment};
use serde_json::Value;

#[async_trait]
impl Reads for Stripe {
    /// One request. The account travels in a header of the source; a path that names one takes the configured one.
    async fn read(&self, ask: &ReadAsk) -> Result<ReadBody, Failure> {
        let ask = filled(ask, |_| match &self.account {
            Some(account) => Segment::new(account),
            None => Err(Refused::because("that path needs `account` in the configuration of this source")),
        })?;
        let reply = self.wire.read::<Value>(ask).await?;
        Ok(ReadBody { more: more(&reply.body), body: reply.body, age: reply.age })
    }

    fn decimals(&self, currency: &str) -> u32 {
        decimals(currency)
    }
}

/// Lists go on after the id of their last object (`starting_after`), results of a search at `next_page` (`page`).
fn more(body: &Value) -> More {
    if body.get("has_more") != Some(&Value::Bool(true)) {
        return More::End;
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let cursor = match body.get("next_page") {
        Some(next) => text(Some(next)),
        None => text(body.get("data").and_then(Value::as_array).and_then(|rows| rows.last()?.get("id"))),
    };
    let plain = |c: &String| {
        (1..=500).contains(&c.len())
            && c.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'=' | b'+' | b'/' | b'.'))
    };
    cursor.filter(plain).map_or(More::Unreachable, More::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_says_where_it_goes_on() {
        let list =
            |has_more: bool| json!({ "data": [{ "id": "a" }, { "id": "du_2" }], "has_more": has_more });
        assert_eq!(more(&list(false)), More::End);
        assert_eq!(more(&list(true)), More::Cursor("du_2".into()));
        assert_eq!(
            more(&json!({ "has_more": true, "next_page": "p==", "data": [] })),
            More::Cursor("p==".into())
        );
        for odd in [json!({ "has_more": true }), json!({ "has_more": true, "data": [{ "id": "a b\n" }] })] {
            assert_eq!(more(&odd), More::Unreachable, "{odd}");
        }
        assert_eq!(more(&json!([1])), More::End);
    }
}
