//! A session's state, its transactions and locks, and the reply as it grows.

use super::catalog::{self, Table};
use super::collation::Collation;
use super::env::{Env, Facts};
use super::error::{Result, SqlError};
use super::moments;
use super::server::{Database, Shared};
use super::tokens::{self, Change, done};
use super::types::Type;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// A reply goes to the socket in pieces of about this size, each of whole tokens.
const PIECE: usize = 16 * 1024;

/// What the socket's side says to the thread that runs a session's statements.
#[derive(Default)]
pub struct Signals {
    /// The client asked to stop what runs.
    pub cancelled: AtomicBool,
    /// The connection is gone, or was killed.
    pub closed: AtomicBool,
}

impl Signals {
    pub fn are_quiet(&self) -> bool {
        !self.cancelled.load(Ordering::SeqCst) && !self.closed.load(Ordering::SeqCst)
    }
}

/// Number of the error that means: the client does not wait for an answer any more.
pub const STOPPED: i32 = -1;

pub struct Reply {
    to: Sender<Vec<u8>>,
    pub buffer: Vec<u8>,
    /// DONE of the last statement, kept back until it is known whether more follows.
    pending: Option<(u16, u16, u64)>,
    /// Within a procedure: tokens are DONEINPROC.
    pub in_procedure: bool,
    server: String,
    pub failed: bool,
}

impl Reply {
    pub fn new(to: Sender<Vec<u8>>, server: &str, in_procedure: bool) -> Reply {
        Reply {
            to,
            buffer: Vec::new(),
            pending: None,
            in_procedure,
            server: server.to_owned(),
            failed: false,
        }
    }

    /// Sends what there is if it is enough.
    pub fn flush(&mut self) -> Result<()> {
        if self.buffer.len() < PIECE {
            return Ok(());
        }
        self.send()
    }

    fn send(&mut self) -> Result<()> {
        let sent = self.to.blocking_send(std::mem::take(&mut self.buffer));
        sent.map_err(|_| SqlError::new(STOPPED, 16, "stopped"))
    }

    /// Writes the DONE kept back, since something follows.
    pub fn more(&mut self) {
        if let Some((status, command, rows)) = self.pending.take() {
            let token = if self.in_procedure {
                done::IN_PROC
            } else {
                done::DONE
            };
            tokens::done(&mut self.buffer, token, status | done::MORE, command, rows);
        }
    }

    pub fn done(&mut self, status: u16, command: u16, rows: u64) {
        self.more();
        self.pending = Some((status, command, rows));
    }

    pub fn change(&mut self, change: Change) {
        self.more();
        tokens::env_change(&mut self.buffer, change);
    }

    pub fn info(&mut self, text: &str, line: u32) {
        self.more();
        tokens::info(&mut self.buffer, 0, text, &self.server, line);
    }

    pub fn error(&mut self, error: &SqlError, line: u32) {
        self.more();
        self.failed = true;
        tokens::error(&mut self.buffer, error, &self.server, "", line);
        self.pending = Some((done::ERROR, 0xfd, 0));
    }

    /// The end of a batch, or of a procedure with its return status.
    pub fn finish(mut self, outputs: &[(String, Type, Value)]) {
        if self.in_procedure {
            self.more();
            tokens::return_status(&mut self.buffer, i32::from(self.failed));
            for (at, (name, ty, value)) in outputs.iter().enumerate() {
                // Only values of their own type come here.
                let _ = tokens::return_value(&mut self.buffer, at as u16, name, *ty, value);
            }
            let status = if self.failed { done::ERROR } else { 0 };
            tokens::done(&mut self.buffer, done::PROC, status, 0xe0, 0);
        } else {
            let (status, command, rows) = self.pending.take().unwrap_or((0, 0xfd, 0));
            tokens::done(&mut self.buffer, done::DONE, status, command, rows);
        }
        let _ = self.send();
    }
}

/// What SQLite has open for the session's transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Nothing,
    /// One picture of the database.
    Reading,
    /// The database's only writer.
    Writing,
}

#[derive(Clone)]
pub struct Options {
    pub no_count: bool,
    pub xact_abort: bool,
    /// Milliseconds; below 0: for ever.
    pub lock_timeout: i64,
    pub isolation: String,
}

/// Into which table which columns go, and whether its triggers run.
pub type Bulk = (super::syntax::Name, Vec<(String, Type)>, bool);

pub struct Session {
    pub connection: Connection,
    pub shared: Arc<Shared>,
    pub database: Arc<Database>,
    pub signals: Arc<Signals>,
    pub spid: i64,
    pub user: String,
    pub options: Options,
    pub transactions: i64,
    pub descriptor: u64,
    pub open: Open,
    /// An error with XACT_ABORT within TRY: nothing but ROLLBACK is left.
    pub doomed: bool,
    pub savepoints: Vec<String>,
    pub own: HashMap<String, Table>,
    pub own_identities: HashMap<String, i64>,
    pub variables: HashMap<String, (Type, Value)>,
    pub row_count: i64,
    pub identity: Option<i64>,
    pub error: i64,
    pub caught: Option<SqlError>,
    pub identity_insert: Option<i64>,
    /// INSERT BULK was said; its rows come next.
    pub bulk: Option<Bulk>,
    pub updated: Option<Vec<String>>,
    /// How many triggers run within each other.
    pub depth: usize,
    /// The innermost one.
    pub trigger: Option<String>,
    /// TRY blocks that run.
    pub trying: usize,
}

impl Session {
    pub fn open(
        shared: Arc<Shared>,
        database: Arc<Database>,
        signals: Arc<Signals>,
        spid: i64,
        user: String,
    ) -> Result<Session> {
        let connection = database.connect()?;
        Ok(Session {
            connection,
            shared,
            database,
            signals,
            spid,
            user,
            options: Options {
                no_count: false,
                xact_abort: false,
                lock_timeout: -1,
                isolation: "READ COMMITTED".to_owned(),
            },
            transactions: 0,
            descriptor: 0,
            open: Open::Nothing,
            doomed: false,
            savepoints: Vec::new(),
            own: HashMap::new(),
            own_identities: HashMap::new(),
            variables: HashMap::new(),
            row_count: 0,
            identity: None,
            error: 0,
            caught: None,
            identity_insert: None,
            bulk: None,
            updated: None,
            depth: 0,
            trigger: None,
            trying: 0,
        })
    }

    pub fn collation(&self) -> Collation {
        self.database.collation
    }

    pub fn facts(&self) -> Result<Facts> {
        let last = self.database.row_version.load(Ordering::SeqCst);
        let active = self.database.row_version_active.load(Ordering::SeqCst);
        Ok(Facts {
            spid: self.spid,
            row_count: self.row_count,
            transactions: self.transactions,
            identity: self.identity,
            error: self.error,
            lock_timeout: self.options.lock_timeout,
            database: self.database.name.clone(),
            user: self.user.clone(),
            now: moments::now(),
            version: self.shared.options.version.clone(),
            edition: 3,
            snapshot: self.is_on("ALLOW_SNAPSHOT_ISOLATION", true)?,
            read_only: self.is_read_only()?,
            collation: self.database.collation,
            row_version: last,
            row_version_active: if active == 0 { last + 1 } else { active },
            updated: self.updated.clone(),
            caught: self.caught.clone(),
            database_id: self.database.id,
            grants: match self.user == self.shared.options.user {
                true => None,
                false => Some(catalog::grants(&self.connection, &self.user)?),
            },
        })
    }

    pub fn is_read_only(&self) -> Result<bool> {
        Ok(catalog::option(&self.connection, "UPDATEABILITY")?.as_deref() == Some("READ_ONLY"))
    }

    fn is_on(&self, option: &str, otherwise: bool) -> Result<bool> {
        Ok(catalog::option(&self.connection, option)?.map_or(otherwise, |value| value == "ON"))
    }

    /// What a translator needs to know of the session.
    pub fn env<'a>(&'a self, facts: &'a Facts) -> Env<'a> {
        Env {
            connection: &self.connection,
            variables: &self.variables,
            own: &self.own,
            facts,
        }
    }

    // --- locks ---

    /// Becomes the database's writer, waiting as long as LOCK_TIMEOUT says.
    pub fn lock(&mut self) -> Result<()> {
        if self.shared.faults.take_deadlock() {
            return Err(SqlError::deadlock());
        }
        if self.open == Open::Writing {
            return Ok(());
        }
        let began = Instant::now();
        let sql = match self.open {
            Open::Nothing => "BEGIN IMMEDIATE",
            // Takes the lock, changes nothing.
            _ => r#"DELETE FROM main."own.options" WHERE 0"#,
        };
        loop {
            match self.connection.execute_batch(sql) {
                Ok(()) => {
                    self.open = Open::Writing;
                    return Ok(());
                }
                Err(error) => {
                    let error = SqlError::from(error);
                    if error.number != 1222 {
                        return Err(error);
                    }
                }
            }
            if !self.signals.are_quiet() {
                return Err(SqlError::new(STOPPED, 16, "stopped"));
            }
            if self.options.lock_timeout >= 0
                && began.elapsed() >= Duration::from_millis(self.options.lock_timeout as u64)
            {
                return Err(SqlError::lock_timeout());
            }
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// What must be open before a statement reads.
    pub fn before_reading(&mut self, locks: bool) -> Result<()> {
        if self.transactions == 0 || self.open == Open::Writing {
            return Ok(());
        }
        match self.options.isolation.as_str() {
            "SNAPSHOT" if !self.is_on("ALLOW_SNAPSHOT_ISOLATION", true)? => Err(SqlError::new(
                3952,
                16,
                format!(
                    "Snapshot isolation transaction failed accessing database '{}' because snapshot isolation is not allowed in this database.",
                    self.database.name
                ),
            )),
            "SNAPSHOT" if !locks => {
                if self.open == Open::Nothing {
                    self.connection
                        .execute_batch(r#"BEGIN; SELECT 1 FROM "own.options" LIMIT 1"#)?;
                    self.open = Open::Reading;
                }
                Ok(())
            }
            "REPEATABLE READ" | "SERIALIZABLE" => self.lock(),
            _ if locks => self.lock(),
            _ => Ok(()),
        }
    }

    /// Runs what writes as one statement: all of it or nothing. `shared`: it writes to more than the session's own tables.
    pub fn writing<T>(
        &mut self,
        shared: bool,
        run: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if shared && self.is_read_only()? {
            return Err(SqlError::new(
                3906,
                16,
                format!(
                    "Failed to update database \"{}\" because the database is read-only.",
                    self.database.name
                ),
            ));
        }
        let is_alone = self.transactions == 0 && self.depth == 0;
        if shared || self.transactions > 0 && self.open != Open::Writing {
            if self.options.isolation == "SNAPSHOT" {
                self.before_reading(false)?;
            }
            self.lock()?;
        }
        self.connection.execute_batch("SAVEPOINT statement")?;
        let made = run(self);
        let ended = match &made {
            Ok(_) => self.connection.execute_batch("RELEASE statement"),
            Err(_) if self.connection.is_autocommit() => Ok(()),
            Err(_) => self
                .connection
                .execute_batch("ROLLBACK TO statement; RELEASE statement"),
        };
        if is_alone && self.open == Open::Writing {
            self.end(made.is_ok() && ended.is_ok())?;
        }
        ended?;
        made
    }

    fn end(&mut self, keep: bool) -> Result<()> {
        self.database.release_row_versions(self.spid);
        if !self.connection.is_autocommit() {
            self.connection
                .execute_batch(if keep { "COMMIT" } else { "ROLLBACK" })?;
        }
        self.open = Open::Nothing;
        if !keep {
            self.forget_dropped()?;
        }
        Ok(())
    }

    /// Temporary tables that were rolled back are gone.
    fn forget_dropped(&mut self) -> Result<()> {
        let mut known = self
            .connection
            .prepare("SELECT name FROM sqlite_temp_master WHERE type = 'table'")?;
        let names: Vec<String> = known
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        drop(known);
        self.own.retain(|name, _| names.contains(name));
        Ok(())
    }

    // --- transactions ---

    pub fn begin(&mut self, reply: &mut Reply) {
        self.transactions += 1;
        if self.transactions == 1 {
            self.descriptor = self.shared.next_descriptor();
            reply.change(Change::Begun(self.descriptor));
        }
    }

    pub fn commit(&mut self, reply: &mut Reply) -> Result<()> {
        if self.transactions == 0 {
            return Err(SqlError::new(
                3902,
                16,
                "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.",
            ));
        }
        if self.doomed {
            return Err(SqlError::new(
                3930,
                16,
                "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
            ));
        }
        if self.transactions == 1 {
            self.end(true)?;
            self.savepoints.clear();
            reply.change(Change::Committed(self.descriptor));
        }
        self.transactions -= 1;
        Ok(())
    }

    pub fn rollback(&mut self, reply: &mut Reply) -> Result<()> {
        if self.transactions == 0 {
            return Err(SqlError::new(
                3903,
                16,
                "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.",
            ));
        }
        self.roll_back()?;
        reply.change(Change::RolledBack(self.descriptor));
        Ok(())
    }

    /// Without telling: the connection has ended, or tells it later.
    pub fn roll_back(&mut self) -> Result<()> {
        self.transactions = 0;
        self.doomed = false;
        self.savepoints.clear();
        self.end(false)
    }

    pub fn save(&mut self, name: &str) -> Result<()> {
        if self.transactions == 0 {
            return Err(SqlError::new(
                628,
                16,
                "Cannot issue SAVE TRANSACTION when there is no active transaction.",
            ));
        }
        self.lock()?;
        self.connection
            .execute_batch(&format!("SAVEPOINT {}", savepoint(name)))?;
        self.savepoints.push(name.to_lowercase());
        Ok(())
    }

    pub fn roll_back_to(&mut self, name: &str) -> Result<()> {
        let name = name.to_lowercase();
        if !self.savepoints.contains(&name) {
            return Err(SqlError::new(
                6401,
                16,
                format!(
                    "Cannot roll back {name}. No transaction or savepoint of that name was found."
                ),
            ));
        }
        self.connection
            .execute_batch(&format!("ROLLBACK TO {}", savepoint(&name)))?;
        while self.savepoints.last() != Some(&name) {
            self.savepoints.pop();
        }
        self.forget_dropped()
    }
}

fn savepoint(name: &str) -> String {
    catalog::quoted(&format!("save.{}", name.to_lowercase()))
}
