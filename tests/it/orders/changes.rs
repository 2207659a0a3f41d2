//! Imported orders that change in the shop: cancelled in the ERP while nobody has picked them, else told to a person.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::place::{Between, Order};
use crate::sync::pair::On;

/// Message and tries of what is in quarantine, by key.
pub fn quarantined(between: &Between) -> Vec<String> {
    let said = between.project.ponte(&["quarantine", "list", "--json"]);
    let said = said.succeeds().stdout;
    let document: Value = serde_json::from_str(&said).expect("a JSON document");
    let records = document["records"].as_array().expect("a list").iter();
    records
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default();
            format!("{} ({}): {}", text("key"), one["tries"], text("message"))
        })
        .collect()
}

pub async fn status(between: &Between, id: u32, status: &str) {
    let mut shop = between.shop.client().await;
    shop.run(&format!(
        "UPDATE wp_wc_orders SET status = '{status}', date_updated_gmt = '2026-03-03 10:00:00' WHERE id = {id}"
    ))
    .await;
}

const STATES: &str = "SELECT web_reference, status FROM orders WHERE web_reference IS NOT NULL ORDER BY web_reference";

async fn cancelled(test: &str, erp: On, shop: On) {
    let between = Between::new(test, erp, shop).await;
    between
        .place(&[Order::usual(1001), Order::usual(1002), Order::usual(1003)])
        .await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let mut client = between.erp.client().await;
    client
        .run("UPDATE order_lines SET delivered_quantity = 1 WHERE line = 1 AND order_number = (SELECT number FROM orders WHERE web_reference = 'main/1002')")
        .await;
    status(&between, 1001, "wc-cancelled").await;
    status(&between, 1002, "wc-refunded").await;
    // From one status of those that are imported to another: nobody's business.
    status(&between, 1003, "wc-completed").await;
    let dry = between
        .project
        .ponte(&["sync", "main/order", "--dry-run"])
        .exits_with(4);
    assert!(
        dry.stdout
            .contains("main/1001: cancelled in the shop; `W100001` would be cancelled in the ERP"),
        "{dry}"
    );
    assert_eq!(
        between.erp_rows(STATES).await,
        [
            "main/1001 | confirmed",
            "main/1002 | confirmed",
            "main/1003 | confirmed"
        ]
    );
    let said = sync().exits_with(4);
    assert!(
        said.stdout
            .contains("main/1001: cancelled in the shop, and so `W100001` in the ERP"),
        "{said}"
    );
    assert_eq!(
        between.erp_rows(STATES).await,
        [
            "main/1001 | cancelled",
            "main/1002 | confirmed",
            "main/1003 | confirmed"
        ]
    );
    let late = "cancelled in the shop (`wc-refunded`), but `W100002` is picked in the ERP";
    assert_eq!(quarantined(&between), [format!("1002 (1): {late}")]);
    // It stays there, as one entry, until somebody has acted.
    sync().exits_with(4);
    assert_eq!(quarantined(&between), [format!("1002 (2): {late}")]);
    client
        .run("UPDATE orders SET status = 'cancelled' WHERE web_reference = 'main/1002'")
        .await;
    let quiet = sync().succeeds();
    assert!(!quiet.stdout.contains("cancelled in the shop"), "{quiet}");
    assert_eq!(quarantined(&between), [""; 0]);
    between.project.ponte(&["reconcile"]).succeeds();
}

#[tokio::test]
async fn a_cancelled_order_is_cancelled_in_the_erp_before_it_is_picked_on_postgres() {
    cancelled("cancelled on postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn a_cancelled_order_is_cancelled_in_the_erp_before_it_is_picked_on_sqlite() {
    cancelled("cancelled on sqlite", On::Sqlite, On::Sqlite).await;
}

/// The rake is taken off an order, and a street put right in another one.
async fn edit(between: &Between) {
    let mut shop = between.shop.client().await;
    for statement in [
        "DELETE FROM wp_woocommerce_order_items WHERE order_item_id = 100103",
        "UPDATE wp_wc_orders SET total_amount = 36.6, tax_amount = 5.5, date_updated_gmt = '2026-03-03 10:00:00' WHERE id = 1001",
        "UPDATE wp_wc_order_addresses SET address_1 = 'Corso Po 3' WHERE order_id = 1002 AND address_type = 'shipping'",
        "UPDATE wp_wc_orders SET date_updated_gmt = '2026-03-03 10:00:00' WHERE id = 1002",
    ] {
        shop.run(statement).await;
    }
}

async fn edited(test: &str, erp: On, shop: On) {
    let between = Between::new(test, erp, shop).await;
    between
        .place(&[Order::usual(1001), Order::usual(1002), Order::usual(1003)])
        .await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    sync().succeeds();
    edit(&between).await;
    sync().exits_with(4);
    let first = "changed in the shop after the import: total 36.60 instead of 53.10; no longer: 1 x TOOL-3 16.50; `W100001` is open in the ERP";
    let second =
        "changed in the shop after the import: other shipping_street; `W100002` is open in the ERP";
    assert_eq!(
        quarantined(&between),
        [format!("1001 (1): {first}"), format!("1002 (1): {second}")]
    );
    // The total is the same on both sides again; of the street somebody has to say so.
    let mut client = between.erp.client().await;
    client
        .run("UPDATE orders SET total = 36.60 WHERE web_reference = 'main/1001'")
        .await;
    sync().exits_with(4);
    assert_eq!(quarantined(&between), [format!("1002 (2): {second}")]);
    between
        .project
        .ponte(&["order", "main/1002", "--settled"])
        .succeeds();
    assert_eq!(quarantined(&between), [""; 0]);
    sync().succeeds();
    // An order that is put back as it was is nobody's business either.
    let mut shop = between.shop.client().await;
    let street = |street: &str, day: u32| {
        [
            format!(
                "UPDATE wp_wc_order_addresses SET address_1 = '{street}' WHERE order_id = 1003 AND address_type = 'shipping'"
            ),
            format!(
                "UPDATE wp_wc_orders SET date_updated_gmt = '2026-03-0{day} 10:00:00' WHERE id = 1003"
            ),
        ]
    };
    for statement in street("Elsewhere 1", 4) {
        shop.run(&statement).await;
    }
    sync().exits_with(4);
    for statement in street("Corso Po 2", 5) {
        shop.run(&statement).await;
    }
    sync().succeeds();
}

#[tokio::test]
async fn an_edited_order_is_told_until_it_is_right_on_postgres() {
    edited("edited on postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn an_edited_order_is_told_until_it_is_right_on_sqlite() {
    edited("edited on sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn a_refund_is_told_once_more_when_it_grows() {
    let between = Between::new("refunded", On::Sqlite, On::Mariadb).await;
    between.place(&[Order::usual(1001)]).await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let mut shop = between.shop.client().await;
    let refund = |id: u32, amount: &str, hour: u32| {
        [
            format!(
                "INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, date_created_gmt, date_updated_gmt, parent_order_id)
                 VALUES ({id}, 'wc-completed', 'EUR', 'shop_order_refund', 0, -{amount}, 0, '2026-03-03 10:00:00', '2026-03-03 10:00:00', 1001)"
            ),
            format!("UPDATE wp_wc_orders SET date_updated_gmt = '2026-03-03 {hour}:00:00' WHERE id = 1001"),
        ]
    };
    for statement in refund(2001, "6.10", 10) {
        shop.run(&statement).await;
    }
    sync().exits_with(4);
    let stands = "`W100001` is open in the ERP";
    let first = format!("1001 (1): changed in the shop after the import: refunded 6.10; {stands}");
    assert_eq!(quarantined(&between), [first]);
    let order = |args: &[&str]| between.project.ponte(args).succeeds();
    order(&["order", "1001", "--settled"]);
    sync().succeeds();
    for statement in refund(2002, "5", 11) {
        shop.run(&statement).await;
    }
    sync().exits_with(4);
    let second = format!(
        "1001 (1): changed in the shop after the import: refunded 11.10 instead of 6.10; {stands}"
    );
    assert_eq!(quarantined(&between), [second]);
}

#[tokio::test]
async fn other_statuses_and_links_of_an_older_ponte() {
    let between = Between::new("other statuses", On::Sqlite, On::Sqlite).await;
    between
        .place(&[Order::usual(1001), Order::usual(1002), Order::usual(1003)])
        .await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let mut erp = between.erp.client().await;
    // As they were linked before there was anything to compare.
    erp.run("UPDATE ponte_link SET columns = '{}' WHERE record = 'order'")
        .await;
    status(&between, 1001, "wc-on-hold").await;
    status(&between, 1002, "wc-weird").await;
    sync().exits_with(4);
    assert_eq!(
        quarantined(&between),
        [
            "1001 (1): its status in the shop is `wc-on-hold` now, but `W100001` is open in the ERP",
            "1002 (1): `W100002` is open in the ERP, and nobody has said what the shop's status `wc-weird` means",
        ]
    );
    status(&between, 1001, "wc-processing").await;
    status(&between, 1002, "wc-processing").await;
    sync().succeeds();
    // What the shop's list does not show is found by looking at everything.
    let mut shop = between.shop.client().await;
    shop.run("UPDATE wp_wc_order_addresses SET city = 'Bra' WHERE order_id = 1003")
        .await;
    sync().succeeds();
    between
        .project
        .ponte(&["resync", "main/order"])
        .exits_with(4);
    assert_eq!(
        quarantined(&between),
        [
            "1003 (1): changed in the shop after the import: other city, shipping_city; `W100003` is open in the ERP"
        ]
    );
}

/// Somebody picks the order between the look and the statement: its own condition holds.
#[tokio::test]
async fn the_statement_names_the_state_that_it_takes_away() {
    let between = Between::new("cancelled too late", On::Sqlite, On::Sqlite).await;
    between.place(&[Order::usual(1001)]).await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let mut erp = between.erp.client().await;
    // As if it had been picked just then.
    erp.run("CREATE TRIGGER late BEFORE UPDATE ON orders BEGIN SELECT RAISE(IGNORE); END")
        .await;
    status(&between, 1001, "wc-cancelled").await;
    sync().exits_with(4);
    assert_eq!(
        quarantined(&between),
        [
            "1001 (1): cancelled in the shop (`wc-cancelled`), but the ERP's `W100001` could not be cancelled: somebody is at work on it"
        ]
    );
    erp.run("DROP TRIGGER late").await;
    sync().succeeds();
    assert_eq!(between.erp_rows(STATES).await, ["main/1001 | cancelled"]);
}

/// Killed with the statement done and nothing committed: the next run does it, and once.
#[tokio::test]
async fn killed_in_the_middle_of_a_cancellation() {
    let mut between = Between::new("killed while cancelling", On::Sqlite, On::Sqlite).await;
    between.place(&[Order::usual(1001)]).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    status(&between, 1001, "wc-cancelled").await;
    let reached = between.project.path("reached");
    let stop = format!("order cancelled:1:{}", reached.display());
    between.project.env("PONTE_STOP_AT", &stop);
    let mut running = between.project.start(&["sync", "main/order"]);
    let began = Instant::now();
    while !reached.exists() {
        assert!(began.elapsed() < Duration::from_secs(60) && !running.has_ended());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.kill();
    between.project.env("PONTE_STOP_AT", "");
    between.end_leases().await;
    assert_eq!(between.erp_rows(STATES).await, ["main/1001 | confirmed"]);
    let said = between.project.ponte(&["sync", "main/order"]).succeeds();
    assert!(
        said.stdout.contains("and so `W100001` in the ERP"),
        "{said}"
    );
    let said = between.project.ponte(&["sync", "main/order"]).succeeds();
    assert!(!said.stdout.contains("and so"), "{said}");
    assert_eq!(between.erp_rows(STATES).await, ["main/1001 | cancelled"]);
}
