//! One connection: statements, streams of rows, transactions.
//!
//! What takes too long is cancelled by an Attention, before the next statement, so that the connection lives on; unless rows were
//! under way: then nobody knows where in them the line stands, and it is given up.

use super::answer::{Answer, answers};
use super::cell::Statement;
use super::decode::Decoder;
use super::dialect::{
    DIALECT, OLD_DIALECT, declaration, statement, statement_after, without_params,
};
use super::error::{Phase, db_error};
use super::guard;
use super::later::Later;
use super::types::Declared;
use super::write::Written;
use super::{Product, product};
use crate::db::catalog::{ResultColumn, Table};
use crate::db::error::Deferred;
use crate::db::query::{Add, Delete, Insert, Part, Query, TableName, Update};
use crate::db::render::Dialect;
use crate::db::state::State;
use crate::db::{
    BATCH_ROWS, CommitError, DbError, DbErrorKind, EngineKind, Isolation, Result, Server, Session,
    Snapshots, ask, choice,
};
use crate::value::{RowBatch, Value};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use std::future::Future;
use std::time::Duration;
use tiberius::error::Error;
use tiberius::{Client, ColumnData, QueryItem, QueryStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::compat::Compat;

/// What carries the protocol: TCP, or the near end of a tunnel.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}
pub(super) type Wire = Compat<Box<dyn Stream>>;

/// Bytes of values of a batch. The driver makes each value anew: as long as those of a batch stay in a core's own cache, they are made and
/// freed a third faster than a mebibyte of them.
const BATCH_BYTES: usize = 80 << 10;
/// The first server whose collations sort by UTF-8 bytes.
const UTF8_SINCE: u32 = 15;
/// An Attention is answered within so long, or the connection is lost.
const CANCEL_LIMIT: Duration = Duration::from_secs(10);

const FACTS: &str = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), \
    CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), \
    CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), \
    CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID()";

const ROLLBACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

const DESCRIBE: &str = "EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2";

/// What is left to do before the connection takes another statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    /// A statement runs whose answer is waited for no longer.
    Cancel,
    /// Half an answer may have been read.
    Broken,
}

/// The driver's end, and what is known of the line.
pub(super) struct Link {
    client: Client<Wire>,
    pending: Pending,
    limit: Duration,
    pub later: Later,
}

impl Link {
    /// The driver's end, how long an answer is waited for, and what is to be noted if none comes.
    pub fn parts(&mut self) -> (&mut Client<Wire>, Duration, &mut Pending) {
        (&mut self.client, self.limit, &mut self.pending)
    }

    /// Cancels what was given up, and sends what was kept back.
    pub async fn ready(&mut self) -> Result<()> {
        match self.pending {
            Pending::Nothing => return self.send_later().await,
            Pending::Broken => return Err(given_up()),
            Pending::Cancel => {}
        }
        // Whatever interrupts this leaves the line in disorder.
        self.pending = Pending::Broken;
        match tokio::time::timeout(CANCEL_LIMIT, self.client.cancel_query()).await {
            Ok(Ok(())) => {
                self.pending = Pending::Nothing;
                self.send_later().await
            }
            _ => Err(given_up()),
        }
    }

    /// All rows of the last result of a statement.
    pub async fn rows(
        &mut self,
        text: &str,
        params: Vec<ColumnData<'static>>,
    ) -> Result<Vec<Answer>> {
        self.ready().await?;
        let limit = self.limit;
        let work = async {
            let mut stream = query(&mut self.client, text, params).await?;
            let mut decoder = None;
            let mut rows = Vec::new();
            while let Some(item) = stream.next().await {
                match item? {
                    QueryItem::Metadata(metadata) => {
                        decoder = Some(Decoder::new(metadata.columns()));
                        rows.clear();
                    }
                    QueryItem::Row(row) => rows.push(row),
                }
            }
            Ok((decoder, rows))
        };
        let (decoder, rows) = timed(limit, work, &mut self.pending).await?;
        match decoder {
            Some(decoder) => answers(&decoder, rows),
            None => Ok(Vec::new()),
        }
    }

    /// The results of a batch, one after the other.
    async fn results(&mut self, text: &str) -> Result<Vec<Vec<Answer>>> {
        self.ready().await?;
        let work = async {
            let mut stream = self.client.simple_query(text).await?;
            let mut results: Vec<(Decoder, Vec<tiberius::Row>)> = Vec::new();
            while let Some(item) = stream.next().await {
                match item? {
                    QueryItem::Metadata(metadata) => {
                        results.push((Decoder::new(metadata.columns()), Vec::new()));
                    }
                    QueryItem::Row(row) => {
                        if let Some((_, rows)) = results.last_mut() {
                            rows.push(row);
                        }
                    }
                }
            }
            Ok(results)
        };
        let results = timed(self.limit, work, &mut self.pending).await?;
        results
            .into_iter()
            .map(|(decoder, rows)| answers(&decoder, rows))
            .collect()
    }

    /// Runs a statement: the number of rows that its last part changed.
    async fn execute(&mut self, text: &str, params: Vec<ColumnData<'static>>) -> Result<u64> {
        self.ready().await?;
        let mut query = tiberius::Query::new(text.to_owned());
        params.into_iter().for_each(|param| query.bind(param));
        let work = query.execute(&mut self.client);
        let done = timed(self.limit, work, &mut self.pending).await?;
        // A trigger's statements are counted before the one that set it off.
        Ok(done.rows_affected().last().copied().unwrap_or(0))
    }

    /// Sends a batch that yields nothing.
    pub async fn batch(&mut self, text: &str) -> Result<()> {
        self.ready().await?;
        let work = async {
            let stream = self.client.simple_query(text).await?;
            stream.into_results().await.map(drop)
        };
        timed(self.limit, work, &mut self.pending).await
    }
}

fn given_up() -> DbError {
    DbError::new(
        DbErrorKind::ConnectionLost,
        "the connection was given up after an answer that did not come",
    )
}

pub(super) async fn query<'c>(
    client: &'c mut Client<Wire>,
    text: &str,
    params: Vec<ColumnData<'static>>,
) -> std::result::Result<QueryStream<'c>, Error> {
    let mut query = tiberius::Query::new(text.to_owned());
    params.into_iter().for_each(|param| query.bind(param));
    query.query(client).await
}

/// Waits for an answer as long as a statement may take.
pub(super) async fn timed<T>(
    limit: Duration,
    work: impl Future<Output = std::result::Result<T, Error>>,
    pending: &mut Pending,
) -> Result<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done.map_err(|error| db_error(&error, Phase::Use)),
        Err(_) => {
            *pending = Pending::Cancel;
            Err(too_slow(limit))
        }
    }
}

pub(super) fn too_slow(limit: Duration) -> DbError {
    DbError::new(
        DbErrorKind::Timeout,
        format_args!(
            "no answer within {} s; the statement is cancelled",
            limit.as_secs()
        ),
    )
}

pub(super) struct SqlServerSession {
    pub(super) link: Link,
    server: Server,
    state: State,
    dialect: &'static Dialect,
    /// What is known of the tables that were written to. Where one may have changed it is asked again: at the begin of a transaction
    /// that writes, and after [`Session::execute`].
    pub(super) written: Written,
}

impl SqlServerSession {
    /// Makes the settings and asks the server what it is.
    pub(super) async fn open(
        client: Client<Wire>,
        label: String,
        limit: Duration,
        settings: &str,
    ) -> Result<SqlServerSession> {
        let mut link = Link {
            client,
            pending: Pending::Nothing,
            limit,
            later: Later::default(),
        };
        link.batch(settings).await?;
        let rows = link.rows(FACTS, Vec::new()).await?;
        let Some(row) = rows.first() else {
            return Err(DbError::new(
                DbErrorKind::Privilege,
                "the login does not see the database's own row in `sys.databases`",
            ));
        };
        let Product {
            name,
            version,
            is_azure,
        } = product(&row.text(0), row.int(1));
        let server = Server {
            kind: EngineKind::SqlServer,
            product: name,
            version,
            // Texts travel as UTF-16 whatever the columns' code pages.
            unicode: true,
            read_only: row.text(3) == "READ_ONLY",
            snapshots: match row.int(5) {
                1 => Snapshots::Whole,
                _ => Snapshots::None,
            },
        };
        Ok(SqlServerSession {
            link,
            server,
            // With XACT_ABORT nearly every error has ended the transaction on the server.
            state: State::new(label, |_| true),
            dialect: match is_azure || version.0 >= UTF8_SINCE {
                true => &DIALECT,
                false => &OLD_DIALECT,
            },
            written: Written::default(),
        })
    }

    async fn described(&mut self, query: &Query) -> Result<Vec<ResultColumn>> {
        let (text, params) = statement(self.dialect, query)?;
        let declared: Vec<String> = params
            .iter()
            .zip(1..)
            .map(|(param, n)| format!("@P{n} {}", declaration(param)))
            .collect();
        let texts = [text, declared.join(", ")]
            .map(|text| ColumnData::String(Some(std::borrow::Cow::Owned(text))));
        let rows = self.link.rows(DESCRIBE, texts.to_vec()).await?;
        let shown = rows
            .iter()
            .filter(|row| *row.named("is_hidden") != Value::Bool(true));
        Ok(shown
            .map(|row| {
                let ty = row.named("system_type_name").plain().into_owned();
                ResultColumn {
                    name: row.named("name").plain().into_owned(),
                    ty: Declared::parse(&ty).ty(),
                }
            })
            .collect())
    }

    /// Begins, and asks what a query of one number yields. After an error no transaction is open.
    async fn begin_as(&mut self, isolation: Isolation, asked: Option<&str>) -> Result<Option<i64>> {
        let begun = self.try_begin(isolation, asked).await;
        if begun.is_err() && self.link.batch(ROLLBACK).await.is_err() {
            self.link.pending = Pending::Broken;
        }
        begun
    }

    async fn try_begin(
        &mut self,
        isolation: Isolation,
        asked: Option<&str>,
    ) -> Result<Option<i64>> {
        let level = match isolation {
            Isolation::Snapshot if self.server.snapshots != Snapshots::None => "SNAPSHOT",
            _ => "READ COMMITTED",
        };
        let begin = format!("SET TRANSACTION ISOLATION LEVEL {level}; BEGIN TRANSACTION");
        let mut parts = vec![begin];
        parts.extend(asked.map(str::to_owned));
        let kept = match isolation {
            Isolation::ReadCommitted => self.written.question(),
            Isolation::Snapshot => None,
        };
        let asks_kept = kept.is_some();
        parts.extend(kept);
        let mut results = self.link.results(&parts.join("; ")).await?;
        if asks_kept {
            self.written.keep(&results.pop().unwrap_or_default());
        }
        let answer = results.pop().unwrap_or_default();
        let number = answer.first().filter(|row| !row.at(0).is_null());
        Ok(number.map(|row| row.int(0)))
    }

    /// Where the statement may write.
    fn may_write(&self, text: &str) -> Result<()> {
        match self.state.is_snapshot() && !is_select(text) {
            true => Err(reads_only()),
            false => Ok(()),
        }
    }

    async fn keep_statement(&mut self, query: &Query) -> Result<()> {
        let values = |part: &Part| match part {
            Part::Value(value) => (1, value.bytes()),
            Part::List(values) => (values.len(), values.iter().map(Value::bytes).sum()),
            Part::Among(_, rows) => {
                let values = || rows.iter().flatten();
                (values().count(), values().map(Value::bytes).sum())
            }
            _ => (0, 0),
        };
        let sizes = query.parts.iter().map(values);
        let (values, bytes) = sizes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        self.link.make_room(values, bytes).await?;
        let mut kept = Statement::after(self.link.later.bound(), "");
        (kept.text, kept.params) = statement_after(self.link.later.bound(), self.dialect, query)?;
        self.may_write(&kept.text)?;
        self.link.later.push(kept, bytes, Deferred::own(query));
        Ok(())
    }
}

fn is_select(text: &str) -> bool {
    let first = text.trim_start().get(..6).unwrap_or_default();
    first.eq_ignore_ascii_case("SELECT")
}

/// The server itself would let a write pass in a transaction for reading.
fn reads_only() -> DbError {
    DbError::new(
        DbErrorKind::ReadOnly,
        "the transaction is one for reading only",
    )
}

#[async_trait::async_trait]
impl Session for SqlServerSession {
    fn server(&self) -> &Server {
        &self.server
    }

    async fn table(&mut self, name: &TableName) -> Result<Option<Table>> {
        self.state.enter()?;
        let found = self.catalog_table(name).await;
        self.state.leave(found, format_args!("looking up {name}"))
    }

    async fn describe(&mut self, query: &Query) -> Result<Vec<ResultColumn>> {
        let query = &*choice::settle(self, query).await?;
        self.state.enter()?;
        let columns = self.described(query).await;
        self.state.leave(columns, "preparing a query")
    }

    async fn read<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let query = &*choice::settle(self, query).await?;
        self.state.enter()?;
        let ready = self.link.ready().await;
        self.state.leave(ready, "reading")?;
        let said = statement(self.dialect, query).and_then(|(text, params)| {
            guard::check(&text, self.state.writes())?;
            Ok((text, params))
        });
        let (text, params) = self.state.leave(said, "reading")?;
        self.state.enter()?;
        let SqlServerSession { link, state, .. } = self;
        let (client, limit, pending) = link.parts();
        let started = async {
            let mut rows = super::session::query(client, &text, params).await?;
            // A result without rows has columns, too.
            let decoder = rows.columns().await?.map(Decoder::new);
            Ok((rows, decoder))
        };
        let started = timed(limit, started, pending).await;
        let (rows, decoder) = state.leave(started, "reading")?;
        let reading = Reading {
            rows,
            decoder,
            limit,
            pending,
        };
        let batches = try_unfold(reading, |mut reading| async move {
            let batch = reading.batch().await?;
            Ok(batch.map(|batch| (batch, reading)))
        });
        Ok(batches
            .map(move |batch| state.note(batch, "reading"))
            .boxed())
    }

    async fn execute(&mut self, query: &Query) -> Result<u64> {
        self.state.enter()?;
        self.written.clear();
        let said = statement(self.dialect, query).and_then(|(text, params)| {
            self.may_write(&text)?;
            Ok((text, params))
        });
        let done = match said {
            Ok((text, params)) => self.link.execute(&text, params).await,
            Err(error) => Err(error),
        };
        self.state.leave(done, "running a statement")
    }

    async fn begin(&mut self, isolation: Isolation) -> Result<()> {
        self.state.enter_begin()?;
        let begun = self.begin_as(isolation, None).await;
        self.state.leave(begun, "beginning a transaction")?;
        self.state.began(isolation);
        Ok(())
    }

    async fn begin_asking(&mut self, isolation: Isolation, query: &Query) -> Result<Option<i64>> {
        let Some(asked) = without_params(query) else {
            self.begin(isolation).await?;
            return ask(self, query).await;
        };
        self.state.enter_begin()?;
        let begun = self.begin_as(isolation, Some(&asked)).await;
        let answer = self.state.leave(begun, "beginning a transaction")?;
        self.state.began(isolation);
        Ok(answer)
    }

    async fn execute_later(&mut self, query: &Query) -> Result<()> {
        self.state.enter()?;
        let kept = self.keep_statement(query).await;
        self.state.leave(kept, "running a statement")
    }

    async fn insert_later(&mut self, insert: &Insert) -> Result<()> {
        self.state.enter_write()?;
        let kept = self.keep_insert(insert).await;
        self.state
            .leave(kept, format_args!("inserting into {}", insert.table))
    }

    async fn send_later(&mut self) -> Result<()> {
        self.state.enter()?;
        let sent = self.link.ready().await;
        self.state.leave(sent, "sending statements")
    }

    async fn commit(&mut self) -> std::result::Result<(), CommitError> {
        self.state.check_commit().map_err(CommitError::NotDone)?;
        // Before COMMIT is sent nothing is committed.
        let ready = self.link.ready().await;
        self.state
            .leave(ready, "committing")
            .and_then(|()| self.state.check_commit())
            .map_err(CommitError::NotDone)?;
        let done = self.link.batch("COMMIT TRANSACTION").await;
        self.state.committed(done)
    }

    async fn rollback(&mut self) -> Result<()> {
        self.state.enter_raw()?;
        self.link.later = Later::default();
        let ended = match self.state.is_open() {
            true => self.link.batch(ROLLBACK).await,
            false => Ok(()),
        };
        self.state.leave(ended, "rolling back")?;
        self.state.ended();
        Ok(())
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        self.state.enter_write()?;
        let done = self.write_insert(insert).await;
        self.state
            .leave(done, format_args!("inserting into {}", insert.table))
    }

    async fn update(&mut self, update: &Update) -> Result<u64> {
        self.state.enter_write()?;
        let done = self.write_update(update).await;
        self.state
            .leave(done, format_args!("updating {}", update.table))
    }

    async fn add(&mut self, add: &Add) -> Result<u64> {
        self.state.enter_write()?;
        let done = self.write_add(add).await;
        self.state
            .leave(done, format_args!("adding to {}", add.table))
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64> {
        self.state.enter_write()?;
        let done = self.write_delete(delete).await;
        self.state
            .leave(done, format_args!("deleting from {}", delete.table))
    }
}

/// A result that is being read.
struct Reading<'a> {
    rows: QueryStream<'a>,
    decoder: Option<Decoder>,
    limit: Duration,
    pending: &'a mut Pending,
}

impl Reading<'_> {
    /// The next rows, or nothing at the end.
    async fn batch(&mut self) -> Result<Option<RowBatch>> {
        match tokio::time::timeout(self.limit, self.fill()).await {
            Ok(batch) => batch,
            Err(_) => {
                *self.pending = Pending::Broken;
                Err(too_slow(self.limit))
            }
        }
    }

    async fn fill(&mut self) -> Result<Option<RowBatch>> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        while rows.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(item) = self.rows.next().await else {
                break;
            };
            let item = item.map_err(|error| db_error(&error, Phase::Use))?;
            match (item, &self.decoder) {
                (QueryItem::Metadata(metadata), _) => {
                    // What a trigger has shown is not what was asked.
                    rows.clear();
                    self.decoder = Some(Decoder::new(metadata.columns()));
                }
                (QueryItem::Row(row), Some(decoder)) => {
                    let row = decoder.row(row)?;
                    bytes += row.iter().map(Value::bytes).sum::<usize>();
                    rows.push(row);
                }
                (QueryItem::Row(_), None) => return Err(given_up()),
            }
        }
        Ok(match &self.decoder {
            Some(decoder) if !rows.is_empty() => Some(RowBatch {
                columns: decoder.columns(),
                rows,
            }),
            _ => None,
        })
    }
}
