//! SQL Server's engine beside the bare driver: rows read, and rows written in bulk.
//!
//!     cargo bench --bench sqlserver             # 200,000 rows read, 50,000 written
//!     cargo bench --bench sqlserver -- 20000    # so many read, a quarter of them written
//!
//! DRAIN is tiberius alone, which reads the same result to its end and drops the rows. LOAD is tiberius alone, which loads the same rows into
//! the table itself, without ponte's temporary table between. The server is the tests' stand-in within this process, or the one that
//! `PONTE_TEST_SQLSERVER` names: the stand-in's own time is in both figures. Each is the fastest of several, taken in turns.

mod measure;
#[path = "../tests/support/mod.rs"]
mod support;

use futures_util::TryStreamExt;
use measure::Asked;
use ponte::db::query::{Insert, Query, TableName};
use ponte::db::{self, DbUrl, Isolation, Session};
use ponte::value::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use support::client::sqlserver as tiberius_alone;
use support::servers::{self, Database};
use tiberius::{IntoRow, QueryItem};

const ROWS: u64 = 200_000;
/// Rows of one insert, as a flow's batches have them.
const BATCH: u64 = 2_000;
const TURNS: usize = 15;
/// What the engine may take of the driver's time.
const LIMIT: f64 = 1.3;

const TABLE: &str = "(id INT NOT NULL PRIMARY KEY, sku NVARCHAR(50) NOT NULL, name NVARCHAR(200), price DECIMAL(19, 4), pieces INT, active BIT,
    weight FLOAT, changed DATETIME2(3))";
const SELECT: &str = "SELECT id, sku, name, price, pieces, active, weight, changed FROM articles";
const COLUMNS: [&str; 5] = ["id", "sku", "name", "pieces", "weight"];

fn main() {
    let rows = Asked::read().number(ROWS);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let database = servers::sqlserver("bench sqlserver").await;
        let mut client = database.client().await;
        client.run(&format!("CREATE TABLE articles {TABLE}")).await;
        read(&database, rows).await;
        write(&database, rows / 4).await;
    });
}

async fn engine(database: &Database) -> Box<dyn Session> {
    let url = DbUrl::parse(&database.url, None, Path::new(".")).expect("a URL");
    let engine = db::engine(&url).expect("an engine");
    engine.connect().await.expect("a session")
}

async fn read(database: &Database, rows: u64) {
    fill(database, rows).await;
    let mut session = engine(database).await;
    let mut alone = tiberius_alone::connect(&database.url)
        .await
        .expect("a connection");
    let (mut ours, mut drain) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        let began = Instant::now();
        let mut count = 0;
        let mut stream = alone.simple_query(SELECT).await.expect("rows");
        while let Some(item) = stream.try_next().await.expect("a row") {
            count += u64::from(matches!(item, QueryItem::Row(_)));
        }
        drop(stream);
        assert_eq!(count, rows);
        drain = drain.min(began.elapsed());

        let began = Instant::now();
        let mut count = 0;
        let mut stream = session.scan(&Query::sql(SELECT)).await.expect("rows");
        while let Some(batch) = stream.try_next().await.expect("a batch") {
            count += batch.rows.len() as u64;
        }
        drop(stream);
        assert_eq!(count, rows);
        ours = ours.min(began.elapsed());
    }
    tell("read", rows, ours, drain, "DRAIN");
}

/// The rows that are read, loaded as they are in the write case.
async fn fill(database: &Database, rows: u64) {
    let mut session = engine(database).await;
    load(session.as_mut(), "articles", rows).await;
    let sql = "UPDATE articles SET price = CAST(id AS DECIMAL(19, 4)) / 100, active = 1, changed = '2026-03-01T10:00:00.123'";
    database.client().await.run(sql).await;
}

async fn load(session: &mut dyn Session, table: &str, rows: u64) {
    for first in (0..rows).step_by(BATCH as usize) {
        let insert = Insert {
            table: TableName::parse(table),
            columns: COLUMNS.map(str::to_owned).to_vec(),
            types: Vec::new(),
            rows: (first..rows.min(first + BATCH)).map(values).collect(),
            generated: None,
            distinct_by: Vec::new(),
        };
        session
            .begin(Isolation::ReadCommitted)
            .await
            .expect("a transaction");
        session.insert(&insert).await.expect("rows are loaded");
        session.commit().await.expect("they are committed");
    }
}

fn values(n: u64) -> Vec<Value> {
    let (id, sku, name, pieces, weight) = row(n);
    vec![
        Value::Int(id.into()),
        Value::Text(sku),
        Value::Text(name),
        Value::Int(pieces.into()),
        Value::Float(weight),
    ]
}

fn row(n: u64) -> (i32, String, String, i32, f64) {
    let id = i32::try_from(n).expect("a number of rows");
    let sku = format!("ART-{n:08}");
    let name = format!("Martello da carpentiere n. {n}, manico in frassino è 32 cm");
    (id, sku, name, id % 1000, f64::from(id) / 8.0)
}

async fn write(database: &Database, rows: u64) {
    let mut session = engine(database).await;
    let mut alone = tiberius_alone::connect(&database.url)
        .await
        .expect("a connection");
    let mut client = database.client().await;
    let narrow = "(id INT NOT NULL PRIMARY KEY, sku NVARCHAR(50) NOT NULL, name NVARCHAR(200), pieces INT, weight FLOAT)";
    let (mut ours, mut bare) = (Duration::MAX, Duration::MAX);
    for turn in 0..TURNS {
        for table in ["bare", "ours"] {
            client
                .run(&format!("CREATE TABLE {table}{turn} {narrow}"))
                .await;
        }
        let began = Instant::now();
        let table = format!("bare{turn}");
        for first in (0..rows).step_by(BATCH as usize) {
            let mut request = alone.bulk_insert(&table).await.expect("a bulk load");
            for n in first..rows.min(first + BATCH) {
                request
                    .send(row(n).into_row())
                    .await
                    .expect("a row is sent");
            }
            request.finalize().await.expect("rows are loaded");
        }
        bare = bare.min(began.elapsed());

        let began = Instant::now();
        load(session.as_mut(), &format!("ours{turn}"), rows).await;
        ours = ours.min(began.elapsed());
        for table in ["bare", "ours"] {
            let count = format!("SELECT COUNT(*) FROM {table}{turn}");
            assert_eq!(client.value(&count).await, Some(rows.to_string()));
        }
    }
    tell("write", rows, ours, bare, "LOAD");
}

fn tell(case: &str, rows: u64, ours: Duration, bare: Duration, what: &str) {
    let [ours, bare] = [ours, bare].map(|time| time.as_secs_f64());
    let ratio = ours / bare;
    let over = match ratio > LIMIT {
        true => ", over the limit",
        false => "",
    };
    println!(
        "{case}: {rows} rows; {:.0} rows/s, {what} {:.0} rows/s; {ratio:.2} x {what} (limit {LIMIT}{over})",
        rows as f64 / ours,
        rows as f64 / bare
    );
}
