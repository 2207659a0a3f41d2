//! One connection: commands, streams of rows, transactions.
//!
//! A transaction in which the server reported an error is over, as on PostgreSQL: everything but a rollback is refused.
//! MySQL itself would go on, after a deadlock even outside of any transaction, each statement committed by itself.

use super::decode::{Decoder, result_column};
use super::dialect::statement;
use super::error::{Phase, db_error};
use crate::db::catalog::{ResultColumn, Table};
use crate::db::query::{Add, Delete, Insert, Query, TableName, Update};
use crate::db::{
    BATCH_BYTES, BATCH_ROWS, CommitError, DbError, DbErrorKind, Isolation, Result, Server, Session,
    WRITER_IDLE_MAX, choice,
};
use crate::value::{RowBatch, Value};
use futures_util::stream::{BoxStream, StreamExt, empty, try_unfold};
use mysql_async::prelude::Queryable;
use mysql_async::{BinaryProtocol, Conn, ResultSetStream};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::time::Duration;

/// What the server told of itself when the session was opened.
pub(super) struct Facts {
    pub server: Server,
    pub is_mariadb: bool,
    /// Longest packet that the server takes, in bytes.
    pub packet_max: usize,
    /// Names of tables are compared without regard to case.
    pub names_ignore_case: bool,
    pub database: String,
    /// The server takes `LOAD DATA LOCAL INFILE`, as far as is known.
    pub loads: bool,
}

pub(super) struct MySqlSession {
    pub(super) conn: Conn,
    pub(super) facts: Facts,
    pub(super) link: Link,
    /// Per table that rows were loaded into, its columns that take texts. Emptied where a table may have changed: at
    /// the begin of a transaction and by [`Session::execute`].
    pub(super) text_columns: HashMap<TableName, HashSet<String>>,
    /// The server was told how long a transaction may be idle.
    limits_idle: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Transaction {
    None,
    Open,
    /// The server reported an error within it: why.
    Failed(String),
}

/// The state of the connection, apart from it so that both can be borrowed at once.
pub(super) struct Link {
    /// The connection string without its password, for messages.
    place: String,
    /// An answer is waited for so long.
    patience: Duration,
    transaction: Transaction,
    is_lost: bool,
    /// The last result may not have been read to its end.
    has_unread_rows: bool,
}

impl Link {
    pub fn new(place: String, patience: Duration) -> Self {
        Link {
            place,
            patience,
            transaction: Transaction::None,
            is_lost: false,
            has_unread_rows: false,
        }
    }

    /// Waits for the driver's answer; an error is noted against the connection or the transaction.
    pub async fn answer<T>(
        &mut self,
        work: impl Future<Output = mysql_async::Result<T>>,
    ) -> Result<T> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(self.gave_up()),
        }
    }

    fn failed(&mut self, error: &mysql_async::Error) -> DbError {
        let error = db_error(error, Phase::Use, &self.place);
        self.note(&error);
        error
    }

    /// Notes what an error means for all that follows.
    pub fn note(&mut self, error: &DbError) {
        if error.kind == DbErrorKind::ConnectionLost {
            self.is_lost = true;
        } else if self.transaction == Transaction::Open {
            self.transaction = Transaction::Failed(error.message.clone());
        }
    }

    fn gave_up(&mut self) -> DbError {
        self.is_lost = true;
        let seconds = self.patience.as_secs();
        self.error(
            DbErrorKind::ConnectionLost,
            format_args!("no answer within {seconds} s"),
        )
    }

    pub fn error(&self, kind: DbErrorKind, message: impl std::fmt::Display) -> DbError {
        DbError::new(kind, format_args!("{}: {message}", self.place))
    }
}

impl MySqlSession {
    pub fn new(conn: Conn, facts: Facts, link: Link) -> Self {
        MySqlSession {
            conn,
            facts,
            link,
            text_columns: HashMap::new(),
            limits_idle: false,
        }
    }

    /// Before a transaction begins. MySQL has no such limit.
    async fn limit_idle(&mut self, isolation: Isolation) -> Result<()> {
        let limits = isolation == Isolation::ReadCommitted;
        if !self.facts.is_mariadb || self.limits_idle == limits {
            return Ok(());
        }
        let limit = match limits {
            true => WRITER_IDLE_MAX.as_secs().to_string(),
            // A picture may be open for as long as the other side is written to, if the server lets it.
            false => "DEFAULT".to_owned(),
        };
        self.command(&format!("SET SESSION idle_transaction_timeout = {limit}"))
            .await?;
        self.limits_idle = limits;
        Ok(())
    }

    /// Before each command: the connection is there, the transaction has not failed, no rows are left to read.
    pub(super) async fn ready(&mut self) -> Result<()> {
        self.drain().await?;
        match &self.link.transaction {
            Transaction::Failed(why) => Err(self.link.error(
                DbErrorKind::Other,
                format_args!("the transaction has failed and can only be rolled back ({why})"),
            )),
            _ => Ok(()),
        }
    }

    /// Reads what a dropped stream has left. An error of that result is of no interest any more, except to the
    /// transaction that it may have ended.
    async fn drain(&mut self) -> Result<()> {
        if self.link.is_lost || self.conn.is_disconnected() {
            self.link.is_lost = true;
            let lost = "the connection was lost before";
            return Err(self.link.error(DbErrorKind::ConnectionLost, lost));
        }
        // The driver reads the rest of the result before it sends a command: an error of that rest is reported once.
        for _ in 0..2 {
            if !self.link.has_unread_rows {
                break;
            }
            match self.link.answer(self.conn.ping()).await {
                Ok(()) => self.link.has_unread_rows = false,
                Err(error) if error.kind == DbErrorKind::ConnectionLost => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Sends a statement as plain text.
    pub(super) async fn command(&mut self, sql: &str) -> Result<()> {
        self.link.answer(self.conn.query_drop(sql)).await
    }

    /// Writes are only made within a transaction.
    pub(super) async fn ready_to_write(&mut self) -> Result<()> {
        self.ready().await?;
        match self.link.transaction {
            Transaction::None => Err(self
                .link
                .error(DbErrorKind::Other, "a write outside of a transaction")),
            _ => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl Session for MySqlSession {
    fn server(&self) -> &Server {
        &self.facts.server
    }

    async fn table(&mut self, name: &TableName) -> Result<Option<Table>> {
        self.catalog_table(name).await
    }

    async fn describe(&mut self, query: &Query) -> Result<Vec<ResultColumn>> {
        let query = &*choice::settle(self, query).await?;
        self.ready().await?;
        let (sql, _) = statement(query);
        let prepared = self.link.answer(self.conn.prep(sql)).await?;
        Ok(prepared.columns().iter().map(result_column).collect())
    }

    async fn read<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let query = &*choice::settle(self, query).await?;
        self.ready().await?;
        let (sql, params) = statement(query);
        let MySqlSession { conn, link, .. } = self;
        let result = link.answer(conn.exec_iter(sql, params)).await?;
        link.has_unread_rows = true;
        let Some(rows) = link.answer(result.stream_and_drop()).await? else {
            link.has_unread_rows = false;
            return Ok(empty().boxed());
        };
        let decoder = Decoder::new(rows.columns_ref());
        let reading = Reading {
            rows,
            link,
            decoder,
        };
        Ok(try_unfold(reading, |mut reading| async move {
            let batch = reading.batch().await?;
            Ok(batch.map(|batch| (batch, reading)))
        })
        .boxed())
    }

    async fn execute(&mut self, query: &Query) -> Result<u64> {
        self.text_columns.clear();
        self.ready().await?;
        let (sql, params) = statement(query);
        let MySqlSession { conn, link, .. } = self;
        // Some statements, among them a few of DDL, cannot be prepared.
        if let mysql_async::Params::Empty = params {
            link.answer(async {
                let result = conn.query_iter(sql).await?;
                let matched = result.affected_rows();
                result.drop_result().await.map(|()| matched)
            })
            .await
        } else {
            link.answer(async {
                let result = conn.exec_iter(sql, params).await?;
                let matched = result.affected_rows();
                result.drop_result().await.map(|()| matched)
            })
            .await
        }
    }

    async fn begin(&mut self, isolation: Isolation) -> Result<()> {
        self.text_columns.clear();
        self.ready().await?;
        if self.link.transaction != Transaction::None {
            // The server would commit the open one.
            return Err(self
                .link
                .error(DbErrorKind::Other, "a transaction is open already"));
        }
        self.limit_idle(isolation).await?;
        match isolation {
            Isolation::ReadCommitted => self.command("START TRANSACTION READ WRITE").await?,
            Isolation::Snapshot => {
                // Holds for the next transaction only.
                self.command("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    .await?;
                self.command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
                    .await?;
            }
        }
        self.link.transaction = Transaction::Open;
        Ok(())
    }

    async fn commit(&mut self) -> std::result::Result<(), CommitError> {
        if self.link.transaction == Transaction::None {
            let error = self
                .link
                .error(DbErrorKind::Other, "COMMIT without a transaction");
            return Err(CommitError::NotDone(error));
        }
        // Nothing was sent yet: whatever goes wrong here, the server rolls back.
        if let Err(error) = self.ready().await {
            let _ = self.rollback().await;
            return Err(CommitError::NotDone(error));
        }
        let error = match self.command("COMMIT").await {
            Ok(()) => {
                self.link.transaction = Transaction::None;
                return Ok(());
            }
            Err(error) => error,
        };
        if is_certainly_refused(&error) {
            let _ = self.rollback().await;
            return Err(CommitError::NotDone(error));
        }
        // Not to be used any more: whoever looks what came of it does so on a connection that is sound.
        self.link.is_lost = true;
        Err(CommitError::Unknown(error))
    }

    async fn rollback(&mut self) -> Result<()> {
        if self.link.transaction == Transaction::None {
            return Ok(());
        }
        self.drain().await?;
        // A failed ROLLBACK must not leave a transaction open that a later command would join.
        let done = self.command("ROLLBACK").await;
        match &done {
            Ok(()) => self.link.transaction = Transaction::None,
            Err(_) => self.link.is_lost = true,
        }
        done
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        self.ready_to_write().await?;
        self.write_insert(insert).await
    }

    async fn update(&mut self, update: &Update) -> Result<u64> {
        self.ready_to_write().await?;
        self.write_update(update).await
    }

    async fn add(&mut self, add: &Add) -> Result<u64> {
        self.ready_to_write().await?;
        self.write_add(add).await
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64> {
        self.ready_to_write().await?;
        self.write_delete(delete).await
    }
}

/// Refusals of COMMIT after which the transaction is gone or still open, but not committed: a deadlock or conflict
/// between the nodes of a cluster, a server that was made read-only meanwhile.
fn is_certainly_refused(error: &DbError) -> bool {
    use DbErrorKind::*;
    matches!(error.kind, Deadlock | LockTimeout | Conflict | ReadOnly)
}

/// A result that is being read.
struct Reading<'a> {
    rows: ResultSetStream<'a, 'a, 'static, mysql_async::Row, BinaryProtocol>,
    link: &'a mut Link,
    decoder: Decoder,
}

impl Reading<'_> {
    /// The next rows, or nothing at the end.
    async fn batch(&mut self) -> Result<Option<RowBatch>> {
        match tokio::time::timeout(self.link.patience, self.fill()).await {
            Ok(batch) => batch,
            Err(_) => Err(self.link.gave_up()),
        }
    }

    async fn fill(&mut self) -> Result<Option<RowBatch>> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        while rows.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(row) = self.rows.next().await else {
                self.link.has_unread_rows = false;
                break;
            };
            let row = row.map_err(|error| self.link.failed(&error))?;
            let row = self.decoder.row(row.unwrap_raw())?;
            bytes += row.iter().map(Value::bytes).sum::<usize>();
            rows.push(row);
        }
        Ok((!rows.is_empty()).then(|| RowBatch {
            columns: self.decoder.columns(),
            rows,
        }))
    }
}
