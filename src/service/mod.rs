//! The service: every flow by its schedule, until it is told to stop.
//!
//! Flows that write to one database run one after the other, so that none overlaps with another that writes the same
//! tables; what belongs to different databases runs side by side, and the failure or slowness of one holds up no other.
//! Which run was last is read from the state once, at the start: a run that was missed meanwhile is made up for once.

pub mod board;
pub mod control;
pub mod due;
mod worker;

use crate::connections::Connections;
use crate::orders::reconcile::Report;
use crate::plan::Plan;
use crate::round::task::{self, Task};
use crate::round::{FlowError, FlowResult, Observer};
use crate::state::StateError;
use control::{Control, QUEUE_MAX};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, broadcast, mpsc, watch};
use tokio::task::JoinSet;
use worker::{Lines, Worker};

/// How long the flows of a database rest after a defect of ponte's has ended them.
const REST: Duration = Duration::from_secs(60);

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
    /// Returns when everything that was under way has ended.
    pub async fn ended(mut self) {
        while self.workers.join_next().await.is_some() {}
    }
}

impl Service {
    /// Begins to run flows, a worker for each database.
    pub fn start(self: Arc<Self>, wish: watch::Receiver<Wish>) -> Running {
        let mut workers = JoinSet::new();
        let mut control = Control::default();
        let (well, _) = broadcast::channel(ENDED_MAX);
        for tasks in groups(&self.plan) {
            let flows: Vec<String> = tasks.iter().map(|task| task.name().to_owned()).collect();
            let (desk, requests) = mpsc::channel(QUEUE_MAX);
            control
                .desks
                .extend(flows.iter().map(|flow| (flow.clone(), desk.clone())));
            let lines = Lines {
                well: well.clone(),
                requests: Arc::new(Mutex::new(requests)),
                board: control.board.clone(),
                wish: wish.clone(),
            };
            workers.spawn(supervise(self.clone(), flows, lines));
        }
        Running {
            control: Arc::new(control),
            workers,
        }
    }
}

/// Runs a worker, and another one should a panic end it: that is a defect of ponte's, and no reason for a shop to show
/// wrong figures until somebody looks.
async fn supervise(service: Arc<Service>, flows: Vec<String>, lines: Lines) {
    let mut wish = lines.wish.clone();
    loop {
        let worker = Worker::new(service.clone(), &flows, lines.clone());
        let Err(error) = tokio::spawn(worker.run()).await else {
            return;
        };
        tracing::error!(%error, "flows of one database have stopped: {}", flows.join(", "));
        tokio::select! {
            _ = wish.wait_for(|wish| *wish != Wish::GoOn) => return,
            () = tokio::time::sleep(REST) => {}
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
