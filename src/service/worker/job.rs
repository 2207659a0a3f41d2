//! What a worker runs by a schedule: its flows, and the comparisons of what they write.

use super::super::board::Board;
use super::super::due::Last;
use crate::db::DbErrorKind;
use crate::plan::Plan;
use crate::plan::schedule::When;
use crate::round::task::Task;
use crate::round::{Ended, FlowResult, compared, reconcile};
use crate::state::State;
use crate::state::StateError;
use crate::state::history::Outcome;
use chrono::{DateTime, Utc};

/// Who asked for a run before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    Nobody,
    /// The flow that it follows has ended well.
    Flow,
    Person,
    /// For every record.
    PersonFull,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Flow,
    /// The comparison of all the worker's flows.
    Verify,
    /// A shop's orders beside the ERP's.
    Reconcile {
        import: String,
        /// The import has run once more before.
        has_imported: bool,
    },
}

#[derive(Debug, Clone)]
pub struct Job {
    /// `main/article`, `main/verify`, `main/reconcile`.
    pub name: String,
    pub what: What,
    /// The import that it runs after whenever that has written something.
    pub import: Option<String>,
    pub when: When,
    /// Of several that are due, those of the lowest rank run first.
    pub rank: u8,
    pub last: Last,
    pub asked: Asked,
}

/// What runs by a schedule of a pair's tasks, flows first.
pub fn of_pair(plan: &Plan, pair: &str, tasks: &[Task<'_>]) -> Vec<Job> {
    let schedule = &plan.schedule;
    let mut jobs: Vec<Job> = tasks
        .iter()
        .map(|task| {
            let when = schedule.flows.get(task.name()).cloned();
            // What has just been imported is then counted by the ERP.
            let rank = match task {
                Task::Orders(_) => 0,
                Task::Stock(_) => 1,
                Task::Flow(_) | Task::Fulfilment(_) => 2,
            };
            let mut job = Job::new(task.name().to_owned(), What::Flow, when, rank);
            job.import = import_before(plan, task);
            job
        })
        .collect();
    if tasks.iter().any(compared::is_compared) {
        let when = Some(schedule.verify.clone());
        jobs.push(Job::new(compared::verify_name(pair), What::Verify, when, 3));
    }
    for orders in &plan.orders {
        if tasks.iter().any(|task| task.name() == orders.name) {
            let what = What::Reconcile {
                import: orders.name.clone(),
                has_imported: false,
            };
            let when = Some(schedule.reconcile.clone());
            jobs.push(Job::new(reconcile::name(orders), what, when, 4));
        }
    }
    jobs
}

/// Of a stock flow: the import of its shop's orders. What has come into the ERP is committed there now, and a cancelled order is not.
fn import_before(plan: &Plan, task: &Task<'_>) -> Option<String> {
    let Task::Stock(stock) = task else {
        return None;
    };
    let orders = plan.orders.iter().find(|orders| orders.shop == stock.shop);
    orders.map(|orders| orders.name.clone())
}

impl Job {
    fn new(name: String, what: What, when: Option<When>, rank: u8) -> Job {
        let comparison = what != What::Flow;
        Job {
            name,
            what,
            import: None,
            when: when.unwrap_or(When::Demand),
            rank,
            last: Last {
                // One that has never run waits for its time: there is nothing to compare yet.
                began: comparison.then(Utc::now),
                comparison,
                ..Last::default()
            },
            asked: Asked::Nobody,
        }
    }

    /// Its name, if it is a flow.
    pub fn flow(&self) -> Option<&str> {
        (self.what == What::Flow).then_some(self.name.as_str())
    }

    pub fn ask(&mut self, asked: Asked) {
        self.asked = self.asked.max(asked);
    }

    /// Its seat on the board.
    pub fn sit(&self, board: &Board, good: Option<DateTime<Utc>>, paused: bool) {
        let comparison = self.last.comparison;
        board.seat(&self.name, comparison, &self.when, good, paused);
    }

    /// Reads how it last ran; when it last did so well.
    pub async fn remember(
        &mut self,
        state: &mut State,
    ) -> Result<Option<DateTime<Utc>>, StateError> {
        let run = state.last_begun(&self.name).await?;
        let good = state.last_good_run(&self.name).await?;
        if let Some(run) = run {
            self.last.began = Some(run.started);
            self.last.ended = run.finished;
            self.last.failures = u32::from(run.outcome == Some(Outcome::Failed));
            self.last.broken = matches!(run.outcome, Some(Outcome::Interrupted) | None);
        } else if self.last.comparison {
            // On a machine that is off every night, its time has passed nevertheless since there has been something to compare.
            self.last.began = state.first_began().await?.or(self.last.began);
        }
        Ok(good.and_then(|run| run.finished))
    }

    /// What a round that began at `now` came to.
    pub fn note(&mut self, results: &[FlowResult], now: DateTime<Utc>) {
        // A flow that ran twice in the round counts as it ended.
        let own = |result: &&FlowResult| self.flow() == Some(result.flow.as_str());
        let ended = results.iter().rev().find(own).map(|result| &result.ended);
        let failed = match ended {
            Some(Ended::Failed(error)) => Some(error.database().map(|error| error.kind)),
            _ => None,
        };
        self.ended(
            now,
            failed.is_some(),
            failed == Some(Some(DbErrorKind::LeaseHeld)),
        );
    }

    /// A run that began at `now` has ended; `held`: it failed only since another process works on the pair.
    pub fn ended(&mut self, now: DateTime<Utc>, failed: bool, held: bool) {
        self.asked = Asked::Nobody;
        self.last.began = Some(now);
        self.last.ended = Some(Utc::now());
        self.last.broken = false;
        self.last.held = held;
        match failed {
            true => self.last.failures += u32::from(!held),
            false => self.last.failures = 0,
        }
    }
}
