//! The flows of one database, one after the other.

mod compare;
mod errand;
mod fair;
pub(super) mod job;
mod version;

use super::board::Board;
use super::control::{Errand, Letter, Request, Turn, Wanted};
use super::due::{due, quiet_until};
use super::{Service, Watcher, Wish};
use crate::plan::schedule::When;
use crate::round::task::{self, Task};
use crate::round::{Ended, FlowResult, Observer, Orders, Round};
use crate::state::{State, StateError};
use crate::sync::batch::Intent;
use crate::sync::report::FlowReport;
use chrono::{DateTime, Utc};
use fair::{Fair, Place};
use job::{Asked, Job, What};
use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{Mutex, broadcast, mpsc, watch};

/// So often the clock is looked at again at the latest: it may have been set, or the machine may have slept.
const LOOK: Duration = Duration::from_secs(30);

/// A flow that has ended well.
#[derive(Debug, Clone)]
pub(super) struct Well {
    flow: String,
    wrote: bool,
}

/// How a worker hears of others and is heard.
#[derive(Clone)]
pub(super) struct Lines {
    /// Every flow that has ended well, this worker's and others'.
    pub well: broadcast::Sender<Well>,
    pub requests: Arc<Mutex<mpsc::Receiver<Letter>>>,
    pub board: Arc<Board>,
    pub wish: watch::Receiver<Wish>,
}

pub(super) struct Worker {
    service: Arc<Service>,
    jobs: Vec<Job>,
    lines: Lines,
    heard: broadcast::Receiver<Well>,
    state: Option<State>,
    /// Why the state could not be read or written, as it was told, until it can be again.
    stateless: Option<String>,
    paused: BTreeSet<String>,
    /// Runs that others wait for.
    errands: VecDeque<Errand>,
    /// The last run was one of them: what is due comes next.
    was_errand: bool,
    fair: Fair,
}

impl Worker {
    pub fn new(service: Arc<Service>, jobs: Vec<Job>, lines: Lines) -> Worker {
        Worker {
            heard: lines.well.subscribe(),
            service,
            jobs,
            lines,
            state: None,
            stateless: None,
            paused: BTreeSet::new(),
            errands: VecDeque::new(),
            was_errand: false,
            fair: Fair::default(),
        }
    }

    pub async fn run(mut self) {
        self.open_state().await;
        let remembered = self.remember().await;
        self.keep(remembered);
        // Held for as long as this worker lives; another one comes only after it.
        let requests = self.lines.requests.clone();
        let mut requests = requests.lock().await;
        while *self.lines.wish.borrow() == Wish::GoOn {
            self.look_at_versions().await;
            if self.state.is_none() {
                self.open_state().await;
            }
            self.listen();
            while let Ok(letter) = requests.try_recv() {
                self.open(letter).await;
            }
            let read = self.read_paused().await;
            self.keep(read);
            let now = Utc::now();
            let next = self.next(now);
            let gives_way = std::mem::take(&mut self.was_errand) && matches!(next, Next::Run(..));
            if let Some(errand) = (!gives_way).then(|| self.errands.pop_front()).flatten() {
                self.was_errand = true;
                self.carry_out(errand, now).await;
                continue;
            }
            match next {
                Next::Run(chosen) => {
                    self.fair.ran(chosen.place, &chosen.due);
                    self.round(&chosen.jobs, chosen.full, now).await;
                }
                Next::Wait(wait) => tokio::select! {
                    _ = self.lines.wish.changed() => {}
                    heard = self.heard.recv() => self.follow(heard.ok().as_ref()),
                    Some(letter) = requests.recv() => self.open(letter).await,
                    () = tokio::time::sleep(wait) => {}
                },
            }
        }
    }

    /// Opens the state, also again where it failed before: its disk may have room by now.
    async fn open_state(&mut self) {
        let opened = State::open(&self.service.plan.state_dir).await;
        let opened = opened.map(|state| self.state = Some(state));
        self.keep(opened);
    }

    /// A state that fails is done without until it is opened again, and told of once.
    fn keep(&mut self, result: Result<(), StateError>) {
        if let Err(error) = result {
            self.without_state(&error);
        }
    }

    fn without_state(&mut self, error: &StateError) {
        self.state = None;
        let text = error.to_string();
        if self.stateless.as_ref() != Some(&text) {
            self.service.watcher.stateless(error);
            self.stateless = Some(text);
        }
    }

    /// What a round came to that was to write its history.
    fn has_written(&mut self, error: Option<&StateError>) {
        match error {
            Some(error) => self.without_state(error),
            None if self.state.is_some() => self.stateless = None,
            None => {}
        }
    }

    /// Reads when each flow and comparison last ran.
    async fn remember(&mut self) -> Result<(), StateError> {
        self.read_paused().await?;
        for job in &mut self.jobs {
            let good = match &mut self.state {
                Some(state) => job.remember(state).await?,
                None => None,
            };
            job.sit(&self.lines.board, good, self.paused.contains(&job.name));
        }
        Ok(())
    }

    /// `ponte pause` writes it from outside; others the project itself pauses.
    async fn read_paused(&mut self) -> Result<(), StateError> {
        if let Some(state) = &mut self.state {
            self.paused = state.paused().await?;
        }
        let own = self.jobs.iter().filter(|job| job.when == When::Paused);
        self.paused.extend(own.map(|job| job.name.clone()));
        for Job { name, .. } in &self.jobs {
            self.lines.board.pause(name, self.paused.contains(name));
        }
        Ok(())
    }

    async fn open(&mut self, letter: Letter) {
        match letter {
            Letter::Request(request) => self.take(request).await,
            Letter::Errand(errand) => self.errands.push_back(*errand),
            Letter::Turn(give) => {
                let (turn, ended) = Turn::new();
                // Whoever asked may have gone away; then it has ended.
                let _ = give.send(turn);
                let _ = ended.await;
            }
        }
    }

    async fn take(&mut self, request: Request) {
        let paused = match request.wanted {
            // Before it was known that it is paused: the service has just begun.
            Wanted::Call if self.paused.contains(&request.flow) => {
                return self.lines.board.begins(&request.flow);
            }
            Wanted::Run | Wanted::Call | Wanted::Resync => {
                let asked = match request.wanted {
                    Wanted::Resync => Asked::PersonFull,
                    _ => Asked::Person,
                };
                for job in &mut self.jobs {
                    if job.name == request.flow {
                        job.ask(asked);
                    }
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
        let schedule = &self.service.plan.schedule;
        let due_at = |job: &Job| match (self.paused.contains(&job.name), job.asked) {
            (true, _) => None,
            (false, Asked::Nobody) => due(&job.when, schedule.zone, job.last, now),
            (false, _) => Some(now),
        };
        for job in &self.jobs {
            self.lines.board.next(&job.name, due_at(job));
        }
        let quiet = quiet_until(&schedule.quiet, schedule.zone, now);
        let is_due = |job: &Job| quiet.is_none() && due_at(job).is_some_and(|at| at <= now);
        let place = |job: &Job| match job.asked {
            Asked::Person | Asked::PersonFull => Some(0),
            Asked::Nobody | Asked::Flow => is_due(job).then_some(job.rank + 1),
        };
        let due: BTreeSet<Place> = self.jobs.iter().filter_map(place).collect();
        let Some(first) = self.fair.first(&due) else {
            let next = || self.jobs.iter().filter_map(due_at).min();
            return Next::wait(quiet.or_else(next), now);
        };
        let jobs = self.jobs.iter().enumerate();
        let jobs = jobs.filter(|(_, job)| place(job) == Some(first));
        let chosen = match first {
            // Of several that persons ask for one after the other, whole ones first.
            0 => jobs
                .max_by_key(|(at, job)| (job.asked, Reverse(*at)))
                .into_iter()
                .collect(),
            _ => jobs.collect::<Vec<_>>(),
        };
        Next::Run(Chosen {
            full: chosen.iter().any(|(_, job)| job.asked == Asked::PersonFull),
            jobs: chosen.into_iter().map(|(at, _)| at).collect(),
            place: first,
            due,
        })
    }

    /// Runs these jobs, which are of one rank.
    async fn round(&mut self, jobs: &[usize], full: bool, now: DateTime<Utc>) {
        match jobs.first().map(|at| &self.jobs[*at].what) {
            Some(What::Verify) => return self.verify(jobs[0], now).await,
            Some(What::Reconcile { .. }) => return self.reconcile(jobs, now).await,
            Some(What::Flow) | None => {}
        }
        let flow = |at: &usize| self.jobs[*at].flow();
        let chosen: Vec<&str> = jobs.iter().filter_map(flow).collect();
        let service = self.service.clone();
        let tasks: Vec<Task<'_>> = task::all(&service.plan)
            .into_iter()
            .filter(|task| chosen.contains(&task.name()))
            .collect();
        let orders = Orders {
            intent: Intent::Write,
            full,
            ..Orders::default()
        };
        let observer = Noting {
            board: &self.lines.board,
            watcher: service.watcher.as_ref(),
        };
        for flow in &chosen {
            self.lines.board.begins(flow);
        }
        let round = Round {
            plan: &service.plan,
            connections: &service.connections,
            state: self.state.as_mut(),
            orders: &orders,
            observer: &observer,
        };
        let report = round.run(&tasks, stopped(&self.lines)).await;
        self.has_written(report.state_error.as_ref());
        for at in jobs {
            self.jobs[*at].note(&report.results, now);
        }
        self.tell(&report.results);
    }

    /// Lets others hear of flows that have ended well.
    fn tell(&self, results: &[FlowResult]) {
        let well = |result: &&FlowResult| matches!(result.ended, Ended::Flow(_) | Ended::Stock(_));
        for result in results.iter().filter(well) {
            // There is always this worker itself to hear of it.
            let _ = self.lines.well.send(Well {
                flow: result.flow.clone(),
                wrote: matches!(&result.ended, Ended::Flow(report) if report.wrote()),
            });
        }
    }

    /// Hears of the flows that have ended meanwhile.
    fn listen(&mut self) {
        loop {
            match self.heard.try_recv() {
                Ok(well) => self.follow(Some(&well)),
                Err(TryRecvError::Lagged(_)) => self.follow(None),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Asks the flows that run after this one; `None`: after any.
    fn follow(&mut self, ended: Option<&Well>) {
        for job in &mut self.jobs {
            let follows = match (&job.when, ended) {
                (When::After(flow), Some(ended)) => *flow == ended.flow,
                (When::After(_), None) => true,
                (When::Every(_), Some(ended)) => {
                    ended.wrote && job.import.as_ref() == Some(&ended.flow)
                }
                _ => false,
            };
            if follows {
                job.ask(Asked::Flow);
            }
        }
    }
}

/// Resolves when the service is to end now.
fn stopped(lines: &Lines) -> impl Future<Output = ()> + use<> {
    let mut wish = lines.wish.clone();
    async move {
        let stopped = wish.wait_for(|wish| *wish == Wish::Stop).await.is_ok();
        if !stopped {
            std::future::pending::<()>().await;
        }
    }
}

/// What runs next.
struct Chosen {
    jobs: Vec<usize>,
    /// For every record.
    full: bool,
    place: Place,
    /// What is due, this among it.
    due: BTreeSet<Place>,
}

enum Next {
    Run(Chosen),
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

pub(super) struct Silent;

impl Observer for Silent {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn progress(&self, _: &FlowReport) {}
    fn says(&self, _: &str, _: &str) {}
    fn ended(&self, _: &FlowResult) {}
}
