//! What each provider publishes, and which of it is a read: the reviewed tables in `operations/`.
//!
//! A table is the only way to a [`Route`](crate::Route). What it does not name, or does not class as a read,
//! cannot be asked: unknown means no. The look-up runs while the adapters are compiled, so an adapter that names
//! a write does not build.

use crate::Provider;

/// What asking an operation would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It tells something and changes nothing.
    Read,
    /// It changes something.
    Write,
    /// It hands out a credential, a capability or a whole data set.
    Secret,
    /// It runs code that may do anything.
    RunsCode,
}

/// One row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// What asking it would do.
    pub class: Class,
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path, with `{…}` for each slot.
    pub template: &'static str,
    /// Why it has its class; empty where that is plain.
    pub note: &'static str,
}

/// The rows of a provider's table, in file order.
pub fn operations(provider: Provider) -> impl Iterator<Item = Operation> {
    table(provider).lines().filter(|line| !line.starts_with('#')).filter_map(parse)
}

/// The read whose template fits a concrete path such as `/v1/disputes`, or a template written out.
pub(crate) fn readable(provider: Provider, path: &str) -> Option<Operation> {
    operations(provider).find(|op| op.class == Class::Read && op.method == "GET" && op.template == path)
}

const fn table(provider: Provider) -> &'static str {
    match provider {
        Provider::Sentry => include_str!("operations/sentry.tsv"),
        Provider::Stripe => include_str!("operations/stripe.tsv"),
        Provider::Convex => include_str!("operations/convex.tsv"),
        Provider::Supabase => include_str!("operations/supabase.tsv"),
        // It is not asked over HTTP: its guard is `Statement`.
        Provider::Postgres => "",
        // Not asked over HTTP: its table is the one of commands.
        Provider::Redis => "",
        Provider::Upstash => include_str!("operations/upstash.tsv"),
    }
}

fn parse(line: &'static str) -> Option<Operation> {
    let mut cells = line.split('\t');
    let class = match cells.next()? {
        "read" => Class::Read,
        "write" => Class::Write,
        "secret" => Class::Secret,
        "runs-code" => Class::RunsCode,
        _ => return None,
    };
    let (method, template) = (cells.next()?, cells.next()?);
    Some(Operation { class, method, template, note: cells.next().unwrap_or_default() })
}

/// Whether the provider's table has the row `read`, `method`, `template`. Runs at compile time for every route.
pub(crate) const fn is_read(provider: Provider, method: &str, template: &str) -> bool {
    let table = table(provider).as_bytes();
    let mut at = 0;
    while at < table.len() {
        let line = at;
        let mut cell = take(table, at, b"read\t");
        cell = take(table, cell, method.as_bytes());
        cell = take(table, cell, b"\t");
        cell = take(table, cell, template.as_bytes());
        if ends(table, cell) {
            return true;
        }
        at = next_line(table, line);
    }
    false
}

/// Where `expected` ends if it stands at `at`; [`NOWHERE`] otherwise.
const fn take(table: &[u8], at: usize, expected: &[u8]) -> usize {
    if at == NOWHERE || at + expected.len() > table.len() {
        return NOWHERE;
    }
    let mut i = 0;
    while i < expected.len() {
        if byte(table, at + i) != byte(expected, i) {
            return NOWHERE;
        }
        i += 1;
    }
    at + expected.len()
}

const NOWHERE: usize = usize::MAX;

const fn ends(table: &[u8], at: usize) -> bool {
    at != NOWHERE && (at == table.len() || matches!(byte(table, at), b'\t' | b'\n'))
}

const fn next_line(table: &[u8], mut at: usize) -> usize {
    while at < table.len() && byte(table, at) != b'\n' {
        at += 1;
    }
    at + 1
}

#[expect(clippy::indexing_slicing, reason = "`get` is not const yet; every caller checks the bound")]
const fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes[at]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood() {
        for provider in Provider::ALL {
            let rows = table(provider).lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count();
            assert!(rows > 20 || !provider.speaks_http(), "{provider} has {rows} rows");
            assert_eq!(operations(provider).count(), rows, "{provider}");
        }
    }

    #[test]
    fn the_look_up_at_compile_time_agrees_with_the_parsed_table() {
        for provider in Provider::ALL {
            for op in operations(provider) {
                assert_eq!(is_read(provider, op.method, op.template), op.class == Class::Read, "{op:?}");
            }
            assert!(!is_read(provider, "GET", ""));
            assert!(!is_read(provider, "GET", "/"));
            assert!(!is_read(provider, "", ""));
        }
        assert!(!is_read(Provider::Stripe, "GET", "/v1/customer"), "a prefix is not the row");
        assert!(!is_read(Provider::Stripe, "GET", "/v1/customers/{id}/"), "a longer one neither");
    }
}
