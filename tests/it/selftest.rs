//! What the tests stand on must itself be right.

use std::time::{Duration, Instant};

use crate::support::client::{Client, TextRow};
use crate::support::project::Project;
use crate::support::proxy::{self, Direction, Fault, Proxy};
use crate::support::servers::{self, Database};

const SCRIPT: &str = "
-- a script with several statements
CREATE TABLE article (sku VARCHAR(20) NOT NULL PRIMARY KEY, price DECIMAL(10,4), note TEXT);
INSERT INTO article VALUES ('CV-1', 12.5000, 'perché; no'), -- a comment;
  ('CV-2', NULL, '');
";

async fn loads_and_reads(database: &Database) {
    let mut project = Project::new();
    project.file("schema.sql", SCRIPT);
    let mut client = database.client().await;
    client
        .load_file(project.path("schema.sql").to_str().expect("UTF-8"))
        .await;
    assert_eq!(
        client
            .run("UPDATE article SET note = 'x' WHERE sku = 'CV-2'")
            .await,
        1
    );
    let rows = client
        .rows("SELECT sku, price, note FROM article ORDER BY sku")
        .await;
    // SQLite has no decimals: it keeps a binary number here.
    let price = if database.url.starts_with("sqlite") {
        "12.5"
    } else {
        "12.5000"
    };
    assert_eq!(
        rows,
        [
            row(&["CV-1", price, "perché; no"]),
            vec![text("CV-2"), None, text("x")]
        ]
    );
    assert_eq!(
        client.value("SELECT count(*) FROM article").await,
        text("2")
    );
    let error = client
        .try_run("INSERT INTO article (sku) VALUES ('CV-1')")
        .await
        .expect_err("a double key");
    assert!(
        error.to_lowercase().contains("unique") || error.contains("1062"),
        "{error}"
    );
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn row(values: &[&str]) -> TextRow {
    values.iter().map(|value| text(value)).collect()
}

#[tokio::test]
async fn a_database_in_postgres() {
    let database = servers::postgres("selftest/postgres").await;
    loads_and_reads(&database).await;
    let mut client = database.client().await;
    let typed = client
        .rows("SELECT true, 1.50::numeric, '\\x00ff'::bytea, DATE '2026-12-01', NULL::int")
        .await;
    let mut expected = row(&["t", "1.50", "\\x00ff", "2026-12-01"]);
    expected.push(None);
    assert_eq!(typed, [expected]);
}

#[tokio::test]
async fn a_database_in_mariadb() {
    let database = servers::mariadb("selftest/mariadb").await;
    loads_and_reads(&database).await;
    let mut client = database.client().await;
    let typed = client
        .rows("SELECT TRUE, CAST(1.5 AS DECIMAL(5,2)), 0x00ff, DATE '2026-12-01'")
        .await;
    assert_eq!(typed, [row(&["1", "1.50", "\\x00ff", "2026-12-01"])]);
    client
        .load("DELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON article FOR EACH ROW BEGIN\n  SET NEW.note = 'set';\n  SET NEW.price = 1;\nEND//\nDELIMITER ;\nINSERT INTO article (sku) VALUES ('CV-3');")
        .await;
    let note = client
        .value("SELECT note FROM article WHERE sku = 'CV-3'")
        .await;
    assert_eq!(note, text("set"));
}

#[tokio::test]
async fn a_database_in_sqlite() {
    let database = servers::sqlite("selftest/sqlite");
    loads_and_reads(&database).await;
    let mut client = database.client().await;
    assert_eq!(
        client.rows("SELECT 1 + 1, x'00ff'").await,
        [row(&["2", "\\x00ff"])]
    );
}

#[test]
fn the_program_runs_in_its_folder() {
    let mut project = Project::new();
    project
        .file("mappings/acme/articles.toml", "a = 1\n")
        .env("ERP_PASSWORD", "x");
    assert_eq!(project.read("mappings/acme/articles.toml"), "a = 1\n");
    project.ponte(&["--version"]).succeeds().stderr_eq("");
}

/// PostgreSQL and MariaDB: the answer to a COMMIT is lost, or the COMMIT itself.
#[tokio::test]
async fn a_commit_is_done_or_not_and_the_client_cannot_tell() {
    let postgres = servers::postgres("selftest/commit/postgres").await;
    let mariadb = servers::mariadb("selftest/commit/mariadb").await;
    for (database, session, commit) in [
        (
            postgres,
            "SESSION CHARACTERISTICS AS",
            proxy::COMMIT_POSTGRES,
        ),
        (mariadb, "SESSION", proxy::COMMIT_MARIADB),
    ] {
        let proxy = Proxy::start(&database.url);
        let mut eye = database.client().await;
        eye.run("CREATE TABLE t (n INT)").await;
        let pattern = commit.to_vec();
        let faults = [
            (
                Fault::DropAnswer {
                    pattern: pattern.clone(),
                    skip: 1,
                },
                "2",
            ),
            (Fault::CutBefore { pattern, skip: 1 }, "3"),
        ];
        for (fault, expected) in faults {
            let mut client = Client::connect(&proxy.url(&database.url)).await;
            proxy.set(fault);
            let isolation = format!("SET {session} TRANSACTION ISOLATION LEVEL READ COMMITTED");
            client.run(&isolation).await;
            for pass in 1..=2 {
                client.run("START TRANSACTION").await;
                client.run("INSERT INTO t VALUES (1)").await;
                assert!(proxy.is_armed());
                let done = client.try_run("COMMIT").await;
                assert_eq!(done.is_ok(), pass == 1, "{done:?}");
            }
            assert!(!proxy.is_armed());
            assert_eq!(eye.value("SELECT count(*) FROM t").await, text(expected));
        }
        assert_eq!(proxy.counts().cuts, 2);
        assert_eq!(proxy.counts().connections, 2);
        // The faults are over.
        let mut client = Client::connect(&proxy.url(&database.url)).await;
        client.run("INSERT INTO t VALUES (1)").await;
    }
}

#[tokio::test]
async fn lines_are_cut_in_the_middle_late_or_refused() {
    let url = servers::mariadb_url();
    let proxy = Proxy::start(&url);
    let through = proxy.url(&url);
    let mut client = Client::connect(&through).await;

    proxy.reset_counts();
    client.run("DO 1").await;
    client.run("DO 2").await;
    let counts = proxy.counts();
    assert_eq!((counts.round_trips, counts.cuts), (2, 0));
    assert_eq!(
        counts.bytes_to_server,
        2 * (4 + 1 + 4),
        "header, kind and text of each statement"
    );

    proxy.set(Fault::Delay {
        each_way: Duration::from_millis(30),
    });
    let since = Instant::now();
    client.run("DO 1").await;
    assert!(since.elapsed() >= Duration::from_millis(60));

    proxy.set(Fault::CutAfter {
        direction: Direction::ToClient,
        bytes: 5000,
    });
    proxy.reset_counts();
    client
        .try_rows("SELECT repeat('x', 100000)")
        .await
        .expect_err("a cut line");
    assert_eq!(proxy.counts().cuts, 1);

    let mut client = Client::connect(&through).await;
    proxy.cut_all();
    client.try_run("DO 1").await.expect_err("a cut line");

    proxy.set(Fault::Refuse);
    assert!(Client::try_connect(&through).await.is_err());
    proxy.clear();
    Client::connect(&through).await;
}
