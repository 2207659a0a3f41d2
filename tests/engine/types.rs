//! Every type goes in and comes out as it was, at the edges of what its column holds.

use crate::{
    ALL, Bench, Listed, MARIADB, POSTGRES, SERVERS, SQLITE, SQLSERVER, begin, case, decimal, fetch,
    insert, scan, text,
};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use ponte::db::query::{Query, Update};
use ponte::db::{self, DbErrorKind, EngineKind};
use ponte::value::{Value, convert, same};

pub const CASES: &[Listed] = &[
    case!(every_type_round_trips, ALL),
    case!(every_type_can_be_updated, ALL),
    case!(every_type_comes_in_with_many_rows, ALL),
    case!(what_the_server_fills_is_read_and_not_written, SQLSERVER),
    case!(moments_of_other_offsets_are_the_same_moments, SQLSERVER),
    case!(what_sql_computes_has_a_type, ALL),
    case!(what_cannot_be_read_names_its_column, SERVERS),
    case!(zero_dates_are_texts, MARIADB),
    case!(not_a_number_comes_as_what_it_is, POSTGRES),
    case!(what_is_no_value_here_is_an_error, POSTGRES),
    case!(types_beside_the_standard_ones, POSTGRES),
    case!(sqlite_converts_by_declared_type, SQLITE),
];

fn date(text: &str) -> Value {
    Value::Date(NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap())
}

fn time(text: &str) -> Value {
    Value::Time(NaiveTime::parse_from_str(text, "%H:%M:%S%.f").unwrap())
}

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap()
}

fn datetime(text: &str) -> Value {
    Value::DateTime(wall(text))
}

fn timestamp(text: &str) -> Value {
    Value::Timestamp(wall(text).and_utc())
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn json(text: &str) -> Value {
    Value::Json(text.to_owned())
}

fn uuid() -> Value {
    Value::Uuid("0f3c6d1a-9b3e-4a52-8a7d-0123456789ab".parse().unwrap())
}

/// A column's declaration and values that it holds.
fn columns(kind: EngineKind) -> Vec<(&'static str, Vec<Value>)> {
    let mut all = match kind {
        EngineKind::Postgres => postgres(),
        EngineKind::MySql => mariadb(),
        EngineKind::Sqlite => sqlite(),
        EngineKind::SqlServer => return sqlserver(),
    };
    all.extend([
        (
            "bigint",
            vec![Value::Int(i64::MIN), Value::Int(i64::MAX), Value::Int(0)],
        ),
        (
            "varchar(64)",
            vec![
                text(""),
                text("emoji 😀 and ' \" \\ % _ `"),
                text(" both ends "),
                text("\t\n"),
            ],
        ),
        (
            "text",
            vec![text(""), text(&"à".repeat(5000)), text("\u{10FFFF}")],
        ),
        (
            "double precision",
            vec![Value::Float(0.1), Value::Float(-1.5e300), Value::Float(0.0)],
        ),
        (
            "date",
            vec![date("0001-01-01"), date("9999-12-31"), date("2024-02-29")],
        ),
        (
            "decimal(10,2)",
            vec![decimal("-12345678.90"), decimal("0.01"), decimal("0")],
        ),
    ]);
    all
}

fn postgres() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("boolean", vec![Value::Bool(true), Value::Bool(false)]),
        ("smallint", vec![Value::Int(-32768), Value::Int(32767)]),
        (
            "integer",
            vec![
                Value::Int(i64::from(i32::MIN)),
                Value::Int(i64::from(i32::MAX)),
            ],
        ),
        ("oid", vec![Value::UInt(u64::from(u32::MAX))]),
        (
            "numeric",
            vec![
                decimal("123456789012345678901234567890123456789012345.6789012345678901234567890"),
                decimal("-0.000000000000000000000000000000000000000000001"),
                decimal("1000000000000000000000000000000"),
                decimal("10000"),
                decimal("0.0001"),
            ],
        ),
        (
            "numeric(38,10)",
            vec![decimal("-9999999999999999999999999999.9999999999")],
        ),
        ("real", vec![Value::Float(f64::from(0.1f32))]),
        ("char(10)", vec![text("ab")]),
        ("bytea", vec![bytes(b""), bytes(&[0, 255, 0, 39, 92])]),
        ("time", vec![time("00:00:00"), time("23:59:59.999999")]),
        (
            "timestamp",
            vec![
                datetime("0001-01-01 00:00:00"),
                datetime("9999-12-31 23:59:59.999999"),
                datetime("1999-12-31 23:59:59.5"),
            ],
        ),
        (
            "timestamptz",
            vec![
                timestamp("1970-01-01 00:00:00"),
                timestamp("2024-03-31 02:30:00.000001"),
                timestamp("1969-12-31 23:59:59.9"),
            ],
        ),
        ("uuid", vec![uuid()]),
        (
            "json",
            vec![json("{\"a\": [1, null, \"à\"]}"), json("null")],
        ),
        (
            "jsonb",
            vec![json("{\"a\": [1, null, \"à\"]}"), json("1.50")],
        ),
        ("mood", vec![text("happy"), text("it's")]),
        ("sku", vec![text("AB-1")]),
    ]
}

fn mariadb() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("tinyint(1)", vec![Value::Int(-128), Value::Int(127)]),
        ("smallint unsigned", vec![Value::UInt(65535)]),
        ("mediumint", vec![Value::Int(-8_388_608)]),
        ("int", vec![Value::Int(i64::from(i32::MIN))]),
        (
            "bigint unsigned",
            vec![Value::UInt(u64::MAX), Value::UInt(0)],
        ),
        (
            "decimal(65,30)",
            vec![
                decimal("99999999999999999999999999999999999.999999999999999999999999999999"),
                decimal("-0.000000000000000000000000000001"),
            ],
        ),
        (
            "decimal(38,0)",
            vec![decimal("-99999999999999999999999999999999999999")],
        ),
        ("float", vec![Value::Float(f64::from(0.1f32))]),
        ("char(10)", vec![text("ab"), text("")]),
        (
            "varchar(20) character set latin1",
            vec![text("àé€"), text("")],
        ),
        ("longtext", vec![text(&"x".repeat(300_000))]),
        (
            "varbinary(20)",
            vec![
                bytes(b""),
                bytes(&[0, 255, 0, 39, 92]),
                bytes(b"\xf0\x28\x8c"),
            ],
        ),
        ("longblob", vec![bytes(&[255; 70_000])]),
        ("time(6)", vec![time("00:00:00"), time("23:59:59.999999")]),
        (
            "datetime(6)",
            vec![
                datetime("1000-01-01 00:00:00"),
                datetime("9999-12-31 23:59:59.999999"),
            ],
        ),
        ("datetime", vec![datetime("2024-03-31 02:30:00")]),
        (
            "timestamp(6) NULL",
            vec![
                timestamp("1970-01-01 00:00:01"),
                timestamp("2024-03-31 02:30:00.000001"),
            ],
        ),
        ("year", vec![Value::Int(1901), Value::Int(2155)]),
        ("enum('a','it''s','à,b')", vec![text("it's"), text("à,b")]),
        ("set('x','y')", vec![text("x,y"), text("")]),
        ("bit(1)", vec![Value::UInt(1), Value::UInt(0)]),
        ("bit(64)", vec![Value::UInt(u64::MAX)]),
        ("json", vec![json("{\"a\": [1, null, \"à\"]}")]),
    ]
}

fn sqlserver() -> Vec<(&'static str, Vec<Value>)> {
    let unicode = || {
        vec![
            text(""),
            text("emoji 😀 and ' \" \\ % _ `"),
            text(" begins"),
            text("\t\n"),
        ]
    };
    vec![
        ("bit", vec![Value::Bool(true), Value::Bool(false)]),
        ("tinyint", vec![Value::UInt(0), Value::UInt(255)]),
        ("smallint", vec![Value::Int(-32768), Value::Int(32767)]),
        (
            "int",
            vec![
                Value::Int(i64::from(i32::MIN)),
                Value::Int(i64::from(i32::MAX)),
            ],
        ),
        (
            "bigint",
            vec![Value::Int(i64::MIN), Value::Int(i64::MAX), Value::Int(0)],
        ),
        (
            "decimal(38,10)",
            vec![
                decimal("-9999999999999999999999999999.9999999999"),
                decimal("0.0000000001"),
            ],
        ),
        (
            "numeric(38,0)",
            vec![decimal("99999999999999999999999999999999999999")],
        ),
        (
            "decimal(10,2)",
            vec![decimal("-12345678.90"), decimal("0.01"), decimal("0")],
        ),
        (
            "money",
            vec![decimal("-899999999999.9999"), decimal("0.0001")],
        ),
        (
            "smallmoney",
            vec![decimal("-214748.3648"), decimal("214748.3647")],
        ),
        (
            "float",
            vec![Value::Float(0.1), Value::Float(-1.5e300), Value::Float(0.0)],
        ),
        ("real", vec![Value::Float(f64::from(0.1f32))]),
        ("char(10)", vec![text("ab"), text("àé€")]),
        (
            "varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS",
            vec![text("àé€"), text("")],
        ),
        (
            "varchar(20) COLLATE Cyrillic_General_CI_AS",
            vec![text("Дом")],
        ),
        ("varchar(max)", vec![text(&"à".repeat(9000))]),
        ("text", vec![text("àé€")]),
        ("nchar(10)", vec![text("ab 😀")]),
        ("nvarchar(64)", unicode()),
        (
            "nvarchar(max)",
            vec![
                text(""),
                text(&"à😀".repeat(5000)),
                text("\u{10FFFF}"),
                text(&"à".repeat(40_000)),
            ],
        ),
        ("ntext", vec![text("à 😀")]),
        (
            "date",
            vec![date("0001-01-01"), date("9999-12-31"), date("2024-02-29")],
        ),
        ("time", vec![time("00:00:00"), time("23:59:59.9999999")]),
        ("time(3)", vec![time("12:34:56.789")]),
        (
            "datetime",
            vec![
                datetime("1753-01-01 00:00:00"),
                datetime("9999-12-31 23:59:59.997"),
                datetime("2024-03-31 02:30:00.003"),
            ],
        ),
        (
            "smalldatetime",
            vec![
                datetime("1900-01-01 00:00:00"),
                datetime("2079-06-06 23:59:00"),
            ],
        ),
        (
            "datetime2",
            vec![
                datetime("0001-01-01 00:00:00"),
                datetime("9999-12-31 23:59:59.9999999"),
            ],
        ),
        (
            "datetimeoffset",
            vec![
                timestamp("1970-01-01 00:00:00"),
                timestamp("2024-03-31 02:30:00.000001"),
            ],
        ),
        ("uniqueidentifier", vec![uuid()]),
        ("binary(4)", vec![bytes(&[0, 255, 0, 39])]),
        (
            "varbinary(20)",
            vec![bytes(b""), bytes(&[0, 255, 0, 39, 92])],
        ),
        ("varbinary(max)", vec![bytes(&[255; 70_000])]),
        ("image", vec![bytes(&[0, 1, 2])]),
        ("xml", vec![text("<a>à &amp; b</a>")]),
    ]
}

fn sqlite() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("BOOLEAN", vec![Value::Bool(true), Value::Bool(false)]),
        (
            "DECIMAL_TEXT(60,20)",
            vec![
                decimal("-123456789012345678901234567890.12345678901234567890"),
                decimal("0.00001"),
            ],
        ),
        (
            "DECIMAL(15,4)",
            vec![
                decimal("99999999999.9999"),
                decimal("0.0001"),
                decimal("12.5"),
            ],
        ),
        ("BLOB", vec![bytes(b""), bytes(&[0, 255, 0])]),
        ("TIME", vec![time("00:00:00"), time("23:59:59.999999")]),
        (
            "DATETIME",
            vec![
                datetime("0001-01-01 00:00:00"),
                datetime("9999-12-31 23:59:59.999999"),
            ],
        ),
        (
            "TIMESTAMP",
            vec![
                timestamp("1970-01-01 00:00:00"),
                timestamp("2024-03-31 02:30:00.000001"),
            ],
        ),
        ("UUID", vec![uuid()]),
        ("JSON", vec![json("{\"a\": [1, null, \"à\"]}"), json("12")]),
        ("VARCHAR(10)", vec![text("12"), text("007"), text("1e3")]),
    ]
}

/// A table with a column `c0`, `c1`, ... for each declaration, and rows that hold each column's values in turn.
async fn table(bench: &Bench) -> (Vec<String>, Vec<Vec<Value>>) {
    let columns = columns(bench.kind);
    let names: Vec<String> = (0..columns.len()).map(|at| format!("c{at}")).collect();
    if bench.kind == EngineKind::Postgres {
        bench
            .sql("CREATE TYPE mood AS ENUM ('happy', 'it''s'); CREATE DOMAIN sku AS varchar(10) CHECK (value <> '');")
            .await;
    }
    let declared: Vec<String> = names
        .iter()
        .zip(&columns)
        .map(|(name, (declared, _))| format!("{name} {declared}"))
        .collect();
    bench
        .sql(&format!(
            "CREATE TABLE t (id integer PRIMARY KEY, {})",
            declared.join(", ")
        ))
        .await;
    let longest = columns.iter().map(|column| column.1.len()).max().unwrap();
    let rows = (0..=longest)
        .map(|at| {
            let values = columns
                .iter()
                .map(|column| column.1.get(at).cloned().unwrap_or(Value::Null));
            [Value::Int(at as i64)].into_iter().chain(values).collect()
        })
        .collect();
    (names, rows)
}

async fn assert_same(bench: &Bench, names: &[String], rows: &[Vec<Value>]) {
    let mut session = bench.connect().await;
    let found = fetch(session.as_mut(), "SELECT * FROM t ORDER BY id").await;
    assert_eq!(
        scan(session.as_mut(), "SELECT * FROM t ORDER BY id")
            .await
            .unwrap(),
        found
    );
    let types = session
        .table(&ponte::db::query::TableName::parse("t"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.len(), rows.len());
    for (found, wanted) in found.iter().zip(rows) {
        for ((found, wanted), name) in found.iter().zip(wanted).skip(1).zip(names) {
            let column = types.column(name).unwrap();
            let place = format!("{name} {}: {found:?} for {wanted:?}", column.declared);
            assert!(same(found, wanted, &column.ty), "{place}");
            let is_text_of = matches!(
                (bench.kind, column.declared.as_str()),
                (EngineKind::MySql, "longtext")
                    | (EngineKind::Postgres, "character(10)" | "jsonb")
                    | (EngineKind::SqlServer, "char(10)" | "nchar(10)")
            );
            assert!(is_text_of || found == wanted, "{place}");
            let converted = convert(found.clone(), &column.ty);
            assert!(converted.is_ok(), "{place}: {converted:?}");
        }
    }
}

async fn every_type_round_trips(bench: Bench) {
    let (names, rows) = table(&bench).await;
    let mut session = bench.connect().await;
    let mut columns = vec!["id"];
    columns.extend(names.iter().map(String::as_str));
    let insert = insert(session.as_mut(), "t", &columns, rows.clone()).await;
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();
    assert_same(&bench, &names, &rows).await;
    // The same sent with what comes after it.
    bench.sql("DELETE FROM t").await;
    begin(session.as_mut()).await;
    session.insert_later(&insert).await.unwrap();
    session.commit().await.unwrap();
    assert_same(&bench, &names, &rows).await;
}

/// So many that a server which has a way for loading takes it, without values that are too large for that, and with them.
async fn every_type_comes_in_with_many_rows(bench: Bench) {
    const LARGE: usize = 65_000;
    let (names, rows) = table(&bench).await;
    let mut session = bench.connect().await;
    let mut columns = vec!["id"];
    columns.extend(names.iter().map(String::as_str));
    let large = |value: &Value| value.bytes() > LARGE;
    let mut all = Vec::new();
    for with_large in [false, true] {
        let first = all.len();
        let some: Vec<Vec<Value>> = (first..first + 400)
            .map(|id| {
                let values = rows[id % rows.len()][1..].iter().map(|value| {
                    let is_left_out = large(value) && !(with_large && id - first < rows.len());
                    if is_left_out {
                        Value::Null
                    } else {
                        value.clone()
                    }
                });
                [Value::Int(id as i64)].into_iter().chain(values).collect()
            })
            .collect();
        let insert = insert(session.as_mut(), "t", &columns, some.clone()).await;
        begin(session.as_mut()).await;
        session.insert(&insert).await.unwrap();
        session.commit().await.unwrap();
        all.extend(some);
    }
    assert!(bench.kind != EngineKind::SqlServer || all.iter().flatten().any(large));
    assert_same(&bench, &names, &all).await;
}

/// Numbers, computed values, versions of rows; and what has a type that only the server knows.
async fn what_the_server_fills_is_read_and_not_written(bench: Bench) {
    bench
        .sql(
            "CREATE TABLE t (id int IDENTITY(7, 2) PRIMARY KEY, n int, twice AS n * 2, kept AS n * 3 PERSISTED, version rowversion, odd sql_variant); \
             INSERT INTO t (n) VALUES (5), (6)",
        )
        .await;
    let mut session = bench.connect().await;
    let query = "SELECT id, n, twice, kept, version FROM t ORDER BY id";
    let mut versions = Vec::new();
    for (row, [id, n]) in fetch(session.as_mut(), query)
        .await
        .iter()
        .zip([[7, 5], [9, 6]])
    {
        let numbers = [id, n, 2 * n, 3 * n].map(Value::Int);
        assert_eq!(row[..4], numbers);
        let Value::Bytes(version) = &row[4] else {
            panic!("{row:?}");
        };
        assert_eq!(version.len(), 8);
        versions.push(version.clone());
    }
    assert!(versions[0] < versions[1], "{versions:?}");
    for (column, value) in [
        ("twice", Value::Int(1)),
        ("kept", Value::Int(1)),
        ("version", bytes(&[0; 8])),
        ("odd", Value::Int(1)),
    ] {
        let rows = vec![vec![Value::Int(1), value.clone()]];
        let insert = insert(session.as_mut(), "t", &["n", column], rows).await;
        begin(session.as_mut()).await;
        let error = session.insert(&insert).await.unwrap_err();
        assert_eq!(error.kind, DbErrorKind::Misfit, "{error}");
        let said = &error.message;
        assert!(said.contains(&format!("column `{column}`")), "{said}");
        session.rollback().await.unwrap();
        let update = Update {
            table: insert.table.clone(),
            key: vec!["id".to_owned()],
            key_types: vec![crate::int64()],
            columns: vec![column.to_owned()],
            types: insert.types[1..].to_vec(),
            rows: vec![(vec![Value::Int(7)], vec![value])],
        };
        begin(session.as_mut()).await;
        let error = session.update(&update).await.unwrap_err();
        assert_eq!(error.kind, DbErrorKind::Misfit, "{error}");
        session.rollback().await.unwrap();
    }
    // An identity's number may be given.
    let rows = vec![vec![Value::Int(100), Value::Int(1)]];
    let insert = insert(session.as_mut(), "t", &["id", "n"], rows).await;
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();
    bench.sql("INSERT INTO t (n) VALUES (2)").await;
    let ids = bench
        .look("SELECT id FROM t WHERE id > 9 ORDER BY id")
        .await;
    assert_eq!(ids, [[Some("100".to_owned())], [Some("102".to_owned())]]);
}

async fn moments_of_other_offsets_are_the_same_moments(bench: Bench) {
    bench
        .sql(
            "CREATE TABLE t (id int PRIMARY KEY, at datetimeoffset(3)); \
             INSERT INTO t VALUES (1, '2024-03-31 04:30:00.123 +02:00'), (2, '2024-03-30 18:30:00.123 -08:00')",
        )
        .await;
    let mut session = bench.connect().await;
    let rows = fetch(session.as_mut(), "SELECT at FROM t ORDER BY id").await;
    for row in rows {
        assert_eq!(*row, [timestamp("2024-03-31 02:30:00.123")]);
    }
}

async fn every_type_can_be_updated(bench: Bench) {
    let (names, rows) = table(&bench).await;
    let mut session = bench.connect().await;
    // Every row begins as another's values, so that each value is written over NULL, or NULL over a value.
    let mut columns = vec!["id"];
    columns.extend(names.iter().map(String::as_str));
    let mut before = rows.clone();
    before.rotate_left(1);
    for (at, row) in before.iter_mut().enumerate() {
        row[0] = Value::Int(at as i64);
    }
    let insert = insert(session.as_mut(), "t", &columns, before).await;
    let update = Update {
        table: insert.table.clone(),
        key: vec!["id".to_owned()],
        key_types: insert.types[..1].to_vec(),
        columns: names.clone(),
        types: insert.types[1..].to_vec(),
        rows: rows
            .iter()
            .map(|row| (row[..1].to_vec(), row[1..].to_vec()))
            .collect(),
    };
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    assert_eq!(session.update(&update).await.unwrap(), rows.len() as u64);
    session.commit().await.unwrap();
    assert_same(&bench, &names, &rows).await;
}

async fn what_sql_computes_has_a_type(bench: Bench) {
    bench
        .sql("CREATE TABLE t (a decimal(10,2), b varchar(10)); INSERT INTO t VALUES (0.10, 'x'), (0.20, 'y');")
        .await;
    let mut session = bench.connect().await;
    let query = "SELECT sum(a), count(*), max(b) || '!', NULL, min(a) FROM (SELECT a, b FROM t) s";
    let query = query.replace("||", bench.or("+", "||"));
    let rows = fetch(session.as_mut(), &query).await;
    assert_eq!(
        *rows[0],
        [
            decimal("0.3"),
            Value::Int(2),
            text("y!"),
            Value::Null,
            decimal("0.1")
        ]
    );
}

async fn what_cannot_be_read_names_its_column(bench: Bench) {
    bench
        .sql(bench.by(
            "CREATE TABLE t (id int, bad int[]); INSERT INTO t VALUES (1, '{1}')",
            "CREATE TABLE t (id int, bad point); INSERT INTO t VALUES (1, POINT(1, 2))",
            "CREATE TABLE t (id int, bad sql_variant); INSERT INTO t VALUES (1, 1)",
        ))
        .await;
    let mut session = bench.connect().await;
    let error = db::fetch(session.as_mut(), &Query::sql("SELECT * FROM t"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Other, "{error}");
    assert!(error.message.contains("`bad`"), "{error}");
    let rows = fetch(session.as_mut(), "SELECT id FROM t").await;
    assert_eq!(rows.len(), 1, "the session is usable afterwards");
}

async fn zero_dates_are_texts(bench: Bench) {
    bench
        .sql(
            "SET sql_mode = ''; CREATE TABLE t (id int, d date, dt datetime, late time); \
              INSERT INTO t VALUES (1, '0000-00-00', '2024-00-10', '100:00:00'); \
              CREATE TABLE latin (bad varbinary(10)); INSERT INTO latin VALUES (x'ff')",
        )
        .await;
    let mut session = bench.connect().await;
    let rows = fetch(session.as_mut(), "SELECT d, dt, late FROM t").await;
    let expected = ["0000-00-00", "2024-00-10 00:00:00", "100:00:00"];
    assert_eq!(*rows[0], expected.map(text));
    let rows = fetch(
        session.as_mut(),
        "SELECT CAST(d AS char), nullif(d, 0) FROM t",
    )
    .await;
    assert_eq!(*rows[0], [text("0000-00-00"), Value::Null]);
}

const TEXT: ponte::value::Type = ponte::value::Type::Text {
    chars_max: None,
    bytes_max: None,
    charset: ponte::value::Charset::Unicode,
    padded: false,
};

/// What a type of the server's holds and ours does not rejects its row when it is converted, and does not end the read.
async fn not_a_number_comes_as_what_it_is(bench: Bench) {
    let mut session = bench.connect().await;
    for (value, shown) in [
        ("'NaN'::numeric", "NaN"),
        ("'Infinity'::numeric", "inf"),
        ("'-Infinity'::numeric", "-inf"),
        ("'NaN'::float8", "NaN"),
        ("'-Infinity'::float4", "-inf"),
        ("'infinity'::date", "infinity"),
        ("'-infinity'::timestamp", "-infinity"),
        ("'infinity'::timestamptz", "infinity"),
        ("'20000-01-01'::date", "+20000-01-01"),
        ("'4713-01-01 BC'::timestamp", "-4712-01-01 00:00:00"),
        ("'24:00'::time", "24:00:00"),
    ] {
        let query = format!("SELECT 1 AS good, {value} AS odd");
        let columns = session.describe(&Query::sql(&query)).await.unwrap();
        for rows in [
            fetch(session.as_mut(), &query).await,
            scan(session.as_mut(), &query).await.unwrap(),
        ] {
            let odd = &rows[0][1];
            let (text, is_number) = match odd {
                Value::Float(float) => (float.to_string(), true),
                other => (other.plain().into_owned(), false),
            };
            assert_eq!((&rows[0][0], &*text), (&Value::Int(1), shown));
            let converted = ponte::value::convert(odd.clone(), &columns[1].ty);
            assert!(converted.is_err(), "{value}: {converted:?}");
            // A number that is none is no text either.
            let converted = ponte::value::convert(odd.clone(), &TEXT);
            assert_eq!(converted.is_err(), is_number, "{value}: {converted:?}");
        }
    }
}

async fn what_is_no_value_here_is_an_error(bench: Bench) {
    let mut session = bench.connect().await;
    for value in [
        "'10:00+02'::timetz",
        "'12.50'::money",
        "'1 day'::interval",
        "'<a/>'::xml",
        "'127.0.0.1'::inet",
    ] {
        let query = Query::sql(format!("SELECT 1 AS good, {value} AS bad"));
        let error = db::fetch(session.as_mut(), &query).await.unwrap_err();
        assert!(error.message.contains("`bad`"), "{value}: {error}");
        let query = format!("SELECT 1 AS good, {value} AS bad");
        let mut other = bench.connect().await;
        let scanned = scan(other.as_mut(), &query).await.unwrap_err();
        assert_eq!(
            (scanned.kind, &scanned.message),
            (error.kind, &error.message)
        );
    }
}

async fn types_beside_the_standard_ones(bench: Bench) {
    bench.sql("CREATE EXTENSION citext; CREATE TABLE t (c citext, n name, o \"char\"); INSERT INTO t VALUES ('Ab', 'n', 'x')").await;
    let mut session = bench.connect().await;
    let rows = fetch(session.as_mut(), "SELECT c, n, o FROM t").await;
    assert_eq!(*rows[0], [text("Ab"), text("n"), text("x")]);
    let insert = insert(
        session.as_mut(),
        "t",
        &["c", "n", "o"],
        vec![vec![text("Cd"), text("m"), text("y")]],
    )
    .await;
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(bench.look("SELECT c FROM t WHERE c = 'cD'").await.len(), 1);
}

async fn sqlite_converts_by_declared_type(bench: Bench) {
    bench
        .sql(
            "CREATE TABLE t (v VARCHAR(10), d DECIMAL_TEXT(20,4), n NUMERIC, r REAL, x); \
              INSERT INTO t VALUES (12, 1.5, '12.50', 3, 0.1 + 0.2);
              CREATE VIEW w AS SELECT d AS money FROM t;",
        )
        .await;
    let mut session = bench.connect().await;
    let rows = fetch(session.as_mut(), "SELECT * FROM t").await;
    let wanted = [
        text("12"),
        decimal("1.5"),
        decimal("12.5"),
        Value::Float(3.0),
        decimal("0.3"),
    ];
    assert_eq!(*rows[0], wanted);
    let rows = fetch(session.as_mut(), "SELECT s.money FROM (SELECT * FROM w) s").await;
    assert_eq!(*rows[0], [decimal("1.5")]);
    bench.sql("INSERT INTO t (v) VALUES (x'00ff')").await;
    // Against its own type: as it is stored.
    let rows = fetch(session.as_mut(), "SELECT v FROM t WHERE typeof(v) = 'blob'").await;
    assert_eq!(*rows[0], [Value::Bytes(vec![0, 255])]);
}
