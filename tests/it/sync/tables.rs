//! Flows from table to table: who owns a field, what does not fit, keys that are none, and many rows.

use crate::support::pipeline::{changed, full, rejected, same_dump};

use super::pair::{On, Pair};

const MARIADB_TARGET: &str = "CREATE TABLE target (
    code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, name VARCHAR(12), note TEXT, price DECIMAL(8,2), pieces SMALLINT,
    born DATE, old TEXT CHARACTER SET utf8mb3, size ENUM('S', 'M'), email VARCHAR(50) UNIQUE, created DATETIME, changed DATETIME(6))";

/// Who owns a field, on every engine: `touch` moves only with a change, `insert` and `fill` leave the target's people alone.
#[tokio::test]
async fn fields_are_written_by_those_who_own_them() {
    let source = "CREATE TABLE source (code VARCHAR(20) PRIMARY KEY, name TEXT, note TEXT, price TEXT, nick TEXT);
        INSERT INTO source VALUES ('a', 'Anna Karenina Long', 'first', '1.005', 'an'), ('b', NULL, NULL, '2', NULL), ('c', 'Cy', '', '3.10', 'cy')";
    let target = "CREATE TABLE target (code VARCHAR(20) PRIMARY KEY, name VARCHAR(12), note VARCHAR(20), price VARCHAR(9), exact DECIMAL(8,2),
        nick VARCHAR(9), kept VARCHAR(20), born VARCHAR(9), changes VARCHAR(40))";
    for (on, text) in [
        (On::Postgres, "postgres"),
        (On::Mariadb, "mariadb"),
        (On::Sqlite, "sqlite"),
    ] {
        let pair = Pair::new(
            &format!("sync::tables::owners {text}"),
            (On::Sqlite, source),
            (on, target),
            r#"["code"]"#,
            r#"match = { code = "code" }
set = { name = { value = "name", cut = 12 }, price = { value = "price", compare = "number" }, exact = { value = "number(price) + 0.01", round = 2 }, kept = { value = "note", empty = "keep" }, nick = { value = "nick", if = "code <> 'c'" } }
fill = { note = "note" }
insert = { born = "'yes'" }
touch = { changes = "coalesce(name, '-')" }"#,
        )
        .await;
        let select = "SELECT code, name, note, price, exact, nick, kept, born, changes FROM target ORDER BY code";
        pair.pipeline.run("x", &changed()).await;
        assert_eq!(
            pair.rows(select).await,
            [
                "a|Anna Karenin|first|1.005|1.02|an|first|yes|Anna Karenina Long",
                "b|NULL|NULL|2|2.01|NULL|NULL|yes|-",
                "c|Cy||3.10|3.11|NULL||yes|Cy"
            ],
            "{text}"
        );
        let mut client = pair.target.client().await;
        client.run("UPDATE target SET price = '1.0050', note = 'theirs', born = 'no', changes = 'x', nick = 'y'").await;
        let mut client = pair.source.client().await;
        client
            .run("UPDATE source SET note = 'second' WHERE code = 'a'")
            .await;
        client
            .run("UPDATE source SET nick = 'bo', price = '2.0' WHERE code = 'b'")
            .await;
        let report = pair.pipeline.run("x", &full()).await;
        assert_eq!(
            (report.counts.changed, report.counts.right),
            (3, 0),
            "{text}: {:?}",
            report.changes
        );
        assert_eq!(
            pair.rows(select).await,
            [
                "a|Anna Karenin|theirs|1.0050|1.02|an|second|no|Anna Karenina Long",
                "b|NULL|theirs|2.0|2.01|bo|NULL|no|-",
                "c|Cy|theirs|3.10|3.11|y||no|Cy"
            ],
            "{text}"
        );
        let before = pair.dump().await;
        let report = pair.pipeline.run("x", &full()).await;
        assert!(!report.wrote(), "{text}: {:?}", report.changes);
        same_dump(&before, &pair.dump().await, text);
    }
}

#[tokio::test]
async fn keys_of_several_columns() {
    let source = "CREATE TABLE source (a VARCHAR(5) NOT NULL, n INTEGER NOT NULL, d DATE NOT NULL, v VARCHAR(9), PRIMARY KEY (a, n, d));
        INSERT INTO source VALUES ('x', 1, '2026-01-01', 'p'), ('x', 1, '2026-01-02', 'q'), ('x', 2, '2026-01-01', NULL), ('y', 1, '2026-01-01', 's')";
    let target = "CREATE TABLE target (d DATE NOT NULL, n BIGINT NOT NULL, a VARCHAR(5) NOT NULL, v VARCHAR(9), PRIMARY KEY (n, a, d));
        INSERT INTO target VALUES ('2026-01-01', 1, 'x', 'old'), ('2026-01-01', 9, 'x', 'not ours')";
    for (from, to, text) in [
        (On::Postgres, On::Mariadb, "postgres to mariadb"),
        (On::Mariadb, On::Postgres, "mariadb to postgres"),
        (On::Postgres, On::Sqlite, "postgres to sqlite"),
    ] {
        let pair = Pair::new(
            &format!("sync::tables::composite {text}"),
            (from, source),
            (to, target),
            r#"["a", "n", "d"]"#,
            "match = { a = \"a\", n = \"n\", d = \"d\" }\nset = { v = \"v\" }",
        )
        .await;
        let report = pair.pipeline.run("x", &changed()).await;
        let counts = &report.counts;
        assert_eq!(
            (counts.created, counts.changed),
            (3, 1),
            "{text}: {counts:?}"
        );
        let expected = [
            "x|1|2026-01-01|p",
            "x|1|2026-01-02|q",
            "x|2|2026-01-01|NULL",
            "x|9|2026-01-01|not ours",
            "y|1|2026-01-01|s",
        ];
        assert_eq!(
            pair.rows("SELECT a, n, d, v FROM target ORDER BY a, n, d")
                .await,
            expected,
            "{text}"
        );
        let mut client = pair.source.client().await;
        client.run("UPDATE source SET v = 'z' WHERE a = 'y'").await;
        client.run("DELETE FROM source WHERE n = 2").await;
        let report = pair.pipeline.run("x", &changed()).await;
        let counts = &report.counts;
        assert_eq!(
            (counts.unchanged, counts.changed, counts.gone),
            (2, 1, 1),
            "{text}: {counts:?}"
        );
        assert_eq!(report.changes[0].key, "y\t1\t2026-01-01");
    }
}

/// A value that does not fit rejects its row, with flow, key, column, value and place; the others are written.
#[tokio::test]
async fn values_that_do_not_fit_reject_their_row_alone() {
    let source = "CREATE TABLE source (code TEXT PRIMARY KEY, name TEXT, price TEXT, pieces INTEGER, born TEXT, old TEXT, size TEXT);
        INSERT INTO source VALUES
        ('good', 'short', '1.5', 1, '2026-01-01', 'perché', 'S'), ('long', 'thirteen long', '1', 1, NULL, NULL, NULL),
        ('range', NULL, NULL, 32768, NULL, NULL, NULL), ('lossy', NULL, '1.005', NULL, NULL, NULL, NULL),
        ('large', NULL, '1234567.8', NULL, NULL, NULL, NULL), ('word', NULL, 'much', NULL, NULL, NULL, NULL),
        ('zero', NULL, NULL, NULL, '0000-00-00', NULL, NULL), ('emoji', NULL, NULL, NULL, NULL, 'a😀', NULL),
        ('enum', NULL, NULL, NULL, NULL, NULL, 's'), ('zuletzt', 'good, too', '2', 2, '2026-02-02', 'x', 'M')";
    let pair = Pair::new(
        "sync::tables::misfits",
        (On::Sqlite, source),
        (On::Mariadb, MARIADB_TARGET),
        r#"["code"]"#,
        r#"match = { code = "code" }
set = { name = "name", price = "price", pieces = "pieces", born = "born", old = "old", size = "size" }"#,
    )
    .await;
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!(
        pair.rows("SELECT code FROM target ORDER BY code").await,
        ["good", "zuletzt"]
    );
    snapbox::assert_data_eq!(
        rejected(&report).join("\n"),
        snapbox::str![[r#"
emoji: character `😀` (U+1F600) does not exist in the column's character set utf8mb3 (`target.old`, text); value 'a😀', mapped at ponte.toml:12:75
enum: not one of the column's values: 'S', 'M' (`target.size`, enum('S','M')); value 's', mapped at ponte.toml:12:88
large: number too large: 7 digits before the point, the column holds 6 (`target.price`, decimal(8,2)); value '1234567.8', mapped at ponte.toml:12:24
long: text too long: 13 characters, the column holds 12 (`target.name`, varchar(12)); value 'thirteen long', mapped at ponte.toml:12:9
lossy: too many decimal places: 3, the column holds 2 (`target.price`, decimal(8,2)); value '1.005', mapped at ponte.toml:12:24
range: number out of range: 16-bit integer holds -32768 to 32767 (`target.pieces`, smallint(6)); value 32768, mapped at ponte.toml:12:41
word: not a number (`target.price`, decimal(8,2)); value 'much', mapped at ponte.toml:12:24
zero: not a date (year-month-day, years 1 to 9999) (`target.born`, date); value '0000-00-00', mapped at ponte.toml:12:60
"#]]
    );
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.unchanged, report.counts.rejected), (2, 8));
    let mut client = pair.source.client().await;
    client
        .run("UPDATE source SET name = 'shorter' WHERE code = 'long'")
        .await;
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.created, report.counts.rejected), (1, 7));
}

/// Zero dates in MySQL's own tables are values that fit nowhere.
#[tokio::test]
async fn zero_dates_of_the_source_reject_their_row() {
    let source = "SET SESSION sql_mode = ''; CREATE TABLE source (code VARCHAR(20) PRIMARY KEY, born DATE, changed DATETIME);
        INSERT INTO source VALUES ('a', '0000-00-00', '2026-01-01'), ('b', '2026-01-01', '0000-00-00 00:00:00'), ('c', '2026-01-01', NULL), ('d', '2026-02-00', NULL)";
    let target = "CREATE TABLE target (code varchar(20) PRIMARY KEY, born date, changed timestamp)";
    let pair = Pair::new(
        "sync::tables::zero dates",
        (On::Mariadb, source),
        (On::Postgres, target),
        r#"["code"]"#,
        "match = { code = \"code\" }\nset = { born = \"born\", changed = \"changed\" }",
    )
    .await;
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!(
        pair.rows("SELECT * FROM target").await,
        ["c|2026-01-01|NULL"]
    );
    snapbox::assert_data_eq!(
        rejected(&report).join("\n"),
        snapbox::str![[r#"
a: not a date (year-month-day, years 1 to 9999) (`target.born`, date); value '0000-00-00', mapped at ponte.toml:12:9
b: not a point in time (year-month-day hours:minutes:seconds, years 1 to 9999) (`target.changed`, timestamp without time zone); value '0000-00-00 00:00:00', mapped at ponte.toml:12:24
d: not a date (year-month-day, years 1 to 9999) (`target.born`, date); value '2026-02-00', mapped at ponte.toml:12:9
"#]]
    );
}

#[tokio::test]
async fn keys_that_are_none_or_double_are_rejected() {
    let source = "CREATE TABLE source (code TEXT, name TEXT);
        INSERT INTO source VALUES ('a', '1'), ('b', '2'), ('b', '3'), ('c', '4'), ('c', '4'), ('c', '4'), ('', '5'), (NULL, '6'), ('   ', '7'),
        ('d', '8'), ('d ', '9'), (' e', '10'), ('f', '11'), (' f', '12')";
    let target = "CREATE TABLE target (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT, name TEXT)";
    let to = "match = { code = \"code\" }\nset = { name = \"name\" }";
    let pair = Pair::new(
        "sync::tables::keys",
        (On::Sqlite, source),
        (On::Sqlite, target),
        r#"["code"]"#,
        to,
    )
    .await;
    let report = pair.pipeline.run("x", &changed()).await;
    let none = "several rows of the source have this key; none of them was carried over";
    let empty = ": the key column `code` is empty".to_owned();
    assert_eq!(
        rejected(&report),
        [
            empty.clone(),
            empty.clone(),
            empty,
            format!("b: {none}"),
            format!("c: {none}"),
            format!("d: {none}"),
            format!("f: {none}")
        ]
    );
    assert_eq!(
        pair.rows("SELECT code, name FROM target ORDER BY code")
            .await,
        ["a|1", "e|10"]
    );
    let before = pair.dump().await;
    pair.pipeline.run("x", &full()).await;
    same_dump(&before, &pair.dump().await, "the second run");
}

/// Different keys of the source that the mapping leads to one row of the target.
#[tokio::test]
async fn rows_that_lead_to_one_row_are_not_written_in_turns() {
    let source = "CREATE TABLE source (code VARCHAR(20) PRIMARY KEY, name VARCHAR(20));
        INSERT INTO source VALUES ('A1', 'one'), ('a1', 'two'), ('b1', 'three'), ('C1', 'four'), ('c1', 'five')";
    for (unique, claim) in [("", "no unique key"), (", UNIQUE (code)", "a unique key")] {
        let target = format!(
            "CREATE TABLE target (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT, name TEXT{unique}); INSERT INTO target (code, name) VALUES ('c1', 'theirs')"
        );
        let pair = Pair::new(
            &format!("sync::tables::one row {claim}"),
            (On::Sqlite, source),
            (On::Sqlite, &target),
            r#"["code"]"#,
            "match = { code = \"lower(code)\" }\nset = { name = \"name\" }",
        )
        .await;
        let report = pair.pipeline.run("x", &changed()).await;
        assert_eq!(
            pair.rows("SELECT code, name FROM target ORDER BY code")
                .await,
            ["b1|three", "c1|theirs"],
            "{claim}: {:?}",
            rejected(&report)
        );
        assert_eq!(
            report.counts.ambiguous,
            4,
            "{claim}: {:?}",
            rejected(&report)
        );
        let before = pair.dump().await;
        pair.pipeline.run("x", &full()).await;
        same_dump(&before, &pair.dump().await, claim);
    }
}

/// Keys that MariaDB's collation holds equal though their bytes differ.
#[tokio::test]
async fn lookalikes_are_not_written_in_turns() {
    let source = "CREATE TABLE source (code VARCHAR(20) PRIMARY KEY, name VARCHAR(20));
        INSERT INTO source VALUES ('abc', 'case'), ('cafe', 'accent'), ('blank', 'trailing'), ('new', 'one'), ('NEW', 'two'), ('fine', 'fine')";
    let target = "CREATE TABLE target (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20) COLLATE utf8mb4_general_ci UNIQUE, name VARCHAR(20));
        INSERT INTO target (code, name) VALUES ('ABC', 'theirs'), ('café', 'theirs'), ('blank  ', 'theirs')";
    let to = "match = { code = \"code\" }\nset = { name = \"name\" }";
    let pair = Pair::new(
        "sync::tables::lookalikes",
        (On::Postgres, source),
        (On::Mariadb, target),
        r#"["code"]"#,
        to,
    )
    .await;
    let report = pair.pipeline.run("x", &changed()).await;
    let equal = "which its database holds equal though it is written differently";
    let written = pair
        .rows("SELECT code, name FROM target WHERE name <> 'theirs' ORDER BY name")
        .await;
    assert_eq!(written.len(), 2, "{written:?} {:?}", rejected(&report));
    let (first, second) = match written[1].as_str() {
        "new|one" => ("new", "NEW"),
        _ => ("NEW", "new"),
    };
    let mut expected = [
        format!("{second}: the target has `{first}`, {equal}"),
        format!("abc: the target has `ABC`, {equal}"),
        format!("blank: the target has `blank  `, {equal}"),
        format!("cafe: the target has `café`, {equal}"),
    ];
    expected.sort();
    assert_eq!(rejected(&report), expected);
    let before = pair.dump().await;
    let report = pair.pipeline.run("x", &full()).await;
    assert_eq!(rejected(&report), expected);
    same_dump(&before, &pair.dump().await, "the second run");
}

/// What only the server can know refuses its row; the batch's other rows are written.
#[tokio::test]
async fn rows_that_the_server_refuses_stand_alone() {
    let mut source = "CREATE TABLE source (code VARCHAR(20) PRIMARY KEY, email VARCHAR(50)); INSERT INTO source VALUES ".to_owned();
    let rows: Vec<String> = (0..60)
        .map(|n| format!("('k{n:03}', 'm{}@x')", if n == 41 { 17 } else { n }))
        .collect();
    source.push_str(&rows.join(", "));
    let pair = Pair::new(
        "sync::tables::refused",
        (On::Sqlite, &source),
        (
            On::Mariadb,
            &format!(
                "{MARIADB_TARGET}; INSERT INTO target (code, email) VALUES ('theirs', 'm5@x')"
            ),
        ),
        r#"["code"]"#,
        "match = { code = \"code\" }\nset = { email = \"email\" }",
    )
    .await;
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!(
        (report.counts.created, report.counts.rejected),
        (58, 2),
        "{:?}",
        rejected(&report)
    );
    let refused = rejected(&report);
    assert!(
        refused[0].starts_with("k005: the server refused it: ") && refused[0].contains("m5@x"),
        "{refused:?}"
    );
    assert!(
        refused[1].starts_with("k041: the server refused it: ") && refused[1].contains("m17@x"),
        "{refused:?}"
    );
    let before = pair.dump().await;
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.unchanged, report.counts.rejected), (58, 2));
    same_dump(&before, &pair.dump().await, "the second run");
}

#[tokio::test]
async fn many_rows_in_several_batches() {
    let source = "CREATE TABLE source (code integer PRIMARY KEY, name text, price numeric(12,4));
        INSERT INTO source SELECT n, 'article ' || n, n * 1.25 FROM generate_series(1, 3000) n";
    let target = "CREATE TABLE target (code BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(40), price DECIMAL(12,4))";
    let to = "match = { code = \"code\" }\nset = { name = \"name\", price = \"price\" }";
    let pair = Pair::new(
        "sync::tables::many",
        (On::Postgres, source),
        (On::Mariadb, target),
        r#"["code"]"#,
        to,
    )
    .await;
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!(
        (report.counts.created, report.counts.rows_inserted),
        (3000, 3000)
    );
    assert_eq!(
        pair.rows("SELECT COUNT(*), SUM(price), SUM(name = CONCAT('article ', code)) FROM target")
            .await,
        ["3000|5626875.0000|3000"]
    );
    let mut client = pair.source.client().await;
    client
        .run("UPDATE source SET price = price + 1 WHERE code % 100 = 0")
        .await;
    client.run("DELETE FROM source WHERE code > 2990").await;
    let report = pair.pipeline.run("x", &changed()).await;
    let counts = &report.counts;
    assert_eq!(
        (counts.changed, counts.unchanged, counts.gone),
        (29, 2961, 10),
        "{counts:?}"
    );
    assert_eq!((counts.rows_updated, counts.rows_deleted), (29, 0));
    pair.pipeline.lose_snapshots();
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.right, report.wrote()), (2990, false));
}
