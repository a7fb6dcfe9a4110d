//! Arguments are checked against the tool's own schema before anything reads them.

use crate::ToolError;
use crate::tool::SchemaObject;
use jsonschema::{ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// The check of one tool's arguments, made at its first call.
pub(crate) struct Arguments {
    schema: Arc<SchemaObject>,
    validator: OnceLock<Option<Validator>>,
}

/// No argument of any tool is longer than this, in bytes of JSON.
const LONGEST: usize = 64 * 1024;

impl Arguments {
    pub(crate) fn new(schema: Arc<SchemaObject>) -> Arguments {
        Arguments { schema, validator: OnceLock::new() }
    }

    /// Reads the arguments, or says which one is wrong, why, and what would be right.
    pub(crate) fn read<Q: DeserializeOwned>(&self, ask: Value) -> Result<Q, ToolError> {
        if ask.to_string().len() > LONGEST {
            return Err(ToolError::malformed("arguments", "are too large"));
        }
        let check = || jsonschema::validator_for(&Value::Object((*self.schema).clone())).ok();
        if let Some(validator) = self.validator.get_or_init(check)
            && let Some(error) = validator.iter_errors(&ask).next()
        {
            return Err(self.explain(&error));
        }
        // The schema lets nothing through that the type would not take; this is for what it cannot say.
        serde_json::from_value(ask)
            .map_err(|e| ToolError::malformed("arguments", format!("cannot be read: {e}")))
    }

    fn explain(&self, error: &ValidationError<'_>) -> ToolError {
        let key = error.instance_path().to_string();
        let key = key.trim_start_matches('/').replace('/', ".");
        let what = prodview_guard::redact(&error.masked().to_string()).into_owned();
        let names: Vec<&str> = self
            .schema
            .get("properties")
            .and_then(Value::as_object)
            .map(|p| p.keys().map(String::as_str).collect())
            .unwrap_or_default();
        if key.is_empty() {
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return ToolError::malformed(
                "arguments",
                format!("are not as they should be: {what}. Known: {known}"),
            );
        }
        ToolError::malformed(&key, format!("is not as it should be: {what}"))
    }
}
