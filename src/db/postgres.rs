//! PostgreSQL 12 and later, by one connection per session.
//!
//! - A statement that comes again within transactions is prepared under a name ([`kept`]).
//! - What is left unread of an abandoned result is drained before the next statement ([`link`]).
//! - PostgreSQL answers COMMIT with success even when it rolled a failed transaction back. [`Session::commit`] makes
//!   sure that the transaction still stands before it sends COMMIT.

mod catalog;
mod copy;
mod decode;
mod errors;
mod kept;
mod later;
mod line;
mod link;
mod listen;
mod params;
mod types;
mod write;

use super::catalog::{ResultColumn, Table};
use super::error::Deferred;
use super::query::{Add, Delete, Insert, Query, TableName, Update};
use super::render::{Dialect, Locks, Sql, plain_limit};
use super::sieve::{Sieve, Sifted};
use super::url::Tls;
use super::{
    CommitError, DbError, DbErrorKind, DbUrl, Engine, EngineKind, Isolation, Listener, Result,
    Server, Session, choice,
};
use crate::value::{RowBatch, Type, Value};
use futures_util::stream::{BoxStream, StreamExt};
use kept::Remembered;
use link::Link;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

/// How long a statement waits for another transaction's lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// After the server's own time-out has passed, its message about that has so long to arrive.
const GRACE: Duration = Duration::from_secs(30);

/// A PostgreSQL database to connect to.
#[derive(Debug)]
pub struct Postgres {
    url: DbUrl,
}

impl Postgres {
    /// # Errors
    /// Of kind `Config` if the URL is another engine's.
    pub fn new(url: &DbUrl) -> Result<Self> {
        match url.kind() {
            EngineKind::Postgres => Ok(Postgres { url: url.clone() }),
            other => Err(DbError::new(
                DbErrorKind::Config,
                format_args!("{url} is a {other} database, not PostgreSQL"),
            )),
        }
    }
}

#[async_trait::async_trait]
impl Engine for Postgres {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }

    async fn connect(&self) -> Result<Box<dyn Session>> {
        let place = self.url.server().ok_or_else(|| {
            DbError::new(DbErrorKind::Config, "the connection string names no server")
        })?;
        let context =
            |error: DbError| error.context(format_args!("cannot connect to {}", self.url));
        let work = async {
            let connection = options(place)
                .connect()
                .await
                .map_err(|error| errors::connecting(&error))?;
            let mut link = Link::new(connection, place.statement_timeout + GRACE);
            link.simple(&settings(place.statement_timeout)).await?;
            let server = catalog::server(&mut link).await?;
            Ok(PostgresSession {
                link,
                server,
                label: self.url.to_string(),
                tables: BTreeMap::new(),
            })
        };
        match tokio::time::timeout(place.connect_timeout, work).await {
            Ok(Ok(session)) => Ok(Box::new(session)),
            Ok(Err(error)) => Err(context(error)),
            Err(_) => Err(context(DbError::new(
                DbErrorKind::Timeout,
                format_args!("no answer within {} s", place.connect_timeout.as_secs()),
            ))),
        }
    }

    async fn listen(&self, channel: &str) -> Result<Option<Box<dyn Listener>>> {
        let Some(place) = self.url.server() else {
            return Ok(None);
        };
        let listening = listen::open(options(place), channel);
        match tokio::time::timeout(place.connect_timeout, listening).await {
            Ok(done) => done.map(Some),
            Err(_) => Err(DbError::new(
                DbErrorKind::Timeout,
                format_args!("no answer within {} s", place.connect_timeout.as_secs()),
            )),
        }
    }
}

fn options(place: &super::url::Server) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&place.host)
        .port(place.port)
        .username(&place.user)
        .database(&place.database)
        .application_name(&place.application)
        .extra_float_digits(None)
        .statement_cache_capacity(kept::MOST)
        .ssl_mode(match place.tls {
            Tls::Verify => PgSslMode::VerifyFull,
            Tls::Required => PgSslMode::Require,
            Tls::Off => PgSslMode::Disable,
        })
        // The driver would log whole statements, and slow ones as warnings.
        .disable_statement_logging();
    if let Some(password) = &place.password {
        options = options.password(password.expose());
    }
    if let Some(ca) = &place.ca {
        options = options.ssl_root_cert(ca);
    }
    if let Some(socket) = &place.socket {
        options = options.socket(socket);
    }
    options
}

/// Every setting that decides what a statement means, whatever the server, the database or the login say by default.
/// A database in `SQL_ASCII` holds any bytes; asked for UTF-8, it would check what it sends, and end a read at the first
/// text that is none.
fn settings(statement_timeout: Duration) -> String {
    format!(
        "SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; \
         SET standard_conforming_strings = on; SET bytea_output = 'hex'; \
         SET default_transaction_isolation = 'read committed'; \
         SET statement_timeout = {}; SET lock_timeout = {}; \
         SELECT set_config('client_encoding', 'SQL_ASCII', false) WHERE current_setting('server_encoding') = 'SQL_ASCII'",
        statement_timeout.as_millis(),
        LOCK_TIMEOUT.as_millis()
    )
}

static DIALECT: Dialect = Dialect {
    quotes: ('"', '"'),
    placeholder: |n, _, into| *into += &format!("${n}"),
    order: |column, ty| match ty {
        // The cast takes away what sorts in its own way whatever the collation: enumerations, citext.
        Type::Text { .. } | Type::Enum(_) => format!("CAST({column} AS text) COLLATE \"C\""),
        _ => column.to_owned(),
    },
    locks: Locks::Behind(" FOR UPDATE", " FOR SHARE"),
    literal: |_, _| None,
    row_values: true,
    limit: plain_limit,
};

/// One connection.
struct PostgresSession {
    link: Link,
    server: Server,
    /// The connection, for messages.
    label: String,
    /// The tables that were written to. Emptied by [`Session::execute`], which may change one.
    tables: BTreeMap<TableName, Remembered>,
}

#[async_trait::async_trait]
impl Session for PostgresSession {
    fn server(&self) -> &Server {
        &self.server
    }

    async fn table(&mut self, name: &TableName) -> Result<Option<Table>> {
        let found = catalog::table(&mut self.link, name).await;
        self.told(found, format_args!("looking up {name}"))
    }

    async fn describe(&mut self, query: &Query) -> Result<Vec<ResultColumn>> {
        let query = &*choice::settle(self, query).await?;
        let columns = self.link.describe(Sql::render(&DIALECT, query)).await;
        let columns = self.told(columns, "preparing a query")?.into_iter();
        Ok(columns
            .map(|(name, info)| ResultColumn {
                name,
                ty: types::result_type(&info),
            })
            .collect())
    }

    async fn read<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let query = &*choice::settle(self, query).await?;
        let PostgresSession { link, label, .. } = self;
        let label: &'a str = label;
        let told = move |error: DbError| error.context(format_args!("{label}: reading"));
        let batches = link.stream(Sql::render(&DIALECT, query)).await;
        Ok(batches
            .map_err(told)?
            .map(move |batch| batch.map_err(told))
            .boxed())
    }

    async fn scan<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let query = &*choice::settle(self, query).await?;
        let sql = Sql::render(&DIALECT, query);
        if !sql.values.is_empty() {
            return self.read(query).await;
        }
        let PostgresSession { link, label, .. } = self;
        let label: &'a str = label;
        let told = move |error: DbError| error.context(format_args!("{label}: reading"));
        let batches = link.copy(&sql.text).await;
        Ok(batches
            .map_err(told)?
            .map(move |batch| batch.map_err(told))
            .boxed())
    }

    async fn sift<'a>(
        &'a mut self,
        query: &Query,
        sieve: &'a mut dyn Sieve,
    ) -> Result<BoxStream<'a, Result<Sifted>>> {
        let query = &*choice::settle(self, query).await?;
        let sql = Sql::render(&DIALECT, query);
        let PostgresSession { link, label, .. } = self;
        let label: &'a str = label;
        let told = move |error: DbError| error.context(format_args!("{label}: reading"));
        let batches = match sql.values.is_empty() {
            true => link.sift_copy(&sql.text, sieve).await,
            false => link.sift(sql, sieve).await,
        };
        Ok(batches
            .map_err(told)?
            .map(move |batch| batch.map_err(told))
            .boxed())
    }

    async fn execute(&mut self, query: &Query) -> Result<u64> {
        let sql = Sql::render(&DIALECT, query);
        let done = match params::arguments(&sql.values) {
            // What makes or changes tables and types takes no values.
            Ok(_) if sql.values.is_empty() => {
                self.tables.clear();
                self.link.forget_types();
                self.link.simple(&sql.text).await
            }
            Ok(arguments) => {
                let text = kept::typed(sql.text, &params::types(&sql.values));
                self.link.execute(text, arguments).await
            }
            Err(error) => Err(error),
        };
        self.told(done, "running a statement")
    }

    async fn begin(&mut self, isolation: Isolation) -> Result<()> {
        self.begin_with(isolation, None).await.map(drop)
    }

    async fn begin_asking(&mut self, isolation: Isolation, query: &Query) -> Result<Option<i64>> {
        let sql = Sql::render(&later::QUOTING, query);
        let answer = self.begin_with(isolation, Some(&sql.text)).await?;
        Ok(answer.and_then(|text| text.parse().ok()))
    }

    async fn execute_later(&mut self, query: &Query) -> Result<()> {
        let sql = Sql::render(&later::QUOTING, query);
        match later::text(&sql) {
            Some(text) => {
                let kept = self.link.later(&text, Deferred::own(query)).await;
                self.told(kept, "sending statements")
            }
            None => self.execute(query).await.map(drop),
        }
    }

    async fn insert_later(&mut self, insert: &Insert) -> Result<()> {
        let kept = write::insert_later(self, insert).await;
        self.told(kept, format_args!("inserting into {}", insert.table))
    }

    async fn send_later(&mut self) -> Result<()> {
        let sent = self.link.send_later().await;
        self.told(sent, "sending statements")
    }

    async fn commit(&mut self) -> std::result::Result<(), CommitError> {
        let told = |error: DbError| error.context(format_args!("{}: committing", self.label));
        match self.link.commit().await {
            Err(CommitError::NotDone(error)) => Err(CommitError::NotDone(told(error))),
            Err(CommitError::Unknown(error)) => Err(CommitError::Unknown(told(error))),
            Ok(()) => Ok(()),
        }
    }

    async fn rollback(&mut self) -> Result<()> {
        let ended = self.link.rollback().await;
        self.told(ended, "rolling back")
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        let done = write::insert(self, insert).await;
        self.told(done, format_args!("inserting into {}", insert.table))
    }

    async fn update(&mut self, update: &Update) -> Result<u64> {
        let done = write::update(self, update).await;
        self.told(done, format_args!("updating {}", update.table))
    }

    async fn add(&mut self, add: &Add) -> Result<u64> {
        let done = write::add(self, add).await;
        self.told(done, format_args!("adding to {}", add.table))
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64> {
        let done = write::delete(self, delete).await;
        self.told(done, format_args!("deleting from {}", delete.table))
    }
}

impl PostgresSession {
    async fn begin_with(
        &mut self,
        isolation: Isolation,
        asking: Option<&str>,
    ) -> Result<Option<String>> {
        let tables: Vec<&TableName> = self.tables.keys().collect();
        let begun = self.link.begin(isolation, &tables, asking).await;
        let begun = self.told(begun, "beginning a transaction")?;
        for (table, version) in self.tables.values_mut().zip(begun.versions) {
            table.found(version);
        }
        Ok(begun.answer)
    }

    fn told<T>(&self, result: Result<T>, doing: impl fmt::Display) -> Result<T> {
        result.map_err(|error| error.context(format_args!("{}: {doing}", self.label)))
    }

    /// Before rows are written: the columns' types as SQL, for casts; looked up once per table, and again if a column is
    /// not among them.
    async fn types_of(&mut self, table: &TableName, columns: &[&String]) -> Result<Vec<String>> {
        let found = |types: &HashMap<String, String>| -> Option<Vec<String>> {
            columns
                .iter()
                .map(|name| types.get(*name).cloned())
                .collect()
        };
        self.link.in_transaction()?;
        let known = self.tables.get(table);
        if let Some(types) = known.and_then(|known| found(&known.types)) {
            return Ok(types);
        }
        let fresh = catalog::cast_types(&mut self.link, table).await?;
        let types = found(&fresh).ok_or_else(|| {
            let missing = columns.iter().find(|name| !fresh.contains_key(**name));
            DbError::new(
                DbErrorKind::Undefined,
                match missing {
                    Some(column) if !fresh.is_empty() => {
                        format!("column `{column}` of `{table}` does not exist")
                    }
                    _ => format!("table `{table}` does not exist"),
                },
            )
        })?;
        self.tables.entry(table.clone()).or_default().types = fresh;
        Ok(types)
    }
}
