//! What a running service can be asked for: by its page, by a webhook, by a command, by a row in a database.

use super::board::{Board, Seat};
use super::worker::Silent;
use crate::round::{Ended, FlowResult, Observer, Orders, RoundReport};
use crate::state::quarantine::first_value;
use crate::sync::batch::Intent;
use chrono::Utc;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Requests that wait at one database; more are refused.
pub(super) const QUEUE_MAX: usize = 100;

/// What is asked of one flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Carry over what has changed, now.
    Run,
    /// The same by a shop's webhook: a paused flow is left alone.
    Call,
    /// Compare every record, now.
    Resync,
    /// No runs by itself until it is resumed.
    Pause,
    Resume,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub flow: String,
    pub wanted: Wanted,
}

/// While it lives, none of the flows runs that write to one database: somebody notes something there.
#[derive(Debug)]
pub struct Turn {
    _over: oneshot::Sender<()>,
}

/// A run whose outcome somebody waits for.
pub(super) struct Errand {
    pub flows: Vec<String>,
    pub orders: Orders,
    pub observer: Arc<dyn Observer>,
    pub done: oneshot::Sender<RoundReport>,
}

/// What lies on a worker's desk.
pub(super) enum Letter {
    Request(Request),
    Errand(Box<Errand>),
    /// Somebody wants a turn.
    Turn(oneshot::Sender<Turn>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("there is no such flow")]
    Unknown,
    #[error("too many requests wait already")]
    Full,
    #[error("the service is being stopped")]
    Stopping,
    #[error("it is paused")]
    Paused,
    #[error("the project file pauses it: take `paused` out of `[schedule.flows]`, and reload")]
    PausedByProject,
}

/// Where requests go, by flow or comparison.
#[derive(Debug)]
pub struct Control {
    pub board: Arc<Board>,
    pub(super) desks: BTreeMap<String, mpsc::Sender<Letter>>,
}

impl Control {
    pub(super) fn new(board: Board) -> Control {
        Control {
            board: Arc::new(board),
            desks: BTreeMap::new(),
        }
    }

    /// Queues a request: it is carried out when what runs on that database has ended. A run that is asked for and has not begun
    /// is one, however often it is asked for.
    ///
    /// # Errors
    /// No such flow, a full queue, a service that ends; a webhook's call of a paused flow, one to be resumed that the project pauses.
    pub fn ask(&self, request: Request) -> Result<(), Refused> {
        let (flow, wanted) = (request.flow.clone(), request.wanted);
        let is_paused = self.board.of(&flow, |seat| seat.paused) == Some(true);
        let by_project = self.board.of(&flow, Seat::is_paused_by_project) == Some(true);
        match wanted {
            Wanted::Call if is_paused => return Err(Refused::Paused),
            Wanted::Resume if by_project => return Err(Refused::PausedByProject),
            _ => {}
        }
        let post = || self.post(&flow, Letter::Request(request));
        if matches!(wanted, Wanted::Run | Wanted::Call) {
            return self.board.once(&flow, post);
        }
        post()?;
        if wanted == Wanted::Resync {
            self.board.queue(&flow, true);
        }
        Ok(())
    }

    /// Queues a further try of one record of a flow, by its key; what becomes of it the quarantine tells.
    ///
    /// # Errors
    /// No such flow, a full queue, a service that ends.
    pub fn retry(&self, flow: &str, key: &str) -> Result<(), Refused> {
        // Nobody waits for the outcome.
        let (done, _) = oneshot::channel();
        let errand = Errand {
            flows: vec![flow.to_owned()],
            orders: Orders {
                intent: Intent::Write,
                only: vec![first_value(key).to_owned()],
                ..Orders::default()
            },
            observer: Arc::new(Silent),
            done,
        };
        self.post(flow, Letter::Errand(Box::new(errand)))?;
        self.board.queue(flow, true);
        Ok(())
    }

    /// Returns when what runs on the flow's database has ended; the next run waits until the turn is dropped.
    ///
    /// # Errors
    /// No such flow, a full queue, a service that ends.
    pub async fn turn(&self, flow: &str) -> Result<Turn, Refused> {
        let (give, given) = oneshot::channel();
        self.post(flow, Letter::Turn(give))?;
        given.await.map_err(|_| Refused::Stopping)
    }

    /// Queues a run of these flows, at every database that they write to, and returns when all of it has ended. What it came to is
    /// told in the order of `flows`; a flow that the service's end has kept from running was interrupted.
    ///
    /// # Errors
    /// No such flow, a full queue, a service that ends: nothing more was queued.
    pub async fn carry_out(
        &self,
        flows: &[String],
        orders: &Orders,
        observer: &Arc<dyn Observer>,
    ) -> Result<RoundReport, Refused> {
        let mut desks: Vec<(&mpsc::Sender<Letter>, Vec<String>)> = Vec::new();
        for flow in flows {
            let desk = self.desks.get(flow).ok_or(Refused::Unknown)?;
            match desks.iter_mut().find(|(known, _)| known.same_channel(desk)) {
                Some((_, flows)) => flows.push(flow.clone()),
                None => desks.push((desk, vec![flow.clone()])),
            }
        }
        let mut waiting = Vec::new();
        for (desk, flows) in desks {
            let (done, ended) = oneshot::channel();
            let errand = Errand {
                flows: flows.clone(),
                orders: orders.clone(),
                observer: observer.clone(),
                done,
            };
            send(desk, Letter::Errand(Box::new(errand)))?;
            for flow in flows.iter().filter(|_| orders.intent == Intent::Write) {
                self.board.queue(flow, true);
            }
            waiting.push((flows, ended));
        }
        let mut report = RoundReport {
            results: Vec::new(),
            interrupted: false,
            state_error: None,
        };
        for (flows, ended) in waiting {
            let part = ended.await.unwrap_or_else(|_| not_run(flows));
            report.results.extend(part.results);
            report.interrupted |= part.interrupted;
            report.state_error = report.state_error.or(part.state_error);
        }
        let place = |result: &FlowResult| flows.iter().position(|flow| *flow == result.flow);
        report.results.sort_by_key(place);
        Ok(report)
    }

    /// Flows that run now at databases that these flows write to: those come after them.
    pub fn busy(&self, flows: &[String]) -> Vec<String> {
        let desks: Vec<_> = flows
            .iter()
            .filter_map(|flow| self.desks.get(flow))
            .collect();
        let seats = self.board.look(Utc::now()).into_iter();
        let running = seats.filter(|seat| seat.running.is_some());
        let running = running.map(|seat| seat.flow);
        let is_before = |flow: &String| {
            let desk = self.desks.get(flow);
            desk.is_some_and(|desk| desks.iter().any(|own| own.same_channel(desk)))
        };
        running.filter(is_before).collect()
    }

    fn post(&self, flow: &str, letter: Letter) -> Result<(), Refused> {
        send(self.desks.get(flow).ok_or(Refused::Unknown)?, letter)
    }
}

impl Turn {
    /// A turn, and what hears of its end.
    pub(super) fn new() -> (Turn, oneshot::Receiver<()>) {
        let (over, ended) = oneshot::channel();
        (Turn { _over: over }, ended)
    }
}

fn send(desk: &mpsc::Sender<Letter>, letter: Letter) -> Result<(), Refused> {
    desk.try_send(letter).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => Refused::Full,
        mpsc::error::TrySendError::Closed(_) => Refused::Stopping,
    })
}

/// The worker has ended before it came to these flows.
fn not_run(flows: Vec<String>) -> RoundReport {
    let result = |flow| FlowResult {
        flow,
        took: Duration::ZERO,
        ended: Ended::Interrupted,
    };
    RoundReport {
        results: flows.into_iter().map(result).collect(),
        interrupted: true,
        state_error: None,
    }
}
