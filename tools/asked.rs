//! What each source contributed to an answer, good or bad: nothing that is missing goes unsaid.

use crate::answer::Cut;
use crate::progress;
use futures_util::future::join_all;
use prodview_guard::{Failure, FailureKind};
use prodview_providers::{Able, Found, Moment, Stopped};
use serde::Serialize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one source contributed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceReport {
    /// Its name.
    pub source: String,
    /// Whether it answered.
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Rows seen.
    pub rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Of how many, when known.
    pub of: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The window covered, from and to.
    pub window: Option<(Moment, Moment)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Age in seconds of the oldest part, when it came from the cache.
    pub age_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// When to ask again, in seconds.
    pub retry_after_s: Option<u64>,
    /// What a reader must know about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whether a source answered. Ordered from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It answered all of it.
    Ok,
    /// It answered a part.
    Partial,
    /// Nobody configured it.
    NotConfigured,
    /// It did not accept the question.
    Refused,
    /// It asks to wait.
    Limited,
    /// It did not accept the key.
    Denied,
    /// It did not answer, or not in a way that could be understood.
    Unreachable,
}

impl SourceReport {
    fn new(source: &str) -> SourceReport {
        SourceReport {
            source: source.to_owned(),
            status: Status::Ok,
            rows: None,
            of: None,
            window: None,
            age_s: None,
            retry_after_s: None,
            notes: Vec::new(),
        }
    }

    /// One line for the text; none when there is nothing to remark.
    pub fn remark(&self) -> Option<String> {
        let mut parts = Vec::new();
        match self.status {
            Status::Ok => {}
            Status::Partial => parts.push("answered only in part".to_owned()),
            Status::NotConfigured => parts.push("is not configured".to_owned()),
            Status::Refused => parts.push("was not asked, or did not accept the question".to_owned()),
            Status::Limited => parts.push("asks to wait".to_owned()),
            Status::Denied => parts.push("did not accept the key".to_owned()),
            Status::Unreachable => parts.push("gave no answer, so what it knows is missing here".to_owned()),
        }
        if let Some(age) = self.age_s.filter(|age| *age > 0) {
            parts.push(format!("answered {age} s ago"));
        }
        parts.extend(self.notes.iter().cloned());
        (!parts.is_empty()).then(|| format!("{}: {}", self.source, parts.join("; ")))
    }
}

/// The reports of one call, one for each source, and the answers so far.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    reports: Vec<SourceReport>,
    failures: Vec<(String, Failure)>,
}

impl Asked {
    /// The reports, in the order in which the sources were first asked.
    pub fn reports(&self) -> &[SourceReport] {
        &self.reports
    }

    /// The failures.
    pub fn failures(&self) -> &[(String, Failure)] {
        &self.failures
    }

    /// Whether a source answered at least in part.
    pub fn answered(&self, source: &str) -> bool {
        self.reports.iter().any(|r| r.source == source && r.status <= Status::Partial)
    }

    /// Whether a source answered all that it was asked: only then may it be said that it does not have something.
    pub fn answered_all(&self, source: &str) -> bool {
        self.reports.iter().any(|r| r.source == source && r.status == Status::Ok)
    }

    /// Whether every source that was asked answered all of it.
    pub fn whole(&self) -> bool {
        self.reports.iter().all(|r| matches!(r.status, Status::Ok | Status::NotConfigured))
    }

    /// Says that a source did not tell all.
    pub(crate) fn only_in_part(&mut self, source: &str) {
        let report = self.report(source);
        report.status = report.status.max(Status::Partial);
    }

    /// Whether no source that was asked answered at all.
    pub fn in_vain(&self) -> bool {
        !self.reports.is_empty() && self.reports.iter().all(|r| r.status > Status::Partial)
    }

    /// Puts the reports of another part of the same call to these.
    pub(crate) fn merge(&mut self, other: Asked) {
        self.failures.extend(other.failures);
        for theirs in other.reports {
            let known = self.reports.iter().any(|r| r.source == theirs.source);
            let ours = self.report(&theirs.source);
            if !known {
                *ours = theirs;
                continue;
            }
            ours.status = together(ours.status, theirs.status);
            ours.rows = match (ours.rows, theirs.rows) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
            ours.of = None;
            ours.window = ours.window.or(theirs.window);
            ours.age_s = ours.age_s.max(theirs.age_s);
            ours.retry_after_s = ours.retry_after_s.max(theirs.retry_after_s);
            for note in theirs.notes {
                self.note(&theirs.source, note);
            }
        }
    }

    pub(crate) fn names(&self) -> String {
        if self.reports.is_empty() {
            return "no source".to_owned();
        }
        self.reports.iter().map(|r| r.source.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Says that something could be asked, if it were configured.
    pub(crate) fn not_configured(&mut self, what: &str, note: &str) {
        self.report(what).status = Status::NotConfigured;
        self.note(what, note);
    }

    /// Says something about a source.
    pub fn note(&mut self, source: &str, note: impl Into<String>) {
        let (note, report) = (note.into(), self.report(source));
        if !report.notes.contains(&note) {
            report.notes.push(note);
        }
    }

    fn report(&mut self, source: &str) -> &mut SourceReport {
        let at = match self.reports.iter().position(|r| r.source == source) {
            Some(at) => at,
            None => {
                self.reports.push(SourceReport::new(source));
                self.reports.len() - 1
            }
        };
        // The index was found or made just above.
        #[expect(clippy::indexing_slicing, reason = "found or pushed just above")]
        &mut self.reports[at]
    }

    /// Takes down what a source found.
    pub fn found<T>(&mut self, source: &str, found: &Found<T>) {
        let report = self.report(source);
        report.rows = Some(report.rows.unwrap_or(0) + u64::try_from(found.rows.len()).unwrap_or(u64::MAX));
        report.of = found.of.filter(|of| Some(*of) != report.rows);
        report.window = found.window.or(report.window);
        report.age_s = report.age_s.max(found.age.map(|a| a.as_secs()));
        // More pages behind a cursor are no lack: the question asked for one page, and `cut` has the cursor.
        if found.stopped.is_some() {
            report.status = report.status.max(Status::Partial);
        }
        for note in &found.notes {
            self.note(source, note.clone());
        }
        if let Some(Stopped::Failed(failure)) = &found.stopped {
            self.note(source, format!("stopped early: {failure}"));
        }
    }

    /// Takes down why a source has no answer. One that answered another question of this call is `partial`.
    pub fn failed(&mut self, source: &str, failure: Failure) {
        let asked_before = self.reports.iter().any(|r| r.source == source);
        let report = self.report(source);
        let status = match &failure.kind {
            // Not to have it is an answer.
            FailureKind::NotFound => Status::Ok,
            FailureKind::Denied => Status::Denied,
            FailureKind::Limited { .. } => Status::Limited,
            FailureKind::Invalid | FailureKind::Refused => Status::Refused,
            FailureKind::Timeout | FailureKind::Unreachable | FailureKind::Odd => Status::Unreachable,
        };
        report.status = if asked_before { together(report.status, status) } else { status };
        if let FailureKind::Limited { retry_after } = &failure.kind {
            report.retry_after_s = retry_after.map(|d| d.as_secs().max(1));
        }
        if !failure.is_not_found() {
            self.note(source, failure.to_string());
            self.failures.push((source.to_owned(), failure));
        } else {
            report.rows = Some(report.rows.unwrap_or(0));
            // Why it may not be there: it is of the other mode, or too old to be kept.
            if let Some(hint) = failure.hint {
                self.note(source, hint);
            }
        }
    }
}

/// The status of a source that was asked twice: one answer and one failure are a part.
fn together(a: Status, b: Status) -> Status {
    let mixed = (a <= Status::Partial) != (b <= Status::Partial);
    if mixed { Status::Partial } else { a.max(b) }
}

/// The cuts that a list leaves, if any.
pub(crate) fn cuts<T>(source: &str, found: &Found<T>, what: &str) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let rest = found.of.and_then(|of| of.checked_sub(u64::try_from(found.rows.len()).unwrap_or(u64::MAX)));
    if let Some(cursor) = &found.more {
        let what = match rest {
            Some(rest) if rest > 0 => format!("about {rest} more {what} of {source}"),
            _ => format!("more {what} of {source}"),
        };
        cuts.push(Cut { what, how: None, cursor: Some(cursor.clone()) });
    }
    if let Some(Stopped::Bound(bound)) = &found.stopped {
        cuts.push(Cut { what: format!("{what} of {source}: {bound}"), how: None, cursor: None });
    }
    cuts
}

/// Asks several sources the same at the same time and takes down what each contributed. One source's failure never
/// fails the call. A source whose key could write is not asked, where the configuration wants that.
pub async fn ask_all<'a, C, T, F>(
    asked: &mut Asked,
    sources: Vec<Able<'a, C>>,
    question: impl Fn(Able<'a, C>) -> F,
) -> Vec<(String, Found<T>)>
where
    C: ?Sized + 'a,
    F: Future<Output = Result<Found<T>, Failure>>,
{
    let question = &question;
    ask_unadmitted(asked, sources, |able| async move {
        able.source.admit().await?;
        question(able).await
    })
    .await
}

/// The same without looking at the key first: for the tool that tells about keys.
pub(crate) async fn ask_unadmitted<'a, C, T, F>(
    asked: &mut Asked,
    sources: Vec<Able<'a, C>>,
    question: impl Fn(Able<'a, C>) -> F,
) -> Vec<(String, Found<T>)>
where
    C: ?Sized + 'a,
    F: Future<Output = Result<Found<T>, Failure>>,
{
    let (total, done) = (sources.len(), AtomicUsize::new(0));
    progress::report(0, total, "asking");
    let done = &done;
    let answers = join_all(sources.into_iter().map(|able| {
        let source = able.source;
        let question = &question;
        async move {
            let answer = question(able).await;
            progress::report(done.fetch_add(1, Ordering::Relaxed) + 1, total, source.name());
            (source.name().to_owned(), answer)
        }
    }))
    .await;
    let mut found = Vec::new();
    for (source, answer) in answers {
        match answer {
            Ok(rows) => {
                asked.found(&source, &rows);
                found.push((source, rows));
            }
            Err(failure) => asked.failed(&source, failure),
        }
    }
    found
}
