//! Where a session stands between two calls: its connection may be lost, its transaction failed.

use super::{CommitError, DbError, DbErrorKind, Isolation, Result};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    None,
    Open(Isolation),
    /// The server has given it up or will not commit it: only a rollback is left.
    Failed,
}

pub(super) struct State {
    /// The connection, for messages.
    label: String,
    transaction: Transaction,
    /// A call is under way. Found set by the next call, that one's future was dropped half-way, and nobody knows which
    /// answer the connection is about to give.
    busy: bool,
    lost: bool,
    /// After which errors a transaction can only be rolled back.
    fails: fn(DbErrorKind) -> bool,
}

impl State {
    pub fn new(label: String, fails: fn(DbErrorKind) -> bool) -> Self {
        State {
            label,
            transaction: Transaction::None,
            busy: false,
            lost: false,
            fails,
        }
    }

    /// Before a statement.
    pub fn enter(&mut self) -> Result<()> {
        self.enter_raw()?;
        if self.transaction == Transaction::Failed {
            self.busy = false;
            return Err(DbError::new(
                DbErrorKind::Other,
                format_args!(
                    "{}: the transaction has failed and must be rolled back",
                    self.label
                ),
            ));
        }
        Ok(())
    }

    /// Before a BEGIN: within a transaction MySQL would commit that one first.
    pub fn enter_begin(&mut self) -> Result<()> {
        self.enter()?;
        if self.transaction == Transaction::None {
            return Ok(());
        }
        self.busy = false;
        Err(DbError::new(
            DbErrorKind::Other,
            format_args!("{}: a transaction is open already", self.label),
        ))
    }

    /// Before a statement that writes rows.
    pub fn enter_write(&mut self) -> Result<()> {
        self.enter()?;
        if self.writes() {
            return Ok(());
        }
        self.busy = false;
        Err(DbError::new(
            DbErrorKind::Other,
            format_args!("{}: rows are only written in a transaction", self.label),
        ))
    }

    /// Before the end of a transaction.
    pub fn enter_raw(&mut self) -> Result<()> {
        if self.busy {
            self.lost = true;
        }
        if self.lost {
            return Err(DbError::new(
                DbErrorKind::ConnectionLost,
                format_args!("{}: the connection was given up", self.label),
            ));
        }
        self.busy = true;
        Ok(())
    }

    /// After what [`enter`](Self::enter) let begin.
    pub fn leave<T>(&mut self, result: Result<T>, doing: impl fmt::Display) -> Result<T> {
        self.busy = false;
        self.note(result, doing)
    }

    /// Keeps in mind what an error means for the calls to come.
    pub fn note<T>(&mut self, result: Result<T>, doing: impl fmt::Display) -> Result<T> {
        result.map_err(|error| {
            if error.kind == DbErrorKind::ConnectionLost {
                self.lost = true;
            }
            if self.transaction != Transaction::None && (self.fails)(error.kind) {
                self.transaction = Transaction::Failed;
            }
            error.context(format_args!("{}: {doing}", self.label))
        })
    }

    /// Before a COMMIT.
    pub fn check_commit(&mut self) -> Result<()> {
        let refused = |label: &str, why| {
            DbError::new(
                DbErrorKind::Other,
                format_args!("{label}: committing: {why}"),
            )
        };
        match self.transaction {
            Transaction::None => Err(refused(&self.label, "there is no transaction")),
            Transaction::Failed => Err(refused(
                &self.label,
                "the transaction has failed and must be rolled back",
            )),
            Transaction::Open(_) => self.enter_raw(),
        }
    }

    /// After one.
    pub fn committed(&mut self, result: Result<()>) -> std::result::Result<(), CommitError> {
        match self.leave(result, "committing") {
            Ok(()) => {
                self.ended();
                Ok(())
            }
            Err(error)
                if matches!(
                    error.kind,
                    DbErrorKind::ConnectionLost | DbErrorKind::Timeout
                ) =>
            {
                // Whatever has become of it, the connection's transaction is no longer to be trusted.
                self.lost = true;
                Err(CommitError::Unknown(error))
            }
            Err(error) => Err(CommitError::NotDone(error)),
        }
    }

    pub fn began(&mut self, isolation: Isolation) {
        self.transaction = Transaction::Open(isolation);
    }

    pub fn ended(&mut self) {
        self.transaction = Transaction::None;
    }

    /// The transaction is one that only reads.
    pub fn is_snapshot(&self) -> bool {
        self.transaction == Transaction::Open(Isolation::Snapshot)
    }

    /// The transaction is one that may write.
    pub fn writes(&self) -> bool {
        self.transaction == Transaction::Open(Isolation::ReadCommitted)
    }

    pub fn is_open(&self) -> bool {
        self.transaction != Transaction::None
    }
}
