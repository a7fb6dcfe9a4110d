//! The shape of a value, which is all of it that a suggestion may know: counted, never kept.

use serde_json::Value;
use std::collections::BTreeMap;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is told by `Shape::word`")]
pub enum Shape {
    Customer,
    Subscription,
    Payment,
    Charge,
    Checkout,
    Invoice,
    Event,
    Account,
    Clerk,
    Email,
    Time,
    OwnId,
    Number,
    Flag,
    Text,
    Other,
}

const PREFIXES: [(&str, Shape); 11] = [
    ("cus_", Shape::Customer),
    ("sub_", Shape::Subscription),
    ("pi_", Shape::Payment),
    ("ch_", Shape::Charge),
    ("py_", Shape::Charge),
    ("cs_live_", Shape::Checkout),
    ("cs_test_", Shape::Checkout),
    ("in_", Shape::Invoice),
    ("evt_", Shape::Event),
    ("acct_", Shape::Account),
    ("user_", Shape::Clerk),
];

impl Shape {
    /// The shape of a value in a row whose own id is `own_id`; `None` for null.
    pub fn of(value: &Value, own_id: &str) -> Option<Shape> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Shape::Flag,
            Value::Number(n) if !own_id.is_empty() && n.to_string() == own_id => Shape::OwnId,
            Value::Number(n) => match n.as_f64() {
                // Seconds or milliseconds since 1970, of the years 2001 to 2286.
                Some(n) if (1e9..1e10).contains(&n) || (1e12..1e13).contains(&n) => Shape::Time,
                _ => Shape::Number,
            },
            Value::String(text) if !own_id.is_empty() && text == own_id => Shape::OwnId,
            Value::String(text) => of_text(text.trim())?,
            _ => Shape::Other,
        })
    }

    /// How it is told: `cus_…`.
    pub const fn word(self) -> &'static str {
        match self {
            Shape::Customer => "cus_…",
            Shape::Subscription => "sub_…",
            Shape::Payment => "pi_…",
            Shape::Charge => "ch_…",
            Shape::Checkout => "cs_…",
            Shape::Invoice => "in_…",
            Shape::Event => "evt_…",
            Shape::Account => "acct_…",
            Shape::Clerk => "user_…",
            Shape::Email => "an e-mail address",
            Shape::Time => "a time",
            Shape::OwnId => "the row's own id",
            Shape::Number => "a number",
            Shape::Flag => "true or false",
            Shape::Text => "text",
            Shape::Other => "something nested",
        }
    }
}

fn of_text(text: &str) -> Option<Shape> {
    if text.is_empty() {
        return None;
    }
    let plain = |rest: &str| rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if let Some((_, shape)) = PREFIXES.iter().find(|(prefix, _)| text.strip_prefix(prefix).is_some_and(plain))
    {
        return Some(*shape);
    }
    let is_email = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(' '));
    let is_time =
        || crate::Moment::parse(text).is_some() || crate::Moment::parse(&format!("{text}Z")).is_some();
    Some(match text {
        _ if is_email => Shape::Email,
        _ if is_time() => Shape::Time,
        _ => Shape::Text,
    })
}

/// How many of the sampled values had which shape; and those that are the row's own id, which shape they have besides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shapes(BTreeMap<Shape, usize>, BTreeMap<Shape, usize>);

impl Shapes {
    /// Counts one value.
    pub fn count(&mut self, value: &Value, own_id: &str) {
        if let Some(shape) = Shape::of(value, own_id) {
            *self.0.entry(shape).or_default() += 1;
            let besides = value.as_str().filter(|_| shape == Shape::OwnId).and_then(|id| of_text(id.trim()));
            if let Some(shape) = besides {
                *self.1.entry(shape).or_default() += 1;
            }
        }
    }

    /// So many of a shape, for tests and for what is known without sampling.
    pub fn with(shape: Shape, times: usize) -> Shapes {
        Shapes(BTreeMap::from([(shape, times)]), BTreeMap::new())
    }

    /// How many values had that shape.
    pub fn of(&self, shape: Shape) -> usize {
        self.0.get(&shape).copied().unwrap_or(0)
    }

    /// How many values are the row's own id, and look like that besides.
    pub fn own(&self, shape: Shape) -> usize {
        self.1.get(&shape).copied().unwrap_or(0)
    }

    /// Whether the rows' own ids are mostly of that shape.
    pub fn own_are(&self, shape: Shape) -> bool {
        self.own(shape) * 2 > self.all()
    }

    /// How many values there were.
    pub fn all(&self) -> usize {
        self.0.values().sum()
    }

    /// Whether most values have that shape.
    pub fn mostly(&self, shape: Shape) -> bool {
        let of = self.of(shape);
        of > 0 && of * 2 > self.all()
    }

    /// Whether values were seen, and none of them has that shape.
    pub fn never(&self, shape: Shape) -> bool {
        self.all() > 0 && self.of(shape) == 0
    }
}
