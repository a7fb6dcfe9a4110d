//! The parameters of a request: which were sent, and whether all are known.

use super::refusal::Refusal;

/// What stood in the query. A list's place in brackets (`expand[0]`) counts as none (`expand[]`).
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pairs: Vec<(String, String)>,
}

impl Asked {
    pub fn new(pairs: Vec<(String, String)>) -> Asked {
        let pairs = pairs.into_iter().map(|(name, value)| (without_place(name), value));
        Asked { pairs: pairs.collect() }
    }

    pub fn one(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The values below a name: `created[gte]` for `created`; the name alone has an empty key.
    pub fn below<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs.iter().filter_map(move |(own, value)| {
            let rest = own.strip_prefix(name)?;
            if rest.is_empty() {
                return Some(("", value.as_str()));
            }
            Some((rest.strip_prefix('[')?.strip_suffix(']')?, value.as_str()))
        })
    }

    /// Refuses what is not among the known names; `created` lets `created[gt]` and its like through.
    pub fn only(&self, known: &[&str], times: &[&str]) -> Result<(), Refusal> {
        for (name, _) in &self.pairs {
            let bound = |time: &&str| {
                let key = name.strip_prefix(*time).unwrap_or("?");
                ["", "[gt]", "[gte]", "[lt]", "[lte]"].contains(&key)
            };
            if !known.contains(&name.as_str()) && !times.iter().any(bound) {
                return Err(Refusal::unknown_parameter(name.trim_end_matches("[]")));
            }
        }
        Ok(())
    }

    /// How many rows a page has: 1 to 100, 10 if nothing was said.
    pub fn limit(&self) -> Result<usize, Refusal> {
        let Some(text) = self.one("limit") else { return Ok(10) };
        let invalid =
            |message: String| Refusal::bad(message).code("parameter_invalid_integer").param("limit");
        match text.parse::<usize>() {
            Ok(limit @ 1..=100) => Ok(limit),
            Ok(0) => Err(invalid("This value must be greater than or equal to 1.".into())),
            Ok(_) => Err(invalid("This value must be less than or equal to 100.".into())),
            Err(_) => Err(invalid(format!("Invalid integer: {text}"))),
        }
    }
}

fn without_place(name: String) -> String {
    let place = name.strip_suffix(']').and_then(|start| start.rsplit_once('['));
    match place {
        Some((start, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => format!("{start}[]"),
        _ => name,
    }
}
