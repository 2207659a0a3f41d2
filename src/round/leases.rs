//! The leases of a round: taken when the first task of a pair comes up, held to the round's end.

use super::task::Task;
use crate::connections::Connections;
use crate::db::{self, DbError, DbErrorKind};
use crate::own::lease::{Guard, Lease};
use std::collections::BTreeMap;

pub struct Leases<'c> {
    connections: &'c Connections,
    /// How this process is named to others that find the pair taken.
    owner: String,
    /// By pair and connection; or why it could not be had.
    held: BTreeMap<(String, String), Result<Lease, Refused>>,
}

/// Told again to each further task of the pair.
struct Refused {
    kind: DbErrorKind,
    message: String,
}

impl<'c> Leases<'c> {
    pub fn new(connections: &'c Connections) -> Self {
        Leases {
            connections,
            owner: owner(),
            held: BTreeMap::new(),
        }
    }

    /// The proof that this process owns the task's pair, for the transactions on its target.
    ///
    /// # Errors
    /// `LeaseHeld` if another process works on the pair, `Undefined` if `ponte setup` has not been run, and those of
    /// connecting.
    pub async fn guard(&mut self, task: &Task<'_>) -> db::Result<Guard> {
        let pair = task.pair();
        let mut guard = None;
        // In the order of the connections' names: two processes that want the same pair meet on the first.
        for connection in task.lease_connections() {
            let name = (pair.clone(), connection.to_owned());
            if !self.held.contains_key(&name) {
                let taken = match self.take(connection, &pair).await {
                    // May succeed at once when it is tried again.
                    Err(error) if error.kind == DbErrorKind::ConnectionLost => return Err(error),
                    taken => taken.map_err(|error| Refused {
                        kind: error.kind,
                        message: error.message,
                    }),
                };
                self.held.insert(name.clone(), taken);
            }
            match self.held.get(&name) {
                Some(Ok(lease)) if connection == task.target() => {
                    guard = Some(lease.guard().clone());
                }
                Some(Err(refused)) => return Err(DbError::new(refused.kind, &refused.message)),
                _ => {}
            }
        }
        guard.ok_or_else(|| {
            let message = format!("no lease of `{pair}` is held on `{}`", task.target());
            DbError::new(DbErrorKind::Other, message)
        })
    }

    /// The same for transactions on the task's source, once the pair is owned.
    pub fn other(&self, task: &Task<'_>) -> Option<Guard> {
        let name = (task.pair(), task.source().to_owned());
        match self.held.get(&name) {
            Some(Ok(lease)) => Some(lease.guard().clone()),
            _ => None,
        }
    }

    async fn take(&self, connection: &str, pair: &str) -> db::Result<Lease> {
        let engine = self.connections.engine(connection)?;
        let own = self.connections.own(connection);
        let mut session = engine.connect().await?;
        let missing = own.missing(session.as_mut()).await?;
        if !missing.is_empty() {
            return Err(DbError::new(
                DbErrorKind::Undefined,
                format!(
                    "ponte's own tables are missing on `{connection}`; run `ponte setup --run` first"
                ),
            ));
        }
        drop(session);
        Lease::take(engine, own, pair, &self.owner).await
    }

    /// Gives every lease back.
    pub async fn release(self) {
        for ((_, connection), lease) in self.held {
            if let Ok(lease) = lease
                && let Err(error) = lease.release().await
            {
                tracing::warn!(connection, %error, "a lease could not be given back; others wait for its end, a minute");
            }
        }
    }
}

/// This process, for another one's message: the lease may be held on another machine.
fn owner() -> String {
    let process = std::process::id();
    let named = |variable| std::env::var(variable).ok();
    let machine = named("HOSTNAME")
        .or_else(|| named("COMPUTERNAME"))
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    match machine.as_deref().map(str::trim) {
        Some(machine) if !machine.is_empty() => format!("process {process} on {machine}"),
        _ => format!("process {process}"),
    }
}
