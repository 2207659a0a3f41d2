//! Tables that are empty when a run begins, and do not stay so.

use std::time::Duration;

use crate::support::pipeline::{changed, full, rejected};

use super::pair::{On, Pair};

const SOURCE: &str = "CREATE TABLE source (code VARCHAR(20) PRIMARY KEY, name VARCHAR(40));
    INSERT INTO source SELECT 'k' || lpad(n::text, 6, '0'), 'name ' || n FROM generate_series(1, 5000) n;";
const TARGET: &str = "CREATE TABLE target (code VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, name VARCHAR(12), kept VARCHAR(12));";
const FIELDS: &str = "match = { code = \"code\" }\nset = { name = \"name\" }";

async fn pair(test: &str, source: &str) -> Pair {
    let source = format!("{SOURCE} {source}");
    let (from, to) = ((On::Postgres, source.as_str()), (On::Mariadb, TARGET));
    Pair::new(test, from, to, r#"["code"]"#, FIELDS).await
}

/// The rows that there should be: the source's, and what another client has put into the target's.
const SAME: &str = "SELECT count(*), count(DISTINCT code), sum(name = concat('name ', CAST(substr(code, 2) AS UNSIGNED))) FROM target";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_another_client_inserts_meanwhile_are_compared_and_none_is_lost() {
    let pair = pair("sync::fill::meanwhile", "").await;
    let mut other = pair.target.client().await;
    let mut watch = pair.target.client().await;
    // Not committed: the table has no row yet, and whoever inserts the same key waits.
    other.run("BEGIN").await;
    other.run("INSERT INTO target VALUES ('k000007', 'old', 'theirs'), ('k003500', 'name 3500', 'theirs'), ('x', 'name 0', 'theirs')").await;
    let meanwhile = async {
        let waits =
            "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
        while watch.rows(waits).await[0][0].as_deref() == Some("0") {
            // The server takes a new look only when it was not asked for 100 ms.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        other.run("COMMIT").await;
    };
    let options = changed();
    let (report, ()) = tokio::join!(pair.pipeline.run("x", &options), meanwhile);
    let counts = &report.counts;
    assert_eq!(
        (counts.read, counts.created, counts.changed, counts.right),
        (5000, 4998, 1, 1),
        "{counts:?}"
    );
    assert_eq!((counts.rows_inserted, counts.rows_updated), (4998, 1));
    assert_eq!(pair.rows(SAME).await, ["5001|5001|5001"]);
    assert_eq!(
        pair.rows("SELECT code, name FROM target WHERE kept = 'theirs' ORDER BY code")
            .await,
        ["k000007|name 7", "k003500|name 3500", "x|name 0"]
    );
    let report = pair.pipeline.run("x", &full()).await;
    assert_eq!((report.counts.right, report.wrote()), (5000, false));
}

#[tokio::test]
async fn records_that_are_no_rows_of_their_own_are_left_out_and_the_others_inserted() {
    let odd = "INSERT INTO source VALUES ('K000002', 'name 2'), ('', 'nobody'), ('k002400', 'a name that is too long');".replace("('k002400', 'a name that is too long')", "('w', 'a name that is too long')");
    let pair = pair("sync::fill::odd", &odd).await;
    let report = pair.pipeline.run("x", &changed()).await;
    let counts = &report.counts;
    assert_eq!((counts.read, counts.created), (5003, 5000), "{counts:?}");
    let reasons = rejected(&report);
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(
        reasons.iter().any(|reason| reason.starts_with(": ")),
        "{reasons:?}"
    );
    assert!(
        reasons
            .iter()
            .any(|reason| reason.starts_with("w: ") && reason.contains("12")),
        "{reasons:?}"
    );
    assert!(
        reasons
            .iter()
            .any(|reason| reason.to_lowercase().starts_with("k000002: ")),
        "{reasons:?}"
    );
    assert_eq!(pair.rows(SAME).await, ["5000|5000|5000"]);
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.unchanged, report.wrote()), (5000, false));
}

#[tokio::test]
async fn a_run_that_only_says_what_it_would_do_fills_nothing() {
    let pair = pair("sync::fill::dry", "").await;
    let report = pair
        .pipeline
        .run("x", &crate::support::pipeline::dry())
        .await;
    assert_eq!(report.counts.created, 5000);
    assert_eq!(pair.rows("SELECT count(*) FROM target").await, ["0"]);
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.created, report.changes_total), (5000, 5000));
    assert_eq!(report.changes[0].key, "k000001");
    assert_eq!(pair.rows(SAME).await, ["5000|5000|5000"]);
}

/// Rows that go and come between runs: what a snapshot lets go is exactly what has not changed.
#[tokio::test]
async fn a_second_run_looks_at_what_has_changed_and_at_nothing_else() {
    let pair = pair("sync::fill::second", "").await;
    pair.pipeline.run("x", &changed()).await;
    let mut client = pair.source.client().await;
    client
        .run("UPDATE source SET name = 'name 0' WHERE code = 'k000010'")
        .await;
    client
        .run("DELETE FROM source WHERE code = 'k000020'")
        .await;
    client
        .run("INSERT INTO source VALUES ('k005001', 'name 5001')")
        .await;
    let report = pair.pipeline.run("x", &changed()).await;
    let counts = &report.counts;
    assert_eq!(
        (
            counts.read,
            counts.unchanged,
            counts.changed,
            counts.created,
            counts.gone
        ),
        (5000, 4998, 1, 1, 1),
        "{counts:?}"
    );
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.unchanged, report.wrote()), (5000, false));
}
