//! Waiting for the server, and what its answers mean for the connection: whether it still works, whether a transaction is open
//! and may have failed, whether an abandoned result is still on its way.

use super::errors;
use crate::db::{DbError, DbErrorKind, Result};
use futures_util::FutureExt;
use std::future::Future;
use std::time::Duration;

/// What must be known of a connection between two calls.
pub struct State {
    /// Longest wait for the server, beyond its own statement time-out.
    pub wait_max: Duration,
    pub transaction: Transaction,
    /// A result was begun that has not been read to its end.
    pub unsettled: bool,
    /// A call is under way. Found set by the next one, that one's future was dropped half-way, and nobody knows what
    /// became of its statement.
    pub busy: bool,
    pub lost: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    None,
    Open,
    /// A statement failed since it was opened, so that the server may already have given it up. (It has not, if the
    /// failure was ours or was undone with a savepoint.)
    Suspect,
}

impl State {
    pub fn new(wait_max: Duration) -> State {
        State {
            wait_max,
            transaction: Transaction::None,
            unsettled: false,
            busy: false,
            lost: false,
        }
    }

    /// Notes what an error means for the session.
    pub fn note(&mut self, error: DbError) -> DbError {
        if error.kind == DbErrorKind::ConnectionLost {
            self.lost = true;
        }
        if self.transaction == Transaction::Open {
            self.transaction = Transaction::Suspect;
        }
        error
    }

    /// Waits for the answer to a whole statement.
    pub async fn call<T>(
        &mut self,
        work: impl Future<Output = std::result::Result<T, sqlx::Error>>,
    ) -> Result<T> {
        self.busy = true;
        let done = self.wait(work).await;
        self.busy = false;
        done
    }

    /// Waits for the server, but not for ever: a peer that vanished without a word is never heard of again.
    pub async fn wait<T>(
        &mut self,
        work: impl Future<Output = std::result::Result<T, sqlx::Error>>,
    ) -> Result<T> {
        let mut work = std::pin::pin!(work);
        // What has come already needs no clock.
        let answer = match work.as_mut().now_or_never() {
            Some(answer) => Ok(answer),
            None => tokio::time::timeout(self.wait_max, work).await,
        };
        match answer {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.note(errors::running(&error))),
            Err(_) => Err(self.note(no_answer(self.wait_max))),
        }
    }
}

/// What is said of a server that has gone without a word.
pub fn no_answer(waited: Duration) -> DbError {
    DbError::new(
        DbErrorKind::ConnectionLost,
        format_args!("no answer from the server within {} s", waited.as_secs()),
    )
}
