//! The program killed (SIGKILL) and its connection cut while it imports: in the end every order is in the ERP once and whole.
//!
//! Only hits count. On PostgreSQL the server itself says what the open transaction has just done, so that each point of an
//! import is hit; on SQLite a transaction that was open when the program died has left its journal behind.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::place::{Between, Order};
use crate::support::full;
use crate::support::proxy::{COMMIT_POSTGRES, Direction, Fault, Proxy};
use crate::sync::pair::On;

/// What the last statement of the open transaction begins with when the program dies.
const POINTS: [&str; 9] = [
    "BEGIN",
    "SELECT epoch FROM",
    "UPDATE counters",
    "INSERT INTO \"customers\"",
    "INSERT INTO \"orders\"",
    "INSERT INTO \"order_lines\"",
    "INSERT INTO \"order_taxes\"",
    "INSERT INTO \"ponte\".\"link\"",
    "COMMIT",
];

fn seeded(test: &str) -> StdRng {
    let seed = rand::random::<u64>();
    println!("{test}: seed {seed}");
    StdRng::seed_from_u64(seed)
}

async fn placed(between: &Between, orders: u32) {
    let orders: Vec<Order> = (0..orders).map(|n| Order::usual(1001 + n)).collect();
    between.place(&orders).await;
}

async fn imported(between: &Between) -> u64 {
    let count = "SELECT COUNT(*) FROM orders WHERE web_reference IS NOT NULL";
    let count = between.erp.client().await.value(count).await;
    count
        .and_then(|count| count.parse().ok())
        .expect("a number")
}

#[tokio::test]
async fn killed_at_every_point_on_postgres() {
    let kills = if full() { 162 } else { 18 };
    let orders = kills * 2 + 20;
    let mut random = seeded("killed_at_every_point_on_postgres");
    let mut between = Between::new("killed on postgres", On::Postgres, On::Sqlite).await;
    placed(&between, orders).await;
    // Statements take their time, or none would be seen at work.
    let proxy = Proxy::start(&between.erp.url);
    between.erp_at(&proxy.url(&between.erp.url));
    proxy.set(Fault::Delay {
        each_way: Duration::from_millis(4),
    });
    let mut watch = between.erp.client().await;
    let mut hits = [0; POINTS.len()];
    for kill in 0..kills as usize {
        let at = kill % POINTS.len();
        between.end_leases().await;
        let wanted = imported(&between).await + random.random_range(0..3);
        let mut running = between.project.start(&["sync", "main/order"]);
        let began = Instant::now();
        let seen = format!(
            "SELECT COUNT(*) FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
             AND a.xact_start IS NOT NULL AND a.query LIKE '{}%' AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid)
             AND (SELECT COUNT(*) FROM orders WHERE web_reference IS NOT NULL) >= {wanted}",
            POINTS[at]
        );
        // A COMMIT is over as soon as it is seen: there any moment around it is meant.
        let seen = match POINTS[at] {
            "COMMIT" => format!(
                "SELECT CASE WHEN COUNT(*) > {wanted} THEN 1 ELSE 0 END FROM orders WHERE web_reference IS NOT NULL"
            ),
            "BEGIN" => seen.replace(
                " AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid)",
                "",
            ),
            _ => seen,
        };
        while began.elapsed() < Duration::from_secs(30) && !running.has_ended() {
            if watch.value(&seen).await.as_deref() == Some("1") {
                running.kill();
                hits[at] += 1;
                break;
            }
        }
    }
    assert!(hits.iter().all(|hits| *hits > 0), "{POINTS:?} {hits:?}");
    println!("kills by point: {hits:?}");
    proxy.clear();
    between.end_leases().await;
    let left = u64::from(orders) - imported(&between).await;
    assert!(left > 0, "nothing was left to import after the last kill");
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(orders as usize).await;
}

#[tokio::test]
async fn killed_anywhere_on_sqlite() {
    let hits_wanted = if full() { 140 } else { 12 };
    let orders = 150;
    let mut random = seeded("killed_anywhere_on_sqlite");
    let between = Between::new("killed on sqlite", On::Sqlite, On::Sqlite).await;
    placed(&between, orders).await;
    let (mut hits, mut tries) = (0, 0);
    let mut rounds = 0;
    while hits < hits_wanted {
        tries += 1;
        assert!(
            tries < hits_wanted * 30,
            "{hits} of {tries} kills hit an open transaction"
        );
        between.end_leases().await;
        let before = imported(&between).await;
        if before == u64::from(orders) {
            // All in: from the beginning, with links and documents gone together.
            between.assert_whole(orders as usize).await;
            rounds += 1;
            let mut erp = between.erp.client().await;
            for statement in [
                "DELETE FROM ponte_link WHERE record = 'order'",
                "DELETE FROM order_taxes",
                "DELETE FROM order_lines WHERE order_number LIKE 'W%'",
                "DELETE FROM orders WHERE web_reference IS NOT NULL",
            ] {
                erp.run(statement).await;
            }
            continue;
        }
        let mut running = between.project.start(&["sync", "main/order"]);
        let more = random.random_range(0..6);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) && !running.has_ended() {
            if imported(&between).await > before + more {
                std::thread::sleep(Duration::from_micros(random.random_range(0..3000)));
                running.kill();
                break;
            }
        }
        drop(running);
        hits += u32::from(between.has_journal());
    }
    println!("{hits} of {tries} kills hit an open transaction, {rounds} times from the beginning");
    between.end_leases().await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(orders as usize).await;
}

#[tokio::test]
async fn cut_off_anywhere() {
    let cuts = if full() { 60 } else { 9 };
    let orders = cuts * 4 + 10;
    let mut random = seeded("cut_off_anywhere");
    let mut between = Between::new("cut off", On::Postgres, On::Sqlite).await;
    let proxy = Proxy::start(&between.erp.url);
    between.erp_at(&proxy.url(&between.erp.url));
    let mut happened = 0;
    for cut in 0..cuts {
        let orders: Vec<Order> = (0..4).map(|n| Order::usual(1001 + cut * 4 + n)).collect();
        between.place(&orders).await;
        let skip = random.random_range(0..4);
        let pattern = COMMIT_POSTGRES.to_vec();
        proxy.set(match cut % 3 {
            // Done, and the answer lost; never heard of; anywhere else.
            0 => Fault::DropAnswer { pattern, skip },
            1 => Fault::CutBefore { pattern, skip },
            _ => Fault::CutAfter {
                direction: Direction::ToServer,
                bytes: random.random_range(2_000..20_000),
            },
        });
        // Cut before its work began, the program may give up; the next run goes on.
        let run = between.project.ponte(&["sync", "main/order"]);
        happened += u32::from(!proxy.is_armed());
        proxy.clear();
        between.end_leases().await;
        if run.code != Some(0) {
            between.project.ponte(&["sync", "main/order"]).succeeds();
        }
        between.assert_whole((cut as usize + 1) * 4).await;
    }
    assert!(
        happened * 2 > cuts,
        "only {happened} of {cuts} cuts happened"
    );
    let rest: Vec<Order> = (cuts * 4..orders).map(|n| Order::usual(1001 + n)).collect();
    between.place(&rest).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(orders as usize).await;
}
