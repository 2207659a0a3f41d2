//! Lines that break, answers that get lost, locks that meet: the run ends well, and the rows are those of a run that
//! nothing disturbed, each of them once.

use std::time::Duration;

use ponte::sync::bind::BindError;
use ponte::sync::run::RunError;

use crate::support::client::Client;
use crate::support::pipeline::{Pipeline, changed, full, same_dump};
use crate::support::proxy::{COMMIT_MARIADB, COMMIT_POSTGRES, Direction, Fault, Proxy};
use crate::support::servers::{self, Database};

use super::cells::{Cells, changes};
use super::pair::{On, Pair};
use super::shop::{cells_of, fill, pipeline, project};

/// What a first load leaves behind that nothing disturbs; the same on every engine.
async fn undisturbed(test: &str) -> Cells {
    let erp = servers::sqlite(&format!("{test} undisturbed erp"));
    let shop = servers::sqlite(&format!("{test} undisturbed shop"));
    let pipeline = pipeline(&erp, &shop).await;
    pipeline.run_all(&changed()).await;
    cells_of(&shop).await
}

/// A shop on MariaDB, and one of the two behind a proxy.
struct Behind {
    _erp: Database,
    shop: Database,
    proxy: Proxy,
    pipeline: Pipeline,
}

impl Behind {
    /// The ERP on SQL Server is behind it.
    async fn erp(test: &str) -> Behind {
        let erp = servers::sqlserver(&format!("{test} erp")).await;
        let shop = servers::mariadb(&format!("{test} shop")).await;
        fill(&erp, &shop).await;
        let proxy = Proxy::start(&erp.url);
        let pipeline = Pipeline::new(&project(&proxy.url(&erp.url), &shop.url)).await;
        Behind {
            _erp: erp,
            shop,
            proxy,
            pipeline,
        }
    }

    async fn new(test: &str) -> Behind {
        let erp = servers::sqlite(&format!("{test} erp"));
        let shop = servers::mariadb(&format!("{test} shop")).await;
        fill(&erp, &shop).await;
        let proxy = Proxy::start(&shop.url);
        let pipeline = Pipeline::new(&project(&erp.url, &proxy.url(&shop.url))).await;
        Behind {
            _erp: erp,
            shop,
            proxy,
            pipeline,
        }
    }
}

#[track_caller]
fn same_cells(expected: &Cells, found: &Cells, claim: &str) {
    let differ = changes(expected, found);
    assert!(differ.is_empty(), "{claim}:\n{differ}");
}

/// A line that breaks within a transaction, before its COMMIT or after: the batch is looked at anew and the run goes on.
#[tokio::test]
async fn lines_that_break_in_a_batch() {
    let test = "sync::faults::batch";
    let right = undisturbed(test).await;
    let commit = || COMMIT_MARIADB.to_vec();
    let insert = |table: &str| format!("INSERT INTO `wp_{table}`").into_bytes();
    // Four commits: two levels of categories, articles, prices.
    let faults = [
        Fault::DropAnswer {
            pattern: commit(),
            skip: 0,
        },
        Fault::DropAnswer {
            pattern: commit(),
            skip: 2,
        },
        Fault::CutBefore {
            pattern: commit(),
            skip: 3,
        },
        Fault::CutBefore {
            pattern: insert("postmeta"),
            skip: 0,
        },
        Fault::DropAnswer {
            pattern: insert("posts"),
            skip: 0,
        },
        Fault::CutBefore {
            pattern: b"INSERT INTO `ponte_link`".to_vec(),
            skip: 1,
        },
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let behind = Behind::new(&format!("{test} {number}")).await;
        behind.proxy.set(fault.clone());
        behind.pipeline.run_all(&changed()).await;
        assert!(!behind.proxy.is_armed(), "{fault:?} did not happen");
        same_cells(&right, &cells_of(&behind.shop).await, &format!("{fault:?}"));
        let reports = behind.pipeline.run_all(&full()).await;
        assert!(!reports.iter().any(|report| report.wrote()), "{fault:?}");
    }
}

/// A line that breaks anywhere. Where a flow cannot begin it is an error, and the next run does all that is left.
#[tokio::test]
async fn lines_that_break_anywhere() {
    break_anywhere("sync::faults::anywhere", &[3, 7], Behind::new).await;
}

#[tokio::test]
async fn lines_to_an_erp_on_sqlserver_that_break_anywhere() {
    let tenths: &[u64] = if crate::support::full() {
        &[1, 2, 3, 4, 5, 6, 7, 8, 9]
    } else {
        &[3, 7]
    };
    break_anywhere("sync::faults::sqlserver", tenths, Behind::erp).await;
}

async fn break_anywhere(test: &str, tenths: &[u64], behind: impl AsyncFn(&str) -> Behind) {
    let right = undisturbed(test).await;
    let whole = behind(&format!("{test} whole")).await;
    whole.proxy.reset_counts();
    whole.pipeline.run_all(&changed()).await;
    let counts = whole.proxy.counts();
    same_cells(&right, &cells_of(&whole.shop).await, "undisturbed");
    let ways = [
        (Direction::ToServer, counts.bytes_to_server),
        (Direction::ToClient, counts.bytes_to_client),
    ];
    for (direction, all) in ways {
        for tenth in tenths {
            let claim = format!("{direction:?} at {tenth} tenths");
            let behind = behind(&format!("{test} {claim}")).await;
            let bytes = all * tenth / 10;
            behind.proxy.set(Fault::CutAfter { direction, bytes });
            for flow in &behind.pipeline.plan.flows {
                match behind.pipeline.try_run(&flow.name, &changed()).await {
                    Ok(report) => assert!(report.is_clean(), "{claim}: {:?}", report.rejected),
                    Err(RunError::Database(error) | RunError::Bind(BindError::Database(error)))
                        if error.is_transient() =>
                    {
                        behind.pipeline.run(&flow.name, &changed()).await;
                    }
                    Err(error) => panic!("{claim}: {error}"),
                }
            }
            assert!(!behind.proxy.is_armed(), "{claim}");
            same_cells(&right, &cells_of(&behind.shop).await, &claim);
        }
    }
}

const SOURCE: &str = "CREATE TABLE source (code INTEGER PRIMARY KEY, name TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) INSERT INTO source SELECT i, 'name ' || i FROM n";

/// Into a table whose key nothing vouches for, so that a batch written twice would show.
#[tokio::test]
async fn commits_whose_answer_is_lost_on_postgres() {
    for (number, fault) in [
        Fault::DropAnswer {
            pattern: COMMIT_POSTGRES.to_vec(),
            skip: 0,
        },
        Fault::DropAnswer {
            pattern: COMMIT_POSTGRES.to_vec(),
            skip: 2,
        },
        Fault::CutBefore {
            pattern: COMMIT_POSTGRES.to_vec(),
            skip: 1,
        },
    ]
    .into_iter()
    .enumerate()
    {
        let source = servers::sqlite(&format!("sync::faults::postgres source {number}"));
        let target = servers::postgres(&format!("sync::faults::postgres target {number}")).await;
        source.client().await.load(SOURCE).await;
        target
            .client()
            .await
            .run("CREATE TABLE target (id serial PRIMARY KEY, code integer, name text)")
            .await;
        let proxy = Proxy::start(&target.url);
        let project = format!(
            "[connection.a]\nurl = \"{}\"\n[connection.b]\nurl = \"{}\"\n\
             [flow.x]\nfrom = {{ connection = \"connection.a\", table = \"source\", key = [\"code\"] }}\n\
             to = {{ connection = \"connection.b\", table = \"target\", match = {{ code = \"code\" }}, set = {{ name = \"name\" }} }}\n",
            source.url,
            proxy.url(&target.url)
        );
        let pipeline = Pipeline::new(&project).await;
        proxy.set(fault.clone());
        let report = pipeline.run("x", &changed()).await;
        assert!(!proxy.is_armed(), "{fault:?} did not happen");
        assert_eq!(
            report.counts.created + report.counts.right,
            1200,
            "{fault:?}"
        );
        let rows = target
            .client()
            .await
            .rows("SELECT count(*), count(DISTINCT code), min(name), max(code) FROM target")
            .await;
        assert_eq!(
            rows[0],
            ["1200", "1200", "name 1", "1200"].map(|text| Some(text.to_owned())),
            "{fault:?}"
        );
    }
}

/// Waits until somebody waits for a lock.
async fn until_locked(client: &mut Client, database: &str) {
    let sql = match client {
        Client::Postgres(_) => "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'".to_owned(),
        _ => format!(
            "SELECT count(*) FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
             WHERE t.trx_state = 'LOCK WAIT' AND p.DB = '{database}'"
        ),
    };
    for _ in 0..100 {
        if client.value(&sql).await.as_deref() != Some("0") {
            return;
        }
        // MariaDB renews what it tells of locks only when nobody has asked for 100 ms.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    panic!("nobody waits for a lock");
}

/// Somebody else's transaction and ponte's each hold a row that the other one wants; the server picks ponte to give way.
#[tokio::test]
async fn the_victim_of_a_deadlock_tries_again() {
    let source = "CREATE TABLE source (code INTEGER PRIMARY KEY, name TEXT); INSERT INTO source VALUES (1, 'one'), (2, 'two'), (3, 'three')";
    let target = "CREATE TABLE target (code INTEGER PRIMARY KEY, name VARCHAR(20), hits INTEGER);
        INSERT INTO target VALUES (1, 'x', 0), (2, 'x', 0), (4, 'x', 0), (5, 'x', 0), (6, 'x', 0)";
    for (on, text) in [(On::Mariadb, "mariadb"), (On::Postgres, "postgres")] {
        let to = "match = { code = \"code\" }\nset = { name = \"name\" }";
        let pair = Pair::new(
            &format!("sync::faults::deadlock {text}"),
            (On::Sqlite, source),
            (on, target),
            r#"["code"]"#,
            to,
        )
        .await;
        let mut other = pair.target.client().await;
        let mut eye = pair.target.client().await;
        // The one that has written more survives on MariaDB, the one that waited less on PostgreSQL.
        other.run("START TRANSACTION").await;
        other
            .run("UPDATE target SET hits = hits + 1 WHERE code >= 2")
            .await;
        let options = changed();
        let meanwhile = async {
            until_locked(&mut eye, &pair.target.name).await;
            let done = other
                .try_run("UPDATE target SET hits = hits + 1 WHERE code = 1")
                .await;
            assert_eq!(done, Ok(1), "{text}: the other one was to survive");
            other.run("COMMIT").await;
        };
        let (report, ()) = tokio::join!(pair.pipeline.run("x", &options), meanwhile);
        assert_eq!(
            (report.counts.created, report.counts.changed),
            (1, 2),
            "{text}"
        );
        let rows = pair
            .rows("SELECT code, name, hits FROM target WHERE code < 4 ORDER BY code")
            .await;
        assert_eq!(rows, ["1|one|1", "2|two|1", "3|three|NULL"], "{text}");
    }
}

/// SQLite lets one write at a time: ponte waits for its turn.
#[tokio::test]
async fn a_database_that_another_program_writes_to() {
    let target = "CREATE TABLE target (code INTEGER PRIMARY KEY, name TEXT)";
    let to = "match = { code = \"code\" }\nset = { name = \"name\" }";
    let pair = Pair::new(
        "sync::faults::sqlite",
        (On::Sqlite, SOURCE),
        (On::Sqlite, target),
        r#"["code"]"#,
        to,
    )
    .await;
    let mut other = pair.target.client().await;
    other
        .run("BEGIN IMMEDIATE; INSERT INTO target VALUES (1, 'theirs'), (0, 'theirs')")
        .await;
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.run("COMMIT").await;
    };
    let options = changed();
    let (report, ()) = tokio::join!(pair.pipeline.run("x", &options), meanwhile);
    assert_eq!((report.counts.created, report.counts.changed), (1199, 1));
    let before = pair.dump().await;
    pair.pipeline.run("x", &full()).await;
    same_dump(&before, &pair.dump().await, "a full run");
}
