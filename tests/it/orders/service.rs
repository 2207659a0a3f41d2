//! Web orders in the service: imported soon, the stock right after, both sides held against each other by themselves.

use std::time::{Duration, Instant};

use super::place::{Between, Order};
use crate::support::client::Client;
use crate::sync::pair::On;

/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(150);

const ENDED: &str = "outcome IS NOT NULL";

/// Waits until so many runs of a flow have ended, `which` of them.
async fn until(between: &Between, flow: &str, which: &str, runs: i64) {
    let began = Instant::now();
    let path = between.project.path(".ponte/state.sqlite");
    let count = format!("SELECT COUNT(*) FROM run WHERE flow = '{flow}' AND {which}");
    loop {
        if path.exists() {
            let mut state = Client::connect(&format!("sqlite:{}", path.display())).await;
            let is_there = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'run'";
            if state.value(is_there).await.as_deref() == Some("1") {
                let found = state.value(&count).await;
                let found = found.and_then(|found| found.parse::<i64>().ok());
                if found.is_some_and(|found| found >= runs) {
                    return;
                }
            }
        }
        assert!(began.elapsed() < WAIT_MAX, "{flow}: fewer than {runs} runs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn stock_follows_an_import_and_the_orders_are_reconciled() {
    let mut between = Between::new("orders in the service", On::Sqlite, On::Sqlite).await;
    let text = between.project.read("ponte.toml");
    let schedule = "[schedule.flows]\ncategory = \"demand\"\narticle = \"demand\"\nprice = \"demand\"\nverify = \"demand\"\norder = \"10s\"\nstock = \"300d\"\nreconcile = \"* * * * *\"\n";
    between
        .project
        .file("ponte.toml", &format!("{text}\n{schedule}"));
    between.project.ponte(&["sync", "main/stock"]);
    let running = between.project.start(&["run"]);
    // Imports that find nothing.
    until(&between, "main/order", ENDED, 2).await;
    until(&between, "main/stock", ENDED, 1).await;
    between.place(&[Order::usual(1001)]).await;
    until(&between, "main/stock", ENDED, 2).await;
    between.assert_whole(1).await;
    // With this order on both sides.
    let whole = "outcome = 'done' AND counts LIKE '%\"read\":1,%'";
    until(&between, "main/reconcile", whole, 1).await;
    let process = running.id().to_string();
    let done = std::process::Command::new("kill")
        .args(["-TERM", &process])
        .status();
    assert!(done.expect("kill runs").success());
    running.wait().succeeds();
    let runs = between
        .project
        .ponte(&["runs", "main/reconcile"])
        .succeeds()
        .stdout;
    assert!(
        runs.contains("main/reconcile") && runs.contains("done"),
        "{runs}"
    );
}
