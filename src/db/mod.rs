//! Databases behind one small interface. The pipeline speaks to [`Engine`] and [`Session`], never to a driver.
//!
//! A session is one connection. Writes are only made between [`Session::begin`] and [`Session::commit`]; a session
//! that returned an error of kind `ConnectionLost` is of no further use, and one dropped with a transaction open
//! closes its connection, so that the server rolls back.

mod batch;
pub mod catalog;
pub mod choice;
pub mod clock;
pub mod error;
pub mod grant;
mod keys;
pub mod mention;
pub mod mysql;
pub mod patience;
pub mod postgres;
pub mod query;
mod render;
pub mod sieve;
pub mod sqlite;
pub mod sqlserver;
pub mod ssh;
mod state;
pub mod template;
pub mod url;
mod write;

use crate::value::{RowBatch, Value};
use async_trait::async_trait;
use catalog::{ResultColumn, Table};
pub use error::{CommitError, DbError, DbErrorKind};
use futures_util::stream::{BoxStream, StreamExt};
use query::{Add, Delete, Insert, Query, TableName, Update};
use sieve::{Sieve, Sifted};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
pub use url::DbUrl;

pub type Result<T> = std::result::Result<T, DbError>;

/// A batch that [`Session::read`] yields holds at most this many rows ...
pub const BATCH_ROWS: usize = 1000;
/// ... and about this many bytes of values, whichever comes first.
pub const BATCH_BYTES: usize = 1 << 20;

/// A transaction that may write and in which nothing happens for so long is ended by its server, where the server can do that: its
/// machine may have vanished, and what it has locked nobody else could write. As long as a lease lives.
const WRITER_IDLE_MAX: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineKind {
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    Sqlite,
    SqlServer,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EngineKind::Postgres => "postgres",
            EngineKind::MySql => "mysql",
            EngineKind::Sqlite => "sqlite",
            EngineKind::SqlServer => "sqlserver",
        })
    }
}

/// What a server says of itself.
#[derive(Debug, Clone)]
pub struct Server {
    pub kind: EngineKind,
    /// For people: `PostgreSQL 15.4`, `MariaDB 10.11.6`, `SQLite 3.50.2`, `SQL Server 2019 (15.0.2000)`.
    pub product: String,
    /// Major, minor, patch.
    pub version: (u32, u32, u32),
    /// The server keeps what it is sent in Unicode without loss (database encoding UTF8, connection utf8mb4).
    pub unicode: bool,
    /// The server or the database refuses writes (replica, read-only file).
    pub read_only: bool,
    pub snapshots: Snapshots,
}

/// What [`Isolation::Snapshot`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshots {
    /// No picture: each query of a transaction sees what is committed when it runs.
    None,
    /// One picture, in which a transaction may be missing though another one is seen that waited for it. MariaDB notes down who
    /// is under way without stopping anybody; who ends before it was its turn counts as ended, who ends after that does not.
    Torn,
    /// All that was committed before a moment, and nothing else.
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    ReadCommitted,
    /// One consistent, read-only picture of the database for all reads of the transaction.
    Snapshot,
}

/// Where to connect; cheap to keep, connects on demand.
#[async_trait]
pub trait Engine: Send + Sync {
    fn kind(&self) -> EngineKind;
    /// Opens a connection with every session setting made explicit: UTC, Unicode, strict conversions, time-outs.
    async fn connect(&self) -> Result<Box<dyn Session>>;
    /// Hears, over a connection of its own, of what others tell on a channel; `None`: this server tells nothing, it has to be asked.
    async fn listen(&self, _channel: &str) -> Result<Option<Box<dyn Listener>>> {
        Ok(None)
    }
}

#[async_trait]
pub trait Listener: Send {
    /// Returns when something was told. What is told while the line is down is not heard: whoever listens asks now and then as well.
    /// May be dropped at any time.
    async fn heard(&mut self) -> Result<()>;
}

#[async_trait]
pub trait Session: Send {
    fn server(&self) -> &Server;

    /// The table as the catalog has it now; `None` if there is no such table or view.
    async fn table(&mut self, name: &TableName) -> Result<Option<Table>>;

    /// The result columns of a query, which is prepared but not run.
    async fn describe(&mut self, query: &Query) -> Result<Vec<ResultColumn>>;

    /// Runs a query and streams its rows in batches bounded by [`BATCH_ROWS`] and [`BATCH_BYTES`].
    /// A stream dropped before its end leaves the session usable.
    async fn read<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>>;

    /// [`Session::read`] for results of any size, by the cheapest way that the server has, within a transaction.
    /// A session whose scan was dropped before its end may be of no further use.
    async fn scan<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>> {
        self.read(query).await
    }

    /// [`Session::scan`] past a sieve, which is asked before a row's values are made, if the server's form allows that.
    async fn sift<'a>(
        &'a mut self,
        query: &Query,
        sieve: &'a mut dyn Sieve,
    ) -> Result<BoxStream<'a, Result<Sifted>>> {
        sieve.begin(b"values");
        let batches = self.scan(query).await?;
        Ok(batches
            .map(move |batch| batch.map(|batch| Sifted::of(batch, sieve)))
            .boxed())
    }

    /// Runs statements of ponte's own (creating its tables, lease): the number of rows matched.
    async fn execute(&mut self, query: &Query) -> Result<u64>;

    async fn begin(&mut self, isolation: Isolation) -> Result<()>;
    async fn commit(&mut self) -> std::result::Result<(), CommitError>;
    async fn rollback(&mut self) -> Result<()>;

    /// [`Session::begin`], and what a query of one whole number then yields, if it yields a row. On an error the transaction may be open.
    async fn begin_asking(&mut self, isolation: Isolation, query: &Query) -> Result<Option<i64>> {
        self.begin(isolation).await?;
        let mut found = None;
        let mut stream = self.read(query).await?;
        while let Some(batch) = stream.next().await.transpose()? {
            found = number(&batch.rows).or(found);
        }
        Ok(found)
    }

    /// [`Session::execute`] of a statement about one of ponte's own tables, within a transaction, whose outcome nobody waits for. A server that takes several at once gets it
    /// with the next call, whichever that is, and that one may fail for it.
    async fn execute_later(&mut self, query: &Query) -> Result<()> {
        self.execute(query).await.map(drop)
    }

    /// [`Session::insert`] of few rows without generated values, in the same way.
    async fn insert_later(&mut self, insert: &Insert) -> Result<()> {
        self.insert(insert).await.map(drop)
    }

    /// Sends what was kept back; an error that is about it comes from here.
    async fn send_later(&mut self) -> Result<()> {
        Ok(())
    }

    /// Inserts the rows in as few statements as the server's limits allow; returns the generated values in the
    /// order of the rows, or nothing if none were asked for. A server's warning about a value is an error.
    async fn insert(&mut self, insert: &Insert) -> Result<Vec<Value>>;
    /// Returns the number of rows found by their keys, changed or not.
    async fn update(&mut self, update: &Update) -> Result<u64>;
    /// Returns the number of rows found by their keys.
    async fn add(&mut self, add: &Add) -> Result<u64>;
    /// Returns the number of rows deleted.
    async fn delete(&mut self, delete: &Delete) -> Result<u64>;
}

/// Reads a result whole. For results bounded by what was asked for: a batch's rows, a small table, one row.
pub async fn fetch(session: &mut dyn Session, query: &Query) -> Result<Vec<crate::value::Row>> {
    use futures_util::TryStreamExt;
    let mut rows = Vec::new();
    let mut stream = session.read(query).await?;
    while let Some(batch) = stream.try_next().await? {
        rows.extend(batch.rows);
    }
    Ok(rows)
}

/// What a query of one whole number yields, if it yields a row.
async fn ask(session: &mut dyn Session, query: &Query) -> Result<Option<i64>> {
    Ok(number(&fetch(session, query).await?))
}

fn number(rows: &[crate::value::Row]) -> Option<i64> {
    match rows.first().map(|row| &row[0]) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

/// The engine that a connection string names.
pub fn engine(url: &DbUrl) -> Result<Arc<dyn Engine>> {
    if let Some(ssh) = url.ssh() {
        return Ok(Arc::new(ssh::Tunneled::new(url, ssh)));
    }
    Ok(match url.kind() {
        EngineKind::Postgres => Arc::new(postgres::Postgres::new(url)?),
        EngineKind::MySql => Arc::new(mysql::MySql::new(url)?),
        EngineKind::Sqlite => Arc::new(sqlite::Sqlite::new(url)?),
        EngineKind::SqlServer => Arc::new(sqlserver::SqlServer::new(url)?),
    })
}
