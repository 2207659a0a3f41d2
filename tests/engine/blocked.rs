//! Whoever works in the ERP is not held up by what reads there. On the stand-in, which has no locks for readers, only the way of it is run;
//! what is measured is a real server's doing.

use crate::{Bench, Listed, SQLSERVER, case, fetch, servers};
use futures_util::TryStreamExt;
use ponte::db::query::{Part, Query};
use ponte::db::{Isolation, Session};
use ponte::value::{Type, Value};
use std::sync::atomic::{AtomicBool, Ordering};

pub const CASES: &[Listed] = &[
    case!(nobody_waits_for_a_snapshot, SQLSERVER),
    case!(nobody_waits_for_a_reader_without_snapshots, SQLSERVER),
];

/// How long whoever writes waits for a lock before that is an error (1222).
const PATIENCE_MS: u32 = 500;

/// Rows of `t`: so many that an escalation to a lock on the table would be due, and that they do not fit into what lies between server and client.
fn rows() -> i64 {
    match servers::sqlserver_is_real() {
        true => 60_000,
        false => 1_500,
    }
}

fn writes() -> i64 {
    match servers::sqlserver_is_real() {
        true => 400,
        false => 40,
    }
}

async fn fill(bench: &Bench) {
    bench
        .sql("CREATE TABLE t (id int PRIMARY KEY, code varchar(20) NOT NULL UNIQUE, n int NOT NULL, name nvarchar(400), note nvarchar(max))")
        .await;
    let mut client = bench.client().await;
    let all: Vec<i64> = (1..=rows()).collect();
    for some in all.chunks(1000) {
        let row = |id: &i64| {
            let code = id * 7919 % rows();
            // Some that lie beside their rows.
            let note = if id % 50 == 0 { 4000 } else { 100 };
            let (name, note) = ("n".repeat(300), "x".repeat(note));
            format!("({id}, 'C{code}', 0, N'{name}', N'{note}')")
        };
        let values: Vec<String> = some.iter().map(row).collect();
        let values = values.join(", ");
        client
            .run(&format!(
                "INSERT INTO t (id, code, n, name, note) VALUES {values}"
            ))
            .await;
    }
}

/// As flows read: by a number, which an index yields in order, and by a text, which the server sorts.
fn by_number() -> Query {
    Query::sql("SELECT id, code, n, name FROM t ORDER BY id")
}

fn by_text(columns: &str) -> Query {
    Query::sql(format!("SELECT {columns} FROM t ORDER BY "))
        .push(Part::Order("code".to_owned(), Type::TEXT))
}

/// What somebody does at the counter, here and there in the table.
fn write(turn: i64) -> String {
    let id = 1 + turn * 7919 % rows();
    match turn % 4 {
        0 => format!(
            "INSERT INTO t (id, code, n) VALUES ({}, 'N{turn}', 0)",
            rows() + 1 + turn
        ),
        1 => format!("DELETE FROM t WHERE id = {}", rows() + turn),
        _ => format!("UPDATE t SET n = n + 1 WHERE id = {id}"),
    }
}

/// Reads the query over and over until the others are done, each time in a transaction as flows have it; how often.
async fn read_on(session: &mut dyn Session, query: &Query, done: &AtomicBool) -> u32 {
    let mut times = 0;
    while !done.load(Ordering::SeqCst) || times == 0 {
        session.begin(Isolation::Snapshot).await.unwrap();
        let mut found = 0;
        let mut stream = session.scan(query).await.unwrap();
        while let Some(batch) = stream.try_next().await.unwrap() {
            found += batch.rows.len() as i64;
        }
        drop(stream);
        session.rollback().await.unwrap();
        assert!(found >= rows(), "{found} rows");
        times += 1;
    }
    times
}

/// What the server tells of a session's locks; `None` where the login may not ask.
struct Watch<'b> {
    bench: &'b Bench,
    spid: i64,
}

impl Watch<'_> {
    /// Locks of the session on the table as a whole that others' writes would wait for.
    async fn locks_of_the_table(&self) -> Option<i64> {
        self.number(&format!(
            "SELECT COUNT(*) FROM sys.dm_tran_locks WHERE request_session_id = {} AND resource_type = 'OBJECT'
             AND resource_database_id = DB_ID() AND resource_associated_entity_id = OBJECT_ID('t') AND request_mode NOT IN ('IS', 'Sch-S')",
            self.spid
        ))
        .await
    }

    /// Requests that have waited for the session longer than whoever writes is ready to.
    async fn held_up(&self) -> Option<i64> {
        self.number(&format!(
            "SELECT COUNT(*) FROM sys.dm_exec_requests WHERE blocking_session_id = {} AND wait_time > {PATIENCE_MS}",
            self.spid
        ))
        .await
    }

    /// Locks on rows or pages that have become one on the table, of whoever, since it was made.
    async fn escalations(&self) -> Option<i64> {
        self.number(
            "SELECT SUM(index_lock_promotion_count) FROM sys.dm_db_index_operational_stats(DB_ID(), OBJECT_ID('t'), NULL, NULL)",
        )
        .await
    }

    async fn number(&self, query: &str) -> Option<i64> {
        if !servers::sqlserver_is_real() {
            return None;
        }
        match self.bench.client().await.try_rows(query).await {
            Ok(rows) => rows[0][0].as_ref().and_then(|number| number.parse().ok()),
            Err(error) => {
                println!("not measured, the login may not look: {error}");
                None
            }
        }
    }
}

async fn number_of(session: &mut dyn Session) -> i64 {
    match fetch(session, "SELECT CAST(@@SPID AS int) AS spid").await[0][0] {
        Value::Int(spid) => spid,
        ref other => panic!("{other:?}"),
    }
}

/// One reads on and on, another one writes; each write is done within its patience.
async fn writers_go_on(bench: &Bench, claim: &str, query: &Query) {
    let mut session = bench.connect().await;
    let spid = number_of(session.as_mut()).await;
    let watch = Watch { bench, spid };
    let done = AtomicBool::new(false);
    let before = watch.escalations().await;
    let writing = async {
        let mut writer = bench.client().await;
        writer.run(&format!("SET LOCK_TIMEOUT {PATIENCE_MS}")).await;
        for turn in 0..writes() {
            if let Err(error) = writer.try_run(&write(turn)).await {
                panic!("{claim}: {error} in {}", write(turn));
            }
            if turn % 20 == 0 {
                assert_eq!(watch.locks_of_the_table().await.unwrap_or(0), 0, "{claim}");
                assert_eq!(watch.held_up().await.unwrap_or(0), 0, "{claim}");
            }
        }
        done.store(true, Ordering::SeqCst);
    };
    let (times, ()) = tokio::join!(read_on(session.as_mut(), query, &done), writing);
    let after = watch.escalations().await;
    assert_eq!(before, after, "{claim}: locks were escalated");
    println!(
        "{claim}: {} writes beside {times} readings, escalations: {after:?}",
        writes()
    );
    bench
        .sql(&format!("DELETE FROM t WHERE id > {}", rows()))
        .await;
}

/// The reader stands still in the midst of its rows, as one does whose shop is slow; how many of some writes wait too long.
async fn held_up_by_a_pause(bench: &Bench, query: &Query) -> usize {
    let mut session = bench.connect().await;
    session.begin(Isolation::Snapshot).await.unwrap();
    let mut stream = session.scan(query).await.unwrap();
    stream.try_next().await.unwrap().expect("rows");
    let mut writer = bench.client().await;
    writer.run(&format!("SET LOCK_TIMEOUT {PATIENCE_MS}")).await;
    let mut held_up = 0;
    for turn in 0..40 {
        match writer.try_run(&write(turn)).await {
            Ok(_) => {}
            Err(error) if error.contains("1222") || error.contains("Lock request") => held_up += 1,
            Err(error) => panic!("{error}"),
        }
    }
    while stream.try_next().await.unwrap().is_some() {}
    drop(stream);
    session.rollback().await.unwrap();
    bench
        .sql(&format!("DELETE FROM t WHERE id > {}", rows()))
        .await;
    held_up
}

async fn nobody_waits_for_a_snapshot(bench: Bench) {
    fill(&bench).await;
    for (claim, query) in [
        ("a snapshot by number", by_number()),
        ("a snapshot by text", by_text("id, code, n, name")),
        ("a snapshot with long texts", by_text("id, code, note")),
    ] {
        writers_go_on(&bench, claim, &query).await;
        assert_eq!(held_up_by_a_pause(&bench, &query).await, 0, "{claim}");
    }
}

/// A reader locks what it reads for as long as it reads it. Where rows have texts of any length and are sorted, that is the whole time: this is
/// told, not asserted, and so is what a reader holds that stands still. `ponte check` advises to allow snapshots.
async fn nobody_waits_for_a_reader_without_snapshots(bench: Bench) {
    servers::without_snapshots(&bench.database).await;
    fill(&bench).await;
    for (claim, query) in [
        ("READ COMMITTED by number", by_number()),
        ("READ COMMITTED by text", by_text("id, code, n, name")),
    ] {
        writers_go_on(&bench, claim, &query).await;
        let held_up = held_up_by_a_pause(&bench, &query).await;
        println!("{claim}: {held_up} of 40 writes waited for a reader that stood still");
    }
    let held_up = held_up_by_a_pause(&bench, &by_text("id, code, note")).await;
    println!(
        "READ COMMITTED with long texts: {held_up} of 40 writes waited for a reader that stood still"
    );
}
