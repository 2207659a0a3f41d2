//! Every type from every engine to the others and back: what arrives is what left, and a second look finds it right.

use crate::support::pipeline::{Pipeline, changed, full};
use crate::support::servers;

use super::pair::{On, database};

const POSTGRES: &str = "CREATE TABLE types (
    code varchar(20) PRIMARY KEY, chars char(4), texts text, small smallint, whole integer, big bigint,
    exact numeric(38,10), approx double precision, truth boolean, day date, clock time(6), wall timestamp(6),
    moment timestamptz(6), bin bytea, ident uuid, doc jsonb)";
const MARIADB: &str = "CREATE TABLE types (
    code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, chars CHAR(4), texts LONGTEXT, small SMALLINT, whole INT, big BIGINT,
    exact DECIMAL(38,10), approx DOUBLE, truth TINYINT(1), day DATE, clock TIME(6), wall DATETIME(6),
    moment TIMESTAMP(6) NULL, bin LONGBLOB, ident UUID, doc JSON)";
const SQLITE: &str = "CREATE TABLE types (
    code VARCHAR(20) PRIMARY KEY, chars CHAR(4), texts TEXT, small INTEGER, whole INTEGER, big INTEGER,
    exact DECIMAL_TEXT(38,10), approx REAL, truth BOOLEAN, day DATE, clock TIME, wall DATETIME,
    moment TIMESTAMP, bin BLOB, ident UUID, doc JSON)";

const VALUES: &str = "INSERT INTO types VALUES
    ('all', 'ab', 'perché 😀 ''x'' \\ %', -32768, 2147483647, -9223372036854775808,
     1234567890123456789012345678.0123456789, 0.1, true, '1999-12-31', '23:59:59.999999', '2026-03-29 02:30:00.5',
     '2026-10-25 00:30:00.000001+00', '\\x00ff27', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{\"a\": [1, 2.50, null, \"ü\"]}'),
    ('none', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('edge', '', ' line
break	tab ', 0, -2147483648, 9223372036854775807,
     -0.0000000001, 1e300, false, '0001-01-01', '00:00:00', '9999-12-31 23:59:59.999999',
     '2038-01-19 03:14:07+00', '', '00000000-0000-0000-0000-000000000000', '[]')";

const COLUMNS: &str =
    "chars texts small whole big exact approx truth day clock wall moment bin ident doc";

fn project(urls: &[(&str, &str)], flows: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, url) in urls {
        text.push_str(&format!("[connection.{name}]\nurl = \"{url}\"\n"));
    }
    let set: Vec<String> = COLUMNS
        .split(' ')
        .map(|column| format!("{column} = \"{column}\""))
        .collect();
    for (from, to) in flows {
        text.push_str(&format!(
            "[flow.{from}_{to}]\nfrom = {{ connection = \"connection.{from}\", table = \"types\", key = [\"code\"] }}\n\
             to = {{ connection = \"connection.{to}\", table = \"types\", match = {{ code = \"code\" }}, set = {{ {} }} }}\n",
            set.join(", ")
        ));
    }
    text
}

#[tokio::test]
async fn values_come_home_unchanged() {
    let source = servers::postgres("sync::types source").await;
    let far = servers::postgres("sync::types far").await;
    let home = servers::postgres("sync::types home").await;
    let mariadb = servers::mariadb("sync::types mariadb").await;
    let again = servers::mariadb("sync::types again").await;
    let sqlite = database(On::Sqlite, "sync::types sqlite").await;
    for (database, ddl) in [
        (&source, POSTGRES),
        (&far, POSTGRES),
        (&home, POSTGRES),
        (&mariadb, MARIADB),
        (&again, MARIADB),
        (&sqlite, SQLITE),
    ] {
        database.client().await.load(ddl).await;
    }
    source.client().await.load(VALUES).await;
    let urls = [
        ("source", source.url.as_str()),
        ("mariadb", &mariadb.url),
        ("far", &far.url),
        ("sqlite", &sqlite.url),
        ("again", &again.url),
        ("home", &home.url),
    ];
    let flows = [
        ("source", "mariadb"),
        ("mariadb", "far"),
        ("mariadb", "sqlite"),
        ("sqlite", "again"),
        ("sqlite", "home"),
    ];
    let pipeline = Pipeline::new(&project(&urls, &flows)).await;
    for (from, to) in flows {
        let flow = format!("{from}_{to}");
        let report = pipeline.run(&flow, &changed()).await;
        assert_eq!(
            (report.counts.created, report.counts.rejected),
            (3, 0),
            "{flow}: {:?}",
            report.rejected
        );
        let report = pipeline.run(&flow, &full()).await;
        assert_eq!(
            (report.counts.right, report.changes_total),
            (3, 0),
            "{flow}: {:?}",
            report.changes
        );
    }
    let all = "SELECT * FROM types ORDER BY code";
    let left = source.client().await.rows(all).await;
    assert_eq!(far.client().await.rows(all).await, left);
    assert_eq!(home.client().await.rows(all).await, left);
    let there = mariadb.client().await.rows(all).await;
    assert_eq!(again.client().await.rows(all).await, there);
    let seen: Vec<&str> = there[0].iter().flatten().map(String::as_str).collect();
    assert_eq!(
        seen,
        [
            "all",
            "ab",
            "perché 😀 'x' \\ %",
            "-32768",
            "2147483647",
            "-9223372036854775808",
            "1234567890123456789012345678.0123456789",
            "0.1",
            "1",
            "1999-12-31",
            "23:59:59.999999",
            "2026-03-29 02:30:00.500000",
            "2026-10-25 00:30:00.000001",
            "\\x00ff27",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "{\"a\": [1, 2.50, null, \"ü\"]}",
        ]
    );
}
