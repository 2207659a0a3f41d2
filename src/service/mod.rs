//! The service: every flow by its schedule, until it is told to stop.
//!
//! Flows that write to one database run one after the other, so that none overlaps with another that writes the same
//! tables; what belongs to different databases runs side by side, and the failure or slowness of one holds up no other.
//! Which run was last is read from the state once, at the start: a run that was missed meanwhile is made up for once.

mod alerts;
pub mod board;
pub mod control;
pub mod due;
mod late;
mod requests;
pub mod systems;
mod worker;

use crate::connections::Connections;
use crate::db::DbUrl;
use crate::orders::reconcile::Report;
use crate::plan::{Connection, Plan};
use crate::round::task;
use crate::round::version::Unfamiliar;
use crate::round::{FlowError, FlowResult, Observer};
use crate::state::{State, StateError};
use board::Board;
use chrono::Utc;
use control::{Control, QUEUE_MAX};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, broadcast, mpsc, watch};
use tokio::task::JoinSet;
use worker::job::{self, Job};
use worker::{Lines, Worker};

/// How long the flows of a database rest after a defect of ponte's has ended them.
const REST: Duration = Duration::from_secs(60);

/// So often it is noted that the service is there.
const ALIVE: Duration = Duration::from_secs(60);

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
    /// A shop's orders were held against the ERP's.
    fn reconciled(&self, shop: &str, done: &Result<Report, FlowError>);
    /// A system is not of a version that its pack knows; the flows run nevertheless.
    fn unfamiliar(&self, connection: &Connection, found: &Unfamiliar);
    /// The history cannot be kept; the flows run nevertheless.
    fn stateless(&self, error: &StateError);
}

/// What the service works with.
pub struct Service {
    pub plan: Plan,
    pub connections: Connections,
    pub watcher: Arc<dyn Watcher>,
}

/// A service that runs until its [`Wish`] ends it.
pub struct Running {
    pub control: Arc<Control>,
    workers: JoinSet<()>,
}

impl Running {
    /// Whether everything that was under way has ended.
    pub fn has_ended(&mut self) -> bool {
        while self.workers.try_join_next().is_some() {}
        self.workers.is_empty()
    }

    /// Resolves when everything has ended, untold: that is a defect, or an empty plan.
    pub async fn over(&mut self) {
        while self.workers.join_next().await.is_some() {}
    }

    /// Returns when everything that was under way has ended.
    pub async fn ended(mut self) {
        self.over().await;
    }
}

/// Whose turn it is at each database. A changed project's flows begin there when those of the project before have ended; other
/// databases' are not held up by them.
#[derive(Debug, Default)]
pub struct Turns(Vec<(DbUrl, Arc<Mutex<()>>)>);

impl Turns {
    fn at(&mut self, url: Option<&DbUrl>) -> Arc<Mutex<()>> {
        let Some(url) = url else {
            return Arc::default();
        };
        let known = self.0.iter().find(|(known, _)| known.is_same_database(url));
        if let Some((_, turn)) = known {
            return turn.clone();
        }
        let turn = Arc::default();
        self.0.push((url.clone(), Arc::clone(&turn)));
        turn
    }
}

impl Service {
    /// Begins to run flows, a worker for each database, when its turn comes.
    pub fn start(self: Arc<Self>, wish: watch::Receiver<Wish>, turns: &mut Turns) -> Running {
        let mut workers = JoinSet::new();
        let mut control = Control::new(Board::new(self.plan.schedule.clone()));
        let (well, _) = broadcast::channel(ENDED_MAX);
        for (connection, tasks) in task::by_database(&self.plan) {
            let url = self.plan.connections.get(&connection);
            let turn = turns.at(url.map(|connection| &connection.url));
            let jobs = job::of_pair(&self.plan, &connection, &tasks);
            let (desk, requests) = mpsc::channel(QUEUE_MAX);
            let lines = Lines {
                well: well.clone(),
                requests: Arc::new(Mutex::new(requests)),
                board: control.board.clone(),
                wish: wish.clone(),
            };
            for job in &jobs {
                job.sit(&lines.board, None, false);
                control.desks.insert(job.name.clone(), desk.clone());
            }
            workers.spawn(in_turn(self.clone(), jobs, lines, turn));
        }
        let control = Arc::new(control);
        let asked = requests::run(self.clone(), control.clone(), wish.clone());
        workers.spawn(asked);
        let telling = alerts::run(
            self.clone(),
            control.board.clone(),
            well.subscribe(),
            wish.clone(),
        );
        workers.spawn(telling);
        workers.spawn(note_alive(self, wish));
        Running { control, workers }
    }
}

/// Notes for how long the service has been there. Whether that can be noted, the workers say.
async fn note_alive(service: Arc<Service>, mut wish: watch::Receiver<Wish>) {
    let Ok(mut state) = State::open(&service.plan.state_dir).await else {
        return;
    };
    // A machine that sleeps is not there: what it slept is not counted.
    let (mut since, mut lasted) = (Instant::now(), Duration::ZERO);
    loop {
        if let Err(error) = state.note_alive(lasted, Utc::now()).await {
            tracing::debug!(%error, "it cannot be noted that the service is there");
        }
        let is_over = tokio::select! {
            _ = wish.wait_for(|wish| *wish != Wish::GoOn) => true,
            () = tokio::time::sleep(ALIVE) => false,
        };
        lasted = since.elapsed().min(ALIVE * 2);
        since = Instant::now();
        if is_over {
            let _ = state.note_alive(lasted, Utc::now()).await;
            return;
        }
    }
}

/// Waits until the flows of the project before have ended.
async fn in_turn(service: Arc<Service>, jobs: Vec<Job>, lines: Lines, turn: Arc<Mutex<()>>) {
    let mut wish = lines.wish.clone();
    let turn = tokio::select! {
        turn = turn.lock() => Some(turn),
        _ = wish.wait_for(|wish| *wish != Wish::GoOn) => None,
    };
    if turn.is_some() {
        supervise(service, jobs, lines).await;
    }
}

/// Runs a worker, and another one should a panic end it: that is a defect of ponte's, and no reason for a shop to show
/// wrong figures until somebody looks.
async fn supervise(service: Arc<Service>, jobs: Vec<Job>, lines: Lines) {
    let mut wish = lines.wish.clone();
    loop {
        let worker = Worker::new(service.clone(), jobs.clone(), lines.clone());
        let Err(error) = tokio::spawn(worker.run()).await else {
            return;
        };
        let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        tracing::error!(%error, "flows of one database have stopped: {}", names.join(", "));
        tokio::select! {
            _ = wish.wait_for(|wish| *wish != Wish::GoOn) => return,
            () = tokio::time::sleep(REST) => {}
        }
    }
}
