//! What a running service can be asked for: by its page, by a webhook.

use super::board::Board;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Requests that wait at one database; more are refused.
pub(super) const QUEUE_MAX: usize = 100;

/// What is asked of one flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Carry over what has changed, now.
    Run,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("there is no such flow")]
    Unknown,
    #[error("too many requests wait already")]
    Full,
    #[error("the service is being stopped")]
    Stopping,
}

/// Where requests go, by flow.
#[derive(Debug, Default)]
pub struct Control {
    pub board: Arc<Board>,
    pub(super) desks: BTreeMap<String, mpsc::Sender<Request>>,
}

impl Control {
    /// Queues a request: it is carried out when what runs on that database has ended.
    ///
    /// # Errors
    /// No such flow, a full queue, a service that ends.
    pub fn ask(&self, request: Request) -> Result<(), Refused> {
        let desk = self.desks.get(&request.flow).ok_or(Refused::Unknown)?;
        let flow = request.flow.clone();
        let waits = matches!(request.wanted, Wanted::Run | Wanted::Resync);
        desk.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Full,
            mpsc::error::TrySendError::Closed(_) => Refused::Stopping,
        })?;
        if waits {
            self.board.queue(&flow, true);
        }
        Ok(())
    }
}
