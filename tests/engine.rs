//! What every engine must do alike: one suite, run against PostgreSQL, MariaDB and SQLite (`tests/run` starts the
//! servers; without them the tests fail), and against SQL Server: the stand-in of `support/tds`, or the server that
//! `PONTE_TEST_SQLSERVER` names (`tests/sqlserver-live`). Each test has a database of its own.

#[path = "engine/blocked.rs"]
mod blocked;
#[path = "engine/catalog.rs"]
mod catalog;
#[path = "engine/faults.rs"]
mod faults;
#[path = "engine/read.rs"]
mod read;
#[path = "support/mod.rs"]
mod support;
#[path = "engine/types.rs"]
mod types;
#[path = "engine/write.rs"]
mod write;

use futures_util::TryStreamExt;
use libtest_mimic::{Arguments, Trial};
use ponte::db::query::{Insert, Query, TableName};
use ponte::db::{self, DbUrl, Engine, EngineKind, Isolation, Session};
use ponte::value::{Decimal, Row, Type, Value};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use support::client::Client;
use support::servers::{self, Database};

/// One test's database.
struct Bench {
    kind: EngineKind,
    database: Database,
    engine: Arc<dyn Engine>,
}

type Case = fn(Bench) -> Pin<Box<dyn Future<Output = ()>>>;

impl Bench {
    async fn new(kind: EngineKind, test: &str) -> Bench {
        let database = match kind {
            EngineKind::Postgres => servers::postgres(test).await,
            EngineKind::MySql => servers::mariadb(test).await,
            EngineKind::Sqlite => servers::sqlite(test),
            EngineKind::SqlServer => servers::sqlserver(test).await,
        };
        let url = DbUrl::parse(&database.url, None, Path::new("")).expect("a connection string");
        let engine = db::engine(&url).expect("an engine");
        Bench {
            kind,
            database,
            engine,
        }
    }

    async fn connect(&self) -> Box<dyn Session> {
        self.engine.connect().await.expect("a connection")
    }

    /// The same database with other options.
    fn engine_with(&self, options: &str) -> Arc<dyn Engine> {
        let sign = if self.database.url.contains('?') {
            '&'
        } else {
            '?'
        };
        let text = format!("{}{sign}{options}", self.database.url);
        let url = DbUrl::parse(&text, None, Path::new("")).expect("a connection string");
        db::engine(&url).expect("an engine")
    }

    /// Runs SQL without ponte.
    async fn sql(&self, text: &str) {
        self.client().await.load(text).await;
    }

    async fn client(&self) -> Client {
        self.database.client().await
    }

    /// What a query yields, without ponte.
    async fn look(&self, query: &str) -> Vec<Vec<Option<String>>> {
        self.client().await.rows(query).await
    }

    /// SQL Server has what SQLite has, unless [`Bench::or`] says otherwise.
    fn by<T>(&self, postgres: T, mariadb: T, sqlite: T) -> T {
        match self.kind {
            EngineKind::Postgres => postgres,
            EngineKind::MySql => mariadb,
            EngineKind::Sqlite | EngineKind::SqlServer => sqlite,
        }
    }

    fn or<T>(&self, sqlserver: T, others: T) -> T {
        match self.kind {
            EngineKind::SqlServer => sqlserver,
            _ => others,
        }
    }
}

/// Rows for a table whose columns' types are taken from the catalog.
async fn insert(
    session: &mut dyn Session,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
) -> Insert {
    let name = TableName::parse(table);
    let found = session.table(&name).await.unwrap().expect("the table");
    Insert {
        table: name,
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        types: columns
            .iter()
            .map(|column| found.column(column).expect("the column").ty.clone())
            .collect(),
        rows,
        generated: None,
        distinct_by: Vec::new(),
    }
}

async fn fetch(session: &mut dyn Session, query: &str) -> Vec<Row> {
    db::fetch(session, &Query::sql(query)).await.unwrap()
}

/// All rows by [`Session::scan`], in a transaction of its own.
async fn scan(session: &mut dyn Session, query: &str) -> db::Result<Vec<Row>> {
    session.begin(Isolation::Snapshot).await.unwrap();
    let mut rows = Vec::new();
    let mut stream = session.scan(&Query::sql(query)).await?;
    while let Some(batch) = stream.try_next().await? {
        rows.extend(batch.rows);
    }
    drop(stream);
    session.rollback().await.unwrap();
    Ok(rows)
}

async fn begin(session: &mut dyn Session) {
    session.begin(Isolation::ReadCommitted).await.unwrap();
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn decimal(text: &str) -> Value {
    Value::Decimal(Decimal::parse(text).expect("a decimal"))
}

fn int64() -> Type {
    Type::Int {
        bits: 64,
        signed: true,
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let cases = [
        types::CASES,
        read::CASES,
        write::CASES,
        faults::CASES,
        catalog::CASES,
        blocked::CASES,
    ]
    .concat();
    let mut trials = Vec::new();
    for (name, kinds, case) in cases {
        for kind in kinds {
            if *kind == EngineKind::SqlServer
                && ROW_LOCKS.contains(&name)
                && !servers::sqlserver_is_real()
            {
                continue;
            }
            let title = match kind {
                EngineKind::MySql => "mariadb".to_owned(),
                kind => kind.to_string(),
            };
            let title = format!("{title}::{name}");
            trials.push(Trial::test(title.clone(), move || {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()?;
                runtime.block_on(async {
                    case(Bench::new(*kind, &format!("engine::{title}")).await).await;
                });
                Ok(())
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

const ALL: &[EngineKind] = &[
    EngineKind::Postgres,
    EngineKind::MySql,
    EngineKind::Sqlite,
    EngineKind::SqlServer,
];
const SERVERS: &[EngineKind] = &[
    EngineKind::Postgres,
    EngineKind::MySql,
    EngineKind::SqlServer,
];
/// Servers whose sessions have a time zone, and which may be without TLS: SQL Server always has a certificate.
const PLAIN_SERVERS: &[EngineKind] = &[EngineKind::Postgres, EngineKind::MySql];
const POSTGRES: &[EngineKind] = &[EngineKind::Postgres];
const MARIADB: &[EngineKind] = &[EngineKind::MySql];
const SQLITE: &[EngineKind] = &[EngineKind::Sqlite];
const SQLSERVER: &[EngineKind] = &[EngineKind::SqlServer];

/// What SQL Server's stand-in does not have: it locks a whole database.
const ROW_LOCKS: &[&str] = &["a_deadlock_is_one"];

/// A row of a module's list of cases: `case!(name, ENGINES)`.
macro_rules! case {
    ($name:ident, $kinds:expr) => {
        (stringify!($name), $kinds, |bench| Box::pin($name(bench)))
    };
}
use case;

type Listed = (&'static str, &'static [EngineKind], Case);
