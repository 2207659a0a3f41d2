//! The flows of one database, one after the other.

use super::board::Board;
use super::control::{Request, Wanted};
use super::due::{Last, due, quiet_until};
use super::{Service, Watcher, Wish};
use crate::db::DbErrorKind;
use crate::plan::schedule::When;
use crate::round::task::{self, Task};
use crate::round::{Ended, FlowResult, Observer, Orders, Round};
use crate::state::history::Outcome;
use crate::state::{State, StateError};
use crate::sync::batch::Intent;
use crate::sync::report::FlowReport;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{Mutex, broadcast, mpsc, watch};

/// So often the clock is looked at again at the latest: it may have been set, or the machine may have slept.
const LOOK: Duration = Duration::from_secs(30);

/// Who asked for a run before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Nobody,
    /// The flow that it follows has ended well.
    Flow,
    Person,
    /// For every record.
    PersonFull,
}

/// What runs by a schedule of its own.
struct Job {
    /// `None`: the comparison of all the worker's flows.
    flow: Option<String>,
    when: When,
    /// Of several that are due, those of the lowest rank run first.
    rank: u8,
    last: Last,
    asked: Asked,
}

/// How a worker hears of others and is heard.
#[derive(Clone)]
pub(super) struct Lines {
    /// Every flow that has ended well, this worker's and others'.
    pub well: broadcast::Sender<String>,
    pub requests: Arc<Mutex<mpsc::Receiver<Request>>>,
    pub board: Arc<Board>,
    pub wish: watch::Receiver<Wish>,
}

pub(super) struct Worker {
    service: Arc<Service>,
    jobs: Vec<Job>,
    lines: Lines,
    heard: broadcast::Receiver<String>,
    state: Option<State>,
    paused: BTreeSet<String>,
}

impl Worker {
    pub fn new(service: Arc<Service>, flows: &[String], lines: Lines) -> Worker {
        let schedule = &service.plan.schedule;
        let tasks = task::all(&service.plan).into_iter();
        let tasks = tasks.filter(|task| flows.iter().any(|flow| flow == task.name()));
        let mut jobs: Vec<Job> = tasks
            .map(|task| Job {
                flow: Some(task.name().to_owned()),
                when: schedule
                    .flows
                    .get(task.name())
                    .cloned()
                    .unwrap_or(When::Demand),
                // What has just been imported is then counted by the ERP.
                rank: match task {
                    Task::Orders(_) => 0,
                    Task::Stock(_) => 1,
                    Task::Flow(_) | Task::Fulfilment(_) => 2,
                },
                last: Last::default(),
                asked: Asked::Nobody,
            })
            .collect();
        jobs.push(Job {
            flow: None,
            when: schedule.verify.clone(),
            rank: 3,
            last: Last {
                // It is not in the history: what was missed is not made up for.
                began: Some(Utc::now()),
                ..Last::default()
            },
            asked: Asked::Nobody,
        });
        Worker {
            heard: lines.well.subscribe(),
            service,
            jobs,
            lines,
            state: None,
            paused: BTreeSet::new(),
        }
    }

    pub async fn run(mut self) {
        let folder = &self.service.plan.state_dir;
        match State::open(folder).await {
            Ok(state) => self.state = Some(state),
            Err(error) => self.service.watcher.stateless(&error),
        }
        let remembered = self.remember().await;
        self.keep(remembered);
        // Held for as long as this worker lives; another one comes only after it.
        let requests = self.lines.requests.clone();
        let mut requests = requests.lock().await;
        while *self.lines.wish.borrow() == Wish::GoOn {
            self.listen();
            while let Ok(request) = requests.try_recv() {
                self.take(request).await;
            }
            let read = self.read_paused().await;
            self.keep(read);
            let now = Utc::now();
            match self.next(now) {
                Next::Run(jobs, full) => self.round(&jobs, full, now).await,
                Next::Wait(wait) => tokio::select! {
                    _ = self.lines.wish.changed() => {}
                    heard = self.heard.recv() => self.follow(heard.ok().as_deref()),
                    Some(request) = requests.recv() => self.take(request).await,
                    () = tokio::time::sleep(wait) => {}
                },
            }
        }
    }

    /// A state that fails is told of once, and done without from then on.
    fn keep(&mut self, result: Result<(), StateError>) {
        if let Err(error) = result {
            self.service.watcher.stateless(&error);
            self.state = None;
        }
    }

    /// Reads when each flow last ran.
    async fn remember(&mut self) -> Result<(), StateError> {
        self.read_paused().await?;
        for job in &mut self.jobs {
            let Some(flow) = &job.flow else { continue };
            let (run, good) = match &mut self.state {
                Some(state) => (
                    state.last_begun(flow).await?,
                    state.last_good_run(flow).await?,
                ),
                None => (None, None),
            };
            let good = good.and_then(|run| run.finished);
            let board = &self.lines.board;
            board.seat(flow, &job.when, good, self.paused.contains(flow));
            let Some(run) = run else { continue };
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

    /// `ponte pause` writes it from outside.
    async fn read_paused(&mut self) -> Result<(), StateError> {
        if let Some(state) = &mut self.state {
            self.paused = state.paused().await?;
        }
        for flow in self.jobs.iter().filter_map(|job| job.flow.as_ref()) {
            self.lines.board.pause(flow, self.paused.contains(flow));
        }
        Ok(())
    }

    async fn take(&mut self, request: Request) {
        let paused = match request.wanted {
            Wanted::Run | Wanted::Resync => {
                let asked = match request.wanted {
                    Wanted::Resync => Asked::PersonFull,
                    _ => Asked::Person,
                };
                let flow = Some(&request.flow);
                for job in self.jobs.iter_mut().filter(|job| job.flow.as_ref() == flow) {
                    job.asked = job.asked.max(asked);
                }
                return;
            }
            Wanted::Pause => true,
            Wanted::Resume => false,
        };
        let written = match &mut self.state {
            Some(state) => state.pause(&request.flow, paused).await,
            None => {
                // Until the service ends, then.
                match paused {
                    true => self.paused.insert(request.flow),
                    false => self.paused.remove(&request.flow),
                };
                Ok(())
            }
        };
        self.keep(written);
    }

    fn next(&self, now: DateTime<Utc>) -> Next {
        let asked = |asked: Asked| self.jobs.iter().position(|job| job.asked == asked);
        if let Some(job) = asked(Asked::PersonFull) {
            return Next::Run(vec![job], true);
        }
        if let Some(job) = asked(Asked::Person) {
            return Next::Run(vec![job], false);
        }
        let schedule = &self.service.plan.schedule;
        let due_at = |job: &Job| {
            let paused = job
                .flow
                .as_ref()
                .is_some_and(|flow| self.paused.contains(flow));
            match (paused, job.asked) {
                (true, _) => None,
                (false, Asked::Nobody) => due(&job.when, schedule.zone, job.last, now),
                (false, _) => Some(now),
            }
        };
        for job in &self.jobs {
            if let Some(flow) = &job.flow {
                self.lines.board.next(flow, due_at(job));
            }
        }
        if let Some(end) = quiet_until(&schedule.quiet, schedule.zone, now) {
            return Next::wait(Some(end), now);
        }
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
        Next::Run(due.map(|(at, _)| at).collect(), false)
    }

    /// Runs these jobs, which are of one rank.
    async fn round(&mut self, jobs: &[usize], full: bool, now: DateTime<Utc>) {
        let is_verify = jobs.iter().any(|at| self.jobs[*at].flow.is_none());
        let flow = |at: &usize| self.jobs[*at].flow.as_deref();
        let chosen: Vec<&str> = match is_verify {
            true => (0..self.jobs.len()).filter_map(|at| flow(&at)).collect(),
            false => jobs.iter().filter_map(flow).collect(),
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
                full,
                ..Orders::default()
            },
        };
        let observer = Noting {
            board: &self.lines.board,
            watcher: service.watcher.as_ref(),
        };
        for flow in chosen.iter().filter(|_| !is_verify) {
            self.lines.board.queue(flow, false);
        }
        let round = Round {
            plan: &service.plan,
            connections: &service.connections,
            state: self.state.as_mut(),
            orders: &orders,
            observer: match is_verify {
                // What a comparison finds is told at its end.
                true => &Silent,
                false => &observer,
            },
        };
        let mut wish = self.lines.wish.clone();
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
        for at in jobs {
            self.jobs[*at].note(&report.results, now);
        }
        let well = |result: &&FlowResult| matches!(result.ended, Ended::Flow(_) | Ended::Stock(_));
        for result in report.results.iter().filter(well).filter(|_| !is_verify) {
            // There is always this worker itself to hear of it.
            let _ = self.lines.well.send(result.flow.clone());
        }
    }

    /// Hears of the flows that have ended meanwhile.
    fn listen(&mut self) {
        loop {
            match self.heard.try_recv() {
                Ok(flow) => self.follow(Some(&flow)),
                Err(TryRecvError::Lagged(_)) => self.follow(None),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Asks the flows that run after this one; `None`: after any.
    fn follow(&mut self, ended: Option<&str>) {
        for job in &mut self.jobs {
            let follows = match (&job.when, ended) {
                (When::After(flow), Some(ended)) => flow == ended,
                (When::After(_), None) => true,
                _ => false,
            };
            if follows {
                job.asked = job.asked.max(Asked::Flow);
            }
        }
    }
}

impl Job {
    /// What a round that began at `now` came to.
    fn note(&mut self, results: &[FlowResult], now: DateTime<Utc>) {
        self.asked = Asked::Nobody;
        self.last.began = Some(now);
        self.last.ended = Some(Utc::now());
        // A flow that ran twice in the round counts as it ended.
        let own = |result: &&FlowResult| self.flow.as_ref() == Some(&result.flow);
        match results.iter().rev().find(own).map(|result| &result.ended) {
            Some(Ended::Failed(error)) => {
                let kind = error.database().map(|error| error.kind);
                self.last.held = kind == Some(DbErrorKind::LeaseHeld);
                self.last.failures += u32::from(!self.last.held);
            }
            _ => {
                self.last.held = false;
                self.last.failures = 0;
            }
        }
    }
}

enum Next {
    /// These jobs; whether for every record.
    Run(Vec<usize>, bool),
    Wait(Duration),
}

impl Next {
    fn wait(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Next {
        let wait = until.and_then(|until| (until - now).to_std().ok());
        Next::Wait(wait.unwrap_or(LOOK).min(LOOK))
    }
}

/// Writes to the board what it hears.
struct Noting<'a> {
    board: &'a Board,
    watcher: &'a dyn Watcher,
}

impl Observer for Noting<'_> {
    fn started(&self, flow: &str, expected: Option<u64>) {
        self.board.started(flow, expected);
        self.watcher.started(flow, expected);
    }

    fn progress(&self, report: &FlowReport) {
        self.board.progress(report);
        self.watcher.progress(report);
    }

    fn says(&self, flow: &str, text: &str) {
        self.watcher.says(flow, text);
    }

    fn ended(&self, result: &FlowResult) {
        self.board.ended(result);
        self.watcher.ended(result);
    }
}

struct Silent;

impl Observer for Silent {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn progress(&self, _: &FlowReport) {}
    fn says(&self, _: &str, _: &str) {}
    fn ended(&self, _: &FlowResult) {}
}
