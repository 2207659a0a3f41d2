//! Errors are of the right kind, and what was not committed is not there.

use crate::{
    ALL, Bench, Listed, PLAIN_SERVERS, POSTGRES, SERVERS, SQLITE, begin, case, fetch, insert,
    servers, text,
};
use ponte::db::query::{Part, Query, TableName};
use ponte::db::{self, CommitError, DbErrorKind, DbUrl, EngineKind, Isolation, Session};
use ponte::value::Value;
use std::path::Path;
use std::time::Duration;

pub const CASES: &[Listed] = &[
    case!(violations_have_their_kinds, ALL),
    case!(a_deadlock_is_one, SERVERS),
    case!(a_lock_that_is_not_given_times_out, ALL),
    case!(what_is_committed_is_there, ALL),
    case!(a_dropped_session_rolls_back, ALL),
    case!(a_failed_transaction_is_not_committed, POSTGRES),
    case!(a_deferred_constraint_fails_the_commit, POSTGRES),
    case!(rows_are_only_written_in_a_transaction, ALL),
    case!(a_call_given_up_half_way_gives_the_session_up, SERVERS),
    case!(a_killed_connection_is_lost, SERVERS),
    case!(a_commit_without_an_answer_is_unknown, SERVERS),
    case!(statements_time_out, SERVERS),
    case!(connecting_fails_with_the_right_kind, SERVERS),
    case!(a_server_without_tls_is_not_talked_to, PLAIN_SERVERS),
    case!(a_login_without_privileges, SERVERS),
    case!(a_file_that_is_no_database, SQLITE),
];

async fn violations_have_their_kinds(bench: Bench) {
    bench
        .sql(bench.by(
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, u varchar(5) UNIQUE, \
             nn int NOT NULL, ch int CHECK (ch > 0), f int REFERENCES p)",
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, u varchar(5) UNIQUE, \
             nn int NOT NULL, ch int CHECK (ch > 0), f int, FOREIGN KEY (f) REFERENCES p (id))",
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, u varchar(5) UNIQUE, \
             nn int NOT NULL, ch int CHECK (ch > 0), f int REFERENCES p)",
        ))
        .await;
    bench
        .sql("INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 'a', 1, 1, 1)")
        .await;
    let mut session = bench.connect().await;
    let good = [
        Value::Int(2),
        text("b"),
        Value::Int(1),
        Value::Int(1),
        Value::Int(1),
    ];
    let mut cases = vec![
        (0, Value::Int(1), DbErrorKind::UniqueViolation),
        (1, text("a"), DbErrorKind::UniqueViolation),
        (2, Value::Null, DbErrorKind::Refused),
        (3, Value::Int(0), DbErrorKind::Refused),
        (4, Value::Int(9), DbErrorKind::ForeignKeyViolation),
    ];
    if bench.kind != EngineKind::Sqlite {
        cases.push((1, text("too long"), DbErrorKind::Misfit));
        cases.push((2, Value::Int(i64::MAX), DbErrorKind::Misfit));
    }
    for (at, value, kind) in cases {
        let mut row = good.to_vec();
        row[at] = value;
        let insert = insert(
            session.as_mut(),
            "t",
            &["id", "u", "nn", "ch", "f"],
            vec![row],
        )
        .await;
        begin(session.as_mut()).await;
        let error = session.insert(&insert).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.is_about_data() && error.code.is_some(), "{error}");
        session.rollback().await.unwrap();
    }
    let delete = Query::sql("DELETE FROM p");
    let error = session.execute(&delete).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::ForeignKeyViolation, "{error}");
}

async fn lock(session: &mut dyn Session, id: i64) -> db::Result<()> {
    let query = Query::sql("SELECT id FROM ")
        .table(&TableName::parse("t"))
        .text(" WHERE id = ")
        .value(Value::Int(id))
        .push(Part::ForUpdate);
    db::fetch(session, &query).await.map(|_| ())
}

async fn lock_or_give_up(session: &mut dyn Session, id: i64) -> db::Result<()> {
    let result = lock(session, id).await;
    if result.is_err() {
        // Whatever was done in the transaction is gone, so nothing must follow.
        let insert = Query::sql("INSERT INTO t VALUES (3)");
        assert!(session.execute(&insert).await.is_err());
        assert!(matches!(
            session.commit().await,
            Err(CommitError::NotDone(_))
        ));
    }
    session.rollback().await.unwrap();
    result
}

async fn a_deadlock_is_one(bench: Bench) {
    bench
        .sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
        .await;
    let (mut a, mut b) = (bench.connect().await, bench.connect().await);
    begin(a.as_mut()).await;
    begin(b.as_mut()).await;
    lock(a.as_mut(), 1).await.unwrap();
    lock(b.as_mut(), 2).await.unwrap();
    let (first, second) = tokio::join!(
        lock_or_give_up(a.as_mut(), 2),
        lock_or_give_up(b.as_mut(), 1)
    );
    let failed: Vec<_> = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].kind, DbErrorKind::Deadlock);
    assert!(failed[0].is_transient());
    assert_eq!(bench.look("SELECT id FROM t").await.len(), 2);
}

async fn a_lock_that_is_not_given_times_out(bench: Bench) {
    bench
        .sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        .await;
    let (mut a, mut b) = (bench.connect().await, bench.connect().await);
    begin(a.as_mut()).await;
    lock(a.as_mut(), 1).await.unwrap();
    let error = match b.begin(Isolation::ReadCommitted).await {
        Ok(()) => lock(b.as_mut(), 1).await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind, DbErrorKind::LockTimeout, "{error}");
    b.rollback().await.unwrap();
    a.commit().await.unwrap();
    begin(b.as_mut()).await;
    lock(b.as_mut(), 1).await.unwrap();
    b.commit().await.unwrap();
}

async fn what_is_committed_is_there(bench: Bench) {
    bench.sql("CREATE TABLE t (id int)").await;
    let mut session = bench.connect().await;
    let one = insert(session.as_mut(), "t", &["id"], vec![vec![Value::Int(1)]]).await;
    begin(session.as_mut()).await;
    session.insert(&one).await.unwrap();
    assert_eq!(bench.look("SELECT id FROM t").await.len(), 0);
    session.rollback().await.unwrap();
    session.rollback().await.unwrap();
    begin(session.as_mut()).await;
    session.insert(&one).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(bench.look("SELECT id FROM t").await.len(), 1);
}

async fn a_dropped_session_rolls_back(bench: Bench) {
    bench.sql("CREATE TABLE t (id int PRIMARY KEY)").await;
    let mut session = bench.connect().await;
    let one = insert(session.as_mut(), "t", &["id"], vec![vec![Value::Int(1)]]).await;
    begin(session.as_mut()).await;
    session.insert(&one).await.unwrap();
    drop(session);
    // The row would be in the way, or its lock.
    let mut session = bench.connect().await;
    begin(session.as_mut()).await;
    session.insert(&one).await.unwrap();
    session.commit().await.unwrap();
}

/// PostgreSQL answers a COMMIT of such a transaction with ROLLBACK, and with no error.
async fn a_failed_transaction_is_not_committed(bench: Bench) {
    bench.sql("CREATE TABLE t (id int)").await;
    let mut session = bench.connect().await;
    begin(session.as_mut()).await;
    session
        .execute(&Query::sql("INSERT INTO t VALUES (1)"))
        .await
        .unwrap();
    db::fetch(session.as_mut(), &Query::sql("SELECT 1 / 0"))
        .await
        .unwrap_err();
    assert!(matches!(
        session.commit().await,
        Err(CommitError::NotDone(_))
    ));
    session.rollback().await.unwrap();
    assert_eq!(fetch(session.as_mut(), "SELECT id FROM t").await.len(), 0);
}

async fn a_deferred_constraint_fails_the_commit(bench: Bench) {
    bench
        .sql("CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        .await;
    let mut session = bench.connect().await;
    begin(session.as_mut()).await;
    session
        .execute(&Query::sql("INSERT INTO t VALUES (1), (1)"))
        .await
        .unwrap();
    match session.commit().await {
        Err(CommitError::NotDone(error)) => assert_eq!(error.kind, DbErrorKind::UniqueViolation),
        other => panic!("{other:?}"),
    }
    session.rollback().await.unwrap();
    assert_eq!(fetch(session.as_mut(), "SELECT id FROM t").await.len(), 0);
}

async fn rows_are_only_written_in_a_transaction(bench: Bench) {
    bench.sql("CREATE TABLE t (id int)").await;
    let mut session = bench.connect().await;
    let one = insert(session.as_mut(), "t", &["id"], vec![vec![Value::Int(1)]]).await;
    session.insert(&one).await.unwrap_err();
    session.begin(Isolation::Snapshot).await.unwrap();
    session.insert(&one).await.unwrap_err();
    session.rollback().await.unwrap();
    begin(session.as_mut()).await;
    session.insert(&one).await.unwrap();
    session.commit().await.unwrap();
}

fn sleep(bench: &Bench, seconds: u32) -> Query {
    Query::sql(bench.by(
        format!("SELECT CAST(pg_sleep({seconds}) AS text)"),
        format!("SELECT sleep({seconds})"),
        format!("WAITFOR DELAY '00:00:{seconds:02}'"),
    ))
}

async fn a_call_given_up_half_way_gives_the_session_up(bench: Bench) {
    let mut session = bench.connect().await;
    let query = sleep(&bench, 2);
    let given_up = tokio::time::timeout(Duration::from_millis(300), session.execute(&query)).await;
    assert!(given_up.is_err());
    let error = session.execute(&Query::sql("SELECT 1")).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::ConnectionLost, "{error}");
}

async fn connection_id(bench: &Bench, session: &mut dyn Session) -> String {
    let query = bench.by(
        "SELECT pg_backend_pid()",
        "SELECT connection_id()",
        "SELECT @@SPID",
    );
    match &fetch(session, query).await[0][0] {
        Value::Int(id) => id.to_string(),
        Value::UInt(id) => id.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn kill(bench: &Bench, id: &str) {
    bench
        .sql(&bench.by(
            format!("SELECT pg_terminate_backend({id})"),
            format!("KILL {id}"),
            format!("KILL {id}"),
        ))
        .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
}

async fn a_killed_connection_is_lost(bench: Bench) {
    bench.sql("CREATE TABLE t (id int)").await;
    let mut session = bench.connect().await;
    let id = connection_id(&bench, session.as_mut()).await;
    kill(&bench, &id).await;
    let error = db::fetch(session.as_mut(), &Query::sql("SELECT 1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::ConnectionLost, "{error}");
    let error = session.begin(Isolation::Snapshot).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::ConnectionLost, "{error}");
}

async fn a_commit_without_an_answer_is_unknown(bench: Bench) {
    bench.sql("CREATE TABLE t (id int)").await;
    let mut session = bench.connect().await;
    let id = connection_id(&bench, session.as_mut()).await;
    begin(session.as_mut()).await;
    session
        .execute(&Query::sql("INSERT INTO t VALUES (1)"))
        .await
        .unwrap();
    kill(&bench, &id).await;
    match session.commit().await {
        Err(CommitError::Unknown(error)) => assert_eq!(error.kind, DbErrorKind::ConnectionLost),
        other => panic!("{other:?}"),
    }
}

async fn statements_time_out(bench: Bench) {
    let engine = bench.engine_with("statement_timeout_s=1");
    let mut session = engine.connect().await.unwrap();
    let query = bench.by(
        "SELECT CAST(pg_sleep(20) AS text)",
        "SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b",
        "WAITFOR DELAY '00:00:20' SELECT 1",
    );
    let error = db::fetch(session.as_mut(), &Query::sql(query))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Timeout, "{error}");
    assert_eq!(fetch(session.as_mut(), "SELECT 1").await.len(), 1);
}

async fn connect_to(url: &str) -> db::DbError {
    let url = DbUrl::parse(url, None, Path::new("")).unwrap();
    let connected = db::engine(&url).unwrap().connect().await;
    connected.err().expect("no connection")
}

async fn connecting_fails_with_the_right_kind(bench: Bench) {
    let url = url::Url::parse(&bench.database.url).unwrap();
    let with = |change: &dyn Fn(&mut url::Url)| {
        let mut url = url.clone();
        change(&mut url);
        url.to_string()
    };
    let wrong = with(&|url| url.set_password(Some("hunter2")).unwrap());
    let error = connect_to(&wrong).await;
    assert_eq!(error.kind, DbErrorKind::Authentication, "{error}");
    assert!(!error.to_string().contains("hunter2"));
    let closed = with(&|url| url.set_port(Some(1)).unwrap());
    assert_eq!(connect_to(&closed).await.kind, DbErrorKind::Unreachable);
    let nowhere = with(&|url| {
        url.set_host(Some("no-such-host.invalid")).unwrap();
        url.set_query(Some("tls=off"));
    });
    assert_eq!(connect_to(&nowhere).await.kind, DbErrorKind::Unreachable);
    let missing = with(&|url| url.set_path("no_such_database"));
    assert_eq!(connect_to(&missing).await.kind, DbErrorKind::Undefined);
    // One that accepts and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let silent = with(&|url| {
        url.set_port(Some(port)).unwrap();
        url.set_query(Some("connect_timeout_s=1"));
    });
    assert_eq!(connect_to(&silent).await.kind, DbErrorKind::Timeout);
}

async fn a_server_without_tls_is_not_talked_to(bench: Bench) {
    let error = bench
        .engine_with("tls=required")
        .connect()
        .await
        .err()
        .expect("no connection");
    assert_eq!(error.kind, DbErrorKind::Tls, "{error}");
}

async fn a_login_without_privileges(bench: Bench) {
    let login = format!("l{}", bench.database.name.rsplit_once("_t_").unwrap().1);
    let setup = bench.by(
        format!("CREATE ROLE {login} LOGIN PASSWORD 'p'; CREATE TABLE t (id int); GRANT SELECT ON t TO {login}"),
        format!("CREATE USER {login} IDENTIFIED BY 'p'; CREATE TABLE t (id int); GRANT SELECT ON t TO {login}"),
        format!(
            "CREATE LOGIN {login} WITH PASSWORD = 'p', CHECK_POLICY = OFF; CREATE USER {login} FOR LOGIN {login}; \
             CREATE TABLE t (id int); GRANT SELECT ON t TO {login}"
        ),
    );
    bench.sql(&setup).await;
    let url = servers::with_login(&bench.database.url, &login, "p");
    let url = DbUrl::parse(&url, None, Path::new("")).unwrap();
    let mut session = db::engine(&url).unwrap().connect().await.unwrap();
    let table = session
        .table(&ponte::db::query::TableName::parse("t"))
        .await
        .unwrap()
        .unwrap();
    let privileges = table.privileges;
    assert_eq!(
        (privileges.select, privileges.insert),
        (Some(true), Some(false))
    );
    assert_eq!(
        (privileges.update, privileges.delete),
        (Some(false), Some(false))
    );
    let error = session
        .execute(&Query::sql("DELETE FROM t"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Privilege, "{error}");
    drop(session);
    bench
        .sql(&bench.by(
            format!("DROP OWNED BY {login}; DROP ROLE {login}"),
            format!("DROP USER {login}"),
            format!("DROP USER {login}; DROP LOGIN {login}"),
        ))
        .await;
}

async fn a_file_that_is_no_database(_bench: Bench) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    std::fs::write(
        &file,
        "no database at all, but long enough to be looked at".repeat(20),
    )
    .unwrap();
    let error = connect_to(&format!("sqlite:{}", file.display())).await;
    assert_eq!(error.kind, DbErrorKind::Storage, "{error}");
    let missing = folder.path().join("missing.db");
    let error = connect_to(&format!("sqlite:{}", missing.display())).await;
    assert_eq!(error.kind, DbErrorKind::Storage, "{error}");
    assert!(!missing.exists());
}
