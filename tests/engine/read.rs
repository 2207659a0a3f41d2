//! Streams, orders, names and values that try to break out.

use crate::{
    ALL, Bench, Listed, PLAIN_SERVERS, SERVERS, begin, case, decimal, fetch, insert, int64, scan,
    text,
};
use futures_util::TryStreamExt;
use ponte::db::query::{Part, Query, TableName};
use ponte::db::sieve::{Mark, Sieve};
use ponte::db::{self, BATCH_BYTES, BATCH_ROWS, DbErrorKind, EngineKind, Isolation, choice};
use ponte::value::{Charset, Type, Value};
use std::collections::HashSet;

pub const CASES: &[Listed] = &[
    case!(rows_stream_in_bounded_batches, ALL),
    case!(batches_are_bounded_in_bytes, ALL),
    case!(a_scan_yields_what_a_read_does, ALL),
    case!(a_sieve_sees_every_row_and_lets_go_what_it_knows, ALL),
    case!(a_scan_is_of_one_moment, SERVERS),
    case!(what_is_wrong_with_a_scan_is_told_as_of_a_read, SERVERS),
    case!(a_scan_given_up_harms_nobody, ALL),
    case!(a_dropped_stream_leaves_the_session_usable, ALL),
    case!(an_error_in_a_stream_leaves_the_session_usable, ALL),
    case!(texts_are_ordered_by_their_bytes, ALL),
    case!(hostile_names_and_values_stay_what_they_are, ALL),
    case!(bound_values_compare_exactly, ALL),
    case!(a_query_is_described_without_running_it, ALL),
    case!(a_choice_follows_what_the_database_has, ALL),
    case!(a_snapshot_sees_no_later_commit, ALL),
    case!(a_snapshot_cannot_write, ALL),
    case!(the_session_is_in_utc, PLAIN_SERVERS),
    case!(the_server_says_what_it_is, ALL),
];

/// Fills `t` with `n` from 0.
async fn numbers(bench: &Bench, count: usize, filler: &str) {
    if bench.kind == EngineKind::SqlServer {
        return numbers_one_by_one(bench, count, filler).await;
    }
    let series = bench.by(
        format!("INSERT INTO t SELECT n, {filler} FROM generate_series(0, {count} - 1) s (n)"),
        format!("INSERT INTO t SELECT seq, {filler} FROM seq_0_to_{}", count - 1),
        format!(
            "INSERT INTO t WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {count} - 1) \
             SELECT n, {filler} FROM s"
        ),
    );
    bench
        .sql(&format!(
            "CREATE TABLE t (n bigint PRIMARY KEY, filler text); {series}"
        ))
        .await;
}

/// SQL Server has no series of its own. `filler` is one of those that the tests below use.
async fn numbers_one_by_one(bench: &Bench, count: usize, filler: &str) {
    let value = |n: usize| match filler {
        "'abc'" => Some("abc".to_owned()),
        "replicate" => Some("x".repeat(100_000)),
        "n" => Some("é".repeat(n % 300)),
        _ => (!n.is_multiple_of(10)).then(|| "abc".to_owned()),
    };
    bench
        .sql("CREATE TABLE t (n bigint PRIMARY KEY, filler nvarchar(max))")
        .await;
    let mut client = bench.client().await;
    let numbers: Vec<usize> = (0..count).collect();
    let rows = if filler == "replicate" { 10 } else { 1000 };
    for some in numbers.chunks(rows) {
        let row = |n: &usize| match value(*n) {
            Some(text) => format!("({n}, N'{text}')"),
            None => format!("({n}, NULL)"),
        };
        let rows: Vec<String> = some.iter().map(row).collect();
        let insert = format!("INSERT INTO t (n, filler) VALUES {}", rows.join(", "));
        client.run(&insert).await;
    }
}

async fn rows_stream_in_bounded_batches(bench: Bench) {
    numbers(&bench, 100_000, "'abc'").await;
    let mut session = bench.connect().await;
    let query = Query::sql(
        "SELECT n, filler AS \"F\" FROM t ORDER BY n".replace('"', bench.by("\"", "`", "\"")),
    );
    let mut stream = session.read(&query).await.unwrap();
    let (mut expected, mut batches) = (0, 0);
    while let Some(batch) = stream.try_next().await.unwrap() {
        assert_eq!(*batch.columns, ["n".to_owned(), "F".to_owned()]);
        assert!(!batch.rows.is_empty() && batch.rows.len() <= BATCH_ROWS);
        for row in batch.rows {
            assert_eq!(*row, [Value::Int(expected), text("abc")]);
            expected += 1;
        }
        batches += 1;
    }
    assert_eq!((expected, batches), (100_000, 100));
}

async fn batches_are_bounded_in_bytes(bench: Bench) {
    let filler = bench.or(
        "replicate",
        bench.by(
            "repeat('x', 100000)",
            "repeat('x', 65000)",
            "printf('%.*c', 100000, 'x')",
        ),
    );
    numbers(&bench, 100, filler).await;
    let mut session = bench.connect().await;
    let query = Query::sql("SELECT filler FROM t");
    let mut stream = session.read(&query).await.unwrap();
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await.unwrap() {
        let bytes: usize = batch.rows.iter().map(|row| row[0].bytes()).sum();
        assert!(bytes < BATCH_BYTES + 110_000, "{bytes}");
        rows += batch.rows.len();
    }
    assert_eq!(rows, 100);
}

async fn a_scan_yields_what_a_read_does(bench: Bench) {
    numbers(
        &bench,
        12_345,
        bench.by("repeat('é', n % 300)", "repeat('é', seq % 300)", "n"),
    )
    .await;
    let mut session = bench.connect().await;
    for query in [
        "SELECT n, filler FROM t ORDER BY n",
        "SELECT n, filler FROM t WHERE n < 0",
        bench.or(
            "SELECT n FROM (SELECT TOP (3) n FROM t ORDER BY n) s ORDER BY n -- a remark",
            "SELECT n FROM (SELECT n FROM t ORDER BY n LIMIT 3) s ORDER BY n -- a remark",
        ),
        "SELECT '-- ) '' ; ' AS a, NULL AS b",
    ] {
        let read = fetch(session.as_mut(), query).await;
        assert_eq!(
            scan(session.as_mut(), query).await.unwrap(),
            read,
            "{query}"
        );
    }
    // With bound values, and in bounded batches.
    session.begin(Isolation::Snapshot).await.unwrap();
    let text = "SELECT n, filler FROM t WHERE n >= ";
    for query in [
        Query::sql(text).text("0 ORDER BY n"),
        Query::sql(text).value(Value::Int(0)).text(" ORDER BY n"),
    ] {
        let mut stream = session.scan(&query).await.unwrap();
        let mut expected = 0;
        while let Some(batch) = stream.try_next().await.unwrap() {
            let bytes: usize = batch
                .rows
                .iter()
                .flat_map(|row| row.iter())
                .map(Value::bytes)
                .sum();
            assert!(batch.rows.len() <= BATCH_ROWS && bytes < BATCH_BYTES + 10_000);
            assert_eq!(*batch.columns, ["n".to_owned(), "filler".to_owned()]);
            for row in batch.rows {
                assert_eq!(row[0], Value::Int(expected));
                expected += 1;
            }
        }
        assert_eq!(expected, 12_345);
    }
}

/// Knows rows by their bytes.
#[derive(Default)]
struct Knows {
    rows: HashSet<Vec<u8>>,
    seen: Vec<(Vec<Value>, Vec<u8>)>,
    form: Vec<u8>,
}

impl Sieve for Knows {
    fn begin(&mut self, form: &[u8]) {
        self.form = form.to_vec();
    }

    fn key_at(&self) -> &[usize] {
        &[2, 0]
    }

    fn mark(&mut self, key: &[Value], bytes: &[u8]) -> Option<Mark> {
        self.seen.push((key.to_vec(), bytes.to_vec()));
        let mut mark = [0; 16];
        mark[..8].copy_from_slice(&(self.seen.len() as u64).to_le_bytes());
        (!self.rows.contains(bytes)).then_some(mark)
    }
}

async fn a_sieve_sees_every_row_and_lets_go_what_it_knows(bench: Bench) {
    numbers(
        &bench,
        25_000,
        "CASE WHEN n % 10 = 0 THEN NULL ELSE 'abc' END"
            .replace('n', bench.by("n", "seq", "n"))
            .as_str(),
    )
    .await;
    let query = || Query::sql("SELECT n, filler, n * 2 AS twice FROM t WHERE n < ");
    let plain = query().text("25000 ORDER BY n");
    let bound = query().value(Value::Int(25_000)).text(" ORDER BY n");
    let rows = |form: &Query| {
        let form = form.clone();
        let bench = &bench;
        async move {
            let mut session = bench.connect().await;
            session.begin(Isolation::Snapshot).await.unwrap();
            db::fetch(session.as_mut(), &form).await.unwrap()
        }
    };
    let expected = rows(&plain).await;
    let mut all = Knows::default();
    for query in [&plain, &bound] {
        let before = std::mem::take(&mut all);
        let mut session = bench.connect().await;
        session.begin(Isolation::Snapshot).await.unwrap();
        let mut stream = session.sift(query, &mut all).await.unwrap();
        let (mut kept, mut marks) = (Vec::new(), Vec::new());
        while let Some(batch) = stream.try_next().await.unwrap() {
            assert_eq!(
                (batch.rows.len(), batch.passed_over),
                (batch.marks.len(), 0)
            );
            kept.extend(batch.rows);
            marks.extend(batch.marks);
        }
        drop(stream);
        assert_eq!(kept, expected);
        assert!(
            marks
                .iter()
                .zip(1u64..)
                .all(|(mark, number)| mark[..8] == number.to_le_bytes())
        );
        for ((key, _), row) in all.seen.iter().zip(&expected) {
            assert_eq!(*key, [row[2].clone(), row[0].clone()]);
        }
        // Whether values are bound makes no difference to what a row is known by.
        if !before.seen.is_empty() {
            assert_eq!((&all.form, &all.seen), (&before.form, &before.seen));
        }
    }
    let mut some = Knows::default();
    let even = all.seen.iter().step_by(2);
    some.rows = even.map(|(_, bytes)| bytes.clone()).collect();
    for query in [&plain, &bound] {
        let mut session = bench.connect().await;
        session.begin(Isolation::Snapshot).await.unwrap();
        let mut stream = session.sift(query, &mut some).await.unwrap();
        let (mut kept, mut passed_over) = (Vec::new(), 0);
        while let Some(batch) = stream.try_next().await.unwrap() {
            kept.extend(batch.rows);
            passed_over += batch.passed_over;
        }
        let odd: Vec<_> = expected.iter().skip(1).step_by(2).cloned().collect();
        assert_eq!((kept, passed_over), (odd, 12_500));
    }
}

/// Where the picture of a snapshot is taken by its first read.
async fn take_the_picture(bench: &Bench, session: &mut dyn db::Session) {
    if bench.kind == EngineKind::SqlServer {
        fetch(session, "SELECT n FROM t").await;
    }
}

async fn a_scan_is_of_one_moment(bench: Bench) {
    numbers(&bench, 10, "'abc'").await;
    let mut session = bench.connect().await;
    session.begin(Isolation::Snapshot).await.unwrap();
    take_the_picture(&bench, session.as_mut()).await;
    bench.sql("DELETE FROM t WHERE n = 1").await;
    let query = Query::sql("SELECT count(*) FROM t");
    let mut stream = session.scan(&query).await.unwrap();
    let batch = stream.try_next().await.unwrap().unwrap();
    assert_eq!(*batch.rows[0], [Value::Int(10)]);
}

async fn what_is_wrong_with_a_scan_is_told_as_of_a_read(bench: Bench) {
    numbers(&bench, 5_000, "'abc'").await;
    let late = bench.or(
        "SELECT 1 / (4000 - n) FROM t ORDER BY n",
        bench.by(
        "SELECT 1 / (4000 - n) FROM t ORDER BY n",
        "SELECT n, (SELECT s.n FROM t s WHERE t.n < 4000 OR s.n < 2 LIMIT 2) FROM t ORDER BY n",
        "SELECT abs(CASE WHEN n = 4000 THEN -9223372036854775807 - 1 ELSE n END) FROM t ORDER BY n",
        ),
    );
    for query in [
        "SELECT * FROM missing",
        "SELECT missing FROM t",
        "SELEC 1",
        "SELECT 1) TO STDOUT; DROP TABLE t; SELECT (1",
        "SELECT 1; DROP TABLE t",
        late,
    ] {
        let mut session = bench.connect().await;
        let read = db::fetch(session.as_mut(), &Query::sql(query))
            .await
            .unwrap_err();
        let scan = scan(bench.connect().await.as_mut(), query)
            .await
            .unwrap_err();
        assert_eq!(
            (scan.kind, &scan.message),
            (read.kind, &read.message),
            "{query}"
        );
        assert_eq!(
            fetch(bench.connect().await.as_mut(), "SELECT count(*) FROM t")
                .await
                .len(),
            1
        );
    }
}

async fn a_scan_given_up_harms_nobody(bench: Bench) {
    numbers(&bench, 100_000, "'abc'").await;
    let mut session = bench.connect().await;
    session.begin(Isolation::Snapshot).await.unwrap();
    let mut stream = session
        .scan(&Query::sql("SELECT n, filler FROM t ORDER BY n"))
        .await
        .unwrap();
    stream.try_next().await.unwrap().unwrap();
    drop(stream);
    // Right rows, or a clear word that the connection is no more.
    match db::fetch(session.as_mut(), &Query::sql("SELECT count(*) FROM t")).await {
        Ok(rows) => assert_eq!(*rows[0], [Value::Int(100_000)]),
        Err(error) => assert_eq!(error.kind, DbErrorKind::ConnectionLost, "{error}"),
    }
}

async fn a_dropped_stream_leaves_the_session_usable(bench: Bench) {
    numbers(&bench, 100_000, "'abc'").await;
    let mut session = bench.connect().await;
    let query = Query::sql("SELECT n, filler FROM t ORDER BY n");
    for isolation in [
        None,
        Some(Isolation::Snapshot),
        Some(Isolation::ReadCommitted),
    ] {
        if let Some(isolation) = isolation {
            session.begin(isolation).await.unwrap();
        }
        let mut stream = session.read(&query).await.unwrap();
        stream.try_next().await.unwrap().unwrap();
        drop(stream);
        drop(session.read(&query).await.unwrap());
        assert_eq!(
            *fetch(session.as_mut(), "SELECT count(*) FROM t").await[0],
            [Value::Int(100_000)]
        );
        if isolation.is_some() {
            drop(session.read(&query).await.unwrap());
            session.commit().await.unwrap();
        }
    }
}

async fn an_error_in_a_stream_leaves_the_session_usable(bench: Bench) {
    numbers(&bench, 5_000, "'abc'").await;
    let mut session = bench.connect().await;
    let missing = Query::sql("SELECT * FROM missing");
    let error = db::fetch(session.as_mut(), &missing).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Undefined, "{error}");
    let error = db::fetch(session.as_mut(), &Query::sql("SELECT missing FROM t"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Undefined, "{error}");
    let error = db::fetch(session.as_mut(), &Query::sql("SELEC 1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Syntax, "{error}");
    // Fails in the middle of the rows.
    let query = bench.or(
        "SELECT 1 / (4000 - n) FROM t ORDER BY n",
        bench.by(
        "SELECT 1 / (4000 - n) FROM t ORDER BY n",
        "SELECT n, (SELECT s.n FROM t s WHERE t.n < 4000 OR s.n < 2 LIMIT 2) FROM t ORDER BY n",
        "SELECT abs(CASE WHEN n = 4000 THEN -9223372036854775807 - 1 ELSE n END) FROM t ORDER BY n",
        ),
    );
    db::fetch(session.as_mut(), &Query::sql(query))
        .await
        .unwrap_err();
    assert_eq!(
        *fetch(session.as_mut(), "SELECT count(*) FROM t").await[0],
        [Value::Int(5_000)]
    );
}

const TEXTS: [&str; 12] = [
    "b", "B", "a", "é", "e", "ß", "_", "", "a ", "\u{FFFD}", "😀", "Z",
];

async fn texts_are_ordered_by_their_bytes(bench: Bench) {
    let ty = bench.or(
        "nvarchar(10) COLLATE Latin1_General_CI_AI",
        bench.by(
            "varchar(10) COLLATE \"en-x-icu\"",
            "varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
            "varchar(10) COLLATE NOCASE",
        ),
    );
    bench
        .sql(&format!("CREATE TABLE t (k {ty}, n bigint)"))
        .await;
    let mut session = bench.connect().await;
    let rows = TEXTS
        .iter()
        .enumerate()
        .map(|(at, k)| vec![text(k), Value::Int(100 - at as i64)])
        .collect();
    let insert = insert(session.as_mut(), "t", &["k", "n"], rows).await;
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();

    let query = Query::sql("SELECT k FROM t ORDER BY ")
        .push(Part::Order("k".to_owned(), insert.types[0].clone()));
    let found = db::fetch(session.as_mut(), &query).await.unwrap();
    let mut wanted = TEXTS;
    wanted.sort_unstable_by_key(|text| text.as_bytes());
    if bench.kind == EngineKind::SqlServer && session.server().version.0 < 15 {
        wanted.sort_by_key(|text| text.encode_utf16().collect::<Vec<u16>>());
    }
    let wanted: Vec<Value> = wanted.iter().map(|k| text(k)).collect();
    let found: Vec<Value> = found.into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(found, wanted);

    let query = Query::sql("SELECT n FROM t ORDER BY ").push(Part::Order("n".to_owned(), int64()));
    let found = db::fetch(session.as_mut(), &query).await.unwrap();
    assert_eq!(
        (&found[0][0], &found[11][0]),
        (&Value::Int(89), &Value::Int(100)),
        "numbers by value"
    );
}

async fn hostile_names_and_values_stay_what_they_are(bench: Bench) {
    let table = "we\"ird `t`; DROP TABLE x; --";
    let column = "sel\"ect` '$1 ?";
    let quote = bench.by('"', '`', '"');
    let quoted = |name: &str| {
        format!(
            "{quote}{}{quote}",
            name.replace(quote, &format!("{quote}{quote}"))
        )
    };
    // Not through the support's splitter of scripts.
    let mut session = bench.connect().await;
    let create = format!(
        "CREATE TABLE {} (id int, {} varchar(100))",
        quoted(table),
        quoted(column)
    );
    session.execute(&Query::sql(create)).await.unwrap();
    let hostile = "'; DROP TABLE x; -- \\' \" ` $1 ? :x %s {x} \\";
    let name = TableName {
        schema: None,
        name: table.to_owned(),
    };
    let found = session.table(&name).await.unwrap().expect("the table");
    assert_eq!(found.columns[1].name, column);
    let mut insert = insert_into(&found.name, &["id", column]);
    insert.types = found
        .columns
        .iter()
        .map(|column| column.ty.clone())
        .collect();
    insert.rows = vec![
        vec![Value::Int(1), text(hostile)],
        vec![Value::Int(2), text("x")],
    ];
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();
    let query = Query::sql("SELECT ")
        .ident(column)
        .text(" FROM ")
        .table(&name)
        .text(" WHERE ")
        .ident(column)
        .text(" = ")
        .value(text(hostile));
    let rows = db::fetch(session.as_mut(), &query).await.unwrap();
    assert_eq!(*rows[0], [text(hostile)]);
    assert_eq!(rows.len(), 1);
}

fn insert_into(table: &TableName, columns: &[&str]) -> ponte::db::query::Insert {
    ponte::db::query::Insert {
        table: table.clone(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        types: Vec::new(),
        rows: Vec::new(),
        generated: None,
        distinct_by: Vec::new(),
    }
}

async fn bound_values_compare_exactly(bench: Bench) {
    let exact = bench.by("decimal(38,10)", "decimal(38,10)", "DECIMAL(15,4)");
    // More digits than a binary float tells apart, where the engine has them.
    let long = "1234567890123456789012345678.0123456789";
    let near = "1234567890123456789012345678.0123456788";
    let (long, near) = bench.by(
        (long, near),
        (long, near),
        ("12345678901.1234", "12345678901.1235"),
    );
    // A sum of decimals has a digit more, and there is none beyond 38.
    let (long, near) = bench.or(
        (
            "12345678901234567890123456.0123456789",
            "12345678901234567890123456.0123456788",
        ),
        (long, near),
    );
    let exact = bench.or("decimal(36,10)", exact);
    bench
        .sql(&format!(
            "CREATE TABLE t (d {exact}, n bigint, s varchar(20)); \
             INSERT INTO t VALUES ({long}, 9007199254740993, '007')"
        ))
        .await;
    let mut session = bench.connect().await;
    let count = |column: &str, value: Value| {
        Query::sql(format!("SELECT count(*) FROM t WHERE {column} = ")).value(value)
    };
    let mut matched = Vec::new();
    for query in [
        count("d", decimal(long)),
        count("d", decimal(near)),
        count("d + 0", decimal(long)),
        count("d + 0", decimal(near)),
        count("n", Value::Int(9_007_199_254_740_993)),
        count("n", Value::Int(9_007_199_254_740_992)),
        count("n", Value::UInt(9_007_199_254_740_993)),
        count("n", decimal("9007199254740993")),
        count("n", decimal("9007199254740993.5")),
        count("s", text("007")),
        count("s", text("7")),
        count("n", Value::Null),
        Query::sql("SELECT count(*) FROM t WHERE s IN (")
            .list(vec![text("x"), text("007"), Value::Null])
            .text(")"),
        Query::sql("SELECT count(*) FROM t WHERE s IN (")
            .list(Vec::new())
            .text(")"),
    ] {
        let rows = db::fetch(session.as_mut(), &query).await.unwrap();
        matched.push(rows[0][0] == Value::Int(1));
    }
    let wanted = [
        true, false, true, false, true, false, true, true, false, true, false, false, true, false,
    ];
    assert_eq!(matched, wanted);
}

async fn a_query_is_described_without_running_it(bench: Bench) {
    bench
        .sql("CREATE TABLE t (a decimal(10,2), b varchar(10), c bigint NOT NULL)")
        .await;
    let mut session = bench.connect().await;
    let query = Query::sql(
        "SELECT s.a AS money, s.b, s.c, s.c + 1 AS computed FROM (SELECT * FROM t) s WHERE s.c = ",
    )
    .value(Value::Int(1));
    let columns = session.describe(&query).await.unwrap();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["money", "b", "c", "computed"]);
    assert!(matches!(columns[0].ty, Type::Decimal { .. }));
    assert!(matches!(
        columns[1].ty,
        Type::Text {
            charset: Charset::Unicode,
            ..
        }
    ));
    assert_eq!(columns[2].ty, int64());
    let computed = match bench.kind {
        EngineKind::Sqlite => Type::Other(String::new()),
        _ => int64(),
    };
    assert_eq!(columns[3].ty, computed);
    let writes = Query::sql("DELETE FROM t");
    assert_eq!(session.describe(&writes).await.unwrap().len(), 0);
    let error = session
        .describe(&Query::sql("SELECT x FROM t"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Undefined, "{error}");
}

async fn a_snapshot_sees_no_later_commit(bench: Bench) {
    bench
        .sql(bench.or(
            "CREATE TABLE t (n int); INSERT INTO t VALUES (1)",
            bench.by(
                "CREATE TABLE t (n int); INSERT INTO t VALUES (1)",
                "CREATE TABLE t (n int); INSERT INTO t VALUES (1)",
                "PRAGMA journal_mode = WAL; CREATE TABLE t (n int); INSERT INTO t VALUES (1)",
            ),
        ))
        .await;
    let mut session = bench.connect().await;
    session.begin(Isolation::Snapshot).await.unwrap();
    take_the_picture(&bench, session.as_mut()).await;
    // Before the first read of the table.
    bench.sql("INSERT INTO t VALUES (2)").await;
    let count = "SELECT count(*) FROM t";
    assert_eq!(*fetch(session.as_mut(), count).await[0], [Value::Int(1)]);
    bench.sql("INSERT INTO t VALUES (3)").await;
    assert_eq!(*fetch(session.as_mut(), count).await[0], [Value::Int(1)]);
    session.commit().await.unwrap();
    assert_eq!(*fetch(session.as_mut(), count).await[0], [Value::Int(3)]);

    // And a transaction that writes sees what others commit meanwhile, or lets nobody else write.
    begin(session.as_mut()).await;
    assert_eq!(*fetch(session.as_mut(), count).await[0], [Value::Int(3)]);
    if bench.kind != EngineKind::Sqlite {
        bench.sql("INSERT INTO t VALUES (4)").await;
        assert_eq!(*fetch(session.as_mut(), count).await[0], [Value::Int(4)]);
    }
    session.commit().await.unwrap();
}

async fn a_snapshot_cannot_write(bench: Bench) {
    bench.sql("CREATE TABLE t (n int)").await;
    let mut session = bench.connect().await;
    session.begin(Isolation::Snapshot).await.unwrap();
    let error = session
        .execute(&Query::sql("INSERT INTO t VALUES (1)"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::ReadOnly, "{error}");
    session.rollback().await.unwrap();
    session
        .execute(&Query::sql("INSERT INTO t VALUES (1)"))
        .await
        .unwrap();
}

async fn the_session_is_in_utc(bench: Bench) {
    let mut session = bench.connect().await;
    let query = bench.by(
        "SELECT current_setting('TimeZone'), CAST('2024-07-01 12:00:00' AS timestamptz)::text",
        "SELECT @@session.time_zone, CAST(from_unixtime(1719835200) AS char)",
        "",
    );
    let zone = bench.by("UTC", "+00:00", "");
    let noon = bench.by("2024-07-01 12:00:00+00", "2024-07-01 12:00:00", "");
    assert_eq!(
        *fetch(session.as_mut(), query).await[0],
        [text(zone), text(noon)]
    );
}

async fn the_server_says_what_it_is(bench: Bench) {
    let session = bench.connect().await;
    let server = session.server();
    assert_eq!(server.kind, bench.kind);
    assert!(
        server.product.starts_with(bench.or(
            "SQL Server ",
            bench.by("PostgreSQL ", "MariaDB ", "SQLite ")
        )),
        "{}",
        server.product
    );
    assert!(
        server.version.0 >= 3 && server.unicode && !server.read_only,
        "{server:?}"
    );
}

async fn a_choice_follows_what_the_database_has(bench: Bench) {
    bench
        .sql("CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (7)")
        .await;
    let column = choice::mark("t.added", "added", "n");
    let table = choice::mark("u", "'u'", "'none'");
    let query = Query::sql(format!(
        "SELECT {column} AS x, {table} AS y FROM t WHERE n > "
    ))
    .value(Value::Int(0))
    .text(choice::mark("t", " AND n < 8", ""));
    let mut session = bench.connect().await;
    let described = session.describe(&query).await.unwrap();
    assert_eq!([&*described[0].name, &*described[1].name], ["x", "y"]);
    assert_eq!(
        *db::fetch(&mut *session, &query).await.unwrap(),
        [int_and("none", 7)]
    );

    // A session that is open sees what an upgrade has changed, within a snapshot too.
    let add = bench.or("ADD", "ADD COLUMN");
    bench
        .sql(&format!(
            "ALTER TABLE t {add} added int; UPDATE t SET added = 9; CREATE TABLE u (n int)"
        ))
        .await;
    session.begin(Isolation::Snapshot).await.unwrap();
    assert_eq!(
        *db::fetch(&mut *session, &query).await.unwrap(),
        [int_and("u", 9)]
    );
    session.rollback().await.unwrap();
}

fn int_and(name: &str, number: i64) -> ponte::value::Row {
    vec![Value::Int(number), text(name)].into()
}
