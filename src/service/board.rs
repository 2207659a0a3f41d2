//! What the service is doing, for whoever looks: a seat per flow, kept current by the workers.

use super::late::{comparison_late_from, late_from, standing_from};
use super::systems::Systems;
use crate::db::DbErrorKind;
use crate::plan::schedule::{Schedule, When};
use crate::round::compared::Compared;
use crate::round::{Ended, FlowResult};
use crate::state::history::Outcome;
use crate::sync::report::FlowReport;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is known of one flow since the service started, or of one comparison.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Seat {
    pub flow: String,
    /// It compares both sides and writes nothing: `main/verify`, `main/reconcile`.
    pub comparison: bool,
    /// Its schedule, in words.
    pub runs: String,
    /// When it runs next by itself.
    pub next: Option<DateTime<Utc>>,
    pub paused: bool,
    /// Somebody has asked for it; it waits for its turn.
    pub queued: bool,
    pub running: Option<Running>,
    pub last: Option<Ran>,
    pub last_good: Option<DateTime<Utc>>,
    /// It has not run well for longer than its schedule allows; one that runs, and reads, is not late.
    pub late: bool,
    pub totals: Totals,
    /// A whole run is wanted, and has not begun.
    #[serde(skip)]
    pub(super) asked: bool,
    #[serde(skip)]
    pub(super) when: Option<When>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Running {
    pub since: DateTime<Utc>,
    /// Rows read so far, and records written.
    pub read: u64,
    pub written: u64,
    /// Rows of its last whole run.
    pub expected: Option<u64>,
    /// When it last showed life: it began, or came further.
    #[serde(skip)]
    moved: DateTime<Utc>,
}

/// A run that has ended.
#[derive(Debug, Clone, Serialize)]
pub struct Ran {
    pub ended: DateTime<Utc>,
    pub seconds: f64,
    /// `done`, `quarantined`, `failed`, `interrupted`; of a comparison `different` in the place of `quarantined`.
    pub outcome: &'static str,
    pub read: u64,
    /// Records or figures.
    pub written: u64,
    /// Of a comparison: what differs.
    pub quarantined: u64,
    pub error: Option<String>,
    /// See [`FlowError::kind`](crate::round::FlowError::kind).
    #[serde(skip)]
    pub error_kind: Option<&'static str>,
    /// See [`FlowResult::unaccounted`].
    #[serde(skip)]
    pub unaccounted: u64,
}

/// Sums since the service started.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    pub done: u64,
    pub quarantined_runs: u64,
    pub failed: u64,
    pub interrupted: u64,
    pub read: u64,
    pub written: u64,
    pub quarantined: u64,
    pub seconds: f64,
    /// Failed runs by the kind of their error.
    #[serde(skip)]
    pub errors: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
pub struct Board {
    seats: Mutex<BTreeMap<String, Seat>>,
    pub systems: Systems,
    schedule: Schedule,
    began: DateTime<Utc>,
}

impl Seat {
    /// The project itself pauses it: nobody resumes it from outside.
    pub fn is_paused_by_project(&self) -> bool {
        matches!(self.when, Some(When::Paused))
    }
}

impl Board {
    pub fn new(schedule: Schedule) -> Board {
        Board {
            seats: Mutex::default(),
            systems: Systems::default(),
            schedule,
            began: Utc::now(),
        }
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<String, Seat>> {
        // A panic while a seat was written leaves a seat, if an old one.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with(&self, flow: &str, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.seats().get_mut(flow) {
            change(seat);
        }
    }

    /// Every flow as it is now.
    pub fn look(&self, now: DateTime<Utc>) -> Vec<Seat> {
        let seats = self.seats().clone();
        let late = |seat: &Seat| self.is_late(seat, &seats, now);
        let seen = |seat: &Seat| Seat {
            late: late(seat),
            ..seat.clone()
        };
        seats.values().map(seen).collect()
    }

    fn is_late(&self, seat: &Seat, seats: &BTreeMap<String, Seat>, now: DateTime<Utc>) -> bool {
        let Some(good) = seat.last_good else {
            return false;
        };
        // A flow that runs after another one has its schedule, and is not to be had while that one is paused.
        let mut at = Some(seat);
        // Flows that wait for each other are a mistake in the project: each is met once.
        for _ in 0..=seats.len() {
            let Some(before) = at.filter(|before| !before.paused) else {
                return false;
            };
            let late_from = match &before.when {
                Some(When::After(flow)) => {
                    at = seats.get(flow);
                    continue;
                }
                Some(when) if seat.comparison => {
                    comparison_late_from(when, &self.schedule, good, self.began)
                }
                Some(when) => late_from(when, &self.schedule, good),
                None => None,
            };
            let late_from = match &seat.running {
                Some(running) => {
                    late_from.and_then(|from| standing_from(from, running.moved, seat.comparison))
                }
                None => late_from,
            };
            return late_from.is_some_and(|from| now > from);
        }
        false
    }

    /// `comparison`: whether it is one, and no flow.
    pub(super) fn seat(
        &self,
        flow: &str,
        comparison: bool,
        when: &When,
        last_good: Option<DateTime<Utc>>,
        paused: bool,
    ) {
        let seat = Seat {
            flow: flow.to_owned(),
            comparison,
            runs: when.to_string(),
            // One that has never run has the time that its schedule allows from now on.
            last_good: last_good.or(Some(Utc::now())),
            paused,
            when: Some(when.clone()),
            ..Seat::default()
        };
        self.seats().insert(flow.to_owned(), seat);
    }

    /// Of one flow, if there is such a one.
    pub(super) fn of<T>(&self, flow: &str, what: impl FnOnce(&Seat) -> T) -> Option<T> {
        self.seats().get(flow).map(what)
    }

    pub(super) fn pause(&self, flow: &str, paused: bool) {
        self.with(flow, |seat| seat.paused = paused);
    }

    pub(super) fn queue(&self, flow: &str, queued: bool) {
        self.with(flow, |seat| seat.queued = queued || seat.asked);
    }

    /// Has `ask` done unless it was before, and the run has not begun: however often a run is asked for, it is one.
    pub(super) fn once<E>(&self, flow: &str, ask: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        // Held all the while: the run cannot begin before it is noted that it is asked for.
        let mut seats = self.seats();
        let seat = seats.get_mut(flow);
        if seat.as_ref().is_some_and(|seat| seat.asked) {
            return Ok(());
        }
        ask()?;
        if let Some(seat) = seat {
            (seat.asked, seat.queued) = (true, true);
        }
        Ok(())
    }

    /// A whole run begins: whoever asks from now on asks for another one.
    pub(super) fn begins(&self, flow: &str) {
        self.with(flow, |seat| (seat.asked, seat.queued) = (false, false));
    }

    pub(super) fn next(&self, flow: &str, next: Option<DateTime<Utc>>) {
        self.with(flow, |seat| seat.next = next);
    }

    pub(super) fn started(&self, flow: &str, expected: Option<u64>) {
        let now = Utc::now();
        let running = Running {
            since: now,
            read: 0,
            written: 0,
            expected,
            moved: now,
        };
        self.with(flow, |seat| seat.running = Some(running));
    }

    pub(super) fn progress(&self, report: &FlowReport) {
        self.with(&report.flow, |seat| {
            if let Some(running) = &mut seat.running {
                running.read = report.counts.read;
                running.written = report.counts.written();
                running.moved = Utc::now();
            }
        });
    }

    /// A comparison has come further.
    pub(super) fn moved(&self, comparison: &str) {
        self.with(comparison, |seat| {
            if let Some(running) = &mut seat.running {
                running.moved = Utc::now();
            }
        });
    }

    pub(super) fn ended(&self, result: &FlowResult) {
        if let Some(ran) = Ran::of(result) {
            self.sit_down(&result.flow, ran);
        }
    }

    /// A comparison has ended that took so long.
    pub(super) fn compared(&self, compared: &Compared, took: Duration) {
        self.sit_down(&compared.name, Ran::of_comparison(compared, took));
    }

    /// It does not run any more, and nothing is to be told of it.
    pub(super) fn left(&self, flow: &str) {
        self.with(flow, |seat| seat.running = None);
    }

    fn sit_down(&self, flow: &str, ran: Ran) {
        self.with(flow, |seat| {
            seat.running = None;
            let totals = &mut seat.totals;
            match ran.outcome {
                "done" => totals.done += 1,
                "quarantined" | "different" => totals.quarantined_runs += 1,
                "failed" => totals.failed += 1,
                _ => totals.interrupted += 1,
            }
            totals.read += ran.read;
            totals.written += ran.written;
            totals.quarantined += ran.quarantined;
            totals.seconds += ran.seconds;
            if let Some(kind) = ran.error_kind {
                *totals.errors.entry(kind).or_default() += 1;
            }
            if ran.is_good() {
                seat.last_good = Some(ran.ended);
            }
            seat.last = Some(ran);
        });
    }
}

impl Ran {
    /// It failed, and not only since another process works on the pair.
    pub(super) fn is_failure(&self) -> bool {
        self.outcome == "failed" && self.error_kind != Some(DbErrorKind::LeaseHeld.name())
    }

    /// It went through everything.
    pub(super) fn is_good(&self) -> bool {
        matches!(self.outcome, "done" | "quarantined" | "different")
    }

    fn of_comparison(compared: &Compared, took: Duration) -> Ran {
        Ran {
            ended: Utc::now(),
            seconds: took.as_secs_f64(),
            outcome: match compared.outcome {
                Outcome::Quarantined => "different",
                outcome => outcome.name(),
            },
            read: compared.read,
            written: 0,
            quarantined: compared.findings.total,
            error: compared.error.clone(),
            error_kind: compared.error_kind,
            unaccounted: 0,
        }
    }

    /// `None` for a flow that was not run.
    pub(super) fn of(result: &FlowResult) -> Option<Ran> {
        let mut ran = Ran {
            ended: Utc::now(),
            seconds: result.took.as_secs_f64(),
            outcome: "done",
            read: 0,
            written: 0,
            quarantined: 0,
            error: None,
            error_kind: None,
            unaccounted: result.unaccounted(),
        };
        match &result.ended {
            Ended::Flow(report) => {
                let counts = &report.counts;
                ran.read = counts.read;
                ran.written = counts.written();
                ran.quarantined = counts.rejected + counts.ambiguous + counts.removed;
                if !report.is_clean() {
                    ran.outcome = "quarantined";
                }
            }
            Ended::Stock(report) => {
                ran.read = report.articles;
                ran.written = report.changed;
                ran.quarantined = crate::round::stock_findings(report).total;
                if !report.is_clean() {
                    ran.outcome = "quarantined";
                }
            }
            Ended::Failed(error) => {
                ran.outcome = "failed";
                ran.error = Some(error.to_string());
                ran.error_kind = Some(error.kind());
            }
            Ended::Interrupted => ran.outcome = "interrupted",
            Ended::Skipped(_) => return None,
        }
        Some(ran)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round::RoundReport;
    use std::str::FromStr;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn late(board: &Board, now: &str) -> Vec<String> {
        let seats = board.look(at(now));
        let late = seats.into_iter().filter(|seat| seat.late);
        late.map(|seat| seat.flow).collect()
    }

    const QUARTER: When = When::Every(Duration::from_secs(900));

    #[test]
    fn a_flow_is_late_when_its_schedule_was_missed_three_times() {
        let board = Board::new(Schedule::default());
        let good = Some(at("2026-11-26T10:00:00Z"));
        board.seat("main/stock", false, &QUARTER, good, false);
        board.seat("main/article", false, &When::Demand, good, false);
        assert_eq!(late(&board, "2026-11-26T10:55:00Z"), [""; 0]);
        assert_eq!(late(&board, "2026-11-26T10:55:01Z"), ["main/stock"]);
        board.pause("main/stock", true);
        assert_eq!(late(&board, "2026-11-26T12:00:00Z"), [""; 0]);
    }

    #[test]
    fn what_runs_by_the_clock_is_late_when_its_time_has_passed() {
        let board = Board::new(Schedule::default());
        let good = Some(at("2026-11-26T06:30:05Z"));
        let early = When::Cron(Box::new(croner::Cron::from_str("30 6 * * *").unwrap()));
        board.seat("main/price", false, &early, good, false);
        assert_eq!(late(&board, "2026-11-27T06:40:00Z"), [""; 0]);
        assert_eq!(late(&board, "2026-11-27T06:40:01Z"), ["main/price"]);
    }

    #[test]
    fn a_run_that_stands_still_is_late_as_a_missed_one_is() {
        let board = Board::new(Schedule::default());
        let good = Some(Utc::now() - chrono::TimeDelta::days(2));
        let nightly = When::Cron(Box::new(croner::Cron::from_str("0 3 * * *").unwrap()));
        board.seat("main/price", false, &nightly, good, false);
        board.seat("main/stock", false, &QUARTER, None, false);
        board.seat("main/verify", true, &nightly, good, false);
        let late = |minutes| {
            let at = Utc::now() + chrono::TimeDelta::minutes(minutes);
            late(&board, &at.to_rfc3339())
        };
        assert_eq!(late(0), ["main/price"]);
        for name in ["main/price", "main/stock", "main/verify"] {
            board.started(name, None);
        }
        assert_eq!(late(9), [""; 0], "they run");
        assert_eq!(late(11), ["main/price"]);
        assert_eq!(late(56), ["main/price", "main/stock"]);
        assert_eq!(late(61), ["main/price", "main/stock", "main/verify"]);
        // What goes on is not late, however long it takes.
        let began = chrono::TimeDelta::hours(5);
        for seat in board.seats().values_mut() {
            let running = seat.running.as_mut().unwrap();
            (running.since, running.moved) = (running.since - began, running.since - began);
        }
        assert_eq!(late(8), ["main/price"]);
        let report = FlowReport {
            flow: "main/price".to_owned(),
            ..FlowReport::default()
        };
        board.progress(&report);
        assert_eq!(late(8), [""; 0]);
    }

    #[test]
    fn what_runs_after_another_flow_is_late_by_that_ones_schedule() {
        let board = Board::new(Schedule::default());
        let good = Some(at("2026-11-26T10:00:00Z"));
        let after = |flow: &str| When::After(flow.to_owned());
        let later = Some(at("2026-11-26T10:50:00Z"));
        board.seat("main/article", false, &QUARTER, later, false);
        board.seat("main/price", false, &after("main/article"), later, false);
        board.seat("main/image", false, &after("main/price"), good, false);
        assert_eq!(late(&board, "2026-11-26T10:55:00Z"), [""; 0]);
        assert_eq!(late(&board, "2026-11-26T10:55:01Z"), ["main/image"]);
        board.pause("main/article", true);
        assert_eq!(late(&board, "2026-11-26T10:55:01Z"), [""; 0]);
    }

    #[test]
    fn a_comparison_that_fails_or_does_not_run_is_seen() {
        let board = Board::new(Schedule::default());
        let nightly = When::Cron(Box::new(croner::Cron::from_str("0 3 * * *").unwrap()));
        board.seat("main/verify", true, &nightly, None, false);
        let now = Utc::now();
        let late = |days| {
            let seats = board.look(now + chrono::TimeDelta::days(days));
            seats[0].late
        };
        assert!(!late(0), "it has never been due");
        assert!(late(2));
        let error = FlowResult {
            flow: "main/price".to_owned(),
            took: Duration::ZERO,
            ended: Ended::Failed(crate::db::DbError::new(DbErrorKind::Unreachable, "gone").into()),
        };
        let report = RoundReport {
            results: vec![error],
            ..RoundReport::default()
        };
        let failed = Compared::of_flows("main/verify".to_owned(), &report);
        board.compared(&failed, Duration::from_secs(3));
        let seat = board.look(now).remove(0);
        let last = seat.last.unwrap();
        assert!(last.is_failure());
        assert_eq!(last.error.as_deref(), Some("main/price: gone"));
        assert!(seat.last_good.unwrap() < last.ended, "that was no good run");
    }
}
