//! JSON without secrets: by what the texts look like, and by the names they stand under.

use serde_json::Value;

use super::names::{self, Named};
use super::{cards, redact};

const BY_NAME: &str = "[redacted: by name]";

/// Cuts secrets out of every text and every key of `value`, and whatever stands under the name of a secret
/// (`password`, `clientSecret`, `set-cookie`), be it a field, a pair (`["Cookie", "…"]`) or an entry
/// (`{"name": "Cookie", "value": "…"}`).
///
/// Numbers, booleans and null stay (`secret: false`, `tokens: 5`), but for one-time codes and card numbers.
pub fn redact_json(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(cut) = redact(text) {
                *text = cut;
            }
        }
        Value::Number(number) => {
            if number.as_u64().is_some_and(cards::is_card) {
                *value = Value::from("[redacted: card number]");
            }
        }
        Value::Array(items) => {
            if let [Value::String(name), second @ Value::String(_)] = items.as_mut_slice()
                && let Some(named) = names::named(name.as_bytes())
            {
                hide(second, named);
            }
            items.iter_mut().for_each(redact_json);
        }
        Value::Object(fields) => {
            let entry = ["name", "key", "header", "field"]
                .iter()
                .find_map(|name| names::named(fields.get(*name)?.as_str()?.as_bytes()));
            for (key, field) in fields.iter_mut() {
                let by_key = names::named(key.as_bytes());
                let by_entry = if key == "value" { entry } else { None };
                match by_key.or(by_entry) {
                    Some(named) => hide(field, named),
                    None => redact_json(field),
                }
            }
            if fields.keys().any(|key| matches!(redact(key), std::borrow::Cow::Owned(_))) {
                let whole = std::mem::take(fields);
                fields.extend(whole.into_iter().map(|(key, field)| (redact(&key).into_owned(), field)));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Cuts every text below a secret's name. An empty one stays: that nothing is set is worth knowing.
fn hide(value: &mut Value, named: Named) {
    match value {
        Value::String(text) if !text.is_empty() && super::mark(text.as_bytes()) != Some(text.len()) => {
            *value = Value::from(BY_NAME);
        }
        Value::Number(_) if named == Named::Digits => *value = Value::from(BY_NAME),
        Value::Number(_) => redact_json(value),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, named)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| hide(field, named));
            if fields.keys().any(|key| matches!(redact(key), std::borrow::Cow::Owned(_))) {
                let whole = std::mem::take(fields);
                fields.extend(whole.into_iter().map(|(key, field)| (redact(&key).into_owned(), field)));
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redacted(mut value: Value) -> Value {
        redact_json(&mut value);
        let once = value.clone();
        redact_json(&mut value);
        assert_eq!(value, once);
        once
    }

    #[test]
    fn what_stands_under_a_secret_name_goes() {
        assert_eq!(
            redacted(json!({
                "password": "hunter2", "clientSecret": "x", "nested": [{"api-key": "y", "id": "pi_1"}],
                "cookies": {"sid": "abc"}, "Authorization": ["Bearer z"], "otp": 123456, "cvc": "123",
                "headers": [["Cookie", "a=b"], ["Accept", "text/html"]],
                "env": [{"key": "DB_PASSWORD", "value": "v"}, {"key": "REGION", "value": "fra1"}],
            })),
            json!({
                "password": BY_NAME, "clientSecret": BY_NAME, "nested": [{"api-key": BY_NAME, "id": "pi_1"}],
                "cookies": {"sid": BY_NAME}, "Authorization": [BY_NAME], "otp": BY_NAME, "cvc": BY_NAME,
                "headers": [["Cookie", BY_NAME], ["Accept", "text/html"]],
                "env": [{"key": "DB_PASSWORD", "value": BY_NAME}, {"key": "REGION", "value": "fra1"}],
            })
        );
    }

    #[test]
    fn facts_about_secrets_stay() {
        let facts = json!({
            "secret": false, "tokens": 5, "password": null, "password_enabled": true, "token_type": "bearer",
            "api_key": "", "next_page_token": "p2", "amount": 4_242, "created": 1_718_035_200_000_u64,
        });
        assert_eq!(redacted(facts.clone()), facts);
    }

    #[test]
    fn shapes_go_from_texts_keys_and_numbers() {
        let key = concat!("sk_", "live_", "51AbcDefGhiJkl");
        assert_eq!(
            redacted(json!({ "note": format!("used {key}"), key: 1, "n": 4_242_424_242_424_242_u64 })),
            json!({ "note": "used [redacted: stripe key]", "[redacted: stripe key]": 1, "n": "[redacted: card number]" })
        );
    }
}
