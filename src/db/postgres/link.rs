//! The connection: everything that is sent goes through here, one call after the other.

use super::copy::{self, Layout, Past, wires};
use super::kept::{self, Kept};
use super::later::{self, Later};
use super::line::{State, Transaction, no_answer};
use super::{errors, params};
use crate::db::batch::{Decode, batches};
use crate::db::error::Deferred;
use crate::db::query::TableName;
use crate::db::render::Sql;
use crate::db::sieve::{self, Sieve, Sifted};
use crate::db::{
    BATCH_BYTES, BATCH_ROWS, CommitError, DbError, DbErrorKind, Isolation, Result, WRITER_IDLE_MAX,
};
use crate::value::{Row, RowBatch, Value};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::postgres::{PgArguments, PgConnection, PgRow, PgTypeInfo};
use sqlx::{AssertSqlSafe, Column, Connection, Either, Executor, Row as _, SqlSafeStr, Statement};
use std::collections::HashSet;
use std::time::Duration;

type Rows<'a> = BoxStream<'a, std::result::Result<PgRow, sqlx::Error>>;

/// Base types, enumerations and ranges of this database and its extensions, whose identifiers begin there, and those of
/// the built-in ones that a query may well yield, but that the driver does not know by itself. It cannot know internal
/// ones (category Z). A result has at most 1664 columns.
const TYPES: &str = "\
SELECT CAST(t.oid AS bigint), pg_catalog.format_type(t.oid, -1)
FROM pg_catalog.pg_type t
WHERE (t.oid >= 16384 OR t.typname IN ('xml', 'tsvector', 'macaddr8', 'regclass', 'xid'))
  AND t.typtype IN ('b', 'e', 'r') AND t.typcategory NOT IN ('A', 'Z')
  AND has_schema_privilege(t.typnamespace, 'USAGE') AND has_type_privilege(t.oid, 'USAGE')
ORDER BY t.oid LIMIT 1000";

/// One connection; everything that is sent goes through here.
pub struct Link {
    connection: PgConnection,
    state: State,
    /// The types that the driver was made to know, by object identifier.
    types: HashSet<i64>,
    /// No type was made since these were looked up, as far as this session knows.
    types_known: bool,
    kept: Kept,
    later: Later,
}

/// What a transaction's beginning has told.
pub struct Begun {
    /// Of each table, in which version the catalog has it.
    pub versions: Vec<Option<String>>,
    /// The first value of the query that was asked, if there was one and it yielded a row.
    pub answer: Option<String>,
}

impl Link {
    pub fn new(connection: PgConnection, wait_max: Duration) -> Self {
        Link {
            connection,
            state: State::new(wait_max),
            types: HashSet::new(),
            types_known: false,
            kept: Kept::default(),
            later: Later::default(),
        }
    }

    /// Whether the statement is to be found again under a name.
    fn keeps(&mut self, sql: &str) -> bool {
        self.state.transaction == Transaction::Open && self.kept.repeats(sql)
    }

    /// A statement was run that may have made a type.
    pub fn forget_types(&mut self) {
        self.types_known = false;
    }

    /// Makes the driver know the database's types before a result has a column of one. When it meets one that it
    /// does not know, it looks it up with a simple query, which destroys the unnamed statement about to be run.
    async fn learn_types(&mut self) -> Result<()> {
        if self.types_known {
            return Ok(());
        }
        let mut casts = Vec::new();
        let mut new = Vec::new();
        let found = self.fetch(TYPES.to_owned(), PgArguments::default());
        for row in found.await? {
            if let [Value::Int(id), Value::Text(name)] = &*row
                && !self.types.contains(id)
            {
                casts.push(format!("CAST(NULL AS {name})"));
                new.push(*id);
            }
        }
        if !new.is_empty() {
            let sql = format!("SELECT {}", casts.join(", "));
            self.prepare(sql, &[]).await?;
            self.types.extend(new);
        }
        self.types_known = true;
        Ok(())
    }

    /// Keeps a statement back for [`Link::send_later`].
    pub async fn later(&mut self, sql: &str, doing: Deferred) -> Result<()> {
        self.in_transaction()?;
        self.later.push(sql, doing);
        match self.later.text.len() > later::MOST {
            true => self.send_later().await,
            false => Ok(()),
        }
    }

    /// Before anything else is sent: sends what was kept back, and reads an abandoned result to its end.
    async fn settle(&mut self) -> Result<()> {
        self.drain().await?;
        self.send_later().await
    }

    /// Sends what was kept back, all of it in one message: the server stops at the first statement that fails.
    pub async fn send_later(&mut self) -> Result<()> {
        if self.later.is_empty() {
            return Ok(());
        }
        self.drain().await?;
        let Later { text, doing } = std::mem::take(&mut self.later);
        let mut done = 0;
        let mut results = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(&mut self.connection);
        let work = async {
            while let Some(result) = results.try_next().await? {
                done += usize::from(matches!(result, Either::Left(_)));
            }
            Ok(())
        };
        let sent = self.state.call(work).await;
        sent.map_err(|error| match doing.get(done) {
            Some(doing) => doing.failed(error),
            None => error,
        })
    }

    /// Reads an abandoned result to its end. An error in it is nobody's any more.
    async fn drain(&mut self) -> Result<()> {
        self.state.lost |= self.state.busy;
        if self.state.lost {
            return Err(DbError::new(
                DbErrorKind::ConnectionLost,
                "the connection was given up",
            ));
        }
        while self.state.unsettled {
            match self.state.call(self.connection.ping()).await {
                Ok(()) => self.state.unsettled = false,
                Err(error) if self.state.lost => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Runs statements without parameters, as they stand; returns the number of rows that they touched.
    pub async fn simple(&mut self, sql: &str) -> Result<u64> {
        self.settle().await?;
        let work = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection);
        let done = self.state.call(work).await?;
        Ok(done.rows_affected())
    }

    /// Runs one statement; returns the number of rows that it touched.
    pub async fn execute(&mut self, sql: String, arguments: PgArguments) -> Result<u64> {
        self.settle().await?;
        let keep = self.keeps(&sql);
        let work = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .persistent(keep)
            .execute(&mut self.connection);
        let done = self.state.call(work).await?;
        Ok(done.rows_affected())
    }

    /// Runs one statement and reads its few rows.
    pub async fn rows(&mut self, sql: String, arguments: PgArguments) -> Result<Vec<Row>> {
        self.learn_types().await?;
        self.fetch(sql, arguments).await
    }

    async fn fetch(&mut self, sql: String, arguments: PgArguments) -> Result<Vec<Row>> {
        self.settle().await?;
        let keep = self.keeps(&sql);
        let work = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .persistent(keep)
            .fetch_all(&mut self.connection);
        let rows = self.state.call(work).await?;
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let layout = Layout::of(first)?;
        rows.iter().map(|row| layout.decode(row)).collect()
    }

    /// The names and types of a query's result columns.
    pub async fn describe(&mut self, sql: Sql<'_>) -> Result<Vec<(String, PgTypeInfo)>> {
        let types = params::types(&sql.values);
        self.prepare(sql.text, &types).await
    }

    async fn prepare(
        &mut self,
        sql: String,
        types: &[PgTypeInfo],
    ) -> Result<Vec<(String, PgTypeInfo)>> {
        self.settle().await?;
        let work = self
            .connection
            .prepare_with(AssertSqlSafe(sql).into_sql_str(), types);
        let statement = self.state.call(work).await?;
        let columns = statement.columns().iter();
        let described = columns
            .map(|column| (column.name().to_owned(), column.type_info().clone()))
            .collect();
        // The driver would find it again by its text, whatever the types of its parameters.
        self.forget_statements().await?;
        Ok(described)
    }

    async fn forget_statements(&mut self) -> Result<()> {
        let work = self.connection.clear_cached_statements();
        self.state.call(work).await
    }

    /// Runs a query and reads its rows as they come. An error of the query itself is the stream's first item.
    pub async fn stream<'a>(&'a mut self, sql: Sql<'_>) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let reading = self.reading(sql).await?;
        let rows = stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.next().await?.map(|row| (row, reading)))
        });
        Ok(batches(rows, Layout::of))
    }

    async fn reading<'a>(&'a mut self, sql: Sql<'_>) -> Result<Reading<'a>> {
        let arguments = params::arguments(&sql.values)?;
        self.learn_types().await?;
        self.settle().await?;
        let text = kept::typed(sql.text, &params::types(&sql.values));
        let keep = self.keeps(&text);
        self.state.unsettled = true;
        Ok(Reading {
            rows: sqlx::query_with(AssertSqlSafe(text), arguments)
                .persistent(keep)
                .fetch(&mut self.connection),
            state: &mut self.state,
        })
    }

    /// [`Link::stream`] past a sieve, which sees of each row what COPY would show it.
    pub async fn sift<'a>(
        &'a mut self,
        sql: Sql<'_>,
        sieve: &'a mut dyn Sieve,
    ) -> Result<BoxStream<'a, Result<Sifted>>> {
        let sifting = Sifting {
            reading: self.reading(sql).await?,
            sieve,
            layout: None,
        };
        Ok(stream::try_unfold(sifting, |mut sifting| async move {
            let batch = sifting.batch().await?;
            Ok((!batch.is_empty()).then_some((batch, sifting)))
        })
        .boxed())
    }

    /// Reads a query without parameters by COPY. Left before its end, or refused, it leaves the driver out of step with
    /// the server: the connection is given up then.
    pub async fn copy<'a>(&'a mut self, sql: &str) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let copying = self.copying(sql, None).await?;
        let batches = stream::try_unfold(copying, |mut copying| async move {
            let batch = copying.batch().await?;
            let batch = batch.map(|batch| RowBatch {
                columns: copying.rows.names(),
                rows: batch.rows,
            });
            Ok(batch.map(|batch| (batch, copying)))
        });
        Ok(batches.boxed())
    }

    /// [`Link::copy`] past a sieve.
    pub async fn sift_copy<'a>(
        &'a mut self,
        sql: &str,
        sieve: &'a mut dyn Sieve,
    ) -> Result<BoxStream<'a, Result<Sifted>>> {
        let copying = self.copying(sql, Some(sieve)).await?;
        let batches = stream::try_unfold(copying, |mut copying| async move {
            let batch = copying.batch().await?;
            Ok(batch.map(|batch| (batch, copying)))
        });
        Ok(batches.boxed())
    }

    async fn copying<'a>(&'a mut self, sql: &str, mut past: Past<'a>) -> Result<Copying<'a>> {
        // The lock that preparing takes keeps the columns what they are.
        self.in_transaction()?;
        self.learn_types().await?;
        let columns = self.prepare(sql.to_owned(), &[]).await?;
        let layout = Layout {
            wires: wires(columns.iter().map(|(name, info)| (name.as_str(), info)))?,
            names: columns.iter().map(|(name, _)| name.clone()).collect(),
        };
        if let Some(sieve) = &mut past {
            sieve.begin(layout.form().as_bytes());
        }
        let statement = copy::statement(sql);
        let begun = self
            .state
            .call(self.connection.copy_out_raw(&statement))
            .await;
        Ok(Copying {
            messages: begun.inspect_err(|_| self.state.lost = true)?,
            state: &mut self.state,
            rows: copy::Rows::new(layout),
            past,
            is_over: false,
        })
    }

    /// Begins a transaction, and tells in which version the catalog has each of these tables. `asking`: a query without parameters that
    /// is run, too. If it fails, the transaction is open.
    pub async fn begin(
        &mut self,
        isolation: Isolation,
        tables: &[&TableName],
        asking: Option<&str>,
    ) -> Result<Begun> {
        if self.state.transaction != Transaction::None {
            return Err(DbError::new(
                DbErrorKind::Other,
                "a transaction is already open",
            ));
        }
        self.settle().await?;
        // The picture is taken by the first query, not by BEGIN.
        // A picture may be open for as long as the other side is written to, if the server lets it.
        let begin = match isolation {
            Isolation::ReadCommitted => format!(
                "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = {}",
                WRITER_IDLE_MAX.as_millis()
            ),
            Isolation::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY".to_owned(),
        };
        let mut sql = format!("{begin}; {}", kept::question(tables));
        if let Some(asking) = asking {
            sql.push_str("; ");
            sql.push_str(asking);
            self.state.transaction = Transaction::Open;
        }
        let work = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection);
        let mut answers = self.state.call(work).await?.into_iter();
        self.state.transaction = Transaction::Open;
        // Simple statements are answered in text.
        let texts = |row: PgRow| -> Result<Vec<Option<String>>> {
            let text = |at| {
                let raw = row.try_get_raw(at);
                let raw = raw.map_err(|error| errors::running(&error))?;
                Ok(raw.as_str().ok().map(str::to_owned))
            };
            (0..row.len()).map(text).collect()
        };
        let mut told = answers.next().map_or(Ok(Vec::new()), texts)?.into_iter();
        if !self.kept.is_sound(told.next().flatten()) {
            self.forget_statements().await?;
        }
        let answer = answers.next().map(texts).transpose()?;
        Ok(Begun {
            versions: kept::versions(told.next().flatten(), tables.len()),
            answer: answer.and_then(|row| row.into_iter().next().flatten()),
        })
    }

    /// # Errors
    /// If no transaction is open: a write would be committed at once, statement by statement.
    pub fn in_transaction(&self) -> Result<()> {
        match self.state.transaction {
            Transaction::None => Err(no_transaction()),
            _ => Ok(()),
        }
    }

    pub async fn commit(&mut self) -> std::result::Result<(), CommitError> {
        if self.state.transaction == Transaction::None {
            return Err(CommitError::NotDone(no_transaction()));
        }
        // Up to here nothing is committed, whatever happens.
        if let Err(error) = self.settle().await {
            if !self.state.lost {
                self.rollback().await.map_err(CommitError::NotDone)?;
            }
            return Err(CommitError::NotDone(error));
        }
        if self.state.transaction == Transaction::Suspect
            && let Err(error) = self.simple("SELECT 1 AS stands").await
        {
            if !self.state.lost {
                self.rollback().await.map_err(CommitError::NotDone)?;
            }
            let context = "the transaction had failed and was rolled back";
            return Err(CommitError::NotDone(error.context(context)));
        }
        self.state.transaction = Transaction::None;
        self.state.busy = true;
        let work = sqlx::raw_sql("COMMIT").execute(&mut self.connection);
        let answer = tokio::time::timeout(self.state.wait_max, work).await;
        self.state.busy = false;
        match answer {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let told = self.state.note(errors::running(&error));
                Err(if errors::refuses_commit(&error) {
                    CommitError::NotDone(told)
                } else {
                    self.state.lost = true;
                    CommitError::Unknown(told)
                })
            }
            Err(_) => {
                let told = self.state.note(no_answer(self.state.wait_max));
                Err(CommitError::Unknown(told))
            }
        }
    }

    /// Gives the open transaction up; without one there is nothing to do.
    pub async fn rollback(&mut self) -> Result<()> {
        if self.state.transaction == Transaction::None {
            return Ok(());
        }
        self.kept.is_doubtful |= self.state.transaction == Transaction::Suspect;
        self.later = Later::default();
        self.simple("ROLLBACK").await?;
        self.state.transaction = Transaction::None;
        Ok(())
    }
}

fn no_transaction() -> DbError {
    DbError::new(DbErrorKind::Other, "no transaction is open")
}

/// A result that is being read; dropped before its end, it leaves the rest for the next statement to drain.
struct Reading<'a> {
    rows: Rows<'a>,
    state: &'a mut State,
}

impl Reading<'_> {
    async fn next(&mut self) -> Result<Option<PgRow>> {
        let row = self.state.wait(self.rows.try_next()).await?;
        self.state.unsettled = row.is_some();
        Ok(row)
    }
}

/// A copy that is being read.
struct Copying<'a> {
    messages: BoxStream<'a, std::result::Result<bytes::Bytes, sqlx::Error>>,
    state: &'a mut State,
    rows: copy::Rows,
    past: Past<'a>,
    /// The server has said its last word of it.
    is_over: bool,
}

impl Copying<'_> {
    async fn batch(&mut self) -> Result<Option<Sifted>> {
        while !self.is_over {
            // An error of the server ends the copy, but not the connection.
            let message = self.state.wait(self.messages.try_next()).await;
            self.is_over = !matches!(message, Ok(Some(_)));
            match message? {
                Some(message) => {
                    if self.rows.take(&message, &mut self.past)? {
                        break;
                    }
                }
                None => self.rows.check_end()?,
            }
        }
        Ok(self.rows.batch())
    }
}

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        self.state.lost |= !self.is_over;
    }
}

/// Rows that are read past a sieve.
struct Sifting<'a> {
    reading: Reading<'a>,
    sieve: &'a mut dyn Sieve,
    /// Known from the first row on.
    layout: Option<Layout>,
}

impl Sifting<'_> {
    /// An empty one is the end.
    async fn batch(&mut self) -> Result<Sifted> {
        let mut sifted = Sifted::default();
        let (mut bytes, mut key) = (Vec::new(), Vec::new());
        let mut held = 0;
        while sifted.rows.len() < BATCH_ROWS
            && held < BATCH_BYTES
            && sifted.passed_over < sieve::PASSED_OVER
        {
            let Some(row) = self.reading.next().await? else {
                break;
            };
            let layout = match &self.layout {
                Some(layout) => layout,
                None => {
                    let layout = self.layout.insert(Layout::of(&row)?);
                    self.sieve.begin(layout.form().as_bytes());
                    layout
                }
            };
            bytes.clear();
            for at in 0..layout.wires.len() {
                copy::push(layout.bytes(&row, at)?, &mut bytes);
            }
            let value = |at: usize| layout.value(at, layout.bytes(&row, at)?);
            match sieve::asks(self.sieve, &mut key, &bytes, value)? {
                Some(mark) => {
                    held += bytes.len();
                    sifted.rows.push(layout.decode(&row)?);
                    sifted.marks.push(mark);
                }
                None => sifted.passed_over += 1,
            }
        }
        Ok(sifted)
    }
}
