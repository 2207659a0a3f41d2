//! What can go wrong with a database, sorted by what the caller does about it.

use super::query::{Part, Query, TableName};
use std::fmt;

/// A driver's or server's error with its kind, the server's own code and what was being done.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct DbError {
    pub kind: DbErrorKind,
    /// One line for people: connection, what was being done, what the server said. Holds no secret.
    pub message: String,
    /// SQLSTATE or the server's error number.
    pub code: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DbErrorKind {
    /// Never connected: host, port, name resolution, refused.
    Unreachable,
    /// The connection broke while in use.
    ConnectionLost,
    Authentication,
    Tls,
    /// The SSH server in between is not known, not the one it was, or refuses the login; the message says what to do.
    Tunnel,
    TooManyConnections,
    /// Connect or statement time-out.
    Timeout,
    Deadlock,
    LockTimeout,
    /// The engine asks for the transaction to be repeated (PostgreSQL 40001, MariaDB 1020, SQLite busy snapshot).
    Conflict,
    UniqueViolation,
    ForeignKeyViolation,
    /// NOT NULL, CHECK, a trigger that refused.
    Refused,
    /// The value does not fit the column, or the server warned that it cut or converted it.
    Misfit,
    PacketTooLarge,
    Privilege,
    /// A table, column or function that does not exist.
    Undefined,
    Syntax,
    ReadOnly,
    /// A table of ponte's own is missing, was altered or may not be used; the message names it.
    OwnTable,
    /// The file is no database, is full, is locked by another program and the like.
    Storage,
    /// Another process works on the pair.
    LeaseHeld,
    /// Another process has taken the pair over while this one was away.
    LeaseLost,
    /// A connection string that says something impossible.
    Config,
    Other,
}

impl DbErrorKind {
    /// In one word, for counts and machines.
    pub fn name(self) -> &'static str {
        use DbErrorKind::*;
        match self {
            Unreachable => "unreachable",
            ConnectionLost => "connection_lost",
            Authentication => "authentication",
            Tls => "tls",
            Tunnel => "tunnel",
            TooManyConnections => "too_many_connections",
            Timeout => "timeout",
            Deadlock => "deadlock",
            LockTimeout => "lock_timeout",
            Conflict => "conflict",
            UniqueViolation => "unique_violation",
            ForeignKeyViolation => "foreign_key_violation",
            Refused => "refused",
            Misfit => "misfit",
            PacketTooLarge => "packet_too_large",
            Privilege => "privilege",
            Undefined => "undefined",
            Syntax => "syntax",
            ReadOnly => "read_only",
            OwnTable => "own_table",
            Storage => "storage",
            LeaseHeld => "lease_held",
            LeaseLost => "lease_lost",
            Config => "config",
            Other => "other",
        }
    }
}

/// What a statement does that is kept back, for the error that comes of it later.
#[derive(Debug, PartialEq, Eq)]
pub enum Deferred {
    Inserting(TableName),
    /// It is about a table of ponte's own.
    Own(TableName),
}

impl Deferred {
    pub fn own(query: &Query) -> Self {
        let table = query.parts.iter().find_map(|part| match part {
            Part::Table(table) => Some(table.clone()),
            _ => None,
        });
        Deferred::Own(table.unwrap_or_else(|| TableName::parse("?")))
    }

    pub fn failed(&self, error: DbError) -> DbError {
        match self {
            Deferred::Inserting(table) => error.context(format_args!("inserting into {table}")),
            Deferred::Own(table) => error.context("running a statement").of_own_table(table),
        }
    }
}

impl DbError {
    pub fn new(kind: DbErrorKind, message: impl fmt::Display) -> Self {
        DbError {
            kind,
            message: message.to_string(),
            code: None,
        }
    }

    /// Puts what was being done in front: `while …: …`.
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The error of a statement about a table of ponte's own: that it is missing, altered or forbidden is no record's fault.
    /// What may be one (two records that want the same row, a value that no such table takes) stays what it is.
    pub fn of_own_table(self, table: &TableName) -> Self {
        use DbErrorKind::*;
        let what = match self.kind {
            Undefined => "is missing or was altered",
            Refused | ForeignKeyViolation => "was altered",
            Privilege => "may not be used by this login",
            _ => return self,
        };
        DbError {
            kind: OwnTable,
            ..self.context(format_args!("ponte's own table `{table}` {what}"))
        }
    }

    /// What to do about it, where that does not follow from the message.
    pub fn advice(&self) -> Option<&'static str> {
        use DbErrorKind::*;
        Some(match self.kind {
            Unreachable => {
                "is the server running, and are host and port of the connection string right? A firewall may stand between"
            }
            Authentication => {
                "check user and password of the connection string (an environment variable, or `password_file`), and that the server lets this user in from this machine"
            }
            Tls => {
                "give the server's certificate with `?ca=FILE`, or say `?tls=required` or `?tls=off` in the connection string"
            }
            TooManyConnections => "wait, or let the server take more connections of this user",
            Timeout => {
                "try again later; `?connect_timeout_s=` and `?statement_timeout_s=` in the connection string allow more time"
            }
            Privilege => "`ponte grants` prints what the login must be allowed",
            Undefined => {
                "is it the right database? `ponte check` holds all that is used against it"
            }
            OwnTable => {
                "`ponte setup --run` creates tables that are missing, and `ponte grants` prints what the login must be allowed; a table that was altered must be again as ponte made it"
            }
            ReadOnly => "name the primary server, or open the file for writing",
            Storage => "does the file exist, and is its disk neither full nor damaged?",
            _ => return None,
        })
    }

    /// Repeating the whole transaction may succeed.
    pub fn is_transient(&self) -> bool {
        use DbErrorKind::*;
        matches!(
            self.kind,
            Unreachable
                | ConnectionLost
                | TooManyConnections
                | Timeout
                | Deadlock
                | LockTimeout
                | Conflict
        )
    }

    /// Somebody else wanted the same rows.
    pub fn is_contention(&self) -> bool {
        use DbErrorKind::*;
        matches!(self.kind, Deadlock | LockTimeout | Conflict)
    }

    /// The fault lies with one row's data: the others of its batch may succeed without it.
    pub fn is_about_data(&self) -> bool {
        use DbErrorKind::*;
        matches!(
            self.kind,
            UniqueViolation | ForeignKeyViolation | Refused | Misfit | PacketTooLarge
        )
    }
}

/// A COMMIT has three outcomes; these are the two that are not "done".
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The transaction was rolled back for certain.
    #[error(transparent)]
    NotDone(DbError),
    /// The answer was lost: whether it was committed is for the caller to find out by looking.
    #[error("the answer to COMMIT was lost: {0}")]
    Unknown(DbError),
}

impl CommitError {
    /// For work that may be repeated whether it was committed or not.
    pub fn into_error(self) -> DbError {
        match self {
            CommitError::NotDone(error) | CommitError::Unknown(error) => error,
        }
    }

    /// For work that is looked at anew on another connection once it is unknown whether it was committed: then the
    /// connection counts as lost.
    pub fn into_lost(self) -> DbError {
        match self {
            CommitError::NotDone(error) => error,
            CommitError::Unknown(error) => DbError {
                kind: DbErrorKind::ConnectionLost,
                ..error
            },
        }
    }
}
