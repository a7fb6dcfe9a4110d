//! Which events a question is about: the time, the projects, the environments.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::paging::{value, values};
use super::reply::Problem;
use crate::gate::Ask;
use crate::world::{ErrorEvent, Issue, World};

/// How far back a question goes that does not say.
const DAYS: i64 = 90;

/// What a question is limited to.
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// Slugs; empty: all.
    projects: Vec<&'static str>,
    /// Empty: all.
    environments: Vec<String>,
}

impl Window {
    pub(super) fn read(world: &World, ask: &Ask) -> Result<Window, Problem> {
        let (start, end) = times(world, ask)?;
        let environments = values(ask, "environment");
        let known = ["production", "staging"];
        if environments.iter().any(|name| !name.is_empty() && !known.contains(&name.as_str())) {
            return Err(Problem::missing());
        }
        Ok(Window { start, end, projects: projects(world, ask)?, environments })
    }

    /// Everything that ever was, of the asked environments: what an issue by its id is about.
    pub(super) fn lifetime(world: &World, ask: &Ask) -> Window {
        Window {
            start: Timestamp::UNIX_EPOCH,
            end: world.now,
            projects: Vec::new(),
            environments: values(ask, "environment"),
        }
    }

    pub(super) fn has_project(&self, project: &str) -> bool {
        self.projects.is_empty() || self.projects.contains(&project)
    }

    pub(super) fn has(&self, event: &ErrorEvent) -> bool {
        let environments = &self.environments;
        event.at >= self.start
            && event.at <= self.end
            && (environments.is_empty() || environments.iter().any(|name| name == event.environment))
    }

    /// An issue's events in it, newest first.
    pub(super) fn events<'a>(&self, issue: &'a Issue) -> impl Iterator<Item = &'a ErrorEvent> {
        issue.events.iter().filter(|event| self.has(event))
    }
}

/// `statsPeriod` wins over `start` and `end`.
fn times(world: &World, ask: &Ask) -> Result<(Timestamp, Timestamp), Problem> {
    if let Some(period) = value(ask, "statsPeriod").filter(|period| !period.is_empty()) {
        let length =
            duration(&period).ok_or_else(|| Problem::bad(format!("Invalid statsPeriod: '{period}'")))?;
        return Ok((world.now - length, world.now));
    }
    match (value(ask, "start"), value(ask, "end")) {
        (None, None) => Ok((world.now - SignedDuration::from_hours(24 * DAYS), world.now)),
        (Some(start), Some(end)) => {
            let read = |text: &str| {
                moment(text).ok_or_else(|| {
                    Problem::bad(format!("{text} is not a valid ISO8601 date query parameter"))
                })
            };
            let (start, end) = (read(&start)?, read(&end)?);
            if start >= end {
                return Err(Problem::bad("start must be before end"));
            }
            Ok((start, end))
        }
        _ => Err(Problem::bad("start and end are both required")),
    }
}

/// Ids or slugs; `-1` means all. An unknown one is one that the caller may not see.
fn projects(world: &World, ask: &Ask) -> Result<Vec<&'static str>, Problem> {
    let mut slugs = Vec::new();
    let asked = values(ask, "project").into_iter().chain(values(ask, "projectSlug"));
    for wanted in asked.filter(|wanted| !wanted.is_empty()) {
        if wanted == "-1" {
            return Ok(Vec::new());
        }
        let project = world.projects.iter().find(|project| project.id == wanted || project.slug == wanted);
        slugs.push(project.ok_or_else(Problem::forbidden)?.slug);
    }
    Ok(slugs)
}

/// `30m`, `24h`, `14d`, `2w`, `90s`; a bare number counts seconds.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let count: i64 = digits.parse().ok()?;
    let seconds = match text.get(digits.len()..)? {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    (0..=100_000_000).contains(&count).then(|| SignedDuration::from_secs(count.saturating_mul(seconds)))
}

/// A moment as Sentry takes it: with an offset, or without one in UTC, or a date alone.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let civil = |at: DateTime| at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    text.parse::<Timestamp>().ok().or_else(|| text.parse::<DateTime>().ok().and_then(civil)).or_else(|| {
        text.parse::<Date>().ok().and_then(|date| civil(date.to_datetime(jiff::civil::Time::midnight())))
    })
}
