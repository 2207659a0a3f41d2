//! A machine that vanishes in the midst of a transaction: nobody closes its connection, and its server holds what it has
//! locked until it throws it out. A frozen process (SIGSTOP) is such a one. That servers are told when to do so, the engines'
//! tests show; that they do it, the long version. And a process that slept between two transactions, and wakes.

use std::time::{Duration, Instant};

use crate::orders::place::{Between, Order};
use crate::support::full;
use crate::support::project::Running;
use crate::sync::pair::On;

/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// A program that has been stopped at a point.
async fn stopped_at(between: &mut Between, flow: &str, point: &str) -> Running {
    let file = between.project.path("stopped");
    let stop = format!("{point}:1:{}", file.display());
    between.project.env("PONTE_STOP_AT", &stop);
    let mut running = between.project.start(&["sync", flow]);
    between.project.env("PONTE_STOP_AT", "");
    let began = Instant::now();
    while !file.exists() {
        let waits = began.elapsed() < WAIT_MAX && !running.has_ended();
        assert!(waits, "nothing was written");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running
}

/// A program that has written within a transaction, and has been frozen then.
async fn frozen(between: &mut Between, flow: &str) -> Running {
    let running = stopped_at(between, flow, "batch written").await;
    running.signal("-STOP");
    running
}

/// One that sleeps between two transactions so long that another one takes over: it wakes, and writes nothing any more.
async fn slept(between: &mut Between, flow: &str) {
    let sleeper = stopped_at(between, flow, "batch committed").await;
    between.end_leases().await;
    between.project.ponte(&["sync", flow]).succeeds();
    between.project.remove("stopped");
    let said = sleeper.wait().exits_with(5);
    let told = "another process has taken over";
    assert!(said.to_string().contains(told), "{said}");
}

#[tokio::test]
async fn who_slept_and_was_replaced_writes_no_order() {
    let mut between = Between::new("slept in postgres", On::Postgres, On::Sqlite).await;
    let orders: Vec<Order> = (1001..=1003).map(Order::usual).collect();
    between.place(&orders).await;
    slept(&mut between, "main/order").await;
    between.assert_whole(3).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(3).await;
}

/// The next process is refused as long as the frozen one may go on, and carries everything over then. The long version waits
/// until the server throws the frozen one out.
async fn taken_over(between: &Between, flow: &str, mut frozen: Running) {
    between.project.ponte(&["sync", flow]).exits_with(5);
    if !full() {
        frozen.kill();
        frozen.wait();
        between.end_leases().await;
        between.project.ponte(&["sync", flow]).succeeds();
        return;
    }
    let began = Instant::now();
    loop {
        let said = between.project.ponte(&["sync", flow]);
        match said.code {
            Some(0) => break,
            Some(5) => assert!(began.elapsed() < WAIT_MAX, "{said}"),
            _ => panic!("{said}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    println!("{flow}: taken over after {:?}", began.elapsed());
    // Awake again, it finds its transaction gone and the lease another's.
    frozen.signal("-CONT");
    frozen.kill();
    frozen.wait();
}

#[tokio::test]
async fn what_vanished_in_postgres_is_taken_over() {
    let mut between = Between::new("vanished in postgres", On::Postgres, On::Sqlite).await;
    between.place(&[Order::usual(1001)]).await;
    let frozen = frozen(&mut between, "main/order").await;
    taken_over(&between, "main/order", frozen).await;
    between.assert_whole(1).await;
}

#[tokio::test]
async fn what_vanished_in_mariadb_is_taken_over() {
    let mut between = Between::new("vanished in mariadb", On::Sqlite, On::Mariadb).await;
    between.project.ponte(&["match", "--accept"]).succeeds();
    let frozen = frozen(&mut between, "main/category").await;
    taken_over(&between, "main/category", frozen).await;
    let mut shop = between.shop.client().await;
    let names = "SELECT COUNT(*) FROM wp_terms WHERE name LIKE 'Drills%'";
    assert_eq!(shop.value(names).await.as_deref(), Some("1"));
}
