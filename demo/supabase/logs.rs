//! The logs: a few lines a person, asked for in the fixed form of SQL for ClickHouse.

use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::answer::{self, Said};
use super::people;
use crate::world::{Dice, World};

struct Line {
    at: Timestamp,
    source: &'static str,
    level: &'static str,
    text: String,
}

/// `GET …/analytics/endpoints/logs?sql=…&iso_timestamp_start=…&iso_timestamp_end=…`. `renamed`: the column is called
/// `source_name`. Errors come with 200.
pub(super) fn logs(world: &World, pairs: &[(String, String)], renamed: bool) -> Said {
    let one = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let sql = one("sql").unwrap_or_default();
    let time = |key: &str| one(key).and_then(|text| text.parse::<Timestamp>().ok());
    // Given neither, it tells of the last minute.
    let until = time("iso_timestamp_end").unwrap_or(world.now);
    let since = time("iso_timestamp_start").unwrap_or_else(|| earlier(until, 60));
    if until.duration_since(since).as_secs() > 24 * 60 * 60 + 60 {
        return wrong("The timestamp range must be no more than 24 hours.");
    }
    let column = if renamed { "source_name" } else { "source" };
    let other = if renamed { "where source =" } else { "where source_name =" };
    if sql.contains(other) {
        return wrong(&format!(
            "Code: 47. DB::Exception: Unknown expression identifier `{}`",
            other.trim_end_matches(" =").trim_start_matches("where ")
        ));
    }
    let quoted = |before: &str| sql.split_once(before).and_then(|(_, rest)| rest.split('\'').next());
    let Some(source) = quoted(&format!("where {column} = '")) else {
        return wrong("Code: 62. DB::Exception: Syntax error");
    };
    let pattern = quoted("ilike '%").map(|pattern| pattern.trim_end_matches('%').to_lowercase());
    let limit = sql.rsplit_once("limit ").and_then(|(_, n)| n.trim().parse::<usize>().ok()).unwrap_or(100);
    let mut lines: Vec<Line> = all(world)
        .into_iter()
        .filter(|line| line.source == source && line.at >= since && line.at <= until)
        .filter(|line| pattern.as_deref().is_none_or(|pattern| like(&line.text.to_lowercase(), pattern)))
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    let told = |line: &Line| {
        let at = line.at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
        json!({ "timestamp": at, "event_message": line.text, "severity_text": line.level })
    };
    let rows: Vec<Value> = lines.iter().take(limit).map(told).collect();
    answer::json(&json!({ "result": rows, "error": null }))
}

fn wrong(message: &str) -> Said {
    answer::json(
        &json!({ "result": [], "error": { "code": 400, "errors": [], "message": message, "status": "INVALID_ARGUMENT" } }),
    )
}

/// Whether a text holds the pattern, in which `_` stands for any character.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    pattern.is_empty()
        || text.windows(pattern.len()).any(|part| part.iter().zip(&pattern).all(|(c, p)| *p == '_' || c == p))
}

fn all(world: &World) -> Vec<Line> {
    let mut lines = Vec::new();
    for (n, user) in people::all(world).enumerate() {
        let text = |key: &str| user.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut dice = Dice::new(world.seed, &format!("logs of {}", text("id")));
        let at = earlier(world.now, dice.between(60, 23 * 60 * 60));
        let mut line = |source, level, text| lines.push(Line { at, source, level, text });
        let banned = user.get("banned_until").is_some_and(Value::is_string);
        let status = if banned { 400 } else { 200 };
        line(
            "edge_logs",
            "info",
            format!("POST | {status} | {} | /auth/v1/token?grant_type=password", dice.ip()),
        );
        if banned {
            line("auth_logs", "error", format!("400: User is banned: {}", text("email")));
        } else {
            line("auth_logs", "info", format!("Login: {}", text("email")));
        }
        if n % 7 == 0 {
            line(
                "postgres_logs",
                "log",
                "connection authorized: user=authenticator database=postgres".to_owned(),
            );
            line("function_edge_logs", "info", "POST | 200 | /functions/v1/send-invite".to_owned());
            line("function_logs", "info", "invite sent".to_owned());
        }
    }
    lines
}

fn earlier(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_sub(Span::new().seconds(seconds)).unwrap_or(at)
}
