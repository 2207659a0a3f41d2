//! Flows that go by what SQL Server counts: versions of rows, and tracked changes.

use super::pair::{On, database};
use super::watermark::{flow, make_whole_due, pairs};
use crate::support::pipeline::{Pipeline, changed};
use crate::support::servers::Database;

const TARGET: &str =
    "CREATE TABLE target (code VARCHAR(20) PRIMARY KEY, v INTEGER CHECK (v < 100))";
const BY_VERSION: &str =
    r#"table = "source", key = ["code"], watermark = "rv >= :since", changes = "timestamp""#;
const BY_TRACKING: &str = r#"table = "source", key = ["code"], changes = "timestamp", watermark = "SELECT c.code FROM CHANGETABLE(CHANGES dbo.source, :since) AS c""#;

/// A source of three rows with versions, and a flow that goes by what the watermark says.
async fn begun(test: &str, from: &str) -> (Database, Database, Pipeline) {
    let source = database(On::SqlServer, &format!("{test} source")).await;
    let target = database(On::Sqlite, &format!("{test} target")).await;
    let mut client = source.client().await;
    client
        .run("CREATE TABLE source (code NVARCHAR(20) NOT NULL PRIMARY KEY, v INT, rv ROWVERSION); CREATE INDEX source_rv ON source (rv)")
        .await;
    client
        .run("INSERT INTO source (code, v) VALUES ('a', 1), ('b', 1), ('c', 1)")
        .await;
    target.client().await.run(TARGET).await;
    let pipeline = flow(&source.url, &target, from).await;
    (source, target, pipeline)
}

/// Only what was written since is read, without an overlap; what was open then comes later, deleted rows with the whole source.
#[tokio::test]
async fn rows_of_new_versions_are_read() {
    let (source, target, mut pipeline) = begun("sync::counted::version", BY_VERSION).await;
    let (mut client, mut there) = (source.client().await, target.client().await);
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.created), (None, 3));
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since.is_some(), report.counts.read), (true, 0));

    client.run("UPDATE source SET v = 2 WHERE code = 'a'").await;
    client.run("DELETE FROM source WHERE code = 'c'").await;
    let report = pipeline.run("x", &changed()).await;
    let counts = &report.counts;
    assert_eq!((counts.read, counts.changed, counts.gone), (1, 1, 0));
    assert_eq!(pairs(&mut there, "target").await, ["a=2", "b=1", "c=1"]);

    // A version that is taken, and not committed before others are read.
    let mut slow = source.client().await;
    slow.run("BEGIN TRANSACTION; UPDATE source SET v = 3 WHERE code = 'b'")
        .await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since.is_some(), report.counts.changed), (true, 0));
    slow.run("COMMIT TRANSACTION").await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!(report.counts.changed, 1);
    assert_eq!(pairs(&mut there, "target").await, ["a=2", "b=3", "c=1"]);

    make_whole_due(&mut pipeline);
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.gone), (None, 1));
}

/// Where the server tracks no changes, or no longer all of them, the whole source is read, and that is said.
#[tokio::test]
async fn tracked_changes_are_read_while_the_server_keeps_them() {
    let (source, target, pipeline) = begun("sync::counted::tracked", BY_TRACKING).await;
    let (mut client, mut there) = (source.client().await, target.client().await);
    let because = |report: &ponte::sync::report::FlowReport| report.notes.concat();
    for created in [3, 0] {
        let report = pipeline.run("x", &changed()).await;
        assert_eq!((report.since, report.counts.created), (None, created));
        let note = because(&report);
        assert!(note.contains("keeps no changes of `dbo.source`"), "{note}");
    }
    client
        .run(&format!(
            "ALTER DATABASE {} SET CHANGE_TRACKING = ON",
            source.name
        ))
        .await;
    client
        .run("ALTER TABLE source ENABLE CHANGE_TRACKING")
        .await;
    client.run("UPDATE source SET v = 7 WHERE code = 'b'").await;
    let report = pipeline.run("x", &changed()).await;
    let note = because(&report);
    assert!(
        report.since.is_none() && note.contains("did not note"),
        "{note}"
    );

    let report = pipeline.run("x", &changed()).await;
    assert_eq!(
        (report.since.is_some(), report.counts.read),
        (true, 0),
        "{:?}",
        report.notes
    );
    client.run("UPDATE source SET v = 2 WHERE code = 'a'").await;
    client
        .run("INSERT INTO source (code, v) VALUES ('d', 2)")
        .await;
    client.run("DELETE FROM source WHERE code = 'c'").await;
    let report = pipeline.run("x", &changed()).await;
    let counts = &report.counts;
    assert_eq!((counts.read, counts.changed, counts.created), (2, 1, 1));
    assert_eq!(
        pairs(&mut there, "target").await,
        ["a=2", "b=7", "c=1", "d=2"]
    );

    // What happens while it is off is not kept.
    client
        .run("ALTER TABLE source DISABLE CHANGE_TRACKING")
        .await;
    client.run("UPDATE source SET v = 4 WHERE code = 'b'").await;
    client
        .run("ALTER TABLE source ENABLE CHANGE_TRACKING")
        .await;
    client.run("UPDATE source SET v = 5 WHERE code = 'd'").await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!(
        (report.since.is_none(), report.counts.changed),
        (true, 2),
        "{:?}",
        report.notes
    );
}
