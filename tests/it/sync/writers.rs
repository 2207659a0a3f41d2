//! A model of an ERP whose programs set a time first and commit later: nothing may be lost, whatever the order of their
//! commits and of ponte's runs.
//!
//! Writers give each row they touch the time of their transaction, cut to whole seconds so that many are equal, hold the
//! transaction open, and commit or roll back. Meanwhile the flow runs again and again. When all is quiet and it has run
//! once more, source and target are compared. The same with faults planted, which must be found.

use crate::support::client::Client;
use crate::support::pipeline::{Pipeline, changed, full};
use crate::support::seed;
use crate::support::servers::{self, Database};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::pair::{On, database};
use super::watermark::{flow, make_whole_due, pairs};

const WRITERS: u64 = 3;
/// So many that a row which was lost is seldom saved by another write.
const ROWS: u64 = 1500;
/// Runs while writers are at work; a busy machine needs longer for them.
const RUNS_MIN: u32 = 10;

/// A way to run the model.
struct Way {
    name: &'static str,
    /// The login sees other logins' transactions.
    sees: bool,
    overlap: &'static str,
    /// How long transactions are held open, at most; in milliseconds.
    held: u64,
    /// SQL that spoils what ponte reads: `{login}` is its login.
    fault: &'static str,
    /// Something is lost until the whole source is read.
    loses: bool,
}

const WAYS: [Way; 6] = [
    Way {
        name: "visible transactions need no overlap",
        sees: true,
        overlap: "0s",
        held: 2500,
        fault: "",
        loses: false,
    },
    Way {
        name: "hidden ones are covered by the overlap",
        sees: false,
        overlap: "10s",
        held: 2500,
        fault: "",
        loses: false,
    },
    Way {
        name: "hidden and longer than the overlap",
        sees: false,
        overlap: "1s",
        held: 4000,
        fault: "",
        loses: true,
    },
    Way {
        name: "planted: no overlap",
        sees: false,
        overlap: "0s",
        held: 2500,
        fault: "",
        loses: true,
    },
    Way {
        name: "planted: > instead of >=",
        sees: true,
        overlap: "0s",
        held: 10,
        // For times of whole seconds the same as `updated_at > :since`.
        fault: "CREATE OR REPLACE VIEW watched AS SELECT code, v, updated_at - interval '1 second' AS updated_at FROM source",
        loses: true,
    },
    Way {
        name: "planted: another clock than the server's",
        sees: true,
        overlap: "0s",
        held: 10,
        fault: "CREATE SCHEMA ours; GRANT USAGE ON SCHEMA ours TO PUBLIC;
            CREATE FUNCTION ours.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.clock_timestamp() + interval ''1 minute''';
            ALTER ROLE {login} SET search_path = ours, pg_catalog, public",
        loses: true,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_whatever_the_order_of_commits() {
    let seed = seed("sync::writers");
    let runs = WAYS.iter().zip(0..).map(|(way, at)| model(way, seed ^ at));
    futures_util::future::join_all(runs).await;
}

async fn model(way: &Way, seed: u64) {
    let name = way.name;
    let source = servers::postgres(&format!("sync::writers {name}")).await;
    let target = servers::sqlite(&format!("sync::writers {name} target"));
    let mut admin = source.client().await;
    let login = format!("{}_login", source.name);
    admin
        .load(&format!(
            "CREATE TABLE source (code int PRIMARY KEY, v int NOT NULL, updated_at timestamptz NOT NULL);
             INSERT INTO source SELECT n, 0, now() - interval '1 day' FROM generate_series(0, {}) n;
             CREATE VIEW watched AS SELECT * FROM source;
             DROP ROLE IF EXISTS {login};
             CREATE ROLE {login} LOGIN PASSWORD 'x';
             GRANT SELECT ON watched TO {login}",
            ROWS - 1
        ))
        .await;
    if way.sees {
        admin
            .run(&format!("GRANT pg_read_all_stats TO {login}"))
            .await;
    }
    if !way.fault.is_empty() {
        admin.load(&way.fault.replace("{login}", &login)).await;
    }
    target
        .client()
        .await
        .run("CREATE TABLE target (code INTEGER PRIMARY KEY, v INTEGER)")
        .await;
    let url = servers::with_login(&source.url, &login, "x");
    let from = format!(
        "table = \"watched\", key = [\"code\"], watermark = \"updated_at >= :since\", changes = \"timestamp\", overlap = \"{}\"",
        way.overlap
    );
    let mut pipeline = flow(&url, &target, &from).await;
    pipeline.run("x", &changed()).await;

    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let stop = stop.clone();
            tokio::spawn(write(source.url.clone(), writer, way.held, seed, stop))
        })
        .collect();
    let least = Instant::now() + Duration::from_secs(6);
    let mut runs = 0;
    while Instant::now() < least || runs < RUNS_MIN {
        let report = pipeline.run("x", &changed()).await;
        assert!(report.since.is_some(), "{name}");
        runs += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut commits = 0;
    for writer in writers {
        commits += writer.await.expect("a writer that does not panic");
    }
    pipeline.run("x", &changed()).await;
    let lost = lost(&mut admin, &target).await;
    println!(
        "{name}: {runs} runs, {commits} commits, {} lost",
        lost.len()
    );
    assert!(commits >= WRITERS, "{name}: {commits} commits");
    assert_eq!(!lost.is_empty(), way.loses, "{name}: lost {lost:?}");

    make_whole_due(&mut pipeline);
    let report = pipeline.run("x", &changed()).await;
    assert_eq!(report.since, None, "{name}");
    let lost = self::lost(&mut admin, &target).await;
    assert!(lost.is_empty(), "{name}: lost for good: {lost:?}");
    assert!(!pipeline.run("x", &full()).await.wrote(), "{name}");
    admin
        .load(&format!("DROP OWNED BY {login}; DROP ROLE {login}"))
        .await;
}

async fn lost(source: &mut Client, target: &Database) -> Vec<String> {
    let there = pairs(&mut target.client().await, "target").await;
    let mut here = pairs(source, "source").await;
    here.retain(|pair| !there.contains(pair));
    here
}

/// Touches rows of its own; returns the number of commits.
async fn write(url: String, writer: u64, held: u64, seed: u64, stop: Arc<AtomicBool>) -> u64 {
    let mut random = StdRng::seed_from_u64(seed ^ (writer + 1).wrapping_mul(0x9e37_79b9));
    let mut client = Client::connect(&url).await;
    let mut commits = 0;
    while !stop.load(Ordering::Relaxed) {
        client.run("BEGIN").await;
        // The time of a transaction is that of its first statement: some write only much later.
        client.run("SELECT 1").await;
        let before = random.random_range(0..=held / 2);
        tokio::time::sleep(Duration::from_millis(before)).await;
        for _ in 0..random.random_range(1..4) {
            let code = random.random_range(0..ROWS / WRITERS) * WRITERS + writer;
            client
                .run(&format!(
                    "UPDATE source SET v = v + 1, updated_at = date_trunc('second', now()) WHERE code = {code}"
                ))
                .await;
        }
        let after = random.random_range(0..=held / 2);
        tokio::time::sleep(Duration::from_millis(after)).await;
        match random.random_bool(0.2) {
            true => client.run("ROLLBACK").await,
            false => {
                commits += 1;
                client.run("COMMIT").await
            }
        };
        tokio::time::sleep(Duration::from_millis(random.random_range(0..120))).await;
    }
    commits
}

/// MariaDB shows open transactions to logins with PROCESS; of others they are covered by the overlap alone.
#[tokio::test]
async fn open_transactions_on_mariadb() {
    let source = servers::mariadb("sync::writers::mariadb source").await;
    let mut admin = source.client().await;
    let login = format!("u{}", std::process::id());
    for statement in [
        "CREATE TABLE source (code INT PRIMARY KEY, v INT, updated_at DATETIME, KEY (updated_at))"
            .to_owned(),
        "INSERT INTO source VALUES (1, 0, NOW() - INTERVAL 1 DAY), (2, 0, NOW() - INTERVAL 1 DAY)"
            .to_owned(),
        format!("CREATE OR REPLACE USER '{login}'@'%' IDENTIFIED BY 'x'"),
        format!("GRANT SELECT ON {}.source TO '{login}'@'%'", source.name),
    ] {
        admin.run(&statement).await;
    }
    let hidden = servers::with_login(&source.url, &login, "x");
    let from = r#"table = "source", key = ["code"], watermark = "updated_at >= :since", changes = "timestamp", overlap = "0s""#;
    let mut runs: Vec<(bool, Database, Pipeline)> = Vec::new();
    for (sees, url) in [(true, source.url.as_str()), (false, hidden.as_str())] {
        let target = database(On::Sqlite, &format!("sync::writers::mariadb target {sees}")).await;
        target
            .client()
            .await
            .run("CREATE TABLE target (code INTEGER PRIMARY KEY, v INTEGER)")
            .await;
        let pipeline = flow(url, &target, from).await;
        pipeline.run("x", &changed()).await;
        runs.push((sees, target, pipeline));
    }
    let mut writer = source.client().await;
    writer.run("BEGIN").await;
    writer
        .run("UPDATE source SET v = 1, updated_at = NOW() WHERE code = 1")
        .await;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    for (_, _, pipeline) in &runs {
        let report = pipeline.run("x", &changed()).await;
        assert_eq!((report.since.is_some(), report.counts.changed), (true, 0));
    }
    writer.run("COMMIT").await;
    for (sees, target, pipeline) in &mut runs {
        pipeline.run("x", &changed()).await;
        assert_eq!(lost(&mut admin, target).await.is_empty(), *sees);
        make_whole_due(pipeline);
        pipeline.run("x", &changed()).await;
        assert!(lost(&mut admin, target).await.is_empty());
    }
    admin.run(&format!("DROP USER '{login}'@'%'")).await;
}
