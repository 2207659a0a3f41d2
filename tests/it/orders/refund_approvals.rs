//! Refunds that wait for a person: all of them, or those of which a condition says so.

use super::changes::quarantined;
use super::place::{Between, Order};
use super::refunds::{HAMMER, credited, in_shop, refund};
use crate::sync::pair::On;

const NOTES: &str = "SELECT web_reference FROM credit_notes ORDER BY web_reference";

fn has(text: &str, all: &[&str]) {
    for one in all {
        assert!(text.contains(one), "{one}\n{text}");
    }
}

/// Orders that have left, each with a refund of a hammer; of the last one a part of its price.
async fn refunds(test: &str, erp: On, shop: On, condition: &str) -> Between {
    let mut between = Between::new(test, erp, shop).await;
    credited(&mut between);
    let text = between.project.read("ponte.toml");
    let text = format!("{text}\n[shop.main.refund]\napprove = \"{condition}\"\n");
    between.project.file("ponte.toml", &text);
    let orders: Vec<Order> = (1001..=1003).map(Order::usual).collect();
    between.place(&orders).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let mut erp = between.erp.client().await;
    erp.run("UPDATE orders SET status = 'closed'").await;
    for (id, order, total) in [(2001, 1001, "15.25"), (2002, 1002, "15.25")] {
        let one = refund(id, order, total, "2026-03-04 10:00:00", &[HAMMER(order)]);
        in_shop(&between, &one).await;
    }
    let rake = super::refunds::Item(100_303, "line_item", 0, "3", "0.3");
    let one = refund(2003, 1003, "3.30", "2026-03-04 10:00:00", &[rake]);
    in_shop(&between, &one).await;
    between
}

async fn large_ones_wait(test: &str, erp: On, shop: On) {
    let between = refunds(test, erp, shop, "total > 10 AND order_number <> '9'").await;
    let sync = || between.project.ponte(&["sync", "main/refund"]);
    let told = |arguments: &[&str]| between.project.ponte(arguments).succeeds().stdout;
    let dry = between
        .project
        .ponte(&["sync", "main/refund", "--dry-run"])
        .exits_with(4);
    has(
        &dry.stdout,
        &["unapproved: waits for approval: total > 10 AND order_number <> '9'"],
    );
    has(
        &told(&["approve", "list"]),
        &["Nothing waits for approval."],
    );

    sync().exits_with(4);
    assert_eq!(between.erp_rows(NOTES).await, ["main/2003"]);
    has(
        &told(&["approve", "list"]),
        &[
            "2 questions wait",
            "main/refund/2001",
            "of order 1001",
            "15.25 EUR",
        ],
    );
    has(
        &told(&["approve", "show", "main/refund/2001"]),
        &["1 x TOOL-1 15.25"],
    );
    has(
        &told(&["order", "1001"]),
        &[
            "not in the ERP: waits for approval",
            "ponte approve accept main/refund/2001",
        ],
    );
    has(
        &told(&["status"]),
        &["main/refund: 2 records waited for approval"],
    );

    // What has changed since is asked anew.
    told(&["approve", "accept", "main/refund/2001"]);
    in_shop(
        &between,
        &["UPDATE wp_wc_orders_meta SET meta_value = 'Lost' WHERE order_id = 2001 AND meta_key = '_refund_reason'".to_owned()],
    )
    .await;
    let run = sync().exits_with(4);
    has(&run.stdout, &["it has changed since it was approved"]);
    assert_eq!(between.erp_rows(NOTES).await, ["main/2003"]);

    told(&["approve", "accept", "main/refund/2001"]);
    told(&[
        "approve",
        "reject",
        "main/refund/2002",
        "--why",
        "never sent back",
    ]);
    sync().succeeds();
    sync().succeeds();
    assert_eq!(between.erp_rows(NOTES).await, ["main/2001", "main/2003"]);
    assert_eq!(quarantined(&between), [""; 0]);
    has(
        &told(&["order", "1002"]),
        &["not in the ERP: rejected: never sent back"],
    );
    has(
        &told(&["approve", "list", "--all"]),
        &["applied", "rejected", "never sent back"],
    );
}

#[tokio::test]
async fn large_refunds_wait_for_a_person() {
    large_ones_wait("refund approval", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn large_refunds_wait_for_a_person_on_sqlite() {
    large_ones_wait("refund approval on sqlite", On::Sqlite, On::Sqlite).await;
}

/// Where all of them wait, one that a person has booked by hand is no question any longer.
#[tokio::test]
async fn a_refund_that_is_booked_by_hand_is_no_question() {
    let test = "refund approval by hand";
    let between = refunds(test, On::Sqlite, On::Sqlite, "TRUE").await;
    let sync = || between.project.ponte(&["sync", "main/refund"]);
    let told = |arguments: &[&str]| between.project.ponte(arguments).succeeds().stdout;
    sync().exits_with(4);
    has(&told(&["approve", "list"]), &["3 questions wait"]);
    told(&["order", "1001", "--settled"]);
    let listed = told(&["approve", "list"]);
    has(&listed, &["2 questions wait", "main/refund/2002"]);
    assert!(!listed.contains("main/refund/2001"), "{listed}");
    told(&["approve", "accept", "main/refund/2002", "main/refund/2003"]);
    sync().succeeds();
    assert_eq!(between.erp_rows(NOTES).await, ["main/2002", "main/2003"]);
}
