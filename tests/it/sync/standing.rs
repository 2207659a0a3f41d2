//! Runs that compare every record with a table read whole: what is right is found right, all else is put right.

use crate::support::pipeline::{changed, full, verify};

use super::pair::{On, Pair};

const SOURCE: &str = "CREATE TABLE source (code TEXT PRIMARY KEY, name TEXT, price NUMERIC, weight DOUBLE PRECISION, active BOOLEAN, size TEXT, born DATE,
        seen TIMESTAMP, pieces BIGINT, kept TEXT);
    INSERT INTO source SELECT 'k' || lpad(n::text, 4, '0'), 'name ' || n, n / 4.0, n / 3.0, n % 2 = 0, CASE WHEN n % 3 = 0 THEN 'S' END, '2026-01-01'::date + n,
        '2026-01-01 10:00:00'::timestamp + n * interval '1 second', n, CASE WHEN n % 5 > 0 THEN 'x' END FROM generate_series(1, 1500) n;";
const SET: &str = "match = { code = \"code\" }
set = { name = \"name || ' '\", price = \"price\", weight = \"weight\", active = \"active\", size = \"size\", born = \"born\", seen = \"seen\", pieces = { value = \"pieces\", if = \"code <> 'k0004'\" }, kept = { value = \"kept\", empty = \"keep\" } }
insert = { note = \"'new'\" }";

#[tokio::test]
async fn only_rows_that_differ_are_written_whatever_their_types() {
    let mariadb = "CREATE TABLE target (code VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, name CHAR(20), price DECIMAL(12,4), weight FLOAT, active TINYINT(1),
        size ENUM('S', 'M'), born DATE, seen DATETIME, pieces INT UNSIGNED, kept VARCHAR(9), note VARCHAR(9))";
    let postgres = "CREATE TABLE target (code VARCHAR(20) PRIMARY KEY, name CHAR(20), price NUMERIC(12,4), weight REAL, active BOOLEAN, size TEXT, born DATE,
        seen TIMESTAMP, pieces INT, kept TEXT, note TEXT)";
    let sqlite = "CREATE TABLE target (code TEXT PRIMARY KEY, name TEXT, price NUMERIC, weight DOUBLE, active BOOLEAN, size TEXT, born DATE, seen DATETIME,
        pieces INTEGER, kept TEXT, note TEXT)";
    for (on, target, text) in [
        (On::Mariadb, mariadb, "mariadb"),
        (On::Postgres, postgres, "postgres"),
        (On::Sqlite, sqlite, "sqlite"),
    ] {
        let pair = Pair::new(
            &format!("sync::standing {text}"),
            (On::Postgres, SOURCE),
            (on, target),
            r#"["code"]"#,
            SET,
        )
        .await;
        let report = pair.pipeline.run("x", &changed()).await;
        assert_eq!(
            report.counts.created,
            1500,
            "{text}: {:?}",
            report.rejected.first()
        );
        let before = pair.dump().await;
        let report = pair.pipeline.run("x", &full()).await;
        assert_eq!(
            (report.counts.right, report.wrote()),
            (1500, false),
            "{text}"
        );

        let mut client = pair.target.client().await;
        let no = match on {
            On::Postgres => "NOT active",
            _ => "1 - active",
        };
        for (number, set) in [
            (1, "name = 'Name 1'"),
            (2, "price = price + 0.0001"),
            (3, "weight = weight + 1"),
            (5, "size = 'M'"),
            (6, "size = NULL"),
            (7, "born = '2026-03-01'"),
            (8, "seen = '2026-01-01 10:00:00'"),
            (9, "pieces = 10"),
            (11, "kept = 'y'"),
        ] {
            client
                .run(&format!(
                    "UPDATE target SET {set} WHERE code = 'k{number:04}'"
                ))
                .await;
        }
        client
            .run(&format!(
                "UPDATE target SET active = {no} WHERE code = 'k0012'"
            ))
            .await;
        client.run("DELETE FROM target WHERE code = 'k0013'").await;
        let report = pair.pipeline.run("x", &verify()).await;
        let counts = &report.counts;
        assert_eq!(
            (counts.right, counts.changed, counts.not_linked),
            (1489, 10, 1),
            "{text}: {counts:?}"
        );
        let report = pair.pipeline.run("x", &full()).await;
        let counts = &report.counts;
        assert_eq!(
            (counts.right, counts.changed, counts.created),
            (1489, 10, 1),
            "{text}: {counts:?}"
        );
        crate::support::pipeline::same_dump(&before, &pair.dump().await, text);
        // What the flow does not set, or keeps where the source has nothing, is the target's own.
        client
            .run("UPDATE target SET note = 'theirs' WHERE code < 'k0100'")
            .await;
        client
            .run("UPDATE target SET kept = 'theirs' WHERE code = 'k0005'")
            .await;
        client
            .run("UPDATE target SET pieces = 77 WHERE code = 'k0004'")
            .await;
        let report = pair.pipeline.run("x", &full()).await;
        assert_eq!(
            (report.counts.right, report.wrote()),
            (1500, false),
            "{text}"
        );
        // What an ordinary run has written is known to stand, until somebody else changes it.
        let change = "UPDATE source SET pieces = pieces + 1 WHERE code < 'k0008'";
        pair.source.client().await.run(change).await;
        let report = pair.pipeline.run("x", &changed()).await;
        // 4 keeps its pieces.
        assert_eq!(report.counts.changed, 6, "{text}");
        client
            .run("UPDATE target SET pieces = pieces - 1 WHERE code IN ('k0003', 'k0700')")
            .await;
        let report = pair.pipeline.run("x", &full()).await;
        assert_eq!(
            (report.counts.right, report.counts.changed),
            (1498, 2),
            "{text}"
        );
        // As many rows as records, one of them nobody's.
        client
            .run("INSERT INTO target (code) VALUES ('theirs')")
            .await;
        let report = pair.pipeline.run("x", &verify()).await;
        assert_eq!(
            (report.counts.right, report.counts.extra),
            (1500, 1),
            "{text}"
        );
        client.run("DELETE FROM target WHERE code = 'k0001'").await;
        let report = pair.pipeline.run("x", &verify()).await;
        assert_eq!(
            (report.counts.right, report.counts.extra),
            (1499, 1),
            "{text}"
        );
        client.run("DELETE FROM target WHERE code = 'theirs'").await;
        let report = pair.pipeline.run("x", &verify()).await;
        assert_eq!(
            (report.counts.right, report.counts.extra),
            (1499, 0),
            "{text}"
        );
    }
}

/// What hangs on the time of the run is computed in every run.
#[tokio::test]
async fn what_a_record_comes_to_later_is_not_taken_from_an_earlier_run() {
    let pair = Pair::new(
        "sync::standing time",
        (
            On::Sqlite,
            "CREATE TABLE source (code TEXT PRIMARY KEY); INSERT INTO source VALUES ('a'), ('b');",
        ),
        (
            On::Sqlite,
            "CREATE TABLE target (code TEXT PRIMARY KEY, seen DATETIME)",
        ),
        r#"["code"]"#,
        "match = { code = \"code\" }\nset = { seen = \"now()\" }",
    )
    .await;
    assert_eq!(pair.pipeline.run("x", &changed()).await.counts.created, 2);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let report = pair.pipeline.run("x", &full()).await;
    assert_eq!((report.counts.changed, report.counts.right), (2, 0));
}
