//! SQL over Supabase's read-only endpoint: a checked statement, in one request that could not write.
//!
//! `POST /v1/projects/{ref}/database/query/read-only` runs one text as `supabase_read_only_user` and answers 201 with
//! the rows, all of them, or 400 with PostgreSQL's error in a sentence. There is no cursor, so the bounds that
//! [`Database`](crate::Database) keeps by one are written around the statement; and no cancelling: a statement that is
//! not waited for any longer ends at the server's own limit. Source: supabase/cli, `V1ReadOnlyQueryBody`.

use crate::database::parameter::Parameter;
use crate::database::transaction::{Came, MAX_BYTES, explained, in_json};
use crate::database::{cells, refusal, role};
use crate::{Ask, Failure, FailureKind, Refused, Role, Rows, Segment, Statement, Wire, WireSettings};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;

/// One project's database behind the endpoint. It can be asked; there is nothing else to do with it.
///
/// No text goes out that was not parsed and checked:
/// ```compile_fail
/// async fn act(db: &prodview_guard::SupabaseSql) { let _ = db.read("delete from users", &[], (0, 10)).await; }
/// ```
/// ```
/// async fn act(db: &prodview_guard::SupabaseSql, statement: &prodview_guard::Statement) {
///     let _ = db.read(statement, &[], (0, 10)).await;
/// }
/// ```
pub struct SupabaseSql {
    wire: Wire,
    project: Segment,
    role: OnceCell<Role>,
}

impl SupabaseSql {
    /// Checks the settings; opens no connection. The wire is its own: the endpoint's limit of requests is.
    pub fn new(mut settings: WireSettings, project: Segment) -> Result<SupabaseSql, Refused> {
        // An error of SQL: it is read here, beside the statement whose names may be repeated.
        settings.also_ok = &[400];
        Ok(SupabaseSql { wire: Wire::new(settings)?, project, role: OnceCell::new() })
    }

    /// The role that the endpoint uses. Asked once.
    pub async fn role(&self) -> Result<&Role, Failure> {
        self.role.get_or_try_init(|| self.look()).await
    }

    /// The rows of a statement after the first `part.0`, at most `part.1`. `params` are its values by position, as
    /// [`Statement::bind`] gives them.
    pub async fn read(
        &self,
        statement: &Statement,
        params: &[Value],
        part: (usize, usize),
    ) -> Result<Rows, Failure> {
        self.role().await?.admits(statement)?;
        let (_, limit) = part;
        let Came { rows, more, too_large } = if statement.explains() {
            plan(&self.ask(&explained(statement.text()), params, statement.text()).await?, limit)?
        } else {
            page(&self.ask(&bounded(statement.text(), part), params, statement.text()).await?, limit)?
        };
        Ok(Rows { rows, more, too_large })
    }

    async fn look(&self) -> Result<Role, Failure> {
        let came = page(&self.ask(&bounded(role::LOOK, (0, 1)), &role::params(false), "").await?, 1)?;
        role::seen(came).map_err(|broken| refusal::failure(&broken, ""))
    }

    /// `asked` is what the asker wrote of `text`.
    async fn ask(&self, text: &str, params: &[Value], asked: &str) -> Result<Box<RawValue>, Failure> {
        let params: Vec<Option<String>> = params.iter().map(|value| Parameter::of(value).into()).collect();
        let ask = Ask::supabase_sql(self.project.clone(), text, &params);
        let said: Box<RawValue> = self.wire.read(ask).await?.body;
        if said.get().starts_with('[') { Ok(said) } else { Err(refused(&said, asked)) }
    }
}

/// The part of the rows that is wanted and one more, each in JSON, while they are within the bytes of an answer; and how
/// many there were before that last bound.
fn bounded(sql: &str, part: (usize, usize)) -> String {
    let (skip, limit) = part;
    let wanted = format!(
        "SELECT * FROM (\n{sql}\n) AS prodview_asked LIMIT {} OFFSET {skip}",
        limit.saturating_add(1)
    );
    format!(
        "SELECT json, held FROM (SELECT json, count(*) OVER () AS held, \
         sum(octet_length(json)) OVER (ROWS UNBOUNDED PRECEDING) - octet_length(json) AS before \
         FROM ({}) AS prodview_json) AS prodview_part WHERE before <= {MAX_BYTES}",
        in_json(&wanted)
    )
}

#[derive(Deserialize)]
struct Line {
    json: String,
    /// A number, or a text where numbers of 64 bits are written so.
    held: Value,
}

fn page(said: &RawValue, limit: usize) -> Result<Came, Failure> {
    let mut lines: Vec<Line> =
        serde_json::from_str(said.get()).map_err(|e| Failure::odd(format!("rows of SQL: {e}")))?;
    let held = lines.first().and_then(|line| number(&line.held)).unwrap_or(lines.len());
    let (more, too_large) = (held > limit, lines.len() < held.min(limit));
    lines.truncate(limit);
    let row = |line: &Line| cells::row(&line.json);
    let rows = lines.iter().map(row).collect::<Result<_, _>>();
    let rows = rows.map_err(|e| Failure::odd(format!("a row is no JSON object: {e}")))?;
    Ok(Came { rows, more: more || too_large, too_large })
}

fn number(value: &Value) -> Option<usize> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).and_then(|n| usize::try_from(n).ok())
}

/// The lines of a plan, each in the one column that an EXPLAIN has.
fn plan(said: &RawValue, limit: usize) -> Result<Came, Failure> {
    let lines: Vec<Map<String, Value>> =
        serde_json::from_str(said.get()).map_err(|e| Failure::odd(format!("lines of a plan: {e}")))?;
    let more = lines.len() > limit;
    let text = |line: Map<String, Value>| match line.into_iter().next() {
        Some((_, Value::String(text))) => text,
        Some((_, other)) => other.to_string(),
        None => String::new(),
    };
    let told = |line| Map::from_iter([("plan".to_owned(), Value::String(text(line)))]);
    Ok(Came { rows: lines.into_iter().take(limit).map(told).collect(), more, too_large: false })
}

/// `{"message": "Failed to run sql query: ERROR:  42P01: relation \"x\" does not exist …"}`, in our words.
fn refused(said: &RawValue, asked: &str) -> Failure {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    let Ok(Said { message }) = serde_json::from_str(said.get()) else {
        return Failure::odd("neither rows nor an error");
    };
    let Some((code, message)) = sql_state(&message) else {
        return Failure::new(FailureKind::Invalid, "an error of SQL without its code")
            .hint("the endpoint did not accept the statement");
    };
    let failure = refusal::of_the_server(&SqlState::from_code(code), message, asked);
    match failure.hint.clone() {
        Some(hint) if code == "42P01" => failure.hint(format!(
            "{hint}; the endpoint wants names with their schema: `public.orders`, `auth.users`"
        )),
        _ => failure,
    }
}

/// The five letters and digits behind `ERROR:`, and what follows them on the same line.
fn sql_state(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("ERROR:")?;
    let (code, rest) = rest.trim_start().split_once(':')?;
    let looks_right = code.len() == 5 && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    looks_right.then(|| (code, rest.lines().next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn an_error_is_told_by_its_code_and_never_repeated() {
        let failure = refused(
            &raw(
                r#"{"message":"Failed to run sql query: ERROR:  42P01: relation \"orders\" does not exist\nLINE 1: secret"}"#,
            ),
            "SELECT * FROM orders",
        );
        assert_eq!(failure.kind, FailureKind::Invalid);
        let hint = failure.hint.unwrap();
        assert!(hint.contains("no table `orders`") && hint.contains("public.orders"), "{hint}");
        for odd in [
            r#"{"message":"Failed to run sql query: ERROR: secret"}"#,
            r#"{"message":"secret"}"#,
            r#"{"error":1}"#,
        ] {
            let failure = refused(&raw(odd), "SELECT 1");
            assert!(!failure.to_string().contains("secret") && !failure.cause().contains("secret"));
        }
    }

    #[test]
    fn a_page_says_whether_there_is_more() {
        let line = |n: usize, held: &str| format!(r#"{{"json":"{{\"n\":{n}}}","held":{held}}}"#);
        let whole = page(&raw(&format!("[{}]", line(1, "1"))), 2).unwrap();
        assert_eq!((whole.rows.len(), whole.more, whole.too_large), (1, false, false));
        let more = page(&raw(&format!("[{},{}]", line(1, "\"2\""), line(2, "\"2\""))), 1).unwrap();
        assert_eq!((more.rows.len(), more.more, more.too_large), (1, true, false));
        let large = page(&raw(&format!("[{}]", line(1, "3"))), 3).unwrap();
        assert_eq!((large.rows.len(), large.more, large.too_large), (1, true, true));
        assert!(page(&raw("[{}]"), 1).is_err());
    }

    #[test]
    fn the_lines_of_a_plan_are_told() {
        let came = plan(&raw(r#"[{"QUERY PLAN":"Seq Scan"},{"QUERY PLAN":[{"Plan":{}}]}]"#), 2).unwrap();
        assert_eq!(came.rows[0]["plan"], "Seq Scan");
        assert_eq!(came.rows[1]["plan"], r#"[{"Plan":{}}]"#);
    }
}
