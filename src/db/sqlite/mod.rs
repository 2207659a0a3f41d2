//! SQLite: a file, worked with by a thread of its own (sqlx).
//!
//! A column's declared type says what its values are; sqlx knows only some names of types, so that a statement's
//! columns are traced to their tables' columns and those looked up ([`decode`]).

mod catalog;
mod decode;
mod error;
mod write;

use self::catalog::DeclaredColumns;
use self::decode::Decoder;
use self::error::from_driver;
use super::batch::batches;
use super::catalog::{ResultColumn, Table};
use super::query::{Add, Delete, Insert, Query, TableName, Update};
use super::render::{Dialect, Locks, Sql, plain_limit};
use super::state::State;
use super::{
    CommitError, DbError, DbErrorKind, DbUrl, Engine, EngineKind, Isolation, Result, Server,
    Session, Snapshots, choice,
};
use crate::value::{RowBatch, Type, Value};
use async_trait::async_trait;
use futures_util::stream::{BoxStream, StreamExt};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Executor, SqlSafeStr, Statement};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// How long a statement waits for another program's lock on the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

static DIALECT: Dialect = Dialect {
    quotes: ('"', '"'),
    placeholder: |_, _, into| into.push('?'),
    order: |column, _| format!("{column} COLLATE BINARY"),
    locks: Locks::Behind("", ""),
    literal: |_, _| None,
    row_values: false,
    limit: plain_limit,
};

pub struct Sqlite {
    path: PathBuf,
    read_only: bool,
    label: String,
}

impl Sqlite {
    /// # Errors
    /// Of kind `Config` if the connection string is one of another engine.
    pub fn new(url: &DbUrl) -> Result<Self> {
        let (path, read_only) = url.file().ok_or_else(|| {
            DbError::new(DbErrorKind::Config, format_args!("{url} is no SQLite file"))
        })?;
        Ok(Sqlite {
            path: path.to_owned(),
            read_only,
            label: url.to_string(),
        })
    }
}

#[async_trait]
impl Engine for Sqlite {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }

    async fn connect(&self) -> Result<Box<dyn Session>> {
        let opening = |error: DbError| error.context(format_args!("{}: opening", self.label));
        // SQLite would create the file, and a mistyped name be an empty database.
        let file = std::fs::metadata(&self.path)
            .map_err(|error| opening(DbError::new(DbErrorKind::Storage, error)))?;
        let read_only = self.read_only || file.permissions().readonly();
        let mut connection = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(false)
            .read_only(self.read_only)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging()
            .connect()
            .await
            .map_err(from_driver)
            .map_err(opening)?;
        // The file is only looked at when it is first read: better here than in the middle of something.
        let version: String = sqlx::query_scalar(
            "SELECT sqlite_version() || substr('', (SELECT count(*) FROM sqlite_schema))",
        )
        .fetch_one(&mut connection)
        .await
        .map_err(from_driver)
        .map_err(opening)?;
        let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
        let mut number = || numbers.next().unwrap_or(0);
        Ok(Box::new(SqliteSession {
            connection,
            server: Server {
                kind: EngineKind::Sqlite,
                product: format!("SQLite {version}"),
                version: (number(), number(), number()),
                unicode: true,
                read_only,
                snapshots: Snapshots::Whole,
            },
            state: State::new(self.label.clone(), |kind| {
                matches!(
                    kind,
                    DbErrorKind::Storage | DbErrorKind::Conflict | DbErrorKind::LockTimeout
                )
            }),
            declared: HashMap::new(),
        }))
    }
}

struct SqliteSession {
    connection: SqliteConnection,
    server: Server,
    state: State,
    /// Emptied where a table may have changed: at the begin of a transaction and by [`Session::execute`].
    declared: HashMap<TableName, DeclaredColumns>,
}

impl SqliteSession {
    async fn load_declared(&mut self, table: &TableName) -> Result<()> {
        if !self.declared.contains_key(table) {
            let columns = catalog::declared_columns(&mut self.connection, table).await?;
            self.declared.insert(table.clone(), columns);
        }
        Ok(())
    }

    /// The names of a query's columns and the types they declare, if they are columns of a table.
    async fn columns(&mut self, text: &str) -> Result<Decoder> {
        let statement = (&mut self.connection)
            .prepare(AssertSqlSafe(text).into_sql_str())
            .await
            .map_err(from_driver)?;
        let mut names = Vec::new();
        let mut types = Vec::new();
        for column in statement.columns() {
            let origin = column.origin();
            let ty = match origin.table_column() {
                Some(origin) => {
                    let table = catalog::origin(&origin.table);
                    self.load_declared(&table).await?;
                    let declared = self.declared.get(&table);
                    declared
                        .and_then(|columns| columns.get(&*origin.name))
                        .map(|column| column.ty.clone())
                }
                None => None,
            };
            names.push(column.name().to_owned());
            types.push(ty);
        }
        Ok(Decoder {
            names: names.into(),
            types,
        })
    }

    async fn run(&mut self, text: &'static str) -> Result<()> {
        sqlx::raw_sql(text)
            .execute(&mut self.connection)
            .await
            .map_err(from_driver)?;
        Ok(())
    }

    async fn begin_as(&mut self, isolation: Isolation) -> Result<()> {
        match isolation {
            Isolation::ReadCommitted => self.run("BEGIN IMMEDIATE").await,
            Isolation::Snapshot => {
                let begun = self.begin_snapshot().await;
                if begun.is_err() {
                    // What failed is the error to tell; the rest is undone as far as it was done.
                    let _ = self.undo().await;
                }
                begun
            }
        }
    }

    async fn begin_snapshot(&mut self) -> Result<()> {
        self.run("BEGIN; PRAGMA query_only = ON").await?;
        // The picture is taken by the first statement that reads.
        self.run("SELECT count(*) FROM sqlite_schema").await
    }

    async fn end(&mut self, how: &'static str) -> Result<()> {
        // First, so that the outcome of what follows is the transaction's own.
        self.run("PRAGMA query_only = OFF").await?;
        self.run(how).await
    }

    /// Some errors (a full disk) roll back by themselves, and then nothing is left to undo.
    async fn undo(&mut self) -> Result<()> {
        match self.end("ROLLBACK").await {
            Err(error) if error.message.contains("no transaction is active") => Ok(()),
            result => result,
        }
    }
}

#[async_trait]
impl Session for SqliteSession {
    fn server(&self) -> &Server {
        &self.server
    }

    async fn table(&mut self, name: &TableName) -> Result<Option<Table>> {
        self.state.enter()?;
        let read_only = self.server.read_only;
        let found = catalog::table(&mut self.connection, name, read_only).await;
        self.state.leave(found, format_args!("looking up {name}"))
    }

    async fn describe(&mut self, query: &Query) -> Result<Vec<ResultColumn>> {
        let query = &*choice::settle(self, query).await?;
        self.state.enter()?;
        let sql = Sql::render(&DIALECT, query);
        let columns = self.columns(&sql.text).await;
        let columns = self.state.leave(columns, "preparing a query")?;
        let types = columns.types.into_iter();
        Ok(columns
            .names
            .iter()
            .zip(types)
            .map(|(name, ty)| ResultColumn {
                name: name.clone(),
                ty: ty.unwrap_or(Type::Other(String::new())),
            })
            .collect())
    }

    async fn read<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let query = &*choice::settle(self, query).await?;
        self.state.enter()?;
        let sql = Sql::render(&DIALECT, query);
        let decoder = self.columns(&sql.text).await;
        let (names, types) = self
            .state
            .leave(decoder, "preparing a query")
            .map(|decoder| (decoder.names, decoder.types))?;
        let arguments = write::arguments(&sql.values, &[])?;
        let Self {
            connection, state, ..
        } = self;
        let rows = sqlx::query_with(AssertSqlSafe(sql.text), arguments)
            .fetch(connection)
            .map(|row| row.map_err(from_driver));
        let decoder = move |_: &_| {
            Ok(Decoder {
                names: names.clone(),
                types: types.clone(),
            })
        };
        Ok(batches(rows, decoder)
            .map(|batch| state.note(batch, "reading"))
            .boxed())
    }

    async fn execute(&mut self, query: &Query) -> Result<u64> {
        self.state.enter()?;
        self.declared.clear();
        let sql = Sql::render(&DIALECT, query);
        let done = match write::arguments(&sql.values, &[]) {
            Ok(arguments) => sqlx::query_with(AssertSqlSafe(sql.text), arguments)
                .persistent(false)
                .execute(&mut self.connection)
                .await
                .map_err(from_driver),
            Err(error) => Err(error),
        };
        let done = self.state.leave(done, "running a statement")?;
        Ok(done.rows_affected())
    }

    async fn begin(&mut self, isolation: Isolation) -> Result<()> {
        self.state.enter_begin()?;
        self.declared.clear();
        let begun = self.begin_as(isolation).await;
        self.state.leave(begun, "beginning a transaction")?;
        self.state.began(isolation);
        Ok(())
    }

    async fn commit(&mut self) -> std::result::Result<(), CommitError> {
        self.state.check_commit().map_err(CommitError::NotDone)?;
        let ended = self.end("COMMIT").await;
        self.state.committed(ended)
    }

    async fn rollback(&mut self) -> Result<()> {
        self.state.enter_raw()?;
        let ended = match self.state.is_open() {
            true => self.undo().await,
            false => Ok(()),
        };
        self.state.leave(ended, "rolling back")?;
        self.state.ended();
        Ok(())
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        self.state.enter_write()?;
        let done = self.insert_rows(insert).await;
        self.state
            .leave(done, format_args!("inserting into {}", insert.table))
    }

    async fn update(&mut self, update: &Update) -> Result<u64> {
        self.state.enter_write()?;
        let done = self.update_rows(update).await;
        self.state
            .leave(done, format_args!("updating {}", update.table))
    }

    async fn add(&mut self, add: &Add) -> Result<u64> {
        self.state.enter_write()?;
        let done = self.add_rows(add).await;
        self.state
            .leave(done, format_args!("adding to {}", add.table))
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64> {
        self.state.enter_write()?;
        let done = self.delete_rows(delete).await;
        self.state
            .leave(done, format_args!("deleting from {}", delete.table))
    }
}
