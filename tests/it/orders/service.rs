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

/// While the service works on the pair, a person's word is noted as soon as that has ended.
#[tokio::test]
async fn a_persons_word_is_noted_between_the_services_runs() {
    let mut between = Between::new("words in the service", On::Postgres, On::Mariadb).await;
    between.place(&[Order::usual(1001)]).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let text = between.project.read("ponte.toml");
    let rule = "[[shop.main.orders.accept]]\nif = \"total > 50\"\ntake = \"after approval\"\n";
    let schedule = "[schedule.flows]\ncategory = \"demand\"\narticle = \"demand\"\nprice = \"demand\"\nverify = \"demand\"\norder = \"demand\"\nstock = \"demand\"\nfulfilment = \"demand\"\nreconcile = \"demand\"\n";
    let text = text.replace(
        "orders.import",
        "fulfilment.write = true\nmail = { shipment = true }\norders.import",
    );
    // No mail server: nothing is sent here.
    let mail = "[mail]\nurl = \"smtp://127.0.0.1:1?tls=off\"\nfrom = \"shop@example.com\"\n";
    between
        .project
        .file("ponte.toml", &format!("{text}\n{rule}{mail}{schedule}"));
    between.place(&[Order::usual(1002)]).await;
    let mut shop = between.shop.client().await;
    for statement in [
        "INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, date_created_gmt, date_updated_gmt, parent_order_id)
         VALUES (2001, 'wc-completed', 'EUR', 'shop_order_refund', 0, -6.10, 0, '2026-03-03 10:00:00', '2026-03-03 10:00:00', 1001)",
        "UPDATE wp_wc_orders SET date_updated_gmt = '2026-03-03 10:00:00' WHERE id = 1001",
        "INSERT INTO ponte_mail (shop, record_key, kind, item, standing, tries, next_ms, detail, changed_ms)
         VALUES ('main', '1001', 'shipment', 'D1', 'sending', 1, 0, '', 0)",
    ] {
        shop.run(statement).await;
    }
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    let running = between.project.start(&["run"]);
    let door = between.project.path(".ponte/service.door");
    while !door.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let mut erp = between.erp.client().await;
    erp.run("BEGIN").await;
    erp.run("LOCK TABLE articles IN ACCESS EXCLUSIVE MODE")
        .await;
    let busy = between.project.start(&["sync", "main/article"]);
    let held = "SELECT COUNT(*) FROM ponte_lease WHERE owner IS NOT NULL";
    while shop.value(held).await.as_deref() == Some("0") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let settled = between.project.start(&["order", "1001", "--settled"]);
    let approved = between
        .project
        .start(&["approve", "accept", "main/order/1002"]);
    let unlinked = ["match", "main/article", "--unlink", "TOOL-1"];
    let unlinked = between.project.start(&unlinked);
    let again = between.project.start(&["mail", "again", "1001"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_ne!(
        shop.value(held).await.as_deref(),
        Some("0"),
        "still at work"
    );
    erp.run("COMMIT").await;
    busy.wait();
    let said = settled.wait().succeeds();
    assert!(said.stdout.contains("imported"), "{said}");
    let said = approved.wait().succeeds();
    assert!(said.stdout.contains("main/order/1002: accepted"), "{said}");
    let said = unlinked.wait().succeeds();
    assert!(
        said.stdout.contains("done: TOOL-1 is no row any more"),
        "{said}"
    );
    let said = again.wait().succeeds();
    assert!(said.stdout.contains("1 mail goes out"), "{said}");
    let standing = "SELECT standing FROM ponte_mail WHERE item = 'D1'";
    assert_eq!(shop.value(standing).await.as_deref(), Some("due"));
    let alone = ["match", "main/article", "--link", "TOOL-1=101", "--alone"];
    between.project.ponte(&alone).succeeds();
    let accepted = between.project.ponte(&["match", "--accept", "--json"]);
    let accepted: serde_json::Value = serde_json::from_str(&accepted.stdout).expect("JSON");
    let flows = accepted["shops"][0]["flows"].as_array().expect("flows");
    assert!(
        flows.iter().all(|flow| !flow["accepted"].is_null()),
        "{accepted}"
    );
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(2).await;
    let unknown = between
        .project
        .ponte(&["approve", "accept", "main/order/7"])
        .exits_with(2);
    assert!(
        unknown
            .stderr
            .contains("nothing is asked by `main/order/7`"),
        "{unknown}"
    );
    running.signal("-TERM");
    running.wait().succeeds();
}
