//! How a declared tool shows itself: its arguments and its answer as JSON Schema, over what is configured.

use super::column::{Column, Kind};
use super::question::Question;
use super::run::Facts;
use super::{Declared, parameter};
use crate::App;
use crate::size::estimate;
use crate::tool::output_schema;
use prodview_providers::Source;
use prodview_providers::capability::Language;
use schemars::Schema;
use serde_json::{Map, Value, json};

impl Declared {
    /// For people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// For the model.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// How it asks, as the file writes it: `get`, `sql`, `convex_query`.
    pub fn how(&self) -> &'static str {
        self.question.how()
    }

    /// The sources that it asks.
    pub fn sources<'a>(&self, app: &'a App) -> Vec<&'a Source> {
        app.sources.all().iter().map(|source| &**source).filter(|source| self.serves(source)).collect()
    }

    /// What would have to be configured for it to work.
    pub(crate) fn wanted(&self) -> String {
        let kind = match (&self.question, &self.serves.provider) {
            (Question::Get { route, .. }, _) => route.provider().name(),
            (_, Some(provider)) => provider,
            (Question::Sql { .. }, None) => "postgres or supabase",
            (Question::Convex { .. }, None) => "convex",
        };
        match &self.serves.source {
            Some(name) => format!("the source `{name}` ({kind})"),
            None => format!("a source of {kind}"),
        }
    }

    fn serves(&self, source: &Source) -> bool {
        if self.serves.source.as_deref().is_some_and(|name| name != source.name()) {
            return false;
        }
        let provider = self.serves.provider.as_deref();
        let speaks = |language| source.adapter().state().is_some_and(|state| state.language() == language);
        match &self.question {
            Question::Get { route, .. } => {
                route.provider() == source.provider() && source.adapter().reads().is_some()
            }
            // A Supabase project is a PostgreSQL database; the reverse is not so.
            Question::Sql { .. } => {
                speaks(Language::Sql)
                    && provider.is_none_or(|p| p == "postgres" || p == source.provider().name())
            }
            Question::Convex { .. } => speaks(Language::ConvexQuery),
        }
    }

    /// Its arguments. `source` is one of them where there are several to choose from.
    pub(crate) fn input_schema(&self, app: &App) -> Schema {
        let names: Vec<&str> = self.sources(app).into_iter().map(Source::name).collect();
        self.input_over(&names)
    }

    /// About how many tokens it costs every question of a model: name, description and arguments, with one source.
    pub fn cost(&self) -> usize {
        let schema = self.input_over(&[]).to_value().to_string();
        estimate(&self.name) + estimate(&self.about) + estimate(&schema)
    }

    fn input_over(&self, names: &[&str]) -> Schema {
        let mut properties = Map::new();
        if names.len() > 1 {
            properties.insert("source".to_owned(), json!({ "type": "string", "enum": names }));
        }
        for ask in &self.asks {
            properties.insert(ask.name.clone(), ask.schema());
        }
        let required: Vec<&str> =
            self.asks.iter().filter(|ask| !ask.may_be_left_out()).map(|ask| ask.name.as_str()).collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema.insert("additionalProperties".to_owned(), false.into());
        Schema::from(schema)
    }

    /// Its answer: the contract's parts, and rows with its columns.
    pub(crate) fn output_schema(&self, app: &App) -> Schema {
        let mut schema = output_schema::<Facts>().to_value();
        let mut properties = Map::new();
        if self.sources(app).len() > 1 {
            properties.insert("source".to_owned(), json!({ "type": "string" }));
        }
        properties.extend(self.columns.iter().map(|column| (column.name.clone(), column.schema())));
        if let Some(rows) = schema.pointer_mut("/properties/rows") {
            *rows = json!({ "type": "array", "items": { "type": "object", "properties": properties } });
        }
        match schema {
            Value::Object(schema) => Schema::from(schema),
            _ => Schema::default(),
        }
    }

    /// The argument that carries an answer's cursor.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.asks.iter().find(|ask| ask.kind == parameter::Kind::Cursor).map(|ask| ask.name.as_str())
    }
}

impl Column {
    fn schema(&self) -> Value {
        let kind = match self.kind {
            Kind::Text | Kind::Moment => "string",
            Kind::Money(_) => "object",
            Kind::Number => "number",
            Kind::Boolean => "boolean",
        };
        json!({ "type": kind })
    }
}
