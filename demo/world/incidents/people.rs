//! Errors that are about the person: an account that locked itself, a plan that one line of code forgot.

use serde_json::json;

use super::{Incident, IncidentKind};
use crate::world::Person;
use crate::world::app::FunctionKind;
use crate::world::making::{DAY, HOUR, Making, moment, text};
use crate::world::setup::Item;
use crate::world::signals::{QUOTE_FRAMES, Report, SIGN_IN_FRAMES};

/// How many others have the old plan.
const LEGACY: usize = 4;

impl Making {
    /// Six wrong passwords, then the lock, then the person tries on.
    pub(super) fn locked_account(&mut self, person: &Person) {
        let at = self.hours_ago(1, 7);
        let user = person.user().to_owned();
        // They bought a pass, so being kept out costs them something.
        let bought = self.hours_ago(48, 9 * 24);
        self.buy(person, Item::Pass, bought);
        // The last time that they got in was days before.
        if let Some(trail) = self.world.tables.get_mut("auditLog") {
            trail
                .rows
                .retain(|row| text(row, "userId") != user || text(row, "action") != "sign_in.succeeded");
        }
        self.audit(at - 3 * DAY, &user, "sign_in.succeeded", None);
        for attempt in 0..6 {
            self.audit(at - (6 - attempt) * 20, &user, "sign_in.failed", Some("wrong password"));
        }
        self.audit(at, &user, "account.locked", Some("6 failed sign-ins"));
        self.patch(
            "users",
            &user,
            json!({
                "status": "locked", "failedSignIns": 6, "lockedUntil": (at + DAY) * 1000,
                "lastSignInAt": (at - 3 * DAY) * 1000,
            }),
        );
        let issue = self.issue(Report {
            project: "web",
            raised: &[("AccountLockedError", "too many failed sign-ins")],
            culprit: "app/sign-in in signIn",
            frames: SIGN_IN_FRAMES,
            handled: true,
            level: "warning",
        });
        let mut last = String::new();
        for minutes in [0, 2, 5, 31] {
            let tried = at + minutes * 60;
            last = self.happened(issue, tried, Some(person), None);
            self.tell(
                issue,
                &[("lockedUntil", json!(moment(at + DAY).to_string()))],
                &[("reason", "locked")],
            );
            self.run(
                tried,
                ("users:byEmail", FunctionKind::Query),
                None,
                &[("WARN", "sign-in refused: locked")],
            );
        }
        self.world.incidents.push(Incident {
            title: "Account locked".into(),
            question: format!(
                "I cannot sign in any more, it says to try later, and my session is today. — {}",
                person.name
            ),
            issue_short_id: self.short_id(issue),
            error_event_id: Some(last),
            rows: vec![("users", user)],
            ..Incident::new(IncidentKind::LockedAccount, person, at)
        });
    }

    /// The latest release asks when a plan renews; the old plan never does.
    pub(super) fn intermittent_state(&mut self, person: &Person, others: &mut [Person]) {
        let issue = self.issue(Report {
            project: "web",
            raised: &[("TypeError", "Cannot read properties of null (reading 'renewsOn')")],
            culprit: "app/book in quote",
            frames: QUOTE_FRAMES,
            handled: false,
            level: "error",
        });
        let out = self.world.releases.iter().filter(|release| release.project == "web");
        let out = out
            .filter_map(|release| release.deployed)
            .max()
            .map_or(self.now - 3 * HOUR, |out| out.as_second());
        let mut affected = vec![person.clone()];
        for other in others.iter_mut().take(LEGACY) {
            other.plan = "legacy";
            affected.push(other.clone());
        }
        let mut last = String::new();
        for one in &affected {
            self.patch("users", one.user(), json!({ "plan": "legacy" }));
            if let Some(known) = self.world.people.iter_mut().find(|p| p.user_id == one.user_id) {
                known.plan = "legacy";
            }
            for _ in 0..self.dice.between(2, 4) {
                let at = self.dice.between(out + 60, self.now - 60);
                let event = self.happened(issue, at, Some(one), None);
                if one.user_id == person.user_id {
                    last = event;
                }
                self.tell(issue, &[("plan", json!("legacy"))], &[("plan", "legacy")]);
                let error = "Uncaught TypeError: Cannot read properties of null (reading 'renewsOn')\n    \
                             at quote (../convex/bookings.ts:57:21)\n";
                self.run(
                    at,
                    ("bookings:quote", FunctionKind::Mutation),
                    Some(error.into()),
                    &[("LOG", "plan legacy")],
                );
            }
        }
        self.world.incidents.push(Incident {
            title: "Booking fails for one plan only".into(),
            question: format!(
                "Booking a session sometimes just breaks for me; a friend sees no problem. — {}",
                person.name
            ),
            issue_short_id: self.short_id(issue),
            error_event_id: Some(last),
            rows: affected.iter().map(|one| ("users", one.user().to_owned())).collect(),
            ..Incident::new(IncidentKind::IntermittentState, person, out + 60)
        });
    }

    /// The short id of an issue, by its place.
    pub(super) fn short_id(&self, issue: usize) -> Option<String> {
        self.world.issues.get(issue).map(|issue| issue.short_id.clone())
    }

    /// The id of the one row of a table in which a field has this value.
    pub(in crate::world) fn row_where(&self, table: &str, field: &str, value: &str) -> Option<String> {
        self.world.rows(table).iter().find(|row| text(row, field) == value).map(|row| text(row, "_id"))
    }
}
