//! What is special about PostgreSQL behind the engine interface; what all engines share is tested in `tests/engine.rs`.

#[path = "support/mod.rs"]
mod support;

use futures_util::TryStreamExt;
use ponte::db::query::{Add, Delete, Insert, Query, TableName, Update};
use ponte::db::{CommitError, DbErrorKind, DbUrl, Isolation, Session, engine, fetch};
use ponte::value::{Decimal, Type, Value, convert};
use std::path::Path;

struct Fixture {
    database: support::servers::Database,
    session: Box<dyn Session>,
}

async fn connect(url: &str) -> Box<dyn Session> {
    let url = DbUrl::parse(url, None, Path::new(".")).expect("a connection string");
    engine(&url).unwrap().connect().await.unwrap()
}

async fn fixture(test: &str, sql: &str) -> Fixture {
    let database = support::servers::postgres(&format!("engine_postgres::{test}")).await;
    let mut session = connect(&database.url).await;
    session.execute(&Query::sql(sql)).await.unwrap();
    Fixture { database, session }
}

impl Fixture {
    async fn rows(&mut self, sql: &str) -> Vec<Vec<Value>> {
        let rows = fetch(self.session.as_mut(), &Query::sql(sql))
            .await
            .unwrap();
        rows.into_iter().map(|row| row.into_vec()).collect()
    }

    async fn column(&mut self, sql: &str) -> Vec<Value> {
        let rows = self.rows(sql).await.into_iter();
        rows.map(|mut row| row.swap_remove(0)).collect()
    }

    async fn begin(&mut self) {
        self.session.begin(Isolation::ReadCommitted).await.unwrap();
    }

    /// Inserts values as the pipeline would: converted to the columns' types.
    async fn insert(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: Vec<Vec<Value>>,
        generated: Option<(&str, Vec<usize>)>,
    ) -> ponte::db::Result<Vec<Value>> {
        let name = TableName::parse(table);
        let found = self.session.table(&name).await?.expect("a table");
        let types: Vec<Type> = columns
            .iter()
            .map(|column| found.column(column).expect("a column").ty.clone())
            .collect();
        let fit = |row: Vec<Value>| {
            let values = row.into_iter().zip(&types);
            values
                .map(|(value, ty)| match ty {
                    Type::Other(_) => value,
                    ty => convert(value, ty).unwrap(),
                })
                .collect()
        };
        let insert = Insert {
            table: name,
            columns: columns.iter().map(|name| name.to_string()).collect(),
            rows: rows.into_iter().map(fit).collect(),
            types,
            generated: generated.as_ref().map(|(name, _)| name.to_string()),
            distinct_by: generated.map(|(_, by)| by).unwrap_or_default(),
        };
        self.session.insert(&insert).await
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn int4() -> Type {
    Type::Int {
        bits: 32,
        signed: true,
    }
}

#[tokio::test]
async fn every_type_is_written_and_read_without_loss() {
    let mut it = fixture(
        "types",
        "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN short AS varchar(5) NOT NULL DEFAULT 'x'; \
         CREATE TABLE t (b bool, i2 int2, i4 int4, i8 int8, o oid, n numeric, d numeric(40,20), f4 real, f8 float8, \
         s text, v varchar(3), c char(5), nm name, ch \"char\", y bytea, da date, ti time, ts timestamp, tz timestamptz, \
         u uuid, j json, jb jsonb, e mood, dom short)",
    )
    .await;
    let rows = vec![
        vec![
            Value::Bool(true),
            Value::Int(-32768),
            Value::Int(i32::MIN.into()),
            Value::Int(i64::MIN),
            Value::UInt(u32::MAX.into()),
            Value::Decimal(decimal(
                "-12345678901234567890123456789012345678901234567890.00000000012345678901",
            )),
            Value::Decimal(decimal("12345678901234567890.12345678901234567891")),
            Value::Float(0.25),
            Value::Float(1.797_693_134_862_315_7e308),
            text("ü€😀 'quoted' \\ \"x\"\n{NULL}"),
            text("äöü"),
            text("ab"),
            text("name"),
            text("q"),
            Value::Bytes(vec![0, 255, b'\\', b'\'']),
            Value::Date("9999-12-31".parse().unwrap()),
            Value::Time("23:59:59.999999".parse().unwrap()),
            Value::DateTime("0001-01-01T00:00:00.000001".parse().unwrap()),
            Value::Timestamp("2026-03-29T01:30:00.123456Z".parse().unwrap()),
            Value::Uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8".parse().unwrap()),
            Value::Json("{\"a\": [1, 2.50]}".to_owned()),
            Value::Json("{\"a\": [1, 2.50]}".to_owned()),
            text("happy"),
            text("short"),
        ],
        vec![Value::Null; 23]
            .into_iter()
            .chain([text("")])
            .collect(),
    ];
    let columns = [
        "b", "i2", "i4", "i8", "o", "n", "d", "f4", "f8", "s", "v", "c", "nm", "ch", "y", "da",
        "ti", "ts", "tz", "u", "j", "jb", "e", "dom",
    ];
    it.begin().await;
    it.insert("t", &columns, rows.clone(), None).await.unwrap();
    it.session.commit().await.unwrap();
    let mut expected = rows;
    expected[0][11] = text("ab   ");
    assert_eq!(it.rows("SELECT * FROM t").await, expected);

    let query = Query::sql("SELECT * FROM t WHERE i8 = ").value(Value::Null);
    let described = it.session.describe(&query).await.unwrap();
    assert_eq!(described.len(), 24);
    assert_eq!(described[22].name, "e");
    assert_eq!(
        described[22].ty,
        Type::Enum(["sad".to_owned(), "happy".to_owned()].into())
    );

    for (place, value) in expected[0].iter().enumerate() {
        let given = Query::sql(format!(
            "SELECT count(*) FROM t WHERE {} = ",
            columns[place]
        ));
        let cast = match columns[place] {
            // Nothing is equal to a json, and a text is no enumeration.
            "j" => continue,
            "jb" => "::jsonb",
            "e" => "::text::mood",
            "c" => "::text::bpchar",
            _ => "",
        };
        let found = fetch(it.session.as_mut(), &given.value(value.clone()).text(cast)).await;
        assert_eq!(found.unwrap()[0][0], Value::Int(1), "{}", columns[place]);
    }
}

#[tokio::test]
async fn what_has_no_value_here_is_an_error_that_names_the_column() {
    let mut it = fixture("unreadable", "CREATE TABLE t (n numeric)").await;
    for (sql, kind) in [
        ("SELECT ARRAY[1] AS \"the x\"", DbErrorKind::Other),
        ("SELECT '1 day'::interval AS \"the x\"", DbErrorKind::Other),
        ("SELECT '1'::money AS \"the x\"", DbErrorKind::Other),
    ] {
        let error = fetch(it.session.as_mut(), &Query::sql(sql))
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{sql}: {error}");
        assert!(error.message.contains("`the x`"), "{error}");
    }
    assert_eq!(it.column("SELECT 1").await, [Value::Int(1)]);
}

#[tokio::test]
async fn whoever_may_write_and_falls_silent_is_thrown_out() {
    let mut it = fixture("idle", "CREATE TABLE t (n numeric)").await;
    let query = Query::sql("SELECT current_setting('idle_in_transaction_session_timeout')");
    for (isolation, limit) in [
        (Isolation::ReadCommitted, "1min"),
        (Isolation::Snapshot, "0"),
    ] {
        it.session.begin(isolation).await.unwrap();
        let found = fetch(it.session.as_mut(), &query).await.unwrap();
        assert_eq!(found[0][0], text(limit), "{isolation:?}");
        it.session.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn one_text_may_be_run_with_parameters_of_several_types() {
    let mut it = fixture("parameters", "CREATE TABLE t (n numeric)").await;
    for value in [
        Value::Int(1),
        Value::Decimal(decimal("1.5")),
        Value::Null,
        text("1.25"),
    ] {
        let query = Query::sql("SELECT CAST(")
            .value(value.clone())
            .text(" AS text)");
        let found = fetch(it.session.as_mut(), &query).await.unwrap();
        let expected = match value {
            Value::Int(_) => text("1"),
            Value::Decimal(_) => text("1.5"),
            other => other,
        };
        assert_eq!(found[0][0], expected);
    }
}

#[tokio::test]
async fn a_dropped_stream_leaves_the_session_usable() {
    let mut it = fixture("dropped", "CREATE TABLE t (n int)").await;
    let large = Query::sql("SELECT n, repeat('x', 100) FROM generate_series(1, 100000) AS n");
    let mut stream = it.session.read(&large).await.unwrap();
    assert_eq!(stream.try_next().await.unwrap().unwrap().rows.len(), 1000);
    drop(stream);
    assert_eq!(it.column("SELECT 1").await, [Value::Int(1)]);

    // The error that comes late in an abandoned result is not the next statement's.
    it.begin().await;
    let failing = Query::sql("SELECT 1 / (n - 50000) FROM generate_series(1, 100000) AS n");
    let mut stream = it.session.read(&failing).await.unwrap();
    stream.try_next().await.unwrap();
    drop(stream);
    let error = it.session.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::NotDone(_)), "{error}");
    it.begin().await;
    it.session.commit().await.unwrap();
}

#[tokio::test]
async fn a_failed_transaction_is_not_reported_as_committed() {
    let mut it = fixture("failed", "CREATE TABLE t (n int PRIMARY KEY)").await;
    it.begin().await;
    it.insert("t", &["n"], vec![vec![Value::Int(1)]], None)
        .await
        .unwrap();
    let again = it
        .insert("t", &["n"], vec![vec![Value::Int(1)]], None)
        .await;
    assert_eq!(again.unwrap_err().kind, DbErrorKind::UniqueViolation);
    let error = it.session.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::NotDone(_)), "{error}");
    assert_eq!(it.column("SELECT n FROM t").await, []);

    // Undone with a savepoint, the failure is none of the transaction's.
    it.begin().await;
    it.insert("t", &["n"], vec![vec![Value::Int(1)]], None)
        .await
        .unwrap();
    it.session
        .execute(&Query::sql("SAVEPOINT s"))
        .await
        .unwrap();
    it.session
        .execute(&Query::sql("SELECT 1 / 0"))
        .await
        .unwrap_err();
    it.session
        .execute(&Query::sql("ROLLBACK TO SAVEPOINT s"))
        .await
        .unwrap();
    it.session.commit().await.unwrap();
    assert_eq!(it.column("SELECT n FROM t").await, [Value::Int(1)]);
}

#[tokio::test]
async fn a_commit_that_the_server_refuses_is_not_done_and_a_killed_one_unknown() {
    let mut it = fixture(
        "commit",
        "CREATE TABLE t (n int, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    it.begin().await;
    let twice = vec![vec![Value::Int(1)], vec![Value::Int(1)]];
    it.insert("t", &["n"], twice, None).await.unwrap();
    match it.session.commit().await {
        Err(CommitError::NotDone(error)) => assert_eq!(error.kind, DbErrorKind::UniqueViolation),
        other => panic!("{other:?}"),
    }
    it.begin().await;
    it.session.rollback().await.unwrap();

    it.begin().await;
    let own = it.column("SELECT pg_backend_pid()").await;
    let mut other = connect(&it.database.url).await;
    let kill = Query::sql("SELECT pg_terminate_backend(CAST(")
        .value(own[0].clone())
        .text(" AS int))");
    fetch(other.as_mut(), &kill).await.unwrap();
    match it.session.commit().await {
        Err(CommitError::Unknown(error)) => assert_eq!(error.kind, DbErrorKind::ConnectionLost),
        other => panic!("{other:?}"),
    }
    let after = it.session.begin(Isolation::ReadCommitted).await;
    assert_eq!(after.unwrap_err().kind, DbErrorKind::ConnectionLost);
}

#[tokio::test]
async fn a_lost_answer_to_commit_is_unknown_whether_it_was_done_or_not() {
    use support::proxy::{COMMIT_POSTGRES, Fault, Proxy};
    let mut it = fixture("lost_answer", "CREATE TABLE t (n int)").await;
    let pattern = || COMMIT_POSTGRES.to_vec();
    let faults = [
        Fault::CutBefore {
            pattern: pattern(),
            skip: 0,
        },
        Fault::DropAnswer {
            pattern: pattern(),
            skip: 0,
        },
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let proxy = Proxy::start(&it.database.url);
        let mut session = connect(&proxy.url(&it.database.url)).await;
        session.begin(Isolation::ReadCommitted).await.unwrap();
        session
            .execute(&Query::sql(format!("INSERT INTO t VALUES ({n})")))
            .await
            .unwrap();
        proxy.set(fault);
        match session.commit().await {
            Err(CommitError::Unknown(error)) => assert_eq!(error.kind, DbErrorKind::ConnectionLost),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(it.column("SELECT n FROM t").await, [Value::Int(1)]);
}

#[tokio::test]
async fn generated_values_come_in_the_order_of_the_rows() {
    let mut it = fixture(
        "generated",
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(20), code char(8)); \
         CREATE TABLE changed (id serial PRIMARY KEY, name text); \
         CREATE FUNCTION upper_name() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$; \
         CREATE TRIGGER u BEFORE INSERT ON changed FOR EACH ROW EXECUTE FUNCTION upper_name()",
    )
    .await;
    let rows = |count: i64| -> Vec<Vec<Value>> {
        (0..count)
            .map(|n| vec![text(&format!("n{n}")), text(&format!("c{n}"))])
            .collect()
    };
    it.begin().await;
    let ids = it
        .insert("t", &["name", "code"], rows(12_000), Some(("id", vec![1])))
        .await
        .unwrap();
    let ordered = it
        .column("SELECT id FROM t ORDER BY CAST(substr(name, 2) AS int)")
        .await;
    assert_eq!(ids, ordered);

    // Not distinct, and changed by a trigger: one by one.
    let same = vec![vec![text("a")], vec![text("a")]];
    assert_eq!(
        it.insert("t", &["name"], same, Some(("id", Vec::new())))
            .await
            .unwrap()
            .len(),
        2
    );
    let names = vec![vec![text("a")], vec![text("b")]];
    let ids = it
        .insert("changed", &["name"], names, Some(("id", vec![0])))
        .await
        .unwrap();
    let found = it.rows("SELECT id, name FROM changed ORDER BY id").await;
    assert_eq!(
        found,
        [
            vec![ids[0].clone(), text("A")],
            vec![ids[1].clone(), text("B")]
        ]
    );
    it.session.commit().await.unwrap();
}

#[tokio::test]
async fn nothing_is_cut_by_a_cast() {
    let mut it = fixture(
        "casts",
        "CREATE DOMAIN short AS varchar(3); \
         CREATE TABLE t (id int PRIMARY KEY, v varchar(3), c char(3), d short, n numeric(4,1))",
    )
    .await;
    let update = |column: &str, value: Value, ty: Type| Update {
        table: TableName::parse("t"),
        key: vec!["id".to_owned()],
        key_types: vec![int4()],
        columns: vec![column.to_owned()],
        types: vec![ty],
        rows: vec![(vec![Value::Int(1)], vec![value])],
    };
    it.session
        .execute(&Query::sql("INSERT INTO t (id) VALUES (1)"))
        .await
        .unwrap();
    for column in ["v", "c", "d"] {
        it.begin().await;
        let ty = Type::Other(String::new());
        let done = it.session.update(&update(column, text("long"), ty)).await;
        assert_eq!(done.unwrap_err().kind, DbErrorKind::Misfit, "{column}");
        it.session.rollback().await.unwrap();
    }
    it.begin().await;
    let ty = Type::Other(String::new());
    assert_eq!(
        it.session
            .update(&update("c", text("abc"), ty))
            .await
            .unwrap(),
        1
    );
    it.session.commit().await.unwrap();
    assert_eq!(it.column("SELECT c FROM t").await, [text("abc")]);
}

#[tokio::test]
async fn rows_are_added_to_and_deleted_by_key() {
    let mut it = fixture(
        "add",
        "CREATE TABLE t (k text COLLATE \"C\" PRIMARY KEY, n int, d numeric(10,2), s text); \
         INSERT INTO t VALUES ('a', 1, 1.50, '101'), ('b', NULL, 2, '7'), ('c', 3, 3, 'many')",
    )
    .await;
    let add = |column: &str, ty: Type, rows: &[(&str, &str)]| Add {
        table: TableName::parse("t"),
        key: "k".to_owned(),
        key_type: Type::Other(String::new()),
        column: column.to_owned(),
        column_type: ty,
        rows: rows
            .iter()
            .map(|(key, delta)| (text(key), decimal(delta)))
            .collect(),
    };
    let words = it
        .session
        .table(&TableName::parse("t"))
        .await
        .unwrap()
        .unwrap();
    let ty = |name: &str| words.column(name).unwrap().ty.clone();
    it.begin().await;
    let twice = add("n", ty("n"), &[("a", "5"), ("a", "-2"), ("nobody", "1")]);
    assert_eq!(it.session.add(&twice).await.unwrap(), 1);
    assert_eq!(
        it.session
            .add(&add("d", ty("d"), &[("a", "-0.25")]))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        it.session
            .add(&add("s", ty("s"), &[("a", "-101"), ("b", "3")]))
            .await
            .unwrap(),
        2
    );
    let error = it
        .session
        .add(&add("n", ty("n"), &[("a", "0.5")]))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Misfit);
    it.session.commit().await.unwrap();
    let found = it.rows("SELECT n, d, s FROM t ORDER BY k LIMIT 2").await;
    assert_eq!(
        found[0],
        [Value::Int(4), Value::Decimal(decimal("1.25")), text("0")]
    );
    assert_eq!(found[1][2], text("10"));

    it.begin().await;
    let error = it
        .session
        .add(&add("s", ty("s"), &[("c", "1")]))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Misfit);
    it.session.rollback().await.unwrap();

    it.begin().await;
    let delete = Delete {
        table: TableName::parse("public.t"),
        key: vec!["k".to_owned()],
        key_types: vec![ty("k")],
        rows: vec![vec![text("a")], vec![text("nobody")], vec![Value::Null]],
    };
    assert_eq!(it.session.delete(&delete).await.unwrap(), 1);
    it.session.commit().await.unwrap();
    assert!(
        it.session.delete(&delete).await.is_err(),
        "outside a transaction"
    );
}

#[tokio::test]
async fn the_catalog_is_read_as_it_is() {
    let mut it = fixture(
        "catalog",
        "CREATE SCHEMA \"Odd.schema\"; CREATE DOMAIN code AS varchar(8) NOT NULL; CREATE DOMAIN sub AS code DEFAULT 'x'; \
         CREATE TABLE \"Odd.schema\".\"Odd \"\"table\" (id serial PRIMARY KEY, a sub, b numeric(10,2) NOT NULL DEFAULT 0, \
         c text COLLATE \"C\", d int GENERATED ALWAYS AS (id * 2) STORED, e int GENERATED BY DEFAULT AS IDENTITY, \
         f int[], UNIQUE (b, c)); \
         CREATE UNIQUE INDEX ON \"Odd.schema\".\"Odd \"\"table\" (c) WHERE b > 0; \
         CREATE UNIQUE INDEX ON \"Odd.schema\".\"Odd \"\"table\" (b, lower(c)); \
         CREATE VIEW v AS SELECT 1 AS one",
    )
    .await;
    let name = TableName {
        schema: Some("Odd.schema".to_owned()),
        name: "Odd \"table".to_owned(),
    };
    let table = it.session.table(&name).await.unwrap().unwrap();
    assert_eq!(table.name, name);
    assert_eq!(table.primary_key, ["id"]);
    assert_eq!(table.unique_keys, [vec!["id"], vec!["b", "c"]]);
    assert_eq!(table.indexes, [vec!["id"], vec!["b", "c"], vec!["b"]]);
    assert_eq!(table.privileges.delete, Some(true));
    let facts: Vec<_> = table
        .columns
        .iter()
        .map(|c| {
            (
                c.name.as_str(),
                c.nullable,
                c.has_default,
                c.generated,
                c.computed,
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            ("id", false, true, true, false),
            ("a", false, true, false, false),
            ("b", false, true, false, false),
            ("c", true, false, false, false),
            ("d", true, false, false, true),
            ("e", false, true, true, false),
            ("f", true, false, false, false),
        ]
    );
    assert_eq!(table.columns[1].ty.to_string(), "text(8)");
    assert_eq!(table.columns[1].declared, "sub");
    assert_eq!(table.columns[2].ty.to_string(), "decimal(10,2)");
    assert_eq!(table.columns[3].collation.as_deref(), Some("C"));
    assert_eq!(table.columns[6].ty, Type::Other("integer[]".to_owned()));
    assert!(
        it.session
            .table(&TableName::parse("v"))
            .await
            .unwrap()
            .unwrap()
            .is_view
    );
    assert!(
        it.session
            .table(&TableName::parse("none"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        it.session
            .table(&TableName::parse("no.none"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_snapshot_is_of_the_moment_it_was_begun() {
    let mut it = fixture("snapshot", "CREATE TABLE t (n int)").await;
    let mut other = connect(&it.database.url).await;
    it.session.begin(Isolation::Snapshot).await.unwrap();
    other
        .execute(&Query::sql("INSERT INTO t VALUES (1)"))
        .await
        .unwrap();
    assert_eq!(it.column("SELECT n FROM t").await, []);
    let write = it
        .session
        .execute(&Query::sql("INSERT INTO t VALUES (2)"))
        .await;
    assert_eq!(write.unwrap_err().kind, DbErrorKind::ReadOnly);
    it.session.rollback().await.unwrap();
    assert_eq!(it.column("SELECT n FROM t").await, [Value::Int(1)]);
}

#[tokio::test]
async fn a_refused_login_says_so_and_shows_no_password() {
    let url = support::servers::postgres_url().replace(":ponte@", ":s3cret-wrong@");
    let url = DbUrl::parse(&url, None, Path::new(".")).unwrap();
    let error = engine(&url)
        .unwrap()
        .connect()
        .await
        .err()
        .expect("a refusal");
    assert_eq!(error.kind, DbErrorKind::Authentication);
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}
