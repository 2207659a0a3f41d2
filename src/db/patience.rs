//! Trying again: how long to wait before, which connections are tried for anew, and what becomes of one that was cut
//! while nobody used it.

use super::{DbError, DbErrorKind, Engine, EngineKind, Listener, Query, Result, Session};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// Tries more to connect to a server that does not answer: it is being restarted, or the line dropped the attempt.
const TRIES_UNREACHABLE: u32 = 3;
/// Tries more where a limit of connections is reached: another program, or a session of ponte's that is just being
/// closed, gives one back.
const TRIES_CROWDED: u32 = 6;

/// Before the so-manieth try again: doubling from 200 ms to 6.4 s, and up to as much again. The jitter keeps two that met
/// from meeting again.
pub fn pause(tries: u32) -> Duration {
    let base = 100u64 << tries.min(6);
    Duration::from_millis(base + rand::random::<u64>() % base)
}

/// An engine that does not give up at the first refusal of a connection.
pub struct Patient {
    inner: Arc<dyn Engine>,
}

impl Patient {
    pub fn new(inner: Arc<dyn Engine>) -> Self {
        Patient { inner }
    }
}

fn tries(error: &DbError) -> u32 {
    match error.kind {
        DbErrorKind::Unreachable | DbErrorKind::ConnectionLost => TRIES_UNREACHABLE,
        DbErrorKind::TooManyConnections => TRIES_CROWDED,
        _ => 0,
    }
}

#[async_trait]
impl Engine for Patient {
    fn kind(&self) -> EngineKind {
        self.inner.kind()
    }

    async fn connect(&self) -> Result<Box<dyn Session>> {
        let mut tried = 0;
        loop {
            match self.inner.connect().await {
                Err(error) if tried < tries(&error) => {
                    tried += 1;
                    tracing::debug!(%error, tried, "connecting again");
                    tokio::time::sleep(pause(tried)).await;
                }
                done => return done,
            }
        }
    }

    async fn listen(&self, channel: &str) -> Result<Option<Box<dyn Listener>>> {
        self.inner.listen(channel).await
    }
}

/// Makes sure that a session that was idle is still connected; if it was cut (a server's `wait_timeout`, a firewall), it
/// is replaced. Not for use within a transaction.
///
/// # Errors
/// Those of connecting.
pub async fn wake(engine: &dyn Engine, session: &mut Box<dyn Session>) -> Result<()> {
    match session.execute(&Query::sql("SELECT 1")).await {
        Err(error) if error.kind == DbErrorKind::ConnectionLost => {
            tracing::debug!(%error, "an idle connection was cut; connecting again");
            *session = engine.connect().await?;
            Ok(())
        }
        done => done.map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_no_two_are_alike() {
        for (tries, least) in [
            (1, 200),
            (2, 400),
            (3, 800),
            (6, 6400),
            (7, 6400),
            (99, 6400),
        ] {
            let pauses: Vec<u128> = (0..50).map(|_| pause(tries).as_millis()).collect();
            assert!(
                pauses
                    .iter()
                    .all(|pause| (least..2 * least).contains(pause)),
                "{tries}: {pauses:?}"
            );
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
        }
    }
}
