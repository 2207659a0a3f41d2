//! One process at a time works on a pair.
//!
//! Both servers of a pair hold a lease row. A process owns the pair while it owns both rows, taken in the order of the
//! connections' names. Taking one raises its epoch. Each write transaction reads the epoch on the server it writes to
//! with a share lock ([`Guard::check`]) and gives up if it has moved: a process that was paused past its lease's end
//! wakes up unable to write. The owner proves itself alive by a heartbeat; all times are the server's.
//!
//! Each taking has a name of its own, so that a process knows a lease that it could not give back, and need not wait for
//! its end.

use super::{OwnTables, clock};
use crate::db::patience::pause;
use crate::db::query::{Part, Query};
use crate::db::{self, CommitError, DbError, DbErrorKind, Engine, Isolation, Session};
use crate::failpoint;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// A lease not renewed for so long is free for others.
pub const EXPIRY: Duration = Duration::from_secs(60);
const BEAT: Duration = Duration::from_secs(10);

/// Proof of a lease on one server, for the transactions written there.
#[derive(Debug, Clone)]
pub struct Guard {
    own: OwnTables,
    pair: String,
    epoch: i64,
}

impl Guard {
    /// Called first in every write transaction: an error of kind `LeaseLost` if another process has taken over.
    pub async fn check(&self, session: &mut dyn Session) -> db::Result<()> {
        let rows = db::fetch(session, &self.epoch()).await?;
        self.compare(match rows.first().map(|row| &row[0]) {
            Some(Value::Int(epoch)) => Some(*epoch),
            _ => None,
        })
    }

    /// Begins a write transaction, the check included. On an error it may be open.
    pub async fn begin(&self, session: &mut dyn Session, isolation: Isolation) -> db::Result<()> {
        let epoch = session.begin_asking(isolation, &self.epoch()).await?;
        self.compare(epoch)
    }

    /// Asks for the epoch, and keeps others from raising it.
    fn epoch(&self) -> Query {
        Query::sql("SELECT epoch FROM ")
            .table(&self.own.table("lease"))
            .text(" WHERE pair = ")
            .value(Value::Text(self.pair.clone()))
            .push(Part::ForShare)
    }

    fn compare(&self, epoch: Option<i64>) -> db::Result<()> {
        match epoch {
            Some(epoch) if epoch == self.epoch => Ok(()),
            _ => Err(DbError::new(
                DbErrorKind::LeaseLost,
                format!(
                    "another process has taken over `{}`; this one stops writing",
                    self.pair
                ),
            )),
        }
    }
}

/// Names of takings that this process has ended without giving the lease back, as far as it knows; since when. After
/// `EXPIRY` they are of no use.
static LEFT: Mutex<BTreeMap<String, Instant>> = Mutex::new(BTreeMap::new());

fn left() -> MutexGuard<'static, BTreeMap<String, Instant>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nothing of this process writes under this taking any more.
fn leave(name: &str) {
    let mut left = left();
    left.retain(|_, since| since.elapsed() < EXPIRY);
    left.insert(name.to_owned(), Instant::now());
}

/// Between the owner, for people, and what is different in each taking.
const TAKING: &str = " #";

/// Tries more of giving a lease back over a line that breaks; then it ends by itself.
const RELEASE_TRIES: u32 = 2;

/// A lease held on one server: renewed in the background, given back by [`Lease::release`].
pub struct Lease {
    guard: Guard,
    /// Of this taking.
    name: String,
    engine: Arc<dyn Engine>,
    beat: JoinHandle<()>,
}

impl Lease {
    /// Takes the lease of `pair`. An error of kind `LeaseHeld` names the owner and how long it has been silent.
    pub async fn take(
        engine: Arc<dyn Engine>,
        own: OwnTables,
        pair: &str,
        owner: &str,
    ) -> db::Result<Lease> {
        let name = format!("{owner}{TAKING}{:016x}", rand::random::<u64>());
        let mut session = engine.connect().await?;
        let taken = take(session.as_mut(), &own, pair, &name).await?;
        drop(session);
        let epoch = match taken {
            Taken::Now(epoch) => epoch,
            Taken::Perhaps(epoch, error) => {
                match is_owner(engine.as_ref(), &own, pair, &name, epoch).await {
                    Ok(true) => epoch,
                    Ok(false) => return Err(error),
                    Err(error) => {
                        leave(&name);
                        return Err(error);
                    }
                }
            }
        };
        failpoint::reached("lease taken");
        let guard = Guard {
            own,
            pair: pair.to_owned(),
            epoch,
        };
        let beat = tokio::spawn(beat(engine.clone(), guard.clone()));
        Ok(Lease {
            guard,
            name,
            engine,
            beat,
        })
    }

    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Gives the lease back, so that the next process need not wait for its expiry. If that fails, this process can
    /// take it again at once.
    pub async fn release(self) -> db::Result<()> {
        self.beat.abort();
        let mut tries = 0;
        loop {
            match self.give_back().await {
                Err(error) if error.is_transient() && tries < RELEASE_TRIES => {
                    tries += 1;
                    tokio::time::sleep(pause(tries)).await;
                }
                Err(error) => {
                    leave(&self.name);
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Nothing happens if it is another's by now.
    async fn give_back(&self) -> db::Result<()> {
        let mut session = self.engine.connect().await?;
        let lease = self.guard.own.table("lease");
        let query = Query::sql("UPDATE ")
            .table(&lease)
            .text(" SET owner = NULL WHERE pair = ")
            .value(Value::Text(self.guard.pair.clone()))
            .text(" AND epoch = ")
            .value(Value::Int(self.guard.epoch));
        session.execute(&query).await?;
        Ok(())
    }
}

/// What came of the attempt to take a lease.
enum Taken {
    /// With this epoch.
    Now(i64),
    /// The answer to the commit was lost.
    Perhaps(i64, DbError),
}

async fn take(
    session: &mut dyn Session,
    own: &OwnTables,
    pair: &str,
    owner: &str,
) -> db::Result<Taken> {
    let kind = session.server().kind;
    let (lease, heartbeat) = (own.table("lease"), own.table("heartbeat"));
    let pair_value = || Value::Text(pair.to_owned());
    create_rows(session, own, pair).await?;

    session.begin(Isolation::ReadCommitted).await?;
    let held = Query::sql("SELECT epoch, owner FROM ")
        .table(&lease)
        .text(" WHERE pair = ")
        .value(pair_value())
        .push(Part::ForUpdate);
    let rows = db::fetch(session, &held)
        .await
        .map_err(|error| match error.kind {
            // Every write transaction of the owner holds the row.
            DbErrorKind::LockTimeout => DbError::new(
                DbErrorKind::LeaseHeld,
                format!(
                    "`{pair}` is being written to by another process; wait until it has finished"
                ),
            ),
            _ => error,
        })?;
    let (epoch, holder) = match rows.first().map(|row| (&row[0], &row[1])) {
        Some((Value::Int(epoch), holder)) => (*epoch, holder.clone()),
        _ => {
            return Err(DbError::new(
                DbErrorKind::Other,
                format!("the row of `{pair}` vanished from {lease}"),
            ));
        }
    };
    if let Value::Text(holder) = holder
        && !left().contains_key(&holder)
    {
        let silent = Query::sql(format!("SELECT {} - beat_ms FROM ", clock(kind)))
            .table(&heartbeat)
            .text(" WHERE pair = ")
            .value(pair_value());
        let rows = db::fetch(session, &silent).await?;
        if let Some(Value::Int(silent_ms)) = rows.first().map(|row| &row[0])
            && *silent_ms < EXPIRY.as_millis() as i64
        {
            match *silent_ms < 0 {
                // The server's clock was put back since: from now on the owner has as long as any other.
                true => {
                    session.execute(&beat_query(own, pair, kind)).await?;
                    session.commit().await.map_err(CommitError::into_error)?;
                }
                false => session.rollback().await?,
            }
            let silent_ms = (*silent_ms).max(0);
            let left = (EXPIRY.as_millis() as i64 - silent_ms) / 1000;
            let holder = holder.split(TAKING).next().unwrap_or_default();
            return Err(DbError::new(
                DbErrorKind::LeaseHeld,
                format!(
                    "`{pair}` is being worked on by {holder} (last sign of life {} s ago); wait until it has finished; \
                     if it has died, its lease ends in {left} s",
                    silent_ms / 1000
                ),
            ));
        }
    }
    let update = Query::sql("UPDATE ")
        .table(&lease)
        .text(" SET epoch = ")
        .value(Value::Int(epoch + 1))
        .text(", owner = ")
        .value(Value::Text(owner.to_owned()))
        .text(" WHERE pair = ")
        .value(pair_value());
    session.execute(&update).await?;
    session.execute(&beat_query(own, pair, kind)).await?;
    match session.commit().await {
        Ok(()) => Ok(Taken::Now(epoch + 1)),
        Err(CommitError::NotDone(error)) => Err(error),
        Err(CommitError::Unknown(error)) => Ok(Taken::Perhaps(epoch + 1, error)),
    }
}

/// Whether a commit whose answer was lost has given the lease to `owner`. Waits for the end of that transaction.
async fn is_owner(
    engine: &dyn Engine,
    own: &OwnTables,
    pair: &str,
    owner: &str,
    epoch: i64,
) -> db::Result<bool> {
    let mut session = engine.connect().await?;
    let query = Query::sql("SELECT epoch, owner FROM ")
        .table(&own.table("lease"))
        .text(" WHERE pair = ")
        .value(Value::Text(pair.to_owned()))
        .push(Part::ForShare);
    let rows = db::fetch(session.as_mut(), &query).await?;
    let is = [Value::Int(epoch), Value::Text(owner.to_owned())];
    Ok(rows.first().is_some_and(|row| row[..] == is))
}

/// Makes sure that both rows exist. Two processes doing so at once: one of them meets the other's row, which is as good.
async fn create_rows(session: &mut dyn Session, own: &OwnTables, pair: &str) -> db::Result<()> {
    for (name, values) in [("lease", "0, NULL"), ("heartbeat", "0")] {
        let table = own.table(name);
        let pair_value = Value::Text(pair.to_owned());
        let exists = Query::sql("SELECT 1 FROM ")
            .table(&table)
            .text(" WHERE pair = ")
            .value(pair_value.clone());
        if db::fetch(session, &exists).await?.is_empty() {
            let insert = Query::sql("INSERT INTO ")
                .table(&table)
                .text(" VALUES (")
                .value(pair_value)
                .text(format!(", {values})"));
            match session.execute(&insert).await {
                Err(error) if error.kind != DbErrorKind::UniqueViolation => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn beat_query(own: &OwnTables, pair: &str, kind: crate::db::EngineKind) -> Query {
    Query::sql("UPDATE ")
        .table(&own.table("heartbeat"))
        .text(format!(" SET beat_ms = {} WHERE pair = ", clock(kind)))
        .value(Value::Text(pair.to_owned()))
}

/// Renews until aborted, each time over a connection of its own: a login that may have two at once needs both for the
/// work. A renewal that fails is only tried again, since the guard decides, not this task.
async fn beat(engine: Arc<dyn Engine>, guard: Guard) {
    loop {
        tokio::time::sleep(BEAT).await;
        if let Err(error) = beat_once(engine.as_ref(), &guard).await {
            tracing::warn!(pair = guard.pair, %error, "the lease could not be renewed; trying again");
        }
    }
}

async fn beat_once(engine: &dyn Engine, guard: &Guard) -> db::Result<()> {
    let mut session = engine.connect().await?;
    let query = beat_query(&guard.own, &guard.pair, session.server().kind);
    session.execute(&query).await.map(|_| ())
}
