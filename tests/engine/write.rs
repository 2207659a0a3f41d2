//! Inserts with generated ids, updates and deletes by key, relative writes.

use crate::{
    ALL, Bench, Listed, MARIADB, SERVERS, SQLSERVER, begin, case, decimal, fetch, insert, text,
};
use ponte::db::query::{Add, Delete, Insert, Part, Query, TableName, Update};
use ponte::db::{self, CommitError, DbErrorKind, EngineKind, Isolation, Session};
use ponte::value::{Decimal, Type, Value};

pub const CASES: &[Listed] = &[
    case!(generated_ids_come_in_the_order_of_the_rows, ALL),
    case!(rows_that_cannot_be_told_apart_get_their_ids_too, ALL),
    case!(more_rows_than_a_statement_holds_are_inserted, ALL),
    case!(large_values_are_inserted, ALL),
    case!(a_table_with_triggers_is_written_to, SQLSERVER),
    case!(a_change_shows_its_rows_though_there_are_triggers, SQLSERVER),
    case!(rows_are_updated_by_their_key, ALL),
    case!(composite_keys, ALL),
    case!(numbers_are_added_to, ALL),
    case!(texts_that_are_whole_numbers_are_added_to, ALL),
    case!(what_is_no_whole_number_is_not_added_to, ALL),
    case!(rows_are_deleted_by_their_key, ALL),
    case!(warnings_are_errors, MARIADB),
    case!(what_the_server_cannot_encode_is_refused, SERVERS),
    case!(what_is_sent_later_is_there_for_the_next_statement, ALL),
    case!(what_is_sent_later_and_refused_fails_the_transaction, ALL),
    case!(a_transaction_begins_with_a_question, ALL),
];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn id_column(bench: &Bench) -> &'static str {
    bench.or(
        "id bigint IDENTITY PRIMARY KEY",
        bench.by(
            "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            "id bigint unsigned AUTO_INCREMENT PRIMARY KEY",
            "id INTEGER PRIMARY KEY",
        ),
    )
}

async fn generated_ids_come_in_the_order_of_the_rows(bench: Bench) {
    let id = id_column(&bench);
    bench
        .sql(&format!(
            "CREATE TABLE t ({id}, k varchar(20), d decimal(10,2), UNIQUE (k)); INSERT INTO t (k, d) VALUES ('old', 1)"
        ))
        .await;
    let mut session = bench.connect().await;
    let rows = (0..3000)
        .map(|n| vec![text(&format!("k{}", n * 7919 % 3000)), decimal("1.5")])
        .collect();
    let mut insert = insert(session.as_mut(), "t", &["k", "d"], rows).await;
    insert.generated = Some("id".to_owned());
    insert.distinct_by = vec![0];
    begin(session.as_mut()).await;
    let ids = session.insert(&insert).await.unwrap();
    session.commit().await.unwrap();
    assert_belong(&bench, &insert, &ids).await;
}

/// Each id is the one of the row with its key.
async fn assert_belong(bench: &Bench, insert: &Insert, ids: &[Value]) {
    let rows = bench.look("SELECT k, id FROM t").await;
    let by_key: std::collections::HashMap<_, _> = rows
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(ids.len(), insert.rows.len());
    for (row, id) in insert.rows.iter().zip(ids) {
        let (Value::Text(key), Value::Int(_) | Value::UInt(_)) = (&row[0], id) else {
            panic!("{row:?} got {id:?}");
        };
        let id = match id {
            Value::Int(id) => id.to_string(),
            Value::UInt(id) => id.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(by_key[&Some(key.clone())], Some(id), "{key}");
    }
}

async fn rows_that_cannot_be_told_apart_get_their_ids_too(bench: Bench) {
    let id = id_column(&bench);
    bench
        .sql(&format!("CREATE TABLE t ({id}, k varchar(20), note text)"))
        .await;
    let mut session = bench.connect().await;
    let rows = ["a", "a", "b"].map(|k| vec![text(k), text("n")]).to_vec();
    let mut insert = insert(session.as_mut(), "t", &["k", "note"], rows).await;
    insert.generated = Some("id".to_owned());
    // Once without a promise, once with one that does not hold: the rows are not 1:1.
    for distinct_by in [vec![], vec![0]] {
        insert.distinct_by = distinct_by;
        begin(session.as_mut()).await;
        let ids = session.insert(&insert).await.unwrap();
        session.commit().await.unwrap();
        assert_eq!(ids.len(), 3);
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    }
    assert_eq!(bench.look("SELECT id FROM t").await.len(), 6);
}

async fn more_rows_than_a_statement_holds_are_inserted(bench: Bench) {
    let columns: Vec<String> = (0..30).map(|at| format!("c{at}")).collect();
    bench
        .sql(&format!(
            "CREATE TABLE t (id bigint PRIMARY KEY, {} bigint)",
            columns.join(" bigint, ")
        ))
        .await;
    let mut session = bench.connect().await;
    // 155,000 values.
    let rows: Vec<Vec<Value>> = (0..5000)
        .map(|n| (0..31).map(|at| Value::Int(n * 100 + at)).collect())
        .collect();
    let mut all = vec!["id"];
    all.extend(columns.iter().map(String::as_str));
    let insert = insert(session.as_mut(), "t", &all, rows).await;
    begin(session.as_mut()).await;
    assert!(session.insert(&insert).await.unwrap().is_empty());
    session.commit().await.unwrap();
    let found = bench
        .look("SELECT count(*), sum(c29), min(c0) FROM t")
        .await;
    let sum: i64 = (0..5000).map(|n| n * 100 + 30).sum();
    let wanted = ["5000".to_owned(), sum.to_string(), "1".to_owned()]
        .map(Some)
        .to_vec();
    assert_eq!(found, [wanted]);
}

async fn large_values_are_inserted(bench: Bench) {
    let ty = bench.or("nvarchar(max)", bench.by("text", "longtext", "text"));
    bench
        .sql(&format!(
            "CREATE TABLE t (id bigint PRIMARY KEY, body {ty})"
        ))
        .await;
    let mut session = bench.connect().await;
    // More in all than the server takes in one packet (16 MiB by MariaDB's default).
    let body = "à".repeat(1_000_000);
    let rows = (0..20).map(|n| vec![Value::Int(n), text(&body)]).collect();
    let insert = insert(session.as_mut(), "t", &["id", "body"], rows).await;
    let update = update_of(&insert, &["id"], &["body"], |row| {
        (vec![row[0].clone()], vec![row[1].clone()])
    });
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    assert_eq!(session.update(&update).await.unwrap(), 20);
    session.commit().await.unwrap();
    let found = bench
        .look(&format!(
            "SELECT count(*), min({}(body)) FROM t",
            bench.or("len", "length")
        ))
        .await;
    let length = bench.by("1000000", "2000000", "1000000");
    assert_eq!(found, [[Some("20".to_owned()), Some(length.to_owned())]]);
}

/// A trigger's own statements count nothing, its ids are nobody's, and `OUTPUT` may not go to the client.
async fn a_table_with_triggers_is_written_to(bench: Bench) {
    let trigger = "BEGIN INSERT INTO log (what) SELECT k FROM inserted; \
        UPDATE t SET stamp = t.stamp + 1 FROM t INNER JOIN inserted AS i ON i.id = t.id WHERE t.stamp < 2 END";
    bench
        .sql(&format!(
            "CREATE TABLE t ({}, k varchar(20) UNIQUE, v varchar(20), stamp int NOT NULL DEFAULT 0); \
             CREATE TABLE log (id int IDENTITY(100000, 1), what varchar(20))",
            id_column(&bench)
        ))
        .await;
    let mut client = bench.client().await;
    client
        .run(&format!(
            "CREATE TRIGGER touched ON t AFTER INSERT, UPDATE AS {trigger}"
        ))
        .await;
    client
        .run("CREATE TRIGGER gone ON t AFTER DELETE AS BEGIN INSERT INTO log (what) SELECT k FROM deleted END")
        .await;
    let mut session = bench.connect().await;
    // So many that they are loaded, then few enough for a statement, then one.
    for (first, count) in [(0, 3000), (3000, 20), (3020, 1)] {
        let rows = (first..first + count)
            .map(|n| vec![text(&format!("k{n}")), text("old")])
            .collect();
        let mut insert = insert(session.as_mut(), "t", &["k", "v"], rows).await;
        insert.generated = Some("id".to_owned());
        insert.distinct_by = vec![0];
        begin(session.as_mut()).await;
        let ids = session.insert(&insert).await.unwrap();
        let update = update_of(&insert, &["k"], &["v"], |row| {
            (vec![row[0].clone()], vec![text("new")])
        });
        assert_eq!(session.update(&update).await.unwrap(), count as u64);
        session.commit().await.unwrap();
        assert_belong(&bench, &insert, &ids).await;
    }
    let delete = Delete {
        table: TableName::parse("t"),
        key: names(&["k"]),
        key_types: vec![Type::TEXT],
        rows: vec![vec![text("k3020")], vec![text("k1")], vec![text("nobody")]],
    };
    begin(session.as_mut()).await;
    assert_eq!(session.delete(&delete).await.unwrap(), 2);
    session.commit().await.unwrap();
    let found = bench
        .look("SELECT count(*), min(v), max(v), min(stamp) FROM t")
        .await;
    let wanted = ["3019", "new", "new", "2"].map(|text| Some(text.to_owned()));
    assert_eq!(found, [wanted]);
    let logged = bench.look("SELECT count(*) FROM log").await;
    assert_eq!(logged, [[Some((2 * 3021 + 2).to_string())]]);
}

/// The server refuses `OUTPUT` without `INTO` for such a table; and what a trigger shows is no answer.
async fn a_change_shows_its_rows_though_there_are_triggers(bench: Bench) {
    bench
        .sql("CREATE TABLE t (name varchar(20) PRIMARY KEY, n int); INSERT INTO t VALUES ('a', 1), ('b', 1)")
        .await;
    let changes = [
        (
            "UPDATE t SET n = n + 1 OUTPUT inserted.n",
            "WHERE name = 'a'",
        ),
        (
            "INSERT INTO t (name, n) OUTPUT inserted.n",
            "VALUES ('c', 7)",
        ),
        ("DELETE FROM t OUTPUT deleted.n", "WHERE name = 'c'"),
    ];
    let plain = |(change, rest): (&str, &str)| format!("{change} {rest}");
    let by_table = |(change, rest): (&str, &str)| {
        format!("DECLARE @rows TABLE (n int); {change} INTO @rows (n) {rest}; SELECT n FROM @rows")
    };
    let mut session = bench.connect().await;
    let mut expected = [2, 7, 7];
    for (change, n) in changes.into_iter().zip(expected) {
        begin(session.as_mut()).await;
        let found = fetch(session.as_mut(), &plain(change)).await;
        assert_eq!(found, [Box::from([Value::Int(n)])]);
        session.commit().await.unwrap();
    }
    bench
        .client()
        .await
        .run(
            "CREATE TRIGGER shown ON t AFTER INSERT, UPDATE, DELETE AS \
             BEGIN SET NOCOUNT OFF; UPDATE t SET n = n WHERE name = 'b'; SELECT name, name FROM t END",
        )
        .await;
    expected[0] = 3;
    for (change, n) in changes.into_iter().zip(expected) {
        begin(session.as_mut()).await;
        let error = db::fetch(session.as_mut(), &Query::sql(plain(change))).await;
        let error = error.unwrap_err();
        assert_eq!(error.code.as_deref(), Some("334"), "{error}");
        session.rollback().await.unwrap();
        begin(session.as_mut()).await;
        let found = fetch(session.as_mut(), &by_table(change)).await;
        assert_eq!(found, [Box::from([Value::Int(n)])]);
        session.commit().await.unwrap();
    }
    // Elsewhere it is refused before it is sent.
    let error = db::fetch(session.as_mut(), &Query::sql(by_table(changes[0]))).await;
    assert_eq!(error.unwrap_err().kind, DbErrorKind::Syntax);
}

fn update_of(
    insert: &Insert,
    key: &[&str],
    columns: &[&str],
    row: impl Fn(&[Value]) -> (Vec<Value>, Vec<Value>),
) -> Update {
    let types = |names: &[&str]| -> Vec<Type> {
        names
            .iter()
            .map(|name| {
                let at = insert
                    .columns
                    .iter()
                    .position(|column| column == name)
                    .unwrap();
                insert.types[at].clone()
            })
            .collect()
    };
    Update {
        table: insert.table.clone(),
        key: names(key),
        key_types: types(key),
        columns: names(columns),
        types: types(columns),
        rows: insert.rows.iter().map(|values| row(values)).collect(),
    }
}

async fn rows_are_updated_by_their_key(bench: Bench) {
    bench
        .sql(
            "CREATE TABLE t (k varchar(20) PRIMARY KEY, a bigint, d decimal(30,10), s varchar(20))",
        )
        .await;
    let mut session = bench.connect().await;
    let rows = (0..2500)
        .map(|n| {
            vec![
                text(&format!("k{n}")),
                Value::Int(n),
                decimal(&format!("{n}.0000000001")),
                text("old"),
            ]
        })
        .collect();
    let insert = insert(session.as_mut(), "t", &["k", "a", "d", "s"], rows).await;
    let mut update = update_of(&insert, &["k"], &["a", "d", "s"], |row| {
        let new = match &row[1] {
            Value::Int(n) if n % 3 == 0 => vec![Value::Null, Value::Null, Value::Null],
            Value::Int(n) => vec![Value::Int(-n), decimal(&format!("-{n}.12345")), text("")],
            other => panic!("{other:?}"),
        };
        (vec![row[0].clone()], new)
    });
    update.rows.push((
        vec![text("not there")],
        vec![Value::Null, Value::Null, Value::Null],
    ));
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    assert_eq!(session.update(&update).await.unwrap(), 2500);
    // Rows found count, whether they change or not.
    assert_eq!(session.update(&update).await.unwrap(), 2500);
    session.commit().await.unwrap();
    let found = bench
        .look(&format!(
            "SELECT count(*), sum(CASE WHEN a IS NULL AND d IS NULL AND s IS NULL THEN 1 ELSE 0 END), \
             sum(CASE WHEN s = '' AND a = -round(-d{}) THEN 1 ELSE 0 END) FROM t",
            bench.or(", 0", "")
        ))
        .await;
    assert_eq!(
        found,
        [["2500", "834", "1666"].map(|count| Some(count.to_owned()))]
    );
    let exact = bench.look("SELECT d FROM t WHERE k = 'k2000'").await;
    assert!(
        exact[0][0].as_ref().unwrap().starts_with("-2000.12345"),
        "{exact:?}"
    );
}

async fn composite_keys(bench: Bench) {
    bench
        .sql("CREATE TABLE t (a bigint, b varchar(20), c date, v varchar(20), PRIMARY KEY (a, b, c))")
        .await;
    let mut session = bench.connect().await;
    let day = Value::Date(chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap());
    let rows = (0..300)
        .map(|n| {
            vec![
                Value::Int(n % 3),
                text(&format!("b{n}")),
                day.clone(),
                text("old"),
            ]
        })
        .collect();
    let insert = insert(session.as_mut(), "t", &["a", "b", "c", "v"], rows).await;
    let update = update_of(&insert, &["a", "b", "c"], &["v"], |row| {
        (row[..3].to_vec(), vec![text("new")])
    });
    let delete = Delete {
        table: update.table.clone(),
        key: update.key.clone(),
        key_types: update.key_types.clone(),
        rows: update.rows[..100].iter().map(|row| row.0.clone()).collect(),
    };
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    assert_eq!(session.update(&update).await.unwrap(), 300);
    assert_eq!(session.delete(&delete).await.unwrap(), 100);
    assert_eq!(session.delete(&delete).await.unwrap(), 0);
    session.commit().await.unwrap();
    let found = bench.look("SELECT count(*), min(v), max(v) FROM t").await;
    assert_eq!(
        found,
        [["200", "new", "new"].map(|text| Some(text.to_owned()))]
    );
}

async fn add_of(session: &mut dyn Session, column: &str, rows: &[(i64, &str)]) -> Add {
    let table = session
        .table(&TableName::parse("t"))
        .await
        .unwrap()
        .unwrap();
    Add {
        table: TableName::parse("t"),
        key: "id".to_owned(),
        key_type: table.column("id").unwrap().ty.clone(),
        column: column.to_owned(),
        column_type: table.column(column).unwrap().ty.clone(),
        rows: rows
            .iter()
            .map(|(id, by)| (Value::Int(*id), Decimal::parse(by).unwrap()))
            .collect(),
    }
}

async fn numbers_are_added_to(bench: Bench) {
    let unsigned = bench.by("int", "int unsigned", "int");
    bench
        .sql(&format!(
            "CREATE TABLE t (id bigint PRIMARY KEY, n {unsigned}, d decimal(20,4)); \
             INSERT INTO t VALUES (1, 10, 10.5), (2, 5, 0), (3, NULL, NULL)"
        ))
        .await;
    let mut session = bench.connect().await;
    let whole = add_of(
        session.as_mut(),
        "n",
        &[(2, "-5"), (1, "7"), (3, "1"), (9, "1")],
    )
    .await;
    let fraction = add_of(session.as_mut(), "d", &[(1, "-0.1234"), (2, "0.5")]).await;
    begin(session.as_mut()).await;
    assert_eq!(session.add(&whole).await.unwrap(), 3);
    assert_eq!(session.add(&fraction).await.unwrap(), 2);
    session.commit().await.unwrap();
    let rows = crate::fetch(session.as_mut(), "SELECT n, d FROM t ORDER BY id").await;
    let number = |n| {
        if bench.kind == EngineKind::MySql {
            Value::UInt(n)
        } else {
            Value::Int(n as i64)
        }
    };
    assert_eq!(*rows[0], [number(17), decimal("10.3766")]);
    assert_eq!(*rows[1], [number(0), decimal("0.5")]);
    assert_eq!(*rows[2], [Value::Null, Value::Null]);
}

async fn texts_that_are_whole_numbers_are_added_to(bench: Bench) {
    let ty = bench.or("varchar(50)", bench.by("text", "longtext", "LONGTEXT"));
    bench
        .sql(&format!(
            "CREATE TABLE t (id bigint PRIMARY KEY, v {ty}); \
             INSERT INTO t VALUES (1, '101'), (2, '-3'), (3, NULL), (4, '123456789012')"
        ))
        .await;
    let mut session = bench.connect().await;
    let add = add_of(
        session.as_mut(),
        "v",
        &[(4, "1"), (1, "-101"), (2, "5"), (3, "1")],
    )
    .await;
    begin(session.as_mut()).await;
    assert_eq!(session.add(&add).await.unwrap(), 4);
    session.commit().await.unwrap();
    let rows = bench.look("SELECT v FROM t ORDER BY id").await;
    let wanted = [Some("0"), Some("2"), None, Some("123456789013")];
    assert_eq!(rows, wanted.map(|text| vec![text.map(str::to_owned)]));
}

async fn what_is_no_whole_number_is_not_added_to(bench: Bench) {
    bench
        .sql(&format!(
            "CREATE TABLE t (id bigint PRIMARY KEY, v {}, n int, d decimal(10,2)); \
             INSERT INTO t VALUES (1, 'abc', 1, 1), (2, '10.5', 1, 1), (3, '5', 1, 1)",
            bench.or("varchar(50)", "text")
        ))
        .await;
    let mut session = bench.connect().await;
    for (column, id, by) in [
        ("v", 1, "1"),
        ("v", 2, "1"),
        ("v", 3, "0.5"),
        ("n", 3, "0.5"),
        ("d", 3, "0.001"),
    ] {
        let add = add_of(session.as_mut(), column, &[(id, by)]).await;
        begin(session.as_mut()).await;
        let error = session.add(&add).await.unwrap_err();
        assert_eq!(
            error.kind,
            DbErrorKind::Misfit,
            "{column} {id} {by}: {error}"
        );
        session.rollback().await.unwrap();
    }
    let rows = bench.look("SELECT v, n FROM t ORDER BY id").await;
    assert_eq!(rows[1], [Some("10.5".to_owned()), Some("1".to_owned())]);
}

async fn rows_are_deleted_by_their_key(bench: Bench) {
    bench
        .sql("CREATE TABLE t (k varchar(20) PRIMARY KEY)")
        .await;
    let mut session = bench.connect().await;
    let rows: Vec<_> = (0..3000).map(|n| vec![text(&format!("k{n}"))]).collect();
    let insert = insert(session.as_mut(), "t", &["k"], rows.clone()).await;
    let delete = Delete {
        table: insert.table.clone(),
        key: insert.columns.clone(),
        key_types: insert.types.clone(),
        rows: rows[..2999]
            .iter()
            .cloned()
            .chain([vec![text("gone")], vec![Value::Null]])
            .collect(),
    };
    begin(session.as_mut()).await;
    session.insert(&insert).await.unwrap();
    assert_eq!(session.delete(&delete).await.unwrap(), 2999);
    session.commit().await.unwrap();
    assert_eq!(
        bench.look("SELECT k FROM t").await,
        [[Some("k2999".to_owned())]]
    );
}

/// Strict mode lets some through as notes: places of a decimal that the column has not.
async fn warnings_are_errors(bench: Bench) {
    bench
        .sql("CREATE TABLE t (id bigint PRIMARY KEY, d decimal(10,2), s varchar(3))")
        .await;
    let mut session = bench.connect().await;
    for (column, value) in [
        ("d", decimal("1.005")),
        ("s", text("ab   ")),
        ("s", text("abcd")),
    ] {
        let insert = insert(
            session.as_mut(),
            "t",
            &["id", column],
            vec![vec![Value::Int(1), value]],
        )
        .await;
        begin(session.as_mut()).await;
        let error = session.insert(&insert).await.unwrap_err();
        assert_eq!(error.kind, DbErrorKind::Misfit, "{error}");
        assert!(error.message.contains(&format!("'{column}'")), "{error}");
        session.rollback().await.unwrap();
    }
}

async fn what_the_server_cannot_encode_is_refused(bench: Bench) {
    let ty = bench.by(
        "varchar(10)",
        "varchar(10) CHARACTER SET latin1",
        "varchar(10)",
    );
    bench
        .sql(&format!("CREATE TABLE t (id bigint PRIMARY KEY, v {ty})"))
        .await;
    let mut session = bench.connect().await;
    let value = text(bench.by("a\0b", "😀", "😀"));
    let insert = insert(
        session.as_mut(),
        "t",
        &["id", "v"],
        vec![vec![Value::Int(1), value]],
    )
    .await;
    begin(session.as_mut()).await;
    let error = session.insert(&insert).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Misfit, "{error}");
    session.rollback().await.unwrap();
}

/// Three texts that a quotation might spoil, in two statements that nobody waits for.
async fn what_is_sent_later_is_there_for_the_next_statement(bench: Bench) {
    bench
        .sql("CREATE TABLE t (id bigint PRIMARY KEY, v varchar(60))")
        .await;
    let mut session = bench.connect().await;
    let texts = [
        "it's; DROP TABLE t; --",
        "back\\slash \\' and E'x'",
        "$1 \u{e8} \"q\"",
    ];
    let rows = (0..).zip(&texts[..2]);
    let rows = rows.map(|(id, value)| vec![Value::Int(id), text(value)]);
    let insert = insert(session.as_mut(), "t", &["id", "v"], rows.collect()).await;
    let third = Query::sql("INSERT INTO t (id, v) VALUES (")
        .value(Value::Int(2))
        .text(", ")
        .value(text(texts[2]))
        .text(")");
    begin(session.as_mut()).await;
    session.insert_later(&insert).await.unwrap();
    session.execute_later(&third).await.unwrap();
    let found = crate::fetch(session.as_mut(), "SELECT v FROM t ORDER BY id").await;
    let found: Vec<Value> = found.iter().map(|row| row[0].clone()).collect();
    assert_eq!(found, texts.map(text));
    // What was not sent yet is given up with the rest.
    let fourth = Query::sql("INSERT INTO t (id, v) VALUES (3, 'fourth')");
    session.execute_later(&fourth).await.unwrap();
    session.rollback().await.unwrap();
    begin(session.as_mut()).await;
    session.insert_later(&insert).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(bench.look("SELECT v FROM t").await.len(), 2);
}

/// The error comes at the latest when it is asked for, and is of the kind that it would be at once.
async fn what_is_sent_later_and_refused_fails_the_transaction(bench: Bench) {
    bench
        .sql("CREATE TABLE t (id bigint PRIMARY KEY, v varchar(5) NOT NULL); CREATE TABLE u (id bigint PRIMARY KEY)")
        .await;
    let mut session = bench.connect().await;
    let first = insert(session.as_mut(), "u", &["id"], vec![vec![Value::Int(1)]]).await;
    let twice = insert(
        session.as_mut(),
        "t",
        &["id", "v"],
        [1, 1].map(|id| vec![Value::Int(id), text("same")]).to_vec(),
    )
    .await;
    begin(session.as_mut()).await;
    session.insert_later(&first).await.unwrap();
    let at_once = session.insert_later(&twice).await;
    let error = match at_once {
        Ok(()) => session.send_later().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind, DbErrorKind::UniqueViolation, "{error}");
    let where_it_was = "inserting into t: ";
    let where_it_was = bench.or(where_it_was, bench.by(where_it_was, "", ""));
    assert!(error.message.contains(where_it_was), "{error}");
    session.rollback().await.unwrap();
    // Refused by COMMIT, for which it waited: nothing is committed, and the session is of use.
    let nul = insert(
        session.as_mut(),
        "t",
        &["id", "v"],
        vec![vec![Value::Int(1), Value::Null]],
    )
    .await;
    begin(session.as_mut()).await;
    session.insert_later(&first).await.unwrap();
    if session.insert_later(&nul).await.is_ok() {
        let ended = session.commit().await;
        assert!(matches!(ended, Err(CommitError::NotDone(_))), "{ended:?}");
    }
    session.rollback().await.unwrap();
    begin(session.as_mut()).await;
    session.insert_later(&first).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(bench.look("SELECT id FROM u").await.len(), 1);
    assert_eq!(bench.look("SELECT id FROM t").await.len(), 0);
}

async fn a_transaction_begins_with_a_question(bench: Bench) {
    bench
        .sql("CREATE TABLE t (k varchar(20) PRIMARY KEY, n bigint NOT NULL); INSERT INTO t VALUES ('it''s', 41)")
        .await;
    let mut session = bench.connect().await;
    let asks = |key: &str| {
        Query::sql("SELECT n FROM ")
            .table(&TableName::parse("t"))
            .text(" WHERE k = ")
            .value(text(key))
            .push(Part::ForShare)
    };
    let isolation = Isolation::ReadCommitted;
    let found = session.begin_asking(isolation, &asks("it's")).await;
    assert_eq!(found.unwrap(), Some(41));
    session.commit().await.unwrap();
    let found = session.begin_asking(isolation, &asks("other")).await;
    assert_eq!(found.unwrap(), None);
    session.rollback().await.unwrap();
    // A question that fails leaves nothing behind that a rollback does not end.
    let wrong = Query::sql("SELECT n FROM not_there");
    let error = session.begin_asking(isolation, &wrong).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Undefined, "{error}");
    session.rollback().await.unwrap();
    let found = session.begin_asking(isolation, &asks("it's")).await;
    assert_eq!(found.unwrap(), Some(41));
}
