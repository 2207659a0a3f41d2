//! Others at the same servers: a server that is restarted or closed for writing, customers at the rows that ponte writes,
//! a second ponte, and people who change tables and rows meanwhile.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use ponte::sync::report::FlowReport;
use ponte::sync::run;

use crate::support::client::Client;
use crate::support::pipeline::{changed, full};
use crate::support::private::Private;
use crate::support::project::Project;
use crate::support::servers;

use super::pair::{On, Pair};

const ROWS: u32 = 2000;

fn source(rows: u32) -> String {
    format!(
        "CREATE TABLE source (code INTEGER PRIMARY KEY, name TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO source SELECT i, 'name ' || i FROM n"
    )
}

const TARGET: &str = "CREATE TABLE target (code INTEGER PRIMARY KEY, name VARCHAR(200), hits INTEGER NOT NULL DEFAULT 0)";
const TO: &str = "match = { code = \"code\" }\nset = { name = \"name\" }";

/// A project with that flow, for the program itself.
fn project(source: &str, target: &str) -> Project {
    let mut project = Project::new();
    project.file(
        "ponte.toml",
        &format!(
            "[connection.a]\nurl = \"{source}\"\n[connection.b]\nurl = \"{target}\"\n\
             [flow.x]\nfrom = {{ connection = \"connection.a\", table = \"source\", key = [\"code\"] }}\n\
             to = {{ connection = \"connection.b\", table = \"target\", match = {{ code = \"code\" }}, set = {{ name = \"name\" }} }}\n"
        ),
    );
    project
}

async fn figures(client: &mut Client) -> String {
    let sql = "SELECT concat_ws(' ', count(*), count(DISTINCT code), sum(name = concat('name ', code))) FROM target";
    client.value(sql).await.expect("a row")
}

/// A pair on MariaDB whose target has every row, each with another name, and takes at least two milliseconds to write one.
async fn slow_pair(test: &str) -> Pair {
    let target = format!(
        "{TARGET};
         INSERT INTO target SELECT seq, 'old', 0 FROM seq_1_to_{ROWS};
         CREATE TRIGGER slow BEFORE UPDATE ON target FOR EACH ROW SET @slow = sleep(IF(NEW.name = OLD.name, 0, 0.002))"
    );
    Pair::new(
        test,
        (On::Sqlite, &source(ROWS)),
        (On::Mariadb, &target),
        r#"["code"]"#,
        TO,
    )
    .await
}

/// Killed as by a power cut when some batches are committed, and started again while ponte works.
#[tokio::test]
async fn a_server_that_is_restarted_is_waited_for() {
    let mut server = Private::start(&[]).await;
    let source = servers::sqlite("sync::crowd::restart source");
    source.client().await.load(&self::source(ROWS)).await;
    let mut client = server.client("shop").await;
    client.run(TARGET).await;
    client
        .run("CREATE TRIGGER slow BEFORE INSERT ON target FOR EACH ROW SET @slow = sleep(0.001)")
        .await;
    let project = project(&source.url, &server.url("shop"));
    project.ponte(&["setup", "--run"]).succeeds();
    let running = project.start(&["sync", "--no-progress"]);
    while client.value("SELECT count(*) FROM target").await.as_deref() == Some("0") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.kill();
    server.start_again();
    let done = running.wait().succeeds();
    server.answers().await;
    let mut client = server.client("shop").await;
    assert_eq!(
        figures(&mut client).await,
        format!("{ROWS} {ROWS} {ROWS}"),
        "{}{}",
        done.stdout,
        done.stderr
    );
}

/// Refused with words; when the server lets ponte write again, nothing is missing.
#[tokio::test]
async fn a_server_that_becomes_read_only_loses_nothing() {
    let server = Private::start(&[]).await;
    let source = servers::sqlite("sync::crowd::read_only source");
    source.client().await.load(&self::source(700)).await;
    let mut admin = server.client("shop").await;
    admin.run(TARGET).await;
    // An administrator may write to a read-only server, too.
    admin.run("CREATE USER plain IDENTIFIED BY 'p'").await;
    admin.run("GRANT ALL ON shop.* TO plain").await;
    let url = server.url("shop").replace("root:ponte", "plain:p");
    let project = project(&source.url, &url);
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["sync"]).succeeds();
    let mut client = source.client().await;
    client.run("UPDATE source SET name = 'newer'").await;
    client.run("UPDATE source SET name = 'name ' || code").await;
    admin
        .run("UPDATE target SET name = 'old' WHERE code > 100")
        .await;
    admin.run("SET GLOBAL read_only = 1").await;
    let done = project.ponte(&["resync"]);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(
        done.code == Some(2) && said.contains("x: failed:") && said.contains("--read-only"),
        "{:?} {said}",
        done.code
    );
    admin.run("SET GLOBAL read_only = 0").await;
    project.ponte(&["resync"]).succeeds();
    assert_eq!(figures(&mut admin).await, "700 700 700");
}

/// Where a transaction takes too long, the next ones are smaller: a customer waits for one of them at most.
#[tokio::test]
async fn transactions_shrink_until_a_customer_need_not_wait_long() {
    let pair = slow_pair("sync::crowd::shrink").await;
    let sizes = Mutex::new(vec![0]);
    let options = changed();
    let progress = |report: &FlowReport| {
        let mut sizes = sizes.lock().expect("no test panics holding it");
        sizes.push(report.counts.changed);
    };
    let pipeline = &pair.pipeline;
    let flow = pipeline.flow("x");
    let run = run::run(
        &pipeline.plan,
        flow,
        &pipeline.connections,
        None,
        &options,
        &progress,
    );
    // A customer's statement at a row somewhere in the table, again and again.
    let mut customer = pair.target.client().await;
    let shop = async {
        let mut waits = Vec::new();
        for at in 0u32.. {
            let began = Instant::now();
            let row = at * 37 % ROWS + 1;
            customer
                .run(&format!(
                    "UPDATE target SET hits = hits + 1 WHERE code = {row}"
                ))
                .await;
            waits.push(began.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
            if sizes.lock().expect("no test panics holding it").last() == Some(&u64::from(ROWS)) {
                break;
            }
        }
        waits
    };
    let (report, waits) = tokio::join!(run, shop);
    let report = report.expect("the run ends well");
    assert_eq!(report.counts.changed, u64::from(ROWS));
    let sizes = sizes.into_inner().expect("no test panics holding it");
    let mut batches: Vec<u64> = sizes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    batches.retain(|size| *size > 0);
    println!(
        "transactions of {batches:?} rows; {} statements of a customer, the slowest {:?}",
        waits.len(),
        waits.iter().max()
    );
    assert_eq!(batches[0], 500);
    assert!(
        batches[1..].iter().all(|size| *size <= 250),
        "a row takes 2 ms and a transaction aims at 250 ms: {batches:?}"
    );
    let hits = pair
        .rows("SELECT sum(hits), min(name = concat('name ', code)) FROM target")
        .await;
    assert_eq!(hits, [format!("{}|1", waits.len())]);
}

/// Somebody holds a row for long. ponte waits a second and lets go of all the others, so that a customer who wants one of
/// those need not wait for that somebody, too.
#[tokio::test]
async fn a_lock_that_is_held_for_long_is_given_way_to() {
    let pair = slow_pair("sync::crowd::held").await;
    let mut other = pair.target.client().await;
    other.run("START TRANSACTION").await;
    other
        .run("UPDATE target SET hits = 100 WHERE code = 450")
        .await;
    let mut customer = pair.target.client().await;
    customer
        .run("SET SESSION innodb_lock_wait_timeout = 4")
        .await;
    let mut eye = pair.target.client().await;
    let waiting = format!(
        "SELECT count(*) FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
         WHERE t.trx_state = 'LOCK WAIT' AND p.DB = '{}'",
        pair.target.name
    );
    let meanwhile = async {
        while eye.value(&waiting).await.as_deref() == Some("0") {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        // A row of the same batch, before the one that is held.
        let done = customer
            .try_run("UPDATE target SET hits = 1 WHERE code = 20")
            .await;
        assert_eq!(done, Ok(1), "the customer waited in vain");
        other.run("COMMIT").await;
    };
    let options = changed();
    let (report, ()) = tokio::join!(pair.pipeline.run("x", &options), meanwhile);
    assert_eq!(report.counts.changed, u64::from(ROWS));
    let rows = pair
        .rows("SELECT code, name, hits FROM target WHERE hits > 0 ORDER BY code")
        .await;
    assert_eq!(rows, ["20|name 20|1", "450|name 450|100"]);
}

/// The second one says so and changes nothing; the first one is not disturbed.
#[tokio::test]
async fn two_processes_at_once_are_one_at_work() {
    let pair = slow_pair("sync::crowd::two").await;
    let project = project(&pair.source.url, &pair.target.url);
    project.ponte(&["setup", "--run"]).succeeds();
    let first = project.start(&["sync", "--no-progress"]);
    let mut client = pair.target.client().await;
    let begun = "SELECT count(*) FROM target WHERE name <> 'old'";
    while client.value(begun).await.as_deref() == Some("0") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = project.ponte(&["sync"]);
    let said = format!("{}{}", second.stdout, second.stderr);
    assert!(
        second.code == Some(5) && said.contains("process"),
        "{:?} {said}",
        second.code
    );
    first.wait().succeeds();
    assert_eq!(figures(&mut client).await, format!("{ROWS} {ROWS} {ROWS}"));
    project.ponte(&["sync"]).succeeds();
}

/// A column is added between two runs, becomes narrower, and disappears: what can be written is, and what cannot is said.
#[tokio::test]
async fn a_table_that_is_altered_between_two_runs() {
    let pair = Pair::new(
        "sync::crowd::altered",
        (On::Postgres, &source(700)),
        (On::Mariadb, TARGET),
        r#"["code"]"#,
        TO,
    )
    .await;
    assert_eq!(pair.pipeline.run("x", &changed()).await.counts.created, 700);
    let mut source = pair.source.client().await;
    let mut target = pair.target.client().await;
    source
        .load("ALTER TABLE source ADD COLUMN first text; ALTER TABLE source ALTER COLUMN name TYPE varchar(300)")
        .await;
    target
        .run("ALTER TABLE target ADD COLUMN first INT NOT NULL DEFAULT 5 FIRST, MODIFY name VARCHAR(8)")
        .await;
    source
        .load("UPDATE source SET name = 'new ' || code WHERE code < 10; UPDATE source SET name = 'longer than eight' WHERE code = 50")
        .await;
    let report = pair.pipeline.run("x", &full()).await;
    assert_eq!((report.counts.changed, report.counts.rejected), (9, 1));
    let rows = pair
        .rows("SELECT first, code, name FROM target WHERE code IN (9, 50) ORDER BY code")
        .await;
    assert_eq!(rows, ["5|9|new 9", "5|50|name 50"]);
    // The column goes: the flow stops with words, and nothing is written or taken for gone.
    for (database, column) in [(&pair.target, "target"), (&pair.source, "source")] {
        let mut client = database.client().await;
        client
            .run(&format!("ALTER TABLE {column} RENAME COLUMN name TO title"))
            .await;
        let before = pair.dump().await;
        let error = pair.pipeline.try_run("x", &changed()).await;
        let error = match error.expect_err("no flow without its column") {
            run::RunError::Bind(ponte::sync::bind::BindError::Mapping(found)) => {
                ponte::diagnostic::Diagnostics(found).render(false)
            }
            other => panic!("{other}"),
        };
        assert!(
            error.contains("name") && error.contains("ponte.toml"),
            "{error}"
        );
        assert_eq!(before, pair.dump().await);
        client
            .run(&format!("ALTER TABLE {column} RENAME COLUMN title TO name"))
            .await;
    }
    source
        .load("UPDATE source SET name = 'short' WHERE code = 50")
        .await;
    assert_eq!(pair.pipeline.run("x", &changed()).await.counts.changed, 1);
}

/// The reading sees one picture of the source; what changed since is the next run's.
#[tokio::test]
async fn a_source_row_that_changes_while_it_is_read_is_carried_over_by_the_next_run() {
    let pair = Pair::new(
        "sync::crowd::moving",
        (On::Postgres, &source(20_000)),
        (On::Mariadb, TARGET),
        r#"["code"]"#,
        TO,
    )
    .await;
    let mut source = pair.source.client().await;
    let mut eye = pair.target.client().await;
    let meanwhile = async {
        while eye.value("SELECT count(*) FROM target").await.as_deref() == Some("0") {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        source
            .load(
                "UPDATE source SET name = 'moved' WHERE code IN (1, 19999);
                 DELETE FROM source WHERE code = 20000; INSERT INTO source VALUES (0, 'came')",
            )
            .await;
    };
    let options = changed();
    let (report, ()) = tokio::join!(pair.pipeline.run("x", &options), meanwhile);
    assert_eq!(report.counts.created, 20_000, "one picture");
    let second = pair.pipeline.run("x", &options).await;
    assert_eq!(
        (
            second.counts.created,
            second.counts.changed,
            second.counts.gone
        ),
        (1, 2, 1)
    );
    let rows = pair
        .rows("SELECT code, name FROM target WHERE code IN (0, 1, 19999) ORDER BY code")
        .await;
    assert_eq!(rows, ["0|came", "1|moved", "19999|moved"]);
}
