//! Flows that go by what SQL Server counts: versions of rows, and tracked changes.

use super::pair::{On, database};
use super::shop;
use super::watermark::{flow, make_whole_due, pairs};
use crate::support::pipeline::{Pipeline, changed, full, rejected};
use crate::support::servers::{self, Database};
use ponte::connections::Connections;
use ponte::db::url::DbUrl;
use ponte::sync::report::FlowReport;
use ponte::sync::run::{Options, RunError};
use std::path::Path;

const TARGET: &str =
    "CREATE TABLE target (code VARCHAR(20) PRIMARY KEY, v INTEGER CHECK (v < 100))";
const BY_VERSION: &str =
    r#"table = "source", key = ["code"], watermark = "rv >= :since", changes = "timestamp""#;
const BY_TRACKING: &str = r#"table = "source", key = ["code"], changes = "timestamp", watermark = "SELECT c.code FROM CHANGETABLE(CHANGES dbo.source, :since) AS c""#;

/// A source of three rows with versions.
async fn source_of(test: &str) -> Database {
    let source = database(On::SqlServer, test).await;
    let mut client = source.client().await;
    client
        .run("CREATE TABLE source (code NVARCHAR(20) NOT NULL PRIMARY KEY, v INT, rv ROWVERSION); CREATE INDEX source_rv ON source (rv)")
        .await;
    client
        .run("INSERT INTO source (code, v) VALUES ('a', 1), ('b', 1), ('c', 1)")
        .await;
    source
}

/// And a flow that goes by what the watermark says.
async fn begun(test: &str, from: &str) -> (Database, Database, Pipeline) {
    let source = source_of(&format!("{test} source")).await;
    let target = database(On::Sqlite, &format!("{test} target")).await;
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
    for created in [3, 0] {
        let report = pipeline.run("x", &changed()).await;
        assert_eq!((report.since, report.counts.created), (None, created));
        let note = because(&report);
        assert!(note.contains("keeps no changes of `dbo.source`"), "{note}");
    }
    track(&source, "source").await;
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

fn because(report: &FlowReport) -> String {
    report.notes.concat()
}

/// From here on the server keeps the table's changes.
async fn track(database: &Database, table: &str) {
    let mut client = database.client().await;
    client
        .run(&format!(
            "ALTER DATABASE {} SET CHANGE_TRACKING = ON",
            database.name
        ))
        .await;
    client
        .run(&format!("ALTER TABLE {table} ENABLE CHANGE_TRACKING"))
        .await;
}

/// The same flow by tracked changes, which removes what is gone; carried over once.
async fn removing(test: &str, guard: &str) -> (Database, Database, Pipeline) {
    removing_by(test, BY_TRACKING, guard).await
}

async fn removing_by(test: &str, from: &str, guard: &str) -> (Database, Database, Pipeline) {
    let source = source_of(&format!("{test} source")).await;
    track(&source, "source").await;
    // A version of its own, which is newer than the first that is kept.
    let mut client = source.client().await;
    client.run("UPDATE source SET v = 1 WHERE code = 'a'").await;
    let (target, pipeline) = remover(&source, from, guard, test).await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.created), (None, 3));
    (source, target, pipeline)
}

/// A flow from the source that removes what is gone.
async fn remover(source: &Database, from: &str, guard: &str, test: &str) -> (Database, Pipeline) {
    let target = database(On::Sqlite, &format!("{test} target")).await;
    target.client().await.run(TARGET).await;
    let pipeline = Pipeline::new(&format!(
        r#"
[connection.a]
url = "{}"
[connection.b]
url = "{}"
[flow.x]
from = {{ connection = "connection.a", {from} }}
[flow.x.to]
connection = "connection.b"
table = "target"
match = {{ code = "code" }}
set = {{ v = "v" }}
gone = "delete"
guard = {guard}
"#,
        source.url, target.url
    ))
    .await;
    (target, pipeline)
}

#[tokio::test]
async fn a_tracked_delete_removes_its_row_and_no_other() {
    let guard = "{ rows = 9, percent = 100 }";
    let (source, target, pipeline) = removing("sync::counted::deleted", guard).await;
    let (mut client, mut there) = (source.client().await, target.client().await);
    client.run("DELETE FROM source WHERE code = 'c'").await;
    client.run("UPDATE source SET v = 2 WHERE code = 'a'").await;
    let report = pipeline.run("x", &changed()).await;
    let counts = &report.counts;
    assert!(report.since.is_some(), "{:?}", report.notes);
    assert_eq!((counts.read, counts.changed), (1, 1));
    assert_eq!((counts.gone, counts.deleted), (1, 1));
    assert_eq!(report.gone_keys, ["c"]);
    assert_eq!(pairs(&mut there, "target").await, ["a=2", "b=1"]);
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.read, report.counts.gone), (0, 0));

    // It comes back as it was: nothing of it is remembered. One that was there all the time is not gone, nor is one that cannot be written.
    client
        .run("INSERT INTO source (code, v) VALUES ('c', 1)")
        .await;
    client.run("DELETE FROM source WHERE code = 'a'").await;
    client
        .run("INSERT INTO source (code, v) VALUES ('a', 3)")
        .await;
    client
        .run("UPDATE source SET v = 200 WHERE code = 'b'")
        .await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.created, report.counts.gone), (1, 0));
    assert_eq!(rejected(&report).len(), 1);
    assert_eq!(pairs(&mut there, "target").await, ["a=3", "b=1", "c=1"]);
    // Deleted while it waits to be written.
    client.run("DELETE FROM source WHERE code = 'b'").await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.deleted, rejected(&report).len()), (1, 0));

    // The last rows are as suspicious as an empty source.
    client.run("DELETE FROM source").await;
    let refused = pipeline.try_run("x", &changed()).await;
    assert!(
        matches!(refused, Err(RunError::EmptySource { known: 2, .. })),
        "{refused:?}"
    );
    assert_eq!(pairs(&mut there, "target").await, ["a=3", "c=1"]);
    let report = pipeline.run("x", &let_pass(2)).await;
    assert_eq!((report.since.is_some(), report.counts.deleted), (true, 2));
}

fn let_pass(gone: u64) -> Options {
    Options {
        allow_gone: Some(gone),
        ..changed()
    }
}

#[tokio::test]
async fn the_guard_keeps_tracked_deletes_until_they_are_let_pass() {
    let guard = "{ rows = 1, percent = 10 }";
    let (source, target, pipeline) = removing("sync::counted::guard", guard).await;
    let (mut client, mut there) = (source.client().await, target.client().await);
    client
        .run("DELETE FROM source WHERE code IN ('a', 'b')")
        .await;
    for _ in 0..2 {
        let report = pipeline.run("x", &changed()).await;
        let counts = &report.counts;
        assert!(report.since.is_some(), "{:?}", report.notes);
        assert_eq!((counts.gone, counts.guarded, counts.deleted), (2, 2, 0));
    }
    assert_eq!(pairs(&mut there, "target").await, ["a=1", "b=1", "c=1"]);
    // One of them has come back.
    client
        .run("INSERT INTO source (code, v) VALUES ('a', 4)")
        .await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.changed, report.counts.deleted), (1, 1));
    assert_eq!(pairs(&mut there, "target").await, ["a=4", "c=1"]);
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.read, report.counts.gone), (0, 0));

    client
        .run("INSERT INTO source (code, v) VALUES ('d', 1), ('e', 1)")
        .await;
    pipeline.run("x", &changed()).await;
    client
        .run("DELETE FROM source WHERE code IN ('d', 'e')")
        .await;
    assert_eq!(pipeline.run("x", &changed()).await.counts.guarded, 2);
    let report = pipeline.run("x", &let_pass(2)).await;
    assert_eq!((report.since.is_some(), report.counts.deleted), (true, 2));
    assert_eq!(pipeline.run("x", &changed()).await.counts.gone, 0);
}

/// The server holds both for equal, so that it yields a row which no key was told of: whose it is is not known then, nor what is gone.
#[tokio::test]
async fn keys_told_in_another_way_than_the_source_writes_them_remove_nothing() {
    let guard = "{ rows = 9, percent = 100 }";
    let lower = BY_TRACKING.replace("c.code", "LOWER(c.code) AS code");
    let (source, target, pipeline) = removing_by("sync::counted::case", &lower, guard).await;
    let (mut client, mut there) = (source.client().await, target.client().await);
    client
        .run("UPDATE source SET code = 'A', v = 2 WHERE code = 'a'")
        .await;
    client.run("DELETE FROM source WHERE code = 'c'").await;
    let report = pipeline.run("x", &changed()).await;
    assert!(report.since.is_some(), "{:?}", report.notes);
    assert_eq!((report.counts.gone, report.wrote()), (0, false));
    let note = because(&report);
    assert!(
        note.contains("in another way than the source writes them (`A`)"),
        "{note}"
    );
    assert_eq!(pairs(&mut there, "target").await, ["a=1", "b=1", "c=1"]);
    let report = pipeline.run("x", &full()).await;
    let counts = &report.counts;
    assert_eq!((counts.created, counts.gone, counts.deleted), (1, 2, 2));
    assert_eq!(pairs(&mut there, "target").await, ["A=2", "b=1"]);

    // One that is told as the source writes it hides nothing.
    client.run("DELETE FROM source WHERE code = 'b'").await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!(
        (report.since.is_some(), report.counts.deleted),
        (true, 1),
        "{:?}",
        report.notes
    );
    assert_eq!(pairs(&mut there, "target").await, ["A=2"]);
}

/// Blanks at the end of a key are no other way of writing it.
#[tokio::test]
async fn tracked_deletes_of_keys_with_blanks() {
    let guard = "{ rows = 9, percent = 100 }";
    for (name, ty, keys) in [
        ("varchar", "VARCHAR(20)", ["'x '", "'y'"]),
        ("char", "CHAR(8)", ["'x'", "'y'"]),
    ] {
        let source = database(On::SqlServer, &format!("sync::counted::{name} source")).await;
        let mut client = source.client().await;
        client
            .run(&format!(
                "CREATE TABLE source (code {ty} NOT NULL PRIMARY KEY, v INT)"
            ))
            .await;
        let [first, second] = keys;
        client
            .run(&format!(
                "INSERT INTO source VALUES ({first}, 1), ({second}, 1)"
            ))
            .await;
        track(&source, "source").await;
        client.run("UPDATE source SET v = 1").await;
        let test = format!("sync::counted::{name}");
        let (target, pipeline) = remover(&source, BY_TRACKING, guard, &test).await;
        let report = pipeline.run("x", &changed()).await;
        assert_eq!((report.since, report.counts.created), (None, 2), "{name}");

        client
            .run(&format!("UPDATE source SET v = 2 WHERE code = {first}"))
            .await;
        client
            .run(&format!("DELETE FROM source WHERE code = {second}"))
            .await;
        let report = pipeline.run("x", &changed()).await;
        let counts = &report.counts;
        assert!(report.since.is_some(), "{name}: {:?}", report.notes);
        assert_eq!(
            (counts.changed, counts.deleted),
            (1, 1),
            "{name}: {:?}",
            report.notes
        );
        assert_eq!(pairs(&mut target.client().await, "target").await.len(), 1);
    }
}

/// What the server no longer tells, the whole source does.
#[tokio::test]
async fn deletes_are_found_where_changes_are_no_longer_kept() {
    let guard = "{ rows = 9, percent = 100 }";
    let (source, target, pipeline) = removing("sync::counted::kept", guard).await;
    let (mut client, mut there) = (source.client().await, target.client().await);
    // As after the retention: the oldest version that is kept is newer than the last run's.
    client.run("DELETE FROM source WHERE code = 'c'").await;
    client
        .run("ALTER TABLE source DISABLE CHANGE_TRACKING")
        .await;
    client
        .run("ALTER TABLE source ENABLE CHANGE_TRACKING")
        .await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.deleted), (None, 1));
    let note = because(&report);
    assert!(
        note.contains("the whole source was read: SQL Server no longer keeps all changes of `dbo.source` since the last run"),
        "{note}"
    );
    // From a version on that is newer than the first one kept, changes are told again.
    client.run("UPDATE source SET v = 2 WHERE code = 'a'").await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!(report.counts.changed, 1);
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since.is_some(), report.counts.read), (true, 0));

    client
        .run("ALTER TABLE source DISABLE CHANGE_TRACKING")
        .await;
    client.run("DELETE FROM source WHERE code = 'b'").await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.deleted), (None, 1));
    let note = because(&report);
    assert!(
        note.contains("the whole source was read: SQL Server keeps no changes of `dbo.source`"),
        "{note}"
    );
    assert_eq!(pairs(&mut there, "target").await, ["a=2"]);
}

#[tokio::test]
async fn a_restored_source_is_read_whole() {
    let (source, target, mut pipeline) = begun("sync::counted::restored", BY_VERSION).await;
    let mut client = source.client().await;
    pipeline.run("x", &changed()).await;
    client.run("UPDATE source SET v = 2").await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since.is_some(), report.counts.changed), (true, 3));
    // The database of before, with a row that no version tells.
    let restored = source_of("sync::counted::restored again").await;
    let connection = pipeline.plan.connections.get_mut("connection.a");
    let url = DbUrl::parse(&restored.url, None, Path::new("."));
    connection.expect("the source").url = url.expect("a URL");
    pipeline.connections = Connections::new(&pipeline.plan).expect("engines");
    let report = pipeline.run("x", &changed()).await;
    let note = because(&report);
    assert!(
        note.contains("the whole source was read: the server has counted less than at the last run: its database was restored"),
        "{note}"
    );
    assert_eq!((report.since, report.counts.changed), (None, 3));
    let mut there = target.client().await;
    assert_eq!(pairs(&mut there, "target").await, ["a=1", "b=1", "c=1"]);
}

#[tokio::test]
async fn an_article_whose_delete_was_tracked_becomes_a_draft() {
    let erp = servers::sqlserver("sync::counted::article erp").await;
    let shop = servers::sqlite("sync::counted::article shop");
    shop::fill(&erp, &shop).await;
    track(&erp, "articles").await;
    let mut client = erp.client().await;
    client
        .run("UPDATE articles SET weight = 3 WHERE sku = 'DRILL'")
        .await;
    let project = format!(
        "{}\n[erp.article]\nchanges = \"timestamp\"\nwatermark = \"SELECT c.sku FROM CHANGETABLE(CHANGES articles, :since) AS c\"\n",
        shop::project(&erp.url, &shop.url)
    );
    let pipeline = Pipeline::new(&project).await;
    assert!(pipeline.sync(&changed()).await);
    let status = "SELECT post_status FROM wp_posts WHERE post_name = 'drill-18-v'";
    for table in [
        "stock",
        "prices",
        "article_categories",
        "article_texts",
        "articles",
    ] {
        client
            .run(&format!("DELETE FROM {table} WHERE sku = 'DRILL'"))
            .await;
    }
    let mut there = shop.client().await;
    assert_eq!(there.value(status).await.as_deref(), Some("publish"));
    let report = pipeline.run("main/article", &changed()).await;
    assert!(report.since.is_some(), "{:?}", report.notes);
    let counts = &report.counts;
    assert_eq!((counts.read, counts.gone, counts.deactivated), (0, 1, 1));
    assert_eq!(there.value(status).await.as_deref(), Some("draft"));
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!((report.counts.gone, report.wrote()), (0, false));
    // Its link has stayed, as after a run over the whole source.
    let report = pipeline.run("main/article", &full()).await;
    assert_eq!((report.counts.gone, report.wrote()), (1, false));
}
