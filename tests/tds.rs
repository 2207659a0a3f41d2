//! The stand-in for SQL Server, asked by the driver that ponte uses, and by nothing of ponte.

use futures_util::TryStreamExt;
use std::time::Duration;
use tds_stand_in::{Encryption, Moment, Options, Server, certificate};
use tiberius::{
    AuthMethod, Client, ColumnData, Config, EncryptionLevel, IsolationLevel, QueryItem, ToSql,
};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

type Db = Client<Compat<TcpStream>>;

fn config(server: &Server) -> Config {
    let mut config = Config::new();
    config.host("localhost");
    config.port(server.port());
    config.authentication(AuthMethod::sql_server("sa", "Pass.word1"));
    config.encryption(EncryptionLevel::NotSupported);
    config
}

async fn try_connect(config: Config) -> tiberius::Result<Db> {
    let stream = TcpStream::connect(config.get_addr()).await?;
    stream.set_nodelay(true)?;
    Client::connect(config, stream.compat_write()).await
}

async fn connect(server: &Server) -> Db {
    try_connect(config(server)).await.expect("a login")
}

async fn run(db: &mut Db, sql: &str) {
    let done = db.simple_query(sql).await.expect(sql);
    done.into_results().await.expect(sql);
}

/// Number, state and class of the error that a batch ends with.
async fn refused(db: &mut Db, sql: &str) -> (u32, u8, u8) {
    let made = async { db.simple_query(sql).await?.into_results().await };
    match made.await {
        Err(tiberius::error::Error::Server(error)) => (error.code(), error.state(), error.class()),
        other => panic!("{sql}: {other:?}"),
    }
}

fn shown(value: &ColumnData) -> String {
    match value {
        ColumnData::U8(Some(v)) => format!("tinyint {v}"),
        ColumnData::I16(Some(v)) => format!("smallint {v}"),
        ColumnData::I32(Some(v)) => format!("int {v}"),
        ColumnData::I64(Some(v)) => format!("bigint {v}"),
        ColumnData::Bit(Some(v)) => format!("bit {v}"),
        ColumnData::F32(Some(v)) => format!("real {v}"),
        ColumnData::F64(Some(v)) => format!("float {v}"),
        ColumnData::String(Some(v)) => format!("text {v}"),
        ColumnData::Binary(Some(v)) => format!("binary {v:02x?}"),
        ColumnData::Numeric(Some(v)) => format!("numeric {v}"),
        ColumnData::Guid(Some(v)) => format!("guid {v}"),
        ColumnData::Xml(Some(v)) => format!("xml {v}"),
        ColumnData::Date(Some(v)) => format!("date {}", v.days()),
        ColumnData::Time(Some(v)) => format!("time {}e-{}", v.increments(), v.scale()),
        ColumnData::DateTime(Some(v)) => format!("datetime {} {}", v.days(), v.seconds_fragments()),
        ColumnData::SmallDateTime(Some(v)) => {
            format!("smalldatetime {} {}", v.days(), v.seconds_fragments())
        }
        ColumnData::DateTime2(Some(v)) => format!(
            "datetime2 {} {}e-{}",
            v.date().days(),
            v.time().increments(),
            v.time().scale()
        ),
        ColumnData::DateTimeOffset(Some(v)) => {
            format!(
                "datetimeoffset {} {}e-{} {}",
                v.datetime2().date().days(),
                v.datetime2().time().increments(),
                v.datetime2().time().scale(),
                v.offset()
            )
        }
        other => {
            assert!(format!("{other:?}").contains("None"), "{other:?}");
            "null".to_owned()
        }
    }
}

/// All rows of all results, by what the driver makes of them.
async fn rows(db: &mut Db, sql: &str) -> Vec<String> {
    let results = db
        .simple_query(sql)
        .await
        .expect(sql)
        .into_results()
        .await
        .expect(sql);
    lines(results)
}

async fn rows_with(db: &mut Db, sql: &str, params: &[&dyn ToSql]) -> Vec<String> {
    let results = db
        .query(sql, params)
        .await
        .expect(sql)
        .into_results()
        .await
        .expect(sql);
    lines(results)
}

fn lines(results: Vec<Vec<tiberius::Row>>) -> Vec<String> {
    let row = |row: tiberius::Row| {
        row.into_iter()
            .map(|value| shown(&value))
            .collect::<Vec<_>>()
            .join(", ")
    };
    results.into_iter().flatten().map(row).collect()
}

fn start() -> Server {
    Server::start(Options::default())
}

#[tokio::test]
async fn logins_are_checked() {
    let server = start();
    connect(&server).await;
    let mut wrong = config(&server);
    wrong.authentication(AuthMethod::sql_server("sa", "wrong"));
    let error = try_connect(wrong).await.expect_err("a wrong password");
    assert_eq!(error.code(), Some(18456), "{error}");
    let mut unknown = config(&server);
    unknown.database("nowhere");
    let error = try_connect(unknown).await.expect_err("no such database");
    assert_eq!(error.code(), Some(4060), "{error}");
}

#[tokio::test]
async fn tls_hides_all_or_the_login_alone() {
    let server = start();
    for level in [
        EncryptionLevel::Off,
        EncryptionLevel::On,
        EncryptionLevel::Required,
    ] {
        let mut config = config(&server);
        config.encryption(level);
        config.trust_cert_ca(certificate::authority().display());
        let mut db = try_connect(config).await.expect("TLS");
        assert_eq!(rows(&mut db, "SELECT 1").await, ["int 1"]);
        let long = "x".repeat(100_000);
        assert_eq!(
            rows_with(&mut db, "SELECT @P1", &[&long]).await,
            [format!("text {long}")]
        );
    }
    let mut unknown = config(&server);
    unknown.encryption(EncryptionLevel::Required);
    assert!(try_connect(unknown).await.is_err(), "an unknown authority");
    let plain = Server::start(Options {
        encryption: Encryption::None,
        ..Options::default()
    });
    let mut required = config(&plain);
    required.encryption(EncryptionLevel::Required);
    assert!(try_connect(required).await.is_err(), "a server without TLS");
}

#[tokio::test]
async fn every_type_comes_back_as_it_was_written() {
    let server = start();
    let mut db = connect(&server).await;
    let cases = [
        ("tinyint", "255", "tinyint 255"),
        ("smallint", "-32768", "smallint -32768"),
        ("int", "-2147483648", "int -2147483648"),
        (
            "bigint",
            "9223372036854775807",
            "bigint 9223372036854775807",
        ),
        ("bit", "1", "bit true"),
        (
            "decimal(38,10)",
            "-1234567890123456789012345678.0123456789",
            "numeric -1234567890123456789012345678.0123456789",
        ),
        ("numeric(5,2)", "999.99", "numeric 999.99"),
        ("money", "-922337203685477.5808", "float -922337203685477.6"),
        ("smallmoney", "214748.3647", "float 214748.3647"),
        ("float", "1.5e300", &format!("float {}", 1.5e300)),
        ("real", "0.1", "real 0.1"),
        ("char(5)", "'ab'", "text ab   "),
        ("varchar(10)", "'è€'", "text è€"),
        ("varchar(max)", "'Città'", "text Città"),
        ("nchar(3)", "N'ж'", "text ж  "),
        ("nvarchar(10)", "N'a😀b'", "text a😀b"),
        ("nvarchar(max)", "N''", "text "),
        ("text", "'perché'", "text perché"),
        ("ntext", "N'😀'", "text 😀"),
        ("binary(4)", "0x0102", "binary [01, 02, 00, 00]"),
        ("varbinary(8)", "0x00ff", "binary [00, ff]"),
        ("varbinary(max)", "0x", "binary []"),
        ("image", "0xdead", "binary [de, ad]"),
        ("date", "'9999-12-31'", "date 3652058"),
        ("time(7)", "'23:59:59.9999999'", "time 863999999999e-7"),
        ("time(0)", "'12:34:56'", "time 45296e-0"),
        (
            "datetime",
            "'2026-01-02T03:04:05.997'",
            "datetime 46022 3313799",
        ),
        (
            "smalldatetime",
            "'2026-01-02 03:04'",
            "smalldatetime 46022 184",
        ),
        (
            "datetime2(3)",
            "'2026-01-02 03:04:05.1234'",
            "datetime2 739617 11045123e-3",
        ),
        (
            "datetimeoffset(7)",
            "'2026-01-02 00:30:00.5 +02:00'",
            "datetimeoffset 739616 810005000000e-7 120",
        ),
        (
            "uniqueidentifier",
            "'6F9619FF-8B86-D011-B42D-00C04FC964FF'",
            "guid 6f9619ff-8b86-d011-b42d-00c04fc964ff",
        ),
        ("xml", "N'<a>1</a>'", "xml <a>1</a>"),
    ];
    for (at, (ty, literal, expected)) in cases.iter().enumerate() {
        let table = format!("t{at}");
        run(
            &mut db,
            &format!("CREATE TABLE {table} (a int NOT NULL, v {ty} NULL, w {ty} NULL)"),
        )
        .await;
        run(
            &mut db,
            &format!("INSERT INTO {table} (a, v) VALUES (1, {literal})"),
        )
        .await;
        assert_eq!(
            rows(&mut db, &format!("SELECT v, w FROM {table}")).await,
            [format!("{expected}, null")],
            "{ty}"
        );
        // What has come goes back as a parameter.
        let first = db
            .simple_query(format!("SELECT v FROM {table}"))
            .await
            .unwrap()
            .into_row()
            .await
            .unwrap()
            .unwrap();
        let value = first.into_iter().next().unwrap();
        if !matches!(*ty, "money" | "smallmoney" | "text" | "ntext" | "image") {
            db.execute(
                format!("INSERT INTO {table} (a, w) VALUES (2, @P1)"),
                &[&value],
            )
            .await
            .expect(ty);
            assert_eq!(
                rows(&mut db, &format!("SELECT w, v FROM {table} WHERE a = 2")).await,
                [format!("{expected}, null")],
                "{ty} as a parameter"
            );
        }
        // NULL in a column that takes none.
        run(&mut db, &format!("CREATE TABLE n{at} (v {ty} NOT NULL)")).await;
        assert_eq!(
            refused(&mut db, &format!("INSERT INTO n{at} VALUES (NULL)"))
                .await
                .0,
            515,
            "{ty}"
        );
        run(&mut db, &format!("INSERT INTO n{at} VALUES ({literal})")).await;
        assert_eq!(
            rows(&mut db, &format!("SELECT * FROM n{at}")).await,
            [*expected],
            "{ty} NOT NULL"
        );
    }
}

#[tokio::test]
async fn null_parameters_have_the_declared_type() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE t (i int, s nvarchar(10), b varbinary(10), d decimal(10,2), m datetime2)",
    )
    .await;
    let none: [&dyn ToSql; 5] = [
        &None::<i32>,
        &None::<&str>,
        &None::<&[u8]>,
        &None::<tiberius::numeric::Numeric>,
        &ColumnData::DateTime2(None),
    ];
    db.execute("INSERT INTO t VALUES (@P1, @P2, @P3, @P4, @P5)", &none)
        .await
        .unwrap();
    assert_eq!(
        rows(&mut db, "SELECT * FROM t").await,
        ["null, null, null, null, null"]
    );
}

#[tokio::test]
async fn results_come_one_after_the_other_and_errors_end_them() {
    let server = start();
    let mut db = connect(&server).await;
    assert_eq!(
        rows(&mut db, "SELECT 1; SELECT N'a', N'b' SELECT 2").await,
        ["int 1", "text a, text b", "int 2"]
    );
    run(&mut db, "CREATE TABLE t (a int PRIMARY KEY, b varchar(3), CONSTRAINT b_is_short CHECK (b <> 'bad'))").await;
    run(&mut db, "CREATE UNIQUE INDEX t_b ON t (b)").await;
    run(&mut db, "INSERT INTO t VALUES (1, 'x')").await;
    for (sql, expected) in [
        ("INSERT INTO t VALUES (1, 'y')", (2627, 1, 14)),
        ("INSERT INTO t VALUES (2, 'X')", (2601, 1, 14)),
        ("INSERT INTO t VALUES (2, 'bad')", (547, 1, 16)),
        ("INSERT INTO t VALUES (2, 'long')", (8152, 1, 16)),
        ("INSERT INTO t VALUES (NULL, 'z')", (515, 1, 16)),
        ("INSERT INTO t VALUES (3000000000, 'z')", (8115, 1, 16)),
        ("SELECT CAST('x' AS int)", (245, 1, 16)),
        ("SELECT 1 / 0", (8134, 1, 16)),
        ("SELECT * FROM nowhere", (208, 1, 16)),
        ("SELECT nothing FROM t", (207, 1, 16)),
        ("SELECT a FROM t LIMIT 1", (102, 1, 15)),
        ("SELECT a, COUNT(*) FROM t GROUP BY b", (8120, 1, 16)),
        ("SELECT a || b FROM t", (102, 1, 15)),
        ("SELECT @x", (137, 1, 15)),
        ("COMMIT", (3902, 1, 16)),
        ("ROLLBACK", (3903, 1, 16)),
        ("THROW 50001, N'own', 7", (50001, 7, 16)),
    ] {
        assert_eq!(refused(&mut db, sql).await, expected, "{sql}");
    }
    let error = db
        .simple_query("SELECT 1\nSELECT 2\n\nSELECT 1/0")
        .await
        .unwrap()
        .into_results()
        .await
        .unwrap_err();
    let tiberius::error::Error::Server(error) = error else {
        panic!("{error}")
    };
    assert_eq!(error.line(), 4);
    assert_eq!(rows(&mut db, "SELECT a, b FROM t").await, ["int 1, text x"]);
}

#[tokio::test]
async fn transactions_are_kept_or_undone() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE t (a int IDENTITY(1,1) PRIMARY KEY, b int)",
    )
    .await;
    db.begin_transaction().await.unwrap();
    run(&mut db, "INSERT INTO t (b) VALUES (1)").await;
    db.rollback_transaction().await.unwrap();
    db.begin_transaction_with_isolation(IsolationLevel::ReadCommitted)
        .await
        .unwrap();
    run(&mut db, "INSERT INTO t (b) VALUES (2)").await;
    db.commit_transaction().await.unwrap();
    // The number of the row undone is used up.
    assert_eq!(
        rows(&mut db, "SELECT a, b, @@TRANCOUNT FROM t").await,
        ["int 2, int 2, int 0"]
    );
    run(&mut db, "BEGIN TRANSACTION; INSERT INTO t (b) VALUES (3); SAVE TRANSACTION sp; INSERT INTO t (b) VALUES (4); ROLLBACK TRANSACTION sp; COMMIT").await;
    assert_eq!(
        rows(&mut db, "SELECT b FROM t ORDER BY a").await,
        ["int 2", "int 3"]
    );
    assert_eq!(
        refused(&mut db, "BEGIN TRAN; ROLLBACK TRAN other").await.0,
        6401
    );
    run(&mut db, "ROLLBACK").await;
    // An error alone undoes its statement; with XACT_ABORT, the transaction.
    run(&mut db, "BEGIN TRAN; INSERT INTO t (b) VALUES (5)").await;
    refused(&mut db, "SELECT 1/0").await;
    assert_eq!(rows(&mut db, "SELECT @@TRANCOUNT").await, ["int 1"]);
    refused(&mut db, "SET XACT_ABORT ON; SELECT 1/0").await;
    assert_eq!(
        rows(&mut db, "SELECT @@TRANCOUNT, COUNT(*) FROM t").await,
        ["int 0, int 2"]
    );
}

#[tokio::test]
async fn one_session_waits_for_the_other() {
    let server = start();
    let mut first = connect(&server).await;
    let mut second = connect(&server).await;
    run(
        &mut first,
        "CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 0)",
    )
    .await;
    run(&mut first, "BEGIN TRAN; SELECT b FROM t WITH (UPDLOCK, ROWLOCK) WHERE a = 1; UPDATE t SET b = 1 WHERE a = 1").await;
    assert_eq!(
        rows(&mut second, "SELECT b FROM t").await,
        ["int 0"],
        "what is committed"
    );
    assert_eq!(
        refused(&mut second, "SET LOCK_TIMEOUT 50; UPDATE t SET b = 2")
            .await
            .0,
        1222
    );
    let (waited, ()) = tokio::join!(
        async {
            second
                .execute("SET LOCK_TIMEOUT 5000; UPDATE t SET b = b + 1", &[])
                .await
                .unwrap();
        },
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            run(&mut first, "COMMIT").await;
        }
    );
    let () = waited;
    assert_eq!(rows(&mut first, "SELECT b FROM t").await, ["int 2"]);
    // Under SNAPSHOT the picture stays, and what another one has changed meanwhile cannot be written.
    run(
        &mut first,
        "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN; SELECT b FROM t",
    )
    .await;
    run(&mut second, "UPDATE t SET b = 3").await;
    assert_eq!(rows(&mut first, "SELECT b FROM t").await, ["int 2"]);
    assert_eq!(refused(&mut first, "UPDATE t SET b = 4").await.0, 3960);
    assert_eq!(
        rows(&mut first, "SELECT b, @@TRANCOUNT FROM t").await,
        ["int 3, int 0"]
    );
    server.faults().deadlock_once();
    run(&mut second, "BEGIN TRAN").await;
    assert_eq!(
        refused(&mut second, "UPDATE t SET b = 5").await,
        (1205, 1, 13)
    );
    assert_eq!(
        rows(&mut second, "SELECT b, @@TRANCOUNT FROM t").await,
        ["int 3, int 0"]
    );
    // What is to fail does, once, where it stands in its batch; what it has done is undone with its transaction.
    let faults = server.faults();
    faults.fail(1222, "SET b = 7", 1, Moment::Before);
    run(&mut second, "SET XACT_ABORT ON; UPDATE t SET b = 7").await;
    let batch = "BEGIN TRAN; UPDATE t SET b = 8;\nUPDATE t SET b = 7;\nUPDATE t SET b = 9";
    assert_eq!(refused(&mut second, batch).await, (1222, 1, 16));
    faults.fail(3960, "SET b = 8", 0, Moment::After);
    assert_eq!(refused(&mut second, batch).await, (3960, 1, 16));
    assert!(!faults.is_armed());
    assert_eq!(
        rows(&mut second, "SELECT b, @@TRANCOUNT FROM t").await,
        ["int 7, int 0"]
    );
    faults.fail(1205, "SELECT b FROM t", 0, Moment::After);
    assert_eq!(refused(&mut second, "SELECT b FROM t").await.0, 1205);
    run(&mut second, "UPDATE t SET b = 3").await;
    // A connection that ends gives its locks back.
    run(&mut second, "BEGIN TRAN; UPDATE t SET b = 6").await;
    drop(second);
    run(&mut first, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCK_TIMEOUT 5000; UPDATE t SET b = b + 1").await;
    assert_eq!(rows(&mut first, "SELECT b FROM t").await, ["int 4"]);
}

#[tokio::test]
async fn what_runs_is_cancelled() {
    let server = start();
    let mut db = connect(&server).await;
    let began = std::time::Instant::now();
    let waiting = tokio::time::timeout(
        Duration::from_millis(200),
        db.simple_query("WAITFOR DELAY '00:00:20'"),
    )
    .await
    .is_err();
    assert!(waiting);
    db.cancel_query().await.unwrap();
    assert_eq!(rows(&mut db, "SELECT 1").await, ["int 1"]);
    assert!(began.elapsed() < Duration::from_secs(5));
    // A statement that waits for a lock.
    let mut other = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE t (a int); BEGIN TRAN; INSERT INTO t VALUES (1)",
    )
    .await;
    let waiting = tokio::time::timeout(
        Duration::from_millis(200),
        other.simple_query("INSERT INTO t VALUES (2)"),
    )
    .await
    .is_err();
    assert!(waiting);
    other.cancel_query().await.unwrap();
    run(&mut db, "COMMIT").await;
    assert_eq!(rows(&mut other, "SELECT a FROM t").await, ["int 1"]);
}

#[tokio::test]
async fn rows_are_loaded_in_bulk() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE t (id int IDENTITY PRIMARY KEY, a bigint NOT NULL, d decimal(18,4), s nvarchar(50) NOT NULL, c varchar(10), m datetime2(3), x varbinary(max), f float NOT NULL DEFAULT 1.5)",
    )
    .await;
    let mut load = db
        .bulk_insert_columns("t", &["a", "d", "s", "c", "m", "x"])
        .await
        .unwrap();
    for at in 0..5000i64 {
        use tiberius::IntoSql;
        let mut row = tiberius::TokenRow::new();
        row.push(at.into_sql());
        row.push(if at % 3 == 0 {
            ColumnData::Numeric(None)
        } else {
            ColumnData::Numeric(Some(tiberius::numeric::Numeric::new_with_scale(
                i128::from(at),
                4,
            )))
        });
        row.push(format!("row {at} 😀").into_sql());
        row.push("città".into_sql());
        row.push(ColumnData::DateTime2(Some(tiberius::time::DateTime2::new(
            tiberius::time::Date::new(739_617),
            tiberius::time::Time::new(1234, 3),
        ))));
        row.push(vec![1u8, 2, 3].into_sql());
        load.send(row).await.unwrap();
    }
    assert_eq!(load.finalize().await.unwrap().total(), 5000);
    assert_eq!(
        rows(
            &mut db,
            "SELECT COUNT(*), SUM(d), MIN(id), MAX(id), MAX(f) FROM t"
        )
        .await,
        ["int 5000, numeric 833.1667, int 1, int 5000, float 1.5"]
    );
    assert_eq!(
        rows(&mut db, "SELECT a, d, s, c, m, x FROM t WHERE a = 4999").await,
        [
            "bigint 4999, numeric 0.4999, text row 4999 😀, text città, datetime2 739617 1234e-3, binary [01, 02, 03]"
        ]
    );
}

#[tokio::test]
async fn a_connection_is_cut_at_any_byte() {
    let server = start();
    let mut db = connect(&server).await;
    run(&mut db, "CREATE TABLE t (a int PRIMARY KEY)").await;
    for bytes in (0..900).step_by(37) {
        server.faults().cut_replies_after(bytes);
        let made = async {
            let mut db = try_connect(config(&server)).await?;
            db.execute("INSERT INTO t VALUES (@P1)", &[&(bytes as i32)])
                .await?;
            db.simple_query("SELECT a FROM t")
                .await?
                .into_results()
                .await
        };
        let made = tokio::time::timeout(Duration::from_secs(10), made)
            .await
            .expect("no hanging");
        if bytes < 222 {
            assert!(made.is_err(), "{bytes}");
        }
    }
    for bytes in (0..300).step_by(37) {
        server.faults().cut_requests_after(bytes);
        assert!(
            tokio::time::timeout(Duration::from_secs(10), try_connect(config(&server)))
                .await
                .expect("no hanging")
                .is_err()
                || bytes > 200,
            "{bytes}"
        );
    }
    assert_eq!(rows(&mut db, "SELECT 1").await, ["int 1"]);
}

#[tokio::test]
async fn long_results_stream_over_many_packets() {
    let server = start();
    let mut config = config(&server);
    config.packet_size(512);
    let mut db = try_connect(config).await.unwrap();
    run(&mut db, "CREATE TABLE t (a int, b nvarchar(max))").await;
    let text = "é😀".repeat(20_000);
    for at in 0..50 {
        db.execute("INSERT INTO t VALUES (@P1, @P2)", &[&at, &text.as_str()])
            .await
            .unwrap();
    }
    let mut stream = db
        .query("SELECT a, b FROM t ORDER BY a", &[])
        .await
        .unwrap();
    let mut count = 0;
    while let Some(item) = stream.try_next().await.unwrap() {
        if let QueryItem::Row(row) = item {
            assert_eq!(row.get::<i32, _>(0), Some(count));
            assert_eq!(row.get::<&str, _>(1), Some(text.as_str()));
            count += 1;
            if count == 3 {
                break;
            }
        }
    }
    drop(stream);
    // The rest is more than the line holds: the server is still at it.
    db.cancel_query().await.unwrap();
    assert_eq!(rows(&mut db, "SELECT COUNT(*) FROM t").await, ["int 50"]);
}

#[tokio::test]
async fn rows_are_inserted_changed_and_deleted_in_sets() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE [dbo].[t] ([id] bigint IDENTITY(10,5) PRIMARY KEY, [k] nvarchar(20) NOT NULL, [q] decimal(18,4) NULL DEFAULT 1.5, [v] varchar(20) NULL, [rv] rowversion, [twice] AS ([q] * 2))",
    )
    .await;
    let insert = "SET NOCOUNT ON; DECLARE @new TABLE ([g] bigint NOT NULL); INSERT INTO [t] ([k], [v]) OUTPUT inserted.[id] INTO @new ([g]) \
                  SELECT v.[c0], v.[c1] FROM (VALUES (1, @P1, @P2), (2, @P3, @P4)) AS v ([n], [c0], [c1]) ORDER BY v.[n]; SELECT [g] FROM @new ORDER BY [g]";
    let params: [&dyn ToSql; 4] = [&"a", &"1", &"b", &None::<&str>];
    assert_eq!(
        rows_with(&mut db, insert, &params).await,
        ["bigint 10", "bigint 15"]
    );
    let update = "SET NOCOUNT ON; UPDATE t SET [q] = v.[c1], [v] = v.[c2] FROM [dbo].[t] AS t INNER JOIN (VALUES (@P1, CAST(@P2 AS decimal(18,4)), @P3), (@P4, CAST(@P5 AS decimal(18,4)), @P6)) \
                  AS v ([c0], [c1], [c2]) ON t.[k] = v.[c0]; SELECT @@ROWCOUNT";
    let params: [&dyn ToSql; 6] = [&"A", &"2.25", &"x", &"nobody", &"3", &"y"];
    assert_eq!(rows_with(&mut db, update, &params).await, ["int 1"]);
    let add = "SET NOCOUNT ON; UPDATE t SET [q] = t.[q] + v.[c1] FROM [t] AS t INNER JOIN (VALUES (@P1, CAST(@P2 AS decimal(18,4)))) AS v ([c0], [c1]) ON t.[k] = v.[c0]; SELECT @@ROWCOUNT";
    assert_eq!(
        rows_with(&mut db, add, &[&"b", &"-0.0001"]).await,
        ["int 1"]
    );
    let add = "UPDATE t SET [v] = CAST(CAST(CAST(t.[v] AS nvarchar(4000)) AS bigint) + v.[c1] AS nvarchar(4000)) FROM [t] AS t INNER JOIN (VALUES (@P1, @P2)) AS v ([c0], [c1]) ON t.[k] = v.[c0]";
    let error = db.execute(add, &[&"a", &5i64]).await.unwrap_err();
    assert_eq!(error.code(), Some(245), "x is no number: {error}");
    assert_eq!(
        rows(
            &mut db,
            "SELECT [k], [q], [v], [twice] FROM [t] ORDER BY [id]"
        )
        .await,
        [
            "text a, numeric 2.2500, text x, numeric 4.5000",
            "text b, numeric 1.4999, null, numeric 2.9998"
        ]
    );
    assert_eq!(
        rows(
            &mut db,
            "SELECT COUNT(*) FROM [t] WHERE [rv] > MIN_ACTIVE_ROWVERSION()"
        )
        .await,
        ["int 0"]
    );
    assert_eq!(rows(&mut db, "SELECT CASE WHEN (SELECT MAX([rv]) FROM t WHERE k = N'b') > (SELECT [rv] FROM t WHERE k = N'a') THEN 1 ELSE 0 END").await, ["int 1"]);
    let delete = "SET NOCOUNT ON; DELETE t FROM [dbo].[t] AS t INNER JOIN (VALUES (@P1), (@P2)) AS v ([c0]) ON t.[k] = v.[c0]; SELECT @@ROWCOUNT";
    assert_eq!(rows_with(&mut db, delete, &[&"a", &"c"]).await, ["int 1"]);
    assert_eq!(
        rows(
            &mut db,
            "DELETE FROM t OUTPUT deleted.k, deleted.id WHERE k = N'b'"
        )
        .await,
        ["text b, bigint 15"]
    );
    let error = refused(&mut db, "INSERT INTO t (id, k) VALUES (1, N'z')").await;
    assert_eq!(error.0, 544);
    run(&mut db, "SET IDENTITY_INSERT t ON; INSERT INTO t (id, k) VALUES (100, N'z'); SET IDENTITY_INSERT t OFF; INSERT INTO t (k) VALUES (N'y')").await;
    assert_eq!(
        rows(
            &mut db,
            "SELECT id, k FROM t ORDER BY id; SELECT SCOPE_IDENTITY()"
        )
        .await,
        ["bigint 100, text z", "bigint 105, text y", "null"]
    );
}

#[tokio::test]
async fn what_a_procedure_sets_holds_until_it_ends() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE t (id int IDENTITY PRIMARY KEY, k nvarchar(9))",
    )
    .await;
    let quiet = "SET NOCOUNT ON; SET LOCK_TIMEOUT 5; SET IDENTITY_INSERT t ON; INSERT INTO t (id, k) VALUES (7, @P1)";
    let done = db.execute(quiet, &[&"a"]).await.expect("a row");
    assert_eq!(done.rows_affected(), [0; 0]);
    assert_eq!(rows(&mut db, "SELECT @@LOCK_TIMEOUT").await, ["int -1"]);
    let counted = db.execute("UPDATE t SET k = @P1", &[&"b"]).await;
    assert_eq!(counted.expect("a row").rows_affected(), [1]);
    assert_eq!(
        refused(&mut db, "INSERT INTO t (id) VALUES (8)").await.0,
        544
    );
    // A batch is no procedure.
    run(&mut db, "SET NOCOUNT ON").await;
    let counted = db.execute("UPDATE t SET k = @P1", &[&"c"]).await;
    assert_eq!(counted.expect("a row").rows_affected(), [0; 0]);
}

#[tokio::test]
async fn queries_have_the_types_and_the_order_of_t_sql() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE a (id int PRIMARY KEY, name nvarchar(20), price decimal(10,2), day date); \
         CREATE TABLE b (a int NOT NULL REFERENCES a (id), n int NOT NULL); \
         INSERT INTO a VALUES (1, N'Été', 1.10, '2026-01-31'), (2, N'ete', 2.20, NULL), (3, N'B', NULL, '2026-02-01'); \
         INSERT INTO b VALUES (1, 5), (1, 7), (2, 1)",
    )
    .await;
    for (sql, expected) in [
        (
            "SELECT TOP (2) id FROM a ORDER BY id DESC",
            vec!["int 3", "int 2"],
        ),
        (
            "SELECT id FROM a ORDER BY id OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY",
            vec!["int 2"],
        ),
        ("SELECT id FROM a WHERE name = N'ÉTÉ'", vec!["int 1"]),
        (
            "SELECT id FROM a WHERE name COLLATE Latin1_General_CI_AI = N'ETE ' ORDER BY id",
            vec!["int 1", "int 2"],
        ),
        (
            "SELECT id FROM a WHERE name COLLATE Latin1_General_BIN2 = N'b'",
            vec![],
        ),
        (
            "SELECT a.id, SUM(b.n), COUNT(*) FROM a LEFT JOIN b ON b.a = a.id GROUP BY a.id HAVING COUNT(b.n) <> 1 ORDER BY a.id",
            vec!["int 1, int 12, int 2", "int 3, null, int 1"],
        ),
        (
            "SELECT SUM(price), AVG(price), MIN(name) FROM a",
            vec!["numeric 3.30, numeric 1.650000, text B"],
        ),
        (
            "SELECT price * 3, price / 3, price + 1, price - 0.005 FROM a WHERE id = 1",
            vec!["numeric 3.30, numeric 0.3666666666666, numeric 2.10, numeric 1.095"],
        ),
        (
            "SELECT 7 / 2, 7 % 4, 7 / 2.0, 2147483648",
            vec!["int 3, int 3, numeric 3.500000, numeric 2147483648.0"],
        ),
        (
            "SELECT ISNULL(name, N'x'), COALESCE(price, 0), LEN(name), DATALENGTH(name) FROM a WHERE id = 3",
            vec!["text B, numeric 0.00, int 1, int 2"],
        ),
        (
            "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a = a.id AND n > 6)",
            vec!["int 1"],
        ),
        (
            "SELECT id FROM a WHERE id IN (SELECT a FROM b) AND id NOT IN (1, 9)",
            vec!["int 2"],
        ),
        (
            "SELECT name FROM a WHERE name LIKE N'[e]t_'",
            vec!["text ete"],
        ),
        (
            "SELECT CASE WHEN price IS NULL THEN N'none' ELSE CAST(price AS nvarchar(20)) END FROM a ORDER BY id",
            vec!["text 1.10", "text 2.20", "text none"],
        ),
        (
            "SELECT id, N'a' AS t FROM a WHERE id = 1 UNION ALL SELECT n, 'b' FROM b ORDER BY 1 DESC",
            vec![
                "int 7, text b",
                "int 5, text b",
                "int 1, text a",
                "int 1, text b",
            ],
        ),
        (
            "WITH c AS (SELECT a, MAX(n) AS n FROM b GROUP BY a) SELECT c.n FROM c ORDER BY c.n",
            vec!["int 1", "int 7"],
        ),
        (
            "SELECT CONVERT(varchar(30), day, 112), CONVERT(nvarchar(10), day, 23), DATEDIFF(DAY, '2026-01-01', day) FROM a WHERE id = 1",
            vec!["text 20260131, text 2026-01-31, int 30"],
        ),
        (
            "SELECT DATEADD(MONTH, 1, day) FROM a WHERE id = 1",
            vec!["date 739674"],
        ),
        (
            "SELECT x.s FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS s FROM a) AS x WHERE x.id = 1",
            vec!["bigint 3"],
        ),
        (
            "DECLARE @n int = 2; SELECT @n = @n + n FROM b WHERE n = 7; SET @n = @n * 2; SELECT @n",
            vec!["int 18"],
        ),
        (
            "SELECT DISTINCT name COLLATE Latin1_General_CI_AI FROM a WHERE id < 3",
            vec!["text Été"],
        ),
        ("IF @@ROWCOUNT = 1 SELECT 1 ELSE SELECT 2", vec!["int 1"]),
        (
            "BEGIN TRY SELECT 1/0 END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH",
            vec!["int 8134"],
        ),
    ] {
        assert_eq!(rows(&mut db, sql).await, expected, "{sql}");
    }
    for (sql, number) in [
        ("INSERT INTO a (id, day) VALUES (9, 5)", 206),
        (
            "SELECT id FROM a WHERE name COLLATE Latin1_General_CI_AI = name COLLATE Latin1_General_BIN2",
            468,
        ),
        ("SELECT id FROM a, b WHERE id = a AND c.x = 1", 4104),
        (
            "SELECT a FROM a AS x JOIN b AS y ON x.id = y.a JOIN b AS z ON z.a = x.id",
            209,
        ),
        ("SELECT name FROM a ORDER BY nothing", 207),
        ("SELECT (SELECT a, n FROM b)", 116),
        ("SELECT id FROM (SELECT id FROM a ORDER BY id) AS s", 1033),
        ("SELECT TRUE", 207),
        ("SELECT id FROM a WHERE COUNT(*) > 1", 147),
        ("DELETE FROM a WHERE id = 1", 547),
        ("SELECT unknown(1)", 195),
        ("EXEC sp_who", 2812),
        (
            "MERGE a USING b ON a.id = b.a WHEN MATCHED THEN DELETE;",
            102,
        ),
    ] {
        assert_eq!(refused(&mut db, sql).await.0, number, "{sql}");
    }
}

#[tokio::test]
async fn temporary_tables_end_with_their_scope() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE TABLE #t (a int PRIMARY KEY, b nvarchar(10)); INSERT INTO #t VALUES (1, N'x')",
    )
    .await;
    assert_eq!(rows(&mut db, "SELECT b FROM #t").await, ["text x"]);
    let mut other = connect(&server).await;
    assert_eq!(refused(&mut other, "SELECT b FROM #t").await.0, 208);
    // Made within sp_executesql, it is gone after it.
    db.execute(
        "CREATE TABLE #u (a int); INSERT INTO #u VALUES (@P1)",
        &[&1],
    )
    .await
    .unwrap();
    assert_eq!(refused(&mut db, "SELECT a FROM #u").await.0, 208);
    run(
        &mut db,
        "SELECT a, b INTO #v FROM #t; BEGIN TRAN; INSERT INTO #v VALUES (2, N'y'); ROLLBACK",
    )
    .await;
    assert_eq!(rows(&mut db, "SELECT a FROM #v").await, ["int 1"]);
    let mut load = db.bulk_insert_columns("#v", &["a", "b"]).await.unwrap();
    load.send({
        let mut row = tiberius::TokenRow::new();
        row.push(ColumnData::I32(Some(3)));
        row.push(ColumnData::String(None));
        row
    })
    .await
    .unwrap();
    load.finalize().await.unwrap();
    assert_eq!(
        rows(&mut db, "SELECT a, b FROM #v WHERE a > 1").await,
        ["int 3, null"]
    );
}

#[tokio::test]
async fn a_request_has_so_many_parameters_at_most() {
    let server = start();
    let mut db = connect(&server).await;
    let number = 7i32;
    for (values, fits) in [(2098, true), (2099, false)] {
        let params: Vec<&dyn ToSql> = vec![&number; values];
        let answer = db.query(format!("SELECT @P{values}"), &params).await;
        match answer {
            Ok(_) => assert!(fits, "{values}"),
            Err(error) => {
                assert!(!fits, "{values}: {error}");
                assert_eq!(error.code(), Some(8003), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn triggers_run_and_forbid_output_to_the_client() {
    let server = start();
    let mut db = connect(&server).await;
    run(&mut db, "CREATE TABLE t (id int IDENTITY PRIMARY KEY, a int, stamp int NULL); CREATE TABLE l (id int IDENTITY(1000,1), what int)").await;
    run(
        &mut db,
        "CREATE TRIGGER touched ON t AFTER INSERT, UPDATE AS BEGIN INSERT INTO l (what) SELECT a FROM inserted; UPDATE t SET stamp = i.a * 10 FROM t INNER JOIN inserted AS i ON i.id = t.id WHERE t.stamp IS NULL END",
    )
    .await;
    assert_eq!(
        refused(&mut db, "INSERT INTO t (a) OUTPUT inserted.id VALUES (1)")
            .await
            .0,
        334
    );
    assert_eq!(
        rows(&mut db, "DECLARE @new TABLE (g int); INSERT INTO t (a) OUTPUT inserted.id INTO @new VALUES (1), (2); SELECT @@ROWCOUNT; SELECT SCOPE_IDENTITY(); SELECT g FROM @new").await,
        ["int 2", "numeric 2.0", "int 1", "int 2"]
    );
    assert_eq!(
        rows(
            &mut db,
            "SELECT a, stamp FROM t ORDER BY id; SELECT what FROM l ORDER BY id"
        )
        .await,
        ["int 1, int 10", "int 2, int 20", "int 1", "int 2"]
    );
}

#[tokio::test]
async fn changes_are_tracked_where_it_is_switched_on() {
    let server = start();
    let mut db = connect(&server).await;
    run(&mut db, "CREATE TABLE t (a int PRIMARY KEY, b int)").await;
    assert_eq!(
        refused(&mut db, "ALTER TABLE t ENABLE CHANGE_TRACKING")
            .await
            .0,
        22103
    );
    run(&mut db, "ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON").await;
    run(&mut db, "ALTER TABLE t ENABLE CHANGE_TRACKING").await;
    run(&mut db, "INSERT INTO t VALUES (1, 1), (2, 2); UPDATE t SET b = 3 WHERE a = 1; DELETE FROM t WHERE a = 2").await;
    assert_eq!(
        rows(&mut db, "SELECT c.a, c.SYS_CHANGE_OPERATION FROM CHANGETABLE(CHANGES t, 0) AS c ORDER BY c.a; SELECT CHANGE_TRACKING_CURRENT_VERSION()").await,
        ["int 1, text I", "int 2, text D", "bigint 3"]
    );
    assert_eq!(
        rows(
            &mut db,
            "SELECT c.a, c.SYS_CHANGE_OPERATION FROM CHANGETABLE(CHANGES t, 1) AS c ORDER BY c.a"
        )
        .await,
        ["int 1, text U", "int 2, text D"]
    );
    // Switched on anew, it knows of nothing before; a table without it has no version.
    let oldest = "SELECT CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(@P1))";
    assert_eq!(rows_with(&mut db, oldest, &[&"t"]).await, ["bigint 0"]);
    run(&mut db, "ALTER TABLE t DISABLE CHANGE_TRACKING").await;
    assert_eq!(rows_with(&mut db, oldest, &[&"dbo.t"]).await, ["null"]);
    run(&mut db, "ALTER TABLE t ENABLE CHANGE_TRACKING").await;
    assert_eq!(rows_with(&mut db, oldest, &[&"t"]).await, ["bigint 3"]);
}

#[tokio::test]
async fn the_catalog_tells_what_was_declared() {
    let server = start();
    let mut db = connect(&server).await;
    run(
        &mut db,
        "CREATE SCHEMA s; CREATE TABLE s.t (id int IDENTITY PRIMARY KEY, a nvarchar(20) NOT NULL DEFAULT N'x', b decimal(18,4), c AS (id + 1), CONSTRAINT a_once UNIQUE (a)); CREATE INDEX t_b ON s.t (b, a)",
    )
    .await;
    assert_eq!(
        rows(
            &mut db,
            "SELECT c.name, TYPE_NAME(c.system_type_id), CAST(c.max_length AS int), c.is_nullable, c.is_identity, c.is_computed, CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END \
             FROM sys.columns AS c WHERE c.object_id = OBJECT_ID(N'[s].[t]') ORDER BY c.column_id"
        )
        .await,
        [
            "text id, text int, int 4, bit false, bit true, bit false, int 0",
            "text a, text nvarchar, int 40, bit false, bit false, bit false, int 1",
            "text b, text decimal, int 9, bit true, bit false, bit false, int 0",
            "text c, text int, int 4, bit false, bit false, bit true, int 0"
        ]
    );
    assert_eq!(
        rows(
            &mut db,
            "SELECT i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id \
             WHERE i.object_id = OBJECT_ID('s.t') ORDER BY i.index_id, ic.key_ordinal"
        )
        .await,
        ["bit true, bit true, text id", "bit false, bit true, text a", "bit false, bit false, text b", "bit false, bit false, text a"]
    );
    let described = rows_with(
        &mut db,
        "EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2",
        &[&"SELECT a, b, @P1 AS c FROM s.t", &"@P1 bigint"],
    )
    .await;
    assert!(
        described[0].contains("text a, bit false, int 231, text nvarchar(20)"),
        "{described:?}"
    );
    assert!(
        described[1].contains("text b, bit true, int 106, text decimal(18,4)"),
        "{described:?}"
    );
    assert!(described[2].contains("text bigint"), "{described:?}");
    assert_eq!(rows(&mut db, "SELECT OBJECT_ID(N'nothing'), HAS_PERMS_BY_NAME(N's.t', N'OBJECT', N'INSERT'), SCHEMA_ID(N'nowhere')").await, ["null, int 1, null"]);
    run(&mut db, "BEGIN TRAN; CREATE TABLE s.u (a int); ALTER TABLE s.t ADD d int NOT NULL DEFAULT 4; ROLLBACK").await;
    assert_eq!(rows(&mut db, "SELECT OBJECT_ID(N's.u'), COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID(N's.t')").await, ["null, int 4"]);
}

#[tokio::test]
async fn code_pages_lose_what_they_do_not_have() {
    let server = start();
    let mut db = connect(&server).await;
    run(&mut db, "CREATE TABLE t (w varchar(20), c varchar(20) COLLATE Cyrillic_General_CI_AS, n nvarchar(20))").await;
    db.execute("INSERT INTO t VALUES (@P1, @P1, @P1)", &[&"aДя€😀"])
        .await
        .unwrap();
    assert_eq!(
        rows(&mut db, "SELECT * FROM t").await,
        ["text a??€??, text aДя€??, text aДя€😀"]
    );
}
