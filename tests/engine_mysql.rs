//! What is special to MySQL and MariaDB: statements over many rows with a CASE, the server's warnings, ids without
//! RETURNING, transactions that the server would let go on after an error. Needs PONTE_TEST_MARIADB, as tests/run sets it.

use std::path::Path;

use futures_util::TryStreamExt;
use mysql_async::prelude::Queryable;
use ponte::db::query::{Add, Delete, Insert, Query, TableName, Update};
use ponte::db::{CommitError, DbErrorKind, DbUrl, Engine, Isolation, Session, engine, fetch};
use ponte::value::{Decimal, Type, Value};

/// A database of its own, dropped at the end unless the test fails.
struct Database {
    admin: mysql_async::Conn,
    name: String,
    url: String,
}

impl Database {
    async fn new(name: &str, ddl: &[&str]) -> Database {
        let url = std::env::var("PONTE_TEST_MARIADB").expect("PONTE_TEST_MARIADB (see tests/run)");
        let (server, _) = url.rsplit_once('/').unwrap();
        let name = format!("mysql_{name}_{}", std::process::id());
        let mut admin = connect(&url).await;
        admin
            .query_drop(format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        admin.query_drop(format!("USE {name}")).await.unwrap();
        for statement in ddl {
            admin.query_drop(*statement).await.unwrap();
        }
        let url = format!("{server}/{name}");
        Database { admin, name, url }
    }

    async fn session(&self) -> Box<dyn Session> {
        self.engine("").connect().await.unwrap()
    }

    fn engine(&self, options: &str) -> std::sync::Arc<dyn Engine> {
        let url = format!("{}{options}", self.url);
        engine(&DbUrl::parse(&url, None, Path::new("")).unwrap()).unwrap()
    }

    /// One column of one row as the server writes it.
    async fn value(&mut self, sql: &str) -> Option<String> {
        self.admin
            .query_first::<Option<String>, _>(sql)
            .await
            .unwrap()
            .unwrap()
    }

    async fn drop(mut self) {
        self.admin
            .query_drop(format!("DROP DATABASE {}", self.name))
            .await
            .unwrap();
    }
}

async fn connect(url: &str) -> mysql_async::Conn {
    let options = mysql_async::OptsBuilder::from_opts(mysql_async::Opts::from_url(url).unwrap());
    mysql_async::Conn::new(options.prefer_socket(false))
        .await
        .unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn decimal(text: &str) -> Value {
    Value::Decimal(Decimal::parse(text).unwrap())
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const INT: Type = Type::Int {
    bits: 32,
    signed: true,
};

async fn types_of(session: &mut dyn Session, table: &str, columns: &[&str]) -> Vec<Type> {
    let table = session
        .table(&TableName::parse(table))
        .await
        .unwrap()
        .unwrap();
    columns
        .iter()
        .map(|name| table.column(name).unwrap().ty.clone())
        .collect()
}

/// Two rows with the edges of every type go in by INSERT, change places by an UPDATE with a CASE, and are what they were.
#[tokio::test]
async fn every_type_survives_insert_and_case() {
    let db = Database::new(
        "types",
        &["CREATE TABLE t (id INT PRIMARY KEY, ti TINYINT UNSIGNED, bi BIGINT, ub BIGINT UNSIGNED, d DECIMAL(65,30), \
           f FLOAT, db DOUBLE, c CHAR(10), v VARCHAR(40), l VARCHAR(20) CHARACTER SET latin1, lt LONGTEXT, b BLOB, \
           vb VARBINARY(8), da DATE, dt DATETIME(6), ts TIMESTAMP(6) NULL, tm TIME(6), y YEAR, bt BIT(12), \
           e ENUM('a','b''c'), s SET('x','y'), u UUID) DEFAULT CHARSET utf8mb4"],
    )
    .await;
    let mut session = db.session().await;
    let columns = [
        "ti", "bi", "ub", "d", "f", "db", "c", "v", "l", "lt", "b", "vb", "da", "dt", "ts", "tm",
        "y", "bt", "e", "s", "u",
    ];
    let types = types_of(&mut *session, "t", &columns).await;
    let time = |text: &str| text.parse::<chrono::NaiveDateTime>().unwrap();
    let one = vec![
        Value::UInt(255),
        Value::Int(i64::MIN),
        Value::UInt(u64::MAX),
        decimal(&format!("-{}.{}", "9".repeat(35), "8".repeat(29) + "7")),
        Value::Float(f64::from(0.1_f32)),
        Value::Float(0.1),
        text("ab"),
        text("caffè 😀 'x' \\ ?"),
        text("è € ü"),
        text(""),
        Value::Bytes(vec![0, 255, 39, 92, 128]),
        Value::Bytes(vec![]),
        Value::Date("9999-12-31".parse().unwrap()),
        Value::DateTime(time("9999-12-31T23:59:59.999999")),
        Value::Timestamp(time("2024-03-31T02:30:00.000001").and_utc()),
        Value::Time("23:59:59.999999".parse().unwrap()),
        Value::Int(2155),
        Value::UInt(4095),
        text("b'c"),
        text("x,y"),
        text("123e4567-e89b-12d3-a456-426614174000"),
    ];
    let mut two = vec![Value::Null; one.len()];
    two[3] = decimal("0.000000000000000000000000000001");
    two[9] = text("non-empty");
    two[10] = Value::Bytes((0..=255).collect());
    let mut all = vec!["id"];
    all.extend(columns);
    let with_id = |id, row: &[Value]| [&[Value::Int(id)], row].concat();
    let insert = Insert {
        table: TableName::parse("t"),
        columns: strings(&all),
        types: [&[INT], types.as_slice()].concat(),
        rows: vec![with_id(1, &one), with_id(2, &two)],
        generated: None,
        distinct_by: vec![],
    };
    let read = Query::sql("SELECT ")
        .idents(all)
        .text(" FROM t ORDER BY id");
    session.begin(Isolation::ReadCommitted).await.unwrap();
    session.insert(&insert).await.unwrap();
    let rows = fetch(&mut *session, &read).await.unwrap();
    assert_eq!(rows[0].to_vec(), with_id(1, &one));
    assert_eq!(rows[1].to_vec(), with_id(2, &two));
    let update = Update {
        table: TableName::parse("t"),
        key: strings(&["id"]),
        key_types: vec![INT],
        columns: strings(&columns),
        types,
        rows: vec![
            (vec![Value::Int(1)], two.clone()),
            (vec![Value::Int(2)], one.clone()),
            (vec![Value::Int(3)], one.clone()),
        ],
    };
    assert_eq!(session.update(&update).await.unwrap(), 2);
    // Unchanged rows count as found, too.
    assert_eq!(session.update(&update).await.unwrap(), 2);
    let rows = fetch(&mut *session, &read).await.unwrap();
    assert_eq!(rows[0].to_vec(), with_id(1, &two));
    assert_eq!(rows[1].to_vec(), with_id(2, &one));
    session.commit().await.unwrap();
    db.drop().await;
}

#[tokio::test]
async fn a_dropped_stream_leaves_the_session_and_its_transaction_usable() {
    let db = Database::new("stream", &["CREATE TABLE t (id INT PRIMARY KEY)"]).await;
    let mut session = db.session().await;
    session.begin(Isolation::ReadCommitted).await.unwrap();
    session
        .execute(&Query::sql("INSERT INTO t VALUES (1)"))
        .await
        .unwrap();
    let many = Query::sql("SELECT seq, REPEAT('x', 100) FROM seq_1_to_200000");
    let mut stream = session.read(&many).await.unwrap();
    let batch = stream.try_next().await.unwrap().unwrap();
    assert!(batch.rows.len() <= 1000);
    drop(stream);
    // Not even polled once, and one that fails after its first rows.
    drop(session.read(&many).await.unwrap());
    assert_eq!(
        fetch(&mut *session, &Query::sql("SELECT id FROM t"))
            .await
            .unwrap()
            .len(),
        1
    );
    session.commit().await.unwrap();
    let unreadable = Query::sql("SELECT POINT(1, 2) AS place");
    let error = fetch(&mut *session, &unreadable).await.unwrap_err();
    assert!(error.message.contains("column `place`"), "{error}");
    assert_eq!(
        fetch(&mut *session, &Query::sql("SELECT id FROM t"))
            .await
            .unwrap()
            .len(),
        1
    );
    let count = fetch(&mut *session, &many).await.unwrap().len();
    assert_eq!(count, 200_000);
    db.drop().await;
}

fn numbered(rows: Vec<Vec<Value>>, distinct_by: Vec<usize>) -> Insert {
    let varchar = Type::Text {
        chars_max: Some(40),
        bytes_max: None,
        charset: ponte::value::Charset::Unicode,
        padded: false,
    };
    Insert {
        table: TableName::parse("t"),
        columns: strings(&["name", "note"]),
        types: vec![varchar.clone(), varchar],
        rows,
        generated: Some("id".to_owned()),
        distinct_by,
    }
}

/// Rows that the server was made to load with LOAD DATA, by its own count.
async fn loads(db: &mut Database) -> u64 {
    let sql = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_LOAD'";
    db.value(sql).await.unwrap().parse().unwrap()
}

fn row(id: i64, rest: &[Value]) -> Vec<Value> {
    let rest = rest.iter().cloned();
    std::iter::once(Value::Int(id)).chain(rest).collect()
}

/// Hundreds of rows go by LOAD DATA, and hold what was sent: what separates fields, escapes, NULL beside the empty
/// text, every digit.
#[tokio::test]
async fn many_rows_are_loaded_as_they_are() {
    let mut db = Database::new(
        "load",
        &[
            "CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR(60), l VARCHAR(20) CHARACTER SET latin1, lt LONGTEXT, \
           d DECIMAL(65,30), f FLOAT, db DOUBLE, da DATE, dt DATETIME(6), ts TIMESTAMP(6) NULL, tm TIME(6), u BIGINT UNSIGNED) \
           DEFAULT CHARSET utf8mb4",
        ],
    )
    .await;
    let mut session = db.session().await;
    let columns = [
        "id", "v", "l", "lt", "d", "f", "db", "da", "dt", "ts", "tm", "u",
    ];
    let wall = chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let wall = wall.and_hms_micro_opt(23, 59, 59, 120_001).unwrap();
    let full = [
        text("a\tb\nc\r\0\\N 'q' \"d\" é 😀"),
        text("naïve €"),
        text(&"long \\ ".repeat(50_000)),
        decimal("-99999999999999999999999999999999999.123456789012345678901234567891"),
        Value::Float(f64::from(0.1f32)),
        Value::Float(-1.7976931348623157e308),
        Value::Date(wall.date()),
        Value::DateTime(wall),
        Value::Timestamp(wall.and_utc()),
        Value::Time(wall.time()),
        Value::UInt(u64::MAX),
    ];
    let mut empty = vec![Value::Null; full.len()];
    empty[0] = text("");
    empty[2] = text("\\N");
    empty[5] = Value::Float(5e-324);
    let rows: Vec<Vec<Value>> = (0..300)
        .map(|id| row(id, if id % 2 == 0 { &full } else { &empty }))
        .collect();
    let insert = Insert {
        table: TableName::parse("t"),
        columns: strings(&columns),
        types: types_of(session.as_mut(), "t", &columns).await,
        rows: rows.clone(),
        generated: None,
        distinct_by: vec![],
    };
    let before = loads(&mut db).await;
    session.begin(Isolation::ReadCommitted).await.unwrap();
    session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();
    assert!(loads(&mut db).await > before, "it was not loaded");
    let found = fetch(session.as_mut(), &Query::sql("SELECT * FROM t ORDER BY id")).await;
    let found: Vec<Vec<Value>> = found
        .unwrap()
        .into_iter()
        .map(|row| row.into_vec())
        .collect();
    assert_eq!(found, rows);
    db.drop().await;
}

/// LOAD DATA LOCAL makes warnings of all errors: what it changed or left out is undone, and said as of an INSERT.
#[tokio::test]
async fn what_loading_would_change_is_an_error_and_leaves_nothing() {
    let mut db = Database::new(
        "load_refused",
        &[
            "CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR(3) NOT NULL, n TINYINT, d DATE, c DECIMAL(5,2), k INT UNIQUE, \
             l VARCHAR(9) CHARACTER SET latin1, CHECK (n <> 7))",
            "INSERT INTO t (id, v) VALUES (-1, 'old')",
        ],
    )
    .await;
    let columns = ["id", "v", "n", "d", "c", "k", "l"];
    let null = Value::Null;
    for (case, at, value, kind) in [
        ("too long", 1, text("abcd"), DbErrorKind::Misfit),
        ("out of range", 2, Value::Int(128), DbErrorKind::Misfit),
        ("no date", 3, text("2024-02-30"), DbErrorKind::Misfit),
        ("places cut", 4, decimal("1.005"), DbErrorKind::Misfit),
        ("no character", 6, text("č"), DbErrorKind::Misfit),
        ("NULL", 1, null.clone(), DbErrorKind::Refused),
        ("check", 2, Value::Int(7), DbErrorKind::Refused),
        (
            "there already",
            0,
            Value::Int(-1),
            DbErrorKind::UniqueViolation,
        ),
        ("twice", 5, Value::Int(1), DbErrorKind::UniqueViolation),
    ] {
        let mut session = db.session().await;
        let plain = [
            text("abc"),
            Value::Int(1),
            null.clone(),
            null.clone(),
            null.clone(),
            null.clone(),
        ];
        let mut rows: Vec<Vec<Value>> = (0..200).map(|id| row(id, &plain)).collect();
        rows[50][5] = Value::Int(1);
        rows[150][at] = value;
        let insert = Insert {
            table: TableName::parse("t"),
            columns: strings(&columns),
            types: types_of(session.as_mut(), "t", &columns).await,
            rows,
            generated: None,
            distinct_by: vec![],
        };
        session.begin(Isolation::ReadCommitted).await.unwrap();
        let error = session.insert(&insert).await.unwrap_err();
        assert_eq!(error.kind, kind, "{case}: {error}");
        assert!(session.commit().await.is_err(), "{case}");
        let count = db.value("SELECT count(*) FROM t").await;
        assert_eq!(count.as_deref(), Some("1"), "{case}");
    }
    db.drop().await;
}

/// Types that take a text otherwise than a parameter, and a server that stops taking files: INSERT as ever.
#[tokio::test]
async fn what_cannot_be_loaded_is_inserted() {
    let mut db = Database::new(
        "load_not",
        &[
            "CREATE TABLE t (id BIGINT PRIMARY KEY, bt BIT(12), e ENUM('7', '8', '9'), b BLOB)",
            "CREATE TABLE plain (id BIGINT PRIMARY KEY)",
        ],
    )
    .await;
    let columns = ["id", "bt", "e", "b"];
    let mut session = db.session().await;
    let values = [
        Value::UInt(5),
        text("7"),
        Value::Bytes(vec![0, 9, 10, 92, 255]),
    ];
    let rows: Vec<Vec<Value>> = (0..200).map(|id| row(id, &values)).collect();
    let insert = Insert {
        table: TableName::parse("t"),
        columns: strings(&columns),
        types: types_of(session.as_mut(), "t", &columns).await,
        rows: rows.clone(),
        generated: None,
        distinct_by: vec![],
    };
    session.begin(Isolation::ReadCommitted).await.unwrap();
    session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();
    let found = fetch(session.as_mut(), &Query::sql("SELECT * FROM t ORDER BY id")).await;
    let found: Vec<Vec<Value>> = found
        .unwrap()
        .into_iter()
        .map(|row| row.into_vec())
        .collect();
    assert_eq!(found, rows);

    let insert = Insert {
        table: TableName::parse("plain"),
        columns: strings(&["id"]),
        types: types_of(session.as_mut(), "plain", &["id"]).await,
        rows: (0..200).map(|id| vec![Value::Int(id)]).collect(),
        generated: None,
        distinct_by: vec![],
    };
    db.admin
        .query_drop("SET GLOBAL local_infile = 0")
        .await
        .unwrap();
    session.begin(Isolation::ReadCommitted).await.unwrap();
    let inserted = session.insert(&insert).await;
    db.admin
        .query_drop("SET GLOBAL local_infile = 1")
        .await
        .unwrap();
    inserted.unwrap();
    session.commit().await.unwrap();
    let count = db.value("SELECT count(*) FROM plain").await;
    assert_eq!(count.as_deref(), Some("200"));
    db.drop().await;
}

#[tokio::test]
async fn generated_ids_come_in_the_order_of_the_rows() {
    let mut db = Database::new(
        "ids",
        &[
            "CREATE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), note VARCHAR(40))",
            "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.name = TRIM(NEW.name)",
        ],
    )
    .await;
    let mut session = db.session().await;
    session
        .execute(&Query::sql("SET auto_increment_increment = 3"))
        .await
        .unwrap();
    session.begin(Isolation::ReadCommitted).await.unwrap();
    let rows = |blank: &str| -> Vec<Vec<Value>> {
        (0..2500)
            .map(|n| vec![text(&format!("{blank}n{n}")), text("same")])
            .collect()
    };
    // At once; by one, since the trigger changes what they are known by; by one, since they are all the same.
    for insert in [
        numbered(rows(""), vec![0]),
        numbered(rows(" ")[..20].to_vec(), vec![0]),
        numbered(vec![vec![text("twin"), Value::Null]; 3], vec![]),
    ] {
        let ids = session.insert(&insert).await.unwrap();
        assert_eq!(ids.len(), insert.rows.len());
        for (id, row) in ids.iter().zip(&insert.rows).step_by(7) {
            let query = Query::sql("SELECT name FROM t WHERE id = ").value(id.clone());
            let found = fetch(&mut *session, &query).await.unwrap();
            let Value::Text(name) = &row[0] else { panic!() };
            assert_eq!(found[0][0], text(name.trim()));
        }
    }
    session.commit().await.unwrap();
    assert_eq!(db.value("SELECT COUNT(*) FROM t").await.unwrap(), "2523");
    db.drop().await;
}

#[tokio::test]
async fn what_the_server_cut_is_an_error_and_is_not_committed() {
    let mut db = Database::new(
        "cut",
        &["CREATE TABLE t (id INT PRIMARY KEY, d DECIMAL(6,2))"],
    )
    .await;
    let mut session = db.session().await;
    let insert = Insert {
        table: TableName::parse("t"),
        columns: strings(&["id", "d"]),
        types: vec![
            INT,
            Type::Decimal {
                precision: Some(6),
                scale: Some(2),
            },
        ],
        rows: vec![vec![Value::Int(1), decimal("1.005")]],
        generated: None,
        distinct_by: vec![],
    };
    let error = session.insert(&insert).await.unwrap_err();
    assert!(
        error.message.contains("outside of a transaction"),
        "{error}"
    );
    session.begin(Isolation::ReadCommitted).await.unwrap();
    assert_eq!(
        session.insert(&insert).await.unwrap_err().kind,
        DbErrorKind::Misfit
    );
    let error = session
        .execute(&Query::sql("INSERT INTO t VALUES (2, 2)"))
        .await
        .unwrap_err();
    assert!(error.message.contains("can only be rolled back"), "{error}");
    assert!(matches!(
        session.commit().await,
        Err(CommitError::NotDone(_))
    ));
    session.begin(Isolation::ReadCommitted).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(db.value("SELECT COUNT(*) FROM t").await.unwrap(), "0");
    db.drop().await;
}

#[tokio::test]
async fn differences_are_added_to_numbers_and_to_texts() {
    let mut db = Database::new(
        "add",
        &[
            "CREATE TABLE t (id INT PRIMARY KEY, n INT UNSIGNED, d DECIMAL(10,3), x LONGTEXT)",
            "INSERT INTO t VALUES (1, 5, 1.5, '101'), (2, 5, 2, '9007199254740993'), (3, 5, 3, 'many'), (4, 1, NULL, NULL)",
        ],
    )
    .await;
    let mut session = db.session().await;
    let types = types_of(&mut *session, "t", &["n", "d", "x"]).await;
    let add = |column: &str, ty: &Type, rows: &[(i64, &str)]| Add {
        table: TableName::parse("t"),
        key: "id".to_owned(),
        key_type: INT,
        column: column.to_owned(),
        column_type: ty.clone(),
        rows: rows
            .iter()
            .map(|(id, delta)| (Value::Int(*id), Decimal::parse(delta).unwrap()))
            .collect(),
    };
    session.begin(Isolation::ReadCommitted).await.unwrap();
    // A key that comes up twice counts twice.
    let numbers = add("n", &types[0], &[(3, "7"), (1, "-5"), (3, "-2"), (9, "1")]);
    assert_eq!(session.add(&numbers).await.unwrap(), 3);
    let decimals = add("d", &types[1], &[(1, "-0.125"), (2, "3")]);
    assert_eq!(session.add(&decimals).await.unwrap(), 2);
    let texts = add("x", &types[2], &[(1, "-101"), (2, "2"), (4, "1")]);
    assert_eq!(session.add(&texts).await.unwrap(), 3);
    session.commit().await.unwrap();
    let all = "SELECT GROUP_CONCAT(CONCAT_WS(' ', n, d, x) ORDER BY id SEPARATOR '; ') FROM t";
    assert_eq!(
        db.value(all).await.unwrap(),
        "0 1.375 0; 5 5.000 9007199254740995; 10 3.000 many; 1"
    );
    for refused in [
        add("n", &types[0], &[(1, "-1")]),
        add("x", &types[2], &[(3, "1")]),
        add("x", &types[2], &[(1, "0.5")]),
    ] {
        session.begin(Isolation::ReadCommitted).await.unwrap();
        assert_eq!(
            session.add(&refused).await.unwrap_err().kind,
            DbErrorKind::Misfit
        );
        session.rollback().await.unwrap();
    }
    db.drop().await;
}

#[tokio::test]
async fn keys_of_several_columns_and_exact_decimals() {
    let mut db = Database::new(
        "keys",
        &[
            "CREATE TABLE t (a DECIMAL(30,10), b VARCHAR(10), c INT, j JSON, PRIMARY KEY (a, b))",
            "INSERT INTO t VALUES (12345678901234567890.0000000001, 'x', 1, '{}'), \
             (12345678901234567890.0000000002, 'x', 1, '{}'), (12345678901234567890.0000000002, 'y', 1, '{}')",
        ],
    )
    .await;
    let mut session = db.session().await;
    let key_types = types_of(&mut *session, "t", &["a", "b"]).await;
    let (first, second) = (
        "12345678901234567890.0000000001",
        "12345678901234567890.0000000002",
    );
    let update = |rows| Update {
        table: TableName::parse("t"),
        key: strings(&["a", "b"]),
        key_types: key_types.clone(),
        columns: strings(&["c"]),
        types: vec![INT],
        rows,
    };
    session.begin(Isolation::ReadCommitted).await.unwrap();
    let rows = vec![
        (vec![decimal(first), text("x")], vec![Value::Int(10)]),
        (vec![decimal(second), text("x")], vec![Value::Int(20)]),
        (vec![decimal(second), text("x")], vec![Value::Int(21)]),
        (vec![decimal(second), text("z")], vec![Value::Int(99)]),
    ];
    assert_eq!(session.update(&update(rows)).await.unwrap(), 3);
    let by_value = Query::sql("SELECT c FROM t WHERE a = ").value(decimal(first));
    let found = fetch(&mut *session, &by_value).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0][0], Value::Int(10));
    let json = Update {
        columns: strings(&["j"]),
        types: vec![Type::Json],
        rows: vec![
            (
                vec![decimal(first), text("x")],
                vec![Value::Json("{\"a\": 1.50}".to_owned())],
            ),
            (vec![decimal(second), text("x")], vec![Value::Null]),
        ],
        ..update(vec![])
    };
    assert_eq!(session.update(&json).await.unwrap(), 2);
    let delete = Delete {
        table: TableName::parse("t"),
        key: strings(&["a", "b"]),
        key_types: key_types.clone(),
        rows: vec![
            vec![decimal(second), text("y")],
            vec![decimal(first), text("nobody")],
        ],
    };
    assert_eq!(session.delete(&delete).await.unwrap(), 1);
    session.commit().await.unwrap();
    let all = "SELECT GROUP_CONCAT(CONCAT_WS(' ', c, j) ORDER BY a SEPARATOR '; ') FROM t";
    assert_eq!(db.value(all).await.unwrap(), "10 {\"a\": 1.50}; 21");
    db.drop().await;
}

#[tokio::test]
async fn after_a_deadlock_nothing_is_committed_by_itself() {
    let mut db = Database::new(
        "deadlock",
        &[
            "CREATE TABLE t (id INT PRIMARY KEY, n INT)",
            "INSERT INTO t VALUES (1, 0), (2, 0)",
        ],
    )
    .await;
    let (mut left, mut right) = (db.session().await, db.session().await);
    let hit = |id: i64| Query::sql("UPDATE t SET n = n + 1 WHERE id = ").value(Value::Int(id));
    left.begin(Isolation::ReadCommitted).await.unwrap();
    right.begin(Isolation::ReadCommitted).await.unwrap();
    left.execute(&hit(1)).await.unwrap();
    right.execute(&hit(2)).await.unwrap();
    let (one, two) = (hit(2), hit(1));
    let (one, two) = tokio::join!(left.execute(&one), right.execute(&two));
    let (mut victim, mut winner, error) = match (one, two) {
        (Err(error), Ok(_)) => (left, right, error),
        (Ok(_), Err(error)) => (right, left, error),
        both => panic!("no deadlock: {both:?}"),
    };
    assert_eq!(error.kind, DbErrorKind::Deadlock);
    assert!(victim.execute(&hit(1)).await.is_err());
    assert!(matches!(
        victim.commit().await,
        Err(CommitError::NotDone(_))
    ));
    winner.commit().await.unwrap();
    assert_eq!(db.value("SELECT SUM(n) FROM t").await.unwrap(), "2");
    db.drop().await;
}

#[tokio::test]
async fn a_killed_connection_is_lost_and_the_fate_of_its_commit_unknown() {
    let mut db = Database::new("killed", &["CREATE TABLE t (id INT)"]).await;
    let mut session = db.session().await;
    let id = fetch(&mut *session, &Query::sql("SELECT CONNECTION_ID()"))
        .await
        .unwrap()[0][0]
        .clone();
    session.begin(Isolation::ReadCommitted).await.unwrap();
    session
        .execute(&Query::sql("INSERT INTO t VALUES (1)"))
        .await
        .unwrap();
    let (Value::Int(_) | Value::UInt(_)) = id else {
        panic!()
    };
    db.admin
        .query_drop(format!("KILL {}", id.show()))
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let Err(CommitError::Unknown(error)) = session.commit().await else {
        panic!("the answer was lost");
    };
    assert_eq!(error.kind, DbErrorKind::ConnectionLost);
    let error = session.begin(Isolation::ReadCommitted).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::ConnectionLost);
    db.drop().await;
}

#[tokio::test]
async fn the_session_is_as_documented() {
    let mut db = Database::new("settings", &["CREATE TABLE t (id INT)"]).await;
    let mut session = db.session().await;
    assert!(session.server().product.starts_with("MariaDB "));
    let query = Query::sql(
        "SELECT @@time_zone, @@sql_mode, @@character_set_client, @@innodb_lock_wait_timeout + 0, @@max_statement_time + 0",
    );
    let row = fetch(&mut *session, &query).await.unwrap().remove(0);
    assert_eq!(row[0], text("+00:00"));
    let Value::Text(mode) = &row[1] else { panic!() };
    assert!(mode.contains("STRICT_ALL_TABLES") && !mode.contains("NO_ZERO_DATE"));
    assert_eq!(row[2], text("utf8mb4"));
    // Whoever may write and falls silent is thrown out; who only reads may take his time.
    let query = Query::sql("SELECT @@idle_transaction_timeout + 0");
    for (isolation, limit) in [
        (Isolation::ReadCommitted, 60),
        (Isolation::Snapshot, 0),
        (Isolation::ReadCommitted, 60),
    ] {
        session.begin(isolation).await.unwrap();
        let row = fetch(&mut *session, &query).await.unwrap().remove(0);
        assert_eq!(row[0].show(), limit.to_string(), "{isolation:?}");
        session.rollback().await.unwrap();
    }
    // A snapshot takes no writes, and does not see what others commit.
    session.begin(Isolation::Snapshot).await.unwrap();
    db.admin
        .query_drop("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    assert!(
        fetch(&mut *session, &Query::sql("SELECT id FROM t"))
            .await
            .unwrap()
            .is_empty()
    );
    let error = session
        .execute(&Query::sql("INSERT INTO t VALUES (2)"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::ReadOnly);
    session.rollback().await.unwrap();
    // The server's own time limit leaves the session usable.
    let mut hurried = db.engine("?statement_timeout_s=1").connect().await.unwrap();
    let slow = Query::sql("SELECT SLEEP(5) FROM t");
    assert_eq!(
        fetch(&mut *hurried, &slow).await.unwrap_err().kind,
        DbErrorKind::Timeout
    );
    assert_eq!(
        fetch(&mut *hurried, &Query::sql("SELECT 1"))
            .await
            .unwrap()
            .len(),
        1
    );
    // A session dropped within a transaction takes it along.
    session.begin(Isolation::ReadCommitted).await.unwrap();
    session
        .execute(&Query::sql("INSERT INTO t VALUES (3)"))
        .await
        .unwrap();
    drop(session);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(db.value("SELECT COUNT(*) FROM t").await.unwrap(), "1");
    db.drop().await;
}

#[tokio::test]
async fn refusals_to_connect_say_why_and_show_no_password() {
    let db = Database::new("refused", &[]).await;
    let no_user = db.url.replace("root:ponte", "root:hunter2");
    let no_database = format!("{}x", db.url);
    let no_tls = format!("{}?tls=verify", db.url);
    for (url, kind) in [
        (no_user.as_str(), DbErrorKind::Authentication),
        (no_database.as_str(), DbErrorKind::Undefined),
        (no_tls.as_str(), DbErrorKind::Tls),
        ("mysql://u:hunter2@127.0.0.1:1/d", DbErrorKind::Unreachable),
    ] {
        let engine = engine(&DbUrl::parse(url, None, Path::new("")).unwrap()).unwrap();
        let error = engine.connect().await.err().unwrap();
        assert_eq!(error.kind, kind, "{error}");
        assert!(!error.message.contains("hunter2"), "{error}");
    }
    db.drop().await;
}

#[tokio::test]
async fn the_catalog_tells_what_a_table_takes() {
    let mut db = Database::new(
        "catalog",
        &[
            "CREATE TABLE `It's` (id INT UNSIGNED AUTO_INCREMENT, a VARCHAR(20) CHARACTER SET latin1 NOT NULL, \
             b CHAR(3) NOT NULL DEFAULT 'x', c TEXT, d DECIMAL(15,4), e ENUM('a','b''c'), g INT AS (id + 1), j JSON, \
             t TIMESTAMP(3) NULL, u UUID, p POINT, PRIMARY KEY (id), UNIQUE (a, b), KEY (d), FULLTEXT (c))",
            "CREATE TABLE old (id INT) ENGINE = MyISAM",
            "CREATE VIEW v AS SELECT id, a FROM `It's`",
        ],
    )
    .await;
    let mut session = db.session().await;
    let table = session
        .table(&TableName::parse("It's"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(table.primary_key, ["id"]);
    assert_eq!(table.unique_keys, [strings(&["id"]), strings(&["a", "b"])]);
    assert_eq!(table.indexes.len(), 3);
    assert!(table.transactional && !table.is_view);
    assert_eq!(table.storage.as_deref(), Some("InnoDB"));
    assert_eq!(table.privileges.insert, Some(true));
    let column = |name: &str| table.column(name).unwrap();
    assert!(column("id").generated && column("id").has_default && !column("id").nullable);
    assert!(!column("a").has_default && column("b").has_default && !column("c").has_default);
    assert!(column("g").computed && !column("id").computed);
    let declared = |name: &str| column(name).ty.clone();
    assert_eq!(
        declared("id"),
        Type::Int {
            bits: 32,
            signed: false
        }
    );
    assert_eq!(
        declared("d"),
        Type::Decimal {
            precision: Some(15),
            scale: Some(4)
        }
    );
    assert_eq!(declared("e"), Type::Enum(strings(&["a", "b'c"]).into()));
    assert_eq!(declared("j"), Type::Json);
    assert_eq!(declared("t"), Type::Timestamp { digits: 3 });
    assert_eq!(declared("p"), Type::Other("point".to_owned()));
    let Type::Text {
        charset, chars_max, ..
    } = declared("a")
    else {
        panic!()
    };
    assert_eq!(
        (charset, chars_max),
        (ponte::value::Charset::Latin1, Some(20))
    );
    assert!(
        session
            .table(&TableName::parse("it's"))
            .await
            .unwrap()
            .is_none()
    );
    let old = session
        .table(&TableName::parse("old"))
        .await
        .unwrap()
        .unwrap();
    assert!(!old.transactional);
    assert!(
        session
            .table(&TableName::parse("v"))
            .await
            .unwrap()
            .unwrap()
            .is_view
    );
    let described = session
        .describe(&Query::sql("SELECT id, d, a, j + 0 AS k FROM `It's`"))
        .await
        .unwrap();
    assert_eq!(
        described[1].ty,
        Type::Decimal {
            precision: Some(15),
            scale: Some(4)
        }
    );
    assert_eq!(described[3].name, "k");
    limited_login(&mut db).await;
    db.drop().await;
}

/// A login that may read everything and change one column.
async fn limited_login(db: &mut Database) {
    let name = db.name.clone();
    for statement in [
        format!("CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY 'x'"),
        format!(
            "GRANT SELECT ON `{}`.* TO '{name}'@'127.0.0.1'",
            name.replace('_', "\\_")
        ),
        format!("GRANT UPDATE (id) ON {name}.old TO '{name}'@'127.0.0.1'"),
    ] {
        db.admin.query_drop(statement).await.unwrap();
    }
    let url = db.url.replace("root:ponte", &format!("{name}:x"));
    let engine = engine(&DbUrl::parse(&url, None, Path::new("")).unwrap()).unwrap();
    let mut session = engine.connect().await.unwrap();
    let privileges = session
        .table(&TableName::parse("old"))
        .await
        .unwrap()
        .unwrap()
        .privileges;
    assert_eq!(privileges.select, Some(true));
    assert_eq!(
        (privileges.insert, privileges.delete),
        (Some(false), Some(false))
    );
    // Of some columns only.
    assert_eq!(privileges.update, None);
    let insert = Query::sql("INSERT INTO old VALUES (1)");
    assert_eq!(
        session.execute(&insert).await.unwrap_err().kind,
        DbErrorKind::Privilege
    );
    db.admin
        .query_drop(format!("DROP USER '{name}'@'127.0.0.1'"))
        .await
        .unwrap();
}
