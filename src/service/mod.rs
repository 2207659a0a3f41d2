//! The service: every flow by its schedule, until it is told to stop.
//!
//! Flows that write to one database run one after the other, so that none overlaps with another that writes the same
//! tables; what belongs to different databases runs side by side, and the failure or slowness of one holds up no other.
//! Which run was last is read from the state once, at the start: a run that was missed meanwhile is made up for once.

pub mod due;

use crate::connections::Connections;
use crate::db::DbErrorKind;
use crate::plan::Plan;
use crate::plan::schedule::When;
use crate::round::task::{self, Task};
use crate::round::{Ended, FlowResult, Observer, Orders, Round};
use crate::state::history::Outcome;
use crate::state::{State, StateError};
use crate::sync::batch::Intent;
use chrono::{DateTime, Utc};
use due::{Last, due, quiet_until};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

/// So often the clock is looked at again at the latest: it may have been set, or the machine may have slept.
const LOOK: Duration = Duration::from_secs(30);

/// Flows whose end a worker may not have heard of yet.
const ENDED_MAX: usize = 256;

/// What the service is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    GoOn,
    /// End when what runs has ended.
    Finish,
    /// End now: what is open is rolled back.
    Stop,
}

/// Told what the service does beside the runs themselves.
pub trait Watcher: Observer {
    /// Both sides of these flows were compared as they are.
    fn verified(&self, results: &[FlowResult]);
    /// The history cannot be kept; the flows run nevertheless.
    fn stateless(&self, error: &StateError);
}

/// What the service works with.
pub struct Service {
    pub plan: Plan,
    pub connections: Connections,
    pub watcher: Arc<dyn Watcher>,
}

impl Service {
    /// Runs flows until it is told otherwise, and until what was under way has ended.
    pub async fn run(self: Arc<Self>, wish: watch::Receiver<Wish>) {
        let mut workers = JoinSet::new();
        let (well, _) = broadcast::channel(ENDED_MAX);
        for tasks in groups(&self.plan) {
            let worker = Worker::new(self.clone(), &tasks, wish.clone(), well.clone());
            workers.spawn(worker.run());
        }
        drop(well);
        while let Some(ended) = workers.join_next().await {
            // A panic is a defect of ponte's; the other databases' flows go on.
            if let Err(error) = ended {
                tracing::error!(%error, "the flows of one database have stopped");
            }
        }
    }
}

/// The tasks by the database of their pair.
fn groups(plan: &Plan) -> Vec<Vec<Task<'_>>> {
    let mut groups: Vec<(String, Vec<Task<'_>>)> = Vec::new();
    for task in task::all(plan) {
        let connection = task.pair();
        let same = |other: &String| {
            let url = |name: &String| plan.connections.get(name).map(|connection| &connection.url);
            match (url(&connection), url(other)) {
                (Some(a), Some(b)) => a.is_same_database(b),
                _ => connection == *other,
            }
        };
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, tasks)) => tasks.push(task),
            None => groups.push((connection, vec![task])),
        }
    }
    groups.into_iter().map(|(_, tasks)| tasks).collect()
}

/// What runs by a schedule of its own.
struct Job {
    /// `None`: the comparison of all the worker's flows.
    flow: Option<String>,
    when: When,
    /// Of several that are due, those of the lowest rank run first.
    rank: u8,
    last: Last,
    /// The flow that it follows has ended well.
    is_asked: bool,
}

/// Runs the flows of one database.
struct Worker {
    service: Arc<Service>,
    jobs: Vec<Job>,
    wish: watch::Receiver<Wish>,
    /// Every flow that has ended well, this worker's and others'.
    well: broadcast::Sender<String>,
    heard: broadcast::Receiver<String>,
    state: Option<State>,
}

impl Worker {
    fn new(
        service: Arc<Service>,
        tasks: &[Task<'_>],
        wish: watch::Receiver<Wish>,
        well: broadcast::Sender<String>,
    ) -> Worker {
        let schedule = &service.plan.schedule;
        let mut jobs: Vec<Job> = tasks
            .iter()
            .map(|task| Job {
                flow: Some(task.name().to_owned()),
                when: schedule
                    .flows
                    .get(task.name())
                    .cloned()
                    .unwrap_or(When::Demand),
                rank: u8::from(!matches!(task, Task::Stock(_))),
                last: Last::default(),
                is_asked: false,
            })
            .collect();
        jobs.push(Job {
            flow: None,
            when: schedule.verify.clone(),
            rank: 2,
            last: Last {
                // It is not in the history: what was missed is not made up for.
                began: Some(Utc::now()),
                ..Last::default()
            },
            is_asked: false,
        });
        Worker {
            service,
            jobs,
            wish,
            heard: well.subscribe(),
            well,
            state: None,
        }
    }

    async fn run(mut self) {
        let folder = &self.service.plan.state_dir;
        match State::open(folder).await {
            Ok(state) => self.state = Some(state),
            Err(error) => self.service.watcher.stateless(&error),
        }
        if let Err(error) = self.remember().await {
            self.service.watcher.stateless(&error);
        }
        while *self.wish.borrow() == Wish::GoOn {
            loop {
                match self.heard.try_recv() {
                    Ok(flow) => self.follow(Some(&flow)),
                    Err(TryRecvError::Lagged(_)) => self.follow(None),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            let now = Utc::now();
            match self.next(now) {
                Next::Run(jobs) => self.round(&jobs, now).await,
                Next::Wait(wait) => tokio::select! {
                    _ = self.wish.changed() => {}
                    heard = self.heard.recv() => self.follow(heard.ok().as_deref()),
                    () = tokio::time::sleep(wait) => {}
                },
            }
        }
    }

    /// Reads when each flow last ran.
    async fn remember(&mut self) -> Result<(), StateError> {
        let Some(state) = &mut self.state else {
            return Ok(());
        };
        for job in &mut self.jobs {
            let Some(flow) = &job.flow else { continue };
            let Some(run) = state.last_begun(flow).await? else {
                continue;
            };
            let (began, ended) = (Some(run.started), run.finished);
            job.last = match run.outcome {
                Some(Outcome::Done | Outcome::Quarantined) => Last {
                    began,
                    ended,
                    ..Last::default()
                },
                Some(Outcome::Failed) => Last {
                    began,
                    ended,
                    failures: 1,
                    held: false,
                },
                // It did not come to its end: it is due.
                Some(Outcome::Interrupted) | None => Last::default(),
            };
        }
        Ok(())
    }

    fn next(&self, now: DateTime<Utc>) -> Next {
        let schedule = &self.service.plan.schedule;
        if let Some(end) = quiet_until(&schedule.quiet, schedule.zone, now) {
            return Next::wait(Some(end), now);
        }
        let due_at = |job: &Job| match job.is_asked {
            true => Some(now),
            false => due(&job.when, schedule.zone, job.last, now),
        };
        let is_due = |job: &Job| due_at(job).is_some_and(|at| at <= now);
        let rank = self
            .jobs
            .iter()
            .filter(|job| is_due(job))
            .map(|job| job.rank);
        let Some(rank) = rank.min() else {
            return Next::wait(self.jobs.iter().filter_map(due_at).min(), now);
        };
        let jobs = self.jobs.iter().enumerate();
        let due = jobs.filter(|(_, job)| job.rank == rank && is_due(job));
        Next::Run(due.map(|(at, _)| at).collect())
    }

    /// Runs these jobs, which are of one rank.
    async fn round(&mut self, jobs: &[usize], now: DateTime<Utc>) {
        let is_verify = jobs.iter().any(|at| self.jobs[*at].flow.is_none());
        let chosen: Vec<&str> = match is_verify {
            true => self
                .jobs
                .iter()
                .filter_map(|job| job.flow.as_deref())
                .collect(),
            false => jobs
                .iter()
                .filter_map(|at| self.jobs[*at].flow.as_deref())
                .collect(),
        };
        let service = self.service.clone();
        let tasks: Vec<Task<'_>> = task::all(&service.plan)
            .into_iter()
            .filter(|task| chosen.contains(&task.name()))
            .collect();
        let orders = match is_verify {
            true => Orders {
                intent: Intent::DryRun,
                full: true,
                verify: true,
                ..Orders::default()
            },
            false => Orders {
                intent: Intent::Write,
                ..Orders::default()
            },
        };
        let silent = Silent;
        let round = Round {
            plan: &service.plan,
            connections: &service.connections,
            state: self.state.as_mut(),
            orders: &orders,
            observer: match is_verify {
                true => &silent,
                false => service.watcher.as_ref(),
            },
        };
        let mut wish = self.wish.clone();
        let stop = async move {
            let stopped = wish.wait_for(|wish| *wish == Wish::Stop).await.is_ok();
            if !stopped {
                std::future::pending::<()>().await;
            }
        };
        let report = round.run(&tasks, stop).await;
        if let Some(error) = &report.state_error {
            service.watcher.stateless(error);
        }
        if is_verify && !report.interrupted {
            service.watcher.verified(&report.results);
        }
        let ended = Utc::now();
        for at in jobs {
            let job = &mut self.jobs[*at];
            job.is_asked = false;
            job.last.began = Some(now);
            job.last.ended = Some(ended);
            // A flow that ran twice in the round counts as it ended.
            let results = report.results.iter().rev();
            let result = results
                .into_iter()
                .find(|result| job.flow.as_ref() == Some(&result.flow));
            match result.map(|result| &result.ended) {
                Some(Ended::Failed(error)) => {
                    let kind = error.database().map(|error| error.kind);
                    job.last.held = kind == Some(DbErrorKind::LeaseHeld);
                    job.last.failures += u32::from(!job.last.held);
                }
                _ => {
                    job.last.held = false;
                    job.last.failures = 0;
                }
            }
        }
        let well = |result: &&FlowResult| matches!(result.ended, Ended::Flow(_) | Ended::Stock(_));
        for result in report.results.iter().filter(well).filter(|_| !is_verify) {
            // There is always this worker itself to hear of it.
            let _ = self.well.send(result.flow.clone());
        }
    }

    /// Asks the flows that run after this one; `None`: after any.
    fn follow(&mut self, ended: Option<&str>) {
        for job in &mut self.jobs {
            job.is_asked |= match (&job.when, ended) {
                (When::After(flow), Some(ended)) => flow == ended,
                (When::After(_), None) => true,
                _ => false,
            };
        }
    }
}

enum Next {
    Run(Vec<usize>),
    Wait(Duration),
}

impl Next {
    fn wait(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Next {
        let wait = until.and_then(|until| (until - now).to_std().ok());
        Next::Wait(wait.unwrap_or(LOOK).min(LOOK))
    }
}

/// What a comparison finds is told at its end.
struct Silent;

impl Observer for Silent {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn progress(&self, _: &crate::sync::report::FlowReport) {}
    fn ended(&self, _: &FlowResult) {}
}
