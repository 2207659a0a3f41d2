//! What the service is doing, for whoever looks: a seat per flow, kept current by the workers.

use super::systems::Systems;
use crate::db::DbErrorKind;
use crate::plan::schedule::When;
use crate::round::{Ended, FlowResult};
use crate::sync::report::FlowReport;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A flow that ought to have run well three times since it last did is late, but for runs that take their time.
const LATE_INTERVALS: u32 = 3;
const LATE_GRACE: Duration = Duration::from_secs(10 * 60);

/// What is known of one flow since the service started.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Seat {
    pub flow: String,
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
    /// It has not run well for longer than its schedule allows.
    pub late: bool,
    pub totals: Totals,
    /// A whole run is wanted, and has not begun.
    #[serde(skip)]
    pub(super) asked: bool,
    #[serde(skip)]
    pub(super) every: Option<Duration>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Running {
    pub since: DateTime<Utc>,
    /// Rows read so far.
    pub read: u64,
    /// Rows of its last whole run.
    pub expected: Option<u64>,
}

/// A run that has ended.
#[derive(Debug, Clone, Serialize)]
pub struct Ran {
    pub ended: DateTime<Utc>,
    pub seconds: f64,
    /// `done`, `quarantined`, `failed`, `interrupted`.
    pub outcome: &'static str,
    pub read: u64,
    /// Records or figures.
    pub written: u64,
    pub quarantined: u64,
    pub error: Option<String>,
    /// See [`FlowError::kind`](crate::round::FlowError::kind).
    #[serde(skip)]
    pub error_kind: Option<&'static str>,
    /// Records found beyond those of which it is known what became of them: 0, unless ponte has a defect.
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

#[derive(Debug, Default)]
pub struct Board {
    seats: Mutex<BTreeMap<String, Seat>>,
    pub systems: Systems,
}

impl Board {
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
        let mut seats: Vec<Seat> = self.seats().values().cloned().collect();
        for seat in &mut seats {
            seat.late = seat.is_late(now);
        }
        seats
    }

    pub(super) fn seat(
        &self,
        flow: &str,
        when: &When,
        last_good: Option<DateTime<Utc>>,
        paused: bool,
    ) {
        let seat = Seat {
            flow: flow.to_owned(),
            runs: when.to_string(),
            // One that has never run has the time that its schedule allows from now on.
            last_good: last_good.or(Some(Utc::now())),
            paused,
            every: match when {
                When::Every(every) => Some(*every),
                _ => None,
            },
            ..Seat::default()
        };
        self.seats().insert(flow.to_owned(), seat);
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
        let running = Running {
            since: Utc::now(),
            read: 0,
            expected,
        };
        self.with(flow, |seat| seat.running = Some(running));
    }

    pub(super) fn progress(&self, report: &FlowReport) {
        self.with(&report.flow, |seat| {
            if let Some(running) = &mut seat.running {
                running.read = report.counts.read;
            }
        });
    }

    pub(super) fn ended(&self, result: &FlowResult) {
        let Some(ran) = Ran::of(result) else { return };
        if ran.unaccounted != 0 {
            let (flow, unaccounted) = (&result.flow, ran.unaccounted);
            tracing::error!(
                flow,
                unaccounted,
                "what the run found is not what it did, quarantined and left waiting"
            );
        }
        self.with(&result.flow, |seat| {
            seat.running = None;
            let totals = &mut seat.totals;
            match ran.outcome {
                "done" => totals.done += 1,
                "quarantined" => totals.quarantined_runs += 1,
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
            if matches!(ran.outcome, "done" | "quarantined") {
                seat.last_good = Some(ran.ended);
            }
            seat.last = Some(ran);
        });
    }
}

impl Seat {
    fn is_late(&self, now: DateTime<Utc>) -> bool {
        let (Some(every), Some(good)) = (self.every, self.last_good) else {
            return false;
        };
        let allowed = every.saturating_mul(LATE_INTERVALS) + LATE_GRACE;
        let allowed = TimeDelta::from_std(allowed).unwrap_or(TimeDelta::MAX);
        !self.paused && self.running.is_none() && now - good > allowed
    }
}

impl Ran {
    /// It failed, and not only since another process works on the pair.
    pub(super) fn is_failure(&self) -> bool {
        self.outcome == "failed" && self.error_kind != Some(DbErrorKind::LeaseHeld.name())
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
            unaccounted: 0,
        };
        match &result.ended {
            Ended::Flow(report) => {
                ran.unaccounted = report.counts.unaccounted();
                let counts = &report.counts;
                ran.read = counts.read;
                ran.written = counts.created + counts.changed;
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

    #[test]
    fn a_flow_is_late_when_its_schedule_was_missed_three_times() {
        let board = Board::default();
        let good: DateTime<Utc> = "2026-11-26T10:00:00Z".parse().unwrap();
        board.seat(
            "main/stock",
            &When::Every(Duration::from_secs(900)),
            Some(good),
            false,
        );
        board.seat("main/article", &When::Demand, Some(good), false);
        let late = |now: &str| -> Vec<String> {
            let seats = board.look(now.parse().unwrap());
            let late = seats.into_iter().filter(|seat| seat.late);
            late.map(|seat| seat.flow).collect()
        };
        assert_eq!(late("2026-11-26T10:55:00Z"), [""; 0]);
        assert_eq!(late("2026-11-26T10:55:01Z"), ["main/stock"]);
        board.pause("main/stock", true);
        assert_eq!(late("2026-11-26T12:00:00Z"), [""; 0]);
    }
}
