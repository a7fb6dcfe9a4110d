//! A tool: a question with a typed input and a typed answer. And the one function that makes any tool callable.

use crate::arguments::Arguments;
use crate::declared::Declared;
use crate::needs::Needs;
use crate::page::Page;
use crate::{Answer, App, Asked, Status, ToolError, size};
use futures_util::future::BoxFuture;
use prodview_guard::{deadline, redact, redact_json, to_value_marking};
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// A question that prodview can answer. Everything about it lives in its own file.
pub trait Tool: 'static {
    /// `verb_noun` or `noun_question`, snake case.
    const NAME: &'static str;
    /// For people.
    const TITLE: &'static str;
    /// For the model: when to use it, in at most two sentences.
    const ABOUT: &'static str;
    /// Which capabilities it cannot do without: a tool that cannot work is not listed.
    const NEEDS: Needs;
    /// Its arguments. `deny_unknown_fields`, with bounds in the schema.
    type Question: DeserializeOwned + JsonSchema + Send;
    /// Its own facts; the rest of the contract is in [`Answer`].
    type Facts: Serialize + JsonSchema + Send + Sync + 'static;

    /// Answers.
    fn run(
        app: &App,
        ask: Self::Question,
    ) -> impl Future<Output = Result<Answer<Self::Facts>, ToolError>> + Send;

    /// The facts as a text for reading, without what [`Answer`] tells about every answer.
    fn tell(facts: &Self::Facts, page: &mut Page);
}

/// An answer that may leave: within its bounds, cut of secrets.
#[derive(Debug, Clone)]
pub struct Told {
    /// The contract's fields, as the tool's output schema describes them.
    pub structured: Value,
    /// The same facts for reading.
    pub page: Page,
}

/// How long one call may take.
pub const LONGEST_CALL: Duration = Duration::from_secs(25);
/// Upstream stops a little earlier, so that what came in time can still be told.
const LONGEST_WAIT: Duration = Duration::from_millis(24_000);

type Run = fn(Arc<App>, Arc<Arguments>, Value) -> BoxFuture<'static, Result<Told, ToolError>>;

/// A JSON Schema that is an object and not `true` or `false`.
pub type SchemaObject = serde_json::Map<String, Value>;

/// A tool without its types: what the server and the command line work with.
#[derive(Clone)]
pub struct Entry {
    /// [`Tool::NAME`].
    pub name: Cow<'static, str>,
    /// [`Tool::TITLE`].
    pub title: Cow<'static, str>,
    /// [`Tool::ABOUT`].
    pub about: Cow<'static, str>,
    /// JSON Schema 2020-12 of its arguments.
    pub input: Arc<SchemaObject>,
    /// JSON Schema 2020-12 of its structured answer.
    pub output: Arc<SchemaObject>,
    arguments: Arc<Arguments>,
    work: Work,
}

/// What does the work.
#[derive(Clone)]
enum Work {
    /// A tool of this crate.
    BuiltIn { needs: Needs, run: Run },
    /// A file.
    Declared(Arc<Declared>),
}

impl Entry {
    /// The one way from a [`Tool`] to something that can be called.
    pub fn of<T: Tool>() -> Entry {
        let input = shared(input_schema::<T::Question>());
        Entry {
            name: T::NAME.into(),
            title: T::TITLE.into(),
            about: T::ABOUT.into(),
            arguments: Arc::new(Arguments::new(Arc::clone(&input))),
            input,
            output: shared(output_schema::<T::Facts>()),
            work: Work::BuiltIn {
                needs: T::NEEDS,
                run: |app, arguments, ask| Box::pin(call::<T>(app, arguments, ask)),
            },
        }
    }

    /// A declared tool, as it is asked over these sources.
    pub fn declared(tool: &Arc<Declared>, app: &App) -> Entry {
        let input = shared(tool.input_schema(app));
        Entry {
            name: tool.name().to_owned().into(),
            title: tool.title().to_owned().into(),
            about: tool.about().to_owned().into(),
            arguments: Arc::new(Arguments::new(Arc::clone(&input))),
            input,
            output: shared(tool.output_schema(app)),
            work: Work::Declared(Arc::clone(tool)),
        }
    }

    /// Whether it comes from a file.
    pub fn is_declared(&self) -> bool {
        matches!(self.work, Work::Declared(_))
    }

    /// Whether it can work with what is configured.
    pub fn works_with(&self, app: &App) -> bool {
        match &self.work {
            Work::Declared(tool) => !tool.sources(app).is_empty(),
            Work::BuiltIn { needs, .. } => needs.met(app),
        }
    }

    /// What it needs, for somebody to whom it is missing: services, or sections of the configuration, of which one is
    /// enough.
    pub fn wants(&self) -> String {
        match &self.work {
            Work::Declared(tool) => tool.wanted(),
            Work::BuiltIn { needs, .. } => needs.wanted(),
        }
    }

    /// Calls it. `ask` is the JSON object of its arguments. Ends within [`LONGEST_CALL`].
    pub async fn call(&self, app: Arc<App>, ask: Value) -> Result<Told, ToolError> {
        let arguments = Arc::clone(&self.arguments);
        let work = match &self.work {
            Work::BuiltIn { run, .. } => run(app, arguments, ask),
            Work::Declared(tool) => Box::pin(call_declared(Arc::clone(tool), app, arguments, ask)),
        };
        let work = deadline::within(LONGEST_WAIT, work);
        match tokio::time::timeout(LONGEST_CALL, work).await {
            Ok(told) => told.map_err(ToolError::without_secrets),
            Err(_) => Err(ToolError::TooLong(LONGEST_CALL.as_secs())),
        }
    }
}

async fn call<T: Tool>(app: Arc<App>, arguments: Arc<Arguments>, ask: Value) -> Result<Told, ToolError> {
    let question: T::Question = arguments.read(ask)?;
    let answer = T::run(&app, question).await?;
    finish(&app, T::NAME, answer, T::tell)
}

async fn call_declared(
    tool: Arc<Declared>,
    app: Arc<App>,
    arguments: Arc<Arguments>,
    ask: Value,
) -> Result<Told, ToolError> {
    let asked: serde_json::Map<String, Value> = arguments.read(ask)?;
    let answer = tool.run(&app, asked).await?;
    finish(&app, tool.name(), answer, |facts, page| tool.tell(facts, page))
}

/// What every answer goes through before it leaves.
fn finish<F: Serialize>(
    app: &App,
    tool: &str,
    mut answer: Answer<F>,
    tell: impl FnOnce(&F, &mut Page),
) -> Result<Told, ToolError> {
    answer.next.truncate(3);
    if answer.asked.in_vain() && !answer.tells_of_failures {
        return Err(in_vain(&answer.asked));
    }
    let mut evidence = Page::default();
    tell(&answer.facts, &mut evidence);
    let shortened = evidence.shorten(size::MOST_TOKENS_OF_TEXT);
    told(app, answer, evidence, shortened).map_err(|e| {
        tracing::error!(tool, cause = %e, "an answer could not be written");
        ToolError::Internal
    })
}

/// No source answered, or none could be asked: a reason in either case.
fn in_vain(asked: &Asked) -> ToolError {
    if !asked.failures().is_empty() {
        return ToolError::in_vain(asked.failures());
    }
    let missing = asked.reports().iter().filter(|r| r.status == Status::NotConfigured);
    let missing: Vec<String> = missing.map(|r| format!("{}: {}", r.source, r.notes.join("; "))).collect();
    ToolError::NotConfigured(format!("nothing that is configured could be asked ({})", missing.join("; ")))
}

/// Serialises, marks what outsiders could have written, cuts secrets and keeps to the size.
fn told<F: Serialize>(
    app: &App,
    mut answer: Answer<F>,
    evidence: Page,
    shortened: bool,
) -> Result<Told, serde_json::Error> {
    let (_, untrusted) = to_value_marking(&answer.shown(&[]))?;
    let (mut structured, _) = to_value_marking(&answer.shown(&untrusted))?;
    redact_json(&mut structured);
    size::shrink(&mut structured);
    // As in the structured answer: no cursor that leads past lines which were left out.
    for cut in answer.cut.iter_mut().filter(|cut| shortened && cut.cursor.is_some()) {
        (cut.cursor, cut.how) = (None, Some(size::CURSOR_WITHHELD.to_owned()));
    }
    let mut page = answer.page(&app.environment, evidence);
    page.rewrite(|text| redact(text).into_owned());
    Ok(Told { structured, page })
}

fn shared(schema: Schema) -> Arc<SchemaObject> {
    match schema.to_value() {
        Value::Object(schema) => Arc::new(schema),
        _ => Arc::default(),
    }
}

/// Arguments: no `null` where a value is due, no names of Rust types, nothing that only costs tokens.
fn input_schema<Q: JsonSchema>() -> Schema {
    let mut schema = SchemaSettings::draft2020_12()
        .with(|s| {
            s.meta_schema = None;
            s.inline_subschemas = true;
        })
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<Q>();
    RecursiveTransform(lean_input).transform(&mut schema);
    schema.remove("title");
    schema.remove("description");
    if schema.get("properties").is_none() {
        schema.insert("properties".to_owned(), Value::Object(serde_json::Map::new()));
    }
    schema
}

fn lean_input(schema: &mut Schema) {
    without_null(schema);
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|v| !v.is_null());
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    schema.remove("format");
}

/// Answers: shapes and names only. The names say what they are; descriptions would cost every client tokens.
pub(crate) fn output_schema<F: JsonSchema + 'static>() -> Schema {
    let mut schema = SchemaSettings::draft2020_12()
        .with(|s| s.meta_schema = None)
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<crate::answer::Shown<'static, F>>();
    RecursiveTransform(lean_output).transform(&mut schema);
    schema.remove("title");
    schema
}

/// What is absent is left out, never `null`; the values of enums are words that read by themselves.
fn lean_output(schema: &mut Schema) {
    without_null(schema);
    for word in ["description", "format", "minimum", "minItems", "maxItems"] {
        schema.remove(word);
    }
    if schema.remove("enum").is_some() || is_words(schema.get("oneOf")) {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), "string".into());
    }
    if let Some(Value::Array(pair)) = schema.remove("prefixItems") {
        let first = pair.into_iter().next().unwrap_or(Value::Bool(true));
        schema.insert("items".to_owned(), first);
    }
    if let Some(Value::Array(mut any)) = schema.remove("anyOf") {
        any.retain(|s| s.get("type").is_none_or(|t| t != "null"));
        match (any.pop(), any.is_empty()) {
            (Some(Value::Object(only)), true) => schema.ensure_object().extend(only),
            (Some(last), false) => {
                any.push(last);
                schema.insert("anyOf".to_owned(), any.into());
            }
            _ => {}
        }
    }
}

fn is_words(one_of: Option<&Value>) -> bool {
    let word = |s: &Value| s.get("const").is_some_and(Value::is_string) || s.get("enum").is_some();
    one_of.and_then(Value::as_array).is_some_and(|any| any.iter().all(word))
}

fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(kinds)) = schema.get("type") {
        let left: Vec<Value> = kinds.iter().filter(|k| *k != "null").cloned().collect();
        if let [only] = left.as_slice() {
            schema.insert("type".to_owned(), only.clone());
        }
    }
}
