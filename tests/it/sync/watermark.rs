//! Flows that go by the times of their source's rows.

use crate::support::client::Client;
use crate::support::pipeline::{Pipeline, changed, full, rejected};
use crate::support::servers::{self, Database};
use std::time::Duration;

use super::pair::{On, database};
use super::shop::{fill, run_all};

const TARGET: &str =
    "CREATE TABLE target (code VARCHAR(20) PRIMARY KEY, v INTEGER CHECK (v < 100))";

/// A flow `x` from table `source` into `target`; `from` is what its source has beside connection and table.
pub async fn flow(source_url: &str, target: &Database, from: &str) -> Pipeline {
    Pipeline::new(&format!(
        r#"
[connection.a]
url = "{source_url}"
[connection.b]
url = "{}"
[flow.x]
from = {{ connection = "connection.a", {from} }}
[flow.x.to]
connection = "connection.b"
table = "target"
match = {{ code = "code" }}
set = {{ v = "v" }}
"#,
        target.url
    ))
    .await
}

/// As if so much time had passed that the whole source is due.
pub fn make_whole_due(pipeline: &mut Pipeline) {
    for flow in &mut pipeline.plan.flows {
        if let Some(by) = &mut flow.source.by_timestamp {
            by.full_every = Duration::ZERO;
        }
    }
}

pub async fn pairs(client: &mut Client, table: &str) -> Vec<String> {
    let rows = client
        .rows(&format!("SELECT code, v FROM {table} ORDER BY 1"))
        .await;
    let text = |cell: Option<String>| cell.unwrap_or_default();
    rows.into_iter()
        .map(|row| row.into_iter().map(text).collect::<Vec<_>>().join("="))
        .collect()
}

/// The same on every engine: what has a new time is read, nothing else; what a run by timestamp leaves in the snapshot is
/// what a run over the whole source would have left.
#[tokio::test]
async fn what_has_a_new_time_is_read() {
    let cases = [
        (
            On::Postgres,
            "timestamptz",
            "now()",
            "now() - interval '1 day'",
            "",
        ),
        (
            On::Postgres,
            "timestamp",
            "timezone('America/New_York', now())",
            "now() - interval '2 days'",
            ", zone = \"America/New_York\"",
        ),
        (
            On::Mariadb,
            "DATETIME",
            "NOW() - INTERVAL 5 HOUR",
            "NOW() - INTERVAL 2 DAY",
            ", zone = \"-5\"",
        ),
        (
            On::Mariadb,
            "TIMESTAMP(6) NOT NULL DEFAULT NOW(6)",
            "NOW(6)",
            "NOW(6) - INTERVAL 1 DAY",
            "",
        ),
        (
            On::Sqlite,
            "TIMESTAMP",
            "CURRENT_TIMESTAMP",
            "'2020-01-01 00:00:00'",
            "",
        ),
        (On::Sqlite, "DATE", "date('now')", "'2020-01-01'", ""),
    ];
    for (at, (on, ty, now, long_ago, more)) in cases.into_iter().enumerate() {
        let test = format!("sync::watermark::new time {at}");
        let source = database(on, &format!("{test} source")).await;
        let target = database(On::Sqlite, &format!("{test} target")).await;
        let mut client = source.client().await;
        client
            .run(&format!(
                "CREATE TABLE source (code VARCHAR(20) PRIMARY KEY, v INTEGER, changed {ty})"
            ))
            .await;
        for code in ["k0", "k1000", "k500"] {
            let insert = format!("INSERT INTO source VALUES ('{code}', 1, {long_ago})");
            client.run(&insert).await;
        }
        client
            .run(&format!("INSERT INTO source VALUES ('a', 1, {long_ago}), ('b', 1, {long_ago}), ('c', 1, {long_ago})"))
            .await;
        target.client().await.run(TARGET).await;
        let from = format!(
            "table = \"source\", key = [\"code\"], watermark = \"changed >= :since\", changes = \"timestamp\"{more}"
        );
        let mut pipeline = flow(&source.url, &target, &from).await;
        let report = pipeline.run("x", &changed()).await;
        assert_eq!((report.since, report.counts.created), (None, 6), "{ty}");

        client
            .run(&format!(
                "UPDATE source SET v = 2, changed = {now} WHERE code = 'a'"
            ))
            .await;
        client
            .run(&format!("INSERT INTO source VALUES ('d', 2, {now})"))
            .await;
        client.run("DELETE FROM source WHERE code = 'c'").await;
        // MariaDB would set a TIMESTAMP by itself.
        client
            .run("UPDATE source SET v = 3, changed = changed WHERE code = 'b'")
            .await;
        let report = pipeline.run("x", &changed()).await;
        assert!(report.since.is_some(), "{ty}");
        let counts = &report.counts;
        assert_eq!(
            (counts.read, counts.changed, counts.created, counts.gone),
            (2, 1, 1, 0),
            "{ty}"
        );
        let mut there = target.client().await;
        assert_eq!(
            pairs(&mut there, "target").await,
            ["a=2", "b=1", "c=1", "d=2", "k0=1", "k1000=1", "k500=1"],
            "{ty}"
        );
        // The overlap makes the next run look again, at what is as it was.
        let report = pipeline.run("x", &changed()).await;
        assert_eq!(
            (report.counts.read, report.counts.unchanged),
            (2, 2),
            "{ty}"
        );

        make_whole_due(&mut pipeline);
        let report = pipeline.run("x", &changed()).await;
        let counts = &report.counts;
        assert_eq!(report.since, None, "{ty}");
        assert_eq!(
            (counts.read, counts.unchanged, counts.changed, counts.gone),
            (6, 5, 1, 1),
            "{ty}"
        );
        let report = pipeline.run("x", &full()).await;
        assert!(!report.wrote(), "{ty}");
    }
}

/// What was rejected, or waits for another record, has no new time when it is mended elsewhere.
#[tokio::test]
async fn what_was_not_carried_over_is_tried_again() {
    let source = database(On::Sqlite, "sync::watermark::again source").await;
    let target = database(On::Sqlite, "sync::watermark::again target").await;
    run_all(
        &source,
        &[
            "CREATE TABLE source (code VARCHAR(20), part INTEGER, v INTEGER, changed TIMESTAMP)",
            "INSERT INTO source VALUES ('good', 1, 1, '2020-01-01 00:00:00'), ('bad', 1, 100, '2020-01-01 00:00:00')",
        ],
    )
    .await;
    run_all(
        &target,
        &[
            "CREATE TABLE target (code VARCHAR(20), part INTEGER, v INTEGER CHECK (v < 100), PRIMARY KEY (code, part))",
        ],
    )
    .await;
    let from = r#"table = "source", key = ["code", "part"], watermark = "SELECT s.code FROM source s WHERE s.changed >= :since", changes = "timestamp", overlap = "0s""#;
    let project = |set: &str| {
        format!(
            "[connection.a]\nurl = \"{}\"\n[connection.b]\nurl = \"{}\"\n[flow.x]\nfrom = {{ connection = \"connection.a\", {from} }}\n\
             to = {{ connection = \"connection.b\", table = \"target\", match = {{ code = \"code\", part = \"part\" }}, set = {{ {set} }} }}\n",
            source.url, target.url
        )
    };
    let mut pipeline = Pipeline::new(&project("v = \"v\"")).await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!(rejected(&report).len(), 1);
    for _ in 0..2 {
        let report = pipeline.run("x", &changed()).await;
        assert!(report.since.is_some());
        assert_eq!(report.counts.read, 1, "only the one that was rejected");
        assert!(rejected(&report)[0].starts_with("bad|1: "));
        assert_eq!(report.looked_at, Some(vec!["bad".to_owned()]));
    }
    // The target is mended, not the source.
    run_all(
        &target,
        &[
            "ALTER TABLE target RENAME TO old",
            "CREATE TABLE target (code VARCHAR(20), part INTEGER, v INTEGER, PRIMARY KEY (code, part))",
            "INSERT INTO target SELECT * FROM old",
        ],
    )
    .await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.read, report.counts.created), (1, 1));
    let report = pipeline.run("x", &changed()).await;
    assert!(report.since.is_some());
    assert_eq!(report.counts.read, 0);

    // Another mapping makes every record a candidate, times or not.
    let other = Pipeline::new(&project("v = \"v + 1\"")).await;
    pipeline.plan.flows = other.plan.flows;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.changed), (None, 2));
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since.is_some(), report.counts.read), (true, 0));

    // A run that fails, and one that looks at a part, move nothing.
    run_all(
        &source,
        &["UPDATE source SET v = 7, changed = datetime('now', '-2 seconds') WHERE code = 'good'"],
    )
    .await;
    pipeline
        .run("x", &crate::support::pipeline::only(&["bad"]))
        .await;
    run_all(&target, &["ALTER TABLE target RENAME TO away"]).await;
    assert!(pipeline.try_run("x", &changed()).await.is_err());
    run_all(&target, &["ALTER TABLE away RENAME TO target"]).await;
    run_all(
        &source,
        &["UPDATE source SET changed = datetime('now') WHERE code = 'good'"],
    )
    .await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since.is_some(), report.counts.changed), (true, 1));

    // A lost state costs a run over the whole source.
    pipeline.lose_snapshots();
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.right), (None, 2));
}

/// A key with blanks around it is not found again by the key that is shown: the next run reads the whole source.
#[tokio::test]
async fn blanks_around_a_key_lose_no_second_try() {
    let source = database(On::Sqlite, "sync::watermark::blanks source").await;
    let target = database(On::Sqlite, "sync::watermark::blanks target").await;
    run_all(
        &source,
        &[
            "CREATE TABLE source (code VARCHAR(20), v INTEGER, changed TIMESTAMP)",
            "INSERT INTO source VALUES ('good', 1, '2020-01-01 00:00:00'), (' bad', 100, '2020-01-01 00:00:00')",
        ],
    )
    .await;
    run_all(&target, &[TARGET]).await;
    let from = r#"sql = "SELECT code, v, changed FROM source", key = ["code"], watermark = "changed >= :since", changes = "timestamp", overlap = "0s""#;
    let pipeline = flow(&source.url, &target, from).await;
    for _ in 0..2 {
        let report = pipeline.run("x", &changed()).await;
        assert_eq!((report.since, rejected(&report).len()), (None, 1));
    }
    run_all(&source, &["UPDATE source SET v = 5 WHERE v = 100"]).await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.since, report.counts.created), (None, 1));
    let report = pipeline.run("x", &changed()).await;
    assert!(report.since.is_some());
}

/// Servers hold keys equal that ponte holds apart: rows that were not asked for come out of order, and stay out.
#[tokio::test]
async fn keys_that_a_collation_holds_equal() {
    let source = database(On::Mariadb, "sync::watermark::collation source").await;
    let target = database(On::Sqlite, "sync::watermark::collation target").await;
    let mut client = source.client().await;
    client
        .run("CREATE TABLE source (code VARCHAR(20), v INTEGER, changed DATETIME, KEY (changed))")
        .await;
    let old = "NOW() - INTERVAL 1 DAY";
    let mut rows: Vec<String> = (0..2500)
        .map(|number| format!("('A{number:04}', 1, {old})"))
        .collect();
    rows.push(format!("('a0001', 1, {old})"));
    client
        .run(&format!("INSERT INTO source VALUES {}", rows.join(", ")))
        .await;
    target.client().await.run(TARGET).await;
    let from = r#"table = "source", key = ["code"], watermark = "changed >= :since", changes = "timestamp", overlap = "0s""#;
    let pipeline = flow(&source.url, &target, from).await;
    assert_eq!(pipeline.run("x", &changed()).await.counts.created, 2501);
    client
        .run("UPDATE source SET v = 2, changed = NOW() WHERE code LIKE 'A%' AND code COLLATE utf8mb4_bin <> 'a0001'")
        .await;
    let report = pipeline.run("x", &changed()).await;
    assert!(report.since.is_some());
    assert_eq!((report.counts.read, report.counts.changed), (2500, 2500));
    let report = pipeline.run("x", &full()).await;
    assert!(!report.wrote());
}

/// Records of packs: a row of a child set brings its record, and an article that waits is tried again.
#[tokio::test]
async fn records_with_child_sets() {
    let erp = database(On::Postgres, "sync::watermark::records erp").await;
    let shop = database(On::Sqlite, "sync::watermark::records shop").await;
    fill(&erp, &shop).await;
    let mut client = erp.client().await;
    let old = "now() - interval '1 day'";
    for table in ["articles", "article_texts", "article_categories", "prices"] {
        client
            .run(&format!("UPDATE {table} SET updated_at = {old}"))
            .await;
    }
    let project = super::shop::project(&erp.url, &shop.url).replace(
        "[shop.main]\n",
        "[erp.article]\nchanges = \"timestamp\"\n[erp.price]\nchanges = \"timestamp\"\noverlap = \"5m\"\n[shop.main]\n",
    );
    let mut pipeline = Pipeline::new(&project).await;
    pipeline.run_all(&changed()).await;
    for flow in ["main/article", "main/price"] {
        let report = pipeline.run(flow, &changed()).await;
        assert!(
            report.since.is_some() && !report.wrote(),
            "{flow}: {:?}",
            report.counts
        );
    }
    client
        .run("UPDATE article_texts SET name = 'Claw hammer', updated_at = now() WHERE sku = 'TOOL-1' AND language = 'en'")
        .await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(report.counts.changed, 1, "{:?}", report.counts);
    make_whole_due(&mut pipeline);
    for report in pipeline.run_all(&changed()).await {
        assert!(!report.wrote(), "{}: {:?}", report.flow, report.changes);
        let c = &report.counts;
        assert_eq!(c.right + c.changed + c.created, 0, "{}: {c:?}", report.flow);
    }
    assert!(!pipeline.run("main/article", &full()).await.wrote());
}

/// `ponte check` says what a source allows, and refuses what would not sort as time does.
#[tokio::test]
async fn check_says_what_a_source_allows() {
    let source = database(On::Sqlite, "sync::watermark::check source").await;
    let target = database(On::Sqlite, "sync::watermark::check target").await;
    run_all(
        &source,
        &[
            "CREATE TABLE source (code VARCHAR(20), v INTEGER, good TIMESTAMP NOT NULL, day DATE, words TEXT, number INTEGER)",
            "CREATE INDEX by_good ON source (good, code)",
            "CREATE VIEW seen AS SELECT * FROM source",
        ],
    )
    .await;
    run_all(&target, &[TARGET]).await;
    let query = "SELECT code FROM source x WHERE x.";
    for (table, watermark, codes, line) in [
        (
            "source",
            "good >= :since".to_owned(),
            &[][..],
            "source.good",
        ),
        (
            "source",
            format!("{query}good >= :since"),
            &[],
            "source.good",
        ),
        ("seen", "good >= :since".to_owned(), &["P376"], "seen.good"),
        (
            "source",
            "day >= :since OR good >= :since".to_owned(),
            &["P374", "P375", "P376"],
            "source.day, source.good",
        ),
        (
            "source",
            "words >= :since".to_owned(),
            &["P372"],
            "`source.words` is `TEXT`",
        ),
        (
            "source",
            format!("{query}number >= :since"),
            &["P372"],
            "`source.number` is `INTEGER`",
        ),
        (
            "source",
            "nothing >= :since".to_owned(),
            &["P372"],
            "cannot be told",
        ),
        (
            "source",
            "SELECT v FROM source WHERE good >= :since".to_owned(),
            &["P312"],
            "does not yield `code`",
        ),
        (
            "source",
            "SELECT code FROM source WHERE good >= :since AND".to_owned(),
            &["P314"],
            "refuses this query",
        ),
    ] {
        for changes in ["timestamp", "snapshot"] {
            let from = format!(
                "table = \"{table}\", key = [\"code\"], watermark = \"{watermark}\", changes = \"{changes}\""
            );
            let pipeline = flow(&source.url, &target, &from).await;
            let report = ponte::check::check(&pipeline.plan, &pipeline.connections).await;
            let found: Vec<&str> = report.diagnostics.iter().map(|one| one.code).collect();
            let said = report.flows[0]
                .changes
                .as_ref()
                .expect("it has a watermark")
                .text();
            assert!(said.contains(line), "{watermark}: {said}");
            let by_timestamp = changes == "timestamp";
            // A flow that does not go by its watermark is not hindered by it.
            let expected = if by_timestamp { codes } else { &[] };
            assert_eq!(found, expected, "{watermark}: {said}");
            let refused = codes.iter().any(|code| *code < "P373");
            if by_timestamp {
                assert_eq!(
                    pipeline.try_run("x", &changed()).await.is_err(),
                    refused,
                    "{watermark}"
                );
            }
        }
    }
}

/// What the source's clock said an hour ago is in its future now: nobody could tell what has changed since.
#[tokio::test]
async fn a_source_whose_clock_was_put_back_is_read_whole() {
    let source = servers::postgres("sync::watermark::put back").await;
    let target = servers::sqlite("sync::watermark::put back target");
    let login = format!("{}_login", source.name);
    let mut admin = source.client().await;
    admin
        .load(&format!(
            "CREATE TABLE source (code int PRIMARY KEY, v int NOT NULL, updated_at timestamptz NOT NULL);
             INSERT INTO source SELECT n, 0, now() - interval '1 day' FROM generate_series(1, 30) n;
             CREATE SCHEMA ours;
             CREATE FUNCTION ours.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.clock_timestamp() + interval ''1 hour''';
             DROP ROLE IF EXISTS {login};
             CREATE ROLE {login} LOGIN PASSWORD 'x';
             GRANT USAGE ON SCHEMA ours TO {login};
             GRANT SELECT ON source TO {login};
             ALTER ROLE {login} SET search_path = ours, pg_catalog, public"
        ))
        .await;
    target
        .client()
        .await
        .run("CREATE TABLE target (code INTEGER PRIMARY KEY, v INTEGER)")
        .await;
    let url = servers::with_login(&source.url, &login, "x");
    let from = "table = \"source\", key = [\"code\"], watermark = \"updated_at >= :since\", changes = \"timestamp\", overlap = \"0s\"";
    let pipeline = flow(&url, &target, from).await;
    pipeline.run("x", &changed()).await;
    let report = pipeline.run("x", &changed()).await;
    assert!(
        report.since.is_some(),
        "by time as long as the clock goes on"
    );

    admin
        .run(&format!("ALTER ROLE {login} RESET search_path"))
        .await;
    admin
        .run("UPDATE source SET v = 7, updated_at = now() WHERE code = 3")
        .await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!(report.counts.changed, 1);
    assert!(
        report.notes.iter().any(|note| note
            == "the whole source was read: the source's clock was put back since the last run"),
        "{:?}",
        report.notes
    );
    assert_eq!(report.since, None);
    let report = pipeline.run("x", &changed()).await;
    assert!(report.since.is_some() && report.notes.is_empty());
}
