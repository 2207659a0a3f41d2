//! Rows that cannot be carried over: each is named with its reason, and the others are written.

use super::{Base, Case, PACKS, SYNC, run};
use crate::sync::pair::On;

/// Twice: what was said of a row stays said, and nothing is written in turns.
const TWICE: &[&[&str]] = &[&["sync", "--no-progress"], &["sync", "--no-progress"]];
const ALL: &str = "SELECT code, name, price, pieces, born FROM target ORDER BY code";

fn rows(name: &str) -> Case<'_> {
    Case {
        name,
        runs: TWICE,
        rows: ALL,
        ..Case::default()
    }
}

const LONG: &str = "ALTER TABLE source ALTER COLUMN name TYPE text;
    INSERT INTO source (code, name) VALUES ('LONG', repeat('é', 5000000)), ('SHORT', 'fits')";

/// Texts and times for columns of other types: a row of each that does not go there, and one of which all do.
const CONVERTED: &str = "ALTER TABLE source ADD truth text, ADD hour text, ADD uid text, ADD doc text, ADD day timestamp, ADD fine timestamp, ADD approx bigint;
    INSERT INTO source (code, truth) VALUES ('TRUTH', 'maybe'); INSERT INTO source (code, hour) VALUES ('HOUR', '25:00');
    INSERT INTO source (code, uid) VALUES ('UID', '12345'); INSERT INTO source (code, doc) VALUES ('DOC', '{a: 1}');
    INSERT INTO source (code, day) VALUES ('DAY', '2026-01-01 10:00'); INSERT INTO source (code, fine) VALUES ('FINE', '2026-01-01 10:00:00.25');
    INSERT INTO source (code, approx) VALUES ('APPROX', 16777217);
    INSERT INTO source (code, truth, hour, uid, doc, day, fine, approx) VALUES ('SOUND', 'true', '07:05', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{\"a\": 1}', '2026-01-01 00:00', '2026-01-01 10:00:01', 16777216)";

#[tokio::test]
async fn values_that_no_column_takes() {
    run(&[
        Case {
            source: "ALTER TABLE source ALTER COLUMN price TYPE numeric, ALTER COLUMN pieces TYPE float8;
                INSERT INTO source (code, price, pieces, born) VALUES ('NAN', 'NaN', 1, NULL), ('INF', 'Infinity', 1, NULL),
                ('MINUS', 1, '-Infinity', NULL), ('FNAN', 1, 'NaN', NULL), ('EVER', 1, 1, 'infinity'), ('CHRIST', 1, 1, '0044-03-15 BC')",
            ..rows("rows-not-finite")
        },
        Case {
            source: "ALTER TABLE source ALTER COLUMN price TYPE numeric, ALTER COLUMN pieces TYPE numeric;
                INSERT INTO source (code, price, pieces) VALUES ('FRACTION', 1, 2.5), ('MANY', 1, 40000), ('NEGATIVE', 1, -3),
                ('DEAR', 1234567.8, 1), ('THIRDS', 0.333, 1)",
            target: "ALTER TABLE target MODIFY pieces SMALLINT UNSIGNED",
            ..rows("rows-out-of-range")
        },
        Case {
            source: "INSERT INTO source (code, name) VALUES ('EMOJI', '😀'), ('É-1', 'accent in the key'), ('EURO', '€ 5')",
            target: "ALTER TABLE target CONVERT TO CHARACTER SET utf8mb3",
            ..rows("rows-three-byte-columns")
        },
        Case {
            source: "INSERT INTO source (code, name) VALUES ('GREEK', 'αβγ'), ('UMLAUT', 'Größe')",
            target: "ALTER TABLE target CONVERT TO CHARACTER SET latin1",
            ..rows("rows-latin1-target")
        },
        Case {
            base: Base::Flow(On::Mariadb, On::Postgres),
            source: "SET SESSION sql_mode = ''; ALTER TABLE source CONVERT TO CHARACTER SET latin1;
                INSERT INTO source (code, name, born) VALUES ('LATIN', 'Größe € 5', NULL), ('ZERO', 'no date', '0000-00-00'), ('FEB', 'no day', '2026-02-00')",
            ..rows("rows-latin1-source")
        },
        Case {
            base: Base::Encoded("SQL_ASCII", On::Mariadb),
            source: "INSERT INTO source (code, name) VALUES ('BYTES', E'caf\\351'), ('UTF8', 'Größe'), (E'K\\351Y', 'bytes in the key')",
            ..rows("rows-bytes-that-are-no-text")
        },
        Case {
            source: "ALTER TABLE source ALTER COLUMN name TYPE bytea USING name::bytea;
                INSERT INTO source (code, name) VALUES ('BYTES', '\\xff00'), ('NUL', '\\x610062'), ('TEXT', '\\x4772c3b6c39f65')",
            ..rows("rows-bytea")
        },
        Case {
            base: Base::Flow(On::Sqlite, On::Postgres),
            source: "INSERT INTO source (code, name, price, pieces, born) VALUES ('NUL', 'a' || char(0) || 'b', 1, 1, NULL), ('WORD', 'x', 'much', 1, NULL),
                ('BLOB', x'ff41', 1, 1, NULL), ('DAY', 'x', 1, 1, 'yesterday'), ('FRACTION', 'x', 1, 1.5, NULL), ('BROKEN', CAST(x'c3' AS TEXT), 1, 1, NULL),
                ('RAW', 'x', x'ff41', 1, NULL)",
            ..rows("rows-sqlite-holds-anything")
        },
        Case {
            base: Base::Flow(On::Postgres, On::Postgres),
            source: CONVERTED,
            target: "ALTER TABLE target ADD truth boolean, ADD hour time, ADD uid uuid, ADD doc jsonb, ADD day date, ADD fine timestamp(0), ADD approx real",
            edits: &[(
                "set = { ",
                "set = { truth = \"truth\", hour = \"hour\", uid = \"uid\", doc = \"doc\", day = \"day\", fine = \"fine\", approx = \"approx\", ",
            )],
            rows: "SELECT code, truth, hour, uid, doc, day, fine, approx FROM target ORDER BY code",
            ..rows("rows-conversions")
        },
        Case {
            source: LONG,
            target: "ALTER TABLE target MODIFY name TEXT",
            rows: "SELECT code, name FROM target ORDER BY code",
            ..rows("rows-longer-than-the-column")
        },
    ])
    .await;
}

#[tokio::test]
async fn keys_that_are_none() {
    run(&[
        Case {
            source: "ALTER TABLE source DROP CONSTRAINT source_pkey; ALTER TABLE source ALTER COLUMN code DROP NOT NULL;
                INSERT INTO source (code, name) VALUES ('B', 'one'), ('B', 'two'), (NULL, 'no key'), ('', 'empty'), ('  ', 'blanks')",
            ..rows("rows-keys-empty-or-double")
        },
        Case {
            source: "INSERT INTO source (code, name) VALUES ('cafe', 'plain'), ('Cafe', 'case'), ('café', 'accent'), ('cafe ', 'blank')",
            ..rows("rows-keys-that-look-alike")
        },
        Case {
            source: "ALTER TABLE source ALTER COLUMN code TYPE text; INSERT INTO source (code, name) VALUES ('0123456789012345678901', 'long')",
            ..rows("rows-key-longer-than-its-column")
        },
    ])
    .await;
}

/// Descriptions larger than the server's `max_allowed_packet`, and stock that no shop shows.
#[tokio::test]
async fn articles_that_a_shop_cannot_take() {
    run(&[
        Case {
            base: Base::Packs(On::Sqlite, On::Mariadb),
            source: "UPDATE article_texts SET description = replace(hex(zeroblob(10000000)), '00', 'é') WHERE sku = 'DRILL' AND language = 'en'",
            runs: SYNC,
            rows: "SELECT p.post_title, length(p.post_content) FROM wp_posts p JOIN ponte_link l ON l.target_id = p.ID AND l.record = 'article' ORDER BY 1",
            ..rows("packs-large-description")
        },
        Case {
            base: PACKS,
            source: "UPDATE stock SET quantity = -5 WHERE sku = 'TOOL-1'; UPDATE stock SET quantity = 2.75 WHERE sku = 'TOOL-2';
                UPDATE stock SET quantity = 99999999999999 WHERE sku = 'SHIRT-S'; UPDATE stock SET quantity = 'many' WHERE sku = 'TOOL-4'",
            runs: &[&["sync", "--no-progress", "stock"]],
            rows: "SELECT l.sku, m.meta_value, l.stock_quantity FROM wp_postmeta m JOIN wp_wc_product_meta_lookup l ON l.product_id = m.post_id WHERE m.meta_key = '_stock' ORDER BY 1",
            ..rows("packs-stock")
        },
    ])
    .await;
}
